// Thrift's compact protocol, as far as Parquet's headers and footers need it: they are structs of numbered fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace t2::parquet_sink {

class Thrift {
 public:
  enum Kind : std::uint8_t {
    boolean_true = 1,
    boolean_false = 2,
    byte = 3,
    i32 = 5,
    i64 = 6,
    binary = 8,
    list = 9,
    structure = 12
  };

  void begin() { last_.push_back(0); }  // a struct: the outermost one, or an element of a list
  void end() {
    out_ += '\0';
    last_.pop_back();
  }
  void begin(int id) {
    field(id, structure);
    begin();
  }
  void number(int id, std::int32_t value) { field(id, i32), varint(zigzag(value)); }
  void number64(int id, std::int64_t value) { field(id, i64), varint(zigzag(value)); }
  void small(int id, std::int8_t value) { field(id, byte), out_ += static_cast<char>(value); }
  void boolean(int id, bool value) { field(id, value ? boolean_true : boolean_false); }
  void text(int id, std::string_view value) { field(id, binary), element(value); }
  void begin_list(int id, Kind of, std::size_t size) {  // its elements follow
    field(id, list);
    if (size < 15) out_ += static_cast<char>(size << 4 | of);
    else out_ += static_cast<char>(0xf0 | of), varint(size);
  }
  void element(std::string_view value) { varint(value.size()), out_ += value; }
  void element(std::int32_t value) { varint(zigzag(value)); }
  void empty(int id) { begin(id), end(); }  // a struct without fields

  // What another one holds: a struct with the field `id` alone, which comes next here.
  void fields(int id, std::string_view made) {
    if (made.empty()) return;
    out_ += static_cast<char>((id - last_.back()) << 4 | (made[0] & 0x0f));
    last_.back() = id;
    out_ += made.substr(1);
  }

  const std::string& bytes() const { return out_; }

 private:
  static std::uint64_t zigzag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  void field(int id, Kind kind) {  // ids of a struct ascend
    const int step = id - last_.back();
    out_ += static_cast<char>(step << 4 | kind);  // all steps are below 16
    last_.back() = id;
  }
  std::string out_;
  std::vector<int> last_;  // id of the last field, of each struct that is open
};

}  // namespace t2::parquet_sink
