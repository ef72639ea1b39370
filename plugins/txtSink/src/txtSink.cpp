// txtSink: flows as text, one line each, and a file that describes the columns; with -s packets likewise.
//
// Runs in the output thread. t2/row_text.hpp formats rows into one large buffer, which the core writes. A failed write
// never stops the analysis: the rows are counted as lost.
#include "txtSink.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "t2/plugin.hpp"
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
                          T2_FLAG(TFS_GZ_COMPRESS),
                          T2_RUNTIME_FLAG(TFS_FLOWS_TXT_SUFFIX),
                          T2_RUNTIME_FLAG(TFS_HEADER_SUFFIX)};

class TxtSink final : public Sink {
 public:
  explicit TxtSink(Host& host)
      : host_(host), flow_suffix_(host.text("TFS_FLOWS_TXT_SUFFIX")), header_suffix_(host.text("TFS_HEADER_SUFFIX")) {}

  void open(const Output& output) override {
    formatter_.emplace(output.columns, RowFormatter::RowsOf::flows, form());
    path_ = output.to_stdout ? "-" : output.prefix + flow_suffix_ + (compress ? ".gz" : "");
    if (TFS_SPLIT == 1 && !output.to_stdout) split_ = output.split;
    if constexpr (TFS_PRI_HDR == 1) {
      if constexpr (TFS_EXTENDED_HEADER == 1) header_ = extended_header(output.columns);
      header_ += T2_CORE_HDR_CHR + schema::column_names(output.columns, T2_CORE_SEP_CHR) + "\n";
    }
    if constexpr (TFS_HDR_FILE == 1) describe_columns(output);
    begin_part(true);
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      if (part_is_full(row.end)) next_part();
      char* at = file_.reserve(formatter_->room(row));
      const char* end = formatter_->put(at, row);
      file_.row(end);
      part_bytes_ += static_cast<std::uint64_t>(end - at);
      ++part_rows_;
      if (split_.interval > 0) part_interval_ = std::max(part_interval_, row.end / split_.interval);
    }
  }

  bool open_packets(const Output& output) override {
    packet_formatter_.emplace(output.columns, RowFormatter::RowsOf::packets, form());
    packets_ = RowFile(
        host_.create_file({.path = output.prefix + T2_CORE_PACKETS_SUFFIX,
                           .header = T2_CORE_HDR_CHR + schema::column_names(output.columns, T2_CORE_SEP_CHR) + "\n"}));
    return true;
  }

  void write_packets(std::span<const RowView> rows) override {
    for (const RowView& row : rows)
      packets_.row(packet_formatter_->put(packets_.reserve(packet_formatter_->room(row)), row));
  }

  // Rows of a live capture reach the file within a second or so, however few they are.
  void idle(Time now) override {
    if (now - last_flush_ < one_second && now >= last_flush_) return;
    last_flush_ = now;
    if (split_.live && split_.interval > 0 && part_rows_ > 0 && (now - latest_row) / split_.interval > part_interval_)
      complete_part();
    file_.flush();
    packets_.flush();
  }

  void close() override {
    complete_part();
    packets_.close();
    if (lost() > 0) host_.warn(decimal(lost()) + " rows were not written");
  }

  std::uint64_t lost() const override { return file_.lost() + packets_.lost(); }

 private:
  static constexpr bool compress = TFS_GZ_COMPRESS == 1;
  // How long after its end a row can come: the clock of a live run follows the packets, which wait in the kernel for up
  // to a second, ten seconds late at most.
  static constexpr Time latest_row = 12 * one_second;

  static text::RowForm form() {
    text::RowForm form = text::default_form();
    form.sanitise = TFS_SAN_UTF8 == 1;
    return form;
  }

  // Flows on standard output do not depend on write access to the input's folder.
  void describe_columns(const Output& output) {
    try {
      write_headers_file(output);
    } catch (const Error& e) {
      if (!output.to_stdout) throw;
      host_.warn(e.what());
    }
  }

  void write_headers_file(const Output& output) const {
    host_.create_file(
        {.path = output.prefix + header_suffix_,
         .header = output.about + "#\n" +
                   schema::describe(output.columns, static_cast<schema::Types>(TFS_NC_TYPE), form().dates)});
  }

  // Lines with the number of flows (filled in at the end), the number of columns, and their types.
  static std::string extended_header(std::span<const Column> columns) {
    std::string text = T2_CORE_HDR_CHR + std::string(21, ' ') + "\n" + T2_CORE_HDR_CHR " " + decimal(columns.size()) +
                       "\n" + T2_CORE_HDR_CHR " ";
    for (std::size_t i = 0; i < columns.size(); ++i)
      text += (i > 0 ? T2_CORE_SEP_CHR : "") + schema::type_numbers(columns[i]);
    return text + "\n";
  }

  // ---- Parts of the flow file (-W); without -W there is one.
  std::string part_path() const { return split_.on ? path_ + decimal(split_.first + part_) : path_; }
  bool part_is_full(Time end) const {
    if (part_complete_) return true;
    return split_.on && part_rows_ > 0 &&
           ((split_.bytes > 0 && part_bytes_ >= split_.bytes) || (split_.rows > 0 && part_rows_ >= split_.rows) ||
            (split_.interval > 0 && end / split_.interval > part_interval_));
  }
  void begin_part(bool first) {
    part_has_header_ = first || (TFS_PRI_HDR == 1 && TFS_PRI_HDR_FW == 1);
    const std::string header = part_has_header_ ? header_ : std::string();
    part_rows_ = 0;
    part_bytes_ = header.size();
    part_complete_ = false;
    if (first) {
      file_ = RowFile(
          host_.create_file({.path = part_path(), .header = header, .compress = compress, .in_parts = split_.on}));
    } else {
      file_.begin_next(part_path(), header);
    }
  }
  void complete_part() {
    if (std::exchange(part_complete_, true)) return;
    if (TFS_PRI_HDR == 1 && TFS_EXTENDED_HEADER == 1 && part_has_header_)
      file_.replace(0, T2_CORE_HDR_CHR " " + decimal(part_rows_));
    file_.close();
  }
  // Called when there is a row for the next part, so that no part is empty.
  void next_part() {
    complete_part();
    ++part_;
    begin_part(false);
  }

  Host& host_;
  const std::string flow_suffix_, header_suffix_;
  std::optional<RowFormatter> formatter_, packet_formatter_;
  RowFile file_, packets_;
  std::string path_, header_;
  Output::Split split_;
  std::uint64_t part_ = 0, part_rows_ = 0, part_bytes_ = 0;
  Time part_interval_ = INT64_MIN;  // of its rows: number of the latest
  bool part_has_header_ = false, part_complete_ = false;
  Time last_flush_ = 0;
};

}  // namespace

}  // namespace t2::txt_sink

T2_PLUGIN = {.name = "txtSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as text, one line each",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_txtSink,
             .flags = t2::txt_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::txt_sink::TxtSink(host); }};
