// Calls libndpi and lends it memory.
#include "detection.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#define NDPI_LIB_COMPILATION  // declares the structure of a detection module
#include <ndpi/ndpi_api.h>

#include "t2/library.hpp"

namespace t2::ndpi {

struct Inspection {
  ndpi_flow_struct flow;
  std::size_t used;  // of memory
  bool full;
  alignas(16) std::uint8_t memory[1];
};

namespace {

constexpr std::size_t memory_bytes = inspection_bytes - offsetof(Inspection, memory);
constexpr std::size_t alignment = 16;

thread_local Inspection* current = nullptr;  // whose packet the library looks at

// In the memory of the inspection; where that is full, and outside of packets, of the system.
void* allocate(std::size_t size) {
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (current && size <= memory_bytes && rounded <= memory_bytes - current->used)
    return current->memory + (current->used += rounded) - rounded;
  if (current) current->full = true;
  return std::malloc(size);
}
void release(void* address) {
  if (!address) return;
  const auto* at = static_cast<const std::uint8_t*>(address);
  if (current && at >= current->memory && at < current->memory + memory_bytes) return;  // ends with the inspection
  std::free(address);
}

struct Library {
  t2::Library library{LIBNDPI_SONAME, "libndpi4.2"};
  T2_IMPORT(set_ndpi_malloc);
  T2_IMPORT(set_ndpi_free);
  T2_IMPORT(ndpi_init_detection_module);
  T2_IMPORT(ndpi_exit_detection_module);
  T2_IMPORT(ndpi_set_protocol_detection_bitmask2);
  T2_IMPORT(ndpi_finalize_initialization);
  T2_IMPORT(ndpi_detection_process_packet);
  T2_IMPORT(ndpi_detection_giveup);
  T2_IMPORT(ndpi_extra_dissection_possible);
  T2_IMPORT(ndpi_free_flow_data);
  T2_IMPORT(ndpi_protocol2name);
  T2_IMPORT(ndpi_category_get_name);
  T2_IMPORT(ndpi_confidence_get_name);
  T2_IMPORT(ndpi_lru_cache_init);
  T2_IMPORT(ndpi_detection_get_sizeof_ndpi_flow_struct);
  Library() {
    set_ndpi_malloc(allocate);
    set_ndpi_free(release);
  }
};
const Library& library() {
  static const Library loaded;
  return loaded;
}

struct Current {
  explicit Current(Inspection& inspection) { current = &inspection; }
  ~Current() { current = nullptr; }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;
};

}  // namespace

struct Detection::Module {
  ndpi_detection_module_struct* own = library().ndpi_init_detection_module(ndpi_no_prefs);  // null: no memory
  ndpi_lru_cache** caches[7] = {};

  Module() {
    if (!own) throw std::bad_alloc();
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    constexpr unsigned tinc = NDPI_PROTOCOL_TINC, bits = 8 * sizeof all.fds_bits[0];
    all.fds_bits[tinc / bits] &= ~(1u << tinc % bits);  // recognised by other flows only
    library().ndpi_set_protocol_detection_bitmask2(own, &all);
    library().ndpi_finalize_initialization(own);
    const char* name = own->proto_defaults[NDPI_PROTOCOL_TLS].protoName;  // behind the caches
    if (library().ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(ndpi_flow_struct) || !name ||
        std::strcmp(name, "TLS") != 0)
      throw Error(std::string("nDPI: ") + LIBNDPI_SONAME +
                  " is another version than the one that the plugin was built with: run t2build nDPI");
    std::size_t n = 0;
    for (ndpi_lru_cache** cache : {&own->ookla_cache, &own->bittorrent_cache, &own->zoom_cache, &own->stun_cache,
                                   &own->tls_cert_cache, &own->mining_cache, &own->msteams_cache}) {
      caches[n++] = cache;
      if (!*cache) *cache = library().ndpi_lru_cache_init(1);
    }
  }
  ~Module() { library().ndpi_exit_detection_module(own); }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  void forget() {
    for (ndpi_lru_cache** cache : caches)
      std::memset((*cache)->entries, 0, sizeof(ndpi_lru_cache_entry) * (*cache)->num_entries);
  }
};

Detection::Detection() : module_(std::make_unique<Module>()) {}
Detection::~Detection() = default;

Inspection* Detection::begin(void* memory) {
  static_assert(inspection_bytes >= sizeof(Inspection) + 3072);
  return static_cast<Inspection*>(memory);
}

bool Detection::look_at(Inspection& inspection, std::span<const std::uint8_t> packet, std::int64_t milliseconds,
                        Verdict& verdict) {
  const Current scope(inspection);
  module_->forget();
  const auto size =
      static_cast<std::uint16_t>(std::min<std::size_t>(packet.size(), std::numeric_limits<std::uint16_t>::max()));
  const ndpi_protocol found =
      library().ndpi_detection_process_packet(module_->own, &inspection.flow, packet.data(), size,
                                              static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 0)));
  verdict.master = found.master_protocol, verdict.application = found.app_protocol;
  const bool known = verdict.master != NDPI_PROTOCOL_UNKNOWN || verdict.application != NDPI_PROTOCOL_UNKNOWN;
  return !inspection.full && !(known && !library().ndpi_extra_dissection_possible(module_->own, &inspection.flow));
}

void Detection::end(Inspection& inspection, bool guess, Verdict& verdict) {
  const Current scope(inspection);
  module_->forget();
  ndpi_protocol found{verdict.master, verdict.application, inspection.flow.category};
  if (verdict.master == NDPI_PROTOCOL_UNKNOWN && verdict.application == NDPI_PROTOCOL_UNKNOWN) {
    std::uint8_t guessed = 0;
    found = library().ndpi_detection_giveup(module_->own, &inspection.flow, guess, &guessed);
    verdict.master = found.master_protocol, verdict.application = found.app_protocol;
  }
  verdict.category = static_cast<std::uint16_t>(
      inspection.flow.category != NDPI_PROTOCOL_CATEGORY_UNSPECIFIED ? inspection.flow.category : found.category);
  verdict.confidence = static_cast<std::uint8_t>(inspection.flow.confidence);
  verdict.risks = inspection.flow.risk;
  verdict.done = true;
  library().ndpi_free_flow_data(&inspection.flow);
}

std::string Detection::application(const Verdict& verdict) const {
  char text[64];
  const ndpi_protocol found{verdict.master, verdict.application, NDPI_PROTOCOL_CATEGORY_UNSPECIFIED};
  return library().ndpi_protocol2name(module_->own, found, text, sizeof text);
}
std::string Detection::category(const Verdict& verdict) const {
  return library().ndpi_category_get_name(module_->own, static_cast<ndpi_protocol_category_t>(verdict.category));
}
std::string Detection::confidence(const Verdict& verdict) const {
  return library().ndpi_confidence_get_name(static_cast<ndpi_confidence_t>(verdict.confidence));
}

}  // namespace t2::ndpi
