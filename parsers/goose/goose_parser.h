// parsers/goose/goose_parser.h — what a publisher said before, and what is odd about what it says now
//
// State   a Stream for each control block of the flow, newest first; `streams` of them at most, then the one that was
//         silent for longest is forgotten (an event)
// Cost    O(streams) a message to find its own; O(bytes) to compare the data set with the one before
#pragma once
#include "parsers/goose/goose.h"

namespace picket::goose {

enum Limit : std::size_t { kStreams, kMaxStateJump, kClockTolerance };

class GooseParser final : public Parser {
 public:
  explicit GooseParser(const ParserContext&) noexcept;
  ~GooseParser() override;
  void on_datagram(Direction, Bytes, Sink&) noexcept override;

 private:
  struct Stream {
    explicit Stream(Pool& pool) noexcept : data(pool), encoded(pool), dat_set(pool) {}
    Stream* next = nullptr;
    std::array<std::uint8_t, kMaxReference> reference{};
    std::uint8_t reference_size = 0;
    bool change_seen = false;  ///< the state began while we listened
    std::uint16_t appid = 0;
    std::uint32_t st_num = 0, sq_num = 0, conf_rev = 0;
    std::uint32_t time_allowed_to_live_ms = 0;
    std::uint64_t t_ns = 0;        ///< of the state
    std::uint64_t changed_ns = 0;  ///< capture time of its first message that was seen
    std::uint64_t seen_ns = 0;     ///< capture time of the last message
    PoolBuffer data;               ///< the data set as it was sent last
    Shape shape;                   ///< of `data`
    PoolBuffer encoded;            ///< of `data`, by the encoder, once it is repeated
    PoolBuffer dat_set;
    [[nodiscard]] Bytes name() const noexcept { return Bytes(reference).first(reference_size); }
  };

  Stream* find(const Pdu&, bool& fresh, Message&, Sink&) noexcept;
  void compare(Message&, const Stream&, Sink&) const noexcept;
  void compare_state(Message&, const Stream&, bool expired, Sink&) const noexcept;
  static void compare_data(Message&, const Stream&) noexcept;
  static void remember(Message&, Stream&, Sink&) noexcept;

  Pool& pool_;
  const std::size_t max_streams_;
  const std::uint32_t max_state_jump_;
  const std::uint64_t tolerance_ns_;
  Stream* newest_ = nullptr;
  std::size_t streams_ = 0;
  std::uint64_t next_id_ = 0;
};

}  // namespace picket::goose
