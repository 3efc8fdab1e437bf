#include "dataplane/detect/header.h"

#include <algorithm>

#include "dataplane/detect/flow_state.h"
#include "dataplane/detect/search.h"
#include "dataplane/detect/tx_state.h"

namespace picket::detect {
namespace {

bool in_set(const RuleSet& set, std::uint16_t id, const Address& a) noexcept {
  const AddressSet& s = set.address_sets[id];
  if (a.is_v4()) {
    const std::uint32_t v = a.v4_number();
    const V4Range* first = set.v4_ranges.data() + s.first_v4;
    const V4Range* last = first + s.v4_count;
    const V4Range* at = std::upper_bound(
        first, last, v, [](std::uint32_t x, const V4Range& r) noexcept { return x < r.first; });
    return at != first && v <= at[-1].last;
  }
  const V6Range* first = set.v6_ranges.data() + s.first_v6;
  const V6Range* last = first + s.v6_count;
  const V6Range* at = std::upper_bound(
      first, last, a, [](const Address& x, const V6Range& r) noexcept { return x < r.first; });
  return at != first && a <= at[-1].last;
}

/// The same few sets are asked for by most candidates: the answer is kept for the subject.
bool in_set(const RuleSet& set, std::uint16_t id, const Address& a, unsigned end, const Subject& s,
            CoreMemory& core) noexcept {
  if (id == 0) return true;
  if (s.family == family_bit::kNoIp) return false;  // a MAC address is of no network, nor outside of one
  std::uint64_t& kept = core.in_set[end][id];
  if (kept >> 1 != s.key) kept = s.key << 1 | (in_set(set, id, a) ? 1 : 0);
  return (kept & 1) != 0;
}

bool in_ports(const RuleSet& set, std::uint16_t id, std::uint16_t port) noexcept {
  if (id == 0) return true;
  const PortSet& s = set.port_sets[id];
  for (std::uint32_t i = 0; i < s.count; ++i) {
    const PortRange& r = set.port_ranges[s.first + i];
    if (port < r.first) return false;
    if (port <= r.last) return true;
  }
  return false;
}

std::uint16_t proto_of(const Packet& p) noexcept {
  if (!p.has_ip) return p.ethertype == 0x0806 ? proto_bit::kArp : proto_bit::kOtherEther;
  switch (static_cast<IpProto>(p.proto)) {
    case IpProto::kTcp:
      return proto_bit::kTcp;
    case IpProto::kUdp:
      return proto_bit::kUdp;
    case IpProto::kIcmp:
      return proto_bit::kIcmp4;
    case IpProto::kIcmpV6:
      return proto_bit::kIcmp6;
    case IpProto::kSctp:
      return proto_bit::kSctp;
    case IpProto::kIgmp:
      return proto_bit::kIgmp;
    default:
      return proto_bit::kOtherIp;
  }
}

PacketClass class_of(const Packet& p, std::uint16_t proto) noexcept {
  if (!p.has_ip) return PacketClass::kNoIp;
  if (!p.has_l4) return PacketClass::kOtherIp;
  switch (proto) {
    case proto_bit::kTcp:
      return PacketClass::kTcp;
    case proto_bit::kUdp:
      return PacketClass::kUdp;
    case proto_bit::kIcmp4:
      return PacketClass::kIcmp4;
    case proto_bit::kIcmp6:
      return PacketClass::kIcmp6;
    default:
      return PacketClass::kOtherIp;
  }
}

void describe_flow(Subject& s) noexcept {
  if (s.flow == nullptr) {
    s.way = way_bit::kNoFlow;
    s.state = state_bit::kNoFlow;
    return;
  }
  s.way = s.dir == Direction::kToServer ? way_bit::kToServer : way_bit::kToClient;
  const bool fresh = s.flow->state == FlowState::kNew || s.packet->completes_handshake;
  s.state = fresh ? state_bit::kNew : state_bit::kEstablished;
}

void find_plan(Subject& s, const RuleSet& set) noexcept {
  s.plan = &set.plans[Zones::pair(set.zones.of(*s.src), set.zones.of(*s.dst))];
}

/// A variable that is there and holds the bytes anywhere.
bool variable_holds(const RuleSet& set, const StateOp& op, FlowBits* bits, const CoreMemory& core) noexcept {
  const Bytes wanted = Bytes(set.bytes).subspan(op.value, op.count);
  if (op.kind == StateOp::Kind::kFlowVariable) {
    const FlowVariable* v = bits == nullptr ? nullptr : bits->variables;
    for (; v != nullptr; v = v->next) {
      if (v->name == op.id) return find_bytes(v->view(), wanted, false) != kNotFound;
    }
    return false;
  }
  const Captures& of_packet = core.variables_of_packet;
  for (std::size_t i = 0; i < of_packet.count; ++i) {
    if (of_packet.values[i].name == op.id &&
        find_bytes(of_packet.values[i].value, wanted, false) != kNotFound)
      return true;
  }
  return false;
}

}  // namespace

Zones::Number Zones::of(const Address& a) const noexcept {
  if (count == 1) return 0;
  if (a.is_v4()) {
    const std::uint32_t v = a.v4_number();
    return std::lower_bound(v4.begin(), v4.end(), v,
                            [](const V4& z, std::uint32_t x) noexcept { return z.last < x; })
        ->zone;
  }
  return std::lower_bound(v6.begin(), v6.end(), a,
                          [](const V6& z, const Address& x) noexcept { return z.last < x; })
      ->zone;
}

Subject subject_of(const RuleSet& set, const Packet& p, Flow* flow, CoreMemory& core) noexcept {
  Subject s;
  s.packet = &p;
  s.flow = flow;
  s.dir = flow != nullptr ? p.direction : Direction::kToServer;
  s.proto = proto_of(p);
  s.kind = class_of(p, s.proto);
  s.family = !p.has_ip ? family_bit::kNoIp : p.is_v4 ? family_bit::kV4 : family_bit::kV6;
  s.src = &p.src;
  s.dst = &p.dst;
  s.src_port = p.src_port;
  s.dst_port = p.dst_port;
  if (flow != nullptr) s.app = flow->protocol;
  s.key = ++core.subjects;
  describe_flow(s);
  find_plan(s, set);
  return s;
}

Subject subject_of(const RuleSet& set, const Packet& p, Flow& flow, Direction dir, ProtocolId app,
                   CoreMemory& core) noexcept {
  Subject s;
  s.packet = &p;
  s.flow = &flow;
  s.dir = dir;
  s.proto = proto_of(p);
  s.kind = class_of(p, s.proto);
  s.family = !p.has_ip ? family_bit::kNoIp : flow.key.low.is_v4() ? family_bit::kV4 : family_bit::kV6;
  s.src = &flow.address(dir);
  s.dst = &flow.address(reverse(dir));
  s.src_port = flow.port(dir);
  s.dst_port = flow.port(reverse(dir));
  s.app = app;
  s.key = ++core.subjects;
  describe_flow(s);
  find_plan(s, set);
  return s;
}

bool header_fits(const RuleSet& set, const RuleHeader& h, const Subject& s, CoreMemory& core) noexcept {
  if ((h.protos & s.proto) == 0 || (h.families & s.family) == 0 || (h.ways & s.way) == 0 ||
      (h.states & s.state) == 0)
    return false;
  if (h.apps != 0 && !set.app_sets[h.apps].has(s.app)) return false;
  if (in_ports(set, h.src_ports, s.src_port) && in_ports(set, h.dst_ports, s.dst_port) &&
      in_set(set, h.src, *s.src, 0, s, core) && in_set(set, h.dst, *s.dst, 1, s, core)) {
    return true;
  }
  return (h.flags & rule_flag::kBothWays) && in_ports(set, h.src_ports, s.dst_port) &&
         in_ports(set, h.dst_ports, s.src_port) && in_set(set, h.src, *s.dst, 1, s, core) &&
         in_set(set, h.dst, *s.src, 0, s, core);
}

bool state_tests_hold(const RuleSet& set, const RuleHeader& h, const Subject& s,
                      const CoreMemory& core) noexcept {
  if (h.state_tests == 0) return true;
  FlowBits* bits = s.flow == nullptr ? nullptr : s.flow->bits;
  for (unsigned i = 0; i < h.state_tests; ++i) {
    const StateOp& op = set.state_ops[h.first_state_test + i];
    bool yes = false;
    if (s.flow == nullptr && op.kind != StateOp::Kind::kPacketVariable) return false;
    if (op.kind == StateOp::Kind::kBitIsSet || op.kind == StateOp::Kind::kBitIsNotSet) {
      for (std::uint32_t b = 0; b < op.count && !yes; ++b) {
        const bool on = bits != nullptr && bits->get(set.bit_ids[op.id + b]);
        yes = on == (op.kind == StateOp::Kind::kBitIsSet);
      }
    } else if (op.kind == StateOp::Kind::kTxBitIsSet || op.kind == StateOp::Kind::kTxBitIsNotSet) {
      for (std::uint32_t b = 0; b < op.count && !yes; ++b) {
        const bool on = s.tx != nullptr && (tx_state(*s.tx).bits >> set.bit_ids[op.id + b] & 1) != 0;
        yes = on == (op.kind == StateOp::Kind::kTxBitIsSet);
      }
    } else if (op.kind == StateOp::Kind::kFlowVariable || op.kind == StateOp::Kind::kPacketVariable) {
      yes = variable_holds(set, op, bits, core);
    } else {
      const FlowBits::Int* mine = bits != nullptr ? bits->integer(op.id) : nullptr;
      const FlowBits::Int* other = bits != nullptr && op.other_is_int ? bits->integer(op.value) : nullptr;
      const bool known = mine != nullptr && mine->set;
      const std::uint32_t a = known ? mine->value : 0;
      const std::uint32_t b =
          op.other_is_int ? (other != nullptr && other->set ? other->value : 0) : op.value;
      switch (op.kind) {
        case StateOp::Kind::kIntIsSet:
          yes = known;
          break;
        case StateOp::Kind::kIntIsNotSet:
          yes = !known;
          break;
        case StateOp::Kind::kIntLess:
          yes = known && a < b;
          break;
        case StateOp::Kind::kIntLessEqual:
          yes = known && a <= b;
          break;
        case StateOp::Kind::kIntEqual:
          yes = known && a == b;
          break;
        case StateOp::Kind::kIntNotEqual:
          yes = known && a != b;
          break;
        case StateOp::Kind::kIntGreaterEqual:
          yes = known && a >= b;
          break;
        case StateOp::Kind::kIntGreater:
          yes = known && a > b;
          break;
        default:
          break;
      }
    }
    if (!yes) return false;
  }
  return true;
}

}  // namespace picket::detect
