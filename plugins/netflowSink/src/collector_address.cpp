// Parses NF_SERVADD.
#include "collector_address.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "setting.hpp"

namespace t2::netflow_sink {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
  return begin == text.npos ? std::string_view() : text.substr(begin, end - begin + 1);
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  return problem == std::errc() && end == text.data() + text.size() && port != 0;
}

// No name or address has blanks, brackets or control characters. CollectorAddress::text() would write some of them as
// another collector.
bool is_host(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '[' || c == ']';
  });
}

bool parse(std::string_view text, CollectorAddress& address) {
  std::string_view host = text, rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return false;
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    rest = text.substr(host.size());
  }
  address.host = host;
  return is_host(host) && (rest.empty() || (rest.front() == ':' && parse_port(rest.substr(1), address.port)));
}

}  // namespace

std::vector<CollectorAddress> parse_collectors(const std::string& list, std::uint16_t port) {
  std::vector<CollectorAddress> out;
  for (std::size_t begin = 0, end; begin <= list.size(); begin = end + 1) {
    end = std::min(list.find(',', begin), list.size());
    const std::string_view item = trimmed(std::string_view(list).substr(begin, end - begin));
    CollectorAddress address{{}, port};
    if (!parse(item, address)) {
      throw setting_error("NF_SERVADD names no collector with '" + std::string(item) +
                          "': use HOST, HOST:PORT or [IPV6]:PORT, separated by commas");
    }
    if (std::find(out.begin(), out.end(), address) != out.end()) {
      throw setting_error("NF_SERVADD names " + address.text() + " twice: it would get every flow twice");
    }
    out.push_back(address);
  }
  return out;
}

}  // namespace t2::netflow_sink
