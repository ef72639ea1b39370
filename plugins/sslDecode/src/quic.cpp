#include "quic.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <openssl/evp.h>

namespace t2::ssl_decode {

namespace {

constexpr std::size_t sample_bytes = 16, tag_bytes = 16;

using Secret = std::array<std::uint8_t, 32>;
using Salt = std::array<std::uint8_t, 20>;
constexpr Salt salt_23{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                       0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
constexpr Salt salt_29{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                       0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr Salt salt_1{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr Salt salt_2{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                      0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};

// Of a known version.
const Salt& salt_of(std::uint32_t version) {
  if (version == quic::version_2) return salt_2;
  const std::uint32_t number = version - quic::draft;
  return version == quic::version_1 || number > 32 ? salt_1 : number > 28 ? salt_29 : salt_23;
}

// HKDF-Expand-Label of RFC 8446 for up to 32 bytes, which take one round.
bool expand(Digest& sha256, const Secret& secret, std::string_view label, std::span<std::uint8_t> out) {
  std::uint8_t info[64];
  std::size_t size = 0;
  info[size++] = 0;
  info[size++] = static_cast<std::uint8_t>(out.size());
  info[size++] = static_cast<std::uint8_t>(6 + label.size());
  for (const char c : std::string_view("tls13 ")) info[size++] = static_cast<std::uint8_t>(c);
  for (const char c : label) info[size++] = static_cast<std::uint8_t>(c);
  info[size++] = 0;
  info[size++] = 1;
  Secret hash;
  if (!sha256.keyed(secret, {info, size}, hash)) return false;
  std::copy_n(hash.begin(), out.size(), out.data());
  return true;
}

}  // namespace

QuicDecryption::~QuicDecryption() {
  for (void* const context : {cipher_, mask_}) EVP_CIPHER_CTX_free(static_cast<EVP_CIPHER_CTX*>(context));
  for (void* const method : {gcm_, ecb_}) EVP_CIPHER_free(static_cast<EVP_CIPHER*>(method));
}

// False: this machine's OpenSSL does not have the ciphers.
bool QuicDecryption::prepare() {
  if (!cipher_) {
    cipher_ = EVP_CIPHER_CTX_new(), mask_ = EVP_CIPHER_CTX_new();
    gcm_ = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
    ecb_ = EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr);
  }
  return cipher_ && mask_ && gcm_ && ecb_;
}

bool QuicDecryption::derive(std::uint32_t version, std::span<const std::uint8_t> client_id, bool from_client,
                            Keys& keys) {
  const bool second = version == quic::version_2;
  const Salt& salt = salt_of(version);
  Secret initial, secret;
  if (!sha256_.keyed(salt, client_id, initial)) return false;
  return expand(sha256_, initial, from_client ? "client in" : "server in", secret) &&
         expand(sha256_, secret, second ? "quicv2 key" : "quic key", keys.key) &&
         expand(sha256_, secret, second ? "quicv2 iv" : "quic iv", keys.iv) &&
         expand(sha256_, secret, second ? "quicv2 hp" : "quic hp", keys.header_key);
}

// Null: OpenSSL failed.
const QuicDecryption::Keys* QuicDecryption::keys_of(std::uint32_t version, std::span<const std::uint8_t> client_id,
                                                    bool from_client) {
  for (const KnownKeys& known : known_) {
    if (known.version == version && known.from_client == from_client &&
        std::ranges::equal(known.client_id.bytes(), client_id))
      return &known.keys;
  }
  KnownKeys& made = known_[next_known_++ % std::size(known_)];
  made.version = 0;
  in_contexts_ = nullptr;
  if (!derive(version, client_id, from_client, made.keys)) return nullptr;
  made.version = version, made.from_client = from_client;
  made.client_id.set(client_id);
  return &made.keys;
}

bool QuicDecryption::put_into_contexts(const Keys& keys) {
  if (in_contexts_ == &keys) return true;
  in_contexts_ = nullptr;
  if (EVP_EncryptInit_ex2(static_cast<EVP_CIPHER_CTX*>(mask_), static_cast<const EVP_CIPHER*>(ecb_),
                          keys.header_key.data(), nullptr, nullptr) != 1 ||
      EVP_DecryptInit_ex2(static_cast<EVP_CIPHER_CTX*>(cipher_), static_cast<const EVP_CIPHER*>(gcm_), keys.key.data(),
                          nullptr, nullptr) != 1)
    return false;
  in_contexts_ = &keys;
  return true;
}

std::span<const std::uint8_t> QuicDecryption::decrypt(std::span<const std::uint8_t> datagram, const QuicHeader& header,
                                                      std::span<const std::uint8_t> client_id, bool from_client) {
  if (header.type != QuicType::initial || header.end > datagram.size() ||
      header.end - header.number_at < 4 + sample_bytes || !prepare())
    return {};
  const Keys* const known = keys_of(header.version, client_id, from_client);
  if (!known) return {};
  const Keys& keys = *known;
  auto *cipher = static_cast<EVP_CIPHER_CTX*>(cipher_), *masking = static_cast<EVP_CIPHER_CTX*>(mask_);
  // The mask hides the lower bits of the first byte, and the packet's number (RFC 9001, 5.4).
  std::uint8_t mask[sample_bytes];
  int size = 0;
  if (!put_into_contexts(keys) ||
      EVP_EncryptUpdate(masking, mask, &size, datagram.data() + header.number_at + 4, sample_bytes) != 1)
    return {};
  std::vector<std::uint8_t>& text = plain_;  // first the header as it was before it was protected, then the content
  text.assign(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(header.number_at + 4));
  text[0] = static_cast<std::uint8_t>(text[0] ^ (mask[0] & 0x0f));
  const std::size_t number_bytes = (text[0] & 3u) + 1;
  std::array<std::uint8_t, 12> nonce = keys.iv;
  for (std::size_t i = 0; i < number_bytes; ++i) {
    std::uint8_t& byte = text[header.number_at + i];
    byte = static_cast<std::uint8_t>(byte ^ mask[1 + i]);
    nonce[12 - number_bytes + i] = static_cast<std::uint8_t>(nonce[12 - number_bytes + i] ^ byte);
  }
  const std::size_t head = header.number_at + number_bytes;
  if (header.end < head + tag_bytes) return {};
  const std::size_t content = header.end - head - tag_bytes;
  text.resize(head + content + tag_bytes);
  std::uint8_t tag[tag_bytes];
  std::copy_n(datagram.data() + header.end - tag_bytes, tag_bytes, tag);
  int last = 0;
  if (EVP_DecryptInit_ex2(cipher, nullptr, nullptr, nonce.data(), nullptr) != 1 ||
      EVP_DecryptUpdate(cipher, nullptr, &size, text.data(), static_cast<int>(head)) != 1 ||
      EVP_DecryptUpdate(cipher, text.data() + head, &size, datagram.data() + head, static_cast<int>(content)) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag) != 1 ||
      EVP_DecryptFinal_ex(cipher, text.data() + head + content, &last) != 1)
    return {};
  return {text.data() + head, content};
}

}  // namespace t2::ssl_decode
