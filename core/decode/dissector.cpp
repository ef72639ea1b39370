// The frame of the walk: start, link layer choice, what is counted at the end of every packet.
#include "decode/dissector.hpp"

#include <algorithm>

#include "tranalyzer.h"

namespace t2 {

bool Dissector::run(int link_type, Packet& p) {
  p_ = &p;
  stack_ = HeaderStacks::root;
  nesting_ = 0;
  const bool flow = link(link_type);
  p.headers = stacks_.text_id(stack_);
  if (stacks_.overrun(stack_)) set(status::headers_overrun);

  ++counters_.decoded;
  counters_.headers += p.header_count;
  counters_.least_headers = std::min<std::uint32_t>(counters_.least_headers, p.header_count);
  counters_.most_headers = std::max<std::uint32_t>(counters_.most_headers, p.header_count);
  counters_.most_vlans = std::max<std::uint32_t>(counters_.most_vlans, p.vlan_count);
  counters_.most_mpls = std::max<std::uint32_t>(counters_.most_mpls, p.mpls_count);
  counters_.ipvx += has(status::bad_ip_version);
  counters_.gre += has(status::gre);
  counters_.teredo += has(status::teredo);
  counters_.ayiya += has(status::ayiya);
  return flow;
}

// Length of the frame beyond `needed` bytes is padding, if the frame is one of Ethernet's shortest.
void Dissector::pad_to(std::uint32_t needed) {
  constexpr std::uint32_t shortest_with_check_sequence = 64;
  if (p_->wire <= shortest_with_check_sequence && p_->wire > needed) p_->padding = p_->wire - needed;
}

}  // namespace t2
