// The first packets of QUIC connections, versions 1 and 2 (RFC 9000, 9001, 9369): their keys follow from the connection
// id that the client chose, so that their content can be read.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "digest.hpp"
#include "t2/quic.hpp"

namespace t2::ssl_decode {

// Decrypts and keeps what it needs of OpenSSL. Used by one worker.
class QuicDecryption {
 public:
  QuicDecryption() = default;
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
  struct KnownKeys {
    std::uint32_t version = 0;  // 0: there are none
    bool from_client = false;
    ConnectionId client_id{};
    Keys keys;
  };
  bool derive(std::uint32_t version, std::span<const std::uint8_t> client_id, bool from_client, Keys& keys);
  bool put_into_contexts(const Keys& keys);
  const Keys* keys_of(std::uint32_t version, std::span<const std::uint8_t> client_id, bool from_client);

  Digest sha256_{"SHA256"};
  bool prepare();
  void *cipher_ = nullptr, *mask_ = nullptr;  // contexts; made at the first packet
  void *gcm_ = nullptr, *ecb_ = nullptr;      // AES-128
  std::vector<std::uint8_t> plain_;
  // To derive keys takes three times as long as to decrypt with them, and packets of one connection come together.
  KnownKeys known_[2];
  const Keys* in_contexts_ = nullptr;
  unsigned next_known_ = 0;
};

// Calls visit(offset, bytes) for each CRYPTO frame.
template <class Visit>
void for_each_crypto(std::span<const std::uint8_t> frames, Visit visit) {
  enum Frame : std::uint64_t { padding = 0, ping = 1, ack = 2, ack_with_ecn = 3, crypto = 6 };
  Bytes in(frames);
  while (in.left() > 0 && in.ok()) {
    const std::uint64_t type = quic::read_number(in);
    if (type == padding || type == ping) continue;
    if (type == crypto) {
      const std::uint64_t offset = quic::read_number(in), size = quic::read_number(in);
      const auto bytes = in.read(static_cast<std::size_t>(size));
      if (in.ok()) visit(offset, bytes);
    } else if (type == ack || type == ack_with_ecn) {
      quic::read_number(in), quic::read_number(in);
      std::uint64_t ranges = quic::read_number(in);
      for (quic::read_number(in); ranges > 0 && in.ok(); --ranges) quic::read_number(in), quic::read_number(in);
      for (unsigned i = type == ack_with_ecn ? 3 : 0; i > 0; --i) quic::read_number(in);
    } else {
      return;  // CONNECTION_CLOSE, or none that an Initial packet may hold
    }
  }
}

}  // namespace t2::ssl_decode
