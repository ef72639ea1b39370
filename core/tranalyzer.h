// The core's user configuration flags: change them with `t2conf tranalyzer2 -D NAME=VALUE`, then `t2build -R`.
//
// Names and defaults are those that users know. Each `#define` stands on one line with its comment; `[a|b]` lists the
// values, `[a-b]` a range. Flags of the original that this core does not offer are named at the end with the reason.
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================

// ---- What makes a flow
#define IPV6_ACTIVATE 2             // IP versions that make flows: 0: IPv4, 1: IPv6, 2: both [0|1|2]
#define ETH_ACTIVATE 1              // 0: no layer-2 flows, 1: layer-2 flows, 2: MAC pair also in the key of IP flows [0|1|2]
#define FRAGMENTATION 1             // 1: later fragments join the flow of their first fragment, 0: they are left out [0|1]
#define FRAG_HLST_CRFT 1            // 1: later fragments without their first make a flow with ports 0 [0|1]
#define FLOW_TIMEOUT 182            // seconds without a packet that end a flow, where no plugin says otherwise [1-4294967]
#define FDURLIMIT 0                 // seconds after which a flow is cut in parts, 0: never [0-4294967]
#define FDLSFINDEX 0                // FDURLIMIT: 0: each part gets a new flowInd, 1: all parts keep the first [0|1]
#define FLOW_MEMORY 50              // percent of the machine's memory that flow records may take [1-90]
#define NOFLWCRT 1                  // 1: no new flows after the first SIGINT [0|1]

// ---- What a packet length is
#define PACKETLENGTH 3              // "packet length" is 0: frame from layer 2 on, 1: from layer 3, 2: from layer 4, 3: layer 7 only [0|1|2|3]
#define FRGIPPKTLENVIEW 1           // PACKETLENGTH 0 and 1: leave out the IPv4 header of later fragments [0|1]

// ---- Header description (columns numHdrDesc, numHdrs, hdrDesc)
#define T2_PRI_HDRDESC 1            // keep header descriptions; 0 removes the columns [0|1]
#define T2_HDRDESC_AGGR 1           // repeated headers as vlan{2} [0|1]
#define T2_HDRDESC_LEN 128          // length of a description, its end mark included [16-1024]
#define MAXHDRCNT 5                 // IPv6 headers that are walked at most [3-255]

// ---- Input
#define RROP 0                      // -D: after the last number begin with the first again [0|1]
#define POLLTM 5                    // -D: seconds between looks for the next file [1-3600]
#define MFPTMOUT 0                  // -D: seconds after which a missing number is passed over, 0: never [0-1000000]
#define SCHR 'p'                    // -D: character in front of the number
#define SNAPLEN 65535               // live capture: bytes kept of a frame (-S overrides) [64-262144]
#define LIVEBUFSIZE 0x2000000       // live capture: kernel buffer in bytes (-B overrides) [65536-2147483647]
#define CAPTURE_TIMEOUT 100         // live capture: packets wait at most this long in the kernel, ms [1-10000]
#define BPF_OPTIMIZE 1              // optimise the filter program [0|1]
#define IO_BUFFERING 0              // 1: a thread of its own reads packets into a ring in front of the analysis [0|1]
#define IO_BUFFER_SIZE 8192         // IO_BUFFERING: size of the ring, in packets of 256 bytes [64-1048576]

// ---- Times
#define TSTAMP_PREC 1               // decimals of times in the output: 0: microseconds, 1: nanoseconds [0|1]
#define TSTAMP_UTC 1                // dates of captures in: 0: local time, 1: UTC [0|1]
#define TSTAMP_R_UTC 0              // dates of the wall clock in reports in: 0: local time, 1: UTC [0|1]
#define RELTIME 0                   // 1: times of flows count from the first packet of the run [0|1]

// ---- Loading
#define PLUGIN_FOLDER ".tranalyzer/plugins/"  // relative to $HOME, or absolute
#define USE_PLLIST 1                // the list PLLIST names what to load (1), what to leave out (2), or is not read (0) [0|1|2]
#define PLLIST "plugins.txt"        // loading list in the plugin folder (-b FILE overrides)

// ---- Output
#define VERBOSE 2                   // log: 0: nothing, 1: banner, warnings and errors, 2: with the end report [0|1|2]
#define T2_LOG_COLOR 1              // colours on a terminal (never elsewhere, never with NO_COLOR) [0|1]
#define PLUGIN_REPORT 1             // plugins add lines to the end report [0|1]
#define LOG_SUFFIX "_log.txt"       // suffix of the log file of -l
#define MON_SUFFIX "_monitoring.txt"  // suffix of the report file of -m
#define MONINTV 1.0                 // seconds between reports that SIGUSR2 switches on (-M overrides)
#define OFRWFILELN 500000000        // -W: size of a part in bytes, where none is given
#define T2_SENSORID 666             // sensor id (-x overrides) [0-4294967295]

// ---- Packet file (-s)
#define SPKTMD_PKTNO 1              // first column: number of the packet [0|1]
#define SPKTMD_PCNTC 1              // last column: content as characters [0|1]
#define SPKTMD_PCNTH 0              // column before it: content as hex [0|1]
#define SPKTMD_PCNTL 4              // content begins with 0: the frame, 1: layer 2, 2: layer 3, 3: layer 4, 4: layer 7 [0|1|2|3|4]
#define SPKTMD_PCNTH_PREF "0x"      // in front of each hex byte
#define SPKTMD_PCNTH_SEP " "        // between hex bytes
#define PACKETS_SUFFIX "_packets.txt"  // suffix of the packet file

// ---- Text form of values
#define HDR_CHR "%"                 // first character of the line with the column names
#define SEP_CHR "\t"                // between columns
#define IP4_FORMAT 0                // 0: dotted, 1: dotted with zeros, 2: 0x and hex, 3: a decimal number [0|1|2|3]
#define IP6_FORMAT 0                // 0: compressed, 1: eight groups of four, 2: one hex number, 3: two hex numbers [0|1|2|3]
#define MAC_FORMAT 0                // 0: pairs joined by MAC_SEP, 1: hex number, 2: decimal number [0|1|2]
#define MAC_SEP ":"                 // between the bytes of a MAC address
#define B2T_NON_IP_STR "-"          // address of a flow without IP
#define HEX_CAPITAL 0               // 1: hex digits in upper case [0|1]
#define TFS_EXTENDED_HEADER 0       // 1: three more lines before the column names [0|1]
#define TFS_NC_TYPE 2               // types in the headers file: 0: none, 1: numbers, 2: codes [0|1|2]
#define TFS_SAN_UTF8 1              // texts: 1: replace what is not valid UTF-8 and escape control characters [0|1]
#define B2T_TIMESTR 0               // 1: times of packets as ISO 8601 dates [0|1]

// ============================================= ENV / RUNTIME flags ================================================
// None. Options of the command line are described by `t2 -h`.

// ==================================================================================================================
// Flags of the original that this core does not have, and why:
//
//   AYIYA, GENEVE, TEREDO, L2TP, GRE, GTP, VXLAN, IPIP, ETHIP, CAPWAP, LWAPP, DTLS, LINKTYPE_JUNIPER, PW_ETH_CW,
//   CAPWAP_SWAP_FC, LWAPP_SWAP_FC     every encapsulation is decoded: looking for one costs nothing where it is absent
//   HASHFACTOR, HASH_CHAIN_FACTOR, HASHCHAINTABLE_BASE_SIZE, HASHTABLE_BASE_SIZE, HASH_AUTOPILOT, NUMFLWRM, T2_HASH_FUNC,
//   HASHTABLE_DEBUG, HASHTABLE_NAME_LEN     the table grows; FLOW_MEMORY and --max-flows bound it
//   IO_BUFFER_FULL_WAIT_MS, IO_BUFFER_MAX_MTU     the ring blocks instead of polling and cuts no frame
//   NO_PKTS_DELAY_US, NON_BLOCKING_MODE, ZPKTITMUPD, ZPKTTMO     live capture waits in poll(); flows always end on an idle link
//   MAIN_OUTBUF_SIZE, OUTBUF_AUTOPILOT, OUTBUF_MAXSIZE_F, BUF_DATA_SHFT, BLOCK_BUF     rows grow as they need; without a sink
//   none is written
//   ENVCNTRL     run-time flags never depend on a header at its build path: environment, TOML file, compiled value
//   MONINTTHRD, MONINTBLK, MONINTPSYNC, MONINTTMPCP, MONINTTMPCP_ON, POLLENV     reports are printed between packets; -M, SIGUSR2
//   MACHINE_REPORT, DIFF_REPORT, MONPROTMD, MONPROTL2, MONPROTL3, MONPROTFL, REPORT_HIST, REPORT_HIST_FILE, ESOM_DEP,
//   MIN_MAX_ESTIMATE, MMXLAGTMS, MMXNO0, PKT_CB_STATS     machine-readable and statistical reports are not offered yet
//   REPSUP, ALVPROG, REPCMDAS, REPCMDAW, PID_FNM_ACT, PID_FNM     that is the work of a service manager
//   DPDK_MP     capture is libpcap's
//   SUBNET_ON, SUBRNG, CNTYCTY, WHOADDR, SUB_MAP, CNTYLEN, CTYLEN, WHOLEN, ADDRLEN, SUBNET_UNK, SALRM, SALRMINV     no data that maps
//   addresses to countries is shipped: as SUBNET_ON 0
//   AGGREGATIONFLAG and its masks and port ranges, ANONYM_IP     flows are those of the wire; aggregate rows with tawk or nfdump -A
//   ALARM_MODE, ALARM_AND, FORCE_MODE     no plugin here raises alarms or ends flows by force
//   LAPD_ACTIVATE, LAPD_OVER_UDP, SCTP_ACTIVATE, SCTP_STATFINDEX, MULTIPKTSUP, IPVX_INTERPRET, NOLAYER2, NOL2_L3HDROFFSET,
//   ETH_STAT_MODE, FRAG_ERROR_DUMP     as with their default value 0 (SCTP_STATFINDEX 1)
//   SPKTMD_BOPS, SPKTMD_BSHFT_POS, SPKTMD_BSHFT     content is shown as it was captured
//   DEBUG, MEMORY_DEBUG, USE_T2BUS, RBT_DEBUG, RBT_ROTATION, FSUTILS_*, USE_ZLIB, JSON_KEEP_EMPTY, JSON_PRETTY     concern code
//   that does not exist here
