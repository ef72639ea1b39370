#!/usr/bin/env bash
# The site: every document is a page, columns of all plugins are listed, links lead to pages, nothing is fetched from elsewhere.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"

for program in mkdocs python3; do command -v "$program" > /dev/null || { echo "$program is not installed"; exit 77; }; done
program='' newest=''
for each in "$SOURCE"/build/*/tranalyzer; do
    if [ -x "$each" ] && [ -d "${each%/*}/plugins" ] && { [ -z "$newest" ] || [ "$each" -nt "$newest" ]; }; then program=$each newest=$each; fi
done
[ -n "$program" ] || { echo 'the program is not built'; exit 77; }
mkdir -p -- "$tree/build/release"
cp -r -- "$SOURCE"/{scripts,share,core,plugins,tests} "$SOURCE"/*.md "$tree"
ln -s -- "$program" "$tree/build/release/tranalyzer"
run "$tree/scripts/site" -o "$scratch/site" -p "${program%/*}/plugins"
expect 'the site is made' succeeds
for page in index columns share/questions share/comparing share/writing-plugins core/index plugins/basicFlow/index; do
    expect "the page $page" test -s "$scratch/site/$page.html"
done
expect 'columns with their meaning' grep -q 'Source IP address' "$scratch/site/columns.html"
expect 'bits' grep -q 'an IPv4 header was met' "$scratch/site/columns.html"
run python3 - "$scratch/site" << 'END'
import re, sys
from pathlib import Path
root = Path(sys.argv[1])
for page in root.rglob('*.html'):
    text = page.read_text()
    for kind, aim in re.findall(r'(?:<(?:link|script|img)[^>]*?\s(href|src)="([^"]+)")', text):
        if re.match('(https?:)?//', aim):
            print(f'{page.relative_to(root)} fetches {aim}')
    for aim in re.findall(r'<a [^>]*?href="([^"#?]+)', text):
        if not re.match('[a-z]+:', aim) and not (page.parent / aim).exists():
            print(f'{page.relative_to(root)}: the link {aim} leads nowhere')
END
expect 'links lead to pages, and nothing is fetched' same "$output" ''
all_passed
