// Flags of macRecorder: change them with `t2conf macRecorder -D NAME=VALUE`, then `t2build macRecorder`.
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================

#define MR_MAC_FMT 1            // addresses as 0: hex numbers, 1: addresses, 2: decimal numbers [0|1|2]
#define MR_NPAIRS 1             // 1: column macPairs [0|1]
#define MR_MACLBL 2             // labels of addresses: 0: none, 1: number of the entry, 2: short name, 3: full name [0|1|2|3]
#define MR_MAX_MAC 16           // pairs kept per flow [1-255]
#define MAC_SORGLEN 12          // characters of a short name [4-64]
#define MAC_ORGLEN 44           // characters of a full name [4-512]

// ============================================= ENV / RUNTIME flags ================================================

#define MR_OUI_DIR "/usr/share/ieee-data"  // folder with the registries oui, mam, oui36 and iab of the IEEE

// ==================================================================================================================
// Flags of the original that are not offered:
//   MACLBLFILE  labels come from the registries of the IEEE (package ieee-data): see MR_OUI_DIR
