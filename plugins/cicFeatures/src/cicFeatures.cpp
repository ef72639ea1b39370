// cicFeatures: the features of CICFlowMeter, a line for each flow with both its directions, in a CSV file.
//
// Workers count and write the lines, the output thread puts them into the file.
#include "cicFeatures.h"

#include <algorithm>
#include <string>
#include <utility>

#include "features.hpp"
#include "labels_state.h"
#include "t2/plugin.hpp"
#include "t2/row_parts.hpp"

namespace t2::cic_features {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(CIC_SUFFIX), T2_RUNTIME_FLAG(CIC_LONG_NAMES), T2_RUNTIME_FLAG(CIC_NO_LABEL),
                          T2_RUNTIME_FLAG(CIC_GZ_COMPRESS)};
constexpr Dependency needs[] = {{"labels", true, T2_LAYOUT_labels}};

class Features final : public Plugin {
 public:
  explicit Features(Host& host) : state_(host), labels_(host, "labels"), no_label_(host.text("CIC_NO_LABEL")) {}

  void on_packets(std::span<const Packet> packets) override {
    for (const Packet& p : packets) {
      if (!p.is_ip()) continue;
      CicFeaturesState& own = state_(*p.own);
      CicFeaturesState* other = p.other ? &state_(*p.other) : nullptr;
      count(p, own.own, other ? &other->own : nullptr, p.direction == 0 ? own.flow : other->flow);
    }
  }

  void on_flow_end(const EndedFlow& e, Row& row) override {
    const bool answered_first = e.other && e.in_direction(0)->status & status::inverted;
    if (e.direction != (answered_first ? 1 : 0) || e.flow.key.family == Family::layer2) return;
    TimeRange times = e.times();
    if (e.other) {
      const TimeRange other = e.flow.times(e.direction ^ 1);
      times = {std::min(times.earliest, other.earliest), std::max(times.latest, other.latest)};
    }
    const std::string_view label = labels_ ? labels_(e.own).label() : std::string_view();
    line_.clear();
    put_line({e.flow, e.direction, times, state_(e.own).own, e.other ? &state_(*e.other).own : nullptr,
              state_(*e.in_direction(0)).flow, label.empty() ? std::string_view(no_label_) : label},
             line_);
    row.raw(line_.data(), line_.size());
  }

 private:
  State<CicFeaturesState> state_;
  Peek<labels::LabelsState> labels_;
  const std::string no_label_;
  std::string line_;
};

class Lines final : public Sink {
 public:
  explicit Lines(Host& host) : host_(host) {}

  void open(const Output& output) override {
    RowParts::Form form{.path = "-",
                        .header = header(host_.integer("CIC_LONG_NAMES") == 1) + "\n",
                        .compression = static_cast<Compression>(host_.integer("CIC_GZ_COMPRESS"))};
    if (!output.to_stdout) {
      form.path = output.prefix + host_.text("CIC_SUFFIX") + std::string(suffix(form.compression));
      form.split = output.split;
    }
    file_.open(host_, std::move(form));
  }
  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      if (row.own.empty()) continue;
      char* at = file_.reserve(row.own.size(), row.end);
      file_.row(std::copy(row.own.begin(), row.own.end(), at), row.end);
    }
  }
  void idle(Time now) override { file_.flush(now); }
  void close() override {
    file_.close();
    if (lost() > 0) host_.warn(std::to_string(lost()) + " rows were not written");
  }
  std::uint64_t lost() const override { return file_.lost(); }

 private:
  Host& host_;
  RowParts file_;
};

}  // namespace

}  // namespace t2::cic_features

T2_PLUGIN = {.name = "cicFeatures",
             .version = T2_PLUGIN_VERSION,
             .summary = "features of CICFlowMeter, as CSV",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_cicFeatures,
             .needs = t2::cic_features::needs,
             .flags = t2::cic_features::flags,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::cic_features::Features(host); },
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::cic_features::Lines(host); },
             .reads_columns = false};
