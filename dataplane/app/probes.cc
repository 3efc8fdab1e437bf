#include "dataplane/app/probes.h"

#include <algorithm>
#include <bit>

#include "parsers/core/assert.h"

namespace picket {
namespace {

constexpr std::size_t transport_index(Transport t) noexcept {
  return t == Transport::kTcp ? 0 : t == Transport::kUdp ? 1 : 2;
}

constexpr ProtocolSet bit(std::size_t id) noexcept { return ProtocolSet{1} << id; }

}  // namespace

Probes::Probes(const std::vector<bool>& enabled) {
  const auto all = protocols();
  PICKET_ASSERT(all.size() <= 64);
  not_carried_.fill(~ProtocolSet{0});
  const auto note = [](std::vector<Port>& ports, std::uint16_t number) -> Port& {
    const auto at = std::lower_bound(ports.begin(), ports.end(), number,
                                     [](const Port& p, std::uint16_t n) { return p.number < n; });
    return at != ports.end() && at->number == number ? *at : *ports.insert(at, Port{number});
  };
  for (std::size_t id = 0; id < all.size(); ++id) {
    const ProtocolSpec& spec = *all[id];
    for (const std::uint16_t number : spec.ports) note(ports_, number).here |= bit(id);
    for (const std::uint16_t number : spec.not_udp_ports) note(ports_, number).not_here |= bit(id);
    for (const std::uint16_t number : spec.ethertypes) note(ethertypes_, number).here |= bit(id);
    if (!enabled[id] || spec.probe == nullptr) continue;
    for (const Transport t : {Transport::kTcp, Transport::kUdp, Transport::kEthernet}) {
      if ((spec.transports & static_cast<std::uint8_t>(t)) != 0) not_carried_[transport_index(t)] &= ~bit(id);
    }
    if ((not_carried_[transport_index(Transport::kTcp)] & bit(id)) != 0) continue;
    for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        const auto first = static_cast<std::uint8_t>(byte);
        if (spec.probe(Transport::kTcp, dir, Bytes(&first, 1)) == Probe::kNo)
          not_begun_so_[index(dir)][byte] |= bit(id);
      }
    }
  }
  for (const Port& p : ports_) named_.set(p.number);
}

const Probes::Port Probes::kNobodys{};

const Probes::Port& Probes::find(const std::vector<Port>& ports, std::uint16_t number) noexcept {
  const auto at = std::lower_bound(ports.begin(), ports.end(), number,
                                   [](const Port& p, std::uint16_t n) { return p.number < n; });
  return at != ports.end() && at->number == number ? *at : kNobodys;
}

ProtocolId Probes::ask(Transport t, Direction dir, Bytes first, Ports ports,
                       ProtocolSet& excluded) const noexcept {
  excluded |= not_carried_[transport_index(t)];
  if (t == Transport::kTcp && !first.empty()) excluded |= not_begun_so_[index(dir)][first[0]];
  ProtocolSet barred = excluded;
  if (t == Transport::kUdp) barred |= of_port(ports.server).not_here | of_port(ports.client).not_here;
  if (t == Transport::kEthernet) barred |= ~find(ethertypes_, ports.server).here;
  const ProtocolSet hinted = of_port(ports.server).here;
  for (const ProtocolSet these : {hinted & ~barred, ~hinted & ~barred}) {
    for (ProtocolSet left = these; left != 0; left &= left - 1) {
      const auto id = static_cast<ProtocolId>(std::countr_zero(left));
      switch (protocols()[id]->probe(t, dir, first)) {
        case Probe::kYes:
          return id;
        case Probe::kNo:
          excluded |= bit(id);
          break;
        case Probe::kUnsure:
          break;
      }
    }
  }
  return kNoProtocol;
}

}  // namespace picket
