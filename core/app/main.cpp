// The program, told from top to bottom: read the options, load the plugins, then do what was asked for: analyse a
// capture or many, describe the plugins, list the inputs, extract packets.
#include <cstdio>
#include <cstring>
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
#include "base/streams.hpp"
#include "capture/capture_files.hpp"
#include "host/config.hpp"
#include "host/core_flags.hpp"
#include "host/loader.hpp"

namespace t2 {
namespace {

// Prints what -r reads, in this order, as -R takes it: a name ends with its line, and with a CR in front of that.
int list_inputs(const Options& options) {
  CaptureFiles found = find_captures(options.sources, {.filter = options.filter}, FileOrder::by_first_packet);
  for (const CaptureFile& file : found.files) {
    const bool is_line = file.path.find('\n') == std::string::npos && !file.path.ends_with('\r');
    if (is_line) {
      print_to(stdout, file.path + "\n");
    } else {
      found.problems.push_back(
          fmt::format("'{}' is left out: a list cannot hold a name with a line break, rename the file", file.path));
    }
  }
  flush_stdout();
  for (const std::string& note : found.notes) print_to(stderr, note + "\n");
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
    print_to(stdout, describe(options.plugins_to_describe, config, plugins, options.json_report));
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
  if (options.json_report) print_to(stdout, outcome.report + "\n");
  return outcome.status;
}

// Does what the command line asks for; the exit status.
int start(int argc, char** argv) {
  std::optional<Options> options;
  try {
    options = parse_options(argc, argv);
  } catch (const Error& e) {
    flush_stdout();
    print_error(e.what());
    print_to(stdout, "Try 't2 -h' for more information.\n");
    return nothing_done;
  }
  std::optional<Privileges> rights;
  try {
    if (!options) return all_well;
    rights.emplace(options->user, options->input == Options::Input::interface);
    read_filter_file(*options);
    return options->list_inputs ? list_inputs(*options) : run(*options, *rights);
  } catch (const Error& e) {
    flush_stdout();
    print_error(e.what() + (rights ? rights->hint(e.what()) : std::string()));
    return nothing_done;
  } catch (const std::exception& e) {
    flush_stdout();
    print_error(fmt::format("stopped: {}", e.what()));
    return nothing_done;
  }
}

}  // namespace
}  // namespace t2

int main(int argc, char** argv) {
  t2::open_standard_streams();
  const int status = t2::start(argc, argv);
  const int problem = t2::stdout_problem();
  if (problem == 0) return status;
  t2::print_error(fmt::format("cannot write to standard output: {}", std::strerror(problem)));
  return status == t2::all_well ? t2::output_lost : status;
}
