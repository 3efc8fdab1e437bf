#include "export/collector/sinks.h"

#include <algorithm>
#include <optional>

#include "export/collector/sinks/clickhouse_sink.h"
#include "export/collector/sinks/eve_files_sink.h"
#include "export/collector/sinks/kafka_sink.h"
#include "export/collector/sinks/syslog_sink.h"
#include "export/collector/store.h"

namespace picket::collector {

Result<std::vector<std::unique_ptr<Sink>>> open_sinks(const Config& config) {
  std::vector<std::unique_ptr<Sink>> sinks;
  std::optional<Error> error;
  const auto add = [&](bool is_wanted, auto open, const auto& options) {
    if (!is_wanted || error) return;
    if (auto sink = open(options)) {
      sinks.push_back(std::move(sink).value());
    } else {
      error = sink.error();
    }
  };
  add(config.has_store(), Store::open, config.store);
  add(!config.eve.path.empty(), open_eve_files_sink, config.eve);
  for (unsigned line = 0; line < config.clickhouse_lines; ++line)
    add(!config.clickhouse.url.empty(), open_clickhouse_sink, config.clickhouse);
  KafkaOptions kafka = config.kafka;
  kafka.transactional_id = config.transactional_id();
  add(!kafka.brokers.empty(), open_kafka_sink, kafka);
  add(!config.syslog.server.empty(), open_syslog_sink, config.syslog);
  if (error) return *error;
  if (std::none_of(sinks.begin(), sinks.end(), [](const auto& s) { return s->is_durable(); }))
    return Error{
        "at least one durable sink is needed, or no record would ever be acknowledged; give store, eve.path, "
        "clickhouse.url or kafka.brokers"};
  return sinks;
}

}  // namespace picket::collector
