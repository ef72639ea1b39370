// Reads rules: BEGIN, END, PROTOCOL, SOURCE, PORTS, DESTINATION, PORTS, LABEL,
// separated by tabs.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include <arpa/inet.h>

#include "label_rules.hpp"
#include "t2/error.hpp"

namespace t2::labels {

namespace {

template <class T>
bool parse_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}
bool has_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// ".25" or nothing, as nanoseconds.
bool parse_fraction(std::string_view text, Time& value) {
  value = 0;
  if (text.empty()) return true;
  text.remove_prefix(1);
  if (!has_digits(text) || text.size() > 9) return false;
  std::string digits(text);
  digits.resize(9, '0');
  return parse_number(digits, value);
}

// Seconds since 1970, or 2017-07-03T09:00:00-03:00 (Z for UTC); both may have a
// fraction.
bool parse_time(std::string_view text, Time& time) {
  constexpr Time last = std::numeric_limits<Time>::max() / one_second - 1;
  Time seconds = 0, fraction = 0;
  const std::size_t dot = text.find('.');
  if (has_digits(text.substr(0, dot))) {
    if (!parse_number(text.substr(0, dot), seconds) || seconds > last) return false;
    if (!parse_fraction(dot == text.npos ? "" : text.substr(dot), fraction)) return false;
    time = seconds * one_second + fraction;
    return true;
  }
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() <= form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == '0' ? !has_digits(text.substr(i, 1)) : text[i] != form[i] && !(form[i] == 'T' && text[i] == ' '))
      return false;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    parse_number(text.substr(at, size), value);
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok() || number(0, 4) < 1970 || number(0, 4) > 2261 || number(11, 2) > 23 || number(14, 2) > 59 ||
      number(17, 2) > 60)
    return false;
  seconds = std::chrono::sys_days(day).time_since_epoch().count() * Time{86'400} + number(11, 2) * 3600 +
            number(14, 2) * 60 + number(17, 2);
  const std::size_t zone = text.find_first_of("Z+-", form.size());
  if (zone == text.npos || !parse_fraction(text.substr(form.size(), zone - form.size()), fraction)) return false;
  const std::string_view offset = text.substr(zone);
  if (offset != "Z") {
    if (offset.size() != 6 || offset[3] != ':' || !has_digits(offset.substr(1, 2)) || !has_digits(offset.substr(4)))
      return false;
    const Time east = number(zone + 1, 2) * 3600 + number(zone + 4, 2) * 60;
    seconds -= offset[0] == '+' ? east : -east;
  }
  time = seconds * one_second + fraction;
  return true;
}

bool parse_protocol(std::string_view text, int& protocol) {
  static constexpr struct {
    std::string_view name;
    int number;
  } names[] = {{"icmp", 1}, {"igmp", 2},    {"tcp", 6},   {"udp", 17},   {"gre", 47},
               {"esp", 50}, {"icmpv6", 58}, {"ospf", 89}, {"sctp", 132}, {"udplite", 136}};
  for (const auto& known : names)
    if (known.name == text) return protocol = known.number, true;
  return parse_number(text, protocol) && protocol >= 0 && protocol <= 255;
}

bool parse_network(std::string_view text, Network& network) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  if (inet_pton(AF_INET, address.c_str(), network.address.data()) == 1) network.family = Family::ipv4;
  else if (inet_pton(AF_INET6, address.c_str(), network.address.data()) == 1) network.family = Family::ipv6;
  else return false;
  const unsigned most = network.family == Family::ipv4 ? 32 : 128;
  unsigned bits = most;
  if (slash != text.npos && (!parse_number(text.substr(slash + 1), bits) || bits > most)) return false;
  network.bits = static_cast<std::uint8_t>(bits);
  return true;
}

bool parse_ports(std::string_view text, PortRange& ports) {
  const std::size_t dash = text.find('-');
  if (!parse_number(text.substr(0, dash), ports.first)) return false;
  ports.last = ports.first;
  return dash == text.npos || (parse_number(text.substr(dash + 1), ports.last) && ports.first <= ports.last);
}

constexpr std::size_t fields = 8;

// What is wrong with a line; empty: nothing.
std::string parse(std::string_view line, Rule& rule) {
  std::string_view field[fields];
  for (std::size_t i = 0; i < fields; ++i) {
    const std::size_t tab = i + 1 < fields ? line.find('\t') : line.npos;
    if (tab == line.npos && i + 1 < fields)
      return std::to_string(i + 1) + " of " + std::to_string(fields) +
             " fields: begin, end, protocol, source, its ports, destination, "
             "its ports, label, with tabs between";
    field[i] = line.substr(0, tab);
    line.remove_prefix(tab == line.npos ? line.size() : tab + 1);
  }
  const auto wrong = [&](std::size_t i, const char* what) { return "'" + std::string(field[i]) + "' is no " + what; };
  const auto is_any = [&](std::size_t i) { return field[i] == "*"; };
  constexpr const char* time =
      "time: seconds since 1970, or as 2017-07-03T09:00:00-03:00 (with its "
      "zone, or Z)";
  constexpr const char* network = "address or network";
  constexpr const char* ports = "port and no range of ports";
  if (!is_any(0) && !parse_time(field[0], rule.begin)) return wrong(0, time);
  if (!is_any(1) && !parse_time(field[1], rule.end)) return wrong(1, time);
  if (rule.begin > rule.end) return "it ends before it begins";
  if (!is_any(2) && !parse_protocol(field[2], rule.protocol))
    return wrong(2, "protocol: a name in small letters or a number");
  if (!is_any(3) && !parse_network(field[3], rule.source)) return wrong(3, network);
  if (!is_any(4) && !parse_ports(field[4], rule.source_ports)) return wrong(4, ports);
  if (!is_any(5) && !parse_network(field[5], rule.destination)) return wrong(5, network);
  if (!is_any(6) && !parse_ports(field[6], rule.destination_ports)) return wrong(6, ports);
  rule.label = field[7];
  if (rule.label.empty()) return "there is no label";
  if (rule.source.family != Family::layer2 && rule.destination.family != Family::layer2 &&
      rule.source.family != rule.destination.family)
    return "no flow has an IPv4 and an IPv6 address";
  return {};
}

}  // namespace

std::vector<Rule> read_rules(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("labels: cannot read LABELS_FILE '" + path + "': " + std::strerror(errno));
  std::vector<Rule> rules;
  std::uint32_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    Rule rule;
    rule.line = number;
    const std::string problem = parse(line, rule);
    if (!problem.empty()) throw Error("labels: " + path + ":" + std::to_string(number) + ": " + problem);
    rules.push_back(std::move(rule));
  }
  if (file.bad()) throw Error("labels: cannot read LABELS_FILE '" + path + "': " + std::strerror(errno));
  if (rules.empty()) throw Error("labels: '" + path + "' has no rule: add some, or leave the plugin out");
  return rules;
}

}  // namespace t2::labels
