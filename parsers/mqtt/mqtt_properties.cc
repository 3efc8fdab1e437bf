// parsers/mqtt/mqtt_properties.cc — properties of version 5 (5.0 §2.2.2): a number, then a value of the form it has
#include "parsers/mqtt/mqtt.h"

namespace picket::mqtt {
namespace {

enum class Form : std::uint8_t { kNone, kTruth, kU16, kU32, kVarint, kText, kPair };

/// Packets that a property may stand in: a bit by Type; kUnassigned's is the will's.
constexpr std::uint32_t in(Type t) noexcept { return 1U << static_cast<unsigned>(t); }
constexpr std::uint32_t kOfWill = in(Type::kUnassigned);
constexpr std::uint32_t kOfConnect = in(Type::kConnect), kOfConnack = in(Type::kConnack),
                        kOfPublish = in(Type::kPublish), kOfDisconnect = in(Type::kDisconnect),
                        kOfAuth = in(Type::kAuth);
constexpr std::uint32_t kOfAcks = in(Type::kPuback) | in(Type::kPubrec) | in(Type::kPubrel) |
                                  in(Type::kPubcomp) | in(Type::kSuback) | in(Type::kUnsuback);

struct PropertyInfo {
  Form form = Form::kNone;
  std::uint32_t packets = 0;
  bool repeats = false;
  bool zero = true;  ///< may be 0
};

constexpr PropertyInfo info_of(std::uint32_t id) noexcept {
  switch (static_cast<Property>(id)) {
    case Property::kPayloadFormat:
      return {Form::kTruth, kOfPublish | kOfWill};
    case Property::kMessageExpiry:
      return {Form::kU32, kOfPublish | kOfWill};
    case Property::kContentType:
    case Property::kResponseTopic:
    case Property::kCorrelationData:
      return {Form::kText, kOfPublish | kOfWill};
    case Property::kSubscriptionId:
      return {Form::kVarint, kOfPublish | in(Type::kSubscribe), true, false};
    case Property::kSessionExpiry:
      return {Form::kU32, kOfConnect | kOfConnack | kOfDisconnect};
    case Property::kAssignedClientId:
    case Property::kResponseInformation:
      return {Form::kText, kOfConnack};
    case Property::kServerKeepAlive:
      return {Form::kU16, kOfConnack};
    case Property::kAuthMethod:
    case Property::kAuthData:
      return {Form::kText, kOfConnect | kOfConnack | kOfAuth};
    case Property::kRequestProblem:
    case Property::kRequestResponse:
      return {Form::kTruth, kOfConnect};
    case Property::kWillDelay:
      return {Form::kU32, kOfWill};
    case Property::kServerReference:
      return {Form::kText, kOfConnack | kOfDisconnect};
    case Property::kReasonString:
      return {Form::kText, kOfConnack | kOfAcks | kOfDisconnect | kOfAuth};
    case Property::kReceiveMaximum:
      return {Form::kU16, kOfConnect | kOfConnack, false, false};
    case Property::kTopicAliasMaximum:
      return {Form::kU16, kOfConnect | kOfConnack};
    case Property::kTopicAlias:
      return {Form::kU16, kOfPublish, false, false};
    case Property::kMaximumQos:
    case Property::kRetainAvailable:
    case Property::kWildcardAvailable:
    case Property::kSubscriptionIdAvailable:
    case Property::kSharedAvailable:
      return {Form::kTruth, kOfConnack};
    case Property::kUserProperty:
      return {Form::kPair, ~0U, true};
    case Property::kMaximumPacketSize:
      return {Form::kU32, kOfConnect | kOfConnack, false, false};
  }
  return {};
}

std::uint32_t varint(Cursor& c) noexcept {
  std::uint32_t v = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint8_t b = c.u8();
    v |= (b & 0x7fU) << shift;
    if (b < 0x80) return v;
  }
  return c.fail(), 0;
}

}  // namespace

bool next_property(Cursor& c, PropertyValue& p) noexcept {
  if (c.empty()) return false;
  const std::uint32_t id = varint(c);
  const PropertyInfo info = info_of(id);
  p = {};
  p.id = static_cast<Property>(id);
  p.is_number = info.form != Form::kText && info.form != Form::kPair;
  switch (info.form) {
    case Form::kNone:
      c.fail();
      break;
    case Form::kTruth:
      p.number = c.u8();
      break;
    case Form::kU16:
      p.number = c.u16be();
      break;
    case Form::kU32:
      p.number = c.u32be();
      break;
    case Form::kVarint:
      p.number = varint(c);
      break;
    case Form::kText:
      p.text = c.bytes(c.u16be());
      break;
    case Form::kPair:
      p.name = c.bytes(c.u16be());
      p.text = c.bytes(c.u16be());
      break;
  }
  return c.ok();
}

std::uint64_t check_properties(Bytes list, Type t, bool will) noexcept {
  const std::uint32_t here = will ? kOfWill : in(t);
  std::uint64_t seen = 0;
  bool fine = true;
  Cursor c(list);
  PropertyValue p;
  while (next_property(c, p)) {
    const auto id = static_cast<unsigned>(p.id);
    const PropertyInfo info = info_of(id);
    if ((info.packets & here) == 0 || (!info.repeats && (seen >> id & 1) != 0) ||
        (!info.zero && p.number == 0) || (info.form == Form::kTruth && p.number > 1)) {
      fine = false;
    }
    seen |= std::uint64_t{1} << id;
  }
  return fine && c.ok() ? 0 : bit(Event::kInvalidProperty);
}

bool find_property(Bytes list, Property id, PropertyValue& out) noexcept {
  Cursor c(list);
  for (unsigned n = 0; n < kMaxProperties && next_property(c, out); ++n) {
    if (out.id == id) return true;
  }
  return false;
}

}  // namespace picket::mqtt
