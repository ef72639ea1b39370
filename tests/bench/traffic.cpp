#include "traffic.hpp"

#include <cstdlib>

#include <unistd.h>

#include "flow/key.hpp"

namespace t2::bench {

using test::operator+;

namespace {

constexpr Time begin = 1'600'000'000 * one_second;

std::filesystem::path own_folder() {
  static unsigned count = 0;
  auto folder =
      std::filesystem::temp_directory_path() / ("t2bench." + std::to_string(getpid()) + "." + std::to_string(count++));
  std::filesystem::create_directories(folder);
  return folder;
}

std::string home_of(const std::filesystem::path& folder) {  // no settings of who runs this
  setenv("HOME", folder.c_str(), 1);
  return "";
}

}  // namespace

std::vector<test::Buffer> web_frames(unsigned connections) {
  std::vector<std::vector<test::Buffer>> all(connections);
  const test::Buffer syn_options =
      test::mss(1460) + test::sack_permitted() + test::timestamps(1, 0) + test::nop() + test::window_scale(7);
  const test::Buffer options = test::nop(2) + test::timestamps(2, 1);
  for (unsigned i = 0; i < connections; ++i) {
    const std::string client = "10.0." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250),
                      server = "198.18.0." + std::to_string(1 + i % 200);
    std::uint32_t seq[2] = {1000, 9000};
    const auto add = [&](bool reply, const char* flags, std::size_t payload) {
      test::Frame frame;
      frame.eth();
      if (reply) frame.ip4(server, client).id(i).dont_fragment().tcp(443, 20000 + i);
      else frame.ip4(client, server).id(i).dont_fragment().tcp(20000 + i, 443);
      const bool syn = flags[0] == 'S';
      frame.flags(flags)
          .seq(seq[reply])
          .ack(std::string_view(flags) == "S" ? 0 : seq[!reply])
          .window(64240)
          .options(syn ? syn_options : options);
      all[i].push_back(frame.zeros(payload).bytes());
      seq[reply] += static_cast<std::uint32_t>(payload) + (syn || flags[0] == 'F' ? 1 : 0);
    };
    add(false, "S", 0), add(true, "SA", 0), add(false, "A", 0);
    for (unsigned exchange = 0; exchange < 3; ++exchange) {
      add(false, "PA", 180), add(true, "A", 0), add(true, "PA", 700), add(false, "A", 0);
    }
    add(true, "PA", 300), add(false, "A", 0), add(false, "FA", 0), add(true, "FA", 0), add(false, "A", 0);
  }
  std::vector<test::Buffer> frames;
  for (std::size_t step = 0; step < all[0].size(); ++step) {
    for (const auto& connection : all) frames.push_back(connection[step]);
  }
  return frames;
}

Decoded::Decoded(const std::vector<test::Buffer>& frames, HeaderStacks& stacks) {
  Dissector dissector(stacks);
  for (const test::Buffer& frame : frames) {
    Packet p;
    p.number = packets.size() + 1;
    p.time = p.clock = p.at = begin + static_cast<Time>(p.number) * 1000;
    p.data = frame.data();
    p.captured = p.wire = static_cast<std::uint32_t>(frame.size());
    if (!dissector.run(1, p)) continue;
    make_lookup(p, KeyedHash(1), lookups.emplace_back());
    packets.push_back(p);
  }
}

void Engine::process(Decoded& traffic) {
  constexpr std::size_t slice = 64;
  const FlowTable& table = worker_->table();
  const auto part = [&](std::size_t from) {
    return std::span(traffic.lookups)
        .subspan(std::min(from, traffic.lookups.size()),
                 from < traffic.lookups.size() ? std::min(slice, traffic.lookups.size() - from) : 0);
  };
  for (std::size_t at = 0; at < traffic.packets.size(); at += slice) {
    for (const Lookup& lookup : part(at + 3 * slice)) table.prefetch_slot(lookup.hash);
    for (const Lookup& lookup : part(at + 2 * slice)) table.prefetch_record(lookup.hash);
    PrefetchQueue next(part(at + slice));
    worker_->process(std::span(traffic.packets).subspan(at, part(at).size()), part(at), next);
    next.prefetch_some(table, next.waiting());
  }
}

Engine::Engine(const std::vector<std::string>& plugins, std::vector<const Descriptor*> more,
               std::function<void(RowBatch&)> rows)
    : folder_(own_folder()), config_(home_of(folder_)) {
  plugins_.emplace(T2_PLUGIN_BUILD "/", Selection{.list = {}, .names = plugins});
  log_.quiet();
  context_.emplace(Context{config_, stacks_, log_, plugins_->folder()});
  std::vector<const Descriptor*> all = plugins_->all();
  all.insert(all.end(), more.begin(), more.end());
  layout_.emplace(all);
  WorkerOptions options;
  options.seed = 1, options.max_flows = 1'000'000, options.rows = std::move(rows);
  worker_ = std::make_unique<Worker>(*layout_, *context_, std::move(options));
}

Engine::~Engine() { std::filesystem::remove_all(folder_); }

}  // namespace t2::bench
