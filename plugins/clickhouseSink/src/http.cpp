// libcurl does the talking, and asks once in a while whether to go on.
#include "http.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <curl/curl.h>

#include "t2/clock.hpp"
#include "t2/library.hpp"

#undef curl_easy_setopt  // a macro that checks types; the function is loaded
#undef curl_easy_getinfo

namespace t2::clickhouse_sink {

namespace {

struct Libcurl {
  Library library{LIBCURL_SONAME, "libcurl4"};
  T2_IMPORT(curl_easy_init);
  T2_IMPORT(curl_easy_cleanup);
  T2_IMPORT(curl_easy_setopt);
  T2_IMPORT(curl_easy_perform);
  T2_IMPORT(curl_easy_getinfo);
  T2_IMPORT(curl_easy_strerror);
  T2_IMPORT(curl_easy_escape);
  T2_IMPORT(curl_free);
};
const Libcurl& curl() {
  static const Libcurl loaded;
  return loaded;
}

constexpr std::size_t max_answer = 1 << 20;  // bytes that are kept

// "Code: 60, e.displayText() = DB::Exception: Table default.flow doesn't exist" and "Code: 60. DB::Exception: ..."
int error_code(const std::string& text) {
  const std::size_t at = text.find("Code: ");
  return at == text.npos ? 0 : std::atoi(text.c_str() + at + 6);
}

}  // namespace

struct Http::Transfer {
  const Settings& settings;
  std::string answer;
  Time last = steady_clock();
  curl_off_t seen = 0;

  static std::size_t on_answer(char* from, std::size_t, std::size_t size, void* self) {
    std::string& answer = static_cast<Transfer*>(self)->answer;
    answer.append(from, std::min(size, max_answer - std::min(max_answer, answer.size())));
    return size;
  }
  static int on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (std::exchange(transfer.seen, received + sent) != received + sent) transfer.last = steady_clock();
    return transfer.settings.must_stop() || steady_clock() - transfer.last >= transfer.settings.timeout;
  }
};

bool Reply::is_passing() const {
  if (!answered || code == 0) return true;  // a proxy in front of the server, for one, has no code
  // Time-outs, sockets and their kind; files, no room; memory; too many queries or parts; read-only replicas, Keeper.
  static constexpr int passing[] = {74,  75,  76,  159, 164, 202, 203, 209, 210, 225, 236,
                                    241, 242, 243, 244, 252, 319, 373, 394, 425, 999};
  return std::find(std::begin(passing), std::end(passing), code) != std::end(passing);
}

Http::Http(Settings settings) : settings_(std::move(settings)), curl_(curl().curl_easy_init()) {
  if (!curl_) throw Error("clickhouseSink: cannot use libcurl: no memory");
}
Http::~Http() { curl().curl_easy_cleanup(curl_); }

Reply Http::send(const std::string& statement, std::string_view body) {
  const auto set = [&](CURLoption option, auto value) { curl().curl_easy_setopt(curl_, option, value); };
  Transfer transfer{.settings = settings_, .answer = {}};
  const auto escaped = [&](const std::string& text) {
    char* const made = curl().curl_easy_escape(curl_, text.data(), static_cast<int>(text.size()));
    std::string out(made ? made : "");
    curl().curl_free(made);
    return out;
  };
  std::string url = settings_.address() + "/?database=" + escaped(settings_.database);
  // A statement alone is the body: there is no limit to its length.
  if (!body.empty()) url += "&query=" + escaped(statement);
  else body = statement;
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_NOSIGNAL, 1L);  // there are other threads
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDS, body.data());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  set(CURLOPT_HTTPAUTH, long{CURLAUTH_BASIC});
  set(CURLOPT_USERNAME, settings_.user.c_str());
  set(CURLOPT_PASSWORD, settings_.password.c_str());
  if (!settings_.ca.empty()) set(CURLOPT_CAINFO, settings_.ca.c_str());
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_answer);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  set(CURLOPT_XFERINFODATA, &transfer);
  const CURLcode status = curl().curl_easy_perform(curl_);
  Reply reply;
  if (status != CURLE_OK) {
    reply.text = status == CURLE_ABORTED_BY_CALLBACK ? "it did not answer in time" : curl().curl_easy_strerror(status);
    return reply;
  }
  long http_status = 0;
  curl().curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &http_status);
  reply.answered = true;
  reply.good = http_status == 200;
  reply.text = std::move(transfer.answer);
  if (reply.good) return reply;
  reply.code = error_code(reply.text);
  std::replace(reply.text.begin(), reply.text.end(), '\n', ' ');
  reply.text = "HTTP " + std::to_string(http_status) + ": " + reply.text.substr(0, 300);
  return reply;
}

}  // namespace t2::clickhouse_sink
