// A flow file that grows is read to its end; where another file takes its name, that one is read from its beginning.
#include "recent_flows.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "t2/error.hpp"

namespace t2::top {

namespace {

constexpr std::size_t most_rows = 1'000'000;  // that are remembered

RecentFlows::Top first_of(const std::unordered_map<std::string, std::uint64_t>& sums, std::size_t n) {
  RecentFlows::Top all(sums.begin(), sums.end());
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  all.resize(std::min(n, all.size()));
  return all;
}

}  // namespace

RecentFlows::RecentFlows(const std::string& path, std::chrono::seconds window) : path_(path), window_(window) {
  open_file();
  if (number_ < 0) throw Error(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
}

RecentFlows::~RecentFlows() {
  if (number_ >= 0) close(number_);
}

void RecentFlows::open_file() {
  const int opened = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return;
  struct stat about {};
  fstat(opened, &about);
  if (number_ >= 0) close(number_);
  number_ = opened;
  inode_ = about.st_ino;
  rest_.clear();
  titled_ = false;
}

void RecentFlows::read(Clock::time_point now) {
  for (char piece[65536];;) {
    const ssize_t got = ::read(number_, piece, sizeof piece);
    if (got <= 0) break;
    rest_.append(piece, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end; (end = rest_.find('\n', begin)) != rest_.npos; begin = end + 1)
      take(std::string_view(rest_).substr(begin, end - begin), now);
    rest_.erase(0, begin);
  }
  struct stat about {};
  if (stat(path_.c_str(), &about) == 0 && about.st_ino != inode_) open_file();
  while (!rows_.empty() && now - rows_.front().seen > window_) rows_.pop_front();
}

void RecentFlows::take(std::string_view line, Clock::time_point now) {
  std::vector<std::string_view> cells;
  const bool title = line.starts_with('%') && line.find('\t') != line.npos;
  if (line.empty() || line.starts_with('#') || (line.starts_with('%') && !title)) return;
  if (title) line.remove_prefix(1);
  for (;;) {
    const std::size_t tab = line.find('\t');
    cells.push_back(line.substr(0, tab));
    if (tab == line.npos) break;
    line.remove_prefix(tab + 1);
  }
  if (title || !titled_) {
    const auto find = [&](auto matches) -> std::optional<std::size_t> {
      const auto found = std::find_if(cells.begin(), cells.end(), matches);
      if (found == cells.end()) return {};
      return static_cast<std::size_t>(found - cells.begin());
    };
    const auto named = [&](std::string_view name) { return find([&](std::string_view cell) { return cell == name; }); };
    dir_ = named("dir");
    source_ = named("srcIP");
    destination_ = named("dstIP");
    source_port_ = named("srcPort");
    destination_port_ = named("dstPort");
    protocol_ = named("l4Proto");
    bytes_ =
        find([](std::string_view cell) { return cell.size() == 10 && cell[0] == 'l' && cell.ends_with("BytesSnt"); });
    titled_ = true;
    return;
  }
  if (!dir_ || !source_ || !destination_ || !source_port_ || !destination_port_ || !protocol_ || !bytes_) return;
  if (std::max({*dir_, *source_, *destination_, *source_port_, *destination_port_, *protocol_, *bytes_}) >=
      cells.size())
    return;
  std::uint64_t bytes = 0;
  std::from_chars(cells[*bytes_].data(), cells[*bytes_].data() + cells[*bytes_].size(), bytes);
  const std::string_view protocol = cells[*protocol_];
  std::string port;
  if (protocol == "6" || protocol == "17" || protocol == "132")
    port = fmt::format("{} {}",
                       protocol == "6"    ? "TCP"
                       : protocol == "17" ? "UDP"
                                          : "SCTP",
                       cells[*(cells[*dir_] == "A" ? destination_port_ : source_port_)]);
  if (rows_.size() >= most_rows) rows_.pop_front();
  rows_.push_back({now, std::string(cells[*source_]), std::string(cells[*destination_]), std::move(port), bytes});
}

RecentFlows::Top RecentFlows::talkers(std::size_t n) const {
  std::unordered_map<std::string, std::uint64_t> sums;
  for (const Row& row : rows_) {
    sums[row.source] += row.bytes;
    if (row.destination != row.source) sums[row.destination] += row.bytes;
  }
  return first_of(sums, n);
}

RecentFlows::Top RecentFlows::ports(std::size_t n) const {
  std::unordered_map<std::string, std::uint64_t> sums;
  for (const Row& row : rows_)
    if (!row.port.empty()) sums[row.port] += row.bytes;
  return first_of(sums, n);
}

}  // namespace t2::top
