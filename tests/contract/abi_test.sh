#!/usr/bin/env bash
# The ABI string changes with what lays out records or is called, and with nothing else.
set -u
export LC_ALL=C
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
place=$(mktemp -d) && trap 'rm -rf -- "$place"' EXIT
cp -r "$root/core" "$place/core" && rm -f "$place/core/tranalyzer.h" "$place"/core/.*.base
cat > "$place/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(abi VERSION 1.0 LANGUAGES NONE)
include(core/cmake/t2.cmake)
t2_compute_abi(abi ${PROJECT_SOURCE_DIR}/core ${PROJECT_BINARY_DIR}/include)
file(WRITE ${PROJECT_BINARY_DIR}/abi "${abi}")
EOF
errors=0
abi() {
    cmake -S "$place" -B "$place/build" > "$place/log" 2>&1 || { cat "$place/log"; exit 1; }
    cat "$place/build/abi"
}
first=$(abi)
case $first in 1.0/????????????????) ;; *) echo "FAILED: '$first' is not an ABI string"; errors=1 ;; esac
change() { # same|other WHAT FILE SED_EXPRESSION
    local file=$place/core/$3 now
    cp -p -- "$file" "$place/kept"
    sed -i "$4" "$file"
    ! cmp -s -- "$file" "$place/kept" || { echo "FAILED: $2: nothing was changed in $3"; errors=1; }
    now=$(abi)
    case $1 in
        same) [ "$now" = "$first" ] || { echo "FAILED: $2 changes the ABI string"; errors=1; } ;;
        other) [ "$now" != "$first" ] || { echo "FAILED: $2 does not change the ABI string"; errors=1; } ;;
    esac
    cp -p -- "$place/kept" "$file"
}
change same 'a comment' include/t2/packet.hpp '1s/$/ Or so./'
change same 'a comment behind a field' include/t2/plugin.hpp 's|// what was read so far|// what was read|'
change same 'blanks' include/t2/row.hpp 's/^  /    /'
change same 'a function that is compiled into plugins alone' include/t2/bytes.hpp 's/bool ok() const/bool is_ok() const/'
change same 'a number of a registry' include/t2/protocol.hpp 's/tcp = 6/tcp = 7/'
change same 'a flag of the core alone' tranalyzer.h 's/^#define VERBOSE 2/#define VERBOSE 1/'
change same 'the size of a buffer' tranalyzer.h 's/^#define IO_BUFFER_SIZE 8192/#define IO_BUFFER_SIZE 4096/'
change other 'a field of Packet' include/t2/packet.hpp 's/bool first_of_flow = false;/std::uint64_t first_of_flow = 0;/'
change other 'a virtual function' include/t2/plugin.hpp 's/virtual unsigned sensor_id() const = 0;//'
change other 'the order of types' include/t2/row.hpp 's/^  i8,$/  u8,/'
change other 'MAC addresses in the key' tranalyzer.h 's/^#define ETH_ACTIVATE 1/#define ETH_ACTIVATE 2/'
change other 'what a packet length is' tranalyzer.h 's/^#define PACKETLENGTH 3/#define PACKETLENGTH 0/'
change other 'what stands between columns' tranalyzer.h 's/^#define SEP_CHR .*/#define SEP_CHR ","/'
[ "$(abi)" = "$first" ] || { echo 'FAILED: the ABI string is not the same twice'; errors=1; }
[ "$errors" = 0 ] && echo 'abi: ok'
exit "$errors"
