#include "hello.hpp"

#include <algorithm>

namespace t2::ssl_decode {

namespace {

// A field behind its length of one or two bytes, as far as it is there.
View counted(Bytes& from, unsigned prefix, bool& whole) {
  const std::size_t size = prefix == 1 ? from.u8() : from.u16();
  whole = whole && from.ok() && size <= from.left();
  return from.read(std::min(size, from.left()));
}

}  // namespace

bool parse_hello(View message, bool client, bool datagrams, Hello& hello) {
  Bytes in(message);
  hello = {};
  hello.client = client;
  hello.version = in.u16();
  if (!in.ok() || !is_version(hello.version)) return false;
  bool whole = true;
  hello.random = in.read(std::min<std::size_t>(32, in.left()));
  whole = hello.random.size() == 32;
  // Server hellos of TLS 1.3 drafts before 22 have neither session nor compression (draft-ietf-tls-tls13-21). Those of
  // TLS 1.3 itself say 1.2 here.
  const bool early_draft = !client && (hello.version == 0x0304 || (hello.version >= 0x7f0e && hello.version <= 0x7f15));
  if (!early_draft) hello.session_id = counted(in, 1, whole);
  if (client && datagrams) counted(in, 1, whole);  // cookie
  hello.ciphers = client ? counted(in, 2, whole) : in.read(std::min<std::size_t>(2, in.left()));
  if (client) {
    hello.compressions = counted(in, 1, whole);
  } else {
    whole = whole && hello.ciphers.size() == 2;
    if (!early_draft) {
      whole = whole && in.left() > 0;
      hello.compressions = in.read(std::min<std::size_t>(1, in.left()));
    }
  }
  if (in.left() > 0) hello.extensions = counted(in, 2, whole);  // may be left out
  hello.complete = whole;
  return true;
}

std::string_view server_name(View content) {
  Bytes in(content);
  Bytes list(in.read(std::min<std::size_t>(in.u16(), in.left())));
  while (list.left() >= 3) {
    const std::uint8_t type = list.u8();
    const std::size_t size = list.u16();
    const View name = list.read(std::min(size, list.left()));
    if (type == 0) return {reinterpret_cast<const char*>(name.data()), name.size()};
  }
  return {};
}

}  // namespace t2::ssl_decode
