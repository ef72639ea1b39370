// The same packets give the same flow file in whatever form they are handed over: byte orders, pcap or pcapng, several
// interfaces, compressed, standard input, or cut in pieces.
#include <catch2/catch.hpp>

#include <zlib.h>

#include <string>
#include <vector>

#include "captures.hpp"
#include "run.hpp"

namespace t2::test::input_forms {

namespace {

const std::vector<std::string> plugins{"basicFlow", "basicStats", "tcpFlags", "tcpStates", "macRecorder", "txtSink"};

Buffer gzip(const Buffer& data) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::runtime_error("zlib");
  Buffer out(deflateBound(&stream, data.size()));
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Whole microseconds, so that every form can hold the times.
Capture packets() {
  const Capture mixed = random_mix(11), split = fragments();
  Capture out;
  for (const Capture* from : {&mixed, &split})
    for (const Capture::Record& record : from->records())
      out.add(record.time / microsecond * microsecond, record.bytes, record.wire,
              static_cast<unsigned>(out.records().size() % 2));
  return out;
}

Capture part(const Capture& of, std::size_t from, std::size_t to) {
  Capture out;
  for (std::size_t i = from; i < std::min(to, of.records().size()); ++i)
    out.add(of.records()[i].time, of.records()[i].bytes, of.records()[i].wire);
  return out;
}

}  // namespace

TEST_CASE("input forms: pcap and pcapng give the same flows", "[input]") {
  const Capture capture = packets();
  const auto expected = run(capture.pcap(), plugins);
  REQUIRE(expected.status == 0);
  REQUIRE(expected.flows.size() > 100);
  const auto same = [&](const char* form, const Buffer& file) {
    INFO(form);
    const auto result = run(file, plugins);
    INFO(result.err);
    CHECK(result.status == 0);
    CHECK((result.flow_file == expected.flow_file));
  };
  const std::vector<Capture::Interface> two{Capture::Interface{}, {.resolution = 6}};
  same("pcap, big endian", capture.pcap({.big_endian = true}));
  same("pcap, microseconds", capture.pcap({.nanoseconds = false}));
  same("pcap, microseconds, big endian", capture.pcap({.nanoseconds = false, .big_endian = true}));
  same("pcapng", capture.pcapng({.interfaces = two}));
  same("pcapng, big endian", capture.pcapng({.big_endian = true, .interfaces = two}));
  same("pcapng, no resolution, time offset",
       capture.pcapng({.interfaces = {{.resolution = -1}, {.resolution = 9, .offset = 1000}}}));
  same("gzip", gzip(capture.pcap()));
  same("gzip of pcapng", gzip(capture.pcapng({.interfaces = two})));
}

TEST_CASE("input forms: standard input and pieces give the same flows", "[input][threads]") {
  const Capture capture = packets();
  const TempFolder folder;
  write_file(folder / "whole", capture.pcap());
  const auto expected = run_file(folder / "whole", plugins);
  REQUIRE(expected.status == 0);

  const auto place = plugin_folder(folder, plugins).string();
  const auto same = [&](const std::string& form, const std::string& input) {
    INFO(form);
    const std::string out = (folder / "out").string();
    std::filesystem::remove(out + "_flows.txt");
    const auto result = run_script(input + " -w out", folder, place);
    INFO(result.err);
    CHECK(result.status == 0);
    CHECK((read_file(out + "_flows.txt") == expected.flow_file));
  };
  same("pipe", "cat whole | $t2 -r -");
  same("redirected", "$t2 -r - < whole");
  const std::string slowly = "{ head -c 5000 whole; sleep 1.3; tail -c +5001 whole; } | $t2 ";
  same("pipe that pauses, with reports in between", slowly + "-M 1 -r -");
  same("the same, with workers", slowly + "-t 2 -M 1 -r -");

  std::string list;
  const std::size_t pieces[] = {0, 1, 700, 2500, capture.records().size()};
  for (std::size_t i = 0; i + 1 < std::size(pieces); ++i) {
    const std::string name = "piece" + std::to_string(i);
    write_file(folder / name, i % 2 ? part(capture, pieces[i], pieces[i + 1]).pcapng()
                                    : part(capture, pieces[i], pieces[i + 1]).pcap());
    list += name + "\n";
  }
  write_file(folder / "list", text(list));
  same("list of pieces", "$t2 -R list");
  same("series of pieces", "$t2 -D piece0:e,3");
  same("series of pieces, with workers", "$t2 -t 2 -D piece0:e,3");
}

}  // namespace t2::test::input_forms
