#include "base/compressor.hpp"

#include <cerrno>
#include <vector>

#include <zlib.h>
#include <zstd.h>

#include "t2/error.hpp"
#include "t2/library.hpp"

namespace t2 {

namespace {

class GzipMembers final : public Compressor {
 public:
  GzipMembers() {
    constexpr int gzip = 15 + 16, memory = 8;  // largest window, with gzip's header; zlib's default
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip, memory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw Error("no memory to compress output files");
  }
  ~GzipMembers() override { deflateEnd(&stream_); }
  GzipMembers(const GzipMembers&) = delete;
  GzipMembers& operator=(const GzipMembers&) = delete;

  std::string_view compress(std::string_view text) override {
    deflateReset(&stream_);
    made_.resize(deflateBound(&stream_, text.size()));
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = made_.data();
    stream_.avail_out = static_cast<uInt>(made_.size());
    deflate(&stream_, Z_FINISH);  // cannot fail: there is room
    return {reinterpret_cast<const char*>(made_.data()), stream_.total_out};
  }

 private:
  z_stream stream_{};
  std::vector<Bytef> made_;
};

struct Libzstd {
  Library library{LIBZSTD_SONAME, "libzstd1"};
  T2_IMPORT(ZSTD_CCtx_setParameter);
  T2_IMPORT(ZSTD_compress2);
  T2_IMPORT(ZSTD_compressBound);
  T2_IMPORT(ZSTD_createCCtx);
  T2_IMPORT(ZSTD_freeCCtx);
  T2_IMPORT(ZSTD_isError);
};
const Libzstd& libzstd() {  // loaded by the runs that write with it
  static const Libzstd loaded;
  return loaded;
}

class ZstdFrames final : public Compressor {
 public:
  ZstdFrames() : context_(libzstd().ZSTD_createCCtx()) {
    if (!context_) throw Error("no memory to compress output files");
    libzstd().ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);  // a reader notices damage, as gzip's do
  }

  std::string_view compress(std::string_view text) override {
    made_.resize(libzstd().ZSTD_compressBound(text.size()));
    const std::size_t size =
        libzstd().ZSTD_compress2(context_.get(), made_.data(), made_.size(), text.data(), text.size());
    if (!libzstd().ZSTD_isError(size)) return {made_.data(), size};
    errno = ENOMEM;  // there is room, but larger pieces need more memory of the context
    return {};
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { libzstd().ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  std::vector<char> made_;
};

}  // namespace

std::unique_ptr<Compressor> make_compressor(Compression form) {
  switch (form) {
    case Compression::none: break;
    case Compression::gzip: return std::make_unique<GzipMembers>();
    case Compression::zstd: return std::make_unique<ZstdFrames>();
  }
  return nullptr;
}

}  // namespace t2
