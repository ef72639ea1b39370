// What sslDecode remembers: of each direction little, and of those that speak TLS a session, in memory that the core
// frees with the flow. Written by the worker that owns the flow.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "certificate.hpp"
#include "fingerprint.hpp"
#include "sslDecode_config.hpp"
#include "t2/quic.hpp"
#include "t2/stream.hpp"

namespace t2::ssl_decode {

// Column sslStat.
namespace stat {
constexpr std::uint32_t version_mismatch = 1u << 0, record_too_long = 1u << 1, malformed = 1u << 2,
                        certificate_expired = 1u << 3, fatal_alert = 1u << 4, renegotiation = 1u << 5,
                        no_heartbeat = 1u << 6, ciphers_cut = 1u << 7, extensions_cut = 1u << 8,
                        protocols_cut = 1u << 9, name_cut = 1u << 10, groups_cut = 1u << 11, old_version = 1u << 14,
                        weak_key = 1u << 15, signatures_cut = 1u << 16, supported_cut = 1u << 17,
                        ended_early = 1u << 18, no_ja3 = 1u << 19, no_ja4 = 1u << 20, ja4_done = 7u << 21,
                        insecure = 1u << 24, record_versions_cut = 1u << 29, hello_versions_cut = 1u << 30;
}
// Column sslFlags.
namespace flag {
constexpr std::uint8_t ssl2 = 0x01, other_record_version = 0x02, early_time = 0x04, late_time = 0x08, no_random = 0x10,
                       deflate = 0x20;
}
// Column sslVuln.
namespace vulnerability {
constexpr std::uint8_t beast = 0x01, breach = 0x02, crime = 0x04, poodle = 0x10, heartbleed = 0x20;
}
// Column sslEch.
namespace ech {
constexpr std::uint8_t offered = 0x01, old_form = 0x02;
}

// A list that counts all and keeps the first ones.
template <class T, std::size_t max>
struct FirstOf {
  std::uint16_t count = 0;
  T value[max]{};
  std::size_t kept() const { return count < max ? count : max; }
  bool cut() const { return count > max; }
  void add(T v) {
    if (count < max) value[count] = v;
    if (count < 0xffff) ++count;
  }
  void add_new(T v) {
    for (std::size_t i = 0; i < kept(); ++i)
      if (value[i] == v) return;
    add(v);
  }
};

template <std::size_t max>
struct ShortText {
  std::uint8_t size = 0;
  char text[max]{};
  void set(std::string_view from) {
    size = static_cast<std::uint8_t>(from.size() < max ? from.size() : max);
    std::memcpy(text, from.data(), size);
  }
  std::string_view view() const { return {text, size}; }
};

using Protocols = FirstOf<ShortText<config::max_protocol_name>, config::max_protocols>;

struct HelloFacts {
  bool seen = false, client = false;
  std::uint16_t version = 0, best = 0;  // of the hello; the most recent one that it offers or chooses
  std::uint16_t cipher = 0;             // first or chosen one
  std::uint8_t session_id = 0;          // bytes
  std::uint32_t time = 0;               // first four bytes of the random, seconds since 1970
  FirstOf<std::uint16_t, config::max_extensions> extensions;
  FirstOf<std::uint16_t, config::max_supported_versions> supported;
  FirstOf<std::uint16_t, config::max_signatures> signatures;
  FirstOf<std::uint16_t, config::max_groups> groups;
  FirstOf<std::uint16_t, config::max_ciphers> ciphers;
  FirstOf<std::uint8_t, config::max_formats> formats;
  Protocols alpn, alps, npn;
  ShortText<255> name;
  bool has_ja3 = false;
  Md5 ja3{};
  ShortText<36> ja4;
};

// Messages of the handshake, which may lie in several records and segments.
struct MessageState {
  CollectedBytes collected;
  std::uint32_t left = 0;         // bytes of the current message that did not come yet
  std::uint8_t header[4] = {};    // type and length
  std::uint8_t header_bytes = 0;  // ... that came
  bool wanted = false;            // the message is collected
};

struct Session {
  std::uint32_t stat = 0, protocols = 0;  // columns sslStat, sslProto
  std::uint8_t flags = 0, vulnerabilities = 0, ech = 0;
  std::uint16_t version = 0;  // of the last record or hello
  std::uint64_t alerts = 0;
  FirstOf<std::uint16_t, config::max_record_versions> record_versions;
  FirstOf<std::uint16_t, config::max_hello_versions> hello_versions;
  std::uint16_t changes = 0, alert_records = 0, handshakes = 0;
  std::uint64_t data_records = 0, heartbeats = 0;
  std::uint32_t quic_version = 0;
  HelloFacts hello;
  Certificate* certificate = nullptr;

  // ---- Records
  std::uint32_t record_left = 0;  // bytes of the current record that did not come yet
  std::uint8_t record_header[5] = {};
  std::uint8_t record_header_bytes = 0;
  std::uint8_t record_type = 0;
  std::uint8_t alert_bytes = 0, alert_level = 0;
  bool in_step = true;     // the next byte belongs to a record that is known, or begins one
  bool encrypted = false;  // handshake records are
  MessageState messages;
  std::uint16_t next_message = 0;  // DTLS: number of the first message that was not read

  bool is_tls() const { return version != 0; }
};
static_assert(sizeof(Session) <= 4000, "a block of flow memory holds it: shorten the lists");

// The first flight of QUIC, of one direction.
struct QuicState {
  StreamState crypto;  // `next` counts from 0
  // Of a client: destination of its first packet, from which the keys of both directions follow, and of its last one:
  // behind a Retry they follow from this.
  ConnectionId client_id, last_id;
  std::uint8_t tries = 0;  // packets that were decrypted
};

enum class Content : std::uint8_t { undecided, tls, other };

struct SslDecodeState {
  StreamState stream;
  Session* session = nullptr;
  QuicState* quic = nullptr;
  Content content = Content::undecided;
  bool refused = false;  // there was no memory for a session
};

}  // namespace t2::ssl_decode
