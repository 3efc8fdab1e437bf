// The router with sinks in memory: slow, failing, stalled, behind the others.
#include "export/collector/router.h"

#include <fmt/format.h>

#include <condition_variable>
#include <fstream>
#include <random>
#include <set>

#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

/// What a sink keeps, and how it misbehaves. Outlives the router, as a disk does.
struct Disk {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<ChainId, ChainHead> heads;
  std::multiset<std::pair<ChainId, std::uint64_t>> records;
  std::map<std::pair<ChainId, std::uint64_t>, Held> batches;
  std::set<std::uint64_t> poison;
  std::vector<v1::Lane> order;  ///< of what was stored
  bool stalled = false;
  unsigned failures = 0;         ///< so many store()s fail
  unsigned late_failures = 0;    ///< so many fail when the dead letters are buried
  unsigned silent_failures = 0;  ///< so many store, and say that they did not
  unsigned calls = 0;

  void set(bool& what, bool to) {
    const std::lock_guard lock(mutex);
    what = to;
    changed.notify_all();
  }
  template <class Done>
  bool wait(Done done) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(30), done);
  }
};

class DiskSink final : public Sink {
 public:
  DiskSink(std::string name, Disk& disk, bool durable = true)
      : Sink(std::move(name)), disk_(disk), durable_(durable) {}
  bool is_durable() const noexcept override { return durable_; }
  Result<std::optional<ChainHead>> head(const ChainId& chain) override {
    const std::lock_guard lock(disk_.mutex);
    const auto it = disk_.heads.find(chain);
    return it == disk_.heads.end() ? std::optional<ChainHead>() : std::optional<ChainHead>(it->second);
  }
  Result<std::optional<Held>> held(const ChainId& chain, std::uint64_t seq) override {
    const std::lock_guard lock(disk_.mutex);
    const auto it = disk_.batches.find({chain, seq});
    return it == disk_.batches.end() ? std::optional<Held>() : std::optional<Held>(it->second);
  }
  Status store(std::span<const std::shared_ptr<const Delivery>> deliveries, const Bury& bury) override {
    std::unique_lock lock(disk_.mutex);
    ++disk_.calls;
    disk_.changed.notify_all();
    disk_.changed.wait(lock, [&] { return !disk_.stalled; });
    if (disk_.failures > 0 && disk_.failures-- > 0) return Error{"the disk is full"};
    std::vector<Rejected> rejected;
    for (const auto& d : deliveries) {
      std::uint64_t seq = d->first_seq;
      WireReader in(as_bytes(d->records));
      for (Bytes record; next_delimited(in, record); ++seq)
        if (disk_.poison.contains(seq))
          rejected.push_back({d->chain, seq, "poison", std::string(as_text(record))});
    }
    if (const Status s = bury(rejected); !s) return s;
    if (disk_.late_failures > 0 && disk_.late_failures-- > 0) return Error{"the disk is full"};
    for (const auto& d : deliveries) {
      std::uint64_t seq = d->first_seq;
      WireReader in(as_bytes(d->records));
      for (Bytes record; next_delimited(in, record); ++seq) {
        if (!disk_.poison.contains(seq)) disk_.records.insert({d->chain, seq});
      }
      EXPECT_EQ(seq, d->first_seq + d->count) << "the records of a delivery are there";
      disk_.order.push_back(d->chain.lane);
      disk_.heads[d->chain] = d->after;
      disk_.batches[{d->chain, d->first_seq}] = {d->first_seq, d->count, d->hash};
    }
    disk_.changed.notify_all();
    if (disk_.silent_failures > 0 && disk_.silent_failures-- > 0) return Error{"no answer came"};
    return Done{};
  }

 private:
  Disk& disk_;
  bool durable_;
};

class TestSource final : public Source {
 public:
  using Source::Source;
  std::string text() const override { return "test"; }
  void answer(const Answer& a) override {
    const std::lock_guard lock(mutex_);
    answers_.push_back(a);
    changed_.notify_all();
  }
  bool room() override {
    const std::lock_guard lock(mutex_);
    ++rooms_;
    changed_.notify_all();
    return needs_room_;
  }
  void needs_no_room() {
    const std::lock_guard lock(mutex_);
    needs_room_ = false;
  }
  std::vector<Answer> wait(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return answers_.size() >= n; });
    EXPECT_EQ(answers_.size(), n);
    return answers_;
  }
  bool wait_room(unsigned n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return rooms_ >= n; });
  }
  unsigned rooms() {
    const std::lock_guard lock(mutex_);
    return rooms_;
  }
  std::size_t answered() {
    const std::lock_guard lock(mutex_);
    return answers_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Answer> answers_;
  unsigned rooms_ = 0;
  bool needs_room_ = true;
};

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() { options_.first_retry = options_.last_retry = std::chrono::milliseconds(1); }
  Router& start(std::vector<std::unique_ptr<Sink>> sinks) {
    router_ = std::make_unique<Router>(std::move(sinks), dead_letters_, options_);
    return *router_;
  }
  template <class... S>
  static std::vector<std::unique_ptr<Sink>> sinks(std::unique_ptr<S>... s) {
    std::vector<std::unique_ptr<Sink>> all;
    (all.push_back(std::move(s)), ...);
    return all;
  }
  std::unique_ptr<DiskSink> a(bool durable = true) { return std::make_unique<DiskSink>("a", a_, durable); }
  std::unique_ptr<DiskSink> b(bool durable = true) { return std::make_unique<DiskSink>("b", b_, durable); }
  std::size_t distinct(Disk& disk) {
    const std::lock_guard lock(disk.mutex);
    return std::set(disk.records.begin(), disk.records.end()).size();
  }
  std::vector<std::string> dead_lines() const {
    std::vector<std::string> all;
    std::ifstream in(folder_.file("dead"));
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  test::Folder folder_;
  Disk a_, b_;
  RouterOptions options_;
  DeadLetters dead_letters_{folder_.file("dead"), 10'000};
  std::unique_ptr<Router> router_;
  std::shared_ptr<TestSource> source_ = std::make_shared<TestSource>();
  test::Sensor sensor_{"plant-7", 1, v1::LANE_FLOW};
};

TEST_F(RouterTest, AnswersWhenEveryDurableSinkHasIt) {
  b_.stalled = true;
  Router& router = start(sinks(a(), b()));
  EXPECT_TRUE(router.take(source_, sensor_.batch(1, 10)));
  ASSERT_TRUE(a_.wait([&] { return a_.records.size() == 10; }));
  EXPECT_EQ(source_->answered(), 0U) << "b has nothing yet";
  b_.set(b_.stalled, false);
  const auto answers = source_->wait(1);
  EXPECT_EQ(answers[0].kind, Answer::Kind::kDurable);
  EXPECT_EQ(answers[0].through, 10U);
  EXPECT_EQ(b_.records.size(), 10U);
}

TEST_F(RouterTest, ASinkThatFailsIsTriedAgainAndLosesNothing) {
  a_.failures = 5;
  Router& router = start(sinks(a()));
  for (std::uint64_t n = 1; n < 101; n += 10) EXPECT_TRUE(router.take(source_, sensor_.batch(n, 10)));
  source_->wait(10);
  EXPECT_EQ(a_.records.size(), 100U);
  EXPECT_EQ(distinct(a_), 100U);
  EXPECT_EQ(router.sinks()[0].trouble, "");
}

TEST_F(RouterTest, ASinkThatStoredAndDidNotSaySoGetsNothingTwice) {
  a_.silent_failures = 1;
  Router& router = start(sinks(a()));
  for (std::uint64_t n = 1; n < 101; n += 10) EXPECT_TRUE(router.take(source_, sensor_.batch(n, 10)));
  source_->wait(10);
  EXPECT_EQ(a_.records.size(), 100U) << "the head says what is there";
}

TEST_F(RouterTest, AnswersInOrderWhicheverSinkIsLast) {
  Router& router = start(sinks(a(), b()));
  for (std::uint64_t n = 1; n <= 300; ++n) {
    if (n % 37 == 0) {
      const std::lock_guard lock(n % 2 == 0 ? a_.mutex : b_.mutex);
      (n % 2 == 0 ? a_ : b_).failures = 1;
    }
    EXPECT_TRUE(router.take(source_, sensor_.batch(n, 1)));
  }
  const auto answers = source_->wait(300);
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].through, i + 1);
}

TEST_F(RouterTest, ReplaysAreAcknowledgedAndStoredOnce) {
  Router& router = start(sinks(a(), b()));
  std::vector<v1::Batch> batches;
  for (std::uint64_t n = 1; n < 101; n += 10) batches.push_back(sensor_.batch(n, 10));
  for (int i = 0; i < 3; ++i) {
    for (const auto& batch : batches) EXPECT_TRUE(router.take(source_, batch));
  }
  source_->wait(30);
  EXPECT_EQ(a_.records.size(), 100U);
  EXPECT_EQ(b_.records.size(), 100U);
}

TEST_F(RouterTest, ASinkRestoredFromYesterdayGetsWhatItLacks) {
  std::vector<v1::Batch> batches;
  for (std::uint64_t n = 1; n < 51; n += 10) batches.push_back(sensor_.batch(n, 10));
  {
    Router& router = start(sinks(a(), b()));
    for (const auto& batch : batches) EXPECT_TRUE(router.take(source_, batch));
    source_->wait(5);
    router_.reset();
  }
  {  // b as it was after the second batch
    const std::lock_guard lock(b_.mutex);
    const Verdict v =
        judge(std::nullopt, test::checked(test::Sensor("plant-7", 1, v1::LANE_FLOW).batch(1, 20)), {})
            .value();
    ChainHead head = v.deliver->after;
    head.hash = {};
    read_hash(batches[1].hash(), head.hash);
    b_.heads[sensor_.id()] = head;
    std::erase_if(b_.records, [](const auto& r) { return r.second > 20; });
  }
  Router& router = start(sinks(a(), b()));
  EXPECT_TRUE(router.take(source_, sensor_.batch(51, 10)));
  source_->wait(6);
  EXPECT_EQ(a_.records.size(), 60U);
  EXPECT_EQ(b_.records.size(), 30U);
  EXPECT_EQ(b_.heads[sensor_.id()].holes.size(), 1U) << "it knows what it lacks";
  for (const auto& batch : batches) EXPECT_TRUE(router.take(source_, batch));
  source_->wait(11);
  EXPECT_EQ(distinct(a_), 60U);
  EXPECT_EQ(a_.records.size(), 60U) << "nothing twice where it was";
  EXPECT_EQ(b_.records.size(), 60U) << "all that was missing where it was not";
  EXPECT_TRUE(b_.heads[sensor_.id()].holes.empty());
}

TEST_F(RouterTest, ASensorThatWasAtAnotherCollectorIsJudgedByWhatTheServerHas) {
  Router& here = start(sinks(a()));
  Router there(sinks(a()), dead_letters_, options_);
  EXPECT_TRUE(here.take(source_, sensor_.batch(1, 10)));
  source_->wait(1);
  const auto elsewhere = std::make_shared<TestSource>();
  const v1::Batch second = sensor_.batch(11, 10);
  EXPECT_TRUE(there.take(elsewhere, second));
  elsewhere->wait(1);
  const auto back = std::make_shared<TestSource>();
  EXPECT_TRUE(here.take(back, second)) << "its answer got lost on the way";
  EXPECT_TRUE(here.take(back, sensor_.batch(21, 10)));
  for (const Answer& answer : back->wait(2)) EXPECT_EQ(answer.kind, Answer::Kind::kDurable) << answer.why;
  EXPECT_EQ(a_.records.size(), 30U) << "nothing twice";
  EXPECT_EQ(a_.heads[sensor_.id()].through, 30U);
  EXPECT_TRUE(a_.heads[sensor_.id()].holes.empty()) << "nothing that the other one took is missing";
}

TEST_F(RouterTest, WhatOneConnectionBroughtIsStoredBeforeTheNextOnesBatchesAreJudged) {
  a_.stalled = true;
  Router& router = start(sinks(a()));
  EXPECT_TRUE(router.take(source_, sensor_.batch(1, 10)));
  ASSERT_TRUE(a_.wait([&] { return a_.calls == 1; }));
  EXPECT_TRUE(router.take(source_, sensor_.batch(11, 10)));
  const auto next = std::make_shared<TestSource>();
  EXPECT_TRUE(router.take(next, sensor_.batch(21, 10)));
  a_.set(a_.stalled, false);
  next->wait(1);
  EXPECT_EQ(a_.calls, 3U) << "two sources of a chain are not in one store()";
  EXPECT_EQ(a_.records.size(), 30U);
}

TEST_F(RouterTest, WhatComesFromOneOriginIsStoredTogetherAndInOrder) {
  a_.stalled = true;
  Router& router = start(sinks(a()));
  const std::uint64_t origin = Source::new_origin();
  test::Sensor alerts("plant-7", 1, v1::LANE_ALERT), forger("plant-7", 1, v1::LANE_FLOW);
  forger.set_chain({4});
  std::vector<std::shared_ptr<TestSource>> sources;
  const auto take = [&](const v1::Batch& batch) {
    sources.push_back(std::make_shared<TestSource>(origin));
    EXPECT_TRUE(router.take(sources.back(), batch));
  };
  take(sensor_.batch(1, 10));
  ASSERT_TRUE(a_.wait([&] { return a_.calls == 1; }));
  take(sensor_.batch(11, 10));
  take(alerts.batch(1, 5));
  take(forger.batch(21, 10));
  take(sensor_.batch(21, 10));
  a_.set(a_.stalled, false);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    EXPECT_EQ(sources[i]->wait(1)[0].kind, i == 3 ? Answer::Kind::kRefused : Answer::Kind::kDurable) << i;
  }
  EXPECT_EQ(a_.calls, 2U) << "all that waited is one store()";
  EXPECT_EQ(a_.order, (std::vector{v1::LANE_FLOW, v1::LANE_FLOW, v1::LANE_ALERT, v1::LANE_FLOW}));
}

TEST_F(RouterTest, BehindARefusedBatchNothingOfItsSourceIsTaken) {
  Router& router = start(sinks(a(), b()));
  a_.set(a_.stalled, true);  // so that all of them wait together
  EXPECT_TRUE(router.take(source_, sensor_.batch(1, 10)));
  test::Sensor forger("plant-7", 1, v1::LANE_FLOW);
  forger.set_chain({4});
  EXPECT_TRUE(router.take(source_, forger.batch(11, 10)));
  EXPECT_TRUE(router.take(source_, forger.batch(21, 10)));
  a_.set(a_.stalled, false);
  router_.reset();
  start(sinks(a(), b()));
  EXPECT_LE(distinct(a_), 10U);
  EXPECT_LE(distinct(b_), 10U);
  const auto other = std::make_shared<TestSource>();
  EXPECT_TRUE(router_->take(other, test::Sensor("plant-7", 1, v1::LANE_FLOW).batch(1, 10)));
  EXPECT_TRUE(router_->take(other, sensor_.batch(11, 10)));
  other->wait(2);
  EXPECT_EQ(distinct(a_), 20U) << "another source with the true ones is welcome";
}

TEST_F(RouterTest, ATamperedBatchIsMalformed) {
  Router& router = start(sinks(a()));
  auto batch = sensor_.batch(1, 10);
  batch.set_boot(2);
  EXPECT_TRUE(router.take(source_, batch));
  const auto answers = source_->wait(1);
  EXPECT_EQ(answers[0].kind, Answer::Kind::kMalformed);
  EXPECT_NE(answers[0].why.find("hash"), std::string::npos);
  EXPECT_EQ(router.held_bytes(), 0U);
  EXPECT_EQ(a_.calls, 0U);
}

TEST_F(RouterTest, MemoryIsBoundedAndWhoWaitsIsTold) {
  options_.max_bytes = 64 << 10;
  a_.stalled = true;
  Router& router = start(sinks(a()));
  std::uint64_t n = 1;
  unsigned taken = 0;
  v1::Batch batch;
  while (true) {
    batch = sensor_.batch(n, 20);
    if (!router.take(source_, batch)) break;
    EXPECT_LE(router.held_bytes(), options_.max_bytes);
    n += 20;
    ASSERT_LT(++taken, 1000U);
  }
  EXPECT_GT(taken, 3U);
  a_.set(a_.stalled, false);
  ASSERT_TRUE(source_->wait_room(1));
  source_->wait(taken);
  EXPECT_TRUE(router.take(source_, batch));
  source_->wait(taken + 1);
  EXPECT_EQ(a_.records.size(), 20 * (taken + 1));
}

TEST_F(RouterTest, WhatABatchCountsByTypeTakesRoomToo) {
  a_.stalled = true;
  Router& router = start(sinks(a()));
  v1::Batch batch = sensor_.gap(1, 1000, v1::GAP_SPOOL_FULL);
  batch.mutable_gap()->clear_missing();
  for (int i = 0; i < 500; ++i) {
    v1::TypeCount& count = *batch.mutable_gap()->add_missing();
    count.set_type(fmt::format("a-type-whose-name-is-as-long-as-names-of-types-may-be-in-all-{}", 100 + i));
    count.set_count(1);
  }
  seal_batch({}, {}, false, batch);
  EXPECT_TRUE(router.take(source_, batch));
  EXPECT_GT(router.held_bytes(), 500 * (kMaxTypeName + sizeof(std::uint64_t)));
  a_.set(a_.stalled, false);
}

/// A batch that nothing compresses.
v1::Batch noise(test::Sensor& sensor, std::size_t bytes) {
  std::mt19937 random(1);
  std::string payload(bytes, '\0');
  for (char& c : payload) c = static_cast<char>(random());
  v1::Event e = test::event(1);
  e.set_payload(payload);
  std::string content;
  append_delimited(as_bytes(e.SerializeAsString()), content);
  return sensor.seal(1, 1, content);
}

TEST_F(RouterTest, RoomThatIsNotNeededAnyMoreIsTheNextOnes) {
  options_.max_bytes = 64 << 10;
  a_.stalled = true;
  Router& router = start(sinks(a()));
  test::Sensor names[] = {test::Sensor("1"), test::Sensor("2"), test::Sensor("3"), test::Sensor("4")};
  std::vector<std::shared_ptr<TestSource>> sources;
  for (test::Sensor& sensor : names) {
    sources.push_back(std::make_shared<TestSource>());
    EXPECT_EQ(router.take(sources.back(), noise(sensor, 40'000)), sources.size() == 1)
        << "there is room for one";
  }
  sources[1]->needs_no_room();
  a_.set(a_.stalled, false);
  EXPECT_TRUE(sources[2]->wait_room(1)) << "the second said at once that he needs it no more";
  EXPECT_EQ(sources[3]->rooms(), 0U);
  router.decline();
  EXPECT_TRUE(sources[3]->wait_room(1)) << "the third said so later";
}

/// Counts what is allocated.
template <class T>
struct Counted {
  using value_type = T;
  explicit Counted(std::size_t& n) : live(&n) {}
  template <class U>
  explicit Counted(const Counted<U>& other) : live(other.live) {}
  T* allocate(std::size_t n) {
    ++*live;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) {
    --*live;
    std::allocator<T>().deallocate(p, n);
  }
  template <class U>
  bool operator==(const Counted<U>& other) const {
    return live == other.live;
  }
  std::size_t* live;
};

TEST_F(RouterTest, WhoComesAndGoesWhileASinkStallsIsForgotten) {
  options_.max_bytes = 64 << 10;
  a_.stalled = true;
  Router& router = start(sinks(a()));
  const v1::Batch batch = noise(sensor_, 40'000);
  EXPECT_TRUE(router.take(source_, batch));
  std::size_t live = 0;
  for (int i = 0; i < 1000; ++i)
    EXPECT_FALSE(router.take(std::allocate_shared<TestSource>(Counted<TestSource>(live)), batch));
  EXPECT_LT(live, 200U);
  a_.set(a_.stalled, false);
  router_.reset();  // the last of them
}

TEST_F(RouterTest, AlertsGoBeforeWhatOthersBrought) {
  a_.stalled = true;
  Router& router = start(sinks(a()));
  EXPECT_TRUE(router.take(source_, sensor_.batch(1, 10)));
  ASSERT_TRUE(a_.wait([&] { return a_.calls == 1; }));
  EXPECT_TRUE(router.take(source_, sensor_.batch(11, 10)));
  const auto alerts = std::make_shared<TestSource>();
  EXPECT_TRUE(router.take(alerts, test::Sensor("plant-7", 1, v1::LANE_ALERT).batch(1, 1)));
  a_.set(a_.stalled, false);
  source_->wait(2);
  alerts->wait(1);
  EXPECT_EQ(a_.order, (std::vector{v1::LANE_FLOW, v1::LANE_ALERT, v1::LANE_FLOW}));
}

TEST_F(RouterTest, WhatOneSourceBringsStaysInOrder) {
  a_.stalled = true;
  Router& router = start(sinks(a()));
  EXPECT_TRUE(router.take(source_, sensor_.batch(1, 10)));
  ASSERT_TRUE(a_.wait([&] { return a_.calls == 1; }));
  test::Sensor alerts("plant-7", 1, v1::LANE_ALERT);
  EXPECT_TRUE(router.take(source_, alerts.batch(1, 1)));
  EXPECT_TRUE(router.take(source_, sensor_.batch(11, 10)));
  EXPECT_TRUE(router.take(source_, alerts.batch(2, 1)));
  a_.set(a_.stalled, false);
  const auto answers = source_->wait(4);
  EXPECT_EQ(a_.order, (std::vector{v1::LANE_FLOW, v1::LANE_ALERT, v1::LANE_FLOW, v1::LANE_ALERT}));
  EXPECT_EQ(answers[2].chain.lane, v1::LANE_FLOW);
  EXPECT_EQ(answers[3].through, 2U);
}

/// Sends its next batch of alerts as soon as the last one is answered.
class Flood final : public Source {
 public:
  Flood(Router& router, std::string name, std::atomic<unsigned>& left)
      : router_(router), sensor_(std::move(name), 1, v1::LANE_ALERT), left_(left) {}
  std::string text() const override { return "flood"; }
  void go_on() {
    if (left_ == 0) return;
    --left_;
    next_ = sensor_.batch(first_, 10);
    first_ += 10;
    (void)room();
  }
  void answer(const Answer&) override { go_on(); }
  bool room() override {
    (void)router_.take(self.lock(), next_);
    return true;
  }
  std::weak_ptr<Flood> self;

 private:
  Router& router_;
  test::Sensor sensor_;
  std::atomic<unsigned>& left_;
  v1::Batch next_;
  std::uint64_t first_ = 1;
};

class RouterFlood : public RouterTest {
 protected:
  /// Alerts that never let a queue become empty, and one batch of flows.
  void flows_come_through(std::size_t max_bytes) {
    options_.max_bytes = max_bytes;
    options_.max_group_bytes = 16 << 10;
    a_.stalled = true;
    Router& router = start(sinks(a()));
    std::atomic<unsigned> left{1000};
    std::vector<std::shared_ptr<Flood>> floods;
    for (const char* name : {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}) {
      floods.push_back(std::make_shared<Flood>(router, name, left));
      floods.back()->self = floods.back();
      floods.back()->go_on();
    }
    ASSERT_TRUE(a_.wait([&] { return a_.calls == 1; }));
    const v1::Batch flows = sensor_.batch(1, 10);
    const bool taken = router.take(source_, flows);
    a_.set(a_.stalled, false);
    if (!taken) {
      EXPECT_TRUE(source_->wait_room(1));
      EXPECT_TRUE(router.take(source_, flows));
    }
    source_->wait(1);
    EXPECT_GT(left, 900U) << "flows waited for the end of the flood";
    left = 0;
    router.stop();
  }
};

TEST_F(RouterFlood, OfAlertsLeavesOthersTheirPartOfAGroup) { flows_come_through(std::size_t{1} << 20); }

TEST_F(RouterFlood, OfAlertsLeavesOthersTheirPartOfTheRoom) { flows_come_through(std::size_t{24} << 10); }

/// As when files of a backlog are found by one look after another.
TEST_F(RouterTest, AnAlertDoesNotOvertakeItsOwnChain) {
  a_.stalled = true;
  Router& router = start(sinks(a()));
  test::Sensor alerts("plant-7", 1, v1::LANE_ALERT);
  std::vector<std::shared_ptr<TestSource>> sources;
  const auto take = [&](std::uint64_t origin, const v1::Batch& batch) {
    sources.push_back(std::make_shared<TestSource>(origin));
    EXPECT_TRUE(router.take(sources.back(), batch));
  };
  const std::uint64_t first_look = Source::new_origin(), second_look = Source::new_origin();
  take(first_look, sensor_.batch(1, 10));
  ASSERT_TRUE(a_.wait([&] { return a_.calls == 1; }));
  take(first_look, sensor_.batch(11, 10));
  take(first_look, alerts.batch(1, 5));
  take(second_look, alerts.batch(6, 5));
  a_.set(a_.stalled, false);
  for (const auto& source : sources) EXPECT_EQ(source->wait(1)[0].kind, Answer::Kind::kDurable);
  const Tally::State state = router.tally().state();
  for (const std::uint64_t missing : state.sensors.at("plant-7").lanes.at(v1::LANE_ALERT).missing)
    EXPECT_EQ(missing, 0U);
  EXPECT_EQ(a_.records.size(), 30U);
}

TEST_F(RouterTest, ThereIsRoomForAlertsWhereFlowsHaveTakenTheirs) {
  options_.max_bytes = 64 << 10;
  a_.stalled = true;
  Router& router = start(sinks(a()));
  std::uint64_t n = 1;
  while (router.take(source_, sensor_.batch(n, 20))) ASSERT_LT(n += 20, 10'000U);
  const auto alerts = std::make_shared<TestSource>();
  test::Sensor alerting("plant-7", 1, v1::LANE_ALERT);
  EXPECT_TRUE(router.take(alerts, alerting.batch(1, 1)));
  EXPECT_LE(router.held_bytes(), options_.max_bytes);
  std::uint64_t last = 1;
  while (router.take(alerts, alerting.batch(last + 1, 1))) ASSERT_LT(++last, 10'000U);
  EXPECT_LE(router.held_bytes(), options_.max_bytes) << "and no more than that";
  a_.set(a_.stalled, false);
  EXPECT_TRUE(alerts->wait_room(1));
  EXPECT_TRUE(source_->wait_room(1));
}

TEST_F(RouterTest, ASinkThatIsNotDurableIsNeverWaitedFor) {
  options_.max_bytes = 64 << 10;
  b_.stalled = true;
  Router& router = start(sinks(a(), b(false)));
  for (std::uint64_t n = 1; n <= 2000; n += 20) {
    const auto batch = sensor_.batch(n, 20);
    for (unsigned rooms = 1; !router.take(source_, batch); ++rooms) ASSERT_TRUE(source_->wait_room(rooms));
    source_->wait((n + 19) / 20);
  }
  EXPECT_EQ(a_.records.size(), 2000U);
  EXPECT_GT(router.sinks()[1].left_out_records, 0U) << "what did not fit is counted";
  b_.set(b_.stalled, false);
}

/// Two sinks of one name, each on a disk of its own: the lines of one.
class RouterLines : public RouterTest {
 protected:
  static constexpr unsigned kSensors = 16, kBatches = 20;

  void start_lines() {
    start(sinks(std::make_unique<DiskSink>("lines", a_), std::make_unique<DiskSink>("lines", b_)));
    for (unsigned n = 0; n < kSensors; ++n) {
      sensors_.emplace_back("plant-" + std::to_string(n), 1, v1::LANE_FLOW);
      sources_.push_back(std::make_shared<TestSource>());
    }
  }
  void take_all() {
    for (std::uint64_t first = 1; first <= kBatches * 5; first += 5)
      for (unsigned n = 0; n < kSensors; ++n)
        EXPECT_TRUE(router_->take(sources_[n], sensors_[n].batch(first, 5)));
  }
  /// Sensors whose chain is there.
  std::set<std::string> sensors_of(Disk& disk) {
    const std::lock_guard lock(disk.mutex);
    std::set<std::string> names;
    for (const auto& [chain, head] : disk.heads) names.insert(chain.sensor);
    return names;
  }

  std::vector<test::Sensor> sensors_;
  std::vector<std::shared_ptr<TestSource>> sources_;
};

TEST_F(RouterLines, EachChainHasOneLineAndItsOrder) {
  start_lines();
  take_all();
  for (const auto& source : sources_) {
    const auto answers = source->wait(kBatches);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      EXPECT_EQ(answers[i].kind, Answer::Kind::kDurable) << "a line would refuse what another one has begun";
      EXPECT_EQ(answers[i].through, 5 * (i + 1));
    }
  }
  const auto in_a = sensors_of(a_), in_b = sensors_of(b_);
  EXPECT_FALSE(in_a.empty());
  EXPECT_FALSE(in_b.empty());
  EXPECT_EQ(in_a.size() + in_b.size(), kSensors) << "each in one";
  for (const std::string& name : in_a) EXPECT_FALSE(in_b.contains(name)) << name;
  const auto all = router_->sinks();
  ASSERT_EQ(all.size(), 1U) << "one sink, for whoever looks at it";
  EXPECT_EQ(all[0].stored_records, kSensors * kBatches * 5);
  EXPECT_EQ(all[0].stored_batches, kSensors * kBatches);
  EXPECT_GT(all[0].stored_at_ns, 0U);
}

TEST_F(RouterLines, OneThatStallsOrFailsHoldsUpItsOwnChainsAlone) {
  a_.stalled = true;
  b_.failures = 3;
  start_lines();
  take_all();
  ASSERT_TRUE(a_.wait([&] { return a_.calls > 0; }));
  // All of b's chains to their ends: nobody else's come to it.
  const auto is_done = [&] {
    std::set<std::string> done;
    for (unsigned n = 0; n < kSensors; ++n)
      if (sources_[n]->answered() == kBatches) done.insert("plant-" + std::to_string(n));
    return !done.empty() && done == sensors_of(b_) &&
           router_->sinks()[0].queued_batches == (kSensors - done.size()) * kBatches;
  };
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!is_done() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  std::size_t waiting = 0;
  for (unsigned n = 0; n < kSensors; ++n) {
    if (sensors_of(b_).contains("plant-" + std::to_string(n))) {
      sources_[n]->wait(kBatches);
    } else {
      EXPECT_EQ(sources_[n]->answered(), 0U) << "acknowledged, and its line has nothing";
      ++waiting;
    }
  }
  EXPECT_GT(waiting, 0U);
  EXPECT_LT(waiting, kSensors);
  EXPECT_EQ(router_->sinks()[0].queued_batches, waiting * kBatches);
  EXPECT_EQ(router_->sinks()[0].failures, 3U);
  EXPECT_EQ(router_->sinks()[0].stored_at_ns, 0U) << "the other line's success hides nothing";
  a_.set(a_.stalled, false);
  for (const auto& source : sources_) source->wait(kBatches);
  EXPECT_EQ(distinct(a_) + distinct(b_), kSensors * kBatches * 5);
  EXPECT_EQ(a_.records.size() + b_.records.size(), kSensors * kBatches * 5) << "none twice";
}

TEST_F(RouterLines, StopEndsAllOfThem) {
  a_.stalled = b_.stalled = true;
  start_lines();
  take_all();
  ASSERT_TRUE(a_.wait([&] { return a_.calls == 1; }));
  ASSERT_TRUE(b_.wait([&] { return b_.calls == 1; }));
  std::thread stops([&] { router_->stop(); });
  a_.set(a_.stalled, false);
  b_.set(b_.stalled, false);
  stops.join();
  std::size_t answered = 0;
  for (const auto& source : sources_) answered += source->answered();
  EXPECT_EQ(answered * 5, a_.records.size() + b_.records.size())
      << "what is stored is acknowledged, nothing else";
}

TEST_F(RouterTest, APoisonedRecordIsBuriedBeforeItIsAnswered) {
  a_.poison = {3};
  Router& router = start(sinks(a()));
  EXPECT_TRUE(router.take(source_, sensor_.batch(1, 10)));
  source_->wait(1);
  EXPECT_EQ(a_.records.size(), 9U);
  const auto lines = dead_lines();
  ASSERT_EQ(lines.size(), 1U);
  for (const char* part : {R"("sink":"a")", R"("reason":"poison")", R"("sensor":"plant-7")",
                           R"("boot":"0000000000000001")", R"("lane":"flow")", R"("seq":3)", R"("record":")"})
    EXPECT_NE(lines[0].find(part), std::string::npos) << part << " in " << lines[0];
  EXPECT_EQ(router.sinks()[0].rejected_records, 1U);
}

/// Neither when the sink fails behind it, nor when it had stored the batch and its answer was lost.
TEST_F(RouterTest, APoisonedRecordIsBuriedOnceWhateverBecomesOfItsSink) {
  a_.poison = {3};
  a_.late_failures = 2;
  a_.silent_failures = 1;
  Router& router = start(sinks(a()));
  EXPECT_TRUE(router.take(source_, sensor_.batch(1, 10)));
  source_->wait(1);
  EXPECT_EQ(a_.records.size(), 9U);
  EXPECT_EQ(dead_lines().size(), 1U);
}

TEST_F(RouterTest, StopsWhileASinkFails) {
  a_.failures = 1'000'000'000;
  Router& router = start(sinks(a()));
  EXPECT_TRUE(router.take(source_, sensor_.batch(1, 10)));
  ASSERT_TRUE(a_.wait([&] { return a_.calls > 2; }));
  router.stop();
  EXPECT_EQ(source_->answered(), 0U);
  EXPECT_FALSE(router.take(source_, sensor_.batch(11, 10)));
}

TEST(DeadLetters, AreBoundedAndCounted) {
  const test::Folder folder;
  DeadLetters letters(folder.file("dead"), 2000);
  const std::vector<Rejected> five(
      5, Rejected{{"plant-7", 1, v1::LANE_ALL}, 7, "no reason \"at\" all\n", std::string(200, '\xff')});
  EXPECT_TRUE(letters.put("a", five));
  EXPECT_TRUE(letters.put("a", five));
  EXPECT_GT(letters.written(), 0U);
  EXPECT_EQ(letters.written() + letters.without_room(), 10U);
  EXPECT_LE(std::filesystem::file_size(folder.file("dead")), 2000U);
  DeadLetters again(folder.file("dead"), 2000);
  EXPECT_TRUE(again.put("a", five));
  EXPECT_EQ(again.without_room(), 5U) << "what is in the file already counts";
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(DeadLetters, GoIntoANewFileWhenTheirsWasPutAwayOrRemoved) {
  const test::Folder folder;
  const std::string path = folder.file("dead"), away = folder.file("dead.1");
  DeadLetters letters(path, 1000);
  const auto letter = [](std::uint64_t seq) {
    return std::vector<Rejected>{{{"plant-7", 1, v1::LANE_ALL}, seq, "no reason", std::string(300, 'r')}};
  };
  EXPECT_TRUE(letters.put("a", letter(7)));
  std::filesystem::rename(path, away);
  EXPECT_TRUE(letters.put("a", letter(8)));
  EXPECT_NE(content(away).find("\"seq\":7,"), std::string::npos);
  EXPECT_EQ(content(away).find("\"seq\":8,"), std::string::npos);
  EXPECT_NE(content(path).find("\"seq\":8,"), std::string::npos);
  EXPECT_TRUE(letters.put("a", letter(9)));
  ASSERT_EQ(letters.without_room(), 1U) << "it is full";
  std::filesystem::remove(path);
  EXPECT_TRUE(letters.put("a", letter(10)));
  EXPECT_EQ(letters.without_room(), 1U);
  EXPECT_NE(content(path).find("\"seq\":10,"), std::string::npos);
}

TEST(DeadLetters, BeginALineBehindHalfAOne) {
  const test::Folder folder;
  const std::string path = folder.file("dead"), half = "{\"time\":\"2026";
  std::ofstream(path) << half;
  const std::vector<Rejected> one(1);
  DeadLetters letters(path, 2000);
  EXPECT_TRUE(letters.put("a", one));
  EXPECT_TRUE(letters.put("a", one));
  const std::string text = content(path);
  EXPECT_TRUE(text.starts_with(half + "\n{\"time\"")) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  EXPECT_TRUE(DeadLetters(path, text.size() + 1).put("a", one));
  EXPECT_EQ(content(path), text) << "what finds no room changes nothing";
}

TEST(DeadLetters, SayWhyTheyCannotBeWritten) {
  DeadLetters letters("/no/such/folder/dead", 2000);
  const std::vector<Rejected> one(1);
  const Status s = letters.put("a", one);
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("/no/such/folder/dead"), std::string::npos);
  DeadLetters full("/dev/full", 2000);
  EXPECT_NE(full.put("a", one).error().message.find("No space"), std::string::npos);
  DeadLetters none("", 0);
  EXPECT_TRUE(none.put("a", one));
  EXPECT_EQ(none.without_room(), 1U);
}

// Signatures.

v1::Batch with_signature(v1::Batch batch, const std::string& signature) {
  sign_batch([&](const BatchHash&) { return Signature{signature, "by"}; }, batch);
  return batch;
}

class RouterSignatures : public RouterTest {
 protected:
  RouterSignatures() {
    options_.verify = [](const v1::Batch& b) -> Status {
      if (b.signature() != "good") return Error{"its signature is not that of its hash"};
      return Done{};
    };
  }
  std::uint64_t counted(BatchFate fate) {
    return router_->tally().state().batches[static_cast<std::size_t>(fate)];
  }
};

TEST_F(RouterSignatures, AWrongOneIsRefusedAndCounted) {
  Router& router = start(sinks(a()));
  EXPECT_TRUE(router.take(source_, with_signature(sensor_.batch(1, 10), "forged")));
  EXPECT_TRUE(router.take(source_, with_signature(sensor_.batch(11, 10), "good")));
  const auto answers = source_->wait(1);
  EXPECT_EQ(answers[0].kind, Answer::Kind::kUnproven);
  EXPECT_EQ(answers[0].why,
            "sensor 'plant-7' boot 0000000000000001 lane flow, from record 1 on: its signature is not that "
            "of its hash");
  EXPECT_EQ(counted(BatchFate::kSignature), 1U);
  EXPECT_EQ(router.held_bytes(), 0U);
  EXPECT_EQ(a_.records.size(), 0U) << "nothing of that source is taken any more";
}

TEST_F(RouterSignatures, AreNotNeededUnlessRequired) {
  EXPECT_TRUE(start(sinks(a())).take(source_, sensor_.batch(1, 10)));
  EXPECT_EQ(source_->wait(1)[0].kind, Answer::Kind::kDurable);
  options_.require_signatures = true;
  const auto other = std::make_shared<TestSource>();
  EXPECT_TRUE(start(sinks(a())).take(other, sensor_.batch(11, 10)));
  const auto answers = other->wait(1);
  EXPECT_EQ(answers[0].kind, Answer::Kind::kUnproven);
  EXPECT_NE(answers[0].why.find("it is not signed, and require-signatures is set"), std::string::npos);
  EXPECT_EQ(counted(BatchFate::kSignature), 1U);
}

TEST_F(RouterSignatures, AGapIsSignedWhenItsSignatureWasFoundToBeTheSensors) {
  const auto is_signed = [&](bool can_verify) {
    test::Folder folder;
    auto store = Store::open({folder.file("store.db")});
    EXPECT_TRUE(store);
    RouterOptions options = options_;
    if (!can_verify) options.verify = nullptr;
    std::vector<std::unique_ptr<Sink>> only;
    only.push_back(std::move(store).value());
    Router router(std::move(only), dead_letters_, options);
    const auto source = std::make_shared<TestSource>();
    test::Sensor sensor{"plant-7", 1, v1::LANE_FLOW};
    EXPECT_TRUE(router.take(source, with_signature(sensor.gap(1, 10, v1::GAP_NO_ROOM), "good")));
    EXPECT_EQ(source->wait(1)[0].kind, Answer::Kind::kDurable);
    router.stop();
    return !test::ledger(folder.file("store.db")).at(0).unsigned_numbers.contains("no room");
  };
  EXPECT_TRUE(is_signed(true));
  EXPECT_FALSE(is_signed(false)) << "a signature that nobody can verify shows nothing";
}

}  // namespace
}  // namespace picket::collector
