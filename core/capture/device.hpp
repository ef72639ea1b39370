// What packets are captured from: an interface, or all of them (AnyDevice), with its ring in the kernel. Used by the
// thread that reads.
//
// One interface is read through libpcap. An interface that disappears (a tunnel, a USB adapter, a driver that is loaded
// anew) does not end the capture: its socket is bound again when there is one of its name and kind. That needs no
// rights, so it works after root was given up. One that is merely down and up again needs nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <linux/filter.h>

#include "capture/capture_totals.hpp"
#include "capture/libpcap.hpp"
#include "capture/source.hpp"
#include "t2/packet.hpp"

namespace t2 {

class Device {
 public:
  Device() = default;
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  virtual void read(Block& block) = 0;  // clears it, and fills it with packets that the kernel has ready, if any
  // Lets the kernel add no more packets; what it holds stays and is read, however long that takes. False where the
  // capture is no packet socket: it is read for a while longer.
  virtual bool close_ring() = 0;
  virtual bool is_away() const { return false; }
  virtual bool has_ended() const { return false; }  // what is no network interface does not come back
  virtual int descriptor() const = 0;               // to be polled; -1: not now
  virtual const std::string& name() const = 0;
  virtual std::string describe() const = 0;
  virtual std::string failure() const { return {}; }  // one line; empty: none
  // The RawPacket::interface of its packets begins with `index`, as it was opened, and counts up to this many.
  virtual std::size_t interfaces() const { return 1; }
  virtual void add_counts(std::vector<InterfaceCounts>& all) const = 0;  // as many
};

// Attaches a filter that drops all that comes; a filter of libpcap would also drop what the ring holds.
bool let_nothing_in(int socket);

class PcapDevice final : public Device {
 public:
  // `timeout`: packets wait in the kernel at most this long, ms. Throws Error.
  PcapDevice(const std::string& name, std::uint8_t index, int timeout, const CaptureOptions& options);
  ~PcapDevice() override;

  void read(Block& block) override;
  bool close_ring() override { return let_nothing_in(libpcap().pcap_fileno(handle_)); }
  bool is_away() const override { return away_ || ended_; }
  bool has_ended() const override { return ended_; }
  int descriptor() const override { return is_away() ? -1 : libpcap().pcap_get_selectable_fd(handle_); }
  const std::string& name() const override { return name_; }
  std::string describe() const override;
  std::string failure() const override;
  void add_counts(std::vector<InterfaceCounts>& all) const override;
  std::vector<sock_filter> kernel_filter() const;  // as the kernel runs it; empty: none

 private:
  static void add(u_char* self, const pcap_pkthdr* head, const u_char* data);
  void activate(int timeout, const CaptureOptions& options);
  void set_filter(const CaptureOptions& options);
  void ignore_outgoing_on_loopback();
  void note_failure();
  bool return_from_away();
  bool attach(unsigned number);
  int hardware_type() const;  // of the interface that has the name now; -1: there is none

  std::string name_;
  std::uint8_t index_;
  pcap_t* handle_;
  unsigned number_;  // the system's, of the interface that the socket is bound to; 0: it is no network interface
  unsigned first_number_;
  int hardware_type_ = -1, link_type_ = 0;
  Time fraction_ = 1;
  std::function<void(std::string_view)> warn_;
  mutable CaptureTotals totals_;
  mutable CaptureCounts counts_;
  std::uint64_t packets_ = 0, times_away_ = 0;
  Block* block_ = nullptr;
  std::vector<std::size_t> starts_;  // of each packet in the block's memory, which moves while it grows
  std::string error_;
  Time next_try_ = 0;  // steady clock
  bool away_ = false, ended_ = false, told_ = false;
};

}  // namespace t2
