// PCCC, the commands of PLC-5, SLC 500 and MicroLogix, inside of CIP's service 4b of class 67
// (Rockwell Automation, 1770-6.5.16, chapter 7):
//
//      | length of requester | vendor 2 | serial 4 | ... | command | status | transaction 2 | function | data |
#include "parsers/core/names.h"
#include "parsers/core/text_writer.h"
#include "parsers/enip/cip.h"

namespace picket::enip {
namespace {

constexpr std::uint8_t kReplyBit = 0x40, kExtended = 0xf0;
/// Command and function.
constexpr NumberName kFunctions[] = {
    {0x0000, "protected write"},
    {0x0100, "unprotected read"},
    {0x0200, "protected bit write"},
    {0x0500, "unprotected bit write"},
    {0x0800, "unprotected write"},
    {0x0600, "echo"},
    {0x0601, "read diagnostic counters"},
    {0x0602, "set variables"},
    {0x0603, "read diagnostic status"},
    {0x0604, "set timeout"},
    {0x0605, "set NAKs"},
    {0x0606, "set ENQs"},
    {0x0607, "reset diagnostic counters"},
    {0x0608, "set data table size"},
    {0x0609, "read link parameters"},
    {0x060a, "set link parameters"},
    {0x0700, "disable outputs"},
    {0x0701, "enable program"},
    {0x0703, "enable scan"},
    {0x0704, "enter download mode"},
    {0x0705, "exit download mode"},
    {0x0706, "enter upload mode"},
    {0x0f00, "word range write"},
    {0x0f01, "word range read"},
    {0x0f02, "bit write"},
    {0x0f11, "get edit resource"},
    {0x0f12, "return edit resource"},
    {0x0f17, "read bytes physical"},
    {0x0f18, "write bytes physical"},
    {0x0f26, "read-modify-write"},
    {0x0f29, "read section size"},
    {0x0f3a, "set CPU mode"},
    {0x0f41, "disable forces"},
    {0x0f50, "download all request"},
    {0x0f52, "download completed"},
    {0x0f53, "upload all request"},
    {0x0f55, "upload completed"},
    {0x0f57, "initialize memory"},
    {0x0f5e, "modify PLC-2 compatibility file"},
    {0x0f67, "typed write"},
    {0x0f68, "typed read"},
    {0x0f79, "read-modify-write N"},
    {0x0f80, "change mode"},
    {0x0f81, "open file"},
    {0x0f82, "close file"},
    {0x0f8f, "apply port configuration"},
    {0x0fa1, "protected typed logical read with two address fields"},
    {0x0fa2, "protected typed logical read with three address fields"},
    {0x0fa7, "protected typed file read"},
    {0x0fa9, "protected typed logical write with two address fields"},
    {0x0faa, "protected typed logical write with three address fields"},
    {0x0fab, "protected typed logical write with mask"},
    {0x0faf, "protected typed file write"},
};

constexpr NumberName kStatuses[] = {
    {0x00, "success"},
    {0x01, "no buffer at the destination"},
    {0x02, "no acknowledgement from the remote node"},
    {0x03, "duplicate token holder"},
    {0x04, "local port disconnected"},
    {0x05, "application layer timed out"},
    {0x06, "duplicate node"},
    {0x07, "station offline"},
    {0x08, "hardware fault"},
    {0x10, "illegal command or format"},
    {0x20, "host will not communicate"},
    {0x30, "remote host missing or shut down"},
    {0x40, "hardware fault of the host"},
    {0x50, "addressing problem or memory protection"},
    {0x60, "function not allowed"},
    {0x70, "processor in program mode"},
    {0x80, "compatibility file missing"},
    {0x90, "remote node cannot buffer the command"},
    {0xb0, "remote node is being downloaded to"},
    {0xf0, "see extended status"},
};

constexpr NumberName kExtendedStatuses[] = {
    {0x01, "illegal value in a field"},
    {0x02, "too few address levels"},
    {0x03, "too many address levels"},
    {0x04, "symbol not found"},
    {0x05, "improper symbol"},
    {0x06, "address points to nothing usable"},
    {0x07, "file has the wrong size"},
    {0x08, "situation changed since the start"},
    {0x09, "data or file too large"},
    {0x0a, "size and address too large together"},
    {0x0b, "access denied"},
    {0x0c, "condition cannot be generated"},
    {0x0d, "condition exists already"},
    {0x0e, "command cannot be executed"},
    {0x0f, "histogram overflow"},
    {0x10, "no access"},
    {0x11, "illegal data type"},
    {0x12, "invalid parameter or data"},
    {0x13, "reference to a deleted area"},
    {0x14, "command failed"},
    {0x15, "data conversion error"},
    {0x18, "type mismatch"},
    {0x1a, "file open by another node"},
    {0x1b, "another node owns the program"},
};

struct FileType {
  std::uint8_t number;
  std::string_view name;
  Type type;
};
constexpr FileType kFileTypes[] = {
    {0x84, "S", Type::kInt},  {0x85, "B", Type::kWord},  {0x86, "T", Type::kInt},  {0x87, "C", Type::kInt},
    {0x88, "R", Type::kInt},  {0x89, "N", Type::kInt},   {0x8a, "F", Type::kReal}, {0x8b, "O", Type::kWord},
    {0x8c, "I", Type::kWord}, {0x8d, "ST", Type::kWord}, {0x8e, "A", Type::kWord}, {0x8f, "D", Type::kWord},
    {0x91, "L", Type::kDint},
};

/// A byte, or 255 and two bytes.
std::uint16_t short_number(Cursor& c) noexcept {
  const std::uint8_t b = c.u8();
  return b == 0xff ? c.u16le() : b;
}

void slc_address(Cursor& c, unsigned fields, Pccc& out) noexcept {
  out.has_size = true;
  out.size = c.u8();
  out.file = short_number(c);
  out.file_type = c.u8();
  out.element = short_number(c);
  if (fields == 3) out.sub = short_number(c);
  out.has_file = c.ok();
}

/// Of a PLC-5: text between a zero and a zero, or levels of numbers.
void plc5_address(Cursor& c, Pccc& out) noexcept {
  const std::uint8_t levels = c.u8();
  if (levels == 0) {
    const Bytes rest = c.rest();
    std::size_t n = 0;
    while (n < rest.size() && rest[n] != 0) ++n;
    out.symbol = c.bytes(n);
    c.skip(1);
    return;
  }
  std::uint16_t value[8] = {};
  for (unsigned i = 0; i < 8; ++i) {
    if ((levels >> i & 1) != 0) value[i] = short_number(c);
  }
  out.file = value[1];
  out.element = value[2];
  out.sub = value[3];
  out.has_file = c.ok() && levels < 0x80;
}

void set_values(Pccc& out, Bytes data) noexcept {
  out.data = data;
  out.values.data = data;
  for (const FileType& f : kFileTypes) {
    if (f.number != out.file_type) continue;
    out.values.has_type = true;
    out.values.type = static_cast<std::uint16_t>(f.type);
  }
}

void read_function(Cursor& c, Pccc& out) noexcept {
  if (out.command != 0x0f) {
    out.data = c.rest();
    return;
  }
  switch (out.function) {
    case 0xa1:
    case 0xa2:
      slc_address(c, out.function == 0xa2 ? 3 : 2, out);
      break;
    case 0xa9:
    case 0xaa:
      slc_address(c, out.function == 0xaa ? 3 : 2, out);
      set_values(out, c.rest());
      break;
    case 0xab:
      slc_address(c, 3, out);
      out.mask = c.u16le();
      out.has_mask = c.ok();
      set_values(out, c.rest());
      break;
    case 0x00:
    case 0x01:
    case 0x67:
    case 0x68:
      c.skip(4);  // offset of the packet, size of all
      [[fallthrough]];
    case 0x02:
    case 0x26:
      plc5_address(c, out);
      out.data = c.rest();
      break;
    case 0xa7:
    case 0xaf:
      out.has_size = true;
      out.size = c.u8();
      out.data = c.rest();
      break;
    default:
      out.data = c.rest();
      break;
  }
}

/// What stands in front of the data of every PCCC message.
bool read_head(Cursor& c, Pccc& out) noexcept {
  const std::size_t requester = c.u8();
  if (requester < 7) return false;
  out.vendor = c.u16le();
  out.serial = c.u32le();
  c.skip(requester - 7);
  out.command = c.u8();
  out.status = c.u8();
  out.transaction = c.u16le();
  out.reply = (out.command & kReplyBit) != 0;
  out.command &= static_cast<std::uint8_t>(~kReplyBit);
  return c.ok();
}

}  // namespace

bool is_pccc(const Told& t) noexcept {
  return t.cip.is(Service::kExecutePccc) && t.target().is(Class::kPccc);
}

bool read_pccc(const Told& t, Pccc& out) noexcept {
  if (!is_pccc(t) || (t.cip.reply && !t.cip.done())) return false;
  out = {};
  Cursor c(t.cip.data);
  if (!read_head(c, out)) return false;
  const bool functions = out.command == 0x06 || out.command == 0x07 || out.command == 0x0f;
  if (!out.reply) {
    out.has_function = functions && !c.empty();
    if (out.has_function) out.function = c.u8();
    read_function(c, out);
    return true;
  }
  if (out.status == kExtended) out.extended = c.u8();
  // A reply does not say what it answers.
  Pccc asked;
  Told request;
  request.cip = t.asked;
  if (t.has_asked && !t.asked.reply && read_pccc(request, asked) && asked.command == out.command) {
    out.has_function = asked.has_function;
    out.function = asked.function;
    out.has_file = asked.has_file;
    out.file_type = asked.file_type;
    out.file = asked.file;
    out.element = asked.element;
    out.sub = asked.sub;
    out.symbol = asked.symbol;
  }
  if (out.status != 0) return true;
  if (out.function == 0xa1 || out.function == 0xa2) {
    set_values(out, c.rest());
  } else {
    out.data = c.rest();
  }
  return true;
}

std::size_t write_pccc_address(const Pccc& p, std::span<char> room) noexcept {
  TextWriter w(room);
  if (!p.symbol.empty()) {
    w << (p.symbol[0] == '$' ? p.symbol.subspan(1) : p.symbol);
    return w.size();
  }
  if (!p.has_file) return 0;
  std::string_view type;
  for (const FileType& f : kFileTypes) {
    if (f.number == p.file_type) type = f.name;
  }
  w << (type.empty() ? std::string_view("file ") : type) << p.file << ":" << p.element;
  if (p.sub != 0) w << "." << p.sub;
  return w.size();
}

std::string_view pccc_function_name(std::uint8_t command, std::uint8_t function) noexcept {
  return name_of(kFunctions, static_cast<std::uint32_t>(command << 8 | function));
}
std::string_view pccc_status_name(std::uint8_t status) noexcept {
  const std::string_view whole = name_of(kStatuses, status);
  return whole.empty() ? name_of(kStatuses, status & 0xf0U) : whole;
}
std::string_view pccc_extended_name(std::uint8_t status) noexcept {
  return name_of(kExtendedStatuses, status);
}

std::string_view pccc_mode_name(const Pccc& p) noexcept {
  if (p.reply || p.command != 0x0f || p.data.empty()) return {};
  static constexpr NumberName kSlc[] = {{0x01, "program"},
                                        {0x06, "run"},
                                        {0x07, "test, continuous"},
                                        {0x08, "test, single scan"},
                                        {0x09, "test, single step"}};
  static constexpr NumberName kOther[] = {{0x01, "program"}, {0x02, "run"}};
  if (p.function == 0x80) return name_of(kSlc, p.data[0]);
  return p.function == 0x3a ? name_of(kOther, p.data[0]) : std::string_view{};
}

}  // namespace picket::enip
