// The bytes of a capture file: of a regular file, or of a stream (standard input, a pipe, a compressed file) that is
// decompressed on the way. Used by the thread that reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "capture/mapping.hpp"

namespace t2 {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // At most so many bytes: of a stream those that are there now, at least one. 0: the end.
  // Throws t2::Error, one line, when it cannot be read further.
  virtual std::size_t read(std::uint8_t* to, std::size_t most) = 0;
  virtual std::uint64_t size() const { return 0; }  // of all of it; 0: unknown
  // All of it in memory, where that can be had; null: it is to be read.
  virtual std::shared_ptr<Mapping> map() { return nullptr; }
  virtual void skip_to(std::uint64_t /*position*/) {}  // of what can be mapped: read on from there
};

// "-": standard input. `stop`: set by another thread, it ends a wait for input; it outlives the source.
// Throws t2::Error, one line, when it cannot be opened.
std::unique_ptr<ByteSource> open_bytes(const std::string& path, const std::atomic<bool>& stop);

// A file that is still being written: reading waits at its end until there is more, or until `complete` answers true
// and there is still no more. Compressed files are read when they are complete only.
std::unique_ptr<ByteSource> follow_bytes(const std::string& path, const std::atomic<bool>& stop,
                                         std::function<bool()> complete);
// Whether no process has the file open for writing; nothing where the system cannot tell.
std::optional<bool> has_no_writer(const std::string& path);

std::string input_name(const std::string& path);  // for messages: "'PATH'", or "standard input"

}  // namespace t2
