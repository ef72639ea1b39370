// The numbers of a worker's flows: found as long as they are needed, gone afterwards.
#include <catch2/catch.hpp>

#include <deque>
#include <random>

#include "output/flow_numbers.hpp"

namespace t2::test {

TEST_CASE("flow numbers: found until they are dropped, in any order", "[merge]") {
  std::mt19937 random(5);
  FlowNumbers numbers;
  std::deque<std::uint64_t> alive;
  std::uint64_t flows = 0;
  bool fine = true;
  std::size_t most = 0;
  for (unsigned round = 0; round < 500'000; ++round) {
    numbers.add(3 * flows);
    alive.push_back(flows++);
    while (alive.size() > 5'000 || (!alive.empty() && random() % 4 == 0)) {
      std::swap(alive.front(), alive[random() % std::min<std::size_t>(alive.size(), 50)]);
      fine = fine && numbers.at(alive.front()) == 3 * alive.front();
      numbers.drop(alive.front());
      alive.pop_front();
    }
    most = std::max(most, numbers.parts());
  }
  CHECK(fine);
  CHECK(most <= 4);  // what is not needed goes
}

}  // namespace t2::test
