// Parses the command line and derives the output prefix.
#include "app/options.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <getopt.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/machine.hpp"
#include "app/usage.hpp"
#include "base/closest.hpp"
#include "base/digits.hpp"
#include "base/paths.hpp"
#include "base/streams.hpp"
#include "t2/plugin.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace fs = std::filesystem;

namespace {

enum Long {
  long_batch = 1000,
  long_seed,
  long_flows,
  long_each,
  long_extract,
  long_list_inputs,
  long_set,
  long_plugins,
  long_features,
  long_anonymise,
  long_report,
  long_describe,
  long_user,
  long_metrics
};

constexpr int plain_word = 1;  // what getopt_long() calls one that is no option

constexpr option longs[] = {{"pcap", required_argument, nullptr, 'r'},
                            {"pcap-list", required_argument, nullptr, 'R'},
                            {"input-regex", required_argument, nullptr, 'D'},
                            {"output-regex", required_argument, nullptr, 'W'},
                            {"extract", required_argument, nullptr, long_extract},
                            {"list-inputs", no_argument, nullptr, long_list_inputs},
                            {"packets", no_argument, nullptr, 's'},
                            {"monfile", no_argument, nullptr, 'm'},
                            {"mon-interval", required_argument, nullptr, 'M'},
                            {"interface", required_argument, nullptr, 'i'},
                            {"output-prefix", required_argument, nullptr, 'w'},
                            {"logfile", no_argument, nullptr, 'l'},
                            {"snaplen", required_argument, nullptr, 'S'},
                            {"rx-bufsize", required_argument, nullptr, 'B'},
                            {"plugin-folder", required_argument, nullptr, 'p'},
                            {"plugin-list", required_argument, nullptr, 'b'},
                            {"config", required_argument, nullptr, 'C'},
                            {"bpf-file", required_argument, nullptr, 'F'},
                            {"sensor-id", required_argument, nullptr, 'x'},
                            {"hash-factor", required_argument, nullptr, 'f'},
                            {"cpu", required_argument, nullptr, 'c'},
                            {"priority", required_argument, nullptr, 'P'},
                            {"max-flows", required_argument, nullptr, long_flows},
                            {"threads", required_argument, nullptr, 't'},
                            {"batch", required_argument, nullptr, long_batch},
                            {"hash-seed", required_argument, nullptr, long_seed},
                            {"set", required_argument, nullptr, long_set},
                            {"describe", no_argument, nullptr, long_describe},
                            {"report", required_argument, nullptr, long_report},
                            {"plugins", required_argument, nullptr, long_plugins},
                            {"features", required_argument, nullptr, long_features},
                            {"anonymise", required_argument, nullptr, long_anonymise},
                            {"each", no_argument, nullptr, long_each},
                            {"jobs", required_argument, nullptr, 'j'},
                            {"user", required_argument, nullptr, long_user},
                            {"metrics", required_argument, nullptr, long_metrics},
                            {"version", no_argument, nullptr, 'V'},
                            {"help", no_argument, nullptr, 'h'},
                            {}};

// As it was typed, without its value.
std::string_view option_name(std::string_view word) {
  return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

std::vector<std::string> long_options() {
  std::vector<std::string> names;
  for (const option& one : longs) {
    if (one.name) names.push_back(std::string("--") + one.name);
  }
  return names;
}

std::int64_t number(std::string_view option, std::string_view text, std::int64_t least, std::int64_t most) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x")) digits.remove_prefix(2), base = 16;
  const auto size = digits_as_number(digits, base);
  const std::int64_t value = size && *size <= INT64_MAX ? static_cast<std::int64_t>(*size) * (negative ? -1 : 1) : 0;
  if (!size || *size > INT64_MAX || value < least || value > most) {
    throw Error(fmt::format("Option '{}': '{}' is not a number from {} to {}", option, text, least, most));
  }
  return value;
}

// Comments from '#' to the end of a line are blanked.
std::string filter_of(const std::string& path) {
  std::ifstream file = open_text("the filter of -F:", path);
  std::string all;
  for (std::string line; std::getline(file, line);) all += line.substr(0, line.find('#')) + ' ';
  while (!all.empty() && std::isspace(static_cast<unsigned char>(all.back()))) all.pop_back();
  if (all.empty()) throw Error(fmt::format("Option '-F': '{}' holds no filter", path));
  return all;
}

// One of the limits of -W: "1.5G", "5Kf", "30min". False: it is none, or there is one of its kind.
bool add_limit(SplitLimits& limits, std::string_view text) {
  struct Unit {
    std::string_view name;
    double factor;
    bool time;
  };
  constexpr Unit units[] = {{"", 1, false}, {"K", 1e3, false}, {"M", 1e6, false}, {"G", 1e9, false},
                            {"s", 1, true}, {"min", 60, true}, {"h", 3600, true}, {"d", 86400, true}};
  double size = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), size);
  std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const bool rows = name.ends_with('f');
  if (rows) name.remove_suffix(1);
  const auto unit = std::find_if(std::begin(units), std::end(units), [&](const Unit& u) { return u.name == name; });
  if (problem != std::errc{} || unit == std::end(units) || (rows && unit->time)) return false;
  size *= unit->factor;
  if (!(size >= 1) || size > (unit->time ? 1e9 : 1e18)) return false;
  const auto set = [](auto& limit, double value) {
    const bool first = limit == 0;
    limit = static_cast<std::remove_reference_t<decltype(limit)>>(value);
    return first;
  };
  return unit->time ? set(limits.interval, size * 1e9) : set(rows ? limits.rows : limits.bytes, size);
}

// -W PREFIX[:LIMIT]...[,START]: the prefix, and what stands behind it. Colons in front of the limits belong to the
// prefix.
void split_output(Options& o, std::string_view text) {
  const std::size_t comma = text.rfind(',');
  const bool with_start = comma != std::string_view::npos && comma + 1 < text.size() &&
                          text.find_first_not_of("0123456789", comma + 1) == std::string_view::npos;
  std::size_t end = with_start ? comma : text.size();
  SplitLimits limits{.on = true};
  if (with_start) std::from_chars(text.data() + comma + 1, text.data() + text.size(), limits.first);
  for (bool any = false;; any = true) {
    const std::size_t colon = text.substr(0, end).rfind(':');
    if (colon == std::string_view::npos) break;
    const std::string_view limit = text.substr(colon + 1, end - colon - 1);
    if (add_limit(limits, limit)) end = colon;
    else if (any) break;
    else
      throw Error(
          fmt::format("Option '-W': '{}' is not a limit: a number of at least 1, with K, M or G, of bytes, or with f "
                      "behind it of flows, or with s, min, h or d of time",
                      limit));
  }
  o.output = std::string(text.substr(0, end));
  o.split = limits;
  if (o.output == "-") throw Error("Option '-W': standard output cannot be split: use -w -");
}

void split_names(std::string_view text, std::vector<std::string>& names) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) names.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (names.empty()) throw Error("Option '--plugins': name plugins, with commas between them");
}

// Plugins that make a set of features which others have defined.
void add_features(std::string_view set, std::vector<std::string>& plugins) {
  if (set != "cic") throw Error(fmt::format("Option '--features': '{}' is no set of features: cic", set));
  for (const char* plugin : {"cicFeatures", "tcpStates"}) plugins.emplace_back(plugin);
}

bool report_is_json(std::string_view word) {
  if (word != "json" && word != "text")
    throw Error(fmt::format("Option '--report': '{}' is neither text nor json", word));
  return word == "json";
}

double seconds(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || !(value > 0) || value > 1e9) {
    throw Error(fmt::format("Option '-M': '{}' is not a number of seconds above 0", text));
  }
  return value;
}

// One command line, word by word.
class CommandLine {
 public:
  CommandLine(int argc, char** argv) : count_(argc), words_(argv) {
    for (int i = 0; i < argc; ++i) options_.command_line += (i ? " " : "") + std::string(argv[i]);
  }

  // Empty: help or version was printed.
  std::optional<Options> parse() {
    opterr = 0;
    optind = 0;  // glibc: forgets all of a call before
    for (;;) {
      const int at = optind;
      const int option = getopt_long(count_, words_, "-:r:R:D:i:w:W:slmM:S:B:p:b:C:F:x:f:c:P:t:j:Vh", longs, nullptr);
      if (option == -1) break;
      if (option != plain_word) behind_files_ = option == 'r';
      if (option != plain_word && option != ':' && optarg && !*optarg)
        throw Error(fmt::format("Option '{}': the value is empty", option_name(words_[at])));
      if (option == 'V' || option == 'h') {
        if (option == 'V') print_to(stdout, version_line() + "\n");
        else print_to(stdout, fmt::format("{} - flow based network traffic analyzer\n\n{}", version_line(), usage));
        return {};
      }
      take(option, words_[at]);
    }
    if (options_.describe) return options_;
    if (!input_) throw Error("One of '-r', '-R', '-D' or '-i' option is required");
    options_.input = *input_;
    behind_files_ = false;
    for (int i = optind; i < count_; ++i) take_word(words_[i]);
    refuse_combinations();
    if (options_.each) options_.jobs = jobs_.value_or(processors());
    return options_;
  }

 private:
  void take(int option, const char* word) {
    switch (option) {
      case plain_word: take_word(optarg); break;
      case 'r': take_input(Options::Input::files); break;
      case 'R': take_input(Options::Input::list); break;
      case 'i': take_input(Options::Input::interface); break;
      case 'D': take_input(Options::Input::series); break;
      case 'w': options_.output = optarg; break;
      case 'W': split_output(options_, optarg); break;
      case 's': options_.packets = true; break;
      case 'm': options_.monitor_file = true; break;
      case 'M': options_.monitor_interval = seconds(optarg); break;
      case 'l': options_.log_file = true; break;
      case 'S': options_.snaplen = static_cast<int>(number("-S", optarg, 64, 262144)); break;
      case 'B': options_.buffer = static_cast<int>(number("-B", optarg, 65536, INT32_MAX)); break;
      case 'p': options_.plugin_folder = optarg; break;
      case 'b': options_.plugin_list = optarg; break;
      case 'C': options_.config = optarg; break;
      case 'F': options_.filter_file = optarg; break;
      case 'x': options_.sensor_id = static_cast<unsigned>(number("-x", optarg, 0, UINT32_MAX)); break;
      case 'f': number("-f", optarg, 1, INT32_MAX), options_.hash_factor = true; break;
      case 'c': options_.cpu = static_cast<int>(number("-c", optarg, 0, 4096)); break;
      case 'P': options_.priority = static_cast<int>(number("-P", optarg, geteuid() == 0 ? -20 : 0, 20)); break;
      case long_extract: options_.extract = optarg; break;
      case long_list_inputs: options_.list_inputs = true; break;
      case long_flows:
        options_.max_flows = static_cast<std::uint64_t>(number("--max-flows", optarg, 1, 4'000'000'000));
        break;
      case 't': options_.threads = static_cast<std::size_t>(number("-t", optarg, 0, 64)); break;
      case long_batch: options_.batch = static_cast<std::size_t>(number("--batch", optarg, 1, 4096)); break;
      case long_seed: options_.seed = static_cast<std::uint64_t>(number("--hash-seed", optarg, 0, INT64_MAX)); break;
      case long_set: options_.sets.emplace_back(optarg); break;
      case long_plugins: split_names(optarg, options_.plugins); break;
      case long_anonymise: options_.key = read_anonymisation_key(optarg); break;
      case long_features: add_features(optarg, options_.plugins); break;
      case long_describe: options_.describe = true; break;
      case long_report: options_.json_report = report_is_json(optarg); break;
      case long_each: options_.each = true; break;
      case 'j': jobs_ = static_cast<std::size_t>(number("-j", optarg, 1, 1024)); break;
      case long_user: options_.user = optarg; break;
      case long_metrics: options_.metrics = optarg; break;
      case ':': throw Error(fmt::format("Option '{}' requires an argument", word));
      default:
        if (optopt > 0 && optopt < 256) throw Error(fmt::format("Unknown option '-{}'", static_cast<char>(optopt)));
        throw Error(fmt::format("Unknown option '{}'{}", word, did_you_mean(word, long_options())));
    }
  }

  void take_input(Options::Input kind) {
    if (input_ && *input_ != kind) throw Error("'-r', '-R', '-D' and '-i' options can only be used exclusively");
    input_ = kind;
    if (kind == Options::Input::list || kind == Options::Input::series) options_.sources.clear();
    options_.sources.emplace_back(optarg);
  }

  void take_word(std::string_view word) {
    std::error_code problem;
    if (options_.describe) return void(options_.plugins_to_describe.emplace_back(word));
    if (behind_files_ && (word == "-" || fs::exists(word, problem))) return void(options_.sources.emplace_back(word));
    if (options_.filter.empty()) options_.filter_behind_files = behind_files_ || fs::exists(word, problem);
    behind_files_ = false;
    options_.filter += (options_.filter.empty() ? "" : " ") + std::string(word);
  }

  // Options that do not go together.
  void refuse_combinations() const {
    const Options& o = options_;
    const bool files = o.input == Options::Input::files, list = o.input == Options::Input::list;
    if (o.list_inputs && !files) throw Error("Option '--list-inputs' lists the files of -r: it needs them");
    if (!o.extract.empty()) {
      if (o.each) throw Error("Option '--extract' does not go with --each");
      if (o.key) throw Error("Option '--extract' writes packets as they are: it does not go with --anonymise");
      if (!o.output || o.split.on) throw Error("Option '--extract' needs the capture to write: -w FILE");
      if ((!files && !list) || o.sources[0] == "-")
        throw Error("Option '--extract' reads its input twice: it needs files, -r or -R");
    }
    if (o.packets && o.threads.value_or(0) > 0)
      throw Error("Option '-s' writes packets in capture order: it goes with -t 0 only");
    if (o.json_report && o.output == "-")
      throw Error("Option '--report json' needs standard output for the report: it does not go with -w -");
    if (jobs_ && !o.each) throw Error("Option '-j' goes with --each only");
    if (!o.each) return;
    if (!files && !list) throw Error("Option '--each' goes with -r and -R only");
    if (!o.metrics.empty()) throw Error("Option '--metrics' is about one run: it does not go with --each");
    if (o.output == "-" || o.split.on) throw Error("Option '--each' writes many files: -w names the folder for them");
  }

  const int count_;
  char** const words_;
  Options options_;
  std::optional<Options::Input> input_;
  std::optional<std::size_t> jobs_;
  bool behind_files_ = false;  // the last word was an input of -r
};

}  // namespace

void read_filter_file(Options& options) {
  if (!options.filter_file.empty()) options.filter = filter_of(options.filter_file);
}

std::string version_line() { return fmt::format("Tranalyzer {} [t2]", T2_VERSION); }

std::optional<Options> parse_options(int argc, char** argv) {
  if (argc < 2) {
    print_to(stdout, fmt::format("{}\n{}", version_line(), usage));
    throw Error("One of '-r', '-R', '-D' or '-i' option is required");
  }
  return CommandLine(argc, argv).parse();
}

bool is_one_file(const Options& options) {
  std::error_code problem;
  return options.input == Options::Input::files && options.sources.size() == 1 &&
         !fs::is_directory(options.sources[0], problem);
}

}  // namespace t2
