// Finds plugins in a folder, opens them, checks that they fit this core and each other, and puts them in order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "t2/plugin.hpp"

namespace t2 {

// Which plugins of the folder are loaded.
struct Selection {
  std::string list;                // file of -b, which must exist; empty: PLLIST in the folder, if it exists
  std::vector<std::string> names;  // of --plugins: these, in place of a list, and what they need
};

class Plugins {
 public:
  // Loads every NNN_name.so of the folder that is selected. Throws Error, one line, for whatever does not fit.
  Plugins(const std::string& folder, const Selection& selection);
  ~Plugins();
  Plugins(const Plugins&) = delete;
  Plugins& operator=(const Plugins&) = delete;

  // In order: plugins that others need come first, ties by number.
  const std::vector<const Descriptor*>& all() const { return ordered_; }
  const std::vector<std::string>& others() const { return others_; }  // names of those that are not loaded
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  std::vector<void*> handles_;
  std::vector<const Descriptor*> ordered_;
  std::vector<std::string> others_;
};

// The order, alone: checks names, dependencies, layouts and columns. Throws Error.
std::vector<const Descriptor*> order(std::vector<const Descriptor*> plugins);

// The folder of -p, or the compiled one, or (under sudo) that of the user who called sudo; where there are no plugins,
// that of the packages. Ends in '/'.
std::string plugin_folder(const std::string& option);

}  // namespace t2
