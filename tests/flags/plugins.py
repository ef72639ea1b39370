"""The flags of the plugins."""
import frames
from build import Table

FEATURES = 'basicFlow', 'basicStats', 'macRecorder', 'tcpFlags', 'tcpStates'


def same(found, expected, what=''):
    assert found == expected, f'{what}: {found!r}, expected {expected!r}'


def ends(n):
    return {'srcIP': f'10.0.{n}.1', 'dstIP': f'10.0.{n}.2'}


def expect_cells(table, conversation, **cells):
    row = table.find(**ends(conversation)) if isinstance(conversation, int) else table.find(**conversation)
    for name, value in cells.items():
        same(row[name], value, f'{name} of conversation {conversation}')


def expect_columns(default, table, gone=(), new=(), differ=()):
    """All other columns are those of the default build, in their order and cell by cell."""
    same(set(default.columns) - set(table.columns), set(gone), 'columns that are gone')
    same([name for name in table.columns if name not in default.columns], list(new), 'new columns')
    rest = [name for name in default.columns if name not in gone]
    same([name for name in table.columns if name not in new], rest, 'order of the columns')
    same(len(table.rows), len(default.rows), 'rows')
    for name in set(rest) - set(differ):
        for before, after in zip(default.rows, table.rows):
            same(after[name], before[name], f'{name} of {before.get("srcIP")}')


def run_default(tree, cache={}):
    """Flows and packets of the default build."""
    if not cache:
        output = tree.variant({}, *FEATURES, 'txtSink')('-s')
        cache.update(flows=output.flows(), packets=output.packets())
    return cache['flows'], cache['packets']


def run_variant(tree, changes, **environment):
    output = tree.variant(changes, *FEATURES, 'txtSink')('-s', **environment)
    return output.flows(), output.packets()


# ---- basicFlow

def check_basicFlow_counts_and_lists(tree):
    flows, packets = run_default(tree)
    more, of_packets = run_variant(tree, {'basicFlow': dict(BFO_SENSORID=1, BFO_INTERFACE=1, BFO_HDRDESC_PKTCNT=1, BFO_MAC=0, BFO_VLAN=2, BFO_MPLS=1, BFO_MAX_MPLS=1)})
    expect_columns(flows, more, ['hdrDesc', 'srcMac', 'dstMac', 'vlanID'], ['sensorID', 'interface', 'hdrDesc_pktCnt', 'vlanHdr', 'mplsLabels'])
    expect_columns(packets, of_packets, ['vlanID'], ['vlanHdr', 'mplsLabels'])
    expect_cells(more, 13, sensorID='666', interface='', hdrDesc_pktCnt='eth:ipv4:udp_2;eth:vlan:ipv4:udp_1')
    for table in more, of_packets:
        expect_cells(table, 2, vlanHdr='0xb0058100;0xe1230800')
        expect_cells(table, 3, mplsLabels='16')


def check_basicFlow_limits(tree):
    flows, packets = run_default(tree)
    changes = dict(BFO_ETHERTYPE=0, BFO_MPLS=2, BFO_VLAN=3, BFO_MAX_HDRDESC=1, BFO_MAX_MAC=1, BFO_MAX_VLAN=1)
    more, of_packets = run_variant(tree, {'basicFlow': changes})
    expect_columns(flows, more, ['ethType', 'vlanID'], ['vlanTPID_PCP_DEI_VID', 'mplsLabelsHex'],
                  ['flowStat', 'numHdrDesc', 'numHdrs', 'hdrDesc', 'srcMac'])
    expect_columns(packets, of_packets, ['vlanID'], ['vlanTPID_PCP_DEI_VID', 'mplsLabelsHex'], ['flowStat'])
    expect_cells(more, 13, numHdrDesc='1', hdrDesc='eth:ipv4:udp', flowStat='0x0601100000004100')
    expect_cells(more, 8, srcMac='02:00:00:00:00:03')
    expect_cells(more, 2, vlanTPID_PCP_DEI_VID='0x88a8_5_1_5')
    expect_cells(more, 3, mplsLabelsHex='0x00000010;0x00000011')


def check_basicFlow_nothing(tree):
    flows, packets = run_default(tree)
    more, of_packets = run_variant(tree, {'basicFlow': dict(BFO_MPLS=3, BFO_VLAN=0, BFO_MAX_HDRDESC=0, BFO_MAX_MAC=0)})
    expect_columns(flows, more, ['numHdrDesc', 'numHdrs', 'hdrDesc', 'srcMac', 'dstMac', 'vlanID'], ['mplsHdrsHex'])
    expect_columns(packets, of_packets, ['vlanID'], ['mplsHdrsHex'])
    expect_cells(more, 3, mplsHdrsHex='0x0001063c;0x0001113d')


def check_basicFlow_largest(tree):
    flows, packets = run_default(tree)
    changes = dict(BFO_MPLS=4, BFO_MAX_HDRDESC=16, BFO_MAX_MAC=12, BFO_MAX_MPLS=8, BFO_MAX_VLAN=8)
    more, of_packets = run_variant(tree, {'basicFlow': changes})
    expect_columns(flows, more, [], ['mplsLabel_ToS_S_TTL'], ['srcMac'])
    expect_columns(packets, of_packets, [], ['mplsLabel_ToS_S_TTL'])
    expect_cells(more, 3, mplsLabel_ToS_S_TTL='16_3_0_60;17_0_1_61')
    expect_cells(more, 8, srcMac='02:00:00:00:00:03;02:00:00:00:00:04;00:11:22:00:00:05;02:00:00:00:00:01;02:00:00:00:00:02')


# ---- basicStats. Conversation 8 has packets of 10, 200, 30, 400 and 1000 bytes.

LENGTHS = ['minL7PktSz', 'maxL7PktSz', 'avgL7PktSz', 'stdL7PktSz']
INTERVALS = ['minIAT', 'maxIAT', 'avgIAT', 'stdIAT']
RATES = ['pktps', 'bytps', 'pktAsm', 'bytAsm']


def check_basicStats_sums_and_variances(tree):
    flows, packets = run_default(tree)
    changes = dict(BS_AGGR_CNT=1, BS_VAR=1, BS_XCLD=1, BS_XMIN=30)
    more, of_packets = run_variant(tree, {'basicStats': changes})
    expect_columns(flows, more, [], ['pktsRTAggr', 'l7BytesRTAggr', 'varL7PktSz', 'skewL7PktSz', 'kurL7PktSz', 'varIAT', 'skewIAT', 'kurIAT'],
                  LENGTHS + INTERVALS)
    expect_columns(packets, of_packets)
    expect_cells(more, 1, pktsRTAggr='10', l7BytesRTAggr='600')
    expect_cells(more, 8, minL7PktSz='200', maxL7PktSz='1000', avgL7PktSz='546.6667', maxIAT='2')
    expect_cells(run_variant(tree, {'basicStats': changes}, BS_XMIN='200')[0], 8, minL7PktSz='400')  # the environment is stronger


def check_basicStats_only_intervals(tree):
    flows, packets = run_default(tree)
    more, of_packets = run_variant(tree, {'basicStats': dict(BS_REV_CNT=0, BS_PAD=0, BS_PL_STATS=0, BS_VAR=1, BS_SK=0, BS_MOD=100)})
    expect_columns(flows, more, ['pktsRcvd', 'padBytesSnt', 'l7BytesRcvd', *LENGTHS], ['varIAT'], ['l7BytesSnt', 'bytps', 'bytAsm'])
    expect_columns(packets, of_packets, [], ['pktLenMod'])
    expect_cells(more, 8, l7BytesSnt='40', varIAT='0.2847222')
    same([row['pktLenMod'] for row in of_packets.rows if row['srcIP'] == '10.0.8.1'], ['10', '0', '30', '0', '0'], 'pktLenMod')


def check_basicStats_only_lengths(tree):
    flows, packets = run_default(tree)
    changes = dict(BS_IAT_STATS=0, BS_STDDEV=0, BS_XCLD=2, BS_XMAX=400)
    more, of_packets = run_variant(tree, {'basicStats': changes})
    expect_columns(flows, more, [*INTERVALS, 'stdL7PktSz'], [], LENGTHS)
    expect_columns(packets, of_packets)
    expect_cells(more, 8, minL7PktSz='10', maxL7PktSz='200')


def check_basicStats_range_of_lengths(tree):
    more, _ = run_variant(tree, {'basicStats': dict(BS_XCLD=3)}, BS_XMIN='30', BS_XMAX='400')
    expect_cells(more, 8, minL7PktSz='30', maxL7PktSz='400', avgL7PktSz='546.6667')


def check_basicStats_outside_of_range(tree):
    more, _ = run_variant(tree, {'basicStats': dict(BS_XCLD=4)}, BS_XMIN='30', BS_XMAX='400')
    expect_cells(more, 8, minL7PktSz='10', maxL7PktSz='1000', avgL7PktSz='820')


def check_basicStats_only_counts(tree):
    flows, packets = run_default(tree)
    more, of_packets = run_variant(tree, {'basicStats': dict(BS_STATS=0)})
    expect_columns(flows, more, LENGTHS + INTERVALS + RATES)
    expect_columns(packets, of_packets)


# ---- macRecorder. One address of conversation 8 is registered.

def check_macRecorder_bare(tree):
    flows, packets = run_default(tree)
    more, of_packets = run_variant(tree, {'macRecorder': dict(MR_MAC_FMT=0, MR_NPAIRS=0, MR_MACLBL=0, MR_MAX_MAC=1)})
    expect_columns(flows, more, ['macPairs', 'srcMacLbl_dstMacLbl'], [], ['macStat', 'srcMac_dstMac_numP'])
    expect_columns(packets, of_packets, ['srcMacLbl', 'dstMacLbl'])
    expect_cells(more, 8, macStat='0x01', srcMac_dstMac_numP='0x0000020000000003_0x0000020000000002_1')


def check_macRecorder_numbers(tree):
    flows, packets = run_default(tree)
    more, of_packets = run_variant(tree, {'macRecorder': dict(MR_MAC_FMT=2, MR_MACLBL=1)})
    expect_columns(flows, more, differ=['srcMac_dstMac_numP', 'srcMacLbl_dstMacLbl'])
    expect_columns(packets, of_packets, differ=['srcMacLbl', 'dstMacLbl'])
    expect_cells(more, 8, srcMacLbl_dstMacLbl='0_0;0_0;1_0;0_0;0_0')
    expect_cells(more, 3, srcMac_dstMac_numP=f'{0x020000000001}_{0x020000000002}_1')


def check_macRecorder_full_names(tree):
    flows, packets = run_default(tree)
    more, of_packets = run_variant(tree, {'macRecorder': dict(MR_MACLBL=3, MAC_ORGLEN=12)})
    expect_columns(flows, more, differ=['srcMacLbl_dstMacLbl'])
    expect_columns(packets, of_packets, differ=['srcMacLbl', 'dstMacLbl'])
    expect_cells(more, 8, srcMacLbl_dstMacLbl=r'"-"_"-";"-"_"-";"Acme \"Wire\"\u007F"_"-";"-"_"-";"-"_"-"')
    expect_cells(of_packets, {'srcMac': '00:11:22:00:00:05'}, srcMacLbl=r'Acme \"Wire\"\u007F')


def check_macRecorder_short_names(tree):
    folder = tree.scratch / 'oui'
    more, _ = run_variant(tree, {'macRecorder': dict(MAC_SORGLEN=5, MR_OUI_DIR=folder)}, MR_OUI_DIR=None)
    expect_cells(more, 8, srcMacLbl_dstMacLbl='-_-;-_-;AcmeW_-;-_-;-_-')


# ---- tcpFlags

SEQUENCE = ['tcpISeqN', 'tcpPSeqCnt', 'tcpSeqSntBytes', 'tcpSeqFaultCnt', 'tcpPAckCnt', 'tcpFlwLssAckRcvdBytes', 'tcpAckFaultCnt', 'tcpBFlgtMx']
WINDOW = ['tcpInitWinSz', 'tcpAvgWinSz', 'tcpMinWinSz', 'tcpMaxWinSz', 'tcpWinSzDwnCnt', 'tcpWinSzUpCnt', 'tcpWinSzChgDirCnt', 'tcpWinSzThRt']
CLOCK = ['tcpTmS', 'tcpTmER', 'tcpEcI', 'tcpUtm', 'tcpBtm']
TIMES = ['tcpSSASAATrip', 'tcpRTTAckTripMin', 'tcpRTTAckTripMax', 'tcpRTTAckTripAvg', 'tcpRTTAckTripJitAvg', 'tcpRTTSseqAA', 'tcpRTTAckJitAvg']
COUNTERS = 'tcpCntF_S_R_P_A_U_E_C_FA_SA_RA_N_SF_SFR_RF_X'
NUMBERS = ['seq', 'ack', 'seqMax']
SUMS = ['l4HdrChkSum', 'l4CalChkSum', 'ipCalChkSum', 'ipFlags', 'tcpFStat']


def check_tcpFlags_counters(tree):
    flows, packets = run_default(tree)
    changes = dict(IPTOS=1, RTT_ESTIMATE=0, IPCHECKSUM=1, JA4TOPTMX=2, TCPFLGCNT=1, WINMIN=1000, SPKTMD_SEQACKHEX=1)
    more, of_packets = run_variant(tree, {'tcpFlags': changes})
    expect_columns(flows, more, ['ipToS', *TIMES], ['ipToSDscp_ecn', COUNTERS], ['ipFlags', 'tcpFStat', 'tcpJA4T', 'tcpWinSzThRt'])
    expect_columns(packets, of_packets, ['ipToS'], ['ipToSDscp_ecn'], NUMBERS + SUMS)
    expect_cells(more, 1, ipToSDscp_ecn='46_0', tcpJA4T='64240_2-41460_7', **{COUNTERS: '1_1_0_1_5_0_0_0_1_0_0_0_0_0_0_0'})
    expect_cells(more, 10, ipFlags='0x0440')
    expect_cells(more, 12, tcpWinSzThRt='0.6666667')
    expect_cells(of_packets, 1, seq='0x000003e8', seqMax='0x000003e8', l4CalChkSum='0x0000')
    same(of_packets.rows[0]['ipHdrChkSum'], of_packets.rows[0]['ipCalChkSum'], 'header checksum')


def check_tcpFlags_no_windows(tree):
    flows, packets = run_default(tree)
    changes = dict(IPTOS=2, WINDOWSIZE=0, IPCHECKSUM=0, NAT_BT_EST=0, SCAN_DETECTOR=0, JA4TOPTMX=255, SPKTMD_SEQACKREL=1)
    more, of_packets = run_variant(tree, {'tcpFlags': changes})
    expect_columns(flows, more, ['ipToS', *WINDOW, *CLOCK], ['ipToSPrec_ecn'], ['ipFlags', 'tcpFStat', 'tcpAnomaly'])
    expect_columns(packets, of_packets, ['ipToS', 'tcpTmS', 'tcpTmER'], ['ipToSPrec_ecn'], NUMBERS + SUMS)
    expect_cells(more, 1, ipToSPrec_ecn='5_0')
    expect_cells(more, 10, ipFlags='0x0040')
    expect_cells(flows, 15, tcpAnomaly='0x1000')
    expect_cells(more, 15, tcpAnomaly='0x0000')
    expect_cells(more, 9, tcpAnomaly='0x1000')  # a SYN again at once is told by the packet
    connection = [row for row in of_packets.rows if row['flowInd'] == '1']
    same([row['seq'] for row in connection], ['0', '0', '1', '1', '1', '1', '101', '101', '501', '102'], 'seq')
    same([row['ack'] for row in connection], ['0', '1', '1', '1', '101', '101', '501', '501', '102', '502'], 'ack')
    same([row['seqMax'] for row in connection], ['0', '0', '1', '1', '1', '1', '101', '101', '501', '102'], 'seqMax')


def check_tcpFlags_no_numbers(tree):
    flows, packets = run_default(tree)
    more, of_packets = run_variant(tree, {'tcpFlags': dict(SEQ_ACK_NUM=0, FRAG_ANALYZE=0, MPTCP=0, TCPJA4T=0, WINMIN=0)})
    multipath = ['tcpMPF', 'tcpMPAID', 'tcpMPDSSF']
    expect_columns(flows, more, [*SEQUENCE, 'tcpJA4T', 'tcpMPTBF', *multipath], [], ['ipFlags', 'tcpFStat', 'tcpAnomaly', 'tcpWinSzThRt'])
    expect_columns(packets, of_packets, [*NUMBERS, 'seqDiff', 'ackDiff', 'seqLen', 'ackLen', 'seqFlowLen', 'ackFlowLen', 'tcpMLen', 'tcpBFlgt',
                                        'tcpMPTyp', *multipath], [], ['ipFlags', 'tcpFStat', 'tcpAnomaly'])
    expect_cells(flows, 6, ipFlags='0x0028')
    expect_cells(more, 6, ipFlags='0x0020')
    expect_cells(more, 7, ipFlags='0x0020')
    expect_cells(flows, 10, tcpAnomaly='0x0008')
    expect_cells(more, 10, tcpAnomaly='0x0000')
    expect_cells(flows, 12, tcpWinSzThRt='0.3333333')
    expect_cells(more, 12, tcpWinSzThRt='0')
    expect_cells(flows, 11, tcpFStat='0x8011')
    expect_cells(more, 11, tcpFStat='0x0011')


# ---- nFrstPkts. Conversation 8 has packets of 10, 200, 30, 400 and 1000 bytes, a second apart; 1 is a TCP connection.

FIRST = {8: '10_0.000000000;200_1.000000000;30_1.000000000;400_1.000000000;1000_1.000000000'}


def first_packets(tree, changes, **environment):
    return tree.variant({'nFrstPkts': changes} if changes else {}, *FEATURES, 'nFrstPkts', 'txtSink')('-s', **environment).flows()


def check_nFrstPkts_offsets_and_headers(tree):
    before = first_packets(tree, {})
    expect_cells(before, 8, nFpCnt='5', L2L3L4Pl_Iat=FIRST[8])
    more = first_packets(tree, dict(NFRST_IAT=0, NFRST_BCORR=1, NFRST_HDRINFO=1, NFRST_PPI=2, NFRST_PKTCNT=4))
    expect_columns(before, more, ['L2L3L4Pl_Iat'], ['HD3l_HD4l_L2L3L4Pl_Iat', 'splt_direction', 'splt_ps', 'splt_piat_ms'], ['nFpCnt'])
    expect_cells(more, 8, nFpCnt='4', HD3l_HD4l_L2L3L4Pl_Iat='20_8_10_0.000000000;20_8_200_1.000000000;20_8_30_2.000000000;20_8_400_3.000000000')
    expect_cells(more, {'dir': 'B', 'dstIP': '10.0.1.1'}, splt_direction='', HD3l_HD4l_L2L3L4Pl_Iat='20_40_0_0.010000000;20_32_0_0.021000000;'
                 '20_32_500_0.030000000;20_32_0_0.041000000')
    expect_cells(more, {'dir': 'A', 'dstIP': '10.0.1.2'}, splt_direction='0;1;0;0', splt_ps='0;0;0;100', splt_piat_ms='0;10;0;0')
    expect_cells(first_packets(tree, {}, NFRST_PKTCNT='2'), 8, nFpCnt='2')


def check_nFrstPkts_absolute(tree):
    more = first_packets(tree, dict(NFRST_IAT=2, NFRST_PPI=1))
    expect_columns(first_packets(tree, {}), more, [], ['PPI_PKT_LENGTHS', 'PPI_PKT_TIMES', 'PPI_PKT_FLAGS', 'PPI_PKT_DIRECTIONS'], ['L2L3L4Pl_Iat'])
    row = more.find(dir='A', dstIP='10.0.1.2')
    same(row['L2L3L4Pl_Iat'].split(';')[0], '0_' + row['timeFirst'], 'absolute time')
    expect_cells(more, {'dir': 'A', 'dstIP': '10.0.1.2'}, PPI_PKT_LENGTHS='0;0;0;100;0;500;0;0;0;0',
                 PPI_PKT_FLAGS='0x02;0x12;0x10;0x18;0x10;0x18;0x10;0x11;0x11;0x10', PPI_PKT_DIRECTIONS='1;-1;1;1;-1;-1;1;1;-1;1')
    same(len(row['PPI_PKT_TIMES'].split(';')), 10, 'times')


def check_nFrstPkts_pulses(tree):
    more = first_packets(tree, dict(NFRST_MINIATS=1, NFRST_MINIATU=0, NFRST_XMIN=20, NFRST_XMAX=500))
    name = 'L2L3L4Pl_Iat_nP'
    expect_columns(first_packets(tree, {}), more, ['L2L3L4Pl_Iat'], [name], ['nFpCnt'])
    # Every packet of conversation 8 is a pulse; 10 and 1000 bytes do not count. The last pulse is there, and half a second long.
    expect_cells(more, 8, nFpCnt='5', **{name: '0_0.000000000_0.500000000;200_1.000000000_0.500000000;30_1.000000000_0.500000000;'
                                               '400_1.000000000_0.500000000;0_1.000000000_0.500000000'})
    expect_cells(more, {'dir': 'A', 'dstIP': '10.0.1.2'}, nFpCnt='1', **{name: '25_0.041500000_0.030500000'})


def check_nFrstPkts_sums_of_pulses(tree):
    more = first_packets(tree, dict(NFRST_MINIATU=20000000, NFRST_MINIATS=1, NFRST_MINPLENFRC=3, NFRST_PLAVE=0, NFRST_HDRINFO=1, NFRST_IAT=0))
    expect_cells(more, 8, nFpCnt='1', HD3l_HD4l_L2L3L4Pl_Iat_nP='20_8_1640_0.000000000_4.000000000')
    expect_cells(more, 2, nFpCnt='1', HD3l_HD4l_L2L3L4Pl_Iat_nP='20_8_33_0.000000000_0.340000000')


# ---- entropy: conversation 8 sends payloads of 10 to 1000 bytes.

def check_entropy_counts(tree):
    output = lambda changes, **environment: tree.variant({'entropy': changes} if changes else {}, 'basicFlow', 'entropy', 'txtSink')(**environment).flows()
    more = output(dict(ENT_ALPHAD=1), ENT_NBITS='4')
    expect_columns(output({}), more, [], ['NumBin0', 'PyldLen', 'PyldHisto'], ['PyldEntropy'])
    row = more.find(**ends(8))
    counts = [int(count) for count in row['PyldHisto'].split(';')]
    same(len(counts), 16, 'words')
    same(sum(counts), 2 * int(row['PyldLen']), 'words of two to a byte')
    same(counts.count(0), int(row['NumBin0']), 'words that did not come')
    same(int(row['PyldLen']), 1640, 'bytes')


# ---- sslDecode, with a capture of its own: a hello.

def hello_capture(tree):
    number = lambda value, size: value.to_bytes(size, 'big')
    counted = lambda content, size: number(len(content), size) + content
    numbers = lambda *values: b''.join(number(value, 2) for value in values)
    extensions = [(0, counted(b'\0' + counted(b'www.example.org', 2), 2)), (10, counted(numbers(29, 23), 2)), (11, counted(b'\0\1', 1)),
                  (13, counted(numbers(0x403, 0x804), 2)), (16, counted(counted(b'h2', 1) + counted(b'http/1.1', 1), 2)),
                  (43, counted(numbers(0x304, 0x303), 1))]
    body = numbers(0x303) + bytes(range(32)) + b'\0' + counted(numbers(0x1301, 0x1302), 2) + b'\1\0' + counted(
        b''.join(number(kind, 2) + counted(content, 2) for kind, content in extensions), 2)
    path = tree.scratch / 'hello.pcap'
    path.write_bytes(frames.pcap([(frames.START, frames.segment(1, 'PA', 1, payload=b'\x16\3\1' + counted(b'\1' + counted(body, 3), 2)))]))
    return path


def first_hello(tree, changes, **environment):
    run = tree.variant({'sslDecode': changes} if changes else {}, 'basicFlow', 'sslDecode', 'txtSink')
    return run('-r', hello_capture(tree), **environment).flows()


def check_sslDecode_no_lists(tree):
    before = first_hello(tree, {})
    expect_cells(before, 1, sslServerName='"www.example.org"', sslCipherList='0x1301;0x1302', sslALPNList='"h2";"http/1.1"', sslJA4Desc='')
    lists = {'SSL_EXT_LIST': 'sslExtList', 'SSL_REC_VER': 'sslRecVer', 'SSL_HAND_VER': 'sslHandVer', 'SSL_SUPP_VER': 'sslSuppVer',
             'SSL_SIG_ALG': 'sslSigAlg', 'SSL_EC': 'sslECPt', 'SSL_EC_FORMATS': 'sslECFormats', 'SSL_ALPN_LIST': 'sslALPNList',
             'SSL_ALPS_LIST': 'sslALPSList', 'SSL_NPN_LIST': 'sslNPNList', 'SSL_CIPHER_LIST': 'sslCipherList'}
    others = [name for name in before.columns if name.startswith(('sslCert', 'sslCNot', 'sslCS', 'sslCK', 'sslCP', 'sslCI')) and name != 'sslCipher'
              and not name.startswith('sslCipher')] + ['sslJA3Hash', 'sslJA3Desc', 'sslJA4', 'sslJA4Desc', 'sslQuicVersion']
    more = first_hello(tree, dict.fromkeys([*lists, 'SSL_ANALYZE_CERT', 'SSL_JA3', 'SSL_JA4', 'SSL_ANALYZE_QUIC'], 0))
    expect_columns(before, more, [*lists.values(), *others], [], ['sslStat'])
    expect_cells(more, 1, sslNumCipher='2', sslNumExt='6')


def check_sslDecode_shortest_lists(tree):
    before = first_hello(tree, {})
    limits = ['SSL_MAX_EXT', 'SSL_MAX_REC_VER', 'SSL_MAX_HAND_VER', 'SSL_MAX_SUPP_VER', 'SSL_MAX_SIG_ALG', 'SSL_MAX_EC', 'SSL_MAX_EC_FORMATS',
              'SSL_MAX_PROTO', 'SSL_MAX_CIPHER']
    more = first_hello(tree, dict.fromkeys(limits, 1) | {'SSL_PROTO_LEN': 2})
    expect_columns(before, more, differ=['sslStat', 'sslExtList', 'sslSuppVer', 'sslSigAlg', 'sslECPt', 'sslECFormats', 'sslALPNList', 'sslCipherList'])
    expect_cells(more, 1, sslExtList='0x0000', sslSuppVer='0x0304', sslSigAlg='0x0403', sslECPt='0x001d', sslECFormats='0x00', sslALPNList='"h2"',
                 sslCipherList='0x1301', sslNumCipher='2', sslStat='0x0ce30f80')
    known = tree.scratch / 'ja4.tsv'
    known.write_text('# mine\n' + before.rows[0]['sslJA4'] + '\tA test\n')
    expect_cells(first_hello(tree, {}, SSL_JA4_FILE=known), 1, sslJA4Desc='"A test"')
    known.write_text(before.rows[0]['sslJA3Hash'] + '\tAnother\n')
    expect_cells(first_hello(tree, {}, SSL_JA3_FILE=known), 1, sslJA3Desc='"Another"')


# ---- dnsDecode, with a capture of its own: an answer with a record in each section.

def answer_capture(tree):
    record = lambda kind, data: b'\xc0\x0c' + kind.to_bytes(2, 'big') + b'\0\1\0\0\0\x3c' + len(data).to_bytes(2, 'big') + data
    message = b'\0\1\x81\x80\0\1\0\1\0\1\0\1\3www\7example\0\0\1\0\1' + record(1, b'\n\0\0\1') + record(2, b'\xc0\x0c') + record(28, bytes(16))
    path = tree.scratch / 'answer.pcap'
    path.write_bytes(frames.pcap([(frames.START, frames.eth(frames.datagram(1, message, (53, 5000))))]))
    return path


def check_dnsDecode_sections(tree):
    run = tree.variant({}, 'basicFlow', 'dnsDecode', 'txtSink')
    for mode, questions, types in (4, '"www.example"', '1;2;28'), (3, '"www.example"', '1;2'), (2, '"www.example"', '1'), (1, '"www.example"', ''), (0, '', ''):
        flows = run('-r', answer_capture(tree), DNS_MODE=str(mode)).flows()
        expect_cells(flows, 1, dnsCntQu_Asw_Aux_Add='1_1_1_1', dnsQname=questions, dnsAType=types)
    cut = run('-r', answer_capture(tree), DNS_ARECMAX='2', DNS_QRECMAX='1').flows()
    expect_cells(cut, 1, dnsAType='1;2', dnsStat='0x0801')


# ---- httpSniffer, with a capture of its own: a request in a datagram.

def request_capture(tree):
    message = b'GET /0123456789 HTTP/1.1\r\nHost: one\r\nHost: two\r\nUser-Agent: 0123456789\r\nX-Forwarded-For: 0123456789\r\nContent-Type: text/plain\r\n\r\nbody'
    path = tree.scratch / 'request.pcap'
    path.write_bytes(frames.pcap([(frames.START, frames.eth(frames.datagram(1, message, (1900, 1900))))]))
    return path


def check_httpSniffer_limits(tree):
    run = tree.variant({}, 'basicFlow', 'httpSniffer', 'txtSink')
    capture = request_capture(tree)
    expect_cells(run('-r', capture).flows(), 1, httpStat='0x006c', httpHosts='"one";"two"', httpText='"_0123456789_A_0"', httpUsrAg='"0123456789"')
    cut = run('-r', capture, HTTP_DATA_C_MAX='1', HTTP_MXFILE_LEN='4', HTTP_MXUA_LEN='3', HTTP_MXXF_LEN='2', HTTP_TEXT_LEN='9').flows()
    expect_cells(cut, 1, httpStat='0x006f', httpHosts='"one"', httpURL='"/01234567"', httpText='"_012_A_0"', httpUsrAg='"012"', httpXFor='"01"')



# ---- icmpDecode, with captures of its own: an answer to no request; errors that quote packets of flows.

def check_icmpDecode_directions(tree):
    path = tree.scratch / 'icmp.pcap'
    path.write_bytes(frames.pcap([(frames.START, frames.eth(frames.ip4('10.0.0.1', '10.0.0.2', 1, b'\0\0\xff\xff\0\0\0\0')))]))
    for changes, answers in ({}, 1), ({'icmpDecode': dict(ICMP_FDCORR=0)}, 0):
        flows = tree.variant(changes, 'basicFlow', 'icmpDecode', 'txtSink')('-r', path).flows()
        same(int(flows.rows[0]['flowStat'], 16) & 1, answers, 'side of the first packet')


def check_icmpDecode_parents(tree):
    sent = [frames.ip4('10.0.0.1', destination, 17, frames.udp('10.0.0.1', destination, (4000 + i, 53), b'x')) for i, destination in
            enumerate(('192.0.2.1', '192.0.2.2', '192.0.2.3'))]
    error = lambda packet: frames.ip4('10.0.0.9', '10.0.0.1', 1, b'\3\1\0\0\0\0\0\0' + packet[:28])
    unknown = frames.ip4('10.0.0.1', '192.0.2.9', 17, frames.udp('10.0.0.1', '192.0.2.9', (4000, 53), b'x'))
    packets = [sent[0], sent[1], error(sent[1]), error(unknown), error(sent[0]), sent[2], error(unknown), error(sent[2])]
    path = tree.scratch / 'errors.pcap'
    path.write_bytes(frames.pcap([(frames.START + i * 10**9, frames.eth(packet)) for i, packet in enumerate(packets)]))
    output = lambda changes, *more: tree.variant(changes, 'basicFlow', 'icmpDecode', 'txtSink')('-r', path, *more)
    run = output({'icmpDecode': dict(ICMP_PARENT=1)}, '-s')
    flows = run.flows()
    expect_columns(output({}).flows(), flows, [], ['icmpPFindex'], [])
    row = flows.find(srcIP='10.0.0.9')
    same(row['icmpPFindex'], flows.find(dstIP='192.0.2.3')['flowInd'], 'flow of the last message')
    same([packet['icmpPFindex'] for packet in run.packets().rows], ['', '', '2', '0', '1', '', '0', '4'], 'flows of the messages')


# ---- txtSink

def check_txtSink_no_header(tree):
    flows, _ = run_default(tree)
    run = tree.variant({'txtSink': dict(TFS_SPLIT=0, TFS_PRI_HDR=0, TFS_FLOWS_TXT_SUFFIX='.rows', TFS_HEADER_SUFFIX='.columns')}, *FEATURES, 'txtSink')
    output = run('-W', 'OUT:2f')
    same(output.names(), ['.columns', '.rows'], 'files')
    same([line.split('\t') for line in output.text('.rows').splitlines()], [list(row.values()) for row in flows.rows], 'rows')
    same(run('-W', 'OUT:2f', TFS_FLOWS_TXT_SUFFIX='.env').names(), ['.columns', '.env'], 'the environment is stronger')


def check_txtSink_parts(tree):
    flows, _ = run_default(tree)
    for in_all in (0, 1):
        run = tree.variant({'txtSink': dict(TFS_HDR_FILE=0, TFS_GZ_COMPRESS=1, TFS_PRI_HDR_FW=in_all)}, *FEATURES, 'txtSink')
        output = run('-W', 'OUT:10f,3')
        same(output.names(), ['_flows.txt.gz3', '_flows.txt.gz4'], 'files')
        first, second = output.text('_flows.txt.gz3'), output.text('_flows.txt.gz4')
        same(Table(first).rows, flows.rows[:10], 'first part')
        same(second.startswith('%'), bool(in_all), 'header of the second part')
        head = '' if in_all else first[:first.index('\n') + 1]
        same(Table(head + second).rows, flows.rows[10:], 'second part')
