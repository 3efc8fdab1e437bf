#include <algorithm>

#include "export/wire_writer.h"
#include "parsers/mqtt/mqtt.h"
#include "parsers/mqtt/mqtt.pb.h"

namespace picket::mqtt {
namespace {

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}
/// Of what is rare only that it is so.
void mark(WireWriter& w, int field, bool v) noexcept {
  if (v) w.boolean(field, true);
}

// The first five fields of each packet's message have the same numbers.
void head(WireWriter& w, const Message& m) noexcept {
  using v1::MqttPacket;
  w.u64(MqttPacket::kQosFieldNumber, m.qos());
  w.boolean(MqttPacket::kRetainFieldNumber, (m.flags & kRetain) != 0);
  w.boolean(MqttPacket::kDupFieldNumber, (m.flags & kDup) != 0);
  mark(w, MqttPacket::kTruncatedFieldNumber, m.cut);
  if (m.cut) w.u64(MqttPacket::kSkippedLengthFieldNumber, m.length);
}

/// Field numbers are the properties' own.
void properties(WireWriter& w, int field, Bytes list) noexcept {
  if (list.empty()) return;
  const auto s = w.message(field);
  Cursor in(list);
  PropertyValue p;
  for (unsigned n = 0; n < kMaxProperties && next_property(in, p); ++n) {
    const int number = static_cast<int>(p.id);
    if (p.id == Property::kUserProperty) {
      const auto user = w.message(number);
      w.bytes(v1::MqttUserProperty::kKeyFieldNumber, p.name);
      w.bytes(v1::MqttUserProperty::kValueFieldNumber, p.text);
    } else if (p.is_number) {
      w.u64(number, p.number);
    } else {
      w.bytes(number, p.text);
    }
  }
}

Bytes logged(const Exchange& x, Bytes b) noexcept {
  return b.first(std::min(b.size(), x.settings->logged_message));
}

void connect(WireWriter& w, const Exchange& x, const Message& m) noexcept {
  using v1::MqttConnect;
  const Connect& c = x.connect;
  const auto s = w.message(v1::Mqtt::kConnectFieldNumber);
  head(w, m);
  if (m.cut) return;
  w.bytes(MqttConnect::kProtocolStringFieldNumber, c.protocol);
  w.u64(MqttConnect::kProtocolVersionFieldNumber, c.level);
  name(w, MqttConnect::kVersionNameFieldNumber, version_name(c.level));
  mark(w, MqttConnect::kBridgeFieldNumber, c.bridge);
  {
    using v1::MqttConnectFlags;
    const auto flags = w.message(MqttConnect::kFlagsFieldNumber);
    w.boolean(MqttConnectFlags::kUsernameFieldNumber, (c.flags & kUsername) != 0);
    w.boolean(MqttConnectFlags::kPasswordFieldNumber, (c.flags & kPassword) != 0);
    w.boolean(MqttConnectFlags::kWillFieldNumber, (c.flags & kWill) != 0);
    w.boolean(MqttConnectFlags::kWillRetainFieldNumber, (c.flags & kWillRetain) != 0);
    w.boolean(MqttConnectFlags::kCleanSessionFieldNumber, (c.flags & kCleanSession) != 0);
  }
  w.u64(MqttConnect::kKeepAliveFieldNumber, c.keep_alive_s);
  w.bytes(MqttConnect::kClientIdFieldNumber, c.client_id);
  if ((c.flags & kUsername) != 0) w.bytes(MqttConnect::kUsernameFieldNumber, c.username);
  if ((c.flags & kPassword) != 0 && x.settings->passwords)
    w.bytes(MqttConnect::kPasswordFieldNumber, c.password);
  if ((c.flags & kWill) != 0) {
    using v1::MqttWill;
    const auto will = w.message(MqttConnect::kWillFieldNumber);
    w.bytes(MqttWill::kTopicFieldNumber, c.will_topic);
    w.bytes(MqttWill::kMessageFieldNumber, logged(x, c.will_message));
    w.u64(MqttWill::kQosFieldNumber, c.flags >> 3 & 3);
    properties(w, MqttWill::kPropertiesFieldNumber, c.will_properties);
  }
  properties(w, MqttConnect::kPropertiesFieldNumber, m.properties);
}

void connack(WireWriter& w, const Exchange& x, const Message& m) noexcept {
  using v1::MqttConnack;
  const auto s = w.message(v1::Mqtt::kConnackFieldNumber);
  head(w, m);
  if (m.cut) return;
  w.boolean(MqttConnack::kSessionPresentFieldNumber, m.session_present);
  w.u64(MqttConnack::kReturnCodeFieldNumber, m.reason);
  name(w, MqttConnack::kReturnCodeNameFieldNumber, reason_name(m.type, x.version, m.reason));
  properties(w, MqttConnack::kPropertiesFieldNumber, m.properties);
}

void metric(WireWriter& w, const Exchange& x, const SparkplugMetric& m) noexcept {
  using v1::MqttSparkplugMetric;
  using K = SparkplugMetric::Kind;
  const auto s = w.message(v1::MqttSparkplug::kMetricsFieldNumber);
  if (!m.name.empty()) w.bytes(MqttSparkplugMetric::kNameFieldNumber, m.name);
  if (m.has_alias) w.u64(MqttSparkplugMetric::kAliasFieldNumber, m.alias);
  if (m.has_timestamp) w.fixed64(MqttSparkplugMetric::kTimestampFieldNumber, m.timestamp_ms * 1'000'000);
  if (m.has_datatype) {
    w.u64(MqttSparkplugMetric::kDatatypeFieldNumber, m.datatype);
    name(w, MqttSparkplugMetric::kDatatypeNameFieldNumber, datatype_name(m.datatype));
  }
  mark(w, MqttSparkplugMetric::kHistoricalFieldNumber, m.is_historical);
  mark(w, MqttSparkplugMetric::kTransientFieldNumber, m.is_transient);
  mark(w, MqttSparkplugMetric::kNullFieldNumber, m.is_null);
  if (m.kind == K::kNumber) w.f64(MqttSparkplugMetric::kNumberFieldNumber, m.number);
  if (m.kind == K::kBoolean) w.boolean(MqttSparkplugMetric::kBooleanFieldNumber, m.number != 0);
  if (m.kind == K::kText) w.bytes(MqttSparkplugMetric::kTextFieldNumber, logged(x, m.text));
  if (m.kind == K::kBytes) w.bytes(MqttSparkplugMetric::kDataFieldNumber, logged(x, m.text));
}

void sparkplug(WireWriter& w, const Exchange& x) noexcept {
  using v1::MqttSparkplug;
  const SparkplugTopic t = sparkplug_topic(x.publish.topic);
  if (t.type == Sparkplug::kNone) return;
  const auto s = w.message(v1::MqttPublish::kSparkplugFieldNumber);
  const auto part = [&](int field, Bytes b) noexcept {
    if (!b.empty()) w.bytes(field, b);
  };
  part(MqttSparkplug::kNamespaceFieldNumber, t.name_space);
  part(MqttSparkplug::kGroupFieldNumber, t.group);
  part(MqttSparkplug::kMessageTypeFieldNumber, t.message_type);
  part(MqttSparkplug::kEdgeNodeFieldNumber, t.edge_node);
  part(MqttSparkplug::kDeviceFieldNumber, t.device);
  if (t.type == Sparkplug::kState) return;  // its payload is JSON, or a word
  const SparkplugPayload p = sparkplug_payload(x.publish.message);
  if (p.has_timestamp) w.fixed64(MqttSparkplug::kTimestampFieldNumber, p.timestamp_ms * 1'000'000);
  if (p.has_seq) w.u64(MqttSparkplug::kSeqFieldNumber, p.seq);
  part(MqttSparkplug::kUuidFieldNumber, p.uuid);
  w.u64(MqttSparkplug::kMetricCountFieldNumber, p.metrics);
  const SparkplugMetric* m = nullptr;
  for (unsigned n = 0; (m = metric_of(x, n)) != nullptr; ++n) metric(w, x, *m);
  mark(w, MqttSparkplug::kTruncatedFieldNumber, p.metrics > kMaxMetrics || p.broken);
}

void publish(WireWriter& w, const Exchange& x, const Message& m) noexcept {
  using v1::MqttPublish;
  const Publish& p = x.publish;
  const auto s = w.message(v1::Mqtt::kPublishFieldNumber);
  head(w, m);
  w.bytes(MqttPublish::kTopicFieldNumber, p.topic);
  mark(w, MqttPublish::kTopicOfAliasFieldNumber, p.resolved);
  if (m.has_id) w.u64(MqttPublish::kMessageIdFieldNumber, m.id);
  const Bytes said = logged(x, p.message);
  w.bytes(MqttPublish::kMessageFieldNumber, said);
  mark(w, MqttPublish::kMessageTruncatedFieldNumber, said.size() < p.message_length);
  w.u64(MqttPublish::kMessageLengthFieldNumber, p.message_length);
  double number = 0;
  if (as_number(p.message, number)) w.f64(MqttPublish::kNumberFieldNumber, number);
  properties(w, MqttPublish::kPropertiesFieldNumber, m.properties);
  sparkplug(w, x);
}

void ack(WireWriter& w, int field, const Exchange& x, const Message& m) noexcept {
  using v1::MqttAck;
  const auto s = w.message(field);
  head(w, m);
  if (m.has_id) w.u64(MqttAck::kMessageIdFieldNumber, m.id);
  if (m.has_reason) {
    w.u64(MqttAck::kReasonCodeFieldNumber, m.reason);
    name(w, MqttAck::kReasonCodeNameFieldNumber, reason_name(m.type, x.version, m.reason));
  }
  properties(w, MqttAck::kPropertiesFieldNumber, m.properties);
}

void subscribe(WireWriter& w, const Exchange& x, const Message& m) noexcept {
  using v1::MqttSubscribe;
  using v1::MqttSubscription;
  const auto s = w.message(v1::Mqtt::kSubscribeFieldNumber);
  head(w, m);
  if (m.has_id) w.u64(MqttSubscribe::kMessageIdFieldNumber, m.id);
  Filter f;
  unsigned n = 0;
  for (; filter_of(x, n, f); ++n) {
    if (n >= kMaxTopics) continue;
    const auto one = w.message(MqttSubscribe::kTopicsFieldNumber);
    w.bytes(MqttSubscription::kTopicFieldNumber, f.topic);
    w.u64(MqttSubscription::kQosFieldNumber, f.options & 3);
    if (x.version != kVersion5) continue;
    mark(w, MqttSubscription::kNoLocalFieldNumber, (f.options & 4) != 0);
    mark(w, MqttSubscription::kRetainAsPublishedFieldNumber, (f.options & 8) != 0);
    if ((f.options & 0x30) != 0)
      name(w, MqttSubscription::kRetainHandlingFieldNumber, retain_handling_name(f.options));
  }
  if (n > kMaxTopics) w.u64(MqttSubscribe::kTopicCountFieldNumber, n);
  properties(w, MqttSubscribe::kPropertiesFieldNumber, m.properties);
}

void unsubscribe(WireWriter& w, const Exchange& x, const Message& m) noexcept {
  using v1::MqttUnsubscribe;
  const auto s = w.message(v1::Mqtt::kUnsubscribeFieldNumber);
  head(w, m);
  if (m.has_id) w.u64(MqttUnsubscribe::kMessageIdFieldNumber, m.id);
  Filter f;
  unsigned n = 0;
  for (; filter_of(x, n, f); ++n) {
    if (n < kMaxTopics) w.bytes(MqttUnsubscribe::kTopicsFieldNumber, f.topic);
  }
  if (n > kMaxTopics) w.u64(MqttUnsubscribe::kTopicCountFieldNumber, n);
  properties(w, MqttUnsubscribe::kPropertiesFieldNumber, m.properties);
}

// SUBACK and UNSUBACK: their fields have the same numbers.
void granted(WireWriter& w, int field, const Exchange& x, const Message& m) noexcept {
  using v1::MqttSuback;
  const auto s = w.message(field);
  head(w, m);
  if (m.has_id) w.u64(MqttSuback::kMessageIdFieldNumber, m.id);
  const Bytes codes = m.list.first(std::min<std::size_t>(m.list.size(), kMaxTopics));
  for (const std::uint8_t c : codes) w.u64(MqttSuback::kQosGrantedFieldNumber, c);
  for (const std::uint8_t c : codes) {
    const std::string_view known = reason_name(m.type, x.version, c);
    w.text(MqttSuback::kReasonsFieldNumber, known.empty() ? "unknown" : known);
  }
  properties(w, MqttSuback::kPropertiesFieldNumber, m.properties);
}

void outcome(WireWriter& w, int field, const Message& m) noexcept {
  using v1::MqttOutcome;
  const auto s = w.message(field);
  head(w, m);
  if (m.has_reason) {
    w.u64(MqttOutcome::kReasonCodeFieldNumber, m.reason);
    name(w, MqttOutcome::kReasonCodeNameFieldNumber, reason_name(m.type, kVersion5, m.reason));
  }
  properties(w, MqttOutcome::kPropertiesFieldNumber, m.properties);
}

void plain(WireWriter& w, int field, const Message& m) noexcept {
  const auto s = w.message(field);
  head(w, m);
}

void packet(WireWriter& w, const Exchange& x, const Message& m) noexcept {
  using v1::Mqtt;
  switch (m.type) {
    case Type::kConnect:
      return connect(w, x, m);
    case Type::kConnack:
      return connack(w, x, m);
    case Type::kPublish:
      return publish(w, x, m);
    case Type::kPuback:
      return ack(w, Mqtt::kPubackFieldNumber, x, m);
    case Type::kPubrec:
      return ack(w, Mqtt::kPubrecFieldNumber, x, m);
    case Type::kPubrel:
      return ack(w, Mqtt::kPubrelFieldNumber, x, m);
    case Type::kPubcomp:
      return ack(w, Mqtt::kPubcompFieldNumber, x, m);
    case Type::kSubscribe:
      return subscribe(w, x, m);
    case Type::kSuback:
      return granted(w, Mqtt::kSubackFieldNumber, x, m);
    case Type::kUnsubscribe:
      return unsubscribe(w, x, m);
    case Type::kUnsuback:
      return granted(w, Mqtt::kUnsubackFieldNumber, x, m);
    case Type::kPingreq:
      return plain(w, Mqtt::kPingreqFieldNumber, m);
    case Type::kPingresp:
      return plain(w, Mqtt::kPingrespFieldNumber, m);
    case Type::kDisconnect:
      return outcome(w, Mqtt::kDisconnectFieldNumber, m);
    case Type::kAuth:
      return outcome(w, Mqtt::kAuthFieldNumber, m);
    case Type::kUnassigned:
      return plain(w, Mqtt::kUnassignedFieldNumber, m);
  }
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Mqtt;
  const auto& x = static_cast<const Exchange&>(tx);
  for (const Message& m : x.all()) packet(w, x, m);
  w.text(Mqtt::kSenderFieldNumber, x.from == Direction::kToServer ? "client" : "broker");
  if (x.version != 0) w.u64(Mqtt::kVersionFieldNumber, x.version);
  if (x.count > 1) w.u64(Mqtt::kDurationUsFieldNumber, (x.ended_ns - x.opened_ns) / 1000);
}

}  // namespace picket::mqtt
