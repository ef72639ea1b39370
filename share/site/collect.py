#!/usr/bin/env python3
"""collect.py TREE DESCRIBED DOCS: copies the documents of the tree to DOCS, and makes the page of columns from what t2 --describe says as JSON, in the file DESCRIBED.

Links to what is no document lead nowhere on a site: their text stays.
"""
import json
import re
import shutil
import sys
from pathlib import Path

LINK = re.compile(r'(?<!!)\[([^\]]+)\]\(([^)\s]+)\)')
tree, described, docs = (Path(word) for word in sys.argv[1:4])


def documents():
    for path in sorted(tree.rglob('*.md')):
        inside = path.relative_to(tree)
        if inside.parts[0] not in ('.git', 'build') and not inside.parts[-2:-1] == ('samples',) and '-template' not in str(inside):
            yield inside


def cell(text):
    return str(text).replace('|', '\\|').replace('<', '&lt;').replace('*', '\\*').replace('_', '\\_')


def columns_page():
    lines = ['# Columns', '', 'Made from what the plugins say of themselves (`t2 --describe`). A type with `:R` is a list.', '']
    for plugin in sorted(json.loads(described.read_text())['plugins'], key=lambda plugin: plugin['number']):
        if not plugin['columns_of_flows'] or plugin['name'] == 'tranalyzer2':
            continue
        lines += [f"## {plugin['name']}", '', cell(plugin['summary']) + '.', '', '| column | type | unit | meaning |', '|---|---|---|---|']
        lines += [f"| `{c['name']}` | {cell(c['type'])} | {cell(c['unit'] or '')} | {cell(c['meaning'])} |" for c in plugin['columns_of_flows']]
        lines.append('')
        for c in plugin['columns_of_flows']:
            if c['bits']:
                lines += [f"Bits of `{c['name']}`:", '', '| bit | meaning |', '|---|---|', *(f"| `{bit['mask']}` | {cell(bit['meaning'])} |" for bit in c['bits']), '']
    return '\n'.join(lines)


known = set(documents())
for inside in known:
    def link(found, here=inside):
        name, _, anchor = found.group(2).partition('#')
        if re.match('[a-z]+:', found.group(2)) or not name:
            return found.group(0)
        aim = Path(*Path((here.parent / name).as_posix()).parts)
        resolved = (tree / aim).resolve()
        if resolved.suffix == '.md' and resolved.is_relative_to(tree.resolve()) and resolved.relative_to(tree.resolve()) in known:
            return found.group(0)
        return found.group(1)
    target = docs / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(LINK.sub(link, (tree / inside).read_text()))
(docs / 'columns.md').write_text(columns_page())
samples = tree / 'share/samples/README.md'
if samples.exists():
    (docs / 'share/samples').mkdir(parents=True, exist_ok=True)
    shutil.copy(samples, docs / 'share/samples/README.md')
