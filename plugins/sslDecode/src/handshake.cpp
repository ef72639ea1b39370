#include "handshake.hpp"

#include <algorithm>

#include "ciphers.hpp"

namespace t2::ssl_decode {

namespace {

enum MessageType : std::uint8_t {
  client_hello = 1,
  server_hello = 2,
  hello_retry_of_drafts = 6,
  certificate_message = 11
};

// RFC 5246, RFC 6347, RFC 8446 and IANA, TLS HandshakeType.
constexpr bool is_message_type(std::uint8_t type) {
  return type <= 6 || type == 8 || (type >= 11 && type <= 16) || (type >= 20 && type <= 25) || type == 67 ||
         type == 254;
}
constexpr bool is_wanted(std::uint8_t type) {
  return type == client_hello || type == server_hello || type == hello_retry_of_drafts || type == certificate_message;
}

// Bits of sslProto by what a name begins with; the first one counts.
struct ProtocolBit {
  std::string_view begin;
  unsigned bit;
};
constexpr ProtocolBit known_protocols[] = {
    {"h2", 1},   {"h3", 2},   {"hq", 2},      {"acme", 16},   {"apns", 9},    {"coap", 11},     {"dico", 17},
    {"http", 0}, {"imap", 4}, {"mqtt", 15},   {"nnsp", 18},   {"nntp", 18},   {"pop3", 5},      {"sip/", 19},
    {"spdy", 3}, {"stun", 8}, {"tds/", 20},   {"xmpp", 7},    {"doq", 21},    {"dot", 22},      {"ftp", 6},
    {"irc", 23}, {"smb", 24}, {"ntske/", 26}, {"sunrpc", 25}, {"webrtc", 10}, {"c-webrtc", 10}, {"managesieve", 12}};
constexpr unsigned srtp_bit = 13, grease_bit = 30, other_bit = 31;

unsigned protocol_bit(std::string_view name) {
  if (name.size() >= 2 && is_grease(load_big<std::uint16_t>(name.data()))) return grease_bit;
  for (const ProtocolBit& known : known_protocols)
    if (name.starts_with(known.begin)) return known.bit;
  return other_bit;
}

}  // namespace

bool Handshake::read(const Place& place, Session& session, View bytes) {
  MessageState& m = session.messages;
  while (!bytes.empty()) {
    if (m.left > 0) {
      const View part = bytes.first(std::min<std::size_t>(m.left, bytes.size()));
      if (m.wanted && m.collected.size < max_message && !reader_.collect(place.flow, m.collected, part))
        m.wanted = false;
      m.left -= static_cast<std::uint32_t>(part.size());
      bytes = bytes.subspan(part.size());
      if (m.left == 0) complete(place, session);
      continue;
    }
    const std::size_t more = std::min<std::size_t>(4u - m.header_bytes, bytes.size());
    std::copy_n(bytes.data(), more, m.header + m.header_bytes);
    m.header_bytes = static_cast<std::uint8_t>(m.header_bytes + more);
    bytes = bytes.subspan(more);
    if (!is_message_type(m.header[0])) {
      m.header_bytes = 0;
      return false;
    }
    if (m.header_bytes < 4) return true;
    m.left = load_big<std::uint32_t>(m.header) & 0xffffff;
    m.header_bytes = 0;
    m.wanted = is_wanted(m.header[0]);
    if (m.left <= bytes.size()) {  // usual: it lies in one piece
      const View body = bytes.first(m.left);
      m.left = 0;
      bytes = bytes.subspan(body.size());
      if (m.wanted) message(place, session, m.header[0], body);
    }
  }
  return true;
}

void Handshake::complete(const Place& place, Session& session) {
  MessageState& m = session.messages;
  if (m.wanted) message(place, session, m.header[0], reader_.collected(m.collected));
  reader_.drop(place.flow, m.collected);
}

void Handshake::interrupt(const Place& place, Session& session) {
  MessageState& m = session.messages;
  m.header_bytes = 0;
  if (m.left == 0) return;
  session.stat |= stat::ended_early;
  m.left = 0;
  complete(place, session);
}

void Handshake::read_fragments(const Place& place, Session& session, View record) {
  MessageState& m = session.messages;
  Bytes in(record);
  while (in.left() >= 12) {
    const std::uint32_t head = in.u32(), number = in.u16();
    const auto type = static_cast<std::uint8_t>(head >> 24);
    const std::uint32_t length = head & 0xffffff;
    const auto u24 = [&] {
      const std::uint32_t high = in.u8();
      return high << 16 | in.u16();
    };
    const std::uint32_t offset = u24(), size = u24();
    if (!is_message_type(type) || offset + size > length) {
      session.stat |= stat::malformed;
      return;
    }
    if (size > in.left()) session.stat |= stat::ended_early;
    const View part = in.read(std::min<std::size_t>(size, in.left()));
    if (number < session.next_message || !is_wanted(type)) continue;
    if (offset == 0 && part.size() == length) {
      session.next_message = static_cast<std::uint16_t>(number + 1);
      message(place, session, type, part);
      continue;
    }
    if (offset == 0) reader_.drop(place.flow, m.collected);
    if (offset != m.collected.size || offset >= max_message || !reader_.collect(place.flow, m.collected, part))
      continue;
    if (m.collected.size < length && part.size() == size) continue;
    session.next_message = static_cast<std::uint16_t>(number + 1);
    message(place, session, type, reader_.collected(m.collected));
    reader_.drop(place.flow, m.collected);
  }
}

void Handshake::message(const Place& place, Session& session, std::uint8_t type, View body) {
  if (type == certificate_message) certificate(place, session, body);
  else if (type != hello_retry_of_drafts) hello(place, session, type == client_hello, body);
}

void Handshake::hello(const Place& place, Session& session, bool client, View body) {
  Hello hello;
  if (!parse_hello(body, client, place.transport == 'd', hello)) {
    session.stat |= stat::malformed;
    return;
  }
  session.hello_versions.add_new(hello.version);
  if (session.hello_versions.cut()) session.stat |= stat::hello_versions_cut;
  session.version = hello.version;
  HelloFacts& facts = session.hello;
  if (hello.ciphers.size() >= 2) facts.cipher = load_big<std::uint16_t>(hello.ciphers.data());
  facts.session_id = static_cast<std::uint8_t>(hello.session_id.size());
  if (hello.random.size() == 32) {
    facts.time = load_big<std::uint32_t>(hello.random.data());
    constexpr std::int64_t year = 31'536'000;
    if (facts.time < year) session.flags |= flag::early_time;
    if (facts.time > place.time / one_second + 5 * year) session.flags |= flag::late_time;
    const View begin = hello.random.first(8);
    const std::uint8_t same = begin[0];
    if ((same == 0x00 || same == 0xff || same == 0x01) &&
        std::all_of(begin.begin(), begin.end(), [&](std::uint8_t b) { return b == same; }))
      session.flags |= flag::no_random;
  }
  // 1: DEFLATE (RFC 3749)
  if (std::find(hello.compressions.begin(), hello.compressions.end(), 1) != hello.compressions.end()) {
    session.flags |= flag::deflate;
    session.vulnerabilities |= vulnerability::breach | vulnerability::crime;
  }
  if (hello.version <= 0x0300) session.stat |= stat::old_version;
  if (client && !hello.session_id.empty()) session.stat |= stat::renegotiation;
  if (facts.seen) return;  // lists and fingerprints are those of the first one
  facts.seen = true;
  facts.client = client;
  facts.version = hello.version;
  facts.best = best_version(hello);
  for_each_number(hello.ciphers, 0, [&](std::uint16_t cipher) {
    facts.ciphers.add(cipher);
    session.stat |= std::uint32_t{cipher_class(cipher)} << 24;
  });
  if (facts.ciphers.cut()) session.stat |= stat::ciphers_cut;
  extensions(session, hello);
  if (!hello.complete) {
    session.stat |= stat::ended_early | stat::no_ja3 | stat::no_ja4;
    return;
  }
  if constexpr (config::ja3) {
    facts.has_ja3 = true;
    facts.ja3 = fingerprints_.ja3(hello);
  }
  if constexpr (config::ja4) {
    facts.ja4.set(fingerprints_.ja4(hello, place.transport));
    session.stat |= stat::ja4_done;
  }
}

void Handshake::extensions(Session& session, const Hello& hello) {
  HelloFacts& facts = session.hello;
  const auto without_length = [](View content) { return content.subspan(std::min<std::size_t>(2, content.size())); };
  for_each_extension(hello, [&](std::uint16_t type, View content) {
    facts.extensions.add(type);
    switch (type) {
      case extension::server_name:
        if (const std::string_view name = server_name(content); !name.empty()) facts.name.set(name);
        break;
      case extension::supported_versions:
        for_each_number(content, hello.client ? 1 : 0, [&](std::uint16_t v) { facts.supported.add(v); });
        break;
      case extension::supported_groups:
        for_each_number(content, 2, [&](std::uint16_t v) { facts.groups.add(v); });
        break;
      case extension::signature_algorithms:
        for_each_number(content, 2, [&](std::uint16_t v) { facts.signatures.add(v); });
        break;
      case extension::point_formats: {
        Bytes formats(content);
        for (std::size_t n = std::min<std::size_t>(formats.u8(), formats.left()); n > 0; --n)
          facts.formats.add(formats.u8());
        break;
      }
      case extension::alpn: protocol_names(session, facts.alpn, without_length(content)); break;
      case extension::application_settings:
      case extension::application_settings_new: protocol_names(session, facts.alps, without_length(content)); break;
      case extension::next_protocol: protocol_names(session, facts.npn, content); break;
      case extension::use_srtp: session.protocols |= 1u << srtp_bit; break;
      case extension::heartbeat:
        if (!content.empty() && content[0] == 2) session.stat |= stat::no_heartbeat;  // peer_not_allowed_to_send
        break;
      case extension::encrypted_client_hello: session.ech |= ech::offered; break;
      case extension::encrypted_server_name: session.ech |= ech::old_form; break;
      case extension::renegotiation_info: session.stat |= stat::renegotiation; break;
      default: break;
    }
  });
  if (facts.extensions.cut()) session.stat |= stat::extensions_cut;
  if (facts.supported.cut()) session.stat |= stat::supported_cut;
  if (facts.signatures.cut()) session.stat |= stat::signatures_cut;
  if (facts.groups.cut() || facts.formats.cut()) session.stat |= stat::groups_cut;
  if (facts.alpn.cut() || facts.alps.cut() || facts.npn.cut()) session.stat |= stat::protocols_cut;
}

void Handshake::protocol_names(Session& session, Protocols& list, View names) {
  for_each_name(names, [&](std::string_view name) {
    ShortText<config::max_protocol_name> kept;
    kept.set(name);
    if (name.size() > config::max_protocol_name) session.stat |= stat::name_cut;
    list.add(kept);
    session.protocols |= 1u << protocol_bit(name);
  });
}

void Handshake::certificate(const Place& place, Session& session, View body) {
  if (!config::certificates || session.certificate) return;
  Bytes in(body);
  const auto u24 = [&] {
    const std::uint32_t high = in.u8();
    return high << 16 | in.u16();
  };
  u24();  // of all
  const std::uint32_t size = u24();
  if (size == 0) return;
  if (size > in.left()) {
    session.stat |= stat::ended_early;
    return;
  }
  Certificate found;
  if (!certificates_.read(in.read(size), found)) return;
  session.certificate = static_cast<Certificate*>(host_.flow_alloc(place.flow, sizeof(Certificate)));
  if (!session.certificate) {
    ++refused_;
    return;
  }
  *session.certificate = found;
  if (found.weak_key) session.stat |= stat::weak_key;
}

}  // namespace t2::ssl_decode
