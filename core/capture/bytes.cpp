// Reading, and decompressing by libarchive.
#include "capture/bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace {

class File {
 public:
  explicit File(const std::string& path)
      : number_(path == "-" ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (number_ < 0) throw Error(fmt::format("cannot open {}: {}", quoted(path), std::strerror(errno)));
  }
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File& operator=(File&&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

class RegularFile final : public ByteSource {
 public:
  RegularFile(File file, const std::string& path, std::uint64_t size)
      : file_(std::move(file)), path_(path), size_(size) {
    posix_fadvise(file_.number(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  std::size_t read(std::uint8_t* to, std::size_t most) override {
    for (;;) {
      const ssize_t n = ::read(file_.number(), to, most);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) throw Error(fmt::format("cannot read {}: {}", quoted(path_), std::strerror(errno)));
    }
  }
  std::uint64_t size() const override { return size_; }
  std::shared_ptr<Mapping> map() override { return Mapping::make(file_.number(), size_); }
  void skip_to(std::uint64_t position) override {
    if (lseek(file_.number(), static_cast<off_t>(position), SEEK_SET) < 0)
      throw Error(fmt::format("cannot read {}: {}", quoted(path_), std::strerror(errno)));
  }

 private:
  File file_;
  std::string path_;
  std::uint64_t size_;
};

// Whatever libarchive recognises: gzip, bzip2, xz, zstd, lz4, or nothing of that.
class Stream final : public ByteSource {
 public:
  Stream(File file, const std::string& path, const std::atomic<bool>& stop)
      : file_(std::move(file)), path_(path), stop_(stop), archive_(archive_read_new()) {
    archive* a = archive_.get();
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    archive_entry* entry = nullptr;
    if (archive_read_open(a, this, nullptr, &Stream::fill, nullptr) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) != ARCHIVE_OK) {
      const char* why = archive_error_string(a);
      throw Error(fmt::format("cannot read {}: {}", quoted(path), why ? why : "it is empty"));
    }
  }
  std::size_t read(std::uint8_t* to, std::size_t most) override {
    while (left_ == 0) {  // as much as there is now, where archive_read_data() would wait for all of it
      const void* data = nullptr;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(archive_.get(), &data, &left_, &offset);
      if (status == ARCHIVE_EOF) return 0;
      if (status < ARCHIVE_WARN)
        throw Error(fmt::format("cannot read {}: {}", quoted(path_), archive_error_string(archive_.get())));
      block_ = static_cast<const std::uint8_t*>(data);
    }
    const std::size_t n = std::min(most, left_);
    std::memcpy(to, block_, n);
    block_ += n;
    left_ -= n;
    return n;
  }

 private:
  // What libarchive asks for input.
  static la_ssize_t fill(archive*, void* self, const void** data) {
    auto& me = *static_cast<Stream*>(self);
    for (;;) {
      pollfd input{me.file_.number(), POLLIN, 0};
      if (poll(&input, 1, 100) > 0) {
        const ssize_t n = ::read(me.file_.number(), me.input_.data(), me.input_.size());
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) archive_set_error(me.archive_.get(), errno, "%s", std::strerror(errno));
        *data = me.input_.data();
        return n;
      }
      if (me.stop_) return 0;
    }
  }
  struct Close {
    void operator()(archive* a) const { archive_read_free(a); }
  };

  File file_;
  std::string path_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<archive, Close> archive_;
  const std::uint8_t* block_ = nullptr;  // decompressed and not handed out yet
  std::size_t left_ = 0;
  std::vector<std::uint8_t> input_ = std::vector<std::uint8_t>(256 << 10);
};

bool compressed(const File& file) {
  std::uint8_t first[6] = {};
  const ssize_t n = ::pread(file.number(), first, sizeof first, 0);
  const auto is = [&](std::string_view magic) {
    return n >= static_cast<ssize_t>(magic.size()) && std::memcmp(first, magic.data(), magic.size()) == 0;
  };
  return is("\x1f\x8b") || is("BZh") ||
         is("\xfd"
            "7zXZ") ||
         is("\x28\xb5\x2f\xfd") || is("\x04\x22\x4d\x18");
}

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path, const std::atomic<bool>& stop) {
  File file(path);
  struct stat about {};
  if (path != "-" && fstat(file.number(), &about) == 0) {
    if (S_ISDIR(about.st_mode)) throw Error(fmt::format("'{}' is a directory: name a capture file", path));
    if (S_ISREG(about.st_mode) && !compressed(file))
      return std::make_unique<RegularFile>(std::move(file), path, static_cast<std::uint64_t>(about.st_size));
  }
  return std::make_unique<Stream>(std::move(file), path, stop);
}

std::string quoted(const std::string& path) { return path == "-" ? "standard input" : "'" + path + "'"; }

}  // namespace t2
