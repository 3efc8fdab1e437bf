// What stands between COTP and MMS: session, presentation and ACSE, of which only the association has more than a few bytes.
#include "parsers/mms/mms.h"

namespace picket::mms {
namespace {

constexpr std::uint8_t kLongLength = 0xff;

// Parameters of the session protocol (ISO 8327-1, 8.3): groups and what stands in them.
enum Parameter : std::uint8_t {
  kConnectItem = 5,
  kTransportDisconnect = 17,
  kSessionRequirements = 20,
  kVersion = 22,
  kReason = 50,
  kCallingSelector = 51,
  kCalledSelector = 52,
  kUserData = 193,
  kExtendedUserData = 194,
};
constexpr std::uint8_t kRefusedByUser = 2;  // then user data follow the reason

bool parameter(Cursor& c, std::uint8_t& code, Bytes& value) noexcept {
  code = c.u8();
  std::size_t length = c.u8();
  if (length == kLongLength) length = c.u16be();
  value = c.bytes(length);
  return c.ok();
}

void take(Session& s, std::uint8_t code, Bytes v) noexcept {
  Cursor c(v);
  switch (code) {
    case kTransportDisconnect:
      s.disconnect = c.u8();
      s.has_disconnect = c.ok();
      break;
    case kSessionRequirements:
      s.requirements = c.u16be();
      s.has_requirements = c.ok();
      break;
    case kVersion:
      s.version = c.u8();
      s.has_version = c.ok();
      break;
    case kReason:
      s.reason = c.u8();
      s.has_reason = c.ok();
      if (s.reason == kRefusedByUser) s.user_data = c.rest();
      break;
    case kCallingSelector:
      s.calling = v;
      break;
    case kCalledSelector:
      s.called = v;
      break;
    case kUserData:
    case kExtendedUserData:
      s.user_data = v;
      break;
    default:
      break;
  }
}

void read_title(Bytes explicit_title, Title& t) noexcept {
  Cursor c(explicit_title);
  ber::Element e;
  if (ber::read(c, e) && e.universal(ber::kOid)) t.oid = e.content;
}
void read_qualifier(Bytes explicit_qualifier, Title& t) noexcept {
  Cursor c(explicit_qualifier);
  ber::Element e;
  t.has_qualifier =
      ber::read(c, e) && e.universal(ber::kInteger) && ber::read_integer(e.content, t.qualifier);
}
void inner_integer(Bytes content, std::int64_t& out) noexcept {
  Cursor c(content);
  ber::Element e;
  if (ber::read(c, e)) (void)ber::read_integer(e.content, out);
}

/// Of an EXTERNAL: what it carries.
Bytes carried(Bytes user_information) noexcept {
  Cursor c(user_information);
  ber::Element external, e;
  if (!ber::read(c, external) || !external.universal(ber::kExternal)) return {};
  Cursor in(external.content);
  while (ber::read(in, e)) {
    if (e.context(0) || e.context(1)) return e.content;
    if (e.context(2) && !e.content.empty()) return e.content.subspan(1);  // behind the count of unused bits
  }
  return {};
}

void authentication(const ber::Element& value, Acse& a) noexcept {
  a.has_authentication = true;
  Cursor c(value.content);
  ber::Element e;
  if (ber::read(c, e)) a.authentication_length = e.content.size();
}

void read_request(const ber::Element& e, Acse& a) noexcept {
  switch (e.tag) {
    case 2:
      return read_title(e.content, a.called);
    case 3:
      return read_qualifier(e.content, a.called);
    case 6:
      return read_title(e.content, a.calling);
    case 7:
      return read_qualifier(e.content, a.calling);
    case 11:
      a.mechanism = e.content;
      return;
    case 12:
      return authentication(e, a);
    default:
      return;
  }
}

void read_answer(const ber::Element& e, Acse& a) noexcept {
  ber::Element source;
  Cursor c(e.content);
  switch (e.tag) {
    case 2:
      return inner_integer(e.content, a.result);
    case 3:
      if (!ber::read(c, source)) return;
      a.diagnostic_of_provider = source.context(2);
      return inner_integer(source.content, a.diagnostic);
    case 4:
      return read_title(e.content, a.responding);
    case 5:
      return read_qualifier(e.content, a.responding);
    case 9:
      a.mechanism = e.content;
      return;
    case 10:
      return authentication(e, a);
    default:
      return;
  }
}

}  // namespace

bool read_session(Bytes spdu, Spdu& type, Session& out) noexcept {
  Cursor c(spdu);
  std::uint8_t code = 0;
  Bytes all, value;
  if (!parameter(c, code, all)) return false;  // the SPDU is written as its parameters are
  type = static_cast<Spdu>(code);
  Cursor in(all);
  while (!in.empty()) {
    if (!parameter(in, code, value)) return false;
    if (code != kConnectItem) {
      take(out, code, value);
      continue;
    }
    Cursor group(value);
    while (!group.empty()) {
      if (!parameter(group, code, value)) return false;
      take(out, code, value);
    }
  }
  return true;
}

void read_presentation(const Message& m, Presentation& out) noexcept {
  Cursor c(m.presentation);
  ber::Element e;
  const bool answer = m.spdu != Spdu::kConnect;
  while (ber::read(c, e)) {
    if (e.tag_class != ber::Class::kContext) continue;
    if (e.tag == 1 && !answer) out.calling = e.content;
    if (e.tag == 2 && !answer) out.called = e.content;
    if (e.tag == 3 && answer) out.responding = e.content;
    if (e.tag == 4 && !answer) out.contexts = e.content;
    if (e.tag == 5 && answer) out.results = e.content;
    if (e.tag == 10 && m.spdu == Spdu::kRefuse) (void)ber::read_integer(e.content, out.provider_reason);
  }
}

bool read_acse(const Message& m, Acse& out) noexcept {
  if (m.acse == 0) return false;
  Cursor c(m.acse_content);
  ber::Element e;
  const unsigned apdu = m.acse - 1U;
  while (ber::read(c, e)) {
    if (e.tag_class != ber::Class::kContext) continue;
    if (e.tag == 30) out.user_information = carried(e.content);
    if (apdu <= 1 && e.tag == 1) {
      Cursor oid(e.content);
      ber::Element o;
      if (ber::read(oid, o) && o.universal(ber::kOid)) out.context = o.content;
    }
    if (apdu == 0) read_request(e, out);
    if (apdu == 1) read_answer(e, out);
    if ((apdu == 2 || apdu == 3) && e.tag == 0) (void)ber::read_integer(e.content, out.reason);
    if (apdu == 4 && e.tag == 0) (void)ber::read_integer(e.content, out.abort_source);
    if (apdu == 4 && e.tag == 1) (void)ber::read_integer(e.content, out.abort_diagnostic);
  }
  return c.ok();
}

bool password_shown(const Acse& a) noexcept {
  constexpr std::uint8_t kPassword[] = {0x52, 0x03, 0x01};  // 2.2.3.1
  return a.authentication_length != 0 && a.mechanism.size() == std::size(kPassword) &&
         std::equal(a.mechanism.begin(), a.mechanism.end(), kPassword);
}

bool read_initiate(const Message& m, Initiate& out) noexcept {
  if (!m.is(Pdu::kInitiateRequest) && !m.is(Pdu::kInitiateResponse)) return false;
  Cursor c(m.content);
  ber::Element e;
  while (ber::read(c, e)) {
    if (e.context(0)) (void)ber::read_integer(e.content, out.local_detail);
    if (e.context(1)) (void)ber::read_integer(e.content, out.max_calling);
    if (e.context(2)) (void)ber::read_integer(e.content, out.max_called);
    if (e.context(3)) (void)ber::read_integer(e.content, out.nesting);
    if (!e.context(4)) continue;
    Cursor detail(e.content);
    while (ber::read(detail, e)) {
      if (e.context(0)) (void)ber::read_integer(e.content, out.version);
      if (e.context(1)) out.parameters = e.content;
      if (e.context(2)) out.services = e.content;
    }
    if (!detail.ok()) return false;
  }
  return c.ok();
}

bool read_error(const Message& m, ServiceError& out) noexcept {
  ber::Element e;
  Bytes error;
  if (m.is(Pdu::kConfirmedError)) {
    if (ber::find_context(m.content, 1, e)) {
      std::uint64_t position = 0;
      out.has_position = ber::read_unsigned(e.content, position);
      out.position = static_cast<std::uint32_t>(position);
    }
    if (!ber::find_context(m.content, 2, e)) return false;
    error = e.content;
  } else if (m.is(Pdu::kCancelError)) {
    if (!ber::find_context(m.content, 1, e)) return false;
    error = e.content;
  } else if (m.is(Pdu::kInitiateError) || m.is(Pdu::kConcludeError)) {
    error = m.content;
  } else {
    return false;
  }
  Cursor c(error);
  bool found = false;
  while (ber::read(c, e)) {
    if (e.context(0)) {
      Cursor in(e.content);
      ber::Element code;
      found = ber::read(in, code) && ber::read_integer(code.content, out.code);
      out.error_class = code.tag;
    }
    if (e.context(1)) out.has_additional = ber::read_integer(e.content, out.additional);
    if (e.context(2)) out.description = e.content;
  }
  return found && c.ok();
}

bool read_reject(const Message& m, Reject& out) noexcept {
  if (!m.is(Pdu::kReject)) return false;
  Cursor c(m.content);
  ber::Element e;
  while (ber::read(c, e)) {
    if (e.tag_class != ber::Class::kContext || e.tag == 0) continue;
    out.pdu = e.tag;
    return ber::read_integer(e.content, out.reason);
  }
  return false;
}

}  // namespace picket::mms
