// Capture files for tests, in every variant that the formats allow: a list of frames with times, written as pcap or
// pcapng. And TempFolder, a folder that goes away with its owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "frame.hpp"

namespace t2::test {

// Tests that count over many packets take one share of them: sanitizers look for faults, not for figures.
#ifdef T2_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

constexpr std::int64_t second = 1'000'000'000, millisecond = 1'000'000, microsecond = 1'000;
constexpr std::int64_t epoch = 1'600'000'000 * second;  // a start time for captures whose date does not matter

class TempFolder {  // copies share the folder; the last one removes it
 public:
  TempFolder();
  const std::filesystem::path& path() const { return *path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return *path_ / name; }

 private:
  std::shared_ptr<const std::filesystem::path> path_;
};

void write_file(const std::filesystem::path& path, const Buffer& content);
std::string read_file(const std::filesystem::path& path);  // empty if there is no such file

class Capture {
 public:
  struct Record {
    std::int64_t time;       // nanoseconds since 1970
    Buffer bytes;            // captured
    std::uint32_t wire;      // length on the wire
    unsigned interface = 0;  // pcapng
    bool simple = false;     // pcapng: Simple Packet Block (no time, first interface)
  };
  struct PcapFormat {
    bool nanoseconds = true;
    bool big_endian = false;
    std::uint32_t link_type = 1;    // Ethernet
    std::uint32_t snaplen = 65535;  // longer frames are cut to it
  };
  struct Interface {
    std::uint16_t link_type = 1;
    int resolution = 9;  // if_tsresol as in the file: 6, 9, or 0x80 | n for 2^-n; -1: no such option (microseconds)
    std::int64_t offset = 0;  // if_tsoffset, seconds
    std::uint32_t snaplen = 65535;
  };
  struct PcapngFormat {
    bool big_endian = false;
    std::vector<Interface> interfaces{Interface{}};
  };

  // Times as written; wire 0: as long as the frame.
  Capture& add(std::int64_t time, Buffer bytes, std::uint32_t wire = 0, unsigned interface = 0);
  Capture& add_simple(Buffer bytes, std::uint32_t wire = 0);
  Capture& add(std::int64_t time, const std::vector<Buffer>& frames, std::int64_t step = microsecond);

  const std::vector<Record>& records() const { return records_; }
  Buffer pcap(PcapFormat format) const;
  Buffer pcap() const { return pcap(PcapFormat{}); }
  Buffer pcapng(PcapngFormat format) const;
  Buffer pcapng() const { return pcapng(PcapngFormat{}); }

 private:
  std::vector<Record> records_;
};

}  // namespace t2::test
