# Questions about flows. A test is true in the row of titles, so that filters keep it; without argument a function gives
# the value, in the row of titles the column's name.

function _t2_src() { return _t2_cell("srcIP;srcIP4;srcIP6;id_orig_h") }
function _t2_dst() { return _t2_cell("dstIP;dstIP4;dstIP6;id_resp_h") }

# tuple2() ... tuple6(): addresses, + destination port, addresses and ports, + protocol, + VLAN
function tuple2() { return _t2_src() OFS _t2_dst() }
function tuple3() { return tuple2() OFS dport() }
function tuple4() { return _t2_src() OFS sport() OFS _t2_dst() OFS dport() }
function tuple5() { return tuple4() OFS proto() }
function tuple6() { return tuple5() OFS _t2_cell("vlanID;ethVlanID;vlanHdr") }

# host(net), shost(net), dhost(net): either end, the source, the destination is the address or lies in the network
function host(net) { return net == "" ? tuple2() : hdr() || shost(net) || dhost(net) }
function shost(net) { return net == "" ? _t2_src() : hdr() || ipinnet(_t2_src(), net) }
function dhost(net) { return net == "" ? _t2_dst() : hdr() || ipinnet(_t2_dst(), net) }
# net(net), snet(net), dnet(net): the same
function net(n) { return host(n) }
function snet(n) { return shost(n) }
function dnet(n) { return dhost(n) }
# port(list), sport(list), dport(list): ports, "80;443;8000-8099"
function port(list) { return list == "" ? sport() OFS dport() : hdr() || sport(list) || dport(list) }
function sport(list,    v) { v = _t2_cell("srcPort;id_orig_p"); return list == "" ? v : hdr() || _t2_in_list(list, v) }
function dport(list,    v) { v = _t2_cell("dstPort;id_resp_p"); return list == "" ? v : hdr() || _t2_in_list(list, v) }
# proto(list): protocol numbers
function proto(list,    v) {
    v = _t2_cell("l4Proto;proto")
    if (!hdr() && v !~ /^[0-9]/) v = _t2_proto_number(v)
    return list == "" ? v : hdr() || _t2_in_list(list, v)
}
# icmp(), igmp(), tcp(), udp(), rsvp(), gre(), esp(), ah(), icmp6(), sctp(): flows of this protocol; of a number: is it this protocol?
function _t2_is_proto(value, number) { return hdr() || (value == "" ? proto() : value) == number }
function icmp(p) { return _t2_is_proto(p, 1) }
function igmp(p) { return _t2_is_proto(p, 2) }
function tcp(p) { return _t2_is_proto(p, 6) }
function udp(p) { return _t2_is_proto(p, 17) }
function rsvp(p) { return _t2_is_proto(p, 46) }
function gre(p) { return _t2_is_proto(p, 47) }
function esp(p) { return _t2_is_proto(p, 50) }
function ah(p) { return _t2_is_proto(p, 51) }
function icmp6(p) { return _t2_is_proto(p, 58) }
function sctp(p) { return _t2_is_proto(p, 132) }

function _t2_proto_names(    n, i, pairs, pair) {
    if (1 in _t2_proto) return
    n = split("1 ICMP 2 IGMP 4 IPIP 6 TCP 8 EGP 17 UDP 41 IPv6 46 RSVP 47 GRE 50 ESP 51 AH 58 ICMP6 88 EIGRP 89 OSPF 97 EtherIP 103 PIM 112 VRRP 115 L2TP 132 SCTP 136 UDPLite", pairs, " ")
    for (i = 1; i < n; i += 2) { _t2_proto[pairs[i]] = pairs[i + 1]; _t2_proto_of[tolower(pairs[i + 1])] = pairs[i] }
}
function _t2_proto_number(name) { _t2_proto_names(); return tolower(name) in _t2_proto_of ? _t2_proto_of[tolower(name)] : 0 }
# proto2str([number]): short name of a protocol
function proto2str(number) {
    if (hdr()) return number == "" ? proto() : number
    if (number == "") number = proto()
    _t2_proto_names()
    return number in _t2_proto ? _t2_proto[number] : number
}

# ip(), ipv4(), ipv6(): flows of IP, of this version
function ip() { return hdr() || bitsanyset(_t2_cell("flowStat"), 0xc000) > 0 }
function ipv4() { return hdr() || bitsanyset(_t2_cell("flowStat"), 0x4000) > 0 }
function ipv6() { return hdr() || bitsanyset(_t2_cell("flowStat"), 0x8000) > 0 }
# dhcp(), dns(), http(): flows that the plugin of this protocol has something to say about
function dhcp() { return hdr() || _t2_number(_t2_cell("dhcpStat")) != 0 }
function dns() { return hdr() || and(_t2_number(_t2_cell("dnsStat")), 0xfffffffd) != 0 }
function http() { return hdr() || _t2_number(_t2_cell("httpStat")) != 0 }

# mac(regex), smac(regex), dmac(regex): MAC addresses; also ether, sether, dether
function _t2_any(list, regex,    n, items) {
    for (n = split(list, items, ";"); n > 0; n--) if (items[n] ~ regex) return 1
    return 0
}
function mac(r) { return r == "" ? smac() OFS dmac() : hdr() || smac(r) || dmac(r) }
function smac(r) { return r == "" ? _t2_cell("srcMac") : hdr() || _t2_any(_t2_cell("srcMac"), r) }
function dmac(r) { return r == "" ? _t2_cell("dstMac") : hdr() || _t2_any(_t2_cell("dstMac"), r) }
function ether(r) { return mac(r) }
function sether(r) { return smac(r) }
function dether(r) { return dmac(r) }

# flow(list), packet(list): flows, packets with these numbers, "3;7-9"
function flow(list,    v) { v = _t2_cell("flowInd"); return list == "" ? v : hdr() || _t2_in_list(list, v) }
function packet(list,    v) { v = _t2_cell("pktNo"); return list == "" ? v : hdr() || _t2_in_list(list, v) }

# tcpflags("SA!F"): all flags before the ! are set (F S R P A U E W), none behind it; without argument .....PRSF
function tcpflags(wanted,    v, i, c, off, text) {
    v = _t2_cell("tcpFlags")
    if (hdr()) return wanted == "" ? v : 1
    v = _t2_number(v)
    if (wanted == "") {
        for (i = 8; i > 0; i--) text = text (and(v, 2 ^ (i - 1)) ? substr("FSRPAUEW", i, 1) : ".")
        return text
    }
    for (i = 1; i <= length(wanted); i++) {
        c = toupper(substr(wanted, i, 1))
        if (c == "!") { off = 1; continue }
        if (!index("FSRPAUEW", c)) _t2_fail("tcpflags(): '" c "' is no flag: F S R P A U E W")
        if ((and(v, 2 ^ (index("FSRPAUEW", c) - 1)) != 0) == off + 0) return 0
    }
    return 1
}
