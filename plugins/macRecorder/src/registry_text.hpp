// The registries of a folder as one text, of lines as in the CSV files. It is larger than all else that the start of a
// run needs, so it is read in pieces, and an entry once more when its label is wanted. Used by any thread.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace t2::mac_recorder {

class RegistryText {
 public:
  // Opens NAME.csv, or where there is none NAME.txt. What is missing or empty is left out.
  void add(const std::string& name, std::size_t max_bytes = ~std::size_t{0});
  std::size_t size() const { return size_; }
  // Copies what is at an offset; returns how many bytes. Less than `size` are no end: that is at size().
  std::size_t read(std::size_t offset, char* to, std::size_t size) const;

 private:
  class RegistryFile {
   public:
    RegistryFile() = default;
    explicit RegistryFile(const std::string& path);
    RegistryFile(RegistryFile&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    RegistryFile& operator=(RegistryFile&& other) noexcept {
      std::swap(number_, other.number_);
      return *this;
    }
    ~RegistryFile();
    std::size_t size() const;  // 0: not open
    std::size_t read(std::size_t offset, char* to, std::size_t size) const;

   private:
    int number_ = -1;
  };
  struct RegistryPart {
    RegistryFile file;  // or
    std::string text;   // made of a .txt file
    std::size_t begin, size;
  };

  std::vector<RegistryPart> parts_;
  std::size_t size_ = 0;
};

}  // namespace t2::mac_recorder
