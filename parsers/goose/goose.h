// parsers/goose/goose.h — GOOSE (IEC 61850-8-1, Annex A and C): what a publisher tells all who listen
//
//      | header of 8 bytes: parsers/core/iec61850.h | 61 length: goosePdu |
//
//      80 gocbRef   81 timeAllowedtoLive   82 datSet   83 goID   84 t   85 stNum   86 sqNum   87 simulation
//      88 confRev   89 ndsCom   8a numDatSetEntries   ab allData   8c security
//
// In      what follows the EtherType 0x88B8 of one frame
// Out     a Pdu whose fields borrow from the frame; the data set is walked on demand (Values)
// Cost    O(bytes); no allocation; state of up to `streams` control blocks a flow in goose_parser.h
// Limits  kMaxDepth structures inside each other; what lies deeper is one value of type "nested"
// Leaves  R-GOOSE (IEC 61850-90-5, over UDP) and GSE management (EtherType 0x88B9) are not read
#pragma once
#include "parsers/core/iec61850.h"
#include "parsers/core/ot.h"

namespace picket::goose {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:goose.<name>`.
enum class Event : std::uint8_t {
  kInvalidLength,
  kInvalidPdu,
  kInvalidReference,
  kInvalidValue,
  kEntriesMismatch,
  kReservedBits,
  kSimulationMismatch,
  kLostMessages,
  kLostStates,
  kStateJump,
  kDuplicate,
  kSequenceWentBack,
  kReplayedState,
  kRestarted,
  kDataMismatch,
  kTimeMismatch,
  kTimeWentBack,
  kTimeJump,
  kExpired,
  kConfRevChanged,
  kDataSetChanged,
  kAppidChanged,
  kTooManyStreams,
  kOutOfMemory,
};

inline constexpr std::uint16_t kEthertype = 0x88b8;
inline constexpr std::size_t kMaxReference = 129;  ///< of gocbRef, in bytes (8-1, Table A.1)
inline constexpr unsigned kMaxDepth = 8;
inline constexpr unsigned kMaxRecordValues = 256, kMaxRecordChanges = 64;

struct Pdu {
  Iec61850Frame frame;
  Bytes gocb_ref, dat_set, go_id, all_data, security;
  Iec61850Time t;
  std::uint32_t time_allowed_to_live_ms = 0, st_num = 0, sq_num = 0, conf_rev = 0, entries = 0;
  bool simulation = false;  ///< as the PDU says
  bool nds_com = false;
  bool has_go_id = false, has_security = false;

  [[nodiscard]] bool simulated() const noexcept {
    return simulation || (frame.reserved1 & Iec61850Frame::kSimulated) != 0;
  }
};

/// False: `wrong` says why, and `out` is not to be used.
[[nodiscard]] bool parse(Bytes frame, Pdu& out, Event& wrong) noexcept;

/// Types of data (ISO 9506-2, Data).
enum class Type : std::uint8_t {
  kBoolean,
  kBitString,
  kInteger,
  kUnsigned,
  kFloat,
  kOctetString,
  kVisibleString,
  kGeneralizedTime,
  kTimeOfDay,
  kBcd,
  kBooleanArray,
  kObjectId,
  kMmsString,
  kUtcTime,
  kNested,   ///< deeper than kMaxDepth
  kUnknown,  ///< a tag that the standard has not, or content that the type cannot have
};
[[nodiscard]] std::string_view type_name(Type) noexcept;

/// A value of the data set that has no others inside.
struct Value {
  Type type = Type::kUnknown;
  Bytes content;                                ///< borrowed
  double number = 0;                            ///< kBoolean, kInteger, kUnsigned, kFloat
  Iec61850Time time;                            ///< kUtcTime
  std::array<std::uint16_t, kMaxDepth> path{};  ///< `depth` places from 1, the outermost first
  std::uint8_t depth = 0;

  [[nodiscard]] bool is_number() const noexcept {
    return type == Type::kBoolean || type == Type::kInteger || type == Type::kUnsigned ||
           type == Type::kFloat;
  }
  [[nodiscard]] bool is_text() const noexcept {
    return type == Type::kVisibleString || type == Type::kMmsString;
  }
};

/// Bits of a bit string as "0110"; what does not fit into `room` is left out.
[[nodiscard]] Bytes bits_text(Bytes content, std::span<char> room) noexcept;

/// The values of a data set, one after the other, without recursion.
class Values {
 public:
  explicit Values(Bytes all_data = {}) noexcept { level_[0] = Cursor(all_data); }
  [[nodiscard]] bool next(Value& out) noexcept;
  /// Bytes were there that are no element.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  std::array<Cursor, kMaxDepth> level_;
  std::array<std::uint16_t, kMaxDepth> place_{};
  std::uint8_t depth_ = 0;
  bool broken_ = false;
};

/// What a walk over a data set finds.
struct Shape {
  std::uint32_t values = 0;   ///< without others inside
  std::uint32_t entries = 0;  ///< of the outermost level
  bool sound = true;          ///< each is of a known form
  bool broken = false;        ///< Values::broken()
};
[[nodiscard]] Shape shape_of(Bytes all_data) noexcept;

/// What a message is to those before it.
enum class Status : std::uint8_t { kFirst, kChanged, kRepeated, kRestarted, kReplayed };
[[nodiscard]] std::string_view status_name(Status) noexcept;
[[nodiscard]] bool status_by_name(std::string_view, std::uint64_t& out) noexcept;

/// One message.
struct Message : OtTransaction {
  Direction direction = Direction::kToServer;
  Status status = Status::kFirst;
  Pdu pdu;
  std::uint32_t lost = 0, lost_states = 0;
  std::uint64_t since_previous_ns = 0;  ///< status is not kFirst
  Shape shape;                          ///< of its data set
  /// The encoder's: what it wrote of this data set, which was there before; empty: nothing yet. nullptr: it is new.
  PoolBuffer* encoded = nullptr;
  std::uint8_t changed_count = 0;
  std::array<std::uint16_t, kMaxRecordChanges> changed{};  ///< entries, from 1
  /// Where value_at() stopped: values are asked for one after the other.
  mutable Values walk;
  mutable unsigned walked = 0;
  mutable bool (*walked_for)(const Value&) noexcept = nullptr;
};

/// The n-th of the values that are `wanted`.
[[nodiscard]] bool value_at(const Message&, bool (*wanted)(const Value&) noexcept, unsigned n,
                            Value& out) noexcept;

/// An EtherType says what its frames are: there is nothing to ask of their content.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

void set_operation(Message& m) noexcept;
extern const OtProtocol kOt;

extern const ProtocolSpec kSpec;

}  // namespace picket::goose
