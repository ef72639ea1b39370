// A file of the user that says what fingerprints stand for: a fingerprint, a tab and its description a line. Loaded
// before the first packet, then only read, by all workers.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace t2::ssl_decode {

class Descriptions {
 public:
  // Empty path: none. Throws std::runtime_error with file and line.
  explicit Descriptions(const std::string& path);
  std::string_view find(std::string_view fingerprint) const;  // empty: not known

 private:
  std::unordered_map<std::string, std::string> known_;
};

}  // namespace t2::ssl_decode
