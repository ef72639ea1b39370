// Flags of txtSink: change them with `t2conf txtSink -D NAME=VALUE`, then `t2build txtSink`.
// How values look as text is set in core/tranalyzer.h, block "Text form of values".
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================

#define TFS_SPLIT 1             // 1: the flow file is written in parts where -W asks for it [0|1]
#define TFS_PRI_HDR 1           // 1: the flow file begins with the column names [0|1]
#define TFS_PRI_HDR_FW 1        // 1: each part of -W begins with the column names (needs TFS_PRI_HDR) [0|1]
#define TFS_HDR_FILE 1          // 1: write the headers file, which describes the columns [0|1]
#define TFS_GZ_COMPRESS 0       // 1: the flow file is compressed with gzip (needs zlib) [0|1]

// ============================================= ENV / RUNTIME flags ================================================

#define TFS_FLOWS_TXT_SUFFIX "_flows.txt"   // suffix of the flow file
#define TFS_HEADER_SUFFIX "_headers.txt"    // suffix of the headers file

// ==================================================================================================================
// All flags of the original are offered.
