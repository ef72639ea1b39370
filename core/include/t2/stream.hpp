// Bytes of a TCP connection in their order, one direction each: what plugins that read content share. Segments that
// were repeated are dropped, those that came early are held until the gap before them is closed.
//
// How contradictions are resolved: of bytes that were sent twice with other content, those that were captured first
// count. Only within the first StreamReader::ordered bytes of a direction segments are held, and no more than fit in
// StreamReader::max_held blocks; otherwise, and at the end of the flow, the reader goes on behind the gap and says how
// many bytes it left out. So it does with bytes that were not captured.
//
// Memory comes from Host::flow_alloc(): it is part of the bound that is printed, and given back as soon as it is not
// used. A plugin names `stream_block` among its flow_blocks. A reader belongs to one instance of a plugin.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "t2/plugin.hpp"

namespace t2 {

struct StreamBlock {
  static constexpr std::uint32_t capacity = 2016;
  StreamBlock* next;
  std::uint32_t sequence;  // of its first byte
  std::uint32_t size;
  std::uint8_t data[capacity];
};
constexpr FlowBlock stream_block{.bytes = sizeof(StreamBlock), .conversations = 32};

// Of one direction; part of a plugin's State.
struct StreamState {
  StreamBlock* held = nullptr;  // segments that came early: by sequence number, without overlaps
  std::uint32_t next = 0;       // sequence number of the next byte
  std::uint32_t position = 0;   // bytes before it, gaps included; stays at 2^32 - 1
  std::uint32_t gap = 0;        // bytes that will never come, right before `next`
  std::uint8_t held_blocks = 0;
  bool begun = false;       // `next` is known
  bool from_start = false;  // ... from a SYN
};

// A part of a stream that is complete, or that is cut off where it became too long.
struct CollectedBytes {
  StreamBlock *first = nullptr, *last = nullptr;
  std::uint32_t size = 0;
};

class StreamReader {
 public:
  static constexpr std::uint32_t ordered = 64 << 10;
  static constexpr unsigned max_held = 32;  // blocks of a direction

  explicit StreamReader(Host& host) : host_(host) {}

  // Of a packet with a TCP header: hands over what has become the continuation of the stream, in one or more calls of
  // on_bytes(std::span<const std::uint8_t> bytes, std::uint32_t gap): `gap` bytes before them are missing.
  template <class OnBytes>
  void read(const Packet& p, StreamState& s, OnBytes&& on_bytes) {
    constexpr std::uint8_t syn = 0x02;
    if (!p.is_tcp_header() || p.captured_l4 < 14) return;
    std::uint32_t sequence = load_big<std::uint32_t>(p.data + p.l4 + 4);
    if (p.data[p.l4 + 13] & syn) {
      ++sequence;
      if (s.position == 0 && !s.held) s.next = sequence, s.begun = s.from_start = true;
    }
    if (p.l7_length == 0) return;
    if (is_padding(p)) return;
    if (!s.begun) s.next = sequence, s.begun = true;
    segment(*p.flow, s, sequence, p.bytes(p.l7).read(std::min(p.captured_l7, p.l7_length)), p.l7_length, on_bytes);
  }

  // Of bytes whose position is told otherwise than by TCP; `s.begun` is set.
  template <class OnBytes>
  void insert(const Flow& flow, StreamState& s, std::uint32_t position, std::span<const std::uint8_t> bytes,
              OnBytes&& on_bytes) {
    segment(flow, s, position, bytes, static_cast<std::uint32_t>(bytes.size()), on_bytes);
  }

  // At the end of the flow, or of interest in it: hands over what is held, with the gaps.
  template <class OnBytes>
  void finish(const Flow& flow, StreamState& s, OnBytes&& on_bytes) {
    while (s.held) {
      pass_gap(s);
      drain(flow, s, on_bytes);
    }
    if (s.gap > 0) deliver(s, {}, on_bytes);
  }
  void discard(const Flow& flow, StreamState& s) {
    while (s.held) free_first(flow, s);
  }

  // Collects bytes of a message that does not lie in one piece. False: there is no memory.
  bool collect(const Flow& flow, CollectedBytes& to, std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      if (!to.last || to.last->size == StreamBlock::capacity) {
        StreamBlock* block = allocate(flow);
        if (!block) return false;
        (to.last ? to.last->next : to.first) = block;
        to.last = block;
      }
      const auto n = std::min<std::size_t>(bytes.size(), StreamBlock::capacity - to.last->size);
      std::copy_n(bytes.data(), n, to.last->data + to.last->size);
      to.last->size += static_cast<std::uint32_t>(n);
      to.size += static_cast<std::uint32_t>(n);
      bytes = bytes.subspan(n);
    }
    return true;
  }
  // In one piece; valid until the next call.
  std::span<const std::uint8_t> collected(const CollectedBytes& from) {
    if (scratch_.size() < from.size) scratch_.resize(from.size);
    std::size_t at = 0;
    for (const StreamBlock* block = from.first; block; block = block->next) {
      std::copy_n(block->data, block->size, scratch_.data() + at);
      at += block->size;
    }
    return {scratch_.data(), at};
  }
  void drop(const Flow& flow, CollectedBytes& all) {
    while (all.first) {
      StreamBlock* next = all.first->next;
      host_.flow_free(flow, all.first);
      all.first = next;
    }
    all = {};
  }

  std::uint64_t refused() const { return refused_; }  // blocks that there was no memory for
  void add(const StreamReader& other) { refused_ += other.refused_; }

 private:
  // Some senders count the zeros that fill an acknowledgement up to the length of the smallest frame as payload.
  static bool is_padding(const Packet& p) {
    constexpr std::uint8_t push = 0x08;
    constexpr std::uint32_t most = 6;  // a frame of 60 bytes, headers of 54
    if (p.l7_length > most || p.captured_l7 < p.l7_length || p.data[p.l4 + 13] & push) return false;
    const std::uint8_t* bytes = p.data + p.l7;
    return std::all_of(bytes, bytes + p.l7_length, [](std::uint8_t byte) { return byte == 0; });
  }

  StreamBlock* allocate(const Flow& flow) {
    auto* block = static_cast<StreamBlock*>(host_.flow_alloc(flow, sizeof(StreamBlock)));
    refused_ += block == nullptr;
    return block;
  }

  template <class OnBytes>
  void segment(const Flow& flow, StreamState& s, std::uint32_t sequence, std::span<const std::uint8_t> bytes,
               std::uint32_t length, OnBytes& on_bytes) {
    const auto ahead = static_cast<std::int32_t>(sequence - s.next);
    if (ahead < 0) {  // repeated, in whole or in part
      const std::uint32_t old = 0u - static_cast<std::uint32_t>(ahead);
      if (old >= length) return;
      sequence += old, length -= old;
      bytes = bytes.subspan(std::min<std::size_t>(old, bytes.size()));
    } else if (ahead > 0) {
      if (s.position < ordered && static_cast<std::uint32_t>(ahead) < ordered && hold(flow, s, sequence, bytes)) return;
      // What is held comes before this segment, or after it.
      while (s.held && static_cast<std::int32_t>(s.held->sequence - sequence) < 0) {
        pass_gap(s);
        drain(flow, s, on_bytes);
      }
      const auto left = static_cast<std::int32_t>(sequence - s.next);
      if (left < 0) return segment(flow, s, sequence, bytes, length, on_bytes);
      s.gap += static_cast<std::uint32_t>(left);
      advance(s, static_cast<std::uint32_t>(left));
    }
    if (!s.held) {
      if (!bytes.empty()) deliver(s, bytes, on_bytes);
    } else {  // bytes that are held were captured first
      std::size_t at = 0;
      while (at < bytes.size()) {
        drain(flow, s, on_bytes);
        const auto done = static_cast<std::uint32_t>(s.next - sequence);
        if (done >= bytes.size()) break;
        at = done;
        std::size_t end = bytes.size();
        if (s.held) end = std::min<std::size_t>(end, static_cast<std::uint32_t>(s.held->sequence - sequence));
        deliver(s, bytes.subspan(at, end - at), on_bytes);
        at = end;
      }
    }
    if (bytes.size() < length &&
        static_cast<std::int32_t>(sequence + length - s.next) > 0) {  // the rest was not captured
      const std::uint32_t rest = sequence + length - s.next;
      s.gap += rest;
      advance(s, rest);
    }
    drain(flow, s, on_bytes);
  }

  // Keeps what is new of a segment that came early. False: there is no room, or nothing of it was captured.
  bool hold(const Flow& flow, StreamState& s, std::uint32_t sequence, std::span<const std::uint8_t> bytes) {
    if (bytes.empty() || s.held_blocks + bytes.size() / StreamBlock::capacity + 1 > max_held) return false;
    StreamBlock** link = &s.held;
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::uint32_t from = sequence + static_cast<std::uint32_t>(at);
      while (*link && static_cast<std::int32_t>((*link)->sequence + (*link)->size - from) <= 0) link = &(*link)->next;
      std::size_t size = std::min<std::size_t>(bytes.size() - at, StreamBlock::capacity);
      if (*link) {
        const auto free = static_cast<std::int32_t>((*link)->sequence - from);
        if (free <= 0) {  // captured before
          at += (*link)->size - static_cast<std::uint32_t>(-free);
          continue;
        }
        size = std::min<std::size_t>(size, static_cast<std::uint32_t>(free));
      }
      StreamBlock* block = s.held_blocks < max_held ? allocate(flow) : nullptr;
      if (!block) return at > 0;  // the rest is as good as lost
      block->sequence = from;
      block->size = static_cast<std::uint32_t>(size);
      std::copy_n(bytes.data() + at, size, block->data);
      block->next = *link;
      *link = block;
      ++s.held_blocks;
      at += size;
    }
    return true;
  }

  // Goes on behind the gap before the first segment that is held.
  static void pass_gap(StreamState& s) {
    const std::uint32_t missing = s.held->sequence - s.next;
    if (static_cast<std::int32_t>(missing) <= 0) return;
    s.gap += missing;
    advance(s, missing);
  }
  // Hands over what is held and follows without a gap.
  template <class OnBytes>
  void drain(const Flow& flow, StreamState& s, OnBytes& on_bytes) {
    while (s.held && static_cast<std::int32_t>(s.held->sequence - s.next) <= 0) {
      const std::uint32_t old = s.next - s.held->sequence;
      if (old < s.held->size) {
        const std::span<const std::uint8_t> bytes{s.held->data + old, s.held->size - old};
        deliver(s, bytes, on_bytes);
        if (!s.held) return;  // on_bytes() lost its interest
      }
      free_first(flow, s);
    }
  }
  void free_first(const Flow& flow, StreamState& s) {
    StreamBlock* first = s.held;
    s.held = first->next;
    --s.held_blocks;
    host_.flow_free(flow, first);
  }

  template <class OnBytes>
  static void deliver(StreamState& s, std::span<const std::uint8_t> bytes, OnBytes& on_bytes) {
    const std::uint32_t gap = s.gap;
    s.gap = 0;
    advance(s, static_cast<std::uint32_t>(bytes.size()));
    on_bytes(bytes, gap);
  }
  static void advance(StreamState& s, std::uint32_t by) {
    s.next += by;
    s.position += std::min(by, ~s.position);
  }

  Host& host_;
  std::vector<std::uint8_t> scratch_;
  std::uint64_t refused_ = 0;
};

}  // namespace t2
