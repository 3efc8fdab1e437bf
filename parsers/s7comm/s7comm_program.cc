// Blocks that are loaded, services that start, stop and change the program, and lists that say what a controller is.
//
//      function | status | 2 | upload id: 4 | length | file name | length | '1' | load memory: 6 | code: 6 |
//      28 | 7 bytes | length: 2 | argument | length | name                                     PI service
#include <algorithm>

#include "parsers/s7comm/s7comm.h"

namespace picket::s7comm {
namespace {

constexpr std::size_t kDigits = 5;      // of a block's number in a name
constexpr std::size_t kPartLength = 6;  // digits of a length

/// Upload id, and the file name behind its length.
void session_and_file(Cursor& c, BlockJob& out) noexcept {
  out.session = c.u32be();
  if (!c.empty()) out.file = c.bytes(c.u8());
}

}  // namespace

std::string_view block_type_name(std::uint8_t type) noexcept {
  switch (type) {
    case '8':
    case 0x08:
      return "OB";
    case '9':
    case 0x09:
      return "CMOD";
    case 'A':
    case 0x0a:
      return "DB";
    case 'B':
    case 0x0b:
      return "SDB";
    case 'C':
    case 0x0c:
      return "FC";
    case 'D':
    case 0x0d:
      return "SFC";
    case 'E':
    case 0x0e:
      return "FB";
    case 'F':
    case 0x0f:
      return "SFB";
    default:
      return {};
  }
}

bool parse_block_name(Bytes raw, BlockName& out) noexcept {
  Bytes b = raw;
  if (!b.empty() && (b[0] == '_' || b[0] == '$')) b = b.subspan(1);
  Cursor c(b);
  const std::uint8_t zero = c.u8();
  BlockName n;
  n.raw = raw;
  n.type = block_type_name(c.u8());
  for (const std::uint8_t d : c.bytes(kDigits)) {
    if (d < '0' || d > '9') return false;
    n.number = n.number * 10 + d - '0';
  }
  if (!c.ok() || zero != '0' || n.type.empty()) return false;
  n.file_system = static_cast<char>(c.peek());
  out = n;
  return true;
}

std::size_t block_text(Bytes raw, std::span<char> room) noexcept {
  BlockName b;
  std::size_t n = 0;
  const auto put = [&](std::string_view s) {
    for (const char c : s) {
      if (n < room.size()) room[n++] = c;
    }
  };
  if (!parse_block_name(raw, b)) {
    put(as_text(raw));
    return n;
  }
  put(b.type);
  char digits[10];
  std::size_t at = sizeof digits;
  std::uint32_t v = b.number;
  do digits[--at] = static_cast<char>('0' + v % 10);
  while ((v /= 10) != 0);
  put({digits + at, sizeof digits - at});
  return n;
}

bool read_block_job(const Message& m, BlockJob& out) noexcept {
  if (m.function < static_cast<std::uint8_t>(Function::kRequestDownload) ||
      m.function > static_cast<std::uint8_t>(Function::kEndUpload) || m.is(Rosctr::kUserdata)) {
    return false;
  }
  const bool job = m.is(Rosctr::kJob);
  Cursor c(m.param);
  c.skip(1);
  if (c.empty()) return !job;  // an answer that says no more than which function it is
  out.status = c.u8();
  out.more = (out.status & 1) != 0;
  const auto f = static_cast<Function>(m.function);
  if (!job) {
    if (f == Function::kUpload || f == Function::kDownloadBlock) {
      Cursor d(m.data);
      const std::uint16_t size = d.u16be();
      d.skip(2);
      out.content = d.bytes(std::min<std::size_t>(size, d.left()));
      return d.ok();
    }
    if (f != Function::kStartUpload) return true;
    c.skip(2);
    out.session = c.u32be();
    if (!c.empty()) out.length = c.bytes(c.u8());
    return c.ok();
  }
  // What ends it has an error where the others have nothing of meaning.
  const std::uint16_t word = c.u16be();
  if (f == Function::kEndUpload || f == Function::kDownloadEnded) out.error = word;
  session_and_file(c, out);
  if (f == Function::kRequestDownload && !c.empty()) {
    Cursor lengths(c.bytes(c.u8()));
    lengths.skip(1);
    out.load_length = lengths.bytes(kPartLength);
    out.code_length = lengths.bytes(kPartLength);
  }
  return c.ok();
}

bool read_block_info(Bytes b, BlockInfo& out) noexcept {
  constexpr std::uint64_t kMillisecond = 1'000'000, kDay = 86'400'000 * kMillisecond;
  constexpr std::uint64_t kEpoch = 5113 * kDay;  // 1984-01-01
  const auto time = [](Cursor& c) {
    const std::uint64_t of_day = c.u32be(), days = c.u16be();
    return kEpoch + days * kDay + of_day * kMillisecond;
  };
  Cursor c(b);
  if (c.u16be() != 0x7070) return false;
  BlockInfo x;
  c.skip(2);
  x.language = c.u8();
  x.type = c.u8();
  x.number = c.u16be();
  x.load = c.u32be();
  x.protected_ = c.u32be() == 3;
  x.code_ns = time(c);
  x.interface_ns = time(c);
  c.skip(4);
  x.local_data = c.u16be();
  x.code = c.u16be();
  if (!c.ok()) return false;
  if (c.left() >= 28) {
    x.author = c.bytes(8);
    x.family = c.bytes(8);
    x.name = c.bytes(8);
    x.version = c.u8();
    c.skip(1);
    x.checksum = c.u16be();
  }
  out = x;
  return true;
}

bool read_szl(const Message& m, Szl& out) noexcept {
  if (!m.is(Group::kCpu, 1) || (m.units > 1 && !m.last)) return false;
  Cursor c(m.payload);
  out.id = c.u16be();
  out.index = c.u16be();
  if (!c.ok()) return false;
  if (m.userdata_type() != UserdataType::kResponse) return true;
  out.size = c.u16be();
  out.count = c.u16be();
  out.entries = c.rest();
  return c.ok();
}

bool read_pi_service(const Message& m, PiService& out) noexcept {
  if (!m.is(Rosctr::kJob)) return false;
  Cursor c(m.param);
  c.skip(1);
  if (m.is(Function::kPlcStop)) {
    c.skip(5);
    out.name = c.bytes(c.u8());
    return c.ok();
  }
  if (!m.is(Function::kPiService)) return false;
  c.skip(7);
  out.argument = c.bytes(c.u16be());
  out.name = c.bytes(c.u8());
  if (!c.ok()) return false;
  const std::string_view name = as_text(out.name);
  if ((name == "_INSE" || name == "_DELE" || name == "_INS2") && out.argument.size() >= 2) {
    out.block_names = out.argument.subspan(2);
    out.blocks =
        static_cast<unsigned>(std::min<std::size_t>(out.argument[0], out.block_names.size() / kPiName));
  }
  return true;
}

}  // namespace picket::s7comm
