// Reads the TOML file and answers for flags.
#include "host/config.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

// Some texts break what the library asserts (a key that begins with ':'), before it reports them as errors. Without
// this, builds with assertions stop there, and clang is told that it cannot happen.
#undef NDEBUG
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include "base/closest.hpp"
#include "base/paths.hpp"
#include "base/trust.hpp"
#include "host/core_flags.hpp"
#include "host/flag_values.hpp"
#include "host/toml_text.hpp"

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

// Those of the source tree, whether they are installed or not.
std::vector<std::string> project_plugins() {
  std::istringstream names(T2_PLUGIN_NAMES);
  return {std::istream_iterator<std::string>(names), {}};
}

}  // namespace

Config::Config(const std::string& path, std::span<const std::string> sets) : path_(path) {
  for (const std::string& set : sets) {
    const std::size_t equals = set.find('='), point = set.substr(0, equals).find('.');
    if (equals == 0 || equals == set.npos || point == 0)
      throw Error(fmt::format("Option '--set': '{}' is not NAME=VALUE or PLUGIN.NAME=VALUE", set));
    const bool with_plugin = point != set.npos;
    const std::size_t name = with_plugin ? point + 1 : 0;
    sets_.push_back(
        {with_plugin ? set.substr(0, point) : std::string(), set.substr(name, equals - name), set.substr(equals + 1)});
  }
  if (path_.empty()) path_ = default_file();
  if (!path_.empty()) {
    std::ifstream stream =
        open_text(path.empty() ? "the configuration" : "the configuration of -C:", trusted("the configuration", path_));
    const std::string content(std::istreambuf_iterator<char>(stream), {});
    if (const auto line = foreign_character(content))
      throw Error(fmt::format("{}:{}: characters outside ASCII stand in quotes", path_, *line));
    toml::table file;
    try {
      file = toml::parse(content, path_);
    } catch (const toml::parse_error& e) {
      throw Error(fmt::format("{}:{}: {}", path_, e.source().begin.line, e.description()));
    }
    for (const auto& [name, node] : file) {
      const auto at = [&](const toml::node& one) { return fmt::format("{}:{}", path_, one.source().begin.line); };
      const toml::table* table = node.as_table();
      if (!table)
        throw Error(
            fmt::format("{}: '{}' stands outside of a plugin's table: write [plugin] above it", at(node), name.str()));
      Table& made = tables_[std::string(name.str())];
      made.where = at(node);
      for (const auto& [flag, value] : *table) {
        Value entry{{}, at(value)};
        if (const auto number = value.value_exact<std::int64_t>()) entry.text = std::to_string(*number);
        else if (const auto fraction = value.value_exact<double>()) entry.text = fmt::format("{}", *fraction);
        else if (const auto text = value.value_exact<std::string>()) entry.text = *text, entry.is_text = true;
        else if (const auto truth = value.value_exact<bool>()) entry.text = *truth ? "1" : "0";
        else throw Error(fmt::format("{}: {} must be a number, a text, true or false", entry.where, flag.str()));
        made.values[std::string(flag.str())] = std::move(entry);
      }
    }
  }
  check_table(core_descriptor);
  check_values(core_descriptor);
}

void Config::apply_core(Settings& to) const {
  const auto number = [&](std::string_view flag) { return integer(core_descriptor, flag); };
  const auto line = [&](std::string_view flag) { return text(core_descriptor, flag); };
  to.flow_timeout = number("FLOW_TIMEOUT") * one_second;
  to.duration_limit = number("FDURLIMIT");
  to.same_index = number("FDLSFINDEX");
  to.syn_makes_a = number("SYN_MAKES_A");
  to.syn_begins_flow = number("SYN_BEGINS_FLOW");
  to.flow_memory = static_cast<std::uint64_t>(number("FLOW_MEMORY"));
  to.stop_creating = number("NOFLWCRT");
  to.series_mark = line("SCHR").front();
  to.series_wraps = number("RROP");
  to.poll_time = number("POLLTM");
  to.missing_timeout = number("MFPTMOUT");
  to.snaplen = static_cast<int>(number("SNAPLEN"));
  to.live_buffer = static_cast<int>(number("LIVEBUFSIZE"));
  to.sampling = static_cast<std::uint32_t>(number("SAMPLING"));
  to.promiscuous = number("PROMISCUOUS") != 0;
  to.capture_timeout = static_cast<int>(number("CAPTURE_TIMEOUT"));
  to.optimise_filter = number("BPF_OPTIMIZE");
  to.buffering = number("IO_BUFFERING");
  to.buffer_packets = static_cast<std::size_t>(number("IO_BUFFER_SIZE"));
  to.use_list = static_cast<int>(number("USE_PLLIST"));
  to.list = line("PLLIST");
  to.part_size = static_cast<std::uint64_t>(number("OFRWFILELN"));
  to.log_colour = number("T2_LOG_COLOR");
  to.verbose = static_cast<int>(number("VERBOSE"));
  to.plugin_report = number("PLUGIN_REPORT");
  to.report_utc = number("TSTAMP_R_UTC");
  to.log_suffix = line("LOG_SUFFIX");
  to.monitor_suffix = line("MON_SUFFIX");
  to.monitor_interval = std::strtod(line("MONINTV").c_str(), nullptr);
  to.sensor_id = static_cast<unsigned>(number("T2_SENSORID"));
}

void Config::check(std::span<const Descriptor* const> plugins, std::span<const std::string> others) const {
  std::vector<const Descriptor*> all(plugins.begin(), plugins.end());
  all.push_back(&core_descriptor);
  std::vector<std::string> names = project_plugins();
  names.insert(names.end(), others.begin(), others.end());
  for (const Descriptor* plugin : all) names.emplace_back(plugin->name);
  for (const auto& [name, table] : tables_) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(fmt::format("{}: there is no plugin '{}'{}", table.where, name, did_you_mean(name, names)));
  }
  for (const Set& set : sets_) check_set(set, all);
  for (const Descriptor* plugin : plugins) {
    check_table(*plugin);
    check_values(*plugin);
  }
}

// Values that flags have from somewhere. t2build has checked the compiled ones.
void Config::check_values(const Descriptor& plugin) const {
  for (const Flag& flag : plugin.flags) {
    const Found found = find(plugin, flag.name);
    if (found.compiled) continue;
    const std::string why = why_refused(flag, found.text);
    if (why.empty()) continue;
    throw Error(
        fmt::format("{}={} ({}) {}{}", flag.name, found.text, found.where, why,
                    flag.allowed.empty() ? std::string() : fmt::format(": {} takes {}", plugin.name, flag.allowed)));
  }
}

namespace {

// That a flag can be set when the program starts.
void check_flag(const Descriptor& plugin, std::string_view name, std::string_view value, std::string_view where) {
  std::vector<std::string> names;
  for (const Flag& flag : plugin.flags) {
    if (flag.name == name && flag.runtime) return;
    if (flag.name == name)
      throw Error(fmt::format("{}: {} is compiled in: use `t2conf {} -D {}={}` and `t2build {}`", where, name,
                              plugin.name, name, value, &plugin == &core_descriptor ? "-R" : plugin.name));
    if (flag.runtime) names.emplace_back(flag.name);
  }
  throw Error(fmt::format("{}: {} has no flag {}{} See `t2conf {} -E`", where, plugin.name, name,
                          names.empty() || closest(name, names).empty() ? "." : did_you_mean(name, names),
                          plugin.name));
}

}  // namespace

void Config::check_table(const Descriptor& plugin) const {
  const auto table = tables_.find(plugin.name);
  if (table == tables_.end()) return;
  for (const auto& [name, value] : table->second.values) {
    check_flag(plugin, name, value.text, value.where);
    for (const Flag& flag : plugin.flags) {
      if (flag.name == name && flag.value.starts_with('"') && !value.is_text)
        throw Error(fmt::format("{}: {} is a text: write it in quotes", value.where, name));
    }
  }
}

void Config::check_set(const Set& set, std::span<const Descriptor* const> all) const {
  constexpr std::string_view where = "Option '--set'";
  std::vector<std::string> plugins, flags, owners;
  for (const Descriptor* plugin : all) {
    if (set.plugin == plugin->name) return check_flag(*plugin, set.flag, set.value, where);
    plugins.emplace_back(plugin->name);
    for (const Flag& flag : plugin->flags) {
      flags.emplace_back(flag.name);
      if (flag.name == set.flag) owners.emplace_back(plugin->name);
    }
  }
  if (!set.plugin.empty())
    throw Error(fmt::format("{}: no plugin '{}' is loaded{}", where, set.plugin, did_you_mean(set.plugin, plugins)));
  if (owners.empty())
    throw Error(fmt::format("{}: the core and the loaded plugins have no flag {}{}", where, set.flag,
                            did_you_mean(set.flag, flags)));
  if (owners.size() > 1)
    throw Error(
        fmt::format("{}: {} is a flag of {}: write PLUGIN.{}", where, set.flag, fmt::join(owners, " and "), set.flag));
  for (const Descriptor* plugin : all) {
    if (plugin->name == owners[0]) check_flag(*plugin, set.flag, set.value, where);
  }
}

Config::Found Config::find(const Descriptor& plugin, std::string_view flag) const {
  for (const Flag& f : plugin.flags) {
    if (f.name != flag) continue;
    if (f.runtime) {
      for (auto set = sets_.rbegin(); set != sets_.rend(); ++set) {  // the last one holds
        if (set->flag == flag && (set->plugin.empty() || set->plugin == plugin.name))
          return {set->value, "--set", false};
      }
      std::string variable(flag);
      if (&plugin == &core_descriptor && !variable.starts_with("T2_")) variable.insert(0, "T2_");
      if (const char* value = std::getenv(variable.c_str())) return {value, "environment", false};
      if (const auto table = tables_.find(plugin.name); table != tables_.end()) {
        if (const auto entry = table->second.values.find(flag); entry != table->second.values.end())
          return {entry->second.text, entry->second.where, false};
      }
    }
    return {std::string(f.value), "compiled value", true};
  }
  throw Error(fmt::format("{} asks for a flag {} that it does not declare", plugin.name, flag));
}

std::string Config::text(const Descriptor& plugin, std::string_view flag) const {
  std::string value = find(plugin, flag).text;
  if (value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\''))
    value = value.substr(1, value.size() - 2);
  return value;
}

std::int64_t Config::integer(const Descriptor& plugin, std::string_view flag) const {
  const Found found = find(plugin, flag);
  const std::optional<std::int64_t> value = whole_number(found.text);
  if (!value) throw Error(fmt::format("{}={} ({}) is not a number", flag, found.text, found.where));
  return *value;
}

}  // namespace t2
