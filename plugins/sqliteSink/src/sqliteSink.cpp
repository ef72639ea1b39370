// sqliteSink: flows as rows of a table in a SQLite database.
//
// Runs in the output thread. Values are bound with their types, not written into statements.
#include "sqliteSink.h"

#include <optional>
#include <string>
#include <vector>

#include "database.hpp"
#include "t2/cells.hpp"
#include "t2/chosen_columns.hpp"
#include "t2/clock.hpp"
#include "t2/plugin.hpp"

namespace t2::sqlite_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(SQLITE_DB_SUFFIX),          T2_RUNTIME_FLAG(SQLITE_TABLE_NAME),
                          T2_RUNTIME_FLAG(SQLITE_OVERWRITE_DB),       T2_RUNTIME_FLAG(SQLITE_OVERWRITE_TABLE),
                          T2_RUNTIME_FLAG(SQLITE_TRANSACTION_NFLOWS), T2_RUNTIME_FLAG(SQLITE_HEX_AS_INT),
                          T2_RUNTIME_FLAG(SQLITE_TIME_AS_INT),        T2_RUNTIME_FLAG(SQLITE_SELECT),
                          T2_RUNTIME_FLAG(SQLITE_SELECT_FILE)};

class SqliteSink final : public Sink {
 public:
  explicit SqliteSink(Host& host) : host_(host) {}

  void open(const Output& output) override {
    if (output.to_stdout)
      throw Error("sqliteSink: a database cannot go to standard output: name a file with -w PREFIX");
    hex_as_integer_ = host_.integer("SQLITE_HEX_AS_INT") == 1;
    time_as_integer_ = host_.integer("SQLITE_TIME_AS_INT") == 1;
    text::RowForm form = text::default_form();
    form.dates = true;
    cells_.emplace(output.columns, form);
    chosen_.resize(cells_->size(), unwanted);
    Database::Form table;
    table.path = output.prefix + host_.text("SQLITE_DB_SUFFIX");
    table.table = host_.text("SQLITE_TABLE_NAME");
    for (const std::size_t at : chosen_positions(host_, "sqliteSink", "SQLITE", output.columns)) {
      chosen_[at] = table.columns.size();
      table.columns.push_back({std::string(cells_->column(at).name), type_name(at)});
    }
    table.file = static_cast<Existing>(host_.integer("SQLITE_OVERWRITE_DB"));
    table.existing_table = static_cast<Existing>(host_.integer("SQLITE_OVERWRITE_TABLE"));
    table.rows_together = static_cast<std::uint64_t>(host_.integer("SQLITE_TRANSACTION_NFLOWS"));
    database_.emplace(std::move(table), [this](const std::string& text) { host_.warn(text); });
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      const Database::Begun begun = database_->begin_row(row.direction);
      if (begun == Database::Begun::failed) continue;
      if (begun == Database::Begun::anew) cells_->forget();
      for (const std::size_t at : cells_->read_changes(row))
        if (chosen_[at] != unwanted) put(at);
      database_->insert();
    }
  }

  // Those who read the database see the rows of a live capture within a second.
  void idle(Time now) override {
    if (now - committed_ < one_second && now >= committed_) return;
    committed_ = now;
    database_->commit();
  }

  void close() override {
    database_->commit();
    if (lost() > 0) host_.warn(std::to_string(lost()) + " rows were not stored");
  }

  std::uint64_t lost() const override { return database_ ? database_->lost() : 0; }

 private:
  // None for 64 bits without a sign: there texts stay texts, which are those values that SQLite's integers do not
  // reach.
  std::string type_name(std::size_t at) const {
    if (!cells_->is_single(at)) return "TEXT";
    switch (cells_->type(at)) {
      case Type::i8:
      case Type::i16:
      case Type::i32:
      case Type::i64:
      case Type::u8:
      case Type::u16:
      case Type::u32: return "INT";
      case Type::u64: return "";
      case Type::h8:
      case Type::h16:
      case Type::h32:
      case Type::h64: return hex_as_integer_ ? "INT" : "TEXT";
      case Type::f32:
      case Type::f64: return "REAL";
      case Type::time: return time_as_integer_ ? "INT" : "TEXT";
      case Type::duration: return time_as_integer_ ? "INT" : "REAL";
      default: return "TEXT";
    }
  }

  void put(std::size_t at) {
    const auto integer = [&](std::int64_t value) { database_->put(chosen_[at], value); };
    const auto text = [&](std::string_view value) { database_->put(chosen_[at], value); };
    if (!cells_->is_single(at)) return text(cells_->text(at));
    switch (cells_->type(at)) {
      case Type::i8: return integer(cells_->get<std::int8_t>(at));
      case Type::i16: return integer(cells_->get<std::int16_t>(at));
      case Type::i32: return integer(cells_->get<std::int32_t>(at));
      case Type::i64: return integer(cells_->get<std::int64_t>(at));
      case Type::u8: return integer(cells_->get<std::uint8_t>(at));
      case Type::u16: return integer(cells_->get<std::uint16_t>(at));
      case Type::u32: return integer(cells_->get<std::uint32_t>(at));
      case Type::u64: {
        const auto value = static_cast<std::int64_t>(cells_->get<std::uint64_t>(at));
        return value >= 0 ? integer(value) : text(cells_->text(at));
      }
      case Type::h8: return hex_as_integer_ ? integer(cells_->get<std::uint8_t>(at)) : text(cells_->text(at));
      case Type::h16: return hex_as_integer_ ? integer(cells_->get<std::uint16_t>(at)) : text(cells_->text(at));
      case Type::h32: return hex_as_integer_ ? integer(cells_->get<std::uint32_t>(at)) : text(cells_->text(at));
      case Type::h64: return hex_as_integer_ ? integer(cells_->get<std::int64_t>(at)) : text(cells_->text(at));
      case Type::f32: return database_->put(chosen_[at], double{cells_->get<float>(at)});
      case Type::f64: return database_->put(chosen_[at], cells_->get<double>(at));
      case Type::time: {
        if (time_as_integer_) return integer(cells_->get<Time>(at));
        std::string date(cells_->text(at));  // ...+0000: SQLite's functions want a colon in the zone
        if (date.size() > 5 && date[date.size() - 5] == '+') date.insert(date.size() - 2, ":");
        return text(date);
      }
      case Type::duration:
        if (time_as_integer_) return integer(cells_->get<Time>(at));
        return database_->put(chosen_[at], static_cast<double>(cells_->get<Time>(at)) / one_second);
      case Type::text: {
        // as the flow file has it, without its quotes
        const std::string_view quoted = cells_->text(at);
        return text(quoted.substr(1, quoted.size() - 2));
      }
      default: return text(cells_->text(at));
    }
  }

  Host& host_;
  bool hex_as_integer_ = false, time_as_integer_ = false;
  std::optional<text::Cells> cells_;
  static constexpr std::size_t unwanted = SIZE_MAX;
  std::vector<std::size_t> chosen_;  // column of the table, of each cell
  std::optional<Database> database_;
  Time committed_ = 0;
};

}  // namespace

}  // namespace t2::sqlite_sink

T2_PLUGIN = {.name = "sqliteSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as rows of a SQLite table",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_sqliteSink,
             .flags = t2::sqlite_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::sqlite_sink::SqliteSink(host); }};
