// Checks owners and modes from the root folder down. Used while the program starts.
#include "base/trust.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <vector>

#include <grp.h>
#include <pwd.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/paths.hpp"
#include "t2/error.hpp"

namespace t2 {

namespace {

bool has_rights_to_lend() { return getuid() == 0 || geteuid() == 0 || getauxval(AT_SECURE) != 0; }

std::string user_name(uid_t user) {
  const passwd* entry = getpwuid(user);
  return entry ? entry->pw_name : fmt::format("user id {}", user);
}

// Root's, or that of its owner alone, as many systems give each user: of the same name, or, as in a container that
// knows no names, of the same number.
bool is_private_group(gid_t group, uid_t owner) {
  if (group == 0) return true;
  const struct group* entry = getgrgid(group);
  if (!entry) return group == owner;
  const std::string name = user_name(owner);
  if (name != entry->gr_name) return false;
  for (char** member = entry->gr_mem; *member; ++member) {
    if (name != *member) return false;
  }
  return true;
}

// A path without links, and all folders above it, from the root folder down.
std::vector<std::string> with_folders_above(const std::string& path) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at != std::string::npos; at = path.find('/', at + 1))
    all.push_back(at == 0 ? "/" : path.substr(0, at));
  all.push_back(path);
  return all;
}

bool others_can_write(const struct stat& status, bool is_above) {
  if (is_above && (status.st_mode & S_ISVTX)) return false;  // others can add files, but replace none of its owner's
  return (status.st_mode & S_IWOTH) || ((status.st_mode & S_IWGRP) && !is_private_group(status.st_gid, status.st_uid));
}

// The owner of the program's file, or of a folder above it, can put another program in its place, which does as much as
// a plugin could: such owners are trusted. Where every user of the system can do that, nothing is checked.
struct Trust {
  std::vector<uid_t> owners{0, getuid()};
  bool program_is_open = false;
  Trust() {
    if (const std::optional<uid_t> user = invoking_user()) owners.push_back(*user);
    char* program = realpath("/proc/self/exe", nullptr);
    if (!program) return;
    const std::vector<std::string> paths = with_folders_above(program);
    std::free(program);
    for (const std::string& path : paths) {
      struct stat status {};
      if (lstat(path.c_str(), &status) != 0) continue;
      owners.push_back(status.st_uid);
      program_is_open = program_is_open || others_can_write(status, &path != &paths.back());
    }
  }
};

void check(const Trust& trust, std::string_view what, const std::string& path, bool is_above) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return;  // it has gone; opening it will fail
  const auto refuse = [&](const std::string& why, const std::string& command) {
    throw Error(fmt::format("as root, {} is not used: '{}' {}: run '{} {}'", what, path, why, command, path));
  };
  const unsigned mode = status.st_mode & 07777;
  if (std::find(trust.owners.begin(), trust.owners.end(), status.st_uid) == trust.owners.end())
    refuse(fmt::format("belongs to {} (mode {:03o})", user_name(status.st_uid), mode), "chown root");
  if (others_can_write(status, is_above))
    refuse(fmt::format("of {} can be written by {} (mode {:03o})", user_name(status.st_uid),
                       mode & S_IWOTH ? "everyone" : "its group", mode),
           "chmod go-w");
}

}  // namespace

std::string trusted(std::string_view what, const std::string& path) {
  if (!has_rights_to_lend()) return path;
  char* resolved = realpath(path.c_str(), nullptr);
  if (!resolved) return path;
  const std::string real = resolved;
  std::free(resolved);
  static const Trust trust;
  if (trust.program_is_open) return real;
  const std::vector<std::string> paths = with_folders_above(real);
  static std::set<std::string> trusted_folders;  // plugins share theirs
  for (const std::string& one : paths) {
    const bool is_above = &one != &paths.back();
    if (is_above && trusted_folders.count(one) > 0) continue;
    check(trust, what, one, is_above);
    if (is_above) trusted_folders.insert(one);
  }
  return real;
}

}  // namespace t2
