// parsers/opcua/opcua_parser.h — one flow of OPC UA: chunks are found, messages put together, requests paired
//
//   on_stream() ─> Chunk ─┬─ HEL ACK ERR RHE ────────────────┐
//                         ├─ OPN: policy, token, mode ───────┼─> it asks: waits in a list, by age
//                         └─ MSG CLO ─> pieces ─> one body ──┘   else: the one with its number, or alone
//                                    └─ encrypted: counted, one record for a channel and its token
//
// Memory: a request that waits costs an Exchange and its bytes; a message in pieces its bytes.
#pragma once
#include "parsers/core/frames.h"
#include "parsers/core/waiting.h"
#include "parsers/opcua/opcua_watched.h"

namespace picket::opcua {

enum Limit : std::size_t { kRequestFlood, kReplyTimeout, kMessageLimit, kChunkLimit };
inline constexpr LimitDef kLimits[] = {
    {"request-flood", 128, 1, 1024,
     "requests of a flow that wait for their response; the oldest is given up"},
    {"reply-timeout", 60, 1, 3600,
     "seconds after which a request is given up, unless it says that it waits longer; Publish waits for "
     "ever"},
    {"message-limit", 131072, 8192, 262144, "bytes of a message that are put together; the rest is counted"},
    {"chunk-limit", 512, 1, 65535, "chunks of a message"},
};

class OpcuaParser final : public Parser {
 public:
  explicit OpcuaParser(const ParserContext&) noexcept;
  ~OpcuaParser() override;

  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t, Sink&) noexcept override;
  void on_end(Direction, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  /// How a channel's messages are sent, as far as it is known.
  enum class Mode : std::uint8_t { kUnknown, kNone, kSign, kEncrypt };

  struct Side {
    explicit Side(Pool& pool) noexcept : pieces(pool) {}
    PoolBuffer pieces;      ///< of the message that is not at its end
    Message head;           ///< of it
    bool open = false;      ///< it has begun
    bool dropping = false;  ///< it is too large
    bool lost = false;      ///< the stream is searched for a chunk
    bool midway = false;    ///< pieces may be those of a message whose beginning was not seen
    bool has_sequence = false;
    bool asked = false;  ///< requests went that way: a response without one is odd
    std::uint32_t sequence = 0;
    std::uint32_t buffer = 0;  ///< bytes of a chunk that the other end takes; 0: not known
  };

  void lose(Direction) noexcept;
  void on_chunk(Direction, const Chunk&, Bytes whole, Sink&) noexcept;
  void on_open(Direction, Message&, Bytes content, Sink&) noexcept;
  void on_symmetric(Direction, const Chunk&, Message&, Sink&) noexcept;
  void on_piece(Direction, const Chunk&, Message&, Bytes content, Sink&) noexcept;
  void on_abort(Direction, Message&, Bytes content, Sink&) noexcept;
  void on_message(Direction, Message&, Bytes own, Sink&) noexcept;
  void on_encrypted(Direction, const Message&, Sink&) noexcept;
  void end_hidden(Sink&) noexcept;
  void drop_pieces(Direction, Sink&) noexcept;
  void check_sequence(Direction, std::uint32_t sequence, std::uint64_t& events) noexcept;
  [[nodiscard]] bool asks(Direction, const Message&) const noexcept;
  void on_question(Direction, const Message&, Bytes own, Sink&) noexcept;
  void on_answer(Direction, const Message&, Sink&) noexcept;
  [[nodiscard]] Exchange* find(Direction, const Message&) const noexcept;
  void finish(Exchange&, Direction, const Message&, bool odd, Sink&) noexcept;
  void describe(Exchange&) noexcept;
  void watch(const Exchange&) noexcept;
  void report_problems(Direction, const Message&, Exchange&, Sink&) noexcept;
  void tell(Exchange&, Direction, Sink&) noexcept;
  void wait(Exchange&) noexcept;
  void forget(Exchange&) noexcept;
  void give_up(Exchange&, Sink&) noexcept;
  void give_up_late_ones(std::uint64_t now_ns, Sink&) noexcept;

  Pool& pool_;
  Waiting<Exchange> waiting_;  ///< requests that wait for their response
  const std::uint64_t timeout_ns_;
  const std::size_t message_limit_, chunk_limit_;
  std::array<Side, 2> sides_;
  Exchange* hidden_ = nullptr;  ///< counts what is encrypted
  std::uint64_t next_deadline_ns_ = ~std::uint64_t{0};
  std::uint64_t next_id_ = 0;
  std::uint64_t events_ = 0;                    ///< bits of Event, of chunks whose message is not at its end
  Direction to_server_ = Direction::kToServer;  ///< where requests go
  Mode mode_ = Mode::kUnknown, asked_mode_ = Mode::kUnknown;
  const Policy* policy_ = nullptr;
  std::uint32_t channel_ = 0, token_ = 0, old_token_ = 0;  ///< 0: not known
  Scratch scratch_;
  Watched watched_;
};

}  // namespace picket::opcua
