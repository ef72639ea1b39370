// Calls the plugins, checks each one's part.
#include "output/row_writer.hpp"

#include <fmt/format.h>

namespace t2 {

namespace {

void call(Plugin& plugin, const EndedFlow& ended, Row& row) { plugin.on_flow_end(ended, row); }
void call(Plugin& plugin, const Packet& packet, Row& row) { plugin.on_packet_row(packet, row); }
constexpr std::string_view name_of(const EndedFlow&) { return "on_flow_end()"; }
constexpr std::string_view name_of(const Packet&) { return "on_packet_row()"; }

[[noreturn]] void stop(std::string_view plugin, std::string_view function, std::string_view difference) {
  throw Error(fmt::format("{}: {} {}: correct the plugin, then run t2build {}", plugin, function, difference, plugin));
}

// A row of this plugin alone, every call of which fits. Throws Error.
template <class Subject>
Row compare(std::string_view name, Plugin& plugin, const Subject& subject, const RowCheck& check) {
  Row row;
  std::vector<Row::Put> puts;
  row.trace(&puts);
  call(plugin, subject, row);
  if (const std::string difference = check.difference(row.bytes(), puts); !difference.empty())
    stop(name, name_of(subject), difference);
  return row;
}

}  // namespace

RowWriter::RowWriter(Instances& instances, const Layout& layout, const std::optional<AnonymisationKey>& key)
    : columns_(layout.columns_are_read()), sinks_read_columns_(layout.sinks_read_columns()) {
  std::vector<Column> flow_columns, packet_columns;
  for (const Instances::Entry& entry : instances.all()) {
    if (!entry.plugin) continue;
    const Descriptor& d = *entry.descriptor;
    if (d.create_sink) sinks_.push_back({entry.plugin.get(), d.has_on_row});
    writers_.push_back(
        {d.name, entry.plugin.get(), d.create_sink != nullptr, RowCheck(d.columns), RowCheck(d.packet_columns)});
    flow_columns.insert(flow_columns.end(), d.columns.begin(), d.columns.end());
    packet_columns.insert(packet_columns.end(), d.packet_columns.begin(), d.packet_columns.end());
  }
  if (key) anonymiser_.emplace(*key, std::move(flow_columns), std::move(packet_columns));
}

void RowWriter::write(const EndedFlow& ended, const RowBatch::Head& head, RowBatch& to) {
  columns_.clear();
  put(ended, columns_, columns_.is_read(), flow_compared_);
  Row& row = to.begin(head);
  for (const SinkPlugin& sink : sinks_) {
    if (anonymiser_) {
      const RowAnonymiser::Masked masked(*anonymiser_, ended);
      sink.plugin->on_flow_end(ended, row);
    } else {
      sink.plugin->on_flow_end(ended, row);
    }
    if (sink.has_on_row) sink.plugin->on_row({head.direction, 0, head.end, columns_.bytes(), {}}, row);
    to.end_part();
  }
  if (sinks_read_columns_) row.raw(columns_.bytes().data(), columns_.size());
  to.end();
}

template <class Subject>
void RowWriter::put(const Subject& subject, Row& columns, bool checked, bool& compared) {
  constexpr bool flow = std::is_same_v<Subject, EndedFlow>;
  const std::size_t begin = columns.size();
  for (const Writer& writer : writers_) {
    if (flow && writer.sink) continue;
    const RowCheck& check = flow ? writer.flow : writer.packet;
    if (checked && !compared) [[unlikely]] {
      const Row row = compare(writer.name, *writer.plugin, subject, check);
      columns.raw(row.bytes().data(), row.size());
      continue;
    }
    const std::size_t start = columns.size();
    call(*writer.plugin, subject, columns);
    const auto row = columns.bytes();
    if (checked && (row.size() < start || !check.fits(row.subspan(start)))) [[unlikely]] {
      compare(writer.name, *writer.plugin, subject, check);
      stop(writer.name, name_of(subject), "puts something else than its columns");
    }
  }
  compared = true;
  if (!anonymiser_) return;
  if constexpr (flow) anonymiser_->flow(columns, begin);
  else anonymiser_->packet(columns, begin);
}

template void RowWriter::put(const EndedFlow&, Row&, bool, bool&);
template void RowWriter::put(const Packet&, Row&, bool, bool&);

}  // namespace t2
