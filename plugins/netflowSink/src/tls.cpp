// TLS over TCP (RFC 7011, 11.1) with OpenSSL, loaded when it is asked for: the collector shows its certificate, and
// this exporter its own if it has one. No call blocks, the handshake included.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "setting.hpp"
#include "stream.hpp"
#include "t2/clock.hpp"
#include "t2/library.hpp"

namespace t2::netflow_sink {

namespace {

// Loaded for collectors that are reached by TLS; others cost its start no time.
struct OpenSsl {
  Library library{LIBSSL_SONAME, "libssl3"};  // finds what libcrypto, which it brings, exports as well
  T2_IMPORT(SSL_CTX_check_private_key);
  T2_IMPORT(SSL_CTX_ctrl);
  T2_IMPORT(SSL_CTX_free);
  T2_IMPORT(SSL_CTX_load_verify_locations);
  T2_IMPORT(SSL_CTX_new);
  T2_IMPORT(SSL_CTX_sess_set_new_cb);
  T2_IMPORT(SSL_CTX_set_default_passwd_cb);
  T2_IMPORT(SSL_CTX_set_default_verify_paths);
  T2_IMPORT(SSL_CTX_set_verify);
  T2_IMPORT(SSL_CTX_use_PrivateKey_file);
  T2_IMPORT(SSL_CTX_use_certificate_chain_file);
  T2_IMPORT(SSL_ctrl);
  T2_IMPORT(SSL_do_handshake);
  T2_IMPORT(SSL_free);
  T2_IMPORT(SSL_get0_param);
  T2_IMPORT(SSL_get_error);
  T2_IMPORT(SSL_get_ex_data);
  T2_IMPORT(SSL_get_fd);
  T2_IMPORT(SSL_get_verify_result);
  T2_IMPORT(SSL_get_wbio);
  T2_IMPORT(SSL_new);
  T2_IMPORT(SSL_read);
  T2_IMPORT(SSL_set_connect_state);
  T2_IMPORT(SSL_set_ex_data);
  T2_IMPORT(SSL_set_fd);
  T2_IMPORT(SSL_shutdown);
  T2_IMPORT(SSL_version);
  T2_IMPORT(SSL_write);
  T2_IMPORT(TLS_client_method);
  T2_IMPORT(BIO_number_written);
  T2_IMPORT(ERR_clear_error);
  T2_IMPORT(ERR_get_error);
  T2_IMPORT(ERR_peek_error);
  T2_IMPORT(ERR_reason_error_string);
  T2_IMPORT(X509_VERIFY_PARAM_set1_host);
  T2_IMPORT(X509_VERIFY_PARAM_set1_ip_asc);
  T2_IMPORT(X509_VERIFY_PARAM_set_hostflags);
  T2_IMPORT(X509_verify_cert_error_string);
};
const OpenSsl& openssl() {
  static const OpenSsl loaded;
  return loaded;
}

// For the collector's verdict on this exporter's certificate, and for its FIN after its TLS close.
constexpr Time verdict_timeout = one_second / 2, close_timeout = one_second;

// The newest error of OpenSSL's queue as text, which empties the queue; `otherwise` if it is empty.
std::string last_error(const char* otherwise) {
  unsigned long code = 0;
  while (const unsigned long next = openssl().ERR_get_error()) code = next;
  const char* text = code != 0 ? openssl().ERR_reason_error_string(code) : nullptr;
  return text ? text : otherwise;
}

bool is_address(const std::string& host) {
  std::uint8_t address[16];
  return inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1;
}

class TlsChannel final : public Channel {
 public:
  TlsChannel(SSL_CTX* context, int socket, const std::string& host) : ssl_(openssl().SSL_new(context)) {
    ready_ = ssl_ && openssl().SSL_set_fd(ssl_, socket) == 1;
    if (!ready_) return;
    openssl().SSL_set_ex_data(ssl_, 0, this);
    X509_VERIFY_PARAM* check = openssl().SSL_get0_param(ssl_);
    if (is_address(host)) {
      ready_ = openssl().X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str()) == 1;
    } else {
      openssl().X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      ready_ = openssl().X509_VERIFY_PARAM_set1_host(check, host.c_str(), 0) == 1 &&
               openssl().SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                  const_cast<char*>(host.c_str())) == 1;
    }
    openssl().SSL_set_connect_state(ssl_);
  }
  ~TlsChannel() override { openssl().SSL_free(ssl_); }
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  // In TLS 1.3 the collector verifies this exporter's certificate, or that there is none, after the handshake has ended
  // on this side. Then it sends a ticket or an alert; a collector that sends neither is given `verdict_timeout`.
  ChannelStatus handshake() override {
    if (!ready_) return failed(0);
    if (handshake_done_ == 0) {
      const int result = call([this] { return openssl().SSL_do_handshake(ssl_); });
      if (result != 1) return status_of(result);
      handshake_done_ = steady_clock();
    }
    if (openssl().SSL_version(ssl_) < TLS1_3_VERSION) return ChannelStatus::done;
    switch (read_until_close()) {
      case ChannelStatus::pending:
        return ticket_ || steady_clock() - handshake_done_ > verdict_timeout ? ChannelStatus::done
                                                                             : ChannelStatus::pending;
      case ChannelStatus::done: error_ = "closed by the collector"; return ChannelStatus::failed;
      case ChannelStatus::failed: break;
    }
    return ChannelStatus::failed;
  }

  std::ptrdiff_t write(std::span<const std::uint8_t> bytes) override {
    if (close_received_ != 0) return 0;
    const int result = call([&] { return openssl().SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())); });
    if (result > 0) return result;
    return status_of(result) == ChannelStatus::failed ? -1 : 0;  // read_until_close() reports the end
  }

  ChannelStatus read_until_close() override {
    std::uint8_t buffer[read_size];
    for (unsigned reads = 0; close_received_ == 0; ++reads) {
      if (reads == max_reads) return ChannelStatus::pending;
      const int result = call([&] { return openssl().SSL_read(ssl_, buffer, sizeof buffer); });
      if (result > 0) continue;
      const ChannelStatus status = status_of(result);
      if (status != ChannelStatus::done) return status;
      close_received_ = steady_clock();
      close();
    }
    return read_tcp_until_close();
  }

  void close() override {
    call([this] { return openssl().SSL_shutdown(ssl_); });
  }
  std::uint64_t written() const override { return openssl().BIO_number_written(openssl().SSL_get_wbio(ssl_)); }
  bool plain() const override { return false; }
  std::string error() const override { return error_; }

  static int note_ticket(SSL* ssl, SSL_SESSION*) {
    static_cast<TlsChannel*>(openssl().SSL_get_ex_data(ssl, 0))->ticket_ = true;
    return 0;  // OpenSSL frees it
  }

 private:
  // The collector has closed TLS; how it closes TCP tells whether it had read everything.
  ChannelStatus read_tcp_until_close() {
    std::uint8_t buffer[read_size];
    for (unsigned reads = 0;; ++reads) {
      const ssize_t n = recv(openssl().SSL_get_fd(ssl_), buffer, sizeof buffer, MSG_DONTWAIT);
      if (reads == max_reads) errno = EAGAIN;  // there may be more
      else if (n > 0 || (n < 0 && errno == EINTR)) continue;
      if (n == 0 || errno == EPIPE) return ChannelStatus::done;
      if (errno == EAGAIN && steady_clock() - close_received_ < close_timeout) return ChannelStatus::pending;
      error_ = std::strerror(errno == EAGAIN ? ETIMEDOUT : errno);
      return ChannelStatus::failed;
    }
  }

  template <class F>
  static int call(F f) {
    openssl().ERR_clear_error();
    errno = 0;
    return f();
  }

  ChannelStatus status_of(int result) {
    const int system_error = errno;
    switch (openssl().SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE: return ChannelStatus::pending;
      case SSL_ERROR_ZERO_RETURN: return ChannelStatus::done;
      case SSL_ERROR_SYSCALL:
        if (handshake_done_ != 0 && (system_error == 0 || system_error == EPIPE)) return ChannelStatus::done;
        return failed(system_error);
      default:
        if (handshake_done_ != 0 && ERR_GET_REASON(openssl().ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
          return ChannelStatus::done;
        return failed(system_error);
    }
  }

  ChannelStatus failed(int system_error) {
    const long verdict = ssl_ ? openssl().SSL_get_verify_result(ssl_) : X509_V_OK;
    if (verdict != X509_V_OK && handshake_done_ == 0) {
      error_ = std::string("its certificate is refused: ") + openssl().X509_verify_cert_error_string(verdict);
    } else {
      error_ = "TLS: " + last_error(system_error != 0 ? std::strerror(system_error) : "closed by the collector");
    }
    return ChannelStatus::failed;
  }

  SSL* ssl_;
  bool ready_ = false, ticket_ = false;
  std::int64_t handshake_done_ = 0, close_received_ = 0;  // steady clock; 0: not yet
  std::string error_;
};

class TlsChannelFactory final : public ChannelFactory {
 public:
  TlsChannelFactory(std::string host, const TlsFiles& files)
      : host_(std::move(host)), context_(openssl().SSL_CTX_new(openssl().TLS_client_method())) {
    if (!context_)
      throw setting_error("TLS cannot be used (" + last_error("OpenSSL does not start") + "): install OpenSSL anew");
    openssl().SSL_CTX_ctrl(context_.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
    openssl().SSL_CTX_ctrl(context_.get(), SSL_CTRL_MODE, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, nullptr);
    openssl().SSL_CTX_ctrl(context_.get(), SSL_CTRL_SET_SESS_CACHE_MODE,
                           SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL, nullptr);
    openssl().SSL_CTX_sess_set_new_cb(context_.get(), TlsChannel::note_ticket);
    openssl().SSL_CTX_set_default_passwd_cb(
        context_.get(), [](char*, int, int, void*) { return 0; });  // a password cannot be asked for
    openssl().SSL_CTX_set_verify(context_.get(), files.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    use(files);
  }

  std::unique_ptr<Channel> open(int socket) override {
    return std::make_unique<TlsChannel>(context_.get(), socket, host_);
  }

 private:
  void use(const TlsFiles& files) {
    SSL_CTX* c = context_.get();
    openssl().ERR_clear_error();
    if (files.verify) {
      const bool there = files.authorities.empty()
                             ? openssl().SSL_CTX_set_default_verify_paths(c) == 1
                             : openssl().SSL_CTX_load_verify_locations(c, files.authorities.c_str(), nullptr) == 1;
      if (!there) refuse("NF_TLS_CA", files.authorities, "certificates of authorities in PEM form");
    }
    if (!files.certificate.empty() && openssl().SSL_CTX_use_certificate_chain_file(c, files.certificate.c_str()) != 1) {
      refuse("NF_TLS_CERT", files.certificate, "this exporter's certificate in PEM form");
    }
    if (!files.key.empty() && (openssl().SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
                               openssl().SSL_CTX_check_private_key(c) != 1)) {
      refuse("NF_TLS_KEY", files.key, "the key of the certificate NF_TLS_CERT in PEM form, without a password");
    }
  }

  [[noreturn]] static void refuse(const char* flag, const std::string& file, const char* what) {
    throw setting_error(std::string(flag) + "='" + file + "' cannot be used (" + last_error("nothing usable in it") +
                        "): it must be a file with " + what);
  }

  struct ContextDeleter {
    void operator()(SSL_CTX* context) const { openssl().SSL_CTX_free(context); }
  };
  std::string host_;
  std::unique_ptr<SSL_CTX, ContextDeleter> context_;
};

}  // namespace

std::unique_ptr<ChannelFactory> make_tls_channels(const std::string& host, const TlsFiles& files) {
  return std::make_unique<TlsChannelFactory>(host, files);
}

std::unique_ptr<Transport> make_tls_transport(const CollectorAddress& collector, std::size_t max_messages,
                                              const TlsFiles& files, Warn warn) {
  return make_stream_transport(collector, make_tls_channels(collector.host, files), max_messages, std::move(warn));
}

}  // namespace t2::netflow_sink
