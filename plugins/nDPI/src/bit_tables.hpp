// What the bits of nDPIRisk say: for t2 --describe and tawk -V. The library numbers its risks so since version 4.0.
#pragma once

#include "t2/row.hpp"

namespace t2::ndpi {

inline constexpr Bit risk_bits[] = {
    {0x0000000000000002, "XSS attack"},
    {0x0000000000000004, "SQL injection"},
    {0x0000000000000008, "RCE injection"},
    {0x0000000000000010, "binary application transfer"},
    {0x0000000000000020, "known protocol on another port"},
    {0x0000000000000040, "self-signed certificate"},
    {0x0000000000000080, "obsolete TLS version"},
    {0x0000000000000100, "weak TLS cipher"},
    {0x0000000000000200, "expired TLS certificate"},
    {0x0000000000000400, "TLS certificate of another name"},
    {0x0000000000000800, "suspicious HTTP user agent"},
    {0x0000000000001000, "HTTP host is an address"},
    {0x0000000000002000, "suspicious HTTP URL"},
    {0x0000000000004000, "suspicious HTTP header"},
    {0x0000000000008000, "TLS that carries no HTTPS"},
    {0x0000000000010000, "suspicious DGA domain name"},
    {0x0000000000020000, "malformed packet"},
    {0x0000000000040000, "obsolete SSH client"},
    {0x0000000000080000, "obsolete SSH server"},
    {0x0000000000100000, "insecure SMB version"},
    {0x0000000000200000, "suspicious use of ESNI in TLS"},
    {0x0000000000400000, "unsafe protocol"},
    {0x0000000000800000, "suspicious DNS traffic"},
    {0x0000000001000000, "TLS without a server name"},
    {0x0000000002000000, "suspicious HTTP content"},
    {0x0000000004000000, "risky AS"},
    {0x0000000008000000, "risky domain name"},
    {0x0000000010000000, "JA3 of malware"},
    {0x0000000020000000, "certificate of malware"},
    {0x0000000040000000, "remote desktop or file sharing"},
    {0x0000000080000000, "uncommon ALPN in TLS"},
    {0x0000000100000000, "TLS certificate that is valid for too long"},
    {0x0000000200000000, "suspicious extension in TLS"},
    {0x0000000400000000, "fatal alert of TLS"},
    {0x0000000800000000, "suspicious entropy"},
    {0x0000001000000000, "credentials in clear text"},
    {0x0000002000000000, "DNS packet of more than 512 bytes"},
    {0x0000004000000000, "DNS message in fragments"},
    {0x0000008000000000, "text with characters that cannot be printed"},
    {0x0000010000000000, "possible exploit"},
    {0x0000020000000000, "TLS certificate that is about to expire"},
};

}  // namespace t2::ndpi
