// Text as gzip members (RFC 1952), one for each piece: a file of them is complete after each, so it can be cut there.
#pragma once

#include <string_view>
#include <vector>

#include <zlib.h>

#include "t2/error.hpp"

namespace t2 {

class GzipMembers {
 public:
  GzipMembers() {
    constexpr int gzip = 15 + 16, memory = 8;  // largest window, with gzip's header; zlib's default
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip, memory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw Error("no memory to compress output files");
  }
  ~GzipMembers() { deflateEnd(&stream_); }
  GzipMembers(const GzipMembers&) = delete;
  GzipMembers& operator=(const GzipMembers&) = delete;

  // Valid until the next call.
  std::string_view compress(std::string_view text) {
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

}  // namespace t2
