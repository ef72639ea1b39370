// Builder of frames for tests: layers are stacked from the outside in, lengths, checksums and "next protocol" fields
// are computed when bytes() is called, and each of them can be overridden to make a damaged frame.
//
//   Frame().eth().vlan(100).ip4("10.0.0.1", "10.0.0.2").ttl(3).tcp(40000,
//   80).flags("S").seq(1000).payload("abc").bytes()
//
// Addresses and ports are always given source first. A setter acts on the last layer of the kind it fits; length(),
// checksum(), next(), options() and poke() act on the layer added last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace t2::test {

using Buffer = std::vector<std::uint8_t>;

Buffer text(std::string_view characters);
Buffer hex(std::string_view digits);   // "45 00 0014": blanks and colons are skipped
Buffer mac(std::string_view address);  // "02:00:00:00:00:01"
Buffer address(std::string_view ip);   // 4 or 16 bytes, network order
Buffer operator+(Buffer a, const Buffer& b);
void append16(Buffer& to, std::uint32_t value);  // big endian
void append32(Buffer& to, std::uint32_t value);
std::uint16_t internet_checksum(const Buffer& data);  // RFC 1071
std::uint32_t crc32c(const Buffer& data);             // SCTP

// TCP options for Frame::options().
Buffer mss(std::uint16_t bytes);
Buffer window_scale(std::uint8_t shift);
Buffer timestamps(std::uint32_t value, std::uint32_t echo);
Buffer sack_permitted();
Buffer nop(std::size_t count = 1);

class Frame {
 public:
  // ---- Link layer
  Frame& eth(std::string_view source = "02:00:00:00:00:01", std::string_view destination = "02:00:00:00:00:02");
  Frame& vlan(unsigned id, unsigned priority = 0, unsigned tpid = 0x8100);  // 0x88a8: the outer tag of QinQ
  Frame& mpls(std::uint32_t label, unsigned ttl = 64,
              unsigned traffic_class = 0);                         // the last one gets "bottom of stack"
  Frame& llc(unsigned dsap, unsigned ssap, unsigned control = 3);  // 802.3: the type before it is a length
  Frame& snap(std::uint32_t oui = 0);                              // LLC aa/aa/03, OUI, EtherType
  Frame& arp(unsigned operation, std::string_view sender_mac, std::string_view sender_ip, std::string_view target_mac,
             std::string_view target_ip);
  Frame& pppoe(unsigned session);  // session stage, PPP protocol included
  Frame& pppoe_discovery(unsigned code, unsigned session = 0);

  // ---- Internet layer
  Frame& ip4(std::string_view source, std::string_view destination);
  Frame& ip6(std::string_view source, std::string_view destination);
  Frame& ttl(unsigned value);  // hop limit in IPv6
  Frame& tos(unsigned value);  // traffic class in IPv6
  Frame& id(unsigned value);   // IPv4 identification
  Frame& dont_fragment(bool on = true);
  Frame& fragment(unsigned offset_bytes, bool more);  // IPv4; see also fragments()
  Frame& ip_version(unsigned value);
  Frame& flow_label(std::uint32_t value);
  Frame& extension(unsigned number, Buffer body);  // body without the first two bytes, padded to 8
  Frame& hop_by_hop(Buffer options = hex("01 04 00 00 00 00")) { return extension(0, std::move(options)); }
  Frame& destination_options(Buffer options = hex("01 04 00 00 00 00")) { return extension(60, std::move(options)); }
  Frame& routing(Buffer body = hex("00 00 00 00 00 00")) { return extension(43, std::move(body)); }
  Frame& fragment6(unsigned offset_bytes, bool more, std::uint32_t id);  // IPv6 fragment header
  Frame& gre(std::optional<std::uint32_t> key = {}, std::optional<std::uint32_t> sequence = {});

  // ---- Transport layer
  Frame& tcp(unsigned source_port, unsigned destination_port);
  Frame& flags(std::string_view letters);  // of "FSRPAUECN", any order
  Frame& flags(unsigned bits);
  Frame& seq(std::uint32_t value);
  Frame& ack(std::uint32_t value);  // does not set the flag
  Frame& window(unsigned value);
  Frame& urgent(unsigned value);
  Frame& udp(unsigned source_port, unsigned destination_port);
  Frame& udplite(unsigned source_port, unsigned destination_port, unsigned coverage = 0);
  Frame& icmp(unsigned type, unsigned code = 0, std::uint32_t rest = 0);
  Frame& icmp6(unsigned type, unsigned code = 0, std::uint32_t rest = 0);
  Frame& sctp(unsigned source_port, unsigned destination_port, std::uint32_t tag = 1);
  Frame& chunk(unsigned type, unsigned chunk_flags, const Buffer& value);  // SCTP, padded to 4

  // ---- Content
  Frame& payload(std::string_view characters) { return raw(test::text(characters)); }
  Frame& raw(Buffer data);
  Frame& zeros(std::size_t count) { return raw(Buffer(count)); }
  Frame& pad(std::size_t minimum = 60);  // trailing zeros of the link layer

  // ---- Layer added last
  Frame& options(Buffer data);          // IPv4 or TCP: behind the fixed header, padded to 4 with zeros
  Frame& length(unsigned value);        // length field: IPv4 total, IPv6 payload, UDP, PPPoE, 802.3
  Frame& header_words(unsigned value);  // IHL or data offset
  Frame& checksum(unsigned value);
  Frame& next(unsigned value);                   // EtherType or protocol number of what follows
  Frame& poke(std::size_t offset, Buffer data);  // last: overwrites bytes of its header after all was computed

  Buffer bytes() const;
  operator Buffer() const { return bytes(); }
  // The frame as fragments of the innermost IP header: `size` bytes of its content in each (a multiple of 8).
  // IPv6: a fragment header is put behind the IPv6 header.
  std::vector<Buffer> fragments(std::size_t size, std::uint32_t identification) const;

 private:
  enum class Kind {
    eth,
    vlan,
    mpls,
    llc,
    snap,
    arp,
    pppoe,
    discovery,
    ip4,
    ip6,
    extension,
    tcp,
    udp,
    udplite,
    icmp,
    icmp6,
    sctp,
    gre,
    raw
  };
  struct Layer {
    Kind kind;
    Buffer header;
    std::uint32_t number = 0;  // what a header in front writes to announce this one, where it depends (tag, extension)
    std::optional<unsigned> length, words, checksum, next;
    std::vector<std::pair<std::size_t, Buffer>> pokes;
  };

  Frame& add(Kind kind, Buffer header, std::uint32_t number = 0);
  Layer& last(std::initializer_list<Kind> kinds, const char* setter);
  unsigned ether_type(std::size_t of, std::size_t inner_size) const;
  unsigned protocol(std::size_t of) const;
  void finish(std::size_t index, Buffer& header, const Buffer& inner) const;
  Buffer pseudo_header(std::size_t index, std::size_t size) const;
  Buffer from(std::size_t first) const;

  std::vector<Layer> layers_;
  std::size_t minimum_ = 0;
};

}  // namespace t2::test
