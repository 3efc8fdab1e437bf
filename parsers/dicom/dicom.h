// parsers/dicom/dicom.h — DICOM's upper layer (PS3.8 §9.3) and DIMSE (PS3.7 §6.3, §9, §10, Annex E)
//
//      0      1   2        6
//      | type | 0 | length | body: length bytes, big-endian             |   01 A-ASSOCIATE-RQ  02 -AC  03 -RJ
//      | 04   | 0 | length | PDV | PDV ...                              |   05 A-RELEASE-RQ    06 -RP  07 A-ABORT
//
//      PDV     | length: 4 | context: 1 | control: 1 | fragment: length - 2 |   control: 1 of a command, 2 the last one
//      command | group: 2 | element: 2 | length: 4 | value | ...                little-endian, group 0000
//      data    | group: 2 | element: 2 | [VR: 2] | length | value | ...         by the context's transfer syntax
//
// In      bytes of one direction of a TCP stream
// Out     associations, operations with their responses, releases, aborts
// Cost    O(bytes); fragments are not kept but for commands and the first bytes of a data set: an image streams through
// Limits  see dicom_parser.h; a PDU whose PDVs do not fill it is damage, and the next PDU that makes sense is searched for
// Leaves  deflated data sets, what is inside of TLS (that is `tls`), DICOMweb (that is `http`)
#pragma once
#include "parsers/core/ot.h"
#include "parsers/core/patient.h"
#include "parsers/core/protocol.h"

namespace picket::dicom {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:dicom.<name>`.
enum class Event : std::uint8_t {
  kInvalidPduType,
  kInvalidPduLength,
  kInvalidAssociation,
  kInvalidPdv,
  kInvalidCommand,
  kInvalidDataSet,
  kUnknownCommand,
  kUnknownContext,
  kNoAssociation,
  kPduTooLong,
  kCommandTooLarge,
  kUnexpectedDataSet,
  kMissingDataSet,
  kUnsolicitedResponse,
  kMismatch,
  kDuplicateMessageId,
  kRejected,
  kAborted,
  kFlooded,
  kNoReply,
  kLostSync,
  kGap,
  kOutOfMemory,
};

enum class PduType : std::uint8_t {
  kAssociateRq = 1,
  kAssociateAc = 2,
  kAssociateRj = 3,
  kData = 4,
  kReleaseRq = 5,
  kReleaseRp = 6,
  kAbort = 7,
};

inline constexpr std::size_t kPduHeader = 6;
inline constexpr std::size_t kPdvHeader = 6;  ///< of which `length` counts two bytes
inline constexpr std::size_t kFixedAssociate = 68;
inline constexpr std::uint32_t kLongPdu = 1 << 20;  ///< above, one PDV has to fill it
inline constexpr std::size_t kMaxCommand = 131072;  ///< bytes of a command set: above, a length lies

struct PduHeader {
  std::uint8_t type = 0;
  std::uint32_t length = 0;

  [[nodiscard]] bool is(PduType t) const noexcept { return type == static_cast<std::uint8_t>(t); }
};
struct PdvHeader {
  std::uint32_t fragment = 0;  ///< its bytes
  std::uint8_t context = 0, control = 0;

  [[nodiscard]] bool command() const noexcept { return (control & 1) != 0; }
  [[nodiscard]] bool last() const noexcept { return (control & 2) != 0; }
};
/// Reads the first 6 bytes of a PDU; of P-DATA-TF it needs 12, and says no where its first PDV cannot be.
[[nodiscard]] ParseResult parse_pdu(Cursor& in, std::uint64_t length_limit, PduHeader&) noexcept;
/// Reads the 6 bytes before a fragment; `left`: bytes of the PDU from here on.
[[nodiscard]] ParseResult parse_pdv(Cursor& in, std::uint32_t left, PdvHeader&) noexcept;
/// Does a PDU start here, beyond doubt? Asked at each byte where the stream is searched for the next one.
[[nodiscard]] Probe pdu_starts(Bytes stream) noexcept;
/// Could this flow be DICOM? kYes is an association that is asked for, accepted or rejected, or a command.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

// --- associations (PS3.8 §9.3.2 to §9.3.4, Annex D; PS3.7 Annex D)

inline constexpr unsigned kMaxContexts = 128;      ///< odd numbers of one byte
inline constexpr unsigned kMaxSyntaxesTold = 16;   ///< transfer syntaxes of a context, in a record
inline constexpr unsigned kMaxUserItemsTold = 32;  ///< roles, and extended negotiations, in a record

/// | type | 0 | length: 2 | value |: items and the items in them.
struct Item {
  std::uint8_t type = 0;
  Bytes value;
};
/// False at the end, and where the rest is none: then the cursor has failed.
[[nodiscard]] bool next_item(Cursor& in, Item&) noexcept;

struct Associate {
  std::uint16_t version = 0;
  Bytes called, calling;  ///< without padding
  Bytes items;
};
/// The body of A-ASSOCIATE-RQ or -AC. False: it is too short.
[[nodiscard]] bool read_associate(Bytes body, Associate&) noexcept;
/// Are all items of it, and those in them, where their lengths say?
[[nodiscard]] bool items_fit(Bytes items) noexcept;

struct Context {
  std::uint8_t id = 0, result = 0;
  bool answer = false;  ///< of an -AC: `result` is there
  Bytes abstract;       ///< of an -RQ
  Bytes syntaxes;       ///< items of type 0x40
};
[[nodiscard]] bool read_context(const Item&, Context&) noexcept;
/// The n-th transfer syntax; false when there is none.
[[nodiscard]] bool syntax_at(const Context&, unsigned n, Bytes& uid) noexcept;
/// The n-th presentation context of an associate.
[[nodiscard]] bool context_at(Bytes items, unsigned n, Context&) noexcept;

struct Identity {
  std::uint8_t type = 0;  ///< 1 user name, 2 with a passcode, 3 Kerberos, 4 SAML, 5 JWT
  bool response = false;
  Bytes name;  ///< of type 1 and 2; nothing else of it is ever kept
};
/// What user information says once.
struct User {
  std::uint32_t max_pdu = 0;
  std::uint16_t invoked = 0, performed = 0;
  bool has_max_pdu = false, has_window = false, has_identity = false, identity_answered = false;
  Bytes implementation, version;
  Identity identity;
  Bytes items;  ///< all of them: roles and extended negotiations stand there
};
[[nodiscard]] bool read_user(Bytes items, User&) noexcept;

struct Role {
  Bytes sop_class;
  bool user = false, provider = false;
};
[[nodiscard]] bool read_role(const Item&, Role&) noexcept;
struct Extended {
  Bytes sop_class, service_class, information;
  bool common = false;
};
[[nodiscard]] bool read_extended(const Item&, Extended&) noexcept;

// --- commands (PS3.7 §9.3, §10.3, Annex E)

enum class Operation : std::uint16_t {
  kStore = 0x0001,
  kGet = 0x0010,
  kFind = 0x0020,
  kMove = 0x0021,
  kEcho = 0x0030,
  kEventReport = 0x0100,
  kNGet = 0x0110,
  kNSet = 0x0120,
  kNAction = 0x0130,
  kNCreate = 0x0140,
  kNDelete = 0x0150,
  kCancel = 0x0fff,
};
inline constexpr std::uint16_t kResponse = 0x8000;
inline constexpr std::uint16_t kNoDataSet = 0x0101;

/// What a command has; bits of Command::has.
enum Has : std::uint32_t {
  kHasField = 1,
  kHasMessageId = 2,
  kHasResponded = 4,
  kHasPriority = 8,
  kHasStatus = 16,
  kHasEventType = 32,
  kHasActionType = 64,
  kHasErrorId = 128,
  kHasRemaining = 256,
  kHasCompleted = 512,
  kHasFailed = 1024,
  kHasWarning = 2048,
  kHasOriginatorId = 4096,
  kHasDataSetType = 8192,
};

struct Command {
  Bytes bytes;  ///< all of it
  std::uint32_t has = 0;
  std::uint16_t field = 0, message_id = 0, responded = 0, priority = 0, data_set_type = kNoDataSet;
  std::uint16_t status = 0, event_type = 0, action_type = 0, error_id = 0;
  std::uint16_t remaining = 0, completed = 0, failed = 0, warning = 0, originator_id = 0;
  Bytes sop_class, sop_instance;  ///< affected or requested
  Bytes destination, originator, comment;
  Bytes offending, attributes;  ///< tags: 4 bytes each, little-endian group and element

  [[nodiscard]] bool is_response() const noexcept { return (field & kResponse) != 0; }
  [[nodiscard]] bool does(Operation o) const noexcept {
    return (field & ~kResponse) == static_cast<std::uint16_t>(o);
  }
  [[nodiscard]] bool has_data_set() const noexcept { return data_set_type != kNoDataSet; }
  [[nodiscard]] bool pending() const noexcept { return (status & 0xff00) == 0xff00; }
};
/// False: it is no command set, or not all there; what could be read stands in it.
[[nodiscard]] bool interpret(Bytes set, Command&) noexcept;
/// The n-th of offending, attributes.
[[nodiscard]] bool tag_at(Bytes tags, unsigned n, std::uint32_t& tag) noexcept;
inline constexpr unsigned kMaxTagsTold = 32;

enum class StatusKind : std::uint8_t { kSuccess, kPending, kCancel, kWarning, kFailure };
[[nodiscard]] StatusKind status_kind(std::uint16_t) noexcept;

// --- data sets (PS3.5 §7)

enum class Encoding : std::uint8_t { kUnknown, kImplicitLittle, kExplicitLittle, kExplicitBig, kDeflated };

struct Element {
  std::uint32_t tag = 0;
  unsigned depth = 0;  ///< sequences around it
  bool sequence = false;
  bool cut = false;  ///< the bytes at hand end before the value does
  Bytes value;       ///< empty of a sequence: its elements follow
};
/// Elements one after the other, those in sequences too; the pixels end it.
class ElementReader {
 public:
  static constexpr unsigned kMaxDepth = 8;
  ElementReader(Bytes set, Encoding) noexcept;
  [[nodiscard]] bool next(Element&) noexcept;
  /// It ended at something that is no element.
  [[nodiscard]] bool wrong() const noexcept { return wrong_; }

 private:
  [[nodiscard]] std::uint16_t u16() noexcept { return big_ ? in_.u16be() : in_.u16le(); }
  [[nodiscard]] std::uint32_t u32() noexcept { return big_ ? in_.u32be() : in_.u32le(); }
  bool stop(bool wrong) noexcept;

  Cursor in_;
  std::array<std::size_t, kMaxDepth> ends_{};
  unsigned depth_ = 0;
  bool big_ = false, explicit_ = false, wrong_ = false, over_ = false;
};

/// Elements that are kept: of what makes the set, and of the device.
enum class Attribute : std::uint8_t {
  kLevel,
  kModality,
  kManufacturer,
  kModel,
  kStation,
  kSerial,
  kSoftware,
  kInstitution,
  kSopClass,
  kSopInstance,
  kStudy,
  kSeries,
  kRetrieveAe,
  kStationAe,
  kScheduledAe,
};
inline constexpr std::size_t kAttributes = 15;
inline constexpr unsigned kMaxKeysTold = 32, kMaxPatientFieldsTold = 16;

struct DataSet {
  std::uint64_t bytes = 0;    ///< with those that gaps hid
  std::uint64_t missing = 0;  ///< that gaps hid
  Bytes head;                 ///< its first bytes, borrowed
  Encoding encoding{};
  bool there = false, truncated = false, wrong = false;
  std::array<Bytes, kAttributes> values{};  ///< without padding
  std::uint32_t elements = 0, keys = 0;     ///< of the head; keys have a value

  [[nodiscard]] Bytes value(Attribute a) const noexcept { return values[static_cast<std::size_t>(a)]; }
};
/// Fills in what the head says.
void read_head(DataSet&) noexcept;
/// Of an element that restricts a query: not of level, character set, identification of the set.
[[nodiscard]] bool is_key(const Element&) noexcept;
/// Its name where it identifies a patient; else "".
[[nodiscard]] std::string_view patient_field(std::uint32_t tag) noexcept;

// --- transactions

enum class Kind : std::uint8_t { kAssociate, kOperation, kRelease, kAbort };
inline constexpr unsigned kMaxResults = 32;  ///< data sets of pending responses that rules see

struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept
      : question_bytes(pool), answer_bytes(pool), question_head(pool), answer_head(pool) {}

  Kind kind{};
  Direction asked{};  ///< where the request went, or the message that stands alone
  bool has_question = false, has_answer = false;
  bool cancelled = false;
  bool answer_complete = false;  ///< with its data set, if it has one
  std::uint8_t context = 0;
  std::uint8_t syntax = 0;  ///< place in the table of transfer syntaxes, from 1; 0: not known
  std::uint8_t answer_pdu = 0;
  std::uint32_t pending = 0;
  Command question, answer;
  DataSet question_data, answer_data;                ///< the last response's; of several matches the first
  std::array<std::uint32_t, kMaxResults> results{};  ///< where each ends in answer_head
  unsigned result_count = 0;
  PoolBuffer question_bytes, answer_bytes;  ///< commands, or bodies of PDUs
  PoolBuffer question_head, answer_head;    ///< first bytes of data sets
  std::uint64_t question_ns = 0, answer_ns = 0;
  const PatientPolicy* patient = nullptr;
  // The parser's own.
  Exchange *older = nullptr, *newer = nullptr;
  std::uint64_t touched_ns = 0;
  File* file = nullptr;
  std::array<bool, 2> told{};

  /// The command that went that way; nullptr: none.
  [[nodiscard]] const Command* command(Direction) const noexcept;
  [[nodiscard]] const DataSet* data(Direction) const noexcept;
  /// The body of A-ASSOCIATE-RQ, -AC or -RJ, or of A-ABORT, that went that way; empty: none.
  [[nodiscard]] Bytes body(Direction) const noexcept;
};
/// Data sets that went that way, one after the other.
[[nodiscard]] bool data_set_at(const Exchange&, Direction, unsigned n, Bytes& out) noexcept;

[[nodiscard]] const OtOperation* operation_of(const Exchange&) noexcept;
extern const OtProtocol kOt;

// Names; "" when there is none.
[[nodiscard]] std::string_view uid_name(Bytes uid) noexcept;  ///< SOP classes, transfer syntaxes, contexts
[[nodiscard]] std::uint8_t syntax_number(
    Bytes uid) noexcept;  ///< place in the table, from 1; of others kOtherSyntax
inline constexpr std::uint8_t kOtherSyntax = 0xff;
[[nodiscard]] std::string_view syntax_uid(std::uint8_t number) noexcept;
[[nodiscard]] std::string_view syntax_name(std::uint8_t number) noexcept;
[[nodiscard]] Encoding syntax_encoding(std::uint8_t number) noexcept;
[[nodiscard]] std::string_view command_name(std::uint16_t field) noexcept;
[[nodiscard]] std::string_view status_name(std::uint16_t status, const Command* request) noexcept;
[[nodiscard]] std::string_view priority_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view context_result_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view reject_result_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view reject_source_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view reject_reason_name(std::uint8_t source, std::uint8_t reason) noexcept;
[[nodiscard]] std::string_view abort_source_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view abort_reason_name(std::uint8_t source, std::uint8_t reason) noexcept;
[[nodiscard]] std::string_view identity_name(std::uint8_t type) noexcept;
[[nodiscard]] std::string_view tag_name(std::uint32_t) noexcept;
bool command_by_name(std::string_view, std::uint64_t& out) noexcept;  ///< "C-STORE-RQ"
bool priority_by_name(std::string_view, std::uint64_t& out) noexcept;
bool status_by_name(std::string_view, std::uint64_t& out) noexcept;
bool context_result_by_name(std::string_view, std::uint64_t& out) noexcept;
bool identity_by_name(std::string_view, std::uint64_t& out) noexcept;

/// Without the blanks and zeros that fill it up.
[[nodiscard]] Bytes unpadded(Bytes) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::dicom
