// What clients call themselves, what Sparkplug's edge nodes say they are, and what a broker publishes of itself.
#include <string>

#include "export/assets/clues.h"
#include "parsers/core/bytes.h"
#include "parsers/mqtt/mqtt.pb.h"

namespace picket::mqtt {
namespace {

using M = v1::Mqtt;
using C = v1::MqttConnect;
using L = v1::MqttConnectFlags;
using P = v1::MqttPublish;
using R = v1::MqttProperties;
using U = v1::MqttUserProperty;
using K = v1::MqttSparkplug;
using T = v1::MqttSparkplugMetric;

constexpr auto kStated = confidence::kStated;

/// The name that a session is kept under is the client's; for one that ends with the connection many make one up.
void read_connect(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const Bytes flags = message_field(f.bytes, C::kFlagsFieldNumber);
  const bool kept = number_field(flags, L::kCleanSessionFieldNumber) == 0;
  to.tell(c.end, c.kind, text_field(f.bytes, C::kClientIdFieldNumber), kept ? kStated : confidence::kHint);
  if (number_field(f.bytes, C::kBridgeFieldNumber) != 0)
    to.tell(c.end, AssetKind::kRole, "MQTT broker", kStated);
}

/// Keys that clients use for what other protocols have a field for.
void read_property(const WireField& f, const AssetClue& c, AssetTeller& to) {
  constexpr struct {
    std::string_view key;
    AssetKind kind;
  } kKeys[] = {
      {"user-agent", AssetKind::kSoftware},
      {"software", AssetKind::kSoftware},
      {"client", AssetKind::kSoftware},
      {"hostname", AssetKind::kName},
      {"os", AssetKind::kOs},
      {"platform", AssetKind::kOs},
      {"vendor", AssetKind::kVendor},
      {"manufacturer", AssetKind::kVendor},
      {"model", AssetKind::kModel},
      {"serial", AssetKind::kSerial},
      {"firmware", AssetKind::kFirmware},
  };
  const std::string_view key = text_field(f.bytes, U::kKeyFieldNumber);
  for (const auto& k : kKeys) {
    if (equals_nocase(key, k.key))
      to.tell(c.end, k.kind, text_field(f.bytes, U::kValueFieldNumber), c.confidence);
  }
}

bool from_client(const AssetTeller& to) noexcept {
  return text_field(to.message(), M::kSenderFieldNumber) == "client";
}

/// "mosquitto version 2.0.11".
void read_publish(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (!from_client(to) && text_field(f.bytes, P::kTopicFieldNumber) == "$SYS/broker/version")
    to.tell(c.end, c.kind, text_field(f.bytes, P::kMessageFieldNumber), c.confidence);
}

/// Metrics of a birth certificate that Sparkplug 3.0 has in its examples, and edge nodes keep to.
void tell_metric(Bytes metric, AssetEnd end, AssetTeller& to) {
  constexpr struct {
    std::string_view name;
    AssetKind kind;
  } kMetrics[] = {
      {"Properties/Hardware Make", AssetKind::kVendor},
      {"Properties/Hardware Model", AssetKind::kModel},
      {"Properties/OS", AssetKind::kOs},
      {"Properties/Serial Number", AssetKind::kSerial},
      {"Properties/FW", AssetKind::kFirmware},
      {"Properties/Firmware Version", AssetKind::kFirmware},
  };
  for (const auto& m : kMetrics) {
    if (text_field(metric, T::kNameFieldNumber) == m.name)
      to.tell(end, m.kind, text_field(metric, T::kTextFieldNumber), kStated);
  }
}

/// What a broker passes on is another's.
void read_sparkplug(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (!from_client(to)) return;
  const std::string_view type = text_field(f.bytes, K::kMessageTypeFieldNumber),
                         node = text_field(f.bytes, K::kEdgeNodeFieldNumber),
                         device = text_field(f.bytes, K::kDeviceFieldNumber);
  if (type == "STATE" || type == "NCMD" || type == "DCMD") {
    to.tell(c.end, AssetKind::kRole, "SCADA", type == "STATE" ? kStated : confidence::kNamed);
    if (type == "STATE") to.tell(c.end, AssetKind::kName, node, kStated);
    return;
  }
  if (type.empty() || node.empty()) return;
  to.tell(c.end, AssetKind::kRole, "edge node", kStated);
  to.tell(c.end, AssetKind::kName, node, kStated);
  if (!device.empty())
    to.tell(c.end, AssetKind::kStation, std::string("sparkplug ").append(node).append("/").append(device),
            kStated);
  if (type != "NBIRTH") return;
  WireReader in(f.bytes);
  for (WireField metric; in.next(metric);) {
    if (metric.number == K::kMetricsFieldNumber) tell_metric(metric.bytes, c.end, to);
  }
}

constexpr AssetClue kClues[] = {
    {{M::kConnectFieldNumber}, AssetEnd::kClient, AssetKind::kName, kStated, read_connect},
    {{M::kConnectFieldNumber, C::kPropertiesFieldNumber, R::kUserFieldNumber},
     AssetEnd::kClient,
     AssetKind::kSoftware,
     confidence::kNamed,
     read_property},
    {{M::kPublishFieldNumber}, AssetEnd::kServer, AssetKind::kSoftware, kStated, read_publish},
    {{M::kPublishFieldNumber, P::kSparkplugFieldNumber},
     AssetEnd::kClient,
     AssetKind::kRole,
     kStated,
     read_sparkplug},
};

}  // namespace

extern const AssetClues kAssetClues = {
    .clues = kClues, .server_role = {"MQTT broker", kStated}, .activity_shows_role = false};

}  // namespace picket::mqtt
