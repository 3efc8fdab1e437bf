// sensor/orders.h — sets of rules and indicators that collectors order, joined to those that the configuration names
//
// Only `picket run` takes orders. A replay and `picket check` read what the configuration names and nothing else, so that one
// capture gives one output; --rules 'FOLDER/in-use/*.rules' has them read the ordered sets, too.
//
// A rule or indicator of an ordered set that this sensor does not take is counted and told to the collector; a set of which it
// takes none is refused, and so is any rejected rule with --rules-strict.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

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

/// What each load found of each ordered set.
class OrderedRules {
 public:
  /// Borrows `folder`. `first`: what the pipeline begins with, before it forgets its source.
  OrderedRules(OrderFolder& folder, const RuleBase* first);
  /// Its reloads tell here what they read. Borrowed by the reloader.
  void join(ReloadConfig& config);
  /// What the load before last word found in the file of a set.
  [[nodiscard]] OrderFolder::Loaded of(const std::string& name) const;

 private:
  void see(const RuleBase& rules);
  const OrderFolder& folder_;
  const std::string in_use_;
  mutable std::mutex mutex_;
  std::map<std::string, OrderFolder::Loaded, std::less<>> by_file_;
};

/// Takes orders from the collectors that records go to. Borrows all. The error says that there is none to take them from.
Result<std::unique_ptr<OrderClient>> start_orders(const Config&, std::shared_ptr<OrderCounters> counters,
                                                  OrderFolder& folder, const OrderedRules& rules,
                                                  Reloader& reloader, IndicatorReloader& indicators);

}  // namespace picket
