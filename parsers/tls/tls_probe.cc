// Could this be TLS? Answers come from what must fit: type, version, the record's length, and the message in
// it.
#include "parsers/tls/tls.h"

namespace picket::tls {
namespace {

constexpr std::uint16_t kMaxRecord = 16384 + 2048;
constexpr std::uint16_t kMinEncrypted = 16;  ///< the shortest MAC or tag

/// "yes" once `c` had all it needed; "unsure" when it ran out before anything spoke against it.
constexpr Probe verdict(const Cursor& c) noexcept { return c.ok() ? Probe::kYes : Probe::kUnsure; }

Probe probe_sslv2(Direction dir, Bytes first) noexcept {
  Cursor c(first);
  const unsigned size = c.u16be() & 0x7fffU;
  const auto type = c.u8();
  if (!c.ok()) return Probe::kUnsure;
  if (dir == Direction::kToServer) {
    const auto version = c.u16be();
    const unsigned ciphers = c.u16be(), session = c.u16be(), challenge = c.u16be();
    if (type != 1 || size < 9 + 3 + 16) return Probe::kNo;
    if (!c.ok()) return Probe::kUnsure;
    const bool fits =
        (version == version::kSsl2 || (version >= version::kSsl3 && version <= version::kTls13)) &&
        ciphers != 0 && ciphers % 3 == 0 && (session == 0 || session == 16) && challenge >= 16 &&
        challenge <= 32 && size == 9 + ciphers + session + challenge;
    return fits ? Probe::kYes : Probe::kNo;
  }
  const auto session_hit = c.u8(), certificate_type = c.u8();
  const auto version = c.u16be();
  const unsigned certificate = c.u16be(), ciphers = c.u16be(), connection = c.u16be();
  if (type != 4 || size < 11) return Probe::kNo;
  if (!c.ok()) return Probe::kUnsure;
  const bool fits = session_hit <= 1 && certificate_type <= 1 && version == version::kSsl2 &&
                    ciphers % 3 == 0 && size == 11 + certificate + ciphers + connection;
  return fits ? Probe::kYes : Probe::kNo;
}

/// `body`: what is there of a handshake record's `size` bytes. A hello may be cut into tiny records; then the
/// first byte must do.
Probe probe_handshake(Direction dir, std::uint16_t size, Bytes body) noexcept {
  if (size == 0) return Probe::kNo;
  if (body.empty()) return Probe::kUnsure;
  const auto type = body[0];
  const bool is_hello = type == (dir == Direction::kToServer ? 1 : 2);
  // Where the capture began later: certificates, and the messages around them.
  const bool is_later =
      dir == Direction::kToServer ? type == 11 || type == 16 : type == 11 || type == 12 || type == 14;
  if (!is_hello && !is_later) return Probe::kNo;
  if (size < 6) return is_hello ? Probe::kYes : Probe::kNo;
  Cursor c(body);
  c.skip(1);
  const auto message_size = c.u24be();
  const auto next = c.u16be();
  if (!c.ok()) return size == 4 && type == 14 && body.size() == 4 ? Probe::kYes : Probe::kUnsure;
  constexpr std::uint32_t kMaxHello = 0x20000, kMinHello = 34, kMaxCertificates = 0x40000;
  if (is_hello) {
    const bool version_fits = next >> 8 == 3 || next >> 8 == 0x7f || next >> 8 == 0xfb;
    return version_fits && message_size >= kMinHello && message_size <= kMaxHello ? Probe::kYes : Probe::kNo;
  }
  if (type == 11) {
    const auto third = c.u8();
    if (!c.ok()) return Probe::kUnsure;
    const std::uint32_t list = std::uint32_t{next} << 8 | third;
    return message_size <= kMaxCertificates && list + 3 == message_size ? Probe::kYes : Probe::kNo;
  }
  return message_size + 4U <= size ? Probe::kYes : Probe::kNo;
}

}  // namespace

Probe probe(Transport, Direction dir, Bytes first) noexcept {
  if (first.empty()) return Probe::kUnsure;
  if ((first[0] & 0x80) != 0) return probe_sslv2(dir, first);
  Cursor c(first);
  const auto type = c.u8();
  if (type < 20 || type > 23) return Probe::kNo;
  const auto major = c.u8();
  if (!c.ok()) return Probe::kUnsure;
  if (major != 3) return Probe::kNo;
  const auto minor = c.u8();
  if (c.ok() && minor > 4) return Probe::kNo;
  const auto size = c.u16be();
  if (!c.ok()) return Probe::kUnsure;
  if (size > kMaxRecord) return Probe::kNo;
  switch (type) {
    case 20: {
      const auto value = c.u8();
      return size != 1 || (c.ok() && value != 1) ? Probe::kNo : verdict(c);
    }
    case 21: {
      const auto level = c.u8(), description = c.u8();
      if (size != 2) return Probe::kNo;
      if (!c.ok()) return Probe::kUnsure;
      return (level == 1 || level == 2) && !alert_name(description).empty() ? Probe::kYes : Probe::kNo;
    }
    case 22:
      return probe_handshake(dir, size, c.rest());
    default:
      return size >= kMinEncrypted ? Probe::kYes : Probe::kNo;
  }
}

}  // namespace picket::tls
