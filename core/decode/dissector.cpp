// The frame of the walk: start, link layer choice, what is counted at the end of every packet.
#include "decode/dissector.hpp"

#include <algorithm>

#include <pcap/dlt.h>

#include "tranalyzer.h"

namespace t2 {

bool Dissector::run(int link_type, Packet& p) {
  plain_ = link_type == DLT_EN10MB && short_cut_.decode(p);
  if (!plain_) return walk(link_type, p);
  counters_.add_headers(PlainDecoder::header_count);
  return p.family == Family::ipv4 ? IPV6_ACTIVATE != 1 : IPV6_ACTIVATE != 0;
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

}  // namespace t2
