// The record layer of TLS, in a stream, and of DTLS, in datagrams: counts records and hands what the handshake says to
// Handshake.
#pragma once

#include "handshake.hpp"

namespace t2::ssl_decode {

// Whether these bytes can begin a conversation in TLS, as far as they are there; in DTLS.
bool begins_records(View bytes);
bool begins_datagram(View datagram);
bool is_ssl2_hello(View bytes);  // the old form, with which some clients ask for SSL 3.0 or TLS

class Records {
 public:
  explicit Records(Handshake& handshake) : handshake_(handshake) {}

  // The next bytes of the stream; `gap` bytes before them are missing.
  void read(const Place& place, Session& session, View bytes, std::uint32_t gap);
  void read_datagram(const Place& place, Session& session, View datagram);
  void read_ssl2_hello(Session& session, View bytes);

 private:
  void begin(Session& session, std::uint8_t type, std::uint16_t version, std::uint32_t size);
  void content(const Place& place, Session& session, View bytes);
  void alert(Session& session, std::uint8_t level, std::uint8_t description);

  Handshake& handshake_;
};

}  // namespace t2::ssl_decode
