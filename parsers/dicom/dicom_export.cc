#include "export/patient_writer.h"
#include "export/wire_writer.h"
#include "parsers/core/text_writer.h"
#include "parsers/dicom/dicom.h"
#include "parsers/dicom/dicom.pb.h"

namespace picket::dicom {
namespace {

using v1::DicomAssociation;
using v1::DicomCommand;
using v1::DicomDataSet;
using v1::DicomUser;

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}
void some(WireWriter& w, int field, Bytes b) noexcept {
  if (!b.empty()) w.bytes(field, b);
}

/// "PatientName", or "0010,4000" of elements without a name here.
void tag(WireWriter& w, int field, std::uint32_t t) noexcept {
  if (const std::string_view text = tag_name(t); !text.empty()) return w.text(field, text);
  char digits[9];
  for (unsigned i = 0, at = 0; i < 8; ++i) {
    if (i == 4) digits[at++] = ',';
    digits[at++] = "0123456789abcdef"[t >> (28 - 4 * i) & 15];
  }
  w.text(field, {digits, sizeof digits});
}

// --- associations

void context(WireWriter& w, const Context& asked, const Context* answer) noexcept {
  using v1::DicomContext;
  const auto m = w.message(DicomAssociation::kContextsFieldNumber);
  w.u64(DicomContext::kIdFieldNumber, asked.id);
  some(w, DicomContext::kAbstractSyntaxFieldNumber, asked.abstract);
  name(w, DicomContext::kAbstractSyntaxNameFieldNumber, uid_name(asked.abstract));
  Bytes uid;
  if (!asked.answer) {
    for (unsigned i = 0; i < kMaxSyntaxesTold && syntax_at(asked, i, uid); ++i)
      w.bytes(DicomContext::kTransferSyntaxesFieldNumber, uid);
    for (unsigned i = 0; i < kMaxSyntaxesTold && syntax_at(asked, i, uid); ++i)
      name(w, DicomContext::kTransferSyntaxNamesFieldNumber, uid_name(uid));
  }
  const Context* a = asked.answer ? &asked : answer;
  if (a == nullptr) return;
  w.u64(DicomContext::kResultFieldNumber, a->result);
  name(w, DicomContext::kResultNameFieldNumber, context_result_name(a->result));
  if (a->result != 0 || !syntax_at(*a, 0, uid)) return;
  w.bytes(DicomContext::kAcceptedSyntaxFieldNumber, uid);
  name(w, DicomContext::kAcceptedSyntaxNameFieldNumber, uid_name(uid));
}

/// The context of that number in the other side's items.
bool find_context(Bytes items, std::uint8_t id, Context& out) noexcept {
  for (unsigned i = 0; i < kMaxContexts && context_at(items, i, out); ++i) {
    if (out.id == id) return true;
  }
  return false;
}

void contexts(WireWriter& w, Bytes asked, Bytes granted) noexcept {
  const Bytes first = asked.empty() ? granted : asked;
  Context c, a;
  unsigned accepted = 0, n = 0;
  for (; n < kMaxContexts && context_at(first, n, c); ++n) {
    const bool answered = !asked.empty() && find_context(granted, c.id, a);
    const Context* of = asked.empty() ? &c : answered ? &a : nullptr;
    if (of != nullptr && of->result == 0) ++accepted;
    context(w, c, of);
  }
  w.u64(DicomAssociation::kContextCountFieldNumber, n);
  if (!granted.empty()) w.u64(DicomAssociation::kAcceptedCountFieldNumber, accepted);
  if (context_at(first, n, c)) w.boolean(DicomAssociation::kTruncatedFieldNumber, true);
}

void roles(WireWriter& w, const User& u) noexcept {
  using v1::DicomExtended;
  using v1::DicomRole;
  Cursor c(u.items);
  Item i;
  unsigned told = 0;
  while (next_item(c, i)) {
    Role r;
    Extended e;
    const bool role = read_role(i, r), extended = !role && read_extended(i, e);
    if (!role && !extended) continue;
    if (++told > kMaxUserItemsTold) return w.boolean(DicomUser::kTruncatedFieldNumber, true);
    if (role) {
      const auto m = w.message(DicomUser::kRolesFieldNumber);
      some(w, DicomRole::kSopClassFieldNumber, r.sop_class);
      name(w, DicomRole::kSopClassNameFieldNumber, uid_name(r.sop_class));
      w.boolean(DicomRole::kUserFieldNumber, r.user);
      w.boolean(DicomRole::kProviderFieldNumber, r.provider);
    } else {
      const auto m = w.message(DicomUser::kExtendedFieldNumber);
      some(w, DicomExtended::kSopClassFieldNumber, e.sop_class);
      name(w, DicomExtended::kSopClassNameFieldNumber, uid_name(e.sop_class));
      if (e.common) w.boolean(DicomExtended::kCommonFieldNumber, true);
      some(w, DicomExtended::kInformationFieldNumber, e.information);
      some(w, DicomExtended::kServiceClassFieldNumber, e.service_class);
      name(w, DicomExtended::kServiceClassNameFieldNumber, uid_name(e.service_class));
    }
  }
}

void user(WireWriter& w, int field, Bytes items) noexcept {
  User u;
  if (!read_user(items, u)) return;
  const auto m = w.message(field);
  if (u.has_max_pdu) w.u64(DicomUser::kMaxPduLengthFieldNumber, u.max_pdu);
  some(w, DicomUser::kImplementationClassFieldNumber, u.implementation);
  some(w, DicomUser::kImplementationVersionFieldNumber, u.version);
  if (u.has_window) {
    w.u64(DicomUser::kInvokedWindowFieldNumber, u.invoked);
    w.u64(DicomUser::kPerformedWindowFieldNumber, u.performed);
  }
  if (u.has_identity) {
    w.u64(DicomUser::kIdentityTypeFieldNumber, u.identity.type);
    name(w, DicomUser::kIdentityTypeNameFieldNumber, identity_name(u.identity.type));
    some(w, DicomUser::kUserFieldNumber, u.identity.name);
    w.boolean(DicomUser::kIdentityResponseFieldNumber, u.identity.response);
  } else if (u.identity_answered) {
    w.boolean(DicomUser::kIdentityResponseFieldNumber, true);
  }
  roles(w, u);
}

void association(WireWriter& w, const Exchange& x) noexcept {
  const auto m = w.message(v1::Dicom::kAssociationFieldNumber);
  Associate asked, granted;
  const bool has_asked = x.has_question && read_associate(x.question_bytes.view(), asked);
  const bool accepted = x.answer_pdu == static_cast<std::uint8_t>(PduType::kAssociateAc);
  const bool has_granted = x.has_answer && accepted && read_associate(x.answer_bytes.view(), granted);
  if (has_asked || has_granted) {
    const Associate& a = has_asked ? asked : granted;
    w.bytes(DicomAssociation::kCalledAeFieldNumber, a.called);
    w.bytes(DicomAssociation::kCallingAeFieldNumber, a.calling);
    Cursor c(a.items);
    Item i;
    while (next_item(c, i)) {
      if (i.type == 0x10) w.bytes(DicomAssociation::kApplicationContextFieldNumber, unpadded(i.value));
      if (i.type == 0x10) break;
    }
    w.u64(DicomAssociation::kProtocolVersionFieldNumber, a.version);
  }
  if (x.has_answer && accepted) w.text(DicomAssociation::kResultFieldNumber, "accepted");
  const Bytes no = x.answer_bytes.view();
  if (x.has_answer && !accepted && no.size() == 4) {
    name(w, DicomAssociation::kResultFieldNumber, reject_result_name(no[1]));
    w.u64(DicomAssociation::kRejectSourceFieldNumber, no[2]);
    name(w, DicomAssociation::kRejectSourceNameFieldNumber, reject_source_name(no[2]));
    w.u64(DicomAssociation::kRejectReasonFieldNumber, no[3]);
    name(w, DicomAssociation::kRejectReasonNameFieldNumber, reject_reason_name(no[2], no[3]));
  }
  if (has_asked || has_granted) contexts(w, asked.items, granted.items);
  if (has_asked) user(w, DicomAssociation::kRequestorFieldNumber, asked.items);
  if (has_granted) user(w, DicomAssociation::kAcceptorFieldNumber, granted.items);
}

void abort(WireWriter& w, const Exchange& x) noexcept {
  using v1::DicomAbort;
  const Bytes b = x.question_bytes.view();
  if (b.size() != 4) return;
  const auto m = w.message(v1::Dicom::kAbortFieldNumber);
  w.u64(DicomAbort::kSourceFieldNumber, b[2]);
  name(w, DicomAbort::kSourceNameFieldNumber, abort_source_name(b[2]));
  w.u64(DicomAbort::kReasonFieldNumber, b[3]);
  name(w, DicomAbort::kReasonNameFieldNumber, abort_reason_name(b[2], b[3]));
}

// --- operations

void command(WireWriter& w, int field, const Command& c, const Command* request) noexcept {
  const auto m = w.message(field);
  const auto number = [&](Has has, int f, std::uint16_t v) {
    if ((c.has & has) != 0) w.u64(f, v);
  };
  w.u64(DicomCommand::kCommandFieldNumber, c.field);
  name(w, DicomCommand::kCommandNameFieldNumber, command_name(c.field));
  number(kHasMessageId, DicomCommand::kMessageIdFieldNumber, c.message_id);
  number(kHasResponded, DicomCommand::kRespondedMessageIdFieldNumber, c.responded);
  some(w, DicomCommand::kSopClassFieldNumber, c.sop_class);
  name(w, DicomCommand::kSopClassNameFieldNumber, uid_name(c.sop_class));
  some(w, DicomCommand::kSopInstanceFieldNumber, c.sop_instance);
  number(kHasPriority, DicomCommand::kPriorityFieldNumber, c.priority);
  if ((c.has & kHasPriority) != 0) name(w, DicomCommand::kPriorityNameFieldNumber, priority_name(c.priority));
  some(w, DicomCommand::kMoveDestinationFieldNumber, c.destination);
  some(w, DicomCommand::kMoveOriginatorFieldNumber, c.originator);
  number(kHasOriginatorId, DicomCommand::kMoveOriginatorMessageIdFieldNumber, c.originator_id);
  number(kHasEventType, DicomCommand::kEventTypeFieldNumber, c.event_type);
  number(kHasActionType, DicomCommand::kActionTypeFieldNumber, c.action_type);
  w.boolean(DicomCommand::kDataSetFieldNumber, c.has_data_set());
  number(kHasStatus, DicomCommand::kStatusFieldNumber, c.status);
  if ((c.has & kHasStatus) != 0)
    name(w, DicomCommand::kStatusNameFieldNumber, status_name(c.status, request));
  some(w, DicomCommand::kErrorCommentFieldNumber, c.comment);
  number(kHasErrorId, DicomCommand::kErrorIdFieldNumber, c.error_id);
  std::uint32_t t = 0;
  for (unsigned i = 0; i < kMaxTagsTold && tag_at(c.offending, i, t); ++i)
    tag(w, DicomCommand::kOffendingFieldNumber, t);
  for (unsigned i = 0; i < kMaxTagsTold && tag_at(c.attributes, i, t); ++i)
    tag(w, DicomCommand::kAttributesFieldNumber, t);
  number(kHasRemaining, DicomCommand::kRemainingFieldNumber, c.remaining);
  number(kHasCompleted, DicomCommand::kCompletedFieldNumber, c.completed);
  number(kHasFailed, DicomCommand::kFailedFieldNumber, c.failed);
  number(kHasWarning, DicomCommand::kWarningFieldNumber, c.warning);
}

struct NamedAttribute {
  Attribute attribute;
  int field;
};
constexpr NamedAttribute kAttributeFields[] = {
    {Attribute::kLevel, DicomDataSet::kLevelFieldNumber},
    {Attribute::kModality, DicomDataSet::kModalityFieldNumber},
    {Attribute::kManufacturer, DicomDataSet::kManufacturerFieldNumber},
    {Attribute::kModel, DicomDataSet::kModelFieldNumber},
    {Attribute::kStation, DicomDataSet::kStationFieldNumber},
    {Attribute::kSerial, DicomDataSet::kSerialFieldNumber},
    {Attribute::kSoftware, DicomDataSet::kSoftwareFieldNumber},
    {Attribute::kInstitution, DicomDataSet::kInstitutionFieldNumber},
    {Attribute::kSopClass, DicomDataSet::kSopClassFieldNumber},
    {Attribute::kSopInstance, DicomDataSet::kSopInstanceFieldNumber},
    {Attribute::kStudy, DicomDataSet::kStudyFieldNumber},
    {Attribute::kSeries, DicomDataSet::kSeriesFieldNumber},
    {Attribute::kRetrieveAe, DicomDataSet::kRetrieveAeFieldNumber},
    {Attribute::kStationAe, DicomDataSet::kStationAeFieldNumber},
    {Attribute::kScheduledAe, DicomDataSet::kScheduledAeFieldNumber},
};
static_assert(std::size(kAttributeFields) == kAttributes);

void data_set(WireWriter& w, int field, const DataSet& d, bool query, const Exchange& x) noexcept {
  const auto m = w.message(field);
  w.u64(DicomDataSet::kBytesFieldNumber, d.bytes);
  if (d.missing != 0) w.u64(DicomDataSet::kMissingBytesFieldNumber, d.missing);
  if (d.truncated) w.boolean(DicomDataSet::kTruncatedFieldNumber, true);
  if (d.encoding == Encoding::kDeflated) return w.boolean(DicomDataSet::kDeflatedFieldNumber, true);
  for (const NamedAttribute& a : kAttributeFields) some(w, a.field, d.value(a.attribute));
  if (query) {
    // Which elements a query goes by, not their values: they are about patients.
    ElementReader elements(d.head, d.encoding);
    Element e;
    unsigned told = 0;
    while (told < kMaxKeysTold && elements.next(e)) {
      if (!is_key(e)) continue;
      tag(w, DicomDataSet::kKeysFieldNumber, e.tag);
      ++told;
    }
    w.u64(DicomDataSet::kKeyCountFieldNumber, d.keys);
  }
  w.u64(DicomDataSet::kElementCountFieldNumber, d.elements);
  if (x.patient == nullptr || !x.patient->hash) return;
  ElementReader elements(d.head, d.encoding);
  Element e;
  unsigned told = 0;
  while (told < kMaxPatientFieldsTold && elements.next(e)) {
    const std::string_view field_name = patient_field(e.tag);
    if (field_name.empty() || e.sequence || e.cut) continue;
    write_patient(w, DicomDataSet::kPatientFieldNumber, *x.patient, field_name, e.value);
    ++told;
  }
}

bool queries(const Command& c) noexcept {
  return c.does(Operation::kFind) || c.does(Operation::kMove) || c.does(Operation::kGet);
}

void operation(WireWriter& w, const Exchange& x) noexcept {
  using v1::Dicom;
  w.u64(Dicom::kContextFieldNumber, x.context);
  name(w, Dicom::kTransferSyntaxFieldNumber, syntax_uid(x.syntax));
  name(w, Dicom::kTransferSyntaxNameFieldNumber, syntax_name(x.syntax));
  if (x.has_question) command(w, Dicom::kRequestFieldNumber, x.question, nullptr);
  if (x.has_answer) command(w, Dicom::kResponseFieldNumber, x.answer, x.has_question ? &x.question : nullptr);
  if (x.pending != 0) w.u64(Dicom::kPendingFieldNumber, x.pending);
  if (x.question_data.there)
    data_set(w, Dicom::kRequestDataFieldNumber, x.question_data, queries(x.question), x);
  if (x.answer_data.there) data_set(w, Dicom::kResponseDataFieldNumber, x.answer_data, false, x);
  if (x.cancelled) w.boolean(Dicom::kCancelledFieldNumber, true);
}

std::string_view type_of(const Exchange& x) noexcept {
  switch (x.kind) {
    case Kind::kAssociate:
      return "associate";
    case Kind::kRelease:
      return "release";
    case Kind::kAbort:
      return "abort";
    case Kind::kOperation:
      break;
  }
  const Command& c = x.has_question ? x.question : x.answer;
  const std::string_view text = command_name(c.field);  // "C-STORE-RQ"
  return text.substr(0, text.rfind('-'));
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Dicom;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(Dicom::kIdFieldNumber, x.id + 1);
  name(w, Dicom::kTypeFieldNumber, type_of(x));
  switch (x.kind) {
    case Kind::kAssociate:
      association(w, x);
      break;
    case Kind::kAbort:
      abort(w, x);
      break;
    case Kind::kOperation:
      operation(w, x);
      break;
    case Kind::kRelease:
      break;
  }
  if (x.has_question && x.has_answer && x.answer_ns >= x.question_ns)
    w.u64(Dicom::kResponseUsFieldNumber, (x.answer_ns - x.question_ns) / 1000);
}

}  // namespace picket::dicom
