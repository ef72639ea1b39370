// Names of headers and the tree of header stacks. Reader thread.
#include "decode/headers.hpp"

#include <array>

#include <fmt/format.h>

#include "tranalyzer.h"

namespace t2 {

namespace {

constexpr std::array<std::string_view, header::names_end> names = {
    "eth",       "fpp",          "isl",          "null",         "raw",          "sll",      "sll2",      "ppp",
    "chdlc",     "fr",           "juniper",      "symantec",     "prism",        "radiotap", "wlan",      "ppi",
    "llc",       "vlan",         "mpls",         "pwethcw",      "arp",          "aarp",     "rarp",      "pppoed",
    "pppoes",    "lldp",         "slow",         "lacp",         "marker",       "oampdu",   "ossp",      "ipvx",
    "ipv4",      "ipv6",         "erspan",       "wlccp",        "idp",          "cdp",      "loop",      "cgmp",
    "cfm",       "vtp",          "dec_dna",      "pagp",         "dtp",          "lat",      "fcoe",      "fc",
    "stp",       "udld",         "ipcp",         "lcp",          "chap",         "cbcp",     "ipx",       "dec_stp",
    "wccp",      "dec_mop",      "msnlb",        "eapol",        "ddp",          "ndp",      "aoe",       "realtek",
    "vines_ip",  "edp",          "lwapp",        "ccp",          "ptp",          "sna",      "osi",       "x25",
    "3comxns",   "bacnet",       "vines_llc",    "netbios",      "hpext",        "rpl",      "pap",       "mp",
    "comp_data", "ipv6.hopopts", "ipv6.routing", "ipv6.fraghdr", "ipv6.dstopts", "icmp",     "igmp",      "tcp",
    "egp",       "igp",          "udp",          "dccp",         "xtp",          "idrp",     "rsvp",      "gre",
    "dsr",       "esp",          "ah",           "swipe",        "nhrp",         "icmpv6",   "vines",     "eigrp",
    "ospf",      "ax25",         "etherip",      "pim",          "ipcomp",       "vrrp",     "pgm",       "l2tp",
    "sctp",      "rsvp-e2ei",    "mipv6",        "udplite",      "hip",          "shim6",    "ssdp",      "udpencap",
    "isakmp",    "dvmrp",        "rgmp",         "ayiya",        "gtp",          "vxlan",    "vxlan_gpe", "nsh",
    "geneve",    "capwap",       "capwap.data",  "teredo",       "dtls",         "dtls1.0",  "dtls1.2",   "vntag",
    "cmd"};

std::string name_of(HeaderCode code) {
  switch (code >> 16) {
    case 1: return fmt::format("UNK({})", code & 0xffff);
    case 2: return fmt::format("UNK(0x{:04x})", code & 0xffff);
    case 3: return fmt::format("UNK(0x{:02x})", code & 0xffff);
    default: return std::string(names[code]);
  }
}

}  // namespace

HeaderStacks::HeaderStacks(const KeyedHash& hash) : hash_(hash), slots_(mask_ + 1), nodes_(1), chains_(1) {
  text_ids_.emplace(add_text({}), 0);
}

// The next number's text.
std::string_view HeaderStacks::add_text(std::string text) {
  const std::uint32_t id = texts_made_++;
  std::unique_ptr<std::string[]>& texts = texts_[id / chunk];
  if (!texts) texts = std::make_unique<std::string[]>(chunk);
  return texts[id % chunk] = std::move(text);
}

HeaderStacks::Id HeaderStacks::add(Id parent, HeaderCode code) {
  if (nodes_.size() >= max_nodes) return parent;
  const Node& up = nodes_[parent];
  Node node{.last = code, .run = 1, .overrun = up.overrun};
  std::string text(this->text(up.text));
  if (!up.overrun) {
    const bool aggregated = T2_HDRDESC_AGGR && (code == header::vlan || code == header::mpls);
    if (aggregated && up.last == code) {
      node.before_run = up.before_run;
      node.run = up.run + 1;
      text.resize(up.before_run);
    } else {
      node.before_run = static_cast<std::uint32_t>(text.size());
    }
    if (!text.empty()) text += ':';
    text += name_of(code);
    if (node.run > 1) text += fmt::format("{{{}}}", node.run);
    if (text.size() > T2_HDRDESC_LEN - 1) {
      text.resize(T2_HDRDESC_LEN - 4);
      text += "...";
      node.overrun = true;
    }
  }
  const auto known = text_ids_.find(text);
  if (known != text_ids_.end()) {
    node.text = known->second;
  } else {
    node.text = texts_made_;
    text_ids_.emplace(add_text(std::move(text)), node.text);
  }
  if (2 * nodes_.size() >= slots_.size()) grow();
  const Id id = static_cast<Id>(nodes_.size());
  nodes_.push_back(node);
  std::size_t at = slot(parent, code);
  while (slots_[at].id != empty) at = (at + 1) & mask_;
  slots_[at] = {parent, id, code};
  return id;
}

// The stack with `times` headers of a kind, of which `first` ends with one. When the tree is full, the largest known
// one.
HeaderStacks::Id HeaderStacks::in_run(Id first, HeaderCode code, unsigned times) {
  if (nodes_[first].chain == 0) {
    nodes_[first].chain = static_cast<std::uint32_t>(chains_.size());
    chains_.push_back({first});
  }
  std::vector<Id>& chain = chains_[nodes_[first].chain];
  while (chain.size() < times) {
    const Id next = push(chain.back(), code);
    if (next == chain.back()) return next;
    chain.push_back(next);
  }
  return chain[times - 1];
}

void HeaderStacks::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& s : old) {
    if (s.id == empty) continue;
    std::size_t at = slot(s.parent, s.code);
    while (slots_[at].id != empty) at = (at + 1) & mask_;
    slots_[at] = s;
  }
}

std::uint64_t HeaderStacks::max_bytes() {
  constexpr std::size_t allocation = 16, tree_node = 48;  // bytes that they cost besides
  constexpr std::size_t text = sizeof(std::string) + T2_HDRDESC_LEN + 2 * allocation + sizeof(std::string_view) +
                               sizeof(std::uint64_t) + tree_node + sizeof(std::unique_ptr<std::string>);
  return max_nodes * (2 * sizeof(Node) + 3 * 2 * sizeof(Slot) + text +  // nodes and slots: while they grow
                      2 * sizeof(std::vector<Id>) + allocation + 2 * sizeof(Id));
}

std::uint64_t HeaderStacks::probes() const {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at <= mask_; ++at) {
    const Slot& s = slots_[at];
    if (s.id != empty) sum += 1 + ((at - slot(s.parent, s.code)) & mask_);
  }
  return sum;
}

HeaderCode protocol_name(std::uint8_t protocol, bool& known) {
  using namespace header;
  switch (protocol) {
    case 0: return hopopts;
    case 1: return icmp;
    case 2: return igmp;
    case 4: return ipv4;
    case 6: return tcp;
    case 8: return egp;
    case 9: return igp;
    case 17: return udp;
    case 33: return dccp;
    case 36: return xtp;
    case 37: return ddp;
    case 41: return ipv6;
    case 43: return routing;
    case 44: return fraghdr;
    case 45: return idrp;
    case 46: return rsvp;
    case 47: return gre;
    case 48: return dsr;
    case 50: return esp;
    case 51: return ah;
    case 53: return swipe;
    case 54: return nhrp;
    case 58: return icmpv6;
    case 59: return names_end;
    case 60: return dstopts;
    case 80: return osi;
    case 83: return vines;
    case 88: return eigrp;
    case 89: return ospf;
    case 93: return ax25;
    case 97: return etherip;
    case 103: return pim;
    case 108: return ipcomp;
    case 112: return vrrp;
    case 113: return pgm;
    case 115: return l2tp;
    case 132: return sctp;
    case 134: return rsvp_e2ei;
    case 135: return mipv6;
    case 136: return udplite;
    case 137: return mpls;
    case 139: return hip;
    case 140: return shim6;
    default: known = false; return unknown_protocol(protocol);
  }
}

HeaderCode ether_type_name(std::uint16_t type, bool& known) {
  using namespace header;
  switch (type) {
    case 0x0000:
    case 0x872d: return wlccp;
    case 0x00bb: return edp;
    case 0x0104: return pagp;
    case 0x010b: return stp;
    case 0x0111: return udld;
    case 0x01a1:
    case 0x01a2: return ndp;
    case 0x0600: return idp;
    case 0x0800: return ipv4;
    case 0x0806: return arp;
    case 0x0bad: return vines_ip;
    case 0x2000: return cdp;
    case 0x2001: return cgmp;
    case 0x2003: return vtp;
    case 0x2004: return dtp;
    case 0x6002: return dec_mop;
    case 0x6003: return dec_dna;
    case 0x6004: return lat;
    case 0x6558: return eth;
    case 0x8021: return ipcp;
    case 0x8035: return rarp;
    case 0x8038: return dec_stp;
    case 0x809b: return ddp;
    case 0x80f3: return aarp;
    case 0x80fd: return ccp;
    case 0x8100:
    case 0x8200:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
    case 0x9300: return vlan;
    case 0x8137: return ipx;
    case 0x86dd: return ipv6;
    case 0x880b: return ppp;
    case 0x8809: return slow;
    case 0x883e: return wccp;
    case 0x8847:
    case 0x8848: return mpls;
    case 0x8863: return pppoed;
    case 0x8864: return pppoes;
    case 0x886f: return msnlb;
    case 0x8870: return llc;
    case 0x888e: return eapol;
    case 0x8899: return realtek;
    case 0x88a2: return aoe;
    case 0x88bb: return lwapp;
    case 0x22eb:
    case 0x88be: return erspan;
    case 0x88cc: return lldp;
    case 0x88f7: return ptp;
    case 0x8902: return cfm;
    case 0x8906: return fcoe;
    case 0x8909: return cmd;
    case 0x890d: return wlan;
    case 0x8926: return vntag;
    case 0x894f: return nsh;
    case 0x9000: return loop;
    case 0xc021: return lcp;
    case 0xc029: return cbcp;
    case 0xc223: return chap;
    default: known = false; return unknown_type(type);
  }
}

HeaderCode llc_name(std::uint8_t dsap, bool& known) {
  using namespace header;
  switch (dsap) {
    case 0x04:
    case 0x08:
    case 0x0c:
    case 0x40:
    case 0xc8: return sna;
    case 0x10:
    case 0xe0: return ipx;
    case 0x14:
    case 0x20:
    case 0x34:
    case 0x54:
    case 0xfe: return osi;
    case 0x42: return stp;
    case 0x7e: return x25;
    case 0x80: return xns;
    case 0x82: return bacnet;
    case 0xbc: return vines_llc;
    case 0xf0: return netbios;
    case 0xf8: return hpext;
    case 0xfc: return rpl;
    case 0x00:
    case 0x01:
    case 0x02:
    case 0x06:
    case 0xaa:
    case 0xff: return names_end;
    default: known = false; return unknown_sap(dsap);
  }
}

HeaderCode ppp_name(std::uint16_t protocol, bool& known) {
  using namespace header;
  switch (protocol) {
    case 0x0021: return ipv4;
    case 0x0023: return osi;
    case 0x003d: return mp;
    case 0x0057: return ipv6;
    case 0x00fd: return comp_data;
    case 0x0207: return cdp;
    case 0x0281:
    case 0x0283: return mpls;
    case 0x8021: return ipcp;
    case 0x80fd: return ccp;
    case 0xc021: return lcp;
    case 0xc023: return pap;
    case 0xc223: return chap;
    default: known = false; return unknown_type(protocol);
  }
}

}  // namespace t2
