// Who makes the device with a MAC address: the registries of the IEEE, as Debian's package ieee-data installs them, and
// the group addresses that standards define.
//
// The registries are read when the first label is wanted: where each entry stands. What it says about an organisation
// is taken from there when its label is made.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "labels.hpp"
#include "registry_text.hpp"
#include "t2/keyed_hash.hpp"

namespace t2::mac_recorder {

using Mac = std::uint64_t;  // 48 bits

struct RegistryCsv;

class OuiRegistry {
 public:
  enum class Numbers { any, in_order };  // of entries: in the order of their blocks, the larger one of two first

  OuiRegistry() = default;  // without entries: only group addresses have a label
  // Reads oui.csv, mam.csv, oui36.csv and iab.csv of a folder; where there is no such file, the .txt of that name.
  // Throws std::runtime_error that names the remedy if no entry can be found in oui.
  explicit OuiRegistry(const std::string& folder, Numbers numbers = Numbers::any);

  // The entry with the longest prefix. The group address of Cisco's protocols is told apart by the flow's EtherType.
  // Any thread.
  LabelMatch find(Mac mac, std::uint16_t ether_type) const;
  std::size_t size() const { return entries_.size(); }
  // A file was written to since, and an entry is no longer where it was: its addresses have no label.
  bool changed() const { return changed_; }

 private:
  struct RegistryEntry {
    std::uint64_t block;  // key()
    std::uint32_t line;   // where it stands in text_
    bool operator<(const RegistryEntry& other) const {
      return block != other.block ? block < other.block : line < other.line;
    }
  };
  // Of a prefix of so many hex digits.
  static std::uint64_t key(Mac first, std::uint64_t digits) { return first << 16 | digits; }
  static std::uint64_t block_of(RegistryCsv& csv, std::string& scratch, bool& more);
  void read_entries();
  void add_index();
  std::size_t slot(std::uint64_t block) const;
  LabelMatch read(std::uint32_t number) const;
  friend void check(const std::string&);

  RegistryText text_;
  std::vector<RegistryEntry> entries_;  // of several for one block the one that was read first
  std::vector<std::uint32_t> slots_;    // open addressing by block: number of the entry, from 1; 0: none
  KeyedHash hash_;
  mutable std::atomic<bool> changed_ = false;
};

// Reads the beginning of the registry only. Throws as OuiRegistry() would if it holds no entry: the run must not start.
void check(const std::string& folder);

}  // namespace t2::mac_recorder
