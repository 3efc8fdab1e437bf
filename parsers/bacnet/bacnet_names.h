// parsers/bacnet/bacnet_names.h — names of numbers, as ANSI/ASHRAE 135-2020, clauses 20 and 21, writes them
//
// "" where a number has none. by_name(): for rules.
#pragma once
#include "parsers/core/names.h"

namespace picket::bacnet {

enum class Confirmed : std::uint8_t {
  kAcknowledgeAlarm,
  kCovNotification,
  kEventNotification,
  kGetAlarmSummary,
  kGetEnrollmentSummary,
  kSubscribeCov,
  kAtomicReadFile,
  kAtomicWriteFile,
  kAddListElement,
  kRemoveListElement,
  kCreateObject,
  kDeleteObject,
  kReadProperty,
  kReadPropertyConditional,
  kReadPropertyMultiple,
  kWriteProperty,
  kWritePropertyMultiple,
  kDeviceCommunicationControl,
  kPrivateTransfer,
  kTextMessage,
  kReinitializeDevice,
  kVtOpen,
  kVtClose,
  kVtData,
  kAuthenticate,
  kRequestKey,
  kReadRange,
  kLifeSafetyOperation,
  kSubscribeCovProperty,
  kGetEventInformation,
  kSubscribeCovPropertyMultiple,
  kCovNotificationMultiple,
  kAuditNotification,
  kAuditLogQuery,
  kAuthRequest,
};
enum class Unconfirmed : std::uint8_t {
  kIAm,
  kIHave,
  kCovNotification,
  kEventNotification,
  kPrivateTransfer,
  kTextMessage,
  kTimeSynchronization,
  kWhoHas,
  kWhoIs,
  kUtcTimeSynchronization,
  kWriteGroup,
  kCovNotificationMultiple,
  kAuditNotification,
  kWhoAmI,
  kYouAre,
};

// Types of objects and properties that something else depends on.
namespace object {
inline constexpr std::uint32_t kAnalogInput = 0, kAnalogOutput = 1, kBinaryInput = 3, kBinaryOutput = 4,
                               kBinaryValue = 5, kCommand = 7, kDevice = 8, kLoop = 12, kMultiStateInput = 13,
                               kMultiStateOutput = 14, kProgram = 16, kSchedule = 17, kTrendLog = 20,
                               kLifeSafetyPoint = 21, kLifeSafetyZone = 22, kAccumulator = 23,
                               kPulseConverter = 24, kAccessDoor = 30, kChannel = 53, kLightingOutput = 54,
                               kBinaryLightingOutput = 55, kLift = 59;
}
namespace property {
inline constexpr std::uint32_t kNone = 0xffffffff;  ///< numbers have 22 bits
inline constexpr std::uint32_t kSoftwareVersion = 12, kDescription = 28, kEventState = 36, kEventType = 37,
                               kFirmware = 44, kLocation = 58, kModel = 70, kNotifyType = 72, kObjectId = 75,
                               kObjectName = 77, kObjectType = 79, kOutOfService = 81, kPolarity = 84,
                               kPresentValue = 85, kProgramChange = 90, kReliability = 103,
                               kRelinquishDefault = 104, kSegmentation = 107, kStatusFlags = 111,
                               kSystemStatus = 112, kUnits = 117, kVendorId = 120, kVendorName = 121,
                               kLogBuffer = 131, kSerial = 372;
}  // namespace property

[[nodiscard]] std::string_view function_name(std::uint8_t type, std::uint8_t function) noexcept;
[[nodiscard]] std::string_view result_name(std::uint8_t type, std::uint16_t code) noexcept;
[[nodiscard]] std::string_view priority_name(std::uint8_t) noexcept;  ///< of the network layer
[[nodiscard]] std::string_view net_message_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view net_reject_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view apdu_type_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view confirmed_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view unconfirmed_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view error_class_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view error_code_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view reject_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view abort_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view object_type_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view property_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view unit_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view event_state_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view event_type_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view notify_type_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view segmentation_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view reliability_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view reinitialize_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view communication_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view life_safety_operation_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view life_safety_mode_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view life_safety_state_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view vendor_name(std::uint64_t) noexcept;
[[nodiscard]] std::string_view charset_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view syntax_name(std::uint8_t) noexcept;
/// Of a value of that property: "inactive", "degrees-celsius".
[[nodiscard]] std::string_view value_name(std::uint32_t object_type, std::uint32_t property,
                                          std::uint64_t value) noexcept;
/// The kinds of states that an event may tell (BACnetPropertyStates): each has the names of a property.
struct NamedLike {
  std::uint32_t object_type = 0, property = property::kNone;
};
[[nodiscard]] NamedLike state_named_like(std::int8_t kind) noexcept;
/// Of a bit of that property: "in-alarm".
[[nodiscard]] std::string_view bit_name(std::uint32_t property, std::size_t n) noexcept;

bool function_by_name(std::string_view, std::uint64_t&) noexcept;
bool net_message_by_name(std::string_view, std::uint64_t&) noexcept;
bool apdu_type_by_name(std::string_view, std::uint64_t&) noexcept;
bool confirmed_by_name(std::string_view, std::uint64_t&) noexcept;
bool unconfirmed_by_name(std::string_view, std::uint64_t&) noexcept;
bool error_class_by_name(std::string_view, std::uint64_t&) noexcept;
bool error_code_by_name(std::string_view, std::uint64_t&) noexcept;
bool reject_by_name(std::string_view, std::uint64_t&) noexcept;
bool abort_by_name(std::string_view, std::uint64_t&) noexcept;
bool object_type_by_name(std::string_view, std::uint64_t&) noexcept;
bool property_by_name(std::string_view, std::uint64_t&) noexcept;
bool event_state_by_name(std::string_view, std::uint64_t&) noexcept;
bool event_type_by_name(std::string_view, std::uint64_t&) noexcept;
bool reinitialize_by_name(std::string_view, std::uint64_t&) noexcept;
bool communication_by_name(std::string_view, std::uint64_t&) noexcept;
bool life_safety_operation_by_name(std::string_view, std::uint64_t&) noexcept;

}  // namespace picket::bacnet
