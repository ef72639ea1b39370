// Decompressing by zlib, liblzma and libarchive; the last two are loaded when a file needs them.
#include "capture/decompressed.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>

#include "t2/error.hpp"
#include "t2/library.hpp"

namespace t2 {

namespace {

struct Liblzma {
  Library library{LIBLZMA_SONAME, "liblzma5"};
  T2_IMPORT(lzma_code);
  T2_IMPORT(lzma_end);
  T2_IMPORT(lzma_stream_decoder);
};
const Liblzma& liblzma() {
  static const Liblzma loaded;
  return loaded;
}

struct Libarchive {
  Library library{LIBARCHIVE_SONAME, "libarchive13"};
  T2_IMPORT(archive_error_string);
  T2_IMPORT(archive_read_data_block);
  T2_IMPORT(archive_read_free);
  T2_IMPORT(archive_read_new);
  T2_IMPORT(archive_read_next_header);
  T2_IMPORT(archive_read_open);
  T2_IMPORT(archive_read_support_filter_bzip2);
  T2_IMPORT(archive_read_support_filter_lz4);
  T2_IMPORT(archive_read_support_filter_zstd);
  T2_IMPORT(archive_read_support_format_empty);
  T2_IMPORT(archive_read_support_format_raw);
  T2_IMPORT(archive_set_error);
};
const Libarchive& libarchive() {
  static const Libarchive loaded;
  return loaded;
}

// A stream whose library gives everything that can still be had of a damaged or cut one. First all of that
// is read; then the reason why there is no more is thrown.
class Decompressed : public ByteSource {
 public:
  Decompressed(InputStream input, const std::string& path) : input_(std::move(input)), path_(path) {}
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
  InputStream input_;
  std::string path_;
};

// RFC 1952: any number of members; zlib checks their checksums and lengths.
class Gzip final : public Decompressed {
 public:
  Gzip(InputStream input, const std::string& path) : Decompressed(std::move(input), path) {
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
  Xz(InputStream input, const std::string& path) : Decompressed(std::move(input), path) {
    if (liblzma().lzma_stream_decoder(&stream_, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) throw std::bad_alloc();
  }
  ~Xz() override { liblzma().lzma_end(&stream_); }
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;

 private:
  std::size_t decompress(std::uint8_t* to, std::size_t most) override {
    stream_.next_in = in_.data();
    stream_.avail_in = in_.size();
    stream_.next_out = to;
    stream_.avail_out = most;
    const lzma_ret status = liblzma().lzma_code(&stream_, at_end_ ? LZMA_FINISH : LZMA_RUN);
    in_ = in_.last(stream_.avail_in);
    if (status == LZMA_STREAM_END) ended_ = true;
    else if (status == LZMA_BUF_ERROR && at_end_) problem_ = "the xz data end too early";
    else if (status != LZMA_OK && status != LZMA_BUF_ERROR)
      problem_ = fmt::format("the xz data are damaged ({})", static_cast<int>(status));
    return most - stream_.avail_out;
  }
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

// bzip2, zstd, lz4.
class Archive final : public ByteSource {
 public:
  Archive(InputStream input, const std::string& path)
      : input_(std::move(input)), path_(path), archive_(libarchive().archive_read_new()) {
    archive* a = archive_.get();
    libarchive().archive_read_support_filter_bzip2(a);
    libarchive().archive_read_support_filter_zstd(a);
    libarchive().archive_read_support_filter_lz4(a);
    libarchive().archive_read_support_format_raw(a);
    libarchive().archive_read_support_format_empty(a);
    archive_entry* entry = nullptr;
    if (libarchive().archive_read_open(a, this, nullptr, &Archive::fill, nullptr) != ARCHIVE_OK ||
        libarchive().archive_read_next_header(a, &entry) != ARCHIVE_OK) {
      const char* why = libarchive().archive_error_string(a);
      throw Error(fmt::format("cannot read {}: {}", input_name(path), why ? why : "it is empty"));
    }
  }
  std::size_t read(std::uint8_t* to, std::size_t most) override {
    while (left_ == 0) {  // as much as there is now, where libarchive().archive_read_data() would wait for all of it
      const void* data = nullptr;
      la_int64_t offset = 0;
      const int status = libarchive().archive_read_data_block(archive_.get(), &data, &left_, &offset);
      if (status == ARCHIVE_EOF) return 0;
      if (status < ARCHIVE_WARN)
        throw Error(
            fmt::format("cannot read {}: {}", input_name(path_), libarchive().archive_error_string(archive_.get())));
      block_ = static_cast<const std::uint8_t*>(data);
    }
    const std::size_t n = std::min(most, left_);
    std::memcpy(to, block_, n);
    block_ += n;
    left_ -= n;
    return n;
  }

 private:
  // InputStream for libarchive.
  static la_ssize_t fill(archive*, void* self, const void** data) {
    auto& me = *static_cast<Archive*>(self);
    try {
      const std::span<const std::uint8_t> bytes = me.input_.next();
      *data = bytes.data();
      return static_cast<la_ssize_t>(bytes.size());
    } catch (const Error& e) {
      libarchive().archive_set_error(me.archive_.get(), EIO, "%s", e.what());
      return -1;
    }
  }
  struct Close {
    void operator()(archive* a) const { libarchive().archive_read_free(a); }
  };

  InputStream input_;
  std::string path_;
  std::unique_ptr<archive, Close> archive_;
  const std::uint8_t* block_ = nullptr;  // decompressed and not handed out yet
  std::size_t left_ = 0;
};

// Not compressed.
class Plain final : public Decompressed {
 public:
  using Decompressed::Decompressed;

 private:
  std::size_t decompress(std::uint8_t* to, std::size_t most) override {
    if (at_end_) return ended_ = true, 0;
    const std::size_t n = std::min(most, in_.size());
    std::memcpy(to, in_.data(), n);
    in_ = in_.subspan(n);
    return n;
  }
};

bool begins_with(std::span<const std::uint8_t> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}
bool is_gzip(std::span<const std::uint8_t> bytes) { return begins_with(bytes, "\x1f\x8b"); }
bool is_xz(std::span<const std::uint8_t> bytes) {
  return begins_with(bytes, {"\xfd"
                             "7zXZ\0",
                             6});
}

// zstd and lz4: a frame with something for other readers, 0x184d2a5? and its length (RFC 8878 3.1.2). pzstd begins with
// one.
bool is_skippable(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 4 && (bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d && bytes[3] == 0x18;
}

}  // namespace

bool is_compressed(std::span<const std::uint8_t> first) {
  constexpr std::string_view bzip2 = "BZh", zstd = "\x28\xb5\x2f\xfd", lz4 = "\x04\x22\x4d\x18",
                             old_lz4 = "\x02\x21\x4c\x18";
  return is_gzip(first) || is_xz(first) || is_skippable(first) ||
         std::ranges::any_of(std::array{bzip2, zstd, lz4, old_lz4},
                             [&](std::string_view m) { return begins_with(first, m); });
}

std::unique_ptr<ByteSource> open_stream(InputStream input, const std::string& path) {
  std::span<const std::uint8_t> first = input.peek();
  while (is_skippable(first) && first.size() >= 8) {
    std::uint64_t length = 0;  // little endian
    for (unsigned i = 8; i-- > 4;) length = length << 8 | first[i];
    input.skip(8 + length);
    first = input.peek();
  }
  if (first.empty()) throw Error(fmt::format("cannot read {}: it is empty", input_name(path)));
  if (is_gzip(first)) return std::make_unique<Gzip>(std::move(input), path);
  if (is_xz(first)) return std::make_unique<Xz>(std::move(input), path);
  if (is_compressed(first)) return std::make_unique<Archive>(std::move(input), path);
  return std::make_unique<Plain>(std::move(input), path);
}

}  // namespace t2
