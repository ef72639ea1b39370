"""Frames and captures for the flag tests: just the headers that these need, and one capture in which every flag can show."""
import socket
import struct

START = 1_700_000_000_123_456_789  # ns
MS = 1_000_000
SECOND = 1000 * MS
A, B, C, D = (f'02:00:00:00:00:0{i}' for i in '1234')
KNOWN = '00:11:22:00:00:05'  # in the registry of the tests


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data[:len(data) & ~1]))
    if len(data) & 1:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def eth(payload, kind=0x0800, source=A, destination=B):
    return mac(destination) + mac(source) + struct.pack('>H', kind) + payload


def vlan(payload, tag, kind=0x0800):  # behind the type 0x8100 or 0x88a8
    return struct.pack('>HH', tag, kind) + payload


def mpls(payload, *entries):  # label, traffic class, time to live
    last = len(entries) - 1
    return b''.join(struct.pack('>I', label << 12 | tc << 9 | (i == last) << 8 | ttl) for i, (label, tc, ttl) in enumerate(entries)) + payload


def ip4(source, destination, protocol, payload, identification=1, tos=0, ttl=64, fragment=0x4000, bad_checksum=False):
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    head = lambda check: struct.pack('>BBHHHBBH', 0x45, tos, 20 + len(payload), identification, fragment, ttl, protocol, check) + ends
    return head(checksum(head(0)) ^ (1 if bad_checksum else 0)) + payload


def ip6(source, destination, protocol, payload):
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    return struct.pack('>IHBB', 0x60000000, len(payload), protocol, 64) + ends + payload


def pseudo(source, destination, protocol, length):
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    return socket.inet_pton(family, source) + socket.inet_pton(family, destination) + struct.pack('>HH', protocol, length)


def udp(source, destination, ports, payload):
    length = 8 + len(payload)
    head = lambda check: struct.pack('>HHHH', *ports, length, check)
    return head(checksum(pseudo(source, destination, 17, length) + head(0) + payload)) + payload


def tcp(source, destination, ports, flags, seq, ack=0, window=1000, options=b'', payload=b'', bad_checksum=False):
    bits = sum(1 << 'FSRPAUEC'.index(letter) for letter in flags)
    options += bytes(-len(options) % 4)
    words = 5 + len(options) // 4
    head = lambda check: struct.pack('>HHIIBBHHH', *ports, seq, ack, words << 4, bits, window, check, 0) + options
    check = checksum(pseudo(source, destination, 6, words * 4 + len(payload)) + head(0) + payload)
    return head(check ^ (1 if bad_checksum else 0)) + payload


def pcap(frames):  # (time in ns, bytes)
    records = (struct.pack('<IIII', at // SECOND, at % SECOND, len(frame), len(frame)) + frame for at, frame in frames)
    return struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 1) + b''.join(records)


# ---- The capture. Each conversation has addresses of its own: 10.0.N.1 and 10.0.N.2.

def stamps(value, echo):
    return b'\1\1\x08\x0a' + struct.pack('>II', value, echo)


def connection(n=1):
    """A TCP connection: options in the handshake, 100 bytes one way, 500 the other, a clean close."""
    a, b = f'10.0.{n}.1', f'10.0.{n}.2'
    first = lambda value, echo: b'\2\4\5\xb4\4\2\x08\x0a' + struct.pack('>II', value, echo) + b'\1\3\3\7'
    segments = [(0, 'a', 'S', 1000, 0, 64240, first(5000, 0), 0), (10, 'b', 'SA', 9000, 1001, 65160, first(7000, 5000), 0),
                (10.5, 'a', 'A', 1001, 9001, 502, stamps(5010, 7000), 0), (11, 'a', 'PA', 1001, 9001, 502, stamps(5011, 7000), 100),
                (21, 'b', 'A', 9001, 1101, 509, stamps(7011, 5011), 0), (30, 'b', 'PA', 9001, 1101, 509, stamps(7020, 5011), 500),
                (30.4, 'a', 'A', 1101, 9501, 501, stamps(5030, 7020), 0), (31, 'a', 'FA', 1101, 9501, 501, stamps(5031, 7020), 0),
                (41, 'b', 'FA', 9501, 1102, 509, stamps(7031, 5031), 0), (41.5, 'a', 'A', 1102, 9502, 501, stamps(5041, 7031), 0)]
    for i, (ms, side, flags, seq, ack, window, options, size) in enumerate(segments):
        ends, ports, macs = ((a, b), (40000, 80), (A, B)) if side == 'a' else ((b, a), (80, 40000), (B, A))
        segment = tcp(*ends, ports, flags, seq, ack, window, options, bytes(size))
        yield int(ms * MS), eth(ip4(*ends, 6, segment, identification=100 + i, tos=0xb8), source=macs[0], destination=macs[1])


def datagram(n, payload, ports=(5000, 6000), **ip):
    ends = f'10.0.{n}.1', f'10.0.{n}.2'
    return ip4(*ends, 17, udp(*ends, ports, payload), **ip)


def segment(n, flags, seq=1, ack=0, **rest):
    ends = f'10.0.{n}.1', f'10.0.{n}.2'
    damaged = rest.pop('bad_ip', False)
    return eth(ip4(*ends, 6, tcp(*ends, (40000, 80), flags, seq, ack, **rest), bad_checksum=damaged))


def fragments(n, size, bytes_in_each):
    """A datagram of `size` bytes of payload, cut."""
    ends = f'10.0.{n}.1', f'10.0.{n}.2'
    whole = udp(*ends, (5000, 6000), bytes(size))
    for at in range(0, len(whole), bytes_in_each):
        more = at + bytes_in_each < len(whole)
        yield eth(ip4(*ends, 17, whole[at:at + bytes_in_each], identification=7, fragment=more << 13 | at // 8))


def everything():
    """(ms since START, frame), the conversations by number:
    1 connection, 2 two VLAN tags, 3 MPLS, 4 IPv6, 5 ARP, 6 fragments, 7 a fragment without its first, 8 five MAC pairs and
    lengths, 9 SYN without answer, 10 wrong checksums, 11 multipath TCP, 12 small windows, 13 two header stacks, 14 a pause,
    15 one SYN; IPv6 with four extension headers, ports 3333 and 4444"""
    frames = list(connection())
    at = lambda ms, frame: frames.append((int(ms * MS), frame))
    at(50, eth(vlan(vlan(datagram(2, bytes(33)), 0xe123), 0xb005, 0x8100), 0x88a8))
    at(60, eth(mpls(datagram(3, bytes(20)), (16, 3, 60), (17, 0, 61)), 0x8847))
    six = '2001:db8::1', '2001:db8::2'
    for i in range(3):
        at(70 + i, eth(ip6(*six, 17, udp(*six, (1111, 2222), bytes(50))), 0x86dd))
    walked = b''.join(struct.pack('>BBHI', after, 0, 0, 0) for after in (60, 43, 60, 17))  # the headers that these announce
    at(75, eth(ip6(*six, 0, walked + udp(*six, (3333, 4444), bytes(50))), 0x86dd))
    at(80, eth((b'\0\1\x08\0\6\4\0\1' + mac(A) + bytes([10, 0, 5, 1]) + bytes(6) + bytes([10, 0, 5, 2])).ljust(46, b'\0'), 0x0806))
    for i, frame in enumerate(fragments(6, 100, 24)):
        at(90 + i, frame)
    at(100, list(fragments(7, 100, 48))[1])
    for i, size in enumerate((10, 200, 30, 400, 1000)):  # over four seconds
        at(200 + 1000 * i, eth(datagram(8, bytes(size)), source=(C, D, KNOWN, A, B)[i]))
    for ms in (110, 610):
        at(ms, segment(9, 'S'))
    at(120, segment(10, 'A', bad_ip=True))
    at(121, segment(10, 'A', bad_checksum=True))
    at(130, segment(11, 'A', options=b'\x1e\4\1\x81'))
    for i, window in enumerate((500, 0, 2000)):
        at(140 + i, segment(12, 'A', window=window))
    at(150, eth(datagram(13, bytes(5))))
    at(151, eth(vlan(datagram(13, bytes(5)), 0), 0x8100))
    at(152, eth(datagram(13, bytes(5))))
    at(160, eth(datagram(14, bytes(5))))
    at(170, segment(15, 'S'))
    at(100_000, eth(datagram(14, bytes(5))))
    return [(START + ms, frame) for ms, frame in sorted(frames, key=lambda f: f[0])]
