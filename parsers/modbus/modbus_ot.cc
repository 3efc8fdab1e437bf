// parsers/modbus/modbus_ot.cc — what a Modbus function does, to which points, with which values
//
// A coil switches something, so writing one is control; a register is a set point or a parameter until the
// plant's engineers say otherwise, so writing one is a write. Points are numbered as on the wire, from 0.
#include <algorithm>

#include "parsers/core/text_writer.h"
#include "parsers/modbus/modbus_umas.h"

namespace picket::modbus {
namespace {

/// In the order of kOperations.
enum class Does : std::uint8_t {
  kReadCoils,
  kReadDiscreteInputs,
  kReadHoldingRegisters,
  kReadInputRegisters,
  kWriteCoil,
  kWriteRegister,
  kReadExceptionStatus,
  kWriteCoils,
  kWriteRegisters,
  kMaskWriteRegister,
  kReadWriteRegisters,
  kReadFifo,
  kReadFile,
  kWriteFile,
  kEcho,
  kRestart,
  kReadDiagnostics,
  kChangeDelimiter,
  kListenOnly,
  kClearCounters,
  kReadEventCounter,
  kReadEventLog,
  kReportServerId,
  kReadDeviceId,
  kCanOpen,
  kProgram,
  kPollProgram,
  kResetLink,
  kOtherEncapsulated,
  kUserDefined,
  kReserved,
  kUnassigned,
  kNone,  ///< how many
};

constexpr OtOperation kOperations[] = {
    {OtClass::kRead, "read coils", ""},
    {OtClass::kRead, "read discrete inputs", ""},
    {OtClass::kRead, "read holding registers", ""},
    {OtClass::kRead, "read input registers", ""},
    {OtClass::kControl, "write single coil", "T0855"},
    {OtClass::kWrite, "write single register", "T0836"},
    {OtClass::kDiagnostic, "read exception status", ""},
    {OtClass::kControl, "write multiple coils", "T0855"},
    {OtClass::kWrite, "write multiple registers", "T0836"},
    {OtClass::kWrite, "mask write register", "T0836"},
    {OtClass::kWrite, "read and write registers", "T0836"},
    {OtClass::kRead, "read FIFO queue", ""},
    {OtClass::kRead, "read file record", ""},
    {OtClass::kWrite, "write file record", "T0836"},
    {OtClass::kDiagnostic, "echo", ""},
    {OtClass::kControl, "restart communications", "T0816"},
    {OtClass::kDiagnostic, "read diagnostic counter", ""},
    {OtClass::kConfigure, "change ASCII delimiter", "T0836"},
    {OtClass::kControl, "force listen only mode", "T0814"},  // it answers nobody until it is restarted
    {OtClass::kDiagnostic, "clear diagnostic counters", ""},
    {OtClass::kDiagnostic, "read event counter", ""},
    {OtClass::kDiagnostic, "read event log", ""},
    {OtClass::kRead, "report server ID", "T0888"},
    {OtClass::kRead, "read device identification", "T0888"},
    {OtClass::kWrite, "CANopen general reference", ""},  // reads and writes look alike from outside
    {OtClass::kProgram, "program controller", ""},
    {OtClass::kDiagnostic, "poll controller", ""},
    {OtClass::kControl, "reset communication link", ""},
    {OtClass::kNone, "encapsulated interface transport", ""},
    {OtClass::kNone, "user-defined function", "", true},
    {OtClass::kNone, "reserved function", "", true},
    {OtClass::kNone, "unassigned function", "", true},
};
static_assert(std::size(kOperations) == static_cast<std::size_t>(Does::kNone));

Does of_diagnostic(const Message& m) noexcept {
  if (m.form != Form::kDiagnostic) return Does::kReadDiagnostics;
  switch (m.subfunction) {
    case 0x00:
      return Does::kEcho;
    case 0x01:
      return Does::kRestart;
    case 0x03:
      return Does::kChangeDelimiter;
    case 0x04:
      return Does::kListenOnly;
    case 0x0a:
    case 0x14:
      return Does::kClearCounters;
    default:
      return Does::kReadDiagnostics;
  }
}

Does of(const Message& m) noexcept {
  switch (m.base_function()) {
    case 0x01:
      return Does::kReadCoils;
    case 0x02:
      return Does::kReadDiscreteInputs;
    case 0x03:
      return Does::kReadHoldingRegisters;
    case 0x04:
      return Does::kReadInputRegisters;
    case 0x05:
      return Does::kWriteCoil;
    case 0x06:
      return Does::kWriteRegister;
    case 0x07:
      return Does::kReadExceptionStatus;
    case 0x08:
      return of_diagnostic(m);
    case 0x09:
    case 0x0d:
    case 0x12:
      return Does::kProgram;
    case 0x0a:
    case 0x0e:
      return Does::kPollProgram;
    case 0x0b:
      return Does::kReadEventCounter;
    case 0x0c:
      return Does::kReadEventLog;
    case 0x0f:
      return Does::kWriteCoils;
    case 0x10:
      return Does::kWriteRegisters;
    case 0x11:
      return Does::kReportServerId;
    case 0x13:
      return Does::kResetLink;
    case 0x14:
      return Does::kReadFile;
    case 0x15:
      return Does::kWriteFile;
    case 0x16:
      return Does::kMaskWriteRegister;
    case 0x17:
      return Does::kReadWriteRegisters;
    case 0x18:
      return Does::kReadFifo;
    case 0x2b:
      if (m.form != Form::kMei) return Does::kOtherEncapsulated;
      return m.subfunction == 0x0e   ? Does::kReadDeviceId
             : m.subfunction == 0x0d ? Does::kCanOpen
                                     : Does::kOtherEncapsulated;
    default:
      return m.category == kUserDefined ? Does::kUserDefined
             : m.category == kReserved  ? Does::kReserved
                                        : Does::kUnassigned;
  }
}

// ------------------------------------------------------------------------------------------------ addresses

std::string_view table_of(const Message& m) noexcept {
  switch (m.access & kTables) {
    case kCoils:
      return "coil ";
    case kDiscretes:
      return "discrete input ";
    case kInput:
      return "input register ";
    default:
      return "holding register ";
  }
}

bool points(const Exchange& x, std::string_view table, std::uint16_t first, unsigned quantity,
            OtAddress& out) noexcept {
  out.first = first;
  out.last = first + std::max(quantity, 1U) - 1U;
  out.text = (TextWriter(x.text_room) << table).range(out.first, out.last).bytes();
  return true;
}

/// The n-th record of a file that a request to read or write names: type, file, record, length.
bool file_record(const Exchange& x, const Message& m, bool written, unsigned n, OtAddress& out) noexcept {
  Cursor c(m.values);
  for (unsigned i = 0; !c.empty(); ++i) {
    c.skip(1);
    const std::uint16_t file = c.u16be(), record = c.u16be(), length = c.u16be();
    if (written) c.skip(2 * std::size_t{length});
    if (!c.ok()) return false;
    if (i != n) continue;
    out.first = record;
    out.last = record + std::max<unsigned>(length, 1) - 1U;
    out.text = (TextWriter(x.text_room) << "file " << file << " record ").range(out.first, out.last).bytes();
    return true;
  }
  return false;
}

/// Blocks of memory, and what is loaded, are numbered by block.
bool umas_point(const Exchange& x, unsigned n, OtAddress& out) noexcept {
  const Umas u = x.has_request ? umas_request(x.request) : Umas{};
  TextWriter text(x.text_room);
  UmasMemory m;
  Bytes data;
  if (n == 0 && read_memory(u, m, data)) {
    text << "block " << m.block << " offset ";
    out.text = text.range(m.offset, m.offset + std::max<unsigned>(m.length, 1) - 1U).bytes();
    out.first = out.last = m.block;
    return true;
  }
  if (UmasTransfer t; n == 0 && read_transfer(u, t)) {
    text << "file " << t.file;
    if (t.has_block) {
      text << " block " << t.block;
      out.first = out.last = t.block;
    }
    out.text = text.bytes();
    return true;
  }
  UmasVariables all(u);
  UmasVariable v;
  for (unsigned i = 0; all.next(v); ++i) {
    if (i != n) continue;
    out.text = (text << "block " << v.block << " offset " << v.offset).bytes();
    out.first = out.last = v.block;
    return true;
  }
  return false;
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message& m = x.has_request ? x.request : x.reply;
  switch (m.form) {
    case Form::kReadRequest:
      return n == 0 && points(x, table_of(m), m.read_address, m.read_quantity, out);
    case Form::kReadWrite:
      return n == 0 ? points(x, table_of(m), m.read_address, m.read_quantity, out)
                    : n == 1 && points(x, table_of(m), m.write_address, m.write_quantity, out);
    case Form::kWriteOne:
    case Form::kWriteMany:
    case Form::kWriteEcho:
    case Form::kMask:
      return n == 0 && points(x, table_of(m), m.write_address, m.write_quantity, out);
    default:
      break;
  }
  const bool reply_alone = !x.has_request;
  if (m.is(Function::kReadFileRecord)) return !reply_alone && file_record(x, m, false, n, out);
  if (m.is(Function::kWriteFileRecord)) return file_record(x, m, true, n, out);
  if (n != 0) return false;
  if (m.is(Function::kReadFifoQueue) && !reply_alone && m.frame.data.size() == 2)
    return points(x, "FIFO ", Cursor(m.frame.data).u16be(), 1, out);
  // What it does is not known: then its number is all there is to tell one from another.
  if (x.operation->ot_class == OtClass::kNone && x.ot == &kOt)
    return points(x, "function ", m.base_function(), 1, out);
  return false;
}

// --------------------------------------------------------------------------------------------------- values

bool number(double v, OtValue& out) noexcept {
  out.is_number = true;
  out.number = v;
  return true;
}

/// The n-th object of a device's identification.
bool object(const Message& m, unsigned n, OtValue& out) noexcept {
  Cursor c(m.values);
  c.skip(5);  // read code, conformity, more follows, next object, number of objects
  for (unsigned i = 0; c.left() >= 2; ++i) {
    c.skip(1);
    const Bytes value = c.bytes(c.u8());
    if (!c.ok()) return false;
    if (i != n) continue;
    out.text = value;
    return true;
  }
  return false;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const bool reply = dir == Direction::kToClient;
  if (reply ? !x.has_reply : !x.has_request) return false;
  const Message& m = reply ? x.reply : x.request;
  std::uint16_t v = 0;
  switch (m.form) {
    case Form::kWriteOne:
      return n == 0 && number(m.values_are_bits() ? m.value != 0 : m.value, out);
    case Form::kWriteMany:
    case Form::kReadWrite:
      return n < m.write_quantity && m.value_at(n, v) && number(v, out);
    case Form::kReadReply:
      // Bits come in whole bytes: only the request says how many of the last byte count.
      return (!x.has_request || n < x.request.read_quantity) && m.value_at(n, v) && number(v, out);
    default:
      break;
  }
  if (!reply || (m.problems & kDataLength) != 0) return false;
  if (m.is(Function::kReadFifoQueue) && m.form == Form::kBytes) {
    Cursor c(m.frame.data);
    c.skip(4 + 2 * std::size_t{n});
    v = c.u16be();
    return c.ok() && number(v, out);
  }
  return m.is(Function::kEncapsulated) && m.form == Form::kMei && m.subfunction == 0x0e && object(m, n, out);
}

bool umas_address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  return umas_point(static_cast<const Exchange&>(tx), n, out);
}

/// A name; what is written to variables, each as one number where it is one.
bool umas_value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const bool reply = dir == Direction::kToClient;
  if (reply ? !x.has_reply : !x.has_request) return false;
  const Umas u = reply ? umas_reply(x.reply, x.has_request ? &x.request : nullptr) : umas_request(x.request);
  if (n == 0 && read_name(u, out.text)) return true;
  UmasVariables all(u);
  UmasVariable v;
  for (unsigned i = 0; all.next(v) && !v.data.empty(); ++i) {
    if (i != n) continue;
    if (v.elements != 1) return out.text = v.data, true;
    std::uint32_t bits = 0;
    for (std::size_t k = v.data.size(); k-- > 0;) bits = bits << 8 | v.data[k];
    return number(bits, out);
  }
  return false;
}

constexpr OtProtocol kUmas = {"umas", kUmasOperations, umas_address, umas_value};
constexpr const OtProtocol* kInside[] = {&kUmas};

}  // namespace

const OtProtocol kOt = {"modbus", kOperations, address, value, kInside};

bool refuses(const Exchange& x) noexcept {
  if (x.reply.form == Form::kException) return true;
  const Umas u = umas_reply(x.reply, x.has_request ? &x.request : nullptr);
  return u.there && u.status == umas::kRefused;
}

void set_operation(Exchange& x) noexcept {
  const Message& m = x.has_request ? x.request : x.reply;
  x.station = m.frame.unit;
  if (m.is(Function::kUmas)) {
    x.ot = &kUmas;
    x.operation = &umas_operation(x.has_request ? umas_request(m).function : std::uint8_t{0});
    return;
  }
  x.ot = &kOt;
  x.operation = &kOperations[static_cast<std::size_t>(of(m))];
}

}  // namespace picket::modbus
