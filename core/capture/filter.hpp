// A BPF expression, compiled once for each link type that turns up.
#pragma once

#include <map>
#include <string>

#include <pcap/pcap.h>

#include "capture/source.hpp"

namespace t2 {

class Filter {
 public:
  // Compiles for the link type at once, so that a wrong expression is an error before the first packet.
  Filter(std::string expression, int link_type);
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  bool accepts(const RawPacket& packet) {
    if (expression_.empty()) return true;
    if (packet.link_type != link_type_) select(packet.link_type);
    return matches(packet);
  }

 private:
  bool matches(const RawPacket& packet) const;
  void select(int link_type);

  std::string expression_;
  std::map<int, bpf_program> programs_;
  const bpf_program* program_ = nullptr;
  int link_type_ = -1;
};

std::string link_name(int link_type);  // "Ethernet [EN10MB/1]"

}  // namespace t2
