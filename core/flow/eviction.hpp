// Which flow ends early to make room for another: the one that is missed least.
//
// Flows stand in four queues by what is known of their conversation: `probe`, one packet that was not answered;
// `unanswered`, some more packets, or a SYN that only its responder has followed up; `asked_once`, one packet that was
// answered, such as a query; `exchanged`, the others, and streams of many packets without an answer. Each of the first
// three may hold an eighth of all flows: the first one that holds more gives the flow to end, else the last one. So a
// flood of new flows, with a packet or a few for each, answered or not, displaces itself; conversations stay, and new
// ones have time to be answered.
//
// Packets move no flow: whether a flow belongs farther back is found out when it stands in front. Then it goes to the
// end of its right queue, or of the same one if packets of it came since it was looked at last. Each such move is paid
// for by a packet of that flow, so an eviction costs the same at any rate. Depends on the flows' packets alone. Used
// by one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "flow/flow_table.hpp"

namespace t2 {

class EvictionOrder {
 public:
  explicit EvictionOrder(const FlowTable& table) : table_(table) {
    for (std::uint32_t queue = 0; queue < queues; ++queue) ends_[queue] = {queue, queue, 0, queue};
  }

  void add(const FlowEntry& flow);  // a new flow
  void remove(const FlowEntry& flow);
  // The flow to evict; it stays in its queue. Null: there is none.
  FlowEntry* first();
  static constexpr std::size_t bytes_each() { return sizeof(Node); }  // of a flow
  std::uint64_t moves() const { return moves_; }                      // so far: for tests, which count work

 private:
  enum Queue : std::uint32_t { probe, unanswered, asked_once, exchanged, queues };
  static constexpr std::uint64_t stream = 8;  // packets that need no answer
  static constexpr std::uint64_t share = 8;   // the part of all flows that each of the first queues may hold
  // Lists with links both ways. Indices below `queues` are the lists' ends, others belong to a record.
  struct Node {
    std::uint32_t next, previous;
    std::uint32_t packets;  // of the flow, when it was looked at last, modulo 2^32
    std::uint32_t queue;
  };
  static Queue queue_of(const FlowEntry& flow);
  static std::uint32_t packets_of(const FlowEntry& flow);
  static std::uint32_t index_of(const FlowEntry& flow) { return flow.record + queues; }
  static constexpr unsigned chunk_bits = 16;
  Node& node(std::uint32_t index) {
    return index < queues ? ends_[index] : chunks_[index >> chunk_bits][index & ((1u << chunk_bits) - 1)];
  }
  void append(std::uint32_t queue, std::uint32_t index);
  void unlink(std::uint32_t index);

  const FlowTable& table_;
  Node ends_[queues];
  std::uint64_t sizes_[queues] = {}, size_ = 0;
  std::vector<std::unique_ptr<Node[]>> chunks_;
  std::uint64_t moves_ = 0;
};

}  // namespace t2
