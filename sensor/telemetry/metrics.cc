#include "sensor/telemetry/metrics.h"

#include "export/batch.h"
#include "export/delivery/lanes.h"
#include "export/tls/metrics.h"
#include "sensor/build_info.h"

namespace picket {
namespace {

using metrics::FamilyOf;
using metrics::Samples;
using enum metrics::Type;

void by_record_type(const SensorFigures& f, Samples& out, std::uint64_t RecordCount::*field) {
  for (std::size_t i = 0; i < f.totals.records.size(); ++i)
    out.add(f.totals.records[i].*field, {record_kind_name(static_cast<RecordKind>(i))});
}

void by_protocol(const SensorFigures& f, Samples& out, std::size_t field) {
  for (std::size_t i = 0; i < f.totals.protocols.size(); ++i)
    out.add(f.totals.protocols[i][field], {protocols()[i]->name});
}

/// Of parallel arrays: names with texts, and counts.
template <class Texts, class Counts>
void by_name(Samples& out, const Texts& texts, const Counts& counts) {
  for (std::size_t i = 0; i < texts.size(); ++i) out.add(counts[i], {texts[i].name});
}

constexpr double kNsPerSecond = 1e9;

// Of Totals::intel: levels, between counts.
constexpr std::string_view kLoadedOfType = "loaded_", kIntelEpoch = "epoch";

using Count = std::atomic<std::uint64_t>;

void by_lane(const SensorFigures& f, Samples& out, Count delivery::LaneCounters::*field) {
  for (std::size_t i = 0; f.delivery != nullptr && i < delivery::kLaneCount; ++i)
    out.add((f.delivery->lanes[i].*field).load(), {lane_label(delivery::kLanes[i])});
}

void of_delivery(const SensorFigures& f, Samples& out, Count delivery::DeliveryCounters::*field) {
  if (f.delivery != nullptr) out.add((f.delivery->*field).load());
}

constexpr FamilyOf<SensorFigures> kFamilies[] = {
    {{"picket_build", kInfo, "", "version,type,compiler,cpu", "what runs here"},
     [](const SensorFigures&, Samples& out) {
       out.add(1, {kVersion, kBuildType, kCompiler, cpu_level()});
     }},
    {{"picket_sensor", kInfo, "", "sensor", "its name in records"},
     [](const SensorFigures& f, Samples& out) { out.add(1, {f.sensor}); }},
    {{"picket_workers", kGauge, "", "", "worker cores"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.workers); }},
    {{"picket_clock_seconds", kGauge, "seconds", "",
      "capture time that the workers have reached, in seconds since 1970; it stands still when nothing is "
      "received"},
     [](const SensorFigures& f, Samples& out) {
       out.add(static_cast<double>(f.totals.clock_ns) / kNsPerSecond);
     }},

    // The ledger of packets.
    {{"picket_packets_received", kCounter, "", "", "packets that came from ports or captures"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.received); }},
    {{"picket_received_bytes", kCounter, "bytes", "", "bytes of these packets"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.received_bytes); }},
    {{"picket_packets", kCounter, "", "verdict",
      "packets by verdict: inspected, or why they were dropped; each received packet gets exactly one"},
     [](const SensorFigures& f, Samples& out) { by_name(out, kVerdicts, f.totals.verdicts); }},
    {{"picket_port_lost_packets", kCounter, "", "reason",
      "packets that never reached a worker, by the ports' own counters"},
     [](const SensorFigures& f, Samples& out) {
       out.add(f.totals.port_missed, {"missed"});
       out.add(f.totals.port_errors, {"errors"});
       out.add(f.totals.port_no_buffer, {"no_buffer"});
     }},

    // The ledger of records.
    {{"picket_records_made", kCounter, "", "type", "records by type; each is delivered, lost, or on its way"},
     [](const SensorFigures& f, Samples& out) { by_record_type(f, out, &RecordCount::made); }},
    {{"picket_records_delivered", kCounter, "", "type", "records that every output has taken"},
     [](const SensorFigures& f, Samples& out) { by_record_type(f, out, &RecordCount::delivered); }},
    {{"picket_records_lost", kCounter, "", "type",
      "records that found no room, or that at least one output did not take"},
     [](const SensorFigures& f, Samples& out) { by_record_type(f, out, &RecordCount::lost); }},
    {{"picket_records_summarised", kCounter, "", "type",
      "transactions that the record of another stands for"},
     [](const SensorFigures& f, Samples& out) {
       for (std::size_t i = 0; i < f.totals.summarised.size(); ++i)
         out.add(f.totals.summarised[i], {record_kind_name(static_cast<RecordKind>(i))});
     }},
    {{"picket_records_not_summarised", kCounter, "", "",
      "records told in full because app-layer.detail-memcap was reached"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.not_summarised); }},
    {{"picket_records_late", kCounter, "", "",
      "records that came too late for their place; more than 0 is a bug in picket"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.late); }},
    {{"picket_output_lost_records", kCounter, "", "output", "records that an output did not take"},
     [](const SensorFigures& f, Samples& out) {
       for (const auto& [name, n] : f.totals.failed_outputs) out.add(n, {name});
     }},

    // To collectors.
    {{"picket_delivery_made_records", kCounter, "", "lane", "records that came in and have a number"},
     [](const SensorFigures& f, Samples& out) { by_lane(f, out, &delivery::LaneCounters::made); }},
    {{"picket_delivery_spooled_records", kCounter, "", "lane", "of these, in a sealed batch"},
     [](const SensorFigures& f, Samples& out) { by_lane(f, out, &delivery::LaneCounters::spooled); }},
    {{"picket_delivery_batches", kCounter, "", "lane", "batches that were sealed, gaps included"},
     [](const SensorFigures& f, Samples& out) { by_lane(f, out, &delivery::LaneCounters::batches); }},
    {{"picket_delivery_acknowledged_records", kCounter, "", "lane",
      "records, of earlier starts too, that every collector has which has to"},
     [](const SensorFigures& f, Samples& out) { by_lane(f, out, &delivery::LaneCounters::acknowledged); }},
    {{"picket_delivery_owed_records", kGauge, "", "lane", "records that are sealed and not acknowledged"},
     [](const SensorFigures& f, Samples& out) { by_lane(f, out, &delivery::LaneCounters::owed); }},
    {{"picket_delivery_oldest_seconds", kGauge, "seconds", "lane",
      "when the oldest batch that is owed was sealed, in seconds since 1970"},
     [](const SensorFigures& f, Samples& out) {
       for (std::size_t i = 0; f.delivery != nullptr && i < delivery::kLaneCount; ++i) {
         if (const std::uint64_t at = f.delivery->lanes[i].oldest_sealed_at.load(); at != 0)
           out.add(static_cast<double>(at) / kNsPerSecond, {lane_label(delivery::kLanes[i])});
       }
     }},
    {{"picket_delivery_missing_records", kCounter, "", "reason",
      "records that were made and stand in a gap, by why they are not coming"},
     [](const SensorFigures& f, Samples& out) {
       for (std::size_t i = 0; f.delivery != nullptr && i < f.delivery->missing.size(); ++i)
         out.add(f.delivery->missing[i].load(), {gap_label(static_cast<v1::GapReason>(i))});
     }},
    {{"picket_delivery_sent_batches", kCounter, "", "", "batches that were sent, again too"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::sent_batches);
     }},
    {{"picket_delivery_sent_bytes", kCounter, "bytes", "", "bytes of these"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::sent_bytes);
     }},
    {{"picket_delivery_connections", kCounter, "", "", "connections to collectors"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::connections);
     }},
    {{"picket_delivery_failed_connections", kCounter, "", "", "attempts at one that failed"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::failed_connections);
     }},
    {{"picket_delivery_refused_batches", kCounter, "", "", "batches that a collector refused"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::refused_batches);
     }},
    {{"picket_delivery_write_errors", kCounter, "", "", "writes to the spool that failed"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::write_errors);
     }},
    {{"picket_delivery_removed_refused_files", kCounter, "", "",
      "files of refused batches that went for others, by export.spool.max-refused"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::removed_refused);
     }},
    {{"picket_delivery_connected", kGauge, "", "", "collectors that are connected now"},
     [](const SensorFigures& f, Samples& out) {
       if (f.collectors != 0) of_delivery(f, out, &delivery::DeliveryCounters::connected);
     }},
    {{"picket_delivery_collectors", kGauge, "", "",
      "collectors that have to be connected: with export.mode all each, with failover one of them"},
     [](const SensorFigures& f, Samples& out) {
       if (f.delivery != nullptr && f.collectors != 0) out.add(f.collectors);
     }},
    {{"picket_delivery_spool_bytes", kGauge, "bytes", "",
      "files of the spool, and what stands in memory for them"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::spool_bytes);
     }},
    {{"picket_delivery_memory_bytes", kGauge, "bytes", "", "of these, in memory"},
     [](const SensorFigures& f, Samples& out) {
       of_delivery(f, out, &delivery::DeliveryCounters::memory_bytes);
     }},
    {{"picket_delivery_spool_limit_bytes", kGauge, "bytes", "",
      "export.spool.max-size: above it something is given up"},
     [](const SensorFigures& f, Samples& out) {
       if (f.delivery != nullptr) out.add(f.spool_limit_bytes);
     }},

    // Rules.
    {{"picket_rules_loaded", kGauge, "", "", "rules of the set in use"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.rules_loaded); }},
    {{"picket_rules_rejected", kGauge, "", "", "rules that could not be loaded with it"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.rules_rejected); }},
    {{"picket_rules_epoch", kGauge, "", "", "number of the set in use; 0: there are no rules"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.rules_epoch); }},
    {{"picket_rule_reloads", kCounter, "", "", "sets that took the place of another"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.reloads); }},
    {{"picket_rule_reloads_failed", kCounter, "", "", "sets that could not be loaded: the one in use stayed"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.reloads_failed); }},
    {{"picket_orders", kCounter, "", "result",
      "sets of rules and indicators that collectors ordered: applied, or refused and the set before stayed"},
     [](const SensorFigures& f, Samples& out) {
       if (f.orders == nullptr) return;
       out.add(f.orders->applied.load(), {"applied"});
       out.add(f.orders->refused.load(), {"refused"});
     }},
    {{"picket_orders_ended_calls", kCounter, "", "", "calls for orders that ended, and are made again"},
     [](const SensorFigures& f, Samples& out) {
       if (f.orders != nullptr) out.add(f.orders->ended_calls.load());
     }},
    {{"picket_indicators", kGauge, "", "type", "indicators that are looked up"},
     [](const SensorFigures& f, Samples& out) {
       for (const auto& [name, n] : f.totals.intel) {
         if (name.starts_with(kLoadedOfType))
           out.add(n, {std::string_view(name).substr(kLoadedOfType.size())});
       }
     }},
    {{"picket_indicators_epoch", kGauge, "", "", "number of the set of indicators in use"},
     [](const SensorFigures& f, Samples& out) {
       for (const auto& [name, n] : f.totals.intel) {
         if (name == kIntelEpoch) out.add(n);
       }
     }},
    {{"picket_intel", kCounter, "", "count",
      "what was looked up, found and told of indicators, and what was left out"},
     [](const SensorFigures& f, Samples& out) {
       for (const auto& [name, n] : f.totals.intel) {
         if (!name.starts_with("loaded") && name != kIntelEpoch) out.add(n, {name});
       }
     }},
    {{"picket_alerts_suppressed", kCounter, "", "", "alerts that a threshold turned down"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.suppressed); }},
    {{"picket_detection", kCounter, "", "count", "what detection did, and where it was cut short"},
     [](const SensorFigures& f, Samples& out) { by_name(out, detect::kDetectStats, f.totals.detection); }},

    // What was followed.
    {{"picket_flows", kCounter, "", "", "flows that began"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.flows_created); }},
    {{"picket_flows_active", kGauge, "", "", "flows in the table now"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.flows_active); }},
    {{"picket_flows_peak", kGauge, "", "", "most flows in the table at once, summed over workers"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.flows_peak); }},
    {{"picket_flows_evicted", kCounter, "", "", "flows that went because the table was full"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.flows_evicted); }},
    {{"picket_datagrams_reassembled", kCounter, "", "", "datagrams put together from fragments"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.datagrams); }},
    {{"picket_datagrams_incomplete", kCounter, "", "", "datagrams of which fragments did not come"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.fragments_incomplete); }},
    {{"picket_files_followed", kCounter, "", "", "files that protocols carried"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.files); }},
    {{"picket_files_refused", kCounter, "", "", "files that there was no room to follow"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.files_refused); }},
    {{"picket_files_cut", kCounter, "", "", "files that were not followed to their end"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.files_cut); }},
    {{"picket_frames_followed", kCounter, "", "", "frames that rules may look at"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.frames); }},
    {{"picket_frames_refused", kCounter, "", "", "frames that there was no room to follow"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.frames_refused); }},
    {{"picket_protocol_flows", kCounter, "", "protocol", "flows that spoke it"},
     [](const SensorFigures& f, Samples& out) { by_protocol(f, out, 0); }},
    {{"picket_protocol_transactions", kCounter, "", "protocol", "its transactions"},
     [](const SensorFigures& f, Samples& out) { by_protocol(f, out, 1); }},
    {{"picket_protocol_events", kCounter, "", "protocol", "oddities its parser found"},
     [](const SensorFigures& f, Samples& out) { by_protocol(f, out, 2); }},
    {{"picket_decode_events", kCounter, "", "event", "oddities of packets' headers"},
     [](const SensorFigures& f, Samples& out) { by_name(out, kDecodeEvents, f.totals.decode_events); }},
    {{"picket_stream_events", kCounter, "", "event", "oddities of TCP"},
     [](const SensorFigures& f, Samples& out) { by_name(out, kStreamEvents, f.totals.stream_events); }},
    {{"picket_app_events", kCounter, "", "event", "oddities found while protocols were recognised"},
     [](const SensorFigures& f, Samples& out) { by_name(out, kAppEvents, f.totals.app_events); }},
    {{"picket_assets_known", kGauge, "", "", "assets in the inventory"},
     [](const SensorFigures& f, Samples& out) {
       if (f.totals.assets.kept) out.add(f.totals.assets.known);
     }},
    {{"picket_inventory", kCounter, "", "count", "what the inventory told, and what it left out"},
     [](const SensorFigures& f, Samples& out) {
       for (const auto& [name, n] : asset_counts(f.totals)) {
         if (name != "known") out.add(n, {name});
       }
     }},

    // What it costs.
    {{"picket_stage_cycles", kCounter, "", "stage", "CPU cycles by stage of the loop, with --measure-stages"},
     [](const SensorFigures& f, Samples& out) {
       for (std::size_t i = 0; i < kStageNames.size(); ++i) {
         if (f.totals.stage_cycles[i] != 0) out.add(f.totals.stage_cycles[i], {kStageNames[i]});
       }
     }},
    {{"picket_memory_peak_bytes", kGauge, "bytes", "", "most memory that was resident at once"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.peak_rss_bytes); }},
    {{"picket_pool_peak_bytes", kGauge, "bytes", "",
      "most of the workers' pools that was in use at once, summed over workers"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.pool_peak_bytes); }},
    {{"picket_pool_refused", kCounter, "", "", "requests for memory that a pool had no room for"},
     [](const SensorFigures& f, Samples& out) { out.add(f.totals.pool_refused); }},
};

}  // namespace

std::vector<metrics::Family> sensor_families() {
  std::vector<metrics::Family> all;
  for (const auto& f : metrics::kProcessFamilies<SensorFigures>) all.push_back(f.family);
  for (const auto& f : kFamilies) all.push_back(f.family);
  for (const auto& f : tls::kFamilies<SensorFigures>) all.push_back(f.family);
  return all;
}

std::string sensor_metrics(const SensorFigures& figures, metrics::Format format) {
  return metrics::expose<SensorFigures>(
      {metrics::kProcessFamilies<SensorFigures>, kFamilies, tls::kFamilies<SensorFigures>}, figures, format);
}

}  // namespace picket
