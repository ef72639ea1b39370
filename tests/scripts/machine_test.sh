#!/usr/bin/env bash
# Machines that lack something: a password for sudo, a home folder, a cache, a compiler, the network, room on the disk.
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"

copy_tree || exit 1
cd -- "$scratch/elsewhere" || exit 1
fake=$scratch/fake sample=$tree/share/samples/office.pcap
mkdir -p -- "$fake"
pretend() { # NAME SCRIPT_TEXT
    printf '#!/bin/sh\n%s\n' "$2" > "$fake/$1"
    chmod +x -- "$fake/$1"
}

# ---- sudo that asks for a password, on the terminal itself as the real one does
# shellcheck disable=SC2016
pretend sudo 'if [ "$1" = -n ]; then echo "sudo: a password is required" >&2; exit 1; fi
printf "[sudo] password for ada: " > /dev/tty
read -r answer < /dev/tty
if [ "$answer" != secret ]; then echo "sudo: 1 incorrect password attempt" >&2; exit 1; fi
[ "$1" != -- ] || shift
exec "$@"'
# shellcheck disable=SC2016
pretend id 'case $1 in -un) echo root ;; *) echo 1000 ;; esac'  # files of this test are root's
pretend dpkg-query 'exit 1'
pretend apt-get "echo \"\$*\" >> $scratch/apt.log"
typed() { # ANSWER COMMAND...: with the programs above
    run_on_terminal "$1"$'\n' env PATH="$fake:$PATH" "${@:2}"
}
typed $'secret\nsecret' "$tree/scripts/setup" run
expect 'setup: sudo asks on the terminal, though apt-get has none' says '[sudo] password for ada:'
expect 'setup: and is answered' succeeds
expect 'setup: the package is installed' same "$(grep -c ' install --no-install-recommends gawk nfdump$' "$scratch/apt.log")" 1
typed wrong "$tree/scripts/setup" run
expect 'setup, wrong password: status 1' fails
expect 'setup, wrong password: what sudo says' says 'incorrect password'
expect 'setup, wrong password: the way out' says "Packages are installed with root's rights, and sudo does not give them: as root type apt-get install gawk nfdump"
expect 'setup, wrong password: is asked once' same "$(grep -c 'password for' <<< "$output")" 1
run env PATH="$fake:$PATH" "$tree/scripts/setup" run
expect 'setup, no terminal: status 1' fails
expect 'setup, no terminal: says what to type' ends_with 'Missing packages, and neither root nor a terminal where sudo could ask for a password: apt-get install gawk nfdump'

run t2build txtSink tranalyzer2
expect 'built' ends_with 'BUILD SUCCESSFUL'
for option in -h --help -V --version '-?'; do
    typed wrong st2 "$option"
    expect "st2 $option asks for no password" silent_about password
done
typed secret sh -c 'st2 -V -i lo | cat'
expect 'st2 -V -i lo' succeeds
# shellcheck disable=SC2016 # the shell that is started expands it
typed secret sh -c 'st2 -r "$0" -w "$1" 2>&1 | cat' "$sample" "$scratch/elsewhere/st2"
expect 'st2 with its output in a pipe: sudo asks on the terminal' says '[sudo] password for ada:'
if [ "$EUID" -eq 0 ]; then expect 'st2 with its output in a pipe: runs' says 'Finished processing'
else skip 'st2 with its output in a pipe: runs' 'needs root, which its pretended sudo does not give'
fi
run env PATH="$fake:$PATH" st2 -i lo
expect 'st2, no terminal: status 1' fails
expect 'st2, no terminal: one line with the way out' same "$output" \
    "st2 needs root's rights, and there is no terminal where sudo could ask for a password: run it at one, or 't2' as root"

# ---- Standard output on a full disk
run t2build -p "$scratch/unbuilt" txtSink
for command in 't2conf basicFlow -I' 't2conf basicFlow -E' 't2conf basicFlow -G BFO_MAC' "t2build -p $scratch/unbuilt -l" {t2build,t2conf,t2caplist,t2plugin,t2stat,t2whois,tawk,t2report,t2top}' -h'; do
    run bash -c "$command > /dev/full"
    expect "$command > /dev/full: status" test "$status" -ne 0
    expect "$command > /dev/full: one line" same "$(wc -l <<< "$output")" 1
done

# ---- Names of folders with which CMake cannot build
unbuildable="CMake cannot build where a folder's name has"
for name in 'a"b' 'a\b' 'a;b' 'a#b' 'a[b' $'a\nb'; do
    odd=$scratch/$name
    mkdir -p -- "$odd" && cp -r -- "$tree/scripts" "$tree/core" "$tree/plugins" "$odd"
    run "$odd/scripts/t2build" -p "$scratch/unbuilt" tranalyzer2
    expect "a tree in '$name': status 1" fails
    expect "a tree in '$name': says why" ends_with "$unbuildable \", \\, ;, #, [, ] or a line break: rename or move ${odd@Q}"
    rm -rf -- "$odd"
done
mkdir -p -- "$scratch/out[1]" "$scratch/out#1"
run t2plugin -c brackets -d "$scratch/out[1]"
run t2build -p "$scratch/unbuilt" "$scratch/out[1]/brackets"
expect 'a plugin of its own below out[1] is built' ends_with 'BUILD SUCCESSFUL'
run t2plugin -c hash -d "$scratch/out#1"
run t2build -p "$scratch/unbuilt" "$scratch/out#1/hash"
expect 'a plugin of its own below out#1: status 1' fails
expect 'a plugin of its own below out#1: says why' says "$unbuildable"

# ---- No network
pretend id 'echo 0'
pretend apt-get 'case "$*" in *" update"*) echo "W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving '"'deb.debian.org'"'" ;;
*) echo "E: Unable to locate package nfdump"; exit 100 ;; esac'
run env PATH="$fake:$PATH" "$tree/scripts/setup" run
expect 'no network: status 1' fails
expect 'no network: says so' says "The network does not reach the server of Debian's packages (Temporary failure resolving 'deb.debian.org')"
expect 'no network: not that there is no such package' silent_about 'Unable to locate'
expect 'no network: one line after what it does' same "$(wc -l <<< "$output")" 2

# ---- No home folder, as in containers
rm -rf -- "${fake:?}"/*
pretend getent 'exit 2'     # a user without an entry in /etc/passwd
away=$tree/build/home/.tranalyzer/plugins
for home in '' /nonexistent /etc/passwd; do
    rm -rf -- "$tree/build/home"
    if [ -n "$home" ]; then without=(env -u XDG_CACHE_HOME -u CCACHE_DIR "HOME=$home"); else without=(env -u XDG_CACHE_HOME -u CCACHE_DIR -u HOME); fi
    run "${without[@]}" PATH="$fake:$PATH" t2build txtSink
    expect "home '$home': built" ends_with 'BUILD SUCCESSFUL'
    expect "home '$home': where plugins go, and the way out" says "plugins go to '$away' (-p FOLDER or HOME=FOLDER choose another)"
    expect "home '$home': they are there" test -n "$(find "$away" -name '*_txtSink.so')"
    run "${without[@]}" PATH="$fake:$PATH" t2 -r "$sample" -w "$scratch/elsewhere/nohome"
    expect "home '$home': t2 finds them" says 'Finished processing'
done
run env -u HOME PATH="$fake:$PATH" t2build -p "$scratch/elsewhere/own" txtSink
expect 'with -p nothing is said' silent_about 'home folder'
expect 'with -p it goes there' test -n "$(find "$scratch/elsewhere/own" -name '*_txtSink.so')"
mkdir -p -- "$scratch/readonly/.tranalyzer"
cp -r -- "$folder" "$scratch/readonly/.tranalyzer/plugins"
if ! unshare --mount true 2>/dev/null; then
    skip 'a read-only home folder' 'needs root and mount namespaces'
else
    # shellcheck disable=SC2016
    readonly_home='mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; export HOME=$1; shift; exec "$@"'
    run unshare --mount sh -c "$readonly_home" - "$scratch/readonly" t2 -r "$sample" -w "$scratch/elsewhere/readonly"
    expect 'a read-only home with plugins: t2 uses them' says 'Finished processing'
    run unshare --mount sh -c "$readonly_home" - "$scratch/readonly" t2build txtSink
    expect 'a read-only home with plugins: t2build cannot write' fails
    expect 'a read-only home with plugins: the way out' ends_with \
        "Cannot write in the plugin folder '$scratch/readonly/.tranalyzer/plugins': choose another with -p FOLDER, or another home folder with HOME=FOLDER"
fi

# ---- A cache that cannot be used
touch -- "$tree/plugins/txtSink/src/"*.cpp
for cache in /proc/none "$sample"; do
    rm -rf -- "$tree"/build/release/plugins/*txtSink.so
    run env -u CCACHE_READONLY -u CCACHE_TEMPDIR CCACHE_DIR="$cache" t2build txtSink
    expect "ccache in $cache: built" ends_with 'BUILD SUCCESSFUL'
    expect "ccache in $cache: said" says 'Building without ccache: '
done
run t2build txtSink
expect 'with a cache nothing is said' silent_about ccache

# ---- No compiler any more, and another one
mkdir -p -- "$scratch/tools"
ln -s -- /usr/bin/* "$scratch/tools/"
rm -f -- "$scratch/tools/"*c++* "$scratch/tools/"*g++*
run env PATH="$scratch/tools" "$tree/scripts/t2build" txtSink
expect 'compiler removed: status 1' fails
expect 'compiler removed: what to type' ends_with "'c++' is missing: run '$tree/scripts/setup build'"
sed -i 's,^\(CMAKE_CXX_COMPILER:[A-Z]*=\).*,\1/usr/bin/gone-c++,' "$tree/build/release/CMakeCache.txt"
run t2build txtSink
expect 'another compiler than before: set up anew' says 'Setting up the build'
expect 'another compiler than before: built' ends_with 'BUILD SUCCESSFUL'

# ---- No room on the disk
if ! unshare --mount true 2>/dev/null; then
    skip 'a full disk' 'needs root and mount namespaces'
else
    # shellcheck disable=SC2016
    full='mount -t tmpfs -o size=100k tmpfs "$1/build/release" && head -c 1M /dev/zero > "$1/build/release/filler" 2>/dev/null; exec "$1/scripts/t2build" txtSink'
    run unshare --mount sh -c "$full" - "$tree"
    expect 'a full disk: status 1' fails
    expect 'a full disk: says so' ends_with "The build could not be set up: cannot write in '$tree/build/release' (No space left on device)"
fi

# ---- /proc is not mounted, as in a Debian folder that somebody entered by chroot without mounting it there first
if ! unshare --mount true 2>/dev/null; then
    skip 'no /proc' 'needs root and mount namespaces'
else
    for command in 'setup build' 't2build -l' 't2conf basicFlow' 'test unit'; do
        # shellcheck disable=SC2016
        run unshare --mount sh -c 'mount -t tmpfs tmpfs /proc; exec "$@"' - "$tree/scripts/${command%% *}" "${command#* }"
        expect "no /proc: ${command%% *} fails" fails
        expect "no /proc: ${command%% *} says so, and nothing else" same "$output" "'/dev/fd' is missing: mount /proc"
    done
fi

# ---- A clone that was moved
# shellcheck disable=SC2016
set_up='. "$1/scripts/lib.sh"; configure "$1/build/other" "$1/build/log" --preset release'
run bash -c "$set_up" - "$tree"
expect 'a build folder is set up' succeeds
mv -- "$tree" "$scratch/moved"
run bash -c "$set_up" - "$scratch/moved"
expect 'moved: it is set up anew' succeeds
expect 'moved: for the new place' grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$scratch/moved" "$scratch/moved/build/other/CMakeCache.txt"
mv -- "$scratch/moved" "$tree"
mkdir -p -- "$T2_BIN"
ln -s -- "$scratch/before/scripts/t2" "$T2_BIN/t2"
run t2build txtSink
expect 'moved: says how to mend the commands' says "The commands in $T2_BIN are links to $scratch/before/scripts/t2, which is gone: run '$tree/scripts/setup links'"
run "$tree/scripts/setup" links
run t2build txtSink
expect 'mended: nothing is said' silent_about 'which is gone'

# ---- Where no bare Debian can be made
without_root=()
[ "$(id -u)" -ne 0 ] || without_root=(unshare --user)
if ! "${without_root[@]}" true 2>/dev/null; then
    skip 'the bare run without root' 'needs user namespaces'
else
    run "${without_root[@]}" "$tree/tests/bare/run"
    expect 'the bare run without root: status 77' same "$status" 77
    expect 'the bare run without root: the reason' same "$output" 'needs root, for chroot and mounts'
fi
if ! unshare --net --mount true 2>/dev/null || ! command -v debootstrap > /dev/null; then
    skip 'the bare run without a network' 'needs root, namespaces and debootstrap'
else
    run unshare --net "$tree/tests/bare/run"
    expect 'the bare run without a network: status 77' same "$status" 77
    expect 'the bare run without a network: the reason' says "Debian's packages cannot be had here: E: Failed to fetch"
fi

# ---- Not started by bash
for program in t2 t2build t2conf st2 setup quickstart test; do
    cd -- "$tree/scripts" || exit 1
    run sh "$program" --help
    expect "sh $program --help" succeeds
    cd -- "$scratch/elsewhere" || exit 1
    run dash "$tree/scripts/$program" --help
    expect "dash PATH/$program --help" succeeds
done
all_passed
