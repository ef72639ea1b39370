// Looks addresses up in MaxMind databases (.mmdb). A database is mapped once and read by all workers; what was found
// is remembered by each worker, since many addresses share an entry.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "t2/packet.hpp"

struct MMDB_s;
struct MMDB_entry_s;

namespace t2::geoip {

struct Location {
  std::string continent, country, city, postcode, time_zone;
  std::uint16_t accuracy = 0;
  double latitude = 0, longitude = 0;
  std::uint32_t as_number = 0;
  std::string as_organisation;
  bool failed = false;  // the database is damaged where it is
};

class Database {
 public:
  explicit Database(const std::string& path);  // throws Error
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  struct Entry {
    bool found = false, failed = false;
    std::uint32_t offset = 0;
  };
  Entry find(Family family, const std::array<std::uint8_t, 16>& address) const;
  // Reads an entry of a database of places, or of one of autonomous systems.
  Location place(const Entry& entry, const std::string& language, const std::string& unknown) const;
  Location system(const Entry& entry, const std::string& unknown) const;

 private:
  class Reader;
  std::unique_ptr<MMDB_s> database_;
};

// Of one worker and one database.
class Locations {
 public:
  enum class Kind : std::uint8_t { places, systems };
  // No database: nothing is found.
  Locations(std::shared_ptr<const Database> database, Kind kind, std::string language, const std::string& unknown);
  // It stays until the next call.
  const Location& find(Family family, const std::array<std::uint8_t, 16>& address);

 private:
  std::shared_ptr<const Database> database_;
  const Kind kind_;
  const std::string language_;
  Location unknown_, failed_;
  std::unordered_map<std::uint32_t, Location> known_;  // by the entry's offset
};

}  // namespace t2::geoip
