// Exports records to one collector: fills messages, decides when they leave, repeats the templates, keeps sequence and
// counters. Used by the output thread. Times are those of the wall clock, in ns since 1970, and come as arguments: an
// exporter reads no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "message.hpp"
#include "t2/plugin.hpp"
#include "transport.hpp"

namespace t2::netflow_sink {

struct ExporterSettings {
  RecordLayout layout;
  std::uint32_t source = 0;                 // source ID; IPFIX: observation domain
  std::size_t message_size = 1400;          // bytes at most
  unsigned max_ipv4 = 200, max_ipv6 = 100;  // records in one message
  unsigned template_messages = 20;          // templates are repeated after so many messages
  t2::Time template_interval = 60 * t2::one_second;
  t2::Time statistics_interval = 0;  // 0: no statistics
  bool live = false;                 // the statistics name interfaces
  std::uint32_t sampling = 0;        // announced: one packet of so many is seen; 0: nothing is announced
};

// `messages` includes `template_messages`, and both include what the transport sent by itself.
struct ExportCounters {
  std::uint64_t messages = 0, template_messages = 0;
  std::uint64_t octets = 0;   // of the messages
  std::uint64_t records = 0;  // handed to the transport, which may have lost them
  std::uint64_t pairs = 0;    // of these, records of both directions of a flow
};

// Totals of the run so far.
struct ObservedTraffic {
  std::uint64_t flows = 0;                            // directions that have ended
  std::uint64_t packets = 0;                          // of these directions
  std::uint64_t ignored = 0, dropped = 0;             // packets, as in t2::Input
  std::vector<t2::CaptureInterface> interfaces = {};  // of a live capture
};

class Exporter {
 public:
  Exporter(const ExporterSettings& settings, std::unique_ptr<Transport> transport);

  void start(t2::Time now);  // the templates leave
  // Adds a record that Template::put() made. `flow_id`: the value of its field flowId.
  void add(RecordKind kind, std::span<const std::uint8_t> record, std::uint64_t flow_id, t2::Time now);
  void tick(t2::Time now, const ObservedTraffic& observed = {});    // sends messages that have waited long enough
  void finish(t2::Time now, const ObservedTraffic& observed = {});  // sends all messages
  ExportCounters counters() const;
  Transport& transport() const { return *transport_; }

 private:
  struct PendingMessage {
    DataMessage message;
    t2::Time since = 0;  // when its first record came
  };
  struct ObservationDomain {
    std::uint32_t id, sequence = 0;
  };
  // nfcapd forgets to count options records in the sequence of IPFIX. Over UDP they therefore have a domain of their
  // own, 0, which means the exporter as a whole.
  ObservationDomain& options_domain() {
    return settings_.layout.version == Version::ipfix && !stream_ && flows_.id != whole_.id ? whole_ : flows_;
  }
  MessageHeader header(t2::Time now, const ObservationDomain& domain);
  std::size_t min_size() const;
  std::span<const Template> announced() const { return std::span(templates_).first(announced_); }
  void announce_label_templates(t2::Time now);
  void set_templates(t2::Time now);
  template <class F>
  void for_template_messages(F use) const;
  void send_templates(t2::Time now);
  void send_options(const OptionsRecords& options, ObservationDomain& domain, t2::Time now);
  void send_statistics(t2::Time now, const ObservedTraffic& observed);
  void send(PendingMessage& pending, t2::Time now);
  void deliver(std::span<const std::uint8_t> message, ObservationDomain& domain, unsigned records, unsigned options);

  ExporterSettings settings_;
  std::unique_ptr<Transport> transport_;
  std::vector<Template> templates_;                // of the kinds that are sent; those with labels come last
  std::size_t announced_ = 0;                      // so many of them; the others when the first flow with labels comes
  std::vector<PendingMessage> pending_;            // one for each template
  std::uint8_t index_of_kind_[record_kinds] = {};  // in templates_ and pending_
  ExportCounters counters_;
  ObservationDomain flows_, whole_{0};
  t2::Time boot_ = 0, newest_ = 0;  // seconds since 1970: start of the exporter, last message
  t2::Time templates_sent_ = 0, statistics_sent_ = 0;
  std::optional<t2::Time> types_sent_;  // of the enterprise elements
  unsigned messages_since_ = 0;         // messages since the templates were sent
  unsigned template_gap_ = 1;           // messages between repetitions; doubles up to template_messages
  bool stream_ = false;
};

}  // namespace t2::netflow_sink
