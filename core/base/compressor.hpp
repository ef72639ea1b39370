// Text as gzip members (RFC 1952) or zstd frames (RFC 8878), one for each piece: a file of them is complete after each,
// so it can be cut there. Used by one thread.
#pragma once

#include <memory>
#include <string_view>

#include "t2/output_file.hpp"

namespace t2 {

class Compressor {
 public:
  virtual ~Compressor() = default;
  // Valid until the next call. Empty: there is no memory, errno says so.
  virtual std::string_view compress(std::string_view text) = 0;
};

std::unique_ptr<Compressor> make_compressor(Compression form);  // null for none. Throws Error.

}  // namespace t2
