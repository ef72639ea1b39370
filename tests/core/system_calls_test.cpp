// Behind the filter of system calls an analysis goes on, and what an intruder needs fails. Each question is asked in a
// process of its own, with the filter and without.
#include "app/system_calls.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.hpp"

namespace t2::test::system_calls_test {

namespace {

constexpr int unfiltered = 99;

// Exit status of a process that asks; 128 and more: the signal that ended it.
template <class Question>
int ask(bool filtered, const Question& question) {
  const pid_t child = fork();
  if (child == 0) {
    if (filtered && !refuse_dangerous_calls().empty()) _exit(unfiltered);
    _exit(question());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Of a call: 1: it was refused, 0: it was made, well or not.
int refused(long result) { return result == -1 && errno == EPERM; }

bool cannot_filter() {
  if (ask(true, [] { return 0; }) != unfiltered) return false;
  std::cout << " skipped: the filter of system calls: " << refuse_dangerous_calls() << "\n";
  return true;
}

struct Call {
  const char* name;
  int (*make)();
};

int run_true() {
  char name[] = "/bin/true";
  char* words[] = {name, nullptr};
  return refused(execv(name, words));  // 0 is its status, too
}
int run_true_at() {
  char name[] = "true";
  char* words[] = {name, nullptr};
  return refused(syscall(SYS_execveat, open("/bin", O_DIRECTORY | O_PATH), name, words, nullptr, 0));
}
int make_process() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  return refused(child);
}
int make_namespace() { return refused(syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD, nullptr, nullptr, nullptr, 0)); }
int read_parent() {
  char byte;
  iovec here{&byte, 1}, there{nullptr, 1};
  return refused(syscall(SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0));
}
int map(int protection) {
  void* place = mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return refused(place == MAP_FAILED ? -1 : 0);
}
int protect() {
  void* place = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return refused(mprotect(place, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

// Those that each user may make: without the filter they are not refused.
const Call dangerous[] = {
    {"execve", run_true},
    {"execveat", run_true_at},
    {"fork", make_process},
    {"a signal to another process", [] { return refused(kill(getppid(), 0)); }},
    {"a signal to a thread of another process", [] { return refused(syscall(SYS_tgkill, getppid(), getppid(), 0)); }},
    {"ptrace", [] { return refused(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
    {"memory of processes", read_parent},
    {"setuid", [] { return refused(setuid(getuid())); }},
    {"setresgid", [] { return refused(syscall(SYS_setresgid, -1, -1, -1)); }},
    {"unshare", [] { return refused(unshare(0)); }},
    {"personality", [] { return refused(personality(0xffffffff)); }},
    {"memory that is writable and executable", [] { return map(PROT_READ | PROT_WRITE | PROT_EXEC); }},
    {"memory that becomes so", protect},
    {"a socket of another family", [] { return refused(socket(AF_ALG, SOCK_SEQPACKET, 0)); }},
};
// Those that need rights, or that some machines refuse by themselves.
const Call for_root[] = {
    {"clone with a namespace", make_namespace},
    {"mount", [] { return refused(syscall(SYS_mount, "none", "/nowhere", "tmpfs", 0, nullptr)); }},
    {"chroot", [] { return refused(chroot("/nowhere")); }},
    {"init_module", [] { return refused(syscall(SYS_init_module, nullptr, 0, "")); }},
    {"bpf", [] { return refused(syscall(SYS_bpf, 0, nullptr, 0)); }},
    {"add_key", [] { return refused(syscall(SYS_add_key, "user", "x", "x", 1, -3)); }},
    {"keyctl", [] { return refused(syscall(SYS_keyctl, 0, -3, 0)); }},
    {"clock_settime", [] { return refused(syscall(SYS_clock_settime, -1, nullptr)); }},
    {"io_uring_setup", [] { return refused(syscall(SYS_io_uring_setup, 0, nullptr)); }},
    {"perf_event_open", [] { return refused(syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0)); }},
    {"reboot", [] { return refused(syscall(SYS_reboot, 0, 0, 0, nullptr)); }},
    {"a packet socket", [] { return refused(socket(AF_PACKET, SOCK_RAW, 0)); }},
};

int analyse(const std::string& folder) {
  int done = 0;
  std::thread([&] { ++done; }).join();
  const std::string name = folder + "/part", whole = folder + "/whole";
  const int file = open(name.c_str(), O_CREAT | O_WRONLY, 0600);
  done += write(file, "x", 1) == 1 && rename(name.c_str(), whole.c_str()) == 0 && unlink(whole.c_str()) == 0;
  addrinfo* found = nullptr;
  done += getaddrinfo("localhost", "1", nullptr, &found) == 0;
  for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}) {
    errno = 0;
    const int one = socket(family, SOCK_DGRAM, 0);
    done += one >= 0 || errno == EAFNOSUPPORT;
  }
  done += map(PROT_READ | PROT_WRITE) == 0 && map(PROT_READ | PROT_EXEC) == 0;
  done += dlopen("libm.so.6", RTLD_NOW) != nullptr;
  return done;
}

}  // namespace

TEST_CASE("system calls: what an intruder needs is refused", "[system_calls]") {
  if (cannot_filter()) return;
  for (const Call& call : dangerous) {
    INFO(call.name);
    CHECK(ask(false, call.make) == 0);
    CHECK(ask(true, call.make) == 1);
  }
  for (const Call& call : for_root) {
    INFO(call.name);
    CHECK(ask(true, call.make) == 1);
  }
}

TEST_CASE("system calls: threads that ran before are filtered, too", "[system_calls]") {
  if (cannot_filter()) return;
  CHECK(ask(false, [] {
          int before = -1, after = -1;
          std::atomic<int> step = 0;
          std::thread other([&] {
            before = refused(kill(getppid(), 0));
            step = 1;
            while (step != 2) std::this_thread::yield();
            after = refused(kill(getppid(), 0));
          });
          while (step != 1) std::this_thread::yield();
          const bool filtered = refuse_dangerous_calls().empty();
          step = 2;
          other.join();
          return filtered && before == 0 && after == 1 ? 0 : 1;
        }) == 0);
}

TEST_CASE("system calls: threads, files, names, sockets and plugins' libraries go on", "[system_calls]") {
  if (cannot_filter()) return;
  const TempFolder folder;
  const auto question = [&] { return analyse(folder.path().string()); };
  CHECK(ask(false, question) == 9);
  CHECK(ask(true, question) == 9);
  const auto abort_silently = [] {
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
    return 0;
  };
  CHECK(ask(true, abort_silently) == 128 + SIGABRT);
}

}  // namespace t2::test::system_calls_test
