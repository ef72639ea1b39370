// Decides what leaves when, and builds templates, options and data messages.
#include "exporter.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "setting.hpp"

namespace t2::netflow_sink {

namespace {

constexpr std::size_t options_overhead = 64;       // bytes of the options template and of headers, at most
constexpr t2::Time max_wait = t2::one_second / 2;  // of a record; with the core's pauses it leaves within a second

// A clock that was set back ends an interval, too.
bool has_passed(t2::Time since, t2::Time interval, t2::Time now) { return now - since >= interval || now < since; }

}  // namespace

Exporter::Exporter(const ExporterSettings& settings, std::unique_ptr<Transport> transport)
    : settings_(settings), transport_(std::move(transport)), flows_{settings.source} {
  for (const RecordKind kind : sent_kinds(settings.layout)) {
    index_of_kind_[static_cast<unsigned>(kind)] = static_cast<std::uint8_t>(templates_.size());
    templates_.emplace_back(settings.layout, kind);
    if (!has_labels(kind)) ++announced_;
  }
  // A message is fragmented only if not even one template or record fits.
  settings_.message_size = std::min(settings_.message_size, std::max(transport_->max_message_size(), min_size()));
  for (const Template& t : templates_) {
    const unsigned max_records = t.family() == t2::Family::ipv6 ? settings.max_ipv6 : settings.max_ipv4;
    pending_.push_back({DataMessage(t, settings_.message_size, max_records)});
  }
}

void Exporter::start(t2::Time now) {
  boot_ = newest_ = now / t2::one_second;
  statistics_sent_ = now;
  stream_ = transport_->stream();
  if (stream_) return set_templates(now);
  if (const std::size_t least = min_size(); least > settings_.message_size) {
    throw setting_error("NF_MSGSIZE=" + std::to_string(settings_.message_size) +
                        " is too small for these records: use a value of at least " + std::to_string(least));
  }
  set_templates(now);
  send_templates(now);
}

void Exporter::add(RecordKind kind, std::span<const std::uint8_t> record, std::uint64_t flow_id, t2::Time now) {
  const std::size_t index = index_of_kind_[static_cast<unsigned>(kind)];
  if (index >= announced_) announce_label_templates(now);
  PendingMessage& pending = pending_[index];
  if (pending.message.count() == 0) pending.since = now;
  pending.message.add(record, flow_id);
  if (is_pair(kind)) ++counters_.pairs;
  if (pending.message.full()) send(pending, now);
}

void Exporter::tick(t2::Time now, const ObservedTraffic& observed) {
  for (PendingMessage& pending : pending_) {
    if (pending.message.count() > 0 && has_passed(pending.since, max_wait, now)) send(pending, now);
  }
  if (!stream_ && has_passed(templates_sent_, settings_.template_interval, now)) send_templates(now);
  if (settings_.statistics_interval > 0 && has_passed(statistics_sent_, settings_.statistics_interval, now))
    send_statistics(now, observed);
  transport_->tick();
}

void Exporter::finish(t2::Time now, const ObservedTraffic& observed) {
  for (PendingMessage& pending : pending_) {
    if (pending.message.count() > 0) send(pending, now);
  }
  if (settings_.statistics_interval > 0) send_statistics(now, observed);
  transport_->finish();
}

ExportCounters Exporter::counters() const {
  ExportCounters c = counters_;
  c.template_messages += transport_->delivery().templates;
  c.messages += transport_->delivery().templates;
  c.octets += transport_->delivery().template_octets;
  return c;
}

// Collectors compute the exporter's start from seconds and uptime. Both come from one clock and without a fraction, so
// that all messages tell the same start.
MessageHeader Exporter::header(t2::Time now, const ObservationDomain& domain) {
  const t2::Time seconds = now / t2::one_second;
  if (seconds < newest_) boot_ -= newest_ - seconds;  // the clock was set back; uptime goes on
  newest_ = seconds;
  return {.uptime = static_cast<std::uint32_t>((seconds - boot_) * 1000),
          .seconds = static_cast<std::uint32_t>(seconds),
          .sequence = domain.sequence,
          .source = domain.id};
}

// Bytes of the largest message with one template or one record.
std::size_t Exporter::min_size() const {
  std::size_t least = 0;
  for (const Template& t : templates_) {
    std::size_t count = 0;
    least = std::max({least, template_message_size({&t, 1}, 0, count), DataMessage(t, 0, 1).size()});
  }
  return least;
}

// Builds messages with all announced templates, none larger than NF_MSGSIZE.
template <class F>
void Exporter::for_template_messages(F use) const {
  const std::span all = announced();
  for (std::size_t first = 0, count = 0; first < all.size(); first += count) {
    template_message_size(all.subspan(first), settings_.message_size, count);
    MessageWriter message(settings_.layout.version);
    message.add_templates(all.subspan(first, count));
    use(message);
  }
}

// Gives the transport the messages that each collector gets first. Over a stream they include the options records about
// the templates.
void Exporter::set_templates(t2::Time now) {
  if (!stream_) {
    std::vector<std::vector<std::uint8_t>> messages;
    for_template_messages([&](MessageWriter& message) {
      const auto bytes = message.finish(header(now, flows_));
      messages.emplace_back(bytes.begin(), bytes.end());
    });
    return transport_->set_templates(std::move(messages));
  }
  const Version version = settings_.layout.version;
  MessageWriter message(version);
  for (const OptionsRecords& types : element_types(settings_.layout, ~std::size_t{0})) {
    message.add_options_template(types);
    message.add_options(types);
  }
  message.add_templates(announced());
  const OptionsRecords keys = flow_keys(announced()), sampled = sampling(version, settings_.source, settings_.sampling);
  message.add_options_template(keys);
  if (settings_.statistics_interval > 0) message.add_options_template(statistics(version, settings_.source, {}));
  if (settings_.statistics_interval > 0 && settings_.live) message.add_options_template(interfaces(version, {}, 0)[0]);
  if (settings_.sampling > 0) message.add_options_template(sampled);
  message.add_options(keys);
  if (settings_.sampling > 0) message.add_options(sampled);
  const auto bytes = message.finish(header(now, flows_));
  transport_->set_templates({{bytes.begin(), bytes.end()}}, message.data_records());
}

// Most captures have no labels, so their templates leave with the first flow that has some, and are repeated from then
// on.
void Exporter::announce_label_templates(t2::Time now) {
  const std::span fresh = std::span<const Template>(templates_).subspan(announced_);
  announced_ = templates_.size();
  set_templates(now);
  if (!stream_) return send_templates(now);
  MessageWriter templates(settings_.layout.version), keys(settings_.layout.version);
  templates.add_templates(fresh);
  keys.add_options(flow_keys(fresh));
  ++counters_.template_messages;
  deliver(templates.finish(header(now, flows_)), flows_, 0, 0);
  deliver(keys.finish(header(now, flows_)), flows_, 0, keys.data_records());
}

void Exporter::send_templates(t2::Time now) {
  templates_sent_ = now;
  messages_since_ = 0;
  if (!types_sent_ || has_passed(*types_sent_, settings_.template_interval, now)) {  // before the templates
    types_sent_ = now;
    for (const OptionsRecords& types : element_types(settings_.layout, settings_.message_size - options_overhead))
      send_options(types, options_domain(), now);
  }
  for_template_messages([&](MessageWriter& message) {
    ++counters_.template_messages;
    deliver(message.finish(header(now, flows_)), flows_, 0, 0);
  });
  // The sampling rate is about the flows, so it has their domain.
  if (settings_.sampling > 0)
    send_options(sampling(settings_.layout.version, settings_.source, settings_.sampling), flows_, now);
}

void Exporter::send_options(const OptionsRecords& options, ObservationDomain& domain, t2::Time now) {
  MessageWriter message(settings_.layout.version);
  if (!stream_) message.add_options_template(options);
  message.add_options(options);
  deliver(message.finish(header(now, domain)), domain, 0, message.data_records());
}

void Exporter::send_statistics(t2::Time now, const ObservedTraffic& observed) {
  statistics_sent_ = now;
  const ExportCounters c = counters();
  const std::uint64_t lost = transport_->delivery().lost;  // queued records leave before this message
  const OptionsRecords options = statistics(settings_.layout.version, settings_.source,
                                            {.start = static_cast<std::uint64_t>(boot_) * 1000,
                                             .octets = c.octets,
                                             .messages = c.messages,
                                             .records = c.records - lost,
                                             .lost = lost,
                                             .flows = observed.flows,
                                             .packets = observed.packets,
                                             .ignored = observed.ignored,
                                             .dropped = observed.dropped});
  send_options(options, options_domain(), now);
  if (observed.interfaces.empty()) return;
  const std::size_t room = settings_.message_size - options_overhead;
  for (const OptionsRecords& part : interfaces(settings_.layout.version, observed.interfaces, room))
    send_options(part, options_domain(), now);
}

void Exporter::send(PendingMessage& pending, t2::Time now) {
  const bool clock_went_back = now / t2::one_second < newest_;
  if (!stream_ && (messages_since_ >= template_gap_ || clock_went_back ||
                   has_passed(templates_sent_, settings_.template_interval, now))) {
    template_gap_ = std::min(template_gap_ * 2, settings_.template_messages);
    send_templates(now);
  }
  ++messages_since_;
  deliver(pending.message.finish(header(now, flows_)), flows_, pending.message.count(), 0);
  pending.message.clear();
}

// A message that does not arrive has used its sequence number, so the collector notices the gap.
void Exporter::deliver(std::span<const std::uint8_t> message, ObservationDomain& domain, unsigned records,
                       unsigned options) {
  domain.sequence += settings_.layout.version == Version::ipfix ? records + options : 1;
  ++counters_.messages;
  counters_.octets += message.size();
  counters_.records += records;
  transport_->send(message, records, options);
}

}  // namespace t2::netflow_sink
