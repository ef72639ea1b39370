// jsonSink: flows as JSON, an object a line.
//
// Runs in the output thread. t2/row_json.hpp writes the objects into one large buffer, which the core writes to the
// file.
#include "jsonSink.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "t2/plugin.hpp"
#include "t2/row_json.hpp"
#include "t2/row_parts.hpp"

namespace t2::json_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(JSON_SUFFIX),     T2_RUNTIME_FLAG(JSON_GZ_COMPRESS),
                          T2_RUNTIME_FLAG(JSON_SPLIT),      T2_RUNTIME_FLAG(JSON_SUPPRESS_EMPTY_ARRAY),
                          T2_RUNTIME_FLAG(JSON_NO_SPACES),  T2_RUNTIME_FLAG(JSON_SELECT),
                          T2_RUNTIME_FLAG(JSON_SELECT_FILE)};

class JsonSink final : public Sink {
 public:
  explicit JsonSink(Host& host) : host_(host) {}

  void open(const Output& output) override {
    formatter_.emplace(output.columns,
                       text::JsonForm{.empty_lists = host_.integer("JSON_SUPPRESS_EMPTY_ARRAY") == 0,
                                      .blanks = host_.integer("JSON_NO_SPACES") == 0,
                                      .dates = T2_CORE_B2T_TIMESTR == 1},
                       selected(output.columns));
    RowParts::Form form{.path = "-", .compression = static_cast<Compression>(host_.integer("JSON_GZ_COMPRESS"))};
    if (!output.to_stdout) {
      form.path = output.prefix + host_.text("JSON_SUFFIX") + std::string(suffix(form.compression));
      if (host_.integer("JSON_SPLIT") == 1) form.split = output.split;
    }
    file_.open(host_, std::move(form));
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      char* at = formatter_->put(file_.reserve(formatter_->room(row) + 1, row.end), row);
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
  // Names of JSON_SELECT_FILE; empty: all columns. Throws Error for a name that is no column.
  std::vector<std::string> selected(std::span<const Column> columns) const {
    std::vector<std::string> names;
    if (host_.integer("JSON_SELECT") == 0) return names;
    const std::string name = host_.text("JSON_SELECT_FILE");
    const std::string path = name.find('/') == name.npos ? host_.data_file(name) : name;
    std::ifstream file(path);
    if (!file) throw Error("jsonSink: cannot read JSON_SELECT_FILE '" + path + "': " + std::strerror(errno));
    for (std::string line; std::getline(file, line);) {
      line.resize(std::min(line.find('#'), line.size()));
      line.erase(line.find_last_not_of(" \t\r") + 1);
      if (line.empty()) continue;
      if (std::none_of(columns.begin(), columns.end(), [&](const Column& column) { return column.name == line; }))
        throw Error("jsonSink: '" + line + "' in '" + path + "' is no column of these plugins");
      names.push_back(line);
    }
    if (names.empty()) throw Error("jsonSink: '" + path + "' names no column: add some, or set JSON_SELECT to 0");
    return names;
  }

  Host& host_;
  std::optional<text::JsonFormatter> formatter_;
  RowParts file_;
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
