// Streams as they are, or decompressed: gzip, xz, bzip2, zstd, lz4. Used by the thread that reads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "capture/bytes.hpp"
#include "capture/input.hpp"

namespace t2 {

// Does a file that begins with these bytes (six are enough) have to be decompressed?
bool is_compressed(std::span<const std::uint8_t> first);

// Throws Error: empty, or not what its first bytes say.
std::unique_ptr<ByteSource> open_stream(InputStream input, const std::string& path);

}  // namespace t2
