#include "export/collector/config.h"

#include <filesystem>
#include <fstream>

#include "export/collector/cli.h"
#include "export/collector/sinks.h"
#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  std::string write(const std::string& text) {
    std::ofstream(folder_.file("c.yaml")) << text;
    return folder_.file("c.yaml");
  }
  std::string error_of(const char* text) {
    const auto c = load_config(write(text));
    return c ? "" : c.error().message;
  }
  test::Folder folder_;
};

TEST_F(ConfigTest, ReadsKeysOverDefaults) {
  const auto c =
      load_config(write("listen: 127.0.0.1:99\nstore: /tmp/x.db\nmax-message-mib: 32\nlog-level: warn\n"));
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c.value().server.listen, "127.0.0.1:99");
  EXPECT_EQ(c.value().store.path, "/tmp/x.db");
  EXPECT_EQ(c.value().dead_letter_path(), "/tmp/x.db.dead-letters");
  EXPECT_EQ(c.value().server.max_message_bytes, 32 << 20);
  EXPECT_EQ(c.value().server.max_sensors, 4096);
  EXPECT_TRUE(load_config(write("")));
  const auto m = load_config(write("metrics.listen: 127.0.0.1:9508\nmetrics.allow-remote: yes\n"));
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_EQ(m.value().metrics.listen, "127.0.0.1:9508");
  EXPECT_TRUE(m.value().metrics.allow_remote);
  EXPECT_EQ(c.value().metrics.listen, "");
  EXPECT_FALSE(c.value().metrics.allow_remote);
}

TEST_F(ConfigTest, KnowsHowManyFilesItsSensorsTake) {
  EXPECT_EQ(load_config(write("listen: 127.0.0.1:99\nmax-sensors: 1000\n")).value().most_files(), 1256U);
  EXPECT_EQ(load_config(write("tls.listen: 127.0.0.1:99\nmax-sensors: 1000\n")).value().most_files(), 3256U);
  EXPECT_EQ(load_config(write("intake.folder: /tmp\n")).value().most_files(), 256U);
}

TEST_F(ConfigTest, ReadsAgesAndSizes) {
  const auto c =
      load_config(write("store.max-age: 90d\nstore.max-size: 2 TiB\ndead-letter: none\nmax-queue-mib: 64\n"));
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c.value().store.max_age, std::chrono::hours(24 * 90));
  EXPECT_EQ(c.value().store.max_bytes, 2ULL << 40);
  EXPECT_EQ(c.value().dead_letter_path(), "");
  EXPECT_EQ(c.value().router.max_bytes, 64U << 20);
  EXPECT_TRUE(load_config(write("store.max-age: 0\nstore.max-size: 0\n")));
  for (const char* bad :
       {"store.max-age: 90\n", "store.max-age: soon\n", "store.max-age: 1w\n",
        "store.max-age: 99999999999999d\n", "store.max-size: 1 MiB\n", "store.max-size: 500\n",
        "store.max-size: 99999999999999 TiB\n", "max-queue-mib: 1\n", "store: ''\n", "dead-letter: ''\n",
        "dead-letter.max-size: 0\n"}) {
    EXPECT_NE(error_of(bad).find("c.yaml:1: "), std::string::npos) << bad << error_of(bad);
  }
}

TEST_F(ConfigTest, ZeroIsNoSizeOfDeadLetters) {
  EXPECT_EQ(load_config(write("dead-letter.max-size: 1 MiB\n")).value().dead_letter_bytes, 1U << 20);
  EXPECT_NE(error_of("dead-letter.max-size: 0\n").find("dead-letter: none"), std::string::npos)
      << "elsewhere 0 is no limit; here it would keep nothing";
}

TEST_F(ConfigTest, KeysOfEveFiles) {
  EXPECT_EQ(load_config(write("")).value().eve.path, "");
  const auto c = load_config(
      write("eve.path: /v/eve.json\neve.rotate-size: 64 MiB\neve.rotate-every: 1h\neve.keep-files: 48\n"
            "eve.keep-size: 2 GiB\n"));
  ASSERT_TRUE(c) << c.error().message;
  const EveFilesOptions& o = c.value().eve;
  EXPECT_EQ(o.path, "/v/eve.json");
  EXPECT_EQ(o.rotate_bytes, 64U << 20);
  EXPECT_EQ(o.rotate_every, std::chrono::hours(1));
  EXPECT_EQ(o.keep_files, 48U);
  EXPECT_EQ(o.keep_bytes, 2U << 30);
  for (const char* bad : {"eve.path: ''\n", "eve.rotate-size: big\n", "eve.rotate-every: 5\n",
                          "eve.keep-files: -1\n", "eve.keep-size: 5\n"})
    EXPECT_NE(error_of(bad).find("c.yaml:1: eve."), std::string::npos) << bad << error_of(bad);
}

TEST_F(ConfigTest, KeysOfClickHouse) {
  EXPECT_EQ(load_config(write("")).value().clickhouse.url, "");
  const auto c = load_config(write(
      "clickhouse.url: https://db:8443\nclickhouse.database: d\nclickhouse.user: u\nclickhouse.password: p\n"
      "clickhouse.ca: a\nclickhouse.certificate: b\nclickhouse.key: k\nclickhouse.keep-days: 90\n"
      "clickhouse.timeout: 5m\nclickhouse.lines: 8\n"));
  ASSERT_TRUE(c) << c.error().message;
  const ClickHouseOptions& o = c.value().clickhouse;
  EXPECT_EQ(c.value().clickhouse_lines, 8U);
  EXPECT_EQ(o.url, "https://db:8443");
  EXPECT_EQ(o.database + o.user + o.password + o.ca + o.certificate + o.key, "dupabk");
  EXPECT_EQ(o.keep_days, 90U);
  EXPECT_EQ(o.timeout, std::chrono::minutes(5));
  for (const char* bad : {"clickhouse.url: ''\n", "clickhouse.keep-days: 99999\n", "clickhouse.timeout: 0\n",
                          "clickhouse.timeout: 2h\n", "clickhouse.lines: 0\n", "clickhouse.lines: 65\n"})
    EXPECT_NE(error_of(bad).find("c.yaml:1: clickhouse."), std::string::npos) << bad << error_of(bad);
}

TEST_F(ConfigTest, KeysOfKafka) {
  EXPECT_EQ(load_config(write("")).value().kafka.brokers, "");
  const auto c = load_config(
      write("kafka.brokers: a:9093,b:9093\nkafka.prefix: p\nkafka.transactional-id: t\nkafka.timeout: 20s\n"
            "kafka.make-heads: no\nkafka.settings:\n  security.protocol: ssl\n  ssl.ca.location: /c.crt\n"));
  ASSERT_TRUE(c) << c.error().message;
  const KafkaOptions& o = c.value().kafka;
  EXPECT_EQ(o.brokers, "a:9093,b:9093");
  EXPECT_EQ(o.prefix + o.transactional_id, "pt");
  EXPECT_FALSE(o.make_heads);
  EXPECT_TRUE(Config{}.kafka.make_heads);
  EXPECT_EQ(o.timeout, std::chrono::seconds(20));
  EXPECT_EQ(o.settings, (std::map<std::string, std::string>{{"security.protocol", "ssl"},
                                                            {"ssl.ca.location", "/c.crt"}}));
  EXPECT_NE(error_of("kafka.settings: ssl\n").find("has to be a map"), std::string::npos);
  EXPECT_NE(error_of("kafka.brokers: ''\n").find("is empty"), std::string::npos);
}

/// Two with one id would fence each other off for ever.
TEST_F(ConfigTest, CollectorsHaveTransactionalIdsOfTheirOwn) {
  const auto id = [&](const std::string& text) {
    return load_config(write(text)).value().transactional_id();
  };
  const std::string one = id("tls.listen: 0.0.0.0:5514\nkafka.brokers: a:1\n");
  EXPECT_EQ(one, id("kafka.brokers: b:1\ntls.listen: 0.0.0.0:5514\n"));  // after a restart, and other changes
  char host[256] = "";
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  EXPECT_EQ(one, "picket-collector-" + std::string(host) + "-0.0.0.0:5514");
  EXPECT_NE(one, id("tls.listen: 0.0.0.0:5515\n"));
  EXPECT_NE(id("listen: 127.0.0.1:1\n"), id("listen: 127.0.0.1:2\n"));
  EXPECT_NE(id("intake.folder: /a\n"), id("intake.folder: /b\n"));
  EXPECT_EQ(id("kafka.transactional-id: soc-1\n"), "soc-1");
}

TEST_F(ConfigTest, KeysOfSyslog) {
  EXPECT_EQ(load_config(write("")).value().syslog.server, "");
  EXPECT_EQ(load_config(write("syslog.server: a:1\n")).value().syslog.transport, SyslogTransport::kTls);
  EXPECT_EQ(load_config(write("syslog.transport: tcp\n")).value().syslog.transport, SyslogTransport::kTcp);
  const auto c = load_config(
      write("syslog.server: 127.0.0.1:514\nsyslog.transport: udp\nsyslog.ca: a\nsyslog.certificate: b\n"
            "syslog.key: k\nsyslog.queue: 7\n"));
  ASSERT_TRUE(c) << c.error().message;
  const SyslogOptions& o = c.value().syslog;
  EXPECT_EQ(o.server, "127.0.0.1:514");
  EXPECT_EQ(o.transport, SyslogTransport::kUdp);
  EXPECT_EQ(o.ca + o.certificate + o.key, "abk");
  EXPECT_EQ(o.queue, 7U);
  EXPECT_NE(error_of("syslog.transport: smoke\n").find("tls, tcp or udp"), std::string::npos);
  EXPECT_NE(error_of("syslog.queue: 0\n").find("1 to 1000000"), std::string::npos);
}

/// The names of the sinks that a configuration opens, or the error.
std::string sinks_of(const Config& config) {
  const auto sinks = open_sinks(config);
  if (!sinks) return sinks.error().message;
  std::string names;
  for (const auto& s : sinks.value()) names += s->name() + " ";
  return names;
}

TEST_F(ConfigTest, ASinkIsMadeWhenItsMainKeyIsGiven) {
  Config c;
  c.store.path = folder_.file("s.db");
  const std::string store_alone = sinks_of(c);
  c.eve.path = folder_.file("eve.json");
  c.clickhouse.url = "http://127.0.0.1:1";
  c.clickhouse_lines = 3;
  c.kafka.brokers = "127.0.0.1:1";
  c.syslog.server = "127.0.0.1:1";
  c.syslog.transport = SyslogTransport::kUdp;
  EXPECT_EQ(sinks_of(c), store_alone + "eve clickhouse clickhouse clickhouse kafka syslog ");
  c.store.path = kNone;
  c.clickhouse_lines = 1;
  EXPECT_EQ(sinks_of(c), "eve clickhouse kafka syslog ");
  EXPECT_FALSE(std::filesystem::exists("none"));
}

TEST_F(ConfigTest, OneSinkHasToBeDurable) {
  auto c = load_config(write("store: none\nsyslog.server: 127.0.0.1:1\nsyslog.transport: udp\n"));
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_NE(sinks_of(c.value()).find("at least one durable sink"), std::string::npos) << sinks_of(c.value());
  EXPECT_EQ(c.value().dead_letter_path(), std::string(kDefaultStore) + ".dead-letters");
  c.value().eve.path = "/no/such/eve.json";
  EXPECT_NE(sinks_of(c.value()).find("/no/such"), std::string::npos) << "the error is the sink's own";
}

TEST_F(ConfigTest, NamesFileLineAndKey) {
  EXPECT_NE(error_of("listen: 127.0.0.1:99\nstroe: x\n").find("c.yaml:2: there is no key 'stroe'"),
            std::string::npos);
  EXPECT_NE(error_of("max-message-mib: many\n").find("c.yaml:1: max-message-mib"), std::string::npos);
  EXPECT_NE(error_of("max-message-mib: 0\n").find("1 to 256"), std::string::npos);
  EXPECT_NE(error_of("max-sensors: 99999\n").find("1 to 65536"), std::string::npos);
  EXPECT_NE(error_of("log-level: loud\n").find("debug, info"), std::string::npos);
  EXPECT_NE(error_of("- a\n- b\n").find("key: value"), std::string::npos);
  EXPECT_NE(error_of("a: [\n").find("c.yaml:"), std::string::npos);
  EXPECT_NE(load_config("/no/such.yaml").error().message.find("/no/such.yaml"), std::string::npos);
}

std::optional<CommandLine> read(std::vector<std::string> words, int& status) {
  words.insert(words.begin(), "picket-collector");
  std::vector<char*> argv;
  for (auto& w : words) argv.push_back(w.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  auto line = read_command_line(static_cast<int>(argv.size()), argv.data(), status);
  ::testing::internal::GetCapturedStdout();
  ::testing::internal::GetCapturedStderr();
  return line;
}

TEST_F(ConfigTest, OptionsStandOverTheFile) {
  int status = 0;
  const auto line =
      read({"serve", "--config", write("listen: 127.0.0.1:99\nstore: a.db\n"), "--store", "b.db"}, status);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->command, CommandLine::Command::kServe);
  EXPECT_EQ(line->serve.server.listen, "127.0.0.1:99");
  EXPECT_EQ(line->serve.store.path, "b.db");
}

TEST_F(ConfigTest, WithoutTlsNobodyListensUnlessThatIsSaid) {
  int status = 0;
  EXPECT_FALSE(read({"serve", "--store", "s.db"}, status));
  EXPECT_EQ(status, 2);
  EXPECT_FALSE(read({"serve", "--config", write("store: s.db\n")}, status));
  const auto tls = read({"serve", "--config", write("tls.listen: 0.0.0.0:5514\n")}, status);
  ASSERT_TRUE(tls);
  EXPECT_EQ(tls->serve.tls.listen, "0.0.0.0:5514");
  EXPECT_EQ(tls->serve.server.listen, "");
  EXPECT_TRUE(read({"serve", "--listen", "127.0.0.1:0"}, status));
}

TEST_F(ConfigTest, KeysOfTls) {
  const auto c = load_config(write(
      "tls.ca: a\ntls.certificate: b\ntls.key: c\ntls.crl: d\ntls.allow: e\ntls.groups: require-hybrid\n"
      "tls.stale-crl: accept\n"));
  ASSERT_TRUE(c) << c.error().message;
  const tls::CredentialsOptions& o = c.value().tls.credentials;
  EXPECT_EQ(o.side, tls::Side::kCollector);
  EXPECT_EQ(o.trust.section, "tls");
  EXPECT_EQ(o.trust.ca + o.certificate + o.key + o.trust.crl + o.trust.allow, "abcde");
  EXPECT_EQ(o.groups, tls::Groups::kRequireHybrid);
  EXPECT_TRUE(o.trust.accept_stale_crl);
  EXPECT_NE(error_of("tls.groups: P-256\n").find("prefer-hybrid, require-hybrid or classical"),
            std::string::npos);
  EXPECT_NE(error_of("tls.stale-crl: maybe\n").find("refuse or accept"), std::string::npos);
  EXPECT_NE(error_of("tls.key: ''\n").find("is empty"), std::string::npos);
}

TEST_F(ConfigTest, SignaturesAreRequiredOnlyWhereTheyCanBeVerified) {
  EXPECT_FALSE(load_config(write("store: s.db\n")).value().router.require_signatures);
  int status = 0;
  EXPECT_FALSE(
      read({"serve", "--listen", "127.0.0.1:0", "--config", write("require-signatures: yes\n")}, status));
  EXPECT_EQ(status, 2);
  const auto line =
      read({"serve", "--listen", "127.0.0.1:0", "--config", write("require-signatures: yes\ntls.ca: a\n")},
           status);
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->serve.router.require_signatures);
}

TEST_F(ConfigTest, TablesAreLimitedAndJsonIsNot) {
  int status = 0;
  EXPECT_EQ(read({"query"}, status)->query.limit, 100U);
  EXPECT_EQ(read({"query", "--json"}, status)->query.limit, 0U);
  EXPECT_EQ(read({"query", "--limit", "7", "--json"}, status)->query.limit, 7U);
  EXPECT_EQ(read({"version"}, status)->command, CommandLine::Command::kVersion);
}

TEST_F(ConfigTest, SchemaOfAServersVersion) {
  int status = 0;
  auto line = read({"schema", "clickhouse"}, status);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->command, CommandLine::Command::kSchema);
  EXPECT_EQ(line->schema.version, (ClickHouseVersion{21, 3}));
  EXPECT_EQ(line->schema.database, "picket");
  line =
      read({"schema", "clickhouse", "--server-version", "18.16.1", "--database", "soc", "--keep-days", "9"},
           status);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->schema.version, (ClickHouseVersion{18, 16}));
  EXPECT_EQ(line->schema.database, "soc");
  EXPECT_EQ(line->schema.keep_days, 9U);
}

TEST_F(ConfigTest, WrongUsageIsStatus2) {
  int status = 0;
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"dance"},
                                                {"serve", "--nothing"},
                                                {"query", "--limit", "x"},
                                                {"schema"},
                                                {"schema", "splunk"},
                                                {"schema", "clickhouse", "--server-version", "17.1"},
                                                {"serve", "--config", "/no/such.yaml"}}) {
    status = 0;
    EXPECT_FALSE(read(words, status));
    EXPECT_EQ(status, 2);
  }
  status = 7;
  EXPECT_FALSE(read({"serve", "--help"}, status));
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace picket::collector
