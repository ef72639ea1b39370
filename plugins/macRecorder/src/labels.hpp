// Labels of MAC addresses: who made the device, shortened, or which group address of a standard it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace t2::mac_recorder {

struct LabelMatch {
  std::uint32_t number = 0;  // of the entry, from 1; 0: there is none
  std::string organisation;  // as registered
  std::string country;       // two letters, or empty
  bool standard = false;     // a group address: no organisation
};

// The country in a registered address; empty: it names none.
std::string_view country_of(std::string_view address);

// "Cisco Systems, Inc" of the US: "CiscoSyst,US". Nine characters, at most `longest` with the country. No match: "-".
std::string short_label(const LabelMatch& match, std::size_t longest);
// The name as registered, at most `longest` characters. No match: "-".
std::string full_label(const LabelMatch& match, std::size_t longest);

}  // namespace t2::mac_recorder
