// parsers/mqtt/mqtt_ot.cc — what is done with MQTT, to which topics and metrics, with which values
//
// What a publication does to the plant nobody can tell but Sparkplug, whose topics say so; any other sets a value at the
// broker. Techniques are those of MITRE ATT&CK for ICS.
#include <algorithm>

#include "parsers/mqtt/mqtt.h"

namespace picket::mqtt {
namespace {

using C = OtClass;

/// In the order of kOperations.
enum class Does : std::uint8_t {
  kConnect,
  kDisconnect,
  kAuthenticate,
  kPing,
  kPublish,
  kPublishRetained,
  kClearRetained,
  kDeliver,
  kSubscribe,
  kSubscribeAll,
  kSubscribeBroker,
  kUnsubscribe,
  kAcknowledge,
  kNodeBirth,
  kNodeDeath,
  kNodeData,
  kNodeCommand,
  kNodeReboot,
  kNodeRebirth,
  kDeviceBirth,
  kDeviceDeath,
  kDeviceData,
  kDeviceCommand,
  kHostState,
  kUnassigned,
};

constexpr OtOperation kOperations[] = {
    {C::kNone, "connect", ""},
    {C::kNone, "disconnect", ""},
    {C::kNone, "authenticate", ""},
    {C::kNone, "ping", ""},
    {C::kWrite, "publish", ""},
    {C::kWrite, "publish retained", ""},
    {C::kWrite, "clear retained message", ""},
    {C::kRead, "deliver", ""},
    {C::kRead, "subscribe", "T0801"},
    {C::kRead, "subscribe to everything", "T0802"},
    {C::kDiagnostic, "subscribe to broker status", "T0888"},
    {C::kNone, "unsubscribe", ""},
    {C::kNone, "acknowledge", ""},
    {C::kRead, "node birth", ""},
    {C::kAlarm, "node death", ""},
    {C::kRead, "node data", ""},
    {C::kControl, "node command", "T0855"},
    {C::kControl, "node reboot", "T0816"},
    {C::kDiagnostic, "node rebirth", "T0888"},
    {C::kRead, "device birth", ""},
    {C::kAlarm, "device death", ""},
    {C::kRead, "device data", ""},
    {C::kControl, "device command", "T0855"},
    {C::kDiagnostic, "host state", ""},
    {C::kNone, "unassigned packet", "", true},
};
static_assert(std::size(kOperations) == static_cast<std::size_t>(Does::kUnassigned) + 1);

Does sparkplug_does(const Exchange& x, Sparkplug type) noexcept {
  switch (type) {
    case Sparkplug::kNodeBirth:
      return Does::kNodeBirth;
    case Sparkplug::kNodeDeath:
      return Does::kNodeDeath;
    case Sparkplug::kNodeData:
      return Does::kNodeData;
    case Sparkplug::kDeviceBirth:
      return Does::kDeviceBirth;
    case Sparkplug::kDeviceDeath:
      return Does::kDeviceDeath;
    case Sparkplug::kDeviceData:
      return Does::kDeviceData;
    case Sparkplug::kDeviceCommand:
      return Does::kDeviceCommand;
    case Sparkplug::kState:
      return Does::kHostState;
    case Sparkplug::kNodeCommand:
    case Sparkplug::kNone:
      break;
  }
  // Metrics that the specification gives a meaning (§6.4.20). One of many is no rebirth alone.
  bool rebirth = false;
  const SparkplugMetric* m = nullptr;
  unsigned n = 0;
  for (; (m = metric_of(x, n)) != nullptr; ++n) {
    if (as_text(m->name) == "Node Control/Reboot") return Does::kNodeReboot;
    rebirth = as_text(m->name) == "Node Control/Rebirth";
  }
  return rebirth && n == 1 ? Does::kNodeRebirth : Does::kNodeCommand;
}

Does publish_does(const Exchange& x) noexcept {
  const Sparkplug type = sparkplug_topic(x.publish.topic).type;
  if (type != Sparkplug::kNone) return sparkplug_does(x, type);
  if (x.from == Direction::kToClient) return Does::kDeliver;
  if ((x.first().flags & kRetain) == 0) return Does::kPublish;
  return x.publish.message_length == 0 ? Does::kClearRetained : Does::kPublishRetained;
}

Does subscribe_does(const Exchange& x) noexcept {
  Does d = Does::kSubscribe;
  Filter f;
  for (unsigned n = 0; n < kMaxTopics && filter_of(x, n, f); ++n) {
    if (takes_everything(f.topic)) return Does::kSubscribeAll;
    if (as_text(f.topic).starts_with("$SYS/")) d = Does::kSubscribeBroker;
  }
  return d;
}

Does does(const Exchange& x) noexcept {
  switch (x.first().type) {
    case Type::kConnect:
    case Type::kConnack:
      return Does::kConnect;
    case Type::kPublish:
      return publish_does(x);
    case Type::kPuback:
    case Type::kPubrec:
    case Type::kPubrel:
    case Type::kPubcomp:
      return Does::kAcknowledge;
    case Type::kSubscribe:
      return subscribe_does(x);
    case Type::kSuback:
      return Does::kSubscribe;
    case Type::kUnsubscribe:
    case Type::kUnsuback:
      return Does::kUnsubscribe;
    case Type::kPingreq:
    case Type::kPingresp:
      return Does::kPing;
    case Type::kDisconnect:
      return Does::kDisconnect;
    case Type::kAuth:
      return Does::kAuthenticate;
    case Type::kUnassigned:
      break;
  }
  return Does::kUnassigned;
}

/// Of a publication its topic, then the names of its metrics; of subscriptions their filters.
bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message& m = x.first();
  if (m.is(Type::kPublish)) {
    if (n == 0) return out.text = x.publish.topic, !out.text.empty();
    // A metric that has but an alias has no name to be found by.
    if (n != x.named_n + 1) x.named_n = x.named_at = 0;
    const SparkplugMetric* metric = nullptr;
    while ((metric = metric_of(x, x.named_at)) != nullptr) {
      ++x.named_at;
      if (!metric->name.empty() && ++x.named_n == n) return out.text = metric->name, true;
    }
    x.named_n = x.named_at = 0;
    return false;
  }
  // An empty filter is an event, and no address.
  Filter f;
  if (n >= kMaxTopics || !filter_of(x, n, f)) return false;
  out.text = f.topic.empty() ? as_bytes("(empty)") : f.topic;
  return true;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  if (!x.first().is(Type::kPublish) || dir != x.from) return false;
  using K = SparkplugMetric::Kind;
  if (const SparkplugMetric* m = metric_of(x, n)) {
    out.is_number = m->kind == K::kNumber || m->kind == K::kBoolean;
    out.number = m->number;
    out.text = out.is_number ? Bytes{} : m->text;
    return true;
  }
  const Sparkplug type = sparkplug_topic(x.publish.topic).type;
  if (n != 0 || (type != Sparkplug::kNone && type != Sparkplug::kState)) return false;
  out.is_number = as_number(x.publish.message, out.number);
  if (!out.is_number) out.text = x.publish.message.first(std::min(x.publish.message.size(), kMaxValueText));
  return true;
}

}  // namespace

const OtProtocol kOt = {"mqtt", kOperations, address, value};

void set_operation(Exchange& x) noexcept {
  const Does d = does(x);
  x.ot = &kOt;
  x.operation = &kOperations[static_cast<std::size_t>(d)];
  // Who comes and goes, and who listens to what, is told each time; data and pings are not.
  x.apart = d == Does::kConnect || d == Does::kDisconnect || d == Does::kAuthenticate ||
            d == Does::kSubscribe || d == Does::kSubscribeAll || d == Does::kSubscribeBroker ||
            d == Does::kUnsubscribe || d == Does::kNodeBirth || d == Does::kDeviceBirth ||
            d == Does::kHostState;
}

}  // namespace picket::mqtt
