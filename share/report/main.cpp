// t2report: a page from flow files.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <getopt.h>

#include <fmt/format.h>

#include "base/streams.hpp"
#include "page.hpp"
#include "summary.hpp"
#include "t2/error.hpp"

namespace {

using namespace t2::report;

constexpr std::string_view usage = R"(Usage: t2report [OPTION...] PREFIX|FILE...

Makes one HTML page from flows, PREFIX_report.html: totals, traffic over time, who sent most, ports, protocols, names, the health of TCP, who
talks to whom, and the flows with the most bytes as a table. PREFIX is that of t2 -w, FILE a flow file of txtSink (also CSV or compressed, '-':
standard input); several make one page. The page loads nothing from anywhere.

  -o, --output FILE    write FILE ('-': standard output) instead of PREFIX_report.html
  -H, --headers FILE   the headers file with the columns' types and meanings (default: PREFIX_headers.txt)
  -n, --top N          entries of each list (1-1000, default: 10)
  -r, --rows N         rows of the table (0-100000, default: 500)
  -t, --title TEXT     of the page (default: PREFIX)
  -h, --help           print this
)";

struct Options {
  std::string output, headers, title;
  std::size_t top = 10, rows = 500;
  std::vector<std::string> inputs;
  bool help = false;
};

std::size_t number(const char* option, const std::string& text, std::size_t least, std::size_t most) {
  std::size_t n = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc() || end != text.data() + text.size() || n < least || n > most)
    throw t2::Error(fmt::format("Option '{}' takes a number from {} to {}, not '{}'", option, least, most, text));
  return n;
}

Options read_options(int argc, char** argv) {
  constexpr option longs[] = {{"output", required_argument, nullptr, 'o'},
                              {"headers", required_argument, nullptr, 'H'},
                              {"top", required_argument, nullptr, 'n'},
                              {"rows", required_argument, nullptr, 'r'},
                              {"title", required_argument, nullptr, 't'},
                              {"help", no_argument, nullptr, 'h'},
                              {nullptr, 0, nullptr, 0}};
  Options o;
  for (int c; (c = getopt_long(argc, argv, "o:H:n:r:t:h", longs, nullptr)) != -1;) {
    switch (c) {
      case 'o': o.output = optarg; break;
      case 'H': o.headers = optarg; break;
      case 'n': o.top = number("--top", optarg, 1, 1000); break;
      case 'r': o.rows = number("--rows", optarg, 0, 100'000); break;
      case 't': o.title = optarg; break;
      case 'h': o.help = true; return o;
      default: throw t2::Error("Try 't2report --help' for more information.");
    }
  }
  o.inputs.assign(argv + optind, argv + argc);
  if (o.inputs.empty()) throw t2::Error("Name the flows: t2report PREFIX. Try 't2report --help' for more information.");
  return o;
}

std::string headers_of(const std::string& file) { return prefix_of(file) + "_headers.txt"; }

// A file has its name when it is complete. Behind a link it is the link's target that is written; what is no file, such
// as a pipe or /dev/stdout, is written to. Returns whether it is a file.
bool write_page(const std::string& page, const std::string& output) {
  namespace fs = std::filesystem;
  std::error_code problem;
  const fs::file_status status = fs::status(output, problem);
  const bool is_file = !fs::exists(status) || fs::is_regular_file(status);
  const fs::path target = fs::is_regular_file(status) ? fs::canonical(output) : fs::path(output);
  const fs::path written = is_file ? target.string() + ".part" : target.string();
  std::ofstream out(written, std::ios::binary);
  const bool opened = out.is_open();
  out << page << std::flush;
  out.close();
  if (!out) {
    if (is_file && opened) fs::remove(written, problem);
    throw t2::Error(fmt::format("cannot write '{}'", output));
  }
  if (is_file) fs::rename(written, target, problem);
  if (problem) throw t2::Error(fmt::format("cannot write '{}': {}", output, problem.message()));
  return is_file;
}

void run(const Options& o) {
  if (o.help) {
    t2::print_to(stdout, usage);
    return;
  }
  std::vector<std::string> files;
  for (const std::string& input : o.inputs)
    for (std::string& file : flow_files(input)) files.push_back(std::move(file));
  const std::string prefix = files.front() == "-" ? "flows" : prefix_of(files.front());
  const std::string output = o.output.empty() ? prefix + "_report.html" : o.output;
  const std::string headers = o.headers.empty() ? headers_of(files.front()) : o.headers;
  if (!o.headers.empty() && !std::filesystem::exists(headers))
    throw t2::Error(fmt::format("there is no headers file '{}'", headers));

  std::optional<Summary> summary;
  std::vector<std::string> names;
  for (const std::string& path : files) {
    FlowFile file(path);
    if (!summary) {
      names = file.names();
      std::vector<FlowColumn> columns;
      columns.reserve(names.size());
      for (const std::string& name : names) columns.push_back({name, {}, {}});
      describe_columns(headers, columns);
      summary.emplace(std::move(columns), o.rows);
    } else if (file.names() != names) {
      throw t2::Error(fmt::format("'{}' has other columns than '{}': they cannot be on one page", path, files.front()));
    }
    file.read([&](FlowFile::Row row) { summary->add(row); });
  }
  summary->finish();
  const std::string title = o.title.empty() ? std::filesystem::path(prefix).filename().string() : o.title;
  const std::string page = page_of(*summary, title, o.top);
  if (output == "-") {
    t2::print_to(stdout, page);
    return;
  }
  if (write_page(page, output))
    t2::print_to(stdout, fmt::format("{}: {} flows, {} rows of {} file{}\n", output, summary->flows, summary->rows,
                                     files.size(), files.size() == 1 ? "" : "s"));
}

}  // namespace

int main(int argc, char** argv) {
  t2::open_standard_streams();
  try {
    run(read_options(argc, argv));
    if (const int problem = t2::stdout_problem(); problem != 0)
      throw t2::Error(fmt::format("cannot write to standard output: {}", std::strerror(problem)));
    return 0;
  } catch (const std::exception& e) {
    t2::print_to(stderr, fmt::format("t2report: {}\n", e.what()));
    return 1;
  }
}
