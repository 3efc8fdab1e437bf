// Files on their way into a store: each promise of intake.h and intake_order.h.
#include "export/collector/intake.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <thread>

#include "export/batch_file.h"
#include "export/collector/intake_order.h"
#include "export/collector/test_support.h"
#include "tests/support/log.h"

namespace picket::collector {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kRun = "01700000000000000000";
constexpr const char* kLaterRun = "01700000009000000000";

std::string file_of(std::initializer_list<v1::Batch> batches) {
  BatchFileWriter file;
  for (const v1::Batch& b : batches) file.add(b);
  return std::move(file).finish();
}

void write(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A store behind a door that a test may close.
class DoorSink final : public Sink {
 public:
  struct Door {
    std::mutex mutex;
    std::condition_variable changed;
    bool closed = false;
    unsigned waiting = 0;
    std::atomic<unsigned> asked{0}, stored{0};  ///< calls of head() and store()
    void set(bool to) {
      const std::lock_guard lock(mutex);
      closed = to;
      changed.notify_all();
    }
    void wait_for_somebody() {
      std::unique_lock lock(mutex);
      EXPECT_TRUE(changed.wait_for(lock, 30s, [&] { return waiting != 0; }));
    }
  };
  DoorSink(std::unique_ptr<Sink> to, Door& door) : Sink(to->name()), to_(std::move(to)), door_(door) {}
  Result<std::optional<ChainHead>> head(const ChainId& chain) override {
    ++door_.asked;
    return to_->head(chain);
  }
  Result<std::optional<Held>> held(const ChainId& chain, std::uint64_t seq) override {
    return to_->held(chain, seq);
  }
  Status store(std::span<const std::shared_ptr<const Delivery>> deliveries, const Bury& bury) override {
    std::unique_lock lock(door_.mutex);
    ++door_.waiting;
    ++door_.stored;
    door_.changed.notify_all();
    door_.changed.wait(lock, [&] { return !door_.closed; });
    --door_.waiting;
    lock.unlock();
    return to_->store(deliveries, bury);
  }

 private:
  std::unique_ptr<Sink> to_;
  DoorSink::Door& door_;
};

class IntakeTest : public ::testing::Test {
 protected:
  IntakeTest() {
    options_.folder = folder_.file("in");
    options_.patience = 60s;
  }
  ~IntakeTest() override {
    door_.set(false);
    end();
  }

  void begin() {
    auto store = Store::open(StoreOptions{folder_.file("store.db")});
    ASSERT_TRUE(store) << store.error().message;
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::make_unique<DoorSink>(std::move(store).value(), door_));
    router_ = std::make_unique<Router>(std::move(sinks), dead_letters_, router_options_);
    auto opened = Intake::open(options_, *router_);
    ASSERT_TRUE(opened) << opened.error().message;
    intake_ = std::move(opened).value();
  }
  void end() {
    intake_.reset();
    router_.reset();
  }
  /// Looks until there is nothing left to do at this time.
  void look() {
    if (intake_ == nullptr) begin();
    const auto until = std::chrono::steady_clock::now() + 30s;
    for (bool idle = false; !idle && std::chrono::steady_clock::now() < until; std::this_thread::yield()) {
      const bool was_empty = router_->held_bytes() == 0;
      idle = !intake_->poll(now_) && was_empty;
    }
  }
  void look_after(std::chrono::seconds time) {
    now_ += time;
    look();
  }

  [[nodiscard]] static std::string name(std::uint64_t number, const char* run = kRun) {
    return BatchFileName{run, number}.text();
  }
  [[nodiscard]] fs::path in(const std::string& name) const { return fs::path(options_.folder) / name; }
  [[nodiscard]] fs::path done(const std::string& name) const { return in("done") / name; }
  [[nodiscard]] fs::path refused(const std::string& name) const { return in("refused") / name; }
  void put(std::uint64_t number, const std::string& content) { write(in(name(number)), content); }
  [[nodiscard]] std::string said() const { return log_.text(); }
  [[nodiscard]] std::size_t said(const std::string& what) const {
    std::size_t n = 0;
    const std::string all = said();
    for (std::size_t at = 0; (at = all.find(what, at)) != std::string::npos; ++at) ++n;
    return n;
  }
  /// Records and missing numbers of all chains.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> held() const {
    std::pair<std::uint64_t, std::uint64_t> all;
    for (const LedgerRow& row : test::ledger(folder_.file("store.db"))) {
      all.first += sum(row.held);
      all.second += row.missing_sum();
    }
    return all;
  }
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  [[nodiscard]] IntakeState state() const { return intake_->state(); }

  test::Folder folder_;
  picket::test::Log log_;
  IntakeOptions options_;
  RouterOptions router_options_;
  DoorSink::Door door_;
  DeadLetters dead_letters_{"", 0};
  std::unique_ptr<Router> router_;
  std::unique_ptr<Intake> intake_;
  Intake::Clock::time_point now_ = Intake::Clock::now();
  test::Sensor sensor_{"plant-7", 7, v1::LANE_FLOW};
};

TEST_F(IntakeTest, TakesFilesAndPutsThemAway) {
  put(1, file_of({sensor_.batch(1, 5), sensor_.batch(6, 5)}));
  put(2, file_of({sensor_.batch(11, 10)}));
  put(3, file_of({}));
  look();
  EXPECT_EQ(held(), Pair(20, 0));
  for (int n = 1; n <= 3; ++n) {
    EXPECT_FALSE(fs::exists(in(name(n)))) << n;
    EXPECT_TRUE(fs::exists(done(name(n)))) << n;
  }
  EXPECT_EQ(state().taken, 3U);
  EXPECT_EQ(state().waiting, 0U);
  EXPECT_EQ(state().refused, 0U);
  EXPECT_EQ(router_->tally().state().batches[static_cast<std::size_t>(BatchFate::kStored)], 3U);
}

TEST_F(IntakeTest, TakesWhatComesTwiceOnce) {
  const std::string first = file_of({sensor_.batch(1, 5)}), second = file_of({sensor_.batch(6, 5)});
  put(1, first);
  put(2, second);
  look();
  put(1, first);
  write(in(name(1, kLaterRun)), second);
  look();
  EXPECT_EQ(held(), Pair(10, 0));
  EXPECT_EQ(state().taken, 4U);
  EXPECT_EQ(state().refused, 0U);
}

TEST_F(IntakeTest, IsPutAwayWhenEveryDurableSinkHasIt) {
  put(1, file_of({sensor_.batch(1, 5), sensor_.batch(6, 5)}));
  begin();
  door_.set(true);
  intake_->poll(now_);
  door_.wait_for_somebody();
  for (int i = 0; i < 3; ++i) intake_->poll(now_);
  EXPECT_TRUE(fs::exists(in(name(1))));
  EXPECT_EQ(state().taken, 0U);
  EXPECT_EQ(state().waiting, 1U);
  EXPECT_GT(state().oldest, 0ns);
  door_.set(false);
  look();
  EXPECT_TRUE(fs::exists(done(name(1))));
  EXPECT_EQ(held(), Pair(10, 0));
}

TEST_F(IntakeTest, WhatOneLookFindsIsStoredTogether) {
  for (std::uint64_t n = 1; n <= 20; ++n)
    put(n, file_of({sensor_.batch(10 * n - 9, 5), sensor_.batch(10 * n - 4, 5)}));
  begin();
  door_.set(true);
  intake_->poll(now_);
  door_.wait_for_somebody();
  door_.set(false);
  look();
  EXPECT_EQ(held(), Pair(200, 0));
  EXPECT_LE(door_.stored, 2U) << "those at the door, and all the others";
  EXPECT_EQ(door_.asked, 1U);
  put(21, file_of({sensor_.batch(201, 5)}));
  look();
  EXPECT_EQ(held(), Pair(205, 0));
  EXPECT_EQ(door_.asked, 2U) << "files may have been at another collector meanwhile";
}

TEST_F(IntakeTest, AFileThatComesAgainWhileItIsStoredIsReadAgain) {
  put(1, file_of({sensor_.batch(1, 5)}));
  begin();
  door_.set(true);
  intake_->poll(now_);
  door_.wait_for_somebody();
  const std::string other = file_of({sensor_.batch(6, 7)});
  write(in("other"), other);
  fs::rename(in("other"), in(name(1)));
  door_.set(false);
  look();
  EXPECT_EQ(held(), Pair(12, 0));
  EXPECT_EQ(read(done(name(1))), other);
}

TEST_F(IntakeTest, WaitsForAMissingFileAndThenTellsIt) {
  const std::string first = file_of({sensor_.batch(1, 5)}), second = file_of({sensor_.batch(6, 5)}),
                    third = file_of({sensor_.batch(11, 5)}), fourth = file_of({sensor_.batch(16, 5)});
  put(1, first);
  put(3, third);
  look();
  EXPECT_EQ(held(), Pair(5, 0));
  look_after(59s);
  put(4, fourth);
  look();
  EXPECT_EQ(held(), Pair(5, 0));
  EXPECT_EQ(state().waiting, 2U);
  EXPECT_EQ(state().missing, 0U);
  look_after(1s);
  EXPECT_EQ(held(), Pair(15, 5)) << "files 3 and 4 in one go: 4 misses nothing itself";
  EXPECT_EQ(state().missing, 1U);
  EXPECT_EQ(said("file 2 of '01700000000000000000' did not come within 60 s"), 1U) << said();
  put(2, second);
  look();
  EXPECT_EQ(held(), Pair(20, 0));
  EXPECT_EQ(state().missing, 0U);
  EXPECT_EQ(state().late, 1U);
  EXPECT_EQ(state().refused, 0U);
}

TEST_F(IntakeTest, AFileInTimeNeedsNoGap) {
  const std::string first = file_of({sensor_.batch(1, 5)}), second = file_of({sensor_.batch(6, 5)});
  put(2, second);
  look();
  EXPECT_EQ(test::ledger(folder_.file("store.db")).size(), 0U);
  put(1, first);
  look();
  EXPECT_EQ(held(), Pair(10, 0));
  EXPECT_EQ(said("missing"), 0U) << said();
  EXPECT_EQ(router_->tally().state().sensors.at("plant-7").lanes.at(v1::LANE_FLOW).found, 0U);
}

TEST_F(IntakeTest, AFileThatIsStillWrittenIsNotTakenHalf) {
  const std::string whole = file_of({sensor_.batch(1, 5), sensor_.batch(6, 5)});
  for (std::size_t n = 0; n < whole.size(); n += 97) {
    put(1, whole.substr(0, n));
    look_after(59s);  // again and again, longer than patience: for it grows
    ASSERT_TRUE(fs::exists(in(name(1)))) << n;
  }
  EXPECT_EQ(test::ledger(folder_.file("store.db")).size(), 0U);
  put(1, whole);
  look();
  EXPECT_EQ(held(), Pair(10, 0));
  EXPECT_TRUE(fs::exists(done(name(1))));
}

TEST_F(IntakeTest, AFileThatHasItsSizeFromTheBeginningIsNotTakenHalf) {
  const std::string whole = file_of({sensor_.batch(1, 5), sensor_.batch(6, 5)});
  std::string reserved = whole;
  std::fill(reserved.begin() + 40, reserved.end(), '\0');
  put(1, reserved);
  look_after(59s);
  EXPECT_TRUE(fs::exists(in(name(1))));
  put(1, whole);
  look_after(59s);
  EXPECT_EQ(held(), Pair(10, 0));
}

TEST_F(IntakeTest, AFileThatStaysCutIsRefusedAfterPatience) {
  const std::string whole = file_of({sensor_.batch(1, 5)});
  put(1, whole.substr(0, 100));
  put(2, file_of({sensor_.batch(6, 5)}));
  look();
  look_after(59s);
  EXPECT_TRUE(fs::exists(in(name(1))));
  look_after(1s);
  EXPECT_EQ(read(refused(name(1))), whole.substr(0, 100));
  EXPECT_NE(read(refused(name(1) + ".reason")).find("ends after 100 bytes"), std::string::npos);
  EXPECT_EQ(state().refused, 1U);
  EXPECT_EQ(held(), Pair(5, 5)) << "what comes behind goes on";
  put(1, whole);
  look();
  EXPECT_EQ(held(), Pair(10, 0)) << "sent again it fills the gap";
}

TEST_F(IntakeTest, WhatIsNoFileOfBatchesIsRefusedWithItsReason) {
  std::string random(5000, '\0'), damaged = file_of({sensor_.batch(1, 5)}), version = damaged;
  for (std::size_t i = 0; i < random.size(); ++i) random[i] = static_cast<char>(i * 7919 >> 3);
  damaged[50] = static_cast<char>(damaged[50] ^ 1);
  version[15] = '7';
  v1::Batch lane = sensor_.batch(6, 5);
  lane.set_lane(static_cast<v1::Lane>(77));
  v1::Batch touched = sensor_.batch(11, 5);
  touched.set_count(4);
  BatchFileWriter unreadable;
  v1::Batch broken;
  broken.set_sensor("\xff\xfe");  // no UTF-8, which Protobuf's parser refuses
  unreadable.add(broken);
  options_.max_file_bytes = 100'000;
  const std::pair<std::string, const char*> kFiles[] = {
      {random, "no file of batches"},
      {"", "ends after 0 bytes"},
      {damaged, "checksum"},
      {version, "another version than 1"},
      {file_of({lane}), "lane 77 is not known"},
      {file_of({touched}), "5 whole records where the batch says 4"},
      {std::move(unreadable).finish(), "cannot be read"},
      {std::string(100'001, 'x'), "100000 is the limit"},
  };
  std::uint64_t n = 0;
  for (const auto& [content, why] : kFiles) put(++n, content);
  look();
  look_after(60s);
  n = 0;
  for (const auto& [content, why] : kFiles) {
    const std::string reason = read(refused(name(++n) + ".reason"));
    EXPECT_NE(reason.find(why), std::string::npos) << n << ": " << reason;
    EXPECT_EQ(read(refused(name(n))).size(), content.size()) << n;
  }
  EXPECT_EQ(state().refused, n);
  EXPECT_EQ(state().taken, 0U);
  EXPECT_EQ(test::ledger(folder_.file("store.db")).size(), 0U);
}

TEST_F(IntakeTest, ABatchThatIsRefusedTakesNoneOfItsNeighboursWithIt) {
  test::Sensor other("plant-8", 8, v1::LANE_ALERT), forged = sensor_;
  const v1::Batch first = sensor_.batch(1, 5), second = sensor_.batch(6, 5);
  forged.set_chain(BatchHash{1, 2, 3});
  put(1, file_of({first, forged.batch(6, 5), other.batch(1, 3), second}));
  look();
  EXPECT_EQ(held(), Pair(13, 0));
  EXPECT_TRUE(fs::exists(refused(name(1))));
  const std::string reason = read(refused(name(1) + ".reason"));
  EXPECT_NE(reason.find("sensor 'plant-7'"), std::string::npos) << reason;
  EXPECT_NE(reason.find("does not follow what is here"), std::string::npos) << reason;
  EXPECT_EQ(state().refused, 1U);
  EXPECT_EQ(router_->tally().state().batches[static_cast<std::size_t>(BatchFate::kChain)], 1U);
}

/// Two damages of a spool and what was delivered of it before, all in one commit.
TEST_F(IntakeTest, GapsOverWhatIsHereFollowOneAnother) {
  const v1::Batch first = sensor_.batch(1, 10);
  test::Sensor damaged = sensor_;
  const v1::Batch second = sensor_.batch(11, 10), gap = damaged.gap(11, 10, v1::GAP_SPOOL_DAMAGED);
  test::Sensor again = damaged;
  const v1::Batch third = damaged.batch(21, 10), last_gap = again.gap(21, 12, v1::GAP_SPOOL_DAMAGED);
  put(1, file_of({first, second, gap, third, last_gap, again.batch(33, 5)}));
  look();
  EXPECT_EQ(held(), Pair(35, 2));
  EXPECT_EQ(state().refused, 0U);
}

TEST_F(IntakeTest, ABatchThatWouldGrowIsRefusedBeforeItIsParsed) {
  v1::Batch grows = sensor_.batch(1, 1);
  for (int i = 0; i < 10'000; ++i) grows.add_before();
  put(1, file_of({grows}));
  look();
  EXPECT_EQ(read(refused(name(1) + ".reason")), "one of its batches cannot be read\n");
}

TEST_F(IntakeTest, EachSubfolderIsASensorsOwn) {
  test::Sensor other("plant-8", 8, v1::LANE_ALERT);
  write(in("plant-7/" + name(1)), file_of({sensor_.batch(1, 5)}));
  write(in("plant-8/" + name(1)), file_of({other.batch(1, 5)}));
  write(in("plant-8/" + name(2)), "nothing");
  look();
  look_after(60s);
  EXPECT_EQ(held(), Pair(10, 0));
  EXPECT_TRUE(fs::exists(done("plant-7." + name(1))));
  EXPECT_TRUE(fs::exists(done("plant-8." + name(1))));
  EXPECT_TRUE(fs::exists(refused("plant-8." + name(2) + ".reason")));
}

TEST_F(IntakeTest, LeavesEverythingElseAloneAndTellsItOnce) {
  begin();
  const std::string whole = file_of({sensor_.batch(1, 5)});
  write(folder_.file("elsewhere"), whole);
  fs::create_symlink(folder_.file("elsewhere"), in(name(1)));
  fs::create_directory_symlink("/etc", in("linked"));
  ASSERT_EQ(::mkfifo(in(name(2)).c_str(), 0600), 0);
  write(in("notes.txt"), "notes");
  write(in(name(3) + ".part"), whole);
  fs::create_directories(in("sub/deeper"));
  write(in("sub/deeper/" + name(1)), whole);
  look();
  EXPECT_EQ(said("left alone"), 0U) << "it may be a name on the way to another";
  for (int i = 0; i < 3; ++i) look_after(60s);
  EXPECT_EQ(said("left alone"), 6U) << said();
  EXPECT_EQ(said("is a link"), 2U);
  EXPECT_EQ(said("no regular file"), 1U);
  EXPECT_EQ(said("another name"), 2U);
  EXPECT_EQ(state().others, 6U);
  EXPECT_EQ(state().taken + state().refused, 0U);
  EXPECT_TRUE(fs::is_symlink(in(name(1))));
  EXPECT_TRUE(fs::is_fifo(in(name(2))));
  EXPECT_TRUE(fs::exists(in("sub/deeper/" + name(1))));
}

TEST_F(IntakeTest, WhatCannotBePutAwayHoldsUpNobodyAndIsReadOnce) {
  // What a subfolder that may not be written to does for others than root: they stay where they are.
  constexpr std::uint64_t kStuck = Intake::kMaxTaking + 10;
  test::Sensor stuck("plant-8", 7, v1::LANE_FLOW);
  for (std::uint64_t n = 1; n <= kStuck; ++n) {
    write(in("bad/" + name(n)), file_of({stuck.batch(n, 1)}));
    fs::create_directories(done("bad." + name(n)));
  }
  write(in("bad/" + name(kStuck + 1)), "no batches");
  fs::create_directories(refused("bad." + name(kStuck + 1)));
  for (std::uint64_t n = 1; n <= 3; ++n) {
    write(in("good/" + name(n)), file_of({sensor_.batch(5 * n - 4, 5)}));
    look_after(60s);
    EXPECT_FALSE(fs::exists(in("good/" + name(n)))) << n;
    EXPECT_TRUE(fs::exists(done("good." + name(n)))) << n;
  }
  EXPECT_EQ(state().taken, 3U);
  EXPECT_EQ(held(), Pair(15 + kStuck, 0));
  EXPECT_NE(state().trouble, "");
  EXPECT_LE(said("cannot be moved"), 2U) << said();
  EXPECT_EQ(said("works again"), 0U);
  EXPECT_EQ(router_->tally().state().batches[static_cast<std::size_t>(BatchFate::kKnown)], 0U)
      << "none was read again";
  fs::remove_all(in("done"));
  fs::remove_all(in("refused"));
  fs::create_directory(in("done"));
  fs::create_directory(in("refused"));
  look();
  EXPECT_EQ(state().taken, 3 + kStuck);
  EXPECT_EQ(state().refused, 1U);
  EXPECT_TRUE(fs::is_empty(in("bad")));
  EXPECT_EQ(state().trouble, "");
}

TEST_F(IntakeTest, KnowsAfterARestartWhatItHas) {
  const std::string third = file_of({sensor_.batch(1, 5)});
  put(2, third);
  look();
  look_after(60s);
  EXPECT_EQ(state().missing, 1U);
  end();
  put(3, file_of({sensor_.batch(6, 5)}));
  look();
  EXPECT_EQ(held(), Pair(10, 0)) << "it did not wait for files 1 and 2";
  EXPECT_EQ(state().missing, 1U);
}

TEST_F(IntakeTest, WhatWasOnItsWayAtTheEndIsTakenByTheNext) {
  put(1, file_of({sensor_.batch(1, 5), sensor_.batch(6, 5)}));
  put(2, file_of({sensor_.batch(11, 5)}));
  begin();
  door_.set(true);
  intake_->poll(now_);
  door_.wait_for_somebody();
  intake_.reset();
  door_.set(false);
  router_.reset();
  EXPECT_TRUE(fs::exists(in(name(1))));
  look();
  EXPECT_EQ(held(), Pair(15, 0));
  EXPECT_TRUE(fs::exists(done(name(1))));
  EXPECT_TRUE(fs::exists(done(name(2))));
}

TEST_F(IntakeTest, HoldsNoMoreThanTheRouterHasRoomFor) {
  router_options_.max_bytes = 8000;
  for (std::uint64_t n = 1; n <= 20; ++n) put(n, file_of({sensor_.batch(5 * n - 4, 5)}));
  begin();
  door_.set(true);
  intake_->start();
  door_.wait_for_somebody();
  EXPECT_LE(router_->held_bytes(), router_options_.max_bytes);
  EXPECT_GT(state().oldest + 1ns, 0ns);
  door_.set(false);
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (state().taken < 20 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  intake_->stop();
  EXPECT_EQ(held(), Pair(100, 0));
}

TEST_F(IntakeTest, StopsWhileItWaitsForRoom) {
  router_options_.max_bytes = 1;
  for (std::uint64_t n = 1; n <= 3; ++n) put(n, file_of({sensor_.batch(5 * n - 4, 5)}));
  begin();
  door_.set(true);
  intake_->start();
  door_.wait_for_somebody();
  intake_->stop();
  EXPECT_TRUE(fs::exists(in(name(3))));
}

TEST_F(IntakeTest, KeepsAsMuchOfWhatIsDoneAsItMay) {
  options_.done_max_bytes = 0;
  put(1, file_of({sensor_.batch(1, 5)}));
  look();
  EXPECT_TRUE(fs::is_empty(in("done")));
  EXPECT_FALSE(fs::exists(in(name(1))));
  EXPECT_EQ(state().taken, 1U);
  end();
  options_.done_max_bytes = 3000;
  for (std::uint64_t n = 2; n <= 20; ++n) {
    put(n, file_of({sensor_.batch(5 * n - 4, 5)}));
    look();
  }
  std::uint64_t bytes = 0;
  for (const auto& e : fs::directory_iterator(in("done"))) bytes += e.file_size();
  EXPECT_GT(bytes, 0U);
  EXPECT_LE(bytes, 3000U);
  EXPECT_TRUE(fs::exists(done(name(20))));
  EXPECT_EQ(held(), Pair(100, 0));
}

TEST_F(IntakeTest, KeepsAsMuchOfWhatIsRefusedAsItMayAndCountsTheRest) {
  options_.refused_max_bytes = 10'000;
  options_.patience = 0s;
  for (std::uint64_t n = 1; n <= 20; ++n) {
    put(n, std::string(1000, 'x'));
    look();
  }
  std::uint64_t bytes = 0;
  for (const auto& e : fs::directory_iterator(in("refused"))) bytes += e.file_size();
  EXPECT_LE(bytes, 10'000U);
  EXPECT_EQ(state().refused, 20U);
  EXPECT_GE(state().removed, 10U);
  EXPECT_GE(said("is full"), 1U) << said();
}

TEST_F(IntakeTest, AFolderIsOneCollectorsOwn) {
  begin();
  const auto second = Intake::open(options_, *router_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("in use by another"), std::string::npos);
  write(folder_.file("plain"), "");
  options_.folder = folder_.file("plain");
  const auto no_folder = Intake::open(options_, *router_);
  ASSERT_FALSE(no_folder);
  EXPECT_EQ(no_folder.error().message.find("intake.folder: '"), 0U) << no_folder.error().message;
}

TEST_F(IntakeTest, TellsTroubleOnceAndWhenItIsOver) {
  begin();
  fs::rename(options_.folder, folder_.file("away"));
  for (int i = 0; i < 3; ++i) look();
  EXPECT_EQ(said("cannot be listed"), 1U) << said();
  EXPECT_NE(state().trouble, "");
  fs::rename(folder_.file("away"), options_.folder);
  look();
  EXPECT_EQ(state().trouble, "");
  EXPECT_EQ(said("works again"), 1U) << said();
}

TEST(IntakeOrder, KnowsWhatIsMissingAndKeepsIt) {
  const test::Folder folder;
  const IntakeRun run{kRun, "plant 7"}, other{kRun, ""};
  {
    IntakeOrder order(folder.file("state"));
    EXPECT_EQ(order.next(run), 1U);
    EXPECT_FALSE(order.passed(run, 1));
    order.skip_to(run, 10);
    EXPECT_EQ(order.missing(), 8U);
    EXPECT_FALSE(order.passed(run, 10));
    EXPECT_TRUE(order.passed(run, 5));
    EXPECT_FALSE(order.passed(run, 5)) << "twice";
    EXPECT_TRUE(order.passed(run, 2));
    EXPECT_TRUE(order.passed(run, 9));
    EXPECT_EQ(order.missing(), 5U);
    EXPECT_FALSE(order.passed(other, 4)) << "whoever passes is in turn";
    ASSERT_TRUE(order.save());
  }
  IntakeOrder order(folder.file("state"));
  EXPECT_EQ(order.next(run), 11U);
  EXPECT_EQ(order.next(other), 5U);
  EXPECT_EQ(order.missing(), 5U + 3U);
  for (const std::uint64_t n : {3, 4, 6, 7, 8}) EXPECT_TRUE(order.passed(run, n)) << n;
  EXPECT_EQ(order.missing(), 3U);
}

TEST(IntakeOrder, IsBounded) {
  const test::Folder folder;
  IntakeOrder order(folder.file("state"));
  const IntakeRun run{kRun, ""};
  for (std::uint64_t n = 2; n <= 4 * IntakeOrder::kMaxMissing; n += 2) {
    order.skip_to(run, n);
    order.passed(run, n);
  }
  EXPECT_EQ(order.missing(), IntakeOrder::kMaxMissing);
  EXPECT_FALSE(order.passed(run, 1)) << "the oldest is forgotten";
  for (std::size_t i = 0; i < IntakeOrder::kMaxRuns + 5; ++i) order.passed({fmt::format("{:020}", i), ""}, 1);
  ASSERT_TRUE(order.save());
  std::ifstream in(folder.file("state"));
  EXPECT_EQ(std::count(std::istreambuf_iterator<char>(in), {}, '\n'),
            static_cast<std::ptrdiff_t>(IntakeOrder::kMaxRuns));
}

TEST(IntakeOrder, WhoInventsNamesForgetsHisOwn) {
  const test::Folder folder;
  IntakeOrder order(folder.file("state"));
  for (std::size_t i = 0; i < 10; ++i) order.passed({kRun, fmt::format("plant {}", i)}, 7);
  for (std::size_t i = 0; i < IntakeOrder::kMaxRuns + 5; ++i)
    order.passed({fmt::format("9{:019}", i), "plant 3"}, 1);
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_EQ(order.next({kRun, fmt::format("plant {}", i)}), i == 3 ? 1U : 8U) << i;
  ASSERT_TRUE(order.save());
  EXPECT_EQ(IntakeOrder(folder.file("state")).next({kRun, "plant 9"}), 8U);
  order.passed({kRun, "a new one"}, 7);
  EXPECT_EQ(order.next({kRun, "a new one"}), 8U) << "there is room for others";
}

TEST(IntakeOrder, LeavesOutWhatItCannotRead) {
  const test::Folder folder;
  write(folder.file("state"),
        std::string("\0\xff garbage\n", 11) + kRun + " x /\n" + kRun + " 7 9-3 2-3 /sub\n/\n");
  const IntakeOrder order(folder.file("state"));
  EXPECT_EQ(order.next({kRun, ""}), 1U);
  EXPECT_EQ(order.next({kRun, "sub"}), 7U);
  EXPECT_EQ(order.missing(), 2U);
  EXPECT_EQ(IntakeOrder("/nowhere/state").next({kRun, ""}), 1U);
}

}  // namespace
}  // namespace picket::collector
