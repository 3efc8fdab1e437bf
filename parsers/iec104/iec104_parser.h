// parsers/iec104/iec104_parser.h — the parser of a flow: what waits for its answer, and who selected which point
#pragma once
#include <algorithm>
#include <memory>

#include "parsers/core/waiting.h"
#include "parsers/iec104/iec104.h"
#include "parsers/iec104/iec104_sequence.h"

namespace picket::iec104 {

enum Limit : std::size_t { kCommandFlood, kConfirmationTimeout, kTerminationTimeout, kK, kW, kFileInspect };
inline constexpr LimitDef kLimits[] = {
    {"command-flood", 64, 1, 1024, "commands of a flow that wait for their answer; the oldest is given up"},
    {"confirmation-timeout", 30, 1, 3600, "seconds after which a command without confirmation is given up"},
    {"termination-timeout", 120, 1, 3600, "seconds after which a confirmed command is taken to be ended"},
    {"k", 12, 1, 32767, "I frames that a sender may have on their way without an acknowledgement"},
    {"w", 8, 1, 32767, "I frames after which a receiver has to acknowledge"},
    {"file-inspect-limit", 102400, 1, 262144, "bytes of a file that rules may look at"},
};

// What both halves of the parser say to the Sink, and remember.

constexpr std::uint64_t bit(Event e) noexcept { return std::uint64_t{1} << static_cast<unsigned>(e); }
inline void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
  sink.event(dir, static_cast<std::uint8_t>(e), tx);
}
inline void report(Direction dir, std::uint64_t events, Transaction& tx, Sink& sink) noexcept {
  for (std::uint8_t i = 0; events != 0; ++i, events >>= 1) {
    if ((events & 1) != 0) sink.event(dir, i, &tx);
  }
}
inline void seen(Exchange& x, Direction dir) noexcept {
  (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
}
inline Bytes keep(Bytes asdu, std::array<std::uint8_t, kMaxAsdu>& room) noexcept {
  std::copy(asdu.begin(), asdu.end(), room.begin());
  return {room.data(), asdu.size()};
}

class Iec104Parser final : public Parser {
 public:
  explicit Iec104Parser(const ParserContext&) noexcept;

  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t, Sink&) noexcept override;
  void on_end(Direction, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  static constexpr std::size_t kMaxSelected = 8;  ///< points of a flow that are selected at once
  struct Selected {
    std::uint64_t since_ns = 0;  ///< 0: free
    std::uint32_t address = 0;
    std::uint16_t common_address = 0;
    std::uint8_t type = 0;
    Direction from{};
  };
  /// What came, and what is odd about it: bits of Event.
  struct Arrival {
    Direction dir;
    std::uint64_t now_ns;
    std::uint64_t events;
  };

  void lose(Direction) noexcept;
  void on_frame(Direction, const Frame&, Sink&) noexcept;
  void on_link(Arrival, const Frame&, Sink&) noexcept;
  void on_asdu(Arrival, const Message&, Sink&) noexcept;
  void on_command(Arrival, const Message&, Sink&) noexcept;
  void on_answer(Exchange&, Arrival, const Message&, Sink&) noexcept;
  /// A step of a file transfer; true when it is no record by itself.
  bool on_file(Arrival&, const Message&, Sink&) noexcept;
  bool on_file_ready(const Arrival&, const Message&, const Object&, Sink&) noexcept;
  void end_file(Exchange&, bool whole, Sink&) noexcept;
  /// A transaction that is over as it begins.
  void alone(Exchange&, const Arrival&, const OtOperation&, Sink&) noexcept;
  static void settle(Exchange&) noexcept;

  template <class Fits>
  Exchange* find(Direction from, const Asdu&, Fits) noexcept;
  Exchange* waiting_for(Direction, const Asdu&) noexcept;
  Exchange* reader_of(Direction, const Asdu&) noexcept;
  Exchange* file_from(Direction, const Asdu&, const Object&) noexcept;
  void count_report(Direction, const Asdu&) noexcept;
  Exchange* open(const Arrival&, Sink&) noexcept;
  void finish(Exchange&, Sink&) noexcept;
  void expect_before(std::uint64_t deadline_ns) noexcept;
  void give_up_late_ones(std::uint64_t now_ns, Sink&) noexcept;

  void select(const Exchange&, std::uint64_t now_ns) noexcept;
  bool take_selection(Direction, const Asdu&, std::uint64_t now_ns) noexcept;

  Pool& pool_;
  Waiting<Exchange> waiting_;  ///< what waits for its answer
  const std::uint64_t confirmation_ns_, termination_ns_;
  const std::size_t file_inspect_limit_;
  Sequence sequence_;
  std::uint64_t next_deadline_;
  std::uint64_t next_id_ = 0;
  std::array<Selected, kMaxSelected> selected_{};
  std::array<bool, 2> lost_{};
  std::array<bool, 2> commanded_{};  ///< by who commands: one was seen
  bool broadcast_ = false;           ///< a command to all stations was seen
  bool terminations_seen_ = false;
};

}  // namespace picket::iec104
