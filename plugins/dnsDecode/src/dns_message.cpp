#include "dns_message.hpp"

#include <algorithm>
#include <cstring>

namespace t2::dns_decode {

Header read_header(View message) {
  Bytes in(message);
  Header header;
  header.id = in.u16();
  header.flags = in.u16();
  for (std::uint16_t& count : header.counts) count = in.u16();
  return header;
}

bool is_possible(const Header& header, std::size_t bytes) {
  constexpr std::size_t least_question = 5, least_record = 11;
  constexpr std::uint16_t reserved = 0x0040;
  constexpr unsigned last_opcode = 7;
  const std::size_t records = std::size_t{header.counts[1]} + header.counts[2] + header.counts[3];
  return !(header.flags & reserved) && header.opcode() <= last_opcode &&
         header_bytes + least_question * header.counts[0] + least_record * records <= bytes;
}

// NetBIOS (RFC 1001, 14.1): 16 bytes as 32 letters, half a byte each. False: it is something else.
bool Sections::append_netbios(Name& to, View label) {
  if (label.size() != 32 ||
      !std::all_of(label.begin(), label.end(), [](std::uint8_t c) { return c >= 'A' && c <= 'P'; }))
    return false;
  static_assert(sizeof to.text >= 4 * 16);
  const auto put = [&](char c) { to.text[to.size++] = c; };
  for (std::size_t i = 0; i < 16; ++i) {
    const auto c = static_cast<std::uint8_t>((label[2 * i] - 'A') << 4 | (label[2 * i + 1] - 'A'));
    if (i == 15 || c < 0x20 || c > 0x7e) {
      put('<'), put("0123456789abcdef"[c >> 4]), put("0123456789abcdef"[c & 0xf]), put('>');
    } else if (c != ' ') {
      put(static_cast<char>(c));
    }
  }
  return true;
}

bool Sections::append(Name& to, View label) const {
  if (to.size == 0 && netbios_ && append_netbios(to, label)) return true;
  const std::size_t dot = to.size > 0 ? 1 : 0;
  if (to.size + dot + label.size() > sizeof to.text) return false;
  if (dot) to.text[to.size++] = '.';
  std::copy(label.begin(), label.end(), to.text + to.size);
  to.size = static_cast<std::uint8_t>(to.size + label.size());
  return true;
}

const Name* Sections::find_known(std::size_t at) const {
  for (const KnownName& known : known_)
    if (known.at == at) return &known.name;
  return nullptr;
}

// `at`: where `from` begins in the message. A compression pointer has to lead backwards, so that every name ends. The
// reader follows at most 127 of them, as many as a name can have labels: only an attacker, who wants to slow it down,
// sends more. Without `wants` the reader skips the name, and `to` stays empty.
bool Sections::name(Bytes& from, std::size_t at, Name& to, bool wants) {
  constexpr unsigned max_pointers = 127;
  to.size = 0;
  const auto fails = [&](std::uint16_t why) {
    found_ |= why;
    return false;
  };
  Bytes* in = &from;
  Bytes behind;
  const std::size_t begin = at + from.position();
  std::size_t limit = begin;
  unsigned pointers = 0;
  bool has_labels = false;
  for (;;) {
    const std::uint8_t size = in->u8();
    if (!in->ok()) return fails(stat::bad_length);
    if (size == 0) break;
    if ((size & 0xc0) == 0xc0) {
      const std::size_t target = (size & 0x3fu) << 8 | in->u8();
      if (!in->ok()) return fails(stat::bad_length);
      if (target < header_bytes || target >= limit || ++pointers > max_pointers) return fails(stat::bad_pointer);
      if (!wants) return true;
      if (const Name* known = find_known(target)) {
        if (!append(to, View(reinterpret_cast<const std::uint8_t*>(known->text), known->size)))
          return fails(stat::bad_length);
        break;
      }
      limit = target;
      behind = Bytes(message_.subspan(target));
      in = &behind;
      continue;
    }
    if (size & 0xc0) return fails(stat::bad_length);
    const View label = in->read(size);
    if (!in->ok() || (wants && !append(to, label))) return fails(stat::bad_length);
    has_labels = true;
  }
  if (has_labels && wants && !netbios_) known_[next_known_++ % std::size(known_)] = {begin, to};
  return true;
}

bool Sections::question(Question& to) {
  if (!name(in_, 0, to.name, names_wanted_)) return false;
  to.type = in_.u16();
  to.class_ = in_.u16() & 0x7fff;  // mDNS: the highest bit wants an answer for one (RFC 6762)
  if (!in_.ok()) found_ |= stat::bad_length;
  if (to.type == type::any) found_ |= stat::any;
  if (to.type == type::ixfr) found_ |= stat::ixfr;
  if (to.type == type::axfr) found_ |= stat::axfr;
  return in_.ok();
}

bool Sections::read_record(Record& to) {
  has_second_ = false;
  if (!name(in_, 0, to.name, names_wanted_)) return false;
  to.type = in_.u16();
  to.class_ = in_.u16() & 0x7fff;
  to.ttl = in_.u32();
  const std::size_t size = in_.u16();
  if (!in_.ok()) {
    found_ |= stat::bad_length;
    return false;
  }
  if (to.type == type::opt) {  // RFC 6891: class and TTL are something else
    to.options = to.ttl;
    to.ttl = 0;
    to.class_ = 0;
  }
  const std::size_t at = in_.position();
  const bool whole = size <= in_.left();
  if (!whole) found_ |= stat::bad_length;
  const View data = in_.read(std::min(size, in_.left()));
  if (whole) read_data(to, at, data);
  return whole;
}

void Sections::read_data(Record& to, std::size_t at, View data) {
  Bytes in(data);
  const auto named = [&] {
    if (name(in, at, to.text_name, names_wanted_)) to.text = to.text_name.view();
  };
  switch (to.type) {
    case type::a:
      if (data.size() == sizeof to.ip4) std::memcpy(to.ip4, data.data(), sizeof to.ip4);
      else found_ |= stat::bad_length;
      break;
    case type::aaaa:
      if (data.size() == sizeof to.ip6) std::memcpy(to.ip6, data.data(), sizeof to.ip6);
      else found_ |= stat::bad_length;
      break;
    case type::ns:
    case type::cname:
    case type::ptr: named(); break;
    case type::mx:
      to.preference = in.u16();
      named();
      break;
    case type::srv:
      if (netbios_) {  // NBSTAT (RFC 1002)
        found_ |= stat::other_type;
        break;
      }
      to.priority = in.u16(), to.weight = in.u16(), to.port = in.u16();
      named();
      break;
    case type::txt: {  // one string without its length, several with
      const bool one = !data.empty() && data[0] + std::size_t{1} == data.size();
      const View shown = data.subspan(one ? 1 : 0);
      to.text = {reinterpret_cast<const char*>(shown.data()), shown.size()};
      break;
    }
    case type::soa: {
      named();
      second_ = {};
      has_second_ = name(in, at, second_.text_name, names_wanted_);
      second_.text = second_.text_name.view();
      in.skip(16);  // serial, refresh, retry, expire
      second_.ttl = in.u32();
      if (!in.ok()) found_ |= stat::bad_length;
      break;
    }
    case type::opt:
    case type::netbios:
    case type::rrsig: break;
    default: found_ |= stat::other_type;
  }
}

}  // namespace t2::dns_decode
