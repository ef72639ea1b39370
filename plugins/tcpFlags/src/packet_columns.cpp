// Fills the columns of a packet. Runs in the worker right after the packet was analysed: header fields are read again
// here, what only the analysis knew is in the packet's trace. Never reads beyond the captured bytes.
#include "packet_columns.hpp"

#include <algorithm>
#include <bit>

#include "checksum.hpp"

namespace t2::tcp_flags {

namespace {

template <class... Values>
void cell(t2::Row& row, Values... parts) {
  row.count(1);
  (row.put(parts), ...);
}

void empty_cells(t2::Row& row, std::size_t cells) {
  for (std::size_t i = 0; i < cells; ++i) row.count(0);
}

void bytes_cell(t2::Row& row, std::span<const std::uint8_t> bytes) {
  row.count(bytes.size());
  for (const std::uint8_t byte : bytes) row.put(byte);
}

std::span<const std::uint8_t> captured(const t2::Packet& packet, std::uint32_t offset, std::size_t bytes) {
  t2::Bytes rest = packet.bytes(offset);
  return rest.read(std::min(bytes, rest.left()));
}

// What the checksum should be, given the sum over all that it covers, itself included; both as they lie in memory.
std::uint16_t expected(std::uint16_t sum, std::uint16_t field) {
  if (sum == 0) return 0xffff;  // nothing but zeros
  return static_cast<std::uint16_t>(~fold(std::uint64_t{sum} + static_cast<std::uint16_t>(~field)));
}

// Between memory and network order; its own inverse.
std::uint16_t swapped(std::uint16_t word) { return static_cast<std::uint16_t>(as_word(word)); }

void tos_cell(t2::Row& row, std::uint8_t tos) {
  if constexpr (config::tos_form == TosForm::hex) cell(row, tos);
  else cell(row, static_cast<std::uint8_t>(tos >> config::tos_class_shift), static_cast<std::uint8_t>(tos & 3));
}

void put_checksums(t2::Row& row, std::uint16_t field, bool summed, std::uint16_t sum, bool never_zero = false) {
  const std::uint16_t in_memory = swapped(field);
  std::uint16_t right = !summed ? std::uint16_t{0} : sum == 0xffff ? in_memory : expected(sum, in_memory);
  if (summed && never_zero && right == 0) right = 0xffff;
  cell(row, field);
  cell(row, swapped(right));
}

void put_header_checksum(t2::Row& row, const t2::Packet& packet) {
  const bool v4 = packet.family == t2::Family::ipv4;
  const bool summed = v4 && config::ip_checksum && packet.l3_header >= 20 && packet.captured_l3 >= packet.l3_header;
  const std::uint16_t field = v4 ? packet.bytes(packet.l3 + 10).u16() : std::uint16_t{0};
  put_checksums(row, field, summed,
                summed ? fold(sum_words(packet.data + packet.l3, packet.l3_header)) : std::uint16_t{0});
}

// A datagram in fragments shows its field with the first fragment and, with the sum, when it is complete.
void put_transport_checksum(t2::Row& row, const PacketRowInput& parts) {
  const auto& [packet, states, trace, memory] = parts;
  std::uint16_t field = 0;
  if (!packet.later_fragment) {
    if (trace.l4_field && packet.captured_l4 >= trace.l4_field + 2)
      field = packet.bytes(packet.l4 + trace.l4_field).u16();
    if (packet.more_fragments) memory.checksum = field;
  } else if (trace.summed) {
    field = memory.checksum;
  }
  put_checksums(row, field, trace.summed, fold(trace.l4_sum),
                packet.protocol == protocol::udp || packet.protocol == protocol::udp_lite);
}

void put_options6(t2::Row& row, const t2::Packet& packet, std::uint32_t header) {
  if constexpr (!config::ipv6_columns) return;
  const bool present = packet.family == t2::Family::ipv6 && header != t2::absent;
  const std::uint32_t length = present ? packet.bytes(header + 1).u8() * 8u + 6 : 0;
  cell(row, length);
  bytes_cell(row, captured(packet, present ? header + 2 : t2::absent, length));
}

void put_options4(t2::Row& row, const t2::Packet& packet) {
  if constexpr (!config::ipv4_columns) return;
  const bool present = packet.family == t2::Family::ipv4 && packet.l3_header > 20;
  const std::uint32_t length = present ? packet.l3_header - 20 : 0;
  cell(row, length);
  bytes_cell(row, captured(packet, present ? packet.l3 + 20 : t2::absent, length));
}

void put_ip(t2::Row& row, const PacketRowInput& parts) {
  const t2::Packet& packet = parts.packet;
  const bool v4 = packet.family == t2::Family::ipv4;
  const auto word = [&](std::uint32_t offset) { return packet.bytes(packet.l3 + offset).u16(); };
  const auto byte = [&](std::uint32_t offset) { return packet.bytes(packet.l3 + offset).u8(); };
  tos_cell(row, v4 ? byte(1) : static_cast<std::uint8_t>(word(0) >> 4));
  cell(row, v4 ? word(4) : std::uint16_t{0});
  cell(row, parts.trace.ip_id_step);
  cell(row, v4                                     ? word(6)
            : packet.fragment_header != t2::absent ? packet.bytes(packet.fragment_header + 2).u16()
                                                   : std::uint16_t{0});
  cell(row, byte(v4 ? 8 : 7));
  put_header_checksum(row, packet);
  put_transport_checksum(row, parts);
  cell(row, parts.trace.ip_flags);
  put_options6(row, packet, packet.hop_options);
  put_options6(row, packet, packet.destination_options);
  put_options4(row, packet);
}

// SPKTMD_SEQACKREL: numbers count from the first one of the direction that they belong to. While the other direction
// has had no packet, its first number is taken to be the first one that this direction acknowledged.
void put_numbers(t2::Row& row, const PacketRowInput& parts) {
  const auto& [packet, states, trace, memory] = parts;
  t2::Bytes header = packet.bytes(packet.l4 + 4);
  const std::uint32_t seq = header.u32(), ack = header.u32();
  const TcpHeaderState& own_tcp = *states.own_tcp;
  if (!memory.begun) memory.ack = ack;
  memory.begun = true;
  memory.payload += packet.l7_length;
  const std::uint32_t seq_base = config::relative_numbers ? own_tcp.isn : 0;
  const bool answered = states.other && states.other->tcp_seen;
  const std::uint32_t ack_base = !config::relative_numbers ? 0 : answered ? states.other_tcp->isn : memory.ack;
  const bool acknowledges =
      !config::relative_numbers || (trace.flags & flag::ack);  // else there is nothing to count from
  cell(row, seq - seq_base);
  cell(row, acknowledges ? ack - ack_base : 0u);
  cell(row, trace.seq_max - seq_base);
  cell(row, trace.seq_step);
  cell(row, trace.ack_step);
  cell(row, trace.seq_bytes);
  cell(row, trace.ack_bytes);
  cell(row, own_tcp.sent_bytes);
  cell(row, own_tcp.acked_bytes);
  cell(row, memory.payload);
  cell(row, own_tcp.in_flight);
}

void put_tcp(t2::Row& row, const PacketRowInput& parts) {
  const auto& [packet, states, trace, memory] = parts;
  if constexpr (config::sequence_numbers) put_numbers(row, parts);
  cell(row, trace.status);
  cell(row, trace.flags);
  cell(row, trace.anomaly);
  cell(row, trace.window);
  cell(row, trace.factor);
  cell(row, states.own.mss());
  if constexpr (config::timestamps) {
    cell(row, states.own_tcp->timestamp);
    cell(row, states.own_tcp->timestamp_echo);
  }
  if constexpr (config::multipath) {
    cell(row, trace.mptcp_subtype);
    cell(row, trace.mptcp_flags);
    cell(row, trace.mptcp_address);
    cell(row, trace.mptcp_dss);
  }
  const std::int32_t options = 4 * (packet.data[packet.l4 + 12] >> 4) - 20;
  cell(row, options);
  bytes_cell(row, captured(packet, packet.l4 + 20, static_cast<std::size_t>(std::max(options, 0))));
}

void put_no_tcp(t2::Row& row) {
  if constexpr (config::sequence_numbers) empty_cells(row, 11);
  cell(row, Bits{0});  // tcpFStat
  empty_cells(row, 5 + (config::timestamps ? 2 : 0) + (config::multipath ? 4 : 0));
  cell(row, std::int32_t{0});  // tcpOptLen
  empty_cells(row, 1);
}

}  // namespace

void put_packet(t2::Row& row, const PacketRowInput& parts) {
  put_ip(row, parts);
  if (has_tcp_header(parts.packet)) put_tcp(row, parts);
  else put_no_tcp(row);
}

void put_no_packet(t2::Row& row) { empty_cells(row, std::size(packet_columns)); }

}  // namespace t2::tcp_flags
