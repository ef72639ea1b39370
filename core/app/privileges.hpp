// Root's rights: what they are used for, and their end. Used by the main thread before it starts others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace t2 {

// Without root's rights all of this does nothing, but that capabilities are given up as well.
class Privileges {
 public:
  // `user`: of --user. Without it a process of root that captures packets `live` goes on as the user who called sudo,
  // else as the system account "tranalyzer", where there is one, else as the system account "nobody". From now on files
  // are opened as the user who called sudo. Throws Error for a user who is not known.
  Privileges(const std::optional<std::string>& user, bool live);

  // With root's rights where the process has them: to open devices.
  template <class Open>
  auto as_root(Open open) const {
    const Lent lent(*this);
    return open();
  }
  // For good; all files are open. System calls that are no longer needed are refused from then on. Throws Error if it
  // fails. A line for the log; empty: nothing to say.
  std::string give_up();
  // Behind an error about a file that the user who called sudo may not open; empty: it is another error.
  std::string hint(const std::string& error) const;
  bool gave_up() const { return gives_up_; }
  const std::string& name() const { return user_.name; }  // to whom

 private:
  struct User {
    std::string name;
    uid_t id = 0;
    gid_t group = 0;
  };
  class Lent {
   public:
    explicit Lent(const Privileges& from);
    ~Lent();
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;

   private:
    const Privileges& from_;
  };
  static std::optional<User> find(const std::string& name);
  static std::optional<User> find(uid_t id);
  void open_files_as(const User& user);

  User user_;  // who takes root's place
  bool gives_up_ = false, keeps_ = false;
  std::optional<User> caller_;  // effective user while files are opened
};

}  // namespace t2
