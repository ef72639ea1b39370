// t2/stream.hpp: whatever a network does to the segments of a connection, its bytes come in their order, each once.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "capture.hpp"
#include "frame.hpp"
#include "run.hpp"
#include "t2/stream.hpp"

namespace t2::test::stream_test {

namespace {

// Lends memory, up to a bound.
class LendingHost final : public Host {
 public:
  ~LendingHost() {
    for (void* block : lent) std::free(block);
  }
  std::int64_t integer(std::string_view) const override { return 0; }
  std::string text(std::string_view) const override { return {}; }
  unsigned sensor_id() const override { return 0; }
  std::span<const Column> columns() const override { return {}; }
  std::string_view headers(std::uint32_t) const override { return {}; }
  Time run_start() const override { return 0; }
  Input input() const override { return {}; }
  std::uint32_t sampling() const override { return 1; }
  std::size_t interfaces() const override { return 0; }
  CaptureInterface interface(std::size_t) const override { return {}; }
  bool must_end() const override { return false; }
  std::unique_ptr<OutputFile> create_file(const NewFile&) override { return {}; }
  std::string data_file(std::string_view) const override { return {}; }
  void info(std::string_view) override {}
  void warn(std::string_view) override {}
  void* flow_alloc(const Flow&, std::size_t bytes) override {
    if (lent.size() >= bound) return nullptr;
    void* block = std::calloc(1, bytes);
    lent.insert(block);
    most = std::max(most, lent.size());
    return block;
  }
  void flow_free(const Flow&, void* block) override {
    CHECK(lent.erase(block) == 1);
    std::free(block);
  }
  std::set<void*> lent;
  std::size_t bound = 1000, most = 0;

 private:
  std::ptrdiff_t state_offset(std::size_t, std::size_t, const void*, std::size_t, Flows) override { return 0; }
  std::ptrdiff_t peek_offset(std::string_view, std::size_t, Flows) override { return 0; }
};

struct Segment {
  std::uint32_t sequence;
  std::string bytes;
  std::uint32_t missing = 0;  // at its end: on the wire, not captured
};

// What comes out of these segments; "<n>" stands for a gap of n bytes.
struct Stream {
  LendingHost host;
  StreamReader reader{host};
  StreamState state;
  Flow flow;
  std::string out;

  auto sink() {
    return [this](std::span<const std::uint8_t> bytes, std::uint32_t gap) {
      if (gap > 0) out += "<" + std::to_string(gap) + ">";
      out.append(bytes.begin(), bytes.end());
    };
  }
  void send(const Segment& s, bool syn = false) {
    Buffer frame(54);
    frame[46] = 0x50;
    frame[47] = syn ? 0x02 : 0x10;
    store_big(frame.data() + 38, s.sequence);
    frame.insert(frame.end(), s.bytes.begin(), s.bytes.end());
    Packet p;
    p.flow = &flow;
    p.data = frame.data();
    p.captured = static_cast<std::uint32_t>(frame.size());
    p.family = Family::ipv4;
    p.protocol = protocol::tcp;
    p.l4 = 34, p.l7 = 54;
    p.captured_l7 = static_cast<std::uint32_t>(s.bytes.size());
    p.captured_l4 = 20 + p.captured_l7;
    p.l7_length = p.captured_l7 + s.missing;
    reader.read(p, state, sink());
  }
  std::string end() {
    reader.finish(flow, state, sink());
    CHECK(host.lent.empty());
    CHECK(host.most <= StreamReader::max_held);
    return out;
  }
};

std::string out_of(const std::vector<Segment>& segments) {
  Stream stream;
  stream.send({0xfffffffb, ""}, true);  // sequence numbers wrap
  for (const Segment& s : segments) stream.send({s.sequence + 0xfffffffc, s.bytes, s.missing});
  return stream.end();
}

std::string letters(std::size_t n, unsigned seed = 0) {
  std::string out(n, ' ');
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<char>('a' + (i * 7 + i / 26 + seed) % 26);
  return out;
}

}  // namespace

TEST_CASE("stream: repeated, early and overlapping segments", "[stream]") {
  CHECK(out_of({{0, "abc"}, {3, "def"}}) == "abcdef");
  CHECK(out_of({{0, "abc"}, {0, "abc"}, {3, "def"}, {1, "bcde"}}) == "abcdef");
  CHECK(out_of({{3, "def"}, {0, "abc"}}) == "abcdef");
  CHECK(out_of({{6, "ghi"}, {3, "def"}, {6, "ghi"}, {0, "abc"}}) == "abcdefghi");
  CHECK(out_of({{0, "abc"}, {1, "bcdef"}}) == "abcdef");
  CHECK(out_of({{4, "ef"}, {2, "cdefgh"}, {0, "ab"}}) == "abcdefgh");
}

TEST_CASE("stream: of bytes that contradict each other the first ones count", "[stream]") {
  CHECK(out_of({{0, "abc"}, {0, "XXXd"}}) == "abcd");
  CHECK(out_of({{3, "def"}, {1, "XXXXXg"}, {0, "a"}}) == "aXXdefg");
  CHECK(out_of({{4, "e"}, {6, "g"}, {2, "XXXXXXX"}, {0, "ab"}}) == "abXXeXgXX");
  CHECK(out_of({{3, "def"}, {0, "abcXXXg"}}) == "abcdefg");
}

TEST_CASE("stream: zeros that fill a frame are no content", "[stream]") {
  const std::string two(2, 0), seven(7, 0);
  CHECK(out_of({{0, "abc"}, {3, two}, {3, "def"}}) == "abcdef");
  CHECK(out_of({{0, "abc"}, {3, seven}}) == "abc" + seven);
}

TEST_CASE("stream: gaps are told", "[stream]") {
  CHECK(out_of({{0, "abc"}, {5, "fgh"}}) == "abc<2>fgh");
  CHECK(out_of({{0, "abc", 2}, {5, "fgh"}}) == "abc<2>fgh");
  CHECK(out_of({{0, "abc", 2}}) == "abc<2>");
  CHECK(out_of({{0, "abc", 2}, {3, "de"}, {5, "f"}}) == "abc<2>f");  // what was not captured is not waited for
  const std::string much = letters(90'000);
  const bool same = out_of({{0, "a"}, {10, much.substr(0, 60'000)}, {60'010, much.substr(60'000)}}) == "a<9>" + much;
  CHECK(same);
  CHECK(out_of({{0, "a"}, {1'000'001, "b"}}) == "a<1000000>b");
}

TEST_CASE("stream: without a SYN it begins with its first segment", "[stream]") {
  Stream stream;
  stream.send({100, "abc"});
  stream.send({103, "def"});
  stream.send({97, "xyz"});
  CHECK(stream.end() == "abcdef");
  CHECK_FALSE(stream.state.from_start);
}

TEST_CASE("stream: behind the first bytes nothing is held", "[stream]") {
  Stream stream;
  stream.send({0, ""}, true);
  const std::string much = letters(StreamReader::ordered);
  for (std::uint32_t at = 0; at < much.size(); at += 1024) stream.send({at + 1, much.substr(at, 1024)});
  const auto end = static_cast<std::uint32_t>(much.size() + 1);
  stream.send({end + 3, "def"});
  CHECK(stream.out == much + "<3>def");
  stream.send({end, "abc"});
  CHECK(stream.end() == much + "<3>def");
}

TEST_CASE("stream: what there is no memory for is passed over and counted", "[stream]") {
  Stream stream;
  stream.host.bound = 1;
  stream.send({0, ""}, true);
  stream.send({4, "def"});
  stream.send({10, "jkl"});
  CHECK(stream.end() == "<3>def<3>jkl");
  CHECK(stream.reader.refused() == 1);
}

namespace {

// Random cuts of a text, some of them sent again with other cuts, up to three places too late.
struct Scrambled {
  std::string whole;
  std::vector<Segment> segments;

  explicit Scrambled(unsigned seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::size_t n) { return static_cast<std::uint32_t>(random() % n); };
    whole = letters(200 + below(8000), seed);
    for (std::uint32_t at = 0; at < whole.size();) {
      const std::uint32_t size = 1 + below(1460);
      segments.push_back({at, whole.substr(at, size)});
      at += size;
    }
    const std::size_t once = segments.size();
    for (std::size_t i = 0; i < once; ++i) {
      if (below(3) != 0) continue;
      const std::uint32_t at = below(whole.size());
      segments.push_back({at, whole.substr(at, 1 + below(2000))});
    }
    for (std::size_t i = 0; i + 1 < segments.size(); ++i)
      std::swap(segments[i], segments[std::min<std::size_t>(segments.size() - 1, i + below(4))]);
  }
};

}  // namespace

TEST_CASE("stream: any order of any cuts", "[stream]") {
  for (unsigned seed = 0; seed < (sanitized ? 60u : 600u); ++seed) {
    CAPTURE(seed);
    const Scrambled sent(seed);
    const bool same = out_of(sent.segments) == sent.whole;  // too long to be printed
    REQUIRE(same);
  }
}

TEST_CASE("stream: tshark puts the same segments into the same bytes", "[stream]") {
  const TempFolder folder;
  if (execute({"sh", "-c", "command -v tshark"}, folder).status != 0) {
    std::cout << " skipped: streams beside those of tshark: it is not installed\n";
    return;
  }
  constexpr unsigned count = 40;
  Capture capture;
  Arguments command{"tshark", "-r", (folder / "streams.pcap").string(), "-q"};
  std::map<std::string, std::string> ours;
  std::int64_t time = epoch;
  for (unsigned seed = 0; seed < count; ++seed) {
    constexpr std::uint32_t begin = 0xfffffffb;
    const auto frame = [&](std::uint32_t sequence, const char* flags, const std::string& bytes) {
      capture.add(
          time += millisecond,
          Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(40000 + seed, 80).seq(sequence).flags(flags).payload(bytes));
    };
    const Scrambled sent(1000 + seed);
    frame(begin, "S", "");
    for (const Segment& s : sent.segments) frame(begin + 1 + s.sequence, "A", s.bytes);
    ours["10.0.0.1:" + std::to_string(40000 + seed)] = out_of(sent.segments);
    command.insert(command.end(), {"-z", "follow,tcp,raw," + std::to_string(seed)});
  }
  write_file(folder / "streams.pcap", capture.pcap());
  std::istringstream told(execute(command, folder).out);
  std::map<std::string, std::string> theirs;  // by the initiator's address
  std::string* stream = nullptr;
  for (std::string line; std::getline(told, line);) {
    if (line.starts_with("Node 0: ")) stream = &theirs[line.substr(8)];
    else if (stream && !line.empty() && line.find_first_not_of("0123456789abcdef") == std::string::npos)
      for (const std::uint8_t byte : hex(line)) *stream += static_cast<char>(byte);
  }
  CHECK(theirs.size() == count);
  for (const auto& [initiator, bytes] : ours) {
    CAPTURE(initiator);
    const bool same = theirs[initiator] == bytes;
    CHECK(same);
  }
}

TEST_CASE("stream: collected bytes", "[stream]") {
  Stream stream;
  CollectedBytes bytes;
  const std::string much = letters(5000);
  for (std::size_t at = 0; at < much.size(); at += 999) {
    const std::string part = much.substr(at, 999);
    REQUIRE(
        stream.reader.collect(stream.flow, bytes, {reinterpret_cast<const std::uint8_t*>(part.data()), part.size()}));
  }
  const auto all = stream.reader.collected(bytes);
  CHECK(std::string(all.begin(), all.end()) == much);
  stream.reader.drop(stream.flow, bytes);
  CHECK(bytes.size == 0);
  CHECK(stream.host.lent.empty());
}

}  // namespace t2::test::stream_test
