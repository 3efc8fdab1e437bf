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
    auto store = Store::open({path_});
    EXPECT_TRUE(store) << store.error().message;
    test::Sensor sensor;  // two blocks of each type, whose times follow, and do not overlap
    for (const std::uint64_t first : {1, 16})
      EXPECT_EQ(test::judge_and_store(*store.value(), sensor.batch(first, 15)).kind, Verdict::Kind::kStore);
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

/// Calls `once` when the first byte comes.
std::string ask_and_wait(const QueryOptions& options, const std::function<void()>& once) {
  struct Reader {
    std::string text;
    const std::function<void()>& once;
  } reader{{}, once};
  const cookie_io_functions_t io{.read = nullptr,
                                 .write =
                                     [](void* to, const char* text, std::size_t size) {
                                       auto& r = *static_cast<Reader*>(to);
                                       if (r.text.empty()) r.once();
                                       r.text.append(text, size);
                                       return static_cast<ssize_t>(size);
                                     },
                                 .seek = nullptr,
                                 .close = nullptr};
  std::FILE* out = fopencookie(&reader, "w", io);
  std::setvbuf(out, nullptr, _IONBF, 0);
  const Status done = run_query(options, out);
  EXPECT_TRUE(done) << done.error().message;
  std::fclose(out);
  return reader.text;
}

TEST_F(QueryTest, AReaderThatWaitsHoldsNothingUp) {
  int held_up = -1;
  EXPECT_EQ(lines(ask_and_wait({.store = path_, .json = true},
                               [&] {
                                 auto store = Store::open({path_}).value();
                                 test::judge_and_store(*store, test::Sensor("plant-8").batch(1, 5));
                                 auto db = Db::open(path_, SQLITE_OPEN_READWRITE).value();
                                 auto checkpoint = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").value();
                                 EXPECT_EQ(checkpoint.step(), SQLITE_ROW);
                                 held_up = static_cast<int>(checkpoint.integer(0));
                               })),
            30U);
  EXPECT_EQ(held_up, 0) << "the write-ahead log can be emptied";
}

TEST_F(QueryTest, WhatExpiresWhileItIsWrittenIsLeftOutAndTold) {
  testing::internal::CaptureStderr();
  const std::string all = ask_and_wait({.store = path_, .json = true}, [&] {
    auto store = Store::open({path_, std::chrono::seconds(1)}).value();
    EXPECT_TRUE(store->expire(~0ULL >> 1));
    EXPECT_EQ(test::judge_and_store(*store, test::Sensor("plant-8").batch(101, 5)).kind,
              Verdict::Kind::kStore)
        << "under a number that was another block's";
  });
  EXPECT_NE(testing::internal::GetCapturedStderr().find("3 blocks of records, of 4, expired"),
            std::string::npos);
  EXPECT_EQ(lines(all), 10U) << "the first flows";
  EXPECT_EQ(all.find("\"flow_id\":101,"), std::string::npos);
}

TEST_F(QueryTest, ChoosesByTypeTimeAndNumber) {
  EXPECT_EQ(lines(ask({.store = path_, .type = "alert", .json = true})), 10U);
  EXPECT_EQ(lines(ask({.store = path_, .since = "2023-11-14T22:13:40", .json = true})), 11U);
  const std::string newest = ask({.store = path_, .limit = 2, .json = true});
  EXPECT_EQ(lines(newest), 2U);
  EXPECT_LT(newest.find("\"flow_id\":29,"), newest.find("\"flow_id\":30,")) << "the newest two, oldest first";
}

TEST_F(QueryTest, ChoosesByAddressFlowAndEnd) {
  const auto found = [&](QueryOptions options) {
    options.store = path_;
    options.json = true;
    return lines(ask(options));
  };
  EXPECT_EQ(found({.address = "10.0.0.7"}), 1U);
  EXPECT_EQ(found({.address = "10.0.0.0/29"}), 7U);
  EXPECT_EQ(found({.address = "10.0.0.0/7"}), 30U) << "wider than what blocks are found by";
  EXPECT_EQ(found({.address = "192.0.2.1"}), 30U) << "the other end, too";
  EXPECT_EQ(found({.address = "172.16.0.0/12"}), 0U);
  EXPECT_EQ(found({.address = "2001:db8::/32"}), 0U);
  EXPECT_EQ(found({.community_id = "1:none"}), 0U);
  EXPECT_EQ(found({.until = "2023-11-14T22:13:40"}), 19U) << "before, not at";
  EXPECT_EQ(found({.since = "2023-11-14T22:13:30", .until = "2023-11-14T22:13:40"}), 10U);
  std::string error;
  ask({.store = path_, .address = "10.0.0"}, &error);
  EXPECT_NE(error.find("--address: '10.0.0'"), std::string::npos) << error;
  ask({.store = path_, .until = "soon"}, &error);
  EXPECT_NE(error.find("--until"), std::string::npos) << error;
}

TEST_F(QueryTest, RecordsOfManySensorsComeInTheOrderOfTime) {
  {
    auto store = Store::open({path_});
    for (int i = 0; i < 5; ++i) {
      test::Sensor other("other-" + std::to_string(i));
      for (std::uint64_t n = 1; n < 30; n += 1 + static_cast<std::uint64_t>(i))
        test::judge_and_store(*store.value(), other.batch(n, 1 + static_cast<std::uint32_t>(i)));
    }
  }
  const auto times = [](const std::string& text) {
    std::vector<std::string> all;
    for (std::size_t at = 0; (at = text.find("{\"timestamp\":\"", at)) != std::string::npos; ++at)
      all.push_back(text.substr(at, 45));
    return all;
  };
  const auto all = times(ask({.store = path_, .json = true}));
  EXPECT_GT(all.size(), 150U);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  const auto newest = times(ask({.store = path_, .limit = 40, .json = true}));
  EXPECT_EQ(newest, std::vector<std::string>(all.end() - 40, all.end()));
}

TEST_F(QueryTest, CsvIsWhatASpreadsheetReads) {
  {
    auto store = Store::open({path_});
    v1::Event e = test::event(100);
    e.set_in_iface("=cmd, \"x\"");
    std::string content;
    append_delimited(as_bytes(e.SerializeAsString()), content);
    test::judge_and_store(*store.value(), test::Sensor("plant-8").seal(1, 1, content));
  }
  const std::string csv = ask({.store = path_, .limit = 2, .csv = true});
  EXPECT_EQ(lines(csv), 3U) << csv;
  EXPECT_TRUE(csv.starts_with("sensor,timestamp,flow_id,in_iface,event_type,src_ip,src_port,")) << csv;
  EXPECT_NE(
      csv.find("\r\nplant-7,2023-11-14T22:13:50.000000+0000,30,,alert,10.0.0.30,40030,192.0.2.1,443,TCP,"),
      std::string::npos)
      << csv;
  EXPECT_NE(csv.find(",\"'=cmd, \"\"x\"\"\","), std::string::npos) << "quoted, and no formula: " << csv;
  EXPECT_NE(csv.find("\"{\"\"signature_id\"\":1030,"), std::string::npos) << csv;
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
