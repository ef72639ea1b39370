// Looks at paths before they are opened, so that a message says what stands there.
#include "base/paths.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace fs = std::filesystem;

std::ifstream open_text(std::string_view what, const std::string& path) {
  std::error_code problem;
  const bool directory = fs::is_directory(path, problem);
  errno = 0;
  std::ifstream file(path);
  if (directory || !file) {
    const char* why = directory ? "it is a directory" : errno == ENOENT ? "no such file" : std::strerror(errno);
    throw Error(fmt::format("cannot read {} '{}': {}", what, path, why));
  }
  return file;
}

std::string home_folder() {
  std::string path;
  if (const char* home = std::getenv("HOME"); home && *home) path = home;
  else if (const passwd* entry = getpwuid(getuid())) path = entry->pw_dir;
  if (!path.empty() && !path.ends_with('/')) path += '/';
  return path;
}

std::optional<uid_t> invoking_user() {
  const char* text = std::getenv("SUDO_UID");
  if (!text || (getuid() != 0 && geteuid() != 0)) return {};
  uid_t user = 0;
  const char* end = text + std::strlen(text);
  const auto [at, problem] = std::from_chars(text, end, user);
  if (problem != std::errc{} || at != end) return {};
  return user;
}

std::string lent_home_folder() {
  std::error_code problem;
  return (fs::read_symlink("/proc/self/exe", problem).parent_path() / "home/").string();
}

}  // namespace t2
