// Which files an input of several names has, in which order. Used by the main thread before the first packet.
#pragma once

#include <string>
#include <vector>

#include "capture/source.hpp"

namespace t2 {

struct CaptureFile {
  std::string path;
  std::uint64_t size = 0;  // bytes, 0: unknown
};

struct CaptureFiles {
  std::vector<CaptureFile> files;
  std::vector<std::string> problems;  // files that cannot be read, a line each
  std::vector<std::string> notes;     // files of folders that are no captures, a line for each folder
};

enum class FileOrder { as_named, by_first_packet };

// The files that are named, and of folders those in them that are captures: by the times of their first packets, no
// hidden files, no folders in folders. Streams (standard input, pipes) cannot be looked at in advance: with one of them
// the names keep their order. Throws BadFilter.
CaptureFiles find_captures(const std::vector<std::string>& names, const CaptureOptions& options, FileOrder order);

// Regular files in a folder, sorted by name, without hidden ones. Throws Error.
std::vector<std::string> files_in(const std::string& folder);
// The names in a list of -R, one a line; "-": standard input. Throws Error.
std::vector<std::string> read_list(const std::string& list);

}  // namespace t2
