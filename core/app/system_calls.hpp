// System calls that an analysis never makes, and an intruder in it would: the kernel refuses them.
#pragma once

#include <string>

namespace t2 {

// For good, for all threads of the process and for those that it starts: programs and processes, signals to and memory
// of other processes, other users and capabilities, mounts, namespaces, devices, kernel modules, keys, BPF, io_uring,
// clocks, sockets that are neither of IP, local nor of netlink, and memory that is writable and executable fail with
// EPERM. Returns why they are not refused; empty: they are.
std::string refuse_dangerous_calls();

}  // namespace t2
