// What the conversations of the mix `web` say: TLS, HTTP, DNS, IKE and RTP, as their readers expect them. Keys,
// certificates and ciphertext are random numbers of the right form.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "frames.hpp"

namespace t2::bench {

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Bytes number(std::uint64_t value, unsigned bytes) {
  Bytes out;
  while (bytes-- > 0) out.push_back(static_cast<std::uint8_t>(value >> 8 * bytes));
  return out;
}
inline Bytes numbers(std::initializer_list<unsigned> values) {  // of two bytes
  Bytes out;
  for (const unsigned value : values) out = out + number(value, 2);
  return out;
}
inline Bytes counted(const Bytes& content, unsigned bytes) { return number(content.size(), bytes) + content; }
inline Bytes text(std::string_view s) { return {s.begin(), s.end()}; }
inline Bytes noise(Random& r, std::size_t size) {
  Bytes out(size);
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(r());
  return out;
}
inline std::string host(Random& r) {  // of a few thousand, as names are asked for more than once
  return "www" + std::to_string(r.below(50)) + ".site" + std::to_string(r.below(100)) + ".example";
}

// ---- TLS (RFC 5246, 8446)

namespace tls {

inline Bytes record(unsigned type, const Bytes& content) {
  return number(type, 1) + number(0x0303, 2) + counted(content, 2);
}
inline Bytes encrypted(std::size_t size) {  // the first bytes of a record of so many
  return number(23, 1) + number(0x0303, 2) + number(size - 5, 2);
}
inline Bytes message(unsigned type, const Bytes& content) { return number(type, 1) + counted(content, 3); }
inline Bytes extension(unsigned type, const Bytes& content) { return number(type, 2) + counted(content, 2); }

// The hello of a browser: 512 bytes, as many pad it.
inline Bytes client_hello(Random& r, const std::string& name) {
  Bytes extensions =
      extension(0x7a7a, {}) + extension(0, counted(Bytes{0} + counted(text(name), 2), 2)) + extension(23, {}) +
      extension(0xff01, {0}) + extension(10, counted(numbers({0x8a8a, 0x1d, 0x17, 0x18}), 2)) + extension(11, {1, 0}) +
      extension(35, {}) + extension(16, counted(counted(text("h2"), 1) + counted(text("http/1.1"), 1), 2)) +
      extension(5, {1, 0, 0, 0, 0}) +
      extension(13, counted(numbers({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}), 2)) +
      extension(18, {}) +
      extension(51, counted(numbers({0x8a8a, 1}) + Bytes{0} + number(29, 2) + counted(noise(r, 32), 2), 2)) +
      extension(45, {1, 1}) + extension(43, counted(numbers({0xaaaa, 0x0304, 0x0303}), 1)) + extension(27, {2, 0, 2});
  const Bytes head = number(0x0303, 2) + noise(r, 32) + counted(noise(r, 32), 1) +
                     counted(numbers({0x4a4a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
                                      0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35}),
                             2) +
                     Bytes{1, 0};
  extensions = extensions + extension(21, Bytes(512 - 4 - head.size() - 2 - extensions.size() - 4));
  return record(22, message(1, head + counted(extensions, 2)));
}

inline Bytes server_hello(Random& r, unsigned cipher, const Bytes& extensions) {
  return message(2, number(0x0303, 2) + noise(r, 32) + counted(noise(r, 32), 1) + number(cipher, 2) + Bytes{0} +
                        counted(extensions, 2));
}
inline Bytes change() { return record(20, {1}); }

// What the server answers in TLS 1.3: its hello, then certificates and the rest encrypted.
inline Bytes answer13(Random& r) {
  const Bytes key = extension(51, number(29, 2) + counted(noise(r, 32), 2)) + extension(43, number(0x0304, 2));
  return record(22, server_hello(r, 0x1301, key)) + change() + record(23, noise(r, 2200 + r.below(2000)));
}

inline Bytes der(unsigned tag, const Bytes& content) {
  const std::size_t size = content.size();
  const Bytes length = size < 128   ? number(size, 1)
                       : size < 256 ? number(0x8100 | size, 2)
                                    : number(0x820000 | size, 3);
  return number(tag, 1) + length + content;
}
inline Bytes certificate(Random& r, const std::string& subject, std::string_view issuer) {
  const auto name = [](std::string_view common) {
    const Bytes part = der(0x06, {0x55, 4, 3}) + der(0x0c, text(common));
    return der(0x30, der(0x31, der(0x30, part)));
  };
  const Bytes rsa_sha256 = der(0x30, der(0x06, {0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11}) + der(0x05, {}));
  const Bytes rsa = der(0x30, der(0x06, {0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1}) + der(0x05, {}));
  const Bytes modulus = der(0x02, Bytes{0, 0xc1} + noise(r, 255)), exponent = der(0x02, {1, 0, 1});
  const Bytes names = der(0x30, der(0x82, text(subject)));
  const Bytes content = der(0xa0, der(0x02, {2})) + der(0x02, Bytes{1} + noise(r, 15)) + rsa_sha256 + name(issuer) +
                        der(0x30, der(0x17, text("260101000000Z")) + der(0x17, text("270101000000Z"))) + name(subject) +
                        der(0x30, rsa + der(0x03, Bytes{0} + der(0x30, modulus + exponent))) +
                        der(0xa3, der(0x30, der(0x30, der(0x06, {0x55, 29, 17}) + der(0x04, names))));
  return der(0x30, der(0x30, content) + rsa_sha256 + der(0x03, Bytes{0} + noise(r, 256)));
}

// The same in TLS 1.2: hello, two certificates, which are always the same for a name, key, done.
inline Bytes answer12(Random& r, const std::string& name) {
  Random own{std::hash<std::string>{}(name)}, issuer{0};
  const Bytes chain =
      counted(certificate(own, name, "Example CA"), 3) + counted(certificate(issuer, "Example CA", "Root"), 3);
  const Bytes extensions =
      extension(0xff01, {0}) + extension(11, {1, 0}) + extension(16, counted(counted(text("h2"), 1), 2));
  return record(22, server_hello(r, 0xc02f, extensions)) + record(22, message(11, counted(chain, 3))) +
         record(22, message(12, Bytes{3} + number(29, 2) + counted(noise(r, 32), 1) + number(0x0804, 2) +
                                    counted(noise(r, 256), 2))) +
         record(22, message(14, {}));
}
inline Bytes keys12(Random& r) {
  return record(22, message(16, counted(noise(r, 32), 1))) + change() + record(22, noise(r, 40));
}
inline Bytes finished12(Random& r) { return change() + record(22, noise(r, 40)); }
inline Bytes finished13(Random& r) { return change() + record(23, noise(r, 53)); }

}  // namespace tls

// ---- The others

inline Bytes http_request(Random& r, const std::string& host, std::size_t size) {  // at least
  std::string head = "GET /static/" + std::to_string(r.below(100'000)) + ".jpg HTTP/1.1\r\nHost: " + host +
                     "\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n";
  const std::string_view cookie = "Cookie: id=", end = "\r\n\r\n";
  const std::size_t least = head.size() + cookie.size() + end.size();
  if (size > least) head += std::string(cookie) + std::string(size - least, 'c') + "\r\n";
  return text(head + "\r\n");
}
inline Bytes http_answer(std::size_t size) {  // its header, before a picture of so many bytes
  return text("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: image/jpeg\r\nContent-Length: " +
              std::to_string(size) + "\r\nConnection: keep-alive\r\n\r\n");
}

inline Bytes dns_name(const std::string& name) {
  Bytes out;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find('.', at), name.size());
    out = out + counted(text(name.substr(at, end - at)), 1);
    at = end + 1;
  }
  return out + Bytes{0};
}
struct Lookup {
  Bytes query, answer;
};
inline Lookup dns(Random& r) {
  const std::uint64_t id = r() & 0xffff, type = r.below(3) ? 1 : 28, answers = 1 + r.below(4);
  const Bytes question = dns_name(host(r)) + number(type, 2) + number(1, 2);
  const Bytes edns = {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0};  // RFC 6891
  Lookup out{number(id, 2) + numbers({0x0100, 1, 0, 0, 1}) + question + edns,
             number(id, 2) + numbers({0x8180, 1, static_cast<unsigned>(answers), 0, 1}) + question};
  for (std::uint64_t i = 0; i < answers; ++i)
    out.answer = out.answer + number(0xc00c, 2) + number(type, 2) + number(1, 2) + number(300, 4) +
                 counted(noise(r, type == 1 ? 4 : 16), 2);
  out.answer = out.answer + edns;
  return out;
}

// The first message of IKEv2 (RFC 7296), or its answer.
inline Bytes ike(Random& r, std::uint64_t initiator, bool answer, std::size_t size) {
  return number(initiator, 8) + number(answer ? r() : 0, 8) +
         Bytes{33, 0x20, 34, static_cast<std::uint8_t>(answer ? 0x20 : 8)} + number(0, 4) + number(size, 4) +
         noise(r, size - 28);
}
inline Bytes rtp(std::uint32_t source, std::uint32_t packet) {  // RFC 3550: 20 ms of G.711 follow
  return Bytes{0x80, 8} + number(packet, 2) + number(160 * packet, 4) + number(source, 4);
}

}  // namespace t2::bench
