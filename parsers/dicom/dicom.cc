// PDUs, PDVs, associations, and how DICOM is told from what else is on the wire.
#include "parsers/dicom/dicom.h"

#include <algorithm>

#include "parsers/core/text.h"

namespace picket::dicom {
namespace {

constexpr std::size_t kApplicationContextAt = kPduHeader + kFixedAssociate;
constexpr std::uint8_t kApplicationContext = 0x10;
/// The beginning of a command: its group length, (0000,0000), four bytes.
constexpr std::uint8_t kGroupLength[] = {0, 0, 0, 0, 4, 0, 0, 0};

bool title_byte(std::uint8_t c) noexcept { return c == 0 || (c >= 0x20 && c < 0x7f); }

/// Each byte that is there has to fit; kUnsure while the application context is not there.
Probe associate_starts(Bytes b) noexcept {
  constexpr std::uint64_t kLimit = 1 << 20;
  Cursor c(b);
  c.skip(2);
  const std::uint32_t length = c.u32be();
  if (!c.ok()) return Probe::kUnsure;
  if (length < kFixedAssociate + 4 || length > kLimit) return Probe::kNo;
  const std::uint16_t version = c.u16be();
  if (!c.ok()) return Probe::kUnsure;
  if ((version & 1) == 0) return Probe::kNo;
  c.skip(2);
  while (!c.empty() && c.offset() < kPduHeader + 36) {
    if (!title_byte(c.u8())) return Probe::kNo;
  }
  if (b.size() <= kApplicationContextAt) return Probe::kUnsure;
  return b[kApplicationContextAt] == kApplicationContext ? Probe::kYes : Probe::kNo;
}

/// A-ASSOCIATE-RJ, A-RELEASE, A-ABORT: four bytes that are all told.
Probe short_pdu_starts(Bytes b) noexcept {
  if (b.size() < 10) return Probe::kUnsure;
  const std::uint8_t a = b[7], second = b[8], third = b[9];
  bool fits = b[2] == 0 && b[3] == 0 && b[4] == 0 && b[5] == 4 && b[6] == 0;
  switch (static_cast<PduType>(b[0])) {
    case PduType::kAssociateRj:
      fits = fits && !reject_result_name(a).empty() && !reject_reason_name(second, third).empty();
      break;
    case PduType::kAbort:
      fits = fits && a == 0 && !abort_source_name(second).empty() && third <= 6;
      break;
    default:
      fits = fits && a == 0 && second == 0 && third == 0;
  }
  return fits ? Probe::kYes : Probe::kNo;
}

Probe command_starts(Bytes fragment) noexcept {
  const std::size_t n = std::min(fragment.size(), sizeof kGroupLength);
  if (!std::equal(kGroupLength, kGroupLength + n, fragment.begin())) return Probe::kNo;
  return n < sizeof kGroupLength ? Probe::kUnsure : Probe::kYes;
}

/// `lost`: in the middle of a stream, where a fragment of a data set that fills its PDU is good enough.
Probe data_starts(Bytes b, bool lost) noexcept {
  Cursor c(b);
  PduHeader h;
  const ParseResult r = parse_pdu(c, kFixedAssociate, h);
  if (r.kind != ParseResult::Kind::kDone)
    return r.kind == ParseResult::Kind::kNeedMore ? Probe::kUnsure : Probe::kNo;
  PdvHeader v;
  if (parse_pdv(c, h.length, v).kind != ParseResult::Kind::kDone) return Probe::kNo;
  if ((v.context & 1) == 0 || v.control > 3) return Probe::kNo;
  if (v.command()) return v.fragment < sizeof kGroupLength ? Probe::kNo : command_starts(c.rest());
  return lost && v.fragment + kPdvHeader == h.length ? Probe::kYes : Probe::kNo;
}

Probe starts(Bytes b, bool lost) noexcept {
  if (b.empty()) return Probe::kUnsure;
  if (b[0] < 1 || b[0] > 7 || (b.size() > 1 && b[1] != 0)) return Probe::kNo;
  if (b.size() < 2) return Probe::kUnsure;
  switch (static_cast<PduType>(b[0])) {
    case PduType::kAssociateRq:
    case PduType::kAssociateAc:
      return associate_starts(b);
    case PduType::kData:
      return data_starts(b, lost);
    case PduType::kAssociateRj:
      return short_pdu_starts(b);
    default:
      return lost ? short_pdu_starts(b) : Probe::kNo;
  }
}

/// A UID or a title that begins with its length.
Bytes counted(Cursor& c) noexcept {
  const std::uint16_t size = c.u16be();
  return c.bytes(size);
}

}  // namespace

Bytes unpadded(Bytes b) noexcept { return as_bytes(trim(as_text(b))); }

ParseResult parse_pdu(Cursor& in, std::uint64_t length_limit, PduHeader& header) noexcept {
  Cursor c = in;
  PduHeader h;
  h.type = c.u8();
  if (c.ok() && (h.type < 1 || h.type > 7)) return ParseResult::malformed(Event::kInvalidPduType);
  c.skip(1);
  h.length = c.u32be();
  if (!c.ok()) return ParseResult::need_more(kPduHeader);
  if (h.is(PduType::kData)) {
    if (h.length < kPdvHeader) return ParseResult::malformed(Event::kInvalidPduLength);
    // A length that lies would swallow what follows: the PDV has to bear it out.
    if (c.left() < kPdvHeader) return ParseResult::need_more(kPduHeader + kPdvHeader);
    Cursor v = c;
    PdvHeader first;
    if (parse_pdv(v, h.length, first).kind != ParseResult::Kind::kDone ||
        (h.length > kLongPdu && first.fragment + kPdvHeader != h.length)) {
      return ParseResult::malformed(Event::kInvalidPdv);
    }
  } else if (h.is(PduType::kAssociateRq) || h.is(PduType::kAssociateAc)) {
    if (h.length < kFixedAssociate || h.length > length_limit)
      return ParseResult::malformed(Event::kInvalidPduLength);
  } else if (h.length != 4) {
    return ParseResult::malformed(Event::kInvalidPduLength);
  }
  header = h;
  in = c;
  return ParseResult::done();
}

ParseResult parse_pdv(Cursor& in, std::uint32_t left, PdvHeader& header) noexcept {
  Cursor c = in;
  const std::uint32_t length = c.u32be();
  PdvHeader h;
  h.context = c.u8();
  h.control = c.u8();
  if (!c.ok()) return ParseResult::need_more(kPdvHeader);
  if (left < kPdvHeader || length < 2 || length > left - 4) return ParseResult::malformed(Event::kInvalidPdv);
  h.fragment = length - 2;
  // Two lengths may lie alike, and would swallow what follows. An image may be that large, a command is not.
  if (h.command() && h.fragment > kMaxCommand) return ParseResult::malformed(Event::kInvalidPdv);
  header = h;
  in = c;
  return ParseResult::done();
}

Probe pdu_starts(Bytes stream) noexcept { return starts(stream, true); }

Probe probe(Transport t, Direction, Bytes first) noexcept {
  return t == Transport::kTcp ? starts(first, false) : Probe::kNo;
}

bool next_item(Cursor& in, Item& item) noexcept {
  if (in.empty()) return false;
  item.type = in.u8();
  in.skip(1);
  const std::uint16_t size = in.u16be();
  item.value = in.bytes(size);
  return in.ok();
}

bool read_associate(Bytes body, Associate& a) noexcept {
  Cursor c(body);
  a.version = c.u16be();
  c.skip(2);
  a.called = unpadded(c.bytes(16));
  a.calling = unpadded(c.bytes(16));
  c.skip(32);
  a.items = c.rest();
  return c.ok();
}

bool items_fit(Bytes items) noexcept {
  Cursor c(items);
  Item i;
  while (next_item(c, i)) {
    Cursor inner(i.value);
    if (i.type == 0x20 || i.type == 0x21) inner.skip(4);
    if (i.type == 0x20 || i.type == 0x21 || i.type == 0x50) {
      Item sub;
      while (next_item(inner, sub)) {
      }
    }
    if (!inner.ok()) return false;
  }
  return c.ok();
}

bool read_context(const Item& i, Context& out) noexcept {
  if (i.type != 0x20 && i.type != 0x21) return false;
  out = {};
  Cursor c(i.value);
  out.id = c.u8();
  c.skip(1);
  out.result = c.u8();
  c.skip(1);
  out.answer = i.type == 0x21;
  out.syntaxes = c.rest();
  if (!c.ok()) return false;
  Item sub;
  while (next_item(c, sub)) {
    if (sub.type == 0x30) out.abstract = unpadded(sub.value);
  }
  return true;
}

bool syntax_at(const Context& x, unsigned n, Bytes& uid) noexcept {
  Cursor c(x.syntaxes);
  Item i;
  while (next_item(c, i)) {
    if (i.type == 0x40 && n-- == 0) return uid = unpadded(i.value), true;
  }
  return false;
}

bool context_at(Bytes items, unsigned n, Context& out) noexcept {
  Cursor c(items);
  Item i;
  while (next_item(c, i)) {
    if ((i.type == 0x20 || i.type == 0x21) && n-- == 0) return read_context(i, out);
  }
  return false;
}

bool read_user(Bytes items, User& u) noexcept {
  Cursor c(items);
  Item i;
  bool found = false;
  while (!found && next_item(c, i)) found = i.type == 0x50;
  if (!found) return false;
  u = {};
  u.items = i.value;
  Cursor in(i.value);
  while (next_item(in, i)) {
    Cursor v(i.value);
    switch (i.type) {
      case 0x51:
        u.max_pdu = v.u32be();
        u.has_max_pdu = v.ok();
        break;
      case 0x52:
        u.implementation = unpadded(i.value);
        break;
      case 0x53:
        u.invoked = v.u16be();
        u.performed = v.u16be();
        u.has_window = v.ok();
        break;
      case 0x55:
        u.version = unpadded(i.value);
        break;
      case 0x58:
        u.identity.type = v.u8();
        u.identity.response = v.u8() != 0;
        u.identity.name = counted(v);
        u.has_identity = v.ok();
        if (!v.ok() || u.identity.type < 1 || u.identity.type > 2) u.identity.name = {};  // else a ticket
        break;
      case 0x59:
        u.identity_answered = true;
        break;
      default:
        break;
    }
  }
  return true;
}

bool read_role(const Item& i, Role& r) noexcept {
  if (i.type != 0x54) return false;
  Cursor c(i.value);
  r.sop_class = unpadded(counted(c));
  r.user = c.u8() != 0;
  r.provider = c.u8() != 0;
  return c.ok();
}

bool read_extended(const Item& i, Extended& e) noexcept {
  if (i.type != 0x56 && i.type != 0x57) return false;
  e = {};
  Cursor c(i.value);
  e.sop_class = unpadded(counted(c));
  e.common = i.type == 0x57;
  if (e.common) {
    e.service_class = unpadded(counted(c));
  } else {
    e.information = c.rest();
  }
  return c.ok();
}

const Command* Exchange::command(Direction dir) const noexcept {
  if (kind != Kind::kOperation) return nullptr;
  if (dir == asked && has_question) return &question;
  const bool answered = has_question ? dir != asked : dir == asked;
  return answered && has_answer ? &answer : nullptr;
}

const DataSet* Exchange::data(Direction dir) const noexcept {
  const Command* c = command(dir);
  if (c == nullptr) return nullptr;
  const DataSet& d = c == &question ? question_data : answer_data;
  return d.there ? &d : nullptr;
}

Bytes Exchange::body(Direction dir) const noexcept {
  if (kind == Kind::kOperation) return {};
  if (dir == asked && has_question) return question_bytes.view();
  const bool answered = has_question ? dir != asked : dir == asked;
  return answered && has_answer ? answer_bytes.view() : Bytes{};
}

bool data_set_at(const Exchange& x, Direction dir, unsigned n, Bytes& out) noexcept {
  const DataSet* d = x.data(dir);
  if (d == nullptr) return false;
  if (d == &x.question_data || x.result_count == 0) return n == 0 && (out = d->head, true);
  if (n >= x.result_count) return false;
  const std::uint32_t from = n == 0 ? 0 : x.results[n - 1];
  out = x.answer_head.view().subspan(from, x.results[n] - from);
  return true;
}

}  // namespace picket::dicom
