// sensor/telemetry/metrics.h — the sensor's figures for monitoring: the same Totals as --stats, by names that stay
//
// Labels take their values from tables of this program (verdicts, events, types, protocols) and from the outputs that are
// configured, never from the network: so the number of samples has a bound.
#pragma once
#include <string>

#include "export/delivery/counters.h"
#include "export/metrics/process.h"
#include "export/orders/counters.h"
#include "export/tls/counters.h"
#include "sensor/telemetry/totals.h"

namespace picket {

struct SensorFigures {
  Totals totals;
  metrics::Process process;
  std::string sensor;                                    ///< its name; "": it has none
  const delivery::DeliveryCounters* delivery = nullptr;  ///< nullptr: nothing goes to a collector
  std::uint64_t collectors =
      0;  ///< connections that there have to be; 0: what is delivered goes into files alone
  std::uint64_t spool_limit_bytes = 0;
  const OrderCounters* orders = nullptr;  ///< nullptr: none are taken
  const tls::Counters* tls = nullptr;     ///< of the connections to collectors; nullptr: they have none
};

/// Every family of the sensor's, in the order in which they are exposed.
[[nodiscard]] std::vector<metrics::Family> sensor_families();

[[nodiscard]] std::string sensor_metrics(const SensorFigures&, metrics::Format);

}  // namespace picket
