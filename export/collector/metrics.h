// export/collector/metrics.h — the collector's figures for monitoring, by names that stay
//
// Samples for each sensor are as many as Tally tells apart, times its lanes that something came of, and for what is
// missing times the reasons: some 28,000 at the very most. What else has labels takes their values from tables of this
// program and from the sinks that are configured.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "export/collector/intake.h"
#include "export/collector/router.h"
#include "export/metrics/process.h"
#include "export/tls/counters.h"

namespace picket::collector {

struct Figures {
  metrics::Process process;
  std::string version;
  Tally::State tally;
  std::vector<LineState> sinks;
  std::uint64_t held_bytes = 0;
  std::uint64_t dead_letters = 0;            ///< records that were kept in the file
  std::uint64_t dead_letters_lost = 0;       ///< and those that were counted alone
  std::optional<std::uint64_t> store_bytes;  ///< of the embedded store's files, where there is one
  std::optional<IntakeState> intake;         ///< of files, where there is a folder for them
  const tls::Counters* tls = nullptr;        ///< of sensors' connections; nullptr: they have none
};

[[nodiscard]] std::vector<metrics::Family> metric_families();
[[nodiscard]] std::string metrics_text(const Figures&, metrics::Format);

}  // namespace picket::collector
