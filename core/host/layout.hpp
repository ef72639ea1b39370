// The record of a direction that all plugins share, the columns of a row, and the instances of a worker.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/signals.hpp"
#include "base/totals.hpp"
#include "decode/headers.hpp"
#include "flow/entries.hpp"
#include "flow/side_prototype.hpp"
#include "host/config.hpp"
#include "t2/plugin.hpp"

namespace t2 {

// What plugins may ask of the run; shared by all hosts.
struct Context {
  const Config& config;
  const HeaderStacks& stacks;
  Log& log;
  std::string folder;  // of the plugins
  unsigned sensor_id = 0;
  const Time* run_start = nullptr;  // set when the first packet is read
  InputTotals* totals = nullptr;
};

// Memory for state that only few flows need: chained to the flow, given back when it ends. Used by one worker.
//
// Bounded: of each size there may be as many blocks as plugins declared for so many conversations. A block is refused
// by the number of blocks alone; near the bound, where it matters in which order plugins ask, is_tight() tells the
// worker to let them see one packet at a time, so that results do not depend on batches.
class FlowMemory {
 public:
  ~FlowMemory();
  void declare(const FlowBlock& block);  // such blocks may be asked for; before bound()
  void bound(std::uint64_t max_flows);
  void* get(FlowEntry& flow, std::size_t bytes);
  void release(FlowEntry& flow);               // all of its blocks
  void release(FlowEntry& flow, void* block);  // one of its blocks
  bool is_tight() const { return tight_ > 0; }
  std::uint64_t bytes() const { return bytes_; }
  // With this bound; declared sizes alone count.
  std::uint64_t max_bytes(std::uint64_t max_flows) const;

 private:
  struct Head {
    Head* next;
    std::size_t size_class;
  };
  static constexpr std::size_t step = 64, classes = 64;  // blocks of 64, 128, ... 4096 bytes
  static constexpr std::uint64_t min_blocks = 16'384;    // of a size, however few flows there may be
  static constexpr std::uint64_t margin = 1024;          // blocks: more than a batch of packets asks for
  struct SizeClass {
    std::uint64_t declared = 0;                // blocks per 1024 conversations
    std::uint64_t used = 0, max = min_blocks;  // blocks
    Head* free = nullptr;
    std::byte* slab_end = nullptr;  // of the newest slab
    std::size_t untouched = 0;      // bytes at its end that were no block yet: no page of them is there
  };
  static std::size_t class_of(std::size_t bytes) { return (bytes + sizeof(Head) + step - 1) / step; }
  static std::uint64_t max_blocks(std::uint64_t max_flows, std::uint64_t declared) {
    return std::max(min_blocks, max_flows * declared / 1024);
  }
  void give_back(Head* head);
  SizeClass classes_[classes + 1];
  std::vector<void*> slabs_;
  std::uint64_t bytes_ = 0;
  unsigned tight_ = 0;  // sizes of which fewer than `margin` blocks are left
};

// Where each plugin's states lie, and the side that a new direction is copied from: a Direction, behind it the states
// of all flows, in front of it those that only flows of TCP have.
class Layout {
 public:
  explicit Layout(std::vector<const Descriptor*> plugins);
  const std::vector<const Descriptor*>& plugins() const { return plugins_; }
  const std::vector<Column>& columns() const { return columns_; }  // of a whole row, dir and flowInd first
  bool columns_are_read() const;                                   // by a sink, or on_row() of its plugin
  bool sinks_read_columns() const;
  std::size_t usual_row() const;  // bytes, on its way to the sinks, with what their plugins made of it
  const std::vector<Column>& packet_columns() const { return packet_columns_; }  // of a packet's row
  std::size_t packet_row_memory() const;                                         // of a direction, bytes, with -s
  std::size_t conversation_memory() const;                                       // bytes
  std::size_t index(std::string_view plugin) const;  // its place in the order; npos: not loaded
  // From the Direction; the latter is 0 if the plugin is not loaded.
  std::ptrdiff_t state_offset(std::size_t plugin, std::size_t size, std::size_t align, const void* initial,
                              std::size_t other_bytes, Flows flows);
  std::ptrdiff_t peek_offset(std::string_view asking, std::string_view plugin, std::size_t size, Flows flows) const;
  // Both are complete once one set of instances exists.
  std::size_t state_bytes(std::size_t plugin, Flows flows) const { return place(plugin, flows).size; }
  SidePrototype prototype() const;

 private:
  struct Place {
    std::ptrdiff_t offset = 0;  // 0: not claimed
    std::size_t size = 0, other_bytes = 0;
  };
  const Place& place(std::size_t plugin, Flows flows) const { return places_[plugin][static_cast<std::size_t>(flows)]; }
  std::vector<std::int32_t> other_lines() const;
  std::vector<const Descriptor*> plugins_;
  std::vector<Column> columns_, packet_columns_;
  std::vector<std::array<Place, 2>> places_;
  std::vector<std::byte> record_;      // a Direction and the states of all flows
  std::vector<std::byte> tcp_states_;  // which end where the Direction begins
};

// The first plugin that has to see all flows, or null.
const Descriptor* needs_one_worker(std::span<const Descriptor* const> plugins);

class PluginHost;

// One instance of each plugin, for one worker.
class Instances {
 public:
  // `problems`: takes by plugin why it cannot be made, or nothing; without it the first problem is thrown.
  Instances(Layout& layout, const Context& context, std::vector<std::string>* problems = nullptr);
  ~Instances();
  Instances(const Instances&) = delete;
  Instances& operator=(const Instances&) = delete;

  struct Entry {
    const Descriptor* descriptor;
    std::unique_ptr<PluginHost> host;
    std::unique_ptr<Plugin> plugin;  // null for a sink that only reads rows
  };
  std::vector<Entry>& all() { return entries_; }
  FlowMemory& flow_memory() { return flow_memory_; }
  const FlowMemory& flow_memory() const { return flow_memory_; }
  void merge(Instances& other);

 private:
  FlowMemory flow_memory_;
  std::vector<Entry> entries_;
};

// Host of a plugin's sink side: the same facts, no state.
std::unique_ptr<PluginHost> sink_host(Layout& layout, const Context& context, std::size_t plugin);

class PluginHost final : public Host {
 public:
  PluginHost(Layout& layout, const Context& context, std::size_t plugin, FlowMemory* flow_memory)
      : layout_(layout),
        context_(context),
        plugin_(plugin),
        flow_memory_(flow_memory),
        may_claim_{flow_memory != nullptr, flow_memory != nullptr} {}
  void end_of_create() { may_claim_ = {}; }
  std::int64_t integer(std::string_view flag) const override { return context_.config.integer(me(), flag); }
  std::string text(std::string_view flag) const override { return context_.config.text(me(), flag); }
  unsigned sensor_id() const override { return context_.sensor_id; }
  std::span<const Column> columns() const override { return layout_.columns(); }
  std::string_view headers(std::uint32_t id) const override { return context_.stacks.text(id); }
  Time run_start() const override { return context_.run_start ? *context_.run_start : 0; }
  Input input() const override { return context_.totals ? context_.totals->look() : Input{}; }
  std::uint32_t sampling() const override { return settings.sampling; }
  std::size_t interfaces() const override { return context_.totals ? context_.totals->interfaces.size() : 0; }
  CaptureInterface interface(std::size_t which) const override { return context_.totals->interfaces[which].look(); }
  bool must_end() const override { return t2::must_end(); }
  std::unique_ptr<OutputFile> create_file(const NewFile& file) override;
  std::string data_file(std::string_view name) const override { return context_.folder + std::string(name); }
  void info(std::string_view line) override { context_.log.info(line, me().name); }
  void warn(std::string_view line) override { context_.log.warn(line, me().name); }
  void* flow_alloc(const Flow& flow, std::size_t bytes) override {
    return flow_memory_ ? flow_memory_->get(entry_of(flow), bytes) : nullptr;
  }
  void flow_free(const Flow& flow, void* block) override { flow_memory_->release(entry_of(flow), block); }

 private:
  const Descriptor& me() const { return *layout_.plugins()[plugin_]; }
  std::ptrdiff_t state_offset(std::size_t size, std::size_t align, const void* initial, std::size_t other_bytes,
                              Flows flows) override {
    bool& may_claim = may_claim_[static_cast<std::size_t>(flows)];
    if (!may_claim) throw Error(fmt::format("{}: State is claimed once, in create(): correct the plugin", me().name));
    may_claim = false;
    return layout_.state_offset(plugin_, size, align, initial, other_bytes, flows);
  }
  std::ptrdiff_t peek_offset(std::string_view plugin, std::size_t size, Flows flows) override {
    return layout_.peek_offset(me().name, plugin, size, flows);
  }

  Layout& layout_;
  const Context& context_;
  std::size_t plugin_;
  FlowMemory* flow_memory_;
  std::array<bool, 2> may_claim_;  // by Flows, its State: not yet claimed, and create() has not returned
};

}  // namespace t2
