// A keyed hash of what senders of packets choose: without its secret words they cannot construct input that collides.
//
// NH, the universal hash of UMAC (Black, Halevi, Krawczyk, Krovetz, Rogaway, "UMAC: Fast and Secure Message
// Authentication", CRYPTO 1999; RFC 4418), with words of 64 bits: the sum of (x + secret) * (y + other secret). Theorem
// 4.2 there: any two different inputs of one length have the same sum with a probability of at most 2^-64 over the
// secret words, so neither words that cancel nor words that become zero can be chosen. One more product with secret
// words, folded as in wyhash and XXH3, brings the sum to 64 bits: what inputs have in common (steps, few bits that
// differ) does not show in the bits that choose a slot. Inputs of different lengths meet different secret words.
//
// Nothing that is written may depend on the seed. Used by any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <unistd.h>

namespace t2 {

class KeyedHash {
 public:
  KeyedHash() : KeyedHash(random_seed()) {}
  explicit KeyedHash(std::uint64_t seed) {
    for (std::uint64_t& word : secret_) {  // SplitMix64 (Steele, Lea, Flood 2014)
      std::uint64_t z = seed += 0x9e3779b97f4a7c15u;
      z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
      z = (z ^ z >> 27) * 0x94d049bb133111ebu;
      word = z ^ z >> 31;
    }
  }

  static std::uint64_t random_seed() {  // of the kernel: getentropy(3)
    std::uint64_t seed = 0;
    if (getentropy(&seed, sizeof seed) != 0) throw std::runtime_error("The kernel gives no random numbers");
    return seed;
  }

  // Of up to eight words, an even number. All 64 bits are equally good.
  template <class... Words>
  [[gnu::always_inline]] std::uint64_t operator()(Words... words) const {
    constexpr std::size_t count = sizeof...(Words);
    static_assert(count % 2 == 0 && count <= max_words);
    const std::array<std::uint64_t, count> word{words...};
    Wide sum = 0;
    for (std::size_t i = 0; i < count; i += 2) sum += Wide{word[i] + secret_[i]} * (word[i + 1] + secret_[i + 1]);
    const Wide product = Wide{static_cast<std::uint64_t>(sum) + secret_[max_words]} *
                         (static_cast<std::uint64_t>(sum >> 64) + secret_[max_words + 1]);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr std::size_t max_words = 8;
  std::array<std::uint64_t, max_words + 2> secret_;
};

}  // namespace t2
