#include "export/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <thread>

namespace picket {
namespace {

/// A worker's stream that a test fills by hand.
class FakeStream final : public EventStream {
 public:
  void write(Place place, std::string_view text) {
    EventHeader h;
    h.size = static_cast<std::uint32_t>(text.size());
    h.place = place;
    waiting_.emplace_back(h, text);
  }
  void mark(Place p) { mark_ = p; }
  void end() { closed_ = true; }

  Place watermark() noexcept override { return mark_; }
  bool closed() noexcept override { return closed_; }
  bool peek(EventHeader& h, Bytes& record) noexcept override {
    if (waiting_.empty()) return false;
    h = waiting_.front().first;
    record = as_bytes(waiting_.front().second);
    return true;
  }
  void pop() noexcept override { waiting_.pop_front(); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  std::deque<std::pair<EventHeader, std::string>> waiting_;
  Place mark_;
  bool closed_ = false;
};

Place packet(std::uint64_t clock, std::uint64_t number, std::uint32_t ordinal = 0) {
  return {clock, EventKind::kPacket, number, ordinal};
}
Place timer(std::uint64_t clock, std::uint64_t number) { return {clock, EventKind::kTimer, number, 0}; }

std::string taken(Merge& m) {
  std::string all;
  EventHeader h;
  Bytes b;
  m.refill();
  while (m.next(h, b)) all += std::string(as_text(b)) + " ";
  return all;
}

TEST(Merge, WaitsUntilNoStreamCanHoldAnEarlierRecord) {
  FakeStream a, b;
  Merge m({&a, &b});
  a.write(packet(10, 1), "a10");
  a.write(packet(30, 3), "a30");
  a.mark(packet(30, 3, ~0U));
  EXPECT_EQ(taken(m), "") << "b may still write something before 10";
  b.mark(packet(20, 2, ~0U));
  EXPECT_EQ(taken(m), "a10 ");
  b.write(packet(25, 2), "b25");
  b.mark(packet(30, 2, ~0U));
  EXPECT_EQ(taken(m), "b25 ") << "b's promise is before a30's place";
  b.end();
  EXPECT_EQ(taken(m), "a30 ");
  EXPECT_FALSE(m.finished());
  a.end();
  EXPECT_EQ(taken(m), "");
  EXPECT_TRUE(m.finished());
  EXPECT_EQ(m.late(), 0U);
}

TEST(Merge, TakesARecordAtTheWatermarkItself) {
  FakeStream a, b;
  Merge m({&a, &b});
  a.write(packet(10, 1, 5), "a");
  a.mark(packet(10, 1, ~0U));
  b.mark(packet(10, 1, ~0U));
  EXPECT_EQ(taken(m), "a ");
}

TEST(Merge, SortsWhatAStreamFindsLate) {
  FakeStream a, b;
  Merge m({&a, &b});
  a.write(packet(50, 5), "packet50");
  a.write(timer(20, 1), "timeout20");  // found when the packet at 50 came
  a.mark(packet(50, 5, ~0U));
  b.write(packet(30, 3), "packet30");
  b.mark(packet(60, 6, ~0U));
  EXPECT_EQ(taken(m), "timeout20 packet30 packet50 ");
}

TEST(Merge, TimersComeBeforePacketsOfTheSameMoment) {
  FakeStream a;
  Merge m({&a});
  a.write(packet(10, 1), "packet");
  a.write(timer(10, 9), "timer");
  a.write({10, EventKind::kEnd, 0, 0}, "end");
  a.end();
  EXPECT_EQ(taken(m), "timer packet end ");
}

TEST(Merge, CountsABrokenPromise) {
  FakeStream a;
  Merge m({&a});
  a.write(packet(20, 2), "a20");
  a.mark(packet(20, 2, ~0U));
  EXPECT_EQ(taken(m), "a20 ");
  a.write(packet(10, 1), "a10");
  EXPECT_EQ(taken(m), "a10 ") << "late, but never lost";
  EXPECT_EQ(m.late(), 1U);
}

TEST(Merge, AboveItsLimitReadsOnlyWhomAllWaitFor) {
  FakeStream fast, slow;
  Merge m({&fast, &slow}, 100);
  for (unsigned i = 0; i < 3; ++i) fast.write(packet(100 + i, 100 + i), std::string(60, 'x'));
  fast.mark(packet(200, 200, ~0U));
  slow.mark(packet(1, 1, ~0U));
  m.refill();
  EXPECT_GE(m.held_bytes(), 180U);
  fast.write(packet(150, 150), "more");
  slow.write(packet(2, 2), "slow");
  slow.mark(packet(3, 3, ~0U));
  EXPECT_EQ(taken(m), "slow ");
  EXPECT_EQ(fast.waiting(), 1U) << "stays in its ring";
  slow.end();
  fast.end();
  EXPECT_NE(taken(m).find("slow"), 0U);
  (void)taken(m);
  EXPECT_EQ(fast.waiting(), 0U);
}

/// What ends with the capture comes in order from each worker: it need not all be in memory at once.
TEST(Merge, TheEndOfTheCaptureDoesNotFillTheMemory) {
  constexpr unsigned kRecords = 60'000;
  std::vector<FakeStream> streams(3);
  for (unsigned i = 1; i <= kRecords; ++i)
    streams[i % streams.size()].write({1000, EventKind::kEnd, i, 0},
                                      std::to_string(i) + std::string(1000, 'x'));
  streams[0].end();  // the others still look at their last packets
  Merge m({&streams[0], &streams[1], &streams[2]});
  std::size_t peak = 0;
  unsigned want = 1;
  for (unsigned round = 0; !m.finished() && round < 10'000; ++round) {
    m.refill();
    peak = std::max(peak, m.held_bytes());
    EventHeader h;
    Bytes b;
    while (m.next(h, b)) ASSERT_EQ(h.place.number, want++);
    if (round == 2) streams[1].end();
    if (round == 4) streams[2].end();
  }
  EXPECT_EQ(want, kRecords + 1);
  EXPECT_EQ(m.late(), 0U);
  EXPECT_LE(peak, 4 * Merge::kEndLimit) << "of " << kRecords * 1200 << " bytes";
  EXPECT_LE(m.spares(), Merge::kSpares);
}

/// The same records, however they are spread over workers, whenever they are read: the same order.
TEST(Merge, GivesOneOrderForAnyNumberOfWorkers) {
  std::mt19937 random(1);
  std::vector<std::pair<Place, std::string>> records;
  for (unsigned i = 1; i <= 2000; ++i) {
    const std::uint64_t clock = i / 3 * 10;
    for (std::uint32_t k = random() % 3; k > 0; --k)
      records.emplace_back(packet(clock, i, k), "p" + std::to_string(i) + "." + std::to_string(k));
    if (random() % 5 == 0 && clock >= 50)
      records.emplace_back(timer(clock - random() % 50, i), "t" + std::to_string(i));
  }
  std::string first;
  for (const unsigned workers : {1U, 2U, 3U, 8U}) {
    std::vector<FakeStream> streams(workers);
    std::vector<EventStream*> borrowed;
    for (auto& s : streams) borrowed.push_back(&s);
    Merge m(borrowed);
    std::string all;
    for (const auto& [place, text] : records) {
      // A flow's records stay on one worker: by the packet's number. Timeouts are promised to be at most 50
      // late.
      streams[place.number % workers].write(place, text);
      const std::uint64_t sure = place.clock_ns > 60 ? place.clock_ns - 60 : 0;
      for (auto& s : streams) {
        if (random() % 3 == 0 && packet(sure, 0) > s.watermark()) s.mark(packet(sure, 0));
      }
      if (random() % 4 == 0) all += taken(m);
    }
    for (auto& s : streams) s.end();
    all += taken(m);
    EXPECT_TRUE(m.finished());
    EXPECT_EQ(m.late(), 0U);
    EXPECT_EQ(std::count(all.begin(), all.end(), ' '), static_cast<std::ptrdiff_t>(records.size()));
    if (first.empty()) first = all;
    EXPECT_EQ(all, first) << workers << " workers";
  }
}

TEST(Merge, RecordsAtOnePlaceDoNotDependOnWhoWasReadFirst) {
  std::string first;
  for (const bool swap : {false, true}) {
    FakeStream a, b;
    Merge m({&a, &b});
    (swap ? b : a).write(packet(10, 1), "one");
    (swap ? a : b).write(packet(10, 1), "two");
    a.end();
    b.end();
    const std::string all = taken(m);
    if (first.empty()) first = all;
    EXPECT_EQ(all, first);
  }
}

TEST(Merge, ReadsRingsThatOtherThreadsWrite) {
  constexpr unsigned kWorkers = 3, kRecords = 20000;
  std::vector<std::unique_ptr<EventRing>> rings;
  std::vector<std::unique_ptr<RingStream>> streams;
  std::vector<EventStream*> borrowed;
  for (unsigned w = 0; w < kWorkers; ++w) {
    rings.push_back(std::make_unique<EventRing>(std::size_t{1} << 20));
    streams.push_back(std::make_unique<RingStream>(*rings.back()));
    borrowed.push_back(streams.back().get());
  }
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < kWorkers; ++w) {
    threads.emplace_back([&, w] {
      EventRing& ring = *rings[w];
      for (std::uint64_t n = w; n < kRecords; n += kWorkers) {
        std::span<std::uint8_t> room;
        while ((room = ring.begin()).empty()) std::this_thread::yield();
        std::memcpy(room.data(), &n, sizeof n);
        EventHeader h;
        h.size = sizeof n;
        h.place = packet(n * 10, n);
        ring.commit(h);
        ring.publish(n * 10, n);
      }
      ring.close();
    });
  }
  Merge m(borrowed);
  std::uint64_t want = 0;
  while (!m.finished()) {
    m.refill();
    EventHeader h;
    Bytes b;
    while (m.next(h, b)) {
      std::uint64_t n = 0;
      ASSERT_EQ(b.size(), sizeof n);
      std::memcpy(&n, b.data(), sizeof n);
      ASSERT_EQ(n, want++);
    }
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(want, kRecords);
}

}  // namespace
}  // namespace picket
