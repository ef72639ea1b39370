// User configuration of tcpFlags. Change it with `t2conf tcpFlags -D NAME=VALUE`, then `t2build tcpFlags`.
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================

#define IPTOS 0                     // type of service as 0: hex byte, 1: DSCP and ECN, 2: precedence and ECN [0|1|2]
#define RTT_ESTIMATE 1              // 1: answer times and handshake round trip [0|1]
#define IPCHECKSUM 2                // checksums: 0: none, 1: IP header, 2: IP header and transport [0|1|2]
#define WINDOWSIZE 1                // 1: window statistics [0|1]
#define WINMIN 1                    // count packets whose window is below this value, 0: off [0-65535]
#define SEQ_ACK_NUM 1               // 1: analysis of sequence and acknowledgement numbers [0|1]
#define FRAG_ANALYZE 1              // 1: checks of fragment positions [0|1]
#define NAT_BT_EST 1                // 1: time-stamp option, up time and boot time of the sender [0|1]
#define SCAN_DETECTOR 1             // 1: scan verdict when a flow ends [0|1]
#define MPTCP 1                     // 1: multipath TCP [0|1]
#define TCPJA4T 1                   // 1: fingerprint of the SYN [0|1]
#define JA4TOPTMX 20                // TCPJA4T: option kinds that are remembered [1-255]
#define TCPFLGCNT 0                 // 1: counters per TCP flag and combination [0|1]
#define SPKTMD_SEQACKREL 0          // packet file: 1: sequence and acknowledgement numbers count from the first of each side [0|1]
#define SPKTMD_SEQACKHEX 0          // packet file: 1: the same numbers in hex [0|1]

// All flags of the original are offered.
