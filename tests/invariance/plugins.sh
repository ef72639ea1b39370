#!/usr/bin/env bash
# Prints the plugins that the tests of this folder use: builds for them alone need no others.
export LC_ALL=C
here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd -P) || exit 1
comm -12 <(ls -- "$here/../../plugins") <(grep -ohE '[A-Za-z0-9]+' "$here"/*.cpp | sort -u)
