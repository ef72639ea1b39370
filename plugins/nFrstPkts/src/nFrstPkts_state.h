// What nFrstPkts remembers of each direction of a conversation: its first packets, or pulses of packets. Written by the
// worker that owns the flow; other plugins may Peek at it when the flow has ended, through count and for_each().
#pragma once

#include <cstdint>

#include "nFrstPkts_config.hpp"
#include "t2/flags.hpp"

namespace t2::n_frst_pkts {

struct ListEntry {
  Time time;                   // of the packet; a pulse: of its first one
  std::uint16_t length;        // "packet length" of the core flag PACKETLENGTH, 65535 at most; a pulse: see NFRST_PLAVE
  std::uint16_t other_before;  // entries of the other direction's list that came before this one
  std::uint8_t l3_header, l4_header;                             // bytes, 255 at most
  std::uint8_t tcp_flags;                                        // 0 without a TCP header
  [[no_unique_address]] FieldIf<Time, config::pulses> duration;  // last packet of the pulse minus its first
};

// Most directions have a packet or two: these stand in the state, all others in blocks that the core frees with the
// flow.
struct EntryBlock {
  static constexpr std::uint32_t size = 17;
  ListEntry entry[size];
  EntryBlock *next, *last;  // last: of the list; known in its first block
};

// The pulse that goes on.
struct OpenPulse {
  Time first = 0, last = 0;
  std::uint64_t bytes = 0;
  std::uint32_t packets = 0;  // 0: there is none
  std::uint16_t other_before = 0;
  std::uint8_t l3_header = 0, l4_header = 0, tcp_flags = 0;
};

struct NFrstPktsState {
  static constexpr std::uint32_t inside = 3;  // entries
  ListEntry first[inside]{};
  EntryBlock* blocks = nullptr;
  std::uint32_t count = 0;  // of entries
  bool cut = false;         // there was no memory for more
  [[no_unique_address]] FieldIf<OpenPulse, config::pulses> pulse;

  // Calls visit(ListEntry) for each entry in the order of packets.
  template <class Visit>
  void for_each(Visit visit) const {
    const EntryBlock* block = blocks;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i < inside) {
        visit(first[i]);
        continue;
      }
      const std::uint32_t at = (i - inside) % EntryBlock::size;
      if (at == 0 && i > inside) block = block->next;
      visit(block->entry[at]);
    }
  }
};
static_assert(config::pulses || sizeof(NFrstPktsState) == 64);

}  // namespace t2::n_frst_pkts
