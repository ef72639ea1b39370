// Totals of a capture from counters that wrap, and packets that wait in the kernel when a capture is stopped.
#include <catch2/catch.hpp>

#include <thread>

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/capture_totals.hpp"
#include "t2/clock.hpp"
#include "tranalyzer.h"

namespace t2::test::capture_totals_test {

namespace {

void set_up_loopback() {
  const int s = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  request.ifr_name[0] = 'l', request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ioctl(s, SIOCSIFFLAGS, &request);
  close(s);
}

void send_datagrams(unsigned count) {
  const int s = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t number = htonl(i);
    sendto(s, &number, sizeof number, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  close(s);
}

struct Captured {
  std::uint64_t datagrams = 0, packets = 0;
  CaptureCounts counts;
};

// Datagrams that are sent before anything is read; the capture is stopped at once.
Captured capture_stopped(unsigned count, int buffer, bool ahead, bool traffic_goes_on) {
  set_up_loopback();
  std::unique_ptr<Source> source = open_interfaces({"lo"}, {.filter = "udp", .snaplen = 65535, .buffer = buffer});
  send_datagrams(count);
  if (ahead) source = buffered(std::move(source), 1024);
  source->stop();
  Captured all;
  Block block;
  for (Read kind = Read::packets; kind != Read::end;) {
    kind = source->read(block);
    all.packets += block.packets.size();
    for (const RawPacket& packet : block.packets) {
      std::uint32_t number = 0;
      std::memcpy(&number, packet.data + packet.captured - 4, 4);
      all.datagrams += ntohl(number) < count;
    }
    if (traffic_goes_on && kind == Read::packets) send_datagrams(1);
  }
  for (const InterfaceCounts& one : source->interface_counts()) all.counts += one.counts;
  return all;
}

}  // namespace

TEST_CASE("capture: totals go on where libpcap's counters wrap, and name drops once", "[capture]") {
  CaptureTotals totals;
  CHECK(totals.update(0, 0, 0).received == 0);
  CHECK(totals.update(100, 30, 0).received == 70);
  CHECK(totals.update(100, 30, 5).dropped_by_interface == 5);
  totals.update(0x7fffffff, 30, 5);
  totals.update(0xfffffff0, 0x80000000, 5);
  const CaptureCounts counts = totals.update(0x10, 0x80000001, 6);
  CHECK(counts.dropped_by_kernel == 0x80000001);
  CHECK(counts.received == 0x100000010 - 0x80000001);
  CHECK(counts.dropped_by_interface == 6);
  totals.update(0x20, 0x80000001, 0);  // the interface was made anew
  CHECK(totals.update(0x20, 0x80000001, 2).dropped_by_interface == 8);
}

TEST_CASE("capture: what the kernel holds at a stop is read, and what it dropped is counted", "[capture]") {
  const bool ahead = GENERATE(false, true);
  bool done = false;
  std::string why;
  std::thread([&] {  // in a network of this thread alone
    if (unshare(CLONE_NEWNET) != 0) return;
    done = true;
    const Captured all = capture_stopped(3000, 8 << 20, ahead, true);
    CHECK(all.datagrams >= 3000);
    CHECK(all.counts.dropped_by_kernel == 0);
    CHECK(all.counts.received == all.packets);
    const Captured some = capture_stopped(20'000, 1 << 20, ahead, false);
    CHECK(some.packets > 0);
    CHECK(some.counts.dropped_by_kernel > 0);
    CHECK(some.counts.received == some.packets);
    CHECK(some.counts.received + some.counts.dropped_by_kernel == 20'000);
  })
      .join();
  if (!done) WARN("skipped: no network namespace can be made here (needs root)");
}

}  // namespace t2::test::capture_totals_test
