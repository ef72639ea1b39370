#!/usr/bin/env bash
# The systemd unit: systemd understands it, finds it hardened, and lets the program do what it does.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"
UNIT=$SOURCE/share/systemd/t2.service
MOST=1.7  # exposure, of 10; as README.md says

exposure() { # UNIT
    systemd-analyze security --offline=true --no-pager "$1" 2>&1 | sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'
}
is_at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 <= b + 0) }'; }

if ! systemd-analyze security --help > /dev/null 2>&1 || [ -z "$(exposure "$UNIT")" ]; then
    skip 'the systemd unit' 'systemd-analyze with --offline is not here'
else
    expect "exposure is at most $MOST" is_at_most "$(exposure "$UNIT")" "$MOST"
    sed '/^Protect/d' "$UNIT" > "$scratch/t2.service"
    expect 'a unit with less protection is found out' differ "$(exposure "$scratch/t2.service")" "$(exposure "$UNIT")"
    sed 's,^ExecStart=[^ ]*,ExecStart=/bin/true,; s/^Documentation=.*//' "$UNIT" > "$scratch/t2.service"
    run systemd-analyze verify "$scratch/t2.service"
    expect 'systemd understands every line' same "$output" ''
    echo 'NoSuchSetting=1' >> "$scratch/t2.service"
    run systemd-analyze verify "$scratch/t2.service"
    expect 'a line that it does not understand is found out' differ "$output" ''
fi
expect 'the program tells the manager' grep -qx 'Type=notify' "$UNIT"
expect 'README.md says the exposure' grep -q "$MOST of 10" "$SOURCE/README.md"
all_passed
