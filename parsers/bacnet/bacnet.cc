#include "parsers/bacnet/bacnet.h"

#include "parsers/core/text_writer.h"

namespace picket::bacnet {
namespace {

constexpr std::size_t kAddress4 = 6, kAddress6 = 18;  // address and port

/// What stands behind the header of a BVLC of IPv4. False: it cannot be so long, or so short.
bool read_bvlc4(Cursor& c, Bvlc& b) noexcept {
  switch (static_cast<Function>(b.function)) {
    case Function::kResult:
      b.result = c.u16be();
      b.has_result = c.ok();
      break;
    case Function::kWriteBdt:
    case Function::kReadBdtAck:
    case Function::kReadFdtAck:
      b.table = c.bytes(c.left());
      return b.table.size() % kTableEntry == 0;
    case Function::kReadBdt:
    case Function::kReadFdt:
      break;
    case Function::kForwarded:
      b.origin = c.bytes(kAddress4);
      b.npdu = c.bytes(c.left());
      break;
    case Function::kRegister:
      b.ttl = c.u16be();
      b.has_ttl = c.ok();
      break;
    case Function::kDeleteFdt:
      b.origin = c.bytes(kAddress4);
      break;
    case Function::kDistribute:
    case Function::kUnicast:
    case Function::kBroadcast:
      b.npdu = c.bytes(c.left());
      break;
    case Function::kSecure:
      c.skip(c.left());
      break;
  }
  return c.ok();
}

bool read_bvlc6(Cursor& c, Bvlc& b) noexcept {
  b.source = c.u24be();
  b.has_source = c.ok();
  const auto destination = [&]() noexcept {
    b.destination = c.u24be();
    b.has_destination = c.ok();
  };
  switch (static_cast<Function6>(b.function)) {
    case Function6::kResult:
      b.result = c.u16be();
      b.has_result = c.ok();
      break;
    case Function6::kUnicast:
      destination();
      b.npdu = c.bytes(c.left());
      break;
    case Function6::kBroadcast:
    case Function6::kDistribute:
      b.npdu = c.bytes(c.left());
      break;
    case Function6::kResolve:
    case Function6::kResolveAck:
    case Function6::kResolveVirtualAck:
      destination();
      break;
    case Function6::kForwardedResolve:
      destination();
      b.origin = c.bytes(kAddress6);
      break;
    case Function6::kResolveVirtual:
      break;
    case Function6::kForwarded:
      b.origin = c.bytes(kAddress6);
      b.npdu = c.bytes(c.left());
      break;
    case Function6::kRegister:
      b.ttl = c.u16be();
      b.has_ttl = c.ok();
      break;
    case Function6::kDeleteFdt:
      b.origin = c.bytes(kAddress6);
      break;
    case Function6::kSecure:
      c.skip(c.left());
      break;
  }
  return c.ok();
}

constexpr std::uint8_t kLastFunction = 12;  // of either type

void read_bvlc(Bytes whole, Pdu& p) noexcept {
  Cursor c(whole);
  Bvlc b;
  b.type = c.u8();
  b.function = c.u8();
  b.length = c.u16be();
  if (!c.ok() || (b.type != kIpv4 && b.type != kIpv6) || b.length < kBvlcHeader) {
    p.odd |= bit(Event::kInvalidBvlc);
    return;
  }
  if (b.length > whole.size()) p.odd |= bit(Event::kInvalidLength);
  if (b.length < whole.size()) p.odd |= bit(Event::kTrailingData);
  Cursor body(whole.subspan(kBvlcHeader, std::min<std::size_t>(b.length, whole.size()) - kBvlcHeader));
  p.bvlc = b;
  if (b.function > kLastFunction) {
    p.odd |= bit(Event::kUnknownFunction);
    return;
  }
  if (!(b.type == kIpv4 ? read_bvlc4(body, b) : read_bvlc6(body, b)) || !body.empty())
    p.odd |= bit(Event::kInvalidLength);
  p.bvlc = b;
}

bool carries_npdu(const Bvlc& b) noexcept {
  return b.is(Function::kForwarded) || b.is(Function::kDistribute) || b.is(Function::kUnicast) ||
         b.is(Function::kBroadcast) || b.is(Function6::kUnicast) || b.is(Function6::kBroadcast) ||
         b.is(Function6::kForwarded) || b.is(Function6::kDistribute);
}

bool read_npdu(Bytes in, Npdu& out) noexcept {
  Cursor c(in);
  Npdu n;
  n.there = true;
  n.version = c.u8();
  n.control = c.u8();
  n.is_message = (n.control & 0x80) != 0;
  n.has_destination = (n.control & 0x20) != 0;
  n.has_source = (n.control & 0x08) != 0;
  if (!c.ok() || n.version != 1) return false;
  if (n.has_destination) {
    n.dnet = c.u16be();
    n.dadr = c.bytes(c.u8());
  }
  if (n.has_source) {
    n.snet = c.u16be();
    n.sadr = c.bytes(c.u8());
  }
  if (n.has_destination) n.hops = c.u8();
  if (n.is_message) {
    n.message = c.u8();
    if (n.message >= 0x80) n.vendor = c.u16be();
  }
  n.data = c.rest();
  // A source is one station of one network.
  if (!c.ok() || (n.has_source && (n.sadr.empty() || n.snet == 0 || n.snet == 0xffff)) ||
      (n.has_destination && n.dnet == 0)) {
    return false;
  }
  out = n;
  return true;
}

bool read_apdu(Bytes in, Apdu& out) noexcept {
  Cursor c(in);
  Apdu a;
  a.there = true;
  const std::uint8_t first = c.u8();
  a.type = first >> 4;
  const auto segment = [&]() noexcept {
    a.segmented = (first & 8) != 0;
    a.more = a.segmented && (first & 4) != 0;
    a.invoke_id = c.u8();
    if (!a.segmented) return;
    a.sequence = c.u8();
    a.window = c.u8();
  };
  switch (static_cast<ApduType>(a.type)) {
    case ApduType::kConfirmed: {
      a.accepts_segments = (first & 2) != 0;
      const std::uint8_t sizes = c.u8();
      a.max_segments = sizes >> 4 & 7;
      a.max_size = sizes & 15;
      segment();
      a.service = c.u8();
      break;
    }
    case ApduType::kUnconfirmed:
      a.service = c.u8();
      break;
    case ApduType::kSimpleAck:
    case ApduType::kError:
      a.invoke_id = c.u8();
      a.service = c.u8();
      break;
    case ApduType::kComplexAck:
      segment();
      a.service = c.u8();
      break;
    case ApduType::kSegmentAck:
      a.negative = (first & 2) != 0;
      a.from_server = (first & 1) != 0;
      a.invoke_id = c.u8();
      a.sequence = c.u8();
      a.window = c.u8();
      break;
    case ApduType::kReject:
    case ApduType::kAbort:
      a.from_server = (first & 1) != 0;
      a.invoke_id = c.u8();
      a.reason = c.u8();
      break;
    default:
      return false;
  }
  if (!c.ok()) return false;
  a.data = c.rest();
  out = a;
  return true;
}

constexpr std::uint8_t kLastNetMessage = static_cast<std::uint8_t>(NetMessage::kNumberIs);

}  // namespace

bool table_entry(const Bvlc& b, std::size_t n, TableEntry& out) noexcept {
  if (n >= b.table.size() / kTableEntry) return false;
  Cursor c(b.table.subspan(n * kTableEntry, kTableEntry));
  out = {};
  out.ip = c.bytes(4);
  out.port = c.u16be();
  if (b.is(Function::kReadFdtAck)) {
    out.ttl = c.u16be();
    out.remaining = c.u16be();
  } else {
    out.mask = c.bytes(4);
  }
  return true;
}

bool next_route(Cursor& in, Route& out) noexcept {
  if (in.empty()) return false;
  out.network = in.u16be();
  out.port = in.u8();
  out.info = in.bytes(in.u8());
  return in.ok();
}

bool read_network_message(const Npdu& n, NetInfo& out) noexcept {
  Cursor c(n.data);
  NetInfo i;
  const auto one = [&]() noexcept { i.networks = c.bytes(2); };
  switch (static_cast<NetMessage>(n.message)) {
    case NetMessage::kWhoIsRouter:
      if (!c.empty()) one();
      break;
    case NetMessage::kIAmRouter:
    case NetMessage::kBusy:
    case NetMessage::kAvailable:
      i.networks = c.bytes(c.left());
      if (i.networks.size() % 2 != 0) c.fail();
      break;
    case NetMessage::kICouldBeRouter:
      one();
      i.performance = c.u8();
      i.has_performance = true;
      break;
    case NetMessage::kReject:
      i.reason = c.u8();
      i.has_reason = true;
      one();
      break;
    case NetMessage::kInitialize:
      i.routes = c.u8();
      i.table = c.bytes(c.left());
      break;
    case NetMessage::kInitializeAck:
      // To one that changes the table the answer has nothing in it.
      if (!c.empty()) i.routes = c.u8();
      i.table = c.bytes(c.left());
      break;
    case NetMessage::kEstablish:
      one();
      i.time_s = c.u8();
      i.has_time = true;
      break;
    case NetMessage::kDisconnect:
      one();
      break;
    case NetMessage::kNumberIs:
      one();
      i.status = c.u8();
      i.has_status = true;
      break;
    case NetMessage::kWhatIsNumber:
      break;
    default:
      c.skip(c.left());
      break;
  }
  Cursor routes(i.table);
  Route r;
  unsigned found = 0;
  while (next_route(routes, r)) ++found;
  if (!c.ok() || !c.empty() || !routes.ok() || found != i.routes) return false;
  out = i;
  return true;
}

std::uint16_t apdu_size(std::uint8_t code) noexcept {
  constexpr std::uint16_t kSizes[] = {50, 128, 206, 480, 1024, 1476};
  return code < std::size(kSizes) ? kSizes[code] : std::uint16_t{0};
}

void interpret(Transport transport, Bytes whole, Pdu& p) noexcept {
  p = {};
  const bool on_ethernet = transport == Transport::kEthernet;
  if (!on_ethernet) {
    read_bvlc(whole, p);
    if ((p.odd & bit(Event::kInvalidBvlc)) != 0 || !carries_npdu(p.bvlc)) return;
  }
  if (!read_npdu(on_ethernet ? whole : p.bvlc.npdu, p.npdu)) {
    p.odd |= bit(Event::kInvalidNpdu);
    return;
  }
  if (p.npdu.is_message) {
    NetInfo i;
    if (p.npdu.message > kLastNetMessage && p.npdu.message < 0x80) {
      p.odd |= bit(Event::kUnknownNetworkMessage);
    } else if (!read_network_message(p.npdu, i)) {
      p.odd |= bit(Event::kInvalidNetworkMessage);
    }
    return;
  }
  if (!read_apdu(p.npdu.data, p.apdu)) {
    p.odd |= bit(Event::kInvalidApdu);
    return;
  }
  if (!p.apdu.segmented) judge_parameters(p);
}

Walk parameters(const Pdu& p) noexcept {
  const Apdu& a = p.apdu;
  const Schema* s = nullptr;
  // A later segment by itself begins anywhere.
  if (a.segmented && p.segments == 0 && a.sequence != 0) return {};
  if (a.is(ApduType::kConfirmed)) s = request_schema(a.service);
  if (a.is(ApduType::kUnconfirmed)) s = unconfirmed_schema(a.service);
  if (a.is(ApduType::kComplexAck)) s = ack_schema(a.service);
  if (a.is(ApduType::kError)) s = error_schema(a.service);
  return {s, s == nullptr ? Bytes{} : a.data};
}

void judge_parameters(Pdu& p) noexcept {
  const Apdu& a = p.apdu;
  if (a.has_confirmed_service() && request_schema(a.service) == nullptr) p.odd |= bit(Event::kUnknownService);
  if (a.is(ApduType::kUnconfirmed) && unconfirmed_schema(a.service) == nullptr)
    p.odd |= bit(Event::kUnknownService);
  if (a.is(ApduType::kSimpleAck) || a.is(ApduType::kSegmentAck) || a.is(ApduType::kReject) ||
      a.is(ApduType::kAbort)) {
    if (!a.data.empty()) p.odd |= bit(Event::kTrailingData);
    return;
  }
  Walk w = parameters(p);
  unsigned parts = 0;
  bool fits = true;
  for (Part part; w.next(part); ++parts) {
    if (part.syntax == Syntax::kAny) {
      ValueReader values(part.content);
      for (Value v; values.next(v);) fits = fits && content_fits(v.syntax, v.content);
      if (values.broken()) p.odd |= bit(Event::kInvalidParameters);
    } else {
      fits = fits && content_fits(part.syntax, part.content);
    }
    if (part.field == Field::kPassword) p.odd |= bit(Event::kPasswordInClear);
  }
  if (!fits) p.odd |= bit(Event::kInvalidValue);
  if (w.broken()) p.odd |= bit(Event::kInvalidParameters);
  if (w.too_deep()) p.odd |= bit(Event::kTooDeep);
  if (w.unexpected()) p.odd |= bit(Event::kUnexpectedParameter);
  ItemReader items(parameters(p));
  p.items = 0;
  for (Item i; items.next(i);) ++p.items;
  if (p.items > kMaxItems) p.odd |= bit(Event::kTooManyItems);
}

void Exchange::Seek::start(const Pdu& p) noexcept {
  *this = {};
  of = &p;
  items = ItemReader(parameters(p));
}

const Item* Exchange::Seek::find_item(const Pdu& p, unsigned n) noexcept {
  if (of != &p || next > n + 1) start(p);
  while (next <= n) {
    if (!items.next(item)) return nullptr;
    ++next;
  }
  return &item;
}

bool Exchange::Seek::find_value(const Pdu& p, unsigned n, Value& out) noexcept {
  if (of != &p || next > n) start(p);
  while (next <= n) {
    if (values.next(out)) {
      ++next;
    } else if (items.next(item)) {
      values = ValueReader(item);
    } else {
      of = nullptr;
      return false;
    }
  }
  return true;
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  if (transport == Transport::kEthernet) return Probe::kYes;
  if (first.size() < kBvlcHeader) return Probe::kNo;
  if ((first[0] != kIpv4 && first[0] != kIpv6) || first[1] > kLastFunction) return Probe::kNo;
  Pdu p;
  interpret(transport, first, p);
  constexpr std::uint64_t kNotSure =
      bit(Event::kInvalidBvlc) | bit(Event::kInvalidLength) | bit(Event::kTrailingData) |
      bit(Event::kInvalidNpdu) | bit(Event::kUnknownNetworkMessage) | bit(Event::kInvalidNetworkMessage) |
      bit(Event::kInvalidApdu) | bit(Event::kInvalidParameters) | bit(Event::kUnknownService);
  // One that is damaged says nothing of the next.
  if ((p.odd & kNotSure) != 0) return Probe::kUnsure;
  // Bits that are reserved, and a length that happens to fit, are all there is to be sure by where nothing follows.
  if (p.npdu.there && (p.npdu.control & 0x50) != 0) return Probe::kUnsure;
  if (p.bvlc.is(Function::kSecure) || p.bvlc.is(Function6::kSecure)) return Probe::kUnsure;
  return Probe::kYes;
}

}  // namespace picket::bacnet
