// A flood of matches of one rule with a limit leaves room for the alerts that somebody is to see.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>

#include "dataplane/io/pcap_file.h"
#include "export/proto/picket/v1/event.pb.h"
#include "sensor/pipeline.h"
#include "tests/support/rules.h"

namespace picket {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr unsigned kFlood = 40'000;

/// What the two threads wait for.
struct Stage {
  std::atomic<unsigned> limited{0};  ///< alerts of the rule with the limit that went out
  std::atomic<bool> stuck{false};    ///< the output stands still ...
  std::atomic<bool> go_on{false};    ///< ... until now
};

/// Two matches; when both are told a third, of another rule, at which the output stands still; then the flood, within the
/// window and behind it one more.
class Flood final : public PacketSource {
 public:
  explicit Flood(Stage& stage) : stage_(stage) {
    auto reader = CaptureReader::open(std::string(PICKET_SOURCE_ROOT) + "/pcaps/dns/record-types/input.pcap");
    EXPECT_TRUE(reader.has_value());
    CapturedPacket p;
    EXPECT_EQ(reader.value().next(p), CaptureReader::Next::kPacket);
    bytes_.assign(p.data.begin(), p.data.end());
    link_ = p.link;
  }
  [[nodiscard]] Position mark() const noexcept override { return {clock_, number_}; }
  [[nodiscard]] bool ended() const noexcept override { return number_ == kFlood + 4; }
  [[nodiscard]] unsigned receive(std::span<Packet> out) noexcept override {
    unsigned n = 0;
    while (n < out.size() && !ended()) {
      if ((number_ == 2 && stage_.limited != 2) || (number_ == 3 && !stage_.stuck)) {
        if (std::chrono::steady_clock::now() < until_) break;
        ADD_FAILURE() << "packet " << number_ << " is not told";
        number_ = kFlood + 4;
        break;
      }
      ++number_;
      clock_ = number_ == kFlood + 4 ? 1000 * kSecond : 100 * kSecond + number_;
      Packet& p = out[n++];
      p = Packet{};
      std::vector<std::uint8_t>& bytes = number_ == 3 ? other_ : bytes_;
      if (other_.empty()) {
        other_ = bytes_;
        other_.back() = kMark;
      }
      p.data = bytes.data();
      p.size = p.wire_size = static_cast<std::uint32_t>(bytes.size());
      p.link = link_;
      p.time_ns = clock_;
      p.at = {clock_, number_};
    }
    if (ended()) stage_.go_on = true;
    return n;
  }
  void release(std::span<Packet>) noexcept override {}
  static constexpr std::uint8_t kMark = 0xee;

 private:
  Stage& stage_;
  std::vector<std::uint8_t> bytes_, other_;
  LinkType link_{};
  std::uint64_t clock_ = 0, number_ = 0;
  const std::chrono::steady_clock::time_point until_ =
      std::chrono::steady_clock::now() + std::chrono::minutes(1);
};

class Output final : public RecordSink {
 public:
  Output(Stage& stage, std::map<std::uint64_t, unsigned>& alerts)
      : RecordSink("memory"), stage_(stage), alerts_(alerts) {}
  void write(const OutRecord& r) override {
    settle(r.seq, 1, true);
    v1::Event e;
    ASSERT_TRUE(e.ParseFromArray(r.bytes.data(), static_cast<int>(r.bytes.size())));
    if (!e.has_alert()) return;
    ++alerts_[e.alert().signature_id()];
    if (e.alert().signature_id() == 1) ++stage_.limited;
    if (e.alert().signature_id() != 2) return;
    stage_.stuck = true;
    while (!stage_.go_on) std::this_thread::yield();
  }
  void close() override {}

 private:
  Stage& stage_;
  std::map<std::uint64_t, unsigned>& alerts_;
};

struct Seen {
  std::map<std::uint64_t, unsigned> alerts;
  Totals totals;
};

Seen flooded(const std::string& threshold) {
  const std::string file = ::testing::TempDir() + "picket-limits-" + std::to_string(getpid()) + ".rules";
  std::ofstream(file)
      << "alert udp any any -> any any (msg:\"flood\"; content:!\"|ee|\"; dsize:>0; " + threshold +
             "sid:1;)\nalert udp any any -> any any (msg:\"other\"; content:\"|ee|\"; sid:2;)\n";
  Seen seen;
  Stage stage;
  Flood source(stage);
  PipelineConfig config;
  config.worker.app = default_app_config();
  config.worker.event_ring_bytes = std::size_t{1} << 20;
  config.worker.wait_for_room = false;  // live
  // Nothing but alerts.
  config.worker.records.transactions.assign(protocols().size(), false);
  config.worker.records.anomaly_applayer = config.worker.records.flows = false;
  std::vector<std::unique_ptr<RecordSink>> sinks;
  sinks.push_back(std::make_unique<Output>(stage, seen.alerts));
  Pipeline pipeline(config, {&source}, test::load_rules({file}), std::move(sinks));
  pipeline.start();
  pipeline.join();
  seen.totals = pipeline.totals();
  return seen;
}

std::uint64_t lost(const Totals& t) {
  std::uint64_t n = 0;
  for (const RecordCount& c : t.records) n += c.lost;
  return n;
}

TEST(Limits, AFloodBehindALimitTakesNoRoom) {
  const Seen s = flooded("threshold:type limit, track by_src, count 2, seconds 60; ");
  EXPECT_EQ(s.alerts, (std::map<std::uint64_t, unsigned>{{1, 3}, {2, 1}}));
  EXPECT_EQ(s.totals.suppressed, kFlood);
  EXPECT_EQ(lost(s.totals), 0U);
}

/// What makes the test before it one: without a limit the same flood does not fit.
TEST(Limits, AFloodOfAlertsThatAreToBeSeenIsLostAndCounted) {
  const Seen s = flooded("");
  const RecordCount c = s.totals.records[record_kind(RecordType::kAlert, kNoProtocol)];
  EXPECT_GT(c.lost, 0U);
  EXPECT_EQ(c.made, c.delivered + c.lost);
  EXPECT_EQ(c.made, kFlood + 4);
}

}  // namespace
}  // namespace picket
