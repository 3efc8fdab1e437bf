// parsers/bacnet/bacnet_parser.h — the parser of a flow: requests that wait for their answer, messages in segments
//
//   on_datagram() ─> Pdu ─┬─ it asks ─────────> waits in a list, by age; a segment: until all of them are there
//                         ├─ it answers ──────> the oldest with its invoke id between these two stations
//                         ├─ a segment's ack ─> a transaction of its own, silent where it belongs to one of these
//                         └─ else ────────────> alone
//
// Either end of a flow may ask: both have the same port. Memory: a request that waits costs an Exchange and its bytes, one
// in segments also those, up to message-limit.
#pragma once
#include "parsers/bacnet/bacnet.h"
#include "parsers/core/waiting.h"

namespace picket::bacnet {

enum Limit : std::size_t { kRequestFlood, kReplyTimeout, kMessageLimit };
inline constexpr LimitDef kLimits[] = {
    {"request-flood", 64, 1, 1024, "requests of a flow that wait for their answer; the oldest is given up"},
    {"reply-timeout", 60, 1, 3600, "seconds after which a request is given up"},
    {"message-limit", 65536, 1024, 262144, "bytes of a message in segments that are put together"},
};

class BacnetParser final : public Parser {
 public:
  explicit BacnetParser(const ParserContext& c) noexcept
      : pool_(c.pool),
        transport_(c.transport),
        waiting_(c.pool, c.limits[kRequestFlood]),
        timeout_ns_(c.limits[kReplyTimeout] * 1'000'000'000),
        message_limit_(c.limits[kMessageLimit]) {}

  void on_datagram(Direction, Bytes, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  enum class Gathered : std::uint8_t { kMore, kWhole, kRepeated };

  void expire(Sink&) noexcept;
  void on_question(Direction, Bytes whole, Pdu&, Sink&) noexcept;
  void on_answer(Direction, Pdu&, Sink&) noexcept;
  void on_segment_ack(Direction, Pdu&, Sink&) noexcept;
  void alone(Direction, const Pdu&, Sink&, bool silent = false) noexcept;
  /// Another segment of what it gathers.
  Gathered gather(Direction, Exchange&, Exchange::Gather&, PoolBuffer&, const Apdu&, Sink&) noexcept;
  void complete_question(Exchange&, Bytes whole, const Pdu&, Sink&) noexcept;
  [[nodiscard]] Exchange* find(Direction from, const Pdu& answer) const noexcept;
  [[nodiscard]] Exchange* find_same(Direction, const Pdu& question) const noexcept;
  void give_up(Exchange&, Sink&) noexcept;
  void wait(Exchange&) noexcept;
  void forget(Exchange&) noexcept;

  Pool& pool_;
  const Transport transport_;
  Waiting<Exchange> waiting_;
  const std::uint64_t timeout_ns_;
  const std::size_t message_limit_;
  std::uint64_t next_id_ = 0;
  std::array<bool, 2> asked_{};  ///< by who asks: a request was seen
  /// The last exchange with segments that was done: its last segment is acknowledged behind it.
  bool has_last_ = false;
  std::uint8_t last_invoke_ = 0;
};

}  // namespace picket::bacnet
