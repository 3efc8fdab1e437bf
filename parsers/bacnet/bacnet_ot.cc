// parsers/bacnet/bacnet_ot.cc — what is done with BACnet, to which objects and properties, with which values
//
// A write is what its property makes of it: a command, a set point, an alarm's limit. Techniques are those of MITRE ATT&CK for
// ICS.
#include <algorithm>

#include "parsers/bacnet/bacnet.h"
#include "parsers/core/text_writer.h"

namespace picket::bacnet {
namespace {

using enum OtClass;

constexpr OtOperation kOperations[] = {
    {kNone, "other message", "", true},
    {kNone, "invalid message", ""},
    {kNone, "segment acknowledgement", ""},
    {kNone, "simple acknowledgement", ""},
    {kNone, "answer", ""},
    {kNone, "error", ""},
    {kNone, "reject", ""},
    {kNone, "abort", ""},
    // Properties.
    {kRead, "read property", "T0801"},
    {kRead, "read multiple properties", "T0801"},
    {kRead, "read range", "T0801"},
    {kRead, "read identity", "T0888"},
    {kRead, "read object list", "T0861"},
    {kWrite, "write value", "T0836"},
    {kControl, "command output", "T0855"},
    {kControl, "relinquish command", "T0855"},
    {kControl, "override input", "T0835"},
    {kControl, "change program state", "T0858"},
    {kControl, "change life safety mode", "T0855"},
    {kConfigure, "set out of service", "T0836"},
    {kConfigure, "change alarm setting", "T0838"},
    {kConfigure, "change alarm recipients", "T0838"},
    {kConfigure, "change schedule", "T0836"},
    {kConfigure, "change communication setting", "T0836"},
    {kConfigure, "write property", "T0836"},
    {kControl, "write group", "T0855"},
    // Objects and lists.
    {kConfigure, "add list element", "T0836"},
    {kConfigure, "remove list element", "T0836"},
    {kConfigure, "create object", "T0836"},
    {kConfigure, "delete object", "T0809"},
    // Files.
    {kRead, "read file", "T0845"},
    {kProgram, "write file", "T0843"},
    // Changes of value, events.
    {kRead, "subscribe to changes", "T0801"},
    {kRead, "cancel subscription", ""},
    {kRead, "report change of value", ""},
    {kAlarm, "report alarm", ""},
    {kAlarm, "report event", ""},
    {kAlarm, "report acknowledgement", ""},
    {kAlarm, "acknowledge alarm", ""},
    {kRead, "get alarm summary", "T0801"},
    {kRead, "get enrollment summary", "T0801"},
    {kRead, "get event information", "T0801"},
    {kAlarm, "silence alarm", "T0878"},
    {kAlarm, "unsilence alarm", ""},
    {kControl, "reset alarm", "T0878"},
    {kAlarm, "life safety operation", ""},
    {kRead, "report audit", ""},
    {kRead, "query audit log", ""},
    // Devices.
    {kRead, "find devices", "T0846"},
    {kRead, "announce device", ""},
    {kRead, "find object", "T0846"},
    {kRead, "announce object", ""},
    {kRead, "ask for identity", ""},
    {kConfigure, "assign identity", "T0836"},
    {kConfigure, "set clock", "T0836"},
    {kControl, "cold start", "T0816"},
    {kControl, "warm start", "T0816"},
    {kRead, "start backup", "T0845"},
    {kRead, "end backup", ""},
    {kProgram, "start restore", "T0843"},
    {kProgram, "end restore", "T0843"},
    {kProgram, "abort restore", ""},
    {kConfigure, "activate changes", "T0836"},
    {kControl, "reinitialize device", "T0816"},
    {kConfigure, "enable communication", ""},
    {kControl, "disable communication", "T0814"},
    {kControl, "disable initiation", "T0804"},
    {kNone, "private transfer", "", true},
    {kAlarm, "text message", ""},
    {kConfigure, "open terminal", "T0807"},
    {kNone, "close terminal", ""},
    {kConfigure, "terminal data", "T0807"},
    {kConfigure, "authenticate", ""},
    {kConfigure, "request key", ""},
    // The network layer.
    {kRead, "find router", "T0846"},
    {kNone, "announce router", ""},
    {kNone, "reject message to network", ""},
    {kNone, "router busy", ""},
    {kNone, "router available", ""},
    {kRead, "read routing table", "T0840"},
    {kConfigure, "change routing table", "T0830"},
    {kConfigure, "connect network", ""},
    {kConfigure, "disconnect network", "T0814"},
    {kRead, "ask for network number", ""},
    {kConfigure, "announce network number", ""},
    {kNone, "security message", ""},
    {kConfigure, "update keys", ""},
    // BVLC.
    {kNone, "result", ""},
    {kConfigure, "write broadcast table", "T0836"},
    {kRead, "read broadcast table", "T0840"},
    {kConfigure, "register foreign device", ""},
    {kRead, "read foreign device table", "T0840"},
    {kConfigure, "delete foreign device", "T0814"},
    {kNone, "resolve address", ""},
    {kNone, "secured message", ""},
};

/// Fails to compile where the table has no such line.
consteval const OtOperation* line(std::string_view name) {
  for (const OtOperation& o : kOperations) {
    if (o.name == name) return &o;
  }
  throw "no such operation";
}

/// The first number that the message has under that name.
bool number(const Pdu& p, Field field, std::uint64_t& out) noexcept {
  Walk w = parameters(p);
  for (Part part; w.next(part);) {
    if (part.field == field) return out = part.number(), true;
  }
  return false;
}

constexpr bool is_output(std::uint32_t type) noexcept {
  return type == object::kAnalogOutput || type == object::kBinaryOutput ||
         type == object::kMultiStateOutput || type == object::kCommand || type == object::kAccessDoor ||
         type == object::kChannel || type == object::kLightingOutput ||
         type == object::kBinaryLightingOutput || type == object::kLift;
}
constexpr bool is_input(std::uint32_t type) noexcept {
  return type == object::kAnalogInput || type == object::kBinaryInput || type == object::kMultiStateInput ||
         type == object::kAccumulator || type == object::kPulseConverter || type == object::kLifeSafetyPoint;
}

bool is_null(const Item& i) noexcept {
  ValueReader r(i);
  Value v;
  return i.has_value && r.next(v) && v.syntax == Syntax::kNull;
}

/// What it is to write that property.
const OtOperation* write_of(const Item& i) noexcept {
  const std::uint32_t type = object_type(i.object);
  switch (i.property) {
    case property::kPresentValue:
    case 380:  // lighting-command
      if (is_null(i)) return line("relinquish command");
      if (is_output(type)) return line("command output");
      return is_input(type) ? line("override input") : line("write value");
    case 164:  // tracking-value
      return line("override input");
    case property::kProgramChange:
      return line("change program state");
    case 160:  // mode of life safety
      return line("change life safety mode");
    case property::kOutOfService:
      return line("set out of service");
    case 6:  // alarm-value, alarm-values, fault-values
    case 7:
    case 39:
    case 17:  // notification-class
    case 25:  // deadband, error-limit
    case 34:
    case 35:  // event-enable
    case 45:  // high and low limit, and whether they are enabled
    case 52:
    case 59:
    case 72:   // notify-type
    case 83:   // event-parameters
    case 113:  // time-delay
    case 353:  // event-detection-enable, event-algorithm-inhibit and its reference
    case 354:
    case 355:
    case 357:  // reliability-evaluation-inhibit
    case 388:  // fault limits
    case 389:
      return line("change alarm setting");
    case 102:
      return line("change alarm recipients");
    case 23:  // date-list, effective-period, exception-schedule, weekly-schedule, schedule-default
    case 32:
    case 38:
    case 123:
    case 174:
      return line("change schedule");
    case 10:  // timeouts, retries, masters; addresses and tables of a network port
    case 11:
    case 64:
    case 73:
      return line("change communication setting");
    case 104:  // relinquish-default, setpoint
    case 108:
      return line("write value");
    default:
      return i.property >= 399 && i.property <= 446 ? line("change communication setting")
                                                    : line("write property");
  }
}

const OtOperation* gravest_write(const Pdu& p) noexcept {
  const OtOperation* found = nullptr;
  ItemReader r(parameters(p));
  Item i;
  for (unsigned n = 0; n < kMaxItems && r.next(i); ++n) {
    if (!i.has_property) continue;
    const OtOperation* o = write_of(i);
    // Control is graver than configuration here: it acts at once.
    const auto grave = [](const OtOperation& op) noexcept {
      return op.ot_class == kControl ? 3 : op.ot_class == kConfigure ? 2 : 1;
    };
    if (found == nullptr || grave(*o) > grave(*found)) found = o;
  }
  return found != nullptr ? found : line("write property");
}

const OtOperation* read_of(const Pdu& p, const OtOperation* plain) noexcept {
  ItemReader r(parameters(p));
  Item i;
  for (unsigned n = 0; n < kMaxItems && r.next(i); ++n) {
    if (!i.has_property || object_type(i.object) != object::kDevice) continue;
    switch (i.property) {
      case property::kObjectName:
      case property::kSoftwareVersion:
      case property::kFirmware:
      case property::kModel:
      case property::kVendorName:
      case property::kVendorId:
      case property::kSerial:
        return line("read identity");
      case 76:
      case 209:
        return line("read object list");
      default:
        break;
    }
  }
  return plain;
}

const OtOperation* subscription(const Pdu& p) noexcept {
  std::uint64_t n = 0;
  // Without a kind of notification, or with a lifetime of nothing, it ends.
  const bool ends = !number(p, Field::kConfirmed, n) && !number(p, Field::kLifetime, n);
  return ends ? line("cancel subscription") : line("subscribe to changes");
}

const OtOperation* event(const Pdu& p) noexcept {
  std::uint64_t n = 0;
  if (!number(p, Field::kNotifyType, n)) return line("report event");
  return n == 0 ? line("report alarm") : n == 2 ? line("report acknowledgement") : line("report event");
}

const OtOperation* reinitialize(const Pdu& p) noexcept {
  constexpr const OtOperation* kStates[] = {
      line("cold start"),    line("warm start"),  line("start backup"),  line("end backup"),
      line("start restore"), line("end restore"), line("abort restore"), line("activate changes")};
  std::uint64_t n = 0;
  return number(p, Field::kState, n) && n < std::size(kStates) ? kStates[n] : line("reinitialize device");
}

const OtOperation* communication(const Pdu& p) noexcept {
  std::uint64_t n = 0;
  if (!number(p, Field::kCommunication, n) || n > 2) return line("disable communication");
  return n == 0   ? line("enable communication")
         : n == 1 ? line("disable communication")
                  : line("disable initiation");
}

const OtOperation* safety(const Pdu& p) noexcept {
  std::uint64_t n = 0;
  if (!number(p, Field::kOperation, n) || n == 0 || n > 9) return line("life safety operation");
  return n <= 3 ? line("silence alarm") : n <= 6 ? line("reset alarm") : line("unsilence alarm");
}

/// `told`: a request, whose parameters say more; else an answer, of which only the service is known.
const OtOperation* of_confirmed(const Pdu& p, bool told) noexcept {
  switch (static_cast<Confirmed>(p.apdu.service)) {
    case Confirmed::kAcknowledgeAlarm:
      return line("acknowledge alarm");
    case Confirmed::kCovNotification:
    case Confirmed::kCovNotificationMultiple:
      return line("report change of value");
    case Confirmed::kEventNotification:
      return told ? event(p) : line("report event");
    case Confirmed::kGetAlarmSummary:
      return line("get alarm summary");
    case Confirmed::kGetEnrollmentSummary:
      return line("get enrollment summary");
    case Confirmed::kSubscribeCov:
    case Confirmed::kSubscribeCovProperty:
    case Confirmed::kSubscribeCovPropertyMultiple:
      return told ? subscription(p) : line("subscribe to changes");
    case Confirmed::kAtomicReadFile:
      return line("read file");
    case Confirmed::kAtomicWriteFile:
      return line("write file");
    case Confirmed::kAddListElement:
    case Confirmed::kRemoveListElement: {
      std::uint64_t n = 0;
      if (number(p, Field::kProperty, n) && n == 102) return line("change alarm recipients");
      return p.apdu.service == static_cast<std::uint8_t>(Confirmed::kAddListElement)
                 ? line("add list element")
                 : line("remove list element");
    }
    case Confirmed::kCreateObject:
      return line("create object");
    case Confirmed::kDeleteObject:
      return line("delete object");
    case Confirmed::kReadProperty:
    case Confirmed::kReadPropertyConditional:
      return read_of(p, line("read property"));
    case Confirmed::kReadPropertyMultiple:
      return read_of(p, line("read multiple properties"));
    case Confirmed::kWriteProperty:
    case Confirmed::kWritePropertyMultiple:
      return gravest_write(p);
    case Confirmed::kDeviceCommunicationControl:
      return communication(p);
    case Confirmed::kPrivateTransfer:
      return line("private transfer");
    case Confirmed::kTextMessage:
      return line("text message");
    case Confirmed::kReinitializeDevice:
      return reinitialize(p);
    case Confirmed::kVtOpen:
      return line("open terminal");
    case Confirmed::kVtClose:
      return line("close terminal");
    case Confirmed::kVtData:
      return line("terminal data");
    case Confirmed::kAuthenticate:
    case Confirmed::kAuthRequest:
      return line("authenticate");
    case Confirmed::kRequestKey:
      return line("request key");
    case Confirmed::kReadRange:
      return line("read range");
    case Confirmed::kLifeSafetyOperation:
      return safety(p);
    case Confirmed::kGetEventInformation:
      return line("get event information");
    case Confirmed::kAuditNotification:
      return line("report audit");
    case Confirmed::kAuditLogQuery:
      return line("query audit log");
  }
  return line("other message");
}

const OtOperation* of_unconfirmed(const Pdu& p) noexcept {
  switch (static_cast<Unconfirmed>(p.apdu.service)) {
    case Unconfirmed::kIAm:
      return line("announce device");
    case Unconfirmed::kIHave:
      return line("announce object");
    case Unconfirmed::kCovNotification:
    case Unconfirmed::kCovNotificationMultiple:
      return line("report change of value");
    case Unconfirmed::kEventNotification:
      return event(p);
    case Unconfirmed::kPrivateTransfer:
      return line("private transfer");
    case Unconfirmed::kTextMessage:
      return line("text message");
    case Unconfirmed::kTimeSynchronization:
    case Unconfirmed::kUtcTimeSynchronization:
      return line("set clock");
    case Unconfirmed::kWhoHas:
      return line("find object");
    case Unconfirmed::kWhoIs:
      return line("find devices");
    case Unconfirmed::kWriteGroup:
      return line("write group");
    case Unconfirmed::kAuditNotification:
      return line("report audit");
    case Unconfirmed::kWhoAmI:
      return line("ask for identity");
    case Unconfirmed::kYouAre:
      return line("assign identity");
  }
  return line("other message");
}

const OtOperation* of_network(const Npdu& n) noexcept {
  switch (static_cast<NetMessage>(n.message)) {
    case NetMessage::kWhoIsRouter:
      return line("find router");
    case NetMessage::kIAmRouter:
    case NetMessage::kICouldBeRouter:
      return line("announce router");
    case NetMessage::kReject:
      return line("reject message to network");
    case NetMessage::kBusy:
      return line("router busy");
    case NetMessage::kAvailable:
      return line("router available");
    case NetMessage::kInitialize:
      return n.data.empty() || n.data[0] == 0 ? line("read routing table") : line("change routing table");
    case NetMessage::kInitializeAck:
      return line("read routing table");
    case NetMessage::kEstablish:
      return line("connect network");
    case NetMessage::kDisconnect:
      return line("disconnect network");
    case NetMessage::kChallenge:
    case NetMessage::kSecurityPayload:
    case NetMessage::kSecurityResponse:
      return line("security message");
    case NetMessage::kRequestKeyUpdate:
    case NetMessage::kUpdateKeySet:
    case NetMessage::kUpdateDistributionKey:
    case NetMessage::kRequestMasterKey:
    case NetMessage::kSetMasterKey:
      return line("update keys");
    case NetMessage::kWhatIsNumber:
      return line("ask for network number");
    case NetMessage::kNumberIs:
      return line("announce network number");
  }
  return line("other message");
}

const OtOperation* of_bvlc(const Bvlc& b) noexcept {
  if (b.type == kIpv6) {
    if (b.is(Function6::kResult)) return line("result");
    if (b.is(Function6::kRegister)) return line("register foreign device");
    if (b.is(Function6::kDeleteFdt)) return line("delete foreign device");
    if (b.is(Function6::kSecure)) return line("secured message");
    return line("resolve address");
  }
  switch (static_cast<Function>(b.function)) {
    case Function::kResult:
      return line("result");
    case Function::kWriteBdt:
      return line("write broadcast table");
    case Function::kReadBdt:
    case Function::kReadBdtAck:
      return line("read broadcast table");
    case Function::kRegister:
      return line("register foreign device");
    case Function::kReadFdt:
    case Function::kReadFdtAck:
      return line("read foreign device table");
    case Function::kDeleteFdt:
      return line("delete foreign device");
    default:
      return line("secured message");
  }
}

const OtOperation* operation_of(const Pdu& p, bool told) noexcept {
  constexpr std::uint64_t kBroken = bit(Event::kInvalidNpdu) | bit(Event::kInvalidApdu) |
                                    bit(Event::kInvalidNetworkMessage) | bit(Event::kInvalidBvlc);
  if ((p.odd & kBroken) != 0) return line("invalid message");
  if ((p.odd & bit(Event::kUnknownFunction)) != 0) return line("other message");
  if (!p.npdu.there) return of_bvlc(p.bvlc);
  if (p.npdu.is_message) return of_network(p.npdu);
  switch (static_cast<ApduType>(p.apdu.type)) {
    case ApduType::kConfirmed:
      return of_confirmed(p, told);
    case ApduType::kUnconfirmed:
      return of_unconfirmed(p);
    case ApduType::kSegmentAck:
      return line("segment acknowledgement");
    // Of answers without their request what was asked is known by the service alone.
    case ApduType::kSimpleAck:
      return line("simple acknowledgement");
    case ApduType::kComplexAck:
      return line("answer");
    case ApduType::kError:
      return line("error");
    case ApduType::kReject:
      return line("reject");
    case ApduType::kAbort:
      return line("abort");
  }
  return line("other message");
}

bool entry_address(const Pdu& p, unsigned n, std::span<char> room, OtAddress& out) noexcept {
  TextWriter w(room);
  TableEntry e;
  if (table_entry(p.bvlc, n, e)) {
    w << e.ip[0] << "." << e.ip[1] << "." << e.ip[2] << "." << e.ip[3] << ":" << e.port;
    return out.text = w.bytes(), true;
  }
  NetInfo i;
  if (!p.npdu.is_message || !read_network_message(p.npdu, i)) return false;
  std::uint16_t network = 0;
  if (n < i.networks.size() / 2) {
    network = Cursor(i.networks.subspan(2 * n, 2)).u16be();
  } else {
    if (n >= i.routes) return false;
    Cursor c(i.table);
    Route r;
    for (unsigned k = 0; k <= n; ++k) {
      if (!next_route(c, r)) return false;
    }
    network = r.network;
  }
  out.text = (w << "network " << network).bytes();
  out.first = out.last = network;
  return true;
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Pdu& p = x.has_question ? x.question : x.answer;
  if (!p.apdu.there) return entry_address(p, n, x.text_room, out);
  if (const Item* i = x.at_item.find_item(p, n); i != nullptr) {
    out.text = as_bytes({x.text.data(), write_address(p.npdu, *i, x.text)});
    if (i->has_object) out.first = out.last = object_instance(i->object);
    return !out.text.empty();
  }
  if (n != 0) return false;
  // Devices that are asked for, or that announce themselves.
  std::uint64_t low = 0, high = 0;
  TextWriter w(x.text_room);
  if (number(p, Field::kDeviceLow, low) && number(p, Field::kDeviceHigh, high)) {
    w << "device,";
    w.range(low, high);
    out.first = low;
    out.last = high;
  } else if (number(p, Field::kDevice, low)) {
    std::array<char, 48> room;
    w << std::string_view(room.data(), write_object(static_cast<std::uint32_t>(low), room));
    out.first = out.last = object_instance(static_cast<std::uint32_t>(low));
  } else {
    return false;
  }
  return out.text = w.bytes(), true;
}

void show(const Value& v, std::span<char> room, OtValue& out) noexcept {
  std::size_t size = 0;
  switch (v.syntax) {
    case Syntax::kBoolean:
      out.is_number = true;
      out.number = v.inside;
      return;
    case Syntax::kUnsigned:
    case Syntax::kEnumerated:
      out.is_number = true;
      out.number = static_cast<double>(read_unsigned(v.content));
      return;
    case Syntax::kSigned:
      out.is_number = true;
      out.number = static_cast<double>(read_signed(v.content));
      return;
    case Syntax::kReal:
    case Syntax::kDouble:
      out.is_number = content_fits(v.syntax, v.content);
      out.number = read_real(v.syntax, v.content);
      return;
    case Syntax::kNull:
      out.text = as_bytes("null");
      return;
    case Syntax::kText: {
      bool whole = false;
      out.text = read_text(v.content, room, whole);
      out.text = out.text.first(std::min(out.text.size(), kMaxValueBytes));
      return;
    }
    case Syntax::kBits:
      size = write_bits(v.content, room);
      break;
    case Syntax::kDate:
      size = write_date(v.content, room);
      break;
    case Syntax::kTime:
      size = write_time(v.content, room);
      break;
    case Syntax::kObject:
      size = write_object(static_cast<std::uint32_t>(read_unsigned(v.content)), room);
      break;
    default:
      out.text = v.content.first(std::min(v.content.size(), kMaxValueBytes));
      return;
  }
  out.text = as_bytes({room.data(), size});
}

/// A parameter that is the value of a message without items.
bool plain_value(const Exchange& x, const Pdu& p, unsigned n, OtValue& out) noexcept {
  Walk w = parameters(p);
  for (Part part; w.next(part);) {
    switch (part.field) {
      case Field::kDate:
      case Field::kTime:
        if (!p.apdu.is(Unconfirmed::kTimeSynchronization) && !p.apdu.is(Unconfirmed::kUtcTimeSynchronization))
          continue;
        break;
      case Field::kText:
      case Field::kEventValue:
      case Field::kEventState:
      case Field::kToState:
      case Field::kState:
      case Field::kCommunication:
      case Field::kOperation:
        break;
      default:
        continue;
    }
    if (n-- != 0) continue;
    if (part.field == Field::kToState || part.field == Field::kState || part.field == Field::kCommunication ||
        part.field == Field::kOperation) {
      const std::uint64_t v = part.number();
      const std::string_view name = part.field == Field::kToState         ? event_state_name(v)
                                    : part.field == Field::kState         ? reinitialize_name(v)
                                    : part.field == Field::kCommunication ? communication_name(v)
                                                                          : life_safety_operation_name(v);
      if (!name.empty()) return out.text = as_bytes(name), true;
    }
    if (part.syntax == Syntax::kAny) {
      Value first;
      return ValueReader(part.content).next(first) && (show(first, x.text, out), true);
    }
    // With a context tag a boolean's value is its content.
    Value v{part.syntax, -1, 0, static_cast<std::uint8_t>(part.number()), part.content};
    return show(v, x.text, out), true;
  }
  return false;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Pdu* p = x.side(dir);
  if (p == nullptr || !p->apdu.there) return false;
  Value v;
  if (x.at_value.find_value(*p, n, v)) return show(v, x.text, out), true;
  // Behind the values of items; few messages have both.
  return plain_value(x, *p, n - x.at_value.next, out);
}

}  // namespace

const OtProtocol kOt = {"bacnet", kOperations, address, value};

std::size_t write_address(const Npdu& to, const Item& i, std::span<char> room) noexcept {
  TextWriter w(room);
  // Of a request where it goes; of what is told from where.
  const Bytes mac = to.has_destination ? to.dadr : to.sadr;
  if ((to.has_destination && to.dnet != 0xffff) || (!to.has_destination && to.has_source)) {
    w << (to.has_destination ? to.dnet : to.snet) << ":";
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (mac.size() == 1) {
      w << mac[0];
    } else {
      for (const std::uint8_t c : mac.first(std::min<std::size_t>(mac.size(), 18)))
        w << kDigits.substr(c >> 4, 1) << kDigits.substr(c & 15U, 1);
    }
    w << " ";
  }
  if (i.has_object) {
    std::array<char, 48> text;
    w << std::string_view(text.data(), write_object(i.object, text));
  }
  if (i.has_property) {
    const std::string_view name = property_name(i.property);
    if (i.has_object) w << " ";
    if (name.empty()) {
      w << "property " << i.property;
    } else {
      w << name;
    }
    if (i.has_index) w << "[" << i.index << "]";
  }
  if (i.has_object || i.has_property) return w.size();
  if (i.has_channel) {
    w << "channel " << i.channel;
  } else {
    w << "item";
  }
  return w.size();
}

void set_operation(Exchange& x) noexcept {
  x.ot = &kOt;
  const Pdu& p = x.has_question ? x.question : x.answer;
  x.operation = operation_of(p, x.has_question);
  // An MS/TP station behind a router: network 2001, station 5 is 2001005.
  const Npdu& n = p.npdu;
  const bool asked = x.has_question;
  const Bytes mac = n.has_destination && asked ? n.dadr : n.sadr;
  const std::uint16_t net = n.has_destination && asked ? n.dnet : n.snet;
  if (n.there && mac.size() == 1 && net != 0xffff) x.station = std::int64_t{net} * 1000 + mac[0];
}

}  // namespace picket::bacnet
