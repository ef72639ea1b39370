// labels: gives flows the labels of rules, for data sets of machine learning.
//
// Rules are looked up when a flow ends. An instance belongs to one worker
// thread; rules are only read.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "columns.hpp"
#include "label_rules.hpp"
#include "labels.h"
#include "labels_state.h"
#include "t2/plugin.hpp"

namespace t2::labels {

namespace {

constexpr t2::Flag flags[] = {T2_RUNTIME_FLAG(LABELS_FILE), T2_RUNTIME_FLAG(LABELS_NONE)};

class Labels final : public t2::Plugin {
 public:
  explicit Labels(t2::Host& host)
      : state_(host), rules_(read(host)), unlabelled_(host.text("LABELS_NONE")), used_(rules_->size()) {}

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    if (e.flow.number != flow_) {  // the other direction has the same label
      flow_ = e.flow.number;
      rule_ = rules_->find(facts_of(e));
    }
    const bool found = rule_ != Rules::none;
    labelled_ += found;
    if (found) {
      const std::string& label = (*rules_)[rule_].label;
      used_[rule_] = true;
      state_(e.own) = {label.data(), static_cast<std::uint32_t>(label.size())};
    }
    row.text(found ? (*rules_)[rule_].label : unlabelled_);
    row.put(found ? (*rules_)[rule_].line : 0u);
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const Labels&>(plugin);
    labelled_ += other.labelled_;
    for (std::size_t i = 0; i < used_.size(); ++i)
      if (other.used_[i]) used_[i] = true;
  }

  void report(t2::Report& report) const override {
    if (!missing_.empty()) return report.line("There is no '" + missing_ + "': no flow has a label; set LABELS_FILE");
    std::uint64_t unused = 0;
    std::uint32_t first = 0;
    for (std::uint32_t i = 0; i < used_.size(); ++i) {
      if (used_[i]) continue;
      if (unused++ == 0) first = (*rules_)[i].line;
    }
    report.line("Number of flows with a label: " + report.number(labelled_));
    std::string text = "Rules that labelled no flow: " + report.number(unused) + " of " + std::to_string(used_.size());
    if (unused > 0) text += ", the first in line " + std::to_string(first);
    report.line(text);
  }

 private:
  // No rules where there is no file of that name in the plugin folder: then the report says so. Instances are made one
  // by one.
  std::shared_ptr<const Rules> read(t2::Host& host) {
    static std::map<std::string, std::weak_ptr<const Rules>, std::less<>> known;
    const std::string name = host.text("LABELS_FILE");
    const std::string path = named_file(host, name);
    const bool in_plugin_folder = path != name;
    if (in_plugin_folder && !std::filesystem::exists(path)) {
      missing_ = path;
      return std::make_shared<const Rules>(std::vector<Rule>());
    }
    std::shared_ptr<const Rules> rules = known[path].lock();
    if (!rules) known[path] = rules = std::make_shared<const Rules>(read_rules(path));
    return rules;
  }

  static FlowFacts facts_of(const t2::EndedFlow& e) {
    t2::TimeRange times = e.times();
    if (e.other) {
      const t2::TimeRange other = e.flow.times(e.direction ^ 1);
      times = {std::min(times.earliest, other.earliest), std::max(times.latest, other.latest)};
    }
    return {e.flow.key.family, e.flow.key.protocol, e.flow.source(0), e.flow.destination(0), times};
  }

  t2::State<LabelsState> state_;
  std::string missing_;  // the file of rules
  std::shared_ptr<const Rules> rules_;
  const std::string unlabelled_;
  std::vector<bool> used_;  // by rule: it labelled a flow
  std::uint64_t labelled_ = 0;
  std::uint64_t flow_ = 0;  // Flow::number of the last row, 0: none
  std::uint32_t rule_ = Rules::none;
};

}  // namespace

}  // namespace t2::labels

T2_PLUGIN = {.name = "labels",
             .version = T2_PLUGIN_VERSION,
             .summary = "labels of flows, by rules of the user",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_labels,
             .flags = t2::labels::flags,
             .columns = t2::labels::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::labels::Labels(host); }};
