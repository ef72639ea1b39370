#!/usr/bin/env bash
# The folders of core/ include downwards only, in the order of core/README.md, and each has a README.
#
# The check itself is tested on copies of the tree into which an upward include, a loose file or a cycle was planted.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"

ORDER=(app pipeline output host flow decode capture base text include)  # from the top to the bottom

check_order() { # TREE: prints a line for each breach of the rules; fails if there is one
    local root=$1 file line folder target rank
    declare -A ranks
    for rank in "${!ORDER[@]}"; do ranks[${ORDER[rank]}]=$rank; done
    while IFS= read -r file; do
        folder=${file#"$root"/core/} folder=${folder%%/*}
        if [ -z "${ranks[$folder]-}" ]; then
            echo "${file#"$root"/}: sources lie in one of the folders ${ORDER[*]}"
            continue
        fi
        while IFS= read -r line; do
            [[ $line =~ ^([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*\"([^\"]+)\" ]] || continue
            target=${BASH_REMATCH[2]}
            case $target in
                tranalyzer.h) continue ;;   # the flags, below all folders
                t2/*) target=include/$target ;;
            esac
            rank=${ranks[${target%%/*}]-}
            if [[ $target != */* || $target = *..* || -z $rank ]]; then
                echo "${file#"$root"/}:${BASH_REMATCH[1]}: write \"FOLDER/FILE\" instead of \"${BASH_REMATCH[2]}\""
            elif [ "$rank" -lt "${ranks[$folder]}" ]; then
                echo "${file#"$root"/}:${BASH_REMATCH[1]}: $folder is below ${target%%/*} and must not include \"${BASH_REMATCH[2]}\""
            fi
        done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$file")
    done < <(find "$root/core" -name '*.?pp' | sort) > "$scratch/breaches"
    for folder in "${ORDER[@]}"; do
        [ "$folder" = include ] || [ -s "$root/core/$folder/README.md" ] || echo "core/$folder: there is no README.md"
    done >> "$scratch/breaches"
    # plugins see the contract, their own files, and the state headers of other plugins
    grep -rnE '#[[:space:]]*include[[:space:]]*"(\.\.|app|pipeline|output|host|flow|decode|capture|base|text)/' \
        "$root"/plugins/*/src "$root"/share/*-template/src |
        sed "s#^$root/#this file of a plugin includes the core's own headers: #" >> "$scratch/breaches"
    cat "$scratch/breaches"
    [ ! -s "$scratch/breaches" ]
}

run check_order "$SOURCE"
expect 'includes go downwards only' succeeds

mkdir -p -- "$tree" && tar -C "$SOURCE" -cf - core plugins share/plugin-template share/sink-template | tar -C "$tree" -xf -
planted() { # FILE LINE WORDS: this line in this file is found
    cp -p -- "$tree/$1" "$scratch/good" 2>/dev/null || : > "$scratch/good"
    printf '%s\n' "$2" >> "$tree/$1"
    run check_order "$tree"
    expect "'$2' in $1 is refused" fails
    expect "the message for '$2' in $1 names the place" says "$3"
    if [ -s "$scratch/good" ]; then cp -p -- "$scratch/good" "$tree/$1"; else rm -- "$tree/$1"; fi
}
planted core/capture/block.hpp '#include "decode/dissector.hpp"' 'core/capture/block.hpp:'
planted core/flow/expiry.hpp '#  include "pipeline/worker.hpp"' 'flow is below pipeline'
planted core/include/t2/row.hpp '#include "base/log.hpp"' 'include is below base'
planted core/output/sinks.cpp '#include "../app/report.hpp"' 'write "FOLDER/FILE"'
planted core/host/layout.cpp '#include "config.hpp"' 'write "FOLDER/FILE"'
planted core/loose.cpp '#include "t2/packet.hpp"' 'core/loose.cpp: sources lie in'
planted plugins/basicFlow/src/basicFlow.cpp '#include "flow/flow_table.hpp"' 'basicFlow.cpp'
rm -- "$tree/core/flow/README.md"
run check_order "$tree"
expect 'a folder without a README is found' says 'core/flow: there is no README.md'
all_passed
