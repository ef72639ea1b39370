// All interfaces of the system (`-i any`): packets in the form of Linux cooked captures, each with its own interface.
// Used by the thread that reads.
//
// libpcap tells the interface of a packet in version 2 of that form only, and loses VLAN tags there, which the kernel
// keeps beside the packet. So this reads a packet socket of its own, with the kernel's ring of blocks (packet(7),
// TPACKET_V3); libpcap compiles the filter for it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/device.hpp"

struct tpacket3_hdr;
struct tpacket_block_desc;

namespace t2 {

class AnyDevice final : public Device {
 public:
  // `timeout`: packets wait in the kernel at most this long, ms. Throws Error.
  AnyDevice(int timeout, const CaptureOptions& options);
  ~AnyDevice() override;

  void read(Block& block) override;
  bool close_ring() override { return let_nothing_in(socket_); }
  int descriptor() const override { return socket_; }
  const std::string& name() const override { return name_; }
  std::string describe() const override { return description_; }
  std::size_t interfaces() const override { return seen_.size() + 1; }
  void add_counts(std::vector<InterfaceCounts>& all) const override;

 private:
  struct Seen {
    std::string name;
    std::uint32_t number;
    std::uint64_t packets = 0;
    std::uint64_t drops_before = 0, drops = 0;  // by the interface: when its first packet came, and since
  };

  void open(int timeout, const CaptureOptions& options, std::vector<sock_filter> filter);
  void set(int option, const void* value, unsigned size);
  tpacket_block_desc& block_at(std::size_t which) const;
  void add(const tpacket3_hdr& head, Block& block);
  std::uint8_t interface_of(std::uint32_t number);
  std::uint8_t add_interface(std::uint32_t number);
  void update() const;

  std::string name_ = "any", description_;
  int socket_ = -1;
  std::uint8_t* ring_ = nullptr;
  std::size_t block_size_ = 0, blocks_ = 0;
  std::size_t current_ = 0;            // the block that is read
  std::uint32_t left_ = 0, next_ = 0;  // packets of it that were not read, place of the first of them; 0: it is new
  std::uint32_t snaplen_ = 0;
  std::function<void(std::string_view)> warn_;
  std::unordered_map<std::uint32_t, std::uint8_t> index_of_;  // of the system's number
  std::uint32_t last_number_ = 0;
  std::uint8_t last_index_ = 0;
  bool full_ = false;                       // there were more interfaces than entries
  std::uint64_t read_ = 0, of_others_ = 0;  // packets; of these: of interfaces without an entry
  mutable std::vector<Seen> seen_;          // RawPacket::interface 1 ...
  mutable std::uint64_t received_ = 0, dropped_ = 0;
  mutable Time next_look_ = 0;       // at the drops of interfaces; steady clock
  std::vector<std::size_t> starts_;  // of each packet in the block's memory, which moves while it grows
};

}  // namespace t2
