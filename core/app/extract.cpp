// Chooses packets by the rows of packets that -s would write, and copies them.
#include "app/extract.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "app/outcome.hpp"
#include "app/pipeline_parts.hpp"
#include "base/digits.hpp"
#include "base/output_file.hpp"
#include "base/paths.hpp"
#include "base/streams.hpp"
#include "capture/libpcap.hpp"
#include "t2/error.hpp"

namespace t2 {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view form = "write 'flowInd in (17, 42, 50-60)', 'flowInd in (@FILE)' or 'flowInd == 17'";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool take(std::string_view& text, std::string_view word) {
  text = trimmed(text);
  if (!text.starts_with(word)) return false;
  text = trimmed(text.substr(word.size()));
  return true;
}

// Capture numbers of packets, from 1: a bit for each.
class PacketSet {
 public:
  void add(std::uint64_t number) {
    if (number >= bits_.size()) bits_.resize(std::max<std::size_t>(number + 1, 2 * bits_.size()));
    bits_[number] = true;
    last_ = std::max(last_, number);
  }
  bool contains(std::uint64_t number) const { return number < bits_.size() && bits_[number]; }
  std::uint64_t last() const { return last_; }

 private:
  std::vector<bool> bits_;
  std::uint64_t last_ = 0;
};

// A pcap file with nanoseconds. Its link type is that of its first packet; packets of others do not fit in. It gets its
// name when it is complete.
class CaptureWriter {
 public:
  explicit CaptureWriter(const std::string& path) : path_(path) {}

  void write(const RawPacket& raw) {
    if (written_ == 0) open(raw.link_type);
    if (raw.link_type != link_type_) {
      ++left_out_;
      return;
    }
    const std::uint32_t head[] = {static_cast<std::uint32_t>(raw.time / one_second),
                                  static_cast<std::uint32_t>(raw.time % one_second), raw.captured, raw.wire};
    char* at = file_.reserve(sizeof head + raw.captured);
    std::memcpy(at, head, sizeof head);
    if (raw.captured > 0) std::memcpy(at + sizeof head, raw.data, raw.captured);
    file_.row(at + sizeof head + raw.captured);
    ++written_;
  }
  void finish() { file_.close(); }
  std::uint64_t written() const { return written_ - file_.lost(); }
  std::uint64_t left_out() const { return left_out_; }
  std::uint64_t lost() const { return file_.lost(); }

 private:
  void open(int link_type) {
    link_type_ = link_type;
    file_ = RowFile(create_output_file({.path = path_, .header = header(link_type), .in_parts = true, .lines = false}));
  }
  // libpcap knows the number of a link type in files.
  static std::string header(int link_type) {
    constexpr int max_length = 262144;  // of a packet, as tcpdump has it
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const memory = open_memstream(&text, &size);
    pcap_t* const handle =
        libpcap().pcap_open_dead_with_tstamp_precision(link_type, max_length, PCAP_TSTAMP_PRECISION_NANO);
    pcap_dumper_t* const dumper = memory && handle ? libpcap().pcap_dump_fopen(handle, memory) : nullptr;
    const std::string problem = dumper ? "" : handle ? libpcap().pcap_geterr(handle) : "no memory";
    if (dumper) libpcap().pcap_dump_close(dumper);
    else if (memory) std::fclose(memory);
    if (handle) libpcap().pcap_close(handle);
    const std::string made(text ? text : "", size);
    std::free(text);
    if (!problem.empty()) throw Error("cannot write the extracted packets: " + problem);
    return made;
  }

  const std::string path_;
  RowFile file_;
  int link_type_ = 0;
  std::uint64_t written_ = 0, left_out_ = 0;
};

void refuse_own_input(const Options& options) {
  std::error_code problem;
  for (const std::string& source : options.sources)
    if (fs::equivalent(source, *options.output, problem))
      throw Error(fmt::format("Option '-w': '{}' is the input, and would be overwritten", *options.output));
}

struct Chosen {
  PacketSet packets;
  std::set<std::uint64_t> flows;
  std::string damage;
};

Chosen choose(const Options& options, const Config& config, const Plugins& plugins, const FlowChoice& choice,
              Source& source) {
  Chosen chosen;
  Log log;
  log.quiet();
  std::vector<const Descriptor*> analysing;  // sinks have no part in what a flow is
  std::copy_if(plugins.all().begin(), plugins.all().end(), std::back_inserter(analysing),
               [](const Descriptor* plugin) { return !plugin->create_sink; });
  PipelineParts parts(options, config, plugins, std::move(analysing), source, log, 0, [&](RowBatch& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!choice.contains(rows.head(i).index)) continue;
      chosen.packets.add(rows.head(i).number);
      chosen.flows.insert(rows.head(i).index);
    }
  });
  Engine engine(parts.for_engine(source, log));
  engine.on_report([] {}, 0);
  engine.run();
  chosen.damage = engine.damage();
  return chosen;
}

void copy(const PacketSet& packets, Source& source, CaptureWriter& to) {
  std::uint64_t number = 0;
  Block block;
  for (Read read = Read::packets; read != Read::end && number < packets.last();) {
    read = source.read(block);
    for (const RawPacket& raw : block.packets)
      if (packets.contains(++number)) to.write(raw);
  }
  to.finish();
}

}  // namespace

FlowChoice::FlowChoice(std::string_view expression) {
  std::string_view text = expression;
  const Error wrong(fmt::format("Option '--extract': '{}' is not understood: {}", expression, form));
  if (!take(text, "flowInd")) throw wrong;
  if (take(text, "==")) {
    text = trimmed(text);
    if (text.empty() || !std::isdigit(static_cast<unsigned char>(text[0]))) throw wrong;
    add(text);
  } else {
    if (!take(text, "in") || !take(text, "(") || !text.ends_with(')')) throw wrong;
    text.remove_suffix(1);
    for (;;) {
      const std::size_t comma = std::min(text.find(','), text.size());
      add(trimmed(text.substr(0, comma)));
      if (comma == text.size()) break;
      text.remove_prefix(comma + 1);
    }
  }
  std::sort(ranges_.begin(), ranges_.end());
  std::size_t kept = 0;
  for (const auto& range : ranges_) {
    if (kept > 0 && range.first <= ranges_[kept - 1].second)
      ranges_[kept - 1].second = std::max(ranges_[kept - 1].second, range.second);
    else ranges_[kept++] = range;
  }
  ranges_.resize(kept);
}

void FlowChoice::add(std::string_view item) {
  if (item.starts_with('@')) return add_file(std::string(item.substr(1)));
  const std::size_t dash = std::min(item.find('-'), item.size());
  const auto first = digits_as_number(trimmed(item.substr(0, dash)));
  const auto last = dash < item.size() ? digits_as_number(trimmed(item.substr(dash + 1))) : first;
  if (!first || !last) throw Error(fmt::format("Option '--extract': '{}' is no number of a flow: {}", item, form));
  if (*last < *first) throw Error(fmt::format("Option '--extract': {} is an empty range", item));
  ranges_.emplace_back(*first, *last);
}

void FlowChoice::add_file(const std::string& path) {
  std::ifstream file = open_text("the flows of --extract:", path);
  for (std::string word; file >> word;) add(word);
}

bool FlowChoice::contains(std::uint64_t flow) const {
  const auto behind = std::upper_bound(ranges_.begin(), ranges_.end(), std::pair(flow, UINT64_MAX));
  return behind != ranges_.begin() && std::prev(behind)->second >= flow;
}

int extract_flows(const Options& options, const Config& config, const Plugins& plugins,
                  const std::function<std::unique_ptr<Source>()>& open) {
  const FlowChoice choice(options.extract);
  refuse_own_input(options);
  const Chosen chosen = choose(options, config, plugins, choice, *open());
  if (chosen.flows.empty())
    throw Error(
        fmt::format("no packet belongs to the flows of '{}': are these the plugins and options of the run "
                    "that numbered them?",
                    options.extract));
  CaptureWriter to(*options.output);
  copy(chosen.packets, *open(), to);
  std::FILE* const tell = *options.output == "-" ? stderr : stdout;
  print_to(tell,
           fmt::format("Extracted {} packets of {} flows to {}\n", to.written(), chosen.flows.size(), *options.output));
  if (to.left_out() > 0)
    print_error(fmt::format("{} packets have another link type than the first one and do not fit into {}",
                            to.left_out(), *options.output));
  if (!chosen.damage.empty()) print_error(chosen.damage);
  if (to.lost() > 0) print_error(fmt::format("{} packets could not be written", to.lost()));
  return to.left_out() + to.lost() > 0 ? output_lost : chosen.damage.empty() ? all_well : input_damaged;
}

}  // namespace t2
