// parsers/dicom/dicom_ot.cc — what is done with DICOM, in plain words, to which objects
//
// Storing changes what is kept of patients; that a study is sent to a third place is worth a record each time.
#include "parsers/core/text_writer.h"
#include "parsers/dicom/dicom.h"

namespace picket::dicom {
namespace {

using enum OtClass;

constexpr OtOperation kOperations[] = {
    {kNone, "open association", ""},
    {kNone, "release association", ""},
    {kNone, "abort association", ""},
    {kDiagnostic, "verify connection", ""},
    {kWrite, "store object", ""},
    {kWrite, "store image", ""},
    {kWrite, "store report", ""},
    {kWrite, "store radiotherapy object", ""},
    {kWrite, "store waveform", ""},
    {kRead, "query", "T0811"},
    {kRead, "query studies", "T0811"},
    {kRead, "query patients", "T0811"},
    {kRead, "query worklist", "T0811"},
    {kRead, "retrieve", "T0811"},
    {kRead, "retrieve to another node", "T0811"},
    {kNone, "cancel operation", ""},
    {kAlarm, "report event", ""},
    {kAlarm, "report storage commitment", ""},
    {kRead, "read attributes", ""},
    {kWrite, "set attributes", ""},
    {kWrite, "report procedure progress", ""},
    {kWrite, "begin procedure step", ""},
    {kControl, "perform action", ""},
    {kWrite, "request storage commitment", ""},
    {kControl, "print", ""},
    {kControl, "change state of procedure step", ""},
    {kWrite, "create object", ""},
    {kWrite, "prepare print", ""},
    {kWrite, "delete object", "T0809"},
    {kNone, "other operation", "", true},
};

/// Fails to compile where the table has no such line.
consteval const OtOperation* line(std::string_view name) {
  for (const OtOperation& o : kOperations) {
    if (o.name == name) return &o;
  }
  throw "no such operation";
}

constexpr std::string_view kRoot = "1.2.840.10008.5.1.";

/// Is the SOP class one of those below 1.2.840.10008.5.1.`arc`?
bool below(const Command& c, std::string_view arc) noexcept {
  const std::string_view uid = as_text(c.sop_class);
  return uid.starts_with(kRoot) && uid.substr(kRoot.size()).starts_with(arc);
}

const OtOperation* of_store(const Command& c) noexcept {
  if (below(c, "4.1.1.88.") || below(c, "4.1.1.104.")) return line("store report");
  if (below(c, "4.1.1.481.")) return line("store radiotherapy object");
  if (below(c, "4.1.1.9.")) return line("store waveform");
  if (below(c, "4.1.1.11.") || below(c, "4.1.1.66") || below(c, "4.1.1.67") || below(c, "4.34"))
    return line("store object");
  return below(c, "4.1.1") ? line("store image") : line("store object");
}

const OtOperation* of_find(const Command& c) noexcept {
  if (below(c, "4.31") || below(c, "4.34")) return line("query worklist");
  if (below(c, "4.1.2.1.")) return line("query patients");
  return below(c, "4.1.2.") ? line("query studies") : line("query");
}

bool is_commitment(const Command& c) noexcept { return as_text(c.sop_class) == "1.2.840.10008.1.20.1"; }
bool is_step(const Command& c) noexcept { return as_text(c.sop_class).starts_with("1.2.840.10008.3.1.2.3."); }
bool is_print(const Command& c) noexcept { return below(c, "1."); }

const OtOperation* of_command(const Command& c) noexcept {
  switch (static_cast<Operation>(c.field & ~kResponse)) {
    case Operation::kStore:
      return of_store(c);
    case Operation::kGet:
      return line("retrieve");
    case Operation::kFind:
      return of_find(c);
    case Operation::kMove:
      return line("retrieve to another node");
    case Operation::kEcho:
      return line("verify connection");
    case Operation::kEventReport:
      return is_commitment(c) ? line("report storage commitment") : line("report event");
    case Operation::kNGet:
      return line("read attributes");
    case Operation::kNSet:
      return is_step(c) ? line("report procedure progress") : line("set attributes");
    case Operation::kNAction:
      if (is_commitment(c)) return line("request storage commitment");
      if (below(c, "4.34")) return line("change state of procedure step");
      return is_print(c) ? line("print") : line("perform action");
    case Operation::kNCreate:
      if (is_step(c)) return line("begin procedure step");
      return is_print(c) ? line("prepare print") : line("create object");
    case Operation::kNDelete:
      return line("delete object");
    case Operation::kCancel:
      return line("cancel operation");
  }
  return line("other operation");
}

/// The object that it is about; of a query or retrieval the study; else the kind of object.
Bytes subject(const Exchange& x, std::span<char> room) noexcept {
  if (x.kind == Kind::kAssociate) {
    Associate a;
    const Bytes body = x.has_question ? x.question_bytes.view() : x.answer_bytes.view();
    return read_associate(body, a) ? a.called : Bytes{};
  }
  if (x.kind != Kind::kOperation) return {};
  const Command& c = x.has_question ? x.question : x.answer;
  if (!c.sop_instance.empty()) return c.sop_instance;
  if (!c.destination.empty()) return c.destination;
  const Bytes study = x.question_data.value(Attribute::kStudy);
  if (!study.empty()) return study;
  const std::string_view name = uid_name(c.sop_class);
  return name.empty() ? c.sop_class : (TextWriter(room) << name).bytes();
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  if (n != 0) return false;
  const Bytes text = subject(static_cast<const Exchange&>(tx), tx.text_room);
  out = {};
  out.text = text;
  return !text.empty();
}

/// The status of a response.
bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const Command* c = static_cast<const Exchange&>(tx).command(dir);
  if (n != 0 || c == nullptr || (c->has & kHasStatus) == 0) return false;
  out = {};
  out.is_number = true;
  out.number = c->status;
  return true;
}

}  // namespace

const OtProtocol kOt = {"dicom", kOperations, address, value};

const OtOperation* operation_of(const Exchange& x) noexcept {
  switch (x.kind) {
    case Kind::kAssociate:
      return line("open association");
    case Kind::kRelease:
      return line("release association");
    case Kind::kAbort:
      return line("abort association");
    case Kind::kOperation:
      return of_command(x.has_question ? x.question : x.answer);
  }
  return line("other operation");
}

}  // namespace picket::dicom
