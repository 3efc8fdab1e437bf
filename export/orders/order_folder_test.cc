// Orders as they are signed, cut into parts, refused, kept and found again.
#include "export/orders/order_folder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "export/orders/test_support.h"
#include "tests/support/failing_readdir.h"

namespace picket {
namespace {

using namespace test;
namespace fs = std::filesystem;

class OrderFolderTest : public OrdersTest {
 protected:
  void SetUp() override { open(); }
  void open() {
    folder_.reset();
    auto opened = OrderFolder::open({path("orders"), keys_file(), "plant-7", limits_});
    ASSERT_TRUE(opened) << opened.error().message;
    folder_ = std::move(opened).value();
  }
  /// All parts; the error when one is refused.
  Status receive(const std::vector<v1::Order>& parts) {
    auto incoming = folder_->begin(parts.at(0));
    if (!incoming) return incoming.error();
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (const Status s = incoming.value()->take(parts[i]); !s) return s;
    }
    if (!incoming.value()->whole()) return Error{"not whole"};
    const auto staged = folder_->stage(std::move(incoming).value());
    if (!staged) return staged.error();
    EXPECT_TRUE(staged.value()) << "in use already";
    return Done{};
  }
  /// Receives and accepts.
  Status use(const std::vector<v1::Order>& parts) {
    if (const Status s = receive(parts); !s) return s;
    return folder_->accept({1, 3, 1, {"line 4: bad"}});
  }
  std::string why(const std::vector<v1::Order>& parts) {
    const Status s = receive(parts);
    return s ? "" : s.error().message;
  }
  std::string content(const char* name = "et") { return slurp(folder_->file(v1::ORDER_RULES, name)); }
  std::size_t incoming_files() {
    std::size_t n = 0;
    for (const auto& e : fs::directory_iterator(path("orders")))
      n += e.path().filename().string().starts_with("incoming.");
    return n;
  }

  OrderLimits limits_;
  std::unique_ptr<OrderFolder> folder_;
};

TEST_F(OrderFolderTest, ASetIsTakenUsedAndFoundAgain) {
  ASSERT_TRUE(use(order(5, "first")));
  EXPECT_EQ(content(), "first");
  ASSERT_TRUE(use(order(6, "second")));
  EXPECT_EQ(content(), "second");
  const auto before = folder_->states();
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].id(), 6U);
  EXPECT_EQ(before[0].loaded(), 3U);
  EXPECT_EQ(before[0].problems(0), "line 4: bad");
  open();
  EXPECT_EQ(content(), "second");
  const auto after = folder_->states();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].id(), 6U);
  EXPECT_EQ(after[0].sha256(), before[0].sha256());
  EXPECT_LE(after[0].at(), before[0].at() + 1'000'000'000);
  EXPECT_NE(after[0].at(), 0U);
  EXPECT_EQ(folder_->names(v1::ORDER_RULES), std::vector<std::string>{"et"});
}

TEST_F(OrderFolderTest, EveryKindOfKey) {
  for (const char* kind : {"ed25519", "p256", "p384"}) {
    make_keys(kind);
    open();
    EXPECT_EQ(why(order(1, "x", kind)), "") << kind;
    folder_->reject("not now", {});
  }
}

TEST_F(OrderFolderTest, AKeyTakesOverFromAnother) {
  ASSERT_TRUE(use(order(1, "by the old one", "a")));
  const std::string old_keys = slurp(keys_file());
  make_keys("ed25519");
  const std::string new_keys = slurp(keys_file());
  spill(keys_file(), old_keys + new_keys);
  open();
  EXPECT_EQ(content("a"), "by the old one");
  ASSERT_TRUE(use(order(1, "by the new one", "b")));
  spill(keys_file(), new_keys);  // without a restart, too
  open();
  EXPECT_FALSE(fs::exists(folder_->file(v1::ORDER_RULES, "a"))) << "its key is no longer trusted";
  EXPECT_EQ(content("b"), "by the new one");
  bool said = false;
  for (const auto& s : folder_->states()) said |= s.name() == "a" && !s.refused().empty();
  EXPECT_TRUE(said);
}

TEST_F(OrderFolderTest, KeysThatCannotBeUsedAreSaid) {
  for (const char* text : {"", "no PEM"}) {
    spill(keys_file(), text);
    const auto opened = OrderFolder::open({path("orders"), keys_file(), "plant-7", {}});
    ASSERT_FALSE(opened) << text;
    EXPECT_NE(opened.error().message.find(keys_file()), std::string::npos);
  }
  const auto none = OrderFolder::open({path("orders"), "", "plant-7", {}});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("orders.key"), std::string::npos);
}

TEST_F(OrderFolderTest, AFolderThatCannotBeListedIsNotUsed) {
  folder_.reset();
  const test::FailingReaddir failing(path("orders"));
  const auto opened = OrderFolder::open({path("orders"), keys_file(), "plant-7", {}});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find(path("orders")), std::string::npos) << opened.error().message;
}

TEST_F(OrderFolderTest, WhatWasChangedIsRefused) {
  const auto good = order(5, "content");
  const auto with_head = [&](const std::function<void(v1::OrderHead&)>& change) {
    auto parts = good;
    v1::OrderHead head;
    EXPECT_TRUE(head.ParseFromString(parts[0].head()));
    change(head);
    parts[0].set_head(head.SerializeAsString());
    parts[0].set_id(head.id());
    return parts;
  };
  const std::string unsigned_text = "none of the keys";
  EXPECT_NE(why(with_head([](auto& h) { h.set_name("other"); })).find(unsigned_text), std::string::npos);
  EXPECT_NE(why(with_head([](auto& h) { h.set_kind(v1::ORDER_INDICATORS); })).find(unsigned_text),
            std::string::npos);
  EXPECT_NE(why(with_head([](auto& h) { h.set_id(6); })).find(unsigned_text), std::string::npos);
  EXPECT_NE(why(with_head([](auto& h) { h.add_sensors("plant-8"); })).find(unsigned_text), std::string::npos);
  EXPECT_NE(why(with_head([](auto& h) { h.set_withdrawn(true); })).find(unsigned_text), std::string::npos);
  auto parts = good;
  parts[0].set_signature("");
  EXPECT_NE(why(parts).find(unsigned_text), std::string::npos);
  parts = good;
  parts[0].mutable_signature()->back() ^= 1;
  EXPECT_NE(why(parts).find(unsigned_text), std::string::npos);
  parts = good;
  parts[0].set_content(order(5, "Content")[0].content());
  EXPECT_NE(why(parts).find("not what was signed"), std::string::npos);
  parts[0].set_content(order(5, "content and more")[0].content());
  EXPECT_NE(why(parts), "");
  parts[0].set_content("no zstd");
  EXPECT_NE(why(parts).find("zstd"), std::string::npos);
  parts = good;
  parts[0].set_id(7);
  EXPECT_NE(why(parts).find("number"), std::string::npos);
  make_keys("ed25519");  // another key, in the file and for the next order
  EXPECT_NE(why(good).find(unsigned_text), std::string::npos);
  EXPECT_TRUE(folder_->states().empty());
  EXPECT_EQ(incoming_files(), 0U);
}

TEST_F(OrderFolderTest, TheSignatureOfABareHeadIsNone) {
  // Without the words in front: what the key may have signed for other ends.
  auto parts = order(5, "content");
  parts[0].set_signature(raw_signature(parts[0].head()));
  EXPECT_NE(why(parts).find("none of the keys"), std::string::npos);
}

TEST_F(OrderFolderTest, PartsComeOneAfterTheOther) {
  std::mt19937_64 random(1);
  std::string big(2 * OrderLimits::kPartBytes + 12345, '\0');
  for (char& c : big) c = static_cast<char>(random());
  const auto good = order(5, big);
  ASSERT_EQ(good.size(), 3U);
  EXPECT_EQ(why({good[0], good[2], good[1]}), "part 2 where part 1 belongs");
  EXPECT_EQ(why({good[0], good[1], good[1]}), "part 1 where part 2 belongs");
  EXPECT_EQ(why({good[0], good[1]}), "not whole");
  EXPECT_NE(why({good[1], good[2]}), "");
  EXPECT_EQ(why({good[0], order(6, big)[1]}), "a part of another order");
  auto parts = good;
  parts[2].mutable_content()->resize(parts[2].content().size() / 2);
  EXPECT_NE(why(parts).find("zstd"), std::string::npos);
  parts = good;
  parts.push_back(good[2]);
  EXPECT_EQ(why(parts), "a part after its last one");
  EXPECT_EQ(incoming_files(), 0U) << "nothing is left of what was refused";
  ASSERT_TRUE(use(good));
  EXPECT_EQ(content(), big);
  open();
  EXPECT_EQ(content(), big);
}

TEST_F(OrderFolderTest, NumbersRise) {
  ASSERT_TRUE(use(order(5, "five")));
  EXPECT_NE(why(order(5, "five again")).find("not above 5"), std::string::npos);
  EXPECT_NE(why(order(4, "four")).find("not above 5"), std::string::npos);
  EXPECT_EQ(content(), "five");
  open();  // the memory outlives the run
  EXPECT_NE(why(order(4, "four")).find("not above 5"), std::string::npos);
  ASSERT_TRUE(use(order(1, "another set has its own numbers", "local")));
  EXPECT_EQ(content("local"), "another set has its own numbers");
}

TEST_F(OrderFolderTest, WhatIsInUseIsNotRefusedWhenItComesAgain) {
  for (const auto& parts : {order(5, "five"), withdrawal(6)}) {
    auto slower = folder_->begin(parts[0]);  // as a second collector sends it
    ASSERT_TRUE(slower && slower.value() && slower.value()->whole());
    ASSERT_TRUE(use(parts));
    const auto staged = folder_->stage(std::move(slower).value());
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_FALSE(staged.value());
    for (int restarts = 0; restarts < 2; ++restarts) {
      const auto again = folder_->begin(parts[0]);
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(again.value(), nullptr);
      open();
    }
  }
  EXPECT_NE(why(order(6, "")).find("not above 6"), std::string::npos) << "it withdraws nothing";
  EXPECT_EQ(incoming_files(), 0U);
}

TEST_F(OrderFolderTest, AWithdrawnSetStaysWithdrawn) {
  ASSERT_TRUE(use(order(5, "five")));
  ASSERT_TRUE(use(withdrawal(6)));
  EXPECT_FALSE(fs::exists(folder_->file(v1::ORDER_RULES, "et")));
  open();
  EXPECT_FALSE(fs::exists(folder_->file(v1::ORDER_RULES, "et")));
  EXPECT_NE(why(order(5, "five")).find("not above 6"), std::string::npos);
  EXPECT_TRUE(folder_->names(v1::ORDER_RULES).empty());
  ASSERT_EQ(folder_->states().size(), 1U);
  EXPECT_TRUE(folder_->states()[0].withdrawn());
  ASSERT_TRUE(use(order(7, "seven")));
  EXPECT_EQ(content(), "seven");
}

TEST_F(OrderFolderTest, AnOrderForOthersIsRefused) {
  EXPECT_EQ(why(order(5, "x", "et", {"plant-8"})), "it is for other sensors");
  EXPECT_TRUE(use(order(5, "x", "et", {"plant-8", "plant-7"})));
}

TEST_F(OrderFolderTest, AnOrderForOthersIsNotFoundAgain) {
  ASSERT_TRUE(use(order(5, "x", "et", {"plant-7"})));
  ASSERT_TRUE(use(order(5, "for all", "local")));
  const auto copied = std::move(OrderFolder::open({path("orders"), keys_file(), "plant-8", {}})).value();
  EXPECT_FALSE(fs::exists(copied->file(v1::ORDER_RULES, "et")));
  EXPECT_EQ(slurp(copied->file(v1::ORDER_RULES, "local")), "for all");
  EXPECT_EQ(copied->names(v1::ORDER_RULES), std::vector<std::string>{"local"});
  ASSERT_EQ(copied->states().size(), 2U);
  EXPECT_NE(copied->states()[0].refused().find("it is for other sensors"), std::string::npos);
}

TEST_F(OrderFolderTest, TooLargeIsSaidBeforeAnythingIsWritten) {
  limits_.content_bytes = 10;
  open();
  EXPECT_NE(why(order(5, "eleven bytes")).find("orders.max-size"), std::string::npos);
  EXPECT_EQ(why(order(5, "ten bytes.")), "");
}

TEST_F(OrderFolderTest, ASetThatIsRejectedLeavesTheFormerOne) {
  ASSERT_TRUE(use(order(5, "five")));
  ASSERT_TRUE(receive(order(6, "six")));
  EXPECT_EQ(content(), "six") << "to be tried";
  folder_->reject("every rule is wrong", {0, 0, 2, {"line 1"}});
  EXPECT_EQ(content(), "five");
  const auto states = folder_->states();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].id(), 5U);
  EXPECT_EQ(states[1].id(), 6U);
  EXPECT_EQ(states[1].refused(), "every rule is wrong");
  EXPECT_EQ(states[1].rejected(), 2U);
  ASSERT_TRUE(receive(order(6, "six", "new")));
  folder_->reject("likewise", {});
  EXPECT_FALSE(fs::exists(folder_->file(v1::ORDER_RULES, "new")));
  open();
  EXPECT_EQ(content(), "five");
  EXPECT_EQ(folder_->states().size(), 1U) << "a refusal holds as long as the sensor runs";
  ASSERT_TRUE(use(order(6, "six"))) << "and the number may come again";
}

TEST_F(OrderFolderTest, WhoLoadsMeanwhileFindsASet) {
  const std::string big(std::size_t{16} << 20, 'x');  // takes a while to reach the disk
  ASSERT_TRUE(use(order(1, "one")));
  std::atomic<bool> ended{false};
  std::size_t missed = 0;
  std::thread reloads([&, file = folder_->file(v1::ORDER_RULES, "et")] {
    while (!ended) missed += ::access(file.c_str(), R_OK) != 0 ? 1 : 0;
  });
  EXPECT_TRUE(use(order(2, big)));
  for (std::uint64_t id = 3; id < 20; ++id) {
    EXPECT_TRUE(receive(order(id, "next")));
    folder_->reject("not now", {});
  }
  ended = true;
  reloads.join();
  EXPECT_EQ(missed, 0U);
  EXPECT_EQ(content(), big);
  EXPECT_FALSE(fs::exists(path("orders/former")));
}

TEST_F(OrderFolderTest, AnEndBetweenWriteAndUseLeavesTheFormerOne) {
  ASSERT_TRUE(use(order(5, "five")));
  ASSERT_TRUE(receive(order(6, "six")));
  // What a killed process leaves: everything as it stands now.
  fs::copy(path("orders"), path("crashed"), fs::copy_options::recursive);
  auto again = OrderFolder::open({path("crashed"), keys_file(), "plant-7", {}});
  ASSERT_TRUE(again);
  EXPECT_EQ(slurp(again.value()->file(v1::ORDER_RULES, "et")), "five");
  for (const auto& e : fs::directory_iterator(path("crashed")))
    EXPECT_TRUE(e.path().filename() == "et.rules.order" || e.path().filename() == "in-use") << e.path();
}

TEST_F(OrderFolderTest, WhatIsKeptIsCheckedAgain) {
  ASSERT_TRUE(use(order(5, "five")));
  const std::string file = path("orders/et.rules.order"), good = slurp(file);
  spill(folder_->file(v1::ORDER_RULES, "et"), "changed by hand");
  open();
  EXPECT_EQ(content(), "five") << "only the signed order counts";
  for (std::size_t cut : {std::size_t{0}, std::size_t{1}, good.size() / 2, good.size() - 1}) {
    spill(file, good.substr(0, cut));
    open();
    EXPECT_FALSE(fs::exists(folder_->file(v1::ORDER_RULES, "et"))) << cut;
    ASSERT_EQ(folder_->states().size(), 1U) << cut;
    EXPECT_NE(folder_->states()[0].refused(), "") << cut;
  }
  fs::rename(file, path("orders/other.rules.order"));
  spill(path("orders/other.rules.order"), good);
  open();
  EXPECT_FALSE(fs::exists(folder_->file(v1::ORDER_RULES, "other")))
      << "a file under another name is not its set";
  ASSERT_TRUE(use(order(5, "five"))) << "what was damaged may come again";
}

TEST_F(OrderFolderTest, NothingOlderTakesThePlaceOfWhatDoesNotHold) {
  ASSERT_TRUE(use(order(6, "second")));
  const std::string file = path("orders/et.rules.order");
  std::string kept = slurp(file);
  kept[kept.size() - 3] ^= 1;  // of its content
  spill(file, kept);
  open();
  ASSERT_TRUE(folder_->names(v1::ORDER_RULES).empty());
  EXPECT_EQ(folder_->states().at(0).id(), 0U);  // so that collectors send it again
  EXPECT_NE(why(order(5, "first")).find("5 is not above 6"), std::string::npos);
  EXPECT_NE(why(order(6, "another")).find("6 is not above 6"), std::string::npos);
  ASSERT_TRUE(use(order(6, "second")));
  EXPECT_EQ(content(), "second");
  spill(file, kept);
  open();
  ASSERT_TRUE(use(order(7, "third")));
  // Its key is gone.
  make_keys("p256");
  open();
  EXPECT_NE(why(order(6, "second")).find("6 is not above 7"), std::string::npos);
  ASSERT_TRUE(use(order(8, "fourth")));
}

TEST_F(OrderFolderTest, ASetThatSaysNothingIsRefused) {
  ASSERT_TRUE(use(order(1, "first")));
  const std::string long_comment = "# " + std::string(OrderLimits::kPartBytes, 'x');
  for (const std::string& nothing :
       {std::string(), std::string("\n \t\r\n"), std::string("# alert tcp\n\n"), long_comment})
    EXPECT_NE(why(order(2, nothing)).find("withdraw it"), std::string::npos) << nothing.size();
  EXPECT_EQ(content(), "first");
  ASSERT_TRUE(use(order(2, long_comment + "\n alert")));
  ASSERT_TRUE(use(withdrawal(3)));
}

/// No descriptor is left for the folder: the file is renamed, and that is all.
TEST_F(OrderFolderTest, WhatARestartFindsIsInUseThoughItsFolderCannotBeSynced) {
  ASSERT_TRUE(use(order(5, "five")));
  ASSERT_TRUE(receive(order(6, "six")));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const Status accepted = folder_->accept({});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(accepted) << accepted.error().message;
  EXPECT_EQ(folder_->states().at(0).id(), 6U);
  open();
  EXPECT_EQ(folder_->states().at(0).id(), 6U);
}

TEST_F(OrderFolderTest, SetsAreBounded) {
  for (std::size_t i = 0; i < OrderLimits::kSets; ++i)
    ASSERT_TRUE(use(order(1, "x", "s" + std::to_string(i))));
  EXPECT_NE(why(order(1, "x", "one-more")).find("64 sets"), std::string::npos);
  EXPECT_TRUE(use(order(2, "y", "s0")));
}

TEST_F(OrderFolderTest, NamesOfSetsAreNamesOfFiles) {
  for (const char* good : {"et", "0", "et-open_1.2"}) EXPECT_TRUE(is_set_name(good)) << good;
  for (const char* bad : {"", ".", "..", "-x", "_notice", "a/b", "A", "a b", "\xc3\xa4"})
    EXPECT_FALSE(is_set_name(bad)) << bad;
  EXPECT_FALSE(is_set_name(std::string(65, 'a')));
}

TEST_F(OrderFolderTest, ThePatternAlwaysFitsAFile) {
  EXPECT_TRUE(fs::exists(path("orders/in-use/_notice.rules")));
  EXPECT_TRUE(fs::exists(path("orders/in-use/_notice.indicators")));
  EXPECT_EQ(folder_->pattern(v1::ORDER_RULES), path("orders/in-use/*.rules"));
}

}  // namespace
}  // namespace picket
