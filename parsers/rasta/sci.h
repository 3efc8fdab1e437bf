// parsers/rasta/sci.h — SCI, EULYNX's Standard Communication Interface: what interlockings and field elements say
//
//   0          1      3        23         43
//   | protocol | type | sender | receiver | what the type has |      names are 20 bytes, filled up with underscores
//
// The type is little-endian. Protocols are listed in EULYNX's Eu.SCI-XX.PDI, which also has what all of them have in common
// (process data interface, "PDI"); types stand in the specification of each interface, of baseline 4. README.md says how
// much of it is known.
//
// In      a message of RaSTA's application
// Out     a Telegram; what it points to is borrowed from the input
// Cost    O(types of the table) a telegram; no allocation, no state
#pragma once
#include "parsers/core/names.h"
#include "parsers/core/ot.h"

namespace picket::rasta::sci {

inline constexpr std::size_t kNameBytes = 20, kHeader = 43;

/// Who a telegram comes from: the side that commands (of most interfaces the interlocking), or the element.
enum class Side : std::uint8_t { kCommander, kElement };

struct FieldDef {
  enum class Kind : std::uint8_t {
    kByte,
    kWord,    ///< 16 bits, little-endian
    kLow,     ///< the lower four bits of a byte
    kHigh,    ///< the upper ones
    kName,    ///< kNameBytes
    kCounted  ///< a byte says how many; these follow
  };
  std::string_view name;
  std::uint8_t offset = 0;  ///< behind the header
  Kind kind = Kind::kByte;
  std::span<const NumberName> names{};
};

/// What one type of telegram is. Stands in a table.
struct TypeDef {
  std::uint8_t protocol = 0;  ///< 0: of all of them
  std::uint16_t type = 0;
  std::string_view name;
  Side from{};
  std::span<const FieldDef> fields{};
  /// Where its first field decides what is done: values and operations; others are `operation`.
  struct Choice {
    std::uint8_t value = 0;
    std::uint8_t operation = 0;
  };
  std::uint8_t operation = 0;
  std::span<const Choice> choices{};
  std::uint16_t answers = 0;  ///< type of the command that this says is done; 0: none
  std::uint8_t not_yet = 0;   ///< while its first field says so, it is not done
  bool refuses = false;       ///< it says that the command failed
};

struct Telegram {
  bool there = false;  ///< it is one
  std::uint8_t protocol = 0;
  std::uint16_t type = 0;
  bool swapped = false;    ///< the type stood in the other byte order
  bool cut = false;        ///< it is shorter than its fields
  Bytes sender, receiver;  ///< without what fills them up
  Bytes payload;
  Bytes whole;                   ///< also where it is none
  const TypeDef* def = nullptr;  ///< nullptr: not known
  std::string_view answers;      ///< the command that was seen
  std::uint64_t response_us = 0;
};

/// Is it one? A known protocol, and two names that can be printed.
[[nodiscard]] Telegram read(Bytes message) noexcept;

/// A field's value. False: it is not there.
struct Value {
  std::uint32_t number = 0;
  std::string_view name;  ///< of the number
  Bytes bytes;            ///< kName and kCounted
};
[[nodiscard]] bool value_of(const Telegram&, const FieldDef&, Value&) noexcept;

[[nodiscard]] std::string_view protocol_name(std::uint8_t) noexcept;  ///< "SCI-P"; "" when it is none
/// Who speaks from that side: "interlocking", "point controller"; "" where it is not known.
[[nodiscard]] std::string_view role(std::uint8_t protocol, Side) noexcept;
/// The name of the element: whose position it is, or who is to move.
[[nodiscard]] Bytes element(const Telegram&) noexcept;

/// The place in kOperations of what the telegram does.
[[nodiscard]] const OtOperation& operation(const Telegram&) noexcept;
/// It says that what was asked for was not done.
[[nodiscard]] bool failed(const Telegram&) noexcept;
[[nodiscard]] std::span<const OtOperation> operations() noexcept;

// For rules.
bool protocol_by_name(std::string_view, std::uint64_t& out) noexcept;

}  // namespace picket::rasta::sci
