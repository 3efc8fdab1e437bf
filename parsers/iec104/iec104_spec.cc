#include "parsers/core/file.h"
#include "parsers/iec104/iec104_parser.h"

namespace picket::iec104 {
namespace {

const Exchange& exchange(const Transaction& tx) noexcept { return static_cast<const Exchange&>(tx); }

/// An IntegerDef's getter for what `kRead` says of an ASDU; the n-th instance is of the n-th ASDU of that side.
template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool of_message(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = message_of(exchange(tx), dir, n);
  return m != nullptr && kRead(*m, out);
}

/// The n-th object of a side: those of its ASDUs one after the other.
bool nth_object(const Transaction& tx, Direction dir, unsigned n, Object& out) noexcept {
  const Message* m = nullptr;
  for (unsigned i = 0; (m = message_of(exchange(tx), dir, i)) != nullptr; ++i) {
    if (n < m->asdu.objects) return object_at(m->asdu, n, out);
    n -= m->asdu.objects;
  }
  return false;
}
template <bool (*kRead)(const Object&, std::uint64_t&) noexcept>
bool of_object(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  Object o;
  return nth_object(tx, dir, n, o) && kRead(o, out);
}

bool went(const Transaction& tx, Direction dir) noexcept {
  return dir == Direction::kToServer ? tx.has_request : tx.has_reply;
}

bool format(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  out = static_cast<std::uint64_t>(exchange(tx).format);
  return n == 0 && went(tx, dir);
}
bool link(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange& x = exchange(tx);
  out = static_cast<std::uint64_t>(x.function) << (dir == x.from ? 0 : 1);
  return n == 0 && x.format == Format::kU && went(tx, dir);
}
bool receive(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange& x = exchange(tx);
  if (x.format == Format::kS) return out = x.receive, n == 0 && dir == x.from;
  const Message* m = message_of(x, dir, n);
  return m != nullptr && (out = m->receive, true);
}
bool send(const Message& m, std::uint64_t& out) noexcept { return out = m.send, true; }
bool type(const Message& m, std::uint64_t& out) noexcept { return out = m.asdu.type, true; }
bool cause(const Message& m, std::uint64_t& out) noexcept { return out = m.asdu.cause, true; }
bool negative(const Message& m, std::uint64_t& out) noexcept { return out = m.asdu.negative, true; }
bool test(const Message& m, std::uint64_t& out) noexcept { return out = m.asdu.test, true; }
bool originator(const Message& m, std::uint64_t& out) noexcept { return out = m.asdu.originator, true; }
bool common_address(const Message& m, std::uint64_t& out) noexcept {
  return out = m.asdu.common_address, true;
}
bool count(const Message& m, std::uint64_t& out) noexcept { return out = m.asdu.number, true; }
bool sequence(const Message& m, std::uint64_t& out) noexcept { return out = m.asdu.sequence, true; }

bool address(const Object& o, std::uint64_t& out) noexcept { return out = o.address, true; }
bool select(const Object& o, std::uint64_t& out) noexcept { return out = o.select, o.has_select; }
bool qualifier(const Object& o, std::uint64_t& out) noexcept {
  return out = o.qualifier, o.qualifier_part != Part::kNone;
}
bool state(const Object& o, std::uint64_t& out) noexcept {
  return out = static_cast<std::uint64_t>(o.state), o.state != State::kNone;
}
bool file(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = message_of(exchange(tx), dir, 0);
  Object o;
  if (m == nullptr || m->asdu.group() != Group::kFile || !object_at(m->asdu, n, o)) return false;
  return out = o.file.name, true;
}
bool section(const Object& o, std::uint64_t& out) noexcept {
  return out = o.file.section, o.file.has_section;
}

/// Each quality that an object of the side has, once.
bool quality(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  std::uint16_t all = 0;
  const Message* m = nullptr;
  for (unsigned i = 0; (m = message_of(exchange(tx), dir, i)) != nullptr; ++i) all |= qualities_of(m->asdu);
  for (unsigned i = 0; i < kQualities; ++i) {
    if ((all >> i & 1) != 0 && n-- == 0) return out = std::uint64_t{1} << i, true;
  }
  return false;
}

bool asdu(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = message_of(exchange(tx), dir, n);
  return m != nullptr && (out = m->asdu.bytes, true);
}
bool segment(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Object o;
  if (n != 0 || !nth_object(tx, dir, 0, o) || o.file.segment.empty()) return false;
  return out = o.file.segment, true;
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"iec104.asdu", "", kBoth, asdu, "the bytes of each ASDU, from the type identification on"},
    {"iec104.segment", "", kBoth, segment, "bytes of a file that a segment carries"},
    {"file.data", "", kBoth, file_kept, "a file from all its segments, up to file-inspect-limit",
     FileStage::kKept},
    {"file.name", "", kBoth, file_name, "CA 10 IOA 30000 file 2", FileStage::kNamed},
    {"file.magic", "", kBoth, file_magic, "what libmagic says of each file", FileStage::kHead},
    {"file.md5", "", kBoth, file_md5, "MD5 of each whole file, 16 bytes", FileStage::kClosed},
    {"file.sha1", "", kBoth, file_sha1, "SHA-1 of each whole file, 20 bytes", FileStage::kClosed},
    {"file.sha256", "", kBoth, file_sha256, "SHA-256 of each whole file, 32 bytes", FileStage::kClosed},
};

constexpr IntegerDef kIntegers[] = {
    {"iec104.format", "", kBoth, format, format_by_name, "0 or i, 1 or s, 2 or u"},
    {"iec104.link", "", kBoth, link, link_by_name, "function of a U frame: startdt_act, startdt_con, ..."},
    {"iec104.send_sequence", "", kBoth, of_message<send>, nullptr, "N(S) of an I frame"},
    {"iec104.receive_sequence", "", kBoth, receive, nullptr, "N(R) of an I or S frame"},
    {"iec104.type", "", kBoth, of_message<type>, type_by_name, "type identification, 45 or C_SC_NA_1"},
    {"iec104.sequence", "", kBoth, of_message<sequence>, nullptr,
     "SQ: 1 where one address is followed by elements"},
    {"iec104.count", "", kBoth, of_message<count>, nullptr, "number of objects, as the ASDU says"},
    {"iec104.cause", "", kBoth, of_message<cause>, cause_by_name,
     "cause of transmission, 6 or act or activation"},
    {"iec104.negative", "", kBoth, of_message<negative>, nullptr, "P/N: 1 where it is refused"},
    {"iec104.test", "", kBoth, of_message<test>, nullptr, "T: 1 where it is a test"},
    {"iec104.originator", "", kBoth, of_message<originator>, nullptr, "originator address"},
    {"iec104.common_address", "", kBoth, of_message<common_address>, nullptr, "common address of the ASDU"},
    {"iec104.object", "", kBoth, of_object<address>, nullptr, "information object address of each object"},
    {"iec104.state", "", kBoth, of_object<state>, state_by_name,
     "state of points and commands: 1 or off or lower, 2 or on or higher, 0 intermediate, 3 indeterminate"},
    {"iec104.select", "", kBoth, of_object<select>, nullptr, "S/E of a command: 1 select, 0 execute"},
    {"iec104.qualifier", "", kBoth, of_object<qualifier>, nullptr,
     "qualifier of a command, interrogation, reset or parameter, without S/E"},
    {"iec104.quality", "", kBoth, quality, quality_by_name,
     "each quality of the objects: invalid, blocked, ..."},
    {"iec104.file", "", kBoth, file, nullptr, "name of the file, a number"},
    {"iec104.section", "", kBoth, of_object<section>, nullptr, "section of a file"},
    {"filesize", "file.size", kBoth, file_size, nullptr, "bytes of each file", FileStage::kClosed},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_start", "a byte that is not the start of an APDU"},
    {"invalid_length", "the length of an APDU is not 4 to 253"},
    {"invalid_control", "the control octets are of no format, or the APDU is too long for its format"},
    {"lost_sync", "bytes that are no APDU; parsing goes on at the next one that makes sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next APDU that makes sense"},
    {"short_asdu", "an I frame has no room for the header of an ASDU"},
    {"unknown_type", "a type identification that the standards reserve"},
    {"invalid_object_count", "no object, or more than one where there can be one only"},
    {"invalid_object_length", "the objects are not as long as their number and type ask for"},
    {"invalid_cause", "a cause of transmission that the standards reserve"},
    {"unexpected_cause", "a cause of transmission that ASDUs of this type do not have"},
    {"invalid_common_address", "the common address is 0"},
    {"invalid_time", "a time that no clock shows"},
    {"invalid_value", "a value or qualifier that is not permitted"},
    {"lost_frames", "numbers of I frames are missing"},
    {"duplicate_frame", "an I frame has the number of the one before"},
    {"out_of_order", "the numbers of I frames go back"},
    {"invalid_acknowledgement", "frames are acknowledged that were never sent, or fewer than before"},
    {"unacknowledged_k", "more than k I frames are on their way without an acknowledgement"},
    {"unacknowledged_w", "more than w I frames have not been acknowledged for a second"},
    {"not_started", "I frames without STARTDT, or after STOPDT"},
    {"unsolicited_confirmation", "a confirmation or termination that nothing waits for"},
    {"confirmation_mismatch", "the confirmation does not repeat the command"},
    {"checksum_mismatch", "the bytes of a section of a file do not add up to its checksum"},
    {"no_confirmation", "no confirmation came within confirmation-timeout, or before the frame was repeated"},
    {"no_termination", "no termination came within termination-timeout"},
    {"flooded", "more commands than command-flood wait for their answer"},
    {"out_of_memory", "no memory was left for a command"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {2404};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "iec104",
    .record = "iec104",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(Iec104Parser),
    .create = create_parser<Iec104Parser>,
    .whole_streams = true,  // and its connections last for months
    .max_pending_bytes = 1024,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::iec104
