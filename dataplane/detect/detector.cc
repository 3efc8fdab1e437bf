#include "dataplane/detect/detector.h"

#include <hs/hs.h>

#include <algorithm>

#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/flow_state.h"
#include "dataplane/detect/header.h"
#include "dataplane/detect/places.h"
#include "dataplane/detect/program.h"
#include "dataplane/detect/transform.h"
#include "dataplane/detect/tx_state.h"

namespace picket::detect {
namespace {

int on_hit(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) noexcept {
  auto& core = *static_cast<CoreMemory*>(context);
  if (core.hit_count < core.hits.size()) core.hits[core.hit_count++] = id;
  return 0;
}

}  // namespace

Detector::Detector(Pool& pool, AlertSink& sink)
    : pool_(pool), sink_(sink), made_up_(std::make_unique<Packet>()) {}
Detector::~Detector() = default;

CoreMemoryPtr Detector::set_rules(const RuleSet* rules, CoreMemoryPtr memory) noexcept {
  PICKET_ASSERT(queued_ == 0);  // end_packet() has told every match
  rules_ = memory == nullptr ? nullptr : rules;
  std::swap(memory_, memory);
  return memory;
}

void Detector::set_rules(const RuleSet* rules) {
  set_rules(rules, rules == nullptr ? nullptr : make_core_memory(*rules));
}

const Packet& Detector::packet_or_made_up(const Packet* p, const Flow& f, Direction dir) noexcept {
  if (p != nullptr) return *p;
  Packet& m = *made_up_;
  m = Packet{};
  take_ends(m, f, dir);
  m.time_ns = std::max(f.side[0].last_ns, f.side[1].last_ns);
  m.at.clock_ns = f.last_clock_ns;
  return m;
}

// ------------------------------------------------------------------------------------------------ candidates

void Detector::consider(RuleIndex r, const Subject& s, Candidates& c) noexcept {
  if (!c.marks.add(r)) return;
  ++stats_.candidates;
  if (header_fits(*rules_, rules_->rules[r], s, *memory_)) c.list[c.count++] = r;
}

void Detector::consider(const RuleList& l, const Subject& s, Candidates& c) noexcept {
  for (std::uint32_t i = 0; i < l.count; ++i) consider(rules_->rule_lists[l.first + i], s, c);
}

void Detector::consider(const RangeIndex& index, std::uint32_t v, const Subject& s, Candidates& c) noexcept {
  if (index.count == 0) return;
  const RangeRules* first = rules_->range_rules.data() + index.first;
  const RangeRules* at =
      std::upper_bound(first, first + index.count, v,
                       [](std::uint32_t x, const RangeRules& r) noexcept { return x < r.first; });
  if (at != first && v <= at[-1].last) consider(at[-1].rules, s, c);
}

void Detector::consider(const RangeIndex& index, const Address& a, const Subject& s, Candidates& c) noexcept {
  if (index.count == 0 || !a.is_v4()) return;
  consider(index, a.v4_number(), s, c);
}

void Detector::scan(const Scan& scan, Bytes data, const Subject& s, Candidates& c) noexcept {
  if (scan.database == nullptr || data.empty()) return;
  CoreMemory& core = *memory_;
  core.hit_count = 0;
  ++stats_.scans;
  stats_.scanned_bytes += data.size();
  const auto size = static_cast<unsigned>(std::min<std::size_t>(data.size(), 0xffffffff));
  if (hs_scan(scan.database, reinterpret_cast<const char*>(data.data()), size, 0, core.scratch, on_hit,
              &core) != HS_SUCCESS)
    ++stats_.scan_failed;
  stats_.patterns += core.hit_count;
  const std::uint32_t* starts = rules_->pattern_starts.data() + scan.first_pattern;
  for (std::size_t i = 0; i < core.hit_count; ++i) {
    const std::uint32_t p = core.hits[i];
    for (std::uint32_t at = starts[p]; at < starts[p + 1]; ++at) consider(rules_->pattern_rules[at], s, c);
  }
}

void Detector::scan_payload(const PayloadPlan& plan, const Buffer& b, const Subject& s,
                            Candidates& c) noexcept {
  const auto has = [](const std::uint64_t* bitmap, std::uint16_t port) noexcept {
    return (bitmap[port >> 6] >> (port & 63) & 1) != 0;
  };
  for (unsigned i = 0; i < PayloadPlan::kMaxScans; ++i) {
    const Scan& part = plan.scans[i];
    if (part.database == nullptr) continue;
    if (plan.ports[i] != nullptr && !has(plan.ports[i], s.src_port) && !has(plan.ports[i], s.dst_port))
      continue;
    if (part.limit == 0) {
      scan(part, b.data, s, c);
      continue;
    }
    // What lies before a window is not near its start.
    const auto size = static_cast<std::int64_t>(b.data.size());
    const std::int64_t begin = std::max<std::int64_t>(-b.offset, 0),
                       end = std::min(part.limit - b.offset, size);
    if (begin < end && end > b.fresh)
      scan(part, b.data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)), s,
           c);
  }
  consider(plan.unfiltered, s, c);
  consider(plan.by_src_port, std::uint32_t{s.src_port}, s, c);
  consider(plan.by_dst_port, std::uint32_t{s.dst_port}, s, c);
}

void Detector::look_at_headers(const Subject& s, Candidates& c) noexcept {
  const Packet& p = *s.packet;
  const HeaderPlan& plan = s.plan->headers[static_cast<std::size_t>(s.kind)];
  consider(plan.always, s, c);
  const bool tcp = s.kind == PacketClass::kTcp;
  if (tcp) consider(plan.by_flags[p.tcp_flags], s, c);
  consider(plan.always_src, *s.src, s, c);
  consider(plan.always_dst, *s.dst, s, c);
  if (s.family == family_bit::kV6) consider(plan.always_v6, s, c);
  if (s.flow == nullptr || s.flow->side[index(s.dir)].packets <= 1 ||
      (tcp && (p.tcp_flags & tcp_flag::kSyn))) {
    consider(plan.opening, s, c);
    consider(plan.opening_src, *s.src, s, c);
    consider(plan.opening_dst, *s.dst, s, c);
    if (s.family == family_bit::kV6) consider(plan.opening_v6, s, c);
  }
  if (p.event_count != 0) consider(s.plan->decode_event_rules, s, c);
}

// ------------------------------------------------------------------------------------------------ packets

void Detector::on_packet(const Packet& p, Flow* flow, bool alone) noexcept {
  passed_ = false;
  chunk_flow_ = nullptr;
  if (rules_ == nullptr) return;
  memory_->variables_of_packet.clear();
  if (rules_->any_tags) follow_tags(p, flow);
  if (idle(flow)) return;
  const Subject s = subject_of(*rules_, p, flow, *memory_);
  Candidates& c = memory_->packet;
  c.clear();
  // Encrypted from here on: nothing a rule could know.
  const bool hidden = flow != nullptr && (flow->flags & flow_flag::kNoPayloadInspect) != 0;
  if (!p.payload.empty() && !hidden) {
    const Buffer whole{p.payload, 0, 0};
    scan_payload(s.plan->packet_payload[static_cast<std::size_t>(s.kind)][index(s.dir)], whole, s, c);
    // Of a connection that is not followed there are no streams: what is looked for there is looked for here.
    if (s.kind == PacketClass::kTcp && flow != nullptr && (alone || flow->tcp_state == TcpState::kNone))
      scan_payload(s.plan->stream_payload[index(s.dir)], whole, s, c);
  }
  look_at_headers(s, c);
  // A datagram's protocol is known once its parser has seen it, a stream's from the packet behind on.
  if (s.kind == PacketClass::kTcp && s.app != kNoProtocol) consider(s.plan->app_packet_rules, s, c);
  run_packet_rules(s, c);
}

void Detector::run_packet_rules(const Subject& s, Candidates& c) noexcept {
  if (c.count == 0) return;
  std::sort(c.list.begin(), c.list.begin() + static_cast<std::ptrdiff_t>(c.count));
  const Buffer payload{s.packet->payload, 0, 0};
  for (std::size_t i = 0; i < c.count && !idle(s.flow); ++i) {
    const RuleIndex r = c.list[i];
    const RuleHeader& h = rules_->rules[r];
    ++stats_.programs;
    if ((h.flags & rule_flag::kOncePerFlow) && s.flow != nullptr && s.flow->side[index(s.dir)].packets > 1)
      continue;
    if (!tests_hold(h, s)) continue;
    if (!payload_groups_match(h, s, payload) && !stream_matches_late(h, s)) continue;
    fire(r, s, false, nullptr);
  }
}

/// A rule of what was odd about a packet looks at the stream beside: the packet may be the one behind what it asks for.
bool Detector::stream_matches_late(const RuleHeader& h, const Subject& s) noexcept {
  if (s.events == nullptr || s.flow == nullptr || (h.flags & rule_flag::kStreamPayload) == 0) return false;
  std::uint64_t from = 0;
  const Buffer b = stream_bytes(*s.flow, s.dir, from);
  return !b.data.empty() && payload_groups_match(h, s, b);
}

void Detector::on_stream_event(StreamEvent e) noexcept { events_.stream.set(static_cast<std::size_t>(e)); }

void Detector::end_packet(const Packet& p, Flow* flow) noexcept {
  if (!idle(flow)) {
    const bool late_app = flow != nullptr && rules_->any_app_packet && flow->protocol != kNoProtocol &&
                          p.proto != static_cast<std::uint8_t>(IpProto::kTcp);
    if (events_.any() || late_app) {
      Subject s = subject_of(*rules_, p, flow, *memory_);
      s.events = &events_;
      Candidates& c = memory_->packet;
      c.clear();
      if (events_.any()) consider(s.plan->stream_event_rules, s, c);
      if (late_app) consider(s.plan->app_packet_rules, s, c);
      run_packet_rules(s, c);
    }
    if (flow != nullptr && rules_->any_app_found) run_app_found_rules(p, *flow);
  }
  flush([](const Queued&) noexcept { return true; });
  if (memory_ != nullptr) memory_->variables_of_packet.clear();
  events_ = {};
  passed_ = false;
  chunk_flow_ = nullptr;
  if (flow != nullptr) shrink(*flow);
}

/// Rules that ask for nothing but the protocol: once for each protocol a flow turns out to speak.
void Detector::run_app_found_rules(const Packet& p, Flow& f) noexcept {
  constexpr ProtocolId kGivenUp = kNoProtocol - 1;
  const bool failed = f.protocol == kNoProtocol && (f.flags & flow_flag::kAppDone);
  const ProtocolId now = failed ? kGivenUp : f.protocol;
  if (now == kNoProtocol || now == f.told_protocol) return;
  f.told_protocol = now;
  Candidates& c = memory_->packet;
  c.clear();
  for (const Direction d : {p.direction, reverse(p.direction)}) {
    const Subject s = subject_of(*rules_, p, f, d, f.protocol, *memory_);
    c.count = 0;
    for (std::uint32_t i = 0; i < s.plan->app_found_rules.count; ++i) {
      const RuleIndex r = rules_->rule_lists[s.plan->app_found_rules.first + i];
      const RuleHeader& h = rules_->rules[r];
      if (header_fits(*rules_, h, s, *memory_) && tests_hold(h, s) && c.marks.add(r))
        fire(r, s, false, nullptr);
    }
  }
}

bool Detector::tests_hold(const RuleHeader& h, const Subject& s) noexcept {
  memory_->dataset_hit_count = 0;
  memory_->captured.clear();
  return packet_tests_hold(*rules_, h, s) && state_tests_hold(*rules_, h, s, *memory_);
}

bool Detector::payload_groups_match(const RuleHeader& h, const Subject& s, const Buffer& payload) noexcept {
  for (unsigned i = 0; i < h.payload_groups; ++i) {
    const Group& g = rules_->groups[h.first_group + i];
    Buffer b;
    if (!bytes_of_place(*rules_, g, s, payload, *memory_, b)) return false;
    if (g.transforms != 0) {
      b.data = apply(*rules_, rules_->transform_lists[g.transforms], b.data, *memory_, stats_);
      b.offset = 0;
    }
    if (!run_group(*rules_, g, b, *memory_, stats_)) return false;
  }
  return true;
}

// ------------------------------------------------------------------------------------------------ matches

void Detector::change_state(RuleIndex r, const Subject& s) noexcept {
  using K = StateOp::Kind;
  const RuleHeader& h = rules_->rules[r];
  Flow* const flow = s.flow;
  FlowBits* bits = nullptr;
  const auto state = [&]() noexcept {
    if (bits == nullptr && flow != nullptr) bits = flow_bits(*flow, *rules_, pool_);
    if (bits == nullptr && flow != nullptr) ++stats_.no_memory;
    return bits != nullptr;
  };
  for (unsigned i = 0; i < h.state_deeds; ++i) {
    const StateOp& op = rules_->state_ops[h.first_state_deed + i];
    switch (op.kind) {
      case K::kBitSet:
      case K::kBitUnset:
      case K::kBitToggle:
        for (std::uint32_t b = 0; b < op.count && state(); ++b) {
          const std::uint32_t id = rules_->bit_ids[op.id + b];
          bits->set(id, op.kind == K::kBitSet || (op.kind == K::kBitToggle && !bits->get(id)));
        }
        break;
      case K::kIntAssign:
      case K::kIntAdd:
      case K::kIntSubtract: {
        FlowBits::Int* mine = state() ? bits->integer(op.id) : nullptr;
        if (mine == nullptr) break;
        const FlowBits::Int* other = op.other_is_int ? bits->integer(op.value) : nullptr;
        const std::uint32_t value = op.other_is_int ? (other != nullptr ? other->value : 0) : op.value;
        const std::uint32_t before = op.kind == K::kIntAssign ? 0 : mine->value;
        *mine = {op.kind == K::kIntSubtract ? before - value : before + value, 1};
        break;
      }
      case K::kTxBitSet:
      case K::kTxBitUnset:
      case K::kTxBitToggle:
        if (s.tx == nullptr) break;
        for (std::uint32_t b = 0; b < op.count; ++b) {
          std::uint32_t& mine = tx_state(*s.tx).bits;
          const std::uint32_t mask = std::uint32_t{1} << rules_->bit_ids[op.id + b];
          mine = op.kind == K::kTxBitSet     ? mine | mask
                 : op.kind == K::kTxBitUnset ? mine & ~mask
                                             : mine ^ mask;
        }
        break;
      case K::kUnloggedTx:
        if (s.tx != nullptr) tx_state(*s.tx).unlogged = true;
        break;
      case K::kUnloggedFlow:
        if (s.tx != nullptr) tx_state(*s.tx).unlogged = true;
        if (flow != nullptr) flow->flags |= flow_flag::kUnlogged;
        break;
      case K::kNoFlowRecord:
        if (flow != nullptr) flow->flags |= flow_flag::kNoRecord;
        break;
      case K::kTag:
        add_tag(rules_->tags[op.id], r, s);
        break;
      default:
        break;
    }
  }
}

/// What the regular expressions of a rule that matched have taken.
void Detector::keep_captures(Flow* flow) noexcept {
  Captures& taken = memory_->captured;
  for (std::size_t i = 0; i < taken.count; ++i) {
    const Capture& as = taken.as[i];
    const bool kept =
        as.of_flow ? flow != nullptr && set_variable(*flow, *rules_, as.name, taken.values[i].value, pool_)
                   : memory_->variables_of_packet.add(as, taken.values[i].value);
    if (!kept) ++stats_.capture_limit;
  }
}

// ---- tags ----

void Detector::add_tag(const TagDef& def, RuleIndex r, const Subject& s) noexcept {
  const Packet& p = *s.packet;
  const RuleNumber rule = rules_->numbers[r];
  if (def.scope != TagDef::Scope::kSession) {
    if (!host_tags_.add(p, def, rule)) ++stats_.tag_limit;
    return;
  }
  FlowBits* bits = s.flow == nullptr ? nullptr : flow_bits(*s.flow, *rules_, pool_);
  if (bits != nullptr && bits->tags == nullptr) bits->tags = pool_.make<FlowTags>();
  if (bits == nullptr || bits->tags == nullptr) {
    if (s.flow != nullptr) ++stats_.no_memory;
    return;
  }
  if (!bits->tags->add(p, def, rule)) ++stats_.tag_limit;
}

void Detector::follow_tags(const Packet& p, Flow* flow) noexcept {
  FlowTags* const tags = flow != nullptr && flow->bits != nullptr ? flow->bits->tags : nullptr;
  const bool by_flow = tags != nullptr && tags->take(p);
  const bool by_host = rules_->any_host_tags && host_tags_.take(p);
  if (by_flow || by_host) sink_.tagged(p, flow);
}

void Detector::fire(RuleIndex r, const Subject& s, bool from_stream, const Transaction* tx,
                    const FrameLook* frame) noexcept {
  const RuleHeader& h = rules_->rules[r];
  ++stats_.matches;
  if (h.state_deeds != 0) change_state(r, s);
  if (memory_->captured.count != 0) keep_captures(s.flow);
  if (h.flags & rule_flag::kPass) {
    passed_ = true;
    if ((h.flags & rule_flag::kFlowPass) && s.flow != nullptr) s.flow->flags |= flow_flag::kPassed;
    return;
  }
  if ((h.flags & rule_flag::kReported) == 0) return;
  if (queued_ == queue_.size()) {
    ++stats_.alert_limit;
    return;
  }
  Queued q{r, from_stream, s.dir, s.app, s.packet, s.flow, tx, s.file, 0, 0, 0, 0, {}};
  if (memory_->dataset_hit_count != 0 && !keep_hits(q)) return;
  if (frame != nullptr) keep_frame(q, *frame);
  queue_[queued_++] = q;
}

/// What the rule met in data sets goes with its alert. False: there is no room.
bool Detector::keep_hits(Queued& q) noexcept {
  CoreMemory& m = *memory_;
  q.note = static_cast<std::uint32_t>(m.notes_size);
  q.context = static_cast<std::uint16_t>(m.context_count);
  for (std::size_t i = 0; i < m.dataset_hit_count; ++i) {
    const DatasetHit& hit = m.dataset_hits[i];
    const DatasetTest& test = rules_->dataset_tests[hit.test];
    if (hit.entry != nullptr) {
      if (m.context_count < m.contexts.size())
        m.contexts[m.context_count++] = {test.context_key, hit.entry->context};
      continue;
    }
    if (m.notes.size() - m.notes_size < kDatasetNoteHead + hit.size) {
      ++stats_.dataset_limit;
      return false;
    }
    std::uint8_t* const at = m.notes.data() + m.notes_size;
    m.notes_size += static_cast<std::size_t>(
        put_note(at, {test.command, test.set, Bytes(hit.value).first(hit.size)}) - at);
  }
  q.notes_size = static_cast<std::uint32_t>(m.notes_size) - q.note;
  q.context_count = static_cast<std::uint16_t>(m.context_count - q.context);
  return true;
}

void Detector::let_go(std::size_t queued) noexcept {
  const Queued& q = queue_[queued];
  if (passed_) {
    ++stats_.passed;
    return;
  }
  ++stats_.alerts;
  AlertInfo info = rules_->info[q.rule].alert;
  info.from_stream = q.from_stream;
  info.from_transaction = q.tx != nullptr;
  info.direction = q.dir;
  info.file = q.file;
  info.notes = Bytes(memory_->notes).subspan(q.note, q.notes_size);
  info.contexts = std::span(memory_->contexts).subspan(q.context, q.context_count);
  info.variables = std::span(memory_->variables_of_packet.values).first(memory_->variables_of_packet.count);
  info.payload = q.packet->payload;
  if ((q.from_stream || q.tx != nullptr) && q.packet->proto == static_cast<std::uint8_t>(IpProto::kTcp)) {
    std::uint64_t from = 0;
    const Buffer b = stream_bytes(*q.flow, q.dir, from);
    const FlowSide& side = q.flow->side[index(q.dir)];
    if (!b.data.empty()) info.payload = b.data;
    if (side.gaps != 0 && from == side.gap_end) info.payload_missing = side.gap_bytes;
  }
  if (!q.frame.type.empty()) {
    info.frame = &q.frame;
    info.payload = q.frame.payload;
    info.payload_missing = q.frame.before;
  }
  sink_.alert(info, q.rule, *q.packet, q.flow, q.protocol, q.tx);
}

/// Those that `which` picks leave, in the order of rules; the others stay.
template <class F>
void Detector::flush(F&& which) noexcept {
  if (queued_ == 0) return;
  const auto begin = queue_.begin(), end = begin + static_cast<std::ptrdiff_t>(queued_);
  // Equal rules keep the order in which they fired: insertion sort is stable, and there are few.
  for (auto i = begin + 1; i < end; ++i) {
    for (auto j = i; j != begin && j->rule < j[-1].rule; --j) std::swap(*j, j[-1]);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < queued_; ++i) {
    if (which(queue_[i]))
      let_go(i);
    else
      queue_[kept++] = queue_[i];
  }
  queued_ = kept;
  if (kept == 0) memory_->notes_size = memory_->context_count = memory_->frame_bytes_size = 0;
}

void Detector::flush_transaction(const Transaction& tx) noexcept {
  flush([&tx](const Queued& q) noexcept { return q.tx == &tx; });
}

void Detector::on_flow_end(Flow& f) noexcept {
  flush([&f](const Queued& q) noexcept { return q.flow == &f; });
  free_flow_state(f, pool_);
}

}  // namespace picket::detect
