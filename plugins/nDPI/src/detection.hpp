// The library libndpi: one detection module for each worker, memory of the flow for what it keeps of a flow.
//
// Flows do not influence each other: what the library remembers across flows is forgotten before each packet, since
// results must not depend on which worker a flow belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "nDPI_state.h"
#include "t2/plugin.hpp"

namespace t2::ndpi {

// Blocks of a flow while its packets are looked at: the library's structure for a flow, and what the library allocates
// for some flows. Where the latter is full the flow's inspection ends.
constexpr std::size_t inspection_bytes = 752;
constexpr std::size_t memory_bytes = 3376;

class Detection {
 public:
  explicit Detection(Host& host);  // throws Error
  ~Detection();
  Detection(const Detection&) = delete;
  Detection& operator=(const Detection&) = delete;

  Inspection* begin(const Flow& flow);  // null: no memory
  // For a packet that comes soon: packets of other flows have driven it out of the cache.
  static void prefetch(const Inspection& inspection) {
    const char* at = reinterpret_cast<const char*>(&inspection);
    for (std::size_t line = 0; line < inspection_bytes; line += 64) __builtin_prefetch(at + line);
  }
  // A packet from its IP header on. False: there is no more to learn from packets of this flow.
  bool look_at(const Flow& flow, Inspection& inspection, std::span<const std::uint8_t> packet,
               std::int64_t milliseconds, Verdict& verdict);
  // The same for a SYN in direction 0 without payload, extension headers and fragments, which is made again: the
  // library learns nothing from it but its addresses, its ports and that it is a SYN.
  bool look_at_syn(const Flow& flow, Inspection& inspection, std::int64_t milliseconds, Verdict& verdict);
  // Ends an inspection and frees it; with `guess` what is not known is guessed.
  void end(const Flow& flow, Inspection* inspection, bool guess, Verdict& verdict);
  // All of it for a flow that has nothing but such a SYN.
  void judge_syn(const Flow& flow, std::int64_t milliseconds, bool guess, Verdict& verdict);

  std::string application(const Verdict& verdict) const;
  std::string category(const Verdict& verdict) const;
  std::string confidence(const Verdict& verdict) const;

 private:
  struct Module;
  void conclude(Inspection& inspection, bool guess, Verdict& verdict);
  Host& host_;
  std::unique_ptr<Module> module_;
};

}  // namespace t2::ndpi
