// The inputs of --each: where their outputs go, and which of them are done. Used by the main process and the others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/options.hpp"

namespace t2 {

struct EachInput {
  std::string path;
  std::string folder, name;  // outputs begin with FOLDER/NAME
  bool in_folder = false;    // was found in one: it may be no capture
};

// Files and folders of -r, or the files of the list of -R. Throws Error where two would write the same output.
std::vector<EachInput> each_inputs(const Options& options);

// What is done in an output folder: lines of FOLDER/.t2-each, appended by any process when an input is complete.
class DoneList {
 public:
  explicit DoneList(std::string made_with);
  // The exit status of an input that is done: unchanged since, with the same settings, and its files are still there.
  // -1: it is to be analysed.
  int status(const EachInput& input);
  // Moves the files from `made` to the output folder and notes the input. Throws Error.
  void complete(const EachInput& input, const std::string& made, int status) const;

 private:
  struct Entry {
    std::string state;  // settings, size and time of the input
    int status;
    std::vector<std::string> files;
  };
  using Folder = std::map<std::string, Entry>;  // by input
  Folder& folder(const std::string& path);
  std::string state(const std::string& input) const;

  std::string settings_;
  std::map<std::string, Folder> folders_;
};

}  // namespace t2
