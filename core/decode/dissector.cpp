// The frame of the walk: start, link layer choice, what is counted at the end of every packet.
#include "decode/dissector.hpp"

#include <algorithm>
#include <utility>

#include <pcap/dlt.h>

#include "tranalyzer.h"

namespace t2 {

Dissector::Dissector(HeaderStacks& stacks) : stacks_(stacks) {
  const HeaderStacks::Id ethernet = stacks.push(HeaderStacks::root, header::eth);
  const auto stack = [&](HeaderCode network, HeaderCode transport) {
    const HeaderStacks::Id id = stacks.push(stacks.push(ethernet, network), transport);
    return Stack{stacks.text_id(id), stacks.overrun(id) ? status::headers_overrun : 0};
  };
  plain_[0][0] = stack(header::ipv4, header::tcp), plain_[0][1] = stack(header::ipv4, header::udp);
  plain_[1][0] = stack(header::ipv6, header::tcp), plain_[1][1] = stack(header::ipv6, header::udp);
}

bool Dissector::run(int link_type, Packet& p) {
  p_ = &p;
  if (link_type == DLT_EN10MB && plain()) return p.family == Family::ipv4 ? IPV6_ACTIVATE != 1 : IPV6_ACTIVATE != 0;
  return walk(link_type, p);
}

bool Dissector::walk(int link_type, Packet& p) {
  p_ = &p;
  stack_ = HeaderStacks::root;
  nesting_ = 0;
  const bool flow = link(link_type);
  p.headers = stacks_.text_id(stack_);
  if (stacks_.overrun(stack_)) set(status::headers_overrun);

  counters_.add_headers(p.header_count);
  counters_.most_vlans = std::max<std::uint32_t>(counters_.most_vlans, p.vlan_count);
  counters_.most_mpls = std::max<std::uint32_t>(counters_.most_mpls, p.mpls_count);
  counters_.ipvx += has(status::bad_ip_version);
  counters_.gre += has(status::gre);
  counters_.teredo += has(status::teredo);
  counters_.ayiya += has(status::ayiya);
  return flow;
}

// What "packet length" means.
void Dissector::set_packet_length(std::uint32_t at) {
  Packet& p = *p_;
  switch (PACKETLENGTH) {
    case 0: p.length = p.family == Family::ipv4 ? p.l3_length + at : p.wire; break;
    case 1: p.length = p.l3_length; break;
    case 2: p.length = p.l4_length; break;
    default: p.length = p.l7_length; break;
  }
  if (PACKETLENGTH < 2 && FRGIPPKTLENVIEW && p.later_fragment && p.family == Family::ipv4) p.length -= std::min(p.length, p.l3_header);
}

// Length of the frame beyond `needed` bytes is padding, if the frame is one of Ethernet's shortest.
void Dissector::pad_to(std::uint32_t needed) {
  constexpr std::uint32_t shortest_with_check_sequence = 64;
  if (p_->wire <= shortest_with_check_sequence && p_->wire > needed) p_->padding = p_->wire - needed;
}

}  // namespace t2
