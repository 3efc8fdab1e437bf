#include "parsers/enip/enip_parser.h"

namespace picket::enip {
namespace {

const Exchange& exchange(const Transaction& tx) noexcept { return static_cast<const Exchange&>(tx); }
const Pdu* side(const Transaction& tx, Direction dir) noexcept { return exchange(tx).side(dir); }

/// An IntegerDef's getter for what `kRead` says of a message; it answers for 0 only.
template <bool (*kRead)(const Pdu&, std::uint64_t&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Pdu* p = side(tx, dir);
  return n == 0 && p != nullptr && kRead(*p, out);
}
bool command(const Pdu& p, std::uint64_t& out) noexcept { return out = p.command, true; }
bool status(const Pdu& p, std::uint64_t& out) noexcept { return out = p.status, true; }
bool session(const Pdu& p, std::uint64_t& out) noexcept { return out = p.session, true; }
bool item_count(const Pdu& p, std::uint64_t& out) noexcept { return out = p.item_count, p.item_kept != 0; }
bool sequence(const Pdu& p, std::uint64_t& out) noexcept { return out = p.sequence, p.connected; }
bool version(const Pdu& p, std::uint64_t& out) noexcept {
  std::uint16_t v = 0, options = 0;
  ServiceInfo s;
  Identity i;
  if (read_register(p, v, options)) return out = v, true;
  if (read_services(p, s)) return out = s.version, true;
  return read_identity(p, i) && (out = i.version, true);
}
bool capabilities(const Pdu& p, std::uint64_t& out) noexcept {
  ServiceInfo s;
  return read_services(p, s) && (out = s.capabilities, true);
}
bool connection_id(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange& x = exchange(tx);
  if (x.is_io) return n == 0 && dir == x.asked && (out = x.io.connection, true);
  const Pdu* p = side(tx, dir);
  return n == 0 && p != nullptr && p->connected && (out = p->connection, true);
}
bool item_type(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Pdu* p = side(tx, dir);
  return p != nullptr && n < p->item_kept && (out = p->items[n].type, true);
}

/// What each(told) says true to, for the n-th time; messages of CIP one after the other.
template <class Each>
bool nth(const Transaction& tx, Direction dir, unsigned n, Each&& each) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || !p->has_cip) return false;
  Told t;
  for (std::size_t i = 0; i < p->node_count; ++i) {
    if (told_by(exchange(tx), *p, i, t) && each(t) && n-- == 0) return true;
  }
  return false;
}
/// The n-th segment of a kind in paths of requests.
template <SegmentKind kKind>
bool segment(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || !p->has_cip) return false;
  Cip m;
  for (std::size_t i = 0; i < p->node_count; ++i) {
    if (!cip_of(*p, i, m) || m.reply) continue;
    SegmentReader r(m.path);
    for (Segment s; r.next(s);) {
      if (s.kind == kKind && n-- == 0) return out = s.value, true;
    }
  }
  return false;
}
/// Of paths, and of the lists of requests.
bool attribute(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || !p->has_cip) return false;
  Told t;
  for (std::size_t i = 0; i < p->node_count; ++i) {
    if (!told_by(exchange(tx), *p, i, t) || t.cip.reply) continue;
    SegmentReader r(t.cip.path);
    for (Segment s; r.next(s);) {
      if (s.kind == SegmentKind::kAttribute && n-- == 0) return out = s.value, true;
    }
    AttributeReader list(t);
    Attribute a;
    for (std::size_t k = 0; k < kMaxAttributes && list.next(a); ++k) {
      if (n-- == 0) return out = a.id, true;
    }
  }
  return false;
}
bool cip_status(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return nth(tx, dir, n, [&](const Told& t) { return out = t.cip.status, t.cip.reply; });
}
bool extended_status(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return nth(tx, dir, n, [&](const Told& t) {
    Cursor c(t.cip.extended);
    out = c.u16le();
    return t.cip.reply && t.cip.extended.size() == 2;
  });
}
bool cip_data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  return nth(tx, dir, n, [&](const Told& t) { return out = t.cip.data, true; });
}
bool data_type(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return nth(tx, dir, n, [&](const Told& t) {
    Values v;
    return read_values(t, v) && v.has_type && (out = v.type, true);
  });
}
/// Symbols of paths: each part of a name by itself.
bool tag(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || !p->has_cip) return false;
  Cip m;
  for (std::size_t i = 0; i < p->node_count; ++i) {
    if (!cip_of(*p, i, m) || !m.target.named) continue;
    const std::size_t size = write_symbol(m.path, exchange(tx).text_room);
    if (size != 0 && n-- == 0) return out = as_bytes({exchange(tx).text_room.data(), size}), true;
  }
  return false;
}
bool link_address(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr || !p->has_cip) return false;
  Cip m;
  for (std::size_t i = 0; i < p->node_count; ++i) {
    if (!cip_of(*p, i, m) || m.reply) continue;
    UnconnectedSend u;
    ForwardOpen f;
    Bytes path = m.path;
    if (is_unconnected_send(m) && read_unconnected_send(m.data, u)) path = u.route;
    if (is_forward_open(m) && read_forward_open(m, f)) path = f.path;
    SegmentReader r(path);
    for (Segment s; r.next(s);) {
      if (s.kind == SegmentKind::kPort && n-- == 0) return out = s.bytes, true;
    }
  }
  return false;
}

/// A number of the n-th Forward_Open.
template <std::uint64_t (*kOf)(const ForwardOpen&) noexcept>
bool opened(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return nth(tx, dir, n, [&](const Told& t) {
    ForwardOpen f;
    return is_forward_open(t.cip) && (!t.cip.reply || t.has_asked) && read_forward_open(t.cip, f) &&
           (out = kOf(f), true);
  });
}
std::uint64_t connection_serial(const ForwardOpen& f) noexcept { return f.serial; }
std::uint64_t originator_serial(const ForwardOpen& f) noexcept { return f.originator; }
/// Of both directions, one after the other.
bool rpi(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return nth(tx, dir, n / 2, [&](const Told& t) {
    ForwardOpen f;
    if (t.cip.reply || !is_forward_open(t.cip) || !read_forward_open(t.cip, f)) return false;
    return out = n % 2 == 0 ? f.to_target.interval_us : f.to_originator.interval_us, true;
  });
}

template <bool (*kRead)(const Pccc&, std::uint64_t&) noexcept>
bool of_pccc(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return nth(tx, dir, n, [&](const Told& t) {
    Pccc p;
    return read_pccc(t, p) && kRead(p, out);
  });
}
bool pccc_command(const Pccc& p, std::uint64_t& out) noexcept { return out = p.command, true; }
bool pccc_function(const Pccc& p, std::uint64_t& out) noexcept { return out = p.function, p.has_function; }
bool pccc_status(const Pccc& p, std::uint64_t& out) noexcept { return out = p.status, p.reply; }
bool pccc_address(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  return nth(tx, dir, n, [&](const Told& t) {
    Pccc p;
    if (!read_pccc(t, p)) return false;
    const std::size_t size = write_pccc_address(p, exchange(tx).text_room);
    return out = as_bytes({exchange(tx).text_room.data(), size}), size != 0;
  });
}

/// Of ListIdentity, or of the n-th message that tells of the Identity object.
bool identity(const Transaction& tx, Direction dir, unsigned n, Identity& out) noexcept {
  const Pdu* p = side(tx, dir);
  if (p == nullptr) return false;
  if (!p->has_cip) return n == 0 && read_identity(*p, out);
  return nth(tx, dir, n, [&](const Told& t) { return read_identity(t, out); });
}
template <Identity::Has kHas, std::uint64_t (*kOf)(const Identity&) noexcept>
bool of_identity(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  Identity i;
  if (!identity(tx, dir, n, i) || (i.has & kHas) == 0) return false;
  out = kOf(i);
  return true;
}
std::uint64_t vendor(const Identity& i) noexcept { return i.vendor; }
std::uint64_t device_type(const Identity& i) noexcept { return i.device_type; }
std::uint64_t product_code(const Identity& i) noexcept { return i.product_code; }
std::uint64_t revision(const Identity& i) noexcept { return std::uint64_t{i.major} << 8 | i.minor; }
std::uint64_t identity_status(const Identity& i) noexcept { return i.status; }
std::uint64_t serial(const Identity& i) noexcept { return i.serial; }
std::uint64_t state(const Identity& i) noexcept { return i.state; }
bool product_name(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Identity i;
  return identity(tx, dir, n, i) && (i.has & Identity::kName) != 0 && (out = i.name, true);
}
bool service_name(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Pdu* p = side(tx, dir);
  ServiceInfo s;
  return n == 0 && p != nullptr && read_services(*p, s) && (out = s.name, true);
}
bool sender_context(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Pdu* p = side(tx, dir);
  return n == 0 && p != nullptr && (out = p->context, true);
}
bool io_data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Exchange& x = exchange(tx);
  return n == 0 && x.is_io && dir == x.asked && (out = x.io.view(), true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"enip.product_name", "", kBoth, product_name, "name that a device gives itself"},
    {"enip.service_name", "", kBoth, service_name, "name in a reply to ListServices"},
    {"enip.sender_context", "", kBoth, sender_context, "eight bytes of the sender's choice"},
    {"enip.cip_data", "", kBoth, cip_data, "data of each message of CIP, behind its path or status"},
    {"enip.tag", "", kBoth, tag, "names of tags in paths: Program:Main.Level[3]; at most 64 characters"},
    {"enip.link_address", "", kBoth, link_address, "link addresses on the way: a slot, or text as 10.0.0.1"},
    {"enip.pccc_address", "", kBoth, pccc_address, "address in a PCCC command: N7:0"},
    {"enip.io_data", "", kBoth, io_data, "the first 64 bytes of cyclic I/O, behind the sequence count"},
};

constexpr IntegerDef kIntegers[] = {
    {"enip_command", "enip.command", kBoth, integer<command>, command_by_name,
     "command of the encapsulation"},
    {"enip.status", "", kBoth, integer<status>, status_by_name, "status of the encapsulation"},
    {"enip.protocol_version", "", kBoth, integer<version>, nullptr, "version of the encapsulation"},
    {"enip.cip_attribute", "", kBoth, attribute, nullptr, "attributes in paths and lists of requests"},
    {"enip.cip_instance", "", kBoth, segment<SegmentKind::kInstance>, nullptr,
     "instances in paths of requests"},
    {"enip.cip_class", "", kBoth, segment<SegmentKind::kClass>, class_by_name,
     "classes in paths of requests"},
    {"enip.cip_status", "", kBoth, cip_status, cip_status_by_name, "general status of replies"},
    {"enip.cip_extendedstatus", "", kBoth, extended_status, nullptr,
     "extended status of replies, of two bytes"},
    {"enip.revision", "", kBoth, of_identity<Identity::kRevision, revision>, nullptr,
     "revision of a device: major in the high byte, minor in the low one"},
    {"enip.identity_status", "", kBoth, of_identity<Identity::kStatus, identity_status>, nullptr,
     "status of a device"},
    {"enip.state", "", kBoth, of_identity<Identity::kState, state>, nullptr, "state of a device"},
    {"enip.serial", "", kBoth, of_identity<Identity::kSerial, serial>, nullptr, "serial number of a device"},
    {"enip.product_code", "", kBoth, of_identity<Identity::kProductCode, product_code>, nullptr,
     "product code of a device"},
    {"enip.device_type", "", kBoth, of_identity<Identity::kDeviceType, device_type>, nullptr,
     "type of a device"},
    {"enip.vendor_id", "", kBoth, of_identity<Identity::kVendor, vendor>, nullptr, "vendor of a device"},
    {"enip.capabilities", "", kBoth, integer<capabilities>, nullptr,
     "capabilities in a reply to ListServices"},
    {"enip.session", "", kBoth, integer<session>, nullptr, "session handle"},
    {"enip.item_count", "", kBoth, integer<item_count>, nullptr, "items of a message"},
    {"enip.item_type", "", kBoth, item_type, nullptr, "types of these"},
    {"enip.connection_id", "", kBoth, connection_id, nullptr, "connection that data belong to"},
    {"enip.sequence_count", "", kBoth, integer<sequence>, nullptr, "sequence count of connected data"},
    {"enip.connection_point", "", kBoth, segment<SegmentKind::kConnectionPoint>, nullptr,
     "connection points in paths of requests"},
    {"enip.connection_serial", "", kBoth, opened<connection_serial>, nullptr,
     "serial number of a connection that is opened"},
    {"enip.originator_serial", "", kBoth, opened<originator_serial>, nullptr,
     "serial number of the device that opens a connection"},
    {"enip.rpi", "", kBoth, rpi, nullptr, "requested packet intervals of a connection, in microseconds"},
    {"enip.data_type", "", kBoth, data_type, type_by_name, "types of values that are read or written"},
    {"enip.pccc_command", "", kBoth, of_pccc<pccc_command>, nullptr,
     "PCCC command, without the bit of replies"},
    {"enip.pccc_function", "", kBoth, of_pccc<pccc_function>, nullptr, "PCCC function"},
    {"enip.pccc_status", "", kBoth, of_pccc<pccc_status>, nullptr, "PCCC status of a reply"},
};

constexpr KeywordDef kKeywords[] = {
    {"cip_service", kBoth, parse_service_keyword,
     "service of CIP; class and attribute behind it, of a request"},
};

constexpr FrameDef kFrames[] = {
    {"hdr", "header of the encapsulation"},
    {"data", "what stands behind it"},
    {"pdu", "both"},
    {"enip_item", "an item, with its type and length"},
    {"cip", "a message of CIP, also inside of another"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"too_many_transactions", "more requests than request-flood wait for a reply"},
    {"invalid_pdu", "items do not fit the length of their message"},
    {"invalid_header", "bytes that are no header"},
    {"invalid_length", "a length that the command cannot have, or a datagram cut short"},
    {"invalid_cip", "a message of CIP too short for its path or status"},
    {"invalid_path", "a segment of a path that is none, or not all there"},
    {"invalid_services", "messages of a Multiple_Service_Packet that are not where it says"},
    {"invalid_data", "parameters of a service are not all there"},
    {"too_many_items", "more than 8 items; the others are counted only"},
    {"too_many_services", "more than 128 messages of CIP; the others are counted only"},
    {"too_deep", "more than four messages of CIP inside of each other"},
    {"trailing_data", "bytes behind the last item, or behind the message of a datagram"},
    {"unknown_command", "a command that the standard does not have"},
    {"unexpected_options", "options that are not zero: who receives it shall discard it"},
    {"unsolicited_response", "no request waits for such a reply"},
    {"mismatch", "the reply is of another service than its request"},
    {"no_reply", "no reply came within reply-timeout"},
    {"too_many_connections", "more than 16 connections opened in a flow; the oldest is forgotten"},
    {"io_connection_limit",
     "more than 64 connections of cyclic I/O in a flow; the most silent is told of and forgotten"},
    {"io_sequence", "packets of cyclic I/O are missing, repeated or out of order"},
    {"lost_sync", "parsing goes on at the next header that makes sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next header that makes sense"},
    {"out_of_memory", "no memory was left for a request"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {44818, 2222};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "enip",
    .record = "enip",
    .transports = Transport::kTcp | Transport::kUdp,
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(EnipParser),
    .create = create_parser<EnipParser>,
    .max_pending_bytes = kMaxPdu,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
    .frames = kFrames,
    .ot = &kOt,
};

}  // namespace picket::enip
