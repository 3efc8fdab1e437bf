#include "export/record_window.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace picket {
namespace {

constexpr RecordKind kKind = 0, kOther = 1;

void expect(const RecordWindow& w, RecordKind kind, std::uint64_t made, std::uint64_t delivered,
            std::uint64_t lost) {
  const RecordCount c = w.count(kind);
  EXPECT_EQ(c.made, made);
  EXPECT_EQ(c.delivered, delivered);
  EXPECT_EQ(c.lost, lost);
}

TEST(RecordWindow, DeliveredWhenEveryOutputTookIt) {
  RecordWindow w(2);
  EXPECT_EQ(w.made(kKind), 1U);
  EXPECT_EQ(w.made(kOther), 2U);
  w.settle(1, 2, true);
  expect(w, kKind, 1, 0, 0);
  w.settle(1, 1, true);
  expect(w, kKind, 1, 1, 0);
  w.settle(2, 1, true);
  expect(w, kOther, 1, 1, 0);
}

TEST(RecordWindow, LostInOneOutputAndInAnotherAreTwoRecords) {
  RecordWindow w(2);
  for (int i = 0; i < 4; ++i) (void)w.made(kKind);
  w.settle(1, 1, false);  // the first output loses record 1, the second one record 2, both record 3
  w.settle(2, 1, true);
  w.settle(3, 1, false);
  w.settle(4, 1, true);
  w.settle(1, 1, true);
  w.settle(2, 2, false);
  w.settle(4, 1, true);
  expect(w, kKind, 4, 1, 3);
}

TEST(RecordWindow, WhatNobodySpokeOfIsLostAtTheEnd) {
  RecordWindow w(2);
  for (int i = 0; i < 3; ++i) (void)w.made(kKind);
  w.settle(2, 1, true);
  w.settle(2, 1, true);
  w.settle(3, 1, true);
  w.close();
  expect(w, kKind, 3, 1, 2);
  w.settle(1, 1, true);  // too late to matter
  (void)w.made(kKind);
  expect(w, kKind, 4, 1, 3);
}

TEST(RecordWindow, WithoutOutputsNothingIsOwed) {
  RecordWindow w(0);
  (void)w.made(kKind);
  EXPECT_EQ(w.made(kKind), 2U);
  expect(w, kKind, 2, 2, 0);
}

TEST(RecordWindow, OutputsSpeakFromTheirOwnThreads) {
  constexpr std::uint64_t kRecords = 20'000;
  RecordWindow w(2);
  for (std::uint64_t i = 0; i < kRecords; ++i) (void)w.made(kKind);
  const auto output = [&](std::uint64_t lose_every) {
    for (std::uint64_t n = 1; n <= kRecords; ++n) w.settle(n, 1, n % lose_every != 0);
  };
  std::thread a(output, 2), b(output, 3);
  a.join();
  b.join();
  const std::uint64_t lost = kRecords / 2 + kRecords / 3 - kRecords / 6;
  expect(w, kKind, kRecords, kRecords - lost, lost);
}

}  // namespace
}  // namespace picket
