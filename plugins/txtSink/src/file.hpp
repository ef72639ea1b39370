// A file, pipe or terminal that rows are written to in large pieces, and that knows what did not get through.
//
// After the first failed write nothing more is tried: a flow file with a hole in it is worse than one that ends.
#pragma once

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
  // Closes it and goes on in another file. What cannot be opened is an error like one of writing.
  void continue_in(const std::string& path, bool compress = false);

  // Room for `size` characters; what was written there counts when row() is called with its end.
  char* reserve(std::size_t size) {
    if (capacity_ - used_ < size) make_room(size);
    return buffer_.get() + used_;
  }
  void row(const char* end) {
    used_ = static_cast<std::size_t>(end - buffer_.get());
    ++rows_;
  }
  void text(std::string_view text);  // lines that are no rows
  void flush();
  // Overwrites what stands at an offset. False where that is not possible: pipes, compressed files, after an error.
  bool replace(std::size_t offset, std::string_view text);
  void close();  // flushes, too

  const std::string& error() const { return error_; }  // what went wrong, else empty
  std::uint64_t lost() const { return lost_; }         // rows that did not get through

 private:
  void make_room(std::size_t size);
  std::size_t send(const char* data, std::size_t size);  // bytes that got through
  void fail(std::string_view doing);

  std::string name_, error_;
  int file_ = -1;
  void* gzip_ = nullptr;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0, used_ = 0;
  std::uint64_t rows_ = 0, lost_ = 0;  // in the buffer; not delivered
};

}  // namespace t2::txt_sink
