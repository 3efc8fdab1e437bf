#include "sensor/orders.h"

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

OrderedRules::OrderedRules(OrderFolder& folder, const RuleBase* first)
    : folder_(folder),
      in_use_(std::filesystem::path(folder.pattern(v1::ORDER_RULES)).parent_path().string() + "/") {
  if (first == nullptr) return;
  see(*first);
  for (const std::string& name : folder.names(v1::ORDER_RULES)) folder.found(v1::ORDER_RULES, name, of(name));
}

void OrderedRules::join(ReloadConfig& config) {
  config.lenient = in_use_;
  config.seen = [this](const RuleBase& rules) { see(rules); };
}

void OrderedRules::see(const RuleBase& rules) {
  const std::lock_guard lock(mutex_);
  by_file_.clear();
  for (const rules::RuleStatus& s : rules.source.statuses) {
    if (!s.file.starts_with(in_use_)) continue;
    OrderFolder::Loaded& found = by_file_[std::string(s.file.substr(in_use_.size()))];
    const rules::Diagnostic* d = s.error();
    ++(d == nullptr ? found.loaded : found.rejected);
    if (d != nullptr && found.problems.size() < OrderFolder::Loaded::kProblems)
      found.problems.push_back(rules::to_string(*d).substr(in_use_.size()));
  }
}

OrderFolder::Loaded OrderedRules::of(const std::string& name) const {
  const std::string file = std::filesystem::path(folder_.file(v1::ORDER_RULES, name)).filename();
  const std::lock_guard lock(mutex_);
  const auto found = by_file_.find(file);
  return found == by_file_.end() ? OrderFolder::Loaded{} : found->second;
}

namespace {

/// What an ordered set has on its own, before it takes a place among the others. No file: it was withdrawn.
OrderClient::Outcome look_at_indicators(IntelConfig config, const std::string& file) {
  OrderClient::Outcome out;
  if (!std::filesystem::exists(file)) return out;
  config.files = {file};
  const auto read = load_indicators(config);
  if (!read) return {read.error().message, {}};
  const intel::IndicatorReport& report = read.value().report;
  out.loaded.loaded = read.value().set->size();
  out.loaded.rejected = report.bad;
  for (const intel::LineProblem& p : report.problems) {
    if (out.loaded.problems.size() == OrderFolder::Loaded::kProblems) break;
    out.loaded.problems.push_back(std::filesystem::path(p.file).filename().string() + ":" +
                                  std::to_string(p.line) + ": " + p.reason);
  }
  if (out.loaded.loaded == 0)
    out.refused = out.loaded.problems.empty()
                      ? "it has no indicator; to use the set no more, withdraw it (--withdraw)"
                      : out.loaded.problems.front();
  return out;
}

}  // namespace

Result<std::unique_ptr<OrderClient>> start_orders(const Config& c, std::shared_ptr<OrderCounters> counters,
                                                  OrderFolder& folder, const OrderedRules& rules,
                                                  Reloader& reloader, IndicatorReloader& indicators) {
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
  for (const std::string& name : folder.names(v1::ORDER_INDICATORS))
    folder.found(v1::ORDER_INDICATORS, name,
                 look_at_indicators(c.intel, folder.file(v1::ORDER_INDICATORS, name)).loaded);
  options.version = kVersion;
  return OrderClient::start(
      std::move(options), folder,
      [&c, &folder, &rules, &reloader, &indicators](v1::OrderKind kind, const std::string& name,
                                                    std::function<void(OrderClient::Outcome)> done) {
        if (kind == v1::ORDER_INDICATORS) {
          OrderClient::Outcome outcome = look_at_indicators(c.intel, folder.file(kind, name));
          if (!outcome.refused.empty()) return done(std::move(outcome));
          return indicators.order("order of " + name, [outcome = std::move(outcome), done = std::move(done)](
                                                          const Result<std::uint32_t>& epoch) mutable {
            if (!epoch) outcome.refused = epoch.error().message;
            if (epoch) outcome.loaded.epoch = epoch.value();
            done(outcome);
          });
        }
        if (kind != v1::ORDER_RULES) return done({"this version does not know that kind of order", {}});
        reloader.order("order of " + name,
                       [&rules, name, done = std::move(done)](const Result<std::uint32_t>& epoch) {
                         OrderClient::Outcome outcome{epoch ? "" : epoch.error().message, rules.of(name)};
                         if (epoch) outcome.loaded.epoch = epoch.value();
                         done(std::move(outcome));
                       });
      });
}

}  // namespace picket
