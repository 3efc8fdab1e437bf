#include "export/ot_summaries.h"

#include <gtest/gtest.h>

#include <optional>

#include "export/ot_encoder.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

/// A protocol of plants of this build.
ProtocolId plant() {
  for (std::size_t i = 0; i < protocols().size(); ++i) {
    if (protocols()[i]->ot != nullptr) return static_cast<ProtocolId>(i);
  }
  return kNoProtocol;
}

bool no_address(const OtTransaction&, unsigned, OtAddress&) noexcept { return false; }
bool no_value(const OtTransaction&, Direction, unsigned, OtValue&) noexcept { return false; }
constexpr OtOperation kOperations[] = {{OtClass::kRead, "read", ""}};
constexpr OtProtocol kOt{"plant", kOperations, no_address, no_value};

/// A record whose packet has that number, with Event.ot at its end.
std::vector<std::uint8_t> record(std::uint64_t packet) {
  std::vector<std::uint8_t> bytes(512);
  WireWriter w(bytes);
  w.u64(v1::Event::kPcapCntFieldNumber, packet);
  OtTransaction x;
  x.ot = &kOt;
  x.operation = &kOperations[0];
  x.has_request = true;
  encode_ot(x, w);
  bytes.resize(w.size());
  return bytes;
}

struct Told final : OtSummaries::Out {
  std::vector<v1::Event> events;
  void write(RecordKind kind, Bytes bytes) override {
    EXPECT_EQ(kind, record_kind(RecordType::kTransaction, plant()));
    EXPECT_TRUE(events.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  }
  /// "packet 1: 3 from 10 to 12, 1.5 to 7"
  std::string text() const {
    std::string out;
    for (const v1::Event& e : events) {
      const v1::OtSummary& s = e.ot().summary();
      out += (out.empty() ? "" : "; ") + std::string("packet ") + std::to_string(e.pcap_cnt()) + ": " +
             std::to_string(s.count()) + " from " + std::to_string(s.first() / kSecond) + " to " +
             std::to_string(s.last() / kSecond);
      if (s.max() != 0)
        out += ", " + std::to_string(static_cast<int>(s.min())) + " to " +
               std::to_string(static_cast<int>(s.max()));
      EXPECT_EQ(e.ot().operation(), "read");
    }
    return out;
  }
};

class OtSummariesTest : public ::testing::Test {
 protected:
  OtSummariesTest() { reset(std::size_t{1} << 20); }
  void reset(std::size_t memcap) {
    OtSummaries::Config c;
    c.memcap_bytes = memcap;
    c.telling.resize(protocols().size(), {OtDetail::kChanges, 60 * kSecond});
    all_.emplace(c);
  }
  /// As the recorder does: time passes before the record is looked at.
  bool take(std::uint64_t second, std::uint64_t packet, std::string_view kind,
            std::optional<double> number = {}, std::uint64_t twin = 0, std::uint64_t way = 0) {
    all_->flush(second * kSecond, told_);
    EventHeader h;
    h.type = RecordType::kTransaction;
    h.protocol = plant();
    h.place.clock_ns = second * kSecond;
    OtNote note;
    note.time_ns = second * kSecond;
    if (number) note.numbers.add(*number);
    note.twin = twin;
    note.way = way;
    std::vector<std::uint8_t> bytes(OtNote::kHead);
    note.write_head(bytes.data());
    bytes.insert(bytes.end(), kind.begin(), kind.end());
    return all_->take(h, record(packet), bytes);
  }

  std::optional<OtSummaries> all_;
  Told told_;
};

TEST_F(OtSummariesTest, OneRecordForEachKindAndInterval) {
  EXPECT_TRUE(take(100, 1, "a", 5.0));
  EXPECT_TRUE(take(110, 2, "b"));
  EXPECT_TRUE(take(120, 3, "a", -2.0));
  EXPECT_TRUE(take(159, 4, "a", 7.0));
  EXPECT_EQ(told_.text(), "");
  EXPECT_TRUE(take(160, 5, "a"));  // the interval of the first ends here
  EXPECT_EQ(told_.text(), "packet 1: 3 from 100 to 159, -2 to 7");
  all_->flush_all(told_);
  EXPECT_EQ(told_.text(),
            "packet 1: 3 from 100 to 159, -2 to 7; packet 2: 1 from 110 to 110; packet 5: 1 from 160 to 160");
  EXPECT_EQ(all_->summarised(record_kind(RecordType::kTransaction, plant())), 2U);
  EXPECT_EQ(all_->held(), 0U);
}

TEST_F(OtSummariesTest, OneRecordForAMessageThatComesTwoWays) {
  EXPECT_FALSE(take(100, 1, "", {}, 7, 1));  // the first goes out
  EXPECT_TRUE(take(100, 2, "", {}, 7, 2));
  EXPECT_TRUE(take(101, 3, "", {}, 7, 3));
  EXPECT_FALSE(take(101, 4, "", {}, 7, 1));  // the same way again is another message
  EXPECT_FALSE(take(101, 5, "", {}, 8, 2));
  EXPECT_FALSE(take(102, 6, "", {}, 7, 2));  // too late to be the same
  EXPECT_EQ(all_->summarised(record_kind(RecordType::kTransaction, plant())), 2U);
  EXPECT_TRUE(take(103, 7, "a", {}, 9, 1));  // one of a kind, and it came two ways: it counts once
  EXPECT_TRUE(take(103, 8, "a", {}, 9, 2));
  all_->flush_all(told_);
  EXPECT_EQ(told_.text(), "packet 7: 1 from 103 to 103");
}

TEST_F(OtSummariesTest, MostRecentTwinsAreKnown) {
  OtTwins twins;
  for (std::uint64_t i = 1; i <= OtTwins::kMost + 1; ++i) EXPECT_FALSE(twins.again(i, 1, 5));
  EXPECT_FALSE(twins.again(1, 2, 5));  // had to go
  EXPECT_TRUE(twins.again(OtTwins::kMost, 2, 5));
}

TEST_F(OtSummariesTest, TimeAloneEndsAnInterval) {
  EXPECT_TRUE(take(100, 1, "a"));
  all_->flush(160 * kSecond - 1, told_);
  EXPECT_EQ(told_.text(), "");
  all_->flush(160 * kSecond, told_);
  EXPECT_EQ(told_.text(), "packet 1: 1 from 100 to 100");
}

TEST_F(OtSummariesTest, WhatFindsNoRoomIsToldInFull) {
  reset(1200);
  EXPECT_TRUE(take(1, 1, "a"));
  EXPECT_TRUE(take(1, 2, "b"));
  EXPECT_FALSE(take(1, 3, "c"));
  EXPECT_TRUE(take(2, 4, "a")) << "what is held already goes on counting";
  EXPECT_EQ(all_->refused(), 1U);
  EXPECT_TRUE(take(61, 5, "c")) << "there is room again";
  all_->flush_all(told_);
  EXPECT_EQ(told_.text(), "packet 1: 2 from 1 to 2; packet 2: 1 from 1 to 1; packet 5: 1 from 61 to 61");
}

TEST_F(OtSummariesTest, RefusesWhatIsNoNote) {
  EventHeader h;
  h.protocol = plant();
  const std::uint8_t few[3] = {};
  EXPECT_FALSE(all_->take(h, record(1), few));
  h.protocol = kNoProtocol;
  const std::vector<std::uint8_t> head(OtNote::kHead);
  EXPECT_FALSE(all_->take(h, record(1), head));
}

}  // namespace
}  // namespace picket
