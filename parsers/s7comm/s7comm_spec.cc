#include "parsers/s7comm/s7comm_parser.h"

namespace picket::s7comm {
namespace {

const Message* side(const Transaction& tx, Direction dir) noexcept {
  return static_cast<const Exchange&>(tx).side(dir);
}

bool param(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && m->kind == Kind::kS7 && (out = m->param, true);
}
bool data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && m->kind != Kind::kCotp && (out = m->data, true);
}
bool block(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  BlockJob job;
  PiService pi;
  if (read_block_job(*m, job)) return n == 0 && !job.file.empty() && (out = job.file, true);
  return read_pi_service(*m, pi) && n < pi.blocks &&
         (out = pi.block_names.subspan(n * kPiName, kPiName), true);
}
bool service(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  PiService pi;
  return n == 0 && m != nullptr && read_pi_service(*m, pi) && (out = pi.name, true);
}
bool tsap(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && !m->tpdu.called.empty() && (out = m->tpdu.called, true);
}

/// An IntegerDef's getter for what `kRead` says of a message; it answers for 0 only.
template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && kRead(*m, out);
}
bool s7(const Message& m) noexcept { return m.kind == Kind::kS7; }
bool userdata(const Message& m) noexcept { return m.is(Rosctr::kUserdata); }
bool rosctr(const Message& m, std::uint64_t& out) noexcept { return out = m.rosctr, s7(m); }
bool reference(const Message& m, std::uint64_t& out) noexcept { return out = m.reference, s7(m); }
bool function(const Message& m, std::uint64_t& out) noexcept {
  return out = m.function, s7(m) && !userdata(m) && !m.param.empty();
}
bool group(const Message& m, std::uint64_t& out) noexcept { return out = m.group, userdata(m); }
bool subfunction(const Message& m, std::uint64_t& out) noexcept { return out = m.subfunction, userdata(m); }
bool error(const Message& m, std::uint64_t& out) noexcept {
  out = userdata(m) ? m.param_error : unsigned{m.error_class} << 8 | m.error_code;
  return s7(m) && !m.is(Rosctr::kJob) && (!userdata(m) || m.userdata_type() == UserdataType::kResponse);
}
bool szl_id(const Message& m, std::uint64_t& out) noexcept {
  Szl s;
  return read_szl(m, s) && (out = s.id, true);
}
bool szl_index(const Message& m, std::uint64_t& out) noexcept {
  Szl s;
  return read_szl(m, s) && (out = s.index, true);
}
bool pdu_length(const Message& m, std::uint64_t& out) noexcept {
  Cursor c(m.param);
  c.skip(6);
  out = c.u16be();
  return m.is(Function::kSetup) && c.ok();
}
bool item_count(const Message& m, std::uint64_t& out) noexcept {
  return out = m.items.count, s7(m) && m.items.count != 0;
}
bool plus_function(const Message& m, std::uint64_t& out) noexcept {
  return out = m.plus_function, m.kind == Kind::kPlus && m.plus_function != 0;
}
bool plus_opcode(const Message& m, std::uint64_t& out) noexcept {
  return out = m.opcode, m.kind == Kind::kPlus && m.opcode != 0;
}

/// The n-th return code: of data items, or of userdata.
bool return_code(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr || !s7(*m) || m->is(Rosctr::kJob)) return false;
  if (m->values.kept == 0) return n == 0 && userdata(*m) && !m->data.empty() && (out = m->return_code, true);
  if (n >= m->values.kept) return false;
  out = value_at(*m, n).return_code;
  return true;
}
/// Of the n-th item that is addressed by a pointer; others answer with what nobody compares with.
template <std::uint64_t (*kOf)(const Item&) noexcept>
bool of_item(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return m != nullptr && n < m->items.kept && (out = kOf(item_at(*m, n)), true);
}
std::uint64_t area(const Item& i) noexcept { return i.area; }
std::uint64_t db(const Item& i) noexcept { return i.db; }
std::uint64_t byte(const Item& i) noexcept { return i.byte; }

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"s7comm.param", "", kBoth, param, "parameters of a message, function first"},
    {"s7comm.data", "", kBoth, data, "data of a message, behind its parameters; all of one of S7comm-plus"},
    {"s7comm.block", "", kBoth, block, "block's name as sent: _0A00001P is DB1"},
    {"s7comm.pi_service", "", kBoth, service, "service of the program: P_PROGRAM, _INSE, _DELE ..."},
    {"s7comm.called_tsap", "", kBoth, tsap, "selector of who is called: its second byte has rack and slot"},
};

constexpr IntegerDef kIntegers[] = {
    {"s7comm.rosctr", "", kBoth, integer<rosctr>, rosctr_by_name, "kind of message"},
    {"s7comm.pdu_reference", "", kBoth, integer<reference>, nullptr, "number that request and reply share"},
    {"s7comm.function", "", kBoth, integer<function>, function_by_name, "function of a job or its reply"},
    {"s7comm.group", "", kBoth, integer<group>, group_by_name, "function group of userdata"},
    {"s7comm.subfunction", "", kBoth, integer<subfunction>, nullptr, "subfunction of userdata"},
    {"s7comm.error", "", kBoth, integer<error>, nullptr, "error class and code of a reply: 0x8104"},
    {"s7comm.return_code", "", kBoth, return_code, return_code_by_name, "return codes of a reply"},
    {"s7comm.szl_id", "", kBoth, integer<szl_id>, nullptr, "system status list that is read"},
    {"s7comm.szl_index", "", kBoth, integer<szl_index>, nullptr, "index of that list"},
    {"s7comm.pdu_length", "", kBoth, integer<pdu_length>, nullptr, "bytes of a message that are agreed on"},
    {"s7comm.item_count", "", kBoth, integer<item_count>, nullptr, "variables that are addressed"},
    {"s7comm.area", "", kBoth, of_item<area>, area_by_name, "memory areas of the variables"},
    {"s7comm.db", "", kBoth, of_item<db>, nullptr, "data blocks of the variables"},
    {"s7comm.byte", "", kBoth, of_item<byte>, nullptr,
     "byte addresses of the variables, or numbers of timers and counters"},
    {"s7comm.plus_opcode", "", kBoth, integer<plus_opcode>, opcode_by_name, "opcode of S7comm-plus"},
    {"s7comm.plus_function", "", kBoth, integer<plus_function>, plus_function_by_name,
     "function of S7comm-plus"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_tpkt", "bytes that are no TPKT with a COTP header"},
    {"unexpected_tpdu", "a TPDU that class 0 does not have"},
    {"tpdu_rejected", "an ER: the other end did not understand a TPDU"},
    {"unknown_protocol", "data that are neither S7 nor S7comm-plus"},
    {"invalid_header", "a message too short for its header, or of no kind that exists"},
    {"invalid_length", "lengths that do not fit together, or parameters too short for their function"},
    {"invalid_item", "an item that is no variable's address, or not all there"},
    {"invalid_data", "values that are not all there"},
    {"too_many_items", "more than 64 items; the others are counted only"},
    {"too_large", "a message or a list in several pieces is larger than message-limit, or memory is short"},
    {"unsolicited_response", "no request with that reference waits for a reply"},
    {"mismatch", "the reply is of another function, or of another number of items, than its request"},
    {"flooded", "more requests than request-flood wait for a reply"},
    {"no_reply", "no reply came within reply-timeout"},
    {"lost_sync", "parsing goes on at the next header that makes sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next header that makes sense"},
    {"out_of_memory", "no memory was left for a request"},
    {"encrypted", "what follows is inside TLS"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kEncrypted) + 1);

constexpr std::uint16_t kPorts[] = {cotp::kPort};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "s7comm",
    .record = "s7comm",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(S7commParser),
    .create = create_parser<S7commParser>,
    .max_pending_bytes = cotp::kMaxTpkt,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::s7comm
