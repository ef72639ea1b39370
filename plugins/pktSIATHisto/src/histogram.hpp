// How often each pair of a length and an interval came: a B+ tree in memory that the core frees with the flow, so that
// any number of pairs in any order is found in few steps, and is listed in ascending order.
#pragma once

#include <algorithm>
#include <cstdint>

namespace t2::pkt_siat_histo {

struct Pair {
  std::uint32_t key = 0;  // length, and in the lower half the bin of the interval
  std::uint32_t count = 0;
  constexpr std::uint32_t length() const { return key >> 16; }
  constexpr std::uint32_t bin() const { return key & 0xffff; }
};

// Both kinds of nodes have one size, so that the core has blocks of one kind.
struct Leaf {
  static constexpr unsigned max = 30;
  Pair pair[max];
  Leaf* next;
  std::uint32_t count;
};
struct Inner {
  static constexpr unsigned max = 20;
  void* child[max];
  std::uint32_t first[max];  // smallest key of each child; of the first one it is not looked at
  std::uint32_t count;
};
constexpr std::size_t node_bytes = 256;
static_assert(sizeof(Leaf) <= node_bytes && sizeof(Inner) <= node_bytes);

class Histogram {
 public:
  // Counts a packet. False: there is no memory, which allocate() returns zeroed. What is counted stays as it is.
  template <class Allocate>
  bool add(std::uint32_t key, std::uint32_t packets, Allocate allocate) {
    if (!root_ && !(root_ = allocate())) return false;
    if (is_full(root_, height_) && !grow(allocate)) return false;
    void* node = root_;
    for (unsigned level = height_; level > 0; --level) {
      auto& inner = *static_cast<Inner*>(node);
      unsigned at = child_of(inner, key);
      if (is_full(inner.child[at], level - 1)) {
        if (!split(inner, at, level - 1, allocate)) return false;
        at += key >= inner.first[at + 1];
      }
      node = inner.child[at];
    }
    count_in(*static_cast<Leaf*>(node), key, packets);
    return true;
  }

  // Calls visit(Pair) for each pair, in ascending order.
  template <class Visit>
  void for_each(Visit visit) const {
    void* node = root_;
    for (unsigned level = height_; level > 0; --level) node = static_cast<Inner*>(node)->child[0];
    for (auto* leaf = static_cast<Leaf*>(node); leaf; leaf = leaf->next)
      for (unsigned i = 0; i < leaf->count; ++i) visit(leaf->pair[i]);
  }

 private:
  static bool is_full(void* node, unsigned level) {
    return level == 0 ? static_cast<Leaf*>(node)->count == Leaf::max : static_cast<Inner*>(node)->count == Inner::max;
  }
  static unsigned child_of(const Inner& inner, std::uint32_t key) {
    return static_cast<unsigned>(std::upper_bound(inner.first + 1, inner.first + inner.count, key) - inner.first) - 1;
  }
  static void count_in(Leaf& leaf, std::uint32_t key, std::uint32_t packets) {
    Pair* const end = leaf.pair + leaf.count;
    Pair* const at = std::lower_bound(leaf.pair, end, key, [](const Pair& p, std::uint32_t k) { return p.key < k; });
    if (at == end || at->key != key) {
      std::move_backward(at, end, end + 1);
      *at = {key, 0};
      ++leaf.count;
    }
    at->count += packets;
  }

  // A root above the full one, which is split.
  template <class Allocate>
  bool grow(Allocate allocate) {
    auto* root = static_cast<Inner*>(allocate());
    if (!root) return false;
    root->child[0] = root_, root->count = 1;
    if (!split(*root, 0, height_, allocate)) return false;
    root_ = root, ++height_;
    return true;
  }

  // A full child, whose upper half moves into a new one behind it. The parent is not full.
  template <class Allocate>
  static bool split(Inner& parent, unsigned at, unsigned level, Allocate allocate) {
    void* made = allocate();
    if (!made) return false;
    std::uint32_t first;
    if (level == 0) {
      Leaf &low = *static_cast<Leaf*>(parent.child[at]), &high = *static_cast<Leaf*>(made);
      move_half(low, high, low.pair, high.pair);
      high.next = low.next, low.next = &high;
      first = high.pair[0].key;
    } else {
      Inner &low = *static_cast<Inner*>(parent.child[at]), &high = *static_cast<Inner*>(made);
      std::copy(low.first + Inner::max / 2, low.first + Inner::max, high.first);
      move_half(low, high, low.child, high.child);
      first = high.first[0];
    }
    std::move_backward(parent.child + at + 1, parent.child + parent.count, parent.child + parent.count + 1);
    std::move_backward(parent.first + at + 1, parent.first + parent.count, parent.first + parent.count + 1);
    parent.child[at + 1] = made, parent.first[at + 1] = first;
    ++parent.count;
    return true;
  }
  template <class Node, class Value>
  static void move_half(Node& low, Node& high, const Value* from, Value* to) {
    std::copy(from + Node::max / 2, from + Node::max, to);
    low.count = Node::max / 2, high.count = Node::max - Node::max / 2;
  }

  void* root_ = nullptr;
  unsigned height_ = 0;  // of inner nodes above the leaves
};

}  // namespace t2::pkt_siat_histo
