// Compressed captures: whole, cut, damaged, with skippable frames. What the libraries can still give is analysed.
#include <catch2/catch.hpp>

#include <random>

#include <archive.h>
#include <archive_entry.h>
#include <lzma.h>
#include <zlib.h>

#include "run.hpp"

namespace t2::test::compressed_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "basicStats", "txtSink"};
constexpr std::size_t header = 24, record = 16;

// Content that cannot be compressed, so that cuts and damage reach every part of it.
Capture packets(std::size_t count) {
  std::mt19937 random(7);
  Capture c;
  for (std::size_t i = 0; i < count; ++i) {
    Buffer content(200 + random() % 800);
    for (auto& byte : content) byte = static_cast<std::uint8_t>(random());
    c.add(epoch + static_cast<std::int64_t>(i) * millisecond,
          Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).raw(content));
  }
  return c;
}

// How many of them the first bytes of the file hold.
std::size_t whole_packets(const Capture& capture, std::size_t bytes) {
  std::size_t count = 0, at = header;
  for (const Capture::Record& r : capture.records()) {
    at += record + r.bytes.size();
    if (at > bytes) break;
    ++count;
  }
  return count;
}

Buffer gzip(const Buffer& data, int level = 6) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Buffer out(deflateBound(&stream, data.size()) + 64);
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Buffer xz(const Buffer& data) {
  Buffer out(lzma_stream_buffer_bound(data.size()));
  std::size_t size = 0;
  REQUIRE(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr, data.data(), data.size(), out.data(), &size,
                                  out.size()) == LZMA_OK);
  out.resize(size);
  return out;
}

Buffer with_libarchive(const Buffer& data, int filter) {
  Buffer out(2 * data.size() + 65536);
  std::size_t size = 0;
  archive* a = archive_write_new();
  archive_write_add_filter(a, filter);
  archive_write_set_format_raw(a);
  archive_write_set_bytes_in_last_block(a, 1);
  REQUIRE(archive_write_open_memory(a, out.data(), out.size(), &size) == ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_pathname(entry, "x");
  REQUIRE(archive_write_header(a, entry) == ARCHIVE_OK);
  REQUIRE(archive_write_data(a, data.data(), data.size()) == static_cast<la_ssize_t>(data.size()));
  archive_entry_free(entry);
  REQUIRE(archive_write_close(a) == ARCHIVE_OK);
  archive_write_free(a);
  out.resize(size);
  return out;
}

// What the library makes of the beginning of a stream.
std::size_t bytes_of_gzip(const Buffer& data) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  Buffer out(std::size_t{4} << 20);
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  inflate(&stream, Z_SYNC_FLUSH);
  inflateEnd(&stream);
  return stream.total_out;
}
std::size_t bytes_of_xz(const Buffer& data) {
  lzma_stream stream = LZMA_STREAM_INIT;
  REQUIRE(lzma_stream_decoder(&stream, UINT64_MAX, 0) == LZMA_OK);
  Buffer out(std::size_t{4} << 20);
  stream.next_in = data.data();
  stream.avail_in = data.size();
  stream.next_out = out.data();
  stream.avail_out = out.size();
  while (lzma_code(&stream, LZMA_FINISH) == LZMA_OK) {}
  const std::size_t size = stream.total_out;
  lzma_end(&stream);
  return size;
}

Buffer first(Buffer data, std::size_t size) { return data.resize(size), data; }

std::size_t analysed(const Result& result) {
  return result.flows.size() ? static_cast<std::size_t>(result.flows.row(0).number("pktsSnt")) : 0;
}

void check_cut(const Capture& capture, const Buffer& compressed, std::size_t (*bytes_of)(const Buffer&),
               const std::string& kind) {
  for (const std::size_t cut : {compressed.size() / 10, compressed.size() / 2, compressed.size() - 3000,
                                compressed.size() - 20, compressed.size() - 1}) {
    const Buffer part = first(compressed, cut);
    const std::size_t expected = whole_packets(capture, bytes_of(part));
    const Result result = run(part, plugins);
    INFO(kind << " cut to " << cut << " of " << compressed.size() << "\n" << result.out << result.err);
    REQUIRE(expected > 3);
    CHECK(result.status == 2);
    CHECK(analysed(result) == expected);
    CHECK_THAT(result.out + result.err, Catch::Contains("the " + kind + " data end too early"));
  }
}

}  // namespace

TEST_CASE("compressed: whole captures in every form", "[capture]") {
  const Capture capture = packets(500);
  const Buffer plain = capture.pcap();
  const std::string expected = run(plain, plugins).flow_file;
  const auto same = [&](const char* form, const Buffer& file) {
    const Result result = run(file, plugins);
    INFO(form << "\n" << result.out << result.err);
    CHECK(result.status == 0);
    CHECK(result.flow_file == expected);
  };
  const std::size_t half = plain.size() / 2;
  const Buffer front = first(plain, half), back(plain.begin() + static_cast<std::ptrdiff_t>(half), plain.end());
  same("gzip", gzip(plain));
  same("two members of gzip", gzip(front) + gzip(back));
  same("gzip in a tape's block", gzip(plain) + Buffer(512));
  same("xz", xz(plain));
  same("two streams of xz", xz(front) + xz(back));
  same("bzip2", with_libarchive(plain, ARCHIVE_FILTER_BZIP2));
  same("zstd", with_libarchive(plain, ARCHIVE_FILTER_ZSTD));
  same("lz4", with_libarchive(plain, ARCHIVE_FILTER_LZ4));
}

TEST_CASE("compressed: of cut data everything that can be decompressed is analysed", "[capture]") {
  for (const std::size_t count : {60u, 1500u}) {  // less than one read of the file, and many
    const Capture capture = packets(count);
    check_cut(capture, gzip(capture.pcap()), bytes_of_gzip, "gzip");
    check_cut(capture, xz(capture.pcap()), bytes_of_xz, "xz");
  }
}

TEST_CASE("compressed: damage is found by the checksum and reported, what was read is analysed", "[capture]") {
  const Capture capture = packets(60);
  const Buffer plain = capture.pcap();
  const auto check = [&](const char* what, Buffer file, std::size_t at, std::size_t expected, const char* words) {
    file[at] ^= 0x01;
    const Result result = run(file, plugins);
    INFO(what << "\n" << result.out << result.err);
    CHECK(result.status == 2);
    CHECK(analysed(result) == expected);
    CHECK_THAT(result.out + result.err, Catch::Contains(words));
  };
  // Where content of the 30th packet is stored: what cannot be compressed stands there as it is.
  std::size_t before = header;
  for (std::size_t i = 0; i < 29; ++i) before += record + capture.records()[i].bytes.size();
  const auto stored_at = [&](const Buffer& file) {
    const auto content = plain.begin() + static_cast<std::ptrdiff_t>(before + record + 42);
    const auto found = std::search(file.begin(), file.end(), content, content + 30);
    REQUIRE(found != file.end());
    return static_cast<std::size_t>(found - file.begin());
  };
  const Buffer stored = gzip(plain, 0);
  check("gzip, a byte of content", stored, stored_at(stored), 60, "the gzip data are damaged: incorrect data check");
  check("gzip, its checksum", stored, stored.size() - 6, 60, "the gzip data are damaged: incorrect data check");
  check("gzip, its length", stored, stored.size() - 2, 60, "the gzip data are damaged: incorrect length check");
  const Buffer again = stored + gzip(Buffer(1000), 0);
  check("gzip, a second member", again, stored.size() + 500, 60, "the gzip data are damaged");
  const Buffer packed = xz(plain);  // its end: the checksum of the block, the index, and a footer with the index's size
  const std::size_t index = (packed[packed.size() - 8] + 1u) * 4;
  check("xz, its checksum", packed, packed.size() - 12 - index - 4, 60, "the xz data are damaged");
}

TEST_CASE("compressed: frames for other readers in front of zstd and lz4 are skipped", "[capture]") {
  const Capture capture = packets(300);
  const std::string expected = run(capture, plugins).flow_file;
  const auto skippable = [](unsigned kind, std::uint32_t length) {
    Buffer out{static_cast<std::uint8_t>(0x50 + kind), 0x2a, 0x4d, 0x18};
    for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(length >> 8 * i));
    return out + Buffer(length, 0xa5);
  };
  const TempFolder folder;
  const std::string place = plugin_folder(folder, plugins).string();
  for (const int filter : {ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_LZ4}) {
    const Buffer data = with_libarchive(capture.pcap(), filter);
    for (const Buffer& front : {skippable(0, 4), skippable(15, 0), skippable(3, 700'000),
                                skippable(0, 4) + skippable(1, 255) + skippable(2, 65'536)}) {
      write_file(folder / "c", front + data);
      INFO("filter " << filter << ", " << front.size() << " bytes in front");
      CHECK(run_file(folder / "c", plugins).flow_file == expected);
      const Execution piped = run_script("cat c | $t2 -r - -w out", folder, place);
      CHECK(piped.status == 0);
      CHECK(read_file(folder / "out_flows.txt") == expected);
    }
    const Result cut = run(first(skippable(0, 1000), 500), plugins);  // and nothing else
    CHECK(cut.status == 1);
    CHECK(cut.err.find("[ERR]") != std::string::npos);
  }
}

}  // namespace t2::test::compressed_test
