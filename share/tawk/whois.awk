# Whose addresses these are: a table that t2whois --make wrote.
#
# A line of it: first and last address (0x and digits), country, registry, date, name; sorted by the first address, larger networks first.

# t2whois(ip[, fields]): country of an address, or fields of its network: "network;country;registry;date;name"
function t2whois(ip, fields,    at, n, i, names, text) {
    if (hdr()) return ip
    at = _t2_network_of(ip)
    n = split(fields == "" ? "country" : fields, names, ";")
    for (i = 1; i <= n; i++) text = text (i > 1 ? ";" : "") _t2_whois_field(at, names[i])
    return text
}
# The innermost network with this address, as a place in the table; empty: none.
function _t2_network_of(ip,    key, size, low, high, middle, at) {
    if (!_t2_whois_loaded) _t2_load_whois()
    if (ip in _t2_whois_known) return _t2_whois_known[ip]
    key = isipstr(ip) || isiphex(ip) || isipnum(ip) ? ip2hex(ip) : ""
    size = length(key)
    low = 1
    high = _t2_whois_count[size] + 0
    while (low <= high) {  # the last one that begins at the address or in front of it
        middle = int((low + high) / 2)
        if (_t2_whois_first[size, middle] <= key) low = middle + 1
        else high = middle - 1
    }
    at = high
    while (at > 0 && _t2_whois_last[size, at] < key) at = _t2_whois_around[size, at]
    return _t2_whois_known[ip] = at > 0 ? size SUBSEP at : ""
}
function _t2_whois_field(at, name,    cells) {
    if (name !~ /^(network|country|registry|date|name)$/) _t2_fail("t2whois() has no field '" name "': network, country, registry, date, name")
    if (at == "") return ""
    if (name == "network") return _t2_whois_text(_t2_whois_first[at]) "-" _t2_whois_text(_t2_whois_last[at])
    split(_t2_whois_rest[at], cells, "\t")
    return cells[name == "country" ? 1 : name == "registry" ? 2 : name == "date" ? 3 : 4]
}
function _t2_whois_text(hex) { return length(hex) > 10 ? ip62str(hex) : ip2str(hex) }
function _t2_load_whois(    path, line, cells, size, n, outer, depth, stack) {
    _t2_whois_loaded = 1
    path = ENVIRON["T2_WHOIS"] == "" ? ENVIRON["HOME"] "/.tranalyzer/whois.txt" : ENVIRON["T2_WHOIS"]
    while ((outer = getline line < path) > 0) {
        if (line ~ /^#/) continue
        if (split(line, cells, "\t") < 6 || length(cells[1]) != length(cells[2])) _t2_fail("'" path "' is no table of t2whois --make: " line)
        size = length(cells[1])
        n = ++_t2_whois_count[size]
        _t2_whois_first[size, n] = cells[1]
        _t2_whois_last[size, n] = cells[2]
        _t2_whois_rest[size, n] = cells[3] "\t" cells[4] "\t" cells[5] "\t" cells[6]
        for (depth = _t2_whois_depth[size]; depth > 0 && _t2_whois_last[size, stack[size, depth]] < cells[1]; ) depth--
        _t2_whois_around[size, n] = depth > 0 ? stack[size, depth] : 0
        stack[size, ++depth] = n
        _t2_whois_depth[size] = depth
    }
    if (outer < 0) _t2_fail("there is no table of networks '" path "': make it with t2whois --make, or name it with T2_WHOIS")
    close(path)
}
