// parsers/enip/enip_ot.cc — what is done with EtherNet/IP, to which points, with which values
//
// From this follow the keywords ot.*, Event.ot, and what is told once instead of each time (parsers/core/ot.h). Of
// several services in a message the gravest says what it is.
#include <algorithm>
#include <charconv>

#include "parsers/core/text_writer.h"
#include "parsers/enip/cip.h"

namespace picket::enip {
namespace {

using enum OtClass;

// The technique as MITRE ATT&CK for ICS defines it, "" where none applies.
constexpr OtOperation kOperations[] = {
    {kNone, "CIP service", "", true},
    {kNone, "unknown command", "", true},
    {kNone, "nop", ""},
    {kRead, "list services", "T0846"},
    {kRead, "list identity", "T0846"},
    {kRead, "list interfaces", "T0846"},
    {kNone, "register session", ""},
    {kNone, "unregister session", ""},
    {kAlarm, "indicate status", ""},
    {kNone, "cancel", ""},
    {kNone, "send data", "", true},
    {kRead, "cyclic I/O", ""},
    {kNone, "open connection", ""},
    {kNone, "close connection", ""},
    {kDiagnostic, "examine connections", ""},
    {kRead, "read attributes", ""},
    {kRead, "read identity", "T0888"},
    {kRead, "read network configuration", "T0888"},
    {kRead, "read assembly", "T0801"},
    {kRead, "read clock", ""},
    {kConfigure, "write attributes", "T0836"},
    {kControl, "write assembly", "T0855"},
    {kConfigure, "write network configuration", "T0836"},
    {kConfigure, "write identity", "T0836"},
    {kConfigure, "set clock", "T0836"},
    {kConfigure, "apply attributes", "T0836"},
    {kControl, "device reset", "T0816"},
    {kConfigure, "device reset to factory settings", "T0809"},
    {kControl, "object reset", "T0855"},
    {kControl, "PLC start", "T0858"},
    {kControl, "PLC stop", "T0858"},
    {kControl, "start object", "T0855"},
    {kControl, "stop object", "T0881"},
    {kConfigure, "create object", ""},
    {kConfigure, "delete object", "T0809"},
    {kProgram, "create program object", "T0889"},
    {kProgram, "delete program object", "T0889"},
    {kConfigure, "restore configuration", "T0836"},
    {kConfigure, "save configuration", ""},
    {kRead, "find object", "T0888"},
    {kDiagnostic, "flash LEDs", ""},
    {kRead, "translate symbol", ""},
    {kRead, "read tag", "T0801"},
    {kWrite, "write tag", "T0836"},
    {kWrite, "modify bits of tag", "T0836"},
    {kRead, "list tags", "T0861"},
    {kRead, "read template", "T0861"},
    {kRead, "read program object", "T0845"},
    {kProgram, "write program object", "T0843"},
    {kConfigure, "controller service", "", true},
    {kRead, "begin file upload", "T0845"},
    {kRead, "file upload", "T0845"},
    {kRead, "read part of file", "T0845"},
    {kProgram, "begin file download", "T0843"},
    {kProgram, "file download", "T0843"},
    {kProgram, "write part of file", "T0843"},
    {kConfigure, "clear file", "T0809"},
    {kProgram, "begin firmware update", "T0857"},
    {kProgram, "firmware update", "T0857"},
    {kControl, "safety mode change", "T0858"},
    {kControl, "safety reset", "T0880"},
    {kConfigure, "safety configuration", "T0880"},
    {kConfigure, "security configuration", "T0836"},
    {kDiagnostic, "ring diagnosis", ""},
    {kNone, "PCCC command", "", true},
    {kRead, "PCCC read", "T0801"},
    {kWrite, "PCCC write", "T0836"},
    {kDiagnostic, "PCCC diagnosis", ""},
    {kConfigure, "PCCC configuration", "T0836"},
    {kControl, "PCCC mode change", "T0858"},
    {kControl, "PCCC disable forces", "T0831"},
    {kControl, "PCCC disable outputs", "T0816"},
    {kProgram, "PCCC download", "T0843"},
    {kRead, "PCCC upload", "T0845"},
    {kConfigure, "PCCC initialize memory", "T0809"},
    {kProgram, "PCCC edit resource", "T0889"},
};

/// Fails to compile where the table has no such line.
consteval const OtOperation* line(std::string_view name) {
  for (const OtOperation& o : kOperations) {
    if (o.name == name) return &o;
  }
  throw "no such operation";
}

/// Of tables in the order of their numbers.
struct Entry {
  std::uint32_t number;
  const OtOperation* operation;
};
template <const auto& kTable>
const OtOperation* find(std::uint32_t number) noexcept {
  static_assert(std::ranges::is_sorted(kTable, std::ranges::less_equal{}, &Entry::number));
  const Entry* e = std::ranges::lower_bound(kTable, number, {}, &Entry::number);
  return e != std::end(kTable) && e->number == number ? e->operation : nullptr;
}

constexpr Entry kCommands[] = {
    {0x00, line("nop")},
    {0x04, line("list services")},
    {0x63, line("list identity")},
    {0x64, line("list interfaces")},
    {0x65, line("register session")},
    {0x66, line("unregister session")},
    {0x6f, line("send data")},
    {0x70, line("send data")},
    {0x72, line("indicate status")},
    {0x73, line("cancel")},
};

/// Of every class.
constexpr Entry kCommon[] = {
    {0x01, line("read attributes")},    {0x02, line("write attributes")},
    {0x03, line("read attributes")},    {0x04, line("write attributes")},
    {0x05, line("object reset")},       {0x06, line("start object")},
    {0x07, line("stop object")},        {0x08, line("create object")},
    {0x09, line("delete object")},      {0x0d, line("apply attributes")},
    {0x0e, line("read attributes")},    {0x10, line("write attributes")},
    {0x11, line("find object")},        {0x15, line("restore configuration")},
    {0x16, line("save configuration")}, {0x17, line("nop")},
    {0x18, line("read attributes")},    {0x19, line("write attributes")},
    {0x1a, line("write attributes")},   {0x1b, line("write attributes")},
};

/// Class in the high half, service in the low one.
constexpr Entry kOfClass[] = {
    {0x014b, line("flash LEDs")},
    {0x024b, line("translate symbol")},
    {0x064e, line("close connection")},
    {0x0654, line("open connection")},
    {0x0656, line("examine connections")},
    {0x0657, line("examine connections")},
    {0x0659, line("open connection")},
    {0x065a, line("examine connections")},
    {0x065b, line("open connection")},
    {0x0f4b, line("read attributes")},
    {0x374b, line("begin file upload")},
    {0x374c, line("begin file download")},
    {0x374d, line("read part of file")},
    {0x374e, line("write part of file")},
    {0x374f, line("file upload")},
    {0x3750, line("file download")},
    {0x3751, line("clear file")},
    {0x394b, line("safety reset")},
    {0x394d, line("safety configuration")},
    {0x394e, line("safety configuration")},
    {0x394f, line("safety configuration")},
    {0x3950, line("safety configuration")},
    {0x3951, line("safety mode change")},
    {0x3952, line("safety reset")},
    {0x3953, line("safety configuration")},
    {0x3954, line("safety configuration")},
    {0x3955, line("safety configuration")},
    {0x474b, line("ring diagnosis")},
    {0x474c, line("ring diagnosis")},
    {0x474d, line("ring diagnosis")},
    {0x474e, line("ring diagnosis")},
    {0x5d4b, line("security configuration")},
    {0x5d4d, line("security configuration")},
    {0x5d4e, line("security configuration")},
    {0x5e4b, line("security configuration")},
    {0x5f4b, line("security configuration")},
    {0x5f4c, line("security configuration")},
    {0x6c4c, line("read template")},
    {0x8e06, line("PLC start")},
    {0x8e07, line("PLC stop")},
    {0xa14b, line("begin firmware update")},
    {0xa14d, line("firmware update")},
    {0xf54c, line("read attributes")},
    {0xf64c, line("read attributes")},
};

constexpr Entry kTags[] = {
    {0x4c, line("read tag")}, {0x4d, line("write tag")}, {0x4e, line("modify bits of tag")},
    {0x52, line("read tag")}, {0x53, line("write tag")}, {0x55, line("list tags")},
};

/// Command and function.
constexpr Entry kPccc[] = {
    {0x0000, line("PCCC write")},
    {0x0100, line("PCCC read")},
    {0x0200, line("PCCC write")},
    {0x0500, line("PCCC write")},
    {0x0600, line("PCCC diagnosis")},
    {0x0601, line("PCCC diagnosis")},
    {0x0602, line("PCCC configuration")},
    {0x0603, line("PCCC diagnosis")},
    {0x0604, line("PCCC configuration")},
    {0x0605, line("PCCC configuration")},
    {0x0606, line("PCCC configuration")},
    {0x0607, line("PCCC diagnosis")},
    {0x0608, line("PCCC configuration")},
    {0x0609, line("PCCC diagnosis")},
    {0x060a, line("PCCC configuration")},
    {0x0700, line("PCCC disable outputs")},
    {0x0701, line("PCCC mode change")},
    {0x0703, line("PCCC mode change")},
    {0x0704, line("PCCC download")},
    {0x0705, line("PCCC download")},
    {0x0706, line("PCCC upload")},
    {0x0707, line("PCCC upload")},
    {0x0800, line("PCCC write")},
    {0x0f00, line("PCCC write")},
    {0x0f01, line("PCCC read")},
    {0x0f02, line("PCCC write")},
    {0x0f11, line("PCCC edit resource")},
    {0x0f12, line("PCCC edit resource")},
    {0x0f17, line("PCCC upload")},
    {0x0f18, line("PCCC download")},
    {0x0f26, line("PCCC write")},
    {0x0f29, line("PCCC diagnosis")},
    {0x0f3a, line("PCCC mode change")},
    {0x0f41, line("PCCC disable forces")},
    {0x0f50, line("PCCC download")},
    {0x0f52, line("PCCC download")},
    {0x0f53, line("PCCC upload")},
    {0x0f55, line("PCCC upload")},
    {0x0f57, line("PCCC initialize memory")},
    {0x0f67, line("PCCC write")},
    {0x0f68, line("PCCC read")},
    {0x0f79, line("PCCC write")},
    {0x0f80, line("PCCC mode change")},
    {0x0f81, line("PCCC upload")},
    {0x0f82, line("PCCC upload")},
    {0x0f8f, line("PCCC configuration")},
    {0x0fa1, line("PCCC read")},
    {0x0fa2, line("PCCC read")},
    {0x0fa7, line("PCCC upload")},
    {0x0fa9, line("PCCC write")},
    {0x0faa, line("PCCC write")},
    {0x0fab, line("PCCC write")},
    {0x0faf, line("PCCC download")},
};

bool writes(std::uint8_t service) noexcept {
  return service == 0x02 || service == 0x04 || service == 0x10 || service == 0x19;
}
bool reads(std::uint8_t service) noexcept {
  return service == 0x01 || service == 0x03 || service == 0x0e || service == 0x18;
}
/// Objects of Logix that a program is made of.
bool of_program(const Target& t) noexcept {
  return t.has_class && t.class_id >= 0x68 && t.class_id <= 0x74 && !t.is(Class::kSymbol) &&
         !t.is(Class::kTemplate);
}

/// What reading or writing this class is.
const OtOperation* of_access(const Target& t, bool write) noexcept {
  if (t.is(Class::kIdentity)) return write ? line("write identity") : line("read identity");
  if (t.is(Class::kTcpIp) || t.is(Class::kEthernetLink))
    return write ? line("write network configuration") : line("read network configuration");
  if (t.is(Class::kAssembly)) return write ? line("write assembly") : line("read assembly");
  if (t.is(Class::kClock)) return write ? line("set clock") : line("read clock");
  if (t.is(Class::kSymbol)) return write ? line("write tag") : line("list tags");
  if (t.is(Class::kTemplate) && !write) return line("read template");
  return nullptr;
}

const OtOperation* of_pccc(const Told& t) noexcept {
  Pccc p;
  if (!read_pccc(t, p)) return line("PCCC command");
  const OtOperation* o = find<kPccc>(static_cast<std::uint32_t>(p.command << 8 | p.function));
  return o == nullptr ? line("PCCC command") : o;
}

/// What a message is by itself; nullptr where only those inside of it say.
const OtOperation* of_message(const Told& t) noexcept {
  const Cip& m = t.cip;
  const Target& target = t.target();
  if (m.is(Service::kMultiple) || is_unconnected_send(m)) return nullptr;
  if (is_pccc(t)) return of_pccc(t);
  if (m.is(Service::kReset) && target.is(Class::kIdentity)) {
    const Bytes data = m.reply ? t.asked.data : m.data;
    return !data.empty() && data[0] != 0 ? line("device reset to factory settings") : line("device reset");
  }
  if (target.has_class && target.class_id <= 0xffff) {
    if (const OtOperation* o = find<kOfClass>(target.class_id << 8 | m.service)) return o;
  }
  if (of_tag(target)) {
    if (const OtOperation* o = find<kTags>(m.service)) return o;
  }
  if (reads(m.service) || writes(m.service)) {
    if (const OtOperation* o = of_access(target, writes(m.service))) return o;
  }
  if (of_program(target)) {
    if (m.is(Service::kCreate)) return line("create program object");
    if (m.is(Service::kDelete)) return line("delete program object");
    if (writes(m.service)) return line("write program object");
    if (reads(m.service) || m.is(Service::kReadTag)) return line("read program object");
  }
  if (const OtOperation* o = find<kCommon>(m.service)) return o;
  return target.is(Class::kController) ? line("controller service") : line("CIP service");
}

const OtOperation* of_exchange(const Exchange& x) noexcept {
  if (x.is_io) return line("cyclic I/O");
  const Pdu& p = *x.question;
  if (!p.has_cip) {
    const OtOperation* o = find<kCommands>(p.command);
    return o == nullptr ? line("unknown command") : o;
  }
  const OtOperation* gravest = nullptr;
  Told t;
  for (std::size_t i = 0; i < p.node_count; ++i) {
    if (!told_by(x, p, i, t)) continue;
    const OtOperation* o = of_message(t);
    if (o == nullptr) continue;
    if (gravest == nullptr || o->ot_class > gravest->ot_class ||
        (o->unknown && !gravest->unknown && ot_only_looks(gravest->ot_class)))
      gravest = o;
  }
  return gravest == nullptr ? line("CIP service") : gravest;
}

/// Of a request: what is inside of it says more than its own path.
std::size_t write_address(const Told& t, std::span<char> room) noexcept {
  std::size_t size = 0;
  if (t.cip.target.is(Class::kConnectionManager)) {
    ForwardOpen open;
    ForwardClose close;
    if (is_forward_open(t.cip)) {
      if (read_forward_open(t.cip, open)) size = write_target(open.path, room);
    } else if (read_forward_close(t.cip, close)) {
      size = write_target(close.path, room);
    }
  } else if (is_pccc(t)) {
    Pccc pccc;
    if (read_pccc(t, pccc)) size = write_pccc_address(pccc, room);
  }
  return size == 0 ? write_target(t.cip.path, room) : size;
}

/// They are asked for one behind the other: where the last one stands is where to go on.
Exchange::Seek seek_from(const Exchange::Seek& last, const Pdu* of, unsigned n) noexcept {
  return last.of == of && last.first <= n ? last : Exchange::Seek{of, 0, 0};
}

/// Of the n-th message that has one: those that others are inside of have none of their own.
bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  out = {};
  if (x.is_io) {
    if (n != 0) return false;
    char digits[8];
    const char* end = std::to_chars(digits, digits + sizeof digits, x.io.connection, 16).ptr;
    const std::string_view id(digits, static_cast<std::size_t>(end - digits));
    out.text = (TextWriter(tx.text_room) << "connection 0x" << id).bytes();
    return true;
  }
  const Pdu* p = x.request();
  if (p == nullptr) return false;
  Exchange::Seek seek = seek_from(x.address_seek, p, n);
  Told t;
  for (; seek.node < p->node_count; ++seek.node) {
    if (p->nodes[seek.node].count != 0 || !cip_of(*p, seek.node, t.cip) || t.cip.is(Service::kMultiple))
      continue;
    if (seek.first++ != n) continue;
    x.address_seek = {p, static_cast<std::uint16_t>(seek.node + 1), seek.first};
    const std::size_t size = write_address(t, tx.text_room);
    if (size == 0) return false;
    out.text = as_bytes({tx.text_room.data(), size});
    return true;
  }
  return false;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Pdu* p = x.side(dir);
  if (p == nullptr || !p->has_cip) return false;
  Exchange::Seek seek = seek_from(x.value_seek, p, n);
  Told t;
  for (; seek.node < p->node_count; ++seek.node) {
    if (!told_by(x, *p, seek.node, t)) continue;
    Values v;
    if (is_pccc(t)) {
      Pccc pccc;
      if (!read_pccc(t, pccc)) continue;
      v = pccc.values;
    } else if (!read_values(t, v)) {
      continue;
    }
    const std::size_t count = element_count(v);
    if (n - seek.first < count) {
      x.value_seek = seek;
      return element(v, n - seek.first, out);
    }
    seek.first += static_cast<unsigned>(count);
  }
  return false;
}

/// Slot of a backplane that a message is sent on to.
std::int64_t station_of(const Pdu& p) noexcept {
  Cip m;
  UnconnectedSend u;
  if (!p.has_cip || !is_unconnected_send(p.nodes[0]) || !cip_of(p, 0, m) || !read_unconnected_send(m.data, u))
    return kNoOtStation;
  return slot_of(u.route);
}

}  // namespace

const OtProtocol kOt = {"enip", kOperations, address, value};

void set_operation(Exchange& x) noexcept {
  x.ot = &kOt;
  x.operation = of_exchange(x);
  if (!x.is_io) x.station = station_of(*x.question);
}

bool refuses(const Pdu& p) noexcept {
  if (p.status != 0) return true;
  Cip m;
  for (std::size_t i = 0; i < p.node_count; ++i) {
    if (p.nodes[i].status != 0 && cip_of(p, i, m) && !m.done()) return true;
  }
  return false;
}

}  // namespace picket::enip
