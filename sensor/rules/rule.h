// sensor/rules/rule.h — a rule as the loader leaves it: read, checked, names resolved, nothing yet planned
//
// The way of a rule: lex → parse → check (this AST) → plan (plan.h) → run (dataplane/detect).
//
// What is already settled here, so that nobody settles it twice
//   addresses and ports   variables expanded, lists merged, negation applied: sorted ranges that do not touch
//   buffers               one Group per buffer use; legacy modifiers (http_uri) moved their content there; a
//   group of a
//                         single-valued buffer is never split, one of a many-valued buffer begins at each
//                         sticky keyword
//   integers              `<5`, `1<>9`, `!3` are inclusive ranges, so that there are two operations, not
//   eight names                 buffers, integers, keywords, events and protocol words stand as places in
//   protocols()
// Order within a group is the order of the rule's text; `distance`, `within` and `relative` count from the
// clause before.
//
// Lives   as long as its RuleSet; interned sets are shared between rules, so their addresses may be compared
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dataplane/detect/reached_limits.h"
#include "dataplane/packet.h"
#include "parsers/core/protocol.h"

namespace picket::rules {

// ------------------------------------------------------------------------------------------------ the header

enum class Action : std::uint8_t {
  kAlert,
  kPass,
  kDrop,
  kReject,
  kRejectSrc,
  kRejectDst,
  kRejectBoth,
  kConfig
};

/// The protocol word. kApp: `Rule::app_protocols` says which; what carries it follows from their transports.
enum class HeaderProtocol : std::uint8_t {
  kPkthdr,  ///< any packet, decodable or not
  kIp,      ///< also "any"
  kIp4,
  kIp6,
  kTcp,
  kUdp,
  kIcmp,
  kIcmp4,
  kIcmp6,
  kSctp,
  kIgmp,
  kEther,
  kArp,
  kTcpPacket,  ///< "tcp-pkt": packets only, never the stream
  kTcpStream,  ///< "tcp-stream": the stream only
  kApp,
};

/// `->`, `<>` and the transactional `=>`, whose buffers may come from both directions of one transaction.
enum class Arrow : std::uint8_t { kToDestination, kBothWays, kTransaction };

struct AddressRange {
  Address first, last;  ///< both inclusive; IPv4 stands as ::ffff:a.b.c.d
  friend bool operator==(const AddressRange&, const AddressRange&) noexcept = default;
};
struct PortRange {
  std::uint16_t first = 0, last = 0;
  friend bool operator==(const PortRange&, const PortRange&) noexcept = default;
};

/// Sorted, not overlapping, not touching. Empty never passes the checks.
struct AddressSet {
  std::vector<AddressRange> ranges;
  bool any = false;  ///< everything, also packets without an address
};
struct PortSet {
  std::vector<PortRange> ranges;
  bool any = false;  ///< everything, also packets without a port
};

// ------------------------------------------------------------------------------------------------ numbers

/// A number test. kInRange: lo ≤ v ≤ hi. kMasked: (v & mask) == lo. `negated` turns the answer round.
/// lo > hi never matches; the loader refuses rules that hold such a range.
struct IntegerTest {
  enum class Kind : std::uint8_t { kInRange, kMasked };
  Kind kind = Kind::kInRange;
  bool negated = false;
  std::uint64_t lo = 0, hi = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t mask = 0;

  [[nodiscard]] constexpr bool matches(std::uint64_t v) const noexcept {
    return (kind == Kind::kInRange ? v >= lo && v <= hi : (v & mask) == lo) != negated;
  }
};

/// Which of several values must pass an IntegerTest: `ldap.responses.operation:3,all`
enum class Among : std::uint8_t { kAny, kAll, kAllOrAbsent, kNth, kCount };

/// A number written in the rule, or a variable that byte_extract or byte_math fills while the rule runs.
struct Operand {
  std::int64_t value = 0;
  std::int16_t variable = -1;  ///< place in Rule::variables, or -1: `value` counts

  [[nodiscard]] constexpr bool is_variable() const noexcept { return variable >= 0; }
  friend bool operator==(const Operand&, const Operand&) noexcept = default;
};

// ------------------------------------------------------------------------------------------------ clauses of
// a buffer

enum class FastPattern : std::uint8_t { kUnset, kWanted, kOnly };

struct Content {
  std::string bytes;
  bool nocase = false, negated = false;
  bool startswith = false, endswith = false;
  bool rawbytes = false;
  FastPattern fast_pattern = FastPattern::kUnset;
  std::uint16_t chop_offset = 0,
                chop_length = 0;  ///< fast_pattern:chop_offset,chop_length; length 0: all of it
  std::optional<Operand> offset, depth, distance, within;

  [[nodiscard]] bool relative() const noexcept { return distance.has_value() || within.has_value(); }
};

struct Pcre {
  /// A capture that a name is given to: pcre:"/(\d+)/, flow:name"; or (?P<flow_name>...)
  struct Capture {
    enum class Scope : std::uint8_t { kPacket, kFlow, kAlert };
    Scope scope = Scope::kPacket;
    std::string name;
  };
  std::string pattern;  ///< without slashes and flags; PCRE syntax
  bool negated = false, relative = false;
  bool caseless = false, dotall = false, multiline = false, extended = false, anchored = false;
  bool dollar_endonly = false, ungreedy = false;
  bool no_match_limit = false;  ///< flag O
  std::vector<Capture> captures;
};

enum class Endian : std::uint8_t { kBig, kLittle, kDce };  ///< kDce: as the DCERPC header says
enum class Base : std::uint8_t {
  kBinary,
  kDecimal,
  kHex,
  kOctal
};  ///< kBinary: bytes; others: digits in text

/// Where byte_* keywords find their number, and how it is read.
struct ByteSource {
  /// How many. 0: byte_jump jumps without reading; others, in text, read all the digits that stand there.
  Operand bytes;
  Operand offset;  ///< may be negative
  bool relative = false;
  Endian endian = Endian::kBig;
  Base base = Base::kBinary;
  std::uint32_t bitmask = 0;  ///< 0: none; else (v & bitmask) >> its trailing zeros
};

struct ByteTest {
  enum class Op : std::uint8_t {
    kLess,
    kGreater,
    kEqual,
    kLessEqual,
    kGreaterEqual,
    kAnd,
    kOr
  };  ///< kAnd: (v & x) != 0; kOr, written ^: (v ^ x) != 0
  ByteSource source;
  Op op = Op::kEqual;
  bool negated = false;
  Operand value;
};

struct ByteJump {
  ByteSource source;
  std::uint32_t multiplier = 1;
  bool align = false;           ///< the jump is rounded up to a multiple of 4
  bool from_beginning = false;  ///< jump from the start of the buffer, not from behind the number
  bool from_end = false;
  Operand post_offset;
};

struct ByteExtract {
  ByteSource source;
  std::int16_t variable = 0;  ///< where the number goes
  std::uint32_t multiplier = 1;
  std::uint8_t align = 0;  ///< 0, 2 or 4: rounded up to a multiple
};

struct ByteMath {
  enum class Op : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide, kShiftLeft, kShiftRight };
  ByteSource source;
  Op op = Op::kAdd;
  Operand rvalue;
  std::int16_t variable = 0;
};

/// Is there data at that place? Relative: counted from the end of the last match.
struct IsDataAt {
  Operand position;
  bool negated = false, relative = false, rawbytes = false;
};

/// The buffer's size; `bsize` and `urilen`.
struct BufferSize {
  IntegerTest test;
};

/// `absent`: the buffer must not exist. `or_else`: if it does exist, the group's other clauses must match.
struct Absent {
  bool or_else = false;
};

/// base64_decode: what follows in a kBase64 group looks at the outcome.
struct Base64Decode {
  std::uint32_t bytes = 0;  ///< 0: all there is
  std::uint32_t offset = 0;
  bool relative = false;
};

struct Asn1 {
  bool bitstring_overflow = false, double_overflow = false;
  std::uint32_t oversize_length = 0;  ///< 0: not asked
  std::optional<std::int32_t> absolute_offset, relative_offset;
};

/// What a rule says of the data set it uses.
struct DatasetSource {
  enum class Type : std::uint8_t { kString, kMd5, kSha256, kIpv4, kIp };
  Type type = Type::kString;
  bool remove_key = false, has_type = false;
  std::uint32_t memcap = 0, hashsize = 0;
  std::string load, save, state;  ///< paths as written, relative to the rule file
  std::string format, value_key, array_key;
};

/// dataset and datarep.
struct Dataset {
  enum class Command : std::uint8_t { kSet, kUnset, kIsSet, kIsNotSet, kReputation };
  Command command = Command::kIsSet;
  std::string name, enrichment_key;
  IntegerTest reputation;  ///< kReputation only
  /// Never null. Apart, so that the many other clauses are not as large.
  std::shared_ptr<const DatasetSource> source = std::make_shared<DatasetSource>();
};

/// `entropy:value >= 6.5`, in tests of Shannon entropy over the buffer, 0 to 8.
struct Entropy {
  std::uint32_t bytes = 0, offset = 0;
  double low = 0.0, high = 8.0;
  bool low_open = false, high_open = false, negated = false;
};

/// The buffer, a hash, is one of these: filemd5 and its kin.
struct InDigests {
  std::vector<std::string> digests;  ///< as bytes; sorted, each once
  bool negated = false;
};

using Clause = std::variant<Content, Pcre, ByteTest, ByteJump, ByteExtract, ByteMath, IsDataAt, BufferSize,
                            Absent, Base64Decode, Asn1, Dataset, Entropy, InDigests>;

/// What a buffer goes through before its clauses look at it, in order.
struct Transform {
  enum class Kind : std::uint8_t {
    kCompressWhitespace,
    kStripWhitespace,
    kToLowercase,
    kToUppercase,
    kToMd5,
    kToSha1,
    kToSha256,
    kDotPrefix,
    kUrlDecode,
    kXor,
    kHeaderLowercase,
    kStripPseudoHeaders,
    kPcre,
    kFromBase64,
    kDomain,
    kTopLevelDomain,
    kGunzip,
    kZlibDeflate,
    kSubslice,
  };
  enum class Base64Mode : std::uint8_t { kRfc4648, kRfc2045, kStrict };
  Kind kind{};
  std::string argument;  ///< kXor: the key's bytes; kPcre: the pattern, whose first group is what remains
  std::uint32_t bytes =
      0;  ///< kFromBase64, kSubslice: at most so many, 0: all; kXor: length of the key in the buffer
  std::int32_t offset = 0;     ///< kFromBase64, kSubslice, kXor: where it begins
  std::uint32_t max_size = 0;  ///< kGunzip, kZlibDeflate, 0: the limit of the configuration
  bool has_bytes = false;  ///< kSubslice: `bytes` was written; a negative count stands in `end`. kXor: the
                           ///< key stands in the buffer, at `end`
  std::int32_t end = 0;
  Base64Mode base64 = Base64Mode::kRfc4648;

  friend bool operator==(const Transform&, const Transform&) noexcept = default;
};

/// A place in a ProtocolSpec's table: its buffers, integers, keywords or events.
struct FieldRef {
  ProtocolId protocol = kNoProtocol;
  std::uint16_t index = 0;
  friend bool operator==(const FieldRef&, const FieldRef&) noexcept = default;
};

/// Which bytes a group looks at.
enum class Place : std::uint8_t {
  kPayload,      ///< packet payload, stream, or both, as header and flow options say; also after `pkt_data`
  kTransaction,  ///< Group::fields: the same buffer, as each protocol that has it declares it
  kEtherHeader,
  kIpv4Header,
  kIpv6Header,
  kTcpHeader,
  kUdpHeader,
  kIcmp4Header,
  kIcmp6Header,
  kIgmpHeader,
  kSourceIp,
  kDestinationIp,  ///< 4 or 16 bytes, network order; for content and datasets
  kBase64,         ///< what the Base64Decode before it gave
  kFrame,          ///< Group::fields: a frame, in each protocol that has it
};

struct Group {
  Place place = Place::kPayload;
  std::string_view name;  ///< "http.uri", "frame:smb2.hdr"; static
  std::vector<FieldRef>
      fields;  ///< kTransaction, kFrame (places in ProtocolSpec::frames); sorted by protocol
  std::optional<Direction> only;  ///< `file.data:to_client` and the like; only in kTransaction rules (=>)
  std::vector<Transform> transforms;
  std::vector<Clause> clauses;
};

// ------------------------------------------------------------------------------------------------
// transactions

/// A declared integer: `dns.opcode:!1;`
struct IntegerMatch {
  std::vector<FieldRef> fields;  ///< places in ProtocolSpec::integers
  IntegerTest test;
  Among among = Among::kAny;
  std::int16_t nth = 0;  ///< kNth: which; negative from the end
};

/// A declared keyword with a syntax of its own: `modbus: function 3;`
struct KeywordMatch {
  struct Compiled {
    FieldRef field;  ///< place in ProtocolSpec::keywords
    std::shared_ptr<const TxMatcher> matcher;
  };
  std::vector<Compiled> any_of;  ///< one for each protocol that declares the keyword
  bool negated = false;
  std::string text;  ///< the argument, where the keyword's reader kept it
};

/// app-layer-event:http.invalid_protocol
struct EventMatch {
  FieldRef event;  ///< place in ProtocolSpec::events
};

/// `http1:request_line` in a rule's header: it looks once that side has come so far.
struct HookMatch {
  std::string_view name;         ///< borrowed from a spec, or static
  std::vector<FieldRef> fields;  ///< FieldRef::index: the progress
  Direction side = Direction::kToServer;
  bool again = false;  ///< HookDef::again
};

using TransactionTest = std::variant<IntegerMatch, KeywordMatch, EventMatch, HookMatch>;

// ------------------------------------------------------------------------------------------------ packets
// and flows

/// A number of the packet or its flow.
enum class PacketField : std::uint8_t {
  kTtl,
  kIpId,
  kIpProto,
  kTos,
  kFragOffset,
  kDsize,
  kIcmpType,
  kIcmpCode,
  kIcmpId,
  kIcmpSeq,
  kIcmp6Mtu,
  kTcpSeq,
  kTcpAck,
  kTcpWindow,
  kTcpMss,
  kTcpWscale,
  kIgmpType,
  kVlanLayers,
  kFlowAgeSeconds,
  kFlowPacketsToServer,
  kFlowPacketsToClient,
  kFlowPackets,
  kFlowBytesToServer,
  kFlowBytesToClient,
  kFlowBytes,
  kFlowElephant,
};
struct PacketNumber {
  PacketField field{};
  IntegerTest test;
};

/// vlan.id:200,1 — layer -1: any of them
struct VlanId {
  IntegerTest test;
  std::int8_t layer = -1;
};

/// flags:SA,12 — bits as in the TCP header; `ignored` are taken out of the packet's before comparing
struct TcpFlags {
  enum class Mode : std::uint8_t { kExactly, kAtLeast, kAnyOf, kNoneOf };  ///< none, +, *, !
  Mode mode = Mode::kExactly;
  std::uint8_t bits = 0, ignored = 0;
};

/// fragbits:MD+ — bits: 4 reserved, 2 do not fragment, 1 more fragments
struct FragBits {
  TcpFlags::Mode mode = TcpFlags::Mode::kExactly;
  std::uint8_t bits = 0;
};

/// fragoffset and the like work through PacketNumber; this is `ipopts:lsrr`. Values are IP option types;
/// 0xff: any.
struct IpOptions {
  std::uint8_t type = 0;
};

struct SameIp {};

/// stream_size:client,>,424 — bytes seen in sequence space
struct StreamSize {
  enum class Side : std::uint8_t { kServer, kClient, kBoth, kEither };
  Side side = Side::kServer;
  IntegerTest test;
};

/// ipv4-csum:invalid and so on.
struct Checksum {
  enum class Layer : std::uint8_t { kIpv4, kTcpV4, kTcpV6, kUdpV4, kUdpV6, kIcmpV4, kIcmpV6, kIgmp };
  Layer layer{};
  bool valid = true;
};

/// decode-event and stream-event (also engine-event), by name; the checks know the decoder's names.
/// kApplication: those of finding out what a flow speaks, app-layer-event:applayer_... of no protocol.
struct PacketEvent {
  enum class Of : std::uint8_t { kDecode, kStream, kApplication };
  Of of = Of::kDecode;
  std::string name;
};

/// l3_proto:ipv4
struct NetworkProtocol {
  std::uint8_t version = 4;  ///< or 6
};

/// rpc:100000,2,3 — a call of Sun RPC in the packet's payload (RFC 5531)
struct RpcCall {
  std::uint32_t program = 0;
  std::optional<std::uint32_t> version, procedure;
};

/// app-layer-protocol:!http,toserver — kNoProtocol stands for "failed" and "unknown"
struct AppProtocolIs {
  /// As detect::WhoseProtocol has them.
  enum class Which : std::uint8_t { kFinal, kEither, kToServer, kToClient, kOriginal, kDirection };
  std::vector<ProtocolId> any_of;
  enum class State : std::uint8_t { kKnown, kFailed, kUnknown } state = State::kKnown;
  Which which = Which::kDirection;
  bool negated = false;
};

/// Whose address is looked at: of one of both, or of both alike.
enum class AddressSide : std::uint8_t { kAny, kSource, kDestination, kBoth };

/// iprep:src,BadHosts,>,30 — any score for isset and isnotset
struct AddressReputation {
  AddressSide side = AddressSide::kAny;
  std::string category;
  IntegerTest score;
  bool is_not_set = false;
};

/// geoip:src,RU,CN — two capital letters each
struct CountryIs {
  AddressSide side = AddressSide::kAny;
  std::vector<std::string> countries;
  bool negated = false;
};

using PacketTest =
    std::variant<PacketNumber, VlanId, TcpFlags, FragBits, IpOptions, SameIp, StreamSize, Checksum,
                 PacketEvent, AppProtocolIs, AddressReputation, CountryIs, NetworkProtocol, RpcCall>;

/// `flow:` Each group of bits: none set means no demand.
struct FlowOptions {
  bool to_server = false, to_client = false;
  bool established = false, not_established = false, stateless = false;
  bool only_stream = false, no_stream = false;
  bool only_frag = false, no_frag = false;
};

/// flowbits, xbits and hostbits. `names` of kIsSet and kIsNotSet: any of them is enough.
struct StateBit {
  enum class Scope : std::uint8_t { kFlow, kHostSource, kHostDestination, kHostBoth, kIpPair, kTransaction };
  enum class Op : std::uint8_t { kSet, kUnset, kToggle, kIsSet, kIsNotSet };
  Scope scope = Scope::kFlow;
  Op op = Op::kSet;
  std::vector<std::string> names;
  std::uint32_t expire_seconds = 0;  ///< xbits and hostbits; 0: their default
  bool hostbits = false;             ///< written so; else xbits, or flowbits
};

/// flowint:name,+,1
struct FlowInt {
  enum class Op : std::uint8_t {
    kAssign,
    kAdd,
    kSubtract,
    kLess,
    kLessEqual,
    kEqual,
    kNotEqual,
    kGreaterEqual,
    kGreater,
    kIsSet,
    kIsNotSet,
  };
  std::string name;
  Op op{};
  std::uint32_t value = 0;
  std::string other;  ///< not empty: the value is that of this flowint
};

/// flowvar:name,"content" and pktvar: what a regular expression took holds these bytes.
struct VariableTest {
  bool of_flow = true;
  std::string name, value;
};

/// threshold and detection_filter.
struct Threshold {
  enum class Type : std::uint8_t { kLimit, kThreshold, kBoth, kBackoff, kDetectionFilter, kRateFilter };
  using Track = detect::Track;
  enum class UniqueOn : std::uint8_t { kNothing, kSourcePort, kDestinationPort };
  Type type = Type::kLimit;
  Track track = Track::kBySource;
  UniqueOn unique_on = UniqueOn::kNothing;
  std::uint32_t count = 0, seconds = 0;
  std::uint32_t multiplier = 0;       ///< kBackoff
  std::uint32_t silence_seconds = 0;  ///< kRateFilter: no alerts for so long; 0: never again
};

/// config: logging disable, type tx, scope tx;
struct LogConfig {
  enum class Subsystem : std::uint8_t { kLogging, kTracking };
  enum class Scope : std::uint8_t { kTransaction, kFlow };
  Subsystem subsystem = Subsystem::kLogging;
  Scope scope = Scope::kTransaction;
  Scope type = Scope::kTransaction;  ///< records of transactions, or that of the flow
  bool disable = true;
};

/// tag:session,5,packets — what is logged after the alert.
struct Tag {
  enum class Scope : std::uint8_t { kSession, kHostSource, kHostDestination };
  enum class Metric : std::uint8_t { kPackets, kSeconds, kBytes };
  Scope scope = Scope::kSession;
  Metric metric = Metric::kPackets;
  std::uint32_t count = 0;
};

// ------------------------------------------------------------------------------------------------ the rule

struct Reference {
  std::string_view system;  ///< "url", "cve"; lower case, borrowed from the RuleSet
  std::string value;        ///< as written
  std::string url;          ///< the system's prefix and the value; empty when the system has none
};

struct MetadataItem {
  std::string key, value;
};

enum class Target : std::uint8_t { kNone, kSource, kDestination };

struct Rule {
  Action action = Action::kAlert;
  HeaderProtocol protocol = HeaderProtocol::kIp;
  Arrow arrow = Arrow::kToDestination;
  std::vector<ProtocolId> app_protocols;  ///< kApp: any of these; sorted
  bool flow_start = false;                ///< `tcp:flow_start`: the first packet of each direction
  std::shared_ptr<const AddressSet> src, dst;
  std::shared_ptr<const PortSet> src_port, dst_port;

  std::uint32_t sid = 0, gid = 1, rev = 0;
  std::uint8_t priority = 3;  ///< 1 is the most urgent; classtype's unless the rule says another
  std::string msg;
  std::string_view classtype;       ///< short name; borrowed from the RuleSet
  std::string_view classification;  ///< its description, EVE's alert.category; borrowed from the RuleSet
  std::vector<Reference> references;
  std::vector<MetadataItem> metadata;
  Target target = Target::kNone;
  bool noalert = false;
  bool prefilter = false;  ///< `prefilter;` was asked for
  bool filestore = false;  ///< files are not kept, but told by the hash that would name them

  FlowOptions flow;
  std::vector<PacketTest> packet_tests;
  std::vector<Group> groups;
  std::vector<TransactionTest> transaction_tests;
  std::vector<StateBit> state_bits;
  std::vector<FlowInt> flow_ints;
  std::optional<Threshold> threshold;
  std::optional<Threshold> detection_filter;
  std::vector<Threshold> more_thresholds;  ///< a second `threshold` and so on: rare, and each has its say
  std::vector<VariableTest> variable_tests;
  std::vector<Tag> tags;
  std::optional<LogConfig> config;
  std::vector<std::string> variables;  ///< names of what byte_extract and byte_math fill

  std::string_view file;      ///< path as given; borrowed from the RuleSet
  std::uint32_t line = 0;     ///< of its first character, from 1
  std::size_t text_hash = 0;  ///< of the rule as written, on one line: tells whether a reload changed it
};

}  // namespace picket::rules
