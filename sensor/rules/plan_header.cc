// Headers: protocols, addresses, ports, tests of packets, what is remembered of flows.
#include <algorithm>

#include "dataplane/app/app_event.h"
#include "dataplane/decode/decode_event.h"
#include "dataplane/detect/tx_state.h"
#include "dataplane/flow/stream_event.h"
#include "sensor/rules/planner.h"

namespace picket::rules {
namespace {

using detect::NumberTest;

constexpr std::uint16_t protos_of(HeaderProtocol p) noexcept {
  namespace bit = detect::proto_bit;
  switch (p) {
    case HeaderProtocol::kPkthdr:
    case HeaderProtocol::kEther:
      return bit::kAll;
    case HeaderProtocol::kIp:
    case HeaderProtocol::kIp4:
    case HeaderProtocol::kIp6:
      return bit::kAnyIp;
    case HeaderProtocol::kTcp:
    case HeaderProtocol::kTcpPacket:
    case HeaderProtocol::kTcpStream:
      return bit::kTcp;
    case HeaderProtocol::kUdp:
      return bit::kUdp;
    case HeaderProtocol::kIcmp:
      return bit::kIcmp4 | bit::kIcmp6;
    case HeaderProtocol::kIcmp4:
      return bit::kIcmp4;
    case HeaderProtocol::kIcmp6:
      return bit::kIcmp6;
    case HeaderProtocol::kSctp:
      return bit::kSctp;
    case HeaderProtocol::kIgmp:
      return bit::kIgmp;
    case HeaderProtocol::kArp:
      return bit::kArp;
    case HeaderProtocol::kApp:
      return 0;
  }
  return 0;
}

NumberTest number_test(const IntegerTest& t) {
  NumberTest n;
  n.masked = t.kind == IntegerTest::Kind::kMasked;
  n.negated = t.negated;
  n.lo = t.lo;
  n.hi = t.hi;
  n.mask = t.mask;
  return n;
}

constexpr detect::PacketTest::Kind kind_of(PacketField f) noexcept {
  using K = detect::PacketTest::Kind;
  switch (f) {
    case PacketField::kTtl:
      return K::kTtl;
    case PacketField::kIpId:
      return K::kIpId;
    case PacketField::kIpProto:
      return K::kIpProto;
    case PacketField::kTos:
      return K::kTos;
    case PacketField::kFragOffset:
      return K::kFragOffset;
    case PacketField::kDsize:
      return K::kDsize;
    case PacketField::kIcmpType:
      return K::kIcmpType;
    case PacketField::kIcmpCode:
      return K::kIcmpCode;
    case PacketField::kIcmpId:
      return K::kIcmpId;
    case PacketField::kIcmpSeq:
      return K::kIcmpSeq;
    case PacketField::kIcmp6Mtu:
      return K::kIcmp6Mtu;
    case PacketField::kTcpSeq:
      return K::kTcpSeq;
    case PacketField::kTcpAck:
      return K::kTcpAck;
    case PacketField::kTcpWindow:
      return K::kTcpWindow;
    case PacketField::kTcpMss:
      return K::kTcpMss;
    case PacketField::kTcpWscale:
      return K::kTcpWscale;
    case PacketField::kIgmpType:
      return K::kIgmpType;
    case PacketField::kVlanLayers:
      return K::kVlanLayers;
    case PacketField::kFlowAgeSeconds:
      return K::kFlowAge;
    case PacketField::kFlowPacketsToServer:
      return K::kFlowPacketsToServer;
    case PacketField::kFlowPacketsToClient:
      return K::kFlowPacketsToClient;
    case PacketField::kFlowPackets:
      return K::kFlowPackets;
    case PacketField::kFlowBytesToServer:
      return K::kFlowBytesToServer;
    case PacketField::kFlowBytesToClient:
      return K::kFlowBytesToClient;
    case PacketField::kFlowBytes:
    case PacketField::kFlowElephant:
      return K::kFlowBytes;
  }
  return K::kFlowBytes;
}

struct TestMaker {
  detect::PacketTest& out;
  using K = detect::PacketTest::Kind;

  std::optional<std::string> operator()(const PacketNumber& t) const {
    if (t.field == PacketField::kFlowElephant)
      return "flow.elephant: picket does not mark elephant flows yet";
    out.kind = kind_of(t.field);
    out.test = number_test(t.test);
    return {};
  }
  std::optional<std::string> operator()(const VlanId& t) const {
    out.kind = K::kVlanId;
    out.layer = t.layer;
    out.test = number_test(t.test);
    return {};
  }
  std::optional<std::string> operator()(const TcpFlags& t) const {
    out.kind = K::kTcpFlags;
    out.mode = static_cast<detect::PacketTest::Bits>(t.mode);
    out.bits = t.bits;
    out.ignored = t.ignored;
    return {};
  }
  std::optional<std::string> operator()(const FragBits& t) const {
    out.kind = K::kFragBits;
    out.mode = static_cast<detect::PacketTest::Bits>(t.mode);
    out.bits = t.bits;
    return {};
  }
  std::optional<std::string> operator()(const IpOptions& t) const {
    out.kind = K::kIpOption;
    out.bits = t.type;
    return {};
  }
  std::optional<std::string> operator()(const SameIp&) const {
    out.kind = K::kSameIp;
    return {};
  }
  std::optional<std::string> operator()(const StreamSize& t) const {
    out.kind = K::kStreamSize;
    out.layer = static_cast<std::int8_t>(t.side);
    out.test = number_test(t.test);
    return {};
  }
  std::optional<std::string> operator()(const Checksum& t) const {
    out.kind = K::kChecksum;
    out.bits = static_cast<std::uint8_t>(t.layer);
    out.ignored = t.valid ? 1 : 0;
    return {};
  }
  std::optional<std::string> operator()(const NetworkProtocol& t) const {
    out.kind = K::kNetworkProtocol;
    out.value = t.version;
    return {};
  }
  std::optional<std::string> operator()(const RpcCall& t) const {
    out.kind = K::kRpcCall;
    out.bits = static_cast<std::uint8_t>((t.version ? 1U : 0U) | (t.procedure ? 2U : 0U));
    out.test.lo = t.program;
    out.test.hi = t.version.value_or(0);
    out.test.mask = t.procedure.value_or(0);
    return {};
  }
  std::optional<std::string> operator()(const PacketEvent& t) const {
    if (t.of == PacketEvent::Of::kApplication) {
      const auto* found = std::find_if(kAppEvents.begin(), kAppEvents.end(),
                                       [&](const AppEventText& e) { return e.name == t.name; });
      if (found == kAppEvents.end()) return "app-layer-event '" + t.name + "': picket has no such event";
      out.kind = K::kAppEvent;
      out.value = static_cast<std::uint16_t>(found - kAppEvents.begin());
      return {};
    }
    if (t.of == PacketEvent::Of::kDecode) {
      const std::size_t e = find_decode_event(t.name);
      if (e == kDecodeEventCount) return "decode-event '" + t.name + "': picket's decoder has no such event";
      out.kind = K::kDecodeEvent;
      out.value = static_cast<std::uint16_t>(e);
      return {};
    }
    const auto* found = std::find_if(kStreamEvents.begin(), kStreamEvents.end(),
                                     [&](const StreamEventText& e) { return e.name == t.name; });
    if (found == kStreamEvents.end())
      return "stream-event '" + t.name + "': picket's reassembly has no such event";
    out.kind = K::kStreamEvent;
    out.value = static_cast<std::uint16_t>(found - kStreamEvents.begin());
    return {};
  }
  // Filled by Planner::know_address().
  std::optional<std::string> operator()(const AddressReputation&) const { return {}; }
  std::optional<std::string> operator()(const CountryIs&) const { return {}; }
  std::optional<std::string> operator()(const AppProtocolIs& t) const {
    out.kind = K::kAppProtocol;
    out.negated = t.negated;
    out.app_state = static_cast<detect::PacketTest::AppState>(t.state);
    static_assert(static_cast<int>(AppProtocolIs::Which::kDirection) ==
                  static_cast<int>(detect::WhoseProtocol::kDirection));
    out.layer = static_cast<std::int8_t>(t.which);
    return {};
  }
};

}  // namespace

bool tests_flags(const Rule& r) {
  return std::any_of(r.packet_tests.begin(), r.packet_tests.end(),
                     [](const PacketTest& t) { return std::holds_alternative<TcpFlags>(t); });
}

bool flags_fit(const Rule& r, std::uint8_t flags) {
  for (const PacketTest& t : r.packet_tests) {
    const auto* f = std::get_if<TcpFlags>(&t);
    if (f == nullptr) continue;
    const std::uint8_t have = flags & static_cast<std::uint8_t>(~f->ignored);
    bool yes = false;
    switch (f->mode) {
      case TcpFlags::Mode::kExactly:
        yes = have == f->bits;
        break;
      case TcpFlags::Mode::kAtLeast:
        yes = (have & f->bits) == f->bits;
        break;
      case TcpFlags::Mode::kAnyOf:
        yes = (have & f->bits) != 0;
        break;
      case TcpFlags::Mode::kNoneOf:
        yes = (have & f->bits) == 0;
        break;
    }
    if (!yes) return false;
  }
  return true;
}

std::uint16_t Planner::address_set(const AddressSet& set) {
  if (set.any) return 0;
  const auto [it, fresh] =
      address_sets_.try_emplace(&set, static_cast<std::uint16_t>(out_->address_sets.size()));
  if (!fresh) return it->second;
  static constexpr std::uint8_t kLow[4] = {0, 0, 0, 0}, kHigh[4] = {255, 255, 255, 255};
  const Address v4_first = Address::v4(kLow), v4_last = Address::v4(kHigh);
  detect::AddressSet s;
  s.first_v4 = static_cast<std::uint32_t>(out_->v4_ranges.size());
  s.first_v6 = static_cast<std::uint32_t>(out_->v6_ranges.size());
  for (const AddressRange& r : set.ranges) {
    const Address first = std::max(r.first, v4_first), last = std::min(r.last, v4_last);
    if (first <= last) out_->v4_ranges.push_back({first.v4_number(), last.v4_number()});
    if (r.first < v4_first || r.last > v4_last) out_->v6_ranges.push_back({r.first, r.last});
  }
  s.v4_count = static_cast<std::uint32_t>(out_->v4_ranges.size()) - s.first_v4;
  s.v6_count = static_cast<std::uint32_t>(out_->v6_ranges.size()) - s.first_v6;
  out_->address_sets.push_back(s);
  return it->second;
}

std::uint16_t Planner::port_set(const PortSet& set) {
  if (set.any) return 0;
  const auto [it, fresh] = port_sets_.try_emplace(&set, static_cast<std::uint16_t>(out_->port_sets.size()));
  if (!fresh) return it->second;
  detect::PortSet s;
  s.first = static_cast<std::uint32_t>(out_->port_ranges.size());
  for (const PortRange& r : set.ranges) out_->port_ranges.push_back({r.first, r.last});
  s.count = static_cast<std::uint32_t>(set.ranges.size());
  out_->port_sets.push_back(s);
  return it->second;
}

std::uint16_t Planner::app_set(const std::vector<ProtocolId>& ids) {
  const auto [it, fresh] = app_sets_.try_emplace(ids, static_cast<std::uint16_t>(out_->app_sets.size()));
  if (!fresh) return it->second;
  detect::AppSet s;
  for (const ProtocolId id : ids) {
    if (id < 256) s.bits[id >> 6] |= std::uint64_t{1} << (id & 63);
  }
  out_->app_sets.push_back(s);
  return it->second;
}

namespace {

/// How much of a frame must be at hand for a clause.
enum class Needs : std::uint8_t {
  kSome,    ///< any window of it may answer
  kEnd,     ///< its last window does
  kAbsent,  ///< each window has a say: it must stand in none
  kWhole,   ///< all of it at once
};

Needs needs_of(const Clause& clause) {
  if (const auto* c = std::get_if<Content>(&clause)) {
    if (!c->negated) return c->endswith ? Needs::kEnd : Needs::kSome;
    if (c->endswith) return Needs::kEnd;
    return !c->relative() ? Needs::kAbsent : c->within ? Needs::kSome : Needs::kWhole;
  }
  if (const auto* p = std::get_if<Pcre>(&clause))
    return !p->negated ? Needs::kSome : p->relative ? Needs::kWhole : Needs::kAbsent;
  if (const auto* d = std::get_if<IsDataAt>(&clause)) return d->negated ? Needs::kEnd : Needs::kSome;
  if (std::holds_alternative<BufferSize>(clause)) return Needs::kEnd;
  const bool some = std::holds_alternative<ByteTest>(clause) || std::holds_alternative<ByteJump>(clause) ||
                    std::holds_alternative<ByteExtract>(clause) || std::holds_alternative<ByteMath>(clause) ||
                    std::holds_alternative<Base64Decode>(clause);
  return some ? Needs::kSome : Needs::kWhole;
}

bool any_needs(const Rule& r, bool (*which)(Needs)) {
  return std::any_of(r.groups.begin(), r.groups.end(), [&](const Group& g) {
    if (g.place != Place::kFrame) return false;
    if (!g.transforms.empty()) return which(Needs::kWhole);
    return std::any_of(g.clauses.begin(), g.clauses.end(),
                       [&](const Clause& c) { return which(needs_of(c)); });
  });
}

}  // namespace

bool forbids(const Rule& r) {
  return any_needs(r, [](Needs n) { return n == Needs::kAbsent; });
}

void Planner::set_header(const Rule& r, const Shape& shape, detect::RuleHeader& h) {
  namespace flag = detect::rule_flag;
  h.protos = protos_of(r.protocol);
  if (r.protocol == HeaderProtocol::kApp) {
    for (const ProtocolId id : r.app_protocols) {
      const std::uint8_t t = options_.protocols[id]->transports;
      if (t & static_cast<std::uint8_t>(Transport::kTcp)) h.protos |= detect::proto_bit::kTcp;
      if (t & static_cast<std::uint8_t>(Transport::kUdp)) h.protos |= detect::proto_bit::kUdp;
      if (t & static_cast<std::uint8_t>(Transport::kEthernet)) h.protos |= detect::proto_bit::kOtherEther;
    }
    h.apps = app_set(r.app_protocols);
  }
  h.families = r.protocol == HeaderProtocol::kIp4   ? detect::family_bit::kV4
               : r.protocol == HeaderProtocol::kIp6 ? detect::family_bit::kV6
                                                    : 7;
  namespace way = detect::way_bit;
  h.ways = r.flow.to_server ? way::kToServer : r.flow.to_client ? way::kToClient : 7;
  namespace state = detect::state_bit;
  h.states = r.flow.established ? state::kEstablished : r.flow.not_established ? state::kNew : 7;
  h.src = address_set(*r.src);
  h.dst = address_set(*r.dst);
  h.src_ports = port_set(*r.src_port);
  h.dst_ports = port_set(*r.dst_port);
  if (r.arrow != Arrow::kToDestination) h.flags |= flag::kBothWays;
  if (r.arrow == Arrow::kTransaction) h.flags |= flag::kBothSides;
  if (r.action == Action::kPass) h.flags |= flag::kPass;
  const bool host_bits = std::any_of(r.state_bits.begin(), r.state_bits.end(), [](const StateBit& b) {
    return b.scope != StateBit::Scope::kFlow && b.scope != StateBit::Scope::kTransaction;
  });
  const bool silent = r.noalert || r.action == Action::kConfig;
  if (!silent || host_bits || changes_datasets(r)) h.flags |= flag::kReported;
  if (shape.once || r.flow_start) h.flags |= flag::kOncePerFlow;
  if (shape.transaction) h.flags |= flag::kTransaction;
  if (shape.events) h.flags |= flag::kRepeats;
  if (asks_ot(r)) h.flags |= flag::kOncePerTransaction;

  if (shape.frame && any_needs(r, [](Needs n) { return n != Needs::kSome; })) h.flags |= flag::kWholeFrame;
  if (shape.frame && any_needs(r, [](Needs n) { return n == Needs::kWhole; })) h.flags |= flag::kHeldFrame;

  if (!shape.payload || shape.transaction) {
    if (shape.transaction || shape.frame || shape.once || shape.app_only || h.apps != 0)
      h.flags |= flag::kFlowPass;
    return;
  }
  const bool tcp = (h.protos & detect::proto_bit::kTcp) != 0;
  bool packets = r.protocol == HeaderProtocol::kTcpPacket || r.flow.no_stream || shape.packet_only;
  bool stream = tcp && !packets;
  if (r.protocol == HeaderProtocol::kTcpStream || r.flow.only_stream) {
    stream = true;
    packets = false;
  } else if (stream) {
    // Offsets and depths are meant from the start of packets or of the stream: both are looked at.
    packets = looks_at_packets_too(r);
  }
  if (stream) h.flags |= flag::kStreamPayload | flag::kFlowPass;
  if (packets || (h.protos & ~detect::proto_bit::kTcp) != 0) h.flags |= flag::kPacketPayload;
}

std::optional<std::string> Planner::know_address(const AddressReputation& t, detect::PacketTest& out) {
  if (options_.addresses == nullptr || !options_.addresses->has_categories)
    return "iprep: nothing is known of addresses; set reputation-categories-file and reputation-files";
  const auto* ranges = options_.addresses->category(t.category);
  if (ranges == nullptr) return "iprep: reputation-categories-file has no category '" + t.category + "'";
  const auto [it, fresh] =
      reputations_.try_emplace(t.category, static_cast<std::uint16_t>(out_->reputations.size()));
  if (fresh) out_->reputations.push_back(*ranges);
  out.kind = detect::PacketTest::Kind::kReputation;
  out.layer = static_cast<std::int8_t>(t.side);
  out.value = it->second;
  out.negated = t.is_not_set;
  out.test = number_test(t.score);
  return {};
}

std::optional<std::string> Planner::know_address(const CountryIs& t, detect::PacketTest& out) {
  if (options_.addresses == nullptr || options_.addresses->countries == nullptr)
    return "geoip: picket has no database of countries; set geoip-database";
  out_->countries = options_.addresses->countries;
  const auto [it, fresh] =
      country_lists_.try_emplace(t.countries, static_cast<std::uint16_t>(out_->country_lists.size()));
  if (fresh) {
    auto& list = out_->country_lists.emplace_back();
    for (const std::string& c : t.countries) list.push_back(detect::country_code(c[0], c[1]));
  }
  out.kind = detect::PacketTest::Kind::kCountry;
  out.layer = static_cast<std::int8_t>(t.side);
  out.value = it->second;
  out.negated = t.negated;
  return {};
}

std::optional<std::string> Planner::add_packet_tests(const Rule& r, detect::RuleHeader& h) {
  h.first_packet_test = static_cast<std::uint32_t>(out_->packet_tests.size());
  for (const PacketTest& t : r.packet_tests) {
    detect::PacketTest test;
    if (auto refused = std::visit(TestMaker{test}, t)) return refused;
    if (const auto* app = std::get_if<AppProtocolIs>(&t)) test.value = app_set(app->any_of);
    std::optional<std::string> unknown;
    if (const auto* reputation = std::get_if<AddressReputation>(&t))
      unknown = know_address(*reputation, test);
    if (const auto* country = std::get_if<CountryIs>(&t)) unknown = know_address(*country, test);
    if (unknown) return unknown;
    out_->packet_tests.push_back(test);
  }
  if (r.flow.only_frag || r.flow.no_frag) {
    detect::PacketTest test;
    test.kind =
        r.flow.only_frag ? detect::PacketTest::Kind::kOnlyFragment : detect::PacketTest::Kind::kNoFragment;
    out_->packet_tests.push_back(test);
  }
  const std::size_t count = out_->packet_tests.size() - h.first_packet_test;
  if (count > 255) return "more than 255 tests of a packet in one rule";
  h.packet_tests = static_cast<std::uint8_t>(count);
  return {};
}

std::optional<std::string> Planner::add_state(const Rule& r, detect::RuleHeader& h) {
  using K = detect::StateOp::Kind;
  std::vector<detect::StateOp> tests, deeds;
  for (const StateBit& b : r.state_bits) {
    const bool of_tx = b.scope == StateBit::Scope::kTransaction;
    if (!of_tx && b.scope != StateBit::Scope::kFlow) continue;
    detect::StateOp op;
    op.id = static_cast<std::uint32_t>(out_->bit_ids.size());
    op.count = static_cast<std::uint32_t>(b.names.size());
    for (const auto& name : b.names) {
      out_->bit_ids.push_back(of_tx ? names_.transaction_bit(name) : names_.bit(name));
      if (of_tx && out_->bit_ids.back() >= detect::TxState::kBits)
        return "xbits: more than " + std::to_string(detect::TxState::kBits) + " names with track tx";
    }
    static constexpr K kOfFlow[] = {K::kBitSet, K::kBitUnset, K::kBitToggle, K::kBitIsSet, K::kBitIsNotSet};
    static constexpr K kOfTx[] = {K::kTxBitSet, K::kTxBitUnset, K::kTxBitToggle, K::kTxBitIsSet,
                                  K::kTxBitIsNotSet};
    op.kind = (of_tx ? kOfTx : kOfFlow)[static_cast<std::size_t>(b.op)];
    (b.op >= StateBit::Op::kIsSet ? tests : deeds).push_back(op);
  }
  for (const FlowInt& f : r.flow_ints) {
    static constexpr K kKinds[] = {K::kIntAssign,    K::kIntAdd,   K::kIntSubtract, K::kIntLess,
                                   K::kIntLessEqual, K::kIntEqual, K::kIntNotEqual, K::kIntGreaterEqual,
                                   K::kIntGreater,   K::kIntIsSet, K::kIntIsNotSet};
    detect::StateOp op;
    op.kind = kKinds[static_cast<std::size_t>(f.op)];
    op.id = names_.integer(f.name);
    op.other_is_int = !f.other.empty();
    op.value = op.other_is_int ? names_.integer(f.other) : f.value;
    (op.kind <= K::kIntSubtract ? deeds : tests).push_back(op);
  }
  for (const VariableTest& v : r.variable_tests) {
    detect::StateOp op;
    op.kind = v.of_flow ? K::kFlowVariable : K::kPacketVariable;
    op.id = names_.variable(v.name);
    op.value = static_cast<std::uint32_t>(out_->bytes.size());
    op.count = static_cast<std::uint32_t>(v.value.size());
    out_->bytes.insert(out_->bytes.end(), v.value.begin(), v.value.end());
    tests.push_back(op);
  }
  for (const Tag& t : r.tags) {
    detect::StateOp op;
    op.kind = K::kTag;
    op.id = static_cast<std::uint32_t>(out_->tags.size());
    out_->tags.push_back({static_cast<detect::TagDef::Scope>(t.scope),
                          static_cast<detect::TagDef::Metric>(t.metric), t.count});
    out_->any_tags = true;
    out_->any_host_tags = out_->any_host_tags || t.scope != Tag::Scope::kSession;
    deeds.push_back(op);
  }
  if (r.config && r.config->subsystem == LogConfig::Subsystem::kLogging) {
    detect::StateOp op;
    op.kind = r.config->type == LogConfig::Scope::kFlow    ? K::kNoFlowRecord
              : r.config->scope == LogConfig::Scope::kFlow ? K::kUnloggedFlow
                                                           : K::kUnloggedTx;
    deeds.push_back(op);
  }
  if (tests.size() > 255 || deeds.size() > 255) return "more than 255 flowbits in one rule";
  h.first_state_test = static_cast<std::uint32_t>(out_->state_ops.size());
  h.state_tests = static_cast<std::uint8_t>(tests.size());
  out_->state_ops.insert(out_->state_ops.end(), tests.begin(), tests.end());
  h.first_state_deed = static_cast<std::uint32_t>(out_->state_ops.size());
  h.state_deeds = static_cast<std::uint8_t>(deeds.size());
  out_->state_ops.insert(out_->state_ops.end(), deeds.begin(), deeds.end());
  return {};
}

}  // namespace picket::rules
