// parsers/dnp3/dnp3_ot.cc — what a message does to the plant, in plain words
#include <span>

#include "parsers/core/text_writer.h"
#include "parsers/dnp3/dnp3.h"

namespace picket::dnp3 {
namespace {

enum Operation : std::size_t {
  // Functions 0 to 33 come first, each at its code.
  kIntegrityPoll = 34,
  kEventPoll,
  kReadAttributes,
  kReadFile,
  kSetTime,
  kClearRestart,
  kSetDeadband,
  kWriteAttribute,
  kWriteFile,
  kOpenToWrite,
  kReport,
  kReportRestart,
  kResponse,
  kChallenge,
  kLinkReset,
  kLinkTest,
  kLinkReply,
  kLinkUserProcess,
  kOther,
  kOperations,
};

using enum OtClass;
constexpr OtOperation kTable[] = {
    {kNone, "confirm", ""},
    {kRead, "read", ""},
    {kWrite, "write", "T0836"},
    {kControl, "select before operate", "T0855"},
    {kControl, "operate", "T0855"},
    {kControl, "direct operate", "T0855"},
    {kControl, "direct operate without response", "T0855"},
    {kWrite, "freeze counters", ""},
    {kWrite, "freeze counters without response", ""},
    {kWrite, "freeze and clear counters", "T0836"},
    {kWrite, "freeze and clear counters without response", "T0836"},
    {kConfigure, "freeze counters at a time", "T0836"},
    {kConfigure, "freeze counters at a time without response", "T0836"},
    {kControl, "cold restart", "T0816"},
    {kControl, "warm restart", "T0816"},
    {kConfigure, "initialize data", "T0836"},
    {kProgram, "initialize application", "T0858"},
    {kControl, "start application", "T0858"},
    {kControl, "stop application", "T0881"},
    {kConfigure, "save configuration", ""},
    {kConfigure, "enable unsolicited responses", ""},
    {kConfigure, "disable unsolicited responses", "T0804"},
    {kConfigure, "assign class", "T0836"},
    {kDiagnostic, "measure delay", ""},
    {kConfigure, "record current time", ""},
    {kRead, "open file to read", ""},
    {kNone, "close file", ""},
    {kConfigure, "delete file", "T0809"},
    {kRead, "get file information", ""},
    {kNone, "authenticate for files", ""},
    {kConfigure, "abort file transfer", ""},
    {kProgram, "activate configuration", "T0836"},
    {kNone, "authenticate", ""},
    {kNone, "authenticate without response", ""},
    {kRead, "integrity poll", ""},
    {kRead, "event poll", ""},
    {kRead, "read device attributes", "T0888"},
    {kRead, "read file", ""},
    {kConfigure, "set time", ""},
    {kConfigure, "clear restart indication", ""},
    {kConfigure, "set deadband", "T0836"},
    {kConfigure, "write device attribute", "T0836"},
    {kProgram, "write file", "T0843"},
    {kProgram, "open file to write", "T0843"},
    {kAlarm, "report events", ""},
    {kAlarm, "report restart", ""},
    {kRead, "response to a request that was not seen", ""},
    {kNone, "authentication response", ""},
    {kDiagnostic, "reset link", ""},
    {kDiagnostic, "test link", ""},
    {kDiagnostic, "link reply", ""},
    {kControl, "reset user process", "T0816"},
    {kNone, "unknown", ""},
};
static_assert(std::size(kTable) == kOperations);

struct Meaning {
  std::uint8_t group, variation;  ///< variation 0: any
  Operation is;
};
/// The gravest of what a message names: it may hide that behind the harmless.
const OtOperation& gravest(const Message& m, std::span<const Meaning> by_gravity,
                           Function otherwise) noexcept {
  ObjectReader reader = m.read_objects();
  ObjectHeader h;
  std::size_t best = by_gravity.size();
  for (std::uint32_t i = 0; i < m.object_count && reader.next(h); ++i) {
    for (std::size_t k = 0; k < best; ++k) {
      const Meaning& it = by_gravity[k];
      if (it.group == h.group && (it.variation == 0 || it.variation == h.variation)) best = k;
    }
  }
  return kTable[best < by_gravity.size() ? by_gravity[best].is : static_cast<std::size_t>(otherwise)];
}
const OtOperation& read_of(const Message& m) noexcept {
  static constexpr Meaning kReads[] = {
      {70, 0, kReadFile}, {0, 0, kReadAttributes}, {60, 1, kIntegrityPoll}, {60, 0, kEventPoll}};
  return gravest(m, kReads, Function::kRead);
}
const OtOperation& write_of(const Message& m) noexcept {
  static constexpr Meaning kWrites[] = {{70, 0, kWriteFile},
                                        {0, 0, kWriteAttribute},
                                        {34, 0, kSetDeadband},
                                        {50, 0, kSetTime},
                                        {80, 0, kClearRestart}};
  return gravest(m, kWrites, Function::kWrite);
}
bool is_file(const ObjectHeader& h) noexcept { return h.group == 70; }
const OtOperation& open_of(const Message& m) noexcept {
  const PointCache* c = find_point(m, is_file, 0);
  const bool writes = c != nullptr && c->header.variation == 3 && read_file(3, c->point.data).mode >= 2;
  return kTable[writes ? kOpenToWrite : static_cast<std::size_t>(Function::kOpenFile)];
}
const OtOperation& link_of(const Message& m) noexcept {
  if (!m.link.primary()) return kTable[kLinkReply];
  switch (m.link.function()) {
    case 0:
      return kTable[kLinkReset];
    case 1:
      return kTable[kLinkUserProcess];
    case 2:
    case 9:
      return kTable[kLinkTest];
    default:
      return kTable[kOther];
  }
}

bool any_header(const ObjectHeader&) noexcept { return true; }
bool any_value(const ObjectHeader& h) noexcept { return h.has_values; }

/// "group 12 index 3", "group 30 index 0-5", "class 1", "manufacturer", "/fw/rtu.bin".
bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  if (!m.has_fragment()) return false;
  const PointCache* c = find_point(m, any_header, n, true);
  if (c == nullptr) return false;
  const ObjectHeader& h = c->header;
  TextWriter text(tx.text_room);
  out = {};
  if (h.group == 60) {
    text << "class " << (h.variation == 0 ? 0U : h.variation - 1U);
  } else if (h.group == 0) {
    const std::string_view name = attribute_name(h.variation);
    if (name.empty()) {
      text << "attribute " << h.variation;
    } else {
      text << name;
    }
  } else if (h.group == 70 && !c->bare) {
    const FileObject f = read_file(h.variation, c->point.data);
    if (!f.name.empty()) return out.text = f.name, true;
    text << "file " << f.handle;
  } else {
    text << "group " << h.group;
    if (!c->bare) {
      text << " index " << c->point.index;
      out.first = out.last = c->point.index;
    } else if (h.is_range()) {
      text << " index " << h.start;
      if (h.stop != h.start) text << "-" << h.stop;
      out.first = h.start;
      out.last = h.stop;
    }
  }
  out.text = text.bytes();
  return true;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  if (!m.has_fragment() || !(dir == Direction::kToServer ? m.has_request : m.has_reply)) return false;
  const PointCache* c = find_point(m, any_value, n);
  if (c == nullptr) return false;
  out = {};
  const ObjectHeader& h = c->header;
  const Reading r = read_point(h, c->point);
  if (r.has_number) {
    out.is_number = true;
    out.number = r.number();
  } else if (r.has_state) {
    out.is_number = true;
    out.number = r.state;
  } else if (h.type != nullptr && h.type->form == Form::kRelay) {
    // What it does is in its code: "pulse_on", or with a pair of coils "close" and "trip".
    const Relay relay = read_relay(c->point.data);
    const std::string_view name = relay.trip_close() != 0 ? trip_close_name(relay.trip_close())
                                                          : operation_type_name(relay.operation());
    if (name.empty()) {
      out.is_number = true;
      out.number = relay.code;
    } else {
      out.text = as_bytes(name);
    }
  } else if (r.has_time) {
    out.is_number = true;
    out.number = static_cast<double>(r.time_ms);
  } else if (h.group == 0) {
    const Attribute a = read_attribute(c->point.data);
    out.is_number = a.has_number;
    out.number = a.is_float ? a.real : static_cast<double>(a.integer);
    out.text = a.value;
  } else if (h.group == 70) {
    out.text = read_file(h.variation, c->point.data).data;
  } else {
    out.text = c->point.data;
  }
  return true;
}

}  // namespace

const OtProtocol kOt = {.name = "dnp3", .operations = kTable, .address = address, .value = value};

const OtOperation& operation_of(const Message& m) noexcept {
  if (!m.has_fragment()) return link_of(m);
  if (m.is(Function::kUnsolicitedResponse)) {
    return kTable[m.object_count == 0 && (m.indications & 0x8000) != 0 ? kReportRestart : kReport];
  }
  if (m.is(Function::kAuthenticationResponse)) return kTable[kChallenge];
  if (m.is_response()) return m.answers ? *m.asked.operation : kTable[kResponse];
  if (m.is(Function::kRead)) return read_of(m);
  if (m.is(Function::kWrite)) return write_of(m);
  if (m.is(Function::kOpenFile)) return open_of(m);
  return kTable[m.function < kIntegrityPoll ? m.function : kOther];
}

}  // namespace picket::dnp3
