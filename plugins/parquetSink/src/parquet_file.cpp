#include "parquet_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <zstd.h>

#include "t2/error.hpp"
#include "t2/library.hpp"

namespace t2::parquet_sink {

namespace {

struct Libzstd {
  Library library{LIBZSTD_SONAME, "libzstd1"};
  T2_IMPORT(ZSTD_createCCtx);
  T2_IMPORT(ZSTD_freeCCtx);
  T2_IMPORT(ZSTD_compressBound);
  T2_IMPORT(ZSTD_compressCCtx);
  T2_IMPORT(ZSTD_isError);
};
const Libzstd& libzstd() {
  static const Libzstd loaded;
  return loaded;
}

constexpr std::string_view magic = "PAR1";
constexpr const char* unfinished = ".part";
enum : std::int32_t { plain = 0, rle = 3 };          // encodings
enum : std::int32_t { uncompressed = 0, zstd = 6 };  // codecs

}  // namespace

ParquetFile::ParquetFile(std::vector<ParquetColumn>& columns, int level, std::string about, Warn warn)
    : columns_(columns), level_(level), about_(std::move(about)), warn_(std::move(warn)) {
  if (level_ == 0) return;
  context_ = libzstd().ZSTD_createCCtx();
  if (!context_) throw Error("parquetSink: no memory to compress");
}

ParquetFile::~ParquetFile() {
  close();
  if (context_) libzstd().ZSTD_freeCCtx(context_);
}

bool ParquetFile::open(const std::string& path) {
  path_ = path;
  size_ = rows_ = 0;
  groups_.clear();
  opened_ = true;
  file_ = ::open((path_ + unfinished).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) problem_ = std::strerror(errno);
  if (file_ >= 0 && append(magic)) return true;
  lose(0);
  return false;
}

bool ParquetFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return problem_ = std::strerror(errno), false;
    size_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void ParquetFile::lose(std::uint64_t rows) {
  lost_ += rows;
  if (problem_ != told_) warn_("rows are lost: cannot write '" + path_ + "': " + problem_);
  told_ = problem_;
}

std::string_view ParquetFile::compressed(std::string_view page) {
  if (level_ == 0) return page;
  const std::size_t room = libzstd().ZSTD_compressBound(page.size());
  if (packed_.size() < room) packed_.resize(room);
  const std::size_t size =
      libzstd().ZSTD_compressCCtx(context_, packed_.data(), packed_.size(), page.data(), page.size(), level_);
  if (libzstd().ZSTD_isError(size)) return {};  // no memory
  return {packed_.data(), size};
}

ParquetFile::Chunk ParquetFile::write_chunk(ParquetColumn& column, std::span<const std::uint8_t> directions,
                                            bool& good) {
  column.put_page(page_, directions);
  const std::string_view page = page_.bytes.view();
  const std::string_view packed = compressed(page);
  if (packed.empty() && !page.empty()) good = false, problem_ = "no memory to compress";
  Thrift header;
  header.begin();
  header.number(1, 0);  // a data page
  header.number(2, static_cast<std::int32_t>(page.size()));
  header.number(3, static_cast<std::int32_t>(packed.size()));
  header.begin(5);
  header.number(1, static_cast<std::int32_t>(page_.levels));
  header.number(2, plain);
  header.number(3, rle);
  header.number(4, rle);
  header.end();
  header.end();
  Thrift statistics;
  statistics.begin();
  column.put_statistics(statistics);
  const Chunk chunk{size_, page_.levels, page.size() + header.bytes().size(), packed.size() + header.bytes().size(),
                    statistics.bytes()};
  good = good && append(header.bytes()) && append(packed);
  return chunk;
}

// A group that cannot be written as a whole is taken back; the next one is tried again.
void ParquetFile::write_group(std::span<const std::uint8_t> directions) {
  const std::uint64_t rows = directions.size();
  const std::uint64_t begin = size_;
  bool good = file_ >= 0 && begin >= magic.size();
  Group group{rows, {}};
  for (ParquetColumn& column : columns_) {
    if (good) group.chunks.push_back(write_chunk(column, directions, good));
    column.clear();
  }
  if (good) {
    groups_.push_back(std::move(group));
    rows_ += rows;
    told_.clear();
    return;
  }
  lose(rows);
  if (file_ < 0 || begin < magic.size()) return;
  size_ = begin;
  if (::ftruncate(file_, static_cast<off_t>(begin)) != 0 || ::lseek(file_, static_cast<off_t>(begin), SEEK_SET) < 0)
    size_ = 0;  // the file cannot be used any more: its rows are lost when it is closed
}

void ParquetFile::put_group(Thrift& to, const Group& group) const {
  to.begin();
  to.begin_list(1, Thrift::structure, group.chunks.size());
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < group.chunks.size(); ++i) {
    const Chunk& chunk = group.chunks[i];
    bytes += static_cast<std::int64_t>(chunk.plain);
    to.begin();
    to.number64(2, static_cast<std::int64_t>(chunk.offset));
    to.begin(3);
    to.number(1, static_cast<std::int32_t>(columns_[i].physical()));
    to.begin_list(2, Thrift::i32, 2);
    to.element(std::int32_t{plain});
    to.element(std::int32_t{rle});
    const std::vector<std::string> path = columns_[i].path();
    to.begin_list(3, Thrift::binary, path.size());
    for (const std::string& part : path) to.element(std::string_view(part));
    to.number(4, level_ == 0 ? uncompressed : zstd);
    to.number64(5, static_cast<std::int64_t>(chunk.values));
    to.number64(6, static_cast<std::int64_t>(chunk.plain));
    to.number64(7, static_cast<std::int64_t>(chunk.packed));
    to.number64(9, static_cast<std::int64_t>(chunk.offset));
    to.fields(12, chunk.statistics);
    to.end();
    to.end();
  }
  to.number64(2, bytes);
  to.number64(3, static_cast<std::int64_t>(group.rows));
  to.end();
}

std::string ParquetFile::footer() const {
  Thrift to;
  to.begin();
  to.number(1, 2);  // version
  std::size_t elements = 1;
  for (const ParquetColumn& column : columns_) elements += column.schema_elements();
  to.begin_list(2, Thrift::structure, elements);
  to.begin();
  to.text(4, "flow");
  to.number(5, static_cast<std::int32_t>(columns_.size()));
  to.end();
  for (const ParquetColumn& column : columns_) column.put_schema(to);
  to.number64(3, static_cast<std::int64_t>(rows_));
  to.begin_list(4, Thrift::structure, groups_.size());
  for (const Group& group : groups_) put_group(to, group);
  std::vector<std::pair<std::string, std::string>> facts{{"t2.about", about_}};
  for (const ParquetColumn& column : columns_)
    if (!column.unit().empty()) facts.emplace_back("t2.unit." + column.name(), column.unit());
  to.begin_list(5, Thrift::structure, facts.size());
  for (const auto& [key, value] : facts) to.begin(), to.text(1, key), to.text(2, value), to.end();
  to.text(6, "tranalyzer parquetSink version " T2_PLUGIN_VERSION);
  to.begin_list(7, Thrift::structure, columns_.size());  // how smallest and largest values compare: as their types do
  for (std::size_t i = 0; i < columns_.size(); ++i) to.begin(), to.empty(1), to.end();
  to.end();
  return to.bytes();
}

void ParquetFile::close() {
  if (!std::exchange(opened_, false) || file_ < 0) return;
  std::string end = footer();
  const auto length = static_cast<std::uint32_t>(end.size());
  end.append(reinterpret_cast<const char*>(&length), sizeof length);
  end += magic;
  bool good = size_ >= magic.size() && append(end);
  if (::close(std::exchange(file_, -1)) != 0) good = false, problem_ = std::strerror(errno);
  if (good && std::rename((path_ + unfinished).c_str(), path_.c_str()) != 0)
    good = false, problem_ = std::strerror(errno);
  if (!good) {
    ::unlink((path_ + unfinished).c_str());
    lose(rows_);
  }
}

}  // namespace t2::parquet_sink
