// GRE (RFC 2784, RFC 2890, source routes of RFC 1701) and enhanced GRE (RFC 2637, PPTP)
//
//      0             1          2          4
//      | C R K S s.. | A .. ver | protocol | what the flags announce, 4 bytes each; routes |
#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

constexpr std::uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000,
                        kStrictRoute = 0x0800;
constexpr std::uint16_t kRecursion = 0x0700, kAck = 0x0080, kVersion = 0x0007;
constexpr std::uint16_t kFlags0 = 0x00f8, kFlags1 = 0x0078;

/// Source route entries, up to the one that says there is no more; each turn takes 4 bytes or ends.
void skip_routes(Cursor& c) noexcept {
  while (c.ok()) {
    const std::uint16_t family = c.u16be();
    c.skip(1);
    const std::uint8_t length = c.u8();
    if (family == 0 && length == 0) return;
    c.skip(length);
  }
}

Layer carried(Layers& s, std::uint16_t protocol, bool has_sequence) noexcept {
  switch (protocol) {
    case ethertype::kIpv4:
      return Layer::kIpv4;
    case ethertype::kIpv6:
      return Layer::kIpv6;
    case ethertype::kPpp:
      return Layer::kPpp;
    case ethertype::kErspan:  // type I has no header of its own; type II came with sequence numbers
      if (!s.config.erspan) return Layer::kDone;
      return has_sequence ? Layer::kErspan2 : Layer::kEthernet;
    case ethertype::kErspan3:
      return s.config.erspan ? Layer::kErspan3 : Layer::kDone;
    case ethertype::kBridged:
    case ethertype::kVlan:
    case ethertype::kQinQ:
    case ethertype::kMpls:
    case ethertype::kMplsMulticast:
    case ethertype::kArp:
    case ethertype::kNsh:
      return by_ethertype(s, protocol);
    default:
      return Layer::kDone;  // keepalives, WCCP and the like: the packet around it is what there is
  }
}

Layer version0(Layers& s, Cursor c, std::uint16_t flags, std::uint16_t protocol) noexcept {
  if ((flags & kRecursion) != 0) return s.fail(DecodeEvent::kGreV0Recursion);
  if ((flags & kFlags0) != 0) return s.fail(DecodeEvent::kGreV0Flags);
  if ((flags & (kChecksum | kRouting)) != 0) c.skip(4);  // checksum and offset come together
  if ((flags & kKey) != 0) c.skip(4);
  if ((flags & kSequence) != 0) c.skip(4);
  if (!c.ok()) return s.cut(DecodeEvent::kGreV0HeaderTooBig);
  if ((flags & kRouting) != 0) skip_routes(c);
  if (!c.ok()) return s.cut(DecodeEvent::kGreV0MalformedRoute);
  s.in = c;
  return carried(s, protocol, (flags & kSequence) != 0);
}

Layer version1(Layers& s, Cursor c, std::uint16_t flags, std::uint16_t protocol) noexcept {
  if ((flags & kChecksum) != 0) return s.fail(DecodeEvent::kGreV1Checksum);
  if ((flags & kRouting) != 0) return s.fail(DecodeEvent::kGreV1Route);
  if ((flags & kStrictRoute) != 0) return s.fail(DecodeEvent::kGreV1StrictRoute);
  if ((flags & kRecursion) != 0) return s.fail(DecodeEvent::kGreV1Recursion);
  if ((flags & kFlags1) != 0) return s.fail(DecodeEvent::kGreV1Flags);
  if (protocol != ethertype::kPpp) return s.fail(DecodeEvent::kGreV1WrongProtocol);
  if ((flags & kKey) == 0) return s.fail(DecodeEvent::kGreV1NoKey);
  c.skip(4);  // payload length, call id
  if ((flags & kSequence) != 0) c.skip(4);
  if ((flags & kAck) != 0) c.skip(4);
  if (!c.ok()) return s.cut(DecodeEvent::kGreV1HeaderTooBig);
  s.in = c;
  return c.empty() ? Layer::kDone : Layer::kPpp;  // an acknowledgement carries nothing
}

}  // namespace

Layer gre(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint16_t flags = c.u16be();
  const std::uint16_t protocol = c.u16be();
  if (!c.ok()) return s.cut(DecodeEvent::kGreTooSmall);
  switch (flags & kVersion) {
    case 0:
      return version0(s, c, flags, protocol);
    case 1:
      return version1(s, c, flags, protocol);
    default:
      return s.fail(DecodeEvent::kGreWrongVersion);
  }
}

}  // namespace picket::layers
