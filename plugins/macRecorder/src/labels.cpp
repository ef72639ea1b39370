// Reads the registries of the IEEE and looks addresses up in them. The registry is built by the first worker that needs
// a label; afterwards it is only read, by all of them.
#include "labels.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>

namespace t2::mac_recorder {
namespace {

// Group addresses: IEEE Std 802.1Q (bridges), 802.1AS and 1588 (PTP), ISO 9542 and 10589 (IS-IS), RFC 1112, 2464, 5332.
// `ether_type` 0: of any.
struct GroupAddress {
  Mac first, last;
  std::uint16_t ether_type;
  std::string_view name;
};

constexpr GroupAddress group_addresses[] = {
    {0x01000ccccccc, 0x01000ccccccc, 0x0104, "PAgP"},
    {0x01000ccccccc, 0x01000ccccccc, 0x0111, "UDLD"},
    {0x01000ccccccc, 0x01000ccccccc, 0x2000, "CDP"},
    {0x01000ccccccc, 0x01000ccccccc, 0x2003, "VTP"},
    {0x01000ccccccc, 0x01000ccccccc, 0x2004, "DTP"},
    {0x01005e000000, 0x01005e7fffff, 0, "IPv4 Multicast"},
    {0x01005e800000, 0x01005e8fffff, 0, "MPLS Multicast"},
    {0x011b19000000, 0x011b19000000, 0, "PTP"},
    {0x0180c2000000, 0x0180c2000000, 0, "Nearest Customer Bridge"},
    {0x0180c2000001, 0x0180c2000001, 0, "MAC Specific Control Protocols"},
    {0x0180c2000002, 0x0180c2000002, 0, "Slow_Protocols"},
    {0x0180c2000003, 0x0180c2000003, 0, "Nearest non-TPMR Bridge"},
    {0x0180c2000008, 0x0180c2000008, 0, "Provider Bridge"},
    {0x0180c200000e, 0x0180c200000e, 0, "Nearest Bridge"},
    {0x0180c2000010, 0x0180c2000010, 0, "Bridge Management"},
    {0x0180c2000014, 0x0180c2000014, 0, "Level 1 Intermediate Systems"},
    {0x0180c2000015, 0x0180c2000015, 0, "Level 2 Intermediate Systems"},
    {0x0180c2000020, 0x0180c2000020, 0, "MMRP"},
    {0x0180c2000021, 0x0180c2000021, 0, "MVRP"},
    {0x0180c2000030, 0x0180c200003f, 0, "CFM"},
    {0x09002b000004, 0x09002b000004, 0, "End Systems"},
    {0x09002b000005, 0x09002b000005, 0, "Intermediate Systems"},
    {0x333300000000, 0x3333ffffffff, 0, "IPv6 Multicast"},
    {0xffffffffffff, 0xffffffffffff, 0, "Broadcast"},
};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool in_name(char c) {
  return is_upper(c) || is_lower(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // UTF-8: not the first byte
char lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

std::string_view beginning(std::string_view s, std::size_t characters) {
  std::size_t end = 0;
  while (end < s.size() && (continues(s[end]) || characters-- > 0)) ++end;
  return s.substr(0, end);
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
  return s;
}

// The address ends with the country and a postal code that may have letters, too: "... Zwaag NL 1689 AL", "... HK NA".
// So: the last word of two capitals, unless it looks like the end of a code that follows another such word.
std::string_view country_of(std::string_view address) {
  constexpr std::size_t max_words = 4;  // words at the end that are looked at
  std::string_view words[max_words];
  std::size_t n = 0, code = max_words;
  auto is_code = [](std::string_view w) { return w.size() == 2 && is_upper(w[0]) && is_upper(w[1]); };
  auto has_digit = [](std::string_view w) { return std::any_of(w.begin(), w.end(), is_digit); };
  auto last_word = [](std::string_view& rest) {
    rest = trim(rest);
    std::size_t at = rest.size();
    while (at > 0 && !is_blank(rest[at - 1])) --at;
    const std::string_view word = rest.substr(at);
    rest = rest.substr(0, at);
    return word;
  };
  for (std::string_view rest = address; !rest.empty();) {
    const std::string_view word = last_word(rest);
    if (code == max_words) {
      if (!is_code(word)) continue;
      code = n;
    }
    if (n == max_words) break;
    words[n++] = word;
  }
  if (n == 0) return {};
  // words[0] is the candidate, words[1] stands in front of it, and so on.
  if (words[0] == "NA" && n > 1 && is_code(words[1])) return words[1];
  if (n > 1 && has_digit(words[1]))
    for (std::size_t i = 2; i < n && i < 4; ++i)
      if (is_code(words[i])) return words[i];
  return words[0];
}

// Appends the first bytes of a file; false where there are none.
bool read(std::string& to, const std::string& path, std::size_t max_bytes) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::size_t size =
      file ? std::min(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)), max_bytes) : 0;
  if (size == 0) return false;
  to.resize(to.size() + size);
  file.seekg(0);
  file.read(to.data() + to.size() - size, static_cast<std::streamsize>(size));
  return true;
}

// Registry,Assignment,Organization Name,Organization Address; RFC 4180 quotes.
struct Csv {
  const char *at, *end;

  // Takes the next field, into a string or to nowhere; true if another one follows in its line.
  bool field(std::string* into = nullptr) {
    const auto keep = [into](const char* from, const char* to) {
      if (into) into->append(from, to);
    };
    if (into) into->clear();
    if (at < end && *at == '"') {
      for (++at; at < end;) {
        const char* quote = find('"', at, end);
        keep(at, quote);
        at = quote < end ? quote + 1 : end;
        if (at == end || *at != '"') break;
        keep(at, at + 1);
        ++at;
      }
    }
    const char* from = at;
    while (at < end && *at != ',' && *at != '\n') ++at;
    keep(from, at);
    return at < end && *at++ == ',';
  }

  // From the beginning of a field to the next line. A quote means something only where a field begins.
  void skip_line() {
    while (at < end) {
      const char* stop = find('\n', at, end);
      const char* quote = find('"', at, stop);
      while (quote < stop && quote != at && quote[-1] != ',') quote = find('"', quote + 1, stop);
      at = quote < stop ? quote : std::min(stop + 1, end);
      if (quote == stop || !field()) return;
    }
  }

  static const char* find(char c, const char* from, const char* to) {
    const void* found = std::memchr(from, c, static_cast<std::size_t>(to - from));
    return found ? static_cast<const char*>(found) : to;
  }
};

// An entry has a line with "(hex)", one with "(base 16)" and the organisation, then the address, in which lines can be
// empty and the last one is the country. Blocks smaller than 24 bits: the first line has the 24 bits, the second the
// range of the rest.
std::string csv_of(std::string_view text) {
  std::string csv;
  std::string high, assignment;
  std::string_view organisation, last;
  unsigned lines = 0;
  auto finish = [&] {
    last = trim(last);
    const bool country = lines > 1 && last.size() == 2 && is_upper(last[0]) && is_upper(last[1]);
    if (!assignment.empty()) {
      csv.append(",").append(assignment).append(",\"");
      for (char c : organisation) csv.append(c == '"' ? 2 : 1, c);
      csv.append("\",").append(country ? last : std::string_view{}).append("\n");
    }
    assignment.clear();
    lines = 0;
  };
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (line.empty()) continue;
    if (const std::size_t hex = line.find("(hex)"); hex != line.npos) {
      finish();
      high.clear();
      for (char c : line.substr(0, std::min<std::size_t>(hex, 8)))
        if (c != '-') high += c;
    } else if (const std::size_t base = line.find("(base 16)"); base != line.npos) {
      const std::string_view range = trim(line.substr(0, base));
      const std::size_t dash = range.find('-');
      organisation = trim(line.substr(base + 9));
      if (dash == range.npos) {
        assignment = range;
      } else {  // 500000-5FFFFF: what is equal at the start belongs to the prefix
        std::size_t equal = 0;
        while (equal < dash && dash + 1 + equal < range.size() && range[equal] == range[dash + 1 + equal]) ++equal;
        assignment = high + std::string(range.substr(0, equal));
      }
    } else if (!assignment.empty()) {
      last = line;
      ++lines;
    }
  }
  finish();
  return csv;
}

// Appends one registry, or its first bytes, as CSV.
void add_file(std::string& csv, const std::string& path, std::size_t max_bytes) {
  std::string text;
  if (read(csv, path + ".csv", max_bytes)) csv += '\n';
  else if (read(text, path + ".txt", max_bytes)) csv += csv_of(text);
}

std::runtime_error unreadable(const std::string& folder) {
  return std::runtime_error("cannot read " + folder +
                            "/oui.csv: apt-get install ieee-data, or set MR_OUI_DIR, or build with MR_MACLBL 0");
}

}  // namespace

OuiRegistry::OuiRegistry(const std::string& folder) {
  text_.reserve(6 << 20);  // larger than the four files together
  for (const char* name : {"/oui", "/mam", "/oui36", "/iab"}) add_file(text_, folder + name, text_.max_size());
  index();
  if (entries_.empty()) throw unreadable(folder);
}

void check(const std::string& folder) {
  constexpr std::size_t enough = 8 << 10;  // for some entries: they have a hundred bytes each
  OuiRegistry first;
  add_file(first.text_, folder + "/oui", enough);
  first.index();
  if (first.size() == 0) throw unreadable(folder);
}

// Of several entries for one block the one that was read first stays.
void OuiRegistry::index() {
  entries_.reserve(text_.size() / 90);
  std::string assignment;
  for (Csv csv{text_.data(), text_.data() + text_.size()}; csv.at < csv.end;) {
    const auto line = static_cast<std::uint32_t>(csv.at - text_.data());
    assignment.clear();
    if (csv.field() && csv.field(&assignment)) csv.skip_line();
    if (assignment.size() < 6 || assignment.size() > 12) continue;
    Mac prefix = 0;
    bool hex = true;  // the line with the titles is not
    for (char c : assignment) {
      const int digit = is_digit(c)            ? c - '0'
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                               : -1;
      hex = hex && digit >= 0;
      prefix = prefix << 4 | (static_cast<unsigned>(digit) & 15);
    }
    if (hex) entries_.push_back({key(prefix << (48 - 4 * assignment.size()), assignment.size()), line});
  }
  sort();
  auto same = [](const RegistryEntry& a, const RegistryEntry& b) { return a.block == b.block; };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
}

// The files of the IEEE are in no order. Many entries are distributed by the two halves of their first 24 bits, the
// last one first; only parts of one block of 24 bits are compared.
void OuiRegistry::sort() {
  constexpr std::size_t few = 1024;
  constexpr unsigned half = 12;  // bits
  const std::size_t n = entries_.size();
  if (n < few) return std::sort(entries_.begin(), entries_.end());
  const auto other = std::make_unique_for_overwrite<RegistryEntry[]>(n);
  std::span from(entries_), to(other.get(), n);
  for (const unsigned shift : {64 - 2 * half, 64 - half}) {
    const auto value = [shift](const RegistryEntry& entry) { return entry.block >> shift & ((1u << half) - 1); };
    std::array<std::uint32_t, (1u << half) + 1> begin{};
    for (const RegistryEntry& entry : from) ++begin[value(entry) + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    for (const RegistryEntry& entry : from) to[begin[value(entry)]++] = entry;
    std::swap(from, to);
  }
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto end = std::find_if(at, entries_.end(), [at](const RegistryEntry& entry) {
      return entry.block >> (64 - 2 * half) != at->block >> (64 - 2 * half);
    });
    if (end - at > 1) std::sort(at, end);
    at = end;
  }
}

LabelMatch OuiRegistry::read(std::uint32_t line) const {
  Csv csv{text_.data() + line, text_.data() + text_.size()};
  std::string organisation, address;
  bool more = csv.field() && csv.field() && csv.field(&organisation);
  while (more) more = csv.field(&address);
  return {0, std::string(trim(organisation).substr(0, 512)), std::string(country_of(address)), false};
}

LabelMatch OuiRegistry::find(Mac mac, std::uint16_t ether_type) const {
  if (mac == 0) return {};  // not an address
  std::uint32_t number = static_cast<std::uint32_t>(entries_.size());
  for (const GroupAddress& s : group_addresses) {
    ++number;
    if (mac >= s.first && mac <= s.last && (s.ether_type == 0 || s.ether_type == ether_type))
      return {number, std::string(s.name), {}, true};
  }
  for (std::uint64_t digits : {9u, 7u, 6u}) {  // blocks of 36, 28 and 24 bits: the smallest first
    const std::uint64_t bits = 48 - 4 * digits;
    const RegistryEntry wanted{key(mac >> bits << bits, digits), 0};
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), wanted);
    if (at == entries_.end() || at->block != wanted.block) continue;
    LabelMatch match = read(at->line);
    if (match.organisation == "IEEE Registration Authority")
      return {};  // handed on in parts, and this part is not listed
    match.number = static_cast<std::uint32_t>(at - entries_.begin() + 1);
    return match;
  }
  return {};
}

std::string short_label(const LabelMatch& match, std::size_t longest) {
  if (match.number == 0) return "-";
  const std::string_view name = match.organisation;
  // Words of three and more capitals are written Xxx - except in names like XEROX CORPORATION, which stay as they are.
  bool keep = match.standard;
  if (std::none_of(name.begin(), name.end(), is_lower))
    for (std::string_view end : {" CORPORATION", " INCORPORATED"}) keep = keep || name.ends_with(end);

  std::string label;
  for (std::size_t at = 0, end = 0; at < name.size(); at = std::max(end, at + 1)) {
    bool small = false;
    for (end = at; end < name.size() && in_name(name[end]); ++end) small = small || is_lower(name[end]);
    std::string word(name.substr(at, end - at));
    if (!keep && !small && word.size() > 2) {
      std::transform(word.begin() + 1, word.end(), word.begin() + 1, lower);
      if (word == "Technology") word = "Tech";
    }
    label += word;
  }
  label = beginning(label, 9);
  if (!match.standard) label.append(",").append(match.country);
  return std::string(beginning(label, longest));
}

std::string full_label(const LabelMatch& match, std::size_t longest) {
  if (match.number == 0) return "-";
  return std::string(beginning(match.organisation, longest));
}

}  // namespace t2::mac_recorder
