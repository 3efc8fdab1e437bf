#include "export/encoder.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "dataplane/detect/flow_state.h"
#include "dataplane/flow/flow_macs.h"
#include "export/community_id.h"
#include "export/ot_encoder.h"
#include "export/proto/picket/v1/event.pb.h"
#include "parsers/core/file.h"

namespace picket {
namespace {

using Ev = v1::Event;

/// Keywords of the IANA registry of protocol numbers, as EVE's `proto` spells them.
constexpr struct {
  std::uint8_t number;
  std::string_view name;
} kProtoNames[] = {
    {0, "HOPOPT"},     {1, "ICMP"},   {2, "IGMP"},        {4, "IPv4"},       {6, "TCP"},
    {17, "UDP"},       {41, "IPv6"},  {43, "IPv6-Route"}, {44, "IPv6-Frag"}, {46, "RSVP"},
    {47, "GRE"},       {50, "ESP"},   {51, "AH"},         {58, "IPv6-ICMP"}, {59, "IPv6-NoNxt"},
    {60, "IPv6-Opts"}, {88, "EIGRP"}, {89, "OSPFIGP"},    {103, "PIM"},      {112, "VRRP"},
    {115, "L2TP"},     {132, "SCTP"}, {136, "UDPLite"},
};

void write_proto(WireWriter& w, std::uint8_t proto) noexcept {
  for (const auto& p : kProtoNames) {
    if (p.number == proto) return w.text(Ev::kProtoFieldNumber, p.name);
  }
  const char digits[3] = {static_cast<char>('0' + proto / 100), static_cast<char>('0' + proto / 10 % 10),
                          static_cast<char>('0' + proto % 10)};
  w.text(Ev::kProtoFieldNumber, {digits, 3});
}

constexpr std::uint8_t number(IpProto p) noexcept { return static_cast<std::uint8_t>(p); }
bool is_icmp(std::uint8_t proto) noexcept {
  return proto == number(IpProto::kIcmp) || proto == number(IpProto::kIcmpV6);
}
bool has_ports(std::uint8_t proto) noexcept {
  return proto == number(IpProto::kTcp) || proto == number(IpProto::kUdp) || proto == number(IpProto::kSctp);
}

Bytes address_bytes(const Address& a) noexcept { return Bytes{a.bytes}.subspan(a.is_v4() ? 12 : 0); }

std::string_view direction_name(Direction d) noexcept {
  return d == Direction::kToServer ? "to_server" : "to_client";
}

std::string_view state_name(FlowState s) noexcept {
  switch (s) {
    case FlowState::kNew:
      return "new";
    case FlowState::kEstablished:
      return "established";
    case FlowState::kClosed:
      return "closed";
  }
  return "unknown";
}

std::string_view reason_name(FlowEnd e) noexcept {
  switch (e) {
    case FlowEnd::kTimeout:
      return "timeout";
    case FlowEnd::kForced:
      return "forced";
    case FlowEnd::kShutdown:
      return "shutdown";
    case FlowEnd::kReused:
      return "tcp_reuse";
    case FlowEnd::kInterim:
      return "interim";
  }
  return "unknown";
}

std::string_view tcp_state_name(TcpState s) noexcept {
  switch (s) {
    case TcpState::kNone:
      return "none";
    case TcpState::kSynSent:
      return "syn_sent";
    case TcpState::kSynRecv:
      return "syn_recv";
    case TcpState::kEstablished:
      return "established";
    case TcpState::kFinWait1:
      return "fin_wait1";
    case TcpState::kFinWait2:
      return "fin_wait2";
    case TcpState::kTimeWait:
      return "time_wait";
    case TcpState::kLastAck:
      return "last_ack";
    case TcpState::kCloseWait:
      return "close_wait";
    case TcpState::kClosing:
      return "closing";
    case TcpState::kClosed:
      return "closed";
  }
  return "none";
}

const FlowSide& to_server(const Flow& f) noexcept { return f.side[index(Direction::kToServer)]; }
const FlowSide& to_client(const Flow& f) noexcept { return f.side[index(Direction::kToClient)]; }

void flow_counters(WireWriter& w, const Flow& f) noexcept {
  w.u64(v1::Flow::kPktsToserverFieldNumber, to_server(f).packets);
  w.u64(v1::Flow::kPktsToclientFieldNumber, to_client(f).packets);
  w.u64(v1::Flow::kBytesToserverFieldNumber, to_server(f).bytes);
  w.u64(v1::Flow::kBytesToclientFieldNumber, to_client(f).bytes);
  w.fixed64(v1::Flow::kStartFieldNumber, f.start_ns);
}

/// What stands under `flow` in a flow's own record.
void flow_body(WireWriter& w, const Flow& f, FlowEnd end) noexcept {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const auto m = w.message(Ev::kFlowFieldNumber);
  flow_counters(w, f);
  const std::uint64_t last = std::max({f.start_ns, to_server(f).last_ns, to_client(f).last_ns});
  w.fixed64(v1::Flow::kEndFieldNumber, last);
  w.u64(v1::Flow::kAgeFieldNumber, last / kSecond - f.start_ns / kSecond);
  w.text(v1::Flow::kStateFieldNumber, state_name(f.state));
  w.text(v1::Flow::kReasonFieldNumber, reason_name(end));
  w.boolean(v1::Flow::kAlertedFieldNumber, (f.flags & flow_flag::kAlerted) != 0);
  if ((f.flags & flow_flag::kMidstream) != 0) w.boolean(v1::Flow::kMidstreamFieldNumber, true);
  if (to_server(f).packets == 0 || to_client(f).packets == 0) w.boolean(v1::Flow::kOneWayFieldNumber, true);
  if (f.transactions != 0) w.u64(v1::Flow::kTxCntFieldNumber, f.transactions);
}

/// What stands under `flow` in the record of something that happened in it.
void flow_so_far(WireWriter& w, const Flow& f) noexcept {
  const auto m = w.message(Ev::kFlowFieldNumber);
  flow_counters(w, f);
  if (f.key.is_link()) return;
  w.bytes(v1::Flow::kSrcIpFieldNumber, address_bytes(f.client()));
  w.bytes(v1::Flow::kDestIpFieldNumber, address_bytes(f.server()));
  if (!has_ports(f.key.proto)) return;
  w.u64(v1::Flow::kSrcPortFieldNumber, f.client_port());
  w.u64(v1::Flow::kDestPortFieldNumber, f.server_port());
}

void write_flags(WireWriter& w, int field, std::uint8_t flags) noexcept {
  static constexpr char kDigits[] = "0123456789abcdef";
  const char hex[2] = {kDigits[flags >> 4], kDigits[flags & 15]};
  w.text(field, {hex, 2});
}

void tcp_body(WireWriter& w, const Flow& f) noexcept {
  using T = v1::Tcp;
  const auto m = w.message(Ev::kTcpFieldNumber);
  const std::uint8_t ts = to_server(f).tcp_flags;
  const std::uint8_t tc = to_client(f).tcp_flags;
  const auto all = static_cast<std::uint8_t>(ts | tc);
  write_flags(w, T::kTcpFlagsFieldNumber, all);
  write_flags(w, T::kTcpFlagsTsFieldNumber, ts);
  write_flags(w, T::kTcpFlagsTcFieldNumber, tc);
  constexpr struct {
    std::uint8_t flag;
    int field;
  } kFlags[] = {
      {tcp_flag::kSyn, T::kSynFieldNumber}, {tcp_flag::kFin, T::kFinFieldNumber},
      {tcp_flag::kRst, T::kRstFieldNumber}, {tcp_flag::kPsh, T::kPshFieldNumber},
      {tcp_flag::kAck, T::kAckFieldNumber}, {tcp_flag::kUrg, T::kUrgFieldNumber},
      {tcp_flag::kEce, T::kEcnFieldNumber}, {tcp_flag::kCwr, T::kCwrFieldNumber},
  };
  for (const auto& flag : kFlags) {
    if ((all & flag.flag) != 0) w.boolean(flag.field, true);
  }
  w.text(T::kStateFieldNumber, tcp_state_name(f.tcp_state));
  if (to_server(f).gaps > 0) {
    w.boolean(T::kTsGapFieldNumber, true);
    w.u64(T::kTsMissingBytesFieldNumber, to_server(f).missing);
  }
  if (to_client(f).gaps > 0) {
    w.boolean(T::kTcGapFieldNumber, true);
    w.u64(T::kTcMissingBytesFieldNumber, to_client(f).missing);
  }
  w.u64(T::kTsMaxRegionsFieldNumber, f.regions & 15U);
  w.u64(T::kTcMaxRegionsFieldNumber, f.regions >> 4);
  const auto seen =
      static_cast<std::size_t>(std::find(f.history.begin(), f.history.end(), '\0') - f.history.begin());
  if (seen > 0) w.text(T::kHistoryFieldNumber, {f.history.data(), seen});
}

void endpoint(WireWriter& w, int field, const Address& a, std::uint16_t port, bool with_port) noexcept {
  const auto m = w.message(field);
  w.bytes(v1::Endpoint::kIpFieldNumber, address_bytes(a));
  if (with_port) w.u64(v1::Endpoint::kPortFieldNumber, port);
}

void file_info(WireWriter& w, int field, const File& f) noexcept {
  using F = v1::FileInfo;
  const auto m = w.message(field);
  if (!f.name.empty()) w.bytes(F::kFilenameFieldNumber, f.name.view());
  if (!f.magic.empty()) w.bytes(F::kMagicFieldNumber, f.magic.view());
  w.boolean(F::kGapsFieldNumber, f.gap);
  w.text(F::kStateFieldNumber, file_state_name(f.state));
  if (f.has_md5) w.bytes(F::kMd5FieldNumber, f.md5);
  if (f.has_sha1) w.bytes(F::kSha1FieldNumber, f.sha1);
  if (f.has_sha256) w.bytes(F::kSha256FieldNumber, f.sha256);
  w.boolean(F::kStoredFieldNumber, false);
  w.u64(F::kSizeFieldNumber, f.size);
  w.u64(F::kTxIdFieldNumber, f.tx->id);
}

std::span<const std::uint16_t> vlans_of(const Packet& p) noexcept {
  return std::span{p.vlans}.first(std::min<std::size_t>(p.vlan_count, p.vlans.size()));
}
std::span<const std::uint16_t> vlans_of(const Flow& f) noexcept {
  std::size_t n = f.key.vlans.size();
  while (n > 0 && f.key.vlans[n - 1] == 0) --n;
  return std::span{f.key.vlans}.first(n);
}

struct LinkName {
  unsigned number;
  std::string_view name;
};
/// As libpcap has them (pcap/dlt.h).
LinkName link_name(LinkType link) noexcept {
  switch (link) {
    case LinkType::kEthernet:
      return {1, "EN10MB"};
    case LinkType::kRawIp:
      return {12, "RAW"};
    case LinkType::kRawIpv4:
      return {228, "IPV4"};
    case LinkType::kRawIpv6:
      return {229, "IPV6"};
    case LinkType::kNull:
      return {0, "NULL"};
    case LinkType::kLoop:
      return {108, "LOOP"};
    case LinkType::kLinuxSll:
      return {113, "LINUX_SLL"};
    case LinkType::kLinuxSll2:
      return {276, "LINUX_SLL2"};
    case LinkType::kPpp:
      return {9, "PPP"};
    case LinkType::kCiscoHdlc:
      return {104, "C_HDLC"};
    case LinkType::kUnknown:
      break;
  }
  return {0xffff, "UNKNOWN"};
}

/// The frame as it was captured. Of a datagram in pieces the whole, as if it had come in one.
void packet_body(WireWriter& w, const Packet& p) noexcept {
  if (p.data == nullptr) return;  // made up at a flow's end
  const bool bare = p.reassembled && p.link_size == 0;
  if (p.reassembled)
    w.bytes(Ev::kPacketFieldNumber, Bytes(p.data, p.link_size), p.datagram);
  else
    w.bytes(Ev::kPacketFieldNumber, Bytes(p.data, p.size));
  const LinkName link = link_name(bare && p.layers > 1 ? LinkType::kRawIp : p.link);
  const auto m = w.message(Ev::kPacketInfoFieldNumber);
  w.u64(v1::PacketInfo::kLinktypeFieldNumber, link.number);
  w.text(v1::PacketInfo::kLinktypeNameFieldNumber, link.name);
}

std::string_view packet_source(const Packet& p) noexcept {
  if (p.data == nullptr && p.flow != nullptr) return "stream (flow timeout)";  // made up at the flow's end
  return p.reassembled ? "defrag" : "wire/pcap";
}

void event_name(WireWriter& w, const AnomalyInfo& info) noexcept {
  constexpr int kField = v1::Anomaly::kEventFieldNumber;
  switch (info.spelling) {
    case EventSpelling::kPlain:
      return w.text(kField, info.event);
    case EventSpelling::kDecoder:
      return w.bytes(kField, as_bytes("decoder."), as_bytes(info.event));
    case EventSpelling::kStream:
      return w.bytes(kField, as_bytes("stream."), as_bytes(info.event));
    case EventSpelling::kCapitals:
      break;
  }
  std::array<char, 64> capitals{};
  const std::size_t n = std::min(info.event.size(), capitals.size());
  for (std::size_t i = 0; i < n; ++i)
    capitals[i] =
        static_cast<char>(info.event[i] >= 'a' && info.event[i] <= 'z' ? info.event[i] - 32 : info.event[i]);
  w.text(kField, {capitals.data(), n});
}

std::size_t finish(const WireWriter& w) noexcept { return w.ok() ? w.size() : 0; }

}  // namespace

// In protocols of plants either side may begin, and a message is a transaction: as in Suricata, records name the
// client first whoever sent it, so that those of one flow can be told by their ends.
Direction transaction_from(ProtocolId protocol, bool has_request, bool has_reply) noexcept {
  const bool reply = has_reply && !has_request && protocols()[protocol]->ot == nullptr;
  return reply ? Direction::kToClient : Direction::kToServer;
}

Encoder::Encoder(EncoderOptions options) : options_(std::move(options)) {
  PICKET_ASSERT(encode_bodies().size() == protocols().size());
  const auto* event = Ev::descriptor();
  for (const ProtocolSpec* spec : protocols()) {
    const auto* field = event->FindFieldByName(std::string(spec->record));
    PICKET_ASSERT(field != nullptr && field->message_type() != nullptr);  // encoder_test walks all protocols
    record_field_.push_back(field->number());
  }
}

Encoder::Ends Encoder::of_flow(const Flow& f, Direction from) noexcept {
  Ends e;
  e.present = !f.key.is_link();
  e.src = f.address(from);
  e.dst = f.address(reverse(from));
  e.src_port = f.port(from);
  e.dst_port = f.port(reverse(from));
  e.proto = f.key.proto;
  e.icmp_type = f.icmp_type;
  e.icmp_code = f.icmp_code;
  return e;
}

Encoder::Ends Encoder::of_packet(const Packet& p) noexcept {
  Ends e;
  e.present = p.has_ip;
  e.src = p.src;
  e.dst = p.dst;
  e.src_port = p.src_port;
  e.dst_port = p.dst_port;
  e.proto = p.proto;
  e.icmp_type = p.icmp_type;
  e.icmp_code = p.icmp_code;
  return e;
}

void Encoder::begin(WireWriter& w, const RecordContext& context, std::uint64_t packet_number,
                    const Flow* flow, std::uint16_t tap, std::string_view event_type,
                    std::span<const std::uint16_t> vlans) const noexcept {
  w.fixed64(Ev::kTimestampFieldNumber, context.time_ns);
  if (flow != nullptr) w.u64(Ev::kFlowIdFieldNumber, flow_id(*flow));
  if (tap < options_.taps.size() && !options_.taps[tap].empty())
    w.text(Ev::kInIfaceFieldNumber, options_.taps[tap]);
  if (options_.packet_numbers && packet_number != 0) w.u64(Ev::kPcapCntFieldNumber, packet_number);
  w.text(Ev::kEventTypeFieldNumber, event_type);
  for (const auto vlan : vlans) w.u64(Ev::kVlanFieldNumber, vlan);
}

void Encoder::ends(WireWriter& w, const Ends& e) const noexcept {
  if (e.present) {
    const bool ports = has_ports(e.proto);
    w.bytes(Ev::kSrcIpFieldNumber, address_bytes(e.src));
    if (ports) w.u64(Ev::kSrcPortFieldNumber, e.src_port);
    w.bytes(Ev::kDestIpFieldNumber, address_bytes(e.dst));
    if (ports) w.u64(Ev::kDestPortFieldNumber, e.dst_port);
    write_proto(w, e.proto);
    w.u64(Ev::kIpVFieldNumber, e.src.is_v4() ? 4 : 6);
    if (is_icmp(e.proto)) {
      w.u64(Ev::kIcmpTypeFieldNumber, e.icmp_type);
      w.u64(Ev::kIcmpCodeFieldNumber, e.icmp_code);
    }
  }
  if (!options_.sensor.empty()) w.text(Ev::kHostFieldNumber, options_.sensor);
}

void Encoder::community_id(WireWriter& w, const RecordContext& c, const Flow& f) const noexcept {
  if (!options_.community_id || f.key.is_link()) return;
  // A hash that costs as much as all else of a short record; of ICMP it depends on more than the flow.
  if (c.memory == nullptr || is_icmp(f.key.proto))
    return w.text(Ev::kCommunityIdFieldNumber, picket::community_id(options_.community_id_seed, f).text());
  const std::uint64_t flow = flow_id(f);
  auto& known = c.memory->community_ids[flow % RecordMemory::kFlows];
  if (known.flow != flow) known = {flow, picket::community_id(options_.community_id_seed, f).chars};
  w.text(Ev::kCommunityIdFieldNumber, {known.text.data(), known.text.size()});
}

void Encoder::community_id(WireWriter& w, const RecordContext& c, const Packet& p,
                           const Flow* flow) const noexcept {
  if (flow != nullptr) return community_id(w, c, *flow);
  if (!options_.community_id || !p.has_ip) return;
  w.text(Ev::kCommunityIdFieldNumber, picket::community_id(options_.community_id_seed, p).text());
}

void Encoder::app_proto(WireWriter& w, const Flow& f) const noexcept {
  if (f.protocol < protocols().size()) {
    w.text(Ev::kAppProtoFieldNumber, protocols()[f.protocol]->name);
  } else if ((f.flags & flow_flag::kAppDone) != 0) {
    w.text(Ev::kAppProtoFieldNumber, "failed");
  }
  if (f.other_protocol < protocols().size()) {
    const bool reply = (f.flags & flow_flag::kOtherIsReply) != 0;
    w.text(reply ? Ev::kAppProtoTcFieldNumber : Ev::kAppProtoTsFieldNumber,
           protocols()[f.other_protocol]->name);
  }
  if (f.first_protocol < protocols().size() && f.first_protocol != f.protocol)
    w.text(Ev::kAppProtoOrigFieldNumber, protocols()[f.first_protocol]->name);
}

void Encoder::metadata(WireWriter& w, const RecordContext& context, const Flow* f,
                       std::span<const PacketVariable> of_packet) noexcept {
  FlowBits* const state = f == nullptr ? nullptr : f->bits;
  if (state == nullptr && of_packet.empty()) return;
  using S = v1::RuleState;
  const auto variable = [&](int field, std::uint32_t name, Bytes value) noexcept {
    if (name >= context.variables.size()) return;
    const auto m = w.message(field);
    w.text(v1::Variable::kKeyFieldNumber, context.variables[name]);
    w.bytes(v1::Variable::kValueFieldNumber, value);
  };
  bool any = !of_packet.empty() || (state != nullptr && state->variables != nullptr);
  for (std::size_t i = 0; state != nullptr && !any && i < state->word_count(); ++i)
    any = state->words()[i] != 0;
  for (std::uint32_t i = 0; state != nullptr && !any && i < state->ints; ++i)
    any = state->integers()[i].set != 0;
  if (!any) return;
  const auto m = w.message(Ev::kMetadataFieldNumber);
  if (state != nullptr) {
    for (std::size_t word = 0; word < state->word_count(); ++word) {
      for (std::uint64_t left = state->words()[word]; left != 0; left &= left - 1) {
        const std::size_t id = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
        if (id < context.bits.size() && !context.bits[id].empty())
          w.text(S::kFlowbitsFieldNumber, context.bits[id]);
      }
    }
    for (std::uint32_t id = 0; id < std::min<std::size_t>(state->ints, context.ints.size()); ++id) {
      const FlowBits::Int* i = state->integer(id);
      if (i->set == 0) continue;
      const auto entry = w.message(S::kFlowintsFieldNumber);
      w.text(v1::IntVariable::kKeyFieldNumber, context.ints[id]);
      w.u64(v1::IntVariable::kValueFieldNumber, i->value);
    }
    for (const FlowVariable* v = state->variables; v != nullptr; v = v->next)
      variable(S::kFlowvarsFieldNumber, v->name, v->view());
  }
  for (const PacketVariable& v : of_packet) variable(S::kPktvarsFieldNumber, v.name, v.value);
}

void Encoder::traffic(WireWriter& w, const RecordContext& context, const Flow& f) noexcept {
  if (f.bits == nullptr) return;
  const auto is_set = [&f](const TrafficBit& t) noexcept { return f.bits->get(t.bit); };
  if (std::none_of(context.traffic.begin(), context.traffic.end(), is_set)) return;
  const auto m = w.message(Ev::kTrafficFieldNumber);
  for (const bool labels : {false, true}) {
    for (const TrafficBit& t : context.traffic) {
      if (t.is_label == labels && is_set(t))
        w.text(labels ? v1::Traffic::kLabelFieldNumber : v1::Traffic::kIdFieldNumber, t.name);
    }
  }
}

/// Of what has no IP the frame's addresses are all that says between whom it was: they always stand there.
void Encoder::ether(WireWriter& w, const Packet& p) const noexcept {
  if (!p.has_mac || (!options_.detail.ethernet && !p.is_link())) return;
  const auto m = w.message(Ev::kEtherFieldNumber);
  if (p.is_link()) w.u64(v1::Ether::kEtherTypeFieldNumber, p.ethertype);
  w.bytes(v1::Ether::kSrcMacFieldNumber, p.src_mac);
  w.bytes(v1::Ether::kDestMacFieldNumber, p.dst_mac);
}

/// Of a flow's own record (`all`), or of one that goes `from` one end to the other.
void Encoder::ether(WireWriter& w, const Flow& f, Direction from, bool all) const noexcept {
  if (f.key.is_link()) {
    const auto m = w.message(Ev::kEtherFieldNumber);
    w.u64(v1::Ether::kEtherTypeFieldNumber, f.key.low_port);
    w.bytes(v1::Ether::kSrcMacFieldNumber, f.address(from).mac());
    w.bytes(v1::Ether::kDestMacFieldNumber, f.address(reverse(from)).mac());
    return;
  }
  if (!options_.detail.ethernet || f.ends == nullptr) return;
  const auto& macs = static_cast<const FlowMacs&>(*f.ends);
  const bool client_first = from == Direction::kToServer;
  const FlowMacs::List& src = client_first ? macs.client : macs.server;
  const FlowMacs::List& dst = client_first ? macs.server : macs.client;
  const auto m = w.message(Ev::kEtherFieldNumber);
  if (!all) {
    w.bytes(v1::Ether::kSrcMacFieldNumber, src.all().front());
    w.bytes(v1::Ether::kDestMacFieldNumber, dst.all().front());
    return;
  }
  for (const Mac& mac : src.all()) w.bytes(v1::Ether::kSrcMacsFieldNumber, mac);
  for (const Mac& mac : dst.all()) w.bytes(v1::Ether::kDestMacsFieldNumber, mac);
}

namespace {

/// "[12 bytes missing]" into `room`; nothing when none are.
std::string_view missing_note(std::uint64_t bytes, std::array<char, 48>& room) noexcept {
  if (bytes == 0) return {};
  room[0] = '[';
  char* at = std::to_chars(room.data() + 1, room.data() + 21, bytes).ptr;
  constexpr std::string_view kRest = " bytes missing]";
  at = std::copy(kRest.begin(), kRest.end(), at);
  return {room.data(), at};
}

}  // namespace

void Encoder::payload(WireWriter& w, const Packet& p, const AlertInfo& info) const noexcept {
  const RecordDetail& d = options_.detail;
  if (!d.payload && !d.payload_printable && !d.payload_length) return;
  const Bytes seen = info.payload.first(std::min<std::size_t>(info.payload.size(), d.payload_bytes));
  const bool of_stream = (info.from_stream || info.from_transaction) && p.proto == number(IpProto::kTcp);
  std::array<char, 48> note_text;
  const std::string_view note = missing_note(of_stream ? info.payload_missing : 0, note_text);
  if (!seen.empty()) {
    if (d.payload) w.bytes(Ev::kPayloadFieldNumber, as_bytes(note), seen);
    if (d.payload_printable) w.printable(Ev::kPayloadPrintableFieldNumber, as_bytes(note), seen);
    if (d.payload_length) w.u64(Ev::kPayloadLengthFieldNumber, note.size() + seen.size());
  }
  w.u64(Ev::kStreamFieldNumber, of_stream ? 1 : 0);
}

void Encoder::frame(WireWriter& w, const FrameInfo& f, Direction dir) const noexcept {
  using F = v1::Frame;
  const auto m = w.message(Ev::kFrameFieldNumber);
  w.text(F::kTypeFieldNumber, f.type);
  w.u64(F::kIdFieldNumber, f.id);
  if (f.has_tx) w.u64(F::kTxIdFieldNumber, f.tx_id);
  w.text(F::kDirectionFieldNumber, dir == Direction::kToServer ? "toserver" : "toclient");
  if (f.of_stream) w.u64(F::kStreamOffsetFieldNumber, f.offset);
  w.u64(F::kLengthFieldNumber, f.length);
  w.boolean(F::kCompleteFieldNumber, f.complete);
  // As EVE has it, whether or not alerts show payload. Suricata's buffer of so many bytes holds one less of text.
  const std::size_t most = std::max(options_.detail.payload_bytes, 1U) - 1;
  const Bytes seen = f.payload.first(std::min(f.payload.size(), most));
  std::array<char, 48> before_room, behind_room;
  const Bytes before = as_bytes(missing_note(f.before, before_room)),
              behind = as_bytes(missing_note(f.missing, behind_room));
  w.bytes(F::kPayloadFieldNumber, before, seen, behind);
  w.printable(F::kPayloadPrintableFieldNumber, before, seen, behind);
}

void Encoder::body(WireWriter& w, ProtocolId protocol, const Transaction& tx) const noexcept {
  {
    const auto m = w.message(record_field_[protocol]);
    encode_bodies()[protocol](tx, w);
  }
  if (const EncodeBody beside = encode_besides()[protocol]; beside != nullptr) beside(tx, w);
  if (protocols()[protocol]->ot != nullptr) encode_ot(static_cast<const OtTransaction&>(tx), w);
}

std::size_t Encoder::flow(const RecordContext& context, const Flow& f, FlowEnd end,
                          std::span<std::uint8_t> out) const noexcept {
  WireWriter w(out);
  const Ends client = of_flow(f, Direction::kToServer);
  begin(w, context, 0, &f, f.tap, "flow", vlans_of(f));
  ends(w, client);
  if (is_icmp(f.key.proto) && to_client(f).packets > 0) {
    w.u64(Ev::kResponseIcmpTypeFieldNumber, f.reply_icmp_type);
    w.u64(Ev::kResponseIcmpCodeFieldNumber, f.reply_icmp_code);
  }
  app_proto(w, f);
  community_id(w, context, f);
  w.u64(Ev::kRulesEpochFieldNumber, context.rules_epoch);
  metadata(w, context, &f, {});
  traffic(w, context, f);
  ether(w, f, Direction::kToServer, true);
  flow_body(w, f, end);
  if (f.key.proto == number(IpProto::kTcp)) tcp_body(w, f);
  return finish(w);
}

std::size_t Encoder::transaction(const RecordContext& context, const Flow& f, ProtocolId protocol,
                                 const Transaction& tx, std::span<std::uint8_t> out) const noexcept {
  if (protocol >= record_field_.size()) return 0;
  WireWriter w(out);
  const Direction from = transaction_from(protocol, tx.has_request, tx.has_reply);
  begin(w, context, context.packet_number, &f, f.tap, protocols()[protocol]->record, vlans_of(f));
  ends(w, of_flow(f, from));
  w.u64(Ev::kTxIdFieldNumber, tx.id);
  w.text(Ev::kAppProtoFieldNumber, protocols()[protocol]->name);
  community_id(w, context, f);
  w.u64(Ev::kRulesEpochFieldNumber, context.rules_epoch);
  metadata(w, context, &f, {});
  traffic(w, context, f);
  ether(w, f, from, false);
  body(w, protocol, tx);
  return finish(w);
}

std::size_t Encoder::note(const RecordContext& context, const Flow& f, ProtocolId protocol,
                          const Transaction& tx, std::span<std::uint8_t> out) const noexcept {
  if (protocol >= options_.ot.size() || protocols()[protocol]->ot == nullptr) return 0;
  return encode_ot_note(context, f, protocol, static_cast<const OtTransaction&>(tx),
                        options_.ot[protocol].detail, out);
}

std::size_t Encoder::file(const RecordContext& context, const Flow& f, ProtocolId protocol,
                          const Transaction& tx, const File& file,
                          std::span<std::uint8_t> out) const noexcept {
  if (protocol >= record_field_.size()) return 0;
  WireWriter w(out);
  begin(w, context, context.packet_number, &f, f.tap, "fileinfo", vlans_of(f));
  ends(w, of_flow(f, file.dir));
  w.text(Ev::kAppProtoFieldNumber, protocols()[protocol]->name);
  community_id(w, context, f);
  w.u64(Ev::kRulesEpochFieldNumber, context.rules_epoch);
  metadata(w, context, &f, {});
  body(w, protocol, tx);
  file_info(w, Ev::kFileinfoFieldNumber, file);
  return finish(w);
}

std::size_t Encoder::alert(const RecordContext& context, const Packet& p, const Flow* flow,
                           ProtocolId protocol, const Transaction* tx, const AlertInfo& info,
                           std::span<std::uint8_t> out) const noexcept {
  WireWriter w(out);
  const Ends e = of_packet(p);
  begin(w, context, context.packet_number, flow, p.tap, "alert", vlans_of(p));
  ends(w, e);
  w.text(Ev::kPktSrcFieldNumber, packet_source(p));
  if (tx != nullptr) w.u64(Ev::kTxIdFieldNumber, tx->id);
  community_id(w, context, p, flow);
  w.u64(Ev::kRulesEpochFieldNumber, context.rules_epoch);
  {
    using A = v1::Alert;
    const auto m = w.message(Ev::kAlertFieldNumber);
    w.text(A::kActionFieldNumber, info.action);
    w.u64(A::kGidFieldNumber, info.gid);
    w.u64(A::kSignatureIdFieldNumber, info.sid);
    w.u64(A::kRevFieldNumber, info.rev);
    w.text(A::kSignatureFieldNumber, info.signature);
    w.text(A::kCategoryFieldNumber, info.category);
    w.u64(A::kSeverityFieldNumber, info.severity);
    if (e.present && (info.target_is_source || info.target_is_dest)) {
      const bool ports = has_ports(e.proto);
      const bool is_src = info.target_is_source;
      endpoint(w, A::kSourceFieldNumber, is_src ? e.dst : e.src, is_src ? e.dst_port : e.src_port, ports);
      endpoint(w, A::kTargetFieldNumber, is_src ? e.src : e.dst, is_src ? e.src_port : e.dst_port, ports);
    }
    w.append(info.metadata);
    for (const AlertContext& c : info.contexts) {
      const auto known = w.message(A::kContextFieldNumber);
      w.text(v1::Context::kKeyFieldNumber, c.key);
      w.text(v1::Context::kValueFieldNumber, c.json);
    }
  }
  if (tx != nullptr && protocol < record_field_.size()) {
    body(w, protocol, *tx);
    for (const File* file = tx->files; file != nullptr; file = file->next) {
      if (info.file == nullptr ? file->dir == info.direction : file == info.file)
        file_info(w, Ev::kFilesFieldNumber, *file);
    }
  }
  metadata(w, context, flow, info.variables);
  if (flow != nullptr) {
    app_proto(w, *flow);
    w.text(Ev::kDirectionFieldNumber, direction_name(info.direction));
    flow_so_far(w, *flow);
    traffic(w, context, *flow);
  }
  if (info.frame != nullptr) frame(w, *info.frame, info.direction);
  ether(w, p);
  payload(w, p, info);
  if (options_.detail.packet) packet_body(w, p);
  return finish(w);
}

std::size_t Encoder::packet(const RecordContext& context, const Packet& p, const Flow* flow,
                            std::span<std::uint8_t> out) const noexcept {
  WireWriter w(out);
  const Ends e = of_packet(p);
  begin(w, context, context.packet_number, flow, p.tap, "packet", vlans_of(p));
  ends(w, e);
  w.text(Ev::kPktSrcFieldNumber, packet_source(p));
  community_id(w, context, p, flow);
  w.u64(Ev::kRulesEpochFieldNumber, context.rules_epoch);
  packet_body(w, p);
  return finish(w);
}

std::size_t Encoder::arp(const RecordContext& context, const Packet& p, const Arp& a,
                         std::span<std::uint8_t> out) const noexcept {
  using A = v1::Arp;
  static constexpr std::string_view kOperations[] = {"",
                                                     "request",
                                                     "reply",
                                                     "request_reverse",
                                                     "reply_reverse",
                                                     "dyn_rarp_request",
                                                     "dyn_rarp_reply",
                                                     "dyn_rarp_error",
                                                     "in_arp_request",
                                                     "in_arp_reply",
                                                     "arp_nak"};
  WireWriter w(out);
  begin(w, context, context.packet_number, nullptr, p.tap, "arp", vlans_of(p));
  ends(w, of_packet(p));
  w.text(Ev::kPktSrcFieldNumber, packet_source(p));
  w.u64(Ev::kRulesEpochFieldNumber, context.rules_epoch);
  {
    const auto m = w.message(Ev::kArpFieldNumber);
    w.text(A::kHwTypeFieldNumber, "ethernet");
    w.text(A::kProtoTypeFieldNumber, "ipv4");
    if (a.operation > 0 && a.operation < std::size(kOperations)) {
      w.text(A::kOpcodeFieldNumber, kOperations[a.operation]);
    } else {
      std::array<char, 8> digits{};
      const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), a.operation).ptr;
      w.text(A::kOpcodeFieldNumber, {digits.data(), end});
    }
    w.bytes(A::kSrcMacFieldNumber, a.sender_mac);
    w.bytes(A::kSrcIpFieldNumber, a.sender_ip);
    w.bytes(A::kDestMacFieldNumber, a.target_mac);
    w.bytes(A::kDestIpFieldNumber, a.target_ip);
  }
  ether(w, p);
  return finish(w);
}

std::size_t Encoder::anomaly(const RecordContext& context, const Packet& p, const Flow* flow,
                             const AnomalyInfo& info, std::span<std::uint8_t> out) const noexcept {
  WireWriter w(out);
  const Ends e = of_packet(p);
  begin(w, context, context.packet_number, flow, p.tap, "anomaly", vlans_of(p));
  ends(w, e);
  w.text(Ev::kPktSrcFieldNumber, packet_source(p));
  if (info.tx != nullptr) w.u64(Ev::kTxIdFieldNumber, info.tx->id);
  community_id(w, context, p, flow);
  w.u64(Ev::kRulesEpochFieldNumber, context.rules_epoch);
  {
    const auto m = w.message(Ev::kAnomalyFieldNumber);
    if (!info.app_proto.empty()) w.text(v1::Anomaly::kAppProtoFieldNumber, info.app_proto);
    w.text(v1::Anomaly::kTypeFieldNumber, info.type);
    event_name(w, info);
    if (!info.layer.empty()) w.text(v1::Anomaly::kLayerFieldNumber, info.layer);
  }
  ether(w, p);
  if (options_.detail.anomaly_packet) packet_body(w, p);
  return finish(w);
}

}  // namespace picket
