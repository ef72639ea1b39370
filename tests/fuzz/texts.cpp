// Fuzzes what users write, and databases of theirs: a byte chooses the reader, the rest is the text. Each reader takes
// it or throws its error.
#include <sanitizer/lsan_interface.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "capture/source.hpp"
#include "collector_address.hpp"
#include "host/config.hpp"
#include "host/flag_values.hpp"
#include "input.hpp"
#include "locations.hpp"
#include "output/address_text.hpp"
#include "registry.hpp"
#include "rules.hpp"

using namespace t2;

namespace {

namespace fs = std::filesystem;

// For the files that are read; standard output takes the help of options.
struct Folder {
  Folder() {
    char name[] = "/tmp/t2fuzz.XXXXXX";
    fuzz::demand(mkdtemp(name), "there is a folder for files");
    fuzz::demand(std::freopen("/dev/null", "r", stdin) && std::freopen("/dev/null", "w", stdout), "there is /dev/null");
    unsetenv("HOME");
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code problem;
    fs::remove_all(path, problem);
  }
  std::string path;
};
const Folder folder;

std::string write(const char* name, std::string_view text) {
  const std::string path = folder.path + "/" + name;
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(text.data(), static_cast<std::streamsize>(text.size()));
  return path;
}

// A table that the plugin may have, with a flag of each kind.
const std::array<Flag, 3> flags{
    {{"FZ_NUMBER", "7", true, "0-65535"}, {"FZ_TEXT", "\"a\"", true, ""}, {"FZ_RATE", "0.5", true, "0.5-10"}}};
const Descriptor descriptor{.name = "fuzzed", .version = "1", .summary = "", .number = 999, .flags = flags};

void read_config(std::string_view text) {
  const Config config(write("t2.toml", text));
  const std::array<const Descriptor*, 1> plugins{&descriptor};
  config.check(plugins);
  config.text(descriptor, "FZ_TEXT");
  config.integer(descriptor, "FZ_NUMBER");
}

void read_list(std::string_view text) {
  Block block;
  const std::unique_ptr<Source> source = open_list(write("list", text), {});
  while (source->read(block) != Read::end) {}
}

void read_registry(std::string_view text) {
  write("oui.csv", text);
  const mac_recorder::OuiRegistry registry(folder.path);
  std::uint64_t mac = 0;
  for (const char c : text.substr(0, 64)) mac = (mac << 8 | static_cast<unsigned char>(c)) & 0xffff'ffff'ffff;
  registry.find(mac, 0x0800);
}

void read_collectors(std::string_view text) {
  for (const auto& collector : netflow_sink::parse_collectors(std::string(text), 9995))
    fuzz::demand(netflow_sink::parse_collectors(collector.text(), 1).front() == collector,
                 "an address is read as it is written");
}

void read_flag_value(std::string_view text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  const std::string_view value = text.substr(0, blank), allowed = text.substr(std::min(blank + 1, text.size()));
  whole_number(value);
  is_allowed(value, allowed);
  for (const Flag& flag : flags) why_refused(flag, value);
}

void read_options(std::string_view text) {
  std::vector<std::string> words{"t2"};
  std::istringstream lines{std::string(text)};
  for (std::string word; words.size() < 32 && std::getline(lines, word, '\n');) {
    std::replace(word.begin(), word.end(), '/', '_');  // no file elsewhere
    words.push_back(word.substr(0, word.find('\0')));
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  parse_options(static_cast<int>(words.size()), arguments.data());
}

// -D: the names of a series; no file is read.
void read_series(std::string_view text) { open_series(std::string(text), {})->describe(); }

// --anonymise: what traffic put into a text. A text with no address is not written anew.
void read_addresses(std::string_view text) {
  static CryptoPan names(AnonymisationKey{1, 2, 3});
  std::string to;
  fuzz::demand(replace_addresses(text, names, to) != to.empty(), "there are pseudonyms where there are addresses");
}

// geoip. Without its library the plugin is left out, and such a text is read by nothing.
void read_database(std::string_view text) {
  if constexpr (T2_FUZZ_GEOIP) {
    using geoip::Locations;
    const std::string path = write("places.mmdb", text);
    {
      // libmaxminddb before 1.12 loses 5 KB when it refuses metadata (its pull request 356); t2 ends then. A file that
      // it takes is opened once more, where nothing may be lost.
      const __lsan::ScopedDisabler known;
      const geoip::Database refused_or_not(path);
    }
    const auto database = std::make_shared<const geoip::Database>(path);
    for (const auto kind : {Locations::Kind::places, Locations::Kind::systems}) {
      Locations locations(database, kind, "en", "--");
      for (unsigned first = 0; first < 256; first += 5) {
        const std::array<std::uint8_t, 16> address{static_cast<std::uint8_t>(first), 1};
        for (const Family family : {Family::ipv4, Family::ipv6}) locations.find(family, address);
      }
      locations.find(Family::ipv6, {});  // where databases have IPv4
    }
  }
}

constexpr std::array readers{read_config,  read_list,   read_registry,  read_collectors, read_flag_value,
                             read_options, read_series, read_addresses, read_database};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  try {
    readers[data[0] % readers.size()]({reinterpret_cast<const char*>(data) + 1, size - 1});
  } catch (const Error&) {
  } catch (const std::runtime_error&) {  // of a registry without entries
  }
  return 0;
}
