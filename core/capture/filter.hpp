// A BPF expression, compiled once for each kind of packet that turns up: link type, and byte order of the machine that
// captured (DLT_NULL frames begin with a number in that order). Used by the thread that reads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <pcap/pcap.h>

#include "capture/source.hpp"

namespace t2 {

class Filter {
 public:
  // Empty: all packets pass. `link_type`, `swapped`: of the first interface. Throws t2::Error where the expression is
  // wrong for every link type. One that only does not fit this link type drops its packets and counts them.
  Filter(std::string expression, int link_type, bool swapped);
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  bool accepts(const RawPacket& packet, bool swapped) {
    if (expression_.empty()) return true;
    if (packet.link_type != link_type_ || swapped != swapped_) select(packet.link_type, swapped);
    return matches(packet);
  }
  // Packets that were dropped because the expression does not fit their link type: a line for each.
  std::vector<std::string> notes() const;

 private:
  struct Program {
    bpf_program code{};
    bool fits = false;
    std::string why_not;
    std::uint64_t dropped = 0;
  };
  bool matches(const RawPacket& packet);
  void select(int link_type, bool swapped);
  Program& compiled(int link_type, bool swapped);

  std::string expression_;
  std::map<std::pair<int, bool>, Program> programs_;
  Program* program_ = nullptr;
  int link_type_ = -1;
  bool swapped_ = false;
};

std::string link_name(int link_type);  // "Ethernet [EN10MB/1]"
// The report's lines about an input: link layer type and snapshot length (bytes).
std::string describe_link(int link_type, std::uint64_t snapshot);

}  // namespace t2
