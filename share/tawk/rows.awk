# What is done with all rows: sums, sorting, smallest and largest values, JSON. Results are printed at the end, in the
# order in which the functions were first called.

# A sum or mean as text: whole numbers in full, others with up to nine decimals.
function _t2_figure(n,    text) {
    if (n == int(n)) return sprintf("%d", n)
    text = sprintf("%.9f", n)
    sub(/\.?0+$/, "", text)
    return text
}

# aggr(fields[, values[, n]]): sums of the values of rows with equal fields, largest first value first. Fields and values are joined by OFS;
# without values, and for "flows" or "packets", rows are counted. n: only so many; below 0: the smallest ones
function aggr(fields, values, n) { return _t2_aggregate(fields "", values, n, NR) }
function _t2_aggregate(fields, values, n, row,    key, i, count, parts) {
    key = "aggr" SUBSEP n
    if (!(key in _t2_results)) {
        _t2_results[key] = ++_t2_result_count
        _t2_kind[_t2_result_count] = "aggr"
        _t2_limit[_t2_result_count] = n
    }
    key = _t2_results[key]
    if (hdr()) {
        print fields OFS (values == "" ? "flows" : values)
        return 0
    }
    count = split(values, parts, OFS)
    if (count == 0) { count = 1; parts[1] = "" }
    _t2_values[key] = count
    if (!(fields in _t2_group[key])) _t2_order[key][++_t2_groups_of[key]] = fields
    for (i = 1; i <= count; i++)
        _t2_group[key][fields][i] += tolower(parts[i]) ~ /^(|flows|packets)$/ ? 1 : _t2_number(parts[i])
    return 0
}
# aggrrep(field[, values[, n[, ignore_empty[, sep]]]]): the same for each value of a list
function aggrrep(field, values, n, ignore_empty, sep,    i, count, items) {
    if (hdr()) return aggr(field, values, n)
    count = _t2_split(field "", items, sep == "" ? ";" : sep)
    for (i = 1; i <= count; i++) if (items[i] != "" || !ignore_empty) aggr(items[i], values, n)
    return 0
}

# t2sort(columns[, n[, type[, reverse]]]): the rows that reach it, largest first. n: only so many; below 0: the smallest ones, smallest first.
# Columns are numbers or names, several with ';'. type: num, ip, str (default: what the first row looks like)
function t2sort(columns, n, type, reverse,    key, r, i, c, list) {
    key = "sort" SUBSEP columns SUBSEP n SUBSEP type SUBSEP reverse
    if (!(key in _t2_results)) {
        _t2_results[key] = ++_t2_result_count
        _t2_kind[_t2_result_count] = "sort"
        _t2_limit[_t2_result_count] = reverse ? (n == "" || n == 0 ? "" : -n) : n
        _t2_rising[_t2_result_count] = reverse
    }
    key = _t2_results[key]
    if (hdr()) { print; return 0 }
    r = ++_t2_groups_of[key]
    _t2_rows[key][r] = $0
    _t2_values[key] = split(columns "", list, ";")
    if (_t2_values[key] == 0) _t2_fail("t2sort(): no column is given, or there is none with this name")
    for (i = 1; i <= _t2_values[key]; i++) {
        c = list[i] ~ /^[0-9]+$/ ? list[i] + 0 : _validate_col(list[i])
        if (r == 1) _t2_type[key][i] = type != "" ? type : _t2_type_of($c)
        _t2_sort_keys[key][r][i] = _t2_sort_key($c, _t2_type[key][i])
    }
    return 0
}
# t2rsort(columns[, n[, type]]): smallest first
function t2rsort(columns, n, type) { return t2sort(columns, n, type, 1) }
function _t2_type_of(value) {
    return value ~ /^[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/ || value ~ /^0[xX][0-9A-Fa-f]+$/ ? "num" : isipstr(value) ? "ip" : "str"
}
function _t2_sort_key(value, type,    to) {
    if (type == "num") return _t2_number(value)
    if (type != "ip") return value ""
    _t2_address(value, to)
    return to["family"] * 2 ^ 128 + to["number"]
}

# For asorti-like loops: order of two rows or groups of the result _t2_now, equal ones as they came.
function _t2_compare(i1, v1, i2, v2,    i, a, b) {
    for (i = 1; i <= _t2_values[_t2_now]; i++) {
        if (_t2_kind[_t2_now] == "aggr") {
            a = _t2_group[_t2_now][_t2_order[_t2_now][i1]][i]
            b = _t2_group[_t2_now][_t2_order[_t2_now][i2]][i]
        } else {
            a = _t2_sort_keys[_t2_now][i1][i]
            b = _t2_sort_keys[_t2_now][i2][i]
        }
        if (a != b) return (a < b) == _t2_up ? -1 : 1
    }
    return i1 + 0 < i2 + 0 ? -1 : i1 + 0 > i2 + 0
}
function _t2_print_result(    r, n, i, text, limit, numbers, order) {
    limit = _t2_limit[_t2_now] + 0
    _t2_up = limit < 0 || (_t2_rising[_t2_now] && limit == 0)
    for (i = 1; i <= _t2_groups_of[_t2_now]; i++) numbers[i] = i
    n = asorti(numbers, order, "_t2_compare")
    for (r = 1; r <= n && (limit == 0 || r <= abs(limit)); r++) {
        if (_t2_kind[_t2_now] == "sort") { print _t2_rows[_t2_now][order[r]]; continue }
        text = _t2_order[_t2_now][order[r]]
        for (i = 1; i <= _t2_values[_t2_now]; i++) text = text OFS _t2_figure(_t2_group[_t2_now][_t2_order[_t2_now][order[r]]][i])
        print text
    }
}

# min(column), max(column), mean(column): collect over the file; in END get_min(column) ... is the value, print_min([column]) ... prints it
function _t2_collect(what, c,    v) {
    if (c !~ /^[0-9]+$/) c = _validate_col(c)
    if (hdr() || $c == "") return 0
    _t2_asked[what, c] = 1
    v = _t2_number($c)
    if (!(c in _t2_count) || v < _t2_min[c]) _t2_min[c] = v
    if (!(c in _t2_count) || v > _t2_max[c]) _t2_max[c] = v
    _t2_sum[c] += v
    _t2_count[c]++
    return 0
}
function min(c) { return _t2_collect("min", c) }
function max(c) { return _t2_collect("max", c) }
function mean(c) { return _t2_collect("mean", c) }
function get_min(c) { return _t2_figure(_t2_min[c]) }
function get_max(c) { return _t2_figure(_t2_max[c]) }
function get_mean(c) { return _t2_count[c] ? _t2_figure(_t2_sum[c] / _t2_count[c]) : "" }
function _t2_print_collected(what, c) {
    if (c != "") { print what "(" COL[c] ")", what == "min" ? get_min(c) : what == "max" ? get_max(c) : get_mean(c); return }
    for (c = 1; c in COL; c++) if ((what, c) in _t2_asked) _t2_print_collected(what, c)
}
function print_min(c) { _t2_print_collected("min", c) }
function print_max(c) { _t2_print_collected("max", c) }
function print_mean(c) { _t2_print_collected("mean", c) }

# wildcard(regex): all columns whose name matches; "!regex": those whose name does not
function wildcard(regex,    i, not_it, text, n) {
    if (substr(regex, 1, 1) == "!") { not_it = 1; regex = substr(regex, 2) }
    for (i = 1; i in COL; i++) if ((COL[i] ~ regex) != not_it) text = text (n++ ? OFS : "") (hdr() ? COL[i] : $i)
    return text
}

# ientropy([n]): Shannon entropy in bits of each column, largest first: number, name, entropy; n: so many
function ientropy(n,    i) {
    if (hdr()) return 0
    _t2_entropy = n == "" ? -1 : n
    _t2_entropy_rows++
    for (i = 1; i <= NF; i++) _t2_seen[i][$i]++
    return 0
}
function _t2_print_entropy(    i, v, p, sums, order, n) {
    for (i in _t2_seen) for (v in _t2_seen[i]) { p = _t2_seen[i][v] / _t2_entropy_rows; sums[i] -= p * log2(p) }
    PROCINFO["sorted_in"] = "@val_num_desc"
    for (i in sums) if (_t2_entropy < 0 || n++ < _t2_entropy) print i, COL[i], sprintf("%.4f", sums[i] + 0)
    delete PROCINFO["sorted_in"]
}

# json([row]): rows as an array of objects, `{ print json() }`, `{ print json(tuple5()) }`. Decimal numbers are numbers, all else is text
function json(row,    n, i, cells, text) {
    if (row == "") row = $0
    n = split(row, cells, OFS)
    if (hdr()) {
        for (i = 1; i <= n; i++) _t2_json_names[i] = _t2_name(i == 1 && index(cells[1], "%") == 1 ? substr(cells[1], 2) : cells[i])
        _t2_json = 1
        return "["
    }
    text = _t2_json++ > 1 ? "," : _t2_json == 1 ? "[" : ""
    for (i = 1; i <= n; i++)
        text = text (i == 1 ? "{" : ",") _t2_json_text(i in _t2_json_names ? _t2_json_names[i] : i in COL ? COL[i] : i) ":" _t2_json_value(cells[i])
    return text "}"
}

END {
    if (_t2_failed) exit 1
    for (_t2_now = 1; _t2_now <= _t2_result_count; _t2_now++) _t2_print_result()
    if (_t2_entropy) _t2_print_entropy()
    if (_t2_json) print "]"
}
