// parsers/enip/cip.h — messages of CIP: a service, the path to what it is asked of, and its data
//
//      0         1                  2
//      | service | words of path    | path              | data                     a request
//      | 80 | service | 00 | status | words of extended | extended status | data   a reply
//
//      service 0a, Multiple_Service_Packet:  | count 2 | offset 2 ... | messages |
//      service 52 of class 6, Unconnected_Send:
//      | tick | ticks | size 2 | message | pad | words of route | 00 | route |
//
// The CIP Networks Library, Volume 1: chapter 2 (message router), 3 (connections), 5 (objects), appendix A (services),
// B (status codes), C (paths and data types). Tags: Rockwell Automation, 1756-PM020 "Logix 5000 Controllers Data
// Access". PCCC: Rockwell Automation, 1770-6.5.16 "DF1 Protocol and Command Set".
//
// In      a message as a Pdu has it (enip.h)
// Out     views into it
// Cost    O(message) for each function; no allocation, no state
#pragma once
#include "parsers/enip/enip.h"

namespace picket::enip {

inline constexpr std::size_t kMaxSegments = 16;    ///< of a path in a record
inline constexpr std::size_t kMaxNumbers = 128;    ///< of one value in a record
inline constexpr std::size_t kMaxRaw = 64;         ///< bytes of what is not taken apart, in a record
inline constexpr std::size_t kMaxAttributes = 32;  ///< of a list
inline constexpr std::size_t kMaxTags = 64;        ///< of a list of tags
inline constexpr std::size_t kMaxPathText = 192;   ///< characters of a path in a record

enum class Service : std::uint8_t {
  kGetAttributesAll = 0x01,
  kSetAttributesAll = 0x02,
  kGetAttributeList = 0x03,
  kSetAttributeList = 0x04,
  kReset = 0x05,
  kStart = 0x06,
  kStop = 0x07,
  kCreate = 0x08,
  kDelete = 0x09,
  kMultiple = 0x0a,
  kApply = 0x0d,
  kGetAttributeSingle = 0x0e,
  kSetAttributeSingle = 0x10,
  kReadTag = 0x4c,
  kWriteTag = 0x4d,
  kReadModifyWrite = 0x4e,
  kForwardClose = 0x4e,
  kReadTagFragmented = 0x52,
  kUnconnectedSend = 0x52,
  kWriteTagFragmented = 0x53,
  kForwardOpen = 0x54,
  kGetInstanceAttributes = 0x55,
  kGetConnectionOwner = 0x5a,
  kLargeForwardOpen = 0x5b,
  kExecutePccc = 0x4b,
};

/// Classes that something is read of.
enum class Class : std::uint32_t {
  kIdentity = 0x01,
  kRouter = 0x02,
  kAssembly = 0x04,
  kConnectionManager = 0x06,
  kFile = 0x37,
  kPccc = 0x67,
  kProgram = 0x68,
  kSymbol = 0x6b,
  kTemplate = 0x6c,
  kController = 0x8e,
  kClock = 0x8b,
  kNonVolatile = 0xa1,
  kTcpIp = 0xf5,
  kEthernetLink = 0xf6,
};

// ── paths (cip_path.cc) ────────────────────────────────────────────────────────────────────────────────────────

enum class SegmentKind : std::uint8_t {
  kPort,
  kClass,
  kInstance,
  kMember,
  kConnectionPoint,
  kAttribute,
  kKey,
  kServiceId,
  kNetwork,
  kSymbol,
  kData,
  kOther,
};

struct Segment {
  SegmentKind kind = SegmentKind::kOther;
  std::uint8_t type = 0;    ///< its first byte
  std::uint64_t value = 0;  ///< a logical segment's, or the port
  Bytes bytes;              ///< link address, symbol, key, data
};

/// A padded EPATH, one segment after the other.
class SegmentReader {
 public:
  explicit SegmentReader(Bytes path) noexcept : in_(path) {}
  /// False at the end, and where a segment is wrong: then bad() is true.
  [[nodiscard]] bool next(Segment& out) noexcept;
  [[nodiscard]] bool bad() const noexcept { return bad_; }

 private:
  [[nodiscard]] bool logical(Segment& out) noexcept;
  Cursor in_;
  bool bad_ = false;
};

[[nodiscard]] Target target_of(Bytes path) noexcept;
/// "Program:Main.Level[3]": of a path with a symbol; 0 where there is none.
[[nodiscard]] std::size_t write_symbol(Bytes path, std::span<char> room) noexcept;
/// The symbol, or "Identity 1 attribute 7", "class 0x8e instance 1".
[[nodiscard]] std::size_t write_target(Bytes path, std::span<char> room) noexcept;
/// "1,0": ports and link addresses, from the near to the far.
[[nodiscard]] std::size_t write_route(Bytes path, std::span<char> room) noexcept;
/// Of the last port segment with a link address of one byte: a slot of the backplane. kNoOtStation: there is none.
[[nodiscard]] std::int64_t slot_of(Bytes path) noexcept;

struct Key {
  std::uint16_t vendor = 0, device_type = 0, product_code = 0;
  std::uint8_t major = 0, minor = 0;
  bool compatible = false;
};
[[nodiscard]] bool read_key(Bytes, Key& out) noexcept;

// ── messages (cip.cc) ──────────────────────────────────────────────────────────────────────────────────────────

struct Cip {
  bool reply = false;
  std::uint8_t service = 0;  ///< without the bit of replies
  std::uint8_t status = 0;   ///< of a reply
  Bytes path;                ///< of a request
  Bytes extended;            ///< of a reply
  Bytes data;
  Target target{};  ///< of a request

  [[nodiscard]] bool is(Service s) const noexcept { return service == static_cast<std::uint8_t>(s); }
  [[nodiscard]] bool done() const noexcept { return status == 0 || status == 6; }  ///< 6: and there is more
};
/// False when it is too short for what it says.
[[nodiscard]] bool read_cip(Bytes message, Cip& out) noexcept;
/// The same of node `i`, which was read before: O(1).
[[nodiscard]] bool cip_of(const Pdu&, std::size_t i, Cip& out) noexcept;
/// Fills nodes, services and problems of a Pdu with a message of CIP.
void find_services(Pdu&) noexcept;
/// Says of each node of `reply` which one of `request` it answers.
void pair_nodes(const Pdu& request, Pdu& reply) noexcept;
/// What node `i` of `pdu` says; `asked` is the request that it answers where that is known, else empty.
struct Told {
  Cip cip, asked;
  bool has_asked = false;
  /// Of the request, of either.
  [[nodiscard]] const Target& target() const noexcept { return cip.reply ? asked.target : cip.target; }
};
/// O(1).
[[nodiscard]] bool told_by(const Exchange&, const Pdu& pdu, std::size_t i, Told& out) noexcept;

/// A tag, or what tags are made of, is the target.
[[nodiscard]] bool of_tag(const Target&) noexcept;

struct UnconnectedSend {
  std::uint32_t tick_ms = 0, timeout_ms = 0;
  std::uint16_t at = 0, size = 0;  ///< of the message, in Cip::data
  Bytes route;
};
[[nodiscard]] bool is_unconnected_send(const Cip& request) noexcept;
[[nodiscard]] bool is_unconnected_send(const Node& request) noexcept;
[[nodiscard]] bool read_unconnected_send(Bytes data, UnconnectedSend& out) noexcept;

/// How one direction of a connection works.
struct ConnectionParameters {
  std::uint32_t id = 0, interval_us = 0;
  std::uint16_t size = 0;
  bool variable = false, redundant = false;
  std::uint8_t priority = 0, type = 0;
};
struct ForwardOpen {
  bool large = false;
  std::uint32_t tick_ms = 0, timeout_ms = 0;
  ConnectionParameters to_target, to_originator;
  std::uint16_t serial = 0, vendor = 0;
  std::uint32_t originator = 0;
  std::uint8_t multiplier = 0;  ///< code of the timeout multiplier: 4 << code
  std::uint8_t transport = 0;   ///< class and trigger
  Bytes path;                   ///< of a request
  Bytes application;            ///< of a reply
  std::uint8_t remaining = 0;   ///< of a refusal
  bool refused = false;

  [[nodiscard]] std::uint8_t transport_class() const noexcept { return transport & 15; }
  [[nodiscard]] std::uint8_t trigger() const noexcept { return transport >> 4 & 7; }
  [[nodiscard]] bool server() const noexcept { return (transport & 0x80) != 0; }
};
[[nodiscard]] bool is_forward_open(const Cip&) noexcept;
[[nodiscard]] bool read_forward_open(const Cip&, ForwardOpen& out) noexcept;

struct ForwardClose {
  std::uint16_t serial = 0, vendor = 0;
  std::uint32_t originator = 0;
  Bytes path;
};
/// Also of Get_Connection_Owner's path alone.
[[nodiscard]] bool read_forward_close(const Cip&, ForwardClose& out) noexcept;

// ── values (cip_values.cc) ─────────────────────────────────────────────────────────────────────────────────────

/// Codes of elementary data types.
enum class Type : std::uint16_t {
  kBool = 0xc1,
  kSint = 0xc2,
  kInt = 0xc3,
  kDint = 0xc4,
  kLint = 0xc5,
  kUsint = 0xc6,
  kUint = 0xc7,
  kUdint = 0xc8,
  kUlint = 0xc9,
  kReal = 0xca,
  kLreal = 0xcb,
  kDate = 0xcd,
  kTimeOfDay = 0xce,
  kString = 0xd0,
  kByte = 0xd1,
  kWord = 0xd2,
  kDword = 0xd3,
  kLword = 0xd4,
  kShortString = 0xda,
  kStructure = 0x2a0,
};

/// Values of one kind; or a text; or, where the type is not known, bytes.
struct Values {
  std::uint16_t type = 0;       ///< 0: not known
  std::uint16_t structure = 0;  ///< handle of kStructure
  bool has_count = false, has_offset = false, has_type = false;
  std::uint32_t count = 0, offset = 0;  ///< elements; bytes
  Bytes data;
  Bytes or_mask, and_mask;
};
/// What a message reads, or is to write: false where there is no such thing.
[[nodiscard]] bool read_values(const Told&, Values& out) noexcept;
[[nodiscard]] std::size_t element_count(const Values&) noexcept;
[[nodiscard]] bool element(const Values&, std::size_t k, OtValue& out) noexcept;
/// Bytes that an elementary type takes; 0: not fixed, or unknown.
[[nodiscard]] unsigned type_size(std::uint16_t type) noexcept;

struct AttributeInfo;
/// One of a list of attributes.
struct Attribute {
  const AttributeInfo* info = nullptr;  ///< nullptr: not known
  std::uint16_t id = 0;
  bool has_status = false;
  std::uint16_t status = 0;
  Values value;
};
/// The attributes of Get_Attribute_List and Set_Attribute_List, one after the other. The Told has to stay.
class AttributeReader {
 public:
  explicit AttributeReader(const Told&) noexcept;
  [[nodiscard]] std::uint16_t count() const noexcept { return count_; }  ///< as the message says
  /// False at the end, or where the size of a value is not known; then `more()`.
  [[nodiscard]] bool next(Attribute& out) noexcept;
  [[nodiscard]] bool more() const noexcept { return at_ < count_; }
  [[nodiscard]] Bytes rest() const noexcept { return in_.rest(); }

 private:
  Cursor in_;
  const Target& target_;
  std::uint16_t count_ = 0, at_ = 0;
  bool reply_ = false, get_ = false, stopped_ = false;
};

/// Attributes of the Identity object, by whatever service they are told.
[[nodiscard]] bool read_identity(const Told&, Identity& out) noexcept;

struct TcpIp {
  bool has_addresses = false;
  std::uint32_t ip = 0, netmask = 0, gateway = 0, name_server = 0, name_server2 = 0;
  Bytes domain, host_name, mac;
};
[[nodiscard]] bool read_tcpip(const Told&, TcpIp& out) noexcept;

/// One of Get_Instance_Attribute_List.
struct Tag {
  std::uint32_t instance = 0, size = 0;
  std::uint16_t type = 0;
  Bytes name;
  std::array<std::uint32_t, 3> dimensions{};
};
class TagReader {
 public:
  explicit TagReader(const Told&) noexcept;
  [[nodiscard]] bool next(Tag& out) noexcept;
  [[nodiscard]] bool more() const noexcept { return !in_.empty(); }

 private:
  Cursor in_;
  Bytes wanted_;  ///< attributes that were asked for, two bytes each
};

struct FileTransfer {
  bool has_size = false, has_transfer_size = false, has_transfer = false;
  std::uint32_t size = 0;
  std::uint16_t transfer_size = 0;
  std::uint8_t number = 0, type = 0;
  Bytes name, data;
};
[[nodiscard]] bool read_file(const Told&, FileTransfer& out) noexcept;

// ── PCCC (cip_pccc.cc) ─────────────────────────────────────────────────────────────────────────────────────────

struct Pccc {
  std::uint16_t vendor = 0, transaction = 0, mask = 0;
  std::uint32_t serial = 0;
  std::uint8_t command = 0, status = 0, extended = 0, function = 0;
  bool reply = false, has_function = false, has_size = false;
  bool has_file = false;  ///< an address of SLC form
  std::uint8_t file_type = 0;
  std::uint16_t file = 0, element = 0, sub = 0;
  bool has_mask = false;
  std::uint16_t size = 0;
  Bytes symbol;  ///< an address in ASCII: "$N7:0"
  Bytes data;
  Values values;
};
[[nodiscard]] bool is_pccc(const Told&) noexcept;
[[nodiscard]] bool read_pccc(const Told&, Pccc& out) noexcept;
/// "N7:0", "B3:0/4"; 0 where there is none.
[[nodiscard]] std::size_t write_pccc_address(const Pccc&, std::span<char> room) noexcept;
[[nodiscard]] std::string_view pccc_function_name(std::uint8_t command, std::uint8_t function) noexcept;
[[nodiscard]] std::string_view pccc_status_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view pccc_extended_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view pccc_mode_name(const Pccc&) noexcept;

// ── names (cip_names.cc) ───────────────────────────────────────────────────────────────────────────────────────

/// By class where it is one of its own; "" when there is none.
[[nodiscard]] std::string_view service_name(std::uint8_t service, const Target&) noexcept;
[[nodiscard]] std::string_view cip_status_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view extended_status_name(std::uint8_t status, std::uint16_t extended) noexcept;
[[nodiscard]] std::string_view class_name(std::uint32_t) noexcept;
struct AttributeInfo {
  std::uint16_t number, id;  ///< of its class, and its own
  std::string_view name;
  std::uint16_t type;  ///< 0: none that has a code
};
[[nodiscard]] const AttributeInfo* attribute_info(std::uint32_t class_id, std::uint32_t id) noexcept;
[[nodiscard]] std::string_view type_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view segment_name(const Segment&) noexcept;
[[nodiscard]] std::string_view connection_type_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view priority_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view trigger_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view reset_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view transfer_name(std::uint8_t) noexcept;
[[nodiscard]] bool class_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool cip_status_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool type_by_name(std::string_view, std::uint64_t& out) noexcept;

}  // namespace picket::enip
