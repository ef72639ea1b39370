// Lays out records, makes instances, lends extra memory.
#include "host/layout.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/output_file.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {
constexpr std::size_t slab_bytes = 256 << 10;
}

FlowMemory::~FlowMemory() {
  for (void* slab : slabs_) std::free(slab);
}

void FlowMemory::declare(const FlowBlock& block) {
  if (class_of(block.bytes) <= classes) classes_[class_of(block.bytes)].declared += 1024 / block.conversations;
}

void FlowMemory::bound(std::uint64_t max_flows) {
  for (SizeClass& one : classes_) one.max = max_blocks(max_flows, one.declared);
}

std::uint64_t FlowMemory::max_bytes(std::uint64_t max_flows) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= classes; ++i) {
    if (const std::uint64_t declared = classes_[i].declared)
      sum += max_blocks(max_flows, declared) * i * step + slab_bytes;
  }
  return sum;
}

void* FlowMemory::get(FlowEntry& flow, std::size_t bytes) {
  const std::size_t size_class = class_of(bytes), size = size_class * step;
  if (size_class > classes) return nullptr;
  SizeClass& from = classes_[size_class];
  if (from.declared == 0 || from.used >= from.max) return nullptr;
  Head* head = from.free;
  if (head) {
    from.free = head->next;
  } else {
    if (from.untouched < size) {
      auto* slab = static_cast<std::byte*>(std::aligned_alloc(step, slab_bytes));
      if (!slab) return nullptr;
      slabs_.push_back(slab);
      from.slab_end = slab + slab_bytes;
      from.untouched = slab_bytes;
    }
    head = new (from.slab_end - from.untouched) Head{nullptr, size_class};
    from.untouched -= size;
  }
  if (++from.used + margin == from.max) ++tight_;
  head->next = static_cast<Head*>(flow.allocations);
  flow.allocations = head;
  bytes_ += size;
  void* memory = head + 1;
  std::memset(memory, 0, size - sizeof(Head));
  return memory;
}

void FlowMemory::give_back(Head* head) {
  SizeClass& to = classes_[head->size_class];
  if (to.used-- + margin == to.max) --tight_;
  head->next = to.free;
  to.free = head;
  bytes_ -= head->size_class * step;
}

void FlowMemory::release(FlowEntry& flow, void* block) {
  Head* const wanted = static_cast<Head*>(block) - 1;
  auto* first = static_cast<Head*>(flow.allocations);
  if (first == wanted) {
    flow.allocations = first->next;
  } else {
    while (first->next != wanted) first = first->next;
    first->next = wanted->next;
  }
  give_back(wanted);
}

void FlowMemory::release(FlowEntry& flow) {
  for (auto* head = static_cast<Head*>(flow.allocations); head;) {
    Head* next = head->next;
    give_back(head);
    head = next;
  }
  flow.allocations = nullptr;
}

Layout::Layout(std::vector<const Descriptor*> plugins)
    : plugins_(std::move(plugins)), places_(plugins_.size()), record_(sizeof(Direction)) {
  const Direction initial{};
  std::memcpy(record_.data(), static_cast<const void*>(&initial), sizeof initial);
  columns_ = {{"dir", "Flow direction", Type::direction}, {"flowInd", "Flow index", Type::u64}};
  if (SPKTMD_PKTNO) packet_columns_.emplace_back("pktNo", "Packet number", Type::u64);
  packet_columns_.emplace_back("flowInd", "Flow index", Type::u64);
  for (const Descriptor* plugin : plugins_) {
    columns_.insert(columns_.end(), plugin->columns.begin(), plugin->columns.end());
    packet_columns_.insert(packet_columns_.end(), plugin->packet_columns.begin(), plugin->packet_columns.end());
  }
  constexpr std::string_view level[] = {"", "l2", "l3", "l4", "l7"};
  static const std::string as_hex = SPKTMD_PCNTL ? std::string(level[SPKTMD_PCNTL]) + "HexContent" : "hexContent";
  static const std::string as_text = SPKTMD_PCNTL ? std::string(level[SPKTMD_PCNTL]) + "Content" : "content";
  if (SPKTMD_PCNTH) packet_columns_.emplace_back(as_hex, "Captured content as hex", Type::bytes);
  if (SPKTMD_PCNTC) packet_columns_.emplace_back(as_text, "Captured content as characters", Type::content);
}

bool Layout::columns_are_read() const {
  return sinks_read_columns() || std::ranges::any_of(plugins_, &Descriptor::has_on_row);
}

std::size_t Layout::usual_row() const {
  constexpr std::size_t columns = 640;     // with all plugins; long lists are rare
  constexpr std::size_t text_of_cell = 8;  // characters, the separator among them: of all plugins 6.4 in the mean
  const auto texts = static_cast<std::size_t>(std::ranges::count_if(plugins_, &Descriptor::has_on_row));
  return (sinks_read_columns() || texts == 0 ? columns : 0) + texts * text_of_cell * columns_.size();
}

bool Layout::sinks_read_columns() const {
  return std::ranges::any_of(plugins_, [](const Descriptor* d) { return d->create_sink && d->reads_columns; });
}

std::size_t Layout::packet_row_memory() const {
  std::size_t sum = 0;
  for (const Descriptor* plugin : plugins_) sum += plugin->packet_row_memory;
  return sum;
}

std::size_t Layout::conversation_memory() const {
  std::size_t sum = 0;
  for (const Descriptor* plugin : plugins_) sum += plugin->conversation_memory;
  return sum;
}

const Descriptor* needs_one_worker(std::span<const Descriptor* const> plugins) {
  const auto found = std::ranges::find_if(plugins, &Descriptor::one_worker);
  return found == plugins.end() ? nullptr : *found;
}

std::size_t Layout::index(std::string_view plugin) const {
  const auto found =
      std::find_if(plugins_.begin(), plugins_.end(), [&](const Descriptor* d) { return d->name == plugin; });
  return found == plugins_.end() ? std::string::npos : static_cast<std::size_t>(found - plugins_.begin());
}

std::ptrdiff_t Layout::state_offset(std::size_t plugin, std::size_t size, std::size_t align, const void* initial,
                                    std::size_t other_bytes, Flows flows) {
  Place& place = places_[plugin][static_cast<std::size_t>(flows)];
  const auto up = [align](std::size_t bytes) { return (bytes + align - 1) / align * align; };
  if (place.offset == 0 && flows == Flows::all) {
    place = {static_cast<std::ptrdiff_t>(up(record_.size())), size, other_bytes};
    record_.resize(up(record_.size()) + size);
    std::memcpy(record_.data() + place.offset, initial, size);
  } else if (place.offset == 0) {
    const std::size_t before = tcp_states_.size(), after = up(before + size);
    place = {-static_cast<std::ptrdiff_t>(after), size, other_bytes};
    tcp_states_.insert(tcp_states_.begin(), after - before, std::byte{0});
    std::memcpy(tcp_states_.data(), initial, size);
  } else if (place.size != size) {
    throw Error(fmt::format("{} claims a state of {} bytes, then one of {}: correct the plugin", plugins_[plugin]->name,
                            place.size, size));
  }
  return place.offset;
}

std::ptrdiff_t Layout::peek_offset(std::string_view asking, std::string_view plugin, std::size_t size,
                                   Flows flows) const {
  const std::size_t at = index(plugin);
  if (at == std::string::npos) return 0;
  const auto& needs = plugins_[index(asking)]->needs;
  const bool declared = std::any_of(needs.begin(), needs.end(),
                                    [&](const Dependency& d) { return d.plugin == plugin && !d.layout.empty(); });
  if (!declared)
    throw Error(fmt::format("{} reads the state of {} without declaring it with its layout", asking, plugin));
  if (place(at, flows).size != size)
    throw Error(
        fmt::format("{} was built with another state of {}: run t2build {} {}", asking, plugin, plugin, asking));
  return place(at, flows).offset;
}

SidePrototype Layout::prototype() const {
  const auto up = [](std::size_t bytes) {
    return (bytes + alignof(Direction) - 1) / alignof(Direction) * alignof(Direction);
  };
  SidePrototype side{{}, up(tcp_states_.size()), other_lines()};
  side.bytes.resize(side.tcp_bytes + up(record_.size()));
  std::ranges::copy(tcp_states_, side.bytes.begin() + static_cast<std::ptrdiff_t>(side.tcp_bytes - tcp_states_.size()));
  std::ranges::copy(record_, side.bytes.begin() + static_cast<std::ptrdiff_t>(side.tcp_bytes));
  return side;
}

std::vector<std::int32_t> Layout::other_lines() const {
  constexpr std::ptrdiff_t line = 64;
  std::vector<std::int32_t> lines{0};  // the core's own
  for (const auto& of_plugin : places_) {
    for (const Place& place : of_plugin) {
      if (place.other_bytes == 0) continue;
      const std::ptrdiff_t end = place.offset + static_cast<std::ptrdiff_t>(place.other_bytes);
      for (std::ptrdiff_t at = place.offset & -line; at < end; at += line) {
        if (std::ranges::find(lines, at) == lines.end()) lines.push_back(static_cast<std::int32_t>(at));
      }
    }
  }
  return lines;
}

Instances::Instances(Layout& layout, const Context& context, std::vector<std::string>* problems) {
  if (problems) problems->assign(layout.plugins().size(), {});
  flow_memory_.declare({.bytes = 2 * sizeof(TimeRange), .conversations = 2});  // Flow::ranges
  for (const Descriptor* plugin : layout.plugins()) {
    for (const FlowBlock& block : plugin->flow_blocks) flow_memory_.declare(block);
  }
  for (std::size_t i = 0; i < layout.plugins().size(); ++i) {
    Entry& entry = entries_.emplace_back(
        Entry{layout.plugins()[i], std::make_unique<PluginHost>(layout, context, i, &flow_memory_), nullptr});
    if (!entry.descriptor->create) continue;
    try {
      entry.plugin.reset(entry.descriptor->create(*entry.host));
      entry.host->end_of_create();
      if (!entry.plugin)
        throw Error(fmt::format("{}: create() returns no plugin: correct the plugin", entry.descriptor->name));
    } catch (const Error& e) {
      if (!problems) throw;
      (*problems)[i] = e.what();
    }
  }
}

Instances::~Instances() = default;

void Instances::merge(Instances& other) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].plugin) entries_[i].plugin->merge(*other.entries_[i].plugin);
  }
}

std::unique_ptr<OutputFile> PluginHost::create_file(const NewFile& file) {
  try {
    return create_output_file(file);
  } catch (const Error& e) {
    throw Error(fmt::format("{}: {}", me().name, e.what()));
  }
}

std::unique_ptr<PluginHost> sink_host(Layout& layout, const Context& context, std::size_t plugin) {
  return std::make_unique<PluginHost>(layout, context, plugin, nullptr);
}

}  // namespace t2
