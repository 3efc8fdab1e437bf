// parsers/dcerpc/dcerpc.h — DCE/RPC: calls, and the connection-oriented protocol that carries most of them
// (C706 chapter 12, [MS-RPCE] 2.2.2). Calls in datagrams: datagram.h
//
//      0     1       2      3       4       8          10          12        16
//      | 5 | minor | type | flags | drep  | frag_len | auth_len  | call_id | body ...  | sec trailer, token |
//
// A Connection is one association: the bytes of both directions of a TCP connection or of a named pipe become
// calls. It knows nothing of what carries it; parsers/smb feeds it from pipes, DceParser (dcerpc_spec.cc)
// from TCP. A call is a bind with its answer, or a request with its response, each of one or more fragments.
//
// In      bytes in order; a fragment may come in any number of pieces
// Out     Listener::begin(), request_done(), reply_done(), finished()
// Cost    a fragment that lies in one piece is read in place, else copied once; stub data is copied once
// Limits  see Limits and the constants below; each has an event
// Leaves  the meaning of stub data; encrypted stub data is shown as it is
#pragma once
#include <string_view>

#include "parsers/core/protocol.h"

namespace picket::dcerpc {

enum class Pdu : std::uint8_t {
  kRequest = 0,
  kPing = 1,
  kResponse = 2,
  kFault = 3,
  kWorking = 4,
  kNoCall = 5,
  kReject = 6,
  kAck = 7,
  kClCancel = 8,
  kFack = 9,
  kCancelAck = 10,
  kBind = 11,
  kBindAck = 12,
  kBindNak = 13,
  kAlterContext = 14,
  kAlterContextResponse = 15,
  kAuth3 = 16,
  kShutdown = 17,
  kCoCancel = 18,
  kOrphaned = 19,
};
/// "REQUEST", "BINDACK" ...; "" for a type that does not exist.
[[nodiscard]] std::string_view pdu_name(std::uint8_t type) noexcept;

/// What can be wrong. smb shows them under the same names.
enum class Event : std::uint8_t {
  kMalformedPdu,
  kWrongDirection,
  kBindWithoutFirstFragment,
  kTooManyContexts,
  kTooManyCalls,
  kStubTooLarge,
  kUnknownContext,
  kGap,
  kOutOfMemory,
  kMissingFragment,  ///< of datagrams alone
};
inline constexpr std::size_t kEventCount = static_cast<std::size_t>(Event::kMissingFragment) + 1;
inline constexpr std::size_t kConnectionEventCount = static_cast<std::size_t>(Event::kOutOfMemory) + 1;
/// In the order of Event; for ProtocolSpec::events.
[[nodiscard]] std::span<const EventDef, kEventCount> event_defs() noexcept;

inline constexpr std::size_t kHeaderSize = 16;
inline constexpr std::size_t kLengthEnd = 10;  ///< where the fragment's length ends
inline constexpr std::size_t kMaxFragment = 65535;
inline constexpr std::size_t kMaxInterfaces = 32;  ///< of one bind, and contexts of one association
inline constexpr std::uint8_t kFirstFragment = 0x01, kLastFragment = 0x02, kObjectUuid = 0x80;

/// What a context stands for, and what the server said to it.
struct Interface {
  std::array<std::uint8_t, 16> uuid{};  ///< as text shows it, most significant byte first
  std::uint16_t context = 0, major = 0, minor = 0;
  std::uint16_t result = 0, reason = 0;  ///< 0: accepted
  bool answered = false;
  [[nodiscard]] bool accepted() const noexcept { return answered && result == 0; }
};

/// One side of a call.
struct Half {
  explicit Half(Pool& pool) noexcept : stub(pool) {}
  PoolBuffer stub;              ///< stub data of all fragments, up to max_stub_bytes
  std::uint64_t stub_size = 0;  ///< of all of it, with what proves the sender, which `stub` is without
  std::uint32_t fragments = 0;
  std::uint8_t type = 0;  ///< of the first fragment
  bool seen = false;      ///< a fragment was
  bool whole = false;     ///< the last one, too
  bool little = true;     ///< byte order of its integers
};

/// Lives in the Listener's transaction, from begin() to finished().
struct Call {
  explicit Call(Pool& pool) noexcept : interfaces(pool), request(pool), reply(pool) {}
  Call* next = nullptr;       ///< among the open ones; the Connection's
  Transaction* tx = nullptr;  ///< the Listener's
  std::uint32_t id = 0;       ///< of version 4: the sequence number
  std::uint16_t opnum = 0;
  std::uint8_t major = 5, minor = 0;        ///< the protocol's version: 4.0 in datagrams
  std::array<std::uint8_t, 16> activity{};  ///< of version 4: with `id` it names the call
  bool has_interface = false;
  Interface interface;    ///< of a request: what its context stands for
  PoolBuffer interfaces;  ///< of a bind: Interface after Interface
  Half request, reply;

  [[nodiscard]] bool is_request() const noexcept {
    return request.seen && request.type == static_cast<std::uint8_t>(Pdu::kRequest);
  }
  [[nodiscard]] std::size_t interface_count() const noexcept { return interfaces.size() / sizeof(Interface); }
  [[nodiscard]] Interface interface_at(std::size_t i) const noexcept;
};

/// Who carries the association. `finished` frees the call.
class Listener {
 public:
  /// Room for a call that begins in this direction; nullptr: there is none.
  virtual Call* begin(Direction) noexcept = 0;
  /// All fragments of the side are there.
  virtual void half_done(Call&, Direction) noexcept = 0;
  virtual void finished(Call&) noexcept = 0;
  virtual void event(Direction, Event, Call*) noexcept = 0;

 protected:
  ~Listener() = default;
};

struct Limits {
  std::uint32_t max_calls = 64;               ///< open at once in an association; the oldest is given up
  std::uint32_t max_stub_bytes = 128 * 1024;  ///< kept of each side of a call
};

/// Could these bytes start a fragment? kUnsure below kLengthEnd bytes.
[[nodiscard]] Probe probe_header(Bytes first) noexcept;
/// Bytes of a fragment in all, for which probe_header() said kYes: at least kHeaderSize.
[[nodiscard]] std::size_t fragment_size(Bytes first) noexcept;

class Connection {
 public:
  Connection(Pool& pool, Limits limits) noexcept
      : limits_(limits), pending_{PoolBuffer(pool), PoolBuffer(pool)}, contexts_(pool) {}

  void feed(Direction, Bytes, Listener&) noexcept;
  /// Bytes are missing. What follows is not read until restart().
  void gap(Direction, Listener&) noexcept;
  /// What is fed next in this direction starts a fragment.
  void restart(Direction dir) noexcept { lost_[index(dir)] = false; }
  [[nodiscard]] bool lost(Direction dir) const noexcept { return lost_[index(dir)]; }
  /// Finishes all that is open.
  void close(Listener&) noexcept;

 private:
  struct Header;
  void read_pdu(Direction, Bytes, Listener&) noexcept;
  void read_bind(const Header&, Cursor&, Call&, Direction, Listener&) noexcept;
  void read_bind_answer(const Header&, Cursor&, Call&) noexcept;
  void read_stub(const Header&, Cursor&, Call&, Half&, Direction, Listener&) noexcept;
  Call* open_call(Direction, std::uint32_t id, Listener&) noexcept;
  [[nodiscard]] Call* find(std::uint32_t id) noexcept;
  void finish(Call&, Listener&) noexcept;
  void set_context(const Interface&, Direction, Listener&, Call&) noexcept;

  Limits limits_;
  std::array<PoolBuffer, 2> pending_;  // a fragment of which the end is not there yet
  PoolBuffer contexts_;                // Interface after Interface
  Call* calls_ = nullptr;              // oldest first
  std::uint32_t call_count_ = 0;
  std::array<bool, 2> lost_{};
};

// Rule keywords, for each protocol that carries calls. `call_of` gives a transaction's call, or nullptr.
using CallOf = const Call* (*)(const Transaction&);
/// `dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003,>1,any_frag;`
Result<std::unique_ptr<TxMatcher>> parse_iface(std::string_view argument, CallOf);
/// `dcerpc.opnum:15,17-20;`
Result<std::unique_ptr<TxMatcher>> parse_opnum(std::string_view argument, CallOf);

/// Over TCP: a call is a transaction.
struct Message : Transaction {
  explicit Message(Pool& pool) noexcept : call(pool) {}
  Call call;
};

/// Could this flow be DCE/RPC? It is asked on every port.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::dcerpc
