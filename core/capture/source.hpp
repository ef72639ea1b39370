// Where packets come from: a file, standard input or an interface, read in blocks. A Source is used by one thread (a
// buffered one by the reading thread).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/block.hpp"
#include "t2/error.hpp"

namespace t2 {

enum class Read { packets, idle, end };  // idle: nothing came for a while (live input)

struct CaptureCounts {                                            // live input only
  std::uint64_t received = 0;                                     // by the kernel, which keeps them until they are read
  std::uint64_t dropped_by_kernel = 0, dropped_by_interface = 0;  // instead
  std::uint64_t waiting = 0;  // with `any`: received, too, but not read yet, so that their interface is not known
  CaptureCounts& operator+=(const CaptureCounts& other) {
    received += other.received, dropped_by_kernel += other.dropped_by_kernel;
    dropped_by_interface += other.dropped_by_interface, waiting += other.waiting;
    return *this;
  }
};

struct InterfaceCounts {
  std::string name;
  std::uint32_t number = 0;      // the system's, when it was opened; 0: it is no network interface
  std::uint64_t times_away = 0;  // it disappeared so often
  CaptureCounts counts;
};

class Source {
 public:
  virtual ~Source() = default;
  virtual Read read(Block& block) = 0;  // clears the block first; at `end` it may still hold packets
  virtual void stop() = 0;              // from a signal handler or another thread: read() answers `end` soon
  virtual bool live() const { return false; }
  virtual std::string describe() const = 0;             // lines about link layer and snapshot length for the log
  virtual std::uint64_t size() const { return 0; }      // bytes of the file, 0: unknown
  virtual std::uint64_t position() const { return 0; }  // bytes of it that were read
  virtual std::string damage() const { return {}; }     // why some of the input could not be read, one line; or empty
  virtual std::vector<std::string> notes() const { return {}; }  // at the end: packets that were left out, a line each
  // Live, as RawPacket::interface counts them: with `any` the socket, then each interface from its first packet on.
  virtual std::vector<InterfaceCounts> interface_counts() const { return {}; }
  virtual std::size_t interface_count() const { return 0; }  // so many
};

struct CaptureOptions {
  std::string filter;           // BPF expression, empty: none
  int snaplen = 0, buffer = 0;  // live
  std::function<void(std::string_view)> tell =
      {};  // lines for the log: a file of several begins; by the reading thread
  std::function<void(std::string_view)> warn = {};  // likewise: an interface disappears
  std::atomic<bool>* stop = nullptr;  // ends a wait for input, also while it is opened; null: each source has its own
};

struct NotACapture : Error {  // empty, or neither pcap nor pcapng
  using Error::Error;
};
struct BadFilter : Error {  // it fits no link type
  using Error::Error;
};

// Throw t2::Error, one line, when the input cannot be opened, and BadFilter when the filter does not compile.
std::unique_ptr<Source> open_file(const std::string& path,
                                  const CaptureOptions& options);  // "-": standard input; compressed too
std::unique_ptr<Source> open_series(const std::string& series, const CaptureOptions& options);  // -D: numbered files
std::unique_ptr<Source> open_list(const std::string& list, const CaptureOptions& options);      // -R: a file of names
// -r with several names: files, folders with captures.
std::unique_ptr<Source> open_files(const std::vector<std::string>& names, const CaptureOptions& options);
// A file that is still written: what arrives is read until `complete` answers true and there is no more.
std::unique_ptr<Source> follow_file(const std::string& path, const CaptureOptions& options,
                                    std::function<bool()> complete);
std::unique_ptr<Source> open_interfaces(const std::vector<std::string>& names, const CaptureOptions& options);  // -i
// The same packets, read ahead by a thread of its own into a ring of about `packets` of usual length.
std::unique_ptr<Source> buffered(std::unique_ptr<Source> source, std::size_t packets);

}  // namespace t2
