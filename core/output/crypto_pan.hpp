// Pseudonyms of addresses: Crypto-PAn (J. Xu, J. Fan, M. Ammar, S. Moon, 2002). Two addresses that have their first n
// bits in common have pseudonyms that have so, too; with one key an address has one pseudonym, in all runs.
//
// IPv4 and IPv6 as the authors' program and its descendants make them. Of MAC addresses the first three bytes stay,
// which name the manufacturer. Addresses of zeros, and MAC addresses of groups but those of solicited nodes, stay: they
// name no device. Not safe for several threads: each worker has its own.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace t2 {

using AnonymisationKey = std::array<std::uint8_t, 32>;

// The bytes of a file. Throws Error if it does not have 32.
AnonymisationKey read_anonymisation_key(const std::string& path);

class CryptoPan {
 public:
  explicit CryptoPan(const AnonymisationKey& key);  // throws Error: libcrypto is missing
  ~CryptoPan();
  CryptoPan(const CryptoPan&) = delete;
  CryptoPan& operator=(const CryptoPan&) = delete;

  // In place.
  void ip4(std::uint8_t* four) { replace(four, 4, 0, pad_); }
  void ip6(std::uint8_t* sixteen) { replace(sixteen, 16, 0, pad_); }
  void mac(std::uint8_t* six);

 private:
  using Block = std::array<std::uint8_t, 16>;
  struct Cipher;
  struct Known {
    std::uint8_t size = 0;
    Block address, pseudonym;
  };
  // The bits from `first` on.
  void replace(std::uint8_t* address, unsigned size, unsigned first, const Block& pad);
  void compute(std::uint8_t* address, unsigned size, unsigned first, const Block& pad);

  std::unique_ptr<Cipher> cipher_;
  Block pad_{}, mac_pad_{};
  std::vector<Known> known_;  // by a hash of the address: the last one that had it
};

}  // namespace t2
