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

# ---- default.config is what -g writes of the defaults, and -C takes it
for component in tranalyzer2 $(cd "$tree/plugins" && for list in */CMakeLists.txt; do echo "${list%/*}"; done); do
    case $component in
        tranalyzer2) config=core/default.config ;;
        *) config=plugins/$component/default.config ;;
    esac
    run t2conf "$component" -C "$tree/$config"
    expect "$config has an allowed value for every flag" succeeds
    run t2conf "$component" --diff
    expect "$config has the defaults" test "$status:$output" = 0:
    cp -p -- "$tree/$config" "$scratch/default.config"
    run t2conf "$component" -g "$tree/$config" -y
    expect "$config is that of -g" cmp -s "$tree/$config" "$scratch/default.config"
done
t2conf txtSink -D TFS_SPLIT=0
run t2conf txtSink -g "$tree/plugins/txtSink/default.config" -y
expect 'other values do not become the defaults' fails
t2conf txtSink --reset

# ---- Numbers have bounds, so that none is refused only when the program starts
run grep -hE '^#define [A-Z0-9_]+ +[-0-9]' "$tree"/core/*.h.in "$tree"/plugins/*/src/*.h.in
expect 'every number says what is allowed' test -z "$(grep -v '\]$' <<< "$output")"

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
run t2conf tranalyzer2 -G TFS_NC_TYPE
expect '-G of the core finds flags that were its own once' same "$output" 'TFS_NC_TYPE = 2'
run t2conf tranalyzer2 -D TFS_NC_TYPE=1
expect '-D of the core changes them where they are' succeeds
expect '-D of the core: the header of txtSink' grep -q '^#define TFS_NC_TYPE 1 ' "$tree/plugins/txtSink/src/txtSink.h"
expect '-D of the core: not its own header' unchanged
run t2conf tranalyzer2 -D TFS_NC_TYPE=9
expect '-D of the core: their values are checked' says 'txtSink: TFS_NC_TYPE cannot be 9'
run t2conf txtSink --reset
expect 'they go back with their plugin' grep -q '^#define TFS_NC_TYPE 2 ' "$tree/plugins/txtSink/src/txtSink.h"
run t2conf tranalyzer2 -G IO_BUFFER
expect '-G of an unknown flag' fails
run t2conf tranalyzer2 -I
expect '-I' succeeds
expect '-I: name, value, meaning, allowed values, default' test -z "$(grep -vxE '[A-Z0-9_]+ = [^#]+ +# .+( \[[^]]+\])? \(default .+\)' <<< "$output")"
expect '-I: of a flag that can be set for a run' says '# seconds without a packet that end a flow, where no plugin says otherwise [1-4294967] (default 182, run time)'
expect '-I has the first and the last flag' test "$(sed -n '1s/ =.*//p;$s/ =.*//p' <<< "$output" | xargs)" = 'IPV6_ACTIVATE T2_SENSORID'
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
error 'a name that is nearly right' 'did you mean IO_BUFFERING?' tranalyzer2 -D IO_BUFERING=1
error 'an option that is nearly right' 'did you mean --reset?' tranalyzer2 --rest
error 'a plugin that is nearly right' 'did you mean tcpFlags?' tcpflags -I
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

# ---- Whatever was done to a header by hand: t2conf and t2build name file and line, --reset undoes it
for component in tranalyzer2 netflowSink tcpFlags txtSink; do
    header=$core
    [ "$component" = tranalyzer2 ] || header=$tree/plugins/$component/src/$component.h
    cp -p -- "$header" "$scratch/good.h"
    first=$(grep -n -m 1 '^#define' "$header") last=$(grep -n '^#define' "$header" | tail -n 1) text=$(grep -n -m 1 '^#define [A-Z0-9_]* *"' "$header")
    damage() { # WHAT SED_SCRIPT LINE_NUMBER TEXT
        [ -n "${3%%:*}" ] || return 0     # no such flag here
        cp -p -- "$scratch/good.h" "$header"
        sed -i "${@:2:1}" "$header"
        run t2build "$component"
        expect "$component: $1: t2build refuses it" fails
        expect "$component: $1: file and line" says "$header:${3%%:*}: $4"
        run t2conf "$component" --reset
        expect "$component: $1: --reset" succeeds
        expect "$component: $1: --reset undoes it" cmp -s "$header" "$scratch/good.h"
    }
    damage 'out of range' "${first%%:*}s/\(#define [A-Z0-9_]* *\)[^ ]*/\1-77/" "$first" ''
    damage 'no number' "${last%%:*}s/\(#define [A-Z0-9_]* *\)[0-9][^ ]*/\1many/; ${last%%:*}s/\"/x/" "$last" ''
    damage 'no value' "${first%%:*}s/\(#define [A-Z0-9_]*\).*/\1/" "$first" ''
    damage 'two values' "${first%%:*}s/\(#define [A-Z0-9_]*\)/\1 1/" "$first" ''
    damage 'first quote missing' "${text%%:*}s/\"//" "$text" ''
    damage 'last quote missing' "${text%%:*}s/\(\".*\)\"/\1/" "$text" ''
    damage 'both quotes missing' "${text%%:*}s/\"//g" "$text" ''
    damage 'a number for a text' "${text%%:*}s/\"[^\"]*\"/5/" "$text" ''
    damage 'a text for a number' "${first%%:*}s/\(#define [A-Z0-9_]* *\)[^ ]*/\1\"1\"/" "$first" ''
    damage 'a line deleted' "${first%%:*}d" 1 "$(awk '{ print $2 }' <<< "$first") is missing"
    damage 'a line commented out' "${last%%:*}s,^,//," 1 "$(awk '{ print $2 }' <<< "$last") is missing"
    damage 'everything deleted' 'd' 1 "$(awk '{ print $2 }' <<< "$first") is missing"
    damage 'a line twice' "${first%%:*}p" "$((${first%%:*} + 1))" "$(awk '{ print $2 }' <<< "$first") stands here a second time"
    damage 'a misspelt #define' "${first%%:*}s/define/defne/" "$first" 'expected'
    damage 'a misspelt name' "${first%%:*}s/define [A-Z]/&X/" "$first" "$component has no flag"
    damage 'code' "${first%%:*}iint x;" "$first" 'expected'
    damage 'joined lines' "${first%%:*}s/\$/ \\\\/" "$first" 'a line ends in'
done
header=$tree/plugins/tcpFlags/src/tcpFlags.h
cp -p -- "$header" "$scratch/good.h"
for what in "ln -s $scratch/nothing" mkfifo mkdir; do
    rm -- "$header" && $what "$header"
    run timeout 60 t2build tcpFlags
    expect "$what in place of a header: t2build refuses it" fails
    expect "$what in place of a header: it is named" says "$header:1: this is no file that can be read"
    run timeout 20 t2conf tcpFlags --reset
    if [ "$what" != mkdir ]; then
        expect "$what in place of a header: --reset" succeeds
    else
        expect 'a folder in place of a header: --reset says what to do' says "$header is a folder: remove it"
        rmdir -- "$header" && t2conf tcpFlags --reset
    fi
    expect "$what in place of a header: it is back" cmp -s "$header" "$scratch/good.h"
done
mv -- "$header" "$scratch/mine.h" && ln -s "$scratch/mine.h" "$header"
run t2conf tcpFlags -D WINDOWSIZE=0
expect 'a link to a header: a flag is changed' succeeds
expect 'a link to a header: the link stays' test -L "$header"
expect 'a link to a header: its target is changed' grep -q '^#define WINDOWSIZE *0 ' "$scratch/mine.h"
run t2conf tcpFlags --reset
expect 'a link to a header: --reset' cmp -s "$scratch/mine.h" "$scratch/good.h"
rm -- "$header" && mv -- "$scratch/mine.h" "$header"
sed -i 's/^#define HEX_CAPITAL 0/#define HEX_CAPITAL 7/' "$core"
run t2conf tranalyzer2 --diff
expect '--diff shows a bad value' says 'HEX_CAPITAL cannot be 7'
run t2conf tranalyzer2 -g "$scratch/damaged.config"
expect 'it is not written to a file' missing "$scratch/damaged.config"
run t2conf tranalyzer2 -D RELTIME=1
expect 'a bad value in the header: another flag is not changed' fails
expect 'it is named' says 'HEX_CAPITAL cannot be 7 (allowed: 0|1)'
run t2conf tranalyzer2 -D HEX_CAPITAL=0
expect 'the flag itself can be set' cmp -s "$core" "$pristine"
sed -i 's/^#define HEX_CAPITAL 0/#define HEX_CAPITAL 7/' "$core"
run t2build basicFlow
expect 'a bad value of the core: no plugin is built' ends_with '    tranalyzer2'
sed -i '3i// my own words' "$core"
run t2conf tranalyzer2 --reset
expect 'text of the user is kept' grep -q '^// my own words' "$core.old"
expect 'and it says where' says "$core.old"
rm -f -- "$core"
run t2conf tranalyzer2 -G HEX_CAPITAL
expect 'a header that is gone comes back' cmp -s "$core" "$pristine"
mkdir -p -- "$tree/plugins/foreign/src"
printf 't2_plugin(foreign NUMBER 500)\n' > "$tree/plugins/foreign/CMakeLists.txt"
printf '// USER CONFIGURATION FLAGS\n#define FOREIGN 1 // mine [0|1]\n' > "$tree/plugins/foreign/src/foreign.h"
run t2conf foreign -D FOREIGN=0
run t2conf foreign -G FOREIGN
expect 'a plugin without a template keeps its values in the header' same "$output" 'FOREIGN = 0'
run t2conf foreign --reset
expect 'it has no defaults to go back to' says 'has no src/foreign.h.in'
rm -rf -- "$tree/plugins/foreign"
cp -p -- "$pristine" "$core"

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
expect '-C FILE applies it' same "$output" 'tranalyzer2: RELTIME = 1 (default 0)'$'\n''tranalyzer2: IO_BUFFERING = 1 (default 0)'
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
expect 'no temporary file is left' test -z "$(find "$tree/core" -name 'tranalyzer.h.??????')"
all_passed
