# The user configuration flags of the core and of the plugins: defaults from NAME.h.in, values from NAME.h (header.sh).
#
# A flag is a line `#define NAME value   // what it does [allowed]` below the heading USER CONFIGURATION FLAGS or below
# ENV / RUNTIME (read when the program starts). `allowed` is a list `a|b`, a range `a-b`, or both. Needs lib.sh.
# shellcheck shell=bash disable=SC2034 # what it sets is used by those who source it
# shellcheck source=../core/cmake/header.sh
. "$ROOT/core/cmake/header.sh"

declare -A flag_names=()    # component -> names in the order of the header
declare -A flag_default=()  # component:NAME -> default as written
declare -A flag_value=()    # component:NAME -> value as written
declare -A flag_comment=()  # component:NAME -> comment without the allowed values
declare -A flag_allowed=()  # component:NAME -> allowed values, empty: anything
declare -A flag_runtime=()  # component:NAME -> set where the environment decides
declare -A flag_problem=()  # component:NAME -> `LINE: what is wrong in the header`; NAME is empty for lines without a flag

comment_end='^(.*[^[:space:]])?[[:space:]]*\[([^][]+)\][[:space:]]*$'
rule_line='^[[:space:]]*(//|/\*)[[:space:]]*={10}'
integer='-?(0[xX][0-9a-fA-F]{1,15}|[0-9]{1,18})'
bound="($integer|-?[0-9]+\\.[0-9]+|U?INT(8|16|32|64)?_MAX)"

has_template() { [ -f "$(flags_header "$1").in" ]; } # COMPONENT; one that has none keeps defaults and values in one file

load_flags() { # COMPONENT: fills the arrays above
    local component=$1 header name
    [ -z "${flag_names[$component]+x}" ] || return 0
    flag_names[$component]=''
    header=$(flags_header "$component")
    if has_template "$component"; then
        [ ! -w "${header%/*}" ] || update_header "$header"    # why it fails is found again below
        load_defaults "$component" "$header.in"
    else
        load_defaults "$component" "$header" || return 1
    fi
    load_values "$component" "$header"
}

load_defaults() { # COMPONENT FILE
    local component=$1 line name comment text list block='' seen=''
    [ -r "$2" ] || return 1
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        if [[ $line = *'USER CONFIGURATION FLAGS'* ]]; then block=user seen=''
        elif [[ $line = *'ENV / RUNTIME'* ]]; then block=runtime seen=''
        elif [[ $line =~ $rule_line && -n $seen ]]; then block=''
        elif [[ -n $block && $line =~ $define_line ]]; then
            seen=1 name=${BASH_REMATCH[2]}
            flag_names[$component]+=" $name"
            flag_default[$component:$name]=${BASH_REMATCH[3]}
            [ "$block" = runtime ] && flag_runtime[$component:$name]=1
            comment=${BASH_REMATCH[7]}
            [[ $comment =~ ^(//|/\*)[[:space:]]*(.*)$ ]] && comment=${BASH_REMATCH[2]}
            comment=${comment%'*/'}
            flag_allowed[$component:$name]=''
            if [[ $comment =~ $comment_end ]]; then
                text=${BASH_REMATCH[1]} list=${BASH_REMATCH[2]}
                is_allowed_list "$list" && comment=$text flag_allowed[$component:$name]=$list
            fi
            flag_comment[$component:$name]=$comment
        fi
    done < "$2"
}

load_values() { # COMPONENT FILE: the values, and what is wrong with them; without the file they are the defaults
    local component=$1 name
    local -A found=() numbers=() problems=()
    if ! read_header "$2" found numbers problems; then
        for name in ${flag_names[$component]}; do flag_value[$component:$name]=${flag_default[$component:$name]}; done
        ! is_there "$2" || flag_problem[$component:]="1: this is no file that can be read: 't2conf $component --reset' writes it anew"
        return
    fi
    for name in "${!problems[@]}"; do flag_problem[$component:$name]=${problems[$name]}; done
    for name in "${!found[@]}"; do
        has_flag "$component" "$name" || flag_problem[$component:$name]="${numbers[$name]}: $component has no flag $name: new ones go into ${2##*/}.in"
    done
    for name in ${flag_names[$component]}; do
        [ -z "${flag_problem[$component:$name]-}" ] || continue
        if [ -z "${found[$name]+x}" ]; then
            flag_problem[$component:$name]="1: $name is missing: 't2conf $component -D $name=default' brings it back"
        else
            flag_value[$component:$name]=${found[$name]}
            convert_value "$component" "$name" "${found[$name]}" && [ "$converted" = "${found[$name]}" ] ||
                flag_problem[$component:$name]="${numbers[$name]}: ${reason:-$name: write $converted instead of ${found[$name]}}"
        fi
    done
}

has_flag() { [ -n "${flag_default[$1:$2]+x}" ]; }

problems_of() { # COMPONENT: prints what is wrong in its header, a line each: FILE:LINE: message
    local key header line
    header=$(flags_header "$1")
    for key in "${!flag_problem[@]}"; do
        [ "${key%%:*}" != "$1" ] || printf '%s\n' "${flag_problem[$key]}"
    done | sort -n | while IFS= read -r line; do printf '%s:%s\n' "$header" "$line"; done
}

is_allowed_list() { [[ $1 = *'|'* || $1 =~ ^$bound(-$bound)?$ ]]; }

number_of() { # TEXT: its value as an integer in `number`; fails if it is none. As in C: 0x is hexadecimal, a leading 0 octal.
    number=$1
    case $number in
        INT8_MAX) number=127 ;; UINT8_MAX) number=255 ;;
        INT16_MAX) number=32767 ;; UINT16_MAX) number=65535 ;;
        INT_MAX | INT32_MAX) number=2147483647 ;; UINT_MAX | UINT32_MAX) number=4294967295 ;;
        INT64_MAX | UINT64_MAX) number=9223372036854775807 ;;   # the largest this shell can compare
        *)
            [[ $number =~ ^($integer)([uU]?[lL]?[lL]?)$ ]] || return 1
            number=${BASH_REMATCH[1]}
            [[ ! $number =~ ^-?0[0-9]*[89] ]] || return 1
            number=$((number)) ;;
    esac
}

is_number() { [[ $1 =~ ^-?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?[fF]?$ ]] || number_of "$1"; }

in_range() { # VALUE LOW HIGH
    local number value=${1%[fF]} low=$2 high=$3 whole=1
    if number_of "$1"; then value=$number; else whole=''; fi
    if number_of "$2"; then low=$number; else whole=''; fi
    if number_of "$3"; then high=$number; else whole=''; fi
    if [ -n "$whole" ]; then
        ((value >= low && value <= high))
    else   # hex and octal numbers are decimal by now: some awks do not know them
        awk -v v="$value" -v l="$low" -v h="$high" 'BEGIN { exit !(v + 0 >= l + 0 && v + 0 <= h + 0) }'
    fi
}

is_allowed() { # VALUE LIST: one of `a`, `a-b` joined by `|`
    local value=$1 part parts number low high wanted=''
    IFS='|' read -r -a parts <<< "$2"
    ! number_of "$value" || wanted=$number
    for part in "${parts[@]}"; do
        if [[ $part =~ ^$bound-$bound$ ]]; then
            low=${BASH_REMATCH[1]} high=${BASH_REMATCH[4]}   # a bound has three groups
            is_number "$value" && in_range "$value" "$low" "$high" && return 0
        elif [ "$value" = "$part" ] || [ "$value" = "\"$part\"" ]; then
            return 0
        elif [ -n "$wanted" ] && number_of "$part" && [ "$number" = "$wanted" ]; then
            return 0
        fi
    done
    return 1
}

# Turns what a user typed into what stands in the header, in `converted`. The default says of which kind it is. Fails with the reason in `reason`.
convert_value() { # COMPONENT NAME TEXT
    local key=$1:$2 text=$3 quote rest number
    local old=${flag_default[$key]} allowed=${flag_allowed[$key]}
    converted='' reason=''
    case $text in *[$'\n\r']*) reason="$2: a value is one line"; return 1 ;; esac
    case $old in
        \"* | \'*)
            quote=${old:0:1}
            if [ ${#text} -ge 2 ] && [ "${text:0:1}" = "$quote" ] && [ "${text: -1}" = "$quote" ]; then text=${text:1:${#text}-2}; fi
            rest=${text//\\[^[:space:]]/}     # without escape sequences
            case $rest in
                *"$quote"* | *\\*) reason="$2: write $quote and \\ inside a text as \\$quote and \\\\"; return 1 ;;
            esac
            if [ "$quote" = "'" ] && [ "${#text}" -ne 1 ] && [[ ! $text =~ ^\\.[0-9a-fA-F]*$ ]]; then
                reason="$2 is one character"
                return 1
            fi
            if [[ $2 = *SUFFIX && $text = */* ]]; then reason="$2 is the end of a file's name: it cannot hold a '/'"; return 1; fi
            converted=$quote$text$quote ;;
        *)
            case $text in [yY][eE][sS]) text=1 ;; [nN][oO]) text=0 ;; esac
            if is_number "$old" && ! is_number "$text"; then
                reason="$2 is a number, '$text' is not"
                [ -z "$allowed" ] || reason+=" (allowed: $allowed)"
                return 1
            fi
            if [[ ! $text =~ ^[A-Za-z0-9_.+-]+$ ]]; then reason="$2: '$text' is not a value of the kind of '$old'"; return 1; fi
            if [[ $text = *.* && $old != *.* && $allowed != *.* ]]; then reason="$2 is a whole number, '$text' is not"; return 1; fi
            converted=$text ;;
    esac
    if [ -n "$allowed" ] && ! is_allowed "$converted" "$allowed"; then
        reason="$2 cannot be $text (allowed: $allowed)"
        return 1
    fi
}
