#include "dataplane/worker.h"

#include <x86intrin.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "dataplane/decode/arp.h"
#include "dataplane/decode/ethertype.h"

namespace picket {
namespace {

/// Adds the cycles of a scope to a stage, when stages are measured at all.
class StageTimer {
 public:
  StageTimer(Counters& c, Stage s, bool on) noexcept
      : counter_(c.stage_cycles[static_cast<std::size_t>(s)]), start_(on ? __rdtsc() : 0), on_(on) {}
  ~StageTimer() {
    if (on_) counter_.add(__rdtsc() - start_);
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  Counter& counter_;
  std::uint64_t start_;
  bool on_;
};

/// Files are followed where they are recorded, also when no rule asks.
AppConfig app_config(const WorkerConfig& c) {
  AppConfig app = c.app;
  app.files.wants.any = c.records.files;
  app.vlans_tell_apart = c.flow.vlan_in_key;
  return app;
}

/// A stand-in for the packet when a flow ends by the clock: its last packet's ends, from the client, without
/// bytes.
Packet stand_in(const Flow& f, const Place& place) noexcept {
  Packet p;
  take_ends(p, f, Direction::kToServer);
  p.flow = const_cast<Flow*>(&f);
  p.shard = f.key.shard;
  p.vlans = f.key.vlans;
  while (p.vlan_count < kMaxVlans && p.vlans[p.vlan_count] != 0) ++p.vlan_count;
  p.time_ns = std::max(f.side[0].last_ns, f.side[1].last_ns);
  p.at = {place.clock_ns, place.number};
  return p;
}

Transport datagram_transport(const Packet& p) noexcept {
  return p.is_link() ? Transport::kEthernet : Transport::kUdp;
}

/// The packet as if the other end had sent it.
Packet turned(const Packet& packet) noexcept {
  Packet p = packet;
  std::swap(p.src, p.dst);
  std::swap(p.src_port, p.dst_port);
  std::swap(p.src_mac, p.dst_mac);
  p.direction = reverse(p.direction);
  return p;
}

}  // namespace

struct Worker::Burst {
  std::array<Packet, kBurst> packets;
  std::array<FlowTable::Lookup, kBurst> lookups;
  std::array<bool, kBurst> in_flow;
  unsigned size = 0;
};

Worker::Worker(const WorkerConfig& config, PacketSource& source, const RecordEncoder& encoder)
    : config_(config),
      source_(source),
      encoder_(encoder),
      wait_for_room_(config.wait_for_room),
      pool_(config.pool_bytes),
      events_(config.event_ring_bytes),
      decoder_(config.decode),
      defragmenter_(config.defrag, config.id, config.count),
      flows_(config.flow, config.id, config.count, *this),
      reassembler_(config.stream, pool_),
      app_(app_config(config), pool_, *this),
      detector_(pool_, *this) {}

Worker::~Worker() = default;

void Worker::run() noexcept {
  Burst burst;
  for (;;) {
    if (RuleHandover* h = offered_.load(std::memory_order_acquire); h != nullptr) take(*h);
    if (stop_.load(std::memory_order_relaxed)) break;
    // Both before receive(): if it then gives nothing, there is nothing up to here.
    const bool ended = source_.ended();
    const Position mark = source_.mark();
    if (receive(burst) == 0) {
      go_on_to(mark);
      if (ended) break;
      source_.rest();
      continue;
    }
    decode(burst);
    find_flows(burst);
    for (unsigned i = 0; i < burst.size; ++i) {
      Packet& p = burst.packets[i];
      flows_.advance(p.at.clock_ns);
      inspect(p, burst.in_flow[i] ? &burst.lookups[i] : nullptr);
    }
    account(burst);
    source_.release({burst.packets.data(), burst.size});
    go_on_to(burst.packets[burst.size - 1].at);
  }
  wait_for_room_ = true;  // nothing is polled any more: the last records need not be lost to a full ring
  flows_.end_all(done_.clock_ns);
  defragmenter_.finish();
  counters_.defrag_incomplete.set(defragmenter_.stats().incomplete);
  counters_.flows_active.set(flows_.active());
  count_detection();
  count_files();
  events_.close();
  ended_.store(true, std::memory_order_release);
}

/// Between two bursts: pointers change hands, nothing is made or freed.
void Worker::take(RuleHandover& h) noexcept {
  h.memory = detector_.set_rules(h.rules, std::move(h.memory));
  app_.want_files(h.rules == nullptr ? FileWants{} : h.rules->file_wants, h.magic);
  app_.want_frames(h.rules == nullptr ? FrameWants{} : h.rules->frame_wants);
  h.alerts_before = alerts_recorded_;
  offered_.store(nullptr, std::memory_order_release);
}

unsigned Worker::receive(Burst& b) noexcept {
  const StageTimer timer(counters_, Stage::kReceive, config_.measure_stages);
  b.size = source_.receive(b.packets);
  for (unsigned i = 0; i < b.size; ++i) counters_.received_bytes.add(b.packets[i].wire_size);
  counters_.received.add(b.size);
  return b.size;
}

void Worker::decode(Burst& b) noexcept {
  const StageTimer timer(counters_, Stage::kDecode, config_.measure_stages);
  defragmenter_.recycle();
  for (unsigned i = 0; i < b.size; ++i) {
    Packet& p = b.packets[i];
    decoder_.decode(p);
    // A datagram may hold a tunnel whose packets are fragments in turn: each round is one IP header further
    // in.
    for (unsigned round = 0;
         round < config_.decode.max_layers && p.is_fragment && p.verdict == Verdict::kInspected; ++round) {
      Bytes datagram;
      if (defragmenter_.add(p, datagram) == Defragmenter::Outcome::kComplete)
        decoder_.decode_datagram(p, datagram);
    }
  }
}

/// Keys and hashes of the whole burst first, so that the table's lines are on their way when they are needed.
void Worker::find_flows(Burst& b) noexcept {
  const StageTimer timer(counters_, Stage::kFindFlows, config_.measure_stages);
  for (unsigned i = 0; i < b.size; ++i) {
    Packet& p = b.packets[i];
    const bool sound = p.verdict == Verdict::kInspected || p.verdict == Verdict::kBadChecksum;
    b.in_flow[i] = sound && flows_.prepare(p, b.lookups[i]);
    if (b.in_flow[i]) flows_.touch_set(b.lookups[i]);
  }
  for (unsigned i = 0; i < b.size; ++i) {
    if (b.in_flow[i]) flows_.touch_flow(b.lookups[i]);
  }
}

/// Of an ICMP error: the flow of the packet that it is about. nullptr: it is none, or there is no such flow.
Flow* Worker::flow_quoted(Packet& p) noexcept {
  FlowTable::Lookup l;
  Flow* const f = flows_.prepare_quoted(p, l) ? flows_.known(l, p) : nullptr;
  if (f == nullptr) return nullptr;
  p.direction = f->low_is_client == l.src_is_low ? Direction::kToServer : Direction::kToClient;
  return p.flow = f;
}

Flow& Worker::flow_of(Packet& p, const FlowTable::Lookup& lookup) noexcept {
  if (p.proto == static_cast<std::uint8_t>(IpProto::kIcmp)) {
    if (Flow* quoted = flow_quoted(p); quoted != nullptr) return *quoted;
  }
  bool created = false;
  Flow* f = &flows_.find(lookup, p, place_, created);
  const bool tcp = p.proto == static_cast<std::uint8_t>(IpProto::kTcp);
  if (!created) {
    p.direction = f->low_is_client == lookup.src_is_low ? Direction::kToServer : Direction::kToClient;
    if (tcp && Reassembler::reuses(*f, p)) {
      f = &flows_.replace(*f, lookup, p, place_);
      p.direction = Direction::kToServer;
      created = true;
    }
  }
  if (created) {
    counters_.flows_created.add();
    p.direction = Direction::kToServer;
    f->icmp_type = p.icmp_type;
    f->icmp_code = p.icmp_code;
    const std::uint8_t fl = p.tcp_flags & (tcp_flag::kSyn | tcp_flag::kAck);
    const bool from_server =
        tcp ? (fl == (tcp_flag::kSyn | tcp_flag::kAck) ||
               ((fl & tcp_flag::kSyn) == 0 &&
                app_.looks_like_reply(Transport::kTcp, p.payload, p.src_port, p.dst_port)))
            : ((p.is_link() || p.proto == static_cast<std::uint8_t>(IpProto::kUdp)) &&
               app_.looks_like_reply(datagram_transport(p), p.payload, p.src_port, p.dst_port));
    if (from_server) {  // the opening was not seen
      f->low_is_client = !f->low_is_client;
      f->flags |= flow_flag::kSwapped;
      p.direction = Direction::kToClient;
    }
  }
  p.flow = f;
  return *f;
}

void Worker::count_packet(Flow& f, const Packet& p) noexcept {
  FlowSide& me = f.side[index(p.direction)];
  ++me.packets;
  me.bytes += p.wire_size;
  if (me.first_ns == 0) me.first_ns = p.time_ns;
  me.last_ns = std::max(me.last_ns, p.time_ns);
  me.last_clock_ns = p.at.clock_ns;
  if (config_.records.ethernet && p.has_mac && !p.is_link()) remember_macs(f, p);
  if (me.packets == 1 && config_.records.ends && !p.is_link()) remember_end(f, p);
  if (p.direction == Direction::kToClient) {
    f.reply_icmp_type = p.icmp_type;
    f.reply_icmp_code = p.icmp_code;
  }
  if (f.key.proto != static_cast<std::uint8_t>(IpProto::kTcp) && f.state == FlowState::kNew &&
      f.side[0].packets != 0 && f.side[1].packets != 0) {
    f.state = FlowState::kEstablished;
  }
}

void Worker::remember_macs(Flow& f, const Packet& p) noexcept {
  if (!make_ends(f)) return;
  auto& macs = static_cast<FlowMacs&>(*f.ends);
  const bool from_client = p.direction == Direction::kToServer;
  macs.client.add(from_client ? p.src_mac : p.dst_mac);
  macs.server.add(from_client ? p.dst_mac : p.src_mac);
}

/// In a tunnel the frame is that of the tunnel's end.
void Worker::remember_end(Flow& f, const Packet& p) noexcept {
  if (!p.has_mac || p.layers > 1 || !make_ends(f)) return;
  f.ends->sent[index(p.direction)] = {p.src_mac, p.ttl, true};
}

bool Worker::make_ends(Flow& f) noexcept {
  if (f.ends == nullptr) f.ends = config_.records.ethernet ? pool_.make<FlowMacs>() : pool_.make<FlowEnds>();
  return f.ends != nullptr;
}

void Worker::drop_ends(Flow& f) noexcept {
  if (config_.records.ethernet)
    pool_.destroy(static_cast<FlowMacs*>(f.ends));
  else
    pool_.destroy(f.ends);
  f.ends = nullptr;
}

/// One packet: its flow, its stream, its protocol, its rules. Rules see every packet, malformed ones too.
void Worker::inspect(Packet& p, const FlowTable::Lookup* lookup) noexcept {
  packet_ = &p;
  place_ = {p.at.clock_ns, EventKind::kPacket, p.at.number, 0};
  ordinal_ = 0;
  if (p.event_count != 0) report_decode_events(p);
  if (config_.records.arp && p.ethertype == ethertype::kArp) record_arp(p);
  Flow* f = nullptr;
  bool tcp = false, datagram = false;
  if (lookup != nullptr) {
    f = &flow_of(p, *lookup);
    count_packet(*f, p);
    // A segment that its receiver throws away is no part of the stream. A datagram stands alone: it cannot
    // lead the reading of others astray, and sensors on hosts see most of them with a checksum yet to be
    // made.
    tcp = p.verdict == Verdict::kInspected && p.proto == static_cast<std::uint8_t>(IpProto::kTcp);
    datagram = p.proto == static_cast<std::uint8_t>(IpProto::kUdp) || p.is_link();
    const FlowState before = f->state;
    tcp = tcp && reassembler_.is_timely(*f, p, *this);
    if (tcp && reassembler_.follow(*f, p, *this)) flows_.reschedule(*f);
    p.completes_handshake =
        p.payload.empty() && before == FlowState::kNew && f->state == FlowState::kEstablished;
    if (datagram) app_.identify_datagram(*f, datagram_transport(p), p.direction, p.payload);
  }
  {
    const StageTimer timer(counters_, Stage::kMatch, config_.measure_stages);
    // A receiver would not take it either; but who knows, and its bytes are there to be looked at.
    detector_.on_packet(p, f, f != nullptr && !tcp && p.proto == static_cast<std::uint8_t>(IpProto::kTcp));
  }
  if (tcp || datagram) {
    const StageTimer timer(counters_, Stage::kReassembleParse, config_.measure_stages);
    if (tcp)
      reassembler_.on_segment(*f, p, *this);
    else
      app_.on_datagram(*f, p.direction, p.payload, p.time_ns);
  }
  const StageTimer timer(counters_, Stage::kMatch, config_.measure_stages);
  detector_.end_packet(p, f);
}

void Worker::account(Burst& b) noexcept {
  for (unsigned i = 0; i < b.size; ++i)
    counters_.verdicts[static_cast<std::size_t>(b.packets[i].verdict)].add();
  counters_.flows_active.set(flows_.active());
  counters_.flows_peak.set(flows_.peak());
  counters_.flows_evicted.set(flows_.evicted());
  counters_.pool_peak_bytes.set(pool_.peak_bytes());
  counters_.pool_refused.set(pool_.refused());
  count_files();
  counters_.defrag_complete.set(defragmenter_.stats().datagrams);
  counters_.defrag_incomplete.set(defragmenter_.stats().incomplete);
  count_detection();
}

void Worker::count_detection() noexcept {
  for (std::size_t i = 0; i < detect::kDetectStats.size(); ++i)
    counters_.detection[i].set(detector_.stats().*detect::kDetectStats[i].value);
}

void Worker::count_files() noexcept {
  const FileStats& s = app_.file_stats();
  counters_.files.set(s.files);
  counters_.files_refused.set(s.refused);
  counters_.files_cut.set(s.cut);
  counters_.frames.set(app_.frame_stats().frames);
  counters_.frames_refused.set(app_.frame_stats().refused);
}

/// Time has come to `to`, whether or not a packet brought it here.
void Worker::go_on_to(const Position& to) noexcept {
  if (to.clock_ns < done_.clock_ns || (to.clock_ns == done_.clock_ns && to.number <= done_.number)) return;
  flows_.advance(to.clock_ns);
  done_ = to;
  counters_.clock_ns.set(to.clock_ns);
  events_.publish(to.clock_ns, to.number);
}

void Worker::report_decode_events(const Packet& p) noexcept {
  for (unsigned i = 0; i < p.event_count; ++i) {
    const std::uint16_t e = p.events[i];
    counters_.decode_events[e].add();
    if (!config_.records.anomaly_decode) continue;
    AnomalyInfo info;
    info.type = "decode";
    info.spelling = EventSpelling::kDecoder;
    info.event = kDecodeEvents[e].name;
    emit(RecordType::kAnomaly, {},
         [&](std::span<std::uint8_t> out) { return encoder_.anomaly(context(), p, nullptr, info, out); });
  }
}

void Worker::record_arp(const Packet& p) noexcept {
  Arp a;
  if (p.has_l4 || p.verdict != Verdict::kInspected || !read_arp(p.payload, a)) return;
  emit(RecordType::kArp, {}, [&](std::span<std::uint8_t> out) { return encoder_.arp(context(), p, a, out); });
}

// ---- a flow's end ----

void Worker::flow_ended(Flow& f, FlowEnd why, const Place& place) noexcept {
  // A flow may end between packets, or while another packet is worked on: keep that one's place.
  const Packet* const outer = packet_;
  const Place outer_place = place_;
  const std::uint32_t outer_ordinal = ordinal_;
  const Packet last = stand_in(f, place);
  packet_ = &last;
  place_ = place;
  if (place.kind != EventKind::kPacket) ordinal_ = 0;
  const detect::PacketEvents outer_events = detector_.exchange_events({});  // those are the packet's at hand
  if (f.key.proto == static_cast<std::uint8_t>(IpProto::kTcp)) reassembler_.flush(f, *this);
  app_.close(f, last.time_ns);
  detector_.end_packet(last, &f);
  detector_.exchange_events(outer_events);
  if (config_.records.flows && (f.flags & flow_flag::kNoRecord) == 0) {
    emit(RecordType::kFlow, {},
         [&](std::span<std::uint8_t> out, EventHeader& header) { return encode_flow(f, why, out, header); });
  }
  detector_.on_flow_end(f);  // what rules said of it is in its record
  if (f.ends != nullptr) drop_ends(f);
  packet_ = outer;
  place_ = outer_place;
  if (place.kind != EventKind::kPacket) ordinal_ = outer_ordinal;
}

/// Its record, and behind it what only the inventory is told.
std::size_t Worker::encode_flow(const Flow& f, FlowEnd why, std::span<std::uint8_t> out,
                                EventHeader& header) const noexcept {
  const std::size_t size = encoder_.flow(context(), f, why, out);
  if (size == 0 || !config_.records.ends || f.ends == nullptr || out.size() - size < sizeof(FlowEnds))
    return size;
  std::memcpy(out.data() + size, static_cast<const FlowEnds*>(f.ends), sizeof(FlowEnds));
  header.notes = sizeof(FlowEnds);
  return size + sizeof(FlowEnds);
}

void Worker::flow_interim(Flow& f, const Place& place) noexcept {
  if (!config_.records.flows || (f.flags & flow_flag::kNoRecord) != 0) return;
  const Packet last = stand_in(f, place);
  const Packet* const outer = std::exchange(packet_, &last);
  const Place outer_place = std::exchange(place_, place);
  const std::uint32_t outer_ordinal = std::exchange(ordinal_, 0U);
  emit(RecordType::kFlow, {}, [&](std::span<std::uint8_t> out, EventHeader& header) {
    return encode_flow(f, FlowEnd::kInterim, out, header);
  });
  packet_ = outer;
  place_ = outer_place;
  ordinal_ = outer_ordinal;
}

// ---- what reassembly tells ----

void Worker::on_data(Flow& f, Direction dir, Bytes data, std::uint64_t offset) noexcept {
  app_.identify(f, dir, data);
  if (detector_.wants_stream(f)) detector_.on_stream(f, dir, data, offset, *packet_);
  app_.on_stream(f, dir, data, offset, packet_->time_ns);
}

void Worker::on_gap(Flow& f, Direction dir, std::uint64_t missing, std::uint64_t) noexcept {
  app_.on_gap(f, dir, missing, packet_->time_ns);
  detector_.on_stream_gap(f, dir, packet_);
}

void Worker::on_end(Flow& f, Direction dir) noexcept {
  app_.on_end(f, dir, packet_->time_ns);
  detector_.on_stream_end(f, dir, packet_);
}

void Worker::on_stream_event(const Flow& f, StreamEvent e) noexcept {
  counters_.stream_events[static_cast<std::size_t>(e)].add();
  detector_.on_stream_event(e);
  if (!config_.records.anomaly_stream) return;
  AnomalyInfo info;
  info.type = "stream";
  info.spelling = EventSpelling::kStream;
  info.event = kStreamEvents[static_cast<std::size_t>(e)].name;
  emit(RecordType::kAnomaly, {},
       [&](std::span<std::uint8_t> out) { return encoder_.anomaly(context(), *packet_, &f, info, out); });
}

// ---- what parsers tell ----

void Worker::on_advance(Flow& f, ProtocolId protocol, Transaction& tx, Direction dir,
                        std::uint8_t progress) noexcept {
  detector_.on_transaction(f, protocol, tx, dir, progress, packet_);
}

void Worker::on_done(Flow& f, ProtocolId protocol, Transaction& tx) noexcept {
  const bool unlogged = !detector_.on_transaction_done(f, protocol, tx, packet_);
  counters_.protocols[protocol].transactions.add();
  if (f.transactions != 0xffff) ++f.transactions;
  if (tx.silent) return;
  if (config_.records.files && tx.files != nullptr) record_files(f, protocol, tx);
  if (unlogged || (!config_.records.transactions.empty() && !config_.records.transactions[protocol])) return;
  EventHeader h;
  h.protocol = protocol;
  h.heard =
      static_cast<std::uint8_t>((tx.has_request ? heard::kClient : 0) | (tx.has_reply ? heard::kServer : 0));
  emit(RecordType::kTransaction, h, [&](std::span<std::uint8_t> out, EventHeader& header) {
    const RecordContext c = context(&tx);
    const std::size_t size = encoder_.transaction(c, f, protocol, tx, out);
    if (size == 0) return size;
    header.notes = static_cast<std::uint32_t>(encoder_.note(c, f, protocol, tx, out.subspan(size)));
    return size + header.notes;
  });
}

void Worker::on_file(Flow& f, ProtocolId protocol, File& file, FileStage from) noexcept {
  detector_.on_file(f, protocol, file, from, packet_);
}

void Worker::on_frame(Flow& f, ProtocolId protocol, const FrameLook& look) noexcept {
  detector_.on_frame(f, protocol, look, packet_);
}

/// With their transaction, whose record says then all of it.
void Worker::record_files(const Flow& f, ProtocolId protocol, const Transaction& tx) noexcept {
  EventHeader h;
  h.protocol = protocol;
  for (const File* file = tx.files; file != nullptr; file = file->next) {
    emit(RecordType::kFile, h, [&](std::span<std::uint8_t> out) {
      return encoder_.file(context(&tx), f, protocol, tx, *file, out);
    });
  }
}

void Worker::on_app_event(Flow& f, ProtocolId protocol, Direction dir, std::uint8_t event,
                          Transaction* tx) noexcept {
  counters_.protocols[protocol].events.add();
  AnomalyInfo info;
  info.event = event == kPendingLimit ? "pending_limit" : protocols()[protocol]->events[event].name;
  if (tx == nullptr) detector_.on_app_event(f, protocol, dir, info.event, packet_);
  if (!config_.records.anomaly_applayer) return;
  info.type = "applayer";
  if (protocols()[protocol]->capital_events) info.spelling = EventSpelling::kCapitals;
  info.layer = "proto_parser";
  info.app_proto = protocols()[protocol]->name;
  info.tx = tx;
  emit(RecordType::kAnomaly, {},
       [&](std::span<std::uint8_t> out) { return encoder_.anomaly(context(tx), *packet_, &f, info, out); });
}

void Worker::on_odd_protocol(Flow& f, AppEvent e) noexcept {
  counters_.app_events[static_cast<std::size_t>(e)].add();
  detector_.on_odd_protocol(e);
  if (!config_.records.anomaly_applayer) return;
  AnomalyInfo info;
  info.type = "applayer";
  info.spelling = EventSpelling::kCapitals;
  info.event = kAppEvents[static_cast<std::size_t>(e)].name;
  info.layer = "proto_detect";
  if (f.protocol != kNoProtocol) info.app_proto = protocols()[f.protocol]->name;
  emit(RecordType::kAnomaly, {},
       [&](std::span<std::uint8_t> out) { return encoder_.anomaly(context(), *packet_, &f, info, out); });
}

void Worker::on_protocol(Flow& f) noexcept {
  counters_.protocols[f.protocol].flows.add();
  const ProtocolSpec& spec = *protocols()[f.protocol];
  if (spec.whole_streams || spec.ot != nullptr)
    f.flags |= flow_flag::kNoDepth;
  else
    f.flags &= static_cast<std::uint16_t>(~flow_flag::kNoDepth);
}

// ---- what rules tell ----

void Worker::alert(const AlertInfo& info, std::uint32_t rule, const Packet& packet, Flow* f,
                   ProtocolId protocol, const Transaction* tx) noexcept {
  if (f != nullptr) f->flags |= flow_flag::kAlerted;
  if (!config_.records.alerts) return;
  // What one side said may become known with a packet of the other: the alert goes the way of what was said.
  const bool against =
      f != nullptr && (info.from_transaction || info.from_stream) && packet.direction != info.direction;
  std::optional<Packet> other_way;
  const Packet& p = against ? other_way.emplace(turned(packet)) : packet;
  EventHeader h;
  h.rule = rule;
  h.epoch = detector_.rules()->epoch;
  h.flow_id = f == nullptr ? 0 : flow_id(*f);
  if (is_limited(info, rule, p, h.flow_id)) return counters_.alerts_limited.add();
  std::memcpy(h.src, p.src.bytes.data(), sizeof h.src);
  std::memcpy(h.dst, p.dst.bytes.data(), sizeof h.dst);
  h.notes = static_cast<std::uint32_t>(info.notes.size());
  h.src_port = p.src_port;
  h.dst_port = p.dst_port;
  const bool recorded = emit(RecordType::kAlert, h, [&](std::span<std::uint8_t> out) {
    const std::size_t size = encoder_.alert(context(tx), p, f, protocol, tx, info, out);
    if (size == 0 || out.size() - size < info.notes.size()) return std::size_t{0};
    std::copy(info.notes.begin(), info.notes.end(), out.begin() + static_cast<std::ptrdiff_t>(size));
    return size + info.notes.size();
  });
  alerts_recorded_ += recorded ? 1 : 0;
}

/// No alert comes of it, whatever the export thread has yet to decide.
bool Worker::is_limited(const AlertInfo& info, std::uint32_t rule, const Packet& p,
                        std::uint64_t flow) const noexcept {
  const detect::Limit& limit = detector_.rules()->info[rule].limit;
  if (config_.limits == nullptr || limit.count == 0 || !info.notes.empty()) return false;
  detect::TrackKey key;
  key.gid = info.gid;
  key.sid = info.sid;
  key.track(limit.track, p.src, p.dst, flow);
  return config_.limits->holds(key, limit, place_.clock_ns);
}

void Worker::tagged(const Packet& p, Flow* f) noexcept {
  if (!config_.records.tagged_packets) return;
  emit(RecordType::kPacket, {},
       [&](std::span<std::uint8_t> out) { return encoder_.packet(context(), p, f, out); });
}

// ---- records ----

RecordContext Worker::context(const Transaction* tx) const noexcept {
  RecordContext c;
  c.time_ns = packet_->time_ns;
  c.packet_number = place_.kind == EventKind::kPacket ? place_.number : 0;
  c.tx_id = tx == nullptr ? 0 : tx->id;
  c.memory = &record_memory_;
  if (const detect::RuleSet* rules = detector_.rules()) {
    c.rules_epoch = rules->epoch;
    c.traffic = rules->traffic_bits;
    c.bits = rules->bit_names;
    c.ints = rules->int_names;
    c.variables = rules->variable_names;
  }
  return c;
}

template <class Encode>
bool Worker::emit(RecordType type, EventHeader header, Encode&& encode) noexcept {
  const StageTimer timer(counters_, Stage::kReport, config_.measure_stages);
  header.type = type;
  header.place = place_;
  header.place.ordinal = ordinal_++;
  std::span<std::uint8_t> room = events_.begin();
  while (room.empty() && wait_for_room_) {
    // What is committed must be seen, or the export thread, which may wait for it, would never make room.
    events_.publish();
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    room = events_.begin();
  }
  std::size_t size = 0;
  if constexpr (std::is_invocable_v<Encode, std::span<std::uint8_t>, EventHeader&>) {
    if (!room.empty()) size = encode(room, header);
  } else {
    if (!room.empty()) size = encode(room);
  }
  if (size == 0) {
    if (type == RecordType::kTransaction)
      counters_.protocols[header.protocol].records_lost.add();
    else
      counters_.records_lost[static_cast<std::size_t>(type)].add();
    return false;
  }
  header.size = static_cast<std::uint32_t>(size);
  events_.commit(header);
  return true;
}

}  // namespace picket
