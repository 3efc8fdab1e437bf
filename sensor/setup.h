// sensor/setup.h — from the command line and the configuration to what a pipeline is built from
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "export/delivery/counters.h"
#include "export/orders/counters.h"
#include "export/orders/order_folder.h"
#include "parsers/core/result.h"
#include "sensor/asset_keeper.h"
#include "sensor/config/config.h"
#include "sensor/export_tls.h"
#include "sensor/indicators.h"
#include "sensor/options.h"
#include "sensor/pipeline.h"
#include "sensor/rules/rule_base.h"
#include "sensor/stop_signal.h"

namespace picket {

struct Setup {
  Config config;
  PipelineConfig pipeline;
  std::unique_ptr<RuleLoader> loader;                    ///< nullptr: no rules asked for
  std::unique_ptr<RuleBase> rules;                       ///< what it loaded first; for a pipeline to take
  std::unique_ptr<AssetKeeper> assets;                   ///< nullptr: no inventory is kept
  std::shared_ptr<tls::Channels> channels;               ///< nullptr: no collector is reached by TLS
  std::shared_ptr<delivery::DeliveryCounters> delivery;  ///< nullptr: nothing goes to a collector
  std::optional<LoadedIndicators>
      indicators;  ///< what was read; nothing: none asked for. But for `picket check` the set is with `intel`
  std::unique_ptr<Intel> intel;         ///< nullptr: no indicators asked for
  std::unique_ptr<OrderFolder> orders;  ///< nullptr: none are taken
  std::shared_ptr<OrderCounters> order_counters = std::make_shared<OrderCounters>();
};

/// Reads the configuration, then the rules; each problem is one line on standard error. Without a value the
/// process ends with status 2. `watch`: see rules::PlanOptions; then RuleBase::source is kept.
std::unique_ptr<Setup> make_setup(const Options&, const rules::Watch& watch = {});

/// The inventory of assets, where one is asked for: afterwards `setup.pipeline` feeds it. When all else of the pipeline's
/// configuration is set. Fails when assets.networks is no list of addresses.
[[nodiscard]] Status add_assets(const Options&, Setup& setup, bool live);

/// Opens what --eve, --records and --export, or the configuration, ask for.
/// `stop` ends the wait for who reads or collects.
Result<std::vector<std::unique_ptr<RecordSink>>> open_sinks(const Options&, Setup&, bool live,
                                                            const StopSignal& stop);

/// Answers who scrapes, with the totals of `pipeline`, which outlives it as `setup` does; nullptr where nobody asked
/// for that. Before Pipeline::start().
Result<std::unique_ptr<metrics::Server>> serve_metrics(const Setup&, const Pipeline& pipeline);

/// Writes the statistics where --stats says. False, and a line on standard error, when that fails.
bool write_stats(const Options&, const Totals&);

/// What a run ends with: the summary, where standard output is not taken by records; one line for what went
/// wrong;
/// --stats. The exit status: 0, or 1 when a record was lost, the ledger is not exact, or --stats cannot be
/// written.
int report(const Options&, const Totals&);

/// "picket: <message>" on standard error.
void complain(const std::string& message);

}  // namespace picket
