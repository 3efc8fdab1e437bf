// parsers/core/ot.h — what protocols of plants, hospitals and railways have in common: what is done to which
// point
//
// A parser of such a protocol derives its transactions from OtTransaction and fills in `operation` before it
// first calls advance(); its spec names an OtProtocol. From that follow, for all of them alike, the keywords
// ot.protocol, ot.class, ot.operation, ot.address and ot.value, the object `ot` of each record, and what is
// told once instead of each time (`detail`).
//
//   constexpr OtOperation kOperations[] = {{OtClass::kRead, "read coils", ""}, ...};   one table a protocol
//
// Cost    addresses and values are made on demand: nothing where no rule asks and no record is written
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "parsers/core/protocol.h"

namespace picket {

/// What an operation is to the plant; the gravest that applies.
enum class OtClass : std::uint8_t {
  kNone,        ///< neither of these: a connection is opened, a link tested
  kRead,        ///< values, lists or identities are asked for or reported
  kDiagnostic,  ///< the device or the link is examined
  kAlarm,       ///< something is reported, acknowledged or silenced
  kWrite,       ///< values are set that do not act by themselves: set points, registers, records
  kControl,     ///< something moves, switches, starts or stops
  kConfigure,   ///< how a device works or is reached: parameters, time, names, access
  kProgram,     ///< what a device runs: logic, blocks, firmware
};

/// One thing that a protocol can do. Stands in a table; all text is static.
struct OtOperation {
  OtClass ot_class = OtClass::kNone;
  std::string_view
      name;  ///< in plain words, small letters where the standard has none: "select before operate"
  std::string_view technique;  ///< of MITRE ATT&CK for ICS, "T0855"; "" where none applies
};

/// Where an operation goes: a point, or points that follow one another.
struct OtAddress {
  Bytes
      text;  ///< as engineers of the protocol write it: "holding register 100-109", "DB1.DBX2.0", "group 12 index 3"
  /// The numbers of the first and the last point, where points have numbers; otherwise last < first.
  std::uint64_t first = 1, last = 0;
};

/// A value that was read, written or reported; a number, or text.
struct OtValue {
  bool is_number = false;
  double number = 0;
  Bytes text;  ///< as it came
};

struct OtTransaction;

struct OtProtocol {
  std::string_view name;  ///< for ot.protocol: that of its ProtocolSpec, or of what is inside it ("umas")
  std::span<const OtOperation> operations;
  /// The n-th address, in the order of the message; false when there is none. `text` may stand in tx.text_room
  /// and then is good until the next call.
  bool (*address)(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept;
  /// The n-th value that the message of that direction carries; false when there is none. Likewise.
  bool (*value)(const OtTransaction& tx, Direction, unsigned n, OtValue& out) noexcept;
};

/// The progress at which a side of an OtTransaction is there: its only one. `complete` of the spec is {kOtWhole,
/// kOtWhole}.
inline constexpr std::uint8_t kOtWhole = 1;

struct OtTransaction : Transaction {
  const OtProtocol* ot = nullptr;          ///< never null once advance() was called
  const OtOperation* operation = nullptr;  ///< of ot->operations; never null once advance() was called
  mutable std::array<char, 64> text_room;  ///< for OtProtocol::address and value
};

}  // namespace picket
