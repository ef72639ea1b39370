#include "file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "txtSink.h"
#if TFS_GZ_COMPRESS == 1
#include <zlib.h>
#endif

namespace t2::txt_sink {
namespace {

constexpr std::size_t buffer_size = 512 << 10;  // bytes; a longer row makes the buffer longer

std::string reason() { return std::strerror(errno); }

}  // namespace

void RowFile::open(const std::string& path, [[maybe_unused]] bool compress) {
  name_ = path == "-" ? "standard output" : path;
  file_ = path == "-" ? ::dup(STDOUT_FILENO) : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) throw std::runtime_error("cannot open " + name_ + " for writing: " + reason());
#if TFS_GZ_COMPRESS == 1
  if (compress) {
    gzip_ = gzdopen(file_, "wb");
    if (!gzip_) throw std::runtime_error("cannot compress to " + name_ + ": no memory");
  }
#endif
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

void RowFile::make_room(std::size_t size) {
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
  const std::size_t sent = error_.empty() ? send(buffer_.get(), used_) : 0;
  const auto missing = static_cast<std::uint64_t>(std::count(buffer_.get() + sent, buffer_.get() + used_, '\n'));
  lost_ += std::min(missing, rows_);  // a row that was cut is lost, a line that is no row is not
  used_ = 0;
  rows_ = 0;
}

std::size_t RowFile::send(const char* data, std::size_t size) {
#if TFS_GZ_COMPRESS == 1
  if (gzip_) {
    const auto file = static_cast<gzFile>(gzip_);
    errno = 0;
    if (gzwrite(file, data, static_cast<unsigned>(size)) == static_cast<int>(size) &&
        gzflush(file, Z_SYNC_FLUSH) == Z_OK)
      return size;
    fail("write to");
    return 0;
  }
#endif
  std::size_t sent = 0;
  while (sent < size) {
    const ssize_t n = ::write(file_, data + sent, size - sent);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {  // somebody made the pipe non-blocking
      pollfd ready{file_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      fail("write to");
      break;
    }
  }
  return sent;
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
#if TFS_GZ_COMPRESS == 1
  const bool closed = gzip_ ? gzclose(static_cast<gzFile>(gzip_)) == Z_OK : ::close(file_) == 0;
#else
  const bool closed = ::close(file_) == 0;  // NFS tells here that the disk is full
#endif
  if (!closed && error_.empty()) fail("finish");
  gzip_ = nullptr;
  file_ = -1;
}

void RowFile::fail(std::string_view doing) {
  error_ = "cannot " + std::string(doing) + " " + name_ + ": " + (errno ? reason() : "compression failed");
}

}  // namespace t2::txt_sink
