// Numbers and their names. A table is searched from its front; the longest has some seventy lines and is asked once a
// record.
#include <algorithm>
#include <iterator>

#include "parsers/core/names.h"
#include "parsers/s7comm/s7comm.h"

namespace picket::s7comm {
namespace {

constexpr NumberName kRosctr[] = {{1, "Job"}, {2, "Ack"}, {3, "Ack_Data"}, {7, "Userdata"}};

constexpr NumberName kFunctions[] = {
    {0x00, "CPU services"},   {0x04, "Read Var"},       {0x05, "Write Var"},    {0x1a, "Request download"},
    {0x1b, "Download block"}, {0x1c, "Download ended"}, {0x1d, "Start upload"}, {0x1e, "Upload"},
    {0x1f, "End upload"},     {0x28, "PI-Service"},     {0x29, "PLC Stop"},     {0xf0, "Setup communication"},
};

constexpr NumberName kGroups[] = {
    {0, "Mode-transition"},
    {1, "Programmer commands"},
    {2, "Cyclic services"},
    {3, "Block functions"},
    {4, "CPU functions"},
    {5, "Security"},
    {6, "PBC"},
    {7, "Time functions"},
    {15, "NC programming"},
};

/// Group in the high byte, subfunction in the low one.
constexpr NumberName kSubfunctions[] = {
    {0x0101, "Block status"},
    {0x0102, "Variable status"},
    {0x0103, "Output ISTACK"},
    {0x0104, "Output BSTACK"},
    {0x0105, "Output LSTACK"},
    {0x0106, "Time measurement"},
    {0x0107, "Force selection"},
    {0x0108, "Modify variable"},
    {0x0109, "Force"},
    {0x010a, "Breakpoint"},
    {0x010b, "Exit HOLD"},
    {0x010c, "Memory reset"},
    {0x010d, "Disable job"},
    {0x010e, "Enable job"},
    {0x010f, "Delete job"},
    {0x0110, "Read job list"},
    {0x0111, "Read job"},
    {0x0112, "Replace job"},
    {0x0113, "Block status v2"},
    {0x0116, "Flash LED"},
    {0x0201, "Cyclic transfer"},
    {0x0204, "Unsubscribe"},
    {0x0205, "Change driven"},
    {0x0207, "Change driven modify"},
    {0x0208, "Read data record"},
    {0x0301, "List blocks"},
    {0x0302, "List blocks of type"},
    {0x0303, "Get block info"},
    {0x0401, "Read SZL"},
    {0x0402, "Message service"},
    {0x0403, "Diagnostic message"},
    {0x0405, "ALARM_8"},
    {0x0406, "NOTIFY"},
    {0x0407, "ALARM lock"},
    {0x0408, "ALARM unlock"},
    {0x0409, "SCAN"},
    {0x040b, "ALARM ack"},
    {0x040c, "ALARM ack indication"},
    {0x040d, "ALARM lock indication"},
    {0x040e, "ALARM unlock indication"},
    {0x0411, "ALARM_SQ"},
    {0x0412, "ALARM_S"},
    {0x0413, "ALARM query"},
    {0x0416, "NOTIFY_8"},
    {0x0501, "Enter password"},
    {0x0502, "Clear password"},
    {0x0601, "BSEND"},
    {0x0701, "Read clock"},
    {0x0702, "Set clock"},
    {0x0703, "Read clock (following)"},
    {0x0704, "Set clock"},
    {0x0f01, "Request download"},
    {0x0f02, "Download block"},
    {0x0f03, "Continue download"},
    {0x0f04, "Download ended"},
    {0x0f06, "Start upload"},
    {0x0f07, "Upload"},
    {0x0f08, "Continue upload"},
};

constexpr NumberName kErrorClasses[] = {
    {0x00, "no error"},
    {0x81, "application relationship"},
    {0x82, "object definition"},
    {0x83, "no resources"},
    {0x84, "service processing"},
    {0x85, "supplies"},
    {0x87, "access"},
    {0xd0, "test and installation"},
    {0xd2, "block functions"},
    {0xd4, "information"},
    {0xd6, "legitimation"},
    {0xd8, "cyclic services"},
    {0xdc, "time functions"},
};

/// Class in the high byte; also of userdata (Siemens, manual of standard functions: error codes of loading).
constexpr NumberName kErrors[] = {
    {0x0000, "no error"},
    {0x0110, "invalid block number"},
    {0x0111, "invalid request length"},
    {0x0112, "invalid parameter"},
    {0x0113, "invalid block type"},
    {0x0114, "block not found"},
    {0x0115, "block already exists"},
    {0x0116, "block is write-protected"},
    {0x0117, "block is too large"},
    {0x0119, "wrong password"},
    {0x011a, "resource error of the programming device"},
    {0x011b, "resource error of the controller"},
    {0x011c, "protocol error"},
    {0x0140, "not enough memory"},
    {0x0141, "not enough resources"},
    {0x8001, "not possible while the block is in this state"},
    {0x8003, "error while a block is transferred"},
    {0x8100, "service is unknown"},
    {0x8104, "service is not implemented, or the frame is wrong"},
    {0x8204, "type of the object is inconsistent"},
    {0x8205, "block exists and is not linked"},
    {0x8301, "not enough memory on the module"},
    {0x8302, "too few resources"},
    {0x8304, "no further upload at the same time"},
    {0x8305, "function is not available"},
    {0x8401, "invalid sequence of services"},
    {0x8402, "not possible in this state of the object"},
    {0x8404, "function cannot be performed"},
    {0x8405, "block is disabled"},
    {0x8500, "wrong frame"},
    {0x8503, "service was cancelled by the module"},
    {0x8701, "error in addressing the object"},
    {0x8702, "service is not supported by the module"},
    {0x8703, "access is refused"},
    {0x8704, "object is damaged"},
    {0xd001, "invalid job number"},
    {0xd002, "invalid job variant"},
    {0xd003, "test function is not supported"},
    {0xd004, "invalid job status"},
    {0xd042, "invalid address of a variable"},
    {0xd063, "job is not found"},
    {0xd0a1, "not permitted in this mode"},
    {0xd081, "not permitted in this mode"},
    {0xd0a3, "too many jobs"},
    {0xd0a4, "forcing is established already"},
    {0xd201, "error in the block's name"},
    {0xd202, "error in the parameters"},
    {0xd205, "linked block exists in RAM"},
    {0xd206, "linked block exists in EPROM"},
    {0xd208, "too many unlinked blocks"},
    {0xd209, "block is not on the module"},
    {0xd20e, "no block of that type"},
    {0xd20f, "block is larger than allowed"},
    {0xd210, "invalid block number"},
    {0xd216, "invalid program: reset the module"},
    {0xd21b, "module cannot compress"},
    {0xd231, "invalid number of a loaded block"},
    {0xd234, "block exists twice"},
    {0xd235, "block's checksum is wrong"},
    {0xd240, "coordination rules are violated"},
    {0xd241, "not permitted at this protection level"},
    {0xd242, "protection of F blocks is violated"},
    {0xd401, "information is not available"},
    {0xd402, "information is not available"},
    {0xd403, "already logged on or off"},
    {0xd404, "too many nodes logged on"},
    {0xd405, "service is not supported, or its parameters are wrong"},
    {0xd406, "information is not available now"},
    {0xd601, "error in the parameters"},
    {0xd602, "wrong password"},
    {0xd603, "already legitimated"},
    {0xd604, "already enabled"},
    {0xd605, "no password is set"},
    {0xd801, "invalid address of a variable"},
    {0xd802, "no such job"},
    {0xd803, "invalid job status"},
    {0xd804, "invalid cycle time"},
    {0xd805, "too many cyclic jobs"},
    {0xdc01, "invalid date or time"},
};

constexpr NumberName kReturnCodes[] = {
    {0x00, "reserved"},
    {0x01, "hardware error"},
    {0x03, "access not allowed"},
    {0x05, "invalid address"},
    {0x06, "data type not supported"},
    {0x07, "data type inconsistent"},
    {0x0a, "object does not exist"},
    {0xff, "success"},
};

constexpr NumberName kTransports[] = {{0, "NULL"},     {3, "BIT"},  {4, "BYTE/WORD/DWORD"}, {5, "INTEGER"},
                                      {6, "DINTEGER"}, {7, "REAL"}, {9, "OCTET STRING"}};

constexpr NumberName kAreas[] = {
    {0x03, "system info (S7-200)"},
    {0x05, "system flags (S7-200)"},
    {0x06, "analog inputs (S7-200)"},
    {0x07, "analog outputs (S7-200)"},
    {0x1c, "counters"},
    {0x1d, "timers"},
    {0x1e, "counters (S7-200)"},
    {0x1f, "timers (S7-200)"},
    {0x80, "peripheral"},
    {0x81, "inputs"},
    {0x82, "outputs"},
    {0x83, "flags"},
    {0x84, "data blocks"},
    {0x85, "instance data blocks"},
    {0x86, "local data"},
    {0x87, "local data of the caller"},
};

constexpr NumberName kTypes[] = {
    {1, "BIT"},        {2, "BYTE"},         {3, "CHAR"},           {4, "WORD"},     {5, "INT"},
    {6, "DWORD"},      {7, "DINT"},         {8, "REAL"},           {9, "DATE"},     {10, "TOD"},
    {11, "TIME"},      {12, "S5TIME"},      {15, "DATE_AND_TIME"}, {28, "COUNTER"}, {29, "TIMER"},
    {30, "IEC TIMER"}, {31, "IEC COUNTER"}, {32, "HS COUNTER"},
};

constexpr NumberName kSyntaxes[] = {
    {0x10, "S7ANY"},     {0x13, "PBC-R_ID"},       {0x15, "ALARM_LOCKFREE"}, {0x16, "ALARM_IND"},
    {0x19, "ALARM_ACK"}, {0x1a, "ALARM_QUERYREQ"}, {0x1c, "NOTIFY_IND"},     {0x82, "NCK"},
    {0x83, "NCK_M"},     {0x84, "NCK_I"},          {0xa2, "DRIVEESANY"},     {0xb0, "DBREAD"},
    {0xb2, "1200SYM"},
};

constexpr NumberName kLanguages[] = {
    {0, "not defined"}, {1, "STL"},   {2, "LAD"}, {3, "FBD"},    {4, "SCL"},
    {5, "DB"},          {6, "GRAPH"}, {7, "SDB"}, {8, "CPU-DB"}, {0x29, "ENCRYPT"},
};

/// Of an identifier's low byte.
constexpr NumberName kLists[] = {
    {0x00, "list of identifiers"},
    {0x11, "module identification"},
    {0x12, "CPU characteristics"},
    {0x13, "user memory areas"},
    {0x14, "system areas"},
    {0x15, "block types"},
    {0x16, "priority classes"},
    {0x17, "system data blocks"},
    {0x18, "I/O configuration"},
    {0x19, "module LEDs"},
    {0x1c, "component identification"},
    {0x21, "interrupts and OBs"},
    {0x22, "interrupt status"},
    {0x23, "priority classes"},
    {0x24, "operating mode"},
    {0x25, "process images and OBs"},
    {0x31, "communication capability"},
    {0x32, "communication status"},
    {0x33, "diagnostics logon list"},
    {0x37, "Ethernet interface"},
    {0x71, "H CPU group"},
    {0x74, "module LEDs"},
    {0x75, "switched DP slaves"},
    {0x81, "start information"},
    {0x82, "start events"},
    {0x90, "DP master system"},
    {0x91, "module status"},
    {0x92, "rack and station status"},
    {0x94, "rack and station status"},
    {0x95, "extended DP master system"},
    {0x96, "module status, PROFINET and PROFIBUS"},
    {0xa0, "diagnostic buffer"},
    {0xb1, "module diagnostics, record 0"},
    {0xb2, "module diagnostics, record 1"},
    {0xb3, "module diagnostics, record 1"},
    {0xb4, "DP slave diagnostics"},
};

constexpr NumberName kComponents[] = {
    {1, "system name"},
    {2, "module name"},
    {3, "plant designation"},
    {4, "copyright"},
    {5, "serial number"},
    {7, "module type"},
    {8, "memory card serial number"},
    {9, "manufacturer and profile"},
    {10, "OEM"},
    {11, "location"},
};

constexpr NumberName kModules[] = {
    {1, "module"}, {6, "basic hardware"}, {7, "basic firmware"}, {0x81, "boot loader"}};

constexpr NumberName kLeds[] = {
    {1, "SF"},     {2, "INTF"},   {3, "EXTF"},   {4, "RUN"},    {5, "STOP"},   {6, "FRCE"},
    {7, "CRST"},   {8, "BAF"},    {9, "USR"},    {10, "USR1"},  {11, "BUS1F"}, {12, "BUS2F"},
    {13, "REDF"},  {14, "MSTR"},  {15, "RACK0"}, {16, "RACK1"}, {17, "RACK2"}, {18, "IFM1F"},
    {19, "IFM2F"}, {20, "BUS3F"}, {21, "MAINT"}, {22, "DC24V"},
};

constexpr NumberName kModes[] = {
    {1, "STOP (update)"},
    {2, "STOP (memory reset)"},
    {3, "STOP (self initialization)"},
    {4, "STOP"},
    {5, "startup (cold restart)"},
    {6, "startup (warm restart)"},
    {7, "startup (hot restart)"},
    {8, "RUN"},
    {9, "RUN (redundant)"},
    {10, "HOLD"},
    {11, "link-up"},
    {12, "update"},
    {13, "DEFECT"},
    {14, "self test"},
    {15, "no power"},
};

constexpr NumberName kSwitches[] = {{0, "unknown"}, {1, "RUN"}, {2, "RUN-P"}, {3, "STOP"}, {4, "MRES"}};

constexpr NumberName kTransitions[] = {
    {0, "STOP"},         {1, "warm restart"},    {2, "RUN"},      {3, "hot restart"}, {4, "HOLD"},
    {6, "cold restart"}, {9, "RUN (redundant)"}, {11, "link-up"}, {12, "update"},
};

constexpr NumberName kPlusFunctions[] = {
    {0x04b1, "Error"},
    {0x04bb, "Explore"},
    {0x04ca, "CreateObject"},
    {0x04d4, "DeleteObject"},
    {0x04f2, "SetVariable"},
    {0x04fc, "GetVariable"},
    {0x0506, "AddLink"},
    {0x051a, "RemoveLink"},
    {0x0524, "GetLink"},
    {0x0542, "SetMultiVariables"},
    {0x054c, "GetMultiVariables"},
    {0x0556, "BeginSequence"},
    {0x0560, "EndSequence"},
    {0x056b, "Invoke"},
    {0x057c, "SetVarSubStreamed"},
    {0x0586, "GetVarSubStreamed"},
    {0x0590, "GetVariablesAddress"},
    {0x059a, "Abort"},
    {0x05a9, "Error2"},
    {0x05b3, "InitSsl"},
};

constexpr NumberName kOpcodes[] = {
    {0x31, "Request"}, {0x32, "Response"}, {0x33, "Notification"}, {0x02, "Response2"}};

}  // namespace

std::string_view rosctr_name(std::uint8_t v) noexcept { return name_of(kRosctr, v); }
std::string_view function_name(std::uint8_t v) noexcept { return name_of(kFunctions, v); }
std::string_view group_name(std::uint8_t v) noexcept { return name_of(kGroups, v); }
std::string_view subfunction_name(std::uint8_t group, std::uint8_t sub) noexcept {
  if (group == static_cast<std::uint8_t>(Group::kModeTransition)) return transition_name(sub);
  return name_of(kSubfunctions, static_cast<std::uint16_t>(group << 8 | sub));
}
std::string_view userdata_type_name(UserdataType t) noexcept {
  switch (t) {
    case UserdataType::kPush:
      return "push";
    case UserdataType::kRequest:
      return "request";
    case UserdataType::kResponse:
      return "response";
  }
  return {};
}
std::string_view error_class_name(std::uint8_t v) noexcept { return name_of(kErrorClasses, v); }
std::string_view error_name(std::uint16_t v) noexcept { return name_of(kErrors, v); }
std::string_view return_code_name(std::uint8_t v) noexcept { return name_of(kReturnCodes, v); }
std::string_view transport_name(std::uint8_t v) noexcept { return name_of(kTransports, v); }
std::string_view area_name(std::uint8_t v) noexcept { return name_of(kAreas, v); }
std::string_view type_name(std::uint8_t v) noexcept { return name_of(kTypes, v); }
std::string_view syntax_name(std::uint8_t v) noexcept { return name_of(kSyntaxes, v); }
std::string_view language_name(std::uint8_t v) noexcept { return name_of(kLanguages, v); }
std::string_view szl_name(std::uint16_t id) noexcept { return name_of(kLists, id & 0xff); }
std::string_view component_name(std::uint16_t v) noexcept { return name_of(kComponents, v); }
std::string_view module_name(std::uint16_t v) noexcept { return name_of(kModules, v); }
std::string_view led_name(std::uint8_t v) noexcept { return name_of(kLeds, v); }
std::string_view mode_name(std::uint8_t v) noexcept { return name_of(kModes, v); }
std::string_view switch_name(std::uint16_t v) noexcept { return name_of(kSwitches, v); }
std::string_view transition_name(std::uint8_t v) noexcept { return name_of(kTransitions, v); }
std::string_view plus_function_name(std::uint16_t v) noexcept { return name_of(kPlusFunctions, v); }
std::string_view opcode_name(std::uint8_t v) noexcept { return name_of(kOpcodes, v); }

bool rosctr_by_name(std::string_view s, std::uint64_t& out) noexcept { return number_of(kRosctr, s, out); }
bool function_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return number_of(kFunctions, s, out);
}
bool group_by_name(std::string_view s, std::uint64_t& out) noexcept { return number_of(kGroups, s, out); }
bool area_by_name(std::string_view s, std::uint64_t& out) noexcept { return number_of(kAreas, s, out); }
bool return_code_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return number_of(kReturnCodes, s, out);
}
bool plus_function_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return number_of(kPlusFunctions, s, out);
}
bool opcode_by_name(std::string_view s, std::uint64_t& out) noexcept { return number_of(kOpcodes, s, out); }

}  // namespace picket::s7comm
