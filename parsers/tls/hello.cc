#include "parsers/tls/hello.h"

#include <algorithm>
#include <bit>

namespace picket::tls {
namespace {

/// SHA-256 of "HelloRetryRequest", which stands for a random in one (RFC 8446 §4.1.3).
constexpr std::array<std::uint8_t, 32> kRetryRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/// Up to draft 21 a ServerHello of TLS 1.3 had neither session id nor compression.
constexpr bool has_short_server_hello(std::uint16_t v) noexcept { return v >= 0x7f00 && v <= 0x7f15; }

/// Data of an extension that holds one vector with a length of two bytes and nothing else; nothing when it
/// does not.
Bytes u16_vector(Bytes data) noexcept {
  Cursor c(data);
  const Bytes v = c.bytes(c.u16be());
  return c.ok() && c.empty() ? v : Bytes{};
}
Bytes u8_vector(Bytes data) noexcept {
  Cursor c(data);
  const Bytes v = c.bytes(c.u8());
  return c.ok() && c.empty() ? v : Bytes{};
}

EventBits read_sni(Bytes data, ClientHello& h) noexcept {
  if (h.has_sni) return bit(Event::kMultipleSniExtensions);
  h.has_sni = true;
  Cursor c(data);
  const auto list_size = c.u16be();
  const auto type = c.u8();
  const auto size = c.u16be();
  const Bytes name = c.bytes(size);
  if (!c.ok() || list_size != data.size() - 2 || size == 0) return bit(Event::kInvalidSniLength);
  if (type != 0) return bit(Event::kInvalidSniType);
  h.sni = name;
  return 0;
}

std::uint16_t highest_version(Bytes list) noexcept {
  std::uint16_t best = 0;
  const U16List versions(list);
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (is_grease(versions[i])) continue;
    // A draft's number is above the final one's; who offers both means the final one.
    const bool better = version::is_tls13(best) ? versions[i] == version::kTls13 : versions[i] > best;
    if (better) best = versions[i];
  }
  return best;
}

EventBits read_client_extension(const Extension& e, ClientHello& h) noexcept {
  switch (e.type) {
    case extension::kServerName:
      return read_sni(e.data, h);
    case extension::kAlpn:
      h.has_alpn = true;
      h.alpn = u16_vector(e.data);
      break;
    case extension::kSupportedGroups:
      h.groups = u16_vector(e.data);
      break;
    case extension::kEcPointFormats:
      h.point_formats = u8_vector(e.data);
      break;
    case extension::kSignatureAlgorithms:
      h.signature_algorithms = u16_vector(e.data);
      break;
    case extension::kSupportedVersions:
      if (const auto v = highest_version(u8_vector(e.data)); v != 0) h.version = v;
      break;
    case extension::kKeyShare:
    case extension::kDraftKeyShare:
      h.key_shares = u16_vector(e.data);
      break;
    case extension::kSessionTicket:
      h.session_ticket = !e.data.empty();
      break;
    case extension::kRecordSizeLimit: {
      Cursor c(e.data);
      h.record_size_limit = c.u16be();
      break;
    }
    case extension::kPreSharedKey:
      h.psk = true;
      break;
    case extension::kEarlyData:
      h.early_data = true;
      break;
    case extension::kEncryptedClientHello:
      h.ech = true;
      break;
    case extension::kExtendedMasterSecret:
      h.extended_master_secret = true;
      break;
    case extension::kHeartbeat:
      h.heartbeat = true;
      break;
    default:
      break;
  }
  return 0;
}

void read_server_extension(const Extension& e, ServerHello& h) noexcept {
  Cursor c(e.data);
  switch (e.type) {
    case extension::kSupportedVersions:
      if (e.data.size() == 2) h.version = c.u16be();
      break;
    case extension::kKeyShare:
    case extension::kDraftKeyShare:
      h.group = c.u16be();  // a HelloRetryRequest has nothing behind it
      break;
    case extension::kAlpn:
      if (Bytes name; alpn_name(u16_vector(e.data), 0, name)) h.alpn = name;
      break;
    case extension::kPreSharedKey:
      h.psk = true;
      break;
    case extension::kExtendedMasterSecret:
      h.extended_master_secret = true;
      break;
    case extension::kHeartbeat:
      h.heartbeat = true;
      break;
    default:
      break;
  }
}

/// The extension block at the end of a hello: it may be missing, but nothing may follow it.
EventBits read_extension_block(Cursor& c, Bytes& block) noexcept {
  if (c.empty()) return c.ok() ? 0 : bit(Event::kInvalidHandshakeMessage);
  const auto size = c.u16be();
  if (size > c.left()) {
    block = c.rest();
    return bit(Event::kHandshakeInvalidLength);
  }
  block = c.bytes(size);
  return c.empty() ? 0 : bit(Event::kHandshakeInvalidLength);
}

}  // namespace

bool next_extension(Cursor& block, Extension& out) noexcept {
  if (block.empty()) return false;
  out.type = block.u16be();
  out.data = block.bytes(block.u16be());
  return block.ok();
}

bool alpn_name(Bytes list, unsigned n, Bytes& out) noexcept {
  Cursor c(list);
  for (;;) {
    const Bytes name = c.bytes(c.u8());
    if (!c.ok()) return false;
    if (n-- == 0) return out = name, true;
  }
}

bool next_key_share(Cursor& shares, std::uint16_t& group) noexcept {
  group = shares.u16be();
  shares.skip(shares.u16be());
  return shares.ok();
}

EventBits parse_client_hello(Bytes body, ClientHello& h) noexcept {
  h = ClientHello{};
  h.present = true;
  Cursor c(body);
  h.legacy_version = h.version = c.u16be();
  h.random = c.bytes(32);
  h.session_id = c.bytes(c.u8());
  h.cipher_bytes = c.bytes(c.u16be());
  h.compression = c.bytes(c.u8());
  if (!c.ok() || h.session_id.size() > 32 || h.cipher_bytes.size() % 2 != 0) {
    return bit(Event::kInvalidHandshakeMessage);
  }
  EventBits wrong = read_extension_block(c, h.extensions);
  Cursor block(h.extensions);
  Extension e;
  while (next_extension(block, e)) wrong |= read_client_extension(e, h);
  if (!block.ok()) wrong |= bit(Event::kHandshakeInvalidLength);
  return wrong;
}

EventBits parse_server_hello(Bytes body, ServerHello& h) noexcept {
  h = ServerHello{};
  h.present = true;
  Cursor c(body);
  h.legacy_version = h.version = c.u16be();
  h.random = c.bytes(32);
  const bool is_short = has_short_server_hello(h.version);
  if (!is_short) h.session_id = c.bytes(c.u8());
  h.cipher = c.u16be();
  if (!is_short) c.skip(1);
  if (!c.ok() || h.session_id.size() > 32) return bit(Event::kInvalidHandshakeMessage);
  h.retry = std::equal(h.random.begin(), h.random.end(), kRetryRandom.begin());
  EventBits wrong = read_extension_block(c, h.extensions);
  Cursor block(h.extensions);
  Extension e;
  while (next_extension(block, e)) read_server_extension(e, h);
  if (!block.ok()) wrong |= bit(Event::kHandshakeInvalidLength);
  return wrong;
}

EventBits parse_sslv2_client_hello(Bytes message, ClientHello& h) noexcept {
  h = ClientHello{};
  h.present = h.sslv2_framing = true;
  Cursor c(message);
  const auto type = c.u8();
  h.legacy_version = h.version = c.u16be();
  const auto cipher_size = c.u16be();
  const auto session_size = c.u16be();
  const auto challenge_size = c.u16be();
  h.cipher_bytes = c.bytes(cipher_size);
  h.session_id = c.bytes(session_size);
  h.random = c.bytes(challenge_size);
  const bool fits = c.ok() && c.empty() && type == 1 && cipher_size % 3 == 0;
  return fits ? 0 : bit(Event::kInvalidSslv2Header);
}

EventBits parse_server_key_exchange(Bytes body, std::uint16_t cipher, std::uint16_t version,
                                    KeyExchange& out) noexcept {
  const std::string_view name = cipher_name(cipher);
  const auto uses = [name](std::string_view word) { return name.find(word) != std::string_view::npos; };
  if (uses("_PSK_") || uses("_SRP_") || uses("_RSA_EXPORT")) return 0;
  Cursor c(body);
  if (uses("_ECDHE_") || uses("_ECDH_anon_")) {
    constexpr std::uint8_t kNamedCurve = 3;  // explicit curves (RFC 4492) died before anyone used them
    if (c.u8() != kNamedCurve) return c.ok() ? 0 : bit(Event::kInvalidHandshakeMessage);
    out.group = c.u16be();
    c.skip(c.u8());
  } else if (uses("_DHE_") || uses("_DH_anon_")) {
    Bytes prime = c.bytes(c.u16be());
    while (!prime.empty() && prime.front() == 0) prime = prime.subspan(1);
    if (!prime.empty()) {
      out.dh_bits = static_cast<std::uint32_t>(prime.size() - 1) * 8 +
                    static_cast<std::uint32_t>(std::bit_width(prime[0]));
    }
    c.skip(c.u16be());
    c.skip(c.u16be());
  } else {
    return 0;
  }
  if (version == version::kTls12 && !uses("_anon_")) out.signature_scheme = c.u16be();
  return c.ok() ? 0 : bit(Event::kInvalidHandshakeMessage);
}

}  // namespace picket::tls
