// SCTP's common header (RFC 9260 §3.1); payload is its chunks
#include "dataplane/decode/layers.h"

namespace picket::layers {

constexpr std::size_t kHeaderSize = 12;

Layer sctp(Layers& s) noexcept {
  Cursor c = s.in;
  const std::uint16_t src_port = c.u16be();
  const std::uint16_t dst_port = c.u16be();
  c.skip(4 + 4);  // verification tag, checksum
  if (!c.ok()) return s.cut(DecodeEvent::kSctpTooSmall);
  Packet& p = s.p;
  p.has_l4 = true;
  p.src_port = src_port;
  p.dst_port = dst_port;
  p.l4_header = s.in.rest().first(kHeaderSize);
  p.payload = c.rest();
  s.in = c;
  return Layer::kDone;
}

}  // namespace picket::layers
