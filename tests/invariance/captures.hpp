// Captures that put batches, timeouts and fragments under strain: each is made so that what a packet means depends on
// what happened shortly before it, where a wrong cut of batches would show.
#pragma once

#include "capture.hpp"

namespace t2::test {

Capture handshakes_and_resets();  // complete, refused, aborted and half-open connections, interleaved
Capture port_reuse();             // the same ports again, closer to and further from a reset than its timeout of 0.1 s
Capture out_of_order_times();     // small steps back, as of several receive queues
Capture fragments();  // in order, reversed, headless, interleaved, overlapping identifications; IPv4 and IPv6
Capture jumps_of_hours();
Capture backward_jumps();
Capture stepping_clocks();          // interfaces with other clocks, outliers, a clock that is set back
Capture equal_times();              // all packets at one instant
Capture many_flows();               // thousands of flows over ten minutes
Capture odd_frames();               // tags, labels, tunnels, layer 2, truncated and damaged headers
Capture random_mix(unsigned seed);  // few hosts, all of the above by chance, steps around every timeout

}  // namespace t2::test
