#include "export/assets/asset_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "export/assets/asset_address.h"
#include "parsers/core/text.h"

namespace picket {
namespace {

constexpr struct {
  AssetSource source;
  std::string_view name;
} kSources[] = {{kSourceArp, "arp"},
                {kSourceEthernet, "ethernet"},
                {kSourceOui, "oui"},
                {kSourceTtl, "ttl"},
                {kSourceActivity, "activity"}};

std::size_t evidence_hash(AssetKind kind, AssetSource source, std::string_view text,
                          std::int64_t station) noexcept {
  const std::size_t h = std::hash<std::string_view>{}(text);
  return h ^ (static_cast<std::size_t>(kind) + (std::size_t{source} << 8) +
              (static_cast<std::size_t>(station) << 24)) *
                 0x9e3779b97f4a7c15U;
}

/// What stacks begin with, those of plants included; a router on the way takes one off.
bool is_initial_ttl(std::uint8_t ttl) noexcept {
  return ttl == 30 || ttl == 32 || ttl == 60 || ttl == 64 || ttl == 100 || ttl == 128 || ttl == 200 ||
         ttl == 255;
}

void erase_from(std::vector<Asset*>& v, const Asset* a) noexcept { std::erase(v, a); }

/// Not what is done in each protocol makes an HMI or a historian.
bool shows_role(AssetSource source) noexcept {
  const AssetClues* clues = source < asset_clues().size() ? asset_clues()[source] : nullptr;
  return clues == nullptr || clues->activity_shows_role;
}

constexpr std::string_view kEngineering = "engineering station", kHmi = "HMI", kHistorian = "historian",
                           kPlc = "PLC", kRouter = "router";

}  // namespace

std::string_view asset_source_name(AssetSource source) noexcept {
  for (const auto& s : kSources) {
    if (s.source == source) return s.name;
  }
  return source < protocols().size() ? protocols()[source]->name : "";
}

AssetSource find_asset_source(std::string_view name) noexcept {
  for (const auto& s : kSources) {
    if (s.name == name) return s.source;
  }
  for (std::size_t i = 0; i < protocols().size(); ++i) {
    if (protocols()[i]->name == name) return static_cast<AssetSource>(i);
  }
  return kNoSource;
}

bool Asset::has(AssetKind kind, AssetSource source, std::string_view text) const noexcept {
  return std::any_of(evidence.begin(), evidence.end(), [&](const Evidence& e) {
    return e.kind == kind && e.source == source && e.text == text;
  });
}

std::size_t AssetTable::Hash::operator()(const Key& k) const noexcept {
  std::uint64_t h[2];
  std::memcpy(h, k.address.bytes.data(), sizeof h);
  return (h[0] * 0x9e3779b97f4a7c15U ^ h[1] ^ k.scope ^ (k.link ? 1U << 16 : 0U)) * 0xff51afd7ed558ccdU >> 7;
}

std::size_t AssetTable::Hash::operator()(const MacKey& k) const noexcept {
  std::uint64_t h = k.scope;
  for (const std::uint8_t b : k.mac) h = h << 8 ^ b ^ h >> 48;
  return h * 0x9e3779b97f4a7c15U >> 7;
}

AssetTable::AssetTable(Config config, Listener& listener) : config_(std::move(config)), listener_(listener) {
  assets_.reserve(std::min<std::size_t>(config_.max_assets, 4096));
}

std::optional<std::uint16_t> AssetTable::scope(std::string_view tap, std::span<const std::uint16_t> vlans) {
  const auto is = [&](const AssetScope& s) { return s.tap == tap && std::ranges::equal(s.vlans, vlans); };
  if (last_scope_ < scopes_.size() && is(scopes_[last_scope_])) return last_scope_;
  scope_key_.assign(reinterpret_cast<const char*>(vlans.data()), vlans.size_bytes());
  scope_key_.append(1, static_cast<char>(vlans.size())).append(tap);
  auto at = scope_numbers_.find(scope_key_);
  if (at == scope_numbers_.end()) {
    if (scopes_.size() >= kMaxScopes) {
      counts_.scopes_refused.fetch_add(1, std::memory_order_relaxed);
      return std::nullopt;
    }
    at = scope_numbers_.emplace(scope_key_, static_cast<std::uint16_t>(scopes_.size())).first;
    scopes_.push_back({std::string(tap), {vlans.begin(), vlans.end()}});
  }
  return last_scope_ = at->second;
}

Asset* AssetTable::find(std::uint16_t scope, const Address& address, bool link) noexcept {
  const auto at = assets_.find({address, scope, link});
  return at == assets_.end() ? nullptr : at->second.get();
}

Asset* AssetTable::heard(std::uint16_t scope, const Address& address, std::uint64_t time_ns) {
  Asset* a = find(scope, address);
  if (a == nullptr) {
    if (!is_host(address)) return nullptr;
    if (config_.wanted && !config_.wanted(address)) {
      counts_.outside.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
    const Key key{address, scope};
    a = &make(key);
    a->first_ns = a->last_ns = time_ns;
    listener_.changed(*a);
    if (const auto said = waiting_.find(key); said != waiting_.end()) {
      const std::vector<Waiting> all = std::move(said->second);
      waiting_.erase(said);  // its place in waiting_order_ goes when its turn comes
      for (const Waiting& w : all) add(*a, w.kind, w.source, w.text, w.confidence, w.time_ns);
    }
  }
  touch(*a, time_ns);
  return a;
}

void AssetTable::touch(Asset& a, std::uint64_t time_ns) {
  if (!std::exchange(a.seen, true)) listener_.seen_again(a);
  a.first_ns = std::min(a.first_ns, time_ns);
  a.last_ns = std::max(a.last_ns, time_ns);
  std::list<Asset*>& ages = a.settled ? settled_ : passing_;
  ages.splice(ages.end(), ages, a.age);
}

Asset& AssetTable::make(const Key& key) {
  if (assets_.size() >= config_.max_assets) evict();
  auto& slot = assets_[key];
  slot = std::make_unique<Asset>();
  slot->address = key.address;
  slot->scope = key.scope;
  slot->link = key.link;
  slot->age = passing_.insert(passing_.end(), slot.get());
  counts_.known.store(assets_.size(), std::memory_order_relaxed);
  return *slot;
}

void AssetTable::evict() {
  std::list<Asset*>& ages = passing_.empty() ? settled_ : passing_;
  Asset& a = *ages.front();
  listener_.gone(a);
  forget_macs(a);
  ages.pop_front();
  assets_.erase(key_of(a));
  counts_.evicted.fetch_add(1, std::memory_order_relaxed);
}

void AssetTable::forget_macs(Asset& a) {
  for (const Evidence& e : a.evidence) {
    if (e.kind == AssetKind::kAddress) forget_claim(a, e.text);
    const auto mac = e.kind == AssetKind::kMac ? parse_mac(e.text) : std::nullopt;
    const auto at = mac ? macs_.find({*mac, a.scope}) : macs_.end();
    if (at == macs_.end()) continue;
    erase_from(at->second.owners, &a);
    erase_from(at->second.users, &a);
    if (at->second.link == &a) at->second.link = nullptr;
    forget_if_unused(at->first);
  }
}

void AssetTable::forget_if_unused(const MacKey& key) {
  const auto at = macs_.find(key);
  if (at != macs_.end() && !at->second.router && at->second.link == nullptr && at->second.owners.empty() &&
      at->second.users.empty())
    macs_.erase(at);
}

void AssetTable::add(Asset& a, AssetKind kind, AssetSource source, std::string_view text,
                     std::uint8_t confidence, std::uint64_t time_ns, std::int64_t station) {
  std::array<char, kAddressRoom> room;
  if (kind == AssetKind::kAddress) text = a.link ? host_address_text(text, room) : "";
  text = trim(text).substr(0, kMaxText);
  if (kind == AssetKind::kName && text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return;
  if (const auto mac = parse_mac(text); kind == AssetKind::kMac && (!mac || !is_of_host(*mac))) return;
  const auto odd = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), odd)) {
    clean_.assign(text);
    std::replace_if(clean_.begin(), clean_.end(), odd, '.');
    text = clean_;
  }
  const std::size_t hash = evidence_hash(kind, source, text, station);
  std::size_t same_kind = 0;
  Evidence* weakest = nullptr;
  for (Evidence& e : a.evidence) {
    if (e.hash == hash && e.kind == kind && e.source == source && e.station == station && e.text == text) {
      ++e.count;
      e.confidence = std::max(e.confidence, confidence);
      e.first_ns = std::min(e.first_ns, time_ns);
      e.last_ns = std::max(e.last_ns, time_ns);
      if (kind == AssetKind::kDoes && e.count == kPolls) roles_of(a, time_ns);
      return;
    }
    if (e.kind != kind) continue;
    ++same_kind;
    if (weakest == nullptr ||
        std::pair(e.confidence, e.last_ns) < std::pair(weakest->confidence, weakest->last_ns))
      weakest = &e;
  }
  Evidence fresh{kind, confidence, source, station, std::string(text), 1, time_ns, time_ns, hash};
  if (same_kind < asset_kind(kind).most) {
    a.evidence.push_back(std::move(fresh));
  } else if (kind != AssetKind::kMac &&
             (weakest->confidence < confidence ||
              (weakest->confidence == confidence && weakest->last_ns + kStaleNs < time_ns))) {
    if (kind == AssetKind::kAddress) forget_claim(a, weakest->text);
    *weakest = std::move(fresh);
  } else {
    ++a.left_out;
    counts_.left_out.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (kind == AssetKind::kAddress) claim(a, text);
  changed(a);
  if (kind == AssetKind::kMac || kind == AssetKind::kDoes || kind == AssetKind::kIsDone) settle(a);
  if (kind == AssetKind::kDoes || kind == AssetKind::kIsDone) roles_of(a, time_ns);
}

void AssetTable::settle(Asset& a) {
  if (std::exchange(a.settled, true)) return;
  settled_.splice(settled_.end(), passing_, a.age);
}

void AssetTable::remove(Asset& a, AssetKind kind, AssetSource source, std::string_view text) {
  const auto is = [&](const Evidence& e) {
    return e.kind == kind && e.source == source && (text.empty() || e.text == text);
  };
  if (std::erase_if(a.evidence, is) != 0) changed(a);
}

void AssetTable::add_of(std::uint16_t scope, const Address& address, AssetKind kind, AssetSource source,
                        std::string_view text, std::uint8_t confidence, std::uint64_t time_ns) {
  if (Asset* a = find(scope, address); a != nullptr) return add(*a, kind, source, text, confidence, time_ns);
  if (!is_host(address) || (config_.wanted && !config_.wanted(address))) return;
  const Key key{address, scope};
  const auto drop = [this] { counts_.waiting_dropped.fetch_add(1, std::memory_order_relaxed); };
  auto at = waiting_.find(key);
  if (at == waiting_.end()) {
    if (waiting_order_.size() >= kMaxWaiting) {
      if (waiting_.erase(waiting_order_.front()) != 0) drop();
      waiting_order_.pop_front();
    }
    waiting_order_.push_back(key);
    at = waiting_.try_emplace(key).first;
  }
  for (const Waiting& w : at->second) {
    if (w.kind == kind && w.text == text) return;
  }
  if (at->second.size() >= kMaxWaitingEach) return drop();
  at->second.push_back({kind, confidence, source, std::string(text.substr(0, kMaxText)), time_ns});
}

void AssetTable::sent(Asset& a, const Mac& mac, std::uint8_t ttl, std::uint64_t time_ns) {
  if (!is_of_host(mac) || !is_initial_ttl(ttl)) return;
  MacEntry& entry = macs_[{mac, a.scope}];
  if (entry.router) return;
  const std::string text = mac_text(mac);
  const std::uint64_t left_out = a.left_out;
  add(a, AssetKind::kMac, kSourceEthernet, text, confidence::kNamed, time_ns);
  const auto knows = [&a](const std::vector<Asset*>& v) {
    return std::find(v.begin(), v.end(), &a) != v.end();
  };
  if (knows(entry.owners) || knows(entry.users)) return;
  if (a.left_out != left_out) return forget_if_unused({mac, a.scope});  // it has more MACs than are kept
  entry.users.push_back(&a);
  vendors_of(a, time_ns);
  const auto v4 = std::count_if(entry.users.begin(), entry.users.end(),
                                [](const Asset* u) { return u->address.is_v4(); });
  if (static_cast<std::size_t>(v4) > kMaxHostV4 || entry.users.size() > kMaxHostAddresses)
    become_router(entry, mac, time_ns), forget_if_unused({mac, a.scope});
}

void AssetTable::become_router(MacEntry& entry, const Mac& mac, std::uint64_t time_ns) {
  const std::string text = mac_text(mac);
  for (Asset* a : std::exchange(entry.users, {})) {
    remove(*a, AssetKind::kMac, kSourceEthernet, text);
    vendors_of(*a, time_ns);
  }
  // Above the limit it stays a host's, and comes here again.
  if (routers_ >= kMaxRouters) return;
  entry.router = true;
  ++routers_;
  for (Asset* a : entry.owners)
    add(*a, AssetKind::kRole, kSourceEthernet, kRouter, confidence::kNamed, time_ns);
  if (entry.link != nullptr)
    add(*entry.link, AssetKind::kRole, kSourceEthernet, kRouter, confidence::kNamed, time_ns);
}

void AssetTable::announced(Asset& a, const Mac& mac, std::uint64_t time_ns) {
  if (!is_of_host(mac)) return;
  MacEntry& entry = macs_[{mac, a.scope}];
  const std::uint64_t left_out = a.left_out;
  add(a, AssetKind::kMac, kSourceArp, mac_text(mac), confidence::kStated, time_ns);
  if (a.left_out != left_out) return forget_if_unused({mac, a.scope});
  erase_from(entry.users, &a);
  if (std::find(entry.owners.begin(), entry.owners.end(), &a) == entry.owners.end()) {
    entry.owners.push_back(&a);
    vendors_of(a, time_ns);
    if (entry.router) add(a, AssetKind::kRole, kSourceEthernet, kRouter, confidence::kNamed, time_ns);
  }
}

/// The makers of the MACs that it has now.
void AssetTable::vendors_of(Asset& a, std::uint64_t time_ns) {
  std::vector<std::string_view> makers;
  for (const Evidence& e : a.evidence) {
    const auto mac = e.kind == AssetKind::kMac ? parse_mac(e.text) : std::nullopt;
    if (mac) makers.push_back(config_.vendors.find(*mac));
  }
  std::erase(makers, "");
  std::vector<std::string> gone;
  for (const Evidence& e : a.evidence) {
    if (e.kind == AssetKind::kVendor && e.source == kSourceOui &&
        std::find(makers.begin(), makers.end(), e.text) == makers.end())
      gone.push_back(e.text);
  }
  for (const std::string& text : gone) remove(a, AssetKind::kVendor, kSourceOui, text);
  for (const std::string_view maker : makers) {
    if (!a.has(AssetKind::kVendor, kSourceOui, maker))
      add(a, AssetKind::kVendor, kSourceOui, maker, confidence::kHint, time_ns);
  }
}

/// Who programs is an engineering station, who sets or switches is an HMI, who keeps reading and does nothing else is
/// a historian; what is programmed is a PLC.
void AssetTable::roles_of(Asset& a, std::uint64_t time_ns) {
  const auto times = [&a](AssetKind kind, OtClass c) {
    std::uint64_t n = 0;
    for (const Evidence& e : a.evidence)
      n += e.kind == kind && e.text == ot_class_name(c) && shows_role(e.source) ? e.count : 0;
    return n;
  };
  const auto does = [&times](OtClass c) { return times(AssetKind::kDoes, c); };
  const bool programs = does(OtClass::kProgram) != 0;
  const bool operates = does(OtClass::kControl) + does(OtClass::kWrite) != 0;
  const struct {
    bool is;
    std::string_view role;
    std::uint8_t confidence;
  } roles[] = {
      {programs, kEngineering, confidence::kNamed},
      {operates, kHmi, confidence::kNamed},
      {!programs && !operates && does(OtClass::kRead) >= kPolls, kHistorian, confidence::kHint},
      {times(AssetKind::kIsDone, OtClass::kProgram) != 0, kPlc, confidence::kNamed},
  };
  for (const auto& r : roles) {
    const bool was = a.has(AssetKind::kRole, kSourceActivity, r.role);
    if (r.is && !was) add(a, AssetKind::kRole, kSourceActivity, r.role, r.confidence, time_ns);
    if (!r.is && was) remove(a, AssetKind::kRole, kSourceActivity, r.role);
  }
}

bool AssetTable::restore(std::uint16_t scope, Asset&& kept) {
  if (assets_.size() >= config_.max_assets) return false;
  if (kept.link ? !is_of_host(kept.address.mac()) : !is_host(kept.address)) return false;
  if (find(scope, kept.address, kept.link) != nullptr) return false;
  Asset& a = make({kept.address, scope, kept.link});
  a.first_ns = kept.first_ns;
  a.last_ns = kept.last_ns;
  a.left_out = kept.left_out;
  std::array<std::size_t, static_cast<std::size_t>(AssetKind::kCount)> held{};
  for (Evidence& e : kept.evidence) {
    if (e.text.empty() || e.text.size() > kMaxText) continue;
    if (++held[static_cast<std::size_t>(e.kind)] > asset_kind(e.kind).most) continue;
    if (e.kind == AssetKind::kVendor && e.source == kSourceOui) continue;  // the list may be another one now
    e.hash = evidence_hash(e.kind, e.source, e.text, e.station);
    a.evidence.push_back(std::move(e));
  }
  for (const Evidence& e : a.evidence) {
    if (e.kind == AssetKind::kDoes || e.kind == AssetKind::kIsDone) settle(a);
    if (e.kind == AssetKind::kAddress && a.link) claim(a, e.text);
    const auto mac = e.kind == AssetKind::kMac ? parse_mac(e.text) : std::nullopt;
    if (!mac) continue;
    settle(a);
    if (a.link || (e.source != kSourceArp && e.source != kSourceEthernet)) continue;
    MacEntry& entry = macs_[{*mac, scope}];
    if (e.source == kSourceArp) {
      erase_from(entry.users, &a);
      entry.owners.push_back(&a);
    } else if (!a.has(AssetKind::kMac, kSourceArp, e.text)) {
      entry.users.push_back(&a);
    }
  }
  if (a.link) macs_[{a.address.mac(), scope}].link = &a;
  vendors_of(a, a.last_ns);
  return true;
}

void AssetTable::restore_router(std::uint16_t scope, const Mac& mac) {
  if (routers_ >= kMaxRouters) return;
  MacEntry& entry = macs_[{mac, scope}];
  routers_ += entry.router ? 0 : 1;
  entry.router = true;
}

std::vector<Asset*> AssetTable::sorted() const {
  std::vector<Asset*> all;
  all.reserve(assets_.size());
  for (const auto& [key, asset] : assets_) all.push_back(asset.get());
  std::sort(all.begin(), all.end(), [this](const Asset* a, const Asset* b) {
    const auto scopes = scopes_[a->scope] <=> scopes_[b->scope];
    return scopes != 0 ? scopes < 0 : std::tie(a->link, a->address) < std::tie(b->link, b->address);
  });
  return all;
}

std::vector<std::pair<std::uint16_t, Mac>> AssetTable::routers() const {
  std::vector<std::pair<std::uint16_t, Mac>> all;
  for (const auto& [key, entry] : macs_) {
    if (entry.router) all.emplace_back(key.scope, key.mac);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace picket
