// clickhouseSink: flows as rows of a ClickHouse table, over HTTP.
//
// The output thread encodes rows, a thread of its own (t2/delivery.hpp) inserts them, a block for each batch.
#include "clickhouseSink.h"

#include <optional>
#include <string>

#include "block_encoder.hpp"
#include "store.hpp"
#include "t2/chosen_columns.hpp"
#include "t2/delivery.hpp"
#include "t2/plugin.hpp"

namespace t2::clickhouse_sink {

namespace {

constexpr Flag flags[] = {T2_RUNTIME_FLAG(CLICKHOUSE_HOST),
                          T2_RUNTIME_FLAG(CLICKHOUSE_DBPORT),
                          T2_RUNTIME_FLAG(CLICKHOUSE_TLS),
                          T2_RUNTIME_FLAG(CLICKHOUSE_TLS_CA),
                          T2_RUNTIME_FLAG(CLICKHOUSE_USER),
                          T2_RUNTIME_FLAG(CLICKHOUSE_PASSWORD),
                          T2_RUNTIME_FLAG(CLICKHOUSE_DBNAME),
                          T2_RUNTIME_FLAG(CLICKHOUSE_TABLE_NAME),
                          T2_RUNTIME_FLAG(CLICKHOUSE_OVERWRITE_TABLE),
                          T2_RUNTIME_FLAG(CLICKHOUSE_TRANSACTION_NFLOWS),
                          T2_RUNTIME_FLAG(CLICKHOUSE_TIMEOUT),
                          T2_RUNTIME_FLAG(CLICKHOUSE_MEMORY),
                          T2_RUNTIME_FLAG(CLICKHOUSE_SELECT),
                          T2_RUNTIME_FLAG(CLICKHOUSE_SELECT_FILE)};

class ClickhouseSink final : public BatchSink<Store> {
 public:
  using BatchSink::BatchSink;

  void open(const Output& output) override {
    Settings settings{.host = host_.text("CLICKHOUSE_HOST"),
                      .user = host_.text("CLICKHOUSE_USER"),
                      .password = host_.text("CLICKHOUSE_PASSWORD"),
                      .database = host_.text("CLICKHOUSE_DBNAME"),
                      .ca = host_.text("CLICKHOUSE_TLS_CA"),
                      .port = static_cast<unsigned>(host_.integer("CLICKHOUSE_DBPORT")),
                      .tls = host_.integer("CLICKHOUSE_TLS") == 1,
                      .timeout = host_.integer("CLICKHOUSE_TIMEOUT") * one_second,
                      .must_stop = [this] { return must_stop(); }};
    const Batches::Limits limits{.rows = static_cast<std::size_t>(host_.integer("CLICKHOUSE_TRANSACTION_NFLOWS")),
                                 .memory = static_cast<std::size_t>(host_.integer("CLICKHOUSE_MEMORY")) * 1'000'000,
                                 .timeout = settings.timeout,
                                 .live = output.split.live};
    const std::string server = "ClickHouse at " + settings.address();
    store_.emplace(std::move(settings), host_.text("CLICKHOUSE_TABLE_NAME"),
                   static_cast<Existing>(host_.integer("CLICKHOUSE_OVERWRITE_TABLE")));
    encoder_.emplace(output.columns, chosen_positions(host_, "clickhouseSink", "CLICKHOUSE", output.columns),
                     store_->types());
    store_->check(encoder_->columns());
    start(server, limits);
  }

  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      encoder_->put(batches_->begin_row(), row);
      batches_->end_row();
    }
  }

 private:
  std::optional<BlockEncoder> encoder_;
};

}  // namespace

}  // namespace t2::clickhouse_sink

T2_PLUGIN = {.name = "clickhouseSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "flows as rows of a ClickHouse table",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_clickhouseSink,
             .flags = t2::clickhouse_sink::flags,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::clickhouse_sink::ClickhouseSink(host); }};
