#include "export/collector/sinks/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "export/delimited.h"
#include "export/proto/picket/v1/chain.pb.h"

namespace picket::collector {

std::string text_of(const ChainId& chain) {
  return fmt::format("sensor '{}' boot {:016x} lane {}", chain.sensor, chain.boot,
                     static_cast<int>(chain.lane));
}

namespace {

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

bool is_hole_of(const ChainHead& head, const Missing& numbers) {
  return std::ranges::any_of(
      head.holes, [&](const Hole& h) { return h.first <= numbers.first && numbers.last <= h.last; });
}

/// It was made for another head: what is behind this one has not all of its records.
bool is_missing_in(const ChainHead& head, const Delivery& d) {
  return d.count != 0 && std::ranges::any_of(head.holes, [&](const Hole& h) {
           return h.first < d.first_seq + d.count && d.first_seq <= h.last;
         });
}

/// A gap over numbers that are here has none of its own, but may lead to another hash behind them.
bool is_new(const Delivery& d, const ChainHead& head) {
  if (d.after.through != head.through) return d.after.through > head.through;
  return d.count == 0 && d.missing.empty() && d.after.hash != head.hash;
}

/// Of the records and of what is missing; kNone of a delivery that has neither.
std::uint64_t first_number(const Delivery& d) {
  const std::uint64_t first = d.count != 0 ? d.first_seq : kNone;
  return d.missing.empty() ? first : std::min(first, d.missing.front().first);
}

void write_counts(const TypeCounts& counts, google::protobuf::RepeatedPtrField<v1::ChainCount>& to) {
  for (const auto& [type, count] : counts) {
    auto& made = *to.Add();
    made.set_type(type);
    made.set_count(count);
  }
}

TypeCounts read_counts(const google::protobuf::RepeatedPtrField<v1::ChainCount>& from) {
  TypeCounts counts;
  for (const auto& one : from) counts[one.type()] = one.count();
  return counts;
}

}  // namespace

Result<Block> new_block(Deliveries deliveries, const HeadOf& head_of) {
  Block block;
  std::map<ChainId, ChainHead> known;
  for (const auto& shared : deliveries) {
    const Delivery& d = *shared;
    auto at = known.find(d.chain);
    if (at == known.end()) {
      auto head = head_of(d.chain);
      if (!head) return head.error();
      at = known.emplace(d.chain, std::move(head).value().value_or(ChainHead{})).first;
    }
    ChainHead& head = at->second;
    if (d.fills ? !is_hole_of(head, *d.fills) : !is_new(d, head)) {
      if (is_missing_in(head, d)) {
        return Error{fmt::format("{}: records {} to {} are in a hole that another collector left meanwhile",
                                 text_of(d.chain), d.first_seq, d.first_seq + d.count - 1)};
      }
      continue;
    }
    const std::uint64_t first = first_number(d);
    if (!d.fills && first <= head.through) {
      return Error{fmt::format("{}: numbers {} to {} overlap what is stored, which is up to {}",
                               text_of(d.chain), first, d.after.through, head.through)};
    }
    head = d.after;
    block.deliveries.push_back(&d);
    block.heads[d.chain] = &d.after;
  }
  return block;
}

void each_record(const Delivery& d, Rejects& rejected, const TakeRecord& take) {
  WireReader in(as_bytes(d.records));
  std::uint64_t seq = d.first_seq;
  std::size_t at = 0;  // of the record that is read
  for (Bytes record; next_delimited(in, record); ++seq) {
    at = d.records.size() - in.left();
    if (auto why = take(seq, record)) rejected.add(d.chain, seq, std::move(*why), record);
  }
  if (!in.ok())
    rejected.add(d.chain, seq, "what follows is no run of records", as_bytes(d.records).subspan(at));
}

std::string write_head(const ChainId& chain, const ChainHead& head) {
  v1::ChainState s;
  s.set_sensor(chain.sensor);
  s.set_boot(chain.boot);
  s.set_lane(chain.lane);
  s.set_through(head.through);
  s.set_hash(head.hash.data(), head.hash.size());
  s.set_newest(head.newest_ns);
  write_counts(head.made, *s.mutable_made());
  for (const Hole& h : head.holes) {
    v1::ChainHole& hole = *s.add_holes();
    hole.set_first(h.first);
    hole.set_last(h.last);
    hole.set_before(h.before.data(), h.before.size());
    hole.set_after(h.after.data(), h.after.size());
    write_counts(h.made, *hole.mutable_made());
    write_counts(h.types, *hole.mutable_types());
    hole.set_reason(h.reason);
    hole.set_signed_(h.is_signed);
  }
  return s.SerializeAsString();
}

bool read_head(std::string_view bytes, ChainId& chain, ChainHead& head) {
  v1::ChainState s;
  if (!s.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !read_hash(s.hash(), head.hash))
    return false;
  chain = {s.sensor(), s.boot(), s.lane()};
  head.through = s.through();
  head.newest_ns = s.newest();
  head.made = read_counts(s.made());
  head.holes.clear();
  for (const auto& h : s.holes()) {
    Hole& hole = head.holes.emplace_back();
    hole.first = h.first();
    hole.last = h.last();
    hole.made = read_counts(h.made());
    hole.types = read_counts(h.types());
    hole.reason = h.reason();
    hole.is_signed = h.signed_();
    if (!read_hash(h.before(), hole.before) || !read_hash(h.after(), hole.after)) return false;
  }
  return true;
}

}  // namespace picket::collector
