// parsers/core/protocol.h — the contract between an application protocol and the sensor
//
// A protocol is one ProtocolSpec: what it is called, how it is recognised, its parser, its limits, its
// events, and what rules may look at. The sensor knows nothing else of it. One Parser lives per flow, in pool
// memory; it is shown the bytes of each direction and reports transactions to a Sink.
//
//   bytes ──> Parser ──advance()──> rules look at the buffers that are ready
//                    ──file_*()───> a file it carries: followed, hashed, looked at by rules, a record
//                    ──done()─────> the transaction becomes a record
//                    ──event()────> a named oddity: a counter, an anomaly record, app-layer-event
//
// Nothing here allocates, throws or knows of packets, DPDK, Hyperscan or Protobuf.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "parsers/core/bytes.h"
#include "parsers/core/cursor.h"
#include "parsers/core/pool.h"
#include "parsers/core/result.h"

namespace picket {

enum class Direction : std::uint8_t { kToServer = 0, kToClient = 1 };
constexpr Direction reverse(Direction d) noexcept {
  return d == Direction::kToServer ? Direction::kToClient : Direction::kToServer;
}
constexpr std::size_t index(Direction d) noexcept { return static_cast<std::size_t>(d); }

/// What carries a protocol; values are bits of ProtocolSpec::transports.
enum class Transport : std::uint8_t { kTcp = 1, kUdp = 2, kEthernet = 4 };
constexpr std::uint8_t operator|(Transport a, Transport b) noexcept {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}

/// Could this flow be the protocol? kNo is final, kUnsure asks for more bytes, kYes binds the flow.
enum class Probe : std::uint8_t { kNo, kUnsure, kYes };

/// What came of reading one frame (the simple inner step most parsers have).
struct ParseResult {
  enum class Kind : std::uint8_t { kDone, kNeedMore, kMalformed };
  Kind kind = Kind::kDone;
  std::uint8_t event = 0;  ///< kMalformed: index into ProtocolSpec::events
  std::size_t need = 0;    ///< kNeedMore: bytes wanted in all, counted from the start of the frame

  static constexpr ParseResult done() noexcept { return {}; }
  static constexpr ParseResult need_more(std::size_t bytes) noexcept { return {Kind::kNeedMore, 0, bytes}; }
  template <class E>
  static constexpr ParseResult malformed(E event) noexcept {
    return {Kind::kMalformed, static_cast<std::uint8_t>(event), 0};
  }
};

/// What a Parser made of the bytes that on_stream() showed it.
struct Consumed {
  std::size_t bytes = 0;  ///< from the front; never shown again
  std::size_t need =
      0;  ///< do not call before this many bytes stand after the consumed ones; 0: any more will do
  bool give_up = false;  ///< nothing more of this direction is wanted

  static constexpr Consumed all(std::size_t n) noexcept { return {n, 0, false}; }
  static constexpr Consumed partly(std::size_t n, std::size_t need) noexcept { return {n, need, false}; }
  static constexpr Consumed stop() noexcept { return {0, 0, true}; }
};

struct File;        // parsers/core/file.h
struct OtProtocol;  // parsers/core/ot.h

/// A kind of run of bytes that rules may look at: `frame:smb2.hdr`. Its number is its place in
/// ProtocolSpec::frames.
struct FrameDef {
  std::string_view name;  ///< "smb2.hdr": as rules and EVE have it
  std::string_view help;
};
inline constexpr unsigned kMaxFrames = 15;    ///< kinds of one protocol
inline constexpr unsigned kStreamFrame = 15;  ///< "stream", of every protocol: all that a direction says
inline constexpr unsigned kUpdates = 16;      ///< beside the kinds of frames: Sink::wants_updates()
inline constexpr std::uint64_t kOpenFrame = ~std::uint64_t{0};  ///< a length that is not known yet

/// How far a file has come. Only grows; what rules may ask of a file becomes known at these.
enum class FileStage : std::uint8_t {
  kNone,
  kNamed,   ///< it began: its name
  kHead,    ///< enough of its beginning is there to tell what it is: its magic
  kKept,    ///< as much of it as is inspected is there: its bytes
  kClosed,  ///< it ended: its size and its hashes
};

/// What passes between one request and its reply, or one message that stands alone. Each protocol derives its
/// own.
struct Transaction {
  static constexpr std::size_t kMatchBytes = 48;

  std::uint64_t id = 0;      ///< 0, 1, 2 ... within the flow
  std::uint64_t events = 0;  ///< bit i: ProtocolSpec::events[i] happened here
  std::array<std::uint8_t, 2>
      progress{};  ///< by Direction; only ever grows; the values are the protocol's own
  // Bits, since a byte more would make every transaction eight bytes larger, and some a size of the pool.
  bool has_request : 1 = false;
  bool has_reply : 1 = false;
  bool silent : 1 = false;       ///< rules look at it, but done() makes no record of it
  std::uint32_t file_count = 0;  ///< files begun, also those that were one too many to follow
  File* files = nullptr;         ///< in the order in which they began; the engine's, see Sink::file_begin()
  /// Detection's memory of this transaction; zero at birth. Parsers neither read nor write it.
  alignas(8) std::array<std::byte, kMatchBytes> match{};
};
static_assert(sizeof(Transaction) == 80, "parsers' transactions begin with it, and are many");

/// How a file ended.
enum class FileEnd : std::uint8_t {
  kComplete,
  kTruncated,  ///< its end was not seen
  kLimit,      ///< a limit, or want of memory, kept the rest from being followed
};

/// A connection that a parser knows of before it comes: from one end of its flow to a port of the other.
struct Expectation {
  static constexpr std::size_t kMaxHint = 4096;

  Direction to{};             ///< kToServer: to the server of the flow at hand; kToClient: to its client
  std::uint16_t port = 0;     ///< there
  std::string_view protocol;  ///< what it will speak, by name
  Bytes hint;                 ///< ParserContext::hint of its parser; at most kMaxHint bytes
};

/// Where a parser reports. Calls come back before the next line of the parser runs.
class Sink {
 public:
  /// A frame begins at `first`, which lies in the bytes that the parser was just shown, or right behind them;
  /// its end may lie beyond. kOpenFrame: frame_end() is to follow. Said again of the same bytes it is no second
  /// frame, so a parser that waits for more need not remember what it said. Costs a test where no rule asks for
  /// that kind.
  void frame(Direction dir, unsigned kind, const std::uint8_t* first, std::uint64_t length,
             Transaction* tx = nullptr) noexcept {
    if ((frames_ >> kind & 1) != 0) on_frame(dir, kind, first, length, tx);
  }
  /// The open frame of that kind belongs to `tx`: as long as that lives, alerts carry it.
  void frame_of(Direction dir, unsigned kind, Transaction& tx) noexcept {
    if ((frames_ >> kind & 1) != 0) on_frame_of(dir, kind, tx);
  }
  /// The open frame of that kind ends before `end`; where that does not lie in the bytes at hand: with all of
  /// them. Rules look at it now.
  void frame_end(Direction dir, unsigned kind, const std::uint8_t* end, Transaction* tx = nullptr) noexcept {
    if ((frames_ >> kind & 1) != 0) on_frame_end(dir, kind, end, tx);
  }
  /// `dir`'s side of `tx` has reached `progress`: rules whose buffers became ready look now. Views in `tx`
  /// must be good during the call and until done().
  virtual void advance(Transaction& tx, Direction dir, std::uint8_t progress) noexcept = 0;
  /// Rules want to hear of what goes on in a side's state (HookDef::again), too: advance() with the progress
  /// that was told before.
  [[nodiscard]] bool wants_updates() const noexcept { return (frames_ >> kUpdates & 1) != 0; }
  /// `tx` is complete, or as complete as it will be: rules get a last look, then it becomes a record. Call
  /// exactly once for every transaction that advance() was called for; afterwards its memory is the parser's
  /// to free.
  virtual void done(Transaction& tx) noexcept = 0;
  /// ProtocolSpec::events[event] happened, in `tx` or (nullptr) outside of any.
  virtual void event(Direction dir, std::uint8_t event, Transaction* tx) noexcept = 0;
  /// A file begins in `tx`: bytes that the protocol carries for somebody to keep or run. `name` is as sent,
  /// empty when there is none; of its bytes up to `inspect_limit` are kept where rules ask for file.data. The
  /// File lives until done(tx). nullptr: nobody wants it, or a limit is met; then say nothing more of it.
  virtual File* file_begin(Transaction&, Direction, Bytes /*name*/, std::size_t /*inspect_limit*/) noexcept {
    return nullptr;
  }
  /// Its next bytes, free of all framing and coding. Results must not depend on how they are cut.
  virtual void file_data(File&, Bytes) noexcept {}
  /// `missing` of its bytes were never seen (0: unknown); more may follow.
  virtual void file_gap(File&, std::uint64_t /*missing*/) noexcept {}
  /// Nothing more comes. Once, before done(); the engine ends what is still open there as truncated.
  virtual void file_end(File&, FileEnd) noexcept {}
  /// What follows the bytes just consumed, in both directions, is another protocol (CONNECT, Upgrade,
  /// STARTTLS): by name if known ("tls"), or "" to find out by content. The calling parser gets on_close()
  /// and goes. `hint` is copied; the next parser is made with it.
  virtual void hand_over(std::string_view protocol, Bytes hint = {}) noexcept = 0;
  /// Such a connection may come soon: waited for for a limited time, by as much as there is room for. A later
  /// one to the same place replaces an earlier one. False: it could not be kept, or another had to go for it.
  virtual bool expect(const Expectation&) noexcept { return true; }
  /// What follows in this flow is encrypted, in both directions: rules stop looking at its payload.
  virtual void encrypted() noexcept {}
  /// Capture time of the packet at hand, nanoseconds since 1970 UTC.
  [[nodiscard]] virtual std::uint64_t time_ns() const noexcept = 0;

 protected:
  ~Sink() = default;
  virtual void on_frame(Direction, unsigned, const std::uint8_t*, std::uint64_t, Transaction*) noexcept {}
  virtual void on_frame_of(Direction, unsigned, Transaction&) noexcept {}
  virtual void on_frame_end(Direction, unsigned, const std::uint8_t*, Transaction*) noexcept {}

  std::uint32_t frames_ = 0;  ///< bit by kind: wanted of the parser that is called
};

/// A protocol's limit: a key in the configuration under app-layer.protocols.<name>.
struct LimitDef {
  std::string_view name;  ///< "request-body-limit"
  std::uint64_t initial, min, max;
  std::string_view help;  ///< one line, with the unit
};

/// What a parser is made with. Pool and limits outlive the parser; the other bytes last while it is
/// constructed.
struct ParserContext {
  Pool& pool;
  std::span<const std::uint64_t> limits;  ///< in the order of ProtocolSpec::limits
  Transport transport;
  Bytes client{};  ///< its address, 4 or 16 bytes, 6 of a flow without IP; empty: not known
  Bytes hint{};    ///< of who expected this flow, or handed it over
};

class Parser {
 public:
  Parser() = default;
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  virtual ~Parser() = default;

  /// TCP. `data` stands right after what was consumed before; unconsumed bytes are shown again with more
  /// behind them. Results must not depend on how segments fall.
  virtual Consumed on_stream(Direction, Bytes data, Sink&) noexcept { return Consumed::all(data.size()); }
  /// `missing` bytes of this direction were never seen (0: unknown). Bytes that waited before the gap are
  /// dropped by the engine; the next on_stream() of this direction starts behind the gap.
  virtual void on_gap(Direction, std::uint64_t /*missing*/, Sink&) noexcept {}
  /// Nothing more comes in this direction (FIN).
  virtual void on_end(Direction, Sink&) noexcept {}
  /// UDP or Ethernet: one whole datagram.
  virtual void on_datagram(Direction, Bytes, Sink&) noexcept {}
  /// The flow is over: finish every open transaction. The destructor follows.
  virtual void on_close(Sink&) noexcept {}
};

/// Progress value for "this buffer does not exist in that direction".
inline constexpr std::uint8_t kNever = 0xff;

/// A sticky buffer: bytes of a transaction that rules may search.
struct BufferDef {
  std::string_view name;    ///< "http.uri"
  std::string_view legacy;  ///< content modifier of old rules, "http_uri", or ""
  std::array<std::uint8_t, 2>
      progress;  ///< by Direction: ready when the transaction's side reaches it, or kNever
  /// The `instance`-th value; false when there is none. Single-valued buffers answer for 0 only.
  bool (*get)(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept;
  std::string_view help;
  /// Not kNone: `instance` counts the files of that direction, and a rule looks at each file once it has come
  /// so far, with all that the rule asks of files about the same one. `progress` then only counts for `=>`.
  FileStage of_file = FileStage::kNone;
};

/// A number of a transaction that rules may compare: `dns.opcode:!1; urilen:<20; modbus.unit:1-5;`
struct IntegerDef {
  std::string_view name;
  std::string_view legacy;  ///< an older spelling, or ""
  std::array<std::uint8_t, 2> progress;
  bool (*get)(const Transaction&, Direction, unsigned instance, std::uint64_t& out) noexcept;
  /// Names that stand for numbers, e.g. dns.rrtype:aaaa; nullptr: numbers only.
  bool (*by_name)(std::string_view, std::uint64_t& out) noexcept;
  std::string_view help;
  FileStage of_file = FileStage::kNone;  ///< as in BufferDef
};

/// What a keyword with a syntax of its own compiles to. Immutable; used by all cores at once.
class TxMatcher {
 public:
  virtual ~TxMatcher() = default;
  [[nodiscard]] virtual bool match(const Transaction&, Direction) const noexcept = 0;
};

/// A keyword with a syntax of its own: `modbus: function 3, unit 5;`
struct KeywordDef {
  std::string_view name;
  std::array<std::uint8_t, 2> progress;
  Result<std::unique_ptr<TxMatcher>> (*parse)(std::string_view argument);
  std::string_view help;
};

/// A state of a side at which rules may hook: `alert http1:request_line`. Every protocol has request_started,
/// request_complete, response_started and response_complete.
struct HookDef {
  std::string_view name;
  Direction side;
  std::uint8_t progress;  ///< with which the side has reached it
  /// A rule that asks for nothing else looks at each packet that goes on with it: see Sink::wants_updates().
  bool again = false;
};

/// A named oddity: a counter, an anomaly record's `event`, and `app-layer-event:<protocol>.<name>` in rules.
struct EventDef {
  std::string_view name;  ///< lower_snake, Suricata's name where it has one
  std::string_view help;
};

struct ProtocolSpec {
  std::string_view name;    ///< "modbus": EVE's app_proto and the word in a rule's header
  std::string_view record;  ///< field of picket.v1.Event that holds its record; EVE's event_type
  /// Other words for it in a rule's header; the name of another protocol means both there.
  std::span<const std::string_view> aliases;
  std::uint8_t transports = 0;                   ///< bits of Transport
  std::span<const std::uint16_t> ports;          ///< a hint: these are probed first; never a proof
  std::span<const std::uint16_t> not_udp_ports;  ///< where a look-alike lives: never probed on these over UDP
  /// kEthernet: of frames without IP that are probed, and only these. on_datagram() is shown what follows the EtherType with
  /// its padding. Below 256: a service access point of LLC (IEEE 802.2); shown is what follows the control byte.
  std::span<const std::uint16_t> ethertypes;
  /// `first`: what one direction has said so far, from its start. Pure. Called again with more while kUnsure.
  Probe (*probe)(Transport, Direction, Bytes first) noexcept = nullptr;
  std::size_t parser_size = 0;
  /// Constructs the parser at `at` (parser_size bytes of the pool, aligned to 64).
  Parser* (*create)(void* at, const ParserContext&) noexcept = nullptr;
  bool whole_streams = false;  ///< it carries files: stream.reassembly.depth does not end its flows
  std::size_t max_pending_bytes = 65536;   ///< unconsumed bytes of a direction that the engine will hold
  std::array<std::uint8_t, 2> complete{};  ///< by Direction: the progress at which a side is complete
  std::span<const LimitDef> limits;
  std::span<const EventDef> events;  ///< at most 64
  bool capital_events = false;  ///< EVE writes their names in capitals, as Suricata does for this protocol
  std::span<const BufferDef> buffers;  ///< at most 64
  std::span<const IntegerDef> integers;
  std::span<const KeywordDef> keywords;
  std::span<const FrameDef> frames;  ///< at most kMaxFrames
  std::span<const HookDef> hooks;    ///< beside those that every protocol has
  const OtProtocol* ot = nullptr;    ///< not null: its transactions are OtTransactions, see parsers/core/ot.h
};

/// Fits ProtocolSpec::create for a parser class with a constructor (const ParserContext&).
template <class P>
Parser* create_parser(void* at, const ParserContext& context) noexcept {
  return ::new (at) P(context);
}

/// A protocol's place in protocols().
using ProtocolId = std::uint16_t;
inline constexpr ProtocolId kNoProtocol = 0xffff;

/// All protocols of this build, in the order of parsers/meson.build. The registry is generated from that
/// table.
std::span<const ProtocolSpec* const> protocols() noexcept;
/// By name, else by alias; kNoProtocol when there is none.
ProtocolId find_protocol(std::string_view name) noexcept;

}  // namespace picket
