# IP addresses: numbers of 32 and 128 bits (gawk -M), texts, networks.

# isip("192.0.2.1"): is it a dotted IPv4 address?
function isip(ip,    n, i, parts) {
    n = split(ip, parts, ".")
    if (n != 4) return 0
    for (i = 1; i <= 4; i++) if (parts[i] !~ /^[0-9]{1,3}$/ || parts[i] > 255) return 0
    return 1
}
# isip6(ip): is it an IPv6 address?
function isip6(ip) { return ip ~ /^[0-9A-Fa-f:]*:[0-9A-Fa-f:]*(:[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)?$/ && ip ~ /:.*:/ && _t2_ip6(ip) >= 0 }
# isiphex(ip): is it an address such as 0xc0000201?
function isiphex(ip) { return ip ~ /^0[xX][0-9A-Fa-f]{1,8}$/ }
# isipnum(ip): is it an address as a decimal number?
function isipnum(ip) { return ip ~ /^[0-9]+$/ && ip + 0 <= 4294967295 }
# isipstr(ip): is it an address as text, of IPv4 or IPv6?
function isipstr(ip) { return isip(ip) || isip6(ip) }

function _t2_ip4(ip,    parts) {
    split(ip, parts, ".")
    return ((parts[1] * 256 + parts[2]) * 256 + parts[3]) * 256 + parts[4]
}
# The number of an IPv6 address, -1: it is none.
function _t2_ip6(ip,    halves, n, i, left, right, a, b, number, tail, count) {
    if (match(ip, /[0-9]+\.[0-9.]+$/)) {
        tail = substr(ip, RSTART)
        if (!isip(tail)) return -1
        tail = _t2_ip4(tail)
        ip = substr(ip, 1, RSTART - 1) sprintf("%x:%x", int(tail / 65536), tail % 65536)
    }
    n = split(ip, halves, "::")
    if (n > 2) return -1
    a = split(halves[1], left, ":")
    b = n == 2 ? split(halves[2], right, ":") : 0
    if (n == 2 ? a + b > 7 : a != 8) return -1
    number = 0
    for (i = 1; i <= 8; i++) {
        tail = i <= a ? left[i] : i > 8 - b ? right[i - 8 + b] : "0"
        if (tail !~ /^[0-9A-Fa-f]{1,4}$/) return -1
        number = number * 65536 + strtonum("0x" tail)
    }
    return number
}

# Family (4, 6; 0: none) and number of an address in any form.
function _t2_address(ip, to) {
    to["family"] = 4
    if (isip(ip)) to["number"] = _t2_ip4(ip)
    else if (isiphex(ip)) to["number"] = strtonum(ip)
    else if (isipnum(ip)) to["number"] = ip + 0
    else if (ip ~ /:/ && (to["number"] = _t2_ip6(ip)) >= 0) to["family"] = 6
    else to["family"] = to["number"] = 0
    return to["family"]
}

# ip2num(ip): an address as a number
function ip2num(ip,    to) {
    if (hdr()) return ip
    _t2_address(ip, to)
    return to["number"]
}
# ip2hex(ip): an address as 0x and digits
function ip2hex(ip,    to) {
    if (hdr()) return ip
    return _t2_address(ip, to) == 6 ? sprintf("0x%032x", to["number"]) : sprintf("0x%08x", to["number"])
}
# ip2str(number): an IPv4 address as dotted text
function ip2str(ip,    to, n) {
    if (hdr() || isipstr(ip)) return ip
    if (_t2_address(ip, to) != 4) return ip
    n = to["number"]
    return int(n / 16777216) "." int(n / 65536) % 256 "." int(n / 256) % 256 "." n % 256
}
# ip62str(number): an IPv6 address as compressed text
function ip62str(ip,    n) {
    if (hdr() || ip ~ /:/) return ip6compress(ip)
    n = ip ~ /^0[xX]/ ? strtonum(ip) : ip + 0
    return ip6compress(_t2_groups(n))
}
function _t2_groups(n,    i, text) {
    for (i = 0; i < 8; i++) {
        text = sprintf("%x", n % 65536) (i ? ":" text : "")
        n = int(n / 65536)
    }
    return text
}
# ip6expand(ip[, trim]): all eight groups, with trim without leading zeros
function ip6expand(ip, trim,    n, i, groups, text) {
    if (hdr() || (n = _t2_ip6(ip)) < 0) return ip
    text = _t2_groups(n)
    if (trim) return text
    split(text, groups, ":")
    text = ""
    for (i = 1; i <= 8; i++) text = text (i > 1 ? ":" : "") sprintf("%04x", strtonum("0x" groups[i]))
    return text
}
# ip6compress(ip): the short form, the longest run of zeros left out
function ip6compress(ip,    n, i, groups, run, best, size, text) {
    if (hdr() || (n = _t2_ip6(ip)) < 0) return ip
    split(_t2_groups(n), groups, ":")
    size = 1
    for (i = 1; i <= 8; i++) {
        run = groups[i] == "0" ? run + 1 : 0
        if (run > size) { size = run; best = i - run + 1 }
    }
    for (i = 1; i <= 8; i++) {
        if (i == best) { text = text "::"; i += size - 1; continue }
        text = text (text == "" || text ~ /::$/ ? "" : ":") groups[i]
    }
    return text
}

# mask2ip(bits), mask2ipstr(bits): an IPv4 mask of so many bits, as number, as text
function mask2ip(bits) { return 4294967296 - 2 ^ (32 - bits) }
function mask2ipstr(bits) { return ip2str(mask2ip(bits)) }
# mask2ip6(bits), mask2ip6str(bits): an IPv6 mask of so many bits, as number, as text
function mask2ip6(bits) { return 2 ^ 128 - 2 ^ (128 - bits) }
function mask2ip6str(bits) { return ip62str(mask2ip6(bits)) }
# ip2mask(mask): how many bits an IPv4 or IPv6 mask has
function ip2mask(mask,    to, bits, n) {
    bits = _t2_address(mask, to) == 6 ? 128 : 32
    n = 2 ^ bits - to["number"]
    while (n > 1) { n /= 2; bits-- }
    return bits
}

# ipinnet(ip, net[, mask]): does the address lie in the network (192.0.2.0/24, 2001:db8::/32, or net and mask)?
function ipinnet(ip, net, mask,    key, to, parts, bits) {
    if (hdr()) return 1
    key = net SUBSEP mask
    if (!(key in _t2_net_family)) {
        if (mask == "" && split(net, parts, "/") == 2) { net = parts[1]; mask = parts[2] }
        if (!_t2_address(net, to)) _t2_fail("'" net "' is no address or network")
        bits = to["family"] == 6 ? 128 : 32
        if (mask ~ /[.:x]/) mask = ip2mask(mask)
        else if (mask == "") mask = bits
        if (mask !~ /^[0-9]+$/ || mask + 0 > bits) _t2_fail("'" net "/" mask "' is no network")
        _t2_net_size[key] = 2 ^ (bits - mask)
        _t2_net_number[key] = int(to["number"] / _t2_net_size[key])
        _t2_net_family[key] = to["family"]
    }
    if (!(ip in _t2_ip_family)) {
        _t2_ip_family[ip] = _t2_address(ip, to)
        _t2_ip_number[ip] = to["number"]
    }
    return _t2_ip_family[ip] == _t2_net_family[key] && int(_t2_ip_number[ip] / _t2_net_size[key]) == _t2_net_number[key]
}
# ipinrange(ip, low, high): does the address lie between the two, these included?
function ipinrange(ip, low, high,    a, b, c) {
    if (hdr()) return 1
    if (!_t2_address(low, b) || _t2_address(high, c) != b["family"]) _t2_fail("'" low "' to '" high "' is no range of addresses")
    return _t2_address(ip, a) == b["family"] && a["number"] >= b["number"] && a["number"] <= c["number"]
}
# loopback(ip), mcast(ip), privip(ip): loopback, multicast, private (RFC 1918, unique local, link local) address
function loopback(ip) { return hdr() || ipinnet(ip, "127.0.0.0/8") || ipinnet(ip, "::1") }
function mcast(ip) { return hdr() || ipinnet(ip, "224.0.0.0/4") || ipinnet(ip, "ff00::/8") }
function privip(ip) {
    return hdr() || ipinnet(ip, "10.0.0.0/8") || ipinnet(ip, "172.16.0.0/12") || ipinnet(ip, "192.168.0.0/16") ||
        ipinnet(ip, "fc00::/7") || ipinnet(ip, "fe80::/10")
}
