// What a service manager that started the program wants to know: it listens, it lives, it ends (sd_notify(3), the
// protocol of systemd: datagrams to the socket that NOTIFY_SOCKET names). Without such a manager all of this does
// nothing. Used by the main thread, which reads packets: while it is stuck, the watchdog is not told.
#pragma once

#include <string>
#include <string_view>

#include "t2/packet.hpp"

namespace t2 {

class ServiceManager {
 public:
  ServiceManager();  // asks the environment
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  void ready(std::string_view status);  // one line
  // After each block of packets: tells the watchdog, twice in its interval.
  void alive() {
    if (interval_ > 0) tell_watchdog();
  }
  void stopping();

 private:
  void tell_watchdog();
  void send(const std::string& state, int how);

  int socket_ = -1;
  Time interval_ = 0, next_ = 0;  // on the steady clock; 0: there is no watchdog
};

}  // namespace t2
