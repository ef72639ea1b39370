#!/usr/bin/env bash
# What .clang-tidy asks for holds in core and plugins. Files are read as they are compiled: those of a folder together, which
# takes a tenth of the time. What passed is checked again when a file of it, a header that it includes or the checks changed: a
# folder beside the compiler's cache remembers, for all clones of the tree.
cache=${XDG_CACHE_HOME-}  # before the tests' own home
[ -n "$cache" ] || [ ! -d "${HOME:-/nonexistent}" ] || cache=$HOME/.cache
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"
# shellcheck source=../../scripts/lib.sh
. "$SOURCE/scripts/lib.sh"

command -v clang-tidy > /dev/null || { echo 'clang-tidy is not installed'; exit 77; }
marks=${cache:-$BUILDS}/t2-lint
mkdir -p -- "$marks" 2> /dev/null && [ -w "$marks" ] || { marks=$BUILDS/t2-lint && mkdir -p -- "$marks"; }
find "$marks" -type f -mtime +30 -delete
configure "$BUILDS/lint" "$scratch/cmake.log" --preset debug || exit 1
cmake --build "$BUILDS/lint" --target t2report_page > "$scratch/cmake.log" 2>&1 || { cat -- "$scratch/cmake.log"; exit 1; }

rules=$(clang-tidy --version; cat -- "$SOURCE/.clang-tidy")
# No path of this clone is in these sums.
sums() { xargs -d '\n' sha1sum -- | sed 's/ .*//' | sha1sum | cut -d ' ' -f 1; } # of files, whose names come from standard input
headers=$( { find "$SOURCE"/{core,plugins,share/report,share/top} -name '*.h*' | sort; find "$BUILDS/lint/include" -type f | sort; } | sums)
sources_of() { # FILE: what it includes, if it joins files, and itself
    local folder=${1%/joined/*} name
    folder=$SOURCE${folder#"$BUILDS/lint"}
    sed -n 's/^#include <\(.*\.cpp\)>$/\1/p' "$1" | while IFS= read -r name; do
        if [ -f "$folder/$name" ]; then echo "$folder/$name"; else echo "$folder/src/$name"; fi
    done
    echo "$1"
}

command_of() { # FILE: what compiles it, without the cache and without what it makes
    grep -F -B 1 "\"file\": \"$1\"" "$BUILDS/lint/compile_commands.json" | sed -n 's/^ *"command": "\(.*\)",$/\1/p' | sed 's/\\\(.\)/\1/g; s/ -o .*//; s,^[^ ]*/ccache ,,'
}

# What passed is known by all headers, which is soon asked, and, where one of them changed, by what the compiler reads.
check_file() { # FILE of the build: what is wrong is printed
    local mark exact log
    log=$scratch/log.$BASHPID
    mark=$marks/$( { echo "$rules $headers"; sources_of "$1" | sums; } | sha1sum | cut -d ' ' -f 1)
    [ ! -e "$mark" ] || return 0
    exact=$(set -o pipefail; { echo "$rules"; bash -c "$(command_of "$1") -E -P -C ${1@Q}"; } | sha1sum) || return 1
    exact=$marks/${exact%% *}
    if [ ! -e "$exact" ]; then
        clang-tidy --quiet -p "$BUILDS/lint" --extra-arg=-Wno-unknown-warning-option "$1" 2> "$log" || { cat -- "$log"; return 1; }
        : > "$exact"
    fi
    : > "$mark"
}
export -f check_file sources_of command_of sums
export marks rules headers BUILDS SOURCE scratch

compiled() { sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$BUILDS/lint/compile_commands.json"; }
# shellcheck disable=SC2016 # the shell that xargs starts expands it
check_all() { compiled | xargs -d '\n' -P "$(nproc)" -I {} bash -c 'check_file "$1"' check {}; }

joined=$(compiled | while IFS= read -r file; do sources_of "$file"; done)
expect 'no file is left out' test -z "$(find "$SOURCE/core" "$SOURCE/share/report" "$SOURCE/share/top" "$SOURCE/plugins"/*/src -name '*.cpp' | grep -vxF "$joined")"
run check_all
expect 'the checks of .clang-tidy hold' succeeds
mkdir -p -- "$scratch/core"
planted=$scratch/core/planted.cpp
printf '#include <string>\nstruct Planted { virtual ~Planted() = default; virtual int size() { return 0; } };\nstruct More : Planted { int size() { return 1; } };\n' > "$planted"
printf '#include "%s"\n' "$planted" > "$scratch/joined.cpp"
run clang-tidy --quiet --config-file="$SOURCE/.clang-tidy" "$scratch/joined.cpp" -- -std=c++20
expect 'a planted fault is found' fails
expect 'the check is named' says modernize-use-override
all_passed
