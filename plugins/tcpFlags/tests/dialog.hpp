// A TCP conversation for tests, written as a list of segments: 10.0.0.1:40000 (a) talks to 10.0.0.2:80 (b).
#pragma once

#include <string>
#include <vector>

#include "run.hpp"

namespace t2::test {

struct Segment {
  double ms;          // since the start of the capture
  char from;          // 'a' or 'b'
  std::string flags;  // letters as in Frame::flags()
  std::uint32_t seq = 0, ack = 0;
  unsigned payload = 0;  // bytes
  unsigned window = 1000;
  Buffer options = {};
};

inline Frame tcp_frame(const Segment& s) {
  Frame frame;
  const bool a = s.from == 'a';
  frame.eth().ip4(a ? "10.0.0.1" : "10.0.0.2", a ? "10.0.0.2" : "10.0.0.1").tcp(a ? 40000 : 80, a ? 80 : 40000);
  frame.flags(s.flags).seq(s.seq).ack(s.ack).window(s.window);
  if (!s.options.empty()) frame.options(s.options);
  if (s.payload) frame.zeros(s.payload);
  return frame;
}

inline Capture dialog(const std::vector<Segment>& segments) {
  Capture capture;
  for (const Segment& s : segments) capture.add(epoch + static_cast<std::int64_t>(s.ms * 1e6), tcp_frame(s).bytes());
  return capture;
}

inline Result run_tcp(const Capture& capture) {
  return run(capture, {"basicFlow", "tcpFlags", "tcpStates", "txtSink"});
}

// The only conversation of a capture. The rows point into `result`: not copied, not moved.
struct Rows {
  explicit Rows(const Capture& capture)
      : result(run_tcp(capture)), a(result.flows.find({{"dir", "A"}})), b(result.flows.find({{"dir", "B"}})) {}
  Rows(const Rows&) = delete;
  const Result result;
  const Table::Row a, b;
};
inline Rows run_dialog(const std::vector<Segment>& segments) { return Rows(dialog(segments)); }

}  // namespace t2::test
