// --anonymise: addresses that stand in texts, such as names, URLs and lines of the report. Any thread, each with its
// own pseudonyms.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "output/crypto_pan.hpp"

namespace t2 {

// Whether the text has addresses; then `to` is the text with pseudonyms in their place. Known are IPv4 addresses
// (192.0.2.1, and in host names 192-0-2-1), IPv6 addresses in all forms of RFC 4291, MAC addresses with ':' or '-', and
// the names of addresses below in-addr.arpa and ip6.arpa, of networks too. A number with four parts, such as a version,
// cannot be told from an IPv4 address and is taken for one.
bool replace_addresses(std::string_view text, CryptoPan& names, std::string& to);

// A text of the program itself. Without a key it stays as it is.
std::string with_pseudonyms(std::string text, const std::optional<AnonymisationKey>& key);

}  // namespace t2
