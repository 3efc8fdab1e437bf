// Rules are swapped under full load: no packet goes unseen, no alert of a rule that stays is lost or told
// twice, and each alert says which rules made it.
#include "sensor/reloader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <map>

#include "dataplane/io/pcap_file.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

namespace fs = std::filesystem;

struct Stored {
  std::vector<std::uint8_t> bytes;
  CapturedPacket meta;
  std::uint32_t shard;
};

const std::vector<Stored>& captures() {
  static const std::vector<Stored> all = [] {
    std::vector<Stored> out;
    std::uint32_t shard = 0;  // one a capture, so that both workers have work
    for (const char* name :
         {"http/get", "dns/record-types", "http/methods", "modbus/scan", "http/pipelining"}) {
      auto reader = CaptureReader::open(std::string(PICKET_SOURCE_ROOT) + "/pcaps/" + name + "/input.pcap");
      EXPECT_TRUE(reader.has_value()) << name;
      CapturedPacket p;
      while (reader && reader.value().next(p) == CaptureReader::Next::kPacket)
        out.push_back({{p.data.begin(), p.data.end()}, p, shard});
      ++shard;
    }
    return out;
  }();
  return all;
}

/// A worker's share of the captures, again and again, a day of capture time apart, until `last` rounds.
class Rounds final : public PacketSource {
 public:
  Rounds(unsigned worker, unsigned workers, const std::atomic<unsigned>& last)
      : worker_(worker), workers_(workers), last_(last) {}
  [[nodiscard]] unsigned round() const noexcept { return round_.load(); }
  [[nodiscard]] Position mark() const noexcept override { return {clock_, number_}; }
  [[nodiscard]] bool ended() const noexcept override { return round_ >= last_; }
  [[nodiscard]] unsigned receive(std::span<Packet> out) noexcept override {
    constexpr std::uint64_t kDay = 86'400'000'000'000;
    unsigned n = 0;
    while (n < out.size() && !ended()) {
      const Stored& s = captures()[at_];
      clock_ = std::max(clock_, s.meta.time_ns + round_ * kDay);
      ++number_;
      if (s.shard % workers_ == worker_) {
        Packet& p = out[n++];
        p = Packet{};
        p.data = s.bytes.data();
        p.size = static_cast<std::uint32_t>(s.bytes.size());
        p.wire_size = s.meta.wire_size;
        p.link = s.meta.link;
        p.time_ns = clock_;
        p.at = {clock_, number_};
        p.shard = s.shard;
      }
      if (++at_ == captures().size()) {
        at_ = 0;
        ++round_;
        break;
      }
    }
    return n;
  }
  void release(std::span<Packet>) noexcept override {}

 private:
  const unsigned worker_, workers_;
  const std::atomic<unsigned>& last_;
  std::atomic<unsigned> round_{0};
  std::size_t at_ = 0;
  std::uint64_t clock_ = 0, number_ = 0;
};

/// Counts alerts: by sid, revision and text; and the epochs that recorded each.
class AlertSink final : public RecordSink {
 public:
  AlertSink(std::map<std::string, unsigned>& alerts,
            std::map<std::string, std::pair<unsigned, unsigned>>& epochs)
      : RecordSink("memory"), alerts_(alerts), epochs_(epochs) {}
  void write(const OutRecord& r) override {
    settle(r.seq, 1, true);
    v1::Event e;
    ASSERT_TRUE(e.ParseFromArray(r.bytes.data(), static_cast<int>(r.bytes.size())));
    if (!e.has_alert()) return;
    const std::string name = std::to_string(e.alert().signature_id()) + ":" +
                             std::to_string(e.alert().rev()) + " " + e.alert().signature();
    ++alerts_[name];
    ++(e.rules_epoch() % 2 == 1 ? epochs_[name].first : epochs_[name].second);
  }
  void close() override {}

 private:
  std::map<std::string, unsigned>& alerts_;
  std::map<std::string, std::pair<unsigned, unsigned>>& epochs_;  // odd, even
};

class ReloaderTest : public ::testing::Test {
 protected:
  ReloaderTest() : folder_(fs::path(::testing::TempDir()) / ("picket-reload-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ReloaderTest() override { fs::remove_all(folder_); }

  void write(const std::string& text) {
    // As a tool that updates rules does: aside, then in one step.
    std::ofstream(folder_ / "new") << text;
    fs::rename(folder_ / "new", folder_ / "t.rules");
  }

  /// Runs while `work` does, then to the end of a round.
  Totals run(unsigned workers, std::chrono::milliseconds watch,
             const std::function<void(Reloader&, Pipeline&)>& work) {
    alerts_.clear();
    epochs_.clear();
    RuleLoader loader({(folder_ / "t.rules").string()}, {}, "");
    auto base = loader.load();
    EXPECT_TRUE(base.has_value());
    RuleBase::Rejections rejections = base.value()->rejections;
    base.value()->forget_source();
    std::atomic<unsigned> last{~0U};
    std::vector<std::unique_ptr<Rounds>> rounds;
    std::vector<PacketSource*> sources;
    for (unsigned i = 0; i < workers; ++i)
      sources.push_back(rounds.emplace_back(std::make_unique<Rounds>(i, workers, last)).get());
    PipelineConfig config;
    config.worker.app = default_app_config();
    config.worker.event_ring_bytes = std::size_t{1} << 20;
    config.held_limit = std::size_t{8} << 20;
    std::vector<std::unique_ptr<RecordSink>> sinks;
    sinks.push_back(std::make_unique<AlertSink>(alerts_, epochs_));
    Pipeline pipeline(config, sources, std::move(base).value(), std::move(sinks));
    pipeline.start();
    {
      ReloadConfig reload;
      reload.watch = watch;
      Reloader reloader(loader, pipeline, std::move(rejections), reload);
      work(reloader, pipeline);
    }
    rounds_ = 0;
    for (const auto& r : rounds) rounds_ = std::max(rounds_, r->round());
    last = rounds_ += 2;
    pipeline.join();
    return pipeline.totals();
  }

  /// Waits for the reloader's word.
  static Result<std::uint32_t> order(Reloader& reloader) {
    std::promise<Result<std::uint32_t>> said;
    reloader.order("test", [&said](const Result<std::uint32_t>& r) { said.set_value(r); });
    return said.get_future().get();
  }

  fs::path folder_;
  unsigned rounds_ = 0;
  std::map<std::string, unsigned> alerts_;
  std::map<std::string, std::pair<unsigned, unsigned>> epochs_;
};

/// In every set: single buffers, buffers that come one after the other, both sides, streams, bits of flows,
/// what is counted over flows, data sets.
const std::string kStay =
    "alert http any any -> any any (msg:\"uri\"; http.uri; content:\"/\"; sid:1;)\n"
    "alert http any any -> any any (msg:\"two\"; http.method; content:\"GET\"; http.host; content:\".\"; "
    "sid:2;)\n"
    "alert tcp any any -> any any (msg:\"stream\"; flow:to_server; content:\"HTTP/1.1|0d 0a|\"; sid:3;)\n"
    "alert http any any -> any any (msg:\"set\"; flow:to_server; http.uri; content:\"/\"; "
    "flowbits:set,asked; noalert; sid:4;)\n"
    "alert http any any -> any any (msg:\"isset\"; flow:to_client; http.stat_code; content:\"2\"; "
    "flowbits:isset,asked; sid:5;)\n"
    "alert dns any any -> any any (msg:\"dns\"; dns.query; content:\".\"; sid:6;)\n"
    "alert http any any -> any any (msg:\"once\"; http.uri; content:\"/\"; threshold:type limit, track "
    "by_rule, count 1, seconds 4000000000; sid:7;)\n"
    "alert http any any -> any any (msg:\"new uri\"; http.uri; dataset:set,uris,type string; sid:8;)\n"
    "alert modbus any any -> any any (msg:\"modbus\"; app-layer-protocol:modbus; sid:9;)\n";
const std::string kOdd =
    kStay + "alert http any any -> any any (msg:\"odd\"; http.uri; content:\"/\"; sid:77; rev:1;)\n";
const std::string kEven =
    "alert http any any -> any any (msg:\"first\"; http.uri; content:\"/\"; flowbits:set,other; priority:1; "
    "sid:70;)\n" +
    kStay + "alert http any any -> any any (msg:\"even\"; http.uri; content:\"/\"; sid:77; rev:2;)\n";

TEST_F(ReloaderTest, AHundredSwapsAtFullRateLoseNothing) {
  write(kOdd);
  const Totals still = run(2, std::chrono::milliseconds(0), [](Reloader&, Pipeline&) {});
  ASSERT_TRUE(still.ledger_exact());
  const std::map<std::string, unsigned> expected = alerts_;
  const unsigned expected_rounds = rounds_;
  ASSERT_GE(expected.size(), 9U);

  constexpr unsigned kSwaps = 100;
  const Totals t = run(2, std::chrono::milliseconds(0), [&](Reloader& reloader, Pipeline& pipeline) {
    for (unsigned i = 0; i < kSwaps; ++i) {
      write(i % 2 == 0 ? kEven : kOdd);
      const auto outcome = order(reloader);
      ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
      EXPECT_EQ(outcome.value(), i + 2);
      EXPECT_EQ(pipeline.totals().rules_epoch, i + 2);
    }
  });
  EXPECT_EQ(t.reloads, kSwaps);
  EXPECT_EQ(t.reloads_failed, 0U);
  EXPECT_EQ(t.rules_epoch, kSwaps + 1);
  EXPECT_TRUE(t.ledger_exact());
  EXPECT_EQ(t.late, 0U);
  EXPECT_EQ(t.received, rounds_ * captures().size());
  for (const auto& [name, n] : expected) {
    if (name.starts_with("77:")) continue;
    const bool once =
        name.starts_with("7:") || name.starts_with("8:");  // counted over flows: not again each round
    const unsigned want = once ? n : n / expected_rounds * rounds_;
    EXPECT_EQ(n % (once ? 1 : expected_rounds), 0U) << name;
    EXPECT_EQ(alerts_[name], want) << name;
    if (!once) {
      EXPECT_GT(epochs_[name].first, 0U) << name;
      EXPECT_GT(epochs_[name].second, 0U) << name;
    }
  }
  // Those of one set alone name it, wherever their worker was when the sets were swapped.
  EXPECT_GT(alerts_["77:1 odd"], 0U);
  EXPECT_EQ(epochs_["77:1 odd"].second, 0U);
  EXPECT_GT(alerts_["77:2 even"], 0U);
  EXPECT_EQ(epochs_["77:2 even"].first, 0U);
  EXPECT_EQ(epochs_["70:0 first"].first, 0U);
}

TEST_F(ReloaderTest, AWorseSetDoesNotTakeItsPlace) {
  write(kStay + "alert tcp any any -> any any (nonsense; sid:100;)\n");  // known to be wrong from the start
  const Totals t = run(1, std::chrono::milliseconds(0), [&](Reloader& reloader, Pipeline& pipeline) {
    const auto refused = [&](const std::string& text, const std::string& why) {
      if (text.empty())
        fs::remove(folder_ / "t.rules");
      else
        write(text);
      const auto outcome = order(reloader);
      ASSERT_FALSE(outcome.has_value());
      EXPECT_NE(outcome.error().message.find(why), std::string::npos) << outcome.error().message;
    };
    const std::string file = (folder_ / "t.rules").string();
    refused(kStay + "\nalert tcp any any -> any any (contnt:\"x\"; sid:10;)\n",
            file + ":11:31: unknown keyword 'contnt'; did you mean 'content'?");
    refused("", file + ": cannot be opened");
    EXPECT_EQ(pipeline.rules_epoch(), 1U);
    // The rule that was wrong before may stay so, wherever it stands now.
    write("\n\n" + kStay + "alert tcp any any -> any any (nonsense; sid:100;)\n");
    EXPECT_TRUE(order(reloader).has_value());
  });
  EXPECT_EQ(t.reloads, 1U);
  EXPECT_EQ(t.reloads_failed, 2U);
  EXPECT_EQ(t.rules_loaded, 9U);
  EXPECT_EQ(t.rules_rejected, 1U);
  EXPECT_TRUE(t.ledger_exact());
}

TEST_F(ReloaderTest, HashesThatOnlyNewRulesAskForAreMade) {
  write(kStay);
  const Totals t = run(2, std::chrono::milliseconds(0), [&](Reloader& reloader, Pipeline&) {
    std::ofstream(folder_ / "list") << "c8b9eb611cad9f97c1426495b48de5c5bb736e90d251f42b13d9a30e8c424482\n";
    write(kStay + "alert http any any -> any any (msg:\"hash\"; filesha256:list; sid:90;)\n");
    ASSERT_TRUE(order(reloader).has_value());
  });
  EXPECT_GT(alerts_["90:0 hash"], 0U);
  EXPECT_EQ(epochs_["90:0 hash"].first, 0U);
  EXPECT_TRUE(t.ledger_exact());
}

TEST_F(ReloaderTest, AChangedFileIsReadAgainOnceItIsAtRest) {
  write(kOdd);
  const Totals t = run(1, std::chrono::milliseconds(20), [&](Reloader&, Pipeline& pipeline) {
    const auto until = [&](std::uint64_t reloads) {
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      while (pipeline.totals().reloads < reloads && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return pipeline.totals().reloads;
    };
    write(kEven);
    EXPECT_EQ(until(1), 1U);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(pipeline.totals().reloads, 1U);  // it is as it was
  });
  EXPECT_EQ(t.rules_epoch, 2U);
  EXPECT_TRUE(t.ledger_exact());
}

}  // namespace
}  // namespace picket
