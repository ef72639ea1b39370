// Batches on their way to a server: whatever it answers, rows that it acknowledged and rows that are counted as lost
// are all rows.
#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "t2/delivery.hpp"
#include "t2/row_key.hpp"

namespace t2::test::delivery_test {

namespace {

using Catch::Contains;

struct FakeHost final : Host {
  std::atomic<bool> ending = false;
  std::mutex mutex;
  std::string log;
  std::int64_t integer(std::string_view) const override { return 0; }
  std::string text(std::string_view) const override { return ""; }
  unsigned sensor_id() const override { return 7; }
  std::span<const Column> columns() const override { return {}; }
  std::string_view headers(std::uint32_t) const override { return ""; }
  Time run_start() const override { return 12; }
  Input input() const override { return {}; }
  std::uint32_t sampling() const override { return 1; }
  std::size_t interfaces() const override { return 0; }
  CaptureInterface interface(std::size_t) const override { return {}; }
  bool must_end() const override { return ending; }
  std::unique_ptr<OutputFile> create_file(const NewFile&) override { return nullptr; }
  std::string data_file(std::string_view) const override { return ""; }
  void info(std::string_view line) override { note("info: ", line); }
  void warn(std::string_view line) override { note("warn: ", line); }
  void* flow_alloc(const Flow&, std::size_t) override { return nullptr; }
  void flow_free(const Flow&, void*) override {}
  void note(const char* kind, std::string_view line) {
    const std::lock_guard lock(mutex);
    log += kind + std::string(line) + "\n";
  }

 private:
  std::ptrdiff_t state_offset(std::size_t, std::size_t, const void*, std::size_t, Flows) override { return 0; }
  std::ptrdiff_t peek_offset(std::string_view, std::size_t, Flows) override { return 0; }
};

struct Lines final : Report {
  std::string text;
  Run totals;
  void line(std::string_view more) override { text += std::string(more) + "\n"; }
  std::string number(std::uint64_t n, std::string_view) const override { return std::to_string(n); }
  const Run& run() const override { return totals; }
};

using Outcome = BatchResult::Outcome;

// Sends rows "0", "1" ... and gives back what was taken, in its order, and the report.
struct Sent {
  std::string taken, report;
  std::uint64_t lost = 0;
};
Sent send(FakeHost& host, unsigned rows, std::size_t together, std::function<BatchResult(const Batch&)> answer,
          Time timeout = one_second / 10, std::size_t memory = 1'000'000) {
  Sent out;
  Batches batches(host, "the server", {.rows = together, .memory = memory, .timeout = timeout},
                  [&](const Batch& batch) {
                    BatchResult result = answer(batch);
                    for (std::size_t i = 0; result.outcome == Outcome::delivered && i < batch.rows(); ++i)
                      out.taken += std::string(batch.row(i)) + " ";
                    return result;
                  });
  batches.start();
  for (unsigned i = 0; i < rows; ++i) {
    batches.begin_row() += std::to_string(i);
    batches.end_row();
  }
  batches.finish();
  Lines lines;
  batches.report(lines);
  out.report = lines.text;
  out.lost = batches.lost();
  return out;
}

}  // namespace

TEST_CASE("delivery: rows arrive in their order, in batches") {
  FakeHost host;
  unsigned calls = 0;
  const Sent sent = send(host, 7, 3, [&](const Batch& batch) {
    CHECK(batch.rows() == (++calls < 3 ? 3 : 1));
    return BatchResult{};
  });
  CHECK(sent.taken == "0 1 2 3 4 5 6 ");
  CHECK(sent.report == "Number of rows acknowledged: 7\n");
  CHECK(sent.lost == 0);
  CHECK(host.log.empty());
}

TEST_CASE("delivery: a server that is away is told once and tried again") {
  FakeHost host;
  unsigned calls = 0;
  const Sent sent = send(
      host, 4, 2,
      [&](const Batch&) {
        return ++calls < 3 ? BatchResult{.outcome = Outcome::again, .why = "no route"} : BatchResult{};
      },
      2 * one_second);
  CHECK(sent.taken == "0 1 2 3 ");
  CHECK(sent.report == "Number of rows acknowledged: 4\nNumber of attempts that failed and were repeated: 2\n");
  CHECK(host.log == "warn: the server takes no rows: no route; they wait for it\ninfo: the server takes rows again\n");
}

TEST_CASE("delivery: what is refused is lost, and the rest goes on") {
  FakeHost host;
  const Sent sent = send(host, 6, 2, [&](const Batch& batch) {
    return batch.row(0) == "2" ? BatchResult{.outcome = Outcome::refused, .why = "other columns"} : BatchResult{};
  });
  CHECK(sent.taken == "0 1 4 5 ");
  CHECK(sent.report == "Number of rows acknowledged: 4\nNumber of rows lost: 2\n");
  CHECK(sent.lost == 2);
  CHECK_THAT(host.log, Contains("the server does not take them: other columns") && Contains("2 rows were lost"));
}

TEST_CASE("delivery: single rows that do not fit are lost") {
  FakeHost host;
  const Sent sent = send(host, 6, 3, [](const Batch& batch) {
    return batch.row(0) == "0" ? BatchResult{.outcome = Outcome::delivered, .why = "too long", .lost = 1}
                               : BatchResult{};
  });
  CHECK(sent.report == "Number of rows acknowledged: 5\nNumber of rows lost: 1\n");
  CHECK_THAT(host.log, Contains("too long"));
}

TEST_CASE("delivery: a server that stays away costs the rows, but for those that it has") {
  FakeHost host;
  const Sent sent = send(host, 9, 3, [](const Batch& batch) {
    if (batch.row(0) == "0") return BatchResult{};
    return BatchResult{.outcome = Outcome::again, .why = "gone", .stored = 2};
  });
  CHECK(sent.taken == "0 1 2 ");
  CHECK(sent.lost == 4);
  CHECK_THAT(sent.report, Contains("acknowledged: 5\n") && Contains("lost: 4\n"));
}

TEST_CASE("delivery: memory that is full makes rows wait, then costs them, and is bounded") {
  FakeHost host;
  std::atomic<bool> back = false;
  std::uint64_t waiting = 0;
  {
    Batches batches(
        host, "the server", {.rows = 10, .memory = 100'000, .timeout = 2 * one_second / 5},
        [&](const Batch&) { return back ? BatchResult{} : BatchResult{.outcome = Outcome::again, .why = "away"}; });
    batches.start();
    for (unsigned i = 0; i < 1000; ++i) {
      batches.begin_row() += std::string(1000, 'x');
      batches.end_row();
    }
    waiting = 1000 - batches.lost();
    CHECK(waiting * 1000 <= batches.max_memory());
    CHECK(waiting > 20);
    CHECK_THAT(host.log, Contains("memory for rows that wait is full"));
    back = true;
    batches.finish();
    CHECK(batches.lost() == 1000 - waiting);
  }
}

TEST_CASE("delivery: the end of the run is not waited for") {
  FakeHost host;
  std::atomic<unsigned> calls = 0;
  const Time began = steady_clock();
  std::thread ender([&] {
    while (calls == 0) std::this_thread::yield();
    host.ending = true;
  });
  const Sent sent = send(
      host, 100, 1, [&](const Batch&) { return ++calls, BatchResult{.outcome = Outcome::again, .why = "away"}; },
      100 * one_second);
  ender.join();
  CHECK(sent.lost == 100);
  CHECK(steady_clock() - began < 10 * one_second);
}

TEST_CASE("delivery: rows are sent on when time has passed, without being many") {
  FakeHost host;
  std::atomic<unsigned> rows = 0;
  Batches batches(host, "the server", {.rows = 100, .memory = 1'000'000, .timeout = one_second},
                  [&](const Batch& batch) { return rows += static_cast<unsigned>(batch.rows()), BatchResult{}; });
  batches.start();
  batches.tick(5 * one_second);
  batches.begin_row() += "x";
  batches.end_row();
  batches.tick(5 * one_second + 1);  // not yet
  CHECK(rows == 0);
  batches.tick(6 * one_second);
  for (const Time began = steady_clock(); rows == 0 && steady_clock() - began < 10 * one_second;)
    std::this_thread::yield();
  CHECK(rows == 1);
  batches.finish();
}

TEST_CASE("delivery: input that can wait does not run ahead of a server that works, and memory is used again") {
  FakeHost host;
  std::atomic<unsigned> delivered = 0;
  std::set<const char*> places;
  Batches batches(host, "the server", {.memory = 1'000'000, .timeout = 20 * one_second, .live = false},
                  [&](const Batch& batch) {
                    places.insert(batch.bytes.data());
                    sleep_for(one_second / 500);
                    delivered += static_cast<unsigned>(batch.rows());
                    return BatchResult{};
                  });
  batches.start();
  unsigned ahead = 0;
  for (unsigned i = 0; i < 5000; ++i) {
    batches.begin_row() += std::string(1000, 'x');
    batches.end_row();
    ahead = std::max(ahead, i + 1 - delivered);
  }
  batches.finish();
  CHECK(delivered == 5000);
  CHECK(ahead <= 3 * 250);  // two batches that wait, and one that is filled
  CHECK(places.size() <= 6);
}

TEST_CASE("delivery: input that can wait fills the memory where the server does not move") {
  FakeHost host;
  std::atomic<bool> back = false;
  Batches batches(host, "the server", {.rows = 10, .memory = 1'000'000, .timeout = 20 * one_second, .live = false},
                  [&](const Batch&) {
                    while (!back) sleep_for(one_second / 500);
                    return BatchResult{};
                  });
  batches.start();
  const Time began = steady_clock();
  for (unsigned i = 0; i < 200; ++i) {
    batches.begin_row() += std::string(100, 'x');
    batches.end_row();
  }
  CHECK(steady_clock() - began < 5 * one_second);
  back = true;
  batches.finish();
  CHECK(batches.lost() == 0);
}

TEST_CASE("delivery: a row has a name that tells it from all others") {
  FakeHost host;
  const RowView row{.direction = 1, .index = 42, .end = 99, .columns = {}, .own = {}};
  RowKey key(host);
  key.name(row);
  CHECK(key.conversation() == "7-12-42");
  CHECK(key.row() == "7-12-42-B-99");
  key.name({.direction = 0, .index = 7, .end = 5, .columns = {}, .own = {}});
  CHECK(key.row() == "7-12-7-A-5");
}

TEST_CASE("delivery: rows that share a message have a name that tells them from other rows") {
  const auto name = [](std::vector<RowView> rows) {
    RowsSum sum;
    for (const RowView& row : rows) sum.add(row);
    return sum.name("first");
  };
  const RowView a{.direction = 0, .index = 7, .end = 5, .columns = {}, .own = {}};
  const RowView b{.direction = 1, .index = 7, .end = 5, .columns = {}, .own = {}};
  const RowView late{.direction = 1, .index = 7, .end = 6, .columns = {}, .own = {}};
  CHECK(name({a}) == "first");
  CHECK_THAT(name({a, b}), Catch::StartsWith("first+2-"));
  CHECK(name({a, b}) == name({a, b}));
  CHECK(name({a, b}) != name({b, a}));
  CHECK(name({a, b}) != name({a, late}));
  CHECK(name({a, b}) != name({a, b, b}));
}

}  // namespace t2::test::delivery_test
