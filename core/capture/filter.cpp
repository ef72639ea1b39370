// Filters through libpcap, and its names of link types.
#include "capture/filter.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/settings.hpp"
#include "capture/libpcap.hpp"
#include "t2/plugin.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

// A handle to compile for. Null and loop frames begin with the address family, with the numbers of the machine that
// captured, null frames also in its byte order: libpcap takes that into account for files only, and learns the order
// from their header.
pcap_t* open_handle(int link_type, bool swapped) {
  if (link_type != DLT_NULL && link_type != DLT_LOOP) return libpcap().pcap_open_dead(link_type, 262144);
  struct Header {  // draft-ietf-opsawg-pcap; these link types have the same numbers in files
    std::uint32_t magic = 0xa1b2c3d4;
    std::uint16_t major = 2, minor = 4;
    std::uint32_t reserved[2] = {}, snaplen = 262144, link_type;
  } header{.link_type = static_cast<std::uint32_t>(link_type)};
  static_assert(sizeof header == 24);
  if (swapped) {
    header.magic = __builtin_bswap32(header.magic);
    header.major = __builtin_bswap16(header.major);
    header.minor = __builtin_bswap16(header.minor);
    header.snaplen = __builtin_bswap32(header.snaplen);
    header.link_type = __builtin_bswap32(header.link_type);
  }
  std::FILE* file = fmemopen(&header, sizeof header, "rb");
  if (!file) return nullptr;
  char why[PCAP_ERRBUF_SIZE];
  pcap_t* handle = libpcap().pcap_fopen_offline(file, why);  // it closes the file with the handle
  if (!handle) std::fclose(file);
  return handle;
}

}  // namespace

Filter::Filter(std::string expression, int link_type, bool swapped) : expression_(std::move(expression)) {
  if (expression_.empty()) return;
  select(link_type, swapped);
  // Wrong only for this link type, which may be one of many interfaces, or wrong for any?
  if (!program_->fits && (link_type == DLT_EN10MB || !compiled(DLT_EN10MB, false).fits)) {
    throw BadFilter(fmt::format("'{}' is not a valid filter for link type {}: {}", expression_, link_name(link_type),
                                program_->why_not));
  }
}

Filter::~Filter() {
  for (auto& [kind, program] : programs_) libpcap().pcap_freecode(&program.code);
}

Filter::Program& Filter::compiled(int link_type, bool swapped) {
  const auto [found, is_new] = programs_.try_emplace({link_type, swapped});
  Program& program = found->second;
  if (!is_new) return program;
  pcap_t* handle = open_handle(link_type, swapped);
  program.fits = handle && libpcap().pcap_compile(handle, &program.code, expression_.c_str(), settings.optimise_filter,
                                                  PCAP_NETMASK_UNKNOWN) == 0;
  if (!program.fits) program.why_not = handle ? libpcap().pcap_geterr(handle) : "libpcap cannot filter it";
  if (handle) libpcap().pcap_close(handle);
  return program;
}

void Filter::select(int link_type, bool swapped) {
  program_ = &compiled(link_type, swapped);
  link_type_ = link_type;
  swapped_ = swapped;
}

bool Filter::matches(const RawPacket& packet) {
  if (!program_->fits) {
    ++program_->dropped;
    return false;
  }
  const pcap_pkthdr head{{}, packet.captured, packet.wire};
  return libpcap().pcap_offline_filter(&program_->code, &head, packet.data) != 0;
}

std::vector<std::string> Filter::notes() const {
  std::vector<std::string> lines;
  for (const auto& [kind, program] : programs_) {
    if (program.dropped > 0)
      lines.push_back(fmt::format("{} packets of link type {} were dropped: the filter does not fit it: {}",
                                  program.dropped, link_name(kind.first), program.why_not));
  }
  return lines;
}

std::string link_name(int link_type) {
  if (link_type == DLT_EN10MB) return "Ethernet [EN10MB/1]";  // as libpcap says it, without loading it
  const char* name = libpcap().pcap_datalink_val_to_name(link_type);
  const char* text = libpcap().pcap_datalink_val_to_description(link_type);
  return fmt::format("{} [{}/{}]", text ? text : "unknown", name ? name : "?", link_type);
}

std::string describe_link(int link_type, std::uint64_t snapshot) {
  return fmt::format("Link layer type: {}\nSnapshot length: {}", link_name(link_type), human(snapshot));
}

}  // namespace t2
