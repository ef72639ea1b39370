// Messages of the handshake: puts them together, and notes what hellos and certificates say in the session.
#pragma once

#include <cstdint>

#include "session.hpp"

namespace t2::ssl_decode {

// Where a message was found.
struct Place {
  const Flow& flow;
  Time time;       // of capture
  char transport;  // 't' TLS, 'q' QUIC, 'd' DTLS
};

class Handshake {
 public:
  explicit Handshake(Host& host) : host_(host), reader_(host) {}
  StreamReader& reader() { return reader_; }

  // Bytes of a stream of messages. False: they are none.
  bool read(const Place& place, Session& session, View bytes);
  // A record of DTLS, which holds fragments of messages.
  void read_fragments(const Place& place, Session& session, View record);
  // Bytes are missing: the current message will not be complete; what came of it is read.
  void interrupt(const Place& place, Session& session);

  std::uint64_t refused() const { return refused_ + reader_.refused(); }  // certificates, blocks
  void add(const Handshake& other) { refused_ += other.refused_, reader_.add(other.reader_); }

 private:
  // What is collected of a message; names and certificates stand at its beginning.
  static constexpr std::uint32_t max_message = 32 << 10;

  void message(const Place& place, Session& session, std::uint8_t type, View body);
  void hello(const Place& place, Session& session, bool client, View body);
  void extensions(Session& session, const Hello& hello);
  void protocol_names(Session& session, Protocols& list, View names);
  void certificate(const Place& place, Session& session, View body);
  void complete(const Place& place, Session& session);

  Host& host_;
  StreamReader reader_;
  Fingerprints fingerprints_;
  CertificateReader certificates_;
  std::uint64_t refused_ = 0;
};

}  // namespace t2::ssl_decode
