#include "parsers/snmp/snmp.h"

#include <algorithm>
#include <bit>

namespace picket::snmp {
namespace {

using ber::Class;
using ber::Element;

bool integer(Cursor& in, std::int64_t& out) noexcept {
  Element e;
  return ber::read(in, e) && e.universal(ber::kInteger) && ber::read_integer(e.content, out);
}
bool octets(Cursor& in, Bytes& out) noexcept {
  Element e;
  if (!ber::read(in, e) || !e.universal(ber::kOctetString)) return false;
  return out = e.content, true;
}
bool sequence(Cursor& in, Bytes& out) noexcept {
  Element e;
  if (!ber::read(in, e) || !e.universal(ber::kSequence) || !e.constructed) return false;
  return out = e.content, true;
}
std::uint32_t small(std::int64_t v) noexcept {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(v, 0, 0xffffffff));
}

constexpr std::uint64_t kBad = bit(Event::kMalformedData);

/// Of the list of variable bindings: how many, and whether each is whole.
std::uint64_t read_variables(Cursor& in, Message& m) noexcept {
  if (!sequence(in, m.variables)) return kBad;
  Cursor list(m.variables);
  Variable v;
  while (next_variable(list, v)) ++m.variable_count;
  return list.ok() ? 0 : bit(Event::kInvalidVariable);
}

std::uint64_t read_trap1(Cursor& in, Message& m) noexcept {
  Element e;
  if (!ber::read(in, e) || !e.universal(ber::kOid)) return kBad;
  m.enterprise = e.content;
  if (!ber::read(in, e) || !e.application(0)) return kBad;
  m.agent = e.content;
  if (!integer(in, m.generic_trap) || !integer(in, m.specific_trap)) return kBad;
  if (!ber::read(in, e) || !e.application(kTimeTicks - kIpAddress) ||
      !ber::read_unsigned(e.content, m.time_stamp))
    return kBad;
  return read_variables(in, m);
}

std::uint64_t read_pdu(Cursor& in, Message& m) noexcept {
  Element e;
  if (!ber::read(in, e) || e.tag_class != Class::kContext || !e.constructed || e.tag > 8) return kBad;
  m.pdu = static_cast<Pdu>(e.tag);
  Cursor c(e.content);
  std::uint64_t odd = 0;
  if (m.pdu == Pdu::kTrap1) {
    odd = read_trap1(c, m);
  } else {
    if (!integer(c, m.request_id) || !integer(c, m.error_status) || !integer(c, m.error_index)) return kBad;
    odd = read_variables(c, m);
    if (m.has_error_fields()) {
      if (error_name(m.error_status).empty()) odd |= bit(Event::kInvalidErrorStatus);
      if (m.error_index < 0 || m.error_index > m.variable_count) odd |= bit(Event::kInvalidErrorIndex);
    }
  }
  // GetBulk and the later notifications came with version 2, and took the place of version 1's trap.
  const bool of_version1 = m.pdu <= Pdu::kTrap1;
  if (m.version == 1 ? !of_version1 : m.pdu == Pdu::kTrap1) odd |= bit(Event::kVersionMismatch);
  if ((odd & kBad) == 0 && !c.empty()) odd |= bit(Event::kTrailingData);
  return odd;
}

std::uint64_t read_usm(Bytes parameters, Usm& u) noexcept {
  Cursor in(parameters);
  Bytes inner, authentication, privacy;
  if (!sequence(in, inner)) return kBad;
  Cursor c(inner);
  std::int64_t boots = 0, time = 0;
  if (!octets(c, u.engine) || !integer(c, boots) || !integer(c, time) || !octets(c, u.user) ||
      !octets(c, authentication) || !octets(c, privacy)) {
    return kBad;
  }
  u.there = true;
  u.boots = small(boots);
  u.time_s = small(time);
  u.authentication_bytes = authentication.size();
  u.privacy_bytes = privacy.size();
  return 0;
}

std::uint64_t read_version3(Cursor& in, Message& m) noexcept {
  Bytes header, flags, parameters;
  if (!sequence(in, header)) return kBad;
  Cursor c(header);
  if (!integer(c, m.message_id) || !integer(c, m.max_size) || !octets(c, flags) || flags.size() != 1 ||
      !integer(c, m.security_model)) {
    return kBad;
  }
  m.flags = flags[0];
  std::uint64_t odd = (m.flags & (kAuth | kPriv)) == kPriv ? bit(Event::kInvalidFlags) : 0;
  if (!octets(in, parameters)) return odd | kBad;
  if (m.security_model == kUsmModel) {
    odd |= read_usm(parameters, m.usm);
  } else {
    odd |= bit(Event::kUnknownSecurityModel);
  }
  Element scoped;
  if (!ber::read(in, scoped)) return odd | kBad;
  if (scoped.universal(ber::kOctetString)) {
    m.pdu = Pdu::kEncrypted;
    m.encrypted_bytes = scoped.content.size();
    return odd | ((m.flags & kPriv) == 0 ? bit(Event::kInvalidFlags) : 0);
  }
  if (!scoped.universal(ber::kSequence)) return odd | kBad;
  if ((m.flags & kPriv) != 0) odd |= bit(Event::kInvalidFlags);
  Cursor s(scoped.content);
  if (!octets(s, m.context_engine) || !octets(s, m.context_name)) return odd | kBad;
  return odd | read_pdu(s, m);
}

}  // namespace

std::uint64_t interpret(Bytes whole, Message& m) noexcept {
  Cursor in(whole);
  Bytes content;
  std::int64_t version = 0;
  if (!sequence(in, content)) return kBad;
  Cursor c(content);
  if (!integer(c, version)) return kBad;
  std::uint64_t odd = in.empty() ? 0 : bit(Event::kTrailingData);
  if (version != 0 && version != 1 && version != 3) return odd | bit(Event::kUnknownVersion);
  m.version = version == 3 ? 3 : static_cast<std::uint8_t>(version + 1);
  if (m.version == 3) {
    odd |= read_version3(c, m);
  } else if (octets(c, m.community)) {
    odd |= read_pdu(c, m);
  } else {
    odd |= kBad;
  }
  if ((odd & kBad) == 0 && !c.empty()) odd |= bit(Event::kTrailingData);
  return odd;
}

bool next_variable(Cursor& in, Variable& v) noexcept {
  if (in.empty()) return false;
  Bytes binding;
  if (!sequence(in, binding)) return in.fail(), false;
  Cursor c(binding);
  Element name, value;
  if (!ber::read(c, name) || !name.universal(ber::kOid) || name.content.empty() || !ber::read(c, value) ||
      !c.empty())
    return in.fail(), false;
  v = {};
  v.oid = name.content;
  v.value = value.content;
  const unsigned base = value.tag_class == Class::kUniversal     ? 0
                        : value.tag_class == Class::kApplication ? 64
                                                                 : 128;
  v.syntax = static_cast<std::uint16_t>(base + std::min<std::uint32_t>(value.tag, 63));
  std::uint64_t whole = 0;
  switch (v.syntax) {
    case kIntegerValue:
      v.is_number = ber::read_integer(v.value, v.integer);
      v.number = static_cast<double>(v.integer);
      if (!v.is_number) return in.fail(), false;
      break;
    case kCounter32:
    case kGauge32:
    case kTimeTicks:
    case kCounter64:
    case kUnsigned32:
      v.is_number = ber::read_unsigned(v.value, whole);
      v.integer = static_cast<std::int64_t>(whole);
      v.number = static_cast<double>(whole);
      if (!v.is_number) return in.fail(), false;
      break;
    case kOpaque: {
      // Floats of Net-SNMP and others: 9f 78 04 and four bytes, 9f 79 08 and eight.
      Cursor o(v.value);
      const std::uint32_t kind = o.u24be();
      if (kind == 0x9f7804 && o.left() == 4) v.is_number = true, v.number = std::bit_cast<float>(o.u32be());
      if (kind == 0x9f7908 && o.left() == 8) v.is_number = true, v.number = std::bit_cast<double>(o.u64be());
      break;
    }
    default:
      break;
  }
  return true;
}

const Variable* variable_of(const Exchange& x, unsigned n) noexcept {
  if (n >= kMaxVariables) return nullptr;
  if (x.n == 0 || n + 1 < x.n) {
    x.at = Cursor(x.message.variables);
    x.n = 0;
  }
  for (; x.n <= n; ++x.n) {
    if (!next_variable(x.at, x.variable)) return x.n = 0, nullptr;
  }
  return &x.variable;
}

EngineId engine_id(Bytes b) noexcept {
  EngineId e;
  e.all = b;
  if (b.size() < 5 || b.size() > 32) return e;
  Cursor in(b);
  const std::uint32_t head = in.u32be();
  e.known = true;
  e.enterprise = head & 0x7fffffff;
  // Without the first bit it is of the form before RFC 3411: twelve bytes, eight of them the enterprise's.
  if ((head & 0x80000000) != 0) e.format = in.u8();
  e.data = in.rest();
  return e;
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  Cursor in(first);
  ber::Element e;
  std::size_t length = 0;
  if (first.empty()) return Probe::kUnsure;
  if (first[0] != 0x30) return Probe::kNo;
  const bool tcp = transport == Transport::kTcp;
  if (!ber::read_header(in, e, length)) return tcp && first.size() < 6 ? Probe::kUnsure : Probe::kNo;
  // The version comes first: 02 01 00, 01 or 03.
  const Bytes rest = in.rest();
  constexpr std::uint8_t kVersion[] = {2, 1};
  for (std::size_t i = 0; i < std::min<std::size_t>(rest.size(), 2); ++i) {
    if (rest[i] != kVersion[i]) return Probe::kNo;
  }
  if (rest.size() >= 3 && rest[2] > 1 && rest[2] != 3) return Probe::kNo;
  if (rest.size() >= 4 && rest[3] != (rest[2] == 3 ? 0x30 : 0x04)) return Probe::kNo;
  if (length < 12 || length > kMaxMessage) return Probe::kNo;
  if (rest.size() < length) return tcp ? Probe::kUnsure : Probe::kNo;
  Message m;
  constexpr std::uint64_t kTelling =
      bit(Event::kMalformedData) | bit(Event::kUnknownVersion) | bit(Event::kInvalidVariable);
  // LDAP begins alike: there a tag of the application follows.
  return (interpret(first.first(in.offset() + length), m) & kTelling) == 0 && m.pdu != Pdu::kNone
             ? Probe::kYes
             : Probe::kNo;
}

}  // namespace picket::snmp
