// What the packets of the fast path have in common. Runs once, before the threads start.
#include "decode/fast_path.hpp"

namespace t2 {

FastPath::FastPath(HeaderStacks& stacks) {
  const HeaderStacks::Id ethernet = stacks.push(HeaderStacks::root, header::eth);
  for (const bool v6 : {false, true}) {
    const HeaderStacks::Id network = stacks.push(ethernet, v6 ? header::ipv6 : header::ipv4);
    for (const bool udp : {false, true}) {
      const HeaderStacks::Id stack = stacks.push(network, udp ? header::udp : header::tcp);
      Packet& p = like_[v6][udp];
      p.status = v6 ? status::ipv6_seen | status::ipv6 : status::ipv4_seen | status::ipv4;
      if (stacks.overrun(stack)) p.status |= status::headers_overrun;
      p.headers = stacks.text_id(stack);
      p.header_count = header_count;
      p.family = v6 ? Family::ipv6 : Family::ipv4;
      p.ether_type = v6 ? ether_type::ipv6 : ether_type::ipv4;
      p.protocol = udp ? protocol::udp : protocol::tcp;
      p.has_ports = true;
      p.l2 = p.destination_mac = 0;
      p.source_mac = 6;
      p.l3 = l3;
      p.l3_header = v6 ? 40 : 20;
      p.l4 = l3 + p.l3_header;
    }
  }
}

}  // namespace t2
