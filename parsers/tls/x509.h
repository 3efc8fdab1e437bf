// parsers/tls/x509.h — reads what a record says of a certificate out of its DER (RFC 5280 §4.1)
//
//   Certificate ::= SEQUENCE { tbs, signature algorithm, signature }
//   tbs         ::= SEQUENCE { [0] version, serial, signature, issuer, validity, subject, key, ... [3]
//   extensions }
//
// Why our own reader: OpenSSL's d2i_X509 builds an object tree on the heap and keeps a lock-guarded error
// queue, and certificates are read on the packet path, where nothing may allocate. Nothing here judges a
// certificate: no chain is built, no signature checked, and wrong bytes are reported rather than refused.
//
// In      one certificate's DER
// Out     views into it, which live no longer than it; times as seconds since 1970
// Cost    O(size); no allocation, no recursion: names and extensions are walked in loops
// Limits  lengths of at most four bytes, definite form only (DER has no other)
#pragma once
#include <array>

#include "parsers/tls/hello.h"

namespace picket::tls {

/// One element after the other of a DER-encoded run. A broken element ends it.
class DerReader {
 public:
  explicit DerReader(Bytes in) noexcept : in_(in) {}
  struct Element {
    std::uint8_t tag = 0;
    Bytes content;  ///< without tag and length
    Bytes whole;
  };
  /// False at the end and where the bytes are no DER; ok() tells which.
  [[nodiscard]] bool next(Element& out) noexcept;
  /// The content of the next element if it has this tag; otherwise nothing, and the reader fails.
  [[nodiscard]] Bytes expect(std::uint8_t tag) noexcept;
  /// The tag of the next element; 0 at the end.
  [[nodiscard]] std::uint8_t peek() const noexcept { return in_.peek(); }
  [[nodiscard]] bool ok() const noexcept { return in_.ok(); }
  [[nodiscard]] bool empty() const noexcept { return in_.empty(); }

 private:
  Cursor in_;
};

struct Certificate {
  Bytes der;
  Bytes serial;                ///< as it stands, a leading zero byte included
  Bytes issuer, subject;       ///< contents of the Name
  Bytes signature_algorithm;   ///< object identifier, encoded
  Bytes key_algorithm;         ///< object identifier, encoded
  std::uint32_t key_bits = 0;  ///< RSA: of the modulus; EC: of the curve; 0: not known
  bool has_validity = false;
  std::int64_t not_before = 0, not_after = 0;
  Bytes alt_names;  ///< contents of the GeneralNames
};

/// Fills `out` as far as it could read; what was wrong, as events.
[[nodiscard]] EventBits parse_certificate(Bytes der, Certificate& out) noexcept;

/// A Name as text, "C=EU, O=Hospital, CN=pacs.example", into `room`, cut where it ends; the bytes written.
/// Strings stand as they are, but those of two-byte characters as UTF-8; attributes without a name here as
/// dotted object identifiers.
[[nodiscard]] std::size_t write_name(Bytes name, std::span<std::uint8_t> room) noexcept;
/// Room that always does.
constexpr std::size_t name_room(Bytes name) noexcept { return 4 * name.size() + 64; }

/// The next alternative name, as text: DNS names, mail addresses and URIs as they stand, IP addresses printed
/// into `room`; other kinds are passed over. False at the end.
using AltNameText = std::array<char, 48>;
[[nodiscard]] bool next_alt_name(DerReader& names, AltNameText& room, Bytes& out) noexcept;

/// "sha256WithRSAEncryption", "RSA"; "" for those without a name here.
[[nodiscard]] std::string_view signature_algorithm_name(Bytes oid) noexcept;
[[nodiscard]] std::string_view key_algorithm_name(Bytes oid) noexcept;

/// "2003-03-29T00:57:44"
using TimeText = std::array<char, 24>;
[[nodiscard]] std::string_view write_time(std::int64_t seconds, TimeText& room) noexcept;
/// Seconds since 1970 of a date in the Gregorian calendar; days and months may be beyond their range.
[[nodiscard]] std::int64_t seconds_of(std::int64_t year, unsigned month, unsigned day, unsigned hour,
                                      unsigned minute, unsigned second) noexcept;

}  // namespace picket::tls
