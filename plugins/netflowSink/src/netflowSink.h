// Flags of netflowSink: change them with `t2conf netflowSink -D NAME=VALUE`, then `t2build netflowSink`.
// Those under ENV / RUNTIME can also be set in the environment or in ~/.tranalyzer/t2.toml when t2 starts.
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================
// None: all flags can be set when t2 starts.

// ============================================= ENV / RUNTIME flags ================================================

#define NF_SOCKTYPE 0           // transport, 0: UDP, 1: TCP, 2: TLS over TCP; the last two for IPFIX alone [0|1|2]
#define NF_VER 9                // version of the protocol, 9: NetFlow 9, 10: IPFIX [9|10]
#define NF_SERVADD "127.0.0.1"  // collectors: host names, IPv4 or IPv6 addresses, with or without port, separated by commas
#define NF_DPORT 9995           // port of collectors that are named without one [1-65535]
#define NF_NUM4FLWS 200         // IPv4 flows in one message at most; NF_MSGSIZE may allow fewer [1-1000]
#define NF_NUM6FLWS 100         // IPv6 flows in one message at most; NF_MSGSIZE may allow fewer [1-1000]
#define NF_OCTETS 0             // octets (element 1), 0: of the packet length that basicStats counts, 1: of IP headers and payload [0|1]
#define NF_BIFLOW 0             // IPFIX: one record for both directions of a flow, 0: no, 1: with reverse counters, 2: with all reverse elements [0|1|2]
#define NF_LAYER2 0             // 1: flows without IP are sent too, with templates of their own [0|1]
#define NF_MSGSIZE 1400         // bytes of a message at most, without UDP and IP header; the path's MTU may allow fewer [512-65507]
#define NF_TPL_PKTS 20          // templates are repeated after this many messages ... [1-100000]
#define NF_TPL_SECS 60          // ... and after this many seconds [1-86400]
#define NF_STAT_SECS 60         // statistics of the exporter are sent after this many seconds, and at the end, 0: never [0-86400]
#define NF_SAMPLING 0           // announced: one packet of so many reaches t2, 0: nothing is announced [0-4294967295]
#define NF_IFINDEX 1            // interface number that the records carry (elements 10 and 14) [0-4294967295]
#define NF_RATE 5000            // messages per second at most, where the collector's buffer cannot be watched, 0: no limit [0-10000000]
#define NF_QUEUE 16384          // TCP, TLS: messages that wait at most while the collector is slow or away [16-1000000]
#define NF_TLS_VERIFY 1         // TLS: 1: the collector's certificate must be valid and bear its name, 0: anybody may answer [0|1]
#define NF_TLS_CA ""            // TLS: file with the authorities that sign certificates of collectors (PEM), "": those of the system
#define NF_TLS_CERT ""          // TLS: file with the certificate of this exporter (PEM), "": none
#define NF_TLS_KEY ""           // TLS: file with its key (PEM, without a password)
#define NF_PEN 0                // IPFIX: your private enterprise number, for what no standard element exists for, 0: not sent [0-4294967295]

// ==================================================================================================================
// A combination of the original that is not offered:
//   NF_SOCKTYPE 1 or 2 with NF_VER 9: NetFlow 9 has no framing for a byte stream, so no collector can take it apart
