// parsers/modbus/modbus_names.cc — numbers and their names (Modbus Application Protocol V1.1b3)
#include "parsers/core/names.h"
#include "parsers/modbus/modbus.h"

namespace picket::modbus {
namespace {

constexpr FunctionInfo kFunctions[] = {
    {0x01, "RdCoils", "Read Coils", kRead | kCoils},
    {0x02, "RdDiscreteInputs", "Read Discrete Inputs", kRead | kDiscretes},
    {0x03, "RdHoldRegs", "Read Holding Registers", kRead | kHolding},
    {0x04, "RdInputRegs", "Read Input Registers", kRead | kInput},
    {0x05, "WrSingleCoil", "Write Single Coil", kWrite | kCoils | kSingle},
    {0x06, "WrSingleReg", "Write Single Register", kWrite | kHolding | kSingle},
    {0x07, "RdExcStatus", "Read Exception Status", 0},
    {0x08, "Diagnostic", "Diagnostics", 0},
    {0x09, "Program484", "Program (484)", 0},
    {0x0a, "Poll484", "Poll (484)", 0},
    {0x0b, "GetCommEventCtr", "Get Comm Event Counter", 0},
    {0x0c, "GetCommEventLog", "Get Comm Event Log", 0},
    {0x0d, "ProgramController", "Program Controller", 0},
    {0x0e, "PollController", "Poll Controller", 0},
    {0x0f, "WrMultCoils", "Write Multiple Coils", kWrite | kCoils | kMultiple},
    {0x10, "WrMultRegs", "Write Multiple Registers", kWrite | kHolding | kMultiple},
    {0x11, "ReportServerID", "Report Server ID", 0},
    {0x12, "Program884", "Program (884)", 0},
    {0x13, "ResetCommLink", "Reset Comm Link", 0},
    {0x14, "RdFileRec", "Read File Record", 0},
    {0x15, "WrFileRec", "Write File Record", 0},
    {0x16, "MaskWrReg", "Mask Write Register", kWrite | kHolding},
    {0x17, "RdWrMultRegs", "Read/Write Multiple Registers", kRead | kWrite | kHolding | kMultiple},
    {0x18, "RdFIFOQueue", "Read FIFO Queue", 0},
    {0x2b, "MEI", "Encapsulated Interface Transport", 0},
    {0x5a, "Unknown", "UMAS", 0},  // Schneider's; EVE's function_code stays what Suricata writes
};

constexpr NumberName kExceptions[] = {
    {0x01, "IllegalFunction"},
    {0x02, "IllegalDataAddr"},
    {0x03, "IllegalDataValue"},
    {0x04, "ServerDeviceFail"},
    {0x05, "Ack"},
    {0x06, "ServerDeviceBusy"},
    {0x07, "NegAck"},
    {0x08, "MemParityErr"},
    {0x0a, "GatewayPathUnavailable"},
    {0x0b, "GatewayTargetFailToResp"},
};

constexpr NumberName kDiagnostics[] = {
    {0x00, "RetQueryData"},         {0x01, "RestartCommOpt"},
    {0x02, "RetDiagReg"},           {0x03, "ChangeInputDelimiter"},
    {0x04, "ForceListenOnlyMode"},  {0x0a, "ClearCtrDiagReg"},
    {0x0b, "RetBusMsgCount"},       {0x0c, "RetBusCommErrCount"},
    {0x0d, "RetBusExcErrCount"},    {0x0e, "RetServerMsgCount"},
    {0x0f, "RetServerNoRespCount"}, {0x10, "RetServerNAKCount"},
    {0x11, "RetServerBusyCount"},   {0x12, "RetBusCharOverrunCount"},
    {0x13, "RetOverrunErrCount"},   {0x14, "ClearOverrunCounterFlag"},
    {0x15, "GetClearPlusStats"},
};

constexpr NumberName kMeiTypes[] = {{0x0d, "CANOpenGenRefReqResp"}, {0x0e, "RdDevId"}};

constexpr NumberName kObjects[] = {
    {0x00, "VendorName"},  {0x01, "ProductCode"}, {0x02, "MajorMinorRevision"},  {0x03, "VendorUrl"},
    {0x04, "ProductName"}, {0x05, "ModelName"},   {0x06, "UserApplicationName"},
};

}  // namespace

const FunctionInfo* function_info(std::uint8_t code) noexcept {
  for (const FunctionInfo& f : kFunctions) {
    if (f.code == code) return &f;
  }
  return nullptr;
}

std::string_view exception_name(std::uint8_t code) noexcept { return name_of(kExceptions, code); }
std::string_view diagnostic_name(std::uint16_t subfunction) noexcept {
  return name_of(kDiagnostics, subfunction);
}
std::string_view mei_name(std::uint16_t type) noexcept { return name_of(kMeiTypes, type); }
std::string_view object_name(std::uint8_t id) noexcept { return name_of(kObjects, id); }

bool function_by_name(std::string_view name, std::uint64_t& out) noexcept {
  for (const FunctionInfo& f : kFunctions) {
    if (!equals_nocase(f.eve, name) && !equals_nocase(f.name, name)) continue;
    out = f.code;
    return true;
  }
  return false;
}

}  // namespace picket::modbus
