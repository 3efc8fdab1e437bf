// What sink.h promises, asked of every durable sink in the same way. A backend is what a sink writes to; it outlives
// the sink, and can be looked into.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "export/collector/sinks/clickhouse_sink.h"
#include "export/collector/sinks/clickhouse_test_support.h"
#include "export/collector/sinks/eve_files_sink.h"
#include "export/collector/sinks/kafka_sink.h"
#include "export/collector/sinks/kafka_test_support.h"
#include "export/collector/sinks/test_support.h"
#include "export/delimited.h"
#include "export/test_support.h"

namespace picket::collector {
namespace {

using test::Chain;
using test::refusal;
using test::store;
using test::through;

class Backend {
 public:
  virtual ~Backend() = default;
  virtual Result<std::unique_ptr<Sink>> open() = 0;
  /// flow_id of each record that is there, sorted; test::event(n) has n.
  virtual std::vector<std::uint64_t> stored() = 0;
  /// Makes store() fail until it is taken back.
  virtual void breaks(bool broken) = 0;
};

class EveFiles final : public Backend {
 public:
  Result<std::unique_ptr<Sink>> open() override { return open_eve_files_sink({.path = path_}); }
  std::vector<std::uint64_t> stored() override {
    std::vector<std::uint64_t> all;
    std::ifstream in(path_);
    for (std::string line; std::getline(in, line);) {
      const auto json = picket::test::parse_json(line);
      EXPECT_TRUE(json) << line;
      if (json) all.push_back(std::stoull(json->find("flow_id")->text));
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  void breaks(bool broken) override {
    // A folder in the file's place: it is neither the file that is open nor one that can be opened.
    if (broken) {
      std::filesystem::rename(path_, path_ + ".aside");
      std::filesystem::create_directory(path_);
    } else {
      std::filesystem::remove(path_);
      std::filesystem::rename(path_ + ".aside", path_);
    }
  }

 private:
  test::Folder folder_;
  std::string path_ = folder_.file("eve.json");
};

class ClickHouse final : public Backend {
 public:
  Result<std::unique_ptr<Sink>> open() override {
    return open_clickhouse_sink({.url = proxy_.url(), .database = kDatabase});
  }
  std::vector<std::uint64_t> stored() override {
    std::istringstream in(
        test::clickhouse().ask(fmt::format("SELECT flow_id FROM (SELECT flow_id FROM {0}.flow UNION ALL "
                                           "SELECT flow_id FROM {0}.alert) ORDER BY flow_id",
                                           kDatabase)));
    return {std::istream_iterator<std::uint64_t>(in), {}};
  }
  void breaks(bool broken) override {
    proxy_.decide([=](const std::string&) {
      return test::Fate{broken ? test::Fate::Kind::kRefuse : test::Fate::Kind::kPass};
    });
  }

  /// Making the tables takes the longest: all tests have the same.
  ClickHouse() {
    EXPECT_TRUE(open().value()->head({}));
    for (const char* table : {"flow", "alert", "_begun", "_deliveries"})
      test::clickhouse().ask(fmt::format("TRUNCATE TABLE {}.{}", kDatabase, table));
  }

 private:
  static constexpr const char* kDatabase = "contract";
  test::Proxy proxy_{test::clickhouse()};
};

class Kafka final : public Backend {
 public:
  Result<std::unique_ptr<Sink>> open() override { return open_kafka_sink({.brokers = brokers_.list()}); }
  std::vector<std::uint64_t> stored() override {
    std::vector<std::uint64_t> all;
    for (const char* topic : {"picket.flow", "picket.alert"}) {
      for (const auto& m : brokers_.read(topic)) {
        v1::Event e;
        EXPECT_TRUE(e.ParseFromString(m.value));
        all.push_back(e.flow_id());
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  void breaks(bool broken) override {
    if (broken) {
      brokers_.fail(test::Brokers::kAddPartitionsToTxn,
                    RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 100);
    } else {
      brokers_.work_again(test::Brokers::kAddPartitionsToTxn);
    }
  }

 private:
  test::Brokers brokers_;
};

struct Kind {
  const char* name;
  std::unique_ptr<Backend> (*make)();
};

class SinkContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    backend_ = GetParam().make();
    reopen();
  }
  void reopen() {
    sink_.reset();
    auto sink = backend_->open();
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = std::move(sink).value();
  }
  std::vector<std::uint64_t> stored() { return backend_->stored(); }
  static std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> all;
    for (; first <= last; ++first) all.push_back(first);
    return all;
  }

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Sink> sink_;
  Chain chain_;
};

TEST_P(SinkContract, IsDurableAndHasNothingOfAnUnknownChain) {
  EXPECT_TRUE(sink_->is_durable());
  const auto head = sink_->head(chain_.id());
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_FALSE(head.value());
}

TEST_P(SinkContract, KeepsRecordsAndWholeHeadsOfChainsApart) {
  Chain other("plant-8"), alerts("plant-7", v1::LANE_ALERT);
  store(*sink_, {chain_.next(4), other.gap(4), alerts.gap(6), chain_.next(1), other.next(2), alerts.next(3)});
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 5, 6, 7, 8, 9}));
  for (const bool reopened : {false, true}) {
    if (reopened) reopen();
    for (const Chain* c : {&chain_, &other, &alerts}) {
      const auto head = sink_->head(c->id());
      ASSERT_TRUE(head) << head.error().message;
      ASSERT_TRUE(head.value());
      EXPECT_EQ(*head.value(), c->head());
    }
  }
}

TEST_P(SinkContract, StoresWhatIsSentAgainOnce) {
  const auto first = chain_.next(3), second = chain_.next(4);
  store(*sink_, {first});
  store(*sink_, {first, second});
  reopen();
  store(*sink_, {first, second});
  store(*sink_, {second, chain_.next(1)});
  EXPECT_EQ(stored(), numbers(1, 8));
  EXPECT_EQ(through(*sink_, chain_.id()), 8U);
}

TEST_P(SinkContract, CountsAPoisonRecordAsStoredAndSaysWhy) {
  std::string content = test::records(1, 2);
  append_delimited(as_bytes(std::string_view("\xff\xff\xff")), content);
  content += test::records(4, 1);
  const auto rejected = store(*sink_, {chain_.with(4, content)});
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].chain, chain_.id());
  EXPECT_EQ(rejected[0].seq, 3U);
  EXPECT_EQ(rejected[0].record, "\xff\xff\xff");
  EXPECT_FALSE(rejected[0].reason.empty());
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{1, 2, 4}));
  EXPECT_EQ(through(*sink_, chain_.id()), 4U);
}

/// A type is text; whatever a sensor says it is, the head has to be readable.
TEST_P(SinkContract, KeepsTheHeadOfRecordsWithTypesThatAreNoText) {
  v1::Event e = test::event(2);
  std::string nameless = e.SerializeAsString();
  nameless.replace(nameless.find("flow"), 4, "\xff\xfe\xfd\xfc");
  std::string content = test::records(1, 1);
  append_delimited(as_bytes(nameless), content);
  test::Sensor sensor("plant-9", 9, v1::LANE_FLOW);
  (void)test::judge_and_store(*sink_, sensor.seal(1, 2, content), [](auto) { return Status(Done{}); });
  for (const bool reopened : {false, true}) {
    if (reopened) reopen();
    const auto head = sink_->head(sensor.id());
    ASSERT_TRUE(head && head.value()) << head.error().message;
    EXPECT_EQ(head.value()->made, (TypeCounts{{"flow", 1}, {std::string(kNoType), 1}}));
  }
}

TEST_P(SinkContract, RefusesADeliveryThatOverlapsWhatItHas) {
  Chain forked = chain_;
  store(*sink_, {chain_.next(3)});
  const std::string why = refusal(*sink_, {forked.next(5)});
  EXPECT_NE(why.find("plant-7"), std::string::npos) << why;
  EXPECT_EQ(stored(), numbers(1, 3));
}

TEST_P(SinkContract, StoresNothingWithAnErrorAndAllOfItLater) {
  const auto first = chain_.next(3), second = chain_.next(4), third = chain_.next(2);
  store(*sink_, {first});
  backend_->breaks(true);
  for (int tries = 0; tries < 3; ++tries) EXPECT_FALSE(refusal(*sink_, {second}).empty());
  backend_->breaks(false);
  EXPECT_EQ(stored(), numbers(1, 3));
  EXPECT_EQ(through(*sink_, chain_.id()), 3U);
  store(*sink_, {second, third});
  EXPECT_EQ(stored(), numbers(1, 9));
  EXPECT_EQ(through(*sink_, chain_.id()), 9U);
}

/// What comes late goes into its hole, once, wherever the chain's head is by then.
TEST_P(SinkContract, FillsHolesOnce) {
  const auto first = chain_.next(2), second = chain_.skip_and_next(3, 2), third = chain_.skip_and_next(2, 1);
  store(*sink_, {first, second, third});
  const auto late = chain_.fill();
  store(*sink_, {late});
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 10}));
  for (const bool reopened : {false, true}) {
    if (reopened) reopen();
    store(*sink_, {late, third});
    const auto head = sink_->head(chain_.id());
    ASSERT_TRUE(head && head.value());
    EXPECT_EQ(*head.value(), chain_.head());
  }
  store(*sink_, {chain_.fill(), chain_.next(1)});
  EXPECT_EQ(stored(), numbers(1, 11));
}

TEST_P(SinkContract, TakesGapsAloneAndTicks) {
  store(*sink_, {chain_.next(2), chain_.gap(10)});
  sink_->tick();
  store(*sink_, {chain_.next(1)});
  sink_->tick();
  reopen();
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{1, 2, 13}));
  EXPECT_EQ(through(*sink_, chain_.id()), 13U);
}

/// Another collector left a hole, and went on behind it, after this delivery was judged.
TEST_P(SinkContract, TakesNothingForStoredThatLiesInAHole) {
  store(*sink_, {chain_.next(10)});
  Chain judged = chain_;
  const auto late = judged.next(10);
  store(*sink_, {chain_.skip_and_next(10, 5)});
  const std::string why = refusal(*sink_, {late});
  EXPECT_NE(why.find("11 to 20"), std::string::npos) << why;
  store(*sink_, {chain_.fill()});
  store(*sink_, {late});
  EXPECT_EQ(stored(), numbers(1, 25));
}

/// What is here was acknowledged, and the word of it did not get to the sensor, whose spool is damaged now.
TEST_P(SinkContract, AGapOverWhatIsHereLetsTheSensorGoOn) {
  for (const std::uint32_t missing : {10, 30}) {  // numbers 11 to 20 are here
    test::Sensor sensor("plant-9", missing, v1::LANE_FLOW);
    test::judge_and_store(*sink_, sensor.batch(1, 10));
    test::Sensor damaged = sensor;
    test::judge_and_store(*sink_, sensor.batch(11, 10));
    test::judge_and_store(*sink_, damaged.gap(11, missing, v1::GAP_SPOOL_DAMAGED));
    reopen();
    EXPECT_EQ(test::judge_and_store(*sink_, damaged.batch(missing + 11, 5)).kind, Verdict::Kind::kStore);
    EXPECT_EQ(through(*sink_, sensor.id()), missing + 15);
  }
}

/// An older copy's word is no gap of what is here.
TEST_P(SinkContract, WhatWasAcknowledgedElsewhereIsAHoleBehindWhatIsHere) {
  test::Sensor sensor("plant-9", 9, v1::LANE_FLOW);
  test::judge_and_store(*sink_, sensor.batch(1, 10));
  (void)sensor.batch(11, 10);
  test::judge_and_store(*sink_, sensor.acknowledged(20));
  reopen();
  EXPECT_EQ(test::judge_and_store(*sink_, sensor.batch(21, 5)).kind, Verdict::Kind::kStore);
  EXPECT_EQ(through(*sink_, sensor.id()), 25U);
}

/// What cannot be buried now is not stored now.
TEST_P(SinkContract, StoresNothingThatItCannotBury) {
  std::string content = test::records(1, 2);
  append_delimited(as_bytes(std::string_view("\xff\xff\xff")), content);
  const auto delivery = chain_.with(3, content);
  const Bury full = [](std::span<const Rejected> all) {
    return all.empty() ? Status(Done{}) : Status(Error{"no room"});
  };
  for (int tries = 0; tries < 2; ++tries) EXPECT_EQ(refusal(*sink_, {delivery}, full), "no room");
  EXPECT_EQ(through(*sink_, chain_.id()), 0U);
  EXPECT_EQ(store(*sink_, {delivery}).size(), 1U);
  auto all = stored();  // of Kafka's cluster also what was aborted
  all.erase(std::ranges::unique(all).begin(), all.end());
  EXPECT_EQ(all, numbers(1, 2));
}

template <class B>
std::unique_ptr<Backend> make() {
  return std::make_unique<B>();
}

INSTANTIATE_TEST_SUITE_P(Sinks, SinkContract,
                         ::testing::Values(Kind{"EveFiles", make<EveFiles>},
                                           Kind{"ClickHouse", make<ClickHouse>}, Kind{"Kafka", make<Kafka>}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace picket::collector
