#include "certificate.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "t2/bytes.hpp"

namespace t2::ssl_decode {

namespace {

using View = std::span<const std::uint8_t>;

// ---- DER (X.690): values of a known length

enum Tag : std::uint8_t {
  integer = 0x02,
  bit_string = 0x03,
  object = 0x06,
  utc_time = 0x17,
  generalized_time = 0x18,
  sequence = 0x30,
  set = 0x31,
  version_part = 0xa0
};

struct Value {
  std::uint8_t tag = 0;
  View content, all;  // all: with tag and length
};

class Der {
 public:
  explicit Der(View data) : left_(data) {}

  // False: there is no more, or it is none.
  bool next(Value& to) {
    Bytes in(left_);
    to.tag = in.u8();
    std::size_t size = in.u8();
    if (size > 0x80 && size <= 0x84) {
      std::size_t length = 0;
      for (std::size_t bytes = size - 0x80; bytes > 0; --bytes) length = length << 8 | in.u8();
      size = length;
    } else if (size >= 0x80) {
      return false;
    }
    to.content = in.read(size);
    if (!in.ok() || (to.tag & 0x1f) == 0x1f) return false;
    to.all = left_.first(in.position());
    left_ = left_.subspan(in.position());
    return true;
  }
  // What comes next, if it has this tag. Otherwise it stays.
  bool take(Tag tag, Value& to) { return !left_.empty() && left_[0] == tag && next(to); }

 private:
  View left_;
};

// OpenSSL's number of an object identifier.
int number_of(const Value& identifier) {
  const unsigned char* from = identifier.all.data();
  ASN1_OBJECT* const known = d2i_ASN1_OBJECT(nullptr, &from, static_cast<long>(identifier.all.size()));
  if (!known) {
    ERR_clear_error();
    return NID_undef;
  }
  const int number = OBJ_obj2nid(known);
  ASN1_OBJECT_free(known);
  return number;
}

int bits_of(View number) {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  return number.empty() ? 0 : static_cast<int>(8 * number.size()) - std::countl_zero(number[0]);
}

// ---- Fields

template <std::size_t max>
void set_text(CertificateText<max>& to, std::string_view from) {
  to.size = static_cast<std::uint8_t>(std::min(from.size(), max));
  std::memcpy(to.text, from.data(), to.size);
}
template <std::size_t max>
void set_short_name(CertificateText<max>& to, int number) {
  const char* const name = number == NID_undef ? nullptr : OBJ_nid2sn(number);
  set_text(to, name ? name : "UNDEF");
}

// Of a name (RFC 5280, 4.1.2.4): a sequence of sets of pairs.
void set_name(DistinguishedName& to, const Value& name) {
  std::uint32_t found = 0;  // a bit for each kind
  Value group, pair, kind, text;
  for (Der groups(name.content); groups.take(set, group);) {
    for (Der pairs(group.content); pairs.take(sequence, pair);) {
      Der in(pair.content);
      // attributes of X.520 are 2.5.4.n
      if (!in.take(object, kind) || !in.next(text) || kind.content.size() != 3 || kind.content[0] != 0x55 ||
          kind.content[1] != 0x04 || kind.content[2] >= 32 || found >> kind.content[2] & 1)
        continue;
      found |= 1u << kind.content[2];
      const std::string_view value(reinterpret_cast<const char*>(text.content.data()), text.content.size());
      switch (kind.content[2]) {
        case 3: set_text(to.common_name, value); break;
        case 6: set_text(to.country, value); break;
        case 7: set_text(to.locality, value); break;
        case 8: set_text(to.state, value); break;
        case 10: set_text(to.organisation, value); break;
        case 11: set_text(to.unit, value); break;
        default: break;
      }
    }
  }
}

// Reads so many digits and goes on behind them. Negative: there are others.
int digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return -1;
    value = 10 * value + c - '0';
  }
  text.remove_prefix(count);
  return value;
}

// Seconds since 1970; 0: it is no time. YYMMDDhhmm[ss] or YYYYMMDDhhmm[ss[.f]], then Z or +hhmm.
std::int64_t seconds_of(const Value& time) {
  using namespace std::chrono;
  std::string_view text(reinterpret_cast<const char*>(time.content.data()), time.content.size());
  int number = digits(text, time.tag == utc_time ? 2 : 4);
  if (number >= 0 && time.tag == utc_time) number += number < 50 ? 2000 : 1900;
  const int month_number = digits(text, 2), day_number = digits(text, 2), hour = digits(text, 2),
            minute = digits(text, 2);
  int second = 0;
  if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    second = digits(text, 2);
    if (time.tag == generalized_time && !text.empty() && text[0] == '.')
      text.remove_prefix(std::min(text.find_first_not_of("0123456789", 1), text.size()));
  }
  if (number < 0 || month_number < 0 || day_number < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59)
    return 0;
  const year_month_day date{year{number}, month{static_cast<unsigned>(month_number)},
                            day{static_cast<unsigned>(day_number)}};
  if (!date.ok()) return 0;
  std::int64_t at =
      std::int64_t{sys_days{date}.time_since_epoch().count()} * 86'400 + hour * 3600 + minute * 60 + second;
  if (text == "Z") return at;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
  const int sign = text[0] == '+' ? -1 : 1;
  text.remove_prefix(1);
  const int hours = digits(text, 2), minutes = digits(text, 2);
  if (hours < 0 || hours > 12 || minutes < 0 || minutes > 59 || !text.empty()) return 0;
  return at + sign * (hours * 3600 + minutes * 60);
}

// Without the zero in front that makes a number positive. Of a negative number all of it: two's complement.
void set_serial(Certificate& to, View number) {
  if (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  to.serial_size = static_cast<std::uint8_t>(std::min(number.size(), sizeof to.serial));
  std::copy_n(number.begin(), to.serial_size, to.serial);
}

// Bits of the order of a curve, as long as a key's; 0: there is no such curve.
int curve_bits(int curve) {
  if (curve == NID_X9_62_prime256v1) return 256;
  if (curve == NID_secp384r1) return 384;
  static const std::unordered_map<int, int> others = [] {  // to set up one of them takes as long as hundreds of packets
    std::vector<EC_builtin_curve> curves(EC_get_builtin_curves(nullptr, 0));
    EC_get_builtin_curves(curves.data(), curves.size());
    std::unordered_map<int, int> bits;
    for (const EC_builtin_curve& known : curves) {
      EC_GROUP* const group = EC_GROUP_new_by_curve_name(known.nid);
      if (group) bits[known.nid] = EC_GROUP_order_bits(group);
      EC_GROUP_free(group);
    }
    return bits;
  }();
  const auto found = others.find(curve);
  return found == others.end() ? 0 : found->second;
}

struct Key {
  std::string_view type = "UNDEF";
  int bits = 0;
  int least = 0;  // shorter ones are weak
};

// False: its algorithm is not known, or it is no such key.
bool read_key(int algorithm, const Value& parameters, View bits, Key& key) {
  Value part, number;
  switch (algorithm) {
    case NID_rsaEncryption:
    case NID_rsassaPss: {
      Der all(bits);
      if (!all.take(sequence, part) || !Der(part.content).take(integer, number)) return false;
      key = {"RSA", bits_of(number.content), 1024};
      return true;
    }
    case NID_dsa:
      if (!Der(parameters.content).take(integer, number)) return false;
      key = {"DSA", bits_of(number.content), 1024};
      return true;
    case NID_dhKeyAgreement:
    case NID_dhpublicnumber:
      if (!Der(parameters.content).take(integer, number)) return false;
      key.bits = bits_of(number.content);
      return true;
    case NID_X9_62_id_ecPublicKey: {
      if (parameters.tag == object) {
        const int curve = number_of(parameters);
        key = curve == NID_sm2 ? Key{"UNDEF", 256, 0} : Key{"ECDSA", curve_bits(curve), 224};
        return key.bits != 0;
      }
      // parameters in full (RFC 3279, 2.3.5): version, field, curve, base, order
      Der in(parameters.content);
      if (!in.take(integer, part) || !in.take(sequence, part) || !in.take(sequence, part) || !in.next(part) ||
          !in.take(integer, number))
        return false;
      key = {"ECDSA", bits_of(number.content), 224};
      return true;
    }
    case NID_ED25519: key.bits = 256; return true;
    case NID_X25519: key.bits = 253; return true;
    case NID_ED448: key.bits = 456; return true;
    case NID_X448: key.bits = 448; return true;
    default: return false;
  }
}

// SubjectPublicKeyInfo: the algorithm with its parameters, the key in a bit string.
void set_key(Certificate& to, const Value& info) {
  Value algorithm, identifier, parameters, bits;
  Der in(info.content);
  int number = NID_undef;
  if (in.take(sequence, algorithm)) {
    Der parts(algorithm.content);
    if (parts.take(object, identifier)) number = number_of(identifier);
    if (!parts.next(parameters)) parameters = {};
  }
  set_short_name(to.key, number);
  Key key;
  if (!in.take(bit_string, bits) || bits.content.size() < 2 || bits.content[0] > 7 ||
      !read_key(number, parameters, bits.content.subspan(1), key))
    return;
  to.key_bits = static_cast<std::uint16_t>(std::min(key.bits, 0xffff));
  to.weak_key = key.bits < key.least;
  set_text(to.key_type, key.type);
}

bool parse(View der, Certificate& to) {
  Value all, content, algorithm, signature, identifier, version, serial, issuer, validity, subject, key, time;
  Der outer(der);
  if (!outer.take(sequence, all)) return false;
  Der parts(all.content);
  if (!parts.take(sequence, content) || !parts.take(sequence, algorithm) || !parts.take(bit_string, signature))
    return false;
  Der in(content.content);
  to.version = 1;
  if (in.take(version_part, version)) {
    Value number;
    if (!Der(version.content).take(integer, number) || number.content.empty()) return false;
    const unsigned first = number.content[0];  // negative ones are taken for the first version, as OpenSSL takes them
    to.version = static_cast<std::uint8_t>(first >= 0x80 ? 1u : number.content.size() > 1 ? 255u : first + 1);
  }
  if (!in.take(integer, serial) || serial.content.empty() || !in.take(sequence, identifier) ||
      !in.take(sequence, issuer) || !in.take(sequence, validity) || !in.take(sequence, subject) ||
      !in.take(sequence, key))
    return false;
  set_serial(to, serial.content);
  Der times(validity.content);
  for (std::int64_t* const at : {&to.not_before, &to.not_after})
    *at = times.take(utc_time, time) || times.take(generalized_time, time) ? seconds_of(time) : 0;
  set_short_name(to.signature, Der(algorithm.content).take(object, identifier) ? number_of(identifier) : NID_undef);
  set_key(to, key);
  set_name(to.subject, subject);
  set_name(to.issuer, issuer);
  return true;
}

}  // namespace

bool CertificateReader::read(std::span<const std::uint8_t> der, Certificate& to) {
  std::array<std::uint8_t, 20> hash{};
  sha1_.make({der}, hash);
  Certificate& known = recent_[hash[0]];
  if (known.version != 0 && known.sha1 == hash) {
    to = known;
    return true;
  }
  to = {};
  to.sha1 = hash;
  if (!parse(der, to)) return false;
  known = to;
  return true;
}

}  // namespace t2::ssl_decode
