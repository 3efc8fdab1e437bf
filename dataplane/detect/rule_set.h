// dataplane/detect/rule_set.h — the rules as the packet path runs them: flat tables, filled once by
// sensor/rules/plan
//
//   scan a buffer ──> patterns ──> rules ──> header fits? ──> program (tests, groups of ops) ──> deeds, alert
//
// A rule's place in `rules` is its place in the order of evaluation: pass rules first, then rules that set
// flowbits before those that read them, then by priority and sid. Whoever sorts candidates by index has the
// right order.
//
// Lives   immutable from the moment it is handed over; all cores read it at once; swapped whole between
// bursts
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataplane/detect/asn1.h"
#include "dataplane/detect/country.h"
#include "dataplane/detect/reached_limits.h"
#include "dataplane/files/file_tracker.h"
#include "dataplane/frames/frame_tracker.h"
#include "dataplane/packet.h"
#include "dataplane/record_encoder.h"
#include "parsers/core/protocol.h"

struct hs_database;
struct hs_scratch;
struct pcre2_real_code_8;

namespace picket::detect {

using RuleIndex = std::uint32_t;   ///< place in one RuleSet
using RuleNumber = std::uint32_t;  ///< the same in every RuleSet that has the rule, unchanged
inline constexpr std::uint32_t kNone = 0xffffffff;

// ------------------------------------------------------------------------------------------------ header

/// What kind of packet it is; bits of RuleHeader::protos. A packet has exactly one.
namespace proto_bit {
inline constexpr std::uint16_t kTcp = 1, kUdp = 2, kIcmp4 = 4, kIcmp6 = 8, kSctp = 16, kIgmp = 32,
                               kOtherIp = 64, kArp = 128, kOtherEther = 256, kAll = 511;
inline constexpr std::uint16_t kAnyIp = kTcp | kUdp | kIcmp4 | kIcmp6 | kSctp | kIgmp | kOtherIp;
}  // namespace proto_bit
namespace family_bit {
inline constexpr std::uint8_t kV4 = 1, kV6 = 2, kNoIp = 4;
}
/// Of the packet in its flow; kNoFlow where there is none.
namespace way_bit {
inline constexpr std::uint8_t kToServer = 1, kToClient = 2, kNoFlow = 4;
}
namespace state_bit {
inline constexpr std::uint8_t kNew = 1, kEstablished = 2, kNoFlow = 4;
}
namespace rule_flag {
inline constexpr std::uint16_t kPass = 0x01;      ///< suppresses what comes behind it
inline constexpr std::uint16_t kBothWays = 0x02;  ///< `<>`: source and destination may change places
inline constexpr std::uint16_t kReported = 0x04;  ///< a match goes to the AlertSink
inline constexpr std::uint16_t kOncePerFlow =
    0x08;  ///< addresses only: looked at once for each direction of a flow
inline constexpr std::uint16_t kPacketPayload = 0x10;  ///< its payload groups look at single packets
inline constexpr std::uint16_t kStreamPayload = 0x20;  ///< ... at the stream
inline constexpr std::uint16_t kTransaction = 0x40;    ///< it has transaction tests or groups
inline constexpr std::uint16_t kRepeats = 0x80;  ///< looks at what may still happen to a transaction (events)
inline constexpr std::uint16_t kBothSides = 0x100;  ///< `=>`: buffers of both directions
inline constexpr std::uint16_t kFlowPass = 0x200;   ///< its pass holds for the whole flow
inline constexpr std::uint16_t kDirectionFromGroups = 0x400;
inline constexpr std::uint16_t kWholeFrame = 0x800;  ///< what it asks of a frame, only all of it can answer
inline constexpr std::uint16_t kHeldFrame = 0x2000;  ///< ... only one that is held as a whole
inline constexpr std::uint16_t kOncePerTransaction =
    0x1000;  ///< what it asks is true of both sides, and told once: ot.class
/// It fires once, in a transaction or on each of its sides, and the transaction remembers that.
inline constexpr std::uint16_t kFiresOnce = kRepeats | kOncePerTransaction;
}  // namespace rule_flag

/// All that decides whether a candidate is worth its program: one cache line.
struct alignas(64) RuleHeader {
  std::uint16_t protos = proto_bit::kAll;
  std::uint8_t families = 7;
  std::uint8_t ways = 7;
  std::uint8_t states = 7;
  std::uint8_t packet_tests = 0, state_tests = 0, state_deeds = 0;  ///< counts
  std::uint16_t flags = 0;
  std::uint16_t src = 0, dst = 0;              ///< RuleSet::address_sets; 0: any
  std::uint16_t src_ports = 0, dst_ports = 0;  ///< RuleSet::port_sets; 0: any
  std::uint16_t apps = 0;                      ///< RuleSet::app_sets; 0: any
  std::array<std::uint8_t, 2> ready{};         ///< by Direction: the progress that all its buffers need
  std::uint8_t payload_groups = 0;             ///< the first so many groups look at payload or headers
  std::uint8_t groups = 0;                     ///< of all
  std::uint8_t tx_tests = 0;
  std::uint8_t variables = 0;
  std::uint16_t packet_length_min = 0;  ///< payload shorter than this cannot match
  std::uint32_t first_group = 0, first_packet_test = 0, first_tx_test = 0;
  std::uint32_t first_state_test = 0, first_state_deed = 0;
  /// By Direction: how far a file must have come for all that the rule asks of it; kNone: asks of no file.
  std::array<FileStage, 2> file_stage{};
};
static_assert(sizeof(RuleHeader) == 64);

struct V4Range {
  std::uint32_t first, last;
};
struct V6Range {
  Address first, last;
};
/// Sorted ranges in RuleSet::v4_ranges and v6_ranges.
struct AddressSet {
  std::uint32_t first_v4 = 0, v4_count = 0, first_v6 = 0, v6_count = 0;
};
struct PortRange {
  std::uint16_t first, last;
};
struct PortSet {
  std::uint32_t first = 0, count = 0;
};
/// Bit i: ProtocolId i.
struct AppSet {
  std::array<std::uint64_t, 4> bits{};
  [[nodiscard]] bool has(ProtocolId p) const noexcept {
    return p < 256 && (bits[p >> 6] >> (p & 63) & 1) != 0;
  }
};

// ---------------------------------------------------------------------------------------------- numbers, ops

struct Number {
  std::int64_t value = 0;
  std::int16_t variable = -1;  ///< ≥ 0: the value of that variable
};
struct NumberTest {
  bool masked = false, negated = false;
  std::uint64_t lo = 0, hi = std::numeric_limits<std::uint64_t>::max(), mask = 0;
  [[nodiscard]] bool matches(std::uint64_t v) const noexcept {
    return (masked ? (v & mask) == lo : v >= lo && v <= hi) != negated;
  }
};

/// One step of a group's program.
struct Op {
  enum class Kind : std::uint8_t {
    kContent,
    kPcre,
    kByteTest,
    kByteJump,
    kByteExtract,
    kByteMath,
    kIsDataAt,
    kSize,
    kBase64,
    kEntropy,
    kDigest,
    kDataset,
    kAsn1,
    kFail,
  };
  enum Flag : std::uint16_t {
    kNegated = 0x01,
    kNoCase = 0x02,
    kRelative = 0x04,
    kStartsWith = 0x08,
    kEndsWith = 0x10,
    kHasOffset = 0x20,
    kHasDepth = 0x40,
    kHasDistance = 0x80,
    kHasWithin = 0x100,
    kRelativeNext = 0x200,  ///< the op behind it counts from its end: it may have to try its next match
    kVariables = 0x400,     ///< some of the numbers are places of variables: look in `variable`
  };
  Kind kind = Kind::kFail;
  std::uint8_t chain = 0;  ///< the op of the group with which its relative chain begins
  std::uint16_t flags = 0;
  std::uint32_t at = 0;  ///< kContent: in RuleSet::bytes; kPcre: in patterns; others: in byte_ops, tests ...
  std::uint32_t size = 0;   ///< kContent: length; kPcre: so many of its first groups are kept
  std::int32_t offset = 0;  ///< kPcre: of its groups, in RuleSet::captures
  std::int32_t depth = 0, distance = 0, within = 0;
  std::array<std::int8_t, 4> variable{-1, -1, -1, -1};  ///< for offset, depth, distance, within
};
static_assert(sizeof(Op) == 32);

/// byte_test, byte_jump, byte_extract, byte_math, isdataat, base64_decode: what does not fit into an Op.
struct ByteOp {
  enum class Compare : std::uint8_t { kLess, kGreater, kEqual, kLessEqual, kGreaterEqual, kAnd, kOr };
  enum class Math : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide, kShiftLeft, kShiftRight };
  enum class Order : std::uint8_t { kBig, kLittle, kDce };
  Number bytes, offset, value;  ///< value: to compare with, rvalue, or post_offset
  Order order = Order::kBig;
  std::uint8_t base = 0;  ///< 0: binary; else 8, 10, 16
  Compare compare = Compare::kEqual;
  Math math = Math::kAdd;
  std::uint8_t align = 0;  ///< 0, 2, 4
  bool from_beginning = false, from_end = false;
  std::int16_t variable = -1;  ///< where the result goes
  std::uint32_t multiplier = 1, bitmask = 0;
  double low = 0, high = 8;  ///< kEntropy
  bool low_open = false, high_open = false;
  Asn1Checks asn1;
};

/// A list of hashes: sorted, without gaps between them, in RuleSet::bytes.
struct DigestSet {
  std::uint32_t first = 0, count = 0, size = 0;  ///< size: bytes of one
};

struct PcrePattern {
  pcre2_real_code_8* code = nullptr;  ///< kept by RuleSet::expressions
  bool limited = true;
  bool anchored = false;  ///< matches at its start only
};

enum class DatasetType : std::uint8_t { kString, kMd5, kSha256, kIpv4, kIp };
enum class DatasetCommand : std::uint8_t { kSet, kUnset, kIsSet, kIsNotSet, kReputation };
struct DatasetEntry {
  std::uint16_t reputation = 0;
  std::string context;  ///< JSON object that an alert shows; "": none
};
/// Values and what is known of each.
struct ValueSet {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  std::unordered_map<std::string, DatasetEntry, Hash, std::equal_to<>> entries;
  [[nodiscard]] const DatasetEntry* find(Bytes value) const noexcept;
};
/// Op::kDataset. See dataset.h.
struct DatasetTest {
  DatasetCommand command = DatasetCommand::kIsSet;
  DatasetType type = DatasetType::kString;
  bool changes = false;   ///< some rule changes the set: decided in correlate
  std::uint32_t set = 0;  ///< in RuleSet::value_sets; `changes`: in the plan's dynamic sets
  NumberTest reputation;
  std::string context_key;
};

// ------------------------------------------------------------------------------------------------ groups

enum class Place : std::uint8_t {
  kPayload,
  kTransaction,
  kEtherHeader,
  kIpv4Header,
  kIpv6Header,
  kTcpHeader,
  kUdpHeader,
  kIcmp4Header,
  kIcmp6Header,
  kIgmpHeader,
  kSourceIp,
  kDestinationIp,
  kBase64,
  kFrame,
  kProbe,  ///< Group::first_op: the target; see probe.h
};

/// A buffer as one protocol declares it.
struct Field {
  ProtocolId protocol = kNoProtocol;
  std::array<std::uint8_t, 2> progress{kNever, kNever};
  bool (*get)(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept = nullptr;
  FileStage of_file = FileStage::kNone;
};

/// The ops that look at one buffer.
struct Group {
  enum Flag : std::uint8_t { kAbsent = 1, kAbsentOr = 2, kHasVariables = 4 };
  Place place = Place::kPayload;
  std::uint8_t flags = 0;
  std::uint8_t side = 2;  ///< kTransaction in `=>` rules: Direction; 2: the one at hand
  std::uint8_t ops = 0, fields = 0;
  std::uint16_t transforms = 0;  ///< RuleSet::transform_lists; 0: none
  std::uint32_t first_op = 0, first_field = 0;
};

/// A test of a transaction that needs no buffer.
struct TxTest {
  enum class Kind : std::uint8_t { kInteger, kKeyword, kEvent, kProbe, kHook };
  enum class Among : std::uint8_t { kAny, kAll, kAllOrAbsent, kNth, kCount };
  Kind kind = Kind::kInteger;
  Among among = Among::kAny;
  bool negated = false;
  std::int16_t nth = 0;
  NumberTest test;
  std::uint32_t first = 0, count = 0;  ///< kInteger: in integer_fields; kKeyword: in matchers; kProbe: target
  ProtocolId protocol = kNoProtocol;   ///< kEvent
  std::uint16_t event = 0;
};
struct IntegerField {
  ProtocolId protocol = kNoProtocol;
  std::array<std::uint8_t, 2> progress{kNever, kNever};
  bool (*get)(const Transaction&, Direction, unsigned instance, std::uint64_t& out) noexcept = nullptr;
  FileStage of_file = FileStage::kNone;
};
struct Matcher {
  ProtocolId protocol = kNoProtocol;
  std::array<std::uint8_t, 2> progress{kNever, kNever};
  const TxMatcher* matcher = nullptr;  ///< kept by RuleSet::matcher_owners
};

// --------------------------------------------------------------------------------------- packet tests, state

struct PacketTest {
  enum class Kind : std::uint8_t {
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
    kFlowAge,
    kFlowPacketsToServer,
    kFlowPacketsToClient,
    kFlowPackets,
    kFlowBytesToServer,
    kFlowBytesToClient,
    kFlowBytes,
    kVlanId,
    kTcpFlags,
    kFragBits,
    kIpOption,
    kSameIp,
    kStreamSize,
    kChecksum,
    kDecodeEvent,
    kStreamEvent,
    kAppEvent,
    kAppProtocol,
    kOnlyFragment,
    kNoFragment,
    kReputation,
    kCountry,
    kNetworkProtocol,
    kRpcCall,  ///< `test`: lo the program, hi the version, mask the procedure; `bits`: which of them is asked
    kProbe,    ///< `test.lo`: the target; see probe.h
  };
  enum class Bits : std::uint8_t { kExactly, kAtLeast, kAnyOf, kNoneOf };
  enum class AppState : std::uint8_t { kKnown, kFailed, kUnknown };
  Kind kind{};
  Bits mode{};
  AppState app_state{};
  bool negated = false;                ///< kAppProtocol, kReputation, kCountry
  std::uint8_t bits = 0, ignored = 0;  ///< kTcpFlags, kFragBits; kIpOption: the type; kChecksum: layer, valid
  std::int8_t layer = -1;              ///< kVlanId; kStreamSize, kReputation, kCountry: side;
                                       ///< kAppProtocol: WhoseProtocol
  std::uint16_t value = 0;             ///< kDecodeEvent, kStreamEvent; kAppProtocol: app set; kReputation: in
                                       ///< reputations; kCountry: in country_lists
  NumberTest test;
};

/// app-layer-protocol: of which side of the flow. kOriginal: before another protocol took over.
enum class WhoseProtocol : std::uint8_t { kFinal, kEither, kToServer, kToClient, kOriginal, kDirection };

/// iprep: what the addresses of a range are known for. Sorted, without overlaps.
struct ReputationRange {
  Address first, last;
  std::uint8_t score = 0;
};

/// A condition on, or a change of, what a flow remembers.
struct StateOp {
  enum class Kind : std::uint8_t {
    kBitIsSet,
    kBitIsNotSet,
    kBitSet,
    kBitUnset,
    kBitToggle,
    kIntAssign,
    kIntAdd,
    kIntSubtract,
    kIntLess,
    kIntLessEqual,
    kIntEqual,
    kIntNotEqual,
    kIntGreaterEqual,
    kIntGreater,
    kIntIsSet,
    kIntIsNotSet,
    kTxBitIsSet,
    kTxBitIsNotSet,
    kTxBitSet,
    kTxBitUnset,
    kTxBitToggle,
    kFlowVariable,    ///< the flow's variable `id` holds `count` bytes at `value` of RuleSet::bytes
    kPacketVariable,  ///< a variable of the packet at hand does
    kUnloggedTx,      ///< no record of the transaction
    kUnloggedFlow,    ///< no records of the flow's transactions from here on
    kNoFlowRecord,    ///< nor of the flow itself
    kTag,             ///< `id`: in RuleSet::tags
  };
  Kind kind{};
  bool other_is_int = false;  ///< `value` is the id of another flowint
  std::uint32_t id = 0;       ///< bits: in bit_ids, `count` of them; ints: the id
  std::uint32_t count = 1;
  std::uint32_t value = 0;
};

/// tag:session,5,packets. Counted from the packet that matched on, which is the first one.
struct TagDef {
  enum class Scope : std::uint8_t { kSession, kHostSource, kHostDestination };
  enum class Metric : std::uint8_t { kPackets, kSeconds, kBytes };
  Scope scope = Scope::kSession;
  Metric metric = Metric::kPackets;
  std::uint32_t count = 0;
};

/// What a group of a regular expression is kept as.
struct Capture {
  bool of_flow = false;    ///< else of the packet
  std::uint32_t name = 0;  ///< in RuleSet::variable_names
};

// ------------------------------------------------------------------------------------------------ transforms

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
    kSubslice,
    kDomain,
    kTopLevelDomain,
    kGunzip,
    kZlibDeflate,
  };
  Kind kind{};
  std::uint8_t base64_mode = 0;  ///< 0 RFC 4648, 1 RFC 2045, 2 strict
  bool has_bytes = false;
  std::uint32_t argument = 0, argument_size = 0;  ///< kXor: in RuleSet::bytes; kPcre: in patterns
  std::uint32_t bytes = 0;
  std::int32_t offset = 0, end = 0;
};
struct TransformList {
  std::uint32_t first = 0, count = 0;
};

// ------------------------------------------------------------------------------------------------ scans

/// A Hyperscan database and what its pattern ids mean. Patterns that several rules share stand once.
struct Scan {
  hs_database* database = nullptr;                ///< kept by RuleSet::databases; nullptr: no patterns
  std::uint32_t limit = 0;                        ///< only so many bytes from the start need a look; 0: all
  std::uint32_t first_pattern = 0, patterns = 0;  ///< in pattern_starts: rules of pattern p are [p], [p + 1)
  std::uint32_t longest = 0;                      ///< of its patterns
};

/// Rules to look at without a pattern.
struct RuleList {
  std::uint32_t first = 0, count = 0;  ///< in rule_lists
};

/// Rules for which an IPv4 address or a port in [first, last] passes; ranges are sorted and do not overlap.
struct RangeRules {
  std::uint32_t first, last;
  RuleList rules;
};
struct RangeIndex {
  std::uint32_t first = 0, count = 0;  ///< in RuleSet::range_rules
};

/// Payload of packets or streams: one for each kind of packet and direction.
struct PayloadPlan {
  static constexpr unsigned kMaxScans = 4;
  /// [0]: patterns near the start, which need a look at `limit` bytes only. [1]: anywhere, any port. [2],
  /// [3]: anywhere, for rules of certain ports.
  std::array<Scan, kMaxScans> scans;
  std::array<const std::uint64_t*, kMaxScans> ports{};  ///< bitmap over the ports a scan is for; nullptr: all
  RuleList unfiltered;                                  ///< rules without a pattern worth searching
  RangeIndex by_src_port, by_dst_port;                  ///< the same, of few ports
};

/// Rules without payload for one kind of packet. Rules with long lists of addresses are found by address
/// instead.
struct HeaderPlan {
  RuleList always;
  RuleList opening;                    ///< looked at on a flow's first packet of a direction, and on a SYN
  std::array<RuleList, 256> by_flags;  ///< TCP: those that test flags and that exactly these flags may fit
  RangeIndex always_src, always_dst, opening_src, opening_dst;
  RuleList always_v6,
      opening_v6;  ///< rules of these indexes that also have IPv6 addresses: looked at for IPv6
};

/// A buffer of a protocol to scan when a side of a transaction has reached `progress`, or a file `of_file`.
struct BufferPlan {
  std::uint8_t progress = 0;
  std::uint16_t transforms = 0;
  bool (*get)(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept = nullptr;
  Scan scan;
  FileStage of_file = FileStage::kNone;
};
/// One side of a protocol's transactions.
struct SidePlan {
  std::uint32_t first_buffer = 0, buffers = 0;  ///< in RuleSet::buffers, by progress
  std::uint32_t first_rule = 0, rules = 0;  ///< in rule_lists: rules without a pattern, by RuleHeader::ready
  std::uint32_t first_repeat = 0, repeats = 0;  ///< in rule_lists: those with kRepeats
  std::uint32_t first_update = 0, updates = 0;  ///< in rule_lists: those that look at each step of a state
  std::uint32_t first_file_buffer = 0, file_buffers = 0;  ///< in RuleSet::buffers
  std::uint32_t first_file_rule = 0, file_rules = 0;      ///< in rule_lists: rules of files without a pattern
  std::uint64_t file_ready = 0;  ///< bit i: a rule of files needs progress i (63: that or more)
  [[nodiscard]] bool empty() const noexcept { return buffers == 0 && rules == 0 && repeats == 0; }
};
/// A kind of frame in one direction.
struct FramePlan {
  ProtocolId protocol = kNoProtocol;
  Direction dir{};
  std::uint8_t kind = 0;
  std::uint16_t transforms = 0;  ///< that `scan` looks behind
  Scan scan;
  RuleList rules;    ///< without a pattern
  RuleList forbids;  ///< that ask for something not to stand in it: asked of each window of a long frame
};
struct ProtocolPlan {
  std::array<std::uint8_t, 2> complete{};
  std::span<const EventDef> events;
  std::span<const FrameDef> frames;
};

// ----------------------------------------------------------------------------------- what is said of a match

/// Kept apart from RuleHeader: only read when a rule fires.
struct RuleInfo {
  AlertInfo alert;
  std::string msg, category;
  std::vector<std::uint8_t> metadata;
  Limit limit;
};

/// Kinds of packets that have plans of their own.
enum class PacketClass : std::uint8_t { kTcp, kUdp, kIcmp4, kIcmp6, kOtherIp, kNoIp };
inline constexpr std::size_t kPacketClasses = 6;

// ------------------------------------------------------------------------------------------------ zones

/// Addresses told apart by the sets that most rules name: mostly $HOME_NET and what lies outside of it.
struct Zones {
  static constexpr unsigned kMax = 4, kPairs = kMax * kMax;
  using Number = std::uint8_t;
  struct V4 {
    std::uint32_t last;
    Number zone;
  };
  struct V6 {
    Address last;
    Number zone;
  };
  /// From the lowest address on, each up to `last`; the last one ends with the highest. Empty: all is zone 0.
  std::vector<V4> v4;
  std::vector<V6> v6;
  unsigned count = 1;

  [[nodiscard]] Number of(const Address&) const noexcept;
  [[nodiscard]] static constexpr unsigned pair(Number src, Number dst) noexcept { return src * kMax + dst; }
};

/// What is looked for in traffic from one zone to another: only the rules whose addresses can be there. Most
/// rules speak of what goes between $HOME_NET and the rest of the world, so that traffic inside of a site is
/// held against few of them, and in each direction only against its own.
struct ZonePlan {
  std::array<std::array<PayloadPlan, 2>, kPacketClasses> packet_payload;  ///< by class and Direction
  std::array<PayloadPlan, 2> stream_payload;                              ///< TCP, by Direction
  std::array<HeaderPlan, kPacketClasses> headers;
  RuleList decode_event_rules;                 ///< for packets with decode events
  RuleList stream_event_rules;                 ///< for packets with stream events
  RuleList app_packet_rules;                   ///< for every packet of a flow whose protocol is known
  RuleList app_found_rules;                    ///< once, when a flow's protocol was found or given up
  std::vector<std::array<SidePlan, 2>> sides;  ///< by ProtocolId and Direction
  std::vector<FramePlan> frames;               ///< few: those that rules ask for
};

class Probe;

struct RuleSet {
  RuleSet() = default;
  ~RuleSet();
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  std::uint32_t epoch = 1;  ///< differs from that of the set it replaces
  Probe* probe = nullptr;   ///< who is told, where the set holds probes
  std::vector<RuleHeader> rules;
  std::vector<RuleInfo> info;  ///< by RuleIndex
  /// What flows and transactions remember of rules is by number, so that it stays true over a reload.
  std::vector<RuleNumber> numbers;   ///< by RuleIndex
  std::vector<RuleIndex> by_number;  ///< kNone: not in this set
  [[nodiscard]] RuleIndex find(RuleNumber n) const noexcept {
    return n < by_number.size() ? by_number[n] : kNone;
  }

  std::vector<V4Range> v4_ranges;
  std::vector<V6Range> v6_ranges;
  std::vector<AddressSet> address_sets;  ///< [0]: any
  std::vector<PortRange> port_ranges;
  std::vector<PortSet> port_sets;  ///< [0]: any
  std::vector<AppSet> app_sets;    ///< [0]: any

  std::vector<Group> groups;
  std::vector<Op> ops;
  std::vector<ByteOp> byte_ops;
  std::vector<NumberTest> number_tests;  ///< kSize
  std::vector<PcrePattern> patterns;
  std::vector<DigestSet> digest_sets;
  std::vector<DatasetTest> dataset_tests;
  std::vector<ValueSet> value_sets;
  std::vector<std::uint8_t> bytes;  ///< contents; lower case where kNoCase
  std::vector<Field> fields;
  std::vector<TxTest> tx_tests;
  std::vector<IntegerField> integer_fields;
  std::vector<Matcher> matchers;
  std::vector<std::shared_ptr<const TxMatcher>> matcher_owners;
  std::vector<PacketTest> packet_tests;
  std::vector<std::vector<ReputationRange>> reputations;
  std::vector<std::vector<Country>> country_lists;
  std::shared_ptr<const CountryDatabase> countries;
  std::vector<StateOp> state_ops;
  std::vector<std::uint32_t> bit_ids;
  std::vector<TagDef> tags;
  std::vector<Capture> captures;
  std::vector<std::string> variable_names;  ///< of flows and packets
  std::vector<Transform> transforms;
  std::vector<TransformList> transform_lists;  ///< [0]: none

  std::vector<std::uint32_t> pattern_starts;  ///< see Scan::first_pattern
  std::vector<RuleIndex> pattern_rules;
  std::vector<RuleIndex> rule_lists;
  std::vector<std::unique_ptr<std::uint64_t[]>> port_bitmaps;  ///< 1024 words each

  std::vector<RangeRules> range_rules;
  Zones zones;
  std::array<ZonePlan, Zones::kPairs> plans;  ///< by Zones::pair(); those of the first `zones.count` zones
  std::vector<ProtocolPlan> protocols;        ///< by ProtocolId
  std::vector<BufferPlan> buffers;

  FileWants file_wants;                           ///< what the rules ask of files
  FrameWants frame_wants{};                       ///< ... and of frames
  std::uint32_t flow_bits = 0, flow_ints = 0;     ///< how many ids there are
  std::vector<TrafficBit> traffic_bits;           ///< those that records show, in the order of their names
  std::vector<std::string> bit_names, int_names;  ///< by number
  bool any_tags = false, any_host_tags = false;
  std::uint32_t stream_overlap = 0;  ///< bytes of the stream kept behind an inspection
  bool any_stream = false;           ///< some rule looks at streams
  bool any_mixed = false;            ///< some rule with transaction groups looks at payload too
  bool any_updates = false;          ///< some rule looks at each step of a transaction's state
  bool any_app_packet = false, any_app_found = false;  ///< some plan has such rules
  std::uint32_t most_candidates = 0;                   ///< upper bound: the number of rules
  hs_scratch* scratch_prototype = nullptr;             ///< fits all databases; cores clone it
  // Sets that are in use one after the other share what they have in common.
  std::vector<std::shared_ptr<hs_database>> databases;
  std::vector<std::shared_ptr<pcre2_real_code_8>> expressions;
};

}  // namespace picket::detect
