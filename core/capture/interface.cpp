// Live packets, through libpcap.
#include <filesystem>

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <pcap/pcap.h>

#include "base/settings.hpp"
#include "capture/capture_totals.hpp"
#include "capture/filter.hpp"
#include "capture/source.hpp"
#include "t2/clock.hpp"
#include "t2/plugin.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

class Interface final : public Source {
 public:
  explicit Interface(pcap_t* handle)
      : handle_(handle),
        link_type_(pcap_datalink(handle)),
        fraction_(pcap_get_tstamp_precision(handle) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000) {}
  ~Interface() override { pcap_close(handle_); }
  Interface(const Interface&) = delete;
  Interface& operator=(const Interface&) = delete;

  Read read(Block& block) override {
    block.clear();
    starts_.clear();
    block_ = &block;
    const int n = pcap_dispatch(handle_, Block::usual_packets, &Interface::add, reinterpret_cast<u_char*>(this));
    for (std::size_t i = 0; i < block.packets.size(); ++i) block.packets[i].data = block.memory.data() + starts_[i];
    if (n == PCAP_ERROR) {
      damage_ = fmt::format("reading stopped after {} packets: {}", packets_, pcap_geterr(handle_));
      return Read::end;
    }
    if (stopped_) {
      if (stop_time_ == 0) {
        closed_ = close_ring();
        stop_time_ = steady_clock();
      }
      if ((n == 0 || !closed_) && steady_clock() > stop_time_ + 2 * settings.capture_timeout * one_second / 1000)
        return Read::end;
    }
    return n > 0 ? Read::packets : wait();
  }

  void stop() override { stopped_ = true; }
  bool live() const override { return true; }
  std::string damage() const override { return damage_; }
  std::string describe() const override {
    return describe_link(link_type_, static_cast<std::uint64_t>(pcap_snapshot(handle_)));
  }
  std::optional<CaptureCounts> counts() const override {
    pcap_stat stat{};
    if (pcap_stats(handle_, &stat) != 0) return {};
    return totals_.update(stat.ps_recv, stat.ps_drop, stat.ps_ifdrop);
  }

 private:
  static void add(u_char* self, const pcap_pkthdr* head, const u_char* data) {
    auto& me = *reinterpret_cast<Interface*>(self);
    Block& block = *me.block_;
    me.starts_.push_back(block.memory.size());
    block.memory.append(data, head->caplen);
    block.packets.push_back({.time = head->ts.tv_sec * one_second + head->ts.tv_usec * me.fraction_,
                             .captured = head->caplen,
                             .wire = head->len < head->caplen ? head->caplen : head->len,
                             .link_type = me.link_type_});
    ++me.packets_;
  }

  // Lets the kernel add no more packets; what it holds stays and is read, however long that takes. A filter of libpcap
  // would also drop those. False where the capture is no packet socket: it is read for a while longer.
  bool close_ring() {
    sock_filter none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const sock_fprog program{1, none};
    return setsockopt(pcap_fileno(handle_), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
  }

  // Nothing came: waits a little.
  Read wait() {
    pollfd descriptor{pcap_get_selectable_fd(handle_), POLLIN, 0};
    poll(&descriptor, descriptor.fd >= 0 ? 1 : 0, stopped_ ? 10 : settings.capture_timeout);
    return Read::idle;
  }

  pcap_t* handle_;
  int link_type_;
  Time fraction_, stop_time_ = 0;  // steady clock; 0: not stopped
  bool closed_ = false;
  mutable CaptureTotals totals_;
  std::uint64_t packets_ = 0;
  Block* block_ = nullptr;
  std::vector<std::size_t> starts_;  // of each packet in the block's memory, which moves while it grows
  std::string damage_;
  std::atomic<bool> stopped_ = false;
};

// On a loopback interface each packet goes out and comes in; libpcap leaves out the first, which the kernel would
// count.
void ignore_outgoing_on_loopback(pcap_t* handle, const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  const int on = 1;
  if (ioctl(pcap_fileno(handle), SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_LOOPBACK)
    setsockopt(pcap_fileno(handle), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
}

void set_filter(pcap_t* handle, const std::string& expression) {
  if (expression.empty()) return;
  bpf_program program{};
  if (pcap_compile(handle, &program, expression.c_str(), settings.optimise_filter, PCAP_NETMASK_UNKNOWN) != 0 ||
      pcap_setfilter(handle, &program) != 0) {
    const std::string why = pcap_geterr(handle);
    pcap_close(handle);
    throw Error(fmt::format("'{}' is not a valid filter: {}", expression, why));
  }
  pcap_freecode(&program);
}

}  // namespace

std::unique_ptr<Source> open_interface(const std::string& name, const CaptureOptions& options) {
  char why[PCAP_ERRBUF_SIZE] = "";
  pcap_t* handle = pcap_create(name.c_str(), why);
  if (!handle) throw Error(fmt::format("cannot capture on '{}': {}", name, why));
  pcap_set_snaplen(handle, options.snaplen);
  pcap_set_promisc(handle, 1);
  pcap_set_timeout(handle, settings.capture_timeout);
  pcap_set_buffer_size(handle, options.buffer);
  pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);
  const int status = pcap_activate(handle);
  if (status < 0) {
    std::string detail = pcap_geterr(handle);
    if (detail == pcap_statustostr(status)) detail.clear();
    pcap_close(handle);
    const bool denied = status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED;
    std::error_code problem;
    throw Error(fmt::format("cannot capture on '{}': {}{}{}", name, pcap_statustostr(status),
                            detail.empty() ? "" : ": " + detail,
                            denied                                   ? " (run st2, which uses sudo)"
                            : std::filesystem::exists(name, problem) ? " (there is such a file: -r reads it)"
                                                                     : ""));
  }
  set_filter(handle, options.filter);
  ignore_outgoing_on_loopback(handle, name);
  if (pcap_setnonblock(handle, 1, why) != 0) {
    pcap_close(handle);
    throw Error(fmt::format("cannot capture on '{}': {}", name, why));
  }
  return std::make_unique<Interface>(handle);
}

}  // namespace t2
