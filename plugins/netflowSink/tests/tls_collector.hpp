// A collector of IPFIX over TLS in a thread of the test, and certificates made on the fly.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "capture.hpp"
#include "decoder.hpp"

namespace t2::test {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Freed<free>>;

// A key and a certificate, as files in PEM form.
class Identity {
 public:
  struct Validity {
    long from = -3600, to = 3600;  // seconds from now
  };
  // An authority of its own.
  explicit Identity(const std::string& name) : Identity(name, "", nullptr, {}) {}
  // `names`: "DNS:...", "IP:..."
  Identity(const std::string& name, const std::string& names, const Identity& authority)
      : Identity(name, names, &authority, {}) {}
  Identity(const std::string& name, const std::string& names, const Identity& authority, Validity validity)
      : Identity(name, names, &authority, validity) {}

  std::string certificate_file() const { return (folder_ / "certificate.pem").string(); }
  std::string key_file() const { return (folder_ / "key.pem").string(); }
  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  Identity(const std::string& name, const std::string& names, const Identity* authority, Validity validity)
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    static std::atomic<long> serial = 1;
    X509* x = certificate_.get();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x), validity.from);
    X509_gmtime_adj(X509_getm_notAfter(x), validity.to);
    X509_set_pubkey(x, key_.get());
    X509_NAME* subject = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(x, authority ? X509_get_subject_name(authority->certificate()) : subject);
    if (!names.empty()) extend(NID_subject_alt_name, names);
    if (!authority) extend(NID_basic_constraints, "critical,CA:TRUE");
    check(X509_sign(x, authority ? authority->key() : key_.get(), EVP_sha256()) > 0);
    const Owned<BIO, BIO_free_all> public_file(BIO_new_file(certificate_file().c_str(), "w"));
    const Owned<BIO, BIO_free_all> private_file(BIO_new_file(key_file().c_str(), "w"));
    check(PEM_write_bio_X509(public_file.get(), x) == 1);
    check(PEM_write_bio_PrivateKey(private_file.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  }
  void extend(int kind, const std::string& value) {
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
    check(extension && X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
  }
  static void check(bool ok) {
    if (!ok) throw std::runtime_error("no certificate: " + std::string(ERR_reason_error_string(ERR_get_error())));
  }

  TempFolder folder_;
  Owned<EVP_PKEY, EVP_PKEY_free> key_;
  Owned<X509, X509_free> certificate_;
};

class TlsCollector {
 public:
  struct Behaviour {
    int newest = TLS1_3_VERSION;          // version of TLS
    const Identity* clients = nullptr;    // demands a certificate that this authority has signed
    std::size_t leaves_after = SIZE_MAX;  // records of the first session: then it closes, in order
  };
  struct Session {
    bool established = false;  // the handshake has ended
    std::string client;        // common name of the exporter's certificate
    std::vector<netflow9::DecodedMessage> messages;
  };

  TlsCollector(const Identity& own, Behaviour behaviour)
      : behaviour_(behaviour),
        context_(SSL_CTX_new(TLS_server_method())),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    std::signal(SIGPIPE, SIG_IGN);  // as t2 does: both ends may write to a connection that the other one has closed
    SSL_CTX* c = context_.get();
    SSL_CTX_set_max_proto_version(c, behaviour.newest);
    SSL_CTX_use_certificate(c, own.certificate());
    SSL_CTX_use_PrivateKey(c, own.key());
    if (behaviour.clients) {
      SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(c), behaviour.clients->certificate());
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 4) != 0)
      throw std::runtime_error("cannot listen");
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  explicit TlsCollector(const Identity& own) : TlsCollector(own, Behaviour{}) {}
  ~TlsCollector() {
    leaving_ = true;
    thread_.join();
    close(listener_);
  }
  TlsCollector(const TlsCollector&) = delete;
  TlsCollector& operator=(const TlsCollector&) = delete;

  std::uint16_t port() const { return port_; }
  std::vector<Session> sessions() const {
    const std::lock_guard hold(mutex_);
    return sessions_;
  }
  std::size_t ended() const { return ended_; }  // sessions
  std::size_t records() const {
    std::size_t sum = 0;
    for (const Session& session : sessions())
      for (const netflow9::DecodedMessage& message : session.messages) sum += message.records.size();
    return sum;
  }

 private:
  void serve() {
    while (!leaving_) {
      pollfd p{listener_, POLLIN, 0};
      if (poll(&p, 1, 20) <= 0) continue;
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      const timeval timeout{20, 0};
      setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
      {
        const std::lock_guard hold(mutex_);
        sessions_.emplace_back();
      }
      talk(connection);
      close(connection);
      ++ended_;
    }
  }

  void talk(int connection) {
    const Owned<SSL, SSL_free> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), connection);
    if (SSL_accept(ssl.get()) != 1) return;
    const Owned<X509, X509_free> shown(SSL_get1_peer_certificate(ssl.get()));
    char name[64] = "";
    if (shown) X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name, sizeof name);
    bool first;
    {
      const std::lock_guard hold(mutex_);
      first = sessions_.size() == 1;
      sessions_.back().established = true;
      sessions_.back().client = name;
    }
    netflow9::Decoder decoder;
    netflow9::Message bytes;
    std::uint8_t buffer[16384];
    for (std::size_t got = 0; !first || got < behaviour_.leaves_after;) {
      const int n = SSL_read(ssl.get(), buffer, sizeof buffer);
      if (n <= 0) break;
      bytes.insert(bytes.end(), buffer, buffer + n);
      while (bytes.size() >= 4) {
        const std::size_t size = bytes[2] * 256u + bytes[3];
        if (bytes.size() < size) break;
        const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(size);
        const netflow9::DecodedMessage message = decoder.decode({bytes.begin(), end});
        bytes.erase(bytes.begin(), end);
        got += message.records.size();
        const std::lock_guard hold(mutex_);
        sessions_.back().messages.push_back(message);
      }
    }
    SSL_shutdown(ssl.get());
  }

  Behaviour behaviour_;
  Owned<SSL_CTX, SSL_CTX_free> context_;
  int listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Session> sessions_;
  std::atomic<std::size_t> ended_ = 0;
  std::atomic<bool> leaving_ = false;
  std::thread thread_;  // last: it uses all else
};

}  // namespace t2::test
