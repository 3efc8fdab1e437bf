// parsers/goose/goose_export.h — what the records of GOOSE and of sampled values have in common
#pragma once
#include "export/wire_writer.h"
#include "parsers/core/iec61850.h"
#include "parsers/goose/goose.pb.h"

namespace picket {

inline void write_time_quality(WireWriter& w, int field, const Iec61850Time& t) noexcept {
  using Q = v1::Iec61850TimeQuality;
  const auto m = w.message(field);
  if (t.leap_seconds_known) w.boolean(Q::kLeapSecondsKnownFieldNumber, true);
  if (t.clock_failure) w.boolean(Q::kClockFailureFieldNumber, true);
  if (t.clock_not_synchronized) w.boolean(Q::kClockNotSynchronizedFieldNumber, true);
  w.u64(Q::kAccuracyBitsFieldNumber, t.accuracy_bits);
}

}  // namespace picket
