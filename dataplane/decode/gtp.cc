// GTP-U, the user plane of mobile networks (3GPP TS 29.281 §5)
//
//      0             1      2        4      8
//      | ver PT E S N | type | length | TEID | sequence 2, N-PDU 1, next extension 1: when E, S or N is set |
#include "dataplane/decode/layers.h"

namespace picket::layers {

// Only a G-PDU carries a user's packet; everything else on the port is plain UDP.
Layer gtp(Layers& s) noexcept {
  constexpr std::uint8_t kVersion1 = 1, kProtocolType = 0x10, kExtension = 0x04, kAnyOption = 0x07,
                         kGPdu = 255;
  Cursor c = s.in;
  const std::uint8_t flags = c.u8();
  const std::uint8_t type = c.u8();
  const std::size_t length = c.u16be();
  c.skip(4);
  if (!c.ok() || flags >> 5 != kVersion1 || (flags & kProtocolType) == 0 || type != kGPdu)
    return Layer::kDone;
  if (length < c.left()) c = Cursor(c.rest().first(length));

  if ((flags & kAnyOption) != 0) {
    c.skip(2 + 1);
    std::uint8_t next = c.u8();
    if ((flags & kExtension) == 0) next = 0;
    while (next != 0 && c.ok()) {  // each turn takes 4 bytes or fails
      const std::size_t words = c.u8();
      if (words == 0) c.fail();
      c.skip(words * 4 - 2);
      next = c.u8();
    }
    if (!c.ok()) return Layer::kDone;
  }
  const std::uint8_t version = c.peek() >> 4;
  if (version != 4 && version != 6) return Layer::kDone;
  s.in = c;
  return version == 4 ? Layer::kIpv4 : Layer::kIpv6;
}

}  // namespace picket::layers
