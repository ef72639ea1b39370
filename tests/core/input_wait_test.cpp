// Input that lets the program wait: a writer of -D that pauses, and signals while nothing has come yet.
#include <catch2/catch.hpp>

#include "run.hpp"

namespace t2::test::input_wait_test {

namespace {

using Catch::Contains;

const std::vector<std::string> plugins{"basicFlow", "basicStats", "txtSink"};

struct Place {
  TempFolder folder;
  std::string plugin_path = plugin_folder(folder, plugins).string();
  Execution shell(const std::string& script) const { return run_script(script, folder, plugin_path); }
  std::size_t packets() const {
    std::size_t sum = 0;
    const Table flows(read_file(folder / "o_flows.txt"));
    for (const auto& row : flows.all()) sum += static_cast<std::size_t>(row.number("pktsSnt"));
    return sum;
  }
};

}  // namespace

// The writer's pauses are longer than POLLTM, in the middle of records, in files with and without a successor.
TEST_CASE("series: a writer that pauses loses nothing", "[capture]") {
  const Place place;
  Capture c;
  for (unsigned i = 0; i < 10; ++i)
    c.add(epoch + i * second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).zeros(100));
  const Buffer file = c.pcap();
  const std::size_t record = (file.size() - 24) / 10;
  const std::size_t cuts[] = {0, 10, 24 + 3 * record + 7, 24 + 5 * record + 40, file.size()};
  for (std::size_t i = 0; i < 4; ++i)
    write_file(place.folder / ("part" + std::to_string(i)),
               Buffer(file.begin() + static_cast<std::ptrdiff_t>(cuts[i]),
                      file.begin() + static_cast<std::ptrdiff_t>(cuts[i + 1])));
  const Execution result = place.shell(
      "$t2 -D s.pcap0,1 -w o & t2=$!\n"
      "for n in 0 1; do exec 3> s.pcap$n; cat part0 >&3; sleep 0.3; cat part1 >&3; sleep 6.5; cat part2 >&3; sleep "
      "0.3; cat part3 >&3; exec 3>&-; done\n"
      "wait $t2");
  INFO(result.out << result.err);
  CHECK(result.status == 0);
  CHECK(place.packets() == 20);
}

TEST_CASE("series: the first file may come after the start, with its number or without", "[capture]") {
  const Buffer file = Capture().add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).zeros(100)).pcap();
  const std::pair<std::string, std::string> cases[] = {
      {"s.pcap0", "s.pcap0"}, {"s.pcap0", "s.pcap"}, {"s.pcap", "s.pcap0"}, {"s.pcap", "s.pcap"}};
  for (const auto& [asked, comes] : cases) {
    const Place place;
    write_file(place.folder / "file", file);
    const Execution result =
        place.shell("touch -d '1 hour ago' file; $t2 -D " + asked + ",0 -w o > log 2>&1 & t2=$!\n" +
                    "for i in {1..100}; do ! grep -sq 'Waiting for file: " + asked +
                    "$' log || break; sleep 0.05; done\n"
                    "mv file " +
                    comes +
                    "; for i in {1..100}; do kill -0 $t2 2> /dev/null || break; sleep 0.05; done\n"
                    "kill $t2 2> /dev/null; wait $t2; status=$?; cat log; exit $status");
    INFO(asked << ", " << comes << "\n" << result.out << result.err);
    CHECK(result.status == 0);
    CHECK(place.packets() == 1);
  }
}

TEST_CASE("series: a writer that ends inside a packet is damage, the files behind it are read", "[capture]") {
  const Place place;
  const Buffer file = Capture().add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).zeros(100)).pcap();
  write_file(place.folder / "s.pcap0", file);
  write_file(place.folder / "s.pcap1", Buffer(file.begin(), file.end() - 5));
  write_file(place.folder / "s.pcap2", file);
  const Execution result = place.shell("$t2 -D s.pcap0,2 -w o");
  INFO(result.out << result.err);
  CHECK(result.status == 2);
  CHECK(place.packets() == 2);
}

TEST_CASE("signals: end the program within a second while it waits for a file header", "[program]") {
  const Place place;
  write_file(place.folder / "half", Buffer(hex("d4c3b2a1 0200 0400 00000000")));
  const std::pair<const char*, const char*> inputs[] = {
      {"a pipe without data", "exec 3<>fifo; $t2 -r - -w o < fifo & t2=$!"},
      {"a named pipe without a writer", "$t2 -r fifo -w o & t2=$!"},
      {"a named pipe without data", "exec 3<>fifo; $t2 -r fifo -w o & t2=$!"},
      {"half a header", "exec 3<>fifo; cat half >&3; $t2 -r fifo -w o & t2=$!"},
      {"a list of a named pipe", "echo fifo > list; exec 3<>fifo; $t2 -R list -w o & t2=$!"},
      {"a series whose file does not exist", "$t2 -D none.pcap0 -w o & t2=$!"},
      {"a series whose file has no header", ": > s.pcap0; cat half > s.pcap0; $t2 -D s.pcap0 -w o & t2=$!"}};
  for (const auto& [what, start] : inputs) {
    for (const char* signal : {"TERM", "INT"}) {
      const Execution result = place.shell(std::string("rm -f fifo; mkfifo fifo\n") + start + "\nsleep 0.7; kill -" +
                                           signal + " $t2; [ " + signal +
                                           " = TERM ] || { sleep 0.2; kill -INT $t2 2> /dev/null; }\n"
                                           "for i in {1..20}; do kill -0 $t2 2> /dev/null || break; sleep 0.05; done\n"
                                           "kill -0 $t2 2> /dev/null && { echo STILL RUNNING; kill -9 $t2; }\n"
                                           "wait $t2; exit $?");
      INFO(what << ", SIG" << signal << "\n" << result.out << result.err);
      CHECK_THAT(result.out, !Contains("STILL RUNNING"));
      CHECK(result.status <= 1);
      if (result.status == 1) CHECK_THAT(result.err, Contains("stopped while") && Contains("waited for"));
    }
  }
}

}  // namespace t2::test::input_wait_test
