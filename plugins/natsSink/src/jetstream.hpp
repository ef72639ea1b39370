// A JetStream stream of a NATS server, which takes messages of rows and acknowledges each when it is stored. Used by
// one thread at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "messages.hpp"
#include "t2/delivery.hpp"

struct __natsConnection;  // of <nats/nats.h>
struct __jsCtx;
struct __natsMsg;
struct __natsSubscription;

namespace t2::nats_sink {

struct Settings {
  std::string url, credentials, ca, subject, stream;
  Time timeout = 0;  // without progress
  std::function<bool()> must_stop;
};

class Stream {
 public:
  static constexpr std::size_t max_rows = 4000;  // of a batch: at most so many are not acknowledged at a time

  explicit Stream(Settings settings);  // throws Error
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Rows are as MessageWriter puts them. The server drops a message whose name it has seen in the last ten minutes, so
  // a batch can be sent again.
  BatchResult store(const Batch& batch);

 private:
  bool connect(std::string& why);
  bool make_stream(std::string& why);
  void close();
  BatchResult again(std::string why);
  int subscribe();  // a natsStatus
  // These four: not empty: why it failed.
  std::string publish_all(const Batch& batch, std::size_t& sent, BatchResult& result);
  std::string publish(const Message& message, std::string_view text, bool& too_long);
  std::string take_answer(std::string_view reply, std::string_view answer);
  std::string wait_for(std::size_t answers);

  const Settings settings_;
  __natsConnection* connection_ = nullptr;
  __jsCtx* jetstream_ = nullptr;
  __natsSubscription* answers_ = nullptr;
  __natsMsg* sent_ = nullptr;      // the last one
  std::string reply_;              // the subject of an answer
  std::size_t inbox_size_ = 0;     // what is before the row there
  std::vector<Message> messages_;  // of the batch; empty: a new batch
};

}  // namespace t2::nats_sink
