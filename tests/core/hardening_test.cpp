// The program and the plugins as they were built: what makes errors harder to use is in the files. See t2_harden() of
// core/cmake/t2.cmake.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "pattern.hpp"
#include "run.hpp"

namespace t2::test::hardening_test {

namespace {

std::string output(const Arguments& command) {
  const TempFolder folder;
  const Execution done = execute(command, folder);
  INFO(done.err);
  REQUIRE(done.status == 0);
  return done.out;
}

std::vector<std::filesystem::path> built_files() {
  std::vector<std::filesystem::path> all{binary()};
  for (const auto& entry : std::filesystem::directory_iterator(built_plugins()))
    if (entry.path().extension() == ".so") all.push_back(entry.path());
  return all;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("hardening: tables of functions are read-only, the stack is not executable, the program moves",
          "[hardening]") {
  const auto files = built_files();
  REQUIRE(files.size() > 5);
  for (const auto& file : files) {
    INFO(file);
    const std::string segments = output({"readelf", "-lW", file.string()});
    const std::string dynamic = output({"readelf", "-dW", file.string()});
    const std::string header = output({"readelf", "-hW", file.string()});
    CHECK(count(segments, "GNU_RELRO") == 1);
    CHECK(search("GNU_STACK .* RW +0x", segments));
    CHECK_FALSE(search("LOAD .* RWE +0x", segments));
    CHECK(search("FLAGS_1\\).*\\bNOW\\b", dynamic));
    CHECK(count(dynamic, "TEXTREL") == 0);
    CHECK(count(header, "DYN (") == 1);
  }
  CHECK(search("FLAGS_1\\).*\\bPIE\\b", output({"readelf", "-dW", binary().string()})));
}

#if defined(T2_SANITIZED)
TEST_CASE("hardening: a sanitizer build has the sanitizers' checks instead", "[hardening]") {
  CHECK(count(output({"nm", "-D", binary().string()}), "__stack_chk_fail") == 0);
}
#else
TEST_CASE("hardening: stack frames and sizes of buffers are checked, targets of jumps are marked", "[hardening]") {
  for (const auto& file : built_files()) {
    INFO(file);
    const std::string symbols = output({"nm", "-D", file.string()});
    CHECK(count(symbols, "U __stack_chk_fail") == 1);
#ifdef NDEBUG  // without optimisation there is no FORTIFY
    for (const char* name : {"snprintf", "vsnprintf", "sprintf", "fprintf", "printf"}) {
      INFO(name);
      CHECK_FALSE(search(std::string(" U ") + name + "\\b", symbols));
    }
#endif
#ifdef __x86_64__
    CHECK(count(output({"objdump", "-d", "--no-show-raw-insn", file.string()}), "endbr64") >
          8);  // crt files have three
#endif
  }
#ifdef NDEBUG
  CHECK(count(output({"nm", "-D", binary().string()}), "_chk@") > 0);
#endif
}
#endif

}  // namespace t2::test::hardening_test
