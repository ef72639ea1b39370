// A Parquet file: row groups one after another, then what is where. It is written as PATH.part and gets its name when
// it is complete. What cannot be written is counted. Used by the output thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "parquet_column.hpp"
#include "thrift.hpp"

struct ZSTD_CCtx_s;

namespace t2::parquet_sink {

class ParquetFile {
 public:
  using Warn = std::function<void(const std::string&)>;
  ParquetFile(std::vector<ParquetColumn>& columns, int level, std::string about, Warn warn);  // throws Error
  ~ParquetFile();
  ParquetFile(const ParquetFile&) = delete;
  ParquetFile& operator=(const ParquetFile&) = delete;

  bool open(const std::string& path);  // false: it cannot be made, which was told, and all its rows will be lost
  bool is_open() const { return opened_; }
  void write_group(std::span<const std::uint8_t> directions);  // the rows that the columns hold
  void close();
  std::uint64_t bytes() const { return size_; }  // written so far
  std::uint64_t lost() const { return lost_; }   // rows, of all files

 private:
  struct Chunk {
    std::uint64_t offset, values, plain, packed;
    std::string statistics;  // a struct with that field
  };
  struct Group {
    std::uint64_t rows;
    std::vector<Chunk> chunks;
  };
  bool append(std::string_view bytes);
  Chunk write_chunk(ParquetColumn& column, std::span<const std::uint8_t> directions, bool& good);
  std::string_view compressed(std::string_view page);
  std::string footer() const;
  void put_group(Thrift& to, const Group& group) const;
  void lose(std::uint64_t rows);

  std::vector<ParquetColumn>& columns_;
  const int level_;  // of zstd, 0: none
  const std::string about_;
  const Warn warn_;
  ZSTD_CCtx_s* context_ = nullptr;
  ParquetColumn::Page page_;  // scratch
  std::string packed_;        // scratch
  std::string path_;
  int file_ = -1;
  bool opened_ = false;
  std::uint64_t size_ = 0, rows_ = 0, lost_ = 0;  // rows_: of groups that were written
  std::vector<Group> groups_;
  std::string problem_, told_;  // of the last attempt; a fault that lasts is told once
};

}  // namespace t2::parquet_sink
