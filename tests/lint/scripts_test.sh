#!/usr/bin/env bash
# The scripts themselves: shellcheck finds nothing, programs are executable, and what they offer is documented.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"

cd -- "$SOURCE" || exit 1
programs=(scripts/t2 scripts/st2 scripts/t2build scripts/t2conf scripts/tawk scripts/t2stat scripts/t2caplist scripts/t2whois scripts/t2plugin scripts/t2report scripts/t2top scripts/package scripts/site scripts/setup scripts/quickstart core/cmake/header.sh scripts/test scripts/fuzz .ci/run)
run shellcheck -x "${programs[@]}" scripts/*.sh tests/{scripts,docs,lint}/*.sh share/completions/t2.bash
expect 'shellcheck finds nothing' succeeds
for program in "${programs[@]}"; do expect "$program is executable" test -x "$program"; done

options_in() { # usage text: the options it describes
    sed -n 's/^ *\(-[^ ].*\)/\1/p' | awk '{ for (i = 1; $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i } }' | sort -u
}

# The help of programs: from its source, so that nothing has to be built.
t2() { sed -n '/R"(Usage: t2/,/)";/p' core/app/usage.cpp; }
t2report() { sed -n '/R"(Usage: t2report/,/)";/p' share/report/main.cpp; }
t2top() { sed -n '/R"(Usage: t2top/,/)";/p' share/top/main.cpp; }
PATH=$SOURCE/scripts:$PATH

# Every option of the usage text is in the manual page and completed, and none is there that does not exist.
documented() { # COMMAND OPTIONS
    local option completed manual
    # shellcheck source=../../share/completions/t2.bash
    completed=$(. share/completions/t2.bash; COMP_WORDS=("$1" -) COMP_CWORD=1 COMPREPLY=(); _t2_complete "$1" - "$1"
        printf '%s\n' "${COMPREPLY[@]}" | sort -u)
    manual=$(sed 's/\\-/-/g; s/\\f[BIRP]//g' "share/man/$1.1")
    output=''
    for option in $2; do
        expect "$option of $1 is in its manual page" grep -qE -- "(^|[ ,])$option([ ,=]|\$)" <<< "$manual"
        expect "$option of $1 is completed" grep -qxF -- "$option" <<< "$completed"
    done
    for option in $completed; do
        expect "$option, completed for $1, exists" grep -qxF -- "$option" <<< "$2"
    done
}
for command in t2 t2build t2conf tawk t2stat t2caplist t2whois t2plugin t2report t2top; do
    options=$($command --help | options_in)
    expect "$command has options" test -n "$options"
    documented "$command" "$options"
done

# All three shells ask --help, and take the same options from it.
if command -v fish > /dev/null; then
    printf '#!/bin/sh\ncat %q\n' "$scratch/help" > "$scratch/t2"
    chmod +x -- "$scratch/t2"
    t2 --help > "$scratch/help"
    run env PATH="$scratch:$PATH" fish --no-config -c "source share/completions/t2.fish; __t2_options t2"
    expect 'fish: the options of t2' same "$(cut -f 1 <<< "$output" | sort -u)" "$(t2 --help | options_in)"
    expect 'fish: what they do' says $'--snaplen\tbytes kept of a frame'
else
    skip 'completion in fish' 'fish is not installed'
fi
if command -v zsh > /dev/null; then
    t2 --help > "$scratch/help"
    # shellcheck disable=SC2016 # zsh expands it
    run env HELP="$scratch/help" zsh -f -c '_describe() { print -l -- ${(P)2}; }; t2() { cat "$HELP"; }; words=(t2 -) PREFIX=-; source share/completions/_t2'
    expect 'zsh: the options of t2' same "$(cut -d : -f 1 <<< "$output" | sort -u)" "$(t2 --help | options_in)"
    expect 'zsh: what they do' says '--snaplen:bytes kept of a frame'
else
    skip 'completion in zsh' 'zsh is not installed'
fi
all_passed
