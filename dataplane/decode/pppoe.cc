// PPPoE (RFC 2516) and PPP framing (RFC 1661, RFC 1662)
#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"

namespace picket::layers {
namespace {

constexpr std::size_t kMinIpv4 = 20, kMinIpv6 = 40;

/// The protocol number takes one byte when its low bit is set and compression was agreed on (RFC 1661 §6.5).
std::uint16_t read_protocol(Cursor& c) noexcept { return (c.peek() & 1) != 0 ? c.u8() : c.u16be(); }

}  // namespace

Layer by_ppp_protocol(Layers& s, std::uint16_t protocol) noexcept {
  enum : std::uint16_t {
    kIpv4 = 0x0021,
    kVjUncompressed = 0x002f,
    kIpv6 = 0x0057,
    kMplsUnicast = 0x0281,
    kMplsMulticast = 0x0283
  };
  switch (protocol) {
    case kIpv4:
    case kVjUncompressed:  // an IPv4 packet whose protocol field holds a slot number: good for its addresses
                           // only
      if (s.in.left() < kMinIpv4) {
        return s.cut(protocol == kIpv4 ? DecodeEvent::kPppIpv4TooSmall : DecodeEvent::kPppVjTooSmall);
      }
      s.p.ethertype = ethertype::kIpv4;
      return Layer::kIpv4;
    case kIpv6:
      if (s.in.left() < kMinIpv6) return s.cut(DecodeEvent::kPppIpv6TooSmall);
      s.p.ethertype = ethertype::kIpv6;
      return Layer::kIpv6;
    case kMplsUnicast:
    case kMplsMulticast:
      return Layer::kMpls;
    default:
      break;
  }
  // Every number ends in an odd byte and begins with an even one (RFC 1661 §2).
  if ((protocol & 0x0101) != 0x0001) return s.fail(DecodeEvent::kPppWrongType);
  s.note(DecodeEvent::kPppUnsupported);
  return s.unsupported();
}

Layer ppp(Layers& s) noexcept {
  constexpr std::uint8_t kAllStations = 0xff, kHdlcUnicast = 0x0f, kHdlcMulticast = 0x8f;
  const std::uint8_t first = s.in.peek();
  if (first == kHdlcUnicast || first == kHdlcMulticast)
    return Layer::kChdlc;  // pcap-linktype(7): PPP_HDLC may be either

  Cursor c = s.in;
  if (first == kAllStations) c.skip(2);  // address, control; left out when compression was agreed on
  const std::uint16_t protocol = read_protocol(c);
  if (!c.ok()) return s.cut(DecodeEvent::kPppTooSmall);
  s.in = c;
  return by_ppp_protocol(s, protocol);
}

Layer pppoe_session(Layers& s) noexcept {
  Cursor c = s.in;
  c.skip(1 + 1 + 2);  // version and type, code, session id
  c.skip(2);          // length: the IP length behind it tells padding, and some concentrators count wrong
  const std::uint16_t protocol = read_protocol(c);
  if (!c.ok()) return s.cut(DecodeEvent::kPppoeTooSmall);
  s.in = c;
  return by_ppp_protocol(s, protocol);
}

Layer pppoe_discovery(Layers& s) noexcept {
  enum : std::uint8_t {
    kOffer = 0x07,
    kInitiation = 0x09,
    kRequest = 0x19,
    kConfirmation = 0x65,
    kTerminate = 0xa7
  };
  Cursor c = s.in;
  c.skip(1);  // version and type
  const std::uint8_t code = c.u8();
  c.skip(2);  // session id
  const std::uint16_t length = c.u16be();
  if (!c.ok()) return s.cut(DecodeEvent::kPppoeTooSmall);
  switch (code) {
    case kOffer:
    case kInitiation:
    case kRequest:
    case kConfirmation:
    case kTerminate:
      break;
    default:
      return s.fail(DecodeEvent::kPppoeWrongCode);
  }
  s.in = c;
  if (length > c.left() && !s.ends_at_snap_length()) return s.fail(DecodeEvent::kPppoeMalformedTags);

  Cursor tags(c.rest().first(length < c.left() ? length : c.left()));
  s.p.payload = s.p.has_ip ? s.p.payload : tags.rest();
  while (!tags.empty()) {  // each turn takes 4 bytes or ends
    tags.skip(2);
    tags.skip(tags.u16be());
  }
  return tags.ok() ? Layer::kDone : s.cut(DecodeEvent::kPppoeMalformedTags);
}

}  // namespace picket::layers
