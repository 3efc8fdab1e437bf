// parsers/rasta/supervision.h — a connection as one of its transport channels shows it: what follows what
//
// Each channel carries all PDUs, so each flow is a whole connection. What the redundancy layer's numbers say is missing was lost
// on this channel, and may have come by the other one: that is no loss of the connection. A number of the safety layer
// that is missing though no channel number is was never sent, or taken away by somebody who could count.
//
//   channel number   next: look on    later: channel_gap    seen before: repeated_pdu, and replayed_pdu when it is old
//   number           next: look on    later: sequence_gap   earlier in a new channel number: replayed_pdu
//   confirmed        more than N_sendmax beyond what was sent: confirms_unsent; less than before: confirmation_back
//   time             before the last one: timestamp_back; none for t-max: silence; what is confirmed is older: late_confirmation
//
// Cost    O(1), no allocation
// Limits  the last 64 channel numbers are known
#pragma once
#include "parsers/rasta/rasta.h"

namespace picket::rasta {

class Supervision {
 public:
  struct Config {
    std::uint32_t t_max_ms = 0;     ///< 0: nothing is too late
    std::uint32_t send_max = 0;     ///< N_sendmax until the connection says its own
    std::uint64_t response_ns = 0;  ///< how long a request waits for its response
  };
  explicit Supervision(const Config& c) noexcept : config_(c) {}

  struct Word {
    std::uint64_t odd = 0;       ///< bits of Event
    State state{};               ///< once the PDU is there
    Type answers{};              ///< the request that it is the response to
    std::uint64_t since_ns = 0;  ///< when that was seen
    bool counts = false;         ///< the receiver will take it for what it says
  };
  /// The next PDU, whose codes are right.
  [[nodiscard]] Word see(Direction, const Pdu&, std::uint64_t now_ns) noexcept;
  [[nodiscard]] State state() const noexcept { return state_; }

 private:
  struct Side {
    bool channel_known = false, sequence_known = false, confirmed_known = false;
    std::uint32_t id = 0;
    std::uint32_t channel = 0;       ///< the greatest number
    std::uint64_t channel_seen = 0;  ///< bit i: channel - i was seen
    std::uint32_t next = 0;
    std::uint32_t confirmed = 0, timestamp_ms = 0;
    std::uint32_t send_max = 0;           ///< 0: not said
    std::uint64_t heard_ns = 0;           ///< 0: never
    std::uint64_t retransmission_ns = 0;  ///< it waits for a response since then; 0: it does not
  };

  std::uint64_t identity(Direction, const Pdu&) noexcept;
  std::uint64_t channel(Side&, const Pdu&, std::uint32_t& lost) const noexcept;
  std::uint64_t sequence(Side&, const Pdu&, std::uint32_t lost) const noexcept;
  std::uint64_t confirmation(Side&, const Side& peer, const Pdu&) const noexcept;
  std::uint64_t times(Side&, const Side& peer, const Pdu&, std::uint64_t now_ns) const noexcept;
  std::uint64_t states(Direction, const Pdu&, std::uint64_t now_ns, Word&) noexcept;

  Config config_;
  State state_ = State::kClosed;
  Direction opener_{};  ///< who sent the connection request
  std::uint64_t request_ns_ = 0;
  std::array<Side, 2> sides_{};
};

}  // namespace picket::rasta
