#include "export/delivery/journal.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "dataplane/event_ring.h"

namespace picket::delivery {
namespace {

constexpr std::size_t kMaxVarint = 10;

/// What a killed process leaves behind is what it had stored, in the order of the program: the compiler keeps it, and
/// so does the CPU for whoever looks at the same memory later.
void in_order() { std::atomic_signal_fence(std::memory_order_seq_cst); }

std::size_t put_varint(std::uint64_t n, std::uint8_t* at) {
  std::size_t i = 0;
  for (; n >= 0x80; n >>= 7) at[i++] = static_cast<std::uint8_t>(n | 0x80);
  at[i++] = static_cast<std::uint8_t>(n);
  return i;
}

/// Free segments that a lane leaves alone: the last one is for alerts.
constexpr std::size_t kept_back(std::size_t lane) { return kLanes[lane] == v1::LANE_ALERT ? 0 : 1; }

}  // namespace

std::uint32_t JournalLimits::segment_bytes() const noexcept {
  return static_cast<std::uint32_t>(std::max(max_batch_bytes, EventRing::kMaxRecord + kMaxVarint) +
                                    check_bytes());
}

std::size_t JournalLimits::check_bytes() const noexcept { return max_batch_records * sizeof(std::uint32_t); }

Journal::Journal(BootFile& file, const JournalLimits& limits) : file_(file), limits_(limits) {
  for (std::uint32_t i = file.segments(); i-- > 0;) free_.push_back(&file.segment(i));
}

bool Journal::append(std::size_t lane, RecordKind kind, std::uint64_t run_seq, Bytes record) {
  Lane& l = lanes_[lane];
  const bool room = ready(lane, record.size());
  count(lane, kind, 1);
  if (!room) {
    begin_hole(lane);
    return false;
  }
  Segment& s = *l.open;
  std::uint8_t* const begin = s.data() + s.bytes();
  std::uint8_t* at = begin;
  at += put_varint(record.size(), at);
  if (!record.empty()) std::memcpy(at, record.data(), record.size());
  const Bytes delimited(begin, at + record.size());
  file_.set_check(s, s.count(), BootFile::expected_check(delimited, s.first_seq + s.count()));
  in_order();
  const std::uint64_t end = s.bytes() + delimited.size();
  s.committed = std::uint64_t{s.count() + 1} << 32 | end;
  in_order();
  ++s.counts[kind];
  if (!l.runs.empty() && l.runs.back().first + l.runs.back().count == run_seq) {
    ++l.runs.back().count;
  } else {
    l.runs.push_back({run_seq, 1});
  }
  return true;
}

void Journal::count(std::size_t lane, RecordKind kind, std::uint64_t records) {
  file_.made(lane)[kind] += records;
  in_order();
  lanes_[lane].next_seq += records;
  file_.total(lane) = lanes_[lane].next_seq - 1;
  in_order();
}

void Journal::begin_hole(std::size_t lane) {
  Lane& l = lanes_[lane];
  if (!l.hole) l.opened = std::chrono::steady_clock::now();
  l.hole = true;
}

void Journal::skip(std::size_t lane, RecordKind kind, std::uint64_t count) {
  Lane& l = lanes_[lane];
  if (l.open != nullptr && l.open->count() != 0) {
    hand_over(lane);
  } else if (l.open != nullptr) {  // it would begin before the hole
    l.open->owner = 0;
    const std::lock_guard lock(mutex_);
    free_.push_back(l.open);
    l.open = nullptr;
  }
  this->count(lane, kind, count);
  begin_hole(lane);
}

bool Journal::ready(std::size_t lane, std::size_t record_bytes) {
  Lane& l = lanes_[lane];
  const std::size_t room = record_bytes + kMaxVarint;
  const bool fits =
      room + limits_.check_bytes() <= file_.segment_bytes();  // what the ring offers always does
  if (l.open != nullptr) {
    // An empty one takes any record: it may have been opened for this very one, larger
    // than a batch, by the call before.
    if (fits && (l.open->count() == 0 || (l.open->bytes() + room <= limits_.max_batch_bytes &&
                                          l.open->count() < limits_.max_batch_records)))
      return true;
    hand_over(lane);  // a hole, too, ends a segment
  }
  return fits && open(lane);
}

/// A free segment for the lane's next record.
bool Journal::open(std::size_t lane) {
  Lane& l = lanes_[lane];
  Segment* s = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (free_.size() <= kept_back(lane)) return false;
    s = free_.back();
    free_.pop_back();
  }
  s->first_seq = l.next_seq;
  s->committed = 0;
  s->counts.fill(0);
  const auto made = file_.made(lane);
  std::copy(made.begin(), made.end(), s->before.begin());
  in_order();
  s->owner = lane + 1;
  l.open = s;
  l.hole = false;
  l.opened = std::chrono::steady_clock::now();
  return true;
}

void Journal::hand_over(std::size_t lane) {
  Lane& l = lanes_[lane];
  Filled filled{lane, l.open, l.next_seq, {}, std::move(l.runs)};
  if (l.open != nullptr) {
    filled.first_seq = l.open->first_seq;
    filled.before = file_.by_name(std::span<const std::uint64_t, kMaxTypes>(l.open->before));
  } else {
    filled.before = file_.by_name(std::span<const std::uint64_t, kMaxTypes>(file_.made(lane)));
  }
  l.open = nullptr;
  l.hole = false;
  l.runs.clear();
  const std::lock_guard lock(mutex_);
  waiting_[lane].push_back(std::move(filled));
  ++in_hands_;
  filled_.notify_one();
}

void Journal::tick(std::chrono::steady_clock::time_point now) {
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    const Segment* open = lanes_[lane].open;
    if (open == nullptr ? !lanes_[lane].hole : open->count() == 0) continue;
    if (open == nullptr || kLanes[lane] == v1::LANE_ALERT) {
      // One at a time: while the sealer is busy, alerts gather in one segment rather than take one each, and holes
      // in one word: the next that is handed over covers all of them.
      const std::lock_guard lock(mutex_);
      if (!waiting_[lane].empty()) continue;
    }
    const bool at_once = open != nullptr && kLanes[lane] == v1::LANE_ALERT;
    if (!at_once && now - lanes_[lane].opened < limits_.max_batch_age) continue;
    hand_over(lane);
  }
}

void Journal::flush() {
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    const Segment* open = lanes_[lane].open;
    if (open != nullptr ? open->count() != 0 : lanes_[lane].hole) hand_over(lane);
  }
}

void Journal::wait_for_room(std::size_t lane, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  freed_.wait_for(lock, time, [&] { return free_.size() > kept_back(lane); });
}

std::optional<Filled> Journal::take(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, time, [&] {
    return std::any_of(waiting_.begin(), waiting_.end(), [](const auto& q) { return !q.empty(); });
  });
  for (auto& queue : waiting_) {
    if (queue.empty()) continue;
    Filled next = std::move(queue.front());
    queue.pop_front();
    return next;
  }
  return {};
}

void Journal::release(const Filled& filled) {
  const std::lock_guard lock(mutex_);
  if (filled.segment != nullptr) {
    filled.segment->owner = 0;
    free_.push_back(filled.segment);
  }
  --in_hands_;
  freed_.notify_all();
}

bool Journal::wait_until_sealed(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return freed_.wait_for(lock, time, [&] { return in_hands_ == 0; });
}

}  // namespace picket::delivery
