#include "export/collector/sinks/kafka_sink.h"

#include <deque>
#include <set>
#include <thread>

#include "export/collector/sinks/block.h"
#include "export/collector/sinks/kafka_heads.h"
#include "export/collector/sinks/kafka_test_support.h"
#include "export/collector/sinks/test_support.h"
#include "export/delimited.h"
#include "tests/support/log.h"

namespace picket::collector {
namespace {

using picket::test::Log;
using test::Brokers;
using test::Chain;
using test::refusal;
using test::Relay;
using test::store;
using test::through;

class KafkaTest : public ::testing::Test {
 protected:
  /// Two blocks of three, with another producer's taking over between them.
  void is_fenced_off_between_blocks(Sink& sink) {
    store(sink, {chain_.next(3)});
    brokers_.fail(Brokers::kAddPartitionsToTxn, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1);
    const auto delivery = chain_.next(3);
    EXPECT_FALSE(refusal(sink, {delivery}).empty());
    store(sink, {delivery});
  }
  std::unique_ptr<Sink> open(std::map<std::string, std::string> settings = {}) {
    auto sink =
        open_kafka_sink({.brokers = brokers_.list(), .timeout = timeout_, .settings = std::move(settings)});
    EXPECT_TRUE(sink) << (sink ? "" : sink.error().message);
    return sink ? std::move(sink).value() : nullptr;
  }
  Brokers brokers_;
  std::chrono::milliseconds timeout_{20'000};
  Chain chain_;
};

TEST_F(KafkaTest, GivesRecordsAsTheyAreWithTheFlowAsKey) {
  v1::Event without_flow = test::event(4);
  without_flow.clear_flow_id();
  std::string content = test::records(1, 3);
  append_delimited(as_bytes(without_flow.SerializeAsString()), content);
  store(*open(), {chain_.with(4, content)});
  std::map<std::string, std::string> by_key;
  for (const auto& m : brokers_.read("picket.flow")) by_key[m.key] = m.value;
  EXPECT_EQ(by_key, (std::map<std::string, std::string>{{"1", test::event(1).SerializeAsString()},
                                                        {"2", test::event(2).SerializeAsString()},
                                                        {"plant-7", without_flow.SerializeAsString()}}));
  ASSERT_EQ(brokers_.read("picket.alert").size(), 1U);
}

TEST_F(KafkaTest, KeepsAFlowInOnePartitionAndInOrder) {
  std::string content;
  for (std::uint64_t n = 1; n <= 60; ++n) {
    v1::Event e = test::event(n);
    e.set_event_type("flow");
    e.set_flow_id(n % 6 + 1);
    append_delimited(as_bytes(e.SerializeAsString()), content);
  }
  store(*open(), {chain_.with(60, content)});
  std::map<std::string, std::set<int>> partitions;
  std::map<std::string, std::uint64_t> last;
  for (const auto& m : brokers_.read("picket.flow")) {
    v1::Event e;
    ASSERT_TRUE(e.ParseFromString(m.value));
    partitions[m.key].insert(m.partition);
    EXPECT_GT(e.timestamp(), last[m.key]);
    last[m.key] = e.timestamp();
  }
  EXPECT_EQ(partitions.size(), 6U);
  for (const auto& [key, where] : partitions) EXPECT_EQ(where.size(), 1U);
}

TEST_F(KafkaTest, HeadsAreChainStatesOneAStoreAndChain) {
  auto sink = open();
  store(*sink, {chain_.next(2), chain_.next(3)});
  const auto heads = brokers_.read("picket.heads");
  ASSERT_EQ(heads.size(), 1U);
  ChainId chain;
  ChainHead head;
  ASSERT_TRUE(read_head(heads[0].value, chain, head));
  EXPECT_EQ(chain, chain_.id());
  EXPECT_EQ(head.through, 5U);
  EXPECT_EQ(head.made, chain_.head().made);
}

/// Errors that pass are librdkafka's to try again; the idempotent producer writes nothing twice.
TEST_F(KafkaTest, BrokerErrorsThatPassAreTriedAgain) {
  auto sink = open();
  store(*sink, {chain_.next(3)});
  brokers_.fail(Brokers::kProduce, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 3);
  brokers_.fail(Brokers::kAddPartitionsToTxn, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 2);
  brokers_.fail(Brokers::kEndTxn, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, 2);
  store(*sink, {chain_.next(3)});
  EXPECT_EQ(brokers_.read("picket.flow").size() + brokers_.read("picket.alert").size(), 6U);
  EXPECT_EQ(through(*sink, chain_.id()), 6U);
}

/// Another collector took the transactional id over: this one is fenced off, and begins anew with what is there.
TEST_F(KafkaTest, AProducerThatWasFencedOffBeginsAnew) {
  auto sink = open();
  is_fenced_off_between_blocks(*sink);
  EXPECT_EQ(brokers_.read("picket.flow").size() + brokers_.read("picket.alert").size(), 6U);
}

TEST_F(KafkaTest, BrokersThatAreDownDelay) {
  timeout_ = std::chrono::milliseconds{1500};
  brokers_.set_down(true);
  auto sink = open();
  const auto delivery = chain_.next(3);
  EXPECT_FALSE(refusal(*sink, {delivery}).empty());
  EXPECT_FALSE(sink->head(chain_.id()));
  brokers_.set_down(false);
  timeout_ = std::chrono::milliseconds{20'000};
  sink = open();
  store(*sink, {delivery});
  EXPECT_EQ(through(*sink, chain_.id()), 3U);
}

TEST_F(KafkaTest, SeesHeadsThatAnotherCollectorWrote) {
  auto sink = open();
  EXPECT_EQ(through(*sink, chain_.id()), 0U);
  auto other = open_kafka_sink({.brokers = brokers_.list(), .transactional_id = "another"});
  ASSERT_TRUE(other);
  store(*other.value(), {chain_.next(3)});
  EXPECT_EQ(through(*sink, chain_.id()), 3U);
}

TEST_F(KafkaTest, NamesTheTopicThatIsNotThere) {
  timeout_ = std::chrono::milliseconds{3000};
  auto sink = open();
  ASSERT_TRUE(sink->head(chain_.id()));
  brokers_.fail_topic("picket.flow", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const std::string why = refusal(*sink, {chain_.next(3)});
  EXPECT_NE(why.find("picket.flow: "), std::string::npos) << why;
}

TEST_F(KafkaTest, NamesTheTopicWhoseLimitARecordIsBeyond) {
  auto sink = open();
  ASSERT_TRUE(sink->head(chain_.id()));
  brokers_.fail(Brokers::kProduce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 10);
  const std::string why = refusal(*sink, {chain_.next(1)});
  EXPECT_NE(why.find("picket."), std::string::npos) << why;
  EXPECT_NE(why.find("max.message.bytes"), std::string::npos) << why;
}

TEST_F(KafkaTest, MakesTheTopicOfHeadsCompacted) {
  Relay relay(brokers_);
  const KafkaOptions options{.brokers = relay.list()};
  auto sink = std::move(open_kafka_sink(options)).value();
  store(*sink, {chain_.next(3)});
  EXPECT_EQ(relay.policy("picket.heads"), "compact");
  EXPECT_EQ(through(*open(), chain_.id()), 3U);
}

TEST_F(KafkaTest, MakesNoTopicWhereItMayNot) {
  Relay relay(brokers_);
  auto sink = std::move(open_kafka_sink({.brokers = relay.list(), .make_heads = false})).value();
  const std::string why = refusal(*sink, {chain_.next(3)});
  EXPECT_NE(why.find("no topic picket.heads; make it with cleanup.policy=compact"), std::string::npos) << why;
  EXPECT_EQ(relay.policy("picket.heads"), "");
}

TEST_F(KafkaTest, RefusesATopicWhoseHeadsExpire) {
  Relay relay(brokers_);
  for (const char* policy : {"delete", "compact,delete"}) {
    relay.set_policy("picket.heads", policy);
    auto sink = std::move(open_kafka_sink({.brokers = relay.list()})).value();
    const std::string why = refusal(*sink, {chain_.next(3)});
    EXPECT_NE(why.find(std::string("picket.heads: cleanup.policy is '") + policy + "'"), std::string::npos)
        << why;
    EXPECT_NE(why.find("--add-config cleanup.policy=compact"), std::string::npos) << why;
    EXPECT_FALSE(sink->head(chain_.id()));
    relay.set_policy("picket.heads", "compact");  // as it was told
    EXPECT_EQ(through(*sink, chain_.id()), 0U);
  }
}

/// The cluster of tests is one that does not know the question.
TEST_F(KafkaTest, SaysOnceThatItCouldNotAskHowHeadsAreKept) {
  const Log log;
  auto sink = open();
  is_fenced_off_between_blocks(*sink);
  sink.reset();
  const std::string said = log.text();
  const auto at = said.find("picket.heads has cleanup.policy=compact could not be asked");
  EXPECT_NE(at, std::string::npos) << said;
  EXPECT_EQ(said.find("could not be asked", at + 60), std::string::npos) << said;
}

/// The first broker is on loopback; where the others are it says itself.
TEST_F(KafkaTest, GoesToNoBrokerBeyondLoopbackInClearText) {
  const Log log;
  Relay relay(brokers_, "192.0.2.1");
  auto sink =
      std::move(open_kafka_sink({.brokers = relay.list(), .timeout = std::chrono::milliseconds{2000}}))
          .value();
  EXPECT_FALSE(refusal(*sink, {chain_.next(3)}).empty());
  sink.reset();
  const std::string said = log.text();
  EXPECT_NE(said.find("at 192.0.2.1 is not on this machine"), std::string::npos) << said;
  EXPECT_NE(said.find("security.protocol: ssl in kafka.settings"), std::string::npos) << said;
}

/// The group of the consumer commits nothing, so collectors need no right to it.
TEST_F(KafkaTest, NeedsNoGroup) {
  store(*open(), {chain_.next(3)});  // whose first question goes to the coordinator of transactions
  timeout_ = std::chrono::milliseconds{5000};
  auto sink = open();
  brokers_.fail_after_first(Brokers::kFindCoordinator, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 100);
  for (int times = 0; times < 20; ++times) {
    const auto head = sink->head(chain_.id());
    ASSERT_TRUE(head) << head.error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  EXPECT_EQ(through(*sink, chain_.id()), 3U);
}

TEST_F(KafkaTest, RejectsWhatIsTooLargeForAMessage) {
  auto sink = open({{"message.max.bytes", "2000"}});
  v1::Event large = test::event(2);
  large.set_packet(std::string(4000, 'x'));
  std::string content = test::records(1, 1);
  append_delimited(as_bytes(large.SerializeAsString()), content);
  const auto rejected = store(*sink, {chain_.with(2, content)});
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].seq, 2U);
  EXPECT_NE(rejected[0].reason.find("message.max.bytes"), std::string::npos);
  EXPECT_EQ(through(*sink, chain_.id()), 2U);
}

/// What is aborted stays in sight here: nothing is begun that has to be.
TEST_F(KafkaTest, SendsNothingWhilePoisonCannotBeBuried) {
  auto sink = open();
  std::string content = test::records(1, 3);
  append_delimited(as_bytes("poison"), content);
  const auto delivery = chain_.with(4, content);
  const Bury full = [](std::span<const Rejected>) -> Status { return Error{"the disk is full"}; };
  EXPECT_NE(refusal(*sink, {delivery}, full).find("the disk is full"), std::string::npos);
  EXPECT_TRUE(brokers_.read("picket.flow").empty());
  EXPECT_EQ(store(*sink, {delivery}).size(), 1U);
  EXPECT_EQ(brokers_.read("picket.flow").size(), 2U);
}

/// Gives what a consumer was told, and then nothing any more.
class Consumer {
 public:
  explicit Consumer(std::deque<Read> told) : told_(std::move(told)) {}
  Status read_up_to(std::vector<std::int64_t> end) {
    return collector::read_up_to(end, next, std::chrono::milliseconds{50},
                                 [&](std::chrono::milliseconds at_most) -> Result<std::optional<Read>> {
                                   if (told_.empty()) {
                                     std::this_thread::sleep_for(at_most);
                                     return std::optional<Read>();
                                   }
                                   const Read one = told_.front();
                                   told_.pop_front();
                                   return std::optional(one);
                                 });
  }
  std::vector<std::int64_t> next{0, 0};

 private:
  std::deque<Read> told_;
};

/// 5 is the last stable offset: a transaction is open there, and heads of others stand behind it.
TEST(KafkaHeadsTest, TheEndOfWhatIsStableIsNotTheEnd) {
  Consumer waits({{0, 5}});
  const Status s = waits.read_up_to({8, 0});
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("transaction of another collector"), std::string::npos)
      << s.error().message;
  EXPECT_NE(s.error().message.find("5 of 8"), std::string::npos) << s.error().message;
  Consumer gets_there({{0, 5}, {1, 2}, {0, 7}, {0, 8}});
  EXPECT_TRUE(gets_there.read_up_to({8, 2}));
  EXPECT_EQ(gets_there.next, (std::vector<std::int64_t>{8, 2}));
}

/// The mark of an abort is no message; that the partition ends behind it is all that comes.
TEST(KafkaHeadsTest, MarksOfTransactionsAreBehindWhatIsRead) {
  Consumer c({{1, 4}, {0, 3}, {0, 9}});
  EXPECT_TRUE(c.read_up_to({7, 4}));
  EXPECT_TRUE(c.read_up_to({9, 4}));
  EXPECT_FALSE(c.read_up_to({9, 5}));
}

TEST(KafkaOptionsTest, RefusesWhatCannotWork) {
  const auto why = [](const KafkaOptions& o) {
    const auto sink = open_kafka_sink(o);
    return sink ? "" : sink.error().message;
  };
  EXPECT_EQ(why({}), "");
  EXPECT_NE(why({.brokers = "192.0.2.1:9092"}).find("loopback"), std::string::npos);
  EXPECT_EQ(why({.brokers = "192.0.2.1:9092,192.0.2.2:9092", .settings = {{"security.protocol", "ssl"}}}),
            "");
  EXPECT_FALSE(why({.brokers = ""}).empty());
  EXPECT_FALSE(why({.brokers = "nowhere"}).empty());
  EXPECT_NE(why({.transactional_id = ""}).find("transactional id"), std::string::npos);
  EXPECT_NE(why({.settings = {{"no.such.setting", "1"}}}).find("no.such.setting"), std::string::npos);
  for (const char* ours : {"isolation.level", "metadata.broker.list", "enable.partition.eof",
                           "request.required.acks", "test.mock.num.brokers"}) {
    const std::string said = why({.settings = {{ours, "1"}}});
    EXPECT_NE(said.find(std::string(ours) + "' is the sink's"), std::string::npos) << said;
  }
  const std::string no_file =
      why({.settings = {{"security.protocol", "ssl"}, {"ssl.ca.location", "/no/such"}}});
  EXPECT_NE(no_file.find("ssl.ca.location"), std::string::npos) << no_file;
}

}  // namespace
}  // namespace picket::collector
