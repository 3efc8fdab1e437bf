#include "parsers/enip/cip.h"

#include <algorithm>

namespace picket::enip {
namespace {

constexpr std::uint8_t kReplyBit = 0x80;
constexpr std::size_t kRequestHead = 2, kReplyHead = 4;  // bytes in front of the path, of the extended status

/// The low half of the first byte is 2^n ms, the second how many of them.
void read_timeout(Cursor& c, std::uint32_t& tick_ms, std::uint32_t& timeout_ms) noexcept {
  tick_ms = 1U << (c.u8() & 15);
  timeout_ms = tick_ms * c.u8();
}

bool add(Pdu& p, std::size_t parent, std::size_t at, std::size_t size) noexcept {
  ++p.services;
  if (p.node_count == kMaxServices) return p.problems |= kManyServices, false;
  const auto depth = static_cast<std::uint8_t>(p.nodes[parent].depth + 1);
  if (depth == kMaxDepth) return p.problems |= kDeep, false;
  Node& n = p.nodes[p.node_count];
  n.at = static_cast<std::uint16_t>(at);
  n.size = static_cast<std::uint16_t>(size);
  n.parent = static_cast<std::uint8_t>(parent);
  n.depth = depth;
  n.count = 0;
  if (p.nodes[parent].count++ == 0) p.nodes[parent].first = p.node_count;
  ++p.node_count;
  return true;
}

/// Offsets count from where the number of services stands. Each message ends where the next one begins.
void find_multiple(Pdu& p, std::size_t parent, Bytes data) noexcept {
  Cursor c(data);
  const std::uint16_t count = c.u16le();
  const Bytes offsets = c.bytes(std::size_t{count} * 2);
  if (!c.ok()) {
    p.problems |= kBadServices;
    return;
  }
  const auto base = static_cast<std::size_t>(data.data() - p.cip.data());
  Cursor o(offsets);
  std::size_t at = o.u16le();
  for (unsigned i = 0; i < count; ++i) {
    const std::size_t next = i + 1 < count ? o.u16le() : data.size();
    if (at < 2 + offsets.size() || next <= at || next > data.size()) {
      p.problems |= kBadServices;
      p.services = static_cast<std::uint16_t>(p.services + count - i);
      return;
    }
    if (!add(p, parent, base + at, next - at)) {
      p.services = static_cast<std::uint16_t>(p.services + count - i - 1);
      return;
    }
    at = next;
  }
}

void find_embedded(Pdu& p, std::size_t parent, Bytes data) noexcept {
  UnconnectedSend u;
  if (!read_unconnected_send(data, u)) {
    p.problems |= kBadData;
    return;
  }
  if (target_of(u.route).bad) p.problems |= kBadPath;
  (void)add(p, parent, static_cast<std::size_t>(data.data() - p.cip.data()) + u.at, u.size);
}

}  // namespace

bool read_cip(Bytes message, Cip& out) noexcept {
  Cursor c(message);
  out = {};
  const std::uint8_t service = c.u8();
  out.reply = (service & kReplyBit) != 0;
  out.service = service & static_cast<std::uint8_t>(~kReplyBit);
  if (out.reply) {
    c.skip(1);
    out.status = c.u8();
    out.extended = c.bytes(std::size_t{c.u8()} * 2);
  } else {
    out.path = c.bytes(std::size_t{c.u8()} * 2);
    out.target = target_of(out.path);
  }
  out.data = c.rest();
  return c.ok();
}

bool cip_of(const Pdu& p, std::size_t i, Cip& out) noexcept {
  const Node& n = p.nodes[i];
  if (n.data == 0) return false;
  const Bytes all = p.node_bytes(i);
  out.reply = (n.code & kReplyBit) != 0;
  out.service = n.service();
  out.status = n.status;
  const std::size_t head = out.reply ? kReplyHead : kRequestHead;
  const Bytes behind = all.subspan(head, n.data - head);
  out.path = out.reply ? Bytes{} : behind;
  out.extended = out.reply ? behind : Bytes{};
  out.data = all.subspan(n.data);
  out.target = n.target;
  return true;
}

void find_services(Pdu& p) noexcept {
  p.node_count = 1;
  p.services = 1;
  Node& all = p.nodes[0];
  all.at = 0;
  all.size = static_cast<std::uint16_t>(p.cip.size());
  all.parent = all.depth = all.count = 0;
  Cip m;
  for (std::size_t i = 0; i < p.node_count; ++i) {
    Node& n = p.nodes[i];
    n.first = n.code = n.status = 0;
    n.asked = kMaxServices;
    const bool whole = read_cip(p.node_bytes(i), m);
    n.data = whole ? static_cast<std::uint16_t>(n.size - m.data.size()) : std::uint16_t{0};
    n.target = m.target;
    if (!whole) {
      p.problems |= kBadCip;
      continue;
    }
    n.code = static_cast<std::uint8_t>(m.service | (m.reply ? kReplyBit : 0));
    n.status = m.status;
    if (m.target.bad) p.problems |= kBadPath;
    if (m.is(Service::kMultiple) && (!m.reply || !m.data.empty())) {
      find_multiple(p, i, m.data);
    } else if (is_unconnected_send(m)) {
      find_embedded(p, i, m.data);
    } else if (!m.reply && is_forward_open(m)) {
      ForwardOpen f;
      if (!read_forward_open(m, f)) p.problems |= kBadData;
    }
  }
}

namespace {

/// The answer to what Unconnected_Send carries comes without it; a refusal of the way there has its service.
std::size_t answered_by_first(const Pdu& request, const Pdu& reply) noexcept {
  const Node& answer = reply.nodes[0];
  const bool refused = answer.data != 0 && answer.status != 0 &&
                       answer.service() == static_cast<std::uint8_t>(Service::kUnconnectedSend);
  std::size_t at = 0;
  for (unsigned k = 0; k < kMaxDepth && !refused; ++k) {
    const Node& n = request.nodes[at];
    if (!is_unconnected_send(n) || n.count == 0) break;
    at = n.first;
  }
  return at;
}

}  // namespace

void pair_nodes(const Pdu& request, Pdu& reply) noexcept {
  if (request.node_count == 0 || reply.node_count == 0) return;
  // By their places among their siblings, whatever those they are inside of say.
  std::array<std::uint8_t, kMaxServices> places;
  for (std::size_t i = 0; i < reply.node_count; ++i) {
    Node& n = reply.nodes[i];
    std::size_t at = kMaxServices;
    if (i == 0) {
      at = answered_by_first(request, reply);
    } else if (const std::size_t outer = places[n.parent]; outer != kMaxServices) {
      const std::size_t place = i - reply.nodes[n.parent].first;
      if (place < request.nodes[outer].count) at = request.nodes[outer].first + place;
    }
    places[i] = static_cast<std::uint8_t>(at);
    if (at == kMaxServices || n.data == 0 || (n.code & kReplyBit) == 0) continue;
    const Node& asked = request.nodes[at];
    if (asked.data != 0 && asked.service() == n.service()) n.asked = static_cast<std::uint8_t>(at);
  }
}

bool told_by(const Exchange& x, const Pdu& pdu, std::size_t i, Told& out) noexcept {
  out.has_asked = false;
  if (i >= pdu.node_count || !cip_of(pdu, i, out.cip)) return false;
  const Pdu* request = &pdu == x.answer ? x.request() : nullptr;
  const std::size_t asked = pdu.nodes[i].asked;
  out.has_asked = request != nullptr && asked < request->node_count && cip_of(*request, asked, out.asked);
  if (!out.has_asked) out.asked = {};
  return true;
}

bool of_tag(const Target& t) noexcept {
  return t.is(Class::kSymbol) || (t.has_symbol && (!t.has_class || t.is(Class::kProgram)));
}

bool is_unconnected_send(const Cip& m) noexcept {
  return !m.reply && m.is(Service::kUnconnectedSend) && m.target.is(Class::kConnectionManager);
}
bool is_unconnected_send(const Node& n) noexcept {
  return n.data != 0 && n.code == static_cast<std::uint8_t>(Service::kUnconnectedSend) &&
         n.target.is(Class::kConnectionManager);
}

bool read_unconnected_send(Bytes data, UnconnectedSend& out) noexcept {
  Cursor c(data);
  read_timeout(c, out.tick_ms, out.timeout_ms);
  out.size = c.u16le();
  out.at = static_cast<std::uint16_t>(c.offset());
  c.skip(out.size);
  if (out.size % 2 != 0) c.skip(1);
  const std::size_t words = c.u8();
  c.skip(1);
  out.route = c.bytes(words * 2);
  return c.ok();
}

bool is_forward_open(const Cip& m) noexcept {
  return (m.is(Service::kForwardOpen) || m.is(Service::kLargeForwardOpen)) &&
         (m.reply || m.target.is(Class::kConnectionManager));
}

namespace {

void read_parameters(Cursor& c, bool large, ConnectionParameters& out) noexcept {
  out.interval_us = c.u32le();
  const std::uint32_t raw = large ? c.u32le() : c.u16le();
  const std::uint32_t high = large ? raw >> 16 : raw;  // the same bits, above the size
  out.size = static_cast<std::uint16_t>(large ? raw & 0xffff : raw & 0x1ff);
  out.variable = (high & 0x200) != 0;
  out.priority = high >> 10 & 3;
  out.type = high >> 13 & 3;
  out.redundant = (high & 0x8000) != 0;
}

}  // namespace

bool read_forward_open(const Cip& m, ForwardOpen& out) noexcept {
  Cursor c(m.data);
  out = {};
  out.large = m.is(Service::kLargeForwardOpen);
  if (m.reply) {
    out.refused = m.status != 0;
    if (!out.refused) {
      out.to_target.id = c.u32le();
      out.to_originator.id = c.u32le();
    }
    out.serial = c.u16le();
    out.vendor = c.u16le();
    out.originator = c.u32le();
    if (out.refused) {
      out.remaining = c.u8();
      return c.ok() || m.data.size() >= 8 || m.data.empty();
    }
    out.to_target.interval_us = c.u32le();
    out.to_originator.interval_us = c.u32le();
    const std::size_t words = c.u8();
    c.skip(1);
    out.application = c.bytes(words * 2);
    return c.ok();
  }
  read_timeout(c, out.tick_ms, out.timeout_ms);
  out.to_target.id = c.u32le();
  out.to_originator.id = c.u32le();
  out.serial = c.u16le();
  out.vendor = c.u16le();
  out.originator = c.u32le();
  out.multiplier = c.u8();
  c.skip(3);
  read_parameters(c, out.large, out.to_target);
  read_parameters(c, out.large, out.to_originator);
  out.transport = c.u8();
  out.path = c.bytes(std::size_t{c.u8()} * 2);
  return c.ok();
}

bool read_forward_close(const Cip& m, ForwardClose& out) noexcept {
  Cursor c(m.data);
  if (m.is(Service::kGetConnectionOwner) && !m.reply && m.target.is(Class::kConnectionManager)) {
    c.skip(1);
    out.path = c.bytes(std::size_t{c.u8()} * 2);
    return c.ok();
  }
  if (!m.is(Service::kForwardClose) || (!m.reply && !m.target.is(Class::kConnectionManager))) return false;
  if (!m.reply) c.skip(2);
  out.serial = c.u16le();
  out.vendor = c.u16le();
  out.originator = c.u32le();
  const std::size_t words = c.u8();
  c.skip(1);
  if (!m.reply) out.path = c.bytes(words * 2);
  return c.ok();
}

}  // namespace picket::enip
