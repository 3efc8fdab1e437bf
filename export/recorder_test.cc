#include "export/recorder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "export/merge.h"

namespace picket {
namespace {

/// Keeps what it was given; loses every `lose_every`th record.
class MemorySink final : public RecordSink {
 public:
  explicit MemorySink(std::string& out, unsigned lose_every = 0)
      : RecordSink("memory"), out_(out), lose_every_(lose_every) {}
  void write(const OutRecord& r) override {
    const bool lose = lose_every_ != 0 && r.seq % lose_every_ == 0;
    settle(r.seq, 1, !lose);
    if (!lose) out_ += std::to_string(r.seq) + ":" + std::string(as_text(r.bytes)) + " ";
  }
  void missed(RecordKind kind, std::uint64_t count) override {
    out_ += std::to_string(count) + " " + std::string(record_kind_name(kind)) + " missed ";
  }
  void close() override { out_ += "closed"; }

 private:
  std::string& out_;
  unsigned lose_every_;
};

void write(EventRing& ring, RecordType type, std::uint64_t number, std::string_view text,
           std::uint32_t rule = 0) {
  auto room = ring.begin();
  ASSERT_FALSE(room.empty());
  std::memcpy(room.data(), text.data(), text.size());
  EventHeader h;
  h.type = type;
  h.rule = rule;
  h.size = static_cast<std::uint32_t>(text.size());
  h.place = {number, EventKind::kPacket, number, 0};
  ring.commit(h);
}

const RecordKind kFlowKind = record_kind(RecordType::kFlow, kNoProtocol);
const RecordKind kAlertKind = record_kind(RecordType::kAlert, kNoProtocol);

TEST(Recorder, NumbersCountsAndDelivers) {
  EventRing ring(1 << 20);
  RingStream stream(ring);
  std::string good, bad;
  std::vector<std::unique_ptr<RecordSink>> sinks;
  sinks.push_back(std::make_unique<MemorySink>(good));
  sinks.push_back(std::make_unique<MemorySink>(bad, 2));
  const auto correlate = [](const EventHeader& h, Bytes) {
    return h.type != RecordType::kAlert || h.rule != 7;
  };
  Recorder recorder({&stream}, std::move(sinks), correlate);
  write(ring, RecordType::kFlow, 1, "flow");
  write(ring, RecordType::kAlert, 2, "suppressed", 7);
  write(ring, RecordType::kAlert, 3, "alert", 8);
  write(ring, RecordType::kFlow, 4, "last");
  ring.close();
  recorder.run({});
  recorder.set_lost_before(kFlowKind, 10);
  recorder.close();

  EXPECT_EQ(good, "1:flow 2:alert 3:last 10 flow missed closed") << "a suppressed alert has no number";
  EXPECT_EQ(bad, "1:flow 3:last 10 flow missed closed");
  EXPECT_EQ(recorder.suppressed(), 1U);
  const RecordCount flows = recorder.count(kFlowKind), alerts = recorder.count(kAlertKind);
  EXPECT_EQ(flows.made, 12U);
  EXPECT_EQ(flows.delivered, 2U);
  EXPECT_EQ(flows.lost, 10U);
  EXPECT_EQ(alerts.made, 1U);
  EXPECT_EQ(alerts.delivered, 0U) << "one output has lost it";
  EXPECT_EQ(alerts.lost, 1U);
}

TEST(Recorder, OutputsAreToldOnceWhatWorkersLost) {
  EventRing ring(1 << 20);
  RingStream stream(ring);
  std::string out;
  std::vector<std::unique_ptr<RecordSink>> sinks;
  sinks.push_back(std::make_unique<MemorySink>(out));
  Recorder recorder({&stream}, std::move(sinks));
  std::uint64_t lost = 3;
  recorder.set_loss_count([&] { recorder.set_lost_before(kFlowKind, lost); });
  recorder.poll();
  EXPECT_EQ(out, "3 flow missed ");
  lost = 5;
  ring.close();
  recorder.run({});
  recorder.close();
  EXPECT_EQ(out, "3 flow missed 2 flow missed closed");
  EXPECT_EQ(recorder.count(kFlowKind).lost, 5U);
}

TEST(Recorder, ARecordLostInOneOutputAndOneLostInAnotherAreTwo) {
  EventRing ring(1 << 20);
  RingStream stream(ring);
  std::string a, b;
  std::vector<std::unique_ptr<RecordSink>> sinks;
  sinks.push_back(std::make_unique<MemorySink>(a, 2));
  sinks.push_back(std::make_unique<MemorySink>(b, 3));
  Recorder recorder({&stream}, std::move(sinks));
  for (std::uint64_t n = 1; n <= 6; ++n) write(ring, RecordType::kFlow, n, "flow");
  ring.close();
  recorder.run({});
  recorder.close();
  const RecordCount flows = recorder.count(kFlowKind);
  EXPECT_EQ(flows.made, 6U);
  EXPECT_EQ(flows.delivered, 2U);
  EXPECT_EQ(flows.lost, 4U) << "2, 4 and 6 in the one, 3 and 6 in the other";
  ASSERT_EQ(recorder.failed_outputs().size(), 2U);
  EXPECT_EQ(recorder.failed_outputs()[0].second, 3U);
  EXPECT_EQ(recorder.failed_outputs()[1].second, 2U);
}

TEST(Recorder, AnIntervalStandsBetweenTheRecordsItDivides) {
  EventRing ring(1 << 20);
  RingStream stream(ring);
  std::string out;
  std::vector<std::unique_ptr<RecordSink>> sinks;
  sinks.push_back(std::make_unique<MemorySink>(out));
  Recorder recorder({&stream}, std::move(sinks));
  std::vector<std::uint64_t> moments;
  recorder.set_interval(10, [&](std::uint64_t clock_ns) {
    moments.push_back(clock_ns);
    recorder.put(RecordType::kStats, as_bytes("stats"));
  });
  for (const std::uint64_t n : {100, 110, 111, 145}) write(ring, RecordType::kFlow, n, std::to_string(n));
  ring.publish(145, 145);
  recorder.poll();
  EXPECT_EQ(out, "1:100 2:110 3:stats 4:111 5:stats 6:145 ");
  ring.publish(151, 200);  // nothing comes, time goes on
  recorder.poll();
  EXPECT_EQ(moments, (std::vector<std::uint64_t>{110, 140, 150}));
}

TEST(Recorder, WithoutOutputsEveryRecordIsWhereItWasAskedFor) {
  EventRing ring(1 << 20);
  RingStream stream(ring);
  Recorder recorder({&stream}, {});
  write(ring, RecordType::kFlow, 1, "flow");
  ring.close();
  recorder.run({});
  recorder.put(RecordType::kStats, as_bytes("stats"));
  recorder.close();
  EXPECT_EQ(recorder.count(kFlowKind).delivered, 1U);
  EXPECT_EQ(recorder.count(record_kind(RecordType::kStats, kNoProtocol)).made, 1U);
}

TEST(Recorder, StopsWhenAskedTo) {
  EventRing ring(1 << 20);
  RingStream stream(ring);
  Recorder recorder({&stream}, {});
  std::jthread thread([&](const std::stop_token& stop) { recorder.run(stop); });
  thread.request_stop();
  thread.join();
  SUCCEED();
}

TEST(RecordKinds, HaveDistinctNames) {
  std::vector<std::string_view> names;
  for (std::size_t k = 0; k < record_kind_count(); ++k) {
    const auto name = record_kind_name(static_cast<RecordKind>(k));
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 0) << name;
    names.push_back(name);
  }
  for (std::size_t p = 0; p < protocols().size(); ++p) {
    const auto kind = record_kind(RecordType::kTransaction, static_cast<ProtocolId>(p));
    EXPECT_EQ(record_kind_name(kind), protocols()[p]->record);
  }
}

}  // namespace
}  // namespace picket
