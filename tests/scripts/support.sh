# What the tests of the scripts share: a copy of the tree, a home folder of their own, and checks.
#
# Nothing outside the scratch folder is read or written; it is removed at the end. Ends with the line that
# scripts/test counts.
# shellcheck shell=bash disable=SC2034,SC2154 # variables are for those who source it

export LC_ALL=C
SOURCE=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." && pwd -P) || exit 1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/t2-scripts.XXXXXX") || exit 1
tree="$scratch/a user's tree (\$1 & more)"  # names of folders may be as odd as that
folder=$scratch/home/.tranalyzer/plugins
mkdir -p -- "$scratch/home" "$scratch/elsewhere"
# compiled files are shared between copies and runs
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ccache} CCACHE_BASEDIR=$scratch CCACHE_NOHASHDIR=1
! command -v ccache > /dev/null || export CMAKE_CXX_COMPILER_LAUNCHER=ccache  # for projects of their own, too
export HOME=$scratch/home T2_BIN=$scratch/bin
unset NO_COLOR SUDO_USER
PATH=$tree/scripts:$PATH
passed=0 failed=0 skipped=0

copy_tree() { # into $tree, with default flags
    mkdir -p -- "$tree" && tar -C "$SOURCE" --exclude=./build --exclude=./.git -cf - . | tar -C "$tree" -xf - &&
        "$tree/scripts/t2conf" -a --reset
}
copy_sources() { # FOLDER: as they are in git: without results and without the values of a user
    tar -C "$SOURCE" --exclude=./build --exclude=./.git --exclude='.*.h.base' --exclude='*.h.old' -cf - . | tar -C "$1" -xf - || return 1
    local header
    for header in "$1"/core/tranalyzer.h.in "$1"/plugins/*/src/*.h.in; do rm -f -- "${header%.in}"; done
}

run() { # COMMAND..., or a function: without a terminal, for commands also none that could be opened; sets output and status
    local session=(setsid -w)
    if [ "$(type -t "$1")" = function ]; then session=(); fi
    output=$("${session[@]}" "$@" 2>&1 < /dev/null)
    status=$?
}
run_on_terminal() { # INPUT COMMAND...: on a terminal of its own, where INPUT is typed
    local input=$1
    shift
    output=$(printf '%s' "$input" | TERM=xterm script -qec "$(printf '%q ' "$@")" /dev/null 2>&1)
    status=$?
    output=${output//$'\r'/}
}

spent() { # hundredths of a second of processor time by what this test has run
    local -a figures
    read -ra figures < "/proc/$$/stat"
    echo $((figures[15] + figures[16]))
}

expect() { # WHAT CONDITION...
    if "${@:2}"; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    printf 'not true: %s\n  condition: %s\n  status: %s\n' "$1" "${*:2}" "${status-}"
    printf '%s\n' "${output-}" | tail -n 25 | sed 's/^/  | /'
}
skip() { # WHAT REASON
    echo "skipped: $1: $2"
    skipped=$((skipped + 1))
}
succeeds() { [ "$status" -eq 0 ]; }
fails() { [ "$status" -eq 1 ]; }
says() { [[ $output = *"$1"* ]]; }
silent_about() { [[ $output != *"$1"* ]]; }
ends_with() { [ "${output##*$'\n'}" = "$1" ]; }
same() { [ "$1" = "$2" ]; }
differ() { [ "$1" != "$2" ]; }
missing() { [ ! -e "$1" ]; }

all_passed() { [ "$failed" -eq 0 ]; }

finish() {
    rm -rf -- "$scratch"
    echo "$passed passed, $failed failed, $skipped skipped"
}
trap finish EXIT
