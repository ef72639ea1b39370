// Builders of TLS messages, certificates and QUIC packets for the tests of sslDecode.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include "frame.hpp"

namespace t2::test::tls {

inline Buffer number(std::uint64_t value, unsigned bytes) {
  Buffer out;
  while (bytes-- > 0) out.push_back(static_cast<std::uint8_t>(value >> 8 * bytes));
  return out;
}
inline Buffer counted(const Buffer& content, unsigned prefix) { return number(content.size(), prefix) + content; }
inline Buffer numbers(const std::vector<unsigned>& values) {
  Buffer out;
  for (const unsigned value : values) append16(out, value);
  return out;
}

using Extension = std::pair<unsigned, Buffer>;

inline Extension name_extension(const std::string& name) { return {0, counted(Buffer{0} + counted(text(name), 2), 2)}; }
inline Extension list_extension(unsigned type, const std::vector<unsigned>& values, unsigned prefix = 2) {
  return {type, counted(numbers(values), prefix)};
}
inline Extension alpn_extension(const std::vector<std::string>& names) {
  Buffer list;
  for (const std::string& name : names) list = list + counted(text(name), 1);
  return {16, counted(list, 2)};
}

struct HelloMessage {
  bool client = true;
  unsigned version = 0x0303;
  Buffer random = Buffer(32, 0x5a);
  Buffer session_id = {};
  std::vector<unsigned> ciphers{0x1301};
  std::vector<Extension> extensions = {};
  Buffer cookie = {};
  bool datagrams = false;

  Buffer body() const {
    Buffer out = number(version, 2) + random + counted(session_id, 1);
    if (client && datagrams) out = out + counted(cookie, 1);
    out = out + (client ? counted(numbers(ciphers), 2) + Buffer{1, 0} : numbers(ciphers) + Buffer{0});
    Buffer all;
    for (const auto& [type, content] : extensions) all = all + number(type, 2) + counted(content, 2);
    return extensions.empty() ? out : out + counted(all, 2);
  }
  Buffer message() const { return Buffer{static_cast<std::uint8_t>(client ? 1 : 2)} + counted(body(), 3); }
  operator Buffer() const { return message(); }
};

inline Buffer record(unsigned type, const Buffer& content, unsigned version = 0x0303) {
  return Buffer{static_cast<std::uint8_t>(type)} + number(version, 2) + counted(content, 2);
}
inline Buffer datagram_record(unsigned type, const Buffer& content, unsigned epoch = 0, unsigned version = 0xfefd) {
  return Buffer{static_cast<std::uint8_t>(type)} + number(version, 2) + number(epoch, 2) + number(0, 6) +
         counted(content, 2);
}
inline Buffer fragment(const Buffer& message, unsigned sequence, std::size_t offset, std::size_t size) {
  const auto from = message.begin() + 4 + static_cast<std::ptrdiff_t>(offset);
  return Buffer{message[0]} + number(message.size() - 4, 3) + number(sequence, 2) + number(offset, 3) +
         number(size, 3) + Buffer(from, from + static_cast<std::ptrdiff_t>(size));
}

// The hello of a browser: GREASE, more ciphers and extensions than lists show, an empty extension at its end.
inline HelloMessage browser(const std::string& name) {
  HelloMessage hello;
  hello.session_id = Buffer(32, 7);
  hello.ciphers = {0x5a5a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                   0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  hello.extensions = {{0x1a1a, {}},
                      name_extension(name),
                      {0x0017, {}},
                      {0xff01, {0}},
                      list_extension(0x000a, {0x2a2a, 0x11ec, 0x001d, 0x0017, 0x0018}),
                      {0x000b, {1, 0}},
                      alpn_extension({"h2", "http/1.1"}),
                      {0x0005, {1, 0, 0, 0, 0}},
                      list_extension(0x000d, {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}),
                      {0x0012, {}},
                      {0x0033, counted(number(0x2a2a, 2) + counted({0}, 2), 2)},
                      {0x002d, {1, 1}},
                      list_extension(0x002b, {0x3a3a, 0x0304, 0x0303}, 1),
                      {0x001b, {2, 0, 2}},
                      {0x4469, counted(counted(text("h2"), 1), 2)},
                      {0xfe0d, Buffer(40, 1)},
                      {0x4a4a, {0}},
                      {0x0023, {}}};
  return hello;
}

// ---- Certificates

struct CertificateFields {
  std::string serial = "1193046";  // decimal
  const char *from = "20170714024000Z", *until = "20500101000000Z";
  std::vector<std::pair<const char*, std::string>> names{{"C", "CH"}, {"O", "Example"}, {"CN", "www.example.org"}};
  long version = 2;
};

// Issued by its subject; the signature is that of another key, since not every key can sign.
inline Buffer certificate_of(EVP_PKEY* key, const CertificateFields& fields = {}) {
  X509* const made = X509_new();
  X509_set_version(made, fields.version);
  BIGNUM* number = nullptr;
  BN_dec2bn(&number, fields.serial.c_str());
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made));
  BN_free(number);
  ASN1_TIME_set_string_X509(X509_getm_notBefore(made), fields.from);
  ASN1_TIME_set_string_X509(X509_getm_notAfter(made), fields.until);
  for (X509_NAME* name : {X509_get_subject_name(made), X509_get_issuer_name(made)})
    for (const auto& [kind, value] : fields.names)
      X509_NAME_add_entry_by_txt(name, kind, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                 static_cast<int>(value.size()), -1, 0);
  X509_set_pubkey(made, key);
  EVP_PKEY* const signer = EVP_EC_gen("P-256");
  X509_sign(made, signer, EVP_sha256());
  EVP_PKEY_free(signer);
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(made, &bytes);
  const Buffer out(bytes, bytes + size);
  OPENSSL_free(bytes);
  X509_free(made);
  return out;
}

// ---- QUIC (RFC 9001, 9369): what both sides protect their first packets with

inline Buffer hmac(const Buffer& key, const Buffer& data) {
  Buffer out(32);
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size);
  return out;
}
inline Buffer expand(const Buffer& secret, const std::string& label, std::size_t size) {
  Buffer out = hmac(secret, number(size, 2) + counted(text("tls13 " + label), 1) + Buffer{0, 1});
  out.resize(size);
  return out;
}

// An Initial packet, protected by what follows from the client's first destination `id`; `frames` are padded to 1100
// bytes.
inline Buffer initial(unsigned version, const Buffer& id, unsigned packet, Buffer frames, bool from_client = true) {
  const bool second = version == 0x6b3343cf;
  const Buffer salt =
      hex(second ? "0dede3def700a6db819381be6e269dcbf9bd2ed9" : "38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
  const std::string prefix = second ? "quicv2 " : "quic ";
  const Buffer secret = expand(hmac(salt, id), from_client ? "client in" : "server in", 32);
  const Buffer key = expand(secret, prefix + "key", 16), header_key = expand(secret, prefix + "hp", 16);
  Buffer nonce = expand(secret, prefix + "iv", 12);
  frames.resize(1100);
  Buffer head = Buffer{static_cast<std::uint8_t>(second ? 0xd1 : 0xc1)} + number(version, 4) + counted(id, 1) +
                counted({}, 1) + Buffer{0} + number(0x4000 | (frames.size() + 16 + 2), 2) + number(packet, 2);
  nonce[11] = static_cast<std::uint8_t>(nonce[11] ^ packet);
  Buffer sealed(frames.size() + 16);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  int size = 0;
  EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, key.data(), nonce.data());
  EVP_EncryptUpdate(context, nullptr, &size, head.data(), static_cast<int>(head.size()));
  EVP_EncryptUpdate(context, sealed.data(), &size, frames.data(), static_cast<int>(frames.size()));
  EVP_EncryptFinal_ex(context, sealed.data() + size, &size);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, sealed.data() + frames.size());
  std::uint8_t mask[32];
  EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nullptr, header_key.data(), nullptr);
  EVP_EncryptUpdate(context, mask, &size, sealed.data() + 2, 16);
  EVP_CIPHER_CTX_free(context);
  head[0] = static_cast<std::uint8_t>(head[0] ^ (mask[0] & 0x0f));
  head[head.size() - 2] = static_cast<std::uint8_t>(head[head.size() - 2] ^ mask[1]);
  head[head.size() - 1] = static_cast<std::uint8_t>(head[head.size() - 1] ^ mask[2]);
  return head + sealed;
}
inline Buffer crypto(const Buffer& stream, std::size_t offset, std::size_t size) {
  const auto from = stream.begin() + static_cast<std::ptrdiff_t>(offset);
  return Buffer{6} + number(0x4000 | offset, 2) + number(0x4000 | size, 2) +
         Buffer(from, from + static_cast<std::ptrdiff_t>(size));
}

}  // namespace t2::test::tls
