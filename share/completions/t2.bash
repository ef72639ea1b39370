# Completion in bash for t2, st2, tranalyzer, t2build, t2conf, tawk, t2stat, t2caplist, t2whois, t2plugin, t2report and t2top: options, plugins, flags, files.
# shellcheck shell=bash

_t2_root() { # of the project, from where the command is
    local command
    command=$(readlink -f -- "$(type -P "$1")") && printf '%s\n' "${command%/scripts/*}"
}

_t2_words() { # WORD CANDIDATE...: those that begin with WORD
    mapfile -t COMPREPLY < <(compgen -W "${*:2}" -- "$1")
}

_t2_options() { # COMMAND WORD: the options that --help lists
    _t2_words "$2" "$("$1" --help 2>/dev/null | awk '/^ +-/ { for (i = 1; $i ~ /^-/; i++) { sub(/,$/, "", $i); print $i } }')"
}

_t2_complete() { # as bash calls it: COMMAND WORD PREVIOUS
    local word=$2 previous=$3 root names='' i
    COMPREPLY=()
    case $1 in
        t2 | st2 | tranalyzer)
            case $previous in
                -i | --interface) _t2_words "$word" "$(cd /sys/class/net 2>/dev/null && echo ./*)"; COMPREPLY=("${COMPREPLY[@]#./}") ;;
                --user) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
                -p | --plugin-folder) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
                -[MSBxfcPtj] | --jobs | --set | --plugins | --features | --report | --mon-interval | --max-flows | --snaplen | --rx-bufsize | --sensor-id | --hash-factor | --cpu | --priority | --threads | \
                    --extract | --metrics | --batch | --hash-seed) ;;
                *)
                    if [[ $word = -* ]]; then
                        _t2_options "$1" "$word"
                    else
                        mapfile -t COMPREPLY < <(compgen -f -- "$word")
                    fi ;;
            esac
            return ;;
        t2stat)
            case $word in
                -*) _t2_options "$1" "$word" ;;
            esac
            return ;;
        t2caplist)
            case $word in
                -*) _t2_options "$1" "$word" ;;
                *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            esac
            return ;;
        t2whois)
            case $word in
                -*) _t2_options "$1" "$word" ;;
                *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            esac
            return ;;
        t2plugin)
            case $previous:$word in
                -c:* | --create:*) ;;
                -d:* | --directory:*) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
                *) _t2_options "$1" "$word" ;;
            esac
            return ;;
        t2top)
            case $previous:$word in
                -[wd]:* | --window:* | --delay:*) ;;
                *:-*) _t2_options "$1" "$word" ;;
                *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            esac
            return ;;
        t2report)
            case $previous:$word in
                -[ntr]:* | --top:* | --title:* | --rows:*) ;;
                *:-*) _t2_options "$1" "$word" ;;
                *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            esac
            return ;;
        tawk)
            case $previous:$word in
                -V:* | --var:*) _t2_words "$word" "$("$1" -V '' 2>&1 | sed -n 's/.*these are: //p')" ;;
                -d:* | --doc:*) _t2_words "$word" "$("$1" -g 2>/dev/null)" ;;
                *:-*)
                    _t2_options "$1" "$word" ;;
                *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            esac
            return ;;
    esac
    root=$(_t2_root "$1")
    for i in "$root"/plugins/*/CMakeLists.txt; do
        [ ! -f "$i" ] || { i=${i%/*}; names+=" ${i##*/}"; }
    done
    case $1:$word:$previous in
        t2build:*:-p | t2build:*:--plugin-dir) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        t2build:*/*) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        t2build:-*)
            _t2_options "$1" "$word" ;;
        t2conf:*:-D | t2conf:*:-G)
            local component=''
            for i in "${COMP_WORDS[@]:1}"; do [[ " tranalyzer2$names " != *" $i "* ]] || component=$i; done
            [ -n "$component" ] || return
            _t2_words "$word" "$("$1" "$component" -I 2>/dev/null | sed 's/ = .*//')"
            if [ "$previous" = -D ]; then
                COMPREPLY=("${COMPREPLY[@]/%/=}")
                compopt -o nospace 2>/dev/null
            fi ;;
        t2conf:*:-C | t2conf:*:-g) mapfile -t COMPREPLY < <(compgen -W 'auto default' -f -- "$word") ;;
        t2conf:-*) _t2_options "$1" "$word" ;;
        *) _t2_words "$word" tranalyzer2 "$names" ;;
    esac
}

complete -F _t2_complete t2 st2 tranalyzer t2build t2conf tawk t2stat t2caplist t2whois t2plugin t2report t2top
