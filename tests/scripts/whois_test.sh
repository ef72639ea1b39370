#!/usr/bin/env bash
# t2whois: a table from files in the form of the registries' and from own lists, and what it says of addresses; tawk's function.
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"
command -v gawk > /dev/null || { skip t2whois 'gawk is not installed'; exit 77; }

mkdir -p -- "$tree" && cp -r -- "$SOURCE/scripts" "$SOURCE/share" "$tree"
cd -- "$scratch/elsewhere" || exit 1
cat > registry <<'EOF'
2|test|20260101|7|19830101|20260101|+0000
test|*|ipv4|*|3|summary
test|CH|ipv4|192.0.2.0|256|20100712|allocated|x
test|DE|ipv4|198.51.100.0|768|20110712|assigned
test|US|ipv4|203.0.113.0|256||available
test|SE|ipv4|255.255.255.0|256|20200101|assigned
test|FR|ipv6|2001:db8::|32|20120101|allocated|y
test|NO|asn|64496|1|20120101|allocated|y
EOF
printf '# own\n192.0.2.64/26\tCH\tour lab\r\n192.0.2.70\tLI\tone host\n2001:db8:1::/48\tIT\tour v6\n' > own
at() { t2whois -l -H -s ' ' "$@" | cut -d ' ' -f 2-; }

run t2whois 192.0.2.1
expect 'without a table: status 1' fails
expect 'without a table: says what to do' says 't2whois --make'
run t2whois --make registry own
expect 'the table is made' says '.tranalyzer/whois.txt: 7 networks'
expect 'a network' same "$(at 192.0.2.1)" '192.0.2.0-192.0.2.255 CH test 20100712 '
expect 'its ends' same "$(at 192.0.2.0)$(at 192.0.2.255)" "$(at 192.0.2.1)$(at 192.0.2.1)"
expect 'the innermost network' same "$(at 192.0.2.65)" '192.0.2.64-192.0.2.127 CH   our lab'
expect 'one address' same "$(at 192.0.2.70)" '192.0.2.70-192.0.2.70 LI   one host'
expect 'behind one that lies inside' same "$(at 192.0.2.71)" '192.0.2.64-192.0.2.127 CH   our lab'
expect 'behind all that lie inside' same "$(at 192.0.2.128)" "$(at 192.0.2.1)"
expect 'a number of addresses that is no power of two' same "$(at 198.51.102.255)" '198.51.100.0-198.51.102.255 DE test 20110712 '
expect 'behind it' same "$(at 198.51.103.0)" '    '
expect 'what is not given out' same "$(at 203.0.113.1)" '    '
expect 'the last address of all' same "$(at 255.255.255.255)" '255.255.255.0-255.255.255.255 SE test 20200101 '
expect 'in front of all' same "$(at 0.0.0.0)" '    '
expect 'IPv6' same "$(at 2001:db8:ffff::1)" '2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff FR test 20120101 '
expect 'IPv6, the innermost network' same "$(at 2001:db8:1::)" '2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff IT   our v6'
expect 'IPv6, behind all' same "$(at 2001:db9::)" '    '
run t2whois 192.0.2.70 8.8.8.8
expect 'a paragraph' same "$output" '192.0.2.70
    network   192.0.2.70-192.0.2.70
    country   LI
    name      one host
8.8.8.8: in no network of the table'
run bash -c 'printf "192.0.2.1 # who\n\n2001:db8::\n" | t2whois -l -s ";" -r -'
expect 'lines with titles' same "$output" '%ip;network;country;registry;date;name
192.0.2.1;192.0.2.0-192.0.2.255;CH;test;20100712;
2001:db8::;2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff;FR;test;20120101;'
run t2whois 192.0.2.1 nonsense
expect 'a word that is no address: status 1' fails
expect 'a word that is no address: the others are answered' says 'CH'
expect 'a word that is no address: is named' says "'nonsense' is no address"
printf '192.0.2.0/33\tCH\tx\n' > wrong
run t2whois -t other --make wrong
expect 'no network: status 1' fails
expect 'no network: place' says 'wrong:1:'
expect 'no network: no table' missing other
: > nothing
run t2whois -t other --make nothing
expect 'nothing in it: status 1' fails
printf '%%srcIP\tdstIP\n192.0.2.70\t2001:db8:1::5\n8.8.8.8\t192.0.2.1\n' > flows
run tawk '{ print t2whois($srcIP), t2whois($dstIP, "country;name") }' flows
expect "tawk's function" same "$output" $'%srcIP\tdstIP\nLI\tIT;our v6\n\tCH;'
run tawk '{ print t2whois($srcIP, "colour") }' flows
expect "tawk's function: a field that is none" says "has no field 'colour'"
# shellcheck disable=SC2016
run env T2_WHOIS=/no/table tawk '{ print t2whois($srcIP) }' flows
expect "tawk's function without a table" says "there is no table of networks '/no/table'"
all_passed
