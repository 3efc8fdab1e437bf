#include "parsers/modbus/modbus_umas.h"

#include <algorithm>

namespace picket::modbus {
namespace {

constexpr std::size_t kSignature = 32;
constexpr std::uint8_t kModbusFunction = 0x5a, kMagic = 1;

struct Entry {
  std::uint8_t code;
  OtOperation operation;
};
// Directions as engineers have them: a download goes to the PLC, though some sources call it an upload.
constexpr Entry kEntries[] = {
    {0x00, {OtClass::kNone, "other UMAS request", "", true}},
    {0x01, {OtClass::kNone, "open session", ""}},
    {0x02, {OtClass::kRead, "read PLC ID", "T0888"}},
    {0x03, {OtClass::kRead, "read project information", "T0888"}},
    {0x04, {OtClass::kRead, "read PLC status", "T0868"}},
    {0x05, {OtClass::kRead, "read loader information", "T0888"}},
    {0x06, {OtClass::kRead, "read memory card information", "T0888"}},
    {0x07, {OtClass::kRead, "read block information", ""}},
    {0x0a, {OtClass::kDiagnostic, "echo", ""}},
    {0x10, {OtClass::kConfigure, "take PLC reservation", ""}},
    {0x11, {OtClass::kConfigure, "release PLC reservation", ""}},
    {0x12, {OtClass::kNone, "keep alive", ""}},
    {0x20, {OtClass::kRead, "read memory block", ""}},
    {0x21, {OtClass::kProgram, "write memory block", "T0889"}},
    {0x22, {OtClass::kRead, "read variables", ""}},
    {0x23, {OtClass::kWrite, "write variables", "T0836"}},
    {0x24, {OtClass::kRead, "read coils and registers", ""}},
    {0x25, {OtClass::kWrite, "write coils and registers", "T0836"}},
    {0x26, {OtClass::kRead, "read data dictionary", "T0861"}},
    {0x27, {OtClass::kRead, "preload data dictionary", "T0861"}},
    {0x28, {OtClass::kRead, "read physical address", ""}},
    {0x29, {OtClass::kProgram, "write physical address", "T0889"}},
    {0x2a, {OtClass::kRead, "browse events", ""}},
    {0x30, {OtClass::kProgram, "begin program download", "T0843"}},
    {0x31, {OtClass::kProgram, "program download block", "T0843"}},
    {0x32, {OtClass::kProgram, "end program download", "T0843"}},
    {0x33, {OtClass::kProgram, "begin program upload", "T0845"}},
    {0x34, {OtClass::kProgram, "program upload block", "T0845"}},
    {0x35, {OtClass::kProgram, "end program upload", "T0845"}},
    {0x36, {OtClass::kProgram, "program backup", ""}},
    {0x37, {OtClass::kProgram, "preload blocks", ""}},
    {0x38, {OtClass::kNone, "signed message", "", true}},  // of which what is inside cannot be read
    {0x39, {OtClass::kRead, "read Ethernet master data", ""}},
    {0x40, {OtClass::kControl, "PLC start", "T0858"}},
    {0x41, {OtClass::kControl, "PLC stop", "T0858"}},
    {0x42, {OtClass::kControl, "initialize PLC", "T0858"}},
    {0x43, {OtClass::kProgram, "swap blocks", "T0889"}},
    {0x50, {OtClass::kRead, "monitor PLC", "T0801"}},
    {0x51, {OtClass::kRead, "get automatic modifications", ""}},
    {0x52, {OtClass::kRead, "get forced bits", ""}},
    {0x53, {OtClass::kRead, "get selected blocks", ""}},
    {0x58, {OtClass::kDiagnostic, "check PLC", ""}},
    {0x60, {OtClass::kControl, "set breakpoint", "T0858"}},
    {0x61, {OtClass::kControl, "delete breakpoint", "T0858"}},
    {0x62, {OtClass::kControl, "step over", "T0858"}},
    {0x63, {OtClass::kControl, "step in", "T0858"}},
    {0x64, {OtClass::kControl, "step out", "T0858"}},
    {0x65, {OtClass::kDiagnostic, "get call stack", ""}},
    {0x66, {OtClass::kDiagnostic, "check whether debugging is allowed", ""}},
    {0x6c, {OtClass::kNone, "process message", "", true}},
    {0x6d, {OtClass::kNone, "private message", "", true}},
    {0x6e, {OtClass::kNone, "exchange reservation nonces", ""}},
    {0x70, {OtClass::kRead, "read I/O object", ""}},
    {0x71, {OtClass::kControl, "write I/O object", "T0835"}},
    {0x72, {OtClass::kRead, "read rack", "T0888"}},
    {0x73, {OtClass::kDiagnostic, "get status of module", ""}},
    {0x74, {OtClass::kRead, "read device data", "T0888"}},
};
static_assert(std::size(kEntries) == kUmasOperationCount);

/// By place; 0 where it is not known.
std::size_t find(std::uint8_t function) noexcept {
  for (std::size_t i = 1; i < std::size(kEntries); ++i) {
    if (kEntries[i].code == function) return i;
  }
  return 0;
}

/// Session, code and data of `m`; inside of a signature, if it has one.
Umas read(const Message& m, bool may_be_signed, bool reply) noexcept {
  Umas u;
  u.reply = reply;
  Cursor c(m.frame.data);
  u.session = c.u8();
  std::uint8_t code = c.u8();
  u.there = m.is(Function::kUmas) && (m.frame.function & kExceptionBit) == 0 && c.ok();
  if (!u.there) return u;
  Cursor inside = c;
  const std::uint8_t magic = inside.u8();
  const Bytes signature = inside.bytes(kSignature);
  const std::uint8_t again = inside.u8(), session = inside.u8(), inner = inside.u8();
  const std::uint8_t outer = reply ? umas::kDone : std::uint8_t{umas::kSigned};
  if (may_be_signed && code == outer && inside.ok() && magic == kMagic && again == kModbusFunction) {
    u.is_signed = true;
    u.signature = signature;
    u.session = session;
    code = inner;
    c = inside;
  }
  (reply ? u.status : u.function) = code;
  u.data = c.rest();
  return u;
}

/// A length and so many bytes.
bool counted(Cursor& c, Bytes& out) noexcept {
  out = c.bytes(c.u8());
  return c.ok();
}
Bytes up_to_zero(Bytes b) noexcept {
  return b.first(static_cast<std::size_t>(std::find(b.begin(), b.end(), 0) - b.begin()));
}

}  // namespace

constexpr std::array<OtOperation, kUmasOperationCount> kUmasOperations = [] {
  std::array<OtOperation, kUmasOperationCount> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = kEntries[i].operation;
  return all;
}();

Umas umas_request(const Message& m) noexcept { return read(m, true, false); }

Umas umas_reply(const Message& reply, const Message* request) noexcept {
  Umas asked;
  if (request != nullptr) asked = umas_request(*request);
  Umas u = read(reply, asked.is_signed, true);
  u.function = asked.function;
  return u;
}

std::string_view umas_name(std::uint8_t function) noexcept {
  const std::size_t at = find(function);
  return at == 0 ? std::string_view{} : kEntries[at].operation.name;
}
bool umas_by_name(std::string_view name, std::uint64_t& out) noexcept {
  for (std::size_t i = 1; i < std::size(kEntries); ++i) {
    if (equals_nocase(kEntries[i].operation.name, name)) return out = kEntries[i].code, true;
  }
  return false;
}
const OtOperation& umas_operation(std::uint8_t function) noexcept { return kUmasOperations[find(function)]; }

bool read_name(const Umas& u, Bytes& out) noexcept {
  Cursor c(u.data);
  if (!u.there || (u.reply && u.status != umas::kDone)) return false;
  if (!u.reply) {
    c.skip(4);  // the client's id
    if (u.function != umas::kReserve || !counted(c, out)) return false;
    out = up_to_zero(out);  // behind it the hash of a password
    return true;
  }
  switch (u.function) {
    case umas::kInit:
      c.skip(12);
      return counted(c, out);
    case umas::kReadId:
      c.skip(22);
      return counted(c, out);
    case umas::kReadCard:
      c.skip(6);
      return counted(c, out);
    case umas::kReadProject:
      c.skip(39);
      if (!c.ok() || c.empty()) return false;
      out = up_to_zero(c.rest());
      return true;
    default:
      return false;
  }
}

bool read_memory(const Umas& u, UmasMemory& out, Bytes& data) noexcept {
  if (!u.there || u.reply || (u.function != umas::kReadMemory && u.function != umas::kWriteMemory))
    return false;
  Cursor c(u.data);
  out.range = c.u8();
  out.block = c.u16le();
  out.offset = c.u16le();
  c.skip(2);
  out.length = c.u16le();
  data = c.rest();
  return c.ok();
}

UmasVariables::UmasVariables(const Umas& u) noexcept
    : in_(u.data), write_(u.function == umas::kWriteVariables) {
  if (!u.there || u.reply || (!write_ && u.function != umas::kReadVariables)) return;
  crc = in_.u32le();
  count = in_.u8();
  there = in_.ok();
}

bool UmasVariables::next(UmasVariable& out) noexcept {
  if (!there || read_ == count) return false;
  constexpr std::uint8_t kSizes[] = {0, 1, 2, 4};
  UmasVariable v;
  const std::uint8_t kind = in_.u8();
  v.size = (kind & 15) < std::size(kSizes) ? kSizes[kind & 15] : std::uint8_t{0};
  v.block = in_.u16le();
  if (write_) {
    v.offset = in_.u16le();
    v.offset += in_.u16le();
  } else {
    in_.skip(1);
    v.offset = in_.u16le();
    v.offset += in_.u8();
  }
  if ((kind & 0xf0) != 0) v.elements = in_.u16le();
  if (write_) v.data = in_.bytes(std::size_t{v.size} * v.elements);
  if (!in_.ok()) return false;
  ++read_;
  out = v;
  return true;
}

bool read_transfer(const Umas& u, UmasTransfer& out) noexcept {
  if (!u.there || u.reply || u.function < umas::kBeginDownload || u.function > umas::kEndUpload) return false;
  Cursor c(u.data);
  c.skip(1);
  out.file = c.u8();
  if (!c.ok()) return false;
  if (u.function == umas::kBeginDownload || u.function == umas::kBeginUpload) return true;
  out.block = c.u16le();
  out.has_block = c.ok();
  if (u.function == umas::kDownload && c.ok()) {
    const std::uint16_t size = c.u16le();
    out.data = c.bytes(size);
  }
  return true;
}

}  // namespace picket::modbus
