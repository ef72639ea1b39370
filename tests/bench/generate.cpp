// Makes the captures of the benchmark, deterministically: generate MIX FILE [COUNT]. README.md describes them.
//
//   web        the traffic of many networks together: scans, name queries, TLS, HTTP, other conversations; some in
//              IPv6, fragments and VLANs, ICMP
//   web-plain  packets of connections with handshake, data and teardown, of name queries and of unanswered SYNs
//   hostile    packets of 96 bytes over a tenth as many flows, skewed, but so that most packets miss the caches
//   flood      SYN packets, each from a source of its own
//   elephants  packets of full length over 8 connections
//   tunnels    packets in VLAN, MPLS, GRE, VXLAN and GTP
//   flows      4 packets for each of COUNT connections, interleaved: how cost grows with the number of flows
//   flows-udp  the same with UDP
//   grid       COUNT packets of UDP: grid FILE COUNT PACKETS BYTES, of each flow so many with so many bytes of content,
//   1,000
//              flows at a time
//
// COUNT is the number of packets (flows, flows-udp: of connections).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>
#include <vector>

#include "contents.hpp"
#include "frames.hpp"

namespace {

using namespace t2::bench;

std::uint32_t client(std::uint64_t i) { return 0x0a000000u + static_cast<std::uint32_t>(i * 2654435761u % 0xffffff); }
std::uint32_t server(std::uint64_t i) { return 0xc6120000u + static_cast<std::uint32_t>(i * 40503u % 0x1ffff); }

// What a connection of the web mix will send, packet after packet.
struct Step {
  std::uint16_t payload;
  std::uint8_t flags;
  bool reply;
  Bytes head = {};  // what the payload begins with
};

std::vector<Step> tcp_steps(Random& r) {
  std::vector<Step> steps{{0, 0x02, false}, {0, 0x12, true}, {0, 0x10, false}};
  const auto exchanges = static_cast<unsigned>(std::min(400.0, 7 / std::pow(1 - r.real(), 0.8)));  // heavy tail
  for (unsigned i = 0; i < exchanges; ++i) {
    steps.push_back({static_cast<std::uint16_t>(40 + r.below(300)), 0x18, false});
    if (r.below(2)) steps.push_back({0, 0x10, true});
    const std::uint64_t full = r.below(20) < 17 ? 0 : 1 + r.below(6);
    for (std::uint64_t segment = 0; segment < full; ++segment) {
      steps.push_back({1448, 0x10, true});
      if (segment & 1) steps.push_back({0, 0x10, false});
    }
    steps.push_back({static_cast<std::uint16_t>(1 + r.below(600)), 0x18, true});
    steps.push_back({0, 0x10, false});
  }
  if (r.below(10) == 0) {
    steps.push_back({0, 0x14, false});
  } else {
    steps.insert(steps.end(), {{0, 0x11, false}, {0, 0x11, true}, {0, 0x10, false}});
  }
  return steps;
}

// A connection, and what it has sent.
struct Conversation {
  Segment a;
  std::vector<Step> steps;
  std::size_t at = 0;
  std::uint32_t seq[2] = {1000, 9000};
  Segment next(std::uint64_t number) {  // of the packet in the capture
    const Step& step = steps[at++];
    Segment s = a;
    s.payload = step.payload, s.flags = step.flags, s.id = static_cast<std::uint16_t>(number);
    s.options = s.udp ? 0 : s.flags & 2 ? 20 : 12;
    s.seq = seq[step.reply];
    s.ack = s.flags & 0x10 ? seq[!step.reply] : 0;
    seq[step.reply] += s.payload + (s.flags & 3 ? 1 : 0);
    s.head = &step.head;
    if (step.reply) turn(s);
    return s;
  }
};

void web_plain(Writer& out, std::uint64_t count) {
  Random r{1};
  std::vector<Conversation> live;
  std::uint64_t made = 0, time = 0;
  std::uint8_t data[2048];
  const auto open = [&] {
    Conversation c;
    c.a = {client(made), server(r.below(4000)), static_cast<std::uint16_t>(20000 + made % 40000),
           static_cast<std::uint16_t>(r.below(3) ? 443 : 80)};
    const std::uint64_t kind = r.below(100);
    if (kind < 45) {
      c.a.udp = true, c.a.destination_port = 53;
      c.steps = {{static_cast<std::uint16_t>(28 + r.below(30)), 0, false},
                 {static_cast<std::uint16_t>(60 + r.below(240)), 0, true}};
    } else if (kind < 55) {
      c.steps = {{0, 0x02, false}};
    } else {
      c.steps = tcp_steps(r);
    }
    ++made;
    return c;
  };
  while (live.size() < 2000) live.push_back(open());
  for (std::uint64_t n = 0; n < count;) {
    Conversation& c = live[r.below(live.size())];
    for (std::uint64_t train = 1 + r.below(5); train > 0 && n < count && c.at < c.steps.size();
         --train, ++n) {  // packets come in trains
      const Segment s = c.next(n);
      out.put(time += 20'000 + r.below(30'000), data, frame(s, data));
    }
    if (c.at == c.steps.size()) c = open();
  }
}

// An IPv4 frame of frame() with an IPv6 header in place of its own; the checksum covers the new addresses.
std::uint32_t frame6(const Segment& s, std::uint8_t* out) {
  std::uint8_t plain[2048];
  const std::uint32_t size = frame(s, plain), l4 = size - 34;
  std::memcpy(out, plain, 12);
  put16(out + 12, 0x86dd);
  std::uint8_t* ip = out + 14;
  std::memset(ip, 0, 40);
  ip[0] = 0x60;
  put16(ip + 4, l4);
  ip[6] = s.udp ? 17 : 6, ip[7] = 64;
  for (const std::uint32_t at : {8u, 24u})
    put32(ip + at, 0x20010db8), put32(ip + at + 12, at == 8 ? s.source : s.destination);
  std::uint8_t* t = ip + 40;
  std::memcpy(t, plain + 34, l4);
  std::uint8_t* sum = t + (s.udp ? 6 : 16);
  put16(sum, 0);
  std::uint32_t pseudo = l4 + (s.udp ? 17 : 6);
  for (std::uint32_t i = 8; i < 40; i += 2) pseudo += static_cast<std::uint32_t>(ip[i] << 8 | ip[i + 1]);
  put16(sum, checksum(t, l4, pseudo));
  return 54 + l4;
}

// ---- web

constexpr std::uint32_t segment = 1448;  // bytes of payload, at most

// One side says so many bytes that begin with `head`; the other one acknowledges each second full segment.
void say(std::vector<Step>& steps, bool reply, Bytes head, std::size_t size) {
  for (std::size_t at = 0, number = 1; at < size; at += segment, ++number) {
    const std::size_t part = std::min<std::size_t>(segment, size - at), left = head.size() - std::min(head.size(), at);
    const auto from = head.end() - static_cast<std::ptrdiff_t>(left);
    const bool last = at + part == size;
    steps.push_back({static_cast<std::uint16_t>(part), static_cast<std::uint8_t>(last ? 0x18 : 0x10), reply,
                     Bytes(from, from + static_cast<std::ptrdiff_t>(std::min(left, part)))});
    if (reply && (last || number % 2 == 0)) steps.push_back({0, 0x10, !reply});
  }
}
void say(std::vector<Step>& steps, bool reply, const Bytes& all) { say(steps, reply, all, all.size()); }

enum class Protocol { tls13, tls12, http, unknown };

// A conversation of TCP: requests and answers, as long as those of web-plain.
std::vector<Step> conversation(Random& r, Protocol protocol) {
  const bool tls = protocol == Protocol::tls13 || protocol == Protocol::tls12;
  const std::string name = host(r);
  std::vector<Step> steps{{0, 0x02, false}, {0, 0x12, true}, {0, 0x10, false}};
  if (tls) say(steps, false, tls::client_hello(r, name));
  if (protocol == Protocol::tls13) say(steps, true, tls::answer13(r)), say(steps, false, tls::finished13(r));
  if (protocol == Protocol::tls12)
    say(steps, true, tls::answer12(r, name)), say(steps, false, tls::keys12(r)), say(steps, true, tls::finished12(r));
  const auto exchanges = static_cast<unsigned>(std::min(400.0, 7 / std::pow(1 - r.real(), 0.8)));  // heavy tail
  for (unsigned i = 0; i < exchanges; ++i) {
    const std::size_t request = 40 + r.below(300), acknowledged = r.below(2);
    const std::size_t answer = (r.below(20) < 17 ? 0 : segment * (1 + r.below(6))) + 32 + r.below(600);
    switch (protocol) {
      case Protocol::http: say(steps, false, http_request(r, name, request)); break;
      case Protocol::unknown: say(steps, false, {}, request); break;
      default: say(steps, false, tls::encrypted(request), request);
    }
    if (acknowledged) steps.push_back({0, 0x10, true});
    switch (protocol) {
      case Protocol::http: {
        const Bytes head = http_answer(answer);
        say(steps, true, head, head.size() + answer);
        break;
      }
      case Protocol::unknown: say(steps, true, {}, answer); break;
      default: say(steps, true, tls::encrypted(answer), answer);
    }
  }
  if (r.below(10) == 0) {
    steps.push_back({0, 0x14, false});
  } else {
    steps.insert(steps.end(), {{0, 0x11, false}, {0, 0x11, true}, {0, 0x10, false}});
  }
  return steps;
}

// The shares are those of a composite of 417 captures of strangers (403,290 packets): of a hundred flows 70 are SYNs
// that are not answered, 10 datagrams or exchanges of UDP, the rest conversations of TCP, seven tenths of which say
// what they are; of a hundred packets 73 are TCP, 22 UDP, most of these of a few long flows, 3 ICMP, 4 fragments, 2
// IPv6, 1 in VLANs; 336 bytes mean.
void web(Writer& out, std::uint64_t count) {
  struct Connection : Conversation {
    enum { plain, ip6, vlan, fragments, icmp } form = plain;
  };
  Random r{1};
  std::vector<Connection> live;
  std::uint64_t made = 0, time = 0, n = 0;
  std::uint8_t data[4096], other[4096];
  const auto datagram = [](const Bytes& content, bool reply, std::size_t size = 0) {
    return Step{static_cast<std::uint16_t>(std::max(size, content.size())), 0, reply, content};
  };
  const auto open_udp = [&](Connection& c, std::uint64_t kind) {  // kind: 0 to 159
    c.a.udp = true;
    if (kind < 60) {
      const Lookup lookup = dns(r);
      c.a.destination_port = 53;
      c.steps = {datagram(lookup.query, false), datagram(lookup.answer, true)};
    } else if (kind < 140) {
      const std::uint64_t initiator = r();
      c.a.source_port = c.a.destination_port = 500;
      c.steps = {datagram(ike(r, initiator, false, 200 + r.below(300)), false)};
      if (r.below(5) == 0) c.steps.push_back(datagram(ike(r, initiator, true, 200 + r.below(200)), true));
    } else if (kind < 150) {  // the content is that of no protocol
      c.a.destination_port = 4500;
      for (std::uint64_t i = 1 + r.below(30); i > 0; --i) {
        c.steps.push_back(datagram({}, false, 28 + r.below(400)));
        c.steps.push_back(datagram({}, true, 60 + r.below(640)));
      }
    } else if (kind < 156) {
      const auto source = static_cast<std::uint32_t>(r());
      c.a.destination_port = 16384;
      for (std::uint32_t packets = static_cast<std::uint32_t>(50 + r.below(450)), i = 0; i < packets; ++i)
        c.steps.push_back(datagram(rtp(source, i), false, 172));
    } else {
      c.form = Connection::fragments;
      c.a.destination_port = 4500;
      for (std::uint64_t i = 10 + r.below(50); i > 0; --i) c.steps.push_back(datagram({}, false, 400 + r.below(1000)));
    }
  };
  const auto open = [&] {
    Connection c;
    c.a = {client(made), server(r.below(4000)), static_cast<std::uint16_t>(20000 + made % 40000),
           static_cast<std::uint16_t>(r.below(3) ? 443 : 80)};
    const std::uint64_t kind = r.below(1000);
    if (kind < 700) {
      c.steps = {{0, 0x02, false}};
      if (r.below(4) == 0) c.steps.push_back({0, 0x02, false});  // once more
    } else if (kind < 860) {
      open_udp(c, kind - 700);
    } else if (kind < 900) {
      c.a.udp = true, c.form = Connection::icmp;
      c.steps.assign(1 + r.below(4), {56, 0, false});
    } else {
      const Protocol protocol = kind < 930   ? Protocol::unknown
                                : kind < 955 ? Protocol::http
                                : kind < 985 ? Protocol::tls13
                                             : Protocol::tls12;
      c.a.destination_port = protocol == Protocol::unknown ? 9000 : protocol == Protocol::http ? 80 : 443;
      c.steps = conversation(r, protocol);
    }
    if (c.form == Connection::plain && r.below(100) < 3) c.form = r.below(3) ? Connection::ip6 : Connection::vlan;
    ++made;
    return c;
  };
  const auto put = [&](std::uint32_t size) { out.put(time += 20'000 + r.below(30'000), data, size), ++n; };
  const auto send = [&](const Segment& s, const Connection& c) {
    switch (c.form) {
      case Connection::ip6: return put(frame6(s, data));
      case Connection::vlan: {
        const std::uint32_t size = frame(s, other);
        std::memcpy(data, other, 12);
        put16(data + 12, 0x8100), put16(data + 14, 100);
        std::memcpy(data + 16, other + 12, size - 12);
        return put(size + 4);
      }
      case Connection::icmp: {  // echo requests: type, code, checksum, number in place of ports and length
        const std::uint32_t size = frame(s, data);
        data[23] = 1;
        put16(data + 24, 0), put16(data + 24, checksum(data + 14, 20));
        put16(data + 34, 0x0800), put16(data + 36, 0);
        put16(data + 36, checksum(data + 34, size - 34));
        return put(size);
      }
      case Connection::fragments: {  // two of them
        const std::uint32_t size = frame(s, other), first = ((size - 34) / 2 + 7) / 8 * 8;
        for (const bool second : {false, true}) {
          std::memcpy(data, other, 34);
          const std::uint32_t length = second ? size - 34 - first : first;
          std::memcpy(data + 34, other + 34 + (second ? first : 0), length);
          put16(data + 16, 20 + length), put16(data + 20, second ? first / 8 : 0x2000), put16(data + 24, 0);
          put16(data + 24, checksum(data + 14, 20));
          put(34 + length);
        }
        return;
      }
      case Connection::plain: return put(frame(s, data));
    }
  };
  while (live.size() < 2000) live.push_back(open());
  while (n < count) {
    Connection& c = live[r.below(live.size())];
    for (std::uint64_t train = 1 + r.below(5); train > 0 && n < count && c.at < c.steps.size(); --train) {
      send(c.next(n), c);
    }
    if (c.at == c.steps.size()) c = open();
  }
}

void grid(Writer& out, std::uint64_t count, std::uint64_t packets, std::uint32_t bytes) {
  std::uint8_t data[2048];
  for (std::uint64_t n = 0; n < count; ++n) {
    const std::uint64_t group = n / (1000 * packets), flow = group * 1000 + n % 1000;
    Segment s{client(flow), server(flow), static_cast<std::uint16_t>(10000 + flow % 50000), 8500};
    s.udp = true, s.payload = bytes, s.id = static_cast<std::uint16_t>(n);
    if (n / 1000 % 2) turn(s);
    out.put(n * 2'000'000, data, frame(s, data));  // flows end by their time-out meanwhile
  }
}

void hostile(Writer& out, std::uint64_t count) {
  Random r{2};
  const std::uint64_t flows = std::max<std::uint64_t>(count / 10, 1);
  std::vector<std::uint32_t> seq(2 * flows, 1000);
  std::uint8_t data[256];
  std::uint64_t time = 0;
  for (std::uint64_t n = 0; n < count; ++n) {
    const double u = r.real();  // the flow of rank k has a share of packets ~ 1 / sqrt(k)
    const std::uint64_t flow = static_cast<std::uint64_t>(u * u * static_cast<double>(flows)) * 7919 % flows;
    const bool reply = r.below(3) == 0;
    Segment s{client(flow), server(flow), static_cast<std::uint16_t>(1024 + flow % 60000), 443};
    s.payload = 42, s.id = static_cast<std::uint16_t>(n);
    s.seq = seq[2 * flow + reply], s.ack = seq[2 * flow + !reply];
    seq[2 * flow + reply] += s.payload;
    if (reply) turn(s);
    out.put(time += 1'000 + r.below(2'000), data, frame(s, data));
  }
}

void flood(Writer& out, std::uint64_t count) {
  Random r{3};
  std::uint8_t data[256];
  for (std::uint64_t n = 0; n < count; ++n) {
    Segment s{static_cast<std::uint32_t>(n * 2654435761u), 0xc6336401,
              static_cast<std::uint16_t>(1024 + r.below(60000)), 80};
    s.seq = static_cast<std::uint32_t>(r()), s.flags = 0x02;
    out.put(n * 2'000, data, frame(s, data));
  }
}

void elephants(Writer& out, std::uint64_t count) {
  Random r{4};
  std::uint8_t data[2048];
  std::uint32_t seq[8] = {};
  for (std::uint64_t n = 0; n < count; ++n) {
    const auto i = static_cast<std::uint32_t>(r.below(8));
    Segment s{client(i), server(i), static_cast<std::uint16_t>(40000 + i), 443};
    s.seq = seq[i], s.ack = 1, s.options = 12;
    if (n % 3 == 2) {
      turn(s);
      s.ack = seq[i], s.seq = 1;
    } else {
      s.payload = 1448;
      seq[i] += 1448;
    }
    out.put(n * 5'000, data, frame(s, data));
  }
}

void tunnels(Writer& out, std::uint64_t count) {
  Random r{5};
  std::uint8_t inner[512], data[1024];
  for (std::uint64_t n = 0; n < count; ++n) {
    const std::uint64_t flow = r.below(20'000);
    Segment s{client(flow), server(flow), static_cast<std::uint16_t>(1024 + flow), 443};
    s.payload = 100, s.seq = static_cast<std::uint32_t>(n);
    const std::uint32_t size = frame(s, inner);
    const auto outer_udp = [&](std::uint16_t port, const Bytes& head, const std::uint8_t* content,
                               std::uint32_t length) {
      Segment o{0xc0000201, 0xc0000202, static_cast<std::uint16_t>(30000 + flow % 1000), port};
      o.udp = true;
      o.payload = static_cast<std::uint32_t>(head.size()) + length;
      const std::uint32_t all = frame(o, data);
      std::memcpy(data + 42, head.data(), head.size());
      std::memcpy(data + 42 + head.size(), content, length);
      out.put(n * 3'000, data, all);
    };
    switch (n % 5) {
      case 0: {  // VLAN
        std::memcpy(data, inner, 12);
        put16(data + 12, 0x8100), put16(data + 14, 100 + static_cast<std::uint32_t>(flow % 10));
        std::memcpy(data + 16, inner + 12, size - 12);
        out.put(n * 3'000, data, size + 4);
        break;
      }
      case 1: {  // two MPLS labels
        std::memcpy(data, inner, 12);
        put16(data + 12, 0x8847), put32(data + 14, 100u << 12 | 64), put32(data + 18, 200u << 12 | 1 << 8 | 64);
        std::memcpy(data + 22, inner + 14, size - 14);
        out.put(n * 3'000, data, size + 8);
        break;
      }
      case 2: {  // GRE
        std::memcpy(data, inner, 34);
        put16(data + 16, 24 + size - 14);
        data[23] = 47;
        put32(data + 34, 0x0800);
        std::memcpy(data + 38, inner + 14, size - 14);
        out.put(n * 3'000, data, 38 + size - 14);
        break;
      }
      case 3: outer_udp(4789, {8, 0, 0, 0, 0, 0, 5, 0}, inner, size); break;
      default:
        outer_udp(2152, {0x30, 0xff, 0, static_cast<std::uint8_t>(size - 14), 0, 0, 0, 7}, inner + 14, size - 14);
    }
  }
}

template <bool udp>
void flows(Writer& out, std::uint64_t count) {
  std::uint8_t data[256];
  std::uint64_t time = 0;
  for (unsigned round = 0; round < 4; ++round) {
    for (std::uint64_t i = 0; i < count; ++i) {
      Segment s{static_cast<std::uint32_t>(0x0a000000 + i % 0xffffff),
                static_cast<std::uint32_t>(0xc6000000 + i / 0xffffff), static_cast<std::uint16_t>(1024 + i % 60000),
                443};
      s.seq = round, s.payload = 30, s.udp = udp;
      if (round & 1) turn(s);
      out.put(time += 1'000, data, frame(s, data));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  struct Mix {
    std::string_view name;
    void (*make)(Writer&, std::uint64_t);
    std::uint64_t count;
  };
  constexpr Mix mixes[] = {
      {"web", web, 1'100'000},          {"web-plain", web_plain, 1'100'000}, {"hostile", hostile, 3'000'000},
      {"flood", flood, 2'000'000},      {"elephants", elephants, 2'000'000}, {"tunnels", tunnels, 1'000'000},
      {"flows", flows<false>, 100'000}, {"flows-udp", flows<true>, 100'000}};
  if (argc == 6 && std::string_view(argv[1]) == "grid") {
    Writer out(argv[2]);
    const std::uint64_t bytes = std::strtoull(argv[5], nullptr, 10);
    grid(out, std::strtoull(argv[3], nullptr, 10), std::max(1ull, std::strtoull(argv[4], nullptr, 10)),
         static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, 1400)));
    return 0;
  }
  const auto mix =
      argc < 3 ? std::end(mixes)
               : std::find_if(std::begin(mixes), std::end(mixes), [&](const Mix& m) { return m.name == argv[1]; });
  const std::uint64_t count = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : mix == std::end(mixes) ? 0 : mix->count;
  if (mix == std::end(mixes) || count == 0) {
    std::fprintf(
        stderr,
        "usage: generate web|web-plain|hostile|flood|elephants|tunnels|flows|flows-udp FILE [COUNT] | generate grid "
        "FILE COUNT PACKETS BYTES\n");
    return 1;
  }
  Writer out(argv[2]);
  mix->make(out, count);
}
