#include "parsers/bacnet/bacnet_parser.h"

namespace picket::bacnet {
namespace {

const Exchange& exchange(const Transaction& tx) noexcept { return static_cast<const Exchange&>(tx); }
const Pdu* side(const Transaction& tx, Direction dir) noexcept { return exchange(tx).side(dir); }

/// An IntegerDef's getter for what `kRead` says of a message; it answers for 0 only.
template <bool (*kRead)(const Pdu&, std::uint64_t&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Pdu* p = side(tx, dir);
  return n == 0 && p != nullptr && kRead(*p, out);
}
bool function(const Pdu& p, std::uint64_t& out) noexcept { return out = p.bvlc.function, p.bvlc.type != 0; }
bool result(const Pdu& p, std::uint64_t& out) noexcept { return out = p.bvlc.result, p.bvlc.has_result; }
bool ttl(const Pdu& p, std::uint64_t& out) noexcept { return out = p.bvlc.ttl, p.bvlc.has_ttl; }
bool network_priority(const Pdu& p, std::uint64_t& out) noexcept {
  return out = p.npdu.priority(), p.npdu.there;
}
bool dnet(const Pdu& p, std::uint64_t& out) noexcept { return out = p.npdu.dnet, p.npdu.has_destination; }
bool snet(const Pdu& p, std::uint64_t& out) noexcept { return out = p.npdu.snet, p.npdu.has_source; }
bool hops(const Pdu& p, std::uint64_t& out) noexcept { return out = p.npdu.hops, p.npdu.has_destination; }
bool net_message(const Pdu& p, std::uint64_t& out) noexcept {
  return out = p.npdu.message, p.npdu.is_message;
}
bool apdu_type(const Pdu& p, std::uint64_t& out) noexcept { return out = p.apdu.type, p.apdu.there; }
bool confirmed(const Pdu& p, std::uint64_t& out) noexcept {
  return out = p.apdu.service, p.apdu.has_confirmed_service();
}
bool unconfirmed(const Pdu& p, std::uint64_t& out) noexcept {
  return out = p.apdu.service, p.apdu.is(ApduType::kUnconfirmed);
}
bool invoke_id(const Pdu& p, std::uint64_t& out) noexcept {
  return out = p.apdu.invoke_id, p.apdu.has_invoke_id();
}
bool reject_reason(const Pdu& p, std::uint64_t& out) noexcept {
  return out = p.apdu.reason, p.apdu.is(ApduType::kReject);
}
bool abort_reason(const Pdu& p, std::uint64_t& out) noexcept {
  return out = p.apdu.reason, p.apdu.is(ApduType::kAbort);
}
bool items(const Pdu& p, std::uint64_t& out) noexcept { return out = p.items, p.apdu.there; }

/// Networks that a message of the network layer is about.
bool network(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Pdu* p = side(tx, dir);
  NetInfo i;
  if (p == nullptr || !p->npdu.is_message || !read_network_message(p->npdu, i)) return false;
  if (n < i.networks.size() / 2) return out = Cursor(i.networks.subspan(2 * n, 2)).u16be(), true;
  Cursor c(i.table);
  Route r;
  for (std::size_t k = i.networks.size() / 2; next_route(c, r); ++k) {
    if (k == n) return out = r.network, true;
  }
  return false;
}

/// The first parameter of that name: what stands once in a message.
template <Field kField>
bool part(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || n != 0) return false;
  Walk w = parameters(*p);
  for (Part x; w.next(x);) {
    if (x.field == kField)
      return out = kField == Field::kDevice ? object_instance(static_cast<std::uint32_t>(x.number()))
                                            : x.number(),
             true;
  }
  return false;
}
/// An error's class or code: of the message, or of its items.
template <Field kWhole, Field kOfItem>
bool error_part(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || n >= kMaxItems) return false;
  Walk w = parameters(*p);
  for (Part x; w.next(x);) {
    if ((x.field == kWhole || x.field == kOfItem) && n-- == 0) return out = x.number(), true;
  }
  return false;
}

const Item* item(const Transaction& tx, Direction dir, unsigned n) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || n >= kMaxItems) return nullptr;
  return exchange(tx).at_item.find_item(*p, n);
}
/// Of the n-th item; of items that have none what nobody compares with.
template <bool (*kRead)(const Item&, std::uint64_t&) noexcept>
bool of_item(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Item* i = item(tx, dir, n);
  if (i == nullptr) return false;
  if (!kRead(*i, out)) out = ~std::uint64_t{0};
  return true;
}
bool type_of(const Item& i, std::uint64_t& out) noexcept { return out = object_type(i.object), i.has_object; }
bool instance_of(const Item& i, std::uint64_t& out) noexcept {
  return out = object_instance(i.object), i.has_object;
}
bool property_of(const Item& i, std::uint64_t& out) noexcept { return out = i.property, i.has_property; }
bool index_of(const Item& i, std::uint64_t& out) noexcept { return out = i.index, i.has_index; }
bool priority_of(const Item& i, std::uint64_t& out) noexcept { return out = i.priority, i.has_priority; }

/// Values of all items, one after the other.
const Value* nth_value(const Transaction& tx, Direction dir, unsigned n, Value& v) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || n >= kMaxValues) return nullptr;
  return exchange(tx).at_value.find_value(*p, n, v) ? &v : nullptr;
}
bool value(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Value v;
  return nth_value(tx, dir, n, v) != nullptr && (out = v.content, true);
}
/// Each value, and each text that is no value: texts only, the others are empty.
bool text(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Value v;
  if (nth_value(tx, dir, n, v) == nullptr) return false;
  bool whole = false;
  out = v.syntax == Syntax::kText ? read_text(v.content, exchange(tx).text, whole) : Bytes{};
  return true;
}
/// The first text of that name.
template <Field kField>
bool text_part(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || n != 0) return false;
  Walk w = parameters(*p);
  for (Part x; w.next(x);) {
    bool whole = false;
    if (x.field == kField)
      return out = x.syntax == Syntax::kText ? read_text(x.content, exchange(tx).text, whole) : x.content,
             true;
  }
  return false;
}
bool data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Pdu* p = side(tx, dir);
  return n == 0 && p != nullptr && p->apdu.there && (out = p->apdu.data, true);
}
bool sadr(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Pdu* p = side(tx, dir);
  return n == 0 && p != nullptr && p->npdu.has_source && (out = p->npdu.sadr, true);
}
bool dadr(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Pdu* p = side(tx, dir);
  return n == 0 && p != nullptr && p->npdu.has_destination && (out = p->npdu.dadr, true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"bacnet.data", "", kBoth, data, "parameters of the service, as sent; of segments: put together"},
    {"bacnet.value", "", kBoth, value, "each value of the properties, as encoded without its tag"},
    {"bacnet.text", "", kBoth, text, "each of them that is a character string, in UTF-8"},
    {"bacnet.object_name", "", kBoth, text_part<Field::kObjectName>,
     "name of the object in who-Has and i-Have"},
    {"bacnet.message_text", "", kBoth, text_part<Field::kText>, "text of an event or of a text message"},
    {"bacnet.file_data", "", kBoth, text_part<Field::kFileData>,
     "bytes of a file; of records: the first one"},
    {"bacnet.source_address", "", kBoth, sadr, "address in the source network"},
    {"bacnet.destination_address", "", kBoth, dadr, "address in the destination network"},
};

constexpr IntegerDef kIntegers[] = {
    {"bacnet.bvlc_function", "", kBoth, integer<function>, function_by_name,
     "function of BVLC: 4 or Forwarded-NPDU, ... as of IPv4"},
    {"bacnet.bvlc_result", "", kBoth, integer<result>, nullptr, "result code of BVLC"},
    {"bacnet.ttl", "", kBoth, integer<ttl>, nullptr, "seconds that a foreign device registers for"},
    {"bacnet.network_priority", "", kBoth, integer<network_priority>, nullptr,
     "priority of the message: 0 normal to 3 life safety"},
    {"bacnet.destination_network", "", kBoth, integer<dnet>, nullptr,
     "destination network; 65535: all of them"},
    {"bacnet.source_network", "", kBoth, integer<snet>, nullptr, "source network"},
    {"bacnet.hop_count", "", kBoth, integer<hops>, nullptr, "hop count"},
    {"bacnet.network_message", "", kBoth, integer<net_message>, net_message_by_name,
     "message of the network layer: 0 or Who-Is-Router-To-Network, ..."},
    {"bacnet.network", "", kBoth, network, nullptr, "networks that it is about"},
    {"bacnet.apdu_type", "", kBoth, integer<apdu_type>, apdu_type_by_name,
     "type of APDU: 0 or confirmed-request, ..."},
    {"bacnet.confirmed_service", "", kBoth, integer<confirmed>, confirmed_by_name,
     "confirmed service, of requests and answers: 15 or writeProperty, ..."},
    {"bacnet.unconfirmed_service", "", kBoth, integer<unconfirmed>, unconfirmed_by_name,
     "unconfirmed service: 8 or who-Is, ..."},
    {"bacnet.invoke_id", "", kBoth, integer<invoke_id>, nullptr, "number that request and answer share"},
    {"bacnet.reject_reason", "", kBoth, integer<reject_reason>, reject_by_name, "reason of a reject"},
    {"bacnet.abort_reason", "", kBoth, integer<abort_reason>, abort_by_name, "reason of an abort"},
    {"bacnet.error_class", "", kBoth, error_part<Field::kErrorClass, Field::kItemErrorClass>,
     error_class_by_name, "error classes, of the answer or of its properties"},
    {"bacnet.error_code", "", kBoth, error_part<Field::kErrorCode, Field::kItemErrorCode>, error_code_by_name,
     "error codes likewise"},
    {"bacnet.items", "", kBoth, integer<items>, nullptr, "number of objects or properties of the message"},
    {"bacnet.object_type", "", kBoth, of_item<type_of>, object_type_by_name, "types of its objects"},
    {"bacnet.object_instance", "", kBoth, of_item<instance_of>, nullptr, "instance numbers of its objects"},
    {"bacnet.property", "", kBoth, of_item<property_of>, property_by_name,
     "its properties: 85 or present-value, ..."},
    {"bacnet.array_index", "", kBoth, of_item<index_of>, nullptr, "array indexes of its properties"},
    {"bacnet.write_priority", "", kBoth, of_item<priority_of>, nullptr, "priorities of writes, 1 to 16"},
    {"bacnet.device", "", kBoth, part<Field::kDevice>, nullptr, "instance of the device that tells"},
    {"bacnet.vendor_id", "", kBoth, part<Field::kVendor>, nullptr, "vendor, of i-Am and private transfers"},
    {"bacnet.service_number", "", kBoth, part<Field::kServiceNumber>, nullptr,
     "service of a private transfer"},
    {"bacnet.process_id", "", kBoth, part<Field::kProcess>, nullptr, "process identifier of who subscribed"},
    {"bacnet.lifetime", "", kBoth, part<Field::kLifetime>, nullptr, "seconds of a subscription"},
    {"bacnet.event_type", "", kBoth, part<Field::kEventType>, event_type_by_name, "type of an event"},
    {"bacnet.event_state", "", kBoth, part<Field::kToState>, event_state_by_name,
     "state that an event leads to"},
    {"bacnet.reinitialize", "", kBoth, part<Field::kState>, reinitialize_by_name,
     "state of reinitializeDevice: 0 or coldstart, ..."},
    {"bacnet.communication", "", kBoth, part<Field::kCommunication>, communication_by_name,
     "what deviceCommunicationControl asks for: 1 or disable, ..."},
    {"bacnet.life_safety_operation", "", kBoth, part<Field::kOperation>, life_safety_operation_by_name,
     "operation of lifeSafetyOperation: 1 or silence, ..."},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_bvlc", "a datagram that has no header of BVLC"},
    {"invalid_length", "a length of BVLC that its function cannot have, or a datagram cut short"},
    {"unknown_function", "a function of BVLC that the standard does not have"},
    {"trailing_data", "bytes behind the end of the message"},
    {"invalid_npdu", "a header of the network layer that is none: its version, or addresses"},
    {"unknown_network_message", "a message of the network layer that the standard does not have"},
    {"invalid_network_message", "one that is not what its type says"},
    {"invalid_apdu", "an APDU of no type that exists, or too short for it, or none at all"},
    {"unknown_service", "a service that the standard does not have"},
    {"invalid_parameters", "tags of parameters do not fit, or what they announce is not all there"},
    {"unexpected_parameter", "a parameter that the service does not have at that place"},
    {"invalid_value", "a value of a length that its type cannot have"},
    {"too_deep", "more than 16 constructed values inside of each other"},
    {"too_many_items", "more than 256 objects or properties; the others are counted only"},
    {"unsolicited_response", "no request waits for such an answer"},
    {"mismatch", "the answer is of another service than its request"},
    {"no_reply", "no answer came within reply-timeout"},
    {"repeated_request", "a request with the invoke id of one that still waits: who asks has heard nothing"},
    {"too_many_requests", "more requests than request-flood wait for an answer; the oldest is given up"},
    {"segment_repeated", "a segment that was there already"},
    {"segment_missing", "a message in segments of which one was not seen, or that breaks off"},
    {"negative_segment_ack", "segments came out of order, says who receives them"},
    {"too_large", "a message in segments is larger than message-limit, or memory is short"},
    {"password_in_clear", "a password that anybody on the wire can read"},
    {"out_of_memory", "no memory was left for a request"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {47808}, kEthertypes[] = {kLlc};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "bacnet",
    .record = "bacnet",
    .transports = Transport::kUdp | Transport::kEthernet,
    .ports = kPorts,
    .ethertypes = kEthertypes,
    .probe = probe,
    .parser_size = sizeof(BacnetParser),
    .create = create_parser<BacnetParser>,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::bacnet
