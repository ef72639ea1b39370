// Rows go to one sink after the other, a batch at a time.
#include "output/sinks.hpp"

#include <fmt/format.h>

namespace t2 {

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
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RowBatch::Place row = rows.place(i);
    views_.push_back({row.head.direction, row.head.index, row.head.end, row.columns, {}});
  }
  for (Entry& entry : sinks_) {
    if (entry.packets) entry.sink->write_packets(views_);
  }
}

void OutputSinks::write(const RowBatch& rows) {
  places_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) places_.push_back(rows.place(i));
  write(places_);
}

void OutputSinks::write(std::span<const RowBatch::Place> rows) {
  for (Entry& entry : sinks_) {
    views_.clear();
    for (const RowBatch::Place& row : rows) {
      RowView view{row.head.direction, row.head.index, row.head.end, row.columns, {}};
      if (entry.own != std::string::npos) view.own = row.part(entry.own);
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
