// Flags of basicStats: change them with `t2conf basicStats -D NAME=VALUE`, then `t2build basicStats`.
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================

#define BS_AGGR_CNT 0           // 1: columns with the sum of both directions [0|1]
#define BS_REV_CNT 1            // 1: columns with the counts of the other direction [0|1]
#define BS_MOD 0                // above 1: each packet length counts modulo this [0-65535]
#define BS_PAD 1                // 1: column padBytesSnt [0|1]
#define BS_STATS 1              // 0: counts only, 1: statistics too [0|1]
#define BS_PL_STATS 1           // 1: statistics of the packet lengths [0|1]
#define BS_IAT_STATS 1          // 1: statistics of the inter-arrival times [0|1]
#define BS_VAR 0                // 1: variance columns [0|1]
#define BS_STDDEV 1             // 1: standard deviation columns [0|1]
#define BS_SK 1                 // 1: skewness and kurtosis columns, where BS_VAR is 1 [0|1]
#define BS_XCLD 0               // packets in the statistics: 0: all, lengths 1: above XMIN, 2: below XMAX, 3: XMIN to XMAX, 4: below XMIN or above XMAX [0|1|2|3|4]

// ============================================= ENV / RUNTIME flags ================================================

#define BS_XMIN 1               // BS_XCLD: lower limit, bytes [0-65535]
#define BS_XMAX 65535           // BS_XCLD: upper limit, bytes [0-65535]

// ==================================================================================================================
// All flags of the original are offered.
