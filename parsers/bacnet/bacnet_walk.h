// parsers/bacnet/bacnet_walk.h — tagged data (clause 20.2), and parameters of services (clauses 13 to 17) found along tables
//
//   Walk w(schema_of(...), data);          every parameter, by name, in the order of the message
//   for (Part p; w.next(p);) ...
//   ItemReader r(w); r.next(item)          objects and properties with their values, however the service nests them
//   ValueReader v(item.value); v.next(x)   what a property's value is made of, however deep
//
// Cost    O(bytes); no allocation, no recursion
// Limits  kMaxNesting; deeper ones fail the reader
// Lives   no longer than the data
#pragma once
#include "parsers/bacnet/bacnet_names.h"
#include "parsers/core/cursor.h"

namespace picket::bacnet {

inline constexpr unsigned kMaxNesting = 16;

/// Application tags (clause 20.2.1.4), and what else a parameter may be.
enum class Syntax : std::uint8_t {
  kNull,
  kBoolean,
  kUnsigned,
  kSigned,
  kReal,
  kDouble,
  kOctets,
  kText,
  kBits,
  kEnumerated,
  kDate,
  kTime,
  kObject,
  kUnknown = 0xfd,  ///< with a context tag, of which nobody says what it is
  kAny = 0xfe,      ///< constructed: values of a property
  kList = 0xff,     ///< constructed: other parameters
};

struct Tag {
  std::uint8_t number = 0;
  bool context = false, opening = false, closing = false;
  std::uint8_t inside = 0;  ///< of a boolean with an application tag: its value
  Bytes content;
};
/// False at the end; false with `in` failed: it is no tag, or its content is not all there.
[[nodiscard]] bool read_tag(Cursor& in, Tag&) noexcept;
/// Behind an opening tag: gives what stands before the closing one, and stands behind that. Where it does not close it fails
/// `in`, and gives what there is.
[[nodiscard]] Bytes inside_of(Cursor& in, bool& too_deep) noexcept;

/// Parameters of services. Those of items come first.
enum class Field : std::uint8_t {
  kObject,
  kProperty,
  kIndex,
  kPriority,
  kValue,
  kItemErrorClass,
  kItemErrorCode,
  kItemState,
  kItemAcked,
  kItemTime,
  kItemDate,
  kItemSequence,
  kItemNotifyType,
  kItemEnable,
  kItemPriority,
  kItemEventType,
  kItemClass,
  kItemIncrement,
  kItemTimed,
  kPlainValue,  ///< one value, without tags around it
  kChannel,
  kLastItemField = kChannel,
  kNone,
  kDeviceLow,
  kDeviceHigh,
  kDevice,
  kObjectName,
  kMaxApdu,
  kSegmentation,
  kVendor,
  kModel,
  kSerial,
  kAddress,
  kProcess,
  kConfirmed,
  kLifetime,
  kRemaining,
  kIncrement,
  kMaxDelay,
  kDate,
  kTime,
  kSequence,
  kAckDate,
  kAckTime,
  kAckSequence,
  kAckState,
  kSource,
  kNotificationClass,
  kEventPriority,
  kEventType,
  kText,
  kNotifyType,
  kAckRequired,
  kFromState,
  kToState,
  kEventValue,
  kEventState,  ///< of a state; Part::context says of which kind
  kEventOldValue,
  kEventFlags,
  kEventLimit,
  kEventDeadband,
  kEventSetPoint,
  kEventMode,
  kEventOperation,
  kEventReliability,
  kEventData,
  kLastObject,
  kMoreEvents,
  kAcknowledgmentFilter,
  kErrorClass,
  kErrorCode,
  kFirstFailed,
  kFileStart,
  kFileRecord,
  kFileCount,
  kFileEnd,
  kFileData,
  kRangeIndex,
  kRangeSequence,
  kRangeDate,
  kRangeTime,
  kRangeCount,
  kResultFlags,
  kResultCount,
  kFirstSequence,
  kState,
  kPassword,
  kDuration,
  kCommunication,
  kOperation,
  kServiceNumber,
  kPrivate,
  kClassNumber,
  kClassText,
  kMessagePriority,
  kGroup,
  kWritePriority,
  kInhibitDelay,
  kObjectType,
  kVtClass,
  kVtSession,
  kVtData,
  kVtFlag,
};
constexpr bool of_item(Field f) noexcept { return f <= Field::kLastItemField; }

struct Schema;
struct Rule {
  Syntax syntax;
  Field field;
  std::int8_t context = -1;  ///< its context tag; -1: an application tag
  const Schema* inner = nullptr;
  bool many = false;  ///< may come again
};
/// Parameters in their order; any of them may be missing.
struct Schema {
  const Rule* rules = nullptr;
  std::uint8_t count = 0;
  bool repeats = false;  ///< behind the last the first may follow
  bool open = false;     ///< others may stand there, too
};

struct Part {
  Field field = Field::kNone;
  Syntax syntax = Syntax::kNull;
  std::uint8_t inside = 0;
  Bytes content;
  std::int8_t context = -1;                             ///< its context tag, or none
  [[nodiscard]] std::uint64_t number() const noexcept;  ///< of a boolean, unsigned, enumerated or object
};

class Walk {
 public:
  Walk() noexcept = default;
  Walk(const Schema* schema, Bytes data) noexcept : in_(data) { stack_[0] = {schema, 0, 0}; }
  [[nodiscard]] bool next(Part&) noexcept;

  [[nodiscard]] bool broken() const noexcept { return broken_; }  ///< it does not go on: tags do not fit
  [[nodiscard]] bool unexpected() const noexcept { return unexpected_; }  ///< something was passed over
  [[nodiscard]] bool too_deep() const noexcept { return too_deep_; }

 private:
  static constexpr unsigned kDepth = 6;  ///< of the tables
  struct Frame {
    const Schema* schema;
    std::uint8_t at, closing;
  };
  const Rule* find(const Tag&) noexcept;
  bool fail() noexcept { return broken_ = true, false; }

  Cursor in_;
  std::array<Frame, kDepth> stack_{};
  std::uint8_t depth_ = 0;
  bool broken_ = false, unexpected_ = false, too_deep_ = false;
};

/// An object, or one of its properties.
struct Item {
  bool has_object = false, has_property = false, has_index = false, has_priority = false, has_value = false,
       has_error = false, has_channel = false, is_plain = false;
  std::uint32_t object = 0, property = 0, index = 0, channel = 0;
  std::uint8_t priority = 0;
  std::uint32_t error_class = 0, error_code = 0;
  Bytes value;
  Part plain;  ///< is_plain: the value
  Walk parts;  ///< from its first parameter on
  unsigned part_count = 0;
};
constexpr std::uint32_t object_type(std::uint32_t id) noexcept { return id >> 22; }
constexpr std::uint32_t object_instance(std::uint32_t id) noexcept { return id & 0x3fffff; }

class ItemReader {
 public:
  ItemReader() noexcept = default;
  explicit ItemReader(const Walk& w) noexcept : walk_(w) {}
  [[nodiscard]] bool next(Item&) noexcept;

 private:
  Walk walk_;
  std::uint32_t object_ = 0;
  bool has_object_ = false;
};

/// One value inside of what a property holds.
struct Value {
  Syntax syntax = Syntax::kNull;
  std::int16_t context = -1;  ///< its context tag, or that of what it stands in; -1: none
  std::uint8_t depth = 0;
  std::uint8_t inside = 0;
  Bytes content;
};
class ValueReader {
 public:
  ValueReader() noexcept = default;
  explicit ValueReader(Bytes data) noexcept : in_(data) {}
  /// Of a property. What stands in the buffer of a trend log has context tags: there it is known what they are.
  explicit ValueReader(const Item& i) noexcept
      : in_(i.value),
        plain_{i.plain.syntax, -1, 0, i.plain.inside, i.plain.content},
        is_plain_(i.is_plain),
        log_(i.property == property::kLogBuffer && object_type(i.object) == object::kTrendLog) {}
  [[nodiscard]] bool next(Value&) noexcept;
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  Cursor in_;
  std::array<std::uint8_t, kMaxNesting> inside_{};
  Value plain_;
  std::uint8_t depth_ = 0;
  bool is_plain_ = false, log_ = false, broken_ = false;
};

/// The table of a service's parameters: of its request, of its positive answer, of its error. nullptr: not known.
[[nodiscard]] const Schema* request_schema(std::uint8_t confirmed) noexcept;
[[nodiscard]] const Schema* ack_schema(std::uint8_t confirmed) noexcept;
[[nodiscard]] const Schema* error_schema(std::uint8_t confirmed) noexcept;
[[nodiscard]] const Schema* unconfirmed_schema(std::uint8_t unconfirmed) noexcept;

// Contents. They give nothing, or false, where the length is none that the type has.
[[nodiscard]] bool content_fits(Syntax, Bytes content) noexcept;
[[nodiscard]] std::uint64_t read_unsigned(Bytes) noexcept;
[[nodiscard]] std::int64_t read_signed(Bytes) noexcept;
[[nodiscard]] double read_real(Syntax, Bytes) noexcept;  ///< of kReal and kDouble
/// Text in UTF-8: as it is where it came so, else put into `room`, as much as there is room for. `whole`: nothing was left out.
[[nodiscard]] Bytes read_text(Bytes content, std::span<char> room, bool& whole) noexcept;
/// "2026-11-22", "*" for what is not said; "17:30:00.00".
std::size_t write_date(Bytes content, std::span<char> room) noexcept;
std::size_t write_time(Bytes content, std::span<char> room) noexcept;
/// "0110", as much as there is room for.
std::size_t write_bits(Bytes content, std::span<char> room) noexcept;
/// "analog-input,3"
std::size_t write_object(std::uint32_t id, std::span<char> room) noexcept;

}  // namespace picket::bacnet
