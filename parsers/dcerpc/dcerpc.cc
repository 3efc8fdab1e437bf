#include "parsers/dcerpc/dcerpc.h"

#include <algorithm>
#include <cstring>

#include "parsers/dcerpc/reader.h"

namespace picket::dcerpc {
namespace {

constexpr std::string_view kPduNames[] = {
    "REQUEST",   "PING",     "RESPONSE",      "FAULT",
    "WORKING",   "NOCALL",   "REJECT",        "ACK",
    "CL_CANCEL", "FACK",     "CANCEL_ACK",    "BIND",
    "BINDACK",   "BINDNAK",  "ALTER_CONTEXT", "ALTER_CONTEXT_RESP",
    "AUTH3",     "SHUTDOWN", "CO_CANCEL",     "ORPHANED",
};

// In the order of Event.
constexpr std::array<EventDef, kEventCount> kEvents = {{
    {"malformed_pdu", "a DCE/RPC fragment's header or body cannot be"},
    {"wrong_direction", "a request from the server, or a response from the client"},
    {"bind_without_first_fragment", "a bind without the flag of a first fragment, which defines nothing"},
    {"too_many_contexts", "more contexts than 32 in an association"},
    {"too_many_calls", "more calls than max-calls are open; the oldest is given up"},
    {"stub_too_large", "stub data beyond max-stub-size is not looked at"},
    {"unknown_context", "a request in a context that no bind defined"},
    {"gap", "bytes are missing; reading goes on at the next fragment"},
    {"out_of_memory", "no memory was left for a call"},
    {"missing_fragment", "a datagram with a part of a call came before the part that it follows"},
}};

bool is_bind(std::uint8_t type) noexcept { return is(type, Pdu::kBind) || is(type, Pdu::kAlterContext); }
bool from_client(std::uint8_t type) noexcept { return is(type, Pdu::kRequest) || is_bind(type); }
bool from_server(std::uint8_t type) noexcept {
  return is(type, Pdu::kResponse) || is(type, Pdu::kFault) || is(type, Pdu::kBindAck) ||
         is(type, Pdu::kBindNak) || is(type, Pdu::kAlterContextResponse);
}

Interface at(const PoolBuffer& list, std::size_t i) noexcept {
  Interface out;
  std::memcpy(&out, list.view().data() + i * sizeof(Interface), sizeof(Interface));
  return out;
}
void put(PoolBuffer& list, std::size_t i, const Interface& v) noexcept {
  std::memcpy(list.data() + i * sizeof(Interface), &v, sizeof(Interface));
}
bool push(PoolBuffer& list, const Interface& v) noexcept {
  return list.append({reinterpret_cast<const std::uint8_t*>(&v), sizeof v});
}

}  // namespace

std::string_view pdu_name(std::uint8_t type) noexcept {
  return type < std::size(kPduNames) ? kPduNames[type] : std::string_view();
}

std::span<const EventDef, kEventCount> event_defs() noexcept { return kEvents; }

Interface Call::interface_at(std::size_t i) const noexcept { return at(interfaces, i); }

struct Connection::Header {
  std::uint8_t minor = 0, type = 0, flags = 0;
  bool little = true;
  std::uint16_t fragment_length = 0, auth_length = 0;
  std::uint32_t call_id = 0;
};

Probe probe_header(Bytes first) noexcept {
  const auto differs = [&](std::size_t i, auto right) { return i < first.size() && !right(first[i]); };
  if (differs(0, [](auto v) { return v == 5; }) || differs(1, [](auto v) { return v <= 1; }) ||
      differs(2, [](auto v) { return from_client(v) || from_server(v) || (v >= 16 && v <= 19); }) ||
      differs(4, [](auto v) { return v == 0x10 || v == 0; }) || differs(5, [](auto v) { return v == 0; }) ||
      differs(6, [](auto v) { return v == 0; }) || differs(7, [](auto v) { return v == 0; }))
    return Probe::kNo;
  if (first.size() < kLengthEnd) return Probe::kUnsure;
  return fragment_size(first) >= kHeaderSize ? Probe::kYes : Probe::kNo;
}

std::size_t fragment_size(Bytes first) noexcept {
  Cursor c(first);
  c.skip(4);
  const bool little = (c.u8() & 0x10) != 0;
  c.skip(3);
  return Reader(c, little).u16();
}

void Connection::feed(Direction dir, Bytes data, Listener& listener) noexcept {
  PoolBuffer& pending = pending_[index(dir)];
  while (!data.empty() && !lost_[index(dir)]) {
    // How long the fragment is, from what waits and what is new.
    const Bytes before = pending.view();
    std::array<std::uint8_t, kLengthEnd> head{};
    const std::size_t known = std::min(head.size(), before.size() + data.size());
    for (std::size_t i = 0; i < known; ++i) head[i] = i < before.size() ? before[i] : data[i - before.size()];
    const Probe p = probe_header(Bytes(head).first(known));
    if (p == Probe::kNo) {
      listener.event(dir, Event::kMalformedPdu, nullptr);
      pending.reset();
      lost_[index(dir)] = true;
      return;
    }
    const std::size_t size = p == Probe::kUnsure ? head.size() : fragment_size(head);
    const std::size_t missing = size - before.size();
    if (p == Probe::kYes && before.empty() && data.size() >= size) {
      read_pdu(dir, data.first(size), listener);
      data = data.subspan(size);
      continue;
    }
    const Bytes more = data.first(std::min(missing, data.size()));
    data = data.subspan(more.size());
    if (!pending.append(more)) {
      listener.event(dir, Event::kOutOfMemory, nullptr);
      pending.reset();
      lost_[index(dir)] = true;
      return;
    }
    if (p != Probe::kYes || more.size() < missing) continue;
    read_pdu(dir, pending.view(), listener);
    pending.reset();
  }
}

void Connection::gap(Direction dir, Listener& listener) noexcept {
  if (!lost_[index(dir)]) listener.event(dir, Event::kGap, nullptr);
  pending_[index(dir)].reset();
  lost_[index(dir)] = true;
}

void Connection::close(Listener& listener) noexcept {
  while (calls_ != nullptr) finish(*calls_, listener);
}

Call* Connection::find(std::uint32_t id) noexcept {
  Call* call = calls_;
  while (call != nullptr && call->id != id) call = call->next;
  return call;
}

Call* Connection::open_call(Direction dir, std::uint32_t id, Listener& listener) noexcept {
  if (call_count_ >= limits_.max_calls) {
    listener.event(dir, Event::kTooManyCalls, calls_);
    finish(*calls_, listener);
  }
  Call* call = listener.begin(dir);
  if (call == nullptr) {
    listener.event(dir, Event::kOutOfMemory, nullptr);
    return nullptr;
  }
  call->id = id;
  Call** end = &calls_;
  while (*end != nullptr) end = &(*end)->next;
  *end = call;
  ++call_count_;
  return call;
}

void Connection::finish(Call& call, Listener& listener) noexcept {
  Call** at = &calls_;
  while (*at != &call) at = &(*at)->next;
  *at = call.next;
  --call_count_;
  listener.finished(call);
}

void Connection::read_pdu(Direction dir, Bytes pdu, Listener& listener) noexcept {
  Cursor c(pdu);
  Header h;
  c.skip(1);
  h.minor = c.u8();
  h.type = c.u8();
  h.flags = c.u8();
  h.little = (c.u8() & 0x10) != 0;
  c.skip(3);
  Reader r(c, h.little);
  h.fragment_length = r.u16();
  h.auth_length = r.u16();
  h.call_id = r.u32();
  if (!c.ok()) return listener.event(dir, Event::kMalformedPdu, nullptr);
  const bool up = dir == Direction::kToServer;
  if (up ? from_server(h.type) : from_client(h.type))
    return listener.event(dir, Event::kWrongDirection, nullptr);
  if (!from_client(h.type) && !from_server(h.type)) return;  // nothing to pair: AUTH3, cancels

  Call* call = find(h.call_id);
  // A call whose side is whole already is over: the id is used again.
  if (call != nullptr && up && (call->request.whole || call->request.type != h.type)) {
    finish(*call, listener);
    call = nullptr;
  }
  if (call == nullptr) call = open_call(dir, h.call_id, listener);
  if (call == nullptr) return;
  Half& half = up ? call->request : call->reply;
  if (!half.seen) {
    half.type = h.type;
    half.little = h.little;
  }
  half.seen = true;
  ++half.fragments;
  call->minor = h.minor;
  if (is_bind(h.type)) {
    read_bind(h, c, *call, dir, listener);
  } else if (is(h.type, Pdu::kBindAck) || is(h.type, Pdu::kAlterContextResponse)) {
    read_bind_answer(h, c, *call);
  } else if (is(h.type, Pdu::kBindNak)) {
    const std::uint16_t reason = r.u16();
    for (std::size_t i = 0; i < call->interface_count(); ++i) {
      Interface v = call->interface_at(i);
      v.answered = true;
      v.result = 2;  // rejected by the provider
      v.reason = reason;
      put(call->interfaces, i, v);
    }
  } else {
    read_stub(h, c, *call, half, dir, listener);
  }
  if (!c.ok()) listener.event(dir, Event::kMalformedPdu, call);
  const bool bind = is_bind(h.type) || is(h.type, Pdu::kBindAck) || is(h.type, Pdu::kBindNak) ||
                    is(h.type, Pdu::kAlterContextResponse);
  if (!bind && (h.flags & kLastFragment) == 0) return;
  half.whole = true;
  listener.half_done(*call, dir);
  if (!up) finish(*call, listener);
}

void Connection::read_bind(const Header& h, Cursor& c, Call& call, Direction dir,
                           Listener& listener) noexcept {
  // Servers were seen to take such a bind; Suricata does not, so neither do rules here. The event tells.
  if ((h.flags & kFirstFragment) == 0) return listener.event(dir, Event::kBindWithoutFirstFragment, &call);
  Reader r(c, h.little);
  c.skip(8);  // fragment sizes, association group
  const std::size_t count = c.u8();
  c.skip(3);
  for (std::size_t i = 0; i < count && c.ok(); ++i) {
    Interface v;
    v.context = r.u16();
    const std::size_t transfers = c.u8();
    c.skip(1);
    r.uuid(v.uuid);
    v.major = r.u16();
    v.minor = r.u16();
    c.skip(transfers * 20);
    if (!c.ok()) return;
    if (call.interface_count() == kMaxInterfaces) return listener.event(dir, Event::kTooManyContexts, &call);
    if (!push(call.interfaces, v)) return listener.event(dir, Event::kOutOfMemory, &call);
    set_context(v, dir, listener, call);
  }
}

void Connection::set_context(const Interface& v, Direction dir, Listener& listener, Call& call) noexcept {
  const std::size_t count = contexts_.size() / sizeof(Interface);
  for (std::size_t i = 0; i < count; ++i) {
    const Interface old = at(contexts_, i);
    if (old.context != v.context) continue;
    // A context may be offered with several transfer syntaxes; one that was accepted stays.
    if (old.uuid != v.uuid || !old.accepted() || v.accepted()) put(contexts_, i, v);
    return;
  }
  if (count == kMaxInterfaces) return listener.event(dir, Event::kTooManyContexts, &call);
  if (!push(contexts_, v)) listener.event(dir, Event::kOutOfMemory, &call);
}

void Connection::read_bind_answer(const Header& h, Cursor& c, Call& call) noexcept {
  Reader r(c, h.little);
  c.skip(8);
  const std::size_t address = r.u16();
  c.skip(address);
  c.skip((4 - c.offset() % 4) % 4);
  const std::size_t count = c.u8();
  c.skip(3);
  for (std::size_t i = 0; i < count && i < call.interface_count() && c.ok(); ++i) {
    Interface v = call.interface_at(i);
    v.result = r.u16();
    v.reason = r.u16();
    c.skip(20);
    if (!c.ok()) return;
    v.answered = true;
    put(call.interfaces, i, v);
    for (std::size_t k = 0; k < contexts_.size() / sizeof(Interface); ++k) {
      const Interface known = at(contexts_, k);
      if (known.context == v.context && known.uuid == v.uuid && !known.accepted()) put(contexts_, k, v);
    }
  }
}

void Connection::read_stub(const Header& h, Cursor& c, Call& call, Half& half, Direction dir,
                           Listener& listener) noexcept {
  Reader r(c, h.little);
  c.skip(4);  // the sender's guess at the size
  const std::uint16_t context = r.u16();
  if (is(h.type, Pdu::kRequest)) {
    const std::uint16_t opnum = r.u16();
    if ((h.flags & kObjectUuid) != 0) c.skip(16);
    if (half.fragments == 1) {
      call.opnum = opnum;
      for (std::size_t i = 0; i < contexts_.size() / sizeof(Interface) && !call.has_interface; ++i) {
        call.interface = at(contexts_, i);
        call.has_interface = call.interface.context == context;
      }
      if (!call.has_interface) listener.event(dir, Event::kUnknownContext, &call);
    }
  } else {
    c.skip(2);
    if (is(h.type, Pdu::kFault)) c.skip(8);  // the status, and padding
  }
  if (!c.ok()) return;
  std::size_t size = c.left();
  half.stub_size += size;
  if (h.auth_length != 0) {
    // The security trailer says how much before it is padding.
    const std::size_t behind = std::size_t{h.auth_length} + 8;
    if (behind > size) return c.fail();
    size -= behind;
    const std::size_t padding = c.rest()[size + 2];
    size -= std::min(size, padding);
  }
  keep_stub(half, c.bytes(size), limits_, call, dir, listener);
}

void keep_stub(Half& half, Bytes stub, const Limits& limits, Call& call, Direction dir,
               Listener& listener) noexcept {
  const std::size_t limit = std::min<std::size_t>(limits.max_stub_bytes, Pool::kMaxBlock);
  const Bytes kept = stub.first(std::min(stub.size(), limit - std::min(limit, half.stub.size())));
  if (!half.stub.append(kept)) listener.event(dir, Event::kOutOfMemory, &call);
  if (kept.size() < stub.size()) listener.event(dir, Event::kStubTooLarge, &call);
}

}  // namespace picket::dcerpc
