// The map of numbers against std::map: random insertions and removals, growing, runs that wrap around.
#include <catch2/catch.hpp>

#include <map>
#include <random>

#include "number_map.hpp"

namespace t2::test {

TEST_CASE("number map: behaves like a map", "[table]") {
  std::mt19937_64 random(5);
  for (const std::uint64_t step : {1u, 1024u, 4096u}) {  // neighbours, and keys that crowd
    NumberMap map;
    std::map<std::uint64_t, std::uint64_t> model;
    bool fine = true;
    for (int i = 0; i < 60'000 && fine; ++i) {
      const std::uint64_t key = (1 + random() % 3000) * step;
      const auto known = model.find(key);
      if (known == model.end()) {
        map.insert(key, random() % 100);
        model[key] = map.at(key);
      } else if (random() % 2 == 0) {
        map.erase(key);
        model.erase(known);
      }
      fine = map.size() == model.size();
      if (i % 500 == 0) {
        for (const auto& [k, v] : model) fine = fine && map.at(k) == v;
      }
    }
    CHECK(fine);
  }
}

}  // namespace t2::test
