// dataplane/detect/probe.h — who is told of what a rule would look at: `picket explain`
//
// A rule set that was planned for it (rules::PlanOptions::watch) holds a probe before each watched rule: a
// rule of its own that stands in the same lists and asks for nothing, so that it has its turn at each
// occasion on which the watched rule could have one, right before it, whether or not the pattern is there. A
// probe never matches. Rule sets in use have none: all that is left of them is a case in three tables of
// jumps.
#pragma once
#include <cstdint>

#include "parsers/core/protocol.h"

namespace picket::detect {

struct Buffer;   // program.h
struct Subject;  // header.h

class Probe {
 public:
  /// On every packet, whatever it is.
  static constexpr std::uint32_t kEveryPacket = 0xffffffff;

  /// `target`: which watched rule. A rule that looks at no payload.
  virtual void on_packet(std::uint32_t target, const Subject&) noexcept = 0;
  /// A rule that looks at payload: of a packet, of a stream, or what is at hand beside a transaction.
  virtual void on_payload(std::uint32_t target, const Subject&, const Buffer&) noexcept = 0;
  /// A rule that looks at transactions. True: payload, too, and on_payload() is to follow.
  [[nodiscard]] virtual bool on_transaction(std::uint32_t target, const Subject&,
                                            const Transaction&) noexcept = 0;

 protected:
  ~Probe() = default;
};

}  // namespace picket::detect
