// What is done with OPC UA, to which nodes, with which values (parsers/core/ot.h).
#include "parsers/core/text_writer.h"
#include "parsers/opcua/opcua_watched.h"

namespace picket::opcua {
namespace {

using enum OtClass;

// The gravest class that applies; the technique as MITRE ATT&CK for ICS defines it, "" where none applies.
constexpr OtOperation kOperations[] = {
    {kNone, "service", "", true},
    {kNone, "open connection", ""},
    {kNone, "offer connection", ""},
    {kNone, "report error", ""},
    {kNone, "open secure channel", ""},
    {kNone, "renew secure channel", ""},
    {kNone, "close secure channel", ""},
    {kNone, "encrypted messages", ""},
    {kNone, "create session", ""},
    {kNone, "activate session", ""},
    {kNone, "activate session with user name", "T0859"},
    {kNone, "activate session with certificate", "T0859"},
    {kNone, "activate session with issued token", "T0859"},
    {kNone, "close session", ""},
    {kNone, "cancel request", ""},
    {kNone, "invoke without session", "", true},
    {kRead, "find servers", "T0846"},
    {kRead, "find servers on network", "T0846"},
    {kRead, "get endpoints", "T0888"},
    {kConfigure, "register server", ""},
    {kRead, "browse", "T0861"},
    {kRead, "browse on", "T0861"},
    {kRead, "translate browse paths", "T0861"},
    {kRead, "register nodes", ""},
    {kRead, "unregister nodes", ""},
    {kRead, "query", "T0861"},
    {kRead, "query on", "T0861"},
    {kRead, "read values", "T0801"},
    {kRead, "read attributes", "T0861"},
    {kRead, "read server information", "T0888"},
    {kRead, "read history", "T0801"},
    {kWrite, "write values", "T0836"},
    {kConfigure, "write attributes", "T0836"},
    {kWrite, "update history", "T0836"},
    {kWrite, "delete history", "T0872"},
    {kControl, "call method", "T0871"},
    {kAlarm, "acknowledge alarm", ""},
    {kAlarm, "silence alarm", "T0878"},
    {kAlarm, "ask for alarms again", ""},
    {kConfigure, "change server configuration", ""},
    {kRead, "create subscription", ""},
    {kRead, "modify subscription", ""},
    {kRead, "set publishing mode", ""},
    {kRead, "transfer subscriptions", ""},
    {kRead, "delete subscriptions", ""},
    {kRead, "create monitored items", "T0801"},
    {kRead, "modify monitored items", "T0801"},
    {kRead, "set monitoring mode", ""},
    {kRead, "link monitored items", ""},
    {kRead, "delete monitored items", ""},
    {kRead, "publish", "T0801"},
    {kRead, "publish again", "T0801"},
    {kConfigure, "add nodes", ""},
    {kConfigure, "add references", ""},
    {kConfigure, "delete nodes", ""},
    {kConfigure, "delete references", ""},
};

/// Fails to compile where the table has no such line.
consteval const OtOperation* line(std::string_view name) {
  for (const OtOperation& o : kOperations) {
    if (o.name == name) return &o;
  }
  throw "no such operation";
}

struct Entry {
  std::uint16_t number;  // of the request's encoding
  const OtOperation* operation;
};
constexpr Entry kServices[] = {
    {422, line("find servers")},
    {428, line("get endpoints")},
    {437, line("register server")},
    {461, line("create session")},
    {467, line("activate session")},
    {473, line("close session")},
    {479, line("cancel request")},
    {488, line("add nodes")},
    {494, line("add references")},
    {500, line("delete nodes")},
    {506, line("delete references")},
    {527, line("browse")},
    {533, line("browse on")},
    {554, line("translate browse paths")},
    {560, line("register nodes")},
    {566, line("unregister nodes")},
    {615, line("query")},
    {621, line("query on")},
    {631, line("read values")},
    {664, line("read history")},
    {673, line("write values")},
    {700, line("update history")},
    {712, line("call method")},
    {751, line("create monitored items")},
    {763, line("modify monitored items")},
    {769, line("set monitoring mode")},
    {775, line("link monitored items")},
    {781, line("delete monitored items")},
    {787, line("create subscription")},
    {793, line("modify subscription")},
    {799, line("set publishing mode")},
    {826, line("publish")},
    {832, line("publish again")},
    {841, line("transfer subscriptions")},
    {847, line("delete subscriptions")},
    {12208, line("find servers on network")},
    {12211, line("register server")},
    {15903, line("invoke without session")},
};

// Methods that every server has alike, by the numbers of their types (OPC 10000-9, -12; namespace 0).
constexpr Entry kMethods[] = {
    {2947, line("silence alarm")},  // Unshelve, OneShotShelve, TimedShelve
    {2948, line("silence alarm")},
    {2949, line("silence alarm")},
    {3875, line("ask for alarms again")},  // ConditionRefresh
    {9027, line("silence alarm")},         // Enable, Disable of a condition
    {9028, line("silence alarm")},
    {9111, line("acknowledge alarm")},
    {9113, line("acknowledge alarm")},             // Confirm
    {12740, line("change server configuration")},  // ApplyChanges
    {12886, line("change server configuration")},  // RequestServerStateChange
    {12912, line("ask for alarms again")},         // ConditionRefresh2
    {13737, line("change server configuration")},  // UpdateCertificate
    {16402, line("silence alarm")},                // Silence, Suppress, Unsuppress
    {16403, line("silence alarm")},
    {17868, line("silence alarm")},
    {17869, line("silence alarm")},  // RemoveFromService, PlaceInService
    {17870, line("silence alarm")},
};

const OtOperation* find(std::span<const Entry> table, std::uint32_t number) noexcept {
  for (const Entry& e : table) {
    if (e.number == number) return e.operation;
  }
  return nullptr;
}

/// Nodes of the object Server: what it is, what it can do, how it is.
bool is_server_information(const NodeId& id) noexcept {
  return id.is_standard() && node_name(id).starts_with("Server");
}

const OtOperation* of_read(const Message& m) noexcept {
  bool values = false, attributes = false, information = true;
  Token t;
  for (Walker w = m.walk(); w.next(t);) {
    if (t.tag == Tag::kNodeId && !is_server_information(t.id)) information = false;
    if (t.tag == Tag::kAttributeId) (t.number == kValueAttribute ? values : attributes) = true;
  }
  if (attributes && !values) return line("read attributes");
  if (!values) information = false;
  return information ? line("read server information") : line("read values");
}

const OtOperation* of_write(const Message& m) noexcept {
  Token t;
  for (Walker w = m.walk(); w.next(t);) {
    if (t.tag == Tag::kAttributeId && t.number != kValueAttribute) return line("write attributes");
  }
  return line("write values");
}

const OtOperation* of_call(const Message& m) noexcept {
  const OtOperation* found = nullptr;
  Token t;
  for (Walker w = m.walk(); w.next(t);) {
    if (t.tag != Tag::kMethodId) continue;
    const OtOperation* o = t.id.is_standard() ? find(kMethods, t.id.number) : nullptr;
    // Of several the gravest, which is any that is not known.
    if (o == nullptr) return line("call method");
    if (found == nullptr || o->ot_class > found->ot_class) found = o;
  }
  return found == nullptr ? line("call method") : found;
}

const OtOperation* of_history(const Message& m) noexcept {
  Token t;
  for (Walker w = m.walk(); w.next(t);) {
    if (t.tag == Tag::kItems && t.kind == Token::Kind::kBegin && t.of != nullptr &&
        t.of->name.starts_with("Delete")) {
      return line("delete history");
    }
  }
  return line("update history");
}

const OtOperation* of_service(const Message& m) noexcept {
  if (m.service == nullptr) return line("service");
  std::uint64_t number = 0;
  if (!m.service->request) {
    if (!service_by_name(m.service->name, number)) return line("service");
    const OtOperation* o = find(kServices, static_cast<std::uint32_t>(number));
    return o == nullptr ? line("service") : o;
  }
  if (m.is("Read")) return of_read(m);
  if (m.is("Write")) return of_write(m);
  if (m.is("Call")) return of_call(m);
  if (m.is("HistoryUpdate")) return of_history(m);
  switch (m.user_token) {
    case 1:
      return line("activate session with user name");
    case 2:
      return line("activate session with certificate");
    case 3:
      return line("activate session with issued token");
    default:
      break;
  }
  const OtOperation* o = find(kServices, m.service_id);
  return o == nullptr ? line("service") : o;
}

bool is_address(const Token& t) noexcept {
  return (t.kind == Token::Kind::kValue) &&
         (t.tag == Tag::kNodeId || t.tag == Tag::kObjectId || t.tag == Tag::kMethodId ||
          t.tag == Tag::kParentNodeId || t.tag == Tag::kTargetNodeId);
}
bool is_handle(const Token& t) noexcept {
  return t.kind == Token::Kind::kValue && t.tag == Tag::kClientHandle;
}
bool is_element(const Token& t) noexcept { return t.kind == Token::Kind::kValue && t.tag == Tag::kElement; }

/// Which of the walks of an exchange this is: see Scratch::Seek::what.
enum What : std::uint8_t { kAddresses = 1, kHandles, kElements };

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  if (x.counts || !x.has_question) return false;
  out = {};
  Token t;
  const Message& said = x.has_answer ? x.answer : x.question;
  if (said.is("Publish") || said.is("Republish")) {
    // What it tells of has numbers of the client's own.
    if (!seek(x, said, kHandles, n, t, is_handle)) return false;
    out.text = x.watched == nullptr
                   ? Bytes{}
                   : x.watched->node(said.subscription, static_cast<std::uint32_t>(t.number));
    if (out.text.empty()) {
      TextWriter w(x.scratch->room);
      out.text = (w << "client handle " << t.number).bytes();
    }
    return true;
  }
  if (x.question.service == nullptr || !x.question.service->request) return false;
  if (!seek(x, x.question, kAddresses, n, t, is_address)) return false;
  out.text = node_text(t.id, x.scratch->room);
  if (t.id.kind == IdKind::kNumeric) out.first = out.last = t.id.number;
  return true;
}

/// Of services whose variants are values of nodes; in others they are parts of filters.
bool has_values(const Message& m) noexcept {
  for (const std::string_view name : {"Read", "Write", "Call", "Publish", "Republish", "HistoryRead",
                                      "HistoryUpdate", "AddNodes", "QueryFirst", "QueryNext"}) {
    if (m.is(name)) return true;
  }
  return false;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  Token t;
  if (m == nullptr || !has_values(*m) || !seek(x, *m, kElements, n, t, is_element)) return false;
  out = {};
  out.is_number = is_numeric(t.type);
  if (out.is_number) {
    out.number = value_number(t);
  } else {
    out.text = value_text(t, x.scratch->room);
  }
  return true;
}

}  // namespace

const OtProtocol kOt = {
    .name = "opcua",
    .operations = kOperations,
    .address = address,
    .value = value,
};

const OtOperation* operation_of(const Exchange& x) noexcept {
  if (x.counts) return line("encrypted messages");
  const Message& m = x.question;
  switch (m.type) {
    case MessageType::kHello:
    case MessageType::kAcknowledge:
      return line("open connection");
    case MessageType::kReverseHello:
      return line("offer connection");
    case MessageType::kError:
      return line("report error");
    case MessageType::kOpen:
      return m.renews ? line("renew secure channel") : line("open secure channel");
    case MessageType::kClose:
      return line("close secure channel");
    case MessageType::kMessage:
      return m.aborted && m.service == nullptr ? line("service") : of_service(m);
  }
  return line("service");
}

}  // namespace picket::opcua
