// Digests by OpenSSL, looked up once: to look one up for each use takes longer than to make it. That is at their first
// use, since it sets up the library, which takes as long as the start of the program.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

namespace t2::ssl_decode {

// Used by one worker.
class Digest {
 public:
  explicit Digest(const char* name) : name_(name) {}  // OpenSSL's: MD5, SHA1, SHA256
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  // Of all parts, one behind the other; `to` has the digest's size. False, and zeros: this machine's OpenSSL does not
  // make it, as one without MD5.
  bool make(std::initializer_list<std::span<const std::uint8_t>> parts, std::span<std::uint8_t> to);
  // RFC 2104, of digests with blocks of 64 bytes and keys that are no longer.
  bool keyed(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data, std::span<std::uint8_t> to);

 private:
  const char* name_;
  void *method_ = nullptr, *context_ = nullptr;
};

}  // namespace t2::ssl_decode
