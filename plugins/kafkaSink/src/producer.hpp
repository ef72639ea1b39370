// Messages to Kafka, by librdkafka: its threads send and repeat them, its reports say what arrived. Used by the output
// thread, which serves the reports.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "t2/packet.hpp"

struct rd_kafka_s;  // rd_kafka_t of <librdkafka/rdkafka.h>
struct rd_kafka_message_s;
struct rd_kafka_topic_s;

namespace t2::kafka_sink {

struct Settings {
  std::string brokers, topic, more;  // more: NAME=VALUE;NAME=VALUE
  std::int32_t partition = -1;
  Time timeout = 0;        // without progress
  std::size_t memory = 0;  // bytes of messages that wait
  std::function<bool()> must_end;
  std::function<void(const std::string&)> warn, info;
};

class Producer {
 public:
  explicit Producer(Settings settings);  // throws Error
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // A message of so many rows; `name` goes into the header `t2-row`. Waits where the memory is full.
  void send(std::string_view key, std::string_view name, std::string_view value, std::uint64_t rows);
  void serve();   // reports that have come
  void finish();  // waits for the reports of all messages, as long as there is progress
  std::uint64_t acknowledged() const { return acknowledged_; }  // rows
  std::uint64_t lost() const { return lost_; }

 private:
  static void on_report(rd_kafka_s*, const rd_kafka_message_s* message, void* self);
  static void on_error(rd_kafka_s*, int code, const char* reason, void* self);
  void make();
  void restart();
  void drop();
  int produce(std::string_view key, std::string_view name, std::string_view value, std::uint64_t rows);
  void lose(std::uint64_t rows, const std::string& why);
  // False: there was no report for the timeout, or the run must end. Afterwards it waits no more until there is one.
  template <class Done>
  bool wait(Done done);

  const Settings settings_;
  rd_kafka_s* kafka_ = nullptr;
  rd_kafka_topic_s* topic_ = nullptr;
  std::uint64_t acknowledged_ = 0, lost_ = 0;
  std::uint64_t waiting_ = 0;  // rows without a report
  bool stuck_ = false;
  std::uint64_t stuck_at_ = 0;  // acknowledged_ then
  bool away_ = false;           // that no broker answers was told
  std::string told_;            // the last reason of a loss: one that lasts is told once
};

}  // namespace t2::kafka_sink
