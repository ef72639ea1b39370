// The fast checksum against the definition, for every small length, alignment and end.
#include "../src/checksum.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <vector>

namespace t2::test::checksum_test {

using t2::tcp_flags::as_word;
using t2::tcp_flags::fold;
using t2::tcp_flags::sum_words;

namespace {

// Sum of big-endian words as RFC 1071 defines it, as two bytes in network order.
std::vector<std::uint8_t> plain(const std::uint8_t* data, std::size_t bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    sum += std::uint32_t{data[i]} << (i % 2 ? 0 : 8);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return {static_cast<std::uint8_t>(sum >> 8), static_cast<std::uint8_t>(sum)};
}

std::vector<std::uint8_t> fast(const std::uint8_t* data, std::size_t bytes) {
  const std::uint16_t sum = fold(sum_words(data, bytes));
  std::vector<std::uint8_t> stored(2);
  std::memcpy(stored.data(), &sum, 2);
  return stored;
}

}  // namespace

TEST_CASE("tcpFlags: the fast checksum agrees with the definition", "[tcpFlags][checksum]") {
  std::srand(7);
  for (std::size_t bytes = 0; bytes < 400; ++bytes)
    for (std::size_t offset = 0; offset < 9; ++offset) {
      std::vector<std::uint8_t> data(offset + bytes);  // exactly as long: a read behind the end is found by sanitizers
      for (auto& byte : data) byte = static_cast<std::uint8_t>(std::rand());
      REQUIRE(fast(data.data() + offset, bytes) == plain(data.data() + offset, bytes));
      REQUIRE(fold(t2::tcp_flags::detail::sum_any(data.data() + offset, bytes)) ==
              fold(sum_words(data.data() + offset, bytes)));  // any machine
    }
}

TEST_CASE("tcpFlags: the checksum behind other bytes agrees with the definition", "[tcpFlags][checksum]") {
  std::srand(8);
  for (std::size_t bytes = 0; bytes < 400; ++bytes)
    for (std::size_t offset = 0; offset < 9; ++offset) {
      const std::size_t before = bytes < 32 ? 32 - bytes + offset : offset;
      std::vector<std::uint8_t> data(before + bytes);
      for (auto& byte : data) byte = static_cast<std::uint8_t>(std::rand());
      REQUIRE(fold(t2::tcp_flags::sum_words_behind(data.data() + before, bytes)) ==
              fold(sum_words(data.data() + before, bytes)));
      REQUIRE(fold(t2::tcp_flags::detail::sum_behind_any(data.data() + before, bytes)) ==
              fold(sum_words(data.data() + before, bytes)));
    }
  const std::vector<std::uint8_t> ones(65535, 0xff);
  for (const std::size_t bytes : {65534u, 65535u}) {
    CHECK(fold(t2::tcp_flags::sum_words_behind(ones.data(), bytes)) == fold(sum_words(ones.data(), bytes)));
    CHECK(fold(t2::tcp_flags::detail::sum_behind_any(ones.data(), bytes)) == fold(sum_words(ones.data(), bytes)));
  }
}

TEST_CASE("tcpFlags: carries of large blocks are kept", "[tcpFlags][checksum]") {
  const std::vector<std::uint8_t> ones(65535, 0xff);
  CHECK(fast(ones.data(), 65534) == std::vector<std::uint8_t>{0xff, 0xff});
  CHECK(fast(ones.data(), 65535) == plain(ones.data(), 65535));
  const std::vector<std::uint8_t> more(3 * 131072 + 77, 0xff);  // lanes are emptied in between
  CHECK(fast(more.data(), more.size()) == plain(more.data(), more.size()));
  const std::vector<std::uint8_t> zeros(100);
  CHECK(fold(sum_words(zeros.data(), 100)) == 0);
}

TEST_CASE("tcpFlags: a header with its checksum folds to all ones", "[tcpFlags][checksum]") {
  const std::uint8_t header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  CHECK(fold(sum_words(header, sizeof header)) == 0xffff);
  const std::uint8_t number[] = {0x12, 0x34};
  CHECK(as_word(0x1234) == sum_words(number, 2));
}

}  // namespace t2::test::checksum_test
