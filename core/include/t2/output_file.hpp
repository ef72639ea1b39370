// Files that sinks and the core write: made by the core (Host::create_file()), used by one thread.
//
// A file holds whole lines only, or whole pieces where it has none (NewFile::lines). What cannot be written is counted,
// the user is told at once on standard error, and each later write tries again: when there is room, the file goes on. A
// file that is removed while it is written begins anew, with its first lines; the rows that were in it are lost. A pipe
// whose reader is slow makes the writer wait until Host::must_end().
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace t2 {

// Whatever was written can be read, also after a crash.
enum class Compression : std::uint8_t { none, gzip, zstd };

constexpr std::string_view suffix(Compression form) {  // of the file's name
  return form == Compression::gzip ? ".gz" : form == Compression::zstd ? ".zst" : "";
}

struct NewFile {
  std::string path;         // "-": standard output
  std::string header = {};  // lines that it begins with, which are no rows
  Compression compression = Compression::none;
  bool in_parts = false;  // -W: it is written as PATH.part and gets its name when it is complete
  char separator = '\0';  // each row begins with it, and the file's first one loses it
  bool lines = true;      // false: binary; what one write() has is there as a whole, or lost
  bool append = false;    // rows are added to what the file holds, also by several processes
};

class OutputFile {
 public:
  virtual ~OutputFile() = default;                                     // as close()
  virtual void write(std::string_view lines, std::uint64_t rows) = 0;  // whole ones, so many of them rows
  // Overwrites characters that were written. False where that is impossible: in pipes and compressed files.
  virtual bool replace(std::uint64_t offset, std::string_view text) = 0;
  // Completes the file and goes on in another. One that cannot be opened is an error like a failed write.
  virtual void begin_next(const std::string& path, std::string header) = 0;
  virtual void close() = 0;
  virtual std::uint64_t lost() const = 0;  // rows that were not delivered, over all parts
};

// Collects rows for an OutputFile, so that it is written in large pieces.
class RowFile {
 public:
  RowFile() = default;
  explicit RowFile(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}
  RowFile(RowFile&&) = default;
  RowFile& operator=(RowFile&&) = default;
  ~RowFile() { close(); }

  // Space for `size` characters. They belong to the file once row() is called with their end.
  char* reserve(std::size_t size) {
    if (capacity_ - used_ < size) grow(size);
    return buffer_.get() + used_;
  }
  void row(const char* end) {
    used_ = static_cast<std::size_t>(end - buffer_.get());
    ++rows_;
  }
  void put_row(std::string_view line) {
    put(line);
    ++rows_;
  }
  void put(std::string_view line) {  // which is no row
    std::memcpy(reserve(line.size()), line.data(), line.size());
    used_ += line.size();
  }
  void flush() {
    if (used_ > 0) file_->write({buffer_.get(), used_}, rows_);
    used_ = 0;
    rows_ = 0;
  }
  bool replace(std::uint64_t offset, std::string_view text) {
    flush();
    return file_ && file_->replace(offset, text);
  }
  void begin_next(const std::string& path, std::string header) {
    flush();
    file_->begin_next(path, std::move(header));
  }
  void close() {
    if (!file_) return;
    flush();
    file_->close();
  }
  std::uint64_t lost() const { return file_ ? file_->lost() : 0; }

 private:
  void grow(std::size_t size) {
    constexpr std::size_t usual = 512 << 10;  // bytes; a longer row makes the buffer longer
    flush();
    if (capacity_ >= size) return;
    capacity_ = std::max(size, usual);
    buffer_.reset(new char[capacity_]);
  }

  std::unique_ptr<OutputFile> file_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0, used_ = 0;
  std::uint64_t rows_ = 0;  // in the buffer
};

}  // namespace t2
