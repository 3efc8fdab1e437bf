// Messages of MMS and of what carries them, and how they are told from what else COTP carries.
#include "parsers/mms/mms.h"

#include <algorithm>

namespace picket::mms {
namespace {

constexpr std::uint8_t kGiveTokens = 1, kPleaseTokens = 2;  // SPDUs of category 0; DATA TRANSFER is 1 as well
constexpr unsigned kDataSpdus = 2;                          // one of them, and DATA TRANSFER
constexpr std::uint32_t kServiceDetail = 79;

void wrong(Message& m, Problem p, bool when = true) noexcept {
  if (when) m.problems = static_cast<std::uint8_t>(m.problems | p);
}

bool is_pdu(const ber::Element& e) noexcept {
  return e.tag_class == ber::Class::kContext && e.tag <= kMaxPdu;
}
/// First byte of a PDU that is not inside of a presentation.
bool starts_pdu(std::uint8_t b) noexcept { return (b & 0xc0) == 0x80 && (b & 0x1fU) <= kMaxPdu; }

/// Content of a PDV; of a BIT STRING without the count of unused bits.
bool pdv_content(Bytes list, Bytes& out) noexcept {
  Cursor c(list);
  ber::Element e;
  while (ber::read(c, e)) {
    if (e.context(0) || e.context(1)) return out = e.content, true;
    if (e.context(2) && !e.content.empty()) return out = e.content.subspan(1), true;
  }
  return false;
}

/// All elements of `in` as PDUs.
void take_pdus(Bytes in, Content& out) noexcept {
  Cursor c(in);
  ber::Element e;
  while (ber::read(c, e)) {
    if (!is_pdu(e)) {
      out.presentation_ok = false;
    } else if (out.count == out.pdus.size()) {
      out.too_many = true;
    } else {
      out.pdus[out.count++] = e.all;
    }
  }
  out.presentation_ok = out.presentation_ok && c.ok();
}

void take_user_data(Bytes in, Content& out) noexcept {
  Cursor c(in);
  ber::Element data, pdv;
  while (ber::read(c, data)) {
    if (!data.application(1)) {
      out.presentation_ok = false;
      continue;
    }
    Cursor lists(data.content);
    while (ber::read(lists, pdv)) {
      Bytes content;
      if (pdv.universal(ber::kSequence) && pdv_content(pdv.content, content)) {
        take_pdus(content, out);
      } else {
        out.presentation_ok = false;
      }
    }
    out.presentation_ok = out.presentation_ok && lists.ok();
  }
  out.presentation_ok = out.presentation_ok && c.ok();
}

bool named_by_name_alone(std::uint16_t service) noexcept {
  constexpr std::uint8_t kThese[] = {9, 12, 15, 23, 24, 50, 55, 56, 60, 68};
  return std::ranges::find(kThese, service) != std::end(kThese);
}
bool named_first(std::uint16_t service) noexcept {
  constexpr std::uint8_t kThese[] = {19, 20, 21, 25, 47, 51, 52, 53, 57, 59, 62, 65, 66, 67, 69, 70};
  return std::ranges::find(kThese, service) != std::end(kThese);
}

/// A VariableAccessSpecification.
void take_specification(const ber::Element& e, Message& m) noexcept {
  m.objects = e.content;
  m.variable_list = e.context(1);
  m.form = m.variable_list ? Form::kName : Form::kList;
  wrong(m, kBadService, !e.context(0) && !e.context(1));
}

void take_explicit_specification(Bytes content, Message& m) noexcept {
  Cursor c(content);
  ber::Element e;
  if (ber::read(c, e)) return take_specification(e, m);
  wrong(m, kBadService);
}

/// A specification, and [0] with values behind it: a write or a report.
void take_both(Message& m) noexcept {
  Cursor c(m.body.content);
  ber::Element spec, values;
  if (!ber::read(c, spec)) return wrong(m, kBadService);
  take_specification(spec, m);
  if (!ber::read(c, values) || !values.context(0)) return wrong(m, kBadService);
  m.values = values.content;
}

void objects_of_request(Message& m) noexcept {
  ber::Element e;
  const Bytes body = m.body.content;
  switch (static_cast<Service>(m.service)) {
    case Service::kRead:
      if (!ber::find_context(body, 1, e)) return wrong(m, kBadService);
      return take_explicit_specification(e.content, m);
    case Service::kWrite:
      return take_both(m);
    case Service::kGetVariableAccessAttributes:
      m.form = Form::kVariable;
      m.objects = body;
      return;
    case Service::kDefineNamedVariableList:
      m.form = Form::kDefinition;
      m.objects = body;
      return;
    case Service::kDeleteVariableAccess:
    case Service::kDeleteNamedVariableList:
    case Service::kDeleteNamedType:
      if (!ber::find_context(body, 1, e)) return;
      m.form = Form::kNames;
      m.objects = e.content;
      return;
    case Service::kRename:
      if (!ber::find_context(body, 1, e)) return wrong(m, kBadService);
      m.form = Form::kName;
      m.objects = e.content;
      return;
    default:
      if (named_by_name_alone(m.service)) {
        m.form = Form::kName;
        m.objects = body;
      } else if (named_first(m.service)) {
        if (!ber::find_context(body, 0, e)) return wrong(m, kBadService);
        m.form = Form::kName;
        m.objects = e.content;
      }
  }
}

void objects_of_response(Message& m) noexcept {
  ber::Element e;
  const Bytes body = m.body.content;
  switch (static_cast<Service>(m.service)) {
    case Service::kRead:
      if (ber::find_context(body, 0, e)) take_explicit_specification(e.content, m);
      if (!ber::find_context(body, 1, e)) return wrong(m, kBadService);
      m.values = e.content;
      return;
    case Service::kGetNamedVariableListAttributes:
      if (!ber::find_context(body, 1, e)) return wrong(m, kBadService);
      m.form = Form::kList;
      m.objects = e.content;
      return;
    default:
      return;
  }
}

void count(Message& m) noexcept {
  Object o;
  ObjectWalk objects(m);
  while (objects.next(o)) ++m.object_count;
  wrong(m, kBadService, objects.malformed());
  Report report;
  wrong(m, kBadService, names_report(m) && !read_report(m, report));
  Value v;
  ValueWalk values(told_values(m));
  while (values.next(v)) ++m.value_count;
  wrong(m, kBadService, values.malformed());
  wrong(m, kDeep, values.too_deep());
  wrong(m, kMany, m.object_count > kMaxOtInstances || m.value_count > kMaxOtInstances);
}

void read_service(Cursor c, std::uint16_t base, Message& m) noexcept {
  if (!ber::read(c, m.body) || m.body.tag_class != ber::Class::kContext) return wrong(m, kBadPdu);
  m.service = static_cast<std::uint16_t>(m.body.tag + base);
  if (m.body.tag >= kUnconfirmedService || service_name(m.service).empty()) {
    m.service = static_cast<std::uint16_t>(std::min<std::uint32_t>(m.body.tag, 255) + base);
    return wrong(m, kStrangeService);
  }
  ber::Element detail;
  if (!c.empty()) wrong(m, kBadPdu, !ber::read_context(c, kServiceDetail, detail) || !c.empty());
  if (m.reports()) {
    take_both(m);
  } else if (m.is(Pdu::kConfirmedRequest)) {
    objects_of_request(m);
  } else if (m.is(Pdu::kConfirmedResponse)) {
    objects_of_response(m);
  }
  count(m);
}

bool invoke(Bytes content, Message& m) noexcept {
  std::uint64_t v = 0;
  if (!ber::read_unsigned(content, v) || v > 0xffffffff) return false;
  m.invoke = static_cast<std::uint32_t>(v);
  return m.has_invoke = true;
}

void read_confirmed(Message& m) noexcept {
  Cursor c(m.content);
  ber::Element e;
  if (!ber::read(c, e) || !e.universal(ber::kInteger) || !invoke(e.content, m)) return wrong(m, kBadPdu);
  Cursor service = c;
  if (m.is(Pdu::kConfirmedRequest) && ber::read(c, e) && e.universal(ber::kSequence))
    service = c;  // modifiers
  read_service(service, 0, m);
}

/// The PDU itself; its first byte was looked at.
void read_pdu(Bytes all, Message& m) noexcept {
  Cursor c(all);
  ber::Element e;
  if (!ber::read(c, e) || !is_pdu(e)) return wrong(m, kBadPdu);
  m.pdu = static_cast<Pdu>(e.tag);
  m.content = e.content;
  ServiceError error;
  Initiate initiate;
  Reject reject;
  switch (m.pdu) {
    case Pdu::kConfirmedRequest:
    case Pdu::kConfirmedResponse:
      return read_confirmed(m);
    case Pdu::kUnconfirmed:
      return read_service(Cursor(m.content), kUnconfirmedService, m);
    case Pdu::kConfirmedError:
    case Pdu::kCancelError:
      wrong(m, kBadPdu,
            !ber::find_context(m.content, 0, e) || !invoke(e.content, m) || !read_error(m, error));
      return;
    case Pdu::kReject:
      if (ber::find_context(m.content, 0, e)) wrong(m, kBadPdu, !invoke(e.content, m));
      return wrong(m, kBadPdu, !read_reject(m, reject));
    case Pdu::kCancelRequest:
    case Pdu::kCancelResponse:
      return wrong(m, kBadPdu, !invoke(m.content, m));
    case Pdu::kInitiateRequest:
    case Pdu::kInitiateResponse:
      return wrong(m, kBadPdu, !read_initiate(m, initiate));
    case Pdu::kInitiateError:
    case Pdu::kConcludeError:
      return wrong(m, kBadPdu, !read_error(m, error));
    case Pdu::kConcludeRequest:
    case Pdu::kConcludeResponse:
      return wrong(m, kBadPdu, !m.content.empty());
    case Pdu::kNone:
      return;
  }
}

/// Where the parameters of the presentation are: of CP and CPA inside of a SET, of a refusal and an abort at once.
Bytes presentation_of(Spdu spdu, Bytes user_data, bool& ok) noexcept {
  ber::Element e, mode;
  Cursor c(user_data);
  ok = true;
  switch (spdu) {
    case Spdu::kConnect:
    case Spdu::kAccept:
      ok = ber::read(c, e) && e.universal(ber::kSet) && ber::find_context(e.content, 2, mode);
      return ok ? mode.content : Bytes{};
    case Spdu::kRefuse:
    case Spdu::kAbort:
      ok = user_data.empty() || (ber::read(c, e) && (e.universal(ber::kSequence) || e.context(0)));
      return ok && !user_data.empty() ? e.content : Bytes{};
    default:
      return user_data;
  }
}

void read_association(Message& m) noexcept {
  Session s;
  // take_apart() has let no other through.
  if (!read_session(m.all, m.spdu, s)) return wrong(m, kBadPresentation);
  bool ok = false;
  m.presentation = presentation_of(m.spdu, s.user_data, ok);
  wrong(m, kBadPresentation, !ok);
  Cursor c(m.presentation);
  ber::Element e, pdv, apdu;
  Bytes content;
  while (ber::read(c, e) && !e.application(1)) {
  }
  if (!c.ok()) return wrong(m, kBadPresentation);
  if (!e.application(1)) return;
  Cursor lists(e.content);
  if (!ber::read(lists, pdv) || !pdv.universal(ber::kSequence) || !pdv_content(pdv.content, content)) {
    return wrong(m, kBadPresentation);
  }
  Cursor apdus(content);
  if (!ber::read(apdus, apdu)) return wrong(m, kBadAcse);
  if (is_pdu(apdu)) return read_pdu(apdu.all, m);
  if (apdu.tag_class != ber::Class::kApplication || apdu.tag > 4) return wrong(m, kBadAcse);
  m.acse = static_cast<std::uint8_t>(apdu.tag + 1);
  m.acse_content = apdu.content;
  Acse a;
  wrong(m, kBadAcse, !read_acse(m, a));
  if (!a.user_information.empty()) read_pdu(a.user_information, m);
}

// 1.0.9506: MMS, in the names of its syntaxes and of its application context.
constexpr std::uint8_t kMmsOid[] = {0x28, 0xca, 0x22};

bool names_mms(Bytes b) noexcept {
  return std::search(b.begin(), b.end(), std::begin(kMmsOid), std::end(kMmsOid)) != b.end();
}

/// A PDU, of which all or only the beginning may be there.
Probe probe_pdu(Bytes b) noexcept {
  Cursor c(b);
  ber::Element e;
  std::size_t length = 0;
  if (!b.empty() && !starts_pdu(b[0])) return Probe::kNo;
  if (!ber::read_header(c, e, length)) return b.size() < 8 ? Probe::kUnsure : Probe::kNo;
  if (length > 65535) return Probe::kNo;
  const auto pdu = static_cast<Pdu>(e.tag);
  const bool one = pdu == Pdu::kCancelRequest || pdu == Pdu::kCancelResponse;
  const bool none = pdu == Pdu::kConcludeRequest || pdu == Pdu::kConcludeResponse;
  if (e.constructed == (one || none)) return Probe::kNo;
  if (none) return length == 0 ? Probe::kYes : Probe::kNo;
  if (one) return length >= 1 && length <= 5 ? Probe::kYes : Probe::kNo;
  // What stands first in it.
  ber::Element first;
  std::size_t first_length = 0;
  Cursor in = c;
  if (!ber::read_header(in, first, first_length)) return c.left() < 8 ? Probe::kUnsure : Probe::kNo;
  switch (pdu) {
    case Pdu::kConfirmedRequest:
    case Pdu::kConfirmedResponse: {
      if (!first.universal(ber::kInteger) || first_length == 0 || first_length > 5) return Probe::kNo;
      if (first_length + 2 == length) return Probe::kNo;  // no service
      in.skip(first_length);
      ber::Element service;
      std::size_t service_length = 0;
      const Bytes rest = in.ok() ? in.rest() : Bytes{};
      if (!ber::read_header(in, service, service_length))
        return rest.size() < 8 ? Probe::kUnsure : Probe::kNo;
      if (service.universal(ber::kSequence) && service.constructed) return Probe::kYes;  // modifiers
      if (service.tag_class != ber::Class::kContext || service_name(service.tag).empty()) return Probe::kNo;
      return in.offset() + service_length <= c.offset() + length ? Probe::kYes : Probe::kNo;
    }
    case Pdu::kUnconfirmed:
      return first.tag_class == ber::Class::kContext && first.tag <= 2 && first.constructed &&
                     in.offset() + first_length <= c.offset() + length
                 ? Probe::kYes
                 : Probe::kNo;
    case Pdu::kInitiateRequest:
    case Pdu::kInitiateResponse:
      return (first.context(0) || first.context(1)) && !first.constructed && first_length >= 1 &&
                     first_length <= 4 && length >= 16
                 ? Probe::kYes
                 : Probe::kNo;
    default:
      return first.tag_class == ber::Class::kContext && first.tag <= 11 &&
                     in.offset() + first_length <= c.offset() + length
                 ? Probe::kYes
                 : Probe::kNo;
  }
}

/// Presentation data: user data, a PDV, an identifier of a context, and in it a PDU.
Probe probe_user_data(Bytes b) noexcept {
  constexpr std::size_t kHead = 24;  // as many bytes are always enough
  const Probe short_of = b.size() < kHead ? Probe::kUnsure : Probe::kNo;
  Cursor c(b);
  ber::Element e;
  std::size_t outer = 0, inner = 0;
  if (!b.empty() && b[0] != 0x61) return Probe::kNo;
  if (!ber::read_header(c, e, outer)) return short_of;
  if (!c.empty() && c.peek() != 0x30) return Probe::kNo;
  const std::size_t list_at = c.offset();
  if (!ber::read_header(c, e, inner)) return short_of;
  if (c.offset() + inner > list_at + outer) return Probe::kNo;
  if (c.peek() == 0x06) {
    ber::Element syntax;
    if (!ber::read(c, syntax)) return short_of;
  }
  ber::Element context;
  if (!ber::read(c, context)) return short_of;
  if (!context.universal(ber::kInteger) || context.content.empty() || context.content.size() > 2)
    return Probe::kNo;
  if (!c.empty() && c.peek() != 0xa0 && c.peek() != 0x81) return Probe::kNo;
  std::size_t data = 0;
  if (!ber::read_header(c, e, data)) return short_of;
  return probe_pdu(c.rest());
}

/// What the first data of a direction, or of a TPKT, are.
Probe probe_data(Bytes b) noexcept {
  if (b.empty()) return Probe::kUnsure;
  if (starts_pdu(b[0])) return probe_pdu(b);
  Cursor c(b);
  if (b[0] == kGiveTokens || b[0] == kPleaseTokens) {
    for (unsigned i = 0; i < kDataSpdus && (c.peek() == kGiveTokens || c.peek() == kPleaseTokens); ++i) {
      c.skip(1);
      const std::uint8_t length = c.u8();
      if (length > 8) return Probe::kNo;
      c.skip(length);
      if (!c.ok()) return Probe::kUnsure;
    }
    return c.empty() ? Probe::kUnsure : probe_user_data(c.rest());
  }
  if (b[0] != static_cast<std::uint8_t>(Spdu::kConnect) && b[0] != static_cast<std::uint8_t>(Spdu::kAccept)) {
    return Probe::kNo;
  }
  if (names_mms(b)) return Probe::kYes;
  c.skip(1);
  std::size_t length = c.u8();
  if (length == 0xff) length = c.u16be();
  return !c.ok() || c.left() < length ? Probe::kUnsure : Probe::kNo;
}

}  // namespace

bool Message::wants_reply() const noexcept {
  switch (kind) {
    case Kind::kCotp:
      return tpdu.type == cotp::Type::kConnectRequest;
    case Kind::kSession:
      return spdu == Spdu::kConnect || spdu == Spdu::kFinish;
    case Kind::kPdu:
      return pdu == Pdu::kConfirmedRequest || pdu == Pdu::kCancelRequest || pdu == Pdu::kInitiateRequest ||
             pdu == Pdu::kConcludeRequest;
  }
  return false;
}

Content take_apart(Bytes message) noexcept {
  Content out;
  if (message.empty()) return out;
  if (starts_pdu(message[0])) {
    take_pdus(message, out);
    return out;
  }
  if (message[0] != kGiveTokens && message[0] != kPleaseTokens) {
    Session s;
    Spdu type{};
    out.session_ok = !spdu_name(message[0]).empty() && read_session(message, type, s);
    if (out.session_ok) out.spdu = message;
    return out;
  }
  Cursor c(message);
  for (unsigned i = 0; i < kDataSpdus && (c.peek() == kGiveTokens || c.peek() == kPleaseTokens); ++i) {
    c.skip(1);
    c.skip(c.u8());
  }
  out.session_ok = c.ok();
  take_user_data(c.rest(), out);
  return out;
}

Message interpret(const cotp::Tpdu& t) noexcept {
  Message m;
  m.kind = Kind::kCotp;
  m.tpdu = t;
  m.all = t.all;
  return m;
}

Message interpret_spdu(Bytes spdu) noexcept {
  Message m;
  m.kind = Kind::kSession;
  m.all = spdu;
  read_association(m);
  return m;
}

Message interpret_pdu(Bytes pdu) noexcept {
  Message m;
  m.all = pdu;
  read_pdu(pdu, m);
  return m;
}

Message interpret_again(Kind kind, Bytes all) noexcept {
  cotp::Tpdu t;
  switch (kind) {
    case Kind::kCotp:
      (void)cotp::parse_tpdu(all, t);  // it was one before
      return interpret(t);
    case Kind::kSession:
      return interpret_spdu(all);
    case Kind::kPdu:
      break;
  }
  return interpret_pdu(all);
}

Probe frame_starts(Bytes stream) noexcept {
  if (const Probe p = cotp::header_starts(stream); p != Probe::kYes) return p;
  const std::size_t length = std::size_t{stream[2]} << 8 | stream[3];
  const std::size_t header = cotp::kTpktHeader + 1U + stream[4];
  // Of those without data there is enough in their header to know them by.
  if (static_cast<cotp::Type>(stream[5]) != cotp::Type::kData)
    return length <= 128 ? Probe::kYes : Probe::kNo;
  if (length == header) return Probe::kYes;
  const Bytes data = stream.subspan(std::min(header, stream.size()),
                                    std::min(stream.size(), length) - std::min(header, stream.size()));
  if (data.empty()) return Probe::kUnsure;
  // The rest of the association is no start of a flow, but one of a frame.
  if (data[0] > 2 && !spdu_name(data[0]).empty()) return Probe::kYes;
  const Probe p = probe_data(data);
  return p == Probe::kUnsure && stream.size() >= length ? Probe::kNo : p;
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  if (transport != Transport::kTcp) return Probe::kNo;
  Bytes data;
  if (const Probe p = cotp::first_data(first, data); p != Probe::kYes) return p;
  return probe_data(data);
}

}  // namespace picket::mms
