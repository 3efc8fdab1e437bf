// parsers/hartip/hartip_commands.h — HART's commands: what each is called and does, and what its data holds
//
// One table: number, name, class, technique, and the fields of request and response in their order. Parser, record,
// rules and inventory read commands by it alone.
//
//   ItemReader items(layout_of(command), command.data);
//   for (Item i; items.next(i);) ...        items.rest() is what no field is known for
//
// Source  FieldComm Group TS20127 (universal), TS20151 (common practice), TS20155 (wireless) and TS20183 (common tables)
// Cost    a look-up is O(table); reading O(data); no allocation
#pragma once
#include "parsers/hartip/hartip.h"

namespace picket::hartip {

enum class Field : std::uint8_t {
  kEnd,
  kRepeat,  ///< what follows up to kEnd or kThen comes as often as there is room for it: variables
  kThen,    ///< what follows comes once, behind those

  // Of the device.
  kExpansion,
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
  kProfile,

  // Of a variable.
  kCode,
  kClassification,
  kUnits,
  kValue,
  kVariableStatus,
  kAnalogChannel,
  kPercent,

  // Of the command.
  kLoopCurrent,
  kPercentOfRange,
  kPollingAddress,
  kLoopCurrentMode,
  kExtendedStatus,
  kTimeStamp,
  kTag,
  kDescriptor,
  kDate,
  kMessage,
  kLongTag,
  kFinalAssembly,
  kTransducerSerial,
  kLimitUnits,
  kUpperLimit,
  kLowerLimit,
  kMinimumSpan,
  kAlarm,
  kTransferFunction,
  kRangeUnits,
  kUpperRange,
  kLowerRange,
  kDamping,
  kWriteProtect,
  kPrivateLabel,
  kChannelFlags,
  kCounter,
  kEeprom,
  kFixedCurrent,
  kMeasuredCurrent,
  kLockCode,
  kLockStatus,
  kSquawk,
  kIoCard,
  kChannel,
  kSubPolling,
  kSubIndex,
  kMaxCards,
  kMaxChannels,
  kMaxSubDevices,
  kDevicesDetected,
  kMaxDelayed,
  kMasterMode,
  kRetryCount,
  kWriteCode,
  kTrimPoint,
  kTrimUnits,
  kLowerTrim,
  kUpperTrim,
  kTrimValue,
  kMinLowerTrim,
  kMaxLowerTrim,
  kMinUpperTrim,
  kMaxUpperTrim,
  kMinTrimDifference,
  kStx,
  kAck,
  kOstx,
  kOack,
  kBack,
  kPreambles,
  kOperatingMode,
  kStandardStatus,
  kSaturated,
  kFixed,
  kSpecificStatus,
  kBurstMode,
  kBurstCommand,
  kBurstCommandOctet,
  kBurstMessage,
  kClockCode,
  kCarriedCount,
  kAcquisitionPeriod,
  kVariableFamily,
  kVariableProperties,
  kUpperEndpoint,
  kLowerEndpoint,
  kAnalogUnits,
  kAnalogLevel,
  kCarried,  ///< other commands, which CommandReader reads
  kFields,   ///< how many
};

enum class Kind : std::uint8_t {
  kNumber,  ///< an unsigned integer
  kCodeOf,  ///< the same; value_name() may know a name
  kFloat,
  kTime,    ///< in units of 1/32 ms
  kPacked,  ///< text in six bits a character
  kLatin,   ///< text in ISO 8859-1, with blanks or zeros behind
  kDate,    ///< day, month, year - 1900
  kHex,
  kNothing,
};
enum class Part : std::uint8_t { kCommand, kDevice, kVariable };
struct FieldInfo {
  Kind kind = Kind::kNothing;
  std::uint8_t size = 0;  ///< bytes
  Part part = Part::kCommand;
  bool is_value = false;  ///< of ot.value: it is measured, set or names something
};
[[nodiscard]] const FieldInfo& info_of(Field) noexcept;
/// The name of a number that stands there; "" where none is known.
[[nodiscard]] std::string_view value_name(Field, std::uint64_t number) noexcept;

using Layout = std::span<const Field>;

/// To which points a command goes, beside those that it names.
enum class Points : std::uint8_t { kNone, kPrimary, kDynamic, kLoop };

struct CommandInfo {
  std::uint16_t number = 0;
  OtOperation operation;
  Points points = Points::kNone;
  Layout request, response;
};
[[nodiscard]] std::span<const CommandInfo> commands() noexcept;

/// What is done beside the commands of the table.
enum class Does : std::uint8_t {
  kInitiate,
  kClose,
  kKeepAlive,
  kReadAuditLog,
  kDiscover,
  kPublish,
  kSpecific,
  kFamily,
  kOtherCommand,
  kNoCommand,
  kOtherMessage,
  kCount,
};
inline constexpr std::size_t kCommandCount = 198, kOtherCount = static_cast<std::size_t>(Does::kCount);
/// Of all commands, in their order, and then of Does.
extern const std::array<OtOperation, kCommandCount + kOtherCount> kOperations;
[[nodiscard]] inline const OtOperation& operation_of(Does d) noexcept {
  return kOperations[kCommandCount + static_cast<std::size_t>(d)];
}
[[nodiscard]] const OtOperation& operation_of(std::uint16_t command) noexcept;

/// nullptr where nobody but the maker knows.
[[nodiscard]] const CommandInfo* command_info(std::uint16_t number) noexcept;
/// "write range values of PV", "device-specific command" ...
[[nodiscard]] std::string_view command_name(std::uint16_t number) noexcept;
/// Keys and passwords are in its data: no record tells these.
[[nodiscard]] bool holds_secret(std::uint16_t number) noexcept;
[[nodiscard]] bool command_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] Layout layout_of(const Command&) noexcept;

/// Numbers of device variables that all devices have alike.
enum VariableCode : std::uint8_t { kBatteryLife = 243, kRangePercent, kLoop, kPv, kSv, kTv, kQv };
inline constexpr unsigned kMaxVariables = 16;  ///< of a command

struct Item {
  Field field{};
  std::uint8_t variable = 0;  ///< of which variable, from 1; 0: of none
  std::uint64_t number = 0;   ///< kNumber, kCodeOf
  double real = 0;            ///< kFloat; kTime: ms
  Bytes raw;
};

class ItemReader {
 public:
  ItemReader(Layout layout, Bytes data) noexcept : layout_(layout), in_(data) {}
  [[nodiscard]] bool next(Item&) noexcept;
  [[nodiscard]] Bytes rest() const noexcept { return in_.rest(); }
  /// Data ended in the middle of a field. That some of the last are not there is an older revision.
  [[nodiscard]] bool cut() const noexcept { return cut_; }

 private:
  [[nodiscard]] std::size_t repeated_size() const noexcept;

  Layout layout_;
  Cursor in_;
  std::size_t at_ = 0, repeat_from_ = 0;
  std::uint8_t variable_ = 0;
  bool cut_ = false, repeating_ = false;
};

// Flags, one after the other from bit 0; "" where a bit means nothing.
[[nodiscard]] std::span<const std::string_view> device_status_flags() noexcept;
[[nodiscard]] std::span<const std::string_view> extended_status_flags() noexcept;
[[nodiscard]] std::span<const std::string_view> communication_flags() noexcept;
[[nodiscard]] std::span<const std::string_view> device_flags() noexcept;
[[nodiscard]] std::span<const std::string_view> lock_flags() noexcept;
[[nodiscard]] std::span<const std::string_view> standardized_flags(unsigned n) noexcept;
[[nodiscard]] std::span<const std::string_view> server_flags() noexcept;
[[nodiscard]] std::span<const std::string_view> session_flags() noexcept;
[[nodiscard]] std::string_view quality_name(std::uint8_t variable_status) noexcept;
[[nodiscard]] std::string_view limit_name(std::uint8_t variable_status) noexcept;

}  // namespace picket::hartip
