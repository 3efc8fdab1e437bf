// Which pattern a rule is found by, and the lists and databases that follow from it.
#include <hs/hs.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "sensor/rules/pattern.h"
#include "sensor/rules/planner.h"

namespace picket::rules {
namespace {

using detect::PacketClass;
using detect::RuleIndex;

/// Patterns that end this near to the start are searched there only.
constexpr std::uint32_t kNear = 256;
/// A rule for more ports than this is searched for on all.
constexpr std::uint32_t kFewPorts = 4096;
/// One byte is found nearly everywhere: the header is the better filter.
constexpr std::size_t kShortest = 2;
/// Rules for no more addresses than this are looked up by address.
constexpr std::uint64_t kFewAddresses = std::uint64_t{1} << 22;
/// A database of fewer patterns is not worth a call of its own.
constexpr std::size_t kWorthACall = 256;

constexpr std::size_t kClassTcp = static_cast<std::size_t>(PacketClass::kTcp);

constexpr unsigned kWanted = 100000;

/// Follows a group's clauses: how far from the start can a content's end lie at most?
class Reach {
 public:
  /// Of this content, in the order of the rule; 0: anywhere.
  std::uint32_t of(const Content& c) {
    std::optional<std::int64_t> end;
    if (c.startswith) {
      end = static_cast<std::int64_t>(c.bytes.size());
    } else if (!c.relative()) {
      if (fixed(c.depth) && (!c.offset || fixed(c.offset)))
        end = (c.offset ? c.offset->value : 0) + c.depth->value;
    } else if (known_ && fixed(c.within) && (!c.distance || fixed(c.distance))) {
      end = cursor_ + (c.distance ? c.distance->value : 0) + c.within->value;
    }
    if (!c.negated) {
      known_ = end.has_value();
      cursor_ = end.value_or(0);
    }
    return end && *end > 0 && *end <= kNear ? static_cast<std::uint32_t>(*end) : 0;
  }
  /// Of anything else that may move on: after it nothing is known.
  void lose() { known_ = false; }

 private:
  static bool fixed(const std::optional<Operand>& o) { return o && !o->is_variable(); }
  std::int64_t cursor_ = 0;
  bool known_ = true;
};

/// The largest payload that dsize lets pass; 0: not below kNear.
std::uint32_t largest_payload(const Rule& r) {
  std::uint64_t most = UINT64_MAX;
  for (const PacketTest& t : r.packet_tests) {
    const auto* n = std::get_if<PacketNumber>(&t);
    if (n == nullptr || n->field != PacketField::kDsize || n->test.negated ||
        n->test.kind != IntegerTest::Kind::kInRange)
      continue;
    most = std::min(most, n->test.hi);
  }
  return most <= kNear ? static_cast<std::uint32_t>(most) : 0;
}

std::uint32_t ports_in(const PortSet& s) {
  std::uint32_t n = 0;
  for (const PortRange& r : s.ranges) n += r.last - r.first + 1U;
  return n;
}

/// The side by which a rule's ports are few; nullptr when it has none.
const PortSet* few_ports(const Rule& r) {
  const std::uint32_t src = r.src_port->any ? 65536 : ports_in(*r.src_port),
                      dst = r.dst_port->any ? 65536 : ports_in(*r.dst_port);
  if (std::min(src, dst) > kFewPorts) return nullptr;
  return dst <= src ? r.dst_port.get() : r.src_port.get();
}

}  // namespace

void ScanBuilder::add(const Literal& literal, RuleIndex rule, std::uint32_t near) {
  longest_ = std::max(longest_, literal.bytes.size());
  add_as_it_is(
      {long_text_ ? std::string(best_ending(literal.bytes, literal.nocase)) : literal.bytes, literal.nocase},
      rule, near);
}

void ScanBuilder::add_as_it_is(Literal literal, RuleIndex rule, std::uint32_t near) {
  if (literal.nocase)
    std::transform(literal.bytes.begin(), literal.bytes.end(), literal.bytes.begin(),
                   [](char c) { return static_cast<char>(to_lower(static_cast<std::uint8_t>(c))); });
  const auto [it, fresh] =
      ids_.try_emplace({literal.nocase, literal.bytes}, static_cast<std::uint32_t>(literals_.size()));
  if (fresh) {
    literals_.push_back(std::move(literal));
    rules_.emplace_back();
  }
  auto& rules = rules_[it->second];
  if (rules.empty() || rules.back() != rule) rules.push_back(rule);
  limit_ = std::max(limit_, near);
}

void ScanBuilder::merge(ScanBuilder&& other) {
  const bool everywhere = (!empty() && limit_ == 0) || (!other.empty() && other.limit_ == 0);
  for (std::size_t i = 0; i < other.literals_.size(); ++i) {
    for (const RuleIndex r : other.rules_[i]) add_as_it_is(other.literals_[i], r, other.limit_);
  }
  longest_ = std::max(longest_, other.longest_);
  if (everywhere) limit_ = 0;
  other = ScanBuilder(other.long_text_ ? Text::kLong : Text::kShort);
}

void ScanBuilder::finish(detect::RuleSet& out, detect::Scan& scan) const {
  scan.limit = limit_;
  scan.first_pattern = static_cast<std::uint32_t>(out.pattern_starts.size());
  scan.patterns = static_cast<std::uint32_t>(literals_.size());
  scan.longest = static_cast<std::uint32_t>(longest_);
  for (std::size_t i = 0; i < literals_.size(); ++i) {
    out.pattern_starts.push_back(static_cast<std::uint32_t>(out.pattern_rules.size()));
    out.pattern_rules.insert(out.pattern_rules.end(), rules_[i].begin(), rules_[i].end());
  }
  out.pattern_starts.push_back(static_cast<std::uint32_t>(out.pattern_rules.size()));
}

bool Planner::looks_at_files(const Rule& r, const Group& group) const {
  const auto there = [&r](const BufferDef& def, Direction d) {
    const bool other_way = d == Direction::kToServer ? r.flow.to_client : r.flow.to_server;
    return !other_way && def.progress[index(d)] != kNever;
  };
  return r.arrow != Arrow::kTransaction &&
         std::any_of(group.fields.begin(), group.fields.end(), [&](const FieldRef& f) {
           const BufferDef& def = options_.protocols[f.protocol]->buffers[f.index];
           return def.of_file != FileStage::kNone &&
                  (there(def, Direction::kToServer) || there(def, Direction::kToClient));
         });
}

/// The content that says fast_pattern, else the strongest. Of a transaction's rule only its buffers can
/// serve.
std::optional<ChosenPattern> Planner::fast_pattern(const Rule& r, const Shape& shape) const {
  const bool transaction = shape.transaction;
  std::optional<ChosenPattern> best;
  unsigned best_strength = 0;
  const std::uint32_t most = largest_payload(r);
  for (std::size_t g = 0; g < r.groups.size(); ++g) {
    const Group& group = r.groups[g];
    const bool fits = transaction   ? group.place == Place::kTransaction
                      : shape.frame ? group.place == Place::kFrame
                                    : group.place == Place::kPayload && group.transforms.empty();
    const bool may_be_absent = std::any_of(group.clauses.begin(), group.clauses.end(),
                                           [](const Clause& c) { return std::holds_alternative<Absent>(c); });
    if (!fits || may_be_absent) continue;
    Reach reach;
    for (const Clause& clause : group.clauses) {
      const auto* c = std::get_if<Content>(&clause);
      const bool stays = std::holds_alternative<ByteTest>(clause) ||
                         std::holds_alternative<IsDataAt>(clause) ||
                         std::holds_alternative<BufferSize>(clause);
      if (c == nullptr && !stays) reach.lose();
      if (c == nullptr) continue;
      std::uint32_t near = reach.of(*c);
      if (near == 0) near = most;
      if (c->negated || c->bytes.empty()) continue;
      const bool wanted = c->fast_pattern != FastPattern::kUnset;
      std::string bytes = c->bytes;
      if (c->chop_length != 0 && c->chop_offset + std::size_t{c->chop_length} <= bytes.size())
        bytes = bytes.substr(c->chop_offset, c->chop_length);
      unsigned s = strength(bytes);
      // What is known of a file finds the rules of that file; nothing else can.
      if (transaction && looks_at_files(r, group)) s += 2 * kWanted;
      if (wanted) s += kWanted;
      // Near the start it is searched in a few bytes only, which outweighs what the rule's author prefers.
      if (shape.payload && !transaction && near != 0 && bytes.size() >= 4 && !is_common_start(bytes))
        s += 2 * kWanted;
      if (s <= best_strength) continue;
      best_strength = s;
      best = ChosenPattern{g, {std::move(bytes), c->nocase}, near};
    }
  }
  if (best && !transaction && best->literal.bytes.size() < kShortest) return {};
  return best;
}

PlanNote::FoundBy Planner::found_by(const Rule& r, const Shape& shape,
                                    const std::optional<ChosenPattern>& pattern) const {
  const bool ports = !shape.transaction && !shape.frame && few_ports(r) != nullptr;
  if (pattern &&
      information(pattern->literal.bytes, pattern->literal.nocase) >= (ports ? kTooWeakForPorts : kTooWeak))
    return PlanNote::FoundBy::kPattern;
  return ports ? PlanNote::FoundBy::kPorts : PlanNote::FoundBy::kNothing;
}

bool looks_at_packets_too(const Rule& r) {
  const auto anchored = [](const Clause& clause) {
    const auto* c = std::get_if<Content>(&clause);
    return c != nullptr && (c->offset || c->depth || c->startswith);
  };
  const bool by_content = std::any_of(r.groups.begin(), r.groups.end(), [&](const Group& g) {
    return g.place == Place::kPayload && std::any_of(g.clauses.begin(), g.clauses.end(), anchored);
  });
  return by_content || std::any_of(r.packet_tests.begin(), r.packet_tests.end(),
                                   [](const PacketTest& t) { return std::holds_alternative<StreamSize>(t); });
}

// ------------------------------------------------------------------------------------------ lists of rules

void Planner::list_payload(const Rule& r, const Shape& shape, RuleIndex index,
                           const std::optional<ChosenPattern>& pattern, ZoneBuilder& plan) {
  const detect::RuleHeader& h = out_->rules[index];
  if (shape.stream_event) {  // what was odd is known once the packet was worked on
    out_->any_stream = out_->any_stream || (h.flags & detect::rule_flag::kStreamPayload) != 0;
    return plan.stream_events.push_back(index);
  }
  const PortSet* ports = few_ports(r);
  const bool by_pattern = found_by(r, shape, pattern) == PlanNote::FoundBy::kPattern;
  const auto put = [&](PayloadBuilder& to) {
    if (!by_pattern) {
      if (ports == nullptr) return to.unfiltered.push_back(index);
      const bool both = (h.flags & detect::rule_flag::kBothWays) != 0;
      for (const PortRange& range : ports->ranges) {
        if (both || ports == r.src_port.get())
          to.src_ports.emplace_back(detect::V4Range{range.first, range.last}, index);
        if (both || ports == r.dst_port.get())
          to.dst_ports.emplace_back(detect::V4Range{range.first, range.last}, index);
      }
      return;
    }
    const unsigned which = (pattern->near != 0 ? 0U : 2U) + (ports != nullptr ? 1U : 0U);
    to.scans[which].add(pattern->literal, index, pattern->near);
    if (ports == nullptr) return;
    auto& bitmap = to.ports[which];
    if (bitmap == nullptr) bitmap = std::make_unique<std::uint64_t[]>(1024);
    for (const PortRange& range : ports->ranges) {
      for (std::uint32_t p = range.first; p <= range.last; ++p)
        bitmap[p >> 6] |= std::uint64_t{1} << (p & 63);
    }
  };
  for (const unsigned dir : {0U, 1U}) {
    if ((h.ways & (dir == 0 ? detect::way_bit::kToServer : detect::way_bit::kToClient)) == 0) continue;
    if (h.flags & detect::rule_flag::kStreamPayload) put(plan.stream_payload[dir]);
    if ((h.flags & detect::rule_flag::kPacketPayload) == 0) continue;
    for (std::size_t c = 0; c < detect::kPacketClasses; ++c) {
      namespace bit = detect::proto_bit;
      // kOtherIp: whatever has no class of its own, and packets whose transport header was not reached.
      static constexpr std::uint16_t kBits[] = {bit::kTcp,
                                                bit::kUdp,
                                                bit::kIcmp4,
                                                bit::kIcmp6,
                                                bit::kSctp | bit::kIgmp | bit::kOtherIp,
                                                bit::kArp | bit::kOtherEther};
      if ((h.protos & kBits[c]) == 0) continue;
      // A TCP packet's bytes are looked at in the stream, unless the rule means packets.
      const bool streams = c == kClassTcp && (h.flags & detect::rule_flag::kStreamPayload);
      if (streams && !looks_at_packets_too(r)) continue;
      put(plan.packet_payload[c][dir]);
    }
  }
}

/// In each direction that the rule may look at: a parser knows best where its frames are.
void Planner::list_frame_rule(const Rule& r, const Shape& shape, RuleIndex index,
                              const std::optional<ChosenPattern>& pattern, ZoneBuilder& plan) {
  const detect::RuleHeader& h = out_->rules[index];
  const bool by_pattern = found_by(r, shape, pattern) == PlanNote::FoundBy::kPattern;
  const auto of_frame =
      std::find_if(r.groups.begin(), r.groups.end(), [](const Group& g) { return g.place == Place::kFrame; });
  const Group& group = by_pattern ? r.groups[pattern->group] : *of_frame;
  const auto transforms = by_pattern ? transform_list(group.transforms).value() : std::uint16_t{0};
  for (const FieldRef& f : group.fields) {
    if (f.protocol < out_->frame_wants.size()) out_->frame_wants[f.protocol] |= std::uint32_t{1} << f.index;
    for (const unsigned dir : {0U, 1U}) {
      if ((h.ways & (dir == 0 ? detect::way_bit::kToServer : detect::way_bit::kToClient)) == 0) continue;
      FrameBuilder& to = plan.frames[{f.protocol, static_cast<std::uint8_t>(dir), f.index, transforms}];
      if (by_pattern)
        to.scan.add(pattern->literal, index, 0);
      else
        to.rules.push_back(index);
      if (forbids(r)) to.forbids.push_back(index);
    }
  }
}

void Planner::list_header_rule(const Rule& r, const Shape& shape, RuleIndex index, ZoneBuilder& plan) {
  namespace bit = detect::proto_bit;
  const detect::RuleHeader& h = out_->rules[index];
  if (shape.decode_event) return plan.decode_events.push_back(index);
  if (shape.stream_event) return plan.stream_events.push_back(index);
  if (shape.app_only) return plan.app_found.push_back(index);
  const bool asks_app = std::any_of(r.packet_tests.begin(), r.packet_tests.end(), [](const PacketTest& t) {
    return std::holds_alternative<AppProtocolIs>(t);
  });
  if (h.apps != 0 || asks_app) return plan.app_packet.push_back(index);
  const bool of_fragments =
      r.flow.only_frag || std::any_of(r.packet_tests.begin(), r.packet_tests.end(), [](const PacketTest& t) {
        const auto* n = std::get_if<PacketNumber>(&t);
        return std::holds_alternative<FragBits>(t) || (n != nullptr && n->field == PacketField::kFragOffset);
      });
  const auto few_addresses = [this](std::uint16_t set) -> std::uint64_t {
    const detect::AddressSet& a = out_->address_sets[set];
    std::uint64_t n = 0;
    for (std::uint32_t i = 0; i < a.v4_count; ++i)
      n += std::uint64_t{out_->v4_ranges[a.first_v4 + i].last} - out_->v4_ranges[a.first_v4 + i].first + 1;
    return set == 0 || n > kFewAddresses ? UINT64_MAX : n;
  };
  const std::uint64_t src = few_addresses(h.src), dst = few_addresses(h.dst);
  const bool one_way = (h.flags & detect::rule_flag::kBothWays) == 0;
  const bool by_src = one_way && src != UINT64_MAX && src <= dst;
  const bool by_dst = one_way && dst != UINT64_MAX && !by_src;
  for (std::size_t c = 0; c < detect::kPacketClasses; ++c) {
    static constexpr std::uint16_t kBits[] = {bit::kTcp,
                                              bit::kUdp,
                                              bit::kIcmp4,
                                              bit::kIcmp6,
                                              bit::kSctp | bit::kIgmp | bit::kOtherIp,
                                              bit::kArp | bit::kOtherEther};
    const bool here = (h.protos & kBits[c]) != 0 || (c == static_cast<std::size_t>(PacketClass::kOtherIp) &&
                                                     of_fragments && (h.protos & bit::kAnyIp) != 0);
    if (!here) continue;
    HeaderBuilder& to = plan.headers[c];
    const bool tcp_flags = c == kClassTcp && tests_flags(r);
    bool opening = shape.once;
    if (tcp_flags) {
      bool without_syn = false;
      for (unsigned f = 0; f < 256; ++f)
        without_syn =
            without_syn || ((f & tcp_flag::kSyn) == 0 && flags_fit(r, static_cast<std::uint8_t>(f)));
      opening = opening || !without_syn;
    }
    if (by_src || by_dst) {
      const detect::AddressSet& s = out_->address_sets[by_src ? h.src : h.dst];
      auto& ranges =
          by_src ? (opening ? to.opening_src : to.always_src) : (opening ? to.opening_dst : to.always_dst);
      for (std::uint32_t i = 0; i < s.v4_count; ++i)
        ranges.emplace_back(out_->v4_ranges[s.first_v4 + i], index);
      if (s.v6_count != 0) (opening ? to.opening_v6 : to.always_v6).push_back(index);
    } else if (tcp_flags) {
      for (unsigned f = 0; f < 256; ++f) {
        if (flags_fit(r, static_cast<std::uint8_t>(f))) to.by_flags[f].push_back(index);
      }
    } else {
      (opening ? to.opening : to.always).push_back(index);
    }
  }
}

/// When the rule can be looked at in this protocol, and in which directions at all.
void Planner::set_ready(const Rule& r, detect::RuleHeader& h, ProtocolId protocol) const {
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    const std::uint8_t way =
        dir == Direction::kToServer ? detect::way_bit::kToServer : detect::way_bit::kToClient;
    const auto progress = ready(r, protocol, dir);
    if (!progress) h.ways &= static_cast<std::uint8_t>(~way);
    if ((h.ways & way) == 0) continue;
    h.ready[picket::index(dir)] = *progress;
    h.file_stage[picket::index(dir)] = file_stage(r, protocol, dir);
  }
  h.ways &= detect::way_bit::kToServer | detect::way_bit::kToClient;
}

void Planner::list_transaction_rule(const Rule& r, const Shape& shape, RuleIndex index, ProtocolId protocol,
                                    const std::optional<ChosenPattern>& pattern, ZoneBuilder& plan) {
  const detect::RuleHeader& h = out_->rules[index];
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    const std::uint8_t way =
        dir == Direction::kToServer ? detect::way_bit::kToServer : detect::way_bit::kToClient;
    if ((h.ways & way) == 0) continue;
    SideBuilder& side = plan.sides[protocol][picket::index(dir)];
    if (shape.events) {
      side.repeats.push_back(index);
      continue;
    }
    if (shape.updates) {
      side.updates.push_back(index);
      if (protocol < out_->frame_wants.size()) out_->frame_wants[protocol] |= std::uint32_t{1} << kUpdates;
      out_->any_updates = true;
      continue;
    }
    const bool of_file = h.file_stage[picket::index(dir)] != FileStage::kNone;
    if (of_file) side.file_ready |= std::uint64_t{1} << std::min<unsigned>(h.ready[picket::index(dir)], 63);
    const bool by_pattern = found_by(r, shape, pattern) == PlanNote::FoundBy::kPattern;
    bool scanned = false;
    if (by_pattern) {
      const Group& group = r.groups[pattern->group];
      for (const FieldRef& f : group.fields) {
        if (f.protocol != protocol || (group.only && *group.only != dir)) continue;
        const BufferDef& def = options_.protocols[protocol]->buffers[f.index];
        if (def.progress[picket::index(dir)] == kNever) continue;
        if (of_file && def.of_file == FileStage::kNone) continue;
        const auto transforms = transform_list(group.transforms);
        // Bodies, not headers: these are short, and their contents tell apart by how they end.
        const bool body =
            def.of_file >= FileStage::kKept ||
            def.progress[picket::index(dir)] == options_.protocols[protocol]->complete[picket::index(dir)];
        plan.buffers
            .try_emplace(
                BufferKey{protocol, static_cast<std::uint8_t>(dir), f.index, transforms.value(), of_file},
                body ? ScanBuilder::Text::kLong : ScanBuilder::Text::kShort)
            .first->second.add(pattern->literal, index, 0);
        scanned = true;
      }
    }
    if (of_file) {
      if (!scanned) side.file_rules.push_back(index);
      continue;
    }
    const bool both_sides = (h.flags & detect::rule_flag::kBothSides) != 0;
    if (!scanned && (!both_sides || !by_pattern)) side.rules.push_back(index);
  }
}

// ------------------------------------------------------------------------------------------------ databases

detect::RuleList Planner::list(const std::vector<RuleIndex>& rules) {
  if (rules.empty()) return {};
  const auto [it, fresh] = lists_.try_emplace(rules);
  if (fresh) {
    it->second = {static_cast<std::uint32_t>(out_->rule_lists.size()),
                  static_cast<std::uint32_t>(rules.size())};
    out_->rule_lists.insert(out_->rule_lists.end(), rules.begin(), rules.end());
  }
  return it->second;
}

/// Cuts overlapping ranges into pieces, each with the rules of all ranges that cover it.
detect::RangeIndex Planner::range_index(const std::vector<std::pair<detect::V4Range, RuleIndex>>& ranges) {
  detect::RangeIndex out{static_cast<std::uint32_t>(out_->range_rules.size()), 0};
  struct Edge {
    std::uint64_t at;
    bool begins;
    RuleIndex rule;
  };
  std::vector<Edge> edges;
  for (const auto& [range, rule] : ranges) {
    edges.push_back({range.first, true, rule});
    edges.push_back({std::uint64_t{range.last} + 1, false, rule});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at < b.at; });
  std::multiset<RuleIndex> inside;
  for (std::size_t i = 0; i < edges.size();) {
    const std::uint64_t at = edges[i].at;
    for (; i < edges.size() && edges[i].at == at; ++i) {
      if (edges[i].begins)
        inside.insert(edges[i].rule);
      else
        inside.erase(inside.find(edges[i].rule));
    }
    if (inside.empty() || i == edges.size()) continue;
    const std::set<RuleIndex> unique(inside.begin(), inside.end());
    out_->range_rules.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(edges[i].at - 1),
                                 list({unique.begin(), unique.end()})});
    ++out.count;
  }
  return out;
}

namespace {

/// A call of the pattern matcher costs as much as some hundred bytes: databases that save less are put
/// together.
void merge_small(PayloadBuilder& b, bool near_apart) {
  const auto merge = [&b](std::size_t from, std::size_t to) {
    b.scans[to].merge(std::move(b.scans[from]));
    b.ports[from] = nullptr;
  };
  if (!near_apart) {
    merge(0, 2);
    if (!b.scans[1].empty()) {
      if (b.ports[3] == nullptr) b.ports[3] = std::make_unique<std::uint64_t[]>(1024);
      for (std::size_t i = 0; i < 1024; ++i) b.ports[3][i] |= b.ports[1][i];
      merge(1, 3);
    }
  }
  for (const std::size_t place : {std::size_t{1}, std::size_t{3}}) {
    if (b.scans[place].literals().size() < kWorthACall) merge(place, place - 1);
  }
}

}  // namespace

/// One side of a protocol; gives the databases that its buffers need.
std::vector<std::pair<const ScanBuilder*, detect::Scan*>> Planner::build_side(const ZoneBuilder& from,
                                                                              ProtocolId p, std::size_t d,
                                                                              detect::SidePlan& side) {
  std::vector<std::pair<detect::BufferPlan, const ScanBuilder*>> mine;
  for (const auto& [key, builder] : from.buffers) {
    if (key.protocol != p || key.dir != d) continue;
    const BufferDef& def = options_.protocols[p]->buffers[key.field];
    const FileStage of_file = key.of_file ? def.of_file : FileStage::kNone;
    mine.push_back({{def.progress[d], key.transforms, def.get, {}, of_file}, &builder});
  }
  const auto files = std::stable_partition(mine.begin(), mine.end(),
                                           [](const auto& b) { return b.first.of_file == FileStage::kNone; });
  std::stable_sort(mine.begin(), files,
                   [](const auto& a, const auto& b) { return a.first.progress < b.first.progress; });
  side.first_buffer = static_cast<std::uint32_t>(out_->buffers.size());
  side.buffers = static_cast<std::uint32_t>(files - mine.begin());
  side.first_file_buffer = side.first_buffer + side.buffers;
  side.file_buffers = static_cast<std::uint32_t>(mine.end() - files);
  std::vector<std::pair<const ScanBuilder*, detect::Scan*>> scans;
  for (const auto& [buffer, builder] : mine) {
    out_->buffers.push_back(buffer);
    scans.emplace_back(builder, &out_->buffers.back().scan);
  }
  const SideBuilder& lists = from.sides[p][d];
  std::vector<RuleIndex> rules = lists.rules;
  std::stable_sort(rules.begin(), rules.end(), [&](RuleIndex a, RuleIndex b) {
    return out_->rules[a].ready[d] < out_->rules[b].ready[d];
  });
  const detect::RuleList all = list(rules), repeats = list(lists.repeats), of_files = list(lists.file_rules),
                         updates = list(lists.updates);
  side.first_rule = all.first;
  side.rules = all.count;
  side.first_repeat = repeats.first;
  side.repeats = repeats.count;
  side.first_update = updates.first;
  side.updates = updates.count;
  side.first_file_rule = of_files.first;
  side.file_rules = of_files.count;
  side.file_ready = lists.file_ready;
  return scans;
}

std::optional<Error> Planner::build_scans(Plan& plan) {
  struct Job {
    std::optional<Error> error;
    bool from_cache = false;
    std::string warning;
    std::shared_ptr<hs_database> database;
  };
  // Zones often ask for the same patterns: one database serves them all.
  std::map<std::vector<Literal>, Job> jobs;
  struct Order {
    const ScanBuilder* from;
    detect::Scan* to;
    const Job* job;
  };
  std::vector<Order> orders;
  const auto order = [&](const ScanBuilder& from, detect::Scan& to) {
    orders.push_back({&from, &to, &jobs.try_emplace(from.literals()).first->second});
  };
  const auto payload = [&](PayloadBuilder& from, detect::PayloadPlan& to, bool near_apart) {
    merge_small(from, near_apart);
    for (unsigned i = 0; i < detect::PayloadPlan::kMaxScans; ++i) {
      if (from.scans[i].empty()) continue;
      order(from.scans[i], to.scans[i]);
      if (from.ports[i] == nullptr) continue;
      to.ports[i] = from.ports[i].get();
      out_->port_bitmaps.push_back(std::move(from.ports[i]));
    }
    to.unfiltered = list(from.unfiltered);
    to.by_src_port = range_index(from.src_ports);
    to.by_dst_port = range_index(from.dst_ports);
  };
  std::size_t buffers = 0;
  for (const ZoneBuilder& z : zone_plans_) buffers += z.buffers.size();
  out_->buffers.reserve(buffers);  // orders point into it
  for (std::size_t pair = 0; pair < zone_plans_.size(); ++pair) {
    ZoneBuilder& from = zone_plans_[pair];
    detect::ZonePlan& to = out_->plans[pair];
    for (std::size_t c = 0; c < detect::kPacketClasses; ++c) {
      for (std::size_t d = 0; d < 2; ++d)
        payload(from.packet_payload[c][d], to.packet_payload[c][d], c == kClassTcp);
    }
    for (std::size_t d = 0; d < 2; ++d) payload(from.stream_payload[d], to.stream_payload[d], true);
    to.frames.reserve(from.frames.size());  // orders point into it
    for (const auto& [key, builder] : from.frames) {
      detect::FramePlan& frame = to.frames.emplace_back();
      frame.protocol = key.protocol;
      frame.dir = static_cast<Direction>(key.dir);
      frame.kind = static_cast<std::uint8_t>(key.kind);
      frame.transforms = key.transforms;
      frame.rules = list(builder.rules);
      frame.forbids = list(builder.forbids);
      if (!builder.scan.empty()) order(builder.scan, frame.scan);
    }
    to.sides.resize(options_.protocols.size());
    for (std::size_t p = 0; p < options_.protocols.size(); ++p) {
      for (std::size_t d = 0; d < 2; ++d) {
        for (const auto& [builder, scan] : build_side(from, static_cast<ProtocolId>(p), d, to.sides[p][d]))
          order(*builder, *scan);
      }
    }
  }
  std::atomic<std::size_t> next{0};
  std::vector<std::pair<const std::vector<Literal>, Job>*> queue;
  for (auto& entry : jobs) queue.push_back(&entry);
  const auto work = [&] {
    for (std::size_t i = next++; i < queue.size(); i = next++) {
      auto& [literals, job] = *queue[i];
      if (given_up()) {
        job.error = Error{"given up"};
        continue;
      }
      auto outcome = memory_.databases.get(literals);
      if (!outcome) {
        job.error = outcome.error();
        continue;
      }
      job.database = outcome.value().database;
      job.from_cache = outcome.value().from_cache;
      job.warning = outcome.value().warning;
    }
  };
  std::vector<std::thread> others;
  for (unsigned t = 1; t < options_.threads; ++t) others.emplace_back(work);
  work();
  for (auto& t : others) t.join();

  std::optional<Error> error;
  for (const auto& [literals, job] : jobs) {
    if (job.error) {
      error = job.error;
      continue;
    }
    out_->databases.push_back(job.database);
    if (hs_alloc_scratch(job.database.get(), &out_->scratch_prototype) != HS_SUCCESS)
      error = Error{"the pattern matcher has no memory for its scratch"};
    ++plan.databases;
    plan.from_cache += job.from_cache ? 1 : 0;
    if (!job.warning.empty() && plan.warnings.empty()) plan.warnings.push_back(job.warning);
  }
  for (const Order& o : orders) {
    o.to->database = o.job->database.get();
    o.from->finish(*out_, *o.to);
  }
  return error;
}

void Planner::build_lists(const ZoneBuilder& zone, detect::ZonePlan& plan) {
  for (std::size_t c = 0; c < detect::kPacketClasses; ++c) {
    const HeaderBuilder& from = zone.headers[c];
    detect::HeaderPlan& to = plan.headers[c];
    to.always = list(from.always);
    to.opening = list(from.opening);
    to.always_v6 = list(from.always_v6);
    to.opening_v6 = list(from.opening_v6);
    for (std::size_t f = 0; f < 256; ++f) to.by_flags[f] = list(from.by_flags[f]);
    to.always_src = range_index(from.always_src);
    to.always_dst = range_index(from.always_dst);
    to.opening_src = range_index(from.opening_src);
    to.opening_dst = range_index(from.opening_dst);
  }
  plan.decode_event_rules = list(zone.decode_events);
  plan.stream_event_rules = list(zone.stream_events);
  plan.app_packet_rules = list(zone.app_packet);
  plan.app_found_rules = list(zone.app_found);
  out_->any_app_packet = out_->any_app_packet || !zone.app_packet.empty();
  out_->any_app_found = out_->any_app_found || !zone.app_found.empty();
}

}  // namespace picket::rules
