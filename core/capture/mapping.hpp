// A large regular file in memory, so that nothing of it is copied. Used by the thread that reads; what it points to may
// be looked at by any thread.
//
// A file may become shorter while it is mapped. What is touched of it then is zero, and whole() says so: no signal ends
// the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace t2 {

class Mapping {
 public:
  // Of an open file of so many bytes. Null where reading is as good, or all there is: small files, or no memory to map
  // to.
  static std::shared_ptr<Mapping> make(int file, std::uint64_t size);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // Its bytes from there on, at most so many: fewer at the end. To be asked for in order: their pages are fetched
  // together, and those far in front of them are given back (who still needs one gets it again).
  std::span<const std::uint8_t> window(std::uint64_t from, std::size_t most);
  // False: the file became shorter, or cannot be read any further. Some of what was seen since the last time may be
  // zero.
  bool whole() const;

 private:
  struct Place;  // in memory, for the signal handler
  static Place places[];
  static void catch_bus_errors();
  Mapping(int file, std::uint64_t size, std::uint8_t* begin, Place& place)
      : file_(file), size_(size), begin_(begin), place_(place) {}

  int file_;
  std::uint64_t size_;
  std::uint8_t* begin_;
  Place& place_;
  std::uint64_t fetched_ = 0, given_back_ = 0;  // bytes, from the beginning
};

}  // namespace t2
