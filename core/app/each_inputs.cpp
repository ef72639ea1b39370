// Names, and the file that remembers.
#include "app/each_inputs.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/stat.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/output_file.hpp"
#include "capture/capture_files.hpp"
#include "t2/error.hpp"

namespace t2 {

namespace fs = std::filesystem;

namespace {

std::string whole_name(const std::string& path) { return path == "-" ? "stdin" : path.substr(path.rfind('/') + 1); }

std::string stem(const std::string& path) {
  const std::string name = whole_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string absolute(const std::string& path) {
  std::error_code problem;
  return fs::absolute(path, problem).lexically_normal().string();
}

constexpr std::string_view between_files = "//";  // in a line of that file: no path has it

std::string done_file(const std::string& folder) { return folder + "/.t2-each"; }

}  // namespace

std::vector<EachInput> each_inputs(const Options& options) {
  std::vector<EachInput> inputs;
  const bool list = options.input == Options::Input::list;
  for (const std::string& name : list ? read_list(options.sources[0]) : options.sources) {
    std::error_code problem;
    if (!fs::is_directory(name, problem)) {
      inputs.push_back({name, {}, {}, false});
      continue;
    }
    for (std::string& path : files_in(name)) inputs.push_back({std::move(path), {}, {}, true});
  }
  std::map<std::string, int> same_stem;
  for (EachInput& input : inputs) {
    const std::size_t slash = input.path.rfind('/');
    input.folder = options.output               ? *options.output
                   : slash == std::string::npos ? "."
                                                : input.path.substr(0, slash + 1);
    while (input.folder.size() > 1 && input.folder.ends_with('/')) input.folder.pop_back();
    ++same_stem[input.folder + '/' + stem(input.path)];
  }
  std::map<std::string, std::string> outputs;
  for (EachInput& input : inputs) {
    input.name = stem(input.path);
    if (same_stem[input.folder + '/' + input.name] > 1) input.name = whole_name(input.path);
    const auto [other, is_new] = outputs.emplace(input.folder + '/' + input.name, input.path);
    if (!is_new)
      throw Error(
          fmt::format("Option '--each': '{}' and '{}' would both be written to '{}': without -w each output "
                      "lies beside its input",
                      other->second, input.path, other->first));
  }
  return inputs;
}

DoneList::DoneList(std::string made_with) : settings_(std::move(made_with)) {}

DoneList::Folder& DoneList::folder(const std::string& path) {
  const auto [found, is_new] = folders_.try_emplace(path);
  if (!is_new) return found->second;
  std::ifstream file(done_file(path));
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string state, status, files, input;
    if (!std::getline(fields, state, '\t') || !std::getline(fields, status, '\t') ||
        !std::getline(fields, files, '\t') || !std::getline(fields, input))
      continue;  // not one of these lines
    if (status != "0" && status != "2") {
      found->second.erase(input);
      continue;
    }
    Entry entry{std::move(state), status[0] - '0', {}};
    for (std::string_view rest = files; !rest.empty();) {
      entry.files.emplace_back(rest.substr(0, rest.find(between_files)));
      rest.remove_prefix(std::min(rest.size(), entry.files.back().size() + between_files.size()));
    }
    found->second.insert_or_assign(input, std::move(entry));
  }
  return found->second;
}

std::string DoneList::state(const std::string& input) const {
  struct stat about {};
  if (stat(input.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return {};
  return fmt::format("{} {} {}.{:09}", settings_, about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
}

int DoneList::status(const EachInput& input) {
  const Folder& done = folder(input.folder);
  if (done.empty()) return -1;
  const auto found = done.find(absolute(input.path));
  if (found == done.end() || found->second.state != state(input.path)) return -1;
  std::error_code problem;
  const bool there = std::all_of(found->second.files.begin(), found->second.files.end(), [&](const std::string& name) {
    return fs::exists(input.folder + '/' + name, problem);
  });
  return there ? found->second.status : -1;
}

void DoneList::complete(const EachInput& input, const std::string& made, int status) const {
  const std::string now = state(input.path);
  std::string files;
  for (const fs::directory_entry& file : fs::recursive_directory_iterator(made)) {
    const std::string name = file.path().lexically_relative(made), path = input.folder + '/' + name;
    const bool is_folder = file.is_directory();  // of a day: other processes make it, too
    std::error_code problem;
    if (is_folder) fs::create_directory(path, problem);
    else fs::rename(file.path(), path, problem);
    if (problem) throw Error(fmt::format("cannot write '{}': {}", path, problem.message()));
    if (is_folder) continue;
    if (!files.empty()) files += between_files;
    files += name;
  }
  const std::string line = fmt::format("{}\t{}\t{}\t{}\n", now, status, files, absolute(input.path));
  if (now.empty() || std::count(line.begin(), line.end(), '\t') != 3 || std::count(line.begin(), line.end(), '\n') != 1)
    return;  // a stream, or a name that a line cannot hold: it is analysed each time
  try {
    create_output_file({.path = done_file(input.folder), .append = true})->write(line, 1);
  } catch (const Error& e) {  // the outputs are there
    print_error(e.what());
  }
}

}  // namespace t2
