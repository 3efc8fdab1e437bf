#include "export/patient_writer.h"
#include "export/wire_writer.h"
#include "parsers/hl7/hl7.h"
#include "parsers/hl7/hl7.pb.h"

#include <algorithm>

namespace picket::hl7 {
namespace {

using v1::Hl7Message;
using v1::Hl7Observation;
using v1::Hl7Order;

constexpr std::size_t kMaxText = 256;  // bytes of a field, in a record
constexpr unsigned kMaxRepeated = 8;   // character sets, profiles
constexpr unsigned kMaxPatientFields = 32;

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}
/// A field or component with its escapes resolved; nothing where it is empty.
void text(WireWriter& w, int field, Bytes b, const Separators& by) noexcept {
  if (b.empty()) return;
  std::array<char, kMaxText> room;
  w.bytes(field, unescape(b, by, room));
}
void time(WireWriter& w, int field, Bytes b) noexcept {
  std::array<char, 40> room;
  name(w, field, time_text(b, room));
}

void header(WireWriter& w, const Message& m) noexcept {
  const Separators& by = m.separators;
  const auto of = [&](int f, unsigned n) { text(w, f, m.msh(n), by); };
  const auto repeated = [&](int f, unsigned n, unsigned part) {
    Bytes one;
    for (unsigned i = 0; i < kMaxRepeated && repetition(m.msh(n), by, i, one); ++i)
      text(w, f, part == 0 ? one : component(one, by, part), by);
  };
  text(w, Hl7Message::kTypeFieldNumber, m.type(), by);
  text(w, Hl7Message::kTriggerFieldNumber, m.trigger(), by);
  text(w, Hl7Message::kStructureFieldNumber, component(m.msh(9), by, 3), by);
  name(w, Hl7Message::kTypeNameFieldNumber, type_name(m.type()));
  of(Hl7Message::kControlIdFieldNumber, 10);
  of(Hl7Message::kProcessingIdFieldNumber, 11);
  of(Hl7Message::kVersionFieldNumber, 12);
  of(Hl7Message::kSendingApplicationFieldNumber, 3);
  of(Hl7Message::kSendingFacilityFieldNumber, 4);
  of(Hl7Message::kReceivingApplicationFieldNumber, 5);
  of(Hl7Message::kReceivingFacilityFieldNumber, 6);
  time(w, Hl7Message::kTimeFieldNumber, component(m.msh(7), by, 1));
  repeated(Hl7Message::kCharacterSetsFieldNumber, 18, 0);
  of(Hl7Message::kCountryFieldNumber, 17);
  text(w, Hl7Message::kLanguageFieldNumber, component(m.msh(19), by, 1), by);
  of(Hl7Message::kSequenceFieldNumber, 13);
  of(Hl7Message::kContinuationFieldNumber, 14);
  of(Hl7Message::kAcceptAcknowledgementFieldNumber, 15);
  of(Hl7Message::kApplicationAcknowledgementFieldNumber, 16);
  repeated(Hl7Message::kProfilesFieldNumber, 21, 1);
  if (!by.usual()) {
    const Bytes encoding = m.header.line.subspan(3, std::min<std::size_t>(6, m.header.line.size() - 3));
    const auto end = std::find(encoding.begin() + 1, encoding.end(), by.field);
    w.bytes(Hl7Message::kSeparatorsFieldNumber,
            encoding.first(static_cast<std::size_t>(end - encoding.begin())));
  }
}

void order(WireWriter& w, const Message& m, const Segment& s, const OrderFields& f) noexcept {
  const Separators& by = m.separators;
  const auto o = w.message(Hl7Message::kOrdersFieldNumber);
  const auto of = [&](std::uint8_t n) { return n == 0 ? Bytes{} : component(field(s, by, n), by, 1); };
  w.text(Hl7Order::kSegmentFieldNumber, f.segment);
  text(w, Hl7Order::kControlFieldNumber, of(f.control), by);
  name(w, Hl7Order::kControlNameFieldNumber, order_control_name(of(f.control)));
  text(w, Hl7Order::kPlacerFieldNumber, of(f.placer), by);
  text(w, Hl7Order::kFillerFieldNumber, of(f.filler), by);
  text(w, Hl7Order::kStatusFieldNumber, of(f.status), by);
  text(w, Hl7Order::kServiceFieldNumber, of(f.service), by);
  if (f.service != 0)
    text(w, Hl7Order::kServiceNameFieldNumber, component(field(s, by, f.service), by, 2), by);
  text(w, Hl7Order::kResultStatusFieldNumber, of(f.result), by);
  if (f.segment == "OBR") name(w, Hl7Order::kResultStatusNameFieldNumber, result_status_name(of(f.result)));
}

void observation(WireWriter& w, const Message& m, const Segment& s) noexcept {
  const Separators& by = m.separators;
  const auto o = w.message(Hl7Message::kObservationsFieldNumber);
  text(w, Hl7Observation::kTypeFieldNumber, field(s, by, 2), by);
  text(w, Hl7Observation::kIdentifierFieldNumber, component(field(s, by, 3), by, 1), by);
  text(w, Hl7Observation::kNameFieldNumber, component(field(s, by, 3), by, 2), by);
  text(w, Hl7Observation::kStatusFieldNumber, field(s, by, 11), by);
  name(w, Hl7Observation::kStatusNameFieldNumber, result_status_name(field(s, by, 11)));
  text(w, Hl7Observation::kEquipmentFieldNumber, field(s, by, 18), by);
}

/// Where it is and what: ERR-2 to ERR-5, or before version 2.5 the components of ERR-1. Its texts may name anybody.
void error(WireWriter& w, const Message& m, const Segment& s) noexcept {
  using v1::Hl7Error;
  const Separators& by = m.separators;
  const auto e = w.message(Hl7Message::kErrorsFieldNumber);
  Bytes code = component(field(s, by, 3), by, 1);
  Bytes location = field(s, by, 2);
  if (code.empty()) {
    Separators parts = by;  // CE inside of a component
    parts.component = by.part;
    const Bytes old = field(s, by, 1);
    code = component(component(old, by, 4), parts, 1);
    location = component(old, by, 1);
  }
  text(w, Hl7Error::kLocationFieldNumber, location, by);
  text(w, Hl7Error::kCodeFieldNumber, code, by);
  name(w, Hl7Error::kCodeNameFieldNumber, error_name(code));
  text(w, Hl7Error::kSeverityFieldNumber, component(field(s, by, 4), by, 1), by);
  text(w, Hl7Error::kApplicationCodeFieldNumber, component(field(s, by, 5), by, 1), by);
}

void software(WireWriter& w, const Message& m, const Segment& s) noexcept {
  using v1::Hl7Software;
  const Separators& by = m.separators;
  const auto o = w.message(Hl7Message::kSoftwareFieldNumber);
  text(w, Hl7Software::kVendorFieldNumber, component(field(s, by, 1), by, 1), by);
  text(w, Hl7Software::kVersionFieldNumber, field(s, by, 2), by);
  text(w, Hl7Software::kProductFieldNumber, field(s, by, 3), by);
  text(w, Hl7Software::kBinaryFieldNumber, field(s, by, 4), by);
}

struct Counts {
  unsigned orders = 0, observations = 0, errors = 0, software = 0;
};

/// What segments of that kind say; one walk through all of them.
void segment(WireWriter& w, const Message& m, const Segment& s, Counts& n) noexcept {
  const Separators& by = m.separators;
  const std::string_view is = as_text(s.name);
  if (const OrderFields* f = order_fields(s.name)) {
    if (n.orders++ < kMaxTold) order(w, m, s, *f);
  } else if (is == "OBX") {
    if (n.observations++ < kMaxTold) observation(w, m, s);
  } else if (is == "ERR") {
    if (n.errors++ < kMaxTold) error(w, m, s);
  } else if (is == "SFT") {
    if (n.software++ < kMaxTold) software(w, m, s);
  } else if (is == "EVN") {
    time(w, Hl7Message::kEventTimeFieldNumber, component(field(s, by, 2), by, 1));
    text(w, Hl7Message::kEventReasonFieldNumber, component(field(s, by, 4), by, 1), by);
  } else if (is == "PV1") {
    text(w, Hl7Message::kPatientClassFieldNumber, component(field(s, by, 2), by, 1), by);
    name(w, Hl7Message::kPatientClassNameFieldNumber, patient_class_name(component(field(s, by, 2), by, 1)));
  } else if (is == "QPD") {
    text(w, Hl7Message::kQueryFieldNumber, component(field(s, by, 1), by, 1), by);
    text(w, Hl7Message::kQueryTagFieldNumber, field(s, by, 2), by);
  } else if (is == "QAK") {
    text(w, Hl7Message::kQueryTagFieldNumber, field(s, by, 1), by);
    text(w, Hl7Message::kQueryStatusFieldNumber, field(s, by, 2), by);
  }
}

void patient(WireWriter& w, const Message& m, const PatientPolicy* policy) noexcept {
  if (policy == nullptr || !policy->hash) return;
  Cursor c(m.kept.view());
  Segment s;
  unsigned told = 0;
  while (next_segment(c, s)) {
    for (const PatientField& f : patient_fields()) {
      if (as_text(s.name) != f.segment) continue;
      Bytes one;
      const Bytes all = field(s, m.separators, f.field);
      for (unsigned i = 0; told < kMaxPatientFields && repetition(all, m.separators, i, one); ++i) {
        const Bytes value = f.component == 0 ? one : component(one, m.separators, f.component);
        if (value.empty()) continue;
        write_patient(w, Hl7Message::kPatientFieldNumber, *policy, f.name, value);
        ++told;
      }
    }
  }
}

void message(WireWriter& w, int number, const Message& m, const PatientPolicy* policy) noexcept {
  const auto o = w.message(number);
  if (m.has_header) header(w, m);
  w.u64(Hl7Message::kBytesFieldNumber, m.bytes);
  if (m.truncated) w.boolean(Hl7Message::kTruncatedFieldNumber, true);
  for (unsigned i = 0; i < m.name_count; ++i) {
    const auto n = w.message(Hl7Message::kSegmentsFieldNumber);
    w.bytes(v1::Hl7Segment::kNameFieldNumber, m.names[i].name);
    w.u64(v1::Hl7Segment::kCountFieldNumber, m.names[i].count);
  }
  w.u64(Hl7Message::kSegmentCountFieldNumber, m.segments);
  if (m.batch) w.u64(Hl7Message::kBatchMessagesFieldNumber, m.messages);
  if (!m.has_header) return;  // nobody knows what separates
  Acknowledgement a;
  if (read_acknowledgement(m, a)) {
    const auto ack = w.message(Hl7Message::kAcknowledgementFieldNumber);
    text(w, v1::Hl7Acknowledgement::kCodeFieldNumber, a.code, m.separators);
    name(w, v1::Hl7Acknowledgement::kCodeNameFieldNumber, acknowledgement_name(a.code));
    text(w, v1::Hl7Acknowledgement::kControlIdFieldNumber, a.control_id, m.separators);
  }
  Counts n;
  Cursor c(m.kept.view());
  Segment s;
  while (next_segment(c, s)) segment(w, m, s, n);
  if (n.orders != 0) w.u64(Hl7Message::kOrderCountFieldNumber, n.orders);
  if (n.observations != 0) w.u64(Hl7Message::kObservationCountFieldNumber, n.observations);
  patient(w, m, policy);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Hl7;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(Hl7::kIdFieldNumber, x.id + 1);
  w.text(Hl7::kEventFieldNumber, x.operation->name);
  if (x.has_question) message(w, Hl7::kRequestFieldNumber, x.question, x.patient);
  if (x.has_answer) message(w, Hl7::kResponseFieldNumber, x.answer, x.patient);
  if (x.commit[0] != 0) {
    const auto code = static_cast<char>(x.commit[0]);
    const char both[] = {code, static_cast<char>(x.commit[1])};
    w.text(Hl7::kCommitFieldNumber, x.commit[0] == kAck   ? std::string_view("ACK")
                                    : x.commit[0] == kNak ? std::string_view("NAK")
                                                          : std::string_view(both, 2));
  }
  if (x.has_question && x.has_answer && x.answer_ns >= x.question_ns)
    w.u64(Hl7::kResponseUsFieldNumber, (x.answer_ns - x.question_ns) / 1000);
}

}  // namespace picket::hl7
