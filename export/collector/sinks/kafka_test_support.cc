#include "export/collector/sinks/kafka_test_support.h"

#include <gtest/gtest.h>

#include <set>

namespace picket::collector::test {
namespace {

constexpr int kPatienceMs = 20'000;

rd_kafka_t* make(rd_kafka_type_t type, const std::vector<std::pair<const char*, std::string>>& settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char why[256];
  for (const auto& [name, value] : settings)
    EXPECT_EQ(rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why), RD_KAFKA_CONF_OK) << why;
  rd_kafka_t* handle = rd_kafka_new(type, conf, why, sizeof why);
  EXPECT_NE(handle, nullptr) << why;
  return handle;
}

}  // namespace

Brokers::Brokers()
    : handle_(make(RD_KAFKA_PRODUCER, {{"log_level", "0"}})),
      cluster_(rd_kafka_mock_cluster_new(handle_, kBrokers)) {}

Brokers::~Brokers() {
  rd_kafka_mock_cluster_destroy(cluster_);
  rd_kafka_destroy(handle_);
}

void Brokers::fail(std::int16_t request, rd_kafka_resp_err_t error, int times) {
  const std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(times), error);
  rd_kafka_mock_push_request_errors_array(cluster_, request, errors.size(), errors.data());
}

void Brokers::fail_after_first(std::int16_t request, rd_kafka_resp_err_t error, int times) {
  fail(request, RD_KAFKA_RESP_ERR_NO_ERROR, 1);
  fail(request, error, times);
}

void Brokers::set_down(bool down) {
  for (int id = 1; id <= kBrokers; ++id)
    EXPECT_EQ(down ? rd_kafka_mock_broker_set_down(cluster_, id) : rd_kafka_mock_broker_set_up(cluster_, id),
              RD_KAFKA_RESP_ERR_NO_ERROR);
}

std::vector<Brokers::Message> Brokers::read(const std::string& topic) const {
  return read_topics(topic.c_str());
}

std::vector<Brokers::Message> Brokers::read_all() const { return read_topics(nullptr); }

/// nullptr: all.
std::vector<Brokers::Message> Brokers::read_topics(const char* only) const {
  std::vector<Message> all;
  rd_kafka_t* consumer = make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", list()},
                                                  {"group.id", "test"},
                                                  {"enable.partition.eof", "true"},
                                                  {"fetch.wait.max.ms", "5"},
                                                  {"fetch.error.backoff.ms", "5"}});
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_t* handle = only == nullptr ? nullptr : rd_kafka_topic_new(consumer, only, nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  EXPECT_EQ(rd_kafka_metadata(consumer, only == nullptr ? 1 : 0, handle, &metadata, kPatienceMs),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(0);
  for (int t = 0; metadata != nullptr && t < metadata->topic_cnt; ++t) {
    for (int p = 0; p < metadata->topics[t].partition_cnt; ++p)
      rd_kafka_topic_partition_list_add(list, metadata->topics[t].topic, p)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_metadata_destroy(metadata);
  if (handle != nullptr) rd_kafka_topic_destroy(handle);
  int partitions = list->cnt;
  EXPECT_EQ(rd_kafka_assign(consumer, list), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_topic_partition_list_destroy(list);
  std::set<std::pair<std::string, std::int32_t>> seen;
  while (partitions > 0) {
    rd_kafka_message_t* m = rd_kafka_consumer_poll(consumer, kPatienceMs);
    if (m == nullptr) {
      ADD_FAILURE() << "topics: no answer";
      break;
    }
    const std::string topic = rd_kafka_topic_name(m->rkt);
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      --partitions;
    } else if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (seen.emplace(topic, m->partition).second) {
        EXPECT_EQ(m->offset, 0) << topic << ": its first messages are forgotten";
      }
      all.push_back({topic,
                     {static_cast<const char*>(m->key), m->key_len},
                     {static_cast<const char*>(m->payload), m->len},
                     m->partition});
    } else {
      ADD_FAILURE() << topic << ": " << rd_kafka_message_errstr(m);
    }
    rd_kafka_message_destroy(m);
  }
  rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  return all;
}

}  // namespace picket::collector::test
