// sensor/indicators.h — indicators of compromise around a run: read from their files, told of, read again
//
// A line that is bad, or finds no room, is left out and told; a file that cannot be read keeps the set in use where it is.
// intel.memcap is for all files together, taken in the order of the configuration: what a file has in use is known only when
// all were read.
#pragma once
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "export/intel/indicator_file.h"
#include "export/intel/intel.h"
#include "sensor/config/config.h"
#include "sensor/reload_loop.h"

namespace picket {

struct LoadedIndicators {
  struct File {
    std::string path;
    intel::IndicatorReport report;
    [[nodiscard]] std::string name() const;  ///< without its folder
  };
  std::unique_ptr<intel::IndicatorSet> set;
  std::vector<File> files;  ///< in the order in which they were read
  std::size_t memcap_bytes = 0;
  std::size_t repeated = 0, too_many = 0;  ///< as in IndicatorSetBuilder
};

/// The error names the file that cannot be read, or the pattern that none fits.
[[nodiscard]] Result<LoadedIndicators> load_indicators(const IntelConfig&);

/// "12 indicators: 8 domain, 4 url; 1 line is bad"
[[nodiscard]] std::string indicators_summary(const LoadedIndicators&);
/// What was left out and why, a line each.
[[nodiscard]] std::vector<std::string> indicator_problems(const LoadedIndicators&);
/// "12 indicators found no room in intel.memcap (64 MiB)"
[[nodiscard]] std::string no_room_text(std::size_t indicators, std::size_t memcap_bytes);
/// For `picket check --json`: an object for each bad line, and one of counts.
void write_indicators_json(std::ostream&, const LoadedIndicators&);

/// Reads them again while traffic goes on.
class IndicatorReloader {
 public:
  /// Gets what was read before it is used, on the reloader's thread. An error keeps the set in use where it is.
  using Judge = std::function<Status(const LoadedIndicators&)>;
  /// Borrows `intel`. Starts its thread.
  IndicatorReloader(const IntelConfig&, Intel& intel, Judge judge = nullptr);
  /// Any thread: see ReloadLoop.
  void order(const std::string& why, ReloadLoop::Done done = nullptr) { loop_.order(why, std::move(done)); }

 private:
  [[nodiscard]] Result<std::uint32_t> reload(const std::string& why);

  const IntelConfig config_;
  Intel& intel_;
  const Judge judge_;
  ReloadLoop loop_;  // last: its thread uses the others
};

}  // namespace picket
