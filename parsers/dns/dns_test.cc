#include "parsers/dns/dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::dns {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string u16(unsigned v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }
std::string u32(unsigned v) { return u16(v >> 16) + u16(v & 0xffff); }

/// "www.example" → \3www\7example\0
std::string name(std::string_view dotted) {
  std::string out;
  while (!dotted.empty()) {
    const std::size_t dot = std::min(dotted.find('.'), dotted.size());
    out += static_cast<char>(dot);
    out += dotted.substr(0, dot);
    dotted.remove_prefix(std::min(dot + 1, dotted.size()));
  }
  return out + '\0';
}
std::string header(unsigned id, unsigned flags, unsigned q, unsigned an = 0, unsigned ns = 0,
                   unsigned ar = 0) {
  return u16(id) + u16(flags) + u16(q) + u16(an) + u16(ns) + u16(ar);
}
std::string question(std::string_view n, unsigned type, unsigned klass = 1) {
  return name(n) + u16(type) + u16(klass);
}
std::string record(const std::string& wire_name, unsigned type, const std::string& rdata, unsigned ttl = 60,
                   unsigned klass = 1) {
  return wire_name + u16(type) + u16(klass) + u32(ttl) + u16(static_cast<unsigned>(rdata.size())) + rdata;
}
std::string framed(const std::string& m) { return u16(static_cast<unsigned>(m.size())) + m; }
std::string pointer(unsigned to) { return u16(0xc000 | to); }

const std::string kQuery = header(0x1234, 0x0100, 1) + question("www.example.org", kA);
const std::string kAnswer = header(0x1234, 0x8180, 1, 2) + question("www.example.org", kA) +
                            record(pointer(12), kCname, "\4real" + pointer(16)) +
                            record(name("real.example.org"), kA, from_hex("c0000201"));

HarnessOptions udp() {
  HarnessOptions o;
  o.transport = Transport::kUdp;
  return o;
}
/// Names of the events of the first transaction, comma between them; what else was reported when there is
/// none.
std::string events_of(const std::string& wire, HarnessOptions o = udp()) {
  o.describe = [](const Transaction&) { return std::string(); };
  const Conversation talk = {(static_cast<unsigned char>(wire[2]) & 0x80) != 0 ? to_client(wire)
                                                                               : to_server(wire)};
  const auto lines = run(kSpec, talk, o);
  if (lines.size() != 1) return lines.empty() ? "nothing" : lines[1];
  const std::size_t at = lines[0].find("events=");
  return at == std::string::npos ? "" : lines[0].substr(at + 7, lines[0].size() - at - 8);
}

struct Owned {
  Pool pool{1 << 20};
  Message message{pool};
};
std::unique_ptr<Owned> parsed(const std::string& wire, Limits limits = {}) {
  auto o = std::make_unique<Owned>();
  EXPECT_TRUE(parse(as_bytes(wire), limits, o->message));
  return o;
}
std::string text(const Message& m, Name n) { return std::string(as_text(m.text(n))); }

TEST(Dns, RequestAndResponseAreTransactionsOfTheirOwn) {
  EXPECT_THAT(
      run(kSpec, {to_server(kQuery), to_client(kAnswer)}, udp()),
      ElementsAre(
          "tx 0 req dns.query=www.example.org dns.queries.rrname=www.example.org dns.opcode=0 dns.rcode=0 "
          "dns.rrtype=1",
          "tx 1 rep dns.queries.rrname=www.example.org dns.answers.rrname=www.example.org "
          "dns.answers.rrname=real.example.org dns.response.rrname=www.example.org "
          "dns.response.rrname=www.example.org dns.response.rrname=real.example.org "
          "dns.response.rrname=real.example.org dns.opcode=0 dns.rcode=0 dns.rrtype=1 dns.rrtype=5 "
          "dns.rrtype=1"));
}

TEST(Dns, ResponseFindsItsRequest) {
  HarnessOptions o = udp();
  o.step_ns = 7'000'000;
  o.describe = [](const Transaction& tx) {
    const auto& m = static_cast<const Message&>(tx);
    return m.paired ? "of " + std::to_string(m.request_tx_id) + " after " + std::to_string(m.rtt_ns)
                    : "alone";
  };
  const auto ask = [](unsigned id, const char* n) {
    return to_server(header(id, 0x0100, 1) + question(n, kA));
  };
  const auto reply = [](unsigned id, const char* n) {
    return to_client(header(id, 0x8180, 1) + question(n, kA));
  };
  EXPECT_THAT(
      run(kSpec, {ask(1, "a"), ask(2, "b"), ask(2, "c"), reply(2, "C"), reply(1, "a"), reply(2, "b")}, o),
      ElementsAre("tx 0 req alone", "tx 1 req alone", "tx 2 req alone", "tx 3 rep of 2 after 7000000",
                  "tx 4 rep of 0 after 28000000", "tx 5 rep of 1 after 28000000"));
  // An error without the question is paired by its id alone.
  EXPECT_THAT(run(kSpec, {ask(5, "a"), to_client(header(5, 0x8181, 0))}, o),
              ElementsAre("tx 0 req alone", "tx 1 rep of 0 after 7000000"));
  EXPECT_THAT(run(kSpec, {ask(5, "a"), reply(5, "b"), reply(6, "a"), reply(5, "a"), reply(5, "a")}, o),
              ElementsAre("tx 0 req alone", "tx 1 rep events=query_mismatch alone",
                          "tx 2 rep events=unsolicited_response alone", "tx 3 rep of 0 after 21000000",
                          "tx 4 rep events=unsolicited_response alone"));
  // Only the server is heard: nothing odd.
  EXPECT_THAT(run(kSpec, {reply(6, "a")}, o), ElementsAre("tx 0 rep alone"));
  // A zone comes in more than one response.
  EXPECT_THAT(run(kSpec,
                  {to_server(header(9, 0, 1) + question("z", kAxfr)),
                   to_client(header(9, 0x8400, 1) + question("z", kAxfr)), to_client(header(9, 0x8400, 0))},
                  o),
              ElementsAre("tx 0 req alone", "tx 1 rep of 0 after 7000000", "tx 2 rep of 0 after 14000000"));
}

TEST(Dns, TooManyOpenRequestsForgetTheOldest) {
  HarnessOptions o = udp();
  o.limits["max-pending"] = 3;
  ParserRun r(kSpec, o);
  for (unsigned id = 0; id < 5; ++id) r.feed(Direction::kToServer, header(id, 0x0100, 1) + question("a", kA));
  EXPECT_EQ(r.events().at("flooded"), 2u);
  r.feed(Direction::kToClient, header(1, 0x8180, 1) + question("a", kA));
  EXPECT_EQ(r.events().at("unsolicited_response"), 1u);
  r.feed(Direction::kToClient, header(2, 0x8180, 1) + question("a", kA));
  EXPECT_EQ(r.events().at("unsolicited_response"), 1u);
  r.close();
  EXPECT_THAT(r.violations(), ElementsAre());
}

TEST(Dns, TcpDoesNotCareHowSegmentsFall) {
  const Conversation talk = {
      to_server(framed(kQuery) + framed(header(2, 0x0100, 1) + question("b", kAaaa))),
      to_client(framed(kAnswer)),
      to_client(std::string(2, '\0') + framed(header(2, 0x8183, 1) + question("b", kAaaa)))};
  EXPECT_EQ(run(kSpec, talk).size(), 4u);
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
}

TEST(Dns, EveryTruncationOfADatagramIsHarmless) {
  EXPECT_EQ(check_every_truncation(kSpec, {to_server(kQuery), to_client(kAnswer)}, udp()), "");
}

TEST(Dns, LongestMessageFitsThePendingBytes) {
  std::string m = header(7, 0x0100, 1) + question("a", kA);
  m.resize(kMaxMessage, 'x');
  ParserRun r(kSpec);
  r.feed(Direction::kToServer, framed(m).substr(0, 60000));
  r.feed(Direction::kToServer, framed(m).substr(60000));
  r.close();
  EXPECT_THAT(r.lines(), ElementsAre(HasSubstr("events=trailing_data")));
  EXPECT_EQ(r.overflows(), 0u);
}

TEST(Dns, GoesOnBehindAGap) {
  const std::string rest = framed(kQuery).substr(9) + "\x16\x03\x01 not a message" + framed(kQuery);
  const Conversation talk = {to_server(framed(kQuery)), gap(Direction::kToServer, 9), to_server(rest)};
  EXPECT_THAT(run(kSpec, talk), ElementsAre(HasSubstr("tx 0 req"), "event > gap",
                                            HasSubstr("tx 1 req dns.query=www.example.org")));
  EXPECT_EQ(check_every_split(kSpec, talk), "");
}

TEST(Dns, OddMessagesAreNamed) {
  const std::string q = question("a", kA);
  EXPECT_EQ(events_of(header(1, 0x0140, 1) + q), "z_flag_set");
  EXPECT_EQ(events_of(header(1, 0x3900, 1) + q), "invalid_opcode");
  EXPECT_EQ(events_of(header(1, 0x3100, 1) + q), "");
  EXPECT_EQ(events_of(header(1, 0x0100, 1) + q + "x"), "trailing_data");
  EXPECT_EQ(events_of(header(1, 0x8180, 1, 1) + q + record(pointer(12), kA, "abc")), "malformed_data");
  EXPECT_EQ(events_of(header(1, 0x8180, 1, 0, 1) + q + record(pointer(12), kSoa, "abc")),
            "invalid_authorities");
  EXPECT_EQ(events_of(header(1, 0x8180, 1, 0, 0, 1) + q + record(pointer(12), kAaaa, "abc")),
            "invalid_additionals");
  EXPECT_EQ(events_of(header(1, 0x8180, 1, 1) + q + record(pointer(12), kA, "abcd").substr(0, 14)),
            "malformed_data");
  EXPECT_EQ(events_of(header(1, 0x8180, 1, 0, 0, 1) + q + record(pointer(12), kA, "abcd").substr(0, 14)),
            "invalid_additionals");
  // Nothing to go by: no transaction.
  for (const std::string& none :
       {header(1, 0x0100, 0), header(1, 0x0100, 1).substr(0, 11), header(1, 0x0100, 9) + q}) {
    EXPECT_THAT(run(kSpec, {to_server(none)}, udp()), ElementsAre("event > malformed_data"));
  }
  // The wrong way round.
  EXPECT_THAT(run(kSpec, {to_client(kQuery)}, udp()), ElementsAre(HasSubstr("req events=not_response")));
  EXPECT_THAT(run(kSpec, {to_server(kAnswer)}, udp()), ElementsAre(HasSubstr("rep events=not_request")));
}

TEST(Dns, LimitsKeepTheFirstOfEachSection) {
  HarnessOptions o = udp();
  o.limits["max-questions"] = 2;
  o.limits["max-records"] = 1;
  std::string m = header(1, 0x8180, 3, 2, 0, 2);
  for (const char* n : {"a", "b", "c"}) m += question(n, kA);
  m += record(name("d"), kA, "1234") + record(name("e"), kA, "1234");
  m += record(name("f"), kA, "1234") + record(name("g"), kA, "1234");
  EXPECT_THAT(
      run(kSpec, {to_client(m)}, o),
      ElementsAre(
          "tx 0 rep events=too_many_questions,too_many_records dns.queries.rrname=a "
          "dns.queries.rrname=b dns.answers.rrname=d dns.additionals.rrname=f dns.response.rrname=a "
          "dns.response.rrname=b dns.response.rrname=d dns.response.rrname=f dns.opcode=0 dns.rcode=0 "
          "dns.rrtype=1 dns.rrtype=1 dns.rrtype=1"));
}

TEST(Dns, NamesBeyondTheirLimitAreLeftEmpty) {
  std::string m = header(1, 0x8180, 1, 9) + question("q", kA);
  const std::size_t at = m.size();
  m += record(name(std::string(63, 'x') + "." + std::string(63, 'y')), kTxt, "\1t");
  for (int i = 0; i < 8; ++i) m += record(pointer(static_cast<unsigned>(at)), kTxt, "\1t");
  Limits limits;
  limits.name_bytes = 300;
  const auto p = parsed(m, limits);
  EXPECT_TRUE(p->message.has(Event::kNamesTooLarge));
  ASSERT_EQ(p->message.records[kAnswers].size(), 9u);
  EXPECT_EQ(p->message.records[kAnswers][1].name.size, 127u);
  EXPECT_EQ(p->message.records[kAnswers][2].name.size, 0u);
}

TEST(DnsName, ReadsAndRefuses) {
  const auto read = [](const std::string& message, std::size_t at) -> std::string {
    NameText n;
    if (!read_name(as_bytes(message), at, n)) return "broken";
    std::string out = printable({n.bytes.data(), n.size}) + " then " + std::to_string(at);
    if (n.loop) out += " loop";
    if (n.forward) out += " forward";
    if (n.truncated) out += " cut";
    if (n.too_many_labels) out += " labels";
    if (n.over_255) out += " over";
    return out;
  };
  EXPECT_EQ(read(name("a.bc"), 0), "a.bc then 6");
  EXPECT_EQ(read(std::string(1, '\0'), 0), " then 1");
  EXPECT_EQ(read(name("a.bc") + "\1x" + pointer(2), 6), "x.bc then 10");
  EXPECT_EQ(read(std::string("\2.\0\0", 4), 0), ".\\x00 then 4");
  EXPECT_EQ(read(pointer(0), 0), " then 2 loop forward");
  EXPECT_EQ(read(pointer(2) + pointer(0), 0), " then 2 loop forward");
  EXPECT_EQ(read(pointer(2) + name("z"), 0), "z then 2 forward");
  EXPECT_EQ(read("\1a" + pointer(0), 0).substr(0, 9), "a.a.a.a.a");
  EXPECT_THAT(read("\1a" + pointer(0), 0), HasSubstr("then 4 loop"));
  EXPECT_EQ(read("\3ab", 0), "broken");
  EXPECT_EQ(read("\1a", 0), "broken");
  EXPECT_EQ(read("\xc0", 0), "broken");
  EXPECT_EQ(read(pointer(9), 0), "broken");
  EXPECT_EQ(read(std::string("\x41") + "a" + '\0', 0), "broken");
  EXPECT_EQ(read(std::string("\x80") + "a" + '\0', 0), "broken");
  std::string limit;
  for (int i = 0; i < 127; ++i) limit += "\1a";
  EXPECT_THAT(read(limit + '\0', 0), ::testing::EndsWith("then 255"));
  EXPECT_THAT(read(limit + "\1a" + '\0', 0), ::testing::EndsWith("then 257 over"));
  std::string many;
  for (int i = 0; i < 256; ++i) many += "\1a";
  EXPECT_THAT(read(many + '\0', 0), ::testing::EndsWith("then 513 labels over"));
  std::string long_name;
  for (int i = 0; i < 20; ++i) long_name += '\x3f' + std::string(63, 'n');
  NameText n;
  std::size_t at = 0;
  long_name += '\0';
  ASSERT_TRUE(read_name(as_bytes(long_name), at, n));
  EXPECT_EQ(n.size, kMaxName);
  EXPECT_TRUE(n.truncated);
  EXPECT_EQ(at, long_name.size());
}

TEST(Dns, RdataKeepsItsNames) {
  const std::string q = header(1, 0x8400, 1, 6) + question("e.test", kA);
  const std::string soa = "\2ns" + pointer(12) + "\4host" + pointer(12) + std::string(20, '\1');
  const std::string m = q + record(pointer(12), kSoa, soa) +
                        record(pointer(12), kMx, u16(10) + "\2mx" + pointer(12)) +
                        record(pointer(12), kSrv, u16(1) + u16(2) + u16(3) + name("srv.test")) +
                        record(pointer(12), kNaptr, u16(1) + u16(2) + "\1u\3E2U\1!" + name("n.test")) +
                        record(pointer(12), kRrsig, std::string(18, 'r') + name("sig.test") + "SIGNATURE") +
                        record(pointer(12), kHttps, u16(1) + name("svc.test") + u16(1) + u16(3) + "\2h2");
  const auto p = parsed(m);
  EXPECT_EQ(p->message.events, 0u);
  const auto records = p->message.records[kAnswers];
  ASSERT_EQ(records.size(), 6u);
  EXPECT_EQ(text(p->message, records[0].target), "ns.e.test");
  EXPECT_EQ(text(p->message, records[0].second), "host.e.test");
  EXPECT_EQ(p->message.tail(records[0]).size(), 20u);
  EXPECT_EQ(text(p->message, records[1].target), "mx.e.test");
  EXPECT_EQ(text(p->message, records[2].target), "srv.test");
  EXPECT_EQ(text(p->message, records[3].target), "n.test");
  EXPECT_EQ(text(p->message, records[4].target), "sig.test");
  EXPECT_EQ(as_text(p->message.tail(records[4])), "SIGNATURE");
  EXPECT_EQ(text(p->message, records[5].target), "svc.test");
  EXPECT_EQ(p->message.tail(records[5]).size(), 7u);
}

TEST(Dns, RdataThatIsNotOfItsTypeIsSaidToBe) {
  const auto well_formed = [](unsigned type, const std::string& rdata, unsigned klass = 1) {
    const auto p =
        parsed(header(1, 0x8400, 1, 1) + question("e", kA) + record(pointer(12), type, rdata, 0, klass));
    return p->message.records[kAnswers].size() == 1 && p->message.records[kAnswers][0].well_formed;
  };
  EXPECT_TRUE(well_formed(kA, "1234"));
  EXPECT_FALSE(well_formed(kA, "12345"));
  EXPECT_TRUE(well_formed(kA, "", 255));  // RFC 2136
  EXPECT_FALSE(well_formed(kA, ""));
  EXPECT_FALSE(well_formed(kCname, ""));
  EXPECT_FALSE(well_formed(kCname, "\3ab"));
  EXPECT_FALSE(well_formed(kMx, "\1"));
  EXPECT_TRUE(well_formed(kTxt, std::string("\3abc\0\2de", 8)));
  EXPECT_FALSE(well_formed(kTxt, "\3ab"));
  EXPECT_FALSE(well_formed(kHinfo,
                           "\3abc"
                           "\4abc"));
  EXPECT_TRUE(well_formed(kOpt, u16(10) + u16(2) + "ab"));
  EXPECT_FALSE(well_formed(kOpt, u16(10) + u16(3) + "ab"));
  EXPECT_FALSE(well_formed(kSoa, name("a") + name("b") + std::string(19, '1')));
  EXPECT_TRUE(well_formed(kCaa, std::string("\0\5issueca", 9)));
  EXPECT_FALSE(well_formed(kCaa, std::string("\0\5iss", 5)));
  EXPECT_TRUE(well_formed(kSvcb, u16(1) + name("a") + u16(3) + u16(2) + "ab"));
  EXPECT_FALSE(well_formed(kSvcb, u16(1) + name("a") + u16(3) + u16(3) + "ab"));
  EXPECT_TRUE(well_formed(12345, "whatever"));
}

TEST(Dns, MemoryGoesBackAndItsEndIsNamed) {
  HarnessOptions o = udp();
  o.pool_bytes = 512 << 10;  // a page for the parser, one for what it allocates
  ParserRun r(kSpec, o);
  std::vector<void*> taken;
  while (void* block = r.pool().allocate(64)) taken.push_back(block);
  r.feed(Direction::kToServer, kQuery);
  for (void* block : taken) r.pool().release(block, 64);
  EXPECT_EQ(r.events().at("out_of_memory"), 1u);
  r.feed(Direction::kToServer, kQuery);
  r.close();
  EXPECT_THAT(r.violations(), ElementsAre());
  EXPECT_EQ(r.lines().size(), 2u);
  EXPECT_EQ(r.events().at("out_of_memory"), 1u);
}

TEST(DnsProbe, KnowsItsOwn) {
  const auto ask = [](const std::string& m, Direction d = Direction::kToServer) {
    return probe(Transport::kUdp, d, as_bytes(m));
  };
  EXPECT_EQ(ask(kQuery), Probe::kYes);
  EXPECT_EQ(ask(kAnswer, Direction::kToClient), Probe::kYes);
  EXPECT_EQ(ask(kAnswer), Probe::kNo);
  EXPECT_EQ(ask(kQuery, Direction::kToClient), Probe::kNo);
  EXPECT_EQ(ask(header(1, 0x8185, 0), Direction::kToClient), Probe::kYes);
  EXPECT_EQ(ask(header(1, 0x8180, 0), Direction::kToClient), Probe::kNo);
  EXPECT_EQ(ask(header(1, 0x2800, 1, 0, 1) + question("zone", kSoa) + record(name("a"), kA, "", 0, 255)),
            Probe::kYes);
  // A class nobody uses: then every byte has to be right.
  EXPECT_EQ(ask(header(1, 0x0100, 1) + question("a", kA, 77)), Probe::kYes);
  EXPECT_EQ(ask(header(1, 0x0100, 1) + question("a", kA, 77) + "x"), Probe::kNo);
}

TEST(DnsProbe, KnowsWhatIsNot) {
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    for (const Transport t : {Transport::kTcp, Transport::kUdp}) {
      for (const std::string& other : {
               std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
               std::string("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
               from_hex("16030102000100 01fc0303 a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c"),
               from_hex(
                   "e30003fa0001000000010000000000000000000000000000000000000000000000000000000000000000"),
               from_hex("0001000021 12a442 000102030405060708090a0b 8022 0004 74657374"),
               from_hex("000100000006010300000001"),
               from_hex("0202000000020000000000000000000000000000 00000001"),
               std::string(64, '\0'),
               std::string(64, '\1'),
               std::string(64, '\xff'),
           }) {
        EXPECT_EQ(probe(t, d, as_bytes(other)), Probe::kNo) << printable(as_bytes(other));
      }
    }
  }
}

TEST(DnsProbe, TcpAsksForMoreUntilTheQuestionIsThere) {
  const std::string m = framed(kAnswer);
  const std::size_t enough = 2 + kHeaderSize + question("www.example.org", kA).size();
  for (std::size_t n = 0; n <= m.size(); ++n) {
    EXPECT_EQ(probe(Transport::kTcp, Direction::kToClient, as_bytes(std::string_view(m).substr(0, n))),
              n < enough ? Probe::kUnsure : Probe::kYes)
        << n;
  }
}

TEST(DnsNames, NumbersAndNames) {
  EXPECT_EQ(type_name(1), "A");
  EXPECT_EQ(type_name(65), "HTTPS");
  EXPECT_EQ(type_name(32769), "DLV");
  EXPECT_EQ(type_name(4711), "");
  EXPECT_EQ(rcode_name(3), "NXDOMAIN");
  std::uint64_t n = 0;
  EXPECT_TRUE(type_by_name("aaaa", n));
  EXPECT_EQ(n, 28u);
  EXPECT_TRUE(rcode_by_name("Refused", n));
  EXPECT_EQ(n, 5u);
  EXPECT_FALSE(opcode_by_name("", n));
}

}  // namespace
}  // namespace picket::dns
