# Packets (files of -s): payload of a flow in order, fields by the names of Wireshark. And what compares and divides files.

function _t2_characters(text,    out, at, c) {
    while (at = index(text, "\\")) {
        c = substr(text, at + 1, 1)
        out = out substr(text, 1, at - 1) (c in _t2_escaped ? _t2_escaped[c] : c)
        text = substr(text, at + 2)
    }
    return out text
}
function _t2_put_payload(direction, text, packet) {
    if (text == "") return
    if (_t2_stream_form == 1) print "---- " (direction ? "B" : "A") ", packet " packet ", " length(text) " bytes"
    printf "%s", text
    if (_t2_stream_form == 1 && text !~ /\n$/) print ""
}
# What now follows without a gap of the packets that came too early; at the end of the file gaps are passed over.
function _t2_release(d, passing_gaps,    seq, first, text) {
    for (;;) {
        first = ""
        for (seq in _t2_early[d]) if (first == "" || seq - first < 0) first = seq + 0
        if (first == "") return
        if (first > _t2_next[d]) {
            if (!passing_gaps) return
            if (_t2_stream_form == 1) print "---- " (d ? "B" : "A") ": " first - _t2_next[d] " bytes are missing"
            _t2_next[d] = first
        }
        text = substr(_t2_early[d][first], _t2_next[d] - first + 1)
        delete _t2_early[d][first]
        _t2_put_payload(d, text, _t2_early_packet[d, first])
        _t2_next[d] += length(text)
    }
}
# follow_stream(flow[, out[, dir]]): payload of a flow of a packet file; TCP in the order of its sequence numbers, without
# what was sent again. out: 0: payload alone, 1: a heading for each packet. dir: A or B, default both
function follow_stream(flow, out, dir,    d, seq, text, at) {
    if (hdr()) return 0
    if ($_validate_col("flowInd") != flow) return 0
    d = bitsanyset($_validate_col("flowStat"), 1) ? 1 : 0
    if (dir != "" && toupper(dir) != (d ? "B" : "A")) return 0
    _t2_stream_form = out
    text = _t2_characters($_validate_col("l7Content"))
    if (text == "") return 0
    if ($_validate_col("l4Proto") != 6) { _t2_put_payload(d, text, $_validate_col("pktNo")); return 0 }
    seq = _t2_number($_validate_col("seq"))
    if (!(d in _t2_next)) _t2_next[d] = seq
    at = _t2_next[d] % 2 ^ 32
    if (seq - at < -2 ^ 31) seq += 2 ^ 32   # the number began again at 0
    seq += _t2_next[d] - at
    if (!((d, seq) in _t2_stream_seen) || length(text) > _t2_stream_seen[d, seq]) {
        _t2_stream_seen[d, seq] = length(text)
        if (seq + length(text) > _t2_next[d]) {
            _t2_early[d][seq] = text
            _t2_early_packet[d, seq] = $_validate_col("pktNo")
        }
    }
    _t2_release(d)
    return 0
}

# shark(field): the value of a field by its name in Wireshark, such as ip.src, tcp.flags.syn, tcp.srcport or frame.protocols; also a test. Rows of
# other protocols are passed over. `shark("?")` is the list of names
function shark(field,    v, name, part) {
    if (field == "?") { PROCINFO["sorted_in"] = "@ind_str_asc"; for (name in _t2_shark) v = v (v == "" ? "" : " ") name; delete PROCINFO["sorted_in"]; return v }
    if (field ~ /^tcp\.flags\./) part = substr(field, 11)
    if (part != "" && part in _t2_tcp_flag) {
        if (hdr()) return field
        if (proto() != 6) next
        return bitsanyset(_t2_cell("tcpFlags"), _t2_tcp_flag[part]) > 0
    }
    if (!(field in _t2_shark)) _t2_fail("shark(): '" field "' is not among the fields that are known: shark(\"?\") lists them")
    if (hdr()) return field
    if (field ~ /^tcp\./ && proto() != 6) next
    if (field ~ /^udp\./ && proto() != 17) next
    v = _t2_cell(_t2_shark[field])
    if (field ~ /^ip\./ && _t2_src() !~ /\./) next
    if (field ~ /^ipv6\./ && _t2_src() !~ /:/) next
    if (field == "frame.protocols") sub(/;.*/, "", v)
    return v
}
function _t2_shark_names(    n, i, pairs) {
    n = split("frame.number pktNo frame.len pktLen frame.time_epoch time;timeFirst frame.protocols hdrDesc eth.src srcMac eth.dst dstMac eth.type ethType " \
        "vlan.id vlanID ip.src srcIP ip.dst dstIP ip.proto l4Proto ip.ttl ipTTL;ipMinTTL ip.id ipID ip.dsfield ipToS ip.len l3Len " \
        "ipv6.src srcIP ipv6.dst dstIP ipv6.nxt l4Proto ipv6.hlim ipTTL;ipMinTTL " \
        "tcp.srcport srcPort tcp.dstport dstPort tcp.seq seq tcp.ack ack tcp.flags tcpFlags tcp.len l7Len tcp.window_size tcpWin;tcpInitWinSz " \
        "tcp.options.mss_val tcpMSS tcp.checksum l4HdrChkSum tcp.stream flowInd udp.srcport srcPort udp.dstport dstPort udp.length udpLen udp.stream flowInd", pairs, " ")
    for (i = 1; i < n; i += 2) _t2_shark[pairs[i]] = pairs[i + 1]
    n = split("fin 1 syn 2 reset 4 push 8 ack 16 urg 32 ece 64 cwr 128", pairs, " ")
    for (i = 1; i < n; i += 2) _t2_tcp_flag[pairs[i]] = pairs[i + 1]
}

# diff(file[, mode]): rows that differ from the same row of another file. mode: 0: number of the row and the columns that differ, 1: a row for each
# cell: row, column, both values, 2: the same as text, 3: both rows
function diff(file, mode,    line, cells, i, names, more) {
    more = (getline line < file)
    if (more < 0) _t2_fail("diff(): cannot read '" file "'")
    if (more == 0) { print "row " NR " is missing in " file; return 0 }
    if (hdr() || line == $0) return 0
    if (mode == 3) { print "< " $0; print "> " line; return 0 }
    split(line, cells, FS)
    for (i = 1; i <= NF || i in cells; i++) {
        if ($i "" == cells[i] "") continue
        if (mode == 1) print NR, (i in COL ? COL[i] : i), $i, cells[i]
        else if (mode == 2) print "row " NR ": " (i in COL ? COL[i] : i) " is " $i ", not " cells[i]
        else names = names (names == "" ? "" : ";") (i in COL ? COL[i] : i)
    }
    if (mode + 0 == 0) print NR, names
    return 0
}

# ffsplit([list]): a file PREFIX_NAME.txt for each protocol NAME whose column NAMEStat is not 0: of all columns of this kind, or of the list
# "dns;http". PREFIX is the input's name without .txt
function ffsplit(list,    i, n, name, file, names) {
    if (hdr()) {
        delete _t2_splits
        n = split(list, names, /[;,]/)
        for (i = 1; i <= n; i++) _t2_splits[names[i]] = _validate_col(names[i] "Stat")
        for (i = 1; n == 0 && i in COL; i++)
            if (COL[i] ~ /^[a-z][a-zA-Z0-9]*Stat$/ && COL[i] !~ /^(flow|mac|tcpF)Stat$/) _t2_splits[substr(COL[i], 1, length(COL[i]) - 4)] = i
        _t2_split_title = $0
        return 0
    }
    for (name in _t2_splits) {
        if (_t2_number($_t2_splits[name]) == 0) continue
        file = FILENAME == "" ? "stdin" : FILENAME
        sub(/\.(gz|zst|xz|bz2|lz4)$/, "", file)
        sub(/\.txt$/, "", file)
        file = file "_" name ".txt"
        if (!(file in _t2_split_begun)) { print _t2_split_title > file; _t2_split_begun[file] = 1 }
        print > file
    }
    return 0
}

BEGIN {
    _t2_escaped["b"] = "\b"; _t2_escaped["f"] = "\f"; _t2_escaped["n"] = "\n"; _t2_escaped["r"] = "\r"
    _t2_escaped["t"] = "\t"; _t2_escaped["v"] = "\v"; _t2_escaped["\\"] = "\\"
    delete _t2_next
    _t2_shark_names()
}
END { if (!_t2_failed) for (_t2_d in _t2_early) _t2_release(_t2_d, 1) }
