// What frames without IP say: assets that are a MAC, and a part of those that are an address.
#include <algorithm>

#include "export/assets/asset_address.h"
#include "export/assets/asset_table.h"

namespace picket {
namespace {

void add_once(std::vector<Asset*>& v, Asset* a) {
  if (a != nullptr && std::find(v.begin(), v.end(), a) == v.end()) v.push_back(a);
}

/// The address was seen at MACs, and at none that the link has: whoever says it is his is wrong, or lies.
bool is_elsewhere(const Asset& address, const Asset& link) {
  bool seen = false;
  for (const Evidence& e : address.evidence) {
    if (e.kind != AssetKind::kMac || (e.source != kSourceArp && e.source != kSourceEthernet)) continue;
    seen = true;
    for (const Evidence& own : link.evidence) {
      if (own.kind == AssetKind::kMac && own.text == e.text) return false;
    }
  }
  return seen;
}

}  // namespace

Asset* AssetTable::heard_link(std::uint16_t scope, const Mac& mac, std::uint64_t time_ns) {
  if (!is_of_host(mac)) return nullptr;
  Asset* a = find(scope, Address::mac(mac), true);
  if (a == nullptr) {
    a = &make({Address::mac(mac), scope, true});
    a->first_ns = a->last_ns = time_ns;
    macs_[{mac, scope}].link = a;
    add(*a, AssetKind::kMac, kSourceEthernet, mac_text(mac), confidence::kNamed, time_ns);
    vendors_of(*a, time_ns);
  }
  touch(*a, time_ns);
  for (Asset* address : addresses_of(*a)) touch(*address, time_ns);
  return a;
}

std::vector<Asset*> AssetTable::addresses_of(const Asset& link) const {
  std::vector<Asset*> all;
  if (const auto at = macs_.find({link.address.mac(), link.scope}); at != macs_.end()) {
    const MacEntry& entry = at->second;
    const std::size_t users = entry.router ? 0 : entry.users.size();
    if (entry.owners.size() + users <= kMaxHostAddresses) {
      for (Asset* a : entry.owners) add_once(all, a);
      for (std::size_t i = 0; i < users; ++i) add_once(all, entry.users[i]);
    }
  }
  for (const Evidence& e : link.evidence) {
    const auto address = e.kind == AssetKind::kAddress ? parse_address(e.text) : std::nullopt;
    const auto at = address ? assets_.find({*address, link.scope, false}) : assets_.end();
    if (at != assets_.end() && !is_elsewhere(*at->second, link)) add_once(all, at->second.get());
  }
  return all;
}

std::vector<const Asset*> AssetTable::parts_of(const Asset& address) const {
  std::vector<const Asset*> all;
  if (address.link) return all;
  const auto consider = [&](const Asset* link) {
    if (link == nullptr || std::find(all.begin(), all.end(), link) != all.end()) return;
    const auto whose = addresses_of(*link);
    if (std::find(whose.begin(), whose.end(), &address) != whose.end()) all.push_back(link);
  };
  for (const Evidence& e : address.evidence) {
    const auto mac = e.kind == AssetKind::kMac ? parse_mac(e.text) : std::nullopt;
    const auto at = mac ? macs_.find({*mac, address.scope}) : macs_.end();
    if (at != macs_.end()) consider(at->second.link);
  }
  if (const auto at = claims_.find(key_of(address)); at != claims_.end()) {
    for (const Asset* link : at->second) consider(link);
  }
  // In an order that does not depend on which was heard first.
  std::sort(all.begin(), all.end(), [](const Asset* a, const Asset* b) { return a->address < b->address; });
  return all;
}

void AssetTable::changed(Asset& a) {
  listener_.changed(a);
  if (!a.link) return;
  for (Asset* address : addresses_of(a)) listener_.changed(*address);
}

void AssetTable::claim(Asset& link, std::string_view address) {
  if (const auto a = parse_address(address)) add_once(claims_[{*a, link.scope, false}], &link);
}

void AssetTable::forget_claim(const Asset& link, std::string_view address) {
  const auto a = parse_address(address);
  // Another source may say the same.
  const auto says = [&](const Evidence& e) { return e.kind == AssetKind::kAddress && e.text == address; };
  const auto at = a ? claims_.find({*a, link.scope, false}) : claims_.end();
  if (at == claims_.end() || std::count_if(link.evidence.begin(), link.evidence.end(), says) > 1) return;
  std::erase(at->second, &link);
  if (at->second.empty()) claims_.erase(at);
}

}  // namespace picket
