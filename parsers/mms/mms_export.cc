// The record of an exchange, and of the association what the layers say.
#include "parsers/mms/mms_export.h"

#include "parsers/mms/mms.pb.h"

namespace picket::mms {
namespace {

using v1::MmsMessage;

void cotp_header(WireWriter& w, const cotp::Tpdu& t) noexcept {
  using v1::MmsCotp;
  const auto c = w.message(MmsMessage::kCotpFieldNumber);
  write_name(w, MmsCotp::kTypeFieldNumber, cotp::type_name(t.type));
  if (t.type != cotp::Type::kError) w.u64(MmsCotp::kSourceReferenceFieldNumber, t.source);
  w.u64(MmsCotp::kDestinationReferenceFieldNumber, t.destination);
  switch (t.type) {
    case cotp::Type::kConnectRequest:
    case cotp::Type::kConnectConfirm:
      w.u64(MmsCotp::kClassFieldNumber, t.tpdu_class);
      if (t.tpdu_size != 0) w.u64(MmsCotp::kTpduSizeFieldNumber, t.tpdu_size);
      write_bytes(w, MmsCotp::kCallingTsapFieldNumber, t.calling);
      write_bytes(w, MmsCotp::kCalledTsapFieldNumber, t.called);
      return;
    case cotp::Type::kDisconnectRequest:
      w.u64(MmsCotp::kCauseFieldNumber, t.cause);
      return write_name(w, MmsCotp::kCauseNameFieldNumber, cotp::disconnect_reason(t.cause));
    case cotp::Type::kError:
      w.u64(MmsCotp::kCauseFieldNumber, t.cause);
      return write_name(w, MmsCotp::kCauseNameFieldNumber, cotp::reject_cause(t.cause));
    default:
      return;
  }
}

void session(WireWriter& w, const Message& m) noexcept {
  using v1::MmsSession;
  Session s;
  Spdu type{};
  (void)read_session(m.all, type, s);  // what was read until it went wrong is there
  const auto g = w.message(MmsMessage::kSessionFieldNumber);
  w.u64(MmsSession::kSpduFieldNumber, static_cast<std::uint8_t>(m.spdu));
  write_name(w, MmsSession::kSpduNameFieldNumber, spdu_name(static_cast<std::uint8_t>(m.spdu)));
  if (s.has_version) w.u64(MmsSession::kVersionFieldNumber, s.version);
  if (s.has_requirements) w.u64(MmsSession::kRequirementsFieldNumber, s.requirements);
  write_bytes(w, MmsSession::kCallingSelectorFieldNumber, s.calling);
  write_bytes(w, MmsSession::kCalledSelectorFieldNumber, s.called);
  if (s.has_reason) w.u64(MmsSession::kReasonFieldNumber, s.reason);
  if (s.has_disconnect) w.u64(MmsSession::kDisconnectFieldNumber, s.disconnect);
}

void result(WireWriter& w, Bytes content) noexcept {
  using v1::MmsContext;
  ber::Element e;
  std::int64_t v = -1;
  if (!ber::find_context(content, 0, e) || !ber::read_integer(e.content, v) || v < 0) return;
  w.i64(MmsContext::kResultFieldNumber, v);
  write_name(w, MmsContext::kResultNameFieldNumber, context_result_name(v));
}

void contexts(WireWriter& w, Bytes list, bool results) noexcept {
  using v1::MmsContext;
  Cursor c(list);
  ber::Element e, part;
  for (std::size_t n = 0; n < kMaxFew && ber::read(c, e); ++n) {
    const auto s = w.message(v1::MmsPresentation::kContextsFieldNumber);
    if (results) {
      result(w, e.content);
      continue;
    }
    Cursor in(e.content);
    std::int64_t id = 0;
    if (!ber::read(in, part) || !ber::read_integer(part.content, id)) continue;
    w.i64(MmsContext::kIdFieldNumber, id);
    if (!ber::read(in, part)) continue;
    char room[ber::kOidText];
    const std::string_view oid(room, ber::write_oid(part.content, room));
    w.text(MmsContext::kAbstractSyntaxFieldNumber, oid);
    write_name(w, MmsContext::kAbstractSyntaxNameFieldNumber, syntax_name(oid));
  }
}

void presentation(WireWriter& w, const Message& m) noexcept {
  using v1::MmsPresentation;
  Presentation p;
  read_presentation(m, p);
  if (m.spdu != Spdu::kConnect && m.spdu != Spdu::kAccept && p.provider_reason < 0) return;
  const auto s = w.message(MmsMessage::kPresentationFieldNumber);
  write_bytes(w, MmsPresentation::kCallingSelectorFieldNumber, p.calling);
  write_bytes(w, MmsPresentation::kCalledSelectorFieldNumber, p.called);
  write_bytes(w, MmsPresentation::kRespondingSelectorFieldNumber, p.responding);
  contexts(w, p.contexts, false);
  contexts(w, p.results, true);
  if (p.provider_reason < 0) return;
  w.i64(MmsPresentation::kProviderReasonFieldNumber, p.provider_reason);
  write_name(w, MmsPresentation::kProviderReasonNameFieldNumber, presentation_reason_name(p.provider_reason));
}

void title(WireWriter& w, const Title& t, int title_field, int qualifier_field) noexcept {
  write_oid(w, title_field, t.oid);
  if (t.has_qualifier) w.i64(qualifier_field, t.qualifier);
}

void authentication(WireWriter& w, const Acse& a) noexcept {
  using v1::MmsAcse;
  if (!a.mechanism.empty()) {
    char room[ber::kOidText];
    const std::string_view oid(room, ber::write_oid(a.mechanism, room));
    const std::string_view name = syntax_name(oid);
    w.text(MmsAcse::kAuthenticationFieldNumber, name.empty() ? oid : name);
  }
  if (a.has_authentication) w.u64(MmsAcse::kAuthenticationLengthFieldNumber, a.authentication_length);
}

void acse(WireWriter& w, const Message& m) noexcept {
  using v1::MmsAcse;
  if (m.acse == 0) return;
  Acse a;
  (void)read_acse(m, a);  // what was read until it went wrong is there
  const unsigned apdu = m.acse - 1U;
  const auto s = w.message(MmsMessage::kAcseFieldNumber);
  w.text(MmsAcse::kApduFieldNumber, acse_name(apdu));
  write_oid(w, MmsAcse::kApplicationContextFieldNumber, a.context);
  title(w, a.called, MmsAcse::kCalledApTitleFieldNumber, MmsAcse::kCalledAeQualifierFieldNumber);
  title(w, a.calling, MmsAcse::kCallingApTitleFieldNumber, MmsAcse::kCallingAeQualifierFieldNumber);
  title(w, a.responding, MmsAcse::kRespondingApTitleFieldNumber, MmsAcse::kRespondingAeQualifierFieldNumber);
  if (a.result >= 0) {
    w.i64(MmsAcse::kResultFieldNumber, a.result);
    write_name(w, MmsAcse::kResultNameFieldNumber, associate_result_name(a.result));
  }
  if (a.diagnostic >= 0) {
    w.text(MmsAcse::kDiagnosticSourceFieldNumber, a.diagnostic_of_provider ? "provider" : "user");
    w.i64(MmsAcse::kDiagnosticFieldNumber, a.diagnostic);
    write_name(w, MmsAcse::kDiagnosticNameFieldNumber,
               a.diagnostic_of_provider ? provider_diagnostic_name(a.diagnostic)
                                        : user_diagnostic_name(a.diagnostic));
  }
  authentication(w, a);
  if (a.reason >= 0) {
    w.i64(MmsAcse::kReasonFieldNumber, a.reason);
    write_name(w, MmsAcse::kReasonNameFieldNumber, release_reason_name(a.reason, apdu == 3));
  }
  if (a.abort_source >= 0) {
    w.i64(MmsAcse::kAbortSourceFieldNumber, a.abort_source);
    write_name(w, MmsAcse::kAbortSourceNameFieldNumber, abort_source_name(a.abort_source));
  }
  if (a.abort_diagnostic >= 0) {
    w.i64(MmsAcse::kAbortDiagnosticFieldNumber, a.abort_diagnostic);
    write_name(w, MmsAcse::kAbortDiagnosticNameFieldNumber, abort_diagnostic_name(a.abort_diagnostic));
  }
}

void initiate(WireWriter& w, const Message& m) noexcept {
  using v1::MmsInitiate;
  Initiate i;
  if (!m.is(Pdu::kInitiateRequest) && !m.is(Pdu::kInitiateResponse)) return;
  (void)read_initiate(m, i);  // what was read until it went wrong is there
  const auto s = w.message(MmsMessage::kInitiateFieldNumber);
  write_known(w, MmsInitiate::kLocalDetailFieldNumber, i.local_detail);
  write_known(w, MmsInitiate::kMaxOutstandingCallingFieldNumber, i.max_calling);
  write_known(w, MmsInitiate::kMaxOutstandingCalledFieldNumber, i.max_called);
  write_known(w, MmsInitiate::kNestingLevelFieldNumber, i.nesting);
  write_known(w, MmsInitiate::kVersionFieldNumber, i.version);
  constexpr std::uint32_t kBits = 128;
  for (std::uint32_t b = 0; b < kBits; ++b) {
    if (ber::bit(i.parameters, b)) write_name(w, MmsInitiate::kParametersFieldNumber, parameter_name(b));
  }
  for (std::uint32_t b = 0; b < kBits; ++b) {
    if (ber::bit(i.services, b)) write_name(w, MmsInitiate::kServicesFieldNumber, supported_service_name(b));
  }
}

void error(WireWriter& w, const Message& m) noexcept {
  using v1::MmsError;
  ServiceError e;
  if (!read_error(m, e)) return;
  const auto s = w.message(MmsMessage::kErrorFieldNumber);
  w.u64(MmsError::kClassFieldNumber, e.error_class);
  write_name(w, MmsError::kClassNameFieldNumber, error_class_name(e.error_class));
  w.i64(MmsError::kCodeFieldNumber, e.code);
  write_name(w, MmsError::kCodeNameFieldNumber, error_code_name(e.error_class, e.code));
  if (e.has_additional) w.i64(MmsError::kAdditionalCodeFieldNumber, e.additional);
  write_bytes(w, MmsError::kAdditionalDescriptionFieldNumber, e.description);
  if (e.has_position) w.u64(MmsError::kModifierPositionFieldNumber, e.position);
}

void reject(WireWriter& w, const Message& m) noexcept {
  using v1::MmsReject;
  Reject r;
  if (!read_reject(m, r)) return;
  const auto s = w.message(MmsMessage::kRejectFieldNumber);
  w.u64(MmsReject::kPduFieldNumber, r.pdu);
  write_name(w, MmsReject::kPduNameFieldNumber, rejected_pdu_name(r.pdu));
  w.i64(MmsReject::kReasonFieldNumber, r.reason);
  write_name(w, MmsReject::kReasonNameFieldNumber, reject_reason_name(r.pdu, r.reason));
}

void side(WireWriter& w, int field, const Message& m) noexcept {
  const auto s = w.message(field);
  if (m.kind == Kind::kCotp) return cotp_header(w, m.tpdu);
  if (m.kind == Kind::kSession) {
    session(w, m);
    presentation(w, m);
    acse(w, m);
  }
  if (m.is(Pdu::kNone)) return;
  w.u64(MmsMessage::kPduFieldNumber, static_cast<std::uint8_t>(m.pdu));
  write_name(w, MmsMessage::kPduNameFieldNumber, pdu_name(static_cast<std::uint8_t>(m.pdu)));
  if (m.has_invoke) w.u64(MmsMessage::kInvokeIdFieldNumber, m.invoke);
  initiate(w, m);
  error(w, m);
  reject(w, m);
  if (m.service != kNoService) write_service(w, m);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Mms;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(Mms::kIdFieldNumber, x.id + 1);
  if (x.has_question) {
    const bool asks = x.question.wants_reply();
    side(w, asks ? Mms::kRequestFieldNumber : Mms::kResponseFieldNumber, x.question);
    if (asks) w.text(Mms::kInitiatorFieldNumber, x.asked == Direction::kToServer ? "client" : "server");
  }
  if (!x.has_answer) return;
  side(w, Mms::kResponseFieldNumber, x.answer);
  if (x.answer_ns >= x.question_ns) w.u64(Mms::kRttUsFieldNumber, (x.answer_ns - x.question_ns) / 1000);
}

}  // namespace picket::mms
