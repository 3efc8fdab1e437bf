#include "export/wire_writer.h"
#include "parsers/lldp/lldp.h"
#include "parsers/lldp/lldp.pb.h"

namespace picket::lldp {
namespace {

constexpr unsigned kMaxAddresses = 16, kMaxOthers = 32, kMaxOfAKind = 64;

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}

void id(WireWriter& w, int field, Bytes value, bool of_port) noexcept {
  if (value.empty()) return;
  std::array<char, 64> room;
  const auto m = w.message(field);
  w.u64(v1::LldpId::kSubtypeFieldNumber, value[0]);
  name(w, v1::LldpId::kSubtypeNameFieldNumber,
       of_port ? port_subtype_name(value[0]) : chassis_subtype_name(value[0]));
  w.bytes(v1::LldpId::kIdFieldNumber, id_text(value, of_port, room));
}

void capabilities(WireWriter& w, Bytes value) noexcept {
  Cursor c(value);
  for (const int field : {v1::Lldp::kCapabilitiesFieldNumber, v1::Lldp::kEnabledCapabilitiesFieldNumber}) {
    const unsigned bits = c.u16be();
    for (unsigned bit = 0; bit < kCapabilities; ++bit) {
      if ((bits >> bit & 1) != 0) w.text(field, capability_name(bit));
    }
  }
}

void management_address(WireWriter& w, Bytes value) noexcept {
  using A = v1::LldpAddress;
  Address a;
  if (!read_address(value, a)) return;
  std::array<char, 64> room;
  const auto m = w.message(v1::Lldp::kManagementAddressesFieldNumber);
  const char digits[3] = {static_cast<char>('0' + a.family / 100),
                          static_cast<char>('0' + a.family / 10 % 10),
                          static_cast<char>('0' + a.family % 10)};
  w.text(A::kFamilyFieldNumber, a.family == 1   ? "IPv4"
                                : a.family == 2 ? "IPv6"
                                : a.family == 6 ? "802"
                                                : std::string_view(digits, 3));
  w.bytes(A::kAddressFieldNumber, address_text(a.family, a.address, room));
  w.u64(A::kInterfaceSubtypeFieldNumber, a.interface_subtype);
  name(w, A::kInterfaceSubtypeNameFieldNumber, interface_subtype_name(a.interface_subtype));
  w.u64(A::kInterfaceNumberFieldNumber, a.interface_number);
  if (!a.oid.empty()) w.bytes(A::kOidFieldNumber, a.oid);
}

void aggregation(WireWriter& w, int field, Bytes value) noexcept {
  using A = v1::LldpAggregation;
  Cursor c(value);
  const unsigned status = c.u8();
  const std::uint32_t port = c.u32be();
  const auto m = w.message(field);
  w.boolean(A::kCapableFieldNumber, (status & 1) != 0);
  w.boolean(A::kAggregatedFieldNumber, (status & 2) != 0);
  w.u64(A::kPortFieldNumber, port);
}

void dot1(WireWriter& w, const Tlv& t) noexcept {
  using D = v1::LldpDot1;
  Cursor c(t.value);
  switch (t.subtype) {
    case 1:
      return w.u64(D::kPortVlanFieldNumber, c.u16be());
    case 2: {
      const unsigned flags = c.u8();
      const auto m = w.message(D::kProtocolVlansFieldNumber);
      w.u64(v1::LldpProtocolVlan::kVlanFieldNumber, c.u16be());
      w.boolean(v1::LldpProtocolVlan::kSupportedFieldNumber, (flags & 2) != 0);
      w.boolean(v1::LldpProtocolVlan::kEnabledFieldNumber, (flags & 4) != 0);
      return;
    }
    case 3: {
      const auto m = w.message(D::kVlansFieldNumber);
      w.u64(v1::LldpVlan::kVlanFieldNumber, c.u16be());
      const std::size_t size = c.u8();
      w.bytes(v1::LldpVlan::kNameFieldNumber, c.rest().first(std::min(size, c.left())));
      return;
    }
    case 4: {
      const std::size_t size = c.u8();
      return w.bytes(D::kProtocolsFieldNumber, c.rest().first(std::min(size, c.left())));
    }
    case 5:
      return w.u64(D::kVidUsageDigestFieldNumber, c.u32be());
    case 6:
      return w.u64(D::kManagementVlanFieldNumber, c.u16be());
    default:
      return aggregation(w, D::kAggregationFieldNumber, t.value);
  }
}

constexpr std::string_view kPriorities[] = {"", "critical", "high", "low"};
constexpr std::string_view kPseSources[] = {"", "primary", "backup", ""};
constexpr std::string_view kPdSources[] = {"", "PSE", "local", "PSE and local"};

void power(WireWriter& w, Bytes value) noexcept {
  using P = v1::LldpPower;
  static constexpr std::string_view kTypes[] = {"type 2 PSE", "type 2 PD", "type 1 PSE", "type 1 PD"};
  Cursor c(value);
  const unsigned support = c.u8(), pairs = c.u8(), power_class = c.u8();
  const auto m = w.message(v1::LldpDot3::kPowerFieldNumber);
  w.text(P::kPortClassFieldNumber, (support & 1) != 0 ? "PSE" : "PD");
  w.boolean(P::kSupportedFieldNumber, (support & 2) != 0);
  w.boolean(P::kEnabledFieldNumber, (support & 4) != 0);
  w.boolean(P::kPairControlFieldNumber, (support & 8) != 0);
  name(w, P::kPairsFieldNumber, pairs == 1 ? "signal" : pairs == 2 ? "spare" : "");
  if (power_class > 0) w.u64(P::kPowerClassFieldNumber, power_class - 1);
  const unsigned type = c.u8();
  const unsigned requested = c.u16be(), allocated = c.u16be();
  if (!c.ok()) return;  // as 802.3-2005 had it
  w.text(P::kTypeFieldNumber, kTypes[type >> 6]);
  const bool pd = (type >> 6 & 1) != 0;
  name(w, P::kSourceFieldNumber, (pd ? kPdSources : kPseSources)[type >> 4 & 3]);
  name(w, P::kPriorityFieldNumber, kPriorities[type & 3]);
  w.f64(P::kRequestedWattsFieldNumber, requested / 10.0);
  w.f64(P::kAllocatedWattsFieldNumber, allocated / 10.0);
}

void dot3(WireWriter& w, const Tlv& t) noexcept {
  using D = v1::LldpDot3;
  Cursor c(t.value);
  switch (t.subtype) {
    case 1: {
      const unsigned status = c.u8();
      w.boolean(D::kAutoNegotiationSupportedFieldNumber, (status & 1) != 0);
      w.boolean(D::kAutoNegotiationEnabledFieldNumber, (status & 2) != 0);
      w.u64(D::kAutoNegotiationAdvertisedFieldNumber, c.u16be());
      return w.u64(D::kMauTypeFieldNumber, c.u16be());
    }
    case 2:
      return power(w, t.value);
    case 3:
      return aggregation(w, D::kAggregationFieldNumber, t.value);
    default:
      return w.u64(D::kMaxFrameSizeFieldNumber, c.u16be());
  }
}

void location(WireWriter& w, Bytes value) noexcept {
  using M = v1::LldpMed;
  const std::uint8_t format = value[0];
  const Bytes data = value.subspan(1);
  name(w, M::kLocationFormatFieldNumber, location_name(format));
  constexpr std::uint8_t kElin = 3;
  if (format == kElin) return w.bytes(M::kLocationFieldNumber, data);
  w.bytes(M::kLocationDataFieldNumber, data);
}

void med(WireWriter& w, const Tlv& t) noexcept {
  using M = v1::LldpMed;
  Cursor c(t.value);
  switch (t.subtype) {
    case 1: {
      const unsigned bits = c.u16be();
      for (unsigned bit = 0; bit < kMedCapabilities; ++bit) {
        if ((bits >> bit & 1) != 0) w.text(M::kCapabilitiesFieldNumber, med_capability_name(bit));
      }
      return name(w, M::kDeviceClassFieldNumber, med_class_name(c.u8()));
    }
    case 2: {
      using P = v1::LldpPolicy;
      const std::uint8_t application = c.u8();
      const std::uint32_t bits = c.u24be();
      const auto m = w.message(M::kPoliciesFieldNumber);
      w.u64(P::kApplicationFieldNumber, application);
      name(w, P::kApplicationNameFieldNumber, policy_name(application));
      w.boolean(P::kUnknownFieldNumber, (bits >> 23 & 1) != 0);
      w.boolean(P::kTaggedFieldNumber, (bits >> 22 & 1) != 0);
      w.u64(P::kVlanFieldNumber, bits >> 9 & 0xfff);
      w.u64(P::kPriorityFieldNumber, bits >> 6 & 7);
      return w.u64(P::kDscpFieldNumber, bits & 63);
    }
    case 3:
      return location(w, t.value);
    case 4: {
      const unsigned first = c.u8();
      const bool pd = (first >> 6) == 1;
      w.text(M::kPowerTypeFieldNumber, (first >> 6) == 0 ? "PSE" : pd ? "PD" : "reserved");
      name(w, M::kPowerSourceFieldNumber, (pd ? kPdSources : kPseSources)[first >> 4 & 3]);
      if ((first & 15) < std::size(kPriorities))
        name(w, M::kPowerPriorityFieldNumber, kPriorities[first & 15]);
      return w.f64(M::kPowerWattsFieldNumber, c.u16be() / 10.0);
    }
    default:
      // Subtypes 5 to 11 are the inventory, in the order of its fields.
      return w.bytes(M::kHardwareRevisionFieldNumber + t.subtype - 5, t.value);
  }
}
static_assert(v1::LldpMed::kAssetIdFieldNumber == v1::LldpMed::kHardwareRevisionFieldNumber + 6);

void profinet(WireWriter& w, const Tlv& t) noexcept {
  using P = v1::LldpProfinet;
  Cursor c(t.value);
  switch (t.subtype) {
    case 1:
      for (int field = P::kPortRxDelayLocalNsFieldNumber; field <= P::kCableDelayNsFieldNumber; ++field)
        w.u64(field, c.u32be());
      return;
    case 2:
      w.u64(P::kRtClass2StatusFieldNumber, c.u16be());
      return w.u64(P::kRtClass3StatusFieldNumber, c.u16be());
    case 3:
      return w.bytes(P::kAliasFieldNumber, t.value);
    case 4:
      w.bytes(P::kMrpDomainFieldNumber, c.bytes(16));
      return w.u64(P::kMrpPortStatusFieldNumber, c.u16be());
    default:
      return w.bytes(P::kChassisMacFieldNumber, t.value);
  }
}

struct Organisation {
  std::uint32_t oui;
  int field;
  std::uint8_t last;  ///< its subtypes from 1 to this one are taken apart
  void (*write)(WireWriter&, const Tlv&) noexcept;
};
constexpr Organisation kOrganisations[] = {
    {kDot1, v1::Lldp::kDot1FieldNumber, 7, dot1},
    {kDot3, v1::Lldp::kDot3FieldNumber, 4, dot3},
    {kMed, v1::Lldp::kMedFieldNumber, 11, med},
    {kProfinet, v1::Lldp::kProfinetFieldNumber, 5, profinet},
};

/// Whose TLV it is, where it is one that is taken apart.
const Organisation* organisation_of(const Tlv& t) noexcept {
  for (const Organisation& o : kOrganisations) {
    if (t.is(Type::kOrganisation) && t.oui == o.oui && t.subtype >= 1 && t.subtype <= o.last &&
        well_formed(t))
      return &o;
  }
  return nullptr;
}

bool is_basic(const Tlv& t) noexcept { return t.type >= 1 && t.type <= 8; }

/// All TLVs of one organisation in one message; true: there were more than are told.
bool organisation(WireWriter& w, Bytes pdu, const Organisation& o) noexcept {
  Tlv t;
  if (!nth(pdu, 0, t, [&](const Tlv& x) noexcept { return organisation_of(x) == &o; })) return false;
  const auto m = w.message(o.field);
  Tlvs tlvs(pdu);
  std::uint32_t told = 0;  // by subtype: what may stand there once is told once
  unsigned n = 0;
  while (tlvs.next(t)) {
    if (organisation_of(t) != &o) continue;
    const bool repeats =
        (o.oui == kDot1 && t.subtype >= 2 && t.subtype <= 4) || (o.oui == kMed && t.subtype == 2);
    if (!repeats && (told >> t.subtype & 1) != 0) continue;
    told |= 1U << t.subtype;
    if (n++ == kMaxOfAKind) return true;
    o.write(w, t);
  }
  return false;
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Lldp;
  const auto& m = static_cast<const Message&>(tx);
  bool more = false;
  id(w, Lldp::kChassisFieldNumber, m.chassis, false);
  id(w, Lldp::kPortFieldNumber, m.port, true);
  if (m.has_ttl) w.u64(Lldp::kTtlFieldNumber, m.ttl);
  w.text(Lldp::kStatusFieldNumber, status_name(m.status));
  Tlv t;
  for (const auto& [type, field] :
       {std::pair{Type::kPortDescription, Lldp::kPortDescriptionFieldNumber},
        std::pair{Type::kSystemName, Lldp::kSystemNameFieldNumber},
        std::pair{Type::kSystemDescription, Lldp::kSystemDescriptionFieldNumber}}) {
    if (nth(m.pdu, 0, t, [type = type](const Tlv& x) noexcept { return x.is(type); }))
      w.bytes(field, t.value);
  }
  if (nth(m.pdu, 0, t, [](const Tlv& x) noexcept { return x.is(Type::kCapabilities) && well_formed(x); }))
    capabilities(w, t.value);
  unsigned addresses = 0, others = 0;
  Tlvs all(m.pdu);
  while (all.next(t)) {
    if (t.is(Type::kManagementAddress) && addresses++ < kMaxAddresses) management_address(w, t.value);
  }
  for (const Organisation& o : kOrganisations) more = organisation(w, m.pdu, o) || more;
  Tlvs rest(m.pdu);
  while (rest.next(t)) {
    if (is_basic(t) || organisation_of(t) != nullptr || others++ >= kMaxOthers) continue;
    using O = v1::LldpOther;
    const auto other = w.message(Lldp::kOthersFieldNumber);
    w.u64(O::kTypeFieldNumber, t.type);
    if (t.is(Type::kOrganisation)) {
      const std::array<std::uint8_t, 3> oui = {static_cast<std::uint8_t>(t.oui >> 16),
                                               static_cast<std::uint8_t>(t.oui >> 8),
                                               static_cast<std::uint8_t>(t.oui)};
      w.bytes(O::kOuiFieldNumber, oui);
      w.u64(O::kSubtypeFieldNumber, t.subtype);
    }
    w.u64(O::kLengthFieldNumber, t.value.size());
  }
  w.u64(Lldp::kTlvCountFieldNumber, m.tlv_count);
  if (more || addresses > kMaxAddresses || others > kMaxOthers) w.boolean(Lldp::kTruncatedFieldNumber, true);
}

}  // namespace picket::lldp
