// Runs the built program on a capture and reads back what it wrote.
//
//   auto result = run(capture, {"basicFlow", "basicStats", "txtSink"});
//   REQUIRE(result.status == 0);
//   CHECK(result.flows.find({{"srcPort", "80"}, {"dir", "B"}})["pktsSnt"] == "3");
//
// The program and plugins are those of this build; the environment variable T2_BUILD names another build folder, say of
// a core with other flags. Each run has a home and a plugin folder of its own: nothing of the user who runs the tests
// has an influence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture.hpp"

namespace t2::test {

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;               // an empty value removes the variable
using Conditions = std::vector<std::pair<std::string, std::string>>;  // column, value

class Table {  // a flow file
 public:
  class Row {
   public:
    const std::string& operator[](std::string_view column) const;  // throws if there is no such column
    std::int64_t number(std::string_view column) const;            // decimal or 0x...
    const std::vector<std::string>& cells() const { return table_->rows_[index_]; }

   private:
    friend class Table;
    Row(const Table& table, std::size_t index) : table_(&table), index_(index) {}
    const Table* table_;
    std::size_t index_;
  };

  Table() = default;
  explicit Table(std::string_view text);  // column names stand in the line that starts with %

  const std::vector<std::string>& columns() const { return columns_; }  // "dir", "flowInd", ...
  bool has(std::string_view column) const;
  std::size_t size() const { return rows_.size(); }
  Row row(std::size_t index) const;
  Row find(const Conditions& conditions) const;  // the only row that meets them; throws otherwise
  std::vector<Row> all(const Conditions& conditions = {}) const;

 private:
  std::size_t column(std::string_view name) const;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
};

struct Execution {
  int status = -1;       // exit status; 128 + signal; 124: ended because it took too long
  std::string out, err;  // standard output, standard error
};

struct Result : Execution {
  Table flows;            // empty without txtSink
  std::string flow_file;  // its text
  TempFolder folder;      // of the run; prefix() + "_flows.txt" and so on are in there
  std::string prefix() const { return (folder / "out").string(); }
  std::string file(std::string_view suffix) const { return read_file(prefix() + std::string(suffix)); }
};

// As exec() and posix_spawn() take them; valid as long as the strings do not change.
std::vector<char*> pointers(std::vector<std::string>& strings);
// Any program, found in PATH or by path. Streams go through files in `folder`.
Execution execute(const Arguments& command, const TempFolder& folder, const Environment& environment = {},
                  unsigned seconds = 60);

// A script of bash in `folder`, which is its home, too. $t2 in it, without quotes, is the program with the plugins of
// that folder and `more`; words of variables end at the ends of lines, not at blanks, which names of folders may have.
Execution run_script(const std::string& script, const TempFolder& folder, const std::string& plugins,
                     const Arguments& more = {});

std::filesystem::path binary();         // tranalyzer
std::filesystem::path built_plugins();  // folder with NNN_name.so; outside the tree several, with ':' between them
std::filesystem::path source_folder();  // of the project whose tests these are

// Makes folder/plugins with links to the built plugins; throws if one was not built.
std::filesystem::path plugin_folder(const TempFolder& folder, const std::vector<std::string>& plugins);

// tranalyzer -p PLUGINS -r FILE -w PREFIX ARGUMENTS...
Result run_file(const std::filesystem::path& file, const std::vector<std::string>& plugins,
                const Arguments& arguments = {}, const Environment& environment = {});
Result run(const Buffer& capture_file, const std::vector<std::string>& plugins, const Arguments& arguments = {},
           const Environment& environment = {});
Result run(const Capture& capture, const std::vector<std::string>& plugins, const Arguments& arguments = {},
           const Environment& environment = {});

}  // namespace t2::test
