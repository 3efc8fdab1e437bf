#include <algorithm>

#include "dataplane/detect/checksum.h"
#include "dataplane/detect/header.h"
#include "dataplane/detect/probe.h"
#include "dataplane/flow/stream_check.h"

namespace picket::detect {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

bool bits_hold(PacketTest::Bits mode, std::uint8_t have, std::uint8_t want) noexcept {
  switch (mode) {
    case PacketTest::Bits::kExactly:
      return have == want;
    case PacketTest::Bits::kAtLeast:
      return (have & want) == want;
    case PacketTest::Bits::kAnyOf:
      return (have & want) != 0;
    case PacketTest::Bits::kNoneOf:
      return (have & want) == 0;
  }
  return false;
}

bool has_ip_option(Bytes options, std::uint8_t type) noexcept {
  constexpr std::uint8_t kEnd = 0, kNop = 1, kAny = 0xff;
  if (type == kAny) return !options.empty();
  Cursor c(options);
  while (!c.empty()) {
    const std::uint8_t kind = c.u8();
    if (kind == type) return true;
    if (kind == kEnd) break;
    if (kind == kNop) continue;
    const std::uint8_t length = c.u8();
    if (length < 2) break;
    c.skip(length - 2U);
    if (!c.ok()) break;
  }
  return false;
}

bool vlan_holds(const PacketTest& t, const Packet& p) noexcept {
  if (t.layer >= 0)
    return t.layer < p.vlan_count && t.test.matches(p.vlans[static_cast<std::uint8_t>(t.layer)]);
  for (unsigned i = 0; i < p.vlan_count; ++i) {
    if (t.test.matches(p.vlans[i])) return true;
  }
  return false;
}

bool stream_size_holds(const PacketTest& t, const Flow& f, const Packet& p) noexcept {
  if (f.tcp_state == TcpState::kNone) return false;
  const bool client = t.test.matches(stream_size_of(f, Direction::kToServer, p));
  const bool server = t.test.matches(stream_size_of(f, Direction::kToClient, p));
  switch (t.layer) {
    case 0:
      return server;
    case 1:
      return client;
    case 2:
      return server && client;
    default:
      return server || client;
  }
}

bool app_protocol_holds(const RuleSet& set, const PacketTest& t, const Subject& s) noexcept {
  if (s.flow == nullptr) return false;
  const bool known = s.app != kNoProtocol;
  const bool failed = !known && (s.flow->flags & flow_flag::kAppDone);
  switch (t.app_state) {
    case PacketTest::AppState::kFailed:
      return failed != t.negated;
    case PacketTest::AppState::kUnknown:
      return (!known && !failed) != t.negated;
    case PacketTest::AppState::kKnown:
      break;
  }
  // "not http" is only sure when it is known what it is.
  if (!known && !failed) return false;
  const Flow& f = *s.flow;
  const auto is = [&](ProtocolId id) noexcept { return set.app_sets[t.value].has(id); };
  const ProtocolId other = f.other_protocol == kNoProtocol ? s.app : f.other_protocol;
  const bool others_is_server = (f.flags & flow_flag::kOtherIsReply) != 0;
  const ProtocolId client = others_is_server ? s.app : other, server = others_is_server ? other : s.app;
  bool holds = false;
  switch (static_cast<WhoseProtocol>(t.layer)) {
    case WhoseProtocol::kFinal:
      holds = is(s.app);
      break;
    case WhoseProtocol::kEither:
      holds = is(client) || is(server);
      break;
    case WhoseProtocol::kToServer:
      holds = is(client);
      break;
    case WhoseProtocol::kToClient:
      holds = is(server);
      break;
    case WhoseProtocol::kDirection:
      holds = is(s.dir == Direction::kToServer ? client : server);
      break;
    case WhoseProtocol::kOriginal:
      if (f.first_protocol == kNoProtocol) return false;
      holds = is(f.first_protocol);
      break;
  }
  return holds != t.negated;
}

bool has_event(const Packet& p, std::uint16_t event) noexcept {
  const auto* last = p.events.begin() + p.event_count;
  return std::find(p.events.begin(), last, event) != last;
}

/// Whose address is asked for, as AddressSide has it: any, source, destination, both.
template <class F>
bool sides_hold(std::int8_t side, const Subject& s, F&& f) noexcept {
  switch (side) {
    case 1:
      return f(*s.src);
    case 2:
      return f(*s.dst);
    case 3:
      return f(*s.src) && f(*s.dst);
    default:
      return f(*s.src) || f(*s.dst);
  }
}

bool reputation_holds(const RuleSet& set, const PacketTest& t, const Subject& s) noexcept {
  const std::vector<ReputationRange>& ranges = set.reputations[t.value];
  return sides_hold(t.layer, s, [&](const Address& a) noexcept {
    const auto behind =
        std::upper_bound(ranges.begin(), ranges.end(), a,
                         [](const Address& x, const ReputationRange& r) noexcept { return x < r.first; });
    if (behind == ranges.begin() || behind[-1].last < a) return t.negated;
    return t.test.matches(behind[-1].score) != t.negated;
  });
}

bool country_holds(const RuleSet& set, const PacketTest& t, const Subject& s) noexcept {
  const std::vector<Country>& wanted = set.country_lists[t.value];
  return sides_hold(t.layer, s, [&](const Address& a) noexcept {
    const Country c = set.countries->find(a);
    return c != 0 && (std::find(wanted.begin(), wanted.end(), c) != wanted.end()) != t.negated;
  });
}

bool icmp_echo(const Packet& p) noexcept {
  return p.icmp_id != 0 || p.icmp_seq != 0 || p.l4_header.size() >= 8;
}

/// A call of Sun RPC (RFC 5531, 9), over TCP behind its record mark.
bool rpc_call_holds(const PacketTest& t, const Packet& p) noexcept {
  constexpr std::uint32_t kCall = 0, kRpcVersion = 2;
  Cursor c(p.payload);
  if (p.proto == static_cast<std::uint8_t>(IpProto::kTcp)) c.skip(4);
  c.skip(4);  // transaction
  const std::uint32_t type = c.u32be(), rpc = c.u32be(), program = c.u32be(), version = c.u32be(),
                      procedure = c.u32be();
  return c.ok() && type == kCall && rpc == kRpcVersion && program == t.test.lo &&
         ((t.bits & 1) == 0 || version == t.test.hi) && ((t.bits & 2) == 0 || procedure == t.test.mask);
}

/// Apart, so that it takes no registers from the others.
[[gnu::cold, gnu::noinline]] bool tell_probe(const RuleSet& set, const PacketTest& t,
                                             const Subject& s) noexcept {
  set.probe->on_packet(static_cast<std::uint32_t>(t.test.lo), s);
  return false;
}

bool holds(const RuleSet& set, const PacketTest& t, const Subject& s) noexcept {
  using K = PacketTest::Kind;
  const Packet& p = *s.packet;
  const Flow* f = s.flow;
  const bool icmp = s.proto == proto_bit::kIcmp4 || s.proto == proto_bit::kIcmp6;
  const bool tcp = s.proto == proto_bit::kTcp && p.has_l4;
  switch (t.kind) {
    case K::kTtl:
      return p.has_ip && t.test.matches(p.ttl);
    case K::kIpId:
      return p.has_ip && p.is_v4 && t.test.matches(p.ip_id);
    case K::kIpProto:
      return p.has_ip && t.test.matches(p.proto);
    case K::kTos:
      return p.has_ip && p.is_v4 && t.test.matches(p.tos);
    case K::kFragOffset:
      return p.has_ip && t.test.matches(p.frag_offset);
    case K::kDsize:
      // "not so many" asks for a payload all the same
      return p.has_ip && t.test.matches(p.payload.size()) && !(t.test.negated && p.payload.empty());
    case K::kIcmpType:
      return icmp && p.has_l4 && t.test.matches(p.icmp_type);
    case K::kIcmpCode:
      return icmp && p.has_l4 && t.test.matches(p.icmp_code);
    case K::kIcmpId:
      return icmp && p.has_l4 && icmp_echo(p) && t.test.matches(p.icmp_id);
    case K::kIcmpSeq:
      return icmp && p.has_l4 && icmp_echo(p) && t.test.matches(p.icmp_seq);
    case K::kIcmp6Mtu: {
      constexpr std::uint8_t kPacketTooBig = 2;
      if (s.proto != proto_bit::kIcmp6 || p.icmp_type != kPacketTooBig) return false;
      Cursor c(p.l4_header);
      c.skip(4);
      const std::uint32_t mtu = c.u32be();
      return c.ok() && t.test.matches(mtu);
    }
    case K::kTcpSeq:
      return tcp && t.test.matches(p.tcp_seq);
    case K::kTcpAck:
      return tcp && t.test.matches(p.tcp_ack);
    case K::kTcpWindow:
      return tcp && t.test.matches(p.tcp_window);
    case K::kTcpMss:
      return tcp && p.tcp_mss != 0 && t.test.matches(p.tcp_mss);
    case K::kTcpWscale:
      return tcp && p.tcp_wscale != 0xff && t.test.matches(p.tcp_wscale);
    case K::kIgmpType:
      return s.proto == proto_bit::kIgmp && !p.payload.empty() && t.test.matches(p.payload[0]);
    case K::kVlanLayers:
      return t.test.matches(p.vlan_count);
    case K::kVlanId:
      return vlan_holds(t, p);
    case K::kFlowAge:
      return f != nullptr &&
             t.test.matches(p.time_ns > f->start_ns ? (p.time_ns - f->start_ns) / kNsPerSecond : 0);
    case K::kFlowPacketsToServer:
      return f != nullptr && t.test.matches(f->side[0].packets);
    case K::kFlowPacketsToClient:
      return f != nullptr && t.test.matches(f->side[1].packets);
    case K::kFlowPackets:
      return f != nullptr && (t.test.matches(f->side[0].packets) || t.test.matches(f->side[1].packets));
    case K::kFlowBytesToServer:
      return f != nullptr && t.test.matches(f->side[0].bytes);
    case K::kFlowBytesToClient:
      return f != nullptr && t.test.matches(f->side[1].bytes);
    case K::kFlowBytes:
      return f != nullptr && (t.test.matches(f->side[0].bytes) || t.test.matches(f->side[1].bytes));
    case K::kTcpFlags:
      return tcp && bits_hold(t.mode, p.tcp_flags & static_cast<std::uint8_t>(~t.ignored), t.bits);
    case K::kFragBits: {
      const unsigned have =
          (p.reserved_flag ? 4U : 0U) | (p.dont_fragment ? 2U : 0U) | (p.more_fragments ? 1U : 0U);
      return p.has_ip && p.is_v4 && bits_hold(t.mode, static_cast<std::uint8_t>(have), t.bits);
    }
    case K::kIpOption:
      return p.is_v4 && has_ip_option(p.ip_options, t.bits);
    case K::kSameIp:
      return p.has_ip && p.src == p.dst;
    case K::kStreamSize:
      return f != nullptr && tcp && stream_size_holds(t, *f, p);
    case K::kChecksum:
      return checksum_test(p, static_cast<ChecksumLayer>(t.bits), t.ignored != 0);
    case K::kDecodeEvent:
      return has_event(p, t.value);
    case K::kStreamEvent:
      return s.events != nullptr && s.events->stream.test(t.value);
    case K::kAppEvent:
      return s.events != nullptr && s.events->app.test(t.value);
    case K::kAppProtocol:
      return app_protocol_holds(set, t, s);
    case K::kReputation:
      return p.has_ip && reputation_holds(set, t, s);
    case K::kCountry:
      return p.has_ip && country_holds(set, t, s);
    case K::kOnlyFragment:
      return p.is_fragment || p.reassembled;
    case K::kNoFragment:
      return !p.is_fragment && !p.reassembled;
    case K::kNetworkProtocol:
      return p.has_ip && p.is_v4 == (t.value == 4);
    case K::kRpcCall:
      return p.has_l4 && rpc_call_holds(t, p);
    case K::kProbe:
      return tell_probe(set, t, s);
  }
  return false;
}

}  // namespace

std::uint32_t stream_size_of(const Flow& f, Direction d, const Packet& p) noexcept {
  constexpr std::int32_t kFarthest = 1 << 30;
  const FlowSide& me = f.side[index(d)];
  const FlowSide& peer = f.side[index(reverse(d))];
  const bool brings = p.direction == d && !p.payload.empty();
  const std::uint32_t end = p.tcp_seq + static_cast<std::uint32_t>(p.payload.size());
  if (!me.seq_known) return brings ? static_cast<std::uint32_t>(p.payload.size()) + 1 : 0;
  std::uint32_t next = me.next_seq;
  if (const std::int32_t ahead = seq_diff(end, next); brings && ahead > 0 && ahead < kFarthest) next = end;
  const bool fin = me.fin_seen && peer.last_ack != 0 && seq_diff(peer.last_ack, me.fin_seq) > 0;
  if (fin && next == me.fin_seq) ++next;
  return next - me.isn;
}

bool packet_tests_hold(const RuleSet& set, const RuleHeader& h, const Subject& s) noexcept {
  for (unsigned i = 0; i < h.packet_tests; ++i) {
    if (!holds(set, set.packet_tests[h.first_packet_test + i], s)) return false;
  }
  return true;
}

}  // namespace picket::detect
