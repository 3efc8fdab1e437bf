// parsers/hl7/hl7.h — HL7 version 2 (HL7 v2.9 chapter 2) over MLLP (HL7 Transport Specification: MLLP, releases 1 and 2)
//
//      | VT 0b | MSH|^~\&|... CR segment CR segment CR | FS 1c | CR 0d |
//
//      segment  NAM | field | field ~ repetition | component ^ component & part | ... CR
//               MSH-1 is the separator behind "MSH", MSH-2 the four (or five) characters behind it: ^ ~ \ & #
//      release 2 answers a block with | VT | 06 or 15 | FS | CR |
//
// In      bytes of one direction of a TCP stream
// Out     messages, and the acknowledgements that answer them
// Cost    O(bytes): what is kept of a message (message-limit) is copied once; nothing waits in the engine
// Limits  see hl7_parser.h; what is behind message-limit of a message is counted, and its segments too
// Leaves  minimal framing by a line protocol, HL7 v3, FHIR; what is inside of TLS (that is `tls`)
#pragma once
#include "parsers/core/ot.h"
#include "parsers/core/patient.h"
#include "parsers/core/protocol.h"

namespace picket::hl7 {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:hl7.<name>`.
enum class Event : std::uint8_t {
  kMissingStart,
  kMissingEnd,
  kMissingCr,
  kStrayBytes,
  kEmptyBlock,
  kInvalidHeader,
  kInvalidSegment,
  kWrongSegmentEnd,
  kMessageTooLarge,
  kTooManySegments,
  kMissingControlId,
  kDuplicateControlId,
  kUnknownAcknowledgement,
  kNegativeAcknowledgement,
  kUnsolicitedAcknowledgement,
  kIncomplete,
  kFlooded,
  kNoAcknowledgement,
  kGap,
  kOutOfMemory,
};

inline constexpr std::uint8_t kVt = 0x0b, kFs = 0x1c, kCr = 0x0d, kLf = 0x0a;
inline constexpr std::uint8_t kAck = 0x06, kNak = 0x15;
inline constexpr unsigned kMaxSegmentNames = 48;  ///< different ones of a message that are told apart
inline constexpr unsigned kMaxTold = 32;  ///< orders, observations, errors ... of a message, in a record

/// What separates: MSH-1 and MSH-2. 0: there is none.
struct Separators {
  std::uint8_t field = '|', component = '^', repetition = '~', escape = '\\', part = '&';

  [[nodiscard]] bool usual() const noexcept {
    return field == '|' && component == '^' && repetition == '~' && escape == '\\' && part == '&';
  }
};
/// From the beginning of a header segment: "MSH|^~\&|". False: it is none.
[[nodiscard]] bool read_separators(Bytes header, Separators&) noexcept;

struct Segment {
  Bytes name;  ///< three characters, or what stands in their place
  Bytes line;  ///< all of it, without its end
};
/// The next segment; skips empty lines. False at the end.
[[nodiscard]] bool next_segment(Cursor& in, Segment&) noexcept;
/// Field `n` as the standard counts: of MSH, FHS and BHS the separator is field 1. Empty: not there.
[[nodiscard]] Bytes field(const Segment&, const Separators&, unsigned n) noexcept;
/// The n-th repetition of a field, from 0; false when there is none.
[[nodiscard]] bool repetition(Bytes field, const Separators&, unsigned n, Bytes& out) noexcept;
/// Component `n` from 1, of the first repetition.
[[nodiscard]] Bytes component(Bytes field, const Separators&, unsigned n) noexcept;
/// With escapes resolved (§2.7): \F\ \S\ \T\ \R\ \E\ \P\ \Xdd..\; others stay. Cut to what fits.
[[nodiscard]] Bytes unescape(Bytes, const Separators&, std::span<char> room) noexcept;

struct NameCount {
  std::array<std::uint8_t, 3> name{};
  std::uint32_t count = 0;
};

/// A message: what MLLP framed.
struct Message {
  explicit Message(Pool& pool) noexcept : kept(pool) {}

  PoolBuffer kept;          ///< its first bytes
  std::uint64_t bytes = 0;  ///< of all of it
  Separators separators;
  Segment header;  ///< MSH of the (first) message; borrowed from `kept`
  Bytes id;        ///< MSH-10, likewise
  bool there = false, has_header = false, batch = false;
  bool truncated = false;  ///< more bytes than message-limit
  std::array<NameCount, kMaxSegmentNames> names{};
  unsigned name_count = 0;
  std::uint32_t segments = 0, messages = 0;  ///< messages: MSH segments
  /// Where the last look for the n-th segment of a kind ended: they are asked for one after the other.
  struct Seek {
    const void* kind = nullptr;
    unsigned found = 0;
    std::size_t at = 0;
  };
  mutable Seek seek;

  [[nodiscard]] Bytes msh(unsigned n) const noexcept {
    return has_header ? field(header, separators, n) : Bytes{};
  }
  [[nodiscard]] Bytes type() const noexcept { return component(msh(9), separators, 1); }
  [[nodiscard]] Bytes trigger() const noexcept { return component(msh(9), separators, 2); }
  /// Of what waits it is held against each message that comes.
  [[nodiscard]] Bytes control_id() const noexcept { return id; }
};
/// The n-th segment with that name among those that are kept.
[[nodiscard]] bool segment_at(const Message&, std::string_view name, unsigned n, Segment&) noexcept;

/// The n-th segment that `fits`; `kind` tells one such question from another.
template <class Fits>
bool find_segment(const Message& m, const void* kind, unsigned n, Segment& out, Fits&& fits) noexcept {
  if (!m.there) return false;
  Message::Seek seek = m.seek.kind == kind && m.seek.found <= n ? m.seek : Message::Seek{kind, 0, 0};
  Cursor c(m.kept.view().subspan(seek.at));
  const std::size_t from = seek.at;
  while (next_segment(c, out)) {
    seek.at = from + c.offset();
    if (!fits(out)) continue;
    if (seek.found++ == n) return m.seek = seek, true;
  }
  return false;
}

/// MSA: what a message answers.
struct Acknowledgement {
  Bytes code, control_id;
};
[[nodiscard]] bool read_acknowledgement(const Message&, Acknowledgement&) noexcept;
/// A negative one: it was not done.
[[nodiscard]] bool refuses(Bytes code) noexcept;

/// Segments that are about an order, and where they say which.
struct OrderFields {
  std::string_view segment;
  std::uint8_t control, placer, filler, status, service, result;  ///< numbers of fields; 0: it has none
};
/// The fields of a segment about an order; nullptr: it is about none.
[[nodiscard]] const OrderFields* order_fields(Bytes segment_name) noexcept;

/// A message with its acknowledgement.
struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept : question(pool), answer(pool) {}

  Direction asked{};  ///< where the request went, or the message that stands alone
  bool has_question = false, has_answer = false;
  std::array<std::uint8_t, 2> commit{};  ///< "CA" ...; or kAck, kNak and 0
  Message question, answer;
  std::uint64_t question_ns = 0, answer_ns = 0;
  const PatientPolicy* patient = nullptr;
  // The parser's own.
  Exchange *older = nullptr, *newer = nullptr;
  std::array<bool, 2> told{};

  /// The message that went that way; nullptr: none.
  [[nodiscard]] const Message* side(Direction) const noexcept;
};

[[nodiscard]] const OtOperation* operation_of(const Message&) noexcept;
extern const OtProtocol kOt;

/// Could this flow be HL7? kYes is a block, or its content without the frame, that begins with MSH, FHS or BHS.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

// Names; "" when there is none.
[[nodiscard]] std::string_view type_name(Bytes type) noexcept;             ///< "unsolicited observation"
[[nodiscard]] std::string_view acknowledgement_name(Bytes code) noexcept;  ///< "application accept"
[[nodiscard]] std::string_view error_name(Bytes code) noexcept;            ///< of table 0357
[[nodiscard]] std::string_view order_control_name(Bytes code) noexcept;    ///< of table 0119
[[nodiscard]] std::string_view result_status_name(Bytes code) noexcept;    ///< of tables 0085 and 0123
[[nodiscard]] std::string_view patient_class_name(Bytes code) noexcept;    ///< of table 0004
/// "20261122104517.123+0100" as "2026-11-22T10:45:17.123+01:00"; empty when it is no time.
[[nodiscard]] std::string_view time_text(Bytes, std::span<char, 40> room) noexcept;

struct PatientField {
  std::string_view segment;
  std::uint8_t field;
  std::uint8_t component;  ///< 0: all of it
  std::string_view name;   ///< "PID-3"
};
/// What names a patient or somebody near, or leads to one.
[[nodiscard]] std::span<const PatientField> patient_fields() noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::hl7
