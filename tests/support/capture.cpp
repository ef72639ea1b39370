// Writes lists of frames as pcap and pcapng files, byte by byte (not with libpcap, which the core may use to read
// them).
#include "capture.hpp"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace t2::test {
namespace {

// Appends integers in the byte order of a file.
class Writer {
 public:
  explicit Writer(bool big_endian) : big_endian_(big_endian) {}
  Writer& u16(std::uint32_t value) { return integer(value, 2); }
  Writer& u32(std::uint64_t value) { return integer(value, 4); }
  Writer& u64(std::uint64_t value) { return integer(value, 8); }
  Writer& bytes(const Buffer& data, bool padded = false) {
    out_.insert(out_.end(), data.begin(), data.end());
    while (padded && out_.size() % 4) out_.push_back(0);
    return *this;
  }
  Buffer take() { return std::move(out_); }

 private:
  Writer& integer(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (big_endian_ ? size - 1 - i : i);
      out_.push_back(static_cast<std::uint8_t>(value >> shift & 0xff));
    }
    return *this;
  }
  bool big_endian_;
  Buffer out_;
};

// Nanoseconds in units of if_tsresol.
std::uint64_t ticks(std::int64_t time, int resolution) {
  const auto seconds = static_cast<std::uint64_t>(time / second), rest = static_cast<std::uint64_t>(time % second);
  if (resolution < 0) resolution = 6;
  if (resolution & 0x80) {
    const int shift = resolution & 0x7f;
    return (seconds << shift) + static_cast<std::uint64_t>((static_cast<unsigned __int128>(rest) << shift) / second);
  }
  std::uint64_t per_second = 1;
  for (int i = 0; i < resolution; ++i) per_second *= 10;
  return seconds * per_second + static_cast<std::uint64_t>(static_cast<unsigned __int128>(rest) * per_second / second);
}

Buffer block(bool big_endian, std::uint32_t type, const Buffer& body) {
  const std::size_t size = 12 + (body.size() + 3) / 4 * 4;
  return Writer(big_endian).u32(type).u32(size).bytes(body, true).u32(size).take();
}

}  // namespace

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "t2test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder " + name);
  path_ = std::shared_ptr<const std::filesystem::path>(new std::filesystem::path(name),
                                                       [](const std::filesystem::path* path) {
                                                         std::error_code ignored;
                                                         std::filesystem::remove_all(*path, ignored);
                                                         delete path;
                                                       });
}

void write_file(const std::filesystem::path& path, const Buffer& content) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return std::move(content).str();
}

Capture& Capture::add(std::int64_t time, Buffer bytes, std::uint32_t wire, unsigned interface) {
  const auto length = wire ? wire : static_cast<std::uint32_t>(bytes.size());
  records_.push_back({time, std::move(bytes), length, interface, false});
  return *this;
}
Capture& Capture::add_simple(Buffer bytes, std::uint32_t wire) {
  add(0, std::move(bytes), wire);
  records_.back().simple = true;
  return *this;
}
Capture& Capture::add(std::int64_t time, const std::vector<Buffer>& frames, std::int64_t step) {
  for (const Buffer& frame : frames) {
    add(time, frame);
    time += step;
  }
  return *this;
}

Buffer Capture::pcap(PcapFormat format) const {
  Writer out(format.big_endian);
  out.u32(format.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4)
      .u16(2)
      .u16(4)
      .u32(0)
      .u32(0)
      .u32(format.snaplen)
      .u32(format.link_type);
  for (const Record& record : records_) {
    const auto size = std::min<std::size_t>(record.bytes.size(), format.snaplen);
    out.u32(static_cast<std::uint64_t>(record.time / second));
    out.u32(static_cast<std::uint64_t>(record.time % second / (format.nanoseconds ? 1 : microsecond)));
    out.u32(size).u32(record.wire);
    out.bytes(Buffer(record.bytes.begin(), record.bytes.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  return out.take();
}

Buffer Capture::pcapng(PcapngFormat format) const {
  const bool big = format.big_endian;
  Writer out(big);
  out.bytes(block(big, 0x0a0d0d0a, Writer(big).u32(0x1a2b3c4d).u16(1).u16(0).u64(~std::uint64_t{0}).take()));
  for (const Interface& interface : format.interfaces) {
    Writer body(big);
    body.u16(interface.link_type).u16(0).u32(interface.snaplen);
    if (interface.resolution >= 0) body.u16(9).u16(1).bytes({static_cast<std::uint8_t>(interface.resolution)}, true);
    if (interface.offset) body.u16(14).u16(8).u64(static_cast<std::uint64_t>(interface.offset));
    out.bytes(block(big, 1, body.u16(0).u16(0).take()));
  }
  for (const Record& record : records_) {
    const Interface& interface = format.interfaces.at(record.interface);
    const auto size = std::min<std::size_t>(record.bytes.size(), interface.snaplen);
    const Buffer captured(record.bytes.begin(), record.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    if (record.simple) {
      out.bytes(block(big, 3, Writer(big).u32(record.wire).bytes(captured).take()));
      continue;
    }
    const std::uint64_t time = ticks(record.time - interface.offset * second, interface.resolution);
    Writer body(big);
    body.u32(record.interface).u32(time >> 32).u32(time & 0xffffffff).u32(size).u32(record.wire);
    out.bytes(block(big, 6, body.bytes(captured).take()));
  }
  return out.take();
}

}  // namespace t2::test
