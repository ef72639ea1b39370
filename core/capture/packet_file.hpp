// Reads pcap and pcapng, from files and streams: what was read or mapped stays where it is, packets point into it.
//
// Pcap in both byte orders, micro- and nanoseconds, the "modified" format, versions before 2.4; pcapng with any number
// of sections and interfaces. A damaged file is read up to the damage, which damage() then describes.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/bytes.hpp"
#include "capture/filter.hpp"
#include "capture/source.hpp"

namespace t2 {

class PacketFile final : public Source {
 public:
  // `opener` opens the file's bytes; it gets the flag that ends a wait for them. `name`: for messages.
  // Throws t2::Error: not readable, empty, or neither pcap nor pcapng.
  using Opener = std::function<std::unique_ptr<ByteSource>(const std::atomic<bool>& stop)>;
  PacketFile(std::string name, const CaptureOptions& options, const Opener& opener);

  Read read(Block& block) override;
  void stop() override { stopped_ = true; }
  std::string describe() const override;
  std::uint64_t size() const override { return bytes_->size(); }
  std::uint64_t position() const override { return progress_.position; }
  std::string damage() const override { return damage_; }
  std::vector<std::string> notes() const override { return filter_->notes(); }

 private:
  struct Interface {
    int link_type = 0;
    std::uint32_t snaplen = 0;
    std::uint64_t units = 1'000'000;  // time units per second
    std::int64_t offset = 0;          // seconds to add
  };

  void open_pcap(std::uint32_t magic);
  void open_pcapng();
  // Nothing: the mapping is through, what there may be behind it is to be read.
  std::optional<Read> read_mapped(Block& block);
  // More bytes behind those at hand. False: there are no more.
  bool fill(ReadBuffer& buffer);
  // Packets that are complete in these bytes. Answer how many bytes are done with.
  std::size_t parse(const std::uint8_t* data, std::size_t size, std::vector<RawPacket>& packets);
  std::size_t take_pcap(const std::uint8_t* data, std::size_t size, std::vector<RawPacket>& packets);
  std::size_t take_pcapng(const std::uint8_t* data, std::size_t size, std::vector<RawPacket>& packets);
  bool pcapng_block(const std::uint8_t* block, std::uint32_t length, std::vector<RawPacket>& packets);
  bool section_header(const std::uint8_t* block, std::uint32_t length);
  std::span<const Interface> interfaces() const {
    return std::span(interfaces_).subspan(progress_.first_interface);
  }                        // of the section
  void forget_sections();  // those before this one
  void interface_block(const std::uint8_t* body, std::uint32_t length);
  bool packet_block(std::uint32_t type, const std::uint8_t* body, std::uint32_t length, RawPacket& packet) const;
  [[gnu::cold]] void note_end(const std::uint8_t* data, std::size_t size);
  [[gnu::cold]] void damaged(std::uint64_t at, std::string_view what);
  std::uint16_t u16(const std::uint8_t* p) const;
  std::uint32_t u32(const std::uint8_t* p) const;

  std::string name_;  // for messages
  std::atomic<bool> own_stop_ = false;
  std::atomic<bool>& stopped_;
  std::unique_ptr<ByteSource> bytes_;
  std::shared_ptr<Mapping> mapping_;  // null: what follows is read
  ReadBuffer rest_;                   // was read with the block before, and begins a packet that is not complete
  // How far the file was read. A copy of it is the point that reading a mapped part can go back to.
  struct Progress {
    std::uint64_t position = 0;  // in the file, of the first byte that is not done with
    std::uint64_t skip = 0;      // bytes from there on to be skipped: the rest of a block of `skipped` bytes
    std::uint64_t skipped = 0;
    std::uint64_t packets = 0;
    Time last_time = 0;  // of the last packet: a simple packet block has no time and takes this one
    bool swapped = false;
    std::size_t first_interface = 0;  // of the section, in interfaces_
  };
  class Checkpoint;  // progress and interfaces as they were
  Progress progress_;
  std::vector<Interface> interfaces_;  // pcap: one; pcapng: those of sections that just ended, then of this one
  std::size_t needed_ = 0;             // bytes from the position on that are needed to go on, as far as is known
  bool pcapng_ = false;
  bool swapped_lengths_ = false;      // pcap before 2.3: captured and wire length changed places
  std::uint32_t record_header_ = 16;  // 24 in the "modified" format
  // Of the only interface that pcap has.
  int link_type_ = 0;
  std::uint32_t snaplen_ = 0xffff'ffff;  // more is not looked at
  std::uint32_t longest_ = 0;            // captured length that is still believed
  std::int64_t fraction_unit_ = 1000;    // of a second, in nanoseconds
  std::string damage_;
  std::unique_ptr<Filter> filter_;
};

}  // namespace t2
