// An idempotent producer: a message that is sent again after its acknowledgement was lost is stored once, and the order
// within a partition stays.
#include "producer.hpp"

#include <utility>

#include <librdkafka/rdkafka.h>

#include "t2/clock.hpp"
#include "t2/library.hpp"

namespace t2::kafka_sink {

namespace {

struct Librdkafka {
  Library library{LIBRDKAFKA_SONAME, "librdkafka1"};
  T2_IMPORT(rd_kafka_conf_new);
  T2_IMPORT(rd_kafka_conf_set);
  T2_IMPORT(rd_kafka_conf_destroy);
  T2_IMPORT(rd_kafka_conf_set_opaque);
  T2_IMPORT(rd_kafka_conf_set_dr_msg_cb);
  T2_IMPORT(rd_kafka_conf_set_error_cb);
  T2_IMPORT(rd_kafka_new);
  T2_IMPORT(rd_kafka_destroy);
  T2_IMPORT(rd_kafka_topic_new);
  T2_IMPORT(rd_kafka_topic_destroy);
  T2_IMPORT(rd_kafka_producev);
  T2_IMPORT(rd_kafka_poll);
  T2_IMPORT(rd_kafka_flush);
  T2_IMPORT(rd_kafka_purge);
  T2_IMPORT(rd_kafka_outq_len);
  T2_IMPORT(rd_kafka_err2str);
};
const Librdkafka& rdkafka() {
  static const Librdkafka loaded;
  return loaded;
}

constexpr int step = 20;                   // ms, of a wait
constexpr std::size_t message_cost = 400;  // bytes that librdkafka needs beside a message
constexpr std::size_t max_messages = 10'000'000;

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char why[512];
  if (rdkafka().rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) == RD_KAFKA_CONF_OK) return;
  rdkafka().rd_kafka_conf_destroy(conf);
  throw Error("kafkaSink: " + std::string(why) + ": correct KAFKA_BROKERS or KAFKA_SETTINGS");
}

}  // namespace

Producer::Producer(Settings settings) : settings_(std::move(settings)) { make(); }
Producer::~Producer() { drop(); }

void Producer::make() {
  rd_kafka_conf_t* conf = rdkafka().rd_kafka_conf_new();
  set(conf, "bootstrap.servers", settings_.brokers);
  set(conf, "enable.idempotence", "true");
  set(conf, "message.timeout.ms", "0");  // none: KAFKA_TIMEOUT decides when rows are given up
  set(conf, "log_level", "0");           // errors come to on_error()
  set(conf, "queue.buffering.max.kbytes", std::to_string(std::max<std::size_t>(1, settings_.memory / 4 * 3 / 1024)));
  set(conf, "queue.buffering.max.messages",
      std::to_string(std::min(max_messages, settings_.memory / 4 / message_cost)));
  for (std::string_view rest = settings_.more; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.empty()) continue;
    const std::size_t sign = one.find('=');
    if (sign == one.npos) {
      rdkafka().rd_kafka_conf_destroy(conf);
      throw Error("kafkaSink: '" + std::string(one) + "' in KAFKA_SETTINGS is not NAME=VALUE");
    }
    set(conf, std::string(one.substr(0, sign)), std::string(one.substr(sign + 1)));
  }
  rdkafka().rd_kafka_conf_set_opaque(conf, this);
  rdkafka().rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rdkafka().rd_kafka_conf_set_error_cb(conf, on_error);
  char why[512];
  kafka_ = rdkafka().rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (!kafka_) {
    rdkafka().rd_kafka_conf_destroy(conf);
    throw Error("kafkaSink: " + std::string(why) + ": correct KAFKA_SETTINGS");
  }
  topic_ = rdkafka().rd_kafka_topic_new(kafka_, settings_.topic.c_str(), nullptr);
  if (topic_) return;
  rdkafka().rd_kafka_destroy(std::exchange(kafka_, nullptr));
  throw Error("kafkaSink: '" + settings_.topic + "' is no name of a topic: correct KAFKA_TOPIC");
}

// What has not arrived is lost; its reports say so.
void Producer::drop() {
  if (!kafka_) return;
  rdkafka().rd_kafka_purge(kafka_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rdkafka().rd_kafka_flush(kafka_, 1000);
  if (waiting_ > 0) lose(std::exchange(waiting_, 0), "no report came");
  rdkafka().rd_kafka_topic_destroy(std::exchange(topic_, nullptr));
  rdkafka().rd_kafka_destroy(std::exchange(kafka_, nullptr));
}

// After an error from which an idempotent producer cannot recover.
void Producer::restart() {
  drop();
  make();
}

void Producer::lose(std::uint64_t rows, const std::string& why) {
  lost_ += rows;
  if (why != told_) settings_.warn("rows are lost, the brokers at " + settings_.brokers + " do not take them: " + why);
  told_ = why;
}

void Producer::on_report(rd_kafka_s*, const rd_kafka_message_s* message, void* self) {
  auto& producer = *static_cast<Producer*>(self);
  const auto rows = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(message->_private));
  producer.waiting_ -= rows;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return producer.lose(rows, rdkafka().rd_kafka_err2str(message->err));
  producer.acknowledged_ += rows;
  producer.told_.clear();
  if (std::exchange(producer.away_, false))
    producer.settings_.info("the brokers at " + producer.settings_.brokers + " take rows again");
}

void Producer::on_error(rd_kafka_s*, int code, const char* reason, void* self) {
  auto& producer = *static_cast<Producer*>(self);
  if (code == RD_KAFKA_RESP_ERR__FATAL || std::exchange(producer.away_, true)) return;
  producer.settings_.warn("the brokers at " + producer.settings_.brokers + " take no rows: " + reason +
                          "; they wait for them");
}

int Producer::produce(std::string_view key, std::string_view name, std::string_view value, std::uint64_t rows) {
  const int problem = rdkafka().rd_kafka_producev(
      kafka_, RD_KAFKA_V_RKT(topic_), RD_KAFKA_V_PARTITION(settings_.partition),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data(), key.size()),
      RD_KAFKA_V_HEADER("t2-row", name.data(), static_cast<ssize_t>(name.size())),
      RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
      RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<std::uintptr_t>(rows))), RD_KAFKA_V_END);
  if (problem == RD_KAFKA_RESP_ERR_NO_ERROR) waiting_ += rows;
  return problem;
}

template <class Done>
bool Producer::wait(Done done) {
  Time last = steady_clock();
  std::uint64_t seen = acknowledged_;
  while (!done()) {
    if (stuck_ && acknowledged_ == stuck_at_) return false;
    if (settings_.must_end() || steady_clock() - last >= settings_.timeout) {
      stuck_ = true;
      stuck_at_ = acknowledged_;
      return false;
    }
    rdkafka().rd_kafka_poll(kafka_, step);
    if (seen != acknowledged_) {
      seen = acknowledged_;
      last = steady_clock();
      stuck_ = false;
    }
  }
  return true;
}

void Producer::send(std::string_view key, std::string_view name, std::string_view value, std::uint64_t rows) {
  int problem = produce(key, name, value, rows);
  if (problem == RD_KAFKA_RESP_ERR__FATAL) {
    restart();
    problem = produce(key, name, value, rows);
  }
  if (problem == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
      !wait([&] { return (problem = produce(key, name, value, rows)) != RD_KAFKA_RESP_ERR__QUEUE_FULL; }))
    return lose(rows, "the memory for rows that wait is full");
  if (problem != RD_KAFKA_RESP_ERR_NO_ERROR)
    lose(rows, rdkafka().rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(problem)));
}

void Producer::serve() { rdkafka().rd_kafka_poll(kafka_, 0); }

void Producer::finish() {
  stuck_ = false;
  wait([&] { return rdkafka().rd_kafka_outq_len(kafka_) == 0; });
  drop();
}

}  // namespace t2::kafka_sink
