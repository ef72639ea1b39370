# What the scripts share: where the project is, messages, questions, the list of plugins, their flags' headers.
#
# Source it, it does nothing by itself. It never asks without a terminal and never colours anything but one.
# shellcheck shell=bash disable=SC2034 # what it sets is used by those who source it

set +o posix   # where `sh` is bash, and started this

# Text is matched and sorted as bytes: in Turkish and some other locales 'i' is not between 'a' and 'z'.
USER_LC_ALL=${LC_ALL-}
export LC_ALL=C

ROOT=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P) || exit 1
CORE=tranalyzer2                 # the name users give the core; its CMake target and program are called tranalyzer
BUILDS=$ROOT/build              # a folder for each kind of build, all equally deep: ccache compares relative paths
BUILD=$BUILDS/release
PROGRAM=$BUILD/tranalyzer
packaged=''                     # set where this is no source tree: what packages, or cmake --install, put below a prefix
if [[ $ROOT = */share/tranalyzer ]]; then packaged=1 PROGRAM=${ROOT%/share/tranalyzer}/bin/tranalyzer; fi
declare -A outside=()            # folders of plugins that are not in this tree, by name
DEFAULT_PLUGINS=(basicFlow basicStats macRecorder tcpFlags tcpStates txtSink)
NAME=${0##*/}
[ -n "${HOME-}" ] || HOME=$({ getent passwd "$(id -u)" || :; } | cut -d: -f6)   # some service managers set none
export HOME
# In containers it may be missing or read-only: then one beside the build takes its place, for plugins, settings and ccache.
lent_home=''
if [ -n "$packaged" ]; then BUILD=${XDG_CACHE_HOME:-$HOME/.cache}/tranalyzer   # of locks and records alone
elif ! { [ -d "$HOME" ] && [ -w "$HOME" ]; } && [ ! -e "$HOME/.tranalyzer" ]; then lent_home=1 HOME=$BUILDS/home
fi

restore_locale() { # before a program that the user talks to takes over
    if [ -n "$USER_LC_ALL" ]; then LC_ALL=$USER_LC_ALL; else unset LC_ALL; fi
}

# ---- Messages: information on standard output, warnings and errors on standard error

paint() { # FD COLOUR TEXT: one line, coloured where FD is a terminal that may have colours
    if { [ -t "$1" ] || [ "$1" = "${whole_on-}" ]; } && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
        printf '\e[0;%sm%s\e[0m\n' "$2" "$3" >&"$1"
    else
        printf '%s\n' "$3" >&"$1"
    fi
}
info() { paint 1 34 "$1"; }
ok() { paint 1 32 "$1"; }
warn() { paint 2 33 "$1"; }
err() { paint 2 31 "$1"; }
die() { err "$1"; exit 1; }
# The scripts read lists through /dev/fd: without it all of them would be empty.
[ -d /dev/fd ] || die "'/dev/fd' is missing: mount /proc"
print_whole() { # COMMAND...: its output at once; that standard output does not take it is one line
    local text status whole_on=''
    [ ! -t 1 ] || whole_on=1   # colours are those of the terminal on which it ends
    text=$("$@")
    status=$?
    [ -z "$text" ] || printf '%s\n' "$text" 2>/dev/null || die 'Cannot write to standard output'
    return "$status"
}
unknown_option() { # OPTION: of a script whose usage() begins lines with its options
    local near words
    mapfile -t words < <(usage | grep -oE -- '^  +-[^ ,]+(, --[a-z-]+)?' | grep -oE -- '--?[A-Za-z-]+')
    near=''
    [[ $1 != --?* ]] || near=$(closest "$1" "${words[@]}")
    usage_error "Unknown option '$1'${near:+: did you mean $near?}"
}
usage_error() { err "$1"; printf "Try '%s --help' for more information.\n" "$NAME" >&2; exit 1; }

# ---- Questions

interactive() { [ -t 0 ] && [ -t 2 ]; }

confirm() { # QUESTION yes|no: the second is what Return means. Call it only if interactive.
    local reply hint='(y/N)'
    [ "$2" = yes ] && hint='(Y/n)'
    read -r -p "$1 $hint? " reply || return 1
    case ${reply:-$2} in [yY]|[yY][eE][sS]) return 0 ;; esac
    return 1
}

# ---- Commands with root's rights

has_terminal() { { : < /dev/tty; } 2>/dev/null; }   # sudo asks there, wherever its input and output go

may_be_root() { # could as_root work, if only by asking for a password?
    [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && { has_terminal || sudo -n true 2>/dev/null; }; }
}
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif has_terminal; then sudo -- "$@"
    else sudo -n -- "$@"
    fi
}

say_lost_commands() { # links that scripts/setup made, to a folder that was moved or deleted since
    local folder
    for folder in "${T2_BIN:-/usr/local/bin}" /usr/local/bin "$HOME/.local/bin"; do
        [ -L "$folder/t2" ] && [ ! -e "$folder/t2" ] || continue
        warn "The commands in $folder are links to $(readlink -- "$folder/t2"), which is gone: run '$ROOT/scripts/setup links'"
        return
    done
}

# ---- Building: CMakePresets.json decides the generator and the build type, for all scripts

is_outdated() { # FOLDER: was the build there set up before the tree was moved or copied, or with a compiler that is gone?
    local cache=$1/CMakeCache.txt
    [ -f "$cache" ] || return 1
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$ROOT" "$cache" || [ ! -x "$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$cache")" ]
}

# Brackets are in the way of the tree alone, which looks for its files by patterns.
is_buildable() { # FOLDER: can CMake have sources there? An error says what is in the way
    case $1 in
        *[\"\\\;\#$'\n']*) ;;
        *[][]*) [ "$1" = "$ROOT" ] || return 0 ;;
        *) return 0 ;;
    esac
    err "CMake cannot build where a folder's name has \", \\, ;, #, [, ] or a line break: rename or move ${1@Q}"
    return 1
}

configure() { # FOLDER LOG CMAKE_OPTION...: sets up a build of the project; an error says why there is none
    local full
    is_buildable "$ROOT" || return 1
    ! is_outdated "$1" || set -- "$@" --fresh
    cmake -S "$ROOT" -B "$1" "${@:3}" > "$2" 2>&1 9>&- && return
    [ ! -s "$2" ] || cat -- "$2" >&2
    full=$( { head -c 100000 /dev/zero > "$1/.space"; } 2>&1)
    rm -f -- "$1/.space"
    if [ -n "$full" ]; then err "The build could not be set up: cannot write in '$1' (${full##*: })"
    else err "The build could not be set up: see above, or run '$ROOT/scripts/setup build' if a library is missing"
    fi
    return 1
}

# A cache that cannot be used (its folder is read-only, its disk is full) must not stop a build: it goes on without.
try_ccache() { # FOLDER: where a file can be written
    local reason
    command -v ccache >/dev/null || return 0
    if ! reason=$(CCACHE_RECACHE=1 ccache c++ -x c++ -c /dev/null -o "$1/.ccache.o" 2>&1) && [[ $reason = ccache:* ]]; then
        info "Building without ccache: ${reason#ccache: error: }"
        unset "${!CCACHE_@}"  # ccache reads them first, and a bad value is an error even when it is disabled
        export CCACHE_DISABLE=1
    fi
    rm -f -- "$1/.ccache.o"
}

fuzzing_compiler() { # a clang with libFuzzer; where there is none, what is missing is on standard error
    local name
    for name in clang++ clang++-{19..14}; do
        command -v "$name" >/dev/null || continue
        if echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
            "$name" -fsanitize=fuzzer,address,undefined -x c++ - -o /dev/null 2>/dev/null; then
            echo "$name"
            return
        fi
        err "$name has no libFuzzer: install libclang-rt-dev, or that of this version"
        return 1
    done
    err "clang++ is missing: run scripts/setup test"
    return 1
}

# ---- Core and plugins

component_folder() { # NAME: folder of the core or of a plugin
    case $1 in
        "$CORE") printf '%s\n' "$ROOT/core" ;;
        *) printf '%s\n' "${outside[$1]-$ROOT/plugins/$1}" ;;
    esac
}
is_plugin() { [[ $1 =~ ^[A-Za-z_][A-Za-z0-9_]*$ && -f $ROOT/plugins/$1/CMakeLists.txt ]]; }
is_component() { [ "$1" = "$CORE" ] || is_plugin "$1"; }
all_plugins() { # names, sorted
    local list
    for list in "$ROOT"/plugins/*/CMakeLists.txt; do
        [ -f "$list" ] && list=${list%/CMakeLists.txt} && printf '%s\n' "${list##*/}"
    done
}
closest() { # WORD CANDIDATE...: prints the candidate that was probably meant: a third of its letters may be wrong, or its end missing
    printf '%s\n' "${@:2}" | WORD=$1 awk '
        function least(a, b) { return a < b ? a : b }
        BEGIN { word = tolower(ENVIRON["WORD"]); n = length(word); best = int(n / 3) + 1 }
        {
            name = tolower($0); m = length(name)
            for (j = 0; j <= m; j++) row[j] = j
            for (i = 1; i <= n; i++) {
                above = row[0]; row[0] = i
                for (j = 1; j <= m; j++) {
                    here = least(above + (substr(word, i, 1) != substr(name, j, 1)), least(row[j], row[j - 1]) + 1)
                    above = row[j]; row[j] = here
                }
            }
            distance = n > 2 && index(name, word) == 1 ? least(row[m], 1) : row[m]
            if (distance < best) { best = distance; found = $0 }
        }
        END { if (found != "") print found }'
}
plugin_number() { # NAME: its three digits
    local text
    text=$(<"$(component_folder "$1")/CMakeLists.txt")
    [[ $text =~ NUMBER[[:space:]]+([0-9]{3}) ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}
plugin_peeks() { # NAME: the plugins whose state it reads, a line each
    local text word
    text=$(<"$(component_folder "$1")/CMakeLists.txt")
    [[ $text =~ PEEKS([[:space:]]+[A-Za-z_][A-Za-z0-9_ $'\n\t']*) ]] || return 0
    for word in ${BASH_REMATCH[1]}; do
        case $word in NAME | NUMBER | SOURCES | LIBRARIES) return 0 ;; esac
        printf '%s\n' "$word"
    done
}
flags_header() { # NAME: the file with the values of its flags
    if [ "$1" = "$CORE" ]; then printf '%s\n' "$ROOT/core/tranalyzer.h"
    else printf '%s\n' "$(component_folder "$1")/src/$1.h"
    fi
}
# A header that is younger than the build with its flags: then it is compared. Cheap where nothing was changed.
say_unbuilt() {
    local record younger=''
    for record in "$BUILD"/flags/*; do
        [ ! -f "$record" ] || [ ! "$(flags_header "${record##*/}")" -nt "$record" ] || younger=1
    done
    [ -n "$younger" ] || return 0
    # shellcheck source=/dev/null
    . "$ROOT/scripts/flags.sh"
    # shellcheck source=/dev/null
    . "$ROOT/scripts/pending.sh"
    say_unbuilt_flags
}
default_folder() { # the plugin folder when no -p is given: the core's flag PLUGIN_FOLDER, relative to $HOME
    local folder=.tranalyzer/plugins header=$ROOT/core/tranalyzer.h line
    [ -r "$header" ] || header=$header.in
    while IFS= read -r line; do
        [[ $line =~ ^[[:space:]]*#[[:space:]]*define[[:space:]]+PLUGIN_FOLDER[[:space:]]+\"([^\"]+)\" ]] &&
            folder=${BASH_REMATCH[1]} && break
    done < "$header"
    [[ $folder = /* ]] || folder=$HOME/$folder
    while [[ $folder = */ && $folder != / ]]; do folder=${folder%/}; done
    printf '%s\n' "$folder"
}
