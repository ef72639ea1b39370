// sensor: which probe saw a flow, and how far its clock can be trusted: columns for rows that are collected from many
// probes.
#include "sensor.h"

#include <algorithm>
#include <string>

#include <sys/timex.h>
#include <unistd.h>

#include "t2/clock.hpp"
#include "t2/plugin.hpp"

namespace t2::sensor {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(SENSOR_HOST)};

constexpr Column columns[] = {
    {"sensor", "Number of the probe (-x)", Type::u32},
    {"sensorHost", "Host of the probe", Type::label},
    Column("runStart", "Time of the first packet of the run: with sensor, flowInd and dir the key of a row", Type::time)
        .in("s"),
    Column("clockOffset", "Live: what the clock of the host is behind the reference, as the kernel estimates",
           Type::f64)
        .in("s"),
    Column("clockError", "Live: the offset may be wrong by so much; 0: not known", Type::f64).in("s")};

std::string host_name() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0) return "";
  return name;
}

class Sensor final : public Plugin {
 public:
  explicit Sensor(Host& host) : host_(host), name_(host.text("SENSOR_HOST")) {
    if (name_.empty()) name_ = host_name();
    read_clock_state();
  }

  void on_flow_end(const EndedFlow&, Row& row) override {
    if (!row.is_read()) return;
    constexpr Time interval = 60 * one_second;
    if (host_.interfaces() > 0 && (read_at_ == 0 || steady_clock() - read_at_ >= interval)) read_clock_state();
    const bool live = host_.interfaces() > 0;  // the clock of this host says nothing about that of a file
    row.put(static_cast<std::uint32_t>(host_.sensor_id()));
    row.text(name_);
    row.put(host_.run_start());
    row.put(live ? offset_ : 0.0);
    row.put(live ? error_ : 0.0);
  }

 private:
  // What the kernel knows from an NTP or PTP daemon (adjtimex(2)). After root's rights were given up it does not tell:
  // the state of the start stays.
  void read_clock_state() {
    read_at_ = steady_clock();
    timex state{};
    if (adjtimex(&state) < 0) return;
    offset_ = static_cast<double>(state.offset) / (state.status & STA_NANO ? 1e9 : 1e6);
    error_ = static_cast<double>(state.maxerror) / 1e6;
  }

  Host& host_;
  std::string name_;
  Time read_at_ = 0;               // steady clock
  double offset_ = 0, error_ = 0;  // seconds
};

}  // namespace

}  // namespace t2::sensor

T2_PLUGIN = {.name = "sensor",
             .version = T2_PLUGIN_VERSION,
             .summary = "which probe saw a flow, and its clock",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_sensor,
             .flags = t2::sensor::flags,
             .columns = t2::sensor::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::sensor::Sensor(host); }};
