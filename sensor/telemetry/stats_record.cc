#include "sensor/telemetry/stats_record.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "export/proto/picket/v1/event.pb.h"
#include "sensor/build_info.h"

namespace picket {

std::string stats_record(const Totals& t, const std::string& sensor) {
  v1::Event event;
  event.set_timestamp(t.clock_ns);
  event.set_event_type("stats");
  if (!sensor.empty()) event.set_host(sensor);
  v1::Stats& s = *event.mutable_stats();
  s.set_version(std::string(kVersion));
  if (t.rules_epoch != 0) {
    event.set_rules_epoch(t.rules_epoch);
    (*s.mutable_detect())["rules_loaded"] = t.rules_loaded;
    (*s.mutable_detect())["rules_failed"] = t.rules_rejected;
    (*s.mutable_detect())["reloads"] = t.reloads;
    (*s.mutable_detect())["reloads_failed"] = t.reloads_failed;
  }
  s.mutable_ledger()->set_received(t.received);
  for (std::size_t i = 0; i < kVerdictCount; ++i)
    (*s.mutable_ledger()->mutable_verdicts())[std::string(kVerdicts[i].name)] = t.verdicts[i];
  for (std::size_t i = 0; i < t.records.size(); ++i) {
    const std::string kind(record_kind_name(static_cast<RecordKind>(i)));
    (*s.mutable_records()->mutable_made())[kind] = t.records[i].made;
    (*s.mutable_records()->mutable_lost())[kind] = t.records[i].lost;
    if (t.summarised[i] != 0) (*s.mutable_records()->mutable_summarised())[kind] = t.summarised[i];
  }
  for (const auto& [name, n] : asset_counts(t)) (*s.mutable_assets())[std::string(name)] = n;
  for (const auto& [name, n] : t.intel) (*s.mutable_intel())[name] = n;
  (*s.mutable_flows())["created"] = t.flows_created;
  (*s.mutable_flows())["evicted"] = t.flows_evicted;
  const auto add_events = [&](const auto& counts, const auto& texts, const char* prefix) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] != 0) (*s.mutable_events())[prefix + std::string(texts[i].name)] = counts[i];
    }
  };
  add_events(t.decode_events, kDecodeEvents, "decoder.");
  add_events(t.stream_events, kStreamEvents, "stream.");
  add_events(t.app_events, kAppEvents, "applayer.");
  for (std::size_t i = 0; i < t.protocols.size(); ++i)
    (*s.mutable_app_layer())[std::string(protocols()[i]->name)] = t.protocols[i][0];

  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);  // maps in the order of their keys
    event.SerializeToCodedStream(&coded);
  }
  return out;
}

}  // namespace picket
