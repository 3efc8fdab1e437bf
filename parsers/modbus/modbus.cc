#include "parsers/modbus/modbus_umas.h"

namespace picket::modbus {
namespace {

constexpr unsigned kProbedFrames = 16;  // without proof: then it is something else

// Most of one kind in one frame (V1.1b3, §6).
constexpr unsigned kMaxReadBits = 2000, kMaxReadRegisters = 125;
constexpr unsigned kMaxWriteBits = 1968, kMaxWriteRegisters = 123, kMaxReadWriteRegisters = 121;

std::uint8_t category_of_code(std::uint8_t code) noexcept {
  if (code == 0) return 0;
  if ((code >= 65 && code <= 72) || (code >= 100 && code <= 110)) return kUserDefined;
  // V1.1b3, annex A: used by some companies, not for the public.
  for (const std::uint8_t reserved : {9, 10, 13, 14, 41, 42, 90, 91, 125, 126, 127}) {
    if (code == reserved) return kReserved;
  }
  return kPublicUnassigned;
}

/// Of functions with a name, as Suricata has them: the old programming functions are "assigned" there.
std::uint8_t category_of(const Message& m) noexcept {
  const std::uint8_t code = m.base_function();
  if (m.is(Function::kUmas) || function_info(code) == nullptr) return category_of_code(code);
  if (m.is(Function::kDiagnostics)) {
    if (m.form != Form::kDiagnostic) return 0;
    return diagnostic_name(m.subfunction).empty() ? kReserved : kPublicAssigned;
  }
  if (m.is(Function::kEncapsulated)) {
    if (m.form != Form::kMei) return 0;
    return mei_name(m.subfunction).empty() ? kReserved : kPublicAssigned;
  }
  return kPublicAssigned;
}

/// Bytes that so many values take.
unsigned bytes_for(unsigned quantity, bool bits) noexcept { return bits ? (quantity + 7) / 8 : quantity * 2; }

class Interpreter {
 public:
  Interpreter(const Frame& f, Direction dir) noexcept : c_(f.data) {
    m_.frame = f;
    if (f.protocol != 0) m_.problems |= kProtocolId;
    if (const FunctionInfo* info = function_info(m_.base_function())) m_.access = info->access;
    if (dir == Direction::kToServer) {
      request();
    } else {
      reply();
    }
    // Whatever form it was to have: bytes that are not there, or that nothing asked for.
    if (!c_.ok()) {
      // What was read for missing bytes is no value to judge.
      m_.problems = (m_.problems & ~(kDataValue | kExceptionCode)) | kDataLength;
      m_.form = Form::kBytes;
      m_.values = {};
    } else if (!c_.empty()) {
      m_.problems |= kDataLength;
    }
    m_.category = category_of(m_);
  }
  [[nodiscard]] const Message& message() const noexcept { return m_; }

 private:
  void wrong(Problem p, bool when = true) noexcept {
    if (when) m_.problems |= p;
  }
  [[nodiscard]] bool bits() const noexcept { return m_.values_are_bits(); }
  void rest() noexcept { m_.values = c_.bytes(c_.left()); }

  void request() noexcept {
    const std::uint8_t code = m_.frame.function;
    wrong(kFunctionCode, code == 0 || (code & kExceptionBit) != 0);
    switch (static_cast<Function>(code)) {
      case Function::kReadCoils:
      case Function::kReadDiscreteInputs:
        return read_request(kMaxReadBits);
      case Function::kReadHoldingRegisters:
      case Function::kReadInputRegisters:
        return read_request(kMaxReadRegisters);
      case Function::kWriteSingleCoil:
      case Function::kWriteSingleRegister:
        return write_one();
      case Function::kWriteMultipleCoils:
        return write_many(kMaxWriteBits);
      case Function::kWriteMultipleRegisters:
        return write_many(kMaxWriteRegisters);
      case Function::kMaskWriteRegister:
        return mask();
      case Function::kReadWriteRegisters:
        read_request(kMaxReadRegisters);
        write_many(kMaxReadWriteRegisters);
        m_.form = Form::kReadWrite;
        return;
      case Function::kDiagnostics:
        return diagnostic_request();
      case Function::kReadExceptionStatus:
      case Function::kGetEventCounter:
      case Function::kGetEventLog:
      case Function::kReportServerId:
        return;  // no data: any that is there is left over
      case Function::kReadFileRecord:
        return counted(7);
      case Function::kWriteFileRecord:
        return file_records(true);
      case Function::kReadFifoQueue:
        c_.skip(2);
        return;
      case Function::kEncapsulated:
        return mei(Direction::kToServer);
      default:
        return rest();
    }
  }

  void reply() noexcept {
    if ((m_.frame.function & kExceptionBit) != 0) return exception();
    switch (static_cast<Function>(m_.frame.function)) {
      case Function::kReadCoils:
      case Function::kReadDiscreteInputs:
      case Function::kReadHoldingRegisters:
      case Function::kReadInputRegisters:
      case Function::kReadWriteRegisters:
        return read_reply();
      case Function::kWriteSingleCoil:
      case Function::kWriteSingleRegister:
        return write_one();
      case Function::kWriteMultipleCoils:
      case Function::kWriteMultipleRegisters:
        m_.form = Form::kWriteEcho;
        m_.write_address = c_.u16be();
        m_.write_quantity = c_.u16be();
        wrong(kDataValue,
              m_.write_quantity == 0 || m_.write_quantity > (bits() ? kMaxWriteBits : kMaxWriteRegisters));
        return;
      case Function::kMaskWriteRegister:
        return mask();
      case Function::kDiagnostics:
        return diagnostic();
      case Function::kReadExceptionStatus:
        return c_.skip(1);
      case Function::kGetEventCounter:
        return c_.skip(4);
      case Function::kGetEventLog:
      case Function::kReportServerId:
        return counted(1);
      case Function::kReadFileRecord:
        return file_records(false);
      case Function::kWriteFileRecord:
        return file_records(true);
      case Function::kReadFifoQueue:
        return fifo();
      case Function::kEncapsulated:
        return mei(Direction::kToClient);
      default:
        wrong(kFunctionCode, m_.frame.function == 0);
        return rest();
    }
  }

  void read_request(unsigned most) noexcept {
    m_.form = Form::kReadRequest;
    m_.read_address = c_.u16be();
    m_.read_quantity = c_.u16be();
    wrong(kDataValue,
          m_.read_quantity == 0 || m_.read_quantity > most || m_.read_address + m_.read_quantity > 0x10000);
  }

  void read_reply() noexcept {
    m_.form = Form::kReadReply;
    const std::uint8_t count = c_.u8();
    wrong(kDataValue, count == 0 || (!bits() && count % 2 != 0));
    wrong(kDataLength, count != c_.left());
    rest();
  }

  void write_one() noexcept {
    m_.form = Form::kWriteOne;
    m_.write_address = c_.u16be();
    m_.value = c_.u16be();
    m_.write_quantity = 1;
    wrong(kDataValue, bits() && m_.value != 0 && m_.value != 0xff00);
  }

  void write_many(unsigned most) noexcept {
    m_.form = Form::kWriteMany;
    m_.write_address = c_.u16be();
    m_.write_quantity = c_.u16be();
    const unsigned quantity = m_.write_quantity;
    const std::uint8_t count = c_.u8();
    wrong(kDataValue, quantity == 0 || quantity > most || m_.write_address + quantity > 0x10000 ||
                          count != bytes_for(quantity, bits()));
    wrong(kDataLength, count != c_.left());
    rest();
  }

  void mask() noexcept {
    m_.form = Form::kMask;
    m_.write_address = c_.u16be();
    m_.and_mask = c_.u16be();
    m_.or_mask = c_.u16be();
    m_.write_quantity = 1;
  }

  void exception() noexcept {
    m_.form = Form::kException;
    m_.exception = c_.u8();
    // Parity is a matter of file records alone.
    wrong(kExceptionCode,
          exception_name(m_.exception).empty() ||
              (m_.exception == 8 && !m_.is(Function::kReadFileRecord) && !m_.is(Function::kWriteFileRecord)));
  }

  void diagnostic() noexcept {
    m_.form = Form::kDiagnostic;
    m_.subfunction = c_.u16be();
    rest();
  }

  void diagnostic_request() noexcept {
    diagnostic();
    // Only an echo may carry more than one word.
    wrong(kDataLength, m_.values.size() != 2 && (m_.subfunction != 0 || m_.values.size() % 2 != 0));
    if (m_.values.size() != 2) return;
    const unsigned word = unsigned{m_.values[0]} << 8 | m_.values[1];
    switch (m_.subfunction) {
      case 0x00:
      case 0x04:
        return;
      case 0x01:
        return wrong(kDataValue, word != 0 && word != 0xff00);
      case 0x03:
        return wrong(kDataValue, (word & 0xff) != 0);
      default:
        return wrong(kDataValue, !diagnostic_name(m_.subfunction).empty() && word != 0);
    }
  }

  /// One byte that counts the rest, which comes in pieces of that size.
  void counted(unsigned piece) noexcept {
    const std::uint8_t count = c_.u8();
    wrong(kDataLength, count != c_.left());
    wrong(kDataValue, count == 0 || count % piece != 0);
    rest();
  }

  /// Written ones have a header of seven bytes and then data; read ones a length, a type and data.
  void file_records(bool written) noexcept {
    const std::uint8_t count = c_.u8();
    wrong(kDataLength, count != c_.left());
    wrong(kDataValue, count == 0);
    const Bytes all = c_.bytes(c_.left());
    Cursor r(all);
    while (!r.empty()) {
      if (written) {
        wrong(kDataValue, r.u8() != 6);
        r.skip(4);
        r.skip(2 * std::size_t{r.u16be()});
      } else {
        const std::uint8_t size = r.u8();
        wrong(kDataValue, r.u8() != 6);
        r.skip(size == 0 ? 0 : size - 1U);
      }
    }
    wrong(kDataLength, !r.ok());
    m_.values = all;
  }

  void fifo() noexcept {
    const std::uint16_t count = c_.u16be();
    wrong(kDataLength, count != c_.left());
    const std::uint16_t words = c_.u16be();
    wrong(kDataValue, words > 31 || count != 2 + 2 * unsigned{words});
    rest();
  }

  void mei(Direction dir) noexcept {
    m_.form = Form::kMei;
    m_.subfunction = c_.u8();
    if (m_.subfunction == 0x0e && dir == Direction::kToServer) {
      const Bytes all = c_.rest();
      wrong(kDataValue, !all.empty() && (all[0] == 0 || all[0] > 4));
      wrong(kDataLength, all.size() != 2);
    }
    rest();
  }

  Message m_;
  Cursor c_;
};

/// A header that could be: of a function whose frames have that length in that direction.
bool header_fits(Direction dir, std::uint16_t protocol, std::uint16_t length,
                 std::uint8_t function) noexcept {
  if (protocol != 0 || length < kMinLength) return false;
  if (function == static_cast<std::uint8_t>(Function::kUmas)) return length >= 4 && length <= kMaxUmasLength;
  if (length > kMaxLength) return false;
  const bool request = dir == Direction::kToServer;
  if ((function & kExceptionBit) != 0) return !request && length == 3;
  switch (static_cast<Function>(function)) {
    case Function::kReadCoils:
    case Function::kReadDiscreteInputs:
    case Function::kReadHoldingRegisters:
    case Function::kReadInputRegisters:
      return request ? length == 6 : length >= 4;
    case Function::kWriteSingleCoil:
    case Function::kWriteSingleRegister:
      return length == 6;
    case Function::kReadExceptionStatus:
      return length == (request ? 2 : 3);
    case Function::kDiagnostics:
      return length >= 6 && length % 2 == 0;
    case Function::kGetEventCounter:
      return length == (request ? 2 : 6);
    case Function::kGetEventLog:
    case Function::kReportServerId:
      return request ? length == 2 : length >= 4;
    case Function::kWriteMultipleCoils:
    case Function::kWriteMultipleRegisters:
      return request ? length >= 8 : length == 6;
    case Function::kReadFileRecord:
      return request ? length >= 10 : length >= 5;
    case Function::kWriteFileRecord:
      return length >= 12;
    case Function::kMaskWriteRegister:
      return length == 8;
    case Function::kReadWriteRegisters:
      return request ? length >= 13 : length >= 5;
    case Function::kReadFifoQueue:
      return request ? length == 4 : length >= 6;
    case Function::kEncapsulated:
      return length >= 4;
    default:
      return false;
  }
}

}  // namespace

ParseResult parse(Cursor& in, Frame& frame) noexcept {
  Cursor c = in;  // read from a copy: the caller sees all of a frame or nothing
  Frame f;
  f.transaction = c.u16be();
  f.protocol = c.u16be();
  f.length = c.u16be();
  f.unit = c.u8();
  f.function = c.u8();
  if (!c.ok()) return ParseResult::need_more(kHeaderSize);
  const std::uint16_t most =
      f.function == static_cast<std::uint8_t>(Function::kUmas) ? kMaxUmasLength : kMaxLength;
  if (f.length < kMinLength || f.length > most) return ParseResult::malformed(Event::kInvalidLength);
  // A number that is wrong in a frame that else is right; if nothing is, these bytes are no frame.
  if (f.protocol != 0 && function_info(f.function & ~kExceptionBit) == nullptr) {
    return ParseResult::malformed(Event::kInvalidProtocolId);
  }
  f.data = c.bytes(f.length - kMinLength);
  if (!c.ok()) return ParseResult::need_more(kPrefixSize + f.length);
  frame = f;
  in = c;
  return ParseResult::done();
}

bool Message::value_at(std::size_t n, std::uint16_t& out) const noexcept {
  const std::size_t at = values_are_bits() ? n / 8 : n * 2;
  if (at + (values_are_bits() ? 1 : 2) > values.size()) return false;
  out = values_are_bits() ? static_cast<std::uint16_t>(values[at] >> n % 8 & 1)
                          : static_cast<std::uint16_t>(values[at] << 8 | values[at + 1]);
  return true;
}

Message interpret(const Frame& frame, Direction dir) noexcept { return Interpreter(frame, dir).message(); }

bool answers(const Message& q, const Message& r) noexcept {
  if (r.form == Form::kException || q.form == Form::kBytes || r.form == Form::kBytes) return true;
  switch (r.form) {
    case Form::kReadReply:
      return (q.form == Form::kReadRequest || q.form == Form::kReadWrite) &&
             r.values.size() == bytes_for(q.read_quantity, q.values_are_bits());
    case Form::kWriteOne:
      return q.form == Form::kWriteOne && q.write_address == r.write_address && q.value == r.value;
    case Form::kWriteEcho:
      return q.form == Form::kWriteMany && q.write_address == r.write_address &&
             q.write_quantity == r.write_quantity;
    case Form::kMask:
      return q.form == Form::kMask && q.write_address == r.write_address && q.and_mask == r.and_mask &&
             q.or_mask == r.or_mask;
    case Form::kDiagnostic:
      return q.form == Form::kDiagnostic && q.subfunction == r.subfunction &&
             (q.subfunction != 0 || as_text(q.values) == as_text(r.values));
    case Form::kMei:
      return q.form == Form::kMei && q.subfunction == r.subfunction;
    default:
      return true;
  }
}

Probe frame_starts(Direction dir, Bytes stream) noexcept {
  Cursor c(stream);
  c.skip(2);
  const std::uint16_t protocol = c.u16be(), length = c.u16be();
  c.skip(1);
  const std::uint8_t function = c.u8();
  if (!c.ok()) return Probe::kUnsure;
  if (!header_fits(dir, protocol, length, function)) return Probe::kNo;
  Cursor in(stream);
  Frame f;
  if (parse(in, f).kind != ParseResult::Kind::kDone) return Probe::kUnsure;
  const Message m = interpret(f, dir);
  if (m.problems != 0) return Probe::kNo;
  if (!m.is(Function::kUmas)) return Probe::kYes;
  // Of what nobody has described there is no telling.
  const std::uint8_t code = f.data[1];
  const bool known =
      dir == Direction::kToServer ? !umas_name(code).empty() : code == umas::kDone || code == umas::kRefused;
  return known ? Probe::kYes : Probe::kNo;
}

Probe probe(Transport transport, Direction dir, Bytes first) noexcept {
  if (transport != Transport::kTcp) return Probe::kNo;
  std::size_t at = 0;
  for (unsigned frames = 0; frames < kProbedFrames; ++frames) {
    const Bytes rest = first.subspan(at);
    // Say no as soon as can be: other protocols wait for the answer.
    for (const std::size_t zero : {2, 3, 4}) {
      if (rest.size() > zero && rest[zero] != 0) return Probe::kNo;
    }
    if (rest.size() > 5 && (rest[5] < kMinLength || rest[5] > kMaxLength)) return Probe::kNo;
    if (rest.size() < kHeaderSize) return Probe::kUnsure;
    const std::size_t size = kPrefixSize + rest[5];
    if (rest.size() < size) return Probe::kUnsure;
    const std::uint8_t function = rest[7];
    if (function == static_cast<std::uint8_t>(Function::kUmas) && size >= 10) return Probe::kYes;
    if (frame_starts(dir, rest) == Probe::kYes) return Probe::kYes;
    // A function of a user, or a request that asks for too much: no proof, but nothing against it either. Who
    // scans a device begins with those.
    at += size;
  }
  return Probe::kNo;
}

}  // namespace picket::modbus
