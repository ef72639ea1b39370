// sslDecode: what the handshake of TLS, DTLS and QUIC says in the clear: versions, ciphers, extensions, server name,
// protocols, certificate, and the fingerprints JA3 and JA4.
//
// A direction is followed as soon as its bytes look like records, on any port. Of all others the first bytes of each
// payload are looked at, nothing more. An instance belongs to one worker thread; descriptions are shared and only read.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "columns.hpp"
#include "quic.hpp"
#include "records.hpp"
#include "row.hpp"
#include "t2/plugin.hpp"
#include "t2/report_lines.hpp"

namespace t2::ssl_decode {

namespace {

constexpr t2::Flag flags[] = {T2_FLAG(SSL_ANALYZE_QUIC), T2_FLAG(SSL_ANALYZE_CERT),     T2_FLAG(SSL_JA3),
                              T2_FLAG(SSL_JA4),          T2_FLAG(SSL_EXT_LIST),         T2_FLAG(SSL_MAX_EXT),
                              T2_FLAG(SSL_REC_VER),      T2_FLAG(SSL_MAX_REC_VER),      T2_FLAG(SSL_HAND_VER),
                              T2_FLAG(SSL_MAX_HAND_VER), T2_FLAG(SSL_SUPP_VER),         T2_FLAG(SSL_MAX_SUPP_VER),
                              T2_FLAG(SSL_SIG_ALG),      T2_FLAG(SSL_MAX_SIG_ALG),      T2_FLAG(SSL_EC),
                              T2_FLAG(SSL_MAX_EC),       T2_FLAG(SSL_EC_FORMATS),       T2_FLAG(SSL_MAX_EC_FORMATS),
                              T2_FLAG(SSL_ALPN_LIST),    T2_FLAG(SSL_ALPS_LIST),        T2_FLAG(SSL_NPN_LIST),
                              T2_FLAG(SSL_MAX_PROTO),    T2_FLAG(SSL_PROTO_LEN),        T2_FLAG(SSL_CIPHER_LIST),
                              T2_FLAG(SSL_MAX_CIPHER),   T2_RUNTIME_FLAG(SSL_JA3_FILE), T2_RUNTIME_FLAG(SSL_JA4_FILE)};

constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(Session), .conversations = 2},
                                         {.bytes = sizeof(QuicState), .conversations = 8},
                                         {.bytes = sizeof(Certificate), .conversations = 8},
                                         t2::stream_block};

std::string version_name(std::uint16_t version) {
  switch (version) {
    case 0x0002: return "SSL 2.0";
    case 0x0300: return "SSL 3.0";
    case 0x0301: return "TLS 1.0";
    case 0x0302: return "TLS 1.1";
    case 0x0303: return "TLS 1.2";
    case 0x0304: return "TLS 1.3";
    case 0xfb17: return "TLS 1.3 (Facebook draft 23)";
    case 0xfb1a: return "TLS 1.3 (Facebook draft 26)";
    case 0x0100: return "DTLS 1.0 (OpenSSL pre 0.9.8f)";
    case 0xfeff: return "DTLS 1.0";
    case 0xfefd: return "DTLS 1.2";
    case 0xfefc: return "DTLS 1.3";
    default: return "TLS 1.3 (draft " + std::to_string(version & 0xff) + ")";
  }
}

class SslDecode final : public t2::Plugin {
 public:
  explicit SslDecode(t2::Host& host)
      : host_(host),
        state_(host),
        handshake_(host),
        records_(handshake_),
        ja3_(described(host, "SSL_JA3_FILE")),
        ja4_(described(host, "SSL_JA4_FILE")) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if (p.protocol == t2::protocol::tcp) {
        // Packets without payload matter where they begin a stream.
        if (p.l7_length > 0 || p.first_of_direction) on_segment(p);
      } else if (p.protocol == t2::protocol::udp && p.captured_l7 >= 13 && (p.data[p.l7] >= 20 || is_capwap_dtls(p)) &&
                 !p.later_fragment && p.is_ip()) {
        on_datagram(p);
      }
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    SslDecodeState& own = state_(e.own);
    SslDecodeState* other = e.other ? &state_(*e.other) : nullptr;
    finish(e, e.own, own);
    if (other) finish(e, *e.other, *other);
    const Session* session = own.session && own.session->is_tls() ? own.session : nullptr;
    const Session* other_session = other && other->session && other->session->is_tls() ? other->session : nullptr;
    const std::uint16_t version = session ? version_of(*session, other_session) : std::uint16_t{0};
    ++rows_;
    if (version != 0) ++flows_[version];
    if (session) stat_ |= session->stat, protocols_ |= session->protocols;
    refused_ += own.refused;
    if (row.is_read()) put_columns(row, session, other_session, version, *ja3_, *ja4_);
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const SslDecode&>(plugin);
    rows_ += other.rows_;
    stat_ |= other.stat_, protocols_ |= other.protocols_;
    for (const auto& [version, count] : other.flows_) flows_[version] += count;
    refused_ += other.refused_;
    handshake_.add(other.handshake_);
  }

  void report(t2::Report& report) const override {
    t2::report_bits(report, "sslStat", stat_, 8);
    for (const auto& [version, count] : flows_)
      t2::report_share(report, "Number of " + version_name(version) + " flows: ", count, rows_);
    t2::report_bits(report, "sslProto", protocols_, 8);
    if (const std::uint64_t refused = refused_ + handshake_.refused())
      report.line("Parts of handshakes that memory was too short for: " + report.number(refused));
  }

 private:
  static std::shared_ptr<const Descriptions> described(t2::Host& host, std::string_view flag) try {
    static std::map<std::string, std::weak_ptr<const Descriptions>, std::less<>>
        loaded;  // instances are made one by one
    std::weak_ptr<const Descriptions>& known = loaded[std::string(flag)];
    std::shared_ptr<const Descriptions> found = known.lock();
    if (!found) known = found = std::make_shared<const Descriptions>(host.text(flag));
    return found;
  } catch (const std::runtime_error& e) {
    throw t2::Error(std::string("sslDecode: ") + e.what());
  }

  // The server's choice. Before it is known, the client's best offer.
  static std::uint16_t version_of(const Session& own, const Session* other) {
    for (const Session* session : {&own, other})
      if (session && session->hello.seen && !session->hello.client) return session->hello.best;
    for (const Session* session : {&own, other})
      if (session && session->hello.seen) return session->hello.best;
    return own.version;
  }

  Session* session_of(const t2::Packet& p, SslDecodeState& s) {
    if (s.session || s.refused) return s.session;
    void* memory = host_.flow_alloc(*p.flow, sizeof(Session));
    s.session = memory ? new (memory) Session : nullptr;
    s.refused = memory == nullptr;
    return s.session;
  }

  void on_segment(const t2::Packet& p) {
    SslDecodeState& s = state_(*p.own);
    if (s.content == Content::other) {  // may begin later (STARTTLS)
      if (p.captured_l7 < 5 || p.data[p.l7] - 20u > 3u || s.refused || !begins_records(payload(p))) return;
      s.content = Content::undecided;
      s.stream = {};
    }
    handshake_.reader().read(p, s.stream, [&](View bytes, std::uint32_t gap) { on_bytes(*p.flow, p, s, bytes, gap); });
  }

  static View payload(const t2::Packet& p) { return p.bytes(p.l7).read(std::min(p.captured_l7, p.l7_length)); }

  void on_bytes(const t2::Flow& flow, const t2::Packet& p, SslDecodeState& s, View bytes, std::uint32_t gap) {
    const Place place{flow, p.time, 't'};
    if (s.content == Content::tls) {
      records_.read(place, *s.session, bytes, gap);
      return;
    }
    if (s.content == Content::other) return;
    const bool ssl2 = is_ssl2_hello(bytes);
    if ((!ssl2 && !begins_records(bytes)) || !session_of(p, s)) {
      s.content = Content::other;
      handshake_.reader().discard(flow, s.stream);
      return;
    }
    s.content = Content::tls;
    if (ssl2) records_.read_ssl2_hello(*s.session, bytes);
    else records_.read(place, *s.session, bytes, 0);
  }

  // Behind a preamble of four bytes (RFC 5415, 4.1).
  static bool is_capwap_dtls(const t2::Packet& p) {
    constexpr t2::status::Word both = t2::status::capwap | t2::status::dtls;
    return (p.status & both) == both;
  }

  void on_datagram(const t2::Packet& p) {
    constexpr std::size_t preamble = 4;
    const View datagram = is_capwap_dtls(p) ? payload(p).subspan(preamble) : payload(p);
    if (config::quic && datagram[0] >= 0xc0) {
      on_quic(p, datagram);
      return;
    }
    if (datagram[0] > 24 || datagram.size() < 13) return;
    SslDecodeState& s = state_(*p.own);
    if (s.content == Content::tls ? !s.session : !begins_datagram(datagram)) return;
    if (!session_of(p, s)) return;
    s.content = Content::tls;
    records_.read_datagram({*p.flow, p.time, 'd'}, *s.session, datagram);
  }

  // Packets of a connection's first flight, several of which may be in a datagram; those to another connection id than
  // the first one do not belong there (RFC 9000, 12.2).
  void on_quic(const t2::Packet& p, View datagram) {
    constexpr unsigned max_tries = 32;  // packets of a direction
    QuicHeader header;
    View first_id;
    for (bool first = true; !datagram.empty() && parse_quic(datagram, header) && header.type == QuicType::initial;
         first = false) {
      if (first) first_id = header.destination_id;
      else if (!std::ranges::equal(first_id, header.destination_id)) return;
      SslDecodeState& s = state_(*p.own);
      QuicState* other = p.other ? state_(*p.other).quic : nullptr;
      if (!s.quic) {
        s.quic = static_cast<QuicState*>(host_.flow_alloc(*p.flow, sizeof(QuicState)));
        if (!s.quic) {
          s.refused = true;
          return;
        }
        new (s.quic) QuicState{};
        s.quic->crypto.begun = true;
        const bool answers = other && other->client_id.size > 0;
        if (!answers) s.quic->client_id.set(header.destination_id);
      }
      s.quic->last_id.set(header.destination_id);
      if (s.quic->tries >= max_tries || (s.session && s.session->hello.seen)) return;
      ++s.quic->tries;
      read_initial(p, s, other, datagram, header);
      datagram = datagram.subspan(header.end);
    }
  }

  // Frames of a packet in one of the two directions. Empty: it cannot be decrypted.
  View decrypt(View datagram, const QuicHeader& header, QuicState& client, bool from_client) {
    const View frames = quic_.decrypt(datagram, header, client.client_id.bytes(), from_client);
    if (!frames.empty() || std::ranges::equal(client.client_id.bytes(), client.last_id.bytes())) return frames;
    const View behind_retry = quic_.decrypt(datagram, header, client.last_id.bytes(), from_client);
    if (!behind_retry.empty()) client.client_id = client.last_id;
    return behind_retry;
  }

  void read_initial(const t2::Packet& p, SslDecodeState& s, QuicState* other, View datagram, const QuicHeader& header) {
    QuicState& quic = *s.quic;
    const bool from_client = quic.client_id.size > 0;
    View frames;
    if (from_client || other) frames = decrypt(datagram, header, from_client ? quic : *other, from_client);
    if (frames.empty() || !session_of(p, s)) return;
    s.session->quic_version = header.version;
    for_each_crypto(frames, [&](std::uint64_t offset, View bytes) {
      if (offset >= t2::StreamReader::ordered) return;
      handshake_.reader().insert(*p.flow, quic.crypto, static_cast<std::uint32_t>(offset), bytes,
                                 [&](View ready, std::uint32_t gap) {
                                   const Place place{*p.flow, p.time, 'q'};
                                   if (gap > 0) handshake_.interrupt(place, *s.session), s.session->encrypted = true;
                                   if (!s.session->encrypted && !handshake_.read(place, *s.session, ready))
                                     s.session->encrypted = true;
                                 });
    });
    if (s.session->hello.seen) handshake_.reader().discard(*p.flow, quic.crypto);
  }

  void finish(const t2::EndedFlow& e, const t2::Direction& direction, SslDecodeState& s) {
    const Place place{e.flow, direction.last, 't'};
    if (s.content == Content::tls && s.session) {
      handshake_.reader().finish(e.flow, s.stream,
                                 [&](View bytes, std::uint32_t gap) { records_.read(place, *s.session, bytes, gap); });
      handshake_.interrupt(place, *s.session);
    } else {
      handshake_.reader().discard(e.flow, s.stream);
    }
    if (s.quic) {
      handshake_.reader().discard(e.flow, s.quic->crypto);
      if (s.session) handshake_.interrupt({e.flow, direction.last, 'q'}, *s.session);
    }
  }

  t2::Host& host_;
  t2::State<SslDecodeState> state_;
  Handshake handshake_;
  Records records_;
  QuicDecryption quic_;
  std::shared_ptr<const Descriptions> ja3_, ja4_;
  std::uint32_t stat_ = 0, protocols_ = 0;
  std::map<std::uint16_t, std::uint64_t> flows_;  // by version
  std::uint64_t rows_ = 0, refused_ = 0;
};

}  // namespace

}  // namespace t2::ssl_decode

T2_PLUGIN = {.name = "sslDecode",
             .version = T2_PLUGIN_VERSION,
             .summary = "handshakes of TLS, DTLS and QUIC: versions, names, certificates, JA3, JA4",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_sslDecode,
             .flags = t2::ssl_decode::flags,
             .columns = t2::ssl_decode::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::ssl_decode::SslDecode(host); },
             .flow_blocks = t2::ssl_decode::flow_blocks};
