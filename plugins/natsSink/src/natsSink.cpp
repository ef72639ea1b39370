// natsSink: flows as messages of a NATS JetStream stream, a JSON object a line.
//
// The output thread formats rows, a thread of its own (t2/delivery.hpp) sends them and waits for their
// acknowledgements.
#include "natsSink.h"

#include <optional>
#include <string>

#include "jetstream.hpp"
#include "messages.hpp"
#include "t2/delivery.hpp"
#include "t2/plugin.hpp"
#include "t2/row_json.hpp"
#include "t2/row_key.hpp"

namespace t2::nats_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(NATS_URL),     T2_RUNTIME_FLAG(NATS_CREDENTIALS),
                          T2_RUNTIME_FLAG(NATS_TLS_CA),  T2_RUNTIME_FLAG(NATS_SUBJECT),
                          T2_RUNTIME_FLAG(NATS_STREAM),  T2_RUNTIME_FLAG(NATS_ROWS),
                          T2_RUNTIME_FLAG(NATS_TIMEOUT), T2_RUNTIME_FLAG(NATS_MEMORY)};

class NatsSink final : public BatchSink<Stream> {
 public:
  explicit NatsSink(Host& host) : BatchSink(host), key_(host) {}

  void open(const Output& output) override {
    json_.emplace(output.columns, text::JsonForm{.dates = T2_CORE_B2T_TIMESTR == 1});
    messages_.emplace(static_cast<std::size_t>(host_.integer("NATS_ROWS")));
    const Batches::Limits limits{.rows = Stream::max_rows,
                                 .memory = static_cast<std::size_t>(host_.integer("NATS_MEMORY")) * 1'000'000,
                                 .timeout = host_.integer("NATS_TIMEOUT") * one_second,
                                 .live = output.split.live};
    store_.emplace(Settings{.url = host_.text("NATS_URL"),
                            .credentials = host_.text("NATS_CREDENTIALS"),
                            .ca = host_.text("NATS_TLS_CA"),
                            .subject = host_.text("NATS_SUBJECT"),
                            .stream = host_.text("NATS_STREAM"),
                            .timeout = limits.timeout,
                            .must_stop = [this] { return must_stop(); }});
    start("the NATS server", limits);
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      const std::size_t room = json_->room(row) + 1;
      if (line_.size() < room) line_.resize(2 * room);
      char* end = json_->put(line_.data(), row);
      *end++ = '\n';
      key_.name(row);
      const bool is_new = batches_->is_new();
      messages_->add(batches_->begin_row(), is_new, row, key_.row(),
                     {line_.data(), static_cast<std::size_t>(end - line_.data())});
      batches_->end_row();
    }
  }

 private:
  RowKey key_;
  std::optional<text::JsonFormatter> json_;
  std::optional<MessageWriter> messages_;
  std::string line_;
};

}  // namespace

}  // namespace t2::nats_sink

T2_PLUGIN = {.name = "natsSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as JSON to a NATS JetStream stream",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_natsSink,
             .flags = t2::nats_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::nats_sink::NatsSink(host); }};
