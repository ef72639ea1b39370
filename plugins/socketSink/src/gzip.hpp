// gzip (RFC 1952) for a stream: each piece is a member, so a reader has all that arrived.
#pragma once

#include <string>
#include <string_view>

namespace t2::socket_sink {

std::string gzip(std::string_view text);  // throws std::bad_alloc

}  // namespace t2::socket_sink
