// Runs programs with their streams in files, so that no pipe can block, and parses flow files.
#include "run.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace t2::test {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> merged(const Environment& changes) {
  std::vector<std::string> out;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view entry(*variable);
    if (!changes.contains(std::string(entry.substr(0, entry.find('='))))) out.emplace_back(entry);
  }
  for (const auto& [name, value] : changes)
    if (!value.empty()) out.push_back(name + "=" + value);
  return out;
}

std::string show(const Conditions& conditions) {
  std::string out;
  for (const auto& [column, value] : conditions) out += " " + column + "=" + value;
  return out;
}

}  // namespace

Table::Table(std::string_view text) {
  for (const std::string& line : split(text, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] != '%') {
      rows_.push_back(split(line, '\t'));
    } else if (columns_.empty()) {
      columns_ = split(std::string_view(line).substr(1), '\t');
    }
  }
}

bool Table::has(std::string_view name) const {
  return std::find(columns_.begin(), columns_.end(), name) != columns_.end();
}

std::size_t Table::column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) throw std::out_of_range("flow file: no column '" + std::string(name) + "'");
  return static_cast<std::size_t>(found - columns_.begin());
}

Table::Row Table::row(std::size_t index) const {
  if (index >= rows_.size())
    throw std::out_of_range("flow file: no row " + std::to_string(index) + " of " + std::to_string(rows_.size()));
  return Row(*this, index);
}

std::vector<Table::Row> Table::all(const Conditions& conditions) const {
  std::vector<Row> out;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row candidate(*this, i);
    if (std::all_of(conditions.begin(), conditions.end(),
                    [&](const auto& c) { return candidate[c.first] == c.second; }))
      out.push_back(candidate);
  }
  return out;
}

Table::Row Table::find(const Conditions& conditions) const {
  const auto rows = all(conditions);
  if (rows.size() != 1)
    throw std::out_of_range("flow file: " + std::to_string(rows.size()) + " of " + std::to_string(size()) +
                            " rows with" + show(conditions));
  return rows.front();
}

const std::string& Table::Row::operator[](std::string_view name) const {
  const std::size_t at = table_->column(name);
  if (at >= cells().size())
    throw std::out_of_range("flow file: row " + std::to_string(index_) + " ends before column '" + std::string(name) +
                            "'");
  return cells()[at];
}

std::int64_t Table::Row::number(std::string_view name) const {
  return static_cast<std::int64_t>(std::stoull((*this)[name], nullptr, 0));
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

Execution execute(const Arguments& command, const TempFolder& folder, const Environment& environment,
                  unsigned seconds) {
  const std::string out = (folder / "stdout").string(), err = (folder / "stderr").string();
  Arguments words = command;
  std::vector<std::string> variables = merged(environment);
  const auto argv = pointers(words), envp = pointers(variables);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int problem = posix_spawnp(&child, argv[0], &files, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&files);

  Execution result;
  if (problem != 0) {
    result.status = 127;  // as a shell has it
    result.err = "cannot start " + command.front() + ": " + std::strerror(problem);
    return result;
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  int status = 0;
  bool late = false;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (!late && std::chrono::steady_clock::now() > deadline) {
      late = true;
      kill(child, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  result.status = late ? 124 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_file(out);
  result.err = read_file(err);
  return result;
}

Execution run_script(const std::string& script, const TempFolder& folder, const std::string& plugins,
                     const Arguments& more) {
  Arguments command{
      "bash", "-c",   "cd \"$0\"; IFS=$'\\n'; t2=\"$*\"\n" + script, folder.path().string(), binary().string(),
      "-p",   plugins};
  command.insert(command.end(), more.begin(), more.end());
  return execute(command, folder, {{"HOME", folder.path().string()}});
}

std::filesystem::path binary() {
  const char* other = std::getenv("T2_BUILD");
  return other ? std::filesystem::path(other) / "tranalyzer" : std::filesystem::path(T2_BINARY);
}

std::filesystem::path built_plugins() {
  const char* other = std::getenv("T2_BUILD");
  return other ? std::filesystem::path(other) / "plugins" : std::filesystem::path(T2_PLUGIN_BUILD);
}

std::filesystem::path source_folder() { return T2_SOURCE; }

std::filesystem::path plugin_folder(const TempFolder& folder, const std::vector<std::string>& plugins) {
  const std::filesystem::path path = folder / "plugins";
  std::filesystem::create_directories(path);
  for (const std::string& plugin : plugins) {
    const std::string ending = "_" + plugin + ".so";
    bool found = false;
    for (const std::string& place : split(built_plugins().string(), ':')) {
      if (found || !std::filesystem::is_directory(place)) continue;
      for (const auto& entry : std::filesystem::directory_iterator(place)) {
        const std::string name = entry.path().filename().string();
        if (name.size() != 3 + ending.size() || !name.ends_with(ending)) continue;
        std::filesystem::create_symlink(entry.path(), path / name);
        found = true;
      }
    }
    if (!found) throw std::runtime_error("plugin " + plugin + " was not built in " + built_plugins().string());
  }
  return path;
}

Result run_file(const std::filesystem::path& file, const std::vector<std::string>& plugins, const Arguments& arguments,
                const Environment& environment) {
  Result result;
  Arguments command{binary().string(), "-p", plugin_folder(result.folder, plugins).string(), "-r", file.string(), "-w",
                    result.prefix()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Environment all = environment;
  all.emplace("HOME", result.folder.path().string());
  static_cast<Execution&>(result) = execute(command, result.folder, all);
  result.flow_file = result.file("_flows.txt");
  result.flows = Table(result.flow_file);
  return result;
}

Result run(const Buffer& capture_file, const std::vector<std::string>& plugins, const Arguments& arguments,
           const Environment& environment) {
  const TempFolder folder;
  write_file(folder / "capture", capture_file);
  return run_file(folder / "capture", plugins, arguments, environment);
}

Result run(const Capture& capture, const std::vector<std::string>& plugins, const Arguments& arguments,
           const Environment& environment) {
  return run(capture.pcap(), plugins, arguments, environment);
}

}  // namespace t2::test
