// Each attempt has a connection that has shown no fault so far: after one, acknowledgements of the attempt before
// could be taken for those of the next.
#include "jetstream.hpp"

#include <algorithm>
#include <utility>

#include <nats/nats.h>

#include "t2/library.hpp"

namespace t2::nats_sink {

namespace {

struct Libnats {
  Library library{LIBNATS_SONAME, "libnats-dev"};
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
  T2_IMPORT(natsStatus_GetText);
  T2_IMPORT(nats_GetLastError);
  T2_IMPORT(natsMsg_Create);
  T2_IMPORT(natsMsg_Destroy);
  T2_IMPORT(jsOptions_Init);
  T2_IMPORT(jsPubOptions_Init);
  T2_IMPORT(jsStreamConfig_Init);
  T2_IMPORT(jsStreamInfo_Destroy);
  T2_IMPORT(jsCtx_Destroy);
  T2_IMPORT(js_AddStream);
  T2_IMPORT(js_GetStreamInfo);
  T2_IMPORT(js_PublishMsgAsync);
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
  if (jetstream_) nats().jsCtx_Destroy(std::exchange(jetstream_, nullptr));
  if (connection_) nats().natsConnection_Destroy(std::exchange(connection_, nullptr));
}

BatchResult Stream::again(std::string why) {
  close();
  const auto stored = static_cast<std::uint64_t>(std::count(stored_.begin(), stored_.end(), true));
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
    js.PublishAsync.MaxPending = static_cast<std::int64_t>(2 * max_rows);
    js.PublishAsync.AckHandler = on_answer;
    js.PublishAsync.AckHandlerClosure = &answers_.emplace_back();
    status = nats().natsConnection_JetStream(&jetstream_, connection_, &js);
  }
  if (status == NATS_OK) return make_stream(why);
  why = text_of(status);
  return false;
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

void Stream::on_answer(jsCtx*, natsMsg* message, ::jsPubAck* stored, ::jsPubAckErr* problem, void* closure) {
  auto& answers = *static_cast<Answers*>(closure);
  {
    const std::lock_guard lock(answers.mutex);
    const auto found = answers.waiting.find(message);
    if (found != answers.waiting.end()) {
      if (stored) answers.stored.push_back(found->second);
      answers.waiting.erase(found);
    }
    if (!stored && answers.failed++ == 0 && problem)
      answers.why = problem->ErrText ? problem->ErrText : nats().natsStatus_GetText(problem->Err);
  }
  nats().natsMsg_Destroy(message);
}

std::string Stream::wait_for(Answers& answers) {
  Time last = steady_clock();
  for (std::size_t seen = 0;;) {
    {
      const std::lock_guard lock(answers.mutex);
      if (answers.failed > 0) return answers.why.empty() ? "it refused a message" : answers.why;
      if (answers.waiting.empty()) return "";
      if (std::exchange(seen, answers.stored.size()) != answers.stored.size()) last = steady_clock();
    }
    if (nats().natsConnection_IsClosed(connection_)) return "the connection broke";
    if (settings_.must_stop() || steady_clock() - last >= settings_.timeout) return "it did not acknowledge in time";
    sleep_for(step);
  }
}

BatchResult Stream::store(const Batch& batch) {
  std::string why;
  if (stored_.empty()) stored_.resize(batch.rows());
  if (connection_ && nats().natsConnection_IsClosed(connection_)) close();
  if (!connection_ && !connect(why)) return again(why);
  Answers& answers = answers_.back();
  BatchResult result;
  for (std::size_t i = 0; i < batch.rows() && why.empty(); ++i) {
    if (stored_[i]) continue;
    const std::string_view row = batch.row(i);
    const std::string id(row.substr(0, row.find('\0')));
    natsMsg* message = nullptr;
    jsPubOptions options;
    nats().jsPubOptions_Init(&options);
    options.MsgId = id.c_str();
    const std::string_view value = row.substr(id.size() + 1);
    natsStatus status = nats().natsMsg_Create(&message, settings_.subject.c_str(), nullptr, value.data(),
                                              static_cast<int>(value.size()));
    const natsMsg* const key = message;  // libnats takes it over
    if (status == NATS_OK) {
      const std::lock_guard lock(answers.mutex);
      answers.waiting.emplace(key, i);
    }
    if (status == NATS_OK) status = nats().js_PublishMsgAsync(jetstream_, &message, &options);
    if (status == NATS_OK) continue;
    const std::string problem = text_of(status);
    {
      const std::lock_guard lock(answers.mutex);
      answers.waiting.erase(key);
    }
    nats().natsMsg_Destroy(message);
    if (status != NATS_MAX_PAYLOAD) why = problem;
    else ++result.lost, result.why = problem;  // longer than the server takes
  }
  if (why.empty()) why = wait_for(answers);
  {
    const std::lock_guard lock(answers.mutex);
    for (const std::size_t row : answers.stored) stored_[row] = true;
    answers.stored.clear();
  }
  if (!why.empty()) return again(why);
  stored_.clear();
  return result;
}

}  // namespace t2::nats_sink
