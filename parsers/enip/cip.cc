#include "parsers/enip/cip.h"

#include <algorithm>

namespace picket::enip {
namespace {

/// The low half of the first byte is 2^n ms, the second how many of them.
void read_timeout(Cursor& c, std::uint32_t& tick_ms, std::uint32_t& timeout_ms) noexcept {
  tick_ms = 1U << (c.u8() & 15);
  timeout_ms = tick_ms * c.u8();
}

bool path_is_good(Bytes path) noexcept {
  SegmentReader r(path);
  for (Segment s; r.next(s);) continue;
  return !r.bad();
}

bool add(Pdu& p, std::size_t parent, std::size_t at, std::size_t size) noexcept {
  ++p.services;
  if (p.node_count == kMaxServices) return p.problems |= kManyServices, false;
  const auto depth = static_cast<std::uint8_t>(p.nodes[parent].depth + 1);
  if (depth == kMaxDepth) return p.problems |= kDeep, false;
  Node& n = p.nodes[p.node_count];
  n = {static_cast<std::uint16_t>(at),
       static_cast<std::uint16_t>(size),
       static_cast<std::uint8_t>(parent),
       depth,
       0,
       0};
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
  if (!path_is_good(u.route)) p.problems |= kBadPath;
  (void)add(p, parent, static_cast<std::size_t>(data.data() - p.cip.data()) + u.at, u.size);
}

}  // namespace

bool read_cip(Bytes message, Cip& out) noexcept {
  Cursor c(message);
  out = {};
  const std::uint8_t service = c.u8();
  out.reply = (service & 0x80) != 0;
  out.service = service & 0x7f;
  if (out.reply) {
    c.skip(1);
    out.status = c.u8();
    out.extended = c.bytes(std::size_t{c.u8()} * 2);
  } else {
    out.path = c.bytes(std::size_t{c.u8()} * 2);
  }
  out.data = c.rest();
  return c.ok();
}

void find_services(Pdu& p) noexcept {
  p.node_count = 1;
  p.services = 1;
  p.nodes[0] = {0, static_cast<std::uint16_t>(p.cip.size()), 0, 0, 0, 0};
  for (std::size_t i = 0; i < p.node_count; ++i) {
    Cip m;
    if (!read_cip(p.node_bytes(i), m)) {
      p.problems |= kBadCip;
      continue;
    }
    if (!m.reply && !path_is_good(m.path)) p.problems |= kBadPath;
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

std::size_t node_asked(const Pdu& request, const Pdu& reply, std::size_t i) noexcept {
  if (request.node_count == 0 || i >= reply.node_count) return kMaxServices;
  // Places among their siblings, from the inside out.
  std::array<std::uint8_t, kMaxDepth> places{};
  unsigned depth = 0;
  for (std::size_t n = i; reply.nodes[n].depth != 0 && depth < kMaxDepth; n = reply.nodes[n].parent)
    places[depth++] = static_cast<std::uint8_t>(n - reply.nodes[reply.nodes[n].parent].first);
  // The answer to what Unconnected_Send carries comes without it; a refusal of the way there has its service.
  std::size_t at = 0;
  for (unsigned k = 0; k < kMaxDepth; ++k) {
    Cip m;
    if (!read_cip(request.node_bytes(at), m) || !is_unconnected_send(m)) break;
    Cip answer;
    const bool refused = read_cip(reply.node_bytes(0), answer) && is_unconnected_send(m) &&
                         answer.is(Service::kUnconnectedSend) && answer.status != 0;
    if (refused || request.nodes[at].count == 0) break;
    at = request.nodes[at].first;
  }
  while (depth != 0) {
    const std::uint8_t place = places[--depth];
    if (place >= request.nodes[at].count) return kMaxServices;
    at = std::size_t{request.nodes[at].first} + place;
  }
  return at;
}

const Pdu* asked_by(const Exchange& x, const Pdu& pdu) noexcept {
  return &pdu == &x.answer && x.has_answer && x.has_question && !x.question.answers ? &x.question : nullptr;
}

bool told_by(const Exchange& x, const Pdu& pdu, std::size_t i, Told& out) noexcept {
  out.has_asked = false;
  if (i >= pdu.node_count || !read_cip(pdu.node_bytes(i), out.cip)) return false;
  out.asked = {};
  const Pdu* request = asked_by(x, pdu);
  if (request == nullptr || !out.cip.reply) return true;
  const std::size_t n = node_asked(*request, pdu, i);
  out.has_asked = n < request->node_count && read_cip(request->node_bytes(n), out.asked) &&
                  out.asked.service == out.cip.service;
  if (!out.has_asked) out.asked = {};
  return true;
}

bool of_tag(const Target& t) noexcept {
  return t.is(Class::kSymbol) || (t.has_symbol && (!t.has_class || t.is(Class::kProgram)));
}

bool is_unconnected_send(const Cip& m) noexcept {
  return !m.reply && m.is(Service::kUnconnectedSend) && m.target().is(Class::kConnectionManager);
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
         (m.reply || m.target().is(Class::kConnectionManager));
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
  if (m.is(Service::kGetConnectionOwner) && !m.reply && m.target().is(Class::kConnectionManager)) {
    c.skip(1);
    out.path = c.bytes(std::size_t{c.u8()} * 2);
    return c.ok();
  }
  if (!m.is(Service::kForwardClose) || (!m.reply && !m.target().is(Class::kConnectionManager))) return false;
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
