#include "dataplane/frames/frame_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace picket {
namespace {

constexpr auto kUp = Direction::kToServer;

/// A stream that is told to the tracker in pieces, and what there was to look at.
struct FrameTrackerTest : ::testing::Test, FrameListener {
  ~FrameTrackerTest() override {
    tracker.release(frames);
    EXPECT_EQ(pool.in_use_bytes(), 0U);
  }
  void on_frame_look(Flow&, const FrameLook& l) noexcept override {
    seen += std::to_string(l.kind) + "#" + std::to_string(l.id) + " " + std::to_string(l.offset) + "+" +
            std::to_string(l.length) + (l.complete ? " complete" : "") + (l.last ? " last" : "") + " at " +
            std::to_string(l.at) + " fresh " + std::to_string(l.fresh) + " of " +
            std::to_string(l.data.size()) + (l.missing != 0 ? " missing " + std::to_string(l.missing) : "") +
            (l.tx != nullptr ? " tx" : "") + "\n";
    bytes = std::string(as_text(l.data));
  }
  /// A piece of `stream`, as a parser is shown it: `tell` says what begins or ends there.
  template <class Tell>
  void piece(std::size_t from, std::size_t size, Tell&& tell) {
    in = {as_bytes(stream).subspan(from, size), from};
    if (frames != nullptr) tracker.data(flow, *frames, kUp, in, true);
    tell();
    if (frames != nullptr) tracker.data(flow, *frames, kUp, in, false);
  }
  void piece(std::size_t from, std::size_t size) {
    piece(from, size, [] {});
  }
  void begin(unsigned kind, std::uint64_t offset, std::uint64_t length) {
    tracker.begin(flow, frames, kUp, kind, offset, length, nullptr, in);
  }
  void end(unsigned kind, std::uint64_t at, Transaction* t = nullptr) {
    tracker.end(flow, *frames, kUp, kind, at, t, in);
  }
  [[nodiscard]] std::string take() { return std::exchange(seen, {}); }

  Pool pool{4 << 20};
  FrameTracker tracker{pool, *this};
  Flow flow;
  FlowFrames* frames = nullptr;
  FrameTracker::Input in;
  std::string stream, seen, bytes;
  Transaction tx;
};

TEST_F(FrameTrackerTest, AWholeFrameIsLookedAtWhereItLies) {
  stream = "xxHEADERdata";
  piece(0, 12, [&] {
    begin(1, 2, 6);
    EXPECT_EQ(bytes, "HEADER") << "at once, before the parser goes on";
    begin(2, 8, 4);
  });
  EXPECT_EQ(take(), "1#1 2+6 complete last at 0 fresh 0 of 6\n2#2 8+4 complete last at 0 fresh 0 of 4\n");
  EXPECT_EQ(tracker.stats().frames, 2U);
}

TEST_F(FrameTrackerTest, AFrameIsToldOnce) {
  stream = "HEADERdata";
  piece(0, 4, [&] { begin(1, 0, 10); });
  piece(0, 10, [&] { begin(1, 0, 10); });
  EXPECT_EQ(take(), "1#1 0+10 complete last at 0 fresh 0 of 10\n");
  EXPECT_EQ(bytes, "HEADERdata") << "bytes that are shown again are not bytes of it twice";
}

/// What rules look at does not depend on how segments fall.
TEST_F(FrameTrackerTest, EveryCutGivesTheSame) {
  for (int i = 0; i < 40000; ++i) stream += static_cast<char>('a' + i % 23);
  std::string want;
  for (const std::size_t cut : {40000, 1, 7, 512, 1460, 16384, 39999}) {
    tracker.release(frames);
    for (std::size_t at = 0; at < stream.size(); at += cut) {
      const std::size_t size = std::min(cut, stream.size() - at), to = at + size;
      const auto here = [&](std::size_t offset) { return offset >= at && offset < to; };
      piece(at, size, [&] {
        if (here(0)) begin(kStreamFrame, at, kOpenFrame);
        if (here(5)) begin(1, 5, 100);
        if (here(10)) begin(2, 10, kOpenFrame);
        if (here(200)) begin(3, 200, 35000);
        if (here(20500)) end(2, 20500);
      });
    }
    tracker.end_all(flow, *frames, kUp);
    // Of several frames at once the order may differ: each has its own windows.
    std::string lines[4], got = take();
    for (std::size_t i = 0, e; (e = got.find('\n', i)) != std::string::npos; i = e + 1)
      lines[got[i] == '1' && got[i + 1] == '#' ? 0
            : got[i] == '2'                    ? 1
            : got[i] == '3'                    ? 2
                                               : 3] += got.substr(i, e + 1 - i);
    const std::string all = lines[0] + lines[1] + lines[2] + lines[3];
    if (want.empty()) want = all;
    EXPECT_EQ(all, want) << "cut to " << cut;
  }
  EXPECT_NE(want.find("1#2 5+100 complete last at 0 fresh 0 of 100\n"), std::string::npos) << want;
  EXPECT_NE(want.find(" 10+16384 at 0 fresh 0 of 16384\n"), std::string::npos) << want;
  EXPECT_NE(want.find(" 10+20490 complete last at 15872 fresh 512 of 4618\n"), std::string::npos) << want;
  EXPECT_NE(want.find(" 200+35000 complete last at 31744 fresh 512 of 3256\n"), std::string::npos) << want;
}

TEST_F(FrameTrackerTest, AGapCutsWhatItHits) {
  stream = "0123456789abcdefghij";
  piece(0, 6, [&] {
    begin(1, 2, 8);           // ends in the gap
    begin(2, 3, 17);          // goes on behind it
    begin(3, 4, kOpenFrame);  // nobody knows
  });
  tracker.gap(flow, *frames, kUp, 6, 6);
  EXPECT_EQ(take(),
            "1#1 2+8 complete at 0 fresh 0 of 4 missing 4\n2#2 3+17 at 0 fresh 0 of 3 missing 6\n"
            "3#3 4+2 at 0 fresh 0 of 2\n");
  piece(12, 8, [&] { end(3, 14); });
  EXPECT_EQ(take(), "2#2 3+17 complete at 9 fresh 0 of 8\n3#3 4+10 complete at 8 fresh 0 of 2\n")
      << "`last` is not said of a frame with a hole";
}

TEST_F(FrameTrackerTest, WhatGoesOnAtTheEndIsLookedAt) {
  stream = "0123456789";
  piece(0, 10, [&] {
    begin(1, 2, 80);
    begin(2, 3, kOpenFrame);
    begin(2, 6, kOpenFrame);  // the parser began anew
  });
  EXPECT_EQ(take(), "2#2 3+3 complete last at 0 fresh 0 of 3\n");
  tracker.end_all(flow, *frames, kUp);
  EXPECT_EQ(take(), "1#1 2+80 at 0 fresh 0 of 8\n2#3 6+4 last at 0 fresh 0 of 4\n");
}

TEST_F(FrameTrackerTest, ATransactionIsForgottenWhenItGoes) {
  stream = "0123456789";
  piece(0, 10, [&] {
    begin(1, 0, kOpenFrame);
    begin(2, 1, kOpenFrame);
    tracker.belongs(*frames, kUp, 1, tx);
    tracker.belongs(*frames, kUp, 2, tx);
    end(1, 4);
    FrameTracker::forget(*frames, tx);
    end(2, 5);
  });
  EXPECT_EQ(take(), "1#1 0+4 complete last at 0 fresh 0 of 4 tx\n2#2 1+4 complete last at 0 fresh 0 of 4\n");
}

TEST_F(FrameTrackerTest, OnlySoManyAreFollowedAtOnce) {
  stream = std::string(100, 'x');
  piece(0, 100, [&] {
    for (unsigned i = 0; i < FrameTracker::kMaxOpen + 3; ++i) begin(1, i, 1000);
  });
  EXPECT_EQ(tracker.stats().refused, 3U);
}

TEST_F(FrameTrackerTest, WithoutMemoryItIsCounted) {
  Pool tiny{1 << 18};
  std::vector<void*> all;
  FrameTracker starved{tiny, *this};
  while (void* block = tiny.allocate(64)) all.push_back(block);
  FlowFrames* none = nullptr;
  in = {as_bytes(std::string_view("abc")), 0};
  starved.begin(flow, none, kUp, 1, 0, 3, nullptr, in);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(starved.stats().refused, 1U);
  for (void* block : all) tiny.release(block, 64);
}

}  // namespace
}  // namespace picket
