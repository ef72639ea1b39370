// Opens the files of the IEEE in both of their forms.
#include "registry_text.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "characters.hpp"

namespace t2::mac_recorder {
namespace {

// An entry has a line with "(hex)", one with "(base 16)" and the organisation, then the address, in which lines can be
// empty and the last one is the country. Blocks smaller than 24 bits: the first line has the 24 bits, the second the
// range of the rest.
std::string csv_of(std::string_view text) {
  std::string csv;
  std::string high, assignment;
  std::string_view organisation, last;
  unsigned lines = 0;
  auto finish = [&] {
    last = trim(last);
    const bool country = lines > 1 && last.size() == 2 && is_upper(last[0]) && is_upper(last[1]);
    if (!assignment.empty()) {
      csv.append(",").append(assignment).append(",\"");
      for (char c : organisation) csv.append(c == '"' ? 2 : 1, c);
      csv.append("\",").append(country ? last : std::string_view{}).append("\n");
    }
    assignment.clear();
    lines = 0;
  };
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (line.empty()) continue;
    if (const std::size_t hex = line.find("(hex)"); hex != line.npos) {
      finish();
      high.clear();
      for (char c : line.substr(0, std::min<std::size_t>(hex, 8)))
        if (c != '-') high += c;
    } else if (const std::size_t base = line.find("(base 16)"); base != line.npos) {
      const std::string_view range = trim(line.substr(0, base));
      const std::size_t dash = range.find('-');
      organisation = trim(line.substr(base + 9));
      if (dash == range.npos) {
        assignment = range;
      } else {  // 500000-5FFFFF: what is equal at the start belongs to the prefix
        std::size_t equal = 0;
        while (equal < dash && dash + 1 + equal < range.size() && range[equal] == range[dash + 1 + equal]) ++equal;
        assignment = high + std::string(range.substr(0, equal));
      }
    } else if (!assignment.empty()) {
      last = line;
      ++lines;
    }
  }
  finish();
  return csv;
}

}  // namespace

RegistryText::RegistryFile::RegistryFile(const std::string& path) : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

RegistryText::RegistryFile::~RegistryFile() {
  if (number_ >= 0) close(number_);
}

std::size_t RegistryText::RegistryFile::size() const {
  struct stat about;
  return number_ >= 0 && fstat(number_, &about) == 0 && S_ISREG(about.st_mode) ? static_cast<std::size_t>(about.st_size)
                                                                               : 0;
}

std::size_t RegistryText::RegistryFile::read(std::size_t offset, char* to, std::size_t size) const {
  const ssize_t got = pread(number_, to, size, static_cast<off_t>(offset));
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

void RegistryText::add(const std::string& name, std::size_t max_bytes) {
  RegistryPart part{RegistryFile(name + ".csv"), {}, size_, 0};
  if (const std::size_t size = std::min(part.file.size(), max_bytes); size > 0) {
    part.size = size + 1;  // and the end of a line
  } else {
    const RegistryFile text(name + ".txt");
    std::string all(std::min(text.size(), max_bytes), '\0');
    for (std::size_t at = 0, got; (got = text.read(at, all.data() + at, all.size() - at)) > 0;) at += got;
    part.text = csv_of(all);
    part.size = part.text.size();
  }
  size_ += part.size;
  if (part.size > 0) parts_.push_back(std::move(part));
}

std::size_t RegistryText::read(std::size_t offset, char* to, std::size_t size) const {
  const auto behind = std::find_if(parts_.begin(), parts_.end(),
                                   [&](const RegistryPart& part) { return offset < part.begin + part.size; });
  if (behind == parts_.end() || size == 0) return 0;
  const RegistryPart& part = *behind;
  offset -= part.begin;
  if (!part.text.empty()) return part.text.copy(to, size, offset);
  const std::size_t in_file = std::min(size, part.size - 1 - offset);
  if (const std::size_t got = in_file > 0 ? part.file.read(offset, to, in_file) : 0; got > 0) return got;
  const std::size_t missing =
      std::min(size, part.size - offset);  // its last byte, or all of a file that became shorter
  std::memset(to, '\n', missing);
  return missing;
}

}  // namespace t2::mac_recorder
