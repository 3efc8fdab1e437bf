#include "export/collector/metrics.h"

#include "export/tls/metrics.h"
namespace picket::collector {
namespace {

using metrics::FamilyOf;
using metrics::Samples;
using enum metrics::Type;

constexpr double kNsPerSecond = 1e9;

template <class Each>
void by_lane(const Figures& f, Each&& each) {
  for (const auto& [name, sensor] : f.tally.sensors) {
    for (const auto& [lane, figures] : sensor.lanes) each(name, lane_label(lane), figures);
  }
}

template <class Number>
void by_sink(const Figures& f, Samples& out, Number LineState::*field) {
  for (const LineState& s : f.sinks) out.add(s.*field, {s.name});
}

constexpr FamilyOf<Figures> kFamilies[] = {
    {{"picket_collector_build", kInfo, "", "version", "what runs here"},
     [](const Figures& f, Samples& out) { out.add(1, {f.version}); }},

    // From sensors.
    {{"picket_collector_batches", kCounter, "", "fate",
      "batches that came, by what became of them; stored and known ones are acknowledged"},
     [](const Figures& f, Samples& out) {
       for (std::size_t i = 0; i < f.tally.batches.size(); ++i)
         out.add(f.tally.batches[i], {fate_name(static_cast<BatchFate>(i))});
     }},
    {{"picket_collector_records", kCounter, "", "sensor,lane", "records that every durable sink has"},
     [](const Figures& f, Samples& out) {
       by_lane(f, [&](auto& sensor, auto lane, auto& l) { out.add(l.records, {sensor, lane}); });
     }},
    {{"picket_collector_received_bytes", kCounter, "bytes", "sensor,lane",
      "these records, before compression"},
     [](const Figures& f, Samples& out) {
       by_lane(f, [&](auto& sensor, auto lane, auto& l) { out.add(l.bytes, {sensor, lane}); });
     }},
    {{"picket_collector_missing_records", kCounter, "", "sensor,lane,reason",
      "records that were made and told as missing, by why they are not coming; see found"},
     [](const Figures& f, Samples& out) {
       by_lane(f, [&](auto& sensor, auto lane, auto& l) {
         // Those that are 0, too: an increase is seen only of a series that was there before.
         for (std::size_t i = 0; i < l.missing.size(); ++i)
           out.add(l.missing[i], {sensor, lane, gap_label(static_cast<v1::GapReason>(i))});
       });
     }},
    {{"picket_collector_found_records", kCounter, "", "sensor,lane",
      "records that were told as missing and came after all, or were told again with another reason"},
     [](const Figures& f, Samples& out) {
       by_lane(f, [&](auto& sensor, auto lane, auto& l) { out.add(l.found, {sensor, lane}); });
     }},
    {{"picket_collector_lag_seconds", kGauge, "seconds", "sensor,lane",
      "from the sealing of the last batch, by the sensor's clock, to its coming, by the collector's; below 0 "
      "the "
      "sensor's clock is ahead"},
     [](const Figures& f, Samples& out) {
       by_lane(f, [&](auto& sensor, auto lane, auto& l) {
         if (l.has_lag) out.add(static_cast<double>(l.lag_ns) / kNsPerSecond, {sensor, lane});
       });
     }},
    {{"picket_collector_last_seen_seconds", kGauge, "seconds", "sensor",
      "when the last batch of the sensor came, in seconds since 1970"},
     [](const Figures& f, Samples& out) {
       for (const auto& [name, sensor] : f.tally.sensors)
         out.add(static_cast<double>(sensor.seen_at_ns) / kNsPerSecond, {name});
     }},
    {{"picket_collector_sensors", kGauge, "", "", "sensors that are told apart"},
     [](const Figures& f, Samples& out) { out.add(f.tally.sensors.size()); }},
    {{"picket_collector_other_batches", kCounter, "", "",
      "batches of sensors that are not told apart, for there are too many"},
     [](const Figures& f, Samples& out) { out.add(f.tally.other_batches); }},
    {{"picket_collector_connected", kGauge, "", "", "sensors that have a call open now"},
     [](const Figures& f, Samples& out) { out.add(f.tally.connected); }},
    {{"picket_collector_connections", kCounter, "", "", "calls of sensors that were opened"},
     [](const Figures& f, Samples& out) { out.add(f.tally.connections); }},

    {{"picket_collector_refused_calls", kCounter, "", "",
      "calls of nobody that was let in, or beyond max-sensors"},
     [](const Figures& f, Samples& out) { out.add(f.tally.refused_calls); }},

    // From files.
    {{"picket_collector_intake_files", kCounter, "", "fate",
      "files that were taken in: stored, or in refused/; late ones had been told as missing, removed ones "
      "left a "
      "full refused/"},
     [](const Figures& f, Samples& out) {
       if (!f.intake) return;
       out.add(f.intake->taken, {"stored"});
       out.add(f.intake->refused, {"refused"});
       out.add(f.intake->late, {"late"});
       out.add(f.intake->removed, {"removed"});
     }},
    {{"picket_collector_intake_waiting_files", kGauge, "", "",
      "files in the intake's folder that are not stored yet"},
     [](const Figures& f, Samples& out) {
       if (f.intake) out.add(f.intake->waiting);
     }},
    {{"picket_collector_intake_oldest_seconds", kGauge, "seconds", "",
      "since the file that waits longest was first seen; 0: none waits"},
     [](const Figures& f, Samples& out) {
       if (f.intake) out.add(std::chrono::duration<double>(f.intake->oldest).count());
     }},
    {{"picket_collector_intake_missing_files", kGauge, "", "",
      "files of sensors that were told as missing, by their numbers, and have not come"},
     [](const Figures& f, Samples& out) {
       if (f.intake) out.add(f.intake->missing);
     }},
    {{"picket_collector_intake_other_files", kGauge, "", "",
      "what is in the intake's folder and is no file of batches: it is left alone"},
     [](const Figures& f, Samples& out) {
       if (f.intake) out.add(f.intake->others);
     }},

    // To sinks.
    {{"picket_collector_sink_queued_batches", kGauge, "", "sink", "batches that wait for the sink"},
     [](const Figures& f, Samples& out) { by_sink(f, out, &LineState::queued_batches); }},
    {{"picket_collector_sink_queued_bytes", kGauge, "bytes", "sink", "what they take"},
     [](const Figures& f, Samples& out) { by_sink(f, out, &LineState::queued_bytes); }},
    {{"picket_collector_sink_stored_batches", kCounter, "", "sink", "batches that the sink took"},
     [](const Figures& f, Samples& out) { by_sink(f, out, &LineState::stored_batches); }},
    {{"picket_collector_sink_stored_records", kCounter, "", "sink", "their records"},
     [](const Figures& f, Samples& out) { by_sink(f, out, &LineState::stored_records); }},
    {{"picket_collector_sink_rejected_records", kCounter, "", "sink",
      "records that the sink will never take: they are dead letters"},
     [](const Figures& f, Samples& out) { by_sink(f, out, &LineState::rejected_records); }},
    {{"picket_collector_dead_letter_records", kCounter, "", "fate",
      "of these, kept in the dead-letter file; or lost, for it is full or there is none, and counted alone"},
     [](const Figures& f, Samples& out) {
       out.add(f.dead_letters, {"kept"});
       out.add(f.dead_letters_lost, {"lost"});
     }},
    {{"picket_collector_sink_expired_records", kCounter, "", "sink",
      "records that the sink held and dropped, because of their age or for want of room"},
     [](const Figures& f, Samples& out) {
       for (const LineState& s : f.sinks) {
         if (s.expired_records) out.add(*s.expired_records, {s.name});
       }
     }},
    {{"picket_collector_sink_left_out_records", kCounter, "", "sink",
      "records that a sink which nobody waits for was too slow for"},
     [](const Figures& f, Samples& out) { by_sink(f, out, &LineState::left_out_records); }},
    {{"picket_collector_sink_failures", kCounter, "", "sink",
      "attempts to store that failed and are made again"},
     [](const Figures& f, Samples& out) { by_sink(f, out, &LineState::failures); }},
    {{"picket_collector_sink_last_success_seconds", kGauge, "seconds", "sink",
      "when the sink last stored something, in seconds since 1970; 0: not yet; of its lines for which "
      "batches "
      "wait, the one that is furthest behind"},
     [](const Figures& f, Samples& out) {
       for (const LineState& s : f.sinks)
         out.add(static_cast<double>(s.stored_at_ns) / kNsPerSecond, {s.name});
     }},
    {{"picket_collector_held_bytes", kGauge, "bytes", "",
      "batches that are held in memory, for all sinks together"},
     [](const Figures& f, Samples& out) { out.add(f.held_bytes); }},
    {{"picket_collector_store_bytes", kGauge, "bytes", "", "files of the embedded store"},
     [](const Figures& f, Samples& out) {
       if (f.store_bytes) out.add(*f.store_bytes);
     }},
};

}  // namespace

std::vector<metrics::Family> metric_families() {
  std::vector<metrics::Family> all;
  for (const auto& f : metrics::kProcessFamilies<Figures>) all.push_back(f.family);
  for (const auto& f : kFamilies) all.push_back(f.family);
  for (const auto& f : tls::kFamilies<Figures>) all.push_back(f.family);
  return all;
}

std::string metrics_text(const Figures& figures, metrics::Format format) {
  return metrics::expose<Figures>({metrics::kProcessFamilies<Figures>, kFamilies, tls::kFamilies<Figures>},
                                  figures, format);
}

}  // namespace picket::collector
