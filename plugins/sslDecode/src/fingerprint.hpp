// JA3 and JA4 fingerprints of hellos, made from all that the hello holds, however long the lists are.
// JA4 (client): https://github.com/FoxIO-LLC/ja4, BSD licence.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "digest.hpp"
#include "hello.hpp"

namespace t2::ssl_decode {

using Md5 = std::array<std::uint8_t, 16>;

// Keeps its buffers. Used by one worker.
class Fingerprints {
 public:
  Md5 ja3(const Hello& hello);                                 // a server's: JA3S
  const std::string& ja4(const Hello& hello, char transport);  // 't', 'q' or 'd'; a server's: JA4S

 private:
  struct Contents;
  Contents read(const Hello& hello);
  void append_hash(std::string& to, const std::string& of);  // 12 hex digits of its SHA-256; zeros: `of` is empty

  Digest md5_{"MD5"}, sha256_{"SHA256"};
  std::string text_, list_;
  std::vector<std::uint16_t> numbers_, extensions_;
};

// The most recent version that a hello offers or chooses, without GREASE.
std::uint16_t best_version(const Hello& hello);

}  // namespace t2::ssl_decode
