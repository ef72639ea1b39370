// The numbers of a worker's flows: found as long as they are needed, gone afterwards.
#include <catch2/catch.hpp>

#include <deque>
#include <random>

#include "output/flow_numbers.hpp"

namespace t2::test::flow_numbers_test {

TEST_CASE("flow numbers: found until they are dropped, in any order", "[merge]") {
  std::mt19937 random(5);
  FlowNumbers numbers;
  std::deque<std::uint64_t> alive;
  std::uint64_t flows = 0;
  bool fine = true;
  std::size_t most = 0;
  for (unsigned round = 0; round < 500'000; ++round) {
    numbers.add(3 * flows + 1);
    alive.push_back(flows++);
    while (alive.size() > 5'000 || (!alive.empty() && random() % 4 == 0)) {
      std::swap(alive.front(), alive[random() % std::min<std::size_t>(alive.size(), 50)]);
      fine = fine && numbers.at(alive.front()) == 3 * alive.front() + 1;
      numbers.drop(alive.front());
      alive.pop_front();
    }
    most = std::max(most, numbers.parts());
  }
  CHECK(fine);
  CHECK(most <= 4);  // what is not needed goes
}

TEST_CASE("flow numbers: flows that live long do not keep the memory of those around them", "[merge]") {
  FlowNumbers numbers;
  constexpr std::uint64_t apart = FlowNumbers::size, flows = 20'000 * apart / 8;
  bool fine = true;
  std::size_t most = 0;
  for (std::uint64_t flow = 0; flow < flows; ++flow) {
    numbers.add(flow + 7);
    if (flow % apart != 5) numbers.drop(flow);
    most = std::max(most, numbers.parts());
  }
  for (std::uint64_t flow = 5; flow < flows; flow += apart) {
    fine = fine && numbers.at(flow) == flow + 7;
    numbers.drop(flow);
  }
  CHECK(fine);
  CHECK(most <= 2);
  CHECK(numbers.parts() <= 1);
}

}  // namespace t2::test::flow_numbers_test
