// socketSink: flows to a program that listens, as text or JSON, a line each, or binary.
//
// Runs in the output thread. collector.cpp moves the lines, waits for a collector that comes late, and connects again.
#include "socketSink.h"

#include <memory>
#include <optional>
#include <string>

#include "binary_form.hpp"
#include "collector.hpp"
#include "t2/error.hpp"
#include "t2/plugin.hpp"
#include "t2/row_json.hpp"
#include "t2/row_text.hpp"
#include "t2/schema.hpp"

namespace t2::socket_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(SKS_SERVADD),   T2_RUNTIME_FLAG(SKS_DPORT),
                          T2_RUNTIME_FLAG(SKS_SOCKTYPE),  T2_RUNTIME_FLAG(SKS_CONTENT_TYPE),
                          T2_RUNTIME_FLAG(SKS_HOST_INFO), T2_RUNTIME_FLAG(SKS_GZ_COMPRESS),
                          T2_RUNTIME_FLAG(SKS_TIMEOUT),   T2_RUNTIME_FLAG(SKS_MEMORY)};

enum Content : std::int64_t { binary, text_rows, json };  // SKS_CONTENT_TYPE

class SocketSink final : public Sink {
 public:
  explicit SocketSink(Host& host) : host_(host) {}

  void open(const Output& output) override {
    Settings settings{.host = host_.text("SKS_SERVADD"),
                      .port = static_cast<std::uint16_t>(host_.integer("SKS_DPORT")),
                      .header = {},
                      .compress = host_.integer("SKS_GZ_COMPRESS") == 1,
                      .timeout = host_.integer("SKS_TIMEOUT") * one_second,
                      .max_bytes = static_cast<std::size_t>(host_.integer("SKS_MEMORY")) * 1'000'000,
                      .must_end = [this] { return host_.must_end(); },
                      .warn = [this](const std::string& text) { host_.warn(text); },
                      .info = [this](const std::string& text) { host_.info(text); }};
    const auto content = static_cast<Content>(host_.integer("SKS_CONTENT_TYPE"));
    const bool tell_host = host_.integer("SKS_HOST_INFO") == 1;
    tcp_ = host_.integer("SKS_SOCKTYPE") == 1;
    if (settings.compress && !tcp_)
      throw Error("socketSink: SKS_GZ_COMPRESS=1 makes one stream of all rows: set SKS_SOCKTYPE=1 (TCP)");
    if (tell_host && content != binary)
      throw Error("socketSink: SKS_HOST_INFO=1 belongs to the binary form: set SKS_CONTENT_TYPE=0");
    if (content == binary) {
      binary_.emplace(output.columns);
      settings.header = (tell_host ? host_block(host_.sensor_id()) : std::string()) + binary_header(output.columns);
    } else if (content == json) {
      json_.emplace(output.columns, text::JsonForm{.dates = T2_CORE_B2T_TIMESTR == 1});
    } else {
      const text::RowForm form = text::default_form();
      text_.emplace(output.columns, text::RowFormatter::RowsOf::flows, form);
      settings.header = T2_CORE_HDR_CHR + schema::column_names(output.columns, form.separator) + "\n";
    }
    max_memory_ = tcp_ ? settings.max_bytes : 0;
    collector_ = tcp_ ? make_tcp(std::move(settings)) : make_udp(std::move(settings));
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      if (binary_) {
        collector_->send(binary_->row(row));
        continue;
      }
      std::string line(json_ ? json_->room(row) + 1 : text_->room(row), '\0');
      char* end = json_ ? json_->put(line.data(), row) : text_->put(line.data(), row);
      if (json_) *end++ = '\n';
      line.resize(static_cast<std::size_t>(end - line.data()));
      line.shrink_to_fit();  // it may wait for long
      collector_->send(std::move(line));
    }
  }
  void idle(Time) override { collector_->tick(); }
  void close() override {
    collector_->finish();
    if (lost() > 0) host_.warn(std::to_string(lost()) + " rows were lost");
  }
  std::uint64_t lost() const override { return collector_ ? collector_->lost() : 0; }
  std::uint64_t max_memory() const override { return max_memory_; }

 private:
  Host& host_;
  std::optional<text::RowFormatter> text_;
  std::optional<text::JsonFormatter> json_;
  std::optional<BinaryForm> binary_;
  std::unique_ptr<Collector> collector_;
  bool tcp_ = true;
  std::uint64_t max_memory_ = 0;
};

}  // namespace

}  // namespace t2::socket_sink

T2_PLUGIN = {.name = "socketSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows to a program that listens, as text, JSON or binary",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_socketSink,
             .flags = t2::socket_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::socket_sink::SocketSink(host); }};
