// What labels leaves in a direction whose row it wrote: for plugins with a number above its own. The text lasts as long
// as the plugin.
#pragma once

#include <cstdint>
#include <string_view>

namespace t2::labels {

struct LabelsState {
  const char* text = nullptr;  // null: no rule is for the flow
  std::uint32_t size = 0;
  std::string_view label() const { return {text, size}; }
};

}  // namespace t2::labels
