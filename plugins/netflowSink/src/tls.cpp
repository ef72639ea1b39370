// TLS over TCP (RFC 7011, 11.1), by OpenSSL: the collector shows its certificate, and this exporter its own if it has
// one.
//
// Handshake and data go the way of everything here: without blocking, whenever the socket is looked at.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "stream.hpp"
#include "t2/plugin.hpp"

namespace t2::netflow_sink {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t verdict_timeout = second / 2, close_timeout = second;

std::int64_t monotonic() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * second + t.tv_nsec;
}

// What OpenSSL noted last, in its words.
std::string last_error(const char* otherwise) {
  unsigned long code = 0;
  while (const unsigned long next = ERR_get_error()) code = next;
  const char* text = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return text ? text : otherwise;
}

bool is_address(const std::string& host) {
  std::uint8_t address[16];
  return inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1;
}

class TlsChannel final : public Channel {
 public:
  TlsChannel(SSL_CTX* context, int socket, const std::string& host) : ssl_(SSL_new(context)) {
    ready_ = ssl_ && SSL_set_fd(ssl_, socket) == 1;
    if (!ready_) return;
    SSL_set_app_data(ssl_, this);
    X509_VERIFY_PARAM* check = SSL_get0_param(ssl_);
    if (is_address(host)) {
      ready_ = X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str()) == 1;
    } else {
      X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      ready_ =
          X509_VERIFY_PARAM_set1_host(check, host.c_str(), 0) == 1 && SSL_set_tlsext_host_name(ssl_, host.c_str()) == 1;
    }
    SSL_set_connect_state(ssl_);
  }
  ~TlsChannel() override { SSL_free(ssl_); }
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  // In TLS 1.3 a collector judges this exporter's certificate, or that there is none, after the handshake is over on
  // this side. It then sends a ticket or an alert; collectors that send neither are given some time.
  ChannelStatus handshake() override {
    if (!ready_) return failed(0);
    if (shaken_ == 0) {
      const int result = call([this] { return SSL_do_handshake(ssl_); });
      if (result != 1) return step_of(result);
      shaken_ = monotonic();
    }
    if (SSL_version(ssl_) < TLS1_3_VERSION) return ChannelStatus::done;
    switch (read_until_close()) {
      case ChannelStatus::pending:
        return ticket_ || monotonic() - shaken_ > verdict_timeout ? ChannelStatus::done : ChannelStatus::pending;
      case ChannelStatus::done: problem_ = "closed by the collector"; return ChannelStatus::failed;
      case ChannelStatus::failed: break;
    }
    return ChannelStatus::failed;
  }

  std::ptrdiff_t write(std::span<const std::uint8_t> bytes) override {
    if (notified_ != 0) return 0;
    const int result = call([&] { return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())); });
    if (result > 0) return result;
    return step_of(result) == ChannelStatus::failed ? -1 : 0;  // anything else is said by read_until_close()
  }

  ChannelStatus read_until_close() override {
    std::uint8_t buffer[512];
    while (notified_ == 0) {
      const int result = call([&] { return SSL_read(ssl_, buffer, sizeof buffer); });
      if (result > 0) continue;
      const ChannelStatus step = step_of(result);
      if (step != ChannelStatus::done) return step;
      notified_ = monotonic();
      close();
    }
    return read_tcp_until_close();
  }

  void close() override {
    call([this] { return SSL_shutdown(ssl_); });
  }
  std::uint64_t written() const override { return BIO_number_written(SSL_get_wbio(ssl_)); }
  bool plain() const override { return false; }
  std::string error() const override { return problem_; }

  static int note_ticket(SSL* ssl, SSL_SESSION*) {
    static_cast<TlsChannel*>(SSL_get_app_data(ssl))->ticket_ = true;
    return 0;  // not kept
  }

 private:
  // The collector has said goodbye; TCP tells whether it had read everything by then.
  ChannelStatus read_tcp_until_close() {
    std::uint8_t buffer[512];
    for (;;) {
      const ssize_t n = recv(SSL_get_fd(ssl_), buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0 || (n < 0 && errno == EINTR)) continue;
      if (n == 0 || errno == EPIPE) return ChannelStatus::done;
      if (errno == EAGAIN && monotonic() - notified_ < close_timeout) return ChannelStatus::pending;
      problem_ = std::strerror(errno == EAGAIN ? ETIMEDOUT : errno);
      return ChannelStatus::failed;
    }
  }

  template <class F>
  static int call(F f) {
    ERR_clear_error();
    errno = 0;
    return f();
  }

  ChannelStatus step_of(int result) {
    const int problem = errno;
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE: return ChannelStatus::pending;
      case SSL_ERROR_ZERO_RETURN: return ChannelStatus::done;
      case SSL_ERROR_SYSCALL:
        if (shaken_ != 0 && (problem == 0 || problem == EPIPE)) return ChannelStatus::done;
        return failed(problem);
      default:
        if (shaken_ != 0 && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
          return ChannelStatus::done;
        return failed(problem);
    }
  }

  ChannelStatus failed(int problem) {
    const long verdict = ssl_ ? SSL_get_verify_result(ssl_) : X509_V_OK;
    if (verdict != X509_V_OK && shaken_ == 0) {
      problem_ = std::string("its certificate is refused: ") + X509_verify_cert_error_string(verdict);
    } else {
      problem_ = "TLS: " + last_error(problem != 0 ? std::strerror(problem) : "closed by the collector");
    }
    return ChannelStatus::failed;
  }

  SSL* ssl_;
  bool ready_ = false, ticket_ = false;
  std::int64_t shaken_ = 0, notified_ = 0;  // when the handshake was over, when the collector said goodbye
  std::string problem_;
};

class TlsChannelFactory final : public ChannelFactory {
 public:
  TlsChannelFactory(std::string host, const TlsFiles& files)
      : host_(std::move(host)), context_(SSL_CTX_new(TLS_client_method())) {
    if (!context_)
      throw t2::Error("netflowSink: TLS cannot be used (" + last_error("OpenSSL does not start") +
                      "): install OpenSSL anew");
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context_.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), TlsChannel::note_ticket);
    SSL_CTX_set_default_passwd_cb(context_.get(),
                                  [](char*, int, int, void*) { return 0; });  // nobody is there to be asked
    SSL_CTX_set_verify(context_.get(), files.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    use(files);
  }

  std::unique_ptr<Channel> open(int socket) override {
    return std::make_unique<TlsChannel>(context_.get(), socket, host_);
  }

 private:
  void use(const TlsFiles& files) {
    SSL_CTX* c = context_.get();
    ERR_clear_error();
    if (files.verify) {
      const bool there = files.authorities.empty()
                             ? SSL_CTX_set_default_verify_paths(c) == 1
                             : SSL_CTX_load_verify_locations(c, files.authorities.c_str(), nullptr) == 1;
      if (!there) refuse("NF_TLS_CA", files.authorities, "certificates of authorities in PEM form");
    }
    if (!files.certificate.empty() && SSL_CTX_use_certificate_chain_file(c, files.certificate.c_str()) != 1) {
      refuse("NF_TLS_CERT", files.certificate, "this exporter's certificate in PEM form");
    }
    if (!files.key.empty() && (SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
                               SSL_CTX_check_private_key(c) != 1)) {
      refuse("NF_TLS_KEY", files.key, "the key of the certificate NF_TLS_CERT in PEM form, without a password");
    }
  }

  [[noreturn]] static void refuse(const char* flag, const std::string& file, const char* what) {
    throw t2::Error("netflowSink: " + std::string(flag) + "='" + file + "' cannot be used (" +
                    last_error("nothing usable in it") + "): it must be a file with " + what);
  }

  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::string host_;
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace

std::unique_ptr<Transport> make_tls_transport(const CollectorAddress& collector, std::size_t max_messages,
                                              const TlsFiles& files, Warn warn) {
  return make_stream_transport(collector, std::make_unique<TlsChannelFactory>(collector.host, files), max_messages,
                               std::move(warn));
}

}  // namespace t2::netflow_sink
