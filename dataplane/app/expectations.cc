#include "dataplane/app/expectations.h"

#include <algorithm>

namespace picket {

Expectations::Expectations(Pool& pool, bool by_vlan) : by_vlan_(by_vlan) {
  entries_.reserve(std::size_t{kShards} * kPerShard);
  for (std::size_t i = 0; i < std::size_t{kShards} * kPerShard; ++i) entries_.emplace_back(pool);
}

void Expectations::free(Entry& e, unsigned shard) noexcept {
  e.order = 0;
  e.flow.hint.reset();
  --used_[shard];
}

bool Expectations::add(const Flow& of, const Expectation& what, ProtocolId protocol) noexcept {
  const unsigned n = of.key.shard;
  const Direction from = reverse(what.to);
  // Who is connected to is known by where bytes that way come from, seen from its own side.
  const Address& to_address = of.address(from);
  const Address& from_address = of.address(what.to);
  Entry* at = nullptr;
  bool replaces = false;
  for (Entry& e : shard(n)) {
    replaces = e.order != 0 && e.port == what.port && e.to == to_address && e.from == from_address &&
               (!by_vlan_ || e.vlans == of.key.vlans);
    if (replaces || at == nullptr || e.order < at->order) at = &e;  // a free one has order 0
    if (replaces) break;
  }
  const bool taken = at->order != 0;
  const bool forgot = taken && !replaces && of.last_clock_ns - at->since_ns < kTimeoutNs;
  if (taken) free(*at, n);
  if (!at->flow.hint.append(what.hint.first(std::min(what.hint.size(), Expectation::kMaxHint)))) return false;
  at->to = to_address;
  at->from = from_address;
  at->vlans = of.key.vlans;
  at->port = what.port;
  at->since_ns = of.last_clock_ns;
  at->order = next_order_++;
  at->flow.protocol = protocol;
  ++used_[n];
  return !forgot;
}

bool Expectations::take(const Flow& flow, ExpectedFlow& out) noexcept {
  const unsigned n = flow.key.shard;
  if (used_[n] == 0) return false;
  for (Entry& e : shard(n)) {
    if (e.order == 0) continue;
    if (flow.last_clock_ns - e.since_ns >= kTimeoutNs) {
      free(e, n);
      continue;
    }
    // The connection's beginning may not have been seen: who opened it is then a guess.
    const bool to_server = e.port == flow.server_port() && e.to == flow.server() && e.from == flow.client();
    const bool to_client = e.port == flow.client_port() && e.to == flow.client() && e.from == flow.server();
    if ((!to_server && !to_client) || (by_vlan_ && e.vlans != flow.key.vlans)) continue;
    out.protocol = e.flow.protocol;
    out.hint = std::move(e.flow.hint);
    free(e, n);
    return true;
  }
  return false;
}

}  // namespace picket
