#!/usr/bin/env python3
"""Links of the documentation lead somewhere, paths that documentation and comments name exist, no merge is half done.

The types of plugins that documents name (t2::basic_flow::BasicFlowState) are in one of their headers.

A path is a word that begins with a folder of the tree, or with src/ or tests/ of the document's folder or of any plugin. A part in capital
letters stands for any name (plugins/NAME), and a header may be one that is made from its .in. Commands in blocks are left
out: docs_test.sh runs them.
"""
import os
import re
import sys
import tempfile
from pathlib import Path

LINK = re.compile(r'\]\(([^)\s]+)\)')
COMMENT = re.compile(r'(?:^|\s)(?://|#(?=[\s#])).*')
MERGE = re.compile(r'(?:<{7}|>{7}) ')
STATE = re.compile(r'\bt2::([a-z]\w*)::([A-Z]\w*)\b')
WORD = re.compile(r'(?<![\w./~$*{}-])(?:core|plugins|scripts|share|src|tests|\.ci)/[\w.*/-]*')


def files(root):
    for folder, folders, names in os.walk(root):
        if Path(folder) == root:  # builds come and go
            folders[:] = set(folders) - {'.git', 'build'}
        folders.sort()
        yield from (path for name in sorted(names) if (path := Path(folder) / name).is_file())


def is_document(path):
    return path.suffix == '.md' or path.parent.name == 'man'


def prose(path):
    """Lines of a document without its blocks of commands, of other files the comments: (number, text)."""
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        return
    block = None
    for number, line in enumerate(lines, 1):
        if MERGE.match(line):
            yield number, line
        elif not is_document(path):
            if found := COMMENT.search(line):
                yield number, found.group()
        elif line.startswith('```'):
            block = None if block is not None else line[3:]
        elif block not in ('sh', 'console', 'diff'):
            yield number, line.replace(r'\-', '-')


def anchors(path):
    """Those that GitHub gives to headings."""
    return {re.sub(r'[^\w -]', '', line.lstrip('# ').lower()).replace(' ', '-') for _, line in prose(path) if line.startswith('#')}


def exists(place, name):
    pattern = '/'.join(re.sub(r'[A-Z]{2,}', '*', part) if part not in ('README.md',) else part for part in name.split('/'))
    return any(next(place.glob(each), None) for each in {name, name + '.in', pattern, pattern + '.in'})


def declared(root, namespace, name):
    headers = (header.read_text() for header in root.glob('plugins/*/src/*_state.h'))
    return any(f'namespace t2::{namespace} {{' in text and re.search(rf'\b(struct|class) {name}\b', text) for text in headers)


def check(root):
    """(number of things checked, what is wrong)"""
    checked, wrong = 0, []
    plugins = list(root.glob('plugins/*')) + list(root.glob('share/*-template'))
    for path in files(root):
        for number, line in prose(path):
            where = f'{path.relative_to(root)}:{number}'
            if MERGE.match(line):
                wrong.append(f'{where}: a conflict of a merge')
            for target in LINK.findall(line) if path.suffix == '.md' else ():
                name, _, anchor = target.partition('#')
                aim = path.parent / name if name else path
                if re.match('[a-z]+:', target):
                    continue
                checked += 1
                if not aim.exists():
                    wrong.append(f'{where}: the link {target} leads nowhere')
                elif anchor and anchor not in anchors(aim):
                    wrong.append(f'{where}: {target}: there is no such heading')
            for namespace, name in STATE.findall(line) if path.suffix == '.md' else ():
                checked += 1
                if not declared(root, namespace, name):
                    wrong.append(f'{where}: t2::{namespace}::{name} is in no header')
            for word in WORD.findall(line):
                name = word.rstrip('./-')
                if '/' in name:
                    checked += 1
                    if not any(exists(place, name) for place in (root, path.parent, path.parent.parent, *plugins)):
                        wrong.append(f'{where}: {name} does not exist')
    return checked, wrong


def self_test():
    """Each of these faults is found, and nothing else is."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / 'core').mkdir()
        (root / 'core/x.h.in').touch()
        (root / 'core/x.cpp').write_text('// see core/y.hpp\n#include "core/z.hpp"\n' + '<' * 7 + ' HEAD\n')
        (root / 'README.md').write_text('# One two\n[a](core) [b](none.md) [c](#one-two) [d](#three) [e](https://example.org)\n'
                                        '`core/x.h` `core/NAME.cpp` `core/w.h` t2::a::B\n```sh\ncat core/v\n```\n')
        _, wrong = check(root)
        expected = ['README.md:2: the link none.md leads nowhere', 'README.md:2: #three: there is no such heading',
                    'README.md:3: t2::a::B is in no header', 'README.md:3: core/w.h does not exist', 'core/x.cpp:1: core/y.hpp does not exist', 'core/x.cpp:3: a conflict of a merge']
        return [] if wrong == expected else [f'of planted faults, {expected}, these are found: {wrong}']


def main():
    wrong = self_test()
    checked, found = check(Path(__file__).resolve().parents[2])
    wrong += found
    for line in wrong:
        print('failed:', line)
    print(f'{checked + 1 - len(wrong)} passed, {len(wrong)} failed, 0 skipped')
    return bool(wrong)


sys.exit(main())
