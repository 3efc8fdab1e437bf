// Suricata's keywords answer for the side that opened the transaction, whichever packet of it they find: as there, a rule
// on the acknowledgement of a SUBSCRIBE may ask for its topics, too.
#include "parsers/mqtt/mqtt_parser.h"

namespace picket::mqtt {
namespace {

/// With the last look at a transaction: when all of its packets are there.
constexpr std::uint8_t kOver = kOtWhole + 1;
constexpr std::array<std::uint8_t, 2> kFirst = {kOtWhole, kOtWhole}, kAll = {kOver, kOver};

/// nullptr: not the side that opened it.
const Exchange* opened(const Transaction& tx, Direction dir) noexcept {
  const OtTransaction* side = ot_side(tx, dir);
  if (side == nullptr) return nullptr;
  const auto* x = static_cast<const Exchange*>(side);
  return x->from == dir && x->count != 0 ? x : nullptr;
}

template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool of_message(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange* x = opened(tx, dir);
  if (x == nullptr) return false;
  for (const Message& m : x->all()) {
    if (kRead(m, out) && n-- == 0) return true;
  }
  return false;
}
bool type(const Message& m, std::uint64_t& out) noexcept {
  return out = static_cast<std::uint64_t>(m.type), true;
}
bool qos(const Message& m, std::uint64_t& out) noexcept { return out = m.qos(), true; }
bool session_present(const Message& m, std::uint64_t& out) noexcept {
  return out = m.session_present, m.is(Type::kConnack);
}
bool id(const Message& m, std::uint64_t& out) noexcept { return out = m.id, m.has_id; }
bool length(const Message& m, std::uint64_t& out) noexcept { return out = m.length, true; }

/// Of acknowledgements of subscriptions each code.
bool reason(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange* x = opened(tx, dir);
  if (x == nullptr) return false;
  for (const Message& m : x->all()) {
    const bool codes = m.is(Type::kSuback) || m.is(Type::kUnsuback);
    const std::size_t here = codes ? m.list.size() : m.has_reason ? 1 : 0;
    if (n < here) return out = codes ? m.list[n] : m.reason, true;
    n -= static_cast<unsigned>(here);
  }
  return false;
}
bool version(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange* x = opened(tx, dir);
  return n == 0 && x != nullptr && x->version != 0 && (out = x->version, true);
}
bool keep_alive(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange* x = opened(tx, dir);
  return n == 0 && x != nullptr && x->first().is(Type::kConnect) && (out = x->connect.keep_alive_s, true);
}
bool message_length(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange* x = opened(tx, dir);
  return n == 0 && x != nullptr && x->first().is(Type::kPublish) && (out = x->publish.message_length, true);
}
bool requested_qos(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange* x = opened(tx, dir);
  Filter f;
  if (x == nullptr || !x->first().is(Type::kSubscribe) || !filter_of(*x, n, f)) return false;
  return out = f.options & 3U, true;
}

/// A field of a CONNECT, or of a PUBLISH, where there is one.
template <Bytes Connect::*kField, unsigned kFlag = 0>
bool of_connect(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = opened(tx, dir);
  if (n != 0 || x == nullptr || !x->first().is(Type::kConnect)) return false;
  return out = x->connect.*kField, kFlag == 0 || (x->connect.flags & kFlag) != 0;
}
template <Bytes Publish::*kField>
bool of_publish(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = opened(tx, dir);
  return n == 0 && x != nullptr && x->first().is(Type::kPublish) && (out = x->publish.*kField, true);
}
template <Type kType, std::size_t Settings::*kLimit>
bool topic(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = opened(tx, dir);
  Filter f;
  if (x == nullptr || !x->first().is(kType) || n >= x->settings->*kLimit || !filter_of(*x, n, f))
    return false;
  return out = f.topic, true;
}
template <Property kId>
bool property(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = opened(tx, dir);
  if (x == nullptr) return false;
  for (const Message& m : x->all()) {
    PropertyValue p;
    if (find_property(m.properties, kId, p) && n-- == 0) return out = p.text, true;
  }
  return false;
}
/// Each user property of each packet, name and value.
template <Bytes PropertyValue::*kPart>
bool user_property(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = opened(tx, dir);
  if (x == nullptr) return false;
  for (const Message& m : x->all()) {
    Cursor in(m.properties);
    PropertyValue p;
    for (unsigned i = 0; i < kMaxProperties && next_property(in, p); ++i) {
      if (p.id == Property::kUserProperty && n-- == 0) return out = p.*kPart, true;
    }
  }
  return false;
}
template <Bytes SparkplugTopic::*kPart>
bool sparkplug(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = opened(tx, dir);
  if (n != 0 || x == nullptr || !x->first().is(Type::kPublish)) return false;
  const SparkplugTopic t = sparkplug_topic(x->publish.topic);
  return out = t.*kPart, t.type != Sparkplug::kNone && !out.empty();
}
bool metric(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange* x = opened(tx, dir);
  const SparkplugMetric* m = x == nullptr ? nullptr : metric_of(*x, n);
  return m != nullptr && (out = m->name, true);
}

constexpr BufferDef kBuffers[] = {
    {"mqtt.connect.clientid", "", kFirst, of_connect<&Connect::client_id>, "client identifier of a CONNECT"},
    {"mqtt.connect.username", "", kFirst, of_connect<&Connect::username, kUsername>,
     "user name of a CONNECT"},
    {"mqtt.connect.password", "", kFirst, of_connect<&Connect::password, kPassword>, "password of a CONNECT"},
    {"mqtt.connect.protocol_string", "", kFirst, of_connect<&Connect::protocol>,
     "MQTT, or MQIsdp of version 3.1"},
    {"mqtt.connect.willtopic", "", kFirst, of_connect<&Connect::will_topic, kWill>,
     "topic of the will of a CONNECT"},
    {"mqtt.connect.willmessage", "", kFirst, of_connect<&Connect::will_message, kWill>,
     "message of the will of a CONNECT"},
    {"mqtt.publish.topic", "", kFirst, of_publish<&Publish::topic>,
     "topic of a PUBLISH, also where an alias stands for it"},
    {"mqtt.publish.message", "", kFirst, of_publish<&Publish::message>,
     "message of a PUBLISH, its first 64 KiB"},
    {"mqtt.subscribe.topic", "", kFirst, topic<Type::kSubscribe, &Settings::subscribe_topics>,
     "each topic filter of a SUBSCRIBE, up to subscribe-topic-match-limit"},
    {"mqtt.unsubscribe.topic", "", kFirst, topic<Type::kUnsubscribe, &Settings::unsubscribe_topics>,
     "each topic filter of an UNSUBSCRIBE, up to unsubscribe-topic-match-limit"},
    {"mqtt.content_type", "", kAll, property<Property::kContentType>, "property of version 5: content type"},
    {"mqtt.response_topic", "", kAll, property<Property::kResponseTopic>,
     "property of version 5: response topic"},
    {"mqtt.reason_string", "", kAll, property<Property::kReasonString>,
     "property of version 5: reason in words"},
    {"mqtt.auth_method", "", kAll, property<Property::kAuthMethod>,
     "property of version 5: authentication method"},
    {"mqtt.user_property.name", "", kAll, user_property<&PropertyValue::name>, "name of each user property"},
    {"mqtt.user_property.value", "", kAll, user_property<&PropertyValue::text>,
     "value of each user property"},
    {"mqtt.sparkplug.group", "", kFirst, sparkplug<&SparkplugTopic::group>, "group of a Sparkplug topic"},
    {"mqtt.sparkplug.message_type", "", kFirst, sparkplug<&SparkplugTopic::message_type>,
     "NBIRTH, DCMD, STATE ... of a Sparkplug topic"},
    {"mqtt.sparkplug.edge_node", "", kFirst, sparkplug<&SparkplugTopic::edge_node>,
     "edge node of a Sparkplug topic"},
    {"mqtt.sparkplug.device", "", kFirst, sparkplug<&SparkplugTopic::device>, "device of a Sparkplug topic"},
    {"mqtt.sparkplug.metric", "", kFirst, metric, "name of each metric of a Sparkplug payload"},
};

constexpr IntegerDef kIntegers[] = {
    {"mqtt.protocol_version", "", kAll, version, nullptr, "3 is MQTT 3.1, 4 is 3.1.1, 5 is 5"},
    {"mqtt.type", "", kAll, of_message<type>, type_by_name, "type of each packet: CONNECT, PUBLISH, ..."},
    {"mqtt.qos", "", kAll, of_message<qos>, nullptr, "quality of service of each packet"},
    {"mqtt.reason_code", "mqtt.connack.return_code", kAll, reason, reason_by_name,
     "reason code of each packet that has one, 135 or \"Not authorized\""},
    {"mqtt.connack.session_present", "", kAll, of_message<session_present>, truth_by_name,
     "yes, true, no or false"},
    {"mqtt.message_id", "", kAll, of_message<id>, nullptr, "packet identifier"},
    {"mqtt.length", "", kAll, of_message<length>, nullptr, "remaining length of each packet"},
    {"mqtt.connect.keep_alive", "", kFirst, keep_alive, nullptr, "seconds"},
    {"mqtt.publish.length", "", kFirst, message_length, nullptr, "bytes of the message of a PUBLISH"},
    {"mqtt.subscribe.qos", "", kFirst, requested_qos, nullptr,
     "quality of service that each subscription asks for"},
};

constexpr KeywordDef kKeywords[] = {
    {"mqtt.flags", kAll, parse_flags, "flags of any packet: dup,!retain"},
    {"mqtt.connect.flags", kFirst, parse_connect_flags,
     "flags of a CONNECT: username,password,will,will_retain,clean_session"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"missing_connect", "a CONNACK without a CONNECT"},
    {"missing_publish", "a PUBACK, PUBREC, PUBREL or PUBCOMP without a PUBLISH"},
    {"missing_subscribe", "a SUBACK without a SUBSCRIBE"},
    {"missing_unsubscribe", "an UNSUBACK without an UNSUBSCRIBE"},
    {"double_connect", "a second CONNECT"},
    {"unintroduced_message", "a packet before CONNECT and CONNACK"},
    {"invalid_qos_level", "quality of service 3"},
    {"missing_msg_id", "a packet identifier of 0"},
    {"unassigned_msg_type", "packet type 0, or AUTH before version 5"},
    {"too_many_transactions", "more packets than max-tx, or 1 MiB of them, wait for their acknowledgement"},
    {"malformed_traffic", "a packet that is none: a field ends behind it, or bytes are left"},
    {"invalid_flags", "flags that a packet of this type may not have"},
    {"invalid_length", "a remaining length of more than four bytes"},
    {"invalid_protocol", "a protocol name or level that no version has"},
    {"invalid_connect_flags", "flags of a CONNECT that contradict each other"},
    {"invalid_topic", "a topic that is empty, holds a wildcard, or is no UTF-8 text"},
    {"invalid_topic_filter",
     "a topic filter that is empty, has a wildcard in the wrong place, or is no UTF-8 text"},
    {"invalid_options", "options of a subscription that may not be"},
    {"invalid_property", "a property that is unknown, stands twice, or may not be there or have that value"},
    {"invalid_reason_code", "a reason code that packets of this type do not have"},
    {"unknown_topic_alias", "a topic alias that stands for nothing that was seen"},
    {"duplicate_msg_id", "a packet identifier is used again before its acknowledgement, without DUP"},
    {"subscription_mismatch", "an acknowledgement has more or fewer reason codes than there were topics"},
    {"missing_ping", "a PINGRESP without a PINGREQ"},
    {"no_acknowledgement", "no acknowledgement came within ack-timeout, or before the packet was repeated"},
    {"after_disconnect", "a packet after DISCONNECT"},
    {"long_message", "a packet longer than is looked into: max-msg-length, or 64 KiB"},
    {"interrupted_message", "other packets stand within a long packet; its length is not believed"},
    {"lost_sync", "bytes that are no packet; parsing goes on at the next ones that make sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next packets that make sense"},
    {"invalid_sparkplug", "the payload of a Sparkplug message is no Protobuf"},
    {"out_of_memory", "no memory was left for what waits"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {1883};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "mqtt",
    .record = "mqtt",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(MqttParser),
    .create = create_parser<MqttParser>,
    .whole_streams = true,  // and its connections last for months
    .max_pending_bytes = kMaxHeader + kWindow,
    .complete = {kOver, kOver},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
    .ot = &kOt,
};

}  // namespace picket::mqtt
