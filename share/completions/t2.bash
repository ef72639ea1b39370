# Completion in bash for t2, st2, tranalyzer, t2build, t2conf, tawk, t2stat, t2caplist, t2whois, t2plugin and t2report: options, plugins, flags, files.
# shellcheck shell=bash

_t2_root() { # of the project, from where the command is
    local command
    command=$(readlink -f -- "$(type -P "$1")") && printf '%s\n' "${command%/scripts/*}"
}

_t2_words() { # WORD CANDIDATE...: those that begin with WORD
    mapfile -t COMPREPLY < <(compgen -W "${*:2}" -- "$1")
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
                        _t2_words "$word" -r --pcap -R --pcap-list -D --input-regex -i --interface -w --output-prefix \
                            -W --output-regex --list-inputs --extract -s --packets -l --logfile -m --monfile -M --mon-interval -S --snaplen -B --rx-bufsize \
                            -p --plugin-folder -b --plugin-list -C --config -F --bpf-file -x --sensor-id --max-flows -f --hash-factor \
                            -c --cpu -P --priority -t --threads --set --plugins --features --describe --report --metrics --each -j --jobs --user --batch --hash-seed -V --version -h --help
                    else
                        mapfile -t COMPREPLY < <(compgen -f -- "$word")
                    fi ;;
            esac
            return ;;
        t2stat)
            case $word in
                -*) _t2_words "$word" -USR1 -USR2 -INT -TERM -s --sudo -p --pids -l --list -i --interactive -h --help ;;
            esac
            return ;;
        t2caplist)
            case $word in
                -*) _t2_words "$word" -h --help ;;
                *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            esac
            return ;;
        t2whois)
            case $word in
                -*) _t2_words "$word" -r --read -l --lines -H --no-header -s --separator -t --table --make -h --help ;;
                *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            esac
            return ;;
        t2plugin)
            case $previous:$word in
                -c:* | --create:*) ;;
                -d:* | --directory:*) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
                *) _t2_words "$word" -c --create -s --sink -d --directory -h --help ;;
            esac
            return ;;
        t2report)
            case $previous:$word in
                -[ntr]:* | --top:* | --title:* | --rows:*) ;;
                *:-*) _t2_words "$word" -o --output -H --headers -n --top -r --rows -t --title -h --help ;;
                *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            esac
            return ;;
        tawk)
            case $previous:$word in
                -V:* | --var:*) _t2_words "$word" "$("$1" -V '' 2>&1 | sed -n 's/.*these are: //p')" ;;
                -d:* | --doc:*) _t2_words "$word" "$("$1" -g 2>/dev/null)" ;;
                *:-*)
                    _t2_words "$word" -I --input -N --header-row -s --special-header -F --field-separator -O --ofs --csv --zeek -f --file \
                        -H --no-header -c --comment -n --nfdump -j --to-json -C --to-csv -x --fextractor -X --xer-file -k --wireshark \
                        -l --list -g --func -d --doc -V --var -L --decode-log -t --validate-names -h --help ;;
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
            _t2_words "$word" -a --all -R --rebuild -e --empty -u --unload -c --clean -l --list -p --plugin-dir -r --configure \
                -d --debug -f --force -y --yes -h --help ;;
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
        t2conf:-*) _t2_words "$word" -I -G -E -e --diff -D --reset -C -g -a --all -y --yes -h --help ;;
        *) _t2_words "$word" tranalyzer2 "$names" ;;
    esac
}

complete -F _t2_complete t2 st2 tranalyzer t2build t2conf tawk t2stat t2caplist t2whois t2plugin t2report
