// The way that most packets go: Ethernet, IPv4 or IPv6 without options, a whole TCP or UDP header, no port that means
// more. One straight line instead of the Dissector's walk, and the same Packet. Holds nothing that changes: all threads may
// use the same one.
#pragma once

#include "capture/block.hpp"
#include "decode/headers.hpp"
#include "t2/packet.hpp"

namespace t2 {

constexpr std::uint16_t type_ipv4 = 0x0800, type_ipv6 = 0x86dd;  // EtherTypes

// What was found out about a plain packet; the rest of its Packet follows from that.
struct Plain {
  std::uint32_t l3_length, captured_l3, l4_header;  // bytes
  std::uint16_t source_port, destination_port;
  bool v4, tcp;               // else IPv6, UDP
};

class PlainDecoder {
 public:
  explicit PlainDecoder(HeaderStacks& stacks);
  // False: the packet, of an Ethernet link, is not plain.
  static bool recognise(const RawPacket& raw, Plain& found);
  // Sets all of p, as Dissector::walk() does for a fresh packet.
  void fill(Packet& p, const RawPacket& raw, const Plain& found, Time clock, std::uint64_t number) const;
  status::Word status(const Plain& found) const;  // of the packet
  static constexpr unsigned header_count = 3;
  static constexpr std::uint32_t l3 = 14;         // where the IP header begins

 private:
  struct Stack {
    std::uint32_t text = 0;
    status::Word status = 0;  // of its packets; with headers_overrun where the text is cut
  };
  Stack stack_[2][2];         // IPv4, IPv6; TCP, UDP
};

// Once the lengths of the headers are known: what "packet length" means, and how much of the frame is padding, if
// `needed` bytes of it are not and it is one of Ethernet's shortest. `at`: the IP header.
void set_packet_length(Packet& p, std::uint32_t at);
void set_padding(Packet& p, std::uint32_t needed);

}  // namespace t2
