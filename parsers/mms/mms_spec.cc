#include "parsers/mms/mms_parser.h"

namespace picket::mms {
namespace {

const Exchange& exchange(const Transaction& tx) noexcept { return static_cast<const Exchange&>(tx); }
const Message* side(const Transaction& tx, Direction dir) noexcept { return exchange(tx).side(dir); }

/// A BufferDef's getter for what `kRead` says of a message, empty where it does not; it answers for 0 only.
template <Bytes (*kRead)(const Message&) noexcept>
bool bytes(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && !(out = kRead(*m)).empty();
}
Bytes data(const Message& m) noexcept { return m.kind == Kind::kCotp ? Bytes{} : m.all; }
Identity identity(const Message& m) noexcept {
  Identity i;
  (void)read_identity(m, i);
  return i;
}
Bytes vendor(const Message& m) noexcept { return identity(m).vendor; }
Bytes model(const Message& m) noexcept { return identity(m).model; }
Bytes revision(const Message& m) noexcept { return identity(m).revision; }
Bytes report_id(const Message& m) noexcept {
  Report r;
  return read_report(m, r) ? r.id : Bytes{};
}
Bytes data_set(const Message& m) noexcept {
  Report r;
  return read_report(m, r) ? r.data_set : Bytes{};
}
Bytes control(const Message& m) noexcept {
  Control c;
  return read_control(m, c) ? as_bytes(action_name(c.action)) : Bytes{};
}

/// Of the n-th object; where it has none of that the bytes are empty, since others may follow.
template <Bytes (*kOf)(const Object&) noexcept>
bool of_object(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  Object o;
  if (m == nullptr || n >= kMaxOtInstances || !object_at(exchange(tx), *m, n, o)) return false;
  out = kOf(o);
  return true;
}
Bytes domain(const Object& o) noexcept { return o.domain; }
Bytes item(const Object& o) noexcept { return o.item; }
Bytes fc(const Object& o) noexcept {
  IecName name;
  return split_name(o.item, name) ? name.fc : Bytes{};
}

bool text(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  Value v;
  if (m == nullptr || n >= kMaxOtInstances || !value_at(exchange(tx), *m, n, true, v)) return false;
  out = v.content;
  return true;
}
bool name(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  NameList list;
  if (m == nullptr || n >= kMaxOtInstances || !m->answers(Service::kGetNameList)) return false;
  auto& seek = exchange(tx).names;
  if (seek.of != m || seek.next > n) {
    if (!read_name_list(*m, list)) return false;
    seek = {m, 0, false, Cursor(list.names)};
  }
  ber::Element e;
  while (ber::read(seek.walk, e)) {
    if (seek.next++ == n) return out = e.content, true;
  }
  return false;
}

template <Title Acse::*kTitle>
bool title(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  Acse a;
  if (n != 0 || m == nullptr || !read_acse(*m, a) || (a.*kTitle).oid.empty()) return false;
  auto& room = exchange(tx).address_room;
  out = as_bytes({room.data(), ber::write_oid((a.*kTitle).oid, room)});
  return true;
}

/// An IntegerDef's getter for what `kRead` says of a message; it answers for 0 only.
template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && kRead(*m, out);
}
/// What is not negative.
bool as_unsigned(std::int64_t v, std::uint64_t& out) noexcept {
  out = static_cast<std::uint64_t>(v);
  return v >= 0;
}
bool pdu(const Message& m, std::uint64_t& out) noexcept {
  out = static_cast<std::uint64_t>(m.pdu);
  return !m.is(Pdu::kNone);
}
bool invoke_id(const Message& m, std::uint64_t& out) noexcept { return out = m.invoke, m.has_invoke; }
bool service(const Message& m, std::uint64_t& out) noexcept {
  return out = m.service, m.service != kNoService;
}
bool object_count(const Message& m, std::uint64_t& out) noexcept {
  return out = m.object_count, m.object_count != 0;
}
bool value_count(const Message& m, std::uint64_t& out) noexcept {
  return out = m.value_count, m.value_count != 0;
}
bool error_class(const Message& m, std::uint64_t& out) noexcept {
  ServiceError e;
  return read_error(m, e) && (out = e.error_class, true);
}
bool error_code(const Message& m, std::uint64_t& out) noexcept {
  ServiceError e;
  return read_error(m, e) && as_unsigned(e.code, out);
}
bool reject_reason(const Message& m, std::uint64_t& out) noexcept {
  Reject r;
  return read_reject(m, r) && as_unsigned(r.reason, out);
}
bool object_class(const Message& m, std::uint64_t& out) noexcept {
  NameList l;
  return read_name_list(m, l) && as_unsigned(l.object_class, out);
}
bool associate_result(const Message& m, std::uint64_t& out) noexcept {
  Acse a;
  return read_acse(m, a) && as_unsigned(a.result, out);
}
bool max_pdu_size(const Message& m, std::uint64_t& out) noexcept {
  Initiate i;
  return read_initiate(m, i) && as_unsigned(i.local_detail, out);
}
bool version(const Message& m, std::uint64_t& out) noexcept {
  Initiate i;
  return read_initiate(m, i) && as_unsigned(i.version, out);
}
bool origin(const Message& m, std::uint64_t& out) noexcept {
  Control c;
  LastError e;
  if (read_last_error(m, e)) return as_unsigned(e.origin, out);
  return read_control(m, c) && c.has_origin && as_unsigned(c.origin, out);
}
bool add_cause(const Message& m, std::uint64_t& out) noexcept {
  LastError e;
  return read_last_error(m, e) && as_unsigned(e.add_cause, out);
}

/// The n-th access that failed.
bool access_error(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  if (!m->answers(Service::kWrite) && !m->answers(Service::kRead)) return false;
  Cursor c(m->is(Service::kWrite) ? m->body.content : m->values);
  ber::Element e;
  std::int64_t v = 0;
  for (unsigned failed = 0; failed < kMaxObjects && ber::read(c, e);) {
    if (!e.context(0) || e.constructed) continue;
    if (failed++ == n) return ber::read_integer(e.content, v) && as_unsigned(v, out);
  }
  return false;
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"mms.data", "", kBoth, bytes<data>, "a whole PDU; of the association's messages the SPDU"},
    {"mms.domain", "", kBoth, of_object<domain>, "domains of the objects: logical devices of IEC 61850"},
    {"mms.item", "", kBoth, of_object<item>, "names of the objects: LLN0$BR$brcbEV1$RptEna"},
    {"mms.fc", "", kBoth, of_object<fc>, "functional constraints of the objects: ST, CO, SP ..."},
    {"mms.text", "", kBoth, text, "values that are texts"},
    {"mms.name", "", kBoth, name, "names in a list of names"},
    {"mms.vendor", "", kBoth, bytes<vendor>, "vendor that a device says it is of"},
    {"mms.model", "", kBoth, bytes<model>, "model that a device says it is"},
    {"mms.revision", "", kBoth, bytes<revision>, "revision that a device says it has"},
    {"mms.file", "", kBoth, bytes<file_of>, "file that a request is about"},
    {"mms.loaded_domain", "", kBoth, bytes<domain_of>, "domain that is loaded, deleted or asked for"},
    {"mms.program", "", kBoth, bytes<program_of>, "program invocation that a request is about"},
    {"mms.report_id", "", kBoth, bytes<report_id>, "RptID of a report"},
    {"mms.data_set", "", kBoth, bytes<data_set>, "data set of a report"},
    {"mms.control", "", kBoth, bytes<control>,
     "what is done to a control: select, select before operate with value, operate or cancel"},
    {"mms.called_ap_title", "", kBoth, title<&Acse::called>, "application that is called: 1.1.1.999.1"},
    {"mms.calling_ap_title", "", kBoth, title<&Acse::calling>, "application that calls"},
};

constexpr IntegerDef kIntegers[] = {
    {"mms.pdu", "", kBoth, integer<pdu>, pdu_by_name, "kind of PDU"},
    {"mms.invoke_id", "", kBoth, integer<invoke_id>, nullptr, "number that request and reply share"},
    {"mms.service", "", kBoth, integer<service>, service_by_name, "service; unconfirmed ones from 256 on"},
    {"mms.object_count", "", kBoth, integer<object_count>, nullptr, "objects that are named"},
    {"mms.value_count", "", kBoth, integer<value_count>, nullptr, "single values"},
    {"mms.error_class", "", kBoth, integer<error_class>, error_class_by_name, "class of an error"},
    {"mms.error_code", "", kBoth, integer<error_code>, nullptr, "error within its class"},
    {"mms.reject_reason", "", kBoth, integer<reject_reason>, nullptr, "why a PDU was rejected"},
    {"mms.access_error", "", kBoth, access_error, access_error_by_name,
     "why variables were not read or written"},
    {"mms.object_class", "", kBoth, integer<object_class>, object_class_by_name, "what names are asked for"},
    {"mms.associate_result", "", kBoth, integer<associate_result>, associate_result_by_name,
     "whether an association was accepted"},
    {"mms.max_pdu_size", "", kBoth, integer<max_pdu_size>, nullptr, "most bytes of a PDU"},
    {"mms.version", "", kBoth, integer<version>, nullptr, "version of MMS"},
    {"mms.origin", "", kBoth, integer<origin>, origin_by_name, "who a control comes from: orCat"},
    {"mms.add_cause", "", kBoth, integer<add_cause>, add_cause_by_name, "why a control failed"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_tpkt", "bytes that are no TPKT with a COTP header"},
    {"unexpected_tpdu", "a TPDU that class 0 does not have"},
    {"tpdu_rejected", "an ER: the other end did not understand a TPDU"},
    {"invalid_session", "an SPDU that does not exist, or whose parameters do not fit together"},
    {"invalid_presentation", "no presentation data where they should be, or what they carry is no PDU"},
    {"invalid_acse", "an ACSE PDU that does not exist, or is not all there"},
    {"invalid_pdu", "a PDU that is not all there, or without what each one has"},
    {"unknown_service", "a service that MMS does not have"},
    {"invalid_service", "a service whose objects or values are not all there"},
    {"too_deep", "values nested more than 12 deep; the innermost are left out"},
    {"too_many", "more PDUs in a message, objects or values than are looked at"},
    {"too_large", "a message in several pieces is larger than message-limit, or memory is short"},
    {"unsolicited_response", "nothing with that invoke id waits for a reply"},
    {"mismatch", "the reply is of another service, reference or number of objects than its request"},
    {"pdu_rejected", "a reject: the other end did not understand a PDU"},
    {"flooded", "more requests than request-flood wait for a reply"},
    {"no_reply", "no reply came within reply-timeout"},
    {"lost_sync", "parsing goes on at the next header that makes sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next header that makes sense"},
    {"out_of_memory", "no memory was left for a request"},
    {"cleartext_password", "a password that anybody can read opens the association"},
    {"aborted", "the association was aborted"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kAborted) + 1);

constexpr std::uint16_t kPorts[] = {cotp::kPort};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "mms",
    .record = "mms",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(MmsParser),
    .create = create_parser<MmsParser>,
    .max_pending_bytes = cotp::kMaxTpkt,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::mms
