#include <algorithm>
#include <optional>

#include "export/wire_writer.h"
#include "parsers/core/text_writer.h"
#include "parsers/hartip/hartip.pb.h"
#include "parsers/hartip/hartip_commands.h"

namespace picket::hartip {
namespace {

using C = v1::HartipCommand;
using D = v1::HartipDevice;
using V = v1::HartipVariable;
using M = v1::HartipMessage;

constexpr std::size_t kShownBytes = 64;
constexpr unsigned kShownSessions = 16;
constexpr std::uint64_t kSecond = 1'000'000'000;

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (field != 0 && !text.empty()) w.text(field, text);
}
void flags(WireWriter& w, int field, std::uint32_t bits, std::span<const std::string_view> names) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((bits >> i & 1) != 0) name(w, field, names[i]);
  }
}
Bytes shown(Bytes b) noexcept { return b.first(std::min(b.size(), kShownBytes)); }

/// Where a field stands in its message, and its name, or its flags, beside it.
struct Place {
  Field field;
  int number;
  int name = 0;
};
constexpr Place kPlaces[] = {
    {Field::kDeviceType, D::kDeviceTypeFieldNumber},
    {Field::kRequestPreambles, D::kRequestPreamblesFieldNumber},
    {Field::kUniversalRevision, D::kUniversalRevisionFieldNumber},
    {Field::kDeviceRevision, D::kDeviceRevisionFieldNumber},
    {Field::kSoftwareRevision, D::kSoftwareRevisionFieldNumber},
    {Field::kFlags, D::kFlagsFieldNumber, D::kFlagNamesFieldNumber},
    {Field::kDeviceId, D::kDeviceIdFieldNumber},
    {Field::kResponsePreambles, D::kResponsePreamblesFieldNumber},
    {Field::kLastVariable, D::kLastDeviceVariableFieldNumber},
    {Field::kDeviceCounter, D::kConfigurationChangeCounterFieldNumber},
    {Field::kDeviceExtendedStatus, D::kExtendedStatusFieldNumber, D::kExtendedStatusFlagsFieldNumber},
    {Field::kManufacturer, D::kManufacturerFieldNumber, D::kManufacturerNameFieldNumber},
    {Field::kDevicePrivateLabel, D::kPrivateLabelFieldNumber, D::kPrivateLabelNameFieldNumber},
    {Field::kProfile, D::kProfileFieldNumber, D::kProfileNameFieldNumber},

    {Field::kCode, V::kCodeFieldNumber, V::kCodeNameFieldNumber},
    {Field::kClassification, V::kClassificationFieldNumber, V::kClassificationNameFieldNumber},
    {Field::kUnits, V::kUnitsFieldNumber, V::kUnitsNameFieldNumber},
    {Field::kValue, V::kValueFieldNumber},
    {Field::kAnalogChannel, V::kAnalogChannelFieldNumber},
    {Field::kPercent, V::kPercentOfRangeFieldNumber},

    {Field::kLoopCurrent, C::kLoopCurrentFieldNumber},
    {Field::kPercentOfRange, C::kPercentOfRangeFieldNumber},
    {Field::kPollingAddress, C::kNewPollingAddressFieldNumber},
    {Field::kLoopCurrentMode, C::kLoopCurrentModeFieldNumber, C::kLoopCurrentModeNameFieldNumber},
    {Field::kExtendedStatus, C::kExtendedStatusFieldNumber, C::kExtendedStatusFlagsFieldNumber},
    {Field::kTimeStamp, C::kTimeStampMsFieldNumber},
    {Field::kTag, C::kTagFieldNumber},
    {Field::kDescriptor, C::kDescriptorTextFieldNumber},
    {Field::kDate, C::kDateFieldNumber},
    {Field::kMessage, C::kMessageFieldNumber},
    {Field::kLongTag, C::kLongTagFieldNumber},
    {Field::kFinalAssembly, C::kFinalAssemblyNumberFieldNumber},
    {Field::kTransducerSerial, C::kTransducerSerialNumberFieldNumber},
    {Field::kLimitUnits, C::kLimitUnitsFieldNumber, C::kLimitUnitsNameFieldNumber},
    {Field::kUpperLimit, C::kUpperLimitFieldNumber},
    {Field::kLowerLimit, C::kLowerLimitFieldNumber},
    {Field::kMinimumSpan, C::kMinimumSpanFieldNumber},
    {Field::kAlarm, C::kAlarmSelectionFieldNumber, C::kAlarmSelectionNameFieldNumber},
    {Field::kTransferFunction, C::kTransferFunctionFieldNumber, C::kTransferFunctionNameFieldNumber},
    {Field::kRangeUnits, C::kRangeUnitsFieldNumber, C::kRangeUnitsNameFieldNumber},
    {Field::kUpperRange, C::kUpperRangeValueFieldNumber},
    {Field::kLowerRange, C::kLowerRangeValueFieldNumber},
    {Field::kDamping, C::kDampingValueFieldNumber},
    {Field::kWriteProtect, C::kWriteProtectFieldNumber, C::kWriteProtectNameFieldNumber},
    {Field::kPrivateLabel, C::kPrivateLabelFieldNumber, C::kPrivateLabelNameFieldNumber},
    {Field::kChannelFlags, C::kAnalogChannelFlagsFieldNumber},
    {Field::kCounter, C::kConfigurationChangeCounterFieldNumber},
    {Field::kEeprom, C::kEepromControlFieldNumber, C::kEepromControlNameFieldNumber},
    {Field::kFixedCurrent, C::kFixedCurrentFieldNumber},
    {Field::kMeasuredCurrent, C::kMeasuredCurrentFieldNumber},
    {Field::kLockCode, C::kLockCodeFieldNumber, C::kLockCodeNameFieldNumber},
    {Field::kLockStatus, C::kLockStatusFieldNumber, C::kLockStatusFlagsFieldNumber},
    {Field::kSquawk, C::kSquawkControlFieldNumber},
    {Field::kIoCard, C::kIoCardFieldNumber},
    {Field::kChannel, C::kChannelFieldNumber},
    {Field::kSubPolling, C::kSubDevicePollingAddressFieldNumber},
    {Field::kSubIndex, C::kSubDeviceIndexFieldNumber},
    {Field::kMaxCards, C::kMaxIoCardsFieldNumber},
    {Field::kMaxChannels, C::kMaxChannelsFieldNumber},
    {Field::kMaxSubDevices, C::kMaxSubDevicesFieldNumber},
    {Field::kDevicesDetected, C::kDevicesDetectedFieldNumber},
    {Field::kMaxDelayed, C::kMaxDelayedResponsesFieldNumber},
    {Field::kMasterMode, C::kMasterModeFieldNumber, C::kMasterModeNameFieldNumber},
    {Field::kRetryCount, C::kRetryCountFieldNumber},
    {Field::kWriteCode, C::kWriteCodeFieldNumber, C::kWriteCodeNameFieldNumber},
    {Field::kTrimPoint, C::kTrimPointFieldNumber, C::kTrimPointNameFieldNumber},
    {Field::kTrimUnits, C::kTrimUnitsFieldNumber, C::kTrimUnitsNameFieldNumber},
    {Field::kLowerTrim, C::kLowerTrimPointFieldNumber},
    {Field::kUpperTrim, C::kUpperTrimPointFieldNumber},
    {Field::kTrimValue, C::kTrimValueFieldNumber},
    {Field::kMinLowerTrim, C::kMinLowerTrimFieldNumber},
    {Field::kMaxLowerTrim, C::kMaxLowerTrimFieldNumber},
    {Field::kMinUpperTrim, C::kMinUpperTrimFieldNumber},
    {Field::kMaxUpperTrim, C::kMaxUpperTrimFieldNumber},
    {Field::kMinTrimDifference, C::kMinTrimDifferenceFieldNumber},
    {Field::kStx, C::kStxCountFieldNumber},
    {Field::kAck, C::kAckCountFieldNumber},
    {Field::kOstx, C::kOstxCountFieldNumber},
    {Field::kOack, C::kOackCountFieldNumber},
    {Field::kBack, C::kBackCountFieldNumber},
    {Field::kPreambles, C::kPreamblesFieldNumber},
    {Field::kOperatingMode, C::kOperatingModeFieldNumber},
    {Field::kStandardStatus, C::kStandardizedStatusFieldNumber},
    {Field::kSaturated, C::kAnalogChannelsSaturatedFieldNumber},
    {Field::kFixed, C::kAnalogChannelsFixedFieldNumber},
    {Field::kSpecificStatus, C::kDeviceSpecificStatusFieldNumber},
    {Field::kBurstMode, C::kBurstModeFieldNumber, C::kBurstModeNameFieldNumber},
    {Field::kBurstCommand, C::kBurstCommandFieldNumber},
    {Field::kBurstCommandOctet, C::kBurstCommandFieldNumber},
    {Field::kBurstMessage, C::kBurstMessageFieldNumber},
    {Field::kClockCode, C::kClockCodeFieldNumber},
    {Field::kCarriedCount, C::kCommandCountFieldNumber},
    {Field::kAcquisitionPeriod, C::kAcquisitionPeriodMsFieldNumber},
    {Field::kVariableFamily, C::kVariableFamilyFieldNumber},
    {Field::kVariableProperties, C::kVariablePropertiesFieldNumber},
    {Field::kUpperEndpoint, C::kUpperEndpointFieldNumber},
    {Field::kLowerEndpoint, C::kLowerEndpointFieldNumber},
    {Field::kAnalogUnits, C::kAnalogUnitsFieldNumber, C::kAnalogUnitsNameFieldNumber},
    {Field::kAnalogLevel, C::kAnalogLevelFieldNumber},
};

constexpr auto kPlaceOf = [] {
  std::array<Place, static_cast<std::size_t>(Field::kFields)> t{};
  for (const Place& p : kPlaces) t[static_cast<std::size_t>(p.field)] = p;
  return t;
}();

std::span<const std::string_view> flags_of(Field f) noexcept {
  switch (f) {
    case Field::kFlags:
      return device_flags();
    case Field::kExtendedStatus:
    case Field::kDeviceExtendedStatus:
      return extended_status_flags();
    case Field::kLockStatus:
      return lock_flags();
    default:
      return {};
  }
}

void date(WireWriter& w, int field, Bytes raw) noexcept {
  char room[16];
  const auto two = [](TextWriter& t, unsigned v) -> TextWriter& { return t << (v < 10 ? "0" : "") << v; };
  TextWriter t(room);
  t << 1900U + raw[2] << "-";
  two(t, raw[1]) << "-";
  w.bytes(field, two(t, raw[0]).bytes());
}

void item(WireWriter& w, const Item& i) noexcept {
  const Place& p = kPlaceOf[static_cast<std::size_t>(i.field)];
  if (p.number == 0) return;
  switch (info_of(i.field).kind) {
    case Kind::kFloat:
    case Kind::kTime:
      return w.f64(p.number, i.real);
    case Kind::kPacked: {
      std::array<char, 32> room;
      return w.text(p.number, {room.data(), unpack_ascii(i.raw, room)});
    }
    case Kind::kLatin: {
      Bytes t = i.raw;
      while (!t.empty() && (t.back() == ' ' || t.back() == 0)) t = t.first(t.size() - 1);
      return w.bytes(p.number, t);
    }
    case Kind::kDate:
      return date(w, p.number, i.raw);
    case Kind::kHex:
      return w.bytes(p.number, i.raw);
    default:
      w.u64(p.number, i.number);
      if (const auto names = flags_of(i.field); !names.empty()) {
        flags(w, p.name, static_cast<std::uint32_t>(i.number), names);
      } else {
        name(w, p.name, value_name(i.field, i.number));
      }
  }
}

void device(WireWriter& w, const Command& c) noexcept {
  std::optional<WireWriter::Message> open;
  std::uint64_t type = 0, universal = 0;
  bool has_maker = false;
  ItemReader items(layout_of(c), c.data);
  for (Item i; items.next(i);) {
    if (info_of(i.field).part != Part::kDevice) continue;
    if (!open) open.emplace(w, C::kDeviceFieldNumber);
    if (i.field == Field::kHardware) {
      w.u64(D::kHardwareRevisionFieldNumber, i.number >> 3);
      w.u64(D::kPhysicalSignalingFieldNumber, i.number & 7);
      name(w, D::kPhysicalSignalingNameFieldNumber, value_name(i.field, i.number));
    }
    if (i.field == Field::kDeviceType) type = i.number;
    if (i.field == Field::kUniversalRevision) universal = i.number;
    has_maker = has_maker || i.field == Field::kManufacturer;
    item(w, i);
  }
  // Before HART 7 it is the first octet of the type.
  if (!open || has_maker || universal > 6) return;
  w.u64(D::kManufacturerFieldNumber, type >> 8);
  name(w, D::kManufacturerNameFieldNumber, value_name(Field::kManufacturer, type >> 8));
}

/// Of commands that read dynamic variables the place of one says which it is.
bool tells_by_place(std::uint16_t command) noexcept {
  return command == 1 || command == 3 || command == 8 || command == 61 || command == 110;
}

void variables(WireWriter& w, const Command& c) noexcept {
  std::optional<WireWriter::Message> open;
  std::uint8_t of = 0;
  ItemReader items(layout_of(c), c.data);
  for (Item i; items.next(i);) {
    if (i.variable == 0) continue;
    if (i.variable != of) {
      open.reset();
      open.emplace(w, C::kVariablesFieldNumber);
      of = i.variable;
      if (const std::uint64_t place = kPv + of - 1U; tells_by_place(c.number) && place <= kQv) {
        w.u64(V::kCodeFieldNumber, place);
        name(w, V::kCodeNameFieldNumber, value_name(Field::kCode, place));
      }
    }
    if (i.field == Field::kVariableStatus) {
      const auto status = static_cast<std::uint8_t>(i.number);
      w.u64(V::kStatusFieldNumber, status);
      w.text(V::kQualityFieldNumber, quality_name(status));
      name(w, V::kLimitFieldNumber, limit_name(status));
    }
    item(w, i);
  }
}

void frame(WireWriter& w, const Pdu& p) noexcept {
  using F = v1::HartipFrame;
  const auto s = w.message(C::kFrameFieldNumber);
  if (p.preambles != 0) w.u64(F::kPreamblesFieldNumber, p.preambles);
  w.u64(F::kDelimiterFieldNumber, p.delimiter);
  name(w, F::kFrameTypeFieldNumber, frame_type_name(p.type()));
  if ((p.delimiter >> 3 & 3) != 0) w.boolean(F::kSynchronousFieldNumber, true);
  w.boolean(F::kPrimaryMasterFieldNumber, (p.address[0] & 0x80) != 0);
  if ((p.address[0] & 0x40) != 0) w.boolean(F::kBurstModeFieldNumber, true);
  if (p.is_long()) {
    const std::uint8_t first = p.address[0] & 0x3f;
    w.bytes(F::kUniqueAddressFieldNumber, {&first, 1}, p.address.subspan(1));
  } else {
    w.u64(F::kPollingAddressFieldNumber, p.device());
  }
  if (!p.expansion.empty()) w.bytes(F::kExpansionFieldNumber, p.expansion);
  w.u64(F::kCommandFieldNumber, p.command);
  w.u64(F::kByteCountFieldNumber, p.count);
  if (!p.has_check) return;
  w.u64(F::kCheckByteFieldNumber, p.check);
  if (!p.check_right) w.boolean(F::kCheckWrongFieldNumber, true);
}

void response_code(WireWriter& w, const Command& c) noexcept {
  w.u64(C::kResponseCodeFieldNumber, c.code);
  if (c.communication_error()) {
    w.text(C::kResponseClassFieldNumber, "error");
    return flags(w, C::kCommunicationErrorsFieldNumber, c.code, communication_flags());
  }
  name(w, C::kResponseCodeNameFieldNumber, response_code_name(c.code));
  w.text(C::kResponseClassFieldNumber, c.code == 0 ? "success" : code_refuses(c.code) ? "error" : "warning");
}

void command(WireWriter& w, const Command& c) noexcept {
  const auto s = w.message(M::kCommandsFieldNumber);
  w.u64(C::kNumberFieldNumber, c.number);
  w.text(C::kNameFieldNumber, command_name(c.number));
  if (c.depth != 0) w.u64(C::kDepthFieldNumber, c.depth);
  if (c.has_pdu) frame(w, c.pdu);
  if (c.has_code) response_code(w, c);
  if (c.has_device_status) {
    w.u64(C::kDeviceStatusFieldNumber, c.device_status);
    // Behind an error of the line the octet says nothing.
    if (!c.communication_error())
      flags(w, C::kDeviceStatusFlagsFieldNumber, c.device_status, device_status_flags());
  }
  device(w, c);
  variables(w, c);
  unsigned standard = 0;
  ItemReader items(layout_of(c), c.data);
  for (Item i; items.next(i);) {
    if (info_of(i.field).part != Part::kCommand) continue;
    item(w, i);
    if (i.field == Field::kStandardStatus)
      flags(w, C::kStandardizedStatusFlagsFieldNumber, static_cast<std::uint32_t>(i.number),
            standardized_flags(standard++));
  }
  const bool carries = c.number == 77 || c.number == 78;
  if (items.rest().empty() || holds_secret(c.number) || (carries && !layout_of(c).empty())) return;
  w.bytes(C::kDataFieldNumber, items.rest());
}

void audit_log(WireWriter& w, const Message& m) noexcept {
  using A = v1::HartipAuditLog;
  using S = v1::HartipLoggedSession;
  Cursor c(m.frame.body);
  const auto s = w.message(M::kAuditLogFieldNumber);
  w.u64(A::kFirstRecordFieldNumber, c.u8());
  const std::uint8_t count = c.u8();
  w.u64(A::kRecordCountFieldNumber, count);
  if (!m.of_device()) return;
  w.fixed64(A::kPowerUpTimeFieldNumber, c.u64be() * kSecond);
  w.fixed64(A::kLastSecurityChangeFieldNumber, c.u64be() * kSecond);
  const std::uint16_t status = c.u16be();
  w.u64(A::kServerStatusFieldNumber, status);
  flags(w, A::kServerStatusFlagsFieldNumber, status, server_flags());
  const std::uint16_t size = c.u16be();
  for (unsigned i = 0; i < std::min<unsigned>(count, kShownSessions); ++i) {
    Cursor r(c.bytes(size));
    const Bytes v4 = r.bytes(4), v6 = r.bytes(16);
    const std::uint16_t client = r.u16be(), server = r.u16be();
    const std::uint64_t from = r.u64be(), to = r.u64be();
    const std::uint16_t summary = r.u16be(), first = r.u16be(), last = r.u16be();
    const std::uint32_t published = r.u32be(), requests = r.u32be(), responses = r.u32be();
    if (!r.ok()) return;
    const auto one = w.message(A::kSessionsFieldNumber);
    const auto is_set = [](Bytes a) {
      return std::any_of(a.begin(), a.end(), [](std::uint8_t b) { return b != 0; });
    };
    if (is_set(v4)) w.bytes(S::kClientIpv4FieldNumber, v4);
    if (is_set(v6)) w.bytes(S::kClientIpv6FieldNumber, v6);
    w.u64(S::kClientPortFieldNumber, client);
    w.u64(S::kServerPortFieldNumber, server);
    w.fixed64(S::kConnectedFieldNumber, from * kSecond);
    if (to != 0) w.fixed64(S::kDisconnectedFieldNumber, to * kSecond);
    w.u64(S::kStatusFieldNumber, summary);
    flags(w, S::kStatusFlagsFieldNumber, summary, session_flags());
    w.u64(S::kFirstConfigurationCounterFieldNumber, first);
    w.u64(S::kLastConfigurationCounterFieldNumber, last);
    w.u64(S::kPublishedFieldNumber, published);
    w.u64(S::kRequestsFieldNumber, requests);
    w.u64(S::kResponsesFieldNumber, responses);
  }
}

void content(WireWriter& w, const Message& m) noexcept {
  bool truncated = (m.problems & kManyCommands) != 0;
  if (m.has_session) {
    using S = v1::HartipSession;
    const auto s = w.message(M::kSessionFieldNumber);
    w.u64(S::kMasterTypeFieldNumber, m.master_type);
    name(w, S::kMasterTypeNameFieldNumber, master_type_name(m.master_type));
    w.u64(S::kInactivityTimerMsFieldNumber, m.inactivity_ms);
  }
  if (m.has_direct) {
    w.u64(M::kDeviceStatusFieldNumber, m.device_status);
    w.u64(M::kExtendedStatusFieldNumber, m.extended_status);
    flags(w, M::kExtendedStatusFlagsFieldNumber, m.extended_status, extended_status_flags());
  }
  CommandReader commands(m);
  for (Command c; commands.next(c);) command(w, c);
  const Bytes body = m.frame.body;
  const bool is_log =
      m.frame.id == MessageId::kAuditLog && m.frame.type <= MessageType::kResponse && body.size() >= 2;
  if (is_log) {
    audit_log(w, m);
    truncated = truncated || (m.of_device() && body[1] > kShownSessions);
  }
  if (truncated) w.boolean(M::kTruncatedFieldNumber, true);
  if (m.frame.type == MessageType::kNak && body.size() == 1) return w.u64(M::kErrorCodeFieldNumber, body[0]);
  if (body.empty() || m.has_session || m.has_pdu || m.has_direct || is_log) return;
  w.u64(M::kBodyLengthFieldNumber, body.size());
  w.bytes(M::kBodyFieldNumber, shown(body));
}

void message(WireWriter& w, int field, const Message& m) noexcept {
  const auto s = w.message(field);
  const Frame& f = m.frame;
  w.u64(M::kVersionFieldNumber, f.version);
  w.u64(M::kMessageTypeFieldNumber, static_cast<std::uint64_t>(f.type));
  w.text(M::kMessageTypeNameFieldNumber, type_name(f.type));
  w.u64(M::kMessageIdFieldNumber, static_cast<std::uint64_t>(f.id));
  name(w, M::kMessageIdNameFieldNumber, id_name(f.id));
  w.u64(M::kStatusFieldNumber, f.status);
  name(w, M::kStatusNameFieldNumber, status_name(f.status));
  w.u64(M::kSequenceFieldNumber, f.sequence);
  w.u64(M::kLengthFieldNumber, f.length);
  content(w, m);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using H = v1::Hartip;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(H::kIdFieldNumber, x.id + 1);
  if (x.has_request) message(w, H::kRequestFieldNumber, x.request);
  if (x.has_reply) {
    const bool publish = x.reply.frame.type == MessageType::kPublish;
    message(w, publish ? H::kPublishFieldNumber : H::kResponseFieldNumber, x.reply);
  }
  if (x.has_request && x.has_reply && x.reply_ns >= x.request_ns)
    w.u64(H::kResponseUsFieldNumber, (x.reply_ns - x.request_ns) / 1000);
}

}  // namespace picket::hartip
