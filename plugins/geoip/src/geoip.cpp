// geoip: where the addresses of a flow are, and which autonomous systems they belong to, by databases of the user.
//
// Addresses are looked up when a flow ends. An instance belongs to one worker thread; databases are only read.
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "columns.hpp"
#include "geoip.h"
#include "locations.hpp"
#include "t2/plugin.hpp"

namespace t2::geoip {

namespace {

constexpr t2::Flag flags[] = {T2_RUNTIME_FLAG(GEOIP_DB_FILE), T2_RUNTIME_FLAG(GEOIP_ASN_FILE),
                              T2_RUNTIME_FLAG(GEOIP_LANG), T2_RUNTIME_FLAG(GEOIP_UNKNOWN)};

class Geoip final : public t2::Plugin {
 public:
  explicit Geoip(t2::Host& host)
      : places_(database(host, "GEOIP_DB_FILE"), Locations::Kind::places, host.text("GEOIP_LANG"),
                host.text("GEOIP_UNKNOWN")),
        systems_(database(host, "GEOIP_ASN_FILE"), Locations::Kind::systems, {}, host.text("GEOIP_UNKNOWN")) {}

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    if (!row.is_read()) return;
    const t2::Endpoint ends[2] = {e.source(), e.destination()};
    std::uint8_t stat = 0;
    for (unsigned end = 0; end < 2; ++end) {
      const Location& place = places_.find(e.flow.key.family, ends[end].address);
      row.text(place.continent), row.text(place.country), row.text(place.city), row.text(place.postcode);
      row.put(place.accuracy), row.put(place.latitude), row.put(place.longitude), row.text(place.time_zone);
      if (place.failed || systems_.find(e.flow.key.family, ends[end].address).failed)
        stat = static_cast<std::uint8_t>(stat | 2u << end);
    }
    row.put(stat);
    failed_ += stat != 0;
    for (const t2::Endpoint& end : ends) {
      const Location& system = systems_.find(e.flow.key.family, end.address);
      row.put(system.as_number), row.text(system.as_organisation);
    }
  }

  void merge(t2::Plugin& plugin) override { failed_ += static_cast<const Geoip&>(plugin).failed_; }

  void report(t2::Report& report) const override {
    if (!missing_.empty())
      report.line("There is no '" + missing_ + "': places are unknown; download it, or set GEOIP_DB_FILE");
    if (failed_ > 0)
      report.line("Flows whose addresses lie where a database is damaged: " + report.number(failed_) +
                  ": download it again");
  }

 private:
  // Null where none is wanted, and where there is none of that name in the plugin folder: then the report says so.
  // Instances are made one by one.
  std::shared_ptr<const Database> database(t2::Host& host, std::string_view flag) {
    static std::map<std::string, std::weak_ptr<const Database>, std::less<>> opened;
    const std::string name = host.text(flag);
    if (name.empty()) return nullptr;
    const std::string path = named_file(host, name);
    const bool in_plugin_folder = path != name;
    if (in_plugin_folder && !std::filesystem::exists(path)) {
      missing_ = path;
      return nullptr;
    }
    std::weak_ptr<const Database>& known = opened[path];
    std::shared_ptr<const Database> found = known.lock();
    if (!found) known = found = std::make_shared<const Database>(path);
    return found;
  }

  std::string missing_;  // a database
  Locations places_, systems_;
  std::uint64_t failed_ = 0;
};

}  // namespace

}  // namespace t2::geoip

T2_PLUGIN = {.name = "geoip",
             .version = T2_PLUGIN_VERSION,
             .summary = "places and autonomous systems of addresses",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_geoip,
             .flags = t2::geoip::flags,
             .columns = t2::geoip::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::geoip::Geoip(host); }};
