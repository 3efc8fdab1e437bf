// Names of CIP (Volume 1: appendix A services, B status codes, C data types; chapters 3 and 5), of Logix's own
// objects (1756-PM020) and of other objects whose services say what happens to a device.
#include <array>
#include <span>

#include "parsers/core/names.h"
#include "parsers/enip/cip.h"

namespace picket::enip {
namespace {

constexpr NumberName kServices[] = {
    {0x01, "Get Attributes All"},
    {0x02, "Set Attributes All"},
    {0x03, "Get Attribute List"},
    {0x04, "Set Attribute List"},
    {0x05, "Reset"},
    {0x06, "Start"},
    {0x07, "Stop"},
    {0x08, "Create"},
    {0x09, "Delete"},
    {0x0a, "Multiple Service Packet"},
    {0x0d, "Apply Attributes"},
    {0x0e, "Get Attribute Single"},
    {0x10, "Set Attribute Single"},
    {0x11, "Find Next Object Instance"},
    {0x14, "Error Response"},
    {0x15, "Restore"},
    {0x16, "Save"},
    {0x17, "No Operation"},
    {0x18, "Get Member"},
    {0x19, "Set Member"},
    {0x1a, "Insert Member"},
    {0x1b, "Remove Member"},
    {0x1c, "Group Sync"},
    {0x1d, "Get Connection Point Member List"},
};

/// Class in the high half, service in the low one.
struct ClassService {
  std::uint32_t number;
  std::string_view name;
};
constexpr std::uint32_t of(Class c, std::uint8_t service) noexcept {
  return static_cast<std::uint32_t>(c) << 8 | service;
}
constexpr ClassService kClassServices[] = {
    {of(Class::kIdentity, 0x4b), "Flash LEDs"},
    {of(Class::kRouter, 0x4b), "Symbolic Translation"},
    {of(Class::kConnectionManager, 0x4e), "Forward Close"},
    {of(Class::kConnectionManager, 0x52), "Unconnected Send"},
    {of(Class::kConnectionManager, 0x54), "Forward Open"},
    {of(Class::kConnectionManager, 0x56), "Get Connection Data"},
    {of(Class::kConnectionManager, 0x57), "Search Connection Data"},
    {of(Class::kConnectionManager, 0x59), "Extended Forward Open"},
    {of(Class::kConnectionManager, 0x5a), "Get Connection Owner"},
    {of(Class::kConnectionManager, 0x5b), "Large Forward Open"},
    {0x0f4b, "Get Enum String"},
    {of(Class::kFile, 0x4b), "Initiate Upload"},
    {of(Class::kFile, 0x4c), "Initiate Download"},
    {of(Class::kFile, 0x4d), "Initiate Partial Read"},
    {of(Class::kFile, 0x4e), "Initiate Partial Write"},
    {of(Class::kFile, 0x4f), "Upload Transfer"},
    {of(Class::kFile, 0x50), "Download Transfer"},
    {of(Class::kFile, 0x51), "Clear File"},
    {0x394b, "Recover"},
    {0x394c, "Perform Diagnostics"},
    {0x394d, "Configure Request"},
    {0x394e, "Validate Configuration"},
    {0x394f, "Set Password"},
    {0x3950, "Configuration Lock"},
    {0x3951, "Mode Change"},
    {0x3952, "Safety Reset"},
    {0x3953, "Reset Password"},
    {0x3954, "Propose TUNID"},
    {0x3955, "Apply TUNID"},
    {0x474b, "Verify Fault Location"},
    {0x474c, "Clear Rapid Faults"},
    {0x474d, "Restart Sign On"},
    {0x474e, "Clear Gateway Partial Fault"},
    {0x5d4b, "Begin Config"},
    {0x5d4c, "Kick Timer"},
    {0x5d4d, "End Config"},
    {0x5d4e, "Object Cleanup"},
    {0x5e4b, "Begin Config"},
    {0x5e4c, "Kick Timer"},
    {0x5f4b, "Create CSR"},
    {0x5f4c, "Verify Certificate"},
    {of(Class::kPccc, 0x4b), "Execute PCCC"},
    {of(Class::kPccc, 0x4c), "Execute DH+"},
    {of(Class::kPccc, 0x4d), "Execute Local PCCC"},
    {of(Class::kSymbol, 0x55), "Get Instance Attribute List"},
    {of(Class::kTemplate, 0x4c), "Read Template"},
    {of(Class::kNonVolatile, 0x4b), "Update"},
    {of(Class::kNonVolatile, 0x4d), "Transfer"},
    {of(Class::kTcpIp, 0x4c), "Get And Clear"},
    {of(Class::kEthernetLink, 0x4c), "Get And Clear"},
};

/// Of tags, whether by their name or by the number of their symbol.
constexpr NumberName kTagServices[] = {
    {0x4c, "Read Tag"},
    {0x4d, "Write Tag"},
    {0x4e, "Read Modify Write Tag"},
    {0x52, "Read Tag Fragmented"},
    {0x53, "Write Tag Fragmented"},
    {0x55, "Get Instance Attribute List"},
};

constexpr NumberName kStatuses[] = {
    {0x00, "Success"},
    {0x01, "Connection failure"},
    {0x02, "Resource unavailable"},
    {0x03, "Invalid parameter value"},
    {0x04, "Path segment error"},
    {0x05, "Path destination unknown"},
    {0x06, "Partial transfer"},
    {0x07, "Connection lost"},
    {0x08, "Service not supported"},
    {0x09, "Invalid attribute value"},
    {0x0a, "Attribute list error"},
    {0x0b, "Already in requested mode/state"},
    {0x0c, "Object state conflict"},
    {0x0d, "Object already exists"},
    {0x0e, "Attribute not settable"},
    {0x0f, "Privilege violation"},
    {0x10, "Device state conflict"},
    {0x11, "Reply data too large"},
    {0x12, "Fragmentation of a primitive value"},
    {0x13, "Not enough data"},
    {0x14, "Attribute not supported"},
    {0x15, "Too much data"},
    {0x16, "Object does not exist"},
    {0x17, "Service fragmentation sequence not in progress"},
    {0x18, "No stored attribute data"},
    {0x19, "Store operation failure"},
    {0x1a, "Routing failure, request packet too large"},
    {0x1b, "Routing failure, response packet too large"},
    {0x1c, "Missing attribute list entry data"},
    {0x1d, "Invalid attribute value list"},
    {0x1e, "Embedded service error"},
    {0x1f, "Vendor specific error"},
    {0x20, "Invalid parameter"},
    {0x21, "Write-once value or medium already written"},
    {0x22, "Invalid reply received"},
    {0x23, "Buffer overflow"},
    {0x24, "Message format error"},
    {0x25, "Key failure in path"},
    {0x26, "Path size invalid"},
    {0x27, "Unexpected attribute in list"},
    {0x28, "Invalid member ID"},
    {0x29, "Member not settable"},
    {0x2a, "Group 2 only server general failure"},
    {0x2b, "Unknown Modbus error"},
    {0x2c, "Attribute not gettable"},
    {0x2d, "Instance not deletable"},
    {0xff, "General error"},
};

/// Of "connection failure".
constexpr NumberName kConnectionStatuses[] = {
    {0x0100, "connection in use or duplicate forward open"},
    {0x0103, "transport class and trigger combination not supported"},
    {0x0106, "ownership conflict"},
    {0x0107, "target connection not found"},
    {0x0108, "invalid network connection parameter"},
    {0x0109, "invalid connection size"},
    {0x0110, "target for connection not configured"},
    {0x0111, "requested packet interval not supported"},
    {0x0112, "requested packet interval not acceptable"},
    {0x0113, "out of connections"},
    {0x0114, "vendor ID or product code mismatch"},
    {0x0115, "device type mismatch"},
    {0x0116, "revision mismatch"},
    {0x0117, "invalid produced or consumed application path"},
    {0x0118, "invalid or inconsistent configuration application path"},
    {0x0119, "non-listen only connection not opened"},
    {0x011a, "target object out of connections"},
    {0x011b, "requested packet interval smaller than production inhibit time"},
    {0x011c, "transport class not supported"},
    {0x011d, "production trigger not supported"},
    {0x011e, "direction not supported"},
    {0x011f, "invalid fixed or variable size to target"},
    {0x0120, "invalid fixed or variable size to originator"},
    {0x0121, "invalid priority to target"},
    {0x0122, "invalid priority to originator"},
    {0x0123, "invalid connection type to target"},
    {0x0124, "invalid connection type to originator"},
    {0x0125, "invalid redundant owner flag"},
    {0x0126, "invalid configuration size"},
    {0x0127, "invalid size to target"},
    {0x0128, "invalid size to originator"},
    {0x0129, "invalid configuration application path"},
    {0x012a, "invalid consuming application path"},
    {0x012b, "invalid producing application path"},
    {0x012c, "configuration symbol does not exist"},
    {0x012d, "consuming symbol does not exist"},
    {0x012e, "producing symbol does not exist"},
    {0x012f, "inconsistent application path combination"},
    {0x0130, "inconsistent consume data format"},
    {0x0131, "inconsistent produce data format"},
    {0x0132, "null forward open not supported"},
    {0x0133, "connection timeout multiplier not acceptable"},
    {0x0203, "connection timed out"},
    {0x0204, "unconnected request timed out"},
    {0x0205, "parameter error in unconnected request"},
    {0x0206, "message too large for unconnected send"},
    {0x0207, "unconnected acknowledge without reply"},
    {0x0301, "no buffer memory available"},
    {0x0302, "network bandwidth not available for data"},
    {0x0303, "no consumed connection ID filter available"},
    {0x0304, "not configured to send scheduled priority data"},
    {0x0305, "schedule signature mismatch"},
    {0x0306, "schedule signature validation not possible"},
    {0x0311, "port not available"},
    {0x0312, "link address not valid"},
    {0x0315, "invalid segment in connection path"},
    {0x0316, "forward close connection path mismatch"},
    {0x0317, "scheduling not specified"},
    {0x0318, "link address to self invalid"},
    {0x0319, "secondary resources unavailable"},
    {0x031a, "rack connection already established"},
    {0x031b, "module connection already established"},
    {0x031c, "miscellaneous"},
    {0x031d, "redundant connection mismatch"},
    {0x0800, "network link offline"},
    {0x0810, "no target application data available"},
    {0x0811, "no originator application data available"},
    {0x0813, "not configured for off-subnet multicast"},
};

/// Of Logix: "general error" and "access beyond end".
constexpr NumberName kLogixStatuses[] = {
    {0x2104, "offset beyond end of the tag"},
    {0x2105, "number of elements extends beyond the end of the tag"},
    {0x2107, "tag type does not match"},
};

constexpr NumberName kClasses[] = {
    {0x01, "Identity"},
    {0x02, "Message Router"},
    {0x03, "DeviceNet"},
    {0x04, "Assembly"},
    {0x05, "Connection"},
    {0x06, "Connection Manager"},
    {0x07, "Register"},
    {0x08, "Discrete Input Point"},
    {0x09, "Discrete Output Point"},
    {0x0a, "Analog Input Point"},
    {0x0b, "Analog Output Point"},
    {0x0e, "Presence Sensing"},
    {0x0f, "Parameter"},
    {0x10, "Parameter Group"},
    {0x12, "Group"},
    {0x1d, "Discrete Input Group"},
    {0x1e, "Discrete Output Group"},
    {0x1f, "Discrete Group"},
    {0x20, "Analog Input Group"},
    {0x21, "Analog Output Group"},
    {0x22, "Analog Group"},
    {0x23, "Position Sensor"},
    {0x24, "Position Controller Supervisor"},
    {0x25, "Position Controller"},
    {0x26, "Block Sequencer"},
    {0x27, "Command Block"},
    {0x28, "Motor Data"},
    {0x29, "Control Supervisor"},
    {0x2a, "AC/DC Drive"},
    {0x2b, "Acknowledge Handler"},
    {0x2c, "Overload"},
    {0x2d, "Softstart"},
    {0x2e, "Selection"},
    {0x30, "S-Device Supervisor"},
    {0x31, "S-Analog Sensor"},
    {0x32, "S-Analog Actuator"},
    {0x33, "S-Single Stage Controller"},
    {0x34, "S-Gas Calibration"},
    {0x35, "Trip Point"},
    {0x37, "File"},
    {0x38, "S-Partial Pressure"},
    {0x39, "Safety Supervisor"},
    {0x3a, "Safety Validator"},
    {0x3b, "Safety Discrete Output Point"},
    {0x3c, "Safety Discrete Output Group"},
    {0x3d, "Safety Discrete Input Point"},
    {0x3e, "Safety Discrete Input Group"},
    {0x3f, "Safety Dual Channel Output"},
    {0x40, "S-Sensor Calibration"},
    {0x41, "Event Log"},
    {0x42, "Motion Device Axis"},
    {0x43, "Time Sync"},
    {0x44, "Modbus"},
    {0x45, "Originator Connection List"},
    {0x46, "Modbus Serial Link"},
    {0x47, "Device Level Ring (DLR)"},
    {0x48, "QoS"},
    {0x4d, "Target Connection List"},
    {0x4e, "Base Energy"},
    {0x4f, "Electrical Energy"},
    {0x50, "Non-Electrical Energy"},
    {0x51, "Base Switch"},
    {0x52, "SNMP"},
    {0x53, "Power Management"},
    {0x54, "RSTP Bridge"},
    {0x55, "RSTP Port"},
    {0x56, "PRP/HSR Protocol"},
    {0x57, "PRP/HSR Nodes Table"},
    {0x58, "Safety Feedback"},
    {0x5a, "Safety Stop Functions"},
    {0x5b, "Safety Limit Functions"},
    {0x5c, "Power Curtailment"},
    {0x5d, "CIP Security"},
    {0x5e, "EtherNet/IP Security"},
    {0x5f, "Certificate Management"},
    {0x67, "PCCC"},
    {0x68, "Program"},
    {0x6b, "Symbol"},
    {0x6c, "Template"},
    {0x8b, "Wall Clock Time"},
    {0x8e, "Controller"},
    {0xa1, "Non-Volatile Storage"},
    {0xf0, "ControlNet"},
    {0xf1, "ControlNet Keeper"},
    {0xf2, "ControlNet Scheduling"},
    {0xf3, "Connection Configuration"},
    {0xf4, "Port"},
    {0xf5, "TCP/IP Interface"},
    {0xf6, "Ethernet Link"},
    {0xf7, "CompoNet"},
    {0xf8, "CompoNet Repeater"},
};

constexpr std::uint16_t of(Type t) noexcept { return static_cast<std::uint16_t>(t); }
constexpr AttributeInfo kAttributes[] = {
    {0x01, 1, "Vendor ID", of(Type::kUint)},
    {0x01, 2, "Device Type", of(Type::kUint)},
    {0x01, 3, "Product Code", of(Type::kUint)},
    {0x01, 4, "Revision", 0xff02},
    {0x01, 5, "Status", of(Type::kWord)},
    {0x01, 6, "Serial Number", of(Type::kUdint)},
    {0x01, 7, "Product Name", of(Type::kShortString)},
    {0x01, 8, "State", of(Type::kUsint)},
    {0x01, 9, "Configuration Consistency Value", of(Type::kUint)},
    {0x01, 10, "Heartbeat Interval", of(Type::kUsint)},
    {0x02, 1, "Object List", 0},
    {0x02, 2, "Number Available", of(Type::kUint)},
    {0x02, 3, "Number Active", of(Type::kUint)},
    {0x04, 1, "Number of Members", of(Type::kUint)},
    {0x04, 2, "Member List", 0},
    {0x04, 3, "Data", 0},
    {0x04, 4, "Size", of(Type::kUint)},
    {0x06, 1, "Open Requests", of(Type::kUint)},
    {0x06, 2, "Open Format Rejects", of(Type::kUint)},
    {0x06, 3, "Open Resource Rejects", of(Type::kUint)},
    {0x06, 4, "Open Other Rejects", of(Type::kUint)},
    {0x06, 5, "Close Requests", of(Type::kUint)},
    {0x06, 6, "Close Format Requests", of(Type::kUint)},
    {0x06, 7, "Close Other Requests", of(Type::kUint)},
    {0x06, 8, "Connection Timeouts", of(Type::kUint)},
    {0x37, 1, "State", of(Type::kUsint)},
    {0x37, 2, "Instance Name", 0},
    {0x37, 4, "File Name", 0},
    {0x37, 6, "File Size", of(Type::kUdint)},
    {0x43, 1, "PTP Enable", of(Type::kBool)},
    {0x43, 2, "Is Synchronized", of(Type::kBool)},
    {0x43, 3, "System Time (Microseconds)", of(Type::kUlint)},
    {0x43, 4, "System Time (Nanoseconds)", of(Type::kUlint)},
    {0x47, 1, "Network Topology", of(Type::kUsint)},
    {0x47, 2, "Network Status", of(Type::kUsint)},
    {0x48, 1, "802.1Q Tag Enable", of(Type::kUsint)},
    {0x48, 2, "DSCP PTP Event", of(Type::kUsint)},
    {0x48, 3, "DSCP PTP General", of(Type::kUsint)},
    {0x48, 4, "DSCP Urgent", of(Type::kUsint)},
    {0x48, 5, "DSCP Scheduled", of(Type::kUsint)},
    {0x48, 6, "DSCP High", of(Type::kUsint)},
    {0x48, 7, "DSCP Low", of(Type::kUsint)},
    {0x48, 8, "DSCP Explicit", of(Type::kUsint)},
    {0x6b, 1, "Symbol Name", of(Type::kString)},
    {0x6b, 2, "Symbol Type", of(Type::kUint)},
    {0x6c, 1, "Structure Handle", of(Type::kUint)},
    {0x6c, 2, "Member Count", of(Type::kUint)},
    {0x6c, 4, "Definition Size", of(Type::kUdint)},
    {0x6c, 5, "Structure Size", of(Type::kUdint)},
    {0xf4, 1, "Port Type", of(Type::kUint)},
    {0xf4, 2, "Port Number", of(Type::kUint)},
    {0xf4, 4, "Port Name", of(Type::kShortString)},
    {0xf5, 1, "Status", of(Type::kDword)},
    {0xf5, 2, "Configuration Capability", of(Type::kDword)},
    {0xf5, 3, "Configuration Control", of(Type::kDword)},
    {0xf5, 4, "Physical Link Object", 0},
    {0xf5, 5, "Interface Configuration", 0},
    {0xf5, 6, "Host Name", of(Type::kString)},
    {0xf5, 8, "TTL Value", of(Type::kUsint)},
    {0xf5, 9, "Mcast Config", 0},
    {0xf5, 10, "SelectAcd", of(Type::kBool)},
    {0xf5, 11, "LastConflictDetected", 0},
    {0xf5, 12, "EtherNet/IP QuickConnect", of(Type::kBool)},
    {0xf5, 13, "Encapsulation Inactivity Timeout", of(Type::kUint)},
    {0xf6, 1, "Interface Speed", of(Type::kUdint)},
    {0xf6, 2, "Interface Flags", of(Type::kDword)},
    {0xf6, 3, "Physical Address", 0xff06},
    {0xf6, 4, "Interface Counters", 0},
    {0xf6, 5, "Media Counters", 0},
    {0xf6, 6, "Interface Control", 0},
    {0xf6, 7, "Interface Type", of(Type::kUsint)},
    {0xf6, 8, "Interface State", of(Type::kUsint)},
    {0xf6, 9, "Admin State", of(Type::kUsint)},
    {0xf6, 10, "Interface Label", of(Type::kShortString)},
};

constexpr NumberName kTypes[] = {
    {0xc1, "BOOL"},    {0xc2, "SINT"},        {0xc3, "INT"},           {0xc4, "DINT"},
    {0xc5, "LINT"},    {0xc6, "USINT"},       {0xc7, "UINT"},          {0xc8, "UDINT"},
    {0xc9, "ULINT"},   {0xca, "REAL"},        {0xcb, "LREAL"},         {0xcc, "STIME"},
    {0xcd, "DATE"},    {0xce, "TIME_OF_DAY"}, {0xcf, "DATE_AND_TIME"}, {0xd0, "STRING"},
    {0xd1, "BYTE"},    {0xd2, "WORD"},        {0xd3, "DWORD"},         {0xd4, "LWORD"},
    {0xd5, "STRING2"}, {0xd6, "FTIME"},       {0xd7, "LTIME"},         {0xd8, "ITIME"},
    {0xd9, "STRINGN"}, {0xdb, "TIME"},        {0xda, "SHORT_STRING"},  {0xdc, "EPATH"},
    {0xdd, "ENGUNIT"}, {0xde, "STRINGI"},     {0x2a0, "structure"},
};

constexpr NumberName kLogicalSegments[] = {
    {0x20, "class_8bit"},
    {0x21, "class_16bit"},
    {0x22, "class_32bit"},
    {0x24, "instance_8bit"},
    {0x25, "instance_16bit"},
    {0x26, "instance_32bit"},
    {0x28, "member_8bit"},
    {0x29, "member_16bit"},
    {0x2a, "member_32bit"},
    {0x2c, "connection_point_8bit"},
    {0x2d, "connection_point_16bit"},
    {0x2e, "connection_point_32bit"},
    {0x30, "attribute_8bit"},
    {0x31, "attribute_16bit"},
    {0x32, "attribute_32bit"},
    {0x38, "service_8bit"},
};

constexpr std::string_view kConnectionTypes[] = {"null", "multicast", "point to point", "reserved"};
constexpr std::string_view kPriorities[] = {"low", "high", "scheduled", "urgent"};
constexpr std::string_view kTriggers[] = {"cyclic", "change of state", "application object"};
constexpr NumberName kResets[] = {
    {0, "power cycle"},
    {1, "factory defaults and power cycle"},
    {2, "factory defaults except communication, and power cycle"},
};
constexpr std::string_view kTransfers[] = {"first", "middle", "last", "abort", "first and last"};

/// Of a table of numbers below 256, in order: the place of the first entry of each, counted from 1.
template <const auto& kTable>
constexpr auto kPlaces = [] {
  static_assert(std::size(kTable) < 256);
  std::array<std::uint8_t, 256> places{};
  for (std::size_t i = std::size(kTable); i-- > 0;)
    places[kTable[i].number] = static_cast<std::uint8_t>(i + 1);
  return places;
}();
/// O(1), for what is asked of each message.
template <const auto& kTable>
std::string_view byte_name(std::uint32_t n) noexcept {
  const std::size_t place = n < kPlaces<kTable>.size() ? kPlaces<kTable>[n] : 0;
  return place == 0 ? std::string_view{} : kTable[place - 1].name;
}

template <std::size_t N>
std::string_view at(const std::string_view (&table)[N], std::size_t i) noexcept {
  return i < N ? table[i] : std::string_view{};
}

}  // namespace

std::string_view service_name(std::uint8_t service, const Target& t) noexcept {
  if (service < 0x4b) return byte_name<kServices>(service);
  if (t.has_class) {
    if (const std::string_view own = sorted_name_of<kClassServices>(t.class_id << 8 | service); !own.empty())
      return own;
  }
  return of_tag(t) ? name_of(kTagServices, service) : std::string_view{};
}
std::string_view cip_status_name(std::uint8_t n) noexcept { return byte_name<kStatuses>(n); }
std::string_view extended_status_name(std::uint8_t status, std::uint16_t n) noexcept {
  return status == 1 ? name_of(kConnectionStatuses, n) : name_of(kLogixStatuses, n);
}
std::string_view class_name(std::uint32_t n) noexcept { return byte_name<kClasses>(n); }
const AttributeInfo* attribute_info(std::uint32_t class_id, std::uint32_t id) noexcept {
  constexpr auto kPlace = [](const AttributeInfo& a) noexcept {
    return std::pair<std::uint32_t, std::uint32_t>(a.number, a.id);
  };
  static_assert(std::ranges::is_sorted(kAttributes, {}, kPlace));
  const std::size_t place = class_id < kPlaces<kAttributes>.size() ? kPlaces<kAttributes>[class_id] : 0;
  if (place == 0) return nullptr;
  for (const AttributeInfo& a : std::span(kAttributes).subspan(place - 1)) {
    if (a.number != class_id || a.id > id) return nullptr;
    if (a.id == id) return &a;
  }
  return nullptr;
}
std::string_view type_name(std::uint16_t n) noexcept { return name_of(kTypes, n); }

std::string_view segment_name(const Segment& s) noexcept {
  switch (s.kind) {
    case SegmentKind::kPort:
      return "port";
    case SegmentKind::kKey:
      return "electronic_key";
    case SegmentKind::kNetwork:
      return "network";
    case SegmentKind::kSymbol:
      return "symbol";
    case SegmentKind::kData:
      return "data";
    default:
      break;
  }
  const std::string_view logical = byte_name<kLogicalSegments>(s.type);
  return logical.empty() ? "unknown" : logical;
}

std::string_view connection_type_name(std::uint8_t n) noexcept { return at(kConnectionTypes, n); }
std::string_view priority_name(std::uint8_t n) noexcept { return at(kPriorities, n); }
std::string_view trigger_name(std::uint8_t n) noexcept { return at(kTriggers, n); }
std::string_view reset_name(std::uint8_t n) noexcept { return name_of(kResets, n); }
std::string_view transfer_name(std::uint8_t n) noexcept { return at(kTransfers, n); }
bool class_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kClasses, name, out);
}
bool cip_status_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kStatuses, name, out);
}
bool type_by_name(std::string_view name, std::uint64_t& out) noexcept { return number_of(kTypes, name, out); }

}  // namespace picket::enip
