#!/usr/bin/env bash
# t2build: builds what is asked for and nothing else, says what failed, and deletes only inside the plugin folder.
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"

copy_tree || exit 1
cd -- "$scratch/elsewhere" || exit 1
tutorial=(basicFlow basicStats tcpStates tcpFlags macRecorder netflowSink)
state() { # of the results: what was written when
    stat -c '%n %i %.9Y' -- "$tree"/build/release/tranalyzer "$tree"/build/release/build.ninja "$tree"/build/release/plugins/*.so "$folder"/*.so
}
sums() { sha256sum -- "$folder"/*.so; }
changed_between() { # OLD NEW: the names of plugins whose line differs
    diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") | sed -n 's/^> .*[0-9]\{3\}_\(.*\)\.so.*/\1/p' | sort -u | tr '\n' ' '
}

# ---- The tutorial's lines
run t2build -e -y
expect 'there is no folder to empty yet' succeeds
expect 'and it says so' says 'Plugin folder does not exist'
run t2build tranalyzer2 "${tutorial[@]}"
expect 'the tutorial is built' succeeds
expect 'the last line' ends_with 'BUILD SUCCESSFUL'
expect 'the core' test -x "$tree/build/release/tranalyzer"
for plugin in "${tutorial[@]}"; do expect "$plugin is in the folder" test -n "$(find "$folder" -name "[0-9][0-9][0-9]_$plugin.so")"; done
expect 'nothing else is in the folder' same "$(find "$folder" -mindepth 1 | wc -l)" 6
expect 'no colours without a terminal' silent_about $'\e'
run t2build -l
expect '-l lists names, sorted' same "$output" "$(printf '%s\n' "${tutorial[@]}" | sort)"

# ---- Nothing changed: nothing is done, at once
before=$(state)
start=$(spent)
run t2build tranalyzer2 "${tutorial[@]}"
expect 'an unchanged tree takes less than two seconds of processor time' test $(($(spent) - start)) -lt 200
expect 'an unchanged tree' ends_with 'BUILD SUCCESSFUL'
expect 'no file is written' same "$(state)" "$before"
run t2build -R
expect '-R on an unchanged tree writes nothing' same "$(state)" "$before"

# ---- A flag of one plugin
before=$(sums)
t2conf netflowSink -D NF_NUM4FLWS=50
run t2build -l
expect '-l marks what is not built' same "$(grep 'not built' <<< "$output")" 'netflowSink   (not built yet: NF_NUM4FLWS = 50)'
run t2build basicFlow
expect 'what is left unbuilt is named' says "Changed and not built: netflowSink (NF_NUM4FLWS = 50); run 't2build netflowSink'"
t2conf netflowSink -D NF_NUM4FLWS=default
run t2build basicFlow
expect 'a flag that is set back is not' silent_about 'not built'
t2conf netflowSink -D NF_NUM4FLWS=50
start=$(spent)
run t2build netflowSink
expect 'a flag of a plugin: built' ends_with 'BUILD SUCCESSFUL'
expect 'a flag of a plugin takes seconds' test $(($(spent) - start)) -lt 6000
run t2build -l
expect '-l marks nothing any more' silent_about 'not built'
expect 'a flag of a plugin changes that plugin' same "$(changed_between "$before" "$(sums)")" 'netflowSink '
t2conf netflowSink --reset
run t2build netflowSink/
expect 'a slash behind the name' ends_with 'BUILD SUCCESSFUL'
expect 'back to the default: the same file' same "$(sums)" "$before"

# ---- A flag of the core
t2conf tranalyzer2 -D IO_BUFFERING=1
run t2build -l
expect '-l names the core after a change of a flag of its own' says "tranalyzer2 is not built yet: IO_BUFFERING = 1"
expect 'no plugin is built with it' silent_about '(not built yet'
run t2build basicFlow
expect 'the core is left unbuilt: it says so' says "Changed and not built: tranalyzer2 (IO_BUFFERING = 1); run 't2build tranalyzer2'"
t2conf tranalyzer2 -D HEX_CAPITAL=1
run t2build -l
expect '-l marks every plugin after a change of a flag that they share' same "$(grep -c '(not built yet: HEX_CAPITAL = 1)' <<< "$output")" 6
run t2build basicFlow
expect 'what does not fit together: it says so' says "run 't2build -R'"
run t2build -R
expect '-R after a change of the core' ends_with 'BUILD SUCCESSFUL'
expect '-R builds every plugin of the folder' same "$(changed_between "$before" "$(sums)")" "$(printf '%s\n' "${tutorial[@]}" | sort | tr '\n' ' ')"
run env NF_DPORT=9 t2 -r "$tree/share/samples/office.pcap" -w "$scratch/elsewhere/office"   # without a listener
expect 'the program runs after -R' says 'Finished processing'
t2conf tranalyzer2 --reset
run t2build -R
expect '-R: back to the default' same "$(sums)" "$before"

# ---- Failures
source=$tree/plugins/basicStats/src/basicStats.cpp
cp -p -- "$source" "$scratch/basicStats.cpp"
touch -- "$source"
run t2build -l
expect '-l marks a changed source' says 'basicStats   (not built yet: its source)'
echo '#error broken on purpose' >> "$source"
rm -f -- "$folder"/*_tcpFlags.so
run t2build tranalyzer2 basicStats tcpFlags nosuch
expect 'a plugin that does not compile: status 1' fails
expect "the compiler's message is shown" says 'broken on purpose'
expect 'the failed ones are listed' says $'The following plugins could not be built:\n    basicStats\n    nosuch'
expect 'the last line names one' ends_with '    nosuch'
expect 'the unknown one is named' says "Plugin 'nosuch' could not be found"
expect 'the others are built' test -n "$(find "$folder" -name '*_tcpFlags.so')"
expect 'the broken one stays as it was' same "$(sums)" "$before"
cp -p -- "$scratch/basicStats.cpp" "$source"
touch -- "$source"
run t2build basicStats
expect 'mended' ends_with 'BUILD SUCCESSFUL'
echo 'int main( {' > "$scratch/main.cpp"
cp -p -- "$tree/core/app/main.cpp" "$scratch/main.good"
cp -- "$scratch/main.cpp" "$tree/core/app/main.cpp"
run t2build tranalyzer2 basicStats
expect 'a core that does not compile' ends_with '    tranalyzer2'
cp -p -- "$scratch/main.good" "$tree/core/app/main.cpp"
touch -- "$tree/core/app/main.cpp" "$folder/999_gone.so"
run t2build -R
expect '-R: a plugin whose source is gone' fails
expect '-R: it is listed' ends_with '    gone'
rm -f -- "$folder/999_gone.so"
for wrong in '-Z' '--nosuch' '-p' '-u' '-e -l' '-R -c' '--reset' '../../etc' ''; do
    read -r -a arguments <<< "$wrong"
    [ -n "$wrong" ] || arguments=('')
    run t2build "${arguments[@]}"
    expect "t2build $wrong: status 1" fails
    expect "t2build $wrong: a message" test -n "$output"
done
expect 'no error changed the folder' same "$(sums)" "$before"

# ---- The folder: other number, other folder, unload
mv -- "$folder/100_basicFlow.so" "$folder/555_basicFlow.so"
run t2build basicFlow
expect 'a plugin that had another number' succeeds
expect 'is there once' same "$(find "$folder" -name '*basicFlow.so')" "$folder/100_basicFlow.so"
run t2build -p "$scratch/other folder" basicFlow
expect '-p' test -s "$scratch/other folder/100_basicFlow.so"
run t2build "-p$scratch/other folder" -u basicFlow
expect '-u' missing "$scratch/other folder/100_basicFlow.so"
expect '-u: last line' ends_with 'UNLOADING SUCCESSFUL'
run t2build --plugin-dir="$scratch/other folder" --list
expect '-l on an empty folder' says 'No plugins in'
run t2build -u nosuch
expect '-u of an unknown plugin' fails
expect 'the copies are complete files' test -z "$(find "$folder" -name '.*')"

# ---- Emptying
touch -- "$scratch/elsewhere/mine"
ln -s -- "$scratch/elsewhere" "$folder/link"
run t2build -e
expect '-e without a terminal and without -y: status 1' fails
expect '-e without a terminal names -y' says '-y'
expect '-e without a terminal deletes nothing' same "$(sums)" "$before"
run_on_terminal $'n\n' t2build -e
expect '-e, answered no: status 1' fails
expect '-e asks' says "Are you sure you want to empty the plugin folder '$folder' (y/N)? "
expect '-e, answered no, deletes nothing' same "$(sums)" "$before"
run_on_terminal $'\n' t2build -e
expect '-e: Return means no' says 'Plugin folder not emptied'
for place in / "$HOME" "$HOME/.." "$tree" "$tree/.." "$scratch/elsewhere"; do
    run t2build -e -y -p "$place"
    expect "-e -y -p $place is refused" fails
    expect "-e -y -p $place says so" says 'Not emptied'
done
expect 'nothing was deleted there' test -e "$scratch/elsewhere/mine" -a -e "$tree/README.md" -o -e "$tree/CMakeLists.txt"
run t2build -e -y basicFlow
expect '-e with a name is an error' fails
expect '-e with a name deletes nothing' same "$(sums)" "$before"
run t2build -e -y
expect '-e -y' succeeds
expect '-e -y: the texts users know' same "$output" "Are you sure you want to empty the plugin folder '$folder' (y/N)? yes"$'\n''Plugin folder emptied'
expect '-e -y empties' test -z "$(ls -A "$folder")"
expect 'links are not followed' test -e "$scratch/elsewhere/mine"
touch -- "$folder/100_basicFlow.so"
run_on_terminal $'y\n' t2build -e
expect '-e, answered yes' missing "$folder/100_basicFlow.so"
run t2build -ey
expect 'letters together' succeeds

# ---- Terminals
run_on_terminal '' t2build -l
expect 'colours on a terminal' says $'\e['
NO_COLOR=1 run_on_terminal '' t2build -l
expect 'no colours with NO_COLOR' silent_about $'\e'

# ---- Default set; from cron; through links; two at once; cleaning
run t2build
expect 'without names: the default set' same "$(t2build -l | tr '\n' ' ')" 'basicFlow basicStats macRecorder tcpFlags tcpStates txtSink '
mkdir -p -- "$scratch/bin"
ln -s -- "$tree/scripts/t2build" "$scratch/bin/t2build"
ln -s -- "$scratch/bin/t2build" "$scratch/bin/again"
rm -f -- "$folder"/*_txtSink.so
run env -i PATH=/usr/bin:/bin HOME="$HOME" "$scratch/bin/again" txtSink
expect 'through links, with the environment of cron' ends_with 'BUILD SUCCESSFUL'
expect 'through links: installed' test -n "$(find "$folder" -name '*_txtSink.so')"
run env -i PATH=/usr/bin:/bin "$scratch/bin/t2build" --help
expect 'without HOME' succeeds
touch -- "$folder/777_elsewhere.so" "$tree"/plugins/*/src/*.cpp
run t2build
expect 'a plugin of another project is no failure' succeeds
expect 'it is named' says "Plugin 'elsewhere' in $folder is not of this project"
rm -f -- "$folder/777_elsewhere.so"
t2build netflowSink -p "$scratch/sink folder" > "$scratch/log" 2>&1
run t2build -p "$scratch/sink folder"
expect 'without names what is installed is built, too' says '904_netflowSink.so is up to date'
mv -- "$tree/plugins/txtSink" "$scratch/txtSink"
run t2build
expect 'a plugin of the default set that is missing is an error' ends_with '    txtSink'
mv -- "$scratch/txtSink" "$tree/plugins/txtSink"

# ---- A plugin whose library is not installed
mkdir -- "$tree/plugins/absentSink"
echo 't2_optional_library(absentSink HEADER absent.h LIBRARY absent PACKAGE libabsent-dev)' > "$tree/plugins/absentSink/CMakeLists.txt"
run t2build basicFlow absentSink
expect 'a plugin without its library is an error' fails
expect 'the package is named' says "Plugin 'absentSink' needs the package libabsent-dev"
run t2build absentSink
expect 'also alone' says "Plugin 'absentSink' needs the package libabsent-dev"
expect 'and it is the only one that failed' silent_about 'basicFlow'
rm -r -- "$tree/plugins/absentSink"
run t2build basicFlow
expect 'without it the build is whole again' ends_with 'BUILD SUCCESSFUL'
t2build -a > "$scratch/first.log" 2>&1 < /dev/null &
run t2build -a
wait $!
expect 'two at once: the first' same "$?:$(tail -n 1 "$scratch/first.log")" '0:BUILD SUCCESSFUL'
expect 'two at once: the second' ends_with 'BUILD SUCCESSFUL'
run t2build -c basicFlow
expect '-c of one' ends_with 'CLEANING SUCCESSFUL'
expect '-c of one removes its results' missing "$tree/build/release/plugins/100_basicFlow.so"
expect '-c of one keeps the others' test -e "$tree/build/release/plugins/120_basicStats.so"
run t2build -a -c
expect '-a -c' ends_with 'CLEANING SUCCESSFUL'
expect '-a -c removes all results' same "$(find "$tree/build" -name '*.so' -o -name tranalyzer)" ''
run t2build -r -f tranalyzer2 basicFlow
expect '-r -f' ends_with 'BUILD SUCCESSFUL'

# ---- Interrupted
rm -f -- "$folder"/*_tcpFlags.so
run t2build -c tcpFlags
run env CCACHE_DISABLE=1 timeout --preserve-status -s INT 2 t2build tcpFlags
expect 'Ctrl-C: the status is that of SIGINT' same "$status" 130
expect 'Ctrl-C: one line says what is there' ends_with "Interrupted: new in '$folder' is nothing. Call t2build again: it goes on from here"
expect 'Ctrl-C: nothing half is left' test -z "$(find "$folder" -name '*tcpFlags*')"
run t2build tcpFlags
expect 'after Ctrl-C the next one builds it' succeeds

# ---- Names that are nearly right
for near in tcpFlag:tcpFlags basicflow:basicFlow netflow:netflowSink tranalyzer:tranalyzer2; do
    run t2build "${near%:*}"
    expect "t2build ${near%:*}" says "did you mean ${near#*:}?"
done
run t2build xyz
expect 'nothing near: no guess' silent_about 'did you mean'
run t2build ''
expect 'an empty name' says 'The name of a plugin is empty'
# shellcheck disable=SC2016 # it must not be expanded
run t2build '@' '*' 'a b' '$(touch mine)' '[x]'
expect 'names that are none' fails
expect 'are all named' same "$(grep -c 'could not be found' <<< "$output")" 5

# ---- A warning of the compiler ends a build with the compilers and flags that are tested. Others warn of more
source=$tree/plugins/basicFlow/src/basicFlow.cpp
cp -- "$source" "$scratch/source"
echo 'static int nobody_uses_this;' >> "$source"
build() { # FOLDER: of basicFlow
    cmake -G Ninja -S "$tree" -B "$scratch/$1" && cmake --build "$scratch/$1" --target basicFlow
}
run build as-tested
if [[ $output == *'GNU 12.'* ]]; then
    expect 'a warning ends the build' fails
    expect 'and is printed' says nobody_uses_this
else
    skip 'a warning ends the build' 'no compiler that is tested'
fi
export CXXFLAGS=-O2
run build with-flags
unset CXXFLAGS
expect 'with flags of a user it does not' succeeds
expect 'but is printed, too' says nobody_uses_this
mv -- "$scratch/source" "$source"

# ---- A tree that moves takes its build along
mv -- "$tree" "$scratch/moved"
run "$scratch/moved/scripts/t2build" basicFlow
expect 'after the tree has moved' ends_with 'BUILD SUCCESSFUL'
all_passed
