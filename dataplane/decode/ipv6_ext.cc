// IPv6 extension headers (RFC 8200 §4, RFC 6564), and the authentication header behind IPv4 (RFC 4302)
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

/// A packet with more extension headers than this is no packet that a host would make (RFC 8504 §5.3 allows a
/// limit).
constexpr unsigned kMaxHeaders = 16;

enum Next : std::uint8_t { kHopByHop = 0, kRouting = 43, kFragment = 44, kAuth = 51, kDestination = 60 };

/// Hop-by-hop or destination options; `c` stands behind next header and length.
void options(Layers& s, Cursor c, bool hop_by_hop) noexcept {
  enum Option : std::uint8_t {
    kPad1 = 0x00,
    kPadN = 0x01,
    kTunnelLimit = 0x04,
    kRouterAlert = 0x05,
    kQuickStart = 0x26,
    kCalipso = 0x07,
    kSmfDpd = 0x08,
    kMinPathMtu = 0x30,
    kIoam = 0x31,
    kIoamChanging = 0x11,
    kPdm = 0x0f,
    kRpl = 0x63,
    kRplNew = 0x23,
    kMpl = 0x6d,
    kIlnpNonce = 0x8b,
    kHomeAddress = 0xc9,
    kJumbo = 0xc2,
    kIpDff = 0xee,
    kLineId = 0x8c,
    kAltMark = 0x12,
    kAltMarkChanging = 0x32,
  };
  bool only_padding = true;
  while (!c.empty()) {  // each turn takes a byte at least
    const std::uint8_t type = c.u8();
    if (type == kPad1) continue;
    const std::uint8_t length = c.u8();
    if (!c.ok() || length > c.left()) return s.note(DecodeEvent::kIpv6InvalidOptLen);
    c.skip(length);
    switch (type) {
      case kPadN:
        if (length == 0) s.note(DecodeEvent::kIpv6ZeroPadN);
        continue;
      case kRouterAlert:
        if (length != 2) s.note(DecodeEvent::kIpv6InvalidOptLen);
        break;
      case kJumbo:
        if (length != 4) s.note(DecodeEvent::kIpv6InvalidOptLen);
        break;
      case kHomeAddress:
        if (length != 16) s.note(DecodeEvent::kIpv6InvalidOptLen);
        break;
      case kTunnelLimit:
      case kQuickStart:
      case kCalipso:
      case kSmfDpd:
      case kMinPathMtu:
      case kIoam:
      case kIoamChanging:
      case kPdm:
      case kRpl:
      case kRplNew:
      case kMpl:
      case kIlnpNonce:
      case kIpDff:
      case kLineId:
      case kAltMark:
      case kAltMarkChanging:
        break;
      default:
        s.note(hop_by_hop ? DecodeEvent::kIpv6HopOptsUnknown : DecodeEvent::kIpv6DestOptsUnknown);
        break;
    }
    only_padding = false;
  }
  if (only_padding) {
    s.note(hop_by_hop ? DecodeEvent::kIpv6HopOptsOnlyPadding : DecodeEvent::kIpv6DestOptsOnlyPadding);
  }
}

/// The length field of an authentication header counts words, less two.
Bytes auth_header(Cursor& c, std::uint8_t& next, bool& reserved_is_zero) noexcept {
  const Bytes whole = c.rest();
  next = c.u8();
  const std::size_t size = (std::size_t{c.u8()} + 2) * 4;
  constexpr std::size_t kMinSize = 12;  // through the sequence number
  reserved_is_zero = c.u16be() == 0;
  if (size < kMinSize) c.fail();
  c.skip(size - 4);
  return c.ok() ? whole.first(size) : Bytes{};
}

/// True when the packet is a piece of a datagram.
bool fragment(Layers& s, std::uint16_t offset_and_flags, std::uint32_t id, std::uint8_t reserved) noexcept {
  constexpr std::uint16_t kOffset = 0xfff8, kReserved = 0x0006, kMore = 0x0001;
  Packet& p = s.p;
  if (reserved != 0 || (offset_and_flags & kReserved) != 0) s.note(DecodeEvent::kIpv6FragReserved);
  p.frag_offset = offset_and_flags & kOffset;
  p.more_fragments = (offset_and_flags & kMore) != 0;
  p.ip_id = static_cast<std::uint16_t>(id);
  if (p.frag_offset != 0 || p.more_fragments) return true;
  s.note(DecodeEvent::kIpv6UselessFragment);
  return false;
}

}  // namespace

Layer ipv6_extensions(Layers& s, std::uint8_t next) noexcept {
  Packet& p = s.p;
  unsigned routing = 0, hop = 0, destination = 0, auth = 0, fragments = 0;
  for (unsigned headers = 0;; ++headers) {
    p.proto = next;
    if (next != kHopByHop && next != kRouting && next != kFragment && next != kAuth && next != kDestination) {
      // No header is shorter than two bytes: what the last extension announced is not there.
      const bool missing =
          headers > 0 && s.in.left() < 2 && next != static_cast<std::uint8_t>(IpProto::kNoNext);
      return missing ? s.cut(DecodeEvent::kIpv6TruncatedExt) : Layer::kIpPayload;
    }
    if (headers == kMaxHeaders) {
      s.fail(DecodeEvent::kTooManyLayers);
      p.verdict = Verdict::kDecodeTooDeep;
      return Layer::kDone;
    }
    Cursor c = s.in;
    if (next == kFragment) {
      const std::uint8_t after = c.u8();
      const std::uint8_t reserved = c.u8();
      const std::uint16_t offset_and_flags = c.u16be();
      const std::uint32_t id = c.u32be();
      if (!c.ok()) return s.cut(DecodeEvent::kIpv6TruncatedExt);
      if (++fragments == 2) s.note(DecodeEvent::kIpv6DuplicateFragment);
      next = after;
      if (fragment(s, offset_and_flags, id, reserved)) {
        // What follows is one piece of whatever it is: ip_header stays in front of this header.
        p.proto = after;
        p.is_fragment = true;
        p.payload = c.rest();
        if (p.more_fragments && c.left() % 8 != 0) s.note(DecodeEvent::kIpv6FragInvalidLength);
        s.in = c;
        return Layer::kDone;
      }
    } else if (next == kAuth) {
      bool reserved_is_zero = false;
      if (auth_header(c, next, reserved_is_zero).empty()) return s.cut(DecodeEvent::kIpv6TruncatedExt);
      if (++auth == 2) s.note(DecodeEvent::kIpv6DuplicateAh);
      if (!reserved_is_zero) s.note(DecodeEvent::kIpv6AhReserved);
    } else {
      const std::uint8_t kind = next;
      next = c.u8();
      const std::size_t size = (std::size_t{c.u8()} + 1) * 8;
      const Cursor contents(c.bytes(size - 2));
      if (!c.ok()) return s.cut(DecodeEvent::kIpv6TruncatedExt);
      switch (kind) {
        case kRouting:
          if (++routing == 2) s.note(DecodeEvent::kIpv6DuplicateRouting);
          if (contents.peek() == 0) s.note(DecodeEvent::kIpv6RoutingType0);
          break;
        case kHopByHop:
          if (++hop == 2) s.note(DecodeEvent::kIpv6DuplicateHopOpts);
          options(s, contents, true);
          break;
        default:  // one in front of a routing header, one behind it (RFC 8200 §4.1)
          if (++destination == 3) s.note(DecodeEvent::kIpv6DuplicateDestOpts);
          options(s, contents, false);
          break;
      }
    }
    const std::size_t read = p.ip_header.size() + (s.in.left() - c.left());
    p.ip_header = {p.ip_header.data(), read};
    s.in = c;
  }
}

Layer ah(Layers& s) noexcept {
  Cursor c = s.in;
  bool reserved_is_zero = false;
  std::uint8_t next = 0;
  if (auth_header(c, next, reserved_is_zero).empty())
    return Layer::kDone;  // AH itself is then the L4, unread
  s.p.proto = next;
  s.in = c;
  return Layer::kIpPayload;
}

}  // namespace picket::layers
