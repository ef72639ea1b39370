# The user configuration flags of the core and of the plugins, as they stand in their headers.
#
# A flag is a line `#define NAME value   // what it does [allowed]` below the heading USER CONFIGURATION FLAGS or below
# ENV / RUNTIME (read when the program starts). `allowed` is a list `a|b`, a range `a-b`, or both. Needs lib.sh.
# shellcheck shell=bash disable=SC2034 # what it sets is used by those who source it

declare -A flag_names=()    # component -> names in the order of the header
declare -A flag_value=()    # component:NAME -> value as written
declare -A flag_comment=()  # component:NAME -> comment without the allowed values
declare -A flag_allowed=()  # component:NAME -> allowed values, empty: anything
declare -A flag_runtime=()  # component:NAME -> set where the environment decides

# Groups: 1 up to the value, 2 name, 3 value, 6 blanks, 7 comment.
define_line='^([[:space:]]*#[[:space:]]*define[[:space:]]+([A-Za-z_][A-Za-z0-9_]*)[[:space:]]+)("([^"\\]|\\.)*"|'\''([^'\''\\]|\\.)+'\''|[^][:space:]/"'\''[]+)([[:space:]]*)(//.*|/\*.*\*/[[:space:]]*)?$'
comment_end='^(.*[^[:space:]])?[[:space:]]*\[([^][]+)\][[:space:]]*$'
rule_line='^[[:space:]]*(//|/\*)[[:space:]]*={10}'
integer='-?(0[xX][0-9a-fA-F]{1,15}|[0-9]{1,18})'
bound="($integer|-?[0-9]+\\.[0-9]+|U?INT(8|16|32|64)?_MAX)"

load_flags() { # COMPONENT: fills the arrays above from its header
    local component=$1 header line name comment text list block='' seen=''
    [ -z "${flag_names[$component]+x}" ] || return 0
    flag_names[$component]=''
    header=$(flags_header "$component")
    [ -r "$header" ] || return 1
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        if [[ $line = *'USER CONFIGURATION FLAGS'* ]]; then block=user seen=''
        elif [[ $line = *'ENV / RUNTIME'* ]]; then block=runtime seen=''
        elif [[ $line =~ $rule_line && -n $seen ]]; then block=''
        elif [[ -n $block && $line =~ $define_line ]]; then
            seen=1 name=${BASH_REMATCH[2]}
            flag_names[$component]+=" $name"
            flag_value[$component:$name]=${BASH_REMATCH[3]}
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
    done < "$header"
}

is_allowed_list() { [[ $1 = *'|'* || $1 =~ ^$bound(-$bound)?$ ]]; }

number_of() { # TEXT: prints it as an integer; fails if it is none. As in C: 0x is hexadecimal, a leading 0 octal.
    local text=$1
    case $text in
        INT8_MAX) echo 127 ;; UINT8_MAX) echo 255 ;;
        INT16_MAX) echo 32767 ;; UINT16_MAX) echo 65535 ;;
        INT_MAX | INT32_MAX) echo 2147483647 ;; UINT_MAX | UINT32_MAX) echo 4294967295 ;;
        INT64_MAX | UINT64_MAX) echo 9223372036854775807 ;;   # the largest this shell can compare
        *)
            [[ $text =~ ^($integer)([uU]?[lL]?[lL]?)$ ]] || return 1
            text=${BASH_REMATCH[1]}
            [[ $text =~ ^-?0[0-9]*[89] ]] && return 1
            echo $((text)) ;;
    esac
}

is_number() { [[ $1 =~ ^-?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?[fF]?$ ]] || number_of "$1" >/dev/null; }

in_range() { # VALUE LOW HIGH
    local value low high
    if value=$(number_of "$1") && low=$(number_of "$2") && high=$(number_of "$3"); then
        ((value >= low && value <= high))
    else
        awk -v v="${1%[fF]}" -v l="$2" -v h="$3" 'BEGIN { exit !(v + 0 >= l + 0 && v + 0 <= h + 0) }'
    fi
}

is_allowed() { # VALUE LIST: one of `a`, `a-b` joined by `|`
    local value=$1 part parts number low high
    IFS='|' read -r -a parts <<< "$2"
    for part in "${parts[@]}"; do
        if [[ $part =~ ^$bound-$bound$ ]]; then
            low=${BASH_REMATCH[1]} high=${BASH_REMATCH[4]}   # a bound has three groups
            is_number "$value" && in_range "$value" "$low" "$high" && return 0
        elif [ "$value" = "$part" ] || [ "$value" = "\"$part\"" ]; then
            return 0
        elif number=$(number_of "$value") && [ "$number" = "$(number_of "$part")" ]; then
            return 0
        fi
    done
    return 1
}

# Turns what a user typed into what stands in the header: NAME's value in `converted`. Fails with the reason in `reason`.
convert_value() { # COMPONENT NAME TEXT
    local key=$1:$2 text=$3 quote rest
    local old=${flag_value[$key]} allowed=${flag_allowed[$key]}
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
