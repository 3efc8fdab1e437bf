#include "sensor/orders.h"

#include <algorithm>

#include <filesystem>

#include "export/delivery/dialer.h"
#include "sensor/build_info.h"

namespace picket {

std::string sensor_name(const Config& c) { return c.sensor_name.empty() ? c.exporter.sensor : c.sensor_name; }

Result<std::unique_ptr<OrderFolder>> open_orders(const Config& c) {
  OrderLimits limits;
  limits.content_bytes = c.orders.max_bytes;
  return OrderFolder::open({c.orders.folder, c.orders.key, sensor_name(c), limits});
}

OrderedSets::OrderedSets(OrderFolder& folder, v1::OrderKind kind)
    : folder_(folder),
      kind_(kind),
      in_use_(std::filesystem::path(folder.pattern(kind)).parent_path().string() + "/") {}

std::string OrderedSets::file(const std::string& name) const {
  return std::filesystem::path(folder_.file(kind_, name)).filename();
}

void OrderedSets::put(ByFile found) {
  const std::lock_guard lock(mutex_);
  by_file_ = std::move(found);
}

OrderFolder::Loaded OrderedSets::of(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_file_.find(file(name));
  return found == by_file_.end() ? OrderFolder::Loaded{} : found->second;
}

OrderedRules::OrderedRules(OrderFolder& folder, const RuleBase* first)
    : OrderedSets(folder, v1::ORDER_RULES) {
  if (first == nullptr) return;
  see(*first);
  for (const std::string& name : folder.names(kind_)) folder.found(kind_, name, of(name));
}

void OrderedRules::join(ReloadConfig& config) {
  config.lenient = in_use_;
  config.seen = [this](const RuleBase& rules) { see(rules); };
}

void OrderedRules::see(const RuleBase& rules) {
  ByFile by_file;
  for (const rules::RuleStatus& s : rules.source.statuses) {
    if (!s.file.starts_with(in_use_)) continue;
    OrderFolder::Loaded& found = by_file[std::string(s.file.substr(in_use_.size()))];
    const rules::Diagnostic* d = s.error();
    ++(d == nullptr ? found.loaded : found.rejected);
    if (d != nullptr && found.problems.size() < OrderFolder::Loaded::kProblems)
      found.problems.push_back(rules::to_string(*d).substr(in_use_.size()));
  }
  put(std::move(by_file));
}

OrderedIndicators::OrderedIndicators(OrderFolder& folder, const LoadedIndicators& first)
    : OrderedSets(folder, v1::ORDER_INDICATORS) {
  (void)judge(first);  // nothing is on trial
}

Status OrderedIndicators::judge(const LoadedIndicators& indicators) {
  const auto [name, teller] = [this] {
    const std::lock_guard lock(mutex_);
    return std::pair(on_trial_.empty() ? std::string() : on_trial_.back(), teller_);
  }();
  ByFile by_file;
  for (const LoadedIndicators::File& f : indicators.files) {
    if (!f.path.starts_with(in_use_)) continue;
    OrderFolder::Loaded& found = by_file[f.name()];
    found.loaded = f.report.taken;
    found.rejected = f.report.bad + f.report.no_room;
    if (f.report.no_room != 0)
      found.problems.push_back(no_room_text(f.report.no_room, indicators.memcap_bytes));
    for (const intel::LineProblem& p : f.report.problems) {
      if (found.problems.size() == OrderFolder::Loaded::kProblems) break;
      found.problems.push_back(f.name() + ":" + std::to_string(p.line) + ": " + p.reason);
    }
  }
  // A withdrawn set has no file.
  const auto tried = by_file.find(file(name));
  std::string refusal;
  if (!name.empty() && tried != by_file.end() && tried->second.loaded == 0)
    refusal = tried->second.problems.empty()
                  ? "it has no indicator; to use the set no more, withdraw it (--withdraw)"
                  : tried->second.problems.front();
  put(std::move(by_file));
  if (!refusal.empty()) return Error{refusal};
  for (const std::string& other : folder_.names(kind_)) {
    if (other != name) folder_.found(kind_, other, of(other));
  }
  teller();
  return Done{};
}

void OrderedIndicators::begin_trial(const std::string& name) {
  const std::lock_guard lock(mutex_);
  on_trial_.push_back(name);
}

void OrderedIndicators::end_trial(const std::string& name) {
  const std::lock_guard lock(mutex_);
  on_trial_.erase(std::find(on_trial_.begin(), on_trial_.end(), name));
}

void OrderedIndicators::tell(const std::function<void()>& teller) {
  {
    const std::lock_guard lock(mutex_);
    teller_ = teller;
  }
  teller();  // what was found before
}

Result<std::unique_ptr<OrderClient>> start_orders(const Config& c, std::shared_ptr<OrderCounters> counters,
                                                  OrderFolder& folder, const OrderedRules& rules,
                                                  Reloader& reloader, OrderedIndicators& indicators,
                                                  IndicatorReloader& indicator_reloader) {
  if (c.exporter.collectors.empty())
    return Error{
        "orders.folder is set, and there is no collector to take orders from; name one with --export"};
  OrderClient::Options options;
  for (const std::string& collector : c.exporter.collectors) {
    auto at = parse_host_port(collector, "--export");
    if (!at) return at.error();
    options.collectors.push_back(std::move(at).value());
  }
  options.dial = c.exporter.dial ? c.exporter.dial : delivery::dial_loopback;
  options.trouble = c.exporter.trouble;
  options.counters = std::move(counters);
  options.sensor = sensor_name(c);
  options.version = kVersion;
  auto client = OrderClient::start(
      std::move(options), folder,
      [&rules, &reloader, &indicators, &indicator_reloader](
          v1::OrderKind kind, const std::string& name,
          const std::function<void(OrderClient::Outcome)>& done) {
        const auto settle = [name, done](const OrderedSets& sets, const Result<std::uint32_t>& epoch) {
          OrderClient::Outcome outcome{epoch ? "" : epoch.error().message, sets.of(name)};
          if (epoch) outcome.loaded.epoch = epoch.value();
          done(std::move(outcome));
        };
        const std::string why = "order of " + name;
        switch (kind) {
          case v1::ORDER_RULES:
            return reloader.order(
                why, [&rules, settle](const Result<std::uint32_t>& epoch) { settle(rules, epoch); });
          case v1::ORDER_INDICATORS:
            indicators.begin_trial(name);
            return indicator_reloader.order(why,
                                            [&indicators, name, settle](const Result<std::uint32_t>& epoch) {
                                              indicators.end_trial(name);
                                              settle(indicators, epoch);
                                            });
          default:
            return done({"this version does not know that kind of order", {}});
        }
      });
  indicators.tell(client->teller());
  return client;
}

}  // namespace picket
