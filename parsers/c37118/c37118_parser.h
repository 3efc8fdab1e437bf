// parsers/c37118/c37118_parser.h — the parser of a flow: which command is answered by what, and where frames begin
//
// A command that asks waits for what it asked for, at most kMaxWaiting of them; everything else stands alone. Of each
// stream the last configuration is kept, as a Layout.
//
// A frame is believed for its CRC, and that can only be seen at its end. A wrong size must not hide up to 64 KiB behind
// it until then, so what is long, and as long as no configuration says, is looked into as it grows: where whole frames
// stand in it, it is none. These looks are at fixed lengths, so that it does not matter how
// segments fall, and they cost a fixed multiple of what arrives.
#pragma once
#include "parsers/c37118/c37118.h"

namespace picket::c37118 {

enum Limit : std::size_t { kReplyTimeout };
inline constexpr LimitDef kLimits[] = {
    {"reply-timeout", 30, 1, 3600,
     "seconds after which a command that asks for a header or configuration is given up"},
};

class C37118Parser final : public Parser {
 public:
  explicit C37118Parser(const ParserContext&) noexcept;

  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_datagram(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t missing, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  static constexpr std::size_t kMaxWaiting = 4, kMaxStreams = 4;
  static constexpr std::size_t kShort = 256;  ///< bytes of a frame that are waited for without a doubt
  static constexpr std::size_t kFirstLook =
      64;  ///< bytes of a longer one at which it is looked into; then twice as many ...
  static constexpr std::uint32_t kCreditOfByte = 16, kMostCredit = 65536, kFirstPatience = 4096;

  /// Where a direction stands. Both limits grow by kCreditOfByte with each byte that goes by.
  struct Side {
    bool lost = false;                   ///< the next frame is looked for
    std::uint32_t credit = kMostCredit;  ///< bytes of a long frame that may turn out to be none
    std::uint32_t patience = 0;          ///< while lost: bytes of a frame that are waited for
    std::uint32_t soc = 0;               ///< of the last frame
    std::size_t look = kFirstLook;       ///< when the frame that is waited for is looked into next
  };
  struct Stream {
    explicit Stream(Pool& pool) noexcept : layout(pool) {}
    Layout layout;  ///< by the last configuration 2 or 3
    std::uint64_t last_ns = 0;
    std::uint64_t state = 0;  ///< of all its PMUs, as a hash
    std::uint64_t used = 0;   ///< number of the frame that last did; 0: free
    std::uint16_t id = 0;
    bool has_state = false;
    bool misfit = false;  ///< its last data were not as its configuration says: that may be an old one
  };
  enum class Belief : std::uint8_t { kSure, kDoubt, kNever };

  ParseResult read(Side&, Cursor& in, Frame&) const noexcept;
  [[nodiscard]] Belief belief(const Side&, Bytes rest, std::uint16_t size) const noexcept;
  static void pass(Side&, std::size_t bytes) noexcept;
  static void lose(Side&) noexcept;

  void on_frame(Direction, const Frame&, Sink&) noexcept;
  void on_command(Direction, const Frame&, Sink&) noexcept;
  void on_answer(Direction, const Frame&, Sink&) noexcept;
  void on_data(Direction, const Frame&, Sink&) noexcept;
  static void read_data(Direction, Stream&, Exchange&, Sink&) noexcept;
  void learn(Direction, const Frame&, bool continued, Exchange&, Sink&) noexcept;
  Exchange& free_place(Sink&) noexcept;
  void give_up_late_ones(Sink&) noexcept;
  Stream* find(std::uint16_t id) noexcept;

  const std::uint64_t timeout_ns_;
  std::array<Stream, kMaxStreams> streams_;
  std::array<Exchange, kMaxWaiting> waiting_{};  ///< free where neither side was seen
  std::uint64_t frames_ = 0, next_id_ = 0;
  std::array<Side, 2> sides_{};
  bool may_wait_ = false;  ///< of waiting_ there may be some
  bool unknown_told_ = false;
};

}  // namespace picket::c37118
