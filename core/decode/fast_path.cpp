// What the packets of the fast path have in common. Runs once, before the threads start.
#include "decode/fast_path.hpp"

namespace t2 {

namespace {

constexpr HeaderCode name_of(Prefix prefix) {
  switch (prefix) {
    case Prefix::cooked: return header::sll;
    case Prefix::cooked_2: return header::sll2;
    case Prefix::none: return header::raw;
    default: return header::eth;
  }
}

void set_prefix(Packet& p, const FastHeaders& headers) {
  p.source_mac = headers.macs().source;
  p.destination_mac = p.l2 = headers.macs().destination;
  if (headers.prefix() == Prefix::none) p.status |= status::no_ethernet;
  if (headers.tags() == 0) return;
  p.status |= status::vlan;
  p.vlans = prefix_bytes(Prefix::ethernet);
  p.vlan_count = static_cast<std::uint8_t>(headers.tags());
}

}  // namespace

FastPath::FastPath(HeaderStacks& stacks) {
  for (std::uint8_t form = 0; form < FastHeaders::forms; ++form) {
    FastHeaders headers{};
    headers.form = form;
    const bool v6 = headers.v6(), udp = headers.udp();
    HeaderStacks::Id stack = stacks.push(HeaderStacks::root, name_of(headers.prefix()));
    stack = stacks.push(stack, header::vlan, headers.tags());
    stack = stacks.push(stack, v6 ? header::ipv6 : header::ipv4);
    stack = stacks.push(stack, udp ? header::udp : header::tcp);
    Packet& p = like_[form];
    p.status = v6 ? status::ipv6_seen | status::ipv6 : status::ipv4_seen | status::ipv4;
    if (stacks.overrun(stack)) p.status |= status::headers_overrun;
    p.headers = stacks.text_id(stack);
    p.header_count = static_cast<std::uint16_t>(3 + headers.tags());
    p.family = v6 ? Family::ipv6 : Family::ipv4;
    p.ether_type = v6 ? ether_type::ipv6 : ether_type::ipv4;
    p.protocol = udp ? protocol::udp : protocol::tcp;
    p.has_ports = true;
    p.l3 = headers.l3();
    p.l3_header = v6 ? 40 : 20;
    p.l4 = p.l3 + p.l3_header;
    set_prefix(p, headers);
  }
}

// Not inline: it would take registers of the usual packets.
bool FastPath::match_other(const RawPacket& raw, FastHeaders& found) {
  using fast::word;
  const std::uint8_t* const frame = raw.data;
  const auto has = [&](Prefix prefix) { return raw.captured >= prefix_bytes(prefix) + 4; };
  found.vlan = 0;
  Prefix prefix = Prefix::none;
  std::uint16_t type = ether_type::ipv6;
  switch (raw.link_type) {
    case ethernet_link:
      if (!has(Prefix::ethernet) || (frame[0] & 0xfd) == 0x01) return false;
      type = word(frame + 12);
      for (prefix = Prefix::ethernet; prefix != Prefix::tagged_twice && is_vlan_tag(type);) {
        const std::uint8_t* const tag = frame + prefix_bytes(prefix);
        found.vlan = word(tag) & 0x0fff;
        prefix = prefix == Prefix::ethernet ? Prefix::tagged : Prefix::tagged_twice;
        if (found.vlan == 0 || !has(prefix)) return false;
        type = word(tag + 2);
      }
      break;
    case cooked_link:
      prefix = Prefix::cooked;
      if (!has(prefix) || !has_cooked_mac(word(frame + 2), word(frame + 4))) return false;
      type = word(frame + 14);
      break;
    case cooked_2_link:
      prefix = Prefix::cooked_2;
      if (!has(prefix) || !has_cooked_mac(word(frame + 8), frame[11])) return false;
      type = word(frame);
      break;
    case raw_link:
      if (!has(prefix)) return false;
      if (frame[0] >> 4 == 4) type = ether_type::ipv4;
      break;
    default: return false;
  }
  return fast::match_ip(raw, prefix, type, found);
}

}  // namespace t2
