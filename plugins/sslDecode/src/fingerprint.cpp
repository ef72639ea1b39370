#include "fingerprint.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace t2::ssl_decode {

namespace {

void append_decimal(std::string& to, unsigned value) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  to.append(digits, end.ptr);
}
void append_hex(std::string& to, unsigned value, unsigned digits) {
  while (digits-- > 0) to += "0123456789abcdef"[value >> 4 * digits & 0xf];
}
void append_two(std::string& to, std::size_t count) {
  const auto shown = static_cast<char>(std::min<std::size_t>(count, 99));
  to += static_cast<char>('0' + shown / 10);
  to += static_cast<char>('0' + shown % 10);
}

// As JA4 writes it, which knows no drafts.
std::string_view version_code(std::uint16_t version) {
  switch (version) {
    case 0x0304: return "13";
    case 0x0303: return "12";
    case 0x0302: return "11";
    case 0x0301: return "10";
    case 0x0300: return "s3";
    case 0x0002: return "s2";
    case 0xfeff: return "d1";
    case 0xfefd: return "d2";
    case 0xfefc: return "d3";
    default: return "00";
  }
}

// The order of versions: those of DTLS count down, drafts of 1.3 come before it.
int age(std::uint16_t version) {
  if (is_datagram_version(version)) return version == 0xfefc ? 4 : version == 0xfefd ? 3 : 2;
  if (version == 0x0304) return 0x1000;
  if (is_tls13(version)) return 0x400 + (version & 0xff);
  return version & 0xff;
}

// The order by which JA4 chooses: numbers, but that those of DTLS count down.
int number_of(std::uint16_t version) { return is_datagram_version(version) ? 0x10000 - version : version; }

// The last one in an order of those that the hello offers.
template <class Order>
std::uint16_t last_version(const Hello& hello, Order order) {
  std::uint16_t last = 0;
  for_each_extension(hello, [&](std::uint16_t type, View content) {
    if (type != extension::supported_versions) return;
    for_each_number(content, hello.client ? 1 : 0, [&](std::uint16_t version) {
      if (!is_grease(version) && (last == 0 || order(version) > order(last))) last = version;
    });
  });
  return last != 0 ? last : hello.version;
}

View bytes_of(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::uint16_t best_version(const Hello& hello) { return last_version(hello, age); }

struct Fingerprints::Contents {
  bool has_name = false;
  std::string_view protocol;  // the first one
  View groups, formats, signatures;
};

// Fills extensions_ with their types, in order and without GREASE.
Fingerprints::Contents Fingerprints::read(const Hello& hello) {
  Contents found;
  extensions_.clear();
  for_each_extension(hello, [&](std::uint16_t type, View content) {
    if (!is_grease(type)) extensions_.push_back(type);
    if (type == extension::server_name) found.has_name = true;
    if (type == extension::supported_groups) found.groups = content;
    if (type == extension::point_formats) found.formats = content;
    if (type == extension::signature_algorithms) found.signatures = content;
    if (type == extension::alpn && content.size() > 2) {
      bool first = true;
      for_each_name(content.subspan(2), [&](std::string_view name) {
        if (std::exchange(first, false)) found.protocol = name;
      });
    }
  });
  return found;
}

Md5 Fingerprints::ja3(const Hello& hello) {
  const Contents contents = read(hello);
  text_.clear();
  bool first = true;
  const auto add = [&](std::uint16_t value) {
    if (!std::exchange(first, false)) text_ += '-';
    append_decimal(text_, value);
  };
  const auto add_known = [&](std::uint16_t value) {
    if (!is_grease(value)) add(value);
  };
  const auto next_part = [&] { text_ += ',', first = true; };
  append_decimal(text_, hello.version);
  next_part();
  for_each_number(hello.ciphers, 0, add_known);
  next_part();
  for (const std::uint16_t type : extensions_) add(type);
  if (hello.client) {
    next_part();
    for_each_number(contents.groups, 2, add_known);
    next_part();
    Bytes formats(contents.formats);
    for (std::size_t n = std::min<std::size_t>(formats.u8(), formats.left()); n > 0; --n) add(formats.u8());
  }
  Md5 hash{};
  md5_.make({bytes_of(text_)}, hash);
  return hash;
}

void Fingerprints::append_hash(std::string& to, const std::string& of) {
  std::array<std::uint8_t, 32> hash{};
  if (!of.empty()) sha256_.make({bytes_of(of)}, hash);
  for (unsigned i = 0; i < 6; ++i) append_hex(to, hash[i], 2);
}

const std::string& Fingerprints::ja4(const Hello& hello, char transport) {
  const Contents contents = read(hello);
  text_.assign(1, transport);
  text_ += version_code(last_version(hello, number_of));
  numbers_.clear();
  for_each_number(hello.ciphers, 0, [&](std::uint16_t cipher) {
    if (!is_grease(cipher)) numbers_.push_back(cipher);
  });
  if (hello.client) {
    text_ += contents.has_name ? 'd' : 'i';
    append_two(text_, numbers_.size());
  }
  append_two(text_, extensions_.size());
  const std::string_view protocol = contents.protocol;
  if (protocol.empty()) {
    text_ += "00";
  } else if (is_alphanumeric(protocol.front()) && is_alphanumeric(protocol.back())) {
    text_ += protocol.front(), text_ += protocol.back();
  } else {  // first and last digit of all as hex
    append_hex(text_, static_cast<std::uint8_t>(protocol.front()) >> 4, 1);
    append_hex(text_, static_cast<std::uint8_t>(protocol.back()) & 0xf, 1);
  }
  text_ += '_';
  const auto join = [&](const std::vector<std::uint16_t>& values) {
    for (const std::uint16_t value : values) {
      if (!list_.empty() && list_.back() != '_') list_ += ',';
      append_hex(list_, value, 4);
    }
  };
  list_.clear();
  if (!hello.client) {
    append_hex(text_, numbers_.empty() ? 0 : numbers_.front(), 4);
    join(extensions_);
  } else {
    std::sort(numbers_.begin(), numbers_.end());
    join(numbers_);
    append_hash(text_, list_);
    list_.clear();
    std::erase_if(extensions_,
                  [](std::uint16_t type) { return type == extension::server_name || type == extension::alpn; });
    std::sort(extensions_.begin(), extensions_.end());
    join(extensions_);
    numbers_.clear();
    for_each_number(contents.signatures, 2, [&](std::uint16_t algorithm) {
      if (!is_grease(algorithm)) numbers_.push_back(algorithm);
    });
    if (!list_.empty() && !numbers_.empty()) {
      list_ += '_';
      join(numbers_);
    }
  }
  text_ += '_';
  append_hash(text_, list_);
  return text_;
}

}  // namespace t2::ssl_decode
