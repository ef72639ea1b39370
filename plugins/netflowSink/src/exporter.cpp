// The order of business of an exporter.
#include "exporter.hpp"

#include <algorithm>
#include <cstddef>

namespace netflow {

namespace {

constexpr t2::Time longest_wait = t2::one_second / 2;  // of a record; with the core's pauses it leaves within a second

bool has_passed(t2::Time since, t2::Time interval, t2::Time now) {
  return now - since >= interval || now < since;  // the second: the clock was set back
}

}  // namespace

Exporter::Exporter(const Settings& settings, std::unique_ptr<Transport> transport)
    : settings_(settings),
      transport_(std::move(transport)),
      templates_{ipv4_fields(settings.layout), ipv6_fields(settings.layout)},
      ipv4_{DataMessage(templates_[0], settings.message_size, settings.most_ipv4)},
      ipv6_{DataMessage(templates_[1], settings.message_size, settings.most_ipv6)} {}

void Exporter::start(t2::Time now) {
  boot_ = newest_ = now / t2::one_second;
  stream_ = transport_->begin(template_message(templates_, header(now)));
  if (!stream_) send_templates(now);
}

void Exporter::add(const Record& record, t2::Time now) {
  Pending& pending = record.family == t2::Family::ipv4 ? ipv4_ : ipv6_;
  if (pending.message.count() == 0) pending.since = now;
  pending.message.add(record);
  if (pending.message.full()) send(pending, now);
}

void Exporter::tick(t2::Time now) {
  for (Pending* pending : {&ipv4_, &ipv6_}) {
    if (pending->message.count() > 0 && has_passed(pending->since, longest_wait, now)) send(*pending, now);
  }
  if (!stream_ && has_passed(templates_sent_, settings_.template_interval, now)) send_templates(now);
  transport_->work();
}

void Exporter::finish(t2::Time now) {
  for (Pending* pending : {&ipv4_, &ipv6_}) {
    if (pending->message.count() > 0) send(*pending, now);
  }
  heed_refusal();
  transport_->finish();
}

Counters Exporter::counters() const {
  Counters c = counters_;
  if (const Books* books = transport_->books()) {
    c.records = books->sent;
    c.lost = books->lost;
    c.resent = books->resent;
    c.template_messages = books->connections;
    c.messages += books->connections;
  }
  return c;
}

// Seconds and uptime come from one clock, both without a fraction, so that their difference, from which collectors
// compute when the exporter was started, is the same in all messages.
Header Exporter::header(t2::Time now) {
  const t2::Time seconds = now / t2::one_second;
  if (seconds < newest_) boot_ -= newest_ - seconds;  // the clock was set back: uptime goes on
  newest_ = seconds;
  return {.uptime = static_cast<std::uint32_t>((seconds - boot_) * 1000),
          .seconds = static_cast<std::uint32_t>(seconds),
          .sequence = sequence_,
          .source = settings_.source};
}

void Exporter::send_templates(t2::Time now) {
  const Header head = header(now);
  templates_sent_ = now;
  messages_since_ = 0;
  templates_wanted_ = false;
  ++counters_.template_messages;
  hand_over(template_message(templates_, head), 0);
}

void Exporter::send(Pending& pending, t2::Time now) {
  heed_refusal();
  const bool clock_went_back = now / t2::one_second < newest_;
  if (!stream_ && (messages_since_ >= template_gap_ || templates_wanted_ || clock_went_back || has_passed(templates_sent_, settings_.template_interval, now))) {
    template_gap_ = std::min(template_gap_ * 2, settings_.template_messages);
    send_templates(now);
    heed_refusal();
  }
  ++messages_since_;
  const unsigned records = pending.message.count();
  if (templates_wanted_ && !stream_) {  // nobody has taken them: a collector that starts right now could not read the records
    advance(records);
    counters_.lost += records;
  } else {
    hand_over(pending.message.finish(header(now)), records);
  }
  pending.message.clear();
}

void Exporter::advance(unsigned records) { sequence_ += settings_.layout.version == Version::ipfix ? records : 1; }

// A message that could not leave has used its sequence number, so that the collector sees the gap as well.
void Exporter::hand_over(std::span<const std::uint8_t> message, unsigned records) {
  heed_refusal();
  advance(records);
  ++counters_.messages;
  last_records_ = 0;
  if (transport_->send(message, records)) {
    counters_.records += records;
    last_records_ = records;
  } else {
    counters_.lost += records;
  }
}

// Nobody took the message before: whoever listens from now on needs the templates.
void Exporter::heed_refusal() {
  if (!transport_->refused()) return;
  counters_.records -= last_records_;
  counters_.lost += last_records_;
  last_records_ = 0;
  templates_wanted_ = true;
}

}  // namespace netflow
