#include "sensor/rules/threshold.h"

#include <algorithm>
#include <bit>

namespace picket::rules {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kForever = ~std::uint64_t{0};
constexpr std::uint32_t kBit = 0x80000000;

std::uint64_t mix(std::uint64_t h, std::uint64_t v) noexcept {
  h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
  return h ^ h >> 29;
}

}  // namespace

bool Suppression::covers(const Address& src, const Address& dst) const noexcept {
  const auto among = [this](const Address& a) noexcept {
    if (hosts->any) return true;
    const auto& r = hosts->ranges;
    const auto behind = std::upper_bound(r.begin(), r.end(), a,
                                         [](const Address& x, const AddressRange& y) { return x < y.first; });
    return behind != r.begin() && a <= behind[-1].last;
  };
  return (!source && !destination) || (source && among(src)) || (destination && among(dst));
}

detect::Limit Judgement::limit() const noexcept {
  if (thresholds.size() != 1 || !bits.empty()) return {};
  const Threshold& t = thresholds.front();
  const bool ends = t.type == Threshold::Type::kLimit || t.type == Threshold::Type::kBoth;
  if (!ends || t.unique_on != Threshold::UniqueOn::kNothing) return {};
  return {t.count, t.seconds, t.track};
}

Thresholds::Thresholds(std::size_t entries)
    : sets_(std::bit_ceil(std::max<std::size_t>(1, entries / kWays))) {
  entries_.resize(sets_ * kWays);
}

Thresholds::Entry* Thresholds::find(const Key& key) noexcept {
  Entry* set = entries_.data() + (key.hash() & (sets_ - 1)) * kWays;
  for (std::size_t i = 0; i < kWays; ++i) {
    if (set[i].used && set[i].key == key) return set + i;
  }
  return nullptr;
}

Thresholds::Entry& Thresholds::find_or_make(const Key& key, std::uint64_t now) noexcept {
  if (Entry* e = find(key); e != nullptr) return *e;
  Entry* set = entries_.data() + (key.hash() & (sets_ - 1)) * kWays;
  Entry* victim = nullptr;
  for (std::size_t i = 0; i < kWays; ++i) {
    if (!set[i].used || (set[i].until_ns != 0 && set[i].until_ns < now)) {
      victim = set + i;
      break;
    }
    if (!set[i].reached && (victim == nullptr || set[i].used_ns < victim->used_ns)) victim = set + i;
  }
  if (victim == nullptr) victim = &homeless_;
  if (victim == &homeless_ || (victim->used && (victim->until_ns == 0 || victim->until_ns >= now)))
    ++evicted_;
  *victim = Entry{};
  victim->key = key;
  victim->used = true;
  victim->since_ns = now;
  return *victim;
}

Admission Thresholds::admit(const Judgement& j, const Match& m) {
  using By = Admission::By;
  const auto by = [](By who, std::size_t which) { return Admission{who, static_cast<std::uint8_t>(which)}; };
  for (std::size_t i = 0; i < j.bits.size(); ++i) {
    const HostBit& bit = j.bits[i];
    if ((bit.op == StateBit::Op::kIsSet || bit.op == StateBit::Op::kIsNotSet) && !admit(bit, m))
      return by(By::kHostBit, i);
  }
  Admission out;
  for (std::size_t i = 0; out && i < j.suppressions.size(); ++i) {
    if (j.suppressions[i].covers(m.src, m.dst)) out = by(By::kSuppression, i);
  }
  // What nobody sees counts for nothing, but it happened: bits are set all the same.
  for (unsigned i = 0; out && i < j.thresholds.size(); ++i) {
    if (admit(j.thresholds[i], i, j, m)) continue;
    out = by(By::kThreshold, i);
    // What a detection_filter holds back did not match at all: it sets no bits.
    if (j.thresholds[i].type == Threshold::Type::kDetectionFilter) return out;
  }
  for (const HostBit& bit : j.bits) {
    if (bit.op != StateBit::Op::kIsSet && bit.op != StateBit::Op::kIsNotSet) (void)admit(bit, m);
  }
  return out && j.noalert ? by(By::kNoAlert, 0) : out;
}

bool Thresholds::admit(const Threshold& t, unsigned which, const Judgement& j, const Match& m) noexcept {
  Key key;
  key.gid = j.gid;
  key.sid = j.sid;
  key.what = which;
  key.track(t.track, m.src, m.dst, m.flow_id);
  Entry& e = find_or_make(key, m.time_ns);
  const std::uint64_t window = std::uint64_t{t.seconds} * kNsPerSecond;
  if (e.reached && e.count >= t.count && m.time_ns <= e.since_ns + window) {
    tell(j, key, e, m.time_ns);
    return false;
  }
  if (t.type != Threshold::Type::kBackoff && m.time_ns > e.since_ns + window) {
    e.since_ns = m.time_ns;
    e.count = 0;
    e.ports = 0;
  }
  e.used_ns = m.time_ns;
  e.until_ns = t.type == Threshold::Type::kBackoff ? 0 : std::max(e.since_ns + window, e.next);
  if (t.unique_on != Threshold::UniqueOn::kNothing) {
    // 64 buckets: two ports that share one count once, so that the count is never too high.
    const std::uint16_t port = t.unique_on == Threshold::UniqueOn::kSourcePort ? m.src_port : m.dst_port;
    const std::uint64_t mark = std::uint64_t{1} << (mix(0, port) >> 58);
    if (e.ports & mark) return false;
    e.ports |= mark;
  }
  if (e.count != 0xffffffff) ++e.count;
  e.reached = e.count >= t.count && j.limit().count != 0;
  if (e.reached && &e != &homeless_) tell(j, key, e, m.time_ns);
  switch (t.type) {
    case Threshold::Type::kLimit:
      return e.count <= t.count;
    case Threshold::Type::kThreshold:
      if (e.count < t.count) return false;
      e.count = 0;
      e.ports = 0;
      return true;
    case Threshold::Type::kBoth:
      return e.count == t.count;
    case Threshold::Type::kDetectionFilter:
      return e.count > t.count;
    case Threshold::Type::kRateFilter:
      if (e.next > m.time_ns) return false;
      if (e.count <= t.count) return true;
      e.next = t.silence_seconds == 0 ? kForever : m.time_ns + t.silence_seconds * kNsPerSecond;
      e.until_ns = e.next;
      return false;
    case Threshold::Type::kBackoff:
      if (e.next == 0) e.next = t.count;
      if (e.count < e.next) return false;
      e.next *= t.multiplier;
      return true;
  }
  return true;
}

/// Unless workers know.
void Thresholds::tell(const Judgement& j, const Key& key, const Entry& e, std::uint64_t now) noexcept {
  if (reached_ != nullptr && !reached_->holds(key, j.limit(), now))
    reached_->reached(key, e.since_ns, e.count);
}

Thresholds::Key Thresholds::bit_key(StateBit::Scope scope, std::uint32_t id, const Match& m) noexcept {
  Key key;
  key.what = kBit | id;
  switch (scope) {
    case StateBit::Scope::kHostSource:
      key.a = m.src;
      break;
    case StateBit::Scope::kHostDestination:
      key.a = m.dst;
      break;
    default:
      key.track(detect::Track::kByBoth, m.src, m.dst, 0);
      key.gid = 1;  // a pair is not a host
      break;
  }
  return key;
}

bool Thresholds::admit(const HostBit& bit, const Match& m) noexcept {
  const bool test = bit.op == StateBit::Op::kIsSet || bit.op == StateBit::Op::kIsNotSet;
  // hostbits:...,both touch the two hosts one by one.
  const StateBit::Scope ends[2] = {StateBit::Scope::kHostSource, StateBit::Scope::kHostDestination};
  const bool both = bit.scope == StateBit::Scope::kHostBoth;
  for (const std::uint32_t id : bit.names) {
    for (unsigned i = 0; i < (both ? 2U : 1U); ++i) {
      const Key key = bit_key(both ? ends[i] : bit.scope, id, m);
      Entry* e = find(key);
      if (e != nullptr && e->until_ns <= m.time_ns) {
        e->used = false;
        e = nullptr;
      }
      if (test) {
        if ((e != nullptr) == (bit.op == StateBit::Op::kIsSet)) return true;
        continue;
      }
      if (bit.op == StateBit::Op::kUnset || (bit.op == StateBit::Op::kToggle && e != nullptr)) {
        if (e != nullptr) e->used = false;
        continue;
      }
      Entry& made = find_or_make(key, m.time_ns);
      made.used_ns = m.time_ns;
      made.until_ns =
          m.time_ns +
          std::uint64_t{bit.expire_seconds != 0 ? bit.expire_seconds : kDefaultExpireSeconds} * kNsPerSecond;
    }
  }
  return !test;
}

}  // namespace picket::rules
