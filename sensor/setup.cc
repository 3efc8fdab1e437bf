#include "sensor/setup.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <fstream>
#include <iostream>

#include "export/file_sink.h"
#include "export/grpc_sink.h"

namespace picket {

void complain(const std::string& message) { std::cerr << "picket: " << message << '\n'; }

std::unique_ptr<Setup> make_setup(const Options& o) {
  auto setup = std::make_unique<Setup>();
  setup->workers = o.workers == 0 ? 1 : o.workers;
  setup->pipeline.worker.app = default_app_config();
  if (!o.rules.empty()) {
    rules::LoadOptions load;
    if (!o.home_net.empty()) load.variables.addresses["HOME_NET"] = o.home_net;
    if (!o.external_net.empty()) load.variables.addresses["EXTERNAL_NET"] = o.external_net;
    auto base = load_rule_base(o.rules, load, default_cache_dir());
    if (!base) return complain(base.error().message), nullptr;
    setup->rules = std::move(base).value();
    std::cerr << rules::summary(setup->rules->source) << '\n';
  }
  return setup;
}

Result<std::vector<std::unique_ptr<RecordSink>>> open_sinks(const Options& o, bool live) {
  std::vector<std::unique_ptr<RecordSink>> sinks;
  if (!o.eve.empty()) {
    auto s = open_eve_sink(o.eve);
    if (!s) return s.error();
    sinks.push_back(std::move(s).value());
  }
  if (!o.records.empty()) {
    auto s = open_records_sink(o.records);
    if (!s) return s.error();
    sinks.push_back(std::move(s).value());
  }
  if (!o.export_to.empty()) {
    GrpcSinkOptions g;
    g.collector = o.export_to;
    g.wait = !live;
    auto s = open_grpc_sink(g);
    if (!s) return s.error();
    sinks.push_back(std::move(s).value());
  }
  return sinks;
}

bool write_stats(const Options& o, const Totals& totals) {
  if (o.stats.empty()) return true;
  const std::string text = stats_json(totals);
  if (o.stats == "-") return std::cout << text << std::flush ? true : (complain("--stats: standard output is closed"), false);
  std::ofstream f(o.stats, std::ios::trunc);
  if (f << text && f.flush()) return true;
  complain("--stats: cannot write " + o.stats + ": " + std::strerror(errno));
  return false;
}

}  // namespace picket
