// Checks owners and modes from the root folder down. Used while the program starts.
#include "base/trust.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
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

std::vector<uid_t> trusted_owners() {
  std::vector<uid_t> owners{0, getuid()};
  if (const std::optional<uid_t> user = invoking_user()) owners.push_back(*user);
  struct stat status {};
  if (stat("/proc/self/exe", &status) == 0) owners.push_back(status.st_uid);
  return owners;
}

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

void check(std::string_view what, const std::string& path, bool is_above) {
  static const std::vector<uid_t> owners = trusted_owners();
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return;  // it has gone; opening it will fail
  const auto refuse = [&](const std::string& why, const std::string& command) {
    throw Error(fmt::format("as root, {} is not used: '{}' {}: run '{} {}'", what, path, why, command, path));
  };
  const unsigned mode = status.st_mode & 07777;
  if (std::find(owners.begin(), owners.end(), status.st_uid) == owners.end())
    refuse(fmt::format("belongs to {} (mode {:03o})", user_name(status.st_uid), mode), "chown root");
  if (is_above && (mode & S_ISVTX)) return;  // others can add files, but not replace those of trusted owners
  const bool group = (mode & S_IWGRP) && !is_private_group(status.st_gid, status.st_uid);
  if (group || (mode & S_IWOTH))
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
  for (std::size_t at = 0; at != std::string::npos; at = real.find('/', at + 1))
    check(what, at == 0 ? "/" : real.substr(0, at), true);
  check(what, real, false);
  return real;
}

}  // namespace t2
