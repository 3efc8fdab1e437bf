// ESP (RFC 4303): its numbers are in the clear, what follows is not
#include "dataplane/decode/layers.h"

namespace picket::layers {

Layer esp(Layers& s) noexcept {
  constexpr std::size_t kHeaderSize = 8;  // security parameters index, sequence
  Cursor c = s.in;
  c.skip(kHeaderSize);
  if (!c.ok()) return s.cut(DecodeEvent::kEspTooSmall);
  return Layer::kDone;
}

}  // namespace picket::layers
