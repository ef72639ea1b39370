// Batches of rows, and the sinks that take them.
#include "output/sinks.hpp"

#include <fmt/format.h>

namespace t2 {

void RowBatch::add(Head head, const Row& columns, std::span<const Row> own) {
  head.start = bytes_.size();
  head.columns = columns.bytes().size();
  bytes_.insert(bytes_.end(), columns.bytes().begin(), columns.bytes().end());
  for (const Row& part : own) {
    bytes_.insert(bytes_.end(), part.bytes().begin(), part.bytes().end());
    sizes_.push_back(part.bytes().size());
  }
  head.all = bytes_.size() - head.start;
  heads_.push_back(head);
}

void RowBatch::add_copy(const RowBatch& from, std::size_t row, std::uint64_t index) {
  Head head = from.heads_[row];
  const std::size_t parts = from.sizes_.size() / from.heads_.size();
  const auto bytes = from.bytes_.begin() + static_cast<std::ptrdiff_t>(head.start);
  const auto sizes = from.sizes_.begin() + static_cast<std::ptrdiff_t>(row * parts);
  head.index = index;
  head.start = bytes_.size();
  bytes_.insert(bytes_.end(), bytes, bytes + static_cast<std::ptrdiff_t>(head.all));
  sizes_.insert(sizes_.end(), sizes, sizes + static_cast<std::ptrdiff_t>(parts));
  heads_.push_back(head);
}

OutputSinks::OutputSinks(Layout& layout, const Context& context) : totals_(context.totals) {
  for (std::size_t i = 0; i < layout.plugins().size(); ++i) {
    const Descriptor* d = layout.plugins()[i];
    if (!d->create_sink) continue;
    auto host = sink_host(layout, context, i);
    std::unique_ptr<Sink> sink(d->create_sink(*host));
    if (!sink) throw Error(fmt::format("{}: create_sink() returns no sink: correct the plugin", d->name));
    sinks_.push_back({d, std::move(host), std::move(sink), d->create ? parts_++ : std::string::npos, false});
    if (totals_) totals_->sinks.emplace_back(d->name);
  }
}

OutputSinks::~OutputSinks() = default;

void OutputSinks::open(const Output& output) {
  for (Entry& entry : sinks_) entry.sink->open(output);
}

void OutputSinks::open_packets(const Output& output) {
  bool any = false;
  for (Entry& entry : sinks_) any |= entry.packets = entry.sink->open_packets(output);
  if (!any) throw Error("Option '-s' needs a plugin that writes packets: run t2build txtSink");
}

void OutputSinks::write_packets(const RowBatch& rows) {
  views_.clear();
  for (const RowBatch::Head& head : rows.heads_) {
    views_.push_back({head.direction, head.index, head.end, {rows.bytes_.data() + head.start, head.columns}, {}});
  }
  for (Entry& entry : sinks_) {
    if (entry.packets) entry.sink->write_packets(views_);
  }
}

void OutputSinks::write(const RowBatch& rows) {
  for (Entry& entry : sinks_) {
    views_.clear();
    for (std::size_t i = 0; i < rows.heads_.size(); ++i) {
      const RowBatch::Head& head = rows.heads_[i];
      RowView view{head.direction, head.index, head.end, {rows.bytes_.data() + head.start, head.columns}, {}};
      if (entry.own != std::string::npos) {
        std::size_t start = head.start + head.columns;
        for (std::size_t part = 0; part < entry.own; ++part) start += rows.sizes_[i * parts_ + part];
        view.own = {rows.bytes_.data() + start, rows.sizes_[i * parts_ + entry.own]};
      }
      views_.push_back(view);
    }
    entry.sink->write(views_);
  }
  count(rows.size());
}

// For metrics.
void OutputSinks::count(std::size_t rows) {
  if (!totals_ || !totals_->measured) return;
  totals_->rows.fetch_add(rows, std::memory_order_relaxed);
  for (std::size_t i = 0; i < sinks_.size(); ++i)
    totals_->sinks[i].lost_rows.store(sinks_[i].sink->lost(), std::memory_order_relaxed);
}

void OutputSinks::idle(Time now) {
  for (Entry& entry : sinks_) entry.sink->idle(now);
  count(0);
}

void OutputSinks::close() {
  for (Entry& entry : sinks_) entry.sink->close();
}

void OutputSinks::report(Report& report, const std::function<void(std::string_view)>& from) const {
  for (const Entry& entry : sinks_) {
    from(entry.descriptor->name);
    entry.sink->report(report);
  }
}

std::uint64_t OutputSinks::max_memory() const {
  std::uint64_t sum = 0;
  for (const Entry& entry : sinks_) sum += entry.sink->max_memory();
  return sum;
}

std::uint64_t OutputSinks::lost() const {
  std::uint64_t sum = 0;
  for (const Entry& entry : sinks_) sum += entry.sink->lost();
  return sum;
}

}  // namespace t2
