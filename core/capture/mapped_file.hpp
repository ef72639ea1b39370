// Reads pcap and pcapng files through a memory mapping: no copy, no system call per packet.
//
// Pcap in both byte orders, micro- and nanoseconds, the "modified" format, versions before 2.4; pcapng with any number
// of sections and interfaces. A damaged file is read up to the damage, which damage() then describes.
#pragma once

#include <string>
#include <vector>

#include "capture/filter.hpp"
#include "capture/source.hpp"

namespace t2 {

class MappedFile final : public Source {
 public:
  // Throws t2::Error: not readable, empty, or neither pcap nor pcapng.
  MappedFile(const std::string& path, const CaptureOptions& options);
  ~MappedFile() override;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Read read(Block& block) override;
  void stop() override { stopped_ = true; }
  std::string describe() const override;
  std::uint64_t size() const override { return size_; }
  std::uint64_t position() const override { return at_; }
  std::string damage() const override { return damage_; }

 private:
  struct Interface {
    int link_type = 0;
    std::uint32_t snaplen = 0;
    std::uint64_t units = 1'000'000;  // time units per second
    std::int64_t offset = 0;          // seconds to add
  };

  void map(const std::string& path);
  void open_pcap(std::uint32_t magic);
  bool next_pcap(RawPacket& packet);
  bool next_pcapng(RawPacket& packet);
  bool section_header(std::uint64_t at, std::uint32_t length);
  void interface_block(const std::uint8_t* body, std::uint32_t length);
  bool packet_block(std::uint32_t type, const std::uint8_t* body, std::uint32_t length, RawPacket& packet);
  [[gnu::cold]] bool damaged(std::uint64_t at, std::string_view what);
  [[gnu::cold]] bool damaged_packet(std::uint32_t stored, std::uint64_t left);
  std::uint16_t u16(const std::uint8_t* p) const;
  std::uint32_t u32(const std::uint8_t* p) const;
  void read_ahead();
  void move_window();

  std::string path_;
  const std::uint8_t* base_ = nullptr;
  std::uint64_t size_ = 0, at_ = 0, packets_ = 0, ahead_ = 0, window_ = 0;  // ahead_: prefetched up to; window_: mapped in up to
  bool swapped_ = false, pcapng_ = false;
  bool swapped_lengths_ = false;       // pcap before 2.3: captured and wire length changed places
  std::uint32_t record_header_ = 16;   // 24 in the "modified" format
  // Of the only interface that pcap has.
  int link_type_ = 0;
  std::uint32_t snaplen_ = 0xffff'ffff;  // more is not looked at
  std::uint32_t longest_ = 0;          // captured length that is still believed
  std::int64_t fraction_unit_ = 1000;  // of a second, in nanoseconds
  std::vector<Interface> interfaces_;  // pcap: one
  std::string damage_;
  std::atomic<bool> stopped_ = false;
  std::unique_ptr<Filter> filter_;
};

}  // namespace t2
