// Indicators are read again while records are looked up: the new set is used and named, a file that cannot be read keeps the
// one in use.
#include "sensor/indicators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class IndicatorsTest : public ::testing::Test {
 protected:
  IndicatorsTest() : folder_(fs::path(::testing::TempDir()) / ("picket-intel-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    config_.files = {(folder_ / "*.intel").string()};
    config_.watch_s = 0;
  }
  ~IndicatorsTest() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  /// The epoch, or 0 and `why`.
  std::uint32_t reload(IndicatorReloader& reloader) {
    std::promise<Result<std::uint32_t>> done;
    reloader.order("test", [&done](const Result<std::uint32_t>& r) { done.set_value(r); });
    const auto r = done.get_future().get();
    why_ = r ? "" : r.error().message;
    return r ? r.value() : 0;
  }

  fs::path folder_;
  IntelConfig config_;
  std::string why_;
};

TEST_F(IndicatorsTest, AreReadFromAllFiles) {
  write("b.intel", "indicator,type\nb.example,domain\n1.2.3,address\n");
  write("a.intel", "indicator\na.example\n192.0.2.0/24\na.example\n");
  write("c.other", "indicator\nc.example\n");
  const auto loaded = load_indicators(config_);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_THAT(indicators_summary(loaded.value()),
              HasSubstr("3 indicators: 1 network, 2 domain; 1 bad lines"));
  EXPECT_THAT(indicator_problems(loaded.value()),
              ElementsAre((folder_ / "b.intel:3: '1.2.3' is no IPv4 or IPv6 address").string(),
                          "1 lines say what another line says, word for word"));
  std::ostringstream json;
  write_indicators_json(json, loaded.value());
  EXPECT_THAT(json.str(), HasSubstr("\"line\":3,\"status\":\"rejected\",\"reason\":\"'1.2.3' is no IPv4"));
  EXPECT_THAT(json.str(),
              HasSubstr("{\"indicators\":3,\"types\":{\"address\":0,\"network\":1,\"domain\":2,"));
  EXPECT_THAT(json.str(), HasSubstr("\"bad_lines\":1,\"no_room\":0,\"repeated_lines\":1,"));
}

TEST_F(IndicatorsTest, WhatFindsNoRoomIsToldForEachFile) {
  config_.memcap_bytes = 1;
  write("a.intel", "indicator\na.example\nb.example\nc.example\n");
  write("b.intel", "indicator\nd.example\n");
  const auto loaded = load_indicators(config_);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_THAT(indicators_summary(loaded.value()),
              HasSubstr("; 3 indicators found no room in intel.memcap (1 bytes)"));
  const auto told = [&](const char* file, unsigned n) {
    return (folder_ / file).string() + ": " + no_room_text(n, 1) + "; raise it, or load fewer";
  };
  EXPECT_THAT(indicator_problems(loaded.value()), ElementsAre(told("a.intel", 2), told("b.intel", 1)));
  std::ostringstream json;
  write_indicators_json(json, loaded.value());
  EXPECT_THAT(json.str(), HasSubstr("\"bad_lines\":0,\"no_room\":3,"));
  EXPECT_EQ(no_room_text(12, std::size_t{64} << 20), "12 indicators found no room in intel.memcap (64 MiB)");
}

TEST_F(IndicatorsTest, AFileThatIsNotThereIsAnError) {
  const auto none = load_indicators(config_);
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().message, HasSubstr("no file matches"));
  config_.files = {(folder_ / "gone").string()};
  const auto gone = load_indicators(config_);
  ASSERT_FALSE(gone.has_value());
  EXPECT_THAT(gone.error().message, HasSubstr("gone"));
}

TEST_F(IndicatorsTest, AnOrderReadsThemAgain) {
  write("a.intel", "indicator\na.example\n");
  Intel intel;
  intel.offer(std::move(load_indicators(config_)).value().set);
  IndicatorReloader reloader(config_, intel);
  struct Told final : RecordOut {
    std::vector<std::string> hits;
    void write(RecordKind, Bytes bytes) override {
      v1::Event e;
      EXPECT_TRUE(e.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      hits.push_back(e.intel().indicator() + " " + std::to_string(e.intel().epoch()));
    }
  } told;
  const auto see = [&](const char* name) {
    static std::uint64_t flow = 0;
    v1::Event e;
    e.set_flow_id(++flow);
    e.mutable_tls()->set_sni(name);
    const std::string bytes = e.SerializeAsString();
    EventHeader h;
    h.type = RecordType::kTransaction;
    intel.see(h, as_bytes(bytes), told);
  };
  see("a.example"), see("b.example");
  write("b.intel", "indicator\nb.example\n");
  EXPECT_EQ(reload(reloader), 2U);
  see("b.example");
  fs::remove(folder_ / "a.intel");
  fs::remove(folder_ / "b.intel");
  EXPECT_EQ(reload(reloader), 0U);
  EXPECT_THAT(why_, HasSubstr("no file matches"));
  EXPECT_EQ(intel.counts().reloads_failed.get(), 1U);
  see("a.example");
  EXPECT_THAT(told.hits, ElementsAre("a.example 1", "b.example 2", "a.example 2"));
}

}  // namespace
}  // namespace picket
