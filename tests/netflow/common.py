"""What the tests of export share: running the program, ports, captures of many flows."""
import os
import re
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'support'))
import network

os.environ['LC_ALL'] = 'C.UTF-8'  # messages and numbers of the programs that are run
FEATURES = ('basicFlow', 'basicStats', 'tcpStates', 'tcpFlags', 'macRecorder')


class Failure(Exception):
    pass


def wait_for(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f'waited in vain for {what}')
        time.sleep(0.01)


def listens(interface):
    """Whether a packet socket captures on it: bound, for all protocols, and running. libpcap opens others before."""
    index = str(socket.if_nametoindex(interface))
    return ['0003', index, '1'] in [line.split()[3:6] for line in Path('/proc/net/packet').read_text().splitlines()]


# ---- The program

class Program:
    def __init__(self, binary, plugins, folder):
        self.binary, self.built, self.folder = binary, Path(plugins).resolve(), folder
        self.count = 0

    def plugin_folder(self, names):
        folder = self.folder / ('plugins_' + '_'.join(names))
        if not folder.exists():
            folder.mkdir()
            for name in names:
                found = list(self.built.glob(f'[0-9][0-9][0-9]_{name}.so'))
                if len(found) != 1:
                    raise Failure(f'{self.built} has no plugin {name}')
                (folder / found[0].name).symlink_to(found[0])
        return folder

    def command(self, source, more=(), features=FEATURES):
        self.count += 1
        self.prefix = self.folder / f'out{self.count}'
        return [self.binary, '-p', str(self.plugin_folder((*features, 'netflowSink', *more))), '-r', str(source), '-w', str(self.prefix)]

    def environment(self, port, **settings):
        home = self.folder / 'home'
        home.mkdir(exist_ok=True)
        clean = {name: value for name, value in os.environ.items() if not name.startswith('NF_')}
        return clean | {'HOME': str(home), 'NF_SERVADD': '127.0.0.1', 'NF_DPORT': str(port)} | {k: str(v) for k, v in settings.items()}

    def start(self, source, port, stdin=None, **settings):
        return subprocess.Popen(self.command(source), env=self.environment(port, **settings), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=stdin is None)

    def run(self, source, port, more=(), features=FEATURES, status=0, **settings):
        result = subprocess.run(self.command(source, more, features), env=self.environment(port, **settings), capture_output=True, text=True, timeout=300)
        if result.returncode != status:
            raise Failure(f'ended with status {result.returncode}, not {status}: {result.stdout}{result.stderr}')
        return result.stdout + result.stderr


def reported(text, what):
    found = re.search(rf'flow records {what}[^:]*: (\d+)', text)
    return int(found.group(1)) if found else 0


# ---- Ports

TRACEROUTE = range(33434, 33535)  # tshark has remarks about UDP datagrams to these ports


def free_port(family=socket.AF_INET, kind=socket.SOCK_DGRAM):
    while True:
        with socket.socket(family, kind) as s:
            s.bind(('::1' if family == socket.AF_INET6 else '127.0.0.1', 0))
            port = s.getsockname()[1]
        if port not in TRACEROUTE:
            return port


def queues(port, protocol='udp', tables='/proc/net'):
    """Bytes that wait in the receive buffers of this port's sockets; None where there is no socket."""
    waiting = None
    for table in (f'{tables}/{protocol}', f'{tables}/{protocol}6'):
        if os.path.exists(table):
            for row in Path(table).read_text().splitlines()[1:]:
                fields = row.split()
                if int(fields[1].rsplit(':', 1)[1], 16) == port:
                    waiting = (waiting or 0) + int(fields[4].split(':')[1], 16)
    return waiting


# ---- Network namespaces

INSIDE = '--inside'


def ip(*words):
    subprocess.run(['ip', *words], check=True, capture_output=True)


def move_inside():
    """What comes after runs in a network namespace of its own."""
    here = network.move_to_new_namespace()
    ip('link', 'set', 'lo', 'up')
    return here


def in_namespaces(script, titles, *arguments):
    """Runs the script once more, with INSIDE, in a network namespace of its own, for what has these titles; true if all went well."""
    if reason := network.why_not():
        for title in titles:
            print(f'skipped: {title}: {reason}', flush=True)
        return True
    return subprocess.run([sys.executable, os.path.realpath(script), *arguments, INSIDE]).returncode == 0


def lay_wire():
    """Inside: from here (10.9.0.1) to a second namespace (10.9.0.2), which is returned."""
    here, there = move_inside(), network.new_namespace()
    here.connect(there, 'wire', 'type', 'veth', 'peer', 'name', 'wire')
    for place, address in (here, '10.9.0.1/24'), (there, '10.9.0.2/24'):
        place.run('ip', 'link', 'set', 'lo', 'up')
        place.run('ip', 'addr', 'add', address, 'dev', 'wire')
        place.run('ip', 'link', 'set', 'wire', 'up')
    return there


# ---- Captures of one-packet flows

PCAP_HEADER = struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1)
FRAME = 46


def udp_frames(first, count, seconds, step=1000):
    """Records of a capture file, `step` nanoseconds apart; each has an address and port of its own."""
    ethernet = bytes.fromhex('020000000001 020000000002 0800')
    ip = struct.pack('>BBHHHBBHII', 0x45, 0, 32, 0, 0, 64, 17, 0, 0x0a000000, 0x0affff01)
    record = bytes(8) + struct.pack('<2I', FRAME, FRAME) + ethernet + ip + struct.pack('>HHHHI', 0, 9, 12, 0, 0)
    out = bytearray(record * count)

    def put(at, size, order, values):  # a field of all records
        column = b''.join(v.to_bytes(size, order) for v in values)
        for k in range(size):
            out[at + k::len(record)] = column[k::size]
    times = [seconds * 10**9 + i * step for i in range(count)]
    numbers = range(first, first + count)
    put(0, 4, 'little', (t // 10**9 for t in times))
    put(4, 4, 'little', (t % 10**9 for t in times))
    put(16 + 26, 4, 'big', (0x0a000000 + n // 1000 for n in numbers))
    put(16 + 34, 2, 'big', (1024 + n % 1000 for n in numbers))
    put(16 + 42, 4, 'big', numbers)
    return bytes(out)


def many_flows(folder, count=60_000, step=1000):
    path = folder / f'flows{count}.pcap'
    if not path.exists():
        with path.open('wb') as f:
            f.write(PCAP_HEADER)
            for first in range(0, count, 100_000):
                f.write(udp_frames(first, min(100_000, count - first), 1_600_000_000 + first * step // 10**9, step))
    return path, count


# ---- A capture of what few flows have: labels, IGMP, extension headers

def frame(ether_type, rest):
    return bytes.fromhex('020000000001 020000000002') + struct.pack('>H', ether_type) + rest


def ipv4(source, destination, protocol, payload):
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    return struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0) + ends + payload


def ipv6(next_header, payload):
    ends = [socket.inet_pton(socket.AF_INET6, text) for text in ('2001:db8::1', '2001:db8::2')]
    return struct.pack('>IHBB', 0x60000000, len(payload), next_header, 64) + b''.join(ends) + payload


def udp(port):
    return struct.pack('>4H', port, 2000, 12, 0) + b'rare'


def labels(*entries):  # label, traffic class, time to live
    return b''.join(struct.pack('>I', label << 12 | tc << 9 | (i == len(entries) - 1) << 8 | ttl) for i, (label, tc, ttl) in enumerate(entries))


RARE_FRAMES = (frame(0x8847, labels((1000, 5, 30), (1048575, 0, 255)) + ipv4('10.0.0.1', '10.0.0.2', 17, udp(1000))),
          frame(0x0800, ipv4('10.0.0.3', '10.0.0.4', 17, udp(1000))),
          frame(0x0800, ipv4('10.0.0.5', '224.0.0.22', 2, bytes.fromhex('2200f9fd00000000'))),
          frame(0x86dd, ipv6(0, bytes.fromhex('3c 00 0104 00000000  11 00 0104 00000000') + udp(1000))))


def rare_things(folder):
    path = folder / 'rare.pcap'
    path.write_bytes(PCAP_HEADER + b''.join(struct.pack('<4I', 1_600_000_000, i, len(f), len(f)) + f for i, f in enumerate(RARE_FRAMES)))
    return path


# ---- IPFIX on the wire

def ipfix_sets(message):
    """The sets of a message without its header: (number, content)."""
    at = 0
    while at + 4 <= len(message):
        number, length = struct.unpack('>HH', message[at:at + 4])
        if length < 4 or at + length > len(message):
            raise Failure(f'a set of {length} bytes at {at} in a message of {len(message)}')
        yield number, message[at + 4:at + length]
        at += length


def ipfix_templates(data, options=False):
    """Of a set of templates: {number: (length of a record, where its flowId is, None for options)}."""
    out, at = {}, 0
    while at + 4 <= len(data):
        number, count = struct.unpack('>HH', data[at:at + 4])
        at += 6 if options else 4
        length = where = 0
        for _ in range(count):
            element, size = struct.unpack('>HH', data[at:at + 4])
            at += 8 if element & 0x8000 else 4
            if element == 148:
                where = length
            length += size
        out[number] = length, None if options else where
    return out


def ipfix_records(message, known):
    """Data records of a message without its header: (record, where its flowId is). Templates are added to `known`."""
    for number, content in ipfix_sets(message):
        if number in (2, 3):
            known |= ipfix_templates(content, number == 3)
        elif number in known:
            length, where = known[number]
            for begin in range(0, len(content) - length + 1, length):
                yield content[begin:begin + length], where
