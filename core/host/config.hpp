// Run-time values of flags: environment before the TOML file before the compiled value.
//
// The file is ~/.tranalyzer/t2.toml or that of -C: a table per plugin, `[netflowSink]`, with `NF_DPORT = 9996`. Only
// flags that a plugin lists under ENV / RUNTIME may be set; anything else is an error that names file and line.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "t2/plugin.hpp"

namespace t2 {

class Config {
 public:
  // `path` empty: the default file, which need not exist. Throws Error for what cannot be read.
  explicit Config(const std::string& path);
  // Every entry of the file must be a run-time flag of one of these plugins, where the plugin is loaded; and every
  // value of a run-time flag, wherever it comes from, one that its header allows.
  void check(std::span<const Descriptor* const> plugins) const;
  // Value in force; numbers are checked.
  std::string text(const Descriptor& plugin, std::string_view flag) const;
  std::int64_t integer(const Descriptor& plugin, std::string_view flag) const;

 private:
  struct Value {
    std::string text;
    unsigned line = 0;
  };
  struct Found {
    std::string text, where;
    bool compiled;
  };
  void check_names(std::span<const Descriptor* const> plugins) const;
  Found find(const Descriptor& plugin, std::string_view flag) const;

  std::string path_;
  std::map<std::string, std::map<std::string, Value, std::less<>>, std::less<>> tables_;
};

}  // namespace t2
