# Flows in the look of nfdump: -n. Bytes and packets are those that this direction sent.

# ts(), te(), td(): start, end, duration
function ts() { return hdr() ? "Date first seen" : _t2_when("timeFirst;ts") }
function te() { return hdr() ? "Date last seen" : _t2_when("timeLast") }
function td() { return hdr() ? "Duration" : sprintf("%.3f", _t2_cell("duration")) }
function _t2_when(column,    t, parts) {
    t = _t2_cell(column)
    split(t, parts, ".")
    return strftime("%Y-%m-%d %H:%M:%S", parts[1], 1) "." substr(parts[2] "000", 1, 3)
}
# pr(), sa(), da(), sp(), dp(), sap(), dap(): protocol, addresses, ports, address and port
function pr() { return hdr() ? "Proto" : proto2str() }
function sa() { return hdr() ? "Src IP Addr" : _t2_src() }
function da() { return hdr() ? "Dst IP Addr" : _t2_dst() }
function sp() { return hdr() ? "Src Pt" : sport() }
function dp() { return hdr() ? "Dst Pt" : dport() }
function sap() { return hdr() ? "Src IP Addr:Port" : _t2_end(_t2_src(), sport()) }
function dap() { return hdr() ? "Dst IP Addr:Port" : _t2_end(_t2_dst(), dport()) }
function _t2_end(ip, port) { return ip (ip ~ /:/ ? "." : ":") port }
# pkt(), opkt(), ipkt(), byt(), obyt(), ibyt(): packets and bytes: sent (also with o), received
function pkt() { return hdr() ? "Packets" : _t2_cell("pktsSnt") }
function opkt() { return hdr() ? "Out Pkt" : _t2_cell("pktsSnt") }
function ipkt() { return hdr() ? "In Pkt" : _t2_cell("pktsRcvd") }
function _t2_bytes_sent() { return _t2_cell("l7BytesSnt;l4BytesSnt;l3BytesSnt;l2BytesSnt") }
function byt() { return hdr() ? "Bytes" : _t2_bytes_sent() }
function obyt() { return hdr() ? "Out Byte" : _t2_bytes_sent() }
function ibyt() { return hdr() ? "In Byte" : _t2_cell("l7BytesRcvd;l4BytesRcvd;l3BytesRcvd;l2BytesRcvd") }
# flg(): TCP flags
function flg() { return hdr() ? "Flags" : tcp() ? tcpflags() : "........" }
# pps(), bps(), bpp(): packets and bits a second, bytes a packet
function _t2_rate(n,    d) { d = _t2_cell("duration"); return d > 0 ? int(n / d) : 0 }
function pps() { return hdr() ? "pps" : _t2_rate(pkt()) }
function bps() { return hdr() ? "bps" : _t2_rate(8 * byt()) }
function bpp() { return hdr() ? "Bpp" : pkt() > 0 ? int(byt() / pkt()) : 0 }
# oline(), olong(), oextended(): whole lines as nfdump -o line, long, extended
function oline() { return ts() OFS td() OFS pr() OFS sap() OFS "->" OFS dap() OFS pkt() OFS byt() }
function olong() { return ts() OFS td() OFS pr() OFS sap() OFS "->" OFS dap() OFS flg() OFS pkt() OFS byt() }
function oextended() { return olong() OFS pps() OFS bps() OFS bpp() }
