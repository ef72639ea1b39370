// A JetStream stream of a NATS server, which takes batches of messages and acknowledges each when it is stored. Used by
// one thread at a time; acknowledgements come in a thread of libnats.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "t2/delivery.hpp"

struct __natsConnection;  // of <nats/nats.h>
struct __jsCtx;
struct __natsMsg;
struct jsPubAck;
struct jsPubAckErr;

namespace t2::nats_sink {

struct Settings {
  std::string url, credentials, ca, subject, stream;
  Time timeout = 0;  // without progress
  std::function<bool()> must_stop;
};

class Stream {
 public:
  static constexpr std::size_t max_rows = 4000;  // of a batch: so many messages are not acknowledged at a time

  explicit Stream(Settings settings);  // throws Error
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Rows are an identifier, a zero byte and the message. The server drops what has an identifier that it has seen in
  // the last ten minutes, so a batch can be sent again.
  BatchResult store(const Batch& batch);

 private:
  struct Answers {  // over one connection
    std::mutex mutex;
    std::unordered_map<const __natsMsg*, std::size_t> waiting;  // messages without an answer: their rows
    std::vector<std::size_t> stored;                            // rows
    std::size_t failed = 0;
    std::string why;  // of the first that failed
  };
  static void on_answer(__jsCtx*, __natsMsg*, struct jsPubAck*, struct jsPubAckErr*, void* answers);
  bool connect(std::string& why);
  bool make_stream(std::string& why);
  void close();
  BatchResult again(std::string why);
  // Waits for answers to all messages. Not empty: why there will be none.
  std::string wait_for(Answers& answers);

  const Settings settings_;
  __natsConnection* connection_ = nullptr;
  __jsCtx* jetstream_ = nullptr;
  std::deque<Answers> answers_;  // of each connection, the last one counts; others may still get late ones
  std::vector<bool> stored_;     // which rows of the batch are acknowledged; empty: a new batch
};

}  // namespace t2::nats_sink
