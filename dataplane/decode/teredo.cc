// Teredo (RFC 4380): IPv6 in UDP, behind an optional authentication header and origin indication
#include "dataplane/decode/layers.h"

namespace picket::layers {

// The port proves nothing: only what reads as one whole IPv6 packet is one (so not where the snap length cut
// it).
Layer teredo(Layers& s) noexcept {
  enum : std::uint16_t { kOrigin = 0x0000, kAuth = 0x0001 };
  constexpr std::size_t kIpv6Header = 40;
  Cursor c = s.in;
  if (Cursor auth = c; auth.u16be() == kAuth) {
    const std::size_t id = auth.u8(), value = auth.u8();
    auth.skip(id + value + 8 + 1);  // nonce, confirmation
    if (!auth.ok()) return Layer::kDone;
    c = auth;
  }
  if (Cursor origin = c; origin.u16be() == kOrigin && origin.ok()) {
    origin.skip(2 + 4);  // port and address, obscured
    if (!origin.ok()) return Layer::kDone;
    c = origin;
  }
  Cursor h = c;
  const bool version6 = h.u32be() >> 28 == 6;
  const std::size_t length = h.u16be();
  const bool whole = c.left() == kIpv6Header + length;
  if (!h.ok() || !version6 || !whole) return Layer::kDone;
  s.in = c;
  return Layer::kIpv6;
}

}  // namespace picket::layers
