#include "sensor/rules/plan.h"

#include <algorithm>
#include <thread>
#include <tuple>

#include "sensor/rules/alert_metadata.h"
#include "sensor/rules/planner.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

/// Bytes of a stream that stay behind an inspection.
constexpr std::uint32_t kLeastOverlap = 64, kMostOverlap = 512;

constexpr unsigned action_order(Action a) noexcept {
  switch (a) {
    case Action::kPass:
      return 0;
    case Action::kDrop:
      return 1;
    case Action::kReject:
    case Action::kRejectSrc:
    case Action::kRejectDst:
    case Action::kRejectBoth:
      return 2;
    default:
      return 3;
  }
}

/// Rules that only set come before those that read and set, then those that only read, then all others.
constexpr unsigned state_order(bool sets, bool reads) noexcept {
  return sets ? (reads ? 1 : 0) : (reads ? 2 : 3);
}

unsigned bit_order(const Rule& r, bool of_flows) {
  bool sets = false, reads = false;
  for (const StateBit& b : r.state_bits) {
    if ((b.scope == StateBit::Scope::kFlow) != of_flows) continue;
    (b.op == StateBit::Op::kIsSet || b.op == StateBit::Op::kIsNotSet ? reads : sets) = true;
  }
  return state_order(sets, reads);
}

unsigned int_order(const Rule& r) {
  bool sets = false, reads = false;
  for (const FlowInt& f : r.flow_ints) (f.op <= FlowInt::Op::kSubtract ? sets : reads) = true;
  return state_order(sets, reads);
}

/// What regular expressions take is there for the rules behind.
unsigned variable_order(const Rule& r, bool of_flows) {
  bool sets = false, reads = false;
  for (const Group& g : r.groups) {
    for (const Clause& c : g.clauses) {
      const auto* p = std::get_if<Pcre>(&c);
      if (p == nullptr) continue;
      for (const Pcre::Capture& as : p->captures)
        sets = sets || (as.scope == Pcre::Capture::Scope::kFlow) == of_flows;
    }
  }
  for (const VariableTest& v : r.variable_tests) reads = reads || v.of_flow == of_flows;
  return state_order(sets, reads);
}

std::string_view action_text(Action a) noexcept {
  switch (a) {
    case Action::kReject:
    case Action::kRejectSrc:
    case Action::kRejectDst:
    case Action::kRejectBoth:
    default:
      return "allowed";  // picket is passive: nothing is ever blocked
  }
}

}  // namespace

detect::RuleNumber StateNames::rule(const Rule& r, ProtocolId protocol) {
  const RuleKey key{r.gid, r.sid, protocol, r.text_hash};
  return rules_.try_emplace(key, rules()).first->second;
}

ExpressionCache::Expression ExpressionCache::find(const Key& key) const {
  const auto it = in_use_.find(key);
  return it == in_use_.end() ? nullptr : it->second.lock();
}

void ExpressionCache::tidy() {
  std::erase_if(in_use_, [](const auto& entry) { return entry.second.expired(); });
}

std::vector<std::uint32_t> Planner::in_order() const {
  using Key = std::tuple<unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, std::uint32_t,
                         std::uint32_t, std::uint32_t>;
  std::vector<std::pair<Key, std::uint32_t>> keyed;
  for (const RuleStatus& s : loaded_.statuses) {
    if (!s.loaded()) continue;
    const Rule& r = loaded_.rules[s.rule];
    keyed.push_back({{action_order(r.action), bit_order(r, true), int_order(r), variable_order(r, true),
                      variable_order(r, false), bit_order(r, false), r.priority, r.gid, r.sid, s.rule},
                     s.rule});
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::uint32_t> order;
  for (const auto& [key, place] : keyed) order.push_back(place);
  return order;
}

void Planner::load_datasets() {
  for (const RuleStatus& status : loaded_.statuses) {
    if (!status.loaded()) continue;
    const auto dir = std::filesystem::path(status.file).parent_path();
    for (const Group& g : loaded_.rules[status.rule].groups) {
      for (const Clause& c : g.clauses) {
        if (const auto* d = std::get_if<Dataset>(&c)) datasets_.note(*d, dir);
      }
    }
  }
  datasets_.load(*out_, plan_.sets, plan_.warnings);
}

/// Whether it looks at, or changes, sets that rules change: then correlate has the last word on its matches.
bool Planner::changes_datasets(const Rule& r) const {
  for (const Group& g : r.groups) {
    for (const Clause& c : g.clauses) {
      if (const auto* d = std::get_if<Dataset>(&c); d != nullptr && datasets_.changes(*d)) return true;
    }
  }
  return false;
}

std::optional<std::string> Planner::refusal(const Rule& r) const {
  if (r.action == Action::kPass && changes_datasets(r))
    return "a pass rule cannot ask for a data set that rules change: it decides before that is known";
  return {};
}

void Planner::add_info(const Rule& r, std::uint32_t source, ProtocolId protocol) {
  if (r.filestore) out_->file_wants.any = out_->file_wants.sha256 = true;
  detect::RuleInfo info;
  const bool again = !plan_.sources.empty() && plan_.sources.back() == source;
  if (!again) {  // for several protocols its texts are kept once: see share_texts()
    info.msg = r.msg;
    info.category = r.classification;
    info.metadata = encode_alert_metadata(r);
  }
  info.alert.gid = r.gid;
  info.alert.sid = r.sid;
  info.alert.rev = r.rev;
  info.alert.severity = r.priority;
  info.alert.action = action_text(r.action);
  info.alert.target_is_source = r.target == Target::kSource;
  info.alert.target_is_dest = r.target == Target::kDestination;
  Judgement j;
  j.gid = r.gid;
  j.sid = r.sid;
  j.noalert = r.noalert || r.action == Action::kConfig;
  if (r.detection_filter) j.thresholds.push_back(*r.detection_filter);
  if (r.threshold) j.thresholds.push_back(*r.threshold);
  j.thresholds.insert(j.thresholds.end(), r.more_thresholds.begin(), r.more_thresholds.end());
  for (const StateBit& b : r.state_bits) {
    if (b.scope == StateBit::Scope::kFlow || b.scope == StateBit::Scope::kTransaction) continue;
    HostBit bit{b.scope, b.op, {}, b.expire_seconds};
    if (b.expire_seconds == 0 && b.scope != StateBit::Scope::kIpPair)
      bit.expire_seconds = Thresholds::kHostBitExpireSeconds;
    for (const auto& name : b.names) bit.names.push_back(names_.host_bit(name));
    j.bits.push_back(std::move(bit));
  }
  if (options_.thresholds != nullptr) options_.thresholds->apply(j);
  info.limit = j.limit();
  out_->info.push_back(std::move(info));
  plan_.judgements.push_back(std::move(j));
  plan_.sources.push_back(source);
  out_->numbers.push_back(names_.rule(r, protocol));
}

/// Now that the strings stay where they are. The same rule for another protocol has the texts of the one before it.
void Planner::share_texts() {
  for (std::size_t i = 0; i < out_->info.size(); ++i) {
    detect::RuleInfo& info = out_->info[i];
    const bool again = i > 0 && plan_.sources[i] == plan_.sources[i - 1];
    const AlertInfo& before = out_->info[again ? i - 1 : i].alert;
    info.alert.signature = again ? before.signature : info.msg;
    info.alert.category = again ? before.category : info.category;
    info.alert.metadata = again ? before.metadata : Bytes(info.metadata);
  }
}

/// A vector that grows by itself would hold up to twice as much.
void Planner::reserve(const std::vector<std::uint32_t>& order) {
  std::size_t most = 0;
  for (const std::uint32_t place : order) {
    const Rule& r = loaded_.rules[place];
    most += shape_of(r).transaction ? std::max<std::size_t>(tx_protocols(r).size(), 1) : 1;
  }
  out_->rules.reserve(most);
  out_->info.reserve(most);
  out_->numbers.reserve(most);
  plan_.judgements.reserve(most);
  plan_.sources.reserve(most);
}

/// What `picket check` and `picket explain` say of it.
void Planner::add_note(const Rule& r, const Shape& shape, std::uint32_t source,
                       const std::optional<ChosenPattern>& pattern) {
  using FoundBy = PlanNote::FoundBy;
  PlanNote& note = plan_.notes[source];
  note.found_by = shape.events || shape.decode_event || shape.stream_event ? FoundBy::kEvent
                  : shape.payload || shape.transaction || shape.frame      ? FoundBy::kNothing
                                                                           : FoundBy::kHeader;
  if (note.found_by == FoundBy::kNothing) note.found_by = found_by(r, shape, pattern);
  if (note.found_by == FoundBy::kPattern) {
    note.fast_pattern = pattern->literal.bytes;
    note.nocase = pattern->literal.nocase;
    note.group = static_cast<std::uint32_t>(pattern->group);
    note.buffer =
        r.groups[pattern->group].place == Place::kPayload ? "payload" : r.groups[pattern->group].name;
  }
  if (pattern && note.found_by != FoundBy::kPattern) note.weak = pattern->literal.bytes;
  // How often it is looked at, and what it then costs; a regular expression weighs as much as a few contents.
  const auto size = static_cast<double>(note.fast_pattern.size());
  note.cost = size != 0 ? 100.0 / (size * size) : note.found_by <= FoundBy::kPorts ? 1000.0 : 10.0;
  for (const Group& g : r.groups) {
    for (const Clause& c : g.clauses) note.cost *= std::holds_alternative<Pcre>(c) ? 1.5 : 1.1;
  }
}

bool Planner::add_rule(std::uint32_t source) {
  const Rule& r = loaded_.rules[source];
  const Shape shape = shape_of(r);
  detect::RuleHeader h;
  const auto reject = [&](std::string reason) {
    loaded_.reject(source, std::move(reason));
    return false;
  };
  if (auto why = refusal(r)) return reject(*why);
  set_header(r, shape, h);
  for (auto step :
       {&Planner::add_packet_tests, &Planner::add_state, &Planner::add_programs, &Planner::add_tx_tests}) {
    if (auto why = (this->*step)(r, h)) return reject(*why);
  }
  const auto pattern = fast_pattern(r, shape);
  if (options_.keep_rules) add_note(r, shape, source, pattern);
  const bool watched = options_.watch && options_.watch(r);

  if (!shape.transaction) {
    if (watched) add_probe(r, shape, source, kNoProtocol);
    const auto index = static_cast<detect::RuleIndex>(out_->rules.size());
    out_->rules.push_back(h);
    add_info(r, source, kNoProtocol);
    each_zone_plan(r, [&](ZoneBuilder& to) {
      if (shape.frame)
        list_frame_rule(r, shape, index, pattern, to);
      else if (shape.payload)
        list_payload(r, shape, index, pattern, to);
      else
        list_header_rule(r, shape, index, to);
    });
    return true;
  }
  // What is ready when differs by protocol: a rule for several stands once for each.
  bool listed = false;
  for (const ProtocolId p : tx_protocols(r)) {
    bool somewhere = false;
    for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
      const bool wanted = (h.ways & (dir == Direction::kToServer ? detect::way_bit::kToServer
                                                                 : detect::way_bit::kToClient)) != 0;
      somewhere = somewhere || (wanted && ready(r, p, dir).has_value());
    }
    if (!somewhere) continue;
    listed = true;
    if (watched) add_probe(r, shape, source, p);
    const auto index = static_cast<detect::RuleIndex>(out_->rules.size());
    set_ready(r, out_->rules.emplace_back(h), p);
    add_info(r, source, p);
    each_zone_plan(r, [&](ZoneBuilder& to) { list_transaction_rule(r, shape, index, p, pattern, to); });
  }
  return listed || reject("its buffers and keywords never exist together in the direction it asks for");
}

Result<Plan> Planner::run() {
  plan_.rules = std::make_unique<detect::RuleSet>();
  out_ = plan_.rules.get();
  out_->address_sets.emplace_back();  // 0: any
  out_->port_sets.emplace_back();
  out_->app_sets.emplace_back();
  out_->transform_lists.emplace_back();
  if (options_.keep_rules) plan_.notes.resize(loaded_.rules.size());
  for (const ProtocolSpec* p : options_.protocols)
    out_->protocols.push_back({p->complete, p->events, p->frames});

  load_datasets();
  const auto order = in_order();
  for (const std::uint32_t place : order) {
    zones_.count(*loaded_.rules[place].src);
    zones_.count(*loaded_.rules[place].dst);
    for (const Group& g : loaded_.rules[place].groups) {
      for (const Clause& c : g.clauses) {
        if (const auto* p = std::get_if<Pcre>(&c)) patterns_.want(PatternTable::key_of(*p));
      }
      for (const Transform& t : g.transforms) {
        if (t.kind == Transform::Kind::kPcre) patterns_.want(PatternTable::key_of_transform(t.argument));
      }
    }
  }
  patterns_.compile(options_.threads, memory_.expressions, *out_);
  zones_.settle();
  out_->zones = zones_.zones();
  zone_plans_.resize(detect::Zones::kPairs);
  for (ZoneBuilder& z : zone_plans_) z.sides.resize(options_.protocols.size());
  if (options_.watch) add_probe_of_packets();
  reserve(order);
  for (const std::uint32_t place : order) {
    if (given_up()) return Error{"given up"};
    if (add_rule(place))
      ++plan_.planned;
    else
      ++plan_.rejected;
    if (!options_.keep_rules) loaded_.rules[place] = {};  // its memory serves the next ones
  }
  if (!options_.keep_rules) loaded_.forget_rules();  // compiling takes as much: not both at once
  if (auto error = build_scans(plan_)) return *error;
  for (std::size_t pair = 0; pair < zone_plans_.size(); ++pair)
    build_lists(zone_plans_[pair], out_->plans[pair]);
  out_->by_number.assign(names_.rules(), detect::kNone);
  for (std::size_t i = 0; i < out_->numbers.size(); ++i)
    out_->by_number[out_->numbers[i]] = static_cast<detect::RuleIndex>(i);

  std::uint32_t longest = 0;
  for (const detect::ZonePlan& z : out_->plans) {
    for (const detect::PayloadPlan& p : z.stream_payload) {
      out_->any_stream = out_->any_stream || p.unfiltered.count != 0;
      for (const detect::Scan& s : p.scans) {
        out_->any_stream = out_->any_stream || s.database != nullptr;
        longest = std::max(longest, s.longest);
      }
    }
  }
  for (const detect::RuleHeader& h : out_->rules)
    out_->any_mixed =
        out_->any_mixed || ((h.flags & detect::rule_flag::kTransaction) && h.payload_groups != 0);
  out_->any_stream = out_->any_stream || out_->any_mixed;
  out_->stream_overlap = std::clamp(longest * 2, kLeastOverlap, kMostOverlap);
  out_->flow_bits = names_.bits();
  out_->flow_ints = names_.integers();
  out_->bit_names = names_.bit_names();
  out_->int_names = names_.integer_names();
  out_->variable_names = names_.variable_names();
  names_.each_bit([this](std::string_view name, std::uint32_t id) {
    for (const auto& [prefix, is_label] :
         {std::pair("traffic/id/", false), std::pair("traffic/label/", true)}) {
      std::string_view rest = name;
      if (!take_prefix(rest, prefix)) continue;
      out_->traffic_bits.push_back({id, is_label, std::string(rest)});
      out_->bit_names[id].clear();  // records have a place of their own for these
    }
  });
  share_texts();
  return std::move(plan_);
}

Result<Plan> plan(RuleSet& loaded, const PlanOptions& options) {
  PlanOptions o = options;
  if (o.threads == 0) o.threads = std::max(1U, std::thread::hardware_concurrency());
  std::optional<PlanMemory> own;
  if (o.memory == nullptr) o.memory = &own.emplace("");
  auto made = Planner(loaded, o).run();
  o.memory->databases.tidy();
  o.memory->expressions.tidy();
  return made;
}

}  // namespace picket::rules
