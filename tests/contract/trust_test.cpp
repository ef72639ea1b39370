// No code of a plugin runs before its file was checked: who may have written it, what it was built for, that it is
// whole.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.hpp"

namespace t2::test::trust_test {

namespace {

namespace fs = std::filesystem;

constexpr uid_t stranger = 12345;

// A plugin folder whose plugin leaves a mark when its code runs.
struct Trial {
  TempFolder folder, elsewhere;
  fs::path plugins = folder / "plugins", evil = plugins / "905_evil.so", program = elsewhere / "bin/tranalyzer";
  Trial() {
    fs::create_directories(plugins);
    fs::create_directories(program.parent_path());
    fs::copy_file(binary(), program);  // of the build, others may be able to replace it
    fs::copy_file(binary().parent_path() / "contract/905_evil.so", evil);
    write_file(folder / "c.pcap", Capture().pcap());
  }
  void give(const fs::path& path) const { REQUIRE(lchown(path.c_str(), stranger, stranger) == 0); }
  Execution run(const Arguments& more = {}, const Environment& environment = {}) const {
    Arguments command{program.string(),         "-p", plugins.string(), "-r", (folder / "c.pcap").string(), "-w",
                      (folder / "out").string()};
    command.insert(command.end(), more.begin(), more.end());
    Environment all = environment;
    all.emplace("HOME", folder.path().string());
    all.emplace("TOY_MARK", (folder / "mark").string());
    return execute(command, folder, all);
  }
  bool has_run() const { return fs::exists(folder / "mark"); }
  void refuses(const std::vector<std::string>& words, const Arguments& more = {}) const {
    const Execution result = run(more);
    INFO(result.out << result.err);
    CHECK(result.status == 1);
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    for (const std::string& word : words) CHECK_THAT(result.err, Catch::Contains(word));
    CHECK_FALSE(has_run());
  }
  void accepts(const Environment& environment = {}) const {
    const Execution result = run({}, environment);
    INFO(result.out << result.err);
    CHECK(result.status == 0);
    CHECK(has_run());
  }
};

}  // namespace

TEST_CASE("trust: as root, what others could have written is not loaded", "[contract]") {
  if (geteuid() != 0) {
    WARN("skipped: needs root");
    return;
  }
  const Trial trial;
  SECTION("all belongs to root") { trial.accepts(); }
  SECTION("a plugin of another user") {
    trial.give(trial.evil);
    trial.refuses({"905_evil.so' belongs to user id 12345 (mode 755)", "chown root " + trial.evil.string()});
  }
  SECTION("of the user who called sudo") {
    trial.give(trial.evil);
    trial.give(trial.plugins);
    trial.accepts({{"SUDO_UID", "12345"}});
  }
  SECTION("of the user who called sudo, whose own group can write") {
    for (const fs::path& path : {trial.evil, trial.plugins}) {
      trial.give(path);
      chmod(path.c_str(), 0775);
    }
    trial.accepts({{"SUDO_UID", "12345"}});
  }
  SECTION("of another than the one who called sudo") {
    trial.give(trial.evil);
    const Execution result = trial.run({}, {{"SUDO_UID", "12346"}});
    CHECK(result.status == 1);
    CHECK_FALSE(trial.has_run());
  }
  SECTION("a link to a plugin of another user") {
    fs::rename(trial.evil, trial.folder / "elsewhere.so");
    trial.give(trial.folder / "elsewhere.so");
    fs::create_symlink(trial.folder / "elsewhere.so", trial.evil);
    trial.refuses({"elsewhere.so' belongs to user id 12345"});
  }
  SECTION("a link through a folder of another user") {
    fs::create_directory(trial.folder / "theirs");
    fs::rename(trial.evil, trial.folder / "theirs/evil.so");
    trial.give(trial.folder / "theirs");
    fs::create_symlink(trial.folder / "theirs/evil.so", trial.evil);
    trial.refuses({"theirs' belongs to user id 12345"});
  }
  SECTION("a plugin that everyone can write") {
    chmod(trial.evil.c_str(), 0757);
    trial.refuses({"can be written by everyone (mode 757)", "chmod go-w"});
  }
  SECTION("a plugin that a group can write") {
    REQUIRE(chown(trial.evil.c_str(), 0, 12345) == 0);
    chmod(trial.evil.c_str(), 0775);
    trial.refuses({"can be written by its group (mode 775)", "chmod go-w"});
  }
  SECTION("a plugin that root's group can write") {
    chmod(trial.evil.c_str(), 0775);
    trial.accepts();
  }
  SECTION("a folder of another user") {
    trial.give(trial.plugins);
    trial.refuses({"the plugin folder is not used", "plugins' belongs to user id 12345"});
  }
  SECTION("a folder that everyone can write, also a sticky one") {
    chmod(trial.plugins.c_str(), GENERATE(0777u, 01777u));
    trial.refuses({"plugins' of root can be written by everyone"});
  }
  SECTION("a folder above that everyone can write") {
    chmod(trial.folder.path().c_str(), 0777);
    trial.refuses({"can be written by everyone"});
  }
  SECTION("of the owner of a folder above the program") {
    trial.give(trial.evil);
    trial.give(trial.program.parent_path());
    trial.accepts();
  }
  SECTION("where everyone can replace the program, nothing is checked") {
    trial.give(trial.evil);
    chmod(trial.program.parent_path().c_str(), 0777);
    trial.accepts();
  }
  SECTION("a list of plugins of another user") {
    write_file(trial.folder / "list", text("evil\n"));
    trial.give(trial.folder / "list");
    trial.refuses({"the plugin list is not used", "list' belongs to"}, {"-b", (trial.folder / "list").string()});
  }
  SECTION("settings of another user") {
    write_file(trial.folder / "t2.toml", text("[evil]\n"));
    trial.give(trial.folder / "t2.toml");
    trial.refuses({"the configuration is not used", "t2.toml' belongs to"},
                  {"-C", (trial.folder / "t2.toml").string()});
  }
}

TEST_CASE("trust: the ABI is read before any code of the plugin can run", "[contract]") {
  const Trial trial;
  fs::remove(trial.evil);
  fs::copy_file(binary().parent_path() / "contract/906_old.so", trial.plugins / "906_old.so");
  trial.refuses({"906_old.so was built for 0.9/feedfeedfeedfeed"});
}

TEST_CASE("trust: a damaged plugin is refused in one line", "[contract]") {
  const Trial trial;
  const std::string whole = read_file(trial.evil);
  const auto overwrite = [&](std::size_t at, const std::string& bytes) {
    std::string damaged = whole;
    damaged.replace(at, bytes.size(), bytes);
    write_file(trial.evil, text(damaged));
    INFO("at " << at);
    trial.refuses({"905_evil.so"});
  };
  SECTION("cut anywhere") {
    for (const std::size_t percent : {0u, 1u, 10u, 50u, 90u, 99u}) {
      write_file(trial.evil, text(whole.substr(0, whole.size() * percent / 100)));
      trial.refuses({"905_evil.so"});
    }
  }
  SECTION("in its header") {
    overwrite(EI_CLASS, "\x07");
    overwrite(offsetof(Elf64_Ehdr, e_machine), "\x77\x77");
    overwrite(offsetof(Elf64_Ehdr, e_phoff), std::string(8, '\xff'));
    overwrite(offsetof(Elf64_Ehdr, e_phnum), std::string(2, '\0'));
    overwrite(offsetof(Elf64_Ehdr, e_shoff), std::string(8, '\x7f'));
  }
  SECTION("in its segments and in the table for the dynamic linker") {
    Elf64_Ehdr head;
    std::memcpy(&head, whole.data(), sizeof head);
    for (unsigned i = 0; i < head.e_phnum; ++i) {
      const std::size_t at = head.e_phoff + i * sizeof(Elf64_Phdr);
      Elf64_Phdr segment;
      std::memcpy(&segment, whole.data() + at, sizeof segment);
      if (segment.p_type == PT_LOAD) overwrite(at + offsetof(Elf64_Phdr, p_offset), std::string(8, '\x7f'));
      if (segment.p_type != PT_DYNAMIC) continue;
      for (std::size_t entry = segment.p_offset;; entry += sizeof(Elf64_Dyn)) {
        Elf64_Dyn dynamic;
        std::memcpy(&dynamic, whole.data() + entry, sizeof dynamic);
        if (dynamic.d_tag == DT_NULL) break;
        for (const auto tag : {DT_STRTAB, DT_SYMTAB, DT_RELA, DT_INIT_ARRAY, DT_GNU_HASH}) {
          if (dynamic.d_tag == tag) overwrite(entry + 8, std::string("\0\0\0\0\x10\0\0\0", 8));
        }
      }
    }
  }
}

}  // namespace t2::test::trust_test
