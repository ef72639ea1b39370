// What the page shows: sums over the rows of flow files. Rows come in the order of the files, A before B of a flow.
// Used by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "counters.hpp"
#include "flow_file.hpp"
#include "time_series.hpp"

namespace t2::report {

struct Sums {
  std::uint64_t flows = 0, packets = 0, bytes = 0;
};
struct HostSums {
  std::uint64_t flows = 0, sent_packets = 0, sent_bytes = 0, received_bytes = 0;
  std::uint64_t traffic() const { return sent_bytes + received_bytes; }
};
struct ServerSums {  // of TCP
  std::uint64_t flows = 0, resets = 0, retransmissions = 0, packets = 0, zero_windows = 0, unanswered = 0;
  double round_trips = 0;  // seconds, together
  std::uint64_t with_round_trip = 0;
};

struct TextColumn {  // a column of texts or labels, whatever plugin it is of
  std::size_t column;
  ByName<Sums> values{100'000};
  std::vector<std::string> of_last_row;
};

class Summary {
 public:
  // `rows`: so many rows with the most bytes are kept.
  Summary(std::vector<FlowColumn> columns, std::size_t rows);
  void add(FlowFile::Row row);
  void finish();  // after the last row

  // ---- Results
  std::vector<FlowColumn> columns;
  std::string byte_column;  // empty: no column has bytes
  bool has_packets = false, has_times = false, has_addresses = false, has_tcp = false;
  std::uint64_t rows = 0, flows = 0, packets = 0, bytes = 0;
  std::optional<Time> first, last;
  TimeSeries bytes_over_time{one_second / 100}, flows_over_time{one_second / 100};
  ByName<HostSums> hosts;
  ByName<Sums> ports, protocols{256}, pairs;  // "tcp/443"; "6"; source, tab, destination of A
  std::vector<TextColumn> texts;
  ServerSums tcp;  // of all servers
  std::uint64_t rows_with_retransmissions = 0;
  ByName<ServerSums> servers;
  Distribution round_trips;
  struct KeptRow {
    std::uint64_t bytes, number;
    std::string cells;  // with tabs between them
  };
  std::vector<KeptRow> kept;  // in the order of the file

 private:
  using Cell = std::optional<std::size_t>;  // number of a column
  struct Flow {                             // both directions of the one that is read
    bool valid = false, is_tcp = false;
    std::string index, client, server, port, protocol;
    std::uint64_t packets = 0, bytes = 0, retransmissions = 0;
    unsigned flags = 0;
    bool answered = false, zero_window = false;
    double round_trip = 0;
  };
  Cell find(std::string_view name) const;
  std::uint64_t number(FlowFile::Row row, Cell cell) const;
  void begin_flow(FlowFile::Row row, bool b);
  void end_flow();
  void add_times(FlowFile::Row row, std::uint64_t row_bytes, bool new_flow);
  void add_texts(FlowFile::Row row, std::uint64_t row_packets, std::uint64_t row_bytes, bool new_flow);
  void add_tcp(FlowFile::Row row);
  void keep(FlowFile::Row row, std::uint64_t row_bytes);

  Cell dir_, index_, time_first_, time_last_, source_, destination_, source_port_, destination_port_, protocol_,
      packets_, bytes_, tcp_flags_, retransmissions_, round_trip_, tcp_state_;
  std::size_t most_rows_;
  Flow flow_;
};

std::optional<Time> time_of(std::string_view cell);  // seconds, or a date as TFS_ISO_TIMES writes it
std::string protocol_name(std::string_view number);

}  // namespace t2::report
