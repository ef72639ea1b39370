// A shared library of the system that is loaded when it is first needed: what a run does not use costs it no time at
// its start. For libraries that few runs need, or that need not be installed.
//
//   struct Libfoo {
//     Library library{"libfoo.so.1", "libfoo1"};
//     T2_IMPORT(foo_open);                                     // declared in <foo.h>
//   };
//   const Libfoo& libfoo() { static const Libfoo loaded; return loaded; }
//   libfoo().foo_open(...);                                    // throws Error where the library is not there
//
// Functions may be called by any thread, as the library's documentation allows; a `static` is loaded once.
#pragma once

#include <string>

#include <dlfcn.h>

#include "t2/error.hpp"

namespace t2 {

class Library {
 public:
  // `soname`: its file, which is searched for as the system's loader does (dlopen(3)). `package`: what to install.
  Library(const char* soname, const char* package)
      : soname_(soname), package_(package), handle_(dlopen(soname, RTLD_NOW | RTLD_LOCAL)) {
    if (!handle_) fail(dlerror());
  }
  // It stays loaded until the program ends: its threads, handlers and thread-local data need it until then.
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  template <class Function>
  Function* function(const char* name) const {
    void* address = dlsym(handle_, name);
    if (!address) fail(dlerror());
    return reinterpret_cast<Function*>(address);
  }

 private:
  [[noreturn]] void fail(const char* why) const {
    throw Error(std::string("cannot use ") + soname_ + ": " + (why ? why : "no reason is known") +
                ": install the package " + package_);
  }
  const char *soname_, *package_;
  void* handle_;
};

// A member of a struct whose member `library` comes before: the function of this name.
#define T2_IMPORT(name) \
  decltype(&::name) name = library.function<decltype(::name)>(#name)  // NOLINT(bugprone-macro-parentheses)

}  // namespace t2
