// Flags of netflowSink: change them with `t2conf netflowSink -D NAME=VALUE`, then `t2build netflowSink`.
// Those under ENV / RUNTIME can also be set in the environment or in ~/.tranalyzer/t2.toml when t2 starts.
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================
// None: all flags can be set when t2 starts.

// ============================================= ENV / RUNTIME flags ================================================

#define NF_SOCKTYPE 0           // transport, 0: UDP, 1: TCP, for IPFIX alone [0|1]
#define NF_VER 9                // version of the protocol, 9: NetFlow 9, 10: IPFIX [9|10]
#define NF_SERVADD "127.0.0.1"  // collectors: host names, IPv4 or IPv6 addresses, with or without port, separated by commas
#define NF_DPORT 9995           // port of collectors that are named without one [1-65535]
#define NF_NUM4FLWS 200         // IPv4 flows in one message at most; NF_MSGSIZE may allow fewer [1-1000]
#define NF_NUM6FLWS 100         // IPv6 flows in one message at most; NF_MSGSIZE may allow fewer [1-1000]
#define NF_OCTETS 0             // octets (element 1), 0: of the packet length that basicStats counts, 1: of IP headers and payload [0|1]
#define NF_MSGSIZE 1400         // bytes of a message at most, without UDP and IP header [512-65507]
#define NF_TPL_PKTS 20          // templates are repeated after this many messages ... [1-100000]
#define NF_TPL_SECS 60          // ... and after this many seconds [1-86400]
#define NF_IFINDEX 1            // interface number that the records carry (elements 10 and 14) [0-4294967295]
#define NF_RATE 5000            // messages per second at most, where the collector's buffer cannot be watched, 0: no limit [0-10000000]
#define NF_QUEUE 16384          // TCP: messages that wait at most while the collector is slow or away [16-1000000]
#define NF_PEN 0                // IPFIX: your private enterprise number, for both octet counts in elements of its own, 0: not sent [0-4294967295]

// ==================================================================================================================
// A combination of the original that is not offered:
//   NF_SOCKTYPE 1 with NF_VER 9: NetFlow 9 has no framing for a byte stream, so no collector can take it apart
