// The run's log: lines with a kind, coloured on a terminal only. Errors always go to standard error as well.
#pragma once

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "t2/output_file.hpp"
#include "t2/packet.hpp"

namespace t2 {

class Log {
 public:
  Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void to_file(const std::string& path);  // -l; throws Error
  void to_stderr();                       // standard output belongs to the flow file
  void hold() { holding_ = true; }        // lines wait until release(); what is never released is not written
  void release();
  void quiet() { silent_ = true; }  // VERBOSE 0

  void line(std::string_view text);  // or several, without a tag
  void info(std::string_view text, std::string_view plugin = "") { tagged("[INF]", 34, text, plugin); }
  void warn(std::string_view text, std::string_view plugin = "") { tagged("[WRN]", 33, text, plugin); }
  void plugin(std::string_view name, std::string_view text);  // a report line of a plugin
  void flush();
  std::uint64_t lost() const { return file_.lost(); }  // lines that the file of -l did not take

 private:
  struct Line {
    std::string_view tag;  // "[INF]"; empty: none
    int colour;            // of the tag
    std::string text, plugin;
  };
  void print(const std::string& line);
  void write(const Line& line);
  void tagged(std::string_view tag, int colour, std::string_view text, std::string_view plugin);
  std::FILE* out_;  // null: to file_
  RowFile file_;
  std::mutex mutex_;  // the output thread warns as well
  bool colour_ = false, silent_ = false, holding_ = false;
  std::vector<Line> held_;
};

// A line on standard error, a terminal, that the next message takes away.
void show_progress(std::string_view text);
void clear_progress();
// From now on `shown`, in memory that processes share, says whether there is a line to take away; null: as before.
void share_progress(std::atomic<bool>* shown);
// Text that no terminal takes for commands, whatever stands in names and values: control characters as \x1b, the ends
// of lines as \n, or as they are where the program itself writes several `lines`.
std::string printable(std::string_view text, bool lines = false);

bool coloured(std::FILE* stream);         // a terminal, and NO_COLOR is not set
void print_error(std::string_view text);  // [ERR] on standard error
// Ends the program at once with status 1, from a thread whose exception cannot reach main(). The first one prints.
[[noreturn]] void stop_program(std::string_view text);

// Text forms of reports.
std::string human(std::uint64_t n, std::string_view unit = "");  // "84111 (84.11 K)"
std::string human_suffix(double n, std::string_view unit = "");  // " (84.11 K)", empty below 1024
std::string date(Time time, bool utc);                           // "1367526043.492179000 sec (Thu 02 May 2013 ... GMT)"
std::string span(Time duration);                                 // "3.500000000 sec (1m 2s)"

}  // namespace t2
