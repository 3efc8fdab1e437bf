// export/collector/alerts_first.h — alerts go before others, and take no more than three quarters from them
//
// Of each byte that somebody else waits with, alerts may have three before it. They may have up to three quarters of
// `room` at a time.
#pragma once
#include <algorithm>
#include <cstddef>

namespace picket::collector {

class AlertsFirst {
 public:
  explicit AlertsFirst(std::size_t room) : most_(room / 4 * 3) {}

  /// Where both wait: is the next one an alert?
  [[nodiscard]] bool is_alerts_turn() const noexcept { return ahead_ < most_; }
  /// An alert's bytes went before those who wait.
  void went_ahead(std::size_t bytes) noexcept { ahead_ += bytes; }
  void others_went(std::size_t bytes) noexcept { ahead_ -= std::min(ahead_, 3 * bytes); }

 private:
  std::size_t most_, ahead_ = 0;
};

}  // namespace picket::collector
