// export/collector/intake_order.h — which file of a writer comes next, and which have not come
//
// A writer (a sensor's process) numbers its files from 1. What is kept of it is the number that comes next, and those
// before it that were given up waiting for. It outlives the process in a small file, for what was taken is not there
// to be seen: without it a collector that starts again would wait for files which it has. Where that file is lost it
// does, and tells files as missing that are not; the records know better (chain.h).
//
// Limits  kMaxRuns writers, kMaxMissing ranges of each; beyond, the oldest are forgotten: of writers, in the subfolder that
//         has most, for whoever may write to one may invent as many names as he likes
// Threads one at a time
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "parsers/core/result.h"

namespace picket::collector {

/// One writer: the subfolder that its files come in ("" for the folder itself), and the first part of their names.
struct IntakeRun {
  std::string run, folder;
  auto operator<=>(const IntakeRun&) const = default;
};

class IntakeOrder {
 public:
  static constexpr std::size_t kMaxRuns = 4096, kMaxMissing = 256;

  /// Reads what an earlier process kept at `path`; what cannot be read of it is left out.
  explicit IntakeOrder(std::string path);

  /// The number that comes next; 1 of a writer that is new.
  [[nodiscard]] std::uint64_t next(const IntakeRun& run) const;
  /// What is before that number and was not seen yet is missing from now on.
  void skip_to(const IntakeRun& run, std::uint64_t number);
  /// The file was taken, or refused. True: it was missing.
  bool passed(const IntakeRun& run, std::uint64_t number);
  /// Files that are missing now.
  [[nodiscard]] std::uint64_t missing() const noexcept;

  /// Writes down what changed since the last time, if anything did.
  Status save();

 private:
  struct Range {
    std::uint64_t first = 0, last = 0;
  };
  struct State {
    std::uint64_t next = 1;
    std::vector<Range> missing;
  };
  void load();
  void forget_oldest(const std::string& for_one_in);
  State& state(const IntakeRun& run);

  std::string path_;
  std::map<std::string, std::map<std::string, State>> folders_;  ///< by subfolder, then by run
  std::size_t runs_ = 0;                                         ///< of all
  bool changed_ = false;
};

}  // namespace picket::collector
