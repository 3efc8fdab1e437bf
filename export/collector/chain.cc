#include "export/collector/chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/delimited.h"
#include "export/eve_table.h"
#include "export/utf8.h"

namespace picket::collector {
namespace {

/// The record's event_type; it stands near its beginning.
std::string_view type_of(Bytes record) {
  static const std::uint32_t number = event_table().find(std::string_view{"event_type"})->number;
  WireReader in(record);
  for (WireField f; in.next(f);) {
    if (f.number != number || f.type != 2) continue;
    return is_type_name(f.bytes) ? as_text(f.bytes) : kNoType;
  }
  return kNoType;
}

TypeCounts count_types(std::string_view records) {
  TypeCounts all;
  auto last = all.end();  // records of a type come in runs
  WireReader in(as_bytes(records));
  for (Bytes record; next_delimited(in, record);) {
    const std::string_view type = type_of(record);
    if (last == all.end() || last->first != type) {
      last = all.try_emplace(std::string(all.size() <= kMaxTypes ? type : kNoType)).first;
    }
    ++last->second;
  }
  return all;
}

/// About, in a message or a row.
std::size_t bytes_of(const Hole& hole) {
  constexpr std::size_t kCount = 16, kHole = 128;
  std::size_t n = kHole;
  for (const TypeCounts* counts : {&hole.made, &hole.types})
    for (const auto& [type, count] : *counts) n += type.size() + kCount;
  return n;
}

std::string start_of(const BatchHash& hash) {
  return fmt::format("{:02x}{:02x}{:02x}{:02x}...", hash[0], hash[1], hash[2], hash[3]);
}

std::string numbers(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("record {}", first) : fmt::format("records {} to {}", first, last);
}

class Judge {
 public:
  Judge(const std::optional<ChainHead>& head, const CheckedBatch& batch, const HeldAt& held)
      : head_(head ? *head : ChainHead{}), batch_(batch), held_(held) {}

  Result<Verdict> verdict() {
    if (batch_.first_seq > kMaxNumber - batch_.count)
      return refused(fmt::format("numbers end at {}", kMaxNumber));
    if (batch_.before && sum(*batch_.before) >= batch_.first_seq)
      return refused("it counts more records before it than there are numbers");
    if (sum(batch_.types) > batch_.count)
      return refused("a gap that counts more records than it has numbers");
    if (batch_.types.size() > kMaxTypes || head_.made.size() + batch_.types.size() > 2 * kMaxTypes)
      return refused(fmt::format("records of more than {} types", kMaxTypes));
    if (batch_.gap == v1::GAP_ACKNOWLEDGED) return acknowledged();
    if (batch_.first_seq > head_.through) return behind_head();
    if (const Hole* hole = hole_with(batch_.first_seq); hole != nullptr && batch_.last_seq() <= hole->last)
      return into(*hole);
    return batch_.gap ? gap_over_known() : known();
  }

 private:
  Verdict refused(const std::string& why) const {
    Verdict v;
    v.kind = Verdict::Kind::kRefused;
    v.why =
        fmt::format("{}, {}: {}", describe(batch_.chain), numbers(batch_.first_seq, batch_.last_seq()), why);
    return v;
  }
  Verdict wrong_hash(const char* which, const BatchHash& expected, const BatchHash& came) const {
    return refused(fmt::format("{} is {}, and {} was expected: it does not follow what is here", which,
                               start_of(came), start_of(expected)));
  }

  const Hole* hole_with(std::uint64_t seq) const {
    for (const Hole& h : head_.holes) {
      if (h.first <= seq && seq <= h.last) return &h;
    }
    return nullptr;
  }

  Missing told(std::uint64_t first, TypeCounts types) const {
    return {first, batch_.last_seq(), *batch_.gap, std::move(types), batch_.is_signed};
  }
  static Missing missing(const Hole& hole) {
    return {hole.first, hole.last, hole.reason, hole.types, hole.is_signed};
  }

  /// What is the same in every delivery of this batch.
  std::shared_ptr<Delivery> delivery() const {
    auto d = std::make_shared<Delivery>();
    d->chain = batch_.chain;
    d->first_seq = batch_.first_seq;
    d->count = batch_.gap ? 0 : batch_.count;
    d->hash = batch_.hash;
    if (!batch_.gap) d->types = batch_.types;
    d->newest_ns = batch_.sealed_at;
    d->after = head_;
    d->after.newest_ns = std::max(head_.newest_ns, batch_.sealed_at);
    return d;
  }
  static Verdict store(std::shared_ptr<Delivery> d, std::string remark) {
    Verdict v;
    v.kind = Verdict::Kind::kStore;
    v.deliver = std::move(d);
    v.remark = std::move(remark);
    return v;
  }

  /// A hole can be filled where a chain leads through it; where it goes over, its numbers never come.
  static void remember(Hole hole, std::vector<Hole>& holes) {
    if (hole.before == hole.after) return;
    const auto at =
        std::find_if(holes.begin(), holes.end(), [&](const Hole& h) { return h.first > hole.first; });
    holes.insert(at, std::move(hole));
    std::size_t bytes = 0;
    for (const Hole& h : holes) bytes += bytes_of(h);
    while (holes.size() > ChainHead::kMaxHoles || bytes > ChainHead::kMaxHoleBytes) {
      bytes -= bytes_of(holes.front());
      holes.erase(holes.begin());
    }
  }

  Verdict behind_head() const {
    const bool after_hole = batch_.first_seq > head_.through + 1;
    if (!after_hole && batch_.previous != head_.hash)
      return wrong_hash("its previous_hash", head_.hash, batch_.previous);
    auto d = delivery();
    std::string remark;
    if (after_hole) {
      Hole hole{head_.through + 1, batch_.first_seq - 1,
                head_.hash,        batch_.previous,
                head_.made,        batch_.before ? minus(*batch_.before, head_.made) : TypeCounts{},
                v1::GAP_UNKNOWN,   false};
      remark = fmt::format("{}: {} are missing", describe(batch_.chain), numbers(hole.first, hole.last));
      d->missing.push_back(missing(hole));
      remember(std::move(hole), d->after.holes);
    } else if (batch_.before && *batch_.before != head_.made) {
      remark = fmt::format(
          "{}: its counts by type before record {} are not those of what came; they are taken as they are",
          describe(batch_.chain), batch_.first_seq);
    }
    if (batch_.gap) d->missing.push_back(told(batch_.first_seq, batch_.types));
    d->after.through = batch_.last_seq();
    d->after.hash = batch_.next;
    d->after.made = plus(batch_.before ? *batch_.before : head_.made, batch_.types);
    return store(std::move(d), std::move(remark));
  }

  /// The sensor keeps these no more, for somebody had them. What is not here may still come, from whoever has it.
  Verdict acknowledged() const {
    if (batch_.last_seq() < head_.through) return {};
    if (batch_.last_seq() == head_.through)
      return batch_.next == head_.hash ? Verdict{}
                                       : wrong_hash("the hash behind it", head_.hash, batch_.next);
    const TypeCounts made = plus(batch_.before.value_or(TypeCounts{}), batch_.types);
    Hole hole{head_.through + 1, batch_.last_seq(),       head_.hash,  batch_.next,
              head_.made,        minus(made, head_.made), *batch_.gap, batch_.is_signed};
    auto d = delivery();
    d->missing.push_back(missing(hole));
    d->after.through = hole.last;
    d->after.hash = hole.after;
    d->after.made = made;
    std::string remark = fmt::format(
        "{}: {} were acknowledged and are not here: this is an older copy or a new one, or another collector "
        "has them",
        describe(batch_.chain), numbers(hole.first, hole.last));
    remember(std::move(hole), d->after.holes);
    return store(std::move(d), std::move(remark));
  }

  Verdict into(const Hole& hole) const {
    if (batch_.first_seq == hole.first && batch_.previous != hole.before)
      return wrong_hash("its previous_hash", hole.before, batch_.previous);
    if (batch_.last_seq() == hole.last && batch_.next != hole.after)
      return wrong_hash("the hash behind it", hole.after, batch_.next);
    auto d = delivery();
    d->fills = missing(hole);
    auto& holes = d->after.holes;
    holes.erase(std::find(holes.begin(), holes.end(), hole));
    Hole left{hole.first,  batch_.first_seq - 1,
              hole.before, batch_.previous,
              hole.made,   batch_.before ? minus(*batch_.before, hole.made) : TypeCounts{},
              hole.reason, hole.is_signed};
    Hole right{batch_.last_seq() + 1,
               hole.last,
               batch_.next,
               hole.after,
               plus(plus(hole.made, left.types), batch_.types),
               minus(minus(hole.types, left.types), batch_.types),
               hole.reason,
               hole.is_signed};
    if (batch_.gap) d->missing.push_back(told(batch_.first_seq, batch_.types));
    d->after.made = plus(plus(minus(head_.made, hole.types), plus(left.types, right.types)), batch_.types);
    for (Hole* rest : {&left, &right}) {
      if (rest->first > rest->last) continue;
      d->missing.push_back(missing(*rest));
      remember(std::move(*rest), holes);
    }
    return store(std::move(d),
                 fmt::format("{}: {} came late, and are missing no more", describe(batch_.chain),
                             numbers(batch_.first_seq, batch_.last_seq())));
  }

  /// The sensor gives up numbers, of which some are here all the same; its chain goes on behind them.
  Result<Verdict> gap_over_known() {
    if (batch_.last_seq() < head_.through) return Verdict{};
    const bool goes_on_elsewhere = batch_.next != head_.hash;
    if (batch_.last_seq() == head_.through && !goes_on_elsewhere) return Verdict{};
    BatchHash expected{};
    if (batch_.first_seq > 1) {
      const auto asked = held_(batch_.first_seq - 1);
      if (!asked) return asked.error();
      const std::optional<Held>& before = asked.value();
      expected = before && before->last_seq() + 1 == batch_.first_seq ? before->turn.value_or(before->hash)
                                                                      : batch_.previous;
    }
    if (expected != batch_.previous) return wrong_hash("its previous_hash", expected, batch_.previous);
    auto d = delivery();
    if (batch_.last_seq() > head_.through) {
      const TypeCounts made = batch_.before ? plus(*batch_.before, batch_.types) : head_.made;
      d->missing.push_back(told(head_.through + 1, minus(made, head_.made)));
      d->after.made = made;
      d->after.through = batch_.last_seq();
    }
    d->after.hash = batch_.next;
    return store(std::move(d),
                 fmt::format("{}: the sensor gives up {}, of which those up to {} are here",
                             describe(batch_.chain), numbers(batch_.first_seq, batch_.last_seq()),
                             std::min(batch_.last_seq(), head_.through)));
  }

  Result<Verdict> known() {
    const auto held = held_(batch_.first_seq);
    if (!held) return held.error();
    if (const auto& h = held.value()) {
      if (h->first_seq == batch_.first_seq && h->count == batch_.count && h->hash == batch_.hash)
        return Verdict{};
      const std::string here = numbers(h->first_seq, h->first_seq + h->count - 1);
      return refused(
          fmt::format("come after {} were stored, and are not what was sent before ({} with hash {})",
                      head_.through, here, start_of(h->hash)));
    }
    const bool overlaps = batch_.last_seq() > head_.through ||
                          std::any_of(head_.holes.begin(), head_.holes.end(), [&](const Hole& h) {
                            return h.first <= batch_.last_seq() && batch_.first_seq <= h.last;
                          });
    if (overlaps)
      return refused(fmt::format(
          "come after {} were stored, and are not what was sent before: some are here, some are not",
          head_.through));
    if (batch_.last_seq() == head_.through && batch_.next != head_.hash)
      return wrong_hash("the hash behind it", head_.hash, batch_.next);
    return Verdict{};
  }

  ChainHead head_;
  const CheckedBatch& batch_;
  const HeldAt& held_;
};

}  // namespace

bool is_type_name(Bytes name) noexcept {
  return !name.empty() && name.size() <= kMaxTypeName && is_utf8(name.data(), name.data() + name.size());
}

CheckedBatch checked_batch(const v1::Batch& batch, std::string records, bool is_signed) {
  CheckedBatch c;
  c.chain = {batch.sensor(), batch.boot(), batch.lane()};
  c.first_seq = batch.first_seq();
  c.count = batch.count();
  read_hash(batch.previous_hash(), c.previous);
  read_hash(batch.hash(), c.hash);
  c.next = chain_after(batch);
  c.sealed_at = batch.sealed_at();
  c.is_signed = is_signed;
  if (batch.lane() != v1::LANE_ALL) c.before = counts_of(batch.before());
  if (batch.has_gap()) {
    c.gap = batch.gap().reason();
    c.types = counts_of(batch.gap().missing());
  } else {
    c.types = count_types(records);
  }
  c.records = std::move(records);
  return c;
}

Result<Verdict> judge(const std::optional<ChainHead>& head, const CheckedBatch& batch, const HeldAt& held) {
  return Judge(head, batch, held).verdict();
}

std::string describe(const ChainId& chain) {
  return fmt::format("sensor '{}' boot {:016x} lane {}", printable(chain.sensor), chain.boot,
                     lane_label(chain.lane));
}

std::string describe(const ChainId& chain, std::uint64_t first_seq) {
  return fmt::format("{}, from record {} on", describe(chain), first_seq);
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 256));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

}  // namespace picket::collector
