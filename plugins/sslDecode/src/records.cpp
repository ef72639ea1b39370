#include "records.hpp"

#include <algorithm>

namespace t2::ssl_decode {

namespace {

enum RecordType : std::uint8_t {
  change_cipher = 20,
  alert_record = 21,
  handshake_record = 22,
  data_record = 23,
  heartbeat_record = 24
};

constexpr std::uint32_t max_plain = 1 << 14, max_record = max_plain + 2048;  // RFC 5246, 6.2

constexpr bool is_record(std::uint8_t type, std::uint16_t version, std::uint32_t size) {
  return type >= change_cipher && type <= heartbeat_record && is_version(version) && size <= max_record;
}

// Bits of sslAlert by description (IANA, TLS Alerts); `fatal`: always.
struct AlertBit {
  std::uint8_t description, bit;
  bool fatal = false;
};
constexpr AlertBit known_alerts[] = {
    {0, 0},         {10, 1, true},  {20, 2, true},  {21, 3},         {22, 4},         {30, 5, true},  {40, 6, true},
    {41, 7},        {42, 8},        {43, 9},        {44, 10},        {45, 11},        {46, 12},       {47, 13, true},
    {48, 14, true}, {49, 15, true}, {50, 16, true}, {51, 17},        {60, 18, true},  {70, 19, true}, {71, 20, true},
    {80, 21, true}, {86, 25, true}, {90, 22},       {100, 23},       {109, 32, true}, {110, 24},      {111, 26},
    {112, 27},      {113, 28},      {114, 29},      {115, 30, true}, {116, 33, true}, {120, 31, true}};
constexpr unsigned fatal_bit = 63;
constexpr std::uint8_t fatal_level = 2, certificate_expired = 45;

}  // namespace

bool begins_records(View bytes) {
  Bytes in(bytes);
  const std::uint8_t type = in.u8();
  if (type < change_cipher || type > data_record) return false;
  if (bytes.size() < 5) return bytes.size() < 2 || bytes[1] == 3;
  const std::uint16_t version = in.u16(), size = in.u16();
  if (!is_record(type, version, size) || is_datagram_version(version) || size == 0) return false;
  switch (type) {
    case change_cipher: return size == 1 && (bytes.size() < 6 || bytes[5] == 1);
    case alert_record: return size == 2 || size >= 16;
    case handshake_record: {
      if (bytes.size() < 6) return size >= 4;
      // Of a hello, which a conversation begins with, the length of the message must fit.
      const std::uint8_t message = bytes[5];
      if (message != 1 && message != 2) return size >= 4 && version > 0x0300;
      const std::uint32_t length = bytes.size() < 9 ? 40 : load_big<std::uint32_t>(bytes.data() + 5) & 0xffffff;
      return length >= 38 && length <= 0xffff &&
             (bytes.size() < 11 || is_version(load_big<std::uint16_t>(bytes.data() + 9)));
    }
    default: return size >= 16 && version > 0x0300;  // encrypted: longer than the shortest code for its integrity
  }
}

bool begins_datagram(View datagram) {
  Bytes in(datagram);
  const std::uint8_t type = in.u8();
  const std::uint16_t version = in.u16(), epoch = in.u16();
  in.skip(6);
  const std::uint16_t size = in.u16();
  if (!in.ok() || !is_record(type, version, size) || !is_datagram_version(version) || size == 0 || size > in.left())
    return false;
  if (epoch > 0) return type >= alert_record && type <= data_record && size >= 16 && version != 0x0100;
  switch (type) {
    case change_cipher: return size == 1 || size == 3;
    case alert_record: return size == 2;
    case handshake_record: return size >= 12 && (in.u8() <= 24);
    default: return false;
  }
}

// RFC 5246, E.2.
bool is_ssl2_hello(View bytes) {
  Bytes in(bytes);
  const std::uint16_t head = in.u16(), size = head & 0x7fff;
  const std::uint8_t type = in.u8();
  const std::uint16_t version = in.u16(), ciphers = in.u16(), session_id = in.u16(), challenge = in.u16();
  return in.ok() && head & 0x8000 && type == 1 && version >= 0x0300 && version <= 0x0303 && ciphers > 0 &&
         ciphers % 3 == 0 && session_id <= 32 && challenge >= 16 && challenge <= 32 &&
         size == 9u + ciphers + session_id + challenge;
}

void Records::read_ssl2_hello(Session& session, View bytes) {
  session.flags |= flag::ssl2;
  session.version = load_big<std::uint16_t>(bytes.data() + 3);
  const std::uint32_t size = 2 + (load_big<std::uint16_t>(bytes.data()) & 0x7fffu);
  session.record_type = 0;  // its content is of no interest
  session.record_left = size > bytes.size() ? static_cast<std::uint32_t>(size - bytes.size()) : 0;
}

void Records::read(const Place& place, Session& session, View bytes, std::uint32_t gap) {
  Session& s = session;
  if (gap > 0) {
    handshake_.interrupt(place, s);
    s.alert_bytes = 0;
    if (s.in_step && s.record_header_bytes == 0 && gap <= s.record_left) {
      s.record_left -= gap;
      if (s.record_type == handshake_record) s.encrypted = true;  // where the next message begins is not known
    } else {
      s.in_step = false;
      s.record_left = 0;
      s.record_header_bytes = 0;
    }
  }
  if (!s.in_step) {  // records often begin where a segment does
    if (!begins_records(bytes)) return;
    s.in_step = true;
  }
  while (!bytes.empty()) {
    if (s.record_left > 0) {
      const View part = bytes.first(std::min<std::size_t>(s.record_left, bytes.size()));
      s.record_left -= static_cast<std::uint32_t>(part.size());
      bytes = bytes.subspan(part.size());
      content(place, s, part);
      continue;
    }
    const std::size_t more = std::min<std::size_t>(5u - s.record_header_bytes, bytes.size());
    std::copy_n(bytes.data(), more, s.record_header + s.record_header_bytes);
    s.record_header_bytes = static_cast<std::uint8_t>(s.record_header_bytes + more);
    bytes = bytes.subspan(more);
    if (s.record_header_bytes < 5) return;
    s.record_header_bytes = 0;
    const auto version = load_big<std::uint16_t>(s.record_header + 1);
    const std::uint32_t size = load_big<std::uint16_t>(s.record_header + 3);
    if (!is_record(s.record_header[0], version, size)) {
      s.stat |= stat::malformed;
      handshake_.interrupt(place, s);
      s.in_step = false;
      return;
    }
    begin(s, s.record_header[0], version, size);
  }
}

void Records::begin(Session& s, std::uint8_t type, std::uint16_t version, std::uint32_t size) {
  if (s.version != 0 && s.version != version) {
    s.stat |= stat::version_mismatch;
    s.flags |= flag::other_record_version;
  }
  s.version = version;
  s.record_versions.add_new(version);
  if (s.record_versions.cut()) s.stat |= stat::record_versions_cut;
  if (size > max_plain) s.stat |= stat::record_too_long;
  if (version == 0x0300) {
    s.stat |= stat::old_version;
    s.vulnerabilities |= vulnerability::beast | vulnerability::poodle;
  }
  s.record_type = type;
  s.record_left = size;
  s.alert_bytes = 0;
  switch (type) {
    case change_cipher:
      ++s.changes;
      s.encrypted = true;
      break;
    case alert_record: ++s.alert_records; break;
    case handshake_record: ++s.handshakes; break;
    case data_record: ++s.data_records; break;
    default: ++s.heartbeats; break;
  }
}

void Records::content(const Place& place, Session& s, View bytes) {
  const bool whole_alert = s.record_type == alert_record && s.record_left + bytes.size() + s.alert_bytes == 2;
  if (whole_alert) {  // longer ones are encrypted
    for (const std::uint8_t byte : bytes) {
      if (s.alert_bytes++ == 0) s.alert_level = byte;
      else alert(s, s.alert_level, byte);
    }
  } else if (s.record_type == handshake_record && !s.encrypted) {
    if (!handshake_.read(place, s, bytes)) s.encrypted = true;
  } else if (s.record_type == heartbeat_record && !s.encrypted && bytes.size() >= 3 &&
             load_big<std::uint16_t>(bytes.data() + 1) > bytes.size() + s.record_left) {
    s.vulnerabilities |= vulnerability::heartbleed;
  }
}

void Records::alert(Session& s, std::uint8_t level, std::uint8_t description) {
  if (level != 1 && level != fatal_level) return;
  if (level == fatal_level) s.stat |= stat::fatal_alert;
  if (description == certificate_expired) s.stat |= stat::certificate_expired;
  for (const AlertBit& known : known_alerts) {
    if (known.description != description) continue;
    s.alerts |= std::uint64_t{1} << known.bit;
    if (known.fatal) s.alerts |= std::uint64_t{1} << fatal_bit;
  }
}

void Records::read_datagram(const Place& place, Session& s, View datagram) {
  Bytes in(datagram);
  while (in.left() >= 13) {
    const std::uint8_t type = in.u8();
    const std::uint16_t version = in.u16(), epoch = in.u16();
    in.skip(6);  // number of the record
    const std::uint16_t size = in.u16();
    if (!is_record(type, version, size) || !is_datagram_version(version)) return;  // DTLS 1.3 has other records
    begin(s, type, version, size);
    s.record_left = 0;
    if (size > in.left()) s.stat |= stat::ended_early;
    const View body = in.read(std::min<std::size_t>(size, in.left()));
    if (epoch > 0) continue;  // encrypted
    if (type == handshake_record) handshake_.read_fragments(place, s, body);
    else if (type == alert_record && body.size() == 2) alert(s, body[0], body[1]);
  }
}

}  // namespace t2::ssl_decode
