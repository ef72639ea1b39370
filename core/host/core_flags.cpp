// The list is made from tranalyzer.h by the build.
#include "host/core_flags.hpp"

#include "tranalyzer.h"

#include "host/core_flag_texts.hpp"

namespace t2 {

namespace {
constexpr Flag flags[] = {
#include "host/core_flag_list.hpp"
};
}  // namespace

constinit const Descriptor core_descriptor{
    .name = "tranalyzer2", .version = T2_VERSION, .summary = "the core", .flags = flags};

}  // namespace t2
