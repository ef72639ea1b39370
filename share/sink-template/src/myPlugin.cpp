// myPlugin: flows as lines of name=value.
//
// Runs in the output thread. The core hands over rows in their order; t2/cells.hpp gives the value of each column.
#include "myPlugin.h"

#include <cstring>
#include <optional>
#include <string>

#include "t2/cells.hpp"
#include "t2/plugin.hpp"
#include "t2/row_parts.hpp"

namespace {

constexpr t2::Flag flags[] = {T2_FLAG(MY_TOTALS), T2_RUNTIME_FLAG(MY_SUFFIX)};

class MyPlugin final : public t2::Sink {
 public:
  explicit MyPlugin(t2::Host& host) : host_(host) {}

  void open(const t2::Output& output) override {
    cells_.emplace(output.columns);
    file_.open(host_, {.path = output.to_stdout ? "-" : output.prefix + host_.text("MY_SUFFIX"),
                       .split = output.to_stdout ? t2::Output::Split{} : output.split});
  }

  void write(std::span<const t2::RowView> rows) override {
    for (const t2::RowView& row : rows) {
      cells_->read(row);
      line_.clear();
      for (std::size_t at = 0; at < cells_->size(); ++at) {
        if (at > 0) line_ += ' ';
        line_ += cells_->column(at).name;
        line_ += '=';
        line_ += cells_->text(at);
      }
      line_ += '\n';
      char* const to = file_.reserve(line_.size(), row.end);
      std::memcpy(to, line_.data(), line_.size());
      file_.row(to + line_.size(), row.end);
      ++rows_;
    }
  }

  void idle(t2::Time now) override { file_.flush(now); }
  void close() override { file_.close(); }

  void report(t2::Report& report) const override {
    if constexpr (MY_TOTALS == 1) report.line("Rows: " + report.number(rows_));
  }
  std::uint64_t lost() const override { return file_.lost(); }

 private:
  t2::Host& host_;
  std::optional<t2::text::Cells> cells_;
  t2::RowParts file_;
  std::string line_;  // of one row
  std::uint64_t rows_ = 0;
};

}  // namespace

T2_PLUGIN = {.name = "myPlugin",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as lines of name=value",
             .number = T2_NUMBER,
             .flags = flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new MyPlugin(host); }};
