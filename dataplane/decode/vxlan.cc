// VXLAN (RFC 7348)
#include "dataplane/decode/layers.h"

namespace picket::layers {

// What has not the VNI flag is no VXLAN, whatever its port: plain UDP then.
Layer vxlan(Layers& s) noexcept {
  constexpr std::uint8_t kHasVni = 0x08;
  Cursor c = s.in;
  const std::uint8_t flags = c.u8();
  c.skip(3 + 3 + 1);  // reserved or group policy, VNI, reserved
  if (!c.ok() || (flags & kHasVni) == 0) return Layer::kDone;
  s.in = c;
  s.unknown_type = DecodeEvent::kVxlanUnknownPayload;
  return Layer::kEthernet;
}

}  // namespace picket::layers
