#include "row.hpp"

#include <string_view>

namespace t2::ssl_decode {

namespace {

template <class T, std::size_t max>
void put_list(Row& row, const FirstOf<T, max>& list, bool column) {
  row.put(list.count);
  if (!column) return;
  row.count(list.kept());
  for (std::size_t i = 0; i < list.kept(); ++i) {
    if constexpr (std::is_arithmetic_v<T>) row.put(list.value[i]);
    else row.text(list.value[i].view());
  }
}

void put_text(Row& row, std::string_view text) {  // a list of one, or of none
  row.count(!text.empty());
  if (!text.empty()) row.text(text);
}
template <std::size_t max>
void put_text(Row& row, const CertificateText<max>& text) {
  put_text(row, std::string_view(text.text, text.size));
}

std::string_view hex(char* to, std::span<const std::uint8_t> bytes, const char* digits) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    to[2 * i] = digits[bytes[i] >> 4];
    to[2 * i + 1] = digits[bytes[i] & 0xf];
  }
  return {to, 2 * bytes.size()};
}
constexpr const char *lower_digits = "0123456789abcdef", *upper_digits = "0123456789ABCDEF";

void put_name(Row& row, const DistinguishedName& name) {
  put_text(row, name.common_name);
  put_text(row, name.organisation);
  put_text(row, name.unit);
  put_text(row, name.locality);
  put_text(row, name.state);
  put_text(row, name.country);
}

void put_certificate(Row& row, const Certificate* c) {
  constexpr unsigned certificate_columns = 19;
  if (!c) {
    for (unsigned i = 0; i < certificate_columns; ++i) row.count(0);
    return;
  }
  char text[2 * sizeof c->serial];
  row.count(1), row.put(c->version);
  put_text(row, hex(text, {c->serial, c->serial_size}, upper_digits));
  put_text(row, hex(text, c->sha1, lower_digits));
  row.count(1);
  row.put(Time{c->not_before} * one_second), row.put(Time{c->not_after} * one_second);
  row.put(static_cast<std::uint64_t>(c->not_after - c->not_before));
  put_text(row, c->signature);
  put_text(row, c->key);
  row.count(c->key_type.size > 0);
  if (c->key_type.size > 0) row.text({c->key_type.text, c->key_type.size}), row.put(c->key_bits);
  put_name(row, c->subject);
  put_name(row, c->issuer);
}

}  // namespace

void put_columns(Row& row, const Session* session, const Session* other, std::uint16_t version, const Descriptions& ja3,
                 const Descriptions& ja4) {
  static const Session none;
  const Session& s = session ? *session : none;
  const HelloFacts& hello = s.hello;
  row.put(s.stat), row.put(s.protocols), row.put(s.flags), row.put(version);
  put_list(row, s.record_versions, config::record_versions);
  put_list(row, s.hello_versions, config::hello_versions);
  row.put(s.vulnerabilities), row.put(s.alerts), row.put(hello.cipher);
  put_list(row, hello.extensions, config::extensions);
  put_list(row, hello.supported, config::supported_versions);
  put_list(row, hello.signatures, config::signatures);
  put_list(row, hello.groups, config::groups);
  row.put(static_cast<std::uint8_t>(hello.formats.count));
  if constexpr (config::formats) {
    row.count(hello.formats.kept());
    for (std::size_t i = 0; i < hello.formats.kept(); ++i) row.put(hello.formats.value[i]);
  }
  put_list(row, hello.alpn, config::alpn);
  put_list(row, hello.alps, config::alps);
  put_list(row, hello.npn, config::npn);
  put_list(row, hello.ciphers, config::ciphers);
  row.put(s.changes), row.put(s.alert_records), row.put(s.handshakes), row.put(s.data_records), row.put(s.heartbeats);
  row.put(hello.session_id);
  row.count(hello.time != 0);
  if (hello.time != 0) row.put(Time{hello.time} * one_second);
  put_text(row, hello.name.size == 0 && session && other ? other->hello.name.view() : hello.name.view());
  if constexpr (config::certificates) put_certificate(row, s.certificate);
  if constexpr (config::ja3) {
    char text[32];
    const std::string_view hash = hello.has_ja3 ? hex(text, hello.ja3, lower_digits) : std::string_view{};
    put_text(row, hash);
    put_text(row, ja3.find(hash));
  }
  if constexpr (config::ja4) {
    put_text(row, hello.ja4.view());
    put_text(row, ja4.find(hello.ja4.view()));
  }
  row.put(s.ech);
  if constexpr (config::quic) {
    row.count(s.quic_version != 0);
    if (s.quic_version != 0) row.put(s.quic_version);
  }
}

}  // namespace t2::ssl_decode
