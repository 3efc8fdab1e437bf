#include "export/collector/sinks/kafka_sink.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <netdb.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "export/collector/layout.h"
#include "export/collector/sinks/block.h"
#include "export/collector/sinks/kafka_heads.h"
#include "export/collector/sinks/kafka_topic.h"
#include "export/endpoint.h"
#include "export/eve_table.h"
#include "export/log_limit.h"
#include "export/wire_reader.h"

namespace picket::collector {
namespace {

struct Free {
  void operator()(rd_kafka_t* k) const noexcept {
    rd_kafka_destroy_flags(k, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  void operator()(rd_kafka_conf_t* c) const noexcept { rd_kafka_conf_destroy(c); }
  void operator()(rd_kafka_error_t* e) const noexcept { rd_kafka_error_destroy(e); }
  void operator()(rd_kafka_message_t* m) const noexcept { rd_kafka_message_destroy(m); }
  void operator()(rd_kafka_topic_partition_list_t* l) const noexcept {
    rd_kafka_topic_partition_list_destroy(l);
  }
  void operator()(const rd_kafka_metadata_t* m) const noexcept { rd_kafka_metadata_destroy(m); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// More than librdkafka counts for a message beside key and value: what fits by this is never too large for it.
constexpr std::size_t kMessageBytes = 64;
constexpr const char* kTooLarge = "is larger than message.max.bytes";

/// What transactions and heads rest on is not for settings to change, by none of its names.
constexpr std::array kOurs = {
    "bootstrap.servers",     "metadata.broker.list",   "test.mock.num.brokers",
    "transactional.id",      "enable.idempotence",     "acks",
    "request.required.acks", "transaction.timeout.ms", "isolation.level",
    "enable.auto.commit",    "enable.partition.eof",
};

Error kafka_error(const std::string& what) { return Error{"kafka: " + what}; }

/// No value: fine.
Status to_status(const char* what, rd_kafka_error_t* error) {
  if (error == nullptr) return Done{};
  const Owned<rd_kafka_error_t> owned(error);
  return kafka_error(fmt::format("{}: {}", what, rd_kafka_error_string(error)));
}

/// flow_id in decimal, or the sensor; false: not an Event with a type.
bool read_record(Bytes record, const ChainId& chain, std::string& key, std::size_t& table) {
  static const std::uint32_t type_number = event_table().find("event_type")->number;
  static const std::uint32_t flow_number = event_table().find("flow_id")->number;
  std::string_view type;
  std::uint64_t flow = 0;
  WireReader in(record);
  for (WireField f; in.next(f);) {
    if (f.number == type_number && f.type == 2) type = as_text(f.bytes);
    if (f.number == flow_number && f.type == 0) flow = f.value;
  }
  if (!in.ok() || type.empty()) return false;
  table = table_of(type);
  key = flow != 0 ? std::to_string(flow) : chain.sensor;
  return true;
}

/// Without encryption. Brokers say themselves where others of them are, and names may lead anywhere: what counts is the
/// address.
int connect_on_loopback(int socket, const sockaddr* to, int size, const char* broker, void*) {
  char host[NI_MAXHOST] = "";
  const auto bytes = static_cast<socklen_t>(size);
  const int failed = ::getnameinfo(to, bytes, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  if (failed != 0 || !HostPort{host, 0}.is_loopback()) {
    static LogLimit limit(1);
    if (limit.allow()) {
      spdlog::warn(
          "kafka: broker {} at {} is not on this machine, and records are sent in clear text: not connected; "
          "set security.protocol: ssl in kafka.settings, or what the broker advertises "
          "(advertised.listeners)",
          broker, host);
    }
    return EACCES;
  }
  return ::connect(socket, to, bytes) == 0 || errno == EINPROGRESS ? 0 : errno;
}

class KafkaSink final : public Sink {
 public:
  explicit KafkaSink(const KafkaOptions& options) : Sink("kafka"), options_(options) {
    for (const std::string& type : tables()) topics_.push_back(options.prefix + "." + type);
    heads_topic_ = options.prefix + ".heads";
  }

  /// Whether librdkafka takes the settings.
  Status check() const;
  Result<std::optional<ChainHead>> head(const ChainId& chain) override;
  Status store(Deliveries deliveries, const Bury& bury) override;

 private:
  [[nodiscard]] bool is_encrypted() const;
  Result<Owned<rd_kafka_conf_t>> configure(bool consumer, const std::string& brokers) const;
  Result<Owned<rd_kafka_t>> make(rd_kafka_type_t type, const std::string& brokers) const;
  Status connect();
  void disconnect();
  Status require_heads();
  Status assign_heads();
  Status read_heads();
  Result<std::optional<Read>> read_one_head(std::chrono::milliseconds at_most);
  Status transact(const Block& block, const Bury& bury);
  [[nodiscard]] bool is_too_large(std::string_view key, std::string_view value) const {
    return key.size() + value.size() + kMessageBytes > max_message_bytes_;
  }
  Status produce(const std::string& topic, std::string_view key, std::string_view value);
  Status flush();
  static void delivered(rd_kafka_t*, const rd_kafka_message_t* m, void* self);
  [[nodiscard]] int timeout_ms() const { return static_cast<int>(options_.timeout.count()); }

  KafkaOptions options_;
  std::vector<std::string> topics_;  ///< by table
  std::string heads_topic_;
  Owned<rd_kafka_t> producer_, consumer_;
  std::vector<std::int64_t> next_offset_;  ///< of the heads' partitions
  std::map<ChainId, ChainHead> heads_;
  std::size_t max_message_bytes_ = 0;
  bool has_warned_ = false;
  std::string failed_;  ///< why a message of this transaction was not delivered
};

Result<Owned<rd_kafka_conf_t>> KafkaSink::configure(bool consumer, const std::string& brokers) const {
  Owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  char why[512];
  const auto set = [&](const std::string& name, const std::string& value) -> Status {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why, sizeof why) == RD_KAFKA_CONF_OK)
      return Done{};
    return kafka_error(why);
  };
  std::map<std::string, std::string> all{{"client.id", options_.transactional_id}};
  if (!brokers.empty()) all["bootstrap.servers"] = brokers;
  if (consumer) {
    all.insert({{"group.id", options_.transactional_id},
                {"isolation.level", "read_committed"},
                {"enable.auto.commit", "false"},
                {"enable.partition.eof", "true"},
                {"auto.offset.reset", "earliest"},
                {"fetch.wait.max.ms", "20"},
                {"fetch.error.backoff.ms", "20"}});
  } else {
    all.insert({{"transactional.id", options_.transactional_id},
                {"isolation.level", "read_uncommitted"},  // of its questions where a topic ends
                {"transaction.timeout.ms", std::to_string(timeout_ms())},
                // Sooner than a transaction's time is up: so it is told which topic is not there.
                {"topic.metadata.propagation.max.ms", std::to_string(timeout_ms() / 3)},
                {"linger.ms", "5"},
                {"compression.type", "zstd"},
                {"queue.buffering.max.messages", "10000000"},
                {"queue.buffering.max.kbytes", "2097151"}});
  }
  for (const auto& [name, value] : options_.settings) all[name] = value;
  for (const auto& [name, value] : all) {
    if (auto s = set(name, value); !s) return s.error();
  }
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char* text) {
    spdlog::debug("kafka: {}", text);
  });
  if (!is_encrypted()) rd_kafka_conf_set_connect_cb(conf.get(), &connect_on_loopback);
  if (!consumer) {
    rd_kafka_conf_set_opaque(conf.get(), const_cast<KafkaSink*>(this));
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &KafkaSink::delivered);
  }
  return conf;
}

bool KafkaSink::is_encrypted() const {
  const auto protocol = options_.settings.find("security.protocol");
  return protocol != options_.settings.end() && protocol->second.find("ssl") != std::string::npos;
}

/// Without brokers it connects to nothing.
Result<Owned<rd_kafka_t>> KafkaSink::make(rd_kafka_type_t type, const std::string& brokers) const {
  auto conf = configure(type == RD_KAFKA_CONSUMER, brokers);
  if (!conf) return conf.error();
  char why[512];
  Owned<rd_kafka_t> made(rd_kafka_new(type, conf.value().get(), why, sizeof why));
  if (made == nullptr) return kafka_error(why);
  (void)conf.value().release();
  return made;
}

Status KafkaSink::check() const {
  for (const char* ours : kOurs) {
    if (options_.settings.contains(ours))
      return kafka_error(fmt::format("setting '{}' is the sink's; leave it away", ours));
  }
  std::string_view left = options_.brokers;
  while (!left.empty() || options_.brokers.empty()) {
    const auto one = left.substr(0, left.find(','));
    left.remove_prefix(std::min(left.size(), one.size() + 1));
    const auto at = parse_host_port(one, "kafka.brokers");
    if (!at) return at.error();
    if (!is_encrypted() && !at.value().is_loopback()) {
      return kafka_error(
          fmt::format("broker {}: without encryption brokers are on loopback; set security.protocol: ssl",
                      at.value().text()));
    }
  }
  if (options_.transactional_id.empty())
    return kafka_error("the transactional id is empty; give each collector its own");
  for (const auto type : {RD_KAFKA_PRODUCER, RD_KAFKA_CONSUMER}) {
    if (const auto made = make(type, ""); !made) return made.error();
  }
  return Done{};
}

void KafkaSink::delivered(rd_kafka_t*, const rd_kafka_message_t* m, void* self) {
  auto& failed = static_cast<KafkaSink*>(self)->failed_;
  if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR || !failed.empty()) return;
  failed = fmt::format("{}: {}", rd_kafka_topic_name(m->rkt), rd_kafka_err2str(m->err));
  if (m->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    failed += "; raise the topic's max.message.bytes, or lower message.max.bytes in kafka.settings to it";
}

/// The producer first: what it finds unfinished it ends, so that heads which are read afterwards are final. With an
/// error, disconnect().
Status KafkaSink::connect() {
  if (producer_ != nullptr) return Done{};
  auto producer = make(RD_KAFKA_PRODUCER, options_.brokers);
  if (!producer) return producer.error();
  producer_ = std::move(producer).value();
  char limit[32] = "";
  std::size_t size = sizeof limit;
  rd_kafka_conf_get(rd_kafka_conf(producer_.get()), "message.max.bytes", limit, &size);
  max_message_bytes_ = std::strtoull(limit, nullptr, 10);
  if (auto s = to_status("transactions", rd_kafka_init_transactions(producer_.get(), timeout_ms())); !s)
    return s;
  if (auto s = require_heads(); !s) return s;

  auto consumer = make(RD_KAFKA_CONSUMER, options_.brokers);
  if (!consumer) return consumer.error();
  consumer_ = std::move(consumer).value();
  rd_kafka_poll_set_consumer(consumer_.get());
  heads_.clear();
  if (auto s = assign_heads(); !s) return s;
  return read_heads();
}

void KafkaSink::disconnect() {
  producer_.reset();
  consumer_.reset();
}

Status KafkaSink::require_heads() {
  std::string unknown;
  if (auto s = require_compacted(*producer_, {heads_topic_, options_.make_heads}, options_.timeout, unknown);
      !s)
    return kafka_error(s.error().message);
  if (!unknown.empty() && !has_warned_) {
    spdlog::warn(
        "kafka: whether {} has cleanup.policy=compact could not be asked: {}; look at it yourself (the right "
        "DESCRIBE_CONFIGS lets this collector do so): heads that expire let records in twice",
        heads_topic_, unknown);
    has_warned_ = true;
  }
  return Done{};
}

/// All partitions of the topic of heads, from their beginning.
Status KafkaSink::assign_heads() {
  // Asked by the producer, which makes the topic where brokers allow that.
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer_.get(), heads_topic_.c_str(), nullptr);
  if (topic == nullptr) return kafka_error(rd_kafka_err2str(rd_kafka_last_error()));
  const rd_kafka_metadata_t* found = nullptr;
  const auto err = rd_kafka_metadata(producer_.get(), 0, topic, &found, timeout_ms());
  rd_kafka_topic_destroy(topic);
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(rd_kafka_err2str(err));
  const Owned<const rd_kafka_metadata_t> metadata(found);
  if (metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt == 0)
    return kafka_error(
        fmt::format("there is no topic {} yet; make it with cleanup.policy=compact", heads_topic_));
  const int partitions = metadata->topics[0].partition_cnt;
  const Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(partitions));
  for (int p = 0; p < partitions; ++p)
    rd_kafka_topic_partition_list_add(list.get(), heads_topic_.c_str(), p)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  if (const auto e = rd_kafka_assign(consumer_.get(), list.get()); e != RD_KAFKA_RESP_ERR_NO_ERROR)
    return kafka_error(rd_kafka_err2str(e));
  next_offset_.assign(static_cast<std::size_t>(partitions), 0);
  return Done{};
}

/// Up to the end that the topic has now, with what is in transactions that are open.
Status KafkaSink::read_heads() {
  std::vector<std::int64_t> end(next_offset_.size());
  for (std::size_t p = 0; p < end.size(); ++p) {
    std::int64_t first = 0;
    // Asked by the producer: to a consumer that reads what is committed, the first open transaction is the end.
    const auto e = rd_kafka_query_watermark_offsets(producer_.get(), heads_topic_.c_str(),
                                                    static_cast<int>(p), &first, &end[p], timeout_ms());
    if (e != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(heads_topic_ + ": " + rd_kafka_err2str(e));
    next_offset_[p] = std::max(next_offset_[p], first);
  }
  const Status s = read_up_to(end, next_offset_, options_.timeout,
                              [&](std::chrono::milliseconds at_most) { return read_one_head(at_most); });
  return s ? s : kafka_error(heads_topic_ + ": " + s.error().message);
}

Result<std::optional<Read>> KafkaSink::read_one_head(std::chrono::milliseconds at_most) {
  const Owned<rd_kafka_message_t> m(
      rd_kafka_consumer_poll(consumer_.get(), static_cast<int>(at_most.count())));
  if (m == nullptr) return std::optional<Read>();
  // Of no topic: what concerns the consumer's group, of which nothing is asked here, so no right to it is needed.
  if (m->rkt == nullptr) {
    spdlog::debug("kafka: {}", rd_kafka_message_errstr(m.get()));
    return std::optional<Read>();
  }
  const auto p = static_cast<std::size_t>(m->partition);
  // There the last that is stable ends: behind marks of transactions, or before one that is open.
  if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return std::optional(Read{p, m->offset});
  if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) return Error{rd_kafka_message_errstr(m.get())};
  ChainId chain;
  ChainHead head;
  if (read_head({static_cast<const char*>(m->payload), m->len}, chain, head)) {
    // A chain's heads are in one partition, in order, but for a late one of a collector that the sensor has left.
    ChainHead& known = heads_[chain];
    if (head.through >= known.through) known = std::move(head);
  }
  return std::optional(Read{p, m->offset + 1});
}

Result<std::optional<ChainHead>> KafkaSink::head(const ChainId& chain) {
  Status s = connect();
  if (s) s = read_heads();
  if (!s) {
    disconnect();
    return s.error();
  }
  const auto at = heads_.find(chain);
  return at == heads_.end() ? std::nullopt : std::optional{at->second};
}

Status KafkaSink::store(Deliveries deliveries, const Bury& bury) {
  if (auto s = connect(); !s) {
    disconnect();
    return s;
  }
  const auto block = new_block(deliveries, [&](const ChainId& chain) -> Result<std::optional<ChainHead>> {
    const auto at = heads_.find(chain);
    return at == heads_.end() ? std::nullopt : std::optional{at->second};
  });
  if (!block) return block.error();
  if (block.value().deliveries.empty()) return Done{};
  if (auto s = transact(block.value(), bury); !s) {
    // A new producer of the same id ends what this one left.
    disconnect();
    return s;
  }
  for (const auto& [chain, after] : block.value().heads) heads_[chain] = *after;
  return Done{};
}

Status KafkaSink::produce(const std::string& topic, std::string_view key, std::string_view value) {
  const auto e = rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic.c_str()),
                                   RD_KAFKA_V_KEY(key.data(), key.size()),
                                   RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
  if (e == RD_KAFKA_RESP_ERR_NO_ERROR) return Done{};
  return kafka_error(fmt::format("{}: {}", topic, rd_kafka_err2str(e)));
}

Status KafkaSink::flush() {
  const auto e = rd_kafka_flush(producer_.get(), timeout_ms());
  if (!failed_.empty()) return kafka_error(failed_);  // which says more than that time is up
  if (e != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(rd_kafka_err2str(e));
  return Done{};
}

/// Buries before it begins: while that does not work, brokers get no transactions that are aborted.
Status KafkaSink::transact(const Block& block, const Bury& bury) {
  struct Message {
    std::size_t table = 0;
    std::string key;
    Bytes record;  // of the block
  };
  std::vector<Message> messages;
  Rejects rejected(bury);
  for (const Delivery* d : block.deliveries) {
    each_record(*d, rejected, [&](std::uint64_t, Bytes record) -> std::optional<std::string> {
      Message m{.record = record};
      if (!read_record(record, d->chain, m.key, m.table)) return "is not an Event with a type";
      if (is_too_large(m.key, as_text(record))) return kTooLarge;
      messages.push_back(std::move(m));
      return std::nullopt;
    });
  }
  if (auto s = rejected.bury(); !s) return s;

  failed_.clear();
  if (auto s = to_status("begin", rd_kafka_begin_transaction(producer_.get())); !s) return s;
  Status status = Done{};
  for (const Message& m : messages) {
    if (status) status = produce(topics_[m.table], m.key, as_text(m.record));
    rd_kafka_poll(producer_.get(), 0);
  }
  // Heads only behind records that the brokers have.
  if (status) status = flush();
  for (const auto& [chain, after] : block.heads) {
    const std::string key = text_of(chain), value = write_head(chain, *after);
    if (status && is_too_large(key, value))
      status = kafka_error(fmt::format("{}: its head {}", key, kTooLarge));
    if (status) status = produce(heads_topic_, key, value);
  }
  if (status) status = to_status("commit", rd_kafka_commit_transaction(producer_.get(), timeout_ms()));
  if (!status && !failed_.empty()) status = kafka_error(failed_);
  if (!status) (void)to_status("abort", rd_kafka_abort_transaction(producer_.get(), timeout_ms()));
  return status;
}

}  // namespace

Result<std::unique_ptr<Sink>> open_kafka_sink(const KafkaOptions& options) {
  auto sink = std::make_unique<KafkaSink>(options);
  if (auto s = sink->check(); !s) return s.error();
  return std::unique_ptr<Sink>(std::move(sink));
}

}  // namespace picket::collector
