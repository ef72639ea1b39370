"""Flags are built with each compiler that is installed, warnings being errors: by gcc optimised, as users build them.

A run takes a share: every flag of every plugin, and of the core, gets a value that depends on the day. The compilers take turns;
clang builds all plugins, gcc, which takes ten times as long, a third of them. T2_FLAGS_DAY=N repeats the run of a day. Values of
JA4TOPTMX, which sizes an array, are built around the sizes at which its code changes, two of them in a run.
"""
import datetime
import os
import random
import re
import shutil

from build import CORE, Failure, command

LINE = re.compile(r'^#define (\w+) +\S+ +//.*\[([^\]]+)\]', re.M)
EDGE = 12  # of a range so many of the smallest values are tried, and the largest: code that sizes arrays changes there


def values(text):
    """The values of [a|b] or [a-b] that are tried."""
    if '|' in text:
        return text.split('|')
    first, last = text.split('-')
    if '.' in text:
        return [first, last]
    first, last = int(first), int(last)
    return [str(value) for value in (*range(first, min(first + EDGE, last)), last)]


def headers(tree):
    yield CORE, tree / 'core/tranalyzer.h.in'
    for header in sorted(tree.glob('plugins/*/src/*.h.in')):
        yield header.name.removesuffix('.h.in'), header


def compilers():
    return [name for name in ('g++', 'clang++') if shutil.which(name)]


def build(tree, settings, compiler, *targets):
    """A failure names the compiler. Warnings of gcc depend on what its optimiser finds out, those of clang do not."""
    tree.set_flags(settings)
    folder = tree.scratch / f'build-{compiler}'
    preset = ('release',) if compiler == 'g++' else ('debug', '-DCMAKE_CXX_FLAGS_DEBUG=-O0', '-DT2_PRECOMPILED=ON')
    if not (folder / 'build.ninja').exists():
        command('cmake', '--preset', *preset, '-S', tree.tree, '-B', folder, f'-DCMAKE_CXX_COMPILER={compiler}', environment=tree.environment)
    targets = [target for target in targets if not (folder / 'left_out' / target).exists()]  # their library is not installed
    try:
        command('ninja', '-C', folder, *targets, environment=tree.environment)
    except Failure as failure:
        raise Failure(f'{compiler} with {settings}:\n{failure}') from None


def the_day():
    return int(os.environ.get('T2_FLAGS_DAY') or datetime.date.today().toordinal())


def turn(day):
    """0, 1 or 2: which third is built."""
    return day // len(compilers()) % 3


def check_share_of_the_day(tree):
    day = the_day()
    compiler = compilers()[day % len(compilers())]
    print(f'release: T2_FLAGS_DAY={day}, {compiler}', flush=True)
    choose = random.Random(day).choice
    settings = {component: {name: choose(values(text)) for name, text in LINE.findall(header.read_text())}
                for component, header in headers(tree.tree)}
    plugins = sorted(component for component in settings if component != CORE)
    targets = plugins[turn(day)::3] if compiler == 'g++' else ['plugins']
    build(tree, {component: flags for component, flags in settings.items() if flags}, compiler, *targets)


def check_sizes(tree):
    for size in (1, 2, 3, 8, 9, 255)[turn(the_day())::3]:  # up to eight option kinds are packed into the state itself
        build(tree, {'tcpFlags': dict(JA4TOPTMX=size)}, compilers()[0], 'tcpFlags')  # gcc's warnings depend on sizes
