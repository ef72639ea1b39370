// Entropy of payloads: of which bytes, and where there is none.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include "run.hpp"

namespace t2::test::entropy_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "entropy", "txtSink"};

Frame datagram(const Buffer& content) { return Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 6000).raw(content); }

Buffer all_bytes(std::size_t size) {
  Buffer out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i);
  return out;
}

Table::Row only(const Result& result) {
  REQUIRE(result.status == 0);
  REQUIRE(result.flows.size() == 1);
  return result.flows.row(0);
}

}  // namespace

TEST_CASE("entropy: of one value, of all, of text", "[entropy]") {
  const auto cells = [](const Buffer& content) {
    const Result result = run(Capture().add(epoch, datagram(content)), plugins);
    const auto row = only(result);
    return std::vector<std::string>{row["PyldEntropy"], row["PyldChRatio"], row["PyldBinRatio"]};
  };
  CHECK(cells(Buffer(100)) == std::vector<std::string>{"0", "0", "1"});
  CHECK(cells(Buffer(100, 'a')) == std::vector<std::string>{"0", "1", "0"});
  CHECK(cells(all_bytes(256)) == std::vector<std::string>{"1", "0.3828125", "0.0390625"});  // 98 and 10 of 256
  CHECK(cells(text("abababab\r\n\t\t")) == std::vector<std::string>{"0.2606203", "0.8333333", "0.1666667"});
  CHECK(cells(Buffer(8)) == std::vector<std::string>{"-1", "-1", "-1"});
  CHECK(cells({}) == std::vector<std::string>{"-1", "-1", "-1"});
}

TEST_CASE("entropy: bits, packets and parts of payloads", "[entropy]") {
  Capture capture;
  capture.add(epoch, datagram(Buffer(64, 1))).add(epoch + 1, datagram(all_bytes(256)));
  const auto entropy = [&](const Arguments& arguments) {
    const Result result = run(capture, plugins, arguments);
    return std::string(only(result)["PyldEntropy"]);
  };
  CHECK(entropy({"--set", "ENT_HPKTIG=1"}) == "1");
  CHECK(entropy({"--set", "ENT_HPKTIG=1", "--set", "ENT_NORM=0"}) == "8");
  CHECK(entropy({"--set", "ENT_HPKTIG=1", "--set", "ENT_NORM=0", "--set", "ENT_HEAD=192"}) == "6");
  CHECK(entropy({"--set", "ENT_HPKTIG=1", "--set", "ENT_NORM=0", "--set", "ENT_TAIL=32"}) == "5");
  CHECK(entropy({"--set", "ENT_HEAD=64", "--set", "ENT_TAIL=80", "--set", "ENT_NORM=0"}) == "4");
  CHECK(entropy({"--set", "ENT_THRESH=64"}) == "0");  // the second packet is not looked at
  CHECK(entropy({"--set", "ENT_THRESH=65", "--set", "ENT_NORM=0"}) != "0");
  CHECK(entropy({"--set", "ENT_THRESL=320"}) == "-1");
  const Result wrong = run(capture, plugins, {"--set", "ENT_HEAD=100", "--set", "ENT_TAIL=100"});
  CHECK(wrong.status == 1);
  CHECK(wrong.err.find("ENT_TAIL is not larger than ENT_HEAD") != std::string::npos);
}

TEST_CASE("entropy: words of fewer bits than a byte", "[entropy]") {
  const auto cells = [](const Buffer& content, const std::string& bits, const std::string& normalised) {
    const Result result = run(Capture().add(epoch, datagram(content)), plugins,
                              {"--set", "ENT_NBITS=" + bits, "--set", "ENT_NORM=" + normalised});
    const auto row = only(result);
    return row["PyldEntropy"] + " " + row["PyldChRatio"] + " " + row["PyldBinRatio"];
  };
  // 0x1b: 0001 1011, each pair of bits once.
  const Buffer pairs(64, 0x1b), nibbles(64, 0x33);
  CHECK(cells(pairs, "8", "0") == "0 0 0");
  CHECK(cells(pairs, "4", "0") == "1 0 0");
  CHECK(cells(pairs, "2", "0") == "2 0 0");
  CHECK(cells(pairs, "1", "0") == "1 0 0");
  CHECK(cells(pairs, "2", "1") == "1 0 0");
  CHECK(cells(pairs, "4", "1") == "0.25 0 0");
  CHECK(cells(nibbles, "4", "1") == "0 1 0");
  CHECK(cells(all_bytes(256), "4", "0") == "4 0.3828125 0.0390625");
  for (const char* bits : {"0", "3", "5", "9"})
    CHECK(run(Capture(), plugins, {"--set", std::string("ENT_NBITS=") + bits}).status == 1);
}

TEST_CASE("entropy: bytes that were not captured do not count", "[entropy]") {
  const Buffer whole = datagram(all_bytes(256));
  const Result result = run(
      Capture().add(epoch, Buffer(whole.begin(), whole.begin() + 42 + 16), static_cast<std::uint32_t>(whole.size())),
      plugins, {"--set", "ENT_NORM=0"});
  CHECK(only(result)["PyldEntropy"] == "4");
}

TEST_CASE("entropy: layer 2, and the report", "[entropy]") {
  Capture capture;
  capture.add(epoch, Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2"));
  capture.add(epoch + 1, datagram(all_bytes(256)));
  const Result result = run(capture, plugins);
  CHECK(std::stod(result.flows.find({{"ethType", "0x0806"}})["PyldEntropy"]) > 0.1);
  CHECK(result.out.find("entropy: Number of flows with entropy: 2 (smallest 0.") != std::string::npos);
  CHECK(result.out.find(", largest 1.000000)") != std::string::npos);
}

}  // namespace t2::test::entropy_test
