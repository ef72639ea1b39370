#!/usr/bin/env bash
# Headers with flags. NAME.h.in holds the defaults and is tracked by git; NAME.h beside it is made from it, holds the values
# of this copy's user, and is not tracked. So a pull never meets a user's values.
#
#     header.sh HEADER...     (CMake) makes headers that are missing, brings those up to date whose NAME.h.in has changed
#
# Sourced (t2conf, t2build) it only defines functions. A flag is a line `#define NAME value   // comment`; besides flags there
# are comments and `#pragma once`, nothing else. .NAME.h.base is the NAME.h.in that NAME.h was made from: a value that differs
# from it is the user's.

# shellcheck disable=SC2004,SC2034 # namerefs to associative arrays

# Groups: 1 up to the value, 2 name, 3 value, 6 blanks, 7 comment.
define_line='^([[:space:]]*#[[:space:]]*define[[:space:]]+([A-Za-z_][A-Za-z0-9_]*)[[:space:]]+)("([^"\\]|\\.)*"|'\''([^'\''\\]|\\.)+'\''|[^][:space:]/"'\''[]+)([[:space:]]*)(//.*|/\*.*\*/[[:space:]]*)?$'
define_start='^[[:space:]]*#[[:space:]]*define[[:space:]]+([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*(.*)$'
no_flag_line='^[[:space:]]*(//.*|/\*.*\*/[[:space:]]*|#[[:space:]]*pragma[[:space:]]+once.*)?$'

# Reads a header into associative arrays, given by name: FLAG -> value, FLAG -> line number, and what is wrong,
# FLAG (or line number, where the line has none) -> `LINE: message`.
read_header() { # FILE VALUES NUMBERS PROBLEMS
    local -n read_values=$2 read_numbers=$3 read_problems=$4
    local line text name rest number=0 comment=''
    [ -f "$1" ] && [ -r "$1" ] || return 1
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1)) text=${line%$'\r'}
        if [[ $text = *\\ ]]; then
            read_problems[$number]="$number: a line ends in \\, which joins the next one to it"
        elif [ -n "$comment" ]; then
            [[ $text != *'*/'* ]] || comment=''
        elif [[ $text =~ $define_line ]]; then
            name=${BASH_REMATCH[2]}
            if [ -z "${read_numbers[$name]-}" ]; then read_values[$name]=${BASH_REMATCH[3]} read_numbers[$name]=$number
            else read_problems[$name]="$number: $name stands here a second time, after line ${read_numbers[$name]}"
            fi
        elif [[ $text =~ $define_start ]]; then
            name=${BASH_REMATCH[1]} rest=${BASH_REMATCH[2]%%//*}
            rest=${rest%"${rest##*[![:space:]]}"}
            case $rest in
                '') read_problems[$name]="$number: $name has no value" ;;
                \"* | *\") read_problems[$name]="$number: $name: a quote is missing, or one inside the text is not written as \\\"" ;;
                \'* | *\') read_problems[$name]="$number: $name: one character between two ' is expected" ;;
                *) read_problems[$name]="$number: $name: one value is expected, found: $rest" ;;
            esac
        elif [[ ! $text =~ $no_flag_line ]]; then
            if [[ $text =~ ^[[:space:]]*/\* ]]; then comment=1
            else read_problems[$number]="$number: expected '#define FLAG value', found: $text"
            fi
        fi
    done < "$1"
}

render_header() { # TEMPLATE VALUES: prints the template with these values; comments stay in their column where there is room
    local -n render_values=$2
    local line old new gap
    while IFS= read -r line || [ -n "$line" ]; do
        if [[ $line =~ $define_line ]]; then
            old=${BASH_REMATCH[3]} new=${render_values[${BASH_REMATCH[2]}]-${BASH_REMATCH[3]}}
            if [ "$new" != "$old" ]; then
                gap=$((${#old} + ${#BASH_REMATCH[6]} - ${#new}))
                [ "$gap" -ge 1 ] || gap=2
                line=${BASH_REMATCH[1]}$new
                [ -z "${BASH_REMATCH[7]}" ] || printf -v line '%s%*s%s' "$line" "$gap" '' "${BASH_REMATCH[7]}"
            fi
        fi
        printf '%s\n' "$line"
    done < "$1"
}

is_there() { [ -e "$1" ] || [ -L "$1" ]; } # FILE: also a link to nothing
base_of() { printf '%s/.%s.base\n' "${1%/*}" "${1##*/}"; } # HEADER

# Writes a header, whole or not at all, and not if it would stay as it is. Text of the user's own in it goes to NAME.h.old.
write_header() { # HEADER VALUES
    local header=$1 template=$1.in base new status=0
    base=$(base_of "$header")
    [ -f "$template" ] || template=$header base=''
    if [ -d "$header" ]; then
        echo "$header is a folder: remove it" >&2
        return 1
    fi
    [ -f "$header" ] || rm -f -- "$header"
    [ ! -L "$header" ] || header=$(readlink -f -- "$header")   # the link stays
    new=$(mktemp "$header.XXXXXX" 2>/dev/null) || { echo "Cannot write in ${header%/*}" >&2; return 1; }
    if render_header "$template" "$2" > "$new" && chmod --reference="$template" "$new"; then
        cmp -s -- "$new" "$header" || { keep_text "$header" "$base" && mv -f -- "$new" "$header"; } || status=1
        [ -z "$base" ] || cmp -s -- "$template" "$base" || cp -- "$template" "$base" || status=1
    else
        status=1
    fi
    rm -f -- "$new"
    [ "$status" -eq 0 ] || echo "Cannot write $header" >&2
    return "$status"
}

keep_text() { # HEADER BASE: copies the header to HEADER.old where it is more than BASE with other values
    local -A keep_values=() keep_numbers=() keep_problems=()
    [ -f "$1" ] && [ -f "$2" ] || return 0
    read_header "$1" keep_values keep_numbers keep_problems
    render_header "$2" keep_values | cmp -s -- - "$1" && return
    cp -p -- "$1" "$1.old" && echo "$1 is written anew; as it was it is in $1.old" >&2
}

# Makes a header from its template, or brings it up to date; says what that means for the user. Without a template it stays,
# and one with mistakes stays, too.
update_header() { # HEADER
    local header=$1 base name
    local -A now=() previous=() mine=() numbers=() problems=() values=()
    [ -f "$header.in" ] || return 0
    base=$(base_of "$header")
    if ! is_there "$header"; then
        write_header "$header" values
        return
    fi
    ! cmp -s -- "$header.in" "$base" || return 0
    read_header "$header.in" now numbers problems
    numbers=()
    [ ! -f "$base" ] || read_header "$base" previous numbers problems
    numbers=() problems=()
    read_header "$header" mine numbers problems && [ ${#problems[@]} -eq 0 ] || return 1
    for name in "${!mine[@]}"; do
        if [ -z "${now[$name]+x}" ]; then
            echo "$header: $name is not a flag any more, its value was ${mine[$name]}" >&2
        elif [ "${mine[$name]}" != "${previous[$name]-}" ]; then
            values[$name]=${mine[$name]}
            [ "${now[$name]}" = "${previous[$name]-${now[$name]}}" ] ||
                echo "$header: $name stays ${mine[$name]}, its default is ${now[$name]} now" >&2
        elif [ "${mine[$name]}" != "${now[$name]}" ]; then
            echo "$header: $name is ${now[$name]}, the new default, instead of ${mine[$name]}" >&2
        fi
    done
    for name in "${!now[@]}"; do
        [ -n "${mine[$name]+x}" ] || echo "$header: $name = ${now[$name]} is new" >&2
    done
    write_header "$header" values
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    export LC_ALL=C
    status=0
    for header; do
        update_header "$header" || { echo "$header does not have the flags of ${header##*/}.in: 't2build' says why" >&2; status=1; }
    done
    exit "$status"
fi
