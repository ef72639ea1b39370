// The checks in front of dlopen, and behind it.
#include "host/loader.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <dlfcn.h>
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/closest.hpp"
#include "base/paths.hpp"
#include "base/settings.hpp"
#include "base/trust.hpp"
#include "host/plugin_file.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace fs = std::filesystem;

namespace {

constexpr const char* abi = T2_ABI;

// "100_basicFlow.so" -> 100, basicFlow. False: not the name of a plugin.
bool split(const std::string& file, unsigned& number, std::string& name) {
  if (file.size() < 8 || !file.ends_with(".so") || file[3] != '_') return false;
  for (int i = 0; i < 3; ++i) {
    if (!std::isdigit(static_cast<unsigned char>(file[static_cast<std::size_t>(i)]))) return false;
  }
  number = static_cast<unsigned>(std::stoi(file.substr(0, 3)));
  name = file.substr(4, file.size() - 7);
  return true;
}

// Names of a loading list: `name`, `name.so`, `NNN_name` or `NNN_name.so` a line; '#' begins a comment line.
std::set<std::string> read_list(const std::string& path, bool must_exist, bool& exists) {
  std::set<std::string> names;
  std::error_code problem;
  exists = must_exist || fs::exists(path, problem);
  if (!exists) return names;
  std::ifstream file =
      open_text(must_exist ? "the plugin list of -b:" : "the plugin list", trusted("the plugin list", path));
  for (std::string line; std::getline(file, line);) {
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    if (line.ends_with(".so")) line.resize(line.size() - 3);
    if (line.size() > 4 && line[3] == '_' && std::isdigit(static_cast<unsigned char>(line[0]))) line.erase(0, 4);
    names.insert(line);
  }
  return names;
}

struct Candidate {  // a file in the folder that is named like a plugin
  std::string file;
  unsigned number = 0;
};

std::map<std::string, Candidate> plugins_in(const std::string& folder) {
  std::map<std::string, Candidate> found;
  std::error_code problem;
  std::vector<std::string> files;
  fs::directory_iterator entries(folder, problem);
  if (problem)
    throw Error(fmt::format("cannot read the plugin folder '{}': {}: name another with -p", folder, problem.message()));
  for (const auto& entry : entries) files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    if (!file.ends_with(".so")) continue;  // data of plugins, lists
    Candidate candidate{file};
    std::string name;
    if (!split(file, candidate.number, name))
      throw Error(fmt::format("'{}{}' is not named like a plugin (NNN_name.so): remove it", folder, file));
    if (!found.emplace(name, std::move(candidate)).second)
      throw Error(fmt::format("plugin {} is there twice: remove one with t2build -u {}", name, name));
  }
  return found;
}

const Descriptor* open_plugin(const std::string& folder, const std::string& name, const Candidate& candidate,
                              std::vector<void*>& handles) {
  const std::string& file = candidate.file;
  const std::string path = folder + file, real = trusted("the plugin", path);
  if (const std::string built = plugin_abi(real); built != abi)
    throw Error(fmt::format("{} was built for {}, this core is {}: run t2build -R", file, built, abi));
  void* handle = dlopen(real.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Error(fmt::format("cannot load '{}': {}: run t2build -R, or remove it with t2build -u", path, dlerror()));
  handles.push_back(handle);
  const auto* found = static_cast<const Descriptor*>(dlsym(handle, "t2_plugin"));
  if (found->name != name || found->number != candidate.number)
    throw Error(fmt::format("'{}' holds plugin {:03}_{}: rename it or run t2build {}", path, found->number, found->name,
                            found->name));
  return found;
}

}  // namespace

Plugins::Plugins(const std::string& folder, const Selection& selection) : folder_(folder) {
  std::error_code problem;
  if (!fs::is_directory(folder, problem)) {
    if (fs::exists(folder.substr(0, folder.size() - 1), problem))
      throw Error(fmt::format("'{}' is not a folder: name the folder that holds the plugins with -p",
                              folder.substr(0, folder.size() - 1)));
    throw Error(fmt::format("there is no plugin folder '{}': run t2build, or name another with -p", folder));
  }
  trusted("the plugin folder", folder);
  bool listed = false;
  std::set<std::string> names;
  if (settings.use_list != 0 && selection.names.empty()) {
    const std::string path = !selection.list.empty()          ? selection.list
                             : settings.list.starts_with('/') ? settings.list
                                                              : folder + settings.list;
    names = read_list(path, !selection.list.empty(), listed);
  }
  std::map<std::string, Candidate> there = plugins_in(folder);
  std::vector<const Descriptor*> found;
  const auto load = [&](const std::string& name) {
    found.push_back(open_plugin(folder, name, there.at(name), handles_));
    return found.back();
  };
  if (selection.names.empty()) {
    for (const auto& [name, candidate] : there) {
      if (!listed || names.contains(name) == (settings.use_list == 1)) load(name);
      else others_.push_back(name);
    }
  } else {
    names = {selection.names.begin(), selection.names.end()};
    std::vector<std::string> wanted(names.begin(), names.end()), known;
    for (const auto& [name, candidate] : there) known.push_back(name);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!there.contains(wanted[i]))
        throw Error(fmt::format("Option '--plugins': there is no plugin '{}' in the folder '{}'{}", wanted[i], folder,
                                closest(wanted[i], known).empty() ? fmt::format(": run t2build {}", wanted[i])
                                                                  : did_you_mean(wanted[i], known)));
      for (const Dependency& need : load(wanted[i])->needs) {
        const std::string name(need.plugin);
        if (!need.optional && there.contains(name) && names.insert(name).second) wanted.push_back(name);
      }
    }
    for (const std::string& name : known) {
      if (!names.contains(name)) others_.push_back(name);
    }
  }
  ordered_ = order(std::move(found));
}

Plugins::~Plugins() {
  if (std::uncaught_exceptions() > 0) return;  // the exception on its way may be a plugin's: its code must stay
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  for (auto handle = handles_.rbegin(); handle != handles_.rend(); ++handle) dlclose(*handle);
#endif
}

namespace {

// Throws the Error that shows a cycle among the plugins that are left: a -> b -> a.
[[noreturn]] void throw_cycle(const std::map<std::string_view, const Descriptor*>& left) {
  std::vector<std::string_view> path{left.begin()->first};
  for (;;) {
    for (const Dependency& need : left.at(path.back())->needs) {
      if (!left.contains(need.plugin)) continue;
      path.push_back(need.plugin);
      if (const auto start = std::find(path.begin(), path.end(), need.plugin); start != path.end() - 1) {
        throw Error(fmt::format("plugins need each other in a circle: {}", fmt::join(start, path.end(), " -> ")));
      }
      break;
    }
  }
}

void check_columns(const std::vector<const Descriptor*>& plugins) {
  std::map<std::string_view, std::string_view> owner{{"dir", "the core"}, {"flowInd", "the core"}};
  for (const Descriptor* plugin : plugins) {
    if (!plugin->columns.empty() && (!plugin->create || plugin->create_sink))
      throw Error(fmt::format("{} has columns and {}: correct the plugin", plugin->name,
                              plugin->create ? "is a sink, whose on_flow_end() writes only what it reads itself"
                                             : "no create(), so that nothing writes them"));
    if (!plugin->packet_columns.empty() && !plugin->create)
      throw Error(fmt::format("{} has packet columns and no create(), so that nothing writes them: correct the plugin",
                              plugin->name));
    if (plugin->has_on_row && (!plugin->create || !plugin->create_sink))
      throw Error(fmt::format("{} has on_row() and no {}: correct the plugin", plugin->name,
                              plugin->create ? "create_sink(), so that nothing reads what it writes"
                                             : "create(), so that nothing calls it"));
    for (const auto columns : {plugin->columns, plugin->packet_columns}) {
      for (const Column& column : columns) {
        if (column.size == 0)
          throw Error(fmt::format("{} gives column '{}' no type: correct the plugin", plugin->name, column.name));
      }
    }
    for (const Column& column : plugin->columns) {
      const auto [other, is_new] = owner.emplace(column.name, plugin->name);
      if (!is_new)
        throw Error(fmt::format("{} and {} both have a column '{}': remove one with t2build -u", other->second,
                                plugin->name, column.name));
    }
  }
}

}  // namespace

std::vector<const Descriptor*> order(std::vector<const Descriptor*> plugins) {
  std::map<std::string_view, const Descriptor*> by_name;
  for (const Descriptor* plugin : plugins) {
    if (!by_name.emplace(plugin->name, plugin).second) {
      throw Error(fmt::format("plugin {} is there twice: remove one with t2build -u {}", plugin->name, plugin->name));
    }
  }
  for (const Descriptor* plugin : plugins) {
    for (const Dependency& need : plugin->needs) {
      const auto found = by_name.find(need.plugin);
      if (found == by_name.end()) {
        if (need.optional) continue;
        throw Error(fmt::format("{} needs {}, which is not in the plugin folder: run t2build {}", plugin->name,
                                need.plugin, need.plugin));
      }
      if (!need.layout.empty() && need.layout != found->second->layout) {
        throw Error(fmt::format("{} was built with other flags of {}: run t2build {} {}", plugin->name, need.plugin,
                                need.plugin, plugin->name));
      }
    }
  }
  std::sort(plugins.begin(), plugins.end(), [](const Descriptor* a, const Descriptor* b) {
    return a->number != b->number ? a->number < b->number : a->name < b->name;
  });
  std::vector<const Descriptor*> ordered;
  auto left = by_name;
  while (!left.empty()) {
    const auto ready = std::find_if(plugins.begin(), plugins.end(), [&](const Descriptor* p) {
      return left.contains(p->name) && std::none_of(p->needs.begin(), p->needs.end(),
                                                    [&](const Dependency& need) { return left.contains(need.plugin); });
    });
    if (ready == plugins.end()) throw_cycle(left);
    ordered.push_back(*ready);
    left.erase((*ready)->name);
  }
  check_columns(ordered);
  return ordered;
}

namespace {

bool holds_plugins(const std::string& folder) {
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem))
    if (at->path().extension() == ".so") return true;
  return false;
}

// Where packages put plugins: PREFIX/lib/tranalyzer/plugins/ of a program PREFIX/bin/tranalyzer.
std::string installed_plugins() {
  std::error_code problem;
  const fs::path program = fs::read_symlink("/proc/self/exe", problem);
  return (program.parent_path().parent_path() / "lib/tranalyzer/plugins/").string();
}

}  // namespace

std::string plugin_folder(const std::string& option) {
  const auto closed = [](const std::string& path) { return path.ends_with('/') ? path : path + '/'; };
  if (!option.empty()) return closed(option);
  std::string relative = PLUGIN_FOLDER;
  if (relative.starts_with('/')) return closed(relative);
  std::error_code problem;
  const std::string home = home_folder();
  for (const std::string& folder : {home, lent_home_folder()}) {
    if (!folder.empty() && holds_plugins(folder + relative)) return closed(folder + relative);
  }
  std::string callers;
  if (const char* user = std::getenv("SUDO_USER")) {
    if (const passwd* entry = getpwnam(user)) callers = closed(closed(entry->pw_dir) + relative);
  }
  if (!callers.empty() && holds_plugins(callers)) return callers;
  if (const std::string installed = installed_plugins(); holds_plugins(installed)) return installed;
  for (const std::string& folder : {home, lent_home_folder()}) {
    if (!folder.empty() && fs::is_directory(folder + relative, problem)) return closed(folder + relative);
  }
  if (!callers.empty()) return callers;
  if (home.empty())
    throw Error(
        fmt::format("no home folder, so no plugins (HOME is not set, user id {} has no passwd entry): name their "
                    "folder with -p, or set HOME",
                    getuid()));
  return closed(home + relative);
}

}  // namespace t2
