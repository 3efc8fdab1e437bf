// sensor/correlator.h — what crosses flows, decided in the order of the capture, over reloads
//
// Alerts of several rule sets may be on their way at once: a worker takes a new set when its burst is done,
// and what it recorded before still stands in its ring. Each alert names the epoch of its set, and what is
// needed to judge it is kept until the last alert of that epoch has come. Thresholds belong to (gid, sid),
// host bits and data sets to their names: they go on whatever set asks.
//
// Cost    O(1) an alert, and a lock that only a reload contends for
#pragma once
#include <cstdint>
#include <list>
#include <mutex>
#include <span>
#include <vector>

#include "dataplane/detect/reached_limits.h"
#include "dataplane/event.h"
#include "sensor/rules/dynamic_sets.h"
#include "sensor/rules/threshold.h"

namespace picket {

class Correlator {
 public:
  Correlator() { thresholds_.tell_to(limits_); }

  /// What workers may leave out. Any thread.
  [[nodiscard]] const detect::ReachedLimits& limits() const noexcept { return limits_; }
  /// Before any alert of that epoch. Any thread.
  void add(std::uint32_t epoch, std::vector<rules::Judgement> judgements,
           std::span<const rules::DynamicSet> sets);
  /// No worker uses that epoch's rules any more: they recorded so many alerts. Any thread.
  void retire(std::uint32_t epoch, std::uint64_t alerts);

  /// Is this record to be made? On the export thread, in order.
  [[nodiscard]] rules::Admission admit(const EventHeader&, Bytes notes);
  /// Writes the data sets that are to be kept; what could not be written, one line each. When all is over.
  [[nodiscard]] std::vector<std::string> save() const { return sets_.save(); }

  /// Rule sets that alerts may still come of.
  [[nodiscard]] std::size_t epochs() const;

 private:
  static constexpr std::uint64_t kNotKnown = ~std::uint64_t{0};
  struct Epoch {
    std::uint32_t number = 0;
    std::vector<rules::Judgement> judgements;  // by RuleIndex
    rules::DynamicSets::Places places;
    std::uint64_t seen = 0, expected = kNotKnown;  // alerts
  };

  mutable std::mutex mutex_;
  std::list<Epoch> epochs_;
  detect::ReachedLimits limits_;
  rules::Thresholds thresholds_;
  rules::DynamicSets sets_;
};

}  // namespace picket
