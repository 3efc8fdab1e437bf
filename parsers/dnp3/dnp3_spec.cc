#include "parsers/dnp3/dnp3.h"
#include "parsers/dnp3/dnp3_parser.h"

namespace picket::dnp3 {
namespace {

// In the order of enum Limit.
constexpr LimitDef kLimits[] = {
    {"request-flood", 500, 1, 65535, "requests in a row without a response, after which a flow is flooded"},
    {"reply-timeout", 60, 1, 3600, "seconds after which a request is given up"},
    {"max-fragment", 16065, 2048, 65536, "octets of a fragment that is put together"},
    {"max-associations", 16, 1, 256,
     "pairs of master and outstation that a flow remembers; the one used longest ago goes"},
    {"max-points", 16384, 1, 1 << 20, "points of a fragment without an event"},
    {"max-objects", 2048, 1, 65536, "object headers of a fragment that are looked at"},
};
static_assert(std::size(kLimits) == kMaxObjects + 1);

/// The message, if it goes that way.
const Message* side(const Transaction& tx, Direction dir) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  return (dir == Direction::kToServer ? m.has_request : m.has_reply) ? &m : nullptr;
}

bool data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  if (n != 0 || m == nullptr || !m->has_fragment()) return false;
  out = m->fragment;
  return true;
}

/// A getter for what kRead says of a message; it answers for 0 only.
template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && kRead(*m, out);
}
bool function(const Message& m, std::uint64_t& out) noexcept { return out = m.function, m.has_fragment(); }
bool sequence(const Message& m, std::uint64_t& out) noexcept { return out = m.sequence(), m.has_fragment(); }
bool iin(const Message& m, std::uint64_t& out) noexcept { return out = m.indications, m.is_response(); }
bool link(const Message& m, std::uint64_t& out) noexcept { return out = link_function(m.link), true; }
bool source(const Message& m, std::uint64_t& out) noexcept { return out = m.link.source, true; }
bool destination(const Message& m, std::uint64_t& out) noexcept { return out = m.link.destination, true; }
bool request_function(const Message& m, std::uint64_t& out) noexcept {
  return out = m.asked.function, m.answers;
}

bool any_header(const ObjectHeader&) noexcept { return true; }
bool ranges(const ObjectHeader& h) noexcept { return h.is_range() && h.problem != Problem::kInvalid; }
bool is_file(const ObjectHeader& h) noexcept { return h.group == 70 && h.has_points; }
bool is_attribute(const ObjectHeader& h) noexcept { return h.group == 0 && h.has_values; }
bool is_string(const ObjectHeader& h) noexcept { return h.group >= 110 && h.group <= 113 && h.has_values; }
bool is_relay(const ObjectHeader& h) noexcept {
  return h.type != nullptr && h.type->form == Form::kRelay && h.has_values;
}
bool has_status(const ObjectHeader& h) noexcept {
  return h.has_values && h.type != nullptr &&
         (h.type->form == Form::kRelay || h.type->form == Form::kOutput || h.type->flags == Flags::kCommand ||
          h.type->flags == Flags::kCommandAnalog);
}

/// What a field of the n-th header that is wanted says.
template <Wanted kWanted, auto kField>
bool header(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr || !m->has_fragment()) return false;
  const ObjectHeader* h = find_header(*m, kWanted, n);
  return h != nullptr && (out = h->*kField, true);
}

/// The n-th point of the headers that are wanted.
template <Wanted kWanted>
const PointCache* point(const Transaction& tx, Direction dir, unsigned n) noexcept {
  const Message* m = side(tx, dir);
  return m == nullptr || !m->has_fragment() ? nullptr : find_point(*m, kWanted, n);
}
bool point_index(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const PointCache* c = point<any_header>(tx, dir, n);
  return c != nullptr && (out = c->point.index, true);
}
bool status(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const PointCache* c = point<has_status>(tx, dir, n);
  return c != nullptr && (out = read_point(c->header, c->point).status, true);
}
bool op_type(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const PointCache* c = point<is_relay>(tx, dir, n);
  return c != nullptr && (out = read_relay(c->point.data).operation(), true);
}
bool trip_close(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const PointCache* c = point<is_relay>(tx, dir, n);
  return c != nullptr && (out = read_relay(c->point.data).trip_close(), true);
}

/// What kRead says of the n-th object of group 70.
template <class Read>
bool file(const Transaction& tx, Direction dir, unsigned n, Read read) noexcept {
  const PointCache* c = point<is_file>(tx, dir, n);
  return c != nullptr && (read(read_file(c->header.variation, c->point.data)), true);
}
bool file_name(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  return file(tx, dir, n, [&](const FileObject& f) { out = f.name; });
}
bool file_data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  return file(tx, dir, n, [&](const FileObject& f) { out = f.data; });
}
bool file_status(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return file(tx, dir, n, [&](const FileObject& f) { out = f.status; });
}
bool attribute(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const PointCache* c = point<is_attribute>(tx, dir, n);
  return c != nullptr && (out = read_attribute(c->point.data).value, true);
}
bool octet_string(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const PointCache* c = point<is_string>(tx, dir, n);
  return c != nullptr && (out = c->point.data, true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"dnp3.data", "", kBoth, data, "the fragment: control, function, indications of a response, objects"},
    {"dnp3_data", "", kBoth, data, "the same as dnp3.data"},
    {"dnp3.file_name", "", kBoth, file_name, "names in objects of group 70"},
    {"dnp3.file_data", "", kBoth, file_data, "bytes of files, and texts of status, in objects of group 70"},
    {"dnp3.attribute", "", kBoth, attribute, "values of device attributes (group 0)"},
    {"dnp3.octet_string", "", kBoth, octet_string, "octet strings and virtual terminals (groups 110 to 113)"},
};

constexpr IntegerDef kIntegers[] = {
    {"dnp3_func", "", kBoth, integer<function>, function_by_name, "function code"},
    {"dnp3.function", "", kBoth, integer<function>, function_by_name, "the same as dnp3_func"},
    {"dnp3.request_function", "", kBoth, integer<request_function>, function_by_name,
     "of a response: function code of the request that it answers"},
    {"dnp3.sequence", "", kBoth, integer<sequence>, nullptr, "sequence of the fragment, 0 to 15"},
    {"dnp3.iin", "", kBoth, integer<iin>, nullptr,
     "internal indications of a response, IIN1 in the high octet"},
    {"dnp3.link_function", "", kBoth, integer<link>, link_function_by_name,
     "link function code; of secondary stations with 0x10 added"},
    {"dnp3.src", "", kBoth, integer<source>, nullptr, "address of the station that sends"},
    {"dnp3.dst", "", kBoth, integer<destination>, nullptr, "address of the station that it is for"},
    {"dnp3.group", "", kBoth, header<any_header, &ObjectHeader::group>, nullptr, "group of an object header"},
    {"dnp3.variation", "", kBoth, header<any_header, &ObjectHeader::variation>, nullptr,
     "variation of an object header"},
    {"dnp3.qualifier", "", kBoth, header<any_header, &ObjectHeader::qualifier>, nullptr,
     "qualifier of an object header"},
    {"dnp3.start", "", kBoth, header<ranges, &ObjectHeader::start>, nullptr,
     "first index of an object header's range"},
    {"dnp3.stop", "", kBoth, header<ranges, &ObjectHeader::stop>, nullptr,
     "last index of an object header's range"},
    {"dnp3.index", "", kBoth, point_index, nullptr, "index of a point"},
    {"dnp3.status", "", kBoth, status, control_status_by_name, "status of a control or analog output"},
    {"dnp3.op_type", "", kBoth, op_type, operation_type_by_name, "operation of a control relay output block"},
    {"dnp3.tcc", "", kBoth, trip_close, trip_close_by_name, "trip or close of a control relay output block"},
    {"dnp3.file_status", "", kBoth, file_status, file_status_by_name, "status in objects of group 70"},
};

constexpr KeywordDef kKeywords[] = {
    {"dnp3_obj", kBoth, parse_object_keyword, "group and variation of an object header"},
    {"dnp3_ind", kBoth, parse_indication_keyword, "internal indications of a response, by name"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"flooded", "more requests than request-flood in a row had no response"},
    {"len_too_small", "a length below 5, or user data too short for a fragment"},
    {"bad_link_crc", "the CRC of a frame's header is wrong; parsing goes on at the next header"},
    {"bad_transport_crc", "the CRC of a block of user data is wrong; parsing goes on at the next header"},
    {"malformed", "objects are cut short, or have a qualifier or range that cannot be"},
    {"unknown_object", "a group or variation that the standard does not have"},
    {"too_many_points", "more points than max-points in a fragment"},
    {"too_many_objects", "more object headers than max-objects in a fragment"},
    {"too_long_reassembly", "a fragment is longer than max-fragment, and is not put together"},
    {"lost_sync", "bytes that are no frame; parsing goes on at the next header"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next header"},
    {"truncated_frame", "a datagram ends within a frame"},
    {"unexpected_link_data", "a frame that carries no user data has some"},
    {"reserved_address", "an address that is reserved, or a source that stands for many"},
    {"wrong_direction", "a request from an outstation, or a response from a master, by the direction bit"},
    {"segment_without_first", "a segment whose first one was not seen"},
    {"segment_out_of_order", "a segment is missing; the fragment is given up"},
    {"segment_repeated", "a segment came twice; the second one is passed over"},
    {"reassembly_abandoned", "a new fragment begins before the last one was whole"},
    {"fragment_out_of_order", "a fragment of a response that does not follow the one before"},
    {"unknown_function", "a function code that the standard does not have"},
    {"unexpected_response", "no request with that sequence waits for a response"},
    {"unexpected_confirm", "no response asked for that confirmation"},
    {"no_reply", "no response came within reply-timeout"},
    {"operate_without_select", "an operate that does not follow a select"},
    {"operate_mismatch", "what is operated is not what was selected"},
    {"too_many_associations", "more pairs of stations than max-associations in a flow"},
    {"out_of_memory", "no memory was left for an association or a fragment"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {20000};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "dnp3",
    .record = "dnp3",
    .transports = Transport::kTcp | Transport::kUdp,
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(Dnp3Parser),
    .create = create_parser<Dnp3Parser>,
    .max_pending_bytes = 1024,
    .complete = kBoth,
    .limits = kLimits,
    .events = kEvents,
    .capital_events = true,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
    .ot = &kOt,
};

}  // namespace picket::dnp3
