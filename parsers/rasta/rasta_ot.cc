// parsers/rasta/rasta_ot.cc — what is done with RaSTA and SCI, to which elements, with which values
//
// A PDU with telegrams does what the gravest of them does.
#include <algorithm>

#include "parsers/core/text_writer.h"
#include "parsers/rasta/rasta.h"

namespace picket::rasta {
namespace {

using C = OtClass;

/// In the order of kOperations.
enum class Does : std::uint8_t {
  kRequest,
  kResponse,
  kRetransmissionRequest,
  kRetransmissionResponse,
  kDisconnection,
  kDisconnectionForError,
  kHeartbeat,
  kData,
  kOther,
};

constexpr OtOperation kOperations[] = {
    {C::kNone, "connection request", ""},
    {C::kNone, "connection response", ""},
    {C::kDiagnostic, "retransmission request", ""},
    {C::kDiagnostic, "retransmission response", ""},
    {C::kNone, "disconnection request", ""},
    {C::kAlarm, "disconnection for an error", ""},
    {C::kDiagnostic, "heartbeat", ""},
    {C::kNone, "application data", "", true},
    {C::kNone, "unknown PDU", "", true},
};
static_assert(std::size(kOperations) == static_cast<std::size_t>(Does::kOther) + 1);

Does does(const Pdu& p) noexcept {
  switch (p.type) {
    case Type::kConnectionRequest:
      return Does::kRequest;
    case Type::kConnectionResponse:
      return Does::kResponse;
    case Type::kRetransmissionRequest:
      return Does::kRetransmissionRequest;
    case Type::kRetransmissionResponse:
      return Does::kRetransmissionResponse;
    case Type::kDisconnectionRequest:
      return p.reason == 0 ? Does::kDisconnection : Does::kDisconnectionForError;
    case Type::kHeartbeat:
      return Does::kHeartbeat;
    case Type::kData:
    case Type::kRetransmittedData:
      return Does::kData;
  }
  return Does::kOther;
}

/// The n-th telegram of SCI.
const sci::Telegram* telegram(const Message& m, unsigned n) noexcept {
  for (unsigned i = 0; i < m.messages_told(); ++i) {
    if (m.messages[i].there && n-- == 0) return &m.messages[i];
  }
  return nullptr;
}

/// Of telegrams the elements and, of adjacent interlockings, what they speak of: "99W1", "B7 route R12"; else who speaks to
/// whom: "96 to 97".
bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  TextWriter w(m.text_room);
  if (const sci::Telegram* t = telegram(m, n)) {
    const Bytes element = sci::element(*t);
    w << (element.empty() ? as_bytes("no name") : element);
    if (t->def == nullptr) return out.text = w.bytes(), true;
    for (const sci::FieldDef& f : t->def->fields) {
      sci::Value v;
      if (f.kind == sci::FieldDef::Kind::kName && sci::value_of(*t, f, v) && !v.bytes.empty())
        w << " " << f.name << " " << v.bytes;
    }
    return out.text = w.bytes(), true;
  }
  if (n != 0 || telegram(m, 0) != nullptr) return false;
  return out.text = (w << m.pdu.sender << " to " << m.pdu.receiver).bytes(), true;
}

/// Fields of telegrams that are numbers or have names, one telegram after the other.
bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  if (dir != m.from) return false;
  for (unsigned i = 0; i < m.messages_told(); ++i) {
    const sci::Telegram& t = m.messages[i];
    if (t.def == nullptr) continue;
    for (const sci::FieldDef& f : t.def->fields) {
      sci::Value v;
      if (f.kind == sci::FieldDef::Kind::kName || !sci::value_of(t, f, v) || n-- != 0) continue;
      out.is_number = v.name.empty();
      out.number = v.number;
      out.text = as_bytes(v.name);
      return true;
    }
  }
  return false;
}

/// The same PDU of the safety layer comes by each transport channel.
std::uint64_t twin(const OtTransaction& tx) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  std::uint64_t h = 0xcbf29ce484222325;  // FNV-1a
  for (const std::uint8_t b : m.pdu.whole) h = (h ^ b) * 0x100000001b3;
  return h == 0 ? 1 : h;
}

const OtProtocol kSci = {"sci", sci::operations(), address, value, {}, twin};
const OtProtocol* const kInside[] = {&kSci};

}  // namespace

const OtProtocol kOt = {"rasta", kOperations, address, value, kInside, twin};

void set_operation(Message& m) noexcept {
  m.ot = &kOt;
  m.operation = &kOperations[static_cast<std::size_t>(does(m.pdu))];
  const sci::Telegram* t = telegram(m, 0);
  if (t != nullptr) {
    m.ot = &kSci;
    m.operation = &sci::operation(*t);
  }
  for (unsigned n = 1; (t = telegram(m, n)) != nullptr; ++n) {
    const OtOperation& o = sci::operation(*t);
    if (o.ot_class > m.operation->ot_class) m.operation = &o;
  }
  for (unsigned n = 0; (t = telegram(m, n)) != nullptr; ++n) m.failed = m.failed || sci::failed(*t);
  // Elements speak when something changes: no count may hide it. Nor that a connection begins or ends.
  m.apart = m.ot == &kSci || m.pdu.opens() || m.pdu.type == Type::kDisconnectionRequest;
}

}  // namespace picket::rasta
