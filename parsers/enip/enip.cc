#include "parsers/enip/enip.h"

#include <algorithm>

#include "parsers/enip/cip.h"

namespace picket::enip {
namespace {

constexpr std::size_t kItemHeader = 4;
constexpr std::size_t kSendPrefix = 6;  // interface handle, timeout
constexpr std::uint16_t kIoAddress = 8, kIoSize = 18;
constexpr std::uint16_t kMaxOther = 2048;

void read_header(Cursor& c, Pdu& p) noexcept {
  p.command = c.u16le();
  p.length = c.u16le();
  p.session = c.u32le();
  p.status = c.u32le();
  p.context = c.bytes(8);
  p.options = c.u32le();
}

bool lists(const Pdu& p) noexcept {
  return p.is(Command::kListServices) || p.is(Command::kListIdentity) || p.is(Command::kListInterfaces);
}
bool has_items(const Pdu& p) noexcept { return p.length != 0 && (p.sends() || lists(p)); }

/// What no sender of that command says.
bool length_fits(const Pdu& p) noexcept {
  if (p.is(Command::kRegisterSession)) return p.length == 4 || (p.length == 0 && p.status != 0);
  if (p.is(Command::kUnregisterSession)) return p.length <= 4;
  if (p.sends()) return p.length >= kSendPrefix + 2 || (p.length == 0 && p.status != 0);
  // Of the others nothing but their length says where they end.
  return lists(p) || p.length <= kMaxOther;
}

/// Walks over the items that `body` shows, which are `need` bytes in the end. Sets p.cut where one does not fit; false:
/// `need` bytes of the body are wanted to go on. It is the same walk however much more is there.
bool walk_items(Bytes body, Pdu& p, std::size_t& need) noexcept {
  const std::size_t prefix = p.sends() ? kSendPrefix : 0;
  Cursor c(body.first(std::min<std::size_t>(body.size(), p.length)));
  std::size_t at = prefix + 2;
  if (p.length < at) return p.cut = true, true;
  need = at;
  if (body.size() < at) return false;
  p.interface = prefix == 0 ? 0 : c.u32le();
  p.timeout = prefix == 0 ? std::uint16_t{0} : c.u16le();
  p.item_count = c.u16le();
  for (unsigned i = 0; i < p.item_count; ++i) {
    need = at + kItemHeader;
    if (need > p.length) return p.cut = true, true;
    if (body.size() < need) return false;
    Item item;
    item.type = c.u16le();
    const std::size_t size = c.u16le();
    at = need + size;
    if (at > p.length) return p.cut = true, true;
    need = at;
    if (body.size() < at) return false;
    item.data = c.bytes(size);
    if (i < kMaxItems) p.items[p.item_kept++] = item;
  }
  if (p.item_count > p.item_kept) p.problems |= kManyItems;
  // A length beyond the last item may lie: the message is believed to end with its items.
  if (at < p.length) p.problems |= kTrailing;
  return true;
}

void read_sent(Pdu& p) noexcept {
  for (std::size_t i = 0; i < p.item_kept; ++i) {
    const Item& item = p.items[i];
    Cursor c(item.data);
    if (item.is(ItemType::kConnectedAddress) || item.is(ItemType::kSequencedAddress)) {
      p.connection = c.u32le();
      if (!c.ok()) p.problems |= kBadItems;
    } else if (item.is(ItemType::kConnectedData) && !p.has_cip) {
      p.connected = true;
      p.sequence = c.u16le();
      if (!c.ok()) p.problems |= kBadItems;
      p.has_cip = c.ok();
      p.cip = c.rest();
    } else if (item.is(ItemType::kUnconnectedData) && !p.has_cip) {
      p.has_cip = true;
      p.cip = item.data;
    }
  }
  // Data that are no message of CIP: those of a connection whose other end is no message router.
  if (p.has_cip && p.cip.empty()) p.has_cip = false;
  if (p.has_cip) find_services(p);
}

/// A reply, as far as it says: in the stream only requests of one kind go in one direction, but List commands are
/// answered to who broadcasts.
bool says_it_answers(const Pdu& p) noexcept {
  if (lists(p)) return p.length != 0 || p.status != 0;
  if (p.is(Command::kRegisterSession)) return p.session != 0 || p.status != 0;
  if (p.sends()) return p.status != 0 || (p.has_cip && (p.cip[0] & 0x80) != 0);
  return p.status != 0;
}

void finish(Pdu& p) noexcept {
  if (p.cut) {
    p.problems |= kBadItems;
    p.item_kept = 0;
    p.body = {};
  } else if (p.sends()) {
    read_sent(p);
  }
  if (command_name(p.command).empty()) p.problems |= kUnknown;
  if (p.options != 0) p.problems |= kOptions;
  p.answers = says_it_answers(p);
}

/// Is the header one that is beyond doubt? `strict`: where nothing says that a message begins here.
bool header_fits(const Pdu& p, bool strict) noexcept {
  if (command_name(p.command).empty() || status_name(p.status).empty() || p.options != 0 || !length_fits(p))
    return false;
  switch (static_cast<Command>(p.command)) {
    case Command::kNop:
      return !strict;
    case Command::kListServices:
      // 20 zeros behind a four are nothing that only this protocol has.
      return p.length != 0 || !strict;
    case Command::kRegisterSession:
      return true;
    case Command::kUnregisterSession:
    case Command::kIndicateStatus:
    case Command::kCancel:
      return p.session != 0;
    default:
      return true;
  }
}

bool known_item(std::uint16_t type) noexcept { return !item_name(type).empty(); }

/// Of the bytes that are there: does a message start here? Not kUnsure where `whole` is all there will be.
Probe starts(Bytes b, bool strict) noexcept {
  static constexpr std::uint8_t kLow[] = {0x00, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70, 0x72, 0x73};
  if (b.empty()) return Probe::kUnsure;
  if (std::find(std::begin(kLow), std::end(kLow), b[0]) == std::end(kLow)) return Probe::kNo;
  if (b.size() > 1 && b[1] != 0) return Probe::kNo;
  // Options, and the high bytes of the status, are zero.
  for (std::size_t i = 9; i < std::min<std::size_t>(b.size(), kHeaderSize); ++i) {
    if ((i < 12 || i >= 20) && b[i] != 0) return Probe::kNo;
  }
  if (b.size() < kHeaderSize) return Probe::kUnsure;
  Cursor c(b);
  Pdu p;
  read_header(c, p);
  if (!header_fits(p, strict)) return Probe::kNo;
  if (p.is(Command::kRegisterSession) && p.length == 4) {
    if (b.size() < kHeaderSize + 4) return Probe::kUnsure;
    return c.u16le() == 1 ? Probe::kYes : Probe::kNo;
  }
  if (!has_items(p)) return Probe::kYes;
  // The first item has to make sense.
  const std::size_t prefix = p.sends() ? kSendPrefix : 0;
  const std::size_t head = prefix + 2;
  if (p.length < head) return Probe::kNo;
  if (c.left() < head) return Probe::kUnsure;
  if (p.sends() && c.u32le() != 0) return Probe::kNo;
  c.skip(prefix == 0 ? 0 : 2);
  const std::uint16_t count = c.u16le();
  if (count > kMaxItems || (count == 0 && p.length != head)) return Probe::kNo;
  if (count == 0) return Probe::kYes;
  if (c.left() < kItemHeader) return Probe::kUnsure;
  const std::uint16_t type = c.u16le(), size = c.u16le();
  return known_item(type) && head + kItemHeader + size <= p.length ? Probe::kYes : Probe::kNo;
}

}  // namespace

bool Pdu::asks() const noexcept {
  if (answers) return false;
  switch (static_cast<Command>(command)) {
    case Command::kListServices:
    case Command::kListIdentity:
    case Command::kListInterfaces:
    case Command::kRegisterSession:
    case Command::kSendRrData:
      return true;
    case Command::kSendUnitData:
      return has_cip;
    default:
      return command_name(command).empty();  // who does not know it says so
  }
}

ParseResult parse(Cursor& in, Pdu& out, NodeRoom& room) noexcept {
  out.nodes = room.data();
  const Bytes all = in.rest();
  if (all.size() < kHeaderSize) return ParseResult::need_more(kHeaderSize);
  Cursor c(all);
  read_header(c, out);
  // A command that nobody knows is believed where the rest of the header is as it should be.
  if (status_name(out.status).empty() || (command_name(out.command).empty() && out.options != 0))
    return ParseResult::malformed(Event::kInvalidHeader);
  if (!length_fits(out)) return ParseResult::malformed(Event::kInvalidLength);
  std::size_t need = out.length;
  if (has_items(out)) {
    if (!walk_items(c.rest(), out, need)) return ParseResult::need_more(kHeaderSize + need);
  } else if (c.left() < need) {
    return ParseResult::need_more(kHeaderSize + need);
  }
  if (!out.cut) out.body = c.bytes(need);
  finish(out);
  in.skip(c.offset());
  return ParseResult::done();
}

bool keep(const Pdu& pdu, Bytes all, PoolBuffer& own, Pdu& out) noexcept {
  // Nodes first: a block of the pool is aligned for whatever stands at its start.
  const Bytes nodes(reinterpret_cast<const std::uint8_t*>(pdu.nodes), pdu.node_count * sizeof(Node));
  if (!own.reserve(nodes.size() + all.size()) || !own.append(nodes) || !own.append(all)) return false;
  const auto moved = [&](Bytes b) noexcept {
    if (b.empty()) return Bytes{};
    return own.view().subspan(nodes.size() + static_cast<std::size_t>(b.data() - all.data()), b.size());
  };
  out = pdu;
  out.context = moved(pdu.context);
  out.body = moved(pdu.body);
  out.cip = moved(pdu.cip);
  for (std::size_t i = 0; i < pdu.item_kept; ++i) out.items[i].data = moved(pdu.items[i].data);
  out.nodes = reinterpret_cast<Node*>(own.data());
  return true;
}

bool read_io(Bytes datagram, IoPacket& out) noexcept {
  Cursor c(datagram);
  if (c.u16le() != 2 || c.u16le() != static_cast<std::uint16_t>(ItemType::kSequencedAddress) ||
      c.u16le() != kIoAddress) {
    return false;
  }
  out.connection = c.u32le();
  out.sequence = c.u32le();
  if (c.u16le() != static_cast<std::uint16_t>(ItemType::kConnectedData) || c.u16le() != c.left() || !c.ok())
    return false;
  out.count = c.left() < 2 ? std::uint16_t{0} : c.u16le();
  out.data = c.rest();
  return datagram.size() >= kIoSize;
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  if (transport == Transport::kUdp) {
    IoPacket io;
    if (read_io(first, io)) return Probe::kYes;
    Cursor c(first);
    Pdu p;
    read_header(c, p);
    return c.ok() && p.length == c.left() && starts(first, true) == Probe::kYes ? Probe::kYes : Probe::kNo;
  }
  return starts(first, true);
}

Probe frame_starts(Bytes stream) noexcept { return starts(stream, true); }

bool read_socket(Bytes b, Socket& out) noexcept {
  Cursor c(b);
  c.skip(2);  // address family
  out.port = c.u16be();
  out.ip = c.bytes(4);
  return c.ok();
}

bool read_services(const Pdu& p, ServiceInfo& out) noexcept {
  if (!p.is(Command::kListServices) || p.item_kept == 0 || !p.items[0].is(ItemType::kServices)) return false;
  Cursor c(p.items[0].data);
  out.version = c.u16le();
  out.capabilities = c.u16le();
  const bool ok = c.ok();
  out.name = c.rest().first(std::min<std::size_t>(c.left(), 16));
  const auto* end = std::find(out.name.data(), out.name.data() + out.name.size(), std::uint8_t{0});
  out.name = {out.name.data(), end};
  return ok;
}

bool read_identity_attributes(Cursor& c, Identity& out) noexcept {
  Identity i = out;
  i.vendor = c.u16le();
  i.device_type = c.u16le();
  i.product_code = c.u16le();
  i.major = c.u8();
  i.minor = c.u8();
  i.status = c.u16le();
  i.serial = c.u32le();
  i.name = c.bytes(c.u8());
  if (!c.ok()) return false;
  i.has |= Identity::kVendor | Identity::kDeviceType | Identity::kProductCode | Identity::kRevision |
           Identity::kStatus | Identity::kSerial | Identity::kName;
  if (!c.empty()) {
    i.state = c.u8();
    i.has |= Identity::kState;
  }
  out = i;
  return true;
}

bool read_identity(const Pdu& p, Identity& out) noexcept {
  if (!p.is(Command::kListIdentity) || p.item_kept == 0 || !p.items[0].is(ItemType::kIdentity)) return false;
  Cursor c(p.items[0].data);
  out = {};
  out.version = c.u16le();
  const bool there = read_socket(c.bytes(16), out.socket);
  out.has = Identity::kVersion;
  return there && read_identity_attributes(c, out);
}

bool read_register(const Pdu& p, std::uint16_t& version, std::uint16_t& options) noexcept {
  if (!p.is(Command::kRegisterSession)) return false;
  Cursor c(p.body);
  version = c.u16le();
  options = c.u16le();
  return c.ok();
}

}  // namespace picket::enip
