// The input that the command line names.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "app/options.hpp"
#include "base/log.hpp"
#include "capture/source.hpp"

namespace t2 {

std::string input_line(const Options& options);  // "Processing file: a.pcap"
// Tells the log what is read. `stop` ends waiting for data or a file; it outlives the source. Throws Error.
std::unique_ptr<Source> open_source(const Options& options, std::atomic<bool>& stop, Log& log);

}  // namespace t2
