// User configuration of tcpStates: there is none. The timeouts are part of the state machine (README.md).
#pragma once

// ============================================ USER CONFIGURATION FLAGS ============================================
// None.
