#include "sensor/explain/watch.h"

#include <algorithm>

#include "dataplane/detect/flow_state.h"
#include "dataplane/detect/tx_state.h"
#include "export/community_id.h"
#include "sensor/explain/wording.h"

namespace picket::explain {
namespace {

std::string community_id_of(const Flow& f, std::uint16_t seed) {
  return std::string(community_id(seed, f).text());
}

/// The bytes lie where the packet has them, so they are not a stream's.
bool is_payload_of(const detect::Buffer& b, const Packet& p) noexcept {
  return b.offset == 0 && b.fresh == 0 && b.data.data() == p.payload.data() &&
         b.data.size() == p.payload.size();
}

}  // namespace

struct Watch::Notes {
  explicit Notes(const Book& book)
      : evaluator(book),
        most_flows(
            std::clamp<std::size_t>(kMaxAccounts / std::max<std::size_t>(book.asked, 1), 1, kMaxFlows)) {}

  /// A match whose alert is still to come.
  struct Pending {
    std::size_t flow, question;
    std::uint64_t packet;
  };

  Evaluator evaluator;
  const std::size_t most_flows;
  std::vector<FlowAccount> flows;
  std::unordered_map<std::uint64_t, std::size_t> places;  // by flow id
  std::vector<Pending> pending;
  std::uint64_t pass_packet = 0;  // on which a pass rule matched
  std::uint32_t pass_sid = 0;
  std::uint64_t packet = 0;
  const Transaction* tx = nullptr;  // of a rule that looks at payload, too
  std::uint64_t left_out = 0, given_up = 0;
  std::vector<std::size_t> dull;  // flows that ended, and no header fits

  /// nullptr: not asked about, or there is no room.
  FlowAccount* find(const Book& book, const std::string& wanted, const Flow* f) {
    const std::uint64_t id = f == nullptr ? 0 : flow_id(*f);
    if (const auto at = places.find(id); at != places.end()) return &flows[at->second];
    std::string name =
        f == nullptr || f->key.is_link() ? std::string() : community_id_of(*f, book.community_id_seed);
    if ((!wanted.empty() && name != wanted)) return nullptr;
    std::size_t place = flows.size();
    if (place == most_flows) {
      if (dull.empty()) return nullptr;
      place = dull.back();
      dull.pop_back();
      places.erase(flows[place].id);
      ++given_up;
    } else {
      flows.emplace_back();
    }
    places.emplace(id, place);
    FlowAccount& a = flows[place];
    a = {};
    a.id = id;
    a.community_id = std::move(name);
    a.rules.resize(book.asked);
    if (f != nullptr) {
      a.client = f->client();
      a.server = f->server();
      a.client_port = f->client_port();
      a.server_port = f->server_port();
      a.proto = f->key.proto;
      a.first_packet = f->first_packet;
      a.start_ns = f->start_ns;
    }
    return &a;
  }

  /// Alerts leave before the packet behind comes: what waits still has none.
  template <class Which>
  void settle(Which&& which) {
    std::erase_if(pending, [&](const Pending& p) {
      if (!which(p)) return false;
      Account& a = flows[p.flow].rules[p.question];
      if (pass_packet == p.packet && pass_sid != 0) {
        ++a.passed;
        a.passed_by = pass_sid;
      } else {
        ++a.unexplained;
      }
      return true;
    });
  }
};

Watch::Watch(const Book& book, std::string community_id)
    : book_(book),
      wanted_(std::move(community_id)),
      notes_(std::make_unique<Notes>(book)),
      fired_(book.questions.size()) {
  for (std::size_t q = 0; q < book.questions.size(); ++q) {
    for (const detect::RuleIndex i : book.questions[q].indexes) question_of_[i] = q;
  }
}
Watch::~Watch() = default;

void Watch::on_packet(std::uint32_t target, const detect::Subject& s) noexcept {
  if (target != kEveryPacket) return look(target, {s});
  Notes& n = *notes_;
  const Packet& p = *s.packet;
  if (p.at.number != n.packet) {
    n.settle([](const Notes::Pending&) { return true; });
    n.packet = p.at.number;
  }
  FlowAccount* f = n.find(book_, wanted_, s.flow);
  if (f == nullptr) return;
  ++f->packets;
  if (s.flow == nullptr) {
    if (f->first_packet == 0) f->first_packet = p.at.number, f->start_ns = p.time_ns;
    f->end_ns = p.time_ns;
  } else if ((s.flow->flags & flow_flag::kNoPayloadInspect) != 0 && !p.payload.empty()) {
    if (f->hidden_packets++ == 0) f->hidden_from = p.at.number;
    f->hidden_bytes += p.payload.size();
  }
  if (p.verdict == Verdict::kBadChecksum) ++f->bad_checksums;
  if (p.size < p.wire_size) ++f->cut_packets;
  for (std::size_t q = 0; q < book_.asked; ++q) {
    Account& a = f->rules[q];
    Finding found = n.evaluator.header(book_.questions[q], s);
    if (found.score == Evaluator::kHeaderFits) {
      ++a.packets_fit;
      continue;
    }
    ++a.ended[static_cast<std::size_t>(Stage::kHeader)];
    if (!found.further_than(a.furthest)) continue;
    found.packet = p.at.number;
    found.time_ns = p.time_ns;
    found.direction = s.dir;
    a.furthest = std::move(found);
  }
}

void Watch::on_payload(std::uint32_t target, const detect::Subject& s, const detect::Buffer& b) noexcept {
  const detect::RuleHeader& h = book_.set->rules[book_.watched[target].rule];
  const bool mixed = (h.flags & detect::rule_flag::kTransaction) != 0;
  const bool tcp = s.proto == detect::proto_bit::kTcp;
  bool of_packet = !tcp || !mixed;
  if (tcp && !mixed && (h.flags & detect::rule_flag::kStreamPayload) != 0) {
    // Packets come first, then the stream they are part of.
    FlowAccount* f = notes_->find(book_, wanted_, s.flow);
    const std::size_t question = book_.of_target[target];
    Account* a = f == nullptr || question >= book_.asked ? nullptr : &f->rules[question];
    const bool again = a != nullptr && a->last_packet == s.packet->at.number;
    of_packet = book_.questions[book_.of_target[target]].looks_at_packets_too && !again &&
                is_payload_of(b, *s.packet);
    if (of_packet && a != nullptr) a->last_packet = s.packet->at.number;
  }
  look(target, {s, &b, of_packet, mixed ? notes_->tx : nullptr});
}

bool Watch::on_transaction(std::uint32_t target, const detect::Subject& s, const Transaction& tx) noexcept {
  const detect::RuleHeader& h = book_.set->rules[book_.watched[target].rule];
  if (h.payload_groups != 0) {
    notes_->tx = &tx;
    return true;
  }
  look(target, {s, nullptr, true, &tx});
  return false;
}

void Watch::look(std::uint32_t target, const Occasion& o) {
  Notes& n = *notes_;
  const std::size_t question = book_.of_target[target];
  const Question& q = book_.questions[question];
  const detect::RuleIndex rule = book_.watched[target].rule;
  const detect::RuleHeader& h = book_.set->rules[rule];
  const detect::Subject& s = o.subject;
  if ((h.flags & detect::rule_flag::kOncePerFlow) && s.flow != nullptr &&
      s.flow->side[index(s.dir)].packets > 1)
    return;
  if (!q.asked) {  // a pass rule: only whether it matches
    static const Finding kNothing;
    if (n.evaluator.evaluate(q, rule, o, kNothing).stage != Stage::kFired) return;
    n.pass_packet = s.packet->at.number;
    n.pass_sid = q.rule->sid;
    if ((h.flags & detect::rule_flag::kFlowPass) == 0 || s.flow == nullptr) return;
    if (FlowAccount* f = n.find(book_, wanted_, s.flow)) f->let_go_by = q.rule->sid;
    return;
  }
  FlowAccount* f = n.find(book_, wanted_, s.flow);
  if (f == nullptr) return;
  Account& a = f->rules[question];
  if (o.tx != nullptr && (h.flags & detect::rule_flag::kFiresOnce) != 0) {
    auto& state = detect::tx_state(const_cast<Transaction&>(*o.tx));
    const std::uint32_t fired = detect::Waiting::fired_by(h, book_.set->numbers[rule], s.dir);
    if (std::find(state.entries(), state.entries() + state.count, fired) != state.entries() + state.count)
      return;
  }
  Finding found = n.evaluator.evaluate(q, rule, o, a.furthest);
  if (found.stage == Stage::kFired) return matched(question, rule, o, *f, a);
  if (found.stage != Stage::kHeader) ++a.ended[static_cast<std::size_t>(found.stage)];
  if (found.further_than(a.furthest)) a.furthest = std::move(found);
}

/// Bytes that matched as a packet's are not told again as a stream's, nor a protocol for both directions, nor
/// a transaction from both its sides.
bool Watch::told_already(const Occasion& o, const detect::RuleHeader& h, detect::RuleIndex rule,
                         const Account& a) const {
  const detect::Subject& s = o.subject;
  const std::uint64_t packet = s.packet->at.number;
  if (o.tx != nullptr) return (h.flags & detect::rule_flag::kBothSides) != 0 && a.last_tx_match == o.tx->id;
  if (o.payload == nullptr) return a.last_packet_match == packet;
  if (o.of_packet) return false;
  StreamWindow* w = s.flow->side[index(s.dir)].window;
  if (w == nullptr || w->bytes() != o.payload->data.data()) return a.last_packet_match == packet;
  return std::find(w->fired, w->fired + w->fired_count, book_.set->numbers[rule]) !=
         w->fired + w->fired_count;
}

void Watch::matched(std::size_t question, detect::RuleIndex rule, const Occasion& o, FlowAccount& f,
                    Account& a) {
  Notes& n = *notes_;
  const detect::RuleHeader& h = book_.set->rules[rule];
  const std::uint64_t packet = o.subject.packet->at.number;
  if (told_already(o, h, rule, a)) {
    ++a.again;
    return;
  }
  if (o.tx == nullptr)
    a.last_packet_match = packet;
  else
    a.last_tx_match = o.tx->id;
  ++a.ended[static_cast<std::size_t>(Stage::kFired)];
  if (h.flags & detect::rule_flag::kPass) {
    n.pass_packet = packet;
    n.pass_sid = book_.questions[question].rule->sid;
    if ((h.flags & detect::rule_flag::kFlowPass) != 0) f.let_go_by = n.pass_sid;
    return;
  }
  if ((h.flags & detect::rule_flag::kReported) == 0) {
    ++a.not_reported;
    return;
  }
  n.pending.push_back({static_cast<std::size_t>(&f - n.flows.data()), question, packet});
}

std::size_t Watch::alert(const RecordContext& context, const Packet& p, const Flow* f, ProtocolId protocol,
                         const Transaction* tx, const AlertInfo& info,
                         std::span<std::uint8_t> out) const noexcept {
  Notes& n = *notes_;
  for (std::size_t q = 0; q < book_.asked; ++q) {
    const Question& question = book_.questions[q];
    if (question.rule->sid != info.sid || question.rule->gid != info.gid) continue;
    FlowAccount* account = n.find(book_, wanted_, f);
    if (account == nullptr) break;
    Account& a = account->rules[q];
    const auto place = static_cast<std::size_t>(account - n.flows.data());
    const auto at = std::find_if(n.pending.begin(), n.pending.end(),
                                 [&](const Notes::Pending& x) { return x.flow == place && x.question == q; });
    if (at != n.pending.end()) {
      n.pending.erase(at);
    } else if (a.again != 0) {
      --a.again;
      ++a.ended[static_cast<std::size_t>(Stage::kFired)];
    } else {
      ++a.surprises;
    }
    ++a.alerts;
    if (a.told.size() < kMaxTold) a.told.push_back({context.packet_number, context.time_ns, {}});
  }
  return encoder_->alert(context, p, f, protocol, tx, info, out);
}

std::size_t Watch::flow(const RecordContext& context, const Flow& f, FlowEnd why,
                        std::span<std::uint8_t> out) const noexcept {
  Notes& n = *notes_;
  const auto at = n.places.find(flow_id(f));
  if (why != FlowEnd::kInterim && at != n.places.end()) {
    FlowAccount& a = n.flows[at->second];
    n.settle([&](const Notes::Pending& p) { return p.flow == at->second; });
    a.ended = true;
    a.end_ns = std::max(f.side[0].last_ns, f.side[1].last_ns);
    a.packets = f.side[0].packets + f.side[1].packets;
    a.protocol = f.protocol;
    a.app = f.protocol < book_.protocols.size() ? std::string(book_.protocols[f.protocol]->name)
            : (f.flags & flow_flag::kAppDone)   ? "failed"
                                                : "";
    a.midstream = (f.flags & flow_flag::kMidstream) != 0;
    a.let_go = (f.flags & flow_flag::kPassed) != 0;
    for (std::size_t d = 0; d < 2; ++d) {
      a.gaps[d] = f.side[d].gaps;
      a.missing[d] = f.side[d].missing;
      a.depth_reached[d] = f.side[d].depth_reached;
      if (f.side[d].depth_reached && f.side[d].delivered > book_.stream_depth)
        a.beyond_depth[d] = f.side[d].delivered - book_.stream_depth;
    }
    const auto came_far = [](const Account& x) {
      return x.furthest.stage > Stage::kHeader || x.packets_fit != 0;
    };
    if (std::none_of(a.rules.begin(), a.rules.end(), came_far)) n.dull.push_back(at->second);
  } else if (why != FlowEnd::kInterim && n.flows.size() == n.most_flows &&
             (wanted_.empty() || community_id_of(f, book_.community_id_seed) == wanted_)) {
    ++n.left_out;
  }
  return encoder_->flow(context, f, why, out);
}

std::size_t Watch::transaction(const RecordContext& context, const Flow& f, ProtocolId protocol,
                               const Transaction& tx, std::span<std::uint8_t> out) const noexcept {
  return encoder_->transaction(context, f, protocol, tx, out);
}
std::size_t Watch::file(const RecordContext& context, const Flow& f, ProtocolId protocol,
                        const Transaction& tx, const File& file, std::span<std::uint8_t> out) const noexcept {
  return encoder_->file(context, f, protocol, tx, file, out);
}
std::size_t Watch::packet(const RecordContext& context, const Packet& p, const Flow* f,
                          std::span<std::uint8_t> out) const noexcept {
  return encoder_->packet(context, p, f, out);
}
std::size_t Watch::arp(const RecordContext& context, const Packet& p, const Arp& a,
                       std::span<std::uint8_t> out) const noexcept {
  return encoder_->arp(context, p, a, out);
}
std::size_t Watch::anomaly(const RecordContext& context, const Packet& p, const Flow* f,
                           const AnomalyInfo& info, std::span<std::uint8_t> out) const noexcept {
  return encoder_->anomaly(context, p, f, info, out);
}

void Watch::judged(const EventHeader& h, rules::Admission word) {
  const auto q = question_of_.find(h.rule);
  if (q == question_of_.end()) return;
  if (word) ++fired_[q->second];
  const std::pair key{h.flow_id, q->second};
  if (words_.size() >= kMaxJudged && !words_.contains(key)) return;
  Words& words = words_[key];
  ++words.counts[static_cast<std::size_t>(word.by)];
  if (words.first.size() < kMaxTold) words.first.push_back(word);
}

std::vector<FlowAccount> Watch::take() {
  Notes& n = *notes_;
  n.settle([](const Notes::Pending&) { return true; });
  left_out_ = n.left_out;
  given_up_ = n.given_up;
  std::stable_sort(n.flows.begin(), n.flows.end(), [](const FlowAccount& a, const FlowAccount& b) {
    return a.first_packet < b.first_packet;
  });
  for (FlowAccount& f : n.flows) {
    for (std::size_t q = 0; q < f.rules.size(); ++q) {
      Account& a = f.rules[q];
      const auto words = words_.find({f.id, q});
      if (words == words_.end()) continue;
      a.admitted = words->second.counts;
      for (std::size_t i = 0; i < words->second.first.size(); ++i) {
        const rules::Admission& w = words->second.first[i];
        a.which[static_cast<std::size_t>(w.by)] = w.which;
        if (i < a.told.size()) a.told[i].admission = w;
      }
    }
  }
  return std::move(n.flows);
}

}  // namespace picket::explain
