#include "parsers/pnio/pnio.h"

#include "parsers/core/names.h"

namespace picket::pnio {
namespace {

constexpr NumberName kServices[] = {{3, "get"}, {4, "set"}, {5, "identify"}, {6, "hello"}};
constexpr NumberName kTypes[] = {{0, "request"}, {1, "success"}, {5, "not supported"}};
constexpr NumberName kErrors[] = {{0, "ok"},
                                  {1, "option unsupported"},
                                  {2, "suboption unsupported or no data set available"},
                                  {3, "suboption not set"},
                                  {4, "resource error"},
                                  {5, "set not possible by local reasons"},
                                  {6, "in operation so set not possible"}};
constexpr NumberName kRoleNames[] = {
    {0, "IO device"}, {1, "IO controller"}, {2, "IO multidevice"}, {3, "IO supervisor"}};
static_assert(std::size(kRoleNames) == kRoles);

constexpr std::uint16_t kAny = kMaxData;
struct BlockKind {
  std::uint8_t option, suboption;
  std::string_view name;
  std::uint16_t min, max;  ///< bytes of data
};
constexpr BlockKind kBlocks[] = {
    {1, 1, "MAC address", 6, 6},
    {1, 2, "IP parameter", 12, 12},
    {1, 3, "full IP suite", 28, 28},
    {2, 1, "type of station", 0, kAny},
    {2, 2, "name of station", 0, 240},
    {2, 3, "device ID", 4, 4},
    {2, 4, "device role", 1, 2},
    {2, 5, "device options", 0, kAny},
    {2, 6, "alias name", 1, 255},
    {2, 7, "device instance", 2, 2},
    {2, 8, "OEM device ID", 4, 4},
    {2, 9, "standard gateway", 4, 4},
    {2, 10, "RSI properties", 2, kAny},
    {3, 12, "DHCP host name", 0, kAny},
    {3, 43, "DHCP vendor specific", 0, kAny},
    {3, 54, "DHCP server identifier", 0, kAny},
    {3, 55, "DHCP parameter request list", 0, kAny},
    {3, 60, "DHCP class identifier", 0, kAny},
    {3, 61, "DHCP client identifier", 0, kAny},
    {3, 81, "DHCP FQDN", 0, kAny},
    {3, 97, "DHCP UUID", 0, kAny},
    {3, 255, "control DHCP for address resolution", 0, kAny},
    {5, 1, "start transaction", 0, 0},
    {5, 2, "end transaction", 0, 0},
    {5, 3, "signal", 2, 2},
    {5, 4, "response", 3, 3},
    {5, 5, "factory reset", 0, 0},
    {5, 6, "reset to factory", 0, 0},
    {6, 1, "device initiative", 2, 2},
    {255, 255, "all", 0, 0},
};

const BlockKind* kind_of(std::uint8_t option, std::uint8_t suboption) noexcept {
  for (const BlockKind& b : kBlocks) {
    if (b.option == option && b.suboption == suboption) return &b;
  }
  return nullptr;
}

}  // namespace

std::string_view service_name(std::uint8_t n) noexcept { return name_of(kServices, n); }
std::string_view type_name(std::uint8_t n) noexcept { return name_of(kTypes, n); }
std::string_view error_name(std::uint8_t n) noexcept { return name_of(kErrors, n); }
std::string_view role_name(unsigned bit) noexcept { return name_of(kRoleNames, bit); }
bool service_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kServices, name, out);
}
bool error_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kErrors, name, out);
}
std::string_view block_name(std::uint8_t option, std::uint8_t suboption) noexcept {
  const BlockKind* const kind = kind_of(option, suboption);
  return kind == nullptr ? std::string_view{} : kind->name;
}

std::string_view info_name(const Block& b) noexcept {
  if (b.prefix != Prefix::kInfo || b.option != static_cast<std::uint8_t>(Option::kIp)) return {};
  constexpr std::uint16_t kConflict = 0x80;
  if ((b.number & kConflict) != 0) return "conflict";
  constexpr NumberName kInfos[] = {{0, "not set"}, {1, "set"}, {2, "set by DHCP"}};
  return name_of(kInfos, b.number);
}

std::string_view qualifier_name(const Block& b) noexcept {
  if (b.prefix != Prefix::kQualifier) return {};
  if (b.is(Option::kControl, 6)) {
    constexpr NumberName kModes[] = {
        {1, "reset application data"},       {2, "reset communication parameters"},
        {3, "reset engineering parameters"}, {4, "reset all stored data"},
        {8, "reset and restore device"},     {9, "reset and restore data"}};
    return name_of(kModes, b.number >> 1);
  }
  if (b.option == static_cast<std::uint8_t>(Option::kControl)) return {};
  return (b.number & 1) != 0 ? "permanent" : "temporary";
}

bool parse(Bytes frame, Pdu& out, bool& wrong_length) noexcept {
  Cursor c(frame);
  out = {};
  out.frame_id = c.u16be();
  out.service = c.u8();
  out.type = c.u8();
  out.xid = c.u32be();
  out.response_delay = c.u16be();
  out.length = c.u16be();
  if (!c.ok()) return false;
  wrong_length = out.length > c.left();
  out.blocks = c.rest().first(std::min<std::size_t>(out.length, c.left()));
  return true;
}

Blocks::Blocks(const Pdu& p) noexcept : in_(p.blocks) {
  if (p.is(Service::kGet) && p.is_request())
    pairs_ = true;
  else if (p.is(Service::kSet) && p.is_request())
    prefix_ = Prefix::kQualifier;
  else if (p.is(Service::kHello) || !p.is_request())
    prefix_ = Prefix::kInfo;
}

bool Blocks::next(Block& out) noexcept {
  if (in_.empty()) return false;
  out = {};
  out.option = in_.u8();
  out.suboption = in_.u8();
  if (pairs_) return in_.ok();
  const std::uint16_t length = in_.u16be();
  Cursor content(in_.bytes(length));
  if (!in_.ok()) return false;
  if (length % 2 != 0 && !in_.empty()) in_.skip(1);
  // What an answer says of one block has no info of its own.
  if (prefix_ != Prefix::kNone && !out.is(Option::kControl, 4) && content.left() >= 2) {
    out.prefix = prefix_;
    out.number = content.u16be();
  }
  out.data = content.rest();
  return true;
}

bool well_formed(const Block& b) noexcept {
  const BlockKind* const kind = kind_of(b.option, b.suboption);
  return kind == nullptr || (b.data.size() >= kind->min && b.data.size() <= kind->max);
}

bool error_of(const Block& b, std::uint8_t& error) noexcept {
  if (!b.is(Option::kControl, 4) || b.data.size() != 3) return false;
  error = b.data[2];
  return true;
}

Probe probe(Transport t, Direction dir, Bytes first) noexcept {
  if (t != Transport::kEthernet) return Probe::kNo;
  Pdu p;
  bool wrong_length = false;
  if (!parse(first, p, wrong_length) || !is_dcp(p.frame_id)) return Probe::kYes;
  return p.is_request() == (dir == Direction::kToServer) ? Probe::kYes : Probe::kNo;
}

}  // namespace picket::pnio
