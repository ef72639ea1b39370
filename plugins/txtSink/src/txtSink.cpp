// txtSink: flows as text, one line each, and a file that describes the columns; with -s packets likewise.
//
// Workers make the cells of a flow's row (t2/row_text.hpp). The sink, in the output thread, puts the flow's number
// before them, in one large buffer that the core writes. A failed write never stops the analysis: the rows are counted
// as lost.
#include "txtSink.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "t2/plugin.hpp"
#include "t2/row_parts.hpp"
#include "t2/row_text.hpp"
#include "t2/schema.hpp"
#include "t2/text.hpp"

namespace t2::txt_sink {

namespace {

using text::decimal;
using text::RowFormatter;

constexpr Flag flags[] = {T2_FLAG(TFS_SPLIT),
                          T2_FLAG(TFS_PRI_HDR),
                          T2_FLAG(TFS_PRI_HDR_FW),
                          T2_FLAG(TFS_HDR_FILE),
                          T2_FLAG(TFS_EXTENDED_HEADER),
                          T2_FLAG(TFS_NC_TYPE),
                          T2_FLAG(TFS_SAN_UTF8),
                          T2_RUNTIME_FLAG(TFS_FLOWS_TXT_SUFFIX),
                          T2_RUNTIME_FLAG(TFS_HEADER_SUFFIX),
                          T2_RUNTIME_FLAG(TFS_GZ_COMPRESS),
                          T2_RUNTIME_FLAG(TFS_CSV),
                          T2_RUNTIME_FLAG(TFS_SEPARATOR),
                          T2_RUNTIME_FLAG(TFS_HDR_MARK),
                          T2_RUNTIME_FLAG(TFS_ISO_TIMES),
                          T2_RUNTIME_FLAG(TFS_JOIN_AB)};

text::RowForm row_form() {
  text::RowForm form = text::default_form();
  form.sanitise = TFS_SAN_UTF8 == 1;
  return form;
}

text::RowForm flow_form(const Host& host) {
  text::RowForm form = row_form();
  form.csv = host.integer("TFS_CSV") == 1;
  if (form.csv) form.separator = ",";
  if (const std::string wanted = host.text("TFS_SEPARATOR"); !wanted.empty()) form.separator = wanted;
  if (host.integer("TFS_ISO_TIMES") == 1) form.dates = true;
  return form;
}

// TFS_JOIN_AB: flowInd, NAME_A ..., NAME_B ...
std::vector<std::string> joined_names(std::span<const Column> columns) {
  std::vector<std::string> names{std::string(columns[1].name)};
  for (const char* direction : {"_A", "_B"})
    for (const Column& column : columns.subspan(2)) names.push_back(std::string(column.name) + direction);
  return names;
}

// The worker's part: all cells but `dir` and `flowInd`.
class FlowText final : public Plugin {
 public:
  explicit FlowText(Host& host) : formatter_(host.columns(), RowFormatter::RowsOf::flows, flow_form(host)) {}
  void on_row(const RowView& row, Row& own) override {
    char* const at = own.reserve(formatter_.room(row));
    own.end_at(formatter_.put_cells(at, row));
  }

 private:
  RowFormatter formatter_;
};

char* put_cells(char* at, const RowView& row) {
  std::memcpy(at, row.own.data(), row.own.size());
  return at + row.own.size();
}

class TxtSink final : public Sink {
 public:
  explicit TxtSink(Host& host)
      : host_(host),
        form_(flow_form(host)),
        compression_(static_cast<Compression>(host.integer("TFS_GZ_COMPRESS"))),
        joined_(host.integer("TFS_JOIN_AB") == 1) {}

  void open(const Output& output) override {
    columns_ = output.columns.size();
    const std::vector<std::string> names = joined_names(output.columns);
    std::vector<Column> columns(output.columns.begin(), output.columns.end());
    if (joined_) columns = joined_columns(output.columns, names);
    RowParts::Form form{
        .path = output.to_stdout ? "-" : output.prefix + flow_suffix() + std::string(suffix(compression_)),
        .header_in_each = TFS_PRI_HDR_FW == 1,
        .compression = compression_};
    if (TFS_SPLIT == 1 && !output.to_stdout) form.split = output.split;
    if constexpr (TFS_PRI_HDR == 1) {
      if constexpr (TFS_EXTENDED_HEADER == 1) form.header = extended_header(columns);
      form.header += mark() + schema::column_names(columns, form_.separator) + "\n";
    }
    if constexpr (TFS_HDR_FILE == 1) describe_columns(output, columns);
    RowParts::Completed completed;
    if constexpr (TFS_PRI_HDR == 1 && TFS_EXTENDED_HEADER == 1)
      completed = [](RowFile& part, std::uint64_t count, bool with_header) {
        if (with_header) part.replace(0, T2_CORE_HDR_CHR " " + decimal(count));
      };
    file_.open(host_, std::move(form), std::move(completed));
  }

  void write(std::span<const RowView> rows) override {
    if (joined_) return write_joined(rows);
    for (const RowView& row : rows) {
      char* at = file_.reserve(row.own.size() + form_.separator.size() + number_room, row.end);
      *at++ = row.direction == 0 ? 'A' : 'B';
      at = put_cells(text::put_unsigned(text::put_string(at, form_.separator), row.index), row);
      *at++ = '\n';
      file_.row(at, row.end);
    }
  }

  bool open_packets(const Output& output) override {
    packet_formatter_.emplace(output.columns, RowFormatter::RowsOf::packets, row_form());
    packets_ = RowFile(
        host_.create_file({.path = output.prefix + T2_CORE_PACKETS_SUFFIX,
                           .header = T2_CORE_HDR_CHR + schema::column_names(output.columns, T2_CORE_SEP_CHR) + "\n"}));
    return true;
  }

  void write_packets(std::span<const RowView> rows) override {
    for (const RowView& row : rows)
      packets_.row(packet_formatter_->put(packets_.reserve(packet_formatter_->room(row)), row));
  }

  void idle(Time now) override {
    if (file_.flush(now)) packets_.flush();
  }

  void close() override {
    write_waiting();
    file_.close();
    packets_.close();
    if (lost() > 0) host_.warn(decimal(lost()) + " rows were not written");
  }

  std::uint64_t lost() const override { return file_.lost() + packets_.lost(); }

 private:
  static constexpr std::size_t number_room = 32;  // of flowInd, `dir` and the newline
  std::string flow_suffix() const {
    const std::string suffix = host_.text("TFS_FLOWS_TXT_SUFFIX");
    return form_.csv && suffix == "_flows.txt" ? "_flows.csv" : suffix;
  }
  std::string mark() const {
    const std::int64_t wanted = host_.integer("TFS_HDR_MARK");
    return wanted == 1 || (wanted == 2 && !form_.csv) ? T2_CORE_HDR_CHR : "";
  }

  static std::vector<Column> joined_columns(std::span<const Column> columns, std::span<const std::string> names) {
    std::vector<Column> joined{columns[1]};
    for (std::size_t i = 1; i < names.size(); ++i) {
      joined.push_back(columns[2 + (i - 1) % (columns.size() - 2)]);
      joined.back().name = names[i];
    }
    return joined;
  }
  // A and B of a flow come one behind the other, but not always in one call: an A waits for the next row.
  void write_joined(std::span<const RowView> rows) {
    for (const RowView& row : rows) {
      const bool is_answer = row.direction == 1 && waiting_.valid && waiting_.index == row.index;
      if (!is_answer) write_waiting();
      if (row.direction == 0) {
        waiting_.valid = true;
        waiting_.index = row.index;
        waiting_.end = row.end;
        waiting_.cells.assign(row.own.begin(), row.own.end());
      } else {
        put_joined(is_answer, &row);
      }
    }
  }
  void write_waiting() {
    if (waiting_.valid) put_joined(true, nullptr);
  }
  void put_joined(bool with_waiting, const RowView* b) {
    const RowView a{0, waiting_.index, waiting_.end, {}, waiting_.cells};
    const Time end = b ? b->end : a.end;
    const std::size_t empty = columns_ * form_.separator.size();
    char* at = file_.reserve(a.own.size() + (b ? b->own.size() : 0) + empty + number_room, end);
    at = text::put_unsigned(at, b ? b->index : a.index);
    at = with_waiting ? put_cells(at, a) : put_empty_cells(at);
    at = b ? put_cells(at, *b) : put_empty_cells(at);
    *at++ = '\n';
    file_.row(at, end);
    waiting_.valid = false;
  }
  char* put_empty_cells(char* at) const {
    for (std::size_t i = 2; i < columns_; ++i) at = text::put_string(at, form_.separator);
    return at;
  }

  // Flows on standard output do not depend on write access to the input's folder.
  void describe_columns(const Output& output, std::span<const Column> columns) {
    try {
      write_headers_file(output, columns);
    } catch (const Error& e) {
      if (!output.to_stdout) throw;
      host_.warn(e.what());
    }
  }

  void write_headers_file(const Output& output, std::span<const Column> columns) const {
    host_.create_file({.path = output.prefix + host_.text("TFS_HEADER_SUFFIX"),
                       .header = output.about + "#\n" +
                                 schema::describe(columns, static_cast<schema::Types>(TFS_NC_TYPE), form_.dates)});
  }

  // Lines with the number of flows (filled in at the end), the number of columns, and their types.
  static std::string extended_header(std::span<const Column> columns) {
    std::string text = T2_CORE_HDR_CHR + std::string(21, ' ') + "\n" + T2_CORE_HDR_CHR " " + decimal(columns.size()) +
                       "\n" + T2_CORE_HDR_CHR " ";
    for (std::size_t i = 0; i < columns.size(); ++i)
      text += (i > 0 ? T2_CORE_SEP_CHR : "") + schema::type_numbers(columns[i]);
    return text + "\n";
  }

  Host& host_;
  const text::RowForm form_;  // of flows
  const Compression compression_;
  const bool joined_;
  std::optional<RowFormatter> packet_formatter_;
  std::size_t columns_ = 0;  // of a row
  RowParts file_;
  RowFile packets_;
  struct {
    bool valid = false;
    std::uint64_t index = 0;
    Time end = 0;
    std::vector<std::uint8_t> cells;
  } waiting_;  // TFS_JOIN_AB: an A whose B may come next
};

}  // namespace

}  // namespace t2::txt_sink

T2_PLUGIN = {.name = "txtSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as text, one line each",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_txtSink,
             .flags = t2::txt_sink::flags,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::txt_sink::FlowText(host); },
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::txt_sink::TxtSink(host); },
             .reads_columns = false,
             .has_on_row = true};
