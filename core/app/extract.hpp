// --extract: the packets of chosen flows, as a capture. Runs in one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "app/options.hpp"
#include "capture/source.hpp"
#include "host/config.hpp"
#include "host/loader.hpp"

namespace t2 {

// Which flows: "flowInd in (17, 42, 50-60, @FILE)" or "flowInd == 17"; FILE holds such numbers, one or more a line.
// Throws Error, one line.
class FlowChoice {
 public:
  explicit FlowChoice(std::string_view expression);
  bool contains(std::uint64_t flow) const;

 private:
  void add(std::string_view item);
  void add_file(const std::string& path);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges_;  // sorted and apart: first and last flow
};

// Reads the input twice: the first time the flows get their numbers as in every run with these plugins and options,
// the second time the packets of chosen ones are written to the file of -w. `memory`: bytes for what grows with
// traffic. Returns the exit status.
int extract_flows(const Options& options, const Config& config, const Plugins& plugins,
                  const std::function<std::unique_ptr<Source>()>& open);

}  // namespace t2
