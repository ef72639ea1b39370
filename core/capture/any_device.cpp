// Opens the socket of `-i any`, reads its ring, and tells interfaces apart.
#include "capture/any_device.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "t2/clock.hpp"

namespace t2 {

namespace {

constexpr std::uint32_t max_block = 1 << 20,
                        min_block = 1 << 17;  // bytes of the ring; a packet may have 64 KB and more
constexpr std::size_t cooked_size = 16, tag_size = 4;

// Packets that the interface had no room for, as libpcap counts them for one interface.
std::uint64_t drops_of(const std::string& name) {
  std::uint64_t sum = 0;
  for (const char* file : {"rx_missed_errors", "rx_fifo_errors"}) {
    std::uint64_t value = 0;
    std::ifstream(fmt::format("/sys/class/net/{}/statistics/{}", name, file)) >> value;
    sum += value;
  }
  return sum;
}

}  // namespace

AnyDevice::AnyDevice(int timeout, const CaptureOptions& options) : warn_(options.warn) {
  CaptureOptions small = options;
  small.buffer = static_cast<int>(min_block);
  const PcapDevice pcap(name_, 0, timeout, small);  // tells what is wrong with rights and filter
  description_ = pcap.describe();
  try {
    open(timeout, options, pcap.kernel_filter());
  } catch (...) {
    if (ring_) munmap(ring_, block_size_ * blocks_);
    if (socket_ >= 0) close(socket_);
    throw;
  }
}

AnyDevice::~AnyDevice() {
  munmap(ring_, block_size_ * blocks_);
  close(socket_);
}

void AnyDevice::set(int option, const void* value, unsigned size) {
  if (setsockopt(socket_, SOL_PACKET, option, value, size) != 0)
    throw Error(fmt::format("cannot capture on 'any': packet socket: {}", std::strerror(errno)));
}

void AnyDevice::open(int timeout, const CaptureOptions& options, std::vector<sock_filter> filter) {
  if (filter.empty())
    throw Error(fmt::format("cannot capture on 'any': the kernel cannot filter by '{}': name the interfaces with -i",
                            options.filter));
  snaplen_ = static_cast<std::uint32_t>(options.snaplen > 0 ? options.snaplen : 262144);
  for (sock_filter& one : filter) {  // the ring holds no more of a packet than is read
    if (one.code == (BPF_RET | BPF_K)) one.k = std::min(one.k, snaplen_);
  }
  socket_ = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);  // nothing comes before it is bound
  if (socket_ < 0) throw Error(fmt::format("cannot capture on 'any': {}", std::strerror(errno)));
  const int version = TPACKET_V3;
  set(PACKET_VERSION, &version, sizeof version);
  const auto size = std::max(static_cast<std::uint32_t>(std::max(options.buffer, 0)), 2 * min_block);
  tpacket_req3 request{};
  request.tp_block_size = std::clamp(std::bit_floor(size / 16), min_block, max_block);
  request.tp_block_nr = size / request.tp_block_size;
  request.tp_frame_size = 2048;  // of no meaning for blocks, but checked
  request.tp_frame_nr = request.tp_block_size / request.tp_frame_size * request.tp_block_nr;
  request.tp_retire_blk_tov = static_cast<unsigned>(std::max(timeout, 1));
  set(PACKET_RX_RING, &request, sizeof request);
  block_size_ = request.tp_block_size, blocks_ = request.tp_block_nr;
  void* ring = mmap(nullptr, block_size_ * blocks_, PROT_READ | PROT_WRITE, MAP_SHARED, socket_, 0);
  if (ring == MAP_FAILED)
    throw Error(fmt::format("cannot capture on 'any': no memory for the ring: {}", std::strerror(errno)));
  ring_ = static_cast<std::uint8_t*>(ring);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (setsockopt(socket_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    throw Error(fmt::format("cannot capture on 'any': filter: {}", std::strerror(errno)));
  sockaddr_ll all{};
  all.sll_family = AF_PACKET;
  all.sll_protocol = htons(ETH_P_ALL);
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&all), sizeof all) != 0)
    throw Error(fmt::format("cannot capture on 'any': {}", std::strerror(errno)));
}

tpacket_block_desc& AnyDevice::block_at(std::size_t which) const {
  return *reinterpret_cast<tpacket_block_desc*>(ring_ + which * block_size_);
}

void AnyDevice::read(Block& block) {
  block.clear();
  starts_.clear();
  while (block.packets.size() < Block::usual_packets) {
    tpacket_block_desc& from = block_at(current_);
    tpacket_hdr_v1& state = from.hdr.bh1;
    if (next_ == 0) {
      if (!(__atomic_load_n(&state.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) break;
      left_ = state.num_pkts, next_ = state.offset_to_first_pkt;
    }
    for (; left_ > 0 && block.packets.size() < Block::usual_packets; --left_) {
      const auto& head = *reinterpret_cast<const tpacket3_hdr*>(reinterpret_cast<const std::uint8_t*>(&from) + next_);
      add(head, block);
      next_ += head.tp_next_offset;
    }
    if (left_ > 0) break;
    __atomic_store_n(&state.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    current_ = (current_ + 1) % blocks_, next_ = 0;
  }
  for (std::size_t i = 0; i < block.packets.size(); ++i) block.packets[i].data = block.memory.data() + starts_[i];
}

// As LINKTYPE_LINUX_SLL of the list of link types; a tag that the kernel took out stands behind it again.
void AnyDevice::add(const tpacket3_hdr& head, Block& block) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&head);
  const auto& from = *reinterpret_cast<const sockaddr_ll*>(bytes + TPACKET_ALIGN(sizeof head));
  std::uint8_t front[cooked_size + tag_size] = {};
  const auto put = [&](std::size_t at, std::uint16_t value) {
    front[at] = static_cast<std::uint8_t>(value >> 8), front[at + 1] = static_cast<std::uint8_t>(value);
  };
  put(0, from.sll_pkttype), put(2, from.sll_hatype), put(4, from.sll_halen);
  std::memcpy(front + 6, from.sll_addr, sizeof from.sll_addr);
  std::uint32_t size = cooked_size;
  if (head.tp_status & TP_STATUS_VLAN_VALID) {
    put(14, head.tp_status & TP_STATUS_VLAN_TPID_VALID ? head.hv1.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q});
    put(16, static_cast<std::uint16_t>(head.hv1.tp_vlan_tci));
    size += tag_size;
  }
  std::memcpy(front + size - 2, &from.sll_protocol, 2);  // both are in network order
  starts_.push_back(block.memory.size());
  const std::uint32_t captured = std::min(size + head.tp_snaplen, snaplen_);
  block.memory.append(front, std::min(size, captured));
  if (captured > size) block.memory.append(bytes + head.tp_mac, captured - size);
  const std::uint8_t index = interface_of(static_cast<std::uint32_t>(from.sll_ifindex));
  block.packets.push_back({.time = head.tp_sec * one_second + head.tp_nsec,
                           .captured = captured,
                           .wire = size + head.tp_len,
                           .link_type = DLT_LINUX_SLL,
                           .interface = index});
  ++read_;
  ++(index > 0 ? seen_[index - 1u].packets : of_others_);
}

std::uint8_t AnyDevice::interface_of(std::uint32_t number) {
  if (number == last_number_) return last_index_;
  const auto found = index_of_.find(number);
  last_index_ = found != index_of_.end() ? found->second : add_interface(number);
  last_number_ = number;
  return last_index_;
}

// The number of interfaces that come and go on one machine has no bound: further ones share the entry of the socket.
std::uint8_t AnyDevice::add_interface(std::uint32_t number) {
  if (seen_.size() + 1 == max_interfaces) {
    if (!std::exchange(full_, true) && warn_)
      warn_(fmt::format("Packets of more than {} interfaces came: those of further ones are counted as of 'any'",
                        seen_.size()));
    return 0;
  }
  char name[IF_NAMESIZE];
  Seen& seen = seen_.emplace_back(Seen{if_indextoname(number, name) ? name : fmt::format("if{}", number), number});
  seen.drops_before = drops_of(seen.name);
  return index_of_[number] = static_cast<std::uint8_t>(seen_.size());
}

// The kernel's counts begin again when they were asked for.
void AnyDevice::update() const {
  tpacket_stats_v3 stats{};
  socklen_t size = sizeof stats;
  if (getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
    received_ += stats.tp_packets - stats.tp_drops, dropped_ += stats.tp_drops;  // the former count the latter, too
  const Time now = steady_clock();
  if (now < next_look_) return;
  next_look_ = now + one_second;
  for (Seen& seen : seen_) {
    if (const std::uint64_t drops = drops_of(seen.name); drops >= seen.drops_before + seen.drops)
      seen.drops = drops - seen.drops_before;  // else it was made anew, or is gone
  }
}

void AnyDevice::add_counts(std::vector<InterfaceCounts>& all) const {
  update();
  all.push_back(
      {.name = name_,
       .counts = {
           .received = of_others_, .dropped_by_kernel = dropped_, .waiting = received_ - std::min(received_, read_)}});
  for (const Seen& seen : seen_)
    all.push_back({.name = seen.name,
                   .number = seen.number,
                   .counts = {.received = seen.packets, .dropped_by_interface = seen.drops}});
}

}  // namespace t2
