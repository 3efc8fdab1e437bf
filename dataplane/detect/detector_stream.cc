// Streams: bytes wait until a chunk is together, the other side answers, a transaction is complete or the
// stream ends. Behind an inspection some bytes stay, so that what lies across the border is found; a match
// must reach beyond them.
//
// A chunk, a transaction, a gap and the end close a window: offsets and depths count from the next one's start,
// and a rule fires once in each, as with Suricata. A rule that looks at packets too fires for these beside.
#include <algorithm>
#include <cstring>

#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/detector.h"
#include "dataplane/detect/flow_state.h"
#include "dataplane/detect/header.h"
#include "dataplane/detect/program.h"

namespace picket::detect {
namespace {

constexpr std::uint32_t kSmallWindow = 960;  // what may stay with a flow between its packets

/// What is known of the protocol will not change before more bytes come.
bool settled(const Flow& f) noexcept {
  return f.protocol != kNoProtocol || (f.flags & flow_flag::kAppDone) != 0;
}

void drop_front(StreamWindow& w, std::uint32_t n) noexcept {
  std::memmove(w.bytes(), w.bytes() + n, w.size - n);
  w.offset += n;
  w.size -= n;
  w.seen -= n;
}

}  // namespace

void Detector::on_stream(Flow& f, Direction dir, Bytes chunk, std::uint64_t offset,
                         const Packet& p) noexcept {
  if (idle(&f) || !rules_->any_stream || (f.flags & flow_flag::kNoPayloadInspect) != 0) return;
  inspect_window(f, reverse(dir), &p);
  FlowSide& side = f.side[index(dir)];
  const std::uint32_t threshold = settled(f) ? kStreamChunk : kMaxWindow;
  if (side.window != nullptr && side.window->size != 0 && side.window->offset + side.window->size != offset)
    on_stream_gap(f, dir, &p);
  const bool nothing_kept = side.window == nullptr || side.window->size == 0;
  if (nothing_kept && chunk.size() >= threshold) {
    inspect_stream(f, dir, Buffer{chunk, 0, 0}, nullptr, p);
    chunk_flow_ = &f;
    chunk_dir_ = dir;
    chunk_ = chunk;
    chunk_offset_ = offset;
    return keep_tail(f, dir, chunk, offset);
  }
  while (!chunk.empty() && !idle(&f)) {
    StreamWindow* w = side.window;
    if (w != nullptr && w->seen > rules_->stream_overlap) drop_front(*w, w->seen - rules_->stream_overlap);
    const std::uint32_t held = w == nullptr ? 0 : w->size;
    const auto take = static_cast<std::uint32_t>(std::min<std::size_t>(chunk.size(), kMaxWindow - held));
    w = stream_window(side, held + take, pool_);
    if (w == nullptr) {
      ++stats_.no_memory;
      return inspect_stream(f, dir, Buffer{chunk, 0, 0}, nullptr, p);
    }
    if (held == 0) w->offset = w->start = offset;
    std::memcpy(w->bytes() + held, chunk.data(), take);
    w->size = held + take;
    chunk = chunk.subspan(take);
    offset += take;
    if (w->offset + w->size - w->start >= threshold || w->size == kMaxWindow) end_window(f, dir, &p);
  }
}

void Detector::keep_tail(Flow& f, Direction dir, Bytes data, std::uint64_t offset) noexcept {
  const std::size_t n = std::min<std::size_t>(data.size(), rules_->stream_overlap);
  StreamWindow* w = n == 0 ? nullptr : stream_window(f.side[index(dir)], n, pool_);
  if (w == nullptr) return;
  std::memcpy(w->bytes(), data.data() + data.size() - n, n);
  w->offset = offset + data.size() - n;
  w->size = w->seen = static_cast<std::uint32_t>(n);
  w->start = offset;
  w->close();
}

void Detector::on_stream_gap(Flow& f, Direction dir, const Packet* p) noexcept {
  inspect_window(f, dir, p);
  if (StreamWindow* w = f.side[index(dir)].window; w != nullptr) w->forget();
}

void Detector::on_stream_end(Flow& f, Direction dir, const Packet* p) noexcept { inspect_window(f, dir, p); }

void Detector::inspect_window(Flow& f, Direction dir, const Packet* p) noexcept {
  StreamWindow* w = f.side[index(dir)].window;
  if (w == nullptr || w->waiting() == 0 || idle(&f)) return;
  inspect_stream(f, dir, Buffer{w->view(), w->before_start(), w->seen}, w, packet_or_made_up(p, f, dir));
  w->seen = w->size;
}

void Detector::end_window(Flow& f, Direction dir, const Packet* p) noexcept {
  inspect_window(f, dir, p);
  if (StreamWindow* w = f.side[index(dir)].window; w != nullptr) w->close();
}

void Detector::inspect_stream(Flow& f, Direction dir, const Buffer& b, StreamWindow* w,
                              const Packet& p) noexcept {
  Candidates& c = memory_->packet;
  c.clear();
  const Subject s = subject_of(*rules_, p, f, dir, f.protocol, *memory_);
  scan_payload(s.plan->stream_payload[index(dir)], b, s, c);
  if (c.count == 0) return;
  std::sort(c.list.begin(), c.list.begin() + static_cast<std::ptrdiff_t>(c.count));
  for (std::size_t i = 0; i < c.count && !idle(&f); ++i) {
    const RuleIndex r = c.list[i];
    const RuleHeader& h = rules_->rules[r];
    ++stats_.programs;
    if (!tests_hold(h, s) || !payload_groups_match(h, s, b)) continue;
    if (w != nullptr) {
      const std::uint32_t* const told = w->fired;
      if (std::find(told, told + w->fired_count, rules_->numbers[r]) != told + w->fired_count) continue;
      if (w->fired_count < StreamWindow::kMaxFired) w->fired[w->fired_count++] = rules_->numbers[r];
    }
    fire(r, s, true, nullptr);
  }
}

/// What a quiet flow keeps is no more than the overlap.
void Detector::shrink(Flow& f) noexcept {
  for (FlowSide& side : f.side) {
    StreamWindow* w = side.window;
    if (w == nullptr || w->capacity <= kSmallWindow || w->waiting() != 0 || rules_ == nullptr) continue;
    if (w->size > rules_->stream_overlap) drop_front(*w, w->size - rules_->stream_overlap);
    const std::size_t block_size = Pool::block_size(sizeof(StreamWindow) + w->size);
    auto* small = static_cast<StreamWindow*>(pool_.allocate(block_size));
    if (small == nullptr) continue;
    std::memcpy(static_cast<void*>(small), w, sizeof(StreamWindow) + w->size);
    small->capacity = static_cast<std::uint32_t>(block_size - sizeof(StreamWindow));
    free_window(side, pool_);
    side.window = small;
  }
}

}  // namespace picket::detect
