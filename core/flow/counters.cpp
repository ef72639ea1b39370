// Adding up the totals of several workers.
#include "flow/counters.hpp"

namespace t2 {

FlowCounters& operator+=(FlowCounters& sum, const FlowCounters& more) {
  for (int i = 0; i < 2; ++i) {
    sum.flows[i] += more.flows[i];
    sum.packets[i] += more.packets[i];
    sum.bytes[i] += more.bytes[i];
  }
  sum.layer2 += more.layer2, sum.ipv4 += more.ipv4, sum.ipv6 += more.ipv6;
  sum.lone_replies += more.lone_replies;
  sum.ipv4_fragments += more.ipv4_fragments, sum.ipv6_fragments += more.ipv6_fragments;
  sum.padding += more.padding, sum.evicted += more.evicted, sum.max_in_memory += more.max_in_memory;
  sum.unwritten += more.unwritten;
  sum.type_arp += more.type_arp, sum.type_rarp += more.type_rarp;
  for (int i = 0; i < 256; ++i) {
    sum.protocol_packets[i] += more.protocol_packets[i];
    sum.protocol_bytes[i] += more.protocol_bytes[i];
  }
  sum.status |= more.status;
  return sum;
}

}  // namespace t2
