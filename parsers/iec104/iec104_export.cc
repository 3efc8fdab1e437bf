#include "export/wire_writer.h"
#include "parsers/iec104/iec104.h"
#include "parsers/iec104/iec104.pb.h"

namespace picket::iec104 {
namespace {

using v1::Iec104File;
using v1::Iec104Message;
using v1::Iec104Object;

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}
/// Of what is rare only that it is so.
void mark(WireWriter& w, int field, bool v) noexcept {
  if (v) w.boolean(field, true);
}

/// What the upper four bits of SCQ and AFQ say.
std::string_view file_error(std::uint8_t qualifier) noexcept {
  constexpr std::string_view kErrors[] = {"",
                                          "memory not available",
                                          "checksum failed",
                                          "unexpected service",
                                          "unexpected file name",
                                          "unexpected section name"};
  const unsigned error = qualifier >> 4;
  return error < std::size(kErrors) ? kErrors[error] : "unknown error";
}

void file(WireWriter& w, const Object& o, bool is_segment) noexcept {
  const FileFields& f = o.file;
  const auto s = w.message(Iec104Object::kFileFieldNumber);
  w.u64(Iec104File::kNameFieldNumber, f.name);
  name(w, Iec104File::kNameMeaningFieldNumber, file_name_name(f.name));
  if (f.has_section) w.u64(Iec104File::kSectionFieldNumber, f.section);
  if (f.has_length) w.u64(Iec104File::kLengthFieldNumber, f.length);
  if (f.has_checksum) w.u64(Iec104File::kChecksumFieldNumber, f.checksum);
  if (f.has_status) {
    w.u64(Iec104File::kStatusFieldNumber, f.status & 0x1fU);
    mark(w, Iec104File::kLastOfDirectoryFieldNumber, (f.status & 0x20) != 0);
    mark(w, Iec104File::kIsDirectoryFieldNumber, (f.status & 0x40) != 0);
    mark(w, Iec104File::kActiveFieldNumber, (f.status & 0x80) != 0);
  }
  if (o.qualifier_part == Part::kScq || o.qualifier_part == Part::kAfq) {
    name(w, Iec104File::kErrorFieldNumber, file_error(f.qualifier));
  }
  if (is_segment) {
    w.u64(Iec104File::kSegmentLengthFieldNumber, f.segment.size());
    w.bytes(Iec104File::kSegmentFieldNumber, f.segment);
  }
}

void qualifier(WireWriter& w, const Object& o) noexcept {
  constexpr std::string_view kFreezes[] = {"", "freeze", "freeze and reset", "reset"};
  std::uint16_t q = o.qualifier;
  if (o.qualifier_part == Part::kQcc || o.qualifier_part == Part::kQpm) q &= 0x3f;
  if (o.qualifier_part == Part::kCoi) q &= 0x7f;
  w.u64(Iec104Object::kQualifierFieldNumber, q);
  name(w, Iec104Object::kQualifierNameFieldNumber, qualifier_name(o.qualifier_part, o.qualifier));
  if (o.qualifier_part == Part::kQcc)
    name(w, Iec104Object::kFreezeFieldNumber, kFreezes[o.qualifier >> 6 & 3]);
  if (o.qualifier_part == Part::kCoi)
    mark(w, Iec104Object::kLocalChangeFieldNumber, (o.qualifier & 0x80) != 0);
  if (o.qualifier_part == Part::kQpm) {
    mark(w, Iec104Object::kLocalChangeFieldNumber, (o.qualifier & 0x40) != 0);
    mark(w, Iec104Object::kNotInOperationFieldNumber, (o.qualifier & 0x80) != 0);
  }
}

void time(WireWriter& w, const Object& o) noexcept {
  std::array<char, Time::kTextSize> room;
  w.text(Iec104Object::kTimeFieldNumber, o.time.text(room));
  mark(w, Iec104Object::kTimeInvalidFieldNumber, o.time.invalid);
  mark(w, Iec104Object::kTimeSubstitutedFieldNumber, o.time.substituted);
  mark(w, Iec104Object::kTimeSummerFieldNumber, o.time.summer);
  if (o.time.weekday != 0) w.u64(Iec104Object::kTimeWeekdayFieldNumber, o.time.weekday);
  if (o.until.size != 0) w.text(Iec104Object::kUntilFieldNumber, o.until.text(room));
}

void object(WireWriter& w, const Asdu& a, const Object& o) noexcept {
  const auto s = w.message(Iec104Message::kObjectsFieldNumber);
  w.u64(Iec104Object::kAddressFieldNumber, o.address);
  if (o.value_part != Part::kNone) w.f64(Iec104Object::kValueFieldNumber, o.value);
  if (o.state != State::kNone) name(w, Iec104Object::kStateFieldNumber, state_name(o.state, o.value_part));
  mark(w, Iec104Object::kTransientFieldNumber, o.transient);
  for (unsigned i = 0; i < kQualities; ++i) {
    const auto bit = static_cast<std::uint16_t>(o.quality & 1U << i);
    if (bit != 0) w.text(Iec104Object::kQualityFieldNumber, quality_name(bit));
  }
  if (o.has_select) w.boolean(Iec104Object::kSelectFieldNumber, o.select);
  if (o.qualifier_part != Part::kNone) qualifier(w, o);
  if (o.value_part == Part::kBcr) w.u64(Iec104Object::kCounterSequenceFieldNumber, o.counter_sequence);
  if (o.value_part == Part::kScd) w.u64(Iec104Object::kChangesFieldNumber, o.changes);
  if (o.has_elapsed) w.u64(Iec104Object::kElapsedMsFieldNumber, o.elapsed_ms);
  if (o.time.size != 0) time(w, o);
  if (a.group() == Group::kFile) file(w, o, a.info->parts[2] == Part::kSegment);
}

void message(WireWriter& w, int field, const Message& m) noexcept {
  const Asdu& a = m.asdu;
  const auto s = w.message(field);
  w.u64(Iec104Message::kSendSequenceFieldNumber, m.send);
  w.u64(Iec104Message::kReceiveSequenceFieldNumber, m.receive);
  if ((a.problems & kShort) != 0) return w.bytes(Iec104Message::kDataFieldNumber, a.bytes);
  w.u64(Iec104Message::kTypeFieldNumber, a.type);
  if (a.info != nullptr) {
    w.text(Iec104Message::kTypeNameFieldNumber, a.info->name);
    w.text(Iec104Message::kTypeDescriptionFieldNumber, a.info->description);
  }
  w.boolean(Iec104Message::kSequenceFieldNumber, a.sequence);
  w.u64(Iec104Message::kCountFieldNumber, a.number);
  w.u64(Iec104Message::kCauseFieldNumber, a.cause);
  name(w, Iec104Message::kCauseNameFieldNumber, cause_name(a.cause));
  w.boolean(Iec104Message::kNegativeFieldNumber, a.negative);
  w.boolean(Iec104Message::kTestFieldNumber, a.test);
  w.u64(Iec104Message::kOriginatorFieldNumber, a.originator);
  w.u64(Iec104Message::kCommonAddressFieldNumber, a.common_address);
  Object o;
  for (unsigned i = 0; i < kMaxObjects && object_at(a, i, o); ++i) object(w, a, o);
  if (a.info != nullptr && a.objects < a.number && a.group() != Group::kSecurity) {
    w.boolean(Iec104Message::kTruncatedFieldNumber, true);
  }
  if (const Bytes rest = rest_of(a); !rest.empty()) w.bytes(Iec104Message::kDataFieldNumber, rest);
}

void link(WireWriter& w, const Exchange& x) noexcept {
  const auto s = w.message(v1::Iec104::kLinkFieldNumber);
  const std::string_view text = link_name(x.function);  // "STARTDT act"
  w.text(v1::Iec104Link::kFunctionFieldNumber, text.substr(0, text.find(' ')));
  w.boolean(v1::Iec104Link::kActFieldNumber, x.opened);
  w.boolean(v1::Iec104Link::kConFieldNumber, x.confirmed);
}

void since(WireWriter& w, int field, std::uint64_t from_ns, std::uint64_t to_ns) noexcept {
  if (to_ns >= from_ns) w.u64(field, (to_ns - from_ns) / 1000);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Iec104;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(Iec104::kIdFieldNumber, x.id + 1);
  w.text(Iec104::kFormatFieldNumber, x.format == Format::kI ? "I" : "U");
  if (x.format == Format::kU) {
    link(w, x);
  } else {
    if (x.opened) message(w, x.alone ? Iec104::kDataFieldNumber : Iec104::kCommandFieldNumber, x.command);
    if (x.confirmed) message(w, Iec104::kConfirmationFieldNumber, x.confirmation);
    if (x.terminated) message(w, Iec104::kTerminationFieldNumber, x.termination);
  }
  if (!x.opened) return;
  if (x.confirmed) since(w, Iec104::kConfirmationUsFieldNumber, x.opened_ns, x.confirmed_ns);
  if (x.terminated) since(w, Iec104::kTerminationUsFieldNumber, x.opened_ns, x.terminated_ns);
  if (x.reported_asdus != 0) {
    const auto r = w.message(Iec104::kReportedFieldNumber);
    w.u64(v1::Iec104Reported::kAsdusFieldNumber, x.reported_asdus);
    w.u64(v1::Iec104Reported::kObjectsFieldNumber, x.reported_objects);
  }
}

}  // namespace picket::iec104
