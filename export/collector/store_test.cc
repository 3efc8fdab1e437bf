#include "export/collector/store.h"

#include <sys/wait.h>

#include <fstream>
#include <random>

#include "export/collector/layout.h"
#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

using test::ask;
using test::judge_and_store;
using test::lines;
using Kind = Verdict::Kind;

class StoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open() const { return open({path_}); }
  static std::unique_ptr<Store> open(const StoreOptions& options) {
    auto store = Store::open(options);
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(store).value() : nullptr;
  }
  /// As tick after tick does.
  static Status expire_all(Store& store, std::uint64_t now) {
    for (;;) {
      const auto done = store.expire(now);
      if (!done) return done.error();
      if (done.value()) return Done{};
    }
  }
  /// Records with 2,000 bytes each that no compression makes smaller.
  v1::Batch large_batch(std::uint64_t first, std::uint32_t count, std::mt19937_64& random) {
    std::string content;
    for (std::uint64_t n = first; n < first + count; ++n) {
      v1::Event e = test::event(n);
      std::string noise(2000, '\0');
      for (char& c : noise) c = static_cast<char>(random());
      e.set_payload(noise);
      append_delimited(as_bytes(e.SerializeAsString()), content);
    }
    return sensor_.seal(first, count, content);
  }
  /// Of the ledger.
  std::int64_t batch_rows() const {
    auto db = open_store_to_read(path_);
    auto s = db.value().prepare(R"(SELECT count(*) FROM "_batch")");
    EXPECT_EQ(s.value().step(), SQLITE_ROW);
    return s.value().integer(0);
  }
  std::size_t stored() const { return lines(ask({.store = path_, .json = true})); }

  test::Folder folder_;
  std::string path_ = folder_.file("store.db");
  test::Sensor sensor_;
};

TEST_F(StoreTest, KeepsEachRecordOnce) {
  auto store = open();
  const auto first = sensor_.batch(1, 10), second = sensor_.batch(11, 5);
  EXPECT_EQ(judge_and_store(*store, first).kind, Kind::kStore);
  EXPECT_EQ(judge_and_store(*store, first).kind, Kind::kKnown);
  EXPECT_EQ(judge_and_store(*store, second).kind, Kind::kStore);
  EXPECT_EQ(judge_and_store(*store, first).kind, Kind::kKnown);
  EXPECT_EQ(judge_and_store(*store, second).kind, Kind::kKnown);
  EXPECT_EQ(stored(), 15U);
  EXPECT_EQ(test::ledger(path_).at(0).made, test::types(1, 15));
}

TEST_F(StoreTest, RemembersAllOfAHead) {
  test::Sensor sensor("plant-7", 5, v1::LANE_FLOW);
  std::vector<v1::Batch> batches;
  for (std::uint64_t n = 1; n < 61; n += 10) batches.push_back(sensor.batch(n, 10));
  std::optional<ChainHead> after;
  {
    auto store = open();
    for (const int i : {0, 2, 5}) {
      const Verdict v = judge_and_store(*store, batches[static_cast<std::size_t>(i)]);
      ASSERT_EQ(v.kind, Kind::kStore);
      after = v.deliver->after;
    }
  }
  auto store = open();
  EXPECT_EQ(store->head(sensor.id()).value(), after);
  EXPECT_EQ(after->holes.size(), 2U);
  EXPECT_EQ(judge_and_store(*store, batches[0]).kind, Kind::kKnown);
  for (const int i : {4, 3, 1})
    EXPECT_EQ(judge_and_store(*store, batches[static_cast<std::size_t>(i)]).kind, Kind::kStore);
  const LedgerRow row = test::ledger(path_).at(0);
  EXPECT_EQ(row.missing_sum(), 0U);
  EXPECT_EQ(row.made, test::types(1, 60));
  EXPECT_EQ(row.made, row.held);
  EXPECT_EQ(stored(), 60U);
}

TEST_F(StoreTest, OtherContentUnderKnownNumbersIsRefused) {
  auto store = open();
  judge_and_store(*store, sensor_.batch(1, 10));
  judge_and_store(*store, sensor_.batch(11, 10));
  EXPECT_EQ(judge_and_store(*store, test::Sensor().seal(1, 10, test::records(101, 10))).kind, Kind::kRefused);
}

TEST_F(StoreTest, TheLedgerSaysWhatIsMissingAndWhy) {
  test::Sensor sensor("plant-7", 5, v1::LANE_FLOW);
  auto store = open();
  judge_and_store(*store, sensor.batch(1, 10));
  judge_and_store(*store, sensor.gap(11, 20, v1::GAP_SPOOL_FULL));
  sensor.batch(31, 10);
  judge_and_store(*store, sensor.batch(41, 10));
  const LedgerRow row = test::ledger(path_).at(0);
  EXPECT_EQ(row.through, 50U);
  EXPECT_EQ(row.missing.at("spool full"), test::types(11, 20));
  EXPECT_EQ(row.missing.at("unknown"), test::types(31, 10));
  EXPECT_FALSE(row.unsigned_numbers.contains("spool full"));
  EXPECT_EQ(row.unsigned_numbers.at("unknown"), 10U) << "what this collector concludes";
  EXPECT_EQ(row.newest_ns, 1'700'000'041'000'000'000U);
}

TEST_F(StoreTest, AfterASecondDamageTheSensorGoesOnToo) {
  test::Sensor sensor("plant-7", 1, v1::LANE_FLOW);
  judge_and_store(*open(), sensor.batch(1, 10));
  auto damaged = sensor;
  judge_and_store(*open(),
                  sensor.batch(11, 10));  // its acknowledgement was lost, and then the sensor's spool
  EXPECT_EQ(judge_and_store(*open(), damaged.gap(11, 10, v1::GAP_SPOOL_DAMAGED)).kind, Kind::kStore);
  auto again = damaged;
  judge_and_store(*open(), damaged.batch(21, 10));  // and once more
  const Verdict v = judge_and_store(*open(), again.gap(21, 12, v1::GAP_SPOOL_DAMAGED));
  EXPECT_EQ(v.kind, Kind::kStore) << v.why;
  EXPECT_EQ(judge_and_store(*open(), again.batch(33, 5)).kind, Kind::kStore);
  const LedgerRow row = test::ledger(path_).at(0);
  EXPECT_EQ(row.through, 37U);
  EXPECT_EQ(row.made, test::types(1, 37));
  EXPECT_EQ(row.missing_sum(), 2U);
}

TEST_F(StoreTest, KeepsSensorsBootsAndLanesApart) {
  auto store = open();
  test::Sensor other("plant-8"), reboot("plant-7", 99), lane("plant-7", 99, v1::LANE_ALERT);
  for (test::Sensor* s : {&sensor_, &other, &reboot, &lane})
    EXPECT_EQ(judge_and_store(*store, s->batch(1, 3)).kind, Kind::kStore);
  EXPECT_EQ(stored(), 12U);
  EXPECT_EQ(test::ledger(path_).size(), 4U);
}

TEST_F(StoreTest, APoisonedRecordIsRejectedAlone) {
  auto store = open();
  std::string content = test::records(1, 2);
  append_delimited(as_bytes("\xff\xff\xff"), content);
  v1::Event nameless = test::event(4);
  nameless.set_event_type(std::string(65, 'x'));
  append_delimited(as_bytes(nameless.SerializeAsString()), content);
  std::string no_text = test::event(5).SerializeAsString();
  no_text.replace(no_text.find("flow"), 4, "\xff\xfe\xfd\xfc");
  append_delimited(as_bytes(no_text), content);
  std::vector<Rejected> rejected;
  EXPECT_EQ(judge_and_store(*store, sensor_.seal(1, 5, content), test::bury_in(rejected)).kind, Kind::kStore);
  ASSERT_EQ(rejected.size(), 3U);
  EXPECT_EQ(rejected[0].seq, 3U);
  EXPECT_EQ(rejected[0].record, "\xff\xff\xff");
  EXPECT_EQ(rejected[1].seq, 4U);
  EXPECT_EQ(stored(), 2U);
  const LedgerRow row = test::ledger(path_).at(0);
  EXPECT_EQ(row.rejected, 3U);
  EXPECT_EQ(row.made.at(std::string(kNoType)), 3U);
}

/// A batch of a hundred bytes may hold a million of them, so they are buried some at a time.
TEST_F(StoreTest, ManyPoisonedRecordsTakeLittleMemory) {
  constexpr std::uint32_t kRecords = 100'000;
  auto store = open();
  std::string content;
  for (std::uint32_t i = 0; i < kRecords; ++i) append_delimited({}, content);
  std::size_t buried = 0, most_at_once = 0;
  const Bury bury = [&](std::span<const Rejected> some) {
    buried += some.size();
    most_at_once = std::max(most_at_once, some.size());
    return Status(Done{});
  };
  EXPECT_EQ(judge_and_store(*store, sensor_.seal(1, kRecords, content), bury).kind, Kind::kStore);
  EXPECT_EQ(buried, kRecords);
  EXPECT_LE(most_at_once, 8192U);
  EXPECT_EQ(test::ledger(path_).at(0).rejected, kRecords);
}

TEST_F(StoreTest, KeepsTypesThatItDoesNotKnow) {
  v1::Event e = test::event(1);
  e.set_event_type("quantum\"; DROP TABLE flow; --");
  std::string content;
  append_delimited(as_bytes(e.SerializeAsString()), content);
  auto store = open();
  EXPECT_EQ(judge_and_store(*store, sensor_.seal(1, 1, content)).kind, Kind::kStore);
  EXPECT_EQ(stored(), 1U);
  EXPECT_EQ(lines(ask({.store = path_, .type = "other", .json = true})), 1U);
}

/// Of a sensor that is newer than this collector: made = held + missing, by type.
TEST_F(StoreTest, TheLedgerNamesTypesThatItDoesNotKnow) {
  test::Sensor newer("plant-7", 1, v1::LANE_TRANSACTION);
  std::string content = test::records(4, 3);  // two flows, an alert
  for (const char* type : {"quantum", "quantum", "entangled"}) {
    v1::Event e = test::event(4);
    e.set_event_type(type);
    append_delimited(as_bytes(e.SerializeAsString()), content);
  }
  auto store = open();
  EXPECT_EQ(judge_and_store(*store, newer.gap(1, 3, v1::GAP_SPOOL_FULL)).kind, Kind::kStore);
  EXPECT_EQ(judge_and_store(*store, newer.seal(4, 6, content)).kind, Kind::kStore);
  const LedgerRow row = test::ledger(path_).at(0);
  EXPECT_EQ(row.held, (TypeCounts{{"alert", 1}, {"entangled", 1}, {"flow", 2}, {"quantum", 2}}));
  EXPECT_EQ(row.made, plus(row.held, row.missing.at("spool full")));
}

TEST_F(StoreTest, SaysWhyItCannotBeOpened) {
  const auto missing = Store::open({"/no/such/folder/store.db"});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/no/such/folder/store.db"), std::string::npos);
  EXPECT_FALSE(Store::open({"/dev/null/x"}));
}

TEST_F(StoreTest, AStoreOfTheFirstVersionIsRefusedAndLeftAlone) {
  {
    auto db = Db::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    ASSERT_TRUE(
        db.value().run("CREATE TABLE \"_chain\" (sensor TEXT); CREATE TABLE \"_received\" (sensor TEXT)"));
  }
  const auto store = Store::open({path_});
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("the first version of picket-collector"), std::string::npos)
      << store.error().message;
  std::string error;
  ask({.store = path_}, &error);
  EXPECT_NE(error.find("the first version"), std::string::npos) << error;
}

TEST_F(StoreTest, AFileThatIsLockedStoresNothingAndMayBeTriedAgain) {
  auto store = open();
  auto other = Db::open(path_, SQLITE_OPEN_READWRITE);
  ASSERT_TRUE(other.value().run("BEGIN IMMEDIATE")) << "another writer holds the file";
  const CheckedBatch c = test::checked(sensor_.batch(1, 3));
  auto v = judge(std::nullopt, c, [](std::uint64_t) { return std::optional<Held>(); });
  v.value().deliver->records = c.records;
  const std::vector<std::shared_ptr<const Delivery>> one{v.value().deliver};
  const Status locked = store->store(one, test::bury_none());
  ASSERT_FALSE(locked);
  EXPECT_NE(locked.error().message.find("locked"), std::string::npos) << locked.error().message;
  ASSERT_TRUE(other.value().run("ROLLBACK"));
  EXPECT_TRUE(store->store(one, test::bury_none()));
  EXPECT_EQ(stored(), 3U);
}

/// A process that stores batches one after the other is killed; what it had acknowledged is there, each record once.
TEST_F(StoreTest, SurvivesKillAtAnyMoment) {
  std::mt19937 random(7);
  test::Sensor sensor("plant-7", 5, v1::LANE_FLOW);
  std::vector<v1::Batch> batches;
  for (std::uint64_t n = 1; n < 2000; n += 20) batches.push_back(sensor.batch(n, 20));
  { open(); }
  std::size_t acknowledged = 0;
  for (int round = 0; round < 12; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Store::open({path_});
      for (std::size_t i = 0; store && i < batches.size(); ++i) {
        if (judge_and_store(*store.value(), batches[i]).kind == Kind::kRefused) ::_exit(2);
        if (::write(pipe[1], "x", 1) != 1) ::_exit(3);
      }
      ::_exit(0);
    }
    ::close(pipe[1]);
    std::size_t acks = 0;
    const std::size_t until = 1 + random() % batches.size();
    char c;
    while (acks < until && ::read(pipe[0], &c, 1) == 1) ++acks;
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &c, 1) == 1) ++acks;
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(pipe[0]);
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
    acknowledged = std::max(acknowledged, acks);
    const LedgerRow row = test::ledger(path_).at(0);
    EXPECT_GE(row.through, 20 * acknowledged);
    EXPECT_EQ(row.made, row.held);
    EXPECT_EQ(stored(), row.through);
  }
}

TEST_F(StoreTest, ADamagedFileIsAnErrorAndNoCrash) {
  {
    auto store = open();
    for (std::uint64_t n = 1; n < 2000; n += 200) judge_and_store(*store, sensor_.batch(n, 200));
  }
  std::mt19937 random(3);
  std::ifstream in(path_, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  unsigned told = 0;
  for (int i = 0; i < 30; ++i) {
    std::string damaged = whole;
    for (int k = 0; k < 200; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    if (i % 3 == 0) damaged.resize(random() % damaged.size());
    std::ofstream(path_, std::ios::binary) << damaged;
    std::string error;
    ask({.store = path_, .json = true}, &error);
    told += error.empty() ? 0U : 1U;
    auto store = Store::open({path_});
    if (!store) {
      EXPECT_NE(store.error().message.find(path_), std::string::npos);
      continue;
    }
    (void)store.value()->head(sensor_.id());
    (void)store.value()->expire(~0ULL >> 1);
  }
  EXPECT_GT(told, 10U);
}

TEST(KeySet, KeysThatSomebodyChoseCostNoMoreThanOthers) {
  std::mt19937_64 random(1);
  KeySet plain, chosen;
  for (std::uint64_t n = 1; n <= 4000; ++n) {
    plain.add(random() | 1);
    chosen.add(n << 40 | 0x123456789 | 1);  // alike in the bits that a table looks at
  }
  EXPECT_EQ(chosen.size(), plain.size());
  EXPECT_LT(chosen.probes(), 20 * plain.probes());
  EXPECT_LT(plain.probes(), 3 * plain.size());
}

// ---- retention ----

TEST_F(StoreTest, WhatWasStoredTooLongAgoGoesAndIsCounted) {
  auto store = open({path_, std::chrono::hours(24)});
  const auto first = sensor_.batch(1, 30);
  judge_and_store(*store, first);
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() /
                                              std::chrono::nanoseconds(1));
  constexpr std::uint64_t kHour = 3'600'000'000'000;
  ASSERT_TRUE(expire_all(*store, now + 23 * kHour));
  EXPECT_EQ(stored(), 30U) << "records of 2023 that came today stay";
  ASSERT_TRUE(expire_all(*store, now + 25 * kHour));
  EXPECT_EQ(stored(), 0U);
  EXPECT_EQ(test::ledger(path_).at(0).expired, test::types(1, 30));
  EXPECT_EQ(judge_and_store(*store, first).kind, Kind::kKnown) << "what expired is not taken again";
  EXPECT_EQ(judge_and_store(*store, sensor_.batch(31, 3)).kind, Kind::kStore);
  EXPECT_EQ(stored(), 3U);
}

TEST_F(StoreTest, KnowsASensorByItsNewestStatistics) {
  auto store = open({path_, std::chrono::hours(24)});
  const auto says = [&](std::uint64_t first, const char* version, std::uint32_t epoch) {
    return sensor_.seal(first, 1, test::statistics(version, epoch));
  };
  const auto state = [&] { return test::ledger(path_).at(0).state; };
  judge_and_store(*store, sensor_.batch(1, 3));
  EXPECT_FALSE(state());
  const auto early = says(4, "0.1.0", 1);
  judge_and_store(*store, says(5, "0.2.0", 2));
  ASSERT_TRUE(state());
  EXPECT_EQ(state()->version, "0.2.0");
  EXPECT_EQ(judge_and_store(*store, early).kind, Kind::kStore);
  EXPECT_EQ(state()->rules_epoch, 2U) << "what comes late is no news";
  const std::string two = test::statistics("0.3.0", 3) + test::statistics("0.3.0", 4);
  judge_and_store(*store, sensor_.seal(6, 2, two));
  EXPECT_EQ(state()->rules_epoch, 4U);
  ASSERT_TRUE(expire_all(*store, std::numeric_limits<std::int64_t>::max()));
  ASSERT_EQ(stored(), 0U);
  ASSERT_TRUE(state());
  EXPECT_EQ(state()->version, "0.3.0") << "that outlives the record";
  judge_and_store(*store, says(8, std::string(65, '1').c_str(), 5));
  EXPECT_EQ(state()->version, "") << "no version is so long";
  EXPECT_EQ(state()->rules_epoch, 5U);
}

TEST_F(StoreTest, AStoreThatKnowsNoStatesIsRead) {
  judge_and_store(*open(), sensor_.batch(1, 3));
  auto db = Db::open(path_, SQLITE_OPEN_READWRITE);
  ASSERT_TRUE(db.value().run(R"(DROP TABLE "_state")"));
  EXPECT_FALSE(test::ledger(path_).at(0).state);
  judge_and_store(*open(), sensor_.seal(4, 1, test::statistics("0.2.0", 1)));
  EXPECT_TRUE(test::ledger(path_).at(0).state);
}

TEST_F(StoreTest, WhatIsBeyondTheSizeGoesOldestFirst) {
  std::mt19937_64 random(1);
  auto store = open({path_, {}, std::uint64_t{4} << 20});
  const std::uint64_t empty = 2'000'000;
  std::uint64_t n = 1;
  for (int i = 0; i < 60; ++i, n += 50) {
    judge_and_store(*store, large_batch(n, 50, random));
  }
  ASSERT_TRUE(expire_all(*store, 1));
  const LedgerRow row = test::ledger(path_).at(0);
  EXPECT_GT(sum(row.expired), 100U);
  EXPECT_GT(sum(row.held), (4'000'000 - empty) / 2200 / 2) << "no more than has to";
  EXPECT_EQ(row.made, plus(row.held, row.expired));
  const std::string left = ask({.store = path_, .json = true});
  EXPECT_EQ(left.find("\"flow_id\":1,"), std::string::npos);
  EXPECT_NE(left.find("\"flow_id\":3000,"), std::string::npos);
}

TEST_F(StoreTest, GapsOfOneSensorTakeNoRecordsOfAnothers) {
  constexpr std::uint64_t kLimit = std::uint64_t{2} << 20;
  std::mt19937_64 random(1);
  auto store = open({path_, {}, kLimit});
  std::uint64_t n = 1;
  const auto store_records = [&](unsigned batches) {
    for (unsigned i = 0; i < batches; ++i, n += 50) judge_and_store(*store, large_batch(n, 50, random));
  };
  const auto row = [&] { return test::ledger(path_).at(1); };
  store_records(4);
  std::vector<std::shared_ptr<const Delivery>> gaps;
  for (std::uint64_t seq = 1; seq <= 6'000; ++seq) {
    Delivery d;
    d.chain = {"plant-6", 1, v1::LANE_FLOW};
    Missing& m = d.missing.emplace_back();
    m.first = m.last = d.after.through = seq;
    m.reason = v1::GAP_SPOOL_FULL;
    for (int type = 0; type < 10; ++type) m.types["type-" + std::to_string(type)] = 1;
    gaps.push_back(std::make_shared<const Delivery>(std::move(d)));
  }
  ASSERT_TRUE(store->store(gaps, test::bury_none()));
  const Status first = expire_all(*store, 1);
  ASSERT_FALSE(first);
  EXPECT_NE(first.error().message.find("the ledger"), std::string::npos);
  EXPECT_EQ(sum(row().held), 200U);
  EXPECT_EQ(sum(row().expired), 0U);
  store_records(20);
  EXPECT_FALSE(expire_all(*store, 1));
  EXPECT_LT(sum(row().held), kLimit / 3 / 2000) << "a quarter, about";
  EXPECT_GT(sum(row().held), kLimit / 6 / 2000);
  EXPECT_NE(ask({.store = path_, .json = true}).find("\"flow_id\":1200,"), std::string::npos);
}

TEST_F(StoreTest, ExpiresForALittleWhileAtATime) {
  auto store = open({path_, std::chrono::seconds(1), 0, std::chrono::milliseconds(0)});
  std::vector<std::shared_ptr<const Delivery>> all;
  constexpr std::uint64_t kBlocks = 300;
  for (std::uint64_t n = 1; n <= kBlocks; ++n) {
    Delivery d;
    d.chain = {"plant-" + std::to_string(n), 1, v1::LANE_FLOW};
    d.first_seq = 1;
    d.count = 1;
    d.records = test::records(1, 1);
    d.after.through = 1;
    all.push_back(std::make_shared<const Delivery>(std::move(d)));
  }
  ASSERT_TRUE(store->store(all, test::bury_none()));
  int calls = 0;
  for (bool is_done = false; !is_done; ++calls) {
    const std::uint64_t before = stored();
    const auto part = store->expire(~0ULL >> 1);
    ASSERT_TRUE(part) << part.error().message;
    is_done = part.value();
    EXPECT_TRUE(is_done || stored() < before) << "each call gets on";
  }
  EXPECT_GT(calls, 2);
  EXPECT_EQ(stored(), 0U);
  EXPECT_EQ(store->expired(), all.size());
}

/// No type's records are all of a batch; some batches are stored alone, some together, some into a hole.
TEST_F(StoreTest, BatchesGoWithTheirRecords) {
  test::Sensor sensor("plant-7", 5, v1::LANE_FLOW);
  std::vector<v1::Batch> batches;
  for (std::uint64_t n = 1; n < 331; n += 11) batches.push_back(sensor.batch(n, 11));
  auto store = open({path_, std::chrono::seconds(1)});
  for (int i = 0; i < 10; ++i) judge_and_store(*store, batches[static_cast<std::size_t>(i)]);
  std::optional<ChainHead> head = store->head(sensor.id()).value();
  std::vector<std::shared_ptr<const Delivery>> together;
  for (const int i : {12, 13, 15, 10, 11, 16, 14}) {
    const CheckedBatch c = test::checked(batches[static_cast<std::size_t>(i)]);
    auto v = judge(head, c, [&](std::uint64_t) { return std::optional<Held>(); });
    ASSERT_EQ(v.value().kind, Kind::kStore) << i << v.value().why;
    head = v.value().deliver->after;
    v.value().deliver->records = c.records;
    together.push_back(v.value().deliver);
  }
  ASSERT_TRUE(store->store(together, test::bury_none()));
  EXPECT_EQ(batch_rows(), 17);
  EXPECT_EQ(stored(), 17U * 11);
  EXPECT_EQ(lines(ask({.store = path_, .type = "alert", .json = true})), 17U * 11 / 3);
  ASSERT_TRUE(expire_all(*store, ~0ULL >> 1));
  EXPECT_EQ(batch_rows(), 0);
  EXPECT_EQ(stored(), 0U);
  EXPECT_EQ(test::ledger(path_).at(0).expired, test::types(1, 17 * 11));
  for (int i = 0; i < 17; ++i)
    EXPECT_EQ(judge_and_store(*store, batches[static_cast<std::size_t>(i)]).kind, Kind::kKnown) << i;
  EXPECT_EQ(judge_and_store(*store, batches[17]).kind, Kind::kStore);
}

TEST_F(StoreTest, ABatchOfWhichNothingIsKeptLeavesNothing) {
  std::string content;
  for (int i = 0; i < 3; ++i) append_delimited(as_bytes("\xff\xff\xff"), content);
  const v1::Batch poison = sensor_.seal(1, 3, content), good = sensor_.batch(4, 3);
  std::vector<Rejected> rejected;
  auto store = open({path_, std::chrono::seconds(1)});
  EXPECT_EQ(judge_and_store(*store, poison, test::bury_in(rejected)).kind, Kind::kStore);
  judge_and_store(*store, good);
  EXPECT_EQ(batch_rows(), 1);
  ASSERT_TRUE(expire_all(*store, ~0ULL >> 1));
  EXPECT_EQ(batch_rows(), 0);
  EXPECT_EQ(judge_and_store(*store, poison).kind, Kind::kKnown);
  EXPECT_EQ(test::ledger(path_).at(0).rejected, 3U);
}

TEST_F(StoreTest, UnknownTypesExpireByTheirOwnName) {
  v1::Event e = test::event(1);
  e.set_event_type("quantum");
  std::string content;
  append_delimited(as_bytes(e.SerializeAsString()), content);
  auto store = open({path_, std::chrono::seconds(1)});
  judge_and_store(*store, sensor_.seal(1, 1, content));
  ASSERT_TRUE(expire_all(*store, ~0ULL >> 1));
  EXPECT_EQ(test::ledger(path_).at(0).expired, (TypeCounts{{"quantum", 1}}));
}

}  // namespace
}  // namespace picket::collector
