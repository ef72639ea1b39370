// Reading, and decompressing by zlib, liblzma and libarchive.
#include "capture/bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace {

class File {
 public:
  File(const std::string& path, const std::atomic<bool>& stop) {
    do {  // a named pipe waits for its writer
      number_ = path == "-" ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    } while (number_ < 0 && errno == EINTR && !stop);
    if (number_ >= 0) return;
    if (errno == EINTR) throw Error(fmt::format("stopped while {} waited for a writer", input_name(path)));
    throw Error(fmt::format("cannot open {}: {}", input_name(path), std::strerror(errno)));
  }
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File& operator=(File&&) = delete;
  int number() const { return number_; }

 private:
  int number_ = -1;
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
      if (errno != EINTR) throw Error(fmt::format("cannot read {}: {}", input_name(path_), std::strerror(errno)));
    }
  }
  std::uint64_t size() const override { return size_; }
  std::shared_ptr<Mapping> map() override { return Mapping::make(file_.number(), size_); }
  void skip_to(std::uint64_t position) override {
    if (lseek(file_.number(), static_cast<off_t>(position), SEEK_SET) < 0)
      throw Error(fmt::format("cannot read {}: {}", input_name(path_), std::strerror(errno)));
  }

 private:
  File file_;
  std::string path_;
  std::uint64_t size_;
};

class GrowingFile final : public ByteSource {
 public:
  GrowingFile(File file, const std::string& path, const std::atomic<bool>& stop, std::function<bool()> complete)
      : file_(std::move(file)), path_(path), stop_(stop), complete_(std::move(complete)) {}
  std::size_t read(std::uint8_t* to, std::size_t most) override {
    for (bool complete = false;;) {
      const ssize_t n = ::read(file_.number(), to, most);
      if (n > 0) return static_cast<std::size_t>(n);
      if (n < 0 && errno != EINTR)
        throw Error(fmt::format("cannot read {}: {}", input_name(path_), std::strerror(errno)));
      if (complete || stop_) return 0;
      complete = complete_();  // then once more: what was written before the answer is read
      if (!complete) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

 private:
  File file_;
  std::string path_;
  const std::atomic<bool>& stop_;
  std::function<bool()> complete_;
};

// What arrives in a file or pipe, as much as there is now. Waiting ends when `stop` is set.
class Input {
 public:
  Input(File file, const std::string& path, const std::atomic<bool>& stop)
      : file_(std::move(file)), path_(path), stop_(stop) {}
  // Nothing: the end. Throws t2::Error.
  std::span<const std::uint8_t> next() {
    if (pushed_back_ > 0) return std::span(bytes_).first(std::exchange(pushed_back_, 0));
    for (;;) {
      pollfd input{file_.number(), POLLIN, 0};
      if (poll(&input, 1, 100) > 0) {
        const ssize_t n = ::read(file_.number(), bytes_.data(), bytes_.size());
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) throw Error(fmt::format("cannot read {}: {}", input_name(path_), std::strerror(errno)));
        return std::span(bytes_).first(static_cast<std::size_t>(n));
      }
      if (stop_) return {};
    }
  }
  // The first bytes, at least 8 of them if there are so many; next() gives them again.
  std::span<const std::uint8_t> peek() {
    while (pushed_back_ < 8) {
      std::vector<std::uint8_t> more(bytes_.size());
      more.swap(bytes_);  // next() fills the other one
      const std::size_t before = std::exchange(pushed_back_, 0);
      const std::span<const std::uint8_t> got = next();
      more.resize(before);
      more.insert(more.end(), got.begin(), got.end());
      more.resize(std::max(more.size(), buffer_size));
      bytes_.swap(more);
      pushed_back_ = before + got.size();
      if (got.empty()) break;
    }
    return std::span(bytes_).first(pushed_back_);
  }
  // Leaves out the first bytes, which were peeked at or are still to come.
  void skip(std::uint64_t count) {
    while (count > 0) {
      const std::span<const std::uint8_t> got = next();
      if (got.empty()) return;
      const std::size_t n = std::min<std::uint64_t>(count, got.size());
      count -= n;
      pushed_back_ = got.size() - n;
      std::memmove(bytes_.data(), got.data() + n, pushed_back_);
    }
  }

 private:
  static constexpr std::size_t buffer_size = 256 << 10;
  File file_;
  std::string path_;
  const std::atomic<bool>& stop_;
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(buffer_size);
  std::size_t pushed_back_ = 0;  // bytes at the beginning that next() gives first
};

// A compressed stream whose library gives everything that can still be had of a damaged or cut one. First all of that
// is read; then the reason why there is no more is thrown.
class Decompressed : public ByteSource {
 public:
  Decompressed(Input input, const std::string& path) : input_(std::move(input)), path_(path) {}
  std::size_t read(std::uint8_t* to, std::size_t most) final {
    while (problem_.empty() && !ended_) {
      if (in_.empty()) {
        in_ = input_.next();
        at_end_ = in_.empty();
      }
      const std::size_t n = decompress(to, most);
      if (n > 0) return n;
    }
    if (!problem_.empty()) throw Error(fmt::format("cannot read {}: {}", input_name(path_), problem_));
    return 0;
  }

 protected:
  // Takes bytes from in_, and says how many it made. At the end of the input (at_end_) it sets ended_ or problem_.
  virtual std::size_t decompress(std::uint8_t* to, std::size_t most) = 0;

  std::span<const std::uint8_t> in_;
  bool at_end_ = false, ended_ = false;
  std::string problem_;

 private:
  Input input_;
  std::string path_;
};

// RFC 1952: any number of members; zlib checks their checksums and lengths.
class Gzip final : public Decompressed {
 public:
  Gzip(Input input, const std::string& path) : Decompressed(std::move(input), path) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

 private:
  std::size_t decompress(std::uint8_t* to, std::size_t most) override {
    if (between_) {  // another member, or bytes that fill up a tape's block
      if (at_end_) return ended_ = true, 0;
      if (in_[0] != 0x1f) return ended_ = true, 0;
      inflateReset(&stream_);
      between_ = false;
    }
    stream_.next_in = const_cast<Bytef*>(in_.data());
    stream_.avail_in = static_cast<uInt>(in_.size());
    stream_.next_out = to;
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(most, 1u << 30));
    const uInt room = stream_.avail_out;
    const int status = inflate(&stream_, Z_SYNC_FLUSH);
    in_ = in_.last(stream_.avail_in);
    if (status == Z_STREAM_END) between_ = true;
    else if (status == Z_BUF_ERROR && at_end_) problem_ = "the gzip data end too early";
    else if (status != Z_OK && status != Z_BUF_ERROR)
      problem_ =
          fmt::format("the gzip data are damaged: {}", stream_.msg ? stream_.msg : "they cannot be decompressed");
    return room - stream_.avail_out;
  }
  z_stream stream_{};
  bool between_ = false;  // members
};

class Xz final : public Decompressed {
 public:
  Xz(Input input, const std::string& path) : Decompressed(std::move(input), path) {
    if (lzma_stream_decoder(&stream_, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) throw std::bad_alloc();
  }
  ~Xz() override { lzma_end(&stream_); }
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;

 private:
  std::size_t decompress(std::uint8_t* to, std::size_t most) override {
    stream_.next_in = in_.data();
    stream_.avail_in = in_.size();
    stream_.next_out = to;
    stream_.avail_out = most;
    const lzma_ret status = lzma_code(&stream_, at_end_ ? LZMA_FINISH : LZMA_RUN);
    in_ = in_.last(stream_.avail_in);
    if (status == LZMA_STREAM_END) ended_ = true;
    else if (status == LZMA_BUF_ERROR && at_end_) problem_ = "the xz data end too early";
    else if (status != LZMA_OK && status != LZMA_BUF_ERROR)
      problem_ = fmt::format("the xz data are damaged ({})", static_cast<int>(status));
    return most - stream_.avail_out;
  }
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

// What libarchive recognises besides: bzip2, zstd, lz4, or nothing of that.
class Stream final : public ByteSource {
 public:
  Stream(Input input, const std::string& path) : input_(std::move(input)), path_(path), archive_(archive_read_new()) {
    archive* a = archive_.get();
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    archive_entry* entry = nullptr;
    if (archive_read_open(a, this, nullptr, &Stream::fill, nullptr) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) != ARCHIVE_OK) {
      const char* why = archive_error_string(a);
      throw Error(fmt::format("cannot read {}: {}", input_name(path), why ? why : "it is empty"));
    }
  }
  std::size_t read(std::uint8_t* to, std::size_t most) override {
    while (left_ == 0) {  // as much as there is now, where archive_read_data() would wait for all of it
      const void* data = nullptr;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(archive_.get(), &data, &left_, &offset);
      if (status == ARCHIVE_EOF) return 0;
      if (status < ARCHIVE_WARN)
        throw Error(fmt::format("cannot read {}: {}", input_name(path_), archive_error_string(archive_.get())));
      block_ = static_cast<const std::uint8_t*>(data);
    }
    const std::size_t n = std::min(most, left_);
    std::memcpy(to, block_, n);
    block_ += n;
    left_ -= n;
    return n;
  }

 private:
  // Input for libarchive.
  static la_ssize_t fill(archive*, void* self, const void** data) {
    auto& me = *static_cast<Stream*>(self);
    try {
      const std::span<const std::uint8_t> bytes = me.input_.next();
      *data = bytes.data();
      return static_cast<la_ssize_t>(bytes.size());
    } catch (const Error& e) {
      archive_set_error(me.archive_.get(), EIO, "%s", e.what());
      return -1;
    }
  }
  struct Close {
    void operator()(archive* a) const { archive_read_free(a); }
  };

  Input input_;
  std::string path_;
  std::unique_ptr<archive, Close> archive_;
  const std::uint8_t* block_ = nullptr;  // decompressed and not handed out yet
  std::size_t left_ = 0;
};

bool begins_with(std::span<const std::uint8_t> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}
constexpr std::string_view gzip_magic = "\x1f\x8b", xz_magic = std::string_view(
                                                        "\xfd"
                                                        "7zXZ\0",
                                                        6);

// zstd and lz4: a frame with something for other readers, 0x184d2a5? and its length (RFC 8878 3.1.2). pzstd begins with
// one.
bool is_skippable(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 4 && (bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d && bytes[3] == 0x18;
}

std::unique_ptr<ByteSource> open_stream(File file, const std::string& path, const std::atomic<bool>& stop) {
  Input input(std::move(file), path, stop);
  std::span<const std::uint8_t> first = input.peek();
  if (stop && first.size() < 8)
    throw Error(fmt::format("stopped while {} waited for its file header", input_name(path)));
  while (is_skippable(first) && first.size() >= 8) {
    std::uint64_t length = 0;  // little endian
    for (unsigned i = 8; i-- > 4;) length = length << 8 | first[i];
    input.skip(8 + length);
    first = input.peek();
  }
  if (begins_with(first, gzip_magic)) return std::make_unique<Gzip>(std::move(input), path);
  if (begins_with(first, xz_magic)) return std::make_unique<Xz>(std::move(input), path);
  return std::make_unique<Stream>(std::move(input), path);
}

bool compressed(const File& file) {
  std::uint8_t bytes[6] = {};
  const ssize_t n = ::pread(file.number(), bytes, sizeof bytes, 0);
  const auto first = std::span(bytes).first(n > 0 ? static_cast<std::size_t>(n) : 0);
  return begins_with(first, gzip_magic) || begins_with(first, "BZh") || begins_with(first, xz_magic) ||
         begins_with(first, "\x28\xb5\x2f\xfd") || begins_with(first, "\x04\x22\x4d\x18") || is_skippable(first);
}

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path, const std::atomic<bool>& stop) {
  File file(path, stop);
  struct stat about {};
  if (path != "-" && fstat(file.number(), &about) == 0) {
    if (S_ISDIR(about.st_mode)) throw Error(fmt::format("'{}' is a directory: name a capture file", path));
    if (S_ISREG(about.st_mode) && !compressed(file))
      return std::make_unique<RegularFile>(std::move(file), path, static_cast<std::uint64_t>(about.st_size));
  }
  return open_stream(std::move(file), path, stop);
}

std::unique_ptr<ByteSource> follow_bytes(const std::string& path, const std::atomic<bool>& stop,
                                         std::function<bool()> complete) {
  File file(path, stop);
  if (!compressed(file)) return std::make_unique<GrowingFile>(std::move(file), path, stop, std::move(complete));
  while (!complete() && !stop) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return open_bytes(path, stop);
}

// A lease to read is given only while there is no writer.
std::optional<bool> has_no_writer(const std::string& path) {
  const std::atomic<bool> stop = true;
  const File file(path, stop);
  if (fcntl(file.number(), F_SETLEASE, F_RDLCK) == 0) {
    fcntl(file.number(), F_SETLEASE, F_UNLCK);
    return true;
  }
  if (errno == EAGAIN) return false;
  return {};
}

std::string input_name(const std::string& path) { return path == "-" ? "standard input" : "'" + path + "'"; }

}  // namespace t2
