// sensor/rules/check.cc — what no single keyword can see
#include <algorithm>
#include <limits>

#include "sensor/rules/parse.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

using Ids = std::vector<ProtocolId>;

/// Something in the rule that needs certain protocols: a buffer, an integer, a keyword, an event.
struct Need {
  std::string_view name;
  std::vector<FieldRef*> fields;
  std::array<bool, 2> sides{};  ///< by Direction: may be answered there
};

std::string quoted(std::string_view word) { return "'" + std::string(word) + "'"; }

/// The place in the rule where the name stands, in its modern or older spelling; else its beginning.
std::string_view place_of(std::string_view text, std::string_view name) {
  auto at = text.find(name);
  if (at == std::string_view::npos) {
    std::string older(name);
    std::replace(older.begin(), older.end(), '.', '_');
    at = text.find(older);
  }
  return at == std::string_view::npos ? text.substr(0, 1) : text.substr(at, name.size());
}

std::string names_of(const Environment& env, const Ids& ids) {
  std::string all;
  for (const ProtocolId id : ids) all += (all.empty() ? "" : "/") + std::string(env.spec(id).name);
  return all;
}

std::uint8_t transports_of(HeaderProtocol protocol) noexcept {
  switch (protocol) {
    case HeaderProtocol::kTcp:
    case HeaderProtocol::kTcpStream:
    case HeaderProtocol::kTcpPacket:
      return static_cast<std::uint8_t>(Transport::kTcp);
    case HeaderProtocol::kUdp:
      return static_cast<std::uint8_t>(Transport::kUdp);
    case HeaderProtocol::kIcmp:
    case HeaderProtocol::kIcmp4:
    case HeaderProtocol::kIcmp6:
    case HeaderProtocol::kSctp:
    case HeaderProtocol::kIgmp:
    case HeaderProtocol::kArp:
      return 0;
    case HeaderProtocol::kEther:
      return static_cast<std::uint8_t>(Transport::kEthernet);
    default:
      return 0xff;
  }
}

template <class Def>
void note_sides(const Def& def, Need& need) noexcept {
  for (std::size_t side = 0; side < 2; ++side)
    need.sides[side] = need.sides[side] || def.progress[side] != kNever;
}

std::vector<Need> needs_of(const Environment& env, Rule& rule) {
  std::vector<Need> needs;
  for (Group& group : rule.groups) {
    if (group.place != Place::kTransaction && group.place != Place::kFrame) continue;
    Need need{group.name, {}, {}};
    for (FieldRef& field : group.fields) need.fields.push_back(&field);
    needs.push_back(std::move(need));
  }
  for (TransactionTest& test : rule.transaction_tests) {
    Need need;
    if (auto* integer = std::get_if<IntegerMatch>(&test)) {
      for (FieldRef& field : integer->fields) need.fields.push_back(&field);
      need.name = env.spec(integer->fields.front().protocol).integers[integer->fields.front().index].name;
    } else if (auto* keyword = std::get_if<KeywordMatch>(&test)) {
      for (auto& compiled : keyword->any_of) need.fields.push_back(&compiled.field);
      need.name =
          env.spec(keyword->any_of.front().field.protocol).keywords[keyword->any_of.front().field.index].name;
    } else if (auto* hook = std::get_if<HookMatch>(&test)) {
      for (FieldRef& field : hook->fields) need.fields.push_back(&field);
      need.name = hook->name;
    } else {
      need.fields.push_back(&std::get<EventMatch>(test).event);
      need.name = "app-layer-event";
    }
    needs.push_back(std::move(need));
  }
  return needs;
}

/// Drops what other protocols declare under the same name.
void keep_only(Rule& rule, const Ids& ids) {
  const auto other = [&](const FieldRef& field) {
    return std::find(ids.begin(), ids.end(), field.protocol) == ids.end();
  };
  for (Group& group : rule.groups) std::erase_if(group.fields, other);
  for (TransactionTest& test : rule.transaction_tests) {
    if (auto* integer = std::get_if<IntegerMatch>(&test)) std::erase_if(integer->fields, other);
    if (auto* keyword = std::get_if<KeywordMatch>(&test))
      std::erase_if(keyword->any_of, [&](const auto& c) { return other(c.field); });
    if (auto* hook = std::get_if<HookMatch>(&test)) std::erase_if(hook->fields, other);
  }
}

/// Every buffer and keyword must exist in one protocol that the header admits.
bool check_protocols(Builder& builder, std::string_view text) {
  Rule& rule = builder.rule();
  const auto& env = builder.environment();
  const auto needs = needs_of(env, rule);
  if (needs.empty()) return true;
  Ids possible = rule.app_protocols;
  bool from_header = rule.protocol == HeaderProtocol::kApp;
  std::string_view before;
  for (const Need& need : needs) {
    Ids here;
    for (const FieldRef* field : need.fields) {
      const bool fits = (env.spec(field->protocol).transports & transports_of(rule.protocol)) != 0;
      const bool admitted = (!from_header && before.empty()) ||
                            std::find(possible.begin(), possible.end(), field->protocol) != possible.end();
      if (fits && admitted) here.push_back(field->protocol);
    }
    if (here.empty()) {
      const auto where = place_of(text, need.name);
      if (!before.empty())
        return builder.fail(where, quoted(need.name) + " and " + quoted(before) +
                                       " belong to different protocols, so the rule can never match");
      if (from_header)
        return builder.fail(where,
                            quoted(need.name) + " does not exist in " + names_of(env, rule.app_protocols));
      return builder.fail(
          where, quoted(need.name) + " belongs to a protocol that the header's transport does not carry");
    }
    std::sort(here.begin(), here.end());
    here.erase(std::unique(here.begin(), here.end()), here.end());
    possible = std::move(here);
    before = need.name;
  }
  keep_only(rule, possible);
  return true;
}

/// What exists in one direction only settles the rule's direction; `=>` looks at both.
bool check_direction(Builder& builder, std::string_view text) {
  Rule& rule = builder.rule();
  if (rule.arrow == Arrow::kTransaction) return true;
  const auto& env = builder.environment();
  constexpr auto kServer = index(Direction::kToServer), kClient = index(Direction::kToClient);
  std::string_view to_server, to_client;  // the first name that exists there alone
  const auto weigh = [&](const Need& need) {
    if (need.sides[kServer] == need.sides[kClient]) return;
    auto& name = need.sides[kServer] ? to_server : to_client;
    if (name.empty()) name = need.name;
  };
  for (const Group& group : rule.groups) {
    if (group.place != Place::kTransaction) continue;
    Need need{group.name, {}, {}};
    for (const FieldRef field : group.fields) note_sides(env.spec(field.protocol).buffers[field.index], need);
    weigh(need);
  }
  for (const TransactionTest& test : rule.transaction_tests) {
    Need need;
    if (const auto* integer = std::get_if<IntegerMatch>(&test)) {
      for (const FieldRef field : integer->fields) {
        const auto& def = env.spec(field.protocol).integers[field.index];
        need.name = def.name;
        note_sides(def, need);
      }
    } else if (const auto* keyword = std::get_if<KeywordMatch>(&test)) {
      for (const auto& compiled : keyword->any_of) {
        const auto& def = env.spec(compiled.field.protocol).keywords[compiled.field.index];
        need.name = def.name;
        note_sides(def, need);
      }
    } else if (const auto* hook = std::get_if<HookMatch>(&test)) {
      need.name = hook->name;
      need.sides[index(hook->side)] = true;
    }
    weigh(need);
  }
  if (!to_server.empty() && !to_client.empty()) {
    return builder.fail(place_of(text, to_client),
                        quoted(to_server) + " is the client's and " + quoted(to_client) +
                            " the server's, so the rule can never match",
                        "use => to look at both sides of a transaction");
  }
  if (!to_server.empty() && rule.flow.to_client)
    return builder.fail(place_of(text, to_server), quoted(to_server) + " never exists to_client");
  if (!to_client.empty() && rule.flow.to_server)
    return builder.fail(place_of(text, to_client), quoted(to_client) + " never exists to_server");
  rule.flow.to_server = rule.flow.to_server || !to_server.empty();
  rule.flow.to_client = rule.flow.to_client || !to_client.empty();
  return true;
}

/// A frame is looked at when its bytes are there, alone: what packets, streams and transactions hold is not at
/// hand then.
bool check_frame(Builder& builder, std::string_view text) {
  const Rule& rule = builder.rule();
  const auto of_frame = [](const Group& g) { return g.place == Place::kFrame; };
  const auto frame = std::find_if(rule.groups.begin(), rule.groups.end(), of_frame);
  if (frame == rule.groups.end()) return true;
  for (const Group& g : rule.groups) {
    if (g.place == Place::kBase64) continue;
    if (!of_frame(g)) {
      const std::string other = g.place == Place::kPayload ? "a content outside of it" : quoted(g.name);
      return builder.fail(place_of(text, "frame"),
                          "a rule that looks at a frame cannot look at " + other + ", too",
                          "use two rules and a flowbit");
    }
    if (g.fields != frame->fields)
      return builder.fail(place_of(text, "frame"),
                          "a rule looks at one kind of frame, and this one names two");
  }
  if (!rule.transaction_tests.empty())
    return builder.fail(place_of(text, "frame"),
                        "a rule that looks at a frame cannot ask for what transactions hold, too",
                        "use two rules and a flowbit");
  if (rule.arrow == Arrow::kTransaction)
    return builder.fail(place_of(text, "=>"), "=> joins buffers of a transaction; a frame is none",
                        "use -> or <>");
  const bool of_packets = std::any_of(rule.packet_tests.begin(), rule.packet_tests.end(), [](const auto& t) {
    const auto* number = std::get_if<PacketNumber>(&t);
    const bool of_flow = number != nullptr && number->field >= PacketField::kFlowAgeSeconds;
    return !of_flow && !std::holds_alternative<AppProtocolIs>(t) &&
           !std::holds_alternative<AddressReputation>(t) && !std::holds_alternative<CountryIs>(t) &&
           !std::holds_alternative<NetworkProtocol>(t);
  });
  if (of_packets)
    return builder.fail(place_of(text, "frame"),
                        "a rule that looks at a frame cannot ask for what single packets hold, too");
  return true;
}

/// Some buffers are lower case by definition.
bool check_case(Builder& builder, std::string_view text) {
  for (Group& group : builder.rule().groups) {
    if (group.name != "http.host" && group.name != "tls.cert_fingerprint") continue;
    for (Clause& clause : group.clauses) {
      auto* content = std::get_if<Content>(&clause);
      if (content == nullptr || content->nocase || !group.transforms.empty()) continue;
      const bool upper = std::any_of(content->bytes.begin(), content->bytes.end(),
                                     [](char c) { return c >= 'A' && c <= 'Z'; });
      if (upper)
        return builder.fail(
            place_of(text, group.name),
            quoted(group.name) + " is always lower case and can never hold " + quoted(content->bytes),
            "write the content in lower case");
    }
  }
  return true;
}

/// The most that a test lets pass.
std::uint64_t most(const IntegerTest& t) noexcept {
  return t.kind == IntegerTest::Kind::kInRange && !t.negated ? t.hi
                                                             : std::numeric_limits<std::uint64_t>::max();
}

/// Contents that find no room in what bsize and dsize let pass.
void warn_of_sizes(Builder& builder, std::string_view text) {
  const Rule& rule = builder.rule();
  std::uint64_t dsize = std::numeric_limits<std::uint64_t>::max();
  for (const PacketTest& t : rule.packet_tests) {
    const auto* n = std::get_if<PacketNumber>(&t);
    if (n != nullptr && n->field == PacketField::kDsize) dsize = std::min(dsize, most(n->test));
  }
  for (const Group& group : rule.groups) {
    std::uint64_t room = std::numeric_limits<std::uint64_t>::max(), needed = 0;
    const bool payload = group.place == Place::kPayload && group.transforms.empty();
    if (payload) room = dsize;
    for (const Clause& clause : group.clauses) {
      if (const auto* size = std::get_if<BufferSize>(&clause)) room = std::min(room, most(size->test));
      const auto* c = std::get_if<Content>(&clause);
      if (c == nullptr || c->negated) continue;
      const bool placed = !c->relative() && c->offset && !c->offset->is_variable();
      needed =
          std::max(needed, c->bytes.size() + (placed ? static_cast<std::uint64_t>(c->offset->value) : 0));
    }
    if (needed <= room) continue;
    builder.warn(place_of(text, payload && room == dsize ? "dsize" : "bsize"),
                 "the rule can never match: its contents need " + std::to_string(needed) + " bytes, and " +
                     std::to_string(room) + " are the most it lets pass");
  }
}

/// A server's port where the client stands, and the other way round: mostly source and destination, or the
/// flow's direction, are the wrong way round.
void warn_of_direction(Builder& builder, std::string_view text) {
  constexpr std::uint16_t kServices = 1024;
  const Rule& rule = builder.rule();
  if (rule.arrow != Arrow::kToDestination || rule.flow.to_server == rule.flow.to_client) return;
  const PortSet& client = rule.flow.to_server ? *rule.src_port : *rule.dst_port;
  const PortSet& server = rule.flow.to_server ? *rule.dst_port : *rule.src_port;
  if (client.any || !server.any) return;
  if (!std::all_of(client.ranges.begin(), client.ranges.end(),
                   [](const PortRange& r) { return r.last < kServices; }))
    return;
  builder.warn(text.substr(0, 1),
               std::string("the direction is ") +
                   (rule.flow.to_server ? "to_server, and the rule names a source port"
                                        : "to_client, and the rule names a destination port") +
                   ", which there is the client's",
               "should source and destination change places?");
}

/// A hook of packets leaves out what no single packet has.
bool check_flow_start(Builder& builder, std::string_view text) {
  const Rule& rule = builder.rule();
  if (!rule.flow_start) return true;
  const bool of_packets =
      rule.transaction_tests.empty() && !rule.flow.only_stream &&
      rule.protocol != HeaderProtocol::kTcpStream && rule.protocol != HeaderProtocol::kApp &&
      std::none_of(rule.groups.begin(), rule.groups.end(),
                   [](const Group& g) { return g.place == Place::kTransaction || g.place == Place::kFrame; });
  return of_packets ||
         builder.fail(place_of(text, "flow_start"),
                      "hook 'flow_start' is of packets: a rule there asks for nothing of streams "
                      "and protocols");
}

bool check_transport(Builder& builder, std::string_view text) {
  const Rule& rule = builder.rule();
  const bool stream = rule.flow.only_stream || rule.protocol == HeaderProtocol::kTcpStream;
  if (stream && (transports_of(rule.protocol) & static_cast<std::uint8_t>(Transport::kTcp)) == 0) {
    return builder.fail(place_of(text, "only_stream"), "only TCP has a stream");
  }
  return true;
}

}  // namespace

bool check_rule(Builder& builder, std::string_view text) {
  Rule& rule = builder.rule();
  if (rule.sid == 0)
    return builder.fail(text.substr(0, 1), "the rule has no sid",
                        "every rule needs a number of its own, as in sid:1000001;");
  std::erase_if(rule.groups, [](const Group& group) { return group.clauses.empty(); });
  if (rule.action == Action::kConfig && !rule.config)
    return builder.fail(text.substr(0, 1), "action config needs the keyword config");
  if (!check_transport(builder, text) || !check_flow_start(builder, text) ||
      !check_protocols(builder, text) || !check_frame(builder, text) || !check_direction(builder, text) ||
      !check_case(builder, text))
    return false;
  warn_of_sizes(builder, text);
  warn_of_direction(builder, text);
  return true;
}

}  // namespace picket::rules
