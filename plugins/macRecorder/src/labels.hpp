// Who makes the device with a MAC address: the registries of the IEEE, as Debian's package ieee-data installs them, and
// the group addresses that standards define.
//
// The registries are read once, at start, into one sorted list; names are shortened only when somebody asks for one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace t2::mac_labels {

using Mac = std::uint64_t;  // 48 bits

inline Mac to_mac(const std::uint8_t* six) {
  Mac mac = 0;
  for (int i = 0; i < 6; ++i) mac = mac << 8 | six[i];
  return mac;
}

struct Match {
  std::uint32_t number = 0;        // of the entry, from 1; 0: there is none
  std::string_view organisation;   // as registered
  std::string_view country;        // two letters, or empty
  bool standard = false;           // a group address: no organisation
};

class Registry {
 public:
  // Reads oui.csv, mam.csv, oui36.csv and iab.csv of a folder; where there is no such file, the .txt of that name.
  // Throws std::runtime_error that names the remedy if no entry can be found in oui.
  explicit Registry(const std::string& folder);

  // The entry with the longest prefix. The group address of Cisco's protocols is told apart by the flow's EtherType.
  Match find(Mac mac, std::uint16_t ether_type) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Mac first, last;               // addresses of the block
    std::uint32_t name;            // where it starts in names_: organisation, then country
    std::uint16_t name_size;
    std::uint8_t country_size;
  };
  void read_csv(std::string_view text);
  void read_txt(std::string_view text);
  void add(std::string_view assignment, std::string_view organisation, std::string_view country);
  void sort();

  std::vector<Entry> entries_;     // by first address; of blocks that start equally, the larger one first
  std::string names_;
};

// "Cisco Systems, Inc" of the US: "CiscoSyst,US". Nine characters, at most `longest` with the country. No match: "-".
std::string short_label(const Match& match, std::size_t longest);
// The name as registered, at most `longest` characters. No match: "-".
std::string full_label(const Match& match, std::size_t longest);

}  // namespace t2::mac_labels
