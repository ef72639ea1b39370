// Writes with write(), or through zlib.
#include "file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace t2::txt_sink {

namespace {

constexpr std::size_t buffer_size = 512 << 10;  // bytes; a longer row makes the buffer longer

std::string system_error() { return std::strerror(errno); }

}  // namespace

void RowFile::open(const std::string& path, bool compress) {
  name_ = path == "-" ? "standard output" : path;
  file_ = path == "-" ? ::dup(STDOUT_FILENO) : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) throw std::runtime_error("cannot open " + name_ + " for writing: " + system_error());
  if (!compress) return;
  gzip_ = gzdopen(file_, "wb");
  if (!gzip_) throw std::runtime_error("cannot compress to " + name_ + ": no memory");
}

void RowFile::continue_in(const std::string& path, bool compress) {
  close();
  if (!error_.empty()) return;
  try {
    open(path, compress);
  } catch (const std::runtime_error& e) {
    error_ = e.what();
  }
}

void RowFile::grow(std::size_t size) {
  flush();
  if (capacity_ >= size) return;
  capacity_ = std::max(size, buffer_size);
  buffer_.reset(new char[capacity_]);
}

void RowFile::text(std::string_view text) {
  char* at = reserve(text.size());
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  used_ += text.size();
}

void RowFile::flush() {
  if (used_ == 0) return;
  const std::size_t delivered = error_.empty() ? deliver(buffer_.get(), used_) : 0;
  const auto missing = static_cast<std::uint64_t>(std::count(buffer_.get() + delivered, buffer_.get() + used_, '\n'));
  lost_ += std::min(missing, rows_);  // a row that was cut is lost; a line that is no row is not
  used_ = 0;
  rows_ = 0;
}

std::size_t RowFile::deliver(const char* data, std::size_t size) {
  if (gzip_) {
    errno = 0;
    if (gzwrite(gzip_, data, static_cast<unsigned>(size)) == static_cast<int>(size) &&
        gzflush(gzip_, Z_SYNC_FLUSH) == Z_OK)
      return size;
    set_error("write to");
    return 0;
  }
  std::size_t delivered = 0;
  while (delivered < size) {
    const ssize_t n = ::write(file_, data + delivered, size - delivered);
    if (n > 0) {
      delivered += static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {  // standard output may be a non-blocking pipe
      pollfd ready{file_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      set_error("write to");
      break;
    }
  }
  return delivered;
}

bool RowFile::replace(std::size_t offset, std::string_view text) {
  flush();
  struct stat status {};
  if (gzip_ || !error_.empty() || ::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  return ::pwrite(file_, text.data(), text.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(text.size());
}

void RowFile::close() {
  flush();
  if (file_ < 0) return;
  errno = 0;
  const bool closed = gzip_ ? gzclose(gzip_) == Z_OK : ::close(file_) == 0;  // NFS reports a full disk here
  if (!closed && error_.empty()) set_error("finish");
  gzip_ = nullptr;
  file_ = -1;
}

void RowFile::set_error(std::string_view doing) {
  error_ = "cannot " + std::string(doing) + " " + name_ + ": " + (errno ? system_error() : "compression failed");
}

}  // namespace t2::txt_sink
