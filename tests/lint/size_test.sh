#!/usr/bin/env bash
# No tracked file is larger than 300 KB: captures and results belong elsewhere, tests make what they need. The sample
# capture, which the documentation's examples use, is the exception.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"

tracked() { # TREE: its files; of a copy without a repository all but results
    if git -C "$1" rev-parse --is-inside-work-tree >/dev/null 2>&1; then git -C "$1" ls-files -z
    else (cd -- "$1" && find . -name build -prune -o -type f -print0)
    fi
}
too_large() { # TREE: a line for each file that is; fails if there is one
    local found
    found=$(cd -- "$1" && tracked . | xargs -0 -r ls -ld 2>/dev/null | awk '$5 > 300 * 1024 && $9 !~ "^(\\./)?share/samples/office\\.pcap$" { print $5, $9 }')
    [ -z "$found" ] || { printf '%s\n' "$found"; return 1; }
}

expect 'there are files' [ "$(tracked "$SOURCE" | tr -dc '\0' | wc -c)" -gt 100 ]
run too_large "$SOURCE"
expect 'no file is larger than 300 KB' succeeds
mkdir -p -- "$scratch/planted"
head -c 300K /dev/zero > "$scratch/planted/fits"
head -c 300001 /dev/zero > "$scratch/planted/fits too"
run too_large "$scratch/planted"
expect '300 KB are allowed' succeeds
head -c 307201 /dev/zero > "$scratch/planted/large"
run too_large "$scratch/planted"
expect 'a larger one is found' same "$status:$output" '1:307201 ./large'
all_passed
