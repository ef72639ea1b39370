// A file, pipe or terminal to which rows are written in large pieces. It counts the rows that were not delivered.
// Used by the output thread. After the first failed write it writes nothing more: a flow file with a gap in it is worse
// than one that ends.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace t2::txt_sink {

class RowFile {
 public:
  RowFile() = default;
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;
  ~RowFile() { close(); }

  // "-" is standard output. Throws std::runtime_error.
  void open(const std::string& path, bool compress = false);
  // Closes the file and continues in another one. A file that cannot be opened is an error like a failed write.
  void continue_in(const std::string& path, bool compress = false);

  // Space for `size` characters. They belong to the file once row() is called with their end.
  char* reserve(std::size_t size) {
    if (capacity_ - used_ < size) grow(size);
    return buffer_.get() + used_;
  }
  void row(const char* end) {
    used_ = static_cast<std::size_t>(end - buffer_.get());
    ++rows_;
  }
  void text(std::string_view text);  // lines that are no rows
  void flush();
  // Overwrites the characters at an offset. False where that is impossible: in pipes and compressed files, and after an
  // error.
  bool replace(std::size_t offset, std::string_view text);
  void close();  // flushes, too

  const std::string& error() const { return error_; }  // the first error; empty: none
  std::uint64_t lost() const { return lost_; }         // rows that were not delivered

 private:
  void grow(std::size_t size);
  std::size_t deliver(const char* data, std::size_t size);  // bytes that were delivered
  void set_error(std::string_view doing);

  std::string name_, error_;
  int file_ = -1;
  gzFile gzip_ = nullptr;  // null: not compressed
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0, used_ = 0;
  std::uint64_t rows_ = 0;  // in the buffer
  std::uint64_t lost_ = 0;
};

}  // namespace t2::txt_sink
