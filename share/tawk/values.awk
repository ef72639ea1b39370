# Values: numbers in decimal and hex, bits, lists, texts, times.

function _t2_number(text) { return text ~ /^[ ]*0[xX]/ ? strtonum(text) : text + 0 }

# Does a list such as "80;443;0x1f90;8000-8099" have the value?
function _t2_in_list(list, value,    n, i, items, ends) {
    if (!(list in _t2_items)) {
        n = split(list, items, /[;,]/)
        for (i = 1; i <= n; i++) {
            gsub(/ /, "", items[i])
            if (items[i] !~ /^([0-9]+|0[xX][0-9A-Fa-f]+)(-([0-9]+|0[xX][0-9A-Fa-f]+))?$/)
                _t2_fail("'" list "' is no list of numbers and ranges, such as '80;443;8000-8099'")
            split(items[i], ends, "-")
            _t2_low[list, i] = _t2_number(ends[1])
            _t2_high[list, i] = 2 in ends && ends[2] != "" ? _t2_number(ends[2]) : _t2_low[list, i]
            delete ends
        }
        _t2_items[list] = n
    }
    value = _t2_number(value)
    for (i = _t2_items[list]; i > 0; i--) if (value >= _t2_low[list, i] && value <= _t2_high[list, i]) return 1
    return 0
}

# isnum(v), isint(v), isuint(v), isfloat(v), isset(v): forms of values
function isnum(v) { return isint(v) || isfloat(v) }
function isint(v) { return v ~ /^[-+]?[0-9]+$/ }
function isuint(v) { return v ~ /^[0-9]+$/ }
function isfloat(v) { return v ~ /^[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/ || v ~ /^[-+]?[0-9]+[eE][-+]?[0-9]+$/ }
function isset(v) { return v != "" }

# bfeq(v, mask): equal as numbers
function bfeq(v, mask) { return hdr() || _t2_number(v) == _t2_number(mask) }
# bitsallset(v, mask): all bits of the mask are set
function bitsallset(v, mask) { return hdr() || and(_t2_number(v), _t2_number(mask)) == _t2_number(mask) }
# bitsanyset(v, mask): the bits of the mask that are set
function bitsanyset(v, mask) { return hdr() ? 1 : and(_t2_number(v), _t2_number(mask)) }
# bitshift(n, t[, "r"]): n shifted left by t bits, or right
function bitshift(n, t, d) { return d == "" || d == 0 ? lshift(_t2_number(n), t) : rshift(_t2_number(n), t) }
# nibble_swap(n): the two halves of a byte exchanged
function nibble_swap(n) { n = _t2_number(n); return int(n / 16) + n % 16 * 16 }
# tobits(n[, 16]): binary digits; with 16 bare digits are hex
function tobits(n, base,    text) {
    n = base == 16 && n !~ /^0[xX]/ ? strtonum("0x" n) : _t2_number(n)
    do { text = n % 2 text; n = int(n / 2) } while (n > 0)
    return text
}

# abs(n), log2(n), min2(a, b), max2(a, b), min3(a, b, c), max3(a, b, c): arithmetic
function abs(n) { return n < 0 ? -n : n + 0 }
function log2(n) { return log(n) / log(2) }
function min2(a, b) { return a < b ? a : b }
function max2(a, b) { return a > b ? a : b }
function min3(a, b, c) { return min2(min2(a, b), c) }
function max3(a, b, c) { return max2(max2(a, b), c) }

# ---- Texts; the quotes that a value may have count for nothing

# streq(a, b), strneq(a, b), hasprefix(a, b), hassuffix(a, b), contains(a, b): tests; with an i behind the name: small and capital letters are equal
function streq(a, b) { return hdr() || unquote(a) "" == unquote(b) "" }
function strneq(a, b) { return hdr() || unquote(a) "" != unquote(b) "" }
function hasprefix(a, b) { return hdr() || index(unquote(a), unquote(b)) == 1 }
function hassuffix(a, b) { a = unquote(a); b = unquote(b); return hdr() || (length(a) >= length(b) && substr(a, length(a) - length(b) + 1) == b) }
function contains(a, b) { return hdr() || index(a, b) > 0 }
function streqi(a, b) { return streq(tolower(a), tolower(b)) }
function strneqi(a, b) { return strneq(tolower(a), tolower(b)) }
function hasprefixi(a, b) { return hasprefix(tolower(a), tolower(b)) }
function hassuffixi(a, b) { return hassuffix(tolower(a), tolower(b)) }
function containsi(a, b) { return contains(tolower(a), tolower(b)) }
# strisempty(v): empty, or ""
function strisempty(v) { return hdr() || unquote(v) == "" }
# quote(s), unquote(s), chomp(s), strip(s), lstrip(s), rstrip(s): helpers for texts
function quote(s) { return "\"" s "\"" }
function unquote(s) { return s ~ /^".*"$/ ? substr(s, 2, length(s) - 2) : s }
function chomp(s) { sub(/[\r\n]+$/, "", s); return s }
function lstrip(s) { sub(/^[ \t]+/, "", s); return s }
function rstrip(s) { sub(/[ \t]+$/, "", s); return s }
function strip(s) { return lstrip(rstrip(s)) }
# join(array, sep): the elements 1, 2 ... as one text
function join(array, sep,    i, text) {
    for (i = 1; i in array; i++) text = text (i > 1 ? sep : "") array[i]
    return text
}
# not(q): negation that keeps the row of titles
function not(q) { return hdr() || !q }

# ---- Lists in a cell: ';' between values, '_' between the parts of one

function _t2_split(value, parts, sep,    n, i, c, inside) {
    delete parts
    n = 1
    parts[1] = ""
    for (i = 1; i <= length(value); i++) {
        c = substr(value, i, 1)
        if (c == "\\" && inside) { parts[n] = parts[n] c substr(value, ++i, 1); continue }
        if (c == "\"") inside = !inside
        if (c == sep && !inside) parts[++n] = ""
        else parts[n] = parts[n] c
    }
    return n
}
# t2split(value, sep[, items[, osep]]): items of a list, "1;-1": the first and the last one; all without items
function t2split(value, sep, items, osep,    n, m, i, k, parts, wanted, text) {
    if (hdr()) return value
    if (sep == "") sep = value ~ /;/ ? ";" : "_"
    n = _t2_split(value, parts, sep)
    if (osep == "") osep = OFS
    if (items == "") return join(parts, osep)
    m = split(items, wanted, /[;,]/)
    for (i = 1; i <= m; i++) {
        k = wanted[i] < 0 ? n + 1 + wanted[i] : wanted[i] + 0
        text = text (i > 1 ? osep : "") (k in parts ? parts[k] : "")
    }
    return text
}
# splitc(value[, items[, osep]]), splitr(value[, items[, osep]]): parts of a value (between _), values of a list (between ;)
function splitc(value, items, osep) { return t2split(value, "_", items, osep) }
function splitr(value, items, osep) { return t2split(value, ";", items, osep) }
# valcontains(value, sep, item), cvalcontains(value, item), rvalcontains(value, item): has a list the item? sep: ; or _
function valcontains(value, sep, item,    n, parts) {
    if (hdr()) return 1
    for (n = _t2_split(value, parts, sep); n > 0; n--) if (unquote(parts[n]) "" == unquote(item) "") return 1
    return 0
}
function cvalcontains(value, item) { return valcontains(value, "_", item) }
function rvalcontains(value, item) { return valcontains(value, ";", item) }
function valcontainsi(value, sep, item) { return valcontains(tolower(value), sep, tolower(item)) }
function cvalcontainsi(value, item) { return valcontainsi(value, "_", item) }
function rvalcontainsi(value, item) { return valcontainsi(value, ";", item) }

# ---- Times and readable numbers

# utc(t), localtime(t): seconds as 2023-11-14T22:13:20.750000000+0000
function utc(t) { return _t2_date(t, 1) }
function localtime(t) { return _t2_date(t, 0) }
function _t2_date(t, is_utc,    parts, fraction) {
    if (hdr() || t !~ /^[0-9]/) return t
    if (t !~ /^[0-9]+(\.[0-9]+)?$/) t = sprintf("%.9f", t)
    split(t, parts, ".")
    fraction = 2 in parts ? "." parts[2] : ""
    return strftime("%Y-%m-%dT%H:%M:%S", parts[1], is_utc) fraction (is_utc ? "+0000" : strftime("%z", parts[1]))
}
# timestamp(text): seconds of such a text; without zone it is UTC
function timestamp(text,    p, seconds) {
    if (hdr()) return text
    if (!match(text, /^([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(Z|[-+][0-9]{2}:?[0-9]{2})?$/, p)) return ""
    seconds = mktime(p[1] " " p[2] " " p[3] " " p[4] " " p[5] " " p[6], 1)
    if (p[8] ~ /[0-9]/) {
        sub(/:/, "", p[8])
        seconds -= (substr(p[8], 1, 1) == "-" ? -1 : 1) * (substr(p[8], 2, 2) * 3600 + substr(p[8], 4, 2) * 60)
    }
    return seconds p[7]
}
# hrnum(n): 2350000 as 2.35 M
function hrnum(n,    i, units) {
    if (hdr()) return n
    split("K M G T P E", units, " ")
    for (i = 0; abs(n) >= 1000 && i < 6; i++) n /= 1000
    return i ? sprintf("%.2f %s", n, units[i]) : n
}
# hrtime(seconds): 3725 as 1h 2m 5s
function hrtime(t,    text, whole) {
    if (hdr()) return t
    whole = int(t)
    if (whole >= 86400) text = int(whole / 86400) "d "
    if (whole >= 3600) text = text int(whole % 86400 / 3600) "h "
    if (whole >= 60) text = text int(whole % 3600 / 60) "m "
    return text (t == whole ? whole % 60 : sprintf("%.3f", whole % 60 + t - whole)) "s"
}
# base64(s), base64d(s), urldecode(s): conversions of texts
function base64(s,    i, n, text, digits) {
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (i = 1; i <= length(s); i += 3) {
        n = (_t2_byte(s, i) * 256 + _t2_byte(s, i + 1)) * 256 + _t2_byte(s, i + 2)
        text = text substr(digits, int(n / 262144) + 1, 1) substr(digits, int(n / 4096) % 64 + 1, 1) \
            (i + 1 > length(s) ? "=" : substr(digits, int(n / 64) % 64 + 1, 1)) (i + 2 > length(s) ? "=" : substr(digits, n % 64 + 1, 1))
    }
    return text
}
function _t2_byte(s, i) { return i > length(s) ? 0 : _t2_byte_number(substr(s, i, 1)) }
function base64d(s,    i, k, n, text, digits) {
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    gsub(/[^A-Za-z0-9+\/]/, "", s)
    for (i = 1; i <= length(s); i += 4) {
        n = 0
        for (k = 0; k < 4; k++) n = n * 64 + (i + k > length(s) ? 0 : index(digits, substr(s, i + k, 1)) - 1)
        text = text sprintf("%c", int(n / 65536)) (i + 2 > length(s) ? "" : sprintf("%c", int(n / 256) % 256)) (i + 3 > length(s) ? "" : sprintf("%c", n % 256))
    }
    return text
}
function urldecode(s,    text) {
    gsub(/\+/, " ", s)
    while (match(s, /%[0-9A-Fa-f]{2}/)) {
        text = text substr(s, 1, RSTART - 1) sprintf("%c", strtonum("0x" substr(s, RSTART + 1, 2)))
        s = substr(s, RSTART + 3)
    }
    return text s
}
# printbold(s), printinf(s), printok(s), printwrn(s), printerr(s): lines in colours, the last one on standard error
function _t2_paint(s, colour, no_newline, file) { printf "\033[%sm%s\033[0m%s", colour, s, no_newline ? "" : "\n" > file }
function printbold(s, n) { _t2_paint(s, "1", n, "/dev/stdout") }
function printinf(s, n) { _t2_paint(s, "0;34", n, "/dev/stdout") }
function printok(s, n) { _t2_paint(s, "0;32", n, "/dev/stdout") }
function printwrn(s, n) { _t2_paint(s, "0;33", n, "/dev/stdout") }
function printerr(s, n) { _t2_paint(s, "0;31", n, "/dev/stderr") }
