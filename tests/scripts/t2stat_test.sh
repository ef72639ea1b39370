#!/usr/bin/env bash
# t2stat, in a namespace of its own: signals reach no other process of the machine.
if [ -z "${T2_STAT_NAMESPACE-}" ]; then
    isolate=(unshare --fork --pid --mount-proc)
    [ "$(id -u)" -eq 0 ] || isolate+=(--map-root-user)
    "${isolate[@]}" true 2>/dev/null || { echo 't2stat: skipped, needs the right to make a namespace of processes'; exit 77; }
    T2_STAT_NAMESPACE=1 exec "${isolate[@]}" "$0" "$@"
fi
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"
PATH=$SOURCE/scripts:$PATH
cd -- "$scratch/elsewhere" || exit 1

run t2stat
expect 'none is running' same "$status:$output" '1:No Tranalyzer is running'
run t2stat -NOSUCH
expect 'no such signal' says "There is no signal 'NOSUCH'"
run t2stat 0
expect 'no seconds' says "'0' is no number of seconds above 0"

cp -- "$(command -v bash)" tranalyzer
mkfifo -- silence
# It starts no process, which would bear its name for a moment.
# shellcheck disable=SC2016
./tranalyzer -c 'trap "echo USR1 >> signals" USR1; trap "echo USR2 >> signals" USR2; trap "echo TERM >> signals; exit" TERM
    exec 3<> silence; : > ready; while :; do read -r -t 0.02 -u 3; done' &
program=$!
trap 'kill -9 "$program" 2>/dev/null; finish' EXIT
until [ -e ready ]; do sleep 0.02; done
got() { # COUNT SIGNAL: so many of them arrived
    local try
    for ((try = 0; try < 100; try++)); do [ "$(grep -c "$2" signals 2>/dev/null)" -lt "$1" ] || return 0; sleep 0.02; done
    return 1
}
run t2stat -p
expect '-p' same "$output" "$program"
run t2stat -l
expect '-l: the command' says './tranalyzer -c trap'
run t2stat
expect 'it says what it sends' same "$output" "SIGUSR1 was sent to $program"
expect 'USR1 by default' got 1 USR1
run t2stat -USR2
expect 'another signal' got 1 USR2
run t2stat -SIGUSR2
expect 'the same with SIG' got 2 USR2
t2stat 0.05 > repeated 2>&1 &
expect 'again and again' got 3 USR1
run t2stat -TERM
expect 'TERM ends it' got 1 TERM
wait
expect 'repetition ends with the last program' grep -qx 'No Tranalyzer is running any more' repeated
all_passed
