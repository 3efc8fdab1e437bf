#include "parsers/s7comm/s7comm_export.h"

#include <algorithm>

#include "parsers/s7comm/s7comm.pb.h"

namespace picket::s7comm {
namespace {

using v1::S7commMessage;

std::string_view connection_name(std::uint8_t kind) noexcept {
  switch (kind) {
    case 1:
      return "PG";
    case 2:
      return "OP";
    case 3:
      return "S7 basic";
    default:
      return {};
  }
}

void cotp_header(WireWriter& w, const cotp::Tpdu& t) noexcept {
  using v1::S7commCotp;
  const auto c = w.message(S7commMessage::kCotpFieldNumber);
  write_name(w, S7commCotp::kTypeFieldNumber, cotp::type_name(t.type));
  if (t.type != cotp::Type::kError) w.u64(S7commCotp::kSourceReferenceFieldNumber, t.source);
  w.u64(S7commCotp::kDestinationReferenceFieldNumber, t.destination);
  switch (t.type) {
    case cotp::Type::kConnectRequest:
    case cotp::Type::kConnectConfirm:
      w.u64(S7commCotp::kClassFieldNumber, t.tpdu_class);
      if (t.tpdu_size != 0) w.u64(S7commCotp::kTpduSizeFieldNumber, t.tpdu_size);
      if (!t.calling.empty()) w.bytes(S7commCotp::kCallingTsapFieldNumber, t.calling);
      if (!t.called.empty()) w.bytes(S7commCotp::kCalledTsapFieldNumber, t.called);
      // Two bytes: kind of connection, and three bits of rack before five of slot.
      if (t.called.size() == 2 && !connection_name(t.called[0]).empty()) {
        w.text(S7commCotp::kConnectionFieldNumber, connection_name(t.called[0]));
        w.u64(S7commCotp::kRackFieldNumber, t.called[1] >> 5);
        w.u64(S7commCotp::kSlotFieldNumber, t.called[1] & 31U);
      }
      return;
    case cotp::Type::kDisconnectRequest:
      w.u64(S7commCotp::kCauseFieldNumber, t.cause);
      return write_name(w, S7commCotp::kCauseNameFieldNumber, cotp::disconnect_reason(t.cause));
    case cotp::Type::kError:
      w.u64(S7commCotp::kCauseFieldNumber, t.cause);
      return write_name(w, S7commCotp::kCauseNameFieldNumber, cotp::reject_cause(t.cause));
    default:
      return;
  }
}

void plus(WireWriter& w, const Message& m) noexcept {
  using v1::S7commPlus;
  const auto p = w.message(S7commMessage::kPlusFieldNumber);
  w.u64(S7commPlus::kVersionFieldNumber, m.version);
  w.u64(S7commPlus::kLengthFieldNumber, m.data.size());
  if (m.more) w.boolean(S7commPlus::kMoreFieldNumber, true);
  if (m.opcode == 0) return;
  w.u64(S7commPlus::kOpcodeFieldNumber, m.opcode);
  write_name(w, S7commPlus::kOpcodeNameFieldNumber, opcode_name(m.opcode));
  if (m.plus_function != 0) {
    w.u64(S7commPlus::kFunctionFieldNumber, m.plus_function);
    write_name(w, S7commPlus::kFunctionNameFieldNumber, plus_function_name(m.plus_function));
  }
  w.u64(S7commPlus::kSequenceFieldNumber, m.plus_sequence);
  if (m.session != 0) w.u64(S7commPlus::kSessionIdFieldNumber, m.session);
  if (m.identity.empty()) return;
  w.bytes(S7commPlus::kIdentityFieldNumber, m.identity);
  // "1;6ES7 212-1BE31-0XB0 ;V3.0"
  const std::string_view text = as_text(m.identity);
  const std::size_t first = text.find(';'), second = text.find(';', first + 1);
  w.bytes(S7commPlus::kOrderNumberFieldNumber,
          unpadded(as_bytes(
              text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1))));
  if (second != std::string_view::npos)
    w.bytes(S7commPlus::kFirmwareFieldNumber, unpadded(as_bytes(text.substr(second + 1))));
}

void symbol(WireWriter& w, const Item& x) noexcept {
  using v1::S7commItem;
  w.u64(S7commItem::kSymbolCrcFieldNumber, x.symbol_crc);
  Cursor path(x.rest);
  // The first four bits of a step say of what kind it is.
  while (path.left() >= 4) w.u64(S7commItem::kSymbolPathFieldNumber, path.u32be() & 0x0fffffff);
}

void ranges(WireWriter& w, const Item& x) noexcept {
  using v1::S7commRange;
  Cursor c(x.rest);
  while (c.left() >= 5) {
    const auto r = w.message(v1::S7commItem::kRangesFieldNumber);
    w.u64(S7commRange::kCountFieldNumber, c.u8());
    w.u64(S7commRange::kDbFieldNumber, c.u16be());
    w.u64(S7commRange::kByteFieldNumber, c.u16be());
  }
}

void item(WireWriter& w, const Item& x) noexcept {
  using v1::S7commItem;
  const auto i = w.message(S7commMessage::kItemsFieldNumber);
  if (x.known) write_address(w, S7commItem::kAddressFieldNumber, x);
  w.u64(S7commItem::kSyntaxFieldNumber, x.syntax);
  write_name(w, S7commItem::kSyntaxNameFieldNumber, syntax_name(x.syntax));
  if (!x.known) return w.bytes(S7commItem::kRawFieldNumber, x.rest.first(std::min(x.rest.size(), kMaxRaw)));
  w.u64(S7commItem::kAreaFieldNumber, x.area);
  write_name(w, S7commItem::kAreaNameFieldNumber, area_name(x.area));
  const bool in_db = x.area == static_cast<std::uint8_t>(Area::kDb) ||
                     x.area == static_cast<std::uint8_t>(Area::kInstanceDb);
  if (in_db || x.db != 0) w.u64(S7commItem::kDbFieldNumber, x.db);
  if (x.syntax == static_cast<std::uint8_t>(Syntax::kSymbolic)) return symbol(w, x);
  write_name(w, S7commItem::kTypeFieldNumber, type_name(x.type));
  w.u64(S7commItem::kCountFieldNumber, x.count);
  if (x.area >= 0x1c && x.area <= 0x1f) return w.u64(S7commItem::kNumberFieldNumber, x.byte);
  w.u64(S7commItem::kByteFieldNumber, x.byte);
  w.u64(S7commItem::kBitFieldNumber, x.bit);
  if (x.syntax == static_cast<std::uint8_t>(Syntax::kDbRead)) ranges(w, x);
}

void value(WireWriter& w, const Value& v, const Item& x, bool job) noexcept {
  using v1::S7commValue;
  const auto s = w.message(S7commMessage::kValuesFieldNumber);
  if (!job) {
    w.u64(S7commValue::kReturnCodeFieldNumber, v.return_code);
    write_name(w, S7commValue::kReturnNameFieldNumber, return_code_name(v.return_code));
  }
  if (v.data.empty()) return;
  write_name(w, S7commValue::kTransportSizeFieldNumber, transport_name(v.transport));
  OtValue e;
  const std::size_t count = std::min(element_count(v, &x), kMaxNumbers);
  for (std::size_t i = 0; i < count && element(v, &x, i, e); ++i) {
    if (e.is_number) w.f64(S7commValue::kNumbersFieldNumber, e.number);
  }
  if (x.known && x.type == static_cast<std::uint8_t>(Type::kChar))
    w.bytes(S7commValue::kTextFieldNumber, v.data);
  w.bytes(S7commValue::kDataFieldNumber, v.data);
}

void variables(WireWriter& w, const Message& m, const Message* request) noexcept {
  if (m.items.count != 0) w.u64(S7commMessage::kItemCountFieldNumber, m.items.count);
  for (std::size_t i = 0; i < m.items.kept; ++i) item(w, item_at(m, i));
  const Message& asked = request == nullptr ? m : *request;
  for (std::size_t i = 0; i < m.values.kept; ++i)
    value(w, value_at(m, i), item_at(asked, i), m.is(Rosctr::kJob));
  if (m.items.kept < m.items.count || m.values.kept < m.values.count)
    w.boolean(S7commMessage::kTruncatedFieldNumber, true);
}

/// Digits; false when there are others.
bool number(Bytes digits, std::uint32_t& out) noexcept {
  out = 0;
  for (const std::uint8_t d : digits) {
    if (d < '0' || d > '9') return false;
    out = out * 10 + d - '0';
  }
  return !digits.empty();
}

void block(WireWriter& w, const Message& m, const BlockJob& b) noexcept {
  using v1::S7commBlock;
  const auto s = w.message(S7commMessage::kBlockFieldNumber);
  const bool job = m.is(Rosctr::kJob);
  if (!b.file.empty()) {
    BlockName n;
    w.bytes(S7commBlock::kFileFieldNumber, b.file);
    if (parse_block_name(b.file, n)) {
      write_block_name(w, S7commBlock::kNameFieldNumber, b.file);
      w.text(S7commBlock::kTypeFieldNumber, n.type);
      w.u64(S7commBlock::kNumberFieldNumber, n.number);
      write_name(w, S7commBlock::kFileSystemFieldNumber,
                 n.file_system == 'P'   ? "passive"
                 : n.file_system == 'A' ? "active"
                 : n.file_system == 'B' ? "both"
                                        : "");
    }
  }
  if (m.param.size() > 1) w.u64(S7commBlock::kStatusFieldNumber, b.status);
  if (job || m.is(Function::kStartUpload)) w.u64(S7commBlock::kUploadIdFieldNumber, b.session);
  std::uint32_t n = 0;
  if (number(b.length, n)) w.u64(S7commBlock::kLengthFieldNumber, n);
  if (number(b.load_length, n)) w.u64(S7commBlock::kLoadLengthFieldNumber, n);
  if (number(b.code_length, n)) w.u64(S7commBlock::kCodeLengthFieldNumber, n);
  if (b.error != 0) {
    w.u64(S7commBlock::kErrorFieldNumber, b.error);
    write_name(w, S7commBlock::kErrorNameFieldNumber, error_name(b.error));
  }
  if (b.content.empty()) return;
  w.boolean(S7commBlock::kMoreFieldNumber, b.more);
  w.u64(S7commBlock::kContentLengthFieldNumber, b.content.size());
  BlockInfo info;
  if (read_block_info(b.content, info)) write_block_info(w, S7commBlock::kInfoFieldNumber, info, false);
}

void service(WireWriter& w, const PiService& p) noexcept {
  const auto s = w.message(S7commMessage::kPiFieldNumber);
  w.bytes(v1::S7commPi::kServiceFieldNumber, p.name);
  if (!p.argument.empty()) w.bytes(v1::S7commPi::kArgumentFieldNumber, p.argument);
  for (unsigned i = 0; i < p.blocks; ++i)
    write_block_name(w, v1::S7commPi::kBlocksFieldNumber, p.block_names.subspan(i * kPiName, kPiName));
}

void setup(WireWriter& w, const Message& m) noexcept {
  Cursor c(m.param);
  c.skip(2);
  const auto s = w.message(S7commMessage::kSetupFieldNumber);
  w.u64(v1::S7commSetup::kMaxJobsCallingFieldNumber, c.u16be());
  w.u64(v1::S7commSetup::kMaxJobsCalledFieldNumber, c.u16be());
  w.u64(v1::S7commSetup::kPduLengthFieldNumber, c.u16be());
}

void job(WireWriter& w, const Message& m, const Message* request) noexcept {
  if (!m.param.empty()) {
    w.u64(S7commMessage::kFunctionFieldNumber, m.function);
    write_name(w, S7commMessage::kFunctionNameFieldNumber, function_name(m.function));
  }
  BlockJob b;
  PiService p;
  if (m.is(Function::kReadVar) || m.is(Function::kWriteVar)) return variables(w, m, request);
  if (read_block_job(m, b)) return block(w, m, b);
  if (read_pi_service(m, p)) return service(w, p);
  if (m.is(Function::kSetup) && m.param.size() >= 8) return setup(w, m);
  if (m.param.size() > 1)
    w.bytes(S7commMessage::kParamFieldNumber, m.param.first(std::min(m.param.size(), kMaxRaw)));
  if (!m.data.empty())
    w.bytes(S7commMessage::kDataFieldNumber, m.data.first(std::min(m.data.size(), kMaxRaw)));
}

void s7(WireWriter& w, const Message& m, const Message* request) noexcept {
  w.u64(S7commMessage::kRosctrFieldNumber, m.rosctr);
  write_name(w, S7commMessage::kRosctrNameFieldNumber, rosctr_name(m.rosctr));
  w.u64(S7commMessage::kPduReferenceFieldNumber, m.reference);
  const bool userdata = m.is(Rosctr::kUserdata);
  if (userdata ? m.userdata_type() == UserdataType::kResponse : !m.is(Rosctr::kJob)) {
    const auto error =
        static_cast<std::uint16_t>(userdata ? m.param_error : m.error_class << 8 | m.error_code);
    w.u64(S7commMessage::kErrorFieldNumber, error);
    if (error != 0)
      write_name(w, S7commMessage::kErrorClassFieldNumber,
                 error_class_name(static_cast<std::uint8_t>(error >> 8)));
    if (error != 0) write_name(w, S7commMessage::kErrorNameFieldNumber, error_name(error));
  }
  if (!userdata) return job(w, m, request);
  write_userdata(w, m);
  variables(w, m, request);
}

void side(WireWriter& w, int field, const Message& m, const Message* request) noexcept {
  const auto s = w.message(field);
  switch (m.kind) {
    case Kind::kCotp:
      return cotp_header(w, m.tpdu);
    case Kind::kS7:
      return s7(w, m, request);
    case Kind::kPlus:
      return plus(w, m);
  }
}

}  // namespace

Bytes unpadded(Bytes b) noexcept {
  while (!b.empty() && (b.back() == ' ' || b.back() == 0)) b = b.first(b.size() - 1);
  return b;
}

void write_block_name(WireWriter& w, int field, Bytes raw) noexcept {
  char room[16];
  w.text(field, {room, block_text(raw, room)});
}

void write_address(WireWriter& w, int field, const Item& x) noexcept {
  char room[64];
  w.text(field, {room, write_address(x, std::span<char>(room))});
}

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::S7comm;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(S7comm::kIdFieldNumber, x.id + 1);
  if (x.has_question) {
    const bool asks = x.question.asks();
    side(w, asks ? S7comm::kRequestFieldNumber : S7comm::kResponseFieldNumber, x.question, nullptr);
    if (asks) w.text(S7comm::kInitiatorFieldNumber, x.asked == Direction::kToServer ? "client" : "server");
  }
  if (!x.has_answer) return;
  side(w, S7comm::kResponseFieldNumber, x.answer, &x.question);
  if (x.answer_ns >= x.question_ns) w.u64(S7comm::kRttUsFieldNumber, (x.answer_ns - x.question_ns) / 1000);
}

}  // namespace picket::s7comm
