#include "dataplane/detect/tags.h"

#include <algorithm>

namespace picket::detect {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

}  // namespace

void TagCount::start(const Packet& p, const TagDef& d, RuleNumber r) noexcept {
  rule = r;
  def = d;
  since_ns = p.time_ns;
  counted = def.metric == TagDef::Metric::kBytes ? p.wire_size : 1;
}

bool TagCount::take(const Packet& p) noexcept {
  switch (def.metric) {
    case TagDef::Metric::kPackets:
      return ++counted <= def.count;
    case TagDef::Metric::kBytes:
      counted += p.wire_size;
      return counted <= def.count;
    case TagDef::Metric::kSeconds:
      return p.time_ns <= since_ns + def.count * kNsPerSecond;
  }
  return false;
}

/// A rule that matches again begins to count anew.
bool FlowTags::add(const Packet& p, const TagDef& def, RuleNumber rule) noexcept {
  auto* const end = tags.begin() + count;
  auto* at = std::find_if(tags.begin(), end, [&](const TagCount& t) { return t.rule == rule; });
  const bool room = at != end || count != kMost;
  if (at == end) {
    if (!room)
      std::move(tags.begin() + 1, tags.end(), tags.begin());  // the oldest stands first
    else
      ++count;
    at = tags.begin() + (count - 1);
  }
  at->start(p, def, rule);
  return room;
}

bool FlowTags::take(const Packet& p) noexcept {
  bool any = false;
  unsigned kept = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (!tags[i].take(p)) continue;
    any = true;
    tags[kept++] = tags[i];
  }
  count = kept;
  return any;
}

bool HostTags::add(const Packet& p, const TagDef& def, RuleNumber rule) noexcept {
  const bool src = def.scope == TagDef::Scope::kHostSource;
  const Address& host = src ? p.src : p.dst;
  const Address& peer = src ? p.dst : p.src;
  Entry* const first = entries_.data() + std::size_t{p.shard} * kPerShard;
  Entry* at = first;
  for (Entry* e = first; e != first + kPerShard; ++e) {
    if (e->order != 0 && e->tag.rule == rule && e->host == host && e->peer == peer) {
      at = e;
      break;
    }
    if (e->order < at->order) at = e;
  }
  const bool again = at->order != 0 && at->tag.rule == rule && at->host == host && at->peer == peer;
  const bool room = at->order == 0 || again;
  if (at->order == 0) ++used_[p.shard];
  at->host = host;
  at->peer = peer;
  at->order = next_order_++;
  at->tag.start(p, def, rule);
  return room;
}

bool HostTags::take(const Packet& p) noexcept {
  if (!p.has_ip || used_[p.shard] == 0) return false;
  bool any = false;
  Entry* const first = entries_.data() + std::size_t{p.shard} * kPerShard;
  for (Entry* e = first; e != first + kPerShard; ++e) {
    const bool of_pair =
        e->order != 0 && ((e->host == p.src && e->peer == p.dst) || (e->host == p.dst && e->peer == p.src));
    if (!of_pair) continue;
    if (e->tag.take(p)) {
      any = true;
    } else {
      e->order = 0;
      --used_[p.shard];
    }
  }
  return any;
}

}  // namespace picket::detect
