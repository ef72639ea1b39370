// The program, told from top to bottom: read the options, load the plugins, lay out their record, run, report.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/describe.hpp"
#include "app/each.hpp"
#include "app/extract.hpp"
#include "app/machine.hpp"
#include "app/metrics.hpp"
#include "app/metrics_server.hpp"
#include "app/options.hpp"
#include "app/privileges.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "app/service_manager.hpp"
#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/signals.hpp"
#include "base/stdout_reader.hpp"
#include "capture/capture_files.hpp"
#include "capture/source.hpp"
#include "host/config.hpp"
#include "host/core_flags.hpp"
#include "host/layout.hpp"
#include "host/loader.hpp"
#include "output/sinks.hpp"
#include "pipeline/engine.hpp"
#include "pipeline/worker_pool.hpp"
#include "t2/clock.hpp"
#include "t2/keyed_hash.hpp"
#include "tranalyzer.h"

namespace t2 {
namespace {

enum Exit { all_well = 0, nothing_done = 1, input_damaged = 2, output_lost = 3 };

std::string protocols() {
  std::string list = ETH_ACTIVATE > 0 ? "L2, " : "";
  return list + (IPV6_ACTIVATE == 2 ? "IPv4, IPv6" : IPV6_ACTIVATE == 1 ? "IPv6" : "IPv4");
}

std::string banner(const Options& options) {
  return fmt::format("{:=<80}\n{}. PID: {}, Prio: {}, SID: {}\n{:=<80}", "", version_line(), getpid(),
                     getpriority(PRIO_PROCESS, 0), options.sensor_id.value_or(settings.sensor_id), "");
}

// The comment lines that say how an output file came to be.
std::string about(const Options& options, const Plugins& plugins) {
  utsname machine{};
  uname(&machine);
  std::string text = fmt::format(
      "# Date: {}\n# {}\n# Core configuration: {}\n# SensorID: {}\n# PID: {}\n# Priority: {}\n# Command line: {}\n",
      date(wall_clock(), settings.report_utc), version_line(), protocols(),
      options.sensor_id.value_or(settings.sensor_id), getpid(), getpriority(PRIO_PROCESS, 0), options.command_line);
  text += fmt::format("# HW info: {};{};{};{};{}\n# SW info: {}\n#\n", machine.nodename, machine.sysname,
                      machine.release, machine.version, machine.machine, T2_PCAP_VERSION);
  if (options.input == Options::Input::interface)
    text += fmt::format("# Live captured from interface: {}\n#\n", fmt::join(options.sources, ", "));
  text += "# Plugins loaded:\n";
  unsigned number = 0;
  for (const Descriptor* plugin : plugins.all())
    text += fmt::format("#   {:02}: {}, version {}\n", ++number, plugin->name, plugin->version);
  return text;
}

std::unique_ptr<Source> open_input(const Options& options, const CaptureOptions& capture) {
  switch (options.input) {
    case Options::Input::list: return open_list(options.sources[0], capture);
    case Options::Input::series: return open_series(options.sources[0], capture);
    case Options::Input::interface: return open_interfaces(options.sources, capture);
    case Options::Input::files: break;
  }
  return is_one_file(options) ? open_file(options.sources[0], capture) : open_files(options.sources, capture);
}

std::string input_line(const Options& options) {
  const std::string& first = options.sources[0];
  switch (options.input) {
    case Options::Input::list: return "Processing list file: " + first;
    case Options::Input::series: return "Processing files: " + first;
    case Options::Input::interface:
      return fmt::format("Live capture on interface{}: {}", options.sources.size() > 1 ? "s" : "",
                         fmt::join(options.sources, ", "));
    case Options::Input::files: break;
  }
  if (is_one_file(options)) return "Processing file: " + first;
  const std::size_t more = options.sources.size() - 1;
  return "Processing files: " + first + (more > 0 ? fmt::format(" and {} more", more) : std::string());
}

std::unique_ptr<Source> open_source(const Options& options, std::atomic<bool>& stop, Log& log) {
  const CaptureOptions capture{.filter = options.filter,
                               .snaplen = options.snaplen.value_or(settings.snaplen),
                               .buffer = options.buffer.value_or(settings.live_buffer),
                               .tell = [&log](std::string_view lines) { log.line(lines); },
                               .warn = [&log](std::string_view line) { log.warn(line); },
                               .stop = &stop};
  std::unique_ptr<Source> source;
  try {
    source = open_input(options, capture);
  } catch (const BadFilter& e) {
    if (!options.filter_behind_files) throw;
    const std::string first = options.filter.substr(0, options.filter.find(' '));
    throw BadFilter(std::filesystem::exists(first)
                        ? fmt::format("'{}' is a file, but does not stand behind -r and its files: {}", first, e.what())
                        : fmt::format("there is no file or folder '{}', and as a filter: {}", first, e.what()));
  }
  log.line(input_line(options));
  if (!options.filter.empty()) log.info("BPF: " + options.filter);
  if (const std::string link = source->describe(); !link.empty()) log.line(link);
  if (source->live()) log.line(fmt::format("Rx buffer length: {}", human(static_cast<std::uint64_t>(capture.buffer))));
  return source;
}

void place_process(const Options& options, Log& log) {
  if (options.cpu) {
    const int before = sched_getcpu() + 1, wanted = *options.cpu == 0 ? before : *options.cpu;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(wanted - 1), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
      log.warn(fmt::format("could not bind to CPU {}: {}", wanted, std::strerror(errno)));
    else log.info(fmt::format("Tranalyzer bound to CPU {}", wanted));
  }
  if (options.priority && setpriority(PRIO_PROCESS, 0, *options.priority) != 0) {
    throw Error(fmt::format("Option '-P': cannot set priority {}: {}", *options.priority, std::strerror(errno)));
  }
}

// Default: one worker for each processor besides the reader's; one reader saturates at four workers. Rows of packets
// come from one thread only, and a bound on flows would be shared out to workers, which would show: there are none
// then.
std::size_t worker_threads(const Options& options) {
  constexpr std::size_t most = 4;
  if (options.threads) return *options.threads;
  return options.packets || options.max_flows ? 0 : std::min(processors() - 1, most);
}

// Prints what -r reads, in this order.
int list_inputs(const Options& options) {
  const CaptureFiles found = find_captures(options.sources, {.filter = options.filter}, FileOrder::by_first_packet);
  for (const CaptureFile& file : found.files) fmt::print("{}\n", file.path);
  std::fflush(stdout);
  for (const std::string& note : found.notes) fmt::print(stderr, "{}\n", note);
  for (const std::string& problem : found.problems) print_error(problem);
  return found.files.empty() ? nothing_done : found.problems.empty() ? all_well : input_damaged;
}

// New parts of -W are made without root's rights.
void check_folder_of_parts(const std::string& prefix, const Privileges& rights) {
  const std::size_t slash = prefix.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : prefix.substr(0, slash + 1);
  if (rights.gave_up() && access(folder.c_str(), W_OK | X_OK) != 0)
    throw Error(
        fmt::format("Option '-W': '{}', to whom root was given up, cannot make files in '{}': run 'chown {} {}', "
                    "or keep root with --user root",
                    rights.name(), folder, rights.name(), folder));
}

// One capture, from its first packet to the end report.
Outcome analyse(const Options& options, const Config& config, const Plugins& plugins, Privileges& rights) {
  Log log;
  if (settings.verbose == 0) log.quiet();
  log.hold();  // a problem with input, filter, settings or output is told alone
  const bool to_stdout = options.output == "-";
  rights.as_root([&] { place_process(options, log); });
  log.line(banner(options));
  log.line("Date: " + date(wall_clock(), settings.report_utc));
  log.info("Creating flows for " + protocols());

  if (options.hash_factor) log.info("Option '-f' has no effect: the flow table grows by itself");
  if (plugins.all().empty()) {
    log.warn("No plugins are loaded: there will be no output");
  } else {
    if (std::none_of(plugins.all().begin(), plugins.all().end(), [](const Descriptor* p) { return p->create_sink; }))
      log.warn(fmt::format("No sink among the plugins in folder '{}': no flows will be written; run t2build txtSink",
                           plugins.folder()));
    log.line("Active plugins:");
    unsigned number = 0;
    for (const Descriptor* plugin : plugins.all())
      log.line(fmt::format("    {:02}: {}, {}", ++number, plugin->name, plugin->version));
  }

  std::atomic<bool> stop = false;
  stop_on_signal(&stop);
  const auto open = [&] { return open_source(options, stop, log); };
  std::unique_ptr<Source> source = options.input == Options::Input::interface ? rights.as_root(open) : open();
  stop_on_signal(nullptr);
  const std::uint64_t seed = options.seed ? *options.seed : KeyedHash::random_seed();
  const std::string link = source->describe(), about_input = input_line(options) + (link.empty() ? "" : "\n" + link);
  HeaderStacks stacks{KeyedHash(seed)};
  Time run_start = 0;
  InputTotals totals;
  for (const InterfaceCounts& one : source->interface_counts()) totals.interfaces.emplace_back(one.name, one.number);
  const Context context{config,     stacks, log, plugins.folder(), options.sensor_id.value_or(settings.sensor_id),
                        &run_start, &totals};
  Layout layout(plugins.all());
  OutputSinks sinks(layout, context);
  WorkerOptions how{
      .batch = options.batch, .seed = seed, .max_flows = options.max_flows, .rows = nullptr, .packets = nullptr};
  if (options.packets) how.packets = [&](RowBatch& rows) { sinks.write_packets(rows); };
  Dissector dissector(stacks);
  WorkerPool workers(worker_threads(options), layout, context, how, dissector.fast_path(),
                     memory_for_flows() / options.jobs, sinks);

  const std::string prefix = output_prefix(options);
  const SplitLimits& split = options.split;
  Output output{prefix,
                to_stdout,
                layout.columns(),
                {split.on, split.bytes, split.rows, split.interval, source->live(), split.first},
                about(options, plugins)};
  sinks.open(output);
  if (options.packets) {
    output.columns = layout.packet_columns();
    sinks.open_packets(output);
  }
  const std::uint64_t capacity = workers.max_flows();
  log.info(
      fmt::format("Memory for flows: at most {} conversations of {} bytes", human(capacity), workers.bytes_each()));
  MemoryBound bound = workers.memory_bound();
  bound.stacks = HeaderStacks::max_bytes();
  bound.sinks = sinks.max_memory();
  const auto mega = [](std::uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); };
  log.info(
      fmt::format("Memory that grows with traffic: at most {}: flows {}, lists of plugins {}, fragments {}, "
                  "rows {}, packets {}, header stacks {}, waiting for collectors {}",
                  mega(bound.total()), mega(bound.flows), mega(bound.lists), mega(bound.fragments), mega(bound.rows),
                  mega(bound.packets), mega(bound.stacks), mega(bound.sinks)));
  if (options.log_file) log.to_file(prefix + settings.log_suffix);
  else if (to_stdout || options.json_report) log.to_stderr();
  Log own_monitor;
  if (options.monitor_file) own_monitor.to_file(prefix + settings.monitor_suffix);
  Log& monitor = options.monitor_file ? own_monitor : log;
  totals.max_flows = capacity;
  std::optional<MetricsServer> metrics;
  if (!options.metrics.empty()) {
    metrics.emplace(options.metrics, [&totals, facts = MetricsFacts{version_line(), wall_clock()}] {
      return metrics_text(totals, facts);
    });
    log.info(fmt::format("Metrics: http://{}/metrics", metrics->where()));
    if (!metrics->is_loopback()) log.warn("Metrics can be read by all who reach that address");
  }
  ServiceManager manager;
  if (const std::string what = rights.give_up(); !what.empty()) log.info(what);
  if (split.on) check_folder_of_parts(prefix, rights);
  workers.start();
  if (metrics) metrics->start();
  const bool stream = source->size() == 0 && !source->live();  // can keep a reader waiting
  if (settings.buffering || stream) source = buffered(std::move(source), settings.buffer_packets);
  log.release();
  log.flush();
  manager.ready(input_line(options));

  Engine engine({*source, dissector, workers, log, run_start, totals});
  const Time begin = wall_clock();
  const auto collect = [&] {
    return ReportData{.input = engine.counters(),
                      .decode = dissector.counters(),
                      .flows = workers.counters(),
                      .file_bytes = source->size(),
                      .file_position = source->position(),
                      .interfaces = engine.interfaces(),
                      .unread = engine.unread(),
                      .clock = engine.clock_steps(),
                      .progress = {},
                      .analysis = engine.analysis_time(),
                      .unloading = wall_clock() - begin,
                      .flow_capacity = 2 * capacity};
  };
  const auto report = [&](ReportOutput& to, const ReportData& data) {
    const Run whole{data.input.packets, data.flows.bytes[0] + data.flows.bytes[1],
                    data.flows.protocol_packets[protocol::tcp]};
    PluginReport lines(to, whole);
    print_report(to, data, [&] {
      workers.with_totals([&](Instances& instances) {
        for (const Instances::Entry& entry : instances.all()) {
          if (!entry.plugin) continue;
          lines.from(entry.descriptor->name);
          entry.plugin->report(lines);
        }
      });
      sinks.report(lines, [&](std::string_view plugin) { lines.from(plugin); });
    });
  };
  engine.on_report(
      [&] {
        workers.pause([&] {
          ReportData data = collect();
          data.progress = {wall_clock(), about_input, workers.flows_in_memory()};
          data.analysis = data.unloading;
          if (options.json_report) {
            JsonReport json;
            report(json, data);
            if (options.monitor_file || options.each) monitor.line(json.object());
            else fmt::print("{}\n", json.object()), std::fflush(stdout);
          } else {
            monitor.line(fmt::format("{:=<80}\nUSR1 A type report: {}. PID: {}", "", version_line(), getpid()));
            TextReport text(monitor);
            report(text, data);
            monitor.line(fmt::format("{:=<80}\n", ""));
          }
          monitor.flush();
        });
      },
      static_cast<Time>(options.monitor_interval * 1e9));

  Progress progress;
  const bool show = settings.verbose > 0 && !options.each && Progress::is_wanted();
  engine.after_block([&] {
    manager.alive();
    if (show) progress.update(*source, engine.counters().packets, workers.flows_in_memory());
  });

  engine.before_unloading([&] { manager.stopping(); });
  engine.run();
  sinks.close();
  const std::string damage = engine.damage();
  TextReport text(log);
  JsonReport json;
  ReportOutput& end = options.json_report ? static_cast<ReportOutput&>(json) : text;
  if (options.each) json.fact("Input", {}, json_text(options.sources[0]), {});
  if (settings.verbose > 1 || options.json_report) report(end, collect());
  for (const std::string& note : source->notes()) end.note(true, note);
  if (!damage.empty()) end.note(true, damage);
  log.flush();
  monitor.flush();
  const std::uint64_t lines = log.lost() + own_monitor.lost();
  if (lines > 0)
    print_error(fmt::format("{} lines of log and reports could not be written: see the errors above", lines));
  const std::uint64_t lost = sinks.lost(), unwritten = workers.counters().unwritten;
  const std::uint64_t unread = engine.unread();
  if (unwritten + unread > 0)
    print_error(fmt::format("ended by a second signal: {} rows of flows in memory and {} captured packets are lost",
                            unwritten, unread));
  if (lost > 0) print_error(fmt::format("{} rows could not be written or sent: see the warnings above", lost));
  const InputCounters& input = engine.counters();
  Outcome outcome{damage.empty() ? all_well : input_damaged, input.packets,
                  workers.counters().flows[0] + workers.counters().flows[1]};
  if (lost + unwritten + unread + lines > 0) {
    outcome.status = output_lost;
  } else if (input.packets > 0 && input.unsupported == input.packets) {
    print_error(
        fmt::format("nothing was analysed: all {} packets are of link types that are not supported", input.packets));
    outcome.status = nothing_done;
  }
  if (options.json_report) {
    json.fact("Exit status", {}, std::to_string(outcome.status), {});
    outcome.report = json.object();
  }
  return outcome;
}

// All that decides what is written for a capture.
std::string all_settings(const Options& options, const Config& config, const Plugins& plugins) {
  const SplitLimits& split = options.split;
  std::string all = fmt::format("{} {} {} {} {} {} {} {} {} {}", version_line(), options.filter, options.packets,
                                options.max_flows, split.on, split.bytes, split.rows, split.interval, split.first,
                                options.sensor_id.value_or(settings.sensor_id));
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
