#include "ciphers.hpp"

#include <algorithm>
#include <iterator>

namespace t2::ssl_decode {

namespace {

struct CipherRange {
  std::uint16_t first, last;
  std::uint8_t classes;
};
// Ranges of the IANA registry by their class in ciphersuite.info, ascending.
constexpr CipherRange cipher_ranges[] = {
    {0x0000, 0x0006, insecure_cipher},
    {0x0007, 0x0007, weak_cipher},
    {0x0008, 0x0009, insecure_cipher},
    {0x000a, 0x000a, weak_cipher},
    {0x000b, 0x000c, insecure_cipher},
    {0x000d, 0x000d, weak_cipher},
    {0x000e, 0x000f, insecure_cipher},
    {0x0010, 0x0010, weak_cipher},
    {0x0011, 0x0012, insecure_cipher},
    {0x0013, 0x0013, weak_cipher},
    {0x0014, 0x0015, insecure_cipher},
    {0x0016, 0x0016, weak_cipher},
    {0x0017, 0x001b, insecure_cipher},
    {0x001e, 0x001e, insecure_cipher},
    {0x001f, 0x001f, weak_cipher},
    {0x0020, 0x0020, insecure_cipher},
    {0x0021, 0x0021, weak_cipher},
    {0x0022, 0x002e, insecure_cipher},
    {0x002f, 0x0033, weak_cipher},
    {0x0034, 0x0034, insecure_cipher},
    {0x0035, 0x0039, weak_cipher},
    {0x003a, 0x003b, insecure_cipher},
    {0x003c, 0x0045, weak_cipher},
    {0x0046, 0x0046, insecure_cipher},
    {0x0067, 0x006b, weak_cipher},
    {0x006c, 0x006d, insecure_cipher},
    {0x0084, 0x0088, weak_cipher},
    {0x0089, 0x008a, insecure_cipher},
    {0x008b, 0x008d, weak_cipher},
    {0x008e, 0x008e, insecure_cipher},
    {0x008f, 0x0091, weak_cipher},
    {0x0092, 0x0092, insecure_cipher},
    {0x0093, 0x009a, weak_cipher},
    {0x009b, 0x009b, insecure_cipher},
    {0x009c, 0x00a5, weak_cipher},
    {0x00a6, 0x00a7, insecure_cipher},
    {0x00a8, 0x00af, weak_cipher},
    {0x00b0, 0x00b1, insecure_cipher},
    {0x00b2, 0x00b3, weak_cipher},
    {0x00b4, 0x00b5, insecure_cipher},
    {0x00b6, 0x00b7, weak_cipher},
    {0x00b8, 0x00b9, insecure_cipher},
    {0x00ba, 0x00be, weak_cipher},
    {0x00bf, 0x00bf, insecure_cipher},
    {0x00c0, 0x00c4, weak_cipher},
    {0x00c5, 0x00c7, insecure_cipher},
    {0x1301, 0x1303, recommended_cipher | secure_cipher},
    {0x1304, 0x1305, secure_cipher},
    {0xc001, 0xc002, insecure_cipher},
    {0xc003, 0xc005, weak_cipher},
    {0xc006, 0xc007, insecure_cipher},
    {0xc008, 0xc00a, weak_cipher},
    {0xc00b, 0xc00c, insecure_cipher},
    {0xc00d, 0xc00f, weak_cipher},
    {0xc010, 0xc011, insecure_cipher},
    {0xc012, 0xc014, weak_cipher},
    {0xc015, 0xc019, insecure_cipher},
    {0xc01a, 0xc02a, weak_cipher},
    {0xc02b, 0xc02c, recommended_cipher | secure_cipher},
    {0xc02d, 0xc02e, weak_cipher},
    {0xc02f, 0xc030, secure_cipher},
    {0xc031, 0xc032, weak_cipher},
    {0xc033, 0xc033, insecure_cipher},
    {0xc034, 0xc038, weak_cipher},
    {0xc039, 0xc03b, insecure_cipher},
    {0xc03c, 0xc045, weak_cipher},
    {0xc046, 0xc047, insecure_cipher},
    {0xc048, 0xc059, weak_cipher},
    {0xc05a, 0xc05b, insecure_cipher},
    {0xc05c, 0xc05d, recommended_cipher | secure_cipher},
    {0xc05e, 0xc05f, weak_cipher},
    {0xc060, 0xc061, secure_cipher},
    {0xc062, 0xc083, weak_cipher},
    {0xc084, 0xc085, insecure_cipher},
    {0xc086, 0xc087, recommended_cipher | secure_cipher},
    {0xc088, 0xc089, weak_cipher},
    {0xc08a, 0xc08b, secure_cipher},
    {0xc08c, 0xc0ab, weak_cipher},
    {0xc0ac, 0xc0af, secure_cipher},
    {0xc0b0, 0xc0b1, recommended_cipher | secure_cipher},
    {0xc0b2, 0xc0b3, secure_cipher},
    {0xc0b4, 0xc0b5, insecure_cipher},
    {0xc100, 0xc106, insecure_cipher},
    {0xcca8, 0xcca8, secure_cipher},
    {0xcca9, 0xcca9, recommended_cipher | secure_cipher},
    {0xccaa, 0xccab, weak_cipher},
    {0xccac, 0xccac, recommended_cipher | secure_cipher},
    {0xccad, 0xccae, weak_cipher},
    {0xd001, 0xd002, recommended_cipher | secure_cipher},
    {0xd003, 0xd003, secure_cipher},
    {0xd005, 0xd005, secure_cipher},
};

}  // namespace

std::uint8_t cipher_class(std::uint16_t cipher) {
  const CipherRange* found =
      std::upper_bound(std::begin(cipher_ranges), std::end(cipher_ranges), cipher,
                       [](std::uint16_t c, const CipherRange& range) { return c < range.first; });
  if (found == std::begin(cipher_ranges)) return 0;
  --found;
  return cipher <= found->last ? found->classes : std::uint8_t{0};
}

}  // namespace t2::ssl_decode
