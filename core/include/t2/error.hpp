// What stops the program: thrown by settings and files, never while packets are analysed.
#pragma once

#include <stdexcept>

namespace t2 {

struct Error : std::runtime_error {  // one line: what, where, what to do
  using std::runtime_error::runtime_error;
};

}  // namespace t2
