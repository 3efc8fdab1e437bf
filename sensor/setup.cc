#include "sensor/setup.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include "export/delivery/delivery_sink.h"
#include "export/file_sink.h"
#include "sensor/orders.h"
#include "sensor/rules/lists.h"
#include "sensor/telemetry/metrics.h"

namespace picket {

void complain(const std::string& message) { std::cerr << "picket: " << message << '\n'; }

namespace {

/// The command line's own words come last, as keys like any other.
std::vector<std::string> keys_of(const Options& o) {
  std::vector<std::string> sets = o.sets;
  if (!o.checksums.empty()) sets.push_back("checksums=" + o.checksums);
  if (o.workers != 0) sets.push_back("workers=" + std::to_string(o.workers));
  if (!o.home_net.empty()) sets.push_back("vars.address-groups.HOME_NET=" + o.home_net);
  if (!o.external_net.empty()) sets.push_back("vars.address-groups.EXTERNAL_NET=" + o.external_net);
  return sets;
}

void start_log(const std::string& level) {
  auto log = spdlog::stderr_logger_mt("picket");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
  log->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(log));
}

/// A variable that is no list of addresses or ports would reject every rule that uses it: say it of the
/// variable.
template <class Kind>
bool variables_are_lists(const typename rules::ListBook<Kind>::Variables& all,
                         const RulesConfig::Groups& configured) {
  rules::ListBook<Kind> book(all);
  for (const auto& [name, value] : configured) {
    rules::Complaint complaint;
    if (book.get("$" + name, complaint) != nullptr) continue;
    complain("vars." + std::string(Kind::kVariables) + "." + name + ": '" + value + "': " + complaint.reason);
    return false;
  }
  return true;
}

rules::RuleVariables variables_of(const RulesConfig& config) {
  rules::RuleVariables all = rules::default_variables();
  for (const auto& [name, value] : config.address_groups) all.addresses[name] = value;
  for (const auto& [name, value] : config.port_groups) all.ports[name] = value;
  return all;
}

std::unique_ptr<RuleLoader> make_loader(const std::vector<std::string>& files, const RulesConfig& config) {
  rules::LoadOptions load;
  load.variables = variables_of(config);
  load.classification_file = config.classification_file;
  load.reference_file = config.reference_file;
  load.data_dir = config.data_dir;
  load.threshold_file = config.threshold_file;
  load.knowledge = {config.reputation_categories_file, config.reputation_files, config.geoip_database};
  return std::make_unique<RuleLoader>(files, std::move(load), default_cache_dir());
}

/// What became of the rules, in the log: each rejected one a line.
void report_rules(const RuleBase& base) {
  for (const rules::RuleStatus& s : base.source.statuses) {
    if (const rules::Diagnostic* d = s.error()) spdlog::warn("{}", rules::to_string(*d));
  }
  for (const std::string& w : base.plan.warnings) spdlog::warn("{}", w);
  spdlog::info("{}", rules::summary(base.source));
}

/// Records that nobody asks for, but who reads them on the export thread.
void make_quietly(PipelineConfig& pipeline, RecordType type, ProtocolId protocol, bool& made) {
  pipeline.quiet.resize(record_kind_count());
  if (!made) pipeline.quiet[record_kind(type, protocol)] = true;
  made = true;
}

std::string cannot_write_stats(const Options& o) {
  return "--stats: cannot write '" + o.stats + "': " + std::strerror(errno) +
         "; name a file in a folder that exists and may be written to";
}

/// Indicators, where they are asked for: afterwards the pipeline looks records up, also those that nobody else wants.
bool add_indicators(const Options& o, Setup& setup) {
  const IntelConfig& c = setup.config.intel;
  if (c.files.empty()) return true;
  auto loaded = load_indicators(c);
  if (!loaded) return complain(loaded.error().message), false;
  if (o.command == Command::kCheck) return setup.indicators = std::move(loaded).value(), true;
  for (const std::string& p : indicator_problems(loaded.value())) spdlog::warn("{}", p);
  spdlog::info("{}", indicators_summary(loaded.value()));
  setup.intel = std::make_unique<Intel>(Intel::Config{.per_minute = c.per_minute});
  WorkerConfig& worker = setup.pipeline.worker;
  worker.app.files.asked = &setup.intel->file_hashes();
  RecordConfig& records = worker.records;
  for (const auto& [type, made] :
       {std::pair(RecordType::kFlow, &records.flows), std::pair(RecordType::kFile, &records.files),
        std::pair(RecordType::kArp, &records.arp)})
    make_quietly(setup.pipeline, type, kNoProtocol, *made);
  std::vector<bool> wanted(
      record_kind_count());  // protocols may share a kind: it is quiet where none of them is wanted
  const auto kind = [](std::size_t i) {
    return record_kind(RecordType::kTransaction, static_cast<ProtocolId>(i));
  };
  for (std::size_t i = 0; i < records.transactions.size(); ++i) {
    if (records.transactions[i]) wanted[kind(i)] = true;
  }
  for (std::size_t i = 0; i < records.transactions.size(); ++i) {
    const auto protocol = static_cast<ProtocolId>(i);
    if (wanted[kind(i)] || !Intel::looks_into(RecordType::kTransaction, protocol)) continue;
    bool made = false;
    make_quietly(setup.pipeline, RecordType::kTransaction, protocol, made);
    records.transactions[i] = made;
  }
  setup.intel->offer(std::move(loaded.value().set));
  setup.indicators = std::move(loaded).value();
  setup.pipeline.intel = setup.intel.get();
  return true;
}

}  // namespace

std::unique_ptr<Setup> make_setup(const Options& o, const rules::Watch& watch) {
  auto config = load_config(o.config, keys_of(o));
  if (!config) return complain(config.error().message), nullptr;
  auto setup = std::make_unique<Setup>();
  setup->config = std::move(config).value();
  const Config& c = setup->config;
  start_log(o.log_level.empty() ? c.log_level : o.log_level);
  if (!o.export_to.empty()) {
    auto& collectors = setup->config.exporter.collectors;
    if (!collectors.empty())
      spdlog::warn("--export {} takes the place of export.collectors: {}", o.export_to,
                   fmt::join(collectors, ", "));
    collectors = {o.export_to};
  }
  if (c.exporter.wanted() && o.command != Command::kExplain) {
    // Who replays a capture stands beside it; a site is watched whatever became of a certificate.
    const Status known = identify(setup->config, o.command != Command::kReplay);
    if (!known) return complain(known.error().message), nullptr;
  }
  for (const std::string& w : c.warnings) spdlog::warn("{}", w);
  if (!c.metrics.listen.empty()) {
    if (const auto at = metrics::Server::address_of(c.metrics); !at)
      return complain(at.error().message), nullptr;
  }
  setup->pipeline.worker = c.worker;
  setup->pipeline.worker.measure_stages = o.measure_stages;
  setup->pipeline.cores = c.cores;
  setup->pipeline.statistics = c.eve.stats;
  setup->pipeline.worker.records.alerts = c.eve.alerts;
  setup->pipeline.worker.records.transactions = c.eve.transactions;
  setup->pipeline.worker.records.ethernet = c.eve.detail.ethernet;
  setup->pipeline.encoder.detail = c.eve.detail;
  setup->pipeline.encoder.ot = c.eve.ot;
  setup->pipeline.ot_memcap_bytes = c.eve.ot_memcap_bytes;
  setup->pipeline.encoder.sensor = c.sensor_name;
  setup->pipeline.encoder.community_id = c.eve.community_id;
  setup->pipeline.encoder.community_id_seed = c.eve.community_id_seed;

  if (o.command == Command::kRun && !c.orders.folder.empty()) {
    auto orders = open_orders(c);
    if (!orders) return complain(orders.error().message), nullptr;
    setup->orders = std::move(orders).value();
    setup->config.intel.files.push_back(setup->orders->pattern(v1::ORDER_INDICATORS));
  }
  if (!add_indicators(o, *setup)) return nullptr;
  const rules::RuleVariables variables = variables_of(c.rules);
  if (!variables_are_lists<rules::AddressKind>(variables.addresses, c.rules.address_groups)) return nullptr;
  if (!variables_are_lists<rules::PortKind>(variables.ports, c.rules.port_groups)) return nullptr;

  std::vector<std::string> files = c.rules.files;
  files.insert(files.end(), o.rules.begin(), o.rules.end());
  if (setup->orders != nullptr) files.push_back(setup->orders->pattern(v1::ORDER_RULES));
  if (files.empty()) return setup;
  setup->loader = make_loader(files, c.rules);
  const bool for_report = o.command == Command::kCheck || watch;
  auto base = setup->loader->load(0, for_report, watch);
  if (!base) return complain(base.error().message), nullptr;
  setup->rules = std::move(base).value();
  const bool file_missing = !setup->rules->source.diagnostics.empty();
  for (const rules::Diagnostic& d : setup->rules->source.diagnostics) complain(rules::to_string(d));
  if (!for_report && !file_missing) report_rules(*setup->rules);
  if (file_missing || (o.rules_strict && setup->rules->rejected() != 0)) {
    if (!file_missing) complain("a rule was rejected, and --rules-strict is set");
    return nullptr;
  }
  return setup;
}

Status add_assets(const Options& o, Setup& setup, bool live) {
  using Keep = AssetsConfig::Keep;
  const AssetsConfig& c = setup.config.assets;
  const bool asked =
      !o.assets.empty() || c.keep == Keep::kYes || (c.keep == Keep::kAuto && live && c.records);
  if (!asked) return Done{};
  const rules::RuleVariables variables = variables_of(setup.config.rules);
  rules::AddressBook book(variables.addresses);
  rules::Complaint complaint;
  const auto networks = book.get(c.networks, complaint);
  if (networks == nullptr) return Error{"assets.networks: '" + c.networks + "': " + complaint.reason};

  PipelineConfig& pipeline = setup.pipeline;
  Inventory::Config config;
  config.table.max_assets = c.max;
  config.table.wanted = [networks](const Address& a) {
    // The first range that does not end before it.
    const auto at =
        std::lower_bound(networks->ranges.begin(), networks->ranges.end(), a,
                         [](const rules::AddressRange& r, const Address& x) { return r.last < x; });
    return networks->any || (at != networks->ranges.end() && at->first <= a);
  };
  config.settle_ns = std::uint64_t{c.settle_s} * 1'000'000'000;
  config.interval_ns = std::uint64_t{c.interval_s} * 1'000'000'000;
  config.records = c.records;
  config.sensor = setup.config.sensor_name;
  config.utc_offset_ns = pipeline.utc_offset_ns;
  setup.assets = std::make_unique<AssetKeeper>(c, std::move(config));
  pipeline.assets = setup.assets.get();

  RecordConfig& records = pipeline.worker.records;
  for (const auto& [type, made] :
       {std::pair(RecordType::kFlow, &records.flows), std::pair(RecordType::kArp, &records.arp)})
    make_quietly(pipeline, type, kNoProtocol, *made);
  records.ends = true;
  return Done{};
}

Result<std::vector<std::unique_ptr<RecordSink>>> open_sinks(const Options& o, Setup& setup, bool live,
                                                            const StopSignal& stop) {
  const Config& config = setup.config;
  const auto interrupted = [&stop] { return stop.pending(); };
  FileSinkOptions files;
  files.wait = !live;
  files.interrupted = interrupted;
  std::vector<std::unique_ptr<RecordSink>> sinks;
  const auto add = [&](Result<std::unique_ptr<RecordSink>> sink) {
    if (!sink) return std::optional<Error>(sink.error());
    sinks.push_back(std::move(sink).value());
    return std::optional<Error>();
  };
  const std::string eve = !o.eve.empty() ? o.eve : config.eve.enabled ? config.eve.filename : "";
  if (!eve.empty()) {
    if (auto e = add(open_eve_sink(eve, files))) return *e;
  }
  if (!o.records.empty()) {
    if (auto e = add(open_records_sink(o.records, files))) return *e;
  }
  if (config.exporter.wanted()) {
    auto channels = open_channels(setup.config);
    if (!channels) return channels.error();
    setup.channels = std::move(channels).value();
    delivery::Options exporter = config.exporter;
    exporter.wait = !live;
    exporter.interrupted = interrupted;
    exporter.sensor = sensor_name(config);
    setup.delivery = std::make_shared<delivery::DeliveryCounters>();
    if (auto e = add(delivery::open_delivery_sink(exporter, setup.delivery))) return *e;
  }
  // Written at the end, but a name that cannot be written to is said now.
  // (A FIFO is left alone: its reader would take the close for the end.)
  if (!o.stats.empty() && o.stats != "-" && !std::filesystem::is_fifo(o.stats) &&
      !std::ofstream(o.stats, std::ios::app))
    return Error{cannot_write_stats(o)};
  if (!o.assets.empty() && o.assets != "-" && !std::filesystem::is_fifo(o.assets) &&
      !std::ofstream(o.assets, std::ios::app))
    return Error{"--assets: cannot write '" + o.assets + "': " + std::strerror(errno) +
                 "; name a file in a folder that exists and may be written to"};
  return sinks;
}

Result<std::unique_ptr<metrics::Server>> serve_metrics(const Setup& setup, const Pipeline& pipeline) {
  if (setup.config.metrics.listen.empty()) return std::unique_ptr<metrics::Server>();
  auto server = metrics::Server::start(setup.config.metrics, [&setup, &pipeline](metrics::Format format) {
    SensorFigures f;
    f.totals = pipeline.totals();
    f.process = metrics::Process::now();
    f.sensor = setup.config.sensor_name;
    f.delivery = setup.delivery.get();
    if (setup.orders != nullptr) f.orders = setup.order_counters.get();
    if (setup.channels != nullptr) f.tls = &setup.channels->keyring()->counters();
    const delivery::Options& exporter = setup.config.exporter;
    f.collectors = exporter.mode == delivery::Mode::kAll
                       ? exporter.collectors.size()
                       : std::min<std::size_t>(exporter.collectors.size(), 1);
    f.spool_limit_bytes = exporter.spool_max_bytes;
    return sensor_metrics(f, format);
  });
  if (server) spdlog::info("metrics: http://{}/metrics", server.value()->address());
  return server;
}

bool write_stats(const Options& o, const Totals& totals) {
  if (o.stats.empty()) return true;
  const std::string text = stats_json(totals);
  if (o.stats == "-")
    return std::cout << text << std::flush ? true : (complain("--stats: standard output is closed"), false);
  std::ofstream f(o.stats, std::ios::trunc);
  if (f << text && f.flush()) return true;
  complain(cannot_write_stats(o));
  return false;
}

int report(const Options& o, const Totals& totals) {
  const bool stdout_taken = o.eve == "-" || o.records == "-" || o.stats == "-" || o.assets == "-";
  (stdout_taken ? std::cerr : std::cout) << summary_text(totals) << std::flush;
  const std::uint64_t lost = totals.records_lost();
  if (lost != 0) {
    std::string where;
    for (const auto& [name, n] : totals.failed_outputs)
      where += (where.empty() ? "; " : ", ") + name + " did not take " + std::to_string(n);
    complain(std::to_string(lost) + " records were lost" +
             (where.empty() ? "; the workers had no room for them: raise memory.event-ring" : where));
  }
  return write_stats(o, totals) && totals.ledger_exact() && lost == 0 ? 0 : 1;
}

}  // namespace picket
