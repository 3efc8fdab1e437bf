// What a collector is told of ordered sets of indicators is what all of them together left of each.
#include "sensor/orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "export/orders/test_support.h"

namespace picket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kMemcap = 100'000;

class OrderedIndicatorsTest : public test::OrdersTest {
 protected:
  OrderedIndicatorsTest() {
    config_.memcap_bytes = kMemcap;
    config_.watch_s = 0;
    open();
  }
  /// As at a start.
  void open() {
    reloader_.reset();
    indicators_.reset();
    auto opened = OrderFolder::open({path("orders"), keys_file(), "plant-7", {}});
    ASSERT_TRUE(opened) << opened.error().message;
    folder_ = std::move(opened).value();
    if (config_.files.empty() || config_.files.back() != folder_->pattern(v1::ORDER_INDICATORS))
      config_.files.push_back(folder_->pattern(v1::ORDER_INDICATORS));
    auto first = load_indicators(config_);
    ASSERT_TRUE(first) << first.error().message;
    indicators_.emplace(*folder_, first.value());
    intel_.offer(std::move(first).value().set);
    reloader_.emplace(config_, intel_, [this](const LoadedIndicators& l) { return indicators_->judge(l); });
  }
  static std::string domains(const std::string& word, unsigned n) {
    std::string text = "indicator\ttype\n";
    for (unsigned i = 0; i < n; ++i) text += word + std::to_string(i) + ".example\tdomain\n";
    return text;
  }
  Status reload() {
    std::promise<Status> done;
    reloader_->order("test", [&done](const Result<std::uint32_t>& r) {
      done.set_value(r ? Status(Done{}) : Status(r.error()));
    });
    return done.get_future().get();
  }
  /// As OrderClient does it.
  Status apply(const std::string& name, const std::string& text) {
    v1::OrderHead head;
    head.set_id(++id_);
    head.set_kind(v1::ORDER_INDICATORS);
    head.set_name(name);
    head.set_withdrawn(text.empty());
    const auto parts = parts_of(head, text);
    auto incoming = folder_->begin(parts.at(0));
    if (!incoming) return incoming.error();
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (Status s = incoming.value()->take(parts[i]); !s) return s;
    }
    if (const auto staged = folder_->stage(std::move(incoming).value()); !staged) return staged.error();
    indicators_->begin_trial(name);
    const Status loaded = reload();
    indicators_->end_trial(name);
    if (loaded) return folder_->accept(indicators_->of(name));
    folder_->reject(loaded.error().message, indicators_->of(name));
    return loaded;
  }
  v1::SetState state(const std::string& name) {
    for (const v1::SetState& s : folder_->states()) {
      if (s.name() == name && s.refused().empty()) return s;
    }
    ADD_FAILURE() << name << " is not in use";
    return {};
  }
  static std::vector<std::string> problems(const v1::SetState& s) {
    return {s.problems().begin(), s.problems().end()};
  }
  static std::string no_room(std::uint64_t n) {
    return std::to_string(n) + " indicators found no room in intel.memcap (100000 bytes)";
  }

  IntelConfig config_;
  Intel intel_;
  std::unique_ptr<OrderFolder> folder_;
  std::optional<OrderedIndicators> indicators_;
  std::optional<IndicatorReloader> reloader_;
  std::uint64_t id_ = 0;
};

TEST_F(OrderedIndicatorsTest, ASetThatFitsAloneIsToldAsFarAsItFindsRoomBesideOthers) {
  ASSERT_TRUE(apply("a", domains("first", 2500)));
  EXPECT_EQ(state("a").loaded(), 2500U);
  EXPECT_EQ(state("a").rejected(), 0U);
  ASSERT_TRUE(apply("b", domains("second", 2500) + "x\tnonsense\n"));
  const v1::SetState b = state("b");
  EXPECT_GT(b.loaded(), 0U);
  EXPECT_LT(b.loaded(), 2500U);
  EXPECT_EQ(b.loaded() + b.rejected(), 2501U);
  EXPECT_THAT(problems(b), ElementsAre(no_room(2500 - b.loaded()), HasSubstr("b.indicators:2502: type ")));
  open();
  EXPECT_EQ(state("a").loaded(), 2500U);
  EXPECT_EQ(state("b").loaded(), b.loaded());
  EXPECT_THAT(problems(state("b")), ElementsAre(no_room(2500 - b.loaded()), HasSubstr("b.indicators:2502")));
}

TEST_F(OrderedIndicatorsTest, AFolderWithoutASetHasNothingToComplainOf) {
  const auto loaded = load_indicators(config_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded.value().set->size(), 0U);
  EXPECT_THAT(indicator_problems(loaded.value()), IsEmpty());
}

TEST_F(OrderedIndicatorsTest, ASetThatLosesItsRoomToAnotherIsToldAnew) {
  ASSERT_TRUE(apply("b", domains("second", 2500)));
  EXPECT_EQ(state("b").rejected(), 0U);
  ASSERT_TRUE(apply("a", domains("first", 2500)));
  EXPECT_EQ(state("a").rejected(), 0U);
  EXPECT_GT(state("b").rejected(), 0U);
  EXPECT_THAT(problems(state("b")), ElementsAre(no_room(2500 - state("b").loaded())));
  ASSERT_TRUE(apply("a", ""));
  EXPECT_EQ(state("b").loaded(), 2500U);
  EXPECT_THAT(problems(state("b")), IsEmpty());
}

TEST_F(OrderedIndicatorsTest, ASetThatFindsNoRoomAtAllIsRefusedAndNothingChanges) {
  ASSERT_TRUE(apply("a", domains("first", 20000)));
  const v1::SetState a = state("a");
  EXPECT_EQ(a.loaded() + a.rejected(), 20000U);
  const Status b = apply("b", domains("second", 12));
  ASSERT_FALSE(b);
  EXPECT_EQ(b.error().message, no_room(12));
  EXPECT_EQ(state("a").loaded(), a.loaded());
  EXPECT_EQ(intel_.epoch(), 2U);
  const Status empty = apply("c", "indicator\ttype\n");
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().message, HasSubstr("--withdraw"));
}

TEST_F(OrderedIndicatorsTest, AFileOfTheConfigurationTakesRoomToo) {
  config_.files = {path("site.intel")};
  test::spill(path("site.intel"), domains("site", 10));
  open();
  ASSERT_TRUE(apply("b", domains("second", 2500)));
  EXPECT_EQ(state("b").rejected(), 0U);
  std::vector<std::uint64_t> told;
  indicators_->tell([&] { told.push_back(state("b").loaded()); });
  test::spill(path("site.intel"), domains("site", 2500));
  ASSERT_TRUE(reload());
  EXPECT_THAT(told, ElementsAre(2500U, state("b").loaded()));
  indicators_->tell([] {});
  EXPECT_THAT(problems(state("b")), ElementsAre(no_room(2500 - state("b").loaded())));
  test::spill(path("site.intel"), domains("site", 20000));
  ASSERT_TRUE(reload()) << "a set that is in use already refuses nothing";
  EXPECT_EQ(state("b").loaded(), 0U);
  EXPECT_EQ(state("b").rejected(), 2500U);
}

}  // namespace
}  // namespace picket
