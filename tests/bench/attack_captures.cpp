// Makes captures of attacks, deterministically: attack_captures NAME FILE [PACKETS]. Without arguments it lists the
// names.
//
// In each, 2,000 conversations (clients in 10.200.0.0/16: half UDP of 8 packets, half TCP of 12) go on all the time,
// spread evenly between the packets of the attack. Captures named `normal-...` are what an attack is compared with.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <string_view>
#include <vector>

#include "contents.hpp"
#include "frames.hpp"

namespace {

using namespace t2::bench;

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint32_t conversations = 2000;
constexpr unsigned udp_packets = 8, tcp_packets = 12;
constexpr std::uint64_t legitimate = conversations / 2 * (udp_packets + tcp_packets);  // packets

// Packet `n` of a conversation of the legitimate ones.
std::uint32_t legitimate_frame(std::uint32_t which, unsigned n, std::uint8_t* out) {
  const bool udp = which % 2 == 0;
  Segment s{0x0ac80000 + which, 0xc6120001, static_cast<std::uint16_t>(20000 + which),
            static_cast<std::uint16_t>(udp ? 53 : 443)};
  s.udp = udp, s.id = static_cast<std::uint16_t>(n), s.payload = 40;
  const bool reply = n % 2 == 1;
  if (!udp) {
    s.flags = n == 0 ? 0x02 : n == 1 ? 0x12 : n + 2 >= tcp_packets ? 0x11 : 0x18;
    s.payload = s.flags == 0x18 ? 40 : 0;
    s.seq = n < 2 ? 1000 : 1001 + 40 * (n / 2 - 1), s.ack = n == 0 ? 0 : 1001;
  }
  if (reply) turn(s);
  return frame(s, out);
}

using Packet = std::function<std::uint32_t(std::uint64_t number, std::uint8_t* out)>;
using Clock = std::function<std::uint64_t(std::uint64_t number)>;  // nanoseconds

// The attack's packets at its pace, the others in between. A conversation's requests are spread evenly, and each is
// answered behind so many packets of the attack.
void mix(Writer& out, std::uint64_t count, std::uint64_t until_answer, const Packet& packet, const Clock& at) {
  struct Turn {
    std::uint64_t position;  // in packets of the attack
    std::uint32_t which;
    unsigned packet;
  };
  std::vector<Turn> turns;
  constexpr unsigned rounds = tcp_packets / 2;
  until_answer = std::min(until_answer, count / 10);
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::uint32_t which = 0; which < conversations; ++which) {
      if (which % 2 == 0 && 2 * round >= udp_packets) continue;
      const std::uint64_t request = (count - until_answer) * (round * conversations + which) / (rounds * conversations);
      turns.push_back({request, which, 2 * round});
      turns.push_back({request + until_answer, which, 2 * round + 1});
    }
  }
  std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.position < b.position; });
  std::vector<std::uint8_t> data(65'536);
  auto turn = turns.begin();
  for (std::uint64_t n = 0; n <= count; ++n) {
    for (; turn != turns.end() && turn->position <= n; ++turn)
      out.put(at(n), data.data(), legitimate_frame(turn->which, turn->packet, data.data()));
    if (n < count) out.put(at(n), data.data(), packet(n, data.data()));
  }
}

std::uint32_t scattered(std::uint64_t n) { return static_cast<std::uint32_t>(n) * 2654435761u; }

std::uint32_t udp(std::uint64_t n, std::uint8_t* out) {
  Segment s{scattered(n), 0xc6336401, static_cast<std::uint16_t>(1024 + n % 60000), 53};
  s.udp = true, s.payload = 30;
  return frame(s, out);
}

std::uint32_t syn(std::uint64_t n, std::uint8_t* out) {
  Segment s{scattered(n), 0xc6336401, static_cast<std::uint16_t>(1024 + n % 60000), 80};
  s.seq = scattered(n), s.flags = 0x02, s.options = 20;
  return frame(s, out);
}

// A query and its answer: a row for each packet, as in the floods.
std::uint32_t query(std::uint64_t n, std::uint8_t* out) {
  Segment s{scattered(n / 2) | 1, 0xc6120002, static_cast<std::uint16_t>(1024 + n / 2 % 60000), 53};
  s.udp = true, s.payload = 30;
  if (n & 1) turn(s);
  return frame(s, out);
}

// Full packets of a few thousand conversations.
std::uint32_t full(std::uint64_t n, std::uint8_t* out) {
  Segment s{0x0a000000 + static_cast<std::uint32_t>(n % 5000), 0xc6120003, static_cast<std::uint16_t>(1024 + n % 5000),
            443};
  s.payload = 1440, s.ack = 1, s.seq = static_cast<std::uint32_t>(n / 5000 * 1440);
  return frame(s, out);
}

// The first piece of a datagram that never becomes complete.
std::uint32_t fragment(std::uint64_t n, std::uint8_t* out) {
  const std::uint32_t size = udp(n, out);
  put16(out + 18, static_cast<std::uint32_t>(n)), put16(out + 20, 0x2000);
  put16(out + 24, 0), put16(out + 24, checksum(out + 14, 20));
  return size;
}

// IPv6 with UDP; the addresses' four words are given.
std::uint32_t udp6(const std::uint32_t (&source)[4], const std::uint32_t (&destination)[4], std::uint16_t port,
                   std::uint8_t* out) {
  std::memcpy(out, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x86\xdd\x60\x00\x00\x00\x00\x26\x11\x40", 22);
  for (unsigned i = 0; i < 4; ++i) put32(out + 22 + 4 * i, source[i]), put32(out + 38 + 4 * i, destination[i]);
  put16(out + 54, port), put16(out + 56, 53), put16(out + 58, 38), put16(out + 60, 0);
  std::memset(out + 62, 0, 30);
  return 92;
}

// Keys as an attacker makes them who knows the program: one word differs and another one makes up for it (sum,
// exclusive or), low bits are equal, or words are exchanged.
std::uint32_t collisions(std::uint64_t n, std::uint8_t* out) {
  const auto x = static_cast<std::uint32_t>(n / 4);
  switch (n % 4) {
    case 0: return udp6({0x20010db8, x, 0, 1}, {0x20010db8, ~x, 0, 2}, 5000, out);
    case 1: return udp6({0x20010db8, 1, 0, 0u - x}, {0x20010db8, 1, 0, x}, 5000, out);
    case 2: return udp6({0x20010000 + (x >> 16), x << 16, 0, 3}, {0x20010db8, 2, 0, 4}, 5000, out);
    default: return udp6({0x20010db8, x, x, 5}, {0x20010db8, x, x, 6}, 5000, out);
  }
}

// A frame of 1,500 bytes with `count` tags or labels, and IPv4 behind them where it fits.
std::uint32_t stacked(std::uint64_t n, std::uint8_t* out, bool tags, unsigned count) {
  std::uint8_t inner[128];
  const std::uint32_t size = udp(n % 5000, inner);
  std::memcpy(out, inner, 12);
  std::uint32_t at = 12;
  if (!tags) put16(out + at, 0x8847), at += 2;
  for (unsigned i = 0; i < count; ++i, at += 4) {
    if (tags) put32(out + at, 0x81000000 | (1 + i));
    else put32(out + at, (16 + i) << 12 | (i + 1 == count ? 0x100u : 0u) | 64);
  }
  if (tags) put16(out + at, 0x0800), at += 2;
  std::memcpy(out + at, inner + 14, size - 14);
  at += size - 14;
  if (at < 1500) std::memset(out + at, 0, 1500 - at), at = 1500;
  return at;
}

// Each packet has another order of tags, 16 in front of UDP: descriptions of header stacks.
std::uint32_t stack(std::uint64_t n, std::uint8_t* out) {
  std::uint8_t inner[128];
  const std::uint32_t size = udp(n % 5000, inner);
  std::memcpy(out, inner, 12);
  std::uint32_t at = 12;
  for (unsigned i = 0; i < 20; ++i, at += 4) put32(out + at, (n >> i & 1 ? 0x81000000u : 0x88a80000u) | 7);
  std::memcpy(out + at, inner + 12, size - 12);
  return at + size - 12;
}

// Flows of 20 packets each, each packet with another MAC address, or each flow with a stack of other VLANs.
std::uint32_t macs(std::uint64_t n, std::uint8_t* out) {
  const std::uint32_t size = udp(n / 20, out);
  put32(out + 8, static_cast<std::uint32_t>(n % 20));
  return size;
}
std::uint32_t vlans(std::uint64_t n, std::uint8_t* out) {
  std::uint8_t inner[128];
  const std::uint32_t size = udp(n, inner);
  std::memcpy(out, inner, 12);
  std::uint32_t at = 12;
  for (unsigned i = 0; i < 6; ++i, at += 4) put32(out + at, 0x81000000 | ((n >> i) & 0xfff));
  std::memcpy(out + at, inner + 12, size - 12);
  return at + size - 12;
}

// ---- Content, for plugins that read it: each packet with content begins another conversation, and has as much work in
// it as fits.

constexpr std::uint32_t full_segment = 1460;

// Connections of two packets from a server or to it: SYN, then this.
std::uint32_t said(std::uint64_t n, std::uint8_t* out, std::uint16_t port, bool by_server, const Bytes& content) {
  const std::uint64_t which = n / 2;
  Segment s{scattered(which) | 1, 0xc6120004, static_cast<std::uint16_t>(1024 + which % 60000), port};
  s.seq = 1000 + (n & 1), s.flags = n & 1 ? 0x18 : by_server ? 0x12 : 0x02;
  if (n & 1) s.head = &content, s.payload = static_cast<std::uint32_t>(content.size());
  if (by_server) turn(s);
  return frame(s, out);
}
std::uint32_t datagram(std::uint64_t n, std::uint8_t* out, std::uint16_t port, bool by_server, const Bytes& content) {
  Segment s{scattered(n) | 1, 0xc6120004, static_cast<std::uint16_t>(1024 + n % 60000), port};
  s.udp = true, s.head = &content, s.payload = static_cast<std::uint32_t>(content.size());
  if (by_server) turn(s);
  return frame(s, out);
}

// Each with another certificate.
std::uint32_t certificates(std::uint64_t n, std::uint8_t* out) {
  Random r{n};
  Bytes content;
  if (n & 1) {
    const Bytes chain = counted(tls::certificate(r, host(r), "Example CA"), 3);
    content = tls::record(22, tls::server_hello(r, 0xc02f, {})) + tls::record(22, tls::message(11, counted(chain, 3)));
  }
  return said(n, out, 443, true, content);
}

// Hellos of as many ciphers, groups and extensions as fit, in an order that is worst for sorting.
std::uint32_t hellos(std::uint64_t n, std::uint8_t* out) {
  Random r{n};
  Bytes ciphers, groups, extensions;
  for (unsigned i = 0; i < 200; ++i) ciphers = ciphers + number(0xff00 - i * 7 - r.below(7), 2);
  for (unsigned i = 0; i < 100; ++i) groups = groups + number(r(), 2);
  for (unsigned i = 0; i < 150; ++i) extensions = extensions + tls::extension(0xf000 - i * 3, {});
  extensions = extensions + tls::extension(10, counted(groups, 2)) +
               tls::extension(0, counted(Bytes{0} + counted(text(host(r)), 2), 2));
  const Bytes hello =
      number(0x0303, 2) + noise(r, 32) + Bytes{0} + counted(ciphers, 2) + Bytes{1, 0} + counted(extensions, 2);
  return said(n, out, 443, false, tls::record(22, tls::message(1, hello)));
}

// QUIC (RFC 9000): Initials of version 1 that cannot be decrypted, each of another connection.
std::uint32_t initials(std::uint64_t n, std::uint8_t* out) {
  Random r{n};
  const Bytes content =
      Bytes{0xc3} + number(1, 4) + counted(noise(r, 8), 1) + Bytes{0, 0} + number(0x4000 | 1182, 2) + noise(r, 1182);
  return datagram(n, out, 443, false, content);
}

// As many as fit into a datagram, to one connection id or each to another.
std::uint32_t coalesced(std::uint64_t n, std::uint8_t* out, bool others) {
  Random r{n};
  const Bytes id = noise(r, 8);
  Bytes content;
  while (content.size() + 38 <= 1200)
    content = content + Bytes{0xc3} + number(1, 4) + counted(others ? noise(r, 8) : id, 1) + Bytes{0, 0} +
              number(0x4000 | 20, 2) + noise(r, 20);
  return datagram(n, out, 443, false, content);
}

// Answers whose names go through as many pointers as there can be.
std::uint32_t dns_pointers(std::uint64_t n, std::uint8_t* out) {
  Random r{n};
  constexpr unsigned records = 90;
  Bytes content = number(n, 2) + numbers({0x8180, 1, records, 0, 0});
  const std::size_t name = content.size();
  for (unsigned i = 0; i < 60; ++i) content = content + counted(Bytes{static_cast<std::uint8_t>('a' + r.below(26))}, 1);
  content = content + Bytes{0} + numbers({5, 1});
  std::size_t before = name;
  for (unsigned i = 0; i < records;
       ++i) {  // CNAMEs: each name is one pointer to the one before, and so is what it stands for
    const std::size_t at = content.size();
    content = content + number(0xc000 | before, 2) + numbers({5, 1, 0, 60, 2}) + number(0xc000 | name, 2);
    before = at;
  }
  return datagram(n, out, 53, true, content);
}

// As many header lines as fit.
std::uint32_t header_lines(std::uint64_t n, std::uint8_t* out) {
  Bytes content = text("GET / HTTP/1.1\r\n");
  while (content.size() + 6 <= full_segment) content = content + text("a: \r\n");
  return said(n, out, 80, false, content);
}

// As many requests as fit, each for something else.
std::uint32_t requests(std::uint64_t n, std::uint8_t* out) {
  Random r{n};
  Bytes content;
  while (content.size() + 22 <= full_segment)
    content = content + text("GET /" + std::to_string(r.below(900) + 100) + " HTTP/1.1\r\n\r\n");
  return said(n, out, 80, false, content);
}

struct Attack {
  std::string_view name;
  Packet packet;
  std::uint64_t rate;      // packets a second; 0: all at one instant
  std::uint64_t jump = 0;  // seconds from one packet to the next instead
};

const Attack attacks[] = {
    {"normal-queries", query, 2'000},  // 1,000 conversations in a second: 182,000 in memory
    {"normal-full", full, 100'000},
    {"udp-100k", udp, 100'000},
    {"udp-1m", udp, 1'000'000},
    {"udp-instant", udp, 0},
    {"syn-100k", syn, 100'000},
    {"syn-1m", syn, 1'000'000},
    {"syn-instant", syn, 0},
    {"fragments-100k", fragment, 100'000},
    {"fragments-1m", fragment, 1'000'000},
    {"collisions", collisions, 100'000},
    {"time-jumps", udp, 0, 400},
    {"tags", [](std::uint64_t n, std::uint8_t* out) { return stacked(n, out, true, 360); }, 100'000},
    {"labels", [](std::uint64_t n, std::uint8_t* out) { return stacked(n, out, false, 360); }, 100'000},
    {"tags-250", [](std::uint64_t n, std::uint8_t* out) { return stacked(n, out, true, 250); }, 100'000},
    {"header-stacks", stack, 100'000},
    {"mac-lists", macs, 100'000},
    {"vlan-lists", vlans, 100'000},
    {"normal-content", full, 100'000},
    {"certificates", certificates, 100'000},
    {"hellos", hellos, 100'000},
    {"initials", initials, 100'000},
    {"coalesced", [](std::uint64_t n, std::uint8_t* out) { return coalesced(n, out, false); }, 100'000},
    {"coalesced-ids", [](std::uint64_t n, std::uint8_t* out) { return coalesced(n, out, true); }, 100'000},
    {"dns-pointers", dns_pointers, 100'000},
    {"header-lines", header_lines, 100'000},
    {"requests", requests, 100'000},
};

}  // namespace

int main(int argc, char** argv) {
  const auto attack = argc < 3 ? std::end(attacks)
                               : std::find_if(std::begin(attacks), std::end(attacks),
                                              [&](const Attack& a) { return a.name == argv[1]; });
  const std::uint64_t count = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1'000'000;
  if (attack == std::end(attacks) || count < legitimate) {
    for (const Attack& a : attacks) std::printf("%.*s\n", static_cast<int>(a.name.size()), a.name.data());
    return argc > 1;
  }
  Writer out(argv[2]);
  constexpr std::uint64_t answers_in_a_second = 100;  // 10 ms until an answer
  const std::uint64_t until_answer =
      attack->rate > 0 ? std::max<std::uint64_t>(attack->rate / answers_in_a_second, 1) : 1000;
  mix(out, count, until_answer, attack->packet,
      [&](std::uint64_t n) { return attack->rate > 0 ? n * second / attack->rate : n * attack->jump * second; });
}
