// parsers/opcua/opcua.h — OPC UA binary over TCP (OPC 10000-6 §6.7 and §7.1, services of OPC 10000-4)
//
//      0     3       4      8
//      | HEL | F     | size | version | receive | send | max message | max chunks | endpoint URL |
//      | ACK | F     | size | version | receive | send | max message | max chunks |
//      | ERR | F     | size | error | reason |               | RHE | F | size | server URI | endpoint URL |
//      | OPN | F     | size | channel | policy URI | certificate | thumbprint | sequence | request | body |
//      | MSG | F C A | size | channel | token | sequence | request | body or piece of it | padding | signature |
//      | CLO | F     | size | the same        `- encrypted in SignAndEncrypt; in OPN of every RSA policy -'
//                             of a body: | type id | request or response header | what the service has |
//
// In      bytes of one direction of a TCP stream, standing at the start of a chunk; integers are little-endian
// Out     a Chunk; of whole messages a Message, whose fields Walker (opcua_schema.h) reads; both borrow from the input
// Cost    O(1) a chunk, O(bytes) a message; no allocation, no state
// Limits  a chunk up to kMaxChunk, a message up to the limit `message-limit`; structures kMaxDepth deep
// Leaves  pairing, channels and pieces to opcua_parser.h. Passwords, tokens of sessions, nonces and signatures are
//         never told. Of what is encrypted only that it was there; nothing is decrypted.
#pragma once
#include "parsers/core/ot.h"
#include "parsers/opcua/opcua_schema.h"

namespace picket::opcua {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:opcua.<name>`.
enum class Event : std::uint8_t {
  kInvalidHeader,
  kInvalidSize,
  kLostSync,
  kGap,
  kInvalidHello,
  kInvalidOpen,
  kInvalidMessage,
  kUnknownService,
  kTooDeep,
  kTrailingBytes,
  kTooLarge,
  kTooManyChunks,
  kChunkTooLarge,
  kIncompleteMessage,
  kAborted,
  kSequenceGap,
  kSequenceDuplicate,
  kUnknownChannel,
  kUnknownToken,
  kUnsolicitedResponse,
  kMismatch,
  kHandleMismatch,
  kNoReply,
  kFlooded,
  kOutOfMemory,
  kReusedRequestId,
  kPasswordInClear,
};

inline constexpr std::size_t kChunkHeader = 8;
inline constexpr std::size_t kMaxChunk = 128 * 1024;  ///< twice of what stacks offer
inline constexpr std::size_t kMaxUrl = 4096;          ///< of HEL, ERR and RHE (§7.1.2)

enum class MessageType : std::uint8_t {
  kHello,
  kAcknowledge,
  kError,
  kReverseHello,
  kOpen,
  kClose,
  kMessage
};

struct Chunk {
  MessageType type{};
  char final = 'F';        ///< F: the last; C: more follow; A: given up
  std::uint32_t size = 0;  ///< with its header
  Bytes rest;              ///< behind the header
};
/// Reads one chunk from `in`.
///   done       `chunk` is filled; `in` stands after it
///   need_more  nothing changed; call again with at least that many bytes
///   malformed  nothing changed: no known type, or a size that cannot be
[[nodiscard]] ParseResult parse(Cursor& in, Chunk& chunk) noexcept;

struct Policy {
  std::string_view name;       ///< "Basic256Sha256"
  std::uint8_t signature = 0;  ///< bytes behind a signed chunk
};
/// By its URI; "" is None. nullptr: not known.
[[nodiscard]] const Policy* policy_of(Bytes uri) noexcept;
/// What stands behind the # of its URI.
[[nodiscard]] Bytes policy_name(Bytes uri) noexcept;

/// Bits of Message::problems; each is also an Event.
enum Problem : std::uint8_t { kBroken = 1, kService = 2, kDeep = 4, kTrailing = 8, kClearPassword = 16 };

/// One message. Integers in host order; which fields there are follows from `type`.
struct Message {
  MessageType type{};
  std::uint8_t problems = 0;           ///< bits of Problem
  bool encrypted = false;              ///< nothing behind channel and token can be read
  bool aborted = false;                ///< given up by its sender: `error` and `text` say why
  bool has_sequence = false;           ///< `sequence` and `request` were readable
  bool renews = false;                 ///< kOpen: of a request, the channel is there already
  std::uint32_t size = 0, chunks = 0;  ///< bytes on the wire, of all its chunks
  std::uint32_t channel = 0, token = 0, sequence = 0, request = 0;  ///< sequence: of the first chunk

  std::uint32_t version = 0, receive_size = 0, send_size = 0, max_message = 0,
                max_chunks = 0;  ///< kHello, kAcknowledge
  std::uint32_t error = 0;       ///< kError, aborted
  Bytes text;                    ///< kHello, kReverseHello: endpoint URL; kError, aborted: reason
  Bytes server_uri;              ///< kReverseHello
  Bytes policy, certificate,
      thumbprint;  ///< kOpen: the sender's policy and certificate, the receiver's thumbprint

  std::uint32_t service_id = 0;      ///< of its binary encoding
  const Service* service = nullptr;  ///< nullptr: none, or unknown
  Bytes body;                        ///< behind the type id; without the signature
  std::uint32_t handle = 0;          ///< of the request's or the response's header
  std::uint32_t result = 0;          ///< of a response's header
  std::uint32_t subscription = 0;
  std::uint16_t good = 0, bad = 0;  ///< of a response: results of what was asked for, by their severity
  bool has_events = false;          ///< Publish, Republish: events, or that a subscription ended
  std::uint8_t user_token = 0xff;   ///< ActivateSession: kind of identity; 0xff: none told

  [[nodiscard]] bool is(MessageType t) const noexcept { return type == t; }
  [[nodiscard]] bool is(std::string_view name) const noexcept {
    return service != nullptr && service->name == name;
  }
  /// Its fields; of what has no body nothing.
  [[nodiscard]] Walker walk() const noexcept {
    return service == nullptr ? Walker() : Walker(body, *service->form);
  }
};

/// What a piece of a message is: `content` stands behind the chunk's header, of kOpen behind the channel.
/// False: too short to say.
[[nodiscard]] bool interpret_hello(Bytes content, Message& m) noexcept;
[[nodiscard]] bool interpret_open(Bytes content, Message& m) noexcept;
/// `body`: from the type id on. Whatever is wrong is in m.problems; `signature`: bytes at the end that are none of it.
void interpret_body(Bytes body, std::size_t signature, Message& m) noexcept;
[[nodiscard]] bool interpret_abort(Bytes content, Message& m) noexcept;
/// Does a message of a known service begin here? Then it is not encrypted.
[[nodiscard]] bool body_starts(Bytes body) noexcept;

/// Could this flow be OPC UA? It is sure of whole first chunks, from either side and also in the midst.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;
/// Does a chunk start here? Asked at each byte where the stream is searched for the next.
[[nodiscard]] Probe frame_starts(Bytes stream) noexcept;

// ── text (opcua_text.cc) ───────────────────────────────────────────────────────────────────────────────────────

/// "i=85", "ns=2;s=Pump.Speed", "ns=1;g=...", "b=base64"; of an expanded one "svr=1;nsu=uri;i=85". Cut where `room` ends.
[[nodiscard]] Bytes node_text(const NodeId&, std::span<char> room) noexcept;
/// A value as text: numbers, dates ("2026-11-22T10:45:17.123Z"), "2:Name" of a qualified name, text as it is.
[[nodiscard]] Bytes value_text(const Token&, std::span<char> room) noexcept;
inline constexpr std::size_t kTextRoom = 1024;
/// It is a number, which value_number() gives.
[[nodiscard]] bool is_numeric(Type) noexcept;
[[nodiscard]] double value_number(const Token&) noexcept;
/// What is longer than 2^53 is no exact double.
[[nodiscard]] bool is_exact(const Token&) noexcept;

// ── names; "" when there is none ───────────────────────────────────────────────────────────────────────────────

[[nodiscard]] std::string_view status_name(std::uint32_t code) noexcept;  ///< its severity when unknown
[[nodiscard]] std::string_view node_name(const NodeId&) noexcept;         ///< of nodes that every server has
[[nodiscard]] std::string_view attribute_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view type_name(Type) noexcept;
[[nodiscard]] std::string_view security_mode_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view request_type_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view user_token_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view application_type_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view monitoring_mode_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view timestamps_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view direction_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view node_class_name(std::uint32_t) noexcept;
[[nodiscard]] std::string_view message_name(MessageType) noexcept;
[[nodiscard]] bool message_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool status_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool attribute_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool security_mode_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool user_token_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool type_by_name(std::string_view, std::uint64_t& out) noexcept;

constexpr bool is_bad(std::uint32_t status) noexcept { return (status & 0x80000000U) != 0; }

inline constexpr std::uint32_t kValueAttribute = 13;

// ── transactions ───────────────────────────────────────────────────────────────────────────────────────────────

/// Which nodes a flow's clients watch: notifications name them by numbers that the client chose.
class Watched;

/// What a flow's transactions share to answer what rules ask of them.
struct Scratch {
  /// Where the token that was asked for last stands.
  struct Seek {
    const Message* of = nullptr;
    std::uint8_t what = 0;
    unsigned n = 0;
    Walker at;
  };
  Seek seek;
  std::array<char, kTextRoom> room;         ///< for addresses and values
  std::array<char, kTextRoom> buffer_room;  ///< for buffers of rules
};

/// What was encrypted of a channel, counted.
struct Hidden {
  std::array<std::uint64_t, 2> chunks{}, bytes{};  ///< by Direction
};

/// A request with its response, or one message alone. With a reverse hello the server asks for the connection, so that
/// either end may be the client.
struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept : own(pool) {}

  Direction asked = Direction::kToServer;  ///< where the request goes, or the message that stands alone
  bool has_question = false, has_answer = false;
  bool asks = false;    ///< `question` is a request, also where it stands alone
  bool counts = false;  ///< it is `hidden`: no message, but the count of encrypted ones
  Message question, answer;
  std::uint64_t question_ns = 0, answer_ns = 0;
  std::uint64_t deadline_ns = 0;  ///< the parser's own, as what follows
  Hidden hidden;
  std::string_view mode, policy;  ///< of the channel as far as it is known: "Sign", "Basic256Sha256"
  Scratch* scratch = nullptr;     ///< outlives it
  const Watched* watched = nullptr;
  Exchange *older = nullptr, *newer = nullptr;
  PoolBuffer own;  ///< the request's bytes, while it waits

  /// What went that way; nullptr when nothing did.
  [[nodiscard]] const Message* side(Direction dir) const noexcept {
    if (counts) return nullptr;
    if (dir == asked) return has_question ? &question : nullptr;
    return has_answer ? &answer : nullptr;
  }
};

/// The n-th token of a message that `fits` takes; false when there is none. Amortised O(1) where n grows by one.
template <class Fits>
bool seek(const Exchange& x, const Message& m, std::uint8_t what, unsigned n, Token& out,
          Fits&& fits) noexcept {
  if (x.scratch == nullptr) return false;
  Scratch::Seek& s = x.scratch->seek;
  if (s.of != &m || s.what != what || s.n > n) {
    s.of = &m;
    s.what = what;
    s.n = 0;
    s.at = m.walk();
  }
  while (s.at.next(out)) {
    if (fits(static_cast<const Token&>(out)) && s.n++ == n) return true;
  }
  s.of = nullptr;
  return false;
}

extern const OtProtocol kOt;
/// The operation of an exchange, from its request if it was seen. Never null.
[[nodiscard]] const OtOperation* operation_of(const Exchange&) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::opcua
