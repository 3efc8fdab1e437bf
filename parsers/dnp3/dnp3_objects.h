// parsers/dnp3/dnp3_objects.h — objects of DNP3 (IEEE 1815-2012: headers §4.2.2.7, library of objects annex A)
//
//   | group | variation | qualifier | range: first and last, or a count, or nothing | points ...
//                          prefix code:3 range code:4
//   a point: | index or size, as the prefix code says | value, of a size that group and variation tell |
//
// In      what is behind a fragment's function and indications
// Out     one ObjectHeader after the other, of each one point after the other; all of it views into the input
// Cost    a header is O(1), with points of variable size O(points); nothing is stored
// Limits  a header that says more than there is ends the reading: Problem::kShort
#pragma once
#include <string_view>

#include "parsers/core/cursor.h"

namespace picket::dnp3 {

/// What the flags octet of a point means.
enum class Flags : std::uint8_t {
  kNone,
  kBinary,         ///< bit 5 chatter filter, bit 7 state
  kDoubleBit,      ///< bit 5 chatter filter, bits 6 and 7 state
  kOutput,         ///< bit 7 state
  kCounter,        ///< bit 5 rollover, bit 6 discontinuity
  kDelta,          ///< of counters that are differences: bit 5 rollover
  kAnalog,         ///< bit 5 over range, bit 6 reference error
  kCommand,        ///< control status, bit 7 commanded state
  kCommandAnalog,  ///< control status
  kStatistic,      ///< bit 6 discontinuity
};

/// What stands behind the flags.
enum class Value : std::uint8_t { kNone, kU16, kU32, kI16, kI32, kF32, kF64 };
enum class Time : std::uint8_t { kNone, kAbsolute, kRelative };

/// What a point is made of.
enum class Form : std::uint8_t {
  kPlain,      ///< flags, value, time: those that ObjectType names, in this order
  kBits,       ///< one bit a point, packed
  kPairs,      ///< two bits a point, packed
  kEmpty,      ///< nothing: classes
  kSized,      ///< as long as the variation says: octet strings
  kOutput,     ///< 41: value, control status
  kRelay,      ///< 12.1, 12.2
  kTime,       ///< 50, 51: time, and for some an interval
  kDelay,      ///< 52
  kStatistic,  ///< 121, 122: flags, association, counter, time
  kAttribute,  ///< 0: type, length, bytes
  kFile,       ///< 70
  kAuth,       ///< 120 of a fixed size
  kBytes,      ///< of a fixed size, not looked into
  kFree,       ///< of a size that only a prefix tells
};

struct ObjectType {
  std::uint8_t group = 0, variation = 0;
  Form form = Form::kFree;
  Flags flags = Flags::kNone;
  Value value = Value::kNone;
  Time time = Time::kNone;
  std::uint8_t size = 0;  ///< octets of a point; 0: bits, nothing, or as long as it says itself
  std::string_view name;
};

/// nullptr for what is not in the library.
[[nodiscard]] const ObjectType* object_type(std::uint8_t group, std::uint8_t variation) noexcept;
/// "analog input"; "" for a group that is not in the library.
[[nodiscard]] std::string_view group_name(std::uint8_t group) noexcept;

enum class Problem : std::uint8_t {
  kNone,
  kUnknown,  ///< not in the library; where its size can be told, reading goes on
  kShort,    ///< less is there than the header says
  kInvalid,  ///< a qualifier that does not exist, a range that ends before it starts
};

/// A header and where its points are.
struct ObjectHeader {
  std::uint8_t group = 0, variation = 0, qualifier = 0;
  std::uint32_t start = 0, stop = 0;  ///< of ranges
  std::uint32_t count = 0;            ///< points; 0 without a range
  const ObjectType* type = nullptr;
  Bytes points;             ///< prefixes and values; empty where there are none
  bool has_values = false;  ///< values stand in `points`, not only prefixes
  bool has_points = false;  ///< something of each point stands in `points`
  bool known_size = true;   ///< the end of its points could be told
  Problem problem = Problem::kNone;

  [[nodiscard]] std::uint8_t prefix_code() const noexcept { return qualifier >> 4 & 7; }
  [[nodiscard]] std::uint8_t range_code() const noexcept { return qualifier & 0x0f; }
  [[nodiscard]] bool is_range() const noexcept { return range_code() <= 2; }
  [[nodiscard]] bool index_prefixed() const noexcept { return prefix_code() >= 1 && prefix_code() <= 3; }
  [[nodiscard]] bool size_prefixed() const noexcept { return prefix_code() >= 4 && prefix_code() <= 6; }
};

/// Front to back over the headers of a fragment.
class ObjectReader {
 public:
  ObjectReader() noexcept = default;
  ObjectReader(Bytes objects, std::uint8_t function) noexcept : in_(objects), function_(function) {}
  /// False at the end, and after a header whose end cannot be told: that one is the last.
  [[nodiscard]] bool next(ObjectHeader& out) noexcept;

 private:
  Cursor in_{};
  std::uint8_t function_ = 0;
  bool stuck_ = false;
};

/// One point. Which of the fields say something follows from the type.
struct Point {
  std::uint32_t prefix = 0;  ///< index or size, as it came; 0 without
  std::uint32_t index = 0;
  Bytes data;  ///< its value; of packed ones the octet with it
  std::uint8_t shift = 0;
};

/// Front to back over the points of a header.
class PointReader {
 public:
  PointReader() noexcept = default;
  explicit PointReader(const ObjectHeader& h) noexcept : header_(h), in_(h.points) {}
  /// False at the end.
  [[nodiscard]] bool next(Point& out) noexcept;

 private:
  ObjectHeader header_{};
  Cursor in_{};
  std::uint32_t done_ = 0;
};

/// What a point says, as far as its type has it.
struct Reading {
  bool has_flags = false, has_number = false, has_state = false, has_time = false, has_delta_time = false,
       has_status = false;
  bool is_float = false;
  std::uint8_t flags = 0;
  std::uint8_t state = 0;      ///< binary: 0, 1; double-bit: 0 to 3 (intermediate, off, on, indeterminate)
  std::uint8_t status = 0;     ///< control status
  std::int64_t integer = 0;    ///< has_number and not is_float
  double real = 0;             ///< has_number and is_float
  std::uint64_t time_ms = 0;   ///< since 1970 UTC
  std::uint16_t delta_ms = 0;  ///< since the common time of occurrence
  [[nodiscard]] double number() const noexcept { return is_float ? real : static_cast<double>(integer); }
};
[[nodiscard]] Reading read_point(const ObjectHeader&, const Point&) noexcept;

/// A control relay output block (12.1, 12.2), annex A.8.
struct Relay {
  std::uint8_t code = 0;  ///< operation type, queue, clear, trip or close
  std::uint8_t count = 0;
  std::uint32_t on_ms = 0, off_ms = 0;
  std::uint8_t status = 0;  ///< with the reserved bit

  [[nodiscard]] std::uint8_t operation() const noexcept { return code & 0x0f; }
  [[nodiscard]] std::uint8_t queue() const noexcept { return code >> 4 & 1; }
  [[nodiscard]] std::uint8_t clear() const noexcept { return code >> 5 & 1; }
  [[nodiscard]] std::uint8_t trip_close() const noexcept { return code >> 6; }
};
[[nodiscard]] Relay read_relay(Bytes) noexcept;

/// An attribute (group 0), annex A.1.
struct Attribute {
  std::uint8_t kind = 0;  ///< 1 text, 2 unsigned, 3 signed, 4 floating point, 5 octets, 6 bits, 7 time
  Bytes value;
  bool has_number = false, is_float = false;
  std::int64_t integer = 0;
  double real = 0;
};
[[nodiscard]] Attribute read_attribute(Bytes) noexcept;

/// An object of group 70, annex A.23. Names and data are views; fields that a variation has not are 0.
struct FileObject {
  bool ok = false;  ///< it is as long as it has to be, and what it points to is in it
  std::uint32_t handle = 0, size = 0, key = 0, block = 0;  ///< block: with the bit of the last one
  std::uint16_t name_offset = 0, name_size = 0, password_offset = 0, password_size = 0;
  std::uint16_t mode = 0, max_block = 0, request = 0, permissions = 0, type = 0;
  std::uint64_t created_ms = 0;
  std::uint8_t status = 0;
  Bytes name, password;  ///< of 70.2, the user's name
  Bytes data;            ///< bytes of the file, or text of a status

  [[nodiscard]] bool last_block() const noexcept { return (block & 0x80000000U) != 0; }
};
[[nodiscard]] FileObject read_file(std::uint8_t variation, Bytes) noexcept;

/// An object of group 120, annex A.45.
struct AuthObject {
  bool ok = false;
  std::uint32_t sequence = 0;  ///< of the challenge or of key changes
  std::uint16_t user = 0;
  std::uint8_t algorithm = 0, reason = 0, key_wrap = 0, key_status = 0, error = 0;
  std::uint16_t association = 0, challenge_size = 0;
  std::uint64_t time_ms = 0;
  Bytes data;  ///< challenge, MAC, wrapped keys or error text
};
[[nodiscard]] AuthObject read_auth(std::uint8_t variation, Bytes) noexcept;

/// The place of a header in a fragment.
struct HeaderCache {
  ObjectHeader header;
  // Of the search: what it was for, and where it stands.
  bool (*wanted)(const ObjectHeader&) noexcept = nullptr;
  unsigned next = 0;
  ObjectReader objects;
};
/// The place of a point in a fragment.
struct PointCache {
  ObjectHeader header;
  Point point;  ///< without meaning where `bare`
  bool bare = false;

  // Of the search: what it was for, and where it stands.
  bool (*wanted)(const ObjectHeader&) noexcept = nullptr;
  bool with_bare = false, in_header = false;
  unsigned next = 0;
  ObjectReader objects;
  PointReader points;
};

}  // namespace picket::dnp3
