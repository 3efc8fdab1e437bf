// parsers/c37118/c37118_ot.cc — what is done with C37.118, to which PMUs, with which values
//
// From this follow the keywords ot.*, Event.ot, and what is told once instead of each time (parsers/core/ot.h).
#include "parsers/c37118/c37118.h"
#include "parsers/core/text_writer.h"

namespace picket::c37118 {
namespace {

/// In the order of kOperations.
enum Does : std::size_t {
  kStopData,
  kStartData,
  kAskHeader,
  kAskConfig1,
  kAskConfig2,
  kAskConfig3,
  kExtendedCommand,
  kOtherCommand,
  kMeasurements,
  kStateChange,
  kTellHeader,
  kTellConfig,
  kOperationCount,
};

// The gravest class that applies; the technique as MITRE ATT&CK for ICS defines it, "" where none applies.
constexpr OtOperation kOperations[] = {
    {OtClass::kControl, "stop data transmission", "T0804"},
    {OtClass::kControl, "start data transmission", ""},
    {OtClass::kRead, "request header", "T0888"},
    {OtClass::kRead, "request configuration 1", "T0888"},
    {OtClass::kRead, "request configuration 2", "T0888"},
    {OtClass::kRead, "request configuration 3", "T0888"},
    {OtClass::kControl, "extended command", "T0855"},
    {OtClass::kControl, "unknown command", "T0855", true},
    {OtClass::kRead, "report measurements", ""},
    {OtClass::kAlarm, "report change of state", ""},
    {OtClass::kRead, "report header", ""},
    {OtClass::kRead, "report configuration", ""},
};
static_assert(std::size(kOperations) == kOperationCount);

Does does(const Exchange& x) noexcept {
  switch (x.first.type) {
    case FrameType::kData:
      return x.changed ? kStateChange : kMeasurements;
    case FrameType::kHeader:
      return kTellHeader;
    case FrameType::kConfig1:
    case FrameType::kConfig2:
    case FrameType::kConfig3:
      return kTellConfig;
    case FrameType::kCommand:
      break;
  }
  switch (static_cast<Command>(x.command)) {
    case Command::kStop:
      return kStopData;
    case Command::kStart:
      return kStartData;
    case Command::kSendHeader:
      return kAskHeader;
    case Command::kSendConfig1:
      return kAskConfig1;
    case Command::kSendConfig2:
      return kAskConfig2;
    case Command::kSendConfig3:
      return kAskConfig3;
    case Command::kExtended:
      return kExtendedCommand;
  }
  return kOtherCommand;
}

/// The n-th PMU that a configuration is of.
bool nth_pmu(const Exchange& x, unsigned n, Pmu& out) noexcept {
  if (x.pmu == 0 || n < x.pmu) {
    x.pmu = 0;
    if (!config_in(x.has_answer ? x.answer : x.first, x.pmus)) return false;
  }
  while (x.pmus.next(out)) {
    if (x.pmu++ == n) return true;
  }
  return false;
}

/// Of what is no data, or cannot be read.
bool other_address(const Exchange& x, unsigned n, OtAddress& out) noexcept {
  Pmu p;
  const bool named = x.first.type != FrameType::kData && nth_pmu(x, n, p);
  if (!named && n != 0) return false;
  const std::uint16_t id = named ? p.id : x.first.id;
  TextWriter text(x.text_room);
  text << "PMU " << id;
  if (!p.name.empty()) text << " " << p.name;
  out.text = text.bytes();
  out.first = out.last = id;
  return true;
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const auto pmus = layouts_of(x);
  if (pmus.empty()) return other_address(x, n, out);
  if (n >= pmus.size()) return false;
  out.text = pmus[n].label();
  out.first = out.last = pmus[n].pmu.id;
  return true;
}

/// The frequency that each PMU measures: what all of them have, and what tells how the grid is.
bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const auto pmus = layouts_of(x);
  if (dir != x.from || n >= pmus.size()) return false;
  out.is_number = true;
  out.number = Measurement(x.first.body, pmus[n]).frequency();
  return true;
}

}  // namespace

const OtProtocol kOt = {"c37118", kOperations, address, value};

void set_operation(Exchange& x) noexcept {
  x.ot = &kOt;
  x.operation = &kOperations[does(x)];
  x.station = x.first.id;
}

}  // namespace picket::c37118
