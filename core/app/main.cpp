// The program, told from top to bottom: read the options, load the plugins, then do what was asked for: analyse a
// capture or many, describe the plugins, list the inputs, extract packets.
#include <cstdio>
#include <functional>

#include <fmt/format.h>

#include "app/analysis.hpp"
#include "app/describe.hpp"
#include "app/each.hpp"
#include "app/extract.hpp"
#include "app/open_source.hpp"
#include "app/options.hpp"
#include "app/outcome.hpp"
#include "app/privileges.hpp"
#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/signals.hpp"
#include "base/stdout_reader.hpp"
#include "capture/capture_files.hpp"
#include "host/config.hpp"
#include "host/core_flags.hpp"
#include "host/loader.hpp"

namespace t2 {
namespace {

// Prints what -r reads, in this order.
int list_inputs(const Options& options) {
  const CaptureFiles found = find_captures(options.sources, {.filter = options.filter}, FileOrder::by_first_packet);
  for (const CaptureFile& file : found.files) fmt::print("{}\n", file.path);
  std::fflush(stdout);
  for (const std::string& note : found.notes) fmt::print(stderr, "{}\n", note);
  for (const std::string& problem : found.problems) print_error(problem);
  return found.files.empty() ? nothing_done : found.problems.empty() ? all_well : input_damaged;
}

// All that decides what is written for a capture.
std::string all_settings(const Options& options, const Config& config, const Plugins& plugins) {
  const SplitLimits& split = options.split;
  std::string all = fmt::format("{} {} {} {} {} {} {} {} {} {}", version_line(), options.filter, options.packets,
                                options.max_flows, split.on, split.bytes_or(settings.part_size), split.rows,
                                split.interval, split.first, options.sensor_id.value_or(settings.sensor_id));
  if (options.key) all.append(options.key->begin(), options.key->end());
  std::vector<const Descriptor*> parts = plugins.all();
  parts.push_back(&core_descriptor);
  for (const Descriptor* plugin : parts) {
    all += fmt::format("\n{} {} {}", plugin->name, plugin->version, plugin->layout);
    for (const Flag& flag : plugin->flags) all += fmt::format(" {}={}", flag.name, config.text(*plugin, flag.name));
  }
  return fmt::format("{:016x}", std::hash<std::string>()(all));
}

int run(const Options& options, Privileges& rights) {
  const Config config(options.config, options.sets);
  config.apply_core(settings);
  const Plugins plugins(plugin_folder(options.plugin_folder), {options.plugin_list, options.plugins});
  config.check(plugins.all(), plugins.others());
  if (options.describe) {
    fmt::print("{}", describe(options.plugins_to_describe, config, plugins, options.json_report));
    return all_well;
  }
  if (plugins.all().empty() && options.plugin_list.empty())
    throw Error(fmt::format("no plugin is loaded from '{}', so that there would be no output: run t2build{}",
                            plugins.folder(), options.plugin_folder.empty() ? "" : " -p " + plugins.folder()));
  const auto one = [&](const Options& capture) { return analyse(capture, config, plugins, rights); };
  if (options.each) return run_each(options, all_settings(options, config, plugins), one);
  catch_signals();
  if (!options.extract.empty()) {
    Log log;
    log.quiet();
    rights.give_up();
    std::atomic<bool> stop = false;
    return extract_flows(options, config, plugins, [&] { return open_source(options, stop, log); });
  }
  if (options.output == "-") end_with_stdout_reader();
  const Outcome outcome = one(options);
  if (options.json_report) fmt::print("{}\n", outcome.report);
  return outcome.status;
}

}  // namespace
}  // namespace t2

int main(int argc, char** argv) {
  std::optional<t2::Options> options;
  try {
    options = t2::parse_options(argc, argv);
  } catch (const t2::Error& e) {
    std::fflush(stdout);
    t2::print_error(e.what());
    fmt::print("Try 't2 -h' for more information.\n");
    return t2::nothing_done;
  }
  std::optional<t2::Privileges> rights;
  try {
    if (!options) return t2::all_well;
    rights.emplace(options->user, options->input == t2::Options::Input::interface);
    t2::read_filter_file(*options);
    return options->list_inputs ? t2::list_inputs(*options) : t2::run(*options, *rights);
  } catch (const t2::Error& e) {
    std::fflush(stdout);
    t2::print_error(e.what() + (rights ? rights->hint(e.what()) : std::string()));
    return t2::nothing_done;
  } catch (const std::exception& e) {
    std::fflush(stdout);
    t2::print_error(fmt::format("stopped: {}", e.what()));
    return t2::nothing_done;
  }
}
