// Beginning and end of the walk, and what is counted for every packet. Reader thread.
#include "decode/dissector.hpp"

#include <algorithm>

#include "tranalyzer.h"

namespace t2 {

bool Dissector::run(int link_type, Packet& p) {
  FastHeaders found;
  const RawPacket raw{p.time, p.data, p.captured, p.wire, link_type};
  if (!match_fast_path(raw, found)) return walk(link_type, p);
  fast_path_.fill(p, raw, found, {p.number, p.clock, p.at});
  return makes_flows(!found.v6());
}

bool Dissector::descend() {
  if (++depth_ <= max_depth) return true;
  set(status::stopped);
  return false;
}

DecodeCounters Dissector::counters() const {
  DecodeCounters all = counters_;
  for (std::size_t form = 0; form < fast_packets_.size(); ++form) {
    if (fast_packets_[form] == 0) continue;
    const Packet& like = fast_path_.like(form);
    all.add_headers(like.header_count, fast_packets_[form]);
    all.max_vlans = std::max<std::uint32_t>(all.max_vlans, like.vlan_count);
  }
  return all;
}

bool Dissector::walk(int link_type, Packet& p) {
  p_ = &p;
  stack_ = HeaderStacks::root;
  depth_ = ip_headers_ = 0;
  continued_ = tunnel_rest_ = false;
  const bool flow = link(link_type) && !tunnel_rest_;
  p.headers = stacks_.text_id(stack_);
  if (stacks_.overrun(stack_)) set(status::headers_overrun);

  counters_.add_headers(p.header_count);
  counters_.max_vlans = std::max<std::uint32_t>(counters_.max_vlans, p.vlan_count);
  counters_.max_mpls = std::max<std::uint32_t>(counters_.max_mpls, p.mpls_count);
  counters_.ipvx += has(status::bad_ip_version);
  counters_.gre += has(status::gre);
  counters_.teredo += has(status::teredo);
  counters_.ayiya += has(status::ayiya);
  return flow;
}

}  // namespace t2
