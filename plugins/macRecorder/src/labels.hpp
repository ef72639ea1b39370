// Who makes the device with a MAC address: the registries of the IEEE, as Debian's package ieee-data installs them, and
// the group addresses that standards define.
//
// The registries are read when the first label is wanted, into one sorted list. It points into their text: what it says
// about an organisation is taken from there, and shortened, only when a label is made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "t2/bytes.hpp"

namespace t2::mac_recorder {

using Mac = std::uint64_t;  // 48 bits

struct LabelMatch {
  std::uint32_t number = 0;  // of the entry, from 1; 0: there is none
  std::string organisation;  // as registered
  std::string country;       // two letters, or empty
  bool standard = false;     // a group address: no organisation
};

class OuiRegistry {
 public:
  OuiRegistry() = default;  // without entries: only group addresses have a label
  // Reads oui.csv, mam.csv, oui36.csv and iab.csv of a folder; where there is no such file, the .txt of that name.
  // Throws std::runtime_error that names the remedy if no entry can be found in oui.
  explicit OuiRegistry(const std::string& folder);

  // The entry with the longest prefix. The group address of Cisco's protocols is told apart by the flow's EtherType.
  LabelMatch find(Mac mac, std::uint16_t ether_type) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct RegistryEntry {
    std::uint64_t block;  // key(): order of addresses; of blocks that start equally, the larger one first
    std::uint32_t line;   // where it stands in text_
    bool operator<(const RegistryEntry& other) const {
      return block != other.block ? block < other.block : line < other.line;
    }
  };
  static std::uint64_t key(Mac first, std::uint64_t digits) {
    return first << 16 | digits;
  }              // prefix of so many hex digits
  void index();  // makes entries_ of text_
  void sort();   // entries_
  LabelMatch read(std::uint32_t line) const;
  friend void check(const std::string&);

  std::vector<RegistryEntry> entries_;
  std::string text_;  // lines as in the CSV files
};

// Reads the beginning of the registry only. Throws as OuiRegistry() would if it holds no entry: the run must not start.
void check(const std::string& folder);

// "Cisco Systems, Inc" of the US: "CiscoSyst,US". Nine characters, at most `longest` with the country. No match: "-".
std::string short_label(const LabelMatch& match, std::size_t longest);
// The name as registered, at most `longest` characters. No match: "-".
std::string full_label(const LabelMatch& match, std::size_t longest);

}  // namespace t2::mac_recorder
