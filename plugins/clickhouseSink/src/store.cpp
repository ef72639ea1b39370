// The table is made from the columns of the rows or compared with them, at the start and after each error that does not
// pass by itself.
#include "store.hpp"

#include <algorithm>
#include <utility>

#include "t2/error.hpp"

namespace t2::clickhouse_sink {

namespace {

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' || c == '\\' ? "\\" : "").append(1, c);
  return out + "'";
}

// Names and types in TabSeparated: in texts, a backslash stands before quotes and backslashes.
std::vector<sql::TableColumn> columns_of(const std::string& text) {
  std::vector<sql::TableColumn> columns;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size()), tab = text.find('\t', at);
    const auto plain = [&](std::size_t from, std::size_t to) {
      std::string out;
      for (; from < to; ++from)
        if (text[from] != '\\' || ++from < to) out += text[from];
      return out;
    };
    if (tab < end) columns.push_back({plain(at, tab), plain(tab + 1, end)});
    at = end + 1;
  }
  return columns;
}

}  // namespace

Store::Store(Settings settings, std::string name, Existing existing)
    : http_(std::move(settings)), name_(std::move(name)), existing_(existing) {}

void Store::refuse(const std::string& why) const {
  throw Error("clickhouseSink: cannot use the database '" + http_.settings().database + "' at " +
              http_.settings().address() + ": " + why);
}

ServerTypes Store::types() {
  const Reply reply = http_.send(
      "SELECT name FROM system.data_type_families WHERE name IN ('DateTime64', 'IPv4', 'IPv6') FORMAT TabSeparated");
  if (!reply.good) refuse(reply.text);
  const auto has = [&](const char* name) {
    return ("\n" + reply.text).find("\n" + std::string(name) + "\n") != std::string::npos;
  };
  return {.date_time_64 = has("DateTime64"), .addresses = has("IPv4") && has("IPv6")};
}

// With the columns of the plugin sensor rows have a key, and what was inserted twice becomes one row.
std::string Store::engine() const {
  const auto has = [&](const char* name) {
    return std::any_of(columns_.begin(), columns_.end(), [&](const auto& column) { return column.name == name; });
  };
  std::string key;
  for (const char* name : {"sensor", "runStart", "flowInd", "dir", "timeFirst"})
    if (has(name)) key += (key.empty() ? "" : ", ") + sql::identifier(name);
  const bool is_complete = std::count(key.begin(), key.end(), ',') == 4;
  return std::string(is_complete ? "ReplacingMergeTree" : "MergeTree") + "() ORDER BY " +
         (key.empty() ? "tuple()" : "(" + key + ")");
}

Reply Store::make() {
  const std::string place = sql::identifier(name_);
  Reply reply = http_.send("SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = " +
                           literal(name_) + " FORMAT TabSeparated");
  if (!reply.good) return reply;
  std::vector<sql::TableColumn> found = columns_of(reply.text);
  if (!found.empty() && existing_ == Existing::refuse) {
    reply.good = false;
    reply.code = 57;  // TABLE_ALREADY_EXISTS
    reply.text = "the table '" + name_ + "' exists: name another, or set CLICKHOUSE_OVERWRITE_TABLE to 1 or 2";
    return reply;
  }
  if (!found.empty() && existing_ == Existing::replace) {
    reply = http_.send("DROP TABLE " + place);
    if (!reply.good) return reply;
    found.clear();
  }
  if (found.empty()) {
    reply = http_.send("CREATE TABLE " + place + " (" + sql::definitions(columns_) + ") ENGINE = " + engine());
  } else if (const std::string other = sql::difference(found, columns_); !other.empty()) {
    reply.good = false;
    reply.code = 122;  // INCOMPATIBLE_COLUMNS
    reply.text = "the table '" + name_ + "' does not fit the rows: " + other +
                 ": name another table, or set CLICKHOUSE_OVERWRITE_TABLE to 1";
  }
  if (reply.good) existing_ = Existing::use;
  return reply;
}

void Store::check(std::vector<sql::TableColumn> columns) {
  columns_ = std::move(columns);
  insert_statement_ = "INSERT INTO " + sql::identifier(name_) + " (" + sql::names(columns_) + ") FORMAT RowBinary";
  const Reply reply = make();
  if (!reply.good) refuse(reply.text);
  made_ = true;
}

BatchResult Store::store(const Batch& batch) {
  Reply reply;
  reply.good = made_;
  if (!made_) made_ = (reply = make()).good;
  if (reply.good) reply = http_.send(insert_statement_, batch.bytes);
  if (reply.good) {
    checked_again_ = false;
    return {};
  }
  made_ = false;  // the table was altered or dropped, perhaps: it is looked at again before the rows are given up
  if (reply.is_passing()) return {.outcome = BatchResult::Outcome::again, .why = reply.text};
  checked_again_ = !checked_again_;
  return {.outcome = checked_again_ ? BatchResult::Outcome::again : BatchResult::Outcome::refused, .why = reply.text};
}

}  // namespace t2::clickhouse_sink
