#include "export/collector/store.h"

#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

using test::ask;
using test::lines;
using Kind = Appended::Kind;

class StoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    auto store = Store::open(path_);
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(store).value() : nullptr;
  }
  static Appended append(Store& store, const v1::Batch& batch) {
    const auto content = open_batch(batch, {});
    EXPECT_TRUE(content) << content.error().message;
    return store.append(batch, content.value());
  }
  std::size_t stored() const { return lines(ask({.store = path_, .json = true})); }

  test::Folder folder_;
  std::string path_ = folder_.file("store.db");
  test::Sensor sensor_;
};

TEST_F(StoreTest, KeepsEachRecordOnce) {
  auto store = open();
  const auto first = sensor_.batch(1, 10), second = sensor_.batch(11, 5);
  EXPECT_EQ(append(*store, first).kind, Kind::kStored);
  const Appended again = append(*store, first);
  EXPECT_EQ(again.kind, Kind::kKnown);
  EXPECT_EQ(again.through, 10U) << "known is as good as stored: it is acknowledged";
  EXPECT_EQ(append(*store, second).through, 15U);
  EXPECT_EQ(append(*store, first).kind, Kind::kKnown);
  EXPECT_EQ(append(*store, second).kind, Kind::kKnown);
  EXPECT_EQ(stored(), 15U);
}

TEST_F(StoreTest, RemembersAfterItWasClosed) {
  const auto first = sensor_.batch(1, 10), second = sensor_.batch(11, 5);
  (void)append(*open(), first);
  auto store = open();
  EXPECT_EQ(append(*store, first).kind, Kind::kKnown);
  EXPECT_EQ(append(*store, second).kind, Kind::kStored);
  EXPECT_EQ(stored(), 15U);
}

TEST_F(StoreTest, RefusesABatchThatDoesNotFollow) {
  auto store = open();
  (void)append(*store, sensor_.batch(1, 10));
  test::Sensor forged;
  forged.set_chain({1, 2, 3});
  const Appended refused = append(*store, forged.batch(11, 5));
  EXPECT_EQ(refused.kind, Kind::kRefused);
  EXPECT_EQ(refused.refusal, Refusal::kChain);
  EXPECT_NE(refused.why.find("previous_hash"), std::string::npos);
  EXPECT_EQ(stored(), 10U);
  EXPECT_EQ(append(*store, sensor_.batch(11, 5)).kind, Kind::kStored) << "the true one is still welcome";
}

TEST_F(StoreTest, RefusesABootThatDoesNotBeginWithZeros) {
  sensor_.set_chain({9});
  const Appended refused = append(*open(), sensor_.batch(1, 10));
  EXPECT_EQ(refused.kind, Kind::kRefused);
  EXPECT_EQ(refused.refusal, Refusal::kChain);
}

TEST_F(StoreTest, RefusesNumbersThatOverlap) {
  auto store = open();
  (void)append(*store, sensor_.batch(1, 10));
  EXPECT_EQ(append(*store, sensor_.batch(6, 10)).refusal, Refusal::kChain);
  EXPECT_EQ(stored(), 10U);
}

TEST_F(StoreTest, SaysWhatIsMissing) {
  auto store = open();
  (void)append(*store, sensor_.batch(1, 10));
  const Appended after_gap = append(*store, sensor_.batch(21, 5));
  EXPECT_EQ(after_gap.kind, Kind::kStored);
  EXPECT_NE(after_gap.remark.find("records 11 to 20"), std::string::npos) << after_gap.remark;
  EXPECT_EQ(append(*store, sensor_.batch(26, 5)).remark, "");
}

TEST_F(StoreTest, TakesABootFromTheMiddleWhenItIsNew) {
  sensor_.set_chain({7});
  const Appended taken = append(*open(), sensor_.batch(101, 5));
  EXPECT_EQ(taken.kind, Kind::kStored);
  EXPECT_NE(taken.remark.find("records 1 to 100"), std::string::npos) << taken.remark;
}

TEST_F(StoreTest, KeepsSensorsAndBootsApart) {
  auto store = open();
  test::Sensor other("plant-8"), reboot("plant-7", 99);
  EXPECT_EQ(append(*store, sensor_.batch(1, 3)).kind, Kind::kStored);
  EXPECT_EQ(append(*store, other.batch(1, 3)).kind, Kind::kStored);
  EXPECT_EQ(append(*store, reboot.batch(1, 3)).kind, Kind::kStored);
  EXPECT_EQ(stored(), 9U);
}

TEST_F(StoreTest, AMalformedRecordTakesItsWholeBatchWithIt) {
  auto store = open();
  std::string content = test::records(1, 2);
  append_delimited(as_bytes("\xff\xff\xff"), content);
  const Appended refused = append(*store, sensor_.seal(1, 3, content));
  EXPECT_EQ(refused.refusal, Refusal::kMalformed);
  EXPECT_NE(refused.why.find("record 3"), std::string::npos) << refused.why;
  EXPECT_EQ(stored(), 0U);
}

TEST_F(StoreTest, KeepsTypesThatItDoesNotKnow) {
  v1::Event e = test::event(1);
  e.set_event_type("quantum\"; DROP TABLE flow; --");
  std::string content;
  append_delimited(as_bytes(e.SerializeAsString()), content);
  auto store = open();
  EXPECT_EQ(append(*store, sensor_.seal(1, 1, content)).kind, Kind::kStored);
  EXPECT_EQ(stored(), 1U);
  EXPECT_EQ(lines(ask({.store = path_, .type = "other", .json = true})), 1U);
}

TEST_F(StoreTest, SaysWhyItCannotBeOpened) {
  const auto missing = Store::open("/no/such/folder/store.db");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/no/such/folder/store.db"), std::string::npos);
  const auto not_a_store = Store::open("/dev/null/x");
  EXPECT_FALSE(not_a_store);
}

TEST_F(StoreTest, AFileThatIsLockedIsRefusedForNowOnly) {
  auto store = open();
  auto limited = Db::open(path_, SQLITE_OPEN_READWRITE);
  ASSERT_TRUE(limited);
  ASSERT_TRUE(limited.value().run("BEGIN IMMEDIATE")) << "another writer holds the file";
  const auto batch = sensor_.batch(1, 3);
  const Appended refused = append(*store, batch);
  EXPECT_EQ(refused.kind, Kind::kRefused);
  EXPECT_EQ(refused.refusal, Refusal::kNotNow);
  ASSERT_TRUE(limited.value().run("ROLLBACK"));
  EXPECT_EQ(append(*store, batch).kind, Kind::kStored);
}

}  // namespace
}  // namespace picket::collector
