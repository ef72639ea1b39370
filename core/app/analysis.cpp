// Start: input, plugins, outputs, all that can be refused. Then the packets. Then reports, and what the user is told at
// the end. Runs in the main thread, which reads the packets.
#include "app/analysis.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>

#include <unistd.h>

#include <fmt/format.h>

#include "app/machine.hpp"
#include "app/metrics.hpp"
#include "app/metrics_server.hpp"
#include "app/open_source.hpp"
#include "app/output_prefix.hpp"
#include "app/pipeline_parts.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "app/run_header.hpp"
#include "app/service_manager.hpp"
#include "base/settings.hpp"
#include "base/signals.hpp"
#include "base/streams.hpp"
#include "t2/clock.hpp"

namespace t2 {

namespace {

// Default: one worker for each processor besides the reader's; one reader saturates at four workers. Rows of packets
// come from one thread only, and a bound on flows would be shared out to workers, which would show: there are none
// then. Nor are there for a plugin that has to see all flows.
std::size_t worker_threads(const Options& options, const Plugins& plugins, Log& log) {
  constexpr std::size_t most = 4;
  if (const Descriptor* plugin = needs_one_worker(plugins.all())) {
    if (options.threads.value_or(0) > 0)
      log.info(fmt::format("Option '-t' has no effect: {} sees all flows, in one thread", plugin->name));
    return 0;
  }
  if (options.threads) return *options.threads;
  return options.packets || options.max_flows ? 0 : std::min(processors() - 1, most);
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

class Analysis {
 public:
  Analysis(const Options& options, const Config& config, const Plugins& plugins, Privileges& rights)
      : options_(options),
        plugins_(plugins),
        rights_(rights),
        source_(open()),
        about_input_(describe_input()),
        parts_(options, config, plugins, plugins.all(), *source_, log_, worker_threads(options, plugins, log_),
               rows_of_packets()),
        prefix_(output_prefix(options)) {
    open_outputs();
    tell_memory();
    open_logs();
    if (!options.metrics.empty()) open_metrics();
  }

  Outcome run() {
    start();
    begin_ = wall_clock();
    engine_->on_report([&] { report_during_run(); }, static_cast<Time>(options_.monitor_interval * 1e9));
    Progress progress;
    const bool show = settings.verbose > 0 && !options_.each && Progress::is_wanted();
    engine_->after_block([&] {
      manager_.alive();
      if (show) progress.update(*source_, engine_->counters().packets, parts_.workers.flows_in_memory());
    });
    engine_->before_unloading([&] { manager_.stopping(); });
    engine_->run();
    parts_.sinks.close();
    return end();
  }

 private:
  // ---- Start: all that needs root's rights, and all that can be refused

  std::unique_ptr<Source> open() {
    if (settings.verbose == 0) log_.quiet();
    log_.hold();  // a problem with input, filter, settings or output is told alone
    rights_.as_root([&] { place_process(options_, log_); });
    log_.line(banner(options_));
    log_.line("Date: " + date(wall_clock(), settings.report_utc));
    log_.info("Creating flows for " + protocols());
    if (options_.hash_factor) log_.info("Option '-f' has no effect: the flow table grows by itself");
    tell_plugins();
    stop_on_signal(&stop_);
    const auto open = [&] { return open_source(options_, stop_, log_); };
    std::unique_ptr<Source> source = options_.input == Options::Input::interface ? rights_.as_root(open) : open();
    stop_on_signal(nullptr);
    return source;
  }

  void tell_plugins() {
    const std::vector<const Descriptor*>& all = plugins_.all();
    if (all.empty()) {
      log_.warn("No plugins are loaded: there will be no output");
      return;
    }
    if (std::none_of(all.begin(), all.end(), [](const Descriptor* plugin) { return plugin->create_sink; }))
      log_.warn(fmt::format("No sink among the plugins in folder '{}': no flows will be written; run t2build txtSink",
                            plugins_.folder()));
    log_.line("Active plugins:");
    unsigned number = 0;
    for (const Descriptor* plugin : all)
      log_.line(fmt::format("    {:02}: {}, {}", ++number, plugin->name, plugin->version));
  }

  std::string describe_input() const {
    const std::string link = source_->describe();
    return input_line(options_) + (link.empty() ? "" : "\n" + link);
  }

  std::function<void(RowBatch&)> rows_of_packets() {
    if (!options_.packets) return nullptr;
    return [this](RowBatch& rows) { parts_.sinks.write_packets(rows); };
  }

  void open_outputs() {
    const SplitLimits& split = options_.split;
    Output output{
        prefix_,
        options_.output == "-",
        parts_.layout.columns(),
        {split.on, split.bytes_or(settings.part_size), split.rows, split.interval, source_->live(), split.first},
        about(options_, plugins_)};
    parts_.sinks.open(output);
    if (!options_.packets) return;
    output.columns = parts_.layout.packet_columns();
    parts_.sinks.open_packets(output);
  }

  void tell_memory() {
    const WorkerPool& workers = parts_.workers;
    const std::uint64_t capacity = parts_.totals.max_flows = workers.max_flows();
    const FlowTable& table = workers.table();
    log_.info(fmt::format("Memory for flows: at most {} conversations of {} bytes, {} if not TCP", human(capacity),
                          table.bytes_each(), table.bytes_each_without_tcp()));
    MemoryBound bound = workers.memory_bound();
    bound.stacks = HeaderStacks::max_bytes();
    bound.sinks = parts_.sinks.max_memory();
    const auto mega = [](std::uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); };
    log_.info(
        fmt::format("Memory that grows with traffic: at most {}: flows {}, lists of plugins {}, fragments {}, "
                    "rows {}, packets {}, header stacks {}, waiting for collectors {}",
                    mega(bound.total()), mega(bound.flows), mega(bound.lists), mega(bound.fragments), mega(bound.rows),
                    mega(bound.packets), mega(bound.stacks), mega(bound.sinks)));
  }

  void open_logs() {
    if (options_.log_file) log_.to_file(prefix_ + settings.log_suffix);
    else if (options_.output == "-" || options_.json_report) log_.to_stderr();
    if (options_.monitor_file) own_monitor_.to_file(prefix_ + settings.monitor_suffix);
  }

  void open_metrics() {
    parts_.totals.measured = true;
    metrics_.emplace(options_.metrics, [this, facts = MetricsFacts{version_line(), wall_clock()}] {
      return metrics_text(parts_.totals, facts);
    });
    log_.info(fmt::format("Metrics: http://{}/metrics", metrics_->where()));
    if (!metrics_->is_loopback()) log_.warn("Metrics can be read by all who reach that address");
  }

  // Gives root up, then begins threads: they inherit what is left.
  void start() {
    if (const std::string what = rights_.give_up(); !what.empty()) log_.info(what);
    if (options_.split.on) check_folder_of_parts(prefix_, rights_);
    parts_.workers.start();
    if (metrics_) metrics_->start();
    const bool stream = source_->size() == 0 && !source_->live();  // can keep a reader waiting
    if (settings.buffering || stream) source_ = buffered(std::move(source_), settings.buffer_packets);
    log_.release();
    log_.flush();
    manager_.ready(input_line(options_));
    engine_.emplace(parts_.for_engine(*source_, log_));
  }

  // ---- Reports

  ReportData collect() const {
    return {.input = engine_->counters(),
            .decode = parts_.dissector.counters(),
            .flows = parts_.workers.counters(),
            .file_bytes = source_->size(),
            .file_position = source_->position(),
            .interfaces = engine_->interfaces(),
            .unread = engine_->unread(),
            .clock = engine_->clock_steps(),
            .progress = {},
            .analysis = engine_->analysis_time(),
            .unloading = wall_clock() - begin_,
            .flow_capacity = 2 * parts_.workers.max_flows()};
  }

  void report(ReportOutput& to, const ReportData& data) {
    const Run whole{data.input.packets, data.flows.bytes[0] + data.flows.bytes[1],
                    data.flows.protocol_packets[protocol::tcp]};
    PluginReport lines(to, whole, options_.key);
    print_report(to, data, [&] {
      parts_.workers.with_totals([&](Instances& instances) {
        for (const Instances::Entry& entry : instances.all()) {
          if (!entry.plugin) continue;
          lines.from(entry.descriptor->name);
          entry.plugin->report(lines);
        }
      });
      PluginReport delivery(to, whole, {});  // may name receivers as the user set them
      parts_.sinks.report(delivery, [&](std::string_view plugin) { delivery.from(plugin); });
    });
  }

  void report_during_run() {
    parts_.workers.pause([&] {
      ReportData data = collect();
      data.progress = {wall_clock(), about_input_, parts_.workers.flows_in_memory()};
      data.analysis = data.unloading;
      if (options_.json_report) {
        JsonReport json;
        report(json, data);
        if (options_.monitor_file || options_.each) monitor_.line(json.object());
        else print_to(stdout, json.object() + "\n"), flush_stdout();
      } else {
        monitor_.line(fmt::format("{:=<80}\nUSR1 A type report: {}. PID: {}", "", version_line(), getpid()));
        TextReport text(monitor_);
        report(text, data);
        monitor_.line(fmt::format("{:=<80}\n", ""));
      }
      monitor_.flush();
    });
  }

  // ---- End

  Outcome end() {
    const std::string damage = engine_->damage();
    TextReport text(log_);
    JsonReport json;
    ReportOutput& to = options_.json_report ? static_cast<ReportOutput&>(json) : text;
    if (options_.each) json.fact("Input", {}, json_text(options_.sources[0]), {});
    if (settings.verbose > 1 || options_.json_report) report(to, collect());
    for (const std::string& note : source_->notes()) to.note(true, note);
    if (!damage.empty()) to.note(true, damage);
    log_.flush();
    monitor_.flush();
    const InputCounters& input = engine_->counters();
    const FlowCounters flows = parts_.workers.counters();
    Outcome outcome{damage.empty() ? all_well : input_damaged, input.packets, flows.flows[0] + flows.flows[1]};
    if (tell_losses(flows.unwritten)) {
      outcome.status = output_lost;
    } else if (input.packets > 0 && input.unsupported == input.packets) {
      print_error(
          fmt::format("nothing was analysed: all {} packets are of link types that are not supported", input.packets));
      outcome.status = nothing_done;
    }
    if (options_.json_report) {
      json.fact("Exit status", {}, std::to_string(outcome.status), {});
      outcome.report = json.object();
    }
    return outcome;
  }

  // True: there are some. `unwritten`: rows of flows that were in memory at the end.
  bool tell_losses(std::uint64_t unwritten) const {
    const std::uint64_t lines = log_.lost() + own_monitor_.lost(), rows = parts_.sinks.lost();
    const std::uint64_t unread = engine_->unread();
    if (lines > 0)
      print_error(fmt::format("{} lines of log and reports could not be written: see the errors above", lines));
    if (unwritten + unread > 0)
      print_error(fmt::format("ended by a second signal: {} rows of flows in memory and {} captured packets are lost",
                              unwritten, unread));
    if (rows > 0) print_error(fmt::format("{} rows could not be written or sent: see the warnings above", rows));
    return rows + unwritten + unread + lines > 0;
  }

  const Options& options_;
  const Plugins& plugins_;
  Privileges& rights_;
  Log log_, own_monitor_;
  Log& monitor_ = options_.monitor_file ? own_monitor_ : log_;
  std::atomic<bool> stop_ = false;  // of the source, which reads it as long as it lives
  std::unique_ptr<Source> source_;
  const std::string about_input_;  // lines
  PipelineParts parts_;
  const std::string prefix_;              // of output files
  std::optional<MetricsServer> metrics_;  // its thread reads the totals of `parts_`
  ServiceManager manager_;
  std::optional<Engine> engine_;
  Time begin_ = 0;  // wall clock
};

}  // namespace

Outcome analyse(const Options& options, const Config& config, const Plugins& plugins, Privileges& rights) {
  return Analysis(options, config, plugins, rights).run();
}

}  // namespace t2
