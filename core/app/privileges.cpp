// Changes of user, group and capabilities (credentials(7), capabilities(7)).
#include "app/privileges.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/system_calls.hpp"
#include "base/paths.hpp"
#include "host/flag_values.hpp"
#include "t2/error.hpp"

namespace t2 {

namespace {

void need(bool done, std::string_view what) {
  if (!done) throw Error(fmt::format("cannot give up root: {}: {}", what, std::strerror(errno)));
}

// No program that is started gets more rights, and no thread: those that start later inherit it.
void forbid_new_rights() {
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);  // root without CAP_SETPCAP, as in some containers, cannot
}

// From the program's file, or ambient ones, as a service has them.
bool has_capabilities() {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct own[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capget, &head, own) != 0 || (own[0].permitted | own[1].permitted) != 0;
}

// Of the calling thread.
bool drop_capabilities() {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return syscall(SYS_capset, &head, none) == 0;
}

// The end of a line about rights.
std::string filter_calls() {
  const std::string why = refuse_dangerous_calls();
  return why.empty() ? "; system calls are filtered" : "; system calls are not filtered: " + why;
}

}  // namespace

std::optional<Privileges::User> Privileges::find(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (!entry) return {};
  return User{entry->pw_name, entry->pw_uid, entry->pw_gid};
}

std::optional<Privileges::User> Privileges::find(uid_t id) {
  const passwd* entry = getpwuid(id);
  if (!entry) return User{fmt::format("user id {}", id), id, id};  // as in a container
  return User{entry->pw_name, entry->pw_uid, entry->pw_gid};
}

Privileges::Privileges(const std::optional<std::string>& user, bool live) {
  if (geteuid() != 0) {
    if (user) throw Error("Option '--user': only root can give up its rights: leave it out");
    return;
  }
  if (!user && !live) return;
  if (user == "root") {
    keeps_ = true;
    return;
  }
  const std::optional<uid_t> caller = invoking_user();
  if (caller && *caller != 0) caller_ = find(*caller);
  const std::optional<std::int64_t> id = user ? whole_number(*user) : std::nullopt;  // as in a container without names
  std::optional<User> found = !user ? caller_ : id && *id >= 0 ? find(static_cast<uid_t>(*id)) : find(*user);
  if (user && !found) throw Error(fmt::format("Option '--user': there is no user '{}'", *user));
  if (!found) found = find("tranalyzer");
  if (!found) found = find("nobody");
  if (!found) throw Error("there is no user 'tranalyzer' or 'nobody' to give root up to: name one with --user");
  user_ = *found;
  if (user_.id == 0) throw Error(fmt::format("Option '--user': '{}' has root's rights: name another", user_.name));
  gives_up_ = true;
  forbid_new_rights();
  if (caller_) open_files_as(*caller_);
}

void Privileges::open_files_as(const User& user) {
  need(initgroups(user.name.c_str(), user.group) == 0, "its groups");
  need(setegid(user.group) == 0 && seteuid(user.id) == 0, "to open files as " + user.name);
}

Privileges::Lent::Lent(const Privileges& from) : from_(from) {
  if (from_.caller_) need(seteuid(0) == 0, "to use it for a device");
}
Privileges::Lent::~Lent() {
  if (from_.caller_ && seteuid(from_.caller_->id) != 0) _exit(1);  // not to go on as root
}

std::string Privileges::give_up() {
  if (keeps_) return "Root's rights are kept (--user root)";
  if (!gives_up_) {
    if (geteuid() == 0 || !has_capabilities()) return {};
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && drop_capabilities(), "capabilities");
    return "Capabilities were given up for good" + filter_calls();
  }
  if (caller_) need(seteuid(0) == 0, "to change the user");
  need(initgroups(user_.name.c_str(), user_.group) == 0, "its groups");
  need(setresgid(user_.group, user_.group, user_.group) == 0, "its group");
  need(setresuid(user_.id, user_.id, user_.id) == 0, "the user");
  need(drop_capabilities(), "capabilities");
  errno = 0;
  need(setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0, "it comes back");
  return fmt::format("Root was given up for good: the process belongs to {}{}", user_.name, filter_calls());
}

std::string Privileges::hint(const std::string& error) const {
  if (!caller_ || error.find(std::strerror(EACCES)) == std::string::npos) return {};
  return fmt::format(": files are opened as {}, who called sudo; --user root keeps root's rights", caller_->name);
}

}  // namespace t2
