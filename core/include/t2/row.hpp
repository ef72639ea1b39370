// Output rows: how a plugin hands over the values of its columns, and how a sink reads them back.
//
// A row is binary: values follow each other in column order, unpadded, in host order, each in the size of its type.
// A repeating column starts with a 32-bit count, a text with a 32-bit length. Plugins never format; sinks do.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "t2/packet.hpp"

namespace t2 {

// Types of values, with the code that the headers file prints.
enum class Type : std::uint8_t {
  i8,
  i16,
  i32,
  i64,  // I8 ... decimal
  u8,
  u16,
  u32,
  u64,  // U8 ...
  h8,
  h16,
  h32,
  h64,  // H8 ... 0x and all digits
  f32,
  f64,  // F (%.7g), D (%f)
  text,
  label,  // S in double quotes, SC without
  content,
  bytes,      // packet content as characters, as hex; stored like a text
  direction,  // C: A or B
  time,
  duration,  // U64.U32: nanoseconds as t2::Time
  mac,       // MAC: 6 bytes
  ip4,
  ip6,  // IP4, IP6: 4 and 16 bytes, network order
  ip    // IPX: family byte (0, 4, 6), then 0, 4 or 16 bytes
};

// What a bit of a status word says; several bits where they mean something together.
struct Bit {
  std::uint64_t mask;
  std::string_view meaning;  // one line
};

// One column: its value is one type, or several joined by '_'. What it measures, and in what, is said here alone: t2
// --describe, tawk -V and the headers file take it from here, and tests hold the plugin's README against it.
struct Column {
  template <class... T>
  constexpr Column(std::string_view name_, std::string_view doc_, T... types)
      : name(name_), doc(doc_), size(sizeof...(T)) {
    std::size_t i = 0;
    ((type[i++] = types), ...);
  }
  constexpr Column repeated() const {
    Column copy = *this;
    copy.repeats = true;
    return copy;
  }
  constexpr Column in(std::string_view unit_) const {
    Column copy = *this;
    copy.unit = unit_;
    return copy;
  }
  constexpr Column addresses(std::uint8_t first) const {
    Column copy = *this;
    copy.integer_addresses = first;
    return copy;
  }
  constexpr Column with(std::span<const Bit> bits_) const {  // the table outlives the column
    Column copy = *this;
    copy.bits = bits_;
    return copy;
  }
  std::string_view name, doc;  // doc: one line; goes to the headers file
  Type type[16]{};
  std::uint8_t size;
  bool repeats = false;            // a list: any number of values, joined by ';'
  std::string_view unit = {};      // "s", "bytes", "packets/s" ...; empty: a number without a unit, or no number
  std::span<const Bit> bits = {};  // of a status word
  // So many of the first types are addresses as integers: of 32 bits IPv4, of 64 bits MAC. For --anonymise, which finds
  // those of types of addresses, and those in texts, itself.
  std::uint8_t integer_addresses = 0;
};

// Appends the values of one row. A plugin writes exactly its own columns, in their order; of a row that no sink reads
// it may leave them out. The core compares what was written with the columns: a difference ends the run with an error.
class Row {
 public:
  // One call of put(), count() or raw(), as a traced row notes it.
  struct Put {
    enum class Kind : std::uint8_t { value, count, bytes } kind;
    std::size_t size;
  };
  explicit Row(bool read = true) : read_(read) {}
  bool is_read() const { return read_; }
  template <class T>
  requires std::is_arithmetic_v<T>
  void put(T value) { append(&value, sizeof value, Put::Kind::value); }
  void count(std::size_t values) {  // before the values of a list
    const auto n = static_cast<std::uint32_t>(values);
    append(&n, sizeof n, Put::Kind::count);
  }
  void mac(const std::uint8_t* six) { raw(six, 6); }
  void ip(Family family, const Endpoint& end) {
    put(family == Family::layer2 ? std::uint8_t{0} : static_cast<std::uint8_t>(family));
    if (family != Family::layer2) raw(end.address.data(), family == Family::ipv4 ? 4 : 16);
  }
  void raw(const void* bytes, std::size_t size) { append(bytes, size, Put::Kind::bytes); }
  void text(std::string_view s) {
    count(s.size());
    raw(s.data(), s.size());
  }
  // Room for characters that are made in place: they belong to the row once end_at() is called with their end. Not for
  // columns, which are compared.
  char* reserve(std::size_t size) {
    if (room_end_ - size_ < size) make_room(size, Put::Kind::bytes);
    return reinterpret_cast<char*>(buffer_.data() + size_);
  }
  void end_at(const char* end) {
    size_ = static_cast<std::size_t>(end - reinterpret_cast<const char*>(buffer_.data()));
  }

  std::span<const std::uint8_t> bytes() const { return {buffer_.data(), size_}; }
  std::size_t size() const { return size_; }
  void clear() {
    size_ = 0;
    room_end_ = trace_ ? 0 : buffer_.size();
  }
  // Keeps its first bytes.
  void shorten(std::size_t bytes) { size_ = bytes; }
  // Notes all calls of an empty row.
  void trace(std::vector<Put>* puts) { trace_ = puts, clear(); }

 private:
  void append(const void* from, std::size_t size, Put::Kind kind) {
    if (!read_) return;
    if (room_end_ - size_ < size) make_room(size, kind);
    if (size > 0) std::memcpy(buffer_.data() + size_, from, size);  // of nothing there may be no address
    size_ += size;
  }
  // A traced row has never room, so that every call comes by here and others need not ask.
  [[gnu::noinline]] void make_room(std::size_t size, Put::Kind kind) {
    if (buffer_.size() - size_ < size) buffer_.resize(2 * (size_ + size) + 256);
    room_end_ = trace_ ? size_ + size : buffer_.size();
    if (trace_) trace_->push_back({kind, size});
  }
  std::vector<std::uint8_t> buffer_;
  std::size_t size_ = 0, room_end_ = 0;  // written; where it has to ask for room
  std::vector<Put>* trace_ = nullptr;
  bool read_;
};

// Reads a row's values in order. The core has checked that they are complete; asserts guard against errors of a sink.
class Values {
 public:
  explicit Values(std::span<const std::uint8_t> bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  template <class T>
  requires std::is_arithmetic_v<T> T get() {
    T value;
    std::memcpy(&value, read(sizeof value), sizeof value);
    return value;
  }
  const std::uint8_t* read(std::size_t n) {
    assert(static_cast<std::size_t>(end_ - at_) >= n);
    return (at_ += n) - n;
  }
  std::string_view text() {
    const std::size_t n = get<std::uint32_t>();
    return {reinterpret_cast<const char*>(read(n)), n};
  }
  bool done() const { return at_ == end_; }

 private:
  const std::uint8_t *at_, *end_;
};

// A finished row on its way to the sinks: of a flow or, with -s, of a packet.
struct RowView {
  std::uint8_t direction;                 // 0: A, 1: B
  std::uint64_t index;                    // flowInd; in on_row(): 0
  Time end;                               // when the flow ended; rows come in ascending order. Packets: their time
  std::span<const std::uint8_t> columns;  // of all plugins, without dir and flowInd. Empty where reads_columns is false
  std::span<const std::uint8_t> own;      // what this sink's plugin wrote in on_flow_end() and on_row()
};

}  // namespace t2
