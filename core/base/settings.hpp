// The core's flags that a run can change, with the values in force. The main thread sets them before other threads
// start (Config::apply_core); then they are constant. Compiled values are those of tranalyzer.h.
#pragma once

#include <cstdint>
#include <string>

#include "t2/packet.hpp"
#include "tranalyzer.h"

namespace t2 {

struct Settings {
  Time flow_timeout = Time{FLOW_TIMEOUT} * one_second;
  std::int64_t duration_limit = FDURLIMIT;  // seconds, 0: none
  bool same_index = FDLSFINDEX;             // of a flow's parts
  bool syn_makes_a = SYN_MAKES_A, syn_begins_flow = SYN_BEGINS_FLOW;
  std::uint64_t flow_memory = FLOW_MEMORY;  // percent
  bool stop_creating = NOFLWCRT;

  char series_mark = SCHR;
  bool series_wraps = RROP;
  std::int64_t poll_time = POLLTM, missing_timeout = MFPTMOUT;  // seconds
  int snaplen = SNAPLEN, live_buffer = LIVEBUFSIZE;             // bytes
  int capture_timeout = CAPTURE_TIMEOUT;                        // ms
  bool promiscuous = PROMISCUOUS;
  std::uint32_t sampling = SAMPLING;
  bool optimise_filter = BPF_OPTIMIZE;
  bool buffering = IO_BUFFERING;
  std::size_t buffer_packets = IO_BUFFER_SIZE;

  int use_list = USE_PLLIST;
  std::string list = PLLIST;

  std::uint64_t part_size = OFRWFILELN;  // bytes

  bool log_colour = T2_LOG_COLOR;
  int verbose = VERBOSE;
  bool plugin_report = PLUGIN_REPORT;
  bool report_utc = TSTAMP_R_UTC;
  std::string log_suffix = LOG_SUFFIX, monitor_suffix = MON_SUFFIX;
  double monitor_interval = MONINTV;  // seconds
  unsigned sensor_id = T2_SENSORID;
};

inline Settings settings;

}  // namespace t2
