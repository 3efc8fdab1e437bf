// parsers/hartip/hartip_commands.cc — the table of commands (TS20127, TS20151, TS20155), and the reader of their data
#include "parsers/hartip/hartip_commands.h"

#include <algorithm>

#include "parsers/core/names.h"

namespace picket::hartip {
namespace {

using enum Field;

constexpr FieldInfo number(std::uint8_t size, Part part = Part::kCommand) {
  return {Kind::kNumber, size, part, false};
}
constexpr FieldInfo code(Part part = Part::kCommand, bool value = false) {
  return {Kind::kCodeOf, 1, part, value};
}
constexpr FieldInfo real(Part part = Part::kCommand) { return {Kind::kFloat, 4, part, true}; }

constexpr auto kInfo = [] {
  std::array<FieldInfo, static_cast<std::size_t>(kFields)> t{};
  const auto put = [&](Field f, FieldInfo i) { t[static_cast<std::size_t>(f)] = i; };
  for (const Field f : {kRequestPreambles, kUniversalRevision, kDeviceRevision, kSoftwareRevision, kHardware,
                        kFlags, kResponsePreambles, kLastVariable, kDeviceExtendedStatus})
    put(f, number(1, Part::kDevice));
  put(kExpansion, {Kind::kNothing, 1, Part::kDevice, false});
  put(kDeviceType, number(2, Part::kDevice));
  put(kDeviceId, {Kind::kNumber, 3, Part::kDevice, true});
  put(kDeviceCounter, number(2, Part::kDevice));
  put(kManufacturer, {Kind::kCodeOf, 2, Part::kDevice, false});
  put(kDevicePrivateLabel, {Kind::kCodeOf, 2, Part::kDevice, false});
  put(kProfile, code(Part::kDevice));

  put(kCode, code(Part::kVariable));
  put(kClassification, code(Part::kVariable));
  put(kUnits, code(Part::kVariable));
  put(kValue, real(Part::kVariable));
  put(kVariableStatus, number(1, Part::kVariable));
  put(kAnalogChannel, number(1, Part::kVariable));
  put(kPercent, real(Part::kVariable));

  for (const Field f :
       {kLoopCurrent,   kPercentOfRange, kUpperLimit,   kLowerLimit,      kMinimumSpan,  kUpperRange,
        kLowerRange,    kDamping,        kFixedCurrent, kMeasuredCurrent, kLowerTrim,    kUpperTrim,
        kTrimValue,     kMinLowerTrim,   kMaxLowerTrim, kMinUpperTrim,    kMaxUpperTrim, kMinTrimDifference,
        kUpperEndpoint, kLowerEndpoint,  kAnalogLevel})
    put(f, real());
  for (const Field f : {kLoopCurrentMode, kEeprom, kLockCode, kWriteCode, kTrimPoint, kMasterMode, kBurstMode,
                        kTransferFunction})
    put(f, code(Part::kCommand, true));
  for (const Field f :
       {kAnalogUnits, kLimitUnits, kAlarm, kRangeUnits, kWriteProtect, kPrivateLabel, kTrimUnits})
    put(f, code());
  for (const Field f : {kPollingAddress, kSquawk, kRetryCount, kBurstCommandOctet})
    put(f, {Kind::kNumber, 1, Part::kCommand, true});
  put(kBurstCommand, {Kind::kNumber, 2, Part::kCommand, true});
  for (const Field f :
       {kExtendedStatus, kChannelFlags,  kLockStatus,     kIoCard,         kChannel,
        kSubPolling,     kMaxCards,      kMaxChannels,    kMaxSubDevices,  kMaxDelayed,
        kPreambles,      kOperatingMode, kStandardStatus, kSaturated,      kFixed,
        kBurstMessage,   kClockCode,     kCarriedCount,   kVariableFamily, kVariableProperties})
    put(f, number(1));
  for (const Field f : {kCounter, kSubIndex, kDevicesDetected, kStx, kAck, kOstx, kOack, kBack})
    put(f, number(2));
  put(kFinalAssembly, {Kind::kNumber, 3, Part::kCommand, true});
  put(kTransducerSerial, {Kind::kNumber, 3, Part::kCommand, true});
  put(kTimeStamp, {Kind::kTime, 4, Part::kCommand, false});
  put(kAcquisitionPeriod, {Kind::kTime, 4, Part::kCommand, false});
  put(kTag, {Kind::kPacked, 6, Part::kCommand, true});
  put(kDescriptor, {Kind::kPacked, 12, Part::kCommand, true});
  put(kMessage, {Kind::kPacked, 24, Part::kCommand, true});
  put(kLongTag, {Kind::kLatin, 32, Part::kCommand, true});
  put(kDate, {Kind::kDate, 3, Part::kCommand, false});
  put(kSpecificStatus, {Kind::kHex, 6, Part::kCommand, false});
  return t;
}();

// TS20099, 8: numbers that makers and families of devices give.
constexpr bool is_specific(std::uint16_t number) noexcept {
  return (number >= 128 && number <= 253) || number >= 64768;
}
constexpr bool is_family(std::uint16_t number) noexcept { return number >= 1024 && number <= 33791; }

// ------------------------------------------------------------------------------------------------- layouts

constexpr Field kIdentity[] = {kExpansion,
                               kDeviceType,
                               kRequestPreambles,
                               kUniversalRevision,
                               kDeviceRevision,
                               kSoftwareRevision,
                               kHardware,
                               kFlags,
                               kDeviceId,
                               kResponsePreambles,
                               kLastVariable,
                               kDeviceCounter,
                               kDeviceExtendedStatus,
                               kManufacturer,
                               kDevicePrivateLabel,
                               kProfile};
constexpr Field kOneVariable[] = {kRepeat, kUnits, kValue};
constexpr Field kCurrentAndPercent[] = {kLoopCurrent, kPercentOfRange};
constexpr Field kDynamic[] = {kLoopCurrent, kRepeat, kUnits, kValue};
constexpr Field kPolling[] = {kPollingAddress, kLoopCurrentMode};
constexpr Field kClassifications[] = {kRepeat, kClassification};
constexpr Field kCodes[] = {kRepeat, kCode};
constexpr Field kVariables[] = {kExtendedStatus, kRepeat,         kCode, kClassification, kUnits,
                                kValue,          kVariableStatus, kThen, kTimeStamp};
constexpr Field kTagOnly[] = {kTag};
constexpr Field kMessageOnly[] = {kMessage};
constexpr Field kTagged[] = {kTag, kDescriptor, kDate};
constexpr Field kTransducer[] = {kTransducerSerial, kLimitUnits, kUpperLimit, kLowerLimit, kMinimumSpan};
constexpr Field kOutput[] = {kAlarm,   kTransferFunction, kRangeUnits,   kUpperRange,  kLowerRange,
                             kDamping, kWriteProtect,     kPrivateLabel, kChannelFlags};
constexpr Field kAssembly[] = {kFinalAssembly};
constexpr Field kLong[] = {kLongTag};
constexpr Field kCodeUnitsValue[] = {kRepeat, kCode, kUnits, kValue};
constexpr Field kDampingOnly[] = {kDamping};
constexpr Field kRange[] = {kRangeUnits, kUpperRange, kLowerRange};
constexpr Field kCounterOnly[] = {kCounter};
constexpr Field kEepromOnly[] = {kEeprom};
constexpr Field kFixedOnly[] = {kFixedCurrent};
constexpr Field kUnitsOnly[] = {kRepeat, kUnits};
constexpr Field kMeasuredOnly[] = {kMeasuredCurrent};
constexpr Field kTransferOnly[] = {kTransferFunction};
constexpr Field kStatus[] = {kSpecificStatus, kExtendedStatus, kOperatingMode,
                             kStandardStatus, kStandardStatus, kSaturated,
                             kStandardStatus, kStandardStatus, kFixed};
constexpr Field kSerialOnly[] = {kTransducerSerial};
constexpr Field kCodeUnits[] = {kRepeat, kCode, kUnits};
constexpr Field kVariableInfo[] = {kCode,           kTransducerSerial,  kLimitUnits,        kUpperLimit,
                                   kLowerLimit,     kDamping,           kMinimumSpan,       kClassification,
                                   kVariableFamily, kAcquisitionPeriod, kVariableProperties};
constexpr Field kCodeDamping[] = {kCode, kDamping};
constexpr Field kCodeSerial[] = {kCode, kTransducerSerial};
constexpr Field kPreamblesOnly[] = {kPreambles};
constexpr Field kChannelOnly[] = {kAnalogChannel};
constexpr Field kChannelsOnly[] = {kRepeat, kAnalogChannel};
constexpr Field kChannelLevel[] = {kAnalogChannel, kUnits, kValue, kPercent};
constexpr Field kAnalogDynamic[] = {kAnalogUnits, kAnalogLevel, kRepeat, kUnits, kValue};
constexpr Field kChannels[] = {kRepeat, kAnalogChannel, kUnits, kValue};
constexpr Field kChannelInfo[] = {kAnalogChannel, kAlarm,      kTransferFunction, kRangeUnits,
                                  kUpperRange,    kLowerRange, kDamping,          kChannelFlags};
constexpr Field kChannelDamping[] = {kAnalogChannel, kDamping};
constexpr Field kChannelRange[] = {kAnalogChannel, kRangeUnits, kUpperRange, kLowerRange};
constexpr Field kOneChannel[] = {kAnalogChannel, kUnits, kValue};
constexpr Field kChannelTransfer[] = {kAnalogChannel, kTransferFunction};
constexpr Field kEndpoints[] = {kAnalogChannel, kRangeUnits, kUpperEndpoint,
                                kLowerEndpoint, kUpperLimit, kLowerLimit};
constexpr Field kLockOnly[] = {kLockCode};
constexpr Field kSquawkOnly[] = {kSquawk};
constexpr Field kCapabilities[] = {kMaxCards,   kMaxChannels, kMaxSubDevices, kDevicesDetected,
                                   kMaxDelayed, kMasterMode,  kRetryCount};
constexpr Field kPollSub[] = {kIoCard, kChannel, kSubPolling};
constexpr Field kLockState[] = {kLockStatus};
constexpr Field kSendSub[] = {kIoCard, kChannel, kPreambles, kCarried};
constexpr Field kSentSub[] = {kIoCard, kChannel, kCarried};
constexpr Field kAggregated[] = {kCarriedCount, kCarried};
constexpr Field kAggregatedReply[] = {kExtendedStatus, kCarriedCount, kCarried};
constexpr Field kWriteVariable[] = {kCode, kWriteCode, kUnits, kValue, kVariableStatus};
constexpr Field kCodeOnly[] = {kCode};
constexpr Field kTrimPoints[] = {kCode, kTrimUnits, kLowerTrim, kUpperTrim};
constexpr Field kTrimGuide[] = {kCode,         kTrimPoint,    kTrimUnits,    kMinLowerTrim,
                                kMaxLowerTrim, kMinUpperTrim, kMaxUpperTrim, kMinTrimDifference};
constexpr Field kWriteTrim[] = {kCode, kTrimPoint, kTrimUnits, kTrimValue};
constexpr Field kSubIndexOnly[] = {kSubIndex};
constexpr Field kSubIdentity[] = {kSubIndex,       kIoCard,   kChannel,           kManufacturer,
                                  kDeviceType,     kDeviceId, kUniversalRevision, kLongTag,
                                  kDeviceRevision, kProfile,  kDevicePrivateLabel};
constexpr Field kCardChannel[] = {kIoCard, kChannel};
constexpr Field kChannelStatistics[] = {kIoCard, kChannel, kStx, kAck, kOstx, kOack, kBack};
constexpr Field kSubStatistics[] = {kSubIndex, kStx, kAck, kBack};
constexpr Field kMasterOnly[] = {kMasterMode};
constexpr Field kRetryOnly[] = {kRetryCount};
constexpr Field kSetClock[] = {kClockCode, kDate, kTimeStamp};
constexpr Field kReadClock[] = {kDate, kTimeStamp};
constexpr Field kBurstVariables[] = {kRepeat, kCode};
constexpr Field kBurstCommandOnly[] = {kBurstCommandOctet, kBurstMessage};
constexpr Field kBurstControl[] = {kBurstMode, kBurstMessage};
constexpr Field kRepeatedDynamic[] = {kRepeat, kUnits, kValue};
constexpr Layout kEmpty{};

// ------------------------------------------------------------------------------------------------ commands

// Class: the gravest that applies. Technique: as MITRE ATT&CK for ICS defines it. What sets how a device measures or
// tells is T0836; what puts another value in the place of the measured one is T0832.
constexpr auto kPrimary = Points::kPrimary;
constexpr auto kDyn = Points::kDynamic;
constexpr auto kLoopPoint = Points::kLoop;
constexpr auto kNoPoint = Points::kNone;
constexpr CommandInfo kCommands[] = {
    {0, {OtClass::kRead, "read unique identifier", "T0888"}, kNoPoint, kEmpty, kIdentity},
    {1, {OtClass::kRead, "read primary variable", ""}, kPrimary, kEmpty, kOneVariable},
    {2,
     {OtClass::kRead, "read loop current and percent of range", ""},
     kLoopPoint,
     kEmpty,
     kCurrentAndPercent},
    {3, {OtClass::kRead, "read dynamic variables and loop current", ""}, kDyn, kEmpty, kDynamic},
    {6, {OtClass::kConfigure, "write polling address", "T0836"}, kNoPoint, kPolling, kPolling},
    {7, {OtClass::kRead, "read loop configuration", ""}, kNoPoint, kEmpty, kPolling},
    {8, {OtClass::kRead, "read dynamic variable classifications", "T0861"}, kDyn, kEmpty, kClassifications},
    {9, {OtClass::kRead, "read device variables with status", ""}, kNoPoint, kCodes, kVariables},
    {11, {OtClass::kRead, "read unique identifier by tag", "T0888"}, kNoPoint, kTagOnly, kIdentity},
    {12, {OtClass::kRead, "read message", ""}, kNoPoint, kEmpty, kMessageOnly},
    {13, {OtClass::kRead, "read tag descriptor and date", "T0888"}, kNoPoint, kEmpty, kTagged},
    {14, {OtClass::kRead, "read transducer information of PV", ""}, kPrimary, kEmpty, kTransducer},
    {15, {OtClass::kRead, "read device information", ""}, kPrimary, kEmpty, kOutput},
    {16, {OtClass::kRead, "read final assembly number", ""}, kNoPoint, kEmpty, kAssembly},
    {17, {OtClass::kConfigure, "write message", "T0836"}, kNoPoint, kMessageOnly, kMessageOnly},
    {18, {OtClass::kConfigure, "write tag descriptor and date", "T0836"}, kNoPoint, kTagged, kTagged},
    {19, {OtClass::kConfigure, "write final assembly number", "T0836"}, kNoPoint, kAssembly, kAssembly},
    {20, {OtClass::kRead, "read long tag", "T0888"}, kNoPoint, kEmpty, kLong},
    {21, {OtClass::kRead, "read unique identifier by long tag", "T0888"}, kNoPoint, kLong, kIdentity},
    {22, {OtClass::kConfigure, "write long tag", "T0836"}, kNoPoint, kLong, kLong},
    {33, {OtClass::kRead, "read device variables", ""}, kNoPoint, kCodes, kCodeUnitsValue},
    {34, {OtClass::kConfigure, "write damping of PV", "T0836"}, kPrimary, kDampingOnly, kDampingOnly},
    {35, {OtClass::kConfigure, "write range values of PV", "T0836"}, kPrimary, kRange, kRange},
    {36, {OtClass::kConfigure, "set upper range value of PV", "T0836"}, kPrimary, kEmpty, kEmpty},
    {37, {OtClass::kConfigure, "set lower range value of PV", "T0836"}, kPrimary, kEmpty, kEmpty},
    // Whoever changed something does this to leave no trace of it.
    {38,
     {OtClass::kConfigure, "reset configuration changed flag", "T0872"},
     kNoPoint,
     kCounterOnly,
     kCounterOnly},
    {39, {OtClass::kConfigure, "EEPROM control", "T0836"}, kNoPoint, kEepromOnly, kEepromOnly},
    {40, {OtClass::kControl, "fixed current mode", "T0832"}, kLoopPoint, kFixedOnly, kFixedOnly},
    {41, {OtClass::kControl, "self test", "T0855"}, kNoPoint, kEmpty, kEmpty},
    {42, {OtClass::kControl, "device reset", "T0816"}, kNoPoint, kEmpty, kEmpty},
    {43, {OtClass::kConfigure, "set zero of PV", "T0836"}, kPrimary, kEmpty, kEmpty},
    {44, {OtClass::kConfigure, "write units of PV", "T0836"}, kPrimary, kUnitsOnly, kUnitsOnly},
    {45, {OtClass::kConfigure, "trim loop current zero", "T0836"}, kLoopPoint, kMeasuredOnly, kMeasuredOnly},
    {46, {OtClass::kConfigure, "trim loop current gain", "T0836"}, kLoopPoint, kMeasuredOnly, kMeasuredOnly},
    {47,
     {OtClass::kConfigure, "write transfer function of PV", "T0836"},
     kPrimary,
     kTransferOnly,
     kTransferOnly},
    {48, {OtClass::kDiagnostic, "read additional device status", ""}, kNoPoint, kStatus, kStatus},
    {49,
     {OtClass::kConfigure, "write transducer serial number of PV", "T0836"},
     kPrimary,
     kSerialOnly,
     kSerialOnly},
    {50, {OtClass::kRead, "read dynamic variable assignments", "T0861"}, kDyn, kEmpty, kCodes},
    {51, {OtClass::kConfigure, "write dynamic variable assignments", "T0836"}, kDyn, kCodes, kCodes},
    {52, {OtClass::kConfigure, "set zero of device variable", "T0836"}, kNoPoint, kCodeOnly, kCodeOnly},
    {53, {OtClass::kConfigure, "write units of device variable", "T0836"}, kNoPoint, kCodeUnits, kCodeUnits},
    {54, {OtClass::kRead, "read device variable information", "T0861"}, kNoPoint, kCodeOnly, kVariableInfo},
    {55,
     {OtClass::kConfigure, "write damping of device variable", "T0836"},
     kNoPoint,
     kCodeDamping,
     kCodeDamping},
    {56,
     {OtClass::kConfigure, "write transducer serial number of device variable", "T0836"},
     kNoPoint,
     kCodeSerial,
     kCodeSerial},
    {57, {OtClass::kRead, "read unit tag descriptor and date", "T0888"}, kNoPoint, kEmpty, kTagged},
    {58, {OtClass::kConfigure, "write unit tag descriptor and date", "T0836"}, kNoPoint, kTagged, kTagged},
    {59,
     {OtClass::kConfigure, "write number of response preambles", "T0836"},
     kNoPoint,
     kPreamblesOnly,
     kPreamblesOnly},
    {60,
     {OtClass::kRead, "read analog channel and percent of range", ""},
     kNoPoint,
     kChannelOnly,
     kChannelLevel},
    {61, {OtClass::kRead, "read dynamic variables and analog channel", ""}, kDyn, kEmpty, kAnalogDynamic},
    {62, {OtClass::kRead, "read analog channels", ""}, kNoPoint, kChannelsOnly, kChannels},
    {63, {OtClass::kRead, "read analog channel information", ""}, kNoPoint, kChannelOnly, kChannelInfo},
    {64,
     {OtClass::kConfigure, "write damping of analog channel", "T0836"},
     kNoPoint,
     kChannelDamping,
     kChannelDamping},
    {65,
     {OtClass::kConfigure, "write range values of analog channel", "T0836"},
     kNoPoint,
     kChannelRange,
     kChannelRange},
    {66, {OtClass::kControl, "fixed analog channel mode", "T0832"}, kNoPoint, kOneChannel, kOneChannel},
    {67, {OtClass::kConfigure, "trim analog channel zero", "T0836"}, kNoPoint, kOneChannel, kOneChannel},
    {68, {OtClass::kConfigure, "trim analog channel gain", "T0836"}, kNoPoint, kOneChannel, kOneChannel},
    {69,
     {OtClass::kConfigure, "write transfer function of analog channel", "T0836"},
     kNoPoint,
     kChannelTransfer,
     kChannelTransfer},
    {70, {OtClass::kRead, "read analog channel endpoints", ""}, kNoPoint, kChannelOnly, kEndpoints},
    {71, {OtClass::kConfigure, "lock device", "T0892"}, kNoPoint, kLockOnly, kLockOnly},
    {72, {OtClass::kDiagnostic, "squawk", ""}, kNoPoint, kSquawkOnly, kSquawkOnly},
    {73, {OtClass::kRead, "find device", "T0846"}, kNoPoint, kEmpty, kIdentity},
    {74, {OtClass::kRead, "read I/O system capabilities", "T0888"}, kNoPoint, kEmpty, kCapabilities},
    {75, {OtClass::kRead, "poll sub-device", "T0846"}, kNoPoint, kPollSub, kIdentity},
    {76, {OtClass::kRead, "read lock state", ""}, kNoPoint, kEmpty, kLockState},
    {77, {OtClass::kNone, "send command to sub-device", ""}, kNoPoint, kSendSub, kSentSub},
    {78, {OtClass::kRead, "read aggregated commands", ""}, kNoPoint, kAggregated, kAggregatedReply},
    {79, {OtClass::kControl, "write device variable", "T0832"}, kNoPoint, kWriteVariable, kWriteVariable},
    {80, {OtClass::kRead, "read trim points", ""}, kNoPoint, kCodeOnly, kTrimPoints},
    {81, {OtClass::kRead, "read trim guidelines", ""}, kNoPoint, kCodeOnly, kTrimGuide},
    {82, {OtClass::kConfigure, "write trim point", "T0836"}, kNoPoint, kWriteTrim, kWriteTrim},
    {83, {OtClass::kConfigure, "reset trim", "T0836"}, kNoPoint, kCodeOnly, kCodeOnly},
    {84, {OtClass::kRead, "read sub-device identity", "T0888"}, kNoPoint, kSubIndexOnly, kSubIdentity},
    {85,
     {OtClass::kDiagnostic, "read I/O channel statistics", ""},
     kNoPoint,
     kCardChannel,
     kChannelStatistics},
    {86, {OtClass::kDiagnostic, "read sub-device statistics", ""}, kNoPoint, kSubIndexOnly, kSubStatistics},
    {87,
     {OtClass::kConfigure, "write master mode of I/O system", "T0836"},
     kNoPoint,
     kMasterOnly,
     kMasterOnly},
    {88, {OtClass::kConfigure, "write retry count of I/O system", "T0836"}, kNoPoint, kRetryOnly, kRetryOnly},
    {89, {OtClass::kConfigure, "set clock", "T0836"}, kNoPoint, kSetClock, kSetClock},
    {90, {OtClass::kRead, "read clock", ""}, kNoPoint, kEmpty, kReadClock},
    {91, {OtClass::kRead, "read trend configuration", ""}, kNoPoint, kEmpty, kEmpty},
    {92, {OtClass::kConfigure, "write trend configuration", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {93, {OtClass::kRead, "read trend", ""}, kNoPoint, kEmpty, kEmpty},
    {94, {OtClass::kDiagnostic, "read I/O system statistics", ""}, kNoPoint, kEmpty, kEmpty},
    {95, {OtClass::kDiagnostic, "read device communications statistics", ""}, kNoPoint, kEmpty, kEmpty},
    {96, {OtClass::kRead, "read synchronous action", ""}, kNoPoint, kEmpty, kEmpty},
    {97, {OtClass::kConfigure, "configure synchronous action", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {98, {OtClass::kRead, "read command action", ""}, kNoPoint, kEmpty, kEmpty},
    {99, {OtClass::kConfigure, "configure command action", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {101, {OtClass::kRead, "read burst map of sub-device", ""}, kNoPoint, kEmpty, kEmpty},
    {102, {OtClass::kConfigure, "map sub-device to burst message", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {103, {OtClass::kConfigure, "write burst period", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {104, {OtClass::kConfigure, "write burst trigger", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {105, {OtClass::kRead, "read burst mode configuration", ""}, kNoPoint, kEmpty, kEmpty},
    {106, {OtClass::kConfigure, "flush delayed responses", ""}, kNoPoint, kEmpty, kEmpty},
    {107,
     {OtClass::kConfigure, "write burst device variables", "T0836"},
     kNoPoint,
     kBurstVariables,
     kBurstVariables},
    {108,
     {OtClass::kConfigure, "write burst command number", "T0836"},
     kNoPoint,
     kBurstCommandOnly,
     kBurstCommandOnly},
    {109, {OtClass::kConfigure, "burst mode control", "T0836"}, kNoPoint, kBurstControl, kBurstControl},
    {110, {OtClass::kRead, "read all dynamic variables", ""}, kDyn, kEmpty, kRepeatedDynamic},
    {111, {OtClass::kProgram, "transfer service control", ""}, kNoPoint, kEmpty, kEmpty},
    {112, {OtClass::kProgram, "transfer service", ""}, kNoPoint, kEmpty, kEmpty},
    {113, {OtClass::kConfigure, "catch device variable", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {114, {OtClass::kRead, "read caught device variable", ""}, kNoPoint, kEmpty, kEmpty},
    {115, {OtClass::kAlarm, "read event notification summary", ""}, kNoPoint, kEmpty, kEmpty},
    {116, {OtClass::kConfigure, "write event notification mask", "T0838"}, kNoPoint, kEmpty, kEmpty},
    {117, {OtClass::kConfigure, "write event notification timing", "T0838"}, kNoPoint, kEmpty, kEmpty},
    {118, {OtClass::kConfigure, "event notification control", "T0838"}, kNoPoint, kEmpty, kEmpty},
    {119, {OtClass::kAlarm, "acknowledge event notification", ""}, kNoPoint, kEmpty, kEmpty},
    {512, {OtClass::kRead, "read country code", ""}, kNoPoint, kEmpty, kEmpty},
    {513, {OtClass::kConfigure, "write country code", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {520, {OtClass::kRead, "read process unit tag", "T0888"}, kNoPoint, kEmpty, kEmpty},
    {521, {OtClass::kConfigure, "write process unit tag", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {532, {OtClass::kRead, "read client subscription summary", ""}, kNoPoint, kEmpty, kEmpty},
    {533, {OtClass::kConfigure, "write client subscription flags", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {538, {OtClass::kRead, "read server ports", ""}, kNoPoint, kEmpty, kEmpty},
    {539, {OtClass::kConfigure, "write UDP port of server", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {540, {OtClass::kConfigure, "write TCP port of server", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {541, {OtClass::kConfigure, "write client password", "T0892"}, kNoPoint, kEmpty, kEmpty},
    {542, {OtClass::kConfigure, "write client pre-shared key", "T0892"}, kNoPoint, kEmpty, kEmpty},
    {543, {OtClass::kRead, "read syslog server", ""}, kNoPoint, kEmpty, kEmpty},
    // Where a server tells of sessions: whoever changes it is told of no more.
    {544, {OtClass::kConfigure, "write port of syslog server", "T0872"}, kNoPoint, kEmpty, kEmpty},
    {545, {OtClass::kConfigure, "write name of syslog server", "T0872"}, kNoPoint, kEmpty, kEmpty},
    {546, {OtClass::kConfigure, "write pre-shared key of syslog server", "T0892"}, kNoPoint, kEmpty, kEmpty},
    {547, {OtClass::kConfigure, "write password of syslog server", "T0892"}, kNoPoint, kEmpty, kEmpty},
    {768, {OtClass::kConfigure, "write join key", "T0892"}, kNoPoint, kEmpty, kEmpty},
    {769, {OtClass::kDiagnostic, "read join status", ""}, kNoPoint, kEmpty, kEmpty},
    {770, {OtClass::kControl, "request active advertising", ""}, kNoPoint, kEmpty, kEmpty},
    {771, {OtClass::kConfigure, "force join", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {772, {OtClass::kRead, "read join configuration", ""}, kNoPoint, kEmpty, kEmpty},
    {773, {OtClass::kConfigure, "write network ID", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {774, {OtClass::kRead, "read network ID", "T0888"}, kNoPoint, kEmpty, kEmpty},
    {775, {OtClass::kConfigure, "write network tag", "T0836"}, kNoPoint, kEmpty, kLong},
    {776, {OtClass::kRead, "read network tag", "T0888"}, kNoPoint, kEmpty, kLong},
    {777, {OtClass::kRead, "read wireless capabilities", "T0888"}, kNoPoint, kEmpty, kEmpty},
    {778, {OtClass::kDiagnostic, "read battery life", ""}, kNoPoint, kEmpty, kEmpty},
    {779, {OtClass::kDiagnostic, "report device health", ""}, kNoPoint, kEmpty, kEmpty},
    {780, {OtClass::kDiagnostic, "report neighbor health", ""}, kNoPoint, kEmpty, kEmpty},
    {781, {OtClass::kRead, "read nickname", ""}, kNoPoint, kEmpty, kEmpty},
    {782, {OtClass::kRead, "read sessions", ""}, kNoPoint, kEmpty, kEmpty},
    {783, {OtClass::kRead, "read superframes", ""}, kNoPoint, kEmpty, kEmpty},
    {784, {OtClass::kRead, "read links", ""}, kNoPoint, kEmpty, kEmpty},
    {785, {OtClass::kRead, "read graphs", ""}, kNoPoint, kEmpty, kEmpty},
    {786, {OtClass::kRead, "read neighbor property flag", ""}, kNoPoint, kEmpty, kEmpty},
    {787, {OtClass::kDiagnostic, "report neighbor signal levels", ""}, kNoPoint, kEmpty, kEmpty},
    {788, {OtClass::kAlarm, "path down", ""}, kNoPoint, kEmpty, kEmpty},
    {789, {OtClass::kAlarm, "source route failed", ""}, kNoPoint, kEmpty, kEmpty},
    {790, {OtClass::kAlarm, "graph route failed", ""}, kNoPoint, kEmpty, kEmpty},
    {791, {OtClass::kAlarm, "transport layer failed", ""}, kNoPoint, kEmpty, kEmpty},
    {794, {OtClass::kRead, "read UTC time", ""}, kNoPoint, kEmpty, kEmpty},
    {795, {OtClass::kConfigure, "write timer interval", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {796, {OtClass::kRead, "read timer interval", ""}, kNoPoint, kEmpty, kEmpty},
    {797, {OtClass::kConfigure, "write radio power", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {798, {OtClass::kRead, "read radio power", ""}, kNoPoint, kEmpty, kEmpty},
    {799, {OtClass::kConfigure, "request service", ""}, kNoPoint, kEmpty, kEmpty},
    {800, {OtClass::kRead, "read service list", ""}, kNoPoint, kEmpty, kEmpty},
    {801, {OtClass::kConfigure, "delete service", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {802, {OtClass::kRead, "read route list", ""}, kNoPoint, kEmpty, kEmpty},
    {803, {OtClass::kRead, "read source route", ""}, kNoPoint, kEmpty, kEmpty},
    {805, {OtClass::kConfigure, "write channel assessment mode", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {806, {OtClass::kRead, "read handheld superframe", ""}, kNoPoint, kEmpty, kEmpty},
    {808, {OtClass::kRead, "read time to live", ""}, kNoPoint, kEmpty, kEmpty},
    {809, {OtClass::kConfigure, "write time to live", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {810, {OtClass::kRead, "read join priority", ""}, kNoPoint, kEmpty, kEmpty},
    {811, {OtClass::kConfigure, "write join priority", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {812, {OtClass::kRead, "read packet receive priority", ""}, kNoPoint, kEmpty, kEmpty},
    {813, {OtClass::kConfigure, "write packet receive priority", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {814, {OtClass::kRead, "read device list", "T0846"}, kNoPoint, kEmpty, kEmpty},
    {815, {OtClass::kConfigure, "add device to list", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {816, {OtClass::kConfigure, "delete device from list", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {817, {OtClass::kRead, "read channel blacklist", ""}, kNoPoint, kEmpty, kEmpty},
    {818, {OtClass::kConfigure, "write channel blacklist", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {819, {OtClass::kRead, "read back-off exponent", ""}, kNoPoint, kEmpty, kEmpty},
    {820, {OtClass::kConfigure, "write back-off exponent", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {823, {OtClass::kConfigure, "request session", ""}, kNoPoint, kEmpty, kEmpty},
    {832, {OtClass::kRead, "read network device identity", "T0846"}, kNoPoint, kEmpty, kEmpty},
    {833, {OtClass::kDiagnostic, "read network device neighbor health", ""}, kNoPoint, kEmpty, kEmpty},
    {834, {OtClass::kRead, "read network topology", "T0846"}, kNoPoint, kEmpty, kEmpty},
    {839, {OtClass::kDiagnostic, "report change", ""}, kNoPoint, kEmpty, kEmpty},
    {840, {OtClass::kDiagnostic, "read network device statistics", ""}, kNoPoint, kEmpty, kEmpty},
    {841, {OtClass::kRead, "read network device identity by nickname", "T0846"}, kNoPoint, kEmpty, kEmpty},
    {842, {OtClass::kConfigure, "write device scheduling flags", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {845, {OtClass::kConfigure, "write network constraints", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {960, {OtClass::kControl, "disconnect device", "T0814"}, kNoPoint, kEmpty, kEmpty},
    {961, {OtClass::kConfigure, "write network key", "T0892"}, kNoPoint, kEmpty, kEmpty},
    {962, {OtClass::kConfigure, "write nickname", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {963, {OtClass::kConfigure, "write session", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {964, {OtClass::kConfigure, "delete session", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {965, {OtClass::kConfigure, "write superframe", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {966, {OtClass::kConfigure, "delete superframe", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {967, {OtClass::kConfigure, "write link", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {968, {OtClass::kConfigure, "delete link", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {969, {OtClass::kConfigure, "write graph connection", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {970, {OtClass::kConfigure, "delete graph connection", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {971, {OtClass::kConfigure, "write neighbor property flag", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {972, {OtClass::kControl, "suspend devices", "T0814"}, kNoPoint, kEmpty, kEmpty},
    {973, {OtClass::kConfigure, "write service", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {974, {OtClass::kConfigure, "write route", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {975, {OtClass::kConfigure, "delete route", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {976, {OtClass::kConfigure, "write source route", "T0836"}, kNoPoint, kEmpty, kEmpty},
    {977, {OtClass::kConfigure, "delete source route", "T0836"}, kNoPoint, kEmpty, kEmpty},
};

// What is done without a command, in the order of enum class Does.
constexpr OtOperation kOtherOperations[] = {
    {OtClass::kNone, "initiate session", ""},
    {OtClass::kNone, "close session", ""},
    {OtClass::kNone, "keep alive", ""},
    {OtClass::kRead, "read audit log", "T0888"},
    {OtClass::kRead, "discover", "T0846"},
    {OtClass::kRead, "publish burst message", ""},
    {OtClass::kNone, "device-specific command", "", true},
    {OtClass::kNone, "device family command", "", true},
    {OtClass::kNone, "other command", "", true},
    {OtClass::kNone, "message without command", ""},
    {OtClass::kNone, "other message", "", true},
};
static_assert(std::size(kCommands) == kCommandCount && std::size(kOtherOperations) == kOtherCount);

constexpr bool kInOrder = [] {
  for (std::size_t i = 1; i < std::size(kCommands); ++i) {
    if (kCommands[i - 1].number >= kCommands[i].number) return false;
  }
  return true;
}();
static_assert(kInOrder);

}  // namespace

constexpr std::array<OtOperation, kCommandCount + kOtherCount> kOperations = [] {
  std::array<OtOperation, kCommandCount + kOtherCount> all{};
  for (std::size_t i = 0; i < kCommandCount; ++i) all[i] = kCommands[i].operation;
  for (std::size_t i = 0; i < kOtherCount; ++i) all[kCommandCount + i] = kOtherOperations[i];
  return all;
}();

const FieldInfo& info_of(Field f) noexcept { return kInfo[static_cast<std::size_t>(f)]; }
std::span<const CommandInfo> commands() noexcept { return kCommands; }

const CommandInfo* command_info(std::uint16_t number) noexcept {
  const auto* const end = std::end(kCommands);
  const auto* const at = std::lower_bound(std::begin(kCommands), end, number,
                                          [](const CommandInfo& c, std::uint16_t n) { return c.number < n; });
  return at != end && at->number == number ? at : nullptr;
}

const OtOperation& operation_of(std::uint16_t number) noexcept {
  if (const CommandInfo* info = command_info(number); info != nullptr)
    return kOperations[static_cast<std::size_t>(info - kCommands)];
  return operation_of(is_specific(number) ? Does::kSpecific
                      : is_family(number) ? Does::kFamily
                                          : Does::kOtherCommand);
}

bool holds_secret(std::uint16_t number) noexcept {
  constexpr std::uint16_t kHolds[] = {541, 542, 546, 547, 768, 961, 963};
  return std::find(std::begin(kHolds), std::end(kHolds), number) != std::end(kHolds);
}

std::string_view command_name(std::uint16_t number) noexcept { return operation_of(number).name; }

bool command_by_name(std::string_view name, std::uint64_t& out) noexcept {
  for (const CommandInfo& c : kCommands) {
    if (equals_nocase(c.operation.name, name)) return out = c.number, true;
  }
  return false;
}

Layout layout_of(const Command& c) noexcept {
  const CommandInfo* info = command_info(c.number);
  if (info == nullptr || (c.reply && (c.communication_error() || code_refuses(c.code)))) return {};
  return c.reply ? info->response : info->request;
}

std::size_t ItemReader::repeated_size() const noexcept {
  std::size_t size = 0;
  for (std::size_t i = repeat_from_; i < layout_.size() && layout_[i] != kThen; ++i)
    size += info_of(layout_[i]).size;
  return size;
}

bool ItemReader::next(Item& out) noexcept {
  for (;;) {
    // Where what is repeated ends, it either begins again or gives way to what stands behind it.
    if (repeating_ && (at_ == layout_.size() || layout_[at_] == kThen)) {
      if (in_.left() >= repeated_size() && variable_ < kMaxVariables && !in_.empty()) {
        at_ = repeat_from_;
        ++variable_;
      } else {
        cut_ = at_ == layout_.size() && !in_.empty() && variable_ < kMaxVariables;
        repeating_ = false;
        variable_ = 0;
      }
      continue;
    }
    if (at_ == layout_.size() || in_.empty()) return false;
    const Field f = layout_[at_++];
    if (f == kThen) {
      variable_ = 0;
      continue;
    }
    if (f == kRepeat) {
      repeat_from_ = at_;
      repeating_ = true;
      while (at_ < layout_.size() && layout_[at_] != kThen)
        ++at_;  // to its end, where it begins if there is room
      continue;
    }
    if (f == kCarried) return false;
    const FieldInfo& info = info_of(f);
    if (info.part == Part::kVariable && variable_ == 0) variable_ = 1;
    if (in_.left() < info.size) {
      cut_ = true;
      return false;
    }
    out = {};
    out.field = f;
    out.variable = info.part == Part::kVariable ? variable_ : std::uint8_t{0};
    out.raw = in_.bytes(info.size);
    Cursor c(out.raw);
    for (std::size_t i = 0; i < out.raw.size() && info.size <= 4; ++i) out.number = out.number << 8 | c.u8();
    if (info.kind == Kind::kFloat) out.real = std::bit_cast<float>(static_cast<std::uint32_t>(out.number));
    if (info.kind == Kind::kTime) out.real = static_cast<double>(out.number) / 32;
    return true;
  }
}

}  // namespace picket::hartip
