// Each attempt has a connection that has shown no fault so far: after one, acknowledgements of the attempt before
// could be taken for those of the next.
#include "jetstream.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <nats/nats.h>

#include "t2/library.hpp"

namespace t2::nats_sink {

namespace {

struct Libnats {
  Library library{LIBNATS_SONAME, "libnats-dev"};
  T2_IMPORT(nats_Open);
  T2_IMPORT(natsOptions_Create);
  T2_IMPORT(natsOptions_Destroy);
  T2_IMPORT(natsOptions_SetURL);
  T2_IMPORT(natsOptions_SetServers);
  T2_IMPORT(natsOptions_SetName);
  T2_IMPORT(natsOptions_SetTimeout);
  T2_IMPORT(natsOptions_SetAllowReconnect);
  T2_IMPORT(natsOptions_SetWriteDeadline);
  T2_IMPORT(natsOptions_SetUserCredentialsFromFiles);
  T2_IMPORT(natsOptions_SetSecure);
  T2_IMPORT(natsOptions_LoadCATrustedCertificates);
  T2_IMPORT(natsConnection_Connect);
  T2_IMPORT(natsConnection_Close);
  T2_IMPORT(natsConnection_Destroy);
  T2_IMPORT(natsConnection_IsClosed);
  T2_IMPORT(natsConnection_JetStream);
  T2_IMPORT(natsConnection_PublishMsg);
  T2_IMPORT(natsConnection_SubscribeSync);
  T2_IMPORT(natsSubscription_NextMsg);
  T2_IMPORT(natsSubscription_Destroy);
  T2_IMPORT(natsInbox_Create);
  T2_IMPORT(natsInbox_Destroy);
  T2_IMPORT(natsStatus_GetText);
  T2_IMPORT(nats_GetLastError);
  T2_IMPORT(natsMsg_Create);
  T2_IMPORT(natsMsg_Destroy);
  T2_IMPORT(natsMsg_GetSubject);
  T2_IMPORT(natsMsg_GetData);
  T2_IMPORT(natsMsg_GetDataLength);
  T2_IMPORT(natsMsgHeader_Set);
  T2_IMPORT(jsOptions_Init);
  T2_IMPORT(jsStreamConfig_Init);
  T2_IMPORT(jsStreamInfo_Destroy);
  T2_IMPORT(jsCtx_Destroy);
  T2_IMPORT(js_AddStream);
  T2_IMPORT(js_GetStreamInfo);

  // By default its threads spin for a lock before they sleep, also while another one is in a system call.
  Libnats() { nats_Open(0); }
};
const Libnats& nats() {
  static const Libnats loaded;
  return loaded;
}

constexpr Time step = one_second / 500;  // of a wait for acknowledgements
constexpr std::int64_t duplicates = 600 * one_second;

std::string text_of(natsStatus status) {
  const char* more = nats().nats_GetLastError(nullptr);
  std::string text = nats().natsStatus_GetText(status);
  if (more && *more) text += std::string(": ") + more;
  return text;
}

struct Options {
  Options() { nats().natsOptions_Create(&options); }
  ~Options() { nats().natsOptions_Destroy(options); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  natsOptions* options = nullptr;
};

}  // namespace

Stream::Stream(Settings settings) : settings_(std::move(settings)) {
  nats();
  if (settings_.subject.find_first_of(" \t*>") != std::string::npos || settings_.subject.empty())
    throw Error("natsSink: '" + settings_.subject + "' is no subject for messages: correct NATS_SUBJECT");
  if (settings_.stream.find_first_of(" \t.*>/\\") != std::string::npos || settings_.stream.empty())
    throw Error("natsSink: '" + settings_.stream + "' is no name of a stream: correct NATS_STREAM");
}
Stream::~Stream() { close(); }

// The reader's thread ends first: it must not deliver to what is destroyed.
void Stream::close() {
  if (connection_) nats().natsConnection_Close(connection_);
  nats().natsMsg_Destroy(std::exchange(sent_, nullptr));
  if (answers_) nats().natsSubscription_Destroy(std::exchange(answers_, nullptr));
  if (jetstream_) nats().jsCtx_Destroy(std::exchange(jetstream_, nullptr));
  if (connection_) nats().natsConnection_Destroy(std::exchange(connection_, nullptr));
}

BatchResult Stream::again(std::string why) {
  close();
  std::uint64_t stored = 0;
  for (const Message& message : messages_)
    if (message.stored) stored += message.rows;
  return {.outcome = BatchResult::Outcome::again, .why = std::move(why), .stored = stored};
}

bool Stream::connect(std::string& why) {
  const Options made;
  natsOptions* const options = made.options;
  std::vector<std::string> servers;
  for (std::string_view rest = settings_.url; !rest.empty();) {
    servers.emplace_back(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), servers.back().size() + 1));
  }
  std::vector<const char*> urls;
  urls.reserve(servers.size());
  for (const std::string& server : servers) urls.push_back(server.c_str());
  const std::int64_t timeout = settings_.timeout / 1'000'000;
  natsStatus status = nats().natsOptions_SetServers(options, urls.data(), static_cast<int>(urls.size()));
  if (status == NATS_OK) status = nats().natsOptions_SetName(options, "t2");
  if (status == NATS_OK) status = nats().natsOptions_SetTimeout(options, std::min<std::int64_t>(timeout, 2000));
  if (status == NATS_OK) status = nats().natsOptions_SetWriteDeadline(options, timeout);
  if (status == NATS_OK) status = nats().natsOptions_SetAllowReconnect(options, false);
  if (status == NATS_OK && !settings_.credentials.empty())
    status = nats().natsOptions_SetUserCredentialsFromFiles(options, settings_.credentials.c_str(), nullptr);
  if (status == NATS_OK && !settings_.ca.empty()) {
    status = nats().natsOptions_SetSecure(options, true);
    if (status == NATS_OK) status = nats().natsOptions_LoadCATrustedCertificates(options, settings_.ca.c_str());
  }
  if (status == NATS_OK) status = nats().natsConnection_Connect(&connection_, options);
  if (status == NATS_OK) {
    jsOptions js;
    nats().jsOptions_Init(&js);
    js.Wait = std::min<std::int64_t>(timeout, 2000);
    status = nats().natsConnection_JetStream(&jetstream_, connection_, &js);
  }
  if (status == NATS_OK) status = static_cast<natsStatus>(subscribe());
  if (status == NATS_OK) return make_stream(why);
  why = text_of(status);
  return false;
}

// Answers come to INBOX.ROW. With libnats's own way to publish (js_PublishMsgAsync) each would be parsed into an
// object, be looked up and go through two threads.
int Stream::subscribe() {
  natsInbox* inbox = nullptr;
  natsStatus status = nats().natsInbox_Create(&inbox);
  if (status != NATS_OK) return status;
  reply_ = std::string(inbox) + '.';
  nats().natsInbox_Destroy(inbox);
  inbox_size_ = reply_.size();
  return nats().natsConnection_SubscribeSync(&answers_, connection_, (reply_ + '*').c_str());
}

bool Stream::make_stream(std::string& why) {
  jsStreamInfo* info = nullptr;
  jsErrCode code{};
  natsStatus status = nats().js_GetStreamInfo(&info, jetstream_, settings_.stream.c_str(), nullptr, &code);
  if (status == NATS_NOT_FOUND) {
    jsStreamConfig config;
    nats().jsStreamConfig_Init(&config);
    const char* subject = settings_.subject.c_str();
    config.Name = settings_.stream.c_str();
    config.Subjects = &subject;
    config.SubjectsLen = 1;
    config.Duplicates = duplicates;
    status = nats().js_AddStream(&info, jetstream_, &config, nullptr, &code);
  }
  nats().jsStreamInfo_Destroy(info);
  if (status != NATS_OK) why = "stream " + settings_.stream + ": " + text_of(status);
  return status == NATS_OK;
}

std::string Stream::publish(const Message& message, std::string_view text, bool& too_long) {
  reply_.resize(inbox_size_);
  reply_ += std::to_string(message.first_row);
  natsMsg* made = nullptr;
  natsStatus status = nats().natsMsg_Create(&made, settings_.subject.c_str(), reply_.c_str(), text.data(),
                                            static_cast<int>(text.size()));
  if (status == NATS_OK) status = nats().natsMsgHeader_Set(made, "Nats-Msg-Id", message.name.c_str());
  if (status == NATS_OK) status = nats().natsConnection_PublishMsg(connection_, made);
  // The one before is freed only now: a block at the end of the heap would make malloc() give it back to the kernel.
  nats().natsMsg_Destroy(std::exchange(sent_, made));
  too_long = status == NATS_MAX_PAYLOAD;
  return status == NATS_OK ? "" : text_of(status);
}

// {"stream":"flows","seq":7}, or {"error":{"code":503,"description":"..."},...}. Names of streams have quotes escaped.
std::string Stream::take_answer(std::string_view reply, std::string_view answer) {
  constexpr std::string_view description = "\"description\":\"";
  if (answer.find("\"error\":") != answer.npos) {
    const std::size_t begin = answer.find(description);
    if (begin == answer.npos) return "it refused a message";
    answer.remove_prefix(begin + description.size());
    return std::string(answer.substr(0, answer.find('"')));
  }
  std::size_t row = 0;
  const auto [end, problem] =
      std::from_chars(reply.data() + std::min(inbox_size_, reply.size()), reply.data() + reply.size(), row);
  const auto message = std::ranges::lower_bound(messages_, row, {}, &Message::first_row);
  if (problem != std::errc() || end != reply.data() + reply.size() || message == messages_.end() ||
      message->first_row != row || answer.find("\"seq\":") == answer.npos)
    return "it gave an answer that is none of JetStream's";
  message->stored = true;
  return "";
}

std::string Stream::wait_for(std::size_t answers) {
  for (Time last = steady_clock(); answers > 0;) {
    natsMsg* message = nullptr;
    const natsStatus status = nats().natsSubscription_NextMsg(&message, answers_, 0);
    if (status == NATS_OK) {
      const std::string why = take_answer(
          nats().natsMsg_GetSubject(message),
          {nats().natsMsg_GetData(message), static_cast<std::size_t>(nats().natsMsg_GetDataLength(message))});
      nats().natsMsg_Destroy(message);
      if (!why.empty()) return why;
      --answers;
      last = steady_clock();
    } else if (status != NATS_TIMEOUT) {
      return nats().natsConnection_IsClosed(connection_) ? "the connection broke" : text_of(status);
    } else if (settings_.must_stop() || steady_clock() - last >= settings_.timeout) {
      return "it did not acknowledge in time";
    } else {
      sleep_for(step);  // NextMsg() would wake up for each answer
    }
  }
  return "";
}

std::string Stream::publish_all(const Batch& batch, std::size_t& sent, BatchResult& result) {
  for (std::size_t i = 0; i < messages_.size();) {
    const Message& message = messages_[i];
    bool too_long = false;
    std::string why = message.stored ? "" : publish(message, message.text(batch), too_long);
    if (too_long && message.rows > 1) {
      const std::vector<Message> parts = parts_of(message);
      messages_.insert(messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i)), parts.begin(), parts.end());
      continue;
    }
    if (too_long) ++result.lost, result.why = std::move(why);
    else if (!why.empty()) return why;
    else if (!message.stored) ++sent;
    ++i;
  }
  return "";
}

BatchResult Stream::store(const Batch& batch) {
  std::string why;
  if (messages_.empty()) messages_ = messages_of(batch);
  if (connection_ && nats().natsConnection_IsClosed(connection_)) close();
  if (!connection_ && !connect(why)) return again(why);
  BatchResult result;
  std::size_t sent = 0;
  why = publish_all(batch, sent, result);
  if (why.empty()) why = wait_for(sent);
  if (!why.empty()) return again(why);
  messages_.clear();
  return result;
}

}  // namespace t2::nats_sink
