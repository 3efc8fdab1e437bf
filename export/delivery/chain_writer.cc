#include "export/delivery/chain_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <numeric>

#include "export/clock.h"
#include "export/delimited.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket::delivery {
namespace {

/// The type of a record that can be read; "" of bytes that are none.
std::string_view type_of(Bytes record) {
  std::string_view type;
  WireReader in(record);
  for (WireField f; in.next(f);) {
    if (f.number == v1::Event::kEventTypeFieldNumber && f.type == 2) type = as_text(f.bytes);
  }
  return in.ok() ? type : std::string_view();
}

struct Readable {
  std::uint32_t count = 0;
  std::size_t bytes = 0;
  TypeCounts types;
};

/// A segment that says the same thing twice. Only a loss of power leaves others.
bool is_sound(const Segment& s) {
  return std::accumulate(s.before.begin(), s.before.end(), std::uint64_t{1}) == s.first_seq;
}

/// As many records of a segment as are what was written: all of them, unless power was lost.
Readable read_segment(const BootFile& boot, const Segment& segment) {
  Readable r;
  const std::size_t room = boot.segment_bytes();
  if (segment.count() > room / sizeof(std::uint32_t)) return r;
  const std::size_t checks = segment.count() * sizeof(std::uint32_t);
  const Bytes all(segment.data(), std::min<std::size_t>(segment.bytes(), room - checks));
  WireReader in(all);
  Bytes record;
  while (r.count < segment.count() && next_delimited(in, record)) {
    const std::size_t end = all.size() - in.left();
    const std::uint32_t expected =
        BootFile::expected_check(all.subspan(r.bytes, end - r.bytes), segment.first_seq + r.count);
    const std::string_view type = type_of(record);
    if (boot.check(segment, r.count) != expected || type.empty()) break;
    ++r.types[std::string(type)];
    ++r.count;
    r.bytes = end;
  }
  return r;
}

struct Made {
  std::uint64_t through = 0;
  TypeCounts types;
};

/// How far a lane came that is sealed up to `sealed`. Its two counts agree, but after a loss of power, which may have left
/// their pages at different moments: the later one counts, and types as far as they are known. What cannot be is damage.
Made made_through(BootFile& boot, std::size_t lane, std::uint64_t sealed) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const auto by_kind = boot.made(lane);
  const std::uint64_t all = std::accumulate(by_kind.begin(), by_kind.end(), std::uint64_t{0});
  Made made{sealed, {}};
  for (const std::uint64_t n : {all, boot.total(lane)}) {
    if (n > made.through && n - sealed <= kMost) made.through = n;
  }
  if (all <= made.through) made.types = boot.by_name(std::span<const std::uint64_t, kMaxTypes>(by_kind));
  return made;
}

}  // namespace

ChainWriter::ChainWriter(Spool& spool, BootFile& boot, std::size_t lane, bool compress)
    : spool_(spool),
      boot_(boot),
      lane_(lane),
      compress_(compress),
      chain_(boot.chain(lane)),
      head_(spool.head(boot, lane)) {}

bool ChainWriter::missing_until(std::uint64_t first_seq, const TypeCounts& made, v1::GapReason reason) {
  bool on_disk = true;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  while (first_seq > head_.through + 1) {
    // No batch was ever sealed here, so the chain goes on from the gap.
    ChainPoint to = part_of_way(head_, {first_seq - 1, {}, made}, kMost);
    const v1::Batch gap = make_gap(chain_, head_, to, reason, now_ns());
    to.hash = chain_after(gap);
    on_disk &= spool_.append(boot_, lane_, gap, to);
    head_ = std::move(to);
  }
  return on_disk;
}

bool ChainWriter::seal(std::uint32_t count, const TypeCounts& types, Bytes records) {
  v1::Batch batch;
  set_head(chain_, head_, batch);
  batch.set_count(count);
  batch.set_sealed_at(now_ns());
  ChainPoint after = head_;
  after.through += count;
  for (const auto& [type, n] : types) after.made[type] += n;
  after.hash = seal_batch(head_.hash, records, compress_, batch);
  const bool on_disk = spool_.append(boot_, lane_, batch, after);
  head_ = std::move(after);
  return on_disk;
}

bool ChainWriter::seal(const Filled& filled) {
  missing_until(filled.first_seq, filled.before, v1::GAP_NO_ROOM);
  if (filled.segment == nullptr || filled.segment->count() == 0) return false;
  const Segment& s = *filled.segment;
  return seal(s.count(), boot_.by_name(std::span<const std::uint32_t, kMaxTypes>(s.counts)),
              Bytes(s.data(), s.bytes()));
}

std::uint64_t recover(Spool& spool, BootFile& boot, bool compress) {
  std::uint64_t saved = 0;
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    ChainWriter chain(spool, boot, lane, compress);
    std::vector<const Segment*> held;
    for (std::uint32_t i = 0; i < boot.segments(); ++i) {
      const Segment& s = boot.segment(i);
      if (s.owner == lane + 1 && s.count() != 0 && is_sound(s)) held.push_back(&s);
    }
    std::sort(held.begin(), held.end(), [](auto* a, auto* b) { return a->first_seq < b->first_seq; });
    bool damaged = false;
    for (const Segment* s : held) {
      if (s->first_seq <= chain.through()) {  // it was sealed, and not given back yet
        damaged = chain.through() - s->first_seq + 1 < s->count();
        continue;
      }
      const Readable r = read_segment(boot, *s);
      if (!chain.missing_until(s->first_seq,
                               boot.by_name(std::span<const std::uint64_t, kMaxTypes>(s->before)),
                               damaged ? v1::GAP_SPOOL_DAMAGED : v1::GAP_NO_ROOM))
        return saved;
      damaged = r.count < s->count();
      if (damaged)
        spdlog::error(
            "spool: {} records that a picket before this one had in hand are damaged; a gap stands for them",
            s->count() - r.count);
      if (r.count == 0) continue;
      if (!chain.seal(r.count, r.types, Bytes(s->data(), r.bytes))) return saved;
      saved += r.count;
    }
    const auto [through, made] = made_through(boot, lane, chain.through());
    if (!chain.missing_until(through + 1, made, damaged ? v1::GAP_SPOOL_DAMAGED : v1::GAP_SENSOR_ENDED))
      return saved;
  }
  spool.close(boot);
  return saved;
}

}  // namespace picket::delivery
