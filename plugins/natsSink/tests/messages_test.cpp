// Rows in messages; `scripts/test sinks` asks a server what arrived.
#include <catch2/catch.hpp>

#include "messages.hpp"

namespace t2::test::messages_test {

namespace {

// A batch of rows of flows `first` to `end`, as text `{N}` and a newline.
Batch batch_of(nats_sink::MessageWriter& writer, unsigned first, unsigned end, std::size_t length = 0) {
  Batch batch;
  for (unsigned i = first; i < end; ++i) {
    const RowView row{.direction = 0, .index = i, .end = i, .columns = {}, .own = {}};
    const std::string text = "{" + std::to_string(i) + std::string(length, ' ') + "}\n";
    writer.add(batch.bytes, batch.rows() == 0, row, "row" + std::to_string(i), text);
    batch.ends.push_back(batch.bytes.size());
  }
  return batch;
}
std::string texts(const Batch& batch) {
  std::string all;
  for (const nats_sink::Message& message : nats_sink::messages_of(batch))
    all += message.name.substr(0, message.name.find('-')) + ' ' + std::string(message.text(batch));
  return all;
}

}  // namespace

TEST_CASE("natsSink: rows share messages", "[natsSink]") {
  nats_sink::MessageWriter writer(3);
  CHECK(texts(batch_of(writer, 1, 5)) == "row1+3 {1}\n{2}\n{3}\nrow4 {4}\n");
  // the end of a batch ends a message; the next one is complete where it would have been without
  CHECK(texts(batch_of(writer, 5, 9)) == "row5+2 {5}\n{6}\nrow7+2 {7}\n{8}\n");
}

TEST_CASE("natsSink: a message has the name of its only row", "[natsSink]") {
  nats_sink::MessageWriter writer(1);
  const Batch batch = batch_of(writer, 1, 3);
  CHECK(nats_sink::messages_of(batch)[0].name == "row1");
  CHECK(nats_sink::messages_of(batch)[1].name == "row2");
}

TEST_CASE("natsSink: a message ends when it is long", "[natsSink]") {
  nats_sink::MessageWriter writer(1000);
  const Batch batch = batch_of(writer, 0, 30, 100'000);
  const auto messages = nats_sink::messages_of(batch);
  CHECK(messages.size() == 15);
  for (const auto& message : messages) CHECK(message.rows == 2);
}

TEST_CASE("natsSink: a message that is too long can be parted into its rows", "[natsSink]") {
  nats_sink::MessageWriter writer(3);
  const Batch batch = batch_of(writer, 1, 4);
  const nats_sink::Message message = nats_sink::messages_of(batch).at(0);
  std::string all;
  for (const nats_sink::Message& part : nats_sink::parts_of(message)) {
    CHECK(part.name.starts_with(message.name + '/'));
    all += part.name.substr(message.name.size()) + ' ' + std::string(part.text(batch));
  }
  CHECK(all == "/0 {1}\n/1 {2}\n/2 {3}\n");
}

}  // namespace t2::test::messages_test
