#!/usr/bin/env bash
# scripts/test counts what its parts say, and lists what was skipped, with the reason: a part is replaced by one that says it.
# shellcheck source=support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/support.sh"

copy_tree || exit 1
part() { # STATUS LINE...: what the part `bare-short` prints, and how it ends
    { printf '#!/bin/sh\n'; printf "echo '%s'\n" "${@:2}"; printf 'exit %s\n' "$1"; } > "$tree/tests/bare/run"
    run "$tree/scripts/test" --no-setup bare-short
}
counts() { ends_with "$1 passed, $2 failed, $3 skipped"; }

part 0 'ok one' 'ok two'
expect 'lines ok: status 0' succeeds
expect 'lines ok' counts 2 0 0
part 0 'anything'
expect 'a part that only ends well' counts 1 0 0
part 1 'ok one' 'FAIL two'
expect 'a part that fails: status 1' fails
expect 'a part that fails' counts 1 1 0
expect 'and it is named' says 'failed: bare-short (status 1)'
expect 'the summary repeats what it says' says $'---- bare-short:\nFAIL two\n'
expect 'but not what passed' same "$(grep -c '^ok one$' <<< "$output")" 1
part 0 'ok one' 'skipped: two: no network' 'skipped: three: no disk'
expect 'skipped in the middle: status 0' succeeds
expect 'skipped in the middle' counts 1 0 2
expect 'the summary lists the first' says 'skipped: bare-short: two: no network'
expect 'the summary lists the second' says 'skipped: bare-short: three: no disk'
part 0 'skipped: two: no network'
expect 'all of a part skipped' counts 0 0 1
part 77 'needs root'
expect 'status 77' counts 0 0 1
expect 'status 77: the reason' says 'skipped: bare-short: needs root'
part 77 'needs root' '0 passed, 0 failed, 0 skipped'
expect 'status 77 and a count: skipped' counts 0 0 1
expect 'status 77 and a count: the reason' says 'skipped: bare-short: needs root'
part 77 'skipped: all: needs root'
expect 'status 77 and a line: counted once' counts 0 0 1
part 77 'skipped: all: needs root' '0 passed, 0 failed, 1 skipped'
expect 'status 77, a line and a count: counted once' counts 0 0 1
expect 'status 77, a line and a count: the reason' says 'skipped: bare-short: all: needs root'
part 77 '3 passed, 0 failed, 0 skipped'
expect 'status 77 and nothing skipped: fails' counts 3 1 0
part 1 'ok one' 'skipped: two: no network' 'FAIL three'
expect 'some of each' counts 1 1 1
part 0 'skipped: two: no network' '5 passed, 0 failed, 1 skipped'
expect 'a part that counts itself' counts 5 0 1
part 0 '5 passed, 0 failed, 1 skipped'
expect 'skipped without a reason: fails' fails
expect 'skipped without a reason' counts 5 1 0
part 1 '4 passed, 2 failed, 0 skipped'
expect 'failures that it counts itself' counts 4 2 0
expect 'and their part' says 'failed: bare-short'
part 3 '4 passed, 0 failed, 0 skipped'
expect 'a bad end after a good count' counts 4 1 0
# shellcheck disable=SC2016 # the part expands it
printf '#!/bin/sh\necho ok one\nmkdir -p "${0%%/*}/../../build" && touch "${0%%/*}/../../build/built" "${0%%/*}/left"\n' > "$tree/tests/bare/run"
run "$tree/scripts/test" --no-setup bare-short
expect 'a file is left in the tree: fails' fails
expect 'a file is left in the tree' counts 1 1 0
expect 'a file is left in the tree: which' says 'failed: the tests left files in the tree: ./tests/bare/left'
all_passed
