// Flow files as txtSink writes them, and the headers file that describes their columns. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/bytes.hpp"

namespace t2::report {

struct FlowColumn {
  std::string name, type, meaning;  // type, meaning: of the headers file; empty without it
};

// Names of the flow files that PREFIX or the name of a file stands for: the file, or its parts in their order. Throws
// Error.
std::vector<std::string> flow_files(const std::string& name);
// PREFIX of PREFIX_flows.txt, PREFIX_flows.csv.gz, PREFIX_flows.txt0; other names as they are.
std::string prefix_of(const std::string& file);

// Reads the rows of one file. Titles stand in its first line that begins with '%', or in its first line.
class FlowFile {
 public:
  using Row = std::span<const std::string_view>;
  explicit FlowFile(const std::string& path);  // throws Error
  const std::vector<std::string>& names() const { return names_; }
  // Calls back for each row, whose cells stay until it returns. Throws Error for a row that does not fit the titles.
  void read(const std::function<void(Row)>& row);

 private:
  bool next_line(std::string_view& line);
  void split(std::string_view line);

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t line_ = 0;
  char separator_ = '\t';
  bool csv_ = false;
  std::vector<std::string> names_;
  std::vector<std::string_view> cells_;
  std::vector<std::string> unquoted_;  // cells of CSV whose quotes were removed
};

// Adds types and meanings to columns, by their names. Without the file they stay empty.
void describe_columns(const std::string& headers_file, std::vector<FlowColumn>& columns);

// The values of a cell with a list: without quotes and escapes of texts.
void list_values(std::string_view cell, std::vector<std::string>& values);

}  // namespace t2::report
