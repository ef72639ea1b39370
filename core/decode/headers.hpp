// Header stacks: the description of a packet's headers ("eth:vlan{2}:ipv4:udp") as one number.
//
// Stacks form a tree: a stack is its parent plus one header. Decoding a packet walks down the tree, one hash probe per
// header, and never formats; a text is made once, when its stack is first seen. The reader thread adds stacks; other
// threads call text() for numbers that reached them through a queue. The hash is keyed at random: a sender of packets
// cannot choose stacks that share a slot. Numbers follow the order of the packets, so the key shows nowhere.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "t2/keyed_hash.hpp"

namespace t2 {

// One header: a name, or a kind of unknown with its number.
using HeaderCode = std::uint32_t;

namespace header {
enum Name : HeaderCode {
  eth,
  fpp,
  isl,
  null,
  raw,
  sll,
  sll2,
  ppp,
  chdlc,
  fr,
  juniper,
  symantec,
  prism,
  radiotap,
  wlan,
  ppi,
  llc,
  vlan,
  mpls,
  pwethcw,
  arp,
  aarp,
  rarp,
  pppoed,
  pppoes,
  lldp,
  slow,
  lacp,
  marker,
  oampdu,
  ossp,
  ipvx,
  ipv4,
  ipv6,
  erspan,
  wlccp,
  idp,
  cdp,
  loop,
  cgmp,
  cfm,
  vtp,
  dec_dna,
  pagp,
  dtp,
  lat,
  fcoe,
  fc,
  stp,
  udld,
  ipcp,
  lcp,
  chap,
  cbcp,
  ipx,
  dec_stp,
  wccp,
  dec_mop,
  msnlb,
  eapol,
  ddp,
  ndp,
  aoe,
  realtek,
  vines_ip,
  edp,
  lwapp,
  ccp,
  ptp,
  sna,
  osi,
  x25,
  xns,
  bacnet,
  vines_llc,
  netbios,
  hpext,
  rpl,
  pap,
  mp,
  comp_data,
  hopopts,
  routing,
  fraghdr,
  dstopts,
  icmp,
  igmp,
  tcp,
  egp,
  igp,
  udp,
  dccp,
  xtp,
  idrp,
  rsvp,
  gre,
  dsr,
  esp,
  ah,
  swipe,
  nhrp,
  icmpv6,
  vines,
  eigrp,
  ospf,
  ax25,
  etherip,
  pim,
  ipcomp,
  vrrp,
  pgm,
  l2tp,
  sctp,
  rsvp_e2ei,
  mipv6,
  udplite,
  hip,
  shim6,
  ssdp,
  udpencap,
  isakmp,
  dvmrp,
  rgmp,
  ayiya,
  gtp,
  vxlan,
  vxlan_gpe,
  nsh,
  geneve,
  capwap,
  capwap_data,
  teredo,
  dtls,
  dtls10,
  dtls12,
  vntag,
  cmd,
  names_end
};
constexpr HeaderCode unknown_protocol(std::uint8_t n) { return 1u << 16 | n; }  // UNK(n)
constexpr HeaderCode unknown_type(std::uint16_t n) { return 2u << 16 | n; }     // UNK(0xnnnn)
constexpr HeaderCode unknown_sap(std::uint8_t n) { return 3u << 16 | n; }       // UNK(0xnn)
}  // namespace header

class HeaderStacks {
 public:
  using Id = std::uint32_t;
  static constexpr Id root = 0;

  explicit HeaderStacks(const KeyedHash& hash = KeyedHash());
  // The stack `parent` with one more header. When the tree is full (hostile traffic), parent itself.
  Id push(Id parent, HeaderCode code) {
    for (std::size_t at = slot(parent, code);; at = (at + 1) & mask_) {
      const Slot& s = slots_[at];
      if (s.id == empty) return add(parent, code);
      if (s.parent == parent && s.code == code) return s.id;
    }
  }
  // The stack with so many more headers of one kind, at the cost of one.
  Id push(Id parent, HeaderCode code, unsigned times) {
    if (times == 0) return parent;
    const Id first = push(parent, code);
    return times == 1 || first == parent ? first : in_run(first, code, times);
  }
  // Number of the stack's text: two stacks whose (cut) texts are equal have the same.
  std::uint32_t text_id(Id id) const { return nodes_[id].text; }
  std::string_view text(std::uint32_t text_id) const { return texts_[text_id / chunk][text_id % chunk]; }
  bool overrun(Id id) const { return nodes_[id].overrun; }  // the text was cut
  // Slots that are looked at to find each stack once.
  std::uint64_t probes() const;
  static std::uint64_t max_bytes();  // of a full tree

 private:
  static constexpr Id empty = 0xffff'ffff;
  static constexpr std::size_t max_nodes = 1 << 16, chunk = 256;
  struct Slot {
    Id parent = 0, id = empty;
    HeaderCode code = 0;
  };
  struct Node {
    std::uint32_t text = 0;
    std::uint32_t before_run = 0;  // length of the text in front of a run of equal headers
    HeaderCode last = header::names_end;
    std::uint32_t run = 0;
    std::uint32_t chain = 0;  // in chains_: the stacks that more headers of the same kind make; 0: none are known
    bool overrun = false;
  };
  std::size_t slot(Id parent, HeaderCode code) const {
    return static_cast<std::size_t>(hash_(std::uint64_t{parent}, std::uint64_t{code})) & mask_;
  }
  Id add(Id parent, HeaderCode code);
  std::string_view add_text(std::string text);
  Id in_run(Id first, HeaderCode code, unsigned times);
  void grow();

  KeyedHash hash_;
  std::size_t mask_ = 1023;  // slots_.size() - 1
  std::vector<Slot> slots_;
  std::vector<Node> nodes_;
  std::vector<std::vector<Id>> chains_;  // [0] is not used
  // By text id, in chunks that never move: other threads read what was written before.
  std::array<std::unique_ptr<std::string[]>, max_nodes / chunk> texts_;
  std::uint32_t texts_made_ = 0;
  std::map<std::string_view, std::uint32_t> text_ids_;  // only asked for a stack that is new
};

// Names of protocol numbers. A number without a name gets the code of an unknown, and `known` becomes false.
HeaderCode protocol_name(std::uint8_t protocol, bool& known);  // IANA protocol numbers; names_end: no name (59)
HeaderCode ether_type_name(std::uint16_t type, bool& known);
HeaderCode llc_name(std::uint8_t dsap, bool& known);  // names_end: no name
HeaderCode ppp_name(std::uint16_t protocol, bool& known);

}  // namespace t2
