#!/usr/bin/env bash
# One concept has one word: those of words.tsv, which an earlier vocabulary had, occur nowhere.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"

WORDS=$SOURCE/tests/lint/words.tsv

check_words() { # TREE: a line for each place; fails if there is one
    local word instead found=0
    while IFS=$'\t' read -r word instead; do
        [[ $word != '#'* ]] || continue
        grep -rnIwi --exclude-dir=.git --exclude-dir=build --exclude=words.tsv -- "$word" "$1" | sed "s|\$|   [say: $instead]|" | grep . && found=1
    done < "$WORDS"
    return "$found"
}

run check_words "$SOURCE"
expect 'no word of words.tsv is used' succeeds
mkdir -p -- "$scratch/planted"
word=$(grep -m 1 -v '^#' "$WORDS" | cut -f 1)
printf '// The %s of a flow.\n' "$word" > "$scratch/planted/x.cpp"
run check_words "$scratch/planted"
expect 'a planted word is found' fails
expect 'the place is named' says "x.cpp:1:// The $word"
all_passed
