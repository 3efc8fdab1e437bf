// parsers/mms/mms.h — MMS (ISO 9506-2), and IEC 61850-8-1 in it, over TPKT and COTP (parsers/core/cotp.h)
//
//      | session (ISO 8327-1): SI, LI, parameters | presentation (ISO 8823-1): [APPLICATION 1] | PDV: context, data | ...
//         `data` of the association: ACSE (ISO 8650-1), and in it the first MMS PDU; afterwards a PDU each:
//      | a0 confirmed request  | length | 02 invoke id | tag of the service | length | what it asks for |
//      | a1 confirmed response | length | 02 invoke id | tag of the service | length | what comes of it |
//      | a3 unconfirmed        | length | a0 information report | length | variables | a0 values |
//
// In      messages as cotp::Reassembler gives them; PDUs without session and presentation, too, since some have them so
// Out     a Message each; its views point into the input and live no longer. Objects, values and lists are read on demand
// Cost    O(message); no allocation, no state, no recursion
// Limits  kMaxObjects, kMaxValues ... are looked into, the rest counted; a message up to the limit `message-limit`
// Leaves  pairing to mms_parser.h. What proves who somebody is (passwords) is not said. Contexts are not followed: an
//         ACSE PDU has a tag of the application class, an MMS PDU one of the context. Indefinite lengths are malformed.
#pragma once
#include "parsers/core/ber.h"
#include "parsers/core/cotp.h"
#include "parsers/core/ot.h"

namespace picket::mms {

inline constexpr std::size_t kMaxObjects = 64;  ///< variables of a record
inline constexpr std::size_t kMaxValues =
    256;  ///< single values of a record; also names, types, entries of a folder
inline constexpr std::size_t kMaxEntries = 64;  ///< of reports and journals in a record
inline constexpr std::size_t kMaxFew = 16;      ///< of what comes in ones and twos: contexts, capabilities
inline constexpr std::size_t kMaxRaw = 64;      ///< bytes of what is not taken apart, in a record
inline constexpr std::size_t kMaxText = 256;    ///< bytes of one text or octet string in a record
inline constexpr std::size_t kMaxPdus = 64;     ///< in one message of the transport

/// What can be wrong. Each one is a counter and a value of `app-layer-event:mms.<name>`.
enum class Event : std::uint8_t {
  kInvalidTpkt,
  kUnexpectedTpdu,
  kTpduRejected,
  kInvalidSession,
  kInvalidPresentation,
  kInvalidAcse,
  kInvalidPdu,
  kUnknownService,
  kInvalidService,
  kTooDeep,
  kTooMany,
  kTooLarge,
  kUnsolicitedResponse,
  kMismatch,
  kPduRejected,
  kFlooded,
  kNoReply,
  kLostSync,
  kGap,
  kOutOfMemory,
  kCleartextPassword,
  kAborted,
};

/// PDUs of MMS: their tags.
enum class Pdu : std::uint8_t {
  kConfirmedRequest = 0,
  kConfirmedResponse = 1,
  kConfirmedError = 2,
  kUnconfirmed = 3,
  kReject = 4,
  kCancelRequest = 5,
  kCancelResponse = 6,
  kCancelError = 7,
  kInitiateRequest = 8,
  kInitiateResponse = 9,
  kInitiateError = 10,
  kConcludeRequest = 11,
  kConcludeResponse = 12,
  kConcludeError = 13,
  kNone = 0xff,
};
inline constexpr std::uint32_t kMaxPdu = 13;

/// Services: their tags; of unconfirmed ones kUnconfirmedService more.
inline constexpr std::uint16_t kUnconfirmedService = 256, kNoService = 0xffff;
enum class Service : std::uint16_t {
  kStatus = 0,
  kGetNameList = 1,
  kIdentify = 2,
  kRename = 3,
  kRead = 4,
  kWrite = 5,
  kGetVariableAccessAttributes = 6,
  kGetScatteredAccessAttributes = 9,
  kDeleteVariableAccess = 10,
  kDefineNamedVariableList = 11,
  kGetNamedVariableListAttributes = 12,
  kDeleteNamedVariableList = 13,
  kGetNamedTypeAttributes = 15,
  kDeleteNamedType = 16,
  kInitiateDownloadSequence = 26,
  kDownloadSegment = 27,
  kTerminateDownloadSequence = 28,
  kInitiateUploadSequence = 29,
  kUploadSegment = 30,
  kTerminateUploadSequence = 31,
  kRequestDomainDownload = 32,
  kRequestDomainUpload = 33,
  kLoadDomainContent = 34,
  kStoreDomainContent = 35,
  kDeleteDomain = 36,
  kGetDomainAttributes = 37,
  kCreateProgramInvocation = 38,
  kDeleteProgramInvocation = 39,
  kStart = 40,
  kStop = 41,
  kResume = 42,
  kReset = 43,
  kKill = 44,
  kGetProgramInvocationAttributes = 45,
  kObtainFile = 46,
  kReadJournal = 65,
  kWriteJournal = 66,
  kInitializeJournal = 67,
  kReportJournalStatus = 68,
  kCreateJournal = 69,
  kDeleteJournal = 70,
  kFileOpen = 72,
  kFileRead = 73,
  kFileClose = 74,
  kFileRename = 75,
  kFileDelete = 76,
  kFileDirectory = 77,
  kInformationReport = 256,
  kUnsolicitedStatus = 257,
  kEventNotification = 258,
};

/// Session: SPDU identifiers of what is acted on.
enum class Spdu : std::uint8_t {
  kData = 1,  ///< also GIVE TOKENS, which comes before it
  kNotFinished = 8,
  kFinish = 9,
  kDisconnect = 10,
  kRefuse = 12,
  kConnect = 13,
  kAccept = 14,
  kAbort = 25,
  kAbortAccept = 26,
};

/// Bits of Message::problems; each is also an Event.
enum Problem : std::uint8_t {
  kBadPresentation = 1,
  kBadAcse = 2,
  kBadPdu = 4,
  kBadService = 8,
  kDeep = 16,
  kMany = 32,
  kStrangeService = 64,
};

enum class Kind : std::uint8_t { kCotp, kSession, kPdu };

/// How the objects of a message are written.
enum class Form : std::uint8_t {
  kNone,
  kList,        ///< SEQUENCE OF variables: specification, and perhaps an alternate access
  kName,        ///< one ObjectName
  kNames,       ///< SEQUENCE OF ObjectName
  kDefinition,  ///< one ObjectName, and [0] a kList of what it stands for
  kVariable,    ///< one VariableSpecification
};

/// One message and what it means. Integers in host order.
struct Message {
  Kind kind = Kind::kPdu;
  std::uint8_t problems = 0;  ///< bits of Problem
  Spdu spdu{};                ///< kSession
  Pdu pdu = Pdu::kNone;
  bool has_invoke = false;
  Form form = Form::kNone;
  bool variable_list = false;  ///< `objects` names lists of variables
  std::uint8_t acse = 0;       ///< kSession: tag of the ACSE PDU and 1 more; 0: there is none
  std::uint16_t service = kNoService;
  std::uint32_t invoke = 0;
  std::uint32_t object_count = 0, value_count = 0;
  Bytes all;           ///< what has to be kept to read it again: the TPDU, the SPDU, the PDU
  cotp::Tpdu tpdu;     ///< kCotp
  Bytes session;       ///< kSession: parameters of the SPDU
  Bytes presentation;  ///< kSession: content of the normal mode parameters, or of a CPR
  Bytes acse_content;  ///< kSession: of the ACSE PDU
  Bytes content;       ///< of the PDU
  ber::Element body;   ///< of the service
  Bytes objects;       ///< see `form`
  Bytes values;        ///< a run of Data, or of access results

  [[nodiscard]] bool is(Pdu p) const noexcept { return pdu == p; }
  [[nodiscard]] bool is(Service s) const noexcept { return service == static_cast<std::uint16_t>(s); }
  /// That service, asked for or carried out.
  [[nodiscard]] bool asks(Service s) const noexcept { return is(Pdu::kConfirmedRequest) && is(s); }
  [[nodiscard]] bool answers(Service s) const noexcept { return is(Pdu::kConfirmedResponse) && is(s); }
  [[nodiscard]] bool reports() const noexcept {
    return is(Pdu::kUnconfirmed) && is(Service::kInformationReport);
  }
  [[nodiscard]] bool wants_reply() const noexcept;  ///< somebody is to answer it
};

/// What one message of the transport holds: one SPDU of the association, or PDUs.
struct Content {
  bool session_ok = true, presentation_ok = true, too_many = false;
  Bytes spdu;             ///< of the association; else empty
  std::size_t count = 0;  ///< PDUs
  std::array<Bytes, kMaxPdus> pdus;
};
[[nodiscard]] Content take_apart(Bytes message) noexcept;

/// Reads a TPDU without user data, an SPDU of the association, a PDU. Cannot fail: what is wrong is in `problems`.
[[nodiscard]] Message interpret(const cotp::Tpdu&) noexcept;
[[nodiscard]] Message interpret_spdu(Bytes spdu) noexcept;
[[nodiscard]] Message interpret_pdu(Bytes pdu) noexcept;
/// The kind is known, the bytes were moved.
[[nodiscard]] Message interpret_again(Kind, Bytes all) noexcept;

/// Could this flow be MMS? Only its first data tell: until then kUnsure, since others use COTP, too.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;
/// Does a TPKT that carries MMS start here? Asked at each byte where the stream is searched for the next.
[[nodiscard]] Probe frame_starts(Bytes stream) noexcept;

// ── the association (mms_layers.cc) ────────────────────────────────────────────────────────────────────────────

struct Session {
  std::uint8_t version = 0, disconnect = 0, reason = 0;
  bool has_version = false, has_requirements = false, has_disconnect = false, has_reason = false;
  std::uint16_t requirements = 0;
  Bytes calling, called;
  Bytes user_data;
};
/// False: its parameters do not fit together.
[[nodiscard]] bool read_session(Bytes spdu, Spdu& type, Session& out) noexcept;

struct Presentation {
  Bytes calling, called, responding;
  Bytes contexts;  ///< a run of contexts that are asked for
  Bytes results;   ///< of them, in the same order
  std::int64_t provider_reason = -1;
};
void read_presentation(const Message&, Presentation& out) noexcept;

struct Title {
  Bytes oid;  ///< form 2; otherwise empty
  std::int64_t qualifier = 0;
  bool has_qualifier = false;
};
struct Acse {
  Bytes context;
  Title called, calling, responding;
  std::int64_t result = -1, diagnostic = -1, reason = -1, abort_source = -1, abort_diagnostic = -1;
  bool diagnostic_of_provider = false;
  Bytes mechanism;
  bool has_authentication = false;
  std::size_t authentication_length = 0;
  Bytes user_information;  ///< what its EXTERNAL carries
};
/// False: there is none, or it is malformed.
[[nodiscard]] bool read_acse(const Message&, Acse& out) noexcept;
/// It names the mechanism that sends a password as it is, and has one.
[[nodiscard]] bool password_shown(const Acse&) noexcept;

struct Initiate {
  std::int64_t local_detail = -1, max_calling = -1, max_called = -1, nesting = -1, version = -1;
  Bytes parameters, services;  ///< bit strings
};
[[nodiscard]] bool read_initiate(const Message&, Initiate& out) noexcept;

struct ServiceError {
  std::uint32_t error_class = 0;
  std::int64_t code = 0;
  std::int64_t additional = 0;
  bool has_additional = false, has_position = false;
  Bytes description;
  std::uint32_t position = 0;
};
[[nodiscard]] bool read_error(const Message&, ServiceError& out) noexcept;
struct Reject {
  std::uint32_t pdu = 0;
  std::int64_t reason = 0;
};
[[nodiscard]] bool read_reject(const Message&, Reject& out) noexcept;

// ── objects and values (mms_objects.cc) ────────────────────────────────────────────────────────────────────────

enum class Scope : std::uint8_t { kVmd, kDomain, kAssociation, kAddress, kDescription, kUnknown };
[[nodiscard]] std::string_view scope_name(Scope) noexcept;

struct Object {
  Scope scope = Scope::kUnknown;
  Bytes domain, item;
  std::uint64_t address = 0;
  Bytes symbolic_address;
  bool alternate = false;
  Bytes component;
  std::int64_t index = -1, elements = -1;
};
/// Reads the objects of a message one after the other.
class ObjectWalk {
 public:
  ObjectWalk() noexcept = default;
  explicit ObjectWalk(const Message& m) noexcept : in_(m.objects), form_(m.form) {}
  [[nodiscard]] bool next(Object& out) noexcept;
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }

 private:
  Cursor in_;
  Form form_ = Form::kNone;
  bool malformed_ = false;
};
/// The n-th, from the beginning.
[[nodiscard]] bool object_at(const Message&, unsigned n, Object& out) noexcept;

/// A name as IEC 61850-8-1 has it: "XCBR1$CO$Pos$Oper".
struct IecName {
  Bytes node, fc;
  Bytes data;  ///< "Pos$Oper"; may be empty
};
[[nodiscard]] bool split_name(Bytes item, IecName& out) noexcept;
/// "LD0/XCBR1$CO$Pos$Oper": domain, slash, item, or how else it is addressed.
inline constexpr std::size_t kAddressText = 192;
[[nodiscard]] std::size_t write_address(const Object&, std::span<char> room) noexcept;

/// Tags of Data; of access results also kFailure.
enum class Type : std::uint8_t {
  kFailure = 0,
  kArray = 1,
  kStructure = 2,
  kBoolean = 3,
  kBits = 4,
  kInteger = 5,
  kUnsigned = 6,
  kFloat = 7,
  kReal = 8,
  kOctets = 9,
  kText = 10,
  kGeneralizedTime = 11,
  kBinaryTime = 12,
  kBcd = 13,
  kBooleans = 14,
  kOid = 15,
  kMmsString = 16,
  kUtcTime = 17,
};
struct Value {
  Type type{};
  std::uint32_t object = 0;  ///< which of the list
  Bytes content;
};
/// Single values: structures and arrays are gone into. Failures are no values.
class ValueWalk {
 public:
  ValueWalk() noexcept = default;
  explicit ValueWalk(Bytes list) noexcept : walk_(list) {}
  [[nodiscard]] bool next(Value& out) noexcept;
  /// "1.0" of the last value: where in its object; empty when it is the object.
  [[nodiscard]] std::size_t write_path(std::span<char> room) const noexcept;
  [[nodiscard]] bool too_deep() const noexcept { return too_deep_; }
  [[nodiscard]] bool malformed() const noexcept { return walk_.malformed(); }

 private:
  ber::Walker walk_;
  bool too_deep_ = false;
};
/// Floating point of 4 or 8 bytes behind one that says how wide the exponent is.
[[nodiscard]] bool read_float(Bytes content, double& out) noexcept;
/// Milliseconds of the day and days since 1984: ns since 1970. False when it says no day: `ms` is there all the same.
[[nodiscard]] bool read_binary_time(Bytes content, std::uint64_t& ns, std::uint32_t& ms) noexcept;
/// As a rule sees it: a number, or text. Texts of bits stand in `room`.
[[nodiscard]] OtValue as_ot(const Value&, std::span<char> room) noexcept;
inline constexpr std::size_t kMaxBits = 128;  ///< of a bit string that are written
[[nodiscard]] std::size_t write_bits(Bytes content, std::span<char> room) noexcept;
/// How the n-th access result, or the n-th write, ended: -1 success, else the error. False: there is none.
[[nodiscard]] bool result_at(Bytes results, unsigned n, std::int64_t& error) noexcept;

// ── IEC 61850 (mms_iec.cc) ─────────────────────────────────────────────────────────────────────────────────────

enum class Action : std::uint8_t { kNone, kSelect, kSelectWithValue, kOperate, kCancel };
[[nodiscard]] Action control_action(const Object&) noexcept;
[[nodiscard]] std::string_view action_name(Action) noexcept;

struct Control {
  Action action = Action::kNone;
  Object object;
  Value value;
  bool has_value = false, has_origin = false, has_number = false, has_time = false, has_operate_time = false,
       has_test = false, has_check = false, test = false;
  std::int64_t origin = 0;
  Bytes origin_id;
  std::uint64_t number = 0, time_ns = 0, operate_ns = 0;
  Bytes check;
};
/// The first control that a request writes, or selects by reading.
[[nodiscard]] bool read_control(const Message&, Control& out) noexcept;

struct Report {
  Bytes id, options, data_set, entry_id, inclusion;
  std::uint64_t sequence = 0, time_ns = 0, conf_rev = 0, sub_sequence = 0;
  bool has_sequence = false, has_time = false, has_overflow = false, has_conf_rev = false,
       has_segments = false;
  bool overflow = false, more = false;
  std::uint32_t members = 0;          ///< of the data set that are here
  Bytes references, values, reasons;  ///< runs of `members` elements; references and reasons may be empty
};
/// It says that it is a report of IEC 61850.
[[nodiscard]] bool names_report(const Message&) noexcept;
/// False: it is none, or what it has to say is not all there.
[[nodiscard]] bool read_report(const Message&, Report& out) noexcept;

inline constexpr std::string_view kLastErrorName = "LastApplError";
struct LastError {
  Bytes object, origin_id;
  std::int64_t error = 0, origin = 0, add_cause = 0;
  std::uint64_t number = 0;
};
[[nodiscard]] bool read_last_error(const Message&, LastError& out) noexcept;

// ── names (mms_names.cc) ───────────────────────────────────────────────────────────────────────────────────────

[[nodiscard]] std::string_view pdu_name(std::uint32_t) noexcept;  ///< "confirmed request"
[[nodiscard]] std::string_view service_name(
    std::uint32_t) noexcept;  ///< "getNameList"; unconfirmed ones from 256 on
[[nodiscard]] std::string_view supported_service_name(std::uint32_t bit) noexcept;
[[nodiscard]] std::string_view parameter_name(std::uint32_t bit) noexcept;
[[nodiscard]] std::string_view spdu_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view acse_name(std::uint32_t tag) noexcept;
[[nodiscard]] std::string_view associate_result_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view user_diagnostic_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view provider_diagnostic_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view release_reason_name(std::int64_t, bool answer) noexcept;
[[nodiscard]] std::string_view abort_source_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view abort_diagnostic_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view context_result_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view presentation_reason_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view error_class_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view error_code_name(std::uint32_t error_class, std::int64_t) noexcept;
[[nodiscard]] std::string_view rejected_pdu_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view reject_reason_name(std::uint32_t pdu, std::int64_t) noexcept;
[[nodiscard]] std::string_view access_error_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view object_class_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view type_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view logical_status_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view physical_status_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view domain_state_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view program_state_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view delete_scope_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view fc_name(
    std::string_view fc) noexcept;  ///< "status information" of "ST"; "" of none
[[nodiscard]] std::string_view origin_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view control_error_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view add_cause_name(std::int64_t) noexcept;
[[nodiscard]] std::string_view report_option_name(std::uint32_t bit) noexcept;
[[nodiscard]] std::string_view reason_name(std::uint32_t bit) noexcept;
[[nodiscard]] std::string_view syntax_name(std::string_view oid) noexcept;
/// What a file is by its name: "firmware"; "" when that does not tell.
[[nodiscard]] std::string_view file_class(Bytes name) noexcept;
[[nodiscard]] bool pdu_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool service_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool error_class_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool access_error_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool add_cause_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool origin_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool object_class_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool associate_result_by_name(std::string_view, std::uint64_t& out) noexcept;

/// Of a list of names or what asks for one.
struct NameList {
  std::int64_t object_class = -1;
  Scope scope = Scope::kUnknown;
  Bytes domain, continue_after;
  Bytes names;  ///< a run of identifiers
  bool more = true;
};
[[nodiscard]] bool read_name_list(const Message&, NameList& out) noexcept;
struct Identity {
  Bytes vendor, model, revision, syntaxes;
};
[[nodiscard]] bool read_identity(const Message&, Identity& out) noexcept;
/// File names are of several parts; the first one is all of it, as 61850 has it.
[[nodiscard]] Bytes file_name(Bytes parts) noexcept;
/// What a message of the file services, of a domain or of a program says it is about; empty: none.
[[nodiscard]] Bytes file_of(const Message&) noexcept;
[[nodiscard]] Bytes domain_of(const Message&) noexcept;
[[nodiscard]] Bytes program_of(const Message&) noexcept;

// ── transactions ───────────────────────────────────────────────────────────────────────────────────────────────

/// A request and its answer, or one message alone. Either end may ask: a device fetches the segments of a download.
struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept : own(pool) {}

  Direction asked = Direction::kToServer;  ///< where the request goes, or the message that stands alone
  bool has_question = false, has_answer = false;
  bool stale = false;  ///< bytes of the answers' direction were lost since it was asked
  Message question, answer;
  std::uint64_t question_ns = 0, answer_ns = 0;
  /// Where the object and the value that were asked for last stand: the next one is behind them.
  template <class Walk>
  struct Seek {
    const Message* of = nullptr;
    unsigned next = 0;
    bool texts = false;  ///< values: only texts are counted
    Walk walk;
  };
  mutable Seek<ObjectWalk> objects;
  mutable Seek<ValueWalk> values;
  mutable Seek<Cursor> names;
  mutable std::array<char, kAddressText> address_room;
  Exchange *older = nullptr, *newer = nullptr;  ///< the parser's own
  PoolBuffer own;                               ///< the request's bytes, while it waits

  /// What went that way; nullptr when nothing did.
  [[nodiscard]] const Message* side(Direction dir) const noexcept {
    if (dir == asked) return has_question ? &question : nullptr;
    return has_answer ? &answer : nullptr;
  }
};
/// The n-th object of a message of the exchange. Asked for one after the other it costs O(1) each.
[[nodiscard]] bool object_at(const Exchange&, const Message&, unsigned n, Object& out) noexcept;
/// The n-th single value, or text, of a message of the exchange. Likewise.
[[nodiscard]] bool value_at(const Exchange&, const Message&, unsigned n, bool texts, Value& out) noexcept;
/// The run of values that are told of: of a report without what stands before them.
[[nodiscard]] Bytes told_values(const Message&) noexcept;

extern const OtProtocol kOt;
/// The operation of an exchange, from its request if it was seen. Never null.
[[nodiscard]] const OtOperation* operation_of(const Exchange&) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::mms
