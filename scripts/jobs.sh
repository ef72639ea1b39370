# Runs the jobs of scripts/test side by side: each job's output in one piece and in the order of the list, and a line
# that says what runs.
#
# A job is PART or PART:NAME, a call of the function part_PART with NAME, in a process group of its own. Its folder $work
# holds what it prints (log), what it counts (results), what it is doing (step), and the progress of that (progress).
# Sourced by scripts/test after lib.sh; $work is a folder that is removed at the end.
# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2154 # scripts/test shares variables; a job has a $work of its own

JOBS=$(nproc)
passed=0 failed=0 skipped=0 failures=() skips=()
declare -A pid_of=() began_of=() lane_of=()

# ---- In a job

count() { echo "count $1 $2 $3" >> "$work/results"; } # PASSED FAILED SKIPPED
blame() { echo "failed $1" >> "$work/results"; } # what has failures that are counted
fail() { blame "$1"; count 0 1 0; }
skip() { echo "skipped $1" >> "$work/results"; count 0 0 1; }
step() { # WHAT: what the job does from now on
    : > "$work/progress"
    echo "$1" > "$work/step"
}

# What several jobs need is made by the first of them; the others wait for it. Its status is that of all of them.
once() { # NAME COMMAND...
    local made=$work/../once.$1 status
    step "waiting for $1"
    exec 8> "$made.lock"
    flock 8
    if [ ! -f "$made" ]; then
        "${@:2}" 8>&-
        echo $? > "$made"
    fi
    exec 8>&-
    read -r status < "$made"
    return "$status"
}

# ---- All jobs

start_job() { # JOB
    local all=$work
    mkdir -- "$work/$1" || exit 1
    echo 'starting' > "$work/$1/step"
    set -m # a process group of its own, which can be ended as a whole
    (
        trap - EXIT
        work=$all/$1
        "part_${1%%:*}" "${1#*:}"
        times > "$work/times"
    ) < /dev/null > "$work/$1/log" 2>&1 &
    set +m
    pid_of[$1]=$! began_of[$1]=$SECONDS
}

end_jobs() { # those that still run
    local pid
    for pid in "${pid_of[@]}"; do kill -TERM -- "-$pid" 2>/dev/null; done
    wait
}

take_results() { # JOB
    local kind text
    [ -f "$work/$1/results" ] || return 0
    while read -r kind text; do
        case $kind in
            count)
                local numbers
                read -r -a numbers <<< "$text"
                passed=$((passed + numbers[0])) failed=$((failed + numbers[1])) skipped=$((skipped + numbers[2])) ;;
            failed) failures+=("$text") ;;
            skipped) skips+=("$text") ;;
        esac
    done < "$work/$1/results"
}

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); } # SECONDS

show_progress() { # on a terminal one line that changes; elsewhere a line now and then
    local job line what done='' terminal='' width
    if [ -t 2 ] && [ "${TERM-dumb}" != dumb ]; then terminal=1; fi
    [ -n "$terminal" ] || [ "$SECONDS" -ge "${next_line:=30}" ] || return 0
    next_line=$((SECONDS + 30))
    line="[$(clock $((SECONDS - start)))]"
    for job in "${jobs[@]}"; do
        [ -n "${pid_of[$job]-}" ] || continue
        read -r what < "$work/$job/step"
        done=$(tail -c 400 -- "$work/$job/progress" 2>/dev/null | grep -a -o -E '[0-9]+/[0-9]+' | tail -n 1)
        line+=" $job: $what${done:+ $done} ($(clock $((SECONDS - began_of[$job])))),"
    done
    if [ -z "$terminal" ]; then
        printf '%s\n' "${line%,}" >&2
    else
        read -r _ width < <(stty size <&2 2>/dev/null)
        [ "${width:-0}" -gt 0 ] || width=80
        line=${line%,}
        printf '\r\e[K%s' "${line:0:width-1}" >&2
    fi
}
clear_progress() { if [ -t 2 ] && [ "${TERM-dumb}" != dumb ]; then printf '\r\e[K' >&2; fi; }

cpu_time() { # FILE: of a job and all it started, as `times` printed it; nothing where it was ended
    [ ! -s "$1" ] || awk '{ for (i = 1; i <= 2; i++) { split($i, part, /[ms]/); sum += 60 * part[1] + part[2] } } END { printf ", %.0f s of processor time", sum }' "$1"
}

print_job() { # JOB: with a heading where a part begins
    clear_progress
    if [ "${1%%:*}" != "$heading" ]; then
        heading=${1%%:*}
        printf '\n'
        ok "==== $heading"
    fi
    cat -- "$work/$1/log"
    echo "($1: $(<"$work/$1/seconds") s$(cpu_time "$work/$1/times"))"
    take_results "$1"
}

print_failed() { # the end of what failed jobs printed, without the tests that passed: in a long output it is far up
    local job
    for job in "${jobs[@]}"; do
        grep -q '^failed ' -- "$work/$job/results" 2>/dev/null || continue
        info "---- $job:"
        grep -a -v '^ok ' -- "$work/$job/log" | tail -n 20
    done
}

# Runs all of `jobs` and prints them in that order. They are started in the order of their lanes, which are lists of
# jobs: in `lane_busy` one more at once than there are processors, for each of them waits now and then; in `lane_waiting`,
# beside them, two at once.
run_jobs() {
    local printed=0 job lane status heading='' next_line
    local -A next=([busy]=0 [waiting]=0) free=([busy]=$((JOBS + 1)) [waiting]=2)
    while [ "$printed" -lt ${#jobs[@]} ]; do
        for lane in busy waiting; do
            local -n list=lane_$lane
            while [ "${free[$lane]}" -gt 0 ] && [ "${next[$lane]}" -lt ${#list[@]} ]; do
                job=${list[next[$lane]]}
                next[$lane]=$((next[$lane] + 1)) free[$lane]=$((free[$lane] - 1)) lane_of[$job]=$lane
                start_job "$job"
            done
        done
        sleep 0.5
        for job in "${!pid_of[@]}"; do
            kill -0 "${pid_of[$job]}" 2>/dev/null && continue
            wait "${pid_of[$job]}"
            status=$?
            [ "$status" -lt 126 ] || printf '%s\n' "failed $job (ended with status $status)" 'count 0 1 0' >> "$work/$job/results"
            echo $((SECONDS - began_of[$job])) > "$work/$job/seconds"
            free[${lane_of[$job]}]=$((free[${lane_of[$job]}] + 1))
            unset "pid_of[$job]"
        done
        while [ "$printed" -lt ${#jobs[@]} ] && [ -f "$work/${jobs[printed]}/seconds" ]; do
            print_job "${jobs[printed]}"
            printed=$((printed + 1))
        done
        show_progress
    done
    clear_progress
}
