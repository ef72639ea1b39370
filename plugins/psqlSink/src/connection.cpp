// libpq without its blocking calls: it is asked what it waits for, and poll() does the waiting.
#include "connection.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <libpq-fe.h>

#include "t2/clock.hpp"
#include "t2/library.hpp"

namespace t2::psql_sink {

namespace {

struct Libpq {
  Library library{LIBPQ_SONAME, "libpq5"};
  T2_IMPORT(PQconnectStartParams);
  T2_IMPORT(PQconnectPoll);
  T2_IMPORT(PQpingParams);
  T2_IMPORT(PQstatus);
  T2_IMPORT(PQsocket);
  T2_IMPORT(PQfinish);
  T2_IMPORT(PQerrorMessage);
  T2_IMPORT(PQsetnonblocking);
  T2_IMPORT(PQsetNoticeProcessor);
  T2_IMPORT(PQflush);
  T2_IMPORT(PQconsumeInput);
  T2_IMPORT(PQisBusy);
  T2_IMPORT(PQsendQuery);
  T2_IMPORT(PQgetResult);
  T2_IMPORT(PQresultStatus);
  T2_IMPORT(PQresultErrorField);
  T2_IMPORT(PQclear);
  T2_IMPORT(PQntuples);
  T2_IMPORT(PQnfields);
  T2_IMPORT(PQgetvalue);
  T2_IMPORT(PQputCopyData);
  T2_IMPORT(PQputCopyEnd);
};
const Libpq& pq() {
  static const Libpq loaded;
  return loaded;
}

constexpr int step = 20;                  // ms, of a wait
constexpr std::size_t piece = 256 << 10;  // bytes that are handed to libpq at once

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

struct Parameters {
  explicit Parameters(const Settings& s, const char* connect_timeout = nullptr) {
    const auto add = [&](const char* key, const char* value) { keys.push_back(key), values.push_back(value); };
    add("host", s.host.c_str());
    add("port", s.port.c_str());
    add("user", s.user.c_str());
    if (!s.password.empty()) add("password", s.password.c_str());
    add("dbname", s.database.c_str());
    add("sslmode", s.sslmode.c_str());
    add("client_encoding", "UTF8");
    add("application_name", "t2");
    if (connect_timeout) add("connect_timeout", connect_timeout);
    add(nullptr, nullptr);
  }
  std::vector<const char*> keys, values;
};

}  // namespace

bool Answer::is_passing() const {
  if (state.empty()) return true;
  if (state == "08P01") return false;                          // said of rows of another form
  for (const char* of : {"08", "40", "53", "55", "57", "58"})  // connection, rollback, resources, locks, shutdown, I/O
    if (state.starts_with(of)) return true;
  return state == "25006";  // a standby server, which is read-only
}

Connection::Connection(Settings settings) : settings_(std::move(settings)) { pq(); }
Connection::~Connection() { close(); }

void Connection::close() {
  if (connection_) pq().PQfinish(std::exchange(connection_, nullptr));
}

Answer Connection::gone(const std::string& why) {
  Answer answer{.good = false, .state = {}, .why = why, .rows = {}};
  if (answer.why.empty()) answer.why = one_line(pq().PQerrorMessage(connection_));
  if (answer.why.empty()) answer.why = "it did not answer in time";
  close();
  return answer;
}

bool Connection::wait(short events) {
  const Time last = steady_clock();
  while (!settings_.must_stop() && steady_clock() - last < settings_.timeout) {
    pollfd ready{pq().PQsocket(connection_), events, 0};
    if (::poll(&ready, 1, step) > 0) return true;
  }
  return false;
}

Answer Connection::open() {
  close();
  const Parameters parameters(settings_);
  connection_ = pq().PQconnectStartParams(parameters.keys.data(), parameters.values.data(), 0);
  if (!connection_) return {.good = false, .state = {}, .why = "no memory", .rows = {}};
  pq().PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  for (auto next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK; next = pq().PQconnectPoll(connection_)) {
    if (next == PGRES_POLLING_FAILED || pq().PQstatus(connection_) == CONNECTION_BAD) return gone();
    if (!wait(next == PGRES_POLLING_READING ? POLLIN : POLLOUT)) return gone("it did not answer in time");
  }
  if (pq().PQsetnonblocking(connection_, 1) != 0) return gone();
  return {.good = true, .state = {}, .why = {}, .rows = {}};
}

bool Connection::is_server_up() const {
  const Parameters parameters(settings_, "2");
  return pq().PQpingParams(parameters.keys.data(), parameters.values.data(), 0) == PQPING_OK;
}

// What was queued goes out. The server may have to say something before it reads on.
bool Connection::flush() {
  int left;
  while ((left = pq().PQflush(connection_)) > 0) {
    if (!wait(POLLIN | POLLOUT) || !pq().PQconsumeInput(connection_)) return false;
  }
  return left == 0;
}

pg_result* Connection::next_result() {
  while (pq().PQisBusy(connection_)) {
    if (!wait(POLLIN) || !pq().PQconsumeInput(connection_)) return nullptr;
  }
  return pq().PQgetResult(connection_);
}

// Reads results until there are none left, or until rows are asked for. The first error counts.
Answer Connection::collect(Answer answer) {
  for (;;) {
    pg_result* const result = next_result();
    if (!result) {
      if (pq().PQisBusy(connection_) || pq().PQstatus(connection_) == CONNECTION_BAD) {
        const Answer lost = gone();
        return answer.good ? lost : answer;
      }
      return answer;
    }
    const ExecStatusType status = pq().PQresultStatus(result);
    const auto field = [&](int code) {
      const char* text = pq().PQresultErrorField(result, code);
      return std::string(text ? text : "");
    };
    if (status == PGRES_TUPLES_OK) {
      answer.rows.assign(static_cast<std::size_t>(pq().PQntuples(result)), {});
      for (int row = 0; row < pq().PQntuples(result); ++row)
        for (int column = 0; column < pq().PQnfields(result); ++column)
          answer.rows[static_cast<std::size_t>(row)].emplace_back(pq().PQgetvalue(result, row, column));
    } else if (status == PGRES_FATAL_ERROR && answer.good) {
      answer.good = false;
      answer.state = field(PG_DIAG_SQLSTATE);
      answer.why = one_line(field(PG_DIAG_MESSAGE_PRIMARY));
      if (answer.why.empty()) answer.why = one_line(pq().PQerrorMessage(connection_));
    }
    pq().PQclear(result);
    if (status == PGRES_COPY_IN) return answer;
  }
}

Answer Connection::execute(const std::string& statements) {
  if (!pq().PQsendQuery(connection_, statements.c_str()) || !flush()) return gone();
  return collect();
}

Answer Connection::copy(const std::string& statement, std::string_view bytes) {
  Answer answer = execute(statement);
  if (!answer.good) return answer;
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    const int queued = pq().PQputCopyData(connection_, next.data(), static_cast<int>(next.size()));
    if (queued < 0) break;  // the server has ended it: it says why
    if (!flush()) return gone();
    if (queued > 0) bytes.remove_prefix(next.size());
  }
  while (pq().PQputCopyEnd(connection_, nullptr) == 0)
    if (!flush()) return gone();
  if (!flush()) return gone();
  return collect();
}

}  // namespace t2::psql_sink
