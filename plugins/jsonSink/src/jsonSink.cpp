// jsonSink: flows as JSON, an object a line.
//
// Runs in the output thread. t2/row_json.hpp writes the objects into one large buffer, which the core writes to the
// file.
#include "jsonSink.h"

#include <optional>
#include <string>

#include "t2/chosen_columns.hpp"
#include "t2/plugin.hpp"
#include "t2/row_json.hpp"
#include "t2/row_parts.hpp"

namespace t2::json_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(JSON_SUFFIX),      T2_RUNTIME_FLAG(JSON_GZ_COMPRESS),
                          T2_RUNTIME_FLAG(JSON_SPLIT),       T2_RUNTIME_FLAG(JSON_SUPPRESS_EMPTY_ARRAY),
                          T2_RUNTIME_FLAG(JSON_NO_SPACES),   T2_RUNTIME_FLAG(JSON_SELECT),
                          T2_RUNTIME_FLAG(JSON_SELECT_FILE), T2_RUNTIME_FLAG(JSON_ROOT_NODE)};

class JsonSink final : public Sink {
 public:
  explicit JsonSink(Host& host) : host_(host) {}

  void open(const Output& output) override {
    formatter_.emplace(output.columns,
                       text::JsonForm{.empty_lists = host_.integer("JSON_SUPPRESS_EMPTY_ARRAY") == 0,
                                      .blanks = host_.integer("JSON_NO_SPACES") == 0,
                                      .dates = T2_CORE_B2T_TIMESTR == 1},
                       chosen_columns(host_, "jsonSink", "JSON", output.columns));
    RowParts::Form form{.path = "-", .compression = static_cast<Compression>(host_.integer("JSON_GZ_COMPRESS"))};
    if (!output.to_stdout) {
      form.path = output.prefix + host_.text("JSON_SUFFIX") + std::string(suffix(form.compression));
      if (host_.integer("JSON_SPLIT") == 1) form.split = output.split;
    }
    array_ = host_.integer("JSON_ROOT_NODE") == 1;
    if (!array_) return file_.open(host_, std::move(form));
    form.header = "[\n";
    form.separator = ',';
    file_.open(host_, std::move(form), [](RowFile& part, std::uint64_t, bool) { part.put("]\n"); });
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      char* at = file_.reserve(formatter_->room(row) + 2, row.end);
      if (array_) *at++ = ',';
      at = formatter_->put(at, row);
      *at++ = '\n';
      file_.row(at, row.end);
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
  std::optional<text::JsonFormatter> formatter_;
  RowParts file_;
  bool array_ = false;  // each file is one value: an array of the objects
};

}  // namespace

}  // namespace t2::json_sink

T2_PLUGIN = {.name = "jsonSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as JSON, an object a line",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_jsonSink,
             .flags = t2::json_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::json_sink::JsonSink(host); }};
