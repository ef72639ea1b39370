// Reads the messages of HTTP/1.x and SIP in one direction, whatever the pieces that they come in. Bodies are stepped
// over by their lengths. Used by one worker.
#pragma once

#include <string_view>

#include "httpSniffer_state.h"
#include "http_text.hpp"

namespace t2::http_sniffer {

struct Limits {
  std::uint32_t entries, name, agent, forwarded, text;
};

struct Count {  // of a run
  std::uint64_t gets = 0, posts = 0, bodies[body_kinds] = {}, refused = 0;
};

// The first line of a message.
struct StartLine {
  enum class Kind : std::uint8_t { none, request, response, http2 } kind = Kind::none;
  bool sip = false;
  std::uint8_t minor = 0;  // of HTTP/1.x
  std::uint16_t code = 0;
  std::string_view method, target;
};
StartLine parse_start(std::string_view line);

class HttpReader {
 public:
  HttpReader(Host& host, const Limits& limits) : host_(host), limits_(limits), stream_(host) {}

  struct Place {
    const Flow& flow;
    unsigned direction;
    HttpFacts*& facts;  // made when a message begins
    bool& refused;
    const HttpFacts* other;  // of the other direction; may be null
    bool datagram;
  };
  // The next bytes of a stream, behind `gap` that are missing.
  void read(const Place& place, View bytes, std::uint32_t gap);
  // A datagram.
  void read_datagram(const Place& place, View bytes);
  // At the end of the flow.
  void finish(const Place& place);

  StreamReader& stream() { return stream_; }
  const StreamReader& stream() const { return stream_; }
  const Count& count() const { return count_; }
  void add(const HttpReader& other);

 private:
  HttpFacts* make(const Place& place);
  void look_for_start(const Place& place, View& bytes);
  void read_line(const Place& place, HttpFacts& f, View& bytes);
  void read_body(const Place& place, HttpFacts& f, View& bytes);
  void look_into(const Place& place, HttpFacts& f);
  void leave(const Place& place, HttpFacts& f);
  void skip_gap(const Place& place, HttpFacts& f, std::uint32_t gap);
  void on_line(const Place& place, HttpFacts& f, std::string_view line);
  void begin_message(const Place& place, HttpFacts& f, const StartLine& start);
  void on_header(const Place& place, HttpFacts& f, std::string_view line);
  void on_content_type(const Place& place, HttpFacts& f, std::string_view value);
  void end_headers(const Place& place, HttpFacts& f);
  void begin_body(const Place& place, HttpFacts& f, Phase phase);
  void end_body(const Place& place, HttpFacts& f, Phase next);
  void on_chunk_size(const Place& place, HttpFacts& f, std::string_view line);
  void list(const Place& place, HttpFacts& f, List to, std::string_view text, bool distinct = true);

  Host& host_;
  const Limits limits_;
  StreamReader stream_;
  Count count_;
};

}  // namespace t2::http_sniffer
