// kafkaSink: flows as messages of a Kafka topic, a JSON object each.
//
// Runs in the output thread; librdkafka sends in threads of its own. See producer.hpp.
#include "kafkaSink.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "producer.hpp"
#include "t2/plugin.hpp"
#include "t2/row_json.hpp"
#include "t2/row_key.hpp"

namespace t2::kafka_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(KAFKA_BROKERS),   T2_RUNTIME_FLAG(KAFKA_TOPIC),
                          T2_RUNTIME_FLAG(KAFKA_PARTITION), T2_RUNTIME_FLAG(KAFKA_SETTINGS),
                          T2_RUNTIME_FLAG(KAFKA_TIMEOUT),   T2_RUNTIME_FLAG(KAFKA_MEMORY)};

class KafkaSink final : public Sink {
 public:
  explicit KafkaSink(Host& host) : host_(host) {}

  void open(const Output& output) override {
    json_.emplace(output.columns, text::JsonForm{.dates = T2_CORE_B2T_TIMESTR == 1});
    memory_ = static_cast<std::size_t>(host_.integer("KAFKA_MEMORY")) * 1'000'000;
    producer_.emplace(Settings{.brokers = brokers(),
                               .topic = topic(),
                               .more = host_.text("KAFKA_SETTINGS"),
                               .partition = partition(),
                               .timeout = host_.integer("KAFKA_TIMEOUT") * one_second,
                               .memory = memory_,
                               .must_end = [this] { return host_.must_end(); },
                               .warn = [this](const std::string& text) { host_.warn(text); },
                               .info = [this](const std::string& text) { host_.info(text); }});
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      const std::size_t room = json_->room(row) + 1;
      if (line_.size() < room) line_.resize(2 * room);
      char* end = json_->put(line_.data(), row);
      *end++ = '\n';
      const RowKey key(host_, row);
      producer_->send(key.conversation(), key.row(), {line_.data(), static_cast<std::size_t>(end - line_.data())});
    }
    producer_->serve();
  }
  void idle(Time) override { producer_->serve(); }
  void close() override {
    producer_->finish();
    if (lost() > 0) host_.warn(std::to_string(lost()) + " rows were lost");
  }
  void report(Report& to) const override {
    if (!producer_) return;
    to.line("Number of rows acknowledged: " + to.number(producer_->acknowledged()));
    if (lost() > 0) to.line("Number of rows lost: " + to.number(lost()));
  }
  std::uint64_t lost() const override { return producer_ ? producer_->lost() : 0; }
  std::uint64_t max_memory() const override { return memory_; }

 private:
  std::string brokers() const {
    const std::string all = host_.text("KAFKA_BROKERS");
    if (all.find_first_not_of(" ,") == std::string::npos)
      throw Error("kafkaSink: KAFKA_BROKERS names no broker: give it HOST:PORT, several separated by commas");
    return all;
  }
  // What brokers take as the name of a topic (Apache Kafka, Topic.validate): 1 to 249 of these signs, and not a
  // folder's name.
  std::string topic() const {
    const std::string name = host_.text("KAFKA_TOPIC");
    constexpr auto valid = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
             c == '-';
    };
    if (name.empty() || name.size() > 249 || name == "." || name == ".." || !std::ranges::all_of(name, valid))
      throw Error("kafkaSink: KAFKA_TOPIC '" + name +
                  "' is no name of a topic: give it 1 to 249 letters, digits, dots, underscores and hyphens");
    return name;
  }
  std::int32_t partition() const {
    const std::string text = host_.text("KAFKA_PARTITION");
    std::int32_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size() || number < -1)
      throw Error("kafkaSink: KAFKA_PARTITION '" + text + "' is neither -1 nor the number of a partition");
    return number;
  }

  Host& host_;
  std::optional<text::JsonFormatter> json_;
  std::optional<Producer> producer_;
  std::string line_;
  std::size_t memory_ = 0;
};

}  // namespace

}  // namespace t2::kafka_sink

T2_PLUGIN = {.name = "kafkaSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as JSON to a Kafka topic",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_kafkaSink,
             .flags = t2::kafka_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::kafka_sink::KafkaSink(host); }};
