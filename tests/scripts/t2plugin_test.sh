#!/usr/bin/env bash
# t2plugin: what it makes, and what it refuses. That it builds and its tests pass is typed by tests/docs (share/writing-plugins.md).
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"

copy_tree || exit 1
cd -- "$scratch/elsewhere" || exit 1
names_in() { grep -rEoh 'my[A-Z][a-z]+|My[A-Z][a-z]+|MY_[A-Z]+' "$1"; }

for kind in '' --sink; do
    name=pace${kind:+Sink}
    run t2plugin -c "$name" $kind
    expect "t2plugin -c $name $kind" succeeds
    expect "$name: the files of a plugin" same "$(cd -- "$tree/plugins/$name" && find . -type f | sort | xargs)" \
        "./.gitignore ./CMakeLists.txt ./README.md ./default.config ./src/$name.cpp ./src/$name.h.in ./tests/${name}_test.cpp"
    expect "$name: nothing of the template's names is left" test -z "$(names_in "$tree/plugins/$name")"
    expect "$name: t2conf knows its flags" grep -q "^${name^^}_TOTALS = 1" <<< "$(t2conf "$name" -I)"
    before=$(cat -- "$tree/plugins/$name/default.config")
    run t2conf "$name" -g "$tree/plugins/$name/default.config" -y
    expect "$name: default.config is what t2conf writes" same "$(cat -- "$tree/plugins/$name/default.config")" "$before"
done
run t2plugin -c second
number() { sed -n 's/.*NUMBER \([0-9]*\).*/\1/p' "$tree/plugins/$1/CMakeLists.txt"; }
expect 'a second plugin has another number' differ "$(number second)" "$(number pace)"
expect 'numbers are free' test -z "$(cat "$tree"/plugins/*/CMakeLists.txt | grep -o 'NUMBER [0-9]*' | sort | uniq -d)"

run t2plugin -c far -d "$scratch/elsewhere/my plugins"
expect 'in a folder of its own' succeeds
expect 'made there' test -f "$scratch/elsewhere/my plugins/far/src/far.cpp"
expect 'not in the tree' missing "$tree/plugins/far"

refused() { # REASON ARGUMENT...
    run t2plugin "${@:2}"
    expect "t2plugin ${*:2}: refused" fails
    expect "t2plugin ${*:2}: says why" says "$1"
}
refused 'There is a plugin' -c tcpFlags
refused 'There is a plugin' -c tranalyzer2
refused 'a target of the build' -c plugins
refused 'is no name for a plugin' -c fuzz_x1
refused 'is no name for a plugin' -c 9lives
refused 'is no name for a plugin' -c a/b
refused 'Name the plugin' -c ''
refused 'is no name for a plugin' -c "$(printf 'x%.0s' {1..41})"
refused 'exists already' -c far -d "$scratch/elsewhere/my plugins"
refused 'Name the plugin' -s
refused 'did you mean --sink' -c x --sinks
refused 'is made with -c x' x
expect 'nothing is left of what was refused' test -z "$(find "$tree/plugins" "$scratch/elsewhere" -name '.*.??????' ! -name '.gitignore' ! -name '.*.base')"

# ---- t2build FOLDER: what it refuses; that it builds is typed by tests/docs
refused_build() { # REASON FOLDER
    run t2build "$2"
    expect "t2build $2: refused" fails
    expect "t2build $2: says why" says "$1"
}
refused_build 'is no folder' ./nothing
refused_build 'holds no plugin' "$scratch/elsewhere"
cp -r -- "$tree/plugins/pace" "$scratch/elsewhere/pace"
refused_build 'in this tree already' "$scratch/elsewhere/pace"
sed -i 's/FAR_PAUSE 1000 /FAR_PAUSE 0 /' "$scratch/elsewhere/my plugins/far/src/far.h.in"
refused_build 'FAR_PAUSE' "$scratch/elsewhere/my plugins/far"
all_passed
