// The registry, which is read in pieces and looked up by hash, held against a parser that has all of it at once.
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../src/registry.hpp"
#include "run.hpp"

namespace t2::test::registry_test {

using namespace t2::mac_recorder;

namespace {

void write(const TempFolder& folder, const char* name, std::string_view content) {
  write_file(folder / name, text(content));
}

// Fields of the record at `at`, which goes behind it; character by character.
std::vector<std::string> record(std::string_view csv, std::size_t& at) {
  std::vector<std::string> fields;
  for (bool more = true; more;) {
    std::string field;
    if (at < csv.size() && csv[at] == '"') {
      for (++at; at < csv.size(); ++at) {
        if (csv[at] == '"' && (++at == csv.size() || csv[at] != '"')) break;
        field += csv[at];
      }
    }
    for (; at < csv.size() && csv[at] != ',' && csv[at] != '\n'; ++at) field += csv[at];
    more = at < csv.size() && csv[at++] == ',';
    fields.push_back(field);
  }
  return fields;
}

std::string trimmed(std::string text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), is_blank));
  return text.substr(0, 512);
}

// By first address and digits: the organisation of the first entry.
using Parsed = std::map<std::pair<Mac, std::size_t>, std::string>;
Parsed parse(std::string_view csv) {
  Parsed parsed;
  for (std::size_t at = 0; at < csv.size();) {
    const std::vector<std::string> fields = record(csv, at);
    if (fields.size() < 2 || fields[1].size() < 6 || fields[1].size() > 12) continue;
    if (fields[1].find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) continue;
    const Mac first = std::stoull(fields[1], nullptr, 16) << (48 - 4 * fields[1].size());
    parsed.emplace(std::pair(first, fields[1].size()), fields.size() > 2 ? trimmed(fields[2]) : "");
  }
  return parsed;
}

class RandomRegistry {
 public:
  explicit RandomRegistry(unsigned seed) : random_(seed) {}

  std::string entry() {
    static constexpr std::string_view ends[] = {"\n", "\r\n", " \r\n", "\n\n", ",\n", ",a,b\r\n"};
    std::string assignment = number(3) > 0 ? hex(6) : hex(std::vector<unsigned>{7, 9, 8, 12, 5, 13}[number(6)]);
    if (number(40) == 0) assignment[number(static_cast<unsigned>(assignment.size()))] = 'g';
    if (number(10) == 0) assignment = '"' + assignment + '"';
    std::string text = number(20) == 0 ? "\"MA\"\"-L\"" : "MA-L";
    text += ',' + assignment;
    for (unsigned left = number(4); left > 0; --left) text += ',' + field();
    return text + std::string(ends[number(std::size(ends))]);
  }
  unsigned number(std::size_t below) { return static_cast<unsigned>(random_() % below); }

 private:
  std::string hex(unsigned digits) {  // few blocks, so that some come twice
    std::string text;
    for (unsigned i = 0; i < digits; ++i)
      text += i < 2 || i >= 6 ? "0aF"[number(3)] : "0123456789abcdefABCDEF"[number(22)];
    return text;
  }
  std::string field() {
    static constexpr std::string_view words[] = {"Cisco",  " ",        "\"",   "\"\"", "M\xc3\xbcller",
                                                 " US 95", "Ltd. HK ", "\x01", "\r",   "GmbH"};
    std::string text;
    for (unsigned left = number(number(200) == 0 ? 900 : 8); left > 0; --left) text += words[number(std::size(words))];
    if (number(2) == 0) {
      std::replace(text.begin(), text.end(), '"', '\'');
      return text;
    }
    const bool quoted = number(8) > 0;  // else quotes stand where they mean nothing, or where they should not
    if (!quoted) return text;
    std::string with = "\"";
    for (const char c : text) with.append(c == '"' ? 2 : 1, c);
    if (number(4) == 0) with += number(2) == 0 ? ",x" : "\n";
    return with + '"';
  }
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("macRecorder: a registry of any form is read as by a parser that has it at once", "[macRecorder]") {
  for (unsigned seed = 0; seed < 8; ++seed) {
    RandomRegistry random(seed);
    const TempFolder folder;
    std::string all;
    std::size_t wrong = 0;
    for (const char* name : {"oui.csv", "mam.csv", "oui36.csv", "iab.csv"}) {
      if (name[0] != 'o' && seed % 2 == 0) continue;
      std::string csv = "Registry,Assignment,Organization Name,Organization Address\r\n";
      while (csv.size() < std::size_t{70'000} + seed * 1000) csv += random.entry();
      write(folder, name, csv);
      all += csv + '\n';
    }
    const Parsed parsed = parse(all);
    const OuiRegistry registry(folder.path().string());
    CHECK(registry.size() == parsed.size());
    REQUIRE(parsed.size() > 500);
    for (const auto& [block, organisation] : parsed) {
      const Mac first = block.first;
      const std::size_t digits = block.second;
      if (first == 0 || (digits != 6 && digits != 7 && digits != 9)) continue;
      const Mac last = first | ((Mac{1} << (48 - 4 * digits)) - 1);  // an address of that block and of no part of it?
      const auto holds = [&](std::size_t size) {
        return size > digits && parsed.contains({last >> (48 - 4 * size) << (48 - 4 * size), size});
      };
      if (holds(7) || holds(9)) continue;
      const LabelMatch match = registry.find(last, 0);
      if (match.standard) continue;
      wrong += match.number == 0 || match.organisation != organisation;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("macRecorder: an entry larger than a piece of the registry", "[macRecorder]") {
  const TempFolder folder;
  const std::string address(200'000, 'x');
  write(folder, "oui.csv",
        "MA-L,00000A,A,\"" + address + "\n US 1\"\nMA-L,00000B,B," + address + " DE 1\nMA-L,00000C,C,FR 1");
  const OuiRegistry registry(folder.path().string());
  CHECK(registry.size() == 3);
  CHECK(short_label(registry.find(0x00000a000000, 0), 12) == "A,US");
  CHECK(short_label(registry.find(0x00000b000000, 0), 12) == "B,DE");
  CHECK(short_label(registry.find(0x00000c000000, 0), 12) == "C,FR");
}

TEST_CASE("macRecorder: a registry that is replaced stays, of one that is rewritten no entry is mistaken",
          "[macRecorder]") {
  const TempFolder folder;
  const std::string path = (folder / "oui.csv").string();
  write(folder, "oui.csv", "MA-L,00000A,First,FR 1\nMA-L,00000B,Second,DE 1\nMA-L,00000C,Third,US 1\n");
  const OuiRegistry replaced(folder.path().string());
  write(folder, "new.csv", "MA-L,00000A,Other,FR 1\n");
  std::filesystem::rename(folder / "new.csv", folder / "oui.csv");
  CHECK(short_label(replaced.find(0x00000b000000, 0), 12) == "Second,DE");
  CHECK_FALSE(replaced.changed());

  write(folder, "oui.csv", "MA-L,00000A,First,FR 1\nMA-L,00000B,Second,DE 1\nMA-L,00000C,Third,US 1\n");
  const OuiRegistry rewritten(folder.path().string());
  std::ofstream(path, std::ios::in | std::ios::out) << "MA-L,00000A,First,FR 1\nMA-L,00000D,Fourth,IT 1\n";
  CHECK(short_label(rewritten.find(0x00000a000000, 0), 12) == "First,FR");
  CHECK_FALSE(rewritten.changed());
  CHECK(short_label(rewritten.find(0x00000b000000, 0), 12) == "-");
  CHECK(rewritten.changed());
  std::filesystem::resize_file(path, 3);
  CHECK(short_label(rewritten.find(0x00000c000000, 0), 12) == "-");
}

}  // namespace t2::test::registry_test
