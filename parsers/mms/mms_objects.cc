// What is read, written and reported: names of objects, and values.
#include <bit>
#include <cmath>
#include <cstring>

#include "parsers/core/iec61850.h"
#include "parsers/core/text_writer.h"
#include "parsers/mms/mms.h"

namespace picket::mms {
namespace {

constexpr std::uint32_t kAlternateAccess = 5;
constexpr unsigned kMaxSelections = 8;  // of an alternate access, one inside of another
constexpr std::uint64_t kSecond = 1'000'000'000, kMillisecond = 1'000'000;
constexpr std::uint64_t kMillisecondsOfDay = 86'400'000;
constexpr std::uint64_t kDaysTo1984 = 5113;  // from 1970

/// An ObjectName.
bool read_name(const ber::Element& e, Object& o) noexcept {
  if (e.tag_class != ber::Class::kContext) return false;
  switch (e.tag) {
    case 0:
      o.scope = Scope::kVmd;
      o.item = e.content;
      return !e.constructed;
    case 1: {
      o.scope = Scope::kDomain;
      Cursor c(e.content);
      ber::Element part;
      if (!ber::read(c, part)) return false;
      o.domain = part.content;
      if (!ber::read(c, part)) return false;
      o.item = part.content;
      return true;
    }
    case 2:
      o.scope = Scope::kAssociation;
      o.item = e.content;
      return !e.constructed;
    default:
      return false;
  }
}

bool read_address(const ber::Element& e, Object& o) noexcept {
  o.scope = Scope::kAddress;
  if (e.context(0)) return ber::read_unsigned(e.content, o.address);
  o.symbolic_address = e.content;
  return e.context(1) || e.context(2);
}

/// A VariableSpecification.
bool read_specification(const ber::Element& e, Object& o) noexcept {
  if (e.tag_class != ber::Class::kContext) return false;
  Cursor c(e.content);
  ber::Element inner;
  switch (e.tag) {
    case 0:
      return ber::read(c, inner) && read_name(inner, o);
    case 1:
      return ber::read(c, inner) && read_address(inner, o);
    case 2:
    case 3:
    case 4:
      o.scope = Scope::kDescription;
      return true;
    default:
      return false;
  }
}

/// Which part of a variable is meant: the innermost component, element or range that is named.
void read_alternate(Bytes access, Object& o) noexcept {
  o.alternate = true;
  Cursor c(access);
  ber::Element e;
  for (unsigned n = 0; n < kMaxSelections && ber::read(c, e); ++n) {
    if (e.context(0) && !e.constructed) continue;  // a name, before what it names
    // [5] names what is selected; [0] is a selection with another one inside. By itself it has one tag more.
    if (e.context(5)) {
      c = Cursor(e.content);
      continue;
    }
    std::uint32_t base = 1;
    Cursor next;
    if (e.context(0)) {
      next = Cursor(e.content);
      base = 0;
      if (!ber::read(next, e)) return;
    }
    if (e.context(base)) o.component = e.content;
    std::int64_t v = 0;
    if (e.context(base + 1) && ber::read_integer(e.content, v)) o.index = v;
    if (e.context(base + 2)) {
      ber::Element part;
      if (ber::find_context(e.content, 0, part) && ber::read_integer(part.content, v)) o.index = v;
      if (ber::find_context(e.content, 1, part) && ber::read_integer(part.content, v)) o.elements = v;
    }
    if (base == 1 || !ber::read(next, e)) return;
    c = Cursor(e.content);
  }
}

/// An element of a kList.
bool read_variable(const ber::Element& e, Object& o) noexcept {
  Cursor c(e.content);
  ber::Element spec;
  if (!e.universal(ber::kSequence) || !ber::read(c, spec) || !read_specification(spec, o)) return false;
  ber::Element access;
  if (ber::read_context(c, kAlternateAccess, access)) read_alternate(access.content, o);
  return true;
}

}  // namespace

bool ObjectWalk::next(Object& out) noexcept {
  out = {};
  ber::Element e;
  if (form_ == Form::kNone) return false;
  if (!ber::read(in_, e)) {
    malformed_ = malformed_ || !in_.ok();
    return false;
  }
  bool ok = false;
  switch (form_) {
    case Form::kList:
      ok = read_variable(e, out);
      break;
    case Form::kVariable:
      ok = read_specification(e, out);
      form_ = Form::kNone;
      break;
    case Form::kName:
      ok = read_name(e, out);
      form_ = Form::kNone;
      break;
    case Form::kNames:
      ok = read_name(e, out);
      break;
    case Form::kDefinition: {
      ok = read_name(e, out);
      ber::Element list;
      const bool more = ber::read_context(in_, 0, list);
      in_ = more ? Cursor(list.content) : Cursor();
      form_ = Form::kList;
      break;
    }
    case Form::kNone:
      break;
  }
  malformed_ = malformed_ || !ok;
  return true;
}

bool object_at(const Message& m, unsigned n, Object& out) noexcept {
  ObjectWalk walk(m);
  for (unsigned i = 0; walk.next(out); ++i) {
    if (i == n) return true;
  }
  return false;
}

bool object_at(const Exchange& x, const Message& m, unsigned n, Object& out) noexcept {
  auto& seek = x.objects;
  if (seek.of != &m || seek.next > n) seek = {&m, 0, false, ObjectWalk(m)};
  while (seek.walk.next(out)) {
    if (seek.next++ == n) return true;
  }
  return false;
}

bool value_at(const Exchange& x, const Message& m, unsigned n, bool texts, Value& out) noexcept {
  auto& seek = x.values;
  if (seek.of != &m || seek.next > n || seek.texts != texts) seek = {&m, 0, texts, ValueWalk(told_values(m))};
  while (seek.walk.next(out)) {
    if (texts && out.type != Type::kText && out.type != Type::kMmsString) continue;
    if (seek.next++ == n) return true;
  }
  return false;
}

bool split_name(Bytes item, IecName& out) noexcept {
  const std::string_view s = as_text(item);
  const std::size_t first = s.find('$');
  if (first == std::string_view::npos || first == 0 || s.size() < first + 3) return false;
  const std::string_view fc = s.substr(first + 1, 2);
  if (s.size() > first + 3 && s[first + 3] != '$') return false;
  if (fc_name(fc).empty()) return false;
  out.node = item.first(first);
  out.fc = item.subspan(first + 1, 2);
  out.data = item.subspan(std::min(item.size(), first + 4));
  return true;
}

std::size_t write_address(const Object& o, std::span<char> room) noexcept {
  TextWriter w(room);
  if (o.scope == Scope::kAddress) {
    if (o.symbolic_address.empty()) {
      w << "address " << o.address;
    } else {
      w << o.symbolic_address;
    }
  } else if (o.scope == Scope::kDescription) {
    w << "description";
  } else {
    if (o.scope == Scope::kDomain) w << o.domain << "/";
    if (o.scope == Scope::kAssociation) w << "@";
    w << o.item;
  }
  if (!o.component.empty()) w << "$" << o.component;
  if (o.index >= 0) {
    w << "(" << o.index;
    if (o.elements > 1) w << "-" << o.index + o.elements - 1;
    w << ")";
  }
  if (w.size() == 0) w << "unknown";
  return w.size();
}

bool ValueWalk::next(Value& out) noexcept {
  ber::Element e;
  while (walk_.next(e)) {
    if (e.tag_class != ber::Class::kContext || (walk_.depth() == 0 && e.tag == 0)) continue;
    if (e.constructed) {
      too_deep_ = !walk_.enter(e) || too_deep_;
      continue;
    }
    out = {static_cast<Type>(std::min<std::uint32_t>(e.tag, 255)), walk_.index(0), e.content};
    return true;
  }
  return false;
}

std::size_t ValueWalk::write_path(std::span<char> room) const noexcept {
  TextWriter w(room);
  for (unsigned d = 1; d <= walk_.depth(); ++d) {
    if (d > 1) w << ".";
    w << walk_.index(d);
  }
  return w.size();
}

bool read_float(Bytes content, double& out) noexcept {
  Cursor c(content);
  c.skip(1);
  if (content.size() == 5) {
    out = std::bit_cast<float>(c.u32be());
  } else if (content.size() == 9) {
    out = std::bit_cast<double>(c.u64be());
  } else {
    return false;
  }
  return std::isfinite(out);
}

bool read_binary_time(Bytes content, std::uint64_t& ns, std::uint32_t& ms) noexcept {
  Cursor c(content);
  ms = c.u32be();
  if (!c.ok() || content.size() != 6 || ms >= kMillisecondsOfDay) return false;
  ns = ((kDaysTo1984 + c.u16be()) * kMillisecondsOfDay + ms) * kMillisecond;
  return true;
}

std::size_t write_bits(Bytes content, std::span<char> room) noexcept {
  const std::size_t n = std::min({ber::bit_count(content), kMaxBits, room.size()});
  for (std::size_t i = 0; i < n; ++i) room[i] = ber::bit(content, i) ? '1' : '0';
  return n;
}

OtValue as_ot(const Value& v, std::span<char> room) noexcept {
  OtValue out;
  out.text = v.content;
  std::int64_t i = 0;
  std::uint64_t u = 0;
  Iec61850Time t;
  std::uint32_t ms = 0;
  switch (v.type) {
    case Type::kBoolean:
      out.is_number = true;
      out.number = ber::read_boolean(v.content) ? 1 : 0;
      break;
    case Type::kInteger:
    case Type::kBcd:
      out.is_number = ber::read_integer(v.content, i);
      out.number = static_cast<double>(i);
      break;
    case Type::kUnsigned:
      out.is_number = ber::read_unsigned(v.content, u);
      out.number = static_cast<double>(u);
      break;
    case Type::kFloat:
      out.is_number = read_float(v.content, out.number);
      break;
    case Type::kUtcTime:
      out.is_number = read_iec61850_time(v.content, t);
      out.number = static_cast<double>(t.ns) / static_cast<double>(kSecond);
      break;
    case Type::kBinaryTime:
      out.is_number = read_binary_time(v.content, u, ms);
      out.number = static_cast<double>(u) / static_cast<double>(kSecond);
      break;
    case Type::kBits:
    case Type::kBooleans:
      out.text = as_bytes({room.data(), write_bits(v.content, room)});
      break;
    default:
      break;
  }
  return out;
}

bool result_at(Bytes results, unsigned n, std::int64_t& error) noexcept {
  Cursor c(results);
  ber::Element e;
  for (unsigned i = 0; ber::read(c, e); ++i) {
    if (i != n) continue;
    error = -1;
    if (e.context(0) && !e.constructed) (void)ber::read_integer(e.content, error);
    return true;
  }
  return false;
}

Bytes told_values(const Message& m) noexcept {
  Report r;
  if (m.reports() && read_report(m, r)) return r.values;
  return m.values;
}

std::string_view scope_name(Scope s) noexcept {
  switch (s) {
    case Scope::kVmd:
      return "vmd";
    case Scope::kDomain:
      return "domain";
    case Scope::kAssociation:
      return "association";
    case Scope::kAddress:
      return "address";
    case Scope::kDescription:
      return "description";
    case Scope::kUnknown:
      return "unknown";
  }
  return {};
}

}  // namespace picket::mms
