// parsers/s7comm/s7comm.h — S7 communication of SIMATIC controllers, over TPKT and COTP (parsers/core/cotp.h)
//
//      0    1        2      4           6              8             10      11
//      | 32 | ROSCTR | 0000 | reference | param length | data length | class | code | parameters | data |
//                                                                     `- of ack and ack-data only -'
//      | 72 | version | length | data: length bytes | 72 | version | 0000 |         S7comm-plus
//
// No standard is published. Facts are those that libraries and manuals tell: Snap7's documentation, Siemens'
// "System Software for S7-300/400, System and Standard Functions" (system status lists, error codes).
//
// In      messages as cotp::Reassembler gives them
// Out     a Message; its views point into the input and live no longer. Items, values and lists are read on demand
// Cost    O(message); no allocation, no state
// Limits  kMaxItems items are looked into, the rest counted; a message up to the limit `message-limit`
// Leaves  pairing to s7comm_parser.h. What passwords are is not said, though they are easily read. Of S7comm-plus
//         the header is read, and the controller's identity; of what NC and drive items address, no more than that
//         they do.
#pragma once
#include "parsers/core/cotp.h"
#include "parsers/core/ot.h"

namespace picket::s7comm {

inline constexpr std::uint8_t kProtocolId = 0x32, kPlusId = 0x72;
inline constexpr std::size_t kMaxItems = 64;
inline constexpr std::size_t kMaxNumbers = 128;  ///< of one value in a record
inline constexpr std::size_t kMaxEntries = 256;  ///< of a list in a record
inline constexpr std::size_t kMaxRaw = 64;       ///< bytes of what is not taken apart, in a record
inline constexpr std::size_t kHeaderSize = 10;

/// What can be wrong. Each one is a counter and a value of `app-layer-event:s7comm.<name>`.
enum class Event : std::uint8_t {
  kInvalidTpkt,
  kUnexpectedTpdu,
  kTpduRejected,
  kUnknownProtocol,
  kInvalidHeader,
  kInvalidLength,
  kInvalidItem,
  kInvalidData,
  kTooManyItems,
  kTooLarge,
  kUnsolicitedResponse,
  kMismatch,
  kFlooded,
  kNoReply,
  kLostSync,
  kGap,
  kOutOfMemory,
  kEncrypted,
};

enum class Rosctr : std::uint8_t { kJob = 1, kAck = 2, kAckData = 3, kUserdata = 7 };

/// Functions of jobs.
enum class Function : std::uint8_t {
  kCpuServices = 0x00,
  kReadVar = 0x04,
  kWriteVar = 0x05,
  kRequestDownload = 0x1a,
  kDownloadBlock = 0x1b,
  kDownloadEnded = 0x1c,
  kStartUpload = 0x1d,
  kUpload = 0x1e,
  kEndUpload = 0x1f,
  kPiService = 0x28,
  kPlcStop = 0x29,
  kSetup = 0xf0,
};

/// Function groups of userdata.
enum class Group : std::uint8_t {
  kModeTransition = 0,
  kProgrammer = 1,
  kCyclic = 2,
  kBlock = 3,
  kCpu = 4,
  kSecurity = 5,
  kPbc = 6,
  kTime = 7,
  kNc = 15,
};

enum class UserdataType : std::uint8_t { kPush = 0, kRequest = 4, kResponse = 8 };

/// Operations of S7comm-plus.
enum class Opcode : std::uint8_t {
  kRequest = 0x31,
  kResponse = 0x32,
  kNotification = 0x33,
  kResponse2 = 0x02
};

/// Bits of Message::problems; each is also an Event.
enum Problem : std::uint8_t { kBadLength = 1, kBadItem = 2, kBadData = 4, kManyItems = 8 };

enum class Kind : std::uint8_t { kCotp, kS7, kPlus };

/// What stands where in a list of items; the first kMaxItems of them.
struct Places {
  std::uint16_t count = 0;                  ///< as the message says
  std::uint8_t kept = 0;                    ///< of them, those that are there and looked into
  std::array<std::uint16_t, kMaxItems> at;  ///< offsets into the list's bytes
};

/// One message and what it means. Integers in host order.
struct Message {
  Kind kind = Kind::kS7;
  std::uint8_t problems = 0;  ///< bits of Problem
  Bytes all;                  ///< of kCotp: the TPDU

  cotp::Tpdu tpdu;  ///< kCotp

  // kS7
  std::uint8_t rosctr = 0, error_class = 0, error_code = 0;
  std::uint8_t function = 0;  ///< of jobs and their answers
  std::uint16_t redundancy = 0, reference = 0;
  Bytes param, data;

  // of userdata
  std::uint8_t type = 0, group = 0, subfunction = 0, sequence = 0, unit = 0;
  bool last = true;  ///< no more data units follow
  std::uint8_t return_code = 0, transport = 0;
  std::uint16_t param_error = 0;  ///< of a response
  std::uint32_t units = 0;        ///< of a list in several data units: which one this is
  Bytes payload;                  ///< of all data units, in the last one

  Places items, values;  ///< what is addressed; what is read, written or answered
  Bytes item_bytes, value_bytes;

  // kPlus
  std::uint8_t version = 0, opcode = 0;
  bool continued = false, more = false;  ///< begins, ends in the midst of a message
  std::uint16_t plus_function = 0, plus_sequence = 0;
  std::uint32_t session = 0;
  Bytes identity;  ///< "1;6ES7 212-1BE31-0XB0 ;V3.0"

  [[nodiscard]] bool is(Function f) const noexcept {
    return kind == Kind::kS7 && rosctr != static_cast<std::uint8_t>(Rosctr::kUserdata) &&
           function == static_cast<std::uint8_t>(f);
  }
  [[nodiscard]] bool is(Rosctr r) const noexcept {
    return kind == Kind::kS7 && rosctr == static_cast<std::uint8_t>(r);
  }
  [[nodiscard]] bool is(Group g, std::uint8_t sub) const noexcept {
    return is(Rosctr::kUserdata) && group == static_cast<std::uint8_t>(g) && subfunction == sub;
  }
  /// Of userdata, without who of NC it is: low bits mark these.
  [[nodiscard]] UserdataType userdata_type() const noexcept { return static_cast<UserdataType>(type & 0x0c); }
  [[nodiscard]] bool asks() const noexcept;  ///< somebody is to answer it
};

/// Reads a message of S7 or S7comm-plus. False when it is neither, or too short to say what it is; whatever else is
/// wrong is in `problems`. `continued`: it goes on with the message of S7comm-plus before it.
[[nodiscard]] bool interpret(Bytes all, bool continued, Message& out) noexcept;
/// The same of a TPDU without user data; cannot fail, since a Tpdu was read.
[[nodiscard]] Message interpret(const cotp::Tpdu&) noexcept;
/// Looks into the payload of userdata once more, after its data units were put together.
void read_payload(Message&) noexcept;

/// Could this flow be S7? Only its first data tell: until then kUnsure, since others use COTP, too.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;
/// Does a TPKT that carries S7 start here? Asked at each byte where the stream is searched for the next.
[[nodiscard]] Probe frame_starts(Bytes stream) noexcept;

/// The return code of an item that was read or written as asked for.
inline constexpr std::uint8_t kItemDone = 0xff;

// ── what is addressed, and what it is worth (s7comm_items.cc) ──────────────────────────────────────────────────

enum class Syntax : std::uint8_t {
  kAny = 0x10,
  kNck = 0x82,
  kDrive = 0xa2,
  kDbRead = 0xb0,
  kSymbolic = 0xb2
};

enum class Area : std::uint8_t {
  kCounter = 0x1c,
  kTimer = 0x1d,
  kPeripheral = 0x80,
  kInput = 0x81,
  kOutput = 0x82,
  kFlag = 0x83,
  kDb = 0x84,
  kInstanceDb = 0x85,
  kLocal = 0x86,
};

/// Types of variables.
enum class Type : std::uint8_t {
  kBit = 1,
  kByte = 2,
  kChar = 3,
  kWord = 4,
  kInt = 5,
  kDword = 6,
  kDint = 7,
  kReal = 8,
  kDate = 9,
  kTimeOfDay = 10,
  kTime = 11,
  kS5Time = 12,
  kDateAndTime = 15,
  kCounter = 28,
  kTimer = 29,
};

struct Item {
  std::uint8_t syntax = 0;  ///< a Syntax; others are not read
  bool known = false;       ///< the following are there
  std::uint8_t type = 0;    ///< a Type; 0 where the item does not say
  std::uint8_t area = 0;
  std::uint16_t count = 0, db = 0;
  std::uint32_t byte = 0;  ///< or the number of a counter or timer
  std::uint8_t bit = 0;
  std::uint16_t symbol_area = 0;  ///< kSymbolic: 0x8a0e a DB, else one of the areas in `area`
  std::uint32_t symbol_crc = 0;   ///< kSymbolic
  Bytes rest;  ///< kSymbolic: the path, four bytes a step; kDbRead: further areas, five bytes each
};

/// What one item reads, or is to be.
struct Value {
  std::uint8_t return_code = 0, transport = 0;
  Bytes data;
};

/// The n-th of what is kept.
[[nodiscard]] Item item_at(const Message&, std::size_t n) noexcept;
[[nodiscard]] Value value_at(const Message&, std::size_t n) noexcept;
/// Of several numbers or one text: how many, and the k-th. `item` says the type where it is known, else nullptr.
[[nodiscard]] std::size_t element_count(const Value&, const Item* item) noexcept;
[[nodiscard]] bool element(const Value&, const Item* item, std::size_t k, OtValue& out) noexcept;
/// Bytes that a value of a type takes; 0: bits or unknown.
[[nodiscard]] unsigned type_size(std::uint8_t type) noexcept;
/// "DB1.DBX2.0", "MW100", "P#DB1.DBX10.0 BYTE 4": at most `room`.
[[nodiscard]] std::size_t write_address(const Item&, std::span<char> room) noexcept;
/// The n-th variable that a test function watches, modifies or forces; false when there is none.
[[nodiscard]] bool test_item(const Message&, std::size_t n, Item& out) noexcept;
/// Where items, or values, begin in a list of `count`; what is wrong is or-ed to `problems`.
void find_items(Bytes list, unsigned count, Places& places, std::uint8_t& problems) noexcept;
void find_values(Bytes list, unsigned count, Places& places, std::uint8_t& problems) noexcept;

// ── blocks and services of the program (s7comm_program.cc) ─────────────────────────────────────────────────────

/// A block's name as jobs have it: "_0A00001P" is DB1 in the passive file system.
struct BlockName {
  std::string_view type;  ///< "DB"; "" when unknown
  std::uint32_t number = 0;
  char file_system = 0;  ///< 'P' passive, 'A' active, 'B' both
  Bytes raw;
};
[[nodiscard]] bool parse_block_name(Bytes raw, BlockName& out) noexcept;
/// "DB1"; the name as it is where it is no block's.
[[nodiscard]] std::size_t block_text(Bytes raw, std::span<char> room) noexcept;
[[nodiscard]] std::string_view block_type_name(std::uint8_t type) noexcept;  ///< 'A' or 0x0a: "DB"

/// What jobs of upload and download say.
struct BlockJob {
  std::uint8_t status = 0;
  std::uint32_t session = 0;       ///< upload id
  Bytes file;                      ///< block's name as sent; may be empty
  Bytes length;                    ///< StartUpload's answer: length, in digits
  Bytes load_length, code_length;  ///< RequestDownload: digits
  std::uint16_t error = 0;
  Bytes content;  ///< of the block
  bool more = false;
};
[[nodiscard]] bool read_block_job(const Message&, BlockJob& out) noexcept;

/// A block's own header, of 36 bytes, and where it is asked for what its end says; the end may be missing.
struct BlockInfo {
  std::uint8_t language = 0, type = 0, version = 0;
  std::uint16_t number = 0, local_data = 0, code = 0, checksum = 0;
  std::uint32_t load = 0;
  bool protected_ = false;
  std::uint64_t code_ns = 0, interface_ns = 0;  ///< since 1970
  Bytes author, family, name;
};
[[nodiscard]] bool read_block_info(Bytes, BlockInfo& out) noexcept;

/// A system status list: its request, or its header and what comes behind. False where there is none, as in all data
/// units between the first and the last.
struct Szl {
  std::uint16_t id = 0, index = 0;
  std::uint16_t size = 0, count = 0;  ///< of an entry in bytes; of entries
  Bytes entries;
};
[[nodiscard]] bool read_szl(const Message&, Szl& out) noexcept;

inline constexpr std::size_t kPiName = 8;  ///< of a block in _INSE and _DELE: type, number, file system
struct PiService {
  Bytes name;           ///< "P_PROGRAM", "_INSE"
  Bytes argument;       ///< as sent
  unsigned blocks = 0;  ///< _INSE, _DELE: names of kPiName bytes each in `block_names`
  Bytes block_names;
};
[[nodiscard]] bool read_pi_service(const Message&, PiService& out) noexcept;

// ── names (s7comm_names.cc) ────────────────────────────────────────────────────────────────────────────────────

[[nodiscard]] std::string_view rosctr_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view function_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view group_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view subfunction_name(std::uint8_t group, std::uint8_t sub) noexcept;
[[nodiscard]] std::string_view userdata_type_name(UserdataType) noexcept;
[[nodiscard]] std::string_view error_class_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view error_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view return_code_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view transport_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view area_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view type_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view syntax_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view language_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view szl_name(std::uint16_t id) noexcept;
[[nodiscard]] std::string_view component_name(std::uint16_t index) noexcept;  ///< of list 0x1c
[[nodiscard]] std::string_view module_name(std::uint16_t index) noexcept;     ///< of list 0x11
[[nodiscard]] std::string_view led_name(std::uint8_t id) noexcept;
[[nodiscard]] std::string_view mode_name(std::uint8_t mode) noexcept;  ///< of list 0x24: low half of the byte
[[nodiscard]] std::string_view switch_name(std::uint16_t mode) noexcept;  ///< of list 0x32: mode selector
[[nodiscard]] std::string_view transition_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view plus_function_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view opcode_name(std::uint8_t) noexcept;
[[nodiscard]] bool rosctr_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool function_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool group_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool area_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool return_code_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool plus_function_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool opcode_by_name(std::string_view, std::uint64_t& out) noexcept;

// ── transactions ───────────────────────────────────────────────────────────────────────────────────────────────

/// A request and its answer, or one message alone. Either end may ask: a controller fetches the blocks of a download.
struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept : own(pool) {}

  Direction asked = Direction::kToServer;  ///< where the request goes, or the message that stands alone
  bool has_question = false, has_answer = false;
  bool stale = false;  ///< bytes of the answers' direction were lost since it was asked
  Message question, answer;
  std::uint64_t question_ns = 0, answer_ns = 0;
  /// Where the value that was asked for last stands: `first` is the number of the first value of `item`.
  struct Seek {
    const Message* of = nullptr;
    std::size_t item = 0;
    unsigned first = 0;
  };
  mutable Seek seek;
  Exchange *older = nullptr, *newer = nullptr;  ///< the parser's own
  PoolBuffer own;                               ///< the request's bytes, while it waits

  /// What went that way; nullptr when nothing did.
  [[nodiscard]] const Message* side(Direction dir) const noexcept {
    if (dir == asked) return has_question ? &question : nullptr;
    return has_answer ? &answer : nullptr;
  }
};

extern const OtProtocol kOt;
/// The operation of an exchange, from its request if it was seen. Never null.
[[nodiscard]] const OtOperation* operation_of(const Exchange&) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::s7comm
