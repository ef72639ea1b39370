"""The flags of the core. Each variant builds everything anew, so there are few of them, with many flags each.

Not here: what only live capture, a terminal, a signal or waiting can show (SNAPLEN, LIVEBUFSIZE, PROMISCUOUS, CAPTURE_TIMEOUT,
NOFLWCRT, T2_LOG_COLOR, MONINTV, RROP, POLLTM, MFPTMOUT), SAMPLING, which tests/core/inputs_test.cpp shows, and PLUGIN_FOLDER,
which every user has.
"""
import re
import shutil
import socket
import struct

import frames

from build import CORE, Table
from plugins import FEATURES, expect_cells, same

PLUGINS = *FEATURES, 'txtSink'
SIX = {'srcPort': '1111'}


def total(table, column):
    return sum(int(row[column]) for row in table.rows)


def check_frames_of_IPv4_and_relative_times(tree):
    run = tree.variant({
        CORE: dict(PACKETLENGTH=0, ETH_ACTIVATE=0, IPV6_ACTIVATE=0, FRAGMENTATION=0, SYN_MAKES_A=1, FLOW_TIMEOUT=60, T2_HDRDESC_AGGR=0, RELTIME=1, TSTAMP_PREC=0,
                   IP4_FORMAT=1, MAC_FORMAT=1, HEX_CAPITAL=1, SPKTMD_PKTNO=0, SPKTMD_PCNTH=1, SPKTMD_PCNTC=0, SPKTMD_PCNTL=0,
                   SPKTMD_PCNTH_PREF='', SPKTMD_PCNTH_SEP='.', PACKETS_SUFFIX='.packets', LOG_SUFFIX='.log', MON_SUFFIX='.monitor', VERBOSE=1, T2_SENSORID=9),
        'basicFlow': dict(BFO_SENSORID=1), 'txtSink': dict(TFS_NC_TYPE=0)}, *PLUGINS)
    output = run('-s', '-l', '-m')
    same(output.names(), ['.log', '.monitor', '.packets', '_flows.txt', '_headers.txt'], 'files')
    log = output.text('.log')
    assert 'Active plugins' in log and 'Finished processing' not in log, log
    assert '# Col No.\tName\tDescription\n1\tdir\tFlow direction\n' in output.text('_headers.txt')
    flows, packets = output.flows(), Table(output.text('.packets'))
    address = lambda n: {'srcIP': f'010.000.{n:03}.001'}
    assert 'ethType' not in flows.columns  # all flows have the same
    same({row['ethType'] for row in packets.rows}, {'0x0800'}, 'only IPv4')
    same(flows.rows[0]['sensorID'], '9', 'sensorID')
    expect_cells(flows, address(1), timeFirst='0.000000', timeLast='0.041500', duration='0.041500', ipToS='0xB8', srcMac='0x0000020000000001',
                 dstIP='010.000.001.002')
    expect_cells(flows, address(2), timeFirst='0.050000', hdrDesc='eth:vlan:vlan:ipv4:udp')
    expect_cells(flows, address(3), l2BytesSnt='70', minL2PktSz='70')
    expect_cells(flows, address(6), pktsSnt='1')  # later fragments are left out
    same(int(flows.find(**address(6))['flowStat'], 16) & 0xf000000000, 0, 'no fragment bits without fragments')
    assert all(row['srcIP'] != '010.000.007.001' for row in flows.rows)
    same([row['timeFirst'] for row in flows.rows if row['srcIP'] == '010.000.014.001'], ['0.160000', '100.000000'], 'a pause of 60 s ends a flow')
    same((packets.columns[0], packets.columns[-1]), ('flowInd', 'hexContent'), 'packet columns')
    expect_cells(packets, address(2), relTime='0.050000', pktIAT='0.000000')
    assert packets.rows[0]['hexContent'].startswith('02.00.00.00.00.02.02.00.00.00.00.01.08.00.45.B8.')
    expect_microseconds(tree, run)
    expect_outer_flows(tree, run, 4, 6)
    expect_SYN_makes_A(tree, run, True)


def expect_continuations(tree, run):
    """A dialog of seven seconds that is cut every two: every part but the first is marked, in both directions."""
    file = tree.scratch / 'dialog.pcap'
    ends, ports = ('10.0.0.1', '10.0.0.2'), (5000, 6000)
    ask, answer = (frames.eth(frames.ip4(*ends[::way], 17, frames.udp(*ends[::way], ports[::way], b'x'))) for way in (1, -1))
    file.write_bytes(frames.pcap([(frames.START + at * frames.MS, frame) for second in range(8)
                                  for at, frame in ((1000 * second, ask), (1000 * second + 100, answer))]))
    rows = run('-r', file).flows().rows
    first = min(float(row['timeFirst']) for row in rows)
    marked = lambda row: int(row['flowStat'], 16) >> 62 & 1
    assert len(rows) >= 6 and {row['dir'] for row in rows} == {'A', 'B'}, rows
    same(len({row['flowInd'] for row in rows}), 1, 'flowInd')
    same([marked(row) for row in rows], [int(float(row['timeFirst']) - first > 1) for row in rows], 'continuations')


def expect_no_trailer(tree, run, column, ends=('10.0.0.1', '10.0.0.2'), **form):
    """Content of a packet ends with the packet; padding of the frame is none of it."""
    header, kind = (frames.ip6, 0x86dd) if ':' in ends[0] else (frames.ip4, 0x0800)
    file = tree.scratch / 'padded.pcap'
    file.write_bytes(frames.pcap([(frames.START, frames.eth(header(*ends, 17, frames.udp(*ends, (7, 7), b'abc')) + b'TRAILER', kind))]))
    content = run('-s', '-r', file).packets(**form).rows[0][column]
    assert content.endswith('abc'), content


def expect_outer_flows(tree, run, outer, inner):
    """Packets of a family that makes no flows belong to the tunnel that carries them; the tunnel's own family counts in any depth."""
    forms = {4: (frames.ip4, ('10.9.0.1', '10.9.0.2'), 4, 0x0800), 6: (frames.ip6, ('2001:db8:9::1', '2001:db8:9::2'), 41, 0x86dd)}
    (header, ends, own_number, outermost), (carried, other, number, kind) = forms[outer], forms[inner]
    content = carried(*other, 17, frames.udp(*other, (5, 6), b'x'))
    back = header(*ends, 17, frames.udp(*ends, (7, 8), b'y'))  # the innermost header is of the family that makes flows
    file = tree.scratch / 'tunnels.pcap'
    file.write_bytes(frames.pcap([(frames.START + i * frames.MS, frames.eth(packet, outermost)) for i, packet in enumerate((
        header(*ends, number, content), header(*ends, 47, struct.pack('>HH', 0, kind) + content),
        header(*ends, number, carried(*other, own_number, back))))] + [(frames.START + 9 * frames.MS, frames.eth(content, kind))]))
    flows = run('-r', file).flows().rows
    same([(row['l4Proto'], row['srcPort'], row['pktsSnt']) for row in flows], [(str(number), '0', '1'), ('47', '0', '1'), ('17', '7', '1')],
         'flows of tunnels whose content makes none')


def expect_SYN_makes_A(tree, run, by_syn):
    """The client's port is below 1024: who is A?"""
    ends, ports = ('10.9.0.1', '10.9.0.2'), (700, 2049)
    file = tree.scratch / 'low-port.pcap'
    file.write_bytes(frames.pcap([(frames.START + i, frames.eth(frames.ip4(*ends[::way], 6, frames.tcp(*ends[::way], ports[::way], flags, seq, ack))))
                                  for i, (way, flags, seq, ack) in enumerate(((1, 'S', 1, 0), (-1, 'SA', 9, 2), (1, 'A', 2, 10)))]))
    same(run('-r', file).flows().find(dir='A')['srcPort'], '700' if by_syn else '2049', 'port of A')


def expect_one_conversation(tree, run):
    """VLAN_IN_KEY 0: tags do not count. SYN_BEGINS_FLOW 0: nor does a new SYN on a connection that is over."""
    ends, ports = ('10.9.0.1', '10.9.0.2'), (40000, 80)
    def packet(way, flags, seq, ack, tag):
        content = frames.ip4(*ends[::way], 6, frames.tcp(*ends[::way], ports[::way], flags, seq, ack))
        return frames.eth(frames.vlan(content, tag), 0x8100) if tag else frames.eth(content)
    connection = lambda seq, ack: ((1, 'S', seq, 0, 0), (-1, 'SA', ack, seq + 1, 10), (1, 'FA', seq + 1, ack + 1, 0), (-1, 'FA', ack + 1, seq + 2, 20),
                                   (1, 'A', seq + 2, ack + 2, 0))
    file = tree.scratch / 'tags.pcap'
    file.write_bytes(frames.pcap([(frames.START + i, packet(*one)) for i, one in enumerate((*connection(100, 500), *connection(7000, 9000)))]))
    flows = run('-r', file).flows().rows
    same([(row['dir'], row['pktsSnt']) for row in flows], [('A', '6'), ('B', '4')], 'one conversation')


def expect_MACs_in_records(tree):
    """With MAC addresses in the key NetFlow records have those of the key."""
    folder = tree.scratch / 'records'
    folder.mkdir()
    for plugin in 'basicFlow', 'basicStats', 'netflowSink':
        source, = (tree.build / 'plugins').glob(f'???_{plugin}.so')
        shutil.copy2(source, folder)
    ends, macs = ('10.9.0.1', '10.9.0.2'), ('02:00:00:00:00:77', '02:00:00:00:00:88')
    file = tree.scratch / 'macs.pcap'
    file.write_bytes(frames.pcap([(frames.START + i, frames.eth(frames.ip4(*ends[::way], 17, frames.udp(*ends[::way], (5, 6)[::way], b'x')), 0x0800, *macs[::way]))
                                  for i, way in enumerate((1, -1))]))
    with socket.socket(type=socket.SOCK_DGRAM) as collector:
        collector.bind(('127.0.0.1', 0))
        collector.settimeout(5)
        tree.run(tree.scratch / f'tranalyzer{tree.variants}', folder, ('-r', file), {'NF_SERVADD': '127.0.0.1', 'NF_DPORT': str(collector.getsockname()[1])})
        records = b''
        while not all(frames.mac(address) in records for address in macs):
            records += collector.recv(65536)  # a timeout: the addresses are missing


def expect_microseconds(tree, run):
    """TSTAMP_PREC 0: times are cut to microseconds as they are read, so a duration is the difference of the times that are printed."""
    file = tree.scratch / 'nanoseconds.pcap'
    ask, answer = (frames.eth(frames.ip4(*ends, 17, frames.udp(*ends, ports, b'x')))
                   for ends, ports in ((('10.0.0.1', '10.0.0.2'), (40000, 53)), (('10.0.0.2', '10.0.0.1'), (53, 40000))))
    file.write_bytes(frames.pcap([(frames.START - 123_456_789 + at, frame) for at, frame in ((900, ask), (333_333_999, answer), (1_000_000_100, ask))]))
    output = run('-s', '-r', file)
    flows, packets = output.flows(), Table(output.text('.packets'))
    first, back = flows.rows
    same((first['timeFirst'], first['timeLast'], first['duration']), ('0.000000', '1.000000', '1.000000'), 'times of A')
    same([row['pktIAT'] for row in packets.rows], ['0.000000', '0.000000', '1.000000'], 'pktIAT')
    same([row['pktTrip'] for row in packets.rows], ['0.000000', '0.333333', '0.666667'], 'pktTrip')
    same((first['tcpRTTAckTripMin'], back['tcpRTTAckTripMax'], first['maxIAT']), ('0.333333', '0.666667', '1'), 'round trips')


def check_IPv6_only_and_dates(tree):
    run = tree.variant({CORE: dict(PACKETLENGTH=1, IPV6_ACTIVATE=1, T2_PRI_HDRDESC=0, IP6_FORMAT=1, MAC_FORMAT=2,
                                   B2T_TIMESTR=1, TSTAMP_UTC=0, TSTAMP_R_UTC=1, SPKTMD_PCNTL=1, MAXHDRCNT=3),
                        'txtSink': dict(TFS_NC_TYPE=1, TFS_EXTENDED_HEADER=1)}, *PLUGINS)
    output = run('-s', TZ='HERE-5:30')
    assert re.search(r'Date: .* (GMT|UTC)\)', output.log) and 'Dump start: 1700000000.123456789 sec (Wed 15 Nov 2023 03:43:20 HERE)' in output.log, output.log
    flows, packets = output.flows(), output.packets()
    lines = output.text('_flows.txt').splitlines()
    same(lines[0].split(), ['%', str(len(flows.rows))], 'number of flows')
    same(lines[1], f'% {len(flows.columns)}', 'number of columns')
    assert lines[2].startswith('% 24\t10\t16\t25\t25\t26\t27:R\t27:R\t14\t8:R\t29\t8\t29\t8\t7\t'), lines[2]
    assert '\n3\t16\tflowStat\t' in output.text('_headers.txt')
    same([row['ethType'] for row in flows.rows], ['0x86dd', '0x86dd', '0x0806'], 'flows')
    for name in 'numHdrDesc', 'numHdrs', 'hdrDesc', 'ipOptCnt', 'ipOptCpCl_Num':
        assert name not in flows.columns and name not in packets.columns, name
    for name in 'ipOptLen', 'ipOpts':
        assert name not in packets.columns, name
    expect_cells(flows, SIX, srcIP='2001:0db8:0000:0000:0000:0000:0000:0001', timeFirst='2023-11-15T03:43:20.193456789+0530', duration='0.002000000',
                 srcMac=str(0x020000000001), l3BytesSnt='294', ip6OptCntHH_D='0_0')
    expect_cells(flows, {'ethType': '0x0806'}, srcIP=':'.join(['0000'] * 8))
    expect_cells(packets, SIX, time='2023-11-15T03:43:20.193456789+0530', pktIAT='0.000000000')
    assert packets.rows[0]['l2Content'].startswith('............'), packets.rows[0]['l2Content']
    expect_no_trailer(tree, run, 'l2Content', ('2001:db8::1', '2001:db8::2'))
    assert not any(row['srcPort'] == '3333' for row in flows.rows)  # of four extension headers three are walked
    expect_outer_flows(tree, run, 6, 4)


def check_MAC_pairs_in_the_key_and_separators(tree):
    run = tree.variant({
        CORE: dict(PACKETLENGTH=2, ETH_ACTIVATE=2, FRAG_HLST_CRFT=0, FDURLIMIT=2, IP4_FORMAT=2, IP6_FORMAT=2, T2_HDRDESC_LEN=16, SEP_CHR=',', HDR_CHR='#',
                   B2T_NON_IP_STR='none', MAC_SEP='-', SPKTMD_PCNTL=2, USE_PLLIST=2, PLLIST='without.txt', OFRWFILELN=3000),
        'macRecorder': dict(MR_MACLBL=3, MAC_ORGLEN=12), 'txtSink': dict(TFS_SAN_UTF8=0)}, *PLUGINS)
    tree.make('netflowSink')
    expect_MACs_in_records(tree)
    form = dict(mark='#', separator=',')
    output = run('-s')
    flows, packets = output.flows(**form), output.packets(**form)
    number = lambda n: {'srcIP': f'0x0a00{n:02x}01'}
    same(sum(row['srcIP'] == '0x0a000801' for row in flows.rows), 5, 'flows of five MAC pairs')
    assert all(row['srcIP'] != '0x0a000701' for row in flows.rows)  # a fragment without its first makes no flow
    expect_cells(flows, number(1), dstIP='0x0a000102', srcMac='02-00-00-00-00-01', l4BytesSnt='300')
    expect_cells(flows, number(2), hdrDesc='eth:vlan{2}:...', flowStat='0x0401000000004100')
    expect_cells(flows, SIX, srcIP='0x20010db8000000000000000000000001')
    expect_cells(flows, {'ethType': '0x0806'}, srcIP='none')
    expect_cells(flows, number(8) | {'srcMac': '00-11-22-00-00-05'}, srcMacLbl_dstMacLbl='"Acme \\"Wire\\"\x7f"_"-"')
    cut = [row for row in flows.rows if row['srcIP'] == '0x0a000e01']
    same([row['pktsSnt'] for row in cut], ['1', '1'], 'FDURLIMIT')
    assert cut[0]['flowInd'] != cut[1]['flowInd']
    assert packets.rows[0]['l3Content'].startswith('E.'), packets.rows[0]['l3Content']
    expect_no_trailer(tree, run, 'l3Content', **form)
    parts = [name for name in run('-W', 'OUT').names() if name.startswith('_flows')]
    assert len(parts) > 3, parts
    (next(iter(tree.scratch.glob(f'plugins{tree.variants}'))) / 'without.txt').write_text('tcpFlags\n')
    assert 'tcpFStat' not in run('-s').flows(**form).columns  # the list says what is left out


def check_parts_of_one_index_and_numbers(tree):
    run = tree.variant({CORE: dict(PACKETLENGTH=1, FRGIPPKTLENVIEW=0, VLAN_IN_KEY=0, SYN_BEGINS_FLOW=0, FDURLIMIT=2, FDLSFINDEX=1, IP4_FORMAT=3, IP6_FORMAT=3, SPKTMD_PCNTL=3,
                                   SPKTMD_PCNTH=1, IO_BUFFERING=1, IO_BUFFER_SIZE=64, USE_PLLIST=0, PLUGIN_REPORT=0, BPF_OPTIMIZE=0, FLOW_MEMORY=5, SCHR='_')},
                       *PLUGINS)
    output = run('-s')
    flows, packets = output.flows(), output.packets()
    number = lambda n: {'srcIP': str(10 << 24 | n << 8 | 1)}
    assert 'tcpFlags: ' not in output.log and 'Finished processing' in output.log
    expect_cells(flows, number(1), dstIP=str(10 << 24 | 258))
    expect_cells(flows, SIX, srcIP='0x20010db800000000_0x0000000000000001')
    expect_cells(flows, number(6), l3BytesSnt='208')
    cut = [row for row in flows.rows if row['srcIP'] == str(10 << 24 | 14 << 8 | 1)]
    same([row['pktsSnt'] for row in cut], ['1', '1'], 'FDURLIMIT')
    same(cut[0]['flowInd'], cut[1]['flowInd'], 'FDLSFINDEX')
    same({row['flowStat'] for row in cut}, {'0x0400020000004000', '0x4400000000004000'}, 'flowStat: a continuation is marked, what it continues is not')
    expect_continuations(tree, run)
    expect_SYN_makes_A(tree, run, False)
    expect_one_conversation(tree, run)
    expect_no_trailer(tree, run, 'l4Content')
    room = [int(re.search(r'at most (\d+)', log)[1]) for log in (output.log, tree.variant({}, 'txtSink')().log)]
    assert room[0] < room[1], room
    same(packets.columns[-2:], ['l4HexContent', 'l4Content'], 'packet columns')
    assert packets.rows[0]['l4HexContent'].startswith('0x9c 0x40 0x00 0x50 '), packets.rows[0]['l4HexContent']
    same(len(run('-s', 'ip6').packets().rows), 4, 'packets that pass a filter')
    for number in 0, 1:
        (tree.scratch / f'p9_{number}').write_bytes((tree.scratch / 'everything.pcap').read_bytes())
    same(total(run('-D', f'{tree.scratch}/p9_0,1').flows(), 'pktsSnt'), 2 * total(flows, 'pktsSnt'), 'a numbered series')
