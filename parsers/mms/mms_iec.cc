// What IEC 61850-8-1 makes of MMS: controls (§20), reports (§17), why a control failed.
#include "parsers/core/iec61850.h"
#include "parsers/mms/mms.h"

namespace picket::mms {
namespace {

// Bits of a report's optional fields; 0 is reserved.
enum OptionBit : unsigned {
  kSequenceNumber = 1,
  kTimeOfEntry = 2,
  kReasons = 3,
  kDataSet = 4,
  kReferences = 5,
  kOverflow = 6,
  kEntryId = 7,
  kConfRev = 8,
  kSegmentation = 9,
};

constexpr std::string_view kReportList = "RPT";

bool of(const ber::Element& e, Type t) noexcept { return e.context(static_cast<std::uint32_t>(t)); }

/// Passes over n elements; false: fewer are there.
bool run(Cursor& c, std::uint32_t n, Bytes& out) noexcept {
  const Bytes from = c.rest();
  const std::size_t start = c.offset();
  ber::Element e;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (!ber::read(c, e)) return false;
  }
  out = from.first(c.offset() - start);
  return true;
}

bool text(Cursor& c, Bytes& out) noexcept {
  ber::Element e;
  if (!ber::read(c, e) || !of(e, Type::kText)) return false;
  out = e.content;
  return true;
}
bool number(Cursor& c, std::uint64_t& out) noexcept {
  ber::Element e;
  return ber::read(c, e) && (of(e, Type::kUnsigned) || of(e, Type::kInteger)) &&
         ber::read_unsigned(e.content, out);
}
bool boolean(Cursor& c, bool& out) noexcept {
  ber::Element e;
  if (!ber::read(c, e) || !of(e, Type::kBoolean)) return false;
  out = ber::read_boolean(e.content);
  return true;
}

void origin(const ber::Element& e, std::int64_t& category, Bytes& id) noexcept {
  Cursor c(e.content);
  ber::Element part;
  if (ber::read(c, part)) (void)ber::read_integer(part.content, category);
  if (ber::read(c, part)) id = part.content;
}

bool read_time(const ber::Element& e, std::uint64_t& ns) noexcept {
  Iec61850Time t;
  std::uint32_t ms = 0;
  if (of(e, Type::kBinaryTime)) return read_binary_time(e.content, ns, ms);
  if (!of(e, Type::kUtcTime) || !read_iec61850_time(e.content, t)) return false;
  ns = t.ns;
  return true;
}

/// ctlVal, [operTm], origin, ctlNum, T, Test, [Check]: told apart by their types.
void read_parameters(Bytes structure, Control& c) noexcept {
  Cursor in(structure);
  ber::Element e;
  if (!ber::read(in, e)) return;
  ValueWalk first(e.all);  // of a set point it is a structure
  c.has_value = first.next(c.value);
  while (ber::read(in, e)) {
    std::uint64_t ns = 0;
    if (of(e, Type::kStructure)) {
      c.has_origin = true;
      origin(e, c.origin, c.origin_id);
    } else if (read_time(e, ns)) {
      (c.has_origin ? c.time_ns : c.operate_ns) = ns;
      (c.has_origin ? c.has_time : c.has_operate_time) = true;
    } else if (of(e, Type::kUnsigned) || of(e, Type::kInteger)) {
      c.has_number = ber::read_unsigned(e.content, c.number);
    } else if (of(e, Type::kBoolean)) {
      c.has_test = true;
      c.test = ber::read_boolean(e.content);
    } else if (of(e, Type::kBits)) {
      c.has_check = true;
      c.check = e.content;
    }
  }
}

}  // namespace

Action control_action(const Object& o) noexcept {
  IecName name;
  if (!split_name(o.item, name) || as_text(name.fc) != "CO") return Action::kNone;
  std::string_view path = as_text(name.data);
  if (!o.component.empty() && path.find('$') == std::string_view::npos) path = as_text(o.component);
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('$', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == "Oper") return Action::kOperate;
    if (part == "SBO") return Action::kSelect;
    if (part == "SBOw") return Action::kSelectWithValue;
    if (part == "Cancel") return Action::kCancel;
    at = end + 1;
  }
  return Action::kNone;
}

std::string_view action_name(Action a) noexcept {
  switch (a) {
    case Action::kSelect:
      return "select";
    case Action::kSelectWithValue:
      return "select before operate with value";
    case Action::kOperate:
      return "operate";
    case Action::kCancel:
      return "cancel";
    case Action::kNone:
      break;
  }
  return {};
}

bool read_control(const Message& m, Control& out) noexcept {
  const bool write = m.asks(Service::kWrite);
  if (!write && !m.asks(Service::kRead) && !m.reports()) return false;
  ObjectWalk walk(m);
  Cursor values(m.values);
  ber::Element e;
  while (walk.next(out.object)) {
    const bool has = !m.asks(Service::kRead) && ber::read(values, e);
    out.action = control_action(out.object);
    if (out.action == Action::kNone) continue;
    // Reading is what selects, and nothing else.
    if (m.asks(Service::kRead) != (out.action == Action::kSelect)) continue;
    if (has && of(e, Type::kStructure)) {
      read_parameters(e.content, out);
    } else if (has) {
      ValueWalk one(e.all);
      out.has_value = one.next(out.value);
    }
    return true;
  }
  return false;
}

bool names_report(const Message& m) noexcept {
  Object o;
  return m.reports() && m.variable_list && object_at(m, 0, o) && o.scope == Scope::kVmd &&
         as_text(o.item) == kReportList;
}

bool read_report(const Message& m, Report& out) noexcept {
  if (!names_report(m)) return false;
  Cursor c(m.values);
  ber::Element e;
  if (!text(c, out.id) || !ber::read(c, e) || !of(e, Type::kBits)) return false;
  out.options = e.content;
  const auto has = [&](OptionBit b) { return ber::bit(out.options, b); };
  if (has(kSequenceNumber) && !(out.has_sequence = number(c, out.sequence))) return false;
  if (has(kTimeOfEntry)) {
    if (!ber::read(c, e)) return false;
    out.has_time = read_time(e, out.time_ns);
  }
  if (has(kDataSet) && !text(c, out.data_set)) return false;
  if (has(kOverflow) && !(out.has_overflow = boolean(c, out.overflow))) return false;
  if (has(kEntryId)) {
    if (!ber::read(c, e) || !of(e, Type::kOctets)) return false;
    out.entry_id = e.content;
  }
  if (has(kConfRev) && !(out.has_conf_rev = number(c, out.conf_rev))) return false;
  if (has(kSegmentation)) {
    if (!number(c, out.sub_sequence) || !boolean(c, out.more)) return false;
    out.has_segments = true;
  }
  if (!ber::read(c, e) || !of(e, Type::kBits)) return false;
  out.inclusion = e.content;
  for (std::size_t i = 0, n = ber::bit_count(out.inclusion); i < n; ++i) {
    out.members += ber::bit(out.inclusion, i) ? 1 : 0;
  }
  if (has(kReferences) && !run(c, out.members, out.references)) return false;
  if (!run(c, out.members, out.values)) return false;
  return !has(kReasons) || run(c, out.members, out.reasons);
}

bool read_last_error(const Message& m, LastError& out) noexcept {
  if (!m.reports() || m.variable_list) return false;
  ObjectWalk walk(m);
  Cursor values(m.values);
  Object o;
  ber::Element e;
  while (walk.next(o) && ber::read(values, e)) {
    if (as_text(o.item) != kLastErrorName || !of(e, Type::kStructure)) continue;
    Cursor c(e.content);
    ber::Element part;
    if (!text(c, out.object) || !ber::read(c, part) || !ber::read_integer(part.content, out.error))
      return false;
    if (!ber::read(c, part)) return false;
    origin(part, out.origin, out.origin_id);
    return number(c, out.number) && ber::read(c, part) && ber::read_integer(part.content, out.add_cause);
  }
  return false;
}

}  // namespace picket::mms
