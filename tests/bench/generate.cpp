// Makes the captures of the benchmark, deterministically: generate MIX FILE [FLOWS].
//
//   web        1.1 million packets of connections with handshake, data and teardown; 330 bytes mean; 29 k connections
//   hostile    3 million packets of 96 bytes over 300 k flows, skewed (Zipf): most packets miss the caches
//   flood      2 million SYN packets from as many sources
//   elephants  2 million packets of 1,400 bytes over 8 connections
//   tunnels    1 million packets in VLAN, MPLS, GRE, VXLAN and GTP
//   flows      4 packets for each of FLOWS connections, interleaved: how cost grows with the number of flows
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Random {  // splitmix64: the same numbers everywhere
  std::uint64_t state;
  std::uint64_t operator()() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::uint64_t below(std::uint64_t n) { return (*this)() % n; }
  double real() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
};

// Flow numbers with probability ~ 1/(rank+1): inverse of the harmonic distribution.
struct Zipf {
  explicit Zipf(std::uint64_t n) : n_(n), log_n_(std::log(static_cast<double>(n) + 1)) {}
  std::uint64_t operator()(Random& r) const {
    const auto rank = static_cast<std::uint64_t>(std::exp(r.real() * log_n_) - 1);
    return std::min(rank, n_ - 1);
  }
  std::uint64_t n_;
  double log_n_;
};

class Writer {
 public:
  explicit Writer(const char* path) : file_(std::fopen(path, "wb")) {
    if (!file_) {
      std::perror(path);
      std::exit(1);
    }
    std::setvbuf(file_, nullptr, _IOFBF, 1 << 20);
    const std::uint32_t head[6] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, 262144, 1};
    std::fwrite(head, 1, sizeof head, file_);
  }
  ~Writer() { std::fclose(file_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  void put(std::uint64_t nanoseconds, const std::uint8_t* data, std::uint32_t size) {
    const std::uint64_t t = 1'600'000'000'000'000'000 + nanoseconds;
    const std::uint32_t head[4] = {static_cast<std::uint32_t>(t / 1'000'000'000), static_cast<std::uint32_t>(t % 1'000'000'000), size, size};
    std::fwrite(head, 1, sizeof head, file_);
    std::fwrite(data, 1, size, file_);
  }

 private:
  std::FILE* file_;
};

void put16(std::uint8_t* p, std::uint32_t v) { p[0] = static_cast<std::uint8_t>(v >> 8), p[1] = static_cast<std::uint8_t>(v); }
void put32(std::uint8_t* p, std::uint32_t v) { put16(p, v >> 16), put16(p + 2, v & 0xffff); }

std::uint16_t checksum(const std::uint8_t* p, std::size_t n, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i + 1 < n; i += 2) sum += static_cast<std::uint32_t>(p[i] << 8 | p[i + 1]);
  if (n & 1) sum += static_cast<std::uint32_t>(p[n - 1] << 8);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

struct Segment {
  std::uint32_t source, destination;
  std::uint16_t source_port, destination_port;
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = 0x10;
  std::uint32_t payload = 0;
  bool udp = false;
  std::uint16_t id = 0;
};

// An Ethernet frame with IPv4 and TCP or UDP; checksums are right.
std::uint32_t frame(const Segment& s, std::uint8_t* out) {
  std::memcpy(out, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00", 14);
  std::uint8_t* ip = out + 14;
  const std::uint32_t l4_header = s.udp ? 8 : 20, l4 = l4_header + s.payload, total = 20 + l4;
  std::memset(ip, 0, 20 + l4_header);
  ip[0] = 0x45;
  put16(ip + 2, total), put16(ip + 4, s.id), put16(ip + 6, 0x4000);
  ip[8] = 64, ip[9] = s.udp ? 17 : 6;
  put32(ip + 12, s.source), put32(ip + 16, s.destination);
  put16(ip + 10, checksum(ip, 20));
  std::uint8_t* t = ip + 20;
  put16(t, s.source_port), put16(t + 2, s.destination_port);
  if (s.udp) {
    put16(t + 4, l4);
  } else {
    put32(t + 4, s.seq), put32(t + 8, s.ack);
    t[12] = 0x50, t[13] = s.flags;
    put16(t + 14, 64240);
  }
  for (std::uint32_t i = 0; i < s.payload; ++i) t[l4_header + i] = static_cast<std::uint8_t>(i * 7 + s.seq);
  std::uint32_t pseudo = (s.source >> 16) + (s.source & 0xffff) + (s.destination >> 16) + (s.destination & 0xffff) + (s.udp ? 17 : 6) + l4;
  put16(t + (s.udp ? 6 : 16), checksum(t, l4, pseudo));
  return 14 + total;
}

std::uint32_t client(std::uint64_t i) { return 0x0a000000u + static_cast<std::uint32_t>(i * 2654435761u % 0xffffff); }
std::uint32_t server(std::uint64_t i) { return 0xc6120000u + static_cast<std::uint32_t>(i * 40503u % 0x1ffff); }

void web(Writer& out) {
  struct Connection {
    Segment a;
    unsigned step = 0, exchanges = 0;
    std::uint32_t seq_a = 1000, seq_b = 9000;
  };
  Random r{1};
  std::vector<Connection> live;
  std::uint64_t made = 0, time = 0;
  std::uint8_t data[2048];
  const auto open = [&] {
    Connection c;
    c.a = {client(made), server(r.below(4000)), static_cast<std::uint16_t>(20000 + made % 40000), static_cast<std::uint16_t>(r.below(3) ? 443 : 80)};
    c.a.udp = r.below(8) == 0;
    if (c.a.udp) c.a.destination_port = 53;
    c.exchanges = c.a.udp ? 1 : 1 + static_cast<unsigned>(-20 * std::log(1 - r.real()));
    ++made;
    live.push_back(c);
  };
  while (live.size() < 600) open();
  for (std::uint64_t n = 0; n < 1'100'000; ++n) {
    time += 20'000 + r.below(30'000);
    const std::size_t which = r.below(live.size());
    Connection& c = live[which];
    Segment s = c.a;
    bool reply = false, last = false;
    if (s.udp) {
      reply = c.step == 1;
      s.payload = reply ? 120 : 40;
      last = c.step == 1;
    } else if (c.step == 0) {
      s.flags = 0x02;
    } else if (c.step == 1) {
      reply = true, s.flags = 0x12;
    } else if (c.step == 2) {
      s.flags = 0x10;
    } else if (c.step - 3 < 2 * c.exchanges) {
      reply = c.step & 1 ? false : true;
      s.flags = 0x18;
      s.payload = reply ? static_cast<std::uint32_t>(r.below(1400)) : static_cast<std::uint32_t>(r.below(220));
    } else {
      const unsigned end = c.step - 3 - 2 * c.exchanges;
      reply = end == 1;
      s.flags = end < 2 ? 0x11 : 0x10;
      last = end == 2;
    }
    s.seq = reply ? c.seq_b : c.seq_a;
    s.ack = s.flags == 0x02 ? 0 : reply ? c.seq_a : c.seq_b;
    (reply ? c.seq_b : c.seq_a) += s.payload + (s.flags & 3 ? 1 : 0);
    if (reply) std::swap(s.source, s.destination), std::swap(s.source_port, s.destination_port);
    s.id = static_cast<std::uint16_t>(n);
    ++c.step;
    const std::uint32_t size = frame(s, data);
    out.put(time, data, size);
    if (last) {
      live[which] = live.back();
      live.pop_back();
      open();
    }
  }
}

void hostile(Writer& out) {
  Random r{2};
  const Zipf zipf(300'000);
  std::uint8_t data[256];
  std::uint64_t time = 0;
  for (std::uint64_t n = 0; n < 3'000'000; ++n) {
    time += 1'000 + r.below(2'000);
    const std::uint64_t flow = zipf(r) * 7919 % 300'000;
    Segment s{client(flow), server(flow), static_cast<std::uint16_t>(1024 + flow % 60000), 443};
    s.seq = static_cast<std::uint32_t>(n), s.ack = static_cast<std::uint32_t>(n / 2), s.payload = 42;
    s.id = static_cast<std::uint16_t>(n);
    if (r.below(3) == 0) std::swap(s.source, s.destination), std::swap(s.source_port, s.destination_port);
    out.put(time, data, frame(s, data));
  }
}

void flood(Writer& out) {
  Random r{3};
  std::uint8_t data[256];
  for (std::uint64_t n = 0; n < 2'000'000; ++n) {
    Segment s{static_cast<std::uint32_t>(n * 2654435761u), 0xc6336401, static_cast<std::uint16_t>(1024 + r.below(60000)), 80};
    s.seq = static_cast<std::uint32_t>(r()), s.flags = 0x02;
    out.put(n * 2'000, data, frame(s, data));
  }
}

void elephants(Writer& out) {
  Random r{4};
  std::uint8_t data[2048];
  std::uint32_t seq[8] = {};
  for (std::uint64_t n = 0; n < 2'000'000; ++n) {
    const auto i = static_cast<std::uint32_t>(r.below(8));
    Segment s{client(i), server(i), static_cast<std::uint16_t>(40000 + i), 443};
    s.seq = seq[i], s.ack = 1;
    if (n % 3 == 2) {
      std::swap(s.source, s.destination), std::swap(s.source_port, s.destination_port);
      s.ack = seq[i], s.seq = 1;
    } else {
      s.payload = 1346;
      seq[i] += 1346;
    }
    out.put(n * 5'000, data, frame(s, data));
  }
}

void tunnels(Writer& out) {
  Random r{5};
  std::uint8_t inner[512], data[1024];
  for (std::uint64_t n = 0; n < 1'000'000; ++n) {
    const std::uint64_t flow = r.below(20'000);
    Segment s{client(flow), server(flow), static_cast<std::uint16_t>(1024 + flow), 443};
    s.payload = 100, s.seq = static_cast<std::uint32_t>(n);
    const std::uint32_t size = frame(s, inner);
    const auto outer_udp = [&](std::uint16_t port, const Bytes& head, const std::uint8_t* content, std::uint32_t length) {
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
      default: outer_udp(2152, {0x30, 0xff, 0, static_cast<std::uint8_t>(size - 14), 0, 0, 0, 7}, inner + 14, size - 14);
    }
  }
}

void flows(Writer& out, std::uint64_t count) {
  std::uint8_t data[256];
  std::uint64_t time = 0;
  for (unsigned round = 0; round < 4; ++round) {
    for (std::uint64_t i = 0; i < count; ++i) {
      Segment s{static_cast<std::uint32_t>(0x0a000000 + i % 0xffffff), static_cast<std::uint32_t>(0xc6000000 + i / 0xffffff),
                static_cast<std::uint16_t>(1024 + i % 60000), 443};
      s.seq = round, s.payload = 30;
      if (round & 1) std::swap(s.source, s.destination), std::swap(s.source_port, s.destination_port);
      out.put(time += 1'000, data, frame(s, data));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mix = argc > 1 ? argv[1] : "";
  if (argc < 3) {
    std::fprintf(stderr, "usage: generate web|hostile|flood|elephants|tunnels|flows FILE [FLOWS]\n");
    return 1;
  }
  Writer out(argv[2]);
  if (mix == "web") web(out);
  else if (mix == "hostile") hostile(out);
  else if (mix == "flood") flood(out);
  else if (mix == "elephants") elephants(out);
  else if (mix == "tunnels") tunnels(out);
  else if (mix == "flows") flows(out, argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 100'000);
  else {
    std::fprintf(stderr, "generate: unknown mix '%s'\n", mix.c_str());
    return 1;
  }
}
