#!/usr/bin/env python3
"""What t2 shows of handshakes, DNS, DHCP, ICMP and QUIC beside what tshark shows of the same capture, field by field.

    beside.py PROGRAM PLUGINS CAPTURE_OR_FOLDER...

Prints a line for each capture and field: values that both have, that are equal, and the first ones that are not. Values of both are compared direction
by direction (source, destination, ports), in the order of the packets.
"""
import collections
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PLUGINS = 'basicFlow,sslDecode,dnsDecode,quicDecode,dhcpDecode,icmpDecode,txtSink'
TLS = ['handshake.type', 'handshake.extensions_server_name', 'handshake.ja3', 'handshake.ja3s', 'handshake.ciphersuite', 'handshake.extension.type',
       'handshake.extensions_alpn_str', 'handshake.certificate', 'handshake.version', 'handshake.extensions.supported_version', 'handshake.sig_hash_alg',
       'handshake.sig_hash_alg_len']
FIELDS = ['frame.protocols', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport',
          *(f'tls.{name}' for name in TLS), *(f'dtls.{name}' for name in TLS), 'x509af.serialNumber',
          'dns.flags.response', 'dns.flags.rcode', 'dns.qry.name', 'dns.qry.type', 'dns.a', 'dns.aaaa', 'dns.resp.type', 'dns.resp.ttl', 'dns.cname',
          'quic.version', 'quic.dcid', 'quic.scid', 'quic.long.packet_type', 'quic.long.packet_type_v2', 'quic.supported_version', 'dhcp.option.dhcp', 'dhcp.hw.mac_addr', 'dhcp.option.hostname', 'dhcp.ip.your',
          'dhcpv6.msgtype', 'icmp.type', 'icmpv6.type']
ONCE = {'server name', 'JA3', 'JA3S', 'JA4', 'JA4S', 'cipher', 'version', 'extensions', 'protocols', 'certificate', 'serial number'}  # of which a flow shows the first one
LAST = {'QUIC destination', 'QUIC source', 'QUIC version'}
CLIENT, SERVER = '1', '2'  # types of hellos
QUIC_TYPES = ['Initial', '0-RTT', 'Handshake', 'Retry', 'Version Negotiation']  # as quicPktTypes has bits for them
SOA, OPT = '6', '41'


def tshark(capture):
    """A dictionary for each packet: field -> list of values."""
    command = ['tshark', '-n', '-r', str(capture), '-o', 'tcp.reassemble_out_of_order:TRUE', '-T', 'fields', '-E', 'separator=\x01', '-E', 'aggregator=\x02']
    for field in FIELDS:
        command += ['-e', field]
    text = subprocess.run(command, capture_output=True, text=True, errors='replace', check=False).stdout
    for line in text.split('\n'):
        cells = line.split('\x01')
        if len(cells) == len(FIELDS):
            yield {field: cell.split('\x02') for field, cell in zip(FIELDS, cells) if cell}


def direction_of(packet):
    """Source, destination and ports of the innermost header, as a row of t2 has them."""
    protocols = packet.get('frame.protocols', [''])[0].split(':')
    icmp = next((i for i, name in enumerate(protocols) if name in ('icmp', 'icmpv6')), None)
    protocols = protocols[:icmp]  # an error message quotes further headers
    families = [name for name in protocols if name in ('ip', 'ipv6')]
    if not families:
        return None
    at = families.count(families[-1]) - 1
    addresses = [(packet.get(f'{families[-1]}.{end}', [])[at:at + 1] or ['?'])[0] for end in ('src', 'dst')]
    transport = [name for name in protocols if name in ('tcp', 'udp')]
    if not transport or icmp is not None:
        return *addresses, '0', '0'
    return *addresses, packet.get(transport[-1] + '.srcport', '0')[-1], packet.get(transport[-1] + '.dstport', '0')[-1]


def ja4(layer, quic, client, hello):
    """JA4 or JA4S by its definition, from the fields of a single hello: tshark 4.0 has no field for it."""
    plain = lambda values: [value for value in values if value >> 8 != value & 0xff or value & 0xf != 0xa]  # without GREASE
    hashed = lambda text: hashlib.sha256(text.encode()).hexdigest()[:12] if text else 12 * '0'
    listed = lambda values: ','.join(f'{value:04x}' for value in values)
    numbers = lambda name: [int(value, 0) for value in hello(name)]
    all_extensions = numbers('extension.type')
    extensions, ciphers = plain(all_extensions), plain(numbers('ciphersuite'))
    version = max(plain(numbers('extensions.supported_version')) or numbers('version'), key=lambda v: -v if v >= 0xfe00 else v)
    version = {0x304: '13', 0x303: '12', 0x302: '11', 0x301: '10', 0x300: 's3', 0xfeff: 'd1', 0xfefd: 'd2', 0xfefc: 'd3'}.get(version, '00')
    name = hello('extensions_alpn_str')[:1]
    ends = name[0][0] + name[0][-1] if name and name[0] else '00'
    if not (ends.isascii() and ends.isalnum()):
        ends = f'{ord(ends[0]):02x}'[0] + f'{ord(ends[1]):02x}'[1]
    begin = ('q' if quic else layer[0]) + version
    if not client:
        return f'{begin}{min(len(extensions), 99):02}{ends}_{ciphers[0]:04x}_{hashed(listed(extensions))}'
    with_algorithms = [kind for kind in all_extensions if kind in (13, 34, 50)]  # those of extension 13 count
    sizes = [size // 2 for size in numbers('sig_hash_alg_len')]
    algorithms = []
    if 13 in with_algorithms:
        at = with_algorithms.index(13)
        algorithms = numbers('sig_hash_alg')[sum(sizes[:at]):sum(sizes[:at + 1])]
    named = listed(sorted(kind for kind in extensions if kind not in (0, 16))) + ('_' + listed(algorithms) if algorithms else '')
    begin += 'd' if 0 in extensions else 'i'
    return f'{begin}{min(len(ciphers), 99):02}{min(len(extensions), 99):02}{ends}_{hashed(listed(sorted(ciphers)))}_{hashed(named)}'


def values_of_packet(packet):
    """(name, value) of what is compared, in their order."""
    get = lambda name: packet.get(name, [])
    yield from (('ICMP type', value) for value in (get('icmp.type') + get('icmpv6.type'))[:1])
    if get('icmp.type') or get('icmpv6.type'):
        return  # what an error message quotes is no packet
    for layer in ('tls', 'dtls'):
        types = get(f'{layer}.handshake.type')
        if not (CLIENT in types or SERVER in types or get(f'{layer}.handshake.certificate')):
            continue
        hello = lambda name: get(f'{layer}.handshake.{name}')
        if CLIENT in types:
            yield from (('server name', value) for value in hello('extensions_server_name'))
            yield from (('JA3', value) for value in hello('ja3')[:1])
        elif SERVER in types:
            yield from (('JA3S', value) for value in hello('ja3s')[:1])
            yield from (('cipher', f'0x{int(value, 0):04x}') for value in hello('ciphersuite')[:1])
        if types.count(CLIENT) + types.count(SERVER) == 1:
            if hello('extension.type'):
                yield 'extensions', ';'.join(f'0x{int(value):04x}' for value in hello('extension.type'))
            if hello('extensions_alpn_str'):
                yield 'protocols', ';'.join(hello('extensions_alpn_str'))
            yield 'JA4' if CLIENT in types else 'JA4S', ja4(layer, bool(get('quic.version')), CLIENT in types, hello)
            if SERVER in types:
                yield 'version', f"0x{int((hello('extensions.supported_version') or hello('version'))[0], 0):04x}"
        if hello('certificate'):
            yield 'certificate', hashlib.sha1(bytes.fromhex(hello('certificate')[0].replace(':', ''))).hexdigest()
            if get('x509af.serialNumber'):
                yield 'serial number', get('x509af.serialNumber')[0].replace(':', '').removeprefix('0x').lstrip('0').lower()
    if 'nbns' not in packet.get('frame.protocols', [''])[0] and 'nbdgm' not in packet.get('frame.protocols', [''])[0]:
        yield from (('DNS question', '' if value == '<Root>' else value.lower()) for value in get('dns.qry.name'))
        yield from (('DNS question type', value) for value in get('dns.qry.type'))
        yield from (('DNS address', value) for value in get('dns.a'))
        yield from (('DNS IPv6 address', value) for value in get('dns.aaaa'))
        yield from (('DNS record type', value) for value in get('dns.resp.type'))
        yield from (('DNS time', value) for value in get('dns.resp.ttl'))
        yield from (('DNS return code', value) for value in get('dns.flags.rcode'))
        yield from (('DNS alias', value.lower()) for value in get('dns.cname'))
    long = get('quic.version')
    if long:
        yield 'QUIC version', f'0x{int(long[-1], 0):08x}'
        yield from (('QUIC type', QUIC_TYPES[int(value)]) for value in get('quic.long.packet_type'))
        yield from (('QUIC type', QUIC_TYPES[(int(value) - 1) % 4]) for value in get('quic.long.packet_type_v2'))
        yield from (('QUIC offered', f'0x{int(value, 0):08x}') for value in get('quic.supported_version')[:8])
        yield from (('QUIC destination', value.replace(':', '')) for value in get('quic.dcid')[len(long) - 1:len(long)])
        yield from (('QUIC source', value.replace(':', '')) for value in get('quic.scid')[-1:])
    yield from (('DHCP type', value) for value in get('dhcp.option.dhcp') + get('dhcpv6.msgtype'))
    yield from (('DHCP host', value) for value in get('dhcp.option.hostname'))
    yield from (('DHCP client', value) for value in get('dhcp.hw.mac_addr'))
    yield from (('DHCP address', value) for value in get('dhcp.ip.your') if value != '0.0.0.0')


def bits(number):
    return [str(i) for i in range(number.bit_length()) if number >> i & 1]


def values_of_row(row):
    texts = lambda column: [text.strip('"') for text in row[column].split(';')] if row[column] else []
    server = [len(part) for part in row['sslJA4'].split('_')[1:2]] == [4]  # JA4S names a cipher there
    yield from (('server name', value) for value in texts('sslServerName') if not server)
    if row['sslJA3Hash']:
        yield ('JA3S' if server else 'JA3'), row['sslJA3Hash']
    if row['sslJA4']:
        yield ('JA4S' if server else 'JA4'), row['sslJA4']
    if server:
        yield 'cipher', row['sslCipher']
        yield 'version', row['sslVersion']
    if row['sslExtList'] and int(row['sslNumExt']) == len(texts('sslExtList')):
        yield 'extensions', row['sslExtList']
    if row['sslALPNList']:
        yield 'protocols', ';'.join(texts('sslALPNList'))
    if row['sslCertSha1FP']:
        yield 'certificate', row['sslCertSha1FP']
        yield 'serial number', row['sslCertSerial'].lower().lstrip('0')
    if not int(row['dnsStat'], 16) & 2:
        questions = texts('dnsQname')
        yield from (('DNS question', value.lower()) for value in questions)
        yield from (('DNS question type', value) for value in texts('dnsQType'))
        yield from (('DNS address', value) for value in texts('dns4Aaddress') if value != '0.0.0.0')
        yield from (('DNS IPv6 address', value) for value in texts('dns6Aaddress') if value != '::')
        kinds, times, names = texts('dnsAType'), texts('dnsATTL'), texts('dnsAPname')
        shown = [i for i, kind in enumerate(kinds) if not (kind == '0' and i > 0 and kinds[i - 1] == SOA)]  # SOA makes two entries
        yield from (('DNS record type', kinds[i]) for i in shown)
        yield from (('DNS time', times[i]) for i in shown if kinds[i] != OPT)
        yield from (('DNS alias', names[i].lower()) for i in shown if kinds[i] == '5')
        yield from (('DNS return code', bit) for bit in bits(int(row['dnsHFlg_OpC_RetC'].split('_')[2], 16)) if int(row['dnsHFlg_OpC_RetC'][:4], 16) & 0x80)
    if int(row['quicPkts']):
        yield 'QUIC version', row['quicVersion']
        yield from (('QUIC type', QUIC_TYPES[int(bit)]) for bit in bits(int(row['quicPktTypes'], 16)) if bit != '4')  # tshark gives negotiation no type
        yield from (('QUIC offered', value) for value in texts('quicOffered'))
        yield from (('QUIC destination', value) for value in [row['quicDCID']] if value)
        yield from (('QUIC source', value) for value in [row['quicSCID']] if value)
    yield from (('DHCP type', value) for value in texts('dhcpMType'))
    yield from (('DHCP host', value) for value in texts('dhcpHosts'))
    yield from (('DHCP client', value) for value in texts('dhcpCHWAdd') if ':' not in row['srcIP'])  # of DHCPv6 it is a part of an identifier
    yield from (('DHCP address', value) for value in [row['dhcpYourIP']] if value != '0.0.0.0')
    high, low, _ = (int(part, 16) for part in row['icmpBFTypH_TypL_Code'].split('_'))
    yield from (('ICMP type', str(int(value) + (128 if row['l4Proto'] == '58' else 32))) for value in bits(high))
    yield from (('ICMP type', value) for value in bits(low))


DISTINCT = {'QUIC type', 'DNS return code', 'DHCP type', 'DHCP host', 'DHCP client', 'DHCP address', 'ICMP type'}  # of which a flow shows each once


def rows(program, folder, capture, arguments=()):
    with tempfile.TemporaryDirectory(prefix='t2-beside.') as scratch:
        command = [str(program), '-p', str(folder), '--plugins', PLUGINS, '-r', str(capture), '-w', scratch + '/out', '--set', 'DNS_QRECMAX=65535', '--set',
                   'DNS_ARECMAX=65535', *arguments]
        subprocess.run(command, env={**os.environ, 'HOME': scratch, 'TZ': 'UTC'}, capture_output=True, check=False)
        with open(scratch + '/out_flows.txt', encoding='utf-8', errors='replace') as stream:
            head = stream.readline().rstrip('\n').lstrip('%').split('\t')
            return [dict(zip(head, line.rstrip('\n').split('\t'))) for line in stream if line.strip()]


def collected(pairs):
    """direction -> name -> values, from (direction, (name, value))."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for direction, (name, value) in pairs:
        values = found[direction][name]
        if not (name in ONCE and values) and not (name in DISTINCT and value in values):
            values.append(value)
        if name in LAST:
            del values[:-1]
    return found


def compare(program, folder, capture, arguments=()):
    """name -> (equal, [(direction, t2's values, tshark's values) that differ]), over all directions in which one of the two has values."""
    flows = sorted(rows(program, folder, capture, arguments), key=lambda row: float(row['timeFirst']))
    ours = collected(((row['srcIP'], row['dstIP'], row['srcPort'], row['dstPort']), pair) for row in flows for pair in values_of_row(row))
    theirs = collected((direction, pair) for packet in tshark(capture) for direction in [direction_of(packet)] if direction for pair in values_of_packet(packet))
    result = collections.defaultdict(lambda: [0, []])
    for direction in sorted(set(ours) | set(theirs)):
        for name in set(ours[direction]) | set(theirs[direction]):
            mine, other = ours[direction].get(name, []), theirs[direction].get(name, [])
            if name in DISTINCT:
                mine, other = sorted(mine), sorted(other)
            if mine == other:
                result[name][0] += len(mine)
            else:
                result[name][1].append((direction, mine, other))
    return result


def main(program, folder, *inputs):
    captures = [path for name in map(Path, inputs) for path in (sorted(name.iterdir()) if name.is_dir() else [name]) if path.suffix.startswith(('.pcap', '.cap'))]
    print('capture\tfield\tequal\tdifferent\tfirst difference: t2 | tshark')
    for capture in captures:
        for name, (equal, different) in sorted(compare(program, folder, capture).items()):
            line = f'{capture.stem}\t{name}\t{equal}\t{len(different)}'
            if different:
                direction, mine, other = different[0]
                at = next((i for i, (a, b) in enumerate(zip(mine, other)) if a != b), min(len(mine), len(other)))
                line += f'\t{" ".join(direction)}: {len(mine)} of {len(other)} values, number {at + 1}: {mine[at:at + 1]} | {other[at:at + 1]}'
            print(line, flush=True)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
