// The hello messages of TLS and DTLS as views of their bytes. Nothing is copied and nothing is trusted: what does not
// fit ends the parsing, and what was read so far stays.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "t2/bytes.hpp"

namespace t2::ssl_decode {

using View = std::span<const std::uint8_t>;

// IANA, TLS ExtensionType values.
namespace extension {
constexpr std::uint16_t server_name = 0, supported_groups = 10, point_formats = 11, signature_algorithms = 13,
                        use_srtp = 14, heartbeat = 15, alpn = 16, supported_versions = 43,
                        application_settings = 0x4469, application_settings_new = 0x44cd, next_protocol = 0x3374,
                        encrypted_client_hello = 0xfe0d, encrypted_server_name = 0xffce, renegotiation_info = 0xff01;
}

// RFC 8701: 0x0a0a, 0x1a1a ... 0xfafa.
constexpr bool is_grease(std::uint16_t value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); }

constexpr bool is_datagram_version(std::uint16_t version) {
  return version == 0xfeff || version == 0xfefd || version == 0xfefc || version == 0x0100;
}
// Versions of records and hellos: SSL 3.0 to TLS 1.3, its drafts and two of Facebook's, DTLS.
constexpr bool is_version(std::uint16_t version) {
  return (version >= 0x0300 && version <= 0x0304) || (version >= 0x7f0e && version <= 0x7f1c) || version == 0xfb17 ||
         version == 0xfb1a || is_datagram_version(version);
}
constexpr bool is_tls13(std::uint16_t version) {
  return version == 0x0304 || version == 0xfefc || version >> 8 == 0x7f || version >> 8 == 0xfb;
}

struct Hello {
  bool client = false;
  bool complete = false;  // all of it was there
  std::uint16_t version = 0;
  View random, session_id, ciphers, compressions, extensions;  // ciphers: two bytes each; a server's: the chosen one
};

// `datagrams`: DTLS, where a client's hello has a cookie. False: no hello of a known version.
bool parse_hello(View message, bool client, bool datagrams, Hello& hello);

// Calls visit(type, content) for each extension.
template <class Visit>
void for_each_extension(const Hello& hello, Visit visit) {
  Bytes all(hello.extensions);
  while (all.left() >= 4) {
    const std::uint16_t type = all.u16(), size = all.u16();
    const View content = all.read(std::min<std::size_t>(size, all.left()));
    visit(type, content);
  }
}
// ... for each number of a list of 16-bit numbers, whose length in bytes stands in front: `prefix` bytes.
template <class Visit>
void for_each_number(View content, unsigned prefix, Visit visit) {
  Bytes list(content);
  const std::size_t size = prefix == 0 ? content.size() : prefix == 1 ? list.u8() : list.u16();
  Bytes numbers(list.read(std::min(size, list.left())));
  while (numbers.left() >= 2) visit(numbers.u16());
}
// ... for each name of a list of names, each with a byte for its length.
template <class Visit>
void for_each_name(View names, Visit visit) {
  Bytes list(names);
  while (list.left() > 0) {
    const std::size_t size = list.u8();
    const View name = list.read(std::min(size, list.left()));
    visit(std::string_view(reinterpret_cast<const char*>(name.data()), name.size()));
  }
}

std::string_view server_name(View content);  // of the extension; empty: it has none

}  // namespace t2::ssl_decode
