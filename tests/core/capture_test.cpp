// Capture files in every variant: byte orders, resolutions, formats, sections, interfaces. Read through Source, as the
// engine does.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "capture.hpp"
#include "capture/source.hpp"
#include "t2/plugin.hpp"

namespace t2::test::capture_test {

namespace {

struct Got {
  Time time;
  Buffer bytes;
  std::uint32_t wire;
  int link_type;
};

struct Content {
  std::vector<Got> packets;
  std::string damage, description;
};

Content read_all(Source& source) {
  Content out;
  out.description = source.describe();
  Block block;
  for (bool more = true; more;) {
    more = source.read(block) != Read::end;
    for (const RawPacket& p : block.packets)
      out.packets.push_back({p.time, Buffer(p.data, p.data + p.captured), p.wire, p.link_type});
  }
  out.damage = source.damage();
  return out;
}

Content read_bytes(const Buffer& file, const std::string& filter = "") {
  const TempFolder folder;
  write_file(folder / "c.pcap", file);
  const auto source = open_file((folder / "c.pcap").string(), {.filter = filter});
  return read_all(*source);
}

const Buffer frame = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).payload("abcdefgh");
constexpr Time t1 = epoch + 123'456'789, t2_ = epoch + 5 * second + 1;

using Interfaces = std::vector<Capture::Interface>;
Capture::PcapngFormat ng(bool big_endian, Interfaces interfaces = {Capture::Interface()}) {
  Capture::PcapngFormat format;
  format.big_endian = big_endian;
  format.interfaces = std::move(interfaces);
  return format;
}
Capture::Interface interface(std::uint16_t link_type, int resolution = 9, std::int64_t offset = 0,
                             std::uint32_t snaplen = 65535) {
  return {link_type, resolution, offset, snaplen};
}

Capture two() { return Capture().add(t1, frame).add(t2_, frame, 1000); }

void check_two(const Content& got, Time unit) {
  REQUIRE(got.packets.size() == 2);
  CHECK(got.damage == "");
  CHECK(got.packets[0].time == t1 / unit * unit);
  CHECK(got.packets[1].time == t2_ / unit * unit);
  CHECK(got.packets[0].bytes == frame);
  CHECK(got.packets[0].wire == frame.size());
  CHECK(got.packets[1].wire == 1000);
  CHECK(got.packets[1].link_type == 1);
}

Buffer le32(std::uint32_t v) {
  return {static_cast<std::uint8_t>(v), static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v >> 16),
          static_cast<std::uint8_t>(v >> 24)};
}

void patch(Buffer& file, std::size_t at, const Buffer& bytes) {
  std::memcpy(file.data() + at, bytes.data(), bytes.size());
}

}  // namespace

TEST_CASE("capture: pcap in both byte orders, micro- and nanoseconds", "[capture]") {
  for (const bool big : {false, true}) {
    check_two(read_bytes(two().pcap({.nanoseconds = true, .big_endian = big})), 1);
    check_two(read_bytes(two().pcap({.nanoseconds = false, .big_endian = big})), microsecond);
  }
}

TEST_CASE("capture: pcap, link types and what the header says of them", "[capture]") {
  CHECK(read_bytes(two().pcap({.link_type = 113})).packets.at(0).link_type == 113);
  CHECK(read_bytes(two().pcap({.link_type = 101})).packets.at(0).link_type == 12);  // LINKTYPE_RAW is DLT_RAW
  CHECK(read_bytes(two().pcap({.link_type = 0x3400'0001})).packets.at(0).link_type ==
        1);  // with a length of check sequences
  CHECK_THAT(read_bytes(two().pcap()).description,
             Catch::Contains("Ethernet") && Catch::Contains("EN10MB/1") && Catch::Contains("65535"));
}

TEST_CASE("capture: pcap, the modified format has longer packet headers", "[capture]") {
  Buffer file = two().pcap({.nanoseconds = false}), modified(file.begin(), file.begin() + 24);
  patch(modified, 0, le32(0xa1b2cd34));
  for (std::size_t at = 24; at < file.size(); at += 16 + frame.size()) {
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
    modified.insert(modified.end(), begin, begin + 16);
    modified.insert(modified.end(), 8, 0xee);  // interface, protocol, packet type
    modified.insert(modified.end(), begin + 16, begin + 16 + static_cast<std::ptrdiff_t>(frame.size()));
  }
  check_two(read_bytes(modified), microsecond);
}

TEST_CASE("capture: pcap before version 2.3 exchanged the lengths", "[capture]") {
  Buffer file = two().pcap({.nanoseconds = false});
  file[6] = 2;  // minor version
  const std::size_t second_head = 24 + 16 + frame.size();
  patch(file, second_head + 8, le32(1000));
  patch(file, second_head + 12, le32(static_cast<std::uint32_t>(frame.size())));
  check_two(read_bytes(file), microsecond);
}

TEST_CASE("capture: pcap, a file with nothing but its header holds no packets", "[capture]") {
  const Content got = read_bytes(Capture().pcap());
  CHECK(got.packets.empty());
  CHECK(got.damage == "");
}

TEST_CASE("capture: many packets over many blocks", "[capture]") {
  Capture capture;
  for (int i = 0; i < 1000; ++i) capture.add(epoch + i, frame);
  for (const Buffer& file : {capture.pcap(), capture.pcapng()}) {
    const Content got = read_bytes(file);
    REQUIRE(got.packets.size() == 1000);
    for (int i = 0; i < 1000; ++i) CHECK(got.packets[static_cast<std::size_t>(i)].time == epoch + i);
  }
}

TEST_CASE("capture: a large file keeps its packets while they are in use", "[capture]") {
  Capture capture;
  for (unsigned i = 0; i < 1000; ++i) {
    Buffer big(60'000, static_cast<std::uint8_t>(i));
    capture.add(epoch + i, std::move(big));
  }
  const TempFolder folder;
  write_file(folder / "c.pcap", capture.pcap());
  const auto source = open_file((folder / "c.pcap").string(), {});
  Block block;
  unsigned n = 0;
  bool fine = true;
  for (bool more = true; more;) {
    more = source->read(block) != Read::end;
    for (const RawPacket& p : block.packets) {
      const auto expected = static_cast<std::uint8_t>(n++);
      fine = fine && p.captured == 60'000 && p.data[0] == expected && p.data[30'000] == expected &&
             p.data[59'999] == expected;
    }
  }
  CHECK(fine);
  CHECK(n == 1000);
}

TEST_CASE("capture: pcapng in both byte orders", "[capture]") {
  for (const bool big : {false, true}) check_two(read_bytes(two().pcapng(ng(big))), 1);
}

TEST_CASE("capture: pcapng, each interface has its link type, resolution, offset and snapshot length", "[capture]") {
  const Buffer raw = Frame().ip4("10.0.0.1", "10.0.0.2").udp(1, 2);
  Capture capture;
  capture.add(t1, frame, 0, 0)
      .add(t1, raw, 0, 1)
      .add(t1, frame, 0, 2)
      .add(t1, frame, 0, 3)
      .add(t1, frame, 0, 4)
      .add(t1, frame, 0, 0);
  for (const bool big : {false, true}) {
    const Content got = read_bytes(capture.pcapng(ng(big, {interface(1, -1), interface(101, 6), interface(1, 0x80 | 20),
                                                           interface(1, 9, 3600), interface(1, 3, 0, 20)})));
    REQUIRE(got.packets.size() == 6);
    CHECK(got.packets[0].time == t1 / 1000 * 1000);
    CHECK(got.packets[1].time == t1 / 1000 * 1000);
    CHECK(got.packets[1].link_type == 12);
    CHECK(std::abs(got.packets[2].time - t1) <= second / (1 << 20));
    CHECK(got.packets[3].time == t1);
    CHECK(got.packets[4].time == t1 / millisecond * millisecond);
    CHECK(got.packets[4].bytes.size() == 20);
    CHECK(got.packets[4].wire == frame.size());
    CHECK(got.packets[5].link_type == 1);
  }
}

TEST_CASE("capture: pcapng, a time that cannot be is kept within bounds, with its offset", "[capture]") {
  for (const std::int64_t offset : {std::int64_t{0}, std::int64_t{1'090'519'045}, std::int64_t{-1'090'519'045}}) {
    Buffer file = Capture().add(t1, frame).pcapng(ng(false, {interface(1, -1, offset)}));
    const std::size_t block = file.size() - (32 + (frame.size() + 3) / 4 * 4);
    std::memset(file.data() + block + 12, 0xff, 8);
    const Content got = read_bytes(file);
    REQUIRE(got.packets.size() == 1);
    CHECK(got.packets[0].time > 0);  // no overflow
  }
}

TEST_CASE("capture: pcapng, simple packet blocks have no time", "[capture]") {
  const Content got = read_bytes(Capture().add_simple(frame).add_simple(frame, 1000).pcapng());
  REQUIRE(got.packets.size() == 2);
  CHECK(got.packets[0].bytes == frame);
  CHECK(got.packets[0].time == 0);
}

TEST_CASE("capture: pcapng, a new section begins with no interfaces and may have another byte order", "[capture]") {
  const Buffer file = two().pcapng() + Capture().add(t1, frame).pcapng(ng(true, {interface(113)})) + two().pcapng();
  const Content got = read_bytes(file);
  REQUIRE(got.packets.size() == 5);
  CHECK(got.packets[2].link_type == 113);
  CHECK(got.packets[2].time == t1);
  CHECK(got.packets[4].wire == 1000);
  CHECK(got.damage == "");
}

TEST_CASE("capture: pcapng, block lengths may leave out the padding", "[capture]") {
  const Buffer odd(frame.begin(), frame.end() - 1);
  const Buffer file = Capture().add(t1, odd).add(t2_, odd).pcapng();
  const std::size_t padding = (4 - odd.size() % 4) % 4, block = 32 + odd.size() + padding, at = file.size() - 2 * block;
  REQUIRE(padding > 0);
  Buffer changed = file;
  for (const std::size_t length : {at + 4, at + block - 4, at + block + 4, at + 2 * block - 4})
    patch(changed, length, le32(static_cast<std::uint32_t>(block - padding)));
  const Content got = read_bytes(changed);
  REQUIRE(got.packets.size() == 2);
  CHECK(got.packets[1].bytes == odd);
  CHECK(got.damage == "");
  patch(changed, at + block - 4, le32(0));  // not what stands in front: damage
  CHECK(read_bytes(changed).damage.find("impossible block length") != std::string::npos);
}

TEST_CASE("capture: pcapng, blocks that are not known are skipped", "[capture]") {
  const Buffer plain = two().pcapng();
  const Buffer unknown = le32(0x0bad0001) + le32(16) + le32(0) + le32(16),
               names = le32(4) + le32(16) + le32(0) + le32(16);
  const Buffer file =
      Buffer(plain.begin(), plain.begin() + 28) + unknown + names + Buffer(plain.begin() + 28, plain.end()) + unknown;
  check_two(read_bytes(file), 1);
}

TEST_CASE("capture: pcapng, a block of an unknown type may be longer than what is read at once, and be cut",
          "[capture]") {
  constexpr std::uint32_t content = 200'000;
  const Buffer plain = two().pcapng();
  const Buffer unknown = le32(0x0bad0001) + le32(content + 12) + Buffer(content, 0x55) + le32(content + 12);
  check_two(read_bytes(Buffer(plain.begin(), plain.begin() + 28) + unknown + Buffer(plain.begin() + 28, plain.end())),
            1);
  for (const std::size_t there : {8u, 100u, 70'000u, content + 8}) {
    const Content got =
        read_bytes(plain + Buffer(unknown.begin(), unknown.begin() + static_cast<std::ptrdiff_t>(there)));
    CHECK(got.packets.size() == 2);
    CHECK_THAT(got.damage, Catch::Contains("is damaged at byte " + std::to_string(plain.size()) +
                                           ": the file ends inside a block"));
  }
}

TEST_CASE("capture: a stream gives what the file gives, in pieces of any size", "[capture]") {
  Capture capture;
  const Buffer raw = Frame().ip4("10.0.0.1", "10.0.0.2").udp(1, 2);
  for (int i = 0; i < 500; ++i) capture.add(epoch + i, i % 3 ? frame : raw, 0, i % 3 ? 0 : 1);
  capture.add(epoch + 500, Buffer(150'000, 7), 0, 0);
  const Buffer file = capture.pcapng(ng(false, {interface(1, 9, 0, 200'000), interface(101)}));
  const Content expected = read_bytes(file);
  REQUIRE(expected.packets.size() == 501);
  for (const std::size_t piece : {1'000u, 4'096u, 1'000'000u}) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    std::thread writer([&] {
      for (std::size_t at = 0; at < file.size(); at += piece) {
        const std::size_t n = std::min(piece, file.size() - at);
        for (std::size_t done = 0; done < n;) {
          const ssize_t written = write(ends[1], file.data() + at + done, n - done);
          if (written <= 0) break;
          done += static_cast<std::size_t>(written);
        }
      }
      close(ends[1]);
    });
    const Content got = read_all(*open_file("/proc/self/fd/" + std::to_string(ends[0]), {}));
    writer.join();
    close(ends[0]);
    CHECK(got.damage == "");
    REQUIRE(got.packets.size() == expected.packets.size());
    bool equal = true;
    for (std::size_t i = 0; i < got.packets.size(); ++i) {
      const Got &a = got.packets[i], &b = expected.packets[i];
      equal = equal && a.time == b.time && a.bytes == b.bytes && a.wire == b.wire && a.link_type == b.link_type;
    }
    CHECK(equal);
  }
}

TEST_CASE("capture: a file that is cut while it is read ends there", "[capture]") {
  Capture capture;
  for (int i = 0; i < 5'000; ++i) capture.add(epoch + i, frame);
  const TempFolder folder;
  write_file(folder / "c.pcap", capture.pcap());
  const auto source = open_file((folder / "c.pcap").string(), {});
  Block block;
  REQUIRE(source->read(block) == Read::packets);
  std::filesystem::resize_file(folder / "c.pcap", 24 + 16);
  while (source->read(block) != Read::end) {}
  CHECK_THAT(source->damage(), Catch::Contains("the file became shorter while it was read"));
}

namespace {

// Larger than what is read rather than mapped. Packets differ.
Capture large_capture() {
  Capture capture;
  for (unsigned i = 0; i < 4'000; ++i) {
    capture.add(epoch + i, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, i).zeros(i * 7 % 1400), 0, 0);
  }
  return capture;
}

std::unique_ptr<Source> through_a_pipe(const TempFolder& folder, const std::string& file) {
  const std::string pipe = (folder / "pipe").string();
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  std::thread([pipe, file] {
    std::ofstream(pipe, std::ios::binary) << std::ifstream(file, std::ios::binary).rdbuf();
  }).detach();
  return open_file(pipe, {});
}

}  // namespace

TEST_CASE("capture: a large file gives what a stream gives, and its packets outlive their source", "[capture]") {
  for (const bool next_generation : {false, true}) {
    const TempFolder folder;
    const std::string path = (folder / "c").string();
    const Capture capture = large_capture();
    write_file(path, next_generation ? capture.pcapng() : capture.pcap());
    const Content expected = read_all(*through_a_pipe(folder, path));
    REQUIRE(expected.packets.size() == 4'000);
    auto source = open_file(path, {});
    std::vector<Block> blocks;
    for (Read kind = Read::packets; kind != Read::end;) kind = source->read(blocks.emplace_back());
    CHECK(source->damage() == "");
    CHECK(source->position() == std::filesystem::file_size(path));
    source.reset();
    std::size_t at = 0;
    bool equal = true;
    for (const Block& block : blocks) {
      for (const RawPacket& packet : block.packets) {
        const Got& other = expected.packets.at(at++);
        equal = equal && packet.time == other.time && packet.wire == other.wire &&
                packet.link_type == other.link_type &&
                Buffer(packet.data, packet.data + packet.captured) == other.bytes;
      }
    }
    CHECK(equal);
    CHECK(at == expected.packets.size());
  }
}

TEST_CASE("capture: a large file that is cut while it is read ends there, whatever of it was not touched yet",
          "[capture]") {
  for (const bool next_generation : {false, true}) {
    const Buffer file = next_generation ? large_capture().pcapng() : large_capture().pcap();
    REQUIRE(file.size() > 2'000'000);
    for (const std::size_t left :
         {std::size_t{0}, std::size_t{4'001}, std::size_t{8'192}, std::size_t{1'000'000}, file.size() - 1}) {
      const TempFolder folder;
      write_file(folder / "cut.pcap", Buffer(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(left)));
      const std::size_t packets_left =
          left > 0 ? read_all(*open_file((folder / "cut.pcap").string(), {})).packets.size() : 0;
      write_file(folder / "c.pcap", file);
      const auto source = open_file((folder / "c.pcap").string(), {});
      Block first, block;
      REQUIRE(source->read(first) == Read::packets);
      std::filesystem::resize_file(folder / "c.pcap", left);
      bool zeros = true;  // as they were; what is behind the end has no other bytes
      for (const RawPacket& packet : first.packets)
        zeros = zeros && (packet.captured < 43 || packet.data[packet.captured - 1] == 0);
      CHECK(zeros);
      std::size_t packets = first.packets.size();
      while (source->read(block) != Read::end) packets += block.packets.size();
      CHECK(packets == std::max(packets_left, first.packets.size()));
      CHECK_THAT(source->damage(),
                 Catch::Contains("the file became shorter while it was read, it had " + std::to_string(file.size()) +
                                 " bytes; " + std::to_string(packets) + " packets"));
    }
  }
}

TEST_CASE("capture: what is appended to a large file while it is read is read, too", "[capture]") {
  const Buffer file = large_capture().pcap();
  const TempFolder folder;
  for (const std::ptrdiff_t later : {std::ptrdiff_t{900'000}, std::ptrdiff_t{10}}) {
    write_file(folder / "c.pcap", Buffer(file.begin(), file.end() - later));
    const auto source = open_file((folder / "c.pcap").string(), {});
    Block block;
    REQUIRE(source->read(block) == Read::packets);
    std::ofstream(folder / "c.pcap", std::ios::binary | std::ios::app)
        .write(reinterpret_cast<const char*>(&*(file.end() - later)), later);
    std::size_t packets = block.packets.size();
    while (source->read(block) != Read::end) packets += block.packets.size();
    CHECK(source->damage() == "");
    CHECK(packets == 4'000);
  }
}

TEST_CASE("capture: any number of large files may be open", "[capture]") {
  const TempFolder folder;
  write_file(folder / "c.pcap", large_capture().pcap());
  std::vector<std::unique_ptr<Source>> sources;
  for (int i = 0; i < 20; ++i) sources.push_back(open_file((folder / "c.pcap").string(), {}));
  for (const auto& source : sources) CHECK(read_all(*source).packets.size() == 4'000);
}

TEST_CASE("capture: filters choose packets, by link type", "[capture]") {
  Capture capture;
  capture.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 53))
      .add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(1, 53));
  CHECK(read_bytes(capture.pcap(), "udp port 53").packets.size() == 1);
  CHECK(read_bytes(capture.pcapng(), "tcp or udp").packets.size() == 2);
  CHECK(read_bytes(capture.pcap(), "icmp").packets.empty());
  CHECK_THROWS_AS(read_bytes(capture.pcap(), "no such filter"), Error);

  Capture mixed;
  mixed.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 53), 0, 0)
      .add(epoch, Frame().ip4("10.0.0.1", "10.0.0.2").udp(1, 53), 0, 1);
  mixed.add(epoch, Frame().ip4("10.0.0.1", "10.0.0.2").udp(1, 54), 0, 1);
  CHECK(read_bytes(mixed.pcapng(ng(false, {interface(1), interface(101)})), "udp port 53").packets.size() == 2);
}

TEST_CASE("capture: what is no capture is refused", "[capture]") {
  const TempFolder folder;
  const auto opened = [&](const Buffer& content) {
    write_file(folder / "x", content);
    return open_file((folder / "x").string(), {});
  };
  CHECK_THROWS_AS(opened({}), Error);
  CHECK_THROWS_AS(opened(text("GIF89a, and more than twenty-four bytes")), Error);
  CHECK_THROWS_AS(opened(hex("d4c3b2a1 0200 0400")), Error);
  CHECK_THROWS_AS(opened(hex("0a0d0d0a 1c000000 12345678") + Buffer(16)), Error);
  CHECK_THROWS_AS(open_file(folder.path().string(), {}), Error);
  CHECK_THROWS_AS(open_file((folder / "none").string(), {}), Error);
}

TEST_CASE("capture: reading ahead in a thread gives the same packets", "[capture]") {
  Capture capture;
  for (int i = 0; i < 1000; ++i)
    capture.add(epoch + i, Frame()
                               .eth()
                               .ip4("10.0.0.1", "10.0.0.2")
                               .udp(1, static_cast<unsigned>(i))
                               .zeros(static_cast<std::size_t>(i % 100)));
  const TempFolder folder;
  write_file(folder / "c.pcap", capture.pcap());
  const auto plain = open_file((folder / "c.pcap").string(), {});
  const Content expected = read_all(*plain);
  for (const std::size_t slots : {64u, 100u, 8192u}) {
    const auto ahead = buffered(open_file((folder / "c.pcap").string(), {}), slots);
    const Content got = read_all(*ahead);
    REQUIRE(got.packets.size() == expected.packets.size());
    for (std::size_t i = 0; i < got.packets.size(); ++i) {
      CHECK(got.packets[i].bytes == expected.packets[i].bytes);
      CHECK(got.packets[i].time == expected.packets[i].time);
    }
  }
  const auto left_early =
      buffered(open_file((folder / "c.pcap").string(), {}), 64);  // never read: ends without waiting
  left_early->stop();
}

}  // namespace t2::test::capture_test
