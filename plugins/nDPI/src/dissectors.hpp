// Which of libndpi's dissectors look at a packet.
//
// The library asks up to 113 dissectors about a packet, and for each of them compares 64 bytes of bits to see whether
// the flow has ruled it out: that took half of its time. So each of its lists gets one entry, which asks the dissectors
// of that list in the same order, by one bit. All else that the library does with a packet stays its own. A test
// compares results with those of the library by itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#define NDPI_LIB_COMPILATION  // declares the structure of a detection module
#include <ndpi/ndpi_api.h>

#include "t2/error.hpp"

namespace t2::ndpi {

using Ask = void (*)(ndpi_detection_module_struct*, ndpi_flow_struct*);

// As the library lists it.
struct Dissector {
  Ask function = nullptr;
  std::uint32_t selection = 0;       // the packets that it looks at
  std::uint32_t word = 0, bits = 0;  // by which a flow says that it has ruled it out

  Dissector() = default;
  Dissector(const ndpi_call_function_struct& from, Ask by) : function(by), selection(from.ndpi_selection_bitmask) {
    for (std::uint32_t i = 0; i < std::size(from.excluded_protocol_bitmask.fds_bits); ++i) {
      const std::uint32_t in_word = from.excluded_protocol_bitmask.fds_bits[i];
      if (in_word == 0) continue;
      if (bits != 0) throw Error("nDPI: a dissector of libndpi has more bits than the plugin knows of");
      word = i, bits = in_word;
    }
  }
  bool is_asked(const NDPI_PROTOCOL_BITMASK& excluded, std::uint32_t packet) const {
    return !(excluded.fds_bits[word] & bits) && (selection & packet) == selection;
  }
};

// The bits of `selection` that fit the packet.
inline std::uint32_t kind_of(const ndpi_packet_struct& p) {
  std::uint32_t kind = NDPI_SELECTION_BITMASK_PROTOCOL_COMPLETE_TRAFFIC;
  if (p.iph) kind |= NDPI_SELECTION_BITMASK_PROTOCOL_IP | NDPI_SELECTION_BITMASK_PROTOCOL_IPV4_OR_IPV6;
  if (p.iphv6) kind |= NDPI_SELECTION_BITMASK_PROTOCOL_IPV6 | NDPI_SELECTION_BITMASK_PROTOCOL_IPV4_OR_IPV6;
  if (p.tcp) kind |= NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP | NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP_OR_UDP;
  if (p.udp) kind |= NDPI_SELECTION_BITMASK_PROTOCOL_INT_UDP | NDPI_SELECTION_BITMASK_PROTOCOL_INT_TCP_OR_UDP;
  if (p.payload_packet_len != 0) kind |= NDPI_SELECTION_BITMASK_PROTOCOL_HAS_PAYLOAD;
  if (p.tcp_retransmission == 0) kind |= NDPI_SELECTION_BITMASK_PROTOCOL_NO_TCP_RETRANSMISSION;
  return kind;
}

class DissectorLists;
const DissectorLists& lists_in_use();  // those whose module looks at a packet in this thread

class DissectorLists {
 public:
  // Takes over the module's lists; the module is initialised, and outlives them. `split_lines` is the library's
  // ndpi_parse_packet_line_info.
  DissectorLists(ndpi_detection_module_struct& m, Ask split_lines) : split_lines_(split_lines) {
    for (std::size_t i = 1; i < NDPI_MAX_SUPPORTED_PROTOCOLS; ++i) {
      if (const Ask function = m.proto_defaults[i].func)
        by_port_[i] = Dissector(m.callback_buffer[m.proto_defaults[i].protoIdx], function);
    }
    replace<&DissectorLists::tcp_>(m.callback_buffer_tcp_payload, m.callback_buffer_size_tcp_payload);
    replace<&DissectorLists::tcp_without_payload_>(m.callback_buffer_tcp_no_payload,
                                                   m.callback_buffer_size_tcp_no_payload);
    replace<&DissectorLists::udp_>(m.callback_buffer_udp, m.callback_buffer_size_udp);
  }
  // Before the library looks at a packet.
  void begin(const ndpi_flow_struct& flow) { excluded_before_ = flow.excluded_protocol_bitmask; }

 private:
  using List = std::vector<Dissector>;

  template <List DissectorLists::*list>
  void replace(ndpi_call_function_struct* from, std::uint32_t& size) {
    for (const ndpi_call_function_struct& dissector : std::span(from, size))
      (this->*list).emplace_back(dissector, dissector.func);
    from[0] = {};
    from[0].func = [](ndpi_detection_module_struct* module, ndpi_flow_struct* flow) {
      lists_in_use().ask(lists_in_use().*list, module, flow);
    };
    NDPI_BITMASK_SET_ALL(from[0].detection_bitmask);
    size = 1;
  }

  void ask(const List& list, ndpi_detection_module_struct* module, ndpi_flow_struct* flow) const {
    const std::uint32_t packet = kind_of(module->packet);
    split_without_lines(*module, flow);
    // The library itself has asked the dissector of the protocol that the port stands for, if it applies.
    Ask asked = nullptr;
    if (flow->guessed_protocol_id < by_port_.size()) {
      const Dissector& guessed = by_port_[flow->guessed_protocol_id];
      if (guessed.is_asked(excluded_before_, packet)) asked = guessed.function;
    }
    bool any = asked != nullptr;
    for (const Dissector& d : list) {
      if (!d.is_asked(flow->excluded_protocol_bitmask, packet) || d.function == asked) continue;
      any = true;
      d.function(module, flow);
      if (flow->detected_protocol_stack[0] != NDPI_PROTOCOL_UNKNOWN) return;
    }
    if (!any) flow->fail_with_unknown = 1;  // as the library does where it asks none
  }

  // Dissectors of texts have the library split each payload into lines, byte by byte. Where no line ends it finds none
  // in the first bytes either.
  void split_without_lines(ndpi_detection_module_struct& module, ndpi_flow_struct* flow) const {
    ndpi_packet_struct& p = module.packet;
    constexpr std::uint16_t fewest = 3;  // bytes that it splits
    if (p.payload_packet_len <= fewest || p.packet_lines_parsed_complete) return;
    const std::string_view payload(reinterpret_cast<const char*>(p.payload), p.payload_packet_len);
    if (payload.find("\r\n") != payload.npos) return;
    const std::uint16_t length = std::exchange(p.payload_packet_len, fewest);
    split_lines_(&module, flow);
    p.payload_packet_len = length;
  }

  const Ask split_lines_;
  List tcp_, tcp_without_payload_, udp_;
  std::array<Dissector, NDPI_MAX_SUPPORTED_PROTOCOLS> by_port_{};  // by protocol, without one: no function
  NDPI_PROTOCOL_BITMASK excluded_before_{};
};

}  // namespace t2::ndpi
