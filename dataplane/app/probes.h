// dataplane/app/probes.h — what do the first bytes speak? Asks no protocol that the first of them rules out
//
// A probe's "no" is final (parsers/core/protocol.h), so each is asked once, when the engine is made, about each of the
// 256 bytes a stream may begin with; only those that are still possible see the stream itself. So a stream costs what
// its look-alikes cost, not what all protocols cost. Datagrams may be refused for being short, and are asked of all.
//
// Cost    20 KiB and some 2 ms a core at start; no allocation afterwards
#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

#include "parsers/core/protocol.h"

namespace picket {

/// Bit i: protocols()[i].
using ProtocolSet = std::uint64_t;

class Probes {
 public:
  /// Of a frame without IP both are its EtherType.
  struct Ports {
    std::uint16_t client, server;
  };

  explicit Probes(const std::vector<bool>& enabled);  ///< by ProtocolId

  /// The protocol that says yes, else kNoProtocol; `excluded` gains those that say no.
  [[nodiscard]] ProtocolId ask(Transport, Direction, Bytes first, Ports,
                               ProtocolSet& excluded) const noexcept;

  /// Does any protocol, enabled or not, name this port of a server as its own?
  [[nodiscard]] bool known_port(std::uint16_t number) const noexcept { return of_port(number).here != 0; }

 private:
  struct Port {
    std::uint16_t number = 0;
    ProtocolSet here = 0, not_here = 0;
  };
  static const Port kNobodys;
  [[nodiscard]] static const Port& find(const std::vector<Port>&, std::uint16_t number) noexcept;

  /// Most ports are nobody's: of those one bit is looked at.
  [[nodiscard]] const Port& of_port(std::uint16_t number) const noexcept {
    return named_.test(number) ? find(ports_, number) : kNobodys;
  }

  std::vector<Port> ports_, ethertypes_;                        // by number
  std::bitset<65536> named_;                                    // those of ports_
  std::array<ProtocolSet, 3> not_carried_{};                    // by transport
  std::array<std::array<ProtocolSet, 256>, 2> not_begun_so_{};  // streams: by Direction and first byte
};

}  // namespace picket
