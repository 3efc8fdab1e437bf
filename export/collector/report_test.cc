#include "export/collector/report.h"

#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

template <class Run>
std::string said(Run run) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  const Status done = run(out);
  std::fclose(out);
  EXPECT_TRUE(done) << done.error().message;
  std::string all(text, size);
  std::free(text);
  return all;
}

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() {
    auto store = Store::open({path_});
    test::Sensor flows("plant-7", 1, v1::LANE_FLOW), alerts("plant-7", 1, v1::LANE_ALERT),
        reboot("plant-7", 2, v1::LANE_FLOW), old("plant-8", 3);
    test::judge_and_store(*store.value(), flows.batch(1, 9));
    test::judge_and_store(*store.value(), flows.gap(10, 6, v1::GAP_SPOOL_FULL));
    test::judge_and_store(*store.value(), alerts.batch(1, 3));
    test::judge_and_store(*store.value(), reboot.batch(1, 3));
    test::judge_and_store(*store.value(), old.batch(1, 3));
  }
  test::Folder folder_;
  std::string path_ = folder_.file("store.db");
};

TEST_F(ReportTest, TheLedgerTellsEachLaneOfEachBoot) {
  const std::string json = said([&](std::FILE* out) { return run_ledger({path_, true}, out); });
  EXPECT_EQ(test::lines(json), 4U) << json;
  EXPECT_NE(json.find(R"({"sensor":"plant-7","boot":"0000000000000001","lane":"flow","through":15,"hash":")"),
            std::string::npos)
      << json;
  EXPECT_NE(
      json.find(
          R"("made":{"alert":5,"flow":10},"held":{"alert":3,"flow":6},)"
          R"("missing":{"spool full":{"records":6,"unsigned":0,"types":{"alert":2,"flow":4}}},)"
          R"("gaps":[{"first":10,"last":15,"reason":"spool full","signed":true,"types":{"alert":2,"flow":4}}],)"
          R"("expired":{},"rejected":0})"),
      std::string::npos)
      << json;
  const std::string text = said([&](std::FILE* out) { return run_ledger({path_, false}, out); });
  EXPECT_NE(text.find("sensor 'plant-7' boot 0000000000000001 lane flow: 15 records"), std::string::npos)
      << text;
  EXPECT_NE(text.find("missing, spool full                6   alert 2  flow 4"), std::string::npos) << text;
}

TEST_F(ReportTest, SensorsTellsLagAndSums) {
  constexpr std::uint64_t kNewest = 1'700'000'010'000'000'000;
  const std::string json = said([&](std::FILE* out) {
    return run_sensors({path_, true}, kNewest + 1'500'000'000, out);
  });
  EXPECT_EQ(test::lines(json), 2U) << json;
  EXPECT_NE(json.find(R"({"sensor":"plant-7","version":null,"rules_epoch":null,"seen_ns":)"),
            std::string::npos)
      << json;
  EXPECT_NE(
      json.find(
          R"("lag_s":1.500,"boots":2,"made":21,"held":15,"missing":6,"acknowledged":0,"expired":0,"rejected":0})"),
      std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("lag_s":null,"boots":1,"made":3)"), std::string::npos)
      << "a sensor that does not say when: " << json;
  const std::string early = said([&](std::FILE* out) { return run_sensors({path_, true}, 1, out); });
  EXPECT_NE(early.find(R"("lag_s":0.000)"), std::string::npos) << "its clock is ahead: " << early;
  EXPECT_EQ(test::lines(said([&](std::FILE* out) { return run_sensors({path_, false}, kNewest, out); })), 3U);
}

TEST_F(ReportTest, SensorsTellsVersionAndRulesOfTheLatestBoot) {
  auto store = Store::open({path_});
  const auto boot = [&](std::uint64_t number, std::uint32_t records, const char* version,
                        std::uint32_t epoch) {
    test::Sensor sensor("plant-7", number, v1::LANE_STATISTICS);
    test::judge_and_store(*store.value(), sensor.batch(1, records));
    test::judge_and_store(*store.value(), sensor.seal(records + 1, 1, test::statistics(version, epoch)));
  };
  boot(9, 1, "0.1.0", 4);
  boot(5, 2, "0.2\n0", 17);  // sealed later, whatever its number is
  const std::string json = said([&](std::FILE* out) { return run_sensors({path_, true}, 1, out); });
  EXPECT_NE(json.find(R"({"sensor":"plant-7","version":"0.2\u000a0","rules_epoch":17,"seen_ns":)"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find(R"({"sensor":"plant-8","version":null,"rules_epoch":null,"seen_ns":)"),
            std::string::npos)
      << json;
  const std::string text = said([&](std::FILE* out) { return run_sensors({path_, false}, 1, out); });
  EXPECT_EQ(test::lines(text), 3U) << text;
  EXPECT_NE(text.find("     17  20"), std::string::npos) << text;
}

TEST_F(ReportTest, SaysWhichFileIsNoStore) {
  const Status s = run_ledger({folder_.file("none.db"), false}, stdout);
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("none.db"), std::string::npos) << s.error().message;
}

}  // namespace
}  // namespace picket::collector
