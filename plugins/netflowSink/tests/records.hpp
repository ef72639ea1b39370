// Both ends of an exporter in tests: records as the workers encode them, and a transport that records what it gets.
#pragma once

#include <vector>

#include "../src/exporter.hpp"

namespace t2::test {

class RecordingTransport final : public netflow_sink::Transport {
 public:
  struct Log {
    std::vector<std::vector<std::uint8_t>> messages;
    std::vector<unsigned> options;                     // data records of options in each
    std::vector<std::vector<std::uint8_t>> templates;  // what set_templates() got last
    unsigned template_options = 0;
    std::size_t max_message_size = 65535;
    netflow_sink::DeliveryStats delivery;
  };
  explicit RecordingTransport(Log& log, bool is_stream = false) : log_(log), stream_(is_stream) {}
  bool stream() const override { return stream_; }
  std::size_t max_message_size() const override { return log_.max_message_size; }
  void set_templates(std::vector<std::vector<std::uint8_t>> templates, unsigned options) override {
    log_.templates = std::move(templates);
    log_.template_options = options;
  }
  void send(std::span<const std::uint8_t> message, unsigned records, unsigned options) override {
    log_.messages.emplace_back(message.begin(), message.end());
    log_.options.push_back(options);
    log_.delivery.sent += records;
  }
  void tick() override {}
  void finish() override {}
  const netflow_sink::DeliveryStats& delivery() const override { return log_.delivery; }
  std::string destination() const override { return "test"; }

 private:
  Log& log_;
  bool stream_;
};

// `layout`: that of the exporter.
inline void export_record(netflow_sink::Exporter& exporter, const netflow_sink::RecordLayout& layout,
                          const netflow_sink::FlowRecord& record, Time now) {
  const netflow_sink::RecordKind kind = netflow_sink::record_kind(record.family, false, record.mpls[0] != 0);
  const netflow_sink::Template form(layout, kind);
  std::vector<std::uint8_t> bytes(form.record_size);
  form.put(bytes.data(), record, record);
  exporter.add(kind, bytes, 0, now);
}

}  // namespace t2::test
