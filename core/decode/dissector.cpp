// The frame of the walk: start, link layer choice, what is counted at the end of every packet.
#include "decode/dissector.hpp"

#include <algorithm>
#include <utility>

#include <pcap/dlt.h>

#include "tranalyzer.h"

namespace t2 {

Dissector::Dissector(HeaderStacks& stacks) : stacks_(stacks) {
  const HeaderStacks::Id ethernet = stacks.push(HeaderStacks::root, header::eth);
  for (const auto& [network, ids] : {std::pair{header::ipv4, plain_[0]}, {header::ipv6, plain_[1]}}) {
    const HeaderStacks::Id ip = stacks.push(ethernet, network);
    ids[0] = stacks.push(ip, header::tcp);
    ids[1] = stacks.push(ip, header::udp);
  }
}

bool Dissector::run(int link_type, Packet& p) {
  p_ = &p;
  if (link_type != DLT_EN10MB || !plain()) return walk(link_type, p);
  count();
  return p.family == Family::ipv4 ? IPV6_ACTIVATE != 1 : IPV6_ACTIVATE != 0;
}

bool Dissector::walk(int link_type, Packet& p) {
  p_ = &p;
  stack_ = HeaderStacks::root;
  nesting_ = 0;
  const bool flow = link(link_type);
  count();
  return flow;
}

// What is said of every packet when its headers are known.
void Dissector::count() {
  Packet& p = *p_;
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
