// parsers/modbus/modbus_export_umas.cc — the record of function 90
#include <algorithm>

#include "parsers/core/text_writer.h"
#include "parsers/modbus/modbus.pb.h"
#include "parsers/modbus/modbus_export.h"
#include "parsers/modbus/modbus_umas.h"

namespace picket::modbus {
namespace {

using U = v1::ModbusUmas;

void data(WireWriter& w, Bytes b) noexcept {
  if (!b.empty()) w.bytes(U::kDataFieldNumber, b);
}

void memory(WireWriter& w, const UmasMemory& m) noexcept {
  w.u64(U::kBlockFieldNumber, m.block);
  w.u64(U::kOffsetFieldNumber, m.offset);
  w.u64(U::kLengthFieldNumber, m.length);
}

void transfer(WireWriter& w, const UmasTransfer& t) noexcept {
  w.u64(U::kFileFieldNumber, t.file);
  if (t.has_block) w.u64(U::kBlockFieldNumber, t.block);
  if (t.data.empty()) return;
  w.u64(U::kDataLengthFieldNumber, t.data.size());
  data(w, t.data);
}

void variables(WireWriter& w, UmasVariables& all) noexcept {
  using V = v1::ModbusUmasVariable;
  w.u64(U::kCrcFieldNumber, all.crc);
  w.u64(U::kVariableCountFieldNumber, all.count);
  UmasVariable v;
  for (unsigned i = 0; i < umas::kMaxVariables && all.next(v); ++i) {
    const auto s = w.message(U::kVariablesFieldNumber);
    w.u64(V::kBlockFieldNumber, v.block);
    w.u64(V::kOffsetFieldNumber, v.offset);
    if (v.size != 0) w.u64(V::kSizeFieldNumber, v.size);
    w.u64(V::kElementsFieldNumber, v.elements);
    if (!v.data.empty()) w.bytes(V::kDataFieldNumber, v.data);
  }
  if (all.count > umas::kMaxVariables) w.boolean(U::kTruncatedFieldNumber, true);
}

void request(WireWriter& w, const Umas& u) noexcept {
  Bytes name, rest;
  UmasMemory m;
  UmasTransfer t;
  UmasVariables all(u);
  Cursor c(u.data);
  if (read_name(u, name)) {
    w.u64(U::kClientIdFieldNumber, c.u32le());
    return w.bytes(U::kNameFieldNumber, name);
  }
  if (read_memory(u, m, rest)) {
    memory(w, m);
    return data(w, rest);
  }
  if (all.there) return variables(w, all);
  if (read_transfer(u, t)) return transfer(w, t);
  switch (u.function) {
    case umas::kReadProject:
    case umas::kReadCard:
    case umas::kInit:
      if (u.data.size() == 1) return w.u64(U::kSubfunctionFieldNumber, u.data[0]);
      break;
    case umas::kNonces:
      c.skip(1);
      if (const std::uint32_t id = c.u32le(); c.left() >= 32) {
        w.u64(U::kClientIdFieldNumber, id);
        return w.bytes(U::kNonceFieldNumber, c.bytes(32));
      }
      break;
    default:
      break;
  }
  data(w, u.data);
}

/// Which numbers stand where is what PLC4X reads; tools that only name the CPU agree on the name's place.
bool plc(WireWriter& w, Bytes all, Bytes name) noexcept {
  using P = v1::ModbusUmasPlc;
  using B = v1::ModbusUmasMemory;
  Cursor c(all);
  const auto s = w.message(U::kPlcFieldNumber);
  w.u64(P::kRangeFieldNumber, c.u16le());
  w.u64(P::kIdentFieldNumber, c.u32le());
  w.u64(P::kModelFieldNumber, c.u16le());
  w.u64(P::kComVersionFieldNumber, c.u16le());
  w.u64(P::kComPatchFieldNumber, c.u16le());
  w.u64(P::kInternalVersionFieldNumber, c.u16le());
  w.u64(P::kHardwareVersionFieldNumber, c.u16le());
  w.u64(P::kCrashCodeFieldNumber, c.u32le());
  w.bytes(P::kNameFieldNumber, name);
  c.skip(3 + name.size());
  const std::uint8_t banks = c.u8();
  for (unsigned i = 0; i < banks && c.left() >= 8; ++i) {
    const auto b = w.message(P::kMemoryFieldNumber);
    w.u64(B::kTypeFieldNumber, c.u8());
    w.u64(B::kFolioFieldNumber, c.u8());
    w.u64(B::kStatusFieldNumber, c.u16le());
    w.u64(B::kLengthFieldNumber, c.u32le());
  }
  return true;
}

void project(WireWriter& w, Bytes all, Bytes name) noexcept {
  using P = v1::ModbusUmasProject;
  Cursor c(all);
  c.skip(27);
  const unsigned second = c.u8(), minute = c.u8(), hour = c.u8(), day = c.u8(), month = c.u8(),
                 year = c.u16le();
  const unsigned third = c.u8(), second_part = c.u8(), first = c.u8();
  const auto s = w.message(U::kProjectFieldNumber);
  w.bytes(P::kNameFieldNumber, name);
  char room[32];
  w.bytes(P::kRevisionFieldNumber, (TextWriter(room) << first << "." << second_part << "." << third).bytes());
  TextWriter t(room);
  const auto two = [&](unsigned v, std::string_view behind) { t << (v < 10 ? "0" : "") << v << behind; };
  t << year << "-";
  two(month, "-");
  two(day, " ");
  two(hour, ":");
  two(minute, ":");
  two(second, "");
  w.bytes(P::kModifiedFieldNumber, t.bytes());
}

void status(WireWriter& w, Bytes all) noexcept {
  constexpr std::size_t kState = 60;  // PLCs that tell it: M340, M580
  if (all.size() > kState && (all[kState] == 1 || all[kState] == 2))
    w.text(U::kPlcStateFieldNumber, all[kState] == 1 ? "stopped" : "running");
  Cursor c(all);
  c.skip(3);
  const std::uint8_t blocks = c.u8();
  for (unsigned i = 0; i < blocks && c.left() >= 4; ++i) w.u64(U::kBlocksFieldNumber, c.u32le());
  data(w, c.rest());
}

void reply(WireWriter& w, const Umas& u, const Message* asked) noexcept {
  if (u.status == umas::kRefused) {
    if (!u.data.empty()) w.bytes(U::kErrorFieldNumber, u.data);
    return;
  }
  Bytes name;
  const bool named = read_name(u, name);
  Cursor c(u.data);
  switch (u.function) {
    case umas::kInit:
      if (!named) break;
      w.u64(U::kMaxFrameSizeFieldNumber, c.u16le());
      w.u64(U::kFirmwareVersionFieldNumber, c.u16le());
      return w.bytes(U::kNameFieldNumber, name);
    case umas::kReadId:
      if (named) return static_cast<void>(plc(w, u.data, name));
      break;
    case umas::kReadProject: {
      // Of which part it tells, only the request says.
      const Umas q = asked == nullptr ? Umas{} : umas_request(*asked);
      if (named && q.data.size() == 1 && q.data[0] == 0) return project(w, u.data, name);
      break;
    }
    case umas::kReadCard:
      if (named) return w.bytes(U::kNameFieldNumber, name);
      break;
    case umas::kReadStatus:
      if (u.data.size() >= 4) return status(w, u.data);
      break;
    case umas::kReserve:
      if (u.data.size() == 1) return w.u64(U::kGrantedSessionFieldNumber, u.data[0]);
      break;
    case umas::kReadMemory: {
      c.skip(1);
      const std::uint16_t length = c.u16le();
      if (!c.ok() || c.left() != length) break;
      w.u64(U::kDataLengthFieldNumber, length);
      return data(w, c.rest());
    }
    case umas::kUpload: {
      const std::uint8_t last = c.u8();
      c.skip(1);
      const std::uint16_t length = c.u16le();
      if (!c.ok() || c.left() != length) break;
      w.boolean(U::kLastFieldNumber, last != 0);
      w.u64(U::kDataLengthFieldNumber, length);
      return data(w, c.rest());
    }
    case umas::kNonces:
      if (u.data.size() >= 34) return w.bytes(U::kNonceFieldNumber, u.data.subspan(2, 32));
      break;
    default:
      break;
  }
  data(w, u.data);
}

}  // namespace

void encode_umas(WireWriter& w, const Message& m, Direction dir, const Message* asked) noexcept {
  const bool is_reply = dir == Direction::kToClient;
  const Umas u = is_reply ? umas_reply(m, asked) : umas_request(m);
  if (!u.there) return;
  const auto s = w.message(v1::ModbusMessage::kUmasFieldNumber);
  w.u64(U::kSessionFieldNumber, u.session);
  if (u.function != 0) {
    w.u64(U::kFunctionFieldNumber, u.function);
    if (const std::string_view name = umas_name(u.function); !name.empty())
      w.text(U::kFunctionNameFieldNumber, name);
  }
  if (u.is_signed) {
    w.boolean(U::kSignedFieldNumber, true);
    w.bytes(U::kSignatureFieldNumber, u.signature);
  }
  if (!is_reply) return request(w, u);
  w.u64(U::kStatusFieldNumber, u.status);
  if (u.status == umas::kDone || u.status == umas::kRefused)
    w.text(U::kStatusNameFieldNumber, u.status == umas::kDone ? "ok" : "error");
  reply(w, u, asked);
}

}  // namespace picket::modbus
