#!/usr/bin/env bash
# t2, st2, setup and quickstart, with programs in place of sudo, apt-get and dpkg-query that only write down what they are asked.
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"

copy_tree || exit 1
cd -- "$scratch/elsewhere" || exit 1
sample=$tree/share/samples/office.pcap
fake=$scratch/fake
mkdir -p -- "$fake"
pretend() { # NAME SCRIPT_TEXT
    printf '#!/bin/sh\n%s\n' "$2" > "$fake/$1"
    chmod +x -- "$fake/$1"
}

# ---- t2, before and after it is built
run t2 -r "$sample"
expect 't2, not built, without a terminal: status 1' fails
expect 't2, not built: one line that says what to do' same "$output" "Tranalyzer is not built yet: run '$tree/scripts/t2build'"
run_on_terminal $'n\n' t2 -r "$sample"
expect 't2, not built, on a terminal: asks' says '(Y/n)?'
expect 't2, not built, answered no' fails
pretend id 'echo 1000'
run env PATH="$fake:$PATH" st2 -r "$sample"
expect 'st2, not built' fails
run t2build
expect 'built' succeeds
run t2 -V
expect 't2 -V' succeeds
run env -i PATH=/usr/bin:/bin HOME="$HOME" "$tree/scripts/t2" -r "$sample" -w "$scratch/elsewhere/"
expect 't2 with the environment of cron' succeeds
expect 't2 writes the flows' test -s "$scratch/elsewhere/office_flows.txt"
run t2 --no-such-option
expect "t2 gives the program's status" fails

# ---- st2
# shellcheck disable=SC2016
pretend sudo 'for word; do printf "<%s>" "$word"; done; echo'
run env PATH="$fake:$PATH" NF_DPORT=4739 NF_SERVADD='a b' st2 -i lo -w x
expect 'st2: no question without a terminal' says '<-n>'
expect 'st2: the core with the folder of the user, then the arguments' says "<$tree/build/release/tranalyzer><-p><$folder/><--user><1000><-i><lo><-w><x>"
expect 'st2 hands over settings' says '<NF_DPORT=4739>'
expect 'st2 keeps values whole' says '<NF_SERVADD=a b>'
run env PATH="$fake:$PATH" st2 -p /plugins -i lo
expect 'st2: a folder that is given stays' says '<--user><1000><-p></plugins><-i><lo>'
expect 'st2: no second folder' silent_about "$folder"
run env PATH="$fake:$PATH" st2 --user root -i lo
expect 'st2: a user that is given stays' says '<--user><root><-i><lo>'
expect 'st2: no second user' silent_about '<1000>'
mkdir -p -- "$scratch/mine"
pretend stat 'echo 1000'
for option in -p -C -b --plugin-folder --config; do
    run env PATH="$fake:$PATH" st2 "$option" "$scratch/mine" -i lo
    expect "st2 $option: what is not root's is refused" fails
    expect "st2 $option: one line that says what to do" says '--trust-mine'
done
run env PATH="$fake:$PATH" st2 "--plugin-folder=$scratch/mine" -i lo
expect 'st2 --plugin-folder=: refused as well' says '--trust-mine'
run env PATH="$fake:$PATH" st2 --trust-mine -p "$scratch/mine" -i lo
expect 'st2 --trust-mine: used' says "<-p><$scratch/mine><-i><lo>"
rm -- "$fake/stat"
run env PATH="$fake:$PATH" TFS_FLOWS_TXT_SUFFIX=/../../etc/x st2 -i lo
expect 'st2: a suffix with a slash is refused' says 'TFS_FLOWS_TXT_SUFFIX'
expect 'st2: and ends it' fails
run env PATH="$fake:$PATH" NF_TLS_KEY="$scratch/none" st2 -i lo
expect 'st2: a key that cannot be read is refused' says 'NF_TLS_KEY: you cannot read'
pretend id 'echo 0'
run env PATH="$fake:$PATH" st2 -V
expect 'st2 as root runs the program itself' same "$output" "$(t2 -V)"

# ---- setup: links
rm -rf -- "${T2_BIN:?}"
run env PATH="$scratch/bin:$PATH" "$tree/scripts/setup" links
expect 'links' succeeds
for command in t2 st2 t2build t2conf tawk t2stat t2caplist t2whois t2plugin t2report t2top tranalyzer; do expect "$command is a link" test -x "$scratch/bin/$command"; done
run env -i PATH=/usr/bin:/bin HOME="$HOME" "$scratch/bin/tranalyzer" -V
expect 'tranalyzer is t2' succeeds
before=$(stat -c '%n %i' "$scratch"/bin/*)
run "$tree/scripts/setup" links
expect 'links a second time' succeeds
expect 'links that are right stay' same "$(stat -c '%n %i' "$scratch"/bin/*)" "$before"
expect 'a folder that is not on PATH: what to type' says "export PATH=\"$scratch/bin:"
rm -f -- "$scratch/bin/t2" "$scratch/bin/st2"
echo mine > "$scratch/bin/t2"
ln -s -- /bin/true "$scratch/bin/st2"
run "$tree/scripts/setup" links
expect 'a foreign file: status 1' fails
expect 'a foreign file is named' says "$scratch/bin/t2 is not of this project"
expect 'a foreign file stays' same "$(cat "$scratch/bin/t2")" mine
expect 'a foreign link stays' same "$(readlink "$scratch/bin/st2")" /bin/true
rm -f -- "${T2_BIN:?}"/*
mkdir -p -- "$scratch/copy/scripts"
touch -- "$scratch/copy/scripts/t2build"
ln -s -- "$scratch/copy/scripts/t2build" "$scratch/bin/t2build"
run "$tree/scripts/setup" links
expect 'a link to another copy of the project moves' same "$(readlink "$scratch/bin/t2build")" "$tree/scripts/t2build"
expect 'and it says so' says 'now points to'

# ---- setup: packages
pretend dpkg-query 'echo install ok installed'
pretend apt-get "echo \"\$*\" >> $scratch/apt.log"
run env PATH="$fake:$PATH" "$tree/scripts/setup" build run test
expect 'all packages are there' succeeds
expect 'apt-get is not called' missing "$scratch/apt.log"
pretend dpkg-query 'case "$*" in *nfdump*) exit 1 ;; *) echo install ok installed ;; esac'
run env PATH="$fake:$PATH" "$tree/scripts/setup" build run
expect 'a missing package' succeeds
expect 'only that is installed, without questions' same "$(grep -c -- '-y .*install --no-install-recommends nfdump$' "$scratch/apt.log"):$(wc -l < "$scratch/apt.log")" 1:1
pretend apt-get 'echo "E: Unable to locate package nfdump" >&2; exit 100'
run env PATH="$fake:$PATH" "$tree/scripts/setup" run
expect 'apt-get fails: status 1' fails
expect 'apt-get fails: the reason in one line' ends_with 'apt-get could not install nfdump: E: Unable to locate package nfdump'
pretend id 'echo 1000'
pretend sudo 'exit 1'
run env PATH="$fake:$PATH" "$tree/scripts/setup" run
expect 'neither root nor sudo: status 1' fails
expect 'neither root nor sudo: what to type' says 'apt-get install nfdump'
run "$tree/scripts/setup" nonsense
expect 'unknown argument' fails

# ---- quickstart: twice, then with a plugin folder that holds more
quickstart() {
    run "$tree/scripts/quickstart" --no-setup
    expect "quickstart, $1: flows arrive" succeeds
    expect "quickstart, $1: the listing" says 'Date first seen'
    for section in 'Src IP Addr ordered by' 'IP Addr ordered by flows' 'Dst Port ordered by packets' 'flows ordered by bytes'; do
        expect "quickstart, $1: $section" says "$section"
    done
    expect "quickstart, $1: what to type next" says 'Next, '
    expect "quickstart, $1: as many flows as are listed" says "total flows: $(sed -n 's/^\([0-9]*\) flows arrived.*/\1/p' <<< "$output"),"
    expect "quickstart, $1: nothing is left running" test -z "$(pgrep -a -f "$TMPDIR/t2-quickstart")"
    expect "quickstart, $1: no colours" silent_about $'\e'
}
export TMPDIR=$scratch/elsewhere     # for the scratch folders of quickstart
t2build -e -y > "$scratch/log" && quickstart first && quickstart second
before=$(t2build -l)
expect "quickstart fills the plugin folder" test -n "$before"
t2build txtSink > "$scratch/log"
quickstart 'other plugins'
expect 'a folder with other plugins stays as it is' same "$(t2build -l)" "$(printf '%s\ntxtSink' "$before")"
expect 'the scratch folder is gone' test -z "$(find "$TMPDIR" -name 't2-quickstart*')"
pretend nfdump 'echo "Summary: total flows: 0, total bytes: 0"'
run env PATH="$fake:$PATH" "$tree/scripts/quickstart" --no-setup
expect 'no flows, no success' fails
expect 'no flows: says so' says 'No flow arrived'
pretend nfcapd 'exit 1'
run env PATH="$fake:$PATH" "$tree/scripts/quickstart" --no-setup
expect 'no collector, no success' fails
all_passed
