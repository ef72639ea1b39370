// What the programs that make captures share: numbers, frames, and the file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace t2::bench {

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
    const std::uint32_t head[4] = {static_cast<std::uint32_t>(t / 1'000'000'000),
                                   static_cast<std::uint32_t>(t % 1'000'000'000), size, size};
    std::fwrite(head, 1, sizeof head, file_);
    std::fwrite(data, 1, size, file_);
  }

 private:
  std::FILE* file_;
};

inline void put16(std::uint8_t* p, std::uint32_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8), p[1] = static_cast<std::uint8_t>(v);
}
inline void put32(std::uint8_t* p, std::uint32_t v) { put16(p, v >> 16), put16(p + 2, v & 0xffff); }

inline std::uint16_t checksum(const std::uint8_t* p, std::size_t n, std::uint32_t sum = 0) {
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
  std::uint8_t options = 0;     // bytes: 0, 12 (timestamps) or 20 (those of a SYN)
  const Bytes* head = nullptr;  // the first bytes of the payload; without, and behind them, it is a pattern
};

inline void turn(Segment& s) { std::swap(s.source, s.destination), std::swap(s.source_port, s.destination_port); }

// An Ethernet frame with IPv4 and TCP or UDP; checksums are right.
inline std::uint32_t frame(const Segment& s, std::uint8_t* out) {
  std::memcpy(out, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00", 14);
  std::uint8_t* ip = out + 14;
  const std::uint32_t l4_header = s.udp ? 8 : 20u + s.options, l4 = l4_header + s.payload, total = 20 + l4;
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
    t[12] = static_cast<std::uint8_t>(l4_header / 4 << 4), t[13] = s.flags;
    put16(t + 14, 64240);
    if (s.options == 20) std::memcpy(t + 20, "\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\1\0\0\0\0\x01\x03\x03\x07", 20);
    if (s.options == 12) std::memcpy(t + 20, "\x01\x01\x08\x0a\0\0\0\1\0\0\0\1", 12);
  }
  for (std::uint32_t i = 0; i < s.payload; ++i) t[l4_header + i] = static_cast<std::uint8_t>(i * 7 + s.seq);
  if (s.head && !s.head->empty())
    std::memcpy(t + l4_header, s.head->data(), std::min<std::size_t>(s.head->size(), s.payload));
  std::uint32_t pseudo =
      (s.source >> 16) + (s.source & 0xffff) + (s.destination >> 16) + (s.destination & 0xffff) + (s.udp ? 17 : 6) + l4;
  put16(t + (s.udp ? 6 : 16), checksum(t, l4, pseudo));
  return 14 + total;
}

}  // namespace t2::bench
