#!/usr/bin/env bash
# t2conf: shows and changes flags in a copy of the tree, all or nothing, and touches nothing that stays as it is.
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"

copy_tree || exit 1
cd -- "$scratch/elsewhere" || exit 1     # works from any folder
core=$tree/core/tranalyzer.h
pristine=$scratch/pristine.h
cp -p -- "$core" "$pristine"
mtime() { stat -c %.9Y -- "$1"; }
unchanged() { cmp -s -- "$core" "$pristine" && [ "$(mtime "$core")" = "$(mtime "$pristine")" ]; }

# ---- Every flag has a default, and every default is that of a flag
for component in tranalyzer2 $(cd "$tree/plugins" && for list in */CMakeLists.txt; do echo "${list%/*}"; done); do
    case $component in
        tranalyzer2) config=core/default.config ;;
        *) config=plugins/$component/default.config ;;
    esac
    run t2conf "$component" --diff
    expect "$config has an allowed value for every flag" test "$status:$output" = 0:
    names=$(t2conf "$component" -I | sort)
    expect "$config names the flags of the header" same "$names" "$(sed -n 's/^\([A-Za-z0-9_]*\) *=.*/\1/p' "$tree/$config" | sort)"
done

# ---- Show
run t2conf
expect 'no argument: usage, status 1' fails
expect 'no argument: usage' says Usage:
run t2conf --help
expect 'help' succeeds
run t2conf tranalyzer2 -G IO_BUFFERING -G SEP_CHR
expect '-G' succeeds
expect '-G prints name and value as they stand' same "$output" 'IO_BUFFERING = 0'$'\n''SEP_CHR = "\t"'
run t2conf basicFlow -G IO_BUFFERING
expect '-G finds flags of the core too' same "$output" 'IO_BUFFERING = 0'
run t2conf tranalyzer2 -G IO_BUFFER
expect '-G of an unknown flag' fails
run t2conf tranalyzer2 -I
expect '-I' succeeds
expect '-I: one name per line, nothing else' test -z "$(grep -vxE '[A-Z0-9_]+' <<< "$output")"
expect '-I has the first and the last flag' test "${output%%$'\n'*}:${output##*$'\n'}" = IPV6_ACTIVATE:B2T_TIMESTR
run t2conf netflowSink -E
expect '-E lists what the environment decides' says NF_DPORT
run env NF_DPORT=1234 t2conf netflowSink -e
expect '-e shows what is set' same "$output" 'NF_DPORT = 1234'
run t2conf nosuch -I
expect 'unknown plugin' fails
run t2conf tranalyzer2 -Z
expect 'unknown option' fails
run t2conf tranalyzer2
expect 'a name alone, without a terminal: no editor' fails
expect 'a name alone says where the flags are' says "$core"
EDITOR='cat --' run_on_terminal '' t2conf tranalyzer2
expect 'a name alone, on a terminal: the header in the editor' says 'USER CONFIGURATION FLAGS'
expect 'nothing of this changed the header' unchanged

# ---- Change
run t2conf tranalyzer2 -D IO_BUFFERING=1
expect '-D' succeeds
expect '-D says nothing' same "$output" ''
expect '-D changes one value, comment and column stay' cmp -s "$core" <(sed 's/^#define IO_BUFFERING 0/#define IO_BUFFERING 1/' "$pristine")
before=$(mtime "$core")
run t2conf tranalyzer2 -D IO_BUFFERING=1 -D IO_BUFFERING=yes
expect 'a value that is set already: the file is not touched' same "$(mtime "$core")" "$before"
run t2conf tranalyzer2 -D IO_BUFFERING=default
expect '=default' cmp -s "$core" "$pristine"
run t2conf tranalyzer2 -D FLOW_TIMEOUT=60 -D SEP_CHR=, -D B2T_NON_IP_STR= -DHEX_CAPITAL=yes -D LIVEBUFSIZE=0x100000
run t2conf tranalyzer2 -G FLOW_TIMEOUT -G SEP_CHR -G B2T_NON_IP_STR -G HEX_CAPITAL -G LIVEBUFSIZE
expect 'numbers, texts with and without content, yes, hex' same "$(tr '\n' ';' <<< "$output")" \
    'FLOW_TIMEOUT = 60;SEP_CHR = ",";B2T_NON_IP_STR = "";HEX_CAPITAL = 1;LIVEBUFSIZE = 0x100000;'
run t2conf tranalyzer2 -D 'PLUGIN_FOLDER="/a/very/long/folder/that/pushes/the/comment/to/the/right/"' -D MAC_SEP='a=b c'
expect 'texts may be long, quoted and hold "="' succeeds
expect 'the comment of a long text stays' grep -qE '^#define PLUGIN_FOLDER "/a/very.*/"  // ' "$core"
run t2conf tranalyzer2 --reset
expect '--reset' succeeds
expect '--reset gives back every byte' cmp -s "$core" "$pristine"

# ---- Errors change nothing
cp -p -- "$pristine" "$core"
error() { # WHAT EXPECTED_TEXT ARGUMENT...
    run t2conf "${@:3}"
    expect "$1: status 1" fails
    expect "$1: message" says "$2"
    expect "$1: nothing changes" unchanged
}
error 'unknown flag' "no flag 'NOSUCH'" tranalyzer2 -D NOSUCH=1
error 'one of two unknown' "no flag 'NOSUCH'" tranalyzer2 -D IO_BUFFERING=1 -D NOSUCH=1
error 'value not in the list' 'allowed: 0|1|2' tranalyzer2 -D IPV6_ACTIVATE=3
error 'value out of range' 'allowed: 1-4294967' tranalyzer2 -D FLOW_TIMEOUT=0
error 'value far out of range' 'FLOW_TIMEOUT' tranalyzer2 -D FLOW_TIMEOUT=99999999999999999999999
error 'hex out of range' 'allowed: 1-4294967' tranalyzer2 -D FLOW_TIMEOUT=0xffffffff
error 'text for a number' 'is a number' tranalyzer2 -D FLOW_TIMEOUT=long
error 'empty number' 'is a number' tranalyzer2 -D FLOW_TIMEOUT=
error 'fraction' 'whole number' tranalyzer2 -D FLOW_TIMEOUT=1.5
error 'expression' 'is a number' tranalyzer2 -D 'FLOW_TIMEOUT=1+1'
error 'command substitution' 'is a number' tranalyzer2 -D "FLOW_TIMEOUT=a[\$(touch $scratch/owned)]"
expect 'command substitution is not executed' missing "$scratch/owned"
error 'open quote' 'inside a text' tranalyzer2 -D 'SEP_CHR=a"b'
error 'trailing backslash' 'inside a text' tranalyzer2 -D 'SEP_CHR=a\\b\ '
error 'two lines' 'one line' tranalyzer2 -D $'SEP_CHR=a\nb'
error 'no value' 'NAME=VALUE' tranalyzer2 -D IO_BUFFERING
error 'no argument' 'requires an argument' tranalyzer2 -D
error 'a flag of the core with a plugin' 'flag of the core' basicFlow -D IO_BUFFERING=1
error 'no plugin' 'Which plugin' -D IO_BUFFERING=1
error 'two plugins' 'One plugin at a time' tranalyzer2 basicFlow -D IO_BUFFERING=1
error 'two actions' 'one at a time' tranalyzer2 -I -D IO_BUFFERING=1

# ---- All of them
run t2conf netflowSink -D NF_DPORT=2055
expect 'a plugin' succeeds
run t2conf netflowSink -D NF_DPORT=65536
expect 'a plugin: out of range' fails
run t2conf -a --diff
expect '--diff' same "$output" 'netflowSink: NF_DPORT = 2055 (default 9995)'
run t2conf -a --reset
expect '-a --reset' succeeds
run t2conf -a --diff
expect '-a --reset resets plugins' same "$status:$output" 0:

# ---- Configuration files
config=$scratch/mine.config
run t2conf tranalyzer2 -g "$config"
expect '-g FILE' succeeds
run t2conf tranalyzer2 -g "$config"
expect '-g on an existing file, without a terminal: error' fails
run t2conf tranalyzer2 -g "$config" -y
expect '-g -y' succeeds
sed -i 's/^IO_BUFFERING = .*/IO_BUFFERING = yes/; s/^RELTIME.*/RELTIME=1/' "$config"
run t2conf tranalyzer2 -g "$config" -G IO_BUFFERING
expect '-G with -g FILE' same "$output" 'IO_BUFFERING = yes'
run t2conf -C "$config"
expect '-C FILE finds the plugin in the file' succeeds
run t2conf tranalyzer2 --diff
expect '-C FILE applies it' same "$output" 'tranalyzer2: IO_BUFFERING = 1 (default 0)'$'\n''tranalyzer2: RELTIME = 1 (default 0)'
run t2conf tranalyzer2 -C default
expect '-C default' cmp -s "$core" "$pristine"
cp -p -- "$pristine" "$core"
error '-C for another plugin' 'is for tranalyzer2' basicFlow -C "$config"
echo 'IPV6_ACTIVATE = 7' >> "$config"
error '-C with a bad value' 'allowed: 0|1|2' -C "$config"
echo 'nonsense' >> "$config"
error '-C with a bad line' 'nonsense' -C "$config"
error '-C without the file' 'Cannot read' -C "$scratch/none.config"

# ---- Two at once: both changes arrive
for i in 1 2 3 4 5; do
    t2conf tranalyzer2 -D IO_BUFFERING=1 & t2conf tranalyzer2 -D RELTIME=1 & t2conf tranalyzer2 -D HEX_CAPITAL=1
    wait
    run t2conf tranalyzer2 --diff
    expect "three at once, round $i" same "$(wc -l <<< "$output")" 3
    t2conf tranalyzer2 --reset
done
expect 'no temporary file is left' test -z "$(find "$tree/core" -name 'tranalyzer.h.*')"
all_passed
