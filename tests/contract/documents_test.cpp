// What describes a plugin agrees in all places: the descriptor of its shared object, src/NAME.h.in, default.config and
// the tables of README.md. Flags are compared by name, default, comment and whether they can be set at run time;
// columns by name, type, unit and bits. `t2conf NAME -g PATH/default.config -y` writes default.config from the header.
#include <catch2/catch.hpp>

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "pattern.hpp"
#include "run.hpp"
#include "t2/plugin.hpp"
#include "t2/schema.hpp"

namespace t2::test::documents_test {

namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

struct FlagText {
  std::string value, comment;
  bool runtime = false;
  bool operator==(const FlagText&) const = default;
};
using Flags = std::map<std::string, FlagText>;
using Columns = std::map<std::string, std::string>;                        // name -> type code
using Units = std::map<std::string, std::string>;                          // name -> unit, empty: none
using Bits = std::map<std::string, std::map<std::uint64_t, std::string>>;  // name -> mask -> meaning; of status words

struct Documents {  // of one plugin, or of the core
  std::string header, config, readme, sources;
};
struct Built {  // as the descriptor says
  Flags flags;
  Columns columns, packet_columns;
  Units units, packet_units;
  Bits bits;  // of flows and of packets: equal names mean the same
};

Lines split(const std::string& text, const std::string& separator) {
  Lines out;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    out.push_back(text.substr(at, end - at));
    if (end == text.npos) return out;
    at = end + separator.size();
  }
}

std::string without(std::string text, std::string_view characters) {
  std::erase_if(text, [&](char c) { return characters.find(c) != characters.npos; });
  const std::size_t first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool has_word(const std::string& text, const std::string& word) {
  const auto inside = [&](std::size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_');
  };
  for (std::size_t at = 0; (at = text.find(word, at)) != text.npos; ++at)
    if ((at == 0 || !inside(at - 1)) && !inside(at + word.size())) return true;
  return false;
}

Flags header_flags(const std::string& text) {
  const std::string line = "#define +(\\w+) +(\"[^\"]*\"|'[^']*'|[^ ]+) *(// *(.*))?";
  Flags out;
  bool runtime = false;
  for (const std::string& l : split(text, "\n")) {
    if (l.find("ENV / RUNTIME") != l.npos) runtime = true;
    else if (const auto m = match(line, l)) out[(*m)[1]] = {(*m)[2], (*m)[4], runtime};
  }
  return out;
}

Flags config_flags(const std::string& text) {
  Flags out;
  std::string comment;
  for (const std::string& l : split(text, "\n")) {
    if (l.starts_with("# ")) comment = l.substr(2);
    else if (const auto m = match("(\\w+) = (.*)", l)) out[(*m)[1]] = {(*m)[2], comment};
  }
  return out;
}

// Rows of all tables whose first column has this title: the cells of each.
std::vector<Lines> rows(const std::string& text, const std::string& title) {
  std::vector<Lines> out;
  bool inside = false;
  for (const std::string& l : split(text, "\n")) {
    if (!l.starts_with("|")) inside = false;
    else if (l.starts_with("| " + title + " |")) inside = true;
    else if (inside && !l.starts_with("|---")) {
      Lines cells = split(l.substr(1, l.rfind('|') - 1), "|");
      if (cells.size() >= 3) out.push_back(std::move(cells));
    }
  }
  return out;
}

// `A, B | x, y` and `A, B | x`: the value that belongs to each name.
std::string value_of(const Lines& names, const Lines& values, std::size_t i) {
  return values.size() == names.size() ? values[i]
         : values.size() == 1          ? values[0]
                                       : "(" + std::to_string(values.size()) + " values)";
}

Flags readme_flags(const std::string& text) {
  Flags out;
  for (const Lines& cells : rows(text, "flag")) {
    const Lines names = split(without(cells[0], "`*"), ", "), values = split(without(cells[1], "`\""), ", ");
    const bool runtime = cells[0].find('*') != cells[0].npos || cells[2].find("run time") != cells[2].npos;
    for (std::size_t i = 0; i < names.size(); ++i)
      out[without(names[i], "")] = {without(value_of(names, values, i), ""), cells[2], runtime};
  }
  return out;
}

std::string type_of(std::string cell) {  // `16 x U16`
  cell = without(cell, "`");
  const auto m = match("([0-9]+) x (\\w+)", cell);
  if (!m) return cell;
  std::string out;
  for (int i = std::stoi((*m)[1]); i > 0; --i) out += (out.empty() ? "" : "_") + (*m)[2];
  return out;
}

Lines flag_disagreements(const Documents& documents, const Built* built) {
  const Flags flags = header_flags(documents.header);
  Lines out;
  const auto compare = [&](const std::string& where, const Flags& found, auto agrees) {
    for (const auto& [name, flag] : flags)
      if (!found.contains(name)) out.push_back(where + " lacks " + name);
    for (const auto& [name, flag] : found) {
      const auto f = flags.find(name);
      if (f == flags.end()) out.push_back(where + " has " + name + ", which is no flag");
      else if (!agrees(f->second, flag)) out.push_back(where + " differs in " + name + ": " + flag.value);
    }
  };
  compare("default.config", config_flags(documents.config),
          [](const FlagText& a, const FlagText& b) { return a.value == b.value && a.comment == b.comment; });
  if (!documents.readme.empty())
    compare("README.md", readme_flags(documents.readme), [](const FlagText& a, const FlagText& b) {
      return without(a.value, "\"") == b.value && a.runtime == b.runtime;
    });
  if (built)
    compare("the descriptor", built->flags,
            [](const FlagText& a, const FlagText& b) { return a.value == b.value && a.runtime == b.runtime; });
  return out;
}

// A column that only other flags have: its row names the flag, and the sources have the column. A digit of its name may
// stand there as `?` or as a macro (the layer that PACKETLENGTH selects).
bool is_conditional(const std::string& name, const std::string& meaning, const Documents& documents,
                    const Flags& core) {
  const auto named = [&](const Flags& all) {
    return std::any_of(all.begin(), all.end(), [&](const auto& f) { return has_word(meaning, f.first); });
  };
  std::string pattern;
  for (const char c : name)
    pattern +=
        std::isdigit(static_cast<unsigned char>(c)) ? std::string("(") + c + "|[?]|\" \\w+ \")" : std::string(1, c);
  return (named(header_flags(documents.header)) || named(core)) && search('"' + pattern + '"', documents.sources);
}

// Tables under a heading that is the name of a column; some have two pairs of columns.
Bits readme_bits(const std::string& text) {
  Bits out;
  std::string heading;
  bool inside = false;
  for (const std::string& l : split(text, "\n")) {
    if (l.starts_with("#")) heading = without(l, "#`");
    if (!l.starts_with("|")) inside = false;
    else if (l.starts_with("| bit |")) inside = true;
    else if (inside && !l.starts_with("|---")) {
      const Lines cells = split(l.substr(1, l.rfind('|') - 1), "|");
      for (std::size_t i = 0; i + 1 < cells.size(); i += 2)
        out[heading][std::stoull(without(cells[i], ""), nullptr, 16)] = without(cells[i + 1], "");
    }
  }
  return out;
}

Lines bit_disagreements(const Documents& documents, const Built& built) {
  Lines out;
  Bits described = readme_bits(documents.readme);
  for (const auto& [name, bits] : built.bits) {
    if (described[name] == bits) continue;
    out.push_back("README.md: the bits of " + name + " are not those of the descriptor");
  }
  for (const auto& [name, bits] : described)
    if (!built.bits.contains(name)) out.push_back("README.md: the descriptor has no bits of " + name);
  return out;
}

Lines column_disagreements(const Documents& documents, const Built& built, const Flags& core) {
  Lines out;
  const auto compare = [&](const std::string& text, const Columns& columns, const Units& units,
                           const std::string& empty) {
    Columns described;
    for (const Lines& cells : rows(text, "column")) {
      const Lines row_units = cells.size() > 3 ? split(cells[2], ", ") : Lines{""};
      const Lines names = split(without(cells[0], "`"), ", "), types = split(cells[1], ", ");
      for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string name = without(names[i], ""), type = type_of(value_of(names, types, i));
        described[name] = type;
        const auto column = columns.find(name);
        if (column == columns.end()) {
          if (!is_conditional(name, cells.back(), documents, core))
            out.push_back("README.md: " + name + " is no column, or the flag that it needs is not named");
        } else if (column->second != type && column->second != type + empty) {
          out.push_back("README.md: type of " + name + " is " + column->second + ", not " + type);
        } else if (const std::string unit = without(value_of(names, row_units, i), "-"); unit != units.at(name)) {
          out.push_back("README.md: unit of " + name + " is '" + units.at(name) + "', not '" + unit + "'");
        }
      }
    }
    return described;
  };
  const std::size_t packets = documents.readme.find("\n## Columns of packets");
  const Columns described = compare(documents.readme.substr(0, packets), built.columns, built.units, "");
  for (const auto& [name, type] : built.columns)
    if (!described.contains(name)) out.push_back("README.md lacks the column " + name);
  // A cell that may be empty is a list in the descriptor, and no list for users.
  if (packets != std::string::npos)
    compare(documents.readme.substr(packets), built.packet_columns, built.packet_units, ":R");
  for (const auto& [name, type] : built.packet_columns)
    if (!has_word(documents.readme, name)) out.push_back("README.md lacks the column " + name + " of packets");
  // Columns that other flags have.
  for (const Groups& declared : search_all("[({]\"(\\w+)\",\\s*\"[^\"]*\",\\s*Type::", documents.sources))
    if (!has_word(documents.readme, declared[1])) out.push_back("README.md lacks the column " + declared[1]);
  return out;
}

// Every disagreement, a line each. Without `built` the documents alone are compared.
Lines disagreements(const Documents& documents, const Built* built, const Flags& core) {
  Lines out = flag_disagreements(documents, built);
  if (!built) return out;
  for (std::string& line : column_disagreements(documents, *built, core)) out.push_back(std::move(line));
  for (std::string& line : bit_disagreements(documents, *built)) out.push_back(std::move(line));
  return out;
}

std::uint64_t max_value(Type type) {
  return type == Type::h8    ? UINT8_MAX
         : type == Type::h16 ? UINT16_MAX
         : type == Type::h32 ? UINT32_MAX
         : type == Type::h64 ? UINT64_MAX
                             : 0;
}

// Columns of one hex value without bits, but for those that are no words of bits.
Lines unexplained(const Descriptor& plugin) {
  static const std::set<std::string_view> no_bits{
      "ethType",      "vlanHdr",       "mplsHdrsHex",    "mplsLabelsHex", "sslVersion", "sslRecVer",
      "sslHandVer",   "sslCipher",     "sslExtList",     "sslSuppVer",    "sslSigAlg",  "sslECPt",
      "sslECFormats", "sslCipherList", "sslQuicVersion", "dnsHdrOPField", "dnsOptStat", "quicVersion",
      "quicFlags",    "quicOffered",   "dhcpHWType",     "dhcpHopCnt",    "icmpTmGtw"};
  Lines out;
  for (const Column& c : plugin.columns)
    if (c.size == 1 && max_value(c.type[0]) > 0 && c.bits.empty() && !no_bits.contains(c.name))
      out.emplace_back(c.name);
  return out;
}

Built built_plugin(const std::string& name) {
  const TempFolder folder;
  const fs::path place = plugin_folder(folder, {name});
  Built out;
  for (const auto& entry : fs::directory_iterator(place)) {
    void* object = dlopen(entry.path().c_str(), RTLD_NOW | RTLD_LOCAL);
    INFO(name << ": " << (object ? "" : dlerror()));
    REQUIRE(object);
    const auto* plugin = static_cast<const Descriptor*>(dlsym(object, "t2_plugin"));
    REQUIRE(plugin);
    for (const Flag& f : plugin->flags) out.flags[std::string(f.name)] = {std::string(f.value), "", f.runtime};
    const auto take = [&](std::span<const Column> columns, Columns& types, Units& units) {
      for (const Column& c : columns) {
        types[std::string(c.name)] = schema::type_codes(c);
        units[std::string(c.name)] = c.unit;
        std::map<std::uint64_t, std::string> bits;
        for (const Bit& bit : c.bits) bits[bit.mask] = bit.meaning;
        if (bits.empty()) continue;
        INFO(name << ": bits of " << c.name);
        CHECK(bits.size() == c.bits.size());
        CHECK(bits.rbegin()->first <= max_value(c.type[0]));
        CHECK((!out.bits.contains(std::string(c.name)) || out.bits[std::string(c.name)] == bits));
        out.bits[std::string(c.name)] = std::move(bits);
      }
    };
    take(plugin->columns, out.columns, out.units);
    take(plugin->packet_columns, out.packet_columns, out.packet_units);
    for (const std::string& hex : unexplained(*plugin))
      FAIL_CHECK(name << ": say what the bits of " << hex << " mean with Column::with(), or name it in `no_bits`");
    dlclose(object);
  }
  return out;
}

Documents documents_of(const fs::path& folder) {
  const std::string name = folder.filename().string().ends_with("-template") ? "myPlugin" : folder.filename().string();
  Documents out{read_file(folder / "src" / (name + ".h.in")),
                read_file(folder / "default.config"),
                read_file(folder / "README.md"),
                {}};
  for (const auto& entry : fs::directory_iterator(folder / "src"))
    if (entry.path().extension() == ".cpp" || entry.path().extension() == ".hpp")
      out.sources += read_file(entry.path());
  return out;
}

const fs::path source = source_folder();
Documents core_documents() {
  return {read_file(source / "core/tranalyzer.h.in"), read_file(source / "core/default.config"), {}, {}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  INFO("looking for " << from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("contract: header, default.config, README and descriptor of a plugin agree", "[contract]") {
  const Flags core = header_flags(core_documents().header);
  CHECK(core.size() > 50);
  CHECK(disagreements(core_documents(), nullptr, core) == Lines{});
  CHECK(disagreements(documents_of(source / "share/plugin-template"), nullptr, core) == Lines{});
  CHECK(disagreements(documents_of(source / "share/sink-template"), nullptr, core) == Lines{});
  unsigned plugins = 0;
  for (const auto& entry : fs::directory_iterator(source / "plugins")) {
    if (!fs::exists(entry.path() / "CMakeLists.txt")) continue;
    ++plugins;
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    const Built built = built_plugin(name);
    CHECK(disagreements(documents_of(entry.path()), &built, core) == Lines{});
  }
  CHECK(plugins >= 7);
}

TEST_CASE("contract: a disagreement in any of the four places is found", "[contract]") {
  const Flags core = header_flags(core_documents().header);
  const Documents right = documents_of(source / "plugins/basicFlow");
  const Built built = built_plugin("basicFlow");
  REQUIRE(disagreements(right, &built, core) == Lines{});
  const auto found = [&](auto change) {
    Documents d = right;
    Built b = built;
    change(d, b);
    return disagreements(d, &b, core);
  };
  using D = Documents;
  using B = Built;
  // flags
  CHECK_FALSE(found([](D& d, B&) { d.header = replaced(d.header, "BFO_MAX_MAC 3", "BFO_MAX_MAC 4"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.header = replaced(d.header, "#define BFO_MAC ", "#define BFO_MACS "); }).empty());
  CHECK_FALSE(found([](D& d, B&) {
                d.header = replaced(d.header, "\n#define BFO_MAC ", "\n// ENV / RUNTIME\n#define BFO_MAC ");
              }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.config = replaced(d.config, "BFO_VLAN = 1", "BFO_VLAN = 2"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.config = replaced(d.config, "BFO_VLAN = 1", ""); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.config = replaced(d.config, "[0|1]", "[0-1]"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.config += "BFO_NEW = 1\n"; }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "| BFO_MAC | 1 |", "| BFO_MAC | 0 |"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "| BFO_MAC |", "| BFO_MACS |"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "| BFO_MAC |", "| BFO_MAC * |"); }).empty());
  CHECK_FALSE(found([](D&, B& b) { b.flags["BFO_VLAN"].value = "2"; }).empty());
  CHECK_FALSE(found([](D&, B& b) { b.flags["BFO_VLAN"].runtime = true; }).empty());
  CHECK_FALSE(found([](D&, B& b) { b.flags.erase("BFO_VLAN"); }).empty());
  // columns
  CHECK_FALSE(
      found([](D& d, B&) { d.readme = replaced(d.readme, "| duration | U64.U32 |", "| duration | F |"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "| duration |", "| period |"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "| srcIP, dstIP |", "| srcIP |"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "| BFO_VLAN 3 |", "| if asked for |"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.sources += "{\"another\", \"Under a flag\", Type::u8}"; }).empty());
  CHECK_FALSE(found([](D&, B& b) { b.columns["duration"] = "F"; }).empty());
  CHECK_FALSE(found([](D&, B& b) { b.columns["another"] = "F"; }).empty());
  CHECK_FALSE(found([](D&, B& b) { b.packet_columns["another"] = "F"; }).empty());
  // units and bits
  CHECK_FALSE(found([](D&, B& b) { b.units["duration"] = "ms"; }).empty());
  CHECK_FALSE(found([](D&, B& b) { b.units["l4Proto"] = "s"; }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "| U64.U32 | s |", "| U64.U32 | |"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "000040 | ARP |", "000040 | RARP |"); }).empty());
  CHECK_FALSE(found([](D& d, B&) { d.readme = replaced(d.readme, "| 0x0000000000000040 | ARP |\n", ""); }).empty());
  CHECK_FALSE(
      found([](D& d, B&) { d.readme += "\n### noColumn\n\n| bit | meaning |\n|---|---|\n| 0x01 | x |\n"; }).empty());
  CHECK_FALSE(found([](D&, B& b) { b.bits["flowStat"].erase(1); }).empty());
}

}  // namespace t2::test::documents_test
