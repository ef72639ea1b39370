#!/usr/bin/env bash
# The scripts themselves: shellcheck finds nothing, programs are executable, and what they offer is documented.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"

cd -- "$SOURCE" || exit 1
programs=(scripts/t2 scripts/st2 scripts/t2build scripts/t2conf scripts/tawk scripts/t2stat scripts/t2caplist scripts/t2whois scripts/t2plugin scripts/t2report scripts/setup scripts/quickstart core/cmake/header.sh scripts/test scripts/fuzz .ci/run)
run shellcheck -x "${programs[@]}" scripts/*.sh tests/{scripts,docs,lint}/*.sh share/completions/t2.bash
expect 'shellcheck finds nothing' succeeds
for program in "${programs[@]}"; do expect "$program is executable" test -x "$program"; done

options_in() { # usage text: the options it describes
    sed -n 's/^ *\(-[^ ].*\)/\1/p' | awk '{ for (i = 1; $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i } }' | sort -u
}

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
for command in t2build t2conf tawk t2caplist t2whois t2plugin; do
    options=$(scripts/$command --help | options_in)
    expect "$command has options" test -n "$options"
    documented "$command" "$options"
done

# The options of the program: from the usage text in its source, so that nothing has to be built.
run sed -n '/R"(Usage: t2/,/)";/p' core/app/usage.cpp
options=$(options_in <<< "$output")
expect 't2 has options' test -n "$options"
documented t2 "$options"
run sed -n '/R"(Usage: t2report/,/)";/p' share/report/main.cpp
options=$(options_in <<< "$output")
expect 't2report has options' test -n "$options"
documented t2report "$options"
all_passed
