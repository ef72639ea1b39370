#!/usr/bin/env python3
"""A flow file whose names want to be markup, and a headers file with the types of its columns."""
import sys

NAMES = ['</script><script>document.documentElement.dataset.hacked=1</script>', '<img src=x onerror="document.documentElement.dataset.hacked=1">',
         '" onfocus="document.documentElement.dataset.hacked=1" autofocus x="', "';document.documentElement.dataset.hacked=1;'", '<!--', ']]>', '&lt;b&gt;', '${1+1}',
         'javascript:document.documentElement.dataset.hacked=1', '<svg onload=document.documentElement.dataset.hacked=1>', '\u202egnp.exe', 'caf\u00e9 \U0001f600', '__proto__', 'constructor', '<iframe srcdoc=x>']
COLUMNS = [('dir', 'C'), ('flowInd', 'U64'), ('timeFirst', 'U64.U32'), ('timeLast', 'U64.U32'), ('srcIP', 'IPX'), ('srcPort', 'U16'), ('dstIP', 'IPX'), ('dstPort', 'U16'),
           ('l4Proto', 'U8'), ('pktsSnt', 'U64'), ('l7BytesSnt', 'U64'), ('sslServerName', 'S:R'), ('</script><b>label', 'SC')]


def quoted(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


path = sys.argv[1]
with open(path, 'w', encoding='utf-8', newline='\n') as flows:
    flows.write('%' + '\t'.join(name for name, _ in COLUMNS) + '\n')
    for i, name in enumerate(NAMES, 1):
        plain = name.replace(';', ',').replace('"', '')
        for direction in 'AB':
            cells = [direction, i, f'17000000{i:02}.5', f'17000000{i:02}.75', plain, 1000 + i, '<b>', 443, 6, i, 100 * i, quoted(name), plain]
            flows.write('\t'.join(map(str, cells)) + '\n')
with open(path.replace('_flows.txt', '_headers.txt'), 'w', encoding='utf-8') as headers:
    for i, (name, kind) in enumerate(COLUMNS, 1):
        headers.write(f'{i}\t{kind}\t{name}\tmeaning of <i>{name}</i>\n')
