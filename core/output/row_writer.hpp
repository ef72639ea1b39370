// Lets the plugins of a worker write a row, and compares what they wrote with their columns. Used by the worker's
// thread.
//
// A plugin that writes something else than its columns is a programming error that sinks would stumble over: an Error
// names plugin, function and column. The first row is compared call by call, all others by their sizes and counts.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "host/layout.hpp"
#include "output/row_anonymiser.hpp"
#include "output/row_batch.hpp"
#include "output/row_check.hpp"
#include "t2/plugin.hpp"

namespace t2 {

class RowWriter {
 public:
  // Where no sink reads the columns, plugins need not write them. With a key, the writer puts pseudonyms in place of
  // addresses.
  RowWriter(Instances& instances, const Layout& layout, const std::optional<AnonymisationKey>& key = {});
  bool anonymises() const { return anonymiser_.has_value(); }
  // Appends the row of an ended flow.
  void write(const EndedFlow& ended, const RowBatch::Head& head, RowBatch& to);
  // -s: appends the columns of a packet.
  void write(const Packet& packet, Row& columns) { put(packet, columns, true, packet_compared_); }

 private:
  struct Writer {
    std::string_view name;
    Plugin* plugin;
    bool sink;
    RowCheck flow, packet;
  };
  struct SinkPlugin {  // its part of a flow's row is for its sink and has no columns
    Plugin* plugin;
    bool has_on_row;
  };
  template <class Subject>
  void put(const Subject& subject, Row& columns, bool checked, bool& compared);
  std::vector<Writer> writers_;
  std::vector<SinkPlugin> sinks_;
  std::optional<RowAnonymiser> anonymiser_;
  Row columns_;
  bool sinks_read_columns_;
  bool flow_compared_ = false, packet_compared_ = false;
};

}  // namespace t2
