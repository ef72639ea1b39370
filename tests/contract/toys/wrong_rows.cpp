// A plugin that writes other rows than its columns say. The environment says which: TOY_ROW for flows, TOY_PACKET_ROW
// with -s; TOY_FROM is the first row of the worker that is wrong. It also claims its state at a wrong place: TOY_STATE.
#include <cstdlib>
#include <optional>
#include <string_view>

#include "t2/plugin.hpp"

namespace {

using t2::Type;

constexpr t2::Column columns[] = {{"wrongNumber", "Always 7", Type::u32},
                                  t2::Column{"wrongList", "1;2", Type::u16}.repeated(),
                                  {"wrongText", "Always abc", Type::text},
                                  {"wrongAddress", "Always 10.0.0.1", Type::ip},
                                  t2::Column{"wrongPairs", "x_1;y_2", Type::label, Type::u8}.repeated(),
                                  {"wrongEnd", "A pair", Type::u32, Type::u64}};
constexpr t2::Column packet_columns[] = {{"wrongPktNumber", "Always 7", Type::u32},
                                         t2::Column{"wrongPktList", "1;2", Type::u16}.repeated()};

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void put_number(t2::Row& row, std::string_view fault) {
  if (fault == "wider") row.put(std::uint64_t{7});
  else if (fault == "narrower") row.put(std::uint8_t{7});
  else if (fault != "first missing") row.put(std::uint32_t{7});
}

void put_list(t2::Row& row, std::string_view fault) {
  if (fault == "no count") row.put(std::uint16_t{1});
  else if (fault == "count is a value") row.put(std::uint32_t{1});
  else row.count(fault == "count too large" ? 3 : fault == "huge count" ? 0xffff'ffff : 2), row.put(std::uint16_t{1});
  row.put(std::uint16_t{2});
}

void put_row(t2::Row& row, std::string_view fault) {
  if (fault == "cleared") row.clear();
  if (fault == "all missing") return;
  put_number(row, fault);
  put_list(row, fault);
  if (fault == "text without length") row.raw("abc", 3);
  else if (fault == "text too short") row.count(1000), row.raw("abc", 3);
  else if (fault != "middle missing") row.text("abc");
  t2::Endpoint end;
  end.address = {10, 0, 0, 1};
  if (fault == "unknown family") row.put(std::uint8_t{7});
  row.ip(t2::Family::ipv4, end);
  row.count(2);
  row.text("x"), row.put(std::uint8_t{1});
  row.text("y");
  if (fault != "half a pair") row.put(std::uint8_t{2});
  if (fault == "swapped") row.put(std::uint64_t{1}), row.put(std::uint32_t{2});
  else row.put(std::uint32_t{1});
  if (fault != "last missing" && fault != "swapped") row.put(std::uint64_t{2});
  if (fault == "too many") row.put(std::uint32_t{3});
}

class WrongRows final : public t2::Plugin {
 public:
  explicit WrongRows(t2::Host& host) : host_(host), state_(host) {
    if (environment("TOY_STATE") == "twice") t2::State<char> again(host);
  }
  void on_packets(std::span<const t2::Packet>) override {
    if (environment("TOY_STATE") == "late") t2::State<char> late(host_);
  }
  void on_flow_end(const t2::EndedFlow&, t2::Row& row) override {
    put_row(row, ++rows_ >= from() ? environment("TOY_ROW") : "");
  }
  void on_packet_row(const t2::Packet&, t2::Row& row) override {
    const std::string_view fault = ++rows_ >= from() ? environment("TOY_PACKET_ROW") : "";
    if (fault == "cleared") row.clear();
    put_number(row, fault);
    put_list(row, fault);
    if (fault == "too many") row.put(std::uint32_t{3});
  }

 private:
  static int from() { return std::atoi(environment("TOY_FROM").data()); }
  t2::Host& host_;
  t2::State<std::uint64_t> state_;
  int rows_ = 0;
};

}  // namespace

T2_PLUGIN = {.name = TOY_NAME,
             .version = "1",
             .summary = "for tests",
             .number = TOY_NUMBER,
             .columns = columns,
             .packet_columns = packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new WrongRows(host); }};
