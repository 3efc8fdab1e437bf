// GENEVE (RFC 8926)
//
//      0           1       2          4     7          8
//      | ver, optl | flags | protocol | VNI | reserved | options: 4 optl bytes |
#include "dataplane/decode/ethertype.h"
#include "dataplane/decode/layers.h"

namespace picket::layers {

// What does not read as GENEVE is plain UDP, whatever its port.
Layer geneve(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint8_t version_and_length = c.u8();
  c.skip(1);
  const std::uint16_t protocol = c.u16be();
  c.skip(3 + 1);
  c.skip(std::size_t{version_and_length & 0x3fU} * 4);
  if (!c.ok() || version_and_length >> 6 != 0) return Layer::kDone;
  if (protocol < ethertype::kMinType) return s.note(DecodeEvent::kGeneveUnknownPayload), Layer::kDone;
  s.in = c;
  s.unknown_type = DecodeEvent::kGeneveUnknownPayload;
  return by_ethertype(s, protocol);
}

}  // namespace picket::layers
