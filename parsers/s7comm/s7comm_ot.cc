// What S7 does to a controller, in plain words (parsers/core/ot.h): one table, and which line of it fits
#include "parsers/s7comm/s7comm.h"

namespace picket::s7comm {
namespace {

using enum OtClass;

constexpr OtOperation kOperations[] = {
    {kNone, "job", "", true},
    {kNone, "open connection", ""},
    {kNone, "close connection", ""},
    {kNone, "reject TPDU", ""},
    {kNone, "CPU services", ""},
    {kNone, "setup communication", ""},
    {kRead, "read variables", "T0801"},
    {kWrite, "write variables", "T0836"},
    {kControl, "write process image", "T0835"},
    {kProgram, "request download", "T0843"},
    {kProgram, "download block", "T0843"},
    {kProgram, "end download", "T0843"},
    {kRead, "start upload", "T0845"},
    {kRead, "upload block", "T0845"},
    {kRead, "end upload", "T0845"},
    {kControl, "start program service", "T0855"},
    {kControl, "PLC stop", "T0858"},
    {kControl, "PLC hot restart", "T0858"},
    {kControl, "PLC cold restart", "T0858"},
    {kProgram, "insert block", "T0889"},
    {kProgram, "delete block", "T0809"},
    {kProgram, "copy RAM to ROM", "T0889"},
    {kConfigure, "compress memory", ""},
    {kAlarm, "report mode transition", ""},
    {kDiagnostic, "test function", ""},
    {kDiagnostic, "monitor block", ""},
    {kRead, "monitor variables", "T0801"},
    {kDiagnostic, "read stack", ""},
    {kDiagnostic, "measure time", ""},
    {kRead, "read forced variables", "T0801"},
    {kControl, "modify variables", "T0831"},
    {kControl, "force", "T0831"},
    {kControl, "set breakpoint", "T0858"},
    {kControl, "exit HOLD", "T0858"},
    {kProgram, "memory reset", "T0809"},
    {kDiagnostic, "flash LED", ""},
    {kRead, "cyclic service", ""},
    {kRead, "subscribe to variables", "T0801"},
    {kRead, "unsubscribe from variables", ""},
    {kRead, "report variables", ""},
    {kRead, "read data record", "T0801"},
    {kRead, "block function", ""},
    {kRead, "list blocks", "T0888"},
    {kRead, "read block information", "T0888"},
    {kDiagnostic, "CPU function", ""},
    {kRead, "read system status list", "T0888"},
    {kAlarm, "subscribe to messages", ""},
    {kAlarm, "report diagnostic event", ""},
    {kAlarm, "report alarm", ""},
    {kAlarm, "lock alarms", "T0878"},
    {kAlarm, "unlock alarms", ""},
    {kAlarm, "acknowledge alarm", ""},
    {kAlarm, "query alarms", ""},
    {kConfigure, "security function", ""},
    {kConfigure, "enter password", "T0859"},
    {kConfigure, "clear password", ""},
    {kWrite, "send block of data", ""},
    {kNone, "time function", "", true},
    {kRead, "read clock", ""},
    {kConfigure, "set clock", "T0836"},
    {kProgram, "NC function", ""},
    {kProgram, "download NC program", "T0843"},
    {kRead, "upload NC program", "T0845"},
    {kNone, "userdata", "", true},
    {kNone, "S7comm-plus message", "", true},
    {kNone, "keep alive", ""},
    {kRead, "report values", ""},
    {kRead, "explore", "T0888"},
    {kConfigure, "create object", ""},
    {kConfigure, "delete object", ""},
    {kConfigure, "link objects", ""},
    {kControl, "invoke function", "T0855"},
    {kProgram, "write object stream", "T0843"},
    {kRead, "read object stream", "T0845"},
    {kNone, "begin sequence", ""},
    {kNone, "end sequence", ""},
    {kNone, "abort", ""},
    {kNone, "start encryption", ""},
    {kNone, "report error", ""},
};

/// Fails to compile where the table has no such line.
consteval const OtOperation* line(std::string_view name) {
  for (const OtOperation& o : kOperations) {
    if (o.name == name) return &o;
  }
  throw "no such operation";
}

struct Entry {
  std::uint16_t number;
  const OtOperation* operation;
};

constexpr Entry kJobs[] = {
    {0x00, line("CPU services")},    {0x04, line("read variables")},
    {0x05, line("write variables")}, {0x1a, line("request download")},
    {0x1b, line("download block")},  {0x1c, line("end download")},
    {0x1d, line("start upload")},    {0x1e, line("upload block")},
    {0x1f, line("end upload")},      {0x28, line("start program service")},
    {0x29, line("PLC stop")},        {0xf0, line("setup communication")},
};

/// Group and subfunction; 0xff: any other of the group.
constexpr Entry kUserdata[] = {
    {0x00ff, line("report mode transition")},
    {0x0101, line("monitor block")},
    {0x0102, line("monitor variables")},
    {0x0103, line("read stack")},
    {0x0104, line("read stack")},
    {0x0105, line("read stack")},
    {0x0106, line("measure time")},
    {0x0107, line("read forced variables")},
    {0x0108, line("modify variables")},
    {0x0109, line("force")},
    {0x010a, line("set breakpoint")},
    {0x010b, line("exit HOLD")},
    {0x010c, line("memory reset")},
    {0x0113, line("monitor block")},
    {0x0116, line("flash LED")},
    {0x01ff, line("test function")},
    {0x0201, line("subscribe to variables")},
    {0x0204, line("unsubscribe from variables")},
    {0x0205, line("subscribe to variables")},
    {0x0207, line("subscribe to variables")},
    {0x0208, line("read data record")},
    {0x02ff, line("cyclic service")},
    {0x0301, line("list blocks")},
    {0x0302, line("list blocks")},
    {0x0303, line("read block information")},
    {0x03ff, line("block function")},
    {0x0401, line("read system status list")},
    {0x0402, line("subscribe to messages")},
    {0x0403, line("report diagnostic event")},
    {0x0405, line("report alarm")},
    {0x0406, line("report alarm")},
    {0x0407, line("lock alarms")},
    {0x0408, line("unlock alarms")},
    {0x0409, line("report alarm")},
    {0x040b, line("acknowledge alarm")},
    {0x040c, line("acknowledge alarm")},
    {0x040d, line("lock alarms")},
    {0x040e, line("unlock alarms")},
    {0x0411, line("report alarm")},
    {0x0412, line("report alarm")},
    {0x0413, line("query alarms")},
    {0x0416, line("report alarm")},
    {0x04ff, line("CPU function")},
    {0x0501, line("enter password")},
    {0x0502, line("clear password")},
    {0x05ff, line("security function")},
    {0x06ff, line("send block of data")},
    {0x0701, line("read clock")},
    {0x0702, line("set clock")},
    {0x0703, line("read clock")},
    {0x0704, line("set clock")},
    {0x07ff, line("time function")},
    {0x0f01, line("download NC program")},
    {0x0f02, line("download NC program")},
    {0x0f03, line("download NC program")},
    {0x0f04, line("download NC program")},
    {0x0f06, line("upload NC program")},
    {0x0f07, line("upload NC program")},
    {0x0f08, line("upload NC program")},
    {0x0fff, line("NC function")},
};

constexpr Entry kPlus[] = {
    {0x04b1, line("report error")},
    {0x04bb, line("explore")},
    {0x04ca, line("create object")},
    {0x04d4, line("delete object")},
    {0x04f2, line("write variables")},
    {0x04fc, line("read variables")},
    {0x0506, line("link objects")},
    {0x051a, line("link objects")},
    {0x0524, line("link objects")},
    {0x0542, line("write variables")},
    {0x054c, line("read variables")},
    {0x0556, line("begin sequence")},
    {0x0560, line("end sequence")},
    {0x056b, line("invoke function")},
    {0x057c, line("write object stream")},
    {0x0586, line("read object stream")},
    {0x0590, line("explore")},
    {0x059a, line("abort")},
    {0x05a9, line("report error")},
    {0x05b3, line("start encryption")},
};

template <std::size_t N>
const OtOperation* find(const Entry (&table)[N], unsigned number) noexcept {
  for (const Entry& e : table) {
    if (e.number == number) return e.operation;
  }
  return nullptr;
}

const OtOperation* or_else(const OtOperation* found, const OtOperation* other) noexcept {
  return found != nullptr ? found : other;
}

/// Outputs move something, and inputs that are written deceive the program.
bool writes_process_image(const Message& m) noexcept {
  for (std::size_t i = 0; i < m.items.kept; ++i) {
    const Item x = item_at(m, i);
    if (x.known && x.area >= static_cast<std::uint8_t>(Area::kPeripheral) &&
        x.area <= static_cast<std::uint8_t>(Area::kOutput)) {
      return true;
    }
  }
  return false;
}

const OtOperation* of_service(const Message& m) noexcept {
  PiService pi;
  const OtOperation* other = line("start program service");
  if (!read_pi_service(m, pi)) return other;
  const std::string_view name = as_text(pi.name), argument = as_text(pi.argument);
  if (name == "P_PROGRAM")
    return argument.starts_with('C') ? line("PLC cold restart") : line("PLC hot restart");
  if (name == "_INSE" || name == "_INS2") return line("insert block");
  if (name == "_DELE") return line("delete block");
  if (name == "_MODU") return line("copy RAM to ROM");
  if (name == "_GARB") return line("compress memory");
  return other;
}

const OtOperation* of_s7(const Message& m) noexcept {
  if (!m.is(Rosctr::kUserdata)) {
    if (m.is(Rosctr::kJob) && m.is(Function::kPiService)) return of_service(m);
    if (m.is(Rosctr::kJob) && m.is(Function::kWriteVar) && writes_process_image(m))
      return line("write process image");
    if (m.param.empty()) return line("job");
    return or_else(find(kJobs, m.function), line("job"));
  }
  const unsigned group = unsigned{m.group} << 8;
  if (m.group == static_cast<std::uint8_t>(Group::kCyclic) && m.userdata_type() == UserdataType::kPush) {
    return line("report variables");
  }
  return or_else(find(kUserdata, group | m.subfunction),
                 or_else(find(kUserdata, group | 0xff), line("userdata")));
}

const OtOperation* of_message(const Message& m) noexcept {
  switch (m.kind) {
    case Kind::kCotp:
      if (m.tpdu.type == cotp::Type::kError) return line("reject TPDU");
      if (m.tpdu.type == cotp::Type::kConnectRequest || m.tpdu.type == cotp::Type::kConnectConfirm)
        return line("open connection");
      return line("close connection");
    case Kind::kS7:
      return of_s7(m);
    case Kind::kPlus:
      if (m.version == 0xfe) return line("keep alive");
      if (m.opcode == static_cast<std::uint8_t>(Opcode::kNotification)) return line("report values");
      return or_else(find(kPlus, m.plus_function), line("S7comm-plus message"));
  }
  return line("job");
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  if (!x.has_question) return false;
  const Message& m = x.question;
  out = {};
  std::size_t size = 0;
  BlockJob job;
  PiService pi;
  Item i;
  if (n < m.items.kept || test_item(m, n, i)) {
    if (n < m.items.kept) i = item_at(m, n);
    size = write_address(i, tx.text_room);
    if (size == 0) {
      const int n_written =
          std::snprintf(tx.text_room.data(), tx.text_room.size(), "syntax 0x%02x", i.syntax);
      size = static_cast<std::size_t>(n_written);
    }
    const std::uint32_t unit = i.area >= 0x1c && i.area <= 0x1f ? 1 : type_size(i.type);
    const std::uint32_t length = unit * i.count;
    if (i.known && i.syntax != static_cast<std::uint8_t>(Syntax::kSymbolic)) {
      out.first = i.byte;
      out.last = i.byte + (length == 0 ? 0 : length - 1);
    }
  } else if (read_block_job(m, job) && n == 0 && !job.file.empty()) {
    size = block_text(job.file, tx.text_room);
  } else if (read_pi_service(m, pi) && n < pi.blocks) {
    size = block_text(pi.block_names.subspan(n * kPiName, kPiName), tx.text_room);
  } else {
    return false;
  }
  out.text = as_bytes({tx.text_room.data(), size});
  return true;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  // What was written is only told of the request: its answer has codes.
  if (m == nullptr || (m->is(Function::kWriteVar) && !m->is(Rosctr::kJob))) return false;
  const Message& asked = m == &x.answer && x.has_question ? x.question : *m;
  // Values are asked for one behind the other: the item of the last one is where to go on.
  Exchange::Seek seek = x.seek.of == m && x.seek.first <= n ? x.seek : Exchange::Seek{m, 0, 0};
  for (; seek.item < m->values.kept; ++seek.item) {
    const Value v = value_at(*m, seek.item);
    const Item item = item_at(asked, seek.item);
    const std::size_t count = element_count(v, &item);
    if (n - seek.first < count) {
      x.seek = seek;
      return element(v, &item, n - seek.first, out);
    }
    seek.first += static_cast<unsigned>(count);
  }
  return false;
}

}  // namespace

const OtProtocol kOt = {
    .name = "s7comm",
    .operations = kOperations,
    .address = address,
    .value = value,
};

const OtOperation* operation_of(const Exchange& x) noexcept {
  return of_message(x.has_question ? x.question : x.answer);
}

}  // namespace picket::s7comm
