#include "export/ot_summaries.h"

#include <algorithm>
#include <cstring>

#include "export/proto/picket/v1/event.pb.h"
#include "export/wire_reader.h"
#include "export/wire_writer.h"
#include "parsers/core/assert.h"

namespace picket {
namespace {

constexpr std::size_t kHeldCost = 384;  // of memory for each that is held, beside its bytes

}  // namespace

struct OtSummaries::Held {
  RecordKind kind = 0;
  std::vector<std::uint8_t> record;
  std::uint64_t count = 1, first_ns = 0, last_ns = 0;
  OtRange numbers;
  std::string_view key;  ///< in the table

  [[nodiscard]] std::size_t cost() const noexcept { return record.size() + key.size() + kHeldCost; }
  void add_summary();
};

void OtNote::write_head(std::uint8_t* out) const noexcept {
  std::memcpy(out, &time_ns, 8);
  std::memcpy(out + 8, &numbers.min, 8);
  std::memcpy(out + 16, &numbers.max, 8);
  std::memcpy(out + 24, &twin, 8);
  std::memcpy(out + 32, &way, 8);
}

bool OtNote::read(Bytes note, OtNote& out) noexcept {
  if (note.size() < kHead) return false;
  std::memcpy(&out.time_ns, note.data(), 8);
  std::memcpy(&out.numbers.min, note.data() + 8, 8);
  std::memcpy(&out.numbers.max, note.data() + 16, 8);
  std::memcpy(&out.twin, note.data() + 24, 8);
  std::memcpy(&out.way, note.data() + 32, 8);
  out.kind = note.subspan(kHead);
  return true;
}

/// Event.ot stands last in its record, so that the summary goes to its end, and its length grows.
void OtSummaries::Held::add_summary() {
  using S = v1::OtSummary;
  std::array<std::uint8_t, 64> room;
  WireWriter w(room);
  {
    const auto m = w.message(v1::Ot::kSummaryFieldNumber);
    w.u64(S::kCountFieldNumber, count);
    w.fixed64(S::kFirstFieldNumber, first_ns);
    w.fixed64(S::kLastFieldNumber, last_ns);
    if (numbers.any()) {
      w.f64(S::kMinFieldNumber, numbers.min);
      w.f64(S::kMaxFieldNumber, numbers.max);
    }
  }
  PICKET_ASSERT(w.ok());
  WireReader in(record);
  WireField field;
  while (in.next(field)) {
    if (!in.empty()) continue;
    PICKET_ASSERT(field.number == v1::Event::kOtFieldNumber && field.type == 2);
    WireWriter::set_length(record.data() + record.size() - field.bytes.size(), field.bytes.size() + w.size());
  }
  record.insert(record.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(w.size()));
}

OtSummaries::OtSummaries(Config config)
    : config_(std::move(config)), summarised_(new std::atomic<std::uint64_t>[record_kind_count()]()) {}

OtSummaries::~OtSummaries() = default;

bool OtSummaries::take(const EventHeader& h, Bytes record, Bytes bytes) {
  OtNote note;
  if (h.protocol >= config_.telling.size() || !OtNote::read(bytes, note)) return false;
  if (note.twin != 0 && twins_.again(note.twin, note.way, h.place.clock_ns)) {
    summarised_[record_kind(h.type, h.protocol)].fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  if (note.kind.empty()) return false;
  if (const auto found = held_.find(as_text(note.kind)); found != held_.end()) {
    Held& held = *found->second;
    ++held.count;
    held.first_ns = std::min(held.first_ns, note.time_ns);
    held.last_ns = std::max(held.last_ns, note.time_ns);
    held.numbers.add(note.numbers);
    summarised_[held.kind].fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  if (held_bytes_ + record.size() + note.kind.size() + kHeldCost > config_.memcap_bytes) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  const auto at = held_.emplace(std::string(as_text(note.kind)), std::make_unique<Held>()).first;
  Held& held = *at->second;
  held.kind = record_kind(h.type, h.protocol);
  held.record.assign(record.begin(), record.end());
  held.first_ns = held.last_ns = note.time_ns;
  held.numbers = note.numbers;
  held.key = at->first;
  held_bytes_ += held.cost();
  by_end_.emplace(std::pair(h.place.clock_ns + config_.telling[h.protocol].interval_ns, next_++), &held);
  return true;
}

void OtSummaries::flush(std::uint64_t clock_ns, Out& out) {
  while (!by_end_.empty() && by_end_.begin()->first.first <= clock_ns) {
    Held& held = *by_end_.begin()->second;
    held_bytes_ -= held.cost();
    held.add_summary();
    out.write(held.kind, held.record);
    by_end_.erase(by_end_.begin());
    held_.erase(held_.find(held.key));
  }
}

}  // namespace picket
