#include "export/collector/sinks/clickhouse_sink.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "export/collector/layout.h"
#include "export/collector/sinks/clickhouse_schema.h"
#include "export/collector/sinks/clickhouse_test_support.h"
#include "export/collector/sinks/http_client.h"
#include "export/collector/sinks/test_support.h"
#include "export/delimited.h"
#include "export/eve.h"

namespace picket::collector {
namespace {

using test::Chain;
using test::clickhouse;
using test::Fate;
using test::refusal;
using test::Shared;
using test::store;
using test::through;

bool is_insert(const std::string& request) { return request.starts_with("POST /?query=INSERT"); }
/// By its first line: what follows has names of columns in it.
bool is_insert_into(std::string_view table, const std::string& request) {
  return is_insert(request) && request.substr(0, request.find('\r')).find(table) != request.npos;
}
/// Those of a block, in their order.
constexpr std::array<const char*, 4> kTables = {"_begun", "flow", "alert", "_deliveries"};

class ClickHouseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.url = proxy_.url();
    sink_ = open();
    (void)sink_->head(
        chain_.id());  // makes the tables, which takes the longest of all: all tests have the same
    for (const char* table : {"flow", "alert", "other", "_begun", "_deliveries"})
      ask("TRUNCATE TABLE DB." + std::string(table));
  }
  /// For tests that do something to the tables.
  void use_new_database() {
    static int next = 0;
    options_.database = fmt::format("test_{}", next++);
    sink_ = open();
  }
  std::unique_ptr<Sink> open() {
    auto sink = open_clickhouse_sink(options_);
    EXPECT_TRUE(sink) << (sink ? "" : sink.error().message);
    return sink ? std::move(sink).value() : nullptr;
  }
  std::string ask(std::string statement) const {
    for (auto at = statement.find("DB."); at != statement.npos; at = statement.find("DB."))
      statement.replace(at, 3, options_.database + ".");
    return clickhouse().ask(statement);
  }
  /// How many rows, and how many different records, without FINAL: "9\t9".
  std::string rows() const {
    return ask(
        "SELECT count(), uniqExact(flow_id) FROM (SELECT flow_id FROM DB.flow UNION ALL SELECT flow_id FROM "
        "DB.alert)");
  }
  /// The next insert into this table has this fate; all others pass.
  void strike(std::string_view table, Fate fate) {
    proxy_.decide([=, is_done = false](const std::string& request) mutable {
      if (is_done || !is_insert_into(table, request)) return Fate{};
      is_done = true;
      return fate;
    });
  }
  /// The next block has to say how far it reaches: numbers go by without a record, more than were covered.
  void leave_behind() { store(*sink_, {chain_.gap(1000)}); }

  test::Proxy proxy_{clickhouse()};
  ClickHouseOptions options_{.database = "test"};
  std::unique_ptr<Sink> sink_;
  Chain chain_;
};

TEST_F(ClickHouseTest, MakesTablesWithTheRecordsFieldsAsColumns) {
  v1::Event e = test::event(3);
  e.set_community_id("1:abc=");
  e.add_vlan(7);
  e.add_vlan(300);
  e.set_src_ip(std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\1');
  e.mutable_alert()->set_severity(2);
  e.mutable_alert()->set_category("quote ' and \\ and tab \t");
  e.mutable_alert()->mutable_source()->set_port(99);
  std::string content;
  append_delimited(as_bytes(e.SerializeAsString()), content);
  store(*sink_, {chain_.with(1, content)});
  EXPECT_EQ(ask("SELECT timestamp, time, sensor, boot, lane, seq, flow_id, src_ip, dest_ip, dest_port, "
                "proto, vlan, community_id, "
                "alert_signature_id, alert_severity, alert_source_port, event_type FROM DB.alert"),
            "1700000003000000000\t2023-11-14 "
            "22:13:23\tplant-7\t34935\t3\t1\t3\t2001:0db8:0000:0000:0000:0000:0000:0001\t"
            "192.0.2.1\t443\tTCP\t[7,300]\t1:abc=\t1003\t2\t99\talert\n");
  EXPECT_EQ(ask("SELECT alert_category = 'quote \\' and \\\\ and tab \\t' FROM DB.alert"), "1\n");
  std::string eve;
  ASSERT_TRUE(EveWriter().append(as_bytes(e.SerializeAsString()), eve));
  EXPECT_EQ(ask("SELECT eve FROM DB.alert FORMAT RowBinary").substr(2), eve) << "behind its length";
}

/// However many columns it has: of mqtt, more than a URL holds.
TEST_F(ClickHouseTest, EachTableTakesItsRecords) {
  use_new_database();
  std::string content;
  for (const auto& type : tables()) {
    v1::Event e = test::event(1);
    e.set_event_type(type);
    append_delimited(as_bytes(e.SerializeAsString()), content);
  }
  store(*sink_, {chain_.with(static_cast<std::uint32_t>(tables().size()), content)});
  EXPECT_EQ(
      ask(fmt::format("SELECT count(), uniqExact(_table) FROM merge('{}', '^[^_]')", options_.database)),
      fmt::format("{0}\t{0}\n", tables().size()));
}

TEST_F(ClickHouseTest, KeepsTypesItDoesNotKnow) {
  v1::Event e = test::event(1);
  e.set_event_type("of the future");
  std::string content;
  append_delimited(as_bytes(e.SerializeAsString()), content);
  store(*sink_, {chain_.with(1, content)});
  EXPECT_EQ(ask("SELECT event_type, flow_id FROM DB.other"), "of the future\t1\n");
}

TEST_F(ClickHouseTest, KeepsGapsBesideTheHeads) {
  store(*sink_, {chain_.next(2), chain_.gap(5), chain_.next(1)});
  EXPECT_EQ(
      ask("SELECT through, first_seq, count, missing.first, missing.last, missing.reason, missing.signed "
          "FROM DB._deliveries ORDER BY through"),
      "2\t1\t2\t[]\t[]\t[]\t[]\n"
      "7\t8\t0\t[3]\t[7]\t['GAP_SPOOL_FULL']\t[1]\n"
      "8\t8\t1\t[]\t[]\t[]\t[]\n");
}

/// An insert whose answer is lost was done; one that is cut off was done in part. Whichever of a block's inserts it
/// is, nothing is there twice, and nothing is missing.
TEST_F(ClickHouseTest, LooksUpWhatAnInsertWithoutAnAnswerLeft) {
  store(*sink_, {chain_.next(1)});
  std::uint64_t have = 1;
  std::size_t refused = 0;
  for (const Fate::Kind kind : {Fate::Kind::kRefuse, Fate::Kind::kDropAnswer, Fate::Kind::kCut}) {
    for (const char* table : kTables) {
      leave_behind();
      strike(table, {kind, 40});
      const auto first = chain_.next(5), second = chain_.next(4);
      refused += refusal(*sink_, {first, second}).empty() ? 0 : 1;
      store(*sink_, {first, second});
      have += 9;
      EXPECT_EQ(rows(), fmt::format("{0}\t{0}\n", have)) << static_cast<int>(kind) << " at " << table;
      EXPECT_EQ(through(*sink_, chain_.id()), chain_.head().through);
    }
  }
  EXPECT_EQ(refused, 3 * kTables.size());
  EXPECT_EQ(ask("SELECT count() FROM DB._deliveries"), fmt::format("{}\n", 1 + 3 * refused));
}

/// The block that broke off comes again as smaller ones, to this collector or to the one after it.
TEST_F(ClickHouseTest, LooksUpAsFarAsABlockThatBrokeOff) {
  std::uint64_t have = 0;
  for (const bool is_same : {true, false}) {
    for (const Fate::Kind kind : {Fate::Kind::kRefuse, Fate::Kind::kDropAnswer}) {
      for (const char* table : kTables) {
        leave_behind();
        strike(table, {kind});
        const auto first = chain_.next(5), second = chain_.next(4), third = chain_.next(3);
        EXPECT_FALSE(refusal(*sink_, {first, second, third}).empty());
        if (!is_same) sink_ = open();
        for (const auto& delivery : {first, second, third}) store(*sink_, {delivery});
        have += 12;
        EXPECT_EQ(rows(), fmt::format("{0}\t{0}\n", have)) << is_same << static_cast<int>(kind) << table;
      }
    }
  }
}

/// The chain is beyond the hole, and has gone on before it is filled again.
TEST_F(ClickHouseTest, LooksUpWhatHadBegunToFillAHole) {
  store(*sink_, {chain_.next(1), chain_.skip_and_next(6, 2)});
  Chain of_the_first = chain_;
  strike("_deliveries", {Fate::Kind::kRefuse});
  EXPECT_FALSE(refusal(*sink_, {of_the_first.fill()}).empty());
  EXPECT_EQ(rows(), "9\t9\n") << "not committed";
  sink_ = open();
  store(*sink_, {chain_.next(4)});
  store(*sink_, {chain_.fill()});
  EXPECT_EQ(rows(), "13\t13\n");
}

TEST_F(ClickHouseTest, LooksForNothingThatNeverBegan) {
  store(*sink_, {chain_.next(9)});
  leave_behind();
  int looks = 0;
  const auto count_looks = [&] {
    proxy_.decide([&](const std::string& r) {
      looks += r.find("FROM `test`.`flow`") == r.npos ? 0 : 1;
      return Fate{};
    });
  };
  count_looks();
  sink_ = open();
  store(*sink_, {chain_.next(9)});
  EXPECT_EQ(looks, 0);
  strike("_deliveries", {Fate::Kind::kRefuse});
  const auto delivery = chain_.next(9);
  EXPECT_FALSE(refusal(*sink_, {delivery}).empty());
  count_looks();
  store(*sink_, {delivery});
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(rows(), "27\t27\n");
}

/// Plain RowBinary that ends between two rows would be taken for all there is.
TEST_F(ClickHouseTest, ABodyThatIsCutOffAnywhereIsNone) {
  store(*sink_, {chain_.next(1)});
  const auto delivery = chain_.next(9);
  std::size_t size = 0;
  proxy_.decide([&](const std::string& r) {
    if (!is_insert_into("flow", r)) return Fate{};
    if (size == 0) size = r.size() - r.find("\r\n\r\n") - 4;
    return Fate{Fate::Kind::kRefuse};
  });
  EXPECT_FALSE(refusal(*sink_, {delivery}).empty());
  ASSERT_GT(size, 100U);
  for (std::size_t bytes = 0; bytes < size; bytes += size / 10) {
    strike("flow", {Fate::Kind::kCut, bytes});
    EXPECT_FALSE(refusal(*sink_, {delivery}).empty());
    EXPECT_EQ(rows(), "1\t1\n") << bytes << " of " << size;
  }
  store(*sink_, {delivery});
  EXPECT_EQ(rows(), "10\t10\n");
}

/// All chains of a block have begun, and each look asks for no more than a delivery's rows.
TEST_F(ClickHouseTest, LooksUpEachChainOfABlockThatBrokeOff) {
  Chain other("plant-8");
  store(*sink_, {chain_.skip_and_next(3, 4)});
  store(*sink_, {other.next(2)});
  const auto fill = chain_.fill(), last = chain_.next(7), of_other = other.next(5);
  strike("_deliveries", {Fate::Kind::kRefuse});
  EXPECT_FALSE(refusal(*sink_, {fill, last, of_other}).empty());
  sink_ = open();
  store(*sink_, {of_other});
  store(*sink_, {fill, last, chain_.next(1)});
  EXPECT_EQ(ask("SELECT count(), uniqExact(sensor, seq) FROM merge('test', '^(flow|alert)$')"), "22\t22\n");
}

/// One collector after the other dies, and what they left is merged.
TEST_F(ClickHouseTest, LooksUpAsFarAsTheFirstOfManyHad) {
  const auto first = chain_.next(5), second = chain_.next(4), third = chain_.next(3);
  strike("_deliveries", {Fate::Kind::kRefuse});
  EXPECT_FALSE(refusal(*sink_, {first, second, third}).empty());
  for (const auto& delivery : {first, second, third}) {
    sink_ = open();
    strike("_deliveries", {Fate::Kind::kRefuse});
    EXPECT_FALSE(refusal(*sink_, {delivery}).empty());
    sink_ = open();
    store(*sink_, {delivery});
    ask("OPTIMIZE TABLE DB._begun FINAL");
    EXPECT_EQ(ask("SELECT through FROM DB._begun"), "108\n") << "this block and eight such";
    EXPECT_EQ(rows(), "12\t12\n");
  }
}

/// A record of six bytes may be a row of a kilobyte and a half: a block is as many inserts as its rows need.
TEST_F(ClickHouseTest, ABlockOfManyInsertsIsThereOnce) {
  options_.insert_bytes = 1000;
  std::uint64_t have = 0;
  for (const char* table : {"flow", "alert"}) {
    for (int nth = 1; nth <= 5; nth += 2) {
      sink_ = open();
      proxy_.decide([=, seen = 0](const std::string& r) mutable {
        return is_insert_into(table, r) && ++seen == nth ? Fate{Fate::Kind::kDropAnswer} : Fate{};
      });
      const auto delivery = chain_.next(60);
      EXPECT_FALSE(refusal(*sink_, {delivery}).empty()) << "the insert " << nth << " into " << table;
      store(*sink_, {delivery});
      have += 60;
      EXPECT_EQ(rows(), fmt::format("{0}\t{0}\n", have));
    }
  }
}

/// A database of before the table was there, or a table that somebody emptied.
TEST_F(ClickHouseTest, LooksForAllWhereNobodyKnowsWhatBegan) {
  store(*sink_, {chain_.next(3)});
  const auto first = chain_.next(5), second = chain_.next(4);
  strike("_deliveries", {Fate::Kind::kRefuse});
  EXPECT_FALSE(refusal(*sink_, {first, second}).empty());
  ask("TRUNCATE TABLE DB._begun");
  sink_ = open();
  for (const auto& delivery : {first, second}) store(*sink_, {delivery});
  EXPECT_EQ(rows(), "12\t12\n");
}

/// What fills a hole leaves the head's number as it is.
TEST_F(ClickHouseTest, MergesKeepEachDelivery) {
  store(*sink_, {chain_.next(1), chain_.skip_and_next(6, 2)});
  store(*sink_, {chain_.gap(11)});
  store(*sink_, {chain_.fill()});
  const std::string before =
      ask("SELECT version, through, missing.last FROM DB._deliveries ORDER BY version");
  EXPECT_EQ(before, "1\t1\t[]\n2\t9\t[7]\n3\t20\t[20]\n4\t20\t[]\n");
  ask("OPTIMIZE TABLE DB._deliveries FINAL");
  EXPECT_EQ(ask("SELECT version, through, missing.last FROM DB._deliveries ORDER BY version"), before);
}

/// Some of a table's rows may be there without the others: an insert is as many parts as its records have months.
TEST_F(ClickHouseTest, LooksUpRowByRow) {
  use_new_database();
  const auto delivery = chain_.next(9);
  store(*sink_, {delivery});
  ask("CREATE TABLE DB.kept AS DB.flow");
  ask("INSERT INTO DB.kept SELECT * FROM DB.flow WHERE seq % 4 = 0");
  ask("DROP TABLE DB.flow");
  ask("RENAME TABLE DB.kept TO DB.flow");
  ask("DROP TABLE DB._deliveries");
  sink_ = open();
  EXPECT_EQ(rows(), "5\t5\n") << "two flows, three alerts";
  store(*sink_, {delivery});
  EXPECT_EQ(rows(), "9\t9\n");
}

/// Whoever comes next finds the block committed, and asks no more.
TEST_F(ClickHouseTest, BuriesPoisonBeforeTheCommit) {
  std::string content = test::records(1, 2);
  append_delimited(as_bytes(std::string_view("\xff\xff")), content);
  const auto delivery = chain_.with(3, content);
  std::vector<Rejected> rejected;
  proxy_.decide([&](const std::string& r) {
    if (!is_insert_into("_deliveries", r)) return Fate{};
    EXPECT_EQ(rejected.size(), 1U);
    return Fate{Fate::Kind::kDropAnswer};
  });
  EXPECT_FALSE(refusal(*sink_, {delivery}, test::bury_in(rejected)).empty());
  EXPECT_EQ(rejected.size(), 1U);
  EXPECT_EQ(through(*sink_, chain_.id()), 3U);
}

TEST_F(ClickHouseTest, AnotherCollectorTakesOverWithoutRowsTwice) {
  int have = 0;
  for (const char* table : kTables) {
    leave_behind();
    strike(table, {Fate::Kind::kDropAnswer});
    const auto first = chain_.next(6);
    EXPECT_FALSE(refusal(*sink_, {first}).empty());
    sink_ = open();  // knows nothing of what the one before did
    store(*sink_, {first});
    have += 6;
    EXPECT_EQ(rows(), fmt::format("{0}\t{0}\n", have)) << table;
  }
}

/// Of this sink, and of one that is no more: a collector that was killed.
TEST_F(ClickHouseTest, WaitsForInsertsThatTheServerStillWorksOn) {
  store(*sink_, {chain_.next(1)});
  ask("CREATE MATERIALIZED VIEW DB.slow ENGINE = Memory AS SELECT sleep(3) AS s FROM DB.flow");
  const auto is_at_work = [&] {
    return ask("SELECT count() FROM system.processes WHERE startsWith(query_id, 'picket-')") != "0\n";
  };
  for (const bool is_same : {true, false}) {
    strike("flow", {Fate::Kind::kHangUp});
    const auto delivery = chain_.next(3);
    EXPECT_FALSE(refusal(*sink_, {delivery}).empty());
    while (!is_at_work()) std::this_thread::yield();
    ClickHouseOptions impatient = options_;
    impatient.timeout = std::chrono::milliseconds{500};
    EXPECT_NE(refusal(*open_clickhouse_sink(impatient).value(), {delivery}).find("still works"),
              std::string::npos);
    if (!is_same) sink_ = open();
    store(*sink_, {delivery});
    EXPECT_EQ(rows(), is_same ? "4\t4\n" : "7\t7\n");
  }
  ask("DROP TABLE DB.slow");
}

/// A kept connection that ends without an answer: the insert may have been done.
TEST(HttpClientTest, SendsARequestOnce) {
  const test::Forgetful server;
  const auto client = HttpClient::make({.url = server.url()});
  ASSERT_TRUE(client);
  EXPECT_TRUE(client.value()->post({}, ""));
  EXPECT_FALSE(client.value()->post({}, ""));
  EXPECT_EQ(server.requests(), 2) << "sent again by itself";
  EXPECT_TRUE(client.value()->post({}, "")) << "by another connection";
}

TEST_F(ClickHouseTest, AServerThatDoesNotAnswerDelays) {
  store(*sink_, {chain_.next(1)});
  options_.timeout = std::chrono::milliseconds{1000};
  sink_ = open();
  const auto delivery = chain_.next(3);
  strike("flow", {Fate::Kind::kStall});
  EXPECT_NE(refusal(*sink_, {delivery}).find("timed out"), std::string::npos);
  options_.timeout = std::chrono::milliseconds{60'000};
  sink_ = open();
  store(*sink_, {delivery});
  EXPECT_EQ(rows(), "4\t4\n");
}

/// The one thing that the sink cannot see: bytes that the network gives to the server after all is done.
TEST_F(ClickHouseTest, WhatComesLateIsOneRowInTheEnd) {
  store(*sink_, {chain_.next(1)});
  strike("flow", {Fate::Kind::kLate});
  const auto delivery = chain_.next(5);
  EXPECT_FALSE(refusal(*sink_, {delivery}).empty());
  store(*sink_, {delivery});
  EXPECT_EQ(rows(), "6\t6\n");
  proxy_.release();
  EXPECT_EQ(ask("SELECT count(), uniqExact(flow_id) FROM DB.flow FINAL"), "4\t4\n");
  ask("OPTIMIZE TABLE DB.flow FINAL");
  EXPECT_EQ(rows(), "6\t6\n");
}

TEST_F(ClickHouseTest, AKilledServerDelays) {
  use_new_database();  // 18.16 brings back what was truncated shortly before a kill
  store(*sink_, {chain_.next(1)});
  std::uint64_t have = 1;
  for (const Fate::Kind kind : {Fate::Kind::kKill, Fate::Kind::kKillDone}) {
    for (const char* table : kTables) {
      leave_behind();
      strike(table, {kind, 60});
      const auto delivery = chain_.next(6);
      EXPECT_FALSE(refusal(*sink_, {delivery}).empty());
      EXPECT_FALSE(refusal(*sink_, {delivery}).empty()) << "it is not there";
      clickhouse().start();
      store(*sink_, {delivery});
      have += 6;
      EXPECT_EQ(rows(), fmt::format("{0}\t{0}\n", have));
    }
  }
}

TEST_F(ClickHouseTest, AUserWhoMayNotWriteDelays) {
  store(*sink_, {chain_.next(1)});
  options_.user = "reader";
  options_.password = "secret";
  const auto reader = open();
  const auto delivery = chain_.next(3);
  EXPECT_NE(refusal(*reader, {delivery}).find("readonly"), std::string::npos);
  store(*sink_, {delivery});
  EXPECT_EQ(rows(), "4\t4\n");
}

TEST_F(ClickHouseTest, AWrongPasswordIsTold) {
  options_.user = "reader";
  options_.password = "wrong";
  EXPECT_NE(refusal(*open(), {chain_.next(3)}).find("password"), std::string::npos);
}

TEST_F(ClickHouseTest, AWrongSchemaIsToldAndDelays) {
  use_new_database();
  ask("CREATE DATABASE " + options_.database);
  ask("CREATE TABLE DB.flow (timestamp UInt64, sensor String, seq String) ENGINE = MergeTree ORDER BY seq");
  const auto delivery = chain_.next(3);
  const std::string why = refusal(*sink_, {delivery});
  EXPECT_NE(why.find("'seq'"), std::string::npos) << why;
  EXPECT_NE(why.find("UInt64"), std::string::npos) << why;
  ask("RENAME TABLE DB.flow TO DB.flow_of_old");
  store(*sink_, {delivery});
  EXPECT_EQ(rows(), "3\t3\n");
}

TEST_F(ClickHouseTest, AddsColumnsOfANewerSchema) {
  use_new_database();
  store(*sink_, {chain_.next(2)});
  ask("ALTER TABLE DB.flow DROP COLUMN `flow_bytes_toserver`, DROP COLUMN proto");
  sink_ = open();
  store(*sink_, {chain_.next(2)});
  EXPECT_EQ(ask("SELECT flow_id, proto, `flow_bytes_toserver` FROM DB.flow ORDER BY seq"),
            "1\t\t0\n2\t\t0\n4\tTCP\t400\n");
}

TEST_F(ClickHouseTest, TablesThatAreDroppedAreMadeAgain) {
  use_new_database();
  store(*sink_, {chain_.next(1)});
  ask("DROP TABLE DB.flow");
  const auto delivery = chain_.next(3);
  EXPECT_NE(refusal(*sink_, {delivery}).find("doesn't exist"), std::string::npos);
  store(*sink_, {delivery});
  EXPECT_EQ(ask("SELECT count() FROM DB.flow"), "2\n");
}

TEST_F(ClickHouseTest, ADiskWithoutRoomDelays) {
  store(*sink_, {chain_.next(1)});
  const auto delivery = chain_.next(3);
  clickhouse().limit_files(10);
  for (int i = 0; i < 3; ++i) {
    const std::string why = refusal(*sink_, {delivery});
    EXPECT_NE(why.find("arge"), std::string::npos) << why;
  }
  clickhouse().limit_files(RLIM_INFINITY);
  store(*sink_, {delivery});
  EXPECT_EQ(rows(), "4\t4\n");
}

TEST_F(ClickHouseTest, NamesOfSensorsAreNoStatements) {
  Chain hostile("'; DROP TABLE flow; -- \\' \xc3\xbc");
  store(*sink_, {hostile.next(3)});
  EXPECT_EQ(through(*sink_, hostile.id()), 3U);
  sink_ = open();
  store(*sink_, {hostile.next(3)});
  EXPECT_EQ(rows(), "6\t6\n");
}

TEST_F(ClickHouseTest, TheSchemaAsAScriptIsWhatTheSinkMakes) {
  use_new_database();
  ClickHouseSchemaOptions schema{.database = options_.database};
  for (const auto& statement : clickhouse_schema(schema)) clickhouse().ask(statement);
  proxy_.decide([](const std::string& r) {
    EXPECT_EQ(r.find("CREATE"), r.npos) << "a user who may not make tables is enough";
    return Fate{};
  });
  store(*sink_, {chain_.next(3)});
  EXPECT_EQ(rows(), "3\t3\n");
}

TEST(ClickHouseOptionsTest, RefusesWhatCannotWork) {
  const auto why = [](const ClickHouseOptions& o) {
    const auto sink = open_clickhouse_sink(o);
    return sink ? "" : sink.error().message;
  };
  EXPECT_NE(why({.url = "http://192.0.2.1:8123"}).find("loopback"), std::string::npos);
  EXPECT_NE(why({.url = "ftp://127.0.0.1"}).find("https://"), std::string::npos);
  EXPECT_NE(why({.url = "::"}).find("https://"), std::string::npos);
  EXPECT_NE(why({.ca = "/no/such/file"}).find("/no/such/file"), std::string::npos);
  EXPECT_NE(why({.database = ""}).find("database"), std::string::npos);
  EXPECT_NE(why({.user = "a\r\nb"}).find("line"), std::string::npos);
  EXPECT_EQ(why({.url = "https://192.0.2.1:8443"}), "");
}

TEST(ClickHouseSchemaTest, FollowsTheServersVersion) {
  const std::string before = clickhouse_schema_script({.version = {18, 16}, .keep_days = 30});
  const std::string modern = clickhouse_schema_script({.version = {24, 8}, .keep_days = 30});
  for (const char* then :
       {"`time` DateTime MATERIALIZED", "`timestamp` UInt64", "`src_ip` String", "SET allow_experimental"}) {
    EXPECT_NE(before.find(then), std::string::npos) << then;
    EXPECT_EQ(modern.find(then), std::string::npos) << then;
  }
  for (const char* now :
       {"`timestamp` DateTime64(9, 'UTC') CODEC", "`src_ip` IPv6",
        "TTL toDateTime(timestamp) + INTERVAL 30 DAY", "fsync_after_insert", "CODEC(ZSTD(3))"}) {
    EXPECT_EQ(before.find(now), std::string::npos) << now;
    EXPECT_NE(modern.find(now), std::string::npos) << now;
  }
  EXPECT_EQ(clickhouse_tables({}).size(), tables().size());
}

TEST(ClickHouseSchemaTest, ReadsVersions) {
  EXPECT_EQ(parse_clickhouse_version("18.16.1").value(), (ClickHouseVersion{18, 16}));
  EXPECT_EQ(parse_clickhouse_version("24.8.4.13").value(), (ClickHouseVersion{24, 8}));
  EXPECT_FALSE(parse_clickhouse_version("18.14.1"));
  for (const char* bad : {"", "x", "24", "24.", "24.x", ".1"})
    EXPECT_FALSE(parse_clickhouse_version(bad)) << bad;
}

TEST(ClickHouseSchemaTest, NoTableHasAColumnTwice) {
  for (const ClickHouseVersion v : {ClickHouseVersion{18, 16}, ClickHouseVersion{24, 8}}) {
    for (const auto& table : clickhouse_tables(v)) {
      std::set<std::string> names{"time"};
      for (const auto& c : clickhouse_key_columns(v)) EXPECT_TRUE(names.insert(c.name).second) << c.name;
      for (const auto& c : table.columns)
        EXPECT_TRUE(names.insert(c.name).second) << table.name << ' ' << c.name;
      EXPECT_TRUE(names.insert("eve").second);
    }
  }
}

}  // namespace
}  // namespace picket::collector
