#include <algorithm>

#include "export/wire_writer.h"
#include "parsers/rasta/rasta.h"
#include "parsers/rasta/rasta.pb.h"

namespace picket::rasta {
namespace {

using v1::Rasta;

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}
std::uint16_t number(Type t) noexcept { return static_cast<std::uint16_t>(t); }

void redundancy(WireWriter& w, const Pdu& p) noexcept {
  using R = v1::RastaRedundancy;
  const auto s = w.message(Rasta::kRedundancyFieldNumber);
  w.u64(R::kLengthFieldNumber, p.length);
  if (p.reserve != 0) w.u64(R::kReserveFieldNumber, p.reserve);
  w.u64(R::kSequenceFieldNumber, p.channel_sequence);
  w.text(R::kCheckOptionFieldNumber, option_name(p.option));
  if (p.check_code.empty()) return;
  w.bytes(R::kCheckCodeFieldNumber, p.check_code);
  w.boolean(R::kCheckOkFieldNumber, p.check_ok);
}

void safety(WireWriter& w, const Message& m) noexcept {
  using S = v1::RastaSafety;
  const auto s = w.message(Rasta::kSafetyFieldNumber);
  w.u64(S::kLengthFieldNumber, m.pdu.safety_code.size());
  if (m.pdu.safety_code.empty()) return w.text(S::kAlgorithmFieldNumber, "none");
  w.text(S::kAlgorithmFieldNumber, m.md4 ? "MD4" : "unknown");
  w.bytes(S::kCodeFieldNumber, m.pdu.safety_code);
  if (m.md4) w.boolean(S::kOkFieldNumber, m.pdu.safety_ok);
}

Bytes shown(Bytes b) noexcept { return b.first(std::min(b.size(), kMaxDataBytes)); }

void fields(WireWriter& w, const sci::Telegram& t) noexcept {
  using F = v1::RastaSciField;
  for (const sci::FieldDef& f : t.def->fields) {
    sci::Value v;
    if (!sci::value_of(t, f, v)) continue;
    const auto s = w.message(v1::RastaSci::kFieldsFieldNumber);
    w.text(F::kNameFieldNumber, f.name);
    if (f.kind == sci::FieldDef::Kind::kName) {
      w.bytes(F::kTextFieldNumber, v.bytes);
      continue;
    }
    w.u64(F::kValueFieldNumber, v.number);
    name(w, F::kValueNameFieldNumber, v.name);
    if (f.kind == sci::FieldDef::Kind::kCounted) w.bytes(F::kDataFieldNumber, v.bytes);
  }
}

void telegram(WireWriter& w, const sci::Telegram& t) noexcept {
  using S = v1::RastaSci;
  const auto s = w.message(v1::RastaMessage::kSciFieldNumber);
  w.u64(S::kProtocolFieldNumber, t.protocol);
  w.text(S::kProtocolNameFieldNumber, sci::protocol_name(t.protocol));
  w.u64(S::kTypeFieldNumber, t.type);
  if (t.def != nullptr) w.text(S::kTypeNameFieldNumber, t.def->name);
  w.bytes(S::kSenderFieldNumber, t.sender);
  w.bytes(S::kReceiverFieldNumber, t.receiver);
  if (t.def == nullptr || t.cut) w.bytes(S::kPayloadFieldNumber, shown(t.payload));
  if (t.def == nullptr) return;
  using sci::Side;
  const bool commands = t.def->from == Side::kCommander;
  name(w, S::kSenderRoleFieldNumber, sci::role(t.protocol, t.def->from));
  name(w, S::kReceiverRoleFieldNumber, sci::role(t.protocol, commands ? Side::kElement : Side::kCommander));
  fields(w, t);
  if (t.answers.empty()) return;
  w.text(S::kInAnswerToFieldNumber, t.answers);
  w.u64(S::kResponseUsFieldNumber, t.response_us);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  const Pdu& p = m.pdu;
  w.u64(Rasta::kTypeFieldNumber, number(p.type));
  name(w, Rasta::kTypeNameFieldNumber, type_name(p.type));
  w.text(Rasta::kSenderFieldNumber, m.from == Direction::kToServer ? "client" : "server");
  w.u64(Rasta::kSenderIdFieldNumber, p.sender);
  w.u64(Rasta::kReceiverIdFieldNumber, p.receiver);
  w.u64(Rasta::kSequenceFieldNumber, p.sequence);
  w.u64(Rasta::kConfirmedSequenceFieldNumber, p.confirmed);
  w.u64(Rasta::kTimestampFieldNumber, p.timestamp_ms);
  w.u64(Rasta::kConfirmedTimestampFieldNumber, p.confirmed_timestamp_ms);
  w.text(Rasta::kStateFieldNumber, state_name(m.state));
  if (m.answers != Type{}) {
    w.text(Rasta::kInAnswerToFieldNumber, type_name(m.answers));
    w.u64(Rasta::kResponseUsFieldNumber, m.response_us);
  }
  if (p.opens()) {
    w.bytes(Rasta::kVersionFieldNumber, p.version);
    if (p.has_send_max) w.u64(Rasta::kSendMaxFieldNumber, p.send_max);
  }
  if (p.has_reason) {
    w.u64(Rasta::kDisconnectReasonFieldNumber, p.reason);
    name(w, Rasta::kDisconnectReasonNameFieldNumber, reason_name(p.reason));
    w.u64(Rasta::kDisconnectDetailFieldNumber, p.detail);
  }
  redundancy(w, p);
  safety(w, m);
  if (!p.carries_data()) return;
  w.u64(Rasta::kMessageCountFieldNumber, p.message_count);
  if (p.message_count > kMaxMessages) w.boolean(Rasta::kTruncatedFieldNumber, true);
  for (unsigned i = 0; i < m.messages_told(); ++i) {
    const sci::Telegram& t = m.messages[i];
    const auto s = w.message(Rasta::kMessagesFieldNumber);
    w.u64(v1::RastaMessage::kLengthFieldNumber, t.whole.size());
    if (t.there) telegram(w, t);
    if (t.there) continue;
    w.bytes(v1::RastaMessage::kDataFieldNumber, shown(t.whole));
    if (t.whole.size() > kMaxDataBytes) w.boolean(v1::RastaMessage::kDataTruncatedFieldNumber, true);
  }
}

}  // namespace picket::rasta
