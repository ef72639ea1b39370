#!/usr/bin/env python3
"""Each file of the core, of the plugins, of the programs and of the tests includes what it needs: it can be compiled alone, not only with others.

A run reads an eighth of the files, which depends on the day; T2_LINT_DAY=N repeats the run of a day. What passed is read
again when it, its command, the compiler or any header of the tree changed: the folder of tidy_test.sh remembers, for all clones.
"""
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SHARES = 8
SOURCE = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get('HOME') or '/nonexistent')
CACHE = Path(os.environ.get('XDG_CACHE_HOME') or (HOME / '.cache' if HOME.is_dir() else SOURCE / 'build'))
MARKS = CACHE / 't2-lint'


class Passed:
    """What passed before. Where its folder cannot be written, nothing did."""

    def __init__(self, build):
        self.build = build
        self.common = hashlib.sha1(subprocess.run(['c++', '--version'], check=True, stdout=subprocess.PIPE).stdout)
        for folder in *(SOURCE / name for name in ('core', 'plugins', 'share', 'tests')), build / 'include':
            for header in sorted(folder.rglob('*.h*')):
                self.common.update(header.read_bytes())

    def mark(self, entry):
        """The file that stands for an entry of compile_commands.json: no path of this clone is in its name."""
        name = self.common.copy()
        name.update(Path(entry['file']).read_bytes())
        name.update(entry['command'].replace(str(self.build), 'BUILD').replace(str(SOURCE), 'SOURCE').encode())
        return MARKS / name.hexdigest()

    def check(self, entry):
        """What the compiler says of a file."""
        mark = self.mark(entry)
        if mark.exists():
            return ''
        text = complaints(entry)
        if not text:
            try:
                MARKS.mkdir(parents=True, exist_ok=True)
                mark.touch()
            except OSError:
                pass
        return text


def complaints(entry):
    """What the compiler says of a file of compile_commands.json."""
    words = [word for word in shlex.split(entry['command']) if not word.endswith('ccache')]
    at = words.index('-o')
    done = subprocess.run([*words[:at], *words[at + 2:], '-fsyntax-only'], cwd=entry['directory'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors='replace')
    return done.stdout if done.returncode else ''


def compiled_files(build):
    """Sets up a build in which each file is compiled alone: entries of its compile_commands.json."""
    for command in (['cmake', '--preset', 'debug', '-S', SOURCE, '-B', build, '-DT2_JOINED=OFF', '-DT2_TESTS=ON'], ['cmake', '--build', build, '--target', 't2report_page']):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    entries = {entry['file']: entry for entry in json.loads((build / 'compile_commands.json').read_text())}  # programs share files
    return [entries[file] for file in sorted(entries)]


def finds_planted_fault(folder):
    (folder / 'planted.cpp').write_text('std::string text;\n')
    return 'std' in complaints({'directory': folder, 'command': 'c++ -std=c++20 -o planted.o -c planted.cpp'})


def main():
    day = int(os.environ.get('T2_LINT_DAY') or time.time() // 86400)
    with tempfile.TemporaryDirectory(prefix='t2-alone.') as name, ThreadPoolExecutor(os.cpu_count()) as pool:
        planted = finds_planted_fault(Path(name))
        share = compiled_files(Path(name) / 'build')[day % SHARES::SHARES]
        wrong = [text for text in pool.map(Passed(Path(name) / 'build').check, share) if text]
    print(*wrong, f'T2_LINT_DAY={day}', sep='\n')
    if not planted:
        print('failed: a planted fault is not found')
    failed = len(wrong) + (not planted)
    print(f'{len(share) + 1 - failed} passed, {failed} failed, 0 skipped')
    return bool(failed)


sys.exit(main())
