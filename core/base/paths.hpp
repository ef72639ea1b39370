// Paths that options and defaults name. Used while the program starts, by any folder.
#pragma once

#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace t2 {

// Opens a text file. Throws Error, which names `what` ("the plugin list of -b"), the path, and why it cannot be read.
std::ifstream open_text(std::string_view what, const std::string& path);

// The user's home: HOME, else that of the passwd entry. Ends in '/'; empty: there is none.
std::string home_folder();
// Who called sudo, while this process is root; nothing: it was not called by sudo.
std::optional<uid_t> invoking_user();
// The folder `home` beside the program, which the scripts use where the user has no home that can be written.
std::string lent_home_folder();

}  // namespace t2
