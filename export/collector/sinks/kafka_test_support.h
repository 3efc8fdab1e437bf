// export/collector/sinks/kafka_test_support.h — for tests: librdkafka's own cluster in this process
//
// It knows transactions, but keeps the messages of those that are aborted in sight: so tests let a transaction fail
// before its first message, or look at heads. It knows no questions about topics: a Relay before it answers them.
#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "export/fd.h"

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
  void make_topic(const std::string& topic, int partitions) {
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, kBrokers);
  }
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

/// Stands before each broker: answers DescribeConfigs and CreateTopics in its place, names a controller, and is what
/// brokers say their address is.
class Relay {
 public:
  /// `host`: what brokers name in place of 127.0.0.1, as long as that.
  explicit Relay(Brokers& brokers, std::string host = "127.0.0.1");
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::string list() const;
  void set_policy(const std::string& topic, const std::string& policy);
  /// cleanup.policy; "": there is no such topic.
  [[nodiscard]] std::string policy(const std::string& topic) const;

 private:
  struct Door {
    std::uint16_t port = 0, broker = 0;
    Fd listener;
  };
  struct Connection {
    Fd client, broker;
    struct Question {
      std::int16_t request = 0, version = 0;
    };
    std::map<std::string, Question> asked;  ///< by correlation
  };
  void run();
  bool from_client(Connection& c);
  bool from_broker(Connection& c);
  std::string answer(std::int16_t request, std::string_view body);

  Brokers& brokers_;
  const std::string host_;
  std::vector<Door> doors_;
  Fd stop_read_, stop_write_;
  mutable std::mutex mutex_;  // for policies_
  std::map<std::string, std::string> policies_;
  std::thread thread_;
};

}  // namespace picket::collector::test
