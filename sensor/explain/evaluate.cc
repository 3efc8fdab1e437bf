#include "sensor/explain/evaluate.h"

#include <algorithm>

#include "dataplane/detect/flow_state.h"
#include "dataplane/detect/places.h"
#include "dataplane/detect/search.h"
#include "sensor/explain/wording.h"
#include "sensor/rules/describe.h"

namespace picket::explain {

using detect::Buffer;
using detect::GroupTrace;
using detect::RuleHeader;
using detect::Subject;

struct Evaluator::Work {
  const Question& question;
  const RuleHeader& h;
  const Occasion& occasion;
  const Finding& best;
  Finding out;
  unsigned passed = 0;  // options

  /// It ends here. True when nobody came further yet: then words are wanted.
  bool ends(Stage stage, unsigned score) {
    out.stage = stage;
    out.score = score;
    return out.further_than(best);
  }
};

namespace {

std::string header_protocol(const rules::Rule& r, std::span<const ProtocolSpec* const> protocols) {
  static constexpr const char* kNames[] = {"pkthdr", "ip",    "ipv4",   "ipv6",    "tcp",
                                           "udp",    "icmp",  "icmpv4", "icmpv6",  "sctp",
                                           "igmp",   "ether", "arp",    "tcp-pkt", "tcp-stream"};
  if (r.protocol != rules::HeaderProtocol::kApp) return kNames[static_cast<std::size_t>(r.protocol)];
  std::string out;
  for (const ProtocolId id : r.app_protocols)
    out += (out.empty() ? "" : "/") + std::string(protocols[id]->name);
  return out;
}

std::string subject_protocol(const Subject& s) {
  namespace bit = detect::proto_bit;
  if (s.proto == bit::kArp) return "ARP";
  if (s.proto == bit::kOtherEther) return "no IP";
  const std::string version = s.family == detect::family_bit::kV6 ? " over IPv6" : "";
  switch (s.proto) {
    case bit::kTcp:
      return "TCP" + version;
    case bit::kUdp:
      return "UDP" + version;
    case bit::kIcmp4:
      return "ICMP";
    case bit::kIcmp6:
      return "ICMPv6";
    case bit::kSctp:
      return "SCTP" + version;
    case bit::kIgmp:
      return "IGMP";
    default:
      return "IP protocol " + std::to_string(s.packet->proto) + version;
  }
}

std::string way_text(Direction d) { return d == Direction::kToServer ? "to_server" : "to_client"; }

/// The rule's flow words, as asked.
std::string flow_words(const rules::FlowOptions& f) {
  if (f.to_server) return "flow:to_server";
  return f.to_client ? "flow:to_client" : "a direction in which its buffers exist";
}

unsigned options_of(const detect::RuleSet& set, const RuleHeader& h) {
  unsigned n = h.packet_tests + h.tx_tests;
  for (unsigned i = 0; i < h.groups; ++i) n += std::max<unsigned>(1, set.groups[h.first_group + i].ops);
  return n;
}

}  // namespace

Window window_of(Bytes data, std::int64_t at) {
  const auto size = static_cast<std::int64_t>(data.size());
  std::int64_t from = std::clamp<std::int64_t>(at, 0, size);
  if (size - from < static_cast<std::int64_t>(kWindow) / 3)
    from = std::max<std::int64_t>(0, size - static_cast<std::int64_t>(kWindow) / 3);
  const auto begin = static_cast<std::size_t>(from);
  return {static_cast<std::uint64_t>(from),
          std::string(as_text(data.subspan(begin, std::min(kWindow, data.size() - begin))))};
}

Evaluator::Evaluator(const Book& book)
    : book_(book), set_(*book.set), memory_(std::make_unique<detect::CoreMemory>(set_)) {}

/// Asks for one thing more of the header each time, and sees at which it does not fit any more. So `<>`, which
/// may fit either way round, is judged by the packet path's own function.
bool Evaluator::header_part(const Question& q, const RuleHeader& h, const Subject& s, Finding& out) {
  RuleHeader open = h;
  open.protos = detect::proto_bit::kAll;
  open.families = open.ways = open.states = 7;
  open.src = open.dst = open.src_ports = open.dst_ports = open.apps = 0;
  const rules::Rule& r = *q.rule;
  const bool turned = r.arrow != rules::Arrow::kToDestination;
  out.stage = Stage::kHeader;
  out.looked = true;
  unsigned n = 0;
  const auto fits = [&] {
    out.score = n++;
    return detect::header_fits(set_, open, s, *memory_);
  };
  const auto stop = [&](const char* part, std::string asked, std::string met) {
    out.part = part;
    out.asked = std::move(asked);
    out.met = std::move(met);
    return false;
  };
  // Most packets fit: words are found when one does not.
  const char* const either = turned ? ", either way round" : "";
  const auto met = [&](auto&& text, const auto& mine, const auto& other) -> std::string {
    return turned ? text(mine) + " and " + text(other) : text(mine);
  };
  const auto address = [&](const Address& mine, const Address& other) -> std::string {
    if (s.family == detect::family_bit::kNoIp) return "no IP address";
    return met([](const Address& a) { return rules::address_text(a); }, mine, other);
  };
  const auto port = [&](std::uint16_t mine, std::uint16_t other) {
    return met([](std::uint16_t p) { return std::to_string(p); }, mine, other);
  };
  open.protos = h.protos;
  open.families = h.families;
  if (!fits()) return stop("protocol", header_protocol(r, book_.protocols), subject_protocol(s));
  open.src = h.src;
  if (!fits()) return stop("source_address", rules::describe(*r.src) + either, address(*s.src, *s.dst));
  open.dst = h.dst;
  if (!fits()) return stop("destination_address", rules::describe(*r.dst) + either, address(*s.dst, *s.src));
  open.src_ports = h.src_ports;
  if (!fits())
    return stop("source_port", rules::describe(*r.src_port) + either, port(s.src_port, s.dst_port));
  open.dst_ports = h.dst_ports;
  if (!fits())
    return stop("destination_port", rules::describe(*r.dst_port) + either, port(s.dst_port, s.src_port));
  open.ways = h.ways;
  if (!fits())
    return stop("direction", flow_words(r.flow),
                s.flow == nullptr ? "a packet that belongs to no flow" : way_text(s.dir));
  out.score = kHeaderFits;
  return true;
}

Finding Evaluator::header(const Question& q, const Subject& s) {
  RuleHeader h = set_.rules[q.indexes.front()];
  for (const detect::RuleIndex i : q.indexes) h.ways |= set_.rules[i].ways;
  Finding out;
  header_part(q, h, s, out);
  return out;
}

Finding Evaluator::evaluate(const Question& q, detect::RuleIndex index, const Occasion& occasion,
                            const Finding& best) {
  const Subject& s = occasion.subject;
  Work w{q, set_.rules[index], occasion, best, {}, 0};
  Finding& out = w.out;
  out.looked = true;
  out.packet = s.packet->data == nullptr ? 0 : s.packet->at.number;  // made up: at the flow's end
  out.time_ns = s.packet->time_ns;
  out.direction = s.dir;
  if (occasion.tx != nullptr) {
    out.has_tx = true;
    out.tx_id = occasion.tx->id;
  }
  if (!header_part(q, w.h, s, out)) return out;
  memory_->dataset_hit_count = 0;
  out.options = options_of(set_, w.h);
  if (state_holds(w) && pattern_seen(w) && options_hold(w)) {
    out.stage = Stage::kFired;
    out.score = 0;
  }
  return out;
}

bool Evaluator::state_holds(Work& w) {
  const Subject& s = w.occasion.subject;
  const rules::Rule& r = *w.question.rule;
  const auto stop = [&](unsigned score, const char* part, auto&& asked, auto&& met) {
    if (!w.ends(Stage::kState, score)) return false;
    w.out.part = part;
    w.out.asked = asked();
    w.out.met = met();
    return false;
  };
  const auto app = [&] { return met_by_app(s.app, s.flow, book_.protocols); };
  if (w.h.apps != 0 && !set_.app_sets[w.h.apps].has(s.app))
    return stop(
        0, "app_protocol", [&] { return "a flow of " + header_protocol(r, book_.protocols); }, app);
  if ((w.h.states & s.state) == 0) {
    return stop(
        1, "flow",
        [&] { return std::string(r.flow.established ? "flow:established" : "flow:not_established"); },
        [&] {
          return std::string(s.flow == nullptr                    ? "the packet belongs to no flow"
                             : s.state == detect::state_bit::kNew ? "the flow was not established yet"
                                                                  : "the flow was established");
        });
  }
  unsigned score = 2;
  RuleHeader one;
  one.packet_tests = one.state_tests = 1;
  for (unsigned i = 0; i < w.h.packet_tests; ++i, ++score) {
    one.first_packet_test = w.h.first_packet_test + i;
    if (set_.packet_tests[one.first_packet_test].kind != detect::PacketTest::Kind::kAppProtocol ||
        detect::packet_tests_hold(set_, one, s))
      continue;
    return stop(
        score, "app_protocol", [&] { return rules::describe(r.packet_tests[i], book_.protocols); }, app);
  }
  for (unsigned i = 0; i < w.h.state_tests; ++i, ++score) {
    one.first_state_test = w.h.first_state_test + i;
    if (detect::state_tests_hold(set_, one, s, *memory_)) continue;
    // Bits first, then integers, then variables, as the planner has them.
    std::vector<std::pair<const char*, std::string>> asked;
    for (const rules::StateBit& b : r.state_bits) {
      const bool on_worker =
          b.scope == rules::StateBit::Scope::kFlow || b.scope == rules::StateBit::Scope::kTransaction;
      if (on_worker && b.op >= rules::StateBit::Op::kIsSet)
        asked.emplace_back("flowbits", rules::describe(b));
    }
    for (const rules::FlowInt& f : r.flow_ints) {
      if (f.op > rules::FlowInt::Op::kSubtract) asked.emplace_back("flowint", rules::describe(f));
    }
    for (const rules::VariableTest& v : r.variable_tests)
      asked.emplace_back(v.of_flow ? "flowvar" : "pktvar", rules::describe(v));
    return stop(
        score, i < asked.size() ? asked[i].first : "flowbits",
        [&] { return i < asked.size() ? asked[i].second : std::string(); },
        [&] { return met_by_state(set_.state_ops[one.first_state_test], set_, s, *memory_); });
  }
  return true;
}

/// The packet path comes to the rule only where the pattern stands.
bool Evaluator::pattern_seen(Work& w) {
  const rules::PlanNote& note = w.question.note;
  if (note.found_by != rules::PlanNote::FoundBy::kPattern) return true;
  const rules::Rule& r = *w.question.rule;
  const rules::Group& group = r.groups[note.group];
  std::string needle = note.fast_pattern;
  if (note.nocase)
    std::transform(needle.begin(), needle.end(), needle.begin(),
                   [](char c) { return static_cast<char>(to_lower(static_cast<std::uint8_t>(c))); });
  const bool of_frame = group.place == rules::Place::kFrame;
  const auto stands = [&](Bytes in) {
    return detect::find_bytes(in, as_bytes(needle), note.nocase) != detect::kNotFound;
  };
  Finding& out = w.out;
  unsigned count = 0;
  if (group.place == rules::Place::kPayload || of_frame) {
    Buffer payload = *w.occasion.payload;
    if (of_frame && !group.transforms.empty()) {
      const auto place =
          std::find(w.question.groups.begin(), w.question.groups.end(), &group) - w.question.groups.begin();
      const detect::Group& g = set_.groups[w.h.first_group + static_cast<std::size_t>(place)];
      payload.data = detect::apply(set_, set_.transform_lists[g.transforms], payload.data, *memory_, stats_);
    }
    if (stands(payload.data)) return true;
    count = 1;
    if (!w.ends(Stage::kPrefilter, payload.data.empty() ? 0 : 1)) return false;
    out.size = payload.data.size();
    out.window = window_of(payload.data, 0);
    out.window.offset += payload.offset;
    out.met = met_by_pattern(note.fast_pattern, note.nocase, payload);
  } else {
    const auto place =
        std::find(w.question.groups.begin(), w.question.groups.end(), &group) - w.question.groups.begin();
    const detect::Group& g = set_.groups[w.h.first_group + static_cast<std::size_t>(place)];
    Finding first;  // a transformed value does not last
    const auto look = [&](const Buffer& b, unsigned) {
      if (++count == 1) {
        first.size = b.data.size();
        first.window = window_of(b.data, 0);
        first.met = met_by_pattern(note.fast_pattern, note.nocase, b);
      }
      return stands(b.data);
    };
    if (detect::tx_group_matches(set_, g, w.occasion.subject, *w.occasion.tx, *memory_, stats_, look))
      return true;
    if (!w.ends(Stage::kPrefilter, count != 0 ? 1 : 0)) return false;
    out.size = first.size;
    out.window = first.window;
    out.met = count == 0   ? "there was no " + std::string(group.name)
              : count == 1 ? first.met
                           : "it stands in none of its " + std::to_string(count) + " values";
  }
  out.part = "fast_pattern";
  out.asked =
      "content:\"" + rules::printable(note.fast_pattern, kWindow) + "\"" + (note.nocase ? "; nocase" : "");
  out.buffer = group.place == rules::Place::kPayload ? (w.occasion.of_packet ? "packet payload" : "stream")
                                                     : std::string(group.name);
  out.has_value = count != 0;
  out.instances = count;
  return false;
}

bool Evaluator::options_hold(Work& w) {
  const Subject& s = w.occasion.subject;
  const rules::Rule& r = *w.question.rule;
  RuleHeader one;
  one.packet_tests = 1;
  for (unsigned i = 0; i < w.h.packet_tests; ++i, ++w.passed) {
    one.first_packet_test = w.h.first_packet_test + i;
    if (detect::packet_tests_hold(set_, one, s)) continue;
    if (!w.ends(Stage::kOption, w.passed)) return false;
    w.out.option = w.passed + 1;
    if (i < r.packet_tests.size()) {
      w.out.asked = rules::describe(r.packet_tests[i], book_.protocols);
      w.out.met = met_by_packet(r.packet_tests[i], s, book_.protocols);
    } else {
      w.out.asked = r.flow.only_frag ? "flow:only_frag" : "flow:no_frag";
      w.out.met = r.flow.only_frag ? "no fragment" : "a fragment, or put together of fragments";
    }
    w.out.part = part_of(w.out.asked);
    return false;
  }
  for (unsigned i = 0; i < w.h.tx_tests; ++i, ++w.passed) {
    if (detect::tx_test_holds(set_, set_.tx_tests[w.h.first_tx_test + i], s, *w.occasion.tx, stats_))
      continue;
    if (!w.ends(Stage::kOption, w.passed)) return false;
    w.out.option = w.passed + 1;
    w.out.asked = rules::describe(r.transaction_tests[i], book_.protocols);
    w.out.met = met_by_transaction(r.transaction_tests[i], s, *w.occasion.tx, book_.protocols);
    w.out.part = part_of(w.out.asked);
    return false;
  }
  for (unsigned i = w.h.payload_groups; i < w.h.groups; ++i) {
    if (!tx_group_holds(w, set_.groups[w.h.first_group + i], *w.question.groups[i])) return false;
  }
  for (unsigned i = 0; i < w.h.payload_groups; ++i) {
    if (!payload_group_holds(w, set_.groups[w.h.first_group + i], *w.question.groups[i])) return false;
  }
  return true;
}

bool Evaluator::tx_group_holds(Work& w, const detect::Group& g, const rules::Group& source) {
  GroupTrace furthest;
  bool any = false;
  unsigned count = 0;
  Finding at_furthest = w.out;
  const auto run = [&](const Buffer& b, unsigned instance) {
    ++count;
    GroupTrace trace;
    if (detect::trace_group(set_, g, b, *memory_, stats_, trace)) return true;
    if (any && trace.op <= furthest.op) return false;
    any = true;
    furthest = trace;
    miss(w, g, source, b, trace, instance);
    at_furthest = w.out;
    return false;
  };
  if (detect::tx_group_matches(set_, g, w.occasion.subject, *w.occasion.tx, *memory_, stats_, run)) {
    w.passed += std::max<unsigned>(1, g.ops);
    return true;
  }
  if (any) {
    w.out = at_furthest;
    w.out.instances = count;
    return false;
  }
  if (!w.ends(Stage::kOption, w.passed)) return false;
  const bool unwanted = (g.flags & detect::Group::kAbsent) != 0;
  w.out.option = w.passed + 1;
  w.out.buffer = source.name;
  w.out.part = unwanted ? "absent" : "no_buffer";
  w.out.asked = unwanted ? "absent" : rules::describe(source.clauses.front(), *w.question.rule);
  w.out.met = (unwanted ? "there was a " : "there was no ") + std::string(source.name);
  return false;
}

bool Evaluator::payload_group_holds(Work& w, const detect::Group& g, const rules::Group& source) {
  Buffer b;
  const Buffer nothing;
  const Buffer& payload = w.occasion.payload != nullptr ? *w.occasion.payload : nothing;
  if (!detect::bytes_of_place(set_, g, w.occasion.subject, payload, *memory_, b)) {
    if (!w.ends(Stage::kOption, w.passed)) return false;
    w.out.option = w.passed + 1;
    w.out.buffer = source.name;
    w.out.part = "no_buffer";
    w.out.asked = rules::describe(source.clauses.front(), *w.question.rule);
    w.out.met = "the packet has no " + std::string(source.name);
    return false;
  }
  if (g.transforms != 0) {
    b.data = detect::apply(set_, set_.transform_lists[g.transforms], b.data, *memory_, stats_);
    b.offset = 0;
  }
  GroupTrace trace;
  if (detect::trace_group(set_, g, b, *memory_, stats_, trace)) {
    w.passed += std::max<unsigned>(1, g.ops);
    return true;
  }
  miss(w, g, source, b, trace, 0);
  w.out.instances = 1;
  return false;
}

/// Words for the op at which a group ended.
void Evaluator::miss(Work& w, const detect::Group& g, const rules::Group& source, const Buffer& b,
                     const GroupTrace& trace, unsigned instance) {
  Finding& out = w.out;
  if (!w.ends(Stage::kOption, w.passed + trace.op)) return;
  out.option = std::min(w.passed + trace.op + 1, out.options);
  out.buffer = source.place == rules::Place::kPayload ? (w.occasion.of_packet ? "packet payload" : "stream")
                                                      : std::string(source.name);
  if (!source.transforms.empty()) out.buffer += " (transformed)";
  out.has_value = true;
  out.size = b.data.size();
  out.instance = instance;
  if (trace.stale) {
    out.part = "seen_before";
    out.asked = "something that was not inspected before";
    out.met = "all of it lies in the first " + std::to_string(b.fresh) +
              " bytes, which were inspected with the bytes before them";
    out.window = window_of(b.data, 0);
    out.window.offset += b.offset;
    return;
  }
  // Clauses and ops go together, but for `absent`, which is none.
  std::vector<const rules::Clause*> clauses;
  for (const rules::Clause& c : source.clauses) {
    if (!std::holds_alternative<rules::Absent>(c)) clauses.push_back(&c);
  }
  if (trace.op >= clauses.size()) return;
  const rules::Clause& clause = *clauses[trace.op];
  out.asked = rules::describe(clause, *w.question.rule);
  const Met met = met_by_clause(clause, set_, set_.ops[g.first_op + trace.op], trace, b);
  out.part = met.part;
  out.met = met.text;
  out.window = window_of(b.data, met.at);
  out.window.offset += b.offset;
}

}  // namespace picket::explain
