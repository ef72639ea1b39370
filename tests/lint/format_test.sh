#!/usr/bin/env bash
# C++ is formatted as .clang-format says. Headers with flags are not: users read them, one flag is one line.
# shellcheck source=../scripts/support.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../scripts/support.sh"

check_format() { # TREE: a line for each file that is not formatted; fails if there is one
    find "$1"/{core,plugins,share,tests} -type f \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
        xargs -0 -P "$(nproc)" -n 20 clang-format --dry-run -Werror --style="file:$SOURCE/.clang-format"
}

command -v clang-format > /dev/null || { echo 'clang-format is not installed'; exit 77; }
run check_format "$SOURCE"
expect 'all files are formatted: clang-format -i FILE' succeeds
mkdir -p -- "$scratch/planted"/{core,plugins,share,tests}
echo 'int   planted( );' > "$scratch/planted/core/planted.hpp"
run check_format "$scratch/planted"
expect 'a planted fault is found' says planted.hpp:1:
all_passed
