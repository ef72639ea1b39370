// Files, folders, lists, series, interfaces.
#include "app/open_source.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "base/settings.hpp"
#include "output/address_text.hpp"

namespace t2 {

namespace {

std::unique_ptr<Source> open_input(const Options& options, const CaptureOptions& capture) {
  switch (options.input) {
    case Options::Input::list: return open_list(options.sources[0], capture);
    case Options::Input::series: return open_series(options.sources[0], capture);
    case Options::Input::interface: return open_interfaces(options.sources, capture);
    case Options::Input::files: break;
  }
  return is_one_file(options) ? open_file(options.sources[0], capture) : open_files(options.sources, capture);
}

}  // namespace

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
  if (!options.filter.empty()) log.info("BPF: " + with_pseudonyms(options.filter, options.key));
  if (const std::string link = source->describe(); !link.empty()) log.line(link);
  if (source->live()) log.line(fmt::format("Rx buffer length: {}", human(static_cast<std::uint64_t>(capture.buffer))));
  return source;
}

}  // namespace t2
