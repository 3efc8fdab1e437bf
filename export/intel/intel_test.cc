#include "export/intel/intel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/intel/indicator_file.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr std::uint64_t kSecond = 1'000'000'000;

struct Told final : RecordOut {
  std::vector<v1::Event> events;
  void write(RecordKind kind, Bytes bytes) override {
    EXPECT_EQ(kind, record_kind(RecordType::kIntel, kNoProtocol));
    EXPECT_TRUE(events.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  }
  /// "field: indicator (seen)" of each.
  std::vector<std::string> take() {
    std::vector<std::string> out;
    for (const v1::Event& e : events)
      out.push_back(e.intel().field() + ": " + e.intel().indicator() + " (" + e.intel().seen() + ")");
    events.clear();
    return out;
  }
};

class IntelTest : public ::testing::Test {
 protected:
  void load(const std::string& lines) {
    intel::IndicatorSetBuilder builder;
    intel::IndicatorReport report;
    intel::read_indicators("x", "indicator\ttype\texpires\tsource\n" + lines, ~std::size_t{0}, builder,
                           report);
    EXPECT_EQ(report.bad, 0U) << (report.problems.empty() ? "" : report.problems[0].text());
    intel_.offer(builder.finish());
  }
  std::vector<std::string> see(const v1::Event& e, RecordType type = RecordType::kTransaction,
                               std::uint64_t at_s = 1000) {
    EventHeader h;
    h.type = type;
    h.place.clock_ns = at_s * kSecond;
    const std::string bytes = e.SerializeAsString();
    intel_.see(h, as_bytes(bytes), told_);
    last_ = told_.events.empty() ? v1::Event() : told_.events.back();
    return told_.take();
  }
  static v1::Event between(std::uint64_t flow, const char* type = "dns") {
    v1::Event e;
    e.set_timestamp(1000 * kSecond);
    e.set_flow_id(flow);
    e.set_in_iface("tap0");
    e.set_event_type(type);
    e.set_src_ip(std::string{10, 0, 0, 1});
    e.set_src_port(1234);
    e.set_dest_ip(std::string{10, 0, 0, 2});
    e.set_dest_port(53);
    e.set_proto("UDP");
    e.set_community_id("1:x");
    e.set_host("sensor");
    e.add_vlan(7);
    return e;
  }
  static v1::Event asks(const std::string& name, std::uint64_t flow = 1) {
    v1::Event e = between(flow);
    e.mutable_dns()->add_queries()->set_rrname(name);
    return e;
  }

  Intel intel_{{.per_minute = 3, .flows = 64, .indicators = 64}};
  Told told_;
  v1::Event last_;
};

TEST_F(IntelTest, WithoutIndicatorsNothingIsLookedUp) {
  EXPECT_THAT(see(asks("bad.example")), IsEmpty());
  load("");
  EXPECT_THAT(see(asks("bad.example")), IsEmpty());
  EXPECT_EQ(intel_.counts().lookups.get(), 0U);
}

TEST_F(IntelTest, AHitHasItsRecordsEnvelope) {
  load("bad.example\tdomain\t-\tCERT\n");
  EXPECT_THAT(see(asks("www.bad.example")), ElementsAre("dns.queries.rrname: bad.example (www.bad.example)"));
  v1::Event expected = asks("");
  expected.clear_dns();
  expected.set_event_type("intel");
  auto& i = *expected.mutable_intel();
  i.set_indicator("bad.example");
  i.set_type("domain");
  i.set_seen("www.bad.example");
  i.set_field("dns.queries.rrname");
  i.set_event("dns");
  i.set_source("CERT");
  i.set_epoch(1);
  EXPECT_EQ(last_.DebugString(), expected.DebugString());
  EXPECT_EQ(intel_.counts().told.get(), 1U);
}

TEST_F(IntelTest, AFlowHasAnIndicatorOnceForEachKindOfObservable) {
  load("bad.example\n10.0.0.2\n");
  EXPECT_THAT(see(asks("a.bad.example", 1)),
              ElementsAre("dest_ip: 10.0.0.2 (10.0.0.2)", "dns.queries.rrname: bad.example (a.bad.example)"));
  EXPECT_THAT(see(asks("b.bad.example", 1)), IsEmpty());
  EXPECT_EQ(intel_.counts().repeated.get(), 2U);
  EXPECT_THAT(see(asks("a.bad.example", 2)),
              ElementsAre("dest_ip: 10.0.0.2 (10.0.0.2)", "dns.queries.rrname: bad.example (a.bad.example)"));
  v1::Event mail = between(1, "smtp");
  mail.mutable_smtp()->set_mail_from("<x@bad.example>");
  EXPECT_THAT(see(mail), ElementsAre("smtp.mail_from: bad.example (bad.example)")) << "another kind";
}

TEST_F(IntelTest, AnIndicatorHasSoManyRecordsInAMinute) {
  load("bad.example\nworse.example\n");
  std::size_t told = 0;
  for (std::uint64_t flow = 1; flow <= 10; ++flow) told += see(asks("bad.example", flow)).size();
  EXPECT_EQ(told, 3U);
  EXPECT_EQ(intel_.counts().limited.get(), 7U);
  EXPECT_EQ(see(asks("worse.example", 11)).size(), 1U) << "another indicator";
  EXPECT_EQ(see(asks("bad.example", 12), RecordType::kTransaction, 1059).size(), 0U);
  EXPECT_EQ(see(asks("bad.example", 13), RecordType::kTransaction, 1060).size(), 1U);
  const Intel::Counts& c = intel_.counts();
  EXPECT_EQ(c.hits.get(), c.told.get() + c.repeated.get() + c.limited.get() + c.expired.get());
}

TEST_F(IntelTest, WhatIsForgottenIsCounted) {
  load("bad.example\n");
  for (std::uint64_t flow = 1; flow <= 1000; ++flow) see(asks("bad.example", flow));
  EXPECT_GE(intel_.counts().forgotten.get(), 1000U - 64U);
}

TEST_F(IntelTest, WhatHasExpiredIsNotTold) {
  load("old.example\t-\t1999-01-01\nnew.example\t-\t2001-01-01\n");
  v1::Event e = asks("old.example");
  e.mutable_dns()->add_queries()->set_rrname("new.example");
  e.set_timestamp(946'684'800 * kSecond);  // 2000-01-01
  EXPECT_THAT(see(e), ElementsAre("dns.queries.rrname: new.example (new.example)"));
  EXPECT_EQ(intel_.counts().expired.get(), 1U);
}

TEST_F(IntelTest, AnotherSetTakesItsPlaceAndIsNamed) {
  load("bad.example\n");
  EXPECT_EQ(see(asks("bad.example", 1)).size(), 1U);
  load("bad.example\nnew.example\n");
  EXPECT_EQ(intel_.loaded()[static_cast<std::size_t>(intel::Type::kDomain)], 2U);
  EXPECT_THAT(see(asks("bad.example", 1)), IsEmpty()) << "told of this flow already";
  EXPECT_EQ(see(asks("new.example", 1)).size(), 1U);
  EXPECT_EQ(last_.intel().epoch(), 2U);
  load("other.example\n");
  EXPECT_THAT(see(asks("new.example", 3)), IsEmpty());
}

TEST_F(IntelTest, AsksForTheHashesThatItsSetIsOf) {
  const auto asked = [this] {
    const FileWants w = intel_.file_hashes().wants();
    return std::string(w.md5 ? "md5 " : "") + (w.sha1 ? "sha1 " : "") + (w.sha256 ? "sha256 " : "");
  };
  EXPECT_EQ(asked(), "");
  const auto of = [](std::size_t digits) { return std::string(digits, 'a') + "\tfile-hash\n"; };
  load("bad.example\n" + of(64));
  EXPECT_EQ(asked(), "sha256 ") << "before a record was looked up";
  load(of(32) + of(40));
  EXPECT_EQ(asked(), "md5 sha1 ");
  load("bad.example\n" + std::string(40, 'a') + "\tcertificate\n");
  EXPECT_EQ(asked(), "") << "a certificate's is not a file's";
}

TEST_F(IntelTest, AlertsAndStatisticsAreNotLookedUp) {
  load("10.0.0.2\n");
  for (const RecordType t : {RecordType::kAlert, RecordType::kStats, RecordType::kAsset, RecordType::kPacket})
    EXPECT_THAT(see(between(1), t), IsEmpty());
  std::uint64_t flow = 0;
  for (const RecordType t : {RecordType::kFlow, RecordType::kFile, RecordType::kAnomaly})
    EXPECT_EQ(see(between(++flow), t).size(), 1U);
}

TEST_F(IntelTest, UrlsArePutTogether) {
  load("http://shop.example/a\nhttp://shop.example:8080/b?c=d\nhttp://[2001:db8::1]/e\n");
  const auto asked = [&](const char* host, const char* target, std::uint32_t port) {
    static std::uint64_t flow = 0;
    v1::Event e = between(++flow, "http");
    e.mutable_http()->set_hostname(host);
    if (port != 0) e.mutable_http()->set_http_port(port);
    e.mutable_http()->set_url(target);
    return see(e, RecordType::kTransaction, 1000 + 60 * flow).size();
  };
  EXPECT_EQ(asked("shop.example", "/a", 0), 1U);
  EXPECT_EQ(asked("shop.example", "/a?query", 80), 1U);
  EXPECT_EQ(asked("shop.example", "/a", 8080), 0U);
  EXPECT_EQ(asked("shop.example", "/b?c=d", 8080), 1U);
  EXPECT_EQ(asked("shop.example", "/b", 8080), 0U);
  EXPECT_EQ(asked("proxy.example", "http://shop.example/a", 3128), 1U);
  EXPECT_EQ(asked("", "/a", 0), 0U);
  EXPECT_EQ(asked("2001:db8::1", "/e", 0), 1U);
  EXPECT_EQ(asked("[2001:db8::1]", "/e", 0), 1U);
}

TEST_F(IntelTest, MalformedRecordsEndQuietly) {
  load("10.0.0.2\nbad.example\n");
  const std::string whole = asks("bad.example").SerializeAsString();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EventHeader h;
    h.type = RecordType::kTransaction;
    intel_.see(h, as_bytes(std::string_view(whole).substr(0, n)), told_);
  }
  EXPECT_LE(told_.events.size(), 2U);
}

/// A record in which one field alone has a value: the one at the end of `numbers`.
v1::Event with_only(const std::vector<std::uint32_t>& numbers, const std::string& value) {
  v1::Event e;
  google::protobuf::Message* m = &e;
  for (const std::uint32_t number : numbers) {
    const auto* field = m->GetDescriptor()->FindFieldByNumber(static_cast<int>(number));
    const auto* in = m->GetReflection();
    if (field->message_type() != nullptr)
      m = field->is_repeated() ? in->AddMessage(m, field) : in->MutableMessage(m, field);
    else if (field->is_repeated())
      in->AddString(m, field, value);
    else
      in->SetString(m, field, value);
  }
  return e;
}

/// Calls `leaf` with the way to each observable of a record, in numbers of fields.
template <class Leaf>
void each_observable(const intel::ObservableNode& node, std::vector<std::uint32_t>& numbers, Leaf&& leaf) {
  for (std::uint32_t n = 0; n < node.by_number.size(); ++n) {
    const intel::ObservableField* field = node.find(n);
    if (field == nullptr) continue;
    numbers.push_back(n);
    field->message != nullptr ? each_observable(*field->message, numbers, leaf) : leaf(*field, numbers);
    numbers.pop_back();
  }
}

TEST_F(IntelTest, EveryObservableOfTheSchemaIsReached) {
  const std::string sha256(32, '\x5a'), md5(32, 'b');
  const std::map<v1::Observable, std::string> fits = {
      {v1::OBSERVABLE_ADDRESS, {10, 0, 0, 9}},
      {v1::OBSERVABLE_HOST, "bad.example"},
      {v1::OBSERVABLE_URL, "http://bad.example/x"},
      {v1::OBSERVABLE_URL_PATH, "http://bad.example/x"},
      {v1::OBSERVABLE_EMAIL, "a@bad.example"},
      {v1::OBSERVABLE_FILE_HASH, sha256},
      {v1::OBSERVABLE_CERTIFICATE, sha256},
      {v1::OBSERVABLE_JA3, md5},
      {v1::OBSERVABLE_JA4, "t13d1516h2_8daaf6152771_02713d6af862"},
      {v1::OBSERVABLE_HASSH, md5},
  };
  std::string digits;
  for (int i = 0; i < 32; ++i) digits += "5a";
  load("10.0.0.9\nbad.example\n" + digits + "\tfile-hash\n" + digits + "\tcertificate\n" + md5 + "\tja3\n" +
       md5 + "\thassh\nt13d1516h2_8daaf6152771_02713d6af862\tja4\n");
  std::vector<std::uint32_t> numbers;
  std::uint64_t minute = 0;
  std::size_t reached = 0;
  const intel::ObservableNode root = intel::observables_of(event_table());
  each_observable(root, numbers, [&](const intel::ObservableField& field, const auto& way) {
    const auto value = fits.find(field.what);
    if (value == fits.end()) {
      EXPECT_EQ(field.what, v1::OBSERVABLE_URL_PORT) << field.name;
      return;
    }
    v1::Event e = with_only(way, value->second);
    e.set_flow_id(++minute);
    see(e, RecordType::kTransaction, 60 * minute);
    EXPECT_EQ(last_.intel().field(), field.name);
    ++reached;
  });
  EXPECT_GT(reached, 50U);
}

/// What the schema's options say, as documentation has it.
TEST_F(IntelTest, ObservablesHaveTheNamesOfEve) {
  const auto all = intel::list_observables(intel::observables_of(event_table()));
  const auto has = [&all](std::string_view name, v1::Observable what) {
    return std::find(all.begin(), all.end(), std::pair(std::string(name), what)) != all.end();
  };
  EXPECT_TRUE(has("src_ip", v1::OBSERVABLE_ADDRESS));
  EXPECT_TRUE(has("dns.answers.rdata", v1::OBSERVABLE_HOST));
  EXPECT_TRUE(has("tls.sni", v1::OBSERVABLE_HOST));
  EXPECT_TRUE(has("tls.subjectaltname", v1::OBSERVABLE_HOST));
  EXPECT_TRUE(has("tls.ja3.hash", v1::OBSERVABLE_JA3));
  EXPECT_TRUE(has("tls.ja3s.hash", v1::OBSERVABLE_JA3));
  EXPECT_TRUE(has("tls.ja4", v1::OBSERVABLE_JA4));
  EXPECT_TRUE(has("tls.certificates.sha256", v1::OBSERVABLE_CERTIFICATE));
  EXPECT_TRUE(has("http.url", v1::OBSERVABLE_URL_PATH));
  EXPECT_TRUE(has("email.url", v1::OBSERVABLE_URL));
  EXPECT_TRUE(has("fileinfo.sha256", v1::OBSERVABLE_FILE_HASH));
  EXPECT_TRUE(has("ssh.client.hassh.hash", v1::OBSERVABLE_HASSH));
  EXPECT_TRUE(has("arp.src_ip", v1::OBSERVABLE_ADDRESS));
  EXPECT_TRUE(has("snmp.trap_address", v1::OBSERVABLE_ADDRESS));
  EXPECT_TRUE(has("lldp.management_addresses.address", v1::OBSERVABLE_HOST));
  EXPECT_TRUE(has("opcua.request.receiver_thumbprint", v1::OBSERVABLE_CERTIFICATE));
  EXPECT_TRUE(has("opcua.request.sender_certificate.alt_names", v1::OBSERVABLE_HOST));
  for (const auto& [name, what] : all) {
    EXPECT_EQ(name.find("mask"), std::string::npos) << name;
    EXPECT_NE(what, v1::OBSERVABLE_UNSAID) << name;
  }
  EXPECT_TRUE(Intel::looks_into(RecordType::kTransaction, find_protocol("dns")));
  EXPECT_FALSE(Intel::looks_into(RecordType::kTransaction, find_protocol("modbus")));
}

}  // namespace
}  // namespace picket
