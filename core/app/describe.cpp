// Lays out a record and makes one instance of each plugin, since only then their state's size is known. One that cannot
// be made, say because a file of the user is missing, is described nevertheless.
#include "app/describe.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "app/report_output.hpp"
#include "base/closest.hpp"
#include "base/log.hpp"
#include "base/totals.hpp"
#include "host/core_flags.hpp"
#include "host/layout.hpp"
#include "t2/schema.hpp"

namespace t2 {

namespace {

// As wide as the column's values.
std::string mask_text(const Column& column, const Bit& bit) {
  const Type type = column.type[0];
  const int digits = type == Type::h8 ? 2 : type == Type::h16 ? 4 : type == Type::h32 ? 8 : 16;
  return fmt::format("0x{:0{}x}", bit.mask, digits);
}

struct StateBytes {              // of each direction of a flow
  std::size_t all = 0, tcp = 0;  // of all flows, and of flows of TCP besides
};

class Description {
 public:
  virtual ~Description() = default;
  // `problem`: why it cannot run as it is set, or empty.
  virtual void begin(const Descriptor& plugin, StateBytes bytes, const std::string& problem) = 0;
  virtual void columns(std::string_view of, std::span<const Column> columns) = 0;
  virtual void flag(const Flag& flag, const std::string& value) = 0;
  virtual void end() = 0;
};

class TextDescription final : public Description {
 public:
  std::string text;
  void begin(const Descriptor& plugin, StateBytes bytes, const std::string& problem) override {
    text += fmt::format("{}{}, version {}, number {}: {}\n", text.empty() ? "" : "\n", plugin.name, plugin.version,
                        plugin.number, plugin.summary);
    if (!problem.empty()) text += fmt::format("  cannot run as it is set: {}\n", problem);
    for (const Dependency& need : plugin.needs)
      text += fmt::format("  {} {}\n", need.optional ? "uses, where it is loaded," : "needs", need.plugin);
    if (bytes.all > 0) text += fmt::format("  {} bytes for each direction of a flow\n", bytes.all);
    if (bytes.tcp > 0)
      text += fmt::format("  {} bytes{} for each direction of a TCP flow\n", bytes.tcp, bytes.all > 0 ? " more" : "");
    for (const FlowBlock& block : plugin.flow_blocks)
      text += fmt::format("  {} bytes more for some flows\n", block.bytes);
    if (plugin.packet_row_memory > 0)
      text += fmt::format("  {} bytes more for a direction with -s\n", plugin.packet_row_memory);
    if (plugin.conversation_memory > 0)
      text += fmt::format("  {} bytes more for a conversation\n", plugin.conversation_memory);
    if (plugin.one_worker) text += "  sees all flows: one thread analyses them\n";
    flags_ = false;
    tables_.clear();
  }
  void columns(std::string_view of, std::span<const Column> columns) override {
    text += fmt::format("  Columns of {}:\n", of);
    for (const Column& column : columns) {
      text +=
          fmt::format("    {:20} {:12} {:10} {}\n", column.name, schema::type_codes(column), column.unit, column.doc);
      if (!tables_.insert(column.bits.data()).second) continue;  // flows and packets often share one
      for (const Bit& bit : column.bits) text += fmt::format("      {}  {}\n", mask_text(column, bit), bit.meaning);
    }
  }
  void flag(const Flag& flag, const std::string& value) override {
    if (!flags_) text += "  Flags:\n";
    flags_ = true;
    text +=
        fmt::format("    {:20} {:12} {}{}{}\n", flag.name, value, flag.meaning,
                    flag.allowed.empty() ? "" : fmt::format(" [{}]", flag.allowed), flag.runtime ? " (run time)" : "");
  }
  void end() override {}

 private:
  bool flags_ = false;
  std::set<const Bit*> tables_;  // of this plugin, that were printed
};

class JsonDescription final : public Description {
 public:
  std::string text;  // objects, with commas between them
  void begin(const Descriptor& plugin, StateBytes bytes, const std::string& problem) override {
    std::string needs, blocks;
    for (const FlowBlock& block : plugin.flow_blocks)
      blocks += fmt::format("{}{}", blocks.empty() ? "" : ",", block.bytes);
    for (const Dependency& need : plugin.needs)
      needs += fmt::format("{}{{\"plugin\":{},\"optional\":{}}}", needs.empty() ? "" : ",", json_text(need.plugin),
                           need.optional);
    text += fmt::format(
        "{}{{\"name\":{},\"version\":{},\"number\":{},\"summary\":{},\"needs\":[{}],\"bytes_per_direction\":{},"
        "\"more_bytes_per_direction_of_tcp\":{},\"bytes_of_some_flows\":[{}],\"bytes_per_direction_with_s\":{},"
        "\"bytes_per_conversation\":{},\"one_worker\":{},\"problem\":{}",
        text.empty() ? "" : ",", json_text(plugin.name), json_text(plugin.version), plugin.number,
        json_text(plugin.summary), needs, bytes.all, bytes.tcp, blocks, plugin.packet_row_memory,
        plugin.conversation_memory, plugin.one_worker, problem.empty() ? "null" : json_text(problem));
    flags_.clear();
  }
  void columns(std::string_view of, std::span<const Column> columns) override {
    std::string list;
    for (const Column& column : columns) {
      std::string bits;
      for (const Bit& bit : column.bits)
        bits += fmt::format("{}{{\"mask\":\"{}\",\"meaning\":{}}}", bits.empty() ? "" : ",", mask_text(column, bit),
                            json_text(bit.meaning));
      list += fmt::format("{}{{\"name\":{},\"type\":{},\"list\":{},\"unit\":{},\"meaning\":{},\"bits\":[{}]}}",
                          list.empty() ? "" : ",", json_text(column.name), json_text(schema::type_codes(column)),
                          column.repeats, column.unit.empty() ? "null" : json_text(column.unit), json_text(column.doc),
                          bits);
    }
    text += fmt::format(",\"columns_of_{}\":[{}]", of, list);
  }
  void flag(const Flag& flag, const std::string& value) override {
    flags_ += fmt::format("{}{{\"name\":{},\"value\":{},\"compiled\":{},\"runtime\":{},\"allowed\":{},\"meaning\":{}}}",
                          flags_.empty() ? "" : ",", json_text(flag.name), json_text(value), json_text(flag.value),
                          flag.runtime, json_text(flag.allowed), json_text(flag.meaning));
  }
  void end() override { text += fmt::format(",\"flags\":[{}]}}", flags_); }

 private:
  std::string flags_;
};

}  // namespace

std::string describe(const std::vector<std::string>& names, const Config& config, const Plugins& plugins, bool json) {
  std::vector<const Descriptor*> all{&core_descriptor};
  all.insert(all.end(), plugins.all().begin(), plugins.all().end());
  std::vector<std::string> known;
  known.reserve(all.size());
  for (const Descriptor* plugin : all) known.emplace_back(plugin->name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(fmt::format(
          "Option '--describe': no plugin '{}' is loaded{}", name,
          closest(name, known).empty() ? fmt::format(": run t2build {}", name) : did_you_mean(name, known)));
  }
  Log log;
  log.hold();  // what plugins say when they are made is of no interest
  HeaderStacks stacks;
  Time run_start = 0;
  InputTotals totals;
  Layout layout(plugins.all());
  const Context context{config, stacks, log, plugins.folder(), settings.sensor_id, &run_start, &totals};
  std::vector<std::string> problems;
  const Instances instances(layout, context, &problems);

  TextDescription text;
  JsonDescription objects;
  Description& to = json ? static_cast<Description&>(objects) : text;
  for (const Descriptor* plugin : all) {
    const bool is_core = plugin == &core_descriptor;
    if (!names.empty() && std::find(names.begin(), names.end(), plugin->name) == names.end()) continue;
    if (is_core) {
      to.begin(*plugin, {.all = sizeof(Direction)}, {});
    } else {
      const std::size_t at = layout.index(plugin->name);
      to.begin(*plugin, {layout.state_bytes(at, Flows::all), layout.state_bytes(at, Flows::tcp)}, problems[at]);
    }
    const auto columns = is_core ? std::span(layout.columns()).first(2) : plugin->columns;
    const auto of_packets = is_core ? std::span<const Column>() : plugin->packet_columns;
    if (json || !columns.empty()) to.columns("flows", columns);
    if (json || !of_packets.empty()) to.columns("packets", of_packets);
    for (const Flag& flag : plugin->flags) to.flag(flag, config.text(*plugin, flag.name));
    to.end();
  }
  return json ? fmt::format("{{\"plugins\":[{}]}}\n", objects.text) : text.text;
}

}  // namespace t2
