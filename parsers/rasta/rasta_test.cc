#include "parsers/rasta/rasta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/core/digest.h"
#include "parsers/rasta/sci_types.h"
#include "tests/support/parser_harness.h"

namespace picket::rasta {
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
using ::testing::Not;

std::string le(std::uint64_t v, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(v >> (8 * i));
  return out;
}
std::string hex(Bytes b) {
  std::string out(b.size() * 2, ' ');
  to_hex(b, out);
  return out;
}

enum class Code : std::uint8_t { kNone, kMd4Half, kMd4, kOther };

/// One PDU; what is not said is as an endpoint would have it.
struct Make {
  std::uint16_t type = 6220;
  std::uint32_t from = 0x60, to = 0x61;
  std::uint32_t sequence = 0, confirmed = 0, time = 0, confirmed_time = 0, channel = 0;
  std::string payload;
  Code code = Code::kMd4Half;
  CheckOption check = CheckOption::kNone;
  std::uint16_t reserve = 0;
  int longer = 0;  ///< the inner length says so much more than there is

  [[nodiscard]] std::string bytes() const {
    const std::size_t code_size = code == Code::kNone ? 0 : code == Code::kMd4 ? 16 : 8;
    std::string inner = le(28 + payload.size() + code_size + static_cast<std::size_t>(longer), 2) +
                        le(type, 2) + le(to, 4) + le(from, 4) + le(sequence, 4) + le(confirmed, 4) +
                        le(time, 4) + le(confirmed_time, 4) + payload;
    const auto digest = md4(code == Code::kOther ? Md4Initial{1, 2, 3, 4} : kMd4Default, as_bytes(inner));
    inner += as_text(Bytes(digest).first(code_size));
    const int check_size = check == CheckOption::kNone                            ? 0
                           : check == CheckOption::kB || check == CheckOption::kC ? 4
                                                                                  : 2;
    const std::string outer = le(8 + inner.size() + static_cast<std::size_t>(check_size), 2) +
                              le(reserve, 2) + le(channel, 4) + inner;
    return outer + le(check_code(check, as_bytes(outer)), check_size);
  }
};

std::string opening(std::uint16_t send_max = 10) { return "0303" + le(send_max, 2) + std::string(8, '\0'); }
std::string packed(const std::vector<std::string>& messages) {
  std::string out;
  for (const std::string& m : messages) out += le(m.size(), 2) + m;
  return out;
}
std::string name(std::string n) { return n.append(20 - n.size(), '_'); }
std::string telegram(unsigned protocol, unsigned type, const std::string& from, const std::string& to,
                     const std::string& payload = "") {
  return le(protocol, 1) + le(type, 2) + name(from) + name(to) + payload;
}

/// Two ends of a connection that count for themselves.
struct Ends {
  struct End {
    std::uint32_t id, sequence, channel, time;
  };
  End client{0x60, 100, 0, 5000}, server{0x61, 700, 0, 90000};
  Conversation talk;
  Make like;  ///< codes

  Make next(bool from_client, std::uint16_t type, std::string payload = "") {
    End& me = from_client ? client : server;
    const End& peer = from_client ? server : client;
    Make m = like;
    m.type = type;
    m.from = me.id;
    m.to = peer.id;
    m.sequence = me.sequence++;
    m.confirmed = type == 6200 ? 0 : peer.sequence - 1;
    m.time = me.time += 10;
    m.confirmed_time = type == 6200 ? 0 : peer.time;
    m.channel = me.channel++;
    m.payload = std::move(payload);
    return m;
  }
  void add(bool from_client, const Make& m) {
    talk.push_back(from_client ? to_server(m.bytes()) : to_client(m.bytes()));
  }
  void say(bool from_client, std::uint16_t type, std::string payload = "") {
    add(from_client, next(from_client, type, std::move(payload)));
  }
  Ends& open() {
    say(true, 6200, opening(16));
    say(false, 6201, opening(10));
    say(true, 6220);
    return *this;
  }
};

std::string told(const Transaction& tx) {
  const auto& m = static_cast<const Message&>(tx);
  std::string out(type_name(m.pdu.type));
  out += ": " + std::string(m.ot->name) + " " + std::string(m.operation->name);
  OtAddress a;
  for (unsigned n = 0; m.ot->address(m, n, a); ++n)
    out += (n == 0 ? " [" : ", ") + std::string(as_text(a.text));
  out += "]";
  OtValue v;
  for (unsigned n = 0; m.ot->value(m, m.from, n, v); ++n)
    out += (n == 0 ? " = " : ",") +
           (v.is_number ? std::to_string(static_cast<int>(v.number)) : printable(v.text));
  if (m.answers != Type{}) out += " to " + std::string(type_name(m.answers));
  for (unsigned i = 0; i < m.messages_told(); ++i) {
    if (!m.messages[i].answers.empty())
      out += " after " + std::string(m.messages[i].answers) + " " + std::to_string(m.messages[i].response_us);
  }
  if (m.failed) out += " failed";
  if (m.apart) out += " apart";
  return out + ", " + std::string(state_name(m.state));
}
HarnessOptions udp() {
  HarnessOptions o;
  o.transport = Transport::kUdp;
  o.describe = told;
  return o;
}
std::vector<std::string> brief(const Conversation& talk) { return run(kSpec, talk, udp()); }
/// Events of what the last PDU of the talk did.
std::string last_events(const Conversation& talk, const HarnessOptions& options = udp()) {
  const std::string line = run(kSpec, talk, options).back();
  const std::size_t at = line.find("events=");
  return at == line.npos ? "" : line.substr(at + 7, line.find(' ', at) - at - 7);
}
Probe probed(const std::string& bytes) {
  return probe(Transport::kUdp, Direction::kToServer, as_bytes(bytes));
}

// RFC 1320, A.5; and the words with which it begins, in other hands.
TEST(RastaCodes, Md4) {
  EXPECT_EQ(hex(md4(kMd4Default, {})), "31d6cfe0d16ae931b73c59d7e0c089c0");
  EXPECT_EQ(hex(md4(kMd4Default, as_bytes("abc"))), "a448017aaf21d8525fc10ae87aa6729d");
  EXPECT_EQ(hex(md4(kMd4Default, as_bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))),
            "043f8582f241db351ce627e153e7f0e4");
  EXPECT_EQ(
      hex(md4(kMd4Default, as_bytes("1234567890123456789012345678901234567890123456789012345678901234567890"
                                    "1234567890"))),
      "e33b4ddc9c38f2199c3e7b164fcc0536");
  EXPECT_NE(hex(md4({1, 2, 3, 4}, as_bytes("abc"))), "a448017aaf21d8525fc10ae87aa6729d");
}

// Remainders of "123456789": CRC-32C, KERMIT and ARC as catalogues have them; B by long division.
TEST(RastaCodes, Crc) {
  const Bytes digits = as_bytes("123456789");
  EXPECT_EQ(check_code(CheckOption::kB, digits), 0xe7c650aU);
  EXPECT_EQ(check_code(CheckOption::kC, digits), 0xe3069283U);
  EXPECT_EQ(check_code(CheckOption::kD, digits), 0x2189U);
  EXPECT_EQ(check_code(CheckOption::kE, digits), 0xbb3dU);
  EXPECT_EQ(check_code(CheckOption::kNone, digits), 0U);
}

// Byte for byte: a connection request without codes, whose check code is option D's.
const std::string kRequest = from_hex(
    "3400 0000 01000000"                   // 52 bytes, reserve, number 1
    "2a00 3818 61000000 60000000"          // 42 bytes, 6200, to 97, from 96
    "64000000 00000000 10270000 00000000"  // sequence 100, nothing confirmed, at 10000 ms
    "30333033 1400 0000000000000000"       // "0303", N_sendmax 20
    "3139");

TEST(Rasta, ReadsAConnectionRequest) {
  HarnessOptions plain;
  plain.transport = Transport::kUdp;
  EXPECT_THAT(
      run(kSpec, {to_server(kRequest)}, plain),
      ElementsAre("tx 0 req rasta.version=0303 rasta.type=6200 rasta.sender_id=96 rasta.receiver_id=97 "
                  "rasta.sequence=100 rasta.confirmed_sequence=0 rasta.redundancy_sequence=1 "
                  "rasta.safety_bytes=0 rasta.send_max=20"));
  Pdu p;
  EXPECT_EQ(interpret(as_bytes(kRequest), {}, p), 0U);
  EXPECT_EQ(p.option, CheckOption::kD);
  EXPECT_EQ(p.timestamp_ms, 10000U);
  EXPECT_EQ(probed(kRequest), Probe::kYes);
}

TEST(Rasta, OpensMovesAPointAndCloses) {
  Ends e;
  e.open();
  e.say(true, 6240, packed({telegram(0x40, 0x24, "ILS1", "99W1", "\x01")}));
  e.say(false, 6240, packed({telegram(0x40, 0x25, "99W1", "ILS1", from_hex("02 01 02 aabb"))}));
  e.say(true, 6240, packed({telegram(0x40, 0x01, "ILS1", "99W1", "\x02")}));
  e.say(false, 6240, packed({telegram(0x40, 0x0b, "99W1", "ILS1", "\x03\x03")}));
  e.say(false, 6240, packed({telegram(0x40, 0x0b, "99W1", "ILS1", "\x02\xff")}));
  e.say(true, 6240, packed({telegram(0x40, 0x01, "ILS1", "99W1", "\x01")}));
  e.say(false, 6240, packed({telegram(0x40, 0x0c, "99W1", "ILS1")}));
  e.say(true, 6216, le(7, 2) + le(4, 2));
  EXPECT_THAT(
      brief(e.talk),
      ElementsAre(
          "tx 0 req connection request: rasta connection request [96 to 97] apart, requested",
          "tx 1 rep connection response: rasta connection response [97 to 96] to connection request apart, "
          "accepted",
          "tx 2 req heartbeat: rasta heartbeat [96 to 97], up",
          "tx 3 req data: sci PDI version check [99W1] = 1 apart, up",
          "tx 4 rep data: sci PDI version check result [99W1] = versions match,1,2 after PDI version check "
          "1000 apart, up",
          "tx 5 req data: sci move point left [99W1] = left apart, up",
          "tx 6 rep data: sci point position [99W1] = no end position,not degraded apart, up",
          "tx 7 rep data: sci point position [99W1] = left,not applicable after move point 2000 apart, up",
          "tx 8 req data: sci move point right [99W1] = right apart, up",
          "tx 9 rep data: sci point movement failed [99W1] after move point 1000 failed apart, up",
          "tx 10 req disconnection request: rasta disconnection for an error [96 to 97] apart, "
          "disconnected"));
}

TEST(Rasta, TellsTheGravestOfMoreMessages) {
  Ends e;
  e.open();
  const std::string aspect = from_hex("04 ff 06 ff 01 ff ff f1 01") + std::string(9, '\0');
  e.say(true, 6240,
        packed({telegram(0x30, 0x21, "ILS1", "N1"), telegram(0x30, 0x01, "ILS1", "N1", aspect),
                telegram(0x30, 0x02, "ILS1", "N1", "\x02")}));
  e.say(false, 6240, packed({telegram(0x20, 0x07, "GFM7", "ILS1", from_hex("03 01 0900 01 02 04"))}));
  e.say(true, 6240, packed({telegram(0x01, 0x07, "ILS1", "ILS2", name("B7") + name("R12") + "\x01")}));
  const std::vector<std::string> lines = brief(e.talk);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(
      lines[3],
      "tx 3 req data: sci show signal aspect [N1, N1, N1] = proceed,dark,6,255,1,255,none,1,15,shown,night "
      "apart, up");
  EXPECT_EQ(lines[4],
            "tx 4 rep data: sci section disturbed [GFM7] = disturbed,no,9,ok,technical,technical failure "
            "apart, up");
  EXPECT_EQ(lines[5], "tx 5 req data: sci request route [ILS2 boundary B7 route R12] = main route apart, up");
}

TEST(Rasta, KnowsCodesByTheirLengths) {
  for (const Code code : {Code::kNone, Code::kMd4Half, Code::kMd4, Code::kOther}) {
    for (const CheckOption check :
         {CheckOption::kNone, CheckOption::kB, CheckOption::kC, CheckOption::kD, CheckOption::kE}) {
      Make m;
      m.code = code;
      m.check = check;
      m.type = 6240;
      m.payload = packed({"abcdef", "ghi"});
      Pdu p;
      const std::string bytes = m.bytes();
      EXPECT_EQ(interpret(as_bytes(bytes), {}, p), 0U);
      EXPECT_EQ(p.option, check);
      EXPECT_EQ(p.message_count, 2U);
      EXPECT_EQ(p.safety_code.size(), code == Code::kNone ? 0U : code == Code::kMd4 ? 16U : 8U);
      EXPECT_EQ(p.safety_ok, code == Code::kMd4Half || code == Code::kMd4);
      EXPECT_EQ(probed(bytes), Probe::kYes);
    }
  }
}

// A message of eight bytes with its length at the end may be a safety code; a heartbeat has told that there is one.
TEST(Rasta, KnowsCodesByWhatWasBefore) {
  Make m;
  m.type = 6240;
  m.payload = packed({"x"}) + std::string(8, '\0');
  m.code = Code::kNone;
  Pdu p;
  std::string bytes = m.bytes();
  EXPECT_EQ(interpret(as_bytes(bytes), {}, p), 0U);
  EXPECT_EQ(p.message_count, 5U);
  Codes codes;
  codes.safety_known = true;
  codes.safety_bytes = 8;
  EXPECT_EQ(interpret(as_bytes(bytes), codes, p), 0U);
  EXPECT_EQ(p.message_count, 1U);
  EXPECT_EQ(p.safety_code.size(), 8U);
}

TEST(Rasta, IsNotWhatOnlyLooksLikeIt) {
  Make m;
  EXPECT_EQ(probed(m.bytes()), Probe::kYes);
  EXPECT_EQ(probed(m.bytes() + "x"), Probe::kNo);
  EXPECT_EQ(probed(m.bytes().substr(0, 43)), Probe::kNo);
  EXPECT_EQ(probed(""), Probe::kNo);
  const auto but = [&](auto change) {
    Make other;
    change(other);
    return probed(other.bytes());
  };
  EXPECT_EQ(but([](Make& o) { o.type = 6221; }), Probe::kNo);
  EXPECT_EQ(but([](Make& o) { o.reserve = 1; }), Probe::kNo);
  EXPECT_EQ(but([](Make& o) { o.to = o.from; }), Probe::kNo);
  EXPECT_EQ(but([](Make& o) { o.longer = 1; }), Probe::kNo);
  EXPECT_EQ(but([](Make& o) { o.payload = "abc"; }), Probe::kNo);
  EXPECT_EQ(but([](Make& o) { o.type = 6240; }), Probe::kNo);  // no message
  EXPECT_EQ(but([](Make& o) {
              o.type = 6200;
              o.payload = "03.3" + std::string(10, '\0');
            }),
            Probe::kNo);
  Make coded;
  coded.check = CheckOption::kC;
  std::string bytes = coded.bytes();
  bytes[40] ^= 1;
  EXPECT_EQ(probed(bytes), Probe::kNo);
}

TEST(Rasta, ProbesStreamsByTheHeader) {
  const std::string bytes = Make().bytes();
  const auto tcp = [](const std::string& b) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(b));
  };
  for (std::size_t n = 0; n < 20; ++n) EXPECT_EQ(tcp(bytes.substr(0, n)), Probe::kUnsure) << n;
  EXPECT_EQ(tcp(bytes.substr(0, 20)), Probe::kYes);
  EXPECT_EQ(tcp(bytes + bytes), Probe::kYes);
  EXPECT_EQ(tcp("GET / HTTP/1.1\r\n"), Probe::kNo);
  std::string other = bytes;
  other[10] = 0;
  EXPECT_EQ(tcp(other), Probe::kNo);
}

TEST(Rasta, GoesOnAfterWhatIsNoPdu) {
  Ends e;
  e.open();
  e.talk.push_back(to_server("short"));
  e.talk.push_back(to_client(std::string(60, '\xff')));
  e.say(false, 6220);
  const std::vector<std::string> lines = brief(e.talk);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[3], "event > malformed_pdu");
  EXPECT_EQ(lines[4], "event < malformed_pdu");
  EXPECT_EQ(lines[5], "tx 3 rep heartbeat: rasta heartbeat [97 to 96], up");
}

TEST(Rasta, TellsNothingThatAPayloadIsTooShortFor) {
  const auto keywords = [](std::uint16_t type, const std::string& payload) {
    Ends e;
    e.open();
    HarnessOptions all = udp();
    all.describe = nullptr;
    e.say(true, type, payload);
    return run(kSpec, e.talk, all).back();
  };
  EXPECT_THAT(keywords(6216, le(0, 2) + le(3, 2)), HasSubstr("rasta.disconnect_reason=3"));
  EXPECT_THAT(keywords(6216, "\x01"), Not(HasSubstr("rasta.disconnect_reason")));
  EXPECT_THAT(keywords(6200, "0303" + le(20, 2) + std::string(8, '\0')), HasSubstr("rasta.send_max=20"));
  EXPECT_THAT(keywords(6200, "0303"), Not(HasSubstr("rasta.send_max")));
}

TEST(Rasta, NamesWhatAPduHasWrong) {
  Ends e;
  e.open();
  const auto odd = [&](auto change, std::uint16_t type = 6220, const std::string& payload = "") {
    Ends with = e;
    Make m = with.next(true, type, payload);
    change(m);
    with.add(true, m);
    return last_events(with.talk);
  };
  EXPECT_EQ(odd([](Make&) {}), "");
  EXPECT_EQ(odd([](Make& m) { m.type = 6299; }), "unknown_type");
  EXPECT_EQ(odd([](Make& m) { m.reserve = 7; }), "reserve_not_zero");
  EXPECT_EQ(odd([](Make& m) { m.payload = "abc"; }), "invalid_payload");
  EXPECT_EQ(odd([](Make&) {}, 6240, "\x09"), "invalid_payload");
  EXPECT_EQ(odd([](Make& m) { m.code = Code::kOther; }), "wrong_safety_code");
  EXPECT_EQ(odd([](Make&) {}, 6240, packed({"a", telegram(0x40, 0x01, "I", "W")})), "malformed_telegram");
  EXPECT_EQ(odd([](Make&) {}, 6240, packed({telegram(0x40, 0x77, "I", "W")})), "unknown_telegram");
  EXPECT_EQ(odd([](Make&) {}, 6240, packed({telegram(0x40, 0x0100, "I", "W", "\x01")})),
            "telegram_byte_order");
  EXPECT_EQ(odd([](Make&) {}, 6240, packed(std::vector<std::string>(17, "m"))), "too_many_messages");
  EXPECT_EQ(odd([](Make&) {}, 6200, "v3.3" + std::string(10, '\0')), "invalid_version,unexpected_pdu");
}

TEST(Rasta, ChecksTheCheckCode) {
  for (const CheckOption check : {CheckOption::kB, CheckOption::kC, CheckOption::kD, CheckOption::kE}) {
    Ends e;
    e.like.check = check;
    e.open();
    Make m = e.next(true, 6220);
    std::string bytes = m.bytes();
    bytes[30] ^= 0x40;
    e.talk.push_back(to_server(bytes));
    EXPECT_EQ(last_events(e.talk), "wrong_check_code,wrong_safety_code");
    // Its receiver threw it away: it comes again, and nothing is odd.
    e.add(true, m);
    EXPECT_EQ(last_events(e.talk), "");
  }
}

TEST(Rasta, ChecksSafetyCodesOnlyWithTheRightWords) {
  Ends e;
  e.like.code = Code::kOther;
  e.open();
  e.say(false, 6220);
  EXPECT_EQ(last_events(e.talk), "");
  e.like.code = Code::kMd4Half;
  HarnessOptions o = udp();
  o.limits = {{"md4-a", 1}, {"md4-b", 2}, {"md4-c", 3}, {"md4-d", 4}};
  EXPECT_EQ(last_events(e.talk, o), "");
  e.say(false, 6220);
  EXPECT_EQ(last_events(e.talk, o), "wrong_safety_code");
}

TEST(Rasta, FollowsNumbersOfTheChannelAndTheConnection) {
  Ends e;
  e.open();
  const Make missing = e.next(true, 6220);
  Ends lost = e;
  lost.say(true, 6220);
  EXPECT_EQ(last_events(lost.talk), "channel_gap");
  lost.add(true, missing);
  EXPECT_EQ(last_events(lost.talk), "out_of_order");
  lost.add(true, missing);
  EXPECT_EQ(last_events(lost.talk), "repeated_pdu");
  // Not sent, though the channel's numbers say that nothing is missing.
  Ends taken = e;
  Make next = taken.next(true, 6220);
  next.channel = missing.channel;
  taken.add(true, next);
  EXPECT_EQ(last_events(taken.talk), "sequence_gap");
  // One of the two is explained by the channel's loss.
  Ends both = e;
  (void)both.next(true, 6220);
  Make third = both.next(true, 6220);
  --third.channel;
  both.add(true, third);
  EXPECT_EQ(last_events(both.talk), "channel_gap,sequence_gap");
}

TEST(Rasta, KnowsWhatIsSaidAgain) {
  Ends e;
  e.open();
  const Make move = e.next(true, 6240, packed({telegram(0x40, 0x01, "ILS1", "99W1", "\x02")}));
  e.add(true, move);
  e.add(true, move);
  EXPECT_EQ(last_events(e.talk), "repeated_pdu");
  // In a new PDU of the redundancy layer, which anybody can make.
  Make fresh = move;
  fresh.channel = e.client.channel++;
  e.add(true, fresh);
  EXPECT_EQ(last_events(e.talk), "replayed_pdu");
  // Later than t-max.
  e.client.time += 2000;
  e.say(true, 6220);
  e.add(true, move);
  EXPECT_EQ(last_events(e.talk), "replayed_pdu");
  for (int i = 0; i < 70; ++i) e.say(true, 6220);
  e.add(true, move);
  EXPECT_EQ(last_events(e.talk), "replayed_pdu");
  // It changed nothing.
  e.say(true, 6220);
  EXPECT_EQ(last_events(e.talk), "");
}

TEST(Rasta, FollowsConfirmationsAndTimes) {
  Ends e;
  e.open();
  e.say(false, 6220);
  const auto odd = [&](auto change) {
    Ends with = e;
    Make m = with.next(true, 6220);
    change(m);
    with.add(true, m);
    return last_events(with.talk);
  };
  EXPECT_EQ(odd([](Make& m) { m.confirmed += 16; }),
            "");  // as many as N_sendmax may have come by the other channel
  EXPECT_EQ(odd([](Make& m) { m.confirmed += 17; }), "confirms_unsent");
  EXPECT_EQ(odd([](Make& m) { m.confirmed -= 2; }), "confirmation_back");
  EXPECT_EQ(odd([](Make& m) { m.time -= 20; }), "timestamp_back");
  EXPECT_EQ(odd([](Make& m) { m.confirmed_time -= 1800; }), "");
  EXPECT_EQ(odd([](Make& m) { m.confirmed_time -= 1801; }), "late_confirmation");
  // Numbers and times that begin anew are no gap.
  Ends turn;
  turn.client.sequence = turn.client.channel = 0xfffffffe;
  turn.client.time = 0xffffffff - 25;
  turn.open();
  for (int i = 0; i < 3; ++i) turn.say(true, 6220);
  EXPECT_EQ(last_events(turn.talk), "");
}

TEST(Rasta, HearsSilence) {
  Ends e;
  e.open();
  HarnessOptions o = udp();
  o.step_ns = 1'800'000'000;
  const auto silence = [&] {
    unsigned n = 0;
    for (const std::string& l : run(kSpec, e.talk, o)) n += l.find("silence") != l.npos ? 1 : 0;
    return n;
  };
  e.say(true, 6220);
  EXPECT_EQ(silence(), 0U);  // each 1.8 s
  e.say(false, 6220);
  EXPECT_EQ(silence(), 1U);  // the server: 5.4 s after its response
  o.limits = {{"t-max", 0}};
  EXPECT_EQ(silence(), 0U);
}

TEST(Rasta, FollowsStates) {
  Ends late;
  late.say(true, 6240, packed({"abc"}));
  late.say(false, 6220);
  EXPECT_THAT(brief(late.talk),
              ElementsAre("tx 0 req events=joined_late data: rasta application data [96 to 97], joined late",
                          "tx 1 rep heartbeat: rasta heartbeat [97 to 96], joined late"));
  Ends e;
  e.say(true, 6200, opening());
  e.say(true, 6200, opening());
  EXPECT_EQ(last_events(e.talk), "unanswered_request");
  Ends early = e;
  early.say(true, 6240, packed({"abc"}));
  EXPECT_EQ(last_events(early.talk), "unexpected_pdu");
  e.say(false, 6201, opening());
  EXPECT_EQ(last_events(e.talk), "");
  Ends hasty = e;
  hasty.say(false, 6240, packed({"abc"}));
  EXPECT_EQ(last_events(hasty.talk), "unexpected_pdu");
  e.say(true, 6220);
  Ends twice = e;
  twice.say(false, 6201, opening());
  EXPECT_EQ(last_events(twice.talk), "unexpected_pdu");
  e.say(false, 6216, le(0, 2) + le(0, 2));
  EXPECT_THAT(brief(e.talk).back(), HasSubstr("rasta disconnection request [97 to 96] apart, disconnected"));
  e.say(true, 6220);
  EXPECT_EQ(last_events(e.talk), "unexpected_pdu");
  e.say(true, 6200, opening());
  EXPECT_EQ(last_events(e.talk), "");
  e.client.id = 0x70;
  e.say(true, 6200, opening());
  EXPECT_EQ(last_events(e.talk), "identity_changed");
}

TEST(Rasta, PairsRetransmissions) {
  Ends e;
  e.open();
  e.say(true, 6212);
  e.say(false, 6213);
  e.say(false, 6241, packed({telegram(0x40, 0x0b, "99W1", "ILS1", "\x04\xff")}));
  const std::vector<std::string> lines = brief(e.talk);
  EXPECT_EQ(lines[3], "tx 3 req retransmission request: rasta retransmission request [96 to 97], up");
  EXPECT_EQ(lines[4],
            "tx 4 rep retransmission response: rasta retransmission response [97 to 96] to retransmission "
            "request, up");
  EXPECT_EQ(lines[5],
            "tx 5 rep retransmitted data: sci point trailed [99W1] = trailed,not applicable apart, up");
  Ends again = e;
  again.say(true, 6212);
  again.say(true, 6212);
  EXPECT_EQ(last_events(again.talk), "unanswered_request");
  e.say(false, 6213);
  EXPECT_EQ(last_events(e.talk), "unexpected_pdu");
}

TEST(Rasta, NamesTheSamePduByWhateverWayItCame) {
  const auto twin_of = [](const Make& m) {
    Message tx;
    const std::string bytes = m.bytes();
    EXPECT_EQ(interpret(as_bytes(bytes), {}, tx.pdu), 0U);
    return kOt.twin(tx);
  };
  Make m;
  m.check = CheckOption::kC;
  const std::uint64_t one = twin_of(m);
  EXPECT_NE(one, 0U);
  m.channel = 9;  // the other channel counts for itself
  EXPECT_EQ(twin_of(m), one);
  m.time = 1;
  EXPECT_NE(twin_of(m), one);
}

TEST(Rasta, ReadsStreams) {
  Ends e;
  e.open();
  e.say(true, 6240, packed({telegram(0x40, 0x01, "ILS1", "99W1", "\x02")}));
  e.say(false, 6240, packed({telegram(0x40, 0x0b, "99W1", "ILS1", "\x02\xff")}));
  HarnessOptions tcp;
  tcp.describe = told;
  EXPECT_EQ(run(kSpec, e.talk, tcp), brief(e.talk));
  EXPECT_EQ(check_every_split(kSpec, e.talk, tcp), "");
  EXPECT_EQ(check_every_truncation(kSpec, e.talk, tcp), "");
  EXPECT_EQ(check_every_truncation(kSpec, e.talk, udp()), "");
  // Rubbish, then a gap: the next PDU is found.
  Conversation broken = e.talk;
  broken.push_back(to_server("\x01\x02\x03"));
  broken.push_back(to_server(e.next(true, 6220).bytes()));
  broken.push_back(gap(Direction::kToClient, 100));
  broken.push_back(to_client("ing" + e.next(false, 6220).bytes()));
  const std::vector<std::string> lines = run(kSpec, broken, tcp);
  EXPECT_THAT(std::vector<std::string>(lines.begin() + 5, lines.end()),
              ElementsAre("event > malformed_pdu", "event > lost_sync",
                          "tx 5 req heartbeat: rasta heartbeat [96 to 97], up", "event < gap",
                          "tx 6 rep heartbeat: rasta heartbeat [97 to 96], up"));
}

TEST(RastaSci, TheTableIsSound) {
  std::set<std::pair<unsigned, unsigned>> seen;
  for (const sci::TypeDef& t : sci::types()) {
    EXPECT_TRUE(seen.emplace(t.protocol, t.type).second) << t.name;
    EXPECT_LT(t.operation, sci::operations().size()) << t.name;
    for (const auto& c : t.choices) EXPECT_LT(c.operation, sci::operations().size()) << t.name;
    if (!t.choices.empty() || t.not_yet != 0) {
      ASSERT_FALSE(t.fields.empty()) << t.name;
      EXPECT_EQ(t.fields[0].offset, 0) << t.name;
    }
    if (t.answers != 0) {
      const sci::TypeDef* command = sci::find_type(t.protocol, t.answers);
      ASSERT_NE(command, nullptr) << t.name;
      EXPECT_EQ(command->from, sci::Side::kCommander) << t.name;
      EXPECT_EQ(t.from, sci::Side::kElement) << t.name;
    }
  }
}

TEST(RastaSci, IsOneOnlyWithNamesThatCanBeRead) {
  std::string bytes = telegram(0x40, 0x01, "ILS1", "99W1", "\x02");
  EXPECT_TRUE(sci::read(as_bytes(bytes)).there);
  EXPECT_EQ(as_text(sci::read(as_bytes(bytes)).receiver), "99W1");
  EXPECT_FALSE(sci::read(as_bytes(bytes.substr(0, 42))).there);
  EXPECT_TRUE(sci::read(as_bytes(bytes.substr(0, 43))).cut);
  bytes[5] = '\0';
  EXPECT_FALSE(sci::read(as_bytes(bytes)).there);
  bytes = telegram(0x41, 0x01, "ILS1", "99W1", "\x02");
  EXPECT_FALSE(sci::read(as_bytes(bytes)).there);
}

}  // namespace
}  // namespace picket::rasta
