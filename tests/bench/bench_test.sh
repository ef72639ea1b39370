#!/usr/bin/env bash
# A smoke test of scripts/bench with tiny captures: its tables and its JSON come out. Nothing is judged that is timed.
# Usage: tests/bench/bench_test.sh [BUILD FOLDER]
here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd -P)
bench=$here/../../scripts/bench
build=${1:-$here/../../build/test-tree}
for program in python3 c++; do
    command -v "$program" >/dev/null || { echo "$program is not installed"; exit 77; }
done
[ -x "$build/tranalyzer" ] || { echo "no build in $build"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/t2-bench-test.XXXXXX") || exit 1
trap 'rm -rf -- "$work"' EXIT

failed=0
check() { # WHAT STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "FAILED $1"; failed=1; fi
}

"$bench" --help > /dev/null
check '--help' $?
"$bench" --only nothing > "$work/log" 2>&1
[ $? -eq 2 ] && grep -q "there is no part nothing" "$work/log"
check 'an unknown part is refused' $?
"$bench" --quick --scale 0.01 --rounds 1 --build "$build" --work "$work" --json "$work/all.json" > "$work/log" 2>&1
check 'a small run' $? && cat "$work/log"
for text in '^web: 11,000 packets' '^hostile: 30,000 packets' '^Growth' '^Goals' '^  libpcap loop  ' '^  t2 -t 2  '; do
    grep -q "$text" "$work/log"
    check "the output has a line like '$text'" $?
done
python3 - "$work/all.json" << 'EOF'
import json, sys
all = json.load(open(sys.argv[1]))
web = all['captures']['web']
assert web['packets'] == 11000 and web['rows'] > 0 and web['record_bytes'] > 0
assert {'mapped file', 'libpcap loop', 't2', 't2 -t 1', 't2 -t 2', 't2 + txtSink'} <= set(web['programs'])
assert all['goals'] and all['growth'][0]['connections'] == 100
EOF
check 'the JSON holds the figures' $?
"$bench" --rounds 1 --only plugins --build "$build" --work "$work" "$work/web-11000.pcap" > "$work/log" 2>&1 && grep -q '^  tcpStates  .* [0-9]' "$work/log"
check 'a capture of the user' $?
"$bench" --real "$here/../../share/samples/office.pcap" --scale 0.01 --rounds 1 --build "$build" --work "$work" > "$work/log" 2>&1
check 'a capture of real traffic' $?
for text in '^real mix: 1[0-9],[0-9]* packets' '^What a packet, a flow and a byte' '^  t2 default ' '^  t2 --each, one of 1,000' '^  real mix: wall time with the default threads'; do
    grep -q "$text" "$work/log"
    check "the output has a line like '$text'" $?
done
"$bench" --only sinks --scale 0.01 --rounds 1 --build "$build" --work "$work" --json "$work/sinks.json" > "$work/log" 2>&1 && grep -q '^  txtSink  .* 1.00 ' "$work/log"
check 'what sinks cost' $? && cat "$work/log"
! grep -q '^  sqliteSink  ' "$work/log" || grep -q '^  sqliteSink without its engine  *-*[0-9]' "$work/log"
check "the engine's share of sqliteSink" $?
one_attack() { # FLOWS
    "$here/attacks" --packets 100000 --rounds 1 --only udp-100k --max-flows "$1" "$build/tranalyzer" "$build/plugins" > "$work/log" 2>&1
}
one_attack 20000 && grep -q '^| udp-100k .* 100.0 % | all |' "$work/log"
check 'conversations stay whole in a flood' $? || cat "$work/log"
! one_attack 2000 && grep -q 'attacks: udp-100k: see the table' "$work/log"
check 'with too few flows they do not, and it says so' $?
exit "$failed"
