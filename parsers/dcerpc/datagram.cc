#include "parsers/dcerpc/datagram.h"

#include <algorithm>

#include "parsers/dcerpc/reader.h"

namespace picket::dcerpc {
namespace {

constexpr std::uint8_t kLast = 0x02, kFragment = 0x04, kMaybe = 0x10, kReserved = 0x80;
constexpr std::size_t kInterfaceAt = 24, kActivityAt = 40, kLengthAt = 74, kVerifierAt = 78;

bool is_request(std::uint8_t type) noexcept {
  return is(type, Pdu::kRequest) || is(type, Pdu::kPing) || is(type, Pdu::kAck) || is(type, Pdu::kClCancel);
}
bool ends_call(std::uint8_t type) noexcept {
  return is(type, Pdu::kResponse) || is(type, Pdu::kFault) || is(type, Pdu::kReject);
}

}  // namespace

struct Datagrams::Header {
  std::uint8_t type = 0, flags = 0;
  bool little = true;
  std::array<std::uint8_t, 16> interface {
  }, activity{};
  std::uint32_t version = 0, sequence = 0;
  std::uint16_t opnum = 0, length = 0, fragment = 0;
};

/// By type: fragments are acknowledged by whoever receives them.
Probe probe_datagram(Direction dir, Bytes d) noexcept {
  if (d.size() < kDatagramHeaderSize || d[0] != 4 || d[1] > static_cast<std::uint8_t>(Pdu::kCancelAck) ||
      (d[2] & kReserved) != 0 || (d[3] & 0xfc) != 0 || (d[4] & 0xee) != 0 || d[5] > 3)
    return Probe::kNo;
  if (d[6] != 0) return Probe::kNo;
  Cursor c(d);
  c.skip(kLengthAt);
  Reader r(c, d[4] != 0);
  const std::size_t length = r.u16(), fragment = r.u16(), body = d.size() - kDatagramHeaderSize;
  // Only a verifier may stand behind the body; only a fragment has a number; a call is of some interface.
  if (length > body || (d[kVerifierAt] == 0 && length != body)) return Probe::kNo;
  if (fragment != 0 && (d[2] & kFragment) == 0 && !is(d[1], Pdu::kFack)) return Probe::kNo;
  const auto names_nothing = [&](std::size_t at) {
    return std::all_of(d.begin() + at, d.begin() + at + 16, [](std::uint8_t b) { return b == 0; });
  };
  if (names_nothing(kActivityAt) || (is(d[1], Pdu::kRequest) && names_nothing(kInterfaceAt)))
    return Probe::kNo;
  const bool either = is(d[1], Pdu::kFack);
  return either || is_request(d[1]) == (dir == Direction::kToServer) ? Probe::kYes : Probe::kNo;
}

void Datagrams::feed(Direction dir, Bytes datagram, Listener& listener) noexcept {
  Cursor c(datagram);
  Header h;
  const std::uint8_t protocol = c.u8();
  h.type = c.u8();
  h.flags = c.u8();
  c.skip(1);
  h.little = (c.u8() & 0xf0) != 0;
  c.skip(3 + 16);  // character sets, serial, object
  Reader r(c, h.little);
  r.uuid(h.interface);
  // The activity only tells calls apart. It is written as on a little-endian machine whatever the sender is,
  // since that is how others write it, and records of the same call should meet.
  Reader(c, true).uuid(h.activity);
  c.skip(4);
  h.version = r.u32();
  h.sequence = r.u32();
  h.opnum = r.u16();
  c.skip(4);
  h.length = r.u16();
  h.fragment = r.u16();
  c.skip(2);
  if (!c.ok() || protocol != 4 || h.length > c.left())
    return listener.event(dir, Event::kMalformedPdu, nullptr);
  const bool asks = is(h.type, Pdu::kRequest);
  if (!asks && !ends_call(h.type)) return;

  Call* call = call_of(h, asks ? Direction::kToServer : Direction::kToClient, listener);
  if (call == nullptr) return;
  Half& half = asks ? call->request : call->reply;
  const Direction side = asks ? Direction::kToServer : Direction::kToClient;
  const bool in_pieces = (h.flags & kFragment) != 0;
  if (half.whole || (in_pieces && h.fragment < half.fragments)) return;  // sent again
  if (in_pieces && h.fragment > half.fragments)
    return listener.event(side, Event::kMissingFragment, call);  // its sender will repeat it
  if (!half.seen) {
    half.type = h.type;
    half.little = h.little;
    call->opnum = h.opnum;
  }
  if (!call->has_interface) {
    call->has_interface = true;
    call->interface.uuid = h.interface;
    call->interface.major = static_cast<std::uint16_t>(h.version);
    call->interface.minor = static_cast<std::uint16_t>(h.version >> 16);
    call->interface.answered = true;  // there is no bind that a server could refuse
  }
  half.seen = true;
  ++half.fragments;
  half.stub_size += h.length;
  keep_stub(half, c.bytes(h.length), limits_, *call, side, listener);
  if (in_pieces && (h.flags & kLast) == 0) return;
  half.whole = true;
  listener.half_done(*call, side);
  if (!asks || (h.flags & kMaybe) != 0) finish(*call, listener);
}

/// The open call that the header names, or a new one. A reply to none opens one, too: what was asked may not
/// have been seen.
Call* Datagrams::call_of(const Header& h, Direction side, Listener& listener) noexcept {
  Call** at = &calls_;
  for (; *at != nullptr; at = &(*at)->next) {
    if ((*at)->id == h.sequence && (*at)->activity == h.activity) return *at;
  }
  if (call_count_ >= limits_.max_calls) {
    listener.event(side, Event::kTooManyCalls, calls_);
    finish(*calls_, listener);
    at = &calls_;
    while (*at != nullptr) at = &(*at)->next;
  }
  Call* call = listener.begin(side);
  if (call == nullptr) {
    listener.event(side, Event::kOutOfMemory, nullptr);
    return nullptr;
  }
  call->major = 4;
  call->id = h.sequence;
  call->activity = h.activity;
  *at = call;
  ++call_count_;
  return call;
}

void Datagrams::finish(Call& call, Listener& listener) noexcept {
  Call** at = &calls_;
  while (*at != &call) at = &(*at)->next;
  *at = call.next;
  --call_count_;
  listener.finished(call);
}

void Datagrams::close(Listener& listener) noexcept {
  while (calls_ != nullptr) finish(*calls_, listener);
}

}  // namespace picket::dcerpc
