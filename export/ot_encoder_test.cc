#include "export/ot_encoder.h"

#include <gtest/gtest.h>

#include <optional>

#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

struct Fake : OtTransaction {
  unsigned points = 1, numbers = 0, texts = 0;
  double from = 0;  ///< values are from, from + 1 ...
};

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Fake&>(tx);
  static constexpr std::string_view kText = "point";
  out.text = as_bytes(kText);
  return n < x.points;
}
bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Fake&>(tx);
  static const std::string kText(1000, 'x');
  if (dir == Direction::kToClient && x.has_request) return false;
  out.is_number = n < x.numbers;
  out.number = x.from + n;
  out.text = as_bytes(kText);
  return n < x.numbers + x.texts;
}

constexpr OtOperation kOperations[] = {
    {OtClass::kRead, "read", ""}, {OtClass::kWrite, "write", "T0836"}, {OtClass::kAlarm, "report", ""}};
constexpr OtProtocol kOt{"plant", kOperations, address, value};

Fake fake(std::size_t operation) {
  Fake x;
  x.ot = &kOt;
  x.operation = &kOperations[operation];
  x.has_request = true;
  return x;
}

v1::Ot record(const Fake& x) {
  std::vector<std::uint8_t> bytes(16384);
  WireWriter w(bytes);
  encode_ot(x, w);
  v1::Event event;
  EXPECT_TRUE(w.ok() && event.ParseFromArray(bytes.data(), static_cast<int>(w.size())));
  return event.ot();
}

TEST(OtEncoder, SaysWhatIsDone) {
  Fake x = fake(1);
  x.station = 7;
  x.numbers = 2;
  x.texts = 1;
  v1::Ot ot = record(x);
  EXPECT_EQ(ot.protocol(), "plant");
  EXPECT_EQ(ot.class_(), "write");
  EXPECT_EQ(ot.operation(), "write");
  EXPECT_EQ(ot.technique(), "T0836");
  EXPECT_EQ(ot.station(), 7);
  EXPECT_EQ(ot.addresses_size(), 1);
  EXPECT_EQ(ot.address_count(), 0U) << "all are there";
  ASSERT_EQ(ot.values_size(), 2);
  EXPECT_EQ(ot.values(1), 1);
  ASSERT_EQ(ot.texts_size(), 1);
  EXPECT_EQ(ot.texts(0).size(), kMaxOtRecordText);
  EXPECT_EQ(ot.value_count(), 0U);
  x.operation = &kOperations[0];
  x.failed = true;
  x.station = kNoOtStation;
  ot = record(x);
  EXPECT_TRUE(ot.technique().empty());
  EXPECT_EQ(ot.station(), 0);
  EXPECT_EQ(ot.values_size(), 0) << "what is read stands in the protocol's own message";
  EXPECT_TRUE(ot.failed());
}

TEST(OtEncoder, ManyAreBoundedAndCounted) {
  Fake x = fake(1);
  x.points = 100;
  x.numbers = 200;
  x.texts = 50;
  const v1::Ot ot = record(x);
  EXPECT_EQ(ot.addresses_size(), static_cast<int>(kMaxOtRecordAddresses));
  EXPECT_EQ(ot.address_count(), 100U);
  EXPECT_EQ(ot.values_size(), static_cast<int>(kMaxOtRecordNumbers));
  EXPECT_EQ(ot.texts_size(), static_cast<int>(kMaxOtRecordTexts));
  EXPECT_EQ(ot.value_count(), 250U);
}

/// Its note; nothing where it goes out by itself.
std::optional<OtNote> note(const Fake& x, OtDetail detail, std::vector<std::uint8_t>& room,
                           const Flow& f = {}) {
  room.assign(4096, 0);
  RecordContext c;
  c.time_ns = 5;
  const std::size_t n = encode_ot_note(c, f, 3, x, detail, room);
  OtNote out;
  if (n == 0) return {};
  EXPECT_TRUE(OtNote::read(Bytes(room).first(n), out));
  return out;
}
std::string kind(const Fake& x, OtDetail detail, const Flow& f = {}) {
  std::vector<std::uint8_t> room;
  const auto n = note(x, detail, room, f);
  return n ? std::string(as_text(n->kind)) : "";
}

TEST(OtNote, OnlyOfWhatOnlyLooks) {
  std::vector<std::uint8_t> room;
  Fake x = fake(0);
  EXPECT_TRUE(note(x, OtDetail::kChanges, room));
  EXPECT_TRUE(note(x, OtDetail::kSummary, room));
  EXPECT_FALSE(note(x, OtDetail::kFull, room));
  EXPECT_FALSE(note(fake(1), OtDetail::kSummary, room)) << "a write";
  EXPECT_FALSE(note(fake(2), OtDetail::kSummary, room)) << "an alarm";
  x.events = 1;
  EXPECT_FALSE(note(x, OtDetail::kSummary, room)) << "an event";
  x.events = 0;
  x.failed = true;
  EXPECT_FALSE(note(x, OtDetail::kSummary, room)) << "a reply that says no";
  std::uint8_t small[40];
  EXPECT_EQ(encode_ot_note({}, {}, 3, fake(0), OtDetail::kChanges, small), 0U) << "no room: it goes out";
}

TEST(OtNote, TheRangeOfTheNumbers) {
  std::vector<std::uint8_t> room;
  Fake x = fake(0);
  x.from = -2;
  x.numbers = 5;
  const auto n = note(x, OtDetail::kChanges, room);
  ASSERT_TRUE(n);
  EXPECT_EQ(n->time_ns, 5U);
  EXPECT_TRUE(n->numbers.any());
  EXPECT_EQ(n->numbers.min, -2);
  EXPECT_EQ(n->numbers.max, 2);
  EXPECT_FALSE(note(fake(0), OtDetail::kChanges, room)->numbers.any());
}

TEST(OtNote, WhatMakesAKind) {
  const Fake x = fake(0);
  const std::string changes = kind(x, OtDetail::kChanges), summary = kind(x, OtDetail::kSummary);
  Fake other = x;
  other.points = 2;
  EXPECT_NE(kind(other, OtDetail::kChanges), changes);
  EXPECT_EQ(kind(other, OtDetail::kSummary), summary);
  other = x;
  other.station = 1;
  EXPECT_NE(kind(other, OtDetail::kChanges), changes);
  EXPECT_EQ(kind(other, OtDetail::kSummary), summary);
  other = x;
  other.from = 7;
  other.numbers = 1;
  EXPECT_EQ(kind(other, OtDetail::kChanges), changes) << "values do not make a kind";
  Flow f;
  f.key.high_port = f.key.low_port = 502;
  EXPECT_NE(kind(x, OtDetail::kChanges, f), changes) << "another port";
  EXPECT_EQ(kind(x, OtDetail::kSummary, f), summary);
  f.key.vlans[0] = 9;
  EXPECT_NE(kind(x, OtDetail::kSummary, f), summary) << "another network";
}

}  // namespace
}  // namespace picket
