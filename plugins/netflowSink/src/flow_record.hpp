// The exported values of one direction of a finished flow, in host order; fields.cpp encodes them. Values of plugins
// that are not loaded stay 0 and have no field. A worker fills it.
#pragma once

#include <cstdint>

#include "compiled_flags.hpp"
#include "t2/packet.hpp"

namespace t2::netflow_sink {

// Values of IANA's flowEndReason.
enum class FlowEndReason : std::uint8_t { idle = 1, active = 2, detected = 3, ended_early = 4, resources = 5 };

struct FlowRecord {
  t2::TimeRange times;      // of the packets
  t2::status::Word status;  // flowStat
  std::uint64_t packets;
  std::uint64_t payload_octets;                // as basicStats counts: "packet length" of the core flag PACKETLENGTH
  std::uint64_t ip_octets;                     // IP headers and payload
  std::uint64_t frame_octets;                  // whole frames
  std::uint32_t min_ip_length, max_ip_length;  // bytes
  std::uint32_t interface;
  std::uint16_t source_port, destination_port;
  std::uint16_t ether_type;
  std::uint16_t vlan;                        // 12-bit id of the innermost tag
  std::uint16_t outer_tag, inner_tag;        // tag control words of the first packet: of the first and the second tag
  std::uint8_t source[16], destination[16];  // IPv4: the first four bytes
  std::uint8_t source_mac[6], destination_mac[6];
  t2::Family family;
  std::uint8_t protocol, responder;
  FlowEndReason end;
  std::uint32_t mpls[max_labels];  // label stack entries of the first packet, the outermost first; 0 without

  // ---- tcpFlags, every IP packet
  std::uint32_t identification;      // of the first packet: IPv4 identification or IPv6 flow label
  std::uint32_t ip_options;          // IPv4, bit n: option number n
  std::uint16_t analysis, ip_flags;  // columns tcpFStat, ipFlags
  std::uint8_t tos, min_ttl, max_ttl, ttl_changes;
  std::uint8_t icmp_type, icmp_code;                // of the first packet; type: of IGMP, too
  std::uint8_t extensions;                          // IPv6, bits of t2::tcp_flags::extension
  float trip, answer_min, answer_max, answer_mean;  // seconds; 4294 and more: never
  float round_trip;                                 // of the handshake, both directions together; 0 without

  // ---- tcpFlags, TCP
  std::uint64_t sent_bytes, acked_bytes;            // steps of sequence and acknowledgement numbers
  std::uint32_t isn, tcp_options;                   // options: bit k: kind k, k < 31
  std::uint32_t window_min, window_max, in_flight;  // bytes
  std::uint16_t window;                             // of the first TCP packet, as in the header
  std::uint16_t tcp_flags;                          // upper byte: combinations
  std::uint16_t anomaly, mss, scale;                // scale: factor, 0: none
  std::uint16_t retransmissions, ack_faults;
  std::uint16_t flag_counts[6];  // FIN, SYN, RST, PSH, ACK, URG; only with TCPFLGCNT

  // ---- tcpStates
  std::uint8_t state_anomalies;
};

}  // namespace t2::netflow_sink
