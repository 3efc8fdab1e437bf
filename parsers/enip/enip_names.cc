// Names of what the encapsulation and identities say (Volume 2, chapter 2; Volume 1, chapter 5-2 and 6). Those that
// rules and EVE have are Suricata's.
#include "parsers/core/names.h"
#include "parsers/enip/enip.h"

namespace picket::enip {
namespace {

constexpr NumberName kCommands[] = {
    {0x00, "nop"},
    {0x04, "list_services"},
    {0x63, "list_identity"},
    {0x64, "list_interfaces"},
    {0x65, "register_session"},
    {0x66, "unregister_session"},
    {0x6f, "send_r_r_data"},
    {0x70, "send_unit_data"},
    {0x72, "indicate_status"},
    {0x73, "cancel"},
};
/// As the standard has them.
constexpr NumberName kCommandAliases[] = {
    {0x6f, "SendRRData"},      {0x6f, "send_rr_data"},      {0x70, "SendUnitData"},
    {0x04, "ListServices"},    {0x63, "ListIdentity"},      {0x64, "ListInterfaces"},
    {0x65, "RegisterSession"}, {0x66, "UnRegisterSession"}, {0x72, "IndicateStatus"},
};

constexpr NumberName kStatuses[] = {
    {0x00, "success"},
    {0x01, "invalid_cmd"},
    {0x02, "no_resources"},
    {0x03, "incorrect_data"},
    {0x64, "invalid_session"},
    {0x65, "invalid_length"},
    {0x69, "unsupported_prot_rev"},
    {0x6a, "encap_header_error"},
};

constexpr NumberName kItems[] = {
    {0x0000, "null address"},
    {0x000c, "list identity"},
    {0x0085, "CIP security information"},
    {0x0086, "EtherNet/IP capability"},
    {0x0087, "usage"},
    {0x00a1, "connected address"},
    {0x00b1, "connected data"},
    {0x00b2, "unconnected data"},
    {0x0100, "list services"},
    {0x8000, "socket address, originator to target"},
    {0x8001, "socket address, target to originator"},
    {0x8002, "sequenced address"},
    {0x8003, "unconnected message over DTLS"},
};

/// The better known of those that ODVA gave a number.
constexpr NumberName kVendors[] = {
    {1, "Rockwell Automation/Allen-Bradley"},
    {3, "Honeywell"},
    {4, "Parker Hannifin"},
    {7, "SMC"},
    {8, "Molex"},
    {12, "Banner Engineering"},
    {26, "Festo"},
    {37, "Yaskawa"},
    {40, "WAGO"},
    {43, "Balluff"},
    {44, "Yaskawa"},
    {46, "ABB"},
    {47, "Omron"},
    {48, "Turck"},
    {56, "Softing"},
    {57, "Pepperl+Fuchs"},
    {68, "Eaton"},
    {75, "ABB Robotics"},
    {77, "Rockwell Software"},
    {78, "Datalogic"},
    {82, "Mitsubishi Electric"},
    {83, "Opto 22"},
    {86, "Horner"},
    {90, "HMS Industrial Networks"},
    {94, "Advantech"},
    {97, "Danfoss"},
    {108, "Beckhoff"},
    {109, "National Instruments"},
    {121, "KUKA"},
    {145, "Siemens"},
    {161, "Mitsubishi Electric"},
    {171, "Denso Wave"},
    {176, "Red Lion"},
    {181, "Pilz"},
    {187, "Oriental Motor"},
    {243, "Schneider Electric"},
    {246, "Brooks Instrument"},
    {250, "Yokogawa"},
    {255, "Bosch Rexroth"},
    {256, "Turck"},
    {283, "Hilscher"},
    {309, "ProSoft Technology"},
    {315, "SEW-Eurodrive"},
    {322, "ifm electronic"},
    {326, "GE Fanuc"},
    {345, "Endress+Hauser"},
    {356, "Fanuc Robotics"},
    {367, "Keyence"},
    {553, "Phoenix Contact"},
    {562, "Phoenix Contact"},
    {633, "Lenze"},
    {678, "Cognex"},
    {808, "SICK"},
    {835, "Siemens"},
    {1251, "Siemens"},
};

constexpr NumberName kDeviceTypes[] = {
    {0x00, "Generic Device"},
    {0x02, "AC Drive"},
    {0x03, "Motor Overload"},
    {0x04, "Limit Switch"},
    {0x05, "Inductive Proximity Switch"},
    {0x06, "Photoelectric Sensor"},
    {0x07, "General Purpose Discrete I/O"},
    {0x09, "Resolver"},
    {0x0a, "General Purpose Analog I/O"},
    {0x0c, "Communications Adapter"},
    {0x0d, "Barcode Scanner"},
    {0x0e, "Programmable Logic Controller"},
    {0x10, "Position Controller"},
    {0x13, "DC Drive"},
    {0x15, "Contactor"},
    {0x16, "Motor Starter"},
    {0x17, "Softstart Starter"},
    {0x18, "Human-Machine Interface"},
    {0x1a, "Mass Flow Controller"},
    {0x1b, "Pneumatic Valve"},
    {0x1c, "Vacuum Pressure Gauge"},
    {0x1d, "Process Control Value"},
    {0x1e, "Residual Gas Analyzer"},
    {0x1f, "DC Power Generator"},
    {0x20, "RF Power Generator"},
    {0x21, "Turbomolecular Vacuum Pump"},
    {0x22, "Encoder"},
    {0x23, "Safety Discrete I/O Device"},
    {0x24, "Fluid Flow Controller"},
    {0x25, "CIP Motion Drive"},
    {0x26, "CompoNet Repeater"},
    {0x27, "Mass Flow Controller, Enhanced"},
    {0x28, "CIP Modbus Device"},
    {0x29, "CIP Modbus Translator"},
    {0x2a, "Safety Analog I/O Device"},
    {0x2b, "Generic Device (keyable)"},
    {0x2c, "Managed Switch"},
    {0x2d, "CIP Motion Safety Drive Device"},
    {0x2e, "Safety Drive Device"},
    {0x2f, "CIP Motion Encoder"},
    {0x31, "CIP Motion I/O"},
    {0x32, "ControlNet Physical Layer Component"},
    {0xc8, "Embedded Component"},
};

constexpr NumberName kStates[] = {
    {0, "nonexistent"}, {1, "device self testing"},     {2, "standby"},
    {3, "operational"}, {4, "major recoverable fault"}, {5, "major unrecoverable fault"},
    {255, "default"},
};

}  // namespace

std::string_view command_name(std::uint16_t n) noexcept { return name_of(kCommands, n); }
std::string_view status_name(std::uint32_t n) noexcept { return name_of(kStatuses, n); }
std::string_view item_name(std::uint16_t n) noexcept { return name_of(kItems, n); }
std::string_view vendor_name(std::uint16_t n) noexcept { return name_of(kVendors, n); }
std::string_view device_type_name(std::uint16_t n) noexcept { return name_of(kDeviceTypes, n); }
std::string_view state_name(std::uint8_t n) noexcept { return name_of(kStates, n); }
bool command_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kCommands, name, out) || number_of(kCommandAliases, name, out);
}
bool status_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kStatuses, name, out);
}

}  // namespace picket::enip
