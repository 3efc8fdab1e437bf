// parsers/core/frames.h — a stream of frames, of which one that is wrong ends nothing
#pragma once
#include "parsers/core/protocol.h"

namespace picket {

/// Reads the frames of one direction one after the other. What is no frame, and what stands behind a gap, is
/// searched at each byte for the next one; `lost` says that it is being looked for, and is the parser's to keep.
///   starts(rest)   a Probe: does a frame start here, beyond doubt?
///   read(in)       a ParseResult: reads one frame and tells of it; where it is malformed, has told so
template <class Starts, class Read>
Consumed read_frames(Bytes data, bool& lost, Starts&& starts, Read&& read) noexcept {
  std::size_t at = 0;
  while (at < data.size()) {
    const Bytes rest = data.subspan(at);
    if (lost) {
      const Probe p = starts(rest);
      if (p == Probe::kUnsure) return Consumed::partly(at, 0);
      if (p == Probe::kNo) {
        ++at;
        continue;
      }
      lost = false;
    }
    Cursor in(rest);
    const ParseResult r = read(in);
    if (r.kind == ParseResult::Kind::kNeedMore) return Consumed::partly(at, r.need);
    if (r.kind == ParseResult::Kind::kMalformed) {
      lost = true;
      ++at;
      continue;
    }
    at += in.offset();
  }
  return Consumed::all(at);
}

}  // namespace picket
