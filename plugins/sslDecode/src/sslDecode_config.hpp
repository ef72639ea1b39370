// The flags of sslDecode.h as values. The code asks these, with `if constexpr`, and no macro.
#pragma once

#include <cstddef>

#include "sslDecode.h"

namespace t2::ssl_decode::config {

inline constexpr bool quic = SSL_ANALYZE_QUIC == 1;
inline constexpr bool certificates = SSL_ANALYZE_CERT == 1;
inline constexpr bool ja3 = SSL_JA3 == 1, ja4 = SSL_JA4 == 1;

// Entries of the lists, and whether they are columns.
inline constexpr std::size_t max_extensions = SSL_MAX_EXT, max_record_versions = SSL_MAX_REC_VER,
                             max_hello_versions = SSL_MAX_HAND_VER, max_supported_versions = SSL_MAX_SUPP_VER,
                             max_signatures = SSL_MAX_SIG_ALG, max_groups = SSL_MAX_EC,
                             max_formats = SSL_MAX_EC_FORMATS, max_protocols = SSL_MAX_PROTO,
                             max_protocol_name = SSL_PROTO_LEN, max_ciphers = SSL_MAX_CIPHER;
inline constexpr bool extensions = SSL_EXT_LIST == 1, record_versions = SSL_REC_VER == 1,
                      hello_versions = SSL_HAND_VER == 1, supported_versions = SSL_SUPP_VER == 1,
                      signatures = SSL_SIG_ALG == 1, groups = SSL_EC == 1, formats = SSL_EC_FORMATS == 1,
                      alpn = SSL_ALPN_LIST == 1, alps = SSL_ALPS_LIST == 1, npn = SSL_NPN_LIST == 1,
                      ciphers = SSL_CIPHER_LIST == 1;

}  // namespace t2::ssl_decode::config
