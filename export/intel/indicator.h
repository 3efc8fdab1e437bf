// export/intel/indicator.h — indicators of compromise: their types, and the one form in which an indicator and what
// is seen on the wire are compared
//
//   address, network   16 bytes, IPv4 mapped, and how many bits of them count: 128 for an address
//   domain             lower case, without a dot at its end; fits itself and all names below it
//   url                host[:port]/path[?query]: no scheme, user or fragment; host in lower case; no port that is the
//                      scheme's own. Without a query it fits whatever query is asked
//   email              lower case
//   file-hash          16, 20 or 32 bytes: MD5, SHA-1, SHA-256
//   certificate        20 or 32 bytes: SHA-1, SHA-256 of the DER
//   ja3, ja4, hassh    lower case
//
// Names outside of ASCII are compared as they are sent in DNS, TLS and HTTP: an indicator is made one of those
// (IDNA 2008, UTS 46) when it is read.
//
// Cost    the normal_*() functions write into the caller's room, allocate nothing and read their input once
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/packet.h"
#include "parsers/core/result.h"

namespace picket::intel {

enum class Type : std::uint8_t {
  kAddress,
  kNetwork,
  kDomain,
  kUrl,
  kEmail,
  kFileHash,
  kCertificate,
  kJa3,
  kJa4,
  kHassh,
  kCount
};
inline constexpr std::size_t kTypes = static_cast<std::size_t>(Type::kCount);
[[nodiscard]] std::string_view type_name(Type) noexcept;

enum class Severity : std::uint8_t { kUnsaid, kInfo, kLow, kMedium, kHigh, kCritical, kCount };
/// "" for kUnsaid.
[[nodiscard]] std::string_view severity_name(Severity) noexcept;

/// Texts of one indicator may be so long; a URL on the wire is looked at so far.
inline constexpr std::size_t kMaxText = 2048;
inline constexpr std::size_t kMaxName = 253;  ///< of a domain (RFC 1035)
inline constexpr std::size_t kMaxLabels = 127;

/// What an indicator is compared by. Addresses and networks are of one space.
struct Key {
  Type space = Type::kAddress;  ///< never kNetwork
  std::uint8_t bits = 0;        ///< kAddress: how many count
  std::string_view text;        ///< bytes in the form above; borrowed
};
[[nodiscard]] std::uint64_t fingerprint(const Key&) noexcept;

/// "192.0.2.1", "2001:db8::1"; nothing: it is no such text.
[[nodiscard]] std::optional<Address> written_address(std::string_view) noexcept;
/// The bits of an address that count, the others zero.
[[nodiscard]] std::array<char, 16> masked(const Address&, unsigned bits) noexcept;

using Room = std::span<char>;
/// Into `room`, which holds kMaxText. Nothing: it has not that form, or is longer.
[[nodiscard]] std::optional<std::string_view> normal_name(std::string_view, Room) noexcept;
[[nodiscard]] std::optional<std::string_view> normal_email(std::string_view, Room) noexcept;
struct Url {
  std::string_view text;  ///< in the form above
  std::string_view host;  ///< part of it; an IPv6 address without its brackets
  bool has_query = false;
  [[nodiscard]] std::string_view without_query() const noexcept { return text.substr(0, text.find('?')); }
};
[[nodiscard]] std::optional<Url> normal_url(std::string_view, Room) noexcept;
/// Of hexadecimal digits, with or without colons between pairs of them: 16, 20 or 32 bytes.
[[nodiscard]] std::optional<std::string_view> normal_digest(std::string_view, Room) noexcept;
/// In ASCII lower case.
[[nodiscard]] std::optional<std::string_view> normal_text(std::string_view, Room) noexcept;

/// An indicator as its file has it, read.
struct Indicator {
  Type type = Type::kAddress;
  std::uint8_t bits = 0;  ///< as in Key
  std::string key;        ///< as Key::text
  std::string text;       ///< as written
  std::string source, description, reference;
  Severity severity = Severity::kUnsaid;
  std::optional<std::uint8_t> confidence;  ///< 0 to 100
  std::uint64_t expires_ns = 0;            ///< UTC; 0: never

  [[nodiscard]] Key key_view() const noexcept {
    return {type == Type::kNetwork ? Type::kAddress : type, bits, key};
  }
};

/// Reads `text` as an indicator of the type that `type` names (ours, Zeek's or MISP's word; "": what it looks like)
/// into type, bits, key and text of `out`. The error says why not, and what would do.
[[nodiscard]] Status read_indicator(std::string_view text, std::string_view type, Indicator& out);

}  // namespace picket::intel
