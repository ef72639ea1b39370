// The columns of sslDecode: which there are under the flags.
#pragma once

#include "bit_tables.hpp"
#include "sslDecode_config.hpp"
#include "t2/flags.hpp"

namespace t2::ssl_decode {

constexpr Column list_of(std::string_view name, std::string_view meaning, Type type) {
  return Column(name, meaning, type).repeated();
}

inline constexpr ColumnIf column_table[] = {
    {Column("sslStat", "Status bits", Type::h32).with(stat_bits)},
    {Column("sslProto", "Application protocols offered or chosen, bits", Type::h32).with(protocol_bits)},
    {Column("sslFlags", "Remarkable values of records and hellos, bits", Type::h8).with(flag_bits)},
    {{"sslVersion", "Version: the server's choice, else the best one offered", Type::h16}},
    {{"sslNumRecVer", "Number of versions of records", Type::u16}},
    {list_of("sslRecVer", "Versions of records", Type::h16), config::record_versions},
    {{"sslNumHandVer", "Number of versions of hellos", Type::u16}},
    {list_of("sslHandVer", "Versions of hellos", Type::h16), config::hello_versions},
    {Column("sslVuln", "Vulnerabilities, bits", Type::h8).with(vulnerability_bits)},
    {Column("sslAlert", "Alerts, bits", Type::h64).with(alert_bits)},
    {{"sslCipher", "Chosen cipher, or the first one offered", Type::h16}},
    {{"sslNumExt", "Number of extensions", Type::u16}},
    {list_of("sslExtList", "Extensions", Type::h16), config::extensions},
    {{"sslNumSuppVer", "Number of supported versions", Type::u16}},
    {list_of("sslSuppVer", "Supported versions", Type::h16), config::supported_versions},
    {{"sslNumSigAlg", "Number of signature algorithms", Type::u16}},
    {list_of("sslSigAlg", "Signature algorithms", Type::h16), config::signatures},
    {{"sslNumECPt", "Number of supported groups", Type::u16}},
    {list_of("sslECPt", "Supported groups", Type::h16), config::groups},
    {{"sslNumECFormats", "Number of point formats", Type::u8}},
    {list_of("sslECFormats", "Point formats", Type::h8), config::formats},
    {{"sslNumALPN", "Number of protocols in ALPN", Type::u16}},
    {list_of("sslALPNList", "Protocols in ALPN", Type::text), config::alpn},
    {{"sslNumALPS", "Number of protocols in ALPS", Type::u16}},
    {list_of("sslALPSList", "Protocols in ALPS", Type::text), config::alps},
    {{"sslNumNPN", "Number of protocols in NPN", Type::u16}},
    {list_of("sslNPNList", "Protocols in NPN", Type::text), config::npn},
    {{"sslNumCipher", "Number of ciphers", Type::u16}},
    {list_of("sslCipherList", "Ciphers", Type::h16), config::ciphers},
    {{"sslNumCC_A_H_AD_HB", "Records: change cipher, alert, handshake, application data, heartbeat", Type::u16,
      Type::u16, Type::u16, Type::u64, Type::u64}},
    {{"sslSessIdLen", "Length of the session id", Type::u8}},
    {list_of("sslGMTTime", "First four random bytes as a time", Type::time)},
    {list_of("sslServerName", "Name of the server (SNI)", Type::text)},
    {list_of("sslCertVersion", "Certificate: version", Type::u8), config::certificates},
    {list_of("sslCertSerial", "Certificate: serial number", Type::label), config::certificates},
    {list_of("sslCertSha1FP", "Certificate: SHA-1 fingerprint", Type::label), config::certificates},
    {Column("sslCNotValidBefore_after_lifetime", "Certificate: valid from, until, seconds between", Type::time,
            Type::time, Type::u64)
         .repeated(),
     config::certificates},
    {list_of("sslCSigAlg", "Certificate: signature algorithm", Type::text), config::certificates},
    {list_of("sslCKeyAlg", "Certificate: algorithm of the public key", Type::text), config::certificates},
    {Column("sslCPKeyType_Size", "Certificate: type and bits of the public key", Type::label, Type::u16).repeated(),
     config::certificates},
    {list_of("sslCSubjectCommonName", "Certificate: subject, common name", Type::text), config::certificates},
    {list_of("sslCSubjectOrgName", "Certificate: subject, organisation", Type::text), config::certificates},
    {list_of("sslCSubjectOrgUnit", "Certificate: subject, unit", Type::text), config::certificates},
    {list_of("sslCSubjectLocality", "Certificate: subject, locality", Type::text), config::certificates},
    {list_of("sslCSubjectState", "Certificate: subject, state", Type::text), config::certificates},
    {list_of("sslCSubjectCountry", "Certificate: subject, country", Type::label), config::certificates},
    {list_of("sslCIssuerCommonName", "Certificate: issuer, common name", Type::text), config::certificates},
    {list_of("sslCIssuerOrgName", "Certificate: issuer, organisation", Type::text), config::certificates},
    {list_of("sslCIssuerOrgUnit", "Certificate: issuer, unit", Type::text), config::certificates},
    {list_of("sslCIssuerLocality", "Certificate: issuer, locality", Type::text), config::certificates},
    {list_of("sslCIssuerState", "Certificate: issuer, state", Type::text), config::certificates},
    {list_of("sslCIssuerCountry", "Certificate: issuer, country", Type::label), config::certificates},
    {list_of("sslJA3Hash", "JA3, of a server JA3S", Type::label), config::ja3},
    {list_of("sslJA3Desc", "What SSL_JA3_FILE says of it", Type::text), config::ja3},
    {list_of("sslJA4", "JA4, of a server JA4S", Type::label), config::ja4},
    {list_of("sslJA4Desc", "What SSL_JA4_FILE says of it", Type::text), config::ja4},
    {Column("sslEch", "Encrypted client hello: 0x01: offered, 0x02: encrypted server name of its drafts", Type::h8)
         .with(ech_bits)},
    {list_of("sslQuicVersion", "Version of QUIC", Type::h32), config::quic},
};
inline constexpr auto columns = present_columns<column_table>();

}  // namespace t2::ssl_decode
