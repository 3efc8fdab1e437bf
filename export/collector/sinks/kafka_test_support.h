// export/collector/sinks/kafka_test_support.h — for tests: librdkafka's own cluster in this process
//
// It knows transactions, but keeps the messages of those that are aborted in sight: so tests let a transaction fail
// before its first message, or look at heads.
#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <string>
#include <vector>

namespace picket::collector::test {

class Brokers {
 public:
  static constexpr std::int16_t kProduce = 0, kFindCoordinator = 10, kInitProducerId = 22,
                                kAddPartitionsToTxn = 24, kEndTxn = 26;

  struct Message {
    std::string topic, key, value;
    std::int32_t partition = 0;
  };

  Brokers();
  ~Brokers();
  Brokers(const Brokers&) = delete;
  Brokers& operator=(const Brokers&) = delete;

  [[nodiscard]] std::string list() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  /// The next `times` requests of this kind are answered with an error.
  void fail(std::int16_t request, rd_kafka_resp_err_t error, int times);
  /// As fail(), but for the first one.
  void fail_after_first(std::int16_t request, rd_kafka_resp_err_t error, int times);
  /// Whatever concerns this topic.
  void fail_topic(const char* topic, rd_kafka_resp_err_t error) {
    rd_kafka_mock_topic_set_error(cluster_, topic, error);
  }
  void work_again(std::int16_t request) { rd_kafka_mock_clear_request_errors(cluster_, request); }
  void set_down(bool down);
  /// All that a topic has, by partition; it is made where there is none.
  [[nodiscard]] std::vector<Message> read(const std::string& topic) const;
  /// All that is here. What a partition has beyond 5 MiB this cluster forgets from its
  /// beginning: that fails the test.
  [[nodiscard]] std::vector<Message> read_all() const;

 private:
  [[nodiscard]] std::vector<Message> read_topics(const char* only) const;

  static constexpr int kBrokers = 3;
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace picket::collector::test
