// export/collector/sinks/kafka_sink.h — records into Kafka by librdkafka: a topic per record type, heads in the same
// transaction
//
//   topic  PREFIX.TYPE    value: picket.v1.Event as the sensor wrote it; key: flow_id in decimal, or the sensor's
//                         name where there is none, so that the records of a flow stay in order in one partition
//          PREFIX.other   types that this version does not know
//          PREFIX.heads   value: picket.v1.ChainState; key: sensor, boot and lane. Compacted: a chain's last
//                         is enough
//
// One store() is one transaction of an idempotent producer: its records and the heads of their chains are there for
// consumers that read `read_committed`, or none of them is. What became of a commit that got no answer is settled by
// the next producer of the same transactional id, which the sink makes after any failure: it ends the transaction
// one way or the other before it begins, and the heads are read again. So each record is there once, over broker
// failures and deaths of the collector.
//
// head() reads PREFIX.heads up to its end, so a collector sees what others have written. Where a transaction of another
// is open there, it waits until that ends, at most `timeout`: heads behind it are not to be seen before. Each collector needs a
// transactional id of its own, and keeps it over restarts. Two that write one chain at the same moment may both write
// a record: consumers tell them by sensor, boot, lane and number of the heads, or by the record's content.
//
// Kafka    2.5 or later; `min.insync.replicas` 2 with replication factor 3 makes durable what
//          `acks=all` promises. Make the topics before (README.md has the commands).
//          `transactional.id` needs the right WRITE, the topics WRITE, PREFIX.heads READ and DESCRIBE_CONFIGS (and the
//          cluster CREATE, where the sink is to make it); a group needs none: the consumer asks nothing of its own.
// Heads    PREFIX.heads has cleanup.policy=compact: with another one a quiet lane's head is deleted after seven days,
//          and its records come in twice. So each connection asks how it is kept, makes it where it is not there, and
//          does not begin where heads would expire. Where brokers do not say, that is logged, once
// Poison   what is no Event with a type, and what is larger than message.max.bytes. What a topic refuses, whose
//          max.message.bytes is smaller than that, is not known before: it delays all behind it until one of
//          the two is changed, and the error names the topic
// Threads  librdkafka has its own
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "export/collector/sink.h"

namespace picket::collector {

struct KafkaOptions {
  std::string brokers = "127.0.0.1:9092";  ///< HOST:PORT, comma between
  std::string prefix = "picket";
  std::string transactional_id = "picket-collector";  ///< of this collector alone
  bool make_heads = true;                             ///< PREFIX.heads, where it is not there
  std::chrono::milliseconds timeout{30'000};          ///< of a transaction
  /// librdkafka's own settings (CONFIGURATION.md there): security.protocol, ssl.ca.location, sasl.mechanism ...
  /// What the sink has to set itself is refused. Without encryption brokers are on loopback: the
  /// configured ones, and those that they name.
  std::map<std::string, std::string> settings;
};

/// Connects to nothing: brokers that are down delay. The error says which option is wrong; files that settings name
/// are read.
Result<std::unique_ptr<Sink>> open_kafka_sink(const KafkaOptions& options);

}  // namespace picket::collector
