// What a service manager is told, over a socket that stands in a folder or in the abstract name space.
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/service_manager.hpp"
#include "run.hpp"

namespace t2::test::service_manager_test {

namespace {

// The manager's end.
class Manager {
 public:
  explicit Manager(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Manager() {
    close(socket_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  std::string next() const {
    char text[256];
    const ssize_t n = recv(socket_, text, sizeof text, 0);
    return n < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(n));
  }

 private:
  int socket_;
};

}  // namespace

TEST_CASE("service manager: is told when the program listens, lives and ends", "[service]") {
  const TempFolder folder;
  for (const std::string& name : {(folder / "notify").string(), "@t2-test-" + std::to_string(getpid())}) {
    INFO(name);
    const Manager manager(name);
    setenv("WATCHDOG_USEC", "40000", 1);
    ServiceManager told;
    told.ready("Live capture on interface: x");
    CHECK(manager.next() == "READY=1\nSTATUS=Live capture on interface: x");
    told.alive();
    CHECK(manager.next() == "WATCHDOG=1");
    told.alive();
    CHECK(manager.next() == "nothing");
    std::this_thread::sleep_for(std::chrono::milliseconds(21));  // half of the interval
    told.alive();
    CHECK(manager.next() == "WATCHDOG=1");
    told.stopping();
    CHECK(manager.next() == "STOPPING=1");
  }
}

TEST_CASE("service manager: no watchdog where it is none, or another process's", "[service]") {
  const TempFolder folder;
  const Manager manager((folder / "notify").string());
  const auto tells = [&](const char* interval, const char* process) {
    setenv("WATCHDOG_USEC", interval, 1);
    if (process) setenv("WATCHDOG_PID", process, 1);
    else unsetenv("WATCHDOG_PID");
    ServiceManager told;
    told.alive();
    return manager.next() == "WATCHDOG=1";
  };
  CHECK(tells("30000000", nullptr));
  CHECK(tells("30000000", std::to_string(getpid()).c_str()));
  CHECK_FALSE(tells("30000000", "1"));
  CHECK_FALSE(tells("0", nullptr));
  CHECK_FALSE(tells("x", nullptr));
  CHECK_FALSE(tells("", nullptr));
}

TEST_CASE("service manager: without one, or when it is gone, nothing happens", "[service]") {
  const TempFolder folder;
  for (const std::string& name : {std::string(), std::string("relative"), (folder / "missing").string(),
                                  "/" + std::string(200, 'x'), std::string("@")}) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    ServiceManager told;
    told.ready("x"), told.alive(), told.stopping();
  }
  unsetenv("NOTIFY_SOCKET");
  std::optional<Manager> manager(std::in_place, (folder / "notify").string());
  ServiceManager told;
  manager.reset();
  told.ready("x");
}

}  // namespace t2::test::service_manager_test
