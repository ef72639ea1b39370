// parquetSink: flows as Parquet files, for DuckDB, Spark, ClickHouse, pandas and what else reads columns.
//
// Runs in the output thread. A row group is collected in memory, column by column, and written at once.
#include "parquetSink.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "parquet_file.hpp"
#include "t2/cells.hpp"
#include "t2/chosen_columns.hpp"
#include "t2/plugin.hpp"
#include "t2/text.hpp"

namespace t2::parquet_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(PARQUET_SUFFIX),       T2_RUNTIME_FLAG(PARQUET_DAYS),
                          T2_RUNTIME_FLAG(PARQUET_COMPRESSION),  T2_RUNTIME_FLAG(PARQUET_GROUP_NFLOWS),
                          T2_RUNTIME_FLAG(PARQUET_GROUP_MEMORY), T2_RUNTIME_FLAG(PARQUET_SELECT),
                          T2_RUNTIME_FLAG(PARQUET_SELECT_FILE)};

constexpr Time day = 86'400 * one_second;

std::string date_of(Time number_of_day) {
  char text[text::bytes_per_value];
  return {text, text::put_day(text, number_of_day)};
}

class ParquetSink final : public Sink {
 public:
  explicit ParquetSink(Host& host) : host_(host) {}

  void open(const Output& output) override {
    if (output.to_stdout)
      throw Error("parquetSink: a Parquet file cannot go to standard output: name a file with -w PREFIX");
    prefix_ = output.prefix + host_.text("PARQUET_SUFFIX");
    split_ = output.split;
    days_ = static_cast<Days>(host_.integer("PARQUET_DAYS"));
    group_rows_ = static_cast<std::uint64_t>(host_.integer("PARQUET_GROUP_NFLOWS"));
    group_bytes_ = static_cast<std::size_t>(host_.integer("PARQUET_GROUP_MEMORY")) * 1'000'000;
    cells_.emplace(output.columns);
    const std::vector<std::size_t> positions = chosen_positions(host_, "parquetSink", "PARQUET", output.columns);
    chosen_.resize(cells_->size());
    columns_.reserve(positions.size());
    for (const std::size_t at : positions) {
      const bool is_text = !cells_->is_single(at) && !cells_->is_list(at);
      chosen_[at] = {&columns_.emplace_back(cells_->column(at), cells_->is_list(at), is_text), is_text};
    }
    file_.emplace(columns_, static_cast<int>(host_.integer("PARQUET_COMPRESSION")), output.about,
                  [this](const std::string& text) { host_.warn(text); });
    if (days_ == Days::together && !file_->open(path(0)))
      throw Error("parquetSink: cannot write '" + path(0) + "': see above");
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      if (must_change(row.end)) begin_file(row.end);
      latest_ = std::max(latest_, row.end);
      const ParquetColumn::Place place{directions_.size(), row.direction, rows_[row.direction]};
      for (const std::size_t at : cells_->read_changes(row)) {
        const Chosen& chosen = chosen_[at];
        if (!chosen.column) continue;
        if (chosen.is_text) chosen.column->put_text(place, cells_->text(at));
        else chosen.column->put(place, Values(cells_->bytes(at)));
      }
      directions_.push_back(row.direction);
      ++rows_[row.direction];
      ++rows_in_file_;
      if (directions_.size() >= group_rows_ || is_full(row)) end_group();
    }
  }

  // A file whose time is over is completed, whether rows come or not.
  void idle(Time now) override {
    constexpr Time latest_row = 12 * one_second;  // so late a row can come
    if (split_.live && split_.interval > 0 && rows_in_file_ > 0 &&
        (now - latest_row) / split_.interval > latest_ / split_.interval)
      end_file();
  }
  void close() override {
    if (!file_) return;
    end_file();
    if (lost() > 0) host_.warn(std::to_string(lost()) + " rows were not written");
  }
  std::uint64_t lost() const override { return file_ ? file_->lost() : 0; }
  std::uint64_t max_memory() const override { return 3 * group_bytes_; }

 private:
  // Columns are added up only when the group may be full: a row has at most so many bytes more than before. Its values
  // grow most as text: one byte in a list has three digits, a separator, a length and levels.
  bool is_full(const RowView& row) {
    max_size_ += 16 * row.columns.size() + 64 * columns_.size();
    if (max_size_ < group_bytes_) return false;
    max_size_ = 0;
    for (const ParquetColumn& column : columns_) max_size_ += column.size(rows_);
    return max_size_ >= group_bytes_;
  }
  std::string path(Time end) const {
    std::string name = prefix_;
    if (days_ == Days::in_names) name += "_" + date_of(end / day);
    if (days_ == Days::in_folders) name.insert(name.rfind('/') + 1, "day=" + date_of(end / day) + '/');
    if (split_.on) name += "_" + std::to_string(split_.first + files_);
    return name + ".parquet";
  }
  bool must_change(Time end) const {
    if (!file_->is_open()) return true;
    if (rows_in_file_ == 0) return false;
    if (days_ != Days::together && end / day > latest_ / day) return true;
    return split_.on &&
           ((split_.rows > 0 && rows_in_file_ >= split_.rows) || (split_.bytes > 0 && file_->bytes() >= split_.bytes) ||
            (split_.interval > 0 && end / split_.interval > latest_ / split_.interval));
  }
  void end_group() {
    if (!directions_.empty()) file_->write_group(directions_);
    directions_.clear();
    rows_[0] = rows_[1] = max_size_ = 0;
    cells_->forget();
  }
  void end_file() {
    if (!file_->is_open()) return;
    end_group();
    file_->close();
    rows_in_file_ = 0;
    ++files_;
  }
  void begin_file(Time end) {
    end_file();
    const std::string name = path(std::max(end, latest_));
    if (days_ == Days::in_folders) {  // where it cannot be made, open() says why
      std::error_code ignored;
      std::filesystem::create_directory(name.substr(0, name.rfind('/')), ignored);
    }
    file_->open(name);
  }

  Host& host_;
  std::string prefix_;
  Output::Split split_;
  enum class Days : std::uint8_t { together, in_names, in_folders } days_ = Days::together;
  std::uint64_t group_rows_ = 0;
  std::size_t group_bytes_ = 0;
  std::size_t max_size_ = 0;  // of the group, in memory: not more than this
  std::optional<text::Cells> cells_;
  struct Chosen {
    ParquetColumn* column = nullptr;  // of columns_; null: not wanted
    bool is_text = false;             // several values, as the flow file has them
  };
  std::vector<Chosen> chosen_;  // of all cells
  std::vector<ParquetColumn> columns_;
  std::optional<ParquetFile> file_;
  std::vector<std::uint8_t> directions_;  // of the group's rows
  std::size_t rows_[2] = {0, 0};          // of the group, by direction
  std::uint64_t rows_in_file_ = 0, files_ = 0;
  Time latest_ = 0;  // end of the latest row
};

}  // namespace

}  // namespace t2::parquet_sink

T2_PLUGIN = {.name = "parquetSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as Parquet files",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_parquetSink,
             .flags = t2::parquet_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::parquet_sink::ParquetSink(host); }};
