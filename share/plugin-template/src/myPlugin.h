// Flags of myPlugin: the file that users open. Each flag is one line: name, value, what it does, what is allowed.
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================

#define MY_TOTALS 1        // lines in the end report: 0: none, 1: totals of the run [0|1]

// ============================================= ENV / RUNTIME flags ================================================

#define MY_PAUSE 1000      // silence that counts as a pause, milliseconds [1-600000]

// ==================================================================================================================
