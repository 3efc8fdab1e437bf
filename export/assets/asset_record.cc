#include "export/assets/asset_record.h"

#include <algorithm>

#include "export/assets/asset_address.h"

namespace picket {
namespace {

/// By kind; in each the best first.
std::vector<const Evidence*> in_order(const Asset& a) {
  std::vector<const Evidence*> all;
  for (const Evidence& e : a.evidence) all.push_back(&e);
  const auto rank = [](const Evidence& e) {
    return std::tuple(e.kind, -int{e.confidence}, ~e.last_ns, ~e.count, std::string_view(e.text), e.source,
                      e.station);
  };
  std::sort(all.begin(), all.end(), [&](const auto* x, const auto* y) { return rank(*x) < rank(*y); });
  return all;
}

/// The evidence of all as that of one.
Asset whole(const Asset& a, std::span<const Asset* const> parts) {
  Asset all;
  all.address = a.address;
  all.link = a.link;
  all.first_ns = a.first_ns;
  all.last_ns = a.last_ns;
  all.left_out = a.left_out;
  all.evidence = a.evidence;
  for (const Asset* part : parts) {
    all.first_ns = std::min(all.first_ns, part->first_ns);
    all.last_ns = std::max(all.last_ns, part->last_ns);
    all.left_out += part->left_out;
    for (const Evidence& e : part->evidence) {
      const auto same = [&e](const Evidence& x) {
        return x.kind == e.kind && x.source == e.source && x.station == e.station && x.text == e.text;
      };
      const auto at = std::find_if(all.evidence.begin(), all.evidence.end(), same);
      if (at == all.evidence.end()) {
        all.evidence.push_back(e);
        continue;
      }
      at->count += e.count;
      at->confidence = std::max(at->confidence, e.confidence);
      at->first_ns = std::min(at->first_ns, e.first_ns);
      at->last_ns = std::max(at->last_ns, e.last_ns);
    }
  }
  return all;
}

std::string address_bytes(const Address& a) {
  const Bytes b = Bytes{a.bytes}.subspan(a.is_v4() ? 12 : 0);
  return std::string(as_text(b));
}

void write_evidence(v1::Asset& out, const std::vector<const Evidence*>& all) {
  for (const Evidence* e : all) {
    v1::AssetEvidence& to = *out.add_evidence();
    to.set_kind(std::string(asset_kind(e->kind).name));
    to.set_text(e->text);
    to.set_source(std::string(asset_source_name(e->source)));
    to.set_confidence(e->confidence);
    to.set_count(e->count);
    to.set_first(e->first_ns);
    to.set_last(e->last_ns);
    if (e->station != kNoOtStation) to.set_station(e->station);
  }
}

/// What says who a host is, not only that it is there.
bool identifies(AssetKind kind) noexcept {
  return (kind >= AssetKind::kName && kind <= AssetKind::kOs) || kind == AssetKind::kRole;
}

}  // namespace

v1::Event asset_event(const Asset& asset, const AssetScope& scope, std::string_view reason,
                      std::span<const Asset* const> parts) {
  const Asset a = whole(asset, parts);
  v1::Event e;
  if (!scope.tap.empty()) e.set_in_iface(scope.tap);
  e.set_event_type("asset");
  for (const std::uint16_t vlan : scope.vlans) e.add_vlan(vlan);
  v1::Asset& m = *e.mutable_asset();
  if (a.link) {
    e.mutable_ether()->set_src_mac(a.address.bytes.data(), std::tuple_size_v<Mac>);
  } else {
    const std::string address = address_bytes(a.address);
    e.set_src_ip(address);
    e.set_ip_v(a.address.is_v4() ? 4 : 6);
    m.set_address(address);
  }
  m.set_reason(std::string(reason));
  m.set_first_seen(a.first_ns);
  m.set_last_seen(a.last_ns);
  if (a.left_out != 0) m.set_left_out(a.left_out);

  const auto all = in_order(a);
  std::uint32_t sure = 0;
  const Evidence* before = nullptr;
  for (const Evidence* x : all) {
    if (identifies(x->kind)) sure = std::max<std::uint32_t>(sure, x->confidence);
    const bool best = before == nullptr || before->kind != x->kind;
    before = x;
    const auto single = [&](auto set) {
      if (best) (m.*set)(std::string(x->text));
    };
    const auto list = [&](auto* texts) {
      if (std::find(texts->begin(), texts->end(), x->text) == texts->end()) texts->Add(std::string(x->text));
    };
    using Set = void (v1::Asset::*)(std::string &&);
    switch (x->kind) {
      case AssetKind::kMac:
        single(static_cast<Set>(&v1::Asset::set_mac));
        break;
      case AssetKind::kAddress:
        if (const auto said = best && a.link ? parse_address(x->text) : std::nullopt)
          m.set_address(address_bytes(*said));
        break;
      case AssetKind::kVendor:
        single(static_cast<Set>(&v1::Asset::set_vendor));
        break;
      case AssetKind::kModel:
        single(static_cast<Set>(&v1::Asset::set_model));
        break;
      case AssetKind::kHardware:
        single(static_cast<Set>(&v1::Asset::set_hardware));
        break;
      case AssetKind::kFirmware:
        single(static_cast<Set>(&v1::Asset::set_firmware));
        break;
      case AssetKind::kSerial:
        single(static_cast<Set>(&v1::Asset::set_serial));
        break;
      case AssetKind::kOs:
        single(static_cast<Set>(&v1::Asset::set_os));
        break;
      case AssetKind::kName:
        list(m.mutable_names());
        break;
      case AssetKind::kRole:
        list(m.mutable_roles());
        break;
      case AssetKind::kSoftware:
        list(m.mutable_software());
        break;
      case AssetKind::kClientOf:
        list(m.mutable_client_of());
        break;
      case AssetKind::kServerOf:
        list(m.mutable_server_of());
        break;
      case AssetKind::kStation:
        list(m.mutable_stations());
        break;
      case AssetKind::kDoes:
      case AssetKind::kIsDone:
      case AssetKind::kCount:
        break;
    }
  }
  m.set_confidence(sure);
  write_evidence(m, all);
  return e;
}

v1::Asset asset_kept(const Asset& a) {
  v1::Asset m;
  if (a.link)
    m.set_mac(mac_text(a.address.mac()));
  else
    m.set_address(address_bytes(a.address));
  m.set_first_seen(a.first_ns);
  m.set_last_seen(a.last_ns);
  if (a.left_out != 0) m.set_left_out(a.left_out);
  write_evidence(m, in_order(a));
  return m;
}

std::optional<Asset> read_asset_kept(const v1::Asset& m) {
  Asset a;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(m.address().data());
  if (m.address().size() == 4)
    a.address = Address::v4(bytes);
  else if (m.address().size() == 16)
    a.address = Address::v6(bytes);
  else if (const auto mac = parse_mac(m.mac()); mac && m.address().empty())
    a.address = Address::mac(*mac), a.link = true;
  else
    return std::nullopt;
  a.first_ns = m.first_seen();
  a.last_ns = m.last_seen();
  a.left_out = m.left_out();
  for (const v1::AssetEvidence& x : m.evidence()) {
    Evidence e;
    e.kind = AssetKind::kCount;
    for (std::size_t k = 0; k < static_cast<std::size_t>(AssetKind::kCount); ++k) {
      if (asset_kind(static_cast<AssetKind>(k)).name == x.kind()) e.kind = static_cast<AssetKind>(k);
    }
    e.source = find_asset_source(x.source());
    if (e.kind == AssetKind::kCount || e.source == kNoSource) continue;
    e.confidence = static_cast<std::uint8_t>(std::min(x.confidence(), 100U));
    e.station = x.has_station() ? x.station() : kNoOtStation;
    e.text = x.text();
    e.count = x.count();
    e.first_ns = x.first();
    e.last_ns = x.last();
    a.evidence.push_back(std::move(e));
  }
  return a;
}

}  // namespace picket
