#include <algorithm>

#include "parsers/modbus/modbus.pb.h"
#include "parsers/modbus/modbus_export.h"

namespace picket::modbus {
namespace {

using v1::ModbusMessage;

struct BitName {
  std::uint8_t bits;
  std::string_view name;
};

// As EVE has them: the combined ones come besides what they combine.
constexpr BitName kAccessNames[] = {
    {kRead, "READ"},
    {kWrite, "WRITE"},
    {kDiscretes, "DISCRETES"},
    {kCoils, "COILS"},
    {kInput, "INPUT"},
    {kHolding, "HOLDING"},
    {kSingle, "SINGLE"},
    {kMultiple, "MULTIPLE"},
    {kDiscretes | kCoils, "BIT_ACCESS_MASK"},
    {kTables, "FUNC_MASK"},
    {kWrite | kSingle, "WRITE_SINGLE"},
    {kWrite | kMultiple, "WRITE_MULTIPLE"},
};
constexpr BitName kCategoryNames[] = {
    {kPublicAssigned, "PUBLIC_ASSIGNED"},
    {kPublicUnassigned, "PUBLIC_UNASSIGNED"},
    {kUserDefined, "USER_DEFINED"},
    {kReserved, "RESERVED"},
};
constexpr BitName kProblemNames[] = {
    {kDataValue, "DATA_VALUE"},   {kDataLength, "DATA_LENGTH"}, {kExceptionCode, "EXC_CODE"},
    {kFunctionCode, "FUNC_CODE"}, {kProtocolId, "PROTO_ID"},
};

/// Names of the bits, " | " between them.
template <std::size_t N>
void bit_names(WireWriter& w, int field, const BitName (&names)[N], std::uint8_t bits) noexcept {
  char text[160];
  std::size_t size = 0;
  const auto put = [&](std::string_view s) {
    const std::size_t n = std::min(s.size(), sizeof(text) - size);
    std::copy_n(s.begin(), n, text + size);
    size += n;
  };
  for (const BitName& n : names) {
    if ((bits & n.bits) != n.bits) continue;
    if (size != 0) put(" | ");
    put(n.name);
  }
  if (size == 0) put("NONE");
  w.text(field, {text, size});
}

std::string_view or_else(std::string_view name, std::string_view unknown) noexcept {
  return name.empty() ? unknown : name;
}

/// The first `quantity` values, as registers or bits.
void values(WireWriter& w, const Message& m, std::size_t quantity, int registers_field,
            int bits_field) noexcept {
  std::uint16_t v = 0;
  for (std::size_t i = 0; i < quantity && m.value_at(i, v); ++i) {
    if (m.values_are_bits()) {
      w.boolean(bits_field, v != 0);
    } else {
      w.u64(registers_field, v);
    }
  }
}

void read_request(WireWriter& w, const Message& m) noexcept {
  const auto r = w.message(ModbusMessage::kReadFieldNumber);
  w.u64(v1::ModbusRead::kAddressFieldNumber, m.read_address);
  w.u64(v1::ModbusRead::kQuantityFieldNumber, m.read_quantity);
}

void read_reply(WireWriter& w, const Message& m, const Message* request) noexcept {
  using v1::ModbusRead;
  const auto r = w.message(ModbusMessage::kReadFieldNumber);
  // Bits come in whole bytes: only the request says how many of the last byte count.
  std::size_t quantity = m.values.size() * 8;
  if (request != nullptr && request->read_quantity != 0) {
    w.u64(ModbusRead::kAddressFieldNumber, request->read_address);
    w.u64(ModbusRead::kQuantityFieldNumber, request->read_quantity);
    quantity = request->read_quantity;
  }
  w.bytes(ModbusRead::kDataFieldNumber, m.values);
  values(w, m, quantity, ModbusRead::kRegistersFieldNumber, ModbusRead::kBitsFieldNumber);
}

void write(WireWriter& w, const Message& m) noexcept {
  using v1::ModbusWrite;
  const auto s = w.message(ModbusMessage::kWriteFieldNumber);
  w.u64(ModbusWrite::kAddressFieldNumber, m.write_address);
  switch (m.form) {
    case Form::kWriteOne:
      return w.u64(ModbusWrite::kValueFieldNumber, m.value);
    case Form::kWriteEcho:
      return w.u64(ModbusWrite::kValueFieldNumber, m.write_quantity);
    case Form::kMask:
      w.u64(ModbusWrite::kAndMaskFieldNumber, m.and_mask);
      return w.u64(ModbusWrite::kOrMaskFieldNumber, m.or_mask);
    default:
      break;
  }
  w.u64(ModbusWrite::kQuantityFieldNumber, m.write_quantity);
  w.bytes(ModbusWrite::kDataFieldNumber, m.values);
  values(w, m, m.write_quantity, ModbusWrite::kRegistersFieldNumber, ModbusWrite::kBitsFieldNumber);
}

void subfunction(WireWriter& w, int field, std::uint16_t raw, std::string_view code, Bytes data) noexcept {
  const auto s = w.message(field);
  w.u64(v1::ModbusSubfunction::kRawFieldNumber, raw);
  w.text(v1::ModbusSubfunction::kCodeFieldNumber, code);
  w.bytes(v1::ModbusSubfunction::kDataFieldNumber, data);
}

void file_record(WireWriter& w, std::uint16_t file, std::uint16_t record, std::uint16_t length,
                 Bytes data) noexcept {
  const auto r = w.message(ModbusMessage::kFileRecordsFieldNumber);
  w.u64(v1::ModbusFileRecord::kFileFieldNumber, file);
  w.u64(v1::ModbusFileRecord::kRecordFieldNumber, record);
  w.u64(v1::ModbusFileRecord::kLengthFieldNumber, length);
  if (!data.empty()) w.bytes(v1::ModbusFileRecord::kDataFieldNumber, data);
}

/// One of a request to read, or of a write: type, file, record, length in words; a write has its data behind
/// it.
void file_records(WireWriter& w, Bytes all, bool with_data) noexcept {
  Cursor c(all);
  while (!c.empty()) {
    c.skip(1);
    const std::uint16_t file = c.u16be(), record = c.u16be(), length = c.u16be();
    const Bytes data = with_data ? c.bytes(2 * std::size_t{length}) : Bytes{};
    if (c.ok()) file_record(w, file, record, length, data);
  }
}

/// What was read does not say of which file: the request does, in the same order.
void file_records_read(WireWriter& w, Bytes all, const Message* request) noexcept {
  Cursor c(all);
  Cursor asked(request == nullptr ? Bytes{} : request->values);
  while (!c.empty()) {
    const std::uint8_t size = c.u8();
    c.skip(1);
    const Bytes data = c.bytes(size == 0 ? 0 : size - 1U);
    asked.skip(1);
    const std::uint16_t file = asked.u16be(), record = asked.u16be();
    asked.skip(2);
    if (c.ok()) file_record(w, file, record, static_cast<std::uint16_t>(data.size() / 2), data);
  }
}

void fifo(WireWriter& w, const Message& m, Direction dir, const Message* request) noexcept {
  const auto f = w.message(ModbusMessage::kFifoFieldNumber);
  Cursor c(m.frame.data);
  if (dir == Direction::kToServer) return w.u64(v1::ModbusFifo::kAddressFieldNumber, c.u16be());
  if (request != nullptr) w.u64(v1::ModbusFifo::kAddressFieldNumber, Cursor(request->frame.data).u16be());
  c.skip(4);
  while (c.left() >= 2) w.u64(v1::ModbusFifo::kValuesFieldNumber, c.u16be());
}

void device(WireWriter& w, Bytes data, Direction dir) noexcept {
  using v1::ModbusDevice;
  using v1::ModbusObject;
  const auto d = w.message(ModbusMessage::kDeviceFieldNumber);
  Cursor c(data);
  w.u64(ModbusDevice::kReadCodeFieldNumber, c.u8());
  if (dir == Direction::kToServer) return w.u64(ModbusDevice::kObjectIdFieldNumber, c.u8());
  w.u64(ModbusDevice::kConformityFieldNumber, c.u8());
  w.boolean(ModbusDevice::kMoreFollowsFieldNumber, c.u8() != 0);
  w.u64(ModbusDevice::kNextObjectIdFieldNumber, c.u8());
  c.skip(1);  // how many: as many as there are
  while (c.left() >= 2) {
    const std::uint8_t id = c.u8();
    const Bytes value = c.bytes(c.u8());
    if (!c.ok()) return;
    const auto o = w.message(ModbusDevice::kObjectsFieldNumber);
    w.u64(ModbusObject::kIdFieldNumber, id);
    if (const std::string_view name = object_name(id); !name.empty())
      w.text(ModbusObject::kNameFieldNumber, name);
    w.bytes(ModbusObject::kValueFieldNumber, value);
  }
}

void events(WireWriter& w, const Message& m) noexcept {
  using v1::ModbusEvents;
  const auto e = w.message(ModbusMessage::kEventsFieldNumber);
  const bool log = m.is(Function::kGetEventLog);
  Cursor c(m.frame.data);
  if (log) c.skip(1);
  w.u64(ModbusEvents::kStatusFieldNumber, c.u16be());
  w.u64(ModbusEvents::kEventCountFieldNumber, c.u16be());
  if (!log) return;
  w.u64(ModbusEvents::kMessageCountFieldNumber, c.u16be());
  w.bytes(ModbusEvents::kEventsFieldNumber, c.rest());
}

/// What EVE has of the data.
void data(WireWriter& w, const Message& m, const Message* request) noexcept {
  switch (m.form) {
    case Form::kException: {
      const auto e = w.message(ModbusMessage::kExceptionFieldNumber);
      w.u64(v1::ModbusException::kRawFieldNumber, m.exception);
      return w.text(v1::ModbusException::kCodeFieldNumber, or_else(exception_name(m.exception), "Unknown"));
    }
    case Form::kDiagnostic:
      return subfunction(w, ModbusMessage::kDiagnosticFieldNumber, m.subfunction,
                         or_else(diagnostic_name(m.subfunction), "Reserved"), m.values);
    case Form::kMei:
      return subfunction(w, ModbusMessage::kMeiFieldNumber, m.subfunction,
                         or_else(mei_name(m.subfunction), "Unknown"), m.values);
    case Form::kReadRequest:
      return read_request(w, m);
    case Form::kReadReply:
      return read_reply(w, m, request);
    case Form::kReadWrite:
      read_request(w, m);
      return write(w, m);
    case Form::kWriteOne:
    case Form::kWriteMany:
    case Form::kWriteEcho:
    case Form::kMask:
      return write(w, m);
    case Form::kBytes:
      if (!m.frame.data.empty()) w.bytes(ModbusMessage::kDataFieldNumber, m.frame.data);
      return;
  }
}

/// What it has not; only of frames that are as long as they should be.
void more(WireWriter& w, const Message& m, Direction dir, const Message* request) noexcept {
  if ((m.problems & kDataLength) != 0 || m.form == Form::kException) return;
  const bool reply = dir == Direction::kToClient;
  switch (static_cast<Function>(m.frame.function)) {
    case Function::kReadFileRecord:
      return reply ? file_records_read(w, m.values, request) : file_records(w, m.values, false);
    case Function::kWriteFileRecord:
      return file_records(w, m.values, true);
    case Function::kReadFifoQueue:
      return fifo(w, m, dir, request);
    case Function::kEncapsulated:
      if (m.subfunction == 0x0e && (m.problems & kDataValue) == 0) device(w, m.values, dir);
      return;
    case Function::kGetEventCounter:
    case Function::kGetEventLog:
      if (reply) events(w, m);
      return;
    case Function::kReadExceptionStatus:
      if (reply) w.u64(ModbusMessage::kExceptionStatusFieldNumber, m.frame.data[0]);
      return;
    case Function::kReportServerId:
      if (reply) w.bytes(ModbusMessage::kServerIdFieldNumber, m.values);
      return;
    default:
      return;
  }
}

void side(WireWriter& w, int field, const Message& m, Direction dir, const Message* request) noexcept {
  const auto s = w.message(field);
  w.u64(ModbusMessage::kTransactionIdFieldNumber, m.frame.transaction);
  w.u64(ModbusMessage::kProtocolIdFieldNumber, m.frame.protocol);
  w.u64(ModbusMessage::kUnitIdFieldNumber, m.frame.unit);
  w.u64(ModbusMessage::kFunctionRawFieldNumber, m.frame.function);
  const FunctionInfo* info = function_info(m.base_function());
  w.text(ModbusMessage::kFunctionCodeFieldNumber, info == nullptr ? "Unknown" : info->eve);
  bit_names(w, ModbusMessage::kAccessTypeFieldNumber, kAccessNames, m.access);
  bit_names(w, ModbusMessage::kCategoryFieldNumber, kCategoryNames, m.category);
  bit_names(w, ModbusMessage::kErrorFlagsFieldNumber, kProblemNames, m.problems);
  data(w, m, request);
  if (info != nullptr) w.text(ModbusMessage::kFunctionNameFieldNumber, info->name);
  more(w, m, dir, request);
  if (m.is(Function::kUmas)) encode_umas(w, m, dir, request);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(v1::Modbus::kIdFieldNumber, x.id + 1);
  const Message* request = x.has_request ? &x.request : nullptr;
  if (x.has_request) side(w, v1::Modbus::kRequestFieldNumber, x.request, Direction::kToServer, nullptr);
  if (x.has_reply) side(w, v1::Modbus::kResponseFieldNumber, x.reply, Direction::kToClient, request);
  if (x.has_request && x.has_reply && x.reply_ns >= x.request_ns) {
    w.u64(v1::Modbus::kRttUsFieldNumber, (x.reply_ns - x.request_ns) / 1000);
  }
}

}  // namespace picket::modbus
