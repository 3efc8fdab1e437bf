#include "export/merge.h"

#include <algorithm>

namespace picket {
namespace {

constexpr Place kEndOfTime{~std::uint64_t{0}, EventKind::kEnd, ~std::uint64_t{0}, ~std::uint32_t{0}};
constexpr std::size_t kLargestSpare = 4 * 1024;  // a larger buffer is given back to the system after use
constexpr std::size_t kHeldCost = 192;           // of memory for each record that waits, beside its bytes

}  // namespace

Merge::Merge(const std::vector<EventStream*>& streams, std::size_t held_limit) : held_limit_(held_limit) {
  for (EventStream* s : streams) sources_.push_back({s, {}, false, false});
}

Merge::~Merge() = default;

bool Merge::later(const Entry& a, const Entry& b) noexcept {
  if (a.place != b.place) return a.place > b.place;
  return a.held->bytes > b.held->bytes;
}

std::unique_ptr<Merge::Held> Merge::spare() {
  if (spare_.empty()) return std::make_unique<Held>();
  auto h = std::move(spare_.back());
  spare_.pop_back();
  return h;
}

void Merge::take(const EventHeader& header, Bytes record) {
  auto h = spare();
  h->header = header;
  h->bytes.assign(record.begin(), record.end());
  held_bytes_ += record.size() + kHeldCost;
  heap_.push_back({header.place, std::move(h)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

bool Merge::drain(Source& s, bool awaited) {
  if (s.closed) return false;
  // The order matters: what peek() does not show after these two were read is bound by them.
  const bool closed = s.stream->closed();
  const Place mark = closed ? kEndOfTime : s.stream->watermark();
  bool moved = false;
  EventHeader header;
  Bytes record;
  std::size_t taken = 0;
  while (s.stream->peek(header, record)) {
    s.in_end |= header.place.kind == EventKind::kEnd;
    if (s.in_end && (awaited ? taken >= kEndLimit : held_bytes_ >= kEndLimit)) {
      // It goes on in order, so its last record says how far it is; the rest waits in the ring.
      return moved;
    }
    take(header, record);
    taken += record.size() + kHeldCost;
    s.stream->pop();
    moved = true;
    if (s.in_end) s.mark = std::max(s.mark, header.place);
  }
  moved |= mark > s.mark;
  s.mark = std::max(s.mark, mark);
  s.closed = closed;
  return moved;
}

bool Merge::refill() {
  bool moved = false;
  for (Source& s : sources_) {
    const bool awaited = s.mark <= bound_;
    if (held_bytes_ > held_limit_ && !awaited) continue;
    moved |= drain(s, awaited);
  }
  bound_ = kEndOfTime;
  all_closed_ = true;
  for (const Source& s : sources_) {
    bound_ = std::min(bound_, s.mark);
    all_closed_ &= s.closed;
  }
  return moved;
}

bool Merge::next(EventHeader& header, Bytes& record) {
  if (given_ != nullptr) {
    if (given_->bytes.capacity() <= kLargestSpare && spare_.size() < kSpares)
      spare_.push_back(std::move(given_));
    given_.reset();
  }
  if (heap_.empty() || heap_.front().place > bound_) return false;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  given_ = std::move(heap_.back().held);
  heap_.pop_back();
  held_bytes_ -= given_->bytes.size() + kHeldCost;
  if (given_->header.place < last_) late_.fetch_add(1, std::memory_order_relaxed);
  last_ = std::max(last_, given_->header.place);
  header = given_->header;
  record = given_->bytes;
  return true;
}

bool Merge::finished() const noexcept { return all_closed_ && heap_.empty(); }

}  // namespace picket
