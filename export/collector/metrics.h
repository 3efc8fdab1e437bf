// export/collector/metrics.h — the collector's figures for monitoring, by names that stay
//
// Samples for each sensor are as many as Tally tells apart; what else has labels takes their values from tables of this
// program and from the sinks that are configured.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "export/collector/tally.h"
#include "export/metrics/process.h"
#include "export/tls/counters.h"

namespace picket::collector {

/// How a sink does.
struct SinkFigures {
  std::string name;
  std::uint64_t queued_batches = 0, queued_bytes = 0;
  std::uint64_t stored_batches = 0, stored_records = 0;
  std::uint64_t rejected_records = 0;  ///< that it will never take: dead letters
  std::uint64_t left_out_records = 0;  ///< where it is not durable, and was too slow
  std::uint64_t failures = 0;          ///< store()s that did not succeed and are tried again
  double stored_at = 0;                ///< seconds since 1970 of the last one that did; 0: none yet
};

struct Figures {
  metrics::Process process;
  std::string version;
  Tally::State tally;
  std::vector<SinkFigures> sinks;
  std::optional<std::uint64_t> store_bytes;  ///< of the embedded store's files, where there is one
  const tls::Counters* tls = nullptr;        ///< of sensors' connections; nullptr: they have none
};

[[nodiscard]] std::vector<metrics::Family> metric_families();
[[nodiscard]] std::string metrics_text(const Figures&, metrics::Format);

}  // namespace picket::collector
