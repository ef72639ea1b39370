// Pages of the mapping come and go, and SIGBUS becomes zeros.
#include "capture/mapping.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iterator>

#include <sys/mman.h>
#include <unistd.h>

#include "base/sanitizers.hpp"

namespace t2 {

struct Mapping::Place {
  std::atomic<bool> taken = false, lost = false;
  std::atomic<std::uintptr_t> begin = 0, end = 0;  // end 0: nothing is mapped here
};

Mapping::Place Mapping::places[8];  // more files than that at a time are read

namespace {

// The address sanitizer watches what is read, not what is mapped.
constexpr std::uint64_t smallest = address_sanitizer ? UINT64_MAX : 1 << 20;
const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
constexpr std::uint64_t fetched_at_once = 1 << 20;  // before it is looked at
// Around a page that is touched, the kernel maps what it has in memory (fault_around_bytes): a tenth less time than
// MADV_POPULATE_READ, which looks for one page after the other.
constexpr std::uint64_t mapped_at_once = 64 << 10;
constexpr std::uint64_t kept = 8 << 20;  // of what was handed out; workers are hardly ever farther behind

std::uint64_t rounded_up(std::uint64_t bytes) { return (bytes + page - 1) / page * page; }

}  // namespace

// The rest of the mapping is replaced by zeros, and the instruction that failed is tried again.
void Mapping::catch_bus_errors() {
  struct sigaction action {};
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  action.sa_sigaction = [](int, siginfo_t* info, void*) {
    const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
    for (Place& place : places) {
      const std::uintptr_t end = place.end;
      if (at < place.begin || at >= end) continue;
      const std::uintptr_t from = at / page * page;
      place.lost = true;
      constexpr int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
      if (mmap(reinterpret_cast<void*>(from), end - from, PROT_READ, fixed, -1, 0) != MAP_FAILED) return;
    }
    std::signal(SIGBUS, SIG_DFL);  // not ours: once more, and for good
  };
  sigaction(SIGBUS, &action, nullptr);
}

std::shared_ptr<Mapping> Mapping::make(int file, std::uint64_t size) {
  if (size < smallest) return nullptr;
  Place* const free =
      std::find_if(std::begin(places), std::end(places), [](Place& place) { return !place.taken.exchange(true); });
  if (free == std::end(places)) return nullptr;
  const int own = dup(file);
  void* const begin = own < 0 ? MAP_FAILED : mmap(nullptr, rounded_up(size), PROT_READ, MAP_SHARED, own, 0);
  if (begin == MAP_FAILED) {
    if (own >= 0) close(own);
    free->taken = false;
    return nullptr;
  }
  madvise(begin, rounded_up(size), MADV_SEQUENTIAL);
  free->lost = false;
  free->begin = reinterpret_cast<std::uintptr_t>(begin);
  free->end = free->begin + rounded_up(size);
  catch_bus_errors();
  return std::shared_ptr<Mapping>(new Mapping(own, size, static_cast<std::uint8_t*>(begin), *free));
}

Mapping::~Mapping() {
  place_.end = 0;
  munmap(begin_, rounded_up(size_));
  close(file_);
  place_.taken = false;
}

std::span<const std::uint8_t> Mapping::window(std::uint64_t from, std::size_t most) {
  from = std::min(from, size_);
  const std::uint64_t end = from + std::min<std::uint64_t>(most, size_ - from);
  while (fetched_ < end) {
    const std::uint64_t to = std::min(fetched_ + fetched_at_once, size_);
    for (std::uint64_t at = fetched_; at < to; at += mapped_at_once)
      static_cast<void>(*static_cast<volatile const std::uint8_t*>(begin_ + at));
    fetched_ += fetched_at_once;
  }
  while (given_back_ + 2 * kept <= from) {
    madvise(begin_ + given_back_, kept, MADV_DONTNEED);
    given_back_ += kept;
  }
  return {begin_ + from, static_cast<std::size_t>(end - from)};
}

// Half of what fstat() takes. Where the file is read from, skip_to() says.
bool Mapping::whole() const { return !place_.lost && lseek(file_, 0, SEEK_END) >= static_cast<off_t>(size_); }

}  // namespace t2
