// Bits of httpSniffer's columns: bit_tables.hpp says what they mean.
#pragma once

#include <cstdint>

namespace t2::http_sniffer {

namespace stat {
inline constexpr std::uint16_t full = 0x0001, cut = 0x0002, url = 0x0004, http = 0x0008, chunked = 0x0010,
                               detected = 0x0020, headers = 0x0040;
}
namespace anomaly {
inline constexpr std::uint16_t post_query = 0x0001, host_ip4 = 0x0002, parse = 0x0020, no_type = 0x0040, xss = 0x0100,
                               csp = 0x0200, do_not_track = 0x0400, exe = 0x1000, elf = 0x2000, http10 = 0x4000;
}
namespace content {
inline constexpr std::uint16_t refresh = 0x0002, boundary = 0x0008, http = 0x0010, playlist = 0x0020;
}
namespace version {
inline constexpr std::uint8_t http10 = 0x01, http11 = 0x02, http2 = 0x04, sip = 0x08, other = 0x10;
}

}  // namespace t2::http_sniffer
