// parsers/hartip/hartip_names.cc — what numbers are called: TS20081, 10.3; TS20099, 7; TS20183, the common tables
#include "parsers/core/names.h"
#include "parsers/hartip/hartip_commands.h"

namespace picket::hartip {
namespace {

constexpr NumberName kTypes[] = {{0, "request"}, {1, "response"}, {2, "publish"}, {15, "NAK"}};
constexpr NumberName kIds[] = {
    {0, "session initiate"}, {1, "session close"}, {2, "keep alive"},  {3, "token-passing PDU"},
    {4, "direct PDU"},       {5, "audit log"},     {128, "discovery"},
};
constexpr NumberName kStatuses[] = {
    {0, "success"},
    {2, "invalid selection"},
    {5, "too few data bytes"},
    {6, "device-specific command error"},
    {8, "set to nearest possible value"},
    {9, "security not initialized"},
    {14, "version not supported"},
    {15, "all sessions in use"},
    {16, "access restricted"},
    {30, "insecure session exists"},
};
// Those that mean the same for all commands.
constexpr NumberName kCodes[] = {
    {0, "success"},
    {1, "undefined"},
    {2, "invalid selection"},
    {3, "parameter too large"},
    {4, "parameter too small"},
    {5, "too few data bytes"},
    {6, "device-specific command error"},
    {7, "in write protect mode"},
    {16, "access restricted"},
    {17, "invalid device variable"},
    {18, "invalid units"},
    {19, "device variable not allowed for this command"},
    {20, "invalid extended command number"},
    {21, "invalid I/O card"},
    {22, "invalid channel"},
    {23, "sub-device response too long"},
    {30, "command response truncated"},
    {32, "busy"},
    {33, "delayed response initiated"},
    {34, "delayed response running"},
    {35, "delayed response dead"},
    {36, "delayed response conflict"},
    {60, "payload too long"},
    {61, "no buffers available"},
    {64, "command not implemented"},
    {65, "declined"},
};
constexpr NumberName kFrameTypes[] = {{1, "BACK"}, {2, "STX"}, {6, "ACK"}};
constexpr NumberName kMasters[] = {{0, "secondary"}, {1, "primary"}};

// Table 2.
constexpr NumberName kUnitNames[] = {
    {1, "inH2O"},
    {2, "inHg"},
    {3, "ftH2O"},
    {4, "mmH2O"},
    {5, "mmHg"},
    {6, "psi"},
    {7, "bar"},
    {8, "mbar"},
    {9, "g/cm2"},
    {10, "kg/cm2"},
    {11, "Pa"},
    {12, "kPa"},
    {13, "torr"},
    {14, "atm"},
    {15, "ft3/min"},
    {16, "gal/min"},
    {17, "L/min"},
    {18, "ImpGal/min"},
    {19, "m3/h"},
    {20, "ft/s"},
    {21, "m/s"},
    {22, "gal/s"},
    {23, "Mgal/d"},
    {24, "L/s"},
    {25, "ML/d"},
    {26, "ft3/s"},
    {27, "ft3/d"},
    {28, "m3/s"},
    {29, "m3/d"},
    {30, "ImpGal/h"},
    {31, "ImpGal/d"},
    {32, "degC"},
    {33, "degF"},
    {34, "degR"},
    {35, "K"},
    {36, "mV"},
    {37, "ohm"},
    {38, "Hz"},
    {39, "mA"},
    {40, "gal"},
    {41, "L"},
    {42, "ImpGal"},
    {43, "m3"},
    {44, "ft"},
    {45, "m"},
    {46, "bbl"},
    {47, "in"},
    {48, "cm"},
    {49, "mm"},
    {50, "min"},
    {51, "s"},
    {52, "h"},
    {53, "d"},
    {54, "cSt"},
    {55, "cP"},
    {56, "uS"},
    {57, "%"},
    {58, "V"},
    {59, "pH"},
    {60, "g"},
    {61, "kg"},
    {62, "t"},
    {63, "lb"},
    {64, "short ton"},
    {65, "long ton"},
    {66, "mS/cm"},
    {67, "uS/cm"},
    {68, "N"},
    {69, "J"},
    {70, "g/s"},
    {71, "g/min"},
    {72, "g/h"},
    {73, "kg/s"},
    {74, "kg/min"},
    {75, "kg/h"},
    {76, "kg/d"},
    {77, "t/min"},
    {78, "t/h"},
    {79, "t/d"},
    {80, "lb/s"},
    {81, "lb/min"},
    {82, "lb/h"},
    {83, "lb/d"},
    {84, "short ton/min"},
    {85, "short ton/h"},
    {86, "short ton/d"},
    {87, "long ton/h"},
    {88, "long ton/d"},
    {89, "Dth"},
    {90, "SGU"},
    {91, "g/cm3"},
    {92, "kg/m3"},
    {93, "lb/gal"},
    {94, "lb/ft3"},
    {95, "g/mL"},
    {96, "kg/L"},
    {97, "g/L"},
    {98, "lb/in3"},
    {99, "short ton/yd3"},
    {100, "degTwaddell"},
    {101, "degBrix"},
    {102, "degBaume heavy"},
    {103, "degBaume light"},
    {104, "degAPI"},
    {105, "% solids by weight"},
    {106, "% solids by volume"},
    {107, "degBalling"},
    {108, "proof/volume"},
    {109, "proof/mass"},
    {110, "bushel"},
    {111, "yd3"},
    {112, "ft3"},
    {113, "in3"},
    {114, "in/s"},
    {115, "in/min"},
    {116, "ft/min"},
    {117, "deg/s"},
    {118, "rev/s"},
    {119, "rpm"},
    {120, "m/h"},
    {121, "Nm3/h"},
    {122, "NL/h"},
    {123, "SCFM"},
    {124, "liquid bbl"},
    {125, "oz"},
    {126, "ft lbf"},
    {127, "kW"},
    {128, "kWh"},
    {129, "hp"},
    {130, "ft3/h"},
    {131, "m3/min"},
    {132, "bbl/s"},
    {133, "bbl/min"},
    {134, "bbl/h"},
    {135, "bbl/d"},
    {136, "gal/h"},
    {137, "ImpGal/s"},
    {138, "L/h"},
    {139, "ppm"},
    {140, "Mcal/h"},
    {141, "MJ/h"},
    {142, "Btu/h"},
    {143, "deg"},
    {144, "rad"},
    {145, "inH2O at 60 degF"},
    {146, "ug/L"},
    {147, "ug/m3"},
    {148, "% consistency"},
    {149, "vol%"},
    {150, "% steam quality"},
    {151, "ft in sixteenths"},
    {152, "ft3/lb"},
    {153, "pF"},
    {154, "mL/L"},
    {155, "uL/L"},
    {156, "dB"},
    {160, "% Plato"},
    {161, "%LEL"},
    {162, "Mcal"},
    {163, "kohm"},
    {164, "MJ"},
    {165, "Btu"},
    {166, "Nm3"},
    {167, "NL"},
    {168, "SCF"},
    {169, "ppb"},
    {235, "gal/d"},
    {236, "hL"},
    {237, "MPa"},
    {238, "inH2O at 4 degC"},
    {239, "mmH2O at 4 degC"},
    {250, "not used"},
    {251, "none"},
    {252, "unknown"},
    {253, "special"},
};
// Table 21.
constexpr NumberName kClassifications[] = {
    {0, "not classified"},
    {64, "temperature"},
    {65, "pressure"},
    {66, "volumetric flow"},
    {67, "velocity"},
    {68, "volume"},
    {69, "length"},
    {70, "time"},
    {71, "mass"},
    {72, "mass flow"},
    {73, "density"},
    {74, "viscosity"},
    {75, "angular velocity"},
    {76, "area"},
    {77, "energy"},
    {78, "force"},
    {79, "power"},
    {80, "frequency"},
    {81, "analytical"},
    {82, "capacitance"},
    {83, "electric potential"},
    {84, "current"},
    {85, "resistance"},
    {86, "angle"},
    {87, "conductance"},
    {88, "volume per volume"},
    {89, "volume per mass"},
    {90, "concentration"},
    {96, "acceleration"},
    {97, "turbidity"},
    {98, "temperature difference"},
    {99, "volumetric gas flow per second"},
    {100, "volumetric gas flow per minute"},
    {101, "volumetric gas flow per hour"},
    {102, "volumetric gas flow per day"},
    {103, "volumetric liquid flow per second"},
    {104, "volumetric liquid flow per minute"},
    {105, "volumetric liquid flow per hour"},
    {106, "volumetric liquid flow per day"},
    {107, "thermal expansion"},
    {108, "volumetric energy density"},
    {109, "mass energy density"},
    {110, "torque"},
    {111, "miscellaneous"},
    {112, "torsional stiffness"},
    {113, "linear stiffness"},
};
constexpr NumberName kVariableCodes[] = {
    {243, "battery life"}, {244, "percent of range"},
    {245, "loop current"}, {246, "PV"},
    {247, "SV"},           {248, "TV"},
    {249, "QV"},           {250, "not used"},
};
constexpr NumberName kTransferFunctions[] = {
    {0, "linear"},
    {1, "square root"},
    {2, "square root of third power"},
    {3, "square root of fifth power"},
    {4, "special curve"},
    {5, "square"},
    {6, "square root with cutoff"},
    {10, "equal percentage 1:25"},
    {11, "equal percentage 1:33"},
    {12, "equal percentage 1:50"},
    {15, "quick open 1:25"},
    {16, "quick open 1:33"},
    {17, "quick open 1:50"},
    {30, "hyperbolic 0.10"},
    {31, "hyperbolic 0.20"},
    {32, "hyperbolic 0.30"},
    {34, "hyperbolic 0.50"},
    {37, "hyperbolic 0.70"},
    {40, "hyperbolic 1.00"},
    {41, "hyperbolic 1.50"},
    {42, "hyperbolic 2.00"},
    {43, "hyperbolic 3.00"},
    {44, "hyperbolic 4.00"},
    {45, "hyperbolic 5.00"},
    {100, "tank, flat bottom"},
    {101, "tank, conical bottom"},
    {102, "tank, parabolic bottom"},
    {103, "tank, spherical bottom"},
    {104, "tank, angled bottom"},
    {105, "cylinder, flat ends"},
    {106, "cylinder, parabolic ends"},
    {107, "spherical tank"},
    {230, "switch"},
    {231, "square root and special curve"},
    {232, "square root of third power and special curve"},
    {233, "square root of fifth power and special curve"},
    {250, "not used"},
    {251, "none"},
    {252, "unknown"},
    {253, "special"},
};
constexpr NumberName kAlarms[] = {{0, "high"},       {1, "low"},    {239, "hold last value"},
                                  {250, "not used"}, {251, "none"}, {252, "unknown"},
                                  {253, "special"}};
constexpr NumberName kProtects[] = {{0, "no"},     {1, "yes"},       {250, "not used"},
                                    {251, "none"}, {252, "unknown"}, {253, "special"}};
constexpr NumberName kLoopModes[] = {{0, "disabled"}, {1, "enabled"}};
constexpr NumberName kEeproms[] = {{0, "burn"}, {1, "restore"}};
constexpr NumberName kLocks[] = {
    {0, "unlocked"}, {1, "lock, not permanent"}, {2, "lock, permanent"}, {3, "lock all"}};
constexpr NumberName kWriteCodes[] = {{0, "normal"}, {1, "fixed value"}};
constexpr NumberName kTrimPointNames[] = {{0, "none"}, {1, "lower"}, {2, "upper"}, {3, "lower and upper"}};
constexpr NumberName kMasterModes[] = {{0, "secondary"}, {1, "primary"}};
constexpr NumberName kBurstModes[] = {{0, "off"}, {1, "on token-passing"}, {2, "on TDMA"}, {3, "on both"}};
constexpr NumberName kSignalings[] = {{0, "Bell 202 current"}, {1, "Bell 202 voltage"}, {2, "RS-485"},
                                      {3, "RS-232"},           {4, "wireless"},         {6, "special"}};
constexpr NumberName kProfiles[] = {
    {1, "process automation"}, {2, "discrete"},          {3, "hybrid"},
    {4, "I/O system"},         {14, "wireless gateway"}, {15, "wireless process automation"}};

// Table 8: who makes what is met most.
constexpr NumberName kManufacturers[] = {
    {1, "Acromag"},
    {2, "Allen-Bradley"},
    {3, "Ametek"},
    {4, "Analog Devices"},
    {5, "ABB"},
    {9, "Bristol Babcock"},
    {10, "Brooks Instrument"},
    {13, "Daniel"},
    {17, "Endress+Hauser"},
    {18, "ABB"},
    {19, "Fisher Controls"},
    {20, "Foxboro"},
    {21, "Fuji"},
    {22, "ABB"},
    {23, "Honeywell"},
    {24, "ITT Barton"},
    {26, "ABB"},
    {31, "Micro Motion"},
    {32, "Moore Industries"},
    {37, "Ronan"},
    {38, "Rosemount"},
    {42, "Siemens"},
    {43, "Weed"},
    {44, "Toshiba"},
    {46, "Rosemount Analytical"},
    {47, "Valmet"},
    {48, "Flowserve"},
    {49, "Varec"},
    {50, "Viatran"},
    {54, "Azbil"},
    {55, "Yokogawa"},
    {59, "Mobrey"},
    {62, "Smar"},
    {63, "Foxboro Eckardt"},
    {64, "Measurement Technology"},
    {66, "Samson"},
    {69, "Krohne"},
    {71, "Druck"},
    {74, "Spirax Sarco"},
    {77, "Westlock"},
    {78, "Drexelbrook"},
    {79, "Rosemount Tank Radar"},
    {80, "K-TEK"},
    {82, "Draeger"},
    {83, "Raytek"},
    {84, "Siemens Milltronics"},
    {85, "BTG"},
    {86, "Magnetrol"},
    {87, "Neles"},
    {88, "Siemens Milltronics"},
    {91, "INOR"},
    {93, "Pepperl+Fuchs"},
    {96, "Baumer"},
    {97, "Knick"},
    {98, "VEGA"},
    {99, "Temposonics"},
    {101, "Masoneilan"},
    {103, "Ohmart"},
    {107, "WIKA"},
    {109, "PR electronics"},
    {110, "Rotork"},
    {114, "Dynisco"},
    {120, "Buerkert"},
    {127, "Labom"},
    {128, "Danfoss"},
    {131, "SMC"},
    {142, "Mettler-Toledo"},
    {143, "Det-Tronics"},
    {145, "DeZurik"},
    {148, "Enraf"},
    {151, "Nivelco"},
    {153, "Metran"},
    {156, "Turck"},
    {157, "Panametrics"},
    {158, "R. Stahl"},
    {161, "Berthold"},
    {165, "Sierra Instruments"},
    {166, "Fluid Components"},
    {174, "Tracerco"},
    {176, "Phoenix Contact"},
    {180, "Rotork YTC"},
    {183, "Biffi"},
    {189, "Badger Meter"},
    {190, "HIMA"},
    {192, "Kongsberg Maritime"},
    {199, "SICK"},
    {207, "KOSO"},
    {210, "Honeywell Analytics"},
    {223, "General Monitors"},
    {249, "FieldComm Group"},
    {24582, "BARTEC"},
    {24584, "MSA"},
    {24592, "SUPCON"},
    {24601, "Pepperl+Fuchs"},
};

constexpr std::string_view kDeviceStatus[] = {
    "PV out of limits",      "non-PV out of limits", "loop current saturated", "loop current fixed",
    "more status available", "cold start",           "configuration changed",  "device malfunction"};
constexpr std::string_view kExtended[] = {"maintenance required",   "device variable alert",
                                          "critical power failure", "failure",
                                          "out of specification",   "function check"};
constexpr std::string_view kCommunication[] = {
    "", "buffer overflow", "", "longitudinal parity", "framing", "overrun", "vertical parity"};
constexpr std::string_view kDevice[] = {
    "multi-sensor", "EEPROM control",          "protocol bridge", "IEEE 802.15.4", "SafeHART", "",
    "C8PSK",        "C8PSK in multi-drop only"};
constexpr std::string_view kLock[] = {"locked", "permanent", "by primary master", "configuration locked",
                                      "by gateway"};
constexpr std::string_view kStandard0[] = {"device variable simulation", "non-volatile memory defect",
                                           "volatile memory defect",     "watchdog reset",
                                           "power supply out of range",  "environment out of range",
                                           "electronic defect",          "configuration locked"};
constexpr std::string_view kStandard1[] = {"status simulation", "discrete variable simulation",
                                           "event notification overflow", "battery needs maintenance"};
constexpr std::string_view kStandard2[] = {"sub-device list changed", "duplicate master",
                                           "sub-device mismatch", "duplicate sub-devices", "stale data"};
constexpr std::string_view kStandard3[] = {"capacity denied", "", "bandwidth allocation pending",
                                           "block transfer pending", "radio failure"};
constexpr std::string_view kServer[] = {"no syslog server", "syslog connection failed",
                                        "insecure syslog connection"};
constexpr std::string_view kSession[] = {"writes occurred", "bad initialization", "aborted", "timed out",
                                         "insecure"};

}  // namespace

std::string_view type_name(MessageType t) noexcept { return name_of(kTypes, static_cast<std::uint32_t>(t)); }
bool type_by_name(std::string_view name, std::uint64_t& out) noexcept { return number_of(kTypes, name, out); }
std::string_view id_name(MessageId id) noexcept { return name_of(kIds, static_cast<std::uint32_t>(id)); }
bool id_by_name(std::string_view name, std::uint64_t& out) noexcept { return number_of(kIds, name, out); }
std::string_view status_name(std::uint8_t s) noexcept { return name_of(kStatuses, s); }
std::string_view response_code_name(std::uint8_t c) noexcept { return name_of(kCodes, c); }
std::string_view frame_type_name(std::uint8_t t) noexcept { return name_of(kFrameTypes, t); }
std::string_view master_type_name(std::uint8_t t) noexcept { return name_of(kMasters, t); }
bool master_type_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kMasters, name, out);
}
bool manufacturer_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kManufacturers, name, out);
}
bool unit_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kUnitNames, name, out);
}

std::string_view value_name(Field f, std::uint64_t number) noexcept {
  const auto n = static_cast<std::uint32_t>(number);
  switch (f) {
    case Field::kUnits:
    case Field::kLimitUnits:
    case Field::kRangeUnits:
    case Field::kTrimUnits:
    case Field::kAnalogUnits:
      return name_of(kUnitNames, n);
    case Field::kCode:
      return name_of(kVariableCodes, n);
    case Field::kClassification:
      return name_of(kClassifications, n);
    case Field::kTransferFunction:
      return name_of(kTransferFunctions, n);
    case Field::kAlarm:
      return name_of(kAlarms, n);
    case Field::kWriteProtect:
      return name_of(kProtects, n);
    case Field::kLoopCurrentMode:
      return name_of(kLoopModes, n);
    case Field::kEeprom:
      return name_of(kEeproms, n);
    case Field::kLockCode:
      return name_of(kLocks, n);
    case Field::kWriteCode:
      return name_of(kWriteCodes, n);
    case Field::kTrimPoint:
      return name_of(kTrimPointNames, n);
    case Field::kMasterMode:
      return name_of(kMasterModes, n);
    case Field::kBurstMode:
      return name_of(kBurstModes, n);
    case Field::kHardware:
      return name_of(kSignalings, n & 7);
    case Field::kProfile:
      return name_of(kProfiles, n);
    case Field::kPrivateLabel:
    case Field::kManufacturer:
    case Field::kDevicePrivateLabel:
      return name_of(kManufacturers, n);
    default:
      return {};
  }
}

std::span<const std::string_view> device_status_flags() noexcept { return kDeviceStatus; }
std::span<const std::string_view> extended_status_flags() noexcept { return kExtended; }
std::span<const std::string_view> communication_flags() noexcept { return kCommunication; }
std::span<const std::string_view> device_flags() noexcept { return kDevice; }
std::span<const std::string_view> lock_flags() noexcept { return kLock; }
std::span<const std::string_view> standardized_flags(unsigned n) noexcept {
  constexpr std::span<const std::string_view> kAll[] = {kStandard0, kStandard1, kStandard2, kStandard3};
  return n < std::size(kAll) ? kAll[n] : std::span<const std::string_view>{};
}
std::span<const std::string_view> server_flags() noexcept { return kServer; }
std::span<const std::string_view> session_flags() noexcept { return kSession; }
std::string_view quality_name(std::uint8_t status) noexcept {
  constexpr std::string_view kNames[] = {"bad", "poor accuracy", "manual or fixed", "good"};
  return kNames[status >> 6];
}
std::string_view limit_name(std::uint8_t status) noexcept {
  constexpr std::string_view kNames[] = {"", "low limited", "high limited", "constant"};
  return kNames[status >> 4 & 3];
}

}  // namespace picket::hartip
