// The columns of dnsDecode.
#pragma once

#include "bit_tables.hpp"

namespace t2::dns_decode {

inline constexpr Column columns[] = {
    Column("dnsStat", "Status bits", Type::h16).with(stat_bits),
    {"dnsHdrOPField", "Flags of the last message", Type::h16},
    {"dnsHFlg_OpC_RetC", "Flags of all messages, operations and return codes, bits", Type::h8, Type::h16, Type::h16},
    {"dnsCntQu_Asw_Aux_Add", "Questions, answers, authority and additional records, by the headers", Type::u16,
     Type::u16, Type::u16, Type::u16},
    {"dnsAAAqF", "Bytes of responses to those of their questions", Type::f32},
    Column("dnsQname", "Names asked for", Type::text).repeated(),
    Column("dnsAname", "Owner of each record", Type::text).repeated(),
    Column("dnsAPname", "Name or text in each record", Type::text).repeated(),
    Column("dns4Aaddress", "IPv4 address in each record", Type::ip4).repeated(),
    Column("dns6Aaddress", "IPv6 address in each record", Type::ip6).repeated(),
    Column("dnsQType", "Type of each question", Type::u16).repeated(),
    Column("dnsQClass", "Class of each question", Type::u16).repeated(),
    Column("dnsAType", "Type of each record", Type::u16).repeated(),
    Column("dnsAClass", "Class of each record", Type::u16).repeated(),
    Column("dnsATTL", "Time that each record may be kept", Type::u32).repeated().in("s"),
    Column("dnsMXpref", "MX: preference of each record", Type::u16).repeated(),
    Column("dnsSRVprio", "SRV: priority of each record", Type::u16).repeated(),
    Column("dnsSRVwgt", "SRV: weight of each record", Type::u16).repeated(),
    Column("dnsSRVprt", "SRV: port of each record", Type::u16).repeated(),
    Column("dnsOptStat", "OPT: extended return code, version and flags", Type::h32).repeated(),
};

}  // namespace t2::dns_decode
