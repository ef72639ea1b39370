// Flags of basicFlow: change them with `t2conf basicFlow -D NAME=VALUE`, then `t2build basicFlow`.
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================

#define BFO_SENSORID 0          // 1: column sensorID [0|1]
#define BFO_HDRDESC_PKTCNT 0    // 1: count the packets of each header description [0|1]
#define BFO_MAC 1               // 1: columns srcMac and dstMac [0|1]
#define BFO_ETHERTYPE 1         // 1: column ethType [0|1]
#define BFO_MPLS 0              // column for MPLS entries of the first packet, 0: none, 1: labels, 2: labels in hex, 3: whole entries in hex, 4: decoded [0|1|2|3|4]
#define BFO_VLAN 1              // VLAN tags of the first packet, 0: none, 1: numbers, 2: tag and next type in hex, 3: decoded [0|1|2|3]
#define BFO_MAX_HDRDESC 4       // header descriptions kept per flow, 0: no such columns [0-16]
#define BFO_MAX_MAC 3           // addresses kept in srcMac and in dstMac, 0: no such columns [0-12]
#define BFO_MAX_MPLS 3          // MPLS entries kept per flow [1-8]
#define BFO_MAX_VLAN 3          // VLAN tags kept per flow [1-8]

// ==================================================================================================================
// Flags of the original that are not offered:
//   BFO_GRE, BFO_L2TP, BFO_PPP, BFO_TEREDO  the core names these headers in hdrDesc, but does not hand out where they start
//   BFO_LAPD                                the core decodes no LAPD
//   BFO_SUBNET_TEST, _TEST_GRE, _TEST_L2TP, _TEST_TEREDO, _ASN, _LL, _ORG, _HEX  there is no table of networks
//   BFO_SUBNET_IPLIST, BFO_MAX_IP           without aggregation a flow has one address per side
