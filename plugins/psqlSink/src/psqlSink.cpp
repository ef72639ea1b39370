// psqlSink: flows as rows of a table in a PostgreSQL database.
//
// The output thread encodes rows, a thread of its own (t2/delivery.hpp) stores them, a transaction for each batch.
#include "psqlSink.h"

#include <optional>
#include <string>

#include "encoder.hpp"
#include "t2/chosen_columns.hpp"
#include "t2/delivery.hpp"
#include "t2/plugin.hpp"
#include "table.hpp"

namespace t2::psql_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(PSQL_HOST),
                          T2_RUNTIME_FLAG(PSQL_PORT),
                          T2_RUNTIME_FLAG(PSQL_USER),
                          T2_RUNTIME_FLAG(PSQL_PASS),
                          T2_RUNTIME_FLAG(PSQL_SSLMODE),
                          T2_RUNTIME_FLAG(PSQL_DBNAME),
                          T2_RUNTIME_FLAG(PSQL_TABLE_NAME),
                          T2_RUNTIME_FLAG(PSQL_OVERWRITE_TABLE),
                          T2_RUNTIME_FLAG(PSQL_TRANSACTION_NFLOWS),
                          T2_RUNTIME_FLAG(PSQL_TIME_AS_INT),
                          T2_RUNTIME_FLAG(PSQL_TIMEOUT),
                          T2_RUNTIME_FLAG(PSQL_MEMORY),
                          T2_RUNTIME_FLAG(PSQL_SELECT),
                          T2_RUNTIME_FLAG(PSQL_SELECT_FILE)};

class PsqlSink final : public BatchSink<Table> {
 public:
  using BatchSink::BatchSink;

  void open(const Output& output) override {
    encoder_.emplace(output.columns, chosen_positions(host_, "psqlSink", "PSQL", output.columns),
                     host_.integer("PSQL_TIME_AS_INT") == 1);
    Settings settings{.host = host_.text("PSQL_HOST"),
                      .port = std::to_string(host_.integer("PSQL_PORT")),
                      .user = host_.text("PSQL_USER"),
                      .password = host_.text("PSQL_PASS"),
                      .database = host_.text("PSQL_DBNAME"),
                      .sslmode = host_.text("PSQL_SSLMODE"),
                      .timeout = host_.integer("PSQL_TIMEOUT") * one_second,
                      .must_stop = [this] { return must_stop(); }};
    const Batches::Limits limits{.rows = static_cast<std::size_t>(host_.integer("PSQL_TRANSACTION_NFLOWS")),
                                 .memory = static_cast<std::size_t>(host_.integer("PSQL_MEMORY")) * 1'000'000,
                                 .timeout = settings.timeout,
                                 .live = output.split.live};
    const std::string server = settings.name();
    store_.emplace(std::move(settings), host_.text("PSQL_TABLE_NAME"), encoder_->columns(),
                   static_cast<Existing>(host_.integer("PSQL_OVERWRITE_TABLE")));
    store_->check();
    start(server, limits);
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      std::string& bytes = batches_->begin_row();
      if (bytes.empty()) bytes = Encoder::head;
      encoder_->put(bytes, row);
      batches_->end_row();
    }
  }
  void close() override {
    BatchSink::close();
    store_->finish();
  }

 private:
  std::optional<Encoder> encoder_;
};

}  // namespace

}  // namespace t2::psql_sink

T2_PLUGIN = {.name = "psqlSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as rows of a PostgreSQL table",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_psqlSink,
             .flags = t2::psql_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::psql_sink::PsqlSink(host); }};
