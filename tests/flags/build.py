"""A copy of the project whose flags are changed, built, and run."""
import gzip
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

os.environ['LC_ALL'] = 'C.UTF-8'  # messages and numbers of the programs that are run
SOURCE = Path(__file__).resolve().parents[2]
CORE = 'tranalyzer2'


class Failure(Exception):
    pass


def command(*words, environment=None):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace', env=environment, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failure(f'{" ".join(map(str, words))}\n  ends with {done.returncode}:\n' + done.stdout[-3000:])
    return done.stdout


class Table:
    """A flow or packet file."""

    def __init__(self, text, mark='%', separator='\t'):
        lines = text.splitlines()
        head = next(i for i, line in enumerate(lines) if line.startswith(mark) and not line.startswith(mark + ' '))
        self.columns = lines[head].removeprefix(mark).split(separator)
        last = self.columns[-1].endswith('ontent')  # may hold separators that are not a tab
        cells = lambda line: line.split(separator, len(self.columns) - 1 if last else -1)
        self.rows = [dict(zip(self.columns, cells(line), strict=True)) for line in lines[head + 1:]]

    def find(self, **cells):
        return next(row for row in self.rows if all(row[name] == value for name, value in cells.items()))


class Expectations:
    """What every batch of flags made of the capture of these tests when it was recorded: a short sum of each column of each file.

    Lines of expected.tsv: FLAGS, FILE, and COLUMN=SUM for each column, separated by blanks. `run --record` writes it."""
    PATH = Path(__file__).with_name('expected.tsv')
    VOLATILE = '.log', '_log.txt', '.monitor'

    def __init__(self, record):
        self.record, self.seen = record, {}
        lines = self.PATH.read_text().splitlines() if self.PATH.exists() else []
        self.known = {(flags, file): sums for flags, file, sums in (line.split('\t') for line in lines if not line.startswith('#'))}

    @staticmethod
    def flags(changes):
        text = '; '.join(f'{component} ' + ' '.join(f'{name}={str(value)!r}' for name, value in flags.items()) for component, flags in changes.items())
        return re.sub(r"'[^']*/t2-flags\.[^/']*", "'SCRATCH", text)

    @staticmethod
    def sums(text, mark, separator):
        """Of the columns of a table, or of a text without its comments, which have dates."""
        digest = lambda cells: hashlib.sha1('\n'.join(cells).encode(errors='surrogateescape')).hexdigest()[:6]
        try:
            table = Table(text, mark, separator)
        except (StopIteration, ValueError):
            return 'text=' + digest([line for line in text.splitlines() if not line.startswith('# ')])
        return ' '.join(f'{name.replace(" ", "_")}={digest([row[name] for row in table.rows])}' for name in table.columns)

    def hold(self, changes, output):
        """Records what this batch wrote, or compares it with what was recorded."""
        core, flags = changes.get(CORE, {}), self.flags(changes)
        wrong = []
        for file in output.names():
            if file.endswith(self.VOLATILE):
                continue
            sums = self.sums(output.text(file), core.get('HDR_CHR', '%'), core.get('SEP_CHR', '\t'))
            self.seen[flags, file] = sums
            if self.record:
                continue
            known = self.known.get((flags, file))
            if known is None:
                wrong.append(f'{file}: nothing was recorded')
            elif known != sums:
                before, now = (dict(part.rsplit('=', 1) for part in text.split(' ')) for text in (known, sums))
                wrong.append(f'{file}: ' + ', '.join(sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))))
        assert not wrong, f'not as recorded (tests/flags/run --record, if that is meant): {flags}: ' + '; '.join(wrong)

    def write(self, of_all):
        """What was not run keeps its expectations, unless everything was."""
        lines = [f'{flags}\t{file}\t{sums}' for (flags, file), sums in sorted((self.seen if of_all else self.known | self.seen).items())]
        self.PATH.write_text('# What batches of flags make of the capture of these tests; written by run --record. FLAGS, FILE, sums of the columns.\n' +
                             '\n'.join(lines) + '\n')


class Output:
    """What a run wrote."""

    def __init__(self, folder, log):
        self.folder, self.log = folder, log

    def names(self):
        return sorted(path.name.removeprefix('out') for path in self.folder.iterdir())

    def text(self, suffix):
        data = (self.folder / f'out{suffix}').read_bytes()
        return (gzip.decompress(data) if suffix.find('.gz') > 0 else data).decode(errors='surrogateescape')

    def flows(self, **form):
        return Table(self.text('_flows.txt'), **form)

    def packets(self, **form):
        return Table(self.text('_packets.txt'), **form)


class Tree:
    """One copy and its build folder. The core is `program` until build_core() makes another."""

    def __init__(self, scratch, program, plugins, expectations):
        self.scratch, self.program, self.plugins, self.expectations = scratch, program, plugins, expectations
        self.tree, self.build = scratch / 'tree', scratch / 'build'
        self.tree.mkdir()
        for name in ('CMakeLists.txt', 'CMakePresets.json', 'core', 'plugins', 'scripts', 'share'):
            copy = shutil.copytree if (SOURCE / name).is_dir() else shutil.copy2
            copy(SOURCE / name, self.tree / name)
        self.environment = {**os.environ, 'HOME': str(scratch), 'TZ': 'UTC', 'NO_COLOR': '1', 'MR_OUI_DIR': str(scratch / 'oui')}
        # compiled files are shared between runs
        self.environment |= {'CCACHE_DIR': os.environ.get('CCACHE_DIR') or str(Path.home() / '.cache/ccache'),
                             'CCACHE_BASEDIR': str(scratch), 'CCACHE_NOHASHDIR': '1'}
        self.same = self.cache_of(program)
        self.flags = set()
        self.variants = self.runs = 0

    @staticmethod
    def cache_of(program):
        """What a plugin's build must have in common with the program's."""
        cache = program.parent / 'CMakeCache.txt'
        text = cache.read_text() if cache.exists() else ''
        found = re.findall(r'^(CMAKE_CXX_COMPILER|T2_SANITIZE):\w+=(.+)$', text, re.M)
        return [f'-D{name}={value}' for name, value in found]

    def set_flags(self, changes):
        """{component: {flag: value}}; all others get their default."""
        for component in self.flags | set(changes):
            command(self.tree / 'scripts/t2conf', component, '--reset', environment=self.environment)
        for component, flags in changes.items():
            words = [word for name, value in flags.items() for word in ('-D', f'{name}={value}')]
            command(self.tree / 'scripts/t2conf', component, *words, environment=self.environment)
        self.flags = set(changes)

    def make(self, *targets):
        if not (self.build / 'build.ninja').exists():
            command('cmake', '--preset', 'debug', '-S', self.tree, '-B', self.build, '-DCMAKE_CXX_FLAGS_DEBUG=-O0', '-DT2_PRECOMPILED=ON',
                    *self.same, environment=self.environment)
        command('ninja', '-C', self.build, *targets, environment=self.environment)

    def variant(self, changes, *plugins):
        """Builds with these flags; returns a function that runs the result. A change of the core builds everything."""
        self.set_flags(changes)
        self.variants += 1
        folder = self.scratch / f'plugins{self.variants}'
        folder.mkdir()
        program = self.program
        if CORE in changes:
            self.make('tranalyzer', *plugins)
            program = shutil.copy2(self.build / 'tranalyzer', self.scratch / f'tranalyzer{self.variants}')
        elif changes:
            self.make(*changes)
        for plugin in plugins:
            built = self.build if CORE in changes or plugin in changes else self.plugins.parent
            source, = (built / 'plugins').glob(f'???_{plugin}.so')
            shutil.copy2(source, folder)
        run = lambda *words, **environment: self.run(program, folder, words, environment)
        if changes and 'txtSink' in plugins:
            self.expectations.hold(changes, run('-s'))
        return run

    def run(self, program, folder, words, environment):
        self.runs += 1
        output = self.scratch / f'output{self.runs}'
        output.mkdir()
        words = [str(word).replace('OUT', f'{output}/out') for word in words]
        if '-W' not in words:
            words = ['-w', output / 'out', *words]
        if '-D' not in words and '-r' not in words:
            words = ['-r', self.scratch / 'everything.pcap', *words]
        log = command(program, '-p', folder, *words, environment={k: v for k, v in (self.environment | environment).items() if v is not None})
        return Output(output, log)
