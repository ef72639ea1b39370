#include "descriptions.hpp"

#include <fstream>
#include <stdexcept>

namespace t2::ssl_decode {

Descriptions::Descriptions(const std::string& path) {
  if (path.empty()) return;
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened: correct SSL_JA3_FILE or SSL_JA4_FILE");
  std::string line;
  for (unsigned number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#' || line[0] == '%') continue;
    const std::size_t tab = line.find('\t');
    if (tab == 0 || tab == line.npos)
      throw std::runtime_error(path + ":" + std::to_string(number) + ": no tab between fingerprint and description");
    known_.emplace(line.substr(0, tab), line.substr(tab + 1));
  }
}

std::string_view Descriptions::find(std::string_view fingerprint) const {
  if (known_.empty()) return {};
  const auto found = known_.find(std::string(fingerprint));
  return found == known_.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace t2::ssl_decode
