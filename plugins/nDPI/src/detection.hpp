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

namespace t2::ndpi {

// What the library keeps of a flow lies behind its structure for flows. Where that is full the flow's inspection ends.
constexpr std::size_t inspection_bytes = 4080;  // the largest block that there is

class Detection {
 public:
  Detection();  // throws Error
  ~Detection();
  Detection(const Detection&) = delete;
  Detection& operator=(const Detection&) = delete;

  // In zeroed memory of inspection_bytes, aligned to 8.
  static Inspection* begin(void* memory);
  // A packet from its IP header on. False: there is no more to learn from packets of this flow.
  bool look_at(Inspection& inspection, std::span<const std::uint8_t> packet, std::int64_t milliseconds,
               Verdict& verdict);
  // Ends an inspection; with `guess` what is not known is guessed.
  void end(Inspection& inspection, bool guess, Verdict& verdict);

  std::string application(const Verdict& verdict) const;
  std::string category(const Verdict& verdict) const;
  std::string confidence(const Verdict& verdict) const;

 private:
  struct Module;
  std::unique_ptr<Module> module_;
};

}  // namespace t2::ndpi
