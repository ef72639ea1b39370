// entropy: how evenly the bytes of a direction's payload are distributed: text and code are far from the largest
// entropy, what is encrypted or compressed is near to it.
//
// An instance belongs to one worker thread. A direction that has ENT_THRESH bytes costs one comparison a packet.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "columns.hpp"
#include "entropy.h"
#include "entropy_state.h"
#include "t2/plugin.hpp"
#include "words.hpp"

namespace t2::entropy {

namespace {

constexpr t2::Flag flags[] = {T2_FLAG(ENT_ALPHAD),         T2_RUNTIME_FLAG(ENT_NORM),  T2_RUNTIME_FLAG(ENT_NBITS),
                              T2_RUNTIME_FLAG(ENT_HPKTIG), T2_RUNTIME_FLAG(ENT_HEAD),  T2_RUNTIME_FLAG(ENT_TAIL),
                              T2_RUNTIME_FLAG(ENT_THRESL), T2_RUNTIME_FLAG(ENT_THRESH)};
constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(ByteCounts), .conversations = 1}};

struct Result {
  float entropy = -1, characters = -1, binary = -1;
};

class Entropy final : public t2::Plugin {
 public:
  explicit Entropy(t2::Host& host)
      : host_(host),
        state_(host),
        normalised_(host.integer("ENT_NORM") == 1),
        word_bits_(static_cast<unsigned>(host.integer("ENT_NBITS"))),
        ignored_packets_(static_cast<std::uint64_t>(host.integer("ENT_HPKTIG"))),
        head_(static_cast<std::uint32_t>(host.integer("ENT_HEAD"))),
        tail_(static_cast<std::uint32_t>(host.integer("ENT_TAIL"))),
        min_bytes_(static_cast<std::uint32_t>(host.integer("ENT_THRESL"))),
        max_bytes_(static_cast<std::uint32_t>(host.integer("ENT_THRESH"))) {
    if (tail_ <= head_) throw t2::Error("entropy: ENT_TAIL is not larger than ENT_HEAD: set ENT_TAIL to more");
  }

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      const std::uint32_t size = std::min({p.captured_l7, p.l7_length, tail_});
      if (size <= head_ || p.index_in_direction <= ignored_packets_) continue;
      EntropyState& s = state_(*p.own);
      if (s.bytes < max_bytes_) count(p, s, p.bytes(p.l7 + head_).read(size - head_));
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const EntropyState& s = state_(e.own);
    refused_ += s.refused;
    const Result result = of(s);
    if (result.entropy > 0) {
      ++flows_;
      min_ = std::min(min_, result.entropy), max_ = std::max(max_, result.entropy);
    }
    if (!row.is_read()) return;
    row.put(result.entropy), row.put(result.characters), row.put(result.binary);
    if constexpr (with_counts) put_counts(s, row);
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const Entropy&>(plugin);
    flows_ += other.flows_, refused_ += other.refused_;
    min_ = std::min(min_, other.min_), max_ = std::max(max_, other.max_);
  }

  void report(t2::Report& report) const override {
    if (flows_ > 0) {
      char text[96];
      std::snprintf(text, sizeof text, " (smallest %f, largest %f)", static_cast<double>(min_),
                    static_cast<double>(max_));
      report.line("Number of flows with entropy: " + report.number(flows_) + text);
    }
    if (refused_ > 0) report.line("Flows that memory was too short for: " + report.number(refused_));
  }

 private:
  void count(const t2::Packet& p, EntropyState& s, std::span<const std::uint8_t> bytes) {
    if (!s.counts) {
      if (s.refused) return;
      s.counts = static_cast<ByteCounts*>(host_.flow_alloc(*p.flow, sizeof(ByteCounts)));
      s.refused = !s.counts;
      if (s.refused) return;
    }
    bytes = bytes.first(std::min<std::size_t>(bytes.size(), max_bytes_ - s.bytes));
    for (const std::uint8_t byte : bytes) ++s.counts->of[byte];
    s.bytes += static_cast<std::uint32_t>(bytes.size());
  }

  void put_counts(const EntropyState& s, t2::Row& row) const {
    const WordCounts counts = words_of(s.counts, word_bits_);
    const auto all = std::span(counts.of).first(counts.words);
    row.put(static_cast<std::uint32_t>(std::count(all.begin(), all.end(), 0u)));
    row.put(s.bytes);
    row.count(s.counts ? all.size() : 0);
    if (s.counts)
      for (const std::uint32_t times : all) row.put(times);
  }

  Result of(const EntropyState& s) const {
    if (!s.counts || s.bytes <= min_bytes_) return {};
    std::uint32_t characters = 0, binary = 0;
    double sum = 0;
    const double bytes = s.bytes, words = bytes * (8 / word_bits_);
    const WordCounts counts = words_of(s.counts, word_bits_);
    for (unsigned word = 0; word < counts.words; ++word)
      if (const std::uint32_t times = counts.of[word]; times != 0) sum += times * std::log2(words / times);
    for (unsigned byte = 0; byte < 256; ++byte) {
      const std::uint32_t times = s.counts->of[byte];
      binary += byte < 10 ? times : 0;
      characters += byte == '\n' || byte == '\r' || (byte >= 32 && byte < 128) ? times : 0;
    }
    return {static_cast<float>(sum / words / (normalised_ ? word_bits_ : 1)), static_cast<float>(characters / bytes),
            static_cast<float>(binary / bytes)};
  }

  t2::Host& host_;
  t2::State<EntropyState> state_;
  const bool normalised_;
  const unsigned word_bits_;
  const std::uint64_t ignored_packets_;  // of a direction
  const std::uint32_t head_, tail_;      // bytes of a payload: from here to there
  const std::uint32_t min_bytes_, max_bytes_;
  std::uint64_t flows_ = 0, refused_ = 0;
  float min_ = 8, max_ = 0;
};

}  // namespace

}  // namespace t2::entropy

T2_PLUGIN = {.name = "entropy",
             .version = T2_PLUGIN_VERSION,
             .summary = "entropy of payloads, shares of characters and of small numbers",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_entropy,
             .flags = t2::entropy::flags,
             .columns = t2::entropy::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::entropy::Entropy(host); },
             .flow_blocks = t2::entropy::flow_blocks};
