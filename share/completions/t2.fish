# Completion in fish for all commands: options with what they do, as --help says it; plugins, files.
function __t2_options
    command $argv[1] --help 2>/dev/null | awk '/^ +-/ {
        line = $0; sub(/^ +/, "", line); meaning = line; names = ""
        while (match(line, /^-[^ ,]+,? */)) { names = names " " substr(line, 1, RLENGTH); line = substr(line, RLENGTH + 1) }
        sub(/^([^ ]+ )? +/, "", line); gsub(/,/, "", names); n = split(names, each, " ")
        for (i = 1; i <= n; i++) print each[i] "\t" line
    }'
end
function __t2_plugins
    set -l command (command -s $argv[1]); and set command (realpath $command)
    for list in (string replace -r '/scripts/[^/]*$' '' -- $command)/plugins/*/CMakeLists.txt
        string replace -r '.*/([^/]+)/CMakeLists.txt$' '$1' -- $list
    end
    echo tranalyzer2
end
for name in t2 tranalyzer st2 t2build t2conf tawk t2stat t2caplist t2whois t2plugin t2report t2top
    complete -c $name -n 'string match -q -- "-*" (commandline -ct)' -a "(__t2_options $name)"
end
for name in t2build t2conf
    complete -c $name -n 'not string match -q -- "-*" (commandline -ct)' -f -a "(__t2_plugins $name)"
end
