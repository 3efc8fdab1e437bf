// sensor/telemetry/stats_record.h — the ledger as a record, so that whoever keeps records can check that none
// is missing
#pragma once
#include <string>

#include "sensor/telemetry/totals.h"

namespace picket {

/// A picket.v1.Event of type "stats", encoded. Only what does not depend on the number of workers: the same
/// capture gives the same record. `sensor` may be "".
std::string stats_record(const Totals&, const std::string& sensor);

}  // namespace picket
