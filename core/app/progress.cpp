// Standard error, as standard output may hold flows.
#include "app/progress.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include <fmt/format.h>

#include "base/log.hpp"

namespace t2 {

bool Progress::is_wanted() { return isatty(STDERR_FILENO) == 1; }

void Progress::update(const Source& source, std::uint64_t packets, std::uint64_t flows) {
  const Time now = steady_clock();
  if (now < next_) return;
  const double speed = static_cast<double>(packets - last_packets_) * 1e9 / static_cast<double>(now - last_);
  std::string text;
  if (const std::uint64_t size = source.size(); size > 0) {
    const double share = std::min(1.0, static_cast<double>(source.position()) / static_cast<double>(size));
    text = fmt::format("{:.0f} %, ", 100 * share);
    if (share > 0) {
      const double left = static_cast<double>(now - begin_) * (1 - share) / share / 1e9;
      text += fmt::format("{:.0f} s left, ", left);
    }
  }
  show_progress(text + fmt::format("{} packets, {:.0f} packets/s, {} flows in memory", packets, speed, flows));
  last_ = now, last_packets_ = packets;
  next_ = now + interval;
}

}  // namespace t2
