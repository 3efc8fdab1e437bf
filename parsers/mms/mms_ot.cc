// What MMS does to a device, in plain words (parsers/core/ot.h): one table, and which line of it fits.
#include "parsers/core/text_writer.h"
#include "parsers/mms/mms.h"

namespace picket::mms {
namespace {

using enum OtClass;

constexpr OtOperation kOperations[] = {
    {kNone, "unknown message", "", true},
    {kNone, "unknown service", "", true},
    {kNone, "open connection", ""},
    {kNone, "close connection", ""},
    {kNone, "reject TPDU", ""},
    {kNone, "associate", ""},
    {kNone, "release association", ""},
    {kNone, "abort association", ""},
    {kNone, "cancel request", ""},
    {kNone, "conclude", ""},
    {kNone, "reject PDU", ""},
    {kDiagnostic, "get status", ""},
    {kRead, "list names", "T0888"},
    {kRead, "identify", "T0888"},
    {kConfigure, "rename object", ""},
    {kRead, "read variables", "T0801"},
    {kRead, "read data set", "T0801"},
    {kWrite, "write variables", "T0836"},
    {kWrite, "write set point", "T0836"},
    {kWrite, "substitute value", "T0856"},
    {kWrite, "block value", "T0836"},
    {kControl, "select", "T0855"},
    {kControl, "select before operate with value", "T0855"},
    {kControl, "operate", "T0855"},
    {kControl, "cancel", "T0855"},
    {kConfigure, "configure", "T0836"},
    {kConfigure, "edit settings", "T0836"},
    {kConfigure, "change settings group", "T0836"},
    {kConfigure, "confirm settings", "T0836"},
    {kConfigure, "configure report control block", "T0836"},
    {kConfigure, "enable reports", ""},
    {kConfigure, "disable reports", "T0804"},
    {kRead, "general interrogation", "T0801"},
    {kConfigure, "configure log", "T0836"},
    {kConfigure, "configure GOOSE", "T0836"},
    {kConfigure, "configure sampled values", "T0836"},
    {kRead, "get variable attributes", "T0861"},
    {kConfigure, "define variable", ""},
    {kConfigure, "delete variable", ""},
    {kConfigure, "define data set", ""},
    {kRead, "get data set members", "T0861"},
    {kConfigure, "delete data set", ""},
    {kConfigure, "define type", ""},
    {kRead, "get type attributes", "T0861"},
    {kConfigure, "delete type", ""},
    {kRead, "operator input", ""},
    {kWrite, "operator output", ""},
    {kConfigure, "take control", ""},
    {kConfigure, "relinquish control", ""},
    {kConfigure, "define semaphore", ""},
    {kConfigure, "delete semaphore", ""},
    {kDiagnostic, "get semaphore status", ""},
    {kProgram, "start download", "T0843"},
    {kProgram, "download segment", "T0843"},
    {kProgram, "end download", "T0843"},
    {kRead, "start upload", "T0845"},
    {kRead, "upload segment", "T0845"},
    {kRead, "end upload", "T0845"},
    {kProgram, "request domain download", "T0843"},
    {kRead, "request domain upload", "T0845"},
    {kProgram, "load domain content", "T0843"},
    {kRead, "store domain content", "T0845"},
    {kProgram, "delete domain", "T0809"},
    {kRead, "get domain attributes", "T0888"},
    {kProgram, "create program", "T0821"},
    {kProgram, "delete program", "T0809"},
    {kControl, "start program", "T0858"},
    {kControl, "stop program", "T0858"},
    {kControl, "resume program", "T0858"},
    {kControl, "reset program", "T0858"},
    {kControl, "kill program", "T0858"},
    {kRead, "get program attributes", "T0868"},
    {kProgram, "obtain file", "T0843"},
    {kProgram, "firmware download", "T0857"},
    {kConfigure, "define event", "T0838"},
    {kConfigure, "delete event", "T0838"},
    {kRead, "get event attributes", ""},
    {kConfigure, "change event", "T0838"},
    {kControl, "trigger event", "T0855"},
    {kAlarm, "acknowledge event", ""},
    {kAlarm, "get alarm summary", ""},
    {kRead, "read journal", "T0801"},
    {kWrite, "write journal", ""},
    {kConfigure, "clear journal", "T0872"},
    {kRead, "get journal status", ""},
    {kConfigure, "create journal", ""},
    {kConfigure, "delete journal", "T0872"},
    {kRead, "get capabilities", "T0888"},
    {kRead, "open file", ""},
    {kRead, "read file", "T0801"},
    {kRead, "close file", ""},
    {kConfigure, "rename file", ""},
    {kConfigure, "delete file", "T0809"},
    {kRead, "list files", "T0888"},
    {kNone, "additional service", "", true},
    {kRead, "get exchange attributes", ""},
    {kControl, "exchange data", ""},
    {kConfigure, "change access control", ""},
    {kRead, "get access control", ""},
    {kRead, "report values", ""},
    {kRead, "report", ""},
    {kAlarm, "control ended", ""},
    {kAlarm, "control failed", ""},
    {kDiagnostic, "report status", ""},
    {kAlarm, "notify of event", ""},
};

/// Fails to compile where the table has no such line.
consteval const OtOperation* line(std::string_view name) {
  for (const OtOperation& o : kOperations) {
    if (o.name == name) return &o;
  }
  throw "no such operation";
}

struct Entry {
  std::uint16_t service;
  const OtOperation* operation;
};

constexpr Entry kServices[] = {
    {0, line("get status")},
    {1, line("list names")},
    {2, line("identify")},
    {3, line("rename object")},
    {4, line("read variables")},
    {5, line("write variables")},
    {6, line("get variable attributes")},
    {7, line("define variable")},
    {8, line("define variable")},
    {9, line("get variable attributes")},
    {10, line("delete variable")},
    {11, line("define data set")},
    {12, line("get data set members")},
    {13, line("delete data set")},
    {14, line("define type")},
    {15, line("get type attributes")},
    {16, line("delete type")},
    {17, line("operator input")},
    {18, line("operator output")},
    {19, line("take control")},
    {20, line("relinquish control")},
    {21, line("define semaphore")},
    {22, line("delete semaphore")},
    {23, line("get semaphore status")},
    {24, line("get semaphore status")},
    {25, line("get semaphore status")},
    {26, line("start download")},
    {27, line("download segment")},
    {28, line("end download")},
    {29, line("start upload")},
    {30, line("upload segment")},
    {31, line("end upload")},
    {32, line("request domain download")},
    {33, line("request domain upload")},
    {34, line("load domain content")},
    {35, line("store domain content")},
    {36, line("delete domain")},
    {37, line("get domain attributes")},
    {38, line("create program")},
    {39, line("delete program")},
    {40, line("start program")},
    {41, line("stop program")},
    {42, line("resume program")},
    {43, line("reset program")},
    {44, line("kill program")},
    {45, line("get program attributes")},
    {46, line("obtain file")},
    {47, line("define event")},
    {48, line("delete event")},
    {49, line("get event attributes")},
    {50, line("get event attributes")},
    {51, line("change event")},
    {52, line("trigger event")},
    {53, line("define event")},
    {54, line("delete event")},
    {55, line("get event attributes")},
    {56, line("get event attributes")},
    {57, line("define event")},
    {58, line("delete event")},
    {59, line("change event")},
    {60, line("get event attributes")},
    {61, line("get event attributes")},
    {62, line("acknowledge event")},
    {63, line("get alarm summary")},
    {64, line("get alarm summary")},
    {65, line("read journal")},
    {66, line("write journal")},
    {67, line("clear journal")},
    {68, line("get journal status")},
    {69, line("create journal")},
    {70, line("delete journal")},
    {71, line("get capabilities")},
    {72, line("open file")},
    {73, line("read file")},
    {74, line("close file")},
    {75, line("rename file")},
    {76, line("delete file")},
    {77, line("list files")},
    {78, line("additional service")},
    {80, line("get exchange attributes")},
    {81, line("exchange data")},
    {82, line("change access control")},
    {83, line("get access control")},
    {84, line("get access control")},
    {85, line("change access control")},
    {86, line("change access control")},
    {256, line("report values")},
    {257, line("report status")},
    {258, line("notify of event")},
};

struct FcEntry {
  std::string_view fc;
  const OtOperation* operation;
};
/// What writing does to data of a functional constraint.
constexpr FcEntry kWrites[] = {
    {"SP", line("write set point")},
    {"SV", line("substitute value")},
    {"BL", line("block value")},
    {"CF", line("configure")},
    {"DC", line("configure")},
    {"SE", line("edit settings")},
    {"SG", line("edit settings")},
    {"RP", line("configure report control block")},
    {"BR", line("configure report control block")},
    {"LG", line("configure log")},
    {"GO", line("configure GOOSE")},
    {"GS", line("configure GOOSE")},
    {"MS", line("configure sampled values")},
    {"US", line("configure sampled values")},
};

const OtOperation* of_action(Action a) noexcept {
  switch (a) {
    case Action::kSelect:
      return line("select");
    case Action::kSelectWithValue:
      return line("select before operate with value");
    case Action::kOperate:
      return line("operate");
    case Action::kCancel:
      return line("cancel");
    case Action::kNone:
      break;
  }
  return nullptr;
}

/// What writing `value`, the whole element, to a variable means.
const OtOperation* of_write(const Object& o, Bytes value) noexcept {
  const Action action = control_action(o);
  if (action != Action::kNone) return of_action(action);
  IecName name;
  if (!split_name(o.item, name)) return line("write variables");
  const std::string_view fc = as_text(name.fc), data = as_text(name.data);
  const std::string_view last = data.substr(data.rfind('$') + 1);
  Value v;
  ValueWalk walk(value);
  const bool on = walk.next(v) && v.type == Type::kBoolean && ber::read_boolean(v.content);
  if (fc == "RP" || fc == "BR") {
    if (last == "RptEna") return on ? line("enable reports") : line("disable reports");
    if (last == "GI" && on) return line("general interrogation");
  }
  if (data.starts_with("SGCB")) {
    if (last == "ActSG") return line("change settings group");
    if (last == "EditSG") return line("edit settings");
    if (last == "CnfEdit") return line("confirm settings");
  }
  for (const FcEntry& e : kWrites) {
    if (e.fc == fc) return e.operation;
  }
  return line("write variables");
}

/// The gravest of all that is written; of those equally grave the first.
const OtOperation* of_writes(const Message& m) noexcept {
  const OtOperation* gravest = nullptr;
  ObjectWalk walk(m);
  Object o;
  Cursor values(m.values);
  ber::Element e;
  for (unsigned n = 0; n < kMaxOtInstances && walk.next(o); ++n) {
    const bool has = ber::read(values, e);
    const OtOperation* one = of_write(o, has ? e.all : Bytes{});
    if (gravest == nullptr || one->ot_class > gravest->ot_class) gravest = one;
  }
  return gravest != nullptr ? gravest : line("write variables");
}

const OtOperation* of_read(const Message& m) noexcept {
  Control c;
  if (m.pdu == Pdu::kConfirmedRequest && read_control(m, c)) return line("select");
  return m.variable_list ? line("read data set") : line("read variables");
}

const OtOperation* of_report(const Message& m) noexcept {
  Report r;
  LastError error;
  Control c;
  if (m.variable_list) return read_report(m, r) ? line("report") : line("report values");
  if (read_last_error(m, error)) return line("control failed");
  return read_control(m, c) ? line("control ended") : line("report values");
}

const OtOperation* of_service(const Message& m) noexcept {
  if (m.reports()) return of_report(m);
  if (m.is(Service::kRead)) return of_read(m);
  if (m.asks(Service::kWrite)) return of_writes(m);
  if (m.asks(Service::kObtainFile) && file_class(file_of(m)) == "firmware") return line("firmware download");
  for (const Entry& e : kServices) {
    if (e.service == m.service) return e.operation;
  }
  return line("unknown service");
}

const OtOperation* of_pdu(const Message& m) noexcept {
  switch (m.pdu) {
    case Pdu::kConfirmedRequest:
    case Pdu::kConfirmedResponse:
    case Pdu::kUnconfirmed:
      return of_service(m);
    case Pdu::kCancelRequest:
    case Pdu::kCancelResponse:
    case Pdu::kCancelError:
      return line("cancel request");
    case Pdu::kInitiateRequest:
    case Pdu::kInitiateResponse:
    case Pdu::kInitiateError:
      return line("associate");
    case Pdu::kConcludeRequest:
    case Pdu::kConcludeResponse:
    case Pdu::kConcludeError:
      return line("conclude");
    case Pdu::kReject:
      return line("reject PDU");
    case Pdu::kConfirmedError:
    case Pdu::kNone:
      break;
  }
  return line("unknown message");
}

const OtOperation* of_spdu(const Message& m) noexcept {
  switch (m.spdu) {
    case Spdu::kConnect:
    case Spdu::kAccept:
    case Spdu::kRefuse:
      return line("associate");
    case Spdu::kFinish:
    case Spdu::kDisconnect:
    case Spdu::kNotFinished:
      return line("release association");
    case Spdu::kAbort:
    case Spdu::kAbortAccept:
      return line("abort association");
    case Spdu::kData:
      break;
  }
  return line("unknown message");
}

const OtOperation* of_message(const Message& m) noexcept {
  if (m.kind == Kind::kSession) return of_spdu(m);
  if (m.kind == Kind::kPdu) return of_pdu(m);
  if (m.tpdu.type == cotp::Type::kError) return line("reject TPDU");
  const bool opens = m.tpdu.type == cotp::Type::kConnectRequest || m.tpdu.type == cotp::Type::kConnectConfirm;
  return opens ? line("open connection") : line("close connection");
}

/// What a report tells of: its references, or where it has none the data set. False where m is no such report.
bool report_address(const Exchange& x, const Message& m, unsigned n, OtAddress& out, bool& none) noexcept {
  auto& seek = x.names;
  if (seek.of != &m || seek.next > n) {
    Report r;
    if (!read_report(m, r)) return false;
    if (r.references.empty()) {
      none = n != 0 || r.data_set.empty();
      out.text = r.data_set;
      return true;
    }
    seek = {&m, 0, false, Cursor(r.references)};
  }
  ber::Element e;
  while (ber::read(seek.walk, e)) {
    if (seek.next++ != n) continue;
    out.text = e.content;
    none = e.content.empty();
    return true;
  }
  return none = true;
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  if (!x.has_question) return false;
  const Message& m = x.question;
  out = {};
  if (n == 0) {
    for (const Bytes name : {file_of(m), domain_of(m), program_of(m)}) {
      if (!name.empty()) return out.text = name, true;
    }
  }
  bool none = false;
  if (m.reports() && m.variable_list && report_address(x, m, n, out, none)) return !none;
  Object o;
  LastError error;
  if (!object_at(x, m, n, o)) return false;
  if (as_text(o.item) == kLastErrorName && read_last_error(m, error) && !error.object.empty())
    return out.text = error.object, true;
  out.text = as_bytes({x.address_room.data(), write_address(o, x.address_room)});
  return true;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  if (m == nullptr) return false;
  // What comes of a write are results, which are no values.
  Value v;
  if (m->answers(Service::kWrite) || !value_at(x, *m, n, false, v)) return false;
  out = as_ot(v, tx.text_room);
  return true;
}

}  // namespace

const OtProtocol kOt = {
    .name = "mms",
    .operations = kOperations,
    .address = address,
    .value = value,
};

const OtOperation* operation_of(const Exchange& x) noexcept {
  return of_message(x.has_question ? x.question : x.answer);
}

}  // namespace picket::mms
