// Lets the plugins of a worker write a row, and compares what they wrote with their columns. Used by the worker's
// thread.
//
// A plugin that writes something else than its columns is a programming error that sinks would stumble over: an Error
// names plugin, function and column. The first row is compared call by call, all others by their sizes and counts.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/layout.hpp"
#include "output/row_anonymiser.hpp"
#include "output/row_check.hpp"
#include "t2/plugin.hpp"

namespace t2 {

class RowWriter {
 public:
  // `columns_are_read`: by a sink; else plugins may leave them out. With a key, addresses are pseudonyms.
  RowWriter(Instances& instances, bool columns_are_read, const std::optional<AnonymisationKey>& key = {});
  bool anonymises() const { return anonymiser_.has_value(); }
  // The row of an ended flow: columns() and own() until the next one.
  void write(const EndedFlow& ended) { put(ended, columns_, columns_.is_read(), flow_compared_); }
  const Row& columns() const { return columns_; }
  std::span<const Row> own() const { return own_; }  // one for each sink with a plugin
  // -s: appends the columns of a packet.
  void write(const Packet& packet, Row& columns) { put(packet, columns, true, packet_compared_); }

 private:
  struct Writer {
    std::string_view name;
    Plugin* plugin;
    bool sink;  // its part of a flow's row is for itself and has no columns
    RowCheck flow, packet;
  };
  template <class Subject>
  void put(const Subject& subject, Row& columns, bool checked, bool& compared);
  std::vector<Writer> writers_;
  std::optional<RowAnonymiser> anonymiser_;
  std::vector<Row> own_;
  Row columns_;
  bool flow_compared_ = false, packet_compared_ = false;
};

}  // namespace t2
