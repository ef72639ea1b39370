// When messages leave, and what became of them: fills messages with records, repeats the templates, keeps the sequence
// and the books. Used by the output thread. Times are those of the wall clock and come as arguments.
#pragma once

#include <cstdint>
#include <memory>

#include "message.hpp"
#include "t2/packet.hpp"
#include "transport.hpp"

namespace netflow {

struct Settings {
  Layout layout;
  std::uint32_t source = 0;            // source id, observation domain
  std::size_t message_size = 1400;     // bytes at most
  unsigned most_ipv4 = 200, most_ipv6 = 100;  // records in one message
  unsigned template_messages = 20;     // templates are repeated after so many messages
  t2::Time template_interval = 60 * t2::one_second;
};

struct Counters {
  std::uint64_t records = 0;           // handed to the network
  std::uint64_t lost = 0;              // of all records: not handed over, or known to have come back
  std::uint64_t messages = 0, template_messages = 0;  // the first includes the second
  std::uint64_t resent = 0;            // streams: of all records, because a connection broke
};

class Exporter {
 public:
  Exporter(const Settings& settings, std::unique_ptr<Transport> transport);

  void start(t2::Time now);            // templates leave before anything else
  void add(const Record& record, t2::Time now);
  void tick(t2::Time now);             // sends what has waited long enough
  void finish(t2::Time now);           // sends the rest
  Counters counters() const;
  Transport& transport() const { return *transport_; }

 private:
  struct Pending {
    DataMessage message;
    t2::Time since = 0;                // its first record came
  };
  Header header(t2::Time now);
  void send_templates(t2::Time now);
  void send(Pending& pending, t2::Time now);
  void hand_over(std::span<const std::uint8_t> message, unsigned records);
  void advance(unsigned records);
  void heed_refusal();

  Settings settings_;
  std::unique_ptr<Transport> transport_;
  Template templates_[2];
  Pending ipv4_, ipv6_;
  Counters counters_;
  std::uint32_t sequence_ = 0;
  t2::Time boot_ = 0, newest_ = 0;     // seconds since 1970; of the last message
  t2::Time templates_sent_ = 0;
  unsigned messages_since_ = 0;        // the templates were sent
  unsigned template_gap_ = 1;          // grows to template_messages: the first repetitions come quickly
  bool templates_wanted_ = true;
  bool stream_ = false;
  unsigned last_records_ = 0;          // in the message handed over last
};

}  // namespace netflow
