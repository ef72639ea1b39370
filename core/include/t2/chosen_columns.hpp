// The columns that a sink writes: all, or those that a file of the user names. For flags NAME_SELECT and
// NAME_SELECT_FILE.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "t2/plugin.hpp"

namespace t2 {

// Names, one a line, behind '#' comments; empty: all columns. `flags`: "JSON" for JSON_SELECT and JSON_SELECT_FILE; a
// file without a slash is in the plugin folder. Throws Error for a name that is no column.
inline std::vector<std::string> chosen_columns(const Host& host, const std::string& plugin, const std::string& flags,
                                               std::span<const Column> columns) {
  std::vector<std::string> names;
  const std::string choose = flags + "_SELECT", choose_file = choose + "_FILE";
  if (host.integer(choose) == 0) return names;
  const std::string path = named_file(host, host.text(choose_file));
  std::ifstream file(path);
  if (!file) throw Error(plugin + ": cannot read " + choose_file + " '" + path + "': " + std::strerror(errno));
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) continue;
    if (std::none_of(columns.begin(), columns.end(), [&](const Column& column) { return column.name == line; }))
      throw Error(plugin + ": '" + line + "' in '" + path + "' is no column of these plugins");
    names.push_back(line);
  }
  if (names.empty()) throw Error(plugin + ": '" + path + "' names no column: add some, or set " + choose + " to 0");
  return names;
}

// The same as positions among `columns`, in their order.
inline std::vector<std::size_t> chosen_positions(const Host& host, const std::string& plugin, const std::string& flags,
                                                 std::span<const Column> columns) {
  const std::vector<std::string> only = chosen_columns(host, plugin, flags, columns);
  std::vector<std::size_t> positions;
  for (std::size_t at = 0; at < columns.size(); ++at)
    if (only.empty() || std::find(only.begin(), only.end(), columns[at].name) != only.end()) positions.push_back(at);
  return positions;
}

}  // namespace t2
