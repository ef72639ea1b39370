// THE CONTRACT between the core and a plugin.
//
// A plugin is one shared object that exports one constant, `t2_plugin`, and implements Plugin, Sink or both.
// Its life: dlopen -> ABI and layout checked -> put in the order of its dependencies -> settings resolved -> one record
// laid out for all plugins -> create() once per worker -> on_packets(), on_flow_end() ... -> merge() into the first
// instance -> report() -> destroyed.
//
// An instance is only ever called from one thread. Packets of a worker come in capture order. How they are grouped
// into batches, and how many workers there are, never changes results: totals kept in an instance must not depend on
// order (sums, maxima, sets). Packets never throw; settings and files may (t2::Error, before the first packet).
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "t2/error.hpp"
#include "t2/output_file.hpp"
#include "t2/packet.hpp"
#include "t2/row.hpp"

#ifndef T2_ABI  // set by t2_plugin() of the build: contract version, then a hash of headers, core flags and compiler
#error "build plugins with the CMake function t2_plugin(), which sets T2_ABI"
#endif

namespace t2 {

struct Dependency {
  std::string_view plugin;
  bool optional = false;  // absent: the Peek is empty
  std::string_view layout =
      {};  // T2_LAYOUT_<plugin> where its state is read: both must have been built with equal flags
};

struct Flag {  // of src/<name>.h
  std::string_view name;
  std::string_view value;         // compiled value as text
  bool runtime = false;           // listed under ENV / RUNTIME: environment and TOML override the compiled value
  std::string_view allowed = {};  // "0|1", "1-65535", from the header's comment; the core refuses other values
  std::string_view meaning = {};  // the rest of the comment
};

// Blocks of memory that a plugin asks Host::flow_alloc() for.
struct FlowBlock {
  std::size_t bytes = 0;
  unsigned conversations = 2;  // there may be one block for so many conversations; 1 to 1024
};

enum class Opener : std::uint8_t { unknown, asks, answers };  // who sent the first packet of a conversation

class Plugin;
class Sink;
class Host;

struct Descriptor {
  char abi[96] = T2_ABI;  // first, so that it can be read whatever follows
  std::string_view name, version, summary;
  unsigned number = 0;           // 0-999, breaks ties in the order
  std::string_view layout = {};  // T2_LAYOUT_<name>
  std::span<const Dependency> needs = {};
  std::span<const Flag> flags = {};
  std::span<const Column> columns = {};         // of flows
  std::span<const Column> packet_columns = {};  // of packets, with -s; a cell that may be empty is a repeated() column
  Plugin* (*create)(Host&) = nullptr;           // per worker; null for a sink that only reads rows
  Sink* (*create_sink)(Host&) = nullptr;        // once, for the output thread
  bool reads_columns = true;                    // a sink: false if its write() reads only what its own plugin wrote
  bool has_on_row = false;                      // a sink: on_row() of its plugin reads the columns
  std::span<const FlowBlock> flow_blocks = {};
  std::size_t packet_row_memory = 0;  // with -s: bytes that it keeps of each direction for rows of packets, at most
  // What the first packet of a conversation says of its sender, from the packet alone; any thread. The first plugin
  // that knows decides, without one the core: by ports and SYN.
  Opener (*opener)(const Packet&) = nullptr;
  // Its results depend on packets and ends of all flows in their order: one instance sees all of them, and the run has
  // no further workers.
  bool one_worker = false;
  std::size_t conversation_memory = 0;  // bytes that an instance keeps besides for each conversation, at most
};

// Whose directions have a state: those of TCP (Direction::tcp), or all. What only TCP needs takes up no memory
// elsewhere.
enum class Flows : std::uint8_t { all, tcp };

// Own state: one T per direction of a conversation, beside the core's Direction in memory. It starts as a copy of T{}
// when the direction has its first packet; nothing is allocated or freed. A plugin may have one for all flows and one
// for flows of TCP, which must not be asked for of others.
template <class T>
class State {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>,
                "state is copied and dropped as bytes");
  static_assert(sizeof(T) <= 1024 && alignof(T) <= alignof(Direction));

 public:
  // `other_bytes`: so many of its first bytes are touched by packets of the other direction, too. Only speed depends on
  // it.
  explicit State(Host& host, std::size_t other_bytes = 0, Flows flows = Flows::all);
  T& operator()(const Direction& direction) const {
    assert(offset_ > 0 || direction.tcp);
    auto* record = reinterpret_cast<std::byte*>(const_cast<Direction*>(&direction));
    return *std::launder(reinterpret_cast<T*>(record + offset_));
  }

 private:
  std::ptrdiff_t offset_;  // from the Direction; negative: of flows of TCP
};

enum class EndReason : std::uint8_t { idle, duration_limit, evicted, input_done };

// A finished direction of a flow: rows are written A first, then B. Only here, where every plugin has seen every
// packet, may one plugin read another's state.
struct EndedFlow {
  const Flow& flow;
  const Direction& own;
  const Direction* other;  // the other direction, whose row is written too; null: there is none
  unsigned direction;      // of this row, as in Packet::direction
  EndReason reason;
  const Direction* in_direction(unsigned d) const { return d == direction ? &own : other; }
  Endpoint source() const { return flow.source(direction); }
  Endpoint destination() const { return flow.destination(direction); }
  TimeRange times() const { return flow.times(direction); }
};

// Another plugin's state of a direction, declared in `needs` with its layout.
template <class T>
class Peek {
 public:
  Peek(Host& host, std::string_view plugin, Flows flows = Flows::all);
  explicit operator bool() const { return offset_ != 0; }
  const T& operator()(const Direction& side) const {
    assert(offset_ > 0 || side.tcp);
    return *std::launder(reinterpret_cast<const T*>(reinterpret_cast<const std::byte*>(&side) + offset_));
  }

 private:
  std::ptrdiff_t offset_;  // as of a State; 0: there is none
};

struct Run {                     // totals of the run, for shares in reports
  std::uint64_t packets = 0;     // read from the input
  std::uint64_t flow_bytes = 0;  // captured bytes of packets that belong to a flow
  std::uint64_t tcp_packets = 0;
};

struct Input {                // what was read so far
  std::uint64_t packets = 0;  // that passed the filter and, with sampling, were chosen
  std::uint64_t ignored =
      0;  // of these: belong to no flow (unknown link type, cut off headers, fragments without their first one ...)
  std::uint64_t dropped = 0;  // live: by the kernel and the interfaces, and what a run that had to end did not read
};

struct CaptureInterface {  // of a live capture
  std::string_view name;
  std::uint32_t number = 0;  // the system's (ifIndex), when the capture began
  std::uint64_t received = 0, dropped_by_kernel = 0, dropped_by_interface = 0;  // packets so far
};

class Report {  // lines of the end report; each is prefixed with the plugin's name
 public:
  virtual void line(std::string_view text) = 0;
  virtual std::string number(std::uint64_t n, std::string_view unit = "") const = 0;  // "84111 (84.11 K)"
  virtual const Run& run() const = 0;

 protected:
  ~Report() = default;
};

struct Output {                     // where and what a sink writes
  std::string prefix;               // PREFIX of the output files
  bool to_stdout = false;           // -w -
  std::span<const Column> columns;  // of the whole row, `dir` and `flowInd` first (packets: all in the row)
  struct Split {                    // -W: begin a new file when one holds so much
    bool on = false;
    std::uint64_t bytes = 0, rows = 0;  // whichever is not 0
    Time interval = 0;                  // or rows of another multiple of it since 1970, by RowView::end
    bool live = false;                  // the wall clock, too, completes a file
    std::uint64_t first = 0;            // number of the first file
  } split = {};
  std::string about = {};  // the comment lines of a headers file: date, version, command line, plugins
};

class Host {  // what the core offers; handed to create(), valid until the plugin is destroyed
 public:
  virtual std::int64_t integer(std::string_view flag) const = 0;  // value in force of one of the plugin's own flags
  virtual std::string text(std::string_view flag) const = 0;
  virtual unsigned sensor_id() const = 0;                        // -x
  virtual std::span<const Column> columns() const = 0;           // of a flow's row, `dir` and `flowInd` first
  virtual std::string_view headers(std::uint32_t id) const = 0;  // "eth:vlan:ipv4:tcp"; for sinks and flow end
  virtual Time run_start() const = 0;                            // time of the run's first packet, from then on
  virtual Input input() const = 0;                               // from any thread; final when a sink is closed
  virtual std::uint32_t sampling() const = 0;  // one packet in so many is analysed, 1: all; Packet::number counts all
  // Live: the interfaces, as Packet::interface counts them; none for other input. From any thread.
  virtual std::size_t interfaces() const = 0;
  virtual CaptureInterface interface(std::size_t which) const = 0;
  // The user wants the run to end now: a sink waits no more, and counts what it cannot deliver as lost. From any
  // thread.
  virtual bool must_end() const = 0;
  // The files of a sink; open() makes them, or its open_packets(). Throws Error.
  virtual std::unique_ptr<OutputFile> create_file(const NewFile& file) = 0;
  virtual std::string data_file(std::string_view name) const = 0;  // path in the plugin folder
  virtual void info(std::string_view line) = 0;                    // log, prefixed with the plugin's name
  virtual void warn(std::string_view line) = 0;
  // Zeroed, aligned to 8, freed with the flow. Null: no memory, the bound is reached, or the size is not one of
  // Descriptor::flow_blocks.
  virtual void* flow_alloc(const Flow& flow, std::size_t bytes) = 0;
  virtual void flow_free(const Flow& flow, void* block) = 0;  // earlier than with the flow

 protected:
  ~Host() = default;

 private:
  template <class>
  friend class State;
  template <class>
  friend class Peek;
  virtual std::ptrdiff_t state_offset(std::size_t size, std::size_t align, const void* initial, std::size_t other_bytes,
                                      Flows flows) = 0;
  virtual std::ptrdiff_t peek_offset(std::string_view plugin, std::size_t size, Flows flows) = 0;
};

// The path of a file that a flag names: in the plugin folder if the name has no slash.
inline std::string named_file(const Host& host, const std::string& name) {
  return name.find('/') == name.npos ? host.data_file(name) : name;
}

class Plugin {
 public:
  virtual ~Plugin() = default;
  virtual void on_packets(std::span<const Packet>) {}  // capture order; every packet has a flow
  virtual void on_flow_end(const EndedFlow&, Row&) {}  // own columns (a sink: its own bytes) of one row
  virtual void on_packet_row(const Packet&, Row&) {}   // own packet_columns; right after on_packets() of it alone
  // A sink's: adds to its own bytes what it makes of the columns of all plugins, text for example, in the worker's
  // thread: the sink, which has one thread, only has to write it. A flow has its number (flowInd) in Sink::write()
  // only.
  virtual void on_row(const RowView&, Row& /*own*/) {}
  virtual void merge(Plugin& /*other*/) {}  // add another worker's totals to this instance's
  virtual void report(Report&) const {}
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void open(const Output&) = 0;              // throws Error: the run ends before the first packet
  virtual void write(std::span<const RowView>) = 0;  // in order; never throws
  virtual bool open_packets(const Output&) {
    return false;
  }                                                        // -s: after open(); false: this sink does not write packets
  virtual void write_packets(std::span<const RowView>) {}  // in capture order
  virtual void idle(Time /*wall clock*/) {}                // now and then, on live input also without rows
  virtual void close() = 0;                                // all rows were written
  virtual void report(Report&) const {}
  virtual std::uint64_t lost() const { return 0; }        // rows that could not be delivered: exit status 3
  virtual std::uint64_t max_memory() const { return 0; }  // bytes that may wait for a slow receiver; after open()
};

template <class T>
State<T>::State(Host& host, std::size_t other_bytes, Flows flows) {
  const T initial{};
  offset_ = host.state_offset(sizeof(T), alignof(T), &initial, other_bytes, flows);
}
template <class T>
Peek<T>::Peek(Host& host, std::string_view plugin, Flows flows) : offset_(host.peek_offset(plugin, sizeof(T), flows)) {}

}  // namespace t2

// Weak: tests link several plugins into one program.
#define T2_PLUGIN extern "C" [[gnu::visibility("default"), gnu::weak]] constinit const t2::Descriptor t2_plugin
#define T2_TEXT_(value) #value
// A flag fixed when the plugin is built. t2_plugin() defines the texts from the comments of src/<name>.h.
#define T2_FLAG(name) \
  { #name, T2_TEXT_(name), false, t2_allowed_##name, t2_meaning_##name }
#define T2_RUNTIME_FLAG(name) \
  { #name, T2_TEXT_(name), true, t2_allowed_##name, t2_meaning_##name }
#ifdef T2_FLAG_TEXTS
#include T2_FLAG_TEXTS
#endif
