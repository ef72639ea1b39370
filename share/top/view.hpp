// What the screen shows, as lines of text. Used by one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "metrics_client.hpp"
#include "recent_flows.hpp"

namespace t2::top {

struct Sample {
  std::chrono::steady_clock::time_point time;
  Metrics metrics;
};
struct Line {
  std::string text;
  enum class Look : unsigned char { plain, title, warning } look = Look::plain;
};

// `before`: of the sample in front of it, for rates; none: the mean of the run.
std::vector<Line> view(const std::string& address, const Sample& now, const std::optional<Sample>& before,
                       const RecentFlows* flows, std::chrono::seconds window, std::size_t width, std::size_t height);

}  // namespace t2::top
