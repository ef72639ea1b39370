// Totals of a capture that may go on for months, from libpcap's counters of 32 bits. Used by the thread that reads.
#pragma once

#include <cstdint>

#include "capture/source.hpp"

namespace t2 {

class CaptureTotals {
 public:
  // The counters as they are now: each may have wrapped once since the last call. Linux counts a packet that found no
  // room in the buffer among the received ones, too; here it is only a dropped one. An interface that was made anew
  // counts its drops from 0, which looks like a step back.
  CaptureCounts update(std::uint32_t received, std::uint32_t dropped, std::uint32_t dropped_by_interface) {
    seen_ += received - received_;
    counts_.dropped_by_kernel += dropped - dropped_;
    if (const std::uint32_t step = dropped_by_interface - by_interface_; step < 0x8000'0000)
      counts_.dropped_by_interface += step;
    counts_.received = seen_ > counts_.dropped_by_kernel ? seen_ - counts_.dropped_by_kernel : 0;
    received_ = received, dropped_ = dropped, by_interface_ = dropped_by_interface;
    return counts_;
  }

 private:
  CaptureCounts counts_;
  std::uint64_t seen_ = 0;                                       // received or dropped
  std::uint32_t received_ = 0, dropped_ = 0, by_interface_ = 0;  // as they were at the last call
};

}  // namespace t2
