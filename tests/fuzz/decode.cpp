// Fuzzes the decoder: a byte chooses the link type, then come frames (16 bit length, bytes missing on the wire,
// content), or with an odd second byte a single one.
#include <memory>
#include <vector>

#include "decode/dissector.hpp"
#include "input.hpp"
#include "rules.hpp"

using namespace t2;

namespace {

// Made anew now and then, since the stacks have a bound: that takes longer than decoding.
struct Decoder {
  HeaderStacks stacks;
  Dissector dissector{stacks};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<Decoder> decoder, walker;  // each remembers the fragments that it has seen
  static unsigned uses = 0;
  if (uses++ % 4096 == 0) decoder = std::make_unique<Decoder>(), walker = std::make_unique<Decoder>();
  fuzz::Input input({data, size});
  const int link_type = fuzz::link_types[input.u8() % fuzz::link_types.size()];
  const bool single = input.u8() & 1;
  for (unsigned frames = 0; !input.empty() && frames < 64; ++frames) {
    const std::uint32_t missing = single ? 0 : input.u8();
    const fuzz::Frame frame(single ? input.rest() : input.read(input.u16() & 0x3ff));
    Packet packet;
    packet.number = frames + 1;
    packet.data = frame.data.get();
    packet.captured = frame.size;
    packet.wire = frame.size + missing;
    Packet walked = packet;
    const bool has_flow = decoder->dissector.run(link_type, packet);
    fuzz::demand(walker->dissector.walk(link_type, walked) == has_flow && walked == packet,
                 "the short cut leads to the same place");
    if (!has_flow) continue;
    fuzz::check(packet);
    fuzz::demand(decoder->stacks.text(packet.headers).size() < 128, "descriptions have an end");
  }
  return 0;
}
