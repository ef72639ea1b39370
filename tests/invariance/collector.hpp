// A NetFlow collector on the loopback interface that keeps the datagrams it gets.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "frame.hpp"

namespace t2::test {

class Collector {
 public:
  Collector();
  ~Collector();
  std::string port() const { return std::to_string(port_); }
  std::vector<Buffer> finish();  // everything that was sent before this call

 private:
  void receive();
  int socket_ = -1;
  unsigned short port_ = 0;
  std::atomic<bool> stop_ = false;
  std::vector<Buffer> datagrams_;  // of the thread; ours after it has ended
  std::thread thread_;
};

}  // namespace t2::test
