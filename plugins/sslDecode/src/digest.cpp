#include "digest.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

namespace t2::ssl_decode {

Digest::~Digest() {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
  EVP_MD_free(static_cast<EVP_MD*>(method_));
}

bool Digest::make(std::initializer_list<std::span<const std::uint8_t>> parts, std::span<std::uint8_t> to) {
  if (!context_) context_ = EVP_MD_CTX_new(), method_ = EVP_MD_fetch(nullptr, name_, nullptr);
  auto* const context = static_cast<EVP_MD_CTX*>(context_);
  bool good = context && method_ && EVP_DigestInit_ex2(context, static_cast<const EVP_MD*>(method_), nullptr) == 1;
  for (const auto part : parts) good = good && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  if (!good || EVP_DigestFinal_ex(context, to.data(), nullptr) != 1) {
    std::fill(to.begin(), to.end(), std::uint8_t{0});
    return false;
  }
  return true;
}

bool Digest::keyed(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data, std::span<std::uint8_t> to) {
  std::array<std::uint8_t, 64> inner{}, outer{};
  std::copy(key.begin(), key.end(), inner.begin());
  std::copy(key.begin(), key.end(), outer.begin());
  for (std::uint8_t& byte : inner) byte = static_cast<std::uint8_t>(byte ^ 0x36);
  for (std::uint8_t& byte : outer) byte = static_cast<std::uint8_t>(byte ^ 0x5c);
  return make({inner, data}, to) && make({outer, to}, to);
}

}  // namespace t2::ssl_decode
