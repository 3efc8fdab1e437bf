// MPLS label stacks (RFC 3032), pseudowires among them (RFC 4385)
#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"

namespace picket::layers {

// One label a call, so that a stack of any height is counted against max_layers.
Layer mpls(Layers& s) noexcept {
  constexpr std::uint32_t kBottom = 0x100;
  enum : std::uint32_t {
    kIpv4Null = 0,
    kRouterAlert = 1,
    kIpv6Null = 2,
    kImplicitNull = 3,
    kLastReserved = 15
  };

  Cursor c = s.in;
  const std::uint32_t entry = c.u32be();
  if (!c.ok()) return s.cut(DecodeEvent::kMplsTooSmall);
  s.in = c;
  if ((entry & kBottom) == 0) return Layer::kMpls;

  const std::uint32_t label = entry >> 12;
  switch (label) {
    case kIpv4Null:
      s.p.ethertype = ethertype::kIpv4;
      return Layer::kIpv4;
    case kIpv6Null:
      s.p.ethertype = ethertype::kIpv6;
      return Layer::kIpv6;
    case kRouterAlert:
      return s.fail(DecodeEvent::kMplsRouterAlert);
    case kImplicitNull:
      return s.fail(DecodeEvent::kMplsImplicitNull);
    default:
      break;
  }
  if (label <= kLastReserved) return s.fail(DecodeEvent::kMplsReserved);

  // The label does not say what it carries; the first four bits do by convention.
  switch (c.peek() >> 4) {
    case 4:
      s.p.ethertype = ethertype::kIpv4;
      return Layer::kIpv4;
    case 6:
      s.p.ethertype = ethertype::kIpv6;
      return Layer::kIpv6;
    case 0:
      c.skip(4);  // the pseudowire's control word, then a frame
      if (!c.ok()) return s.cut(DecodeEvent::kMplsTooSmall);
      s.in = c;
      return Layer::kEthernet;
    default:
      s.note(DecodeEvent::kMplsUnknownPayload);
      return s.unsupported();
  }
}

}  // namespace picket::layers
