#include "dataplane/frames/frame_tracker.h"

#include <algorithm>

namespace picket {

struct OpenFrame {
  explicit OpenFrame(Pool& pool) noexcept : bytes(pool) {}

  OpenFrame* next = nullptr;
  std::uint64_t id = 0;
  std::uint64_t offset = 0;           // in the stream
  std::uint64_t length = kOpenFrame;  // until its end is known
  std::uint64_t have = 0;             // bytes of it that were seen, or lost
  std::uint64_t window = 0;           // where `bytes` begins, in the frame
  std::uint32_t fresh = 0;            // bytes of the window that were looked at before
  std::uint8_t kind = 0;
  bool holed = false;  // bytes of it were lost
  Transaction* tx = nullptr;
  FrameRefusals refusals;
  PoolBuffer bytes;

  [[nodiscard]] std::size_t room() const noexcept {
    const std::size_t all = kind == kStreamFrame ? FrameTracker::kStreamWindow : FrameTracker::kWindow;
    return all - bytes.size();
  }
};

struct FlowFrames {
  struct Side {
    OpenFrame* open = nullptr;  // in the order in which they began
    unsigned count = 0;
    std::uint64_t last_id = 0;
    std::array<std::uint64_t, kMaxFrames + 1> told{};  // by kind: 1 + offset of the last one
  };
  std::array<Side, 2> side;
};

namespace {

OpenFrame* find_open(FlowFrames& frames, Direction dir, unsigned kind) noexcept {
  OpenFrame* f = frames.side[index(dir)].open;
  while (f != nullptr && (f->kind != kind || f->length != kOpenFrame)) f = f->next;
  return f;
}

}  // namespace

void FrameTracker::begin(Flow& flow, FlowFrames*& frames, Direction dir, unsigned kind, std::uint64_t offset,
                         std::uint64_t length, Transaction* tx, const Input& in) noexcept {
  if (frames == nullptr) frames = pool_.make<FlowFrames>();
  if (frames == nullptr) {
    ++stats_.refused;
    return;
  }
  FlowFrames::Side& side = frames->side[index(dir)];
  if (offset < side.told[kind] || length == 0 || (kind == kStreamFrame && side.told[kind] != 0)) return;
  // A parser that begins anew has lost the end of the one before.
  if (length == kOpenFrame) end(flow, *frames, dir, kind, offset, nullptr, in);
  side.told[kind] = offset + 1;
  ++stats_.frames;
  const std::uint64_t id = ++side.last_id;
  const Bytes here = in.bytes.subspan(static_cast<std::size_t>(offset - in.offset));
  if (length <= kWindow && length <= here.size()) {
    FrameLook whole;
    whole.kind = kind;
    whole.dir = dir;
    whole.id = id;
    whole.offset = offset;
    whole.length = length;
    whole.complete = whole.last = true;
    whole.data = here.first(static_cast<std::size_t>(length));
    whole.tx = tx;
    return listener_.on_frame_look(flow, whole);
  }
  OpenFrame* f = side.count == kMaxOpen ? nullptr : pool_.make<OpenFrame>(pool_);
  if (f == nullptr) {
    ++stats_.refused;
    return;
  }
  f->id = id;
  f->offset = offset;
  f->length = length;
  f->kind = static_cast<std::uint8_t>(kind);
  f->tx = tx;
  OpenFrame** last = &side.open;
  while (*last != nullptr) last = &(*last)->next;
  *last = f;
  ++side.count;
  if (length != kOpenFrame) data(flow, *frames, dir, in, true);
}

void FrameTracker::belongs(FlowFrames& frames, Direction dir, unsigned kind, Transaction& tx) noexcept {
  if (OpenFrame* f = find_open(frames, dir, kind); f != nullptr) f->tx = &tx;
}

void FrameTracker::look(Flow& flow, OpenFrame& f, Direction dir, bool complete, bool last,
                        std::uint64_t missing) noexcept {
  FrameLook l;
  l.kind = f.kind;
  l.dir = dir;
  l.id = f.id;
  l.offset = f.offset;
  l.length = f.length == kOpenFrame ? f.have : f.length;
  l.complete = complete;
  l.last = last;
  l.data = f.bytes.view();
  l.at = f.window;
  l.fresh = f.fresh;
  l.missing = missing;
  l.tx = f.tx;
  l.refusals = &f.refusals;
  listener_.on_frame_look(flow, l);
}

/// Windows are full at the same places however the bytes come.
void FrameTracker::feed(Flow& flow, OpenFrame& f, Direction dir, Bytes more) noexcept {
  while (!more.empty()) {
    if (f.room() == 0) {
      look(flow, f, dir, false, false, 0);
      f.window += f.bytes.size() - kOverlap;
      f.bytes.consume(f.bytes.size() - kOverlap);
      f.fresh = kOverlap;
    }
    const Bytes part = more.first(std::min(more.size(), f.room()));
    if (!f.bytes.append(
            part)) {  // what is there was all that is looked at: bytes behind it are as good as lost
      ++stats_.refused;
      f.holed = true;
      f.have += more.size();
      f.window = f.have;
      f.fresh = 0;
      f.bytes.reset();
      return;
    }
    f.have += part.size();
    more = more.subspan(part.size());
  }
}

void FrameTracker::data(Flow& flow, FlowFrames& frames, Direction dir, const Input& in, bool known) noexcept {
  for (OpenFrame** at = &frames.side[index(dir)].open; *at != nullptr;) {
    OpenFrame& f = **at;
    const std::uint64_t from = f.offset + f.have;
    const bool open = f.length == kOpenFrame;
    if ((open && known) || from < in.offset || from >= in.end()) {
      at = &f.next;
      continue;
    }
    Bytes more = in.bytes.subspan(static_cast<std::size_t>(from - in.offset));
    if (!open)
      more = more.first(static_cast<std::size_t>(std::min<std::uint64_t>(more.size(), f.length - f.have)));
    feed(flow, f, dir, more);
    if (f.have != f.length) {
      at = &f.next;
      continue;
    }
    look(flow, f, dir, true, !f.holed, 0);
    close(frames, dir, *at);
  }
}

void FrameTracker::close(FlowFrames& frames, Direction dir, OpenFrame*& at) noexcept {
  OpenFrame* gone = at;
  at = gone->next;
  --frames.side[index(dir)].count;
  pool_.destroy(gone);
}

void FrameTracker::end(Flow& flow, FlowFrames& frames, Direction dir, unsigned kind, std::uint64_t end,
                       Transaction* tx, const Input& in) noexcept {
  OpenFrame** at = &frames.side[index(dir)].open;
  while (*at != nullptr && ((*at)->kind != kind || (*at)->length != kOpenFrame)) at = &(*at)->next;
  if (*at == nullptr) return;
  OpenFrame& f = **at;
  if (tx != nullptr) f.tx = tx;
  const std::uint64_t from = f.offset + f.have;
  if (end != kOpenFrame && end > from && from >= in.offset)
    feed(flow, f, dir,
         in.bytes.subspan(static_cast<std::size_t>(from - in.offset), static_cast<std::size_t>(end - from)));
  f.length = f.have;
  if (f.have != 0) look(flow, f, dir, true, !f.holed, 0);
  close(frames, dir, *at);
}

void FrameTracker::gap(Flow& flow, FlowFrames& frames, Direction dir, std::uint64_t at,
                       std::uint64_t missing) noexcept {
  for (OpenFrame** place = &frames.side[index(dir)].open; *place != nullptr;) {
    OpenFrame& f = **place;
    const bool open = f.length == kOpenFrame;
    const std::uint64_t left = open ? kOpenFrame : f.length - f.have;
    const bool ends = missing == 0 || missing >= left || f.offset + f.have != at;
    f.holed = true;
    if (f.bytes.size() > f.fresh)
      look(flow, f, dir, ends && !open, false, open ? 0 : std::min(missing, left));
    if (ends) {
      close(frames, dir, *place);
      continue;
    }
    f.bytes.clear();
    f.have += missing;
    f.window = f.have;
    f.fresh = 0;
    place = &f.next;
  }
}

void FrameTracker::end_all(Flow& flow, FlowFrames& frames, Direction dir) noexcept {
  for (OpenFrame*& first = frames.side[index(dir)].open; first != nullptr;) {
    const bool open = first->length == kOpenFrame;
    if (first->bytes.size() > first->fresh) look(flow, *first, dir, false, open && !first->holed, 0);
    close(frames, dir, first);
  }
}

void FrameTracker::forget(FlowFrames& frames, const Transaction& tx) noexcept {
  for (FlowFrames::Side& side : frames.side) {
    for (OpenFrame* f = side.open; f != nullptr; f = f->next) {
      if (f->tx == &tx) f->tx = nullptr;
    }
  }
}

void FrameTracker::release(FlowFrames*& frames) noexcept {
  if (frames == nullptr) return;
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    while (frames->side[index(dir)].open != nullptr) close(*frames, dir, frames->side[index(dir)].open);
  }
  pool_.destroy(frames);
  frames = nullptr;
}

void FrameTracker::whole(Flow& flow, Direction dir, unsigned kind, Bytes bytes, Transaction* tx) noexcept {
  ++stats_.frames;
  FrameLook l;
  l.kind = kind;
  l.dir = dir;
  l.id = 1;
  l.length = bytes.size();
  l.complete = l.last = true;
  l.data = bytes;
  l.tx = tx;
  listener_.on_frame_look(flow, l);
}

}  // namespace picket
