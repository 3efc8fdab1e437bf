#include "parsers/tls/x509.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "parsers/core/text_writer.h"

namespace picket::tls {
namespace {

namespace tag {
constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04, kOid = 0x06,
                       kUtcTime = 0x17, kGeneralizedTime = 0x18, kBmpString = 0x1e, kSequence = 0x30,
                       kSet = 0x31, kContext0 = 0xa0, kContext3 = 0xa3;
constexpr std::uint8_t kMail = 0x81, kDns = 0x82, kUri = 0x86, kIp = 0x87;  // GeneralName's choices
}  // namespace tag

struct OidName {
  std::string_view oid;  // encoded
  std::string_view name;
};

using namespace std::string_view_literals;

// How Suricata prints them, so that its rules find them; RFC 4519's names for the rest.
constexpr OidName kAttributes[] = {
    {"\x55\x04\x03"sv, "CN"},
    {"\x55\x04\x04"sv, "surname"},
    {"\x55\x04\x05"sv, "serialNumber"},
    {"\x55\x04\x06"sv, "C"},
    {"\x55\x04\x07"sv, "L"},
    {"\x55\x04\x08"sv, "ST"},
    {"\x55\x04\x09"sv, "streetAddress"},
    {"\x55\x04\x0a"sv, "O"},
    {"\x55\x04\x0b"sv, "OU"},
    {"\x55\x04\x0c"sv, "title"},
    {"\x55\x04\x0d"sv, "description"},
    {"\x55\x04\x0f"sv, "businessCategory"},
    {"\x55\x04\x11"sv, "postalCode"},
    {"\x55\x04\x29"sv, "name"},
    {"\x55\x04\x2a"sv, "givenName"},
    {"\x55\x04\x2b"sv, "initials"},
    {"\x55\x04\x2e"sv, "dnQualifier"},
    {"\x55\x04\x41"sv, "pseudonym"},
    {"\x55\x04\x61"sv, "organizationIdentifier"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"sv, "UID"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"sv, "DC"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"sv, "Email"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"sv, "unstructuredName"},
};

constexpr OidName kSignatures[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02"sv, "md2WithRSAEncryption"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"sv, "md5WithRSAEncryption"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"sv, "sha1WithRSAEncryption"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv, "RSASSA-PSS"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"sv, "sha256WithRSAEncryption"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"sv, "sha384WithRSAEncryption"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv, "sha512WithRSAEncryption"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"sv, "sha224WithRSAEncryption"},
    {"\x2a\x86\x48\xce\x38\x04\x03"sv, "dsa-with-SHA1"},
    {"\x2a\x86\x48\xce\x3d\x04\x01"sv, "ecdsa-with-SHA1"},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02"sv, "ecdsa-with-SHA256"},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03"sv, "ecdsa-with-SHA384"},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04"sv, "ecdsa-with-SHA512"},
    {"\x2b\x65\x70"sv, "Ed25519"},
    {"\x2b\x65\x71"sv, "Ed448"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x02"sv, "dsa-with-SHA256"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x11"sv, "ML-DSA-44"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x12"sv, "ML-DSA-65"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x13"sv, "ML-DSA-87"},
};

constexpr std::string_view kRsaKey = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;
constexpr std::string_view kRsaPssKey = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv;
constexpr std::string_view kEcKey = "\x2a\x86\x48\xce\x3d\x02\x01"sv;
constexpr OidName kKeys[] = {
    {kRsaKey, "RSA"},
    {kRsaPssKey, "RSA-PSS"},
    {"\x2a\x86\x48\xce\x38\x04\x01"sv, "DSA"},
    {kEcKey, "EC"},
    {"\x2b\x65\x70"sv, "Ed25519"},
    {"\x2b\x65\x71"sv, "Ed448"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x11"sv, "ML-DSA-44"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x12"sv, "ML-DSA-65"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x13"sv, "ML-DSA-87"},
};

struct Curve {
  std::string_view oid;
  std::uint32_t bits;
};
constexpr Curve kCurves[] = {
    {"\x2a\x86\x48\xce\x3d\x03\x01\x01"sv, 192},      // secp192r1
    {"\x2a\x86\x48\xce\x3d\x03\x01\x07"sv, 256},      // secp256r1
    {"\x2b\x81\x04\x00\x0a"sv, 256},                  // secp256k1
    {"\x2b\x81\x04\x00\x21"sv, 224},                  // secp224r1
    {"\x2b\x81\x04\x00\x22"sv, 384},                  // secp384r1
    {"\x2b\x81\x04\x00\x23"sv, 521},                  // secp521r1
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x07"sv, 256},  // brainpoolP256r1
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"sv, 384},  // brainpoolP384r1
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"sv, 512},  // brainpoolP512r1
};
constexpr std::string_view kSubjectAltName = "\x55\x1d\x11"sv;

template <std::size_t kSize>
std::string_view find(const OidName (&table)[kSize], Bytes oid) noexcept {
  for (const OidName& n : table) {
    if (n.oid == as_text(oid)) return n.name;
  }
  return {};
}

/// Two digits of a time; 100 when they are none.
unsigned two_digits(Cursor& c) noexcept {
  const unsigned a = c.u8() - unsigned{'0'}, b = c.u8() - unsigned{'0'};
  return a > 9 || b > 9 ? 100 : a * 10 + b;
}

/// UTCTime "YYMMDDhhmm[ss]" or GeneralizedTime "YYYYMMDDhhmmss", each with "Z"; an offset is not looked at,
/// as RFC 5280 forbids it.
bool read_time(const DerReader::Element& e, std::int64_t& out) noexcept {
  if (e.tag != tag::kUtcTime && e.tag != tag::kGeneralizedTime) return false;
  Cursor c(e.content);
  unsigned year = two_digits(c);
  if (e.tag == tag::kGeneralizedTime) {
    year = year * 100 + two_digits(c);
  } else {
    year += year < 50 ? 2000 : 1900;
  }
  const unsigned month = two_digits(c), day = two_digits(c), hour = two_digits(c), minute = two_digits(c);
  const bool has_seconds = c.peek() >= '0' && c.peek() <= '9';
  const unsigned second = has_seconds ? two_digits(c) : 0;
  if (!c.ok() || month - 1 > 11 || day - 1 > 30 || hour > 23 || minute > 59 || second > 60) return false;
  out = seconds_of(year, month, day, hour, minute, second);
  return true;
}

std::uint32_t bits_of(Bytes integer) noexcept {
  while (!integer.empty() && integer.front() == 0) integer = integer.subspan(1);
  if (integer.empty()) return 0;
  return static_cast<std::uint32_t>(integer.size() - 1) * 8 +
         static_cast<std::uint32_t>(std::bit_width(unsigned{integer[0]}));
}

void read_key(Bytes key_info, Certificate& out) noexcept {
  DerReader info(key_info);
  DerReader algorithm(info.expect(tag::kSequence));
  out.key_algorithm = algorithm.expect(tag::kOid);
  if (as_text(out.key_algorithm) == kEcKey) {
    const auto curve = as_text(algorithm.expect(tag::kOid));
    for (const Curve& c : kCurves) {
      if (c.oid == curve) out.key_bits = c.bits;
    }
  } else if (as_text(out.key_algorithm) == kRsaKey || as_text(out.key_algorithm) == kRsaPssKey) {
    const Bytes bits = info.expect(tag::kBitString);  // its first byte counts unused bits
    DerReader key(bits.empty() ? bits : bits.subspan(1));
    DerReader numbers(key.expect(tag::kSequence));
    out.key_bits = bits_of(numbers.expect(tag::kInteger));
  }
}

void read_extensions(Bytes explicit_extensions, Certificate& out) noexcept {
  DerReader outer(explicit_extensions);
  DerReader list(outer.expect(tag::kSequence));
  DerReader::Element e;
  while (list.next(e)) {
    DerReader extension(e.content);
    if (as_text(extension.expect(tag::kOid)) != kSubjectAltName) continue;
    if (extension.peek() == tag::kBoolean) (void)extension.expect(tag::kBoolean);
    DerReader value(extension.expect(tag::kOctetString));
    out.alt_names = value.expect(tag::kSequence);
  }
}

/// Text into a room that does not grow; what does not fit is cut.
class TextOut {
 public:
  explicit TextOut(std::span<std::uint8_t> room) noexcept : room_(room) {}
  void bytes(Bytes b) noexcept {
    const std::size_t n = std::min(b.size(), room_.size() - size_);
    std::copy_n(b.begin(), n, room_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += n;
  }
  void text(std::string_view s) noexcept { bytes(as_bytes(s)); }
  void number(std::uint32_t v) noexcept {
    std::array<char, 12> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), v).ptr;
    text({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::span<std::uint8_t> room_;
  std::size_t size_ = 0;
};

/// Arcs of more than 32 bits are cut to their low ones; nobody names an attribute so.
void write_oid(TextOut& out, Bytes oid) noexcept {
  std::uint32_t arc = 0;
  bool first = true;
  for (const std::uint8_t b : oid) {
    arc = arc << 7 | (b & 0x7f);
    if ((b & 0x80) != 0) continue;
    if (first) {
      const std::uint32_t root = std::min<std::uint32_t>(arc / 40, 2);
      out.number(root);
      arc -= root * 40;
    }
    out.text(".");
    out.number(arc);
    first = false;
    arc = 0;
  }
}

/// UCS-2 to UTF-8; surrogates come out as three bytes each, which a reader of logs survives.
void write_two_byte_string(TextOut& out, Bytes s) noexcept {
  const U16List units(s);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const unsigned u = units[i];
    std::array<std::uint8_t, 3> utf8;
    std::size_t n = 0;
    if (u < 0x80) {
      utf8[n++] = static_cast<std::uint8_t>(u);
    } else if (u < 0x800) {
      utf8[n++] = static_cast<std::uint8_t>(0xc0 | u >> 6);
      utf8[n++] = static_cast<std::uint8_t>(0x80 | (u & 0x3f));
    } else {
      utf8[n++] = static_cast<std::uint8_t>(0xe0 | u >> 12);
      utf8[n++] = static_cast<std::uint8_t>(0x80 | (u >> 6 & 0x3f));
      utf8[n++] = static_cast<std::uint8_t>(0x80 | (u & 0x3f));
    }
    out.bytes({utf8.data(), n});
  }
}

void write_attribute(TextOut& out, Bytes oid, const DerReader::Element& value) noexcept {
  if (const auto name = find(kAttributes, oid); !name.empty()) {
    out.text(name);
  } else {
    write_oid(out, oid);
  }
  out.text("=");
  if (value.tag == tag::kBmpString) {
    write_two_byte_string(out, value.content);
  } else {
    out.bytes(value.content);
  }
}

}  // namespace

bool DerReader::next(Element& out) noexcept {
  if (in_.empty()) return false;
  const Bytes from = in_.rest();
  const std::size_t start = in_.offset();
  out.tag = in_.u8();
  std::size_t size = in_.u8();
  if (size >= 0x80) {
    const std::size_t n = size & 0x7f;
    if (n == 0 || n > 4) in_.fail();
    size = 0;
    for (std::size_t i = 0; i < n && in_.ok(); ++i) size = size << 8 | in_.u8();
  }
  out.content = in_.bytes(size);
  if (!in_.ok()) return false;
  out.whole = from.first(in_.offset() - start);
  return true;
}

Bytes DerReader::expect(std::uint8_t tag) noexcept {
  Element e;
  if (next(e) && e.tag == tag) return e.content;
  in_.fail();
  return {};
}

EventBits parse_certificate(Bytes der, Certificate& out) noexcept {
  out = Certificate{};
  out.der = der;
  DerReader file(der);
  DerReader::Element e;
  if (!file.next(e)) return bit(Event::kInvalidCertificate) | bit(Event::kCertificateInvalidLength);
  if (e.tag != tag::kSequence)
    return bit(Event::kInvalidCertificate) | bit(Event::kCertificateUnknownElement);
  DerReader certificate(e.content);
  DerReader tbs(certificate.expect(tag::kSequence));
  if (tbs.peek() == tag::kContext0) (void)tbs.expect(tag::kContext0);
  out.serial = tbs.expect(tag::kInteger);
  DerReader algorithm(tbs.expect(tag::kSequence));
  out.signature_algorithm = algorithm.expect(tag::kOid);
  out.issuer = tbs.expect(tag::kSequence);
  DerReader validity(tbs.expect(tag::kSequence));
  out.subject = tbs.expect(tag::kSequence);
  const Bytes key_info = tbs.expect(tag::kSequence);
  if (!tbs.ok()) return bit(Event::kInvalidCertificate) | bit(Event::kCertificateMissingElement);
  read_key(key_info, out);

  EventBits wrong = 0;
  DerReader::Element from, to;
  out.has_validity = validity.next(from) && validity.next(to) && read_time(from, out.not_before) &&
                     read_time(to, out.not_after);
  if (!out.has_validity) wrong |= bit(Event::kCertificateInvalidString);
  while (tbs.next(e)) {
    if (e.tag == tag::kContext3) read_extensions(e.content, out);
  }
  if (!tbs.ok()) wrong |= bit(Event::kCertificateInvalidLength);
  return wrong;
}

std::size_t write_name(Bytes name, std::span<std::uint8_t> room) noexcept {
  TextOut out(room);
  DerReader sets(name);
  DerReader::Element set, attribute, value;
  while (sets.next(set)) {
    if (set.tag != tag::kSet) continue;
    DerReader attributes(set.content);
    for (bool first = true; attributes.next(attribute); first = false) {
      DerReader pair(attribute.content);
      const Bytes oid = pair.expect(tag::kOid);
      if (!pair.next(value)) break;
      if (out.size() != 0) out.text(first ? ", " : " + ");
      write_attribute(out, oid, value);
    }
  }
  return out.size();
}

bool next_alt_name(DerReader& names, AltNameText& room, Bytes& out) noexcept {
  DerReader::Element e;
  while (names.next(e)) {
    if (e.tag == tag::kDns || e.tag == tag::kMail || e.tag == tag::kUri) return out = e.content, true;
    const bool is_v4 = e.content.size() == 4;
    if (e.tag != tag::kIp || (!is_v4 && e.content.size() != 16)) continue;
    if (inet_ntop(is_v4 ? AF_INET : AF_INET6, e.content.data(), room.data(),
                  static_cast<socklen_t>(room.size())) == nullptr) {
      continue;
    }
    return out = as_bytes(std::string_view(room.data())), true;
  }
  return false;
}

std::string_view signature_algorithm_name(Bytes oid) noexcept { return find(kSignatures, oid); }
std::string_view key_algorithm_name(Bytes oid) noexcept { return find(kKeys, oid); }

// Days from civil and back: the era of 400 years repeats, and a year that begins in March has its leap day
// last.
std::int64_t seconds_of(std::int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                        unsigned second) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (std::int64_t{month} + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  const std::int64_t days = era * 146097 + day_of_era - 719468;
  return days * 86400 + std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second;
}

std::string_view write_time(std::int64_t seconds, TimeText& room) noexcept {
  const std::int64_t days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
  const std::int64_t of_day = seconds - days * 86400;
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  const std::int64_t month = shifted + (shifted < 10 ? 3 : -9);
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  TextWriter text(room);
  const auto put = [&text](std::int64_t v, unsigned width) noexcept {
    std::array<char, 4> digits;
    for (unsigned at = width; at-- > 0; v /= 10) digits[at] = static_cast<char>('0' + v % 10);
    text << std::string_view(digits.data(), width);
  };
  if (year >= 0 && year <= 9999)
    put(year, 4);
  else
    text << year;
  text << "-", put(month, 2);
  text << "-", put(day_of_year - (153 * shifted + 2) / 5 + 1, 2);
  text << "T", put(of_day / 3600, 2);
  text << ":", put(of_day / 60 % 60, 2);
  text << ":", put(of_day % 60, 2);
  return as_text(text.bytes());
}

}  // namespace picket::tls
