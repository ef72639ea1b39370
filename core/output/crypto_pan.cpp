// AES comes from OpenSSL, which is loaded when it is needed.
#include "output/crypto_pan.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <string_view>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "t2/library.hpp"

namespace t2 {

namespace {

struct Libcrypto {
  Library library{LIBCRYPTO_SONAME, "libssl3"};
  T2_IMPORT(EVP_CIPHER_CTX_new);
  T2_IMPORT(EVP_CIPHER_CTX_free);
  T2_IMPORT(EVP_CIPHER_CTX_set_padding);
  T2_IMPORT(EVP_aes_128_ecb);
  T2_IMPORT(EVP_EncryptInit_ex);
  T2_IMPORT(EVP_EncryptUpdate);
};
const Libcrypto& libcrypto() {
  static const Libcrypto loaded;
  return loaded;
}

constexpr std::size_t block_bytes = 16, known_addresses = 4096;

}  // namespace

AnonymisationKey read_anonymisation_key(const std::string& path) {
  AnonymisationKey key;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("Option '--anonymise': cannot read '{}': {}", path, std::strerror(errno)));
  std::string bytes(key.size() + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) throw Error(fmt::format("Option '--anonymise': cannot read '{}': {}", path, std::strerror(errno)));
  if (file.gcount() != static_cast<std::streamsize>(key.size()))
    throw Error(
        fmt::format("Option '--anonymise': '{}' does not have {} bytes: head -c {} /dev/urandom > '{}' makes a key",
                    path, key.size(), key.size(), path));
  std::copy_n(bytes.begin(), key.size(), key.begin());
  return key;
}

struct CryptoPan::Cipher {
  EVP_CIPHER_CTX* context = libcrypto().EVP_CIPHER_CTX_new();
  explicit Cipher(const std::uint8_t* key) {
    if (!context || libcrypto().EVP_EncryptInit_ex(context, libcrypto().EVP_aes_128_ecb(), nullptr, key, nullptr) != 1)
      throw Error("Option '--anonymise': OpenSSL has no AES: correct its configuration");
    libcrypto().EVP_CIPHER_CTX_set_padding(context, 0);
  }
  ~Cipher() { libcrypto().EVP_CIPHER_CTX_free(context); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  void encrypt(std::uint8_t* blocks, std::size_t count) {  // in place
    int written = 0;
    const int size = static_cast<int>(count * block_bytes);
    if (libcrypto().EVP_EncryptUpdate(context, blocks, &written, blocks, size) != 1 || written != size)
      throw Error("stopped: OpenSSL cannot encrypt an address");
  }
};

CryptoPan::CryptoPan(const AnonymisationKey& key)
    : cipher_(std::make_unique<Cipher>(key.data())), known_(known_addresses) {
  std::copy_n(key.begin() + block_bytes, block_bytes, pad_.begin());
  cipher_->encrypt(pad_.data(), 1);
  mac_pad_ = pad_;  // other pseudonyms than those of IP addresses that begin equally
  cipher_->encrypt(mac_pad_.data(), 1);
}
CryptoPan::~CryptoPan() = default;

void CryptoPan::mac(std::uint8_t* six) {
  constexpr std::uint8_t group = 0x01;
  constexpr unsigned manufacturer = 24;  // bits
  // RFC 4291: the group of a solicited node ends as the node's address.
  const bool solicited = six[0] == 0x33 && six[1] == 0x33 && six[2] == 0xff;
  if (!(six[0] & group) || solicited) replace(six, 6, manufacturer, mac_pad_);
}

void CryptoPan::replace(std::uint8_t* address, unsigned size, unsigned first, const Block& pad) {
  const auto is_zero = [&] {
    return std::all_of(address, address + size, [](std::uint8_t byte) { return byte == 0; });
  };
  if (is_zero()) return;
  const std::string_view text(reinterpret_cast<const char*>(address), size);
  Known& known = known_[std::hash<std::string_view>()(text) % known_.size()];
  if (known.size == size && std::memcmp(known.address.data(), address, size) == 0)
    return void(std::copy_n(known.pseudonym.begin(), size, address));
  known.size = static_cast<std::uint8_t>(size);
  std::copy_n(address, size, known.address.begin());
  compute(address, size, first, pad);
  // The address whose pseudonym would be zeros gets that of zeros.
  if (is_zero()) compute(address, size, first, pad);
  std::copy_n(address, size, known.pseudonym.begin());
}

// Each bit is changed or not as the first bit of an encrypted block says: the bits before it, then the rest of the pad.
void CryptoPan::compute(std::uint8_t* address, unsigned size, unsigned first, const Block& pad) {
  std::array<std::uint8_t, 128 * block_bytes> blocks;
  const unsigned bits = 8 * size;
  for (unsigned bit = first; bit < bits; ++bit) {
    std::uint8_t* block = blocks.data() + (bit - first) * block_bytes;
    std::copy(pad.begin(), pad.end(), block);
    std::copy_n(address, bit / 8, block);
    const auto mask = static_cast<std::uint8_t>(0xff00u >> bit % 8);
    block[bit / 8] = static_cast<std::uint8_t>((address[bit / 8] & mask) | (pad[bit / 8] & ~mask));
  }
  cipher_->encrypt(blocks.data(), bits - first);
  for (unsigned bit = first; bit < bits; ++bit) {
    const unsigned change = blocks[(bit - first) * block_bytes] >> 7;
    address[bit / 8] = static_cast<std::uint8_t>(address[bit / 8] ^ change << (7 - bit % 8));
  }
}

}  // namespace t2
