#include "parsers/bacnet/bacnet.h"

namespace picket::bacnet {

ParseResult parse(Cursor& in, Frame& frame) noexcept {
  Cursor c = in;  // read from a copy: the caller sees all of a frame or nothing
  const std::uint16_t length = c.u16be();
  if (!c.ok()) return ParseResult::need_more(kHeaderSize);
  if (length > kMaxLength) return ParseResult::malformed(Event::kInvalidLength);
  Frame f;
  f.data = c.bytes(length);
  if (!c.ok()) return ParseResult::need_more(kHeaderSize + length);
  frame = f;
  in = c;
  return ParseResult::done();
}

Probe probe(Transport, Direction, Bytes) noexcept { return Probe::kNo; }  // to be written

}  // namespace picket::bacnet
