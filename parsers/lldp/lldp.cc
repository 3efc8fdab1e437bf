#include "parsers/lldp/lldp.h"

#include "parsers/core/names.h"
#include "parsers/core/text_writer.h"

namespace picket::lldp {
namespace {

constexpr NumberName kChassisSubtypes[] = {
    {1, "chassis component"}, {2, "interface alias"}, {3, "port component"},  {4, "MAC address"},
    {5, "network address"},   {6, "interface name"},  {7, "locally assigned"}};
constexpr NumberName kPortSubtypes[] = {
    {1, "interface alias"}, {2, "port component"},   {3, "MAC address"},     {4, "network address"},
    {5, "interface name"},  {6, "agent circuit ID"}, {7, "locally assigned"}};
constexpr NumberName kInterfaceSubtypes[] = {{1, "unknown"}, {2, "ifIndex"}, {3, "system port number"}};
constexpr NumberName kCapabilityNames[] = {{0, "other"},
                                           {1, "repeater"},
                                           {2, "bridge"},
                                           {3, "WLAN access point"},
                                           {4, "router"},
                                           {5, "telephone"},
                                           {6, "DOCSIS cable device"},
                                           {7, "station only"},
                                           {8, "C-VLAN component"},
                                           {9, "S-VLAN component"},
                                           {10, "two-port MAC relay"}};
static_assert(std::size(kCapabilityNames) == kCapabilities);
constexpr NumberName kMedCapabilityNames[] = {{0, "LLDP-MED capabilities"},   {1, "network policy"},
                                              {2, "location identification"}, {3, "extended power PSE"},
                                              {4, "extended power PD"},       {5, "inventory"}};
static_assert(std::size(kMedCapabilityNames) == kMedCapabilities);
constexpr NumberName kMedClasses[] = {{1, "endpoint class I"},
                                      {2, "endpoint class II"},
                                      {3, "endpoint class III"},
                                      {4, "network connectivity"}};
constexpr NumberName kPolicies[] = {
    {1, "voice"},           {2, "voice signaling"},    {3, "guest voice"},     {4, "guest voice signaling"},
    {5, "softphone voice"}, {6, "video conferencing"}, {7, "streaming video"}, {8, "video signaling"}};
constexpr NumberName kLocations[] = {{1, "coordinates"}, {2, "civic address"}, {3, "ELIN"}};
constexpr NumberName kStatusNames[] = {{0, "new"}, {1, "changed"}, {2, "refreshed"}, {3, "shutdown"}};

constexpr char kDigits[] = "0123456789abcdef";

void hex(TextWriter& w, std::uint8_t b) noexcept {
  const char two[2] = {kDigits[b >> 4], kDigits[b & 15]};
  w << std::string_view(two, 2);
}

/// A network address begins with its family (IANA's address family numbers).
bool is_network(std::uint8_t subtype, bool of_port) noexcept { return subtype == (of_port ? 4 : 5); }
bool is_mac(std::uint8_t subtype, bool of_port) noexcept { return subtype == (of_port ? 3 : 4); }

struct Size {
  std::uint32_t oui;
  std::uint8_t subtype;
  std::uint16_t min, max;
};
constexpr std::uint16_t kAny = 507;  ///< all that a length of nine bits leaves for a value
constexpr Size kSizes[] = {
    {kDot1, 1, 2, 2},        {kDot1, 2, 3, 3},       {kDot1, 3, 3, 35},      {kDot1, 4, 1, 256},
    {kDot1, 5, 4, 4},        {kDot1, 6, 2, 2},       {kDot1, 7, 5, 5},       {kDot3, 1, 5, 5},
    {kDot3, 2, 3, kAny},     {kDot3, 3, 5, 5},       {kDot3, 4, 2, 2},       {kMed, 1, 3, 3},
    {kMed, 2, 4, 4},         {kMed, 3, 1, kAny},     {kMed, 4, 3, 3},        {kMed, 5, 0, 32},
    {kMed, 6, 0, 32},        {kMed, 7, 0, 32},       {kMed, 8, 0, 32},       {kMed, 9, 0, 32},
    {kMed, 10, 0, 32},       {kMed, 11, 0, 32},      {kProfinet, 1, 20, 20}, {kProfinet, 2, 4, 4},
    {kProfinet, 3, 1, kAny}, {kProfinet, 4, 18, 18}, {kProfinet, 5, 6, 6},
};

}  // namespace

std::string_view chassis_subtype_name(std::uint8_t n) noexcept { return name_of(kChassisSubtypes, n); }
std::string_view port_subtype_name(std::uint8_t n) noexcept { return name_of(kPortSubtypes, n); }
std::string_view interface_subtype_name(std::uint8_t n) noexcept { return name_of(kInterfaceSubtypes, n); }
std::string_view capability_name(unsigned bit) noexcept { return name_of(kCapabilityNames, bit); }
std::string_view med_capability_name(unsigned bit) noexcept { return name_of(kMedCapabilityNames, bit); }
std::string_view med_class_name(std::uint8_t n) noexcept { return name_of(kMedClasses, n); }
std::string_view policy_name(std::uint8_t n) noexcept { return name_of(kPolicies, n); }
std::string_view location_name(std::uint8_t n) noexcept { return name_of(kLocations, n); }
std::string_view status_name(Status s) noexcept {
  return name_of(kStatusNames, static_cast<std::uint32_t>(s));
}
bool status_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kStatusNames, name, out);
}

bool Tlvs::next(Tlv& out) noexcept {
  if (ended_ || in_.empty()) return false;
  const std::uint16_t head = in_.u16be();
  out = {};
  out.type = static_cast<std::uint8_t>(head >> 9);
  out.value = in_.bytes(head & 0x1ff);
  if (!in_.ok()) return false;
  ended_ = out.is(Type::kEnd);
  if (ended_) return false;
  if (!out.is(Type::kOrganisation)) return true;
  Cursor c(out.value);
  out.oui = c.u24be();
  out.subtype = c.u8();
  if (c.ok()) out.value = c.rest();
  return true;
}

Bytes address_text(std::uint8_t family, Bytes address, std::span<char> room) noexcept {
  TextWriter w(room);
  if (family == 1 && address.size() == 4) {
    for (std::size_t i = 0; i < 4; ++i) (i == 0 ? w : w << ".") << unsigned{address[i]};
    return w.bytes();
  }
  if (family == 2 && address.size() == 16) {
    for (std::size_t i = 0; i < 16; i += 2) {
      const unsigned group = unsigned{address[i]} << 8 | address[i + 1];
      char digits[4];
      const char* end = std::to_chars(digits, digits + sizeof digits, group, 16).ptr;
      (i == 0 ? w : w << ":") << std::string_view(digits, static_cast<std::size_t>(end - digits));
    }
    return w.bytes();
  }
  const bool mac = address.size() == 6;
  for (std::size_t i = 0; i < address.size(); ++i) hex(mac && i != 0 ? w << ":" : w, address[i]);
  return w.bytes();
}

Bytes id_text(Bytes id, bool of_port, std::span<char> room) noexcept {
  if (id.empty()) return {};
  const Bytes rest = id.subspan(1);
  constexpr std::uint8_t kFamily802 = 6;
  if (is_mac(id[0], of_port)) return address_text(kFamily802, rest, room);
  if (is_network(id[0], of_port) && !rest.empty()) return address_text(rest[0], rest.subspan(1), room);
  return rest;
}

bool read_address(Bytes value, Address& out) noexcept {
  Cursor c(value);
  const std::size_t size = c.u8();  // of the family and the address
  out.family = c.u8();
  out.address = size == 0 ? Bytes{} : c.bytes(size - 1);
  out.interface_subtype = c.u8();
  out.interface_number = c.u32be();
  out.oid = c.bytes(c.u8());
  return c.ok() && size != 0;
}

bool well_formed(const Tlv& t) noexcept {
  switch (static_cast<Type>(t.type)) {
    case Type::kChassisId:
    case Type::kPortId: {
      const bool of_port = t.is(Type::kPortId);
      if (t.value.size() < 2 || t.value.size() > 256) return false;
      return !is_mac(t.value[0], of_port) || t.value.size() == 7;
    }
    case Type::kTtl:
      return t.value.size() >= 2;
    case Type::kPortDescription:
    case Type::kSystemName:
    case Type::kSystemDescription:
      return t.value.size() <= 255;
    case Type::kCapabilities:
      return t.value.size() == 4;
    case Type::kManagementAddress: {
      Address a;
      return read_address(t.value, a);
    }
    case Type::kOrganisation:
      for (const Size& s : kSizes) {
        if (t.is(s.oui, s.subtype)) return t.value.size() >= s.min && t.value.size() <= s.max;
      }
      return t.oui != 0 || t.value.size() >= 4;
    default:
      return true;
  }
}

Probe probe(Transport t, Direction, Bytes) noexcept {
  return t == Transport::kEthernet ? Probe::kYes : Probe::kNo;
}

}  // namespace picket::lldp
