// Reads the TOML file and answers for flags.
#include "host/config.hpp"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

// Some texts break what the library asserts (a key that begins with ':'), before it reports them as errors. Without
// this, builds with assertions stop there, and clang is told that it cannot happen.
#undef NDEBUG
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include "base/paths.hpp"
#include "base/trust.hpp"
#include "host/flag_values.hpp"

namespace t2 {

namespace {

std::string default_file() {
  std::error_code problem;
  for (const std::string& home : {home_folder(), lent_home_folder()}) {
    if (home.empty()) continue;
    if (std::string file = home + ".tranalyzer/t2.toml"; std::filesystem::exists(file, problem)) return file;
  }
  return {};
}

}  // namespace

Config::Config(const std::string& path) : path_(path) {
  if (path_.empty()) {
    path_ = default_file();
    if (path_.empty()) return;
  }
  std::ifstream stream =
      open_text(path.empty() ? "the configuration" : "the configuration of -C:", trusted("the configuration", path_));
  toml::table file;
  try {
    file = toml::parse(stream, path_);
  } catch (const toml::parse_error& e) {
    throw Error(fmt::format("{}:{}: {}", path_, e.source().begin.line, e.description()));
  }
  for (const auto& [name, node] : file) {
    const toml::table* table = node.as_table();
    if (!table)
      throw Error(fmt::format("{}:{}: '{}' stands outside of a plugin's table: write [plugin] above it", path_,
                              node.source().begin.line, name.str()));
    for (const auto& [flag, value] : *table) {
      Value entry{{}, value.source().begin.line};
      if (const auto number = value.value_exact<std::int64_t>()) entry.text = std::to_string(*number);
      else if (const auto text = value.value_exact<std::string>()) entry.text = *text;
      else if (const auto truth = value.value_exact<bool>()) entry.text = *truth ? "1" : "0";
      else throw Error(fmt::format("{}:{}: {} must be a number, a text, true or false", path_, entry.line, flag.str()));
      tables_[std::string(name.str())][std::string(flag.str())] = std::move(entry);
    }
  }
}

void Config::check(std::span<const Descriptor* const> plugins) const {
  check_names(plugins);
  for (const Descriptor* plugin : plugins) {
    for (const Flag& flag : plugin->flags) {
      const Found found = find(*plugin, flag.name);
      if (found.compiled) continue;  // t2build has checked it
      const std::string why = why_refused(flag, found.text);
      if (why.empty()) continue;
      throw Error(
          fmt::format("{}={} ({}) {}{}", flag.name, found.text, found.where, why,
                      flag.allowed.empty() ? std::string() : fmt::format(": {} takes {}", plugin->name, flag.allowed)));
    }
  }
}

// Every entry of the file is a run-time flag.
void Config::check_names(std::span<const Descriptor* const> plugins) const {
  for (const auto& [name, values] : tables_) {
    const Descriptor* plugin = nullptr;
    for (const Descriptor* p : plugins) {
      if (p->name == name) plugin = p;
    }
    if (!plugin) continue;  // not loaded in this run
    for (const auto& [flag, value] : values) {
      bool runtime = false, known = false;
      for (const Flag& f : plugin->flags) {
        if (f.name == flag) known = true, runtime = f.runtime;
      }
      if (!known)
        throw Error(fmt::format("{}:{}: {} has no flag {}: see `t2conf {} -E`", path_, value.line, name, flag, name));
      if (!runtime)
        throw Error(fmt::format("{}:{}: {} is compiled in: use `t2conf {} -D {}={}` and `t2build {}`", path_,
                                value.line, flag, name, flag, value.text, name));
    }
  }
}

Config::Found Config::find(const Descriptor& plugin, std::string_view flag) const {
  for (const Flag& f : plugin.flags) {
    if (f.name != flag) continue;
    if (f.runtime) {
      if (const char* value = std::getenv(std::string(flag).c_str())) return {value, "environment", false};
      if (const auto table = tables_.find(plugin.name); table != tables_.end()) {
        if (const auto entry = table->second.find(flag); entry != table->second.end()) {
          return {entry->second.text, fmt::format("{}:{}", path_, entry->second.line), false};
        }
      }
    }
    return {std::string(f.value), "compiled value", true};
  }
  throw Error(fmt::format("{} asks for a flag {} that it does not declare", plugin.name, flag));
}

std::string Config::text(const Descriptor& plugin, std::string_view flag) const {
  std::string value = find(plugin, flag).text;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return value;
}

std::int64_t Config::integer(const Descriptor& plugin, std::string_view flag) const {
  const Found found = find(plugin, flag);
  const std::optional<std::int64_t> value = whole_number(found.text);
  if (!value) throw Error(fmt::format("{}={} ({}) is not a number", flag, found.text, found.where));
  return *value;
}

}  // namespace t2
