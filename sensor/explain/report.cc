#include "sensor/explain/report.h"

#include <algorithm>
#include <ctime>
#include <iomanip>

#include "parsers/core/digest.h"
#include "sensor/rules/describe.h"

namespace picket::explain {
namespace {

constexpr std::size_t kRows = 40;     // of the table; --json has all
constexpr std::size_t kDetailed = 8;  // flows told in full

struct Row {
  const FlowAccount* flow;
  const Account* account;
  Answer answer;
};

std::string time_text(std::uint64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1'000'000'000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  char text[64];
  const std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
  std::snprintf(text + n, sizeof text - n, ".%06uZ", static_cast<unsigned>(ns % 1'000'000'000 / 1000));
  return text;
}

std::string proto_text(std::uint8_t proto) {
  switch (static_cast<IpProto>(proto)) {
    case IpProto::kTcp:
      return "TCP";
    case IpProto::kUdp:
      return "UDP";
    case IpProto::kIcmp:
      return "ICMP";
    case IpProto::kIcmpV6:
      return "ICMPv6";
    case IpProto::kSctp:
      return "SCTP";
    case IpProto::kNoIp:
      return "Ethernet";
    default:
      return "IP " + std::to_string(proto);
  }
}

bool has_ports(std::uint8_t proto) {
  return proto == static_cast<std::uint8_t>(IpProto::kTcp) ||
         proto == static_cast<std::uint8_t>(IpProto::kUdp) ||
         proto == static_cast<std::uint8_t>(IpProto::kSctp);
}

std::string end_text(const Address& a, std::uint16_t port, bool with_port) {
  std::string text = rules::address_text(a);
  if (!with_port) return text;
  return (a.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

bool is_link(const FlowAccount& f) {
  return f.proto == static_cast<std::uint8_t>(IpProto::kNoIp) && f.client_port != 0;
}

std::string mac_text(const Address& a) {
  std::string text;
  for (const std::uint8_t b : a.mac())
    text += std::string(text.empty() ? "" : ":") + kHexDigits[b >> 4] + kHexDigits[b & 15];
  return text;
}

std::string flow_text(const FlowAccount& f) {
  if (f.id == 0) return "packets that belong to no flow";
  if (is_link(f)) return proto_text(f.proto) + " " + mac_text(f.client) + " -> " + mac_text(f.server);
  const bool ports = has_ports(f.proto);
  return proto_text(f.proto) + " " + end_text(f.client, f.client_port, ports) + " -> " +
         end_text(f.server, f.server_port, ports);
}

/// "header 3, prefilter 12": where evaluations ended.
std::string ended_text(const Account& a) {
  static constexpr const char* kWords[] = {"header", "state", "fast pattern", "option", "", "matched"};
  std::string out;
  for (std::size_t i = 0; i < kStages; ++i) {
    if (a.ended[i] != 0)
      out += (out.empty() ? "" : ", ") + std::string(kWords[i]) + " " + std::to_string(a.ended[i]);
  }
  return out.empty() ? "none" : out;
}

/// Sixteen bytes a line: place, hexadecimal, characters.
void write_bytes(std::ostream& out, const Window& w) {
  for (std::size_t i = 0; i < w.bytes.size(); i += 16) {
    std::string hex, plain;
    for (std::size_t j = i; j < i + 16; ++j) {
      if (j < w.bytes.size()) {
        const auto c = static_cast<unsigned char>(w.bytes[j]);
        hex += {kHexDigits[c >> 4], kHexDigits[c & 15], ' '};
        plain += c >= ' ' && c < 0x7f ? static_cast<char>(c) : '.';
      } else {
        hex += "   ";
      }
      if (j == i + 7) hex += ' ';
    }
    out << "      " << std::right << std::setw(8) << w.offset + i << "  " << hex << ' ' << plain << '\n';
  }
}

void write_furthest(std::ostream& out, const Finding& x) {
  if (x.packet == 0 && x.time_ns == 0) return;
  out << "    furthest " << (x.packet == 0 ? "at the flow's end" : "at packet " + std::to_string(x.packet))
      << ", " << time_text(x.time_ns) << ", "
      << (x.direction == Direction::kToServer ? "to_server" : "to_client");
  if (x.has_tx) out << ", transaction " << x.tx_id;
  if (!x.buffer.empty()) {
    out << ", " << x.buffer;
    if (x.instances > 1) out << " (value " << x.instance + 1 << " of " << x.instances << ")";
    if (x.has_value) out << ", " << x.size << " bytes";
  }
  out << '\n';
  if (x.has_value && !x.window.bytes.empty()) write_bytes(out, x.window);
}

void write_flow(std::ostream& out, const Row& row) {
  const FlowAccount& f = *row.flow;
  out << "\n  " << flow_text(f) << (f.app.empty() ? "" : ", " + f.app) << ", " << f.packets
      << (f.packets == 1 ? " packet" : " packets") << " from " << time_text(f.start_ns);
  if (!f.community_id.empty()) out << ", " << f.community_id;
  out << "\n    " << row.answer.headline << '\n';
  for (const std::string& line : row.answer.more) out << "    " << line << '\n';
  if (row.answer.stage <= Stage::kOption && row.account->furthest.stage == row.answer.stage)
    write_furthest(out, row.account->furthest);
  out << "    evaluations ended at: " << ended_text(*row.account) << '\n';
  for (const Limit& l : row.answer.limits) out << "    not all of it was looked at: " << l.text << '\n';
}

std::string id_text(const rules::Rule& r) { return std::to_string(r.gid) + ":" + std::to_string(r.sid); }

std::vector<Row> rows_of(const Explanation& e, std::size_t question) {
  std::vector<Row> rows;
  for (const FlowAccount& f : e.flows) {
    const Account& a = f.rules[question];
    rows.push_back({&f, &a, answer(*e.book, e.book->questions[question], f, a, !e.limits_met.empty())});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    if (a.answer.contradiction != b.answer.contradiction) return a.answer.contradiction;
    if (a.answer.stage != b.answer.stage) return a.answer.stage > b.answer.stage;
    return a.account->furthest.score > b.account->furthest.score;
  });
  return rows;
}

/// Its place among the words of a table.
std::string came_to(const Answer& a) {
  static constexpr const char* kWords[] = {"header", "state", "fast pattern", "option", "held back", "fired"};
  return std::string(kWords[static_cast<std::size_t>(a.stage)]) + (a.limits.empty() ? "" : " *");
}

void write_table(std::ostream& out, const std::vector<Row>& rows) {
  std::size_t width = 4;
  const std::size_t shown = std::min(rows.size(), kRows);
  for (std::size_t i = 0; i < shown; ++i) width = std::max(width, flow_text(*rows[i].flow).size());
  out << "\n  " << std::left << std::setw(16) << "came to" << std::setw(static_cast<int>(width) + 2) << "flow"
      << std::setw(10) << "protocol" << std::setw(32) << "community id"
      << "because\n";
  bool limited = false;
  for (std::size_t i = 0; i < shown; ++i) {
    const Row& r = rows[i];
    limited = limited || !r.answer.limits.empty();
    out << "  " << std::left << std::setw(16) << came_to(r.answer) << std::setw(static_cast<int>(width) + 2)
        << flow_text(*r.flow) << std::setw(10) << (r.flow->app.empty() ? "-" : r.flow->app) << std::setw(32)
        << (r.flow->community_id.empty() ? "-" : r.flow->community_id) << r.answer.headline << '\n';
  }
  if (shown < rows.size())
    out << "  ... " << rows.size() - shown << " flows more, which came no further; --json has all\n";
  if (limited) out << "  * not all of the flow was looked at\n";
}

std::string sums(const std::vector<Row>& rows) {
  std::array<std::size_t, kStages> n{};
  for (const Row& r : rows) ++n[static_cast<std::size_t>(r.answer.stage)];
  static constexpr const char* kWords[] = {
      "did not fit the header", "lacked the state", "lacked the fast pattern",
      "failed at an option",    "held back",        "fired"};
  std::string out = std::to_string(rows.size()) + (rows.size() == 1 ? " flow" : " flows");
  for (std::size_t i = kStages; i-- > 0;) {
    if (n[i] != 0)
      out += (out.find(':') == std::string::npos ? ": " : ", ") + std::to_string(n[i]) + " " + kWords[i];
  }
  return out;
}

// ---- JSON ----

/// Members one after the other; `comma` before all but the first.
class Object {
 public:
  explicit Object(std::ostream& out) : out_(out) { out_ << '{'; }
  ~Object() { out_ << '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  std::ostream& key(std::string_view name) {
    out_ << (first_ ? "\"" : ",\"") << name << "\":";
    first_ = false;
    return out_;
  }
  void text(std::string_view name, std::string_view value) { key(name) << rules::json_string(value); }
  void number(std::string_view name, std::uint64_t value) { key(name) << value; }

 private:
  std::ostream& out_;
  bool first_ = true;
};

std::string hex_of(std::string_view bytes) {
  std::string out(2 * bytes.size(), '\0');
  to_hex(as_bytes(bytes), out);
  return out;
}

void furthest_json(std::ostream& out, const Finding& x) {
  Object o(out);
  o.text("stage", kStageNames[static_cast<std::size_t>(x.stage)]);
  o.text("part", x.part);
  o.text("asked", x.asked);
  o.text("met", x.met);
  if (x.packet != 0) o.number("packet", x.packet);
  if (x.time_ns != 0) o.text("time", time_text(x.time_ns));
  o.text("direction", x.direction == Direction::kToServer ? "to_server" : "to_client");
  if (x.stage == Stage::kOption) {
    o.number("option", x.option);
    o.number("options", x.options);
  }
  if (x.has_tx) o.number("tx_id", x.tx_id);
  if (x.buffer.empty()) return;
  o.text("buffer", x.buffer);
  if (!x.has_value) return;
  o.number("size", x.size);
  o.number("value", x.instance);
  o.number("values", x.instances);
  o.number("offset", x.window.offset);
  o.text("bytes", hex_of(x.window.bytes));
  o.text("text", rules::printable(x.window.bytes));
}

void flow_json(std::ostream& out, const Question& q, const Row& row) {
  const FlowAccount& f = *row.flow;
  const Account& a = *row.account;
  {
    Object o(out);
    o.text("type", "flow");
    o.number("gid", q.rule->gid);
    o.number("sid", q.rule->sid);
    if (f.id != 0) {
      o.number("flow_id", f.id);
      o.text("community_id", f.community_id);
      o.text("proto", proto_text(f.proto));
      o.text(is_link(f) ? "src_mac" : "src_ip",
             is_link(f) ? mac_text(f.client) : rules::address_text(f.client));
      o.text(is_link(f) ? "dest_mac" : "dest_ip",
             is_link(f) ? mac_text(f.server) : rules::address_text(f.server));
      if (has_ports(f.proto)) {
        o.number("src_port", f.client_port);
        o.number("dest_port", f.server_port);
      }
    }
    if (!f.app.empty()) o.text("app_proto", f.app);
    o.text("start", time_text(f.start_ns));
    o.number("packets", f.packets);
    o.text("stage", kStageNames[static_cast<std::size_t>(row.answer.stage)]);
    o.text("by", row.answer.by);
    o.text("because", row.answer.headline);
    o.number("fired", a.admitted[0]);
    {
      Object counts(o.key("evaluations"));
      for (std::size_t i = 0; i < kStages; ++i) {
        if (static_cast<Stage>(i) == Stage::kHeldBack) continue;
        counts.number(static_cast<Stage>(i) == Stage::kFired ? "matched" : kStageNames[i], a.ended[i]);
      }
    }
    if (a.furthest.looked) furthest_json(o.key("furthest"), a.furthest);
    if (!a.told.empty()) {
      std::ostream& list = o.key("matches");
      const char* comma = "[";
      for (const Told& t : a.told) {
        list << comma;
        Object m(list);
        if (t.packet != 0) m.number("packet", t.packet);
        m.text("time", time_text(t.time_ns));
        m.key("alert") << (t.admission ? "true" : "false");
        comma = ",";
      }
      list << ']';
    }
    if (!row.answer.limits.empty()) {
      std::ostream& list = o.key("limited_by");
      const char* comma = "[";
      for (const Limit& l : row.answer.limits) {
        list << comma;
        Object m(list);
        m.text("name", l.name);
        m.text("what", l.text);
        comma = ",";
      }
      list << ']';
    }
    if (row.answer.contradiction) o.key("contradiction") << "true";
  }
  out << '\n';
}

}  // namespace

bool write_text(std::ostream& out, const Explanation& e) {
  bool sound = true;
  const char* gap = "";
  for (const NotLoaded& n : e.not_loaded) {
    out << gap << n.gid << ':' << n.sid << " is not loaded: ";
    if (!n.file.empty()) out << rules::one_line(n.file) << ':' << n.line << ':' << n.column << ": ";
    out << rules::one_line(n.reason) << (n.suggestion.empty() ? "" : "; " + rules::one_line(n.suggestion))
        << '\n';
    gap = "\n";
  }
  for (std::size_t i = 0; e.book != nullptr && i < e.book->asked; ++i) {
    const Question& q = e.book->questions[i];
    const auto rows = rows_of(e, i);
    out << gap << id_text(*q.rule) << " \"" << rules::one_line(q.rule->msg) << "\", "
        << rules::one_line(q.rule->file) << ':' << q.rule->line << "\n  " << rules::how_found(*q.rule, q.note)
        << "\n  " << sums(rows) << '\n';
    gap = "\n";
    if (!rows.empty()) write_table(out, rows);
    for (std::size_t n = 0; n < rows.size(); ++n) {
      sound = sound && !rows[n].answer.contradiction;
      if (n < kDetailed || rows[n].answer.contradiction) write_flow(out, rows[n]);
    }
    if (rows.size() > kDetailed) out << "\n  one flow in full: --flow COMMUNITY_ID; all: --json\n";
  }
  if (e.flows.empty() && e.book != nullptr)
    out << (e.asked_flow.empty() ? "\nthere are no packets\n"
                                 : "\nthere is no flow " + e.asked_flow + " in the capture\n");
  if (e.flows_given_up != 0)
    out << "\n" << e.flows_given_up << " flows more fit no header, and were not kept\n";
  if (e.flows_left_out != 0)
    out << "\n"
        << e.flows_left_out << " flows more were not kept: only " << e.flows.size()
        << " are; --flow COMMUNITY_ID asks for one\n";
  for (const std::string& l : e.limits_met) out << "\na limit of the detector was reached: " << l << '\n';
  return sound;
}

bool write_json(std::ostream& out, const Explanation& e) {
  bool sound = true;
  for (const NotLoaded& n : e.not_loaded) {
    {
      Object o(out);
      o.text("type", "not_loaded");
      o.number("gid", n.gid);
      o.number("sid", n.sid);
      if (!n.file.empty()) {
        o.text("file", n.file);
        o.number("line", n.line);
        o.number("column", n.column);
      }
      o.text("reason", n.reason);
      if (!n.suggestion.empty()) o.text("suggestion", n.suggestion);
    }
    out << '\n';
  }
  for (std::size_t i = 0; e.book != nullptr && i < e.book->asked; ++i) {
    const Question& q = e.book->questions[i];
    const auto rows = rows_of(e, i);
    {
      Object o(out);
      o.text("type", "rule");
      o.number("gid", q.rule->gid);
      o.number("sid", q.rule->sid);
      o.number("rev", q.rule->rev);
      o.text("file", q.rule->file);
      o.number("line", q.rule->line);
      o.text("msg", q.rule->msg);
      o.text("found", rules::how_found(*q.rule, q.note));
      o.number("flows", rows.size());
      o.number("fired", e.fired[i]);
    }
    out << '\n';
    for (const Row& row : rows) {
      sound = sound && !row.answer.contradiction;
      flow_json(out, q, row);
    }
  }
  {
    Object o(out);
    o.text("type", "summary");
    o.number("packets", e.packets);
    o.number("flows", e.flows.size());
    o.number("flows_left_out", e.flows_left_out);
    o.number("flows_given_up", e.flows_given_up);
    std::ostream& list = o.key("limits_met");
    list << '[';
    for (std::size_t i = 0; i < e.limits_met.size(); ++i)
      list << (i == 0 ? "" : ",") << rules::json_string(e.limits_met[i]);
    list << ']';
  }
  out << '\n';
  return sound;
}

}  // namespace picket::explain
