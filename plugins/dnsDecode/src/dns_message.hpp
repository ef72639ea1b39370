// A DNS message (RFC 1035) as its sections: nothing is trusted, what does not fit ends the reading and is said.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "t2/bytes.hpp"

namespace t2::dns_decode {

using View = std::span<const std::uint8_t>;

// Column dnsStat.
namespace stat {
constexpr std::uint16_t dns_port = 1u << 0, netbios = 1u << 1, in_segments = 1u << 2, several_in_segment = 1u << 3,
                        any = 1u << 5, ixfr = 1u << 6, axfr = 1u << 7, long_datagram = 1u << 8, other_type = 1u << 9,
                        questions_cut = 1u << 10, records_cut = 1u << 11, bad_length = 1u << 12, bad_pointer = 1u << 13,
                        too_short = 1u << 14, bad_header = 1u << 15;
}

// IANA, DNS resource record types.
namespace type {
constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, aaaa = 28, netbios = 32,
                        srv = 33, opt = 41, rrsig = 46, ixfr = 251, axfr = 252, any = 255;
}

struct Header {
  std::uint16_t id = 0, flags = 0, counts[4] = {};  // questions, answers, authority, additional
  bool response() const { return flags & 0x8000; }
  unsigned opcode() const { return flags >> 11 & 0xf; }
};
constexpr std::size_t header_bytes = 12;

struct Name {
  std::uint8_t size = 0;
  char text[253];
  std::string_view view() const { return {text, size}; }
};

struct Question {
  Name name;
  std::uint16_t type = 0, class_ = 0;
};
struct Record {
  Name name, text_name;   // owner; name in the data
  std::string_view text;  // TXT: of the data; otherwise text_name
  std::uint32_t ttl = 0, options = 0;
  std::uint16_t type = 0, class_ = 0;
  std::uint16_t preference = 0, priority = 0, weight = 0, port = 0;
  std::uint8_t ip4[4] = {}, ip6[16] = {};
};

Header read_header(View message);
// Whether a header and so few bytes go together.
bool is_possible(const Header& header, std::size_t bytes);

// Reads one section after the other.
class Sections {
 public:
  Sections(View message, bool netbios) : message_(message), in_(message), netbios_(netbios) { in_.skip(header_bytes); }
  // Names of what follows stay empty: they take longer than the rest, and are only passed.
  void want_names(bool wanted) { names_wanted_ = wanted; }
  // False: it is not whole. found() says why.
  bool question(Question& to);
  // Calls visit(record) once, for SOA twice.
  template <class Visit>
  bool record(Record& to, Visit&& visit) {
    to = {};
    if (!read_record(to)) return false;
    visit(to);
    if (to.type == type::soa && has_second_) visit(second_);
    return true;
  }
  std::uint16_t found() const { return found_; }  // bits of dnsStat
  std::size_t position() const { return in_.position(); }

 private:
  bool read_record(Record& to);
  void read_data(Record& to, std::size_t at, View data);
  // A name that was read, for pointers to it: most point to the same one.
  struct KnownName {
    std::size_t at = 0;  // in the message; 0: there is none
    Name name;
  };
  bool name(Bytes& from, std::size_t at, Name& to, bool wants);
  static bool append_netbios(Name& to, View label);
  // False: the name would be longer than any can be.
  bool append(Name& to, View label) const;
  const Name* find_known(std::size_t at) const;

  View message_;
  Bytes in_;
  bool netbios_;
  std::uint16_t found_ = 0;
  Record second_;
  bool has_second_ = false, names_wanted_ = true;
  KnownName known_[4];
  unsigned next_known_ = 0;
};

}  // namespace t2::dns_decode
