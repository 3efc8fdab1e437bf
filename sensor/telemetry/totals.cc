#include "sensor/telemetry/totals.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "export/assets/inventory.h"
#include "export/intel/intel.h"
#include "sensor/build_info.h"
#include "sensor/rules/report.h"

namespace picket {
namespace {

/// `"a":1,"b":2` of whatever is not zero, or of everything.
template <class Names, class Values>
std::string json_counts(const Names& names, const Values& values, bool all) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0 && !all) continue;
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", out.empty() ? "" : ",", names(i), values[i]);
  }
  return out;
}

std::string json_records(const Totals& t, std::uint64_t RecordCount::*field) {
  std::string out;
  for (std::size_t i = 0; i < t.records.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", out.empty() ? "" : ",",
                   record_kind_name(static_cast<RecordKind>(i)), t.records[i].*field);
  }
  return out;
}

std::string with_unit(double v, std::string_view unit) {
  static constexpr std::array kPrefix = {"", "k", "M", "G", "T"};
  std::size_t i = 0;
  for (; v >= 1000 && i + 1 < kPrefix.size(); ++i) v /= 1000;
  return fmt::format("{:.{}f} {}{}", v, i == 0 ? 0 : 2, kPrefix[i], unit);
}

}  // namespace

bool Totals::ledger_exact() const noexcept {
  if (std::accumulate(verdicts.begin(), verdicts.end(), std::uint64_t{0}) != received) return false;
  if (late != 0) return false;
  return std::all_of(records.begin(), records.end(),
                     [](const RecordCount& r) { return r.made == r.delivered + r.lost; });
}

std::uint64_t Totals::records_made() const noexcept {
  std::uint64_t n = 0;
  for (const RecordCount& r : records) n += r.made;
  return n;
}

std::uint64_t Totals::records_lost() const noexcept {
  std::uint64_t n = 0;
  for (const RecordCount& r : records) n += r.lost;
  return n;
}

void add_worker(Totals& t, const Counters& c) {
  ++t.workers;
  t.clock_ns = std::max(t.clock_ns, c.clock_ns.get());
  t.datagrams += c.defrag_complete.get();
  t.fragments_incomplete += c.defrag_incomplete.get();
  t.received += c.received.get();
  t.received_bytes += c.received_bytes.get();
  const auto add = [](auto& to, const auto& from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i].get();
  };
  add(t.verdicts, c.verdicts);
  add(t.decode_events, c.decode_events);
  add(t.stream_events, c.stream_events);
  add(t.app_events, c.app_events);
  add(t.detection, c.detection);
  add(t.stage_cycles, c.stage_cycles);
  t.flows_created += c.flows_created.get();
  t.flows_active += c.flows_active.get();
  t.flows_peak += c.flows_peak.get();
  t.flows_evicted += c.flows_evicted.get();
  t.suppressed += c.alerts_limited.get();
  t.files += c.files.get();
  t.files_refused += c.files_refused.get();
  t.files_cut += c.files_cut.get();
  t.frames += c.frames.get();
  t.frames_refused += c.frames_refused.get();
  t.pool_peak_bytes += c.pool_peak_bytes.get();
  t.pool_refused += c.pool_refused.get();
  t.protocols.resize(protocols().size());
  for (std::size_t i = 0; i < t.protocols.size(); ++i) {
    t.protocols[i][0] += c.protocols[i].flows.get();
    t.protocols[i][1] += c.protocols[i].transactions.get();
    t.protocols[i][2] += c.protocols[i].events.get();
  }
}

void add_recorder(Totals& t, const Recorder& r) {
  t.records.resize(record_kind_count());
  for (std::size_t i = 0; i < t.records.size(); ++i) t.records[i] = r.count(static_cast<RecordKind>(i));
  t.failed_outputs = r.failed_outputs();
  t.summarised.resize(t.records.size());
  for (std::size_t i = 0; i < t.records.size(); ++i)
    t.summarised[i] = r.summarised(static_cast<RecordKind>(i));
  t.not_summarised = r.not_summarised();
  t.suppressed += r.suppressed();
  t.late = r.late();
}

void add_assets(Totals& t, const Inventory& inventory) {
  const AssetTable::Counts& c = inventory.counts();
  t.assets = {true,      c.known,    inventory.told(),  c.evicted,
              c.outside, c.left_out, c.waiting_dropped, c.scopes_refused};
}

void add_intel(Totals& t, const Intel& looked) {
  const auto loaded = looked.loaded();
  t.intel.emplace_back("loaded", std::accumulate(loaded.begin(), loaded.end(), std::uint64_t{0}));
  for (std::size_t i = 0; i < loaded.size(); ++i)
    t.intel.emplace_back("loaded_" + std::string(intel::type_name(static_cast<intel::Type>(i))), loaded[i]);
  const Intel::Counts& c = looked.counts();
  for (const auto& [name, count] :
       {std::pair("epoch", std::uint64_t{looked.epoch()}),
        std::pair("reloads_failed", c.reloads_failed.get()), std::pair("lookups", c.lookups.get()),
        std::pair("hits", c.hits.get()), std::pair("told", c.told.get()),
        std::pair("repeated", c.repeated.get()), std::pair("limited", c.limited.get()),
        std::pair("expired", c.expired.get()), std::pair("forgotten", c.forgotten.get())})
    t.intel.emplace_back(name, count);
}

std::vector<std::pair<std::string_view, std::uint64_t>> asset_counts(const Totals& t) {
  if (!t.assets.kept) return {};
  return {{"known", t.assets.known},
          {"told", t.assets.told},
          {"evicted", t.assets.evicted},
          {"outside", t.assets.outside},
          {"evidence_left_out", t.assets.left_out},
          {"waiting_dropped", t.assets.waiting_dropped},
          {"scopes_refused", t.assets.scopes_refused}};
}

std::uint64_t peak_rss_bytes() noexcept {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return static_cast<std::uint64_t>(u.ru_maxrss) * 1024;
}

std::string stats_json(const Totals& t) {
  std::string protocols_json;
  for (std::size_t i = 0; i < t.protocols.size(); ++i) {
    fmt::format_to(std::back_inserter(protocols_json),
                   "{}\"{}\":{{\"flows\":{},\"transactions\":{},\"events\":{}}}", i == 0 ? "" : ",",
                   protocols()[i]->name, t.protocols[i][0], t.protocols[i][1], t.protocols[i][2]);
  }
  std::string errors;
  for (const std::string& e : t.capture_errors) errors += (errors.empty() ? "" : ",") + rules::json_string(e);
  std::string assets;
  for (const auto& [name, n] : asset_counts(t))
    fmt::format_to(std::back_inserter(assets), "{}\"{}\":{}", assets.empty() ? "" : ",", name, n);
  std::string intel;
  for (const auto& [name, n] : t.intel)
    fmt::format_to(std::back_inserter(intel), "{}\"{}\":{}", intel.empty() ? "" : ",", name, n);
  const auto verdict = [](std::size_t i) { return kVerdicts[i].name; };
  const auto decode_event = [](std::size_t i) { return kDecodeEvents[i].name; };
  const auto stream_event = [](std::size_t i) { return kStreamEvents[i].name; };
  const auto app_event = [](std::size_t i) { return kAppEvents[i].name; };
  const auto detection = [](std::size_t i) { return detect::kDetectStats[i].name; };
  const auto stage = [](std::size_t i) { return kStageNames[i]; };
  return fmt::format(
      "{{\"ledger\":{{\"received\":{},\"received_bytes\":{},\"verdicts\":{{{}}},\"port\":{{\"missed\":{},"
      "\"errors\":{},\"no_buffer\":{}}},\"exact\":{}}},"
      "\"records\":{{\"made\":{{{}}},\"delivered\":{{{}}},\"lost\":{{{}}},\"summarised\":{{{}}},"
      "\"not_summarised\":{},\"suppressed_alerts\":{},\"late\":{}}},"
      "\"fragments\":{{\"datagrams\":{},\"incomplete\":{}}},"
      "\"flows\":{{\"created\":{},\"active\":{},\"peak\":{},\"evicted\":{}}},"
      "\"files\":{{\"followed\":{},\"refused\":{},\"cut\":{}}},"
      "\"frames\":{{\"followed\":{},\"refused\":{}}},\"assets\":{{{}}},\"intel\":{{{}}},\"protocols\":{{{}}},"
      "\"events\":{{\"decode\":{{{}}},\"stream\":{{{}}},\"applayer\":{{{}}}}},"
      "\"captures\":{{\"damaged\":{},\"errors\":[{}]}},\"rules\":{{\"loaded\":{},\"rejected\":{},\"epoch\":{}"
      ","
      "\"reloads\":{},\"reloads_failed\":{}}},"
      "\"detection\":{{{}}},"
      "\"memory\":{{\"peak_rss_bytes\":{},\"pool_peak_bytes\":{},\"pool_refused\":{}}},"
      "\"stages\":{{{}}},\"workers\":{},\"seconds\":{:.6f},\"build\":{{\"version\":\"{}\",\"type\":\"{}\","
      "\"compiler\":\"{}\"}}}}\n",
      t.received, t.received_bytes, json_counts(verdict, t.verdicts, true), t.port_missed, t.port_errors,
      t.port_no_buffer, t.ledger_exact(), json_records(t, &RecordCount::made),
      json_records(t, &RecordCount::delivered), json_records(t, &RecordCount::lost),
      json_counts([](std::size_t i) { return record_kind_name(static_cast<RecordKind>(i)); }, t.summarised,
                  false),
      t.not_summarised, t.suppressed, t.late, t.datagrams, t.fragments_incomplete, t.flows_created,
      t.flows_active, t.flows_peak, t.flows_evicted, t.files, t.files_refused, t.files_cut, t.frames,
      t.frames_refused, assets, intel, protocols_json, json_counts(decode_event, t.decode_events, false),
      json_counts(stream_event, t.stream_events, false), json_counts(app_event, t.app_events, false),
      t.captures_damaged, errors, t.rules_loaded, t.rules_rejected, t.rules_epoch, t.reloads,
      t.reloads_failed, json_counts(detection, t.detection, true), t.peak_rss_bytes, t.pool_peak_bytes,
      t.pool_refused, json_counts(stage, t.stage_cycles, true), t.workers, t.seconds, kVersion, kBuildType,
      kCompiler);
}

std::string summary_text(const Totals& t) {
  std::string out;
  auto to = std::back_inserter(out);
  const double s = t.seconds > 0 ? t.seconds : 1e-9;
  fmt::format_to(to, "packets   {} ({}), {:.3f} s: {}, {}\n", t.received,
                 with_unit(static_cast<double>(t.received_bytes), "B"), t.seconds,
                 with_unit(static_cast<double>(t.received) / s, "packets/s"),
                 with_unit(static_cast<double>(t.received_bytes) * 8 / s, "bit/s"));
  fmt::format_to(to, "flows     {} (most at once {}, summed over workers; evicted {})\n", t.flows_created,
                 t.flows_peak, t.flows_evicted);
  fmt::format_to(to, "records   {}\n", t.records_made());
  for (std::size_t i = 0; i < t.records.size(); ++i) {
    const RecordCount& r = t.records[i];
    if (r.made == 0) continue;
    fmt::format_to(to, "  {:<12} {:>10} made {:>10} delivered {:>8} lost\n",
                   record_kind_name(static_cast<RecordKind>(i)), r.made, r.delivered, r.lost);
  }
  for (std::size_t i = 0; i < t.summarised.size(); ++i) {
    if (t.summarised[i] != 0)
      fmt::format_to(to, "  {:<12} {:>10} more told in the summaries of these\n",
                     record_kind_name(static_cast<RecordKind>(i)), t.summarised[i]);
  }
  if (t.not_summarised != 0)
    fmt::format_to(to, "  {} records told in full: app-layer.detail-memcap was reached\n", t.not_summarised);
  if (t.assets.kept) {
    fmt::format_to(to, "assets    {} known, {} records; {} times an address was outside of assets.networks\n",
                   t.assets.known, t.assets.told, t.assets.outside);
    if (t.assets.evicted != 0)
      fmt::format_to(to, "  {} went because there are more than assets.max\n", t.assets.evicted);
  }
  if (!t.intel.empty()) {
    fmt::format_to(to, "intel    ");
    for (const auto& [name, n] : t.intel) {
      if (n != 0) fmt::format_to(to, " {} {}", name, n);
    }
    fmt::format_to(to, "\n");
  }
  std::vector<std::size_t> order(t.protocols.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return t.protocols[a][0] > t.protocols[b][0]; });
  fmt::format_to(to, "protocols\n");
  for (const std::size_t i : order) {
    const auto& p = t.protocols[i];
    if (p[0] != 0)
      fmt::format_to(to, "  {:<12} {:>10} flows {:>9} transactions {:>6} events\n", protocols()[i]->name,
                     p[0], p[1], p[2]);
  }
  if (t.suppressed != 0) fmt::format_to(to, "alerts turned down by thresholds {}\n", t.suppressed);
  for (std::size_t i = 0; i < t.detection.size(); ++i) {
    const detect::DetectStatText& d = detect::kDetectStats[i];
    if (d.is_loss && t.detection[i] != 0)
      fmt::format_to(to, "detection cut short: {} {}: {}\n", d.name, t.detection[i], d.help);
  }
  if (t.frames_refused != 0)
    fmt::format_to(to, "frames not followed {}: too many at once, or the pool is used up\n",
                   t.frames_refused);
  if (t.captures_damaged != 0) fmt::format_to(to, "damaged   {} capture files\n", t.captures_damaged);
  fmt::format_to(to, "ledger    received {}\n", t.received);
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    if (t.verdicts[i] != 0)
      fmt::format_to(to, "  {:<18} {:>10}  {}\n", kVerdicts[i].name, t.verdicts[i],
                     i == 0 ? "" : kVerdicts[i].help);
  }
  if (t.port_missed + t.port_errors + t.port_no_buffer != 0) {
    fmt::format_to(to, "  before picket: missed {}, errors {}, no buffer {}\n", t.port_missed, t.port_errors,
                   t.port_no_buffer);
  }
  if (const std::uint64_t lost = t.records_lost(); lost != 0) {
    fmt::format_to(to, "LOST      {} records were made and are not delivered\n", lost);
    for (const auto& [name, n] : t.failed_outputs)
      fmt::format_to(to, "  {}: {} records not taken\n", name, n);
  }
  if (t.given_up) {
    fmt::format_to(to, "  given up while a thread hung: what the workers had in hand then is not counted\n");
    return out;
  }
  fmt::format_to(to, "  {}\n",
                 t.ledger_exact()
                     ? "exact: every packet has one verdict, every record is delivered or counted as lost"
                     : "NOT EXACT: this is a bug in picket; please report it with --stats");
  return out;
}

}  // namespace picket
