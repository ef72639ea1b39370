"""Each file includes what it needs: a quarter of the files of a build, which one depends on the day, is read by its compiler alone.

    alone.py COMPILE_COMMANDS DAY
"""
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SHARES = 4


def compiled(entry):
    """What its compiler says against it."""
    words = shlex.split(entry['command'])
    words = words[1:] if words[0].endswith('ccache') else words
    words = words[:words.index('-o')] + words[words.index('-o') + 2:]
    done = subprocess.run([*words, '-fsyntax-only'], cwd=entry['directory'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    return done.stdout if done.returncode else ''


def main(commands, day):
    with open(commands) as file:
        entries = sorted(json.load(file), key=lambda entry: entry['file'])[int(day) % SHARES::SHARES]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [text for text in pool.map(compiled, entries) if text]
    print(*problems, f'T2_LINT_DAY={day}: {len(entries)} files compiled alone, {len(problems)} with errors', sep='\n')
    return 1 if problems or not entries else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
