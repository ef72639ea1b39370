// Live packets of one interface, or of several in the order of their times.
//
// The kernel hands over packets after a timeout at the latest, so each of several interfaces may hold back packets that
// are older than those of another one. Packets therefore wait until every interface has a later one, or until none can
// hold back an older one any more: an answer that is captured on another interface than its request stays behind it.
#include <algorithm>
#include <deque>

#include <poll.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/settings.hpp"
#include "capture/any_device.hpp"
#include "capture/device.hpp"
#include "capture/source.hpp"
#include "t2/clock.hpp"

namespace t2 {

namespace {

constexpr int merge_timeout = 10;  // ms, of each of several interfaces; with more, packets wait longer
constexpr Time one_millisecond = one_second / 1000;
constexpr Time hold = 3 * merge_timeout * one_millisecond;  // the kernel's timer may be late
constexpr Time set_back = one_second;  // packets that are so much younger than the clock show that it was set

class Interfaces final : public Source {
 public:
  Interfaces(const std::vector<std::string>& names, const CaptureOptions& options)
      : timeout_(names.size() > 1 ? std::min(settings.capture_timeout, merge_timeout) : settings.capture_timeout) {
    for (std::size_t i = 0; i < names.size(); ++i)
      inputs_.emplace_back(open(names[i], static_cast<std::uint8_t>(i), timeout_, options));
    polled_.resize(names.size());
  }

  Read read(Block& block) override {
    if (stopped_ && stop_time_ == 0) {
      for (Input& input : inputs_) closed_ &= input.device->close_ring();
      stop_time_ = steady_clock();
    }
    const bool drained = stopped_ && steady_clock() > stop_time_ + 2 * settings.capture_timeout * one_millisecond;
    if (inputs_.size() == 1) inputs_[0].device->read(block);
    else merge(block, drained);
    if (drained && (block.packets.empty() || !closed_)) return Read::end;
    if (!block.packets.empty()) return Read::packets;
    if (std::all_of(inputs_.begin(), inputs_.end(), [](const Input& i) { return i.device->has_ended(); }))
      return Read::end;
    wait();
    return Read::idle;
  }

  void stop() override { stopped_ = true; }
  bool live() const override { return true; }
  std::string damage() const override {
    std::string all;
    for (const Input& input : inputs_) {
      if (const std::string one = input.device->failure(); !one.empty()) all += (all.empty() ? "" : "; ") + one;
    }
    return all;
  }
  std::string describe() const override {
    if (inputs_.size() == 1) return inputs_[0].device->describe();
    std::string all;
    for (const Input& input : inputs_)
      all +=
          fmt::format("{}Interface: {}\n{}", all.empty() ? "" : "\n", input.device->name(), input.device->describe());
    return all;
  }
  std::vector<InterfaceCounts> interface_counts() const override {
    std::vector<InterfaceCounts> all;
    for (const Input& input : inputs_) input.device->add_counts(all);
    return all;
  }
  std::size_t interface_count() const override {
    std::size_t count = 0;
    for (const Input& input : inputs_) count += input.device->interfaces();
    return count;
  }

 private:
  static std::unique_ptr<Device> open(const std::string& name, std::uint8_t index, int timeout,
                                      const CaptureOptions& options) {
    if (name == "any") return std::make_unique<AnyDevice>(timeout, options);
    return std::make_unique<PcapDevice>(name, index, timeout, options);
  }

  struct Input {
    std::unique_ptr<Device> device;
    Block ready = {};      // of several interfaces: packets that were read
    std::size_t next = 0;  // the first of them that was not handed out
    explicit Input(std::unique_ptr<Device> its_device) : device(std::move(its_device)) {}
    bool is_empty() const { return next == ready.packets.size(); }
    const RawPacket& first() const { return ready.packets[next]; }
  };

  // `all`: the rings are closed, nothing older can come.
  void merge(Block& block, bool all) {
    block.clear();
    starts_.clear();
    for (bool more = true; more && block.packets.size() < Block::usual_packets;) {
      const Time now = wall_clock();
      Time complete = INT64_MAX;  // no interface holds back an older packet
      for (Input& input : inputs_) {
        if (!input.is_empty()) continue;
        input.next = 0;
        input.device->read(input.ready);
        if (input.is_empty() && !input.device->is_away() && !all) complete = now - hold;
      }
      more = hand_out(block, complete, now);
    }
    for (std::size_t i = 0; i < block.packets.size(); ++i) block.packets[i].data = block.memory.data() + starts_[i];
  }

  // Until one interface has no packets any more, whose next ones may be the first. False: there are none to hand out.
  bool hand_out(Block& block, Time complete, Time now) {
    while (block.packets.size() < Block::usual_packets) {
      Input* earliest = nullptr;
      for (Input& input : inputs_) {
        if (!input.is_empty() && (!earliest || input.first().time < earliest->first().time)) earliest = &input;
      }
      if (!earliest) return false;
      const RawPacket& raw = earliest->first();
      if (raw.time > complete && raw.time < now + set_back) return false;
      starts_.push_back(block.memory.size());
      block.memory.append(raw.data, raw.captured);
      block.packets.push_back(raw);
      ++earliest->next;
      if (earliest->is_empty()) return true;
    }
    return true;
  }

  // Nothing came, or what came is held: waits a little. Interfaces with packets are not waited for.
  void wait() {
    bool holds = false;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const bool empty = inputs_[i].is_empty();
      holds |= !empty;
      polled_[i] = {empty ? inputs_[i].device->descriptor() : -1, POLLIN, 0};
    }
    poll(polled_.data(), polled_.size(), stopped_ || holds ? merge_timeout : settings.capture_timeout);
  }

  int timeout_;               // ms
  std::deque<Input> inputs_;  // as RawPacket::interface counts them
  std::vector<pollfd> polled_;
  std::vector<std::size_t> starts_;  // of each packet in the block's memory, which moves while it grows
  Time stop_time_ = 0;               // steady clock; 0: not stopped
  bool closed_ = true;               // once stopped: the kernel adds no more packets
  std::atomic<bool> stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> open_interfaces(const std::vector<std::string>& names, const CaptureOptions& options) {
  if (names.size() > max_interfaces)
    throw Error(
        fmt::format("Option '-i': {} interfaces are more than {}: start several", names.size(), max_interfaces));
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name)
      throw Error(fmt::format("Option '-i': '{}' is named twice: its packets would count twice", *name));
  }
  if (names.size() > 1 && std::find(names.begin(), names.end(), "any") != names.end())
    throw Error("Option '-i': 'any' has the packets of all interfaces: name it alone");
  return std::make_unique<Interfaces>(names, options);
}

}  // namespace t2
