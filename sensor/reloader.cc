#include "sensor/reloader.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace picket {
Reloader::Reloader(RuleLoader& loader, Pipeline& pipeline, RuleBase::Rejections in_use,
                   const ReloadConfig& config)
    : loader_(loader),
      pipeline_(pipeline),
      rejections_(std::move(in_use)),
      config_(config),
      loop_(
          {"a rule file changed", config.watch}, [this] { return loader_.file_state(); },
          [this](const std::string& why) { return reload(why); }) {}

/// Loading ends soon; the loop then waits for it.
Reloader::~Reloader() { loader_.give_up(); }

Result<std::uint32_t> Reloader::reload(const std::string& why) {
  const auto begin = std::chrono::steady_clock::now();
  const auto keep = [&](const std::string& reason) {
    pipeline_.count_failed_reload();
    spdlog::error("reload ({}): {}; the rules in use stay, epoch {}", why, reason, pipeline_.rules_epoch());
    return Error{reason};
  };
  auto loaded = loader_.load(1);
  if (!loaded) return keep(loaded.error().message);
  std::unique_ptr<RuleBase> rules = std::move(loaded).value();
  if (config_.seen) config_.seen(*rules);
  const auto refusal = config_.strict ? rules->refusal({}) : rules->refusal(rejections_, config_.lenient);
  if (refusal) return keep(*refusal);
  for (const std::string& w : rules->plan.warnings) spdlog::warn("{}", w);
  const std::size_t active = rules->loaded(), rejected = rules->rejected();
  RuleBase::Rejections rejections = std::move(rules->rejections);
  rules->forget_source();
  const auto swapped = pipeline_.swap_rules(std::move(rules));
  if (!swapped) return keep(swapped.error().message);
  give_memory_back();  // what the old set had to itself
  rejections_ = std::move(rejections);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  spdlog::info("reload ({}): {} rules active, {} rejected, epoch {}, {} ms", why, active, rejected,
               pipeline_.rules_epoch(), ms.count());
  return pipeline_.rules_epoch();
}

}  // namespace picket
