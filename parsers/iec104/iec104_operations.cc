// parsers/iec104/iec104_operations.cc — what ASDUs and U frames do, in plain words; which points, and which values
//
// Techniques are those of MITRE ATT&CK for ICS. A report names its cause, a command its kind.
#include <cstdio>

#include "parsers/core/text_writer.h"
#include "parsers/iec104/iec104.h"

namespace picket::iec104 {
namespace {

using C = OtClass;

/// Places in kOperations.
enum Op : std::size_t {
  kAcknowledge,
  kStartTransfer,
  kStopTransfer,
  kTestLink,
  kReport,
  kCyclicReport,
  kBackgroundReport,
  kSpontaneousReport,
  kRequestedReport,
  kReturnRemote,
  kReturnLocal,
  kInterrogatedReport,
  kCounterReport,
  kProtectionEvent,
  kEndOfInitialization,
  kSelect,
  kCancel,
  kSingle,
  kDouble,
  kStep,
  kSetPoint,
  kSelectedSingle,
  kSelectedDouble,
  kSelectedStep,
  kSelectedSetPoint,
  kBitstring,
  kGeneralInterrogation,
  kGroupInterrogation,
  kInterrogationCancel,
  kCounterInterrogation,
  kCounterFreeze,
  kCounterFreezeReset,
  kCounterReset,
  kRead,
  kClock,
  kTest,
  kResetProcess,
  kResetPending,
  kDelay,
  kParameter,
  kParameterActivation,
  kParameterDeactivation,
  kFileStep,
  kCallDirectory,
  kDirectory,
  kSelectFile,
  kRequestFile,
  kDeactivateFile,
  kDeleteFile,
  kSelectSection,
  kRequestSection,
  kDeactivateSection,
  kFileReady,
  kFileReadyToStation,
  kSectionReady,
  kSegment,
  kSegmentToStation,
  kLastSegment,
  kLastSection,
  kAcknowledgeFile,
  kAcknowledgeSection,
  kQueryLog,
  kSecurity,
  kUnknown,
  kOps,
};

constexpr OtOperation kOperations[] = {
    {C::kNone, "acknowledge frames", ""},
    {C::kNone, "start data transfer", ""},
    {C::kNone, "stop data transfer", "T0804"},
    {C::kNone, "test link", ""},
    {C::kRead, "report", ""},
    {C::kRead, "cyclic report", ""},
    {C::kRead, "background scan report", ""},
    {C::kRead, "spontaneous report", ""},
    {C::kRead, "requested report", ""},
    {C::kRead, "report after remote command", ""},
    {C::kRead, "report after local command", ""},
    {C::kRead, "interrogated report", ""},
    {C::kRead, "counter report", ""},
    {C::kAlarm, "protection event", ""},
    {C::kDiagnostic, "end of initialization", ""},
    {C::kControl, "select before operate: select", "T0855"},
    {C::kControl, "cancel command", "T0855"},
    {C::kControl, "single command execute", "T0855"},
    {C::kControl, "double command execute", "T0855"},
    {C::kControl, "regulating step command execute", "T0855"},
    {C::kWrite, "set point execute", "T0836"},
    {C::kControl, "select before operate: single command execute", "T0855"},
    {C::kControl, "select before operate: double command execute", "T0855"},
    {C::kControl, "select before operate: regulating step command execute", "T0855"},
    {C::kWrite, "select before operate: set point execute", "T0836"},
    {C::kControl, "bitstring command execute", "T0855"},
    {C::kRead, "general interrogation", "T0861"},
    {C::kRead, "group interrogation", "T0861"},
    {C::kRead, "cancel interrogation", ""},
    {C::kRead, "counter interrogation", "T0861"},
    {C::kWrite, "counter freeze", "T0836"},
    {C::kWrite, "counter freeze and reset", "T0836"},
    {C::kWrite, "counter reset", "T0836"},
    {C::kRead, "read", "T0801"},
    {C::kConfigure, "clock synchronization", ""},
    {C::kDiagnostic, "test command", ""},
    {C::kControl, "reset process", "T0816"},
    {C::kControl, "reset pending events", "T0872"},
    {C::kDiagnostic, "delay acquisition", ""},
    {C::kConfigure, "parameter of measured value", "T0836"},
    {C::kConfigure, "parameter activation", "T0836"},
    {C::kConfigure, "parameter deactivation", "T0836"},
    {C::kRead, "file transfer", ""},
    {C::kRead, "file transfer: call directory", "T0893"},
    {C::kRead, "file transfer: directory", "T0893"},
    {C::kRead, "file transfer: select file", "T0893"},
    {C::kRead, "file transfer: request file", "T0893"},
    {C::kRead, "file transfer: deactivate file", ""},
    {C::kWrite, "file transfer: delete file", "T0809"},
    {C::kRead, "file transfer: select section", "T0893"},
    {C::kRead, "file transfer: request section", "T0893"},
    {C::kRead, "file transfer: deactivate section", ""},
    {C::kRead, "file transfer: file ready", "T0893"},
    {C::kProgram, "file transfer: file ready for station", "T0843"},
    {C::kRead, "file transfer: section ready", ""},
    {C::kRead, "file transfer: segment", "T0893"},
    {C::kProgram, "file transfer: segment to station", "T0843"},
    {C::kRead, "file transfer: last segment", ""},
    {C::kRead, "file transfer: last section", ""},
    {C::kRead, "file transfer: acknowledge file", ""},
    {C::kRead, "file transfer: acknowledge section", ""},
    {C::kRead, "file transfer: query log", "T0893"},
    {C::kNone, "security", ""},
    {C::kNone, "unknown type", ""},
};
static_assert(std::size(kOperations) == kOps);

Op report_of(const Asdu& a) noexcept {
  switch (a.info->parts[0]) {
    case Part::kSep:
    case Part::kSpe:
    case Part::kOci:
      return kProtectionEvent;
    default:
      break;
  }
  switch (static_cast<Cause>(a.cause)) {
    case Cause::kPeriodic:
      return kCyclicReport;
    case Cause::kBackground:
      return kBackgroundReport;
    case Cause::kSpontaneous:
      return kSpontaneousReport;
    case Cause::kRequest:
      return kRequestedReport;
    case Cause::kReturnRemote:
      return kReturnRemote;
    case Cause::kReturnLocal:
      return kReturnLocal;
    default:
      break;
  }
  if (a.cause < static_cast<unsigned>(Cause::kInterrogated) ||
      a.cause > static_cast<unsigned>(Cause::kCounterLast)) {
    return kReport;
  }
  return a.cause >= static_cast<unsigned>(Cause::kCounter) ? kCounterReport : kInterrogatedReport;
}

Op command_of(const Asdu& a, const Object& o, bool selected) noexcept {
  if (a.is(Cause::kDeactivation) || a.is(Cause::kDeactivationCon)) return kCancel;
  if (o.has_select && o.select) return kSelect;
  switch (a.info->parts[0]) {
    case Part::kSco:
      return selected ? kSelectedSingle : kSingle;
    case Part::kDco:
      return selected ? kSelectedDouble : kDouble;
    case Part::kRco:
      return selected ? kSelectedStep : kStep;
    case Part::kBsi:
      return kBitstring;
    default:
      return selected ? kSelectedSetPoint : kSetPoint;
  }
}

Op system_of(const Asdu& a, const Object& o) noexcept {
  constexpr Op kCounters[] = {kCounterInterrogation, kCounterFreeze, kCounterFreezeReset, kCounterReset};
  const bool cancels = a.is(Cause::kDeactivation) || a.is(Cause::kDeactivationCon);
  switch (a.type) {
    case 100:
      if (cancels) return kInterrogationCancel;
      return o.qualifier > 20 && o.qualifier <= 36 ? kGroupInterrogation : kGeneralInterrogation;
    case 101:
      return cancels ? kInterrogationCancel : kCounters[o.qualifier >> 6 & 3];
    case 102:
      return kRead;
    case 103:
      return kClock;
    case 105:
      return o.qualifier == 2 ? kResetPending : kResetProcess;
    case 106:
      return kDelay;
    default:
      return kTest;
  }
}

Op file_of(const Asdu& a, Direction from, const Object& o) noexcept {
  constexpr Op kSelects[] = {kCallDirectory, kSelectFile,    kRequestFile,    kDeactivateFile,
                             kDeleteFile,    kSelectSection, kRequestSection, kDeactivateSection};
  const bool to_station = from == Direction::kToServer;
  const unsigned low = o.qualifier & 0x0f;
  switch (a.type) {
    case 120:
      return to_station ? kFileReadyToStation : kFileReady;
    case 121:
      return kSectionReady;
    case 122:
      return a.is(Cause::kRequest) ? kCallDirectory : low < std::size(kSelects) ? kSelects[low] : kFileStep;
    case 123:
      return low <= 2 ? kLastSection : kLastSegment;
    case 124:
      return low <= 2 ? kAcknowledgeFile : kAcknowledgeSection;
    case 125:
      return to_station ? kSegmentToStation : kSegment;
    case 126:
      return kDirectory;
    default:
      return kQueryLog;
  }
}

Op op_of(const Asdu& a, Direction from, bool selected) noexcept {
  if (a.info == nullptr) return kUnknown;
  Object o;
  if (!object_at(a, 0, o)) o = Object{};
  switch (a.info->group) {
    case Group::kMonitor:
      return report_of(a);
    case Group::kCommand:
      return command_of(a, o, selected);
    case Group::kInitialized:
      return kEndOfInitialization;
    case Group::kSystem:
      return system_of(a, o);
    case Group::kParameter:
      if (o.qualifier_part != Part::kQpa) return kParameter;
      return a.is(Cause::kDeactivation) || a.is(Cause::kDeactivationCon) ? kParameterDeactivation
                                                                         : kParameterActivation;
    case Group::kFile:
      return file_of(a, from, o);
    default:
      return kSecurity;
  }
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const Asdu* a = subject(static_cast<const Exchange&>(tx));
  if (a == nullptr || (a->problems & kShort) != 0) return false;
  Object o;
  const bool object = object_at(*a, n, o);
  if (n != 0 && (!object || a->sequence)) return false;
  out = {};
  TextWriter text(tx.text_room);
  text << "CA " << a->common_address;
  if (object && o.address != 0) {
    out.first = o.address;
    out.last = a->sequence ? o.address + a->objects - 1 : o.address;
    (text << " IOA ").range(out.first, out.last);
  }
  out.text = text.bytes();
  return true;
}

/// The n-th of a side: those of its ASDUs one after the other.
bool object_of(const Exchange& x, Direction dir, unsigned n, Object& out) noexcept {
  const Message* m = nullptr;
  for (unsigned i = 0; (m = message_of(x, dir, i)) != nullptr; ++i) {
    if (n < m->asdu.objects) return object_at(m->asdu, n, out);
    n -= m->asdu.objects;
  }
  return false;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  Object o;
  if (!object_of(x, dir, n, o)) return false;
  out = {};
  if (o.value_part != Part::kNone) {
    out.is_number = true;
    out.number = o.value;
    return true;
  }
  if (!o.file.segment.empty()) return out.text = o.file.segment, true;
  if (o.time.size != 0 && o.qualifier_part == Part::kNone) {
    const std::string_view text =
        o.time.text(std::span<char, Time::kTextSize>(tx.text_room.data(), Time::kTextSize));
    return out.text = as_bytes(text), true;
  }
  if (o.qualifier_part == Part::kNone) return false;
  out.is_number = true;
  out.number = o.qualifier;
  return true;
}

}  // namespace

const Asdu* subject(const Exchange& x) noexcept {
  if (x.format != Format::kI) return nullptr;
  return x.opened ? &x.command.asdu : x.confirmed ? &x.confirmation.asdu : &x.termination.asdu;
}

const OtOperation& operation_of(const Asdu& a, Direction from, bool selected) noexcept {
  return kOperations[op_of(a, from, selected)];
}
const OtOperation& operation_of(LinkFunction f) noexcept {
  return kOperations[f == LinkFunction::kStartAct  ? kStartTransfer
                     : f == LinkFunction::kStopAct ? kStopTransfer
                                                   : kTestLink];
}
const OtOperation& operation_of_acknowledgement() noexcept { return kOperations[kAcknowledge]; }

const OtProtocol kOt = {"iec104", kOperations, address, value};

}  // namespace picket::iec104
