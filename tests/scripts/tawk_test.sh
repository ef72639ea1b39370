#!/usr/bin/env bash
# tawk: columns by name, functions, conversions. Rows are written here; what needs the program is in tests/tawk.
# shellcheck source=support.sh disable=SC2016 # programs of awk stand in single quotes
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"
PATH=$SOURCE/scripts:$PATH
cd -- "$scratch/elsewhere" || exit 1
command -v gawk >/dev/null || { skip 'all of tawk' 'gawk is not installed'; exit 77; }

{
    printf '%%dir\tflowInd\tflowStat\tduration\tsrcMac\tvlanID\tsrcIP\tsrcPort\tdstIP\tdstPort\tl4Proto\tl7BytesSnt\ttcpFlags\tnote\n'
    printf 'A\t1\t0x0400000000004000\t1.500000000\t00:00:00:00:00:01\t1;2\t192.0.2.1\t40000\t198.51.100.7\t443\t6\t100\t0x0012\t"a;b"\n'
    printf 'B\t1\t0x0400000000004001\t1.250000000\t00:00:00:00:00:02\t\t198.51.100.7\t443\t192.0.2.1\t40000\t6\t9007199254740993\t0x0111\t""\n'
    printf 'A\t2\t0x0800000000008000\t0.000000001\t00:00:00:00:00:01\t\t2001:db8::1\t53\t2001:db8:1::ff\t53\t17\t7\t0x0000\t"x"\n'
    printf 'A\t17\t0x0000000000000004\t9.000000000\t00:00:00:00:00:03\t\t-\t0\t-\t0\t0\t0\t0x0000\t"i\\"j"\n'
} > flows.txt

gives() { # WHAT EXPECTED ARGUMENT...: lines joined by '|', tabs by ','
    run tawk "${@:3}"
    output=$(tr '\t\n' ',|' <<< "$output")
    expect "$1" same "${output%|}" "$2"
}
gives 'columns by name; their names in the titles' 'srcIP,dstPort|192.0.2.1,443|198.51.100.7,40000|2001:db8::1,53|-,0' '{ print $srcIP, $dstPort }' flows.txt
gives 'without titles' '1|1|2|17' -H '{ print $flowInd }' flows.txt
gives 'COL' '7 srcIP' -H '$flowInd == 2 { print COL["srcIP"] " " COL[7] }' flows.txt
gives 'columns are known in BEGIN' '7' 'BEGIN { print srcIP; exit }' flows.txt
gives 'hdr()' 'flowInd|2' 'hdr() || $l4Proto == 17 { print $flowInd }' flows.txt
gives 'tests keep the titles' 'flowInd|1|1' 'tcp() { print $flowInd }' flows.txt
gives 'not()' 'flowInd|2|17' 'not(tcp()) { print $flowInd }' flows.txt
gives 'ports' 'flowInd|1|2' 'dport("53;400-500") { print $flowInd }' flows.txt
gives 'ports in hex' '1' -H 'dport("0x1bb") { print $flowInd }' flows.txt
gives 'networks of IPv4' 'A' -H 'shost("192.0.2.0/24") { print $dir }' flows.txt
gives 'networks of IPv6' '2' -H 'host("2001:db8:1::/48") { print $flowInd }' flows.txt
gives 'a network of 128 bits is exact' '' -H 'host("2001:db8:1::fe") { print $flowInd }' flows.txt
gives 'flows' '2|17' -H 'flow("2-16;17") { print $flowInd }' flows.txt
gives 'words of 64 bits' '1|1' -H 'bitsallset($flowStat, 0x0400000000004000) { print $flowInd }' flows.txt
gives 'the lowest bit of 64' 'B' -H 'bitsanyset($flowStat, 1) { print $dir }' flows.txt
gives 'ipv6()' '2' -H 'ipv6() { print $flowInd }' flows.txt
gives 'flags' '...A..S.|...A...F' -H 'tcp() { print tcpflags() }' flows.txt
gives 'flags that are set and not set' '1' -H 'tcpflags("SA!F") { print $flowInd }' flows.txt
gives 'aggr: sums are exact' 'l4Proto,l7BytesSnt,Flows|6,9007199254741093,2|17,7,1|0,0,1' 'aggr(proto(), $l7BytesSnt OFS "Flows")' flows.txt
gives 'aggr: the first n' 'srcIP,dstIP,flows|192.0.2.1,198.51.100.7,1' 'aggr(tuple2(), "", 1)' flows.txt
gives 'aggr: the last n' 'l4Proto,l7BytesSnt|0,0|17,7' 'aggr(proto(), $l7BytesSnt, -2)' flows.txt
gives 'aggr: fractions' 'srcMac,duration|00:00:00:00:00:03,9|00:00:00:00:00:01,1.500000001' 'aggr($srcMac, $duration, 2)' flows.txt
gives 'aggrrep' 'vlanID,flows|1,1|2,1' 'aggrrep($vlanID, "", 0, 1)' flows.txt
run tawk 't2sort(duration, 2)' flows.txt
expect 't2sort: largest first, titles kept' same "$(cut -f 2 <<< "$output" | paste -sd ' ')" 'flowInd 17 1'
run tawk -H 't2rsort("dstIP")' flows.txt
expect 't2sort by addresses, smallest first' same "$(cut -f 2,9 <<< "$output" | tr '\t\n' ' |')" '17 -|1 192.0.2.1|1 198.51.100.7|2 2001:db8:1::ff|'
gives 'max, mean' 'max(duration),9|mean(dstPort),10124' 'max(duration) || mean(dstPort); END { print_max(); print_mean(dstPort) }' flows.txt
gives 'lists' '1-2|1|2' -H '$vlanID != "" { print splitr($vlanID, "", "-"); print splitr($vlanID, 1); print splitr($vlanID, -1) }' flows.txt
gives 'times' '2009-11-18T11:36:55.123456789+0000 1258544215.123456789' 'BEGIN { print utc("1258544215.123456789") " " timestamp("2009-11-18T12:36:55.123456789+0100"); exit }' flows.txt
gives 'conversions' 'YTti base64 a b' 'BEGIN { print base64("a;b") " " base64d("YmFzZTY0") " " urldecode("a%20b"); exit }' flows.txt
gives 'addresses' '3221225985 192.0.2.1 2001:db8::1 2001:0db8:0000:0000:0000:0000:0000:0001 255.255.255.0 24' \
    'BEGIN { print ip2num("192.0.2.1") " " ip2str("0xc0000201") " " ip6compress("2001:db8:0:0:0:0:0:1") " " ip6expand("2001:db8::1") " " mask2ipstr(24) " " ip2mask("255.255.255.0"); exit }' flows.txt
gives 'as nfdump' 'TCP,192.0.2.1:40000,->,198.51.100.7:443|UDP,2001:db8::1.53,->,2001:db8:1::ff.53' -n -H 'flow("1-2") && $dir == "A" { print pr(), sap(), "->", dap() }' flows.txt

# ---- Mistakes are told
run tawk '{ print $srcIp }' flows.txt
expect 'a name that is no column: status 1' fails
expect 'and the one that was meant' same "$output" "tawk: flows.txt has no column 'srcIp': did you mean 'srcIP'?"
gives 'a variable is no column' '%dir flowInd|A 1' 'NR < 3 { for (i = 1; i < 3; i++) printf "%s%s", $i, i == 1 ? " " : "\n" }' flows.txt
run tawk 'dns()' flows.txt
expect 'a function whose column is missing: status 1' fails
expect 'and which' says "Column 'dnsStat' does not exist"
run tawk 'host("not.an.address")' flows.txt
expect 'a bad address: status 1' fails
run tawk 'dport("http")' flows.txt
expect 'a bad list: status 1' fails
run tawk 'tcp()' no_such_file
expect 'a missing file' same "$status:$output" "1:Cannot read 'no_such_file'"

# ---- Other inputs
run bash -c "tawk '{ print \$flowInd }' < flows.txt"
expect 'standard input' same "$(paste -sd ' ' <<< "$output")" 'flowInd 1 1 2 17'
run bash -c "tail -n 2 flows.txt | tawk -I flows.txt -H '{ print \$srcIP }'"
expect 'titles from another file' same "$(paste -sd ' ' <<< "$output")" '2001:db8::1 -'
run bash -c "cat flows.txt flows.txt | tawk 'tcp()'"
expect 'titles that come again are no row' same "$(wc -l <<< "$output")" 5
run bash -c "tawk '{ print \$srcIP, \$dstPort }' flows.txt | tawk '\$dstPort == 443'"
expect 'titles without %' same "$output" $'192.0.2.1\t443'
run bash -c "printf '#x\n#fields\tid.orig_h\tid.resp_h\n#types\taddr\taddr\n192.0.2.1\t192.0.2.2\n' | tawk --zeek '{ print tuple2() }'"
expect 'a log of Zeek' ends_with $'192.0.2.1\t192.0.2.2'
run bash -c "printf 'a,b\n1,\"x,y\"\n' | tawk --csv -H '{ print unquote(\$b) }'"
expect 'CSV with quotes' same "$output" 'x,y'

# ---- Other outputs
run bash -c "tawk -j '{ print \$dir, \$flowInd, \$flowStat, \$duration, \$note }' flows.txt | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
print(len(rows), rows[0], rows[3][\"note\"])'"
expect 'JSON, an object a line' same "$output" "4 {'dir': 'A', 'flowInd': 1, 'flowStat': '0x0400000000004000', 'duration': 1.5, 'note': 'a;b'} i\"j"
run bash -c "tawk '{ print json(tuple2()) }' flows.txt | python3 -c 'import json, sys; print(json.load(sys.stdin)[2])'"
expect 'json(): an array' same "$output" "{'srcIP': '2001:db8::1', 'dstIP': '2001:db8:1::ff'}"
run bash -c "tawk -C '{ print \$dir, \$note }' flows.txt | python3 -c 'import csv, sys; print(list(csv.reader(sys.stdin))[::4])'"
expect 'CSV' same "$output" "[['dir', 'note'], ['A', '\"i\\\\\"j\"']]"
run tawk -c=u 'tcp()' flows.txt
expect 'where it comes from' says '# Source: flows.txt'
expect 'the filter' says '# Filter: tcp()'

# ---- Packets, fields of Wireshark, differences
{
    printf '%%pktNo\tflowInd\tflowStat\thdrDesc\tsrcIP\tsrcPort\tdstIP\tdstPort\tl4Proto\tseq\tl7Len\ttcpFlags\tl7Content\n'
    packet() { printf '%s\t7\t0x000000000000400%s\teth:ipv4:tcp\t192.0.2.1\t80\t192.0.2.2\t81\t6\t%s\t4\t0x0010\t%s\n' "$@"; }
    packet 1 0 4294967290 'GET\t'       # 4 bytes
    packet 2 1 100 'one\n'
    packet 3 0 2 'x\\y'               # too early: 4294967294 is missing
    packet 4 0 4294967290 'GET\t'       # again
    packet 5 1 108 'four'                # a gap that stays
    packet 6 0 4294967292 'T\tab.c'      # half of it is known, the number begins again at 0
    printf '7\t8\t0x0000000000004000\teth:ipv4:udp\t192.0.2.1\t53\t192.0.2.2\t54\t17\t\t3\t\tudp\n'
} > packets.txt
run tawk 'follow_stream(7, 0, "A")' packets.txt
expect 'follow_stream: in order, nothing twice' same "$output" $'GET\tab.cx\\y'
run tawk 'follow_stream(7, 1, "B")' packets.txt
expect 'follow_stream: headings, gaps' same "$output" $'---- B, packet 2, 4 bytes\none\n---- B: 4 bytes are missing\n---- B, packet 5, 4 bytes\nfour'
run tawk 'follow_stream(8)' packets.txt
expect 'follow_stream: UDP' same "$output" udp
gives 'shark()' 'ip.src,udp.srcport,frame.protocols|192.0.2.1,53,eth:ipv4:udp' '{ print shark("ip.src"), shark("udp.srcport"), shark("frame.protocols") }' packets.txt
gives 'shark(): a flag as a test' '6' 'hdr() { next } shark("tcp.flags.ack") { n++ } END { print n }' packets.txt
run tawk '{ print shark("no.such") }' packets.txt
expect 'shark(): an unknown field' says 'shark("?") lists them'
sed 's/\t443\t/\t444\t/' flows.txt > others.txt
gives 'diff()' '2,dstPort|3,srcPort' 'diff("others.txt")' flows.txt
gives 'diff(): cells' '2,dstPort,443,444|3,srcPort,443,444' 'diff("others.txt", 1)' flows.txt
gives 'diff(): equal files' '' 'diff("flows.txt")' flows.txt
printf '%%flowInd\tflowStat\tdnsStat\thttpStat\n1\t0x1\t0x00\t0x01\n2\t0x1\t0x02\t0x01\n' > stats.txt
run tawk 'ffsplit()' stats.txt
expect 'ffsplit(): a file for each protocol' same "$(cat stats_dns.txt stats_http.txt)" "$(printf '%%flowInd\tflowStat\tdnsStat\thttpStat\n2\t0x1\t0x02\t0x01\n%%flowInd\tflowStat\tdnsStat\thttpStat\n1\t0x1\t0x00\t0x01\n2\t0x1\t0x02\t0x01')"
run tawk 'ffsplit("ssh")' stats.txt
expect 'ffsplit(): a protocol without a column' says "Column 'sshStat' does not exist"
expect 'ffsplit(): status 1' fails

# ---- Compressed files
expected=$(tawk 'tcp() { print $srcIP, $dstPort }' flows.txt)
for tool in gzip zstd xz; do
    command -v "$tool" >/dev/null || { skip "files compressed by $tool" 'it is not installed'; continue; }
    "$tool" -c < flows.txt > "packed.$tool"
    run tawk 'tcp() { print $srcIP, $dstPort }' "packed.$tool"
    expect "$tool: as the file itself" same "$status:$output" "0:$expected"
    run tawk -H 'BEGIN { print dstPort } { n++ } END { print n, FILENAME }' "packed.$tool" flows.txt "packed.$tool"
    expect "$tool: several, columns in BEGIN, their names" same "$output" $'10\n12\tpacked.'"$tool"
    run tawk -t '{ exit }' "packed.$tool"
    expect "$tool: twice in one command" succeeds
    run tawk -l "packed.$tool"
    expect "$tool: columns" says 'flowInd'
    run tawk '{ print $noSuch }' "packed.$tool"
    expect "$tool: a message has its name" says "packed.$tool has no column 'noSuch'"
done
head -c 100 packed.gzip > cut.gzip
run tawk '{ n++ } END { print n }' cut.gzip
expect 'a damaged file: status 1' fails
expect 'a damaged file: what gzip says' says 'unexpected end of file'

# ---- What is documented
run tawk -l flows.txt
expect '-l' ends_with ' 14  note'
run tawk -g
expect '-g: functions' test "$(wc -l <<< "$output")" -gt 120
run tawk -d "$(paste -sd , <<< "$output")"
expect '-d: each of them' succeeds
run tawk -d noSuch
expect '-d: a function that is none' fails
all_passed
