#include "export/assets/inventory.h"

#include <algorithm>

#include "export/assets/asset_record.h"

namespace picket {

Inventory::Inventory(Config config)
    : config_(std::move(config)), table_(std::move(config_.table), *this), reader_(table_) {}

void Inventory::see(const EventHeader& h, Bytes record, Bytes notes) {
  start(h.place.clock_ns);
  clock_ns_ = std::max(clock_ns_, h.place.clock_ns);
  reader_.read(h, record, notes);
}

std::uint64_t Inventory::next_due() const noexcept {
  return due_.empty() ? ~std::uint64_t{0} : std::get<0>(*due_.begin());
}

void Inventory::flush(std::uint64_t clock_ns, RecordOut& out) {
  start(clock_ns);
  while (!due_.empty() && std::get<0>(*due_.begin()) <= clock_ns) {
    Asset& a = *std::get<2>(*due_.begin());
    const std::uint64_t at = a.due_ns;
    due_.erase(due_.begin());
    a.due_ns = 0;
    tell(a, a.told_ns == 0 ? "new" : a.changed ? "changed" : "daily", at, out);
  }
}

void Inventory::flush_all(RecordOut& out) {
  due_.clear();
  for (Asset* a : table_.sorted()) {
    a->due_ns = 0;
    if (a->seen || a->changed) tell(*a, a->told_ns == 0 ? "new" : "end", clock_ns_, out);
  }
}

void Inventory::tell(Asset& a, std::string_view reason, std::uint64_t clock_ns, RecordOut& out) {
  a.told_ns = std::max<std::uint64_t>(clock_ns, 1);
  a.changed = a.seen = false;
  if (!config_.records || is_part(a)) return;
  const std::string bytes = event_of(a, reason, clock_ns).SerializeAsString();
  out.write(record_kind(RecordType::kAsset, kNoProtocol), as_bytes(bytes));
  told_.fetch_add(1, std::memory_order_relaxed);
}

void Inventory::changed(Asset& a) {
  if (a.changed) return;
  a.changed = true;
  if (clock_ns_ != 0) wait(a, clock_ns_ + config_.settle_ns);
}

void Inventory::seen_again(Asset& a) {
  if (a.due_ns == 0 && a.told_ns != 0) wait(a, std::max(clock_ns_, a.told_ns + config_.interval_ns));
}

void Inventory::gone(Asset& a) {
  if (a.due_ns != 0) due_.erase({a.due_ns, a.due_order, &a});
  std::erase(restored_, &a);
}

void Inventory::wait(Asset& a, std::uint64_t due_ns) {
  if (a.due_ns != 0) due_.erase({a.due_ns, a.due_order, &a});
  a.due_ns = due_ns;
  a.due_order = next_order_++;
  due_.emplace(a.due_ns, a.due_order, &a);
}

/// Now the source clock is known: times of an earlier run become times of this one.
void Inventory::start(std::uint64_t clock_ns) {
  if (clock_ns_ != 0 || clock_ns == 0) return;
  clock_ns_ = clock_ns;
  const std::uint64_t now = utc(clock_ns);
  for (Asset* a : std::exchange(restored_, {})) {
    if (a->told_ns != 0)
      a->told_ns = std::max<std::uint64_t>(clock_ns - std::min(now - std::min(a->told_ns, now), clock_ns), 1);
    if (a->changed || a->told_ns == 0) wait(*a, clock_ns + config_.settle_ns);
  }
}

std::uint64_t Inventory::utc(std::uint64_t clock_ns) const {
  return config_.utc_offset_ns ? clock_ns + static_cast<std::uint64_t>(config_.utc_offset_ns()) : clock_ns;
}

v1::Event Inventory::event_of(const Asset& a, std::string_view reason, std::uint64_t clock_ns) const {
  v1::Event e = asset_event(a, table_.scopes()[a.scope], reason, table_.parts_of(a));
  e.set_timestamp(utc(clock_ns));
  if (!config_.sensor.empty()) e.set_host(config_.sensor);
  return e;
}

std::vector<v1::Event> Inventory::all() const {
  std::vector<v1::Event> events;
  for (const Asset* a : table_.sorted()) {
    if (!is_part(*a)) events.push_back(event_of(*a, "end", clock_ns_));
  }
  return events;
}

bool Inventory::is_part(const Asset& a) const { return a.link && !table_.addresses_of(a).empty(); }

v1::AssetState Inventory::save() const {
  v1::AssetState state;
  for (const Asset* a : table_.sorted()) {
    const AssetScope& scope = table_.scopes()[a->scope];
    v1::AssetKept& kept = *state.add_assets();
    kept.set_tap(scope.tap);
    for (const std::uint16_t vlan : scope.vlans) kept.add_vlan(vlan);
    *kept.mutable_asset() = asset_kept(*a);
    if (a->told_ns != 0) kept.set_told(utc(a->told_ns));
    if (a->changed) kept.set_changed(true);
  }
  for (const auto& [scope, mac] : table_.routers()) {
    v1::AssetRouter& r = *state.add_routers();
    r.set_tap(table_.scopes()[scope].tap);
    for (const std::uint16_t vlan : table_.scopes()[scope].vlans) r.add_vlan(vlan);
    r.set_mac(mac.data(), mac.size());
  }
  return state;
}

void Inventory::restore(const v1::AssetState& state) {
  const auto scope_of = [this](const auto& m) {
    const std::vector<std::uint16_t> vlans(m.vlan().begin(), m.vlan().end());
    return table_.scope(m.tap(), std::span(vlans).first(std::min(vlans.size(), kMaxVlans)));
  };
  for (const v1::AssetRouter& r : state.routers()) {
    Mac mac;
    const auto scope = scope_of(r);
    if (!scope || r.mac().size() != mac.size()) continue;
    std::copy(r.mac().begin(), r.mac().end(), mac.begin());
    table_.restore_router(*scope, mac);
  }
  // In the order in which they were last seen, which is that in which they go when there are too many.
  std::vector<const v1::AssetKept*> kept;
  for (const v1::AssetKept& k : state.assets()) kept.push_back(&k);
  std::stable_sort(kept.begin(), kept.end(), [](const auto* a, const auto* b) {
    return a->asset().last_seen() < b->asset().last_seen();
  });
  for (const v1::AssetKept* k : kept) {
    auto asset = read_asset_kept(k->asset());
    const auto scope = scope_of(*k);
    if (!asset || !scope) continue;
    const Address address = asset->address;
    const bool link = asset->link;
    if (!table_.restore(*scope, *std::move(asset))) continue;
    Asset& a = *table_.find(*scope, address, link);
    a.told_ns = k->told();
    a.changed = k->changed();
    a.seen = false;
    restored_.push_back(&a);
  }
}

}  // namespace picket
