"""What the tests of sinks share: servers in folders of their own, on loopback with free ports, as users of their own where
they demand it; t2 with a stream of packets that the test holds in its hands; and the count of rows that must come out even.
"""
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source folder
ROOT = Path(__file__).resolve().parents[2]
PLUGINS = 'basicFlow,basicStats,tcpStates,sensor'
passed = failed = 0
skips = []


def check(what, good, more=''):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f'FAIL {what} {more}', flush=True)


def equal(what, value, wanted):
    check(what, value == wanted, f'is {value!r}, not {wanted!r}')


def skip(what, why):
    skips.append(what)
    print(f'skipped: {what}: {why}', flush=True)


def finish():
    print(f'{passed} passed, {failed} failed' + (f', {len(skips)} skipped' if skips else ''))
    sys.exit(failed > 0)


def cannot_run(why):
    print(why)
    sys.exit(77)


def need(*programs):
    os.environ['PATH'] += ':/usr/sbin:/sbin:/usr/lib/postgresql/15/bin'
    for name in programs:
        if not shutil.which(name):
            cannot_run(f'{name} is not installed: scripts/setup sinks')


def until(condition, seconds=30):
    """What the condition gives when it becomes true, or what it gave last."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(('127.0.0.1', port), timeout=1).close()
        return True
    except OSError:
        return False


class Server:
    """A program in a folder of its own. `user`: it runs as that one where the test is root."""

    def __init__(self, folder, name, user=None):
        self.folder = Path(folder) / name
        self.folder.mkdir()
        self.port = free_port()
        self.process = None
        self.identity = {}
        if user and os.geteuid() == 0:
            entry = pwd.getpwnam(user)
            self.identity = {'user': entry.pw_uid, 'group': entry.pw_gid, 'extra_groups': []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)

    def start(self, command, ready=None):
        with open(self.folder / 'log', 'ab') as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            cwd=self.folder, start_new_session=True, **self.identity)
        if not until(ready or (lambda: listens(self.port))):
            sys.exit(f'{command[0]} does not start: ' + (self.folder / 'log').read_text(errors='replace')[-2000:])

    def kill(self, how=signal.SIGKILL):
        """It and the processes that it started; they get no time to say goodbye."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, how)
            self.process.wait()


class Work:
    """A folder for one test program, and the servers in it, which end with it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix='t2-sinks.'))
        self.folder.chmod(0o755)
        self.servers = []
        self.mounts = []
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        for mount in self.mounts:
            subprocess.run(['umount', mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, server):
        self.servers.append(server)
        return server

    def small_disk(self, name, size):
        """A folder on a file system of so many megabytes; None: there is none to be had."""
        place = self.folder / name
        place.mkdir()
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}m', 'none', place], capture_output=True, check=False)
        if done.returncode:
            return None
        self.mounts.append(place)
        return place


# ---- Packets

HEADER = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)


def packet(number, answer=False):
    """A DNS-like datagram or its answer: each number is a flow of its own, a tenth of a second after the one before."""
    a, b = struct.pack('>BBH', 10, 1, number % 65521), bytes([192, 0, 2, 1 + number % 200])
    a_port, b_port = 1024 + number // 65521, 53
    if answer:
        a, b, a_port, b_port = b, a, b_port, a_port
    data = f'row {number}'.encode()
    udp = struct.pack('>HHHH', a_port, b_port, 8 + len(data), 0) + data
    ip = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(udp), number & 0xffff, 0, 64, 17, 0) + a + b
    frame = b'\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0' + ip + udp
    time_us = 1_700_000_000_000_000 + number * 100_000 + (5_000 if answer else 0)
    return struct.pack('<IIII', time_us // 1_000_000, time_us % 1_000_000, len(frame), len(frame)) + frame


def packets(first, end):
    """Conversations of a query and an answer: two rows each."""
    return b''.join(packet(n) + packet(n, True) for n in range(first, end))


# ---- t2

class Run:
    """t2 that reads packets as they are fed."""

    def __init__(self, binary, plugins, folder, sink, settings=None, also='txtSink', parts=''):
        self.folder = Path(tempfile.mkdtemp(prefix='run.', dir=folder))
        self.fed = 0
        command = [binary, '-p', plugins, '--plugins', f'{PLUGINS},{sink}' + (f',{also}' if also else ''), '-r', '-', *(('-W', f'{self.folder}/out:{parts}') if parts else ('-w', self.folder / 'out'))]
        self.log = open(self.folder / 'log', 'w+b')  # pylint: disable=consider-using-with
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=self.log, stderr=self.log, bufsize=0,
                                        env={'PATH': os.environ['PATH'], 'HOME': str(self.folder), 'LC_ALL': 'C', **{k: str(v) for k, v in (settings or {}).items()}})
        self.write(HEADER)

    def write(self, data):
        view = memoryview(data)
        try:
            while view:
                view = view[self.process.stdin.write(view):]
        except BrokenPipeError:
            pass

    def feed(self, conversations):
        self.write(packets(self.fed, self.fed + conversations))
        self.fed += conversations

    def text(self):
        return (self.folder / 'log').read_text(errors='replace')

    def says(self, text, seconds=30):
        return until(lambda: text in self.text(), seconds)

    def end(self, timeout=120):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.status = self.process.wait(timeout)
        self.log.close()
        return self

    def number(self, name):
        found = re.search(rf'{name}: (\d+)', self.text())
        return int(found.group(1)) if found else 0

    @property
    def acknowledged(self):
        return self.number('Number of rows acknowledged')

    @property
    def lost(self):
        return self.number('Number of rows lost')

    def flows(self):
        """Names, and the rows of the flow file."""
        lines = (self.folder / 'out_flows.txt').read_text().splitlines()
        return lines[0].lstrip('%').split('\t'), [line.split('\t') for line in lines[1:]]


def as_cell(value, code, address=str):
    """A value of an engine in the form of the flow file, whose column has this type; `address`: says how addresses look there."""
    if '_' in code:
        return value
    if code.endswith(':R'):
        return ';'.join(as_cell(part, code[:-2], address) for part in value)
    if code == 'F':  # the shortest number that means the same 32 bits, perhaps
        return '%.7g' % struct.unpack('f', struct.pack('f', float(value)))
    if code == 'D':
        return '%f' % float(value)
    if code == 'U64.U32':
        return f'{int(value) // 10**9}.{int(value) % 10**9:09d}'
    if code[0] == 'H':
        return f'0x{int(value):0{int(code[1:]) // 4}x}'
    if code == 'S':
        return f'"{value}"'
    return address(value) if code == 'IPX' else str(value)


TABLE = []  # of faults: sink, what happened, rows sent, acknowledged, reported lost, found, of them distinct


def judge(what, run, found, distinct, sent=None, must_lose=False, may_be_more=False):
    """Every row is in the engine or reported as lost; what is lost is said by status 3. `may_be_more`: rows that are reported as lost
    may be stored all the same, where their acknowledgement did not come."""
    sent = 2 * run.fed if sent is None else sent
    TABLE.append((what, sent, run.acknowledged, run.lost, found, distinct))
    print(f'ok {what}: sent {sent}, acknowledged {run.acknowledged}, reported lost {run.lost}, found {found}, distinct {distinct}, status {run.status}', flush=True)
    equal(f'{what}: acknowledged and lost are all', run.acknowledged + run.lost, sent)
    if may_be_more:
        check(f'{what}: what was acknowledged is there', run.acknowledged <= distinct <= sent, f'{distinct}')
    else:
        equal(f'{what}: found is what was acknowledged', distinct, run.acknowledged)
    equal(f'{what}: status', run.status, 3 if run.lost else 0)
    check(f'{what}: rows are lost', (run.lost > 0) == must_lose, run.text()[-1500:] if (run.lost > 0) != must_lose else '')
