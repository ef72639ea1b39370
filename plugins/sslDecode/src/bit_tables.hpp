// What the bits of sslDecode's columns say: for t2 --describe and tawk -V.
#pragma once

#include "t2/row.hpp"

namespace t2::ssl_decode {

inline constexpr Bit stat_bits[] = {
    {0x00000001, "a record has another version than what came before"},
    {0x00000002, "record above 16384 bytes"},
    {0x00000004, "malformed"},
    {0x00000008, "alert: certificate expired"},
    {0x00000010, "fatal alert"},
    {0x00000020, "session id offered, or renegotiation_info"},
    {0x00000040, "the peer must send no heartbeats"},
    {0x00000080, "list of ciphers is cut"},
    {0x00000100, "list of extensions is cut"},
    {0x00000200, "list of protocols is cut"},
    {0x00000400, "name of a protocol is cut"},
    {0x00000800, "list of groups or of formats is cut"},
    {0x00004000, "SSL 2 or 3"},
    {0x00008000, "weak key: RSA and DSA below 1024 bits, elliptic curves below 224"},
    {0x00010000, "list of signature algorithms is cut"},
    {0x00020000, "list of supported versions is cut"},
    {0x00040000, "bytes are missing"},
    {0x00080000, "therefore no JA3"},
    {0x00100000, "therefore no JA4"},
    {0x00200000, "first part of JA4 was made"},
    {0x00400000, "second part of JA4 was made"},
    {0x00800000, "third part of JA4 was made"},
    {0x01000000, "insecure ciphers among those offered or chosen"},
    {0x02000000, "weak ones"},
    {0x04000000, "secure ones"},
    {0x08000000, "recommended ones"},
    {0x20000000, "list of record versions is cut"},
    {0x40000000, "list of hello versions is cut"},
};
inline constexpr Bit protocol_bits[] = {
    {0x00000001, "HTTP/1"},        {0x00000002, "HTTP/2"},       {0x00000004, "HTTP/3"}, {0x00000008, "SPDY"},
    {0x00000010, "IMAP"},          {0x00000020, "POP3"},         {0x00000040, "FTP"},    {0x00000080, "XMPP"},
    {0x00000100, "STUN"},          {0x00000200, "APNs"},         {0x00000400, "WebRTC"}, {0x00000800, "CoAP"},
    {0x00001000, "ManageSieve"},   {0x00002000, "SRTP"},         {0x00008000, "MQTT"},   {0x00010000, "ACME"},
    {0x00020000, "DICOM"},         {0x00040000, "NNTP"},         {0x00080000, "SIP"},    {0x00100000, "TDS"},
    {0x00200000, "DNS over QUIC"}, {0x00400000, "DNS over TLS"}, {0x00800000, "IRC"},    {0x01000000, "SMB"},
    {0x02000000, "SunRPC"},        {0x04000000, "NTS"},          {0x40000000, "GREASE"}, {0x80000000, "others"},
};
inline constexpr Bit flag_bits[] = {
    {0x01, "hello in the form of SSL 2"},
    {0x02, "a record has another version than what came before"},
    {0x04, "random bytes begin with a time before 1971"},
    {0x08, "they begin with a time over five years after the capture"},
    {0x10, "random bytes that are none"},
    {0x20, "DEFLATE is offered"},
};
inline constexpr Bit vulnerability_bits[] = {
    {0x01, "BEAST: SSL 3.0"},
    {0x02, "BREACH: DEFLATE"},
    {0x04, "CRIME: DEFLATE"},
    {0x10, "POODLE: SSL 3.0"},
    {0x20, "heartbeat that is longer than its record"},
};
inline constexpr Bit alert_bits[] = {
    {0x0000000000000001, "close_notify"},
    {0x0000000000000002, "unexpected_message"},
    {0x0000000000000004, "bad_record_mac"},
    {0x0000000000000008, "decryption_failed"},
    {0x0000000000000010, "record_overflow"},
    {0x0000000000000020, "decompression_failure"},
    {0x0000000000000040, "handshake_failure"},
    {0x0000000000000080, "no_certificate"},
    {0x0000000000000100, "bad_certificate"},
    {0x0000000000000200, "unsupported_certificate"},
    {0x0000000000000400, "certificate_revoked"},
    {0x0000000000000800, "certificate_expired"},
    {0x0000000000001000, "certificate_unknown"},
    {0x0000000000002000, "illegal_parameter"},
    {0x0000000000004000, "unknown_ca"},
    {0x0000000000008000, "access_denied"},
    {0x0000000000010000, "decode_error"},
    {0x0000000000020000, "decrypt_error"},
    {0x0000000000040000, "export_restriction"},
    {0x0000000000080000, "protocol_version"},
    {0x0000000000100000, "insufficient_security"},
    {0x0000000000200000, "internal_error"},
    {0x0000000000400000, "user_canceled"},
    {0x0000000000800000, "no_renegotiation"},
    {0x0000000001000000, "unsupported_extension"},
    {0x0000000002000000, "inappropriate_fallback"},
    {0x0000000004000000, "certificate_unobtainable"},
    {0x0000000008000000, "unrecognized_name"},
    {0x0000000010000000, "bad_certificate_status_response"},
    {0x0000000020000000, "bad_certificate_hash_value"},
    {0x0000000040000000, "unknown_psk_identity"},
    {0x0000000080000000, "no_application_protocol"},
    {0x0000000100000000, "missing_extension"},
    {0x0000000200000000, "certificate_required"},
    {0x8000000000000000, "one of them that is always fatal"},
};
inline constexpr Bit ech_bits[] = {
    {0x01, "encrypted client hello offered; GREASE looks the same"},
    {0x02, "encrypted server name, as drafts had it"},
};

}  // namespace t2::ssl_decode
