// Messages of S7 and S7comm-plus, and how they are told from what else COTP carries.
#include "parsers/s7comm/s7comm.h"

#include <algorithm>

namespace picket::s7comm {
namespace {

constexpr std::size_t kUserdataHead = 4;  // 00 01 12, and how much follows
constexpr std::size_t kTrailer = 4;       // of S7comm-plus
constexpr std::size_t kDigest = 32;       // of S7comm-plus, version 3
constexpr std::uint8_t kKeepAlive = 0xfe;

bool known(std::uint8_t rosctr) noexcept { return !rosctr_name(rosctr).empty(); }

void wrong(Message& m, Problem p, bool when = true) noexcept {
  if (when) m.problems |= p;
}

/// Of userdata: 00 01 12, length, method, type and group, subfunction, sequence; of most answers also unit, last, error.
void read_userdata(Message& m) noexcept {
  Cursor c(m.param);
  c.skip(3);
  const std::uint8_t length = c.u8();
  c.skip(1);
  const std::uint8_t what = c.u8();
  m.type = what >> 4;
  m.group = what & 0x0f;
  m.subfunction = c.u8();
  m.sequence = c.u8();
  wrong(m, kBadLength, !c.ok() || length + kUserdataHead != m.param.size());
  if (c.ok() && c.left() >= 4) {
    m.unit = c.u8();
    m.last = c.u8() == 0;
    m.param_error = c.u16be();
  }
  if (m.data.empty()) return;
  Cursor d(m.data);
  m.return_code = d.u8();
  m.transport = d.u8();
  const std::uint16_t size = d.u16be();
  wrong(m, kBadLength, !d.ok() || size > d.left());
  m.payload = d.bytes(std::min<std::size_t>(size, d.left()));
}

void read_job(Message& m) noexcept {
  Cursor c(m.param);
  m.function = c.u8();
  const bool job = m.is(Rosctr::kJob);
  if (m.is(Function::kReadVar) || m.is(Function::kWriteVar)) {
    const std::uint8_t count = c.u8();
    // An answer that reports an error may leave the rest out.
    if (!c.ok()) return wrong(m, kBadLength, job || m.error_class == 0);
    if (job) {
      m.item_bytes = c.rest();
      find_items(m.item_bytes, count, m.items, m.problems);
    }
    m.value_bytes = m.data;
    if (m.is(Function::kWriteVar) && !job) {
      // One return code an item.
      m.values.count = count;
      m.values.kept = static_cast<std::uint8_t>(std::min({std::size_t{count}, kMaxItems, m.data.size()}));
      for (std::uint16_t i = 0; i < m.values.kept; ++i) m.values.at[i] = i;
      wrong(m, kBadLength, m.data.size() < count);
      wrong(m, kManyItems, count > kMaxItems);
    } else if (!job || m.is(Function::kWriteVar)) {
      find_values(m.value_bytes, count, m.values, m.problems);
    }
  }
}

bool read_s7(Bytes all, Message& m) noexcept {
  Cursor c(all);
  c.skip(1);
  m.rosctr = c.u8();
  m.redundancy = c.u16be();
  m.reference = c.u16be();
  const std::uint16_t param = c.u16be(), data = c.u16be();
  if (!c.ok() || !known(m.rosctr)) return false;
  if (m.is(Rosctr::kAck) || m.is(Rosctr::kAckData)) {
    m.error_class = c.u8();
    m.error_code = c.u8();
    if (!c.ok()) return false;
  }
  wrong(m, kBadLength, std::size_t{param} + data != c.left());
  m.param = c.bytes(std::min<std::size_t>(param, c.left()));
  m.data = c.bytes(std::min<std::size_t>(data, c.left()));
  if (m.is(Rosctr::kUserdata)) {
    read_userdata(m);
    if (m.last) read_payload(m);
  } else if (!m.param.empty()) {
    read_job(m);
  } else {
    wrong(m, kBadLength, m.is(Rosctr::kJob));
  }
  return true;
}

/// "1;6ES7 212-1BE31-0XB0 ;V3.0": a controller that opens a session says what it is.
Bytes find_identity(Bytes b) noexcept {
  constexpr std::size_t kShortest = 12, kLongest = 64;
  for (std::size_t i = 0; i + kShortest <= b.size(); ++i) {
    if (b[i + 1] != ';' || b[i] != '1' || b[i + 2] != '6') continue;
    std::size_t n = 0;
    while (i + n < b.size() && n < kLongest && b[i + n] >= 0x20 && b[i + n] < 0x7f) ++n;
    if (n >= kShortest) return b.subspan(i, n);
  }
  return {};
}

bool read_plus(Bytes all, bool continued, Message& m) noexcept {
  m.kind = Kind::kPlus;
  Cursor c(all);
  c.skip(1);
  m.version = c.u8();
  const std::uint16_t length = c.u16be();
  if (!c.ok() || (m.version != kKeepAlive && (m.version == 0 || m.version > 3))) return false;
  wrong(m, kBadLength, length > c.left());
  const std::size_t size = std::min<std::size_t>(length, c.left());
  // Only the last piece of a message has a trailer.
  m.more = c.left() - size < kTrailer && m.version != kKeepAlive;
  m.continued = continued;
  m.data = c.bytes(size);
  if (m.version == kKeepAlive || continued) return true;
  Cursor d(m.data);
  if (m.version == 3 && d.peek() == kDigest) d.skip(1 + kDigest);
  m.opcode = d.u8();
  if (m.opcode == static_cast<std::uint8_t>(Opcode::kNotification)) {
    m.session = d.u32be();  // the subscription
    d.skip(6);
    m.plus_sequence = static_cast<std::uint16_t>(d.u16be() & 0xff);  // a credit tick, and the number
    wrong(m, kBadLength, !d.ok());
    return true;
  }
  d.skip(2);
  m.plus_function = d.u16be();
  d.skip(2);
  m.plus_sequence = d.u16be();
  wrong(m, kBadLength, !d.ok());
  if (m.opcode == static_cast<std::uint8_t>(Opcode::kRequest)) m.session = d.u32be();
  if (plus_function_name(m.plus_function) == "CreateObject") m.identity = find_identity(m.data);
  return true;
}

}  // namespace

bool Message::asks() const noexcept {
  switch (kind) {
    case Kind::kCotp:
      return tpdu.type == cotp::Type::kConnectRequest;
    case Kind::kS7:
      return is(Rosctr::kJob) || (is(Rosctr::kUserdata) && userdata_type() == UserdataType::kRequest);
    case Kind::kPlus:
      return !continued && opcode == static_cast<std::uint8_t>(Opcode::kRequest);
  }
  return false;
}

bool interpret(Bytes all, bool continued, Message& out) noexcept {
  if (all.empty()) return false;
  out.all = all;
  if (all[0] == kProtocolId) return read_s7(all, out);
  return all[0] == kPlusId && read_plus(all, continued, out);
}

Message interpret(const cotp::Tpdu& t) noexcept {
  Message m;
  m.kind = Kind::kCotp;
  m.tpdu = t;
  m.all = t.all;
  return m;
}

void read_payload(Message& m) noexcept {
  const bool request = m.userdata_type() == UserdataType::kRequest;
  Cursor c(m.payload);
  if (m.group == static_cast<std::uint8_t>(Group::kCyclic) &&
      (m.subfunction == 1 || m.subfunction == 5 || m.subfunction == 7)) {
    if (m.payload.empty()) return;
    const std::uint16_t count = c.u16be();
    if (request) c.skip(2);  // how often
    wrong(m, kBadLength, !c.ok());
    if (request) {
      m.item_bytes = c.rest();
      find_items(m.item_bytes, count, m.items, m.problems);
    } else {
      m.value_bytes = c.rest();
      find_values(m.value_bytes, count, m.values, m.problems);
    }
  }
}

Probe frame_starts(Bytes stream) noexcept {
  if (const Probe p = cotp::header_starts(stream); p != Probe::kYes) return p;
  const std::size_t length = std::size_t{stream[2]} << 8 | stream[3];
  const std::size_t header = cotp::kTpktHeader + 1U + stream[4];
  // Of those without data there is enough in their header to know them by.
  if (static_cast<cotp::Type>(stream[5]) != cotp::Type::kData)
    return length <= 128 ? Probe::kYes : Probe::kNo;
  if (length == header) return Probe::kYes;
  Cursor c(stream.subspan(std::min(header, stream.size())));
  const std::uint8_t id = c.u8(), next = c.u8();
  if (!c.ok()) return Probe::kUnsure;
  if (id == kProtocolId) return known(next) ? Probe::kYes : Probe::kNo;
  return id == kPlusId && ((next >= 1 && next <= 3) || next == kKeepAlive) ? Probe::kYes : Probe::kNo;
}

Probe probe(Transport transport, Direction, Bytes first) noexcept {
  if (transport != Transport::kTcp) return Probe::kNo;
  Bytes data;
  if (const Probe p = cotp::first_data(first, data); p != Probe::kYes) return p;
  Cursor c(data);
  const std::uint8_t id = c.u8(), next = c.u8();
  if (id != kProtocolId && id != kPlusId) return Probe::kNo;
  if (data.size() < 2) return Probe::kUnsure;
  if (id == kProtocolId) {
    if (!known(next)) return Probe::kNo;
    c.skip(4);
    const std::size_t param = c.u16be(), rest = c.u16be();
    if (!c.ok()) return Probe::kUnsure;
    return param + rest + kHeaderSize <= 65535 ? Probe::kYes : Probe::kNo;
  }
  const std::size_t length = c.u16be();
  if (!c.ok()) return Probe::kUnsure;
  return next >= 1 && next <= 3 && length + 4 <= cotp::kMaxTpkt ? Probe::kYes : Probe::kNo;
}

}  // namespace picket::s7comm
