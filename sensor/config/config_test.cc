#include "sensor/config/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "parsers/core/patient.h"
#include "sensor/config/config_keys.h"

namespace picket {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() : folder_(::testing::TempDir() + "picket_config_" + std::to_string(::getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  Result<Config> load(const std::string& yaml, const std::vector<std::string>& sets = {}) {
    const auto path = folder_ / "sensor.yaml";
    std::ofstream(path) << yaml;
    return load_config(path, sets);
  }
  static Result<Config> set(const std::vector<std::string>& sets) { return load_config({}, sets); }
  /// The error, without the folder's name.
  std::string error(const Result<Config>& r) {
    if (r.has_value()) return "(no error)";
    std::string s = r.error().message;
    const std::string prefix = folder_.string() + "/";
    for (auto at = s.find(prefix); at != std::string::npos; at = s.find(prefix)) s.erase(at, prefix.size());
    return s;
  }
  std::filesystem::path folder_;
};

std::string all(const std::vector<std::string>& lines) {
  std::string s;
  for (const auto& l : lines) s += l + "\n";
  return s;
}

TEST_F(ConfigTest, DefaultsAreThoseOfTheStructs) {
  const auto c = load_config({}, {});
  ASSERT_TRUE(c.has_value());
  EXPECT_EQ(c.value().worker.stream.depth_bytes, ReassemblyConfig{}.depth_bytes);
  EXPECT_EQ(c.value().worker.app.limits, default_app_config().limits);
  EXPECT_TRUE(c.value().warnings.empty());
}

TEST_F(ConfigTest, ReadsSuricatasNames) {
  const auto r = load(R"(%YAML 1.1
---
sensor-name: ward-3
vars:
  address-groups:
    HOME_NET: "[10.0.0.0/8,!10.9.0.0/16]"
    PACS: [10.1.1.1, 10.1.1.2]
  port-groups:
    VXLAN_PORTS: "[4789, 8472]"
stream:
  midstream: no
  checksum-validation: yes
  reassembly:
    depth: 2mb
flow:
  hash-size: 131072
flow-timeouts:
  default: {new: 11, established: 12, closed: 13}
  tcp: {new: 21, established: 22, closed: 0}
vlan: {use-for-tracking: false}
defrag: {memcap: 16mb, trackers: 1024, timeout: 30}
decoder:
  max-layers: 8
  teredo: {enabled: false}
  vxlan: {enabled: true, ports: $VXLAN_PORTS}
  geneve: {ports: [6081, 6082]}
rss: five-tuple
workers: 4
cores: [2, 4-6]
logging: {default-log-level: notice}
memory: {pool: 1gb}
)");
  ASSERT_TRUE(r.has_value()) << error(r);
  const Config& c = r.value();
  EXPECT_EQ(c.warnings, std::vector<std::string>{});
  EXPECT_EQ(c.sensor_name, "ward-3");
  EXPECT_EQ(c.rules.address_groups.at("HOME_NET"), "[10.0.0.0/8,!10.9.0.0/16]");
  EXPECT_EQ(c.rules.address_groups.at("PACS"), "[10.1.1.1,10.1.1.2]");
  EXPECT_FALSE(c.worker.stream.midstream);
  EXPECT_TRUE(c.worker.decode.verify_checksums);
  EXPECT_EQ(c.worker.stream.depth_bytes, 2U << 20);
  EXPECT_EQ(c.worker.flow.flows, 131072U);
  EXPECT_EQ(c.worker.flow.timeouts.other.closed_s, 13U);
  EXPECT_EQ(c.worker.flow.timeouts.tcp.fresh_s, 21U);
  EXPECT_EQ(c.worker.flow.timeouts.tcp.closed_s, 0U);
  EXPECT_EQ(c.worker.flow.timeouts.udp.fresh_s, FlowTimeouts{}.udp.fresh_s);
  EXPECT_FALSE(c.worker.flow.vlan_in_key);
  EXPECT_EQ(c.worker.defrag.memcap_bytes, 16U << 20);
  EXPECT_EQ(c.worker.defrag.timeout_ns, 30'000'000'000U);
  EXPECT_EQ(c.worker.decode.max_layers, 8);
  EXPECT_EQ(c.worker.decode.vxlan_ports, (PortList{4789, 8472}));
  EXPECT_EQ(c.worker.decode.geneve_ports, (PortList{6081, 6082}));
  EXPECT_EQ(c.worker.decode.teredo_ports, PortList{});
  EXPECT_EQ(c.worker.decode.gtp_ports, DecodeConfig{}.gtp_ports);
  EXPECT_EQ(c.rss, ShardMode::kFiveTuple);
  EXPECT_EQ(c.workers, 4U);
  EXPECT_EQ(c.cores, (std::vector{2, 4, 5, 6}));
  EXPECT_EQ(c.log_level, "info");
  EXPECT_EQ(c.worker.pool_bytes, std::size_t{1} << 30);
}

TEST_F(ConfigTest, LaterSourcesWin) {
  const auto r =
      load("stream:\n  midstream: no\nworkers: 2\n", {"stream.midstream=true", "workers=3", "workers=5"});
  ASSERT_TRUE(r.has_value()) << error(r);
  EXPECT_TRUE(r.value().worker.stream.midstream);
  EXPECT_EQ(r.value().workers, 5U);
}

TEST_F(ConfigTest, ErrorsNameFileLineColumnAndWhatWouldDo) {
  EXPECT_EQ(error(load("workers: 2\nstream:\n  midstrem: yes\n")),
            "sensor.yaml:3:13: stream.midstrem: unknown key; did you mean stream.midstream?");
  EXPECT_EQ(error(load("flow: {hash-size: many}")),
            "sensor.yaml:1:19: flow.hash-size: 'many' has to be a number");
  EXPECT_EQ(error(load("workers: 0\nrss: random\n")),
            "sensor.yaml:1:10: workers: '0' has to be 1 to 64\n"
            "sensor.yaml:2:6: rss: 'random' has to be ip-pair or five-tuple");
  EXPECT_EQ(error(load("stream: {reassembly: {max-held-bytes: 12gb}}")),
            "sensor.yaml:1:39: stream.reassembly.max-held-bytes: '12gb' has to be 1kb to 1gb");
  EXPECT_EQ(error(load("a: [b\n")).substr(0, 16), "sensor.yaml:2:1:");
  EXPECT_EQ(error(load("- just\n- a list\n")), "sensor.yaml: a configuration is made of lines 'key: value'");
  EXPECT_EQ(error(load("decoder: {vxlan: {ports: $NOWHERE}}")),
            "sensor.yaml:1:26: decoder.vxlan.ports: '$NOWHERE' is not in vars.port-groups");
  EXPECT_EQ(error(set({"decoder.gtp.ports=1,2,3,4,5"})),
            "--set decoder.gtp.ports=1,2,3,4,5: decoder.gtp.ports: at most 4 ports");
  EXPECT_EQ(error(set({"midstream=yes"})),
            "--set midstream=yes: midstream: unknown key; did you mean stream.midstream?");
  EXPECT_EQ(error(set({"zzzzzzzz=1"})), "--set zzzzzzzz=1: zzzzzzzz: unknown key");
  EXPECT_EQ(error(set({"workers"})), "--set workers: write KEY=VALUE");
  EXPECT_EQ(error(load_config(folder_ / "nowhere.yaml", {})), "nowhere.yaml: cannot be read");
}

TEST_F(ConfigTest, ManyErrorsAreCut) {
  std::vector<std::string> sets(30, "zzzzzzzz=1");
  const std::string s = error(set(sets));
  EXPECT_EQ(std::count(s.begin(), s.end(), '\n'), static_cast<std::ptrdiff_t>(kMaxConfigErrors));
  EXPECT_NE(s.find("and 10 more problems"), std::string::npos);
}

TEST_F(ConfigTest, ProtocolsAndTheirLimits) {
  const ProtocolId tls = find_protocol("tls");
  ASSERT_NE(tls, kNoProtocol);
  const auto r = set({"app-layer.protocols.tls.enabled=no", "app-layer.protocols.tls.hello-limit=2kb"});
  ASSERT_TRUE(r.has_value()) << error(r);
  EXPECT_FALSE(r.value().worker.app.enabled[tls]);
  EXPECT_EQ(r.value().worker.app.limits[tls][0], 2048U);
  EXPECT_EQ(r.value().worker.app.limits[tls][1], protocols()[tls]->limits[1].initial);

  const auto cut =
      set({"app-layer.protocols.tls.hello-limit=1gb", "app-layer.protocols.tls.certificate-limit=0"});
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(cut.value().worker.app.limits[tls][0], protocols()[tls]->limits[0].max);
  EXPECT_EQ(cut.value().worker.app.limits[tls][1], protocols()[tls]->limits[1].max);
  ASSERT_EQ(cut.value().warnings.size(), 2U);
  EXPECT_EQ(cut.value().warnings[0],
            "--set app-layer.protocols.tls.hello-limit=1gb: app-layer.protocols.tls.hello-limit: '1gb' is "
            "beyond 512 to "
            "128kb; 128kb is taken");

  EXPECT_EQ(error(set({"app-layer.protocols.tls.helo-limit=1"})),
            "--set app-layer.protocols.tls.helo-limit=1: app-layer.protocols.tls.helo-limit: unknown key; "
            "did you mean "
            "app-layer.protocols.tls.hello-limit?");
  EXPECT_EQ(error(set({"app-layer.protocols.tlss.enabled=yes"})),
            "--set app-layer.protocols.tlss.enabled=yes: app-layer.protocols.tlss.enabled: unknown protocol "
            "'tlss'; did "
            "you mean tls?");
  EXPECT_EQ(error(set({"app-layer.protocols.tls.enabled=maybe"})),
            "--set app-layer.protocols.tls.enabled=maybe: app-layer.protocols.tls.enabled: 'maybe' has to be "
            "yes or no");
}

TEST_F(ConfigTest, WhatIsToldOfPatients) {
  const ProtocolId hl7 = find_protocol("hl7");
  ASSERT_NE(hl7, kNoProtocol);
  const std::string key = "app-layer.protocols.hl7.patient";
  const auto policy = [&](const Result<Config>& c) {
    return PatientPolicy(c.value().worker.app.limits[hl7]);
  };
  const auto initial = set({});
  ASSERT_TRUE(initial.has_value());
  EXPECT_FALSE(policy(initial).hash);
  const auto r = set({key + "=hash", key + "-key=00112233445566778899aabbccddeeff"});
  ASSERT_TRUE(r.has_value()) << error(r);
  EXPECT_TRUE(policy(r).hash);
  EXPECT_EQ(policy(r).key_high, 0x0011223344556677U);
  EXPECT_EQ(policy(r).key_low, 0x8899aabbccddeeffU);

  EXPECT_EQ(error(set({key + "=hash"})), key + ": hash needs " + key + "-key, 32 hexadecimal digits");
  EXPECT_EQ(error(set({key + "=show"})),
            "--set " + key + "=show: " + key + ": 'show' has to be omit or hash");
  for (const char* wrong :
       {"secret", "00112233445566778899aabbccddeef", "00000000000000000000000000000000"}) {
    EXPECT_EQ(error(set({key + "-key=" + wrong})),
              "--set " + key + "-key=" + wrong + ": " + key + "-key: has to be 32 hexadecimal digits");
  }
  EXPECT_NE(error(set({key + "-key.low=1"})), "") << "a key is set as a whole";
  EXPECT_NE(error(set({"app-layer.protocols.modbus.patient=hash"})), "");
}

TEST_F(ConfigTest, LibhtpsNamesAreHttps) {
  const ProtocolId http = find_protocol("http");
  ASSERT_NE(http, kNoProtocol);
  const auto limits = protocols()[http]->limits;
  const auto at = std::find_if(limits.begin(), limits.end(),
                               [](const LimitDef& l) { return l.name == "request-body-limit"; });
  if (at == limits.end()) GTEST_SKIP() << "http has no such limit in this build";
  const auto r = load(
      "app-layer:\n  protocols:\n    http:\n      libhtp:\n        default-config:\n"
      "          request-body-limit: 20kb\n          personality: IDS\n");
  ASSERT_TRUE(r.has_value()) << error(r);
  EXPECT_EQ(r.value().worker.app.limits[http][static_cast<std::size_t>(at - limits.begin())], 20480U);
  EXPECT_EQ(r.value().warnings.size(), 1U) << all(r.value().warnings);
}

TEST_F(ConfigTest, WhatIsAskedOfFiles) {
  EXPECT_TRUE(default_config().worker.records.files);
  EXPECT_EQ(default_config().worker.app.files.wants, FileWants{});
  const auto r = load(
      "outputs:\n  - eve-log:\n      types:\n"
      "        - files: {force-hash: [md5, sha256], force-magic: yes}\n"
      "app-layer: {max-files: 7}\n");
  ASSERT_TRUE(r.has_value()) << error(r);
  const WorkerConfig& w = r.value().worker;
  EXPECT_TRUE(w.records.files);
  EXPECT_TRUE(w.app.files.wants.md5 && w.app.files.wants.sha256 && w.app.files.wants.magic);
  EXPECT_FALSE(w.app.files.wants.sha1);
  EXPECT_EQ(w.app.files.max_files, 7U);
  EXPECT_FALSE(load("outputs:\n  - eve-log:\n      types: [alert]\n").value().worker.records.files);
  const auto store = load("outputs:\n  - file-store: {version: 2, enabled: yes}\n");
  ASSERT_TRUE(store.has_value()) << error(store);
  EXPECT_TRUE(store.value().worker.app.files.wants.sha256) << "a store names files by it";
  EXPECT_FALSE(load("outputs:\n  - file-store: {enabled: no}\n").value().worker.app.files.wants.sha256);
  EXPECT_FALSE(set({"outputs.eve-log.types.files.enabled=no"}).value().worker.records.files);
  EXPECT_NE(error(set({"outputs.eve-log.types.files.force-hash=[sha512]"}))
                .find("has to be a list of md5, sha1, sha256"),
            std::string::npos);
}

TEST_F(ConfigTest, RecordTypes) {
  const ProtocolId tls = find_protocol("tls"), dns = find_protocol("dns");
  const auto r = load(R"(outputs:
  - fast: {enabled: no}
  - eve-log:
      enabled: yes
      filename: out.json
      community-id: no
      types:
        - alert:
            payload: yes
            metadata: yes
            http-body: yes
        - tls
        - dns: {enabled: no}
        - sip
)");
  ASSERT_TRUE(r.has_value()) << error(r);
  const Config& c = r.value();
  EXPECT_TRUE(c.eve.enabled);
  EXPECT_EQ(c.eve.filename, (folder_ / "out.json").string());
  EXPECT_FALSE(c.eve.community_id);
  EXPECT_TRUE(c.eve.alerts);
  EXPECT_FALSE(c.eve.stats);
  EXPECT_FALSE(c.worker.records.flows);
  EXPECT_FALSE(c.worker.records.anomaly_decode);
  EXPECT_TRUE(c.eve.transactions[tls]);
  EXPECT_FALSE(c.eve.transactions[dns]);
  EXPECT_EQ(all(c.warnings).find("fast"), std::string::npos) << "what is off is not missed";
  EXPECT_NE(all(c.warnings).find("types.sip: not honoured"), std::string::npos) << all(c.warnings);
  EXPECT_NE(all(c.warnings).find("types.alert.metadata (and 1 more like it): not honoured"),
            std::string::npos)
      << all(c.warnings);
  const auto ftp = load("outputs:\n  - eve-log:\n      types: [ftp]\n");
  ASSERT_TRUE(ftp.has_value()) << error(ftp);
  EXPECT_TRUE(ftp.value().eve.transactions[find_protocol("ftp-data")]) << "one switch for both";
  EXPECT_EQ(error(load("outputs:\n  - eve-log:\n      types: [alrt]\n")),
            "sensor.yaml:3:15: outputs.eve-log.types.alrt: unknown type of record; did you mean alert?");
  const auto s =
      set({"outputs.1.eve-log.types.3.tls.enabled=no", "outputs.eve-log.types.anomaly.enabled=no"});
  ASSERT_TRUE(s.has_value()) << error(s);
  EXPECT_FALSE(s.value().eve.transactions[tls]);
  EXPECT_FALSE(s.value().worker.records.anomaly_applayer);
}

TEST_F(ConfigTest, WhatSuricataHasAndPicketLeavesIsAWarning) {
  const auto r = set({"stream.inline=true", "mpm-algo=ac", "app-layer.protocols.dns.detection-ports.dp=5353",
                      "flow-timeouts.tcp.emergency-new=5", "outputs.fast=x", "datasets.enabled=yes",
                      "app-layer.protocols.sip.enabled=yes", "app-layer.protocols.rfb.enabled=no"});
  ASSERT_TRUE(r.has_value()) << error(r);
  EXPECT_EQ(r.value().warnings.size(), find_protocol("sip") == kNoProtocol ? 7U : 6U)
      << all(r.value().warnings);
  EXPECT_NE(all(r.value().warnings)
                .find("--set stream.inline=true: stream.inline: not honoured: picket is passive\n"),
            std::string::npos);
}

TEST_F(ConfigTest, PathsCountFromTheFileTheyStandIn) {
  const auto r = load("rule-files: [a.rules, /etc/b.rules]\nthreshold-file: t.config\n",
                      {"classification-file=c.config"});
  ASSERT_TRUE(r.has_value()) << error(r);
  EXPECT_EQ(r.value().rules.files,
            (std::vector{(folder_ / "a.rules").string(), std::string("/etc/b.rules")}));
  EXPECT_EQ(r.value().rules.threshold_file, (folder_ / "t.config").string());
  EXPECT_EQ(r.value().rules.classification_file, "c.config");
  const auto d = load("default-rule-path: rules\nrule-files:\n  - a.rules\n");
  EXPECT_EQ(d.value().rules.files, std::vector{(folder_ / "rules/a.rules").string()});
}

TEST_F(ConfigTest, CollectorsAreOneOrSeveral) {
  const auto r = load(
      "export:\n  collectors: [127.0.0.1:1, 127.0.0.1:2]\n  mode: all\n"
      "  spool:\n    path: spool\n    max-size: 20gb\n    fsync: always\n");
  ASSERT_TRUE(r.has_value()) << error(r);
  const delivery::Options& o = r.value().exporter;
  EXPECT_EQ(o.collectors, (std::vector<std::string>{"127.0.0.1:1", "127.0.0.1:2"}));
  EXPECT_EQ(o.mode, delivery::Mode::kAll);
  EXPECT_EQ(o.spool_folder, (folder_ / "spool").string());
  EXPECT_EQ(o.spool_max_bytes, std::uint64_t{20} << 30);
  EXPECT_EQ(o.spool_fsync, delivery::Fsync::kAlways);
  EXPECT_EQ(load("export: {collector: 127.0.0.1:3}").value().exporter.collectors,
            std::vector<std::string>{"127.0.0.1:3"});
  EXPECT_TRUE(load("export: {one-way: {folder: out}}").value().exporter.wanted());
  EXPECT_FALSE(load("workers: 1").value().exporter.wanted());
  EXPECT_NE(error(load("export: {mode: some}")).find("failover or all"), std::string::npos);
  EXPECT_NE(error(load("export: {spool: {fsync: maybe}}")).find("always, batch-interval or off"),
            std::string::npos);
}

TEST_F(ConfigTest, CollectorsBehindTls) {
  EXPECT_FALSE(load("workers: 1").value().export_tls.wanted());
  const auto r = load(
      "export.tls:\n  ca: ca.crt\n  certificate: /c/plant-7.crt\n  key: plant-7.key\n  crl: ca.crl\n"
      "  stale-crl: accept\n  groups: require-hybrid\n  server-name: soc.example\n");
  ASSERT_TRUE(r.has_value()) << error(r);
  const ExportTlsConfig& tls = r.value().export_tls;
  EXPECT_TRUE(tls.wanted());
  const tls::CredentialsOptions& c = tls.credentials;
  EXPECT_EQ(c.side, tls::Side::kSensor);
  EXPECT_EQ(c.trust.section, "export.tls");
  EXPECT_EQ(c.trust.ca, (folder_ / "ca.crt").string());
  EXPECT_EQ(c.certificate, "/c/plant-7.crt");
  EXPECT_EQ(c.key, (folder_ / "plant-7.key").string());
  EXPECT_EQ(c.trust.crl, (folder_ / "ca.crl").string());
  EXPECT_TRUE(c.trust.accept_stale_crl);
  EXPECT_EQ(c.groups, tls::Groups::kRequireHybrid);
  EXPECT_EQ(tls.server_name, "soc.example");
  EXPECT_NE(error(load("export.tls.groups: P-256")).find("prefer-hybrid, require-hybrid or classical"),
            std::string::npos);
  EXPECT_NE(error(load("export.tls.stale-crl: maybe")).find("refuse or accept"), std::string::npos);
}

TEST_F(ConfigTest, AnotherSensorsConfigurationBecomesOurs) {
  const auto path = folder_ / "suricata.yaml";
  std::ofstream(path) << "vars:\n  address-groups:\n    HOME_NET: \"[10.0.0.0/8,!10.1.1.1]\"\n"
                         "nothing-we-know: 3\nstream:\n  midstream: true\n  reassembly:\n    depth: many\n"
                         "default-rule-path: rules\nrule-files:\n  - a.rules\n"
                         "outputs:\n  - eve-log:\n      enabled: yes\n      types:\n        - alert:\n"
                         "            payload: yes\n            packet: yes\n";
  const auto r = convert_config(path);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_NE(all(r.value().warnings).find("nothing-we-know: unknown key"), std::string::npos);
  EXPECT_NE(all(r.value().warnings).find("stream.reassembly.depth: 'many'"), std::string::npos);
  const auto again = load(r.value().yaml);
  ASSERT_TRUE(again.has_value()) << error(again) << r.value().yaml;
  const Config& c = again.value();
  EXPECT_TRUE(c.worker.stream.midstream && c.eve.enabled && c.eve.alerts && c.eve.detail.payload &&
              c.eve.detail.packet);
  EXPECT_FALSE(c.eve.detail.payload_printable || c.worker.records.flows);
  EXPECT_EQ(c.rules.address_groups.at("HOME_NET"), "[10.0.0.0/8,!10.1.1.1]");
  EXPECT_EQ(c.rules.files, std::vector{(folder_ / "rules/a.rules").string()});
  EXPECT_EQ(r.value().yaml.find("flow.hash-size"), std::string::npos);  // what is as it always is goes unsaid
  EXPECT_FALSE(convert_config(folder_ / "none.yaml").has_value());
}

// ------------------------------------------------------------------------------------------------- tables

TEST(ConfigTable, EachKeyTakesWhatItShows) {
  std::set<std::string_view> names;
  for (const config::Key& k : config::keys()) {
    EXPECT_TRUE(names.insert(k.name).second) << k.name << " twice";
    EXPECT_FALSE(k.help.empty()) << k.name;
    config::Draft d;
    config::Value v;
    v.text = k.show(d);
    v.items = config::split_list(v.text);
    const auto refusal = k.set(k, v, d);
    EXPECT_FALSE(refusal.has_value()) << k.name << "=" << v.text << ": " << refusal.value_or("");
    EXPECT_EQ(k.show(d), v.text) << k.name;
    for (const config::Ignored& i : config::ignored_keys()) {
      const bool is_type = k.name.substr(0, 22) == "outputs.eve-log.types.";  // the table of keys comes first
      EXPECT_TRUE(is_type || !config::key_matches(i.name, k.name)) << k.name << " is both honoured and not";
    }
  }
}
TEST(ConfigTable, AliasesLeadToKeys) {
  for (const config::Alias& a : config::aliases()) {
    const bool is_prefix = a.to.back() == '.';
    EXPECT_EQ(is_prefix, a.from.back() == '.') << a.from;
    if (is_prefix) continue;
    EXPECT_TRUE(std::any_of(config::keys().begin(), config::keys().end(), [&](const config::Key& k) {
      return k.name == a.to;
    })) << a.from;
  }
}
TEST(ConfigTable, KeysMatchByPart) {
  using config::key_matches;
  EXPECT_TRUE(key_matches("host", "host"));
  EXPECT_TRUE(key_matches("host", "host.memcap"));
  EXPECT_FALSE(key_matches("host", "host-mode"));
  EXPECT_FALSE(key_matches("host", "hos"));
  EXPECT_TRUE(key_matches("a.*.tcp.", "a.dns.tcp.enabled"));
  EXPECT_FALSE(key_matches("a.*.tcp.", "a.dns.udp.enabled"));
  EXPECT_TRUE(key_matches("t.*.emergency-", "t.tcp.emergency-new"));
  EXPECT_FALSE(key_matches("t.*.emergency-", "t.tcp.new"));
}
TEST(ConfigTable, Help) {
  const auto texts = config_key_texts();
  const auto at = std::find_if(texts.begin(), texts.end(),
                               [](const auto& t) { return t.name == "stream.reassembly.depth"; });
  ASSERT_NE(at, texts.end());
  EXPECT_EQ(at->initial, config::show_size(ReassemblyConfig{}.depth_bytes));
  EXPECT_GT(texts.size(), config::keys().size() + protocols().size());
}

TEST(ConfigValue, Sizes) {
  using config::parse_size;
  EXPECT_EQ(parse_size("17"), 17U);
  EXPECT_EQ(parse_size("64kb"), 65536U);
  EXPECT_EQ(parse_size("1 MiB"), 1048576U);
  EXPECT_EQ(parse_size("2GB"), 2147483648U);
  for (const char* wrong : {"", "kb", "1xb", "-1", "1.5mb", "99999999999999999999", "99999999999tb"}) {
    EXPECT_FALSE(parse_size(wrong).has_value()) << wrong;
  }
  EXPECT_EQ(config::show_size(65536), "64kb");
  EXPECT_EQ(config::show_size(65537), "65537");
  EXPECT_EQ(config::show_size(0), "0");
}
TEST(ConfigValue, ListsAndWords) {
  EXPECT_EQ(config::split_list("[a, 'b' ,\"c\"]"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(config::split_list(" a "), std::vector<std::string>{"a"});
  EXPECT_TRUE(config::split_list("[]").empty());
  EXPECT_EQ(config::parse_bool("On"), true);
  EXPECT_EQ(config::parse_bool("FALSE"), false);
  EXPECT_FALSE(config::parse_bool("maybe").has_value());
}

}  // namespace
}  // namespace picket
