// sensor/indicators.h — indicators of compromise around a run: read from their files, told of, read again
//
// A line that is bad is left out and told; a file that cannot be read keeps the set in use where it is.
#pragma once
#include <memory>
#include <ostream>
#include <string>

#include "export/intel/indicator_file.h"
#include "export/intel/intel.h"
#include "sensor/config/config.h"
#include "sensor/reload_loop.h"

namespace picket {

struct LoadedIndicators {
  std::unique_ptr<intel::IndicatorSet> set;
  intel::IndicatorReport report;
  std::size_t repeated = 0, too_many = 0;  ///< as in IndicatorSetBuilder
};

/// The error names the file that cannot be read, or the pattern that none fits.
[[nodiscard]] Result<LoadedIndicators> load_indicators(const IntelConfig&);

/// "12 indicators: 8 domain, 4 url; 1 line is bad"
[[nodiscard]] std::string indicators_summary(const LoadedIndicators&);
/// What was left out and why, a line each.
[[nodiscard]] std::vector<std::string> indicator_problems(const LoadedIndicators&);
/// For `picket check --json`: an object for each bad line, and one of counts.
void write_indicators_json(std::ostream&, const LoadedIndicators&);

/// Reads them again while traffic goes on.
class IndicatorReloader {
 public:
  /// Borrows `intel`. Starts its thread.
  IndicatorReloader(const IntelConfig&, Intel& intel);
  /// Any thread: see ReloadLoop.
  void order(const std::string& why, ReloadLoop::Done done = nullptr) { loop_.order(why, std::move(done)); }

 private:
  const IntelConfig config_;
  Intel& intel_;
  ReloadLoop loop_;  // last: its thread uses the others
};

}  // namespace picket
