#include "certificate.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

namespace t2::ssl_decode {

namespace {

struct FreeX509 {
  void operator()(X509* c) const { X509_free(c); }
};

template <std::size_t max>
void set(CertificateText<max>& to, std::string_view from) {
  to.size = static_cast<std::uint8_t>(std::min(from.size(), max));
  std::memcpy(to.text, from.data(), to.size);
}
template <std::size_t max>
void set_entry(CertificateText<max>& to, const X509_NAME* name, int kind) {
  const int at = X509_NAME_get_index_by_NID(name, kind, -1);
  if (at < 0) return;
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  set(to,
      {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))});
}
void set_name(DistinguishedName& to, const X509_NAME* name) {
  if (!name) return;
  set_entry(to.common_name, name, NID_commonName);
  set_entry(to.organisation, name, NID_organizationName);
  set_entry(to.unit, name, NID_organizationalUnitName);
  set_entry(to.locality, name, NID_localityName);
  set_entry(to.state, name, NID_stateOrProvinceName);
  set_entry(to.country, name, NID_countryName);
}

template <std::size_t max>
void set_short_name(CertificateText<max>& to, int kind) {
  const char* name = kind == NID_undef ? nullptr : OBJ_nid2sn(kind);
  set(to, name ? name : "UNDEF");
}

// Without the machine's time zone.
std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return time && ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

void set_key(Certificate& to, X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (!key) return;
  const int bits = EVP_PKEY_bits(key);
  to.key_bits = static_cast<std::uint16_t>(std::clamp(bits, 0, 0xffff));
  switch (EVP_PKEY_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: set(to.key_type, "RSA"), to.weak_key = bits < 1024; break;
    case EVP_PKEY_DSA: set(to.key_type, "DSA"), to.weak_key = bits < 1024; break;
    case EVP_PKEY_EC: set(to.key_type, "ECDSA"), to.weak_key = bits < 224; break;
    default: set(to.key_type, "UNDEF");
  }
}

// As it is encoded. OpenSSL gives the absolute value: of a negative number, what is encoded is the two's complement.
void set_serial(Certificate& to, const ASN1_INTEGER& serial) {
  const unsigned char* const digits = ASN1_STRING_get0_data(&serial);
  std::vector<std::uint8_t> bytes(digits, digits + ASN1_STRING_length(&serial));
  if (ASN1_STRING_type(&serial) == V_ASN1_NEG_INTEGER) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(~byte);
    for (auto byte = bytes.rbegin(); byte != bytes.rend() && ++*byte == 0;) ++byte;
    if (!bytes.empty() && bytes[0] < 0x80) bytes.insert(bytes.begin(), 0xff);
  }
  to.serial_size = static_cast<std::uint8_t>(std::min(bytes.size(), sizeof to.serial));
  std::copy_n(bytes.begin(), to.serial_size, to.serial);
}

}  // namespace

bool CertificateReader::read(std::span<const std::uint8_t> der, Certificate& to) {
  std::array<std::uint8_t, 20> hash{};
  SHA1(der.data(), der.size(), hash.data());
  Certificate& known = recent_[hash[0]];
  if (known.version != 0 && known.sha1 == hash) {
    to = known;
    return true;
  }
  const unsigned char* from = der.data();
  const std::unique_ptr<X509, FreeX509> certificate(d2i_X509(nullptr, &from, static_cast<long>(der.size())));
  if (!certificate) {
    ERR_clear_error();
    return false;
  }
  to = {};
  to.sha1 = hash;
  to.version = static_cast<std::uint8_t>(std::clamp(X509_get_version(certificate.get()) + 1, 1L, 255L));
  set_serial(to, *X509_get0_serialNumber(certificate.get()));
  to.not_before = seconds_of(X509_get0_notBefore(certificate.get()));
  to.not_after = seconds_of(X509_get0_notAfter(certificate.get()));
  set_short_name(to.signature, X509_get_signature_nid(certificate.get()));
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(certificate.get()));
  set_short_name(to.key, algorithm ? OBJ_obj2nid(algorithm) : NID_undef);
  set_key(to, certificate.get());
  set_name(to.subject, X509_get_subject_name(certificate.get()));
  set_name(to.issuer, X509_get_issuer_name(certificate.get()));
  ERR_clear_error();
  known = to;
  return true;
}

}  // namespace t2::ssl_decode
