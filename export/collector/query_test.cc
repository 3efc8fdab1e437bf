#include "export/collector/query.h"

#include "export/collector/store.h"
#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

using test::ask;
using test::lines;

class QueryTest : public ::testing::Test {
 protected:
  QueryTest() {
    auto store = Store::open(path_);
    EXPECT_TRUE(store) << store.error().message;
    test::Sensor sensor;
    const auto batch = sensor.batch(1, 30);
    EXPECT_EQ(store.value()->append(batch, open_batch(batch, {}).value()).kind, Appended::Kind::kStored);
  }
  std::size_t hits(const std::string& where) const {
    return lines(ask({.store = path_, .where = where, .json = true}));
  }

  test::Folder folder_;
  std::string path_ = folder_.file("store.db");
};

TEST_F(QueryTest, GivesEveInTheOrderOfTime) {
  const std::string all = ask({.store = path_, .json = true});
  EXPECT_EQ(lines(all), 30U);
  EXPECT_EQ(
      all.substr(0, all.find('\n')),
      R"({"timestamp":"2023-11-14T22:13:21.000000+0000","flow_id":1,"event_type":"flow","src_ip":"10.0.0.1",)"
      R"("src_port":40001,"dest_ip":"192.0.2.1","dest_port":443,"proto":"TCP","flow":{"bytes_toserver":100}})");
  for (int n = 1; n < 30; ++n) {
    EXPECT_LT(all.find("\"flow_id\":" + std::to_string(n) + ","),
              all.find("\"flow_id\":" + std::to_string(n + 1) + ","));
  }
}

TEST_F(QueryTest, ChoosesByTypeTimeAndNumber) {
  EXPECT_EQ(lines(ask({.store = path_, .type = "alert", .json = true})), 10U);
  EXPECT_EQ(lines(ask({.store = path_, .since = "2023-11-14T22:13:40", .json = true})), 11U);
  const std::string newest = ask({.store = path_, .limit = 2, .json = true});
  EXPECT_EQ(lines(newest), 2U);
  EXPECT_LT(newest.find("\"flow_id\":29,"), newest.find("\"flow_id\":30,")) << "the newest two, oldest first";
}

TEST_F(QueryTest, UnderstandsExpressions) {
  EXPECT_EQ(hits("event_type = alert"), 10U);
  EXPECT_EQ(hits("event_type != alert"), 20U);
  EXPECT_EQ(hits("src_port > 40010"), 20U);
  EXPECT_EQ(hits("src_port >= 40010"), 21U);
  EXPECT_EQ(hits("src_port < 40010.5"), 10U);
  EXPECT_EQ(hits("src_ip = 10.0.0.7"), 1U);
  EXPECT_EQ(hits("src_ip = 10.0.0.0/29"), 7U);
  EXPECT_EQ(hits("src_ip != 10.0.0.0/29"), 23U);
  EXPECT_EQ(hits("dest_ip = ::1"), 0U);
  EXPECT_EQ(hits("alert.signature_id = 1003 or alert.signature_id = 1006"), 2U);
  EXPECT_EQ(hits("alert.signature ~ \"'quoted' rule 1\""), 3U) << "12, 15, 18";
  EXPECT_EQ(hits("flow.bytes_toserver > 1000 and flow.bytes_toserver <= 2000"), 7U);
  EXPECT_EQ(hits("not event_type = alert and not (src_port < 40025 or src_port > 40026)"), 2U);
  EXPECT_EQ(hits("timestamp >= 2023-11-14T22:13:50"), 1U);
  EXPECT_EQ(hits("proto = TCP and dest_port = 443"), 30U);
  EXPECT_EQ(hits("app_proto != dns"), 0U) << "a record without the field does not fit";
  EXPECT_EQ(hits("not app_proto = dns"), 30U);
  EXPECT_EQ(hits("event_type = alert or event_type = flow and src_port = 40001"), 11U) << "and binds closer";
  EXPECT_EQ(hits("src_port = 99999999999999999999999999"), 0U);
  EXPECT_EQ(hits("proto = \"x' OR '1'='1\""), 0U);
}

TEST_F(QueryTest, CountsByType) {
  EXPECT_EQ(ask({.store = path_, .json = true, .count_by_type = true}), "{\"alert\":10,\"flow\":20}\n");
  const std::string table = ask({.store = path_, .where = "src_port <= 40003", .count_by_type = true});
  EXPECT_EQ(lines(table), 2U);
  EXPECT_NE(table.find("flow                        2"), std::string::npos) << table;
}

TEST_F(QueryTest, ShowsATableToPeople) {
  const std::string table = ask({.store = path_, .type = "alert", .limit = 1});
  EXPECT_EQ(lines(table), 2U) << table;
  for (const char* part : {"TIME (UTC)", "2023-11-14T22:13:50.000000", "plant-7", "alert", "10.0.0.30:40030",
                           "192.0.2.1:443", "TCP", "TEST 'quoted' rule 30"}) {
    EXPECT_NE(table.find(part), std::string::npos) << part << "\n" << table;
  }
}

TEST_F(QueryTest, SaysWhatIsWrong) {
  std::string error;
  ask({.store = path_, .type = "nothing"}, &error);
  EXPECT_NE(error.find("no records are of type 'nothing'"), std::string::npos) << error;
  ask({.store = path_, .since = "soon"}, &error);
  EXPECT_NE(error.find("--since"), std::string::npos) << error;
  ask({.store = folder_.file("none.db")}, &error);
  EXPECT_NE(error.find("none.db"), std::string::npos) << error;
  EXPECT_NE(error.find("--store"), std::string::npos) << error;
}

}  // namespace
}  // namespace picket::collector
