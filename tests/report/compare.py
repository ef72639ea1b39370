#!/usr/bin/env python3
"""compare.py FLOWS PAGE [DOM]: the sums of the page, computed anew from the flow file; with DOM also what the browser shows."""
import collections
import datetime
import json
import re
import sys
from html.parser import HTMLParser

flows, page = sys.argv[1], open(sys.argv[2], encoding='utf-8').read()
data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))
lines = [line.rstrip('\n') for line in open(flows, encoding='utf-8', newline='\n')]
names = lines[0].lstrip('%').split('\t')
rows = [dict(zip(names, line.split('\t'))) for line in lines[1:]]
wrong = []


def same(what, found, expected):
    if found != expected:
        wrong.append(f'{what}: {found!r}, not {expected!r}')


def listed(cell):
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|([^";]+)', cell)
    return {re.sub(r'\\(["\\])', r'\1', a) or b for a, b in parts} - {''}


totals = data['totals']
same('rows', totals['rows'], len(rows))
same('flows', totals['flows'], len({row['flowInd'] for row in rows}))
same('packets', totals['packets'], sum(int(row['pktsSnt']) for row in rows))
same('bytes', totals['bytes'], sum(int(row['l7BytesSnt']) for row in rows))
same('addresses', totals['hosts'], len({row[end] for row in rows for end in ('srcIP', 'dstIP')} - {'-'}))


def seconds(cell):
    """A time of a flow file, to a microsecond, also of one with dates."""
    return datetime.datetime.fromisoformat(cell[:26] + '+00:00').timestamp() if 'T' in cell else float(cell)


def near(what, found, expected, tolerance):
    if abs(float(found) - expected) > tolerance:
        wrong.append(f'{what}: {found!r}, not {expected!r}')


began, ended = min(seconds(row['timeFirst']) for row in rows), max(seconds(row['timeLast']) for row in rows)
near('first packet', totals['first'], began, 2e-6)
near('last packet', totals['last'], ended, 2e-6)
hosts = collections.defaultdict(lambda: [set(), 0, 0, 0])
ports, pairs = collections.defaultdict(lambda: [set(), 0, 0]), collections.defaultdict(lambda: [set(), 0, 0])
protocols = collections.defaultdict(lambda: [set(), 0, 0])
asked = {}
for row in rows:
    index, packets, size = row['flowInd'], int(row['pktsSnt']), int(row['l7BytesSnt'])
    asked.setdefault(index, (row['srcIP'], row['dstIP'], row['dstPort']) if row['dir'] == 'A' else (row['dstIP'], row['srcIP'], row['srcPort']))
    for end in ('srcIP', 'dstIP'):
        hosts[row[end]][0].add(index)
    hosts[row['srcIP']][1] += packets
    hosts[row['srcIP']][2] += size
    hosts[row['dstIP']][3] += size
    client, server, port = asked[index]
    name = {'6': 'TCP', '17': 'UDP', '132': 'SCTP'}.get(row['l4Proto'])
    for sums in [pairs[client, server], protocols[row['l4Proto']]] + ([ports[f'{name} {port}']] if name else []):
        sums[0].add(index)
        sums[1] += packets
        sums[2] += size
hosts.pop('-', None)  # where a flow has no addresses: ARP and the like
if any('-' in pair[:2] for pair in data['pairs']):
    wrong.append('a pair without addresses')
best = sorted(((sent + received, len(own)), name) for name, (own, _, sent, received) in hosts.items())[-1][0]
for name, count, packets, sent, received in data['talkers']:
    same(f'talker {name}', [count, packets, sent, received], [len(hosts[name][0]), *hosts[name][1:]])
same('the first talker has most', data['talkers'][0][3] + data['talkers'][0][4], best[0])
for name, count, packets, size in data['ports']:
    same(f'port {name}', [count, packets, size], [len(ports[name][0]), *ports[name][1:]])
for first, second, count, packets, size in data['pairs']:
    same(f'pair {first} {second}', [count, packets, size], [len(pairs[first, second][0]), *pairs[first, second][1:]])
same('flows of all protocols', sum(p[1] for p in data['protocols']), totals['flows'])
for text in data['texts']:
    column = data['columns'][text['column']][0]
    found = collections.defaultdict(set)
    for row in rows:
        for value in listed(row[column]) if row[column] != '-' else ():
            found[value].add(row['flowInd'])
    same(f'different values of {column}', text['different'], len(found))
    for value, count, _, _ in text['values']:
        same(f'flows with {value!r} in {column}', count, len(found[value]))
if 'tcp' in data:
    by_flow = collections.defaultdict(list)
    for row in rows:
        if row['l4Proto'] == '6':
            by_flow[row['flowInd']].append(row)
    same('TCP flows', data['tcp']['all'][1], len(by_flow))
    same('resets', data['tcp']['all'][2], sum(any(int(row['tcpFlags'], 16) & 4 for row in own) for own in by_flow.values()))
    same('retransmissions', data['tcp']['all'][4], sum(int(row['tcpSeqFaultCnt']) for own in by_flow.values() for row in own))
    trips = sorted(float(row['tcpRTTSseqAA']) for own in by_flow.values() for row in own if row['dir'] == 'A' and 0 < float(row['tcpRTTSseqAA']) < 65535)
    same('round trips', data['tcp']['roundTrips'], len(trips))
    if trips and abs(data['tcp']['median'] / trips[(len(trips) + 1) // 2 - 1] - 1) > 0.035:
        wrong.append(f"median of round trips: {data['tcp']['median']}, not {trips[(len(trips) + 1) // 2 - 1]}")
step = data['series']['width']
same('flows of all bins', sum(data['series']['flows']), totals['flows'])
if abs(sum(data['series']['bits']) * step / 8 - totals['bytes']) > 1e-6 * totals['bytes'] + 1:
    wrong.append(f"bytes of all bins: {sum(data['series']['bits']) * step / 8}, not {totals['bytes']}")


class Shown(HTMLParser):
    """Numbers by the id of what shows them, texts of lists."""

    def __init__(self):
        super().__init__()
        self.numbers, self.texts, self.scripts = {}, set(), 0
        self.labels, self.open_label = [], None  # of the graph: (x, y, text), without those that show only when pointed at

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.scripts += tag == 'script'
        if tag == 'dd':
            self.numbers[attributes['id']] = attributes['data-value']
        if tag == 'td' and attributes.get('class') == 'name':
            self.texts.add(attributes['title'])
        if tag == 'text' and attributes.get('class') != 'covered':
            self.open_label = (float(attributes['x']), float(attributes['y']))

    def handle_data(self, text):
        if self.open_label:
            self.labels.append((*self.open_label, text))
            self.open_label = None


if len(sys.argv) > 3:
    shown = Shown()
    shown.feed(open(sys.argv[3], encoding='utf-8').read())
    for name in ('flows', 'packets', 'bytes', 'hosts'):
        same(f'shown {name}', shown.numbers.get('total-' + name), str(totals[name]))
    if 'tcp' in data:
        same('shown retransmissions', shown.numbers.get('tcp-retransmissions'), str(data['tcp']['all'][4]))
    if ended > began:
        rate = 8 * totals['bytes'] / (ended - began)
        near('shown mean rate', shown.numbers['total-rate'], rate, 1e-3 * rate)
    period = re.search(r'id="period"[^>]*>([^<]*)', open(sys.argv[3], encoding='utf-8').read()).group(1)
    for time in (began, ended):
        if datetime.datetime.fromtimestamp(int(time), datetime.timezone.utc).strftime('%Y-%m-%d %H:%M:%S UTC') not in period:
            wrong.append(f'shown period: {period!r}, not {began} to {ended}')
    same('scripts', shown.scripts, 2)
    same('the graph has labels', bool(shown.labels), bool(data['pairs']))
    for i, (x, y, text) in enumerate(shown.labels):
        for x2, y2, other in shown.labels[:i]:
            if abs(y - y2) < 12 and x < x2 + 6 * len(other) and x2 < x + 6 * len(text):
                wrong.append(f'labels of the graph cover each other: {text!r}, {other!r}')
    for name in [talker[0] for talker in data['talkers']] + [value[0] for text in data['texts'] for value in text['values']]:
        if name not in shown.texts:
            wrong.append(f'not shown: {name!r}')
for line in wrong:
    print(line)
sys.exit(bool(wrong))
