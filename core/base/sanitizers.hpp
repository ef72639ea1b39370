// What the address sanitizer is told of memory that this program divides itself, and whether there is one.
//
// In other builds the functions do nothing.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)  // gcc
#define T2_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)  // clang
#define T2_ADDRESS_SANITIZER
#endif
#endif
#ifdef T2_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace t2 {

#ifdef T2_ADDRESS_SANITIZER
inline constexpr bool address_sanitizer = true;
// From now on the sanitizer ends the program, with a report, when it reads or writes these bytes.
inline void forbid_access(const void* bytes, std::size_t n) { __asan_poison_memory_region(bytes, n); }
inline void allow_access(const void* bytes, std::size_t n) { __asan_unpoison_memory_region(bytes, n); }
#else
inline constexpr bool address_sanitizer = false;
inline void forbid_access(const void*, std::size_t) {}
inline void allow_access(const void*, std::size_t) {}
#endif

}  // namespace t2
