// Transactions: buffers are scanned as a side's progress grows; a rule runs once all its buffers are ready,
// and waits in the transaction until then.
#include <algorithm>

#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/detector.h"
#include "dataplane/detect/flow_state.h"
#include "dataplane/detect/header.h"
#include "dataplane/detect/places.h"
#include "dataplane/detect/probe.h"
#include "dataplane/detect/program.h"
#include "dataplane/detect/transform.h"
#include "dataplane/detect/tx_state.h"

namespace picket::detect {
namespace {

/// Above every protocol's own values, below kNever.
constexpr std::uint8_t kEverything = 0xfd;

}  // namespace

void Detector::on_transaction(Flow& f, ProtocolId app, Transaction& tx, Direction dir, std::uint8_t progress,
                              const Packet* packet) noexcept {
  if (idle(&f) || app >= rules_->protocols.size()) return;
  const Packet& p = packet_or_made_up(packet, f, dir);
  if (progress >= rules_->protocols[app].complete[index(dir)]) end_window(f, dir, &p);
  if (rules_->any_updates) look_at_update(f, app, tx, dir, progress, p);
  look_at_side(f, app, tx, dir, std::min(progress, kEverything), p);
}

/// Rules that hook at a state in which a side stays, such as a body, and ask for nothing else: once for what comes
/// between two acknowledgements of the other side, as Suricata, whose parsers see bytes when they are acknowledged.
void Detector::look_at_update(Flow& f, ProtocolId app, Transaction& tx, Direction dir, std::uint8_t progress,
                              const Packet& p) noexcept {
  TxState& state = tx_state(tx);
  const std::uint32_t acknowledged = f.side[index(reverse(dir))].last_ack;
  const auto mine = static_cast<std::uint8_t>(1U << index(dir));
  if ((state.updated & mine) != 0 && state.acknowledged[index(dir)] == acknowledged) return;
  Subject s = subject_of(*rules_, p, f, dir, app, *memory_);
  s.tx = &tx;
  s.events = &events_;
  const SidePlan& plan = s.plan->sides[app][index(dir)];
  for (std::uint32_t i = 0; i < plan.updates && !idle(&f); ++i) {
    const RuleIndex r = rules_->rule_lists[plan.first_update + i];
    const RuleHeader& h = rules_->rules[r];
    if (h.ready[index(dir)] > progress) continue;
    state.updated |= mine;
    state.acknowledged[index(dir)] = acknowledged;
    ++stats_.programs;
    if (header_fits(*rules_, h, s, *memory_) && transaction_matches(h, s, tx)) fire(r, s, false, &tx);
  }
}

bool Detector::on_transaction_done(Flow& f, ProtocolId app, Transaction& tx, const Packet* packet) noexcept {
  if (!idle(&f) && app < rules_->protocols.size()) {
    for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
      const bool seen = dir == Direction::kToServer ? tx.has_request : tx.has_reply;
      if (!seen && tx.progress[index(dir)] == 0 && tx_state(tx).next[index(dir)] == 0) continue;
      const Packet& p = packet_or_made_up(packet, f, dir);
      end_window(f, dir, &p);
      look_at_side(f, app, tx, dir, kEverything, p);
    }
  }
  flush_transaction(tx);
  tx_state(tx).release(pool_);
  return !tx_state(tx).unlogged && (f.flags & flow_flag::kUnlogged) == 0;
}

void Detector::look_at_side(Flow& f, ProtocolId app, Transaction& tx, Direction dir, std::uint8_t progress,
                            const Packet& p) noexcept {
  TxState& state = tx_state(tx);
  const std::uint8_t from = state.next[index(dir)];
  if (from > progress && tx.events == 0 && state.count == 0) return;
  state.next[index(dir)] = std::max<std::uint8_t>(from, static_cast<std::uint8_t>(progress + 1));
  Subject s = subject_of(*rules_, p, f, dir, app, *memory_);
  s.tx = &tx;
  s.events = &events_;
  const SidePlan& plan = s.plan->sides[app][index(dir)];
  if (tx.files != nullptr && plan.file_ready != 0) look_at_files(s, tx, from, progress);
  if (plan.empty() && state.count == 0) return;

  Candidates& c = memory_->transaction;
  c.clear();
  for (std::uint32_t i = 0; i < plan.buffers; ++i) {
    const BufferPlan& b = rules_->buffers[plan.first_buffer + i];
    if (b.progress < from) continue;
    if (b.progress > progress) break;
    Bytes value;
    for (unsigned instance = 0; b.get(tx, dir, instance, value); ++instance) {
      if (instance == kMaxInstances) {
        ++stats_.instance_limit;
        break;
      }
      if (b.transforms != 0)
        value = apply(*rules_, rules_->transform_lists[b.transforms], value, *memory_, stats_);
      scan(b.scan, value, s, c);
    }
  }
  for (std::uint32_t i = 0; i < plan.rules; ++i) {
    const RuleIndex r = rules_->rule_lists[plan.first_rule + i];
    const std::uint8_t ready = rules_->rules[r].ready[index(dir)];
    if (ready < from) continue;
    if (ready > progress) break;
    consider(r, s, c);
  }
  if (tx.events != 0) consider(RuleList{plan.first_repeat, plan.repeats}, s, c);
  sort_out(s, tx, progress);
}

/// Runs the candidates whose buffers are all ready, together with those that waited for these; the rest
/// waits.
void Detector::sort_out(const Subject& s, Transaction& tx, std::uint8_t progress) noexcept {
  TxState& state = tx_state(tx);
  Candidates& c = memory_->transaction;
  const std::uint32_t side = s.dir == Direction::kToClient ? Waiting::kSide : 0;
  const auto ready = [&](const RuleHeader& h) noexcept {
    if (h.ready[index(s.dir)] > progress) return false;
    const std::size_t other = index(reverse(s.dir));
    return (h.flags & rule_flag::kBothSides) == 0 || h.ready[other] == 0 ||
           h.ready[other] < state.next[other];
  };
  std::uint32_t* entries = state.entries();
  std::uint32_t kept = 0;
  const std::size_t fresh = c.count;
  for (std::uint32_t i = 0; i < state.count; ++i) {
    const Waiting w{entries[i]};
    const RuleIndex r = rules_->find(w.rule());
    if (r == kNone) continue;  // it went with a reload
    const bool both_sides = (rules_->rules[r].flags & rule_flag::kBothSides) != 0;
    if (!w.fired() && (w.side() == s.dir || both_sides) && ready(rules_->rules[r])) {
      if (c.marks.add(r)) c.list[c.count++] = r;
      continue;
    }
    entries[kept++] = entries[i];
  }
  state.count = kept;
  std::size_t run = 0;
  for (std::size_t i = 0; i < c.count; ++i) {
    const RuleIndex r = c.list[i];
    const RuleHeader& h = rules_->rules[r];
    if (i >= fresh || ready(h)) {
      c.list[run++] = r;
    } else if ((h.flags & rule_flag::kRepeats) == 0 &&
               !state.add(rules_->numbers[r] | side, pool_, kMaxPending)) {
      ++stats_.pending_limit;
    }
  }
  c.count = run;
  if (run == 0) return;
  std::sort(c.list.begin(), c.list.begin() + static_cast<std::ptrdiff_t>(run));
  bool state_matters = false;
  for (std::size_t i = 0; i < run; ++i)
    state_matters = state_matters || rules_->rules[c.list[i]].state_tests != 0;
  if (state_matters) inspect_window(*s.flow, s.dir, s.packet);  // flowbits of stream rules come first
  for (std::size_t i = 0; i < run && !idle(s.flow); ++i) {
    const RuleIndex r = c.list[i];
    const RuleHeader& h = rules_->rules[r];
    const bool once = (h.flags & rule_flag::kFiresOnce) != 0;
    const std::uint32_t fired = Waiting::fired_by(h, rules_->numbers[r], s.dir);
    if (once) {
      const std::uint32_t* first = state.entries();
      if (std::find(first, first + state.count, fired) != first + state.count) continue;
    }
    ++stats_.programs;
    if (!transaction_matches(h, s, tx)) continue;
    if (once && !state.add(fired, pool_, kMaxPending)) ++stats_.pending_limit;
    fire(r, s, false, &tx);
  }
}

Buffer Detector::stream_bytes(const Flow& f, Direction dir, std::uint64_t& from) const noexcept {
  if (chunk_flow_ == &f && chunk_dir_ == dir) {
    from = chunk_offset_;
    return {chunk_, 0, 0};
  }
  StreamWindow* w = f.side[index(dir)].window;
  if (w == nullptr) return {};
  from = w->offset;
  return {w->view(), w->before_start_of_last(), 0};
}

bool Detector::transaction_matches(const RuleHeader& h, const Subject& s, const Transaction& tx) noexcept {
  if (!tests_hold(h, s)) return false;
  for (unsigned i = 0; i < h.tx_tests; ++i) {
    if (!tx_test_holds(*rules_, rules_->tx_tests[h.first_tx_test + i], s, tx, stats_)) return false;
  }
  for (unsigned i = h.payload_groups; i < h.groups; ++i) {
    if (!tx_group_matches(rules_->groups[h.first_group + i], s, tx)) return false;
  }
  if (h.payload_groups == 0) return true;
  const bool tcp = s.packet->proto == static_cast<std::uint8_t>(IpProto::kTcp);
  std::uint64_t from = 0;
  return payload_groups_match(h, s,
                              tcp ? stream_bytes(*s.flow, s.dir, from) : Buffer{s.packet->payload, 0, 0});
}

bool Detector::tx_group_matches(const Group& g, const Subject& s, const Transaction& tx) noexcept {
  return detect::tx_group_matches(
      *rules_, g, s, tx, *memory_, stats_,
      [&](const Buffer& b, unsigned) noexcept { return run_group(*rules_, g, b, *memory_, stats_); });
}

namespace {

bool integers_hold(const TxTest& t, const IntegerField& field, const Transaction& tx, Direction dir,
                   DetectStats& stats) noexcept {
  std::uint64_t v = 0;
  unsigned n = 0, passed = 0;
  if (t.among == TxTest::Among::kNth && t.nth >= 0) {
    return field.get(tx, dir, static_cast<unsigned>(t.nth), v) && t.test.matches(v);
  }
  for (; field.get(tx, dir, n, v); ++n) {
    if (n == kMaxInstances) {
      ++stats.instance_limit;
      break;
    }
    if (t.among == TxTest::Among::kAny && t.test.matches(v)) return true;
    passed += t.test.matches(v) ? 1 : 0;
  }
  switch (t.among) {
    case TxTest::Among::kAny:
      return false;
    case TxTest::Among::kAll:
      return n != 0 && passed == n;
    case TxTest::Among::kAllOrAbsent:
      return passed == n;
    case TxTest::Among::kCount:
      return t.test.matches(n);
    case TxTest::Among::kNth: {
      const auto back = static_cast<unsigned>(-t.nth);
      return back <= n && field.get(tx, dir, n - back, v) && t.test.matches(v);
    }
  }
  return false;
}

}  // namespace

bool tx_test_holds(const RuleSet& set, const TxTest& t, const Subject& s, const Transaction& tx,
                   DetectStats& stats) noexcept {
  switch (t.kind) {
    case TxTest::Kind::kEvent:
      return t.protocol == s.app && (tx.events >> t.event & 1) != 0;
    case TxTest::Kind::kInteger:
      for (std::uint32_t i = 0; i < t.count; ++i) {
        const IntegerField& field = set.integer_fields[t.first + i];
        if (field.protocol != s.app || field.progress[index(s.dir)] == kNever) continue;
        std::uint64_t v = 0;
        if (s.file != nullptr && field.of_file != FileStage::kNone)
          return field.get(tx, s.dir, s.file->place, v) && t.test.matches(v);
        return integers_hold(t, field, tx, s.dir, stats);
      }
      return false;
    case TxTest::Kind::kKeyword:
      for (std::uint32_t i = 0; i < t.count; ++i) {
        const Matcher& m = set.matchers[t.first + i];
        if (m.protocol == s.app && m.progress[index(s.dir)] != kNever)
          return m.matcher->match(tx, s.dir) != t.negated;
      }
      return false;
    case TxTest::Kind::kHook:
      return true;  // RuleHeader::ready says when
    case TxTest::Kind::kProbe:
      return set.probe->on_transaction(t.first, s, tx);
  }
  return false;
}

namespace {

/// A transaction that is made up has nothing but its events: getters of a protocol read what is not there.
bool asks_events_alone(const RuleSet& set, const RuleHeader& h) noexcept {
  if (h.groups != h.payload_groups) return false;
  for (unsigned i = 0; i < h.tx_tests; ++i) {
    const TxTest::Kind kind = set.tx_tests[h.first_tx_test + i].kind;
    if (kind == TxTest::Kind::kInteger || kind == TxTest::Kind::kKeyword) return false;
  }
  return true;
}

}  // namespace

/// An event outside of any transaction: rules that ask for nothing but events see it in one made up for it.
void Detector::on_app_event(Flow& f, ProtocolId app, Direction dir, std::string_view name,
                            const Packet* packet) noexcept {
  if (idle(&f) || app >= rules_->protocols.size()) return;
  const ProtocolPlan& protocol = rules_->protocols[app];
  const Subject s = subject_of(*rules_, packet_or_made_up(packet, f, dir), f, dir, app, *memory_);
  const SidePlan& plan = s.plan->sides[app][index(dir)];
  if (plan.repeats == 0) return;
  Transaction made_up;
  for (std::size_t i = 0; i < protocol.events.size(); ++i) {
    if (protocol.events[i].name == name) made_up.events = std::uint64_t{1} << i;
  }
  for (std::uint32_t i = 0; i < plan.repeats; ++i) {
    const RuleIndex r = rules_->rule_lists[plan.first_repeat + i];
    const RuleHeader& h = rules_->rules[r];
    if (!asks_events_alone(*rules_, h) || !header_fits(*rules_, h, s, *memory_) ||
        !transaction_matches(h, s, made_up))
      continue;
    fire(r, s, false, nullptr);
  }
}

}  // namespace picket::detect
