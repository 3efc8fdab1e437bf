// parsers/iec104/iec104_sequence.h — numbers of I frames and their acknowledgement (5-104 §5.1 to §5.5)
//
// Each direction counts its I frames in N(S), modulo 2^15, from 0 when the TCP connection begins; the other acknowledges
// in N(R) of its I and S frames all that are lower. A sender stops at k unacknowledged frames; a receiver
// acknowledges after w of them at the latest.
//
// In      the frames of both directions in the order of the wire
// Out     the events that each one gives, as bits
// Cost    O(1) a frame
// Leaves  what was on its way: with w the receiver is given kInFlight, since its acknowledgement may be, too
#pragma once
#include "parsers/iec104/iec104.h"

namespace picket::iec104 {

class Sequence {
 public:
  static constexpr std::uint64_t kInFlightNs = 1'000'000'000;

  Sequence(std::uint64_t k, std::uint64_t w) noexcept : k_(k), w_(w) {}

  /// Events of a frame: bit i stands for Event i.
  [[nodiscard]] std::uint64_t on_frame(Direction, const Frame&, std::uint64_t now_ns) noexcept;
  /// Frames of that direction are missing: its next number is believed, and so is its next acknowledgement.
  void on_gap(Direction) noexcept;

 private:
  /// I frames of one direction.
  struct Sender {
    std::uint16_t next = 0;          ///< N(S) that its next frame should have
    std::uint16_t acknowledged = 0;  ///< N(R) that came for it last
    std::uint16_t after_odd = 0;     ///< what would follow the last frame that went back
    bool known = false, acknowledged_known = false, went_back = false;
    bool lost = false;  ///< its beginning was not seen
    bool over_k = false, over_w = false;
    std::uint64_t over_w_since_ns = 0;  ///< 0: no more than w wait
  };
  enum class Transfer : std::uint8_t { kUnknown, kStopped, kStarted };

  std::uint64_t on_send(Sender&, std::uint16_t number) noexcept;
  std::uint64_t on_acknowledge(Sender&, std::uint16_t number) noexcept;
  std::uint64_t on_wait(Sender&, std::uint64_t now_ns) noexcept;
  std::uint64_t on_transfer(const Frame&) noexcept;

  std::uint64_t k_, w_;
  std::array<Sender, 2> senders_{};
  Transfer transfer_ = Transfer::kUnknown;
  bool first_ = true;  ///< no frame was seen
};

}  // namespace picket::iec104
