// What tcpStates remembers of each direction of a TCP connection. Written by the worker that owns the flow; other
// plugins may Peek at it when the flow has ended:
// a flow whose directions are `closed` or `reset` ended because the connection did, not because of silence.
#pragma once

#include <cstdint>

namespace t2::tcp_states {

enum class Phase : std::uint8_t { fresh, established, closing, closed, reset };

struct TcpStatesState {
  std::uint32_t syn_seq = 0, fin_seq = 0;
  Phase phase = Phase::fresh;
  std::uint8_t anomalies = 0;  // column tcpStatesAFlags
  bool syn_seen = false, syn_acked = false;
  bool fin_seen = false, fin_acked = false;
  bool fin_scan = false;  // began with FIN and ACK towards a silent host
};

}  // namespace t2::tcp_states
