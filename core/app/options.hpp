// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "output/crypto_pan.hpp"
#include "t2/packet.hpp"

namespace t2 {

// -W: when a part of the flow file is complete; whichever is not 0.
struct SplitLimits {
  bool on = false;
  std::uint64_t bytes = 0, rows = 0, first = 0;  // first: number of the first part
  Time interval = 0;
  // Bytes of a part, where no limit is given `usual`.
  std::uint64_t bytes_or(std::uint64_t usual) const { return on && bytes + rows == 0 && interval == 0 ? usual : bytes; }
};

struct Options {
  enum class Input { files, list, series, interface } input = Input::files;
  std::vector<std::string> sources;     // of -r: files and folders, of -i: interfaces; of -R, -D: one
  std::optional<std::string> output;    // -w
  std::string plugin_folder;            // -p, empty: the default
  std::string plugin_list;              // -b
  std::string config;                   // -C
  std::string filter;                   // the words behind the options, or the text of -F
  std::string filter_file;              // -F, until read_filter_file()
  std::optional<std::string> user;      // --user: who takes root's place
  bool filter_behind_files = false;     // its first word could have been meant as a file
  bool list_inputs = false;             // --list-inputs
  std::string extract;                  // --extract: the flows whose packets are wanted
  SplitLimits split;                    // -W
  bool packets = false;                 // -s
  bool log_file = false;                // -l
  bool monitor_file = false;            // -m
  std::string metrics;                  // --metrics: where they can be asked for; empty: nowhere
  double monitor_interval = 0;          // -M, seconds; 0: only on request
  std::optional<unsigned> sensor_id;    // -x
  std::optional<AnonymisationKey> key;  // --anonymise
  std::optional<int> snaplen, buffer;   // -S, -B
  std::vector<std::string> sets;        // --set: NAME=VALUE, PLUGIN.NAME=VALUE
  std::vector<std::string> plugins;     // --plugins; empty: not given
  std::optional<int> cpu;               // -c
  std::optional<int> priority;          // -P
  bool hash_factor = false;             // -f was given: nothing to do, the table grows
  std::uint64_t max_flows = 0;          // --max-flows, 0: FLOW_MEMORY
  std::optional<std::size_t> threads;   // -t: workers; 0: all in one thread; empty: as the machine allows
  std::size_t batch = 64;               // --batch: packets that a plugin gets at once
  std::optional<std::uint64_t> seed;    // --hash-seed
  bool describe = false;                // --describe: of `plugins_to_describe`, empty: all
  std::vector<std::string> plugins_to_describe;
  bool json_report = false;  // --report json
  bool each = false;         // --each
  std::size_t jobs = 1;      // -j: processes
  std::string command_line;
};

// Empty: help or version was printed, all is done. Throws Error.
std::optional<Options> parse_options(int argc, char** argv);

// -F. Throws Error.
void read_filter_file(Options& options);

std::string version_line();  // "Tranalyzer VERSION [t2]"

// -r names one file, not several or a folder.
bool is_one_file(const Options& options);

}  // namespace t2
