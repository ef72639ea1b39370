// Which files may decide what a program with more rights than its caller does: plugins, their folders, settings, lists.
#pragma once

#include <string>
#include <string_view>

namespace t2 {

// The path to open in place of `path`. As root, or with file capabilities, it is resolved, and it and each folder above
// it must belong to root, to the user who called (also through sudo) or to an owner of the program or of a folder above
// that, and must not be writable by others: so nothing can change between this check and the use. Where others can
// replace the program itself, nothing is checked. Throws Error, one line, which names `what`, the path, and what to do.
// A path that does not exist, or a caller without rights to lend, gets `path` back.
std::string trusted(std::string_view what, const std::string& path);

}  // namespace t2
