// sensor/orders.h — sets of rules and indicators that collectors order, joined to those that the configuration names
//
// Only `picket run` takes orders. A replay and `picket check` read what the configuration names and nothing else, so that one
// capture gives one output; --rules 'FOLDER/in-use/*.rules' has them read the ordered sets, too.
//
// A rule or indicator of an ordered set that this sensor does not take is counted and told to the collector; a set of which it
// takes none is refused, and so is any rejected rule with --rules-strict. What is told of a set of indicators is what all of
// them in one memory (intel.memcap) left of it, and is told again when that changes.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "export/orders/order_client.h"
#include "export/orders/order_folder.h"
#include "sensor/config/config.h"
#include "sensor/indicators.h"
#include "sensor/reloader.h"

namespace picket {

/// Who takes orders, where the configuration names no sensor.
[[nodiscard]] std::string sensor_name(const Config&);

/// The folder of the configuration, with what is in it checked and put where rules are loaded from.
Result<std::unique_ptr<OrderFolder>> open_orders(const Config&);

/// What the last load found of each ordered set of a kind.
class OrderedSets {
 public:
  /// Any thread. Nothing: there was no such file.
  [[nodiscard]] OrderFolder::Loaded of(const std::string& name) const;

 protected:
  using ByFile = std::map<std::string, OrderFolder::Loaded, std::less<>>;  ///< named without their folder
  /// Borrows `folder`.
  OrderedSets(OrderFolder& folder, v1::OrderKind kind);
  ~OrderedSets() = default;
  [[nodiscard]] std::string file(const std::string& name) const;
  void put(ByFile found);

  OrderFolder& folder_;
  const v1::OrderKind kind_;
  const std::string in_use_;

 private:
  mutable std::mutex mutex_;
  ByFile by_file_;
};

/// Of all rules: a rule is rejected for what it says alone.
class OrderedRules : public OrderedSets {
 public:
  /// Borrows `folder`. `first`: what the pipeline begins with, before it forgets its source.
  OrderedRules(OrderFolder& folder, const RuleBase* first);
  /// Its reloads tell here what they read. Borrowed by the reloader.
  void join(ReloadConfig& config);

 private:
  void see(const RuleBase& rules);
};

/// Of all indicators, which share a memory: a set may take the room of those behind it, so each load is told of all sets.
class OrderedIndicators : public OrderedSets {
 public:
  /// Borrows `folder`. `first`: what the pipeline begins with.
  OrderedIndicators(OrderFolder& folder, const LoadedIndicators& first);
  /// For the reloader. Of others than the set on trial the folder is told at once. The error: the set on trial has nothing that
  /// was taken.
  Status judge(const LoadedIndicators& indicators);
  /// A set is on trial from its order until the load that the order asked for; the last one, where they overlap. Any thread.
  void begin_trial(const std::string& name);
  void end_trial(const std::string& name);
  /// Is called after each load that is used, on the reloader's thread: no order may have asked for it.
  void tell(const std::function<void()>& teller);

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> on_trial_;
  std::function<void()> teller_ = [] {};
};

/// Takes orders from the collectors that records go to. Borrows all. The error says that there is none to take them from.
Result<std::unique_ptr<OrderClient>> start_orders(const Config&, std::shared_ptr<OrderCounters> counters,
                                                  OrderFolder& folder, const OrderedRules& rules,
                                                  Reloader& reloader, OrderedIndicators& indicators,
                                                  IndicatorReloader& indicator_reloader);

}  // namespace picket
