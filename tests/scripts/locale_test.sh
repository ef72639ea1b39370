#!/usr/bin/env bash
# Commands, program and tests work alike in every locale: also where 'i' is not between 'a' and 'z', or I not its capital.
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"

copy_tree || exit 1
cd -- "$scratch/elsewhere" || exit 1
export LOCPATH=$scratch/locales
mkdir -p -- "$LOCPATH"
plugins=$(cd "$tree/plugins" && printf '%s\n' */CMakeLists.txt | sed 's,/.*,,')
declare -A flags_of=()
for plugin in tranalyzer2 $plugins; do flags_of[$plugin]=$(t2conf "$plugin" -I); done
for name in tr_TR az_AZ ku_TR tt_RU; do
    locale=$name.UTF-8
    run localedef -i "$name" -f UTF-8 "$LOCPATH/$locale"
    expect "$locale can be made (package locales)" test -d "$LOCPATH/$locale"
    # this is what goes wrong where a script leaves it to the locale
    case $name in tr_TR) run env LC_ALL="$locale" bash -c '[[ i =~ ^[a-z]$ ]]'; expect "$locale: i is no letter" fails ;; esac
    for plugin in tranalyzer2 $plugins; do
        expect "$locale: flags of $plugin" same "$(LC_ALL=$locale t2conf "$plugin" -I)" "${flags_of[$plugin]}"
    done
    run env LC_ALL="$locale" t2conf basicStats -D BS_VAR=YES
    expect "$locale: t2conf -D FLAG=YES" succeeds
    run env LC_ALL="$locale" t2conf -a --diff
    expect "$locale: t2conf --diff" same "$output" 'basicStats: BS_VAR = 1 (default 0)'
    run env LC_ALL="$locale" t2conf basicStats --reset
    # shellcheck disable=SC2016 # the inner shell expands it
    run env LC_ALL="$locale" bash -c '. "$1/share/completions/t2.bash"; _t2_complete t2build basic t2build; echo "${COMPREPLY[@]}"' - "$tree"
    expect "$locale: completion" same "$output" 'basicFlow basicStats'
done

export LC_ALL=tr_TR.UTF-8
run t2build
expect 'tr_TR: t2build' ends_with 'BUILD SUCCESSFUL'
expect 'tr_TR: t2build without names builds the default set' same "$(t2build -l | tr '\n' ' ')" 'basicFlow basicStats macRecorder tcpFlags tcpStates txtSink '
run t2build netflowSink
expect 'tr_TR: a plugin by its name' succeeds
run t2build -R
expect 'tr_TR: -R' succeeds
sample=$tree/share/samples/office.pcap
for locale in C tr_TR.UTF-8; do
    run env LC_ALL=$locale NF_DPORT=9 t2 -r "$sample" -s -w "$scratch/elsewhere/$locale"
    expect "$locale: t2 finishes" says 'Finished processing'
done
for suffix in flows packets; do
    expect "the $suffix file is the same" cmp -s "$scratch/elsewhere/C_$suffix.txt" "$scratch/elsewhere/tr_TR.UTF-8_$suffix.txt"
done
# shellcheck disable=SC2016 # the editor expands it
printf '#!/bin/sh\necho "locale $LC_ALL"\n' > "$scratch/editor"
chmod +x -- "$scratch/editor"
EDITOR=$scratch/editor run_on_terminal '' t2conf basicFlow
expect 'the editor has the locale of the user' says 'locale tr_TR.UTF-8'
run t2build -u txtSink
expect 'tr_TR: -u' says '_txtSink.so removed'
all_passed
