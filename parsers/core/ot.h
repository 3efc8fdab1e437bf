// parsers/core/ot.h — what protocols of plants, hospitals and railways have in common: what is done to which
// point
//
// A parser of such a protocol derives its transactions from OtTransaction and fills in `ot` and `operation`
// before it first calls advance(); its spec names an OtProtocol. From that follow, for all of them alike, the
// keywords ot.protocol, ot.class, ot.operation, ot.address, ot.value and ot.station, the object `ot` of each
// record, and what is told once instead of each time (`detail`). No spec lists them: protocols() adds them.
//
//   constexpr OtOperation kOperations[] = {{OtClass::kRead, "read coils", ""}, ...};   one table a protocol
//
// Cost    addresses and values are made on demand: nothing where no rule asks and no record is written. They are
//         asked for one after the other, n = 0, 1, 2 ..., up to kMaxOtInstances: a parser that has to walk the
//         message for the n-th keeps what it found last
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

inline constexpr std::size_t kOtClasses = static_cast<std::size_t>(OtClass::kProgram) + 1;
/// "read", "write" ...: as rules and records have it.
[[nodiscard]] std::string_view ot_class_name(OtClass) noexcept;
/// It changes nothing and tells nothing by itself, so that many of a kind may be told in one record.
constexpr bool ot_only_looks(OtClass c) noexcept {
  return c == OtClass::kNone || c == OtClass::kRead || c == OtClass::kDiagnostic;
}

/// One thing that a protocol can do. Stands in a table; all text is static.
struct OtOperation {
  OtClass ot_class = OtClass::kNone;
  /// In plain words, small letters where the standard has none: "select before operate". Without , " * and ?
  std::string_view name;
  std::string_view technique;  ///< of MITRE ATT&CK for ICS, "T0855"; "" where none applies
  bool unknown = false;        ///< nobody knows what it does: each one has a record of its own
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

/// Its flows are followed for as long as they last: stream.reassembly.depth does not end them.
struct OtProtocol {
  std::string_view name;  ///< for ot.protocol: that of its ProtocolSpec, or of what is inside it ("umas")
  std::span<const OtOperation> operations;
  /// The n-th address, in the order of the message; false when there is none. `text` may stand in tx.text_room
  /// and then is good until the next call.
  bool (*address)(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept;
  /// The n-th value that the message of that direction carries; false when there is none. Likewise.
  bool (*value)(const OtTransaction& tx, Direction, unsigned n, OtValue& out) noexcept;
  /// Protocols inside of this one, with operations of their own, that OtTransaction::ot may name instead.
  std::span<const OtProtocol* const> inside{};
  /// Of a protocol that sends a message more than one way at once, each way a flow: a number that is the same for all of
  /// them and no other message's for a while; 0: none. The first that comes has the record, and stands for the others.
  std::uint64_t (*twin)(const OtTransaction& tx) noexcept = nullptr;
};

/// Addresses of a transaction, or values of a message, that are looked at.
inline constexpr unsigned kMaxOtInstances = 2048;

/// The progress at which a side of an OtTransaction is there. `complete` of the spec is {kOtWhole, kOtWhole}, or more
/// where more of that side may follow.
inline constexpr std::uint8_t kOtWhole = 1;

inline constexpr std::int64_t kNoOtStation = -1;

struct OtTransaction : Transaction {
  const OtProtocol* ot = nullptr;          ///< never null once advance() was called
  const OtOperation* operation = nullptr;  ///< of ot->operations; never null once advance() was called
  /// Which device behind the server's address, where the protocol has numbers for that: unit, outstation, node,
  /// common address. kNoOtStation: it has none.
  std::int64_t station = kNoOtStation;
  bool failed =
      false;  ///< the reply says that it was not done: an exception, an error, a negative confirmation
  bool apart = false;  ///< though it only looks, it says something that no count may hide: a restart, a trip
  mutable std::array<char, 64> text_room;  ///< for OtProtocol::address and value
};

/// The transaction, if that side of it was seen. One that is made up for an event outside of any has no side, and is
/// no OtTransaction.
[[nodiscard]] inline const OtTransaction* ot_side(const Transaction& tx, Direction dir) noexcept {
  const bool there = dir == Direction::kToServer ? tx.has_request : tx.has_reply;
  return there ? static_cast<const OtTransaction*>(&tx) : nullptr;
}

/// Calls each(address) for each of them, until it says true: "that will do". Gives how many it was called for.
template <class Each>
unsigned each_ot_address(const OtTransaction& tx, Each&& each) {
  unsigned n = 0;
  for (OtAddress a; n < kMaxOtInstances && tx.ot->address(tx, n, a); a = {}) {
    ++n;
    if (each(static_cast<const OtAddress&>(a))) break;
  }
  return n;
}
/// The same of the values of that direction's message.
template <class Each>
unsigned each_ot_value(const OtTransaction& tx, Direction dir, Each&& each) {
  unsigned n = 0;
  for (OtValue v; n < kMaxOtInstances && tx.ot->value(tx, dir, n, v); v = {}) {
    ++n;
    if (each(static_cast<const OtValue&>(v))) break;
  }
  return n;
}

/// One of the names that rules have for all of these protocols.
[[nodiscard]] constexpr bool is_ot_keyword(std::string_view name) noexcept { return name.starts_with("ot."); }

/// Calls each(protocol) for `ot` and what is inside of it.
template <class Each>
void each_ot_protocol(const OtProtocol& ot, Each&& each) {
  each(ot);
  for (const OtProtocol* inner : ot.inside) each(*inner);
}

}  // namespace picket
