// Frame builder: layers are serialised from the innermost to the outermost, so that each header knows what it carries.
#include "frame.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace t2::test {
namespace {

constexpr std::uint8_t low(std::uint32_t value) { return static_cast<std::uint8_t>(value & 0xff); }

void put16(Buffer& to, std::size_t at, std::uint32_t value) {
  to.at(at) = low(value >> 8);
  to.at(at + 1) = low(value);
}
void put32(Buffer& to, std::size_t at, std::uint32_t value) {
  put16(to, at, value >> 16);
  put16(to, at + 2, value);
}
std::uint32_t get16(const Buffer& from, std::size_t at) {
  return static_cast<std::uint32_t>(from.at(at) << 8 | from.at(at + 1));
}
std::uint32_t narrow(std::size_t size) { return static_cast<std::uint32_t>(size); }

void pad_to_multiple(Buffer& data, std::size_t of, std::size_t before = 0) {
  while ((data.size() + before) % of) data.push_back(0);
}

}  // namespace

Buffer text(std::string_view characters) { return {characters.begin(), characters.end()}; }

Buffer hex(std::string_view digits) {
  Buffer out;
  std::string pair;
  for (const char c : digits) {
    if (c == ' ' || c == ':' || c == '\n') continue;
    if (!std::isxdigit(static_cast<unsigned char>(c))) throw std::invalid_argument("hex: " + std::string(digits));
    pair += c;
    if (pair.size() == 2) {
      out.push_back(static_cast<std::uint8_t>(std::stoul(pair, nullptr, 16)));
      pair.clear();
    }
  }
  if (!pair.empty()) throw std::invalid_argument("hex: odd number of digits in " + std::string(digits));
  return out;
}

Buffer mac(std::string_view address) {
  Buffer out = hex(address);
  if (out.size() != 6) throw std::invalid_argument("not a MAC address: " + std::string(address));
  return out;
}

Buffer address(std::string_view ip) {
  const std::string s(ip);
  const bool six = s.find(':') != s.npos;
  Buffer out(six ? 16 : 4);
  if (inet_pton(six ? AF_INET6 : AF_INET, s.c_str(), out.data()) != 1)
    throw std::invalid_argument("not an IP address: " + s);
  return out;
}

Buffer operator+(Buffer a, const Buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

void append16(Buffer& to, std::uint32_t value) {
  to.resize(to.size() + 2);
  put16(to, to.size() - 2, value);
}
void append32(Buffer& to, std::uint32_t value) {
  to.resize(to.size() + 4);
  put32(to, to.size() - 4, value);
}

std::uint16_t internet_checksum(const Buffer& data) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) sum += i % 2 ? data[i] : static_cast<std::uint64_t>(data[i]) << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint32_t crc32c(const Buffer& data) {
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : data) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

Buffer mss(std::uint16_t bytes) { return {2, 4, low(bytes >> 8u), low(bytes)}; }
Buffer window_scale(std::uint8_t shift) { return {3, 3, shift}; }
Buffer sack_permitted() { return {4, 2}; }
Buffer nop(std::size_t count) { return Buffer(count, 1); }
Buffer timestamps(std::uint32_t value, std::uint32_t echo) {
  Buffer out{8, 10};
  append32(out, value);
  append32(out, echo);
  return out;
}

Frame& Frame::add(Kind kind, Buffer header, std::uint32_t number) {
  layers_.push_back({kind, std::move(header), number, {}, {}, {}, {}, {}});
  return *this;
}

Frame::Layer& Frame::last(std::initializer_list<Kind> kinds, const char* setter) {
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer)
    if (kinds.size() == 0 || std::find(kinds.begin(), kinds.end(), layer->kind) != kinds.end()) return *layer;
  throw std::logic_error(std::string("Frame::") + setter + "(): there is no layer that it fits");
}

// ---- Link layer

Frame& Frame::eth(std::string_view source, std::string_view destination) {
  return add(Kind::eth, mac(destination) + mac(source) + Buffer(2));
}
Frame& Frame::vlan(unsigned vlan_id, unsigned priority, unsigned tpid) {
  Buffer header;
  append16(header, priority << 13 | vlan_id);
  append16(header, 0);
  return add(Kind::vlan, header, tpid);
}
Frame& Frame::mpls(std::uint32_t label, unsigned hops, unsigned traffic_class) {
  Buffer header;
  append32(header, label << 12 | traffic_class << 9 | hops);
  return add(Kind::mpls, header);
}
Frame& Frame::llc(unsigned dsap, unsigned ssap, unsigned control) {
  Buffer header{low(dsap), low(ssap), low(control)};
  if ((control & 3) != 3) header.push_back(low(control >> 8));
  return add(Kind::llc, header);
}
Frame& Frame::snap(std::uint32_t oui) {
  return add(Kind::snap, {0xaa, 0xaa, 3, low(oui >> 16), low(oui >> 8), low(oui), 0, 0});
}

Frame& Frame::arp(unsigned operation, std::string_view sender_mac, std::string_view sender_ip,
                  std::string_view target_mac, std::string_view target_ip) {
  Buffer header = hex("0001 0800 06 04");
  append16(header, operation);
  return add(Kind::arp, header + mac(sender_mac) + address(sender_ip) + mac(target_mac) + address(target_ip));
}
Frame& Frame::pppoe(unsigned session) {
  Buffer header{0x11, 0};
  append16(header, session);
  return add(Kind::pppoe, header + Buffer(4), 0x8864);
}
Frame& Frame::pppoe_discovery(unsigned code, unsigned session) {
  Buffer header{0x11, low(code)};
  append16(header, session);
  return add(Kind::discovery, header + Buffer(2), 0x8863);
}

// ---- Internet layer

Frame& Frame::ip4(std::string_view source, std::string_view destination) {
  Buffer header(12);
  header[0] = 0x45;
  header[8] = 64;
  return add(Kind::ip4, header + address(source) + address(destination));
}
Frame& Frame::ip6(std::string_view source, std::string_view destination) {
  Buffer header(8);
  header[0] = 0x60;
  header[7] = 64;
  return add(Kind::ip6, header + address(source) + address(destination));
}
Frame& Frame::ttl(unsigned value) {
  Layer& ip = last({Kind::ip4, Kind::ip6}, "ttl");
  ip.header[ip.kind == Kind::ip4 ? 8 : 7] = low(value);
  return *this;
}
Frame& Frame::tos(unsigned value) {
  Layer& ip = last({Kind::ip4, Kind::ip6}, "tos");
  if (ip.kind == Kind::ip4) {
    ip.header[1] = low(value);
  } else {
    ip.header[0] = low((ip.header[0] & 0xf0u) | value >> 4);
    ip.header[1] = low((ip.header[1] & 0x0fu) | (value & 15) << 4);
  }
  return *this;
}
Frame& Frame::id(unsigned value) {
  put16(last({Kind::ip4}, "id").header, 4, value);
  return *this;
}
Frame& Frame::dont_fragment(bool on) {
  Buffer& header = last({Kind::ip4}, "dont_fragment").header;
  header[6] = low((header[6] & 0xbfu) | (on ? 0x40u : 0u));
  return *this;
}
Frame& Frame::fragment(unsigned offset_bytes, bool more) {
  Buffer& header = last({Kind::ip4}, "fragment").header;
  put16(header, 6, (get16(header, 6) & 0xc000) | (more ? 0x2000u : 0u) | offset_bytes / 8);
  return *this;
}
Frame& Frame::ip_version(unsigned value) {
  Buffer& header = last({Kind::ip4, Kind::ip6}, "ip_version").header;
  header[0] = low((header[0] & 0x0fu) | value << 4);
  return *this;
}
Frame& Frame::flow_label(std::uint32_t value) {
  Buffer& header = last({Kind::ip6}, "flow_label").header;
  header[1] = low((header[1] & 0xf0u) | value >> 16);
  put16(header, 2, value);
  return *this;
}
Frame& Frame::extension(unsigned number, Buffer body) {
  pad_to_multiple(body, 8, 2);
  return add(Kind::extension, Buffer{0, low(narrow((body.size() + 2) / 8 - 1))} + body, number);
}
Frame& Frame::fragment6(unsigned offset_bytes, bool more, std::uint32_t identification) {
  Buffer header(2);
  append16(header, offset_bytes / 8 << 3 | (more ? 1u : 0u));
  append32(header, identification);
  return add(Kind::extension, header, 44);
}
Frame& Frame::gre(std::optional<std::uint32_t> key, std::optional<std::uint32_t> sequence) {
  Buffer header{low((key ? 0x20u : 0u) | (sequence ? 0x10u : 0u)), 0, 0, 0};
  if (key) append32(header, *key);
  if (sequence) append32(header, *sequence);
  return add(Kind::gre, header);
}

// ---- Transport layer

Frame& Frame::tcp(unsigned source_port, unsigned destination_port) {
  Buffer header;
  append16(header, source_port);
  append16(header, destination_port);
  header.resize(20);
  header[12] = 5 << 4;
  header[13] = 0x10;
  put16(header, 14, 65535);
  return add(Kind::tcp, header);
}
Frame& Frame::flags(std::string_view letters) {
  unsigned bits = 0;
  for (const char letter : letters) {
    const auto position = std::string_view("FSRPAUECN").find(letter);
    if (position == std::string_view::npos) throw std::invalid_argument("TCP flags: " + std::string(letters));
    bits |= 1u << position;
  }
  return flags(bits);
}
Frame& Frame::flags(unsigned bits) {
  Buffer& header = last({Kind::tcp}, "flags").header;
  header[12] = low((header[12] & 0xf0u) | (bits >> 8 & 15));
  header[13] = low(bits);
  return *this;
}
Frame& Frame::seq(std::uint32_t value) {
  put32(last({Kind::tcp}, "seq").header, 4, value);
  return *this;
}
Frame& Frame::ack(std::uint32_t value) {
  put32(last({Kind::tcp}, "ack").header, 8, value);
  return *this;
}
Frame& Frame::window(unsigned value) {
  put16(last({Kind::tcp}, "window").header, 14, value);
  return *this;
}
Frame& Frame::urgent(unsigned value) {
  put16(last({Kind::tcp}, "urgent").header, 18, value);
  return *this;
}
Frame& Frame::udp(unsigned source_port, unsigned destination_port) {
  Buffer header;
  append16(header, source_port);
  append16(header, destination_port);
  return add(Kind::udp, header + Buffer(4));
}
Frame& Frame::udplite(unsigned source_port, unsigned destination_port, unsigned coverage) {
  udp(source_port, destination_port);
  layers_.back().kind = Kind::udplite;
  put16(layers_.back().header, 4, coverage);
  return *this;
}
Frame& Frame::icmp(unsigned type, unsigned code, std::uint32_t rest) {
  Buffer header{low(type), low(code), 0, 0};
  append32(header, rest);
  return add(Kind::icmp, header);
}
Frame& Frame::icmp6(unsigned type, unsigned code, std::uint32_t rest) {
  icmp(type, code, rest);
  layers_.back().kind = Kind::icmp6;
  return *this;
}
Frame& Frame::sctp(unsigned source_port, unsigned destination_port, std::uint32_t tag) {
  Buffer header;
  append16(header, source_port);
  append16(header, destination_port);
  append32(header, tag);
  return add(Kind::sctp, header + Buffer(4));
}
Frame& Frame::chunk(unsigned type, unsigned chunk_flags, const Buffer& value) {
  Buffer data{low(type), low(chunk_flags)};
  append16(data, narrow(value.size() + 4));
  data = data + value;
  pad_to_multiple(data, 4);
  return raw(data);
}

// ---- Content and overrides

Frame& Frame::raw(Buffer data) { return add(Kind::raw, std::move(data)); }
Frame& Frame::pad(std::size_t minimum) {
  minimum_ = minimum;
  return *this;
}
Frame& Frame::options(Buffer data) {
  Layer& layer = last({}, "options");
  if (layer.kind != Kind::ip4 && layer.kind != Kind::tcp)
    throw std::logic_error("Frame::options(): only for IPv4 and TCP");
  pad_to_multiple(data, 4);
  layer.header = layer.header + data;
  return *this;
}
Frame& Frame::length(unsigned value) { return last({}, "length").length = value, *this; }
Frame& Frame::header_words(unsigned value) { return last({}, "header_words").words = value, *this; }
Frame& Frame::checksum(unsigned value) { return last({}, "checksum").checksum = value, *this; }
Frame& Frame::next(unsigned value) { return last({}, "next").next = value, *this; }
Frame& Frame::poke(std::size_t offset, Buffer data) {
  last({}, "poke").pokes.emplace_back(offset, std::move(data));
  return *this;
}

// ---- Serialisation

// What announces layer `of` in a field that holds an EtherType; 802.3 writes a length there instead.
unsigned Frame::ether_type(std::size_t of, std::size_t inner_size) const {
  if (of >= layers_.size()) return 0x88b5;  // "local experimental"
  switch (layers_[of].kind) {
    case Kind::eth: return 0x6558;
    case Kind::vlan:
    case Kind::pppoe:
    case Kind::discovery: return layers_[of].number;
    case Kind::mpls: return 0x8847;
    case Kind::arp: return 0x0806;
    case Kind::ip4: return 0x0800;
    case Kind::ip6: return 0x86dd;
    case Kind::llc:
    case Kind::snap: return narrow(inner_size);
    default: return 0x88b5;
  }
}

unsigned Frame::protocol(std::size_t of) const {
  if (of >= layers_.size()) return 59;  // "no next header"
  switch (layers_[of].kind) {
    case Kind::icmp: return 1;
    case Kind::ip4: return 4;
    case Kind::tcp: return 6;
    case Kind::udp: return 17;
    case Kind::ip6: return 41;
    case Kind::gre: return 47;
    case Kind::icmp6: return 58;
    case Kind::sctp: return 132;
    case Kind::udplite: return 136;
    case Kind::extension: return layers_[of].number;
    default: return 253;  // "experimentation and testing"
  }
}

Buffer Frame::pseudo_header(std::size_t index, std::size_t size) const {
  for (std::size_t i = index; i-- > 0;) {
    const Layer& ip = layers_[i];
    if (ip.kind == Kind::ip4) {
      Buffer out(ip.header.begin() + 12, ip.header.begin() + 20);
      append16(out, protocol(index));
      append16(out, narrow(size));
      return out;
    }
    if (ip.kind == Kind::ip6) {
      Buffer out(ip.header.begin() + 8, ip.header.begin() + 40);
      append32(out, narrow(size));
      append32(out, protocol(index));
      return out;
    }
  }
  return {};
}

void Frame::finish(std::size_t index, Buffer& header, const Buffer& inner) const {
  const Layer& layer = layers_[index];
  const auto size = narrow(header.size() + inner.size());
  const auto type = [&] { return layer.next.value_or(ether_type(index + 1, inner.size())); };
  const auto number = [&] { return low(layer.next.value_or(protocol(index + 1))); };
  const auto length = [&](std::uint32_t computed) { return layer.length.value_or(computed); };
  const auto sum = [&](const Buffer& over) { return layer.checksum.value_or(internet_checksum(over)); };
  const auto transport_sum = [&](std::size_t covered) {
    const Buffer all = header + inner;
    return sum(pseudo_header(index, size) + Buffer(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(covered)));
  };

  switch (layer.kind) {
    case Kind::eth: put16(header, 12, layer.length.value_or(type())); break;
    case Kind::vlan: put16(header, 2, layer.length.value_or(type())); break;
    case Kind::mpls:
      if (index + 1 >= layers_.size() || layers_[index + 1].kind != Kind::mpls) header[2] |= 1;
      break;
    case Kind::snap: put16(header, 6, type()); break;
    case Kind::pppoe:
      put16(header, 4, length(narrow(inner.size() + 2)));
      put16(header, 6, layer.next.value_or(ether_type(index + 1, 0) == 0x86dd ? 0x0057 : 0x0021));
      break;
    case Kind::discovery: put16(header, 4, length(narrow(inner.size()))); break;
    case Kind::ip4:
      header[0] = low((header[0] & 0xf0u) | (layer.words.value_or(narrow(header.size() / 4)) & 15));
      put16(header, 2, length(size));
      header[9] = number();
      put16(header, 10, sum(header));
      break;
    case Kind::ip6:
      put16(header, 4, length(narrow(inner.size())));
      header[6] = number();
      break;
    case Kind::extension: header[0] = number(); break;
    case Kind::gre: put16(header, 2, type()); break;
    case Kind::tcp:
      header[12] = low((header[12] & 0x0fu) | layer.words.value_or(narrow(header.size() / 4)) << 4);
      put16(header, 16, transport_sum(size));
      break;
    case Kind::udp: {
      put16(header, 4, length(size));
      const auto computed = transport_sum(size);
      put16(header, 6, computed == 0 && !layer.checksum ? 0xffff : computed);
      break;
    }
    case Kind::udplite: {
      const std::size_t coverage = get16(header, 4);
      put16(header, 6, transport_sum(coverage == 0 ? size : std::min<std::size_t>(coverage, size)));
      break;
    }
    case Kind::icmp: put16(header, 2, sum(header + inner)); break;
    case Kind::icmp6: put16(header, 2, transport_sum(size)); break;
    case Kind::sctp: {
      const auto crc = layer.checksum.value_or(crc32c(header + inner));  // the least significant byte goes first
      put32(header, 8, crc << 24 | (crc & 0xff00) << 8 | (crc >> 8 & 0xff00) | crc >> 24);
      break;
    }
    default: break;
  }
  for (const auto& [offset, data] : layer.pokes)
    for (std::size_t i = 0; i < data.size(); ++i) header.at(offset + i) = data[i];
}

Buffer Frame::from(std::size_t first) const {
  Buffer inner;
  for (std::size_t i = layers_.size(); i-- > first;) {
    Buffer header = layers_[i].header;
    finish(i, header, inner);
    inner = header + inner;
  }
  return inner;
}

Buffer Frame::bytes() const {
  Buffer out = from(0);
  if (out.size() < minimum_) out.resize(minimum_);
  return out;
}

std::vector<Buffer> Frame::fragments(std::size_t size, std::uint32_t identification) const {
  std::size_t ip = layers_.size();
  while (ip-- > 0 && layers_[ip].kind != Kind::ip4 && layers_[ip].kind != Kind::ip6) {}
  if (ip >= layers_.size() || size % 8)
    throw std::logic_error("Frame::fragments(): needs an IP header and a multiple of 8");
  const Buffer content = from(ip + 1);
  Frame outer = *this;
  outer.layers_.erase(outer.layers_.begin() + static_cast<std::ptrdiff_t>(ip) + 1, outer.layers_.end());
  outer.layers_[ip].next.reset();
  std::vector<Buffer> out;
  for (std::size_t at = 0; at < content.size(); at += size) {
    const std::size_t end = std::min(at + size, content.size());
    const bool more = end < content.size();
    Frame piece = outer;
    if (layers_[ip].kind == Kind::ip4) piece.id(identification).fragment(narrow(at), more);
    else piece.fragment6(narrow(at), more, identification);
    piece.layers_.back().next = layers_[ip].next.value_or(protocol(ip + 1));
    piece.raw(
        Buffer(content.begin() + static_cast<std::ptrdiff_t>(at), content.begin() + static_cast<std::ptrdiff_t>(end)));
    out.push_back(piece.bytes());
  }
  return out;
}

}  // namespace t2::test
