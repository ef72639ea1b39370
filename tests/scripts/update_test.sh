#!/usr/bin/env bash
# Users change flags, upstream changes the same files: a pull never conflicts, loses no value, and t2build rebuilds what is installed.
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"

export GIT_CONFIG_GLOBAL=$scratch/gitconfig GIT_CONFIG_SYSTEM=/dev/null
git config --global user.name test && git config --global user.email test@example.net && git config --global init.defaultBranch main
git config --global advice.detachedHead false
upstream=$scratch/upstream
mkdir -p -- "$upstream" && copy_sources "$upstream" || exit 1
git -C "$upstream" init -q && git -C "$upstream" add -A && git -C "$upstream" commit -qm 'first' || exit 1
git clone -q "$upstream" "$tree" || exit 1
cd -- "$scratch/elsewhere" || exit 1
sink=$tree/plugins/netflowSink/src/netflowSink.h
template=$upstream/plugins/netflowSink/src/netflowSink.h.in
clean() { [ -z "$(git -C "$tree" status --porcelain)" ]; }
value() { sed -n "s/^#define $1 *\([^ ]*\).*/\1/p" "$sink"; }
pull() { # WHAT: commits what was changed upstream, and pulls it
    git -C "$upstream" commit -qam "$1" || exit 1
    run git -C "$tree" pull -q --ff-only
    expect "pull, $1" succeeds
    expect "nothing conflicts, $1" clean
}

# ---- A fresh clone: configured by CMake alone; then a user's values, by hand and with t2conf
expect 'the clone has no header with values' missing "$sink"
run cmake -S "$tree" -B "$scratch/plain" -G Ninja
expect 'cmake alone configures it' succeeds
expect 'and makes the header from its template' cmp -s "$sink" "$sink.in"
rm -rf -- "$scratch/plain" "$sink"
run t2conf netflowSink -G NF_DPORT
expect 't2conf does it as well' same "$output" 'NF_DPORT = 9995'
sed -i 's/^#define NF_VER 9 /#define NF_VER 10 /' "$sink"
t2conf netflowSink -D NF_DPORT=2055 -D 'NF_SERVADD=192.0.2.1'
t2conf tranalyzer2 -D IO_BUFFERING=1
t2conf netflowSink -g -y
t2conf tranalyzer2 -g -y
expect 'values are not changes for git' clean
run t2build -p "$folder" tranalyzer2 netflowSink basicFlow basicStats tcpFlags tcpStates macRecorder
expect 'built' succeeds
expect 'building changes nothing for git' clean

# ---- Upstream changes lines around and at the user's values, adds, takes away, renames text
sed -i -e '/^#define NF_VER /s,// ,// described anew: ,' -e '/^#define NF_RATE /d' \
    -e 's/^#define NF_DPORT 9995 /#define NF_DPORT 4739 /' -e 's/^#define NF_MSGSIZE 1400/#define NF_MSGSIZE 1232/' \
    -e 's/^#define NF_QUEUE .*/&\n#define NF_NEW 7              \/\/ a new flag [0-9]/' "$template"
# the code that goes with it
sed -i 's/T2_RUNTIME_FLAG(NF_RATE)/{"NF_RATE", "5000", true}, {"NF_NEW", T2_TEXT_(NF_NEW), true}/' "$upstream"/plugins/netflowSink/src/*.cpp
sed -i '1s/$/ Changed upstream./' "$upstream/plugins/tcpFlags/src/tcpFlags.cpp" "$upstream/core/tranalyzer.h.in"
pull 'flags'
run t2build
expect 'git pull && t2build' ends_with 'BUILD SUCCESSFUL'
expect 'a value by hand stays' same "$(value NF_VER)" 10
expect 'a value of t2conf stays, though the default changed' same "$(value NF_DPORT)" 2055
expect 'it says that this is no default' says 'NF_DPORT stays 2055, its default is 4739 now'
expect 'a text stays' same "$(value NF_SERVADD)" '"192.0.2.1"'
expect 'a new default arrives where the user had the old one' same "$(value NF_MSGSIZE)" 1232
expect 'it says so' says 'NF_MSGSIZE is 1232, the new default, instead of 1400'
expect 'a new flag arrives' same "$(value NF_NEW)" 7
expect 'it says so, too' says 'NF_NEW = 7 is new'
expect 'a flag that is gone leaves, with a word' says 'NF_RATE is not a flag any more'
expect 'it is gone' same "$(value NF_RATE)" ''
expect 'the text is that of upstream' grep -q 'described anew' "$sink"
expect 'a value of the core stays' grep -q '^#define IO_BUFFERING 1 ' "$tree/core/tranalyzer.h"
expect 'a plugin outside the default set is built, too' says '904_netflowSink.so copied'
expect 'nothing that is installed is left' same "$(t2build -l)" "$(printf '%s\n' basicFlow basicStats macRecorder netflowSink tcpFlags tcpStates txtSink)"
run t2 -r "$tree/share/samples/office.pcap" -w "$scratch/elsewhere/x"
expect 'what is installed runs' says 'Finished processing'
run t2conf netflowSink --diff
expect 'the differences are those of the user' same "$output" \
    $'netflowSink: NF_VER = 10 (default 9)\nnetflowSink: NF_SERVADD = "192.0.2.1" (default "127.0.0.1")\nnetflowSink: NF_DPORT = 2055 (default 4739)'
run t2build
expect 'the news is told once' silent_about 'NF_NEW'

# ---- A value that upstream does not allow any more; text of the user's own
sed -i 's/\[9|10\]/[9]/' "$template"
sed -i '1s/$/ MINE/' "$sink"
pull 'range'
run t2build netflowSink
expect 'a value that is not allowed any more' fails
expect 'file and line' says "$sink:$(grep -n 'define NF_VER' "$sink" | cut -d : -f 1): NF_VER cannot be 10 (allowed: 9)"
expect "text of the user's own is kept" grep -q MINE "$sink.old"
run t2conf netflowSink -D NF_VER=9
expect 'it can be set right' succeeds
run t2build netflowSink
expect 'and built' succeeds
expect 'git has seen nothing of it' clean
all_passed
