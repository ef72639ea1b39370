// Filters through libpcap, and its names of link types.
#include "capture/filter.hpp"

#include <fmt/format.h>

#include "t2/plugin.hpp"
#include "tranalyzer.h"

namespace t2 {

Filter::Filter(std::string expression, int link_type) : expression_(std::move(expression)) {
  if (!expression_.empty()) select(link_type);
}

Filter::~Filter() {
  for (auto& [type, program] : programs_) pcap_freecode(&program);
}

void Filter::select(int link_type) {
  auto found = programs_.find(link_type);
  if (found == programs_.end()) {
    pcap_t* dead = pcap_open_dead(link_type, 262144);
    bpf_program program{};
    if (!dead || pcap_compile(dead, &program, expression_.c_str(), BPF_OPTIMIZE, PCAP_NETMASK_UNKNOWN) != 0) {
      const std::string why = dead ? pcap_geterr(dead) : "no memory";
      if (dead) pcap_close(dead);
      throw Error(
          fmt::format("'{}' is not a valid filter for link type {}: {}", expression_, link_name(link_type), why));
    }
    pcap_close(dead);
    found = programs_.emplace(link_type, program).first;
  }
  program_ = &found->second;
  link_type_ = link_type;
}

bool Filter::matches(const RawPacket& packet) const {
  const pcap_pkthdr head{{}, packet.captured, packet.wire};
  return pcap_offline_filter(program_, &head, packet.data) != 0;
}

std::string link_name(int link_type) {
  const char* name = pcap_datalink_val_to_name(link_type);
  const char* text = pcap_datalink_val_to_description(link_type);
  return fmt::format("{} [{}/{}]", text ? text : "unknown", name ? name : "?", link_type);
}

}  // namespace t2
