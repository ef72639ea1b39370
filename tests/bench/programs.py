"""What is measured: the floors, t2 with sets of plugins, and the peers that Debian packages. Used by scripts/bench."""
import glob
import os
import re
import shutil
from collections import namedtuple

Program = namedtuple('Program', 'name command environment good')

PLUGINS = ['basicFlow', 'macRecorder', 'basicStats', 'tcpFlags', 'tcpStates', 'netflowSink']  # the tutorial's, in their order
CONTENT = ['nFrstPkts', 'sslDecode', 'dnsDecode', 'httpSniffer', 'nDPI', 'quicDecode', 'dhcpDecode', 'icmpDecode', 'entropy', 'pktSIATHisto', 'descriptiveStats', 'connStat']  # what is inside: each is measured beside the tutorial's
PACKAGES = {'softflowd': 'softflowd', 'nfpcapd': 'nfdump', 'argus': 'argus-server', 'pmacctd': 'pmacct'}


def content(build):
    """Without plugins that were left out, because their library is not installed."""
    return [name for name in CONTENT if glob.glob(f'{build}/plugins/[0-9][0-9][0-9]_{name}.so')]


def floors(bench):
    return [Program('mapped file', lambda capture: [bench.tools, 'map', capture], None, {0}),
            Program('libpcap loop', lambda capture: [bench.tools, 'pcap', capture], None, {0})]


def t2(bench, build, name, plugins, threads=0):  # threads: None: as many as the program takes by itself
    """t2 with these plugins, exporting to the bench's collector; text goes to a file in the work folder."""
    chosen = os.path.join(bench.work, '+'.join(plugins or ['none']) + '.txt')
    with open(chosen, 'w', encoding='ascii') as file:
        file.writelines(plugin + '\n' for plugin in plugins)
    def command(capture):
        return [build + '/tranalyzer', '-p', build + '/plugins', '-b', chosen, *([] if threads is None else ['-t', str(threads)]), '-r', capture, '-w',
                bench.work + '/t2']
    # 2: the capture is damaged at its end, as real ones are
    return Program(name, command, {'NF_SERVADD': '127.0.0.1', 'NF_DPORT': str(bench.port)}, {0, 2})


def all_t2(bench, build):
    return [t2(bench, build, 't2', PLUGINS), t2(bench, build, 't2 -t 1', PLUGINS, 1), t2(bench, build, 't2 -t 2', PLUGINS, 2),
            t2(bench, build, 't2 + txtSink', PLUGINS + ['txtSink']), t2(bench, build, 't2 default', PLUGINS, None)]


def each(bench, build, folder):
    """--each over a folder, one output a file."""
    whole = t2(bench, build, 't2 --each', PLUGINS[:-1] + ['txtSink'])

    def command(_):
        shutil.rmtree(bench.work + '/each', ignore_errors=True)
        os.makedirs(bench.work + '/each')
        return whole.command(folder)[:-1] + [bench.work + '/each/', '--each']
    return Program(whole.name, command, whole.environment, whole.good)


def softflowd(bench, name='softflowd', flows=20_000_000):
    """NetFlow 9, as t2 sends. With its default of 8,192 flows it forgets what others keep, so the bound is lifted."""
    command = ['softflowd', '-d', '-v', '9', '-m', str(flows), '-n', f'127.0.0.1:{bench.port}', '-p', bench.work + '/softflowd.pid', '-c', 'none']
    return Program(name, lambda capture: command + ['-r', capture], None, {0})


def yaf(bench):
    """IPFIX to the same collector. Debian has no package: the environment variable YAF names the program."""
    command = [os.environ.get('YAF', 'yaf'), '--out', '127.0.0.1', '--ipfix', 'udp', '--ipfix-port', str(bench.port)]
    return Program('yaf', lambda capture: command + ['--in', capture], None, {0})


def other_peers(bench):
    records = bench.work + '/nfpcapd'
    pmacct = bench.work + '/pmacct.conf'
    with open(pmacct, 'w', encoding='ascii') as file:
        file.write(f"""daemonize: false
plugins: nfprobe
plugin_buffer_size: 65536
plugin_pipe_size: 33554432
nfprobe_receiver: 127.0.0.1:{bench.port}
nfprobe_version: 9
aggregate: src_host, dst_host, src_port, dst_port, proto, tos
""")

    def nfpcapd(capture):
        shutil.rmtree(records, ignore_errors=True)
        os.makedirs(records)
        return ['nfpcapd', '-r', capture, '-w', records]

    def argus(capture):
        if os.path.exists(bench.work + '/argus'):
            os.remove(bench.work + '/argus')  # it appends
        return ['argus', '-X', '-r', capture, '-w', bench.work + '/argus']

    return [softflowd(bench, 'softflowd -m 8192', 8192),
            Program('nfpcapd', nfpcapd, None, {0}),
            Program('argus', argus, None, {0}),
            Program('pmacctd', lambda capture: ['pmacctd', '-I', capture, '-f', pmacct], None, {0, 1})]


def installed(programs):
    """Those that are here, and a line for each that is not."""
    here, missing = [], []
    for program in programs:
        name = program.name.split()[0]
        if name == 'yaf':
            if shutil.which(os.environ.get('YAF', 'yaf')):
                here.append(program)
            else:
                missing.append('yaf: not installed (YAF=PATH names the program)')
        elif shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'):
            here.append(program)
        else:
            missing.append(f'{program.name}: not installed (Debian package {PACKAGES[name]})')
    return here, missing


def counts(report):
    """Of t2's end report: rows, connections, bytes of a conversation's record."""
    def number(pattern):
        found = re.search(pattern, report)
        return int(found.group(1)) if found else 0
    return {'rows': number(r'Number of processed +flows: (\d+)'),
            'connections': number(r'Number of processed A +flows: (\d+)'),
            'record_bytes': number(r'conversations of (\d+) bytes')}
