// parsers/hl7/hl7_parser.h — the parser of a flow: blocks found, messages kept as they come, acknowledgements paired
//
//   on_stream() ─> outside: VT, or a header without one ─> inside: bytes kept, segments counted ─> FS ─> CR
//                                                                         └─> MSA? ─┬─ yes: answers what waits
//                                                                                   └─ no: waits
//
// Memory: the message under way of each direction, and those that wait for their acknowledgement.
#pragma once
#include "parsers/core/waiting.h"
#include "parsers/hl7/hl7.h"

namespace picket::hl7 {

enum Limit : std::size_t { kFlood, kTimeout, kMessageLimit, kPatient };
inline constexpr LimitDef kLimits[] = {
    {"request-flood", 64, 1, 1024,
     "messages of a flow that wait for their acknowledgement; the oldest is given up"},
    {"acknowledgement-timeout", 120, 1, 86400,
     "seconds after which a message is given up that nobody acknowledges"},
    {"message-limit", 65536, 1024, 262144, "first bytes of a message that are read; the rest is counted"},
    kPatientMode,
    kPatientKeyHigh,
    kPatientKeyLow,
};
static_assert(std::size(kLimits) == kPatient + kPatientLimits);

class Hl7Parser final : public Parser {
 public:
  explicit Hl7Parser(const ParserContext&) noexcept;

  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t missing, Sink&) noexcept override;
  void on_end(Direction, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  enum class State : std::uint8_t { kOutside, kInside, kAfterEnd };
  struct Side {
    explicit Side(Pool& pool) noexcept : message(pool) {}

    Message message;  ///< under way
    State state = State::kOutside;
    std::array<std::uint8_t, 4> line{};  ///< how the segment at hand begins
    std::uint8_t line_size = 0;          ///< of `line`, full at 4
    std::uint64_t events = 0;            ///< of the message at hand
    bool stray = false;                  ///< it was told that bytes are outside of blocks
    bool asked = false;                  ///< messages went that way that want an answer
    bool gap = false;
  };

  static constexpr std::uint64_t bit(Event e) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(e);
  }
  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }
  void start(Side&) noexcept;
  /// Takes content up to a byte that ends it; gives how many.
  std::size_t take(Side&, Bytes) noexcept;
  void end_line(Side&) noexcept;
  void keep(Side&, Bytes) noexcept;

  void on_message(Direction, Sink&) noexcept;
  void on_block_answer(Direction, std::uint8_t code, Sink&) noexcept;
  void on_answer(Direction, const Acknowledgement&, Sink&) noexcept;
  void on_request(Direction, Sink&) noexcept;
  void read_header(Message&) const noexcept;
  Exchange* open(Direction, Sink&) noexcept;
  void report_all(Direction, std::uint64_t events, Exchange&, Sink&) noexcept;
  void check_timeouts(Sink&) noexcept;
  void tell(Exchange&, Direction, Sink&) noexcept;
  void finish(Exchange&, Sink&) noexcept;

  Pool& pool_;
  Waiting<Exchange> waiting_;
  const std::size_t message_limit_;
  const std::uint64_t timeout_ns_;
  const PatientPolicy patient_;
  std::array<Side, 2> sides_;
  std::uint64_t next_id_ = 0;
};

}  // namespace picket::hl7
