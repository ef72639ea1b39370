// Collectors that are there, come late, go away, or never come.
#include <catch2/catch.hpp>

#include <fstream>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../src/collector.hpp"
#include "run.hpp"

namespace t2::test::socket_sink_test {

namespace {

using Catch::Contains;

// collector.py PORT FILE [SECONDS_LATE [BYTES_OF_FIRST_CONNECTION [PROTOCOL]]]: writes what it gets.
constexpr const char* collector = R"(
import socket, sys, time
port, path, late, first, kind = (sys.argv[1:] + ['0', '0', 'tcp'][len(sys.argv) - 3:])[:5]
time.sleep(float(late))
out = open(path, 'wb')
if kind == 'udp':
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind(('127.0.0.1', int(port)))
    s.settimeout(1.5)
    open(path + '.ready', 'w')
    try:
        while True: out.write(s.recv(65535))
    except socket.timeout: sys.exit()
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', int(port)))
s.listen(1)
s.settimeout(60)
open(path + '.ready', 'w')
if int(first):
    c, _ = s.accept()
    c.recv(int(first))
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\0\0\0\0\0\0\0')
    c.close()
c, _ = s.accept()
while True:
    some = c.recv(65536)
    if not some: break
    out.write(some)
)";

struct Office {
  TempFolder folder;
  std::string plugins = plugin_folder(folder, {"basicFlow", "basicStats", "socketSink", "txtSink"}).string();
  Office() { std::ofstream(folder / "collector.py") << collector; }
  Execution shell(const std::string& script) const {
    return run_script(
        "port=$(python3 -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0)); "
        "print(s.getsockname()[1])')\n"
        "export SKS_DPORT=$port SKS_TIMEOUT=60\nready() { until [ -e got.ready ]; do sleep 0.02; done; }\n" +
            script,
        folder, plugins, {"-r", (source_folder() / "share/samples/office.pcap").string(), "-w", "x"});
  }
  void check(const std::string& script, const std::string& printed) const {
    const Execution result = shell(script);
    INFO(result.out << result.err);
    CHECK(result.out == printed);
  }
};

}  // namespace

TEST_CASE("socketSink: a collector gets the flow file", "[socketSink]") {
  Office().check("python3 collector.py $port got & ready; $t2 > log; echo $?; wait; cmp got x_flows.txt && echo same",
                 "0\nsame\n");
}

TEST_CASE("socketSink: a collector that comes late gets everything", "[socketSink]") {
  Office().check(
      "python3 collector.py $port got 0.7 & $t2 > log; echo $?; wait; cmp got x_flows.txt && echo same; grep -c 'rows "
      "wait for it' log",
      "0\nsame\n1\n");
}

TEST_CASE("socketSink: a connection that breaks is made again", "[socketSink]") {
  // Rows that arrived over the first connection may be missing from the second: all of them that it got are whole.
  Office().check(
      "python3 collector.py $port got 0 100 & ready; $t2 > log; echo $?; wait; head -n 1 got | cmp - <(head -n 1 "
      "x_flows.txt) && "
      "tail -n 1 got | cmp - <(tail -n 1 x_flows.txt) && grep -vxFf x_flows.txt got | wc -l",
      "0\n0\n");
}

TEST_CASE("socketSink: a collector that talks without end does not hold the sink", "[socketSink]") {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const auto quiet = [](const std::string&) {};
  const auto sink = socket_sink::make_tcp({.host = "127.0.0.1",
                                           .port = ntohs(address.sin_port),
                                           .header = {},
                                           .timeout = one_second,
                                           .max_bytes = 1000,
                                           .must_end = [] { return false; },
                                           .warn = quiet,
                                           .info = quiet});
  const int peer = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  REQUIRE(peer >= 0);
  const std::vector<char> talk(8192);
  const auto fill = [&] {  // bytes that found room, also in the kernel's buffers that grow for a while
    std::size_t sum = 0;
    for (int idle = 0; idle < 20;) {
      const ssize_t n = ::send(peer, talk.data(), talk.size(), MSG_NOSIGNAL);
      if (n > 0) sum += static_cast<std::size_t>(n), idle = 0;
      else ++idle, ::usleep(1000);
    }
    return sum;
  };
  const std::size_t before = fill();
  REQUIRE(before > 300'000);
  sink->tick();
  CHECK(fill() < before / 2);
  for (int i = 0; i < 100; ++i) sink->tick();  // in the end all is read
  CHECK(fill() > 0);
  ::close(peer);
  ::close(listener);
}

TEST_CASE("socketSink: without a collector all rows are counted as lost", "[socketSink]") {
  Office().check(
      "SKS_TIMEOUT=0 $t2 > log 2> err; echo $?; grep -c \"$(($(wc -l < x_flows.txt) - 1)) rows were lost\" log",
      "3\n1\n");
}

TEST_CASE("socketSink: JSON lines", "[socketSink]") {
  Office().check(
      "python3 collector.py $port got & ready; SKS_CONTENT_TYPE=2 $t2 > log; wait; "
      "python3 -c 'import json; print(len([json.loads(line) for line in open(\"got\")]) == "
      "len(list(open(\"x_flows.txt\"))) - 1)'",
      "True\n");
}

TEST_CASE("socketSink: a gzip stream, complete after each piece", "[socketSink]") {
  Office().check(
      "python3 collector.py $port got & ready; SKS_GZ_COMPRESS=1 $t2 > log; echo $?; wait; zcat got | cmp - "
      "x_flows.txt "
      "&& echo same",
      "0\nsame\n");
  Office().check(  // over a second connection, too
      "python3 collector.py $port got 0 100 & ready; SKS_GZ_COMPRESS=1 $t2 > log; echo $?; wait; zcat got | tail -n 1 "
      "| "
      "cmp - <(tail -n 1 x_flows.txt) && zcat got | grep -vxFf x_flows.txt | wc -l",
      "0\n0\n");
  const Execution refused = Office().shell("SKS_GZ_COMPRESS=1 SKS_SOCKTYPE=0 $t2 > log");
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, Contains("set SKS_SOCKTYPE=1"));
}

TEST_CASE("socketSink: the binary form holds every value of the flow file", "[socketSink]") {
  const Office office;
  std::ofstream(office.folder / "binary.py") << R"(
import ipaddress, struct, sys
data, at = open('got', 'rb').read(), 0
def word(form='I'):
    global at
    value, = struct.unpack_from('=' + form, data, at)
    at += struct.calcsize('=' + form)
    return value
def text():
    global at
    end = data.index(b'\0', at)
    found, at = data[at:end].decode(), end + 1
    return found
def padded():
    global at
    start, found = at, text()
    at = start + (len(found) + 4) // 4 * 4
    return found
if sys.argv[1:] == ['host']:
    assert word() == 42
    assert abs(word('Q') - __import__('time').time()) < 60 and word() < 1000000
    end = data.index(b'ANTEATER')
    assert end % 4 == 0
    host = data[at:end].rstrip(b'\0').decode()
    assert host.startswith(';'.join(__import__('os').uname()[i] for i in (1, 0, 2)) + ';') and 'lo(127.0.0.1/8);' in host, host
    at = end
assert data[at:at + 8] == b'ANTEATER'
at += 8
assert word() == 1
columns = []
while data[at:at + 4] != b'\xff' * 4:
    name, meaning = padded(), padded()
    columns.append((name, [word() for _ in range(word())], word()))
at += 4
numbers = {1: 'b', 2: 'h', 3: 'i', 4: 'q', 7: 'B', 8: 'H', 9: 'I', 10: 'Q', 13: 'B', 14: 'H', 15: 'I', 16: 'Q', 19: 'f', 20: 'd'}
def value(kind):
    global at
    if kind in numbers:
        n = word(numbers[kind])
        if 13 <= kind <= 16: return '0x%0*x' % (2 << kind - 13, n)
        return '%.7g' % n if kind == 19 else '%f' % n if kind == 20 else str(n)
    if kind == 23: return '"' + text().replace('\\', '\\\\').replace('"', '\\"') + '"'
    if kind == 31: return text()
    if kind == 24: return 'AB'[word('B')]
    if kind in (25, 26): return '%d.%09d' % (word('Q'), word())
    size = {27: 6, 28: 4, 29: 16, 30: {0: 0, 4: 4, 6: 16}[word('B')] if kind == 30 else 0}[kind]
    raw, at = data[at:at + size], at + size
    return ':'.join('%02x' % b for b in raw) if kind == 27 else str(ipaddress.ip_address(raw)) if raw else '-'
rows = [line.split('\t') for line in open('x_flows.txt').read().splitlines()]
assert ['%' + columns[0][0]] + [c[0] for c in columns[1:]] == rows[0], columns
for row in rows[1:]:
    for (name, kinds, repeats), cell in zip(columns, row):
        found = ';'.join('_'.join(value(k) for k in kinds) for _ in range(word() if repeats else 1))
        assert found == cell, (name, found, cell)
assert at == len(data) and len(rows) > 100
print('equal')
)";
  const std::string compare = "wait; python3 binary.py ";
  office.check("export SKS_CONTENT_TYPE=0; python3 collector.py $port got & ready; $t2 > log; " + compare, "equal\n");
  office.check(
      "export SKS_CONTENT_TYPE=0 SKS_HOST_INFO=1; rm got.ready; python3 collector.py $port got & ready; $t2 -x 42 > "
      "log; " +
          compare + "host",
      "equal\n");
  office.check(
      "export SKS_CONTENT_TYPE=0 SKS_SOCKTYPE=0; rm got.ready; python3 collector.py $port got 0 0 udp & ready; $t2 > "
      "log; " +
          compare,
      "equal\n");
  const Execution refused = office.shell("SKS_HOST_INFO=1 $t2 > log");
  CHECK_THAT(refused.err, Contains("set SKS_CONTENT_TYPE=0"));
}

TEST_CASE("socketSink: UDP", "[socketSink]") {
  Office().check(
      "python3 collector.py $port got 0 0 udp & ready; SKS_SOCKTYPE=0 $t2 > log; echo $?; wait; cmp got x_flows.txt && "
      "echo same",
      "0\nsame\n");
  const Execution refused = Office().shell("SKS_SOCKTYPE=0 $t2 > log 2> err; echo $?");
  CHECK(refused.out == "3\n");
}

TEST_CASE("socketSink: a name that is none stops the run", "[socketSink]") {
  const Execution result = Office().shell("SKS_SERVADD=no.such.name.invalid $t2 > log");
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("cannot find the collector 'no.such.name.invalid'"));
}

}  // namespace t2::test::socket_sink_test
