// Helpers of scripts/bench, as small as the floors they measure:
//
//   tools map FILE            reads a mapped pcap file and touches every packet's header: the first floor
//   tools pcap FILE           counts packets and bytes in a loop over libpcap: the second floor; prints both
//   tools repeat FILE OUT PACKETS   copies a capture again and again, times shifted behind the copy before, until it
//   has so many
//                             packets; prints how many
//   tools send INTERFACE BYTES FLOWS RATE SECONDS   sends UDP frames of so many bytes, so many a second; prints how
//   many tools drain PORT          a collector on loopback that throws away what it receives; prints a line when it
//   listens tools run OUTPUT COMMAND  runs a command with its output in a file and prints what it and all its processes
//   cost:
//                             status, CPU and wall time in nanoseconds, memory peak of the largest in KiB
//
// `run` is here and not in the script because a child's memory peak begins with that of the process it was forked from.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int fail(const char* what) {
  std::perror(what);
  return 1;
}

int map(const char* path) {
  const int file = open(path, O_RDONLY);
  struct stat about {};
  if (file < 0 || fstat(file, &about) != 0) return fail(path);
  const auto size = static_cast<std::size_t>(about.st_size);
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  if (mapped == MAP_FAILED) return fail(path);
  madvise(mapped, size, MADV_SEQUENTIAL);
  const auto* data = static_cast<const std::uint8_t*>(mapped);
  std::uint32_t word = 0;
  std::memcpy(&word, data, sizeof word);
  if (size < 24 || (word != 0xa1b2c3d4 && word != 0xa1b23c4d))
    return std::fprintf(stderr, "%s: not a pcap file of this byte order\n", path), 1;
  std::uint64_t packets = 0, sum = 0;
  for (std::size_t at = 24; at + 16 <= size; ++packets) {
    std::uint32_t captured = 0;
    std::memcpy(&captured, data + at + 8, sizeof captured);
    if (captured > size - at - 16) break;
    for (std::size_t i = 0; i + 4 <= captured && i < 54; i += 16) sum += data[at + 16 + i];
    at += 16 + captured;
  }
  std::printf("%llu packets %llu\n", static_cast<unsigned long long>(packets), static_cast<unsigned long long>(sum));
  return 0;
}

int loop(const char* path) {
  char problem[PCAP_ERRBUF_SIZE];
  pcap_t* capture = pcap_open_offline(path, problem);
  if (!capture) return std::fprintf(stderr, "%s\n", problem), 1;
  pcap_pkthdr* head = nullptr;
  const u_char* data = nullptr;
  unsigned long long packets = 0, bytes = 0;
  while (pcap_next_ex(capture, &head, &data) == 1) ++packets, bytes += head->caplen;
  std::printf("%llu packets %llu bytes\n", packets, bytes);
  pcap_close(capture);
  return 0;
}

// No flow goes on from one copy to the next: they are 4,000 s apart, more than any time-out.
int repeat(const char* from, const char* to, unsigned long long wanted) {
  char problem[PCAP_ERRBUF_SIZE];
  pcap_dumper_t* out = nullptr;
  pcap_t* shape = nullptr;
  unsigned long long packets = 0;
  std::int64_t shift = 0, first = 0, last = 0;
  while (packets < wanted) {
    pcap_t* capture = pcap_open_offline_with_tstamp_precision(from, PCAP_TSTAMP_PRECISION_NANO, problem);
    if (!capture) return std::fprintf(stderr, "%s\n", problem), 1;
    if (!out) {
      shape = pcap_open_dead_with_tstamp_precision(pcap_datalink(capture), 262144, PCAP_TSTAMP_PRECISION_NANO);
      out = pcap_dump_open(shape, to);
      if (!out) return std::fprintf(stderr, "%s\n", pcap_geterr(shape)), 1;
    }
    pcap_pkthdr* head = nullptr;
    const u_char* data = nullptr;
    const unsigned long long before = packets;
    while (pcap_next_ex(capture, &head, &data) == 1) {
      if (packets == 0) first = last = head->ts.tv_sec;
      if (packets == before || head->ts.tv_sec > last) last = head->ts.tv_sec;
      pcap_pkthdr moved = *head;
      moved.ts.tv_sec += shift;
      pcap_dump(reinterpret_cast<u_char*>(out), &moved, data);
      ++packets;
    }
    pcap_close(capture);
    if (packets == before) return std::fprintf(stderr, "%s: no packet can be read\n", from), 1;
    shift += last - first + 4000;
  }
  const bool written = pcap_dump_flush(out) == 0;
  pcap_dump_close(out);
  pcap_close(shape);
  if (!written) return fail(to);
  std::printf("%llu\n", packets);
  return 0;
}

// In batches of 64, each when it is due; the frames lie ready.
int send(const char* interface, std::size_t bytes, unsigned flows, double rate, double seconds) {
  const int s = socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(if_nametoindex(interface));
  const int on = 1;
  if (s < 0 || to.sll_ifindex == 0 || bind(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    return fail(interface);
  setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
  bytes = std::clamp<std::size_t>(bytes, 60, 1514);
  std::vector<std::vector<unsigned char>> frames;
  for (unsigned flow = 0; flow < flows; ++flow) {
    std::vector<unsigned char> frame(bytes);
    const auto put16 = [&](std::size_t at, std::size_t v) {
      frame[at] = static_cast<unsigned char>(v >> 8), frame[at + 1] = static_cast<unsigned char>(v);
    };
    std::memcpy(frame.data(), "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0\x45", 15);
    put16(16, bytes - 14), frame[22] = 64, frame[23] = 17;
    std::memcpy(frame.data() + 26, "\x0a\0\0\0\xc6\x12\0\x01", 8);
    frame[28] = static_cast<unsigned char>(flow >> 8), frame[29] = static_cast<unsigned char>(flow);
    unsigned sum = 0;
    for (std::size_t at = 14; at < 34; at += 2) sum += frame[at] * 256u + frame[at + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    put16(24, 0xffff & ~sum);
    put16(34, 10000 + flow % 50000), put16(36, 8500), put16(38, bytes - 34);
    frames.push_back(std::move(frame));
  }
  constexpr unsigned batch = 64;
  iovec parts[batch];
  mmsghdr heads[batch] = {};
  unsigned long long sent = 0;
  const auto start = std::chrono::steady_clock::now();
  for (unsigned flow = 0;;) {
    const double now = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (now >= seconds) break;
    if (static_cast<double>(sent) > now * rate) continue;  // not due yet
    for (unsigned i = 0; i < batch; ++i, flow = (flow + 1) % flows) {
      parts[i] = {frames[flow].data(), bytes};
      heads[i].msg_hdr.msg_iov = &parts[i], heads[i].msg_hdr.msg_iovlen = 1;
    }
    const int n = sendmmsg(s, heads, batch, 0);
    if (n > 0) sent += static_cast<unsigned>(n);
  }
  std::printf("%llu\n", sent);
  return 0;
}

int drain(unsigned port) {
  const int s = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int buffer = 32 << 20;
  if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (bind(s, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return fail("drain");
  std::puts("listening");
  std::fflush(stdout);
  char datagram[65536];
  while (recv(s, datagram, sizeof datagram, 0) >= 0) {}
  return fail("drain");
}

int run(const char* output, char** command) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // what the command leaves behind becomes a child of this process
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child < 0) return fail("fork");
  if (child == 0) {
    const int in = open("/dev/null", O_RDONLY), out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    dup2(in, 0), dup2(out, 1), dup2(out, 2);
    execvp(command[0], command);
    std::perror(command[0]);
    _exit(127);
  }
  int result = 0;
  std::int64_t cpu = 0, wall = 0;
  long peak = 0;
  for (;;) {
    int status = 0;
    rusage used{};
    const pid_t ended = wait4(-1, &status, 0, &used);
    if (ended < 0) break;
    if (ended == child) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const auto nanoseconds = [](const timeval& t) {
      return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_usec * std::int64_t{1'000};
    };
    cpu += nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime);
    if (used.ru_maxrss > peak) peak = used.ru_maxrss;
  }
  wall = std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
  std::printf("%d %lld %lld %ld\n", result, static_cast<long long>(cpu), static_cast<long long>(wall), peak);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 2 ? argv[1] : "";
  if (what == "map") return map(argv[2]);
  if (what == "pcap") return loop(argv[2]);
  if (what == "repeat" && argc > 4) return repeat(argv[2], argv[3], std::strtoull(argv[4], nullptr, 10));
  if (what == "send" && argc > 6)
    return send(argv[2], std::strtoul(argv[3], nullptr, 10), std::max(1u, static_cast<unsigned>(std::atoi(argv[4]))),
                std::atof(argv[5]), std::atof(argv[6]));
  if (what == "drain") return drain(static_cast<unsigned>(std::atoi(argv[2])));
  if (what == "run" && argc > 3) return run(argv[2], argv + 3);
  std::fprintf(stderr,
               "usage: tools map FILE | pcap FILE | repeat FILE OUT PACKETS | send INTERFACE BYTES FLOWS RATE SECONDS "
               "| drain PORT | run OUTPUT COMMAND...\n");
  return 1;
}
