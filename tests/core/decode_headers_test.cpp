// The tree of header stacks: numbers and texts do not depend on its random seed, and it grows up to its bound.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "decode/headers.hpp"

namespace t2::test::decode_headers_test {

namespace {

// Numbers of the texts of many stacks: chains of each header, and of pairs.
std::vector<std::uint32_t> numbers(HeaderStacks& stacks) {
  std::vector<std::uint32_t> all;
  for (HeaderCode first = 0; first < header::names_end; ++first) {
    HeaderStacks::Id stack = stacks.push(HeaderStacks::root, first);
    for (HeaderCode second = 0; second < header::names_end; ++second) {
      stack = stacks.push(second % 4 == 0 ? HeaderStacks::root : stack, second);
      all.push_back(stacks.text_id(stack));
    }
  }
  return all;
}

}  // namespace

TEST_CASE("header stacks: numbers do not depend on the seed of the hash", "[decode]") {
  HeaderStacks a, b;
  const std::vector<std::uint32_t> first = numbers(a);
  CHECK(first == numbers(b));
  CHECK(first == numbers(a));  // nothing is added twice
  HeaderStacks::Id stack = a.push(HeaderStacks::root, header::eth);
  stack = a.push(a.push(stack, header::ipv4), header::tcp);
  CHECK(a.text(a.text_id(stack)) == "eth:ipv4:tcp");
}

TEST_CASE("header stacks: a full tree gives a new stack the number of its parent", "[decode]") {
  HeaderStacks stacks;
  HeaderStacks::Id parent = HeaderStacks::root;
  for (std::uint32_t code = 0; code < 70'000; ++code) {
    if (code % 1000 == 0) parent = stacks.push(parent, header::ipv6);
    stacks.push(parent, header::unknown_type(static_cast<std::uint16_t>(code)));
  }
  const HeaderStacks::Id known = stacks.push(HeaderStacks::root, header::ipv6);
  CHECK(stacks.text(stacks.text_id(known)) == "ipv6");
  CHECK(stacks.push(known, header::shim6) == known);
}

TEST_CASE("header stacks: a run of equal headers is the same stack as one header after the other", "[decode]") {
  HeaderStacks runs, single;
  const auto one_by_one = [&](HeaderStacks::Id stack, HeaderCode code, unsigned times) {
    for (unsigned i = 0; i < times; ++i) stack = single.push(stack, code);
    return stack;
  };
  for (const unsigned times : {0u, 1u, 5u, 3u, 255u, 254u, 2u, 255u}) {
    for (const HeaderCode code : {header::vlan, header::mpls, header::vntag}) {
      INFO(times << " headers of kind " << code);
      const HeaderStacks::Id run = runs.push(runs.push(HeaderStacks::root, header::eth), code, times);
      const HeaderStacks::Id same = one_by_one(single.push(HeaderStacks::root, header::eth), code, times);
      CHECK(run == same);
      const HeaderStacks::Id more = runs.push(run, header::ipv4), also = single.push(same, header::ipv4);
      CHECK(runs.text(runs.text_id(more)) == single.text(single.text_id(also)));
      CHECK(runs.text_id(more) == single.text_id(also));
    }
  }
  bool fine = true;  // and when the tree is full: the stack that was reached last
  for (std::uint32_t n = 0; n < 70'000; ++n) {
    const HeaderCode code = header::unknown_type(static_cast<std::uint16_t>(n));
    fine = fine && runs.push(HeaderStacks::root, code, 3) == one_by_one(HeaderStacks::root, code, 3);
  }
  CHECK(fine);
}

}  // namespace t2::test::decode_headers_test
