// Lines are cut in the buffer that they were read into: a row is a list of views.
#include "flow_file.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "t2/error.hpp"

namespace t2::report {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t chunk = 4u << 20;
constexpr std::size_t longest_line = 256u << 20;
const std::atomic<bool> never_stopped = false;

struct FlowFileName {
  std::string_view prefix, suffix, number;  // x, _flows.txt.gz, 3: the fourth part
};

std::optional<FlowFileName> flow_file_name(std::string_view file) {
  const std::size_t behind = file.find_last_not_of("0123456789") + 1;
  const std::string_view name = file.substr(0, behind);
  for (const std::string_view suffix :
       {"_flows.txt", "_flows.csv", "_flows.txt.gz", "_flows.csv.gz", "_flows.txt.zst", "_flows.csv.zst"})
    if (name.ends_with(suffix))
      return FlowFileName{name.substr(0, name.size() - suffix.size()), suffix, file.substr(behind)};
  return std::nullopt;
}

}  // namespace

std::string prefix_of(const std::string& file) {
  const auto name = flow_file_name(file);
  return name ? std::string(name->prefix) : file;
}

std::vector<std::string> flow_files(const std::string& name) {
  std::error_code problem;
  if (name == "-" || (fs::exists(name, problem) && !fs::is_directory(name, problem))) return {name};
  const fs::path path(name);
  std::map<std::string, std::map<std::uint64_t, std::string>> found;  // by suffix, by number of the part
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    const std::string file = at->path().filename().string();
    const auto parts = flow_file_name(file);
    if (!parts || parts->prefix != path.filename().string() || parts->number.size() > 18) continue;
    found[std::string(parts->suffix)][parts->number.empty() ? 0 : std::stoull(std::string(parts->number)) + 1] =
        (path.has_parent_path() ? folder / file : fs::path(file)).string();
  }
  if (found.empty())
    throw Error(fmt::format("there is no flow file '{}' and no {}_flows.txt: run t2 -r CAPTURE -w {} with txtSink",
                            name, name, name));
  if (found.size() > 1)
    throw Error(fmt::format("'{}' has flow files of several kinds ({} and {}): name the file", name,
                            found.begin()->first, std::next(found.begin())->first));
  std::vector<std::string> files;
  for (const auto& [number, file] : found.begin()->second) files.push_back(file);
  return files;
}

FlowFile::FlowFile(const std::string& path) : path_(path), source_(open_bytes(path, never_stopped)) {
  std::string_view line;
  while (next_line(line)) {
    if (line.starts_with('#') || (line.starts_with('%') && line.find('\t') == line.npos && line.find(',') == line.npos))
      continue;
    if (line.starts_with("% ")) continue;  // TFS_EXTENDED_HEADER
    if (line.starts_with('%')) line.remove_prefix(1);
    csv_ = line.find('\t') == line.npos;
    if (csv_) separator_ = line.find(';') != line.npos && line.find(',') == line.npos ? ';' : ',';
    split(line);
    names_.assign(cells_.begin(), cells_.end());
    break;
  }
  if (std::find(names_.begin(), names_.end(), "flowInd") == names_.end())
    throw Error(fmt::format("{} is no flow file: there is no line with the names of columns, flowInd among them",
                            input_name(path)));
  if (std::find(names_.begin(), names_.end(), "dir") == names_.end())
    throw Error(fmt::format("{} has both directions of a flow in a row (TFS_JOIN_AB): t2report reads one row for each",
                            input_name(path)));
}

bool FlowFile::next_line(std::string_view& line) {
  std::size_t searched = begin_;
  for (;;) {
    const char* const newline =
        searched < end_ ? static_cast<const char*>(std::memchr(buffer_.data() + searched, '\n', end_ - searched))
                        : nullptr;
    if (newline) {
      const auto at = static_cast<std::size_t>(newline - buffer_.data());
      line = {buffer_.data() + begin_, at - begin_};
      begin_ = at + 1;
      ++line_;
      if (line.ends_with('\r')) line.remove_suffix(1);
      return true;
    }
    searched = end_;
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      searched -= begin_;
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ > longest_line) throw Error(fmt::format("{}: line {} is too long", input_name(path_), line_ + 1));
    if (buffer_.size() - end_ < chunk) buffer_.resize(std::max(buffer_.size() * 2, 2 * chunk));
    const std::size_t got = source_->read(reinterpret_cast<std::uint8_t*>(buffer_.data() + end_), chunk);
    end_ += got;
    if (got > 0) continue;
    if (begin_ == end_) return false;
    line = {buffer_.data() + begin_, end_ - begin_};  // a last line without an end
    begin_ = end_;
    ++line_;
    return true;
  }
}

void FlowFile::split(std::string_view line) {
  cells_.clear();
  if (csv_ && line.find('"') != line.npos) {
    unquoted_.clear();
    std::string cell;
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') cell += line[i++];
      else if (line[i] == '"') quoted = !quoted;
      else if (line[i] == separator_ && !quoted) unquoted_.push_back(std::exchange(cell, {}));
      else cell += line[i];
    }
    unquoted_.push_back(cell);
    cells_.assign(unquoted_.begin(), unquoted_.end());
    return;
  }
  const char* at = line.data();
  const char* const end = at + line.size();
  for (;;) {
    const auto* next = static_cast<const char*>(std::memchr(at, separator_, static_cast<std::size_t>(end - at)));
    if (!next) break;
    cells_.emplace_back(at, static_cast<std::size_t>(next - at));
    at = next + 1;
  }
  cells_.emplace_back(at, static_cast<std::size_t>(end - at));
}

void FlowFile::read(const std::function<void(Row)>& row) {
  std::string_view line;
  while (next_line(line)) {
    if (line.empty() || line.starts_with('%') || line.starts_with('#')) continue;
    split(line);
    if (cells_.size() != names_.size())
      throw Error(
          fmt::format("{}:{}: {} cells, but {} columns", input_name(path_), line_, cells_.size(), names_.size()));
    row(cells_);
  }
}

void describe_columns(const std::string& headers_file, std::vector<FlowColumn>& columns) {
  std::ifstream file(headers_file);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 0; cells.size() < 4;) {
      const std::size_t end = cells.size() == 3 ? line.npos : line.find('\t', at);
      cells.push_back(line.substr(at, end - at));
      if (end == line.npos) break;
      at = end + 1;
    }
    if (cells.size() < 4) continue;
    for (FlowColumn& column : columns)
      if (column.name == cells[2]) column.type = cells[1], column.meaning = cells[3];
  }
}

void list_values(std::string_view cell, std::vector<std::string>& values) {
  values.clear();
  std::string value;
  bool quoted = false;
  const auto add = [&] {
    if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    value.clear();
  };
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const char c = cell[i];
    if (c == '\\' && i + 1 < cell.size() && (cell[i + 1] == '"' || cell[i + 1] == '\\')) value += cell[++i];
    else if (c == '"') quoted = !quoted;
    else if (c == ';' && !quoted) add();
    else value += c;
  }
  add();
}

}  // namespace t2::report
