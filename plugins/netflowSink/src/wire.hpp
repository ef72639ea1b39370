// What all messages have in common: big-endian numbers, the version of the protocol, and the header that begins each
// message of NetFlow 9 (RFC 3954, 5.1) and IPFIX (RFC 7011, 3.1). Any thread; allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace t2::netflow_sink {

// Writes the last `size` bytes of the value, big endian.
inline void store(std::uint8_t* at, std::size_t size, std::uint64_t value) {
  for (std::size_t i = size; i-- > 0; value >>= 8) at[i] = static_cast<std::uint8_t>(value);
}

inline std::uint32_t load(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}

enum class Version : std::uint8_t { netflow9 = 9, ipfix = 10 };

constexpr std::uint16_t variable_length = 0xffff;  // of an element: its length stands in each record (RFC 7011, 7)

struct MessageHeader {
  std::uint32_t uptime = 0;    // milliseconds since the exporter started; NetFlow 9 only
  std::uint32_t seconds = 0;   // wall clock at sending, since 1970
  std::uint32_t sequence = 0;  // NetFlow 9: messages of this source before it; IPFIX: data records before it
  std::uint32_t source = 0;    // source ID; IPFIX: observation domain
};

// A message's header in its bytes. It does not own them.
class HeaderView {
 public:
  explicit HeaderView(std::span<std::uint8_t> message) : at_(message.data()) {}

  static constexpr std::size_t size_of(Version version) { return version == Version::ipfix ? 16 : 20; }
  Version version() const { return static_cast<Version>(at_[1]); }
  bool ipfix() const { return version() == Version::ipfix; }

  MessageHeader read() const {
    const std::uint8_t* tail = common();
    return {ipfix() ? 0 : load(at_ + 4), load(tail), load(tail + 4), load(tail + 8)};
  }
  void write(const MessageHeader& header) const {
    if (!ipfix()) store(at_ + 4, 4, header.uptime);
    std::uint8_t* tail = common();
    store(tail, 4, header.seconds);
    store(tail + 4, 4, header.sequence);
    store(tail + 8, 4, header.source);
  }
  // The first four bytes. NetFlow 9 counts records, of templates and of data; IPFIX counts bytes.
  void begin(Version version, std::size_t bytes, std::size_t records) const {
    store(at_, 2, static_cast<std::uint64_t>(version));
    store(at_ + 2, 2, version == Version::ipfix ? bytes : records);
  }

 private:
  std::uint8_t* common() const {
    return at_ + size_of(version()) - 12;
  }  // seconds, sequence and source end both headers
  std::uint8_t* at_;
};

constexpr std::size_t header_size(Version version) { return HeaderView::size_of(version); }

}  // namespace t2::netflow_sink
