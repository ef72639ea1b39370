// Names beside the input, or in the folder of -w.
#include "app/output_prefix.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "t2/error.hpp"

namespace t2 {

namespace fs = std::filesystem;

namespace {

// What output files are named after: the first input without its suffix.
std::string input_stem(const Options& options) {
  std::string stem = options.sources[0];
  const bool files = options.input == Options::Input::files;
  if (stem == "-" && (files || options.input == Options::Input::list)) return "stdin";
  std::error_code problem;
  if (files && fs::is_directory(stem, problem)) {
    while (stem.size() > 1 && stem.ends_with('/')) stem.pop_back();
    if (const std::string last = fs::path(stem).filename(); last != "." && last != ".." && stem != "/") return stem;
    return (fs::path(stem) / fs::canonical(stem).filename()).string();
  }
  const std::size_t name = stem.rfind('/') == std::string::npos ? 0 : stem.rfind('/') + 1;
  if (options.input == Options::Input::series) stem = stem.substr(0, stem.rfind(','));
  if (options.input != Options::Input::interface) {
    const std::size_t dot = stem.rfind('.');
    if (dot != std::string::npos && dot > name) stem.resize(dot);
  }
  return stem;
}

}  // namespace

void make_output_folder(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::error_code problem;
  fs::create_directory(path, problem);
  if (fs::is_directory(path)) return;
  if (problem == std::errc::no_such_file_or_directory)
    throw Error(fmt::format("Option '-w': there is no folder '{}' to make '{}' in: make it with mkdir -p",
                            fs::path(path).parent_path().string(), path));
  throw Error(fmt::format("Option '-w': cannot make the folder '{}': {}", path, problem.message()));
}

std::string output_prefix(const Options& options) {
  const std::string stem = input_stem(options);
  const std::size_t name = stem.rfind('/') == std::string::npos ? 0 : stem.rfind('/') + 1;
  if (!options.output || *options.output == "-") return stem;
  const std::string& wanted = *options.output;
  std::error_code problem;
  if (wanted.ends_with('/') || fs::is_directory(wanted, problem)) {
    make_output_folder(wanted);
    return (wanted.ends_with('/') ? wanted : wanted + '/') + stem.substr(name);
  }
  if (fs::is_other(wanted, problem))  // as /dev/null: names made of it would be in its folder
    throw Error(
        fmt::format("Option '-w': '{}' is a device or a pipe, and what is wanted is the beginning of files' names; "
                    "'-w -' writes flows to standard output",
                    wanted));
  if (const std::size_t slash = wanted.rfind('/'); slash != std::string::npos && slash > 0)
    make_output_folder(wanted.substr(0, slash));
  return wanted;
}

}  // namespace t2
