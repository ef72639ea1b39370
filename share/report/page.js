// Draws the page from the sums in #data. Text reaches the page as text alone (textContent), never as markup.
'use strict';
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
const get = (id) => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';
const make = (name, attributes = {}, ...children) => {
  const element = attributes.svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (key !== 'svg') element.setAttribute(key, value);
  element.append(...children);
  return element;
};
const svg = (name, attributes, ...children) => make(name, {...attributes, svg: true}, ...children);

// ---- Numbers
const whole = new Intl.NumberFormat('en');
const short = (n, unit = '') => {
  const steps = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  let i = 0;
  while (n >= 999.5 && i < steps.length - 1) { n /= 1000; i++; }
  return (i === 0 ? whole.format(Math.round(n * 100) / 100) : n.toPrecision(3)) + ' ' + steps[i] + unit;
};
const size = (n) => short(n, 'B');
const seconds = (s) => s === 0 ? '-' : s < 0.001 ? (s * 1e6).toPrecision(3) + ' \u00b5s' : s < 1 ? (s * 1e3).toPrecision(3) + ' ms' : s.toPrecision(3) + ' s';
const share = (part, all) => all > 0 ? (100 * part / all).toFixed(1) + ' %' : '-';
const date = (s) => new Date(s * 1000).toISOString().replace('T', ' ').replace(/\.\d+Z/, ' UTC');
const span = (s) => s < 60 ? s.toFixed(s < 10 ? 2 : 0) + ' s' : s < 7200 ? (s / 60).toFixed(1) + ' min' : s < 172800 ? (s / 3600).toFixed(1) + ' h' : (s / 86400).toFixed(1) + ' days';

const fact = (list, id, label, text, value, note) => {
  const shown = make('dd', {id, 'data-value': value}, text);
  if (note) shown.append(make('small', {}, note));
  get(list).append(make('div', {}, make('dt', {}, label), shown));
};

// ---- Head and totals
const t = data.totals;
const hasBytes = t.bytes !== undefined;
get('title').textContent = data.title;
get('period').textContent = t.first === undefined ? '' : `${date(t.first)} to ${date(t.last)} (${span(t.last - t.first)})`;
fact('totals', 'total-flows', 'Flows', whole.format(t.flows), t.flows, whole.format(t.rows) + ' rows, one for each direction');
if (t.packets !== undefined) fact('totals', 'total-packets', 'Packets', whole.format(t.packets), t.packets);
if (hasBytes) fact('totals', 'total-bytes', 'Bytes', size(t.bytes), t.bytes, whole.format(t.bytes) + ' bytes, as ' + t.byteColumn + ' counts');
if (hasBytes && t.last > t.first) fact('totals', 'total-rate', 'Mean rate', short(8 * t.bytes / (t.last - t.first), 'bit/s'), 8 * t.bytes / (t.last - t.first));
if (t.hosts !== undefined) fact('totals', 'total-hosts', 'Addresses', (t.hostsOverflowed ? 'more than ' : '') + whole.format(t.hosts), t.hosts);

// ---- Over time
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let charts = [];
const times = (u, splits, axis, space, step) => splits.map((s, i) => {
  const [day, clock] = new Date(s * 1000).toISOString().split('T');
  const time = step >= 86400 ? '' : step >= 60 ? clock.slice(0, 5) : step >= 1 ? clock.slice(0, 8) : clock.slice(0, 12);
  const new_day = i === 0 || Math.floor(s / 86400) !== Math.floor(splits[i - 1] / 86400);
  return new_day ? (time ? time + '\n' + day : day) : time;
});
const drawCharts = () => {
  for (const chart of charts) chart.destroy();
  charts = [];
  const s = data.series;
  if (!s) { get('over-time').hidden = true; return; }
  const draw = (id, title, values, colour, text) => {
    const axis = {stroke: css('--soft'), grid: {stroke: css('--line'), width: 1}, ticks: {stroke: css('--line'), width: 1}};
    charts.push(new uPlot({
      title, width: get(id).clientWidth - 16, height: 190, tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), 'UTC'), cursor: {sync: {key: 'time'}},
      scales: {y: {range: (u, min, max) => [0, max > 0 ? max * 1.08 : 1]}},
      axes: [{...axis, values: times}, {...axis, size: 92, values: (u, splits) => splits.map(text)}],
      series: [{label: 'Time (UTC)', value: (u, v) => v === null ? '-' : date(v)},
               {label: title, stroke: css(colour), fill: css(colour) + '33', width: 1.5, paths: uPlot.paths.stepped({align: 1}), points: {show: false}, value: (u, v) => v === null ? '-' : text(v)}],
    }, [s.times, values], get(id)));
  };
  if (hasBytes) draw('chart-bits', 'Traffic', s.bits, '--main', (v) => short(v, 'bit/s'));
  else get('chart-bits').hidden = true;
  draw('chart-flows', 'New flows', s.flows, '--second', (v) => short(v));
  get('series-note').textContent = `Each step is ${span(s.width)}. The bytes of a flow are spread evenly over its duration.`;
};

// ---- Lists
const shareBar = (part, most) => {
  const width = most > 0 ? 100 * part / most : 0;
  return svg('svg', {class: 'share', viewBox: '0 0 100 5', preserveAspectRatio: 'none', 'aria-hidden': 'true'},
    svg('rect', {class: 'off', width: 100, height: 5}), svg('rect', {class: 'on', width, height: 5}));
};
// rows: [name, sort key of the bar, [cell, exact value] ...]
const list = (id, title, note, heads, rows) => {
  const most = Math.max(0, ...rows.map((row) => row[1]));
  const body = rows.map(([name, weight, ...cells]) => make('tr', {}, make('td', {class: 'name', title: name}, name, shareBar(weight, most)),
    ...cells.map(([text, exact]) => make('td', {class: 'number', title: typeof exact === 'number' ? whole.format(exact) : exact, 'data-value': exact}, text))));
  return make('div', {id}, make('h3', {}, title, ' ', make('small', {}, note)),
    make('table', {class: 'list'}, make('thead', {}, make('tr', {}, ...heads.map((head, i) => make('th', i > 0 ? {class: 'number', scope: 'col'} : {scope: 'col'}, head)))), make('tbody', {}, ...body)));
};
const counted = (n) => [whole.format(n), n];
const sized = (n) => [size(n), n];
const sums = (rows) => rows.map(([name, flows, packets, bytes]) => [name, hasBytes ? bytes : flows, counted(flows), hasBytes ? sized(bytes) : counted(packets)]);
const sumHeads = (first) => [first, 'flows', ...(hasBytes ? ['bytes'] : ['packets'])];
if (data.talkers) {
  get('bars').append(
    list('talkers', 'Top talkers', 'by bytes sent and received', ['address', 'flows', ...(hasBytes ? ['sent', 'received'] : [])],
      data.talkers.map(([name, flows, , sent, received]) => [name, hasBytes ? sent + received : flows, counted(flows), ...(hasBytes ? [sized(sent), sized(received)] : [])])),
    list('ports', 'Ports', 'of the side that was asked', sumHeads('port'), sums(data.ports)),
    list('protocols', 'Protocols', '', sumHeads('protocol'), sums(data.protocols)));
} else get('lists').hidden = true;
for (const text of data.texts) {
  const [name, , meaning] = data.columns[text.column];
  get('texts').append(list('text-' + text.column, name, `${meaning}; ${text.overflowed ? 'more than ' : ''}${whole.format(text.different)} different`, sumHeads('value'),
    text.values.map(([value, flows, packets, bytes]) => [value, flows, counted(flows), hasBytes ? sized(bytes) : counted(packets)])));
}
get('names').hidden = data.texts.length === 0;

// ---- TCP
if (data.tcp) {
  const [, flows, resets, unanswered, again, packets, closed] = data.tcp.all;
  fact('tcp-totals', 'tcp-flows', 'TCP flows', whole.format(flows), flows);
  fact('tcp-totals', 'tcp-resets', 'With a reset', whole.format(resets), resets, share(resets, flows) + ' of the flows');
  fact('tcp-totals', 'tcp-unanswered', 'Without an answer', whole.format(unanswered), unanswered, share(unanswered, flows) + ' of the flows');
  fact('tcp-totals', 'tcp-retransmissions', 'Retransmissions', whole.format(again), again, share(again, packets) + ' of the packets');
  fact('tcp-totals', 'tcp-zero-windows', 'With a closed window', whole.format(closed), closed, 'flows in which a peer probed a window of 0');
  fact('tcp-totals', 'tcp-median', 'Round trip, median', seconds(data.tcp.median), data.tcp.median, `of ${whole.format(data.tcp.roundTrips)} handshakes, \u00b13 %`);
  fact('tcp-totals', 'tcp-p95', 'Round trip, 95 % below', seconds(data.tcp.p95), data.tcp.p95);
  const rows = data.tcp.servers.map(([name, n, r, u, a, p, z, trip]) => [name, r + u + a + z, counted(n), counted(r), counted(u), counted(a), counted(z), [seconds(trip), trip]]);
  if (rows.length) get('tcp-servers').append(list('servers', 'Servers', 'those with most resets, missing answers, retransmissions and closed windows first',
    ['server', 'flows', 'resets', 'no answer', 'resent', 'closed window', 'mean trip'], rows));
} else get('tcp').hidden = true;

// ---- Graph: springs and repulsion, always the same for the same data
// A label stands beside, above or below its circle, where neither another label nor a circle is. Those with most traffic choose first;
// what finds no place is shown once its circle is pointed at.
const placeLabels = (nodes, W, H, radius) => {
  for (const n of nodes) n.r = radius(n);
  const taken = nodes.map((n) => ({x: n.x - n.r, y: n.y - n.r, w: 2 * n.r, h: 2 * n.r, of: n}));
  for (const n of [...nodes].sort((a, b) => b.weight - a.weight)) {
    const w = 6.6 * n.name.length, h = 20;  // of 11 pixels' type and the space around it
    const places = [[n.x + n.r + 3, n.y - h / 2], [n.x - n.r - 3 - w, n.y - h / 2], [n.x - w / 2, n.y - n.r - h], [n.x - w / 2, n.y + n.r]].map(([x, y]) => ({x, y, w, h}));
    const free = (p) => p.x >= 0 && p.y >= 0 && p.x + w <= W && p.y + h <= H &&
      taken.every((o) => o.of === n || p.x + w <= o.x || o.x + o.w <= p.x || p.y + h <= o.y || o.y + o.h <= p.y);
    const place = places.find(free);
    n.label = {...(place || places[n.x > W / 2 ? 1 : 0]), free: Boolean(place)};
    if (place) taken.push(place);
  }
};
const drawGraph = () => {
  if (!data.pairs || data.pairs.length === 0) { get('graph').hidden = true; return; }
  const W = 1100, H = 560, nodes = new Map(), links = [];
  const node = (name) => {
    if (!nodes.has(name)) nodes.set(name, {name, weight: 0, x: 0, y: 0, links: []});
    return nodes.get(name);
  };
  for (const [from, to, flows, , bytes] of data.pairs) {
    const weight = hasBytes ? bytes : flows, a = node(from), b = node(to), link = {a, b, weight, flows, bytes};
    a.weight += weight; b.weight += weight;
    links.push(link); a.links.push(link); b.links.push(link);
  }
  const all = [...nodes.values()], most = Math.max(1, ...all.map((n) => n.weight)), heaviest = Math.max(1, ...links.map((l) => l.weight));
  all.forEach((n, i) => { const angle = 2.399963 * i, r = 18 * Math.sqrt(i + 0.5); n.x = W / 2 + r * Math.cos(angle); n.y = H / 2 + r * Math.sin(angle); });
  const room = Math.sqrt(W * H / Math.max(4, all.length)) * 0.62;
  for (let step = 0; step < 300; step++) {
    const reach = 40 * (1 - step / 300) + 1;
    for (const n of all) { n.dx = (W / 2 - n.x) * 0.03; n.dy = (H / 2 - n.y) * 0.06; }
    for (let i = 0; i < all.length; i++) for (let j = 0; j < i; j++) {
      const a = all[i], b = all[j], dx = a.x - b.x || 0.1, dy = a.y - b.y || 0.1, d2 = dx * dx + dy * dy + 1, force = room * room / d2;
      a.dx += dx * force / 12; a.dy += dy * force / 12; b.dx -= dx * force / 12; b.dy -= dy * force / 12;
    }
    for (const {a, b} of links) {
      const dx = a.x - b.x, dy = a.y - b.y, d = Math.hypot(dx, dy) + 0.1, force = d / room / 9;
      a.dx -= dx * force; a.dy -= dy * force; b.dx += dx * force; b.dy += dy * force;
    }
    for (const n of all) {
      const d = Math.hypot(n.dx, n.dy) + 0.1, move = Math.min(d, reach) / d;
      n.x += n.dx * move; n.y += n.dy * move;
    }
  }
  const fit = (axis, from, to) => {
    const least = Math.min(...all.map((n) => n[axis])), extent = Math.max(...all.map((n) => n[axis])) - least;
    for (const n of all) n[axis] = extent > 0 ? from + (n[axis] - least) / extent * (to - from) : (from + to) / 2;
  };
  fit('x', 70, W - 70);
  fit('y', 24, H - 24);
  placeLabels(all, W, H, (n) => 4 + 14 * Math.sqrt(n.weight / most));
  const picture = svg('svg', {viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': 'Graph of the pairs of addresses with the most traffic'});
  for (const link of links) {
    link.line = svg('line', {x1: link.a.x.toFixed(1), y1: link.a.y.toFixed(1), x2: link.b.x.toFixed(1), y2: link.b.y.toFixed(1), 'stroke-width': (1 + 7 * Math.sqrt(link.weight / heaviest)).toFixed(1)},
      svg('title', {}, `${link.a.name} - ${link.b.name}: ${whole.format(link.flows)} flows` + (hasBytes ? `, ${size(link.bytes)}` : '')));
    picture.append(link.line);
  }
  for (const n of all) {
    n.group = svg('g', {tabindex: 0, role: 'img', 'aria-label': `${n.name}: ${n.links.length} partners` + (hasBytes ? `, ${size(n.weight)}` : '')},
      svg('circle', {cx: n.x.toFixed(1), cy: n.y.toFixed(1), r: n.r.toFixed(1)}, svg('title', {}, n.name)),
      svg('text', {x: n.label.x.toFixed(1), y: (n.label.y + 15).toFixed(1), ...(n.label.free ? {} : {class: 'covered'})}, n.name));
    const light = (on) => () => {
      const near = new Set([n, ...n.links.flatMap((l) => [l.a, l.b])]);
      for (const other of all) other.group.classList.toggle('dim', on && !near.has(other));
      for (const other of all) other.group.classList.toggle('lit', on && near.has(other));
      for (const l of links) l.line.classList.toggle('dim', on && l.a !== n && l.b !== n);
    };
    for (const event of ['mouseenter', 'focus']) n.group.addEventListener(event, light(true));
    for (const event of ['mouseleave', 'blur']) n.group.addEventListener(event, light(false));
    picture.append(n.group);
  }
  get('graph-box').append(picture);
  get('graph-note').textContent = `The ${whole.format(data.pairs.length)} of ${whole.format(data.pairCount)} pairs of addresses with the most ${hasBytes ? 'bytes' : 'flows'}. Point at an address, or reach it with Tab.`;
  get('pairs').append(list('pair-list', 'Pairs', '', sumHeads('who asked, who was asked'),
    data.pairs.map(([from, to, flows, packets, bytes]) => [`${from} \u2192 ${to}`, hasBytes ? bytes : flows, counted(flows), hasBytes ? sized(bytes) : counted(packets)])));
};

// ---- Table
const USUAL = /^(dir|flowInd|timeFirst|duration|srcIP|srcPort|dstIP|dstPort|l4Proto|pktsSnt|pktsRcvd|l\dBytesSnt|l\dBytesRcvd|tcpFlags)$/;
const NUMBER = /^(U\d+(\.U\d+)?|I\d+|H\d+|F|D)$/;
const columns = data.columns.map(([name, type, meaning], i) => ({name, type, meaning, i, number: NUMBER.test(type), shown: false}));
const rows = data.table.map((line) => line.split('\t'));
const lower = rows.map((cells) => cells.join('\t').toLowerCase());
let shown = rows.map((_, i) => i), sorted = null, up = true, limit = 100;
const texts = new Set(data.texts.map((text) => text.column));
const usual = () => columns.forEach((c) => { c.shown = USUAL.test(c.name) || (texts.has(c.i) && c.name !== 'hdrDesc' && [...texts].indexOf(c.i) < 8); });
usual();
if (!columns.some((c) => c.shown)) columns.forEach((c) => { c.shown = true; });
const compare = (c) => (x, y) => {
  const a = rows[x][c.i], b = rows[y][c.i];
  return (c.number ? Number(a) - Number(b) : a.localeCompare(b, 'en', {numeric: true})) || x - y;
};
const drawTable = () => {
  const visible = columns.filter((c) => c.shown);
  const words = get('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  shown = rows.map((_, i) => i).filter((i) => words.every((word) => lower[i].includes(word)));
  if (sorted) { shown.sort(compare(sorted)); if (!up) shown.reverse(); }
  const head = make('tr', {}, ...visible.map((c) => {
    const button = make('button', {type: 'button', title: `${c.name}: ${c.meaning || 'no headers file says what it means'}` + (c.type ? ` (${c.type})` : '')}, c.name);
    button.addEventListener('click', () => { up = sorted === c ? !up : !c.number; sorted = c; drawTable(); get('table').querySelectorAll('th button')[visible.indexOf(c)].focus(); });
    return make('th', {scope: 'col', ...(c.number ? {class: 'number'} : {}), ...(sorted === c ? {'aria-sort': up ? 'ascending' : 'descending'} : {})}, button);
  }));
  get('table').tHead.replaceChildren(head);
  get('table').tBodies[0].replaceChildren(...shown.slice(0, limit).map((i) => make('tr', {}, ...visible.map((c) => make('td', {...(c.number ? {class: 'number'} : {}), title: /^time/.test(c.name) && c.type === 'U64.U32' ? date(Number(rows[i][c.i])) : rows[i][c.i]}, rows[i][c.i])))));
  get('found').textContent = `${whole.format(shown.length)} of ${whole.format(rows.length)} rows` + (shown.length > limit ? `, ${limit} are shown` : '');
  get('more').hidden = shown.length <= limit;
};
get('table-note').textContent = (rows.length < t.rows ? `The ${whole.format(rows.length)} of ${whole.format(t.rows)} rows with the most bytes` : `All ${whole.format(t.rows)} rows`)
  + '; each is one direction of a flow. A title sorts, and says what the column means.';
const boxes = columns.map((c) => {
  const box = make('input', {type: 'checkbox'});
  box.addEventListener('change', () => { c.shown = box.checked; drawTable(); });
  get('column-list').append(make('label', {}, box, ' ', make('b', {}, c.name), make('span', {}, ` ${c.type} ${c.meaning}`)));
  return box;
});
const tick = () => { boxes.forEach((box, i) => { box.checked = columns[i].shown; }); drawTable(); };
get('all-columns').addEventListener('click', () => { columns.forEach((c) => { c.shown = true; }); tick(); });
get('some-columns').addEventListener('click', () => { usual(); tick(); });
get('search').addEventListener('input', () => { limit = 100; drawTable(); });
get('more').addEventListener('click', () => { limit += 400; drawTable(); });
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); get('search').focus(); }
  if (event.key === 'Escape' && document.activeElement === get('search')) { get('search').value = ''; drawTable(); }
});

// ---- Light, dark, width
get('theme').addEventListener('click', () => {
  const now = document.documentElement.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark';
  drawCharts();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawCharts);
let width = innerWidth;
addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; drawCharts(); } });
tick();
drawGraph();
drawCharts();
document.documentElement.dataset.drawn = 'yes';
})();
