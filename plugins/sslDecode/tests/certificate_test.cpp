// What is read of certificates beside what OpenSSL reads: keys, numbers, times and names of all kinds, and bytes that
// are damaged.
#include <catch2/catch.hpp>

#include <algorithm>
#include <ctime>
#include <memory>
#include <random>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "certificate.hpp"
#include "messages.hpp"

namespace t2::test::certificate_test {

using namespace t2::ssl_decode;
using namespace t2::test::tls;

namespace {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Parsed = std::unique_ptr<X509, Release<X509_free>>;

Key key_of(const char* type, const char* curve = nullptr, unsigned bits = 1024) {
  if (std::string_view(type) == "EC") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, type, curve));
  if (std::string_view(type) == "RSA") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, type, std::size_t{bits}));
  if (std::string_view(type) != "DSA" && std::string_view(type) != "RSA-PSS")
    return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, type));
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr);
  EVP_PKEY *parameters = nullptr, *key = nullptr;
  if (std::string_view(type) == "DSA") {
    EVP_PKEY_paramgen_init(context);
    EVP_PKEY_CTX_ctrl_str(context, "bits", "1024");
    EVP_PKEY_paramgen(context, &parameters);
    EVP_PKEY_CTX_free(context);
    context = EVP_PKEY_CTX_new_from_pkey(nullptr, parameters, nullptr);
  }
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_keygen(context, &key);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(parameters);
  return Key(key);
}

// ---- The same by OpenSSL

std::string name_of(int number) {
  const char* const name = number == NID_undef ? nullptr : OBJ_nid2sn(number);
  return name ? name : "UNDEF";
}
std::string entry(const X509_NAME* name, int kind, std::size_t max) {
  const int at = X509_NAME_get_index_by_NID(name, kind, -1);
  if (at < 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text)))
      .substr(0, max);
}
std::string time_of(const ASN1_TIME* time) {
  std::tm parts{};
  return std::to_string(ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0);
}
std::string serial_of(const ASN1_INTEGER* serial) {
  unsigned char* bytes = nullptr;
  const int size = i2d_ASN1_INTEGER(serial, &bytes);  // short: a tag and a length of a byte each
  Buffer out(bytes + 2, bytes + size);
  OPENSSL_free(bytes);
  if (out.size() > 1 && out[0] == 0) out.erase(out.begin());
  out.resize(std::min<std::size_t>(out.size(), 40));
  return {out.begin(), out.end()};
}

using Facts = std::vector<std::pair<std::string, std::string>>;

Facts by_openssl(X509* c) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(c));
  Facts facts{{"version", std::to_string(std::clamp(X509_get_version(c) + 1, 1L, 255L))},
              {"serial", serial_of(X509_get0_serialNumber(c))},
              {"from", time_of(X509_get0_notBefore(c))},
              {"until", time_of(X509_get0_notAfter(c))},
              {"signature", name_of(X509_get_signature_nid(c))},
              {"key", name_of(OBJ_obj2nid(algorithm))}};
  for (const X509_NAME* name : {X509_get_subject_name(c), X509_get_issuer_name(c)})
    for (const auto& [kind, max] : {std::pair{NID_commonName, 64},
                                    {NID_organizationName, 64},
                                    {NID_organizationalUnitName, 64},
                                    {NID_localityName, 128},
                                    {NID_stateOrProvinceName, 128},
                                    {NID_countryName, 2}})
      facts.emplace_back(name_of(kind), entry(name, kind, static_cast<std::size_t>(max)));
  if (const EVP_PKEY* key = X509_get0_pubkey(c)) {  // it checks keys, too: what it refuses is not compared
    const int kind = EVP_PKEY_base_id(key), bits = EVP_PKEY_bits(key);
    facts.emplace_back("key type", kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS ? "RSA"
                                   : kind == EVP_PKEY_DSA                           ? "DSA"
                                   : kind == EVP_PKEY_EC                            ? "ECDSA"
                                                                                    : "UNDEF");
    facts.emplace_back("bits", std::to_string(bits));
  }
  ERR_clear_error();
  return facts;
}

template <std::size_t max>
std::string text_of(const CertificateText<max>& text) {
  return {text.text, text.size};
}

Facts ours(const Certificate& c) {
  Facts facts{{"version", std::to_string(c.version)},
              {"serial", std::string(reinterpret_cast<const char*>(c.serial), c.serial_size)},
              {"from", std::to_string(c.not_before)},
              {"until", std::to_string(c.not_after)},
              {"signature", text_of(c.signature)},
              {"key", text_of(c.key)}};
  for (const DistinguishedName* name : {&c.subject, &c.issuer})
    facts.insert(facts.end(), {{"CN", text_of(name->common_name)},
                               {"O", text_of(name->organisation)},
                               {"OU", text_of(name->unit)},
                               {"L", text_of(name->locality)},
                               {"ST", text_of(name->state)},
                               {"C", text_of(name->country)}});
  facts.emplace_back("key type", text_of(c.key_type));
  facts.emplace_back("bits", std::to_string(c.key_bits));
  return facts;
}

std::string differences(const Facts& facts, const Facts& expected) {
  std::string out;
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (i >= facts.size() || facts[i] != expected[i])
      out += expected[i].first + ": " + (i < facts.size() ? facts[i].second : "missing") + ", not " +
             expected[i].second + '\n';
  return out;
}

// Both read it, and the same.
void check_equal(const Buffer& der, const std::string& what) {
  INFO(what);
  const unsigned char* from = der.data();
  const Parsed truth(d2i_X509(nullptr, &from, static_cast<long>(der.size())));
  REQUIRE(truth);
  REQUIRE(X509_get0_pubkey(truth.get()));
  CertificateReader reader;
  Certificate found;
  REQUIRE(reader.read(der, found));
  CHECK(differences(ours(found), by_openssl(truth.get())) == "");
}

}  // namespace

TEST_CASE("sslDecode: keys of certificates are those that OpenSSL reads", "[sslDecode]") {
  for (const unsigned bits : {512u, 1024u, 2048u})
    check_equal(certificate_of(key_of("RSA", nullptr, bits).get()), "RSA");
  for (const char* type : {"RSA-PSS", "DSA", "ED25519", "ED448", "X25519", "X448"})
    check_equal(certificate_of(key_of(type).get()), type);
  std::vector<EC_builtin_curve> curves(EC_get_builtin_curves(nullptr, 0));
  EC_get_builtin_curves(curves.data(), curves.size());
  unsigned compared = 0;
  for (const EC_builtin_curve& curve : curves) {
    const Key key = key_of("EC", OBJ_nid2sn(curve.nid));
    if (!key) continue;  // too short for today's OpenSSL
    check_equal(certificate_of(key.get()), OBJ_nid2sn(curve.nid));
    ++compared;
  }
  CHECK(compared > 50);
  const Key key = key_of("EC", "P-384");  // its parameters in full
  REQUIRE(EVP_PKEY_set_utf8_string_param(key.get(), "encoding", "explicit") == 1);
  check_equal(certificate_of(key.get()), "explicit");
}

TEST_CASE("sslDecode: fields of certificates are those that OpenSSL reads", "[sslDecode]") {
  const Key key = key_of("EC", "P-256");
  const auto check = [&](const CertificateFields& fields, const std::string& what) {
    check_equal(certificate_of(key.get(), fields), what);
  };
  for (const char* serial :
       {"0", "1", "127", "128", "255", "256", "-1", "-128", "-129", "-32768", "-32769",
        "1461501637330902918203684832716283019655932542975",
        "987654321098765432109876543210987654321098765432109876543210987654321098765432109876543210"
        "98765432109876543210"})
    check({.serial = serial}, serial);
  for (const char* time :
       {"20490101000000Z", "20500101000000Z", "19500101000000Z", "20240229235959Z", "99991231235959Z"})
    check({.from = time, .until = time}, time);
  check({.version = 0}, "version 1");
  check({.names = {}}, "no names");
  check({.names = {{"CN", "first"}, {"CN", "second"}, {"DC", "example"}, {"emailAddress", "a@b.example"}, {"C", "DE"}}},
        "twice");
  check({.names = {{"O", std::string(64, 'o')}, {"OU", "M\xc3\xbcller \xe2\x82\xac"}, {"L", "x"}, {"ST", ""}}},
        "texts");
}

TEST_CASE("sslDecode: times that certificates should not have are those that OpenSSL reads", "[sslDecode]") {
  Buffer der = certificate_of(key_of("EC", "P-256").get(), {.from = "20170714024000Z"});
  const std::string usual = "170714024000Z";
  const auto at = std::search(der.begin(), der.end(), usual.begin(), usual.end());
  REQUIRE(at != der.end());
  for (const char* time : {"170714024060Z", "170732024000Z", "170229024000Z", "160229024000Z", "171314024000Z",
                           "170700024000Z", "170714244000Z", "170714026000Z", "17071402400aZ", "500101000000Z",
                           "491231235959Z", "1707140240+12Z", "1707140240+123", "17071402+0100"}) {
    INFO(time);
    std::copy_n(time, usual.size(), at);
    const unsigned char* from = der.data();
    const Parsed truth(d2i_X509(nullptr, &from, static_cast<long>(der.size())));
    REQUIRE(truth);
    CertificateReader reader;
    Certificate found;
    REQUIRE(reader.read(der, found));
    CHECK(std::to_string(found.not_before) == time_of(X509_get0_notBefore(truth.get())));
  }
}

TEST_CASE("sslDecode: of damaged certificates the same is read as by OpenSSL, where it reads them", "[sslDecode]") {
  const Buffer whole[] = {certificate_of(key_of("EC", "P-256").get()),
                          certificate_of(key_of("RSA").get(), {.serial = "-77"}),
                          certificate_of(key_of("ED25519").get(), {.names = {{"OU", "unit"}, {"ST", "state"}}})};
  CertificateReader reader;
  std::mt19937 random(11);
  unsigned accepted = 0, refused = 0, different = 0;
  std::string examples;
  for (unsigned n = 0; n < 4'000; ++n) {
    Buffer der = whole[n % 3];
    for (auto i = 1 + random() % 3; i > 0; --i) der[random() % der.size()] = static_cast<std::uint8_t>(random());
    if (n % 5 == 0) der.resize(random() % der.size());
    Certificate found;
    const bool read = reader.read(der, found);
    const unsigned char* from = der.data();
    const Parsed truth(d2i_X509(nullptr, &from, static_cast<long>(der.size())));
    ERR_clear_error();
    if (!truth) {
      ++refused;
      continue;
    }
    ++accepted;
    Facts expected = by_openssl(truth.get());
    Facts facts = read ? ours(found) : Facts{};
    if (facts.size() > expected.size()) facts.resize(expected.size());
    if (facts != expected) ++different, examples += std::to_string(n) + "\n" + differences(facts, expected);
  }
  INFO(examples.substr(0, 2000));
  CHECK(accepted > 1'500);
  CHECK(refused > 700);
  CHECK(different <= 10);  // lengths that DER does not know, and texts whose type is none of a text
}

}  // namespace t2::test::certificate_test
