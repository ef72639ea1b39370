// A filter of system calls (seccomp(2)), by libseccomp where the build found it; loaded by the runs that filter.
#include "app/system_calls.hpp"

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <memory>

#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef LIBSECCOMP_SONAME
#include <seccomp.h>

#include "t2/library.hpp"
#endif

namespace t2 {

#ifndef LIBSECCOMP_SONAME

std::string refuse_dangerous_calls() { return "built without libseccomp"; }

#else

namespace {

struct Libseccomp {
  Library library{LIBSECCOMP_SONAME, "libseccomp2"};
  T2_IMPORT(seccomp_attr_set);
  T2_IMPORT(seccomp_init);
  T2_IMPORT(seccomp_load);
  T2_IMPORT(seccomp_release);
  T2_IMPORT(seccomp_rule_add_array);
  T2_IMPORT(seccomp_syscall_resolve_name);
};
const Libseccomp& libseccomp() {
  static const Libseccomp loaded;
  return loaded;
}

// libseccomp knows these names on all machines; those that this one's kernels never had are passed over.
constexpr const char* never[] = {
    // programs and processes; what clone() makes is looked at below
    "execve", "execveat", "fork", "vfork",
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "pidfd_getfd",
    "pidfd_send_signal", "kcmp", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "migrate_pages", "move_pages",
    // users and capabilities
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid", "capset",
    "setuid32", "setgid32", "setreuid32", "setregid32", "setresuid32", "setresgid32", "setgroups32", "setfsuid32",
    "setfsgid32",
    // file systems, namespaces, devices
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "mount_setattr", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "quotactl", "quotactl_fd", "swapon", "swapoff", "open_by_handle_at", "unshare",
    "setns", "mknod", "mknodat",
    // the kernel
    "init_module", "finit_module", "create_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "bpf",
    "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key",
    "request_key", "iopl", "ioperm", "modify_ldt", "acct", "syslog", "personality", "vhangup", "lookup_dcookie",
    "fanotify_init", "remap_file_pages", "uselib",
    // the machine
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex", "stime",
    "sethostname", "setdomainname"};

constexpr int write_and_execute = PROT_WRITE | PROT_EXEC;

struct Release {
  void operator()(void* filter) const { libseccomp().seccomp_release(filter); }
};

// 0, or an error number below 0. A call that the kernel or the machine does not have needs no rule.
int refuse(scmp_filter_ctx filter, const char* name, std::initializer_list<scmp_arg_cmp> where = {},
           int error = EPERM) {
  const int number = libseccomp().seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return 0;
  const int result = libseccomp().seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(static_cast<std::uint16_t>(error)),
                                                         number, static_cast<unsigned>(where.size()), where.begin());
  return result == -EDOM || result == -EFAULT ? 0 : result;
}

// Of an argument's bits in the mask those of `value` are set, and no others.
scmp_arg_cmp masked_equal(unsigned argument, int mask, int value) {
  return {argument, SCMP_CMP_MASKED_EQ, static_cast<scmp_datum_t>(mask), static_cast<scmp_datum_t>(value)};
}

int add_rules(scmp_filter_ctx filter) {
  int result = 0;
  const auto add = [&](const char* name, std::initializer_list<scmp_arg_cmp> where = {}, int error = EPERM) {
    if (result == 0) result = refuse(filter, name, where, error);
  };
  for (const char* name : never) add(name);
  // threads only, in no other namespaces; the flags of clone3() are in memory, and the C library falls back to clone()
  add("clone3", {}, ENOSYS);
  add("clone", {masked_equal(0, CLONE_THREAD, 0)});
  for (const int space :
       {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET})
    add("clone", {masked_equal(0, space, space)});
  const auto self = static_cast<scmp_datum_t>(getpid());
  add("kill", {{0, SCMP_CMP_NE, self, 0}});
  add("tgkill", {{0, SCMP_CMP_NE, self, 0}});
  for (const char* name : {"mmap", "mmap2", "mprotect", "pkey_mprotect"})
    add(name, {masked_equal(2, write_and_execute, write_and_execute)});
  for (scmp_datum_t family = 0; family < AF_NETLINK; ++family)
    if (family != AF_UNIX && family != AF_INET && family != AF_INET6) add("socket", {{0, SCMP_CMP_EQ, family, 0}});
  add("socket", {{0, SCMP_CMP_GT, AF_NETLINK, 0}});
  return result;
}

}  // namespace

std::string refuse_dangerous_calls() try {
  const std::unique_ptr<void, Release> filter(libseccomp().seccomp_init(SCMP_ACT_ALLOW));
  int result = filter ? add_rules(filter.get()) : -ENOMEM;
  if (result == 0)  // for threads that run already, too
    result = libseccomp().seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (result == 0) result = libseccomp().seccomp_load(filter.get());
  return result == 0 ? std::string() : std::string("seccomp: ") + std::strerror(-result);
} catch (const Error& missing) {
  return missing.what();
}

#endif

}  // namespace t2
