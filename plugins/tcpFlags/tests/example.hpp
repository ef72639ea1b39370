// One connection from SYN to FIN: handshake with options, a request of 100 bytes, an answer of 500, a clean close.
#pragma once

#include "dialog.hpp"

namespace t2::test {

constexpr std::int64_t example_start = 1'700'000'000 * second;

inline Buffer syn_options(std::uint32_t value, std::uint32_t echo) {
  return mss(1460) + sack_permitted() + timestamps(value, echo) + nop() + window_scale(7);
}
inline Buffer stamp(std::uint32_t value, std::uint32_t echo) { return nop(2) + timestamps(value, echo); }

inline Capture example() {
  const std::vector<Segment> segments = {{0, 'a', "S", 1000, 0, 0, 64240, syn_options(5000, 0)},
                                         {10, 'b', "SA", 9000, 1001, 0, 65160, syn_options(7000, 5000)},
                                         {10.5, 'a', "A", 1001, 9001, 0, 502, stamp(5010, 7000)},
                                         {11, 'a', "PA", 1001, 9001, 100, 502, stamp(5011, 7000)},
                                         {21, 'b', "A", 9001, 1101, 0, 509, stamp(7011, 5011)},
                                         {30, 'b', "PA", 9001, 1101, 500, 509, stamp(7020, 5011)},
                                         {30.4, 'a', "A", 1101, 9501, 0, 501, stamp(5030, 7020)},
                                         {31, 'a', "FA", 1101, 9501, 0, 501, stamp(5031, 7020)},
                                         {41, 'b', "FA", 9501, 1102, 0, 509, stamp(7031, 5031)},
                                         {41.5, 'a', "A", 1102, 9502, 0, 501, stamp(5041, 7031)}};
  Capture capture;
  unsigned id_a = 101, id_b = 201;
  for (const Segment& s : segments) {
    Frame frame = tcp_frame(s);
    if (s.from == 'a') frame.ttl(64).id(id_a++);
    else frame.ttl(57).id(id_b++);
    capture.add(example_start + static_cast<std::int64_t>(s.ms * 1e6), frame.dont_fragment().bytes());
  }
  return capture;
}

}  // namespace t2::test
