// Opens, writes, cuts back to whole lines, notices removed files, tells the user. Used by the thread of its owner.
#include "base/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/compressor.hpp"
#include "base/log.hpp"
#include "base/signals.hpp"
#include "t2/clock.hpp"
#include "t2/error.hpp"

namespace t2 {

namespace {

constexpr Time quiet_time = 60 * one_second;  // between two messages about the same file, so that they stay few
constexpr int look_again = 100;               // ms between two looks at the user's wish to end, while a pipe is full

// What is appended can be cut back while no other process appends.
class AppendLock {
 public:
  explicit AppendLock(int file) : file_(file) {
    while (file_ >= 0 && ::flock(file_, LOCK_EX) != 0 && errno == EINTR) {}
  }
  ~AppendLock() {
    const int problem = errno;
    if (file_ >= 0) ::flock(file_, LOCK_UN);
    errno = problem;
  }
  AppendLock(const AppendLock&) = delete;
  AppendLock& operator=(const AppendLock&) = delete;

 private:
  const int file_;
};

class FileOutput final : public OutputFile {
 public:
  explicit FileOutput(const NewFile& file)
      : path_(file.path),
        header_(file.header),
        separator_(file.separator),
        lines_(file.lines),
        append_(file.append),
        in_parts_(file.in_parts && file.path != "-" && !is_special()),
        compressor_(make_compressor(file.compression)) {
    if (!open(true)) throw Error(fmt::format("cannot open {} for writing: {}", name(), std::strerror(errno)));
    if (!put_header()) {
      const int problem = errno;
      discard();
      throw Error(fmt::format("cannot write to {}: {}", name(), std::strerror(problem)));
    }
  }
  ~FileOutput() override { close(); }
  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  void write(std::string_view lines, std::uint64_t rows) override {
    if (file_ < 0 && !begin_again()) return lose(rows, errno);
    const std::size_t delivered = deliver(lines);
    if (delivered < lines.size()) {
      const int problem = errno;
      const std::uint64_t missing = lines_ ? std::min(lines_in(lines.substr(delivered)), rows) : rows;
      rows_ += rows - missing;
      return lose(missing, problem);
    }
    rows_ += rows;
    if (is_removed() && !replace_removed(lines, rows)) return;
    if (failing_) tell_recovered();
  }

  bool replace(std::uint64_t offset, std::string_view text) override {
    return regular_ && !compressor_ && file_ >= 0 &&
           ::pwrite(file_, text.data(), text.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(text.size());
  }

  void begin_next(const std::string& path, std::string header) override {
    close();
    path_ = path;
    header_ = std::move(header);
    if (!begin_again()) lose(0, errno);
  }

  void close() override {
    if (file_ < 0) return;
    if (is_removed()) {
      forget_removed();
      return;
    }
    const bool closed = ::close(file_) == 0;  // NFS reports a full disk here
    file_ = -1;
    if (!closed) lose(rows_, errno);
    if (in_parts_ && std::rename(open_path().c_str(), path_.c_str()) != 0)
      print_error(
          fmt::format("cannot rename '{}' to '{}': {}: its rows stay there", open_path(), path_, std::strerror(errno)));
    rows_ = 0;
  }

  std::uint64_t lost() const override { return lost_; }

 private:
  std::string name() const { return path_ == "-" ? "standard output" : path_; }
  std::string open_path() const { return in_parts_ ? path_ + ".part" : path_; }
  static std::uint64_t lines_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  }

  // ---- Opening

  // False: errno says why.
  bool open(bool wait_for_reader) {
    rows_ = 0;
    if (path_ == "-") file_ = ::dup(STDOUT_FILENO);
    else
      file_ = ::open(open_path().c_str(), O_WRONLY | O_CREAT | (append_ ? O_APPEND : O_TRUNC) | O_CLOEXEC | O_NONBLOCK,
                     0666);
    if (file_ < 0 && errno == ENXIO && wait_for_reader && is_fifo()) file_ = open_fifo();
    if (file_ < 0) return false;
    struct stat status {};
    regular_ = ::fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
    if (path_ == "-" && S_ISFIFO(status.st_mode)) {  // without changing the pipe for those who share it
      const int own = ::open(fmt::format("/proc/self/fd/{}", file_).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
      if (own >= 0) ::close(std::exchange(file_, own));
    }
    blocking_ = (::fcntl(file_, F_GETFL) & O_NONBLOCK) == 0;
    return true;
  }
  bool is_fifo() const {
    struct stat status {};
    return ::stat(path_.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
  }
  bool is_special() const {  // nothing that another file may take the place of
    struct stat status {};
    return ::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  }
  int open_fifo() const {
    print_error(fmt::format("'{}' is a pipe without a reader: waiting for one", path_));
    for (;;) {
      const int file = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
      if (file >= 0 || errno != ENXIO) return file;
      if (stop_requested())
        throw Error(fmt::format("'{}' is a pipe without a reader: ended while waiting for one", path_));
      ::poll(nullptr, 0, look_again);
    }
  }
  // A file that could not be opened before, or was removed. False: errno says why.
  bool begin_again() {
    if (!open(false)) return false;
    if (put_header()) return true;
    discard();
    return false;
  }
  void discard() {
    const int problem = errno;
    ::close(std::exchange(file_, -1));
    if (regular_ && path_ != "-") ::unlink(open_path().c_str());
    errno = problem;
  }

  // ---- Writing

  bool put(std::string_view lines) { return deliver(lines) == lines.size(); }
  bool put_header() {
    const AppendLock alone(append_ ? file_ : -1);
    struct stat status {};
    if (append_ && ::fstat(file_, &status) == 0 && status.st_size > 0) return true;
    return header_.empty() || deliver_whole(header_) == header_.size();
  }

  // How many of the bytes were written, whole lines only; errno says why not all.
  std::size_t deliver(std::string_view lines) {
    if (lines.empty()) return 0;
    const AppendLock alone(append_ ? file_ : -1);
    const std::size_t left_out = separator_ != '\0' && rows_ == 0 && lines.front() == separator_ ? 1 : 0;
    lines.remove_prefix(left_out);
    const std::size_t written = deliver_whole(lines);
    return written > 0 ? left_out + written : 0;
  }
  std::size_t deliver_whole(std::string_view lines) {
    if (!compressor_) return cut_back(lines, push(lines));
    const std::string_view piece = compressor_->compress(lines);
    if (piece.empty()) return 0;
    const std::size_t pushed = push(piece);
    if (pushed == piece.size()) return lines.size();
    cut_back({}, pushed);
    return 0;
  }

  std::size_t push(std::string_view bytes) {
    std::size_t pushed = 0;
    while (pushed < bytes.size()) {
      if (!regular_ && blocking_ && !wait_writable()) break;
      const std::size_t some =
          !regular_ && blocking_ ? std::min<std::size_t>(PIPE_BUF, bytes.size() - pushed) : bytes.size() - pushed;
      const ssize_t n = ::write(file_, bytes.data() + pushed, some);
      if (n > 0) pushed += static_cast<std::size_t>(n);
      else if (n < 0 && errno == EINTR) continue;
      else if (n == 0 || errno != EAGAIN || !wait_writable()) break;
    }
    return pushed;
  }

  // False: the user wants the run to end before there is room.
  bool wait_writable() const {
    pollfd ready{file_, POLLOUT, 0};
    while (::poll(&ready, 1, must_end() ? 0 : look_again) <= 0) {
      if (!must_end()) continue;
      errno = EAGAIN;
      return false;
    }
    return true;
  }

  // Takes back the part of a line that was written. The size of the lines that stay.
  std::size_t cut_back(std::string_view lines, std::size_t pushed) const {
    if (pushed == lines.size()) return pushed;
    const int problem = errno;
    const std::size_t last = lines_ ? lines.substr(0, pushed).rfind('\n') : std::string_view::npos;
    const std::size_t whole = last == std::string_view::npos ? 0 : last + 1;
    const off_t end = regular_ ? ::lseek(file_, 0, SEEK_CUR) : -1;
    if (end >= 0) {
      const off_t good = end - static_cast<off_t>(pushed - whole);
      if (::ftruncate(file_, good) == 0) ::lseek(file_, good, SEEK_SET);
    }
    errno = problem;
    return whole;
  }

  // ---- Removed files

  bool is_removed() const {
    struct stat status {};
    return regular_ && path_ != "-" && ::fstat(file_, &status) == 0 && status.st_nlink == 0;
  }
  void forget_removed() {
    lost_ += rows_;
    print_error(fmt::format("'{}' was removed: the {} rows that were in it are lost", open_path(), rows_));
    rows_ = 0;
    ::close(std::exchange(file_, -1));
  }
  // The last lines may have been written before or after that: they go into the new file, too.
  bool replace_removed(std::string_view lines, std::uint64_t rows) {
    rows_ -= rows;
    forget_removed();
    if (begin_again() && put(lines)) {
      rows_ = rows;
      return true;
    }
    lose(rows, errno);
    return false;
  }

  // ---- What the user is told

  void lose(std::uint64_t rows, int problem) {
    lost_ += rows;
    failed_rows_ += rows;
    if (std::exchange(failing_, true)) return;
    told_ = steady_clock() - last_told_ >= quiet_time || last_told_ == 0;
    if (!told_) return;
    last_told_ = steady_clock();
    print_error(problem == EAGAIN ? fmt::format("{} is not read: rows are lost", name())
                                  : fmt::format("cannot write to {}: {}: rows are lost until that is possible", name(),
                                                std::strerror(problem)));
  }
  void tell_recovered() {
    failing_ = false;
    if (told_) print_error(fmt::format("{} is written again: {} rows were lost", name(), failed_rows_));
    failed_rows_ = 0;
  }

  std::string path_, header_;
  const char separator_;
  const bool lines_, append_;
  const bool in_parts_;
  const std::unique_ptr<Compressor> compressor_;
  int file_ = -1;
  bool regular_ = false, blocking_ = false;
  std::uint64_t rows_ = 0;                    // in the file that is open
  std::uint64_t lost_ = 0, failed_rows_ = 0;  // in all; since writing failed
  bool failing_ = false, told_ = false;       // now; and the user knows
  Time last_told_ = 0;                        // steady clock
};

}  // namespace

std::unique_ptr<OutputFile> create_output_file(const NewFile& file) { return std::make_unique<FileOutput>(file); }

}  // namespace t2
