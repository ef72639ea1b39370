// The way that most packets go: Ethernet, IPv4 or IPv6 without options, a whole TCP or UDP header, no port that means
// more. One straight line instead of the Dissector's walk, and the same Packet. Holds nothing that changes: all threads may
// use the same one.
#pragma once

#include "decode/headers.hpp"
#include "t2/packet.hpp"

namespace t2 {

class PlainDecoder {
 public:
  explicit PlainDecoder(HeaderStacks& stacks);
  // Like Dissector::run() for a fresh packet. False: it is not plain, and nothing was done.
  bool decode(Packet& p) const;
  static constexpr unsigned header_count = 3;

 private:
  struct Stack {
    std::uint32_t text = 0;
    status::Word status = 0;  // headers_overrun, where the text is cut
  };
  Stack stack_[2][2];         // IPv4, IPv6; TCP, UDP
};

// Once the lengths of the headers are known: what "packet length" means, and how much of the frame is padding, if
// `needed` bytes of it are not and it is one of Ethernet's shortest. `at`: the IP header.
void set_packet_length(Packet& p, std::uint32_t at);
void set_padding(Packet& p, std::uint32_t needed);

}  // namespace t2
