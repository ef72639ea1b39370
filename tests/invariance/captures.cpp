// The captures for the invariance test, built frame by frame.
#include "captures.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

namespace t2::test {
namespace {

// A TCP endpoint pair that keeps sequence numbers, so that flows look plausible to tcpFlags and tcpStates.
class Connection {
 public:
  Connection(std::string client, unsigned client_port, std::string server, unsigned server_port,
             std::uint32_t start = 1000)
      : client_(std::move(client)),
        server_(std::move(server)),
        client_port_(client_port),
        server_port_(server_port),
        next_{start, start + 77'000} {}

  Buffer client(std::string_view flags, std::size_t size = 0) { return segment(0, flags, size); }
  Buffer server(std::string_view flags, std::size_t size = 0) { return segment(1, flags, size); }

  std::vector<Buffer> handshake() { return {client("S"), server("SA"), client("A")}; }
  std::vector<Buffer> exchange() { return {client("PA", 120), server("A"), server("PA", 900), client("A")}; }
  std::vector<Buffer> close() { return {client("FA"), server("FA"), client("A")}; }

 private:
  Buffer segment(unsigned side, std::string_view flags, std::size_t size) {
    Frame frame;
    frame.eth();
    const std::string &from = side ? server_ : client_, &to = side ? client_ : server_;
    if (from.find(':') == from.npos) frame.ip4(from, to).id(++id_);
    else frame.ip6(from, to);
    frame.tcp(side ? server_port_ : client_port_, side ? client_port_ : server_port_).flags(flags).seq(next_[side]);
    const bool opening = flags.find('S') != flags.npos;
    if (flags.find('A') != flags.npos) frame.ack(next_[1 - side]);
    if (opening) frame.options(mss(1460) + sack_permitted() + timestamps(id_, 0) + window_scale(7));
    frame.zeros(size);
    next_[side] += static_cast<std::uint32_t>(size) + (opening || flags.find('F') != flags.npos ? 1 : 0);
    return frame.bytes();
  }

  std::string client_, server_;
  unsigned client_port_, server_port_;
  std::uint32_t next_[2];
  unsigned id_ = 0;
};

std::string host(unsigned number) {
  return "10.0." + std::to_string(number / 250 % 250) + "." + std::to_string(number % 250 + 1);
}

Buffer datagram(unsigned from, unsigned to, unsigned source_port, unsigned destination_port, std::size_t size,
                unsigned id = 0) {
  return Frame().eth().ip4(host(from), host(to)).id(id).udp(source_port, destination_port).zeros(size).bytes();
}

}  // namespace

Capture handshakes_and_resets() {
  Capture out;
  for (unsigned i = 0; i < 60; ++i) {
    const std::int64_t start = epoch + i * 13 * millisecond;
    Connection c(host(i % 7), 40000 + i, host(100 + i % 3), i % 2 ? 80 : 443, i * 5000);
    if (i % 4 == 0) {
      out.add(start, c.handshake(), millisecond)
          .add(start + 5 * millisecond, c.exchange(), 3 * millisecond)
          .add(start + 30 * millisecond, c.close(), millisecond);
    } else if (i % 4 == 1) {
      out.add(start, {c.client("S"), c.server("RA")}, millisecond);
    } else if (i % 4 == 2) {
      out.add(start, c.handshake(), millisecond).add(start + 4 * millisecond, c.exchange(), millisecond);
      out.add(start + 9 * millisecond, {c.client("R"), c.server("PA", 300), c.client("R")}, 40 * millisecond);
    } else {
      out.add(start, {c.client("S"), c.client("S"), c.client("S")}, second);
    }
  }
  return out;
}

Capture port_reuse() {
  Capture out;
  std::int64_t time = epoch;
  const std::array<std::int64_t, 8> gaps{
      1 * millisecond,       50 * millisecond,  99'999 * microsecond, 100 * millisecond,
      100 * millisecond + 1, 101 * millisecond, 150 * millisecond,    5 * second};
  for (unsigned round = 0; round < 3; ++round) {
    for (const std::int64_t gap : gaps) {
      Connection first("10.0.0.1", 5000, "10.0.0.2", 80, 100), second_one("10.0.0.1", 5000, "10.0.0.2", 80, 900'000);
      out.add(time, first.handshake(), 10 * microsecond)
          .add(time + 30 * microsecond, {first.client("PA", 10), first.server("R")}, 10 * microsecond);
      time += 40 * microsecond;
      for (unsigned i = 0; i < round * 70; ++i)
        out.add(time + gap * i / (round * 70), datagram(i % 5, 9, 1000 + i % 11, 53, 20));  // others in between
      time += gap;
      out.add(time, second_one.handshake(), 10 * microsecond)
          .add(time + 30 * microsecond, second_one.exchange(), 10 * microsecond);
      out.add(time + 70 * microsecond, {second_one.client("RA")});
      time += 30 * second;
    }
  }
  return out;
}

Capture out_of_order_times() {
  Capture out;
  for (unsigned i = 0; i < 400; ++i) {
    const std::int64_t back = i % 3 == 0 ? 700 * microsecond : i % 17 == 0 ? 300 * millisecond : 0;
    Connection c(host(i % 9), 3000 + i % 9, "10.9.9.9", 443, i * 100);
    out.add(epoch + i * 2 * millisecond - back, i % 31 == 0 ? c.client("R")
                                                : i % 2     ? c.server("PA", i)
                                                            : c.client("PA", i));
  }
  return out;
}

Capture fragments() {
  Capture out;
  std::int64_t time = epoch;
  const auto big = [](unsigned from, unsigned id) {
    return Frame().eth().ip4(host(from), "10.0.9.9").udp(7000 + from, 53).zeros(4000).fragments(1480, id);
  };
  const auto big6 = [](unsigned port, unsigned id) {
    return Frame().eth().ip6("fd00::1", "fd00::2").udp(port, 53).zeros(4000).fragments(1400, id);
  };
  for (unsigned i = 0; i < 40; ++i) {
    auto a = big(i % 3, 100 + i), b = big(i % 3 + 1, 100 + i / 2), c = big6(6000 + i % 4, i);
    switch (i % 5) {
      case 0: out.add(time, a).add(time + millisecond, c); break;
      case 1: out.add(time, {a[2], a[1], a[0]}).add(time + millisecond, {c[2], c[0], c[1]}); break;
      case 2: out.add(time, {a[0], b[0], a[1], b[1], b[2], a[2]}); break;
      case 3:
        out.add(time, {a[1], a[2], c[1]}).add(time + millisecond, datagram(i % 3, 9 * 250 + 8, 7000 + i % 3, 53, 5));
        break;
      default: out.add(time, {a[0], a[1], big(i % 3, 500 + i)[0], c[0]}); break;  // the rest never comes
    }
    time += i % 7 == 0 ? 200 * second : 90 * millisecond;
  }
  return out;
}

Capture jumps_of_hours() {
  Capture out;
  std::int64_t time = epoch;
  for (unsigned i = 0; i < 30; ++i) {
    Connection c("10.1.0.1", 1234, "10.1.0.2", 22), d(host(i), 999, "10.1.0.2", 25);
    out.add(time, c.handshake()).add(time + 10, d.handshake()).add(time + second, c.exchange());
    time += (i % 4 + 1) * 3600 * second + i;
  }
  return out;
}

Capture backward_jumps() {
  Capture out;
  std::int64_t time = epoch;
  for (unsigned i = 0; i < 60; ++i) {
    Connection c(host(i % 6), 2000 + i % 6, "10.1.0.2", 22);
    out.add(time, c.handshake(), 20 * millisecond)
        .add(time + second, {c.client("PA", 33), c.server(i % 5 ? "A" : "R")}, millisecond);
    constexpr std::array<std::int64_t, 6> steps{-5, 100, -3600, 190, -200, 7300};
    time += steps[i % 6] * second;
  }
  return out;
}

Capture stepping_clocks() {
  Capture out;
  std::mt19937 random(11);
  std::int64_t time = epoch;
  for (unsigned i = 0; i < 1500; ++i) {
    Connection c(host(i % 23), 3000 + i % 23, "10.1.0.2", i % 3 ? 22 : 80, i);
    std::int64_t at = time;
    if (i / 40 % 2 == 1) at -= 3600 * second;       // runs of an interface whose clock is an hour behind
    if (i % 5 == 0) at -= 3 * second;               // another one, three seconds
    if (random() % 40 == 0) at += 86'400 * second;  // outliers
    if (random() % 40 == 0) at -= 500 * second;
    constexpr std::array<const char*, 5> flags{"S", "SA", "A", "PA", "R"};
    const char* flag = flags[random() % 5];
    out.add(at, random() % 2 ? c.client(flag, i % 7) : c.server(flag, i % 11));
    time += random() % 100 == 0 ? 200 * second : static_cast<std::int64_t>(random() % 150) * millisecond;
    if (random() % 300 == 0) time -= 1800 * second;  // set back
  }
  return out;
}

Capture equal_times() {
  Capture out;
  for (unsigned i = 0; i < 300; ++i) {
    Connection c(host(i % 10), 100 + i % 10, host(200 + i % 4), 80, i);
    out.add(epoch, i % 6 == 5 ? c.client("R") : i % 2 ? c.server("A", i) : c.client("S"));
  }
  return out;
}

Capture many_flows() {
  Capture out;
  for (unsigned i = 0; i < 12'000; ++i) {
    const std::int64_t time = epoch + i * 50 * millisecond;
    out.add(time, datagram(i * 7 % 5000, 1 + i % 40, 1024 + i * 13 % 60000, 53, 30, i));
    if (i % 3 == 0)
      out.add(time + 20 * millisecond, datagram(1 + i % 40, i * 7 % 5000, 53, 1024 + i * 13 % 60000, 200, i));
    if (i % 100 == 0) out.add(time + 30 * millisecond, datagram(6000, 6001, 4000, 4001, 10, i));
  }
  return out;
}

Capture odd_frames() {
  const auto udp = [] { return Frame().ip4("10.0.0.1", "10.0.0.2").udp(53, 5353).payload("question"); };
  const Buffer inner = udp().bytes();
  std::vector<Buffer> frames{
      Frame().eth().vlan(7).raw(inner).bytes(),
      Frame().eth().vlan(7).ip4("10.0.0.1", "10.0.0.2").udp(53, 5353).payload("x").bytes(),
      Frame().eth().vlan(1, 0, 0x88a8).vlan(0).ip4("10.0.0.1", "10.0.0.2").tcp(1, 2).flags("S").bytes(),
      Frame().eth().mpls(16).mpls(17).ip4("10.0.0.1", "10.0.0.2").icmp(8).payload("ping").bytes(),
      Frame()
          .eth()
          .ip4("10.0.0.1", "10.0.0.2")
          .gre()
          .ip4("172.16.0.1", "172.16.0.2")
          .udp(1, 2)
          .payload("in a tunnel")
          .bytes(),
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").ip6("fd00::1", "fd00::2").icmp6(128).bytes(),
      Frame().eth().pppoe(5).ip4("10.0.0.1", "10.0.0.2").tcp(80, 81).flags("SA").bytes(),
      Frame().eth().pppoe_discovery(9).raw(hex("01010000")).pad().bytes(),
      Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad().bytes(),
      Frame().eth("02:00:00:00:00:01", "01:80:c2:00:00:00").llc(0x42, 0x42).zeros(35).pad().bytes(),
      Frame().eth().snap().ip4("10.0.0.1", "10.0.0.2").udp(9, 9).bytes(),
      Frame().eth().raw(hex("0102")).pad().bytes(),
      Frame().eth().ip6("fd00::1", "fd00::2").hop_by_hop().destination_options().udp(1, 2).payload("y").bytes(),
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").length(2000).tcp(5, 6).flags("A").bytes(),
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").length(20).tcp(5, 6).flags("A").payload("unannounced").bytes(),
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").header_words(3).udp(5, 6).bytes(),
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").ip_version(9).udp(5, 6).bytes(),
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(5, 6).header_words(15).flags("FPU").bytes(),
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").sctp(5000, 5001).chunk(1, 0, Buffer(16)).bytes(),
      Frame().eth().ip4("10.0.0.1", "10.0.0.1").tcp(7, 7).flags("S").bytes(),
  };
  Capture out;
  for (unsigned round = 0; round < 12; ++round) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      Buffer frame = frames[(i * 7 + round) % frames.size()];
      const auto wire = static_cast<std::uint32_t>(frame.size());
      if (round > 6) frame.resize(std::min<std::size_t>(frame.size(), 8 + 9 * round % 50));
      out.add(epoch + (round * 40 + static_cast<unsigned>(i)) * 11 * millisecond, frame, wire);
    }
  }
  return out;
}

Capture random_mix(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  constexpr std::array<std::int64_t, 14> steps{0,
                                               1,
                                               microsecond,
                                               millisecond,
                                               10 * millisecond,
                                               99 * millisecond,
                                               100 * millisecond,
                                               120 * millisecond,
                                               second,
                                               61 * second,
                                               181 * second,
                                               183 * second,
                                               611 * second,
                                               -30 * millisecond};
  constexpr std::array<const char*, 10> flag_sets{"S", "SA", "A", "PA", "FA", "R", "RA", "SF", "FPU", ""};
  Capture out;
  std::int64_t time = epoch;
  for (unsigned i = 0; i < 3000; ++i) {
    time += steps[below(40) ? below(6) : below(14)];
    const std::string source = host(below(5)), destination = host(below(5));
    Frame frame = Frame().eth();
    if (below(20) == 0) frame.vlan(below(3));
    switch (below(12)) {
      case 0: frame.ip4(source, destination).id(below(4)).udp(below(3) + 50, 53).zeros(below(100)); break;
      case 1:
        frame.ip4(source, destination)
            .id(below(4))
            .fragment(below(3) * 8, below(2) == 0)
            .next(17)
            .raw(hex("0035 0035 0010 0000 0102030405060708"));
        break;
      case 2:
        frame.ip6("fd00::1", "fd00::" + std::to_string(below(3) + 1))
            .fragment6(below(3) * 8, below(2) == 0, below(3))
            .next(17)
            .raw(hex("0035 0035 0010 0000 0102030405060708"));
        break;
      case 3: frame.arp(below(2) + 1, "02:00:00:00:00:01", source, "00:00:00:00:00:00", destination); break;
      default:
        frame.ip4(source, destination)
            .id(i)
            .ttl(60 + below(4))
            .tcp(below(3) + 1000, below(2) + 80)
            .flags(flag_sets[below(10)]);
        frame.seq(below(5) * 1000).ack(below(5) * 1000).window(below(4) * 10'000).zeros(below(3) * 500);
    }
    Buffer bytes = frame.bytes();
    const auto wire = static_cast<std::uint32_t>(bytes.size());
    if (below(50) == 0) bytes.resize(below(wire) + 1);
    out.add(time, bytes, wire);
  }
  return out;
}

}  // namespace t2::test
