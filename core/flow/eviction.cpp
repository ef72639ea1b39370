// Queues of flows, and what a flow in front of one has become.
#include "flow/eviction.hpp"

#include "t2/protocol.hpp"

namespace t2 {

EvictionOrder::Queue EvictionOrder::queue_of(const FlowEntry& flow) {
  const std::uint64_t packets = flow.directions[0]->packets;
  if (!flow.directions[1]) return packets == 1 ? probe : packets < stream ? unanswered : exchanged;
  return packets > 1 ? exchanged : flow.key.protocol == protocol::tcp ? unanswered : asked_once;
}

std::uint32_t EvictionOrder::packets_of(const FlowEntry& flow) {
  return static_cast<std::uint32_t>(flow.directions[0]->packets +
                                    (flow.directions[1] ? flow.directions[1]->packets : 0));
}

void EvictionOrder::append(std::uint32_t queue, std::uint32_t index) {
  Node &end = ends_[queue], &own = node(index);
  own.next = queue;
  own.previous = end.previous;
  own.queue = queue;
  node(end.previous).next = index;
  end.previous = index;
  ++sizes_[queue];
}

void EvictionOrder::unlink(std::uint32_t index) {
  const Node own = node(index);
  node(own.previous).next = own.next;
  node(own.next).previous = own.previous;
  --sizes_[own.queue];
}

void EvictionOrder::add(const FlowEntry& flow) {
  const std::uint32_t index = index_of(flow);
  while (chunks_.size() <= index >> chunk_bits)
    chunks_.push_back(std::make_unique_for_overwrite<Node[]>(std::size_t{1} << chunk_bits));
  node(index).packets = 0;
  append(probe, index);
  ++size_;
}

void EvictionOrder::remove(const FlowEntry& flow) {
  unlink(index_of(flow));
  --size_;
}

FlowEntry* EvictionOrder::first() {
  for (const Queue queue : {probe, unanswered, asked_once, exchanged}) {
    for (; sizes_[queue] > (queue == exchanged ? 0 : size_ / share); ++moves_) {
      const std::uint32_t index = ends_[queue].next;
      FlowEntry& flow = table_.record(index - queues);
      if (const std::uint32_t next = node(index).next; next >= queues) table_.prefetch(table_.record(next - queues));
      if (flow.detached) return &flow;  // another one has its key
      const Queue right = queue_of(flow);
      const std::uint32_t packets = packets_of(flow);
      if (right == probe || (right == queue && packets == node(index).packets)) return &flow;
      node(index).packets = packets;
      unlink(index);
      append(right, index);
    }
  }
  return nullptr;
}

}  // namespace t2
