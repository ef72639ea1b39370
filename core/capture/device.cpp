// Opens an interface, reads its ring, and finds it again.
#include "capture/device.hpp"

#include <cstring>
#include <filesystem>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "base/settings.hpp"
#include "capture/filter.hpp"
#include "capture/libpcap.hpp"
#include "t2/clock.hpp"

namespace t2 {

PcapDevice::PcapDevice(const std::string& name, std::uint8_t index, int timeout, const CaptureOptions& options)
    : name_(name),
      index_(index),
      handle_(nullptr),
      number_(if_nametoindex(name.c_str())),
      first_number_(number_),
      warn_(options.warn) {
  char why[PCAP_ERRBUF_SIZE] = "";
  handle_ = libpcap().pcap_create(name.c_str(), why);
  if (!handle_) throw Error(fmt::format("cannot capture on '{}': {}", name, why));
  try {
    activate(timeout, options);
    set_filter(options);
    ignore_outgoing_on_loopback();
    if (libpcap().pcap_setnonblock(handle_, 1, why) != 0)
      throw Error(fmt::format("cannot capture on '{}': {}", name, why));
  } catch (...) {
    libpcap().pcap_close(handle_);
    throw;
  }
  link_type_ = libpcap().pcap_datalink(handle_);
  fraction_ = libpcap().pcap_get_tstamp_precision(handle_) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
  hardware_type_ = hardware_type();
}

PcapDevice::~PcapDevice() { libpcap().pcap_close(handle_); }

void PcapDevice::activate(int timeout, const CaptureOptions& options) {
  libpcap().pcap_set_snaplen(handle_, options.snaplen);
  libpcap().pcap_set_promisc(handle_, settings.promiscuous);
  libpcap().pcap_set_timeout(handle_, timeout);
  libpcap().pcap_set_buffer_size(handle_, options.buffer);
  libpcap().pcap_set_tstamp_precision(handle_, PCAP_TSTAMP_PRECISION_NANO);
  const int status = libpcap().pcap_activate(handle_);
  if (status >= 0) return;
  std::string detail = libpcap().pcap_geterr(handle_);
  if (detail == libpcap().pcap_statustostr(status)) detail.clear();
  const bool denied = status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED;
  std::error_code problem;
  throw Error(fmt::format("cannot capture on '{}': {}{}{}", name_, libpcap().pcap_statustostr(status),
                          detail.empty() ? "" : ": " + detail,
                          denied                                    ? " (run st2, which uses sudo)"
                          : std::filesystem::exists(name_, problem) ? " (there is such a file: -r reads it)"
                                                                    : ""));
}

// With `any` each packet of the loopback interface goes out and comes in; libpcap leaves out the first. Here the kernel
// does, so that its counts are right, too.
void PcapDevice::set_filter(const CaptureOptions& options) {
  const auto set = [&](const std::string& expression) {
    bpf_program program{};
    if (libpcap().pcap_compile(handle_, &program, expression.c_str(), settings.optimise_filter, PCAP_NETMASK_UNKNOWN) !=
        0)
      return false;
    const bool done = libpcap().pcap_setfilter(handle_, &program) == 0;
    libpcap().pcap_freecode(&program);
    return done;
  };
  if (!options.filter.empty() && !set(options.filter))
    throw Error(fmt::format("'{}' is not a valid filter: {}", options.filter, libpcap().pcap_geterr(handle_)));
  if (name_ != "any") return;
  const std::string once = fmt::format("not (outbound and ifindex {})", if_nametoindex("lo"));
  if (!set(options.filter.empty() ? once : fmt::format("({}) and {}", options.filter, once)) && options.warn)
    options.warn("Packets on lo count twice among the received ones: " + std::string(libpcap().pcap_geterr(handle_)));
}

// As set_filter() does for `any`; for one interface the socket has an option.
void PcapDevice::ignore_outgoing_on_loopback() {
  ifreq request{};
  name_.copy(request.ifr_name, sizeof request.ifr_name - 1);
  const int on = 1;
  if (ioctl(libpcap().pcap_fileno(handle_), SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_LOOPBACK)
    setsockopt(libpcap().pcap_fileno(handle_), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
}

int PcapDevice::hardware_type() const {
  ifreq request{};
  name_.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return ioctl(libpcap().pcap_fileno(handle_), SIOCGIFHWADDR, &request) == 0 ? request.ifr_hwaddr.sa_family : -1;
}

std::string PcapDevice::describe() const {
  return describe_link(link_type_, static_cast<std::uint64_t>(libpcap().pcap_snapshot(handle_)));
}

void PcapDevice::read(Block& block) {
  block.clear();
  if (ended_ || (away_ && !return_from_away())) return;
  starts_.clear();
  block_ = &block;
  const int n =
      libpcap().pcap_dispatch(handle_, Block::usual_packets, &PcapDevice::add, reinterpret_cast<u_char*>(this));
  for (std::size_t i = 0; i < block.packets.size(); ++i) block.packets[i].data = block.memory.data() + starts_[i];
  if (n == PCAP_ERROR) return note_failure();
  if (told_ && warn_) warn_(fmt::format("Interface '{}' is back", name_));
  told_ = false;
}

void PcapDevice::add(u_char* self, const pcap_pkthdr* head, const u_char* data) {
  PcapDevice& me = *reinterpret_cast<PcapDevice*>(self);
  Block& block = *me.block_;
  me.starts_.push_back(block.memory.size());
  block.memory.append(data, head->caplen);
  block.packets.push_back({.time = head->ts.tv_sec * one_second + head->ts.tv_usec * me.fraction_,
                           .captured = head->caplen,
                           .wire = head->len < head->caplen ? head->caplen : head->len,
                           .link_type = me.link_type_,
                           .interface = me.index_});
  ++me.packets_;
}

void PcapDevice::note_failure() {
  error_ = libpcap().pcap_geterr(handle_);
  next_try_ = steady_clock() + one_second;
  if (number_ == 0) {
    ended_ = true;
    return;
  }
  away_ = true;
  if (!told_) ++times_away_;
  if (!told_ && warn_) warn_(fmt::format("Interface '{}': {}: waiting for it to come back", name_, error_));
  told_ = true;
}

// Tries once in a second. True: it may be read again.
bool PcapDevice::return_from_away() {
  const Time now = steady_clock();
  if (now < next_try_) return false;
  next_try_ = now + one_second;
  const unsigned number = if_nametoindex(name_.c_str());
  if (number == 0 || (number != number_ && !attach(number))) return false;
  number_ = number;
  away_ = false;
  return true;
}

bool PcapDevice::attach(unsigned number) {
  if (hardware_type() != hardware_type_) return false;  // its packets would be decoded wrongly
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(number);
  if (bind(libpcap().pcap_fileno(handle_), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return false;
  packet_mreq member{};
  member.mr_ifindex = static_cast<int>(number);
  member.mr_type = PACKET_MR_PROMISC;
  return !settings.promiscuous ||
         setsockopt(libpcap().pcap_fileno(handle_), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &member, sizeof member) == 0;
}

bool let_nothing_in(int socket) {
  sock_filter none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{1, none};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

std::vector<sock_filter> PcapDevice::kernel_filter() const {
  const int socket = libpcap().pcap_fileno(handle_);
  socklen_t count = 0;  // of instructions
  if (getsockopt(socket, SOL_SOCKET, SO_GET_FILTER, nullptr, &count) != 0 || count == 0) return {};
  std::vector<sock_filter> program(count);
  if (getsockopt(socket, SOL_SOCKET, SO_GET_FILTER, program.data(), &count) != 0) return {};
  return program;
}

std::string PcapDevice::failure() const {
  return ended_ ? fmt::format("reading '{}' stopped after {} packets: {}", name_, packets_, error_) : std::string();
}

void PcapDevice::add_counts(std::vector<InterfaceCounts>& all) const {
  pcap_stat stat{};
  if (libpcap().pcap_stats(handle_, &stat) == 0) counts_ = totals_.update(stat.ps_recv, stat.ps_drop, stat.ps_ifdrop);
  all.push_back({name_, first_number_, times_away_, counts_});
}

}  // namespace t2
