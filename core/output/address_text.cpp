// Looks at each place of a text where an address may begin.
#include "output/address_text.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <strings.h>

#include <fmt/format.h>

namespace t2 {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view ip4_names = ".in-addr.arpa", ip6_names = ".ip6.arpa";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
unsigned hex_value(char c) { return static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10); }
bool begins(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && strncasecmp(text.data(), with.data(), with.size()) == 0;
}

class Replacer {
 public:
  Replacer(std::string_view text, CryptoPan& names, std::string& to) : text_(text), names_(names), to_(to) {}

  bool run() {
    to_.clear();
    while (at_ < text_.size()) {
      const bool in_word = at_ > 0 && (is_digit(text_[at_ - 1]) || is_letter(text_[at_ - 1])) && at_ != behind_escape_;
      if (!in_word && (ip6_name() || mac() || ip6())) continue;
      if (is_digit(text_[at_])) {
        ip4();
        continue;
      }
      // In a URL: %2F192.0.2.1
      if (text_[at_] == '%' && rest().size() > 2 && is_hex(text_[at_ + 1]) && is_hex(text_[at_ + 2]))
        behind_escape_ = at_ += 3;
      else ++at_;
    }
    if (copied_ > 0) to_.append(text_.substr(copied_));
    return copied_ > 0;
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  void replace(std::size_t size, std::string_view by) {
    to_.append(text_.substr(copied_, at_ - copied_)).append(by);
    copied_ = at_ += size;
  }

  // Up to 32 digits with points between them, the last one first.
  bool ip6_name() {
    const std::string_view rest = this->rest();
    std::size_t count = 0;
    while (count < 32 && rest.size() > 2 * count + 1 && is_hex(rest[2 * count]) && rest[2 * count + 1] == '.') ++count;
    if (count == 0 || !begins(rest.substr(2 * count - 1), ip6_names)) return false;
    std::uint8_t address[16] = {};
    for (std::size_t i = 0; i < count; ++i)
      address[i / 2] =
          static_cast<std::uint8_t>(address[i / 2] | hex_value(rest[2 * (count - 1 - i)]) << (i % 2 ? 0 : 4));
    names_.ip6(address);
    std::string name;
    for (std::size_t i = count; i-- > 0;)
      fmt::format_to(std::back_inserter(name), "{:x}.", address[i / 2] >> (i % 2 ? 0 : 4) & 15);
    name.pop_back();
    replace(2 * count - 1, name);
    return true;
  }

  // A fingerprint, for example, whose end would look like a MAC address.
  bool skip_hex(std::string_view run) {
    if (run.find('.') != run.npos) return false;
    at_ += run.size();
    return true;
  }

  bool ip6() {
    const std::string_view rest = this->rest();
    std::size_t size = 0;
    while (size < rest.size() && (is_hex(rest[size]) || rest[size] == ':' || rest[size] == '.')) ++size;
    if (size < rest.size() && (is_letter(rest[size]) || is_digit(rest[size]))) return false;
    if (std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size), ':') < 2) return false;
    while (size > 2 && rest[size - 1] == '.') --size;
    if (size > 2 && rest[size - 1] == ':' && rest[size - 2] != ':') --size;
    char text[INET6_ADDRSTRLEN];
    std::uint8_t address[16];
    if (size >= sizeof text) return skip_hex(rest.substr(0, size));
    text[rest.copy(text, size)] = '\0';
    if (inet_pton(AF_INET6, text, address) != 1) return skip_hex(rest.substr(0, size));
    names_.ip6(address);
    replace(size, inet_ntop(AF_INET6, address, text, sizeof text));
    return true;
  }

  bool mac() {
    constexpr std::size_t size = 17;
    const std::string_view rest = this->rest();
    if (rest.size() < size || (rest[2] != ':' && rest[2] != '-')) return false;
    std::uint8_t address[6] = {};
    for (std::size_t i = 0; i < size; ++i) {
      if (i % 3 == 2 ? rest[i] != rest[2] : !is_hex(rest[i])) return false;
      if (i % 3 != 2) address[i / 3] = static_cast<std::uint8_t>(address[i / 3] * 16U + hex_value(rest[i]));
    }
    const std::string_view behind = rest.substr(size);
    if (!behind.empty() && (is_digit(behind[0]) || is_letter(behind[0]))) return false;
    if (behind.size() > 1 && behind[0] == rest[2] && is_hex(behind[1])) return false;
    names_.mac(address);
    std::string name;
    for (const std::uint8_t byte : address) fmt::format_to(std::back_inserter(name), "{:02x}{}", byte, rest[2]);
    name.pop_back();
    replace(size, name);
    return true;
  }

  // Goes behind all numbers that have the same character between them, or behind one that ends a word (ec2-192-0-2-1).
  void ip4() {
    const std::string_view rest = this->rest();
    std::array<unsigned, 4> part{};
    std::size_t parts = 0, size = 0, last = 0;  // last: where the last part begins
    bool fits = true;
    const char between = rest.substr(0, 4).find('-') != rest.npos ? '-' : '.';
    for (std::size_t from = 0;; from = size + 1) {
      unsigned value = 0;
      last = from;
      for (size = from; size < rest.size() && is_digit(rest[size]); ++size)
        value = std::min(10 * value + static_cast<unsigned>(rest[size] - '0'), 1000u);
      if (parts < part.size()) part[parts] = value;
      ++parts, fits = fits && size - from <= 3 && value <= 255;
      if (rest.size() < size + 2 || rest[size] != between || !is_digit(rest[size + 1])) break;
    }
    const std::string_view behind = rest.substr(size);
    const bool name = between == '.' && begins(behind, ip4_names);
    // Three dashes are in lists of numbers and in dates, too.
    const bool in_host_name =
        (at_ > 0 && (is_letter(text_[at_ - 1]) || text_[at_ - 1] == '-' || text_[at_ - 1] == '.')) ||
        (behind.size() > 1 && (behind[0] == '.' || behind[0] == '-') && is_letter(behind[1]));
    if (!fits || parts > part.size() || (!name && parts < part.size()) || (between == '-' && !in_host_name)) {
      if (at_ > 0 && is_letter(text_[at_ - 1])) size = std::min(rest.find_first_not_of(digits), size);
      else if (last > 0 && !behind.empty() && (is_hex(behind[0]) || behind[0] == ':')) size = last;  // an IPv6 address?
      at_ += size;
      return;
    }
    if (name) std::reverse(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(parts));
    std::uint8_t address[4];
    for (std::size_t i = 0; i < 4; ++i) address[i] = static_cast<std::uint8_t>(part[i]);
    names_.ip4(address);
    if (name) std::reverse(address, address + parts);
    std::string text;
    for (std::size_t i = 0; i < parts; ++i) fmt::format_to(std::back_inserter(text), "{}{}", address[i], between);
    text.pop_back();
    replace(size, text);
  }

  std::string_view text_;
  CryptoPan& names_;
  std::string& to_;
  std::size_t at_ = 0, copied_ = 0;  // what is before `copied_` is in `to_`
  std::size_t behind_escape_ = std::string_view::npos;
};

}  // namespace

bool replace_addresses(std::string_view text, CryptoPan& names, std::string& to) {
  return Replacer(text, names, to).run();
}

std::string with_pseudonyms(std::string text, const std::optional<AnonymisationKey>& key) {
  if (!key) return text;
  CryptoPan names(*key);
  std::string changed;
  return replace_addresses(text, names, changed) ? changed : text;
}

}  // namespace t2
