// How good a cipher suite is, by its number.
#pragma once

#include <cstdint>

namespace t2::ssl_decode {

enum CipherClass : std::uint8_t { insecure_cipher = 1, weak_cipher = 2, secure_cipher = 4, recommended_cipher = 8 };

// Bits of CipherClass; 0: of no class.
std::uint8_t cipher_class(std::uint16_t cipher);

}  // namespace t2::ssl_decode
