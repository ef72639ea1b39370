#!/usr/bin/env bash
# Every command in the documentation works as it is typed, in an empty home.
#
#   docs_test.sh [DOCUMENT...]      without names all *.md and the EXAMPLES of the manual pages
#
# One user types each document from top to bottom, in one shell, with an empty home folder. Each block begins in the top
# folder of a copy of the tree, which also has the captures and the certificate that examples name. Documents share this
# copy with its build, whose flags are reset in between, and a network namespace with the interface eth0 and collectors.
# Blocks are fenced and say what they are:
#
#   sh                commands; each must succeed
#   console           commands behind "$ " and lines of what they print, which must appear in this order
#   toml              run-time settings for the commands that follow; t2 must accept them
#   diff              a change of the tree, which patch applies
#   text, cpp, cmake  no commands
#
# `<!-- not run: REASON -->` above a block (`.\" not run: REASON` in a manual page) leaves it out: it counts as skipped.
# Exit status 77: no network namespace can be made here.
if [ -z "${T2_DOCS_NETWORK-}" ]; then
    isolate=(unshare --net)
    [ "$(id -u)" -eq 0 ] || isolate+=(--map-root-user)
    if ! "${isolate[@]}" ip link add eth0 type veth peer name wire 2>/dev/null; then
        echo 'docs: skipped, needs the right to make a network namespace'
        exit 77
    fi
    ! "${isolate[@]}" --mount true 2>/dev/null || isolate+=(--mount)  # for names; not where / is no mount point
    T2_DOCS_NETWORK=${isolate[*]} exec "${isolate[@]}" "$0" "$@"
fi
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"
HERE=$SOURCE/tests/docs
NAME_OF_COLLECTOR=flows.example.net
names=''

# ---- Blocks of a document

# Writes each block to FOLDER/NUMBER and prints a line for each: NUMBER KIND LINE REASON
markdown_blocks() { # DOCUMENT FOLDER
    awk -v folder="$2" '
        inside && /^```$/ { inside = 0; next }
        inside { print > file; next }
        /^```/ { print ++n, substr($0, 4) == "" ? "unnamed" : substr($0, 4), NR, reason; file = folder "/" n; printf "" > file; inside = 1 }
        /^(    |\t| +```)/ { print ++n, "indented", NR }
        /^<!-- not run: .* -->$/ { reason = substr($0, 15, length($0) - 18); next }
        NF { reason = "" }' "$1"
}
manual_blocks() { # DOCUMENT FOLDER
    awk -v folder="$2" '
        /^\.SH/ { examples = /EXAMPLES/ }
        !examples { next }
        /^\.fi/ { inside = 0; reason = "" }
        inside { gsub(/\\-/, "-"); gsub(/\\\(aq/, "\x27"); gsub(/\\e/, "\\"); gsub(/\\&/, ""); print > file }
        /^\.nf/ { print ++n, "sh", NR, reason; file = folder "/" n; printf "" > file; inside = 1 }
        /^\.\\" not run: / { reason = substr($0, 14) }' "$1"
}

# ---- Typing

printed=$scratch/printed  # by the last command

# A command that captures on eth0: there is traffic, then Ctrl-C is pressed twice.
type_live() { # COMMAND
    local job try
    set -m
    eval "{ $1"$'\n'"} &" > "$printed" 2>&1 < /dev/null
    job=$!
    set +m
    for ((try = 0; try < 15; try++)); do
        echo traffic > /dev/udp/192.0.2.99/53
        sleep 0.1
    done
    kill -INT -- -"$job"
    sleep 0.5
    kill -INT -- -"$job" 2>/dev/null
    wait "$job"
}

type_command() { # COMMAND LINE
    local status
    if [ -z "$names" ] && [[ $1 = *"$NAME_OF_COLLECTOR"* ]]; then
        skip "$document:$2" 'names cannot be given to addresses where / is no mount point'
        return
    fi
    if [[ $1 = *' -i eth0'* ]]; then type_live "$1"; else eval "$1" > "$printed" 2>&1 < /dev/null; fi
    status=$?
    # people do not type fast: what was started in the background gets ready meanwhile
    [[ ! $1 =~ \&[[:space:]]*(#.*)?$ ]] || sleep 1
    if [ "$status" -eq 0 ]; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    printf 'failed: %s:%s: status %s: %s\n' "$document" "$2" "$status" "$1"
    tail -n 25 "$printed" | sed 's/^/  | /'
}

type_lines() { # LINE: commands from descriptor 3, the first in LINE + 1; one ends with its line, unless the shell waits for more
    local line number=$1 text='' console='' rest=''
    [ "$kind" != console ] || console=1
    while IFS= read -r line <&3; do
        number=$((number + 1))
        if [ -n "$console" ] && [ -z "$text" ]; then
            if [[ $line != '$ '* ]]; then compare "$line" "$number"; continue; fi
            line=${line#??}
        fi
        text+=$line
        if [[ -z ${text//[[:space:]]/} || $text = '#'* ]]; then text=''; continue; fi
        if [[ $text = *\\ ]] || ! bash -n <<< "$text" 2>/dev/null; then text+=$'\n'; continue; fi
        type_command "$text" "$number"
        rest=$(tr -d '\0' < "$printed") text=''
    done
    [ -z "$text" ] || type_command "$text" "$number"
}

compare() { # TEXT LINE: it was printed, behind what was found before; for type_lines, which keeps the rest
    if [[ $rest = *"$1"* ]]; then
        rest=${rest#*"$1"}
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    printf 'failed: %s:%s: not printed: %s\n' "$document" "$2" "$1"
    tail -n 25 "$printed" | sed 's/^/  | /'
}

type_document() { # DOCUMENT: its name below the tree
    local document=$1 blocks number kind line reason
    HOME=$(mktemp -d "$scratch/home.XXXXXX") && blocks=$(mktemp -d "$scratch/blocks.XXXXXX") || return 1
    while read -r number kind line reason; do
        cd -- "$tree" || return 1
        if [ -n "$reason" ]; then
            skip "$document:$line" "$reason"
            continue
        fi
        case $kind in
            sh | console) type_lines "$line" 3< "$blocks/$number" ;;
            toml)
                mkdir -p -- "$HOME/.tranalyzer" && cp -- "$blocks/$number" "$HOME/.tranalyzer/t2.toml"
                type_command 't2 -r capture.pcap' "$line" ;;
            diff) type_command "patch -s -p1 -d ${tree@Q} < ${blocks@Q}/$number" "$line" ;;
            text | cpp | cmake)
                output=$(grep -nE '^ *(\$ |(t2|st2|t2build|t2conf|nfcapd|nfdump) )' "$blocks/$number")
                expect "$document:$line: a block '$kind' has no commands" test -z "$output" ;;
            *) output='' && expect "$document:$line: a block is fenced and says what it is, not '$kind'" false ;;
        esac
    done < <(case $document in *.md) markdown_blocks "$tree/$document" "$blocks" ;; *) manual_blocks "$tree/$document" "$blocks" ;; esac)
    # shellcheck disable=SC2046
    kill $(jobs -p) 2>/dev/null
    wait
    echo "$passed $failed $skipped" > "$scratch/counts"
}

# ---- The machine they are typed on

make_network() {
    ip link set lo up && { ip link show eth0 || ip link add eth0 type veth peer name wire; } && ip link set eth0 up && ip link set wire up &&
        ip address add 192.0.2.7/24 dev eth0 && ip address add 2001:db8::7/64 dev eth0 nodad &&
        ip neighbour add 192.0.2.99 lladdr 02:00:00:00:00:99 dev eth0
} > /dev/null 2>&1
make_names() { # sets names where the collector can have its name, for which ca.pem vouches
    { cat /etc/hosts; echo "192.0.2.7 $NAME_OF_COLLECTOR"; } > "$scratch/hosts"
    if [[ $T2_DOCS_NETWORK = *--mount ]] && mount --bind "$scratch/hosts" /etc/hosts; then names=1; fi
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$NAME_OF_COLLECTOR" -addext "subjectAltName=DNS:$NAME_OF_COLLECTOR" \
        -keyout "$scratch/key.pem" -out "$scratch/ca.pem" 2>/dev/null
}
make_commands() { # the tree in place of a clone; scripts/setup finds its packages or fails, it installs none; ctest has tests or fails
    mkdir -p -- "$scratch/bin"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\n[ "$1" = clone ] && shift $(($# - 1)) && ln -s . "$1"\n' > "$scratch/bin/git"
    printf '#!/bin/sh\necho "E: not now: $*" >&2\nexit 100\n' > "$scratch/bin/apt-get"
    printf '#!/bin/sh\nexec %s --no-tests=error "$@"\n' "$(command -v ctest)" > "$scratch/bin/ctest"
    chmod +x -- "$scratch/bin/git" "$scratch/bin/apt-get" "$scratch/bin/ctest"
    "$tree/scripts/setup" links > /dev/null
}

files_of_tree() { find "$tree" -path "$tree/build" -prune -o -print | sort; }
restore_tree() { # as it was before a document was typed, but for what is built
    [ -z "$(find "$tree/core" "$tree/plugins" -name '*.h' -newer "$scratch/restored" -print -quit)" ] || "$tree/scripts/t2conf" -a --reset
    local file
    (cd -- "$tree" && sha256sum --check --quiet "$scratch/sources") 2>/dev/null | while IFS= read -r file; do   # what a diff changed
        file=${file%: *}
        cp -- "$SOURCE/$file" "$tree/$file"
    done
    files_of_tree | comm -13 "$scratch/files" - | tac | while IFS= read -r file; do rm -rf -- "$file"; done
    touch -- "$scratch/restored"
}

make_files() { # what examples name, beside the tree's own files
    cp -- "$scratch/ca.pem" "$tree" && cp -- "$tree/share/samples/office.pcap" "$tree" &&
        cp -- "$tree/share/samples/office.pcap" "$tree/capture.pcap" && files_of_tree > "$scratch/files" &&
        (cd -- "$SOURCE" && find core plugins share scripts tests CMakeLists.txt -type f ! -path '*/src/*.h' ! -path core/tranalyzer.h ! -name '.*' ! -name '*.pyc' -exec sha256sum {} +) > "$scratch/sources" &&
        touch -- "$scratch/restored"
}

PATH=$scratch/bin:${PATH#"$tree/scripts:"}
make_network && make_names && copy_tree && make_commands && make_files || { echo 'The machine for the examples cannot be set up'; exit 1; }
python3 "$HERE/collectors.py" "$scratch/ca.pem" "$scratch/key.pem" &
collectors=$!
trap 'kill "$collectors"; finish' EXIT

cd -- "$tree" || exit 1
documents=("$@")
if [ $# -eq 0 ]; then
    mapfile -t documents < <(find . -name '*.md' -printf '%P\n' | sort)
    documents+=(share/man/*.1)
fi
for document in "${documents[@]}"; do
    rm -f -- "$scratch/counts"
    (type_document "$document")
    read -r passed failed skipped < "$scratch/counts" || expect "$document is typed to its end" false
    restore_tree
done
all_passed
