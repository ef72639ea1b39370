// Whatever is sent, memory grows by no more than what is printed before the first packet.
#include <catch2/catch.hpp>

#include <cstdio>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pattern.hpp"
#include "run.hpp"

namespace t2::test::memory_bound_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "macRecorder", "basicStats", "tcpFlags", "tcpStates", "txtSink"};
constexpr unsigned max_flows = 20'000;

// A capture file that is written packet by packet: Capture would take longer for so many.
class Pcap {
 public:
  explicit Pcap(const std::filesystem::path& path) : file_(std::fopen(path.c_str(), "wb")) {
    put32(0xa1b23c4d), put16(2), put16(4), put32(0), put32(0), put32(65535), put32(1);
  }
  Pcap(const Pcap&) = delete;
  Pcap& operator=(const Pcap&) = delete;
  ~Pcap() { std::fclose(file_); }
  void add(std::int64_t at, const Buffer& frame) {
    put32(static_cast<std::uint32_t>(at / second)), put32(static_cast<std::uint32_t>(at % second));
    put32(static_cast<std::uint32_t>(frame.size())), put32(static_cast<std::uint32_t>(frame.size()));
    std::fwrite(frame.data(), 1, frame.size(), file_);
  }

 private:
  void put32(std::uint32_t value) { std::fwrite(&value, 1, sizeof value, file_); }
  void put16(std::uint16_t value) { std::fwrite(&value, 1, sizeof value, file_); }
  std::FILE* file_;
};

// Offsets in an Ethernet frame with IPv4 behind `tags` VLAN tags.
struct Template {
  Buffer frame;
  std::size_t ip;
  void number(unsigned n) {  // addresses of a flow
    for (unsigned i = 0; i < 3; ++i) frame[ip + 13 + i] = static_cast<std::uint8_t>(n >> 8 * i);
  }
};
Template udp(unsigned tags, bool first_fragment = false) {
  Frame frame;
  frame.eth();
  for (unsigned i = 0; i < tags; ++i) frame.vlan(i + 1);
  frame.ip4("10.0.0.1", "10.9.9.9");
  if (first_fragment) frame.fragment(0, true);
  return {frame.udp(5000, 53).zeros(24), 14 + 4u * tags};
}

// 100,000 flows of one packet each.
void send_flows(Pcap& out, Template packet) {
  for (unsigned n = 0; n < 100'000; ++n) packet.number(n), out.add(epoch + n * microsecond, packet.frame);
}

struct Flood {
  const char* name;
  void (*send)(Pcap&);
};
const Flood floods[] = {
    {"flows", [](Pcap& out) { send_flows(out, udp(0)); }},
    {"MAC addresses",
     [](Pcap& out) {
       Template t = udp(0);
       for (unsigned n = 0; n < max_flows; ++n) {
         t.number(n);
         for (unsigned mac = 0; mac < 17; ++mac) {
           t.frame[11] = static_cast<std::uint8_t>(mac);
           out.add(epoch + (17 * n + mac) * microsecond, t.frame);
         }
       }
     }},
    {"VLAN tags", [](Pcap& out) { send_flows(out, udp(6)); }},
    {"first fragments",
     [](Pcap& out) {
       Template t = udp(0, true);
       for (unsigned n = 0; n < 100'000; ++n) {
         t.number(n), t.frame[18] = static_cast<std::uint8_t>(n), t.frame[19] = static_cast<std::uint8_t>(n >> 8);
         out.add(epoch + n * microsecond, t.frame);
       }
     }},
    {"header stacks",
     [](Pcap& out) {
       Buffer frame = Frame().eth().vlan(1).vlan(2).zeros(60);
       for (unsigned n = 0; n < 70'000; ++n) {
         frame[20] = static_cast<std::uint8_t>(n >> 8), frame[21] = static_cast<std::uint8_t>(n);
         frame[16] = n < 65'536 ? 0x81 : 0x88, frame[17] = n < 65'536 ? 0x00 : 0xa8;
         out.add(epoch + n * microsecond, frame);
       }
     }},
    {"flows that end at once",
     [](Pcap& out) {
       Template t = udp(0);
       for (unsigned round = 0; round < 4; ++round) {
         for (unsigned n = 0; n < max_flows; ++n) t.number(n), out.add(epoch + round * 1000 * second + n, t.frame);
       }
     }},
};

struct Measured {
  long peak = 0;  // bytes
  std::string out;
};

// The peak of the program's memory, reading from a pipe: a mapped file would count.
Measured measure(const std::filesystem::path& capture, const Arguments& more) {
  const TempFolder folder;
  Arguments command{"/bin/sh",
                    "-c",
                    "capture=$0 log=$1; shift; cat \"$capture\" | \"$@\" > \"$log\" 2>&1",
                    capture.string(),
                    (folder / "log").string(),
                    binary().string(),
                    "-p",
                    plugin_folder(folder, plugins).string(),
                    "-r",
                    "-",
                    "-w",
                    (folder / "out").string()};
  command.insert(command.end(), more.begin(), more.end());
  const std::vector<char*> words = pointers(command);
  const pid_t child = fork();
  if (child == 0) {
    execv(words.front(), words.data());
    _exit(127);
  }
  int status = -1;
  rusage used{};
  REQUIRE(wait4(child, &status, 0, &used) == child);
  Measured result{used.ru_maxrss * 1024, read_file(folder / "log")};
  INFO(result.out);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  return result;
}

// Megabytes behind a word of the line that tells the bound.
double part(const std::string& out, const std::string& word) {
  INFO(out);
  const auto found = search("grows with traffic:.*" + word + " ([0-9.]+) MB", out);
  REQUIRE(found);
  return std::stod((*found)[1]);
}

}  // namespace

TEST_CASE("memory: grows by no more than the bound that is printed", "[memory]") {
  const TempFolder folder;
  {
    Pcap nothing(folder / "small");
    nothing.add(epoch, udp(0).frame);
  }
  for (const Arguments& threads : {Arguments{"-t", "0"}, {"-t", "2"}}) {
    if (sanitized && threads[1] == "0") continue;  // sanitizers take more memory than what is measured
    Arguments arguments{"--max-flows", std::to_string(max_flows)};
    arguments.insert(arguments.end(), threads.begin(), threads.end());
    const long base = measure(folder / "small", arguments).peak;
    for (const Flood& flood : floods) {
      INFO(flood.name << ", " << threads[1] << " threads");
      {
        Pcap out(folder / "flood");
        flood.send(out);
      }
      const Measured result = measure(folder / "flood", arguments);
      double bound = part(result.out, "at most") - part(result.out, "collectors");
      if (std::string(flood.name) != "header stacks") bound -= part(result.out, "stacks");
      const double grown = static_cast<double>(result.peak - base) / 1e6;
      INFO(grown << " MB of " << bound);
      CHECK(grown <= bound);
      CHECK(grown > bound / 50);  // it is that flood which fills memory
    }
  }
}

TEST_CASE("memory: what plugins keep for rows of packets is in the bound", "[memory]") {
  if (sanitized) return;
  const TempFolder folder;
  {
    Pcap nothing(folder / "small");
    nothing.add(epoch, udp(0).frame);
    Pcap out(folder / "flood");
    floods[0].send(out);
  }
  const Arguments flows{"-t", "0", "--max-flows", std::to_string(max_flows)};
  Arguments with_packets = flows;
  with_packets.push_back("-s");
  const Measured base = measure(folder / "small", with_packets), result = measure(folder / "flood", with_packets);
  const double without = part(measure(folder / "small", flows).out, "at most");
  const double grown = static_cast<double>(result.peak - base.peak) / 1e6;
  const double bound = part(result.out, "at most") - part(result.out, "collectors") - part(result.out, "stacks");
  INFO(grown << " MB of " << bound);
  CHECK(grown <= bound);
  CHECK(part(result.out, "at most") - without > 2 * max_flows * 48 / 1e6);  // what tcpFlags' map takes at least
}

TEST_CASE("memory: lists that end at their bound do not depend on batches", "[memory]") {
  const TempFolder folder;
  {
    Pcap out(folder / "flood");
    floods[1].send(out);
  }
  const auto rows = [&](const char* batch) {
    return run_file(folder / "flood", plugins, {"--max-flows", std::to_string(max_flows), "--batch", batch}).flow_file;
  };
  const std::string expected = rows("64");
  REQUIRE(expected.size() > 1'000'000);
  CHECK(rows("1") == expected);
  CHECK(rows("7") == expected);
  // Some lists were refused, others have all that fits into one.
  const Table table(expected);
  std::size_t lost = 0, whole = 0;
  for (const auto& row : table.all()) {
    lost += row["macStat"] == "0x01" && row["macPairs"] == "1";
    whole += row["macPairs"] == "16";
  }
  CHECK(lost > 0);
  CHECK(whole > 0);
}

}  // namespace t2::test::memory_bound_test
