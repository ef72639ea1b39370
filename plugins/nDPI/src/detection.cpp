// Calls libndpi and lends it memory.
#include "detection.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <vector>

#include "dissectors.hpp"
#include "t2/library.hpp"
#include "t2/protocol.hpp"

namespace t2::ndpi {

// Zeroed. What the library allocates for a flow stands in a block of its own: most flows need none.
struct Inspection {
  ndpi_flow_struct flow;
  std::uint8_t* memory;  // of memory_bytes, or null
  std::uint32_t used;    // of memory
  bool full;
};
static_assert(sizeof(Inspection) <= inspection_bytes);

namespace {

constexpr std::size_t alignment = 16;

struct Current {
  Host& host;
  const Flow& flow;
  Inspection& inspection;
  const DissectorLists& dissectors;
};
// Whose packet the library looks at. In memory that each thread has from its start: what the loader would allocate at
// the first use instead, leak checkers report.
[[gnu::tls_model("initial-exec")]] thread_local const Current* current = nullptr;

class Scope {
 public:
  Scope(Host& host, const Flow& flow, Inspection& inspection, const DissectorLists& dissectors)
      : own_{host, flow, inspection, dissectors} {
    current = &own_;
  }
  ~Scope() { current = nullptr; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Current own_;
};

// In the memory of the inspection; where that is full, and outside of packets, of the system.
void* allocate(std::size_t size) {
  if (!current) return std::malloc(size);
  Inspection& i = current->inspection;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (size <= memory_bytes && rounded <= memory_bytes - i.used) {
    if (!i.memory) i.memory = static_cast<std::uint8_t*>(current->host.flow_alloc(current->flow, memory_bytes));
    if (i.memory) return i.memory + (i.used += static_cast<std::uint32_t>(rounded)) - rounded;
  }
  i.full = true;
  return std::malloc(size);
}
void release(void* address) {
  if (!address) return;
  const auto* at = static_cast<const std::uint8_t*>(address);
  const std::uint8_t* memory = current ? current->inspection.memory : nullptr;
  if (memory && at >= memory && at < memory + memory_bytes) return;  // ends with the inspection
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
  T2_IMPORT(ndpi_parse_packet_line_info);
  T2_IMPORT(ndpi_detection_get_sizeof_ndpi_flow_struct);
  T2_IMPORT(ndpi_get_ndpi_detection_module_size);
  Library() {
    set_ndpi_malloc(allocate);
    set_ndpi_free(release);
  }
};
const Library& library() {
  static const Library loaded;
  return loaded;
}

}  // namespace

const DissectorLists& lists_in_use() { return current->dissectors; }

struct Detection::Module {
  ndpi_detection_module_struct* own = library().ndpi_init_detection_module(ndpi_no_prefs);  // null: no memory
  std::optional<DissectorLists> dissectors;
  std::vector<ndpi_lru_cache_entry*> remembered;

  Module() {
    if (!own) throw std::bad_alloc();
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    constexpr unsigned tinc = NDPI_PROTOCOL_TINC, bits = 8 * sizeof all.fds_bits[0];
    all.fds_bits[tinc / bits] &= ~(1u << tinc % bits);  // recognised by other flows only
    library().ndpi_set_protocol_detection_bitmask2(own, &all);
    library().ndpi_finalize_initialization(own);
    const char* name = own->proto_defaults[NDPI_PROTOCOL_TLS].protoName;  // behind the caches
    if (library().ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(ndpi_flow_struct) ||
        library().ndpi_get_ndpi_detection_module_size() != sizeof(ndpi_detection_module_struct) || !name ||
        std::strcmp(name, "TLS") != 0)
      throw Error(std::string("nDPI: ") + LIBNDPI_SONAME +
                  " is another version than the one that the plugin was built with: run t2build nDPI");
    for (ndpi_lru_cache** cache : {&own->ookla_cache, &own->bittorrent_cache, &own->zoom_cache, &own->stun_cache,
                                   &own->tls_cert_cache, &own->mining_cache, &own->msteams_cache}) {
      if (!*cache) *cache = library().ndpi_lru_cache_init(1);
      if (!*cache) throw std::bad_alloc();
      for (std::uint32_t i = 0; i < (*cache)->num_entries; ++i) remembered.push_back(&(*cache)->entries[i]);
    }
    dissectors.emplace(*own, library().ndpi_parse_packet_line_info);
  }
  ~Module() { library().ndpi_exit_detection_module(own); }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  void forget() {
    for (ndpi_lru_cache_entry* entry : remembered) *entry = {};
  }
};

Detection::Detection(Host& host) : host_(host), module_(std::make_unique<Module>()) {}
Detection::~Detection() = default;

Inspection* Detection::begin(const Flow& flow) {
  return static_cast<Inspection*>(host_.flow_alloc(flow, inspection_bytes));
}

bool Detection::look_at(const Flow& flow, Inspection& inspection, std::span<const std::uint8_t> packet,
                        std::int64_t milliseconds, Verdict& verdict) {
  const Scope scope(host_, flow, inspection, *module_->dissectors);
  module_->forget();
  const auto size =
      static_cast<std::uint16_t>(std::min<std::size_t>(packet.size(), std::numeric_limits<std::uint16_t>::max()));
  module_->dissectors->begin(inspection.flow);
  const ndpi_protocol found =
      library().ndpi_detection_process_packet(module_->own, &inspection.flow, packet.data(), size,
                                              static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 0)));
  verdict.master = found.master_protocol, verdict.application = found.app_protocol;
  const bool known = verdict.master != NDPI_PROTOCOL_UNKNOWN || verdict.application != NDPI_PROTOCOL_UNKNOWN;
  return !inspection.full && !(known && !library().ndpi_extra_dissection_possible(module_->own, &inspection.flow));
}

bool Detection::look_at_syn(const Flow& flow, Inspection& inspection, std::int64_t milliseconds, Verdict& verdict) {
  const Endpoint source = flow.source(0), destination = flow.destination(0);
  const bool v4 = flow.key.family == Family::ipv4;
  const std::size_t address = v4 ? 4 : 16, addresses_at = v4 ? 12 : 8, tcp_at = v4 ? 20 : 40, size = tcp_at + 20;
  std::array<std::uint8_t, 60> syn{};
  if (v4) {
    syn[0] = 0x45;
    store_big(&syn[2], static_cast<std::uint16_t>(size));
    syn[8] = 64;
    syn[9] = protocol::tcp;
  } else {
    syn[0] = 0x60;
    store_big(&syn[4], static_cast<std::uint16_t>(size - tcp_at));
    syn[6] = protocol::tcp;
    syn[7] = 64;
  }
  std::memcpy(&syn[addresses_at], source.address.data(), address);
  std::memcpy(&syn[addresses_at + address], destination.address.data(), address);
  store_big(&syn[tcp_at], source.port);
  store_big(&syn[tcp_at + 2], destination.port);
  syn[tcp_at + 12] = 5 << 4;
  syn[tcp_at + 13] = 0x02;
  return look_at(flow, inspection, std::span(syn).first(size), milliseconds, verdict);
}

void Detection::end(const Flow& flow, Inspection* inspection, bool guess, Verdict& verdict) {
  {
    const Scope scope(host_, flow, *inspection, *module_->dissectors);
    conclude(*inspection, guess, verdict);
  }
  if (inspection->memory) host_.flow_free(flow, inspection->memory);
  host_.flow_free(flow, inspection);
}

void Detection::judge_syn(const Flow& flow, std::int64_t milliseconds, bool guess, Verdict& verdict) {
  Inspection inspection{};
  inspection.used = memory_bytes;  // nothing is kept of a SYN
  look_at_syn(flow, inspection, milliseconds, verdict);
  const Scope scope(host_, flow, inspection, *module_->dissectors);
  conclude(inspection, guess, verdict);
}

void Detection::conclude(Inspection& inspection, bool guess, Verdict& verdict) {
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
