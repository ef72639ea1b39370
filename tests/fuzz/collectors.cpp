// Fuzzes what collectors of IPFIX send over connections: bytes in place of TLS, and a real TLS server (TLS 1.2 or 1.3)
// whose messages are changed on their way.
//
// The first byte chooses. Bit 0: TCP or TLS; bit 1: the certificate must be that of a known authority, which it is not;
// bit 2: TLS 1.2 at most; bit 3: no server, bytes alone. Then, for each piece that goes to the exporter, a byte says
// what becomes of it.
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "input.hpp"
#include "rules.hpp"
#include "stream.hpp"

using namespace t2;
using namespace t2::netflow_sink;

namespace {

// A server that signs its own certificate.
struct Server {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  Server() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 100 * 86'400);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    fuzz::demand(X509_sign(certificate, key, EVP_sha256()) > 0, "there is a certificate");
    fuzz::demand(SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1,
                 "the server has it");
  }
};

// The other end of a connection: a TLS server in memory, or none.
class Peer {
 public:
  Peer(SSL_CTX* context, bool old) {
    if (!context) return;
    ssl_.reset(SSL_new(context));
    if (old) SSL_set_max_proto_version(ssl_.get(), TLS1_2_VERSION);
    in_ = BIO_new(BIO_s_mem()), out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_accept_state(ssl_.get());
  }
  // What the server answers to these bytes.
  std::vector<std::uint8_t> answer(std::span<const std::uint8_t> bytes, bool talk) {
    if (!ssl_) return {};
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    std::uint8_t scratch[1024] = {};
    while (SSL_read(ssl_.get(), scratch, sizeof scratch) > 0) {}
    if (talk && SSL_is_init_finished(ssl_.get())) SSL_write(ssl_.get(), scratch, 100);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(BIO_ctrl_pending(out_)));
    if (!out.empty()) BIO_read(out_, out.data(), static_cast<int>(out.size()));
    return out;
  }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  BIO *in_ = nullptr, *out_ = nullptr;
};

// False: the connection is closed instead.
bool change(std::vector<std::uint8_t>& piece, fuzz::Input& input) {
  const unsigned what = input.u8();
  const auto insert = [&](std::span<const std::uint8_t> bytes) {
    piece.insert(piece.begin() + static_cast<std::ptrdiff_t>(input.u16() % (piece.size() + 1)), bytes.begin(),
                 bytes.end());
  };
  switch (what & 7) {
    case 1:
      if (!piece.empty()) piece[input.u16() % piece.size()] ^= static_cast<std::uint8_t>(1 + input.u8() % 255);
      break;
    case 2: piece.resize(input.u16() % (piece.size() + 1)); break;
    case 3: insert(input.read(input.u8())); break;
    case 4: insert(std::vector<std::uint8_t>(piece)); break;
    case 5: return false;
    default: break;  // as it is
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Server& server = *new Server;
  static const std::unique_ptr<ChannelFactory> channels[] = {
      make_tcp_channels(),
      make_tls_channels("localhost", {.authorities = {}, .certificate = {}, .key = {}, .verify = false}),
      make_tls_channels("localhost", {.authorities = {}, .certificate = {}, .key = {}, .verify = true})};
  static const std::vector<std::uint8_t> message(200);
  fuzz::Input input({data, size});
  const unsigned how = input.u8();
  const bool tls = how & 1, strict = how & 2;
  int ends[2];
  fuzz::demand(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "there are sockets");
  Peer peer(tls && !(how & 8) ? server.context : nullptr, how & 4);
  {
    const std::unique_ptr<Channel> channel = channels[!tls ? 0 : strict ? 2 : 1]->open(ends[0]);
    ChannelStatus status = ChannelStatus::pending;
    bool established = false, open = true;
    std::uint8_t buffer[16'384];
    for (unsigned round = 0; round < 32 && open && status == ChannelStatus::pending; ++round) {
      if (!established) {
        status = channel->handshake();
        established = status == ChannelStatus::done;
        if (established) status = ChannelStatus::pending;
        fuzz::demand(!(tls && strict && established), "no unknown collector is trusted, whatever it sends");
      } else {
        const std::ptrdiff_t n = channel->write(message);
        fuzz::demand(n <= static_cast<std::ptrdiff_t>(message.size()), "no more is written than there is");
        status = n < 0 ? ChannelStatus::failed : channel->read_until_close();
      }
      const ssize_t got = ::recv(ends[1], buffer, sizeof buffer, MSG_DONTWAIT);
      std::vector<std::uint8_t> piece =
          peer.answer({buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0))}, established && round % 4 == 3);
      open = change(piece, input);
      if (open && !piece.empty()) open = ::send(ends[1], piece.data(), piece.size(), MSG_NOSIGNAL) >= 0;
      if (input.empty() && piece.empty() && got <= 0) break;
    }
    if (status == ChannelStatus::failed) fuzz::demand(!channel->error().empty(), "a failure has a reason");
    if (established) channel->close();
    ::close(ends[1]);
    for (unsigned calls = 0; established && status == ChannelStatus::pending; ++calls) {
      status = channel->read_until_close();
      fuzz::demand(calls < 1000, "a closed connection ends");
    }
  }
  ::close(ends[0]);
  return 0;
}
