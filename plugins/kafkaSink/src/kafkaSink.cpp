// kafkaSink: flows as messages of a Kafka topic, a JSON object a line.
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
                          T2_RUNTIME_FLAG(KAFKA_PARTITION), T2_RUNTIME_FLAG(KAFKA_ROWS),
                          T2_RUNTIME_FLAG(KAFKA_SETTINGS),  T2_RUNTIME_FLAG(KAFKA_TIMEOUT),
                          T2_RUNTIME_FLAG(KAFKA_MEMORY)};

constexpr std::size_t max_bytes = 1 << 18;  // of a message of several rows; brokers take 1 MB by default

class KafkaSink final : public Sink {
 public:
  explicit KafkaSink(Host& host) : host_(host), key_(host) {}

  void open(const Output& output) override {
    json_.emplace(output.columns, text::JsonForm{.dates = T2_CORE_B2T_TIMESTR == 1});
    max_rows_ = static_cast<std::uint64_t>(host_.integer("KAFKA_ROWS"));
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
      if (must_send(row)) send();
      const std::size_t room = json_->room(row) + 1;
      if (text_.size() < size_ + room) text_.resize(2 * (size_ + room));
      char* end = json_->put(text_.data() + size_, row);
      *end++ = '\n';
      size_ = static_cast<std::size_t>(end - text_.data());
      if (sum_.rows == 0) {
        key_.name(row);
        if (row.index != last_) conversation_ = key_.conversation();
      }
      sum_.add(row);
      last_ = row.index;
    }
    send();
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
  // Both directions of a flow, whose rows follow each other, share a message where two rows may, or else the key.
  bool must_send(const RowView& next) const {
    return sum_.rows >= max_rows_ || size_ >= max_bytes || (next.index != last_ && sum_.rows + 2 > max_rows_);
  }
  void send() {
    if (sum_.rows == 0) return;
    producer_->send(conversation_, sum_.name(key_.row()), {text_.data(), size_}, sum_.rows);
    sum_ = {};
    size_ = 0;
  }
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
  RowKey key_;  // of the first row of a message
  std::optional<text::JsonFormatter> json_;
  std::optional<Producer> producer_;
  std::uint64_t max_rows_ = 1;
  // of the message
  std::string conversation_;  // its key: that of the first row, or of the message before, where that one has its rows
  std::string text_;
  std::size_t size_ = 0;  // bytes of the text
  RowsSum sum_;
  std::uint64_t last_ = 0;  // index of the last row; they begin with 1

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
