// export/collector/sinks/kafka_topic.h — whether a topic keeps what is in it: asked of the brokers, and made where it
// is not there
#pragma once
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <string>

#include "parsers/core/result.h"

namespace picket::collector {

struct CompactedTopic {
  std::string name;
  bool may_make = true;  ///< with kPartitions, and as many replicas as the brokers' default is
  static constexpr int kPartitions = 4;
};

/// Fine when the topic is there, and nothing in it expires. The error says what to do: it is kept in another way, or it
/// is not there. `unknown`: brokers that do not answer that question, or not this client; then it is fine as well, and
/// this says why.
Status require_compacted(rd_kafka_t& client, const CompactedTopic& topic, std::chrono::milliseconds timeout,
                         std::string& unknown);

}  // namespace picket::collector
