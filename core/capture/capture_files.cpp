// Looks into files and folders that inputs name.
#include "capture/capture_files.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace fs = std::filesystem;

namespace {

struct Found {
  CaptureFile file;
  Time first = std::numeric_limits<Time>::max();  // packet; of a file without packets it stays so
};

Found look_into(const std::string& path, const CaptureOptions& options) {
  const std::unique_ptr<Source> source = open_file(path, options);
  Found found{{path, source->size()}};
  Block block;
  for (Read kind = Read::packets; kind != Read::end && block.packets.empty();) kind = source->read(block);
  if (!block.packets.empty()) found.first = block.packets[0].time;
  return found;
}

void sort_by_first_packet(std::vector<Found>& files) {
  std::stable_sort(files.begin(), files.end(), [](const Found& a, const Found& b) { return a.first < b.first; });
}

std::vector<Found> look_into_folder(const std::string& folder, const CaptureOptions& options, CaptureFiles& all) {
  std::vector<Found> files;
  std::size_t others = 0;
  for (const std::string& name : files_in(folder)) {
    try {
      files.push_back(look_into(name, options));
    } catch (const NotACapture&) {
      ++others;
    } catch (const BadFilter&) {
      throw;
    } catch (const Error& e) {
      all.problems.emplace_back(e.what());
    }
  }
  if (others > 0)
    all.notes.push_back(fmt::format("{} file{} in folder '{}' {} no capture{} and left out", others,
                                    others == 1 ? "" : "s", folder, others == 1 ? "is" : "are",
                                    others == 1 ? "" : "s"));
  if (files.empty()) all.problems.push_back(fmt::format("there is no capture in the folder '{}'", folder));
  sort_by_first_packet(files);
  return files;
}

}  // namespace

std::vector<std::string> files_in(const std::string& folder) {
  std::error_code problem;
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    std::error_code gone;
    if (!at->path().filename().string().starts_with('.') && at->is_regular_file(gone))
      names.push_back(at->path().string());
  }
  if (problem) throw Error(fmt::format("cannot read the folder '{}': {}", folder, problem.message()));
  std::sort(names.begin(), names.end());
  return names;
}

CaptureFiles find_captures(const std::vector<std::string>& names, const CaptureOptions& options, FileOrder order) {
  CaptureFiles all;
  std::vector<Found> files;
  for (const std::string& name : names) {
    std::error_code problem;
    const fs::file_status status = fs::status(name, problem);
    try {
      if (name == "-" || (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status))) {
        files.push_back({{name}});
        order = FileOrder::as_named;
      } else if (fs::is_directory(status)) {
        std::vector<Found> inside = look_into_folder(name, options, all);
        files.insert(files.end(), inside.begin(), inside.end());
      } else {
        files.push_back(look_into(name, options));
      }
    } catch (const BadFilter&) {
      throw;
    } catch (const Error& e) {
      all.problems.emplace_back(e.what());
    }
  }
  if (order == FileOrder::by_first_packet) sort_by_first_packet(files);
  for (Found& found : files) all.files.push_back(std::move(found.file));
  return all;
}

}  // namespace t2
