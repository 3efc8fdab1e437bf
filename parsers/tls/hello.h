// parsers/tls/hello.h — the hello messages and ServerKeyExchange, read into views (RFC 8446 §4.1, RFC 5246
// §7.4)
//
//   ClientHello   | version 2 | random 32 | len 1, session id | len 2, cipher suites | len 1, compression |
//   extensions | ServerHello   | version 2 | random 32 | len 1, session id | cipher suite 2       |
//   compression 1      | extensions | extensions    | len 2 | type 2, len 2, data | type 2, len 2, data | ...
//
// In      the body of one whole handshake message
// Out     views into it, which live no longer than it
// Cost    O(size); no allocation
// Limits  none of its own: a handshake message is at most as long as the caller kept
//
// Used by TLS over TCP; QUIC and DTLS carry the same messages and may read them here.
#pragma once
#include <array>

#include "parsers/core/protocol.h"

namespace picket::tls {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:tls.<name>`; the table in
/// tls_spec.cc has the names, and is in this order.
enum class Event : std::uint8_t {
  kInvalidSslv2Header,
  kInvalidTlsHeader,
  kInvalidRecordVersion,
  kInvalidRecordType,
  kInvalidHandshakeMessage,
  kInvalidCertificate,
  kCertificateMissingElement,
  kCertificateUnknownElement,
  kCertificateInvalidLength,
  kCertificateInvalidString,
  kErrorMessageEncountered,
  kInvalidSslRecord,
  kHeartbeatMessage,
  kOverflowHeartbeatMessage,
  kInvalidHeartbeatMessage,
  kDataleakHeartbeatMismatch,
  kMultipleSniExtensions,
  kInvalidSniType,
  kInvalidSniLength,
  kHandshakeInvalidLength,
  kTooManyRecordsInPacket,
  kHandshakeTooLarge,
  kHelloListTooLong,
  kHandshakeGap,
  kMemoryFull,
  kCount,
};

/// Events as bits, the way Transaction::events has them.
using EventBits = std::uint64_t;
constexpr EventBits bit(Event e) noexcept { return EventBits{1} << static_cast<unsigned>(e); }

namespace version {
inline constexpr std::uint16_t kSsl2 = 0x0002, kSsl3 = 0x0300, kTls10 = 0x0301, kTls11 = 0x0302,
                               kTls12 = 0x0303, kTls13 = 0x0304;
/// Drafts of TLS 1.3 called themselves 0x7f00 + number; Facebook's 0xfb1a.
constexpr bool is_tls13(std::uint16_t v) noexcept {
  return v == kTls13 || (v >> 8) == 0x7f || (v >> 8) == 0xfb;
}
}  // namespace version

namespace extension {
inline constexpr std::uint16_t kServerName = 0, kSupportedGroups = 10, kEcPointFormats = 11,
                               kSignatureAlgorithms = 13, kHeartbeat = 15, kAlpn = 16,
                               kExtendedMasterSecret = 23, kRecordSizeLimit = 28, kSessionTicket = 35,
                               kPreSharedKey = 41, kEarlyData = 42, kSupportedVersions = 43, kKeyShare = 51,
                               kEncryptedClientHello = 0xfe0d;
/// Draft 13 to 22 of TLS 1.3 had key_share at 40.
inline constexpr std::uint16_t kDraftKeyShare = 40;
}  // namespace extension

/// Values that clients throw in so that servers stay tolerant (RFC 8701): 0x0a0a, 0x1a1a ... 0xfafa.
constexpr bool is_grease(std::uint16_t v) noexcept {
  return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff);
}

/// A vector of 16-bit values as it stands on the wire. An odd last byte is not counted.
class U16List {
 public:
  constexpr U16List() noexcept = default;
  constexpr explicit U16List(Bytes wire) noexcept : wire_(wire) {}
  [[nodiscard]] constexpr std::size_t size() const noexcept { return wire_.size() / 2; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] constexpr std::uint16_t operator[](std::size_t i) const noexcept {
    return static_cast<std::uint16_t>(wire_[2 * i] << 8 | wire_[2 * i + 1]);
  }

 private:
  Bytes wire_;
};

/// One extension after the other, or one ALPN name after the other; each walk is bounded by the bytes it
/// walks over.
struct Extension {
  std::uint16_t type = 0;
  Bytes data;
};
/// The next extension of a block; false at its end or where it breaks off.
[[nodiscard]] bool next_extension(Cursor& block, Extension& out) noexcept;
/// The n-th name of an ALPN list as it stands in its extension, without the list's own length.
[[nodiscard]] bool alpn_name(Bytes list, unsigned n, Bytes& out) noexcept;
/// The next group of a client's key_share; false at the end.
[[nodiscard]] bool next_key_share(Cursor& shares, std::uint16_t& group) noexcept;

struct ClientHello {
  bool present = false;
  bool sslv2_framing =
      false;  ///< came as an SSLv2 message: `ciphers` are then 3-byte values, and there is no more
  std::uint16_t legacy_version = 0;
  std::uint16_t version = 0;  ///< the highest one offered, in supported_versions or else legacy_version
  Bytes random;               ///< 32 bytes; SSLv2 framing: the challenge
  Bytes session_id;
  Bytes cipher_bytes;
  Bytes compression;
  Bytes extensions;  ///< the block, without its length
  bool has_sni = false, has_alpn = false;
  Bytes sni;   ///< first host_name
  Bytes alpn;  ///< list of length-prefixed names
  Bytes groups, signature_algorithms, point_formats, key_shares;
  bool session_ticket = false;  ///< offers one to resume
  bool psk = false, early_data = false, ech = false, extended_master_secret = false, heartbeat = false;
  std::uint16_t record_size_limit = 0;  ///< 0: not offered

  [[nodiscard]] U16List ciphers() const noexcept { return sslv2_framing ? U16List{} : U16List{cipher_bytes}; }
};

struct ServerHello {
  bool present = false;
  bool retry = false;  ///< a HelloRetryRequest; the real hello follows
  std::uint16_t legacy_version = 0;
  std::uint16_t version = 0;  ///< what was agreed on
  std::uint16_t cipher = 0;
  std::uint16_t group = 0;  ///< of the key share; 0: none
  Bytes random, session_id;
  Bytes extensions;
  Bytes alpn;  ///< the one name chosen, or nothing
  bool psk = false, extended_master_secret = false, heartbeat = false;
};

/// What a ServerKeyExchange tells, up to TLS 1.2.
struct KeyExchange {
  std::uint16_t group = 0;             ///< named curve; 0: none
  std::uint32_t dh_bits = 0;           ///< size of the prime when it is a finite field
  std::uint16_t signature_scheme = 0;  ///< TLS 1.2 only
};

/// Each fills `out` as far as it could read and returns what was wrong; kInvalidHandshakeMessage: it broke
/// off.
[[nodiscard]] EventBits parse_client_hello(Bytes body, ClientHello& out) noexcept;
[[nodiscard]] EventBits parse_server_hello(Bytes body, ServerHello& out) noexcept;
/// `message`: an SSLv2 CLIENT-HELLO from its message type on (RFC 5246 appendix E.2).
[[nodiscard]] EventBits parse_sslv2_client_hello(Bytes message, ClientHello& out) noexcept;
/// `cipher` and `version` say how the message is built; those with pre-shared keys are not read.
[[nodiscard]] EventBits parse_server_key_exchange(Bytes body, std::uint16_t cipher, std::uint16_t version,
                                                  KeyExchange& out) noexcept;

/// IANA's names; "" for a value that has none here.
[[nodiscard]] std::string_view cipher_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view group_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view signature_scheme_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view alert_name(std::uint8_t) noexcept;
/// As EVE shows it: "TLS 1.2", "TLSv1", "TLS 1.3 draft-18"; a number in hex when unknown. Writes into `room`.
using VersionText = std::array<char, 24>;
[[nodiscard]] std::string_view version_name(std::uint16_t, VersionText& room) noexcept;

}  // namespace picket::tls
