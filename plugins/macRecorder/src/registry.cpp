// Reads the registries of the IEEE and looks addresses up in them. The registry is built by the first worker that needs
// a label; afterwards it is only read, by all of them.
#include "registry.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "characters.hpp"

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

}  // namespace

// Registry,Assignment,Organization Name,Organization Address; RFC 4180 quotes.
struct RegistryCsv {
  const char *at, *end;

  // Takes the next field, which may be put together in `scratch`. `more`: another one follows in its line.
  std::string_view field(std::string& scratch, bool& more) {
    const bool quoted = is_quoted();
    scratch.clear();
    if (quoted) take_quoted(&scratch);
    const char* const from = at;
    skip_rest();
    std::string_view field(from, static_cast<std::size_t>(at - from));
    if (quoted) field = scratch.append(field);
    more = ends_with_comma();
    return field;
  }
  bool skip_field() {  // true: another one follows in its line
    if (is_quoted()) take_quoted(nullptr);
    skip_rest();
    return ends_with_comma();
  }
  bool is_quoted() const { return at < end && *at == '"'; }

  // From the beginning of a field to the next line. A quote means something only where a field begins.
  void skip_line() {
    while (at < end) {
      const char* stop = find('\n', at, end);
      const char* quote = find('"', at, stop);
      while (quote < stop && quote != at && quote[-1] != ',') quote = find('"', quote + 1, stop);
      at = quote < stop ? quote : std::min(stop + 1, end);
      if (quote == stop || !skip_field()) return;
    }
  }

 private:
  // From the quote that opens a field to behind the one that closes it.
  void take_quoted(std::string* into) {
    const auto keep = [into](const char* from, const char* to) {
      if (into) into->append(from, to);
    };
    for (++at; at < end;) {
      const char* quote = find('"', at, end);
      keep(at, quote);
      at = quote < end ? quote + 1 : end;
      if (at == end || *at != '"') break;
      keep(at, at + 1);
      ++at;
    }
  }
  void skip_rest() {
    const char* to = at;
    while (to < end && *to != ',' && *to != '\n') ++to;
    at = to;
  }
  bool ends_with_comma() { return at < end && *at++ == ','; }

  static const char* find(char c, const char* from, const char* to) {
    const void* found = std::memchr(from, c, static_cast<std::size_t>(to - from));
    return found ? static_cast<const char*>(found) : to;
  }
};

namespace {

constexpr auto hex_digits = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::int8_t i = 0; i < 16; ++i)
    for (const char* digits : {"0123456789ABCDEF", "0123456789abcdef"})
      table[static_cast<unsigned char>(digits[i])] = i;
  return table;
}();
int hex_value(char c) { return hex_digits[static_cast<unsigned char>(c)]; }  // -1: no digit

// Reads a text record by record.
class RecordReader {
 public:
  explicit RecordReader(const RegistryText& text, std::size_t offset, std::size_t piece)
      : text_(text), offset_(offset), buffer_(piece) {}

  // Calls `parse` with the text from the next record on; it leaves RegistryCsv::at behind the record. False: there is
  // none.
  template <class Parse>
  bool next(Parse parse) {
    for (;;) {
      RegistryCsv csv{buffer_.data() + begin_, buffer_.data() + end_};
      const bool is_last = offset_ + end_ == text_.size();
      if (begin_ < end_) {
        parse(csv, offset_ + begin_);
        if (csv.at < csv.end || is_last) {
          begin_ = static_cast<std::size_t>(csv.at - buffer_.data());
          return true;
        }
      } else if (is_last) {
        return false;
      }
      fill();  // the record may go on behind what was read
    }
  }

 private:
  void fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    offset_ += begin_;
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    end_ += text_.read(offset_ + end_, buffer_.data() + end_, buffer_.size() - end_);
  }

  const RegistryText& text_;
  std::size_t offset_;  // of the buffer in the text
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what was not handed on yet
};

std::runtime_error unreadable(const std::string& folder) {
  return std::runtime_error("cannot read " + folder +
                            "/oui.csv: apt-get install ieee-data, or set MR_OUI_DIR, or build with MR_MACLBL 0");
}

}  // namespace

OuiRegistry::OuiRegistry(const std::string& folder, Numbers numbers) {
  for (const char* name : {"/oui", "/mam", "/oui36", "/iab"}) text_.add(folder + name);
  read_entries();
  if (entries_.empty()) throw unreadable(folder);
  if (numbers == Numbers::in_order) std::sort(entries_.begin(), entries_.end());
  add_index();
}

void check(const std::string& folder) {
  constexpr std::size_t enough = 8 << 10;  // bytes, for some entries: they have a hundred each
  OuiRegistry first;
  first.text_.add(folder + "/oui", enough);
  first.read_entries();
  if (first.size() == 0) throw unreadable(folder);
}

// Takes the first two fields of a record. 0: they name no block, as in the line with the titles.
std::uint64_t OuiRegistry::block_of(RegistryCsv& csv, std::string& scratch, bool& more) {
  more = csv.skip_field();
  if (!more) return 0;
  const std::string_view assignment = csv.field(scratch, more);
  Mac prefix = 0;
  std::size_t digits = 0;
  for (const char c : assignment) {
    const int digit = hex_value(c);
    if (digit < 0) break;
    prefix = prefix << 4 | static_cast<unsigned>(digit);
    ++digits;
  }
  if (digits < assignment.size() || digits < 6 || digits > 12) return 0;
  return key(prefix << (48 - 4 * digits), digits);
}

void OuiRegistry::read_entries() {
  constexpr std::size_t piece = 64 << 10;  // stays in the processor's cache
  entries_.reserve(text_.size() / 90);
  RecordReader reader(text_, 0, std::min(piece, text_.size() + 1));
  std::string scratch;
  RegistryEntry entry{};
  const auto parse = [&](RegistryCsv& csv, std::size_t line) {
    bool more;
    entry = {block_of(csv, scratch, more), static_cast<std::uint32_t>(line)};
    if (more) csv.skip_line();
  };
  while (reader.next(parse))
    if (entry.block != 0) entries_.push_back(entry);
}

void OuiRegistry::add_index() {
  slots_.resize(std::bit_ceil(2 * entries_.size()));
  std::uint32_t kept = 0;
  for (const RegistryEntry entry : entries_) {
    std::uint32_t& number = slots_[slot(entry.block)];
    if (number != 0) continue;
    entries_[kept++] = entry;
    number = kept;
  }
  entries_.resize(kept);
}

// Where the block is, or where it would be.
std::size_t OuiRegistry::slot(std::uint64_t block) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash_(block, std::uint64_t{0}) & mask;
  while (slots_[at] != 0 && entries_[slots_[at] - 1].block != block) at = (at + 1) & mask;
  return at;
}

// Without number: another entry is there now, for the file was changed.
LabelMatch OuiRegistry::read(std::uint32_t number) const {
  constexpr std::size_t usual = 512;  // bytes of a record
  const RegistryEntry& entry = entries_[number - 1];
  RecordReader reader(text_, entry.line, usual);
  std::string scratch, organisation, address;
  std::uint64_t block = 0;
  reader.next([&](RegistryCsv& csv, std::size_t) {
    bool more;
    block = block_of(csv, scratch, more);
    if (more) organisation = trim(csv.field(scratch, more)).substr(0, 512);
    while (more) address = csv.field(scratch, more);
  });
  if (block != entry.block) {
    changed_ = true;
    return {};
  }
  return {number, organisation, std::string(country_of(address)), false};
}

LabelMatch OuiRegistry::find(Mac mac, std::uint16_t ether_type) const {
  if (mac == 0) return {};  // not an address
  std::uint32_t number = static_cast<std::uint32_t>(entries_.size());
  for (const GroupAddress& s : group_addresses) {
    ++number;
    if (mac >= s.first && mac <= s.last && (s.ether_type == 0 || s.ether_type == ether_type))
      return {number, std::string(s.name), {}, true};
  }
  if (entries_.empty()) return {};
  for (const std::uint64_t digits : {9u, 7u, 6u}) {  // blocks of 36, 28 and 24 bits: the smallest first
    const std::uint64_t bits = 48 - 4 * digits;
    const std::uint32_t found = slots_[slot(key(mac >> bits << bits, digits))];
    if (found == 0) continue;
    LabelMatch match = read(found);
    if (match.organisation == "IEEE Registration Authority")
      return {};  // handed on in parts, and this part is not listed
    return match;
  }
  return {};
}

}  // namespace t2::mac_recorder
