// Fuzzes the decoder: a byte chooses the link type, then come frames (16 bit length, bytes missing on the wire, time
// step, content). Packets that belong to a flow are handed to a worker without plugins, as the engine does it.
#include <memory>
#include <vector>

#include "decode/dissector.hpp"
#include "flow/key.hpp"
#include "input.hpp"
#include "pipeline/worker.hpp"
#include "rules.hpp"

using namespace t2;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input({data, size});
  const int link_type = fuzz::link_types[input.u8() % fuzz::link_types.size()];
  const bool single = input.u8() & 1;        // the rest is one frame
  static std::unique_ptr<HeaderStacks> all;  // made anew now and then: they have a bound
  static unsigned uses = 0;
  if (uses++ % 256 == 0) all = std::make_unique<HeaderStacks>();
  HeaderStacks& stacks = *all;
  Dissector dissector(stacks);
  static Log log;
  log.quiet();
  static const Config config = fuzz::no_config();
  const Context context{config, stacks, log, ""};
  Layout layout({});
  Worker worker(layout, context, {.batch = 7, .seed = 1, .max_flows = 16, .rows = [](RowBatch&) {}});

  std::vector<fuzz::Frame> frames;
  std::vector<Packet> packets;
  std::vector<Lookup> lookups;
  Time time = 1'600'000'000 * one_second, clock = time;
  while (!input.empty() && frames.size() < 64) {
    const std::uint32_t missing = single ? 0 : input.u8();
    const Time step = single ? 0 : fuzz::time_step(input.u8());
    frames.emplace_back(single ? input.rest() : input.read(input.u16() & 0x3ff));
    const fuzz::Frame& frame = frames.back();
    time += step;
    clock = std::max(clock, time);
    Packet packet;
    packet.time = time;
    packet.clock = packet.at = clock;
    packet.number = frames.size();
    packet.data = frame.data.get();
    packet.captured = frame.size;
    packet.wire = frame.size + missing;
    Packet walked = packet;
    const bool has_flow = dissector.run(link_type, packet);
    fuzz::demand(dissector.walk(link_type, walked) == has_flow && walked == packet,
                 "the short cut leads to the same place");
    if (!has_flow) continue;
    fuzz::check(packet);
    fuzz::demand(stacks.text(packet.headers).size() < 128, "descriptions have an end");
    make_lookup(packet, KeyedHash(1), lookups.emplace_back());
    packets.push_back(packet);
  }
  worker.process(packets, lookups);
  while (worker.finish(clock)) {}
  fuzz::demand(worker.flows_in_memory() == 0, "all flows end");
  return 0;
}
