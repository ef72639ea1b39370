// A Kafka cluster in a process of its own: librdkafka's mock cluster, which keeps messages in memory. It prints its
// brokers, then does what lines on standard input say, and answers each with `done`:
//
//   down N | up N          broker N, from 1 on
//   errors CODE COUNT      the next COUNT Produce requests are answered with CODE
//   topic-error CODE       all requests for the topic are, until the code is 0
//   rtt MILLISECONDS       answers of all brokers take so long
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

int main(int, char** arguments) {
  constexpr int brokers = 3;
  constexpr std::int16_t produce = 0;  // ApiKey
  const char* const topic = arguments[1];
  char why[512];
  rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
  rd_kafka_mock_cluster_t* cluster = handle ? rd_kafka_mock_cluster_new(handle, brokers) : nullptr;
  if (!cluster || rd_kafka_mock_topic_create(cluster, topic, 4, brokers) != RD_KAFKA_RESP_ERR_NO_ERROR) return 1;
  std::cout << rd_kafka_mock_cluster_bootstraps(cluster) << std::endl;
  std::string word;
  while (std::cin >> word) {
    int a = 0, b = 0;
    std::cin >> a;
    if (word == "errors") std::cin >> b;
    if (word == "down") {
      rd_kafka_mock_broker_set_down(cluster, a);
    } else if (word == "up") {
      rd_kafka_mock_broker_set_up(cluster, a);
    } else if (word == "topic-error") {
      rd_kafka_mock_topic_set_error(cluster, topic, static_cast<rd_kafka_resp_err_t>(a));
    } else if (word == "rtt") {
      for (int broker = 1; broker <= brokers; ++broker) rd_kafka_mock_broker_set_rtt(cluster, broker, a);
    } else if (word == "errors") {
      const std::vector<rd_kafka_resp_err_t> codes(static_cast<std::size_t>(b), static_cast<rd_kafka_resp_err_t>(a));
      rd_kafka_mock_push_request_errors_array(cluster, produce, codes.size(), codes.data());
    } else {
      std::cout << "unknown" << std::endl;
      continue;
    }
    std::cout << "done" << std::endl;
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(handle);
}
