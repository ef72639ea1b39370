#!/usr/bin/env bash
# What .clang-tidy asks for holds in core and plugins. A file that passed is checked again when it, a header or the checks
# changed: build/lint remembers.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"
# shellcheck source=../../scripts/lib.sh
. "$SOURCE/scripts/lib.sh"

command -v clang-tidy > /dev/null || { echo 'clang-tidy is not installed'; exit 77; }
marks=$BUILD/lint/passed
mkdir -p -- "$marks"
configure "$BUILD/lint" "$scratch/cmake.log" --preset debug || exit 1

headers=$(cd -- "$SOURCE" && { clang-tidy --version; cat .clang-tidy; find core plugins "$BUILD/lint/include" -name '*.h*' -print0 | sort -z | xargs -0 sha1sum; } | sha1sum)

check_file() { # FILE of the build: what is wrong is printed
    local mark log
    log=$scratch/log.$BASHPID
    mark=$marks/$({ echo "$headers"; cat -- "$1"; } | sha1sum | cut -d ' ' -f 1)
    [ ! -e "$mark" ] || return 0
    clang-tidy --quiet -p "$BUILD/lint" --extra-arg=-Wno-unknown-warning-option "$1" 2> "$log" || { cat -- "$log"; return 1; }
    : > "$mark"
}
export -f check_file
export marks headers BUILD scratch

# shellcheck disable=SC2016 # the shell that xargs starts expands it
check_all() { find "$SOURCE/core" "$SOURCE/plugins"/*/src -name '*.cpp' -print0 | xargs -0 -P "$(nproc)" -I {} bash -c 'check_file "$1"' check {}; }

run check_all
expect 'the checks of .clang-tidy hold' succeeds
planted=$scratch/planted.cpp
printf '#include <string>\nstruct Planted { virtual ~Planted() = default; virtual int size() { return 0; } };\nstruct More : Planted { int size() { return 1; } };\n' > "$planted"
run clang-tidy --quiet --config-file="$SOURCE/.clang-tidy" "$planted" -- -std=c++20
expect 'a planted fault is found' fails
expect 'the check is named' says modernize-use-override
all_passed
