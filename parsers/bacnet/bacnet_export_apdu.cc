// APDUs in a record: parameters by the tables of bacnet_services.cc, items with their values, what is told of a device.
#include <algorithm>

#include "parsers/bacnet/bacnet.pb.h"
#include "parsers/bacnet/bacnet_export.h"
#include "parsers/core/text_writer.h"

namespace picket::bacnet {
namespace {

using A = v1::BacnetApdu;
using I = v1::BacnetItem;
using V = v1::BacnetValue;
using Room = std::array<char, 1024>;

/// Where a parameter goes: a field, of what is enumerated one for its name as well.
struct Place {
  Field field;
  int number = 0;
  int name_number = 0;
  std::string_view (*name)(std::uint64_t) noexcept = nullptr;
};
constexpr Place kPlaces[] = {
    {Field::kDeviceLow, A::kDeviceLowFieldNumber},
    {Field::kDeviceHigh, A::kDeviceHighFieldNumber},
    {Field::kObjectName, A::kObjectNameFieldNumber},
    {Field::kMaxApdu, A::kMaxApduAcceptedFieldNumber},
    {Field::kSegmentation, A::kSegmentationCodeFieldNumber, A::kSegmentationFieldNumber, segmentation_name},
    {Field::kVendor, A::kVendorIdFieldNumber, A::kVendorFieldNumber, vendor_name},
    {Field::kModel, A::kModelFieldNumber},
    {Field::kSerial, A::kSerialFieldNumber},
    {Field::kAddress, A::kAddressFieldNumber},
    {Field::kProcess, A::kProcessIdFieldNumber},
    {Field::kConfirmed, A::kConfirmedNotificationsFieldNumber},
    {Field::kLifetime, A::kLifetimeFieldNumber},
    {Field::kRemaining, A::kTimeRemainingFieldNumber},
    {Field::kIncrement, A::kCovIncrementFieldNumber},
    {Field::kMaxDelay, A::kMaxDelayFieldNumber},
    {Field::kSequence, A::kTimestampSequenceFieldNumber},
    {Field::kAckSequence, A::kAckTimestampSequenceFieldNumber},
    {Field::kAckState, A::kAcknowledgedStateCodeFieldNumber, A::kAcknowledgedStateFieldNumber,
     event_state_name},
    {Field::kSource, A::kSourceFieldNumber},
    {Field::kNotificationClass, A::kNotificationClassFieldNumber},
    {Field::kEventPriority, A::kEventPriorityFieldNumber},
    {Field::kEventType, A::kEventTypeCodeFieldNumber, A::kEventTypeFieldNumber, event_type_name},
    {Field::kText, A::kMessageTextFieldNumber},
    {Field::kNotifyType, A::kNotifyTypeCodeFieldNumber, A::kNotifyTypeFieldNumber, notify_type_name},
    {Field::kAckRequired, A::kAckRequiredFieldNumber},
    {Field::kFromState, A::kFromStateCodeFieldNumber, A::kFromStateFieldNumber, event_state_name},
    {Field::kToState, A::kToStateCodeFieldNumber, A::kToStateFieldNumber, event_state_name},
    {Field::kMoreEvents, A::kMoreEventsFieldNumber},
    {Field::kAcknowledgmentFilter, A::kAcknowledgmentFilterFieldNumber},
    {Field::kErrorClass, A::kErrorClassCodeFieldNumber, A::kErrorClassFieldNumber, error_class_name},
    {Field::kErrorCode, A::kErrorCodeCodeFieldNumber, A::kErrorCodeFieldNumber, error_code_name},
    {Field::kFirstFailed, A::kFirstFailedElementFieldNumber},
    {Field::kFileCount, A::kFileCountFieldNumber},
    {Field::kFileEnd, A::kEndOfFileFieldNumber},
    {Field::kRangeIndex, A::kRangeIndexFieldNumber},
    {Field::kRangeSequence, A::kRangeSequenceFieldNumber},
    {Field::kRangeCount, A::kRangeCountFieldNumber},
    {Field::kResultCount, A::kResultCountFieldNumber},
    {Field::kFirstSequence, A::kFirstSequenceNumberFieldNumber},
    {Field::kState, A::kReinitializeCodeFieldNumber, A::kReinitializeFieldNumber, reinitialize_name},
    {Field::kDuration, A::kDurationFieldNumber},
    {Field::kCommunication, A::kCommunicationCodeFieldNumber, A::kCommunicationFieldNumber,
     communication_name},
    {Field::kOperation, A::kOperationCodeFieldNumber, A::kOperationFieldNumber, life_safety_operation_name},
    {Field::kServiceNumber, A::kServiceNumberFieldNumber},
    {Field::kClassNumber, A::kMessageClassFieldNumber},
    {Field::kClassText, A::kMessageClassTextFieldNumber},
    {Field::kGroup, A::kGroupNumberFieldNumber},
    {Field::kWritePriority, A::kGroupWritePriorityFieldNumber},
    {Field::kInhibitDelay, A::kInhibitDelayFieldNumber},
    {Field::kObjectType, A::kCreateTypeCodeFieldNumber, A::kCreateTypeFieldNumber, object_type_name},
    {Field::kVtClass, A::kVtClassFieldNumber},
    {Field::kVtSession, A::kVtSessionFieldNumber},
    // Of items.
    {Field::kItemState, I::kEventStateCodeFieldNumber, I::kEventStateFieldNumber, event_state_name},
    {Field::kItemNotifyType, I::kNotifyTypeCodeFieldNumber, I::kNotifyTypeFieldNumber, notify_type_name},
    {Field::kItemEventType, I::kEventTypeCodeFieldNumber, I::kEventTypeFieldNumber, event_type_name},
    {Field::kItemPriority, I::kEventPrioritiesFieldNumber},
    {Field::kItemClass, I::kNotificationClassFieldNumber},
    {Field::kItemIncrement, I::kCovIncrementFieldNumber},
    {Field::kItemTimed, I::kTimestampedFieldNumber},
    {Field::kChannel, I::kChannelFieldNumber},
    {Field::kItemErrorClass, I::kErrorClassCodeFieldNumber, I::kErrorClassFieldNumber, error_class_name},
    {Field::kItemErrorCode, I::kErrorCodeCodeFieldNumber, I::kErrorCodeFieldNumber, error_code_name},
};

void write_place(WireWriter& w, const Part& p) noexcept {
  const auto* const at = std::find_if(std::begin(kPlaces), std::end(kPlaces),
                                      [&](const Place& place) { return place.field == p.field; });
  if (at == std::end(kPlaces) || !content_fits(p.syntax, p.content)) return;
  switch (p.syntax) {
    case Syntax::kReal:
      return w.f64(at->number, read_real(p.syntax, p.content));
    case Syntax::kSigned:
      return w.i64(at->number, read_signed(p.content));
    case Syntax::kText: {
      Room room;
      bool whole = false;
      const Bytes text = read_text(p.content, room, whole);
      return w.bytes(at->number, text.first(std::min(text.size(), kMaxValueBytes)));
    }
    case Syntax::kOctets:
      return w.bytes(at->number, p.content.first(std::min(p.content.size(), kMaxValueBytes)));
    default:
      if (at->name != nullptr) write_name(w, at->name_number, at->name(p.number()));
      return w.u64(at->number, p.number());
  }
}

void write_bits_field(WireWriter& w, int field, Bytes content) noexcept {
  Room room;
  w.text(field, {room.data(), write_bits(content, room)});
}

/// `property` and `type` of the object: for the names of what is enumerated.
void value(WireWriter& w, int field, const Value& v, std::uint32_t type, std::uint32_t property,
           std::string_view label = {}) noexcept {
  const auto s = w.message(field);
  Room room;
  write_name(w, V::kNameFieldNumber, label);
  write_name(w, V::kTypeFieldNumber, syntax_name(static_cast<std::uint8_t>(v.syntax)));
  if (v.context >= 0) w.i64(V::kContextFieldNumber, v.context);
  if (v.depth != 0) w.u64(V::kDepthFieldNumber, v.depth);
  const Bytes shown = v.content.first(std::min(v.content.size(), kMaxValueBytes));
  if (!content_fits(v.syntax, v.content)) return w.bytes(V::kDataFieldNumber, shown);
  switch (v.syntax) {
    case Syntax::kNull:
      return;
    case Syntax::kBoolean:
      return w.boolean(V::kBooleanFieldNumber, v.inside != 0);
    case Syntax::kUnsigned:
      return w.u64(V::kUnsignedFieldNumber, read_unsigned(v.content));
    case Syntax::kSigned:
      return w.i64(V::kSignedFieldNumber, read_signed(v.content));
    case Syntax::kReal:
    case Syntax::kDouble:
      return w.f64(V::kRealFieldNumber, read_real(v.syntax, v.content));
    case Syntax::kText: {
      bool whole = true;
      const Bytes text = read_text(v.content, room, whole);
      w.bytes(V::kTextFieldNumber, text.first(std::min(text.size(), kMaxValueBytes)));
      if (v.content[0] != 0) write_name(w, V::kCharsetFieldNumber, charset_name(v.content[0]));
      return write_mark(w, V::kTruncatedFieldNumber, !whole || text.size() > kMaxValueBytes);
    }
    case Syntax::kBits: {
      const std::size_t n = write_bits(v.content, room);
      w.text(V::kBitsFieldNumber, {room.data(), n});
      // In the buffer of a log: the status of a record, that of the log, or bits that were logged.
      const bool log = property == property::kLogBuffer;
      const std::uint32_t named = !log             ? property
                                  : v.depth == 0   ? property::kStatusFlags
                                  : v.context == 0 ? property::kLogBuffer
                                                   : property::kNone;
      for (std::size_t i = 0; i < n; ++i) {
        if (room[i] == '1') write_name(w, V::kSetFieldNumber, bit_name(named, i));
      }
      return;
    }
    case Syntax::kEnumerated: {
      const std::uint64_t n = read_unsigned(v.content);
      w.u64(V::kEnumeratedFieldNumber, n);
      return write_name(w, V::kEnumeratedNameFieldNumber, value_name(type, property, n));
    }
    case Syntax::kDate:
      return w.text(V::kDateFieldNumber, {room.data(), write_date(v.content, room)});
    case Syntax::kTime:
      return w.text(V::kTimeFieldNumber, {room.data(), write_time(v.content, room)});
    case Syntax::kObject:
      return w.text(V::kObjectFieldNumber,
                    {room.data(), write_object(static_cast<std::uint32_t>(read_unsigned(v.content)), room)});
    default:
      w.bytes(V::kDataFieldNumber, shown);
      return write_mark(w, V::kTruncatedFieldNumber, shown.size() < v.content.size());
  }
}

/// Dates come before their times.
struct Stamp {
  Bytes date;
  void write(WireWriter& w, int field, Bytes time) noexcept {
    Room room;
    std::size_t n = write_date(date, room);
    if (n != 0) room[n++] = ' ';
    n += write_time(time, std::span(room).subspan(n));
    w.text(field, {room.data(), n});
    date = {};
  }
};

void item(WireWriter& w, const Item& i, unsigned& values, bool writes) noexcept {
  const auto s = w.message(A::kItemsFieldNumber);
  Room room;
  if (i.has_object) {
    w.text(I::kObjectFieldNumber, {room.data(), write_object(i.object, room)});
    write_name(w, I::kObjectTypeFieldNumber, object_type_name(object_type(i.object)));
    w.u64(I::kObjectTypeCodeFieldNumber, object_type(i.object));
    w.u64(I::kInstanceFieldNumber, object_instance(i.object));
  }
  if (i.has_property) {
    write_name(w, I::kPropertyFieldNumber, property_name(i.property));
    w.u64(I::kPropertyIdFieldNumber, i.property);
  }
  if (i.has_index) w.u64(I::kArrayIndexFieldNumber, i.index);
  if (i.has_priority) w.u64(I::kPriorityFieldNumber, i.priority);
  if (i.has_value) {
    ValueReader r(i);
    Value v;
    std::uint32_t count = 0;
    for (; r.next(v); ++count) {
      if (count == 0 && writes && v.syntax == Syntax::kNull && i.property == property::kPresentValue)
        w.boolean(I::kRelinquishFieldNumber, true);
      if (values < kMaxValues) {
        ++values;
        value(w, I::kValuesFieldNumber, v, object_type(i.object), i.property);
      }
    }
    w.u64(I::kValueCountFieldNumber, count);
  }
  Walk walk = i.parts;
  Part p;
  Stamp stamp;
  for (unsigned n = 0; n < i.part_count && walk.next(p);) {
    if (!of_item(p.field)) continue;
    ++n;
    switch (p.field) {
      case Field::kItemAcked:
        write_bits_field(w, I::kAcknowledgedTransitionsFieldNumber, p.content);
        break;
      case Field::kItemEnable:
        write_bits_field(w, I::kEventEnableFieldNumber, p.content);
        break;
      case Field::kItemDate:
        stamp.date = p.content;
        break;
      case Field::kItemTime:
        stamp.write(w, I::kTimestampsFieldNumber, p.content);
        break;
      case Field::kItemSequence:
        w.bytes(I::kTimestampsFieldNumber, (TextWriter(room) << p.number()).bytes());
        break;
      default:
        write_place(w, p);
        break;
    }
  }
}

std::string_view event_label(Field f) noexcept {
  switch (f) {
    case Field::kEventValue:
    case Field::kEventState:
      return "value";
    case Field::kEventOldValue:
      return "previous-value";
    case Field::kEventFlags:
      return "status-flags";
    case Field::kEventLimit:
      return "limit";
    case Field::kEventDeadband:
      return "deadband";
    case Field::kEventSetPoint:
      return "setpoint";
    case Field::kEventMode:
      return "mode";
    case Field::kEventOperation:
      return "operation-expected";
    case Field::kEventReliability:
      return "reliability";
    case Field::kEventData:
      return "data";
    default:
      return {};
  }
}

std::uint32_t event_property(Field f) noexcept {
  switch (f) {
    case Field::kEventValue:
    case Field::kEventOldValue:
      return property::kPresentValue;
    case Field::kEventFlags:
      return property::kStatusFlags;
    case Field::kEventMode:
      return 160;
    case Field::kEventOperation:
      return 161;
    case Field::kEventReliability:
      return property::kReliability;
    default:
      return property::kNone;
  }
}

/// `type` is that of the object the event is about.
void event_value(WireWriter& w, const Part& p, std::uint32_t type, unsigned& values) noexcept {
  std::uint32_t property = event_property(p.field);
  if (p.field == Field::kEventState) {
    const NamedLike like = state_named_like(p.context);
    type = like.object_type;
    property = like.property;
  }
  if (p.syntax != Syntax::kAny) {
    const Value v{p.syntax, -1, 0, static_cast<std::uint8_t>(p.number()), p.content};
    return value(w, A::kEventValuesFieldNumber, v, type, property, event_label(p.field));
  }
  ValueReader r(p.content);
  for (Value v; values < kMaxValues && r.next(v); ++values)
    value(w, A::kEventValuesFieldNumber, v, type, property, event_label(p.field));
}

/// What is more than a number or a text by itself. `type` is that of the object named before.
void parameter(WireWriter& w, const Pdu& p, const Part& x, std::uint32_t type, Stamp& stamp, unsigned& values,
               std::size_t& file_bytes) noexcept {
  Room room;
  switch (x.field) {
    case Field::kDevice: {
      const auto id = static_cast<std::uint32_t>(x.number());
      w.text(A::kDeviceFieldNumber, {room.data(), write_object(id, room)});
      return w.u64(A::kDeviceInstanceFieldNumber, object_instance(id));
    }
    case Field::kLastObject:
      return w.text(A::kLastReceivedObjectFieldNumber,
                    {room.data(), write_object(static_cast<std::uint32_t>(x.number()), room)});
    case Field::kDate:
    case Field::kAckDate:
    case Field::kRangeDate:
      stamp.date = x.content;
      return;
    case Field::kTime: {
      const bool clock =
          p.apdu.is(Unconfirmed::kTimeSynchronization) || p.apdu.is(Unconfirmed::kUtcTimeSynchronization);
      return stamp.write(w, clock ? A::kTimeFieldNumber : A::kTimestampFieldNumber, x.content);
    }
    case Field::kAckTime:
      return stamp.write(w, A::kAckTimestampFieldNumber, x.content);
    case Field::kRangeTime:
      return stamp.write(w, A::kRangeTimeFieldNumber, x.content);
    case Field::kPassword:
      return w.boolean(A::kHasPasswordFieldNumber, true);
    case Field::kMessagePriority:
      return w.text(A::kMessagePriorityFieldNumber, x.number() == 0 ? "normal" : "urgent");
    case Field::kResultFlags: {
      constexpr std::string_view kFlags[] = {"first-item", "last-item", "more-items"};
      const std::size_t n = write_bits(x.content, room);
      for (std::size_t i = 0; i < std::min(n, std::size(kFlags)); ++i) {
        if (room[i] == '1') w.text(A::kResultFlagsFieldNumber, kFlags[i]);
      }
      return;
    }
    case Field::kFileStart:
    case Field::kFileRecord:
      w.text(A::kAccessFieldNumber, x.field == Field::kFileStart ? "stream" : "record");
      return w.i64(A::kFileStartFieldNumber, read_signed(x.content));
    case Field::kFileData:
      if (file_bytes == 0) {
        const std::size_t shown = std::min(x.content.size(), kMaxValueBytes);
        w.bytes(A::kFileDataFieldNumber, x.content.first(shown));
        write_mark(w, A::kFileDataTruncatedFieldNumber, shown < x.content.size());
      }
      file_bytes += x.content.size();
      return;
    case Field::kVtData:
      return w.u64(A::kVtBytesFieldNumber, x.content.size());
    case Field::kPrivate: {
      ValueReader r(x.content);
      for (Value v; values < kMaxValues && r.next(v); ++values)
        value(w, A::kPrivateValuesFieldNumber, v, 0, property::kNone);
      return;
    }
    default:
      if (!event_label(x.field).empty()) return event_value(w, x, type, values);
      return write_place(w, x);
  }
}

void header(WireWriter& w, const Apdu& a) noexcept {
  w.text(A::kTypeFieldNumber, apdu_type_name(a.type));
  w.u64(A::kTypeCodeFieldNumber, a.type);
  if (a.has_confirmed_service() || a.is(ApduType::kUnconfirmed)) {
    write_name(w, A::kServiceFieldNumber,
               a.is(ApduType::kUnconfirmed) ? unconfirmed_name(a.service) : confirmed_name(a.service));
    w.u64(A::kServiceCodeFieldNumber, a.service);
  }
  if (a.has_invoke_id()) w.u64(A::kInvokeIdFieldNumber, a.invoke_id);
  if (a.is(ApduType::kConfirmed)) {
    constexpr std::uint8_t kSegments[] = {0, 2, 4, 8, 16, 32, 64, 65};
    w.boolean(A::kSegmentedResponseAcceptedFieldNumber, a.accepts_segments);
    w.u64(A::kMaxSegmentsFieldNumber, kSegments[a.max_segments & 7]);
    w.u64(A::kMaxApduFieldNumber, apdu_size(a.max_size));
  }
  if (a.segmented) {
    w.boolean(A::kSegmentedFieldNumber, true);
    w.boolean(A::kMoreSegmentsFieldNumber, a.more);
  }
  if (a.segmented || a.is(ApduType::kSegmentAck)) {
    w.u64(A::kSequenceNumberFieldNumber, a.sequence);
    w.u64(A::kWindowSizeFieldNumber, a.window);
  }
  if (a.is(ApduType::kSegmentAck)) w.boolean(A::kNegativeFieldNumber, a.negative);
  if (a.is(ApduType::kSegmentAck) || a.is(ApduType::kAbort))
    w.boolean(A::kFromServerFieldNumber, a.from_server);
  if (a.is(ApduType::kReject)) {
    write_name(w, A::kRejectReasonFieldNumber, reject_name(a.reason));
    w.u64(A::kRejectReasonCodeFieldNumber, a.reason);
  }
  if (a.is(ApduType::kAbort)) {
    write_name(w, A::kAbortReasonFieldNumber, abort_name(a.reason));
    w.u64(A::kAbortReasonCodeFieldNumber, a.reason);
  }
}

bool is_write(const Apdu& a) noexcept {
  return a.is(Confirmed::kWriteProperty) || a.is(Confirmed::kWritePropertyMultiple);
}
bool is_subscription(const Apdu& a) noexcept {
  return a.is(Confirmed::kSubscribeCov) || a.is(Confirmed::kSubscribeCovProperty) ||
         a.is(Confirmed::kSubscribeCovPropertyMultiple);
}

}  // namespace

void write_apdu(WireWriter& w, int field, const Pdu& p) noexcept {
  const auto s = w.message(field);
  const Apdu& a = p.apdu;
  header(w, a);
  if (p.segments != 0) w.u64(A::kSegmentsFieldNumber, p.segments);
  write_mark(w, A::kIncompleteFieldNumber, p.incomplete);
  if (a.is(ApduType::kSimpleAck) || a.is(ApduType::kSegmentAck) || a.is(ApduType::kReject) ||
      a.is(ApduType::kAbort))
    return;
  w.u64(A::kBytesFieldNumber, a.data.size());
  if ((p.odd & bit(Event::kUnknownService)) != 0)
    return w.bytes(A::kDataFieldNumber, a.data.first(std::min(a.data.size(), kMaxValueBytes)));
  Stamp stamp;
  unsigned values = 0;
  std::size_t file_bytes = 0;
  bool lasts = false;
  std::uint32_t type = 0;
  Walk walk = parameters(p);
  for (Part x; walk.next(x);) {
    if (x.field == Field::kObject) type = object_type(static_cast<std::uint32_t>(x.number()));
    lasts = lasts || x.field == Field::kConfirmed || x.field == Field::kLifetime;
    if (!of_item(x.field) && (x.syntax == Syntax::kAny || content_fits(x.syntax, x.content)))
      parameter(w, p, x, type, stamp, values, file_bytes);
  }
  if (file_bytes != 0) w.u64(A::kFileBytesFieldNumber, file_bytes);
  if (is_subscription(a)) write_mark(w, A::kCancelsFieldNumber, !lasts);
  ItemReader r(parameters(p));
  Item i;
  std::uint32_t count = 0;
  for (; r.next(i); ++count) {
    if (count < kMaxItems) item(w, i, values, is_write(a));
  }
  if (count != 0) w.u64(A::kItemCountFieldNumber, count);
  write_mark(w, A::kTruncatedFieldNumber, count > kMaxItems || values >= kMaxValues);
}

namespace {

using D = v1::BacnetDevice;

/// Where a property of a device object goes; 0: nowhere.
int device_field(std::uint32_t property) noexcept {
  switch (property) {
    case property::kObjectName:
      return D::kNameFieldNumber;
    case property::kVendorName:
      return D::kVendorFieldNumber;
    case property::kModel:
      return D::kModelFieldNumber;
    case property::kFirmware:
      return D::kFirmwareFieldNumber;
    case property::kSoftwareVersion:
      return D::kSoftwareFieldNumber;
    case property::kSerial:
      return D::kSerialFieldNumber;
    case property::kDescription:
      return D::kDescriptionFieldNumber;
    case property::kLocation:
      return D::kLocationFieldNumber;
    case property::kVendorId:
      return D::kVendorIdFieldNumber;
    default:
      return 0;
  }
}

/// Tells each thing, once; gives whether there was anything. Without a writer it only looks.
bool device(WireWriter* w, const Pdu& p) noexcept {
  Room room;
  std::uint32_t seen = 0;
  const auto first = [&](int field) noexcept {
    const bool is = (seen >> field & 1) == 0;
    seen |= 1U << field;
    return is && w != nullptr;
  };
  const auto text = [&](int field, Bytes content) noexcept {
    bool whole = false;
    if (!content_fits(Syntax::kText, content) || !first(field)) return;
    const Bytes t = read_text(content, room, whole);
    w->bytes(field, t.first(std::min(t.size(), kMaxValueBytes)));
  };
  const auto object = [&](std::uint32_t id) noexcept {
    if (object_type(id) != object::kDevice || object_instance(id) == 0x3fffff ||
        !first(D::kInstanceFieldNumber))
      return;
    w->text(D::kObjectFieldNumber, {room.data(), write_object(id, room)});
    w->u64(D::kInstanceFieldNumber, object_instance(id));
  };
  const bool says_itself =
      p.apdu.is(Unconfirmed::kIAm) || p.apdu.is(Unconfirmed::kIHave) || p.apdu.is(Unconfirmed::kWhoAmI);
  if (says_itself) {
    Walk walk = parameters(p);
    for (Part x; walk.next(x);) {
      if (x.field == Field::kDevice) object(static_cast<std::uint32_t>(x.number()));
      if (x.field == Field::kModel) text(D::kModelFieldNumber, x.content);
      if (x.field == Field::kSerial) text(D::kSerialFieldNumber, x.content);
      if (x.field != Field::kVendor || !first(D::kVendorIdFieldNumber)) continue;
      w->u64(D::kVendorIdFieldNumber, x.number());
      const std::string_view name = vendor_name(x.number());
      if (!name.empty() && first(D::kVendorFieldNumber)) w->text(D::kVendorFieldNumber, name);
    }
    return seen != 0;
  }
  // Properties of the device object, as it answers.
  if (!p.apdu.is(ApduType::kComplexAck)) return false;
  ItemReader r(parameters(p));
  Item i;
  for (unsigned n = 0; n < kMaxItems && r.next(i); ++n) {
    if (!i.has_object || object_type(i.object) != object::kDevice || !i.has_value || i.has_index) continue;
    const int field = device_field(i.property);
    ValueReader values(i.value);
    Value v;
    if (!values.next(v)) continue;
    object(i.object);
    if (field == 0) continue;
    if (field != D::kVendorIdFieldNumber) {
      if (v.syntax == Syntax::kText) text(field, v.content);
    } else if (v.syntax == Syntax::kUnsigned && first(field)) {
      w->u64(field, read_unsigned(v.content));
    }
  }
  return seen != 0;
}

}  // namespace

void write_device(WireWriter& w, int field, const Pdu& p, Direction from) noexcept {
  if (!p.apdu.there || !device(nullptr, p)) return;
  const auto s = w.message(field);
  w.text(D::kOfFieldNumber, from == Direction::kToServer ? "client" : "server");
  write_mark(w, D::kRoutedFieldNumber, p.npdu.has_source);
  (void)device(&w, p);
}

}  // namespace picket::bacnet
