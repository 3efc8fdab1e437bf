#include "parsers/hl7/hl7_parser.h"

namespace picket::hl7 {
namespace {

const Message* side(const Transaction& tx, Direction dir) noexcept {
  const Message* m = static_cast<const Exchange&>(tx).side(dir);
  return m != nullptr && m->there ? m : nullptr;
}
bool some(Bytes value, Bytes& out) noexcept { return out = value, !value.empty(); }

bool message(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && (out = m->kept.view(), true);
}
bool segment(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  static constexpr char kAny = 0;
  const Message* m = side(tx, dir);
  Segment s;
  return m != nullptr && find_segment(*m, &kAny, n, s, [](const Segment&) { return true; }) &&
         (out = s.line, true);
}
/// A field of the header.
template <unsigned kField>
bool of_header(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && some(m->msh(kField), out);
}
/// A component of the header's field 9.
template <unsigned kComponent>
bool of_type(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && some(component(m->msh(9), m->separators, kComponent), out);
}
bool character_set(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return m != nullptr && repetition(m->msh(18), m->separators, n, out);
}

/// A field of each segment with that name that has it; its `kComponent`, or with 0 all of it.
template <char kA, char kB, char kC, unsigned kField, unsigned kComponent>
bool of_segment(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  static constexpr char kName[] = {kA, kB, kC};
  // Two fields of one kind of segment are two questions.
  static constexpr char kQuestion = 0;
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  const auto value = [m](const Segment& s) {
    const Bytes f = field(s, m->separators, kField);
    return kComponent == 0 ? f : component(f, m->separators, kComponent);
  };
  Segment s;
  const auto fits = [&](const Segment& t) {
    return as_text(t.name) == std::string_view(kName, 3) && !value(t).empty();
  };
  return find_segment(*m, &kQuestion, n, s, fits) && some(value(s), out);
}

/// A field of each segment that is about an order.
template <std::uint8_t OrderFields::*kField>
bool of_order(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  static constexpr char kQuestion = 0;
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  const auto value = [m](const Segment& s) {
    const OrderFields* f = order_fields(s.name);
    if (f == nullptr || f->*kField == 0) return Bytes{};
    return component(field(s, m->separators, f->*kField), m->separators, 1);
  };
  Segment s;
  return find_segment(*m, &kQuestion, n, s, [&](const Segment& t) { return !value(t).empty(); }) &&
         some(value(s), out);
}

/// ERR-3, or before version 2.5 the last component of ERR-1.
Bytes error_of(const Message& m, const Segment& s) noexcept {
  const Bytes code = component(field(s, m.separators, 3), m.separators, 1);
  if (!code.empty()) return code;
  const Bytes old = component(field(s, m.separators, 1), m.separators, 4);
  Separators parts = m.separators;  // CE inside of a component
  parts.component = m.separators.part;
  return component(old, parts, 1);
}
bool error_code(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  static constexpr char kQuestion = 0;
  const Message* m = side(tx, dir);
  Segment s;
  return m != nullptr &&
         find_segment(
             *m, &kQuestion, n, s,
             [m](const Segment& t) { return as_text(t.name) == "ERR" && !error_of(*m, t).empty(); }) &&
         some(error_of(*m, s), out);
}

bool size(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && (out = m->bytes, true);
}
bool segment_count(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && (out = m->segments, true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"hl7.message", "", kBoth, message, "the message without its frame, up to message-limit"},
    {"hl7.segment", "", kBoth, segment, "each segment: PID|1||4711"},
    {"hl7.type", "", kBoth, of_type<1>, "type of message: ADT"},
    {"hl7.trigger", "", kBoth, of_type<2>, "trigger event: A01"},
    {"hl7.structure", "", kBoth, of_type<3>, "structure of the message: ADT_A01"},
    {"hl7.control_id", "", kBoth, of_header<10>, "control id of the message"},
    {"hl7.processing_id", "", kBoth, of_header<11>, "P production, D debugging, T training"},
    {"hl7.version", "", kBoth, of_header<12>, "version: 2.5.1"},
    {"hl7.security", "", kBoth, of_header<8>, "security field of the header, in no record"},
    {"hl7.sending_application", "", kBoth, of_header<3>, "who sent it"},
    {"hl7.sending_facility", "", kBoth, of_header<4>, "where that is"},
    {"hl7.receiving_application", "", kBoth, of_header<5>, "who is to receive it"},
    {"hl7.receiving_facility", "", kBoth, of_header<6>, "where that is"},
    {"hl7.character_set", "", kBoth, character_set, "each character set"},
    {"hl7.ack_code", "", kBoth, of_segment<'M', 'S', 'A', 1, 0>, "AA, AE, AR, CA, CE, CR"},
    {"hl7.acked_control_id", "", kBoth, of_segment<'M', 'S', 'A', 2, 0>, "control id that is answered"},
    {"hl7.ack_text", "", kBoth, of_segment<'M', 'S', 'A', 3, 0>, "text of the answer, in no record"},
    {"hl7.error_code", "", kBoth, error_code, "code of each error: 207"},
    {"hl7.order_control", "", kBoth, of_order<&OrderFields::control>,
     "what is to be done with each order: NW, CA"},
    {"hl7.placer_order", "", kBoth, of_order<&OrderFields::placer>, "number of each order by who placed it"},
    {"hl7.filler_order", "", kBoth, of_order<&OrderFields::filler>, "number of each order by who fills it"},
    {"hl7.order_status", "", kBoth, of_order<&OrderFields::status>, "status of each order"},
    {"hl7.service", "", kBoth, of_order<&OrderFields::service>, "code of each service or medication"},
    {"hl7.result_status", "", kBoth, of_order<&OrderFields::result>, "status of each report: F, P, C"},
    {"hl7.observation", "", kBoth, of_segment<'O', 'B', 'X', 3, 1>, "code of each observation"},
    {"hl7.observation_value", "", kBoth, of_segment<'O', 'B', 'X', 5, 0>,
     "each value observed, in no record"},
    {"hl7.equipment", "", kBoth, of_segment<'O', 'B', 'X', 18, 0>, "device that observed"},
    {"hl7.query", "", kBoth, of_segment<'Q', 'P', 'D', 1, 0>, "name of a query"},
    {"hl7.patient_id", "", kBoth, of_segment<'P', 'I', 'D', 3, 0>, "PID-3, in no record"},
    {"hl7.patient_name", "", kBoth, of_segment<'P', 'I', 'D', 5, 0>, "PID-5, in no record"},
};

constexpr IntegerDef kIntegers[] = {
    {"hl7.size", "", kBoth, size, nullptr, "bytes of the message"},
    {"hl7.segment_count", "", kBoth, segment_count, nullptr, "segments of the message"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"missing_start", "a message without the VT before it"},
    {"missing_end", "a block begins before the one before has ended"},
    {"missing_cr", "no CR behind the FS of a block"},
    {"stray_bytes", "bytes outside of blocks"},
    {"empty_block", "a block with nothing in it"},
    {"invalid_header", "a message that does not begin with MSH and separators"},
    {"invalid_segment", "a segment that does not begin with a name and a separator"},
    {"wrong_segment_end", "segments that end with LF"},
    {"message_too_large", "a message larger than message-limit: its end is counted only"},
    {"too_many_segments", "more than 48 kinds of segments; the others are counted without their name"},
    {"missing_control_id", "a message without control id"},
    {"duplicate_control_id", "a message with the control id of one that waits"},
    {"unknown_acknowledgement", "an acknowledgement code that does not exist"},
    {"negative_acknowledgement", "a message was refused: AE, AR, CE, CR or NAK"},
    {"unsolicited_acknowledgement", "an acknowledgement of no message that waits"},
    {"incomplete", "the connection or a gap ended a message"},
    {"flooded", "more messages than request-flood wait for their acknowledgement"},
    {"no_acknowledgement", "no acknowledgement came within acknowledgement-timeout"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next block"},
    {"out_of_memory", "no memory was left for a message"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {2575, 6661, 5000};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "hl7",
    .record = "hl7",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(Hl7Parser),
    .create = create_parser<Hl7Parser>,
    .max_pending_bytes = 64,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::hl7
