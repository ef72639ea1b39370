// Settings: numbers as C writes them, ranges as headers give them, and which value of a flag is in force.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

#include "base/closest.hpp"
#include "capture.hpp"
#include "host/config.hpp"
#include "host/flag_values.hpp"
#include "host/toml_text.hpp"
#include "run.hpp"

namespace t2::test::config_test {

namespace {

using Catch::Contains;

constexpr Flag flags[] = {{"CT_PORT", "9995", true, "1-65535"}, {"CT_MODE", "9", true, "9|10"},
                          {"CT_NAME", "\"abc\"", true, ""},     {"CT_MARK", "'x'", true, ""},
                          {"CT_RATE", "1.0", true, "0.5-10"},   {"CT_BITS", "0x10", true, ""},
                          {"CT_FIXED", "1", false, "0|1"},      {"CT_SUFFIX", "\"_x.txt\"", true, ""}};

Descriptor plugin() {
  Descriptor d;
  d.name = "cfg";
  d.flags = flags;
  return d;
}

// A variable of the environment, for a while.
struct Variable {
  const char* name;
  Variable(const char* name_, const char* value) : name(name_) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name); }
};

struct File {
  TempFolder folder;
  std::string path = (folder / "t2.toml").string();
  explicit File(const std::string& text = "") { std::ofstream(path) << text; }
};

void check(const Config& config) {
  const Descriptor d = plugin();
  const Descriptor* const all[] = {&d};
  config.check(all);
}

}  // namespace

TEST_CASE("config: characters outside ASCII are found where they are not quoted", "[config]") {
  for (const char* fine : {R"(a = 1)", "\xef\xbb\xbf[a]\n", "# ü\n[a]", R"(a = "ü")", R"(a = 'ü')", R"(a = "\"ü")",
                           "a = \"\"\"\nü\"\"\nü\"\"\" # ü", "a = '''ü'\nü'''", "a = \"\"\"ü\"\"\"\"\"\nb = '#ü'",
                           R"(a = "" # ü)", R"(a = """""" # ü)", R"('ü' = '\' # ü)", R"(a."ü".'ü' = ["ü", 'ü',"ü"])",
                           "\t\"ü\" = { \"ü\" = 1 }\n\"ü\" = 2"}) {
    INFO(fine);
    CHECK_FALSE(foreign_character(fine));
  }
  const std::pair<const char*, unsigned> wrong[] = {
      {"ü", 1},           {"[a]\nbü = 1", 2},           {R"(a = "x" ü)", 1}, {R"(a = '\'ü)", 1}, {"a = \"x\nü = 1", 2},
      {R"(a = ""ü)", 1},  {"a = \"\"\"\n\n\"\"\"ü", 3}, {"# x\n\xfe", 2},    {R"(a = 1"ü")", 1}, {R"(a = 1.'ü')", 1},
      {R"(a"ü" = 1)", 1}, {"a = 0\n;\"(\1ü", 2}};
  for (const auto& [text, line] : wrong) {
    INFO(text);
    CHECK(foreign_character(text) == line);
  }
}

TEST_CASE("flags: whole numbers as C writes them", "[config]") {
  const std::pair<const char*, std::int64_t> good[] = {{"0", 0},
                                                       {"9995", 9995},
                                                       {"-7", -7},
                                                       {"0x270b", 9995},
                                                       {"0XfF", 255},
                                                       {"010", 8},
                                                       {"5UL", 5},
                                                       {"5ull", 5},
                                                       {"(7)", 7},
                                                       {"((7))", 7},
                                                       {"UINT16_MAX", 65535},
                                                       {"INT64_MAX", INT64_MAX},
                                                       {"9223372036854775807", INT64_MAX}};
  for (const auto& [text, value] : good) {
    INFO(text);
    CHECK(whole_number(text) == value);
  }
  for (const char* bad : {"", "-", "--1", "+1", " 1", "1 ", "1.5", "1e3", "abc", "0x", "08", "5x", "5UU", "0x1g", "()",
                          "9223372036854775808", "99999999999999999999", "1,2", "\xd9\xa1"}) {
    INFO(bad);
    CHECK_FALSE(whole_number(bad));
  }
}

TEST_CASE("flags: what a header allows", "[config]") {
  const auto allowed = [](std::string_view list, std::initializer_list<const char*> yes,
                          std::initializer_list<const char*> no) {
    for (const char* value : yes) {
      INFO(value << " of " << list);
      CHECK(is_allowed(value, list));
    }
    for (const char* value : no) {
      INFO(value << " of " << list);
      CHECK_FALSE(is_allowed(value, list));
    }
  };
  allowed("0|1|2", {"0", "1", "2", "0x2", "01"}, {"3", "-1", "", "a", "1.5", "0|1"});
  allowed("1-65535", {"1", "65535", "0xffff", "77"}, {"0", "65536", "-1", "", "x", "1-2", "99999999999999999999"});
  allowed("-5--1", {"-5", "-1", "-3"}, {"0", "-6", "1"});
  allowed("0|16-UINT16_MAX", {"0", "16", "65535"}, {"1", "15", "65536"});
  allowed("0.5-10", {"0.5", "1", "10", "9.99"}, {"0.4", "10.1", "x"});
  allowed("red|green", {"red", "green"}, {"blue", "re", ""});
  allowed("7", {"7", "0x7"}, {"8"});
  allowed("", {"", "anything"}, {});
  allowed("bytes", {"", "anything"}, {});  // a remark, no list
}

// One source of ranges, two programs that read it: what t2 refuses when it starts, t2conf refuses in a header.
TEST_CASE("flags: t2conf allows the same values", "[config]") {
  const char* const lists[] = {"0|1|2",     "1-65535", "0|16-UINT16_MAX", "0.5-10",
                               "red|green", "-5--1",   "0-4294967295",    "9|10"};
  const char* const values[] = {"0",     "1",   "2",    "3",          "-1",  "-5",  "-6",   "0x2", "0xffff", "65535",
                                "65536", "16",  "15",   "4294967295", "0.5", "0.4", "9.99", "10",  "10.1",   "red",
                                "re",    "010", "9995", "4294967296", "1e3", "5UL", "abc",  "09",  "1.5",    "-0"};
  const TempFolder folder;
  std::ofstream pairs(folder / "pairs");
  std::vector<std::pair<std::string, std::string>> all;
  for (const char* list : lists) {
    for (const char* value : values) {
      all.emplace_back(value, list);
      pairs << value << ' ' << list << '\n';
    }
  }
  pairs.close();
  const Execution shell = execute({"bash", "-c",
                                   ". \"$0/scripts/lib.sh\"; . \"$0/scripts/flags.sh\"; while read -r value list; do "
                                   "if is_allowed \"$value\" \"$list\"; then echo 1; else echo 0; fi; done < \"$1\"",
                                   source_folder().string(), (folder / "pairs").string()},
                                  folder);
  REQUIRE(shell.out.size() == 2 * all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i].first << " of " << all[i].second);
    CHECK(is_allowed(all[i].first, all[i].second) == (shell.out[2 * i] == '1'));
  }
}

TEST_CASE("config: the environment is stronger than the file, the file than the compiled value", "[config]") {
  const Descriptor d = plugin();
  const File file("[cfg]\nCT_PORT = 77\nCT_NAME = \"def\"\nCT_RATE = \"2.5\"\n[netflowSink]\nX = 1\n");
  const Config config(file.path);
  check(config);
  CHECK(config.integer(d, "CT_PORT") == 77);
  CHECK(config.text(d, "CT_NAME") == "def");
  CHECK(config.text(d, "CT_RATE") == "2.5");
  CHECK(config.integer(d, "CT_MODE") == 9);
  CHECK(config.integer(d, "CT_BITS") == 16);
  {
    const Variable port("CT_PORT", "0x50"), fixed("CT_FIXED", "0"), name("CT_NAME", "");
    check(config);
    CHECK(config.integer(d, "CT_PORT") == 80);
    CHECK(config.integer(d, "CT_FIXED") == 1);  // fixed when the plugin is built
    CHECK(config.text(d, "CT_NAME") == "");
  }
  CHECK(config.integer(d, "CT_PORT") == 77);
  CHECK(Config(File().path).text(d, "CT_NAME") == "abc");
  CHECK_THROWS_WITH(config.integer(d, "CT_NONE"), Contains("does not declare"));
}

TEST_CASE("config: a value that the header does not allow is refused, with where it stands", "[config]") {
  const Config empty(File().path);
  const auto refused = [&](const char* name, const char* value, const std::string& line) {
    const Variable variable(name, value);
    CHECK_THROWS_WITH(check(empty), line);
  };
  refused("CT_PORT", "0", "CT_PORT=0 (environment) is not allowed: cfg takes 1-65535");
  refused("CT_PORT", "65536", "CT_PORT=65536 (environment) is not allowed: cfg takes 1-65535");
  refused("CT_PORT", "http", "CT_PORT=http (environment) is not a number: cfg takes 1-65535");
  refused("CT_PORT", "", "CT_PORT= (environment) is not a number: cfg takes 1-65535");
  refused("CT_PORT", "1.5", "CT_PORT=1.5 (environment) is not a whole number: cfg takes 1-65535");
  refused("CT_MODE", "11", "CT_MODE=11 (environment) is not allowed: cfg takes 9|10");
  refused("CT_RATE", "0.1", "CT_RATE=0.1 (environment) is not allowed: cfg takes 0.5-10");
  refused("CT_RATE", "1,5", "CT_RATE=1,5 (environment) is not a number: cfg takes 0.5-10");
  refused("CT_BITS", "many", "CT_BITS=many (environment) is not a number");
  refused("CT_MARK", "xy", "CT_MARK=xy (environment) is not one character");
  for (const std::string suffix : {"/x", "_x/../y", "/", "x/"})
    refused("CT_SUFFIX", suffix.c_str(), "CT_SUFFIX=" + suffix + " (environment) holds a '/'");
  const auto refused_in_file = [](const std::string& text, const std::string& end) {
    const File file(text);
    CHECK_THROWS_WITH(check(Config(file.path)), Contains(file.path + end));
  };
  CHECK_THROWS_WITH(Config(File("[:a]\n").path), Contains("expected bare key"));
  CHECK_THROWS_WITH(Config(File("[cfg]\nCT_Nü = 1\n").path), Contains(":2: characters outside ASCII"));
  refused_in_file("[cfg]\n\nCT_PORT = 70000\n", ":3) is not allowed: cfg takes 1-65535");
  refused_in_file("[cfg]\nCT_MODE = true\n", ":2) is not allowed: cfg takes 9|10");
  refused_in_file("[cfg]\nCT_FIXED = 1\n", ":2: CT_FIXED is compiled in");
  refused_in_file("[cfg]\nCT_NONE = 1\n", ":2: cfg has no flag CT_NONE");
  refused_in_file("CT_PORT = 1\n", ":1: 'CT_PORT' stands outside of a plugin's table");
}

TEST_CASE("config: an unknown table or key is an error with its line and the nearest name", "[config]") {
  const auto refused = [](const std::string& text, const std::string& end) {
    const File file(text);
    CHECK_THROWS_WITH(check(Config(file.path)), file.path + end);
  };
  refused("[Cfg]\nCT_PORT = 1\n", ":1: there is no plugin 'Cfg': did you mean cfg?");
  refused("# x\n[txtsink]\n", ":2: there is no plugin 'txtsink': did you mean txtSink?");
  refused("[someOther]\n", ":1: there is no plugin 'someOther'");
  refused("[cfg]\nct_port = 1\n", ":2: cfg has no flag ct_port: did you mean CT_PORT? See `t2conf cfg -E`");
  refused("[cfg]\nCT_PRT = 1\n", ":2: cfg has no flag CT_PRT: did you mean CT_PORT? See `t2conf cfg -E`");
  refused("[tranalyzer2]\nFLOW_TIMOUT = 1\n",
          ":2: tranalyzer2 has no flag FLOW_TIMOUT: did you mean FLOW_TIMEOUT? See `t2conf tranalyzer2 -E`");
  refused("[tranalyzer2]\nPACKETLENGTH = 1\n",
          ":2: PACKETLENGTH is compiled in: use `t2conf tranalyzer2 -D PACKETLENGTH=1` and `t2build -R`");
  refused("[cfg]\nCT_NAME = 5\n", ":2: CT_NAME is a text: write it in quotes");
  const File other("[loadedElsewhere]\nX = 1\n");
  const std::string others[] = {"loadedElsewhere"};
  const Descriptor d = plugin();
  const Descriptor* const all[] = {&d};
  CHECK_NOTHROW(Config(other.path).check(all, others));
}

TEST_CASE("config: --set is stronger than all else", "[config]") {
  const Descriptor d = plugin();
  const File file("[cfg]\nCT_PORT = 77\n[tranalyzer2]\nFLOW_TIMEOUT = 20\nMONINTV = 0.5\nPLLIST = \"x\"\n");
  const Variable port("CT_PORT", "78"), timeout("T2_FLOW_TIMEOUT", "30"), verbose("VERBOSE", "0");
  const auto sets = [&](std::vector<std::string> list) {
    const Config config(file.path, list);
    check(config);
    return config;
  };
  CHECK(sets({}).integer(d, "CT_PORT") == 78);
  CHECK(sets({"CT_PORT=79"}).integer(d, "CT_PORT") == 79);
  CHECK(sets({"CT_PORT=79", "cfg.CT_PORT=80"}).integer(d, "CT_PORT") == 80);
  CHECK(sets({"CT_NAME=a=b.c"}).text(d, "CT_NAME") == "a=b.c");
  Settings core;
  sets({"tranalyzer2.FDURLIMIT=5"}).apply_core(core);
  CHECK(core.flow_timeout == 30 * one_second);
  CHECK(core.duration_limit == 5);
  CHECK(core.monitor_interval == 0.5);
  CHECK((core.series_mark == 'p' && core.part_size == 500'000'000 && core.log_colour));
  sets({"SCHR=_", "OFRWFILELN=7", "T2_LOG_COLOR=0"}).apply_core(core);
  CHECK((core.series_mark == '_' && core.part_size == 7 && !core.log_colour));
  CHECK_THROWS_WITH(sets({"SCHR=ab"}), Catch::Contains("is not one character"));
  CHECK(core.list == "x");
  CHECK(core.verbose == 2);  // in the environment the core's flags have T2_ in front
  const std::pair<const char*, const char*> wrong[] = {
      {"CT_PORT", "is not NAME=VALUE"},
      {"=3", "is not NAME=VALUE"},
      {"CT_PRT=1", "have no flag CT_PRT: did you mean CT_PORT?"},
      {"CT_FIXED=0", "CT_FIXED is compiled in: use `t2conf cfg -D CT_FIXED=0` and `t2build cfg`"},
      {"cfgg.CT_PORT=1", "no plugin 'cfgg' is loaded: did you mean cfg?"},
      {"CT_PORT=0", "CT_PORT=0 (--set) is not allowed: cfg takes 1-65535"},
      {"FLOW_TIMEOUT=0", "FLOW_TIMEOUT=0 (--set) is not allowed: tranalyzer2 takes 1-4294967"},
      {"HEX_CAPITAL=1", "HEX_CAPITAL is compiled in: use `t2conf tranalyzer2 -D HEX_CAPITAL=1` and `t2build -R`"}};
  for (const auto& [set, words] : wrong) CHECK_THROWS_WITH(sets({set}), Contains(words));
}

TEST_CASE("names: what was probably meant, as in the scripts", "[config]") {
  const std::vector<std::string> names{"basicFlow", "basicStats", "txtSink", "tcpFlags", "tcpStates"};
  std::string wanted, words;
  for (const char* word :
       {"basicflow", "basicFlw", "basics", "txt", "tcpflag", "nothing", "tcpStats", "xyz", "t", "sink"}) {
    words += std::string(" ") + word;
    wanted += closest(word, names) + "\n";
  }
  const TempFolder folder;
  const Execution shell =
      execute({"bash", "-c",
               ". \"$0/scripts/lib.sh\"; for w in" + words +
                   "; do echo \"$(closest \"$w\" basicFlow basicStats txtSink tcpFlags tcpStates)\"; done",
               source_folder().string()},
              folder);
  CHECK(shell.out == wanted);
}

}  // namespace t2::test::config_test
