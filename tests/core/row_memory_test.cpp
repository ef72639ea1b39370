// Rows as text and JSON: what is copied from the row before is what would have been written. Cells: which have changed,
// and what is put together of them.
#include <catch2/catch.hpp>

#include <random>

#include "t2/cells.hpp"
#include "t2/repeated_fields.hpp"
#include "t2/row_json.hpp"
#include "t2/row_text.hpp"

namespace t2::test::row_memory_test {

namespace {

using namespace t2::text;

template <class Formatter>
std::string line(Formatter& formatter, const RowView& view) {
  std::string buffer(formatter.room(view), '\0');
  buffer.resize(static_cast<std::size_t>(formatter.put(buffer.data(), view) - buffer.data()));
  return buffer;
}

// One of few values, so that parts of rows repeat; of all types and lengths.
class RandomRows {
 public:
  explicit RandomRows(unsigned seed) : random_(seed) {}

  std::vector<Column> columns() {
    std::vector<Column> made{{"dir", "", Type::direction}, {"flowInd", "", Type::u64}};
    const auto type = [&] { return static_cast<Type>(number(static_cast<unsigned>(Type::ip) + 1)); };
    for (unsigned left = 1 + number(30); left > 0; --left) {
      Column column = number(4) > 0 ? Column(name(), "", type()) : Column(name(), "", type(), type(), type());
      made.push_back(number(3) > 0 ? column : column.repeated());
    }
    return made;
  }

  Row row(std::span<const Column> columns) {
    Row row;
    for (const Column& column : columns.subspan(2)) {
      const unsigned count = column.repeats ? number(4) : 1;
      if (column.repeats) row.count(count);
      for (unsigned i = 0; i < count; ++i)
        for (const Type type : std::span(column.type, column.size)) put(row, type);
    }
    return row;
  }

  std::string_view name() {
    static constexpr std::string_view names[] = {"a", "packets", "aNameOfSixteen16", "aNameThatIsRatherLong"};
    return names[number(4)];
  }
  unsigned number(unsigned below) { return static_cast<unsigned>(random_() % below); }

 private:
  void put(Row& row, Type type) {
    const std::uint8_t few = number(8) > 0 ? 0 : static_cast<std::uint8_t>(number(3));
    const std::uint8_t bytes[16] = {few, 0, 0, few, 0, 0, few, 0, 0, 0, 0, 0, 0, 0, 0, few};
    Endpoint end;
    std::copy_n(bytes, 16, end.address.begin());
    switch (type) {
      case Type::i8:
      case Type::u8:
      case Type::h8:
      case Type::direction: return row.raw(bytes, 1);
      case Type::i16:
      case Type::u16:
      case Type::h16: return row.raw(bytes, 2);
      case Type::i32:
      case Type::u32:
      case Type::h32:
      case Type::ip4: return row.raw(bytes, 4);
      case Type::f32: return row.put(static_cast<float>(few) / 3);
      case Type::f64: return row.put(static_cast<double>(few) / 3);
      case Type::mac: return row.raw(bytes, 6);
      case Type::i64:
      case Type::u64:
      case Type::h64:
      case Type::time:
      case Type::duration: return row.raw(bytes, 8);
      case Type::ip6: return row.raw(bytes, 16);
      case Type::ip: return row.ip(few == 0 ? Family::ipv4 : few == 1 ? Family::ipv6 : Family::layer2, end);
      case Type::text:
      case Type::label:
      case Type::content:
      case Type::bytes: return row.text(std::string(number(8) > 0 ? few : 40 * few, few == 1 ? '"' : ','));
    }
  }
  std::mt19937 random_;
};

}  // namespace

// Writes 40 rows by one formatter, and each by one of its own.
template <class Formatter, class... Form>
std::size_t differences(RandomRows& random, std::span<const Column> columns, const Form&... form) {
  Formatter formatter(columns, form...);
  std::size_t wrong = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const Row row = random.row(columns);
    const std::vector<std::uint8_t> exact(row.bytes().begin(), row.bytes().end());  // nothing behind its end is read
    const RowView view{static_cast<std::uint8_t>(random.number(2)), i, 0, exact, {}};
    Formatter fresh(columns, form...);
    wrong += line(formatter, view) != line(fresh, view);
  }
  return wrong;
}

TEST_CASE("text: a row is written as by a formatter that has seen no other", "[text]") {
  for (unsigned seed = 0; seed < 120; ++seed) {
    RandomRows random(seed);
    const std::vector<Column> columns = random.columns();
    const RowForm form{std::vector<std::string>{"\t", ",", ", ", "0", "."}[seed % 5], seed % 3 == 0, seed % 7 > 0,
                       seed % 2 == 0};
    CHECK(differences<RowFormatter>(random, columns, RowFormatter::RowsOf::flows, form) == 0);
  }
}

TEST_CASE("json: a row is written as by a formatter that has seen no other", "[text]") {
  const std::vector<std::string> all, some{"packets", "aNameThatIsRatherLong"};
  for (unsigned seed = 0; seed < 80; ++seed) {
    RandomRows random(seed);
    const std::vector<Column> columns = random.columns();
    const JsonForm form{.empty_lists = seed % 2 == 0, .blanks = seed % 3 == 0, .dates = seed % 5 == 0};
    CHECK(differences<JsonFormatter>(random, columns, form, std::span(seed % 4 == 0 ? some : all)) == 0);
  }
}

TEST_CASE("cells: those have changed that are not as in the row before of the direction", "[text]") {
  for (unsigned seed = 0; seed < 120; ++seed) {
    RandomRows random(seed);
    const std::vector<Column> columns = random.columns();
    Cells cells(columns), fresh(columns);
    std::vector<std::vector<std::uint8_t>> last[2];  // cells; none: all are changes
    for (std::uint64_t i = 0; i < 40; ++i) {
      if (random.number(20) == 0) {
        cells.forget();
        last[0].clear(), last[1].clear();
      }
      const Row row = random.row(columns);
      const std::vector<std::uint8_t> exact(row.bytes().begin(), row.bytes().end());  // nothing behind its end is read
      const RowView view{static_cast<std::uint8_t>(random.number(2)), i, 0, exact, {}};
      std::vector<std::vector<std::uint8_t>> now;
      fresh.read(view);
      for (std::size_t at = 0; at < columns.size(); ++at)
        now.emplace_back(fresh.bytes(at).begin(), fresh.bytes(at).end());
      auto& before = last[view.direction];
      before.resize(now.size());
      for (const std::size_t at : cells.read_changes(view)) {
        CHECK((before[at] != now[at] || at == 1));
        before[at].assign(cells.bytes(at).begin(), cells.bytes(at).end());
      }
      CHECK(before == now);
    }
  }
}

TEST_CASE("fields: a row is put together as if all were made", "[text]") {
  for (unsigned seed = 0; seed < 120; ++seed) {
    RandomRows random(seed);
    const std::vector<Column> columns = random.columns();
    std::vector<std::size_t> chosen;
    for (std::size_t at = 0; at < columns.size(); ++at)
      if (seed % 3 == 0 || random.number(2) == 0) chosen.push_back(at);
    Cells cells(columns), fresh(columns);
    RepeatedFields fields(columns.size(), chosen);
    const auto put = [](std::string& to, const Cells& from, std::size_t at) {
      to.append(reinterpret_cast<const char*>(from.bytes(at).data()), from.bytes(at).size());
    };
    std::string rows, wanted;
    for (std::uint64_t i = 0; i < 40; ++i) {
      const Row row = random.row(columns);
      const RowView view{static_cast<std::uint8_t>(random.number(2)), i, 0, row.bytes(), {}};
      fields.put(rows, view.direction, cells.read_changes(view), [&](std::size_t at) { put(rows, cells, at); });
      fresh.read(view);
      for (const std::size_t at : chosen) put(wanted, fresh, at);
      CHECK(rows == wanted);
    }
  }
}

TEST_CASE("text: of CSV each value is quoted in which the separator is", "[text]") {
  const Column columns[] = {{"dir", "", Type::direction}, {"flowInd", "", Type::u64}, {"n", "", Type::u16},
                            {"f", "", Type::f32},         {"h", "", Type::h8},        {"mac", "", Type::mac},
                            {"t", "", Type::time}};
  Row row;
  const std::uint8_t mac[] = {0, 1, 2, 3, 4, 5};
  row.put(std::uint16_t{105}), row.put(1.5f), row.put(std::uint8_t{0xaf}), row.mac(mac), row.put(Time{2});
  const auto csv = [&](std::string separator) {
    RowFormatter formatter(columns, RowFormatter::RowsOf::flows, {std::move(separator), false, true, true});
    return line(formatter, {0, 7, 0, row.bytes(), {}});
  };
  CHECK(csv(",") == "A,7,105,1.5,0xaf,00:01:02:03:04:05,0.000000002\n");
  CHECK(csv(".") == "A.7.105.\"1.5\".0xaf.00:01:02:03:04:05.\"0.000000002\"\n");
  CHECK(csv("x") == "Ax7x105x1.5x\"0xaf\"x00:01:02:03:04:05x0.000000002\n");
  CHECK(csv("a") == "Aa7a105a1.5a\"0xaf\"a00:01:02:03:04:05a0.000000002\n");
  CHECK(csv(":") == "A:7:105:1.5:0xaf:\"00:01:02:03:04:05\":0.000000002\n");
  CHECK(csv("05") ==
        "A057"
        "05\"105\"051.5050xaf05\"00:01:02:03:04:05\"050.000000002\n");
  CHECK(csv(".,") == "A.,7.,105.,1.5.,0xaf.,00:01:02:03:04:05.,0.000000002\n");
}

}  // namespace t2::test::row_memory_test
