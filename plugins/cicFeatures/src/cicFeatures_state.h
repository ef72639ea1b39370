// What cicFeatures counts of a flow: for each direction, and in the state of direction 0 for both. Times are
// nanoseconds. Written by the worker that owns the flow.
#pragma once

#include <cstdint>

#include "t2/packet.hpp"

namespace t2::cic_features {

// Values one by one: their moments, sum and extremes.
struct Series {
  std::uint32_t count = 0;
  double mean = 0, squares = 0;  // sum of squared deviations from the mean
  std::int64_t sum = 0, min = 0, max = 0;
  void add(std::int64_t value) {
    sum += value;
    min = count == 0 || value < min ? value : min;
    max = count == 0 || value > max ? value : max;
    ++count;
    const double from_mean = static_cast<double>(value) - mean;
    mean += from_mean / count;
    squares += from_mean * (static_cast<double>(value) - mean);
  }
};

// Packets with content that follow each other in one direction, none of them later than a second after the one before.
struct Bulk {
  std::uint32_t run_packets = 0;  // of the current one, which is a bulk from four on
  std::uint64_t run_bytes = 0;
  Time run_begin = 0, run_last = 0;
  std::uint32_t bulks = 0, packets = 0;
  std::uint64_t bytes = 0;
  Time duration = 0;
};

struct DirectionFacts {
  Series lengths, intervals;
  std::uint64_t header_bytes = 0;
  std::uint32_t push = 0, urgent = 0, with_content = 0;
  std::uint32_t shortest_header = 0;
  std::int32_t window = -1;  // of the first TCP header
  Bulk bulk;
};

struct FlowFacts {
  Series lengths, intervals, active, idle;
  std::uint32_t flags[8] = {};  // packets with FIN, SYN, RST, PSH, ACK, URG, ECE, CWR
  std::uint32_t subflows = 0;
  Time last = 0, active_since = 0;
};

struct CicFeaturesState {
  DirectionFacts own;
  FlowFacts flow;  // of direction 0 only
};

}  // namespace t2::cic_features
