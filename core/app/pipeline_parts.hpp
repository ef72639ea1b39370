// Everything between a source and the sinks, for one run: what an analysis and the extraction of packets have in
// common. Made and used by the main thread; the workers' threads begin with workers.start().
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "app/machine.hpp"
#include "app/options.hpp"
#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/totals.hpp"
#include "capture/source.hpp"
#include "decode/dissector.hpp"
#include "host/config.hpp"
#include "host/layout.hpp"
#include "host/loader.hpp"
#include "output/sinks.hpp"
#include "pipeline/engine.hpp"
#include "pipeline/worker_pool.hpp"
#include "t2/keyed_hash.hpp"

namespace t2 {

struct PipelineParts {
  // `which`: plugins that take part. `packets`: takes rows of packets, or nothing.
  PipelineParts(const Options& options, const Config& config, const Plugins& plugins,
                std::vector<const Descriptor*> which, const Source& source, Log& log, std::size_t threads,
                std::function<void(RowBatch&)> packets)
      : seed(options.seed ? *options.seed : KeyedHash::random_seed()),
        stacks(KeyedHash(seed)),
        context{config,
                stacks,
                log,
                plugins.folder(),
                options.sensor_id.value_or(settings.sensor_id),
                &run_start,
                with_interfaces(totals, source)},
        layout(std::move(which)),
        sinks(layout, context),
        dissector(stacks),
        workers(threads, layout, context,
                {.batch = options.batch,
                 .seed = seed,
                 .max_flows = options.max_flows,
                 .rows = nullptr,
                 .packets = std::move(packets),
                 .key = options.key},
                dissector.fast_path(), memory_for_flows() / options.jobs, sinks) {}
  PipelineParts(const PipelineParts&) = delete;
  PipelineParts& operator=(const PipelineParts&) = delete;

  // `source` and `log` are those of the constructor, or what reads them in its place.
  Engine::Parts for_engine(Source& source, Log& log) { return {source, dissector, workers, log, run_start, totals}; }

  const std::uint64_t seed;
  HeaderStacks stacks;
  Time run_start = 0;  // of the first packet, since the epoch
  InputTotals totals;
  const Context context;
  Layout layout;
  OutputSinks sinks;
  Dissector dissector;
  WorkerPool workers;

 private:
  static InputTotals* with_interfaces(InputTotals& totals, const Source& source) {
    for (const InterfaceCounts& one : source.interface_counts()) totals.interfaces.emplace_back(one.name, one.number);
    return &totals;
  }
};

}  // namespace t2
