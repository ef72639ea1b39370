// Calls libmaxminddb.
#include "locations.hpp"

#include <cerrno>
#include <cstring>

#include <maxminddb.h>
#include <netinet/in.h>

#include "t2/library.hpp"

namespace t2::geoip {

namespace {

struct Libmaxminddb {
  Library library{LIBMAXMINDDB_SONAME, "libmaxminddb0"};
  T2_IMPORT(MMDB_open);
  T2_IMPORT(MMDB_close);
  T2_IMPORT(MMDB_lookup_sockaddr);
  T2_IMPORT(MMDB_aget_value);
  T2_IMPORT(MMDB_strerror);
};
const Libmaxminddb& libmaxminddb() {
  static const Libmaxminddb loaded;
  return loaded;
}

constexpr std::size_t max_known = 4096;  // entries that a worker remembers

}  // namespace

// Members of one entry. A member that is missing is not known; anything else is a damaged database.
class Database::Reader {
 public:
  Reader(const MMDB_s& database, std::uint32_t offset) : entry_{&database, offset} {}
  template <class... Path>
  std::string text(const std::string& unknown, Path... path) {
    const MMDB_entry_data_s data = get(path...);
    return data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING ? std::string(data.utf8_string, data.data_size)
                                                                    : unknown;
  }
  template <class... Path>
  std::uint32_t number(Path... path) {
    const MMDB_entry_data_s data = get(path...);
    if (!data.has_data) return 0;
    return data.type == MMDB_DATA_TYPE_UINT16 ? data.uint16 : data.type == MMDB_DATA_TYPE_UINT32 ? data.uint32 : 0;
  }
  template <class... Path>
  double real(Path... path) {
    const MMDB_entry_data_s data = get(path...);
    if (!data.has_data) return 0;
    return data.type == MMDB_DATA_TYPE_DOUBLE  ? data.double_value
           : data.type == MMDB_DATA_TYPE_FLOAT ? static_cast<double>(data.float_value)
                                               : 0;
  }
  bool failed() const { return failed_; }

 private:
  template <class... Path>
  MMDB_entry_data_s get(Path... path) {
    const char* const names[] = {path..., nullptr};
    MMDB_entry_data_s data{};
    const int status = libmaxminddb().MMDB_aget_value(&entry_, &data, names);
    failed_ = failed_ || (status != MMDB_SUCCESS && status != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR);
    if (status != MMDB_SUCCESS) data.has_data = false;
    return data;
  }
  MMDB_entry_s entry_;
  bool failed_ = false;
};

Database::Database(const std::string& path) : database_(std::make_unique<MMDB_s>()) {
  errno = 0;
  const int status = libmaxminddb().MMDB_open(path.c_str(), MMDB_MODE_MMAP, database_.get());
  if (status == MMDB_SUCCESS) return;
  const bool missing = status == MMDB_FILE_OPEN_ERROR;
  throw Error("geoip: cannot use the database '" + path +
              "': " + (missing && errno ? std::strerror(errno) : libmaxminddb().MMDB_strerror(status)) +
              (missing ? ": download one, or correct GEOIP_DB_FILE or GEOIP_ASN_FILE"
                       : ": download it again, or correct GEOIP_DB_FILE or GEOIP_ASN_FILE"));
}
Database::~Database() { libmaxminddb().MMDB_close(database_.get()); }

Database::Entry Database::find(Family family, const std::array<std::uint8_t, 16>& address) const {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (family == Family::ipv4) {
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address.data(), sizeof v4.sin_addr);
  } else {
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address.data(), sizeof v6.sin6_addr);
    if (database_->metadata.ip_version == 4) return {};
  }
  const auto* given =
      family == Family::ipv4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  int status = MMDB_SUCCESS;
  const MMDB_lookup_result_s result = libmaxminddb().MMDB_lookup_sockaddr(database_.get(), given, &status);
  if (status != MMDB_SUCCESS) return {.failed = true};
  return {.found = result.found_entry, .offset = result.entry.offset};
}

Location Database::place(const Entry& entry, const std::string& language, const std::string& unknown) const {
  Reader in(*database_, entry.offset);
  Location found;
  found.continent = in.text(unknown, "continent", "code");
  found.country = in.text(unknown, "country", "iso_code");
  found.city = in.text(unknown, "city", "names", language.c_str());
  found.postcode = in.text(unknown, "postal", "code");
  found.accuracy = static_cast<std::uint16_t>(in.number("location", "accuracy_radius"));
  found.latitude = in.real("location", "latitude");
  found.longitude = in.real("location", "longitude");
  found.time_zone = in.text(unknown, "location", "time_zone");
  found.failed = in.failed();
  return found;
}

Location Database::system(const Entry& entry, const std::string& unknown) const {
  Reader in(*database_, entry.offset);
  Location found;
  found.as_number = in.number("autonomous_system_number");
  found.as_organisation = in.text(unknown, "autonomous_system_organization");
  found.failed = in.failed();
  return found;
}

Locations::Locations(std::shared_ptr<const Database> database, Kind kind, std::string language,
                     const std::string& unknown)
    : database_(std::move(database)), kind_(kind), language_(std::move(language)) {
  for (std::string* text : {&unknown_.continent, &unknown_.country, &unknown_.city, &unknown_.postcode,
                            &unknown_.time_zone, &unknown_.as_organisation})
    *text = unknown;
  failed_ = unknown_;
  failed_.failed = true;
}

const Location& Locations::find(Family family, const std::array<std::uint8_t, 16>& address) {
  if (!database_ || family == Family::layer2) return unknown_;
  const Database::Entry entry = database_->find(family, address);
  if (entry.failed) return failed_;
  if (!entry.found) return unknown_;
  const auto known = known_.find(entry.offset);
  if (known != known_.end()) return known->second;
  if (known_.size() >= max_known) known_.clear();
  const std::string& unknown = unknown_.city;
  return known_
      .emplace(entry.offset,
               kind_ == Kind::places ? database_->place(entry, language_, unknown) : database_->system(entry, unknown))
      .first->second;
}

}  // namespace t2::geoip
