// Run-time values of flags: --set before the environment before the TOML file before the compiled value.
//
// The file is ~/.tranalyzer/t2.toml or that of -C: a table per plugin, `[netflowSink]`, with `NF_DPORT = 9996`, and
// `[tranalyzer2]` for the core. Only flags that a header lists under ENV / RUNTIME may be set; anything else is an
// error that names where it stands. In the environment flags of the core have T2_ in front of their names.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.hpp"
#include "t2/plugin.hpp"

namespace t2 {

class Config {
 public:
  // `path` empty: the default file, which need not exist. `sets`: NAME=VALUE or PLUGIN.NAME=VALUE of --set. Throws
  // Error for what cannot be read, and for flags of the core that do not exist or cannot have their value.
  explicit Config(const std::string& path, std::span<const std::string> sets = {});
  // The core's values in force.
  void apply_core(Settings& to) const;
  // Every setting must be a run-time flag of the core or of one of these plugins (tables of the file may also be for
  // plugins that are not loaded: those of the project, and `others`); and every value of a run-time flag, wherever it
  // comes from, one that its header allows.
  void check(std::span<const Descriptor* const> plugins, std::span<const std::string> others = {}) const;
  // Value in force; numbers are checked.
  std::string text(const Descriptor& plugin, std::string_view flag) const;
  std::int64_t integer(const Descriptor& plugin, std::string_view flag) const;

 private:
  struct Value {
    std::string text, where;  // "PATH:LINE"
    bool is_text = false;     // stands in quotes
  };
  struct Set {
    std::string plugin, flag, value;  // plugin empty: none was named
  };
  struct Found {
    std::string text, where;
    bool compiled;
  };
  void check_table(const Descriptor& plugin) const;
  void check_set(const Set& set, std::span<const Descriptor* const> all) const;
  void check_values(const Descriptor& plugin) const;
  Found find(const Descriptor& plugin, std::string_view flag) const;

  std::string path_;
  struct Table {
    std::string where;
    std::map<std::string, Value, std::less<>> values;
  };
  std::map<std::string, Table, std::less<>> tables_;
  std::vector<Set> sets_;
};

}  // namespace t2
