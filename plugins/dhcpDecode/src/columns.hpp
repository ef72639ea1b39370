// The columns of dhcpDecode.
#pragma once

#include "bit_tables.hpp"

namespace t2::dhcp_decode {

inline constexpr Column columns[] = {
    Column("dhcpStat", "Status bits", Type::h16).with(stat_bits),
    Column("dhcpMType", "Types of messages, each once", Type::u8).repeated(),
    {"dhcpHWType", "Bits of the types of hardware", Type::h64},
    Column("dhcpCHWAdd", "MAC addresses of clients", Type::mac).repeated(),
    {"dhcpNetmask", "Network mask", Type::ip4},
    {"dhcpGWIP", "First router", Type::ip4},
    {"dhcpDnsIP", "First name server", Type::ip4},
    {"dhcpHopCnt", "Bits of the numbers of hops", Type::h32},
    {"dhcpSrvName", "Name of the server", Type::text},
    {"dhcpBootFile", "Name of the boot file", Type::text},
    {"dhcpOptCnt", "Number of options", Type::u16},
    Column("dhcpOpts", "Options, each once", Type::u16).repeated(),
    Column("dhcpHosts", "Host names", Type::text).repeated(),
    Column("dhcpDomains", "Domains", Type::text).repeated(),
    Column("dhcpMaxSecEl", "Most seconds since a client began", Type::u16).in("s"),
    Column("dhcpLeaseT", "Time that addresses are lent for", Type::u32).in("s"),
    Column("dhcpRenewT", "Time until a lease is renewed", Type::u32).in("s"),
    Column("dhcpRebindT", "Time until any server is asked", Type::u32).in("s"),
    {"dhcpReqIP", "Address that is asked for", Type::ip4},
    {"dhcpCliIP", "Address of the client", Type::ip4},
    {"dhcpYourIP", "Address that the client gets", Type::ip4},
    {"dhcpNextServer", "Server to boot from", Type::ip4},
    {"dhcpRelay", "Relay agent", Type::ip4},
    {"dhcpSrvId", "Address of the server", Type::ip4},
    {"dhcpMsg", "Text of an error", Type::text},
    Column("dhcpParams", "Parameters that a client asks for (option 55; DHCPv6: 6)", Type::u16).repeated(),
    {"dhcpVendor", "Vendor class of the client (option 60; DHCPv6: 16)", Type::text},
    {"dhcpFqdn", "Full name of the client (option 81; DHCPv6: 39)", Type::text},
    {"dhcpCircuit", "Circuit that a relay names (option 82; DHCPv6: 18), as hex", Type::label},
    {"dhcp6CliId", "DHCPv6: identifier of the client, as hex", Type::label},
    {"dhcp6SrvId", "DHCPv6: identifier of the server, as hex", Type::label},
    Column("dhcp6Addr_Len", "DHCPv6: addresses and prefixes, with their length", Type::ip6, Type::u8).repeated(),
    {"dhcp6Dns", "DHCPv6: first name server", Type::ip6},
    {"dhcp6Status", "DHCPv6: last status code", Type::u16},
};

}  // namespace t2::dhcp_decode
