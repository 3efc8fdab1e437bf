// Network service header (RFC 8300)
//
//      0                 2             3         4            8
//      | ver O U ttl len | 0000 mdtype | next    | path, index | context: 16 bytes (type 1), any words (type
//      2) |
#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"

namespace picket::layers {

Layer nsh(Layers& s) noexcept {
  constexpr std::size_t kBase = 8, kType1 = 24;
  enum : std::uint8_t { kIpv4 = 1, kIpv6 = 2, kEthernet = 3, kNsh = 4, kMpls = 5 };

  Cursor c = s.in;
  const std::uint16_t first = c.u16be();
  const std::uint8_t md_type = c.u8() & 0x0f;
  const std::uint8_t next = c.u8();
  c.skip(4);  // service path and index
  if (!c.ok()) return s.cut(DecodeEvent::kNshTooSmall);
  const std::size_t length = std::size_t{first & 0x3fU} * 4;
  if (first >> 14 != 0) return s.fail(DecodeEvent::kNshUnsupportedVersion);
  if (length < kBase) return s.fail(DecodeEvent::kNshBadLength);
  switch (md_type) {
    case 0:
      return s.fail(DecodeEvent::kNshReservedType);
    case 1:
      if (length != kType1) return s.fail(DecodeEvent::kNshBadLength);
      break;
    case 2:
      break;
    default:
      return s.fail(DecodeEvent::kNshUnsupportedType);
  }
  c.skip(length - kBase);
  if (!c.ok()) return s.cut(DecodeEvent::kNshBadLength);
  s.in = c;
  switch (next) {
    case kIpv4:
      s.p.ethertype = ethertype::kIpv4;
      return Layer::kIpv4;
    case kIpv6:
      s.p.ethertype = ethertype::kIpv6;
      return Layer::kIpv6;
    case kEthernet:
      return Layer::kEthernet;
    case kNsh:
      return Layer::kNsh;
    case kMpls:
      return Layer::kMpls;
    default:
      s.note(DecodeEvent::kNshUnknownPayload);
      return s.unsupported();
  }
}

}  // namespace picket::layers
