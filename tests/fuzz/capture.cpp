// Fuzzes the reader of capture files: the input is the file. Read twice, the second time through a filter.
// What was read stands in a ReadBuffer, which lets AddressSanitizer see a read behind its last byte.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "capture/source.hpp"
#include "rules.hpp"
#include "t2/plugin.hpp"

using namespace t2;

namespace {

volatile unsigned sum;  // every byte is read

void read_all(const std::string& path, const std::string& filter, std::size_t size) {
  try {
    const std::unique_ptr<Source> opened = open_file(path, {.filter = filter});
    Source& file = *opened;
    fuzz::demand(file.describe().size() < 4096, "a description is short");
    Block block;
    std::size_t packets = 0;
    for (bool more = true; more;) {
      more = file.read(block) != Read::end;
      for (const RawPacket& packet : block.packets) {
        fuzz::demand(packet.captured <= packet.wire, "captured is not more than sent");
        fuzz::demand(packet.captured <= size, "a packet is not larger than its file");
        for (std::uint32_t i = 0; i < packet.captured; ++i) sum = sum + packet.data[i];
      }
      packets += block.packets.size();
      fuzz::demand(packets <= size, "a file holds no more packets than bytes");
    }
    fuzz::demand(file.position() <= size, "reading ends at the end");
    fuzz::demand(file.damage().find('\n') == std::string::npos, "damage is told in one line");
  } catch (const Error&) {
    // not a capture, or the filter does not fit its link type
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("capture", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  read_all(path, "", size);
  read_all(path, "greater 40 or udp port 53", size);
  return 0;
}
