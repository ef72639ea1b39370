// The first packets of QUIC connections, versions 1 and 2 (RFC 9000, 9001, 9369): their keys follow from the connection
// id that the client chose, so that their content can be read.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "t2/bytes.hpp"

namespace t2::ssl_decode {

struct QuicHeader {
  std::uint32_t version = 0;
  bool initial = false;
  std::span<const std::uint8_t> destination_id, source_id;
  std::size_t number_at = 0, end = 0;  // of the packet in the datagram: where its number begins, where it ends
};

// A long header at the beginning of a datagram. False: there is none of a known version.
bool parse_quic(std::span<const std::uint8_t> datagram, QuicHeader& header);

// Decrypts and keeps OpenSSL's contexts. Used by one worker.
class QuicDecryption {
 public:
  QuicDecryption();
  ~QuicDecryption();
  QuicDecryption(const QuicDecryption&) = delete;
  QuicDecryption& operator=(const QuicDecryption&) = delete;

  // Frames of an Initial packet that a client (or a server) sent. Empty: it cannot be decrypted. Valid until the next
  // call.
  std::span<const std::uint8_t> decrypt(std::span<const std::uint8_t> datagram, const QuicHeader& header,
                                        std::span<const std::uint8_t> client_id, bool from_client);

 private:
  struct Keys {
    std::array<std::uint8_t, 16> key, header_key;
    std::array<std::uint8_t, 12> iv;
  };
  bool derive(std::uint32_t version, std::span<const std::uint8_t> client_id, bool from_client, Keys& keys);

  void *cipher_, *mask_;
  std::vector<std::uint8_t> plain_;
};

// Calls visit(offset, bytes) for each CRYPTO frame.
template <class Visit>
void for_each_crypto(std::span<const std::uint8_t> frames, Visit visit);

// A number of 1, 2, 4 or 8 bytes (RFC 9000, 16).
inline std::uint64_t quic_number(Bytes& in) {
  const std::uint8_t first = in.u8();
  std::uint64_t value = first & 0x3f;
  for (unsigned more = (1u << (first >> 6)) - 1; more > 0; --more) value = value << 8 | in.u8();
  return value;
}

template <class Visit>
void for_each_crypto(std::span<const std::uint8_t> frames, Visit visit) {
  enum Frame : std::uint64_t { padding = 0, ping = 1, ack = 2, ack_with_ecn = 3, crypto = 6 };
  Bytes in(frames);
  while (in.left() > 0 && in.ok()) {
    const std::uint64_t type = quic_number(in);
    if (type == padding || type == ping) continue;
    if (type == crypto) {
      const std::uint64_t offset = quic_number(in), size = quic_number(in);
      const auto bytes = in.read(static_cast<std::size_t>(size));
      if (in.ok()) visit(offset, bytes);
    } else if (type == ack || type == ack_with_ecn) {
      quic_number(in), quic_number(in);
      std::uint64_t ranges = quic_number(in);
      for (quic_number(in); ranges > 0 && in.ok(); --ranges) quic_number(in), quic_number(in);
      for (unsigned i = type == ack_with_ecn ? 3 : 0; i > 0; --i) quic_number(in);
    } else {
      return;  // CONNECTION_CLOSE, or none that an Initial packet may hold
    }
  }
}

}  // namespace t2::ssl_decode
