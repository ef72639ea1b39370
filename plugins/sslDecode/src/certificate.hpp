// The facts of an X.509 certificate (RFC 5280) that become columns. They are read here: OpenSSL checks and prepares the
// key as if it were to be used, which takes as long as hundreds of packets. Names of algorithms are OpenSSL's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "digest.hpp"

namespace t2::ssl_decode {

template <std::size_t max>
struct CertificateText {
  std::uint8_t size = 0;
  char text[max]{};
};

struct DistinguishedName {  // first entry of each kind, raw bytes
  CertificateText<64> common_name, organisation, unit;
  CertificateText<128> locality, state;
  CertificateText<2> country;
};

// Plain bytes: lies in flow memory.
struct Certificate {
  std::array<std::uint8_t, 20> sha1;
  std::uint8_t version, serial_size;
  std::uint8_t serial[40];
  std::int64_t not_before, not_after;  // seconds since 1970
  CertificateText<40> signature, key;  // OpenSSL's short names, UNDEF where it has none
  CertificateText<8> key_type;         // empty: the key is not known
  std::uint16_t key_bits;
  bool weak_key;
  DistinguishedName subject, issuer;
};

// Keeps what it read last. Used by one worker.
class CertificateReader {
 public:
  CertificateReader() : recent_(256) {}
  // False: these bytes are no certificate in DER.
  bool read(std::span<const std::uint8_t> der, Certificate& to);

 private:
  Digest sha1_{"SHA1"};
  std::vector<Certificate> recent_;  // by the first byte of their hash
};

}  // namespace t2::ssl_decode
